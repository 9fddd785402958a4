/*
 * Secrets have their own types: hl_secret for those that live long (guarded, locked memory), and
 * hl_key32 for those that live within a function or a handshake (wiped when they leave scope).
 * Both are compared in constant time and never formatted. And the one source of fresh secrets.
 */
#ifndef HL_SECRET_H
#define HL_SECRET_H

#include "bytes.h"

/* n bytes in memory that is locked, kept out of core dumps and fenced by guard pages. All zeros is
 * "no secret". Costs a few pages: for keys, not for messages. */
struct hl_secret {
	uint8_t *p;
	size_t n;
};

/* A short-lived 32-byte secret, on the stack or in a short-lived object. */
struct hl_key32 {
	uint8_t b[HL_KEY_SIZE];
};

/* The injected source of randomness. The library has no other. */
struct hl_entropy {
	enum hl_status (*fill)(void *ctx, uint8_t *p, size_t n);
	void *ctx;
};

#define HL_CLEAN_SECRET HL_CLEAN(hl_secret_clear)
#define HL_CLEAN_KEY32  HL_CLEAN(hl_key32_clear)

/* Allocates n (at least 1) zero bytes into an empty secret. HL_ERR_NOMEM. */
HL_MUST HL_API enum hl_status hl_secret_new(size_t n, struct hl_secret *ret);

/* A new secret with these bytes; the caller still has to wipe its own. HL_ERR_NOMEM. */
HL_MUST HL_API enum hl_status hl_secret_copy(struct hl_view from, struct hl_secret *ret);

/* A new secret of n bytes from the source. HL_ERR_NOMEM, HL_ERR_ENTROPY. */
HL_MUST HL_API enum hl_status hl_secret_generate(
	const struct hl_entropy *entropy, size_t n, struct hl_secret *ret);

/* Wipes and frees. Takes NULL and an empty secret. */
HL_API void hl_secret_clear(struct hl_secret *secret);

/* Moves the secret out and leaves an empty one behind. */
HL_API struct hl_secret hl_secret_steal(struct hl_secret *secret);

/* Constant time for secrets of one length; lengths are public. */
HL_API bool hl_secret_eq(const struct hl_secret *a, const struct hl_secret *b);

/* Constant-time comparison of n bytes. */
HL_API bool hl_bytes_eq_secret(const uint8_t *a, const uint8_t *b, size_t n);

static inline struct hl_view hl_view_secret(const struct hl_secret *secret)
{
	return (struct hl_view){secret->p, secret->n};
}

HL_API void hl_key32_clear(struct hl_key32 *key);

/* Wipes n bytes for certain (the compiler may not drop it). */
HL_API void hl_wipe(void *p, size_t n);

/* Fills p; whatever the source answers but HL_OK becomes HL_ERR_ENTROPY and wipes p. */
HL_MUST HL_API enum hl_status hl_entropy_fill(
	const struct hl_entropy *entropy, uint8_t *p, size_t n);

#endif
