#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t rng_next(struct rng *rng)
{
	/* splitmix64 */
	uint64_t z = (rng->s += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *rng, uint64_t n)
{
	return rng_next(rng) % n;
}

bool rng_one_in(struct rng *rng, uint64_t n)
{
	return rng_below(rng, n) == 0;
}

static enum hl_status fill(void *ctx, uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(rng_next(ctx) >> 32);
	return HL_OK;
}

struct hl_entropy rng_entropy(struct rng *rng)
{
	return (struct hl_entropy){fill, rng};
}

void must(enum hl_status status, const char *what)
{
	if (status == HL_OK)
		return;
	fprintf(stderr, "%s: %s\n", what, hl_status_name(status));
	abort();
}

static void make_keys(struct world *w, struct world_lab *lab)
{
	struct hl_entropy entropy = rng_entropy(&w->rng);

	must(hl_sign_key_generate(&entropy, &lab->root), "root");
	must(hl_sign_key_generate(&entropy, &lab->node_sign), "node");
	must(hl_dh_key_generate(&entropy, &lab->node_link), "node");
	must(hl_dh_key_generate(&entropy, &lab->node_seal), "node");
	for (size_t i = 0; i < WORLD_DEVICES; i++) {
		struct world_device *d = &lab->device[i];
		must(hl_sign_key_generate(&entropy, &d->sign), "device");
		must(hl_dh_key_generate(&entropy, &d->link), "device");
		must(hl_dh_key_generate(&entropy, &d->seal), "device");
		hl_key_id(&w->net, HL_ROLE_MEMBER_SIGN, d->sign.pub, &d->kid);
	}
	struct hl_root root = {0};
	memcpy(root.key, lab->root.pub, sizeof(root.key));
	must(hl_lab_id(&w->net, 1, &root, 1, &lab->id), "lab id");
}

static void draft_member(
	struct world *w, struct world_lab *lab, size_t i, struct hl_member *member)
{
	static const char *const persons[] = {"Mira", "Jun", "watch"};
	static const char *const devices[] = {"laptop", "phone", "daemon"};
	struct world_device *d = &lab->device[i];
	bool monitor = i == 2;

	member->person = hl_view_str(persons[i]);
	member->device = hl_view_str(devices[i]);
	member->role = monitor ? HL_MEMBER_MONITOR : HL_MEMBER_OPERATOR;
	member->caps.bits = monitor ? HL_CAP_MONITOR : HL_CAP_ALL;
	member->caps.precedence = monitor ? HL_IMMEDIATE : HL_FLASH;
	memcpy(member->sign, d->sign.pub, sizeof(member->sign));
	memcpy(member->link, d->link.pub, sizeof(member->link));
	must(hl_possession_sign(&w->net, &lab->id, HL_ROLE_MEMBER_SIGN, d->link.pub,
		     &d->sign, member->possession),
		"possession");
}

void world_new_card_without(struct world *w, size_t at, uint64_t now, size_t n_drop)
{
	struct world_lab *lab = &w->lab[at];
	struct hl_root root = {0};
	struct hl_node node = {0};
	struct hl_member member[WORLD_DEVICES] = {0};
	struct hl_card draft = {0};
	struct hl_buf body HL_CLEAN_BUF = {0};
	const struct hl_sign_key *keys[] = {&lab->root};
	char name[16], address[32];

	snprintf(name, sizeof(name), "lab-%c", (char)('a' + at));
	snprintf(address, sizeof(address), "%s.example:4685", name);
	memcpy(root.key, lab->root.pub, sizeof(root.key));
	must(hl_possession_sign(
		     &w->net, &lab->id, HL_ROLE_ROOT, NULL, &lab->root, root.possession),
		"possession");
	memcpy(node.link, lab->node_link.pub, sizeof(node.link));
	memcpy(node.sign, lab->node_sign.pub, sizeof(node.sign));
	memcpy(node.seal, lab->node_seal.pub, sizeof(node.seal));
	node.addresses[0] = hl_view_str(address);
	node.n_addresses = 1;
	node.version_min = node.version_max = 1;
	must(hl_possession_sign(&w->net, &lab->id, HL_ROLE_NODE_SIGN, node.link,
		     &lab->node_sign, node.possession),
		"possession");
	draft.lab = lab->id;
	draft.version = lab->n_cards + 1;
	draft.has_prev = lab->n_cards > 0;
	draft.prev = lab->card.hash;
	draft.issued = now;
	draft.not_after = now + HL_CARD_LIFE_MS;
	draft.name = hl_view_str(name);
	draft.threshold = 1;
	draft.roots = &root;
	draft.n_roots = 1;
	draft.nodes = &node;
	draft.n_nodes = 1;
	draft.members = member;
	draft.n_members = WORLD_DEVICES - n_drop;
	for (size_t i = 0; i < draft.n_members; i++)
		draft_member(w, lab, i, &member[i]);
	draft.flash_signers = lab->flash_signers;
	draft.admin_signers = 1;
	must(hl_card_encode(&draft, &body), "card");
	struct hl_buf *doc = &lab->cards[lab->n_cards++];
	must(hl_card_sign(&w->net, hl_view_buf(&body), keys, 1, doc), "card");
	hl_card_clear(&lab->card);
	memset(&lab->card, 0, sizeof(lab->card));
	must(hl_card_parse(&w->net, hl_view_buf(doc), &lab->card), "card");
}

void world_new_card(struct world *w, size_t at, uint64_t now)
{
	world_new_card_without(w, at, now, 0);
}

void world_other_card(struct world *w, size_t at, uint64_t now, struct hl_buf *ret)
{
	struct world_lab *lab = &w->lab[at];
	struct hl_card held = lab->card, before HL_CLEAN_CARD = {0};
	const size_t n = lab->n_cards;

	/* As the newest one was made, but for its date. */
	if (n > 1)
		must(hl_card_parse(&w->net, hl_view_buf(&lab->cards[n - 2]), &before),
			"card before");
	lab->card = before;
	memset(&before, 0, sizeof(before));
	struct hl_buf newest = hl_buf_steal(&lab->cards[n - 1]);
	lab->n_cards--;
	world_new_card(w, at, now + 1);
	*ret = hl_buf_steal(&lab->cards[n - 1]);
	lab->cards[n - 1] = newest;
	hl_card_clear(&lab->card);
	lab->card = held;
}

/* One or two of a lab's peers pass on what it cannot send itself. */
static size_t choose_relays(
	const struct world *w, size_t at, struct hl_id relays[static 2])
{
	struct rng rng = {w->rng.s + at}; /* the world's own goes on as it was */
	size_t others = w->n_labs - 1, n = 0;

	if (others < 2)
		return 0;
	size_t first = rng_below(&rng, others), more = rng_below(&rng, 2);
	for (size_t i = 0; i <= more; i++)
		relays[n++] = w->lab[(at + 1 + (first + i) % others) % w->n_labs].id;
	return n;
}

bool world_is_relay(const struct world *w, size_t at, size_t other)
{
	return (w->lab[at].relays >> other & 1) != 0;
}

static void make_directory(struct world *w, struct world_lab *lab)
{
	struct hl_peer_pin pins[WORLD_LABS];
	struct hl_id relays[2];
	char names[WORLD_LABS][16];
	struct hl_directory draft = {0};
	struct hl_buf body HL_CLEAN_BUF = {0};
	size_t n = 0;

	for (size_t i = 0; i < w->n_labs; i++) {
		if (&w->lab[i] == lab)
			continue;
		snprintf(names[n], sizeof(names[n]), "lab-%c", (char)('a' + i));
		pins[n].lab = w->lab[i].id;
		pins[n].name = hl_view_str(names[n]);
		n++;
	}
	draft.lab = lab->id;
	draft.version = 1;
	draft.issued = WORLD_START;
	draft.peers = pins;
	draft.n_peers = n;
	draft.relays = relays;
	draft.n_relays = choose_relays(w, (size_t)(lab - w->lab), relays);
	for (size_t i = 0; i < w->n_labs; i++)
		for (size_t k = 0; k < draft.n_relays; k++)
			if (hl_id_eq(&w->lab[i].id, &relays[k]))
				lab->relays |= 1u << i;
	must(hl_directory_encode(&draft, &body), "directory");
	must(hl_directory_sign(&w->net, hl_view_buf(&body), NULL, 0, &lab->device[0].sign,
		     &lab->directory),
		"directory");
}

static void make_seals(struct world *w, struct world_lab *lab)
{
	for (size_t i = 0; i + 1 < WORLD_DEVICES; i++) {
		struct world_device *d = &lab->device[i];
		struct hl_seals seals = {.lab = lab->id, .kid = d->kid, .version = 1};
		seals.issued = WORLD_START;
		seals.n_keys = 1;
		seals.keys[0].epoch = 1;
		seals.keys[0].from = WORLD_START;
		seals.keys[0].until = WORLD_START + HL_SEAL_EPOCH_MS;
		memcpy(seals.keys[0].key, d->seal.pub, HL_KEY_SIZE);
		must(hl_seals_sign(&w->net, &seals, &d->sign, &d->seals), "seals");
		d->reader.lab = lab->id;
		d->reader.kid = d->kid;
		d->reader.epoch = 1;
		memcpy(d->reader.key, d->seal.pub, HL_KEY_SIZE);
	}
}

void world_init(struct world *w, uint64_t seed, size_t n_labs)
{
	memset(w, 0, sizeof(*w));
	w->rng.s = seed;
	w->n_labs = n_labs;
	hl_net_id(hl_view_str("simulator"), &w->net);
	for (size_t i = 0; i < n_labs; i++) {
		w->lab[i].flash_signers = 1 + (unsigned)rng_below(&w->rng, 2);
		make_keys(w, &w->lab[i]);
		world_new_card(w, i, WORLD_START);
		make_seals(w, &w->lab[i]);
	}
	for (size_t i = 0; i < n_labs; i++)
		make_directory(w, &w->lab[i]);
}

void world_clear(struct world *w)
{
	for (size_t i = 0; i < w->n_labs; i++) {
		struct world_lab *lab = &w->lab[i];
		hl_sign_key_clear(&lab->root);
		hl_sign_key_clear(&lab->node_sign);
		hl_dh_key_clear(&lab->node_link);
		hl_dh_key_clear(&lab->node_seal);
		for (size_t k = 0; k < WORLD_DEVICES; k++) {
			hl_sign_key_clear(&lab->device[k].sign);
			hl_dh_key_clear(&lab->device[k].link);
			hl_dh_key_clear(&lab->device[k].seal);
			hl_buf_clear(&lab->device[k].seals);
		}
		hl_card_clear(&lab->card);
		for (size_t k = 0; k < lab->n_cards; k++)
			hl_buf_clear(&lab->cards[k]);
		hl_buf_clear(&lab->directory);
	}
}

static void cosign(struct world *w, const struct hl_sign_key *key, struct hl_buf *doc)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf more = {0};

	must(hl_envelope_parse(&w->net, hl_view_buf(doc), &envelope), "release");
	must(hl_envelope_cosign(&envelope, key, &more), "release");
	hl_buf_clear(doc);
	*doc = more;
}

