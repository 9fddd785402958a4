#include "envelope.h"

#include <string.h>

#include "arena.h"
#include "envelope_inner.h"
#include "hash.h"

/* Reading a letter: everything that needs no card. */

#define LIFETIME_MIN 60
#define LIFETIME_MAX 31622400
#define ANSWER_MAX   604800
#define CORE_ITEMS   17
#define FORMAT       1
#define SUITE        1

void hl_in_init_inner(struct hl_in *in, struct hl_view bytes)
{
	hl_in_init(in, bytes, HL_ENVELOPE_MAX);
	if (in->status == HL_BAD_SIZE)
		in->status = HL_BAD_ENCODING;
}

uint64_t hl_precedence_deadline(enum hl_precedence precedence)
{
	switch (precedence) {
	case HL_ROUTINE: return 86400;
	case HL_PRIORITY: return 10800;
	case HL_IMMEDIATE: return 1800;
	case HL_FLASH: return 600;
	}
	return 86400;
}

struct hl_id hl_envelope_incident(const struct hl_envelope *envelope)
{
	return envelope->core.has_incident ? envelope->core.incident : envelope->id;
}

size_t hl_core_lab(const struct hl_core *core, const struct hl_id *lab)
{
	size_t low = 0, high = core->n_labs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = hl_id_cmp(&core->labs[middle], lab);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return core->n_labs;
}

bool hl_bucket_ok(uint64_t size)
{
	return size >= HL_PAYLOAD_MIN && size <= HL_PAYLOAD_MAX &&
		(size & (size - 1)) == 0;
}

/* envelope 1.6 */
static bool core_references_ok(const struct hl_core *core)
{
	switch (core->class) {
	case HL_CLASS_CALL: return !core->has_answers;
	case HL_CLASS_ANSWER: return core->has_incident && core->has_answers;
	case HL_CLASS_CLOSE: return core->has_incident && !core->has_answers;
	case HL_CLASS_NOTICE: return core->has_incident;
	}
	return false;
}

enum hl_status hl_core_check(const struct hl_core *core)
{
	bool call = core->class == HL_CLASS_CALL;

	if (core->class < HL_CLASS_CALL || core->class > HL_CLASS_NOTICE ||
		core->status < HL_ACTUAL || core->status > HL_TEST ||
		core->precedence < HL_ROUTINE || core->precedence > HL_FLASH)
		return HL_BAD_FIELD;
	/* SPEC envelope 1.7: lifetime is 60 to 31,622,400. */
	if (core->lifetime < LIFETIME_MIN || core->lifetime > LIFETIME_MAX)
		return HL_BAD_FIELD;
	/* SPEC envelope 1.7: answer_within is 1 to 604,800 in a call and 0 else. */
	if (core->answer_within > (call ? ANSWER_MAX : 0) ||
		(call && !core->answer_within))
		return HL_BAD_FIELD;
	if (core->card_version == 0 || !core_references_ok(core))
		return HL_BAD_FIELD;
	/* SPEC envelope 1.10: one of the nine buckets and 16. */
	return core->ct_size > HL_TAG_SIZE && hl_bucket_ok(core->ct_size - HL_TAG_SIZE)
		? HL_OK
		: HL_BAD_FIELD;
}

static void in_optional_id(struct hl_in *in, bool *ret_has, struct hl_id *ret)
{
	*ret_has = !hl_in_nil(in);
	if (*ret_has)
		hl_in_id(in, ret);
}

/* A sorted list of 1 to 64 lab ids. */
static void in_labs(struct hl_in *in, void **arena, struct hl_core *core)
{
	core->n_labs = hl_in_array(in, 1, HL_LABS_MAX);
	core->labs = hl_arena_alloc(arena, core->n_labs, sizeof(*core->labs));
	if (!core->labs) {
		hl_in_fail(in, HL_ERR_NOMEM);
		return;
	}
	for (size_t i = 0; i < core->n_labs; i++) {
		hl_in_id(in, &core->labs[i]);
		if (i > 0 && hl_id_cmp(&core->labs[i - 1], &core->labs[i]) >= 0)
			hl_in_fail(in, HL_BAD_FIELD);
	}
	hl_in_end(in);
}

/* What is told apart from the fields, because the network and the suite are looked at later. */
struct version {
	uint64_t format, suite;
};

/* envelope 1.3 */
static enum hl_status core_parse(
	struct hl_view bytes, void **arena, struct hl_core *core, struct version *ret)
{
	struct hl_in in HL_CLEAN_IN = {0};
	enum hl_status status;

