/*
 * MessagePack in one canonical form (spec/encoding.md): positional arrays, unsigned integers of
 * minimal width, bin, str, bool, nil. Reading is a cursor whose first error sticks and which ends
 * with one finish; so is writing. Only pack.c knows msgpack-c.
 *
 *	struct hl_in in HL_CLEAN_IN = { 0 };
 *	hl_in_init(&in, view, HL_CARD_MAX);
 *	hl_in_array(&in, 2, 2);
 *	version = hl_in_uint(&in, 1, UINT32_MAX);
 *	name = hl_in_str(&in, 1, 64, HL_TEXT_LINE);
 *	hl_in_end(&in);
 *	status = hl_in_finish(&in);	// and only now use what was read
 */
#ifndef HL_PACK_H
#define HL_PACK_H

#include "bytes.h"

/* Which control characters a text may hold; all others are refused anywhere. */
enum hl_text {
	HL_TEXT_LINE = 0,  /* none */
	HL_TEXT_BLOCK = 1, /* newline and tab */
};

/* One array that has been entered, or the document itself. */
struct hl_in_level {
	const void *items;
	size_t n, at;
};

/* The reading cursor. All zeros is an empty one; hl_in_clear ends it. Views that it gave stay good
 * as long as the document that it was given. */
struct hl_in {
	enum hl_status status;
	unsigned depth; /* arrays entered */
	struct hl_in_level level[HL_DEPTH + 1];
	_Alignas(8) unsigned char zone[64]; /* msgpack-c's memory */
	bool open;
};

/* The writer. All zeros is a good start, as hl_out_init makes it. */
struct hl_out {
	enum hl_status status;
	unsigned depth;
	uint64_t left[HL_DEPTH]; /* values that each open array still waits for */
	size_t items;
	struct hl_buf buf;
};

#define HL_CLEAN_IN  HL_CLEAN(hl_in_clear)
#define HL_CLEAN_OUT HL_CLEAN(hl_out_clear)

/*
 * The strict pre-scan: one canonical value and nothing after it, at most max bytes, at most
 * HL_DEPTH arrays deep and HL_ITEMS_MAX values, every count and length within the bytes that
 * remain, and str that is valid UTF-8 without control characters other than newline and tab.
 * HL_BAD_SIZE (empty, above max), HL_BAD_ENCODING.
 */
HL_MUST HL_API enum hl_status hl_pack_check(struct hl_view doc, size_t max);

/* True if it is valid UTF-8 (no overlong form, no surrogate, nothing above U+10FFFF) whose only
 * control characters (U+0000 to U+001F, U+007F to U+009F) are those that this kind allows. */
HL_API bool hl_text_ok(struct hl_view text, enum hl_text kind);

/* True if it is a label: 1 to 32 of a-z, 0-9, '-' and '.', the first a letter or a digit. */
HL_API bool hl_label_ok(struct hl_view text);

/* Reading. Once the status is not HL_OK, every verb returns zeros and changes nothing. */

/* Checks the document (hl_pack_check) and places the cursor before its one value. Any earlier use
 * of the cursor must have been cleared. The document must outlive the cursor and its views. */
HL_API void hl_in_init(struct hl_in *in, struct hl_view doc, size_t max);

/* Frees; the cursor is empty. Takes NULL and an empty cursor. */
HL_API void hl_in_clear(struct hl_in *in);

/* Enters an array of min to max values and returns their count; 0 also on an error, so a loop over
 * the count is safe. Otherwise HL_BAD_FIELD sticks, or HL_BAD_ENCODING where min is max. */
HL_API size_t hl_in_array(struct hl_in *in, size_t min, size_t max);

/* Leaves the innermost array; HL_BAD_ENCODING sticks unless all of its values were consumed. */
HL_API void hl_in_end(struct hl_in *in);

/* Consumes one value of that type within these bounds (lengths in bytes). HL_BAD_ENCODING sticks
 * for another type or a character that the text may not hold, HL_BAD_FIELD for what is out of
 * bounds (errors 1.2). */
HL_API uint64_t hl_in_uint(struct hl_in *in, uint64_t min, uint64_t max);
HL_API struct hl_view hl_in_bin(struct hl_in *in, size_t min, size_t max);
HL_API struct hl_view hl_in_str(
	struct hl_in *in, size_t min, size_t max, enum hl_text kind);
HL_API struct hl_view hl_in_label(struct hl_in *in);
HL_API bool hl_in_bool(struct hl_in *in);

/* Consumes a bin of exactly n bytes (an id: 32) into ret, which is zeroed on an error. */
HL_API void hl_in_fixed(struct hl_in *in, uint8_t *ret, size_t n);
HL_API void hl_in_id(struct hl_in *in, struct hl_id *ret);

/* If the next value is nil: consumes it and returns true. Else, or on an error: false. */
HL_API bool hl_in_nil(struct hl_in *in);

/* True while the innermost array (or the document) has a value left and no error stands. */
HL_API bool hl_in_more(const struct hl_in *in);

/* Makes an error stick that the caller found; the first one wins. */
HL_API void hl_in_fail(struct hl_in *in, enum hl_status status);

static inline bool hl_in_ok(const struct hl_in *in)
{
	return in->status == HL_OK;
}

/* The one check at the end: the status that stuck, or HL_BAD_ENCODING if an array is still open or
 * a value unread. Nothing that was read may be used before it is HL_OK. */
HL_MUST HL_API enum hl_status hl_in_finish(struct hl_in *in);

/* Writing, always in the canonical form. The first error sticks. */

HL_API void hl_out_init(struct hl_out *out);
HL_API void hl_out_clear(struct hl_out *out);

/* Opens an array of n values; it closes by itself when they have been written. HL_ERR_USAGE sticks
 * where the document would be deeper or larger than a reader takes in. */
HL_API void hl_out_array(struct hl_out *out, size_t n);
HL_API void hl_out_uint(struct hl_out *out, uint64_t value);
HL_API void hl_out_bin(struct hl_out *out, struct hl_view bytes);
HL_API void hl_out_id(struct hl_out *out, const struct hl_id *id);
HL_API void hl_out_bool(struct hl_out *out, bool value);
HL_API void hl_out_nil(struct hl_out *out);

/* Text; HL_BAD_FIELD sticks where no reader would take it (hl_text_ok, HL_TEXT_BLOCK). */
HL_API void hl_out_str(struct hl_out *out, struct hl_view text);

/* Makes an error stick that the caller found; the first one wins. */
HL_API void hl_out_fail(struct hl_out *out, enum hl_status status);

/* Moves the document into an empty buffer. The status that stuck, or HL_ERR_USAGE if not exactly
 * one whole value was written. The writer is empty afterwards. */
HL_MUST HL_API enum hl_status hl_out_finish(struct hl_out *out, struct hl_buf *ret);

#endif
