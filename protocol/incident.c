#include "incident.h"

#include <string.h>

#include "arena.h"
#include "incident_order.h"

/* The fold (incident 3). */

#define NO_CALL_HERE UINT32_MAX

struct fold {
	struct hl_incident state;
	const struct hl_letter_order *order;
	const struct hl_core
		*raise;    /* the one that opened it; NULL while the phase is unknown */
	uint32_t *call_of; /* place of a letter to its call, or NO_CALL_HERE */
	enum hl_status status;
};

static void add_call(struct fold *f, const struct hl_fold_letter *letter)
{
	struct hl_incident *state = &f->state;

	f->call_of[letter - f->order->letters] = (uint32_t)state->n_calls;
	state->calls[state->n_calls++] = (struct hl_call_state){
		.id = letter->id, .lab = letter->core->lab, .core = letter->core};
}

static bool among(const struct hl_core *core, const struct hl_id *lab)
{
	for (size_t i = 0; i < core->n_labs; i++)
		if (hl_id_eq(&core->labs[i], lab))
			return true;
	return false;
}

/* SPEC incident 3.2: A drill is folded as a raise of kind `drill` with severity 0, certainty 0 and
 * an empty title. */
static struct hl_raise raise_of(const struct hl_message *message)
{
	if (message->type == HL_DRILL)
		return (struct hl_raise){.kind = hl_view_str("drill")};
	return message->raise;
}

/* SPEC incident 3.2: A raise whose id is the incident's id sets phase 1 open, the status, kind,
 * severity, certainty, title, and adds a call. */
static enum hl_effect fold_raise(struct fold *f, const struct hl_fold_letter *letter)
{
	const struct hl_raise raise = raise_of(letter->message);
	struct hl_incident *state = &f->state;

	f->raise = letter->core;
	state->phase = HL_OPEN;
	state->status = letter->core->status;
	state->kind = raise.kind;
	state->severity = raise.severity;
	state->certainty = raise.certainty;
	state->title = raise.title;
	state->has_opening = true;
	state->opening = letter->id;
	add_call(f, letter);
	return HL_EFFECTIVE;
}

/* Keeps a call's answers sorted by lab. */
static enum hl_effect add_answer(
	struct fold *f, struct hl_call_state *call, const struct hl_fold_letter *letter)
{
	const struct hl_id *lab = &letter->core->lab;
	size_t at = call->n_answers;

	if (!call->answers) {
		call->answers = hl_arena_alloc(
			&f->state.arena, call->core->n_labs, sizeof(*call->answers));
		if (!call->answers) {
			f->status = HL_ERR_NOMEM;
			return HL_EFFECTIVE;
		}
	}
	while (at > 0 && hl_id_cmp(&call->answers[at - 1].lab, lab) >= 0)
		at--;
	/* SPEC incident 3.4: the first such ack of a lab for a call is the lab's answer, each later
	 * one has code 1. */
	if (at < call->n_answers && hl_id_eq(&call->answers[at].lab, lab))
		return HL_ALSO;
	memmove(&call->answers[at + 1], &call->answers[at],
		(call->n_answers - at) * sizeof(*call->answers));
	/* SPEC incident 3.4: drill-answer as an ack with answer 1 */
	call->answers[at] = (struct hl_lab_answer){*lab, letter->id,
		letter->message->type == HL_ACK ? letter->message->ack.answer
						: HL_ACCEPTED};
	call->n_answers++;
	return HL_EFFECTIVE;
}

/* incident 3.4 */
static enum hl_effect fold_ack(struct fold *f, const struct hl_fold_letter *letter)
{
	size_t at = f->order->n;
	struct hl_call_state *call;

	if (letter->core->has_answers)
		at = hl_letter_find(f->order, &letter->core->answers);
	if (at == f->order->n || f->call_of[at] == NO_CALL_HERE)
		return HL_NO_CALL;
	call = &f->state.calls[f->call_of[at]];
	if (!among(call->core, &letter->core->lab) ||
		hl_id_eq(&call->lab, &letter->core->lab))
		return HL_FOLD_NOT_ADDRESSED;
	return add_answer(f, call, letter);
}

static enum hl_effect fold_say(struct fold *f, const struct hl_fold_letter *letter)
{
	if (letter->core->class == HL_CLASS_CALL)
		add_call(f, letter);
	return HL_EFFECTIVE;
}

