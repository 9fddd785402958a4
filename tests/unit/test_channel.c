/* Channels: entries, statements, segments; every field refused when it is wrong; proofs. */
#include "cards.h"
#include "tree.h"

#define ENTRIES 5

static struct lab a, b;
static struct hl_card card_a, card_b;
static struct hl_entry entries[ENTRIES];
static struct hl_id links[ENTRIES + 1]; /* links[k]: of a → b */

static int setup(void **state)
{
	(void)state;
	lab_init(&a, 1);
	lab_init(&b, 2);
	lab_card(&a, 3, &card_a);
	lab_card(&b, 3, &card_b);
	hl_link_first(&a.net, &card_a.lab, &card_b.lab, 50, &links[0]);
	for (size_t i = 0; i < ENTRIES; i++) {
		entries[i] = (struct hl_entry){.number = i + 1,
			.sort = i == 0 ? HL_SORT_CARD : HL_SORT_LETTER,
			.time = 1000 + i / 2};
		memset(&entries[i].id, (int)(i + 1), sizeof(entries[i].id));
		hl_link_next(&a.net, &links[i], &entries[i], &links[i + 1]);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hl_card_clear(&card_a);
	hl_card_clear(&card_b);
	lab_clear(&a);
	lab_clear(&b);
	return 0;
}

/* Entries. */

static enum hl_status read_entry(struct hl_view doc, void *ctx)
{
	struct hl_entry entry;

	(void)ctx;
	return hl_entry_parse(doc, &entry);
}

static void entry_round_trip(void **state)
{
	static const uint64_t values[] = {1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX,
		(uint64_t)UINT32_MAX + 1, UINT64_MAX};
	static const struct negative rows[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"1", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"1", OP_UINT, 5, HL_BAD_FIELD, NULL},
		{"2", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"2", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"3", OP_UINT, 0, HL_OK, NULL},
	};
	uint8_t bytes[HL_ENTRY_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct hl_entry e = {
			.number = values[i], .sort = HL_SORT_VOID, .time = values[i] - 1};
		struct hl_entry back;
		size_t n = hl_entry_encode(&e, bytes);
		assert_true(n <= HL_ENTRY_SIZE_MAX);
		assert_ok(hl_entry_parse(hl_view_of(bytes, n), &back));
		assert_int_equal(back.number, values[i]);
		assert_int_equal(back.time, values[i] - 1);
		assert_int_equal(back.sort, HL_SORT_VOID);
	}
	struct hl_view one = hl_view_of(bytes, hl_entry_encode(&entries[0], bytes));
	TREE_NEGATIVES(one, rows, read_entry, NULL);
	tree_wrong_types(one, read_entry, NULL);
}

static void links_differ(void **state)
{
	struct hl_id x, y;

	(void)state;
	hl_link_first(&a.net, &card_b.lab, &card_a.lab, 50, &x);
	assert_false(hl_id_eq(&x, &links[0]));
	hl_link_first(&a.net, &card_a.lab, &card_b.lab, 51, &x);
	assert_false(hl_id_eq(&x, &links[0]));
	for (unsigned field = 0; field < 4; field++) {
		struct hl_entry e = entries[0];
		e.number += field == 0;
		e.sort = field == 1 ? HL_SORT_VOID : e.sort;
		e.id.b[31] ^= field == 2;
		e.time += field == 3;
		hl_link_next(&a.net, &links[0], &e, &x);
		assert_false(hl_id_eq(&x, &links[1]));
	}
	hl_link_next(&a.net, &links[1], &entries[0], &y);
	assert_false(hl_id_eq(&y, &links[1]));
}

/* Statements. */

static struct hl_statement head_of_a(uint64_t k)
{
	return (struct hl_statement){.from = card_a.lab,
		.to = card_b.lab,
		.has_head = true,
		.head = {50, k, links[k]},
		.time = 9};
}

static struct hl_statement receipt_of_b(uint64_t h, uint64_t n)
{
	return (struct hl_statement){.from = card_b.lab,
		.to = card_a.lab,
		.has_receipt = true,
		.receipt = {.head = {50, h, links[h]}, .through = n, .since = 8},
		.time = 9};
}

static struct hl_buf sign(const struct lab *lab, const struct hl_statement *s)
{
	struct hl_buf doc = {0};

	assert_ok(hl_statement_sign(&lab->net, s, &lab->node[1], &doc));
	return doc;
}

static enum hl_status read_statement(struct hl_view doc, void *ctx)
{
	struct hl_statement s;

