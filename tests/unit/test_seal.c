/* Sealing keys: every field refused when it is wrong, who may publish, which key is chosen. */
#include "cards.h"
#include "tree.h"

static struct lab lab;
static struct hl_card card;
static struct hl_seals draft;

static int setup(void **state)
{
	(void)state;
	lab_init(&lab, 1);
	lab_card(&lab, 3, &card);
	memset(&draft, 0, sizeof(draft));
	draft.lab = card.lab;
	draft.kid = lab_kid(&lab, ADA);
	draft.version = 4;
	draft.issued = 1000;
	draft.n_keys = 3;
	for (size_t i = 0; i < 3; i++) {
		draft.keys[i].epoch = 10 + i;
		draft.keys[i].from = 1000 * (i + 1);
		draft.keys[i].until = 1000 * (i + 1) + 1500; /* overlaps the next */
		cards_dh_pub((uint16_t)(900 + i), draft.keys[i].key);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hl_card_clear(&card);
	lab_clear(&lab);
	return 0;
}

static struct hl_buf publish(enum cards_member by)
{
	struct hl_buf doc = {0};

	assert_ok(hl_seals_sign(&lab.net, &draft, &lab.member[by], &doc));
	return doc;
}

static enum hl_status read_doc(struct hl_view doc, void *ctx)
{
	struct hl_seals seals;

	(void)ctx;
	return hl_seals_parse(&lab.net, doc, &seals);
}

static enum hl_status read_body(struct hl_view body, void *ctx)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	uint8_t sig[HL_SIG_SIZE] = {0};

	hl_out_init(&out);
	hl_out_array(&out, 2);
	hl_out_bin(&out, body);
	hl_out_bin(&out, HL_VIEW(sig));
	assert_ok(hl_out_finish(&out, &doc));
	return read_doc(hl_view_buf(&doc), ctx);
}

static void round_trip(void **state)
{
	struct hl_buf doc HL_CLEAN_BUF = publish(ADA), again HL_CLEAN_BUF = {0};
	struct hl_seals seals;

	(void)state;
	assert_ok(hl_seals_parse(&lab.net, hl_view_buf(&doc), &seals));
	assert_int_equal(seals.n_keys, 3);
	assert_int_equal(seals.version, 4);
	assert_int_equal(seals.issued, 1000);
	assert_memory_equal(seals.keys, draft.keys, sizeof(draft.keys));
	assert_ok(hl_seals_check(&lab.net, &card, &seals));
	assert_ok(hl_seals_sign(&lab.net, &seals, &lab.member[ADA], &again));
	assert_view(hl_view_buf(&again), hl_view_buf(&doc));
}

static void wrong_fields(void **state)
{
	static const struct negative outer[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_BIN, 0, HL_BAD_SIZE, NULL},
		{"0", OP_BIN, HL_SEALS_MAX, HL_BAD_SIZE, NULL},
		{"1", OP_BIN, 63, HL_BAD_ENCODING, NULL},
		{"1", OP_BIN, 65, HL_BAD_ENCODING, NULL},
	};
	static const struct negative rows[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_UINT, 0, HL_BAD_SUITE, NULL},
		{"1", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"2", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"3", OP_UINT, UINT64_MAX, HL_OK, NULL},
		{"4", OP_UINT, 0, HL_OK, NULL},
		{"5", OP_ONLY, 0, HL_BAD_FIELD, NULL},
		{"5", OP_ONLY, 1, HL_OK, NULL},
		{"5", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"5", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"5", OP_ADD, 62, HL_BAD_FIELD, NULL},
		{"5.0", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"5.0", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"5.0.0", OP_UINT, 11, HL_BAD_FIELD, NULL},
		{"5.0.1", OP_UINT, 2500, HL_BAD_FIELD, NULL},
		{"5.0.1", OP_UINT, 2499, HL_OK, NULL},
		{"5.0.2", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"5.0.3", OP_BIN, 31, HL_BAD_ENCODING, NULL},
	};
	struct hl_buf doc HL_CLEAN_BUF = publish(ADA);
	struct hl_seals seals;

	(void)state;
	assert_ok(hl_seals_parse(&lab.net, hl_view_buf(&doc), &seals));
	TREE_NEGATIVES(hl_view_buf(&doc), outer, read_doc, NULL);
	tree_wrong_types(hl_view_buf(&doc), read_doc, NULL);
	TREE_NEGATIVES(seals.body, rows, read_body, NULL);
	tree_wrong_types(seals.body, read_body, NULL);
}

