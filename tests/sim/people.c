/* What people do: they raise, answer, talk and close; cards are renewed, a device is cut off. */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

static struct letter *issue(
	struct sim *sim, struct world_letter *draft, const struct letter *opening)
{
	if (sim->n_letters == SIM_LETTERS_MAX)
		return NULL;
	struct letter *letter = &sim->letter[sim->n_letters];
	bool call = draft->class == HL_CLASS_CALL;
	bool flash = call && draft->precedence == HL_FLASH;
	if (draft->class == HL_CLASS_CLOSE && opening->precedence == HL_FLASH)
		flash = true;
	draft->release = flash && sim->world.lab[draft->lab].flash_signers > 1;
	/* Nobody is left to release it. */
	if (draft->release && sim->suspended && sim->suspended_lab == draft->lab)
		return NULL;
	draft->status = opening != NULL    ? opening->status
		: rng_one_in(&sim->rng, 5) ? HL_EXERCISE
					   : HL_ACTUAL;
	draft->labs |= 1u << draft->lab;
	draft->created = WORLD_START + sim->now;
	draft->answer_within = 60 + rng_below(&sim->rng, 900);
	world_seal(&sim->world, draft, &letter->doc, &letter->id);
	letter->incident = opening != NULL ? opening->incident : letter->id;
	letter->raiser = opening != NULL ? opening->raiser : draft->lab;
	letter->lab = draft->lab;
	letter->device = draft->device;
	letter->labs = draft->labs;
	letter->made = sim->now;
	letter->class = draft->class;
	letter->status = draft->status;
	letter->answer_within = draft->answer_within;
	letter->released = draft->release;
	letter->barred = sim_is_suspended(sim, draft->lab, draft->device);
	letter->precedence = draft->precedence;
	letter->card_version = sim->world.lab[draft->lab].n_cards;
	if (draft->answers != NULL) {
		letter->answers_set = true;
		letter->answers = *draft->answers;
	}
	sim->count[SIM_LETTERS]++;
	sim->n_letters++;
	actor_submit(sim, sim->n_letters - 1);
	return letter;
}

struct letter *sim_raise(struct sim *sim, size_t lab, size_t device, uint64_t labs,
	enum hl_precedence precedence)
{
	struct hl_field field = {hl_view_str("boundary"), hl_view_str("network sandbox")};
	struct hl_message m = {.type = HL_RAISE, .text = hl_view_str("It left.")};
	struct world_letter draft = {.lab = lab,
		.device = device,
		.labs = labs,
		.class = HL_CLASS_CALL,
		.precedence = precedence,
		.message = &m};

	m.raise.kind = hl_view_str("contain.breach");
	m.raise.severity = 3;
	m.raise.handling = 3;
	m.raise.title = hl_view_str("Agent left its sandbox");
	m.fields = &field;
	m.n_fields = 1;
	return issue(sim, &draft, NULL);
}

/* Some letters of the incident that the device holds, the first among them; sorted. */
static size_t seen(struct sim *sim, size_t lab, size_t device, const struct letter *first,
	struct hl_id *ids, size_t max)
{
	size_t n = 0;

	ids[n++] = first->id;
	for (size_t i = sim->n_letters; i > 0 && n < max; i--) {
		const struct letter *l = &sim->letter[i - 1];
		if (l == first || !l->held[lab][device] ||
			!hl_id_eq(&l->incident, &first->incident) ||
			rng_one_in(&sim->rng, 3))
			continue;
		ids[n++] = l->id;
	}
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && hl_id_cmp(&ids[k - 1], &ids[k]) > 0; k--) {
			struct hl_id t = ids[k];
			ids[k] = ids[k - 1];
			ids[k - 1] = t;
		}
	return n;
}

static struct letter *follow(struct sim *sim, size_t lab, size_t device,
	const struct letter *on, struct hl_message *m, enum hl_class class)
{
	struct hl_id ids[8];
	struct letter *opening = sim_letter(sim, &on->incident);
	struct world_letter draft = {.lab = lab,
		.device = device,
		.labs = opening->labs,
		.class = class,
		.precedence = class == HL_CLASS_CLOSE || class == HL_CLASS_ANSWER
			? on->precedence
			: HL_ROUTINE,
		.incident = &opening->id,
		.message = m};

	if (class == HL_CLASS_ANSWER)
		draft.answers = &on->id;
	m->seen = ids;
	m->n_seen = seen(sim, lab, device, on, ids, 8);
	return issue(sim, &draft, opening);
}

struct letter *sim_ack(
	struct sim *sim, size_t lab, size_t device, const struct letter *call)
{
	struct hl_message m = {.type = HL_ACK, .text = hl_view_str("On it.")};

