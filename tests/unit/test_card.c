/* Cards: every field refused when it is wrong, and which card may follow which. */
#include <stdio.h>

#include "cards.h"
#include "tree.h"

static struct lab lab;

static int setup(void **state)
{
	(void)state;
	lab_init(&lab, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lab_clear(&lab);
	return 0;
}

static enum hl_status read_doc(struct hl_view doc, void *ctx)
{
	struct hl_card card HL_CLEAN_CARD = {0};

	(void)ctx;
	return hl_card_parse(&lab.net, doc, &card);
}

/* Signs a body, whatever is in it, and reads that. */
static enum hl_status read_body(struct hl_view body, void *ctx)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	const struct hl_sign_key *signer = &lab.root[0];

	assert_ok(hl_card_sign(&lab.net, body, &signer, 1, &doc));
	return read_doc(hl_view_buf(&doc), ctx);
}

static void round_trip(void **state)
{
	struct hl_card card HL_CLEAN_CARD = {0};
	struct hl_buf body HL_CLEAN_BUF = {0};

	(void)state;
	lab_card(&lab, 7, &card);
	assert_int_equal(card.n_roots, CARDS_ROOTS);
	assert_int_equal(card.n_nodes, CARDS_NODES);
	assert_int_equal(card.n_members, CARDS_MEMBERS);
	assert_int_equal(card.n_sigs, 3);
	assert_int_equal(card.n_contacts, 2);
	assert_int_equal(card.flash_signers, 2);
	assert_int_equal(card.nodes[0].n_addresses, 2);
	assert_view(card.nodes[0].addresses[1], hl_view_str("[2001:db8::1]:4685"));
	assert_view(card.name, hl_view_str("Lab of the tests"));
	assert_false(card.has_prev);
	assert_ok(hl_card_encode(&card, &body));
	assert_view(hl_view_buf(&body), card.body);
	assert_ok(hl_card_follows(&lab.net, NULL, &card));
}

static void wrong_document(void **state)
{
	static const struct negative rows[] = {
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"0", OP_BIN, 0, HL_BAD_SIZE, NULL},
		{"0", OP_BIN, HL_CARD_MAX, HL_BAD_SIZE, NULL},
		{"1", OP_ONLY, 0, HL_BAD_FIELD, NULL},
		{"1", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"1", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"1", OP_ADD, HL_SIGS_MAX, HL_BAD_FIELD, NULL},
		{"1.0", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"1.0", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"1.0.0", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"1.0.0", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"1.0.1", OP_BIN, 63, HL_BAD_ENCODING, NULL},
		{"1.0.1", OP_BIN, 65, HL_BAD_ENCODING, NULL},
	};
	struct hl_buf doc HL_CLEAN_BUF = lab_doc(&lab, 7);

	(void)state;
	TREE_NEGATIVES(hl_view_buf(&doc), rows, read_doc, NULL);
	tree_wrong_types(hl_view_buf(&doc), read_doc, NULL);
	/* Cut at every length, and a byte too many. */
	for (size_t n = 0; n < doc.n; n++)
		assert_int_not_equal(read_doc(hl_view_of(doc.p, n), NULL), HL_OK);
	assert_ok(hl_buf_append(&doc, hl_view_str("a")));
	assert_status(read_doc(hl_view_buf(&doc), NULL), HL_BAD_ENCODING);
}