static void writing(void **state)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	(void)state;
	draft.keys[1].epoch = 10;
	assert_status(
		hl_seals_sign(&lab.net, &draft, &lab.member[ADA], &doc), HL_ERR_USAGE);
	draft.keys[1].epoch = 11;
	draft.keys[1].until = draft.keys[1].from;
	assert_status(
		hl_seals_sign(&lab.net, &draft, &lab.member[ADA], &doc), HL_ERR_USAGE);
	draft.n_keys = 0;
	assert_status(
		hl_seals_sign(&lab.net, &draft, &lab.member[ADA], &doc), HL_ERR_USAGE);
	draft.n_keys = HL_EPOCHS_MAX + 1;
	assert_status(
		hl_seals_sign(&lab.net, &draft, &lab.member[ADA], &doc), HL_ERR_USAGE);
	assert_int_equal(doc.n, 0);
}

static enum hl_status check(enum cards_member named, enum cards_member by)
{
	draft.kid = lab_kid(&lab, named);
	struct hl_buf doc HL_CLEAN_BUF = publish(by);
	struct hl_seals seals;

	assert_ok(hl_seals_parse(&lab.net, hl_view_buf(&doc), &seals));
	return hl_seals_check(&lab.net, &card, &seals);
}

static void publishers(void **state)
{
	(void)state;
	assert_ok(check(ADA, ADA));
	assert_ok(check(CY, CY));
	assert_status(check(ADA, BEN), HL_BAD_SIGNATURE);
	assert_status(check(ROBOT, ROBOT), HL_NOT_PERMITTED);
	draft.lab.b[3] ^= 1;
	assert_status(check(ADA, ADA), HL_BAD_CARD);
	draft.lab.b[3] ^= 1;
	draft.kid.b[0] ^= 1;
	struct hl_buf doc HL_CLEAN_BUF = publish(ADA);
	struct hl_seals seals;
	assert_ok(hl_seals_parse(&lab.net, hl_view_buf(&doc), &seals));
	assert_status(hl_seals_check(&lab.net, &card, &seals), HL_NOT_MEMBER);
}

/* SPEC identity 5.4: A sender uses the key whose from ≤ now < until; among several the one of the
 * highest epoch; with none the key of the highest epoch */
static void choice(void **state)
{
	static const struct {
		uint64_t now, epoch;
		bool stale;
	} rows[] = {
		{0, 12, true},
		{999, 12, true},
		{1000, 10, false},
		{1999, 10, false},
		{2000, 11, false},
		{2999, 11, false},
		{3000, 12, false},
		{4499, 12, false},
		{4500, 12, true},
		{UINT64_MAX, 12, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool stale = !rows[i].stale;
		assert_int_equal(
			hl_seals_at(&draft, rows[i].now, &stale)->epoch, rows[i].epoch);
		assert_int_equal(stale, rows[i].stale);
	}
}

static void digest(void **state)
{
	struct hl_id a[3], b[3], x, y;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		memset(&a[i], (int)(200 + i), sizeof(a[i]));
		b[2 - i] = a[i];
	}
	hl_seals_digest(&lab.net, a, 3, &x);
	hl_seals_digest(&lab.net, b, 3, &y);
	assert_true(hl_id_eq(&x, &y));
	hl_seals_digest(&lab.net, a, 2, &y);
	assert_false(hl_id_eq(&x, &y));
	hl_seals_digest(&lab.net, NULL, 0, &x);
	hl_hash1("seal-set", &lab.net, hl_view_of(NULL, 0), &y);
	assert_true(hl_id_eq(&x, &y));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(round_trip),
		TEST(wrong_fields),
		TEST(writing),
		TEST(publishers),
		TEST(choice),
		TEST(digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
