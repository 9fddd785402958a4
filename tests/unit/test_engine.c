/*
 * The engine, from outside: channels, letters and calls of one node; and two nodes on a quiet
 * simulated network.
 */
#include "tests/unit/bench.h"

#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

static void nothing_is_said_before_the_commit(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, bytes HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_SUBMIT, .request = 7};
	struct hl_event e = {.type = HL_EVENT_FRAME, .link = 1};
	struct hl_effect_out out;
	struct hl_id id;

	bench_device(b, 1, 0);
	bench_peer(b, 2, 1);
	bench_drop_sent(b);
	bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
	frame.doc = hl_view_buf(&doc);
	assert_ok(hl_frame_encode(&frame, &bytes));
	e.frame.bytes = hl_view_buf(&bytes);
	assert_ok(hl_engine_step(b->engine, &e, &b->now));
	assert_false(hl_engine_effect(b->engine, &out));
	assert_ok(hl_engine_commit(b->engine, &b->now));
	assert_false(hl_store_dirty(b->store));
	bench_fetch_effects(b);
	struct hl_frame got HL_CLEAN_FRAME = {0};
	assert_true(bench_find(b, 1, HL_FRAME_REPLY, HL_PURPOSE_DEVICE, &got));
	hl_frame_clear(&got);
	assert_true(bench_find(b, 2, HL_FRAME_SEGMENT, HL_PURPOSE_PEER, &got));
	hl_frame_clear(&got);
	assert_true(bench_find(b, 2, HL_FRAME_LETTER, HL_PURPOSE_PEER, &got));
}

static void no_head_before_the_peer_has_spoken(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame got HL_CLEAN_FRAME = {0};
	struct hl_statement s;
	struct hl_id id;

	bench_device(b, 1, 0);
	bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
	assert_ok(bench_submit(b, 1, &doc));
	bench_greet(b, 2, 1, false);
	assert_true(bench_find(b, 2, HL_FRAME_STATEMENT, HL_PURPOSE_PEER, &got));
	assert_ok(hl_statement_parse(got.doc, &s));
	assert_false(s.has_head);
	assert_false(s.has_receipt);
	hl_frame_clear(&got);
	assert_false(bench_find(b, 2, HL_FRAME_SEGMENT, HL_PURPOSE_PEER, &got));
	bench_statement(b, 2, 1, NULL, NULL);
	assert_true(bench_find(b, 2, HL_FRAME_SEGMENT, HL_PURPOSE_PEER, &got));
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

	bench_device(b, 1, 0);
	bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
	assert_ok(bench_submit(b, 1, &doc));
	assert_ok(hl_store_channel_get(b->store, &b->world.lab[1].id, true, &row));
	bench_greet(b, 2, 1, false);
	/* The peer holds nine of a channel that has two: this store is a backup. */
	receipt.head = (struct hl_head){row.epoch, 9, id};
	bench_statement(b, 2, 1, NULL, &receipt);
	assert_int_equal(b->n_alarms, 1);
	assert_true(bench_find(b, 2, HL_FRAME_SEGMENT, HL_PURPOSE_PEER, &got));
	assert_ok(hl_segment_parse(got.doc, &segment));
	assert_true(segment.epoch > row.epoch);
	assert_int_equal(segment.first, 1);
	assert_int_equal(segment.n_entries, 3);
	assert_int_equal(segment.entries[0].sort, HL_SORT_SUCCESSION);
	/* What its last head was it does not know. */
	assert_true(hl_id_zero(&segment.entries[0].id));
	assert_int_equal(segment.entries[1].sort, HL_SORT_CARD);
	assert_true(hl_id_eq(&segment.entries[2].id, &id));
}

/* The peer lost a letter and had it again in an epoch that this store has forgotten; then it lost
 * it once more. Nobody could tell: all that was delivered before is entered again. */
