#include "envelope.h"

#include "envelope_inner.h"

/* Copies of one letter: they differ in their signatures and in the slips that they carry. */

static enum hl_status copy_write(const struct hl_envelope *envelope,
	const struct hl_sig *sigs, size_t n_sigs, const struct hl_view *slips,
	size_t n_slips, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_out_array(&out, 4);
	hl_out_bin(&out, envelope->signed_bytes);
	hl_out_sigs(&out, sigs, n_sigs);
	hl_out_bin(&out, envelope->ct);
	hl_out_array(&out, n_slips);
	for (size_t i = 0; i < n_slips; i++)
		hl_out_bin(&out, slips[i]);
	return hl_out_finish(&out, ret);
}

enum hl_status hl_envelope_for_lab(const struct hl_envelope *envelope,
	const struct hl_id *lab, struct hl_buf *ret_doc)
{
	size_t at = hl_core_lab(&envelope->core, lab);

	if (at == envelope->core.n_labs || envelope->slips[at].n == 0)
		return HL_NOT_ADDRESSED;
	return copy_write(envelope, envelope->sigs, envelope->n_sigs,
		&envelope->slips[at], 1, ret_doc);
}

/* Both lists in one, sorted; where both have a key's signature, a's. HL_BAD_SIZE above the
 * limit. */
static enum hl_status sigs_merge(const struct hl_envelope *a, const struct hl_envelope *b,
	struct hl_sig ret[static HL_SIGS_MAX], size_t *ret_n)
{
	size_t i = 0, j = 0, n = 0;

	while (i < a->n_sigs || j < b->n_sigs) {
		int order = i == a->n_sigs ? 1
			: j == b->n_sigs   ? -1
					   : hl_id_cmp(&a->sigs[i].kid, &b->sigs[j].kid);

		if (n == HL_SIGS_MAX)
			return HL_BAD_SIZE;
		ret[n++] = order <= 0 ? a->sigs[i] : b->sigs[j];
		i += order <= 0;
		j += order >= 0;
	}
	*ret_n = n;
	return HL_OK;
}

/* The slips that stand in a or in b, in order. */
static size_t slips_merge(const struct hl_envelope *a, const struct hl_envelope *b,
	struct hl_view ret[static HL_LABS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < a->core.n_labs; i++) {
		struct hl_view slip = a->slips[i].n > 0 ? a->slips[i] : b->slips[i];

		if (slip.n > 0)
			ret[n++] = slip;
	}
	return n;
}

enum hl_status hl_envelope_merge(
	const struct hl_envelope *a, const struct hl_envelope *b, struct hl_buf *ret_doc)
{
	struct hl_sig sigs[HL_SIGS_MAX];
	struct hl_view slips[HL_LABS_MAX];
	size_t n_sigs;
	enum hl_status status;

	if (!hl_id_eq(&a->id, &b->id))
		return HL_UNKNOWN;
	status = sigs_merge(a, b, sigs, &n_sigs);
	if (status != HL_OK)
		return status;
	return copy_write(a, sigs, n_sigs, slips, slips_merge(a, b, slips), ret_doc);
}

enum hl_status hl_envelope_cosign(const struct hl_envelope *envelope,
	const struct hl_sign_key *key, struct hl_buf *ret_doc)
{
	struct hl_sig sig, sigs[HL_SIGS_MAX];
	struct hl_envelope with = {.n_sigs = 1, .sigs = &sig};
	struct hl_view slips[HL_LABS_MAX];
	size_t n_sigs;
	enum hl_status status;

	hl_key_id(&envelope->core.net, HL_ROLE_MEMBER_SIGN, key->pub, &sig.kid);
	for (size_t i = 0; i < envelope->n_sigs; i++)
		if (hl_id_eq(&envelope->sigs[i].kid, &sig.kid))
			return HL_DUPLICATE;
	status =
		hl_sign("env", &envelope->core.net, envelope->signed_bytes, key, sig.sig);
	if (status == HL_OK)
		status = sigs_merge(envelope, &with, sigs, &n_sigs);
	if (status != HL_OK)
		return status;
	return copy_write(envelope, sigs, n_sigs, slips,
		slips_merge(envelope, envelope, slips), ret_doc);
}
