/* Suspensions: a lost device is cut off at once (identity 4). */
#include <string.h>

#include "card_part.h"
#include "directory.h"
#include "hash.h"

#define REASON_MAX 200

struct body {
	struct hl_id lab, kid;
	uint64_t issued;
	struct hl_view reason;
};

/* SPEC identity 4.1: body `[1, lab_id, key id of the member's signing key, issued u, reason]`,
 * reason a line of 0 to 200 bytes */
static const struct hl_field body_fields[] = {
	HL_F_FORMAT,
	HL_F_FIXED(struct body, lab),
	HL_F_FIXED(struct body, kid),
	HL_F_ANY(struct body, issued),
	HL_F_LINE(struct body, reason, 0, REASON_MAX),
};
static const struct hl_shape body_shape = HL_SHAPE_OF(struct body, body_fields);

#define SIGS_MAX (sizeof(((struct hl_suspension *)0)->sigs) / sizeof(struct hl_sig))

enum hl_status hl_suspension_make(const struct hl_id *net, const struct hl_id *lab,
	const struct hl_id *kid, uint64_t issued, struct hl_view reason,
	const struct hl_sign_key *key, struct hl_buf *ret_doc)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct body body = {*lab, *kid, issued, reason};
	struct hl_sig sig;

	hl_out_init(&out);
	hl_shape_write(&out, &body_shape, &body);
	enum hl_status status = hl_out_finish(&out, &bytes);
	if (status != HL_OK)
		return status;
	hl_key_id(net, HL_ROLE_MEMBER_SIGN, key->pub, &sig.kid);
	status = hl_sign("suspend", net, hl_view_buf(&bytes), key, sig.sig);
	if (status != HL_OK)
		return status;
	return hl_signed_join(hl_view_buf(&bytes), &sig, 1, ret_doc);
}

enum hl_status hl_suspension_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_suspension *ret)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_suspension suspension = {0};
	struct body body = {0};

	(void)net;
	enum hl_status status = hl_signed_split(doc, HL_SUSPENSION_MAX, SIGS_MAX,
		&suspension.body, suspension.sigs, &suspension.n_sigs);
	if (status != HL_OK)
		return status;
	hl_in_init(&in, suspension.body, HL_SUSPENSION_MAX);
	hl_shape_read(&in, &body_shape, &body, NULL);
	status = hl_in_finish(&in);
	if (status != HL_OK)
		return status;
	suspension.lab = body.lab;
	suspension.kid = body.kid;
	suspension.issued = body.issued;
	if (body.reason.n > 0)
		memcpy(suspension.reason, body.reason.p, body.reason.n);
	*ret = suspension;
	return HL_OK;
}

enum hl_status hl_suspension_check(const struct hl_id *net, const struct hl_card *card,
	const struct hl_suspension *suspension,
	bool (*suspended)(void *ctx, const struct hl_id *kid), void *ctx)
{
	bool able = false, good = false;

	if (!hl_id_eq(&card->lab, &suspension->lab))
		return HL_BAD_CARD;
	/* SPEC identity 4.2: Every signature MUST be valid (9) and by a member of the card in force
	 * (12); where no signer has the capability the code is 11, where all that have it are
	 * suspended 13. */
	for (size_t i = 0; i < suspension->n_sigs; i++) {
		const struct hl_sig *sig = &suspension->sigs[i];
		const struct hl_member *m = hl_card_member(card, &sig->kid);
		if (m == NULL)
			return HL_NOT_MEMBER;
		enum hl_status status =
			hl_verify("suspend", net, suspension->body, m->sign, sig->sig);
		if (status != HL_OK)
			return status;
		if ((m->caps.bits & HL_CAP_SUSPEND) == 0)
			continue;
		able = true;
		/* SPEC identity 4.2: who is not suspended or is the suspended key itself. */
		good |= suspended == NULL || !suspended(ctx, &sig->kid) ||
			hl_id_eq(&sig->kid, &suspension->kid);
	}
	if (!able)
		return HL_NOT_PERMITTED;
	return good ? HL_OK : HL_SUSPENDED;
}
