/* Carrying (channel 5): the node as the one that cannot reach a lab, and as that lab. */
#include "tests/unit/carrying.h"

static void sign_statement(struct bench *b, size_t by, size_t from,
	const struct hl_head *head, const struct hl_receipt *receipt, struct hl_buf *ret)
{
	struct hl_statement s = {.time = b->now.wall};

	s.from = b->world.lab[from].id;
	s.to = b->config.lab;
	s.has_head = head != NULL;
	if (head != NULL)
		s.head = *head;
	s.has_receipt = receipt != NULL;
	if (receipt != NULL)
		s.receipt = *receipt;
	assert_ok(hl_statement_sign(&b->world.net, &s, &b->world.lab[by].node_sign, ret));
}

/* Lab 1's statement, signed by a lab's node, brought by lab 2. */
static void bring_statement(struct bench *b, size_t by, const struct hl_receipt *receipt)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	sign_statement(b, by, 1, NULL, receipt, &doc);
	bring(b, C, 1, &b->config.lab, 1, HL_CARRIED_STATEMENT, hl_view_buf(&doc));
}

/* The newest head of the own channel to lab 1. */
static struct hl_head newest(struct bench *b)
{
	struct hl_channel_row row = {0};

	assert_ok(hl_store_channel_get(b->store, &b->world.lab[1].id, true, &row));
	return (struct hl_head){row.epoch, row.number, row.link};
}

static struct hl_receipt receipt_for_all(struct bench *b)
{
	struct hl_receipt r = {.head = newest(b), .since = b->now.wall};

	r.through = r.head.number;
	return r;
}

/* What the node says of a letter's way to lab 1; good until drop_sent. */
static struct hl_proof_item proof_of(
	struct bench *b, const struct hl_id *id, struct hl_body *body)
{
	struct hl_frame frame = {.type = HL_FRAME_PROOF, .id = *id};
	struct hl_view bytes;

	assert_ok(bench_ask(b, DEVICE, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_PROOF, body));
	for (size_t i = 0; i < body->proof.n; i++)
		if (hl_id_eq(&body->proof.items[i].lab, &b->world.lab[1].id))
			return body->proof.items[i];
	fail();
	return (struct hl_proof_item){0};
}

/* A raise to labs 1 and 2, of which lab 2 alone is linked. */
static void raise_cut_off(
	struct bench *b, enum hl_precedence precedence, struct hl_id *id)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	bench_device(b, DEVICE, 0);
	bench_peer(b, C, 2);
	bench_raise(b, 0, 0, precedence, precedence == HL_FLASH, &doc, id);
	assert_ok(bench_submit(b, DEVICE, &doc));
	bench_drop_sent(b);
}

/* The same, and all of it was handed to lab 2. */
static void hand_over(struct bench *b, enum hl_precedence precedence, struct hl_id *id)
{
	raise_cut_off(b, precedence, id);
	bench_wait(b, 2000);
	bring_statement(b, 1, NULL);
	bench_drop_sent(b);
	bench_wait(b, 1000);
}

