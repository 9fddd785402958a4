/* The promises, as checks with names. */
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
				(hl_store_letter_row(
					 sim->node[i].store, &got->id, &row) == HL_OK ||
					sim->count[SIM_RESTORED] != 0);
	}
	return false;
}

/* I4: what stands in a store was issued, bit for bit. */
void check_held(struct sim *sim, size_t lab, struct hl_view doc)
{
	struct hl_envelope got HL_CLEAN_ENVELOPE = {0}, issued HL_CLEAN_ENVELOPE = {0};

	sim->count[SIM_CHECKS]++;
	if (hl_envelope_parse(&sim->world.net, doc, &got) != HL_OK) {
		sim_fail(sim, "I4: lab-%c holds bytes that do not parse",
			(char)('a' + lab));
		return;
	}
	struct letter *letter = sim_letter(sim, &got.id);
	if (letter == NULL && by_node(sim, &got))
		return;
	if (letter == NULL) {
		sim_fail(sim, "I4: lab-%c holds a letter nobody issued",
			(char)('a' + lab));
		return;
	}
	must(hl_envelope_parse(&sim->world.net, hl_view_buf(&letter->doc), &issued),
		"own letter");
	bool same = hl_view_eq(got.signed_bytes, issued.signed_bytes) &&
		hl_view_eq(got.ct, issued.ct) && got.n_sigs == issued.n_sigs;
	for (size_t i = 0; same && i < got.n_sigs; i++)
		same = hl_id_eq(&got.sigs[i].kid, &issued.sigs[i].kid) &&
			memcmp(got.sigs[i].sig, issued.sigs[i].sig, HL_SIG_SIZE) == 0;
	for (size_t i = 0; same && i < got.core.n_labs; i++)
		same = got.slips[i].n == 0 || hl_view_eq(got.slips[i], issued.slips[i]);
	if (!same)
		sim_fail(sim, "I4: lab-%c holds a letter that is not the one issued",
			(char)('a' + lab));
}

/* Is it stored, byte for byte as issued? What a turn has not committed does not count. */
static bool is_stored(struct sim *sim, size_t lab, const struct letter *letter)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};

	if (hl_store_letter_get(sim->node[lab].store, &letter->id, &envelope) != HL_OK)
		return false;
	check_held(sim, lab, hl_view_buf(&envelope.doc));
	return true;
}

/* I1 and I7: a receipt has come for a letter. */
void check_receipt(struct sim *sim, struct letter *letter, size_t lab)
{
	if (lab >= sim->world.n_labs || (letter->labs >> lab & 1) == 0) {
		sim_fail(sim, "I7: a receipt by a lab that was not addressed");
		return;
	}
	sim->count[SIM_CHECKS]++;
	letter->delivered |= 1u << lab;
	/* A restored store may have had it then; it must have it again at rest. */
	if (!is_stored(sim, lab, letter) && sim->count[SIM_RESTORED] == 0)
		sim_fail(sim, "I1: lab-%c gave a receipt for a letter it has not",
			(char)('a' + lab));
}

/* One device's letters of an incident, opened with its own key. */
struct opened {
	struct hl_envelope envelope;
	struct hl_opened opened;
	struct hl_message message;
};

static size_t open_all(struct sim *sim, size_t lab, size_t device,
	const struct hl_id *incident, struct opened *list, struct hl_fold_letter *fold,
	size_t max)
{
	struct world_device *d = &sim->world.lab[lab].device[device];
	const struct hl_dh_key *secrets[] = {&d->seal};
	const uint64_t epochs[] = {1};
	size_t n = 0;

	for (size_t i = 0; i < sim->n_letters && n < max; i++) {
		struct letter *letter = &sim->letter[i];
		struct opened *o = &list[n];
		if (!letter->held[lab][device] || !hl_id_eq(&letter->incident, incident))
			continue;
		memset(o, 0, sizeof(*o));
		must(hl_store_letter_get(sim->node[lab].store, &letter->id, &o->envelope),
			"held letter");
		if (hl_envelope_open(&o->envelope, &sim->world.lab[lab].id, &d->kid,
			    epochs, secrets, 1, &o->opened) != HL_OK ||
			!o->opened.wraps_good ||
			hl_message_parse(o->opened.message, &o->message) != HL_OK) {
			sim_fail(sim, "a device cannot open its letter");
			return n;
		}
		fold[n] = (struct hl_fold_letter){
			letter->id, &o->envelope.core, &o->message, false};
		n++;
	}
	return n;
}

