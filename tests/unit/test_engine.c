/*
 * The engine, from outside: one node, whose peers and devices are played by the test frame by
 * frame; and two nodes on a quiet simulated network.
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "node/engine/engine.h"
#include "tests/sim/sim.h"

#define KEPT 64

/* One node of lab 0 under test. */
struct bench {
	struct world world;
	struct rng rng;
	struct hl_engine_config config;
	struct hl_store *store;
	struct hl_engine *engine;
	struct hl_now now;
	struct {
		uint64_t link;
		unsigned lane;
		struct hl_buf bytes;
	} sent[KEPT];
	size_t n_sent;
	uint64_t closed[KEPT];
	size_t n_closed, n_dials, n_alarms;
	uint64_t request;
};

static void drop_sent(struct bench *b)
{
	for (size_t i = 0; i < b->n_sent; i++)
		hl_buf_clear(&b->sent[i].bytes);
	b->n_sent = b->n_closed = b->n_dials = b->n_alarms = 0;
}

static void fetch_effects(struct bench *b)
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
		case HL_EFFECT_LOG: b->n_alarms += out.priority <= 1; break;
		}
	}
}

static void turn(struct bench *b, const struct hl_event *event)
{
	assert_ok(hl_engine_step(b->engine, event, &b->now));
	assert_ok(hl_engine_commit(b->engine, &b->now));
	fetch_effects(b);
}

static void give(struct bench *b, enum hl_doc sort, const struct hl_buf *doc)
{
	assert_ok(hl_engine_put(b->engine, sort, hl_view_buf(doc), &b->now));
	assert_ok(hl_engine_commit(b->engine, &b->now));
}

static void start(struct bench *b)
{
	assert_ok(hl_engine_new(&b->config, b->store, &b->now, &b->engine));
}

static int setup(void **state)
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
	start(b);
	for (size_t i = 0; i < b->world.lab[0].n_cards; i++)
		give(b, HL_DOC_CARD, &b->world.lab[0].cards[i]);
	give(b, HL_DOC_DIRECTORY, &b->world.lab[0].directory);
	for (size_t lab = 1; lab < 3; lab++)
		for (size_t i = 0; i < b->world.lab[lab].n_cards; i++)
			give(b, HL_DOC_CARD, &b->world.lab[lab].cards[i]);
	fetch_effects(b);
	drop_sent(b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	drop_sent(b);
	hl_engine_free(b->engine);
	hl_store_close(b->store);
	world_clear(&b->world);
	free(b);
	return 0;
}

static void up(struct bench *b, uint64_t number, enum hl_purpose purpose,
	const struct hl_dh_key *key, bool initiator)
{
	struct hl_event e = {.type = HL_EVENT_LINK_UP, .link = number};

	e.up.purpose = purpose;
	e.up.initiator = initiator;
	memcpy(e.up.key, key->pub, HL_KEY_SIZE);
	turn(b, &e);
}

static void send_frame(struct bench *b, uint64_t link, const struct hl_frame *frame)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_event e = {.type = HL_EVENT_FRAME, .link = link};

	assert_ok(hl_frame_encode(frame, &bytes));
	e.frame.lane = 1;
	e.frame.bytes = hl_view_buf(&bytes);
	turn(b, &e);
}

