/* A node: its clocks, its store, its starts and its deaths. */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRILL_EVERY_S 600

struct hl_now sim_clock(const struct sim *sim, const struct node *node)
{
	return (struct hl_now){(uint64_t)((int64_t)(WORLD_START + sim->now) + node->skew),
		SIM_BOOT + sim->now - node->booted};
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
	node->full_told = false;
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

/* True: the power went, before or meanwhile. */
static bool close_store(struct sim *sim, size_t lab, bool power)
{
	struct node *node = &sim->node[lab];

	if (node->disk == NULL) { /* what was not committed is gone */
		hl_store_rollback(node->store);
		return power;
	}
	/* A process that stops by itself closes its store. */
	if (!node->leaves && (!disk_failed(node->disk) || power))
		disk_stop(node->disk);
	hl_store_close(node->store);
	node->store = NULL;
	count_disk(sim, lab);
	power = power || (node->leaves && disk_dead(node->disk));
	disk_start(node->disk, power);
	count_disk(sim, lab);
	back_up(sim, lab);
	return power;
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
	if (close_store(sim, lab, power))
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

void node_shut_down(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	const struct hl_event e = {.type = HL_EVENT_SHUTDOWN};

	sim_step(sim, lab, &e);
	if (node->engine != NULL && node->turn)
		node_end_turn(sim, lab);
	if (node->engine == NULL)
		return;
	if (node->disk != NULL && rng_one_in(&sim->rng, 2))
		disk_power_at(node->disk, 1 + rng_below(&sim->rng, 8));
	sim->count[SIM_SHUTDOWNS]++;
	node->leaves = true;
	node_stop(sim, lab, rng_one_in(&sim->rng, 2));
	node->leaves = false;
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
	node_carry_out(sim, lab);
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
	/* Every other seed: the lines are tested too. */
	node->config.seal = &wl->node_seal;
	node->config.drill_every = (sim->options.seed >> 1 & 1) != 0 ? DRILL_EVERY_S : 0;
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
