#include "tests/unit/bench.h"

void bench_drop_sent(struct bench *b)
{
	for (size_t i = 0; i < b->n_sent; i++)
		hl_buf_clear(&b->sent[i].bytes);
	b->n_sent = b->n_closed = b->n_dials = b->n_alarms = 0;
	b->paused = b->paused_until = 0;
}

void bench_fetch_effects(struct bench *b)
{
	struct hl_effect_out out;

	while (hl_engine_effect(b->engine, &out)) {
		switch (out.type) {
		case HL_EFFECT_SEND:
			assert_true(b->n_sent < KEPT);
			b->sent[b->n_sent].link = out.link;
			b->sent[b->n_sent].lane = out.lane;
			b->sent[b->n_sent++].bytes = hl_buf_steal(&out.frame);
			break;
		case HL_EFFECT_CLOSE:
			assert_true(b->n_closed < KEPT);
			b->closed[b->n_closed++] = out.link;
			break;
		case HL_EFFECT_DIAL: b->n_dials++; break;
		case HL_EFFECT_PAUSE:
			b->paused = out.link;
			b->paused_until = out.until;
			break;
		case HL_EFFECT_HOOK:
			assert_true(b->n_hooks < KEPT);
			assert_ok(hl_hook_decode(
				hl_view_buf(&out.frame), &b->hook[b->n_hooks++]));
			hl_buf_clear(&out.frame);
			break;
		case HL_EFFECT_LOG: b->n_alarms += out.priority <= 1; break;
		}
	}
}

void bench_turn(struct bench *b, const struct hl_event *event)
{
	assert_ok(hl_engine_step(b->engine, event, &b->now));
	assert_ok(hl_engine_commit(b->engine, &b->now));
	bench_fetch_effects(b);
}

void bench_give(struct bench *b, enum hl_doc sort, const struct hl_buf *doc)
{
	assert_ok(hl_engine_put(b->engine, sort, hl_view_buf(doc), &b->now));
	assert_ok(hl_engine_commit(b->engine, &b->now));
}

void bench_start(struct bench *b)
{
	assert_ok(hl_engine_new(&b->config, b->store, &b->now, &b->engine));
}

void bench_give_all(struct bench *b)
{
	for (size_t i = 0; i < b->world.lab[0].n_cards; i++)
		bench_give(b, HL_DOC_CARD, &b->world.lab[0].cards[i]);
	bench_give(b, HL_DOC_DIRECTORY, &b->world.lab[0].directory);
	for (size_t lab = 1; lab < 3; lab++)
		for (size_t i = 0; i < b->world.lab[lab].n_cards; i++)
			bench_give(b, HL_DOC_CARD, &b->world.lab[lab].cards[i]);
}

int bench_setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	char error[HL_STORE_ERROR_MAX];

	world_init(&b->world, 11, 3);
	for (size_t i = 0; i < 3; i++)
		if (b->world.lab[i].flash_signers != 2) {
			/* A second card, by which two persons sign a FLASH. */
			b->world.lab[i].flash_signers = 2;
			world_new_card(&b->world, i, WORLD_START + 1);
		}
	b->rng.s = 3;
	b->now = (struct hl_now){WORLD_START, 1000000};
	b->config.net = b->world.net;
	b->config.lab = b->world.lab[0].id;
	b->config.sign = &b->world.lab[0].node_sign;
	memcpy(b->config.link, b->world.lab[0].node_link.pub, HL_KEY_SIZE);
	b->config.entropy = rng_entropy(&b->rng);
	b->config.version = "test";
	if (hl_store_open(":memory:", &b->world.net, &b->config.lab, &b->store, error) !=
		HL_OK)
		return -1;
	bench_start(b);
	bench_give_all(b);
	bench_fetch_effects(b);
	bench_drop_sent(b);
	*state = b;
	return 0;
}

