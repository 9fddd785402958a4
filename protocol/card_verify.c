/* Cards as proof: possession, keys once, and which card may follow which (identity 2.10 on). */
#include <stdlib.h>
#include <string.h>

#include "card_part.h"
#include "hash.h"

enum hl_status hl_lab_id(const struct hl_id *net, uint64_t threshold,
	const struct hl_root *roots, size_t n, struct hl_id *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf bytes HL_CLEAN_BUF = {0};

	/* SPEC identity 1.1: `lab_id = H("lab", [threshold, [root key b32, …]])` */
	hl_out_init(&out);
	hl_out_array(&out, 2);
	hl_out_uint(&out, threshold);
	hl_out_array(&out, n);
	for (size_t i = 0; i < n; i++)
		hl_out_bin(&out, HL_VIEW(roots[i].key));
	enum hl_status status = hl_out_finish(&out, &bytes);
	if (status != HL_OK)
		return status;
	hl_hash1("lab", net, hl_view_buf(&bytes), ret);
	return HL_OK;
}

/* Possession. */

static enum hl_status possession_message(const struct hl_id *lab, enum hl_key_role role,
	const uint8_t *link, const uint8_t *sign, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	/* SPEC identity 2.11: possession is `Sign("pop", [lab_id, role, signing key, link
	 * key|nil])` by the key itself */
	hl_out_init(&out);
	hl_out_array(&out, 4);
	hl_out_id(&out, lab);
	hl_out_uint(&out, role);
	hl_out_bin(&out, hl_view_of(sign, HL_KEY_SIZE));
	if (link == NULL)
		hl_out_nil(&out);
	else
		hl_out_bin(&out, hl_view_of(link, HL_KEY_SIZE));
	return hl_out_finish(&out, ret);
}

enum hl_status hl_possession_sign(const struct hl_id *net, const struct hl_id *lab,
	enum hl_key_role role, const uint8_t *link, const struct hl_sign_key *key,
	uint8_t ret[static HL_SIG_SIZE])
{
	struct hl_buf message HL_CLEAN_BUF = {0};

	enum hl_status status = possession_message(lab, role, link, key->pub, &message);
	if (status != HL_OK)
		return status;
	return hl_sign("pop", net, hl_view_buf(&message), key, ret);
}

enum hl_status hl_possession_check(const struct hl_id *net, const struct hl_id *lab,
	enum hl_key_role role, const uint8_t *link,
	const uint8_t sign[static HL_KEY_SIZE], const uint8_t sig[static HL_SIG_SIZE])
{
	struct hl_buf message HL_CLEAN_BUF = {0};

	enum hl_status status = possession_message(lab, role, link, sign, &message);
	if (status != HL_OK)
		return status;
	return hl_verify("pop", net, hl_view_buf(&message), sign, sig);
}

/* Keys once. */

#define SIGN_KEYS_MAX (HL_ROOTS_MAX + HL_NODES_MAX + HL_MEMBERS_MAX)
#define DH_KEYS_MAX   (2 * HL_NODES_MAX + HL_MEMBERS_MAX)

/* Keys of one curve, in bytewise order. */
struct key_set {
	const uint8_t *keys[SIGN_KEYS_MAX];
	size_t n;
};
_Static_assert(SIGN_KEYS_MAX >= DH_KEYS_MAX, "a key set has room for either curve");

static int compare_keys(const void *a, const void *b)
{
	const uint8_t *const *x = a, *const *y = b;

	return memcmp(*x, *y, HL_KEY_SIZE);
}

static void collect_sign(const struct hl_card *card, struct key_set *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < card->n_roots; i++)
		ret->keys[ret->n++] = card->roots[i].key;
	for (size_t i = 0; i < card->n_nodes; i++)
		ret->keys[ret->n++] = card->nodes[i].sign;
	for (size_t i = 0; i < card->n_members; i++)
		ret->keys[ret->n++] = card->members[i].sign;
	qsort(ret->keys, ret->n, sizeof(ret->keys[0]), compare_keys);
}

static void collect_dh(const struct hl_card *card, struct key_set *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < card->n_nodes; i++) {
		ret->keys[ret->n++] = card->nodes[i].link;
		ret->keys[ret->n++] = card->nodes[i].seal;
	}
	for (size_t i = 0; i < card->n_members; i++)
		ret->keys[ret->n++] = card->members[i].link;
	qsort(ret->keys, ret->n, sizeof(ret->keys[0]), compare_keys);
}

static bool distinct(const struct key_set *set)
{
	for (size_t i = 1; i < set->n; i++)
		if (compare_keys(&set->keys[i - 1], &set->keys[i]) == 0)
			return false;
	return true;
}

static bool overlap(const struct key_set *a, const struct key_set *b)
{
	for (size_t i = 0, j = 0; i < a->n && j < b->n;) {
		int order = compare_keys(&a->keys[i], &b->keys[j]);
		if (order == 0)
			return true;
		if (order < 0)
			i++;
		else
			j++;
	}
	return false;
}

bool hl_card_keys_once(const struct hl_card *card)
{
	struct key_set sign, dh;

	collect_sign(card, &sign);
	collect_dh(card, &dh);
	return distinct(&sign) && distinct(&dh);
}

