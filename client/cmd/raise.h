/*
 * hotline raise: its parts.
 */
#ifndef HL_CLIENT_RAISE_H
#define HL_CLIENT_RAISE_H

#include "client/cmd/talk.h"

/* How many answers an interactive raise has room for. */
#define HL_ASKED_MAX 16

struct hl_raising {
	struct hl_talk talk;
	const char *to; /* as typed */
	struct hl_id *labs;
	size_t n_labs;
	struct hl_buf asked[HL_ASKED_MAX]; /* what was typed at questions */
	size_t n_asked;
	bool given_precedence, given_severity, given_certainty, given_context;
	char title[HL_TITLE_MAX + 1]; /* made from the text */
};

/* Asks what is missing and what the kind needs; for a terminal. */
HL_MUST enum hl_exit hl_raise_ask(struct hl_raising *raising);
/* Shows what will be sent and to whom, and wants "send actual flash" typed. */
HL_MUST enum hl_exit hl_raise_confirm(struct hl_raising *raising);
/* Until that is typed. HL_EXIT_NO: nothing is to be sent. */
HL_MUST enum hl_exit hl_raise_typed(struct hl_app *app, const char *want);
/* Sends what was sealed and says what becomes of it (wait: NULL, "stored", "answered"). */
HL_MUST enum hl_exit hl_raise_finish(
	struct hl_talk *talk, const char *wait, uint64_t timeout_s);
/* The order that a letter has them in. */
void hl_raise_sort_asks(struct hl_raise *raise);
/* The kinds on a stream, one line each; needs: with what each needs. */
void hl_raise_kinds(FILE *stream, bool needs);
/* The kind whose name is nearest to what was typed; NULL: none is near. */
const char *hl_raise_near_kind(const char *typed);

/* Waits until each lab has the letter of talk->row stored (its receipt verified here) and, where
 * answered, has answered; prints each as it comes. HL_EXIT_DEADLINE names who has not. */
HL_MUST enum hl_exit hl_raise_wait(
	struct hl_talk *talk, bool answered, uint64_t timeout_s, json_t *doc);

#endif
