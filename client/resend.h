/*
 * Letters that a device could not open, and what becomes of that (spec/envelope.md 4.6 to 4.9): the
 * reader's device asks the sender's lab, that lab's devices disclose the content key of that one
 * letter, and the reader's device opens it with that. What is asked, given and owed is read from
 * the letters that are held, always.
 */
#ifndef HL_CLIENT_RESEND_H
#define HL_CLIENT_RESEND_H

#include "client/compose.h"
#include "client/letters.h"
#include "client/session.h"

#define HL_RESEND_AFTER_MS 120000u /* then a colleague's device does it */
#define HL_RESEND_MAX      3       /* for one letter and one device */

/* May sending it again help? SPEC envelope 4.7: On a cannot-open with code 16, 18 or 19 */
bool hl_resend_helps(enum hl_status code);

/* Why a device could not open it, for people. */
const char *hl_resend_why(enum hl_status code);

/* What both sides say of a letter: a quiet notice to one lab that answers it, with the letter's
 * status and no precedence above the letter's, or than self may give. The message is empty yet;
 * the draft borrows letter and lab. */
struct hl_draft hl_resend_draft(const struct hl_letter *letter, const struct hl_id *lab,
	const struct hl_member *self);

/* The reader's side. */

/* Opens a letter of another lab's or the own lab's members with what the resends of it that are
 * held disclose. HL_UNKNOWN where none is held, else HL_OK or how the last of them failed. */
HL_MUST enum hl_status hl_resend_open(
	struct hl_app *app, const struct hl_envelope *envelope, struct hl_opened *ret);

/* When the lifetime of a letter has passed, ms. */
uint64_t hl_resend_expires(const struct hl_letter *letter);

/* A resend was opened: its letter, where it could not be opened, waits to be opened once more;
 * *ret_again is set then. */
HL_MUST enum hl_exit hl_resend_took(
	struct hl_app *app, const struct hl_core *resend, bool *ret_again);

/* Is a letter, which this device met code at, to be told of (again)? SPEC envelope 4.6: It says so
 * once, and once more where a resend has come that does not help */
bool hl_resend_to_ask(
	struct hl_app *app, const struct hl_letter *letter, enum hl_status code);

/* The sender's side. */

/* Seals a resend for each cannot-open that asks for one of this device; they wait in the outbox.
 * line (NULL: the node is away) is asked for the newest sealing keys before. Needs app->keys. */
HL_MUST enum hl_exit hl_resend_give(struct hl_app *app, struct hl_line *line);

/* What becomes of a cannot-open. */
enum hl_resend_state {
	HL_RESEND_SENT,  /* the letter was sent again, at */
	HL_RESEND_ASKED, /* it is another lab's letter, and nothing has come yet */
	HL_RESEND_DUE,   /* this device sends it again with the next line */
	HL_RESEND_WAITS, /* the device that sealed it does; this one does not before at */
	HL_RESEND_NO_KEY,  /* no sealing key of that device is held yet */
	HL_RESEND_FAILED,  /* was sent again, to the key that it has: for people */
	HL_RESEND_NO_HELP, /* the letter itself is at fault: for people */
	HL_RESEND_LATE,    /* the letter's lifetime has passed */
	HL_RESEND_LEFT,    /* that device is no reader on its lab's card (any more) */
	HL_RESEND_IGNORED, /* the letter was not for its lab, or is none to be sent again */
	HL_RESEND_UNHELD, /* the letter is not held, opened and released here */
};
struct hl_resend {
	enum hl_resend_state state;
	uint64_t at; /* ms; 0 */
};

/* Looks at an opened cannot-open. */
HL_MUST enum hl_exit hl_resend_look(
	struct hl_app *app, const struct hl_letter *cannot, struct hl_resend *ret);

/* The newest resend of a letter that is held, and the cannot-open by which this device has asked
 * for it: when; 0 where there is none. */
uint64_t hl_resend_came(struct hl_app *app, const struct hl_envelope *envelope);
uint64_t hl_resend_asked(struct hl_app *app, const struct hl_id *letter);

/* For people: "sent again 03:01:05", "not sent again: …"; safe to print. And for programs. */
const char *hl_resend_text(struct hl_app *app, const struct hl_resend *resend);
const char *hl_resend_name(enum hl_resend_state state);

#endif
