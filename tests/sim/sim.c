#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DRILL_EVERY_S 120
#define BOOT          5000000u /* what the boot clock says at the start */

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

/* A heap by time, and by order of making where times are equal. */
static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->number < b->number;
}

void sim_at(struct sim *sim, struct sim_event *event, uint64_t delay)
{
	if (sim->n_heap == sim->cap_heap) {
		sim->cap_heap = sim->cap_heap == 0 ? 256 : sim->cap_heap * 2;
		sim->heap = realloc(sim->heap, sim->cap_heap * sizeof(*sim->heap));
		if (sim->heap == NULL)
			abort();
	}
	event->at = sim->now + delay;
	event->number = sim->n_events++;
	size_t i = sim->n_heap++;
	while (i > 0 && before(event, &sim->heap[(i - 1) / 2])) {
		sim->heap[i] = sim->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	sim->heap[i] = *event;
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

static struct hl_now clock_of(const struct sim *sim, const struct node *node)
{
	return (struct hl_now){(uint64_t)((int64_t)(WORLD_START + sim->now) + node->skew),
		BOOT + sim->now};
}

/* One in n, while there are faults. */
static bool strikes(struct sim *sim, uint64_t n)
{
	return sim->options.faults && !sim->quiet && rng_one_in(&sim->rng, n);
}

/* ------------------------------------------------------------ the network */

static uint64_t new_wire(struct sim *sim, enum hl_purpose purpose)
{
	uint64_t number = ++sim->n_wires;

	if (number >= SIM_WIRES_MAX)
		abort();
	memset(&sim->wires[number], 0, sizeof(sim->wires[number]));
	sim->wires[number].purpose = purpose;
	return number;
}

void sim_send(struct sim *sim, uint64_t number, unsigned from, unsigned lane,
	struct hl_buf *frame)
{
	struct wire *wire = &sim->wires[number];
	struct end *to = &wire->end[1 - from];
	uint64_t delay = 1 + rng_below(&sim->rng, 20) + frame->n / 20000;

	if (!wire->end[from].open) {
		hl_buf_clear(frame);
		return;
	}
	/* For an enemy to use later: the first byte after the array's is the type. */
	if (!to->device && !wire->end[from].device && frame->n > 1 &&
		(frame->p[1] == HL_FRAME_STATEMENT || frame->p[1] == HL_FRAME_SEGMENT) &&
		rng_one_in(&sim->rng, 4)) {
		struct hl_buf *said = &sim->node[wire->end[from].lab].said[to->lab];
		hl_buf_clear(said);
		must(hl_buf_append(said, hl_view_buf(frame)), "copy");
	}
	if (strikes(sim, 50)) {
		delay += rng_below(&sim->rng, 3000);
		sim->count[SIM_DELAYS]++;
	}
	/* A lane keeps its order; another may overtake it. */
	uint64_t at = sim->now + delay;
	if (at < to->last[lane])
		at = to->last[lane];
	to->last[lane] = at;
	wire->end[from].flying += frame->n;
	struct sim_event event = {.type = AT_FRAME,
		.wire = number,
		.end = 1 - from,
		.lane = lane,
		.frame = hl_buf_steal(frame)};
	sim_at(sim, &event, at - sim->now);
}

/* The other end hears of it after all that was sent before. */
static void close_end(struct sim *sim, uint64_t number, unsigned from, uint64_t more)
{
	struct wire *wire = &sim->wires[number];
	uint64_t at = sim->now;

	if (!wire->end[from].open)
		return;
	wire->end[from].open = false;
	for (unsigned lane = 0; lane <= HL_LANES; lane++)
		if (wire->end[1 - from].last[lane] > at)
			at = wire->end[1 - from].last[lane];
	struct sim_event event = {.type = AT_DOWN, .wire = number, .end = 1 - from};
	if (!wire->swallows)
		sim_at(sim, &event, at - sim->now + 1 + more);
}

void sim_cut(struct sim *sim, uint64_t number)
{
	struct wire *wire = &sim->wires[number];

	wire->swallows = true; /* what is on its way is lost */
	for (unsigned i = 0; i < 2; i++) {
		struct sim_event event = {.type = AT_DOWN, .wire = number, .end = i};
		sim_at(sim, &event, 1 + rng_below(&sim->rng, 3000));
	}
	sim->count[SIM_CUTS]++;
}

uint64_t sim_wire(struct sim *sim, size_t a, size_t b, unsigned *ret_end)
{
	for (uint64_t i = sim->n_wires; i > 0; i--) {
		struct wire *w = &sim->wires[i];
		if (w->purpose != HL_PURPOSE_PEER || !w->end[0].open || !w->end[1].open)
			continue;
		for (unsigned e = 0; e < 2; e++)
			if (w->end[e].lab == a && w->end[1 - e].lab == b) {
				*ret_end = e;
				return i;
			}
	}
	return 0;
}

static void dial(struct sim *sim, size_t from, const struct hl_effect_out *effect)
{
	struct sim_event event = {.type = AT_DIAL_FAILED, .lab = from};
	size_t to = 0;

	while (to < sim->world.n_labs && !hl_id_eq(&sim->world.lab[to].id, &effect->lab))
		to++;
	event.other = to;
	if (to < sim->world.n_labs && sim->node[to].engine != NULL &&
		!sim->parted[from][to]) {
		event.type = AT_DIALLED;
		sim_at(sim, &event, 5 + rng_below(&sim->rng, 50));
	} else {
		sim_at(sim, &event, 1000 + rng_below(&sim->rng, 4000));
	}
}

/* -------------------------------------------------------------- the nodes */

static void carry_out(struct sim *sim, size_t lab, struct hl_effect_out *effect)
{
	struct node *node = &sim->node[lab];
	unsigned end = 0;

	if (effect->type == HL_EFFECT_SEND || effect->type == HL_EFFECT_CLOSE) {
		struct wire *wire = &sim->wires[effect->link];
		end = !wire->end[0].device && wire->end[0].lab == lab ? 0 : 1;
	}
	switch (effect->type) {
	case HL_EFFECT_SEND:
		sim_send(sim, effect->link, end, effect->lane, &effect->frame);
		break;
	case HL_EFFECT_CLOSE: close_end(sim, effect->link, end, 0); break;
	case HL_EFFECT_DIAL: dial(sim, lab, effect); break;
	case HL_EFFECT_PAUSE: break; /* who reads on all the same does no harm */
	case HL_EFFECT_HOOK: break;  /* its nodes have no policy */
	case HL_EFFECT_LOG:
		/* A dead line is no wonder here; what else is an alarm must have a reason. */
		if (effect->priority <= 1 &&
			strstr(effect->text, "the line is dead") == NULL &&
			strstr(effect->text, "letters are missing") == NULL)
			node->alarms++;
		if (sim->options.verbose)
			printf("%10llu lab-%c <%u> %s\n", (unsigned long long)sim->now,
				(char)('a' + lab), effect->priority, effect->text);
		break;
	}
	hl_buf_clear(&effect->frame);
}

static void plan_timer(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	uint64_t next = hl_engine_next(node->engine);
	uint64_t at = next > BOOT + sim->now ? next - BOOT : sim->now + 1;
	struct sim_event event = {.type = AT_TIMER, .lab = lab};

	if (node->timer_at > sim->now && node->timer_at <= at)
		return;
	node->timer_at = at;
	sim_at(sim, &event, at - sim->now);
}

static void end_turn(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	struct hl_now now = clock_of(sim, node);
	struct hl_effect_out effect;

	node->turn = false;
	if (strikes(sim, 4000)) {
		sim->count[SIM_CRASH_BEFORE]++;
		sim_crash(sim, lab);
		return;
	}
	enum hl_status status = hl_engine_commit(node->engine, &now);
	if (status != HL_OK) {
		sim_fail(sim, "lab-%c lost a turn: %s (%s)", (char)('a' + lab),
			hl_status_name(status), hl_store_error(node->store));
		return;
	}
	if (strikes(sim, 4000)) {
		sim->count[SIM_CRASH_AFTER]++;
		sim_crash(sim, lab);
		return;
	}
	while (hl_engine_effect(node->engine, &effect))
		carry_out(sim, lab, &effect);
	plan_timer(sim, lab);
}

void sim_step(struct sim *sim, size_t lab, const struct hl_event *event)
{
	struct node *node = &sim->node[lab];
	struct hl_now now = clock_of(sim, node);

	if (node->engine == NULL)
		return;
	enum hl_status status = hl_engine_step(node->engine, event, &now);
	if (status != HL_OK) {
		sim_fail(sim, "lab-%c: a step failed: %s (%s)", (char)('a' + lab),
			hl_status_name(status), hl_store_error(node->store));
		return;
	}
	if (!sim->options.faults || rng_below(&sim->rng, 10) < 7) {
		end_turn(sim, lab);
	} else if (!node->turn) {
		/* Several events in one turn. */
		struct sim_event commit = {.type = AT_COMMIT, .lab = lab};
		node->turn = true;
		sim_at(sim, &commit, rng_below(&sim->rng, 4));
	}
}

static void open_store(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	char error[HL_STORE_ERROR_MAX] = "";

	enum hl_status status = hl_store_open(
		sim->options.dir != NULL ? node->path : ":memory:", &sim->world.net,
		&sim->world.lab[lab].id, &node->store, error);
	if (status != HL_OK)
		fprintf(stderr, "%s\n", error);
	must(status, "store");
}

static void start_node(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	struct hl_now now = clock_of(sim, node);
	const struct hl_event tick = {.type = HL_EVENT_TIMER};

	must(hl_engine_new(&node->config, node->store, &now, &node->engine), "engine");
	node->turn = false;
	node->timer_at = 0;
	sim_step(sim, lab, &tick);
	for (size_t i = 0; i < WORLD_DEVICES; i++)
		actor_connect(sim, lab, i);
}

static void copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	char bytes[8192];
	size_t n;

	if (in == NULL || out == NULL)
		abort();
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		if (fwrite(bytes, 1, n, out) != n)
			abort();
	fclose(in);
	if (fclose(out) != 0)
		abort();
}

/* What a lab's devices have in their outboxes goes to its node again. */
static void restored(struct sim *sim, size_t lab)
{
	sim->count[SIM_RESTORED]++;
	sim->node[lab].restored = true;
	/* What it said in its other life is over: no answer of then comes now. */
	for (uint64_t i = 1; i <= sim->n_wires; i++)
		if (sim->wires[i].end[0].device && sim->wires[i].end[0].lab == lab)
			sim->wires[i].swallows = true;
	for (size_t i = 0; i < sim->n_letters; i++) {
		struct letter *l = &sim->letter[i];
		memset(l->fed[lab], 0, sizeof(l->fed[lab]));
		if (l->lab == lab)
			l->accepted = false;
	}
}

/* The file is whole while nobody has it open. */
static void reopen_store(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	char old[220];
	bool back = false;

	hl_store_close(node->store);
	snprintf(old, sizeof(old), "%s.old", node->path);
	if (sim->options.restores && !sim->quiet) {
		back = node->saved && rng_one_in(&sim->rng, 4);
		if (back) {
			copy_file(old, node->path);
		} else if (!node->saved || rng_one_in(&sim->rng, 2)) {
			copy_file(node->path, old);
			node->saved = true;
		}
	}
	open_store(sim, lab);
	sim->count[SIM_REOPENED]++;
	if (back)
		restored(sim, lab);
}

void sim_crash(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	struct sim_event event = {.type = AT_RESTART, .lab = lab};

	if (node->engine == NULL)
		return;
	hl_engine_free(node->engine);
	node->engine = NULL;
	/* What was not committed is gone. */
	hl_store_rollback(node->store);
	if (sim->options.dir != NULL)
		reopen_store(sim, lab);
	for (uint64_t i = 1; i <= sim->n_wires; i++)
		for (unsigned e = 0; e < 2; e++)
			if (!sim->wires[i].end[e].device && sim->wires[i].end[e].open &&
				sim->wires[i].end[e].lab == lab) {
				sim->wires[i].end[e].open = false;
				struct sim_event down = {
					.type = AT_DOWN, .wire = i, .end = 1 - e};
				sim_at(sim, &down, 1 + rng_below(&sim->rng, 2000));
			}
	sim_at(sim, &event, 500 + rng_below(&sim->rng, sim->quiet ? 1000 : 60000));
}

static void give_docs(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	struct hl_now now = clock_of(sim, node);

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
	struct hl_effect_out effect;
	while (hl_engine_effect(node->engine, &effect))
		carry_out(sim, lab, &effect);
}

static void make_node(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	struct world_lab *wl = &sim->world.lab[lab];
	struct hl_now now;

	node->rng.s = rng_next(&sim->rng);
	if (sim->options.dir != NULL) {
		static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
		for (size_t i = 0; i < 4; i++) {
			snprintf(node->path, sizeof(node->path), "%.120s/%c.store%s",
				sim->options.dir, (char)('a' + lab), tails[i]);
			unlink(node->path);
		}
		snprintf(node->path, sizeof(node->path), "%.120s/%c.store",
			sim->options.dir, (char)('a' + lab));
	}
	open_store(sim, lab);
	node->config.net = sim->world.net;
	node->config.lab = wl->id;
	node->config.sign = &wl->node_sign;
	memcpy(node->config.link, wl->node_link.pub, HL_KEY_SIZE);
	node->config.entropy = rng_entropy(&node->rng);
	node->config.version = "simulated";
	/* Every other seed: the lines are tested too. */
	node->config.seal = &wl->node_seal;
	node->config.drill_every = (sim->options.seed >> 1 & 1) != 0 ? DRILL_EVERY_S : 0;
	now = clock_of(sim, node);
	must(hl_engine_new(&node->config, node->store, &now, &node->engine), "engine");
	give_docs(sim, lab);
	hl_engine_free(node->engine);
	start_node(sim, lab);
}

struct sim *sim_new(const struct sim_options *options)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (sim == NULL)
		abort();
	sim->options = *options;
	sim->rng.s = options->seed * 0x9e3779b97f4a7c15u + 1;
	sim->wires = calloc(SIM_WIRES_MAX, sizeof(*sim->wires));
	if (sim->wires == NULL)
		abort();
	world_init(&sim->world, options->seed + 77, options->labs);
	sim->quiet = true;
	for (size_t i = 0; i < options->labs; i++)
		make_node(sim, i);
	sim->quiet = !options->faults;
	struct sim_event act = {.type = AT_ACT}, fault = {.type = AT_FAULT};
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
	for (size_t i = 0; i < sim->world.n_labs; i++) {
		hl_engine_free(sim->node[i].engine);
		hl_store_close(sim->node[i].store);
		for (size_t k = 0; k < sim->world.n_labs; k++)
			hl_buf_clear(&sim->node[i].said[k]);
	}
	while (sim->n_heap > 0)
		hl_buf_clear(&sim->heap[--sim->n_heap].frame);
	for (size_t i = 0; i < sim->n_letters; i++)
		hl_buf_clear(&sim->letter[i].doc);
	world_clear(&sim->world);
	free(sim->heap);
	free(sim->wires);
	free(sim);
}

