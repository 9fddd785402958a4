/* spec/vectors/card.json: chains of cards, one made from its parts, and every refusal. */
#include "vectors.h"

#define HELD_MAX 8

static struct hl_id net;

static void check_chain(const json_t *chain)
{
	struct hl_card cards[HELD_MAX] = {0};
	const char *name = vectors_text(chain, "name");
	char digits[HL_FINGERPRINT_SIZE];
	const json_t *c;
	size_t i;

	json_array_foreach(vectors_list(chain, "cards"), i, c)
	{
		struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "data");
		struct hl_card *card = &cards[i % HELD_MAX];
		hl_card_clear(card);
		bool good = hl_card_parse(&net, hl_view_buf(&doc), card) == HL_OK &&
			vectors_equal(c, "hash", hl_view_id(&card->hash)) &&
			vectors_equal(c, "lab_id", hl_view_id(&card->lab)) &&
			card->version == vectors_number(c, "version");
		good = good &&
			hl_card_follows(&net, i > 0 ? &cards[(i - 1) % HELD_MAX] : NULL,
				card) == HL_OK;
		vectors_count(good, "chains", name);
	}
	hl_fingerprint(&net, &cards[0].lab, digits);
	vectors_count(strcmp(digits, vectors_text(chain, "fingerprint")) == 0,
		"chains: fingerprint", name);
	for (i = 0; i < HELD_MAX; i++)
		hl_card_clear(&cards[i]);
}

/* The keys that the built card is made of. */
struct parts {
	struct hl_sign_key root, node_sign, member_sign;
	struct hl_dh_key node_link, member_link;
};

static bool sign_key(const json_t *c, const char *member, struct hl_sign_key *ret)
{
	struct hl_buf seed HL_CLEAN_BUF = vectors_hex(c, member);

	return hl_sign_key_from_secret(hl_view_buf(&seed), ret) == HL_OK;
}

static bool link_key(const json_t *c, struct hl_dh_key *ret)
{
	struct hl_buf secret HL_CLEAN_BUF = vectors_hex(c, "link_secret");

	return hl_dh_key_from_secret(hl_view_buf(&secret), ret) == HL_OK;
}

static bool make_node(const json_t *c, const struct hl_id *lab, const struct parts *k,
	struct hl_node *ret)
{
	memcpy(ret->link, k->node_link.pub, HL_KEY_SIZE);
	memcpy(ret->sign, k->node_sign.pub, HL_KEY_SIZE);
	vectors_fixed(c, "seal_public", ret->seal, HL_KEY_SIZE);
	ret->addresses[0] = hl_view_str(vectors_text(c, "address"));
	ret->n_addresses = 1;
	ret->version_min = vectors_number(c, "version_min");
	ret->version_max = vectors_number(c, "version_max");
	return hl_possession_sign(&net, lab, HL_ROLE_NODE_SIGN, ret->link, &k->node_sign,
		       ret->possession) == HL_OK;
}

static bool make_member(const json_t *c, const struct hl_id *lab, const struct parts *k,
	struct hl_member *ret)
{
	ret->person = hl_view_str(vectors_text(c, "person"));
	ret->device = hl_view_str(vectors_text(c, "device"));
	ret->role = (enum hl_member_role)vectors_number(c, "role");
	ret->caps.bits = (unsigned)vectors_number(c, "bits");
	ret->caps.precedence = (unsigned)vectors_number(c, "precedence");
	ret->caps.rate = vectors_number(c, "rate");
	memcpy(ret->sign, k->member_sign.pub, HL_KEY_SIZE);
	memcpy(ret->link, k->member_link.pub, HL_KEY_SIZE);
	return hl_possession_sign(&net, lab, HL_ROLE_MEMBER_SIGN, ret->link,
		       &k->member_sign, ret->possession) == HL_OK;
}

