/* The helper: runs what it is handed, and says how it ended, unless it is lost. */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#define RUNS    (sizeof(((struct node *)0)->runs) / sizeof(struct run *))
#define LOST_MS ((HL_HOOK_TIMEOUT_MAX + 60) * 1000ull)
#define REPEATS 600

#define CALL_EVENTS                                                            \
	(1u << HL_HOOK_CALL | 1u << HL_HOOK_ANSWERED | 1u << HL_HOOK_OVERDUE | \
		1u << HL_HOOK_CLOSED | 1u << HL_HOOK_UNANSWERED)

static const struct hl_policy_hook hooks[] = {
	{"live", false, CALL_EVENTS | 1u << HL_HOOK_GAP | 1u << HL_HOOK_STORE},
	{"drill", true, CALL_EVENTS},
};

#define STEPS(precedence)                                                              \
	{precedence, "first", HL_MOMENT_CALL, 0, REPEATS, "live", "Mira\n"},           \
		{precedence, "second", HL_MOMENT_CALL, 120, 0, "live", "Mira\nJun\n"}, \
		{precedence, "chase", HL_MOMENT_UNANSWERED, 5, REPEATS, "live",        \
			"Jun\n"},                                                      \
	{                                                                              \
		precedence, "try", HL_MOMENT_CALL, 0, REPEATS, "drill", "Mira\n"       \
	}

static const struct hl_policy_step steps[] = {
	STEPS(HL_ROUTINE), STEPS(HL_PRIORITY), STEPS(HL_IMMEDIATE), STEPS(HL_FLASH)};

const struct hl_policy sim_policy = {.hooks = hooks,
	.steps = steps,
	.n_hooks = sizeof(hooks) / sizeof(hooks[0]),
	.n_steps = sizeof(steps) / sizeof(steps[0])};

static struct run *find(struct node *node, const struct hl_id *key)
{
	struct run *run = node->runs[key->b[0] % RUNS];

	while (run != NULL && !hl_id_eq(&run->key, key))
		run = run->next;
	return run;
}

/* What makes two runs one. */
static bool is_same(const struct run *a, const struct hl_hook_run *b)
{
	bool call = b->has_call;

	return a->event == b->event && hl_id_eq(&a->call, &b->call) &&
		hl_id_eq(&a->lab, &b->lab) && a->round == b->round &&
		(call || (a->time == b->time && a->value == b->value)) &&
		strcmp(a->step, b->step) == 0 && strcmp(a->hook, b->hook) == 0;
}

/* I3: the same thing has the same key, and another one another. */
static struct run *keep(
	struct sim *sim, struct node *node, const struct hl_hook_run *order)
{
	struct run *run = find(node, &order->key);

	if (run != NULL && !is_same(run, order))
		sim_fail(sim, "I3: two runs of hooks have one key");
	for (size_t i = 0; run == NULL && i < RUNS; i++)
		for (const struct run *r = node->runs[i]; r != NULL; r = r->next)
			if (is_same(r, order))
				sim_fail(sim, "I3: one run of a hook has two keys");
	if (run != NULL)
		return run;
	run = calloc(1, sizeof(*run));
	if (run == NULL)
		abort();
	run->key = order->key;
	run->call = order->call;
	run->lab = order->lab;
	run->event = order->event;
	run->round = order->round;
	run->value = order->value;
	run->time = order->time;
	memcpy(run->step, order->step, sizeof(run->step));
	memcpy(run->hook, order->hook, sizeof(run->hook));
	run->next = node->runs[order->key.b[0] % RUNS];
	node->runs[order->key.b[0] % RUNS] = run;
	return run;
}

/* I14: exercise rings through what is for exercises, and nothing else does. */
static void check_flag(struct sim *sim, const struct hl_hook_run *order)
{
	const struct letter *letter =
		order->has_call ? sim_letter(sim, &order->call) : NULL;
	bool exercise = letter != NULL && letter->status != HL_ACTUAL;

	if (order->has_call && letter == NULL)
		sim_fail(sim, "I4: a hook runs for a call that nobody issued");
	else if (exercise && strcmp(order->hook, "drill") != 0)
		sim_fail(sim, "I14: an exercise has run a live hook");
	else if (!exercise && strcmp(order->hook, "live") != 0)
		sim_fail(sim, "I14: what is live has run a hook for exercises");
	else if (order->has_call && order->status != letter->status)
		sim_fail(sim, "I14: a hook is told another status");
}

