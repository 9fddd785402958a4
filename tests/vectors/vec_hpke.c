/* RFC 9180 appendix A.2.1: every value of it, in the order in which HPKE makes them. */
#include "tests/vectors/vec.h"

static json_t *file;
static const json_t *v;

static int setup(void **state)
{
	(void)state;
	file = vec_load("hpke.json");
	v = json_array_get(vec_get(file, "vectors"), 0);
	return v ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	json_decref(file);
	return 0;
}

static void context_of_recipient(struct hl_hpke *ret)
{
	struct hl_dh_key own HL_CLEAN_DH_KEY = {0};
	struct hl_key32 sk = vec_key(v, "skRm"), enc = vec_key(v, "enc"), shared;
	struct hl_buf info HL_CLEAN_BUF = vec_hex(v, "info");

	assert_ok(hl_dh_key_from_secret(HL_VIEW(sk.b), &own));
	assert_ok(hl_hpke_decap(&own, enc.b, &shared));
	assert_hex(HL_VIEW(shared.b), vec_str(v, "shared_secret"));
	assert_ok(hl_hpke_setup(&shared, hl_view_buf(&info), ret));
}

static void key_pairs(void **state)
{
	static const char *rows[][3] = {
		{"ikmE", "skEm", "pkEm"}, {"ikmR", "skRm", "pkRm"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct hl_buf ikm HL_CLEAN_BUF = vec_hex(v, rows[i][0]);
		uint8_t pk[HL_KEY_SIZE];
		struct hl_key32 sk;

		assert_ok(hl_hpke_derive_keypair(hl_view_buf(&ikm), &sk, pk));
		assert_hex(HL_VIEW(sk.b), vec_str(v, rows[i][1]));
		assert_hex(HL_VIEW(pk), vec_str(v, rows[i][2]));
	}
}

static void encapsulation(void **state)
{
	struct hl_buf ikm HL_CLEAN_BUF = vec_hex(v, "ikmE");
	struct hl_key32 pk_r = vec_key(v, "pkRm"), shared;
	uint8_t enc[HL_HPKE_ENC_SIZE];

	(void)state;
	assert_ok(hl_hpke_encap(hl_view_buf(&ikm), pk_r.b, enc, &shared));
	assert_hex(HL_VIEW(enc), vec_str(v, "enc"));
	assert_hex(HL_VIEW(shared.b), vec_str(v, "shared_secret"));
}

static void key_schedule(void **state)
{
	struct hl_hpke hpke HL_CLEAN_HPKE = {0};

	(void)state;
	context_of_recipient(&hpke);
	assert_hex(HL_VIEW(hpke.key.b), vec_str(v, "key"));
	assert_hex(HL_VIEW(hpke.base_nonce), vec_str(v, "base_nonce"));
}

/* Every listed number is reached by sealing (and opening) all before it. */
static void encryptions(void **state)
{
	const json_t *list = vec_get(v, "encryptions"), *e;
	struct hl_hpke from HL_CLEAN_HPKE = {0}, to HL_CLEAN_HPKE = {0};
	size_t i;

	(void)state;
	context_of_recipient(&from);
	context_of_recipient(&to);
	assert_int_equal(json_array_size(list), 6);
	json_array_foreach(list, i, e)
	{
		struct hl_buf pt HL_CLEAN_BUF = vec_hex(e, "pt"),
				 aad HL_CLEAN_BUF = vec_hex(e, "aad");
		unsigned long number = strtoul(vec_str(e, "sequence number"), NULL, 10);
		uint8_t ct[64], back[64];
		size_t n = pt.n + HL_TAG_SIZE;

		assert_true(n <= sizeof(ct));
		for (;;) {
			bool last = from.seq == number;

			assert_ok(hl_hpke_context_seal(
				&from, hl_view_buf(&aad), hl_view_buf(&pt), ct));
			assert_ok(hl_hpke_context_open(
				&to, hl_view_buf(&aad), hl_view_of(ct, n), back));
			assert_memory_equal(back, pt.p, pt.n);
			if (last)
				break;
		}
		assert_hex(hl_view_of(ct, n), vec_str(e, "ct"));
	}
}

static void single_shot(void **state)
{
	const json_t *e = json_array_get(vec_get(v, "encryptions"), 0);
	struct hl_buf ikm HL_CLEAN_BUF = vec_hex(v, "ikmE"),
			  info HL_CLEAN_BUF = vec_hex(v, "info");
	struct hl_buf pt HL_CLEAN_BUF = vec_hex(e, "pt"),
			 aad HL_CLEAN_BUF = vec_hex(e, "aad");
	struct hl_key32 pk_r = vec_key(v, "pkRm");
	uint8_t enc[HL_HPKE_ENC_SIZE], ct[64];

	(void)state;
	assert_ok(hl_hpke_seal(hl_view_buf(&ikm), pk_r.b, hl_view_buf(&info),
		hl_view_buf(&aad), hl_view_buf(&pt), enc, ct));
	assert_hex(HL_VIEW(enc), vec_str(v, "enc"));
	assert_hex(hl_view_of(ct, pt.n + HL_TAG_SIZE), vec_str(e, "ct"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_pairs),
		cmocka_unit_test(encapsulation),
		cmocka_unit_test(key_schedule),
		cmocka_unit_test(encryptions),
		cmocka_unit_test(single_shot),
	};

	vec_start(argc, argv);
	return cmocka_run_group_tests_name("hpke vectors", tests, setup, teardown);
}