static void wrong_fields(void **state)
{
	static const struct negative rows[] = {
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"0", OP_UINT, 0, HL_BAD_SUITE, NULL},
		{"0", OP_UINT, 2, HL_BAD_SUITE, NULL},
		{"1", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		/* possessions name the lab */
		{"1", OP_FLIP, 0, HL_BAD_SIGNATURE, NULL},
		{"2", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"2", OP_UINT, 2, HL_BAD_FIELD, NULL},
		{"3", OP_BIN, 32, HL_BAD_FIELD, NULL},
		{"3", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"4", OP_UINT, 1000000 + HL_CARD_LIFE_MS, HL_BAD_FIELD, NULL},
		{"4", OP_UINT, 999999, HL_BAD_FIELD, NULL},
		{"4", OP_UINT, 1000000 + HL_CARD_LIFE_MS - 1, HL_OK, NULL},
		{"5", OP_UINT, 1000000, HL_BAD_FIELD, NULL},
		{"5", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"5", OP_UINT, UINT64_MAX, HL_BAD_FIELD, NULL},
		{"6", OP_STR, 0, HL_BAD_FIELD, NULL},
		{"6", OP_STR, 65, HL_BAD_FIELD, NULL},
		{"6", OP_LABEL, 0, HL_BAD_ENCODING, "two\nlines"},
		{"7", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"7", OP_UINT, 4, HL_BAD_FIELD, NULL},
		{"7", OP_UINT, UINT64_MAX, HL_BAD_FIELD, NULL},
		{"12", OP_ADD, 7, HL_BAD_FIELD, NULL},
		{"12", OP_ADD, 6, HL_OK, NULL},
		{"12.0", OP_STR, 0, HL_BAD_FIELD, NULL},
		{"12.0", OP_STR, 128, HL_OK, NULL},
		{"12.0", OP_STR, 129, HL_BAD_FIELD, NULL},
		{"11", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"11", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"11.0", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"11.0", OP_UINT, 9, HL_BAD_FIELD, NULL},
		{"11.1", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"11.1", OP_UINT, 8, HL_OK, NULL},
		{"11.1", OP_UINT, 9, HL_BAD_FIELD, NULL},
	};
	struct hl_card card HL_CLEAN_CARD = {0};

	(void)state;
	lab_card(&lab, 1, &card);
	TREE_NEGATIVES(card.body, rows, read_body, NULL);
	tree_wrong_types(card.body, read_body, NULL);
}

static void wrong_roots_and_nodes(void **state)
{
	static const struct negative rows[] = {
		{"8", OP_ONLY, 0, HL_BAD_FIELD, NULL},
		{"8", OP_ONLY, 1, HL_BAD_FIELD, NULL}, /* threshold 2 */
		{"8", OP_ADD, 16, HL_BAD_FIELD, NULL},
		{"8", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"8", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"8.0", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"8.0", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"8.0.0", OP_BIN, 32, HL_BAD_KEY, NULL},
		{"8.0.0", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"8.0.1", OP_FLIP, 0, HL_BAD_SIGNATURE, NULL},
		{"8.0.1", OP_FLIP, 63, HL_BAD_SIGNATURE, NULL},
		{"8.2.1", OP_FLIP, 32, HL_BAD_SIGNATURE, NULL},
		{"8.0.1", OP_BIN, 63, HL_BAD_ENCODING, NULL},
		{"9", OP_ONLY, 0, HL_OK, NULL},
		{"9", OP_ADD, 7, HL_BAD_FIELD, NULL},
		{"9", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"9", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"9.0", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"9.0", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"9.0.0", OP_FLIP, 0, HL_BAD_SIGNATURE, NULL},
		{"9.0.0", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"9.0.1", OP_BIN, 32, HL_BAD_KEY, NULL},
		{"9.0.1", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"9.0.2", OP_FLIP, 0, HL_OK, NULL},
		{"9.0.2", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"9.0.3", OP_ONLY, 0, HL_OK, NULL},
		{"9.0.3", OP_ADD, 6, HL_OK, NULL},
		{"9.0.3", OP_ADD, 7, HL_BAD_FIELD, NULL},
		{"9.0.3.0", OP_STR, 0, HL_BAD_FIELD, NULL},
		{"9.0.3.0", OP_STR, 255, HL_OK, NULL},
		{"9.0.3.0", OP_STR, 256, HL_BAD_FIELD, NULL},
		{"9.0.4", OP_UINT, 2, HL_BAD_FIELD, NULL},
		{"9.0.4", OP_UINT, 0, HL_OK, NULL},
		{"9.0.5", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"9.0.5", OP_UINT, UINT64_MAX, HL_OK, NULL},
		{"9.0.6", OP_FLIP, 0, HL_BAD_SIGNATURE, NULL},
		{"9.0.6", OP_BIN, 65, HL_BAD_ENCODING, NULL},
	};
	struct hl_card card HL_CLEAN_CARD = {0};

	(void)state;
	lab_card(&lab, 1, &card);
	TREE_NEGATIVES(card.body, rows, read_body, NULL);
}

