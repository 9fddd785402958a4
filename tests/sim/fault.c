/* What strikes: lines, nodes, disks, clocks. */
#include "tests/sim/sim.h"

#define APART_MAX_MS 300000
#define LONG_MIN_MS  180000

enum way_apart { CUT, HOLE, STALL, WAYS };

/* An event of its own ends each, so that they heal in any order: lab and other, in end how. */
static void plan_heal(
	struct sim *sim, size_t a, size_t b, enum way_apart how, uint64_t delay)
{
	struct sim_event heal = {.type = AT_HEAL, .lab = a, .other = b, .end = how};

	sim_at(sim, &heal, delay);
}

/* For all links between two labs that are not over. */
static void for_wires(struct sim *sim, size_t a, size_t b,
	void (*strike)(struct sim *sim, uint64_t number))
{
	for (uint64_t i = sim->first_wire; i <= sim->n_wires; i++) {
		const struct wire *w = sim_wire_at(sim, i);
		size_t x = w->end[0].lab, y = w->end[1].lab;
		if (w->purpose != HL_PURPOSE_PEER ||
			(!w->end[0].open && !w->end[1].open) ||
			!((x == a && y == b) || (x == b && y == a)))
			continue;
		strike(sim, i);
	}
}

static void part_pair(
	struct sim *sim, size_t a, size_t b, enum way_apart how, uint64_t delay)
{
	sim_touch(sim, a, b);
	plan_heal(sim, a, b, how, delay);
	if (how == STALL) {
		sim->line[a][b].stalls++;
		sim->count[SIM_ONE_WAY]++;
		return;
	}
	sim->line[a][b].blocks++;
	sim->line[b][a].blocks++;
	for_wires(sim, a, b, how == CUT ? wire_cut : wire_swallow);
	sim->count[SIM_BLACKHOLES] += how == HOLE;
}

static uint64_t how_long(struct sim *sim)
{
	return rng_one_in(&sim->rng, 3) ? LONG_MIN_MS + rng_below(&sim->rng, APART_MAX_MS)
					: 1000 + rng_below(&sim->rng, 90000);
}

static void part_two(struct sim *sim)
{
	size_t n = sim->world.n_labs, a = rng_below(&sim->rng, n);
	size_t b = (a + 1 + rng_below(&sim->rng, n - 1)) % n;

	part_pair(sim, a, b, (enum way_apart)rng_below(&sim->rng, WAYS), how_long(sim));
}

/* Two sets of labs; each pair comes together again by itself. */
static void part_sets(struct sim *sim)
{
	size_t n = sim->world.n_labs;
	uint64_t side = 1 + rng_below(&sim->rng, (1u << n) - 2);
	enum way_apart how = (enum way_apart)rng_below(&sim->rng, WAYS);

	sim->count[SIM_PARTITIONS]++;
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < n; b++)
			if ((side >> a & 1) != 0 && (side >> b & 1) == 0)
				part_pair(sim, a, b, how,
					1000 + rng_below(&sim->rng, 120000));
}

void happen_heal(struct sim *sim, const struct sim_event *event)
{
	struct road *there = &sim->line[event->lab][event->other];
	struct road *back = &sim->line[event->other][event->lab];

	sim_touch(sim, event->lab, event->other);
	if (event->end != STALL) {
		there->blocks--;
		back->blocks--;
		return;
	}
	/* What stood still for long may be forgotten on the way, and never come. */
	if (there->stalls == 1 && sim_strikes(sim, 3)) {
		for_wires(sim, event->lab, event->other, wire_swallow);
		sim->count[SIM_FOREVER]++;
	}
	if (--there->stalls == 0)
		wire_go_on(sim, event->lab, event->other);
}

/* A line gets worse, or good again, for as long as the next word about it. */
static void change_line(struct sim *sim)
{
	size_t n = sim->world.n_labs, a = rng_below(&sim->rng, n);
	size_t b = (a + 1 + rng_below(&sim->rng, n - 1)) % n;
	struct road *line = &sim->line[a][b];

	line->lossy = rng_one_in(&sim->rng, 2);
	line->slow = rng_one_in(&sim->rng, 2) ? 0 : 8 + rng_below(&sim->rng, 100);
	line->changed = sim->now;
	sim->count[SIM_SLOW] += line->slow != 0;
}

