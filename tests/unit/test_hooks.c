/* Hooks and escalation: the engine in virtual time, and what stands between it and the helper. */
#include "tests/unit/bench.h"

#include <jansson.h>

#include "node/helper/helper.h"

#define ALL_EVENTS ((1u << HL_HOOK_EVENTS) - 1)
#define MINUTE     60000
#define PEER       2 /* links */
#define DEVICE     1

static const struct hl_policy_hook hooks[] = {
	{.name = "news",
		.events = 1u << HL_HOOK_CALL | 1u << HL_HOOK_ANSWERED |
			1u << HL_HOOK_OVERDUE | 1u << HL_HOOK_CLOSED |
			1u << HL_HOOK_UNANSWERED},
	{.name = "pager"},
	{.name = "drills", .exercise = true, .events = 1u << HL_HOOK_CALL},
};

static const struct hl_policy_step steps[] = {
	{.precedence = HL_IMMEDIATE,
		.name = "first contact",
		.moment = HL_MOMENT_CALL,
		.hook = "pager",
		.contacts = "mira\n"},
	{.precedence = HL_IMMEDIATE,
		.name = "second contact",
		.moment = HL_MOMENT_CALL,
		.after = 120,
		.hook = "pager",
		.contacts = "jun\neva\n"},
	{.precedence = HL_IMMEDIATE,
		.name = "everyone",
		.moment = HL_MOMENT_CALL,
		.after = 300,
		.repeat = 60,
		.hook = "pager",
		.contacts = "+1 555 0100\n"},
	{.precedence = HL_IMMEDIATE,
		.name = "in a drill",
		.moment = HL_MOMENT_CALL,
		.after = 10,
		.hook = "drills"},
	{.precedence = HL_FLASH,
		.name = "first contact",
		.moment = HL_MOMENT_CALL,
		.hook = "pager",
		.contacts = "mira\n"},
	{.precedence = HL_IMMEDIATE,
		.name = "our own people",
		.moment = HL_MOMENT_UNANSWERED,
		.after = 30,
		.repeat = 60,
		.hook = "pager",
		.contacts = "lead\n"},
};

static void set_policy(struct bench *b, const struct hl_policy_hook *hook, size_t n_hooks,
	const struct hl_policy_person *person, size_t n_persons)
{
	const struct hl_policy policy = {.hooks = hook,
		.n_hooks = n_hooks,
		.steps = steps,
		.n_steps = sizeof(steps) / sizeof(steps[0]),
		.persons = person,
		.n_persons = n_persons};

	assert_ok(hl_engine_set_policy(b->engine, &policy));
}

static int setup(void **state)
{
	if (bench_setup(state) != 0)
		return -1;
	struct bench *b = *state;
	/* From here on it knows which boot of the machine this is. */
	memset(b->config.boot.b, 5, sizeof(b->config.boot.b));
	hl_engine_free(b->engine);
	bench_start(b);
	bench_fetch_effects(b);
	set_policy(b, hooks, 3, NULL, 0);
	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	b->n_hooks = 0;
	return 0;
}

/* How many runs of a step ("" and an event: of a hook on that event) were handed out. */
static size_t runs(struct bench *b, enum hl_hook_event event, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n_hooks; i++)
		n += b->hook[i].event == event &&
			strcmp(event == HL_HOOK_STEP ? b->hook[i].step : b->hook[i].hook,
				name) == 0;
	return n;
}

static void done(struct bench *b, const struct hl_hook_run *run, uint64_t code)
{
	struct hl_event e = {.type = HL_EVENT_HOOK_DONE};

	e.hook_done.key = run->key;
	e.hook_done.code = code;
	e.hook_done.text = "so";
	bench_turn(b, &e);
}

/* Every run so far has gone well. */
static void all_done(struct bench *b)
{
	const size_t n = b->n_hooks;

	for (size_t i = 0; i < n; i++)
		done(b, &b->hook[i], 0);
}

/* The number of a new link: those that say nothing end. */
static uint64_t fresh(struct bench *b)
{
	return 1000 + ++b->request;
}

