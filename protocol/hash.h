/*
 * Hashes that name things, and the HMAC and HKDF under everything derived (spec/hashes.md).
 */
#ifndef HL_HASH_H
#define HL_HASH_H

#include "bytes.h"
#include "secret.h"

#define HL_HASH_SIZE        32
#define HL_HKDF_MAX         (255 * HL_HASH_SIZE)
#define HL_FINGERPRINT_SIZE 72 /* 12 groups of 5 digits, 11 spaces, NUL */

/* H(tag, parts) in the network: SHA-256 over "HL1/", the tag, a zero byte, net and all parts. */
HL_API void hl_hash(const char *tag, const struct hl_id *net, const struct hl_view *parts,
	size_t n, struct hl_id *ret);
HL_API void hl_hash1(
	const char *tag, const struct hl_id *net, struct hl_view part, struct hl_id *ret);

/* Plain SHA-256 of all parts. */
HL_API void hl_sha256(const struct hl_view *parts, size_t n, struct hl_id *ret);

/* The network's id: tag "net", over the bytes of its name, in the network of 32 zero bytes. */
HL_API void hl_net_id(struct hl_view name, struct hl_id *ret);

/* HMAC-SHA256 (RFC 2104) of all parts; keys have any length. */
HL_API void hl_hmac(struct hl_view key, const struct hl_view *parts, size_t n,
	uint8_t ret[static HL_HASH_SIZE]);

/* HKDF-SHA256 (RFC 5869). An empty salt stands for 32 zero bytes. */
HL_API void hl_hkdf_extract(
	struct hl_view salt, const struct hl_view *ikm, size_t n, struct hl_key32 *ret);

/* Fills size bytes; HL_BAD_SIZE above HL_HKDF_MAX. The info may come in parts. */
HL_MUST HL_API enum hl_status hl_hkdf_expand(const struct hl_key32 *prk,
	const struct hl_view *info, size_t n, size_t size, uint8_t *ret);

/* The 60 digits that two people read to each other: groups of five, one space between, NUL. */
HL_API void hl_fingerprint(const struct hl_id *net, const struct hl_id *lab,
	char ret[static HL_FINGERPRINT_SIZE]);

#endif
