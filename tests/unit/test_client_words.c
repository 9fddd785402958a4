/* What people type: spans, times, choices, fields, ids, file names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/db.h"
#include "client/evidence.h"
#include "client/output.h"
#include "client/thread.h"
#include "client/timeline.h"
#include "client/words.h"
#include "tests/unit/client.h"

static void test_spans(void **state)
{
	static const struct {
		const char *typed;
		uint64_t s;
	} good[] = {{"90", 90}, {"90s", 90}, {"10m", 600}, {"10 min", 600}, {"3h", 10800},
		{"2d", 172800}, {"0", 0}};
	static const char *const bad[] = {"", "s", "-1", "1.5h", "10 minutes", "1w",
		"99999999999999999999", "9999d"};
	uint64_t s;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(hl_words_span(good[i].typed, &s));
		assert_int_equal(s, good[i].s);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(hl_words_span(bad[i], &s));
}

static void test_times(void **state)
{
	const uint64_t now = 1795230000000ull;
	uint64_t ms;

	(void)state;
	assert_true(hl_words_time("2026-11-21T03:04:12Z", now, &ms));
	assert_int_equal(ms, 1795230252000ull);
	assert_true(hl_words_time("2026-11-21 03:04", now, &ms));
	assert_int_equal(ms, 1795230240000ull);
	assert_true(hl_words_time("2026-11-21", now, &ms));
	assert_true(hl_words_time("2h", now, &ms));
	assert_int_equal(ms, now - 7200000);
	assert_false(hl_words_time("yesterday", now, &ms));
	assert_false(hl_words_time("2026-11-21T03:04:12+01:00", now, &ms));
	assert_false(hl_words_time("366d", 5000, &ms));
}

static void test_choices(void **state)
{
	unsigned n = 9;

	(void)state;
	assert_true(hl_words_named("flash", hl_precedence_name, 1, 4, &n));
	assert_int_equal(n, HL_FLASH);
	assert_true(hl_words_named("amber_strict", hl_handling_name, 1, 5, &n) ||
		hl_words_named("amber+strict", hl_handling_name, 1, 5, &n));
	assert_int_equal(n, 4);
	assert_true(hl_words_named("cannot rule out", hl_determination_name, 1, 4, &n));
	assert_int_equal(n, 2);
	assert_true(hl_words_named("3", hl_certainty_name, 0, 4, &n));
	assert_int_equal(n, 3);
	assert_false(hl_words_named("", hl_certainty_name, 0, 4, &n));
	assert_false(hl_words_named("flas", hl_precedence_name, 1, 4, &n));
	assert_false(hl_words_named("5", hl_precedence_name, 1, 4, &n));
}

static void test_fields(void **state)
{
	struct hl_fields fields = {.n = 0};

	(void)state;
	assert_int_equal(hl_words_field(&fields, "value=1=2"), HL_EXIT_OK);
	assert_int_equal(hl_words_field(&fields, "metric=p50"), HL_EXIT_OK);
	assert_int_equal(hl_words_field(&fields, "none"), HL_EXIT_USAGE);
	assert_int_equal(hl_words_field(&fields, "=x"), HL_EXIT_USAGE);
	hl_words_fields_sort(&fields);
	assert_int_equal(fields.n, 2);
	assert_true(hl_view_eq(fields.items[0].key, hl_view_str("metric")));
	assert_true(hl_view_eq(fields.items[1].value, hl_view_str("1=2")));
}

/* No name that a peer chooses leaves the directory, hides, or becomes an option. */
static void test_file_names(void **state)
{
	static const char *const names[] = {"../../etc/passwd", "/etc/passwd", "..", ".",
		".bashrc", "-rf", "a/b", "a\\b", "\xe2\x80\xaegnp.exe", "a\x1b[2J", "",
		"con\n", "~", "a;rm b", "$(x)"};
	struct client *c = *state;
	struct hl_app app;
	char home[200];

	snprintf(home, sizeof(home), "%s/x", c->dir);
	assert_int_equal(hl_app_init(&app), HL_EXIT_OK);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *safe = hl_evidence_name(&app, hl_view_str(names[i]));

		assert_true(strlen(safe) > 0 && safe[0] != '.' && safe[0] != '-');
		for (const char *p = safe; *p; p++)
			assert_true(
				strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
				       "WXYZ0123456789._-+,@",
					*p));
	}
	assert_string_equal(
		hl_evidence_name(&app, hl_view_str("results.yaml")), "results.yaml");
	hl_app_clear(&app);
}

