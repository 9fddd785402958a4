#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

/* The least that an appended buffer allocates, so that small writes do not each grow it. */
#define BUF_LEAST 64

struct hl_view hl_view_str(const char *s)
{
	return hl_view_of(s, s ? strlen(s) : 0);
}

bool hl_view_eq(struct hl_view a, struct hl_view b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int hl_view_cmp(struct hl_view a, struct hl_view b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

bool hl_id_eq(const struct hl_id *a, const struct hl_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

int hl_id_cmp(const struct hl_id *a, const struct hl_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool hl_id_zero(const struct hl_id *id)
{
	static const struct hl_id zero;

	return hl_id_eq(id, &zero);
}

struct hl_id hl_id_of(const uint8_t *p)
{
	struct hl_id id;

	memcpy(id.b, p, sizeof(id.b));
	return id;
}

/* Moves the bytes to memory of that capacity. Not realloc, which would leave a copy behind. */
static enum hl_status buf_resize(struct hl_buf *buf, size_t cap)
{
	uint8_t *p = malloc(cap);

	if (!p)
		return HL_ERR_NOMEM;
	if (buf->n > 0)
		memcpy(p, buf->p, buf->n);
	if (buf->p)
		sodium_memzero(buf->p, buf->n);
	free(buf->p);
	buf->p = p;
	buf->cap = cap;
	return HL_OK;
}

enum hl_status hl_buf_reserve(struct hl_buf *buf, size_t n)
{
	if (n <= buf->cap - buf->n)
		return HL_OK;
	if (n > SIZE_MAX - buf->n)
		return HL_ERR_NOMEM;
	return buf_resize(buf, buf->n + n);
}

enum hl_status hl_buf_append(struct hl_buf *buf, struct hl_view view)
{
	enum hl_status status;
	size_t cap;

	if (view.n == 0)
		return HL_OK;
	if (view.n > buf->cap - buf->n) {
		if (view.n > SIZE_MAX / 2 || buf->n > SIZE_MAX / 2 - view.n)
			return HL_ERR_NOMEM;
		cap = buf->n + view.n;
		if (cap < 2 * buf->n)
			cap = 2 * buf->n;
		status = buf_resize(buf, cap < BUF_LEAST ? BUF_LEAST : cap);
		if (status != HL_OK)
			return status;
	}
	memcpy(buf->p + buf->n, view.p, view.n);
	buf->n += view.n;
	return HL_OK;
}

void hl_buf_clear(struct hl_buf *buf)
{
	if (!buf)
		return;
	if (buf->p)
		sodium_memzero(buf->p, buf->n);
	free(buf->p);
	*buf = (struct hl_buf){0};
}

struct hl_buf hl_buf_steal(struct hl_buf *buf)
{
	struct hl_buf taken = *buf;

	*buf = (struct hl_buf){0};
	return taken;
}

void hl_hex_encode(struct hl_view view, char *ret)
{
	sodium_bin2hex(ret, 2 * view.n + 1, view.p, view.n);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum hl_status hl_hex_decode(const char *hex, size_t n, uint8_t *ret)
{
	for (size_t i = 0; i < 2 * n; i++)
		if (hex_digit(hex[i]) < 0)
			return HL_BAD_ENCODING;
	if (hex[2 * n] != '\0')
		return HL_BAD_ENCODING;
	for (size_t i = 0; i < n; i++)
		ret[i] =
			(uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	return HL_OK;
}

void hl_base64_encode(struct hl_view view, char *ret)
{
	sodium_bin2base64(ret, HL_BASE64_SIZE(view.n), view.p, view.n,
		sodium_base64_VARIANT_ORIGINAL);
}

enum hl_status hl_base64_decode(struct hl_view text, struct hl_buf *ret)
{
	enum hl_status status;
	size_t n;

	if (text.n == 0)
		return HL_OK;
	status = hl_buf_reserve(ret, text.n / 4 * 3 + 3);
	if (status != HL_OK)
		return status;
	if (sodium_base642bin(ret->p + ret->n, ret->cap - ret->n, (const char *)text.p,
		    text.n, " \t\r\n", &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return HL_BAD_ENCODING;
	ret->n += n;
	return HL_OK;
}