static void what_was_entered_in_a_forgotten_epoch_is_entered_again(void **state)
{
	struct bench *b = *state;
	const struct hl_id *lab = &b->world.lab[1].id;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_channel_row row = {0}, now = {0};
	struct hl_receipt receipt = {.through = 3};
	struct hl_entry_row entry;
	struct hl_id id;
	size_t n = 0;

	bench_device(b, 1, 0);
	bench_peer(b, 2, 1);
	bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
	assert_ok(bench_submit(b, 1, &doc));
	assert_ok(hl_store_channel_get(b->store, lab, true, &row));
	receipt.head = (struct hl_head){row.epoch, row.number, row.link};
	receipt.through = row.number;
	bench_statement(b, 2, 1, NULL, &receipt);
	/* Of an epoch that is known nothing more is concluded. */
	bench_greet(b, 3, 1, false);
	bench_statement(b, 3, 1, NULL, &receipt);
	assert_ok(hl_store_entry_find(b->store, true, lab, &id, &entry, 1, &n));
	assert_int_equal(entry.epoch, row.epoch);
	assert_int_equal(entry.state, HL_DELIVERED);
	receipt.head = (struct hl_head){row.epoch + 100, 3, id};
	bench_greet(b, 4, 1, false);
	bench_statement(b, 4, 1, NULL, &receipt);
	assert_ok(hl_store_channel_get(b->store, lab, true, &now));
	assert_true(now.epoch > receipt.head.epoch);
	assert_ok(hl_store_entry_find(b->store, true, lab, &id, &entry, 1, &n));
	assert_int_equal(entry.epoch, now.epoch);
	assert_int_equal(entry.state, HL_ENTERED);
}

static void letters_are_taken_and_receipted(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct line line = {.epoch = 5};
	struct hl_entry entry[2] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER}};
	struct hl_statement s;
	enum hl_status code;

	bench_peer(b, 2, 1);
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &entry[1].id);
	entry[0].id = b->world.lab[1].card.hash;
	bench_enter(b, 2, 1, &line, entry, 2);
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.head.number, 2);
	assert_int_equal(s.receipt.through, 1);
	bench_drop_sent(b);
	bench_letter(b, 2, 1, &doc);
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 2);
	assert_true(hl_receipt_holds(&s.receipt, 2, &code));
	assert_status(code, HL_OK);
	assert_int_equal(s.receipt.since, b->now.wall);
	/* A second copy is answered as the first: same time of notice, later. */
	uint64_t since = s.receipt.since;
	bench_drop_sent(b);
	b->now.wall += 5000;
	bench_letter(b, 2, 1, &doc);
	bench_last_receipt(b, 2, &s);
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

	bench_peer(b, 2, 1);
	bench_raise(b, 1, 0, HL_FLASH, true, &doc, &entry[1].id);
	bench_letter(b, 2, 1, &doc);
	assert_int_equal(bench_ringing(b, &entry[1].id), HL_RINGING);
	entry[0].id = b->world.lab[1].card.hash;
	bench_enter(b, 2, 1, &line, entry, 2);
	bench_last_receipt(b, 2, &s);
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
	bench_peer(b, 2, 1);
	bench_follow(b, 1, 2, HL_CLASS_ANSWER, &incident, false, &doc, &entry[1].id);
	entry[0].id = b->world.lab[1].card.hash;
	bench_enter(b, 2, 1, &line, entry, 2);
	bench_drop_sent(b);
	bench_letter(b, 2, 1, &doc);
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 2);
	assert_true(hl_receipt_holds(&s.receipt, 2, &code));
	assert_status(code, HL_NOT_PERMITTED);
	assert_false(bench_is_held(b, &entry[1].id));
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

	bench_peer(b, 2, 1);
	bench_raise(b, 1, 0, HL_FLASH, false, &few, &entry[1].id);
	entry[0].id = b->world.lab[1].card.hash;
	bench_enter(b, 2, 1, &line, entry, 2);
	bench_drop_sent(b);
	/* One signature where two persons must sign. */
	bench_letter(b, 2, 1, &few);
	assert_false(bench_is_held(b, &entry[1].id));
	assert_ok(hl_envelope_parse(&b->world.net, hl_view_buf(&few), &envelope));
	/* Then one by a stranger. */
	assert_ok(hl_envelope_cosign(&envelope, &b->world.lab[2].device[0].sign, &bad));
	bench_letter(b, 2, 1, &bad);
	assert_false(bench_is_held(b, &entry[1].id));
	/* And at last the released one. */
	assert_ok(hl_envelope_cosign(&envelope, &b->world.lab[1].device[1].sign, &good));
	bench_letter(b, 2, 1, &good);
	assert_true(bench_is_held(b, &entry[1].id));
	bench_last_receipt(b, 2, &s);
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

	bench_device(b, 1, 0);
	bench_peer(b, 2, 1);
	world_new_card(&b->world, 1, WORLD_START + 2);
	bench_raise(b, 1, 0, HL_ROUTINE, false, &doc, &frame.id);
	bench_letter(b, 2, 1, &doc);
	assert_false(bench_is_held(b, &frame.id));
	assert_true(bench_find(b, 2, HL_FRAME_WANT_CARDS, HL_PURPOSE_PEER, &got));
	assert_int_equal(got.want.after, lab->n_cards - 1);
	/* It is shown all the same. */
	assert_ok(bench_ask(b, 1, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_FETCH, &body));
	assert_true(body.fetch.deferred);
	struct hl_frame card = {.type = HL_FRAME_CARD};
	card.doc = hl_view_buf(&lab->cards[lab->n_cards - 1]);
	bench_send_frame(b, 2, &card);
	assert_true(bench_is_held(b, &frame.id));
	assert_int_equal(bench_ringing(b, &frame.id), HL_RINGING);
}