static void end_later(struct sim *sim, size_t lab, const struct run *run)
{
	struct sim_event event = {.type = AT_HOOK, .lab = lab};

	event.wire = sim->node[lab].life;
	if (sim_strikes(sim, 30)) {
		sim->count[SIM_HOOK_LOST]++;
		return;
	}
	if (sim_strikes(sim, 8)) {
		sim->count[SIM_HOOK_FAILED]++;
		event.end = 1;
	}
	must(hl_buf_append(&event.bytes, hl_view_id(&run->key)), "hook");
	sim_at(sim, &event, 50 + rng_below(&sim->rng, 4000));
}

void hook_take(struct sim *sim, size_t lab, struct hl_view bytes)
{
	struct node *node = &sim->node[lab];
	struct hl_hook_run order;

	must(hl_hook_decode(bytes, &order), "order");
	sim->count[SIM_HOOKS]++;
	sim->count[SIM_CHECKS]++;
	check_flag(sim, &order);
	/* Trouble of the store is told past the store, as often as it lasts. */
	if (order.event == HL_HOOK_STORE && !order.has_lab)
		return;
	struct run *run = keep(sim, node, &order);
	/* I3: once, but for one that failed, that was lost, or between which lies a crash. */
	if (run->done && run->life == node->life)
		sim_fail(sim, "I3: a hook of lab-%c ran again after it had gone well",
			(char)('a' + lab));
	if (run->runs && run->life == node->life && sim->now - run->at < LOST_MS)
		sim_fail(sim, "I3: a hook of lab-%c runs twice", (char)('a' + lab));
	/* What was done in an earlier life may not have been written. */
	run->done = false;
	run->runs = true;
	run->life = node->life;
	run->at = sim->now;
	end_later(sim, lab, run);
}

void hook_turn_lost(struct sim *sim, size_t lab)
{
	for (size_t i = 0; i < RUNS; i++)
		for (struct run *r = sim->node[lab].runs[i]; r != NULL; r = r->next)
			if (r->ended != 0 && r->ended >= sim->node[lab].turn_at) {
				r->done = false;
				r->runs = true; /* for all that the engine knows */
			}
}

void happen_hook(struct sim *sim, struct sim_event *event)
{
	struct node *node = &sim->node[event->lab];
	struct hl_event e = {.type = HL_EVENT_HOOK_DONE};

	/* The result of one that a dead node began is told to nobody. */
	if (node->engine != NULL && node->life == event->wire) {
		memcpy(e.hook_done.key.b, event->bytes.p, HL_ID_SIZE);
		e.hook_done.code = event->end;
		struct run *run = find(node, &e.hook_done.key);
		if (run != NULL) {
			run->runs = false;
			run->done = run->done || e.hook_done.code == 0;
			run->ended = sim->now;
		}
		sim_step(sim, event->lab, &e);
	}
	hl_buf_clear(&event->bytes);
}

void hook_free(struct node *node)
{
	for (size_t i = 0; i < RUNS; i++)
		while (node->runs[i] != NULL) {
			struct run *next = node->runs[i]->next;
			free(node->runs[i]);
			node->runs[i] = next;
		}
}

/* I3: at least once. Whatever is to ring has rung. */
void hook_check_rest(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_letters; i++) {
		const struct letter *l = &sim->letter[i];
		if (l->class != HL_CLASS_CALL || l->barred)
			continue;
		for (size_t lab = 0; lab < sim->world.n_labs; lab++) {
			bool rung = false;
			struct node *node = &sim->node[lab];
			if (lab == l->lab || (l->labs >> lab & 1) == 0 ||
				node->restored || (l->refused >> lab & 1) != 0 ||
				check_call_ended(sim, l, lab))
				continue;
			for (size_t k = 0; k < RUNS; k++)
				for (struct run *r = node->runs[k]; r != NULL;
					r = r->next)
					rung = rung ||
						(r->event == HL_HOOK_CALL &&
							hl_id_eq(&r->call, &l->id));
			sim->count[SIM_CHECKS]++;
			if (!rung)
				sim_fail(sim, "I3: no hook ran for a call at lab-%c",
					(char)('a' + lab));
		}
	}
}
