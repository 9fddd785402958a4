#include "secret.h"

#include <string.h>

#include <sodium.h>

enum hl_status hl_secret_new(size_t n, struct hl_secret *ret)
{
	uint8_t *p;

	if (n == 0)
		return HL_ERR_USAGE;
	/* Returns at once after the first time; guarded memory wants its canary set up. */
	if (sodium_init() < 0)
		return HL_ERR_INTERNAL;
	p = sodium_malloc(n);
	if (!p)
		return HL_ERR_NOMEM;
	memset(p, 0, n);
	*ret = (struct hl_secret){p, n};
	return HL_OK;
}

enum hl_status hl_secret_copy(struct hl_view from, struct hl_secret *ret)
{
	struct hl_secret secret;
	enum hl_status status = hl_secret_new(from.n, &secret);

	if (status != HL_OK)
		return status;
	memcpy(secret.p, from.p, from.n);
	*ret = secret;
	return HL_OK;
}

enum hl_status hl_secret_generate(
	const struct hl_entropy *entropy, size_t n, struct hl_secret *ret)
{
	struct hl_secret secret HL_CLEAN_SECRET = {0};
	enum hl_status status = hl_secret_new(n, &secret);

	if (status == HL_OK)
		status = hl_entropy_fill(entropy, secret.p, n);
	if (status != HL_OK)
		return status;
	*ret = hl_secret_steal(&secret);
	return HL_OK;
}

void hl_secret_clear(struct hl_secret *secret)
{
	if (!secret)
		return;
	sodium_free(secret->p); /* wipes; takes NULL */
	*secret = (struct hl_secret){0};
}

struct hl_secret hl_secret_steal(struct hl_secret *secret)
{
	struct hl_secret taken = *secret;

	*secret = (struct hl_secret){0};
	return taken;
}

bool hl_bytes_eq_secret(const uint8_t *a, const uint8_t *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

bool hl_secret_eq(const struct hl_secret *a, const struct hl_secret *b)
{
	return a->n == b->n && hl_bytes_eq_secret(a->p, b->p, a->n);
}

void hl_wipe(void *p, size_t n)
{
	if (n > 0)
		sodium_memzero(p, n);
}

void hl_key32_clear(struct hl_key32 *key)
{
	if (key)
		hl_wipe(key->b, sizeof(key->b));
}

enum hl_status hl_entropy_fill(const struct hl_entropy *entropy, uint8_t *p, size_t n)
{
	if (entropy->fill(entropy->ctx, p, n) == HL_OK)
		return HL_OK;
	hl_wipe(p, n);
	return HL_ERR_ENTROPY;
}