static void own_letters_are_judged(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	const struct hl_id incident = {{1}};
	struct hl_id id;

	bench_device(b, 1, 0);
	bench_raise(b, 0, 0, HL_FLASH, false, &doc, &id);
	assert_status(bench_submit(b, 1, &doc), HL_FEW_SIGNATURES);
	hl_buf_clear(&doc);
	bench_raise(b, 0, 2, HL_FLASH, true, &doc, &id);
	assert_status(bench_submit(b, 1, &doc), HL_NOT_PERMITTED);
	hl_buf_clear(&doc);
	bench_follow(b, 0, 2, HL_CLASS_ANSWER, &incident, false, &doc, &id);
	assert_status(bench_submit(b, 1, &doc), HL_NOT_PERMITTED);
	hl_buf_clear(&doc);
	bench_raise(b, 0, 0, HL_FLASH, true, &doc, &id);
	assert_ok(bench_submit(b, 1, &doc));
	assert_ok(bench_submit(b, 1, &doc)); /* held already */
	doc.p[doc.n - 1] ^= 1;
	assert_status(bench_submit(b, 1, &doc), HL_BAD_HASH);
}

static void calls_become_overdue_once(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_feed_item item[64];
	struct hl_id id;
	size_t n = 0, overdue = 0;

	bench_peer(b, 2, 1);
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &id);
	bench_letter(b, 2, 1, &doc);
	/* The wall clock jumps; the deadline does not. */
	b->now.wall += 7200000;
	bench_wait(b, 599000);
	assert_int_equal(bench_ringing(b, &id), HL_RINGING);
	assert_true(hl_engine_next(b->engine) <= b->now.boot + 1000);
	bench_wait(b, 1000);
	assert_int_equal(bench_ringing(b, &id), HL_RING_OVERDUE);
	bench_wait(b, 1000);
	assert_ok(hl_store_feed_list(b->store, 0, item, 64, &n));
	for (size_t i = 0; i < n; i++)
		overdue += item[i].sort == HL_FEED_OVERDUE;
	assert_int_equal(overdue, 1);
	/* It can still be answered. */
	struct hl_buf ack HL_CLEAN_BUF = {0};
	struct hl_id ack_id;
	bench_device(b, 1, 0);
	bench_follow(b, 0, 0, HL_CLASS_ANSWER, &id, false, &ack, &ack_id);
	assert_ok(bench_submit(b, 1, &ack));
	assert_int_equal(bench_ringing(b, &id), HL_RING_ANSWERED);
}