static void wrong_members(void **state)
{
	static const struct negative rows[] = {
		{"10", OP_ONLY, 0, HL_OK, NULL},
		{"10", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"10", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"10.0", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"10.0", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"10.0.0", OP_STR, 0, HL_BAD_FIELD, NULL},
		{"10.0.0", OP_STR, 64, HL_OK, NULL},
		{"10.0.0", OP_STR, 65, HL_BAD_FIELD, NULL},
		{"10.0.0", OP_LABEL, 0, HL_BAD_ENCODING, "a\tb"},
		{"10.0.1", OP_STR, 0, HL_BAD_FIELD, NULL},
		{"10.0.1", OP_STR, 65, HL_BAD_FIELD, NULL},
		{"10.0.2", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"10.0.2", OP_UINT, 3, HL_BAD_FIELD, NULL},
		{"10.0.3", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"10.0.3", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"10.0.3.0", OP_UINT, 256, HL_BAD_FIELD, NULL},
		{"10.0.3.0", OP_UINT, (uint64_t)1 << 32 | 2, HL_BAD_FIELD, NULL},
		{"10.0.3.1", OP_UINT, 5, HL_BAD_FIELD, NULL},
		{"10.0.3.2", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"10.0.3.2", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"10.0.3.2", OP_ADD, 31, HL_BAD_FIELD, NULL},
		{"10.0.3.2", OP_ONLY, 0, HL_OK, NULL},
		{"10.0.3.2.0", OP_STR, 0, HL_BAD_FIELD, NULL},
		{"10.0.3.2.0", OP_STR, 33, HL_BAD_FIELD, NULL},
		{"10.0.3.2.0", OP_LABEL, 0, HL_BAD_FIELD, "a_b"},
		{"10.0.3.2.0", OP_LABEL, 0, HL_BAD_FIELD, ".a"},
		{"10.0.3.3", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"10.0.3.3", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"10.0.3.3", OP_ADD, 63, HL_BAD_FIELD, NULL},
		{"10.0.3.3.0", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"10.0.3.4", OP_UINT, UINT64_MAX, HL_OK, NULL},
		{"10.0.4", OP_BIN, 32, HL_BAD_KEY, NULL},
		{"10.0.4", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"10.0.5", OP_FLIP, 0, HL_BAD_SIGNATURE, NULL},
		{"10.0.5", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"10.0.6", OP_FLIP, 5, HL_BAD_SIGNATURE, NULL},
		{"10.0.6", OP_BIN, 0, HL_BAD_ENCODING, NULL},
	};
	struct hl_card card HL_CLEAN_CARD = {0};

	(void)state;
	lab_card(&lab, 1, &card);
	TREE_NEGATIVES(card.body, rows, read_body, NULL);
}

/* The status of a card with the draft as it stands, past the writer's own checks. */
static enum hl_status read_draft(void)
{
	struct hl_buf body HL_CLEAN_BUF = {0};

	enum hl_status status = hl_card_encode(&lab.card, &body);
	return status == HL_OK ? read_body(hl_view_buf(&body), NULL) : status;
}

static void monitors(void **state)
{
	struct hl_member *robot = &lab.members[ROBOT];

	(void)state;
	/* The writer refuses what no reader takes. */
	for (unsigned bit = 1; bit <= HL_CAP_SUSPEND; bit <<= 1) {
		robot->caps.bits = HL_CAP_MONITOR | bit;
		assert_status(read_draft(), bit & HL_CAP_MONITOR ? HL_OK : HL_ERR_USAGE);
		robot = NULL;
		for (size_t i = 0; i < CARDS_MEMBERS; i++)
			if (lab.members[i].role == HL_MEMBER_MONITOR)
				robot = &lab.members[i];
		assert_non_null(robot);
	}
	robot->caps.bits = HL_CAP_RAISE;
	assert_ok(read_draft());
	robot->caps.precedence = 4;
	assert_status(read_draft(), HL_ERR_USAGE);
}

