/* Virtual time: what happens when, from one seed. */
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_fail(struct sim *sim, const char *format, ...)
{
	char text[200];
	va_list args;

	if (sim->failure[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(sim->failure, sizeof(sim->failure), "at %llu ms: %s",
		(unsigned long long)sim->now, text);
}

bool sim_strikes(struct sim *sim, uint64_t n)
{
	return sim->options.faults && !sim->quiet && rng_one_in(&sim->rng, n);
}

size_t sim_lab(const struct sim *sim, const struct hl_id *id)
{
	size_t i = 0;

	while (i < sim->world.n_labs && !hl_id_eq(&sim->world.lab[i].id, id))
		i++;
	return i;
}

void sim_touch(struct sim *sim, size_t a, size_t b)
{
	sim->line[a][b].touched = sim->line[b][a].touched = sim->now;
}

void sim_touch_all(struct sim *sim, size_t lab)
{
	for (size_t i = 0; i < sim->world.n_labs; i++)
		sim_touch(sim, lab, i);
}

uint64_t sim_hash(uint64_t state, struct hl_view bytes)
{
	const uint64_t prime = 0x9fb21c651e98df25u;

	for (; bytes.n >= 8; bytes.p += 8, bytes.n -= 8) {
		uint64_t word;
		memcpy(&word, bytes.p, 8);
		state = (state ^ word) * prime;
		state ^= state >> 29;
	}
	for (; bytes.n > 0; bytes.p++, bytes.n--)
		state = (state ^ *bytes.p) * prime;
	return state ^ state >> 32;
}

/* A heap by time, and by order of making where times are equal. */
static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->number < b->number;
}

/* With the number that it has. */
static void push(struct sim *sim, struct sim_event *event, uint64_t delay)
{
	if (sim->n_heap == sim->cap_heap) {
		sim->cap_heap = sim->cap_heap == 0 ? 256 : sim->cap_heap * 2;
		sim->heap = realloc(sim->heap, sim->cap_heap * sizeof(*sim->heap));
		if (sim->heap == NULL)
			abort();
	}
	event->at = sim->now + delay;
	size_t i = sim->n_heap++;
	while (i > 0 && before(event, &sim->heap[(i - 1) / 2])) {
		sim->heap[i] = sim->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	sim->heap[i] = *event;
}

void sim_at(struct sim *sim, struct sim_event *event, uint64_t delay)
{
	event->number = sim->n_events++;
	push(sim, event, delay);
}

static struct sim_event take_first(struct sim *sim)
{
	struct sim_event first = sim->heap[0], last = sim->heap[--sim->n_heap];
	size_t i = 0;

	while (2 * i + 1 < sim->n_heap) {
		size_t k = 2 * i + 1;
		if (k + 1 < sim->n_heap && before(&sim->heap[k + 1], &sim->heap[k]))
			k++;
		if (!before(&sim->heap[k], &last))
			break;
		sim->heap[i] = sim->heap[k];
		i = k;
	}
	sim->heap[i] = last;
	return first;
}

struct sim *sim_new(const struct sim_options *options)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (sim == NULL)
		abort();
	sim->options = *options;
	sim->rng.s = options->seed * 0x9e3779b97f4a7c15u + 1;
	sim->first_wire = 1;
	world_init(&sim->world, options->seed + 77, options->labs);
	if (options->dir != NULL)
		sim->disks = disks_new(rng_next(&sim->rng));
	sim->quiet = true;
	for (size_t i = 0; i < options->labs; i++)
		node_make(sim, i);
	sim->quiet = !options->faults;
	struct sim_event act = {.type = AT_ACT}, fault = {.type = AT_FAULT};
	struct sim_event tick = {.type = AT_TICK};
	sim_at(sim, &tick, SIM_TICK_MS);
	if (options->acts)
		sim_at(sim, &act, 5000);
	if (options->faults)
		sim_at(sim, &fault, 10000);
	return sim;
}

void sim_free(struct sim *sim)
{
	if (sim == NULL)
		return;
	for (size_t i = 0; i < sim->world.n_labs; i++)
		node_free(&sim->node[i]);
	disks_free(sim->disks);
	while (sim->n_heap > 0)
		hl_buf_clear(&sim->heap[--sim->n_heap].bytes);
	for (size_t i = 0; i < sim->n_letters; i++) {
		hl_buf_clear(&sim->letter[i].doc);
		hl_envelope_clear(&sim->letter[i].parsed);
	}
	for (uint64_t i = 1; i <= sim->n_wires; i++)
		wire_free(sim->wires[i]);
	hl_buf_clear(&sim->suspension);
	world_clear(&sim->world);
	free(sim->heap);
	free(sim->wires);
	free(sim);
}

/* ------------------------------------------------------------- what happens */

/* The node to which something happens; none: n_labs. */
static size_t concerned(const struct sim *sim, const struct sim_event *event)
{
	const struct end *end;

	switch (event->type) {
	case AT_BYTES:
	case AT_GO_ON:
	case AT_PUMP:
	case AT_DOWN:
	case AT_DRAINED:
		end = &sim->wires[event->wire]->end[event->end];
		return end->device ? sim->world.n_labs : end->lab;
	case AT_TIMER:
	case AT_COMMIT:
	case AT_DIALLED:
	case AT_DIAL_FAILED:
	case AT_DEVICE:
	case AT_HOOK: return event->lab;
	case AT_CLOSED:
	case AT_RESTART:
	case AT_ACT:
	case AT_FAULT:
	case AT_HEAL:
	case AT_ROOM:
	case AT_TICK: break;
	}
	return sim->world.n_labs;
}

/* A stopped node finds all that happened meanwhile when it goes on, in its order. */
static bool waits(struct sim *sim, struct sim_event *event)
{
	size_t lab = concerned(sim, event);

	if (lab == sim->world.n_labs || sim->node[lab].frozen == 0)
		return false;
	struct node *node = &sim->node[lab];
	if (node->frozen <= sim->now) {
		node->frozen = 0;
		node->lost_at = sim->now;
		sim_touch_all(sim, lab);
		return false;
	}
	if (event->type == AT_TIMER && node->timer_at == event->at)
		node->timer_at = node->frozen;
	push(sim, event, node->frozen - sim->now);
	return true;
}

static void happen_timer(struct sim *sim, const struct sim_event *event)
{
	const struct hl_event e = {.type = HL_EVENT_TIMER};
	struct node *node = &sim->node[event->lab];

	if (node->timer_at != event->at)
		return; /* it was set anew */
	node->timer_at = 0;
	sim_step(sim, event->lab, &e);
}

static void happen_restart(struct sim *sim, size_t lab)
{
	if (sim->node[lab].engine != NULL)
		return;
	sim->count[SIM_RESTARTS]++;
	node_start(sim, lab);
}

static void happen_dial_failed(struct sim *sim, const struct sim_event *event)
{
	struct hl_event e = {.type = HL_EVENT_DIAL_FAILED};

	e.dial_failed.lab = sim->world.lab[event->other].id;
	e.dial_failed.why = "nobody is there";
	sim_step(sim, event->lab, &e);
}

static void happen_act(struct sim *sim)
{
	struct sim_event next = {.type = AT_ACT};

	if (sim->quiet && sim->options.faults)
		return;
	sim_act(sim);
	sim_at(sim, &next, 500 + rng_below(&sim->rng, 30000));
}

static void happen_tick(struct sim *sim)
{
	struct sim_event next = {.type = AT_TICK};

	check_tick(sim);
	while (sim->first_wire < sim->n_wires) {
		const struct wire *w = sim_wire_at(sim, sim->first_wire);
		if (w->end[0].open || w->end[1].open || w->end[0].closing ||
			w->end[1].closing)
			break;
		sim->first_wire++;
	}
	sim_at(sim, &next, SIM_TICK_MS);
}

static void happen(struct sim *sim, struct sim_event *event)
{
	switch (event->type) {
	case AT_BYTES: happen_bytes(sim, event); break;
	case AT_PUMP:
		sim_wire_at(sim, event->wire)->end[event->end].way.planned = false;
		wire_pump(sim, event->wire, event->end);
		break;
	case AT_GO_ON: happen_go_on(sim, event); break;
	case AT_DOWN: happen_down(sim, event); break;
	case AT_CLOSED: happen_closed(sim, event); break;
	case AT_DRAINED: happen_drained(sim, event); break;
	case AT_TIMER: happen_timer(sim, event); break;
	case AT_COMMIT:
		if (sim->node[event->lab].engine != NULL && sim->node[event->lab].turn)
			node_end_turn(sim, event->lab);
		break;
	case AT_RESTART: happen_restart(sim, event->lab); break;
	case AT_DIAL_FAILED: happen_dial_failed(sim, event); break;
	case AT_DIALLED: happen_dialled(sim, event); break;
	case AT_DEVICE: happen_device(sim, event); break;
	case AT_ACT: happen_act(sim); break;
	case AT_FAULT: happen_fault(sim); break;
	case AT_HEAL:
		if (!sim->quiet)
			happen_heal(sim, event);
		break;
	case AT_ROOM: happen_room(sim, event); break;
	case AT_HOOK: happen_hook(sim, event); break;
	case AT_TICK: happen_tick(sim); break;
	}
}

static void trace(struct sim *sim, const struct sim_event *event)
{
	uint8_t head[40];

	hl_put_be64(head, event->at);
	hl_put_be64(head + 8, event->type);
	hl_put_be64(head + 16, event->wire);
	hl_put_be64(head + 24, event->lab << 8 | event->other);
	hl_put_be64(head + 32, event->end);
	sim->trace = sim_hash(sim->trace, HL_VIEW(head));
	/* A record's tag stands for all of it. */
	struct hl_view end = hl_view_buf(&event->bytes);
	size_t skip = end.n > HL_TAG_SIZE ? end.n - HL_TAG_SIZE : 0;
	sim->trace = sim_hash(sim->trace + end.n, hl_view_of(end.p + skip, end.n - skip));
}

void sim_run(struct sim *sim, uint64_t until)
{
	while (sim->n_heap > 0 && sim->heap[0].at <= until && sim->failure[0] == '\0') {
		struct sim_event event = take_first(sim);
		sim->now = event.at;
		if (waits(sim, &event))
			continue;
		trace(sim, &event);
		happen(sim, &event);
	}
	if (sim->now < until)
		sim->now = until;
}

void sim_settle(struct sim *sim)
{
	sim->quiet = true;
	sim->options.acts = false;
	fault_end_all(sim);
	sim_run(sim, sim->now + SIM_QUIET_MS);
	/* A device may just be connecting again. */
	for (unsigned i = 0; i < 3; i++) {
		actor_prove_all(sim);
		sim_run(sim, sim->now + 20000);
	}
}
