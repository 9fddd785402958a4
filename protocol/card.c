/* Cards as bytes: reading and writing what one card says (identity 2.1 to 2.12). */
#include "card.h"

#include <stdlib.h>
#include <string.h>

#include "card_part.h"
#include "hash.h"
#include "shape.h"

static const struct hl_field caps_fields[] = {
	HL_F_UINT(struct hl_caps, bits, 0, HL_CAP_ALL),
	HL_F_UINT(struct hl_caps, precedence, 0, 4),
	HL_F_LIST(
		struct hl_caps, kinds, n_kinds, 0, HL_CAPS_KINDS_MAX, 1, hl_shape_label),
	HL_F_LIST(struct hl_caps, labs, n_labs, 0, HL_CAPS_LABS_MAX, 1, hl_shape_id),
	HL_F_ANY(struct hl_caps, rate),
};
static const struct hl_shape caps_shape = HL_SHAPE_OF(struct hl_caps, caps_fields);

static const struct hl_field root_fields[] = {
	HL_F_FIXED(struct hl_root, key),
	HL_F_FIXED(struct hl_root, possession),
};
static const struct hl_shape root_shape = HL_SHAPE_OF(struct hl_root, root_fields);

static const struct hl_field address_field[] = {
	{.kind = HL_SHAPE_LINE, .size = sizeof(struct hl_view), .min = 1, .max = 255},
};
const struct hl_shape hl_shape_address = HL_BARE_OF(struct hl_view, address_field);

static const struct hl_field node_fields[] = {
	HL_F_FIXED(struct hl_node, link),
	HL_F_FIXED(struct hl_node, sign),
	HL_F_FIXED(struct hl_node, seal),
	HL_F_ROW(struct hl_node, addresses, n_addresses, 0, HL_CARD_ADDRESSES_MAX, 0,
		hl_shape_address),
	HL_F_ANY(struct hl_node, version_min),
	HL_F_ANY(struct hl_node, version_max),
	HL_F_FIXED(struct hl_node, possession),
};
static const struct hl_shape node_shape = HL_SHAPE_OF(struct hl_node, node_fields);

static const struct hl_field member_fields[] = {
	HL_F_LINE(struct hl_member, person, 1, 64),
	HL_F_LINE(struct hl_member, device, 1, 64),
	HL_F_UINT(struct hl_member, role, HL_MEMBER_OPERATOR, HL_MEMBER_MONITOR),
	HL_F_GROUP(struct hl_member, caps, caps_shape),
	HL_F_FIXED(struct hl_member, sign),
	HL_F_FIXED(struct hl_member, link),
	HL_F_FIXED(struct hl_member, possession),
};
static const struct hl_shape member_shape = HL_SHAPE_OF(struct hl_member, member_fields);

/* rules: the two numbers stand in an array of their own. */
struct rules {
	unsigned flash_signers, admin_signers;
};
static const struct hl_field rules_fields[] = {
	HL_F_UINT(struct rules, flash_signers, 1, 8),
	HL_F_UINT(struct rules, admin_signers, 1, 8),
};
static const struct hl_shape rules_shape = HL_SHAPE_OF(struct rules, rules_fields);

static const struct hl_field contact_field[] = {
	{.kind = HL_SHAPE_LINE, .size = sizeof(struct hl_view), .min = 1, .max = 128},
};
static const struct hl_shape contact_shape = HL_BARE_OF(struct hl_view, contact_field);

/* SPEC identity 2.2: The body is `[1, lab_id, version u, prev id|nil, issued u, not_after u, name,
 * threshold u, roots, nodes, members, rules, contacts]`. */
static const struct hl_field card_fields[] = {
	HL_F_FORMAT,
	HL_F_FIXED(struct hl_card, lab),
	HL_F_UINT(struct hl_card, version, 1, UINT64_MAX),
	HL_F_OPT_FIXED(struct hl_card, prev, has_prev),
	HL_F_ANY(struct hl_card, issued),
	HL_F_ANY(struct hl_card, not_after),
	HL_F_LINE(struct hl_card, name, 1, 64),
	HL_F_UINT(struct hl_card, threshold, 1, HL_ROOTS_MAX),
	HL_F_LIST(struct hl_card, roots, n_roots, 1, HL_ROOTS_MAX, 1, root_shape),
	HL_F_LIST(struct hl_card, nodes, n_nodes, 0, HL_NODES_MAX, 2, node_shape),
	HL_F_LIST(struct hl_card, members, n_members, 0, HL_MEMBERS_MAX, 5, member_shape),
	/* flash_signers and admin_signers stand side by side in the card */
	{.kind = HL_SHAPE_GROUP,
		.at = offsetof(struct hl_card, flash_signers),
		.size = sizeof(struct rules),
		.of = &rules_shape},
	HL_F_ROW(struct hl_card, contacts, n_contacts, 0, HL_CARD_CONTACTS_MAX, 0,
		contact_shape),
};
static const struct hl_shape card_shape = HL_SHAPE_OF(struct hl_card, card_fields);