/* The newest frame of a type that the engine has sent on a link. */
static bool find(struct bench *b, uint64_t link, enum hl_frame_type type,
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

static bool was_closed(struct bench *b, uint64_t link)
{
	for (size_t i = 0; i < b->n_closed; i++)
		if (b->closed[i] == link)
			return true;
	return false;
}

/* A device of lab 0, greeted. */
static void device(struct bench *b, uint64_t link, size_t index)
{
	struct hl_frame hello = {.type = HL_FRAME_DEVICE_HELLO, .request = 1};
	struct hl_frame reply HL_CLEAN_FRAME = {0};

	up(b, link, HL_PURPOSE_DEVICE, &b->world.lab[0].device[index].link, false);
	hello.device_hello.version = 1;
	hello.device_hello.lab = b->config.lab;
	hello.device_hello.kid = b->world.lab[0].device[index].kid;
	send_frame(b, link, &hello);
	assert_true(find(b, link, HL_FRAME_REPLY, HL_PURPOSE_DEVICE, &reply));
	assert_status(reply.reply.code, HL_OK);
}

/* What a request of a device is answered; the body's bytes stay good until drop_sent. */
static enum hl_status ask(
	struct bench *b, uint64_t link, struct hl_frame *frame, struct hl_view *body)
{
	struct hl_frame reply HL_CLEAN_FRAME = {0};

	frame->request = ++b->request + 100;
	send_frame(b, link, frame);
	assert_true(find(b, link, HL_FRAME_REPLY, HL_PURPOSE_DEVICE, &reply));
	assert_int_equal(reply.request, frame->request);
	if (body != NULL)
		*body = reply.reply.body;
	return reply.reply.code;
}

static enum hl_status submit(struct bench *b, uint64_t link, const struct hl_buf *doc)
{
	struct hl_frame frame = {.type = HL_FRAME_SUBMIT};

	frame.doc = hl_view_buf(doc);
	return ask(b, link, &frame, NULL);
}

/* The node of a peer, greeted; it has shown a receipt: nil. */
static void statement(struct bench *b, uint64_t link, size_t lab,
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
	send_frame(b, link, &frame);
}

static void greet(struct bench *b, uint64_t link, size_t lab, bool initiator)
{
	struct hl_frame hello = {.type = HL_FRAME_HELLO};

	up(b, link, HL_PURPOSE_PEER, &b->world.lab[lab].node_link, initiator);
	hello.hello.version = 1;
	hello.hello.from = b->world.lab[lab].id;
	hello.hello.to = b->config.lab;
	hl_key_id(&b->world.net, HL_ROLE_NODE_SIGN, b->world.lab[lab].node_sign.pub,
		&hello.hello.kid);
	hello.hello.card_version = b->world.lab[lab].n_cards;
	hello.hello.card_hash = b->world.lab[lab].card.hash;
	hello.hello.clock = b->now.wall;
	send_frame(b, link, &hello);
}

static void peer(struct bench *b, uint64_t link, size_t lab)
{
	greet(b, link, lab, false);
	statement(b, link, lab, NULL, NULL);
}

static struct hl_message raise_message(void)
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

static void raise(struct bench *b, size_t lab, size_t dev, enum hl_precedence precedence,
	bool release, struct hl_buf *doc, struct hl_id *id)
{
	const struct hl_message m = raise_message();
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

static void follow(struct bench *b, size_t lab, size_t dev, enum hl_class class,
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

static void letter(struct bench *b, uint64_t link, size_t from, const struct hl_buf *doc)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf copy HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_LETTER};

	assert_ok(hl_envelope_parse(&b->world.net, hl_view_buf(doc), &envelope));
	assert_ok(hl_envelope_for_lab(&envelope, &b->config.lab, &copy));
	frame.letter.from = b->world.lab[from].id;
	frame.letter.doc = hl_view_buf(&copy);
	send_frame(b, link, &frame);
}

/* A peer's channel, as the test keeps it. */
struct line {
	uint64_t epoch, number;
	struct hl_id link;
};

static void enter(struct bench *b, uint64_t wire, size_t lab, struct line *line,
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
	send_frame(b, wire, &frame);
}

/* The receipt in the newest statement to a peer. */
static void last_receipt(struct bench *b, uint64_t link, struct hl_statement *ret)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	assert_true(find(b, link, HL_FRAME_STATEMENT, HL_PURPOSE_PEER, &frame));
	assert_ok(hl_statement_parse(frame.doc, ret));
	assert_true(ret->has_receipt);
}

static bool is_held(struct bench *b, const struct hl_id *id)
{
	struct hl_letter_row row;

	return hl_store_letter_row(b->store, id, &row) == HL_OK;
}

static enum hl_ring_state ringing(struct bench *b, const struct hl_id *id)
{
	struct hl_call_row row;

	assert_ok(hl_store_call_get(b->store, id, &row));
	return row.state;
}

static void wait(struct bench *b, uint64_t ms)
{
	const struct hl_event e = {.type = HL_EVENT_TIMER};

	b->now.boot += ms;
	b->now.wall += ms;
	turn(b, &e);
}

/* ------------------------------------------------------------------ tests */