static void deadlines_outlive_a_restart(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id id;

	bench_peer(b, 2, 1);
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &id);
	bench_letter(b, 2, 1, &doc);
	hl_engine_free(b->engine);
	/* The machine was off for an hour: its boot clock begins anew. */
	b->now.wall += 3600000;
	b->now.boot = 2000;
	bench_start(b);
	assert_true(hl_engine_next(b->engine) <= b->now.boot);
	bench_wait(b, 0);
	assert_int_equal(bench_ringing(b, &id), HL_RING_OVERDUE);
}

static void only_the_raiser_closes(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, other HL_CLEAN_BUF = {0},
			  close HL_CLEAN_BUF = {0};
	struct hl_id id, x;

	bench_peer(b, 2, 1);
	bench_peer(b, 3, 2);
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &id);
	bench_letter(b, 2, 1, &doc);
	/* Another lab's answer and close do not stop the ringing here. */
	bench_follow(b, 2, 0, HL_CLASS_ANSWER, &id, false, &other, &x);
	bench_letter(b, 3, 2, &other);
	assert_int_equal(bench_ringing(b, &id), HL_RINGING);
	hl_buf_clear(&other);
	bench_follow(b, 2, 0, HL_CLASS_CLOSE, &id, false, &other, &x);
	bench_letter(b, 3, 2, &other);
	assert_int_equal(bench_ringing(b, &id), HL_RINGING);
	bench_follow(b, 1, 1, HL_CLASS_CLOSE, &id, false, &close, &x);
	bench_letter(b, 2, 1, &close);
	assert_int_equal(bench_ringing(b, &id), HL_RING_CLOSED);
}

static void a_close_may_overtake_its_call(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, close HL_CLEAN_BUF = {0};
	struct hl_id id, x;

	bench_peer(b, 2, 1);
	bench_raise(b, 1, 0, HL_FLASH, true, &doc, &id);
	bench_follow(b, 1, 0, HL_CLASS_CLOSE, &id, false, &close, &x);
	bench_letter(b, 2, 1, &close);
	assert_true(bench_is_held(b, &x));
	/* One person's close does not end a FLASH; two persons' does. */
	bench_letter(b, 2, 1, &doc);
	assert_int_equal(bench_ringing(b, &id), HL_RINGING);
	hl_buf_clear(&close);
	hl_buf_clear(&doc);
	bench_raise(b, 1, 0, HL_FLASH, true, &doc, &id);
	bench_follow(b, 1, 0, HL_CLASS_CLOSE, &id, true, &close, &x);
	bench_letter(b, 2, 1, &close);
	bench_letter(b, 2, 1, &doc);
	assert_int_equal(bench_ringing(b, &id), HL_RING_CLOSED);
}