_Static_assert(offsetof(struct hl_card, admin_signers) -
			offsetof(struct hl_card, flash_signers) ==
		offsetof(struct rules, admin_signers),
	"the rules of a card lie as in struct rules");

/* Signed documents. */

static const struct hl_field sig_fields[] = {
	HL_F_FIXED(struct hl_sig, kid),
	HL_F_FIXED(struct hl_sig, sig),
};
static const struct hl_shape sig_shape = HL_SHAPE_OF(struct hl_sig, sig_fields);

void hl_in_sigs(struct hl_in *in, size_t max, struct hl_sig *ret, size_t *ret_n)
{
	size_t n = hl_in_array(in, 1, max);

	for (size_t i = 0; i < n && hl_in_ok(in); i++) {
		hl_shape_read(in, &sig_shape, &ret[i], NULL);
		if (i > 0 && hl_id_cmp(&ret[i - 1].kid, &ret[i].kid) >= 0)
			hl_in_fail(in, HL_BAD_FIELD);
	}
	hl_in_end(in);
	if (hl_in_ok(in))
		*ret_n = n;
}

void hl_out_sigs(struct hl_out *out, const struct hl_sig *sigs, size_t n)
{
	const struct hl_sig *last = NULL;

	hl_out_array(out, n);
	for (size_t i = 0; i < n; i++) {
		const struct hl_sig *least = NULL;
		/* The least of those above the last one; none is left where a key stands twice. */
		for (size_t j = 0; j < n; j++) {
			if (last != NULL && hl_id_cmp(&sigs[j].kid, &last->kid) <= 0)
				continue;
			if (least == NULL || hl_id_cmp(&sigs[j].kid, &least->kid) < 0)
				least = &sigs[j];
		}
		if (least == NULL) {
			hl_out_fail(out, HL_ERR_USAGE);
			return;
		}
		hl_shape_write(out, &sig_shape, least);
		last = least;
	}
}

enum hl_status hl_signed_split(struct hl_view doc, size_t max, size_t max_sigs,
	struct hl_view *ret_body, struct hl_sig *ret_sigs, size_t *ret_n)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_view body;
	size_t n = 0;

	hl_in_init(&in, doc, max);
	hl_in_array(&in, 2, 2);
	body = hl_in_bin(&in, 0, max);
	hl_in_sigs(&in, max_sigs, ret_sigs, &n);
	hl_in_end(&in);
	enum hl_status status = hl_in_finish(&in);
	if (status != HL_OK)
		return status;
	*ret_body = body;
	*ret_n = n;
	return HL_OK;
}

enum hl_status hl_signed_join(
	struct hl_view body, const struct hl_sig *sigs, size_t n, struct hl_buf *ret_doc)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_out_init(&out);
	hl_out_array(&out, 2);
	hl_out_bin(&out, body);
	hl_out_sigs(&out, sigs, n);
	return hl_out_finish(&out, ret_doc);
}

/* Reading. */

/* The rules within one card that its table of fields cannot say. */
static bool card_fields_good(const struct hl_card *card)
{
	/* SPEC identity 2.3: prev is nil in the first card and else the hash of the card with the
	 * version before. */
	if (card->has_prev != (card->version > 1))
		return false;
	/* SPEC identity 2.3: issued < not_after ≤ issued + 180 days. */
	if (card->not_after <= card->issued ||
		card->not_after - card->issued > HL_CARD_LIFE_MS)
		return false;
	/* SPEC identity 2.5: threshold is 1 to the number of roots. */
	if (card->threshold > card->n_roots)
		return false;
	/* SPEC identity 2.6: version_min ≤ version_max */
	for (size_t i = 0; i < card->n_nodes; i++)
		if (card->nodes[i].version_min > card->nodes[i].version_max)
			return false;
	/* SPEC identity 2.9: A monitor has no bits but raise and update, and precedence at most 3
	 * (IMMEDIATE). */
	for (size_t i = 0; i < card->n_members; i++) {
		const struct hl_member *m = &card->members[i];
		if (m->role == HL_MEMBER_MONITOR &&
			((m->caps.bits & ~HL_CAP_MONITOR) != 0 || m->caps.precedence > 3))
			return false;
	}
	return true;
}

