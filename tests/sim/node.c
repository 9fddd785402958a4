/* A node: its engine, its store, its clocks, its turns and its deaths. */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hl_now sim_clock(const struct sim *sim, const struct node *node)
{
	return (struct hl_now){(uint64_t)((int64_t)(WORLD_START + sim->now) + node->skew),
		SIM_BOOT + sim->now - node->booted};
}

/* ------------------------------------------------------------- its turns */

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

static void carry_all_out(struct sim *sim, size_t lab)
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

static void count_disk(struct sim *sim, size_t lab)
{
	struct disk_report r = {0};

	if (sim->node[lab].disk == NULL)
		return;
	r = disk_take_report(sim->node[lab].disk);
	sim->count[SIM_FAILED_WRITES] += r.failed_writes;
	sim->count[SIM_FAILED_SYNCS] += r.failed_syncs;
	sim->count[SIM_TORN_WRITES] += r.torn;
	sim->count[SIM_LOST_WRITES] += r.lost;
	sim->count[SIM_LOST_NAMES] += r.lost_names;
	if (r.retried)
		sim_fail(sim, "I13: lab-%c tried a failed sync again", (char)('a' + lab));
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
		(node->heals != 0 || sim->now - node->roomy_at < 10)) {
		sim->count[SIM_FULL]++;
	} else if (status == HL_ERR_NOMEM && node->alloc) {
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

	if (status == HL_ERR_NOSPACE && sim->now - node->lost_told > 60000)
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
	carry_all_out(sim, lab);
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

/* ------------------------------------------------- its starts and its ends */

/* False: the power went again meanwhile. */
static bool open_store(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	char error[HL_STORE_ERROR_MAX] = "";

	enum hl_status status = hl_store_open(
		node->disk != NULL ? node->path : ":memory:", &sim->world.net,
		&sim->world.lab[lab].id, &node->store, error);
	if (status == HL_OK)
		return true;
	node->store = NULL;
	if (node->disk != NULL && disk_dead(node->disk)) {
		sim->count[SIM_POWER]++;
		disk_start(node->disk, true);
		count_disk(sim, lab);
	} else {
		sim_fail(sim, "I13: lab-%c cannot open its store: %s", (char)('a' + lab),
			error);
	}
	return false;
}

/* A machine that got its power again is another boot. */
static void boot(struct sim *sim, struct node *node)
{
	struct hl_entropy entropy = rng_entropy(&node->rng);

	node->booted = sim->now;
	must(hl_entropy_fill(&entropy, node->config.boot.b, HL_ID_SIZE), "boot");
}

void node_start(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	struct hl_now now = sim_clock(sim, node);
	const struct hl_event tick = {.type = HL_EVENT_TIMER};
	struct sim_event again = {.type = AT_RESTART, .lab = lab};

	if (node->store == NULL) {
		if (node->disk != NULL && sim_strikes(sim, 20))
			disk_power_at(node->disk, 1 + rng_below(&sim->rng, 12));
		if (!open_store(sim, lab)) {
			sim_at(sim, &again, 1000);
			return;
		}
		if (node->disk != NULL)
			disk_power_at(node->disk, 0);
	}
	must(hl_engine_new(&node->config, node->store, &now, &node->engine), "engine");
	must(hl_engine_set_policy(node->engine, &sim_policy), "policy");
	node->turn = false;
	node->timer_at = 0;
	node->up_at = sim->now;
	node->life++;
	node->frozen = 0;
	memset(node->dead, 0, sizeof(node->dead));
	node->refuses = node->two_due = node->alloc = false;
	node->lost_told = 0;
	sim_touch_all(sim, lab);
	check_start(sim, lab);
	sim_step(sim, lab, &tick);
	for (size_t i = 0; i < WORLD_DEVICES; i++)
		actor_connect(sim, lab, i);
}

/* What a lab's devices have in their outboxes goes to its node again. */
static void restored(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];

	sim->count[SIM_RESTORED]++;
	node->restored = true;
	memset(node->pulse, 0, sizeof(node->pulse));
	hook_free(node);
	/* What it said in its other life is over: no answer of then comes now. */
	for (uint64_t i = sim->first_wire; i <= sim->n_wires; i++) {
		struct wire *wire = sim_wire_at(sim, i);
		if (wire->purpose != HL_PURPOSE_DEVICE || wire->end[1].lab != lab)
			continue;
		wire->end[1].way.cut = true;
		wire->end[1].way.left = 0;
	}
	for (size_t i = 0; i < sim->n_letters; i++) {
		struct letter *l = &sim->letter[i];
		memset(l->fed[lab], 0, sizeof(l->fed[lab]));
		l->overdue[lab] = 0;
		l->stored &= ~(1u << lab);
		if (l->lab != lab || l->barred)
			continue;
		l->accepted = false;
		/* Nobody can hand it in again. */
		l->barred = sim_is_late(sim, l);
	}
}

