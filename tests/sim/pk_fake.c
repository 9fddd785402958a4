/*
 * Public-key operations for most seeds of the simulator: keyed hashes in their place. They have no
 * security at all, but the same shapes: what was signed verifies, what was changed does not, and
 * two sides of an agreement get the same secret.
 */
#include "protocol/pk.h"

#include <sodium.h>
#include <string.h>

#include "protocol/hash.h"

static void digest(const char *what, struct hl_view a, struct hl_view b, uint8_t *ret)
{
	const struct hl_view parts[] = {hl_view_str(what), a, b};
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, HL_HASH_SIZE);
	for (size_t i = 0; i < 3; i++)
		crypto_generichash_update(&state, parts[i].p, parts[i].n);
	crypto_generichash_final(&state, ret, HL_HASH_SIZE);
}

enum hl_status hl_pk_sign_keypair(const uint8_t seed[static HL_PK_SEED_SIZE],
	uint8_t ret_pub[static HL_KEY_SIZE], uint8_t ret_sk[static HL_PK_SIGN_SECRET])
{
	digest("public", hl_view_of(seed, HL_PK_SEED_SIZE), (struct hl_view){0}, ret_pub);
	memcpy(ret_sk, seed, HL_PK_SEED_SIZE);
	memcpy(ret_sk + HL_PK_SEED_SIZE, ret_pub, HL_KEY_SIZE);
	return HL_OK;
}

enum hl_status hl_pk_sign(const uint8_t sk[static HL_PK_SIGN_SECRET], struct hl_view msg,
	uint8_t ret_sig[static HL_SIG_SIZE])
{
	struct hl_view pub = hl_view_of(sk + HL_PK_SEED_SIZE, HL_KEY_SIZE);

	digest("signature", pub, msg, ret_sig);
	memcpy(ret_sig + HL_HASH_SIZE, ret_sig, HL_HASH_SIZE);
	return HL_OK;
}

enum hl_status hl_pk_verify(const uint8_t pub[static HL_KEY_SIZE], struct hl_view msg,
	const uint8_t sig[static HL_SIG_SIZE])
{
	uint8_t want[HL_SIG_SIZE];

	digest("signature", hl_view_of(pub, HL_KEY_SIZE), msg, want);
	memcpy(want + HL_HASH_SIZE, want, HL_HASH_SIZE);
	return memcmp(want, sig, sizeof(want)) == 0 ? HL_OK : HL_BAD_SIGNATURE;
}

bool hl_pk_sign_valid(const uint8_t pub[static HL_KEY_SIZE])
{
	(void)pub;
	return true;
}

enum hl_status hl_pk_dh_base(
	const uint8_t sk[static HL_KEY_SIZE], uint8_t ret_pub[static HL_KEY_SIZE])
{
	digest("agree", hl_view_of(sk, HL_KEY_SIZE), (struct hl_view){0}, ret_pub);
	return HL_OK;
}

enum hl_status hl_pk_dh(const uint8_t sk[static HL_KEY_SIZE],
	const uint8_t pub[static HL_KEY_SIZE], uint8_t ret[static HL_KEY_SIZE])
{
	uint8_t own[HL_KEY_SIZE];
	enum hl_status status = hl_pk_dh_base(sk, own);
	bool first = memcmp(own, pub, sizeof(own)) < 0;

	digest("shared", hl_view_of(first ? own : pub, HL_KEY_SIZE),
		hl_view_of(first ? pub : own, HL_KEY_SIZE), ret);
	return status;
}
