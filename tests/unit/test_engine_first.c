/* FLASH first, at every queue of the engine: the window of a link, the lanes of what is sent. */
#include "tests/unit/bench.h"

#define DEVICE 1
#define PEER   2

/* The lane of the newest frame of a type to the peer; 0: none was sent. */
static unsigned lane_of(struct bench *b, enum hl_frame_type type)
{
	for (size_t i = b->n_sent; i > 0; i--) {
		struct hl_frame frame HL_CLEAN_FRAME = {0};
		if (b->sent[i - 1].link != PEER)
			continue;
		assert_ok(hl_frame_parse(
			hl_view_buf(&b->sent[i - 1].bytes), HL_PURPOSE_PEER, &frame));
		if (frame.type == type)
			return b->sent[i - 1].lane;
	}
	return 0;
}

static void submit(struct bench *b, enum hl_precedence precedence)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id id;

	bench_drop_sent(b);
	bench_raise(b, 0, 0, precedence, precedence == HL_FLASH, &doc, &id);
	assert_ok(bench_submit(b, DEVICE, &doc));
}

/* A peer that reads slowly, or not at all, has a full window: an alert goes to the stream all the
 * same, where it overtakes at the next record. */
static void a_full_window_does_not_hold_a_flash(void **state)
{
	static const unsigned lanes[] = {
		0, HL_LANE_ROUTINE, HL_LANE_PRIORITY, HL_LANE_IMMEDIATE, HL_LANE_FLASH};
	struct bench *b = *state;
	size_t n = 0;

	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	do {
		submit(b, HL_ROUTINE);
		assert_true(++n < 2000);
	} while (lane_of(b, HL_FRAME_LETTER) != 0);
	assert_true(n > 100);
	for (unsigned p = HL_PRIORITY; p <= HL_FLASH; p++) {
		submit(b, p);
		assert_int_equal(lane_of(b, HL_FRAME_LETTER), lanes[p]);
		submit(b, HL_ROUTINE);
		assert_int_equal(lane_of(b, HL_FRAME_LETTER), 0);
	}
	/* Nor is that room without an end: memory stays bounded. */
	for (n = 0; n < 2000; n++) {
		submit(b, HL_FLASH);
		if (lane_of(b, HL_FRAME_LETTER) == 0)
			break;
	}
	assert_true(n > 100 && n < 2000);
	const struct hl_event drained = {.type = HL_EVENT_DRAINED, .link = PEER};
	bench_drop_sent(b);
	bench_turn(b, &drained);
	/* The FLASH that had to wait is the first letter to go. */
	for (size_t i = 0; i < b->n_sent; i++) {
		struct hl_frame frame HL_CLEAN_FRAME = {0};
		if (b->sent[i].link != PEER)
			continue;
		assert_ok(hl_frame_parse(
			hl_view_buf(&b->sent[i].bytes), HL_PURPOSE_PEER, &frame));
		if (frame.type != HL_FRAME_LETTER)
			continue;
		assert_int_equal(b->sent[i].lane, HL_LANE_FLASH);
		return;
	}
	fail_msg("nothing goes out");
}

static void a_long_list_goes_behind(void **state)
{
	struct bench *b = *state;

	bench_device(b, DEVICE, 0);
	for (size_t i = 0; i < 50; i++)
		submit(b, HL_ROUTINE);
	submit(b, HL_FLASH);
	bench_drop_sent(b);
	bench_peer(b, PEER, 1);
	/* Fifty entries are longer than half a record: behind every alert, before ROUTINE. */
	assert_int_equal(lane_of(b, HL_FRAME_SEGMENT), HL_LANE_ROUTINE);
	size_t at[7] = {0};
	for (size_t i = 0; i < b->n_sent; i++)
		if (b->sent[i].link == PEER && at[b->sent[i].lane] == 0)
			at[b->sent[i].lane] = i + 1;
	struct hl_frame first HL_CLEAN_FRAME = {0};
	assert_ok(hl_frame_parse(hl_view_buf(&b->sent[at[HL_LANE_ROUTINE] - 1].bytes),
		HL_PURPOSE_PEER, &first));
	assert_int_equal(first.type, HL_FRAME_SEGMENT);
	assert_true(at[HL_LANE_FLASH] > 0);
	/* A short one is no list. */
	submit(b, HL_FLASH);
	assert_int_equal(lane_of(b, HL_FRAME_SEGMENT), HL_LANE_CONTROL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		T(a_full_window_does_not_hold_a_flash),
		T(a_long_list_goes_behind),
	};

	return cmocka_run_group_tests_name("engine first", tests, NULL, NULL);
}
