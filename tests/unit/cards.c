#include "cards.h"

static struct hl_id seed_of(uint16_t number, uint8_t kind)
{
	uint8_t bytes[] = {
		'c', 'a', 'r', 'd', kind, (uint8_t)(number >> 8), (uint8_t)number};
	struct hl_view view = HL_VIEW(bytes);
	struct hl_id seed;

	hl_sha256(&view, 1, &seed);
	return seed;
}

void cards_sign_key(uint16_t number, struct hl_sign_key *ret)
{
	struct hl_id seed = seed_of(number, 1);

	assert_ok(hl_sign_key_from_secret(hl_view_id(&seed), ret));
}

void cards_dh_pub(uint16_t number, uint8_t ret[HL_KEY_SIZE])
{
	struct hl_dh_key key HL_CLEAN_DH_KEY = {0};
	struct hl_id seed = seed_of(number, 2);

	assert_ok(hl_dh_key_from_secret(hl_view_id(&seed), &key));
	memcpy(ret, key.pub, HL_KEY_SIZE);
}

static void node_init(struct lab *lab, uint16_t base, size_t i)
{
	struct hl_node *n = &lab->nodes[i];

	cards_sign_key((uint16_t)(base + 10 + i), &lab->node[i]);
	memcpy(n->sign, lab->node[i].pub, HL_KEY_SIZE);
	cards_dh_pub((uint16_t)(base + 10 + i), n->link);
	cards_dh_pub((uint16_t)(base + 20 + i), n->seal);
	n->addresses[0] = hl_view_str("one.example:4685");
	n->addresses[1] = hl_view_str("[2001:db8::1]:4685");
	n->n_addresses = 2;
	n->version_min = n->version_max = 1;
	assert_ok(hl_possession_sign(&lab->net, &lab->card.lab, HL_ROLE_NODE_SIGN,
		n->link, &lab->node[i], n->possession));
}

static void member_init(struct lab *lab, uint16_t base, size_t i)
{
	static const struct {
		const char *person, *device;
		enum hl_member_role role;
		unsigned bits, precedence;
	} rows[CARDS_MEMBERS] = {
		{"Ada", "laptop", HL_MEMBER_OPERATOR, HL_CAP_ALL, 4},
		{"Ada", "phone", HL_MEMBER_OPERATOR, HL_CAP_ALL, 4},
		{"Ben", "laptop", HL_MEMBER_OPERATOR, HL_CAP_ALL, 3},
		{"robot", "host", HL_MEMBER_MONITOR, HL_CAP_MONITOR, 3},
		{"Cy", "laptop", HL_MEMBER_OPERATOR, HL_CAP_READ | HL_CAP_SUSPEND, 0},
	};
	struct hl_member *m = &lab->members[i];

	cards_sign_key((uint16_t)(base + 30 + i), &lab->member[i]);
	memcpy(m->sign, lab->member[i].pub, HL_KEY_SIZE);
	cards_dh_pub((uint16_t)(base + 30 + i), m->link);
	m->person = hl_view_str(rows[i].person);
	m->device = hl_view_str(rows[i].device);
	m->role = rows[i].role;
	m->caps.bits = rows[i].bits;
	m->caps.precedence = rows[i].precedence;
	m->caps.kinds = lab->kinds;
	m->caps.n_kinds = 2;
	m->caps.labs = lab->callable;
	m->caps.n_labs = 2;
	m->caps.rate = 6;
	assert_ok(hl_possession_sign(&lab->net, &lab->card.lab, HL_ROLE_MEMBER_SIGN,
		m->link, &lab->member[i], m->possession));
}

static int compare_roots(const void *a, const void *b)
{
	const struct hl_sign_key *x = a, *y = b;

	return memcmp(x->pub, y->pub, HL_KEY_SIZE);
}

