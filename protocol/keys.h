/*
 * Keys of people, programs and nodes: one key, one purpose. Signatures carry a tag and the network,
 * so that none can stand for another (spec/hashes.md).
 */
#ifndef HL_KEYS_H
#define HL_KEYS_H

#include "bytes.h"
#include "pk.h"
#include "secret.h"

/* What a key is for; it goes into the key's id, so its numbers are on the wire. */
enum hl_key_role {
	HL_ROLE_ROOT = 1,
	HL_ROLE_NODE_LINK = 2,
	HL_ROLE_NODE_SIGN = 3,
	HL_ROLE_NODE_SEAL = 4,
	HL_ROLE_MEMBER_SIGN = 5,
	HL_ROLE_MEMBER_LINK = 6,
	HL_ROLE_MEMBER_SEAL = 7,
};

/* An Ed25519 pair; sk holds the seed and then the public key. All zeros is "no key". */
struct hl_sign_key {
	struct hl_secret sk;
	uint8_t pub[HL_KEY_SIZE];
};

/* An X25519 pair. All zeros is "no key". */
struct hl_dh_key {
	struct hl_secret sk;
	uint8_t pub[HL_KEY_SIZE];
};

#define HL_CLEAN_SIGN_KEY HL_CLEAN(hl_sign_key_clear)
#define HL_CLEAN_DH_KEY   HL_CLEAN(hl_dh_key_clear)

/* A fresh pair. HL_ERR_NOMEM, HL_ERR_ENTROPY, HL_ERR_INTERNAL. */
HL_MUST HL_API enum hl_status hl_sign_key_generate(
	const struct hl_entropy *entropy, struct hl_sign_key *ret);
HL_MUST HL_API enum hl_status hl_dh_key_generate(
	const struct hl_entropy *entropy, struct hl_dh_key *ret);

/* The pair of a 32-byte seed or secret (copied). HL_BAD_KEY if it is not 32 bytes long. */
HL_MUST HL_API enum hl_status hl_sign_key_from_secret(
	struct hl_view seed, struct hl_sign_key *ret);
HL_MUST HL_API enum hl_status hl_dh_key_from_secret(
	struct hl_view sk, struct hl_dh_key *ret);

/* The 32 bytes to keep in a keyring: what hl_sign_key_from_secret takes. Secret; borrowed. */
HL_API struct hl_view hl_sign_key_seed(const struct hl_sign_key *key);

/* Wipe and free. Take NULL and an empty key. */
HL_API void hl_sign_key_clear(struct hl_sign_key *key);
HL_API void hl_dh_key_clear(struct hl_dh_key *key);

/* Sign(tag, msg): the signature over "HL1/", the tag, a zero byte, net and msg.
 * HL_ERR_NOMEM, HL_ERR_INTERNAL. */
HL_MUST HL_API enum hl_status hl_sign(const char *tag, const struct hl_id *net,
	struct hl_view msg, const struct hl_sign_key *key,
	uint8_t ret_sig[static HL_SIG_SIZE]);

/* HL_OK, HL_BAD_SIGNATURE, HL_ERR_NOMEM. */
HL_MUST HL_API enum hl_status hl_verify(const char *tag, const struct hl_id *net,
	struct hl_view msg, const uint8_t pub[static HL_KEY_SIZE],
	const uint8_t sig[static HL_SIG_SIZE]);

/* HL_OK, or HL_BAD_KEY for a signing key that no card may enrol. */
HL_MUST HL_API enum hl_status hl_sign_key_check(const uint8_t pub[static HL_KEY_SIZE]);

/* The shared secret with a public key. HL_BAD_KEY where it would be zeros. */
HL_MUST HL_API enum hl_status hl_dh(const struct hl_dh_key *own,
	const uint8_t pub[static HL_KEY_SIZE], struct hl_key32 *ret);

/* The key's id: H("key", role ‖ key). */
HL_API void hl_key_id(const struct hl_id *net, enum hl_key_role role,
	const uint8_t pub[static HL_KEY_SIZE], struct hl_id *ret);

#endif
