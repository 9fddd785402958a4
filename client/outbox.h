/*
 * The outbox: every letter that was sealed here (or got by hand, for the own node), kept before it
 * is sent, so that a retry sends the same bytes.
 */
#ifndef HL_CLIENT_OUTBOX_H
#define HL_CLIENT_OUTBOX_H

#include "client/db.h"
#include "client/session.h"

enum hl_outbox_state {
	HL_OUTBOX_DRAFT = 1,   /* to be sent */
	HL_OUTBOX_RELEASE = 2, /* waits for another person's signature */
	HL_OUTBOX_SENT = 3,
	HL_OUTBOX_DROPPED = 4, /* the node will never take it */
};

/* One row, without its letter. */
struct hl_outgoing {
	uint64_t n; /* d1, d2, … */
	struct hl_id id, incident;
	enum hl_outbox_state state;
	enum hl_precedence precedence;
	uint64_t sent;          /* the node's time of storing; 0 */
	enum hl_status refused; /* why the node would not have it just now; HL_OK */
};

/* Keeps a letter under a key (NULL: none). A letter that is there already is that row. */
HL_MUST enum hl_exit hl_outbox_keep(struct hl_app *app,
	const struct hl_envelope *envelope, enum hl_outbox_state state, const char *key,
	struct hl_outgoing *ret);

/* The row of an idempotency key, of a letter, or of what was typed ("d2"). HL_EXIT_NO, unsaid,
 * where there is none. */
HL_MUST enum hl_exit hl_outbox_by_key(
	struct hl_app *app, const char *key, struct hl_outgoing *ret);
HL_MUST enum hl_exit hl_outbox_by_id(
	struct hl_app *app, const struct hl_id *id, struct hl_outgoing *ret);
HL_MUST enum hl_exit hl_outbox_by_number(
	struct hl_app *app, uint64_t n, struct hl_outgoing *ret);
/* Is this "d" and a number? */
bool hl_outbox_number(const char *typed, uint64_t *ret);
/* The letter of a row: the document with all its slips. */
HL_MUST enum hl_exit hl_outbox_doc(
	struct hl_app *app, uint64_t n, struct hl_buf *ret_doc);

/* The two halves of hl_outbox_send, for who has more to commit: hands over, and keeps a refusal
 * alone; and writes down that the letter is at the node. */
HL_MUST enum hl_exit hl_outbox_hand(
	struct hl_app *app, struct hl_line *line, struct hl_outgoing *row);
HL_MUST enum hl_exit hl_outbox_sent(struct hl_app *app, const struct hl_outgoing *row);

/* Hands a letter to the node; row's state and sent follow. HL_EXIT_OK once it is on the node's
 * disk. What the node refuses is said, and kept with the reason. */
HL_MUST enum hl_exit hl_outbox_send(
	struct hl_app *app, struct hl_line *line, struct hl_outgoing *row);

/* Sends all drafts, oldest first; a note for each that went. skip: a row to leave out, or 0. */
HL_MUST enum hl_exit hl_outbox_flush(
	struct hl_app *app, struct hl_line *line, uint64_t skip);

/* Was it refused just now for what passes: a full disk, a limit, a card that is missing? */
bool hl_outbox_heals(const struct hl_outgoing *row);
/* After that was said: how to carry the letter, and whom to phone. HL_EXIT_NODE. */
enum hl_exit hl_outbox_later(struct hl_app *app, const struct hl_outgoing *row);

/* The node is away: says why (as hl_line_try gave it), where the draft is, how to carry it and whom
 * to phone. HL_EXIT_NODE. */
enum hl_exit hl_outbox_away(
	struct hl_app *app, const struct hl_outgoing *row, const char *why);

#endif