	hl_in_init_inner(&in, bytes);
	hl_in_array(&in, CORE_ITEMS, CORE_ITEMS);
	ret->format = hl_in_uint(&in, 0, UINT64_MAX);
	ret->suite = hl_in_uint(&in, 0, UINT64_MAX);
	hl_in_id(&in, &core->net);
	hl_in_id(&in, &core->lab);
	hl_in_id(&in, &core->sender);
	core->card_version = hl_in_uint(&in, 1, UINT64_MAX);
	in_optional_id(&in, &core->has_incident, &core->incident);
	in_optional_id(&in, &core->has_answers, &core->answers);
	core->class = (enum hl_class)hl_in_uint(&in, HL_CLASS_CALL, HL_CLASS_NOTICE);
	core->status = (enum hl_standing)hl_in_uint(&in, HL_ACTUAL, HL_TEST);
	core->precedence = (enum hl_precedence)hl_in_uint(&in, HL_ROUTINE, HL_FLASH);
	core->created = hl_in_uint(&in, 0, UINT64_MAX);
	core->lifetime = hl_in_uint(&in, LIFETIME_MIN, LIFETIME_MAX);
	core->answer_within = hl_in_uint(&in, 0, ANSWER_MAX);
	hl_in_id(&in, &core->recipients);
	core->ct_size = hl_in_uint(&in, 0, UINT64_MAX);
	in_labs(&in, arena, core);
	hl_in_end(&in);
	status = hl_in_finish(&in);
	return status == HL_OK ? hl_core_check(core) : status;
}

/* envelope 1.13 */
static enum hl_status signed_parse(struct hl_envelope *e, struct version *ret)
{
	struct hl_in in HL_CLEAN_IN = {0};
	enum hl_status status;
	size_t n;

	hl_in_init_inner(&in, e->signed_bytes);
	hl_in_array(&in, 4, 4);
	e->core_bytes = hl_in_bin(&in, 0, HL_ENVELOPE_MAX);
	hl_in_fixed(&in, e->kcom, sizeof(e->kcom));
	hl_in_id(&in, &e->ct_hash);
	n = hl_in_array(&in, 0, HL_LABS_MAX);
	e->slip_hashes = hl_arena_alloc(&e->arena, n, sizeof(*e->slip_hashes));
	if (!e->slip_hashes)
		return HL_ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		hl_in_id(&in, &e->slip_hashes[i]);
	hl_in_end(&in);
	hl_in_end(&in);
	status = hl_in_finish(&in);
	if (status == HL_OK)
		status = core_parse(e->core_bytes, &e->arena, &e->core, ret);
	if (status == HL_OK && n != e->core.n_labs)
		status = HL_BAD_FIELD;
	return status;
}

/* The outer array; the slips as they stand there. */
static enum hl_status outer_parse(struct hl_envelope *e,
	struct hl_view slips[static HL_LABS_MAX], size_t *ret_n_slips)
{
	struct hl_in in HL_CLEAN_IN = {0};
	size_t n;

	e->sigs = hl_arena_alloc(&e->arena, HL_SIGS_MAX, sizeof(*e->sigs));
	if (!e->sigs)
		return HL_ERR_NOMEM;
	hl_in_init(&in, hl_view_buf(&e->doc), HL_ENVELOPE_MAX);
	hl_in_array(&in, 4, 4);
	e->signed_bytes = hl_in_bin(&in, 0, HL_ENVELOPE_MAX);
	hl_in_sigs(&in, HL_SIGS_MAX, e->sigs, &e->n_sigs);
	/* SPEC envelope 2.1: 1 to 32 signatures, sorted by key id */
	if (hl_in_ok(&in) && e->n_sigs == 0)
		hl_in_fail(&in, HL_BAD_FIELD);
	e->ct = hl_in_bin(&in, 0, HL_ENVELOPE_MAX);
	n = hl_in_array(&in, 0, HL_LABS_MAX);
	for (size_t i = 0; i < n; i++)
		slips[i] = hl_in_bin(&in, 0, HL_ENVELOPE_MAX);
	hl_in_end(&in);
	hl_in_end(&in);
	*ret_n_slips = n;
	return hl_in_finish(&in);
}

enum hl_status hl_slip_read(struct hl_view slip, const struct hl_id *kid,
	struct hl_id *ret_lab, bool *ret_found, uint8_t ret_wrap[static HL_WRAP_SIZE])
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_id lab, last = {0}, here;
	uint8_t wrap[HL_WRAP_SIZE];
	enum hl_status status;
	bool found = false;
	size_t n;

	hl_in_init_inner(&in, slip);
	hl_in_array(&in, 2, 2);
	hl_in_id(&in, &lab);
	n = hl_in_array(&in, 1, HL_READERS_MAX);
	for (size_t i = 0; i < n; i++) {
		hl_in_array(&in, 2, 2);
		hl_in_id(&in, &here);
		hl_in_fixed(&in, wrap, sizeof(wrap));
		hl_in_end(&in);
		if (i > 0 && hl_id_cmp(&last, &here) >= 0)
			hl_in_fail(&in, HL_BAD_FIELD);
		last = here;
		if (hl_in_ok(&in) && kid && hl_id_eq(kid, &here)) {
			found = true;
			memcpy(ret_wrap, wrap, sizeof(wrap));
		}
	}
	hl_in_end(&in);
	hl_in_end(&in);
	status = hl_in_finish(&in);
	if (status == HL_OK) {
		*ret_lab = lab;
		*ret_found = found;
	}
	return status;
}

