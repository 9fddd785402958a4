/* The pre-scan: what is not canonical, or too large, never reaches msgpack-c. */
#include "pack.h"

#include "pack_scan.h"

/* SPEC encoding 1.1: Map, float, ext and negative integers MUST be refused. */
enum kind {
	REFUSED = 0,
	NIL,
	BOOL,
	UINT,
	BIN,
	STR,
	ARRAY,
};

/* The bytes c0 to df that begin a value: its kind, how many bytes of number follow, and the least
 * number for which this form is the shortest. */
static const struct form {
	enum kind kind;
	unsigned width;
	uint64_t least;
} forms[32] = {
	[0xc0 - 0xc0] = {NIL, 0, 0},
	[0xc2 - 0xc0] = {BOOL, 0, 0},
	[0xc3 - 0xc0] = {BOOL, 0, 0},
	[0xc4 - 0xc0] = {BIN, 1, 0},
	[0xc5 - 0xc0] = {BIN, 2, 0x100},
	[0xc6 - 0xc0] = {BIN, 4, 0x10000},
	[0xcc - 0xc0] = {UINT, 1, 0x80},
	[0xcd - 0xc0] = {UINT, 2, 0x100},
	[0xce - 0xc0] = {UINT, 4, 0x10000},
	[0xcf - 0xc0] = {UINT, 8, 0x100000000},
	[0xd9 - 0xc0] = {STR, 1, 32},
	[0xda - 0xc0] = {STR, 2, 0x100},
	[0xdb - 0xc0] = {STR, 4, 0x10000},
	[0xdc - 0xc0] = {ARRAY, 2, 16},
	[0xdd - 0xc0] = {ARRAY, 4, 0x10000},
};

struct scan {
	const uint8_t *p;
	size_t n, at;
	size_t owed;  /* values announced and not yet seen */
	size_t items; /* values seen */
	unsigned depth;
	size_t left[HL_DEPTH]; /* of owed, those of each open array */
};

/* The first byte and the number behind it, if any. */
static enum kind scan_head(struct scan *s, uint64_t *ret_number)
{
	uint8_t b = s->p[s->at++];
	const struct form *form;
	uint64_t number = 0;

	if (b < 0x80)
		return UINT;
	if (b < 0x90)
		return REFUSED;
	if (b < 0xa0) {
		*ret_number = b & 0x0f;
		return ARRAY;
	}
	if (b < 0xc0) {
		*ret_number = b & 0x1f;
		return STR;
	}
	if (b >= 0xe0)
		return REFUSED;
	form = &forms[b - 0xc0];
	if (form->width > s->n - s->at)
		return REFUSED;
	for (unsigned i = 0; i < form->width; i++)
		number = number << 8 | s->p[s->at++];
	/* SPEC encoding 1.2: Any longer form MUST be refused. */
	if (number < form->least)
		return REFUSED;
	*ret_number = number;
	return form->kind;
}

static bool scan_bytes(struct scan *s, uint64_t n, bool text)
{
	if (n > s->n - s->at)
		return false;
	if (text && !hl_text_ok(hl_view_of(s->p + s->at, (size_t)n), HL_TEXT_BLOCK))
		return false;
	s->at += (size_t)n;
	return true;
}

static bool scan_array(struct scan *s, uint64_t n)
{
	/* SPEC encoding 1.4: Arrays nest at most 8 deep. */
	if (s->depth == HL_DEPTH)
		return false;
	/* SPEC encoding 1.4: An item takes at least one byte. */
	if (n > s->n - s->at || s->owed > s->n - s->at - n)
		return false;
	s->left[s->depth++] = (size_t)n;
	s->owed += (size_t)n;
	return true;
}

static bool scan_value(struct scan *s)
{
	uint64_t number = 0;

	switch (scan_head(s, &number)) {
	case REFUSED: return false;
	case NIL:
	case BOOL:
	case UINT: return true;
	case BIN: return scan_bytes(s, number, false);
	case STR: return scan_bytes(s, number, true);
	case ARRAY: return scan_array(s, number);
	}
	return false;
}

enum hl_status hl_pack_scan(struct hl_view doc, size_t max, size_t *ret_items)
{
	struct scan s = {.p = doc.p, .n = doc.n, .owed = 1};

	if (doc.n == 0 || doc.n > max)
		return HL_BAD_SIZE;
	while (s.owed > 0) {
		while (s.depth > 0 && s.left[s.depth - 1] == 0)
			s.depth--;
		if (s.depth > 0)
			s.left[s.depth - 1]--;
		s.owed--;
		/* SPEC encoding 1.4: A structure has at most 65,536 values, its arrays counted. */
		if (s.items++ == HL_ITEMS_MAX)
			return HL_BAD_SIZE;
		if (s.at == s.n || !scan_value(&s))
			return HL_BAD_ENCODING;
	}
	/* SPEC encoding 1.3: Bytes after it MUST be refused. */
	if (s.at != s.n)
		return HL_BAD_ENCODING;
	*ret_items = s.items;
	return HL_OK;
}

enum hl_status hl_pack_check(struct hl_view doc, size_t max)
{
	size_t items;

	return hl_pack_scan(doc, max, &items);
}

/* The length of the UTF-8 sequence at p and its code point; 0 if it is none. */
static size_t utf8_next(const uint8_t *p, size_t n, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = p[0] < 0xc0 ? 0
		: p[0] < 0xe0    ? 2
		: p[0] < 0xf0    ? 3
		: p[0] < 0xf8    ? 4
				 : 0;
	uint32_t c;

	if (len == 0 || len > n)
		return 0;
	c = p[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	/* SPEC encoding 1.5: no overlong forms, no surrogates, nothing above U+10FFFF */
	if (c < least[len] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	*ret = c;
	return len;
}

bool hl_text_ok(struct hl_view text, enum hl_text kind)
{
	size_t at = 0;

	while (at < text.n) {
		uint8_t b = text.p[at];
		uint32_t c;
		size_t len;

		if (b < 0x80) {
			bool block = kind == HL_TEXT_BLOCK && (b == '\n' || b == '\t');

			if ((b < 0x20 && !block) || b == 0x7f)
				return false;
			at++;
			continue;
		}
		len = utf8_next(text.p + at, text.n - at, &c);
		if (len == 0 || c < 0xa0)
			return false;
		at += len;
	}
	return true;
}

bool hl_label_ok(struct hl_view text)
{
	/* SPEC encoding 1.6: A *label* is a line of 1 to 32 bytes of `a` to `z`, `0` to `9`, `-`
	 * and `.`, that begins with a letter or a digit. */
	if (text.n < 1 || text.n > HL_LABEL_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!plain && (i == 0 || (c != '-' && c != '.')))
			return false;
	}
	return true;
}