/* ------------------------------------------------------------- what happens */

static void happen_frame(struct sim *sim, struct sim_event *event)
{
	struct wire *wire = &sim->wires[event->wire];
	struct end *to = &wire->end[event->end], *from = &wire->end[1 - event->end];
	size_t n = event->frame.n;

	if (wire->swallows || !to->open) {
		hl_buf_clear(&event->frame);
		return;
	}
	if (to->device) {
		actor_frame(sim, to->lab, to->index, hl_view_buf(&event->frame));
	} else {
		struct hl_event e = {.type = HL_EVENT_FRAME, .link = event->wire};
		e.frame.lane = event->lane;
		e.frame.bytes = hl_view_buf(&event->frame);
		sim_step(sim, to->lab, &e);
	}
	hl_buf_clear(&event->frame);
	from->flying -= n;
	from->flown += n;
	if (!from->device && from->open && (from->flown > 65536 || from->flying == 0)) {
		struct sim_event drained = {
			.type = AT_DRAINED, .wire = event->wire, .end = 1 - event->end};
		from->flown = 0;
		sim_at(sim, &drained, 0);
	}
}

static void happen_down(struct sim *sim, const struct sim_event *event)
{
	struct end *end = &sim->wires[event->wire].end[event->end];
	struct hl_event e = {.type = HL_EVENT_LINK_DOWN, .link = event->wire};

	if (!end->open)
		return;
	end->open = false;
	e.down.why = "cut";
	if (!end->device) {
		sim_step(sim, end->lab, &e);
		return;
	}
	struct actor *actor = &sim->node[end->lab].actor[end->index];
	if (actor->wire == event->wire) {
		actor->wire = 0;
		actor_connect(sim, end->lab, end->index);
	}
}