static void call_of(struct bench *b, size_t from, enum hl_precedence precedence,
	enum hl_standing status, struct hl_buf *doc, struct hl_id *id)
{
	const struct hl_message m = bench_raise_message();
	struct world_letter draft = {.lab = from,
		.labs = 7,
		.class = HL_CLASS_CALL,
		.status = status,
		.precedence = precedence,
		.created = b->now.wall,
		.answer_within = 600,
		.message = &m,
		.release = precedence == HL_FLASH};

	world_seal(&b->world, &draft, doc, id);
}

/* A call of lab 1 rings here. */
static void ring(struct bench *b, enum hl_precedence precedence, enum hl_standing status,
	struct hl_id *id)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	uint64_t link = fresh(b);
	call_of(b, 1, precedence, status, &doc, id);
	bench_peer(b, link, 1);
	bench_letter(b, link, 1, &doc);
	bench_drop_sent(b);
	assert_int_equal(bench_ringing(b, id), HL_RINGING);
}

static void answer(struct bench *b, const struct hl_id *call)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	uint64_t link = fresh(b);
	struct hl_id id;

	bench_follow(b, 0, 0, HL_CLASS_ANSWER, call, false, &doc, &id);
	bench_device(b, link, 0);
	assert_ok(bench_submit(b, link, &doc));
	bench_drop_sent(b);
}

/* The node dies and starts again; links are gone. */
static void restart(struct bench *b, uint64_t wall, uint64_t boot)
{
	hl_engine_free(b->engine);
	hl_store_rollback(b->store);
	b->now.wall += wall;
	b->now.boot += boot;
	b->n_hooks = 0;
	bench_start(b);
	set_policy(b, hooks, 3, NULL, 0);
	bench_wait(b, 0);
}

/* In steps, as the engine asks to be woken. well: whatever is run ends well. */
static void sleep_long(struct bench *b, uint64_t ms, bool well)
{
	const uint64_t until = b->now.boot + ms;

	while (b->now.boot < until) {
		uint64_t next = hl_engine_next(b->engine);
		if (next > until)
			next = until;
		if (well)
			all_done(b);
		bench_wait(b, next > b->now.boot ? next - b->now.boot : 1);
		bench_drop_sent(b);
	}
}

static void pass(struct bench *b, uint64_t ms)
{
	sleep_long(b, ms, true);
}

static void steps_come_in_their_order(void **state)
{
	struct bench *b = *state;
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	assert_int_equal(runs(b, HL_HOOK_CALL, "news"), 1);
	assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 1);
	assert_int_equal(b->n_hooks, 2);
	pass(b, 119999);
	assert_int_equal(b->n_hooks, 2);
	pass(b, 1);
	assert_int_equal(runs(b, HL_HOOK_STEP, "second contact"), 1);
	const struct hl_hook_run *run = &b->hook[2];
	assert_string_equal(run->contacts, "jun\neva\n");
	assert_string_equal(run->hook, "pager");
	assert_true(hl_id_eq(&run->call, &call));
	assert_true(hl_id_eq(&run->lab, &b->world.lab[1].id));
	assert_int_equal(run->precedence, HL_IMMEDIATE);
	assert_int_equal(run->status, HL_ACTUAL);
	assert_int_equal(run->attempt, 1);
	assert_true(run->lab_name[0] != '\0');
	pass(b, 180000);
	assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), 1);
	assert_int_equal(b->n_hooks, 4);
}

static void a_step_repeats_until_it_is_answered(void **state)
{
	struct bench *b = *state;
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	pass(b, 300000 + 3 * MINUTE);
	assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), 4);
	for (size_t i = 0; i < b->n_hooks; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(hl_id_eq(&b->hook[i].key, &b->hook[k].key));
	assert_int_equal(b->hook[b->n_hooks - 1].round, 4);
	answer(b, &call);
	assert_int_equal(runs(b, HL_HOOK_ANSWERED, "news"), 1);
	size_t n = b->n_hooks;
	pass(b, 30 * MINUTE);
	assert_int_equal(b->n_hooks, n);
}

static void a_deadline_is_told_and_steps_go_on(void **state)
{
	struct bench *b = *state;
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	pass(b, 599999);
	assert_int_equal(runs(b, HL_HOOK_OVERDUE, "news"), 0);
	pass(b, 1);
	assert_int_equal(runs(b, HL_HOOK_OVERDUE, "news"), 1);
	size_t n = runs(b, HL_HOOK_STEP, "everyone");
	pass(b, 2 * MINUTE);
	assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), n + 2);
}

