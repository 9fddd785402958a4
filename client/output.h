/*
 * What people and programs see. Data to standard output, everything else to standard error; text
 * of others passes through hl_safe and nothing else; 80 columns; no colour but on a terminal.
 */
#ifndef HL_CLIENT_OUTPUT_H
#define HL_CLIENT_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

#include "client/app.h"

/* Scraps: small strings that live as long as app, or until hl_scraps_drop (a watch drops them
 * after each screen). Never NULL: where memory ends, "?" is given. */
__attribute__((format(printf, 2, 3))) const char *hl_scrap(
	struct hl_app *app, const char *format, ...);
/* n bytes of scrap memory, aligned for any type, zeroed; NULL when there is none. */
void *hl_room(struct hl_app *app, size_t n);
void hl_scraps_drop(struct hl_app *app);

/* Text of others made safe, in the one place for it: control characters, bidi overrides and
 * isolates, zero-width and other invisible characters, and bytes that are no UTF-8 become
 * ‹U+XXXX› (‹XX› for a byte). In a block newlines stay (followed by indent blanks) and tabs become
 * blanks; in a line they are shown as well. */
const char *hl_safe(struct hl_app *app, struct hl_view text);
const char *hl_safe_block(struct hl_app *app, struct hl_view text, unsigned indent);
/* The same into a buffer, for those who have no app. */
HL_MUST enum hl_status hl_safe_buf(
	struct hl_view text, bool block, unsigned indent, struct hl_buf *ret);
/* Columns that a UTF-8 text takes on a terminal. */
size_t hl_columns(const char *text);

/* Bold, red, …, or "" without colour. HL_STYLE_END ends them. */
enum hl_style {
	HL_STYLE_END,
	HL_STYLE_BOLD,
	HL_STYLE_ALARM,
	HL_STYLE_WARN,
	HL_STYLE_GOOD,
	HL_STYLE_FAINT
};
const char *hl_style(const struct hl_app *app, enum hl_style style);

/* Times: "2026-11-21 03:04:12 UTC", with " (04:04 local)" where local time is another; the hour
 * alone "03:04:12"; and a span "4 min", "2 h 5 min", "3 d". 0 gives "never" or "-". */
const char *hl_time(struct hl_app *app, uint64_t ms);
const char *hl_time_hour(struct hl_app *app, uint64_t ms);
const char *hl_span(struct hl_app *app, uint64_t ms);
/* RFC 3339 in UTC with milliseconds, for JSON. */
const char *hl_time_json(struct hl_app *app, uint64_t ms);

/* Ids: hl_short is the first n (at least 4) digits; hl_hex all 64. hl_short_len: how many digits
 * tell n ids apart, at least 4. */
const char *hl_short(struct hl_app *app, const struct hl_id *id, unsigned digits);
const char *hl_hex(struct hl_app *app, const struct hl_id *id);
unsigned hl_short_len(const struct hl_id *ids, size_t n);
/* Does the id begin with these hexadecimal digits (4 to 64)? */
bool hl_id_begins(const struct hl_id *id, const char *digits);

/* Fingerprints: 60 digits, in two lines of six groups, each line begun by indent blanks. */
void hl_print_fingerprint(FILE *stream, const char *fingerprint, unsigned indent);
/* What a person typed as one: digits alone count. True if they are those 60. */
bool hl_fingerprint_same(const char *fingerprint, const char *typed);

/* JSON: prints {"schema": "hotline.THING.1", …} and frees it. hl_json_doc makes the beginning;
 * all helpers take what jansson gives, NULL included. */
/* Once, first: from then on the program ends, with a word, where a document has no room. */
void hl_json_init(void);
json_t *hl_json_doc(const char *thing);
json_t *hl_json_view(struct hl_view text); /* null where it is no UTF-8 */
json_t *hl_json_id(struct hl_app *app, const struct hl_id *id);
json_t *hl_json_time(struct hl_app *app, uint64_t ms); /* null for 0 */
HL_MUST enum hl_exit hl_json_print(json_t *doc);

/* A table (libsmartcols): columns are headings, then one row a call with as many cells, all safe
 * text already. On a terminal that is too narrow the last column wraps; elsewhere lines are as long
 * as they have to be. */
struct hl_table;
struct hl_table *hl_table_new(struct hl_app *app, const char *const *headings, size_t n);
void hl_table_row(struct hl_table *table, ...); /* as many const char * as headings */
void hl_table_print(struct hl_table *table);    /* to standard output; frees it */

void hl_scraps_free(struct hl_scraps *scraps);

#endif