/* SPEC identity 2.9: A monitor has no bits but raise and update */
static void monitors_read(void **state)
{
	struct hl_card card HL_CLEAN_CARD = {0};
	size_t at = 0;
	char role[32], bits[32], precedence[32];

	(void)state;
	lab_card(&lab, 1, &card);
	while (card.members[at].role != HL_MEMBER_MONITOR)
		at++;
	snprintf(role, sizeof(role), "10.%zu.2", at);
	snprintf(bits, sizeof(bits), "10.%zu.3.0", at);
	snprintf(precedence, sizeof(precedence), "10.%zu.3.1", at);
	const struct negative rows[] = {
		{role, OP_UINT, HL_MEMBER_OPERATOR, HL_OK, NULL},
		{bits, OP_UINT, HL_CAP_READ, HL_BAD_FIELD, NULL},
		{bits, OP_UINT, HL_CAP_MONITOR | HL_CAP_ANSWER, HL_BAD_FIELD, NULL},
		{bits, OP_UINT, HL_CAP_ADMIN, HL_BAD_FIELD, NULL},
		{bits, OP_UINT, 0, HL_OK, NULL},
		{precedence, OP_UINT, 4, HL_BAD_FIELD, NULL},
	};
	TREE_NEGATIVES(card.body, rows, read_body, NULL);
}

/* SPEC identity 2.12: Within one card no Ed25519 key and no X25519 key stands twice, over all
 * roles. */
static void keys_once(void **state)
{
	struct hl_member *m = &lab.members[ADA];
	struct hl_node *n = &lab.nodes[0];
	struct hl_sign_key *key = &lab.member[ADA];

	(void)state;
	assert_ok(read_draft());
	lab_clear(&lab);
	lab_init(&lab, 1);
	/* a root key as a member's */
	memcpy(m->sign, lab.root[0].pub, HL_KEY_SIZE);
	assert_ok(hl_possession_sign(&lab.net, &lab.card.lab, HL_ROLE_MEMBER_SIGN,
		m->link, &lab.root[0], m->possession));
	assert_status(read_draft(), HL_BAD_FIELD);
	lab_clear(&lab);
	lab_init(&lab, 1);
	/* a node's link key as a member's */
	memcpy(m->link, n->link, HL_KEY_SIZE);
	assert_ok(hl_possession_sign(&lab.net, &lab.card.lab, HL_ROLE_MEMBER_SIGN,
		m->link, key, m->possession));
	assert_status(read_draft(), HL_BAD_FIELD);
	lab_clear(&lab);
	lab_init(&lab, 1);
	/* a node's sealing key that is the other's link key */
	memcpy(n->seal, lab.nodes[1].link, HL_KEY_SIZE);
	assert_status(read_draft(), HL_BAD_FIELD);
}

static void possession(void **state)
{
	uint8_t sig[HL_SIG_SIZE], link[HL_KEY_SIZE] = {1};
	const struct hl_sign_key *key = &lab.member[BEN];
	struct hl_id other = lab.card.lab, net = lab.net;

	(void)state;
	other.b[0] ^= 1;
	net.b[0] ^= 1;
	assert_ok(hl_possession_sign(
		&lab.net, &lab.card.lab, HL_ROLE_MEMBER_SIGN, link, key, sig));
	assert_ok(hl_possession_check(
		&lab.net, &lab.card.lab, HL_ROLE_MEMBER_SIGN, link, key->pub, sig));
	assert_status(hl_possession_check(
			      &lab.net, &other, HL_ROLE_MEMBER_SIGN, link, key->pub, sig),
		HL_BAD_SIGNATURE);
	assert_status(hl_possession_check(&net, &lab.card.lab, HL_ROLE_MEMBER_SIGN, link,
			      key->pub, sig),
		HL_BAD_SIGNATURE);
	assert_status(hl_possession_check(&lab.net, &lab.card.lab, HL_ROLE_NODE_SIGN,
			      link, key->pub, sig),
		HL_BAD_SIGNATURE);
	assert_status(hl_possession_check(&lab.net, &lab.card.lab, HL_ROLE_MEMBER_SIGN,
			      NULL, key->pub, sig),
		HL_BAD_SIGNATURE);
	assert_status(hl_possession_check(&lab.net, &lab.card.lab, HL_ROLE_MEMBER_SIGN,
			      link, lab.member[ADA].pub, sig),
		HL_BAD_SIGNATURE);
}