void world_seal(struct world *w, const struct world_letter *letter,
	struct hl_buf *ret_doc, struct hl_id *ret_id)
{
	struct world_lab *lab = &w->lab[letter->lab];
	struct world_device *from = &lab->device[letter->device];
	struct hl_reader readers[WORLD_LABS * WORLD_DEVICES];
	struct hl_sealing s = {.readers = readers, .key = &from->sign};
	struct hl_buf message HL_CLEAN_BUF = {0};
	struct hl_entropy entropy = rng_entropy(&w->rng);
	const char *missing = NULL;
	size_t dropped;

	for (size_t i = 0; i < w->n_labs; i++)
		for (size_t k = 0; k + 1 < WORLD_DEVICES; k++)
			if (i == letter->lab || (letter->labs >> i & 1) != 0)
				readers[s.n_readers++] = w->lab[i].device[k].reader;
	s.core.net = w->net;
	s.core.lab = lab->id;
	s.core.sender = from->kid;
	s.core.card_version = lab->card.version;
	s.core.has_incident = letter->incident != NULL;
	if (letter->incident != NULL)
		s.core.incident = *letter->incident;
	s.core.has_answers = letter->answers != NULL;
	if (letter->answers != NULL)
		s.core.answers = *letter->answers;
	s.core.class = letter->class;
	s.core.status = letter->status;
	s.core.precedence = letter->precedence;
	s.core.created = letter->created;
	s.core.lifetime = HL_LIFETIME_DEFAULT;
	s.core.answer_within = letter->class == HL_CLASS_CALL ? letter->answer_within : 0;
	must(hl_entropy_fill(&entropy, s.salt, sizeof(s.salt)), "salt");
	must(hl_entropy_fill(&entropy, s.ck.b, sizeof(s.ck.b)), "content key");
	must(hl_message_encode(letter->message, &message, &missing),
		missing != NULL ? missing : "message");
	s.message = hl_view_buf(&message);
	must(hl_envelope_seal(&s, ret_doc, ret_id, &dropped), "seal");
	if (letter->release)
		cosign(w, &lab->device[letter->device == 0 ? 1 : 0].sign, ret_doc);
}
