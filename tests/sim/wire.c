/* The network: each wire is two streams of bytes that carry records. */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW       65536 /* bytes on their way before a sender must wait */
#define QUEUE_HARD   (8 * HL_LINK_QUEUE_MAX)
#define DRAINED_STEP 65536
#define CLOSING_MS   2000
#define LOSS_MS      4000 /* nobody loses the same more often in a row */

struct wire *sim_wire_at(struct sim *sim, uint64_t number)
{
	return sim->wires[number];
}

uint64_t wire_new(struct sim *sim, enum hl_purpose purpose)
{
	uint64_t number = ++sim->n_wires;

	if (number >= sim->cap_wires) {
		sim->cap_wires = sim->cap_wires == 0 ? 256 : sim->cap_wires * 2;
		sim->wires = realloc(sim->wires, sim->cap_wires * sizeof(*sim->wires));
		if (sim->wires == NULL)
			abort();
	}
	sim->wires[number] = calloc(1, sizeof(struct wire));
	if (sim->wires[number] == NULL)
		abort();
	sim->wires[number]->purpose = purpose;
	return number;
}

void wire_free(struct wire *wire)
{
	for (unsigned e = 0; e < 2; e++) {
		hl_records_clear(&wire->end[e].records);
		hl_buf_clear(&wire->end[e].way.held);
	}
	free(wire);
}

/* The line that the bytes from one end take; NULL: within a lab. */
static struct road *line_of(struct sim *sim, const struct wire *wire, unsigned from)
{
	if (wire->purpose != HL_PURPOSE_PEER)
		return NULL;
	return &sim->line[wire->end[from].lab][wire->end[1 - from].lab];
}

/* Bytes leave; they arrive in order, whole or in two pieces. */
static void transmit(
	struct sim *sim, uint64_t number, unsigned from, const uint8_t *p, size_t n)
{
	struct wire *wire = sim_wire_at(sim, number);
	struct way *way = &wire->end[from].way;
	const struct road *line = line_of(sim, wire, from);
	uint64_t delay = 1 + rng_below(&sim->rng, 20);
	size_t piece = n;

	if (line != NULL && line->slow != 0 && !sim->quiet)
		way->free_at = sim->now + n / line->slow;
	else
		way->free_at = sim->now;
	/* What is lost is sent again, later each time. */
	if (line != NULL && line->lossy && !sim->quiet)
		for (uint64_t wait = 200; wait < LOSS_MS && rng_one_in(&sim->rng, 10);
			wait *= 2) {
			delay += wait;
			sim->count[SIM_LOSSES]++;
		}
	if (sim_strikes(sim, 100)) {
		delay += rng_below(&sim->rng, 2500);
		sim->count[SIM_DELAYS]++;
	}
	if (n > 1 && sim_strikes(sim, 40)) {
		piece = 1 + rng_below(&sim->rng, n - 1);
		sim->count[SIM_SPLITS]++;
	}
	uint64_t at = way->free_at + delay;
	for (size_t done = 0; done < n || n == 0; done += piece, piece = n - done) {
		struct sim_event event = {
			.type = AT_BYTES, .wire = number, .end = 1 - from};
		at = at > way->last_at ? at : way->last_at;
		way->last_at = at;
		way->flying += piece;
		must(hl_buf_append(&event.bytes, hl_view_of(p + done, piece)), "bytes");
		sim_at(sim, &event, at - sim->now);
		if (n == 0)
			break;
		at += rng_below(&sim->rng, 200);
	}
}

/* As a node's stream does: it hears when its queue is empty again, or has moved far. */
static void plan_drained(struct sim *sim, uint64_t number, unsigned from)
{
	struct end *end = &sim_wire_at(sim, number)->end[from];
	struct sim_event event = {.type = AT_DRAINED, .wire = number, .end = from};

	if (end->device || !end->open || end->drained || end->sent == 0 ||
		(hl_records_queued(&end->records) != 0 && end->sent < DRAINED_STEP))
		return;
	end->sent = 0;
	end->drained = true;
	sim_at(sim, &event, 0);
}

void wire_pump(struct sim *sim, uint64_t number, unsigned from)
{
	struct end *end = &sim_wire_at(sim, number)->end[from];
	struct way *way = &end->way;
	uint8_t record[HL_RECORD];

	if ((!end->open && !end->closing) || way->closed)
		return;
	while (hl_records_pending(&end->records) && way->flying < WINDOW &&
		way->free_at <= sim->now) {
		/* One is sealed when the one before has left, so that a FLASH overtakes. */
		must(hl_records_seal(&end->records, record), "record");
		transmit(sim, number, from, record, sizeof(record));
		end->sent += sizeof(record);
	}
	if (hl_records_pending(&end->records) && way->free_at > sim->now &&
		!way->planned) {
		struct sim_event event = {.type = AT_PUMP, .wire = number, .end = from};
		way->planned = true;
		sim_at(sim, &event, way->free_at - sim->now);
	}
	plan_drained(sim, number, from);
	if (end->closing && !hl_records_pending(&end->records)) {
		way->closed = true;
		transmit(sim, number, from, NULL, 0);
	}
}

