/* What a report of drills counts: percentiles by nearest rank. */
#include <stdlib.h>

#include "client/cmd/drill.h"
#include "tests/unit/client.h"

static void fill(struct hl_spans *spans, size_t n)
{
	/* 1 to n, in no order. */
	for (size_t i = 0; i < n; i++)
		assert_int_equal(HL_EXIT_OK, hl_spans_add(spans, (i * 37 + 11) % n + 1));
	hl_spans_sort(spans);
}

static void by_nearest_rank(void **state)
{
	/* Of 1 … n, with n prime to 37: the percentile is its rank. */
	static const struct {
		size_t n;
		unsigned percent;
		uint64_t want;
	} rows[] = {{1, 50, 1}, {1, 99, 1}, {1, 100, 1}, {2, 50, 1}, {2, 51, 2},
		{2, 90, 2}, {3, 50, 2}, {4, 50, 2}, {5, 90, 5}, {10, 50, 5}, {10, 90, 9},
		{10, 91, 10}, {10, 99, 10}, {100, 50, 50}, {100, 90, 90}, {100, 99, 99},
		{100, 100, 100}, {101, 50, 51}, {101, 99, 100}, {1000, 99, 990},
		{1000, 100, 1000}};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hl_spans spans = {0};

		fill(&spans, rows[i].n);
		assert_int_equal(
			rows[i].want, hl_spans_percentile(&spans, rows[i].percent));
		free(spans.p);
	}
}

static void spans_that_are_equal(void **state)
{
	struct hl_score score = {0};
	(void)state;

	for (size_t i = 0; i < 300; i++)
		assert_int_equal(HL_EXIT_OK,
			hl_spans_add(&score.to_answer, i < 299 ? 7 : UINT64_MAX));
	hl_spans_sort(&score.to_answer);
	assert_int_equal(7, hl_spans_percentile(&score.to_answer, 50));
	assert_int_equal(7, hl_spans_percentile(&score.to_answer, 99));
	assert_true(hl_spans_percentile(&score.to_answer, 100) == UINT64_MAX);
	hl_score_clear(&score);
	assert_int_equal(0, score.to_answer.n);
	hl_spans_sort(&score.to_answer); /* of none */
}

static void ages_in_words(void **state)
{
	struct hl_app app = {0};
	(void)state;

	assert_string_equal("never", hl_test_age(&app, 0, 1000000));
	assert_string_equal("now", hl_test_age(&app, 1000000, 1000999));
	assert_string_equal("now", hl_test_age(&app, 1000001, 1000000));
	assert_string_equal("12 min ago", hl_test_age(&app, 1000000, 1720000));
	hl_scraps_free(app.scraps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_nearest_rank),
		cmocka_unit_test(spans_that_are_equal),
		cmocka_unit_test(ages_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
