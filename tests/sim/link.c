/* How links come up: nodes dial their peers, devices their node. */
#include "tests/sim/sim.h"

#include <string.h>

static bool passes(const struct sim *sim, size_t a, size_t b)
{
	const struct road *there = &sim->line[a][b], *back = &sim->line[b][a];

	return there->blocks + there->stalls + back->blocks + back->stalls == 0;
}

static bool answers(const struct sim *sim, size_t lab)
{
	return sim->node[lab].engine != NULL && sim->node[lab].frozen == 0;
}

void sim_dial(struct sim *sim, size_t from, const struct hl_effect_out *effect)
{
	struct sim_event event = {.type = AT_DIAL_FAILED, .lab = from};

	event.other = sim_lab(sim, &effect->lab);
	if (event.other < sim->world.n_labs && answers(sim, event.other) &&
		passes(sim, from, event.other)) {
		event.type = AT_DIALLED;
		sim_at(sim, &event, 5 + rng_below(&sim->rng, 50));
	} else {
		sim_at(sim, &event, 1000 + rng_below(&sim->rng, 4000));
	}
}

static void node_up(struct sim *sim, uint64_t number, unsigned at)
{
	struct wire *wire = sim_wire_at(sim, number);
	const struct end *own = &wire->end[at], *other = &wire->end[1 - at];
	struct hl_event e = {.type = HL_EVENT_LINK_UP, .link = number};

	e.up.purpose = wire->purpose;
	e.up.initiator = at == 0;
	if (at == 0)
		e.up.lab = sim->world.lab[other->lab].id;
	memcpy(e.up.key,
		other->device ? sim->world.lab[other->lab].device[other->index].link.pub
			      : sim->world.lab[other->lab].node_link.pub,
		HL_KEY_SIZE);
	if (own->open)
		sim_step(sim, own->lab, &e);
}

void happen_dialled(struct sim *sim, const struct sim_event *event)
{
	if (sim->node[event->lab].engine == NULL)
		return;
	if (!answers(sim, event->other) || !passes(sim, event->lab, event->other)) {
		struct sim_event failed = *event;
		failed.type = AT_DIAL_FAILED;
		sim_at(sim, &failed, 1000);
		return;
	}
	uint64_t number = wire_new(sim, HL_PURPOSE_PEER);
	struct wire *wire = sim_wire_at(sim, number);
	wire->end[0].lab = event->lab;
	wire->end[1].lab = event->other;
	wire->end[0].open = wire->end[1].open = true;
	wire_session(sim, wire);
	sim->line[event->lab][event->other].wire = number;
	sim->line[event->other][event->lab].wire = number;
	sim->line[event->lab][event->other].up_at = sim->now;
	sim->line[event->other][event->lab].up_at = sim->now;
	node_up(sim, number, 1);
	node_up(sim, number, 0);
}

void happen_device(struct sim *sim, const struct sim_event *event)
{
	struct node *node = &sim->node[event->lab];
	struct actor *actor = &node->actor[event->other];

	if (actor->wire != 0 || node->engine == NULL)
		return; /* it connects when the node has started */
	uint64_t number = wire_new(sim, HL_PURPOSE_DEVICE);
	struct wire *wire = sim_wire_at(sim, number);
	wire->end[0].open = wire->end[0].device = true;
	wire->end[0].lab = wire->end[1].lab = event->lab;
	wire->end[0].index = event->other;
	wire->end[1].open = true;
	wire_session(sim, wire);
	actor->wire = number;
	actor->hello = false;
	node_up(sim, number, 1);
	if (node->engine != NULL && actor->wire == number)
		actor_frame(sim, event->lab, event->other, (struct hl_view){0});
}