static void first_card(void **state)
{
	struct hl_card card HL_CLEAN_CARD = {0}, one HL_CLEAN_CARD = {0};

	(void)state;
	/* every pair of roots will do, one alone will not */
	for (unsigned roots = 1; roots < 8; roots++) {
		struct hl_card c HL_CLEAN_CARD = {0};
		lab_card(&lab, roots, &c);
		assert_status(hl_card_follows(&lab.net, NULL, &c),
			roots == 1 || roots == 2 || roots == 4 ? HL_FEW_SIGNATURES
							       : HL_OK);
	}
	lab_card(&lab, 3, &card);
	card.sigs[0].sig[0] ^= 1;
	assert_status(hl_card_follows(&lab.net, NULL, &card), HL_BAD_SIGNATURE);
	card.sigs[0].sig[0] ^= 1;
	card.sigs[1].kid.b[5] ^= 1;
	assert_status(hl_card_follows(&lab.net, NULL, &card), HL_NOT_MEMBER);
	/* another threshold is another lab */
	lab.card.threshold = 1;
	lab_card(&lab, 7, &one);
	assert_status(hl_card_follows(&lab.net, NULL, &one), HL_BAD_CARD);
}

static void later_cards(void **state)
{
	struct hl_card first HL_CLEAN_CARD = {0}, second HL_CLEAN_CARD = {0};
	struct hl_card third HL_CLEAN_CARD = {0}, other HL_CLEAN_CARD = {0};

	(void)state;
	lab_card(&lab, 3, &first);
	assert_status(hl_card_follows(&lab.net, &first, &first), HL_STALE);
	lab.card.n_contacts = 1;
	lab_card(&lab, 3, &other);
	assert_status(hl_card_follows(&lab.net, &first, &other), HL_EQUIVOCATION);
	lab_next(&lab, &first);
	lab_card(&lab, 6, &second);
	assert_ok(hl_card_follows(&lab.net, &first, &second));
	assert_status(hl_card_follows(&lab.net, &other, &second), HL_BAD_CARD);
	assert_status(hl_card_follows(&lab.net, NULL, &second), HL_NEED_CARD);
	assert_status(hl_card_follows(&lab.net, &second, &first), HL_STALE);
	lab_next(&lab, &second);
	lab_card(&lab, 5, &third);
	assert_ok(hl_card_follows(&lab.net, &second, &third));
	assert_status(hl_card_follows(&lab.net, &first, &third), HL_NEED_CARD);
	/* issued may stay, not go down */
	hl_card_clear(&third);
	lab.card.issued = second.issued;
	lab.card.not_after = lab.card.issued + 1;
	lab_card(&lab, 5, &third);
	assert_ok(hl_card_follows(&lab.net, &second, &third));
	hl_card_clear(&third);
	lab.card.issued = second.issued - 1;
	lab.card.not_after = lab.card.issued + 1;
	lab_card(&lab, 5, &third);
	assert_status(hl_card_follows(&lab.net, &second, &third), HL_BAD_CARD);
	/* one old root is too few */
	hl_card_clear(&third);
	lab_next(&lab, &second);
	lab_card(&lab, 4, &third);
	assert_status(hl_card_follows(&lab.net, &second, &third), HL_FEW_SIGNATURES);
	/* another lab's id */
	third.lab.b[0] ^= 1;
	assert_status(hl_card_follows(&lab.net, &second, &third), HL_BAD_CARD);
}

