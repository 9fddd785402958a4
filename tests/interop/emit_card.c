/* Cards with every field drawn at random: chains in which roots and threshold change. */
#include "emit.h"

#include <stdlib.h>
#include <string.h>

#define CHAINS 6
#define CARDS  4
#define ROOTS  4
#define NODES  3
#define PEOPLE 6

struct draft {
	struct hl_sign_key root[CARDS][ROOTS]; /* of each card in turn */
	size_t n_roots[CARDS];
	uint64_t threshold[CARDS];
	struct hl_root roots[ROOTS];
	struct hl_node nodes[NODES];
	struct hl_member members[PEOPLE];
	struct hl_view kinds[PEOPLE][2];
	struct hl_id labs[PEOPLE][2];
	struct hl_card card;
};

static void draw_key(struct emit_draw *draw, struct hl_sign_key *ret)
{
	uint8_t seed[32];

	emit_bytes(draw, seed, sizeof(seed));
	emit_ok(hl_sign_key_from_secret(HL_VIEW(seed), ret));
}

static void draw_dh(struct emit_draw *draw, uint8_t ret[HL_KEY_SIZE])
{
	uint8_t secret[32];

	emit_bytes(draw, secret, sizeof(secret));
	emit_ok(hl_pk_dh_base(secret, ret));
}

static void draw_node(struct emit_draw *draw, const struct hl_id *net,
	const struct hl_id *lab, struct hl_node *n)
{
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};

	draw_key(draw, &key);
	memcpy(n->sign, key.pub, HL_KEY_SIZE);
	draw_dh(draw, n->link);
	draw_dh(draw, n->seal);
	n->n_addresses = emit_draw(draw, HL_CARD_ADDRESSES_MAX + 1);
	for (size_t i = 0; i < n->n_addresses; i++)
		n->addresses[i] =
			hl_view_str(emit_draw(draw, 2) ? "[::1]:4685" : "a.b:1");
	n->version_min = emit_draw(draw, 300);
	n->version_max = n->version_min + emit_draw(draw, 300);
	emit_ok(hl_possession_sign(
		net, lab, HL_ROLE_NODE_SIGN, n->link, &key, n->possession));
}

static void draw_member(
	struct emit_draw *draw, const struct hl_id *net, struct draft *d, size_t at)
{
	static const char *const persons[] = {"Ada", "Bj\xc3\xb8rn", "program 7"};
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	struct hl_member *m = &d->members[at];
	struct hl_caps *caps = &m->caps;

	draw_key(draw, &key);
	memcpy(m->sign, key.pub, HL_KEY_SIZE);
	draw_dh(draw, m->link);
	m->person = hl_view_str(persons[emit_draw(draw, 3)]);
	m->device = hl_view_str(emit_draw(draw, 2) ? "laptop" : "phone");
	m->role = (enum hl_member_role)(1 + emit_draw(draw, 2));
	caps->bits = (unsigned)emit_draw(draw, 256);
	caps->precedence = (unsigned)emit_draw(draw, 5);
	if (m->role == HL_MEMBER_MONITOR) {
		caps->bits &= HL_CAP_MONITOR;
		caps->precedence &= 3;
	}
	d->kinds[at][0] = hl_view_str("eval.");
	d->kinds[at][1] = hl_view_str("contain.breach"); /* sorted by the writer */
	caps->kinds = d->kinds[at];
	caps->n_kinds = emit_draw(draw, 3);
	emit_bytes(draw, d->labs[at][0].b, sizeof(d->labs[at]));
	caps->labs = d->labs[at];
	caps->n_labs = emit_draw(draw, 3);
	caps->rate = emit_draw(draw, 1ull << emit_draw(draw, 40));
	emit_ok(hl_possession_sign(
		net, &d->card.lab, HL_ROLE_MEMBER_SIGN, m->link, &key, m->possession));
}

/* The roots of the card at an index: those before, or fresh ones. */
static void draw_roots(struct emit_draw *draw, struct draft *d, size_t at)
{
	bool fresh = at == 0 || emit_draw(draw, 2);

	d->n_roots[at] = fresh ? 1 + emit_draw(draw, ROOTS) : d->n_roots[at - 1];
	d->threshold[at] = 1 + emit_draw(draw, d->n_roots[at]);
	for (size_t i = 0; i < d->n_roots[at]; i++)
		if (fresh)
			draw_key(draw, &d->root[at][i]);
		else
			emit_ok(hl_sign_key_from_secret(
				hl_sign_key_seed(&d->root[at - 1][i]), &d->root[at][i]));
}

static int compare_roots(const void *a, const void *b)
{
	const struct hl_root *x = a, *y = b;

	return memcmp(x->key, y->key, HL_KEY_SIZE);
}