static void nothing_is_said_before_the_commit(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, bytes HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_SUBMIT, .request = 7};
	struct hl_event e = {.type = HL_EVENT_FRAME, .link = 1};
	struct hl_effect_out out;
	struct hl_id id;

	device(b, 1, 0);
	peer(b, 2, 1);
	drop_sent(b);
	raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
	frame.doc = hl_view_buf(&doc);
	assert_ok(hl_frame_encode(&frame, &bytes));
	e.frame.bytes = hl_view_buf(&bytes);
	assert_ok(hl_engine_step(b->engine, &e, &b->now));
	assert_false(hl_engine_effect(b->engine, &out));
	assert_ok(hl_engine_commit(b->engine, &b->now));
	assert_false(hl_store_dirty(b->store));
	fetch_effects(b);
	struct hl_frame got HL_CLEAN_FRAME = {0};
	assert_true(find(b, 1, HL_FRAME_REPLY, HL_PURPOSE_DEVICE, &got));
	hl_frame_clear(&got);
	assert_true(find(b, 2, HL_FRAME_SEGMENT, HL_PURPOSE_PEER, &got));
	hl_frame_clear(&got);
	assert_true(find(b, 2, HL_FRAME_LETTER, HL_PURPOSE_PEER, &got));
}

static void no_head_before_the_peer_has_spoken(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame got HL_CLEAN_FRAME = {0};
	struct hl_statement s;
	struct hl_id id;

	device(b, 1, 0);
	raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
	assert_ok(submit(b, 1, &doc));
	greet(b, 2, 1, false);
	assert_true(find(b, 2, HL_FRAME_STATEMENT, HL_PURPOSE_PEER, &got));
	assert_ok(hl_statement_parse(got.doc, &s));
	assert_false(s.has_head);
	assert_false(s.has_receipt);
	hl_frame_clear(&got);
	assert_false(find(b, 2, HL_FRAME_SEGMENT, HL_PURPOSE_PEER, &got));
	statement(b, 2, 1, NULL, NULL);
	assert_true(find(b, 2, HL_FRAME_SEGMENT, HL_PURPOSE_PEER, &got));
}

static void a_receipt_from_the_future_opens_an_epoch(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame got HL_CLEAN_FRAME = {0};
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};
	struct hl_channel_row row = {0};
	struct hl_receipt receipt = {.through = 9};
	struct hl_id id;

	device(b, 1, 0);
	raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
	assert_ok(submit(b, 1, &doc));
	assert_ok(hl_store_channel_get(b->store, &b->world.lab[1].id, true, &row));
	greet(b, 2, 1, false);
	/* The peer holds nine of a channel that has two: this store is a backup. */
	receipt.head = (struct hl_head){row.epoch, 9, id};
	statement(b, 2, 1, NULL, &receipt);
	assert_int_equal(b->n_alarms, 1);
	assert_true(find(b, 2, HL_FRAME_SEGMENT, HL_PURPOSE_PEER, &got));
	assert_ok(hl_segment_parse(got.doc, &segment));
	assert_true(segment.epoch > row.epoch);
	assert_int_equal(segment.first, 1);
	assert_int_equal(segment.n_entries, 3);
	assert_int_equal(segment.entries[0].sort, HL_SORT_SUCCESSION);
	assert_true(hl_id_eq(&segment.entries[0].id, &row.link));
	assert_int_equal(segment.entries[1].sort, HL_SORT_CARD);
	assert_true(hl_id_eq(&segment.entries[2].id, &id));
}

static void letters_are_taken_and_receipted(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct line line = {.epoch = 5};
	struct hl_entry entry[2] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER}};
	struct hl_statement s;
	enum hl_status code;

	peer(b, 2, 1);
	raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &entry[1].id);
	entry[0].id = b->world.lab[1].card.hash;
	enter(b, 2, 1, &line, entry, 2);
	last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.head.number, 2);
	assert_int_equal(s.receipt.through, 1);
	drop_sent(b);
	letter(b, 2, 1, &doc);
	last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 2);
	assert_true(hl_receipt_holds(&s.receipt, 2, &code));
	assert_status(code, HL_OK);
	assert_int_equal(s.receipt.since, b->now.wall);
	/* A second copy is answered as the first: same time of notice, later. */
	uint64_t since = s.receipt.since;
	drop_sent(b);
	b->now.wall += 5000;
	letter(b, 2, 1, &doc);
	last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.since, since);
	assert_int_equal(s.time, b->now.wall);
}