/* Signs the draft with roots of both sets, and asks whether it follows. */
static enum hl_status succeed(
	const struct hl_card *first, struct lab *fresh, unsigned old, unsigned new)
{
	struct hl_buf body HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};
	struct hl_card card HL_CLEAN_CARD = {0};
	const struct hl_sign_key *signers[2 * CARDS_ROOTS];
	size_t n = 0;

	for (size_t i = 0; i < CARDS_ROOTS; i++) {
		if (old & 1u << i)
			signers[n++] = &lab.root[i];
		if (new & 1u << i)
			signers[n++] = &fresh->root[i];
	}
	assert_ok(hl_card_encode(&lab.card, &body));
	assert_ok(hl_card_sign(&lab.net, hl_view_buf(&body), signers, n, &doc));
	assert_ok(hl_card_parse(&lab.net, hl_view_buf(&doc), &card));
	return hl_card_follows(&lab.net, first, &card);
}

/* SPEC identity 2.14: where roots or threshold differ, at least the new threshold of the new roots
 * MUST have signed also. */
static void root_succession(void **state)
{
	struct hl_card first HL_CLEAN_CARD = {0};
	struct lab fresh;

	(void)state;
	lab_init(&fresh, 2);
	lab_card(&lab, 3, &first);
	lab_next(&lab, &first);
	for (size_t i = 0; i < CARDS_ROOTS; i++) {
		memcpy(lab.roots[i].key, fresh.root[i].pub, HL_KEY_SIZE);
		assert_ok(hl_possession_sign(&lab.net, &lab.card.lab, HL_ROLE_ROOT, NULL,
			&fresh.root[i], lab.roots[i].possession));
	}
	lab.card.threshold = 3;
	for (unsigned old = 0; old < 8; old++)
		for (unsigned new = 0; new < 8; new ++) {
			bool enough_old = old == 3 || old == 5 || old == 6 || old == 7;
			if (old == 0 && new == 0)
				continue;
			assert_status(succeed(&first, &fresh, old, new),
				enough_old && new == 7 ? HL_OK : HL_FEW_SIGNATURES);
		}
	lab_clear(&fresh);
}

static void threshold_alone_changes(void **state)
{
	struct hl_card first HL_CLEAN_CARD = {0};

	(void)state;
	lab_card(&lab, 3, &first);
	lab_next(&lab, &first);
	lab.card.threshold = 3;
	assert_status(succeed(&first, &lab, 3, 0), HL_FEW_SIGNATURES);
	assert_ok(succeed(&first, &lab, 7, 0));
	lab.card.threshold = 1;
	assert_status(succeed(&first, &lab, 1, 0), HL_FEW_SIGNATURES);
	assert_ok(succeed(&first, &lab, 5, 0));
}

static void keys_of_other_labs(void **state)
{
	struct hl_card mine HL_CLEAN_CARD = {0}, theirs HL_CLEAN_CARD = {0};
	struct lab other;
	bool dh = true;

	(void)state;
	lab_init(&other, 3);
	lab_card(&lab, 3, &mine);
	lab_card(&other, 3, &theirs);
	assert_ok(hl_card_disjoint(&mine, &theirs, &dh));
	assert_false(dh);
	memcpy(theirs.nodes[0].seal, mine.members[2].link, HL_KEY_SIZE);
	assert_ok(hl_card_disjoint(&mine, &theirs, &dh));
	assert_true(dh);
	memcpy(theirs.members[1].sign, mine.roots[1].key, HL_KEY_SIZE);
	assert_status(hl_card_disjoint(&mine, &theirs, &dh), HL_BAD_CARD);
	assert_status(hl_card_disjoint(&theirs, &mine, &dh), HL_BAD_CARD);
	lab_clear(&other);
}

static void look_ups(void **state)
{
	struct hl_card card HL_CLEAN_CARD = {0};
	struct hl_id kid = lab_kid(&lab, BEN), none = {{0}};
	uint8_t link[HL_KEY_SIZE] = {0};

	(void)state;
	lab_card(&lab, 3, &card);
	const struct hl_member *ben = hl_card_member(&card, &kid);
	assert_non_null(ben);
	assert_view(ben->person, hl_view_str("Ben"));
	assert_ptr_equal(hl_card_member_by_link(&card, ben->link), ben);
	assert_null(hl_card_member(&card, &none));
	assert_null(hl_card_member_by_link(&card, link));
	assert_ptr_equal(hl_card_node(&card, &card.nodes[1].kid), &card.nodes[1]);
	assert_ptr_equal(hl_card_node_by_link(&card, card.nodes[1].link), &card.nodes[1]);
	assert_null(hl_card_node(&card, &kid));
	assert_null(hl_card_node_by_link(&card, ben->link));
}