	(void)ctx;
	return hl_statement_parse(doc, &s);
}

static enum hl_status read_statement_body(struct hl_view body, void *ctx)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	uint8_t zeros[HL_SIG_SIZE] = {0};

	hl_out_init(&out);
	hl_out_array(&out, 3);
	hl_out_bin(&out, body);
	hl_out_bin(&out, hl_view_of(zeros, 32));
	hl_out_bin(&out, HL_VIEW(zeros));
	assert_ok(hl_out_finish(&out, &doc));
	return read_statement(hl_view_buf(&doc), ctx);
}

static void full_receipt(struct hl_statement *s)
{
	*s = head_of_a(5);
	s->has_receipt = true;
	s->receipt.head = (struct hl_head){7, 100, links[2]};
	s->receipt.through = 10;
	s->receipt.ranges[0] = (struct hl_range){12, 12};
	s->receipt.ranges[1] = (struct hl_range){14, 100};
	s->receipt.n_ranges = 2;
	s->receipt.refused[0] = (struct hl_refusal){3, HL_NOT_PERMITTED};
	s->receipt.refused[1] = (struct hl_refusal){20, HL_UNKNOWN};
	s->receipt.n_refused = 2;
	s->receipt.since = 8;
}

static void statement_round_trip(void **state)
{
	struct hl_statement s, back;
	struct hl_buf again HL_CLEAN_BUF = {0};

	(void)state;
	full_receipt(&s);
	struct hl_buf doc HL_CLEAN_BUF = sign(&a, &s);
	assert_ok(hl_statement_parse(hl_view_buf(&doc), &back));
	assert_memory_equal(&back.receipt, &s.receipt, sizeof(s.receipt));
	assert_memory_equal(&back.head, &s.head, sizeof(s.head));
	assert_ok(hl_statement_check(&a.net, &card_a, &back));
	assert_ok(hl_statement_sign(&a.net, &back, &a.node[1], &again));
	assert_view(hl_view_buf(&again), hl_view_buf(&doc));
	assert_status(hl_statement_check(&a.net, &card_b, &back), HL_BAD_CARD);
	back.sig[3] ^= 1;
	assert_status(hl_statement_check(&a.net, &card_a, &back), HL_BAD_SIGNATURE);
	back.kid.b[3] ^= 1;
	assert_status(hl_statement_check(&a.net, &card_a, &back), HL_NOT_MEMBER);
}

static void statement_fields(void **state)
{
	static const struct negative outer[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_BIN, 0, HL_BAD_SIZE, NULL},
		{"0", OP_BIN, HL_STATEMENT_MAX, HL_BAD_SIZE, NULL},
		{"1", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"2", OP_BIN, 63, HL_BAD_ENCODING, NULL},
	};
	static const struct negative rows[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_UINT, 2, HL_BAD_SUITE, NULL},
		{"1", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"2", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"3", OP_NIL, 0, HL_OK, NULL},
		{"3", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"3", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"3.2", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"4", OP_NIL, 0, HL_OK, NULL},
		{"4", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"4", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"4.1", OP_UINT, 99, HL_BAD_FIELD, NULL}, /* below a range's end */
		{"4.1", OP_UINT, 9, HL_BAD_FIELD, NULL},  /* below n */
		{"4.2", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"4.3", OP_UINT, 11, HL_BAD_FIELD, NULL}, /* no gap to the range */
		{"4.3", OP_UINT, 12, HL_BAD_FIELD, NULL},
		{"4.3", OP_UINT, 101, HL_BAD_FIELD, NULL},
		{"4.3", OP_UINT, UINT64_MAX, HL_BAD_FIELD, NULL},
		{"4.4", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"4.4", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"4.4", OP_ADD, 63, HL_BAD_FIELD, NULL},
		{"4.4", OP_ONLY, 0, HL_OK, NULL},
		{"4.4.0", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"4.4.0", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"4.4.0.0", OP_UINT, 11, HL_BAD_FIELD, NULL},
		{"4.4.0.0", OP_UINT, 13, HL_BAD_FIELD, NULL}, /* ends before it begins */
		{"4.4.0.1", OP_UINT, 13, HL_BAD_FIELD, NULL}, /* touches the next */
		{"4.4.0.1", OP_UINT, 11, HL_BAD_FIELD, NULL},
		{"4.4.1.1", OP_UINT, 101, HL_BAD_FIELD, NULL},
		{"4.4.1.1", OP_UINT, UINT64_MAX, HL_BAD_FIELD, NULL},
		{"4.5", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"4.5", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"4.5", OP_ADD, 63, HL_BAD_FIELD, NULL},
		{"4.5.0", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"4.5.0.0", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"4.5.1.0", OP_UINT, 101, HL_BAD_FIELD, NULL},
		{"4.5.0.1", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"4.5.0.1", OP_UINT, 33, HL_BAD_FIELD, NULL},
		{"4.6", OP_UINT, UINT64_MAX, HL_OK, NULL},
	};
	struct hl_statement s, back;

	(void)state;
	full_receipt(&s);
	struct hl_buf doc HL_CLEAN_BUF = sign(&a, &s);
	assert_ok(hl_statement_parse(hl_view_buf(&doc), &back));
	TREE_NEGATIVES(hl_view_buf(&doc), outer, read_statement, NULL);
	tree_wrong_types(hl_view_buf(&doc), read_statement, NULL);
	TREE_NEGATIVES(back.body, rows, read_statement_body, NULL);
	tree_wrong_types(back.body, read_statement_body, NULL);
}

