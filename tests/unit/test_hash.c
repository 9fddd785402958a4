/* Tagged hashes, HMAC, HKDF, network ids and fingerprints, each against a second computation. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include <sodium.h>

static struct hl_id id_of_byte(uint8_t b)
{
	struct hl_id id;

	memset(id.b, b, sizeof(id.b));
	return id;
}

/* SPEC hashes 1.2: H(tag, m) = SHA-256("HL1/" ‖ tag ‖ 00 ‖ net_id ‖ m) */
static void tagged(void **state)
{
	struct hl_id net = id_of_byte(0xab), got, want, parts_got;
	struct hl_view parts[] = {hl_view_str("he"), hl_view_str(""), hl_view_str("llo")};
	uint8_t whole[4 + 3 + 1 + 32 + 5];

	(void)state;
	memcpy(whole, "HL1/env", 8);
	memset(whole + 8, 0xab, 32);
	memcpy(whole + 40, "hello", 5);
	crypto_hash_sha256(want.b, whole, sizeof(whole));
	hl_hash1("env", &net, hl_view_str("hello"), &got);
	assert_true(hl_id_eq(&got, &want));
	hl_hash("env", &net, parts, 3, &parts_got);
	assert_true(hl_id_eq(&parts_got, &want));
	crypto_hash_sha256(want.b, whole, 40);
	hl_hash("env", &net, NULL, 0, &got);
	assert_true(hl_id_eq(&got, &want));
}

static void apart(void **state)
{
	struct hl_id net = id_of_byte(1), other = id_of_byte(2), a, b;

	(void)state;
	hl_hash1("env", &net, hl_view_str("m"), &a);
	hl_hash1("card", &net, hl_view_str("m"), &b);
	assert_false(hl_id_eq(&a, &b));
	hl_hash1("env", &other, hl_view_str("m"), &b);
	assert_false(hl_id_eq(&a, &b));
	hl_hash1("env", &net, hl_view_str("n"), &b);
	assert_false(hl_id_eq(&a, &b));
	hl_hash1("en", &net, hl_view_str("m"), &b);
	assert_false(hl_id_eq(&a, &b));
}

/* SPEC hashes 1.3: net_id = SHA-256("HL1/net" ‖ 00 ‖ 32 zero bytes ‖ name) */
static void network(void **state)
{
	uint8_t whole[8 + 32 + 7] = "HL1/net";
	struct hl_id got, want;

	(void)state;
	memcpy(whole + 40, "hotline", 7);
	crypto_hash_sha256(want.b, whole, sizeof(whole));
	hl_net_id(hl_view_str("hotline"), &got);
	assert_true(hl_id_eq(&got, &want));
}

static void hmac_parts(void **state)
{
	struct hl_view parts[] = {
		hl_view_str("what do ya want "), hl_view_str("for nothing?")};
	uint8_t mac[HL_HASH_SIZE], key[131];
	struct hl_view data =
		hl_view_str("Test Using Larger Than Block-Size Key - Hash Key First");

	(void)state;
	/* RFC 4231 cases 2 and 6. */
	hl_hmac(hl_view_str("Jefe"), parts, 2, mac);
	assert_hex(HL_VIEW(mac),
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	hl_hmac(HL_VIEW(key), &data, 1, mac);
	assert_hex(HL_VIEW(mac),
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hkdf_sizes(void **state)
{
	struct hl_key32 prk;
	struct hl_view ikm = hl_view_str("ikm"), info = hl_view_str("info");
	struct hl_view halves[] = {hl_view_str("in"), hl_view_str("fo")};
	static uint8_t all[HL_HKDF_MAX], some[HL_HKDF_MAX + 1];

	(void)state;
	hl_hkdf_extract(hl_view_str("salt"), &ikm, 1, &prk);
	assert_ok(hl_hkdf_expand(&prk, &info, 1, sizeof(all), all));
	/* Shorter answers are beginnings of longer ones, whatever the pieces of the info. */
	for (size_t n = 0; n < 100; n++) {
		memset(some, 0, sizeof(some));
		assert_ok(hl_hkdf_expand(&prk, halves, 2, n, some));
		assert_memory_equal(some, all, n);
		assert_int_equal(some[n], 0);
	}
	assert_status(hl_hkdf_expand(&prk, &info, 1, sizeof(some), some), HL_BAD_SIZE);
}

/* The fingerprint by long division in decimal, another way than the library's. */
static void fingerprint(void **state)
{
	struct hl_id net = id_of_byte(3), lab = id_of_byte(4), f[2];
	char got[HL_FINGERPRINT_SIZE], want[HL_FINGERPRINT_SIZE + 1] = "";

	(void)state;
	for (uint8_t i = 0; i < 2; i++) {
		uint8_t m[33];

		memcpy(m, lab.b, 32);
		m[32] = i;
		hl_hash1("fpr", &net, HL_VIEW(m), &f[i]);
	}
	for (size_t i = 0; i < 12; i++) {
		unsigned rest = 0;
		char group[16];

		for (size_t k = 5 * i; k < 5 * i + 5; k++)
			rest = (rest * 256 + f[k / 32].b[k % 32]) % 100000;
		snprintf(group, sizeof(group), "%s%05u", i ? " " : "", rest);
		strcat(want, group);
	}
	hl_fingerprint(&net, &lab, got);
	assert_int_equal(strlen(got), 71);
	assert_string_equal(got, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tagged),
		cmocka_unit_test(apart),
		cmocka_unit_test(network),
		cmocka_unit_test(hmac_parts),
		cmocka_unit_test(hkdf_sizes),
		cmocka_unit_test(fingerprint),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