static struct hl_id fold_of(
	const struct hl_id *incident, struct hl_fold_letter *fold, size_t n)
{
	struct hl_incident state HL_CLEAN_INCIDENT = {0};
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_id hash;

	must(hl_incident_fold(incident, fold, n, &state), "fold");
	must(hl_incident_encode(&state, &bytes), "fold");
	const struct hl_view v = hl_view_buf(&bytes);
	hl_sha256(&v, 1, &hash);
	return hash;
}

#define FOLD_MAX 512

/* I2: one state at all who hold the same letters, in whatever order they came. */
static void check_fold(struct sim *sim, const struct letter *opening)
{
	static struct opened list[FOLD_MAX];
	static struct hl_fold_letter fold[FOLD_MAX];
	struct hl_id first = {0};
	size_t n_first = 0;

	for (size_t lab = 0; lab < sim->world.n_labs; lab++) {
		for (size_t d = 0; d < 2 && (opening->labs >> lab & 1) != 0; d++) {
			size_t n =
				open_all(sim, lab, d, &opening->id, list, fold, FOLD_MAX);
			struct hl_id a = fold_of(&opening->id, fold, n);
			for (size_t i = n; i > 1; i--) {
				size_t k = rng_below(&sim->rng, i);
				struct hl_fold_letter t = fold[i - 1];
				fold[i - 1] = fold[k];
				fold[k] = t;
			}
			struct hl_id b = fold_of(&opening->id, fold, n);
			sim->count[SIM_CHECKS]++;
			if (!hl_id_eq(&a, &b))
				sim_fail(sim, "I2: the order changes the state");
			if (hl_id_zero(&first)) {
				first = a;
				n_first = n;
			} else if (n != n_first || !hl_id_eq(&a, &first)) {
				sim_fail(sim, "I2: two parties see two states");
			}
			for (size_t i = 0; i < n; i++) {
				hl_message_clear(&list[i].message);
				hl_opened_clear(&list[i].opened);
				hl_envelope_clear(&list[i].envelope);
			}
		}
	}
}

/* What the node of a lab says of a call, against what was done. */
static void check_call(struct sim *sim, const struct letter *call, size_t lab)
{
	struct hl_call_row row;
	bool answered = false, closed = false;

	for (size_t i = 0; i < sim->n_letters; i++) {
		const struct letter *l = &sim->letter[i];
		if (!hl_id_eq(&l->incident, &call->incident))
			continue;
		answered = answered ||
			(l->answers_set && l->lab == lab &&
				hl_id_eq(&l->answers, &call->id));
		closed = closed || l->class == HL_CLASS_CLOSE;
	}
	if (hl_store_call_get(sim->node[lab].store, &call->id, &row) != HL_OK) {
		sim_fail(sim, "I9: a call does not ring at lab-%c", (char)('a' + lab));
		return;
	}
	sim->count[SIM_CHECKS]++;
	bool ended = row.state == HL_RING_ANSWERED || row.state == HL_RING_CLOSED;
	if (ended != (answered || closed))
		sim_fail(sim,
			"I9: a call at lab-%c is in state %d (answered %d, closed %d)",
			(char)('a' + lab), (int)row.state, answered, closed);
}

