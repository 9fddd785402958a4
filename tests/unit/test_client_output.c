/* What people see: safe text, ids, fingerprints, times, words that are near. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/output.h"
#include "tests/unit/client.h"

static void safe_is(const char *text, size_t n, bool block, const char *want)
{
	struct hl_buf buf HL_CLEAN_BUF = {0};

	assert_int_equal(hl_safe_buf(hl_view_of(text, n), block, 2, &buf), HL_OK);
	assert_int_equal(buf.n, strlen(want));
	assert_memory_equal(buf.p ? (const char *)buf.p : "", want, buf.n);
}
#define SAFE(text, want)  safe_is(text, sizeof(text) - 1, false, want)
#define BLOCK(text, want) safe_is(text, sizeof(text) - 1, true, want)

static void test_safe(void **state)
{
	(void)state;
	SAFE("", "");
	SAFE("plain, ümlaut, 漢字, ‹these›", "plain, ümlaut, 漢字, ‹these›");
	SAFE("\033[2J", "‹U+001B›[2J");
	SAFE("a\0b", "a‹U+0000›b");
	SAFE("a\nb\tc\r", "a‹U+000A›b‹U+0009›c‹U+000D›");
	BLOCK("a\nb\tc\r", "a\n  b    c‹U+000D›");
	SAFE("\xc2\x9b"
	     "31m",
		"‹U+009B›31m");
	SAFE("a\xe2\x80\xae"
	     "fdp.exe",
		"a‹U+202E›fdp.exe");
	SAFE("\xe2\x81\xa6x\xe2\x81\xa9", "‹U+2066›x‹U+2069›");
	SAFE("zero\xe2\x80\x8bwidth\xef\xbb\xbf", "zero‹U+200B›width‹U+FEFF›");
	SAFE("\xf3\xa0\x81\x81tag", "‹U+E0041›tag");
	/* What is no UTF-8: overlong, surrogate, beyond the end, cut. */
	SAFE("\xc0\xaf", "‹C0›‹AF›");
	SAFE("\xed\xa0\x80", "‹ED›‹A0›‹80›");
	SAFE("\xf4\x90\x80\x80", "‹F4›‹90›‹80›‹80›");
	SAFE("x\xe2\x82", "x‹E2›‹82›");
}

static void test_ids(void **state)
{
	struct hl_id ids[3] = {{{0x12, 0x34, 0x56}}, {{0x12, 0x34, 0x57}}, {{0xff}}};
	struct hl_app app = {.home_fd = -1};

	(void)state;
	assert_int_equal(hl_short_len(ids, 0), 4);
	assert_int_equal(hl_short_len(&ids[1], 2), 4);
	/* 123456 and 123457 differ in the sixth digit. */
	assert_int_equal(hl_short_len(ids, 3), 6);
	ids[2] = ids[0];
	assert_int_equal(hl_short_len(ids, 3), 6);
	assert_string_equal(hl_short(&app, &ids[0], 6), "123456");
	assert_string_equal(hl_short(&app, &ids[0], 1), "1234");
	assert_true(hl_id_begins(&ids[0], "1234"));
	assert_true(hl_id_begins(&ids[1], "123457"));
	assert_false(hl_id_begins(&ids[0], "123457"));
	assert_false(hl_id_begins(&ids[0], "123"));
	assert_false(hl_id_begins(&ids[0], ""));
	hl_scraps_free(app.scraps);
}

static void test_fingerprint(void **state)
{
	const char *f =
		"11111 22222 33333 44444 55555 66666 77777 88888 99999 00000 12345 67890";
	char text[256] = "";
	FILE *stream;

	(void)state;
	assert_true(hl_fingerprint_same(f, f));
	assert_true(hl_fingerprint_same(
		f, "  111112222233333444445555566666\n777778888899999000001234567890 "));
	assert_true(hl_fingerprint_same(f,
		"11111-22222-33333-44444-55555-66666-77777-88888-99999-00000-12345-67890"));
	assert_false(hl_fingerprint_same(f,
		"11111 22222 33333 44444 55555 66666 77777 88888 99999 00000 12345 67891"));
	assert_false(hl_fingerprint_same(
		f, "11111 22222 33333 44444 55555 66666 77777 88888 99999 00000 12345"));
	assert_false(hl_fingerprint_same(f, ""));
	assert_false(hl_fingerprint_same(f,
		"x1111 22222 33333 44444 55555 66666 77777 88888 99999 00000 12345 67890"));
	stream = fmemopen(text, sizeof(text), "w");
	hl_print_fingerprint(stream, f, 2);
	fclose(stream);
	assert_string_equal(text,
		"  11111 22222 33333 44444 55555 66666\n"
		"  77777 88888 99999 00000 12345 67890\n");
}

