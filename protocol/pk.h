/*
 * Public-key operations on raw bytes, and nothing else: the one module that is chosen when a
 * program is linked. pk_sodium.c is the real one (Ed25519 of RFC 8032, X25519 of RFC 7748, by
 * libsodium); a simulator may put a keyed hash in its place. Everything above goes through keys.h.
 */
#ifndef HL_PK_H
#define HL_PK_H

#include "bytes.h"

#define HL_PK_SEED_SIZE   32
#define HL_PK_SIGN_SECRET 64 /* the seed, then the public key */

/* The signing pair of a seed. HL_ERR_INTERNAL. */
HL_MUST HL_API enum hl_status hl_pk_sign_keypair(
	const uint8_t seed[static HL_PK_SEED_SIZE], uint8_t ret_pub[static HL_KEY_SIZE],
	uint8_t ret_sk[static HL_PK_SIGN_SECRET]);

/* Deterministic signature. HL_ERR_INTERNAL. */
HL_MUST HL_API enum hl_status hl_pk_sign(const uint8_t sk[static HL_PK_SIGN_SECRET],
	struct hl_view msg, uint8_t ret_sig[static HL_SIG_SIZE]);

/* HL_OK or HL_BAD_SIGNATURE. Cofactorless; S canonical; no small-order public key or R. */
HL_MUST HL_API enum hl_status hl_pk_verify(const uint8_t pub[static HL_KEY_SIZE],
	struct hl_view msg, const uint8_t sig[static HL_SIG_SIZE]);

/* True if a signing key may be enrolled: canonical, on the curve, in the prime-order subgroup. */
HL_API bool hl_pk_sign_valid(const uint8_t pub[static HL_KEY_SIZE]);

/* The public key of an X25519 secret. HL_ERR_INTERNAL. */
HL_MUST HL_API enum hl_status hl_pk_dh_base(
	const uint8_t sk[static HL_KEY_SIZE], uint8_t ret_pub[static HL_KEY_SIZE]);

/* The shared secret; HL_BAD_KEY, and nothing written, where it would be zeros. */
HL_MUST HL_API enum hl_status hl_pk_dh(const uint8_t sk[static HL_KEY_SIZE],
	const uint8_t pub[static HL_KEY_SIZE], uint8_t ret[static HL_KEY_SIZE]);

#endif
