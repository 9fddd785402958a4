#include "tests/unit/carrying.h"

void bring(struct bench *b, uint64_t link, size_t from, const struct hl_id *to,
	uint64_t hops, enum hl_carried sort, struct hl_view doc)
{
	struct hl_frame frame = {.type = HL_FRAME_CARRY};

	frame.carry.from = b->world.lab[from].id;
	frame.carry.to = *to;
	frame.carry.hops = hops;
	frame.carry.sort = sort;
	frame.carry.doc = doc;
	bench_send_frame(b, link, &frame);
}

bool carried(struct bench *b, uint64_t link, enum hl_carried sort, size_t i,
	struct hl_frame *ret)
{
	for (size_t k = 0; k < b->n_sent; k++) {
		struct hl_frame frame HL_CLEAN_FRAME = {0};
		if (b->sent[k].link != link)
			continue;
		assert_ok(hl_frame_parse(
			hl_view_buf(&b->sent[k].bytes), HL_PURPOSE_PEER, &frame));
		if (frame.type != HL_FRAME_CARRY || frame.carry.sort != sort || i-- > 0)
			continue;
		*ret = frame;
		frame.arena = NULL;
		return true;
	}
	return false;
}

bool any_carried(struct bench *b, uint64_t link)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	return bench_find(b, link, HL_FRAME_CARRY, HL_PURPOSE_PEER, &frame);
}

void give_relay(struct bench *b)
{
	struct world_lab *lab = &b->world.lab[0];
	struct hl_directory held HL_CLEAN_DIRECTORY = {0};
	struct hl_buf body HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};

	assert_ok(hl_directory_parse(&b->world.net, hl_view_buf(&lab->directory), &held));
	struct hl_directory draft = held;
	draft.version++;
	draft.has_prev = true;
	draft.prev = held.hash;
	draft.relays = &b->world.lab[2].id;
	draft.n_relays = 1;
	assert_ok(hl_directory_encode(&draft, &body));
	assert_ok(hl_directory_sign(
		&b->world.net, hl_view_buf(&body), NULL, 0, &lab->device[0].sign, &doc));
	bench_give(b, HL_DOC_DIRECTORY, &doc);
	bench_fetch_effects(b);
}

void answer_beat(struct bench *b, uint64_t link, size_t lab, uint64_t ms)
{
	bench_wait(b, ms);
	bench_answer(b, link, lab);
}

void start_again(struct bench *b)
{
	hl_engine_free(b->engine);
	bench_drop_sent(b);
	bench_start(b);
}

void make_brought(
	struct bench *b, size_t to, enum hl_precedence precedence, struct brought *ret)
{
	struct hl_segment segment = {.from = b->world.lab[1].id,
		.to = b->world.lab[to].id,
		.epoch = 5,
		.first = 1};
	struct hl_statement s = {.time = b->now.wall, .has_head = true};
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0}, head HL_CLEAN_BUF = {0};
	struct hl_entry entry[2] = {{.number = 1, .sort = HL_SORT_CARD},
		{.number = 2, .sort = HL_SORT_LETTER}};

	bench_raise(b, 1, 0, precedence, precedence == HL_FLASH, &doc, &ret->id);
	assert_ok(hl_envelope_parse(&b->world.net, hl_view_buf(&doc), &envelope));
	assert_ok(hl_envelope_for_lab(&envelope, &segment.to, &ret->letter));
	entry[0].id = b->world.lab[1].card.hash;
	entry[1].id = ret->id;
	hl_link_first(&b->world.net, &segment.from, &segment.to, 5, &segment.before);
	s.head = (struct hl_head){5, 2, segment.before};
	for (size_t i = 0; i < 2; i++) {
		entry[i].time = b->now.wall;
		hl_link_next(&b->world.net, &s.head.link, &entry[i], &s.head.link);
	}
	s.from = segment.from;
	s.to = segment.to;
	assert_ok(
		hl_statement_sign(&b->world.net, &s, &b->world.lab[1].node_sign, &head));
	segment.entries = entry;
	segment.n_entries = 2;
	segment.head = hl_view_buf(&head);
	assert_ok(hl_segment_encode(&segment, &ret->segment));
}

void brought_clear(struct brought *m)
{
	hl_buf_clear(&m->segment);
	hl_buf_clear(&m->letter);
}