void wire_send(struct sim *sim, uint64_t number, unsigned from, unsigned lane,
	struct hl_buf *frame)
{
	struct end *end = &sim_wire_at(sim, number)->end[from];

	if (!end->open) {
		hl_buf_clear(frame);
		return;
	}
	if (hl_records_queued(&end->records) + frame->n > QUEUE_HARD) {
		hl_buf_clear(frame);
		wire_cut(sim, number);
		return;
	}
	must(hl_records_queue(&end->records, lane, frame), "queue");
}

void wire_junk(struct sim *sim, uint64_t number, unsigned from)
{
	struct end *end = &sim_wire_at(sim, number)->end[from];
	struct hl_entropy entropy = rng_entropy(&sim->rng);
	uint8_t record[HL_RECORD];

	must(hl_entropy_fill(&entropy, record, sizeof(record)), "junk");
	if (end->open && !end->way.closed)
		transmit(sim, number, from, record, sizeof(record));
}

void wire_close(struct sim *sim, uint64_t number, unsigned from)
{
	struct end *end = &sim_wire_at(sim, number)->end[from];
	struct sim_event event = {.type = AT_CLOSED, .wire = number, .end = from};

	if (!end->open)
		return;
	end->open = false;
	end->closing = true;
	sim_at(sim, &event, CLOSING_MS);
	wire_pump(sim, number, from);
}

void happen_closed(struct sim *sim, const struct sim_event *event)
{
	wire_drop(sim, event->wire, event->end, false);
}

static void plan_down(struct sim *sim, uint64_t number, unsigned end)
{
	struct sim_event event = {.type = AT_DOWN, .wire = number, .end = end};

	sim_at(sim, &event, 1 + rng_below(&sim->rng, 3000));
}

void wire_drop(struct sim *sim, uint64_t number, unsigned at, bool silent)
{
	struct end *end = &sim_wire_at(sim, number)->end[at];

	if (!end->open && !end->closing)
		return;
	end->open = end->closing = false;
	hl_records_clear(&end->records);
	if (silent) {
		end->way.hole = true;
	} else if (!end->way.closed) {
		end->way.closed = true;
		transmit(sim, number, at, NULL, 0);
	}
}

void wire_cut(struct sim *sim, uint64_t number)
{
	struct wire *wire = sim_wire_at(sim, number);

	for (unsigned e = 0; e < 2; e++) {
		struct way *way = &wire->end[e].way;
		if (!way->cut) {
			way->cut = true;
			way->left = rng_below(&sim->rng, way->flying + 1);
			sim->count[SIM_TORN_RECORDS] += way->left % HL_RECORD != 0;
		}
		plan_down(sim, number, e);
	}
	if (wire->purpose == HL_PURPOSE_PEER)
		sim_touch(sim, wire->end[0].lab, wire->end[1].lab);
	sim->count[SIM_CUTS]++;
}

void wire_swallow(struct sim *sim, uint64_t number)
{
	struct wire *wire = sim_wire_at(sim, number);

	wire->end[0].way.hole = wire->end[1].way.hole = true;
}

uint64_t sim_wire(struct sim *sim, size_t a, size_t b, unsigned *ret_end)
{
	uint64_t number = sim->line[a][b].wire;
	struct wire *w = number != 0 ? sim_wire_at(sim, number) : NULL;

	if (w == NULL || !w->end[0].open || !w->end[1].open)
		return 0;
	*ret_end = w->end[0].lab == a ? 0 : 1;
	return number;
}

/* The stream has ended for whoever is at this end. */
static void ended(struct sim *sim, uint64_t number, unsigned at, const char *why)
{
	struct end *end = &sim_wire_at(sim, number)->end[at];
	struct hl_event e = {.type = HL_EVENT_LINK_DOWN, .link = number};

	if (!end->open)
		return;
	end->open = false;
	hl_records_clear(&end->records);
	if (!end->way.closed && !end->way.cut && !end->way.hole) {
		end->way.closed = true;
		transmit(sim, number, at, NULL, 0);
	}
	e.down.why = why;
	if (!end->device) {
		sim_step(sim, end->lab, &e);
		return;
	}
	struct actor *actor = &sim->node[end->lab].actor[end->index];
	if (actor->wire == number) {
		actor->wire = 0;
		actor->hello = false;
		actor_connect(sim, end->lab, end->index);
	}
}

void happen_down(struct sim *sim, const struct sim_event *event)
{
	ended(sim, event->wire, event->end, "cut");
}

