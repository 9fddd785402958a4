/* Cards in use: who stands on one, and what a member may do. */
#include "card.h"

#include <string.h>

const struct hl_member *hl_card_member(
	const struct hl_card *card, const struct hl_id *kid)
{
	for (size_t i = 0; i < card->n_members; i++)
		if (hl_id_eq(&card->members[i].kid, kid))
			return &card->members[i];
	return NULL;
}

const struct hl_member *hl_card_member_by_link(
	const struct hl_card *card, const uint8_t link[static HL_KEY_SIZE])
{
	for (size_t i = 0; i < card->n_members; i++)
		if (memcmp(card->members[i].link, link, HL_KEY_SIZE) == 0)
			return &card->members[i];
	return NULL;
}

const struct hl_node *hl_card_node(const struct hl_card *card, const struct hl_id *kid)
{
	for (size_t i = 0; i < card->n_nodes; i++)
		if (hl_id_eq(&card->nodes[i].kid, kid))
			return &card->nodes[i];
	return NULL;
}

const struct hl_node *hl_card_node_by_link(
	const struct hl_card *card, const uint8_t link[static HL_KEY_SIZE])
{
	for (size_t i = 0; i < card->n_nodes; i++)
		if (memcmp(card->nodes[i].link, link, HL_KEY_SIZE) == 0)
			return &card->nodes[i];
	return NULL;
}

bool hl_caps_kind(const struct hl_caps *caps, struct hl_view kind)
{
	/* SPEC message 3.5: A member whose capability names kinds may raise those alone: a label of
	 * the list that equals the kind, or ends in `.` and begins it. */
	for (size_t i = 0; i < caps->n_kinds; i++) {
		struct hl_view label = caps->kinds[i];
		if (hl_view_eq(label, kind))
			return true;
		if (label.p[label.n - 1] == '.' && label.n <= kind.n &&
			memcmp(label.p, kind.p, label.n) == 0)
			return true;
	}
	return caps->n_kinds == 0;
}

bool hl_caps_lab(const struct hl_caps *caps, const struct hl_id *lab)
{
	for (size_t i = 0; i < caps->n_labs; i++)
		if (hl_id_eq(&caps->labs[i], lab))
			return true;
	return caps->n_labs == 0;
}

/* The operator with all of the bits that a signature names; NULL for none. */
static const struct hl_member *operator_of(
	const struct hl_card *card, unsigned bits, const struct hl_sig *sig)
{
	const struct hl_member *m = hl_card_member(card, &sig->kid);

	if (m == NULL || m->role != HL_MEMBER_OPERATOR || (m->caps.bits & bits) != bits)
		return NULL;
	return m;
}

size_t hl_card_persons(
	const struct hl_card *card, unsigned bits, const struct hl_sig *sigs, size_t n)
{
	size_t persons = 0;

	/* SPEC identity 2.7: devices of one person carry the same person. */
	for (size_t i = 0; i < n; i++) {
		const struct hl_member *m = operator_of(card, bits, &sigs[i]);
		bool counted = m == NULL;
		for (size_t j = 0; j < i && !counted; j++) {
			const struct hl_member *other = operator_of(card, bits, &sigs[j]);
			counted = other != NULL && hl_view_eq(other->person, m->person);
		}
		persons += !counted;
	}
	return persons;
}