int bench_teardown(void **state)
{
	struct bench *b = *state;

	bench_drop_sent(b);
	hl_engine_free(b->engine);
	hl_store_close(b->store);
	world_clear(&b->world);
	free(b);
	return 0;
}

void bench_up(struct bench *b, uint64_t number, enum hl_purpose purpose,
	const struct hl_dh_key *key, bool initiator)
{
	struct hl_event e = {.type = HL_EVENT_LINK_UP, .link = number};

	e.up.purpose = purpose;
	e.up.initiator = initiator;
	memcpy(e.up.key, key->pub, HL_KEY_SIZE);
	bench_turn(b, &e);
}

void bench_send_frame(struct bench *b, uint64_t link, const struct hl_frame *frame)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_event e = {.type = HL_EVENT_FRAME, .link = link};

	assert_ok(hl_frame_encode(frame, &bytes));
	e.frame.lane = 1;
	e.frame.bytes = hl_view_buf(&bytes);
	bench_turn(b, &e);
}

/* The newest frame of a type that the engine has sent on a link. */
bool bench_find(struct bench *b, uint64_t link, enum hl_frame_type type,
	enum hl_purpose purpose, struct hl_frame *ret)
{
	for (size_t i = b->n_sent; i > 0; i--) {
		struct hl_frame frame HL_CLEAN_FRAME = {0};
		if (b->sent[i - 1].link != link)
			continue;
		assert_ok(hl_frame_parse(
			hl_view_buf(&b->sent[i - 1].bytes), purpose, &frame));
		if (frame.type != type)
			continue;
		*ret = frame;
		frame.arena = NULL;
		return true;
	}
	return false;
}

bool bench_was_closed(struct bench *b, uint64_t link)
{
	for (size_t i = 0; i < b->n_closed; i++)
		if (b->closed[i] == link)
			return true;
	return false;
}

/* A device of lab 0, greeted. */
void bench_device(struct bench *b, uint64_t link, size_t index)
{
	struct hl_frame hello = {.type = HL_FRAME_DEVICE_HELLO, .request = 1};
	struct hl_frame reply HL_CLEAN_FRAME = {0};

	bench_up(b, link, HL_PURPOSE_DEVICE, &b->world.lab[0].device[index].link, false);
	hello.device_hello.version = 1;
	hello.device_hello.lab = b->config.lab;
	hello.device_hello.kid = b->world.lab[0].device[index].kid;
	bench_send_frame(b, link, &hello);
	assert_true(bench_find(b, link, HL_FRAME_REPLY, HL_PURPOSE_DEVICE, &reply));
	assert_status(reply.reply.code, HL_OK);
}

/* What a request of a device is answered; the body's bytes stay good until drop_sent. */
enum hl_status bench_ask(
	struct bench *b, uint64_t link, struct hl_frame *frame, struct hl_view *body)
{
	struct hl_frame reply HL_CLEAN_FRAME = {0};

	frame->request = ++b->request + 100;
	bench_send_frame(b, link, frame);
	assert_true(bench_find(b, link, HL_FRAME_REPLY, HL_PURPOSE_DEVICE, &reply));
	assert_int_equal(reply.request, frame->request);
	if (body != NULL)
		*body = reply.reply.body;
	return reply.reply.code;
}

enum hl_status bench_submit(struct bench *b, uint64_t link, const struct hl_buf *doc)
{
	struct hl_frame frame = {.type = HL_FRAME_SUBMIT};

	frame.doc = hl_view_buf(doc);
	return bench_ask(b, link, &frame, NULL);
}

