/* The promises, as checks with names: when all has come to rest. */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

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
		if (!letter->held[lab][device] || letter->two_keys ||
			!hl_id_eq(&letter->incident, incident))
			continue;
		memset(o, 0, sizeof(*o));
		enum hl_status status = hl_store_letter_get(
			sim->node[lab].store, &letter->id, &o->envelope);
		/* One that its lab cannot hand in again went with a restore. */
		if (status == HL_UNKNOWN && (letter->barred || letter->refused != 0))
			continue;
		if (status != HL_OK) {
			sim_fail(sim, "%s: lab-%c has a letter no more that it gave: %s",
				sim->node[lab].restored ? "I5" : "I1", (char)('a' + lab),
				hl_status_name(status));
			return n;
		}
		status = hl_envelope_open(&o->envelope, &sim->world.lab[lab].id, &d->kid,
			epochs, secrets, 1, &o->opened);
		if (status == HL_OK && !o->opened.wraps_good)
			status = HL_BAD_WRAP;
		if (status == HL_OK)
			status = hl_message_parse(o->opened.message, &o->message);
		if (status != HL_OK) {
			sim_fail(sim, "I1: a device of lab-%c cannot open its letter: %s",
				(char)('a' + lab), hl_status_name(status));
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

/* Letters of an incident that some need not have. */
static bool is_partial(const struct sim *sim, const struct hl_id *incident)
{
	for (size_t i = 0; i < sim->n_letters; i++) {
		const struct letter *l = &sim->letter[i];
		if (hl_id_eq(&l->incident, incident) &&
			(l->barred || l->refused != 0 || l->two_keys))
			return true;
	}
	return false;
}

/* I2: one state at all who hold the same letters, in whatever order they came. */
static void check_fold(struct sim *sim, const struct letter *opening)
{
	static struct opened list[FOLD_MAX];
	static struct hl_fold_letter fold[FOLD_MAX];
	struct hl_id first = {0};
	size_t n_first = 0;
	bool partial = is_partial(sim, &opening->id);

	for (size_t lab = 0; lab < sim->world.n_labs; lab++) {
		for (size_t d = 0; d < 2 && (opening->labs >> lab & 1) != 0; d++) {
			if (sim_is_suspended(sim, lab, d))
				continue;
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
			} else if (partial) {
				/* Each has what it has; the order was looked at. */
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

bool check_call_ended(struct sim *sim, const struct letter *call, size_t lab)
{
	for (size_t i = 0; i < sim->n_letters; i++) {
		const struct letter *l = &sim->letter[i];
		if (!hl_id_eq(&l->incident, &call->incident))
			continue;
		if ((l->answers_set && l->lab == lab &&
			    hl_id_eq(&l->answers, &call->id)) ||
			l->class == HL_CLASS_CLOSE)
			return true;
	}
	return false;
}

/* What the node of a lab says of a call, against what was done. */
static void check_call(struct sim *sim, const struct letter *call, size_t lab)
{
	struct hl_call_row row;

	if (hl_store_call_get(sim->node[lab].store, &call->id, &row) != HL_OK) {
		sim_fail(sim, "I9: a call does not ring at lab-%c", (char)('a' + lab));
		return;
	}
	sim->count[SIM_CHECKS]++;
	bool ended = row.state == HL_RING_ANSWERED || row.state == HL_RING_CLOSED;
	bool partial = is_partial(sim, &call->incident);
	if (!partial && ended != check_call_ended(sim, call, lab))
		sim_fail(sim, "I9: a call at lab-%c is in state %d", (char)('a' + lab),
			(int)row.state);
}

static void check_letter_at(struct sim *sim, struct letter *letter, size_t lab)
{
	const struct node *node = &sim->node[lab];

	/* I5: what was sent before and after a restore is held again, own letters and received
	 * ones; a new one is taken for no old one. */
	if (!check_is_stored(sim, lab, letter))
		sim_fail(sim, "%s: lab-%c never got a letter of %llu ms by lab-%c%s",
			node->restored ? "I5" : "I1", (char)('a' + lab),
			(unsigned long long)letter->made, (char)('a' + letter->lab),
			node->restored ? " again" : "");
	if (lab != letter->lab && (letter->delivered >> lab & 1) == 0)
		sim_fail(sim, "I1: no receipt of lab-%c came", (char)('a' + lab));
	for (size_t d = 0; d < 2; d++)
		if (!letter->held[lab][d] && !sim_is_suspended(sim, lab, d))
			sim_fail(sim,
				"I1: device %zu of lab-%c never saw a letter of %llu ms%s",
				d, (char)('a' + lab), (unsigned long long)letter->made,
				!letter->told[lab][d] ? ", nor was it told" : "");
	if (letter->class == HL_CLASS_CALL && lab != letter->lab)
		check_call(sim, letter, lab);
}

static void check_letter(struct sim *sim, struct letter *letter)
{
	if (letter->late || letter->barred) {
		for (size_t lab = 0; lab < sim->world.n_labs; lab++)
			(void)!check_is_stored(sim, lab, letter);
		return;
	}
	if (!letter->accepted) {
		sim_fail(sim,
			"I1: a letter of device %zu of lab-%c never got to its node",
			letter->device, (char)('a' + letter->lab));
		return;
	}
	/* Of a device that was cut off meanwhile it may have come too late; then it is refused, or
	 * (where that device only released it) stays missing: another copy could be good. */
	for (size_t lab = 0; lab < sim->world.n_labs && sim_is_late(sim, letter); lab++)
		if (lab != letter->lab && !check_is_stored(sim, lab, letter))
			letter->refused |= 1u << lab;
	/* Whose device is cut off has nobody to ask. */
	if (!letter->proven && letter->refused == 0 &&
		!sim_is_suspended(sim, letter->lab, letter->device))
		sim_fail(sim,
			"I1: the delivery of a letter of %llu ms is not proven to device %zu "
			"of lab-%c",
			(unsigned long long)letter->made, letter->device,
			(char)('a' + letter->lab));
	sim->count[SIM_DELIVERED]++;
	for (size_t lab = 0; lab < sim->world.n_labs; lab++) {
		if ((letter->labs >> lab & 1) == 0 || (letter->refused >> lab & 1) != 0)
			continue;
		sim->count[SIM_CHECKS]++;
		check_letter_at(sim, letter, lab);
	}
}

#define DRILLS_MAX 2
#define FRESH_MS   6000

/* Machine tests, and what answers them, may be on their way. */
static bool are_fresh(
	struct sim *sim, struct node *node, const struct hl_channel_key *key, size_t open)
{
	uint64_t now = sim_clock(sim, node).wall;
	struct hl_entry_row row[DRILLS_MAX];
	size_t fresh = 0;

	for (unsigned p = HL_ROUTINE; p <= HL_FLASH; p++) {
		size_t n = 0;
		must(hl_store_entry_open(
			     node->store, key, p, 1, UINT32_MAX, row, DRILLS_MAX, &n),
			"open entries");
		for (size_t i = 0; i < n; i++)
			fresh += now < row[i].entry.time + FRESH_MS;
	}
	return key->outgoing && fresh == open;
}

/* Nothing waits, nothing is missing. */
static void check_channels(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];

	for (size_t i = 0; i < sim->world.n_labs; i++) {
		for (int out = 0; out < 2; out++) {
			struct hl_channel_row row = {0};
			uint64_t open = 0;
			bool late = sim->suspended &&
				(i == sim->suspended_lab || lab == sim->suspended_lab);
			if (i == lab || late ||
				hl_store_channel_get(node->store, &sim->world.lab[i].id,
					out, &row) != HL_OK)
				continue;
			const struct hl_channel_key key = {row.peer, out, row.epoch};
			must(hl_store_entry_open_count(node->store, &key, &open),
				"open entries");
			sim->count[SIM_CHECKS]++;
			if (open != 0 && !are_fresh(sim, node, &key, open))
				sim_fail(sim, "lab-%c: %llu entries %s lab-%c still open",
					(char)('a' + lab), (unsigned long long)open,
					out != 0 ? "to" : "from", (char)('a' + i));
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
	if (sim->failure[0] == '\0')
		hook_check_rest(sim);
	for (size_t i = 0; i < sim->world.n_labs && sim->failure[0] == '\0'; i++)
		check_channels(sim, i);
}
