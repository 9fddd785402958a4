/* Links: records, what is sent first, what waits, and how they end. */
#include "tests/unit/net_bench.h"

static void test_cut_within_a_record(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint8_t record[HL_RECORD];
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	for (size_t n = 0; n <= HL_RECORD; n += n < 64 || n >= HL_RECORD - 64 ? 7 : 331) {
		HL_CLEAN_BUF struct hl_buf frame = {0};
		size_t frames = nb_count(HL_EVENT_FRAME),
		       downs = nb_count(HL_EVENT_LINK_DOWN);
		nb_link_up(&o, &key, 0);
		assert_ok(hl_buf_append(&frame, hl_view_of(record, 10)));
		assert_ok(hl_records_queue(&o.records, HL_LANE_FLASH, &frame));
		assert_ok(hl_records_seal(&o.records, record));
		if (n > 0)
			nb_say(&o, record, n);
		nb_leave(&o);
		nb_run();
		assert_null(nb_stream_of(&o));
		assert_int_equal(nb_count(HL_EVENT_FRAME), frames + (n == HL_RECORD));
		assert_int_equal(nb_count(HL_EVENT_LINK_DOWN), downs + 1);
		assert_non_null(strstr(nb_last(HL_EVENT_LINK_DOWN)->why, "cut"));
	}
}

static void test_spoiled_record_ends_the_link(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint8_t record[HL_RECORD], byte;
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	nb_link_up(&o, &key, 0);
	assert_ok(hl_records_seal(&o.records, record));
	record[HL_RECORD - 1] ^= 1;
	nb_say(&o, record, sizeof(record));
	nb_run();
	assert_null(nb_stream_of(&o));
	assert_int_equal(nb_count(HL_EVENT_LINK_DOWN), 1);
	assert_int_equal(nb_hear(&o, &byte, 1), -1);
	nb_leave(&o);
}

static void test_flash_goes_at_the_next_record(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	size_t at = 0, frames = 0;
	int small = 4608;
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	nb_link_up(&o, &key, 0);
	setsockopt(nb_stream_of(&o)->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	nb_queue(o.number, HL_LANE_BULK, 200000);
	nb_run();
	size_t sealed = (size_t)nb_stream_of(&o)->records.session.send.n;
	assert_true(sealed > 0 && sealed < 40);
	nb_queue(o.number, HL_LANE_FLASH, 3000);
	nb_run();
	assert_true(nb_take_records(&o, HL_LANE_FLASH, &at, &frames) > sealed + 1);
	assert_int_equal(frames, 2);
	assert_int_equal(at, sealed);
	nb_leave(&o);
}

static void test_drained_is_told(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	size_t at = 0, frames = 0;
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	nb_link_up(&o, &key, 0);
	nb_queue(o.number, HL_LANE_ROUTINE, 400000);
	nb_queue(o.number, HL_LANE_ROUTINE, 400000);
	nb_run();
	nb_take_records(&o, 0, &at, &frames);
	assert_int_equal(frames, 2);
	assert_true(nb_count(HL_EVENT_DRAINED) >= 1);
	assert_true(nb_count(HL_EVENT_DRAINED) <= 1 + 900000 / DRAINED_STEP);
	assert_int_equal(nb_last(HL_EVENT_DRAINED)->n, 0);
	nb_leave(&o);
}

static void test_close_flushes_first(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	size_t at = 0, frames = 0;
	uint8_t byte;
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	nb_link_up(&o, &key, 0);
	for (size_t i = 0; i < 3; i++)
		nb_queue(o.number, HL_LANE_BULK, 300000);
	nb_queue(o.number, HL_LANE_CONTROL, 2);
	nb_script.effect[nb_script.n_effects++] =
		(struct hl_effect_out){.type = HL_EFFECT_CLOSE, .link = o.number};
	nb_run();
	/* What is sent after the end goes nowhere. */
	nb_queue(o.number, HL_LANE_CONTROL, 2);
	nb_run();
	nb_take_records(&o, HL_LANE_CONTROL, &at, &frames);
	assert_int_equal(frames, 4);
	assert_int_equal(nb_hear(&o, &byte, 1), -1);
	nb_leave(&o);
	nb_run();
	assert_null(nb_stream_of(&o));
	assert_int_equal(nb_count(HL_EVENT_LINK_DOWN), 0);
}

static void test_unread_link_is_ended(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	nb_link_up(&o, &key, 0);
	for (size_t i = 0; i < 24; i++)
		nb_queue(o.number, HL_LANE_BULK, HL_FRAME_MAX);
	nb_run();
	assert_null(nb_stream_of(&o));
	assert_int_equal(nb_count(HL_EVENT_LINK_DOWN), 1);
	nb_leave(&o);
}

/* What a paused link sends stays in its stream, and comes when the time is over. */
static void test_a_paused_link_waits(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	HL_CLEAN_BUF struct hl_buf frame = {0};
	uint8_t record[HL_RECORD] = {0};
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	nb_link_up(&o, &key, 0);
	nb_script.effect[nb_script.n_effects++] =
		(struct hl_effect_out){.type = HL_EFFECT_PAUSE,
			.link = o.number,
			.until = hl_net_now().boot + 60000};
	nb_queue(o.number, HL_LANE_CONTROL, 2);
	nb_run();
	assert_ok(hl_buf_append(&frame, hl_view_of(record, 10)));
	assert_ok(hl_records_queue(&o.records, HL_LANE_FLASH, &frame));
	assert_ok(hl_records_seal(&o.records, record));
	nb_say(&o, record, sizeof(record));
	nb_run();
	assert_int_equal(nb_count(HL_EVENT_FRAME), 0);
	assert_non_null(nb_stream_of(&o));
	event_active(nb_stream_of(&o)->deadline, EV_TIMEOUT, 0);
	nb_run();
	assert_int_equal(nb_count(HL_EVENT_FRAME), 1);
	/* One that is closed while it waits is emptied and ends. */
	nb_script.effect[nb_script.n_effects++] =
		(struct hl_effect_out){.type = HL_EFFECT_PAUSE,
			.link = o.number,
			.until = hl_net_now().boot + 60000};
	nb_script.effect[nb_script.n_effects++] =
		(struct hl_effect_out){.type = HL_EFFECT_CLOSE, .link = o.number};
	nb_queue(o.number, HL_LANE_CONTROL, 2);
	nb_run();
	nb_leave(&o);
	nb_run();
	assert_null(nb_stream_of(&o));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, net_bench_setup, net_bench_teardown)
	const struct CMUnitTest tests[] = {
		T(test_cut_within_a_record),
		T(test_spoiled_record_ends_the_link),
		T(test_flash_goes_at_the_next_record),
		T(test_drained_is_told),
		T(test_close_flushes_first),
		T(test_unread_link_is_ended),
		T(test_a_paused_link_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
