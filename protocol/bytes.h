/*
 * Bytes: views that borrow, ids that are compared and copied, buffers that own; big-endian integers
 * and hexadecimal.
 */
#ifndef HL_BYTES_H
#define HL_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "status.h"

/* Borrowed bytes: n bytes at p; p may be NULL only if n is 0. */
struct hl_view {
	const uint8_t *p;
	size_t n;
};

/* A full SHA-256 name of something: lab, card, key, envelope, link. */
struct hl_id {
	uint8_t b[HL_ID_SIZE];
};

/* Heap bytes that grow. All zeros is an empty buffer; hl_buf_clear ends it. */
struct hl_buf {
	uint8_t *p;
	size_t n, cap;
};

#define HL_CLEAN_BUF HL_CLEAN(hl_buf_clear)

/* A view of a whole array (not of a pointer). */
#define HL_VIEW(array) ((struct hl_view){(const uint8_t *)(array), sizeof(array)})

/* Views. */

static inline struct hl_view hl_view_of(const void *p, size_t n)
{
	return (struct hl_view){p, n};
}

static inline struct hl_view hl_view_id(const struct hl_id *id)
{
	return (struct hl_view){id->b, sizeof(id->b)};
}

static inline struct hl_view hl_view_buf(const struct hl_buf *buf)
{
	return (struct hl_view){buf->p, buf->n};
}

/* The characters of a C string without its NUL; NULL gives an empty view. */
HL_API struct hl_view hl_view_str(const char *s);

/* Not constant time: for public bytes only (secrets: hl_secret_eq). */
HL_API bool hl_view_eq(struct hl_view a, struct hl_view b);

/* Below, at or above zero as a sorts before, with or after b: bytewise, and where one is the
 * beginning of the other the shorter one first. */
HL_API int hl_view_cmp(struct hl_view a, struct hl_view b);

/* Ids. */

HL_API bool hl_id_eq(const struct hl_id *a, const struct hl_id *b);
HL_API int hl_id_cmp(const struct hl_id *a, const struct hl_id *b);

/* True if all bytes are zero ("no id"). */
HL_API bool hl_id_zero(const struct hl_id *id);

/* The id in the 32 bytes at p. */
HL_API struct hl_id hl_id_of(const uint8_t *p);

/* Buffers. */

/* Makes room for n bytes more. On HL_ERR_NOMEM the buffer is as it was. Old memory is wiped. */
HL_MUST HL_API enum hl_status hl_buf_reserve(struct hl_buf *buf, size_t n);

/* Appends the bytes of a view, which must not lie in the buffer itself. HL_ERR_NOMEM: as it was. */
HL_MUST HL_API enum hl_status hl_buf_append(struct hl_buf *buf, struct hl_view view);

/* Wipes and frees; the buffer is empty and can be used again. Takes NULL. */
HL_API void hl_buf_clear(struct hl_buf *buf);

/* Moves the bytes out: returns the buffer and leaves an empty one behind. */
HL_API struct hl_buf hl_buf_steal(struct hl_buf *buf);

/* Big-endian integers. */

static inline void hl_put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void hl_put_be32(uint8_t *p, uint32_t v)
{
	hl_put_be16(p, (uint16_t)(v >> 16));
	hl_put_be16(p + 2, (uint16_t)v);
}

static inline void hl_put_be64(uint8_t *p, uint64_t v)
{
	hl_put_be32(p, (uint32_t)(v >> 32));
	hl_put_be32(p + 4, (uint32_t)v);
}

static inline uint16_t hl_get_be16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t hl_get_be32(const uint8_t *p)
{
	return (uint32_t)hl_get_be16(p) << 16 | hl_get_be16(p + 2);
}

/* Text forms. */

/* Lower-case hexadecimal with a NUL: ret needs 2 * view.n + 1 characters. Public bytes only. */
HL_API void hl_hex_encode(struct hl_view view, char *ret);

/* Reads exactly 2 * n hexadecimal digits (either case, then a NUL) into n bytes.
 * HL_BAD_ENCODING on anything else; ret is then untouched. */
HL_MUST HL_API enum hl_status hl_hex_decode(const char *hex, size_t n, uint8_t *ret);

/* Length of the base64 of n bytes with its NUL (RFC 4648 section 4, padded). */
#define HL_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* Standard base64, padded, one line, with a NUL: ret needs HL_BASE64_SIZE(view.n) characters. */
HL_API void hl_base64_encode(struct hl_view view, char *ret);

/* Appends what the text stands for; space, tab and line ends are skipped. HL_BAD_ENCODING on any
 * other form, padding included; the buffer is then as it was. */
HL_MUST HL_API enum hl_status hl_base64_decode(struct hl_view text, struct hl_buf *ret);

#endif
