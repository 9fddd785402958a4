#include "client/output.h"

#include <libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* A list of strings, newest first. */
struct hl_scraps {
	struct hl_scraps *next;
	_Alignas(max_align_t) char text[];
};

void *hl_room(struct hl_app *app, size_t n)
{
	struct hl_scraps *scrap = calloc(1, sizeof(*scrap) + n + 1);

	if (!scrap)
		return NULL;
	scrap->next = app->scraps;
	app->scraps = scrap;
	return scrap->text;
}

const char *hl_scrap(struct hl_app *app, const char *format, ...)
{
	struct hl_scraps *scrap;
	va_list list, again;
	int n;

	va_start(list, format);
	va_copy(again, list);
	n = vsnprintf(NULL, 0, format, list);
	va_end(list);
	scrap = n < 0 ? NULL : malloc(sizeof(*scrap) + (size_t)n + 1);
	if (scrap) {
		vsnprintf(scrap->text, (size_t)n + 1, format, again);
		scrap->next = app->scraps;
		app->scraps = scrap;
	}
	va_end(again);
	return scrap ? scrap->text : "?";
}

void hl_scraps_free(struct hl_scraps *scraps)
{
	while (scraps) {
		struct hl_scraps *next = scraps->next;

		free(scraps);
		scraps = next;
	}
}

void hl_scraps_drop(struct hl_app *app)
{
	hl_scraps_free(app->scraps);
	app->scraps = NULL;
}

const char *hl_style(const struct hl_app *app, enum hl_style style)
{
	if (!app->colour)
		return "";
	switch (style) {
	case HL_STYLE_END: return "\033[0m";
	case HL_STYLE_BOLD: return "\033[1m";
	case HL_STYLE_ALARM: return "\033[1;31m";
	case HL_STYLE_WARN: return "\033[33m";
	case HL_STYLE_GOOD: return "\033[32m";
	case HL_STYLE_FAINT: return "\033[2m";
	}
	return "";
}

/* Times. */

static bool split(uint64_t ms, struct tm *utc, struct tm *local)
{
	time_t seconds = (time_t)(ms / 1000);

	/* Up to the year 9999: beyond it a claimed time says nothing. */
	return ms <= 253402300799999ull && gmtime_r(&seconds, utc) &&
		localtime_r(&seconds, local);
}

const char *hl_time(struct hl_app *app, uint64_t ms)
{
	struct tm utc, local;
	char text[64], here[32];

	if (ms == 0)
		return "never";
	if (!split(ms, &utc, &local))
		return "an impossible time";
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &utc);
	if (local.tm_gmtoff == 0)
		return hl_scrap(app, "%s", text);
	strftime(here, sizeof(here), "%H:%M", &local);
	return hl_scrap(app, "%s (%s local)", text, here);
}

const char *hl_time_hour(struct hl_app *app, uint64_t ms)
{
	struct tm utc, local;
	char text[32];

	if (ms == 0 || !split(ms, &utc, &local))
		return "-";
	strftime(text, sizeof(text), "%H:%M:%S", &utc);
	return hl_scrap(app, "%s", text);
}

#define TIME_JSON_SIZE 48

static void time_json(uint64_t ms, char ret[static TIME_JSON_SIZE])
{
	struct tm utc, local;
	char text[32];

	if (!split(ms, &utc, &local)) {
		snprintf(ret, TIME_JSON_SIZE, "9999-12-31T23:59:59.999Z");
		return;
	}
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(ret, TIME_JSON_SIZE, "%s.%03uZ", text, (unsigned)(ms % 1000));
}

const char *hl_time_json(struct hl_app *app, uint64_t ms)
{
	char text[TIME_JSON_SIZE];

	time_json(ms, text);
	return hl_scrap(app, "%s", text);
}

const char *hl_span(struct hl_app *app, uint64_t ms)
{
	uint64_t s = ms / 1000, min = s / 60, h = min / 60, d = h / 24;

	if (s < 60)
		return hl_scrap(app, "%u s", (unsigned)s);
	if (min < 60)
		return hl_scrap(app, "%u min", (unsigned)min);
	if (h < 24 && min % 60)
		return hl_scrap(app, "%u h %u min", (unsigned)h, (unsigned)(min % 60));
	if (h < 48)
		return hl_scrap(app, "%u h", (unsigned)h);
	return hl_scrap(app, "%llu d", (unsigned long long)d);
}