static void a_letter_before_its_entry_rings(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct line line = {.epoch = 5};
	struct hl_entry entry[2] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER}};
	struct hl_statement s;

	peer(b, 2, 1);
	raise(b, 1, 0, HL_FLASH, true, &doc, &entry[1].id);
	letter(b, 2, 1, &doc);
	assert_int_equal(ringing(b, &entry[1].id), HL_RINGING);
	entry[0].id = b->world.lab[1].card.hash;
	enter(b, 2, 1, &line, entry, 2);
	last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 2);
}

static void what_is_signed_and_bad_is_refused(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct line line = {.epoch = 5};
	struct hl_entry entry[2] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER}};
	const struct hl_id incident = {{1, 2, 3}};
	struct hl_statement s;
	enum hl_status code;

	/* A monitor answers for a person. */
	peer(b, 2, 1);
	follow(b, 1, 2, HL_CLASS_ANSWER, &incident, false, &doc, &entry[1].id);
	entry[0].id = b->world.lab[1].card.hash;
	enter(b, 2, 1, &line, entry, 2);
	drop_sent(b);
	letter(b, 2, 1, &doc);
	last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 2);
	assert_true(hl_receipt_holds(&s.receipt, 2, &code));
	assert_status(code, HL_NOT_PERMITTED);
	assert_false(is_held(b, &entry[1].id));
}

static void a_bad_copy_leaves_no_trace(void **state)
{
	struct bench *b = *state;
	struct hl_buf few HL_CLEAN_BUF = {0}, bad HL_CLEAN_BUF = {0},
			  good HL_CLEAN_BUF = {0};
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct line line = {.epoch = 5};
	struct hl_entry entry[2] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER}};
	struct hl_statement s;

	peer(b, 2, 1);
	raise(b, 1, 0, HL_FLASH, false, &few, &entry[1].id);
	entry[0].id = b->world.lab[1].card.hash;
	enter(b, 2, 1, &line, entry, 2);
	drop_sent(b);
	/* One signature where two persons must sign. */
	letter(b, 2, 1, &few);
	assert_false(is_held(b, &entry[1].id));
	assert_ok(hl_envelope_parse(&b->world.net, hl_view_buf(&few), &envelope));
	/* Then one by a stranger. */
	assert_ok(hl_envelope_cosign(&envelope, &b->world.lab[2].device[0].sign, &bad));
	letter(b, 2, 1, &bad);
	assert_false(is_held(b, &entry[1].id));
	/* And at last the released one. */
	assert_ok(hl_envelope_cosign(&envelope, &b->world.lab[1].device[1].sign, &good));
	letter(b, 2, 1, &good);
	assert_true(is_held(b, &entry[1].id));
	last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 2);
	assert_int_equal(s.receipt.n_refused, 0);
}

static void an_unknown_newer_card_defers(void **state)
{
	struct bench *b = *state;
	struct world_lab *lab = &b->world.lab[1];
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_FETCH}, got HL_CLEAN_FRAME = {0};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;

	device(b, 1, 0);
	peer(b, 2, 1);
	world_new_card(&b->world, 1, WORLD_START + 2);
	raise(b, 1, 0, HL_ROUTINE, false, &doc, &frame.id);
	letter(b, 2, 1, &doc);
	assert_false(is_held(b, &frame.id));
	assert_true(find(b, 2, HL_FRAME_WANT_CARDS, HL_PURPOSE_PEER, &got));
	assert_int_equal(got.want.after, lab->n_cards - 1);
	/* It is shown all the same. */
	assert_ok(ask(b, 1, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_FETCH, &body));
	assert_true(body.fetch.deferred);
	struct hl_frame card = {.type = HL_FRAME_CARD};
	card.doc = hl_view_buf(&lab->cards[lab->n_cards - 1]);
	send_frame(b, 2, &card);
	assert_true(is_held(b, &frame.id));
	assert_int_equal(ringing(b, &frame.id), HL_RINGING);
}

