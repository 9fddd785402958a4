/* Envelopes: sealed, read, judged, opened; and what must be refused. */
#include "letters.h"
#include "mutate.h"

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_init(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_clear(*state);
	free(*state);
	return 0;
}

/* What a device of lab B does with a document, by all of envelope 3 and 4 in turn. */
static enum hl_status receive(const struct world *w, struct hl_view doc)
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

static void round_trip(void **state)
{
	struct world *w = *state;
	struct hl_id id;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, &id);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);
	struct hl_id incident;

	world_parse(w, &doc, &e);
	assert_true(hl_id_eq(&id, &e.id));
	assert_true(hl_id_eq(&e.core.lab, &w->labs[LAB_A].id));
	assert_true(hl_id_eq(&e.core.sender, &w->labs[LAB_A].members[MIRA].kid));
	assert_int_equal(3, e.core.card_version);
	assert_false(e.core.has_incident || e.core.has_answers);
	assert_int_equal(HL_CLASS_CALL, e.core.class);
	assert_int_equal(HL_ACTUAL, e.core.status);
	assert_int_equal(HL_IMMEDIATE, e.core.precedence);
	assert_int_equal(1789000000000, e.core.created);
	assert_int_equal(HL_LIFETIME_DEFAULT, e.core.lifetime);
	assert_int_equal(1800, e.core.answer_within);
	assert_int_equal(2048 + 16, e.core.ct_size);
	assert_int_equal(N_LABS, e.core.n_labs);
	assert_int_equal(1, e.n_sigs);
	incident = hl_envelope_incident(&e);
	assert_true(hl_id_eq(&id, &incident));
	assert_false(hl_envelope_addresses(&e, &id));
	assert_ok(hl_envelope_judge(&e, &judge));
	for (unsigned lab = 0; lab < N_LABS; lab++)
		for (unsigned at = 0; at < N_MEMBERS; at++) {
			struct hl_opened opened HL_CLEAN_OPENED = {0};

			assert_true(hl_envelope_addresses(&e, &w->labs[lab].id));
			if (at == MONITOR) {
				assert_status(world_open(w, &e, lab, at, &opened),
					HL_NOT_ADDRESSED);
				continue;
			}
			assert_ok(world_open(w, &e, lab, at, &opened));
			assert_view(opened.message, w->sealing.message);
			assert_true(opened.wraps_good);
			assert_int_equal(w->sealing.n_readers, opened.n_readers);
			assert_memory_equal(w->sealing.ck.b, opened.ck.b, 32);
		}
}

static void an_answer_in_an_incident(void **state)
{
	struct world *w = *state;
	struct hl_core *core = &w->sealing.core;
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id incident;

	core->class = HL_CLASS_ANSWER;
	core->answer_within = 0;
	core->has_incident = core->has_answers = true;
	memset(core->incident.b, 0xa1, 32);
	memset(core->answers.b, 0xa2, 32);
	doc = world_seal(w, NULL);
	world_parse(w, &doc, &e);
	assert_true(e.core.has_incident && e.core.has_answers);
	assert_true(hl_id_eq(&core->answers, &e.core.answers));
	incident = hl_envelope_incident(&e);
	assert_true(hl_id_eq(&core->incident, &incident));
}

/* No bit of a letter can be another: signed or hashed, every one is covered. */
static void every_bit_flipped(void **state)
{
	struct world *w = *state;
	struct hl_buf all HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);

	w->sealing.n_readers = 5; /* labs A and B, to be quick */
	all = world_seal(w, NULL);
	world_parse(w, &all, &e);
	assert_ok(hl_envelope_for_lab(&e, &w->labs[LAB_B].id, &doc));
	assert_ok(receive(w, hl_view_buf(&doc)));
	for (size_t bit = 0; bit < 8 * doc.n; bit++) {
		struct hl_envelope bad HL_CLEAN_ENVELOPE = {0};
		enum hl_status status;

		doc.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		status = hl_envelope_parse(&w->net, hl_view_buf(&doc), &bad);
		if (status == HL_OK)
			status = hl_envelope_judge(&bad, &judge);
		doc.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(status > HL_OK);
	}
}

static void parse_changed(void *ctx, struct hl_view changed, bool must_fail)
{
	const struct world *w = ctx;
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	enum hl_status status = hl_envelope_parse(&w->net, changed, &e);

	assert_true(status >= HL_OK);
	if (must_fail)
		assert_true(status == HL_BAD_SIZE || status == HL_BAD_ENCODING ||
			status == HL_BAD_FIELD);
	/* What is left of it never is what the sender signed. */
	if (status == HL_OK) {
		struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);

		assert_int_not_equal(HL_OK, hl_envelope_judge(&e, &judge));
	}
}

/* Where a bin that holds another structure is spoiled. */
struct nest {
	struct world *w;
	struct hl_envelope *e;
	enum { CORE, SLIP } part;
};

static void rewrite(const struct nest *nest, struct hl_view core, struct hl_view slip,
	struct hl_buf *ret)
{
	const struct hl_envelope *e = nest->e;
	struct hl_out in HL_CLEAN_OUT = {0}, out HL_CLEAN_OUT = {0};
	struct hl_buf inner HL_CLEAN_BUF = {0};

	hl_out_array(&in, 4);
	hl_out_bin(&in, core);
	hl_out_bin(&in, HL_VIEW(e->kcom));
	hl_out_id(&in, &e->ct_hash);
	hl_out_array(&in, e->core.n_labs);
	for (size_t i = 0; i < e->core.n_labs; i++)
		hl_out_id(&in, &e->slip_hashes[i]);
	assert_ok(hl_out_finish(&in, &inner));
	hl_out_array(&out, 4);
	hl_out_bin(&out, hl_view_buf(&inner));
	hl_out_sigs(&out, e->sigs, e->n_sigs);
	hl_out_bin(&out, e->ct);
	hl_out_array(&out, 1);
	hl_out_bin(&out, slip);
	assert_ok(hl_out_finish(&out, ret));
}

