/* A node's turns: steps, a commit, and what it allows. */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <string.h>

#define FLUSH_MAX 64

/* Frames of one turn share records: what was sent is sealed at its end. */
struct flush {
	uint64_t wire[FLUSH_MAX];
	size_t n;
};

static unsigned end_of(struct sim *sim, uint64_t number, size_t lab)
{
	const struct wire *wire = sim_wire_at(sim, number);

	return !wire->end[0].device && wire->end[0].lab == lab ? 0 : 1;
}

static void flush(struct sim *sim, size_t lab, struct flush *flush)
{
	for (size_t i = 0; i < flush->n; i++)
		wire_pump(sim, flush->wire[i], end_of(sim, flush->wire[i], lab));
	flush->n = 0;
}

static void send_out(
	struct sim *sim, size_t lab, struct hl_effect_out *effect, struct flush *list)
{
	size_t i = 0;

	check_sent(sim, lab, effect);
	wire_send(sim, effect->link, end_of(sim, effect->link, lab), effect->lane,
		&effect->frame);
	while (i < list->n && list->wire[i] != effect->link)
		i++;
	if (i < list->n)
		return;
	if (i == FLUSH_MAX)
		flush(sim, lab, list);
	list->wire[list->n++] = effect->link;
}

static void carry_out(
	struct sim *sim, size_t lab, struct hl_effect_out *effect, struct flush *list)
{
	switch (effect->type) {
	case HL_EFFECT_SEND: send_out(sim, lab, effect, list); break;
	case HL_EFFECT_CLOSE:
		wire_close(sim, effect->link, end_of(sim, effect->link, lab));
		break;
	case HL_EFFECT_DIAL: sim_dial(sim, lab, effect); break;
	case HL_EFFECT_PAUSE: break; /* who reads on all the same does no harm */
	case HL_EFFECT_HOOK: hook_take(sim, lab, hl_view_buf(&effect->frame)); break;
	case HL_EFFECT_LOG:
		if (sim->options.verbose)
			printf("%10llu lab-%c <%u> %s\n", (unsigned long long)sim->now,
				(char)('a' + lab), effect->priority, effect->text);
		check_log(sim, lab, effect);
		break;
	}
	hl_buf_clear(&effect->frame);
}

void node_carry_out(struct sim *sim, size_t lab)
{
	struct hl_effect_out effect;
	struct flush list = {{0}, 0};

	while (hl_engine_effect(sim->node[lab].engine, &effect))
		carry_out(sim, lab, &effect, &list);
	flush(sim, lab, &list);
}

static void plan_timer(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	uint64_t next = hl_engine_next(node->engine), boot = sim_clock(sim, node).boot;
	uint64_t at = next > boot ? sim->now + next - boot : sim->now + 1;
	struct sim_event event = {.type = AT_TIMER, .lab = lab};

	if (node->timer_at > sim->now && node->timer_at <= at)
		return;
	node->timer_at = at;
	sim_at(sim, &event, at - sim->now);
}

static bool let_allocation_fail(struct sim *sim, unsigned n)
{
	return sim->options.fail_allocation != NULL && sim->options.fail_allocation(n);
}

/* What is right for a node to do after a turn that it lost. True: it goes on. */
static bool lost_turn(struct sim *sim, size_t lab, enum hl_status status)
{
	struct node *node = &sim->node[lab];

	node->lost_at = sim->now;
	hook_turn_lost(sim, lab);
	sim_touch_all(sim, lab);
	if (node->disk != NULL && disk_dead(node->disk)) {
		sim->count[SIM_POWER]++;
		node_stop(sim, lab, true);
		return false;
	}
	if (status == HL_ERR_STORE && node->disk != NULL && disk_failed(node->disk)) {
		/* I13: it stops, and what it had to say is not said. */
		node_stop(sim, lab, false);
		return false;
	}
	if (status == HL_ERR_NOSPACE &&
		(node->heals != 0 || sim->now - node->roomy_at < 10))
		return true;
	if (status == HL_ERR_NOMEM && node->alloc) {
		sim->count[SIM_NO_MEMORY]++;
	} else if (status == HL_ERR_STORE && node->alloc) {
		/* No memory even to read its state again: it stops too. */
		sim->count[SIM_NO_MEMORY]++;
		node_stop(sim, lab, false);
		return false;
	} else {
		sim_fail(sim, "I13: lab-%c lost a turn for no reason: %s (%s)",
			(char)('a' + lab), hl_status_name(status),
			hl_store_error(node->store));
	}
	return true;
}

/* What must have been said at the end of a turn. */
static void check_turn(struct sim *sim, size_t lab, enum hl_status status)
{
	struct node *node = &sim->node[lab];

	if (status == HL_ERR_NOSPACE && !node->full_told)
		sim_fail(sim, "I12: lab-%c does not say that its disk is full",
			(char)('a' + lab));
	if (status == HL_OK && node->two_due && !node->two_told && !node->restored)
		sim_fail(sim, "I5: lab-%c saw two heads with one number, and no alarm",
			(char)('a' + lab));
}

void node_end_turn(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	struct hl_now now = sim_clock(sim, node);

	node->turn = false;
	if (sim_strikes(sim, 8000)) {
		sim->count[SIM_CRASH_BEFORE]++;
		node_stop(sim, lab, rng_one_in(&sim->rng, 2));
		return;
	}
	if (sim_strikes(sim, 5000))
		let_allocation_fail(sim, 1 + (unsigned)rng_below(&sim->rng, 60));
	enum hl_status status = hl_engine_commit(node->engine, &now);
	node->alloc = let_allocation_fail(sim, 0) || node->alloc;
	if (status != HL_OK && !lost_turn(sim, lab, status))
		return;
	node->alloc = false;
	node->refuses = status != HL_OK;
	if (status == HL_OK && sim_strikes(sim, 8000)) {
		sim->count[SIM_CRASH_AFTER]++;
		node_stop(sim, lab, rng_one_in(&sim->rng, 2));
		return;
	}
	node->two_told = false;
	node_carry_out(sim, lab);
	check_turn(sim, lab, status);
	node->refuses = node->two_due = false;
	plan_timer(sim, lab);
}

void sim_step(struct sim *sim, size_t lab, const struct hl_event *event)
{
	struct node *node = &sim->node[lab];
	struct hl_now now = sim_clock(sim, node);

	if (node->engine == NULL)
		return;
	if (!node->turn)
		node->turn_at = sim->now;
	if (sim_strikes(sim, 5000))
		let_allocation_fail(sim, 1 + (unsigned)rng_below(&sim->rng, 40));
	/* Of a link that lost its race nothing is heard any more. */
	if (event->type == HL_EVENT_FRAME && node->contrary != 0 &&
		sim_hash(0, event->frame.bytes) == node->contrary) {
		const struct wire *wire = sim_wire_at(sim, event->link);
		size_t from = wire->end[wire->end[0].lab == lab ? 1 : 0].lab;
		node->two_due = sim->line[from][lab].wire == event->link &&
			sim->now - sim->line[from][lab].touched > 1000;
		node->contrary = 0;
	}
	/* A turn that is lost is told by its commit. */
	(void)!hl_engine_step(node->engine, event, &now);
	node->alloc = let_allocation_fail(sim, 0) || node->alloc;
	if (!sim->options.faults || rng_below(&sim->rng, 10) < 7) {
		node_end_turn(sim, lab);
	} else if (!node->turn) {
		/* Several events in one turn. */
		struct sim_event commit = {.type = AT_COMMIT, .lab = lab};
		node->turn = true;
		sim_at(sim, &commit, rng_below(&sim->rng, 4));
	}
}