static void what_cannot_be_sent_is_handed_over(void **state)
{
	struct bench *b = *state;
	struct hl_frame frame HL_CLEAN_FRAME = {0};
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_statement s;
	struct hl_id id;

	raise_cut_off(b, HL_IMMEDIATE, &id);
	/* Not at once: a link may just be coming up. */
	bench_wait(b, 1000);
	assert_false(any_carried(b, C));
	bench_wait(b, 1000);
	/* It has not heard that lab since it started: first it asks what that holds. */
	assert_true(carried(b, C, HL_CARRIED_STATEMENT, 0, &frame));
	assert_true(hl_id_eq(&frame.carry.from, &b->config.lab));
	assert_true(hl_id_eq(&frame.carry.to, &b->world.lab[1].id));
	assert_int_equal(frame.carry.hops, 0);
	assert_ok(hl_statement_parse(frame.carry.doc, &s));
	assert_false(s.has_head);
	hl_frame_clear(&frame);
	assert_false(carried(b, C, HL_CARRIED_SEGMENT, 0, &frame));
	bring_statement(b, 1, NULL);
	bench_drop_sent(b);
	bench_wait(b, 1000);
	assert_true(carried(b, C, HL_CARRIED_CARD, 0, &frame));
	hl_frame_clear(&frame);
	assert_true(carried(b, C, HL_CARRIED_SEGMENT, 0, &frame));
	assert_ok(hl_segment_parse(frame.carry.doc, &segment));
	assert_int_equal(segment.first, 1);
	assert_int_equal(segment.entries[0].sort, HL_SORT_SUCCESSION);
	assert_false(hl_id_zero(&segment.entries[0].id));
	assert_true(hl_id_eq(&segment.entries[segment.n_entries - 1].id, &id));
	hl_segment_clear(&segment);
	hl_frame_clear(&frame);
	assert_true(carried(b, C, HL_CARRIED_ENVELOPE, 0, &frame));
	assert_ok(hl_envelope_parse(&b->world.net, frame.carry.doc, &envelope));
	assert_true(hl_id_eq(&envelope.id, &id));
	/* The slip of that lab alone. */
	for (size_t i = 0; i < envelope.core.n_labs; i++)
		assert_int_equal(envelope.slips[i].n > 0,
			hl_id_eq(&envelope.core.labs[i], &b->world.lab[1].id));
	/* In the lane of its precedence; and once on this link. */
	for (size_t i = 0; i < b->n_sent; i++)
		if (b->sent[i].bytes.n > 1000 && b->sent[i].lane != HL_LANE_CONTROL)
			assert_int_equal(b->sent[i].lane, HL_LANE_IMMEDIATE);
	hl_frame_clear(&frame);
	assert_false(carried(b, C, HL_CARRIED_ENVELOPE, 1, &frame));
	bench_drop_sent(b);
	bench_wait(b, 5000);
	assert_false(any_carried(b, C));
}

static void only_its_own_receipt_ends_it(void **state)
{
	struct bench *b = *state;
	struct hl_body body HL_CLEAN_BODY = {0}, after HL_CLEAN_BODY = {0};
	struct hl_receipt receipt;
	struct hl_id id;

	hand_over(b, HL_ROUTINE, &id);
	receipt = receipt_for_all(b);
	/* I7: the carrier signs for the lab, and then for itself. */
	bring_statement(b, 2, &receipt);
	struct hl_proof_item item = proof_of(b, &id, &body);
	assert_int_equal(item.state, HL_ENTERED);
	assert_int_equal(item.n_carriers, 1);
	assert_true(hl_id_eq(&item.carriers[0].by, &b->world.lab[2].id));
	assert_int_equal(item.carriers[0].since, b->now.wall);
	bench_drop_sent(b);
	bench_statement(b, C, 2, NULL, NULL);
	/* It is handed over again every minute. */
	for (unsigned i = 0; i < 14; i++) {
		bench_wait(b, 4000);
		bench_statement(b, C, 2, NULL, NULL);
		assert_false(any_carried(b, C));
		bench_drop_sent(b);
	}
	bench_wait(b, 4000);
	assert_true(any_carried(b, C));
	bring_statement(b, 1, &receipt);
	item = proof_of(b, &id, &after);
	assert_int_equal(item.state, HL_DELIVERED);
	bench_drop_sent(b);
	for (unsigned i = 0; i < 20; i++) {
		bench_statement(b, C, 2, NULL, NULL);
		bench_drop_sent(b);
		bench_wait(b, 4000);
		assert_false(any_carried(b, C));
	}
}