static void statement_writing(void **state)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_statement s;

	(void)state;
	full_receipt(&s);
	s.receipt.through = 11;
	assert_status(hl_statement_sign(&a.net, &s, &a.node[0], &doc), HL_ERR_USAGE);
	full_receipt(&s);
	s.receipt.refused[1].number = 3;
	assert_status(hl_statement_sign(&a.net, &s, &a.node[0], &doc), HL_ERR_USAGE);
	full_receipt(&s);
	s.receipt.refused[0].code = HL_ERR_NOMEM;
	assert_status(hl_statement_sign(&a.net, &s, &a.node[0], &doc), HL_ERR_USAGE);
	assert_int_equal(doc.n, 0);
}

static void receipt_shows(void **state)
{
	struct hl_statement s;
	enum hl_status code = HL_BUSY;

	(void)state;
	full_receipt(&s);
	assert_false(hl_receipt_holds(&s.receipt, 0, &code));
	assert_false(hl_receipt_holds(&s.receipt, 11, &code));
	assert_false(hl_receipt_holds(&s.receipt, 13, &code));
	assert_false(hl_receipt_holds(&s.receipt, 101, &code));
	assert_int_equal(code, HL_BUSY);
	assert_true(hl_receipt_holds(&s.receipt, 10, &code));
	assert_int_equal(code, HL_OK);
	assert_true(hl_receipt_holds(&s.receipt, 3, &code));
	assert_int_equal(code, HL_NOT_PERMITTED);
	assert_true(hl_receipt_holds(&s.receipt, 20, &code));
	assert_int_equal(code, HL_UNKNOWN);
	assert_true(hl_receipt_holds(&s.receipt, 100, &code));
	assert_int_equal(code, HL_OK);
}

/* Segments. */

static struct hl_segment piece(uint64_t first, size_t n)
{
	return (struct hl_segment){.from = card_a.lab,
		.to = card_b.lab,
		.epoch = 50,
		.first = first,
		.before = links[first - 1],
		.entries = entries + first - 1,
		.n_entries = n};
}

static enum hl_status read_segment(struct hl_view doc, void *ctx)
{
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};

	(void)ctx;
	return hl_segment_parse(doc, &segment);
}