/* incident 3.5 */
static enum hl_effect fold_update(struct fold *f, const struct hl_fold_letter *letter)
{
	const struct hl_message *m = letter->message;
	struct hl_incident *state = &f->state;
	bool sets =
		m->update.has_severity || m->update.has_certainty || m->update.has_title;

	if (sets && !hl_id_eq(&letter->core->lab, &f->raise->lab))
		return HL_FOLD_NOT_PERMITTED;
	if (m->update.has_severity)
		state->severity = m->update.severity;
	if (m->update.has_certainty)
		state->certainty = m->update.certainty;
	if (m->update.has_title)
		state->title = m->update.title;
	return fold_say(f, letter);
}

/* SPEC incident 3.6: by the raise's lab and not short (else 3), and the phase must be 1 (else 2) */
static enum hl_effect fold_close(
	struct fold *f, const struct hl_fold_letter *letter, enum hl_phase phase)
{
	if (!hl_id_eq(&letter->core->lab, &f->raise->lab) || letter->is_short)
		return HL_FOLD_NOT_PERMITTED;
	if (f->state.phase != HL_OPEN)
		return HL_WRONG_PHASE;
	f->state.phase = phase;
	return HL_EFFECTIVE;
}

/* SPEC incident 3.7: by any lab of the raise; the phase must be 2 or 3 (else 2) */
static enum hl_effect fold_reopen(struct fold *f, const struct hl_fold_letter *letter)
{
	if (f->state.phase != HL_RESOLVED && f->state.phase != HL_CANCELLED)
		return HL_WRONG_PHASE;
	f->state.phase = HL_OPEN;
	f->state.opening = letter->id;
	add_call(f, letter);
	return HL_EFFECTIVE;
}

static bool opens(const struct hl_message *message)
{
	return message->type == HL_RAISE || message->type == HL_DRILL;
}

static enum hl_effect fold_type(struct fold *f, const struct hl_fold_letter *letter)
{
	switch (letter->message->type) {
	case HL_RAISE:
	case HL_DRILL: return fold_raise(f, letter);
	case HL_ACK:
	case HL_DRILL_ANSWER: return fold_ack(f, letter);
	case HL_SAY: return fold_say(f, letter);
	case HL_UPDATE: return fold_update(f, letter);
	case HL_RESOLVE: return fold_close(f, letter, HL_RESOLVED);
	case HL_CANCEL: return fold_close(f, letter, HL_CANCELLED);
	case HL_REOPEN: return fold_reopen(f, letter);
	case HL_CANNOT_OPEN:
	case HL_RESEND: return HL_EFFECTIVE;
	}
	return HL_EFFECTIVE;
}

static enum hl_effect fold_letter(struct fold *f, const struct hl_fold_letter *letter)
{
	const struct hl_core *core = letter->core;

	/* SPEC incident 3.1: What 3.2, 3.3 and 3.9 say is looked at in that order, before the
	 * clause of the type, and the first that gives a code decides. */
	if (opens(letter->message)) {
		if (!hl_id_eq(&letter->id, &f->state.id))
			return HL_SECOND_RAISE;
	} else if (!f->raise) {
		return HL_NO_RAISE;
	} else if (core->status != f->raise->status) {
		return HL_OTHER_STATUS;
	} else if (!among(f->raise, &core->lab)) {
		return HL_FOLD_NOT_ADDRESSED;
	}
	/* SPEC incident 3.9: A call of precedence FLASH that is short has code 3 and adds no
	 * call */
	if (core->class == HL_CLASS_CALL && core->precedence == HL_FLASH &&
		letter->is_short)
		return HL_FOLD_NOT_PERMITTED;
	return fold_type(f, letter);
}

static enum hl_status fold_init(struct fold *f)
{
	struct hl_incident *state = &f->state;
	size_t n = f->order->n, calls = 0;

	for (size_t i = 0; i < n; i++)
		calls += f->order->letters[i].core->class == HL_CLASS_CALL ||
			opens(f->order->letters[i].message) ||
			f->order->letters[i].message->type == HL_REOPEN;
	state->letters = hl_arena_alloc(&state->arena, n, sizeof(*state->letters));
	state->calls = hl_arena_alloc(&state->arena, calls, sizeof(*state->calls));
	f->call_of = hl_arena_alloc(&state->arena, n, sizeof(*f->call_of));
	if (!state->letters || !state->calls || !f->call_of)
		return HL_ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		f->call_of[i] = NO_CALL_HERE;
	return HL_OK;
}

