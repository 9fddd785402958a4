/*
 * The thread of an incident: the letters of it that this device holds, and the state that they fold
 * to (spec/incident.md). And how a short id that was typed finds one.
 */
#ifndef HL_CLIENT_THREAD_H
#define HL_CLIENT_THREAD_H

#include "client/letters.h"

struct hl_thread {
	struct hl_id id;
	struct hl_letter *letters; /* all of it, oldest first by the sender's clock */
	size_t n;
	struct hl_fold_letter *fold; /* those that were opened */
	size_t n_fold;
	struct hl_incident incident;
};

#define HL_CLEAN_THREAD HL_CLEAN(hl_thread_clear)
void hl_thread_clear(struct hl_thread *thread);

HL_MUST enum hl_exit hl_thread_load(
	struct hl_app *app, const struct hl_id *incident, struct hl_thread *ret);

/* The letter with that id; NULL where the thread has none. */
const struct hl_letter *hl_thread_letter(
	const struct hl_thread *thread, const struct hl_id *id);
/* The raise; NULL while it is not held, or is not opened, or a drill stands in its place. */
const struct hl_letter *hl_thread_raise(const struct hl_thread *thread);
/* The state of the call with that id; NULL where it is none. */
const struct hl_call_state *hl_thread_call(
	const struct hl_thread *thread, const struct hl_id *id);

/* What a new letter of the thread names as seen (message 1.1): the newest letters, which no other
 * names, with also (may be NULL) among them. Sorted; *ret_n at most HL_SEEN_MAX. */
void hl_thread_seen(const struct hl_thread *thread, const struct hl_id *also,
	struct hl_id ret[static HL_SEEN_MAX], size_t *ret_n);

/* Is this a call that a lab has to answer and has not, in an incident that is open? */
bool hl_thread_waits(const struct hl_thread *thread, const struct hl_call_state *call,
	const struct hl_id *lab);
/* The newest call that the own lab has not answered; NULL: none. */
const struct hl_call_state *hl_thread_rings(
	struct hl_app *app, const struct hl_thread *thread);
/* Is there a call, the opening one or a later one, that a lab has to answer and has not? */
bool hl_thread_unanswered(const struct hl_thread *thread);
/* When a call is overdue, ms. */
uint64_t hl_thread_deadline(
	const struct hl_thread *thread, const struct hl_call_state *call);
/* The labs (but the caller's) of the opening call, and how many of them have answered. */
void hl_thread_count(
	const struct hl_thread *thread, size_t *ret_labs, size_t *ret_answered);

/* Is it a drill? And is that over: answered by all, or past its deadline (nothing rings then)? */
bool hl_thread_is_drill(const struct hl_thread *thread);
bool hl_thread_drill_over(const struct hl_thread *thread);

/* All incidents, the one with the newest letter first; *ret is a heap array. */
HL_MUST enum hl_exit hl_thread_list(
	struct hl_app *app, struct hl_id **ret, size_t *ret_n);
/* The incident's short id: the digits that tell it from all others that are held, at least 4. */
const char *hl_thread_short(struct hl_app *app, const struct hl_id *incident);

/* What was typed for an incident or a letter: 4 digits or more of an id. Incidents come first;
 * where it is none, a letter's id gives its incident, and *ret_letter that letter (else it is the
 * incident's id; may be NULL). Said where it is nothing, or several. */
HL_MUST enum hl_exit hl_thread_find(struct hl_app *app, const char *typed,
	struct hl_id *ret_incident, struct hl_id *ret_letter);

#endif
