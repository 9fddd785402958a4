/* Calls of the own lab: which labs have let them go past their deadline, and who is told of it. */
#include "node/engine/state.h"

#include <string.h>

#define BATCH 16

enum hl_status hl_asked_load(struct hl_engine *e)
{
	enum hl_status status = hl_store_asked_next(e->store, &e->next_asked);

	if (status == HL_UNKNOWN) {
		memset(&e->next_asked, 0, sizeof(e->next_asked));
		return HL_OK;
	}
	return status;
}

static struct hl_hook_run about(const struct hl_asked_row *row, enum hl_hook_event event)
{
	return (struct hl_hook_run){.event = event,
		.has_lab = true,
		.lab = row->lab,
		.has_call = true,
		.call = row->call,
		.incident = row->incident,
		.outgoing = true,
		.precedence = row->precedence,
		.status = row->status,
		.stored = row->stored,
		.deadline = row->deadline};
}

enum hl_status hl_asked_call(struct hl_engine *e, const struct hl_envelope *call)
{
	const struct hl_core *core = &call->core;
	struct hl_asked_row row = {.call = call->id,
		.incident = hl_envelope_incident(call),
		.precedence = core->precedence,
		.status = core->status,
		.stored = e->now.wall,
		.deadline = hl_engine_scale(e) + core->answer_within * 1000,
		.state = HL_ASKED_WAITS};
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < core->n_labs && status == HL_OK; i++) {
		row.lab = core->labs[i];
		if (!hl_id_eq(&row.lab, &e->own.id))
			status = hl_store_asked_put(e->store, &row);
	}
	return status == HL_OK ? hl_asked_load(e) : status;
}

static enum hl_status finish(struct hl_engine *e, const struct hl_asked_row *row,
	enum hl_asked_state state, enum hl_hook_event event)
{
	const struct hl_hook_run run = about(row, event);
	enum hl_status status =
		hl_store_asked_mark(e->store, &row->call, &row->lab, state);

	if (status == HL_OK)
		status = hl_hook_stop(e, &row->call, &row->lab);
	return status == HL_OK ? hl_hook_event(e, &run) : status;
}

enum hl_status hl_asked_answered(
	struct hl_engine *e, const struct hl_id *call, const struct hl_id *lab)
{
	struct hl_asked_row row;
	enum hl_status status = hl_store_asked_get(e->store, call, lab, &row);

	if (status == HL_UNKNOWN)
		return HL_OK;
	if (status != HL_OK ||
		(row.state != HL_ASKED_WAITS && row.state != HL_ASKED_UNANSWERED))
		return status;
	status = finish(e, &row, HL_ASKED_ANSWERED, HL_HOOK_ANSWERED);
	if (status == HL_OK && row.status == HL_EXERCISE)
		status = hl_drill_held(e, lab);
	return status == HL_OK ? hl_asked_load(e) : status;
}

enum hl_status hl_asked_closed(struct hl_engine *e, const struct hl_id *incident)
{
	struct hl_asked_row row[BATCH];
	size_t n = 0;
	enum hl_status status;

	do {
		status = hl_store_asked_incident(e->store, incident, row, BATCH, &n);
		for (size_t i = 0; i < n && status == HL_OK; i++)
			status = finish(e, &row[i], HL_ASKED_CLOSED, HL_HOOK_CLOSED);
	} while (status == HL_OK && n == BATCH);
	return status == HL_OK ? hl_asked_load(e) : status;
}

enum hl_status hl_asked_timer(struct hl_engine *e)
{
	enum hl_status status = HL_OK;

	while (status == HL_OK && !hl_id_zero(&e->next_asked.call) &&
		e->next_asked.deadline <= hl_engine_scale(e)) {
		const struct hl_asked_row row = e->next_asked;
		struct hl_hook_run run = about(&row, HL_HOOK_UNANSWERED);
		status = hl_store_asked_mark(
			e->store, &row.call, &row.lab, HL_ASKED_UNANSWERED);
		hl_log(e, 3, "lab %s has not answered our call %s in time",
			hl_short(&row.lab).text, hl_short(&row.call).text);
		if (status == HL_OK)
			status = hl_hook_event(e, &run);
		run.moment = HL_MOMENT_UNANSWERED;
		if (status == HL_OK)
			status = hl_hook_steps(e, &run, row.deadline);
		if (status == HL_OK)
			status = hl_asked_load(e);
	}
	return status;
}
