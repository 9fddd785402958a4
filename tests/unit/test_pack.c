/* The canonical form: what is written, what is read, and everything that must be refused. */
#include "tests/unit/unit.h"

#define MAX (1024 * 1024)

static void nothing(struct hl_out *out)
{
	(void)out;
}

/* The document of a writer, as bytes. */
static struct hl_buf finish(struct hl_out *out)
{
	struct hl_buf buf = {0};

	assert_ok(hl_out_finish(out, &buf));
	return buf;
}

static void integers(void **state)
{
	static const struct {
		uint64_t value;
		const char *hex;
	} rows[] = {
		{0, "00"},
		{127, "7f"},
		{128, "cc80"},
		{255, "ccff"},
		{256, "cd0100"},
		{65535, "cdffff"},
		{65536, "ce00010000"},
		{UINT32_MAX, "ceffffffff"},
		{(uint64_t)UINT32_MAX + 1, "cf0000000100000000"},
		{UINT64_MAX, "cfffffffffffffffff"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hl_out out HL_CLEAN_OUT = {0};
		struct hl_in in HL_CLEAN_IN = {0};
		struct hl_buf doc HL_CLEAN_BUF = {0};
		uint64_t v = rows[i].value;

		hl_out_uint(&out, v);
		doc = finish(&out);
		assert_hex(hl_view_buf(&doc), rows[i].hex);
		hl_in_init(&in, hl_view_buf(&doc), MAX);
		assert_true(hl_in_uint(&in, v, v) == v);
		assert_ok(hl_in_finish(&in));
		hl_in_clear(&in);
		if (v < UINT64_MAX) {
			hl_in_init(&in, hl_view_buf(&doc), MAX);
			assert_true(hl_in_uint(&in, v + 1, UINT64_MAX) == 0);
			assert_status(hl_in_finish(&in), HL_BAD_FIELD);
			hl_in_clear(&in);
		}
		if (v > 0) {
			hl_in_init(&in, hl_view_buf(&doc), MAX);
			assert_true(hl_in_uint(&in, 0, v - 1) == 0);
			assert_status(hl_in_finish(&in), HL_BAD_FIELD);
		}
	}
}

/* Strings and byte strings at each edge of a form; the first bytes are those of the shortest. */
static void lengths(void **state)
{
	static const struct {
		size_t n;
		const char *str, *bin;
	} rows[] = {
		{0, "a0", "c400"},
		{1, "a1", "c401"},
		{31, "bf", "c41f"},
		{32, "d920", "c420"},
		{255, "d9ff", "c4ff"},
		{256, "da0100", "c50100"},
		{65535, "daffff", "c5ffff"},
		{65536, "db00010000", "c600010000"},
	};
	static char bytes[65536];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		bool text = i % 2;
		size_t n = rows[i / 2].n,
		       head = strlen(text ? rows[i / 2].str : rows[i / 2].bin) / 2;
		struct hl_view body = hl_view_of(bytes, n), got;
		struct hl_out out HL_CLEAN_OUT = {0};
		struct hl_in in HL_CLEAN_IN = {0};
		struct hl_buf doc HL_CLEAN_BUF = {0};

		if (text)
			hl_out_str(&out, body);
		else
			hl_out_bin(&out, body);
		doc = finish(&out);
		assert_hex(hl_view_of(doc.p, head),
			text ? rows[i / 2].str : rows[i / 2].bin);
		assert_int_equal(doc.n, head + n);
		hl_in_init(&in, hl_view_buf(&doc), MAX);
		got = text ? hl_in_str(&in, n, n, HL_TEXT_LINE) : hl_in_bin(&in, n, n);
		assert_ok(hl_in_finish(&in));
		assert_view(got, body);
		/* Views alias the document. */
		if (n > 0)
			assert_ptr_equal(got.p, doc.p + head);
	}
}