static void parse_nested(void *ctx, struct hl_view changed, bool must_fail)
{
	const struct nest *nest = ctx;
	struct hl_buf doc HL_CLEAN_BUF = {0};

	if (nest->part == CORE)
		rewrite(nest, changed, nest->e->slips[LAB_B], &doc);
	else
		rewrite(nest, nest->e->core_bytes, changed, &doc);
	parse_changed(nest->w, hl_view_buf(&doc), must_fail);
}

static void every_value_changed(void **state)
{
	struct world *w = *state;
	struct hl_buf all HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct nest nest = {w, &e, CORE};

	w->sealing.n_readers = 5;
	all = world_seal(w, NULL);
	world_parse(w, &all, &e);
	assert_ok(hl_envelope_for_lab(&e, &w->labs[LAB_B].id, &doc));
	mutate_each(hl_view_buf(&doc), parse_changed, w);
	mutate_each(e.core_bytes, parse_nested, &nest);
	nest.part = SLIP;
	mutate_each(e.slips[LAB_B], parse_nested, &nest);
}

/* Parses a letter whose core has one field of another value. */
static enum hl_status core_with(struct world *w, const struct hl_core *core)
{
	struct hl_sealing s = w->sealing;
	struct hl_buf doc HL_CLEAN_BUF = {0};

	s.core = *core;
	return hl_envelope_seal(&s, &doc, NULL, NULL);
}

static void cores_that_are_not_sealed(void **state)
{
	struct world *w = *state;
	const struct hl_core good = w->sealing.core;
	struct hl_core c;

	assert_ok(core_with(w, &good));
#define REFUSED(change)                                        \
	do {                                                   \
		c = good;                                      \
		change;                                        \
		assert_status(core_with(w, &c), HL_BAD_FIELD); \
	} while (0)
	REFUSED(c.card_version = 0);
	REFUSED(c.class = (enum hl_class)0);
	REFUSED(c.class = (enum hl_class)5);
	REFUSED(c.status = (enum hl_standing)0);
	REFUSED(c.status = (enum hl_standing)4);
	REFUSED(c.precedence = (enum hl_precedence)0);
	REFUSED(c.precedence = (enum hl_precedence)5);
	REFUSED(c.lifetime = 59);
	REFUSED(c.lifetime = 31622401);
	REFUSED(c.answer_within = 0);
	REFUSED(c.answer_within = 604801);
	REFUSED(c.has_answers = true);
	REFUSED((c.class = HL_CLASS_NOTICE, c.has_incident = true));
	REFUSED((c.class = HL_CLASS_NOTICE, c.answer_within = 0));
	REFUSED((c.class = HL_CLASS_ANSWER, c.answer_within = 0, c.has_incident = true));
	REFUSED((c.class = HL_CLASS_ANSWER, c.answer_within = 0, c.has_answers = true));
	REFUSED((c.class = HL_CLASS_CLOSE, c.answer_within = 0));
	REFUSED((c.class = HL_CLASS_CLOSE, c.answer_within = 0, c.has_incident = true,
		c.has_answers = true));
#undef REFUSED
	c = good;
	c.sender = w->labs[LAB_A].members[OMAR].kid;
	assert_status(core_with(w, &c), HL_ERR_USAGE);
}

static void readers_that_are_not_sealed_to(void **state)
{
	struct world *w = *state;
	struct hl_sealing s = w->sealing;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_reader *many = calloc(HL_READERS_MAX + 1, sizeof(*many));

	assert_non_null(many);
	s.n_readers = 0;
	assert_status(hl_envelope_seal(&s, &doc, NULL, NULL), HL_BAD_RECIPIENTS);
	for (size_t i = 0; i <= HL_READERS_MAX; i++) {
		many[i] = w->readers[0];
		hl_put_be32(many[i].kid.b, (uint32_t)i);
	}
	s.readers = many;
	s.n_readers = HL_READERS_MAX + 1;
	assert_status(hl_envelope_seal(&s, &doc, NULL, NULL), HL_BAD_RECIPIENTS);
	for (size_t i = 0; i <= HL_LABS_MAX; i++)
		hl_put_be32(many[i].lab.b, (uint32_t)i);
	s.n_readers = HL_LABS_MAX + 1;
	assert_status(hl_envelope_seal(&s, &doc, NULL, NULL), HL_BAD_RECIPIENTS);
	many[1] = many[0];
	s.n_readers = 2;
	assert_status(hl_envelope_seal(&s, &doc, NULL, NULL), HL_BAD_RECIPIENTS);
	assert_null(doc.p);
	free(many);
}