static void a_close_ends_it(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id call, id;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	bench_follow(b, 1, 0, HL_CLASS_CLOSE, &call, false, &doc, &id);
	uint64_t link = fresh(b);
	bench_peer(b, link, 1);
	bench_letter(b, link, 1, &doc);
	assert_int_equal(bench_ringing(b, &call), HL_RING_CLOSED);
	assert_int_equal(runs(b, HL_HOOK_CLOSED, "news"), 1);
	size_t n = b->n_hooks;
	pass(b, 30 * MINUTE);
	assert_int_equal(b->n_hooks, n);
}

static void exercise_and_actual_never_cross(void **state)
{
	struct bench *b = *state;
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_EXERCISE, &call);
	pass(b, 20 * MINUTE);
	assert_int_equal(runs(b, HL_HOOK_CALL, "drills"), 1);
	assert_int_equal(runs(b, HL_HOOK_STEP, "in a drill"), 1);
	assert_int_equal(b->n_hooks, 2);
	b->n_hooks = 0;
	ring(b, HL_IMMEDIATE, HL_TEST, &call);
	pass(b, 20 * MINUTE);
	assert_int_equal(runs(b, HL_HOOK_STEP, "in a drill"), 1);
	assert_int_equal(b->n_hooks, 2);
	b->n_hooks = 0;
	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	pass(b, MINUTE);
	assert_true(b->n_hooks > 0);
	for (size_t i = 0; i < b->n_hooks; i++)
		assert_string_not_equal(b->hook[i].hook, "drills");
}

/* Should the configuration turn a live hook into one of exercises, nothing live goes to it. */
static void a_hook_that_changes_sides_gets_nothing_old(void **state)
{
	struct bench *b = *state;
	struct hl_policy_hook other[] = {{.name = "pager", .exercise = true}};
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	b->n_hooks = 0;
	set_policy(b, other, 1, NULL, 0);
	pass(b, 20 * MINUTE);
	assert_int_equal(b->n_hooks, 0);
}

/* WORLD_START lies within the first person's quiet hours, and outside of the second's. */
static void quiet_hours_are_kept_but_for_flash(void **state)
{
	struct bench *b = *state;
	unsigned minute = (unsigned)(b->now.wall / MINUTE % 1440);
	struct hl_policy_person person[] = {
		{.name = "mira",
			.from = (minute + 1430) % 1440,
			.until = (minute + 10) % 1440},
		{.name = "jun",
			.from = (minute + 1430) % 1440,
			.until = (minute + 60) % 1440},
		{.name = "eva",
			.from = (minute + 200) % 1440,
			.until = (minute + 300) % 1440},
	};
	struct hl_id call;

	set_policy(b, hooks, 3, person, 3);
	ring(b, HL_FLASH, HL_ACTUAL, &call);
	assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 1);
	all_done(b);
	answer(b, &call);
	all_done(b);
	b->n_hooks = 0;
	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 0);
	pass(b, 2 * MINUTE);
	/* Of two, the one who may be rung. */
	assert_int_equal(runs(b, HL_HOOK_STEP, "second contact"), 1);
	assert_string_equal(b->hook[b->n_hooks - 1].contacts, "eva\n");
	/* The first is rung when the night is over: 10 minutes less what the minute has run. */
	pass(b, 6 * MINUTE);
	assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 0);
	pass(b, 2 * MINUTE);
	assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 1);
}

static void one_that_was_handed_out_runs_again_after_a_crash(void **state)
{
	struct bench *b = *state;
	struct hl_id call, first, second;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	assert_int_equal(b->n_hooks, 2);
	done(b, &b->hook[0], 0);
	first = b->hook[0].key;
	second = b->hook[1].key;
	restart(b, 500, 500);
	assert_int_equal(b->n_hooks, 1);
	assert_true(hl_id_eq(&b->hook[0].key, &second));
	assert_false(hl_id_eq(&b->hook[0].key, &first));
	assert_int_equal(b->hook[0].attempt, 2);
	done(b, &b->hook[0], 0);
	restart(b, 500, 500);
	assert_int_equal(b->n_hooks, 0);
}