void happen_drained(struct sim *sim, const struct sim_event *event)
{
	struct end *end = &sim_wire_at(sim, event->wire)->end[event->end];
	struct hl_event e = {.type = HL_EVENT_DRAINED, .link = event->wire};

	end->drained = false;
	if (!end->open)
		return;
	e.drained.queued = hl_records_queued(&end->records);
	sim_step(sim, end->lab, &e);
}

/* A whole record: its frames go to whoever is here. */
static void record_came(struct sim *sim, uint64_t number, unsigned at)
{
	struct wire *wire = sim_wire_at(sim, number);
	struct end *end = &wire->end[at];
	unsigned lane;

	end->in_n = 0;
	if (hl_records_open(&end->records, end->in) != HL_OK) {
		ended(sim, number, at, "a record that does not open");
		return;
	}
	if (!end->device && wire->purpose == HL_PURPOSE_PEER) {
		size_t from = wire->end[1 - at].lab;
		sim->node[end->lab].heard[from] = sim->now;
		sim->count[SIM_LATE_BYTES] += sim->line[from][end->lab].wire != number;
	}
	while (end->open) {
		struct hl_buf frame HL_CLEAN_BUF = {0};
		if (!hl_records_next(&end->records, &lane, &frame))
			return;
		if (end->device) {
			actor_frame(sim, end->lab, end->index, hl_view_buf(&frame));
			continue;
		}
		struct hl_event e = {.type = HL_EVENT_FRAME, .link = number};
		e.frame.lane = lane;
		e.frame.bytes = hl_view_buf(&frame);
		sim_step(sim, end->lab, &e);
	}
}

static void deliver(struct sim *sim, uint64_t number, unsigned at, struct hl_view bytes)
{
	struct end *end = &sim_wire_at(sim, number)->end[at];
	struct way *way = &sim_wire_at(sim, number)->end[1 - at].way;

	way->flying -= bytes.n;
	if (way->cut) {
		bytes.n = bytes.n < way->left ? bytes.n : way->left;
		way->left -= bytes.n;
	}
	while (bytes.n > 0 && end->open) {
		size_t n =
			HL_RECORD - end->in_n < bytes.n ? HL_RECORD - end->in_n : bytes.n;
		memcpy(end->in + end->in_n, bytes.p, n);
		end->in_n += n;
		bytes.p += n;
		bytes.n -= n;
		if (end->in_n == HL_RECORD)
			record_came(sim, number, at);
	}
	wire_pump(sim, number, 1 - at);
}

void happen_bytes(struct sim *sim, struct sim_event *event)
{
	struct wire *wire = sim_wire_at(sim, event->wire);
	struct way *way = &wire->end[1 - event->end].way;
	const struct road *line = line_of(sim, wire, 1 - event->end);

	if (way->hole) {
		hl_buf_clear(&event->bytes);
		return;
	}
	if ((line != NULL && line->stalls > 0) || way->held.n > 0 || way->held_end) {
		must(hl_buf_append(&way->held, hl_view_buf(&event->bytes)), "hold");
		way->held_end = way->held_end || event->bytes.n == 0;
	} else if (event->bytes.n == 0) {
		ended(sim, event->wire, event->end, "cut: ended without goodbye");
	} else {
		deliver(sim, event->wire, event->end, hl_view_buf(&event->bytes));
	}
	hl_buf_clear(&event->bytes);
}

void happen_go_on(struct sim *sim, const struct sim_event *event)
{
	struct wire *wire = sim_wire_at(sim, event->wire);
	struct way *way = &wire->end[1 - event->end].way;
	struct hl_buf bytes HL_CLEAN_BUF = hl_buf_steal(&way->held);
	bool end = way->held_end;

	way->held_end = false;
	if (line_of(sim, wire, 1 - event->end)->stalls > 0) {
		way->held = hl_buf_steal(&bytes);
		way->held_end = end;
		return;
	}
	if (way->hole)
		return;
	deliver(sim, event->wire, event->end, hl_view_buf(&bytes));
	if (end)
		ended(sim, event->wire, event->end, "cut: ended without goodbye");
}

void wire_go_on(struct sim *sim, size_t from, size_t to)
{
	for (uint64_t i = 1; i <= sim->n_wires; i++) {
		const struct wire *w = sim_wire_at(sim, i);
		for (unsigned e = 0; e < 2; e++) {
			const struct way *way = &w->end[e].way;
			struct sim_event event = {
				.type = AT_GO_ON, .wire = i, .end = 1 - e};
			if (w->purpose == HL_PURPOSE_PEER && w->end[e].lab == from &&
				w->end[1 - e].lab == to &&
				(way->held.n > 0 || way->held_end))
				sim_at(sim, &event, 1);
		}
	}
}
