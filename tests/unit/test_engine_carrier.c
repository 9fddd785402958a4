/* Carrying (channel 5): the node as the carrier between two others. */
#include "tests/unit/carrying.h"

/* All that waits on a link has gone out. */
static void drained(struct bench *b, uint64_t link)
{
	const struct hl_event e = {.type = HL_EVENT_DRAINED, .link = link};

	bench_turn(b, &e);
}

static void what_is_carried_is_handed_on_and_offered(void **state)
{
	struct bench *b = *state;
	struct brought m HL_CLEAN(brought_clear) = {0};
	struct hl_frame frame HL_CLEAN_FRAME = {0};
	struct hl_offer offer;
	const struct hl_id *to = &b->world.lab[2].id;

	bench_peer(b, B, 1);
	make_brought(b, 2, HL_FLASH, &m);
	bring(b, B, 1, to, 0, HL_CARRIED_SEGMENT, hl_view_buf(&m.segment));
	bring(b, B, 1, to, 0, HL_CARRIED_ENVELOPE, hl_view_buf(&m.letter));
	/* A carrier takes nothing in, and rings nobody. */
	assert_false(bench_is_held(b, &m.id));
	/* It was on disk before anything else. */
	start_again(b);
	bench_peer(b, B, 1);
	bench_peer(b, C, 2);
	assert_true(carried(b, C, HL_CARRIED_SEGMENT, 0, &frame));
	assert_true(hl_id_eq(&frame.carry.from, &b->world.lab[1].id));
	assert_true(hl_id_eq(&frame.carry.to, to));
	assert_int_equal(frame.carry.hops, 1);
	assert_view(frame.carry.doc, hl_view_buf(&m.segment));
	hl_frame_clear(&frame);
	assert_true(carried(b, C, HL_CARRIED_ENVELOPE, 0, &frame));
	assert_view(frame.carry.doc, hl_view_buf(&m.letter));
	hl_frame_clear(&frame);
	/* Nothing is offered before that lab has answered what was sent after it. */
	assert_false(bench_find(b, B, HL_FRAME_OFFER, HL_PURPOSE_PEER, &frame));
	bench_statement(b, B, 1, NULL, NULL);
	drained(b, C);
	answer_beat(b, C, 2, 5000);
	assert_true(bench_find(b, B, HL_FRAME_OFFER, HL_PURPOSE_PEER, &frame));
	assert_ok(hl_offer_parse(frame.doc, &offer));
	assert_ok(hl_offer_check(&b->world.net, &b->world.lab[0].card, &offer));
	assert_true(hl_id_eq(&offer.from, &b->world.lab[1].id));
	assert_true(hl_id_eq(&offer.to, to));
	assert_int_equal(offer.head.number, 2);
	assert_int_equal(offer.time, b->now.wall);
	hl_frame_clear(&frame);
	/* What it has had does not go out again with the next link. */
	bench_drop_sent(b);
	bench_peer(b, 9, 2);
	assert_false(any_carried(b, 9));
	/* Brought again, it is offered again. */
	bring(b, B, 1, to, 0, HL_CARRIED_SEGMENT, hl_view_buf(&m.segment));
	assert_true(bench_find(b, B, HL_FRAME_OFFER, HL_PURPOSE_PEER, &frame));
	assert_false(any_carried(b, 9));
}

static void a_carrier_is_asked_for_a_letter(void **state)
{
	struct bench *b = *state;
	struct brought m HL_CLEAN(brought_clear) = {0};
	struct hl_frame frame HL_CLEAN_FRAME = {0}, ask = {.type = HL_FRAME_WANT_LETTERS};

	bench_peer(b, B, 1);
	bench_peer(b, C, 2);
	make_brought(b, 2, HL_ROUTINE, &m);
	bring(b, B, 1, &b->world.lab[2].id, 0, HL_CARRIED_ENVELOPE,
		hl_view_buf(&m.letter));
	bench_drop_sent(b);
	ask.want_letters.from = b->world.lab[1].id;
	ask.want_letters.ids = &m.id;
	ask.want_letters.n = 1;
	bench_send_frame(b, C, &ask);
	assert_true(bench_find(b, C, HL_FRAME_LETTER, HL_PURPOSE_PEER, &frame));
	assert_view(frame.letter.doc, hl_view_buf(&m.letter));
	hl_frame_clear(&frame);
	/* Of it alone: to the one that brought it, it is for somebody else. */
	bench_send_frame(b, B, &ask);
	assert_false(bench_find(b, B, HL_FRAME_LETTER, HL_PURPOSE_PEER, &frame));
}

