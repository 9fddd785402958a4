/* The promises, as checks with names: what is held, and what was acknowledged. */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

/* A machine test or its answer: by the origin's node, which holds it (or did, before it was put
 * back). */
static bool by_node(struct sim *sim, const struct hl_envelope *got)
{
	struct hl_letter_row row;

	for (size_t i = 0; i < sim->world.n_labs; i++) {
		const struct world_lab *lab = &sim->world.lab[i];
		struct hl_judge judge = {.net = &sim->world.net,
			.card = &lab->card,
			.newest_version = lab->card.version};
		if (hl_id_eq(&lab->id, &got->core.lab))
			return hl_envelope_by_node(got, &lab->card) &&
				hl_envelope_judge(got, &judge) == HL_OK &&
				(sim->node[i].store == NULL || /* it is down */
					sim->count[SIM_RESTORED] != 0 ||
					hl_store_letter_row(sim->node[i].store, &got->id,
						&row) == HL_OK);
	}
	return false;
}

static bool is_as_issued(const struct hl_envelope *got, const struct hl_envelope *issued)
{
	bool same = hl_view_eq(got->signed_bytes, issued->signed_bytes) &&
		hl_view_eq(got->ct, issued->ct) && got->n_sigs == issued->n_sigs;

	for (size_t i = 0; same && i < got->n_sigs; i++)
		same = hl_id_eq(&got->sigs[i].kid, &issued->sigs[i].kid) &&
			memcmp(got->sigs[i].sig, issued->sigs[i].sig, HL_SIG_SIZE) == 0;
	for (size_t i = 0; same && i < got->core.n_labs; i++)
		same = got->slips[i].n == 0 ||
			hl_view_eq(got->slips[i], issued->slips[i]);
	return same;
}

/* I4: what stands in a store was issued, bit for bit. */
static void check_issued(struct sim *sim, size_t lab, const struct hl_envelope *got)
{
	struct letter *letter = sim_letter(sim, &got->id);

	sim->count[SIM_CHECKS]++;
	if (letter == NULL && by_node(sim, got))
		return;
	if (letter == NULL) {
		sim_fail(sim, "I4: lab-%c holds a letter nobody issued",
			(char)('a' + lab));
		return;
	}
	if (letter->parsed.doc.n == 0)
		must(hl_envelope_parse(
			     &sim->world.net, hl_view_buf(&letter->doc), &letter->parsed),
			"own letter");
	if (!is_as_issued(got, &letter->parsed))
		sim_fail(sim, "I4: lab-%c holds a letter that is not the one issued",
			(char)('a' + lab));
}

bool check_held(struct sim *sim, size_t lab, struct hl_view doc, struct hl_envelope *ret)
{
	bool good = hl_envelope_parse(&sim->world.net, doc, ret) == HL_OK;

	if (good)
		check_issued(sim, lab, ret);
	else
		sim_fail(sim, "I4: lab-%c holds bytes that do not parse",
			(char)('a' + lab));
	return good;
}

bool check_is_stored(struct sim *sim, size_t lab, struct letter *letter)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};

	if (sim->node[lab].store == NULL ||
		hl_store_letter_get(sim->node[lab].store, &letter->id, &envelope) !=
			HL_OK)
		return false;
	if (letter->late)
		sim_fail(sim, "I4: lab-%c took a letter of a device that is cut off",
			(char)('a' + lab));
	check_issued(sim, lab, &envelope);
	letter->stored |= 1u << lab;
	return true;
}

/* Once it was seen there, bit for bit, it is enough that it stands there: each start of the node,
 * and the end, look again. */
static bool still_stands(struct sim *sim, size_t lab, struct letter *letter)
{
	struct hl_letter_row row;

	if ((letter->stored >> lab & 1) == 0)
		return check_is_stored(sim, lab, letter);
	return hl_store_letter_row(sim->node[lab].store, &letter->id, &row) == HL_OK;
}

static bool are_apart(const struct sim *sim, size_t a, size_t b)
{
	const struct road *there = &sim->line[a][b], *back = &sim->line[b][a];

	return there->blocks + there->stalls + back->blocks + back->stalls > 0;
}

/* I1 and I7: a receipt has come for a letter. */
void check_receipt(struct sim *sim, struct letter *letter, size_t lab)
{
	if (lab >= sim->world.n_labs || (letter->labs >> lab & 1) == 0) {
		sim_fail(sim, "I7: a receipt by a lab that was not addressed");
		return;
	}
	sim->count[SIM_CHECKS]++;
	if ((letter->delivered >> lab & 1) == 0 && are_apart(sim, letter->lab, lab))
		sim->count[SIM_APART]++;
	letter->delivered |= 1u << lab;
	/* While it is down, or after a restore, it need not be there; it is looked for later. I7:
	 * what comes while no line is up comes by a carrier, and must be the lab's own. */
	if (sim->node[lab].store != NULL && !still_stands(sim, lab, letter) &&
		!sim->node[lab].restored)
		sim_fail(sim, "%s: a receipt of lab-%c for a letter that it has not",
			are_apart(sim, letter->lab, lab) ? "I7" : "I1",
			(char)('a' + lab));
}

#define START_LETTERS 32

/* I1, I10: the power may have gone. What was said to be there is there. */
void check_start(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	size_t first =
		sim->n_letters > START_LETTERS ? sim->n_letters - START_LETTERS : 0;

	for (size_t i = first; i < sim->n_letters; i++) {
		struct letter *l = &sim->letter[i];
		bool said = l->lab == lab ? l->accepted : (l->delivered >> lab & 1) != 0;
		if (!said || node->restored)
			continue;
		sim->count[SIM_CHECKS]++;
		if (!check_is_stored(sim, lab, l))
			sim_fail(sim, "I1: lab-%c has lost a letter that it acknowledged",
				(char)('a' + lab));
	}
	for (size_t i = 0; i < sim->world.n_labs; i++) {
		struct hl_channel_row row;
		if (i == lab || node->pulse[i] == 0 ||
			node->pulse_life[i] != sim->node[i].life ||
			/* What had been held up on an older link may have come since. */
			node->pulse_line[i] !=
				sim->line[lab][i].touched + sim->line[i][lab].touched)
			continue;
		sim->count[SIM_CHECKS]++;
		if (hl_store_channel_get(
			    node->store, &sim->world.lab[i].id, false, &row) != HL_OK ||
			row.pulse < node->pulse[i])
			sim_fail(sim,
				"I10: lab-%c answered lab-%c's pulse %llu, and has written %llu",
				(char)('a' + lab), (char)('a' + i),
				(unsigned long long)node->pulse[i],
				(unsigned long long)row.pulse);
		/* A restored peer begins anew. */
		node->pulse[i] = 0;
	}
}
