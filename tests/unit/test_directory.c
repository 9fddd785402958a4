/* Directories and suspensions: every field refused when it is wrong, and who may sign them. */
#include "cards.h"
#include "tree.h"

static struct lab lab;
static struct hl_card card;
static struct hl_peer_pin peers[3];
static struct hl_id group_labs[2], relays[1];
static struct hl_group groups[2];
static struct hl_directory draft;

static struct hl_id id_of(uint8_t byte)
{
	struct hl_id id;

	memset(&id, byte, sizeof(id));
	return id;
}

static int setup(void **state)
{
	(void)state;
	lab_init(&lab, 1);
	lab_card(&lab, 3, &card);
	peers[0] = (struct hl_peer_pin){id_of(3), hl_view_str("gamma")};
	peers[1] = (struct hl_peer_pin){id_of(1), hl_view_str("lab-b")};
	peers[2] = (struct hl_peer_pin){id_of(2), hl_view_str("alpha")};
	group_labs[0] = id_of(2);
	group_labs[1] = id_of(1);
	groups[0] = (struct hl_group){hl_view_str("frontier"), group_labs, 2};
	groups[1] = (struct hl_group){hl_view_str("empty"), NULL, 0};
	relays[0] = id_of(3);
	draft = (struct hl_directory){.lab = card.lab,
		.version = 1,
		.issued = 5,
		.peers = peers,
		.n_peers = 3,
		.groups = groups,
		.n_groups = 2,
		.relays = relays,
		.n_relays = 1};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hl_card_clear(&card);
	lab_clear(&lab);
	return 0;
}

/* Signs a body by some members. */
static struct hl_buf sign_body(
	struct hl_view body, const enum cards_member *members, size_t n)
{
	struct hl_buf doc = {0};

	for (size_t i = 0; i < n; i++) {
		struct hl_directory d HL_CLEAN_DIRECTORY = {0};
		struct hl_buf more = {0};
		if (i > 0)
			assert_ok(hl_directory_parse(&lab.net, hl_view_buf(&doc), &d));
		assert_ok(hl_directory_sign(&lab.net, body, d.sigs, d.n_sigs,
			&lab.member[members[i]], &more));
		hl_buf_clear(&doc);
		doc = more;
	}
	return doc;
}

static void make(const enum cards_member *members, size_t n, struct hl_directory *ret)
{
	struct hl_buf body HL_CLEAN_BUF = {0};

	assert_ok(hl_directory_encode(&draft, &body));
	struct hl_buf doc HL_CLEAN_BUF = sign_body(hl_view_buf(&body), members, n);
	assert_ok(hl_directory_parse(&lab.net, hl_view_buf(&doc), ret));
}

static enum hl_status read_doc(struct hl_view doc, void *ctx)
{
	struct hl_directory d HL_CLEAN_DIRECTORY = {0};

	(void)ctx;
	return hl_directory_parse(&lab.net, doc, &d);
}

static enum hl_status read_body(struct hl_view body, void *ctx)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	assert_ok(hl_directory_sign(&lab.net, body, NULL, 0, &lab.member[ADA], &doc));
	return read_doc(hl_view_buf(&doc), ctx);
}

static const enum cards_member both[] = {ADA, BEN};

static void round_trip(void **state)
{
	struct hl_directory d HL_CLEAN_DIRECTORY = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};
	struct hl_id two = id_of(2), nine = id_of(9);

	(void)state;
	make(both, 2, &d);
	assert_int_equal(d.n_sigs, 2);
	assert_int_equal(d.n_peers, 3);
	assert_view(hl_directory_peer(&d, &two)->name, hl_view_str("alpha"));
	assert_null(hl_directory_peer(&d, &nine));
	assert_true(hl_id_eq(
		&hl_directory_peer_by_name(&d, hl_view_str("alpha"))->lab, &two));
	assert_null(hl_directory_peer_by_name(&d, hl_view_str("beta")));
	assert_int_equal(hl_directory_group(&d, hl_view_str("frontier"))->n_labs, 2);
	assert_null(hl_directory_group(&d, hl_view_str("alpha")));
	assert_ok(hl_directory_encode(&d, &again));
	assert_view(hl_view_buf(&again), d.body);
	assert_ok(hl_directory_follows(&lab.net, &card, NULL, &d));
}

