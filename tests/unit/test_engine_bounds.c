/* I11: what one peer can make grow here, in memory and on disk, has an end. */
#include "node/engine/state.h"
#include "tests/unit/bench.h"

#define DEVICE 1
#define PEER   2

static struct hl_quota *quota(struct bench *b, size_t lab)
{
	return &hl_peer(b->engine, &b->world.lab[lab].id)->quota;
}

/* The number that the next statement would have: they are counted. */
static uint64_t statements(struct bench *b)
{
	const struct hl_channel_key key = {b->world.lab[1].id, false, 5};
	uint64_t row = 0;

	assert_ok(hl_store_statement_put(b->store, &key, HL_STATEMENT_RECEIPT, 1, false,
		hl_view_str("probe"), &row));
	hl_store_rollback(b->store);
	return row;
}

/* Evidence that it signed two channels: some of it is kept, and one alarm stands. */
static void heads_that_contradict(void **state)
{
	struct bench *b = *state;
	struct line line = {.epoch = 5};
	struct hl_entry entry[4] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_CARD},
		{.sort = HL_SORT_CARD}, {.sort = HL_SORT_CARD}};

	bench_peer(b, PEER, 1);
	for (size_t i = 0; i < 25; i++) {
		for (size_t k = 0; k < 4; k++)
			entry[k].id = b->world.lab[1].card.hash;
		bench_drop_sent(b);
		bench_enter(b, PEER, 1, &line, entry, 4);
	}
	uint64_t before = statements(b);
	size_t alarms = 0;
	for (uint64_t n = 1; n <= 100; n++) {
		const struct hl_head head = {5, n, {{7, (uint8_t)n}}};
		b->now.wall++;
		bench_drop_sent(b);
		bench_statement(b, PEER, 1, &head, NULL);
		alarms += b->n_alarms;
	}
	assert_int_equal(alarms, 2); /* and "again", once a minute */
	assert_int_equal(statements(b) - before, 16);
}

static size_t line_items(struct bench *b, uint64_t *ret_newest)
{
	struct hl_feed_item item[HL_FEED_MAX];
	size_t n = 0, found = 0;
	uint64_t after = 0;

	do {
		assert_ok(hl_store_feed_list(b->store, after, item, HL_FEED_MAX, &n));
		for (size_t i = 0; i < n; i++) {
			after = item[i].number;
			if (item[i].sort != HL_FEED_LINK ||
				!hl_id_eq(&item[i].lab, &b->world.lab[1].id))
				continue;
			found++;
			*ret_newest = item[i].value;
		}
	} while (n == HL_FEED_MAX);
	return found;
}

/* A line that comes and goes all day costs a row a minute, and what it is like now is told. */
static void a_line_that_flaps(void **state)
{
	struct bench *b = *state;
	struct hl_event down = {.type = HL_EVENT_LINK_DOWN};
	uint64_t newest = 0;

	down.down.why = "cut";
	for (uint64_t i = 0; i < 600; i++) {
		down.link = 100 + i;
		bench_drop_sent(b);
		b->now.boot += 100;
		b->now.wall += 100;
		bench_peer(b, down.link, 1);
		bench_turn(b, &down);
	}
	size_t told = line_items(b, &newest);
	assert_int_equal(told, 60 + 600 * 100 / 60000);
	/* It comes to rest, and its state is told within a minute. */
	for (unsigned i = 0; i < 61; i++) {
		const struct hl_event timer = {.type = HL_EVENT_TIMER};
		bench_drop_sent(b);
		b->now.boot += 1000;
		b->now.wall += 1000;
		bench_turn(b, &timer);
	}
	line_items(b, &newest);
	assert_int_equal(newest, hl_peer(b->engine, &b->world.lab[1].id)->state);
}