static void two_channels_with_one_number(void **state)
{
	struct bench *b = *state;
	struct line line = {.epoch = 5};
	struct hl_entry entry = {.sort = HL_SORT_CARD};
	struct hl_head head = {5, 1, {{7}}};

	bench_peer(b, 2, 1);
	entry.id = b->world.lab[1].card.hash;
	bench_enter(b, 2, 1, &line, &entry, 1);
	bench_drop_sent(b);
	bench_statement(b, 2, 1, &head, NULL);
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

	bench_peer(b, 2, 1);
	entry[0].id = b->world.lab[1].card.hash;
	entry[1].id = (struct hl_id){{1}};
	entry[2].id = (struct hl_id){{2}};
	bench_enter(b, 2, 1, &line, entry, 3);
	bench_drop_sent(b);
	for (int i = 0; i < 2; i++)
		bench_wait(b, HL_HEARTBEAT_MS);
	assert_true(bench_find(b, 2, HL_FRAME_WANT_LETTERS, HL_PURPOSE_PEER, &got));
	assert_int_equal(got.want_letters.n, 2);
	hl_frame_clear(&got);
	bench_statement(b, 2, 1, &head, NULL);
	assert_true(bench_find(b, 2, HL_FRAME_WANT_ENTRIES, HL_PURPOSE_PEER, &got));
	assert_int_equal(got.entries.first, 4);
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

/* A full disk: what cannot be stored is not acknowledged, what was is there, and room brings it all
 * back without a restart. */
static void a_full_disk_refuses_and_recovers(void **state)
{
	struct bench *b = *state;
	char dir[] = "/tmp/hotline-engine-XXXXXX", path[64], error[HL_STORE_ERROR_MAX];
	struct hl_frame frame = {.type = HL_FRAME_SUBMIT};
	struct hl_event e = {.type = HL_EVENT_FRAME, .link = 1};
	enum hl_status status = HL_OK;
	struct hl_id id, last = {0};
	unsigned n = 0;

	assert_non_null(mkdtemp(dir));
	if (mount("none", dir, "tmpfs", 0, "size=12m,mode=0700") != 0) {
		rmdir(dir);
		skip();
	}
	hl_engine_free(b->engine);
	hl_store_close(b->store);
	snprintf(path, sizeof(path), "%s/store", dir);
	assert_ok(hl_store_open(path, &b->world.net, &b->config.lab, &b->store, error));
	bench_start(b);
	bench_give_all(b);
	bench_device(b, 1, 0);
	bench_peer(b, 2, 1);
	while (status == HL_OK && n++ < 2000) {
		struct hl_buf doc HL_CLEAN_BUF = {0}, bytes HL_CLEAN_BUF = {0};
		bench_drop_sent(b);
		bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
		frame.doc = hl_view_buf(&doc);
		frame.request = n;
		assert_ok(hl_frame_encode(&frame, &bytes));
		e.frame.bytes = hl_view_buf(&bytes);
		status = hl_engine_step(b->engine, &e, &b->now);
		enum hl_status end = hl_engine_commit(b->engine, &b->now);
		status = status == HL_OK ? end : status;
		bench_fetch_effects(b);
		if (status == HL_OK)
			last = id;
	}
	assert_status(status, HL_ERR_NOSPACE);
	/* Nothing was said but that: the links of the turn are closed, an alarm was given. */
	struct hl_frame got HL_CLEAN_FRAME = {0};
	assert_true(bench_find(b, 1, HL_FRAME_REPLY, HL_PURPOSE_DEVICE, &got));
	assert_status(got.reply.code, HL_TROUBLE);
	assert_int_equal(got.request, n);
	for (unsigned type = HL_FRAME_STATEMENT; type <= HL_FRAME_LETTER; type++)
		assert_false(bench_find(
			b, 2, (enum hl_frame_type)type, HL_PURPOSE_PEER, &got));
	assert_true(bench_was_closed(b, 1));
	assert_int_equal(b->n_alarms, 1);
	assert_false(bench_is_held(b, &id));
	assert_true(bench_is_held(b, &last));
	bench_drop_sent(b);
	assert_int_equal(mount("none", dir, "tmpfs", MS_REMOUNT, "size=32m"), 0);
	bench_wait(b, 1000);
	struct hl_buf doc HL_CLEAN_BUF = {0};
	bench_device(b, 3, 0);
	bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
	assert_ok(bench_submit(b, 3, &doc));
	assert_true(bench_is_held(b, &id));
	hl_engine_free(b->engine);
	b->engine = NULL;
	hl_store_close(b->store);
	b->store = NULL;
	assert_int_equal(umount(dir), 0);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		T(nothing_is_said_before_the_commit),
		T(no_head_before_the_peer_has_spoken),
		T(a_receipt_from_the_future_opens_an_epoch),
		T(what_was_entered_in_a_forgotten_epoch_is_entered_again),
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
		T(a_full_disk_refuses_and_recovers),
		T(two_channels_with_one_number),
		T(gaps_are_asked_for),
		cmocka_unit_test(two_nodes_and_a_crash),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