static void node_up(struct sim *sim, uint64_t number, unsigned end)
{
	struct wire *wire = &sim->wires[number];
	struct end *own = &wire->end[end], *other = &wire->end[1 - end];
	struct hl_event e = {.type = HL_EVENT_LINK_UP, .link = number};

	e.up.purpose = wire->purpose;
	e.up.initiator = end == 0;
	if (end == 0)
		e.up.lab = sim->world.lab[other->lab].id;
	memcpy(e.up.key,
		other->device ? sim->world.lab[other->lab].device[other->index].link.pub
			      : sim->world.lab[other->lab].node_link.pub,
		HL_KEY_SIZE);
	own->open = true;
	sim_step(sim, own->lab, &e);
}

static void happen_dialled(struct sim *sim, const struct sim_event *event)
{
	if (sim->node[event->lab].engine == NULL)
		return;
	if (sim->node[event->other].engine == NULL ||
		sim->parted[event->lab][event->other]) {
		struct sim_event failed = *event;
		failed.type = AT_DIAL_FAILED;
		sim_at(sim, &failed, 1000);
		return;
	}
	uint64_t number = new_wire(sim, HL_PURPOSE_PEER);
	struct wire *wire = &sim->wires[number];
	wire->end[0].lab = event->lab;
	wire->end[1].lab = event->other;
	wire->end[0].open = wire->end[1].open = true;
	node_up(sim, number, 1);
	node_up(sim, number, 0);
}

