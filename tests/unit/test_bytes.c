/* Statuses, views, ids, buffers, integers, text forms, secrets. */
#include "tests/unit/unit.h"

static void status_table(void **state)
{
	(void)state;
	assert_string_equal(hl_status_name(HL_OK), "ok");
	assert_string_equal(hl_status_name(HL_BAD_SIZE), "bad-size");
	assert_string_equal(hl_status_name(HL_STALE), "stale");
	assert_string_equal(hl_status_name((enum hl_status)99), "unlisted");
	assert_string_equal(
		hl_status_text((enum hl_status)99), "the code is not in the table");
	/* Every wire code has a row of its own, with a text; none is missing in between. */
	for (unsigned code = 1; code <= 32; code++) {
		enum hl_status status = hl_status_of_code(code);

		assert_int_equal(status, code);
		assert_string_not_equal(hl_status_name(status), "unlisted");
		assert_true(strlen(hl_status_text(status)) > 10);
		assert_false(hl_status_ours(status));
	}
	for (int code = -7; code < 0; code++) {
		assert_true(hl_status_ours((enum hl_status)code));
		assert_string_not_equal(hl_status_name((enum hl_status)code), "unlisted");
	}
	assert_false(hl_status_ours(HL_OK));
	/* No code from outside becomes success or our own trouble. */
	assert_int_equal(hl_status_of_code(0), HL_UNKNOWN);
	assert_int_equal(hl_status_of_code(33), HL_UNKNOWN);
	assert_int_equal(hl_status_of_code(UINT64_MAX), HL_UNKNOWN);
	assert_int_equal(hl_status_of_code((uint64_t)UINT32_MAX + 2), HL_UNKNOWN);
}

static void views(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{"", "", 0},
		{"", "a", -1},
		{"a", "a", 0},
		{"a", "ab", -1},
		{"ab", "b", -1},
		{"a\xff", "a\x01", 1},
		{"b", "aaa", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hl_view a = hl_view_str(rows[i].a), b = hl_view_str(rows[i].b);
		int there = hl_view_cmp(a, b), back = hl_view_cmp(b, a);

		assert_int_equal((there > 0) - (there < 0), rows[i].order);
		assert_int_equal((back > 0) - (back < 0), -rows[i].order);
		assert_int_equal(hl_view_eq(a, b), rows[i].order == 0);
	}
	assert_int_equal(hl_view_str(NULL).n, 0);
	assert_true(hl_view_eq(hl_view_of(NULL, 0), hl_view_str("")));
	assert_int_equal(hl_view_cmp(hl_view_of(NULL, 0), hl_view_str("")), 0);
}

static void ids(void **state)
{
	struct hl_id a = {{0}}, b = {{0}};

	(void)state;
	assert_true(hl_id_zero(&a));
	for (size_t i = 0; i < sizeof(a.b); i++) {
		a.b[i] = 1;
		assert_false(hl_id_zero(&a));
		assert_false(hl_id_eq(&a, &b));
		assert_true(hl_id_cmp(&a, &b) > 0);
		assert_true(hl_id_cmp(&b, &a) < 0);
		b = hl_id_of(a.b);
		assert_true(hl_id_eq(&a, &b));
		assert_int_equal(hl_id_cmp(&a, &b), 0);
		a.b[i] = b.b[i] = 0;
	}
	assert_int_equal(hl_view_id(&a).n, 32);
}

static void buffers(void **state)
{
	struct hl_buf buf HL_CLEAN_BUF = {0}, moved HL_CLEAN_BUF = {0};

	(void)state;
	assert_ok(hl_buf_append(&buf, hl_view_of(NULL, 0)));
	assert_null(buf.p);
	for (unsigned i = 0; i < 1000; i++) {
		uint8_t byte = (uint8_t)i;

		assert_ok(hl_buf_append(&buf, hl_view_of(&byte, 1)));
	}
	assert_int_equal(buf.n, 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(buf.p[i], (uint8_t)i);
	assert_ok(hl_buf_reserve(&buf, 5000));
	assert_true(buf.cap - buf.n >= 5000);
	assert_int_equal(buf.p[999], (uint8_t)999);
	moved = hl_buf_steal(&buf);
	assert_null(buf.p);
	assert_int_equal(buf.n, 0);
	assert_int_equal(moved.n, 1000);
	hl_buf_clear(&moved);
	hl_buf_clear(&moved);
	hl_buf_clear(NULL);
	assert_null(moved.p);
}

static void buffers_without_memory(void **state)
{
	struct hl_buf buf HL_CLEAN_BUF = {0};
	uint8_t byte = 7;

	(void)state;
	assert_ok(hl_buf_append(&buf, hl_view_of(&byte, 1)));
	assert_status(hl_buf_reserve(&buf, SIZE_MAX), HL_ERR_NOMEM);
	assert_status(hl_buf_append(&buf, hl_view_of(&byte, SIZE_MAX)), HL_ERR_NOMEM);
	assert_status(hl_buf_append(&buf, hl_view_of(&byte, SIZE_MAX / 2)), HL_ERR_NOMEM);
	unit_fail_allocation(1);
	assert_status(hl_buf_reserve(&buf, 4096), HL_ERR_NOMEM);
	assert_true(unit_allocation_failed());
	while (buf.n < buf.cap)
		assert_ok(hl_buf_append(&buf, hl_view_of(&byte, 1)));
	unit_fail_allocation(1);
	assert_status(hl_buf_append(&buf, hl_view_of(&byte, 1)), HL_ERR_NOMEM);
	assert_true(unit_allocation_failed());
	assert_int_equal(buf.n, buf.cap);
	assert_int_equal(buf.p[buf.n - 1], 7);
}

static void integers(void **state)
{
	uint8_t p[8];

	(void)state;
	hl_put_be64(p, 0x0102030405060708);
	assert_hex(HL_VIEW(p), "0102030405060708");
	assert_int_equal(hl_get_be32(p), 0x01020304);
	assert_int_equal(hl_get_be16(p), 0x0102);
	memset(p, 0xff, sizeof(p));
	assert_true(hl_get_be32(p) == UINT32_MAX);
	assert_int_equal(hl_get_be16(p), UINT16_MAX);
}

static void hexadecimal(void **state)
{
	static const char *bad[] = {"", "00", "0001020", "000102030", "0001020g",
		"00 10203", "0001020\x80", "-0010203", "0x010203", "0001020/",
		"0001020:", "0001020`"};
	uint8_t p[4] = {9, 9, 9, 9};

	(void)state;
	assert_ok(hl_hex_decode("00fFA59c", 4, p));
	assert_hex(HL_VIEW(p), "00ffa59c");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_status(hl_hex_decode(bad[i], 4, p), HL_BAD_ENCODING);
		assert_hex(HL_VIEW(p), "00ffa59c");
	}
	assert_ok(hl_hex_decode("", 0, p));
}