static void own_letters_are_judged(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	const struct hl_id incident = {{1}};
	struct hl_id id;

	device(b, 1, 0);
	raise(b, 0, 0, HL_FLASH, false, &doc, &id);
	assert_status(submit(b, 1, &doc), HL_FEW_SIGNATURES);
	hl_buf_clear(&doc);
	raise(b, 0, 2, HL_FLASH, true, &doc, &id);
	assert_status(submit(b, 1, &doc), HL_NOT_PERMITTED);
	hl_buf_clear(&doc);
	follow(b, 0, 2, HL_CLASS_ANSWER, &incident, false, &doc, &id);
	assert_status(submit(b, 1, &doc), HL_NOT_PERMITTED);
	hl_buf_clear(&doc);
	raise(b, 0, 0, HL_FLASH, true, &doc, &id);
	assert_ok(submit(b, 1, &doc));
	assert_ok(submit(b, 1, &doc)); /* held already */
	doc.p[doc.n - 1] ^= 1;
	assert_status(submit(b, 1, &doc), HL_BAD_HASH);
}

static void calls_become_overdue_once(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_feed_item item[64];
	struct hl_id id;
	size_t n = 0, overdue = 0;

	peer(b, 2, 1);
	raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &id);
	letter(b, 2, 1, &doc);
	/* The wall clock jumps; the deadline does not. */
	b->now.wall += 7200000;
	wait(b, 599000);
	assert_int_equal(ringing(b, &id), HL_RINGING);
	assert_true(hl_engine_next(b->engine) <= b->now.boot + 1000);
	wait(b, 1000);
	assert_int_equal(ringing(b, &id), HL_RING_OVERDUE);
	wait(b, 1000);
	assert_ok(hl_store_feed_list(b->store, 0, item, 64, &n));
	for (size_t i = 0; i < n; i++)
		overdue += item[i].sort == HL_FEED_OVERDUE;
	assert_int_equal(overdue, 1);
	/* It can still be answered. */
	struct hl_buf ack HL_CLEAN_BUF = {0};
	struct hl_id ack_id;
	device(b, 1, 0);
	follow(b, 0, 0, HL_CLASS_ANSWER, &id, false, &ack, &ack_id);
	assert_ok(submit(b, 1, &ack));
	assert_int_equal(ringing(b, &id), HL_RING_ANSWERED);
}

static void deadlines_outlive_a_restart(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id id;

	peer(b, 2, 1);
	raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &id);
	letter(b, 2, 1, &doc);
	hl_engine_free(b->engine);
	/* The machine was off for an hour: its boot clock begins anew. */
	b->now.wall += 3600000;
	b->now.boot = 2000;
	start(b);
	assert_true(hl_engine_next(b->engine) <= b->now.boot);
	wait(b, 0);
	assert_int_equal(ringing(b, &id), HL_RING_OVERDUE);
}

static void only_the_raiser_closes(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, other HL_CLEAN_BUF = {0},
			  close HL_CLEAN_BUF = {0};
	struct hl_id id, x;

	peer(b, 2, 1);
	peer(b, 3, 2);
	raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &id);
	letter(b, 2, 1, &doc);
	/* Another lab's answer and close do not stop the ringing here. */
	follow(b, 2, 0, HL_CLASS_ANSWER, &id, false, &other, &x);
	letter(b, 3, 2, &other);
	assert_int_equal(ringing(b, &id), HL_RINGING);
	hl_buf_clear(&other);
	follow(b, 2, 0, HL_CLASS_CLOSE, &id, false, &other, &x);
	letter(b, 3, 2, &other);
	assert_int_equal(ringing(b, &id), HL_RINGING);
	follow(b, 1, 1, HL_CLASS_CLOSE, &id, false, &close, &x);
	letter(b, 2, 1, &close);
	assert_int_equal(ringing(b, &id), HL_RING_CLOSED);
}

