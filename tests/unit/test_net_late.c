/* The loop measures its own lag, and tells the engine. The clocks are the test's. */
#include "tests/unit/net_bench.h"

#include <time.h>

int __real_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);

/* Seconds that have passed by each clock, and by none that the machine has. */
static struct {
	time_t monotonic, boot;
} ahead;

int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	/* It stands still but for what the test says: no machine is too slow for it. */
	*ret = (struct timespec){.tv_sec = 1000000};
	if (id == CLOCK_MONOTONIC)
		ret->tv_sec += ahead.monotonic;
	if (id == CLOCK_BOOTTIME)
		ret->tv_sec += ahead.boot;
	return 0;
}

static time_t takes; /* so long does the third timer take, which comes within the loop */
static size_t timers;

static void slow(const struct hl_event *event)
{
	if (event->type != HL_EVENT_TIMER || ++timers != 3)
		return;
	ahead.monotonic += takes;
	ahead.boot += takes;
}

static void run(time_t seconds)
{
	nb_script.on_step = slow;
	takes = seconds;
	timers = 0;
	nb_run();
	assert_true(timers >= 3);
}

static void test_a_loop_that_is_held_up(void **state)
{
	(void)state;
	run(2);
	assert_int_equal(nb_count(HL_EVENT_LATE), 0);
	run(3);
	assert_int_equal(nb_count(HL_EVENT_LATE), 1);
	assert_int_equal(nb_last(HL_EVENT_LATE)->n, 3000);
	/* Once for each time. */
	run(0);
	assert_int_equal(nb_count(HL_EVENT_LATE), 1);
	run(60);
	assert_int_equal(nb_count(HL_EVENT_LATE), 2);
	assert_int_equal(nb_last(HL_EVENT_LATE)->n, 60000);
}

/* The machine slept: the boot clock ran on and this one did not. */
static void test_a_suspend_is_no_lag(void **state)
{
	(void)state;
	run(0);
	ahead.boot += 8 * 3600;
	run(0);
	assert_int_equal(nb_count(HL_EVENT_LATE), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, net_bench_setup, net_bench_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_loop_that_is_held_up),
		T(test_a_suspend_is_no_lag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
