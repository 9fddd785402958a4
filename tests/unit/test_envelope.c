/* Envelopes: sealed and read; what is not sealed, and what is no letter. */
#include "letters.h"
#include "mutate.h"

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
	assert_ok(hl_envelope_judge(&e, &judge));
	for (unsigned lab = 0; lab < N_LABS; lab++)
		for (unsigned at = 0; at < N_MEMBERS; at++) {
			struct hl_opened opened HL_CLEAN_OPENED = {0};

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
	assert_ok(world_receive(w, hl_view_buf(&doc)));
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
		s.message.n -= text.n - s.message.n < 57000 ? 57000 : 1;
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
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
		TEST(copies_merged),
		TEST(deadlines),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