static void a_close_may_overtake_its_call(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, close HL_CLEAN_BUF = {0};
	struct hl_id id, x;

	peer(b, 2, 1);
	raise(b, 1, 0, HL_FLASH, true, &doc, &id);
	follow(b, 1, 0, HL_CLASS_CLOSE, &id, false, &close, &x);
	letter(b, 2, 1, &close);
	assert_true(is_held(b, &x));
	/* One person's close does not end a FLASH; two persons' does. */
	letter(b, 2, 1, &doc);
	assert_int_equal(ringing(b, &id), HL_RINGING);
	hl_buf_clear(&close);
	hl_buf_clear(&doc);
	raise(b, 1, 0, HL_FLASH, true, &doc, &id);
	follow(b, 1, 0, HL_CLASS_CLOSE, &id, true, &close, &x);
	letter(b, 2, 1, &close);
	letter(b, 2, 1, &doc);
	assert_int_equal(ringing(b, &id), HL_RING_CLOSED);
}

static void a_suspended_device_is_cut_off(void **state)
{
	struct bench *b = *state;
	struct world_lab *lab = &b->world.lab[0];
	struct hl_frame frame = {.type = HL_FRAME_PUT};
	struct hl_buf doc HL_CLEAN_BUF = {0}, sealed HL_CLEAN_BUF = {0};
	struct hl_known_key key;
	struct hl_id id;
	size_t before = 0, after = 0;

	device(b, 1, 0);
	device(b, 4, 1);
	while (hl_engine_known(b->engine, before, &key))
		before++;
	uint64_t generation = hl_engine_known_generation(b->engine);
	assert_ok(hl_suspension_make(&b->world.net, &lab->id, &lab->device[1].kid,
		b->now.wall, hl_view_str("lost"), &lab->device[0].sign, &doc));
	frame.put.sort = HL_DOC_SUSPENSION;
	frame.put.doc = hl_view_buf(&doc);
	assert_ok(ask(b, 1, &frame, NULL));
	assert_true(was_closed(b, 4));
	assert_false(was_closed(b, 1));
	while (hl_engine_known(b->engine, after, &key))
		after++;
	assert_int_equal(after, before - 1);
	assert_true(hl_engine_known_generation(b->engine) != generation);
	drop_sent(b);
	up(b, 5, HL_PURPOSE_DEVICE, &lab->device[1].link, false);
	assert_true(was_closed(b, 5));
	raise(b, 0, 1, HL_ROUTINE, false, &sealed, &id);
	assert_status(submit(b, 1, &sealed), HL_SUSPENDED);
}

static void a_removed_device_is_cut_off(void **state)
{
	struct bench *b = *state;
	struct world_lab *lab = &b->world.lab[0];
	struct hl_frame frame = {.type = HL_FRAME_PUT};
	size_t monitor = 2;

	/* Which device is last in a card hangs on its keys: drop those sealed last. */
	device(b, 1, 0);
	device(b, 4, monitor);
	world_new_card_without(&b->world, 0, WORLD_START + 5, 1);
	frame.put.sort = HL_DOC_CARD;
	frame.put.doc = hl_view_buf(&lab->cards[lab->n_cards - 1]);
	assert_ok(ask(b, 1, &frame, NULL));
	assert_true(was_closed(b, 4));
	assert_false(was_closed(b, 1));
}

static void two_cards_with_one_number(void **state)
{
	struct bench *b = *state;
	struct world_lab *lab = &b->world.lab[1];
	struct hl_frame frame = {.type = HL_FRAME_CARD};
	struct hl_buf first HL_CLEAN_BUF = {0}, held HL_CLEAN_BUF = {0};

	peer(b, 2, 1);
	/* The root signs the newest number a second time, with another date. */
	first = hl_buf_steal(&lab->cards[lab->n_cards - 1]);
	lab->n_cards--;
	if (lab->n_cards > 0) {
		hl_card_clear(&lab->card);
		memset(&lab->card, 0, sizeof(lab->card));
		assert_ok(hl_card_parse(&b->world.net,
			hl_view_buf(&lab->cards[lab->n_cards - 1]), &lab->card));
	}
	world_new_card(&b->world, 1, WORLD_START + 777);
	drop_sent(b);
	frame.doc = hl_view_buf(&lab->cards[lab->n_cards - 1]);
	send_frame(b, 2, &frame);
	assert_int_equal(b->n_alarms, 1);
	assert_false(was_closed(b, 2));
	assert_ok(hl_store_doc_get(b->store, HL_DOC_CARD, &lab->id, NULL, 0, &held));
	assert_view(hl_view_buf(&held), hl_view_buf(&first));
	hl_buf_clear(&held);
	assert_ok(hl_store_doc_by_hash(b->store, HL_DOC_CARD, &lab->card.hash, &held));
}

