/* Text of others, made safe to show: the one place for it. */
#include <string.h>
#include <wchar.h>

#include "client/output.h"

struct span {
	uint32_t first, last;
};

/* What a terminal would obey or not show: format and fill characters, bidi controls, variation
 * selectors, tags, private use. Ascending. */
static const struct span hidden[] = {
	{0x0000, 0x001f},
	{0x007f, 0x009f},
	{0x00ad, 0x00ad},
	{0x034f, 0x034f},
	{0x0600, 0x0605},
	{0x061c, 0x061c},
	{0x06dd, 0x06dd},
	{0x070f, 0x070f},
	{0x115f, 0x1160},
	{0x17b4, 0x17b5},
	{0x180b, 0x180f},
	{0x2000, 0x200f},
	{0x2028, 0x202f},
	{0x205f, 0x206f},
	{0x2800, 0x2800},
	{0x3000, 0x3000},
	{0x3164, 0x3164},
	{0xe000, 0xf8ff},
	{0xfdd0, 0xfdef},
	{0xfe00, 0xfe0f},
	{0xfeff, 0xfeff},
	{0xffa0, 0xffa0},
	{0xfff0, 0xfffb},
	{0xfffe, 0xffff},
	{0x110bd, 0x110bd},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0xe0000, 0x10ffff},
};

static bool is_hidden(uint32_t c)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return true;
	return false;
}

/* One character: its length, 0 where the bytes are no UTF-8. */
static size_t decode(struct hl_view text, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = text.p[0];
	size_t n = first < 0x80 ? 1
		: first < 0xc2  ? 0
		: first < 0xe0  ? 2
		: first < 0xf0  ? 3
		: first < 0xf5  ? 4
				: 0;
	uint32_t c = n < 2 ? first : first & (0x7fu >> n);

	if (n == 0 || n > text.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((text.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text.p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

static enum hl_status put(struct hl_buf *buf, const char *text)
{
	return hl_buf_append(buf, hl_view_str(text));
}

static enum hl_status put_newline(struct hl_buf *buf, unsigned indent)
{
	enum hl_status status = put(buf, "\n");

	while (status == HL_OK && indent-- > 0)
		status = put(buf, " ");
	return status;
}

enum hl_status hl_safe_buf(
	struct hl_view text, bool block, unsigned indent, struct hl_buf *ret)
{
	struct hl_buf buf HL_CLEAN_BUF = {0};
	enum hl_status status = HL_OK;
	char shown[24];

	while (text.n > 0 && status == HL_OK) {
		uint32_t c = 0;
		size_t n = decode(text, &c);

		if (n == 0) {
			snprintf(shown, sizeof(shown), "‹%02X›", text.p[0]);
			status = put(&buf, shown);
			n = 1;
		} else if (block && c == '\n') {
			status = put_newline(&buf, indent);
		} else if (block && c == '\t') {
			status = put(&buf, "    ");
		} else if (is_hidden(c)) {
			snprintf(shown, sizeof(shown), "‹U+%04X›", (unsigned)c);
			status = put(&buf, shown);
		} else {
			status = hl_buf_append(&buf, hl_view_of(text.p, n));
		}
		text.p += n;
		text.n -= n;
	}
	if (status == HL_OK)
		*ret = hl_buf_steal(&buf);
	return status;
}

static const char *safe(
	struct hl_app *app, struct hl_view text, bool block, unsigned indent)
{
	struct hl_buf buf HL_CLEAN_BUF = {0};

	if (hl_safe_buf(text, block, indent, &buf))
		return "?";
	return hl_scrap(app, "%.*s", (int)buf.n, buf.n ? (const char *)buf.p : "");
}

const char *hl_safe(struct hl_app *app, struct hl_view text)
{
	return safe(app, text, false, 0);
}

const char *hl_safe_block(struct hl_app *app, struct hl_view text, unsigned indent)
{
	return safe(app, text, true, indent);
}

size_t hl_columns(const char *text)
{
	struct hl_view view = hl_view_str(text);
	size_t columns = 0;

	while (view.n > 0) {
		uint32_t c = 0;
		size_t n = decode(view, &c);
		int width = n ? wcwidth((wchar_t)c) : 1;

		columns += width < 0 ? 1 : (size_t)width;
		view.p += n ? n : 1;
		view.n -= n ? n : 1;
	}
	return columns;
}