static void happen_device(struct sim *sim, const struct sim_event *event)
{
	struct node *node = &sim->node[event->lab];
	struct actor *actor = &node->actor[event->other];

	if (actor->wire != 0)
		return;
	if (node->engine == NULL)
		return; /* it connects when the node has started */
	uint64_t number = new_wire(sim, HL_PURPOSE_DEVICE);
	struct wire *wire = &sim->wires[number];
	wire->end[0] = (struct end){
		.open = true, .device = true, .lab = event->lab, .index = event->other};
	wire->end[1].lab = event->lab;
	wire->end[1].open = true;
	actor->wire = number;
	actor->hello = false;
	node_up(sim, number, 1);
	if (node->engine != NULL && actor->wire == number)
		actor_frame(sim, event->lab, event->other, (struct hl_view){0});
}

static void part(struct sim *sim)
{
	size_t n = sim->world.n_labs;
	size_t a = rng_below(&sim->rng, n), b = (a + 1 + rng_below(&sim->rng, n - 1)) % n;
	bool silent = rng_one_in(&sim->rng, 2);
	struct sim_event heal = {.type = AT_HEAL, .lab = a, .other = b};

	sim->parted[a][b] = sim->parted[b][a] = true;
	for (uint64_t i = 1; i <= sim->n_wires; i++) {
		struct wire *w = &sim->wires[i];
		if (w->purpose != HL_PURPOSE_PEER || w->swallows ||
			(!w->end[0].open && !w->end[1].open) ||
			!((w->end[0].lab == a && w->end[1].lab == b) ||
				(w->end[0].lab == b && w->end[1].lab == a)))
			continue;
		if (silent)
			w->swallows = true; /* nobody is told */
		else
			sim_cut(sim, i);
	}
	sim->count[SIM_BLACKHOLES] += silent;
	sim_at(sim, &heal, 1000 + rng_below(&sim->rng, 300000));
}