static void check_letter(struct sim *sim, const struct letter *letter)
{
	if (!letter->accepted) {
		sim_fail(sim, "a letter never got through to its own node");
		return;
	}
	if (!letter->proven)
		sim_fail(sim, "a letter's delivery is not proven to its sender");
	sim->count[SIM_DELIVERED]++;
	for (size_t lab = 0; lab < sim->world.n_labs; lab++) {
		if ((letter->labs >> lab & 1) == 0)
			continue;
		sim->count[SIM_CHECKS]++;
		/* I5: what was sent before and after a restore is held again, own letters and
		 * received ones; a new one is taken for no old one. */
		if (!is_stored(sim, lab, letter))
			sim_fail(sim, "%s: lab-%c never got a letter%s",
				sim->node[lab].restored ? "I5" : "I1", (char)('a' + lab),
				sim->node[lab].restored ? " again" : "");
		if (lab != letter->lab && (letter->delivered >> lab & 1) == 0)
			sim_fail(sim, "I1: no receipt of lab-%c came", (char)('a' + lab));
		for (size_t d = 0; d < 2; d++)
			if (!letter->held[lab][d])
				sim_fail(sim, "device %zu of lab-%c never saw a letter",
					d, (char)('a' + lab));
		if (letter->class == HL_CLASS_CALL && lab != letter->lab)
			check_call(sim, letter, lab);
	}
}

/* Nothing waits, nothing is missing. */
static void check_channels(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];

	for (size_t i = 0; i < sim->world.n_labs; i++) {
		for (int out = 0; out < 2; out++) {
			struct hl_channel_row row = {0};
			uint64_t open = 0;
			if (i == lab ||
				hl_store_channel_get(node->store, &sim->world.lab[i].id,
					out, &row) != HL_OK)
				continue;
			const struct hl_channel_key key = {row.peer, out, row.epoch};
			must(hl_store_entry_open_count(node->store, &key, &open),
				"open entries");
			sim->count[SIM_CHECKS]++;
			if (open != 0)
				sim_fail(sim, "lab-%c: %llu entries still open",
					(char)('a' + lab), (unsigned long long)open);
		}
	}
}

/* I14: nothing that a machine tests rings; and the tests are scored. */
static void check_drills(struct sim *sim, size_t lab)
{
	struct hl_store *store = sim->node[lab].store;
	struct hl_drill_row row[64];
	struct hl_call_row call;
	struct hl_asked_row asked;
	size_t n = 0;

	for (size_t i = 0; i < sim->world.n_labs; i++) {
		const struct hl_id *other = &sim->world.lab[i].id;
		uint64_t after = 0;
		do {
			must(hl_store_drill_list(store, other, 0, after, row, 64, &n),
				"drills");
			for (size_t k = 0; k < n; k++) {
				after = row[k].number;
				sim->count[SIM_TESTS]++;
				sim->count[SIM_TESTS_PASSED] +=
					row[k].answered != 0 && !row[k].missed;
				sim->count[SIM_CHECKS]++;
				if (hl_store_call_get(store, &row[k].id, &call) !=
						HL_UNKNOWN ||
					hl_store_call_get(sim->node[i].store, &row[k].id,
						&call) != HL_UNKNOWN ||
					hl_store_asked_get(store, &row[k].id, other,
						&asked) != HL_UNKNOWN)
					sim_fail(sim, "I14: a machine test rings");
			}
		} while (n == 64);
	}
}

void check_rest(struct sim *sim)
{
	for (size_t i = 0; i < sim->world.n_labs; i++)
		check_drills(sim, i);
	for (size_t i = 0; i < sim->n_letters && sim->failure[0] == '\0'; i++)
		check_letter(sim, &sim->letter[i]);
	for (size_t i = 0; i < sim->n_letters && sim->failure[0] == '\0'; i++)
		if (hl_id_eq(&sim->letter[i].id, &sim->letter[i].incident))
			check_fold(sim, &sim->letter[i]);
	for (size_t i = 0; i < sim->world.n_labs && sim->failure[0] == '\0'; i++) {
		check_channels(sim, i);
		/* A restored store is alarmed, here and at its peers. */
		if (sim->node[i].alarms != 0 && sim->count[SIM_RESTORED] == 0)
			sim_fail(sim, "lab-%c gave a false alarm", (char)('a' + i));
	}
}
