/* Who gets in: knocks, handshakes and the places for them. */
#include "tests/unit/net_bench.h"

/* Knocks. */

static void test_stranger_hears_nothing(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other o;
	uint8_t byte[64];

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	assert_true(nb_arrive(&o, 1));
	nb_make_first(&o, &key, &key);
	nb_say(&o, o.first, sizeof(o.first));
	nb_run();
	assert_int_equal(nb_hear(&o, byte, sizeof(byte)), 0);
	assert_int_equal(nb_stream_of(&o)->stage, STAGE_MUTE);
	/* Nor does it for all it may say then, until the deadline. */
	nb_say(&o, o.first, sizeof(o.first));
	nb_run();
	assert_int_equal(nb_hear(&o, byte, sizeof(byte)), 0);
	event_active(nb_stream_of(&o)->deadline, EV_TIMEOUT, 0);
	nb_run();
	assert_null(nb_stream_of(&o));
	assert_int_equal(nb_script.n_told, 0);
	nb_leave(&o);
}

static void test_a_knock_opens_once(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other o, again;
	uint8_t bytes[64];

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	assert_true(nb_arrive(&o, 0));
	nb_make_first(&o, &key, &key);
	nb_say(&o, o.first, sizeof(o.first));
	nb_run();
	assert_int_equal(nb_hear(&o, bytes, sizeof(bytes)), HL_NOISE_MESSAGE_2);
	assert_true(nb_arrive(&again, 0));
	nb_say(&again, o.first, sizeof(o.first));
	nb_run();
	assert_int_equal(nb_hear(&again, bytes, sizeof(bytes)), 0);
	assert_int_equal(nb_stream_of(&again)->stage, STAGE_MUTE);
	assert_non_null(strstr(nb_script.logged, "replayed"));
	nb_leave(&o);
	nb_leave(&again);
}

static void test_wrong_psk_is_told(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint8_t third[HL_NOISE_MESSAGE_3], byte;
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 7);
	assert_true(nb_arrive(&o, 0));
	nb_make_third(&o, &key, &key, 8, third);
	nb_say(&o, third, sizeof(third));
	nb_run();
	assert_int_equal(nb_count(HL_EVENT_LINK_UP), 0);
	assert_non_null(nb_last(HL_EVENT_DIAL_FAILED));
	assert_int_equal(nb_last(HL_EVENT_DIAL_FAILED)->lab.b[0], 9);
	assert_non_null(strstr(nb_last(HL_EVENT_DIAL_FAILED)->why, "PSK"));
	assert_int_equal(nb_hear(&o, &byte, 1), 0);
	nb_leave(&o);
}

/* A card may name the key of another lab: its owner comes through with its own PSK. */
static void test_a_key_on_two_cards(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 3, 0);
	nb_know(&key, 9, 7);
	nb_link_up(&o, &key, 7);
	assert_true(nb_last(HL_EVENT_LINK_UP)->psk);
	assert_int_equal(nb_stream_of(&o)->lab.b[0], 9);
	nb_leave(&o);
	nb_link_up(&o, &key, 0);
	assert_false(nb_last(HL_EVENT_LINK_UP)->psk);
	nb_leave(&o);
}

static void test_third_message_of_another_key(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key known = {0}, other = {0};
	uint8_t third[HL_NOISE_MESSAGE_3];
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &known));
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &other));
	nb_know(&known, 9, 0);
	nb_know(&other, 8, 0);
	assert_true(nb_arrive(&o, 0));
	nb_make_third(&o, &known, &other, 0, third);
	nb_say(&o, third, sizeof(third));
	nb_run();
	assert_int_equal(nb_count(HL_EVENT_LINK_UP), 0);
	nb_leave(&o);
}

/* Places. */

static void test_oldest_stranger_makes_room(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other known, o[HL_HALF_OPEN_STRANGE + 8];
	uint8_t third[HL_NOISE_MESSAGE_3];

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	assert_true(nb_arrive(&known, 200));
	nb_make_third(&known, &key, &key, 0, third);
	for (size_t i = 0; i < HL_HALF_OPEN_STRANGE + 8; i++) {
		assert_true(nb_arrive(&o[i], (uint8_t)(i + 1)));
		assert_true(nb_script.net->half <= HL_HALF_OPEN_MAX);
	}
	for (size_t i = 0; i < HL_HALF_OPEN_STRANGE + 8; i++) {
		assert_int_equal(nb_stream_of(&o[i]) == NULL, i < 8);
		nb_leave(&o[i]);
	}
	/* Who has knocked kept the place, and gets through. */
	nb_say(&known, third, sizeof(third));
	nb_run();
	assert_int_equal(nb_count(HL_EVENT_LINK_UP), 1);
	nb_leave(&known);
}

static void test_four_of_one_source(void **state)
{
	struct other o[6], elsewhere;

	(void)state;
	assert_true(nb_arrive(&elsewhere, 2));
	for (size_t i = 0; i < 6; i++)
		assert_true(nb_arrive(&o[i], 1));
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(nb_stream_of(&o[i]) == NULL, i < 2);
		nb_leave(&o[i]);
	}
	assert_non_null(nb_stream_of(&elsewhere));
	nb_leave(&elsewhere);
}

/* Two of one key have a place and two wait; a place that is free is given to who waits. */
static void test_two_of_one_key(void **state)
{
	static const enum stage stages[] = {STAGE_MESSAGE_3, STAGE_MESSAGE_3, STAGE_WAIT,
		STAGE_WAIT, STAGE_MUTE, STAGE_MUTE};
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other o[6];

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	for (size_t i = 0; i < 6; i++) {
		assert_true(nb_arrive(&o[i], 0));
		nb_make_first(&o[i], &key, &key);
		nb_say(&o[i], o[i].first, sizeof(o[i].first));
		nb_run();
		assert_int_equal(nb_stream_of(&o[i])->stage, stages[i]);
	}
	nb_leave(&o[0]);
	nb_run();
	assert_null(nb_stream_of(&o[0]));
	assert_int_equal(nb_stream_of(&o[2])->stage, STAGE_MESSAGE_3);
	assert_int_equal(nb_stream_of(&o[3])->stage, STAGE_WAIT);
	for (size_t i = 1; i < 6; i++)
		nb_leave(&o[i]);
}

static void test_cut_within_the_handshake(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint8_t third[HL_NOISE_MESSAGE_3];
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	for (size_t n = 0; n < HL_KNOCK_SIZE + HL_NOISE_MESSAGE_1; n++) {
		assert_true(nb_arrive(&o, 0));
		nb_make_first(&o, &key, &key);
		if (n > 0)
			nb_say(&o, o.first, n);
		nb_leave(&o);
		nb_run();
		assert_null(nb_stream_of(&o));
	}
	for (size_t n = 0; n < HL_NOISE_MESSAGE_3; n++) {
		assert_true(nb_arrive(&o, 0));
		nb_make_third(&o, &key, &key, 0, third);
		if (n > 0)
			nb_say(&o, third, n);
		nb_leave(&o);
		nb_run();
		assert_null(nb_stream_of(&o));
	}
	assert_int_equal(nb_script.n_told, 0);
	assert_int_equal(nb_script.net->half, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, net_bench_setup, net_bench_teardown)
	const struct CMUnitTest tests[] = {
		T(test_stranger_hears_nothing),
		T(test_a_knock_opens_once),
		T(test_wrong_psk_is_told),
		T(test_a_key_on_two_cards),
		T(test_third_message_of_another_key),
		T(test_oldest_stranger_makes_room),
		T(test_four_of_one_source),
		T(test_two_of_one_key),
		T(test_cut_within_the_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
