/* Kinds: the table of spec/message.md 3.1, and that its rows are well made. */
#include "unit.h"

static void the_table(void **state)
{
	size_t n;
	const struct hl_kind *kinds = hl_kinds(&n);
	(void)state;

	assert_int_equal(23, n);
	for (size_t i = 0; i < n; i++) {
		const struct hl_kind *kind = &kinds[i];

		assert_true(hl_label_ok(hl_view_str(kind->name)));
		assert_ptr_equal(kind, hl_kind_find(hl_view_str(kind->name)));
		assert_true(hl_text_ok(hl_view_str(kind->text), HL_TEXT_LINE));
		assert_true(strlen(kind->text) > 0);
		for (size_t j = 0; kind->fields[j]; j++) {
			assert_true(hl_label_ok(hl_view_str(kind->fields[j])));
			if (j > 0)
				assert_true(
					strcmp(kind->fields[j - 1], kind->fields[j]) < 0);
		}
	}
}

static void what_each_must_have(void **state)
{
	static const struct {
		const char *name, *fields;
		bool capability;
	} rows[] = {
		{"rnd.milestone", "", true},
		{"cap.threshold", "domain", true},
		{"eval.crossed", "benchmark metric threshold value", false},
		{"rnd.acceleration", "population share", false},
		{"contain.breach", "boundary", false},
		{"weights.exfil", "model", false},
		{"control.subverted", "model", false},
		{"agent.rogue", "agent", false},
		{"selfcorrect.divergence", "loop", false},
		{"data.poison", "dataset", false},
		{"interp.finding", "model", false},
		{"redteam.finding", "model", false},
		{"thirdparty.impact", "party", false},
		{"attribution.query", "indicator", false},
		{"distill.campaign", "", false},
		{"misuse.campaign", "", false},
		{"vuln.shared", "component", false},
		{"insider.security", "", false},
		{"report.periodic", "period", false},
		{"near.miss", "", false},
		{"sys.test", "", false},
		{"sys.exercise", "", false},
		{"sys.key", "change", false},
	};
	size_t n;
	const struct hl_kind *kinds = hl_kinds(&n);
	(void)state;

	assert_int_equal(sizeof(rows) / sizeof(rows[0]), n);
	for (size_t i = 0; i < n; i++) {
		char fields[128] = "";

		for (size_t j = 0; kinds[i].fields[j]; j++) {
			strcat(fields, j ? " " : "");
			strcat(fields, kinds[i].fields[j]);
		}
		assert_string_equal(rows[i].name, kinds[i].name);
		assert_string_equal(rows[i].fields, fields);
		assert_int_equal(rows[i].capability, kinds[i].capability);
	}
}

static void unknown_kinds(void **state)
{
	static const char *const names[] = {"", "pause.training", "contain",
		"contain.breach ", "contain.breac", "Contain.breach", "zz"};
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(hl_kind_find(hl_view_str(names[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(what_each_must_have),
		cmocka_unit_test(unknown_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