/* What does not belong to both labs, or has passed enough carriers, is not kept. */
static void junk_is_not_carried(void **state)
{
	struct bench *b = *state;
	struct brought m HL_CLEAN(brought_clear) = {0};
	const struct hl_id *to = &b->world.lab[2].id;
	struct hl_segment list HL_CLEAN_SEGMENT = {0};
	struct hl_buf cut HL_CLEAN_BUF = {0};
	struct hl_id other = {{7}};
	const struct hl_view letter = {0};

	bench_peer(b, B, 1);
	make_brought(b, 2, HL_ROUTINE, &m);
	bring(b, B, 1, to, 2, HL_CARRIED_ENVELOPE, hl_view_buf(&m.letter));
	bring(b, B, 2, &other, 0, HL_CARRIED_ENVELOPE, hl_view_buf(&m.letter));
	bring(b, B, 1, &other, 0, HL_CARRIED_ENVELOPE, hl_view_buf(&m.letter));
	bring(b, B, 1, &other, 0, HL_CARRIED_SEGMENT, hl_view_buf(&m.segment));
	bring(b, B, 2, to, 0, HL_CARRIED_SEGMENT, hl_view_buf(&m.segment));
	bring(b, B, 2, to, 0, HL_CARRIED_CARD, hl_view_buf(&b->world.lab[1].cards[0]));
	bring(b, B, 1, to, 0, HL_CARRIED_STATEMENT, hl_view_buf(&m.segment));
	bring(b, B, 1, to, 0, (enum hl_carried)3, hl_view_buf(&m.segment));
	bring(b, B, 1, to, 0, HL_CARRIED_ENVELOPE, letter);
	/* Nor a list whose entries do not lead to the head, of which it would sign an offer. */
	assert_ok(hl_segment_parse(hl_view_buf(&m.segment), &list));
	list.n_entries = 1;
	assert_ok(hl_segment_encode(&list, &cut));
	bring(b, B, 1, to, 0, HL_CARRIED_SEGMENT, hl_view_buf(&cut));
	bench_drop_sent(b);
	bench_peer(b, C, 2);
	assert_false(any_carried(b, C));
	/* And nothing of it was a breach. */
	assert_false(bench_was_closed(b, B));
}

/* Two carriers in a row: the first hands on to its relay, the second brings the answer back. */
static void two_carriers_in_a_row(void **state)
{
	struct bench *b = *state;
	struct brought m HL_CLEAN(brought_clear) = {0};
	struct hl_frame frame HL_CLEAN_FRAME = {0};
	struct hl_statement s = {.time = 1};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	const struct hl_id from = b->world.lab[1].id;
	struct hl_id far = b->world.lab[0].id;

	/* To a lab that this node does not know at all. */
	far.b[0] ^= 1;
	give_relay(b);
	bench_peer(b, B, 1);
	bench_peer(b, C, 2);
	make_brought(b, 2, HL_ROUTINE, &m);
	s.from = from;
	s.to = far;
	assert_ok(hl_statement_sign(&b->world.net, &s, &b->world.lab[1].node_sign, &doc));
	bench_drop_sent(b);
	bring(b, B, 1, &far, 0, HL_CARRIED_STATEMENT, hl_view_buf(&doc));
	assert_true(carried(b, C, HL_CARRIED_STATEMENT, 0, &frame));
	assert_int_equal(frame.carry.hops, 1);
	assert_true(hl_id_eq(&frame.carry.to, &far));
	hl_frame_clear(&frame);
	/* As the second one it hands on to no further carrier, */
	hl_buf_clear(&doc);
	s.time = 2;
	assert_ok(hl_statement_sign(&b->world.net, &s, &b->world.lab[1].node_sign, &doc));
	bench_drop_sent(b);
	bring(b, B, 1, &far, 1, HL_CARRIED_STATEMENT, hl_view_buf(&doc));
	assert_false(any_carried(b, C));
	assert_false(any_carried(b, B));
	/* but the answer goes the way that the question came. */
	hl_buf_clear(&doc);
	s.from = far;
	s.to = from;
	assert_ok(hl_statement_sign(&b->world.net, &s, &b->world.lab[2].node_sign, &doc));
	struct hl_frame answer = {.type = HL_FRAME_CARRY};
	answer.carry.from = far;
	answer.carry.to = from;
	answer.carry.hops = 1;
	answer.carry.sort = HL_CARRIED_STATEMENT;
	answer.carry.doc = hl_view_buf(&doc);
	bench_send_frame(b, C, &answer);
	assert_true(carried(b, B, HL_CARRIED_STATEMENT, 0, &frame));
	assert_int_equal(frame.carry.hops, 2);
}

/* A list that is signed anew each minute takes no more room than one. */
static void a_list_takes_the_place_of_the_one_before(void **state)
{
	struct bench *b = *state;
	struct brought first HL_CLEAN(brought_clear) = {0};
	const struct hl_id *to = &b->world.lab[2].id;
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	bench_peer(b, B, 1);
	for (unsigned i = 0; i < 3; i++) {
		struct brought again HL_CLEAN(brought_clear) = {0};
		b->now.wall += 60000;
		make_brought(b, 2, HL_ROUTINE, i == 0 ? &first : &again);
		bring(b, B, 1, to, 0, HL_CARRIED_SEGMENT,
			hl_view_buf(i == 0 ? &first.segment : &again.segment));
	}
	bench_drop_sent(b);
	bench_peer(b, C, 2);
	assert_true(carried(b, C, HL_CARRIED_SEGMENT, 0, &frame));
	hl_frame_clear(&frame);
	assert_false(carried(b, C, HL_CARRIED_SEGMENT, 1, &frame));
}