static void as_many_readers_as_there_may_be(void **state)
{
	struct world *w = *state;
	struct hl_sealing s = w->sealing;
	struct hl_buf doc HL_CLEAN_BUF = {0}, text HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_reader *many = calloc(HL_READERS_MAX, sizeof(*many));

	assert_non_null(many);
	for (size_t i = 0; i < HL_READERS_MAX; i++) {
		many[i] = w->readers[0];
		many[i].epoch = UINT64_MAX;
		hl_put_be32(many[i].kid.b, (uint32_t)(i + 1) * 2654435761u);
		hl_put_be32(many[i].lab.b, (uint32_t)(i % HL_LABS_MAX) + 1);
	}
	/* The largest bucket, full to the last byte. */
	assert_ok(hl_buf_reserve(&text, HL_PAYLOAD_MAX));
	memset(text.p, 'x', HL_PAYLOAD_MAX);
	s.readers = many;
	s.n_readers = HL_READERS_MAX;
	text.n = HL_PAYLOAD_MAX;
	s.message = hl_view_buf(&text);
	while (hl_envelope_seal(&s, &doc, NULL, NULL) == HL_BAD_SIZE)
		s.message.n -= text.n - s.message.n < 40000 ? 40000 : 1;
	assert_true(doc.n > HL_PAYLOAD_MAX && doc.n <= HL_ENVELOPE_MAX);
	world_parse(w, &doc, &e);
	assert_int_equal(HL_PAYLOAD_MAX + 16, e.core.ct_size);
	assert_int_equal(HL_LABS_MAX, e.core.n_labs);
	assert_ok(hl_envelope_open_ck(&e, &s.ck, &opened));
	assert_true(opened.wraps_good);
	assert_int_equal(HL_READERS_MAX, opened.n_readers);
	assert_view(opened.message, s.message);
	free(many);
}

/* Every size of text near the edge of a bucket. */
static void buckets(void **state)
{
	struct world *w = *state;
	static uint8_t text[2048];
	size_t before = 0;

	w->sealing.n_readers = 1;
	for (size_t n = 700; n < 2000; n += n % 64 == 0 && n < 820 ? 1 : 3) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
		struct hl_opened opened HL_CLEAN_OPENED = {0};

		w->sealing.message = hl_view_of(text, n);
		doc = world_seal(w, NULL);
		world_parse(w, &doc, &e);
		assert_ok(hl_envelope_open_ck(&e, &w->sealing.ck, &opened));
		assert_int_equal(n, opened.message.n);
		/* The plaintext and the byte 80 fit, and would not fit in half. */
		assert_true(opened.plain.n + 1 <= e.ct.n - 16);
		assert_true(
			e.ct.n - 16 == 1024 || opened.plain.n + 1 > (e.ct.n - 16) / 2);
		assert_true(e.ct.n >= before);
		before = e.ct.n;
	}
	assert_int_equal(4096 + 16, before);
}

static void wrong_network(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_id other, id;

	hl_net_id(hl_view_str("hotline"), &other);
	assert_status(hl_envelope_parse(&other, hl_view_buf(&doc), &e), HL_BAD_NETWORK);
	assert_null(e.arena);
	/* It is the letter's fault, and every copy has it. */
	assert_ok(hl_envelope_blame(&other, hl_view_buf(&doc), &id));
	assert_status(hl_envelope_blame(&w->net, hl_view_buf(&doc), &id), HL_UNKNOWN);
	doc.p[doc.n - 1] ^= 1; /* a slip: this copy's fault */
	assert_status(hl_envelope_parse(&w->net, hl_view_buf(&doc), &e), HL_BAD_HASH);
	assert_status(hl_envelope_blame(&w->net, hl_view_buf(&doc), &id), HL_UNKNOWN);
	assert_status(hl_envelope_blame(&w->net, hl_view_of(doc.p, 10), &id), HL_UNKNOWN);
	assert_status(hl_envelope_blame(&w->net, hl_view_of(doc.p, 0), &id), HL_UNKNOWN);
}

static void sizes(void **state)
{
	struct world *w = *state;
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	uint8_t *big = calloc(1, HL_ENVELOPE_MAX + 1);

	assert_non_null(big);
	assert_status(hl_envelope_parse(&w->net, hl_view_of(big, 0), &e), HL_BAD_SIZE);
	assert_status(
		hl_envelope_parse(&w->net, hl_view_of(big, HL_ENVELOPE_MAX + 1), &e),
		HL_BAD_SIZE);
	assert_status(hl_envelope_parse(&w->net, hl_view_of(big, HL_ENVELOPE_MAX), &e),
		HL_BAD_ENCODING);
	free(big);
}

/* A device with the wrong key, of the wrong lab, or for the wrong epoch opens nothing. */
static void wrong_reader(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	const struct lab_keys *b = &w->labs[LAB_B];
	const struct hl_dh_key *mine = &b->seal[MIRA], *other = &b->seal[OMAR];
	const struct hl_dh_key *three[] = {mine, other, mine};
	uint64_t epoch = EPOCH, wrong = EPOCH + 1, epochs[] = {EPOCH, EPOCH, EPOCH - 1};
	struct hl_id stranger = w->net;

	world_parse(w, &doc, &e);
#define OPEN(lab, kid, epochs, secrets, n) \
	hl_envelope_open(&e, lab, kid, epochs, secrets, n, &opened)
	assert_status(
		OPEN(&b->id, &b->members[MIRA].kid, &epoch, &other, 1), HL_BAD_OPEN);
	assert_status(OPEN(&b->id, &b->members[OMAR].kid, &epoch, &mine, 1), HL_BAD_OPEN);
	assert_status(OPEN(&b->id, &b->members[MIRA].kid, &wrong, &mine, 1), HL_BAD_OPEN);
	assert_status(OPEN(&b->id, &b->members[MIRA].kid, NULL, NULL, 0), HL_BAD_OPEN);
	assert_status(OPEN(&w->labs[LAB_C].id, &b->members[MIRA].kid, &epoch, &mine, 1),
		HL_NOT_ADDRESSED);
	assert_status(OPEN(&b->id, &stranger, &epoch, &mine, 1), HL_NOT_ADDRESSED);
	assert_status(OPEN(&stranger, &b->members[MIRA].kid, &epoch, &mine, 1),
		HL_NOT_ADDRESSED);
	assert_null(opened.plain.p);
	/* All that are given are tried. */
	assert_ok(OPEN(&b->id, &b->members[MIRA].kid, epochs, three, 3));
#undef OPEN
}