/* While nobody has it open, a copy is made of the disk, or put back. */
static void back_up(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];

	if (!sim->options.restores || sim->quiet)
		return;
	if (node->saved != NULL && rng_one_in(&sim->rng, 4)) {
		disk_put_back(node->disk, node->saved);
		restored(sim, lab);
	} else if (node->saved == NULL || rng_one_in(&sim->rng, 2)) {
		disk_copy_free(node->saved);
		node->saved = disk_copy(node->disk);
	}
}

static void close_store(struct sim *sim, size_t lab, bool power)
{
	struct node *node = &sim->node[lab];

	if (node->disk == NULL) { /* what was not committed is gone */
		hl_store_rollback(node->store);
		return;
	}
	/* A process that stops by itself closes its store. */
	if (!disk_failed(node->disk) || power || disk_dead(node->disk))
		disk_stop(node->disk);
	hl_store_close(node->store);
	node->store = NULL;
	count_disk(sim, lab);
	disk_start(node->disk, power);
	count_disk(sim, lab);
	back_up(sim, lab);
}

void node_stop(struct sim *sim, size_t lab, bool power)
{
	struct node *node = &sim->node[lab];
	struct sim_event event = {.type = AT_RESTART, .lab = lab};
	bool silent = power && rng_one_in(&sim->rng, 2);

	if (node->engine == NULL)
		return;
	hl_engine_free(node->engine);
	node->engine = NULL;
	node->frozen = 0;
	sim_touch_all(sim, lab);
	close_store(sim, lab, power);
	if (power)
		boot(sim, node);
	for (uint64_t i = sim->first_wire; i <= sim->n_wires; i++) {
		struct wire *wire = sim_wire_at(sim, i);
		for (unsigned e = 0; e < 2; e++)
			if (!wire->end[e].device && wire->end[e].lab == lab)
				wire_drop(sim, i, e,
					silent && wire->purpose == HL_PURPOSE_PEER);
	}
	sim_at(sim, &event, 500 + rng_below(&sim->rng, sim->quiet ? 1000 : 60000));
}

void sim_crash(struct sim *sim, size_t lab)
{
	node_stop(sim, lab, false);
}

static void give_docs(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	struct hl_now now = sim_clock(sim, node);

	must(hl_engine_put(node->engine, HL_DOC_CARD,
		     hl_view_buf(&sim->world.lab[lab].cards[0]), &now),
		"own card");
	must(hl_engine_put(node->engine, HL_DOC_DIRECTORY,
		     hl_view_buf(&sim->world.lab[lab].directory), &now),
		"directory");
	for (size_t i = 0; i < sim->world.n_labs; i++)
		if (i != lab)
			must(hl_engine_put(node->engine, HL_DOC_CARD,
				     hl_view_buf(&sim->world.lab[i].cards[0]), &now),
				"a peer's card");
	must(hl_engine_commit(node->engine, &now), "documents");
	carry_all_out(sim, lab);
}

/* The store makes its file; the journal is SQLite's, which only makes the simulated one. */
static void make_namesake(const char *path)
{
	char name[220];

	snprintf(name, sizeof(name), "%s-wal", path);
	FILE *file = fopen(name, "a");
	if (file == NULL)
		abort();
	fclose(file);
}

void node_make(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	struct world_lab *wl = &sim->world.lab[lab];
	struct hl_now now;

	node->rng.s = rng_next(&sim->rng);
	node->disk = disks_get(sim->disks, lab);
	if (node->disk != NULL) {
		snprintf(node->path, sizeof(node->path), "%.120s/%c.store",
			sim->options.dir, (char)('a' + lab));
		make_namesake(node->path);
	}
	if (!open_store(sim, lab))
		abort();
	boot(sim, node);
	node->config.net = sim->world.net;
	node->config.lab = wl->id;
	node->config.sign = &wl->node_sign;
	memcpy(node->config.link, wl->node_link.pub, HL_KEY_SIZE);
	node->config.entropy = rng_entropy(&node->rng);
	node->config.version = "simulated";
	now = sim_clock(sim, node);
	must(hl_engine_new(&node->config, node->store, &now, &node->engine), "engine");
	give_docs(sim, lab);
	hl_engine_free(node->engine);
	node_start(sim, lab);
}

void node_free(struct node *node)
{
	hl_engine_free(node->engine);
	if (node->disk != NULL)
		disk_stop(node->disk); /* nothing has to be kept of it */
	hl_store_close(node->store);
	disk_copy_free(node->saved);
	hook_free(node);
	for (size_t k = 0; k < WORLD_LABS; k++)
		hl_buf_clear(&node->said[k]);
}