static void wrong_document(void **state)
{
	static const struct negative rows[] = {
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"0", OP_BIN, HL_DIRECTORY_MAX, HL_BAD_SIZE, NULL},
		{"1", OP_ONLY, 0, HL_BAD_FIELD, NULL},
		{"1", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"1", OP_ADD, HL_SIGS_MAX, HL_BAD_FIELD, NULL},
		{"1.0.0", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"1.0.1", OP_BIN, 65, HL_BAD_ENCODING, NULL},
	};
	struct hl_directory d HL_CLEAN_DIRECTORY = {0};

	(void)state;
	make(both, 2, &d);
	TREE_NEGATIVES(hl_view_buf(&d.doc), rows, read_doc, NULL);
	tree_wrong_types(hl_view_buf(&d.doc), read_doc, NULL);
	for (size_t n = 0; n < d.doc.n; n++)
		assert_int_not_equal(read_doc(hl_view_of(d.doc.p, n), NULL), HL_OK);
}

static void wrong_fields(void **state)
{
	static const struct negative rows[] = {
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"0", OP_UINT, 2, HL_BAD_SUITE, NULL},
		{"1", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"2", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"2", OP_UINT, 2, HL_BAD_FIELD, NULL},
		{"3", OP_BIN, 32, HL_BAD_FIELD, NULL},
		{"4", OP_UINT, UINT64_MAX, HL_OK, NULL},
		{"5", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"5", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"5", OP_ADD, 1022, HL_BAD_FIELD, NULL},
		{"5.0", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"5.0", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"5.0.0", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"5.0.1", OP_STR, 0, HL_BAD_FIELD, NULL},
		{"5.0.1", OP_STR, 33, HL_BAD_FIELD, NULL},
		{"5.0.1", OP_LABEL, 0, HL_BAD_FIELD, "Lab"},
		{"5.0.1", OP_LABEL, 0, HL_BAD_FIELD, "alpha"}, /* stands twice then */
		{"6", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"6", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"6", OP_ADD, 63, HL_BAD_FIELD, NULL},
		{"6.1", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"6.1", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"6.1.0", OP_LABEL, 0, HL_BAD_FIELD, "-f"},
		{"6.1.1", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"6.1.1", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"6.1.1.0", OP_FLIP, 0, HL_BAD_FIELD, NULL}, /* no peer */
		{"6.1.1.0", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"7", OP_ONLY, 0, HL_OK, NULL}, {"7", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"7.0", OP_FLIP, 31, HL_BAD_FIELD, NULL}, /* no peer */
	};
	struct hl_directory d HL_CLEAN_DIRECTORY = {0};

	(void)state;
	make(both, 2, &d);
	TREE_NEGATIVES(d.body, rows, read_body, NULL);
	tree_wrong_types(d.body, read_body, NULL);
}

static void writing(void **state)
{
	struct hl_buf body HL_CLEAN_BUF = {0};

	(void)state;
	peers[0].name = peers[1].name;
	assert_status(hl_directory_encode(&draft, &body), HL_ERR_USAGE);
	peers[0].name = hl_view_str("not a label");
	assert_status(hl_directory_encode(&draft, &body), HL_ERR_USAGE);
	peers[0].name = hl_view_str("label");
	relays[0] = id_of(7);
	assert_status(hl_directory_encode(&draft, &body), HL_ERR_USAGE);
	assert_int_equal(body.n, 0);
}

static enum hl_status judge(const enum cards_member *members, size_t n)
{
	struct hl_directory d HL_CLEAN_DIRECTORY = {0};

	make(members, n, &d);
	return hl_directory_follows(&lab.net, &card, NULL, &d);
}

