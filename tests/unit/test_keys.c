/* Keys: pairs, signatures under tag and network, key ids, and the self-test. */
#include "tests/unit/unit.h"

#include <sodium.h>

static const struct hl_id net = {{1, 2, 3}}, other_net = {{1, 2, 4}};

static void sign_pairs(void **state)
{
	struct hl_sign_key a HL_CLEAN_SIGN_KEY = {0}, b HL_CLEAN_SIGN_KEY = {0};
	struct hl_sign_key again HL_CLEAN_SIGN_KEY = {0};
	struct unit_entropy entropy;

	(void)state;
	unit_entropy_init(&entropy);
	assert_ok(hl_sign_key_generate(&entropy.source, &a));
	assert_ok(hl_sign_key_generate(&entropy.source, &b));
	assert_memory_not_equal(a.pub, b.pub, sizeof(a.pub));
	assert_ok(hl_sign_key_check(a.pub));
	assert_int_equal(hl_sign_key_seed(&a).n, 32);
	assert_ok(hl_sign_key_from_secret(hl_sign_key_seed(&a), &again));
	assert_memory_equal(a.pub, again.pub, sizeof(a.pub));
	assert_true(hl_secret_eq(&a.sk, &again.sk));
	hl_sign_key_clear(&again);
	hl_sign_key_clear(&again);
	hl_sign_key_clear(NULL);
	assert_int_equal(hl_sign_key_seed(&again).n, 0);
	assert_status(hl_sign_key_from_secret(hl_view_str("short"), &again), HL_BAD_KEY);
	assert_status(
		hl_sign_key_from_secret(hl_view_of(a.sk.p, 33), &again), HL_BAD_KEY);
	assert_null(again.sk.p);
}

static void dh_pairs(void **state)
{
	struct hl_dh_key a HL_CLEAN_DH_KEY = {0}, b HL_CLEAN_DH_KEY = {0};
	struct hl_dh_key again HL_CLEAN_DH_KEY = {0}, none = {0};
	struct hl_key32 ab, ba;
	struct unit_entropy entropy;
	uint8_t zero[HL_KEY_SIZE] = {0};

	(void)state;
	unit_entropy_init(&entropy);
	assert_ok(hl_dh_key_generate(&entropy.source, &a));
	assert_ok(hl_dh_key_generate(&entropy.source, &b));
	assert_ok(hl_dh(&a, b.pub, &ab));
	assert_ok(hl_dh(&b, a.pub, &ba));
	assert_memory_equal(ab.b, ba.b, sizeof(ab.b));
	assert_status(hl_dh(&none, a.pub, &ab), HL_ERR_USAGE);
	/* SPEC hashes 1.6: An X25519 result of 32 zero bytes is an error of the key that gave
	 * it. */
	assert_status(hl_dh(&a, zero, &ab), HL_BAD_KEY);
	assert_memory_equal(ab.b, ba.b, sizeof(ab.b));
	assert_ok(hl_dh_key_from_secret(hl_view_secret(&a.sk), &again));
	assert_memory_equal(a.pub, again.pub, sizeof(a.pub));
	hl_dh_key_clear(&again);
	hl_dh_key_clear(&again);
	hl_dh_key_clear(NULL);
	assert_status(hl_dh_key_from_secret(hl_view_str("short"), &again), HL_BAD_KEY);
	assert_null(again.sk.p);
}

static void pairs_without_means(void **state)
{
	struct hl_sign_key sign = {0};
	struct hl_dh_key dh = {0};
	struct unit_entropy entropy;

	(void)state;
	unit_entropy_init(&entropy);
	unit_fail_allocation(1);
	assert_status(hl_sign_key_generate(&entropy.source, &sign), HL_ERR_NOMEM);
	unit_fail_allocation(1);
	assert_status(hl_dh_key_generate(&entropy.source, &dh), HL_ERR_NOMEM);
	assert_true(unit_allocation_failed());
	entropy.broken = true;
	assert_status(hl_sign_key_generate(&entropy.source, &sign), HL_ERR_ENTROPY);
	assert_status(hl_dh_key_generate(&entropy.source, &dh), HL_ERR_ENTROPY);
	assert_null(sign.sk.p);
	assert_null(dh.sk.p);
}

/* SPEC hashes 1.4: Ed25519 over `"HL1/" ‖ tag ‖ 00 ‖ net_id ‖ m` */
static void signature_bytes(void **state)
{
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	uint8_t whole[4 + 3 + 1 + 32 + 5] = "HL1/env", sig[HL_SIG_SIZE];
	struct unit_entropy entropy;

	(void)state;
	unit_entropy_init(&entropy);
	assert_ok(hl_sign_key_generate(&entropy.source, &key));
	memcpy(whole + 8, net.b, 32);
	memcpy(whole + 40, "hello", 5);
	assert_ok(hl_sign("env", &net, hl_view_str("hello"), &key, sig));
	assert_int_equal(
		crypto_sign_ed25519_verify_detached(sig, whole, sizeof(whole), key.pub),
		0);
}