static void what_was_due_while_it_was_away_runs_at_once(void **state)
{
	struct bench *b = *state;
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	all_done(b);
	restart(b, 450000, 450000);
	assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 0);
	assert_int_equal(runs(b, HL_HOOK_STEP, "second contact"), 1);
	assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), 1);
	assert_int_equal(b->n_hooks, 2);
	/* What repeats comes in its old rhythm again: at 300, 360 … */
	pass(b, 29999);
	assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), 1);
	pass(b, 1);
	assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), 2);
}

static void a_jump_of_the_clock_neither_skips_nor_repeats(void **state)
{
	static const int64_t jumps[] = {3600000, -3600000, 86400000, -86400000};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct hl_id call;
		all_done(b);
		b->n_hooks = 0;
		ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
		assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 1);
		b->now.wall += (uint64_t)jumps[i];
		pass(b, 119999);
		assert_int_equal(runs(b, HL_HOOK_STEP, "second contact"), 0);
		b->now.wall -= (uint64_t)(jumps[i] / 2);
		pass(b, 1);
		assert_int_equal(runs(b, HL_HOOK_STEP, "second contact"), 1);
		pass(b, 180000);
		assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), 1);
		answer(b, &call);
		all_done(b);
	}
}

/* And none that a restart follows, as long as the machine goes on. */
static void a_jump_before_a_restart_neither(void **state)
{
	struct bench *b = *state;
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	all_done(b);
	restart(b, 86400000, 60000);
	assert_int_equal(b->n_hooks, 0);
	restart(b, (uint64_t)-2 * 86400000, 59999);
	assert_int_equal(b->n_hooks, 0);
	pass(b, 1);
	assert_int_equal(runs(b, HL_HOOK_STEP, "second contact"), 1);
	pass(b, 480000);
	assert_int_equal(runs(b, HL_HOOK_OVERDUE, "news"), 1);
	all_done(b);
	/* After a reboot the wall is all there is to go by. */
	b->config.boot.b[0]++;
	restart(b, 86400000 + 600000, (uint64_t)-600000);
	assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), 1);
}

/* A machine whose clock is not set yet when the node starts: nothing is put off for it. */
static void a_reboot_with_a_clock_that_is_behind_puts_nothing_off(void **state)
{
	struct bench *b = *state;
	const uint64_t month = 30ull * 86400000;
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	all_done(b);
	pass(b, 60000);
	b->config.boot.b[0]++;
	restart(b, (uint64_t)-month, 20000 - b->now.boot);
	b->now.wall += month + 60000; /* now it is */
	/* It goes on where it was, but for the last minute, which it may not have kept. */
	pass(b, 60000 + 60000);
	assert_int_equal(runs(b, HL_HOOK_STEP, "second contact"), 1);
	pass(b, 480000);
	assert_int_equal(runs(b, HL_HOOK_OVERDUE, "news"), 1);
}

/* Wall time has no place for what was due before 1970. */
static void a_clock_near_1970_loses_no_order(void **state)
{
	struct bench *b = *state;
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	all_done(b);
	pass(b, 900000);
	b->n_hooks = 0;
	b->now.wall = 60000;
	b->now.boot += 60000;
	bench_wait(b, 0);
	assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), 1);
	assert_int_equal(b->hook[b->n_hooks - 1].deadline, 0);
}

/* The boot clock runs through it; then all that was due comes once. */
static void a_suspend_skips_nothing(void **state)
{
	struct bench *b = *state;
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	bench_wait(b, 8 * 3600000);
	assert_int_equal(runs(b, HL_HOOK_STEP, "second contact"), 1);
	assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), 1);
	assert_int_equal(runs(b, HL_HOOK_OVERDUE, "news"), 1);
	bench_wait(b, 1);
	assert_int_equal(runs(b, HL_HOOK_STEP, "everyone"), 1);
}