	m.ack.answer = rng_one_in(&sim->rng, 2) ? HL_ACTING : HL_ACCEPTED;
	return follow(sim, lab, device, call, &m, HL_CLASS_ANSWER);
}

struct letter *sim_resolve(
	struct sim *sim, size_t lab, size_t device, const struct letter *opening)
{
	struct hl_message m = {.type = HL_RESOLVE, .text = hl_view_str("Contained.")};

	return follow(sim, lab, device, opening, &m, HL_CLASS_CLOSE);
}

struct letter *sim_say(
	struct sim *sim, size_t lab, size_t device, const struct letter *opening)
{
	struct hl_message m = {
		.type = HL_SAY, .text = hl_view_str("Was host X touched?")};

	return follow(sim, lab, device, opening, &m, HL_CLASS_NOTICE);
}

static void new_card(struct sim *sim, size_t lab)
{
	struct world_lab *wl = &sim->world.lab[lab];

	if (wl->n_cards == sizeof(wl->cards) / sizeof(wl->cards[0]))
		return;
	world_new_card(&sim->world, lab, WORLD_START + sim->now);
	sim->count[SIM_CARDS]++;
	for (size_t i = 0; i < WORLD_DEVICES; i++)
		actor_put(sim, lab, i, HL_DOC_CARD, &wl->cards[wl->n_cards - 1]);
}

bool sim_is_suspended(const struct sim *sim, size_t lab, size_t device)
{
	return sim->suspended && lab == sim->suspended_lab && device == 1;
}

bool sim_is_late(const struct sim *sim, const struct letter *letter)
{
	return sim->suspended && letter->lab == sim->suspended_lab &&
		(letter->device == 1 || letter->released);
}

/* Once in some runs: the first device of a lab cuts off the second. */
static void suspend(struct sim *sim, size_t lab)
{
	struct world_lab *wl = &sim->world.lab[lab];

	if (sim->suspended || sim->options.seed % 3 != 0 || sim->quiet)
		return;
	must(hl_suspension_make(&sim->world.net, &wl->id, &wl->device[1].kid,
		     WORLD_START + sim->now, hl_view_str("lost in a taxi"),
		     &wl->device[0].sign, &sim->suspension),
		"suspension");
	sim->suspended = true;
	sim->suspended_lab = lab;
	sim->suspended_at = sim->now;
	sim->count[SIM_SUSPENDED]++;
	/* What its node has not taken yet it takes or not. */
	for (size_t i = 0; i < sim->n_letters; i++)
		if (sim_is_late(sim, &sim->letter[i]) && !sim->letter[i].accepted)
			sim->letter[i].barred = true;
	actor_put(sim, lab, 0, HL_DOC_SUSPENSION, &sim->suspension);
}

void sim_act(struct sim *sim)
{
	size_t n = sim->world.n_labs;
	size_t lab = rng_below(&sim->rng, n), device = rng_below(&sim->rng, 2);
	const struct letter *on = NULL;

	if (sim_is_suspended(sim, lab, device))
		device = 0;
	/* Something that this device holds, if there is any. */
	for (size_t tries = 0; tries < 8 && sim->n_letters > 0 && on == NULL; tries++) {
		size_t last = sim->n_letters < 40 ? sim->n_letters : 40;
		on = &sim->letter[sim->n_letters - 1 - rng_below(&sim->rng, last)];
		if (!on->held[lab][device] ||
			!sim_letter(sim, &on->incident)->held[lab][device] || on->barred)
			on = NULL;
	}
	uint64_t choice = rng_below(&sim->rng, 20);
	if (choice < 5 || on == NULL) {
		uint64_t labs = 1 + rng_below(&sim->rng, (1u << n) - 1);
		bool monitor = rng_one_in(&sim->rng, 4);
		if ((labs & ~(uint64_t)(1u << lab)) == 0)
			labs |= 1u << (lab + 1) % n;
		if (sim_is_suspended(sim, lab, device))
			monitor = true;
		sim_raise(sim, lab, monitor ? 2 : device, labs,
			(enum hl_precedence)(1 + rng_below(&sim->rng, monitor ? 3 : 4)));
	} else if (choice < 10) {
		if (on->class == HL_CLASS_CALL && on->lab != lab)
			sim_ack(sim, lab, device, on);
	} else if (choice < 13) {
		sim_say(sim, lab, device, on);
	} else if (choice < 14) {
		const struct letter *opening = sim_letter(sim, &on->incident);
		if (opening->lab == lab)
			sim_resolve(sim, lab, device, opening);
	} else if (choice < 15) {
		if (rng_one_in(&sim->rng, 3))
			suspend(sim, lab);
		else
			new_card(sim, lab);
	} else {
		enemy_act(sim);
	}
}