/* Short, at the edge of the stack's room, and long. */
static void signature_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 983, 984, 985, 1024, 65536};
	static uint8_t msg[65536];
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	struct unit_entropy entropy;
	uint8_t sig[HL_SIG_SIZE];

	(void)state;
	unit_entropy_init(&entropy);
	assert_ok(hl_sign_key_generate(&entropy.source, &key));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct hl_view view = hl_view_of(msg, sizes[i]);

		assert_ok(hl_sign("env", &net, view, &key, sig));
		assert_ok(hl_verify("env", &net, view, key.pub, sig));
		if (sizes[i] == 0)
			continue;
		msg[sizes[i] - 1] ^= 1;
		assert_status(
			hl_verify("env", &net, view, key.pub, sig), HL_BAD_SIGNATURE);
		msg[sizes[i] - 1] ^= 1;
	}
	unit_fail_allocation(1);
	assert_status(hl_sign("env", &net, HL_VIEW(msg), &key, sig), HL_ERR_NOMEM);
	unit_fail_allocation(1);
	assert_status(hl_verify("env", &net, HL_VIEW(msg), key.pub, sig), HL_ERR_NOMEM);
	assert_true(unit_allocation_failed());
	assert_status(hl_sign("env", &net, hl_view_of(msg, SIZE_MAX - 8), &key, sig),
		HL_ERR_NOMEM);
}

static void signature_negatives(void **state)
{
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0}, other HL_CLEAN_SIGN_KEY = {0},
			       none = {0};
	struct hl_view msg = hl_view_str("a message");
	struct unit_entropy entropy;
	uint8_t sig[HL_SIG_SIZE];
	char long_tag[1100];

	(void)state;
	unit_entropy_init(&entropy);
	assert_ok(hl_sign_key_generate(&entropy.source, &key));
	assert_ok(hl_sign_key_generate(&entropy.source, &other));
	assert_ok(hl_sign("env", &net, msg, &key, sig));
	assert_ok(hl_verify("env", &net, msg, key.pub, sig));
	assert_status(hl_verify("card", &net, msg, key.pub, sig), HL_BAD_SIGNATURE);
	assert_status(hl_verify("en", &net, msg, key.pub, sig), HL_BAD_SIGNATURE);
	assert_status(hl_verify("env", &other_net, msg, key.pub, sig), HL_BAD_SIGNATURE);
	assert_status(hl_verify("env", &net, msg, other.pub, sig), HL_BAD_SIGNATURE);
	for (size_t i = 0; i < 8 * sizeof(sig); i++) {
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_status(
			hl_verify("env", &net, msg, key.pub, sig), HL_BAD_SIGNATURE);
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_status(hl_sign("env", &net, msg, &none, sig), HL_ERR_USAGE);
	memset(long_tag, 'x', sizeof(long_tag));
	long_tag[sizeof(long_tag) - 1] = '\0';
	assert_status(hl_sign(long_tag, &net, msg, &key, sig), HL_ERR_USAGE);
}

/* SPEC hashes 1.5: Every enrolled Ed25519 key MUST be a canonical point of the prime-order
 * subgroup. */
static void enrolled_keys(void **state)
{
	static const char *bad[] = {
		/* the identity, the point of order two, and one of order eight */
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		/* y = p + 1: the identity, not canonical */
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		/* no point of the curve */
		"0200000000000000000000000000000000000000000000000000000000000000",
	};
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	struct unit_entropy entropy;
	uint8_t mixed[HL_KEY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_status(hl_sign_key_check(unit_key(bad[i]).b), HL_BAD_KEY);
	/* A good key plus the point of order eight is outside the subgroup. */
	unit_entropy_init(&entropy);
	assert_ok(hl_sign_key_generate(&entropy.source, &key));
	assert_int_equal(crypto_core_ed25519_add(mixed, key.pub, unit_key(bad[2]).b), 0);
	assert_status(hl_sign_key_check(mixed), HL_BAD_KEY);
}

static void key_ids(void **state)
{
	uint8_t pub[HL_KEY_SIZE] = {5}, whole[33];
	struct hl_id id, last = {{0}}, want;

	(void)state;
	for (int role = HL_ROLE_ROOT; role <= HL_ROLE_MEMBER_SEAL; role++) {
		hl_key_id(&net, (enum hl_key_role)role, pub, &id);
		assert_false(hl_id_eq(&id, &last));
		last = id;
		whole[0] = (uint8_t)role;
		memcpy(whole + 1, pub, 32);
		hl_hash1("key", &net, HL_VIEW(whole), &want);
		assert_true(hl_id_eq(&id, &want));
	}
}

static void selftest(void **state)
{
	(void)state;
	assert_ok(hl_selftest());
	/* Without memory it must not pass. */
	unit_fail_allocation(1);
	assert_status(hl_selftest(), HL_ERR_SELFTEST);
	assert_true(unit_allocation_failed());
	assert_ok(hl_selftest());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sign_pairs),
		cmocka_unit_test(dh_pairs),
		cmocka_unit_test(pairs_without_means),
		cmocka_unit_test(signature_bytes),
		cmocka_unit_test(signature_sizes),
		cmocka_unit_test(signature_negatives),
		cmocka_unit_test(enrolled_keys),
		cmocka_unit_test(key_ids),
		cmocka_unit_test(selftest),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