static void what_fails_is_tried_again_with_longer_breaks(void **state)
{
	struct bench *b = *state;
	struct hl_id call;
	struct hl_hook_run run;

	ring(b, HL_FLASH, HL_ACTUAL, &call);
	run = b->hook[b->hook[0].event == HL_HOOK_STEP ? 0 : 1];
	done(b, &b->hook[b->hook[0].event == HL_HOOK_STEP ? 1 : 0], 0);
	uint64_t wait = 2000;
	for (unsigned attempt = 2; attempt <= HL_HOOK_ATTEMPTS_MAX; attempt++) {
		b->n_hooks = b->n_alarms = 0;
		done(b, &run, 1);
		sleep_long(b, wait - 1, false);
		assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 0);
		sleep_long(b, 1, false);
		assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 1);
		for (size_t i = 0; i < b->n_hooks; i++)
			if (b->hook[i].event == HL_HOOK_STEP) {
				assert_true(hl_id_eq(&b->hook[i].key, &run.key));
				assert_int_equal(b->hook[i].attempt, attempt);
			}
		wait = wait * 2 > 60000 ? 60000 : wait * 2;
	}
	b->n_hooks = 0;
	done(b, &run, 1);
	assert_int_equal(b->n_alarms, 1);
	sleep_long(b, 10 * MINUTE, false);
	assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 0);
}

static void without_a_result_it_is_handed_out_again(void **state)
{
	struct bench *b = *state;
	struct hl_id call, key;

	ring(b, HL_FLASH, HL_ACTUAL, &call);
	key = b->hook[b->hook[0].event == HL_HOOK_STEP ? 0 : 1].key;
	b->n_hooks = 0;
	sleep_long(b, (HL_HOOK_TIMEOUT_MAX + 59) * 1000, false);
	assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 0);
	sleep_long(b, 1000, false);
	assert_int_equal(runs(b, HL_HOOK_STEP, "first contact"), 1);
	assert_true(hl_id_eq(&b->hook[b->n_hooks - 1].key, &key) ||
		hl_id_eq(&b->hook[b->n_hooks - 2].key, &key));
}

static void hooks_that_hang_leave_room_for_flash(void **state)
{
	struct bench *b = *state;
	struct hl_id call;

	for (size_t i = 0; i < 20; i++)
		ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	size_t n = b->n_hooks;
	assert_int_equal(n, 24);
	ring(b, HL_FLASH, HL_ACTUAL, &call);
	assert_int_equal(
		runs(b, HL_HOOK_STEP, "first contact") + runs(b, HL_HOOK_CALL, "news"),
		n + 2);
	/* One that ends makes room. */
	done(b, &b->hook[0], 0);
	done(b, &b->hook[1], 0);
	done(b, &b->hook[2], 0);
	assert_int_equal(b->n_hooks, n + 3);
}

static void our_own_call_without_an_answer(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, reply HL_CLEAN_BUF = {0};
	struct hl_id call, id;

	call_of(b, 0, HL_IMMEDIATE, HL_ACTUAL, &doc, &call);
	assert_ok(bench_submit(b, DEVICE, &doc));
	bench_drop_sent(b);
	assert_int_equal(b->n_hooks, 0);
	/* Lab 1 answers in time, lab 2 does not. */
	bench_follow(b, 1, 0, HL_CLASS_ANSWER, &call, false, &reply, &id);
	bench_letter(b, PEER, 1, &reply);
	assert_int_equal(runs(b, HL_HOOK_ANSWERED, "news"), 1);
	assert_true(b->hook[0].outgoing);
	pass(b, 599999);
	assert_int_equal(b->n_hooks, 1);
	pass(b, 1);
	assert_int_equal(runs(b, HL_HOOK_UNANSWERED, "news"), 1);
	assert_true(hl_id_eq(&b->hook[1].lab, &b->world.lab[2].id));
	pass(b, 30000);
	assert_int_equal(runs(b, HL_HOOK_STEP, "our own people"), 1);
	pass(b, MINUTE);
	assert_int_equal(runs(b, HL_HOOK_STEP, "our own people"), 2);
	/* Late is better than never: it ends there. */
	hl_buf_clear(&reply);
	bench_peer(b, 3, 2);
	bench_follow(b, 2, 0, HL_CLASS_ANSWER, &call, false, &reply, &id);
	bench_letter(b, 3, 2, &reply);
	assert_int_equal(runs(b, HL_HOOK_ANSWERED, "news"), 2);
	size_t n = b->n_hooks;
	pass(b, 10 * MINUTE);
	assert_int_equal(b->n_hooks, n);
}