static void arrays(void **state)
{
	static const struct {
		size_t n;
		const char *hex;
	} rows[] = {
		{0, "90"},
		{15, "9f"},
		{16, "dc0010"},
		{65535, "dcffff"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = rows[i].n, head = strlen(rows[i].hex) / 2;
		struct hl_out out HL_CLEAN_OUT = {0};
		struct hl_in in HL_CLEAN_IN = {0};
		struct hl_buf doc HL_CLEAN_BUF = {0};

		hl_out_array(&out, n);
		for (size_t k = 0; k < n; k++)
			hl_out_nil(&out);
		doc = finish(&out);
		assert_hex(hl_view_of(doc.p, head), rows[i].hex);
		hl_in_init(&in, hl_view_buf(&doc), MAX);
		assert_int_equal(hl_in_array(&in, n, n), n);
		for (size_t k = 0; k < n; k++) {
			assert_true(hl_in_more(&in));
			assert_true(hl_in_nil(&in));
		}
		assert_false(hl_in_more(&in));
		hl_in_end(&in);
		assert_ok(hl_in_finish(&in));
	}
}

/* What the pre-scan must refuse: nothing of it reaches the decoder. */
static void refused(void **state)
{
	static const struct {
		const char *hex;
		enum hl_status status;
	} rows[] = {
		{"", HL_BAD_SIZE},
		/* longer than the shortest form */
		{"cc00", HL_BAD_ENCODING},
		{"cc7f", HL_BAD_ENCODING},
		{"cd0000", HL_BAD_ENCODING},
		{"cd00ff", HL_BAD_ENCODING},
		{"ce00000000", HL_BAD_ENCODING},
		{"ce0000ffff", HL_BAD_ENCODING},
		{"cf0000000000000000", HL_BAD_ENCODING},
		{"cf00000000ffffffff", HL_BAD_ENCODING},
		{"d900", HL_BAD_ENCODING},
		{"d90178", HL_BAD_ENCODING},
		{"da000178", HL_BAD_ENCODING},
		{"db0000000178", HL_BAD_ENCODING},
		{"c5000178", HL_BAD_ENCODING},
		{"c60000000178", HL_BAD_ENCODING},
		{"dc0000", HL_BAD_ENCODING},
		{"dc000100", HL_BAD_ENCODING},
		{"dd00000000", HL_BAD_ENCODING},
		{"dd0000000100", HL_BAD_ENCODING},
		/* types that are not in use */
		{"c1", HL_BAD_ENCODING},
		{"80", HL_BAD_ENCODING},
		{"810101", HL_BAD_ENCODING},
		{"de0000", HL_BAD_ENCODING},
		{"df00000000", HL_BAD_ENCODING},
		{"ff", HL_BAD_ENCODING},
		{"e0", HL_BAD_ENCODING},
		{"d001", HL_BAD_ENCODING},
		{"d0ff", HL_BAD_ENCODING},
		{"d10001", HL_BAD_ENCODING},
		{"d200000001", HL_BAD_ENCODING},
		{"d30000000000000001", HL_BAD_ENCODING},
		{"ca3f800000", HL_BAD_ENCODING},
		{"cb3ff0000000000000", HL_BAD_ENCODING},
		{"c70101ff", HL_BAD_ENCODING},
		{"c8000101ff", HL_BAD_ENCODING},
		{"c90000000101ff", HL_BAD_ENCODING},
		{"d40100", HL_BAD_ENCODING},
		{"d5010000", HL_BAD_ENCODING},
		{"d60100000000", HL_BAD_ENCODING},
		{"d7010000000000000000", HL_BAD_ENCODING},
		{"d80100000000000000000000000000000000", HL_BAD_ENCODING},
		/* cut short, anywhere */
		{"cc", HL_BAD_ENCODING},
		{"cd01", HL_BAD_ENCODING},
		{"ce000100", HL_BAD_ENCODING},
		{"cf00000001000000", HL_BAD_ENCODING},
		{"c4", HL_BAD_ENCODING},
		{"c401", HL_BAD_ENCODING},
		{"c501", HL_BAD_ENCODING},
		{"c5010078", HL_BAD_ENCODING},
		{"c6000100", HL_BAD_ENCODING},
		{"a1", HL_BAD_ENCODING},
		{"a278", HL_BAD_ENCODING},
		{"d9", HL_BAD_ENCODING},
		{"91", HL_BAD_ENCODING},
		{"9200", HL_BAD_ENCODING},
		{"dc", HL_BAD_ENCODING},
		{"dc00", HL_BAD_ENCODING},
		{"9191", HL_BAD_ENCODING},
		/* counts and lengths that the rest cannot hold */
		{"dd10000000", HL_BAD_ENCODING},
		{"ddffffffff00", HL_BAD_ENCODING},
		{"dcffff00", HL_BAD_ENCODING},
		{"c6ffffffff00", HL_BAD_ENCODING},
		{"dbffffffff78", HL_BAD_ENCODING},
		/* each count fits alone, but not with what the outer array still waits for */
		{"92910000", HL_OK},
		{"939200000000", HL_OK},
		{"9392000000", HL_BAD_ENCODING},
		{"93930000000000", HL_OK},
		{"939300000000", HL_BAD_ENCODING},
		/* bytes after the value */
		{"0000", HL_BAD_ENCODING},
		{"c0c0", HL_BAD_ENCODING},
		{"9000", HL_BAD_ENCODING},
		{"a17800", HL_BAD_ENCODING},
		{"910000", HL_BAD_ENCODING},
		/* eight arrays deep, and nine */
		{"9191919191919100", HL_OK},
		{"919191919191919100", HL_OK},
		{"9191919191919190", HL_OK},
		{"91919191919191919100", HL_BAD_ENCODING},
		{"919191919191919190", HL_BAD_ENCODING},
		/* two deep branches: depth goes down again between them */
		{"92919191919191900091", HL_BAD_ENCODING},
		{"929191919191919091919191919190", HL_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hl_buf doc HL_CLEAN_BUF = unit_hex(rows[i].hex);
		struct hl_in in HL_CLEAN_IN = {0};

		if (hl_pack_check(hl_view_buf(&doc), MAX) != rows[i].status)
			print_error("document %s\n", rows[i].hex);
		assert_status(hl_pack_check(hl_view_buf(&doc), MAX), rows[i].status);
		hl_in_init(&in, hl_view_buf(&doc), MAX);
		assert_status(in.status, rows[i].status);
		assert_int_equal(hl_in_more(&in), rows[i].status == HL_OK);
	}
}

static void texts(void **state)
{
	static const struct {
		const char *hex;
		bool line, block;
	} rows[] = {
		{"", true, true},
		{"20", true, true},
		{"7e", true, true},
		{"c3a9", true, true},
		{"e282ac", true, true},
		{"f09f9a80", true, true},
		{"c2a0", true, true},
		{"ed9fbf", true, true},
		{"ee8080", true, true},
		{"efbfbf", true, true},
		{"f48fbfbf", true, true},
		{"dfbf", true, true},
		{"e0a080", true, true},
		{"f0908080", true, true},
		{"0a", false, true},
		{"09", false, true},
		{"410a42", false, true},
		/* control characters */
		{"00", false, false},
		{"01", false, false},
		{"08", false, false},
		{"0b", false, false},
		{"0d", false, false},
		{"1b", false, false},
		{"1f", false, false},
		{"7f", false, false},
		{"c280", false, false},
		{"c29b", false, false},
		{"c29f", false, false},
		/* not UTF-8 */
		{"80", false, false},
		{"bf", false, false},
		{"c0", false, false},
		{"c0af", false, false},
		{"c1bf", false, false},
		{"c3", false, false},
		{"c328", false, false},
		{"e0809f", false, false},
		{"e09fbf", false, false},
		{"e282", false, false},
		{"e28228", false, false},
		{"f0808080", false, false},
		{"f08fbfbf", false, false},
		{"f09f9a", false, false},
		{"f09f9a28", false, false},
		{"eda080", false, false},
		{"edbfbf", false, false},
		{"f4908080", false, false},
		{"f7bfbfbf", false, false},
		{"f8888080", false, false},
		{"fe", false, false},
		{"ff", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hl_buf text HL_CLEAN_BUF = unit_hex(rows[i].hex),
				   doc HL_CLEAN_BUF = {0};
		struct hl_out out HL_CLEAN_OUT = {0};
		struct hl_in in HL_CLEAN_IN = {0};
		uint8_t head = (uint8_t)(0xa0 | text.n);

		assert_int_equal(
			hl_text_ok(hl_view_buf(&text), HL_TEXT_LINE), rows[i].line);
		assert_int_equal(
			hl_text_ok(hl_view_buf(&text), HL_TEXT_BLOCK), rows[i].block);
		hl_out_str(&out, hl_view_buf(&text));
		assert_status(
			hl_out_finish(&out, &doc), rows[i].block ? HL_OK : HL_BAD_FIELD);
		hl_buf_clear(&doc);
		assert_ok(hl_buf_append(&doc, hl_view_of(&head, 1)));
		assert_ok(hl_buf_append(&doc, hl_view_buf(&text)));
		assert_status(hl_pack_check(hl_view_buf(&doc), MAX),
			rows[i].block ? HL_OK : HL_BAD_ENCODING);
		hl_in_init(&in, hl_view_buf(&doc), MAX);
		hl_in_str(&in, 0, 100, HL_TEXT_LINE);
		assert_status(hl_in_finish(&in), rows[i].line ? HL_OK : HL_BAD_ENCODING);
	}
}

static void labels(void **state)
{
	static const char *good[] = {"a", "0", "z9", "rnd.milestone", "check-systems",
		"a-.", "abcdefghijklmnopqrstuvwxyz012345"};
	static const char *bad[] = {"", "-a", ".a", "A", "a b", "a_b", "\xc3\xa9", "a/",
		"abcdefghijklmnopqrstuvwxyz0123456", "a`", "a{", "a:"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(hl_label_ok(hl_view_str(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hl_out out HL_CLEAN_OUT = {0};
		struct hl_in in HL_CLEAN_IN = {0};
		struct hl_buf doc HL_CLEAN_BUF = {0};

		assert_false(hl_label_ok(hl_view_str(bad[i])));
		hl_out_str(&out, hl_view_str(bad[i]));
		doc = finish(&out);
		hl_in_init(&in, hl_view_buf(&doc), MAX);
		assert_int_equal(hl_in_label(&in).n, 0);
		assert_status(hl_in_finish(&in), HL_BAD_FIELD);
	}
}

static void sizes(void **state)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	uint8_t head[] = {0x9f, 0xdc, 0xff, 0xff};

	(void)state;
	assert_ok(hl_pack_check(hl_view_str("\xa3"
					    "abc"),
		4));
	assert_status(hl_pack_check(hl_view_str("\xa3"
						"abc"),
			      3),
		HL_BAD_SIZE);
	/* As many values as are taken in, and one more. */
	assert_ok(hl_buf_append(&doc, hl_view_of(head + 1, 3)));
	assert_ok(hl_buf_reserve(&doc, HL_ITEMS_MAX));
	memset(doc.p + doc.n, 0, 65535);
	doc.n += 65535;
	assert_ok(hl_pack_check(hl_view_buf(&doc), MAX));
	doc.p[doc.n - 1] = 0x91;
	doc.p[doc.n++] = 0;
	assert_status(hl_pack_check(hl_view_buf(&doc), MAX), HL_BAD_SIZE);
}

enum verb { ARRAY, UINT, BIN, STR, LABEL, BOOL, FIXED, NIL, VERBS };

/* Reads with one verb, as wide as it goes; true if it took the value. */
static bool takes(struct hl_in *in, enum verb verb)
{
	uint8_t fixed[3];

	switch (verb) {
	case ARRAY:
		hl_in_array(in, 0, 100);
		hl_in_end(in);
		break;
	case UINT: hl_in_uint(in, 0, UINT64_MAX); break;
	case BIN: hl_in_bin(in, 0, 100); break;
	case STR: hl_in_str(in, 0, 100, HL_TEXT_BLOCK); break;
	case LABEL: hl_in_label(in); break;
	case BOOL: hl_in_bool(in); break;
	case FIXED: hl_in_fixed(in, fixed, sizeof(fixed)); break;
	case NIL: return hl_in_nil(in);
	case VERBS: break;
	}
	return hl_in_ok(in);
}

/* Every verb on every type: only its own passes, and the error sticks. */
static void wrong_types(void **state)
{
	static const struct {
		const char *hex;
		unsigned verbs; /* that take it */
	} rows[] = {
		{"90", 1 << ARRAY},
		{"05", 1 << UINT},
		{"c403616263", 1 << BIN | 1 << FIXED},
		{"a3616263", 1 << STR | 1 << LABEL},
		{"c2", 1 << BOOL},
		{"c3", 1 << BOOL},
		{"c0", 1 << NIL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hl_buf doc HL_CLEAN_BUF = unit_hex(rows[i].hex);

		for (enum verb verb = 0; verb < VERBS; verb++) {
			bool fits = rows[i].verbs >> verb & 1;
			struct hl_in in HL_CLEAN_IN = {0};

			hl_in_init(&in, hl_view_buf(&doc), MAX);
			assert_int_equal(takes(&in, verb), fits);
			assert_status(hl_in_finish(&in), fits ? HL_OK : HL_BAD_ENCODING);
			/* Nothing can be taken twice. */
			assert_false(takes(&in, verb) && verb != NIL);
		}
	}
}

static void bounds(void **state)
{
	struct hl_buf doc HL_CLEAN_BUF =
		unit_hex("94 c403010203 a3616263 93010203 c403010203");
	static const struct {
		size_t bin_min, bin_max, str_min, str_max, array_min, array_max, fixed;
		enum hl_status status;
	} rows[] = {
		{3, 3, 3, 3, 3, 3, 3, HL_OK},
		{0, 9, 0, 9, 0, 9, 3, HL_OK},
		{4, 9, 0, 9, 0, 9, 3, HL_BAD_FIELD},
		{0, 2, 0, 9, 0, 9, 3, HL_BAD_FIELD},
		{0, 9, 4, 9, 0, 9, 3, HL_BAD_FIELD},
		{0, 9, 0, 2, 0, 9, 3, HL_BAD_FIELD},
		{0, 9, 0, 9, 4, 9, 3, HL_BAD_FIELD},
		{0, 9, 0, 9, 2, 2, 3, HL_BAD_ENCODING},
		{0, 9, 0, 9, 0, 2, 3, HL_BAD_FIELD},
		{0, 9, 0, 9, 0, 9, 2, HL_BAD_ENCODING},
		{0, 9, 0, 9, 0, 9, 4, HL_BAD_ENCODING},
		{0, 9, 0, 9, 0, 9, 0, HL_BAD_ENCODING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t fixed[4] = {7, 7, 7, 7};
		struct hl_in in HL_CLEAN_IN = {0};
		size_t n;

		hl_in_init(&in, hl_view_buf(&doc), MAX);
		hl_in_array(&in, 4, 4);
		hl_in_bin(&in, rows[i].bin_min, rows[i].bin_max);
		hl_in_str(&in, rows[i].str_min, rows[i].str_max, HL_TEXT_LINE);
		n = hl_in_array(&in, rows[i].array_min, rows[i].array_max);
		for (size_t k = 0; k < n; k++)
			assert_true(hl_in_uint(&in, 0, 9) == k + 1);
		hl_in_end(&in);
		hl_in_fixed(&in, fixed, rows[i].fixed);
		hl_in_end(&in);
		assert_status(hl_in_finish(&in), rows[i].status);
		/* On an error a fixed field is zeros. */
		for (size_t k = 0; k < rows[i].fixed; k++)
			assert_int_equal(fixed[k], rows[i].status == HL_OK ? k + 1 : 0);
	}
}

/* Ends: too early, at the wrong depth, with values left, twice. */
static void endings(void **state)
{
	struct hl_buf doc HL_CLEAN_BUF = unit_hex("920102");
	struct hl_in in HL_CLEAN_IN = {0};

	(void)state;
	assert_status(hl_in_finish(&in), HL_ERR_USAGE);
	hl_in_init(&in, hl_view_buf(&doc), MAX);
	assert_status(hl_in_finish(&in), HL_BAD_ENCODING); /* nothing read */
	hl_in_clear(&in);

	hl_in_init(&in, hl_view_buf(&doc), MAX);
	hl_in_end(&in); /* no array open */
	assert_status(hl_in_finish(&in), HL_BAD_ENCODING);
	hl_in_clear(&in);

	hl_in_init(&in, hl_view_buf(&doc), MAX);
	hl_in_array(&in, 2, 2);
	hl_in_uint(&in, 1, 1);
	hl_in_end(&in); /* one left */
	assert_status(hl_in_finish(&in), HL_BAD_ENCODING);
	hl_in_clear(&in);

	hl_in_init(&in, hl_view_buf(&doc), MAX);
	hl_in_array(&in, 2, 2);
	hl_in_uint(&in, 1, 1);
	hl_in_uint(&in, 2, 2);
	assert_status(hl_in_finish(&in), HL_BAD_ENCODING); /* still open */
	hl_in_clear(&in);

	hl_in_init(&in, hl_view_buf(&doc), MAX);
	hl_in_array(&in, 2, 2);
	hl_in_uint(&in, 1, 1);
	hl_in_uint(&in, 2, 2);
	hl_in_uint(&in, 0, 9); /* beyond the end */
	assert_status(hl_in_finish(&in), HL_BAD_ENCODING);
	hl_in_clear(&in);
	hl_in_clear(&in);
	hl_in_clear(NULL);
}

static void first_error_sticks(void **state)
{
	struct hl_buf doc HL_CLEAN_BUF = unit_hex("920102");
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_id id = {{9}};

	(void)state;
	hl_in_init(&in, hl_view_buf(&doc), MAX);
	hl_in_fail(&in, HL_BAD_CARD);
	hl_in_fail(&in, HL_BAD_HASH);
	assert_int_equal(hl_in_array(&in, 2, 2), 0);
	assert_true(hl_in_uint(&in, 0, 9) == 0);
	assert_false(hl_in_bool(&in));
	assert_false(hl_in_nil(&in));
	assert_false(hl_in_more(&in));
	hl_in_id(&in, &id);
	assert_true(hl_id_zero(&id));
	hl_in_end(&in);
	assert_status(hl_in_finish(&in), HL_BAD_CARD);
}

static void reading_without_memory(void **state)
{
	struct hl_buf doc HL_CLEAN_BUF = unit_hex("920102");
	struct hl_in in HL_CLEAN_IN = {0};

	(void)state;
	unit_fail_allocation(1);
	hl_in_init(&in, hl_view_buf(&doc), MAX);
	assert_true(unit_allocation_failed());
	assert_false(hl_in_more(&in));
	assert_status(hl_in_finish(&in), HL_ERR_NOMEM);
}

static void nested(struct hl_out *out)
{
	for (int i = 0; i < HL_DEPTH; i++)
		hl_out_array(out, 1);
}

static void too_deep(struct hl_out *out)
{
	nested(out);
	hl_out_array(out, 0);
}

static void two_values(struct hl_out *out)
{
	hl_out_uint(out, 1);
	hl_out_uint(out, 2);
}

static void unfinished(struct hl_out *out)
{
	hl_out_array(out, 2);
	hl_out_uint(out, 1);
}

static void overfull(struct hl_out *out)
{
	hl_out_array(out, 1);
	hl_out_uint(out, 1);
	hl_out_bool(out, true);
}

static void too_many(struct hl_out *out)
{
	hl_out_array(out, 2);
	hl_out_array(out, 65000);
	for (int i = 0; i < 65000; i++)
		hl_out_nil(out);
	hl_out_array(out, 1000);
	for (int i = 0; i < 1000; i++)
		hl_out_nil(out);
}

static void huge_array(struct hl_out *out)
{
	hl_out_array(out, (size_t)HL_ITEMS_MAX + 1);
}

static void huge_bin(struct hl_out *out)
{
	hl_out_bin(out, hl_view_of("", (size_t)UINT32_MAX + 1));
}

/* A writer makes nothing that a reader would not take. */
static void writing_misused(void **state)
{
	static void (*const rows[])(struct hl_out *) = {nothing, nested, too_deep,
		two_values, unfinished, overfull, too_many, huge_array, huge_bin};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hl_out out HL_CLEAN_OUT = {0};
		struct hl_buf doc = {0};

		rows[i](&out);
		/* The error sticks, whatever follows. */
		if (out.status != HL_OK) {
			hl_out_array(&out, 1);
			hl_out_uint(&out, 1);
			hl_out_bin(&out, hl_view_str("x"));
			hl_out_str(&out, hl_view_str("x"));
			hl_out_bool(&out, false);
			hl_out_nil(&out);
		}
		assert_status(hl_out_finish(&out, &doc), HL_ERR_USAGE);
		assert_null(doc.p);
	}
	hl_out_clear(NULL);
}

static void writing_fails(void **state)
{
	static uint8_t big[1000];
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf doc = {0};

	(void)state;
	hl_out_init(&out);
	unit_fail_allocation(1);
	hl_out_uint(&out, 1);
	assert_true(unit_allocation_failed());
	assert_status(hl_out_finish(&out, &doc), HL_ERR_NOMEM);
	hl_out_array(&out, 2);
	hl_out_uint(&out, 1);
	unit_fail_allocation(1);
	hl_out_bin(&out, HL_VIEW(big));
	assert_true(unit_allocation_failed());
	assert_status(hl_out_finish(&out, &doc), HL_ERR_NOMEM);
	hl_out_fail(&out, HL_BAD_CARD);
	hl_out_fail(&out, HL_BAD_HASH);
	hl_out_uint(&out, 1);
	assert_status(hl_out_finish(&out, &doc), HL_BAD_CARD);
	assert_null(doc.p);
}

static void whole_document(void **state)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id id = {{1, 2, 3}}, got;

	(void)state;
	hl_out_array(&out, 5);
	hl_out_array(&out, 0);
	hl_out_array(&out, 2);
	hl_out_bool(&out, true);
	hl_out_bool(&out, false);
	hl_out_id(&out, &id);
	hl_out_nil(&out);
	hl_out_str(&out, hl_view_str("two\nlines"));
	doc = finish(&out);
	assert_hex(hl_view_buf(&doc),
		"959092c3c2c4200102030000000000000000000000000000000000000000"
		"000000000000000000c0a974776f0a6c696e6573");
	hl_in_init(&in, hl_view_buf(&doc), MAX);
	assert_int_equal(hl_in_array(&in, 5, 5), 5);
	assert_int_equal(hl_in_array(&in, 0, 0), 0);
	hl_in_end(&in);
	assert_int_equal(hl_in_array(&in, 2, 2), 2);
	assert_true(hl_in_bool(&in));
	assert_false(hl_in_nil(&in)); /* and nothing consumed */
	assert_false(hl_in_bool(&in));
	hl_in_end(&in);
	hl_in_id(&in, &got);
	assert_true(hl_in_nil(&in));
	assert_view(hl_in_str(&in, 0, 99, HL_TEXT_BLOCK), hl_view_str("two\nlines"));
	hl_in_end(&in);
	assert_ok(hl_in_finish(&in));
	assert_true(hl_id_eq(&id, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(lengths),
		cmocka_unit_test(arrays),
		cmocka_unit_test(refused),
		cmocka_unit_test(texts),
		cmocka_unit_test(labels),
		cmocka_unit_test(sizes),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(bounds),
		cmocka_unit_test(endings),
		cmocka_unit_test(first_error_sticks),
		cmocka_unit_test(reading_without_memory),
		cmocka_unit_test(writing_misused),
		cmocka_unit_test(writing_fails),
		cmocka_unit_test(whole_document),
	};

	return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
