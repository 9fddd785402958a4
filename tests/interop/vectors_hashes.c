/* spec/vectors/hashes.json: networks, tagged hashes, keys, signatures, HKDF, X25519, HPKE. */
#include "vectors.h"

static struct hl_id net;

static void check_network(const json_t *c)
{
	struct hl_id id;

	hl_net_id(hl_view_str(vectors_text(c, "name")), &id);
	vectors_count(vectors_equal(c, "net_id", hl_view_id(&id)), "networks",
		vectors_text(c, "name"));
}

static void check_tagged(const json_t *c)
{
	struct hl_buf message HL_CLEAN_BUF = vectors_hex(c, "message");
	struct hl_id id;

	hl_hash1(vectors_text(c, "tag"), &net, hl_view_buf(&message), &id);
	vectors_count(vectors_equal(c, "hash", hl_view_id(&id)), "tagged",
		vectors_text(c, "tag"));
}

static void check_key_id(const json_t *c)
{
	uint8_t key[HL_KEY_SIZE];
	struct hl_id id;

	vectors_fixed(c, "key", key, sizeof(key));
	hl_key_id(&net, (enum hl_key_role)vectors_number(c, "role"), key, &id);
	vectors_count(vectors_equal(c, "id", hl_view_id(&id)), "key_ids", "");
}

static void check_fingerprint(const json_t *c)
{
	struct hl_id id = vectors_id(c, "id");
	char digits[HL_FINGERPRINT_SIZE];

	hl_fingerprint(&net, &id, digits);
	vectors_count(
		strcmp(digits, vectors_text(c, "digits")) == 0, "fingerprints", digits);
}

static void check_signature(const json_t *c)
{
	struct hl_buf seed HL_CLEAN_BUF = vectors_hex(c, "seed");
	struct hl_buf message HL_CLEAN_BUF = vectors_hex(c, "message");
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	uint8_t sig[HL_SIG_SIZE];
	const char *tag = vectors_text(c, "tag");

	bool good = hl_sign_key_from_secret(hl_view_buf(&seed), &key) == HL_OK &&
		vectors_equal(c, "public", HL_VIEW(key.pub)) &&
		hl_sign(tag, &net, hl_view_buf(&message), &key, sig) == HL_OK &&
		vectors_equal(c, "signature", HL_VIEW(sig));
	vectors_count(good, "signatures", tag);
}

static void check_verify(const json_t *c)
{
	struct hl_buf message HL_CLEAN_BUF = vectors_hex(c, "message");
	uint8_t pub[HL_KEY_SIZE], sig[HL_SIG_SIZE];

	vectors_fixed(c, "public", pub, sizeof(pub));
	vectors_fixed(c, "signature", sig, sizeof(sig));
	enum hl_status status =
		hl_verify(vectors_text(c, "tag"), &net, hl_view_buf(&message), pub, sig);
	vectors_count(status == (vectors_bool(c, "valid") ? HL_OK : HL_BAD_SIGNATURE),
		"verify", vectors_text(c, "name"));
}

static void check_point(const json_t *c)
{
	uint8_t pub[HL_KEY_SIZE];

	vectors_fixed(c, "public", pub, sizeof(pub));
	vectors_count(
		hl_sign_key_check(pub) == (vectors_bool(c, "valid") ? HL_OK : HL_BAD_KEY),
		"points", vectors_text(c, "name"));
}

static void check_hkdf(const json_t *c)
{
	struct hl_buf salt HL_CLEAN_BUF = vectors_hex(c, "salt");
	struct hl_buf ikm HL_CLEAN_BUF = vectors_hex(c, "ikm");
	struct hl_buf info HL_CLEAN_BUF = vectors_hex(c, "info");
	struct hl_view ikm_view = hl_view_buf(&ikm), info_view = hl_view_buf(&info);
	struct hl_key32 prk HL_CLEAN_KEY32 = {{0}};
	uint8_t out[1024];
	size_t n = vectors_number(c, "length");

	hl_hkdf_extract(hl_view_buf(&salt), &ikm_view, 1, &prk);
	vectors_count(n <= sizeof(out) &&
			hl_hkdf_expand(&prk, &info_view, 1, n, out) == HL_OK &&
			vectors_equal(c, "out", hl_view_of(out, n)),
		"hkdf", "");
}

