/*
 * The engine, from outside: what would mislead. Copies that a third lab has spoiled, voids,
 * receipts that show less than they hold, and turns that are lost.
 */
#include "tests/unit/bench.h"

static void a_strangers_signature_refuses_nothing(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, spoiled HL_CLEAN_BUF = {0};
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_entry entry[2] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER}};
	struct line line = {.epoch = 5};
	struct hl_statement s;

	bench_peer(b, 2, 1);
	bench_raise(b, 1, 0, HL_ROUTINE, false, &doc, &entry[1].id);
	entry[0].id = b->world.lab[1].card.hash;
	bench_enter(b, 2, 1, &line, entry, 2);
	/* Another lab adds a signature of its own, and passes the copy on. */
	assert_ok(hl_envelope_parse(&b->world.net, hl_view_buf(&doc), &envelope));
	assert_ok(
		hl_envelope_cosign(&envelope, &b->world.lab[2].device[0].sign, &spoiled));
	bench_peer(b, 3, 2);
	bench_letter(b, 3, 1, &spoiled);
	assert_false(bench_is_held(b, &entry[1].id));
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.n_refused, 0);
	assert_int_equal(s.receipt.through, 1);
	bench_letter(b, 2, 1, &doc);
	assert_true(bench_is_held(b, &entry[1].id));
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.n_refused, 0);
	assert_int_equal(s.receipt.through, 2);
}

static void a_void_is_named(void **state)
{
	struct bench *b = *state;
	struct hl_entry entry[3] = {
		{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER}, {.sort = HL_SORT_VOID}};
	struct line line = {.epoch = 5};
	struct hl_statement s;

	bench_peer(b, 2, 1);
	entry[0].id = b->world.lab[1].card.hash;
	memset(&entry[1].id, 7, sizeof(entry[1].id));
	entry[2].id = entry[1].id;
	bench_enter(b, 2, 1, &line, entry, 3);
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 3);
	assert_int_equal(s.receipt.n_refused, 1);
	assert_int_equal(s.receipt.refused[0].number, 2);
	assert_status(s.receipt.refused[0].code, HL_UNKNOWN);
}

/* One letter under two numbers: both are held once it has come, and both are refused together. */
static void a_letter_entered_twice_leaves_no_gap(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_entry entry[3] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER},
		{.sort = HL_SORT_LETTER}};
	struct line line = {.epoch = 5};
	struct hl_statement s;

	bench_peer(b, 2, 1);
	entry[0].id = b->world.lab[1].card.hash;
	bench_raise(b, 1, 0, HL_ROUTINE, false, &doc, &entry[1].id);
	entry[2].id = entry[1].id;
	bench_enter(b, 2, 1, &line, entry, 3);
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 1);
	bench_letter(b, 2, 1, &doc);
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 3);
	assert_int_equal(s.receipt.n_refused, 0);
	/* One that only half of those needed have signed for is no fault of the number. */
	hl_buf_clear(&doc);
	bench_raise(b, 1, 2, HL_FLASH, true, &doc, &entry[1].id);
	entry[2].id = entry[1].id;
	bench_enter(b, 2, 1, &line, entry + 1, 2);
	bench_letter(b, 2, 1, &doc);
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 5);
	assert_int_equal(s.receipt.n_refused, 2);
}

/* What a third lab makes of a segment is no evidence against its origin. */
static void a_spoiled_segment_accuses_nobody(void **state)
{
	struct bench *b = *state;
	struct hl_entry entry = {.number = 2, .sort = HL_SORT_CARD};
	struct hl_segment segment = {.epoch = 5, .first = 2, .n_entries = 1};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_SEGMENT};
	struct line line = {.epoch = 5};

	bench_peer(b, 2, 1);
	entry.id = b->world.lab[1].card.hash;
	bench_enter(b, 2, 1, &line, &entry, 1);
	bench_peer(b, 3, 2);
	bench_drop_sent(b);
	segment.from = b->world.lab[1].id;
	segment.to = b->config.lab;
	memset(&segment.before, 9, sizeof(segment.before));
	segment.entries = &entry;
	assert_ok(hl_segment_encode(&segment, &doc));
	frame.doc = hl_view_buf(&doc);
	bench_send_frame(b, 3, &frame);
	assert_int_equal(b->n_alarms, 0);
}

