#include "hash.h"

#include <string.h>

#include <sodium.h>

/* Digits of one group of a fingerprint, and the bytes that they are taken from. */
#define GROUPS       12
#define GROUP_BYTES  5
#define GROUP_DIGITS 5

static void update_all(
	crypto_hash_sha256_state *state, const struct hl_view *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		crypto_hash_sha256_update(state, parts[i].p, parts[i].n);
}

void hl_hash(const char *tag, const struct hl_id *net, const struct hl_view *parts,
	size_t n, struct hl_id *ret)
{
	crypto_hash_sha256_state state;

	/* SPEC hashes 1.2: `H(tag, m) = SHA-256("HL1/" ‖ tag ‖ 00 ‖ net_id ‖ m)` */
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)"HL1/", 4);
	crypto_hash_sha256_update(&state, (const uint8_t *)tag, strlen(tag) + 1);
	crypto_hash_sha256_update(&state, net->b, sizeof(net->b));
	update_all(&state, parts, n);
	crypto_hash_sha256_final(&state, ret->b);
}

void hl_hash1(
	const char *tag, const struct hl_id *net, struct hl_view part, struct hl_id *ret)
{
	hl_hash(tag, net, &part, 1, ret);
}

void hl_sha256(const struct hl_view *parts, size_t n, struct hl_id *ret)
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	update_all(&state, parts, n);
	crypto_hash_sha256_final(&state, ret->b);
}

void hl_net_id(struct hl_view name, struct hl_id *ret)
{
	static const struct hl_id no_net;

	/* SPEC hashes 1.3: `net_id = SHA-256("HL1/net" ‖ 00 ‖ 32 zero bytes ‖ name)` */
	hl_hash1("net", &no_net, name, ret);
}

void hl_hmac(struct hl_view key, const struct hl_view *parts, size_t n,
	uint8_t ret[static HL_HASH_SIZE])
{
	crypto_auth_hmacsha256_state state;

	/* libsodium takes no NULL, not even for an empty key. */
	crypto_auth_hmacsha256_init(
		&state, key.n > 0 ? key.p : (const uint8_t *)"", key.n);
	for (size_t i = 0; i < n; i++)
		crypto_auth_hmacsha256_update(&state, parts[i].p, parts[i].n);
	crypto_auth_hmacsha256_final(&state, ret);
	hl_wipe(&state, sizeof(state));
}

void hl_hkdf_extract(
	struct hl_view salt, const struct hl_view *ikm, size_t n, struct hl_key32 *ret)
{
	hl_hmac(salt, ikm, n, ret->b);
}

enum hl_status hl_hkdf_expand(const struct hl_key32 *prk, const struct hl_view *info,
	size_t n, size_t size, uint8_t *ret)
{
	/* HMAC's keyed start is the same for every block. */
	crypto_auth_hmacsha256_state keyed, state;
	struct hl_key32 block HL_CLEAN_KEY32;
	uint8_t counter = 0;

	if (size > HL_HKDF_MAX)
		return HL_BAD_SIZE;
	crypto_auth_hmacsha256_init(&keyed, prk->b, sizeof(prk->b));
	for (size_t at = 0; at < size; at += HL_HASH_SIZE) {
		size_t take = size - at < HL_HASH_SIZE ? size - at : HL_HASH_SIZE;

		state = keyed;
		if (counter++ > 0)
			crypto_auth_hmacsha256_update(&state, block.b, sizeof(block.b));
		for (size_t i = 0; i < n; i++)
			crypto_auth_hmacsha256_update(&state, info[i].p, info[i].n);
		crypto_auth_hmacsha256_update(&state, &counter, 1);
		crypto_auth_hmacsha256_final(&state, block.b);
		memcpy(ret + at, block.b, take);
	}
	hl_wipe(&keyed, sizeof(keyed));
	hl_wipe(&state, sizeof(state));
	return HL_OK;
}

/* SPEC hashes 1.8: group i (0 to 11) is the big-endian integer of the five bytes f[5i] to f[5i+4],
 * modulo 100000, written with five digits. */
static void put_group(const uint8_t *f, char *ret)
{
	uint64_t v = (uint64_t)f[0] << 32 | hl_get_be32(f + 1);

	v %= 100000;
	for (int i = GROUP_DIGITS - 1; i >= 0; i--) {
		ret[i] = (char)('0' + v % 10);
		v /= 10;
	}
}

void hl_fingerprint(const struct hl_id *net, const struct hl_id *lab,
	char ret[static HL_FINGERPRINT_SIZE])
{
	struct hl_id f[2];

	/* SPEC hashes 1.8: let `f = H("fpr", x ‖ 00) ‖ H("fpr", x ‖ 01)` */
	for (uint8_t i = 0; i < 2; i++) {
		struct hl_view parts[] = {hl_view_id(lab), {&i, 1}};

		hl_hash("fpr", net, parts, 2, &f[i]);
	}
	for (size_t i = 0; i < GROUPS; i++) {
		char *group = ret + i * (GROUP_DIGITS + 1);

		put_group(&f[0].b[0] + i * GROUP_BYTES, group);
		group[GROUP_DIGITS] = i + 1 < GROUPS ? ' ' : '\0';
	}
}