static void segment_fields(void **state)
{
	static const struct negative rows[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"1", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"2", OP_UINT, UINT64_MAX, HL_OK, NULL},
		{"3", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"3", OP_UINT, 2, HL_BAD_FIELD, NULL},
		{"3", OP_UINT, UINT64_MAX, HL_BAD_FIELD, NULL},
		{"4", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"5", OP_SWAP, 0, HL_BAD_FIELD, NULL},
		{"5", OP_TWICE, 0, HL_BAD_FIELD, NULL},
		{"5", OP_ADD, 252, HL_BAD_FIELD, NULL},
		{"5", OP_ONLY, 0, HL_OK, NULL},
		{"5.0", OP_BIN, 0, HL_BAD_SIZE, NULL},
		{"5.0", OP_BIN, 64, HL_BAD_ENCODING, NULL},
		{"5.0", OP_BIN, 65, HL_BAD_FIELD, NULL},
		{"6", OP_NIL, 0, HL_OK, NULL},
		{"6", OP_BIN, 0, HL_BAD_FIELD, NULL},
		{"6", OP_BIN, HL_STATEMENT_MAX + 1, HL_BAD_FIELD, NULL},
		{"7", OP_BIN, HL_STATEMENT_MAX + 1, HL_BAD_FIELD, NULL},
		{"7", OP_BIN, 0, HL_BAD_FIELD, NULL},
	};
	struct hl_statement head = head_of_a(5), receipt = receipt_of_b(5, 5);
	struct hl_buf h HL_CLEAN_BUF = sign(&a, &head),
			r HL_CLEAN_BUF = sign(&b, &receipt);
	struct hl_buf doc HL_CLEAN_BUF = {0}, again HL_CLEAN_BUF = {0};
	struct hl_segment segment = piece(1, ENTRIES), back HL_CLEAN_SEGMENT = {0};

	(void)state;
	segment.head = hl_view_buf(&h);
	segment.receipt = hl_view_buf(&r);
	assert_ok(hl_segment_encode(&segment, &doc));
	assert_ok(hl_segment_parse(hl_view_buf(&doc), &back));
	assert_int_equal(back.n_entries, ENTRIES);
	assert_ok(hl_segment_encode(&back, &again));
	assert_view(hl_view_buf(&again), hl_view_buf(&doc));
	TREE_NEGATIVES(hl_view_buf(&doc), rows, read_segment, NULL);
	tree_wrong_types(hl_view_buf(&doc), read_segment, NULL);
}

static void segment_writing(void **state)
{
	struct hl_segment segment = piece(2, 3);
	struct hl_buf doc HL_CLEAN_BUF = {0};

	(void)state;
	segment.first = 1;
	assert_status(hl_segment_encode(&segment, &doc), HL_ERR_USAGE);
	segment = piece(1, HL_SEGMENT_ENTRIES_MAX + 1);
	assert_status(hl_segment_encode(&segment, &doc), HL_ERR_USAGE);
	entries[1].time = 0;
	segment = piece(1, 3);
	assert_status(hl_segment_encode(&segment, &doc), HL_ERR_USAGE);
	entries[1].time = entries[0].time;
	entries[1].sort = 0;
	assert_status(hl_segment_encode(&segment, &doc), HL_ERR_USAGE);
	assert_int_equal(doc.n, 0);
}

static void segment_links(void **state)
{
	struct hl_segment segment = piece(3, 2);
	struct hl_id link;

	(void)state;
	assert_status(hl_segment_link(&a.net, &segment, 1, &link), HL_UNKNOWN);
	for (uint64_t k = 2; k <= 4; k++) {
		assert_ok(hl_segment_link(&a.net, &segment, k, &link));
		assert_true(hl_id_eq(&link, &links[k]));
	}
	assert_status(hl_segment_link(&a.net, &segment, 5, &link), HL_UNKNOWN);
	segment = piece(1, 2);
	assert_ok(hl_segment_link(&a.net, &segment, 0, &link));
	segment.epoch = 51;
	assert_status(hl_segment_link(&a.net, &segment, 0, &link), HL_BAD_HASH);
}

/* What a segment with that head and receipt proves of the letter at a number. */
struct proof {
	struct hl_statement head, receipt;
	struct hl_segment segment;
	uint64_t number;
};

static struct proof good_proof(void)
{
	return (struct proof){head_of_a(5), receipt_of_b(5, 5), piece(1, ENTRIES), 3};
}

static enum hl_status entered(struct proof *p)
{
	struct hl_buf h HL_CLEAN_BUF = sign(&a, &p->head);
	struct hl_entry entry;

	p->segment.head = hl_view_buf(&h);
	enum hl_status status = hl_segment_entered(
		&a.net, &p->segment, &card_a, &entries[p->number - 1].id, &entry);
	if (status == HL_OK)
		assert_int_equal(entry.number, p->number);
	return status;
}

static enum hl_status delivered(struct proof *p)
{
	struct hl_buf r HL_CLEAN_BUF = sign(&b, &p->receipt);
	uint64_t since = 0;

	p->segment.receipt = hl_view_buf(&r);
	enum hl_status status = hl_segment_delivered(
		&a.net, &p->segment, &card_b, &entries[p->number - 1].id, &since);
	assert_int_equal(since, status == HL_OK ? 8 : 0);
	return status;
}