/* The node of a peer, greeted; it has shown a receipt: nil. */
void bench_statement(struct bench *b, uint64_t link, size_t lab,
	const struct hl_head *head, const struct hl_receipt *receipt)
{
	struct hl_statement s = {.time = b->now.wall};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_STATEMENT};

	s.from = b->world.lab[lab].id;
	s.to = b->config.lab;
	s.has_head = head != NULL;
	if (head != NULL)
		s.head = *head;
	s.has_receipt = receipt != NULL;
	if (receipt != NULL)
		s.receipt = *receipt;
	assert_ok(
		hl_statement_sign(&b->world.net, &s, &b->world.lab[lab].node_sign, &doc));
	frame.doc = hl_view_buf(&doc);
	bench_send_frame(b, link, &frame);
}

void bench_greet(struct bench *b, uint64_t link, size_t lab, bool initiator)
{
	struct hl_frame hello = {.type = HL_FRAME_HELLO};

	bench_up(b, link, HL_PURPOSE_PEER, &b->world.lab[lab].node_link, initiator);
	hello.hello.version = 1;
	hello.hello.from = b->world.lab[lab].id;
	hello.hello.to = b->config.lab;
	hl_key_id(&b->world.net, HL_ROLE_NODE_SIGN, b->world.lab[lab].node_sign.pub,
		&hello.hello.kid);
	hello.hello.card_version = b->world.lab[lab].n_cards;
	hello.hello.card_hash = b->world.lab[lab].card.hash;
	hello.hello.clock = b->now.wall;
	bench_send_frame(b, link, &hello);
}

void bench_peer(struct bench *b, uint64_t link, size_t lab)
{
	bench_greet(b, link, lab, false);
	bench_statement(b, link, lab, NULL, NULL);
}

struct hl_message bench_raise_message(void)
{
	static struct hl_field field;
	struct hl_message m = {.type = HL_RAISE, .text = hl_view_str("It left.")};

	field.key = hl_view_str("boundary");
	field.value = hl_view_str("sandbox");
	m.raise.kind = hl_view_str("contain.breach");
	m.raise.handling = 3;
	m.raise.title = hl_view_str("Agent left its sandbox");
	m.fields = &field;
	m.n_fields = 1;
	return m;
}

void bench_raise(struct bench *b, size_t lab, size_t dev, enum hl_precedence precedence,
	bool release, struct hl_buf *doc, struct hl_id *id)
{
	const struct hl_message m = bench_raise_message();
	struct world_letter draft = {.lab = lab,
		.device = dev,
		.labs = 7,
		.class = HL_CLASS_CALL,
		.status = HL_ACTUAL,
		.precedence = precedence,
		.created = b->now.wall,
		.answer_within = 600,
		.message = &m,
		.release = release};

	world_seal(&b->world, &draft, doc, id);
}

void bench_follow(struct bench *b, size_t lab, size_t dev, enum hl_class class,
	const struct hl_id *incident, bool release, struct hl_buf *doc, struct hl_id *id)
{
	struct hl_message m = {.type = class == HL_CLASS_ANSWER ? HL_ACK : HL_RESOLVE,
		.text = hl_view_str("So."),
		.seen = incident,
		.n_seen = 1};
	struct world_letter draft = {.lab = lab,
		.device = dev,
		.labs = 7,
		.class = class,
		.status = HL_ACTUAL,
		.precedence = HL_ROUTINE,
		.incident = incident,
		.answers = class == HL_CLASS_ANSWER ? incident : NULL,
		.created = b->now.wall,
		.message = &m,
		.release = release};

	m.ack.answer = HL_ACCEPTED;
	world_seal(&b->world, &draft, doc, id);
}

void bench_letter(struct bench *b, uint64_t link, size_t from, const struct hl_buf *doc)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf copy HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_LETTER};

	assert_ok(hl_envelope_parse(&b->world.net, hl_view_buf(doc), &envelope));
	assert_ok(hl_envelope_for_lab(&envelope, &b->config.lab, &copy));
	frame.letter.from = b->world.lab[from].id;
	frame.letter.doc = hl_view_buf(&copy);
	bench_send_frame(b, link, &frame);
}