static void signers(void **state)
{
	const enum cards_member one_person[] = {ADA, ADA_PHONE}, alone[] = {ADA},
				all[] = {ADA, ADA_PHONE, BEN},
				robot[] = {ADA, BEN, ROBOT}, cy[] = {CY, ADA, BEN};
	struct hl_directory d HL_CLEAN_DIRECTORY = {0};

	(void)state;
	assert_ok(judge(both, 2));
	assert_ok(judge(all, 3));
	assert_status(judge(alone, 1), HL_FEW_SIGNATURES);
	assert_status(judge(one_person, 2), HL_FEW_SIGNATURES);
	assert_status(judge(robot, 3), HL_NOT_PERMITTED);
	assert_status(judge(cy, 3), HL_NOT_PERMITTED);
	make(both, 2, &d);
	d.sigs[1].sig[0] ^= 1;
	assert_status(hl_directory_follows(&lab.net, &card, NULL, &d), HL_BAD_SIGNATURE);
	d.sigs[1].kid.b[0] ^= 1;
	assert_status(hl_directory_follows(&lab.net, &card, NULL, &d), HL_NOT_MEMBER);
}

static void succession(void **state)
{
	struct hl_directory first HL_CLEAN_DIRECTORY = {0},
				  second HL_CLEAN_DIRECTORY = {0};
	struct hl_directory third HL_CLEAN_DIRECTORY = {0},
				  other HL_CLEAN_DIRECTORY = {0};

	(void)state;
	make(both, 2, &first);
	draft.issued = 6;
	make(both, 2, &other);
	assert_status(
		hl_directory_follows(&lab.net, &card, &first, &other), HL_EQUIVOCATION);
	assert_status(hl_directory_follows(&lab.net, &card, &first, &first), HL_STALE);
	draft.version = 2;
	draft.has_prev = true;
	draft.prev = first.hash;
	make(both, 2, &second);
	assert_ok(hl_directory_follows(&lab.net, &card, &first, &second));
	assert_status(
		hl_directory_follows(&lab.net, &card, &other, &second), HL_BAD_CARD);
	assert_status(hl_directory_follows(&lab.net, &card, NULL, &second), HL_BAD_CARD);
	assert_status(hl_directory_follows(&lab.net, &card, &second, &first), HL_STALE);
	draft.version = 3;
	draft.prev = second.hash;
	make(both, 2, &third);
	assert_ok(hl_directory_follows(&lab.net, &card, &second, &third));
	assert_status(hl_directory_follows(&lab.net, &card, &first, &third), HL_BAD_CARD);
	third.lab.b[0] ^= 1;
	assert_status(
		hl_directory_follows(&lab.net, &card, &second, &third), HL_BAD_CARD);
}

/* Suspensions. */

static enum hl_status read_suspension(struct hl_view doc, void *ctx)
{
	struct hl_suspension s;

	(void)ctx;
	return hl_suspension_parse(&lab.net, doc, &s);
}

/* The body within a document that one signature completes. */
static enum hl_status read_suspension_body(struct hl_view body, void *ctx)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_sig sig = {.kid = lab_kid(&lab, ADA)};

	hl_out_init(&out);
	hl_out_array(&out, 2);
	hl_out_bin(&out, body);
	hl_out_sigs(&out, &sig, 1);
	assert_ok(hl_out_finish(&out, &doc));
	return read_suspension(hl_view_buf(&doc), ctx);
}

static struct hl_buf suspend(enum cards_member whom, enum cards_member by)
{
	struct hl_id kid = lab_kid(&lab, whom);
	struct hl_buf doc = {0};

	assert_ok(hl_suspension_make(&lab.net, &card.lab, &kid, 77, hl_view_str("lost"),
		&lab.member[by], &doc));
	return doc;
}

static bool among(void *ctx, const struct hl_id *kid)
{
	return hl_id_eq(ctx, kid);
}