static void without_the_own_slip(void **state)
{
	struct world *w = *state;
	struct hl_buf all HL_CLEAN_BUF = world_seal(w, NULL), doc HL_CLEAN_BUF = {0};
	struct hl_envelope whole HL_CLEAN_ENVELOPE = {0}, e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);
	struct hl_buf none HL_CLEAN_BUF = {0};

	world_parse(w, &all, &whole);
	assert_ok(hl_envelope_for_lab(&whole, &w->labs[LAB_C].id, &doc));
	world_parse(w, &doc, &e);
	assert_status(hl_envelope_judge(&e, &judge), HL_NOT_ADDRESSED);
	assert_status(world_open(w, &e, LAB_B, MIRA, &opened), HL_NOT_ADDRESSED);
	assert_status(
		hl_envelope_for_lab(&e, &w->labs[LAB_B].id, &none), HL_NOT_ADDRESSED);
	assert_status(hl_envelope_for_lab(&e, &w->net, &none), HL_NOT_ADDRESSED);
	judge.own_lab = &w->net;
	assert_status(hl_envelope_judge(&e, &judge), HL_NOT_ADDRESSED);
	judge.own_lab = NULL; /* a carrier */
	assert_ok(hl_envelope_judge(&e, &judge));
	judge.own_lab = &w->labs[LAB_C].id;
	assert_ok(hl_envelope_judge(&e, &judge));
	assert_ok(world_open(w, &e, LAB_C, MIRA, &opened));
}

/* Writes a copy of its parts. */
static struct hl_buf assemble(struct hl_view signed_bytes, const struct hl_sig *sigs,
	size_t n_sigs, struct hl_view ct, const struct hl_view *slips, size_t n_slips)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf doc = {0};

	hl_out_array(&out, 4);
	hl_out_bin(&out, signed_bytes);
	hl_out_sigs(&out, sigs, n_sigs);
	hl_out_bin(&out, ct);
	hl_out_array(&out, n_slips);
	for (size_t i = 0; i < n_slips; i++)
		hl_out_bin(&out, slips[i]);
	assert_ok(hl_out_finish(&out, &doc));
	return doc;
}

static void slips_moved(void **state)
{
	struct world *w = *state;
	struct hl_buf one HL_CLEAN_BUF = world_seal(w, NULL), two HL_CLEAN_BUF = {0};
	struct hl_envelope a HL_CLEAN_ENVELOPE = {0}, b HL_CLEAN_ENVELOPE = {0},
			     e HL_CLEAN_ENVELOPE = {0};
	struct hl_view slips[3];

	w->sealing.core.created++;
	w->sealing.ck.b[0] ^= 1;
	two = world_seal(w, NULL);
	world_parse(w, &one, &a);
	world_parse(w, &two, &b);
	/* Another letter's slip, the slips in another order, one twice. */
	for (unsigned i = 0; i < 3; i++) {
		struct hl_buf doc HL_CLEAN_BUF = {0};

		slips[0] = i == 0 ? b.slips[0] : i == 1 ? a.slips[1] : a.slips[0];
		slips[1] = i == 2 ? a.slips[0] : i == 1 ? a.slips[0] : a.slips[1];
		doc = assemble(a.signed_bytes, a.sigs, 1, a.ct, slips, 2);
		assert_status(hl_envelope_parse(&w->net, hl_view_buf(&doc), &e),
			i == 0 ? HL_BAD_HASH : HL_BAD_FIELD);
	}
	/* Another letter's ciphertext of the same length. */
	struct hl_buf doc HL_CLEAN_BUF =
		assemble(a.signed_bytes, a.sigs, 1, b.ct, a.slips, 3);
	assert_status(hl_envelope_parse(&w->net, hl_view_buf(&doc), &e), HL_BAD_HASH);
	/* Another letter's signature. */
	hl_buf_clear(&doc);
	doc = assemble(a.signed_bytes, b.sigs, 1, a.ct, a.slips, 3);
	assert_status(receive(w, hl_view_buf(&doc)), HL_BAD_SIGNATURE);
}

/* signed with other labs, core or hashes, signed by a member who may. */
static struct hl_buf sign_again(const struct world *w, struct hl_view core,
	const struct hl_envelope *e, struct hl_view ct, const struct hl_view *slips,
	size_t n_slips, const struct hl_sign_key *key)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf signed_bytes HL_CLEAN_BUF = {0};
	struct hl_id hash;
	struct hl_sig sig;

	hl_hash1("ct", &w->net, ct, &hash);
	hl_out_array(&out, 4);
	hl_out_bin(&out, core);
	hl_out_bin(&out, HL_VIEW(e->kcom));
	hl_out_id(&out, &hash);
	hl_out_array(&out, n_slips);
	for (size_t i = 0; i < n_slips; i++) {
		hl_hash1("slip", &w->net, slips[i], &hash);
		hl_out_id(&out, &hash);
	}
	assert_ok(hl_out_finish(&out, &signed_bytes));
	hl_key_id(&w->net, HL_ROLE_MEMBER_SIGN, key->pub, &sig.kid);
	assert_ok(hl_sign("env", &w->net, hl_view_buf(&signed_bytes), key, sig.sig));
	return assemble(hl_view_buf(&signed_bytes), &sig, 1, ct, slips, n_slips);
}

/* A copy of a core in which one id is another. */
static struct hl_buf core_swapped(
	struct hl_view core, const struct hl_id *from, const struct hl_id *to)
{
	struct hl_buf copy = buf_copy(core);