static void cut_one(struct sim *sim, size_t lab)
{
	unsigned end;
	uint64_t wire = sim_wire(sim, lab, (lab + 1) % sim->world.n_labs, &end);

	if (rng_one_in(&sim->rng, 2))
		wire = sim->node[lab].actor[rng_below(&sim->rng, 2)].wire;
	if (wire != 0)
		wire_cut(sim, wire);
}

static void disk_trouble(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];

	if (node->disk == NULL || node->engine == NULL)
		return;
	switch (rng_below(&sim->rng, 3)) {
	case 0: disk_power_at(node->disk, 1 + rng_below(&sim->rng, 60)); break;
	case 1: disk_fail_at(node->disk, 1 + rng_below(&sim->rng, 60)); break;
	default:
		if (node->heals == 0) {
			struct sim_event room = {.type = AT_ROOM, .lab = lab};
			node->heals = sim->now + 500 + rng_below(&sim->rng, 90000);
			disk_full(node->disk, true);
			sim_at(sim, &room, node->heals - sim->now);
		}
	}
}

static void room(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];

	if (node->heals == 0)
		return;
	node->heals = 0;
	node->roomy_at = sim->now;
	disk_full(node->disk, false);
}

void happen_room(struct sim *sim, const struct sim_event *event)
{
	if (sim->node[event->lab].heals == event->at)
		room(sim, event->lab);
}

/* A stopped process, or a machine that sleeps: nothing happens there, and its clock runs. */
static void freeze(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];

	if (node->engine == NULL || node->frozen != 0)
		return;
	node->frozen = sim->now + 500 + rng_below(&sim->rng, 60000);
	sim_touch_all(sim, lab);
	sim->count[SIM_FROZEN]++;
}

static void skew(struct sim *sim, size_t lab)
{
	static const int64_t jumps[] = {1000, 3600000, 86400000};
	int64_t by = jumps[rng_below(&sim->rng, 3)];
	struct node *node = &sim->node[lab];

	/* Far away, back to about right, or back and forth; where backups are put back, forth
	 * alone: a receipt that falls back is known by its time. */
	if (sim->options.restores)
		node->skew += (int64_t)rng_below(&sim->rng, (uint64_t)jumps[1]);
	else if (node->skew != 0 && rng_one_in(&sim->rng, 2))
		node->skew = (int64_t)rng_below(&sim->rng, 2000) - 1000;
	else
		node->skew += (int64_t)rng_below(&sim->rng, 2 * (uint64_t)by) - by;
	sim->count[SIM_SKEWS]++;
}

void happen_fault(struct sim *sim)
{
	struct sim_event next = {.type = AT_FAULT};
	size_t lab = rng_below(&sim->rng, sim->world.n_labs);

	if (sim->quiet)
		return;
	sim_at(sim, &next, 5000 + rng_below(&sim->rng, 60000));
	switch (rng_below(&sim->rng, 12)) {
	case 0:
	case 1:
	case 2: part_two(sim); break;
	case 3: part_sets(sim); break;
	case 4:
	case 5: change_line(sim); break;
	case 6: cut_one(sim, lab); break;
	case 7: skew(sim, lab); break;
	case 8:
		if (rng_one_in(&sim->rng, 2) || sim->node[lab].frozen != 0)
			node_stop(sim, lab, rng_one_in(&sim->rng, 2));
		else
			node_shut_down(sim, lab);
		break;
	case 9: freeze(sim, lab); break;
	default: disk_trouble(sim, lab);
	}
}

void fault_end_all(struct sim *sim)
{
	for (size_t a = 0; a < sim->world.n_labs; a++) {
		struct node *node = &sim->node[a];
		if (node->disk != NULL) {
			disk_power_at(node->disk, 0);
			disk_fail_at(node->disk, 0);
			room(sim, a);
		}
		for (size_t b = 0; b < sim->world.n_labs; b++) {
			struct road *line = &sim->line[a][b];
			bool stalled = line->stalls > 0;
			line->stalls = line->blocks = 0;
			line->slow = 0;
			line->lossy = false;
			if (stalled)
				wire_go_on(sim, a, b);
		}
	}
}
