#include "envelope.h"

#include "envelope_inner.h"

/* What a letter is worth to a node that holds a card of its lab (envelope 3). */

static bool signed_by(const struct hl_envelope *envelope, const struct hl_id *kid)
{
	for (size_t i = 0; i < envelope->n_sigs; i++)
		if (hl_id_eq(&envelope->sigs[i].kid, kid))
			return true;
	return false;
}

/* The key of a signer of this letter; NULL: none that may sign it. */
static const uint8_t *key_of(
	const struct hl_card *card, const struct hl_core *core, const struct hl_id *kid)
{
	const struct hl_member *member = hl_card_member(card, kid);
	const struct hl_node *node = NULL;

	if (member)
		return member->sign;
	if (hl_id_eq(kid, &core->sender))
		node = hl_card_node(card, kid);
	return node ? node->sign : NULL;
}

static enum hl_status signatures_check(
	const struct hl_envelope *envelope, const struct hl_judge *judge)
{
	const uint8_t *key;
	enum hl_status status;

	if (!key_of(judge->card, &envelope->core, &envelope->core.sender))
		return HL_NOT_MEMBER;
	if (!signed_by(envelope, &envelope->core.sender))
		return HL_BAD_SIGNATURE;
	/* SPEC envelope 3.1: every signer a member, or the node that is the sender (12), and every
	 * signature valid (9) */
	for (size_t i = 0; i < envelope->n_sigs; i++)
		if (!key_of(judge->card, &envelope->core, &envelope->sigs[i].kid))
			return HL_NOT_MEMBER;
	for (size_t i = 0; i < envelope->n_sigs; i++) {
		key = key_of(judge->card, &envelope->core, &envelope->sigs[i].kid);
		status = hl_verify("env", judge->net, envelope->signed_bytes, key,
			envelope->sigs[i].sig);
		if (status != HL_OK)
			return status;
	}
	return HL_OK;
}

static bool any_suspended(
	const struct hl_envelope *envelope, const struct hl_judge *judge)
{
	if (!judge->suspended)
		return false;
	for (size_t i = 0; i < envelope->n_sigs; i++)
		if (judge->suspended(judge->ctx, &envelope->sigs[i].kid))
			return true;
	return false;
}

/* envelope 3.3 */
static unsigned bits_of_class(enum hl_class class)
{
	switch (class) {
	case HL_CLASS_CALL: return HL_CAP_RAISE | HL_CAP_UPDATE;
	case HL_CLASS_ANSWER: return HL_CAP_ANSWER;
	case HL_CLASS_CLOSE: return HL_CAP_CLOSE;
	case HL_CLASS_NOTICE:
		return HL_CAP_READ | HL_CAP_RAISE | HL_CAP_UPDATE | HL_CAP_ANSWER |
			HL_CAP_CLOSE;
	}
	return 0;
}

static bool permitted(const struct hl_core *core, const struct hl_caps *caps)
{
	if (!(caps->bits & bits_of_class(core->class)))
		return false;
	/* SPEC envelope 3.4: A call or a notice has at most the precedence of the sender's
	 * capability. */
	if (core->class == HL_CLASS_CALL || core->class == HL_CLASS_NOTICE)
		return core->precedence <= caps->precedence;
	return true;
}

/* SPEC envelope 3.10: of letters of class call or answer alone, with status test and precedence at
 * most IMMEDIATE (11) */
static bool node_permitted(const struct hl_core *core)
{
	return (core->class == HL_CLASS_CALL || core->class == HL_CLASS_ANSWER) &&
		core->status == HL_TEST && core->precedence <= HL_IMMEDIATE;
}

bool hl_envelope_by_node(const struct hl_envelope *envelope, const struct hl_card *card)
{
	return hl_card_node(card, &envelope->core.sender) != NULL;
}

bool hl_envelope_released(const struct hl_envelope *envelope, const struct hl_card *card)
{
	struct hl_view persons[HL_SIGS_MAX];
	const struct hl_member *member;
	size_t n = 0, at;

	/* SPEC envelope 3.6: Persons count, never devices; monitors never count. */
	for (size_t i = 0; i < envelope->n_sigs; i++) {
		member = hl_card_member(card, &envelope->sigs[i].kid);
		if (!member || member->role != HL_MEMBER_OPERATOR)
			continue;
		if (!(member->caps.bits & HL_CAP_RELEASE) &&
			!hl_id_eq(&member->kid, &envelope->core.sender))
			continue;
		for (at = 0; at < n && !hl_view_eq(persons[at], member->person); at++)
			;
		persons[at] = member->person;
		n += at == n;
	}
	return n >= card->flash_signers;
}

static bool release_asked(const struct hl_core *core, const struct hl_judge *judge)
{
	return (core->class == HL_CLASS_CALL && core->precedence == HL_FLASH) ||
		(core->class == HL_CLASS_CLOSE && judge->raised_with_flash);
}

enum hl_status hl_envelope_judge(
	const struct hl_envelope *envelope, const struct hl_judge *judge)
{
	const struct hl_core *core = &envelope->core;
	const struct hl_card *card = judge->card;
	enum hl_status status;
	size_t at;

	if (!card || !hl_id_eq(&card->lab, &core->lab))
		return HL_NEED_CARD;
	if (core->card_version > card->version &&
		core->card_version > judge->newest_version)
		return HL_NEED_CARD;
	if (judge->own_lab) {
		at = hl_core_lab(core, judge->own_lab);
		if (at == core->n_labs || envelope->slips[at].n == 0)
			return HL_NOT_ADDRESSED;
	}
	status = signatures_check(envelope, judge);
	if (status != HL_OK)
		return status;
	if (any_suspended(envelope, judge))
		return HL_SUSPENDED;
	if (hl_envelope_by_node(envelope, card))
		return node_permitted(core) ? HL_OK : HL_NOT_PERMITTED;
	if (!permitted(core, &hl_card_member(card, &core->sender)->caps))
		return HL_NOT_PERMITTED;
	if (release_asked(core, judge) && !hl_envelope_released(envelope, card))
		return HL_FEW_SIGNATURES;
	return HL_OK;
}

static bool status_of_copy(enum hl_status status)
{
	return status == HL_BAD_SIZE || status == HL_BAD_HASH ||
		status == HL_BAD_SIGNATURE || status == HL_FEW_SIGNATURES ||
		status == HL_NOT_ADDRESSED;
}

bool hl_envelope_fault_of_copy(const struct hl_envelope *envelope,
	const struct hl_judge *judge, enum hl_status status)
{
	const struct hl_id *sender = &envelope->core.sender;

	/* SPEC envelope 3.7: codes 12 and 13 for another signer than the core's sender */
	if (status == HL_NOT_MEMBER)
		return judge->card && key_of(judge->card, &envelope->core, sender);
	if (status == HL_SUSPENDED)
		return !judge->suspended || !judge->suspended(judge->ctx, sender);
	return status_of_copy(status);
}