static void our_own_close_ends_it(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, reply HL_CLEAN_BUF = {0};
	struct hl_id call, id;

	call_of(b, 0, HL_IMMEDIATE, HL_ACTUAL, &doc, &call);
	assert_ok(bench_submit(b, DEVICE, &doc));
	bench_drop_sent(b);
	bench_follow(b, 0, 0, HL_CLASS_CLOSE, &call, false, &reply, &id);
	assert_ok(bench_submit(b, DEVICE, &reply));
	assert_int_equal(runs(b, HL_HOOK_CLOSED, "news"), 2); /* for each lab */
	all_done(b);
	b->n_hooks = 0;
	pass(b, 20 * MINUTE);
	assert_int_equal(b->n_hooks, 0);
}

static void a_monitor_or_another_lab_cannot_stop_it(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, reply HL_CLEAN_BUF = {0};
	struct hl_id call, id;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	/* Another lab's answer is its own. */
	bench_peer(b, 3, 2);
	bench_follow(b, 2, 0, HL_CLASS_ANSWER, &call, false, &reply, &id);
	bench_letter(b, 3, 2, &reply);
	assert_int_equal(bench_ringing(b, &call), HL_RINGING);
	pass(b, 120000);
	assert_int_equal(runs(b, HL_HOOK_STEP, "second contact"), 1);
	assert_int_equal(runs(b, HL_HOOK_ANSWERED, "news"), 0);
}

static void lines_are_told(void **state)
{
	static const struct hl_policy_hook lines[] = {
		{.name = "lines", .events = 1u << HL_HOOK_LINK},
		{.name = "drills", .exercise = true, .events = ALL_EVENTS}};
	struct bench *b = *state;
	struct hl_event e = {.type = HL_EVENT_LINK_DOWN, .link = PEER};

	set_policy(b, lines, 2, NULL, 0);
	e.down.why = "cut";
	bench_turn(b, &e);
	assert_int_equal(b->n_hooks, 1);
	assert_int_equal(b->hook[0].event, HL_HOOK_LINK);
	assert_int_equal(b->hook[0].value, HL_LINK_DOWN);
	assert_false(b->hook[0].has_call);
	b->now.wall++;
	bench_peer(b, 7, 1);
	assert_int_equal(b->n_hooks, 2);
	assert_int_equal(b->hook[1].value, HL_LINK_UP);
	/* Whoever stops the node is told nothing. */
	e.type = HL_EVENT_SHUTDOWN;
	bench_turn(b, &e);
	assert_int_equal(b->n_hooks, 2);
}

/* A site that comes back from a power cut, and whose lines do not. */
static void a_line_that_is_dead_since_the_start_is_told(void **state)
{
	static const struct hl_policy_hook lines[] = {
		{.name = "lines", .events = 1u << HL_HOOK_LINK}};
	struct bench *b = *state;
	struct hl_event e = {.type = HL_EVENT_DIAL_FAILED};
	struct line line = {.epoch = 5};
	struct hl_entry entry = {.sort = HL_SORT_CARD, .id = b->world.lab[1].card.hash};

	bench_enter(b, PEER, 1, &line, &entry, 1);
	restart(b, 0, 0);
	set_policy(b, lines, 1, NULL, 0);
	/* Nothing has ever been heard of lab 2: it is no line that went down. */
	for (size_t lab = 1; lab < 3; lab++) {
		e.dial_failed.lab = b->world.lab[lab].id;
		e.dial_failed.why = "refused";
		bench_turn(b, &e);
	}
	pass(b, 14000);
	assert_int_equal(b->n_hooks, 0);
	pass(b, 2000);
	assert_int_equal(b->n_hooks, 1);
	assert_int_equal(b->hook[0].value, HL_LINK_DOWN);
	assert_true(hl_id_eq(&b->hook[0].lab, &b->world.lab[1].id));
	pass(b, 60000);
	assert_int_equal(b->n_hooks, 1);
}

