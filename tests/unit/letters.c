#include "letters.h"

static void seed_of(unsigned a, unsigned b, unsigned c, uint8_t ret[static 32])
{
	memset(ret, 0x40, 32);
	ret[0] = (uint8_t)a;
	ret[1] = (uint8_t)b;
	ret[2] = (uint8_t)c;
}

static void member_init(struct world *w, unsigned lab, unsigned at)
{
	static const char *const persons[] = {"Mira", "Mira", "Omar", "watch", "Rui"};
	struct lab_keys *keys = &w->labs[lab];
	struct hl_member *m = &keys->members[at];
	uint8_t seed[32];

	seed_of(lab, at, 1, seed);
	assert_int_equal(HL_OK, hl_sign_key_from_secret(HL_VIEW(seed), &keys->sign[at]));
	seed_of(lab, at, 2, seed);
	assert_int_equal(HL_OK, hl_dh_key_from_secret(HL_VIEW(seed), &keys->seal[at]));
	m->person = hl_view_str(persons[at]);
	m->device = hl_view_str(at == MIRA_PHONE ? "phone" : "laptop");
	m->role = at == MONITOR ? HL_MEMBER_MONITOR : HL_MEMBER_OPERATOR;
	m->caps.bits = at == MONITOR ? HL_CAP_MONITOR : HL_CAP_ALL;
	m->caps.precedence = at == MONITOR ? HL_IMMEDIATE : HL_FLASH;
	if (at == READER)
		m->caps.bits = HL_CAP_READ;
	memcpy(m->sign, keys->sign[at].pub, sizeof(m->sign));
	hl_key_id(&w->net, HL_ROLE_MEMBER_SIGN, m->sign, &m->kid);
}

static void readers_init(struct world *w)
{
	size_t n = 0;

	for (unsigned lab = 0; lab < N_LABS; lab++)
		for (unsigned at = 0; at < N_MEMBERS; at++) {
			struct hl_reader *r = &w->readers[n];

			if (at == MONITOR)
				continue;
			r->lab = w->labs[lab].id;
			r->kid = w->labs[lab].members[at].kid;
			r->epoch = EPOCH;
			memcpy(r->key, w->labs[lab].seal[at].pub, sizeof(r->key));
			n++;
		}
	w->sealing.readers = w->readers;
	w->sealing.n_readers = n;
}

void world_sender(struct world *w, enum lab lab, enum member member)
{
	w->sealing.core.lab = w->labs[lab].id;
	w->sealing.core.sender = w->labs[lab].members[member].kid;
	w->sealing.key = &w->labs[lab].sign[member];
}

void world_init(struct world *w)
{
	static const uint8_t message[] = {0x93, 0x01, 0x90, 0x90};

	memset(w, 0, sizeof(*w));
	hl_net_id(hl_view_str("test"), &w->net);
	for (unsigned lab = 0; lab < N_LABS; lab++) {
		struct lab_keys *keys = &w->labs[lab];

		memset(keys->id.b, (int)(0x10 * (lab + 1)), sizeof(keys->id.b));
		for (unsigned at = 0; at < N_MEMBERS; at++)
			member_init(w, lab, at);
		keys->card = (struct hl_card){.lab = keys->id,
			.version = 3,
			.members = keys->members,
			.n_members = N_MEMBERS,
			.flash_signers = 2,
			.admin_signers = 1};
	}
	readers_init(w);
	w->sealing.core = (struct hl_core){.net = w->net,
		.card_version = 3,
		.class = HL_CLASS_CALL,
		.status = HL_ACTUAL,
		.precedence = HL_IMMEDIATE,
		.created = 1789000000000,
		.lifetime = HL_LIFETIME_DEFAULT,
		.answer_within = 1800};
	memset(w->sealing.salt, 0x55, sizeof(w->sealing.salt));
	memset(w->sealing.ck.b, 0x66, sizeof(w->sealing.ck.b));
	w->sealing.message = HL_VIEW(message);
	world_sender(w, LAB_A, MIRA);
}

void world_clear(struct world *w)
{
	for (unsigned lab = 0; lab < N_LABS; lab++)
		for (unsigned at = 0; at < N_MEMBERS; at++) {
			hl_sign_key_clear(&w->labs[lab].sign[at]);
			hl_dh_key_clear(&w->labs[lab].seal[at]);
		}
	hl_key32_clear(&w->sealing.ck);
}

struct hl_buf world_seal(struct world *w, struct hl_id *ret_id)
{
	struct hl_buf doc = {0};
	size_t dropped = 1;

	assert_int_equal(HL_OK, hl_envelope_seal(&w->sealing, &doc, ret_id, &dropped));
	assert_int_equal(0, dropped);
	return doc;
}

struct hl_judge world_judge(const struct world *w, enum lab card, const struct hl_id *own)
{
	return (struct hl_judge){.net = &w->net,
		.card = &w->labs[card].card,
		.newest_version = w->labs[card].card.version,
		.own_lab = own};
}

enum hl_status world_open(const struct world *w, const struct hl_envelope *e,
	enum lab lab, enum member member, struct hl_opened *ret)
{
	const struct hl_dh_key *secret = &w->labs[lab].seal[member];
	uint64_t epoch = EPOCH;

	return hl_envelope_open(e, &w->labs[lab].id, &w->labs[lab].members[member].kid,
		&epoch, &secret, 1, ret);
}

void world_parse(const struct world *w, const struct hl_buf *doc, struct hl_envelope *ret)
{
	assert_int_equal(HL_OK, hl_envelope_parse(&w->net, hl_view_buf(doc), ret));
}

struct hl_buf buf_copy(struct hl_view from)
{
	struct hl_buf copy = {0};

	assert_int_equal(HL_OK, hl_buf_append(&copy, from));
	return copy;
}

enum hl_status world_receive(const struct world *w, struct hl_view doc)
{
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);
	enum hl_status status = hl_envelope_parse(&w->net, doc, &e);

	if (status != HL_OK)
		return status;
	for (unsigned lab = 0; lab < N_LABS; lab++)
		if (hl_id_eq(&w->labs[lab].id, &e.core.lab))
			judge = world_judge(w, lab, &w->labs[LAB_B].id);
	status = hl_envelope_judge(&e, &judge);
	return status == HL_OK ? world_open(w, &e, LAB_B, MIRA, &opened) : status;
}

int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_init(w);
	*state = w;
	return 0;
}

int world_teardown(void **state)
{
	world_clear(*state);
	free(*state);
	return 0;
}
