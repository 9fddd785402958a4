#include "pk.h"

#include <string.h>

#include <sodium.h>

_Static_assert(crypto_sign_ed25519_SEEDBYTES == HL_PK_SEED_SIZE, "seed");
_Static_assert(crypto_sign_ed25519_SECRETKEYBYTES == HL_PK_SIGN_SECRET, "signing secret");
_Static_assert(crypto_sign_ed25519_PUBLICKEYBYTES == HL_KEY_SIZE, "signing key");
_Static_assert(crypto_sign_ed25519_BYTES == HL_SIG_SIZE, "signature");
_Static_assert(crypto_scalarmult_curve25519_BYTES == HL_KEY_SIZE, "shared secret");

enum hl_status hl_pk_sign_keypair(const uint8_t seed[static HL_PK_SEED_SIZE],
	uint8_t ret_pub[static HL_KEY_SIZE], uint8_t ret_sk[static HL_PK_SIGN_SECRET])
{
	return crypto_sign_ed25519_seed_keypair(ret_pub, ret_sk, seed) == 0
		? HL_OK
		: HL_ERR_INTERNAL;
}

enum hl_status hl_pk_sign(const uint8_t sk[static HL_PK_SIGN_SECRET], struct hl_view msg,
	uint8_t ret_sig[static HL_SIG_SIZE])
{
	return crypto_sign_ed25519_detached(ret_sig, NULL, msg.p, msg.n, sk) == 0
		? HL_OK
		: HL_ERR_INTERNAL;
}

enum hl_status hl_pk_verify(const uint8_t pub[static HL_KEY_SIZE], struct hl_view msg,
	const uint8_t sig[static HL_SIG_SIZE])
{
	/* SPEC hashes 1.5: Verification refuses a non-canonical S, a small-order or non-canonical
	 * A, and a small-order R, and computes without the cofactor (as libsodium does). */
	return crypto_sign_ed25519_verify_detached(sig, msg.p, msg.n, pub) == 0
		? HL_OK
		: HL_BAD_SIGNATURE;
}

bool hl_pk_sign_valid(const uint8_t pub[static HL_KEY_SIZE])
{
	return crypto_core_ed25519_is_valid_point(pub) == 1;
}

enum hl_status hl_pk_dh_base(
	const uint8_t sk[static HL_KEY_SIZE], uint8_t ret_pub[static HL_KEY_SIZE])
{
	return crypto_scalarmult_curve25519_base(ret_pub, sk) == 0 ? HL_OK
								   : HL_ERR_INTERNAL;
}

enum hl_status hl_pk_dh(const uint8_t sk[static HL_KEY_SIZE],
	const uint8_t pub[static HL_KEY_SIZE], uint8_t ret[static HL_KEY_SIZE])
{
	uint8_t shared[HL_KEY_SIZE];

	/* SPEC hashes 1.6: An X25519 result of 32 zero bytes is an error of the key that gave
	 * it. */
	if (crypto_scalarmult_curve25519(shared, sk, pub) != 0)
		return HL_BAD_KEY;
	memcpy(ret, shared, sizeof(shared));
	sodium_memzero(shared, sizeof(shared));
	return HL_OK;
}