static void capabilities(void **state)
{
	const struct hl_caps *caps = &lab.members[ADA].caps, none = {0};
	struct hl_id lab_2, lab_9;

	(void)state;
	memset(&lab_2, 2, sizeof(lab_2));
	memset(&lab_9, 9, sizeof(lab_9));
	assert_true(hl_caps_kind(caps, hl_view_str("contain.breach")));
	assert_false(hl_caps_kind(caps, hl_view_str("contain.breach2")));
	assert_false(hl_caps_kind(caps, hl_view_str("contain")));
	assert_true(hl_caps_kind(caps, hl_view_str("eval.crossed")));
	assert_true(hl_caps_kind(caps, hl_view_str("eval.")));
	assert_false(hl_caps_kind(caps, hl_view_str("eval")));
	assert_false(hl_caps_kind(caps, hl_view_str("evals.crossed")));
	assert_true(hl_caps_kind(&none, hl_view_str("anything")));
	assert_true(hl_caps_lab(caps, &lab_2));
	assert_false(hl_caps_lab(caps, &lab_9));
	assert_true(hl_caps_lab(&none, &lab_9));
}

static void persons(void **state)
{
	struct hl_card card HL_CLEAN_CARD = {0};
	struct hl_sig sigs[CARDS_MEMBERS + 1] = {0};

	(void)state;
	lab_card(&lab, 3, &card);
	for (size_t i = 0; i < CARDS_MEMBERS; i++)
		sigs[i].kid = lab_kid(&lab, (enum cards_member)i);
	/* Ada by two devices, Ben; the robot and Cy lack the capability; one is unknown */
	assert_int_equal(hl_card_persons(&card, HL_CAP_RELEASE, sigs, 6), 2);
	assert_int_equal(hl_card_persons(&card, HL_CAP_RELEASE, sigs, 2), 1);
	assert_int_equal(hl_card_persons(&card, HL_CAP_READ, sigs, 6), 3);
	assert_int_equal(hl_card_persons(&card, HL_CAP_RAISE, sigs + 3, 1), 0);
	assert_int_equal(hl_card_persons(&card, 0, sigs + 3, 1), 0);
	assert_int_equal(hl_card_persons(&card, 0, sigs, 0), 0);
}

static void signing(void **state)
{
	struct hl_buf body HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};
	const struct hl_sign_key *twice[] = {&lab.root[1], &lab.root[1]};

	(void)state;
	assert_ok(hl_card_encode(&lab.card, &body));
	assert_status(
		hl_card_sign(&lab.net, hl_view_buf(&body), twice, 0, &doc), HL_ERR_USAGE);
	assert_status(
		hl_card_sign(&lab.net, hl_view_buf(&body), twice, 2, &doc), HL_ERR_USAGE);
	assert_int_equal(doc.n, 0);
}

static void no_memory(void **state)
{
	struct hl_buf doc HL_CLEAN_BUF = lab_doc(&lab, 3);
	unsigned n = 0;

	(void)state;
	for (;;) {
		struct hl_card card HL_CLEAN_CARD = {0};
		unit_fail_allocation(++n);
		enum hl_status status = hl_card_parse(&lab.net, hl_view_buf(&doc), &card);
		if (!unit_allocation_failed()) {
			assert_ok(status);
			break;
		}
		assert_status(status, HL_ERR_NOMEM);
		assert_null(card.arena);
	}
	assert_true(n > 10);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(round_trip),
		TEST(wrong_document),
		TEST(wrong_fields),
		TEST(wrong_roots_and_nodes),
		TEST(wrong_members),
		TEST(monitors),
		TEST(monitors_read),
		TEST(keys_once),
		TEST(possession),
		TEST(first_card),
		TEST(later_cards),
		TEST(root_succession),
		TEST(threshold_alone_changes),
		TEST(keys_of_other_labs),
		TEST(look_ups),
		TEST(capabilities),
		TEST(persons),
		TEST(signing),
		TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