static void happen_fault(struct sim *sim)
{
	struct sim_event next = {.type = AT_FAULT};
	size_t lab = rng_below(&sim->rng, sim->world.n_labs);
	unsigned end;

	if (sim->quiet)
		return;
	sim_at(sim, &next, 5000 + rng_below(&sim->rng, 60000));
	switch (rng_below(&sim->rng, 5)) {
	case 0: part(sim); break;
	case 1: {
		uint64_t wire = sim_wire(sim, lab, (lab + 1) % sim->world.n_labs, &end);
		if (wire != 0)
			sim_cut(sim, wire);
		break;
	}
	case 2:
		sim->node[lab].skew += (int64_t)rng_below(&sim->rng, 7200000) - 3600000;
		sim->count[SIM_SKEWS]++;
		break;
	case 3: sim_crash(sim, lab); break;
	default:
		if (sim->node[lab].actor[0].wire != 0)
			sim_cut(sim, sim->node[lab].actor[0].wire);
	}
}

static void happen(struct sim *sim, struct sim_event *event)
{
	struct hl_event e = {.type = HL_EVENT_TIMER};
	struct sim_event next = {.type = AT_ACT};

	switch (event->type) {
	case AT_FRAME: happen_frame(sim, event); break;
	case AT_UP: node_up(sim, event->wire, event->end); break;
	case AT_DOWN: happen_down(sim, event); break;
	case AT_TIMER:
		if (sim->node[event->lab].engine != NULL &&
			sim->node[event->lab].timer_at == event->at) {
			sim->node[event->lab].timer_at = 0;
			sim_step(sim, event->lab, &e);
		}
		break;
	case AT_COMMIT:
		if (sim->node[event->lab].engine != NULL && sim->node[event->lab].turn)
			end_turn(sim, event->lab);
		break;
	case AT_RESTART:
		if (sim->node[event->lab].engine == NULL) {
			sim->count[SIM_RESTARTS]++;
			start_node(sim, event->lab);
		}
		break;
	case AT_DRAINED:
		e.type = HL_EVENT_DRAINED;
		e.link = event->wire;
		e.drained.queued = sim->wires[event->wire].end[event->end].flying;
		sim_step(sim, sim->wires[event->wire].end[event->end].lab, &e);
		break;
	case AT_DIALLED: happen_dialled(sim, event); break;
	case AT_DIAL_FAILED:
		e.type = HL_EVENT_DIAL_FAILED;
		e.dial_failed.lab = sim->world.lab[event->other].id;
		e.dial_failed.why = "nobody is there";
		sim_step(sim, event->lab, &e);
		break;
	case AT_DEVICE: happen_device(sim, event); break;
	case AT_ACT:
		if (!sim->quiet || !sim->options.faults) {
			sim_act(sim);
			sim_at(sim, &next, 500 + rng_below(&sim->rng, 30000));
		}
		break;
	case AT_FAULT: happen_fault(sim); break;
	case AT_HEAL:
		sim->parted[event->lab][event->other] = false;
		sim->parted[event->other][event->lab] = false;
		break;
	}
}

static void trace(struct sim *sim, const struct sim_event *event)
{
	uint8_t head[40];

	hl_put_be64(head, event->at);
	hl_put_be64(head + 8, event->type);
	hl_put_be64(head + 16, event->wire);
	hl_put_be64(head + 24, event->lab);
	hl_put_be64(head + 32, event->lane);
	const struct hl_view parts[] = {
		hl_view_id(&sim->trace), HL_VIEW(head), hl_view_buf(&event->frame)};
	hl_sha256(parts, 3, &sim->trace);
}

void sim_run(struct sim *sim, uint64_t until)
{
	while (sim->n_heap > 0 && sim->heap[0].at <= until && sim->failure[0] == '\0') {
		struct sim_event event = take_first(sim);
		sim->now = event.at;
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
	memset(sim->parted, 0, sizeof(sim->parted));
	sim_run(sim, sim->now + 300000);
	/* A device may just be connecting again. */
	for (unsigned i = 0; i < 3; i++) {
		actor_prove_all(sim);
		sim_run(sim, sim->now + 20000);
	}
}