/* SPEC channel 4.3: where refused has 64 items, numbers below the first of them are not shown */
static void what_a_receipt_hides_is_not_delivered(void **state)
{
	struct bench *b = *state;
	struct hl_receipt receipt = {0};
	struct hl_channel_row row = {0};
	struct hl_entry_row entry = {0};
	struct hl_id id;

	bench_device(b, 1, 0);
	for (size_t i = 0; i < HL_REFUSED_MAX + 2; i++) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		b->now.wall++;
		bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
		assert_ok(bench_submit(b, 1, &doc));
		bench_drop_sent(b);
	}
	assert_ok(hl_store_channel_get(b->store, &b->world.lab[1].id, true, &row));
	/* The card, two that may have been refused, and 64 that were: the newest. */
	assert_int_equal(row.number, HL_REFUSED_MAX + 3);
	receipt.head = (struct hl_head){row.epoch, row.number, row.link};
	receipt.through = row.number;
	receipt.n_refused = HL_REFUSED_MAX;
	for (size_t i = 0; i < HL_REFUSED_MAX; i++)
		receipt.refused[i] = (struct hl_refusal){i + 4, HL_NOT_PERMITTED};
	bench_greet(b, 2, 1, false);
	bench_statement(b, 2, 1, NULL, &receipt);
	const struct hl_channel_key key = {b->world.lab[1].id, true, row.epoch};
	for (uint64_t number = 2; number < 6; number++) {
		assert_ok(hl_store_entry_get(b->store, &key, number, &entry));
		assert_int_equal(entry.state, number < 4 ? HL_ENTERED : HL_REFUSED);
	}
}

static uint64_t watch(struct bench *b, uint64_t link, size_t index)
{
	struct hl_frame frame = {.type = HL_FRAME_WATCH};
	uint64_t last = 0;

	bench_device(b, link, index);
	assert_ok(hl_store_feed_last(b->store, &last));
	frame.feed.after = last;
	assert_ok(bench_ask(b, link, &frame, NULL));
	return link;
}

/* A turn fails at each allocation in it: who watches hears of the next letter all the same, or was
 * told to come again. */
static void a_lost_turn_leaves_nothing_behind(void **state)
{
	struct bench *b = *state;
	uint64_t number = 10, lost = 0;
	bool hit = true;
	uint64_t asks = 0, watches = watch(b, ++number, 1);

	for (unsigned n = 1; hit && n < 500; n++) {
		struct hl_buf doc HL_CLEAN_BUF = {0}, bytes HL_CLEAN_BUF = {0};
		struct hl_frame frame = {.type = HL_FRAME_SUBMIT, .request = 9};
		struct hl_event e = {.type = HL_EVENT_FRAME};
		struct hl_frame got HL_CLEAN_FRAME = {0};
		struct hl_id id;
		bench_device(b, asks = ++number, 0);
		bench_drop_sent(b);
		b->now.wall++;
		bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
		frame.doc = hl_view_buf(&doc);
		assert_ok(hl_frame_encode(&frame, &bytes));
		e.link = asks;
		e.frame.bytes = hl_view_buf(&bytes);
		unit_fail_allocation(n);
		(void)!hl_engine_step(b->engine, &e, &b->now);
		enum hl_status status = hl_engine_commit(b->engine, &b->now);
		hit = unit_allocation_failed();
		assert_true(status == HL_OK || hl_status_ours(status));
		bench_fetch_effects(b);
		lost += status != HL_OK;
		assert_int_equal(bench_is_held(b, &id), status == HL_OK);
		if (bench_was_closed(b, asks))
			bench_device(b, asks = ++number, 0);
		if (bench_was_closed(b, watches))
			watches = watch(b, ++number, 1);
		bench_drop_sent(b);
		assert_ok(bench_submit(b, asks, &doc));
		if (status == HL_OK)
			continue; /* it was stored, and told of, before */
		assert_true(
			bench_find(b, watches, HL_FRAME_EVENT, HL_PURPOSE_DEVICE, &got));
		assert_true(hl_id_eq(&got.event.items[0].id, &id));
	}
	assert_false(hit);
	assert_true(lost > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		T(a_strangers_signature_refuses_nothing),
		T(a_void_is_named),
		T(a_letter_entered_twice_leaves_no_gap),
		T(a_spoiled_segment_accuses_nobody),
		T(what_a_receipt_hides_is_not_delivered),
		T(a_lost_turn_leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("engine_misled", tests, NULL, NULL);
}
