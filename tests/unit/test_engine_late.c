/* A loop that was held up is an alarm, once and with an end; and so are clocks that differ. */
#include "tests/unit/bench.h"

#define DEVICE 1
#define PEER   2

static bool warns(struct bench *b, const char *text)
{
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;
	bool found = false;

	assert_ok(bench_ask(b, DEVICE, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	for (size_t i = 0; i < body.status.n_warnings; i++)
		found = found ||
			memmem(body.status.warnings[i].p, body.status.warnings[i].n, text,
				strlen(text)) != NULL;
	return found;
}

static void late(struct bench *b, uint64_t ms)
{
	struct hl_event e = {.type = HL_EVENT_LATE};

	e.late.ms = ms;
	bench_turn(b, &e);
}

/* A device and a peer that both go on talking. */
static void pass(struct bench *b, uint64_t ms)
{
	b->now.boot += ms;
	b->now.wall += ms;
	const struct hl_event timer = {.type = HL_EVENT_TIMER};
	bench_drop_sent(b);
	bench_turn(b, &timer);
}

static void a_held_up_loop_is_alarmed_once(void **state)
{
	static const struct hl_policy_hook hooks[] = {
		{.name = "node", .events = 1u << HL_HOOK_NODE_SILENT}};
	const struct hl_policy policy = {.hooks = hooks, .n_hooks = 1};
	struct bench *b = *state;

	assert_ok(hl_engine_set_policy(b->engine, &policy));
	bench_device(b, DEVICE, 0);
	late(b, 2000);
	assert_int_equal(b->n_alarms, 0);
	assert_false(warns(b, "held up"));
	late(b, 2001);
	late(b, 9000);
	assert_int_equal(b->n_alarms, 1);
	assert_true(warns(b, "this node was held up for up to 9000 ms"));
	assert_int_equal(b->n_hooks, 1);
	assert_int_equal(b->hook[0].event, HL_HOOK_NODE_SILENT);
	assert_int_equal(b->hook[0].value, HL_NODE_LATE);
	/* A minute without another one, and it is over. */
	pass(b, 30000);
	late(b, 3000);
	pass(b, 59999);
	assert_true(warns(b, "held up"));
	pass(b, 1);
	assert_false(warns(b, "held up"));
	assert_int_equal(b->n_hooks, 2);
	assert_int_equal(b->hook[1].value, 0);
	/* The next is told anew. */
	bench_drop_sent(b);
	late(b, 2500);
	assert_int_equal(b->n_alarms, 1);
	assert_true(warns(b, "for up to 2500 ms"));
}

static void beat(struct bench *b, int64_t off)
{
	static uint64_t pulse = 1000;
	struct hl_frame frame = {.type = HL_FRAME_HEARTBEAT};

	frame.heartbeat.clock = b->now.wall + (uint64_t)off;
	frame.heartbeat.pulse = ++pulse;
	bench_send_frame(b, PEER, &frame);
}

static int64_t offset(struct bench *b)
{
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;

	assert_ok(bench_ask(b, DEVICE, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	for (size_t i = 0; i < body.status.n_peers; i++)
		if (hl_id_eq(&body.status.peers[i].lab, &b->world.lab[1].id))
			return body.status.peers[i].clock_offset;
	return 0;
}

static void clocks_that_differ_are_warned_of(void **state)
{
	struct bench *b = *state;

	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	for (int sign = 1; sign >= -1; sign -= 2) {
		/* Five seconds are shown, and no more than that. */
		for (int i = 0; i < 3; i++) {
			pass(b, 5000);
			beat(b, sign * 5000);
		}
		assert_int_equal(offset(b), sign * 5000);
		assert_false(warns(b, "the clock of lab"));
		/* One that was held up on its way, and all that came with it, say nothing. */
		pass(b, 5000);
		for (int i = 0; i < 4; i++)
			beat(b, sign * 20000);
		assert_false(warns(b, "the clock of lab"));
		pass(b, 5000);
		beat(b, sign * 5001);
		assert_true(warns(b,
			sign > 0 ? "is 5 s ahead of this node's"
				 : "is 5 s behind this node's"));
		pass(b, 5000);
		beat(b, 0);
		assert_false(warns(b, "the clock of lab"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		T(a_held_up_loop_is_alarmed_once),
		T(clocks_that_differ_are_warned_of),
	};

	return cmocka_run_group_tests_name("engine late", tests, NULL, NULL);
}
