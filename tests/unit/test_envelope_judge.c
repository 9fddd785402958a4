/* Envelopes: what a node makes of who has signed, and of what its card says. */
#include "letters.h"

static void without_the_own_slip(void **state)
{
	struct world *w = *state;
	struct hl_buf all HL_CLEAN_BUF = world_seal(w, NULL), doc HL_CLEAN_BUF = {0};
	struct hl_envelope whole HL_CLEAN_ENVELOPE = {0}, e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);
	struct hl_buf none HL_CLEAN_BUF = {0};

	world_parse(w, &all, &whole);
	assert_ok(hl_envelope_for_lab(&whole, &w->labs[LAB_C].id, &doc));
	world_parse(w, &doc, &e);
	assert_status(hl_envelope_judge(&e, &judge), HL_NOT_ADDRESSED);
	assert_status(world_open(w, &e, LAB_B, MIRA, &opened), HL_NOT_ADDRESSED);
	assert_status(
		hl_envelope_for_lab(&e, &w->labs[LAB_B].id, &none), HL_NOT_ADDRESSED);
	assert_status(hl_envelope_for_lab(&e, &w->net, &none), HL_NOT_ADDRESSED);
	judge.own_lab = &w->net;
	assert_status(hl_envelope_judge(&e, &judge), HL_NOT_ADDRESSED);
	judge.own_lab = NULL; /* a carrier */
	assert_ok(hl_envelope_judge(&e, &judge));
	judge.own_lab = &w->labs[LAB_C].id;
	assert_ok(hl_envelope_judge(&e, &judge));
	assert_ok(world_open(w, &e, LAB_C, MIRA, &opened));
}

static struct hl_buf signed_also_by(
	const struct world *w, struct hl_buf *doc, enum member m)
{
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_buf more = {0};

	world_parse(w, doc, &e);
	assert_ok(hl_envelope_cosign(&e, &w->labs[LAB_A].sign[m], &more));
	hl_buf_clear(doc);
	return more;
}

/* What lab B's node says of a FLASH that these members have signed. */
static enum hl_status flash_by(
	struct world *w, enum member sender, const enum member *more, size_t n)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	w->sealing.core.precedence = HL_FLASH;
	world_sender(w, LAB_A, sender);
	doc = world_seal(w, NULL);
	for (size_t i = 0; i < n; i++)
		doc = signed_also_by(w, &doc, more[i]);
	return world_receive(w, hl_view_buf(&doc));
}

static void flash_release(void **state)
{
	struct world *w = *state;
	const enum member phone[] = {MIRA_PHONE}, omar[] = {OMAR}, monitor[] = {MONITOR};
	const enum member both[] = {MIRA_PHONE, OMAR}, reader[] = {READER};

	assert_status(flash_by(w, MIRA, NULL, 0), HL_FEW_SIGNATURES);
	/* Two devices of one person are one person. */
	assert_status(flash_by(w, MIRA, phone, 1), HL_FEW_SIGNATURES);
	assert_status(flash_by(w, MIRA, monitor, 1), HL_FEW_SIGNATURES);
	/* A reader has no release. */
	assert_status(flash_by(w, MIRA, reader, 1), HL_FEW_SIGNATURES);
	assert_ok(flash_by(w, MIRA, omar, 1));
	assert_ok(flash_by(w, MIRA, both, 2));
	/* The sender counts without release, and the rule may ask for one alone, or for more. */
	w->labs[LAB_A].members[MIRA].caps.bits &= ~(unsigned)HL_CAP_RELEASE;
	assert_ok(flash_by(w, MIRA, omar, 1));
	assert_status(
		flash_by(w, OMAR, (const enum member[]){MIRA}, 1), HL_FEW_SIGNATURES);
	w->labs[LAB_A].card.flash_signers = 1;
	assert_ok(flash_by(w, MIRA, NULL, 0));
	w->labs[LAB_A].card.flash_signers = 3;
	assert_status(flash_by(w, MIRA, omar, 1), HL_FEW_SIGNATURES);
	/* A monitor may not send one whatever its card says. */
	w->labs[LAB_A].card.flash_signers = 1;
	assert_status(flash_by(w, MONITOR, NULL, 0), HL_NOT_PERMITTED);
	w->labs[LAB_A].members[MONITOR].caps.precedence = HL_FLASH;
	assert_status(flash_by(w, MONITOR, NULL, 0), HL_FEW_SIGNATURES);
}