static void an_offer_is_kept_and_is_no_receipt(void **state)
{
	struct bench *b = *state;
	struct hl_frame frame = {.type = HL_FRAME_OFFER};
	struct hl_buf doc HL_CLEAN_BUF = {0}, wrong HL_CLEAN_BUF = {0};
	struct hl_body body HL_CLEAN_BODY = {0}, after HL_CLEAN_BODY = {0};
	struct hl_offer offer, got;
	struct hl_id id;

	hand_over(b, HL_ROUTINE, &id);
	offer = (struct hl_offer){.by = b->world.lab[2].id,
		.from = b->config.lab,
		.to = b->world.lab[1].id,
		.head = newest(b),
		.time = b->now.wall};
	/* By another node, and of a head that was never signed. */
	assert_ok(
		hl_offer_sign(&b->world.net, &offer, &b->world.lab[1].node_sign, &wrong));
	frame.doc = hl_view_buf(&wrong);
	bench_send_frame(b, C, &frame);
	hl_buf_clear(&wrong);
	offer.head.link.b[0] ^= 1;
	assert_ok(
		hl_offer_sign(&b->world.net, &offer, &b->world.lab[2].node_sign, &wrong));
	frame.doc = hl_view_buf(&wrong);
	bench_send_frame(b, C, &frame);
	assert_int_equal(proof_of(b, &id, &body).carriers[0].offer.n, 0);
	offer.head.link.b[0] ^= 1;
	assert_ok(hl_offer_sign(&b->world.net, &offer, &b->world.lab[2].node_sign, &doc));
	frame.doc = hl_view_buf(&doc);
	bench_send_frame(b, C, &frame);
	struct hl_proof_item item = proof_of(b, &id, &after);
	assert_int_equal(item.state, HL_ENTERED);
	assert_int_equal(item.n_carriers, 1);
	assert_view(item.carriers[0].offer, hl_view_buf(&doc));
	assert_ok(hl_offer_parse(item.carriers[0].offer, &got));
	assert_ok(hl_offer_check(&b->world.net, &b->world.lab[2].card, &got));
}

/* A peer that is linked and receipts nothing: a FLASH waits for 5 s, the rest for 15. */
static void a_receipt_that_stays_out(void **state)
{
	struct bench *b = *state;
	struct hl_frame frame HL_CLEAN_FRAME = {0};
	struct hl_buf flash HL_CLEAN_BUF = {0}, routine HL_CLEAN_BUF = {0};
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_id first, second;

	bench_device(b, DEVICE, 0);
	bench_peer(b, B, 1);
	bench_peer(b, C, 2);
	bench_raise(b, 0, 0, HL_ROUTINE, false, &routine, &second);
	assert_ok(bench_submit(b, DEVICE, &routine));
	bench_raise(b, 0, 0, HL_FLASH, true, &flash, &first);
	assert_ok(bench_submit(b, DEVICE, &flash));
	bench_wait(b, 0);
	bench_drop_sent(b);
	for (unsigned s = 1; s < 5; s++) {
		bench_wait(b, 1000);
		assert_false(any_carried(b, C));
	}
	bench_wait(b, 1000);
	assert_true(carried(b, C, HL_CARRIED_ENVELOPE, 0, &frame));
	assert_ok(hl_envelope_parse(&b->world.net, frame.carry.doc, &envelope));
	assert_true(hl_id_eq(&envelope.id, &first));
	hl_frame_clear(&frame);
	assert_false(carried(b, C, HL_CARRIED_ENVELOPE, 1, &frame));
	for (unsigned s = 6; s < 15; s++) {
		bench_drop_sent(b);
		bench_statement(b, B, 1, NULL, NULL); /* it lives */
		bench_statement(b, C, 2, NULL, NULL);
		bench_wait(b, 1000);
		assert_false(carried(b, C, HL_CARRIED_ENVELOPE, 0, &frame));
	}
	bench_wait(b, 1000);
	assert_true(carried(b, C, HL_CARRIED_ENVELOPE, 0, &frame));
	hl_envelope_clear(&envelope);
	memset(&envelope, 0, sizeof(envelope));
	assert_ok(hl_envelope_parse(&b->world.net, frame.carry.doc, &envelope));
	assert_true(hl_id_eq(&envelope.id, &second));
}

/* Nobody answers what the lab holds: after a minute it goes all the same. */
static void unheard_it_goes_after_a_minute(void **state)
{
	struct bench *b = *state;
	struct hl_frame frame HL_CLEAN_FRAME = {0};
	struct hl_id id;

	raise_cut_off(b, HL_FLASH, &id);
	for (unsigned s = 2; s <= 62; s += 2) {
		assert_false(carried(b, C, HL_CARRIED_ENVELOPE, 0, &frame));
		bench_drop_sent(b);
		bench_statement(b, C, 2, NULL, NULL);
		bench_wait(b, 2000);
	}
	assert_true(carried(b, C, HL_CARRIED_ENVELOPE, 0, &frame));
}