	for (size_t i = 0; i + 32 <= copy.n; i++)
		if (memcmp(copy.p + i, from->b, 32) == 0) {
			memcpy(copy.p + i, to->b, 32);
			return copy;
		}
	fail_msg("there is no such id in the core");
	return copy;
}

/* Somebody else's ciphertext and wraps, signed as one's own: the header is bound into both. */
static void a_ciphertext_signed_again(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0}, stolen HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	const struct lab_keys *a = &w->labs[LAB_A], *c = &w->labs[LAB_C];

	world_parse(w, &doc, &e);
	struct hl_buf half HL_CLEAN_BUF = core_swapped(e.core_bytes, &a->id, &c->id);
	struct hl_buf core HL_CLEAN_BUF = core_swapped(
		hl_view_buf(&half), &a->members[MIRA].kid, &c->members[MIRA].kid);
	struct hl_buf mine HL_CLEAN_BUF =
		sign_again(w, hl_view_buf(&core), &e, e.ct, e.slips, 3, &c->sign[MIRA]);
	/* To a node it is a letter of lab C; no device shows it. */
	world_parse(w, &mine, &stolen);
	struct hl_judge judge = world_judge(w, LAB_C, &w->labs[LAB_B].id);
	assert_ok(hl_envelope_judge(&stolen, &judge));
	assert_status(world_open(w, &stolen, LAB_B, MIRA, &opened), HL_BAD_OPEN);
	/* Nor with the content key, which C's readers know. */
	assert_status(
		hl_envelope_open_ck(&stolen, &w->sealing.ck, &opened), HL_BAD_COMMITMENT);
}

/* A reader hands a letter on as if it had been written to others. */
static void surreptitious_forwarding(void **state)
{
	struct world *w = *state;
	struct hl_reader all[3] = {w->readers[0], w->readers[4], w->readers[8]};
	struct hl_buf doc HL_CLEAN_BUF = {0}, theirs HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0}, bad HL_CLEAN_ENVELOPE = {0};
	struct hl_view slips[3];

	assert_true(hl_id_eq(&all[2].lab, &w->labs[LAB_C].id));
	/* From lab A to labs A and B; then one more, to all, by B with the same content key. */
	w->sealing.readers = all;
	w->sealing.n_readers = 2;
	doc = world_seal(w, NULL);
	world_parse(w, &doc, &e);
	w->sealing.n_readers = 3;
	world_sender(w, LAB_B, MIRA);
	theirs = world_seal(w, NULL);
	struct hl_envelope to_c HL_CLEAN_ENVELOPE = {0};
	world_parse(w, &theirs, &to_c);
	/* A's signature with a slip for C. */
	slips[0] = e.slips[0];
	slips[1] = e.slips[1];
	slips[2] = to_c.slips[2];
	struct hl_buf forged HL_CLEAN_BUF =
		assemble(e.signed_bytes, e.sigs, 1, e.ct, slips, 3);
	assert_status(
		hl_envelope_parse(&w->net, hl_view_buf(&forged), &bad), HL_BAD_HASH);
}

/* The commitment stops a content key that opens the same ciphertext to something else. */
static void another_content_key(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_key32 ck = w->sealing.ck;

	world_parse(w, &doc, &e);
	for (unsigned bit = 0; bit < 256; bit++) {
		ck.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_status(hl_envelope_open_ck(&e, &ck, &opened), HL_BAD_COMMITMENT);
		ck.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_ok(hl_envelope_open_ck(&e, &ck, &opened));
	/* Committed and then changed: the ciphertext does not open. */
	hl_opened_clear(&opened);
	for (size_t i = 0; i < e.ct.n; i += 61) {
		struct hl_buf ct HL_CLEAN_BUF = buf_copy(e.ct);
		struct hl_envelope bad = e;

		ct.p[i] ^= 1;
		bad.ct = hl_view_buf(&ct);
		assert_status(hl_envelope_open_ck(&bad, &ck, &opened), HL_BAD_OPEN);
	}
}

/* A key that gives zeros drops its own reader, and nobody else. */
static void a_key_that_gives_zeros(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	size_t dropped = 0;

	memset(w->readers[5].key, 0, HL_KEY_SIZE);
	memset(w->readers[9].key, 0, HL_KEY_SIZE);
	w->readers[9].key[0] = 1; /* of small order too */
	struct hl_id lost[] = {w->readers[5].kid, w->readers[9].kid};
	assert_ok(hl_envelope_seal(&w->sealing, &doc, NULL, &dropped));
	assert_int_equal(2, dropped);
	world_parse(w, &doc, &e);
	for (unsigned lab = 0; lab < N_LABS; lab++)
		for (unsigned at = 0; at < N_MEMBERS; at++) {
			const struct hl_id *kid = &w->labs[lab].members[at].kid;
			struct hl_opened opened HL_CLEAN_OPENED = {0};

			if (at == MONITOR)
				continue;
			if (hl_id_eq(kid, &lost[0]) || hl_id_eq(kid, &lost[1])) {
				assert_status(
					world_open(w, &e, lab, at, &opened), HL_BAD_OPEN);
				continue;
			}
			assert_ok(world_open(w, &e, lab, at, &opened));
			assert_true(opened.wraps_good);
		}
}

/* A sender who signs a slip that nobody can open is found out by every reader. */
static void a_poisoned_slip(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0}, bad HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_view slips[3];

	world_parse(w, &doc, &e);
	struct hl_buf slip HL_CLEAN_BUF = buf_copy(e.slips[LAB_C]),
			   again HL_CLEAN_BUF = {0};
	slip.p[slip.n - 1] ^= 1;
	memcpy(slips, e.slips, sizeof(slips));
	slips[LAB_C] = hl_view_buf(&slip);
	struct hl_buf signed_so HL_CLEAN_BUF = sign_again(
		w, e.core_bytes, &e, e.ct, slips, 3, &w->labs[LAB_A].sign[MIRA]);
	world_parse(w, &signed_so, &bad);
	assert_ok(world_open(w, &bad, LAB_B, MIRA, &opened));
	assert_false(opened.wraps_good);
	assert_view(opened.message, w->sealing.message);
	assert_ok(hl_envelope_slip(&bad, &opened, &w->labs[LAB_B].id, &again));
	hl_buf_clear(&again);
	assert_status(
		hl_envelope_slip(&bad, &opened, &w->labs[LAB_C].id, &again), HL_BAD_WRAP);
	assert_null(again.p);
}