static void a_close_of_a_flash(void **state)
{
	struct world *w = *state;
	struct hl_core *core = &w->sealing.core;
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0}, e2 HL_CLEAN_ENVELOPE = {0};

	core->class = HL_CLASS_CLOSE;
	core->precedence = HL_ROUTINE;
	core->answer_within = 0;
	core->has_incident = true;
	doc = world_seal(w, NULL);
	world_parse(w, &doc, &e);
	assert_ok(hl_envelope_judge(&e, &judge));
	assert_false(hl_envelope_released(&e, &w->labs[LAB_A].card));
	judge.raised_with_flash = true;
	assert_status(hl_envelope_judge(&e, &judge), HL_FEW_SIGNATURES);
	doc = signed_also_by(w, &doc, OMAR);
	world_parse(w, &doc, &e2);
	assert_ok(hl_envelope_judge(&e2, &judge));
	assert_true(hl_envelope_released(&e2, &w->labs[LAB_A].card));
}

static void capabilities_by_class(void **state)
{
	static const struct {
		enum hl_class class;
		unsigned bits; /* any of them will do */
	} rows[] = {
		{HL_CLASS_CALL, HL_CAP_RAISE | HL_CAP_UPDATE},
		{HL_CLASS_ANSWER, HL_CAP_ANSWER},
		{HL_CLASS_CLOSE, HL_CAP_CLOSE},
		{HL_CLASS_NOTICE,
			HL_CAP_READ | HL_CAP_RAISE | HL_CAP_UPDATE | HL_CAP_ANSWER |
				HL_CAP_CLOSE},
	};
	struct world *w = *state;
	struct hl_core *core = &w->sealing.core;
	struct hl_caps *caps = &w->labs[LAB_A].members[MIRA].caps;
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);

	w->sealing.n_readers = 8;
	core->has_incident = true;
	for (size_t i = 0; i < 4; i++) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		struct hl_envelope e HL_CLEAN_ENVELOPE = {0};

		core->class = rows[i].class;
		core->answer_within = core->class == HL_CLASS_CALL ? 1800 : 0;
		core->has_answers = core->class == HL_CLASS_ANSWER;
		doc = world_seal(w, NULL);
		world_parse(w, &doc, &e);
		for (unsigned bit = 1; bit <= HL_CAP_SUSPEND; bit *= 2) {
			caps->bits = bit;
			caps->precedence = HL_FLASH;
			assert_status(hl_envelope_judge(&e, &judge),
				rows[i].bits & bit ? HL_OK : HL_NOT_PERMITTED);
		}
		/* Precedence binds calls and notices, so that no answer is ever too urgent. */
		caps->bits = HL_CAP_ALL;
		caps->precedence = HL_PRIORITY;
		assert_status(hl_envelope_judge(&e, &judge),
			core->class == HL_CLASS_CALL || core->class == HL_CLASS_NOTICE
				? HL_NOT_PERMITTED
				: HL_OK);
		caps->precedence = HL_IMMEDIATE;
		assert_ok(hl_envelope_judge(&e, &judge));
	}
}