/* Whoever asks for documents again and again and reads none is given what its queue takes. */
static void answers_that_nobody_reads(void **state)
{
	static const enum hl_frame_type wants[] = {HL_FRAME_WANT_CARDS,
		HL_FRAME_WANT_SEALS, HL_FRAME_WANT_ENTRIES, HL_FRAME_WANT_LETTERS};
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_effect_out out;
	struct hl_id id;

	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
	assert_ok(bench_submit(b, DEVICE, &doc));
	for (size_t w = 0; w < sizeof(wants) / sizeof(wants[0]); w++) {
		struct hl_frame frame = {.type = wants[w]};
		struct hl_buf bytes HL_CLEAN_BUF = {0};
		struct hl_event e = {.type = HL_EVENT_FRAME, .link = PEER};
		size_t sent = 0;
		if (wants[w] == HL_FRAME_WANT_LETTERS) {
			frame.want_letters.from = b->config.lab;
			frame.want_letters.ids = &id;
			frame.want_letters.n = 1;
		} else if (wants[w] == HL_FRAME_WANT_ENTRIES) {
			frame.entries.from = b->config.lab;
			frame.entries.first = 1;
		} else {
			frame.want.lab = b->config.lab;
		}
		assert_ok(hl_frame_encode(&frame, &bytes));
		e.frame.bytes = hl_view_buf(&bytes);
		/* All of one turn, as one read of the socket brings them. */
		for (size_t i = 0; i < 3000; i++)
			assert_ok(hl_engine_step(b->engine, &e, &b->now));
		assert_ok(hl_engine_commit(b->engine, &b->now));
		while (hl_engine_effect(b->engine, &out)) {
			sent += out.frame.n;
			hl_buf_clear(&out.frame);
		}
		assert_true(sent < 2 * HL_LINK_QUEUE_MAX);
		const struct hl_event drained = {.type = HL_EVENT_DRAINED, .link = PEER};
		bench_turn(b, &drained);
		bench_drop_sent(b);
	}
}

/* Letters that wait for a card leave a word in the feed each: that counts as well. */
static void letters_that_wait(void **state)
{
	struct bench *b = *state;
	const struct hl_quota_mark *m = hl_quota_mark(HL_QUOTA_GROWTH);
	struct hl_buf doc HL_CLEAN_BUF = {0}, more HL_CLEAN_BUF = {0};
	struct hl_buf held HL_CLEAN_BUF = {0};
	struct hl_id id, other;
	uint64_t stored;

	bench_peer(b, PEER, 1);
	world_new_card(&b->world, 1, WORLD_START + 9); /* this node does not hold it */
	bench_raise(b, 1, 0, HL_ROUTINE, false, &doc, &id);
	bench_letter(b, PEER, 1, &doc);
	assert_ok(hl_store_waiting_get(b->store, &id, &stored, &held));
	hl_quota_charge(quota(b, 1), HL_QUOTA_GROWTH, m->burst + 100000, b->now.boot);
	b->now.wall++;
	bench_raise(b, 1, 0, HL_ROUTINE, false, &more, &other);
	bench_letter(b, PEER, 1, &more);
	assert_status(hl_store_waiting_get(b->store, &other, &stored, &held), HL_UNKNOWN);
}

/* Forged receipts make this node begin its list anew: at the forger's cost, and to an end. */
static void lists_begun_anew(void **state)
{
	struct bench *b = *state;
	const struct hl_quota_mark *m = hl_quota_mark(HL_QUOTA_GROWTH);
	struct hl_channel_row row = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id id;

	bench_device(b, DEVICE, 0);
	bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
	assert_ok(bench_submit(b, DEVICE, &doc));
	for (uint64_t i = 0; i < 3; i++) {
		struct hl_receipt forged = {.head = {9000000000 + i * 1000000, 5, {{3}}}};
		uint64_t used = quota(b, 1)->used[HL_QUOTA_GROWTH];
		forged.through = 5;
		if (i == 2)
			hl_quota_charge(quota(b, 1), HL_QUOTA_GROWTH,
				m->burst + m->borrow, b->now.boot);
		bench_drop_sent(b);
		bench_greet(b, 50 + i, 1, false);
		bench_statement(b, 50 + i, 1, NULL, &forged);
		assert_ok(
			hl_store_channel_get(b->store, &b->world.lab[1].id, true, &row));
		uint64_t least = 9000000001 + (i < 2 ? i : 1) * 1000000;
		assert_in_range(row.epoch, least, least + 65535);
		assert_true(quota(b, 1)->used[HL_QUOTA_GROWTH] > used);
		assert_int_equal(bench_was_closed(b, 50 + i), i == 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		T(heads_that_contradict),
		T(a_line_that_flaps),
		T(answers_that_nobody_reads),
		T(letters_that_wait),
		T(lists_begun_anew),
	};

	return cmocka_run_group_tests_name("engine bounds", tests, NULL, NULL);
}
