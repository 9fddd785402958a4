/* Sealing keys that a reader's device publishes (identity 5). */
#include "seal.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "shape.h"

static const struct hl_field key_fields[] = {
	HL_F_ANY(struct hl_seal_key, epoch),
	HL_F_ANY(struct hl_seal_key, from),
	HL_F_ANY(struct hl_seal_key, until),
	HL_F_FIXED(struct hl_seal_key, key),
};
static const struct hl_shape key_shape = HL_SHAPE_OF(struct hl_seal_key, key_fields);

/* SPEC identity 5.1: body `[1, lab_id, key id of the member's signing key, version u, issued u,
 * keys]`; keys is a list of 1 to 64 `[epoch u, from u, until u, key b32]`, sorted by epoch */
static const struct hl_field body_fields[] = {
	HL_F_FORMAT,
	HL_F_FIXED(struct hl_seals, lab),
	HL_F_FIXED(struct hl_seals, kid),
	HL_F_ANY(struct hl_seals, version),
	HL_F_ANY(struct hl_seals, issued),
	HL_F_ROW(struct hl_seals, keys, n_keys, 1, HL_EPOCHS_MAX, 1, key_shape),
};
static const struct hl_shape body_shape = HL_SHAPE_OF(struct hl_seals, body_fields);

/* SPEC identity 5.1: A reader's device publishes its sealing keys as `[body bin, signature b64]` */
static const struct hl_field seals_fields[] = {
	HL_F_BIN(struct hl_seals, body, 0, HL_SEALS_MAX),
	HL_F_FIXED(struct hl_seals, sig),
};
static const struct hl_shape seals_shape = HL_SHAPE_OF(struct hl_seals, seals_fields);

/* SPEC identity 5.1: from < until. */
static bool spans_good(const struct hl_seals *seals)
{
	for (size_t i = 0; i < seals->n_keys; i++)
		if (seals->keys[i].from >= seals->keys[i].until)
			return false;
	return true;
}

enum hl_status hl_seals_sign(const struct hl_id *net, const struct hl_seals *seals,
	const struct hl_sign_key *key, struct hl_buf *ret_doc)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf body HL_CLEAN_BUF = {0};
	struct hl_seals made = {0};

	if (seals->n_keys > HL_EPOCHS_MAX || !spans_good(seals))
		return HL_ERR_USAGE;
	hl_out_init(&out);
	hl_shape_write(&out, &body_shape, seals);
	enum hl_status status = hl_out_finish(&out, &body);
	if (status != HL_OK)
		return status;
	made.body = hl_view_buf(&body);
	status = hl_sign("seals", net, made.body, key, made.sig);
	if (status != HL_OK)
		return status;
	hl_out_init(&out);
	hl_shape_write(&out, &seals_shape, &made);
	return hl_out_finish(&out, ret_doc);
}

enum hl_status hl_seals_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_seals *ret)
{
	struct hl_in outer HL_CLEAN_IN = {0}, inner HL_CLEAN_IN = {0};
	struct hl_seals seals = {0};

	hl_in_init(&outer, doc, HL_SEALS_MAX);
	hl_shape_read(&outer, &seals_shape, &seals, NULL);
	enum hl_status status = hl_in_finish(&outer);
	if (status != HL_OK)
		return status;
	hl_in_init(&inner, seals.body, HL_SEALS_MAX);
	hl_shape_read(&inner, &body_shape, &seals, NULL);
	status = hl_in_finish(&inner);
	if (status != HL_OK)
		return status;
	if (!spans_good(&seals))
		return HL_BAD_FIELD;
	hl_hash1("seals", net, seals.body, &seals.hash);
	*ret = seals;
	return HL_OK;
}

enum hl_status hl_seals_check(
	const struct hl_id *net, const struct hl_card *card, const struct hl_seals *seals)
{
	if (!hl_id_eq(&card->lab, &seals->lab))
		return HL_BAD_CARD;
	const struct hl_member *member = hl_card_member(card, &seals->kid);
	if (member == NULL)
		return HL_NOT_MEMBER;
	if ((member->caps.bits & HL_CAP_READ) == 0)
		return HL_NOT_PERMITTED;
	/* SPEC identity 5.1: signature `Sign("seals", body)` by the member's signing key */
	return hl_verify("seals", net, seals->body, member->sign, seals->sig);
}

const struct hl_seal_key *hl_seals_at(
	const struct hl_seals *seals, uint64_t now, bool *ret_stale)
{
	/* SPEC identity 5.4: A sender uses the key whose from ≤ now < until; among several the one
	 * of the highest epoch; with none the key of the highest epoch, and both sides show *stale
	 * seal*. */
	for (size_t i = seals->n_keys; i > 0; i--) {
		const struct hl_seal_key *key = &seals->keys[i - 1];
		if (key->from <= now && now < key->until) {
			*ret_stale = false;
			return key;
		}
	}
	*ret_stale = true;
	return &seals->keys[seals->n_keys > 0 ? seals->n_keys - 1 : 0];
}

static int compare_ids(const void *a, const void *b)
{
	return hl_id_cmp(a, b);
}

void hl_seals_digest(
	const struct hl_id *net, struct hl_id *hashes, size_t n, struct hl_id *ret)
{
	/* SPEC link 4.2: seals digest is `H("seal-set", the hashes H("seals", body) of that lab's
	 * newest sealing keys, one of each member, in bytewise order, concatenated)` */
	if (n > 0)
		qsort(hashes, n, sizeof(*hashes), compare_ids);
	hl_hash1("seal-set", net, hl_view_of(hashes, n * sizeof(*hashes)), ret);
}