void lab_init(struct lab *lab, uint8_t seed)
{
	uint16_t base = (uint16_t)(seed * 100);

	memset(lab, 0, sizeof(*lab));
	hl_net_id(hl_view_str("unit tests"), &lab->net);
	for (size_t i = 0; i < CARDS_ROOTS; i++)
		cards_sign_key((uint16_t)(base + i), &lab->root[i]);
	qsort(lab->root, CARDS_ROOTS, sizeof(lab->root[0]), compare_roots);
	for (size_t i = 0; i < CARDS_ROOTS; i++)
		memcpy(lab->roots[i].key, lab->root[i].pub, HL_KEY_SIZE);
	lab->card = (struct hl_card){.version = 1,
		.issued = 1000000,
		.not_after = 1000000 + HL_CARD_LIFE_MS,
		.name = hl_view_str("Lab of the tests"),
		.threshold = 2,
		.roots = lab->roots,
		.n_roots = CARDS_ROOTS,
		.nodes = lab->nodes,
		.n_nodes = CARDS_NODES,
		.members = lab->members,
		.n_members = CARDS_MEMBERS,
		.flash_signers = 2,
		.admin_signers = 2,
		.contacts = {hl_view_str("+1 555 0100"), hl_view_str("desk@one.example")},
		.n_contacts = 2};
	assert_ok(hl_lab_id(&lab->net, 2, lab->roots, CARDS_ROOTS, &lab->card.lab));
	for (size_t i = 0; i < CARDS_ROOTS; i++)
		assert_ok(hl_possession_sign(&lab->net, &lab->card.lab, HL_ROLE_ROOT,
			NULL, &lab->root[i], lab->roots[i].possession));
	lab->kinds[0] = hl_view_str("contain.breach");
	lab->kinds[1] = hl_view_str("eval.");
	memset(&lab->callable[0], 1, HL_ID_SIZE);
	memset(&lab->callable[1], 2, HL_ID_SIZE);
	for (size_t i = 0; i < CARDS_NODES; i++)
		node_init(lab, base, i);
	for (size_t i = 0; i < CARDS_MEMBERS; i++)
		member_init(lab, base, i);
}

void lab_clear(struct lab *lab)
{
	for (size_t i = 0; i < CARDS_ROOTS; i++)
		hl_sign_key_clear(&lab->root[i]);
	for (size_t i = 0; i < CARDS_NODES; i++)
		hl_sign_key_clear(&lab->node[i]);
	for (size_t i = 0; i < CARDS_MEMBERS; i++)
		hl_sign_key_clear(&lab->member[i]);
}

void lab_next(struct lab *lab, const struct hl_card *prev)
{
	lab->card.version = prev->version + 1;
	lab->card.has_prev = true;
	lab->card.prev = prev->hash;
	lab->card.issued = prev->issued + 1;
	lab->card.not_after = lab->card.issued + HL_CARD_LIFE_MS;
}

struct hl_buf lab_doc(struct lab *lab, unsigned roots)
{
	struct hl_buf body HL_CLEAN_BUF = {0}, doc = {0};
	const struct hl_sign_key *signers[CARDS_ROOTS];
	size_t n = 0;

	for (size_t i = 0; i < CARDS_ROOTS; i++)
		if (roots & 1u << i)
			signers[n++] = &lab->root[i];
	assert_ok(hl_card_encode(&lab->card, &body));
	assert_ok(hl_card_sign(&lab->net, hl_view_buf(&body), signers, n, &doc));
	return doc;
}

void lab_card(struct lab *lab, unsigned roots, struct hl_card *ret)
{
	struct hl_buf doc HL_CLEAN_BUF = lab_doc(lab, roots);

	assert_ok(hl_card_parse(&lab->net, hl_view_buf(&doc), ret));
}

struct hl_id lab_kid(const struct lab *lab, enum cards_member member)
{
	struct hl_id kid;

	hl_key_id(&lab->net, HL_ROLE_MEMBER_SIGN, lab->member[member].pub, &kid);
	return kid;
}
