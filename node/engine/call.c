/* Calls: they ring from when they were stored until a person answers, or the raiser's lab
 * closes. */
#include "node/engine/state.h"

#include <string.h>

#define BATCH 16

enum hl_status hl_call_load(struct hl_engine *e)
{
	enum hl_status status = hl_store_call_next(e->store, &e->next_call);

	if (status == HL_UNKNOWN) {
		memset(&e->next_call, 0, sizeof(e->next_call));
		return HL_OK;
	}
	return status;
}

/* What hooks are told of a call. */
static enum hl_status tell(
	struct hl_engine *e, const struct hl_call_row *row, enum hl_hook_event event)
{
	const struct hl_hook_run run = {.event = event,
		.has_lab = true,
		.lab = row->lab,
		.has_call = true,
		.call = row->id,
		.incident = row->incident,
		.precedence = row->precedence,
		.status = row->status,
		.stored = row->stored,
		.deadline = row->deadline,
		.moment = HL_MOMENT_CALL};
	enum hl_status status = hl_hook_event(e, &run);

	if (status == HL_OK && event == HL_HOOK_CALL)
		status = hl_hook_steps(e, &run, hl_engine_scale(e));
	if (status == HL_OK && (event == HL_HOOK_ANSWERED || event == HL_HOOK_CLOSED))
		status = hl_hook_stop(e, &row->id, NULL);
	return status;
}

static enum hl_status answered(struct hl_engine *e, const struct hl_id *call)
{
	struct hl_call_row row;
	enum hl_status status = hl_store_call_get(e->store, call, &row);

	if (status == HL_UNKNOWN)
		return HL_OK;
	if (status != HL_OK)
		return status;
	if (row.state != HL_RINGING && row.state != HL_RING_OVERDUE)
		return HL_OK;
	status = hl_store_call_mark(e->store, call, HL_RING_ANSWERED, 0);
	if (status == HL_OK)
		status = hl_feed(e, HL_FEED_ANSWERED, call, &row.lab, 0);
	if (status == HL_OK)
		status = tell(e, &row, HL_HOOK_ANSWERED);
	return status == HL_OK ? hl_call_load(e) : status;
}

/* SPEC envelope 3.5: an answer stops the ringing of the call that it answers at a lab when it is
 * signed by an operator of that lab */
static bool answers(const struct hl_core *core, const struct hl_card *card)
{
	const struct hl_member *member =
		card != NULL ? hl_card_member(card, &core->sender) : NULL;

	return core->class == HL_CLASS_ANSWER && core->has_answers && member != NULL &&
		member->role == HL_MEMBER_OPERATOR;
}

static enum hl_status close_calls(struct hl_engine *e, const struct hl_id *incident)
{
	struct hl_call_row row[BATCH];
	size_t n = 0;
	enum hl_status status;

	do {
		status = hl_store_call_incident(e->store, incident, row, BATCH, &n);
		for (size_t i = 0; i < n && status == HL_OK; i++) {
			status = hl_store_call_mark(
				e->store, &row[i].id, HL_RING_CLOSED, e->now.wall);
			if (status == HL_OK)
				status = hl_feed(
					e, HL_FEED_CLOSED, &row[i].id, &row[i].lab, 0);
			if (status == HL_OK)
				status = tell(e, &row[i], HL_HOOK_CLOSED);
		}
	} while (status == HL_OK && n == BATCH);
	return status == HL_OK ? hl_call_load(e) : status;
}

/* SPEC envelope 3.5: a close stops the ringing of every call of its incident when its lab is the
 * lab that raised the */
static bool closes(const struct hl_envelope *close, const struct hl_letter_row *raise,
	const struct hl_card *card)
{
	if (close->core.class != HL_CLASS_CLOSE ||
		!hl_id_eq(&close->core.lab, &raise->origin))
		return false;
	return raise->precedence != HL_FLASH ||
		(card != NULL && hl_envelope_released(close, card));
}

/* The card by which an earlier letter of a lab is looked at again: the newest one. */
static const struct hl_card *card_of(struct hl_engine *e, const struct hl_id *lab)
{
	struct lab *known = hl_lab(e, lab);

	return known != NULL && known->card.version > 0 ? &known->card : NULL;
}