static void base64(void **state)
{
	/* RFC 4648 section 10. */
	static const char *rows[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
		{"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"}};
	static const char *bad[] = {
		"Zg", "Zg=", "Zh==", "Zg==Zg==", "Zm9v!", "Z", "====", "Zm-_"};
	struct hl_buf buf HL_CLEAN_BUF = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hl_view plain = hl_view_str(rows[i][0]);
		char text[HL_BASE64_SIZE(6)];

		hl_base64_encode(plain, text);
		assert_string_equal(text, rows[i][1]);
		assert_ok(hl_base64_decode(hl_view_str(text), &buf));
		assert_view(hl_view_buf(&buf), plain);
		hl_buf_clear(&buf);
	}
	assert_ok(hl_base64_decode(hl_view_str(" Zm9v\r\n\tYmFy \n"), &buf));
	assert_view(hl_view_buf(&buf), hl_view_str("foobar"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_status(
			hl_base64_decode(hl_view_str(bad[i]), &buf), HL_BAD_ENCODING);
		assert_view(hl_view_buf(&buf), hl_view_str("foobar"));
	}
	hl_buf_clear(&buf);
	unit_fail_allocation(1);
	assert_status(hl_base64_decode(hl_view_str("Zm9v"), &buf), HL_ERR_NOMEM);
	assert_true(unit_allocation_failed());
}

static void secrets(void **state)
{
	struct hl_secret a HL_CLEAN_SECRET = {0}, b HL_CLEAN_SECRET = {0};
	struct hl_secret c HL_CLEAN_SECRET = {0};
	struct unit_entropy entropy;

	(void)state;
	unit_entropy_init(&entropy);
	assert_status(hl_secret_new(0, &a), HL_ERR_USAGE);
	assert_ok(hl_secret_new(5, &a));
	assert_hex(hl_view_secret(&a), "0000000000");
	assert_ok(hl_secret_copy(hl_view_str("abcde"), &b));
	assert_false(hl_secret_eq(&a, &b));
	memcpy(a.p, "abcde", 5);
	assert_true(hl_secret_eq(&a, &b));
	a.p[4] ^= 0x80;
	assert_false(hl_secret_eq(&a, &b));
	assert_ok(hl_secret_generate(&entropy.source, 6, &c));
	assert_false(hl_secret_eq(&b, &c));
	hl_secret_clear(&b);
	b = hl_secret_steal(&c);
	assert_null(c.p);
	assert_int_equal(b.n, 6);
	hl_secret_clear(&b);
	hl_secret_clear(&b);
	hl_secret_clear(NULL);
	assert_null(b.p);
}

static void secrets_without_means(void **state)
{
	struct hl_secret secret = {0};
	struct unit_entropy entropy;
	uint8_t p[4] = {1, 2, 3, 4};

	(void)state;
	unit_entropy_init(&entropy);
	unit_fail_allocation(1);
	assert_status(hl_secret_new(1, &secret), HL_ERR_NOMEM);
	unit_fail_allocation(1);
	assert_status(hl_secret_copy(hl_view_str("a"), &secret), HL_ERR_NOMEM);
	unit_fail_allocation(1);
	assert_status(hl_secret_generate(&entropy.source, 1, &secret), HL_ERR_NOMEM);
	assert_true(unit_allocation_failed());
	entropy.broken = true;
	assert_status(hl_secret_generate(&entropy.source, 1, &secret), HL_ERR_ENTROPY);
	assert_null(secret.p);
	assert_status(hl_entropy_fill(&entropy.source, p, sizeof(p)), HL_ERR_ENTROPY);
	assert_hex(HL_VIEW(p), "00000000");
}

static void wiping(void **state)
{
	struct hl_key32 key = {{1, 2, 3}};
	uint8_t p[3] = {1, 2, 3};

	(void)state;
	hl_wipe(NULL, 0);
	hl_wipe(p, 2);
	assert_hex(HL_VIEW(p), "000003");
	hl_key32_clear(&key);
	for (size_t i = 0; i < sizeof(key.b); i++)
		assert_int_equal(key.b[i], 0);
	hl_key32_clear(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_table),
		cmocka_unit_test(views),
		cmocka_unit_test(ids),
		cmocka_unit_test(buffers),
		cmocka_unit_test(buffers_without_memory),
		cmocka_unit_test(integers),
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(base64),
		cmocka_unit_test(secrets),
		cmocka_unit_test(secrets_without_means),
		cmocka_unit_test(wiping),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
