/* I6: what is missing is seen within a heartbeat, the last letter too; asked of all, alarmed. */
#include "tests/unit/bench.h"

#define DEVICE 1
#define ORIGIN 2 /* link to lab 1 */
#define THIRD  3 /* to lab 2 */

static uint64_t gaps(struct bench *b)
{
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;

	assert_ok(bench_ask(b, DEVICE, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	for (size_t i = 0; i < body.status.n_peers; i++)
		if (hl_id_eq(&body.status.peers[i].lab, &b->world.lab[1].id))
			return body.status.peers[i].gaps;
	return 0;
}

static bool asked(struct bench *b, uint64_t link, const struct hl_id *id)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	return bench_find(b, link, HL_FRAME_WANT_LETTERS, HL_PURPOSE_PEER, &frame) &&
		frame.want_letters.n == 1 &&
		hl_id_eq(&frame.want_letters.from, &b->world.lab[1].id) &&
		hl_id_eq(&frame.want_letters.ids[0], id);
}

/* Five seconds, in which both lines go on. Alarms add up. */
static size_t pass(struct bench *b, size_t alarms)
{
	bench_drop_sent(b);
	bench_wait(b, 5000);
	alarms += b->n_alarms;
	bench_answer(b, ORIGIN, 1);
	bench_answer(b, THIRD, 2);
	return alarms;
}

/* A letter and its entry are both lost, and nothing comes after them. */
static void the_last_letter_is_missed(void **state)
{
	struct bench *b = *state;
	struct line line = {.epoch = 5}, lost;
	struct hl_entry card = {.sort = HL_SORT_CARD}, entry = {.sort = HL_SORT_LETTER};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame want HL_CLEAN_FRAME = {0};
	struct hl_statement s;
	size_t alarms = 0;

	bench_device(b, DEVICE, 0);
	bench_peer(b, ORIGIN, 1);
	bench_peer(b, THIRD, 2);
	card.id = b->world.lab[1].card.hash;
	bench_enter(b, ORIGIN, 1, &line, &card, 1);
	assert_int_equal(gaps(b), 0);
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &entry.id);
	/* What the peer has by now, and this node has not seen. */
	lost = line;
	struct hl_entry second = entry;
	second.number = ++lost.number;
	second.time = b->now.wall;
	hl_link_next(&b->world.net, &lost.link, &second, &lost.link);
	const struct hl_head head = {lost.epoch, lost.number, lost.link};
	/* The head in the peer's answer to the next heartbeat tells: the entry is asked for at
	 * once, and the gap is shown. */
	bench_drop_sent(b);
	b->now.wall += 5000;
	b->now.boot += 5000;
	bench_statement(b, ORIGIN, 1, &head, NULL);
	assert_true(bench_find(b, ORIGIN, HL_FRAME_WANT_ENTRIES, HL_PURPOSE_PEER, &want));
	assert_int_equal(want.entries.first, 2);
	assert_int_equal(gaps(b), 1);
	/* It comes, and names the letter: that is asked for within a heartbeat, */
	b->now.wall -= 5000;
	bench_enter(b, ORIGIN, 1, &line, &entry, 1);
	b->now.wall += 5000;
	assert_true(hl_id_eq(&line.link, &lost.link));
	assert_int_equal(gaps(b), 1);
	alarms = pass(b, 0);
	assert_true(asked(b, ORIGIN, &entry.id));
	assert_false(asked(b, THIRD, &entry.id));
	/* and of every other party, as it stays away, */
	bool third = false;
	for (unsigned i = 0; i < 3; i++) {
		alarms = pass(b, alarms);
		third = third || asked(b, THIRD, &entry.id);
	}
	assert_true(third);
	/* and alarmed after a minute, once. */
	for (unsigned i = 0; i < 7; i++)
		alarms = pass(b, alarms);
	assert_int_equal(alarms, 0);
	for (unsigned i = 0; i < 6; i++)
		alarms = pass(b, alarms);
	assert_int_equal(alarms, 1);
	/* Whoever has it gives it, and all is well again. */
	bench_drop_sent(b);
	bench_letter(b, THIRD, 1, &doc);
	assert_true(bench_is_held(b, &entry.id));
	assert_int_equal(bench_ringing(b, &entry.id), HL_RINGING);
	bench_last_receipt(b, ORIGIN, &s);
	assert_int_equal(s.receipt.through, 2);
	assert_int_equal(gaps(b), 0);
}

/* Where letters come all the time, something is on its way at whatever moment one looks. */
static void what_comes_in_time_is_no_gap(void **state)
{
	struct bench *b = *state;
	struct line line = {.epoch = 5};
	struct hl_entry entry[2] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER}};
	struct hl_buf doc HL_CLEAN_BUF = {0};

	bench_device(b, DEVICE, 0);
	bench_peer(b, ORIGIN, 1);
	bench_peer(b, THIRD, 2);
	for (unsigned i = 0; i < 30; i++) {
		size_t first = i > 0;
		entry[0].id = b->world.lab[1].card.hash;
		hl_buf_clear(&doc);
		bench_raise(b, 1, 0, HL_ROUTINE, false, &doc, &entry[1].id);
		bench_enter(b, ORIGIN, 1, &line, entry + first, 2 - first);
		bench_drop_sent(b);
		bench_wait(b, 4999);
		assert_int_equal(b->n_alarms, 0);
		bench_letter(b, ORIGIN, 1, &doc);
		assert_int_equal(gaps(b), 0);
		bench_wait(b, 1);
		bench_answer(b, ORIGIN, 1);
		bench_answer(b, THIRD, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		T(the_last_letter_is_missed),
		T(what_comes_in_time_is_no_gap),
	};

	return cmocka_run_group_tests_name("engine gaps", tests, NULL, NULL);
}