static void suspension_read(void **state)
{
	static const struct negative outer[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_BIN, HL_SUSPENSION_MAX, HL_BAD_SIZE, NULL},
		{"1", OP_ONLY, 0, HL_BAD_FIELD, NULL},
		{"1", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"1", OP_ADD, 4, HL_BAD_FIELD, NULL},
	};
	static const struct negative rows[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_UINT, 2, HL_BAD_SUITE, NULL},
		{"1", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"2", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"3", OP_UINT, UINT64_MAX, HL_OK, NULL},
		{"4", OP_STR, 0, HL_OK, NULL},
		{"4", OP_STR, 200, HL_OK, NULL},
		{"4", OP_STR, 201, HL_BAD_FIELD, NULL},
		{"4", OP_LABEL, 0, HL_BAD_ENCODING, "a\nb"},
	};
	struct hl_buf doc HL_CLEAN_BUF = suspend(BEN, ADA);
	struct hl_suspension s;

	(void)state;
	assert_ok(hl_suspension_parse(&lab.net, hl_view_buf(&doc), &s));
	assert_string_equal(s.reason, "lost");
	assert_int_equal(s.issued, 77);
	assert_int_equal(s.n_sigs, 1);
	TREE_NEGATIVES(hl_view_buf(&doc), outer, read_suspension, NULL);
	tree_wrong_types(hl_view_buf(&doc), read_suspension, NULL);
	TREE_NEGATIVES(s.body, rows, read_suspension_body, NULL);
	tree_wrong_types(s.body, read_suspension_body, NULL);
}

static enum hl_status check(
	enum cards_member whom, enum cards_member by, const struct hl_id *suspended)
{
	struct hl_buf doc HL_CLEAN_BUF = suspend(whom, by);
	struct hl_suspension s;
	struct hl_id kid = {{0}};

	assert_ok(hl_suspension_parse(&lab.net, hl_view_buf(&doc), &s));
	if (suspended != NULL)
		kid = *suspended;
	return hl_suspension_check(
		&lab.net, &card, &s, suspended != NULL ? among : NULL, &kid);
}

static void suspension_check(void **state)
{
	struct hl_id ada = lab_kid(&lab, ADA), ben = lab_kid(&lab, BEN);
	struct hl_buf doc HL_CLEAN_BUF = suspend(BEN, ADA);
	struct hl_suspension s;

	(void)state;
	assert_ok(check(BEN, ADA, NULL));
	assert_ok(check(BEN, CY, NULL));
	assert_ok(check(BEN, ADA, &ben));
	assert_status(check(BEN, ADA, &ada), HL_SUSPENDED);
	assert_ok(check(ADA, ADA, &ada));
	assert_status(check(BEN, ROBOT, NULL), HL_NOT_PERMITTED);
	assert_status(check(ROBOT, ROBOT, NULL), HL_NOT_PERMITTED);
	assert_ok(hl_suspension_parse(&lab.net, hl_view_buf(&doc), &s));
	s.lab.b[0] ^= 1;
	assert_status(hl_suspension_check(&lab.net, &card, &s, NULL, NULL), HL_BAD_CARD);
	s.lab.b[0] ^= 1;
	s.sigs[0].sig[9] ^= 1;
	assert_status(
		hl_suspension_check(&lab.net, &card, &s, NULL, NULL), HL_BAD_SIGNATURE);
	s.sigs[0].kid.b[0] ^= 1;
	assert_status(
		hl_suspension_check(&lab.net, &card, &s, NULL, NULL), HL_NOT_MEMBER);
}

static void no_memory(void **state)
{
	struct hl_directory d HL_CLEAN_DIRECTORY = {0};
	unsigned n = 0;

	(void)state;
	make(both, 2, &d);
	for (;;) {
		struct hl_directory again HL_CLEAN_DIRECTORY = {0};
		unit_fail_allocation(++n);
		enum hl_status status =
			hl_directory_parse(&lab.net, hl_view_buf(&d.doc), &again);
		if (!unit_allocation_failed()) {
			assert_ok(status);
			break;
		}
		assert_status(status, HL_ERR_NOMEM);
	}
	assert_true(n > 5);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(round_trip),
		TEST(wrong_document),
		TEST(wrong_fields),
		TEST(writing),
		TEST(signers),
		TEST(succession),
		TEST(suspension_read),
		TEST(suspension_check),
		TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
