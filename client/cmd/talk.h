/*
 * What the commands that send a letter share: the line, the thread, the outbox, the last line on
 * the screen.
 */
#ifndef HL_CLIENT_TALK_H
#define HL_CLIENT_TALK_H

#include "client/commands.h"
#include "client/compose.h"
#include "client/docs.h"
#include "client/evidence.h"
#include "client/output.h"
#include "client/prompt.h"
#include "client/words.h"

/* One letter on its way. line is NULL while the node is away; away says why, with the exit code. */
struct hl_talk {
	struct hl_app *app;
	const struct hl_args *args;
	struct hl_line *line;
	enum hl_exit away_code;
	char away[512];
	const char *key; /* --idempotency-key */
	bool again;      /* a letter of that key is there: row */
	bool unwritten;  /* the node has it, and that is not written down yet */
	bool later;      /* set by who will write it down (hl_outbox_sent) */
	struct hl_outgoing row;
	struct hl_thread thread;
	struct hl_id letter; /* what was typed: a letter, or the incident */
	struct hl_follow follow;
	struct hl_draft draft;
	struct hl_buf text;
	struct hl_evidence_list evidence;
	struct hl_fields fields;
};
#define HL_CLEAN_TALK HL_CLEAN(hl_talk_clear)
void hl_talk_clear(struct hl_talk *talk);

/* Looks the idempotency key up: talk->again. */
HL_MUST enum hl_exit hl_talk_key(
	struct hl_app *app, const struct hl_args *args, struct hl_talk *talk);
/* The same, and opens the line unless the node is away. HL_EXIT_NOT_PERMITTED (said) where the node
 * lets this device do nothing. */
HL_MUST enum hl_exit hl_talk_begin(
	struct hl_app *app, const struct hl_args *args, struct hl_talk *talk);
/* The same for a letter in the thread of the first operand: takes the inbox in, and loads it. At
 * once when the key is known (talk->again). */
HL_MUST enum hl_exit hl_talk_follow(
	struct hl_app *app, const struct hl_args *args, struct hl_talk *talk);

/* Seals the draft (unless again), sends it, and says what became of it: "7f3a DONE …". */
HL_MUST enum hl_exit hl_talk_send(struct hl_talk *talk, const char *done);
/* Only the first halves of that: sealed and kept, then handed to the node. */
HL_MUST enum hl_exit hl_talk_seal(struct hl_talk *talk);
HL_MUST enum hl_exit hl_talk_submit(struct hl_talk *talk);
/* What --json prints of a letter that was sent. */
json_t *hl_talk_json(struct hl_talk *talk);

/* "EXERCISE " or "TEST ", or "" for what is actual. */
const char *hl_talk_prefix(enum hl_standing status);

#endif