/* A letter may overtake the call that it ends. */
static enum hl_status ended_before(
	struct hl_engine *e, const struct hl_envelope *call, enum hl_class class)
{
	const struct hl_id incident = hl_envelope_incident(call);
	struct hl_letter_row row[BATCH], raise;
	size_t n = 0;
	enum hl_status status =
		hl_store_letter_find(e->store, &incident, class, row, BATCH, &n);

	if (status != HL_OK || n == 0)
		return status;
	enum hl_status known = hl_store_letter_row(e->store, &incident, &raise);
	if (hl_status_ours(known))
		return known;
	for (size_t i = 0; i < n && status == HL_OK; i++) {
		struct hl_envelope letter HL_CLEAN_ENVELOPE = {0};
		status = hl_store_letter_get(e->store, &row[i].id, &letter);
		if (hl_status_ours(status))
			return status;
		if (status != HL_OK) {
			/* Damaged: it ends nothing. */
			status = hl_rot_found(e, &row[i].id);
			continue;
		}
		const struct hl_card *card = card_of(e, &letter.core.lab);
		if (hl_id_eq(&letter.core.lab, &e->own.id) &&
			answers(&letter.core, card) &&
			hl_id_eq(&letter.core.answers, &call->id))
			return answered(e, &call->id);
		/* Only the one that opened the incident: a later call is a new ring. */
		if (known == HL_OK && hl_id_eq(&call->id, &incident) &&
			closes(&letter, &raise, card))
			return close_calls(e, &incident);
	}
	return status;
}

static enum hl_status ring(struct hl_engine *e, const struct hl_envelope *call)
{
	const struct hl_core *core = &call->core;
	const struct hl_call_row row = {.id = call->id,
		.incident = hl_envelope_incident(call),
		.lab = core->lab,
		.precedence = core->precedence,
		.status = core->status,
		.stored = e->now.wall,
		.deadline = hl_engine_scale(e) + core->answer_within * 1000,
		.state = HL_RINGING};
	enum hl_status status = hl_store_call_put(e->store, &row);

	if (status == HL_OK)
		status = tell(e, &row, HL_HOOK_CALL);
	if (status == HL_OK)
		status = ended_before(e, call, HL_CLASS_ANSWER);
	if (status == HL_OK)
		status = ended_before(e, call, HL_CLASS_CLOSE);
	return status == HL_OK ? hl_call_load(e) : status;
}

enum hl_status hl_call_letter(struct hl_engine *e, const struct hl_envelope *envelope,
	const struct hl_card *card)
{
	const struct hl_core *core = &envelope->core;
	const struct hl_id incident = hl_envelope_incident(envelope);
	struct hl_letter_row raise;
	enum hl_status status;

	switch (core->class) {
	case HL_CLASS_CALL:
		/* The own lab's call rings at the others. */
		if (hl_id_eq(&core->lab, &e->own.id))
			return hl_asked_call(e, envelope);
		return ring(e, envelope);
	case HL_CLASS_ANSWER:
		if (!answers(core, card))
			return HL_OK;
		return hl_id_eq(&core->lab, &e->own.id)
			? answered(e, &core->answers)
			: hl_asked_answered(e, &core->answers, &core->lab);
	case HL_CLASS_CLOSE:
		status = hl_store_letter_row(e->store, &incident, &raise);
		if (status == HL_UNKNOWN)
			return HL_OK;
		if (status != HL_OK || !closes(envelope, &raise, card))
			return status;
		status = close_calls(e, &incident);
		return status == HL_OK ? hl_asked_closed(e, &incident) : status;
	case HL_CLASS_NOTICE: break;
	}
	return HL_OK;
}

enum hl_status hl_call_timer(struct hl_engine *e)
{
	enum hl_status status = HL_OK;

	while (status == HL_OK && !hl_id_zero(&e->next_call.id) &&
		e->next_call.deadline <= hl_engine_scale(e)) {
		const struct hl_call_row row = e->next_call;
		status = hl_store_call_mark(e->store, &row.id, HL_RING_OVERDUE, 0);
		if (status == HL_OK)
			status = hl_feed(e, HL_FEED_OVERDUE, &row.id, &row.lab,
				(uint64_t)row.precedence);
		hl_log(e, 3, "call %s of lab %s is overdue: nobody has answered",
			hl_short(&row.id).text, hl_short(&row.lab).text);
		if (status == HL_OK)
			status = tell(e, &row, HL_HOOK_OVERDUE);
		if (status == HL_OK)
			status = hl_call_load(e);
	}
	return status;
}