/* ------------------------------------------------------------ as the lab that it is for */

static void assert_answered(struct bench *b, uint64_t through)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};
	struct hl_statement s;
	size_t n = 0;

	while (carried(b, C, HL_CARRIED_STATEMENT, n, &frame)) {
		n++;
		assert_true(hl_id_eq(&frame.carry.from, &b->config.lab));
		assert_true(hl_id_eq(&frame.carry.to, &b->world.lab[1].id));
		assert_int_equal(frame.carry.hops, 0);
		assert_ok(hl_statement_parse(frame.carry.doc, &s));
		assert_true(s.has_receipt);
		hl_frame_clear(&frame);
	}
	assert_true(n > 0);
	assert_int_equal(s.receipt.through, through);
}

static void a_carried_letter_rings_and_is_receipted(void **state)
{
	struct bench *b = *state;
	struct brought m HL_CLEAN(brought_clear) = {0};

	bench_peer(b, C, 2);
	make_brought(b, 0, HL_IMMEDIATE, &m);
	bench_drop_sent(b);
	bring(b, C, 1, &b->config.lab, 1, HL_CARRIED_SEGMENT, hl_view_buf(&m.segment));
	assert_answered(b, 1);
	bench_drop_sent(b);
	bring(b, C, 1, &b->config.lab, 1, HL_CARRIED_ENVELOPE, hl_view_buf(&m.letter));
	assert_int_equal(bench_ringing(b, &m.id), HL_RINGING);
	assert_answered(b, 2);
	/* A second carrier brings it again: it rings no second time, and is answered again. */
	bench_drop_sent(b);
	bring(b, C, 1, &b->config.lab, 2, HL_CARRIED_ENVELOPE, hl_view_buf(&m.letter));
	assert_answered(b, 2);
	/* Bytes that were changed on the way change nothing. */
	m.letter.p[m.letter.n / 2] ^= 1;
	bring(b, C, 1, &b->config.lab, 1, HL_CARRIED_ENVELOPE, hl_view_buf(&m.letter));
	assert_true(bench_is_held(b, &m.id));
}

/* The list has come, the letter has not: others are asked for it, though its lab has no link. */
static void a_gap_is_asked_of_the_carrier(void **state)
{
	struct bench *b = *state;
	struct brought m HL_CLEAN(brought_clear) = {0};
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	bench_peer(b, C, 2);
	make_brought(b, 0, HL_ROUTINE, &m);
	bring(b, C, 1, &b->config.lab, 1, HL_CARRIED_SEGMENT, hl_view_buf(&m.segment));
	bench_drop_sent(b);
	for (unsigned i = 0; i < 4 &&
		!bench_find(b, C, HL_FRAME_WANT_LETTERS, HL_PURPOSE_PEER, &frame);
		i++)
		bench_wait(b, 5000);
	assert_int_equal(frame.type, HL_FRAME_WANT_LETTERS);
	assert_true(hl_id_eq(&frame.want_letters.from, &b->world.lab[1].id));
	assert_true(hl_id_eq(&frame.want_letters.ids[0], &m.id));
}

/* The list of a lab that began anew: an alarm only where its store was behind. */
static void a_restart_is_told_from_a_backup(void **state)
{
	struct bench *b = *state;
	struct line line = {.epoch = 5};
	struct hl_entry entry[2] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_CARD}};

	bench_peer(b, B, 1);
	entry[0].id = entry[1].id = b->world.lab[1].card.hash;
	bench_enter(b, B, 1, &line, entry, 1);
	assert_int_equal(b->n_alarms, 0);
	entry[0].sort = HL_SORT_SUCCESSION;
	entry[0].id = line.link;
	line = (struct line){.epoch = 6};
	bench_enter(b, B, 1, &line, entry, 2);
	assert_int_equal(b->n_alarms, 0);
	memset(&entry[0].id, 0, sizeof(entry[0].id));
	line = (struct line){.epoch = 7};
	bench_enter(b, B, 1, &line, entry, 2);
	assert_int_equal(b->n_alarms, 1);
}