static enum hl_status check_key(const struct hl_id *net, const struct hl_id *lab,
	enum hl_key_role role, const uint8_t *link, const uint8_t *sign,
	const uint8_t *possession)
{
	/* SPEC hashes 1.5: Every enrolled Ed25519 key MUST be a canonical point of the prime-order
	 * subgroup. */
	enum hl_status status = hl_sign_key_check(sign);
	if (status != HL_OK)
		return status;
	return hl_possession_check(net, lab, role, link, sign, possession);
}

/* Every signing key: usable, and held by the lab. Fills the key ids. */
static enum hl_status card_keys_check(const struct hl_id *net, struct hl_card *card)
{
	enum hl_status status = HL_OK;

	for (size_t i = 0; status == HL_OK && i < card->n_roots; i++) {
		struct hl_root *r = &card->roots[i];
		status = check_key(
			net, &card->lab, HL_ROLE_ROOT, NULL, r->key, r->possession);
	}
	for (size_t i = 0; status == HL_OK && i < card->n_nodes; i++) {
		struct hl_node *n = &card->nodes[i];
		hl_key_id(net, HL_ROLE_NODE_SIGN, n->sign, &n->kid);
		status = check_key(net, &card->lab, HL_ROLE_NODE_SIGN, n->link, n->sign,
			n->possession);
	}
	for (size_t i = 0; status == HL_OK && i < card->n_members; i++) {
		struct hl_member *m = &card->members[i];
		hl_key_id(net, HL_ROLE_MEMBER_SIGN, m->sign, &m->kid);
		status = check_key(net, &card->lab, HL_ROLE_MEMBER_SIGN, m->link, m->sign,
			m->possession);
	}
	return status;
}

static enum hl_status card_read(const struct hl_id *net, struct hl_card *card)
{
	struct hl_in in HL_CLEAN_IN = {0};

	card->sigs = hl_arena_alloc(&card->arena, HL_SIGS_MAX, sizeof(*card->sigs));
	if (card->sigs == NULL)
		return HL_ERR_NOMEM;
	enum hl_status status = hl_signed_split(hl_view_buf(&card->doc), HL_CARD_MAX,
		HL_SIGS_MAX, &card->body, card->sigs, &card->n_sigs);
	if (status != HL_OK)
		return status;
	hl_in_init(&in, card->body, HL_CARD_MAX);
	hl_shape_read(&in, &card_shape, card, &card->arena);
	status = hl_in_finish(&in);
	if (status != HL_OK)
		return status;
	if (!card_fields_good(card) || !hl_card_keys_once(card))
		return HL_BAD_FIELD;
	hl_hash1("card", net, card->body, &card->hash);
	return card_keys_check(net, card);
}

enum hl_status hl_card_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_card *ret)
{
	struct hl_card card HL_CLEAN_CARD = {0};

	if (doc.n > HL_CARD_MAX)
		return HL_BAD_SIZE;
	enum hl_status status = hl_buf_append(&card.doc, doc);
	if (status == HL_OK)
		status = card_read(net, &card);
	if (status != HL_OK)
		return status;
	*ret = card;
	memset(&card, 0, sizeof(card));
	return HL_OK;
}

void hl_card_clear(struct hl_card *card)
{
	if (card == NULL)
		return;
	hl_buf_clear(&card->doc);
	hl_arena_clear(&card->arena);
	memset(card, 0, sizeof(*card));
}

/* Writing. */

enum hl_status hl_card_encode(struct hl_card *draft, struct hl_buf *ret_body)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_shape_sort(&card_shape, draft);
	if (!card_fields_good(draft))
		return HL_ERR_USAGE;
	hl_out_init(&out);
	hl_shape_write(&out, &card_shape, draft);
	return hl_out_finish(&out, ret_body);
}