/* Any reader makes again a slip that was lost, byte for byte. */
static void a_slip_made_again(void **state)
{
	struct world *w = *state;
	struct hl_buf all HL_CLEAN_BUF = world_seal(w, NULL), doc HL_CLEAN_BUF = {0};
	struct hl_envelope whole HL_CLEAN_ENVELOPE = {0}, e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_buf none HL_CLEAN_BUF = {0};

	world_parse(w, &all, &whole);
	assert_ok(hl_envelope_for_lab(&whole, &w->labs[LAB_B].id, &doc));
	world_parse(w, &doc, &e);
	assert_ok(world_open(w, &e, LAB_B, READER, &opened));
	for (unsigned lab = 0; lab < N_LABS; lab++) {
		struct hl_buf slip HL_CLEAN_BUF = {0};

		assert_ok(hl_envelope_slip(&e, &opened, &w->labs[lab].id, &slip));
		assert_view(hl_view_buf(&slip), whole.slips[lab]);
	}
	assert_status(hl_envelope_slip(&e, &opened, &w->net, &none), HL_NOT_ADDRESSED);
}

static void copies_merged(void **state)
{
	struct world *w = *state;
	struct hl_buf all HL_CLEAN_BUF = world_seal(w, NULL), b_doc HL_CLEAN_BUF = {0};
	struct hl_buf c_doc HL_CLEAN_BUF = {0}, c_more HL_CLEAN_BUF = {0};
	struct hl_buf sum HL_CLEAN_BUF = {0}, other HL_CLEAN_BUF = {0};
	struct hl_envelope whole HL_CLEAN_ENVELOPE = {0}, b HL_CLEAN_ENVELOPE = {0},
				 c HL_CLEAN_ENVELOPE = {0}, c2 HL_CLEAN_ENVELOPE = {0},
				 e HL_CLEAN_ENVELOPE = {0};

	world_parse(w, &all, &whole);
	assert_ok(hl_envelope_for_lab(&whole, &w->labs[LAB_B].id, &b_doc));
	assert_ok(hl_envelope_for_lab(&whole, &w->labs[LAB_C].id, &c_doc));
	world_parse(w, &b_doc, &b);
	world_parse(w, &c_doc, &c);
	assert_ok(hl_envelope_cosign(&c, &w->labs[LAB_A].sign[OMAR], &c_more));
	world_parse(w, &c_more, &c2);
	assert_ok(hl_envelope_merge(&b, &c2, &sum));
	world_parse(w, &sum, &e);
	assert_int_equal(2, e.n_sigs);
	assert_int_equal(0, e.slips[LAB_A].n);
	assert_view(e.slips[LAB_B], whole.slips[LAB_B]);
	assert_view(e.slips[LAB_C], whole.slips[LAB_C]);
	/* A signature stands once; another letter does not mix. */
	assert_status(hl_envelope_cosign(&c2, &w->labs[LAB_A].sign[OMAR], &other),
		HL_DUPLICATE);
	w->sealing.core.created++;
	other = world_seal(w, NULL);
	hl_envelope_clear(&e);
	world_parse(w, &other, &e);
	assert_status(hl_envelope_merge(&e, &c2, &sum), HL_UNKNOWN);
}

static struct hl_buf signed_also_by(
	const struct world *w, struct hl_buf *doc, enum member m)
{
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_buf more = {0};

	world_parse(w, doc, &e);
	assert_ok(hl_envelope_cosign(&e, &w->labs[LAB_A].sign[m], &more));
	hl_buf_clear(doc);
	return more;
}

/* What lab B's node says of a FLASH that these members have signed. */
static enum hl_status flash_by(
	struct world *w, enum member sender, const enum member *more, size_t n)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	w->sealing.core.precedence = HL_FLASH;
	world_sender(w, LAB_A, sender);
	doc = world_seal(w, NULL);
	for (size_t i = 0; i < n; i++)
		doc = signed_also_by(w, &doc, more[i]);
	return receive(w, hl_view_buf(&doc));
}

