/*
 * Wycheproof: Ed25519, X25519, HKDF. How each result class is treated:
 *
 *	valid		must verify, or give the bytes that stand there
 *	invalid		must be refused
 *	acceptable	(X25519 only) refused where the shared secret is zeros, as spec/hashes.md says; else,
 *			on the twist or with a key that is not canonical, the bytes of RFC 7748
 *
 * The number of tests in each class is compared too, so that nothing is passed over unseen.
 */
#include "tests/vectors/vec.h"

struct counts {
	unsigned valid, invalid, zeros, acceptable;
};

/* Runs one function over every test of every group, and compares the counts. */
static void run(const char *name,
	void (*one)(const json_t *group, const json_t *test, struct counts *c),
	struct counts want)
{
	json_t *file = vec_load(name);
	const json_t *group, *test;
	struct counts got = {0};
	size_t i, k;

	json_array_foreach(vec_get(file, "testGroups"), i, group) json_array_foreach(
		vec_get(group, "tests"), k, test) one(group, test, &got);
	assert_int_equal(got.valid, want.valid);
	assert_int_equal(got.invalid, want.invalid);
	assert_int_equal(got.zeros, want.zeros);
	assert_int_equal(got.acceptable, want.acceptable);
	assert_int_equal(got.valid + got.invalid + got.zeros + got.acceptable,
		(unsigned)json_integer_value(vec_get(file, "numberOfTests")));
	json_decref(file);
}

static bool result_is(const json_t *test, const char *result)
{
	return strcmp(vec_str(test, "result"), result) == 0;
}

static void ed25519_one(const json_t *group, const json_t *test, struct counts *c)
{
	struct hl_key32 pub = vec_key(vec_get(group, "publicKey"), "pk");
	struct hl_buf msg HL_CLEAN_BUF = vec_hex(test, "msg"),
			  sig HL_CLEAN_BUF = vec_hex(test, "sig");
	enum hl_status status = HL_BAD_SIGNATURE;

	/* A signature of another length does not come past the decoder: a field of 64 bytes. */
	if (sig.n == HL_SIG_SIZE)
		status = hl_pk_verify(pub.b, hl_view_buf(&msg), sig.p);
	if (result_is(test, "valid")) {
		assert_ok(status);
		assert_true(hl_pk_sign_valid(pub.b));
		c->valid++;
	} else {
		assert_true(result_is(test, "invalid"));
		assert_status(status, HL_BAD_SIGNATURE);
		c->invalid++;
	}
}

static void ed25519(void **state)
{
	(void)state;
	run("wycheproof-ed25519.json", ed25519_one,
		(struct counts){.valid = 88, .invalid = 63});
}

static void x25519_one(const json_t *group, const json_t *test, struct counts *c)
{
	struct hl_key32 sk = vec_key(test, "private"), pub = vec_key(test, "public");
	uint8_t shared[HL_KEY_SIZE];
	enum hl_status status = hl_pk_dh(sk.b, pub.b, shared);

	(void)group;
	/* SPEC hashes 1.6: An X25519 result of 32 zero bytes is an error of the key that gave it. */
	if (vec_has(test, "flags", "ZeroSharedSecret")) {
		assert_true(result_is(test, "acceptable"));
		assert_status(status, HL_BAD_KEY);
		c->zeros++;
		return;
	}
	assert_ok(status);
	assert_hex(HL_VIEW(shared), vec_str(test, "shared"));
	if (result_is(test, "valid"))
		c->valid++;
	else if (result_is(test, "acceptable"))
		c->acceptable++;
}

static void x25519(void **state)
{
	(void)state;
	run("wycheproof-x25519.json", x25519_one,
		(struct counts){.valid = 264, .zeros = 31, .acceptable = 223});
}

static void hkdf_one(const json_t *group, const json_t *test, struct counts *c)
{
	struct hl_buf ikm HL_CLEAN_BUF = vec_hex(test, "ikm"),
			  salt HL_CLEAN_BUF = vec_hex(test, "salt");
	struct hl_buf info HL_CLEAN_BUF = vec_hex(test, "info");
	struct hl_view ikm_view = hl_view_buf(&ikm), info_view = hl_view_buf(&info);
	size_t size = (size_t)json_integer_value(vec_get(test, "size"));
	static uint8_t okm[HL_HKDF_MAX];
	struct hl_key32 prk;
	enum hl_status status;

	(void)group;
	hl_hkdf_extract(hl_view_buf(&salt), &ikm_view, 1, &prk);
	status = hl_hkdf_expand(&prk, &info_view, 1, size, okm);
	if (result_is(test, "valid")) {
		assert_ok(status);
		assert_hex(hl_view_of(okm, size), vec_str(test, "okm"));
		c->valid++;
	} else {
		assert_true(result_is(test, "invalid"));
		assert_true(vec_has(test, "flags", "SizeTooLarge"));
		assert_status(status, HL_BAD_SIZE);
		c->invalid++;
	}
}

static void hkdf(void **state)
{
	(void)state;
	run("wycheproof-hkdf-sha256.json", hkdf_one,
		(struct counts){.valid = 83, .invalid = 3});
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ed25519),
		cmocka_unit_test(x25519),
		cmocka_unit_test(hkdf),
	};

	vec_start(argc, argv);
	return cmocka_run_group_tests_name("wycheproof", tests, NULL, NULL);
}
