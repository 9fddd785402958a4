/*
 * HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
 *
 * hl_hpke_seal and hl_hpke_open are the whole of it for one message to one key. The halves stand
 * open as well, so that the public-key half (hl_hpke_encap) can be done while nobody waits.
 */
#ifndef HL_HPKE_H
#define HL_HPKE_H

#include "hash.h"
#include "keys.h"

#define HL_HPKE_ENC_SIZE 32

/* The context of RFC 9180 section 5.2: secrets, wiped by hl_hpke_clear. Nothing is ever exported:
 * it holds no exporter secret. */
struct hl_hpke {
	struct hl_key32 key;
	uint8_t base_nonce[12];
	uint64_t seq;
};

#define HL_CLEAN_HPKE HL_CLEAN(hl_hpke_clear)

HL_API void hl_hpke_clear(struct hl_hpke *hpke);

/* DeriveKeyPair (RFC 9180 section 7.1.3) of at least 32 bytes: HL_ERR_USAGE below. */
HL_MUST HL_API enum hl_status hl_hpke_derive_keypair(
	struct hl_view ikm, struct hl_key32 *ret_sk, uint8_t ret_pk[static HL_KEY_SIZE]);

/* Encap (section 4.1) with the ephemeral that DeriveKeyPair makes of ikm_e. Two X25519 operations.
 * HL_BAD_KEY where the recipient's key gives zeros. */
HL_MUST HL_API enum hl_status hl_hpke_encap(struct hl_view ikm_e,
	const uint8_t pk_r[static HL_KEY_SIZE], uint8_t ret_enc[static HL_HPKE_ENC_SIZE],
	struct hl_key32 *ret_shared);

/* Decap (section 4.1). HL_BAD_KEY where enc gives zeros. */
HL_MUST HL_API enum hl_status hl_hpke_decap(const struct hl_dh_key *own,
	const uint8_t enc[static HL_HPKE_ENC_SIZE], struct hl_key32 *ret_shared);

/* KeySchedule (section 5.1), mode base: the context at sequence number 0. */
HL_MUST HL_API enum hl_status hl_hpke_setup(
	const struct hl_key32 *shared, struct hl_view info, struct hl_hpke *ret);

/* Seals or opens the next message of the context (section 5.2). ret_ct takes pt.n + HL_TAG_SIZE
 * bytes, ret_pt takes ct.n - HL_TAG_SIZE; neither may overlap its input. HL_BAD_OPEN leaves the
 * sequence number and ret_pt as they were; HL_ERR_USAGE when the numbers are used up. */
HL_MUST HL_API enum hl_status hl_hpke_context_seal(
	struct hl_hpke *hpke, struct hl_view aad, struct hl_view pt, uint8_t *ret_ct);
HL_MUST HL_API enum hl_status hl_hpke_context_open(
	struct hl_hpke *hpke, struct hl_view aad, struct hl_view ct, uint8_t *ret_pt);

/* Single shot (section 6.1): one message, sequence number 0. Sizes and statuses as above. */
HL_MUST HL_API enum hl_status hl_hpke_seal(struct hl_view ikm_e,
	const uint8_t pk_r[static HL_KEY_SIZE], struct hl_view info, struct hl_view aad,
	struct hl_view pt, uint8_t ret_enc[static HL_HPKE_ENC_SIZE], uint8_t *ret_ct);
HL_MUST HL_API enum hl_status hl_hpke_open(const struct hl_dh_key *own,
	const uint8_t enc[static HL_HPKE_ENC_SIZE], struct hl_view info,
	struct hl_view aad, struct hl_view ct, uint8_t *ret_pt);

#endif