static void test_save(void **state)
{
	struct client *c = *state;
	struct hl_evidence e = {.name = hl_view_str("../a.txt"),
		.has_data = true,
		.data = hl_view_str("one"),
		.size = 3};
	const char *first, *second, *third;
	struct hl_app app;
	struct stat st;

	assert_int_equal(hl_app_init(&app), HL_EXIT_OK);
	assert_int_equal(hl_evidence_save(&app, c->dir, &e, &first), HL_EXIT_OK);
	assert_int_equal(hl_evidence_save(&app, c->dir, &e, &second), HL_EXIT_OK);
	assert_string_not_equal(first, second);
	assert_non_null(strstr(second, "-2.txt"));
	assert_int_equal(stat(second, &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* A link that waits under the name is not followed. */
	assert_int_equal(unlink(first), 0);
	assert_int_equal(symlink("/nonexistent/target", first), 0);
	assert_int_equal(hl_evidence_save(&app, c->dir, &e, &third), HL_EXIT_OK);
	assert_string_not_equal(third, first);
	assert_int_equal(
		hl_evidence_save(&app, "/nonexistent", &e, &third), HL_EXIT_USAGE);
	hl_app_clear(&app);
}

static void test_typed_ids(void **state)
{
	struct client *c = *state;
	struct hl_id incident, letter;
	struct hl_app app;

	client_at(c, "lab-a");
	client_want(0, c, "lab", "init", "lab-a", "--person", "Mira");
	client_open(c, &app);
	assert_int_equal(hl_thread_find(&app, "abc", &incident, &letter), HL_EXIT_USAGE);
	assert_int_equal(hl_thread_find(&app, "xyzw", &incident, &letter), HL_EXIT_USAGE);
	assert_int_equal(
		hl_thread_find(&app, "\x10\x11\x12\x13", &incident, NULL), HL_EXIT_USAGE);
	assert_int_equal(hl_thread_find(&app, "abcd", &incident, &letter), HL_EXIT_NO);
	/* Rows by hand: two incidents that share five digits, and a letter of the second. */
	for (unsigned i = 0; i < 3; i++) {
		struct hl_id id = {{0xab, 0xcd, (uint8_t)(i == 2 ? 0xef : 0x10 + i)}},
			     of = {{0xab, 0xcd, (uint8_t)(i ? 0x11 : 0x10)}};

		assert_int_equal(
			hl_db_do(app.db,
				"INSERT INTO letters VALUES (?,?,?,?,1,1,1,1,1,1,NULL,1,1,1,0,"
				"0,0,0,0,x'00')",
				"dddd", &id, &of, &app.lab, &app.kid),
			HL_EXIT_OK);
	}
	assert_int_equal(hl_thread_find(&app, "abcd1", &incident, NULL), HL_EXIT_USAGE);
	assert_int_equal(hl_thread_find(&app, "ABCD11", &incident, &letter), HL_EXIT_OK);
	assert_true(hl_id_eq(&incident, &letter));
	assert_int_equal(hl_thread_find(&app, "abcde", &incident, &letter), HL_EXIT_OK);
	assert_int_equal(incident.b[2], 0x11);
	assert_int_equal(letter.b[2], 0xef);
	hl_app_clear(&app);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_fields),
		cmocka_unit_test_setup_teardown(
			test_file_names, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_save, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_typed_ids, client_begin, client_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