static void proof_entered(void **state)
{
	struct proof p = good_proof();
	struct hl_entry entry;

	(void)state;
	assert_ok(entered(&p));
	p.head = head_of_a(3);
	assert_ok(entered(&p));
	p.head = head_of_a(2); /* before the entry */
	assert_status(entered(&p), HL_UNKNOWN);
	p = good_proof();
	p.segment = piece(1, 4); /* the head is beyond */
	assert_status(entered(&p), HL_UNKNOWN);
	p = good_proof();
	p.number = 1; /* a card */
	assert_status(entered(&p), HL_UNKNOWN);
	p = good_proof();
	p.head.head.link.b[0] ^= 1;
	assert_status(entered(&p), HL_BAD_HASH);
	p = good_proof();
	p.head.head.epoch = 51;
	assert_status(entered(&p), HL_UNKNOWN);
	p = good_proof();
	p.head.to.b[0] ^= 1;
	assert_status(entered(&p), HL_UNKNOWN);
	p = good_proof();
	p.head.from = card_b.lab;
	assert_status(entered(&p), HL_UNKNOWN);
	p = good_proof();
	p.head.has_head = false;
	assert_status(entered(&p), HL_UNKNOWN);
	p = good_proof();
	p.segment = piece(4, 2); /* the letter is not in it */
	assert_status(entered(&p), HL_UNKNOWN);
	/* the other lab's node has signed it */
	p = good_proof();
	struct hl_buf h HL_CLEAN_BUF = sign(&b, &p.head);
	p.segment.head = hl_view_buf(&h);
	assert_status(
		hl_segment_entered(&a.net, &p.segment, &card_a, &entries[2].id, &entry),
		HL_NOT_MEMBER);
	p.segment.head = hl_view_of(NULL, 0);
	assert_status(
		hl_segment_entered(&a.net, &p.segment, &card_a, &entries[2].id, &entry),
		HL_UNKNOWN);
}

static void proof_delivered(void **state)
{
	struct proof p = good_proof();
	uint64_t since;

	(void)state;
	assert_ok(delivered(&p));
	p.receipt = receipt_of_b(5, 2);
	assert_status(delivered(&p), HL_UNKNOWN);
	p.receipt.receipt.n_ranges = 1;
	p.receipt.receipt.ranges[0] = (struct hl_range){4, 5};
	assert_status(delivered(&p), HL_UNKNOWN);
	p.number = 4;
	assert_ok(delivered(&p));
	p.receipt.receipt.n_refused = 1;
	p.receipt.receipt.refused[0] = (struct hl_refusal){4, HL_SUSPENDED};
	assert_status(delivered(&p), HL_SUSPENDED);
	p = good_proof();
	p.receipt = receipt_of_b(2, 2); /* before the entry */
	assert_status(delivered(&p), HL_UNKNOWN);
	p = good_proof();
	p.receipt.receipt.head.link.b[9] ^= 1;
	assert_status(delivered(&p), HL_BAD_HASH);
	p = good_proof();
	p.receipt.receipt.head.epoch = 49;
	assert_status(delivered(&p), HL_UNKNOWN);
	p = good_proof();
	p.receipt.to.b[0] ^= 1;
	assert_status(delivered(&p), HL_UNKNOWN);
	p = good_proof();
	p.receipt.from = card_a.lab;
	assert_status(delivered(&p), HL_UNKNOWN);
	p = good_proof();
	p.receipt.has_receipt = false;
	assert_status(delivered(&p), HL_UNKNOWN);
	p = good_proof();
	struct hl_buf r HL_CLEAN_BUF = sign(&a, &p.receipt);
	p.segment.receipt = hl_view_buf(&r);
	assert_status(
		hl_segment_delivered(&a.net, &p.segment, &card_b, &entries[2].id, &since),
		HL_NOT_MEMBER);
}

static void no_memory(void **state)
{
	struct hl_segment segment = piece(1, ENTRIES);
	struct hl_buf doc HL_CLEAN_BUF = {0};
	unsigned n = 0;

	(void)state;
	assert_ok(hl_segment_encode(&segment, &doc));
	for (;;) {
		struct hl_segment back HL_CLEAN_SEGMENT = {0};
		unit_fail_allocation(++n);
		enum hl_status status = hl_segment_parse(hl_view_buf(&doc), &back);
		if (!unit_allocation_failed()) {
			assert_ok(status);
			break;
		}
		assert_status(status, HL_ERR_NOMEM);
	}
	assert_true(n > 3);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(entry_round_trip),
		TEST(links_differ),
		TEST(statement_round_trip),
		TEST(statement_fields),
		TEST(statement_writing),
		TEST(receipt_shows),
		TEST(segment_fields),
		TEST(segment_writing),
		TEST(segment_links),
		TEST(proof_entered),
		TEST(proof_delivered),
		TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
