/* Files carried by hand: items in armour (file 1). */
#include "file.h"

#include <string.h>

#include "frame_part.h"

#define BEGIN_LINE "-----BEGIN HOTLINE FILE-----"
#define END_LINE   "-----END HOTLINE FILE-----"
#define LINE_CHARS 64
#define LINE_BYTES (LINE_CHARS / 4 * 3)

/* SPEC file 1.1: A hotline file is `[1, network name, items]`, at most 8,388,608 bytes; items is a
 * list of 1 to 1,024 `[sort u, bin]`. */
static const struct hl_field file_fields[] = {
	HL_F_FORMAT,
	HL_F_LINE(struct hl_file, network, 1, HL_NETWORK_MAX),
	HL_F_LIST(struct hl_file, items, n_items, 1, HL_FILE_ITEMS_MAX, 0,
		hl_shape_doc_item),
};
static const struct hl_shape file_shape = HL_SHAPE_OF(struct hl_file, file_fields);

static enum hl_status append_text(struct hl_buf *text, const char *s)
{
	return hl_buf_append(text, hl_view_str(s));
}

static enum hl_status armour(struct hl_view bytes, struct hl_buf *text)
{
	char line[HL_BASE64_SIZE(LINE_BYTES) + 1];

	/* SPEC file 1.2: the standard base64 (with padding) of the bytes in lines of 64
	 * characters */
	enum hl_status status = append_text(text, BEGIN_LINE "\n");
	for (size_t at = 0; at < bytes.n && status == HL_OK; at += LINE_BYTES) {
		size_t n = bytes.n - at < LINE_BYTES ? bytes.n - at : LINE_BYTES;
		hl_base64_encode(hl_view_of(bytes.p + at, n), line);
		status = append_text(text, line);
		if (status == HL_OK)
			status = append_text(text, "\n");
	}
	return status == HL_OK ? append_text(text, END_LINE "\n") : status;
}

enum hl_status hl_file_write(const struct hl_file *file, struct hl_buf *ret_text)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf bytes HL_CLEAN_BUF = {0}, text HL_CLEAN_BUF = {0};

	hl_out_init(&out);
	hl_shape_write(&out, &file_shape, file);
	enum hl_status status = hl_out_finish(&out, &bytes);
	if (status != HL_OK)
		return status;
	if (bytes.n > HL_FILE_MAX)
		return HL_BAD_SIZE;
	status = armour(hl_view_buf(&bytes), &text);
	if (status != HL_OK)
		return status;
	*ret_text = hl_buf_steal(&text);
	return HL_OK;
}

/* Takes the next line from the text, without its end and the blanks around it. */
static bool next_line(struct hl_view *text, struct hl_view *ret_line)
{
	struct hl_view line = *text;

	if (text->n == 0)
		return false;
	const uint8_t *end = memchr(text->p, '\n', text->n);
	if (end != NULL)
		line.n = (size_t)(end - text->p);
	text->p += line.n + (end != NULL);
	text->n -= line.n + (end != NULL);
	/* SPEC file 1.2: a reader takes CR LF for LF, and passes over blanks at both ends of a
	 * line. */
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	while (line.n > 0 && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t')) {
		line.p++;
		line.n--;
	}
	*ret_line = line;
	return true;
}

/* The base64 between the two lines, as one piece of the text. */
static enum hl_status find_armour(struct hl_view text, struct hl_view *ret)
{
	struct hl_view line, inside;

	/* SPEC file 1.2: Lines before the first and after the last are passed over */
	do {
		if (!next_line(&text, &line))
			return HL_BAD_ENCODING;
	} while (!hl_view_eq(line, hl_view_str(BEGIN_LINE)));
	inside = hl_view_of(text.p, 0);
	for (;;) {
		size_t so_far = (size_t)(text.p - inside.p);
		if (!next_line(&text, &line))
			return HL_BAD_ENCODING;
		if (hl_view_eq(line, hl_view_str(END_LINE))) {
			inside.n = so_far;
			*ret = inside;
			return HL_OK;
		}
	}
}

static enum hl_status file_read(struct hl_view text, struct hl_file *file)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_view inside;

	/* Room for line ends and blanks, and no more. */
	if (text.n > 4 * (size_t)HL_FILE_MAX)
		return HL_BAD_SIZE;
	enum hl_status status = find_armour(text, &inside);
	if (status == HL_OK)
		status = hl_base64_decode(inside, &file->bytes);
	if (status != HL_OK)
		return status;
	hl_in_init(&in, hl_view_buf(&file->bytes), HL_FILE_MAX);
	hl_shape_read(&in, &file_shape, file, &file->arena);
	return hl_in_finish(&in);
}

enum hl_status hl_file_read(struct hl_view text, struct hl_file *ret)
{
	struct hl_file file HL_CLEAN_FILE = {0};

	enum hl_status status = file_read(text, &file);
	if (status != HL_OK)
		return status;
	*ret = file;
	memset(&file, 0, sizeof(file));
	return HL_OK;
}

void hl_file_clear(struct hl_file *file)
{
	if (file == NULL)
		return;
	hl_buf_clear(&file->bytes);
	hl_arena_clear(&file->arena);
	memset(file, 0, sizeof(*file));
}