/* An offer goes on by the carrier of its link alone: so it ends at the lab that it is for. */
static void an_offer_of_another_goes_no_further(void **state)
{
	struct bench *b = *state;
	struct brought m HL_CLEAN(brought_clear) = {0};
	struct hl_frame frame = {.type = HL_FRAME_OFFER}, got HL_CLEAN_FRAME = {0};
	struct hl_offer offer = {.time = b->now.wall, .head = {5, 2, {{1}}}};

	bench_peer(b, B, 1);
	bench_peer(b, C, 2);
	make_brought(b, 2, HL_ROUTINE, &m);
	offer.from = b->world.lab[1].id;
	offer.to = b->world.lab[2].id;
	bring(b, B, 1, &offer.to, 0, HL_CARRIED_SEGMENT, hl_view_buf(&m.segment));
	bench_drop_sent(b);
	for (size_t by = 1; by < 3; by++) {
		for (size_t signer = 0; signer < 3; signer++) {
			struct hl_buf doc HL_CLEAN_BUF = {0};
			offer.by = b->world.lab[by].id;
			assert_ok(hl_offer_sign(&b->world.net, &offer,
				&b->world.lab[signer].node_sign, &doc));
			frame.doc = hl_view_buf(&doc);
			bench_drop_sent(b);
			bench_send_frame(b, C, &frame);
			assert_int_equal(
				bench_find(b, B, HL_FRAME_OFFER, HL_PURPOSE_PEER, &got),
				by == 2 && signer == 2);
			hl_frame_clear(&got);
			memset(&got, 0, sizeof(got));
		}
	}
}

/* One peer fills its own room, and no more. */
static void a_carrier_has_bounds(void **state)
{
	struct bench *b = *state;
	struct hl_id to = {{9}};
	struct hl_statement s = {.from = b->world.lab[1].id};
	struct hl_carried_row row = {
		.origin = s.from, .dest = to, .via = s.from, .sort = HL_CARRIED_SEGMENT};
	uint8_t bytes[8] = {0};
	enum hl_status status = HL_OK;
	unsigned n = 0;

	for (; status == HL_OK && n <= HL_CARRIED_MAX; n++) {
		hl_put_be64(bytes, n);
		hl_put_be64(row.id.b, n);
		status = hl_store_carried_put(b->store, &row, hl_view_of(bytes, 8));
	}
	assert_status(status, HL_OVER_QUOTA);
	assert_int_equal(n, HL_CARRIED_MAX + 1);
	/* Another has room, and so has the first one when the lab has had some. */
	row.via.b[0] ^= 1;
	assert_ok(hl_store_carried_put(b->store, &row, hl_view_of(bytes, 8)));
	assert_ok(hl_store_carried_had(b->store, &to, 0, 3, 1));
	row.via = s.from;
	hl_put_be64(bytes, 1u << 20);
	assert_ok(hl_store_carried_put(b->store, &row, hl_view_of(bytes, 8)));
	assert_ok(hl_store_commit(b->store));
}

/* The status names the peer that is over its quota. */
static void who_gives_too_much_is_named(void **state)
{
	struct bench *b = *state;
	struct hl_frame ask = {.type = HL_FRAME_STATUS};
	const unsigned burst = 2048; /* documents at once */
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;
	struct hl_id to = {{9}};
	bool named = false;

	bench_device(b, DEVICE, 0);
	bench_peer(b, B, 1);
	for (unsigned i = 0; i <= burst; i++) {
		struct hl_statement s = {.from = b->world.lab[1].id, .to = to, .time = i};
		struct hl_buf doc HL_CLEAN_BUF = {0};
		assert_ok(hl_statement_sign(
			&b->world.net, &s, &b->world.lab[1].node_sign, &doc));
		bring(b, B, 1, &to, 0, HL_CARRIED_STATEMENT, hl_view_buf(&doc));
		bench_drop_sent(b);
	}
	assert_ok(bench_ask(b, DEVICE, &ask, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	for (size_t i = 0; i < body.status.n_warnings; i++) {
		struct hl_view w = body.status.warnings[i];
		named = named || memmem(w.p, w.n, "documents to be carried", 23) != NULL;
	}
	assert_true(named);
	assert_false(bench_was_closed(b, B));
}

int main(void)
{
#define WITH_BENCH(test) \
	cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		WITH_BENCH(what_is_carried_is_handed_on_and_offered),
		WITH_BENCH(a_carrier_is_asked_for_a_letter),
		WITH_BENCH(junk_is_not_carried),
		WITH_BENCH(two_carriers_in_a_row),
		WITH_BENCH(a_list_takes_the_place_of_the_one_before),
		WITH_BENCH(an_offer_of_another_goes_no_further),
		WITH_BENCH(a_carrier_has_bounds),
		WITH_BENCH(who_gives_too_much_is_named),
	};

	return cmocka_run_group_tests_name("engine_carrier", tests, NULL, NULL);
}
