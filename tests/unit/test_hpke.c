/* HPKE: single shot, contexts, and everything that must not open. The RFC's vectors are in
 * tests/vectors. */
#include "tests/unit/unit.h"

static const uint8_t ikm_e[32] = {1, 2, 3};

static void make_key(struct hl_dh_key *ret)
{
	struct unit_entropy entropy;

	unit_entropy_init(&entropy);
	assert_ok(hl_dh_key_generate(&entropy.source, ret));
}

static void single_shot(void **state)
{
	struct hl_dh_key own HL_CLEAN_DH_KEY = {0};
	struct hl_view info = hl_view_str("info"), aad = hl_view_str("aad");
	struct hl_view pt = hl_view_str("secret");
	uint8_t enc[32], again_enc[32], ct[6 + 16], again[6 + 16], back[6];

	(void)state;
	make_key(&own);
	assert_ok(hl_hpke_seal(HL_VIEW(ikm_e), own.pub, info, aad, pt, enc, ct));
	/* The same input gives the same bytes: every reader can make every wrap anew. */
	assert_ok(hl_hpke_seal(HL_VIEW(ikm_e), own.pub, info, aad, pt, again_enc, again));
	assert_view(HL_VIEW(enc), HL_VIEW(again_enc));
	assert_view(HL_VIEW(ct), HL_VIEW(again));
	assert_ok(hl_hpke_open(&own, enc, info, aad, HL_VIEW(ct), back));
	assert_view(HL_VIEW(back), pt);
}

static void empty_message(void **state)
{
	struct hl_dh_key own HL_CLEAN_DH_KEY = {0};
	struct hl_view none = hl_view_of(NULL, 0);
	uint8_t enc[32], ct[16];

	(void)state;
	make_key(&own);
	assert_ok(hl_hpke_seal(HL_VIEW(ikm_e), own.pub, none, none, none, enc, ct));
	assert_ok(hl_hpke_open(&own, enc, none, none, HL_VIEW(ct), NULL));
	ct[3] ^= 1;
	assert_status(
		hl_hpke_open(&own, enc, none, none, HL_VIEW(ct), NULL), HL_BAD_OPEN);
}

static void must_not_open(void **state)
{
	struct hl_dh_key own HL_CLEAN_DH_KEY = {0}, other HL_CLEAN_DH_KEY = {0};
	struct hl_view info = hl_view_str("info"), aad = hl_view_str("aad"),
		       wrong = hl_view_str("x");
	struct unit_entropy entropy;
	uint8_t enc[32], ct[6 + 16], back[6], zero[32] = {0};

	(void)state;
	unit_entropy_init(&entropy);
	entropy.count = 100;
	make_key(&own);
	assert_ok(hl_dh_key_generate(&entropy.source, &other));
	assert_ok(hl_hpke_seal(
		HL_VIEW(ikm_e), own.pub, info, aad, hl_view_str("secret"), enc, ct));
	assert_status(
		hl_hpke_open(&other, enc, info, aad, HL_VIEW(ct), back), HL_BAD_OPEN);
	assert_status(
		hl_hpke_open(&own, enc, wrong, aad, HL_VIEW(ct), back), HL_BAD_OPEN);
	assert_status(
		hl_hpke_open(&own, enc, info, wrong, HL_VIEW(ct), back), HL_BAD_OPEN);
	assert_status(hl_hpke_open(&own, zero, info, aad, HL_VIEW(ct), back), HL_BAD_KEY);
	for (size_t n = 0; n < sizeof(ct); n++)
		assert_status(hl_hpke_open(&own, enc, info, aad, hl_view_of(ct, n), back),
			HL_BAD_OPEN);
	for (size_t i = 0; i < 8 * sizeof(ct); i++) {
		ct[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_status(hl_hpke_open(&own, enc, info, aad, HL_VIEW(ct), back),
			HL_BAD_OPEN);
		ct[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	enc[0] ^= 1;
	assert_status(hl_hpke_open(&own, enc, info, aad, HL_VIEW(ct), back), HL_BAD_OPEN);
}

static void bad_input(void **state)
{
	struct hl_dh_key own HL_CLEAN_DH_KEY = {0}, none = {0};
	struct hl_view empty = hl_view_of(NULL, 0);
	struct hl_key32 sk;
	uint8_t enc[32] = {9}, ct[16], zero[32] = {0}, pk[32];

	(void)state;
	make_key(&own);
	/* A recipient's key that gives zeros, and too little to make an ephemeral of. */
	assert_status(hl_hpke_seal(HL_VIEW(ikm_e), zero, empty, empty, empty, enc, ct),
		HL_BAD_KEY);
	assert_int_equal(enc[0], 9);
	assert_status(hl_hpke_seal(hl_view_of(ikm_e, 31), own.pub, empty, empty, empty,
			      enc, ct),
		HL_ERR_USAGE);
	assert_status(
		hl_hpke_derive_keypair(hl_view_of(ikm_e, 31), &sk, pk), HL_ERR_USAGE);
	assert_status(hl_hpke_open(&none, own.pub, empty, empty, HL_VIEW(ct), NULL),
		HL_ERR_USAGE);
}

static void contexts(void **state)
{
	struct hl_hpke a HL_CLEAN_HPKE = {0}, b HL_CLEAN_HPKE = {0};
	struct hl_key32 shared = {{7}};
	struct hl_view none = hl_view_of(NULL, 0), pt = hl_view_str("secret");
	uint8_t first[6 + 16], second[6 + 16], back[6] = {0};

	(void)state;
	assert_ok(hl_hpke_setup(&shared, none, &a));
	assert_ok(hl_hpke_setup(&shared, none, &b));
	assert_ok(hl_hpke_context_seal(&a, none, pt, first));
	assert_ok(hl_hpke_context_seal(&a, none, pt, second));
	assert_memory_not_equal(first, second, sizeof(first));
	/* Out of order does not open, and does not move the number on. */
	assert_status(hl_hpke_context_open(&b, none, HL_VIEW(second), back), HL_BAD_OPEN);
	assert_ok(hl_hpke_context_open(&b, none, HL_VIEW(first), back));
	assert_ok(hl_hpke_context_open(&b, none, HL_VIEW(second), back));
	assert_status(hl_hpke_context_open(&b, none, HL_VIEW(second), back), HL_BAD_OPEN);
	a.seq = b.seq = UINT64_MAX;
	assert_status(hl_hpke_context_seal(&a, none, pt, first), HL_ERR_USAGE);
	assert_status(
		hl_hpke_context_open(&b, none, HL_VIEW(second), back), HL_ERR_USAGE);
	hl_hpke_clear(&a);
	assert_int_equal(a.key.b[0] | a.base_nonce[0], 0);
	hl_hpke_clear(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_shot),
		cmocka_unit_test(empty_message),
		cmocka_unit_test(must_not_open),
		cmocka_unit_test(bad_input),
		cmocka_unit_test(contexts),
	};

	return cmocka_run_group_tests_name("hpke", tests, NULL, NULL);
}