static void flash_release(void **state)
{
	struct world *w = *state;
	const enum member phone[] = {MIRA_PHONE}, omar[] = {OMAR}, monitor[] = {MONITOR};
	const enum member both[] = {MIRA_PHONE, OMAR}, reader[] = {READER};

	assert_status(flash_by(w, MIRA, NULL, 0), HL_FEW_SIGNATURES);
	/* Two devices of one person are one person. */
	assert_status(flash_by(w, MIRA, phone, 1), HL_FEW_SIGNATURES);
	assert_status(flash_by(w, MIRA, monitor, 1), HL_FEW_SIGNATURES);
	/* A reader has no release. */
	assert_status(flash_by(w, MIRA, reader, 1), HL_FEW_SIGNATURES);
	assert_ok(flash_by(w, MIRA, omar, 1));
	assert_ok(flash_by(w, MIRA, both, 2));
	/* The sender counts without release, and the rule may ask for one alone, or for more. */
	w->labs[LAB_A].members[MIRA].caps.bits &= ~(unsigned)HL_CAP_RELEASE;
	assert_ok(flash_by(w, MIRA, omar, 1));
	assert_status(
		flash_by(w, OMAR, (const enum member[]){MIRA}, 1), HL_FEW_SIGNATURES);
	w->labs[LAB_A].card.flash_signers = 1;
	assert_ok(flash_by(w, MIRA, NULL, 0));
	w->labs[LAB_A].card.flash_signers = 3;
	assert_status(flash_by(w, MIRA, omar, 1), HL_FEW_SIGNATURES);
	/* A monitor may not send one whatever its card says. */
	w->labs[LAB_A].card.flash_signers = 1;
	assert_status(flash_by(w, MONITOR, NULL, 0), HL_NOT_PERMITTED);
	w->labs[LAB_A].members[MONITOR].caps.precedence = HL_FLASH;
	assert_status(flash_by(w, MONITOR, NULL, 0), HL_FEW_SIGNATURES);
}

static void a_close_of_a_flash(void **state)
{
	struct world *w = *state;
	struct hl_core *core = &w->sealing.core;
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0}, e2 HL_CLEAN_ENVELOPE = {0};

	core->class = HL_CLASS_CLOSE;
	core->precedence = HL_ROUTINE;
	core->answer_within = 0;
	core->has_incident = true;
	doc = world_seal(w, NULL);
	world_parse(w, &doc, &e);
	assert_ok(hl_envelope_judge(&e, &judge));
	assert_false(hl_envelope_released(&e, &w->labs[LAB_A].card));
	judge.raised_with_flash = true;
	assert_status(hl_envelope_judge(&e, &judge), HL_FEW_SIGNATURES);
	doc = signed_also_by(w, &doc, OMAR);
	world_parse(w, &doc, &e2);
	assert_ok(hl_envelope_judge(&e2, &judge));
	assert_true(hl_envelope_released(&e2, &w->labs[LAB_A].card));
}

static void capabilities_by_class(void **state)
{
	static const struct {
		enum hl_class class;
		unsigned bits; /* any of them will do */
	} rows[] = {
		{HL_CLASS_CALL, HL_CAP_RAISE | HL_CAP_UPDATE},
		{HL_CLASS_ANSWER, HL_CAP_ANSWER},
		{HL_CLASS_CLOSE, HL_CAP_CLOSE},
		{HL_CLASS_NOTICE,
			HL_CAP_READ | HL_CAP_RAISE | HL_CAP_UPDATE | HL_CAP_ANSWER |
				HL_CAP_CLOSE},
	};
	struct world *w = *state;
	struct hl_core *core = &w->sealing.core;
	struct hl_caps *caps = &w->labs[LAB_A].members[MIRA].caps;
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);

	w->sealing.n_readers = 8;
	core->has_incident = true;
	for (size_t i = 0; i < 4; i++) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		struct hl_envelope e HL_CLEAN_ENVELOPE = {0};

		core->class = rows[i].class;
		core->answer_within = core->class == HL_CLASS_CALL ? 1800 : 0;
		core->has_answers = core->class == HL_CLASS_ANSWER;
		doc = world_seal(w, NULL);
		world_parse(w, &doc, &e);
		for (unsigned bit = 1; bit <= HL_CAP_SUSPEND; bit *= 2) {
			caps->bits = bit;
			caps->precedence = HL_FLASH;
			assert_status(hl_envelope_judge(&e, &judge),
				rows[i].bits & bit ? HL_OK : HL_NOT_PERMITTED);
		}
		/* Precedence binds calls and notices, so that no answer is ever too urgent. */
		caps->bits = HL_CAP_ALL;
		caps->precedence = HL_PRIORITY;
		assert_status(hl_envelope_judge(&e, &judge),
			core->class == HL_CLASS_CALL || core->class == HL_CLASS_NOTICE
				? HL_NOT_PERMITTED
				: HL_OK);
		caps->precedence = HL_IMMEDIATE;
		assert_ok(hl_envelope_judge(&e, &judge));
	}
}

static void cards_and_members(void **state)
{
	struct world *w = *state;
	struct hl_card *card = &w->labs[LAB_A].card;
	struct hl_member *mira = &w->labs[LAB_A].members[MIRA];
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_sig *sig;

	world_parse(w, &doc, &e);
	sig = &e.sigs[0];
	judge.card = NULL;
	assert_status(hl_envelope_judge(&e, &judge), HL_NEED_CARD);
	judge.card = &w->labs[LAB_B].card;
	assert_status(hl_envelope_judge(&e, &judge), HL_NEED_CARD);
	judge.card = card;
	card->version = 2;
	judge.newest_version = 2;
	assert_status(hl_envelope_judge(&e, &judge), HL_NEED_CARD);
	judge.newest_version = 3; /* held, and an older one is in force */
	assert_ok(hl_envelope_judge(&e, &judge));
	card->version = 9;
	judge.newest_version = 0;
	assert_ok(hl_envelope_judge(&e, &judge));
	/* The sender is no member any more. */
	mira->kid.b[0] ^= 1;
	assert_status(hl_envelope_judge(&e, &judge), HL_NOT_MEMBER);
	assert_false(hl_envelope_fault_of_copy(&e, &judge, HL_NOT_MEMBER));
	mira->kid.b[0] ^= 1;
	/* Somebody signs who is none: the copy's fault. */
	sig->kid.b[0] ^= 1;
	assert_status(hl_envelope_judge(&e, &judge), HL_BAD_SIGNATURE);
	sig->kid.b[0] ^= 1;
	sig->sig[0] ^= 1;
	assert_status(hl_envelope_judge(&e, &judge), HL_BAD_SIGNATURE);
	sig->sig[0] ^= 1;
	mira->sign[0] ^= 1;
	assert_status(hl_envelope_judge(&e, &judge), HL_BAD_SIGNATURE);
	mira->sign[0] ^= 1;
	doc = signed_also_by(w, &doc, OMAR);
	hl_envelope_clear(&e);
	world_parse(w, &doc, &e);
	w->labs[LAB_A].members[OMAR].kid.b[0] ^= 1;
	assert_status(hl_envelope_judge(&e, &judge), HL_NOT_MEMBER);
	assert_true(hl_envelope_fault_of_copy(&e, &judge, HL_NOT_MEMBER));
}