enum hl_status hl_card_disjoint(
	const struct hl_card *a, const struct hl_card *b, bool *ret_dh)
{
	struct key_set x, y;

	/* SPEC identity 2.18: An Ed25519 key that stands in a held card of another lab makes a card
	 * invalid. An X25519 key that does so raises an alarm. */
	collect_sign(a, &x);
	collect_sign(b, &y);
	if (overlap(&x, &y))
		return HL_BAD_CARD;
	collect_dh(a, &x);
	collect_dh(b, &y);
	*ret_dh = overlap(&x, &y);
	return HL_OK;
}

/* Succession. */

/* Which root of a card has this key id; NULL for none. */
static const uint8_t *root_key(
	const struct hl_id *net, const struct hl_card *card, const struct hl_id *kid)
{
	for (size_t i = 0; i < card->n_roots; i++) {
		struct hl_id id;
		hl_key_id(net, HL_ROLE_ROOT, card->roots[i].key, &id);
		if (hl_id_eq(&id, kid))
			return card->roots[i].key;
	}
	return NULL;
}

static bool same_roots(const struct hl_card *a, const struct hl_card *b)
{
	if (a->threshold != b->threshold || a->n_roots != b->n_roots)
		return false;
	for (size_t i = 0; i < a->n_roots; i++)
		if (memcmp(a->roots[i].key, b->roots[i].key, HL_KEY_SIZE) != 0)
			return false;
	return true;
}

/* How many roots of the card before (none for a first card), and how many of its own, have signed;
 * every signature is checked. */
static enum hl_status count_signers(const struct hl_id *net, const struct hl_card *prev,
	const struct hl_card *card, size_t *ret_old, size_t *ret_new)
{
	size_t n_old = 0, n_new = 0;

	/* SPEC identity 2.15: Every signature in a card MUST be valid and by a root of this card or
	 * of the one before. */
	for (size_t i = 0; i < card->n_sigs; i++) {
		const struct hl_sig *sig = &card->sigs[i];
		const uint8_t *mine = root_key(net, card, &sig->kid);
		const uint8_t *before =
			prev != NULL ? root_key(net, prev, &sig->kid) : NULL;
		if (mine == NULL && before == NULL)
			return HL_NOT_MEMBER;
		enum hl_status status = hl_verify(
			"card", net, card->body, mine != NULL ? mine : before, sig->sig);
		if (status != HL_OK)
			return status;
		n_new += mine != NULL;
		n_old += before != NULL;
	}
	*ret_old = n_old;
	*ret_new = n_new;
	return HL_OK;
}

static enum hl_status first_card(const struct hl_id *net, const struct hl_card *card)
{
	struct hl_id lab;
	size_t n_old, n_new;

	if (card->version != 1)
		return HL_NEED_CARD;
	/* SPEC identity 2.13: The first card is valid when lab_id is right (1.1) and at least
	 * threshold of its roots have signed. */
	enum hl_status status =
		hl_lab_id(net, card->threshold, card->roots, card->n_roots, &lab);
	if (status != HL_OK)
		return status;
	if (!hl_id_eq(&lab, &card->lab))
		return HL_BAD_CARD;
	status = count_signers(net, NULL, card, &n_old, &n_new);
	if (status != HL_OK)
		return status;
	return n_new < card->threshold ? HL_FEW_SIGNATURES : HL_OK;
}

enum hl_status hl_card_follows(
	const struct hl_id *net, const struct hl_card *prev, const struct hl_card *card)
{
	size_t n_old, n_new;

	if (prev == NULL)
		return first_card(net, card);
	if (!hl_id_eq(&prev->lab, &card->lab))
		return HL_BAD_CARD;
	if (card->version == prev->version)
		return hl_id_eq(&card->hash, &prev->hash) ? HL_STALE : HL_EQUIVOCATION;
	if (card->version < prev->version)
		return HL_STALE;
	/* SPEC identity 2.16: A card whose version is more than one above the newest held is kept
	 * aside, and the missing ones are asked for. */
	if (card->version - prev->version > 1)
		return HL_NEED_CARD;
	/* SPEC identity 2.3: issued does not go down from card to card. */
	if (!hl_id_eq(&card->prev, &prev->hash) || card->issued < prev->issued)
		return HL_BAD_CARD;

	/* SPEC identity 2.14: at least threshold of the *earlier* card's roots have signed; where
	 * roots or threshold differ, at least the new threshold of the new roots MUST have signed
	 * also. */
	enum hl_status status = count_signers(net, prev, card, &n_old, &n_new);
	if (status != HL_OK)
		return status;
	if (n_old < prev->threshold)
		return HL_FEW_SIGNATURES;
	if (!same_roots(prev, card) && n_new < card->threshold)
		return HL_FEW_SIGNATURES;
	return HL_OK;
}

/* Signing. */

enum hl_status hl_card_sign(const struct hl_id *net, struct hl_view body,
	const struct hl_sign_key *const *roots, size_t n, struct hl_buf *ret_doc)
{
	struct hl_sig sigs[HL_SIGS_MAX];

	if (n < 1 || n > HL_SIGS_MAX)
		return HL_ERR_USAGE;
	for (size_t i = 0; i < n; i++) {
		hl_key_id(net, HL_ROLE_ROOT, roots[i]->pub, &sigs[i].kid);
		enum hl_status status = hl_sign("card", net, body, roots[i], sigs[i].sig);
		if (status != HL_OK)
			return status;
	}
	return hl_signed_join(body, sigs, n, ret_doc);
}
