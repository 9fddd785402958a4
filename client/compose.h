/*
 * From what a person or a program wants to say to a sealed letter: readers, the own card's version,
 * every rule looked at before anything is sealed. What is sealed is in the outbox, the letters and
 * the archive, committed, before the caller sees it.
 */
#ifndef HL_CLIENT_COMPOSE_H
#define HL_CLIENT_COMPOSE_H

#include "client/outbox.h"
#include "client/thread.h"

/* What is to be sealed. Everything is borrowed. message.seen is the caller's (hl_thread_seen). */
struct hl_draft {
	struct hl_message message;
	const struct hl_id *labs; /* that it goes to; the own lab is added */
	size_t n_labs;
	enum hl_class class;
	enum hl_standing status;
	enum hl_precedence precedence;
	uint64_t answer_within; /* s, of a call; 0: as the precedence says */
	uint64_t lifetime;      /* s; 0: the default */
	bool has_incident, has_answers;
	struct hl_id incident, answers;
	const char *key; /* the idempotency key, or NULL */
	bool quiet;      /* no warnings: for letters that nobody typed */
};

/* May this be said by this device, and is the form whole? Says what is missing and how to give it:
 * HL_EXIT_USAGE, HL_EXIT_NOT_PERMITTED. */
HL_MUST enum hl_exit hl_compose_check(struct hl_app *app, const struct hl_draft *draft);

/* Checks, seals and keeps. Warns of labs that have no reader (left out, unless none remains), of
 * stale sealing keys and of keys that give zeros. Needs app->keys. */
HL_MUST enum hl_exit hl_compose_seal(
	struct hl_app *app, const struct hl_draft *draft, struct hl_outgoing *ret);

/* A letter that follows in a thread: labs, incident, seen, status and precedence are set from it.
 * class call rings; what follows a raise that is not held goes to the labs of the letters that are.
 * ids and labs are room that the draft borrows. */
struct hl_follow {
	struct hl_id seen[HL_SEEN_MAX];
	size_t n_seen;
	struct hl_id labs[HL_LABS_MAX];
	size_t n_labs;
};
HL_MUST enum hl_exit hl_compose_follow(struct hl_app *app, const struct hl_thread *thread,
	enum hl_type type, bool call, const struct hl_id *answers, struct hl_follow *room,
	struct hl_draft *ret);

/* How many readers a lab has now. */
size_t hl_compose_readers(struct hl_app *app, const struct hl_id *lab);

#endif