static bool make_card(const json_t *c, const struct parts *k)
{
	struct hl_buf body HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};
	struct hl_root root;
	struct hl_node node = {0};
	struct hl_member member = {0};
	struct hl_card draft = {.roots = &root,
		.n_roots = 1,
		.nodes = &node,
		.n_nodes = 1,
		.members = &member,
		.n_members = 1,
		.n_contacts = 1};
	const struct hl_sign_key *signer = &k->root;

	memcpy(root.key, k->root.pub, HL_KEY_SIZE);
	draft.version = vectors_number(c, "version");
	draft.issued = vectors_number(c, "issued");
	draft.not_after = vectors_number(c, "not_after");
	draft.name = hl_view_str(vectors_text(c, "name"));
	draft.threshold = vectors_number(c, "threshold");
	draft.flash_signers = (unsigned)vectors_number(c, "flash_signers");
	draft.admin_signers = (unsigned)vectors_number(c, "admin_signers");
	draft.contacts[0] = hl_view_str(vectors_text(c, "contact"));
	return hl_lab_id(&net, draft.threshold, &root, 1, &draft.lab) == HL_OK &&
		vectors_equal(c, "lab_id", hl_view_id(&draft.lab)) &&
		hl_possession_sign(&net, &draft.lab, HL_ROLE_ROOT, NULL, &k->root,
			root.possession) == HL_OK &&
		make_node(vectors_get(c, "node"), &draft.lab, k, &node) &&
		make_member(vectors_get(c, "member"), &draft.lab, k, &member) &&
		hl_card_encode(&draft, &body) == HL_OK &&
		vectors_equal(c, "body", hl_view_buf(&body)) &&
		hl_card_sign(&net, hl_view_buf(&body), &signer, 1, &doc) == HL_OK &&
		vectors_equal(c, "data", hl_view_buf(&doc));
}

static void check_built(const json_t *c)
{
	struct parts k = {0};
	const json_t *node = vectors_get(c, "node"), *member = vectors_get(c, "member");

	bool good = sign_key(c, "root_seed", &k.root) &&
		sign_key(node, "sign_seed", &k.node_sign) &&
		sign_key(member, "sign_seed", &k.member_sign) &&
		link_key(node, &k.node_link) && link_key(member, &k.member_link);
	vectors_count(good && make_card(c, &k), "built", "");
	hl_sign_key_clear(&k.root);
	hl_sign_key_clear(&k.node_sign);
	hl_sign_key_clear(&k.member_sign);
	hl_dh_key_clear(&k.node_link);
	hl_dh_key_clear(&k.member_link);
}

/* What a reader does with a card, while it holds others: each lab's newest is the last one. */
static enum hl_status judge(
	const struct hl_card *held, size_t n, const struct hl_card *card)
{
	const struct hl_card *newest = NULL, *before = NULL;

	for (size_t i = 0; i < n; i++) {
		bool dh;
		if (hl_id_eq(&held[i].lab, &card->lab)) {
			before = newest;
			newest = &held[i];
			continue;
		}
		enum hl_status status = hl_card_disjoint(card, &held[i], &dh);
		if (status != HL_OK)
			return status;
	}
	enum hl_status status = hl_card_follows(&net, newest, card);
	if (status == HL_STALE && hl_id_eq(&card->hash, &newest->hash))
		return HL_OK;
	/* Evidence only if it is valid after the card before. */
	if (status == HL_EQUIVOCATION) {
		enum hl_status valid = hl_card_follows(&net, before, card);
		return valid == HL_OK ? HL_EQUIVOCATION : valid;
	}
	return status;
}

static void check_step(const json_t *c)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "card");
	struct hl_card card HL_CLEAN_CARD = {0}, held[HELD_MAX] = {0};
	const json_t *list = vectors_get(c, "held");
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < HELD_MAX; i++) {
		struct hl_buf h HL_CLEAN_BUF = vectors_hex_of(json_array_get(list, i));
		if (hl_card_parse(&net, hl_view_buf(&h), &held[i]) != HL_OK)
			vectors_count(false, "steps: held", vectors_text(c, "name"));
	}
	enum hl_status status = hl_card_parse(&net, hl_view_buf(&doc), &card);
	if (status == HL_OK)
		status = judge(held, n, &card);
	vectors_code(status, c, "steps");
	if (status == HL_OK) {
		/* What one reader takes, another writes the same. */
		struct hl_buf body HL_CLEAN_BUF = {0};
		vectors_count(hl_card_encode(&card, &body) == HL_OK &&
				hl_view_eq(hl_view_buf(&body), card.body),
			"written again", vectors_text(c, "name"));
	}
	for (size_t i = 0; i < HELD_MAX; i++)
		hl_card_clear(&held[i]);
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	size_t i;

	net = vectors_id(file, "net_id");
	json_array_foreach(vectors_list(file, "chains"), i, c) check_chain(c);
	check_built(vectors_get(file, "built"));
	json_array_foreach(vectors_list(file, "steps"), i, c) check_step(c);
	return vectors_end(file);
}