static void fill_card(
	struct emit_draw *draw, const struct hl_id *net, struct draft *d, size_t at)
{
	struct hl_card *c = &d->card;

	for (size_t i = 0; i < d->n_roots[at]; i++)
		memcpy(d->roots[i].key, d->root[at][i].pub, HL_KEY_SIZE);
	qsort(d->roots, d->n_roots[at], sizeof(d->roots[0]), compare_roots);
	if (at == 0)
		emit_ok(hl_lab_id(
			net, d->threshold[0], d->roots, d->n_roots[0], &c->lab));
	for (size_t i = 0; i < d->n_roots[at]; i++)
		for (size_t j = 0; j < d->n_roots[at]; j++)
			if (memcmp(d->roots[i].key, d->root[at][j].pub, HL_KEY_SIZE) == 0)
				emit_ok(hl_possession_sign(net, &c->lab, HL_ROLE_ROOT,
					NULL, &d->root[at][j], d->roots[i].possession));
	c->version = at + 1;
	c->has_prev = at > 0;
	c->issued += emit_draw(draw, 1ull << 40);
	c->not_after = c->issued + 1 + emit_draw(draw, HL_CARD_LIFE_MS);
	c->name = hl_view_str("\xc3\x84 lab of chance");
	c->threshold = d->threshold[at];
	c->roots = d->roots;
	c->n_roots = d->n_roots[at];
	c->nodes = d->nodes;
	c->n_nodes = emit_draw(draw, NODES + 1);
	for (size_t i = 0; i < c->n_nodes; i++)
		draw_node(draw, net, &c->lab, &d->nodes[i]);
	c->members = d->members;
	c->n_members = emit_draw(draw, PEOPLE + 1);
	for (size_t i = 0; i < c->n_members; i++)
		draw_member(draw, net, d, i);
	c->flash_signers = 1 + (unsigned)emit_draw(draw, 8);
	c->admin_signers = 1 + (unsigned)emit_draw(draw, 8);
	c->contacts[0] = c->contacts[1] = hl_view_str("+1 555 0100");
	c->n_contacts = emit_draw(draw, 3);
}

/* Signed by the roots of the card before and its own, each key once. */
static void sign_card(
	const struct hl_id *net, struct draft *d, size_t at, struct hl_buf *ret)
{
	const struct hl_sign_key *signers[2 * ROOTS];
	struct hl_buf body HL_CLEAN_BUF = {0};
	size_t n = 0;

	for (size_t set = at > 0 ? at - 1 : 0; set <= at; set++)
		for (size_t i = 0; i < d->n_roots[set]; i++) {
			bool there = false;
			for (size_t j = 0; j < n; j++)
				there |= memcmp(signers[j]->pub, d->root[set][i].pub,
						 HL_KEY_SIZE) == 0;
			if (!there)
				signers[n++] = &d->root[set][i];
		}
	emit_ok(hl_card_encode(&d->card, &body));
	emit_ok(hl_card_sign(net, hl_view_buf(&body), signers, n, ret));
	hl_hash1("card", net, hl_view_buf(&body), &d->card.prev);
}

static json_t *chain(struct emit_draw *draw, const struct hl_id *net)
{
	struct draft d = {0};
	json_t *o = json_object(), *cards = json_array();
	char digits[HL_FINGERPRINT_SIZE];

	for (size_t at = 0; at < CARDS; at++) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		json_t *c = json_object();
		draw_roots(draw, &d, at);
		fill_card(draw, net, &d, at);
		sign_card(net, &d, at, &doc);
		json_object_set_new(c, "data", emit_hex(hl_view_buf(&doc)));
		json_object_set_new(c, "hash", emit_hex(hl_view_id(&d.card.prev)));
		json_object_set_new(c, "lab_id", emit_hex(hl_view_id(&d.card.lab)));
		json_object_set_new(c, "version", json_integer((json_int_t)at + 1));
		json_array_append_new(cards, c);
	}
	hl_fingerprint(net, &d.card.lab, digits);
	json_object_set_new(o, "name", json_string("chain"));
	json_object_set_new(o, "lab_id", emit_hex(hl_view_id(&d.card.lab)));
	json_object_set_new(o, "fingerprint", json_string(digits));
	json_object_set_new(o, "cards", cards);
	for (size_t at = 0; at < CARDS; at++)
		for (size_t i = 0; i < ROOTS; i++)
			hl_sign_key_clear(&d.root[at][i]);
	return o;
}

json_t *emit_card(struct emit_draw *draw, const struct hl_id *net)
{
	json_t *file = json_object(), *chains = json_array();

	for (size_t i = 0; i < CHAINS; i++)
		json_array_append_new(chains, chain(draw, net));
	json_object_set_new(file, "chains", chains);
	return file;
}
