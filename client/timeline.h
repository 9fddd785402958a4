/*
 * An incident on the screen: head, text, timeline, proofs. Every line of an exercise or a test
 * begins with that word.
 */
#ifndef HL_CLIENT_TIMELINE_H
#define HL_CLIENT_TIMELINE_H

#include <jansson.h>
#include <stdio.h>

#include "client/thread.h"

/* The one line of a letter without its time: "lab-b    Eva Lind       answered: acting". */
const char *hl_timeline_letter(struct hl_app *app, const struct hl_letter *letter);
/* What a letter did, in words: "raised (FLASH, actual)". Its whole text follows where full. */
const char *hl_timeline_what(
	struct hl_app *app, const struct hl_letter *letter, bool full);

/* `hotline show`. */
void hl_timeline_print(struct hl_app *app, const struct hl_thread *thread);
/* `hotline show --proof`: who held what when, and how that is known. */
void hl_timeline_proofs(struct hl_app *app, const struct hl_thread *thread);

/* "open, 2 of 3 labs answered". */
const char *hl_timeline_phase(struct hl_app *app, const struct hl_thread *thread);

/* A cannot-open or a resend in words: of which letter, and what has become of it. */
const char *hl_timeline_resend(struct hl_app *app, const struct hl_letter *letter);
/* Why a letter is not opened yet; why one is not shown, whether it was asked for again, and what to
 * do if nothing comes. */
const char *hl_timeline_sealed(struct hl_app *app, const struct hl_letter *letter);
const char *hl_timeline_closed(struct hl_app *app, const struct hl_letter *letter);
/* The devices that have said that they could not open a letter (hotline-json(5), unopened). */
json_t *hl_timeline_unopened_json(struct hl_app *app, const struct hl_letter *letter);

/* hotline.incident.1, and one of its letters. */
json_t *hl_timeline_json(struct hl_app *app, const struct hl_thread *thread);
json_t *hl_timeline_letter_json(struct hl_app *app, const struct hl_thread *thread,
	const struct hl_letter *letter);

/* A stream whose lines come out on standard output with a prefix; closed by hl_prefixed_end. */
struct hl_prefixed {
	char *text;
	size_t size;
	FILE *stream;
};
HL_MUST bool hl_prefixed_begin(struct hl_prefixed *out);
void hl_prefixed_end(struct hl_prefixed *out, const char *prefix);

#endif
