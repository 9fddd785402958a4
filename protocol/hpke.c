#include "hpke.h"

#include <string.h>

#include <sodium.h>

/* SPEC hashes 2.1: DHKEM(X25519, HKDF-SHA256) (0x0020), HKDF-SHA256 (0x0001) and ChaCha20Poly1305
 * (0x0003) */
static const uint8_t kem_suite[] = {'K', 'E', 'M', 0x00, 0x20};
static const uint8_t hpke_suite[] = {
	'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, 0x03};

#define MODE_BASE 0

/* LabeledExtract (section 4). */
static void extract(struct hl_view suite, struct hl_view salt, const char *label,
	struct hl_view ikm, struct hl_key32 *ret)
{
	struct hl_view parts[] = {hl_view_str("HPKE-v1"), suite, hl_view_str(label), ikm};

	hl_hkdf_extract(salt, parts, 4, ret);
}

/* LabeledExpand (section 4). */
static enum hl_status expand(struct hl_view suite, const struct hl_key32 *prk,
	const char *label, struct hl_view info, size_t n, uint8_t *ret)
{
	uint8_t length[2];
	struct hl_view parts[] = {
		HL_VIEW(length), hl_view_str("HPKE-v1"), suite, hl_view_str(label), info};

	if (n > HL_HKDF_MAX)
		return HL_BAD_SIZE;
	hl_put_be16(length, (uint16_t)n);
	return hl_hkdf_expand(prk, parts, 5, n, ret);
}

void hl_hpke_clear(struct hl_hpke *hpke)
{
	if (hpke)
		hl_wipe(hpke, sizeof(*hpke));
}

enum hl_status hl_hpke_derive_keypair(
	struct hl_view ikm, struct hl_key32 *ret_sk, uint8_t ret_pk[static HL_KEY_SIZE])
{
	struct hl_key32 prk HL_CLEAN_KEY32, sk HL_CLEAN_KEY32;
	enum hl_status status;

	if (ikm.n < HL_KEY_SIZE)
		return HL_ERR_USAGE;
	extract(HL_VIEW(kem_suite), hl_view_of(NULL, 0), "dkp_prk", ikm, &prk);
	status = expand(
		HL_VIEW(kem_suite), &prk, "sk", hl_view_of(NULL, 0), sizeof(sk.b), sk.b);
	if (status == HL_OK)
		status = hl_pk_dh_base(sk.b, ret_pk);
	if (status == HL_OK)
		*ret_sk = sk;
	return status;
}

/* ExtractAndExpand of DHKEM (section 4.1). */
static enum hl_status kem_secret(const struct hl_key32 *dh, const uint8_t *enc,
	const uint8_t *pk_r, struct hl_key32 *ret)
{
	struct hl_key32 prk HL_CLEAN_KEY32;
	uint8_t context[HL_HPKE_ENC_SIZE + HL_KEY_SIZE];

	memcpy(context, enc, HL_HPKE_ENC_SIZE);
	memcpy(context + HL_HPKE_ENC_SIZE, pk_r, HL_KEY_SIZE);
	extract(HL_VIEW(kem_suite), hl_view_of(NULL, 0), "eae_prk", HL_VIEW(dh->b), &prk);
	return expand(HL_VIEW(kem_suite), &prk, "shared_secret", HL_VIEW(context),
		sizeof(ret->b), ret->b);
}

enum hl_status hl_hpke_encap(struct hl_view ikm_e, const uint8_t pk_r[static HL_KEY_SIZE],
	uint8_t ret_enc[static HL_HPKE_ENC_SIZE], struct hl_key32 *ret_shared)
{
	struct hl_key32 sk_e HL_CLEAN_KEY32, dh HL_CLEAN_KEY32;
	uint8_t enc[HL_HPKE_ENC_SIZE];
	enum hl_status status = hl_hpke_derive_keypair(ikm_e, &sk_e, enc);

	if (status == HL_OK)
		status = hl_pk_dh(sk_e.b, pk_r, dh.b);
	if (status == HL_OK)
		status = kem_secret(&dh, enc, pk_r, ret_shared);
	if (status == HL_OK)
		memcpy(ret_enc, enc, sizeof(enc));
	return status;
}

enum hl_status hl_hpke_decap(const struct hl_dh_key *own,
	const uint8_t enc[static HL_HPKE_ENC_SIZE], struct hl_key32 *ret_shared)
{
	struct hl_key32 dh HL_CLEAN_KEY32;
	enum hl_status status = hl_dh(own, enc, &dh);

	return status == HL_OK ? kem_secret(&dh, enc, own->pub, ret_shared) : status;
}

enum hl_status hl_hpke_setup(
	const struct hl_key32 *shared, struct hl_view info, struct hl_hpke *ret)
{
	struct hl_view suite = HL_VIEW(hpke_suite), none = {NULL, 0};
	struct hl_hpke hpke HL_CLEAN_HPKE = {0};
	struct hl_key32 hash, secret HL_CLEAN_KEY32;
	uint8_t context[1 + 2 * HL_HASH_SIZE] = {MODE_BASE};
	enum hl_status status;

	extract(suite, none, "psk_id_hash", none, &hash);
	memcpy(context + 1, hash.b, sizeof(hash.b));
	extract(suite, none, "info_hash", info, &hash);
	memcpy(context + 1 + HL_HASH_SIZE, hash.b, sizeof(hash.b));

	extract(suite, HL_VIEW(shared->b), "secret", none, &secret);
	status = expand(
		suite, &secret, "key", HL_VIEW(context), sizeof(hpke.key.b), hpke.key.b);
	if (status == HL_OK)
		status = expand(suite, &secret, "base_nonce", HL_VIEW(context),
			sizeof(hpke.base_nonce), hpke.base_nonce);
	if (status == HL_OK)
		*ret = hpke;
	return status;
}

/* ComputeNonce (section 5.2): the number, big-endian, into the end of the base nonce. */
static void nonce_of(const struct hl_hpke *hpke, uint8_t ret[static 12])
{
	uint8_t number[8];

	memcpy(ret, hpke->base_nonce, sizeof(hpke->base_nonce));
	hl_put_be64(number, hpke->seq);
	for (size_t i = 0; i < sizeof(number); i++)
		ret[4 + i] ^= number[i];
}

enum hl_status hl_hpke_context_seal(
	struct hl_hpke *hpke, struct hl_view aad, struct hl_view pt, uint8_t *ret_ct)
{
	uint8_t nonce[12];

	if (hpke->seq == UINT64_MAX)
		return HL_ERR_USAGE;
	nonce_of(hpke, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(
		ret_ct, NULL, pt.p, pt.n, aad.p, aad.n, NULL, nonce, hpke->key.b);
	hpke->seq++;
	return HL_OK;
}

enum hl_status hl_hpke_context_open(
	struct hl_hpke *hpke, struct hl_view aad, struct hl_view ct, uint8_t *ret_pt)
{
	uint8_t nonce[12], none;

	if (hpke->seq == UINT64_MAX)
		return HL_ERR_USAGE;
	if (ct.n < HL_TAG_SIZE)
		return HL_BAD_OPEN;
	nonce_of(hpke, nonce);
	/* libsodium clears the output of a failed opening; with nothing to write, it needs a
	 * place all the same. */
	if (crypto_aead_chacha20poly1305_ietf_decrypt(ct.n > HL_TAG_SIZE ? ret_pt : &none,
		    NULL, NULL, ct.p, ct.n, aad.p, aad.n, nonce, hpke->key.b) != 0)
		return HL_BAD_OPEN;
	hpke->seq++;
	return HL_OK;
}

enum hl_status hl_hpke_seal(struct hl_view ikm_e, const uint8_t pk_r[static HL_KEY_SIZE],
	struct hl_view info, struct hl_view aad, struct hl_view pt,
	uint8_t ret_enc[static HL_HPKE_ENC_SIZE], uint8_t *ret_ct)
{
	struct hl_key32 shared HL_CLEAN_KEY32;
	struct hl_hpke hpke HL_CLEAN_HPKE = {0};
	enum hl_status status = hl_hpke_encap(ikm_e, pk_r, ret_enc, &shared);

	if (status == HL_OK)
		status = hl_hpke_setup(&shared, info, &hpke);
	return status == HL_OK ? hl_hpke_context_seal(&hpke, aad, pt, ret_ct) : status;
}

enum hl_status hl_hpke_open(const struct hl_dh_key *own,
	const uint8_t enc[static HL_HPKE_ENC_SIZE], struct hl_view info,
	struct hl_view aad, struct hl_view ct, uint8_t *ret_pt)
{
	struct hl_key32 shared HL_CLEAN_KEY32;
	struct hl_hpke hpke HL_CLEAN_HPKE = {0};
	enum hl_status status = hl_hpke_decap(own, enc, &shared);

	if (status == HL_OK)
		status = hl_hpke_setup(&shared, info, &hpke);
	return status == HL_OK ? hl_hpke_context_open(&hpke, aad, ct, ret_pt) : status;
}