/* Nobody is there to run it: it waits for the restart, and is not used up until then. */
static void without_a_helper_what_is_due_waits(void **state)
{
	struct bench *b = *state;
	struct hl_event e = {.type = HL_EVENT_HOOKS_LOST};
	struct hl_id call;

	ring(b, HL_IMMEDIATE, HL_ACTUAL, &call);
	bench_turn(b, &e);
	b->n_hooks = 0;
	pass(b, 7200000);
	assert_int_equal(b->n_hooks, 0);
	restart(b, 1000, 1000);
	assert_true(runs(b, HL_HOOK_STEP, "everyone") > 0);
}

static void a_gap_that_stays_is_told(void **state)
{
	static const struct hl_policy_hook gaps[] = {
		{.name = "gaps", .events = 1u << HL_HOOK_GAP}};
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct line line = {.epoch = 5};
	struct hl_entry entry[2] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER}};

	set_policy(b, gaps, 1, NULL, 0);
	bench_raise(b, 1, 0, HL_ROUTINE, false, &doc, &entry[1].id);
	entry[0].id = b->world.lab[1].card.hash;
	bench_enter(b, PEER, 1, &line, entry, 2);
	for (unsigned i = 0; i < 13; i++) {
		assert_int_equal(b->n_hooks, 0);
		pass(b, 5000);
		bench_statement(b, PEER, 1, NULL, NULL); /* the line is alive */
	}
	pass(b, 5000);
	assert_int_equal(b->n_hooks, 1);
	assert_int_equal(b->hook[0].value, 1);
	b->now.wall++;
	bench_letter(b, PEER, 1, &doc);
	pass(b, 5000);
	assert_int_equal(b->n_hooks, 2);
	assert_int_equal(b->hook[1].value, 0);
}

static void an_order_keeps_its_form(void **state)
{
	struct hl_hook_run run = {.attempt = 3,
		.event = HL_HOOK_STEP,
		.time = 1732158000123,
		.hook = "pager",
		.own_name = "lab-a",
		.has_lab = true,
		.lab_name = "lab-b",
		.has_call = true,
		.precedence = HL_FLASH,
		.status = HL_EXERCISE,
		.stored = 1732158000000,
		.deadline = 1732158600000,
		.step = "first",
		.moment = HL_MOMENT_CALL,
		.round = 2,
		.contacts = "mira\n+1 555\n"};
	struct hl_hook_run got;
	struct hl_buf bytes HL_CLEAN_BUF = {0};

	(void)state;
	memset(run.key.b, 7, sizeof(run.key.b));
	memset(run.call.b, 9, sizeof(run.call.b));
	assert_ok(hl_hook_encode(&run, &bytes));
	assert_ok(hl_hook_decode(hl_view_buf(&bytes), &got));
	assert_memory_equal(&run, &got, sizeof(run));
	for (size_t n = 0; n < bytes.n; n++)
		assert_true(hl_hook_decode(hl_view_of(bytes.p, n), &got) > 0);
	json_t *doc = hl_hook_json(&run);
	assert_string_equal(
		json_string_value(json_object_get(doc, "schema")), "hotline.hook.1");
	assert_string_equal(json_string_value(json_object_get(doc, "deadline")),
		"2024-11-21T03:10:00.000Z");
	assert_string_equal(json_string_value(json_object_get(doc, "summary")),
		"EXERCISE FLASH call from lab-b rings, answer by 03:10 UTC: hotline show "
		"00000000");
	assert_int_equal(json_array_size(json_object_get(doc, "contacts")), 2);
	json_decref(doc);
}