/* How many statements went out on a link, and the newest. */
static size_t statements(struct bench *b, uint64_t link, struct hl_statement *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n_sent; i++) {
		struct hl_frame frame HL_CLEAN_FRAME = {0};
		if (b->sent[i].link != link)
			continue;
		assert_ok(hl_frame_parse(
			hl_view_buf(&b->sent[i].bytes), HL_PURPOSE_PEER, &frame));
		if (frame.type != HL_FRAME_STATEMENT)
			continue;
		assert_ok(hl_statement_parse(frame.doc, ret));
		n++;
	}
	return n;
}

/* A list begun anew came by a carrier: the lab is shown what was held before, until it answers. */
static void what_was_held_before_is_shown(void **state)
{
	struct bench *b = *state;
	struct brought m HL_CLEAN(brought_clear) = {0};
	struct hl_statement s;

	bench_peer(b, C, 2);
	make_brought(b, 0, HL_ROUTINE, &m);
	bring(b, C, 1, &b->config.lab, 1, HL_CARRIED_SEGMENT, hl_view_buf(&m.segment));
	for (uint64_t link = 10; link < 12; link++) { /* over a restart too */
		start_again(b);
		bench_greet(b, link, 1, false);
		assert_int_equal(statements(b, link, &s), 2);
		assert_false(s.has_receipt); /* nothing was */
	}
	answer_beat(b, 11, 1, 5000);
	start_again(b);
	bench_greet(b, 12, 1, false);
	assert_int_equal(statements(b, 12, &s), 1);
	assert_int_equal(s.receipt.head.epoch, 5);
}

/* A lab that was restored took the newest list by a carrier. What it had of older ones, and does
 * not show in its second statement, is entered again: once, and for nothing that comes later. */
static void show_what_it_held_before(struct bench *b, uint64_t clock_back)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_entry_row row;
	struct hl_receipt r;
	struct hl_id old, id;
	size_t n = 0;

	bench_device(b, DEVICE, 0);
	bench_peer(b, B, 1);
	bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &old);
	assert_ok(bench_submit(b, DEVICE, &doc));
	r = receipt_for_all(b);
	bench_statement(b, B, 1, NULL, &r);
	start_again(b);
	raise_cut_off(b, HL_ROUTINE, &id);
	for (unsigned i = 0; i < 32; i++) {
		bench_drop_sent(b);
		bench_statement(b, C, 2, NULL, NULL);
		bench_wait(b, 2000);
	}
	assert_true(newest(b).epoch > r.head.epoch);
	struct hl_receipt now = receipt_for_all(b), more = r;
	b->now.wall -= clock_back;
	bench_greet(b, 10, 1, false);
	bench_statement(b, 10, 1, NULL, &now);
	assert_ok(hl_store_entry_find(
		b->store, true, &b->world.lab[1].id, &old, &row, 1, &n));
	assert_int_equal(row.epoch, r.head.epoch);
	more.through = 0;
	bench_statement(b, 10, 1, NULL, &more);
	assert_ok(hl_store_entry_find(
		b->store, true, &b->world.lab[1].id, &old, &row, 1, &n));
	assert_int_equal(row.epoch, newest(b).epoch);
	assert_int_equal(newest(b).number, now.head.number + 1);
	bench_statement(b, 10, 1, NULL, NULL);
	assert_int_equal(newest(b).number, now.head.number + 1);
	assert_false(bench_was_closed(b, 10));
}

static void what_it_held_before_tells_what_it_lost(void **state)
{
	show_what_it_held_before(*state, 0);
}

/* Its clock was set back: what it says on this link is older than what it said before. */
static void also_by_a_clock_that_was_set_back(void **state)
{
	show_what_it_held_before(*state, 3600000);
}