static void two_channels_with_one_number(void **state)
{
	struct bench *b = *state;
	struct line line = {.epoch = 5};
	struct hl_entry entry = {.sort = HL_SORT_CARD};
	struct hl_head head = {5, 1, {{7}}};

	peer(b, 2, 1);
	entry.id = b->world.lab[1].card.hash;
	enter(b, 2, 1, &line, &entry, 1);
	drop_sent(b);
	statement(b, 2, 1, &head, NULL);
	assert_int_equal(b->n_alarms, 1);
	/* And the first stays. */
	struct hl_channel_row row = {0};
	assert_ok(hl_store_channel_get(b->store, &b->world.lab[1].id, false, &row));
	assert_true(hl_id_eq(&row.link, &line.link));
}

static void gaps_are_asked_for(void **state)
{
	struct bench *b = *state;
	struct line line = {.epoch = 5};
	struct hl_entry entry[3] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER},
		{.sort = HL_SORT_LETTER}};
	struct hl_frame got HL_CLEAN_FRAME = {0};
	const struct hl_head head = {5, 9, {{7}}};

	peer(b, 2, 1);
	entry[0].id = b->world.lab[1].card.hash;
	entry[1].id = (struct hl_id){{1}};
	entry[2].id = (struct hl_id){{2}};
	enter(b, 2, 1, &line, entry, 3);
	drop_sent(b);
	for (int i = 0; i < 2; i++)
		wait(b, HL_HEARTBEAT_MS);
	assert_true(find(b, 2, HL_FRAME_WANT_LETTERS, HL_PURPOSE_PEER, &got));
	assert_int_equal(got.want_letters.n, 2);
	hl_frame_clear(&got);
	statement(b, 2, 1, &head, NULL);
	assert_true(find(b, 2, HL_FRAME_WANT_ENTRIES, HL_PURPOSE_PEER, &got));
	assert_int_equal(got.entries.first, 4);
}

static void silence_ends_a_link(void **state)
{
	struct bench *b = *state;

	peer(b, 2, 1);
	drop_sent(b);
	wait(b, HL_SILENT_MS - 1);
	assert_false(was_closed(b, 2));
	wait(b, 1);
	assert_true(was_closed(b, 2));
	/* And it is dialled again, within the first wait. */
	drop_sent(b);
	wait(b, 2 * HL_REDIAL_MIN_MS);
	assert_true(b->n_dials >= 1);
}

static void one_link_for_a_pair(void **state)
{
	struct bench *b = *state;
	bool smaller = hl_id_cmp(&b->config.lab, &b->world.lab[1].id) < 0;

	/* That of the smaller lab stays, in whichever order they come. */
	greet(b, 2, 1, smaller);
	greet(b, 3, 1, !smaller);
	assert_true(was_closed(b, 3));
	assert_false(was_closed(b, 2));
	/* A newer one of the same initiator replaces it. */
	greet(b, 4, 1, smaller);
	assert_true(was_closed(b, 2));
	assert_false(was_closed(b, 4));
	/* Unless nothing has come on it for ten seconds. */
	b->now.boot += 10000;
	greet(b, 5, 1, !smaller);
	assert_true(was_closed(b, 4));
	assert_false(was_closed(b, 5));
}

static void rubbish_ends_a_link(void **state)
{
	struct bench *b = *state;
	struct hl_event e = {.type = HL_EVENT_FRAME};
	struct hl_frame frame = {.type = HL_FRAME_PING, .request = 1};

	device(b, 1, 0);
	peer(b, 2, 1);
	e.frame.bytes = hl_view_str("\xc1rubbish");
	for (e.link = 1; e.link <= 2; e.link++) {
		turn(b, &e);
		assert_true(was_closed(b, e.link));
	}
	/* A frame of the other purpose, and one before the greeting. */
	peer(b, 6, 1);
	send_frame(b, 6, &frame);
	assert_true(was_closed(b, 6));
	up(b, 7, HL_PURPOSE_DEVICE, &b->world.lab[0].device[0].link, false);
	send_frame(b, 7, &frame);
	assert_true(was_closed(b, 7));
	/* Frames on a link that is gone harm nobody. */
	turn(b, &e);
}

