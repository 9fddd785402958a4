/* Envelopes: sealed, read, judged, opened; and what must be refused. */
#include "letters.h"

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_init(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_clear(*state);
	free(*state);
	return 0;
}

static void round_trip(void **state)
{
	struct world *w = *state;
	struct hl_id id;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, &id);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);

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
	assert_int_equal(HL_OK, hl_envelope_judge(&e, &judge));
	for (unsigned lab = 0; lab < N_LABS; lab++)
		for (unsigned at = 0; at < N_MEMBERS; at++) {
			struct hl_opened opened HL_CLEAN_OPENED = {0};

			assert_true(hl_envelope_addresses(&e, &w->labs[lab].id));
			if (at == MONITOR) {
				assert_int_equal(HL_NOT_ADDRESSED,
					world_open(w, &e, lab, at, &opened));
				continue;
			}
			assert_int_equal(HL_OK, world_open(w, &e, lab, at, &opened));
			assert_true(hl_view_eq(opened.message, w->sealing.message));
			assert_true(opened.wraps_good);
			assert_int_equal(w->sealing.n_readers, opened.n_readers);
			assert_memory_equal(w->sealing.ck.b, opened.ck.b, 32);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(round_trip, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