/* A lab that is no party and no relay gets nothing, unless it has brought what that lab signed. */
static void relays_and_parties_alone(void **state)
{
	struct bench *b = *state;
	const struct hl_message m = bench_raise_message();
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id id;
	struct world_letter draft = {.labs = 3,
		.class = HL_CLASS_CALL,
		.status = HL_ACTUAL,
		.precedence = HL_ROUTINE,
		.created = b->now.wall,
		.answer_within = 600,
		.message = &m};

	bench_device(b, DEVICE, 0);
	bench_peer(b, C, 2);
	world_seal(&b->world, &draft, &doc, &id);
	assert_ok(bench_submit(b, DEVICE, &doc));
	bench_drop_sent(b);
	bench_wait(b, 4000);
	assert_false(any_carried(b, C));
	/* One that claims to come from there learns nothing; */
	bring_statement(b, 2, NULL);
	bench_wait(b, 1000);
	assert_false(any_carried(b, C));
	/* one that does carries on. */
	bring_statement(b, 1, NULL);
	bench_drop_sent(b);
	bench_wait(b, 1000);
	assert_true(any_carried(b, C));
}

static void a_relay_is_asked_as_soon_as_it_is_one(void **state)
{
	struct bench *b = *state;
	struct hl_frame frame HL_CLEAN_FRAME = {0};
	struct hl_id id;

	raise_cut_off(b, HL_ROUTINE, &id);
	bench_wait(b, 2000);
	bring_statement(b, 1, NULL);
	bench_wait(b, 1000);
	bench_drop_sent(b);
	bench_wait(b, 1000);
	assert_false(any_carried(b, C));
	give_relay(b);
	bench_wait(b, 1000);
	assert_true(carried(b, C, HL_CARRIED_ENVELOPE, 0, &frame));
}

/* Three nodes on a network on which two of them never meet. */
static void a_third_lab_carries_both_ways(void **state)
{
	const struct sim_options options = {.seed = 6, .labs = 3};
	struct sim *sim = sim_new(&options);
	struct letter *call, *answer;
	unsigned end;

	(void)state;
	sim->line[0][1].blocks = sim->line[1][0].blocks = 1;
	sim_run(sim, 10000);
	assert_int_equal(sim_wire(sim, 0, 1, &end), 0);
	call = sim_raise(sim, 0, 0, 7, HL_FLASH);
	sim_run(sim, 20000);
	assert_int_equal(call->delivered, 6);
	assert_true(call->held[1][0]);
	answer = sim_ack(sim, 1, 0, call);
	sim_run(sim, 30000);
	assert_int_equal(answer->delivered, 5);
	assert_true(answer->held[0][0]);
	assert_int_equal(sim_wire(sim, 0, 1, &end), 0);
	/* Nodes that are started anew go on, and when the two meet nothing is there twice. */
	sim_crash(sim, 0);
	sim_run(sim, 100000);
	struct letter *more = sim_say(sim, 0, 0, call);
	sim_run(sim, 120000);
	assert_int_equal(more->delivered, 6);
	sim->line[0][1].blocks = sim->line[1][0].blocks = 0;
	sim_settle(sim);
	check_rest(sim);
	assert_string_equal(sim->failure, "");
	sim_free(sim);
}

int main(void)
{
#define WITH_BENCH(test) \
	cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		WITH_BENCH(what_cannot_be_sent_is_handed_over),
		WITH_BENCH(only_its_own_receipt_ends_it),
		WITH_BENCH(an_offer_is_kept_and_is_no_receipt),
		WITH_BENCH(a_receipt_that_stays_out),
		WITH_BENCH(unheard_it_goes_after_a_minute),
		WITH_BENCH(a_carried_letter_rings_and_is_receipted),
		WITH_BENCH(a_gap_is_asked_of_the_carrier),
		WITH_BENCH(a_restart_is_told_from_a_backup),
		WITH_BENCH(what_was_held_before_is_shown),
		WITH_BENCH(what_it_held_before_tells_what_it_lost),
		WITH_BENCH(also_by_a_clock_that_was_set_back),
		WITH_BENCH(relays_and_parties_alone),
		WITH_BENCH(a_relay_is_asked_as_soon_as_it_is_one),
		cmocka_unit_test(a_third_lab_carries_both_ways),
	};

	return cmocka_run_group_tests_name("engine_carry", tests, NULL, NULL);
}