/* Ids and fingerprints. */

const char *hl_hex(struct hl_app *app, const struct hl_id *id)
{
	char hex[2 * HL_ID_SIZE + 1];

	hl_hex_encode(hl_view_id(id), hex);
	return hl_scrap(app, "%s", hex);
}

const char *hl_short(struct hl_app *app, const struct hl_id *id, unsigned digits)
{
	char hex[2 * HL_ID_SIZE + 1];

	hl_hex_encode(hl_view_id(id), hex);
	return hl_scrap(app, "%.*s", (int)(digits < 4 ? 4 : digits), hex);
}

static unsigned shared(const struct hl_id *a, const struct hl_id *b)
{
	for (unsigned i = 0; i < HL_ID_SIZE; i++)
		if (a->b[i] != b->b[i])
			return 2 * i + ((a->b[i] ^ b->b[i]) < 16);
	return 2 * HL_ID_SIZE;
}

static int compare_ids(const void *a, const void *b)
{
	return hl_id_cmp(a, b);
}

unsigned hl_short_len(const struct hl_id *ids, size_t n)
{
	struct hl_id *sorted = n ? malloc(n * sizeof(*sorted)) : NULL;
	unsigned digits = 4;

	if (!sorted)
		return n ? 2 * HL_ID_SIZE : digits;
	memcpy(sorted, ids, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_ids);
	for (size_t i = 1; i < n; i++) {
		unsigned same = shared(&sorted[i - 1], &sorted[i]);

		/* One id twice needs no more digits. */
		if (same < 2 * HL_ID_SIZE && same + 1 > digits)
			digits = same + 1;
	}
	free(sorted);
	return digits;
}

bool hl_id_begins(const struct hl_id *id, const char *digits)
{
	char hex[2 * HL_ID_SIZE + 1];
	size_t n = strlen(digits);

	hl_hex_encode(hl_view_id(id), hex);
	return n >= 4 && n <= 2 * HL_ID_SIZE && strncasecmp(hex, digits, n) == 0;
}

#define HALF 36 /* six groups of five and their blanks */

void hl_print_fingerprint(FILE *stream, const char *fingerprint, unsigned indent)
{
	fprintf(stream, "%*s%.*s\n", (int)indent, "", HALF - 1, fingerprint);
	fprintf(stream, "%*s%s\n", (int)indent, "", fingerprint + HALF);
}

static size_t digits_of(const char *text, char *ret, size_t max)
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text >= '0' && *text <= '9') {
			if (n < max)
				ret[n] = *text;
			n++;
		} else if (!strchr(" \t\r\n.-", *text)) {
			return 0;
		}
	}
	return n;
}

bool hl_fingerprint_same(const char *fingerprint, const char *typed)
{
	char a[60], b[60];

	return digits_of(fingerprint, a, 60) == 60 && digits_of(typed, b, 60) == 60 &&
		memcmp(a, b, 60) == 0;
}

/* JSON. */

json_t *hl_json_doc(const char *thing)
{
	char schema[64];

	snprintf(schema, sizeof(schema), "hotline.%s.1", thing);
	return json_pack("{s:s}", "schema", schema);
}

json_t *hl_json_view(struct hl_view text)
{
	json_t *value = json_stringn(text.n ? (const char *)text.p : "", text.n);

	return value ? value : json_null();
}

json_t *hl_json_id(struct hl_app *app, const struct hl_id *id)
{
	char hex[2 * HL_ID_SIZE + 1];

	/* Not by a scrap: where there is no room for one, it is a mark and no id. */
	(void)app;
	hl_hex_encode(hl_view_id(id), hex);
	return json_string(hex);
}

json_t *hl_json_time(struct hl_app *app, uint64_t ms)
{
	char text[TIME_JSON_SIZE];

	(void)app;
	time_json(ms, text);
	return ms ? json_string(text) : json_null();
}

/* jansson leaves out what it has no room for, and a document with a member missing looks whole. */
static void *json_room(size_t n)
{
	void *room = malloc(n);

	if (!room && n)
		_exit((int)hl_fail(HL_EXIT_NO,
			"out of memory, so nothing is shown; what was raised or said is "
			"kept: hotline list, hotline send"));
	return room;
}