static void cards_and_members(void **state)
{
	struct world *w = *state;
	struct hl_card *card = &w->labs[LAB_A].card;
	struct hl_member *mira = &w->labs[LAB_A].members[MIRA];
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_sig *sig;

	world_parse(w, &doc, &e);
	sig = &e.sigs[0];
	judge.card = NULL;
	assert_status(hl_envelope_judge(&e, &judge), HL_NEED_CARD);
	judge.card = &w->labs[LAB_B].card;
	assert_status(hl_envelope_judge(&e, &judge), HL_NEED_CARD);
	judge.card = card;
	card->version = 2;
	judge.newest_version = 2;
	assert_status(hl_envelope_judge(&e, &judge), HL_NEED_CARD);
	judge.newest_version = 3; /* held, and an older one is in force */
	assert_ok(hl_envelope_judge(&e, &judge));
	card->version = 9;
	judge.newest_version = 0;
	assert_ok(hl_envelope_judge(&e, &judge));
	/* The sender is no member any more. */
	mira->kid.b[0] ^= 1;
	assert_status(hl_envelope_judge(&e, &judge), HL_NOT_MEMBER);
	assert_false(hl_envelope_fault_of_copy(&e, &judge, HL_NOT_MEMBER));
	mira->kid.b[0] ^= 1;
	/* Somebody signs who is none: the copy's fault. */
	sig->kid.b[0] ^= 1;
	assert_status(hl_envelope_judge(&e, &judge), HL_BAD_SIGNATURE);
	sig->kid.b[0] ^= 1;
	sig->sig[0] ^= 1;
	assert_status(hl_envelope_judge(&e, &judge), HL_BAD_SIGNATURE);
	sig->sig[0] ^= 1;
	mira->sign[0] ^= 1;
	assert_status(hl_envelope_judge(&e, &judge), HL_BAD_SIGNATURE);
	mira->sign[0] ^= 1;
	doc = signed_also_by(w, &doc, OMAR);
	hl_envelope_clear(&e);
	world_parse(w, &doc, &e);
	w->labs[LAB_A].members[OMAR].kid.b[0] ^= 1;
	assert_status(hl_envelope_judge(&e, &judge), HL_NOT_MEMBER);
	assert_true(hl_envelope_fault_of_copy(&e, &judge, HL_NOT_MEMBER));
}

static bool is_suspended(void *ctx, const struct hl_id *kid)
{
	return hl_id_eq(ctx, kid);
}

static void suspended_keys(void **state)
{
	struct world *w = *state;
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};

	doc = signed_also_by(w, &doc, OMAR);
	world_parse(w, &doc, &e);
	judge.suspended = is_suspended;
	judge.ctx = &w->labs[LAB_A].members[READER].kid;
	assert_ok(hl_envelope_judge(&e, &judge));
	judge.ctx = &w->labs[LAB_A].members[OMAR].kid;
	assert_status(hl_envelope_judge(&e, &judge), HL_SUSPENDED);
	assert_true(hl_envelope_fault_of_copy(&e, &judge, HL_SUSPENDED));
	judge.ctx = &w->labs[LAB_A].members[MIRA].kid;
	assert_status(hl_envelope_judge(&e, &judge), HL_SUSPENDED);
	assert_false(hl_envelope_fault_of_copy(&e, &judge, HL_SUSPENDED));
}

static void faults_of_copies(void **state)
{
	struct world *w = *state;
	struct hl_judge judge = world_judge(w, LAB_A, NULL);
	struct hl_envelope e = {0};

	for (unsigned code = 0; code <= HL_STALE; code++) {
		bool copy = code == HL_BAD_SIZE || code == HL_BAD_HASH ||
			code == HL_BAD_SIGNATURE || code == HL_FEW_SIGNATURES ||
			code == HL_NOT_ADDRESSED;

		if (code != HL_NOT_MEMBER && code != HL_SUSPENDED)
			assert_int_equal(copy,
				hl_envelope_fault_of_copy(
					&e, &judge, (enum hl_status)code));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(without_the_own_slip),
		TEST(flash_release),
		TEST(a_close_of_a_flash),
		TEST(capabilities_by_class),
		TEST(cards_and_members),
		TEST(suspended_keys),
		TEST(faults_of_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