void bench_enter(struct bench *b, uint64_t wire, size_t lab, struct line *line,
	const struct hl_entry *entries, size_t n)
{
	struct hl_segment segment = {.from = b->world.lab[lab].id, .to = b->config.lab};
	struct hl_entry copy[4];
	struct hl_statement s = {.time = b->now.wall, .has_head = true};
	struct hl_buf doc HL_CLEAN_BUF = {0}, head HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_SEGMENT};

	if (line->number == 0)
		hl_link_first(&b->world.net, &segment.from, &segment.to, line->epoch,
			&line->link);
	segment.epoch = line->epoch;
	segment.first = line->number + 1;
	segment.before = line->link;
	for (size_t i = 0; i < n; i++) {
		copy[i] = entries[i];
		copy[i].number = ++line->number;
		copy[i].time = b->now.wall;
		hl_link_next(&b->world.net, &line->link, &copy[i], &line->link);
	}
	s.from = segment.from;
	s.to = segment.to;
	s.head = (struct hl_head){line->epoch, line->number, line->link};
	assert_ok(hl_statement_sign(
		&b->world.net, &s, &b->world.lab[lab].node_sign, &head));
	segment.entries = copy;
	segment.n_entries = n;
	segment.head = hl_view_buf(&head);
	assert_ok(hl_segment_encode(&segment, &doc));
	frame.doc = hl_view_buf(&doc);
	bench_send_frame(b, wire, &frame);
}

/* The receipt in the newest statement to a peer. */
void bench_last_receipt(struct bench *b, uint64_t link, struct hl_statement *ret)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	assert_true(bench_find(b, link, HL_FRAME_STATEMENT, HL_PURPOSE_PEER, &frame));
	assert_ok(hl_statement_parse(frame.doc, ret));
	assert_true(ret->has_receipt);
}

bool bench_is_held(struct bench *b, const struct hl_id *id)
{
	struct hl_letter_row row;

	return hl_store_letter_row(b->store, id, &row) == HL_OK;
}

enum hl_ring_state bench_ringing(struct bench *b, const struct hl_id *id)
{
	struct hl_call_row row;

	assert_ok(hl_store_call_get(b->store, id, &row));
	return row.state;
}

void bench_wait(struct bench *b, uint64_t ms)
{
	const struct hl_event e = {.type = HL_EVENT_TIMER};

	b->now.boot += ms;
	b->now.wall += ms;
	bench_turn(b, &e);
}

void bench_answer(struct bench *b, uint64_t link, size_t lab)
{
	struct hl_statement s = {.time = b->now.wall};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame beat HL_CLEAN_FRAME = {0}, frame = {.type = HL_FRAME_STATEMENT};

	assert_true(bench_find(b, link, HL_FRAME_HEARTBEAT, HL_PURPOSE_PEER, &beat));
	s.from = b->world.lab[lab].id;
	s.to = b->config.lab;
	s.pulse = beat.heartbeat.pulse;
	assert_ok(
		hl_statement_sign(&b->world.net, &s, &b->world.lab[lab].node_sign, &doc));
	frame.doc = hl_view_buf(&doc);
	bench_send_frame(b, link, &frame);
}

void bench_fill_store(struct bench *b)
{
	static const uint8_t doc[3000];
	enum hl_status status = HL_OK;

	for (uint32_t n = 1; n < 1000 && status == HL_OK; n++) {
		struct hl_letter_row row = {.origin = b->world.lab[2].id,
			.class = HL_CLASS_NOTICE,
			.precedence = HL_ROUTINE,
			.status = HL_ACTUAL};
		hl_put_be32(row.id.b, n);
		status =
			hl_store_letter_put(b->store, &row, hl_view_of(doc, sizeof(doc)));
		if (status == HL_OK)
			status = hl_store_commit(b->store);
	}
	assert_status(status, HL_ERR_NOSPACE);
	hl_store_rollback(b->store);
	bench_wait(b, 0);
}
