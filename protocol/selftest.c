/* Known answers from public documents, each worked once through the functions that all use. */
#include "selftest.h"

#include <string.h>

#include <sodium.h>

#include "hash.h"
#include "hpke.h"
#include "keys.h"
#include "noise.h"

/* Room for the longest answer below. */
#define ANSWER_MAX 160

/* True if the bytes are those that the hexadecimal digits stand for. */
static bool is(struct hl_view got, const char *hex)
{
	uint8_t want[ANSWER_MAX];
	size_t n = strlen(hex) / 2;

	return n <= sizeof(want) && hl_hex_decode(hex, n, want) == HL_OK &&
		hl_view_eq(got, hl_view_of(want, n));
}

/* The 32 bytes that 64 digits stand for. */
static struct hl_key32 key_of(const char *hex)
{
	struct hl_key32 key = {{0}};

	/* A wrong constant stays zeros, and then no answer fits. */
	(void)!hl_hex_decode(hex, sizeof(key.b), key.b);
	return key;
}

/* FIPS 180-4's "abc"; RFC 4231 case 2; RFC 5869 case 1. */
static bool hashes_ok(void)
{
	static const uint8_t salt[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	static const uint8_t info[] = {
		0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9};
	struct hl_view part = hl_view_str("abc");
	uint8_t ikm[22], mac[HL_HASH_SIZE], okm[42];
	struct hl_key32 prk;
	struct hl_id hash;

	hl_sha256(&part, 1, &hash);
	if (!is(hl_view_id(&hash),
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
		return false;
	part = hl_view_str("what do ya want for nothing?");
	hl_hmac(hl_view_str("Jefe"), &part, 1, mac);
	if (!is(HL_VIEW(mac),
		    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
		return false;
	memset(ikm, 0x0b, sizeof(ikm));
	part = HL_VIEW(ikm);
	hl_hkdf_extract(HL_VIEW(salt), &part, 1, &prk);
	part = HL_VIEW(info);
	return hl_hkdf_expand(&prk, &part, 1, sizeof(okm), okm) == HL_OK &&
		is(HL_VIEW(okm),
			"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
			"34007208d5b887185865");
}

/* RFC 7748 section 6.1; and a key of small order, which must be refused. */
static bool x25519_ok(void)
{
	struct hl_key32 a = key_of(
		"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
	struct hl_key32 b = key_of(
		"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
	static const uint8_t small[HL_KEY_SIZE] = {1};
	uint8_t pub[HL_KEY_SIZE], shared[HL_KEY_SIZE];

	return hl_pk_dh_base(a.b, pub) == HL_OK &&
		is(HL_VIEW(pub),
			"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a") &&
		hl_pk_dh(a.b, b.b, shared) == HL_OK &&
		is(HL_VIEW(shared),
			"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742") &&
		hl_pk_dh(a.b, small, shared) == HL_BAD_KEY;
}

/* RFC 8032 section 7.1, test 2; and the same with one bit changed, which must be refused. */
static bool ed25519_ok(void)
{
	struct hl_key32 seed = key_of(
		"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
	uint8_t pub[HL_KEY_SIZE], sk[HL_PK_SIGN_SECRET], sig[HL_SIG_SIZE],
		msg[1] = {0x72};

	if (hl_pk_sign_keypair(seed.b, pub, sk) != HL_OK || !hl_pk_sign_valid(pub) ||
		hl_pk_sign(sk, HL_VIEW(msg), sig) != HL_OK)
		return false;
	if (!is(HL_VIEW(pub),
		    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c") ||
		!is(HL_VIEW(sig),
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"))
		return false;
	if (hl_pk_verify(pub, HL_VIEW(msg), sig) != HL_OK)
		return false;
	msg[0] ^= 1;
	return hl_pk_verify(pub, HL_VIEW(msg), sig) == HL_BAD_SIGNATURE;
}

/* RFC 8439 section 2.8.2. */
static bool aead_ok(void)
{
	static const char text[] =
		"Ladies and Gentlemen of the class of '99: If I could offer you "
		"only one tip for the future, sunscreen would be it.";
	static const uint8_t ad[] = {
		0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7};
	static const uint8_t nonce[12] = {
		0x07, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47};
	uint8_t key[HL_KEY_SIZE], ct[sizeof(text) - 1 + HL_TAG_SIZE],
		pt[sizeof(text) - 1];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(0x80 + i);
	crypto_aead_chacha20poly1305_ietf_encrypt(ct, NULL, (const uint8_t *)text,
		sizeof(text) - 1, ad, sizeof(ad), NULL, nonce, key);
	if (!is(HL_VIEW(ct),
		    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8c"
		    "a9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803"
		    "aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec6"
		    "4b61161ae10b594f09e26a7e902ecbd0600691"))
		return false;
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
		    pt, NULL, NULL, ct, sizeof(ct), ad, sizeof(ad), nonce, key) != 0 ||
		memcmp(pt, text, sizeof(pt)) != 0)
		return false;
	ct[0] ^= 1;
	return crypto_aead_chacha20poly1305_ietf_decrypt(
		       pt, NULL, NULL, ct, sizeof(ct), ad, sizeof(ad), nonce, key) != 0;
}

/* RFC 9180 appendix A.2.1, sequence number 0. */
static bool hpke_ok(void)
{
	struct hl_key32 ikm_e = key_of(
		"909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b");
	struct hl_key32 ikm_r = key_of(
		"1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df");
	struct hl_view info = hl_view_str("Ode on a Grecian Urn"),
		       aad = hl_view_str("Count-0");
	struct hl_view pt = hl_view_str("Beauty is truth, truth beauty");
	struct hl_dh_key own HL_CLEAN_DH_KEY = {0};
	uint8_t pk_r[HL_KEY_SIZE], enc[HL_HPKE_ENC_SIZE], ct[29 + HL_TAG_SIZE], back[29];
	struct hl_key32 sk_r;

	return hl_hpke_derive_keypair(HL_VIEW(ikm_r.b), &sk_r, pk_r) == HL_OK &&
		hl_hpke_seal(HL_VIEW(ikm_e.b), pk_r, info, aad, pt, enc, ct) == HL_OK &&
		is(HL_VIEW(enc),
			"1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a") &&
		is(HL_VIEW(ct),
			"1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db"
			"21993c62ce81883d2dd1b51a28") &&
		hl_dh_key_from_secret(HL_VIEW(sk_r.b), &own) == HL_OK &&
		hl_hpke_open(&own, enc, info, aad, HL_VIEW(ct), back) == HL_OK &&
		hl_view_eq(HL_VIEW(back), pt);
}

/* A whole handshake of the cacophony vectors: writes each message at one side, compares it, reads
 * it at the other. */
static bool noise_messages_ok(struct hl_noise *from, struct hl_noise *to)
{
	static const struct {
		const char *payload, *message;
	} rows[] = {
		{"Ludwig von Mises",
			"ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
			"aca3ea34785c66af6434ba8f3dab19e712ff67a31bd13557517309fc09a510a9"},
		{"Murray Rothbard",
			"95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
			"30ae3686f5afe73385a0a6430723306d35b21256240033263dc4050e154e7f"},
		{"F. A. Hayek",
			"1b33e3523e2d3c4cd6bb605131932646aa01f18e22ee6543877d3f16967f4593"
			"bd2ca855b17d09782a6d56bdc3eedae57e8015be06a0bcfb5c9ac4e768459601"
			"d9162e731f9fc8117a2b22"},
	};

	for (size_t i = 0; i < 3; i++) {
		struct hl_noise *writer = i == 1 ? to : from,
				*reader = i == 1 ? from : to;
		struct hl_view payload = hl_view_str(rows[i].payload);
		struct hl_buf message HL_CLEAN_BUF = {0}, got HL_CLEAN_BUF = {0};

		if (hl_noise_write(writer, payload, &message) != HL_OK ||
			!is(hl_view_buf(&message), rows[i].message) ||
			hl_noise_read(reader, hl_view_buf(&message), &got) != HL_OK ||
			!hl_view_eq(hl_view_buf(&got), payload))
			return false;
	}
	return is(HL_VIEW(from->h),
		       "2474cc7525e37a139f3f2d82cefa382b6844f36a8c179c3c057bc2b8bc171454") &&
		memcmp(from->h, to->h, sizeof(from->h)) == 0;
}

static bool noise_ok(void)
{
	struct hl_key32 s_i = key_of(
		"e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1");
	struct hl_key32 s_r = key_of(
		"4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893");
	struct hl_key32 e_i = key_of(
		"893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a");
	struct hl_key32 e_r = key_of(
		"bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b");
	struct hl_view prologue = hl_view_str("John Galt");
	const char *psk = "This is my Austrian perspective!";
	struct hl_dh_key own_i HL_CLEAN_DH_KEY = {0}, own_r HL_CLEAN_DH_KEY = {0};
	struct hl_noise from HL_CLEAN_NOISE = {0}, to HL_CLEAN_NOISE = {0};

	if (hl_dh_key_from_secret(HL_VIEW(s_i.b), &own_i) != HL_OK ||
		hl_dh_key_from_secret(HL_VIEW(s_r.b), &own_r) != HL_OK ||
		hl_noise_init(&from, HL_NOISE_XKPSK3, true, prologue, &own_i, own_r.pub,
			&e_i) != HL_OK ||
		hl_noise_init(&to, HL_NOISE_XKPSK3, false, prologue, &own_r, NULL,
			&e_r) != HL_OK)
		return false;
	hl_noise_set_psk(&from, (const uint8_t *)psk);
	hl_noise_set_psk(&to, (const uint8_t *)psk);
	return noise_messages_ok(&from, &to);
}

/* SPEC hashes 2.2: An implementation MUST run known-answer tests of each primitive when it starts,
 * and MUST NOT go on if one fails. */
enum hl_status hl_selftest(void)
{
	/* Chooses the machine's fastest code first, so that what is tested is what will run. */
	if (sodium_init() < 0)
		return HL_ERR_SELFTEST;
	return hashes_ok() && x25519_ok() && ed25519_ok() && aead_ok() && hpke_ok() &&
			noise_ok()
		? HL_OK
		: HL_ERR_SELFTEST;
}
