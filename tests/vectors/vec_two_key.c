/*
 * One ChaCha20-Poly1305 ciphertext that opens under two keys, to two texts. The cipher takes both; a
 * letter that carries it is shown to nobody, whichever of the two its sender had committed to.
 */
#include <sodium.h>

#include "tests/unit/letters.h"
#include "tests/vectors/vec.h"

static json_t *file;

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_init(w);
	file = vec_load("two-key-ciphertext.json");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_clear(*state);
	free(*state);
	json_decref(file);
	return 0;
}

/* Opens the vector with a key, by the cipher alone. */
static struct hl_buf opened_by(const char *name)
{
	struct hl_key32 key = vec_key(file, name);
	struct hl_buf ct HL_CLEAN_BUF = vec_hex(file, "ct_tag");
	struct hl_buf ad HL_CLEAN_BUF = vec_hex(file, "ad");
	struct hl_buf nonce HL_CLEAN_BUF = vec_hex(file, "nonce");
	struct hl_buf text = {0};

	assert_int_equal(crypto_aead_chacha20poly1305_ietf_NPUBBYTES, nonce.n);
	assert_ok(hl_buf_reserve(&text, ct.n));
	assert_int_equal(0,
		crypto_aead_chacha20poly1305_ietf_decrypt(
			text.p, NULL, NULL, ct.p, ct.n, ad.p, ad.n, nonce.p, key.b));
	text.n = ct.n - HL_TAG_SIZE;
	return text;
}

static void the_cipher_takes_both(void **state)
{
	struct hl_buf one HL_CLEAN_BUF = opened_by("key1"),
			  two HL_CLEAN_BUF = opened_by("key2");
	struct hl_buf begins HL_CLEAN_BUF = vec_hex(file, "pt1_prefix");
	struct hl_buf within HL_CLEAN_BUF = vec_hex(file, "pt2_bytes_48_96");
	(void)state;

	assert_false(hl_view_eq(hl_view_buf(&one), hl_view_buf(&two)));
	assert_view(hl_view_of(one.p, begins.n), hl_view_buf(&begins));
	assert_view(hl_view_of(two.p + 48, within.n), hl_view_buf(&within));
}

/* A letter that commits to one key and carries the vector in place of its ciphertext. */
static void check_refused(struct world *w, const char *committed, const char *other)
{
	struct hl_buf ct HL_CLEAN_BUF = vec_hex(file, "ct_tag"), doc HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_key32 one = vec_key(file, committed), two = vec_key(file, other);

	w->sealing.ck = one;
	doc = world_seal(w, NULL);
	world_parse(w, &doc, &e);
	/* As it was sealed, the committed key opens it, and the other does not. */
	assert_ok(hl_envelope_open_ck(&e, &one, &opened));
	hl_opened_clear(&opened);
	assert_status(hl_envelope_open_ck(&e, &two, &opened), HL_BAD_COMMITMENT);
	e.ct = hl_view_buf(&ct);
	e.core.ct_size = ct.n;
	assert_status(hl_envelope_open_ck(&e, &two, &opened), HL_BAD_COMMITMENT);
	assert_status(hl_envelope_open_ck(&e, &one, &opened), HL_BAD_OPEN);
	assert_status(world_open(w, &e, LAB_B, MIRA, &opened), HL_BAD_OPEN);
	assert_null(opened.plain.p);
}

static void no_letter_takes_either(void **state)
{
	check_refused(*state, "key1", "key2");
	check_refused(*state, "key2", "key1");
}

/* The reader's wrap gives the other key: what the commitment is there for. */
static void a_wrap_with_the_other_key(void **state)
{
	struct world *w = *state;
	struct hl_buf first HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};
	struct hl_envelope a HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_key32 two = vec_key(file, "key2");
	const struct hl_reader *reader = &w->readers[4];
	uint8_t info[9 + 4 * 32 + 8] = "HL1/wrap", wrap[HL_WRAP_SIZE];
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf slip HL_CLEAN_BUF = {0};
	bool tried = false;

	w->sealing.ck = vec_key(file, "key1");
	first = world_seal(w, NULL);
	world_parse(w, &first, &a);
	assert_true(hl_id_eq(&reader->lab, &w->labs[LAB_B].id));
	memcpy(info + 9, a.core_hash.b, 32);
	memcpy(info + 41, a.kcom, 32);
	memcpy(info + 73, reader->lab.b, 32);
	memcpy(info + 105, reader->kid.b, 32);
	hl_put_be64(info + 137, reader->epoch);
	assert_ok(hl_hpke_seal(HL_VIEW(two.b), reader->key, HL_VIEW(info),
		hl_view_of(NULL, 0), HL_VIEW(two.b), wrap, wrap + HL_HPKE_ENC_SIZE));
	hl_out_array(&out, 2);
	hl_out_id(&out, &reader->lab);
	hl_out_array(&out, 1);
	hl_out_array(&out, 2);
	hl_out_id(&out, &reader->kid);
	hl_out_bin(&out, HL_VIEW(wrap));
	assert_ok(hl_out_finish(&out, &slip));
	a.slips[LAB_B] = hl_view_buf(&slip);
	for (enum member m = MIRA; m < N_MEMBERS; m++) {
		if (!hl_id_eq(&w->labs[LAB_B].members[m].kid, &reader->kid))
			continue;
		assert_status(world_open(w, &a, LAB_B, m, &opened), HL_BAD_COMMITMENT);
		tried = true;
	}
	assert_true(tried);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_cipher_takes_both, setup, teardown),
		cmocka_unit_test_setup_teardown(no_letter_takes_either, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_wrap_with_the_other_key, setup, teardown),
	};

	vec_start(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