enum hl_status hl_incident_fold(const struct hl_id *id,
	const struct hl_fold_letter *letters, size_t n, struct hl_incident *ret)
{
	struct hl_incident state HL_CLEAN_INCIDENT = {.id = *id};
	struct hl_letter_order order;
	struct fold f = {.order = &order};
	enum hl_status status = hl_letter_order(letters, n, &state.arena, &order);

	f.state = state;
	if (status == HL_OK)
		status = fold_init(&f);
	for (size_t i = 0; i < n && status == HL_OK; i++) {
		const struct hl_fold_letter *letter = &letters[order.placed[i]];

		f.state.letters[i].letter = letter;
		f.state.letters[i].effect = fold_letter(&f, letter);
		f.state.n_letters++;
		status = f.status;
	}
	state = f.state;
	if (status != HL_OK)
		return status;
	*ret = state;
	state.arena = NULL;
	return HL_OK;
}

enum hl_status hl_incident_encode(const struct hl_incident *incident, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_out_array(&out, 10);
	hl_out_id(&out, &incident->id);
	hl_out_uint(&out, incident->phase);
	hl_out_uint(&out, incident->status);
	hl_out_str(&out, incident->kind);
	hl_out_uint(&out, incident->severity);
	hl_out_uint(&out, incident->certainty);
	hl_out_str(&out, incident->title);
	if (incident->has_opening)
		hl_out_id(&out, &incident->opening);
	else
		hl_out_nil(&out);
	hl_out_array(&out, incident->n_letters);
	for (size_t i = 0; i < incident->n_letters; i++) {
		hl_out_array(&out, 2);
		hl_out_id(&out, &incident->letters[i].letter->id);
		hl_out_uint(&out, incident->letters[i].effect);
	}
	hl_out_array(&out, incident->n_calls);
	for (size_t i = 0; i < incident->n_calls; i++) {
		const struct hl_call_state *call = &incident->calls[i];

		hl_out_array(&out, 2);
		hl_out_id(&out, &call->id);
		hl_out_array(&out, call->n_answers);
		for (size_t j = 0; j < call->n_answers; j++) {
			hl_out_array(&out, 3);
			hl_out_id(&out, &call->answers[j].lab);
			hl_out_id(&out, &call->answers[j].letter);
			hl_out_uint(&out, call->answers[j].answer);
		}
	}
	return hl_out_finish(&out, ret);
}

void hl_incident_clear(struct hl_incident *incident)
{
	if (!incident)
		return;
	hl_arena_clear(&incident->arena);
	memset(incident, 0, sizeof(*incident));
}

const char *hl_phase_name(enum hl_phase phase)
{
	switch (phase) {
	case HL_UNKNOWN_PHASE: return "unknown";
	case HL_OPEN: return "open";
	case HL_RESOLVED: return "resolved";
	case HL_CANCELLED: return "cancelled";
	}
	return "unknown";
}

const char *hl_effect_text(enum hl_effect effect)
{
	switch (effect) {
	case HL_EFFECTIVE: return "in effect";
	case HL_ALSO: return "its lab had answered already";
	case HL_WRONG_PHASE: return "no effect: the incident was not in that phase";
	case HL_FOLD_NOT_PERMITTED: return "no effect: not permitted";
	case HL_NO_CALL: return "no effect: the call that it answers is not here";
	case HL_OTHER_STATUS: return "no effect: the incident has another status";
	case HL_FOLD_NOT_ADDRESSED: return "no effect: its lab was not addressed";
	case HL_NO_RAISE:
		return "no effect: the letter that raised the incident is not here";
	case HL_SECOND_RAISE: return "no effect: the incident was raised already";
	}
	return "no effect";
}

const struct hl_lab_answer *hl_call_answer(
	const struct hl_call_state *call, const struct hl_id *lab)
{
	for (size_t i = 0; i < call->n_answers; i++)
		if (hl_id_eq(&call->answers[i].lab, lab))
			return &call->answers[i];
	return NULL;
}

const struct hl_call_state *hl_incident_opening(const struct hl_incident *incident)
{
	if (!incident->has_opening)
		return NULL;
	for (size_t i = 0; i < incident->n_calls; i++)
		if (hl_id_eq(&incident->calls[i].id, &incident->opening))
			return &incident->calls[i];
	return NULL;
}