static void a_device_reads(void **state)
{
	struct bench *b = *state;
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_body body HL_CLEAN_BODY = {0}, docs HL_CLEAN_BODY = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_view bytes;
	struct hl_id id;

	device(b, 1, 0);
	peer(b, 2, 1);
	raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &id);
	letter(b, 2, 1, &doc);
	assert_ok(ask(b, 1, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	assert_int_equal(body.status.n_peers, 2);
	assert_int_equal(body.status.n_calls, 1);
	assert_int_equal(body.status.calls[0].state, HL_RINGING);
	assert_int_equal(body.status.calls[0].deadline, b->now.wall + 600000);
	frame = (struct hl_frame){.type = HL_FRAME_GET_DOCS};
	assert_ok(ask(b, 1, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_GET_DOCS, &docs));
	size_t cards = 0;
	for (size_t i = 0; i < docs.docs.n; i++)
		cards += docs.docs.items[i].sort == HL_DOC_CARD;
	assert_int_equal(cards,
		b->world.lab[0].n_cards + b->world.lab[1].n_cards +
			b->world.lab[2].n_cards);
	frame = (struct hl_frame){.type = HL_FRAME_FETCH, .id = {{9}}};
	assert_status(ask(b, 1, &frame, NULL), HL_UNKNOWN);
}

static void admins_only(void **state)
{
	struct bench *b = *state;
	struct hl_frame frame = {.type = HL_FRAME_PSK};

	device(b, 1, 0);
	device(b, 4, 2); /* a monitor */
	frame.psk.lab = b->world.lab[1].id;
	frame.psk.key[0] = 1;
	assert_status(ask(b, 4, &frame, NULL), HL_NOT_PERMITTED);
	assert_ok(ask(b, 1, &frame, NULL));
	struct hl_key32 psk = {0};
	assert_ok(hl_store_psk_get(b->store, &frame.psk.lab, &psk));
	assert_int_equal(psk.b[0], 1);
	frame = (struct hl_frame){.type = HL_FRAME_PUT};
	frame.put.sort = HL_DOC_DIRECTORY;
	frame.put.doc = hl_view_buf(&b->world.lab[0].directory);
	assert_status(ask(b, 4, &frame, NULL), HL_NOT_PERMITTED);
	assert_ok(ask(b, 1, &frame, NULL));
}

/* A restart finds all as it was, whatever the number of letters. */
static void two_nodes_and_a_crash(void **state)
{
	const struct sim_options options = {.seed = 4, .labs = 2};
	struct sim *sim = sim_new(&options);

	(void)state;
	sim_run(sim, 10000);
	struct letter *call = sim_raise(sim, 0, 0, 3, HL_FLASH);
	sim_run(sim, 11000);
	assert_string_equal(sim->failure, "");
	assert_int_equal(call->delivered, 2);
	assert_true(call->held[1][0]);
	sim_crash(sim, 1);
	struct letter *again = sim_raise(sim, 0, 1, 3, HL_PRIORITY);
	sim_run(sim, 12000);
	assert_true(again->accepted);
	assert_int_equal(again->delivered, 0);
	sim_settle(sim);
	check_rest(sim);
	assert_string_equal(sim->failure, "");
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(nothing_is_said_before_the_commit),
		T(no_head_before_the_peer_has_spoken),
		T(a_receipt_from_the_future_opens_an_epoch),
		T(letters_are_taken_and_receipted),
		T(a_letter_before_its_entry_rings),
		T(what_is_signed_and_bad_is_refused),
		T(a_bad_copy_leaves_no_trace),
		T(an_unknown_newer_card_defers),
		T(own_letters_are_judged),
		T(calls_become_overdue_once),
		T(deadlines_outlive_a_restart),
		T(only_the_raiser_closes),
		T(a_close_may_overtake_its_call),
		T(a_suspended_device_is_cut_off),
		T(a_removed_device_is_cut_off),
		T(two_cards_with_one_number),
		T(two_channels_with_one_number),
		T(gaps_are_asked_for),
		T(silence_ends_a_link),
		T(one_link_for_a_pair),
		T(rubbish_ends_a_link),
		T(a_device_reads),
		T(admins_only),
		cmocka_unit_test(two_nodes_and_a_crash),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