static void test_times(void **state)
{
	struct hl_app app = {.home_fd = -1};

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_string_equal(hl_time(&app, 1795230252000), "2026-11-21 03:04:12 UTC");
	assert_string_equal(
		hl_time_json(&app, 1795230252007), "2026-11-21T03:04:12.007Z");
	assert_string_equal(hl_time_hour(&app, 1795230252000), "03:04:12");
	assert_string_equal(hl_time(&app, 0), "never");
	assert_string_equal(hl_time(&app, UINT64_MAX), "an impossible time");
	assert_string_equal(hl_time_json(&app, UINT64_MAX), "9999-12-31T23:59:59.999Z");
	assert_string_equal(hl_span(&app, 59999), "59 s");
	assert_string_equal(hl_span(&app, 4 * 60000), "4 min");
	assert_string_equal(hl_span(&app, 125 * 60000), "2 h 5 min");
	assert_string_equal(hl_span(&app, 3ull * 86400000), "3 d");
	hl_scraps_free(app.scraps);
}

static void test_near(void **state)
{
	static const char *const words[] = {"lab-b", "lab-c", "status", "member"};

	(void)state;
	assert_string_equal(hl_nearest("lab-x", words, 4), "lab-b");
	assert_string_equal(hl_nearest("lab-c", words, 4), "lab-c");
	assert_string_equal(hl_nearest("stauts", words, 4), "status");
	assert_string_equal(hl_nearest("membr", words, 4), "member");
	assert_null(hl_nearest("zzzz", words, 4));
	assert_null(hl_nearest("x", words, 0));
}

static void test_columns(void **state)
{
	(void)state;
	assert_int_equal(hl_columns(""), 0);
	assert_int_equal(hl_columns("abc"), 3);
	assert_int_equal(hl_columns("\xc3\xbc"), 1);
}

/* JSON is ASCII: what others wrote cannot reach a terminal through it. */
static void test_json(void **state)
{
	struct client *c = *state;

	client_want(2, c, "status", "--jsom");
	assert_non_null(strstr(c->err, "did you mean --json?"));
	client_want(0, c, "lab", "init", "Z\xc3\xbcrich \xe2\x80\xae", "--person", "M",
		"--json");
	assert_non_null(strstr(c->out, "\"schema\": \"hotline.lab.1\""));
	assert_non_null(strstr(c->out, "Z\\u00FCrich \\u202E"));
	client_want(0, c, "card", "show");
	assert_non_null(strstr(c->out, "Z\xc3\xbcrich ‹U+202E›, card 1"));
}

/* Every row of the table has what help and the manual need. */
static void test_table(void **state)
{
	struct client *c = *state;
	size_t n;
	const struct hl_command *commands = hl_commands(&n);

	for (size_t i = 0; i < n; i++) {
		char begin[64];

		snprintf(begin, sizeof(begin), "usage: hotline %s", commands[i].name);
		client_want(0, c, commands[i].name, "-h");
		assert_int_equal(strncmp(c->out, begin, strlen(begin)), 0);
		assert_non_null(strstr(c->out, commands[i].help));
		assert_true(commands[i].min <= commands[i].max);
	}
	client_want(0, c, "help", "exit");
	client_want(2, c, "hlep");
	assert_non_null(strstr(c->err, "did you mean help?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_columns),
		cmocka_unit_test_setup_teardown(test_json, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_table, client_begin, client_end),
	};

	return cmocka_run_group_tests_name("client_output", tests, NULL, NULL);
}