/* Machine tests and the want of an answered drill: never taken for a call. */
static void what_a_hook_reads_of_a_drill(void **state)
{
	static const struct {
		const char *state, *summary, *key;
	} rows[] = {{NULL, NULL, NULL},
		{"passed", "TEST The machine test of the line to lab-b has passed",
			"hotline-drill-"},
		{"missed", "TEST The machine test of the line to lab-b was missed",
			"hotline-drill-"},
		{"reminder",
			"TEST Nobody at lab-b has answered an exercise lately: hotline drill",
			"hotline-drill-reminder-"}};
	(void)state;

	assert_string_equal(hl_hook_event_name(HL_HOOK_DRILL), "drill");
	assert_null(hl_hook_event_name(HL_HOOK_EVENTS));
	for (uint64_t news = HL_DRILL_PASSED; news <= HL_DRILL_REMINDER; news++) {
		const struct hl_hook_run run = {.event = HL_HOOK_DRILL,
			.attempt = 1,
			.has_lab = true,
			.lab_name = "lab-b",
			.value = news};
		json_t *doc = hl_hook_json(&run);
		const char *key = json_string_value(json_object_get(doc, "alert_key"));

		assert_string_equal(json_string_value(json_object_get(doc, "state")),
			rows[news].state);
		assert_string_equal(json_string_value(json_object_get(doc, "summary")),
			rows[news].summary);
		assert_memory_equal(key, rows[news].key, strlen(rows[news].key));
		assert_int_equal(strlen(key), strlen(rows[news].key) + 64);
		assert_true(json_is_null(json_object_get(doc, "envelope")));
		assert_true(json_is_null(json_object_get(doc, "status")));
		json_decref(doc);
	}
}

static void messages_keep_their_form(void **state)
{
	char word[] = "/bin/true", more[] = "";
	struct hl_hook_program program = {.hook = {.name = "pager", .events = 6},
		.timeout = 9,
		.argv = {word, more}};
	struct hl_wire wire = {.type = HL_WIRE_HOOKS,
		.hooks = {.lab_name = "lab-a", .list = &program, .n = 1}};
	struct hl_wire got HL_CLEAN_WIRE = {.type = HL_WIRE_BEAT};
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	size_t used = 0;

	(void)state;
	assert_ok(hl_wire_write(&wire, &bytes));
	for (size_t n = 0; n < bytes.n; n++)
		assert_status(
			hl_wire_read(hl_view_of(bytes.p, n), &got, &used), HL_UNKNOWN);
	assert_ok(hl_wire_read(hl_view_buf(&bytes), &got, &used));
	assert_int_equal(used, bytes.n);
	assert_int_equal(got.hooks.n, 1);
	assert_string_equal(got.hooks.lab_name, "lab-a");
	assert_string_equal(got.hooks.list[0].hook.name, "pager");
	assert_int_equal(got.hooks.list[0].timeout, 9);
	assert_string_equal(got.hooks.list[0].argv[0], "/bin/true");
	assert_string_equal(got.hooks.list[0].argv[1], "");
	assert_null(got.hooks.list[0].argv[2]);
	bytes.p[4] = 0xc1;
	struct hl_wire bad HL_CLEAN_WIRE = {.type = HL_WIRE_BEAT};
	assert_true(hl_wire_read(hl_view_buf(&bytes), &bad, &used) > 0);
}

#define BENCH(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(steps_come_in_their_order),
		BENCH(a_step_repeats_until_it_is_answered),
		BENCH(a_deadline_is_told_and_steps_go_on),
		BENCH(a_close_ends_it),
		BENCH(exercise_and_actual_never_cross),
		BENCH(a_hook_that_changes_sides_gets_nothing_old),
		BENCH(quiet_hours_are_kept_but_for_flash),
		BENCH(one_that_was_handed_out_runs_again_after_a_crash),
		BENCH(what_was_due_while_it_was_away_runs_at_once),
		BENCH(a_jump_of_the_clock_neither_skips_nor_repeats),
		BENCH(a_jump_before_a_restart_neither),
		BENCH(a_reboot_with_a_clock_that_is_behind_puts_nothing_off),
		BENCH(a_clock_near_1970_loses_no_order),
		BENCH(a_suspend_skips_nothing),
		BENCH(what_fails_is_tried_again_with_longer_breaks),
		BENCH(without_a_result_it_is_handed_out_again),
		BENCH(hooks_that_hang_leave_room_for_flash),
		BENCH(our_own_call_without_an_answer),
		BENCH(our_own_close_ends_it),
		BENCH(a_monitor_or_another_lab_cannot_stop_it),
		BENCH(lines_are_told),
		BENCH(a_line_that_is_dead_since_the_start_is_told),
		BENCH(without_a_helper_what_is_due_waits),
		BENCH(a_gap_that_stays_is_told),
		cmocka_unit_test(an_order_keeps_its_form),
		cmocka_unit_test(what_a_hook_reads_of_a_drill),
		cmocka_unit_test(messages_keep_their_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