void hl_json_init(void)
{
	json_set_alloc_funcs(json_room, free);
}

enum hl_exit hl_json_print(json_t *doc)
{
	int bad;

	if (!doc)
		return hl_fail_status(HL_ERR_NOMEM, "print");
	/* ASCII alone: what others wrote cannot reach the terminal that shows this. */
	bad = json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(doc);
	if (bad || putchar('\n') == EOF)
		return hl_fail(HL_EXIT_NO, "cannot write to standard output");
	return HL_EXIT_OK;
}

/* Tables. */

struct hl_table {
	struct libscols_table *t;
	size_t n;
	bool failed;
};

struct hl_table *hl_table_new(struct hl_app *app, const char *const *headings, size_t n)
{
	struct hl_table *table = calloc(1, sizeof(*table));

	(void)app;
	if (!table)
		return NULL;
	scols_init_debug(0);
	table->n = n;
	table->t = scols_new_table();
	table->failed = !table->t || scols_table_set_column_separator(table->t, "  ");
	if (!table->failed)
		scols_table_enable_minout(table->t, 1);
	for (size_t i = 0; i < n && !table->failed; i++)
		table->failed = !scols_table_new_column(
			table->t, headings[i], 0, i + 1 == n ? SCOLS_FL_WRAP : 0);
	return table;
}

void hl_table_row(struct hl_table *table, ...)
{
	struct libscols_line *line;
	va_list list;

	if (!table || table->failed)
		return;
	line = scols_table_new_line(table->t, NULL);
	table->failed = !line;
	va_start(list, table);
	for (size_t i = 0; i < table->n && !table->failed; i++)
		table->failed =
			scols_line_set_data(line, i, va_arg(list, const char *)) != 0;
	va_end(list);
}

/* text with its blanks made newlines where a line would be longer than room columns. */
static void fold(char *text, size_t room)
{
	size_t column = 0;
	char *blank = NULL;

	for (char *p = text; *p; p++) {
		if (((unsigned char)*p & 0xc0) != 0x80)
			column++;
		if (*p == ' ')
			blank = p;
		if (column > room && blank) {
			char held = *(p + 1);

			*blank = '\n';
			*(p + 1) = 0;
			column = hl_columns(blank + 1);
			*(p + 1) = held;
			blank = NULL;
		}
	}
}

static size_t screen_width(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
		size.ws_col > 0)
		return size.ws_col;
	return 80;
}

/* The last column is broken between words; the library would cut them in two. */
static void fold_last(struct hl_table *table)
{
	size_t lines = scols_table_get_nlines(table->t), others = 0, all = screen_width();
	struct libscols_column *last = scols_table_get_column(table->t, table->n - 1);

	for (size_t i = 0; i + 1 < table->n; i++) {
		struct libscols_column *column = scols_table_get_column(table->t, i);
		struct libscols_cell *head = scols_column_get_header(column);
		size_t width = hl_columns(scols_cell_get_data(head));

		for (size_t j = 0; j < lines; j++) {
			const char *cell = scols_line_get_column_data(
				scols_table_get_line(table->t, j), column);

			if (cell && hl_columns(cell) > width)
				width = hl_columns(cell);
		}
		others += width + 2;
	}
	if (others + 16 > all)
		return;
	for (size_t j = 0; j < lines; j++) {
		struct libscols_line *line = scols_table_get_line(table->t, j);
		const char *cell = scols_line_get_column_data(line, last);
		char *text = cell ? strdup(cell) : NULL;

		if (text)
			fold(text, all - others);
		if (text && scols_line_refer_data(line, table->n - 1, text))
			free(text);
	}
	if (scols_column_set_safechars(last, "\n"))
		table->failed = true;
	scols_column_set_wrapfunc(
		last, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
}

void hl_table_print(struct hl_table *table)
{
	if (table && !table->failed)
		fold_last(table);
	if (table && !table->failed && !isatty(STDOUT_FILENO)) {
		scols_table_set_termforce(table->t, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(table->t, 80);
	}
	if (!table || table->failed || scols_print_table(table->t))
		hl_fail_status(HL_ERR_NOMEM, "print a table");
	if (table)
		scols_unref_table(table->t);
	free(table);
}