static bool is_suspended(void *ctx, const struct hl_id *kid)
{
	return hl_id_eq(ctx, kid);
}

static void suspended_keys(void **state)
{
	struct world *w = *state;
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};

	doc = signed_also_by(w, &doc, OMAR);
	world_parse(w, &doc, &e);
	judge.suspended = is_suspended;
	judge.ctx = &w->labs[LAB_A].members[READER].kid;
	assert_ok(hl_envelope_judge(&e, &judge));
	judge.ctx = &w->labs[LAB_A].members[OMAR].kid;
	assert_status(hl_envelope_judge(&e, &judge), HL_SUSPENDED);
	assert_true(hl_envelope_fault_of_copy(&e, &judge, HL_SUSPENDED));
	judge.ctx = &w->labs[LAB_A].members[MIRA].kid;
	assert_status(hl_envelope_judge(&e, &judge), HL_SUSPENDED);
	assert_false(hl_envelope_fault_of_copy(&e, &judge, HL_SUSPENDED));
}

static void faults_of_copies(void **state)
{
	struct world *w = *state;
	struct hl_judge judge = world_judge(w, LAB_A, NULL);
	struct hl_envelope e = {0};

	for (unsigned code = 0; code <= HL_STALE; code++) {
		bool copy = code == HL_BAD_SIZE || code == HL_BAD_HASH ||
			code == HL_BAD_SIGNATURE || code == HL_FEW_SIGNATURES ||
			code == HL_NOT_ADDRESSED;

		assert_int_equal(copy, hl_status_of_copy((enum hl_status)code));
		if (code != HL_NOT_MEMBER && code != HL_SUSPENDED)
			assert_int_equal(copy,
				hl_envelope_fault_of_copy(
					&e, &judge, (enum hl_status)code));
	}
}

static void deadlines(void **state)
{
	(void)state;
	assert_int_equal(86400, hl_precedence_deadline(HL_ROUTINE));
	assert_int_equal(10800, hl_precedence_deadline(HL_PRIORITY));
	assert_int_equal(1800, hl_precedence_deadline(HL_IMMEDIATE));
	assert_int_equal(600, hl_precedence_deadline(HL_FLASH));
}

/* Calls until no allocation fails any more. */
#define WITHOUT_MEMORY(call)                                                  \
	do {                                                                  \
		bool failed = true;                                           \
		for (unsigned n = 1; failed; n++) {                           \
			enum hl_status status;                                \
			unit_fail_allocation(n);                              \
			status = call;                                        \
			failed = unit_allocation_failed();                    \
			assert_status(status, failed ? HL_ERR_NOMEM : HL_OK); \
		}                                                             \
	} while (0)

static void without_memory(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, slip HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_judge judge = world_judge(w, LAB_A, NULL);

	w->sealing.n_readers = 5;
	WITHOUT_MEMORY(hl_envelope_seal(&w->sealing, &doc, NULL, NULL));
	WITHOUT_MEMORY(hl_envelope_parse(&w->net, hl_view_buf(&doc), &e));
	WITHOUT_MEMORY(hl_envelope_judge(&e, &judge));
	WITHOUT_MEMORY(world_open(w, &e, LAB_A, MIRA, &opened));
	WITHOUT_MEMORY(hl_envelope_slip(&e, &opened, &w->labs[LAB_A].id, &slip));
	hl_buf_clear(&slip);
	WITHOUT_MEMORY(hl_envelope_for_lab(&e, &w->labs[LAB_A].id, &slip));
	hl_buf_clear(&slip);
	WITHOUT_MEMORY(hl_envelope_cosign(&e, &w->labs[LAB_A].sign[OMAR], &slip));
	hl_envelope_clear(NULL);
	hl_opened_clear(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(round_trip),
		TEST(an_answer_in_an_incident),
		TEST(every_bit_flipped),
		TEST(every_value_changed),
		TEST(cores_that_are_not_sealed),
		TEST(readers_that_are_not_sealed_to),
		TEST(as_many_readers_as_there_may_be),
		TEST(buckets),
		TEST(wrong_network),
		TEST(sizes),
		TEST(wrong_reader),
		TEST(without_the_own_slip),
		TEST(slips_moved),
		TEST(a_ciphertext_signed_again),
		TEST(surreptitious_forwarding),
		TEST(another_content_key),
		TEST(a_key_that_gives_zeros),
		TEST(a_poisoned_slip),
		TEST(a_slip_made_again),
		TEST(copies_merged),
		TEST(flash_release),
		TEST(a_close_of_a_flash),
		TEST(capabilities_by_class),
		TEST(cards_and_members),
		TEST(suspended_keys),
		TEST(faults_of_copies),
		TEST(deadlines),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
