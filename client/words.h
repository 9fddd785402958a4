/*
 * What people type, to what the protocol takes: texts, choices, spans, times, fields.
 */
#ifndef HL_CLIENT_WORDS_H
#define HL_CLIENT_WORDS_H

#include "client/commands.h"
#include "client/letters.h"

/* Text from -m, -F FILE (or -), from standard input where it is a pipe or a file (piped), or from
 * $VISUAL or $EDITOR at a terminal (edit). Without any of them *ret stays empty. A newline at the
 * end is dropped; CR LF becomes LF. */
HL_MUST enum hl_exit hl_words_text(const struct hl_app *app, const struct hl_args *args,
	bool piped, bool edit, struct hl_buf *ret);
/* The editor alone, begun with what is in text. */
HL_MUST enum hl_exit hl_words_edit(struct hl_buf *text);

/* A number from min to max, or the name of one (case and - or _ aside). */
HL_MUST enum hl_exit hl_words_choice(const struct hl_args *args, const char *option,
	const char *(*name)(unsigned), unsigned min, unsigned max, unsigned fallback,
	unsigned *ret);
/* The number of a name; false where it is none. */
bool hl_words_named(const char *typed, const char *(*name)(unsigned), unsigned min,
	unsigned max, unsigned *ret);
/* "actual, exercise, test". A scrap. */
const char *hl_words_names(
	struct hl_app *app, const char *(*name)(unsigned), unsigned min, unsigned max);

/* A span such as "90", "90s", "10m", "10 min", "3h", "2d" in seconds. False: it is none. */
bool hl_words_span(const char *typed, uint64_t *ret_s);
HL_MUST enum hl_exit hl_words_span_option(const struct hl_args *args, const char *option,
	uint64_t max_s, uint64_t fallback, uint64_t *ret_s);

/* A time: "2026-11-21T03:04:12Z", "2026-11-21 03:04" (UTC), or a span ago such as "2h". */
bool hl_words_time(const char *typed, uint64_t now, uint64_t *ret_ms);
/* *ret_has tells whether the option was given. */
HL_MUST enum hl_exit hl_words_time_option(
	const struct hl_args *args, const char *option, bool *ret_has, uint64_t *ret_ms);

/* --field KEY=VALUE, sorted by key; borrows argv. */
struct hl_fields {
	struct hl_field items[HL_FIELDS_MAX];
	size_t n;
};
HL_MUST enum hl_exit hl_words_fields(const struct hl_args *args, struct hl_fields *ret);
HL_MUST enum hl_exit hl_words_field(struct hl_fields *fields, const char *typed);
void hl_words_fields_sort(struct hl_fields *fields);

#endif