static void check_x25519(const json_t *c)
{
	struct hl_buf secret HL_CLEAN_BUF = vectors_hex(c, "secret");
	struct hl_dh_key own HL_CLEAN_DH_KEY = {0};
	struct hl_key32 shared HL_CLEAN_KEY32 = {{0}};
	uint8_t pub[HL_KEY_SIZE];

	vectors_fixed(c, "public", pub, sizeof(pub));
	enum hl_status status = hl_dh_key_from_secret(hl_view_buf(&secret), &own);
	if (status == HL_OK)
		status = hl_dh(&own, pub, &shared);
	vectors_code(status, c, "x25519");
	if (status == HL_OK)
		vectors_count(vectors_equal(c, "shared", HL_VIEW(shared.b)),
			"x25519 shared", vectors_text(c, "name"));
}

static void check_hpke(const json_t *c)
{
	struct hl_buf secret HL_CLEAN_BUF = vectors_hex(c, "secret");
	struct hl_buf ikm HL_CLEAN_BUF = vectors_hex(c, "ikm_e");
	struct hl_buf info HL_CLEAN_BUF = vectors_hex(c, "info");
	struct hl_buf pt HL_CLEAN_BUF = vectors_hex(c, "plaintext");
	struct hl_dh_key own HL_CLEAN_DH_KEY = {0};
	uint8_t pub[HL_KEY_SIZE], enc[HL_HPKE_ENC_SIZE], ct[1024], back[1024];
	const struct hl_view none = {0};

	vectors_fixed(c, "public", pub, sizeof(pub));
	if (pt.n + HL_TAG_SIZE > sizeof(ct)) {
		vectors_count(false, "hpke", "too long for this test");
		return;
	}
	bool sealed = hl_hpke_seal(hl_view_buf(&ikm), pub, hl_view_buf(&info), none,
			      hl_view_buf(&pt), enc, ct) == HL_OK &&
		vectors_equal(c, "enc", HL_VIEW(enc)) &&
		vectors_equal(c, "ct", hl_view_of(ct, pt.n + HL_TAG_SIZE));
	vectors_count(sealed, "hpke", "seal");
	bool opened = hl_dh_key_from_secret(hl_view_buf(&secret), &own) == HL_OK &&
		memcmp(own.pub, pub, sizeof(pub)) == 0 &&
		hl_hpke_open(&own, enc, hl_view_buf(&info), none,
			hl_view_of(ct, pt.n + HL_TAG_SIZE), back) == HL_OK &&
		hl_view_eq(hl_view_of(back, pt.n), hl_view_buf(&pt));
	vectors_count(opened, "hpke", "open");
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	size_t i;

	net = vectors_id(file, "net_id");
	json_array_foreach(vectors_list(file, "networks"), i, c) check_network(c);
	json_array_foreach(vectors_list(file, "tagged"), i, c) check_tagged(c);
	json_array_foreach(vectors_list(file, "key_ids"), i, c) check_key_id(c);
	json_array_foreach(vectors_list(file, "fingerprints"), i, c) check_fingerprint(c);
	json_array_foreach(vectors_list(file, "signatures"), i, c) check_signature(c);
	json_array_foreach(vectors_list(file, "verify"), i, c) check_verify(c);
	json_array_foreach(vectors_list(file, "points"), i, c) check_point(c);
	json_array_foreach(vectors_list(file, "hkdf"), i, c) check_hkdf(c);
	json_array_foreach(vectors_list(file, "x25519"), i, c) check_x25519(c);
	json_array_foreach(vectors_list(file, "hpke"), i, c) check_hpke(c);
	return vectors_end(file);
}