/* Puts each slip at the place of its lab. */
static enum hl_status slips_parse(
	struct hl_envelope *e, const struct hl_view *slips, size_t n)
{
	struct hl_id lab, last = {0};
	uint8_t unused[HL_WRAP_SIZE];
	enum hl_status status;
	bool found;

	e->slips = hl_arena_alloc(&e->arena, e->core.n_labs, sizeof(*e->slips));
	if (!e->slips)
		return HL_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t at;

		status = hl_slip_read(slips[i], NULL, &lab, &found, unused);
		if (status != HL_OK)
			return status;
		if (i > 0 && hl_id_cmp(&last, &lab) >= 0)
			return HL_BAD_FIELD;
		last = lab;
		at = hl_core_lab(&e->core, &lab);
		/* SPEC envelope 2.1: Each slip is of a lab of the core (else 8). */
		if (at == e->core.n_labs)
			return HL_BAD_HASH;
		e->slips[at] = slips[i];
	}
	return HL_OK;
}

static enum hl_status net_check(const struct hl_id *net, const struct hl_core *core,
	const struct version *version)
{
	if (!hl_id_eq(net, &core->net))
		return HL_BAD_NETWORK;
	return version->format == FORMAT && version->suite == SUITE ? HL_OK
								    : HL_BAD_SUITE;
}

static enum hl_status hashes_check(const struct hl_id *net, struct hl_envelope *e)
{
	struct hl_id hash;

	hl_hash1("ct", net, e->ct, &hash);
	if (e->ct.n != e->core.ct_size || !hl_id_eq(&hash, &e->ct_hash))
		return HL_BAD_HASH;
	for (size_t i = 0; i < e->core.n_labs; i++) {
		if (e->slips[i].n == 0)
			continue;
		hl_hash1("slip", net, e->slips[i], &hash);
		if (!hl_id_eq(&hash, &e->slip_hashes[i]))
			return HL_BAD_HASH;
	}
	return HL_OK;
}

/* Copies the document and reads its outer array. */
static enum hl_status envelope_begin(const struct hl_id *net, struct hl_view doc,
	struct hl_envelope *e, struct hl_view slips[static HL_LABS_MAX],
	size_t *ret_n_slips)
{
	enum hl_status status;

	if (doc.n == 0 || doc.n > HL_ENVELOPE_MAX)
		return HL_BAD_SIZE;
	status = hl_buf_append(&e->doc, doc);
	if (status == HL_OK)
		status = outer_parse(e, slips, ret_n_slips);
	if (status == HL_OK)
		hl_hash1("env", net, e->signed_bytes, &e->id);
	return status;
}

enum hl_status hl_envelope_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_envelope *ret)
{
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_view slips[HL_LABS_MAX];
	struct version version;
	size_t n_slips;
	enum hl_status status = envelope_begin(net, doc, &e, slips, &n_slips);

	if (status == HL_OK)
		status = signed_parse(&e, &version);
	if (status == HL_OK)
		status = slips_parse(&e, slips, n_slips);
	if (status == HL_OK)
		status = net_check(net, &e.core, &version);
	if (status == HL_OK)
		status = hashes_check(net, &e);
	if (status != HL_OK)
		return status;
	hl_hash1("core", net, e.core_bytes, &e.core_hash);
	*ret = e;
	e = (struct hl_envelope){0};
	return HL_OK;
}

enum hl_status hl_envelope_blame(
	const struct hl_id *net, struct hl_view doc, struct hl_id *ret_id)
{
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_view slips[HL_LABS_MAX];
	struct version version;
	size_t n_slips;
	enum hl_status status = envelope_begin(net, doc, &e, slips, &n_slips);

	if (status != HL_OK)
		return hl_status_ours(status) ? status : HL_UNKNOWN;
	status = signed_parse(&e, &version);
	if (status == HL_OK)
		status = net_check(net, &e.core, &version);
	if (status == HL_OK)
		return HL_UNKNOWN;
	if (hl_status_ours(status))
		return status;
	*ret_id = e.id;
	return HL_OK;
}

void hl_envelope_clear(struct hl_envelope *envelope)
{
	if (!envelope)
		return;
	hl_buf_clear(&envelope->doc);
	hl_arena_clear(&envelope->arena);
	*envelope = (struct hl_envelope){0};
}
