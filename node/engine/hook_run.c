/* What is due is handed out once, or again until it has gone well. */
#include "node/engine/state.h"

#include <stdio.h>
#include <string.h>

#define BATCH         8
#define RUNNING_MAX   32
#define RUNNING_FLASH 8 /* of them kept for FLASH */
#define FULL_MS       1000
#define HUNGRY_MS     10000 /* there was no room to note what is handed out */
/* No result for so long: whoever was to run it has not. */
#define LOST_MS        ((HL_HOOK_TIMEOUT_MAX + 60) * 1000ull)
#define BACKOFF_MS     2000
#define BACKOFF_MAX_MS 60000
#define DAY_MINUTES    1440

static bool is_quiet(const struct hl_policy_person *person, unsigned minute)
{
	if (person->from <= person->until)
		return minute >= person->from && minute < person->until;
	return minute >= person->from || minute < person->until;
}

/* Takes out whom not to ring now. *ret_ms: until the first of them may be rung; 0: nobody is
 * taken out. Quiet hours go by the clock on the wall. */
static void hush(struct hl_engine *e, char *contacts, uint64_t *ret_ms)
{
	const unsigned minute = (unsigned)(e->now.wall / 60000 % DAY_MINUTES);
	char *to = contacts;

	*ret_ms = 0;
	for (const char *at = contacts; *at != '\0';) {
		size_t n = strcspn(at, "\n") + 1;
		const struct hl_policy_person *quiet = NULL;
		for (size_t i = 0; i < e->hooks.n_persons; i++) {
			const struct hl_policy_person *p = &e->hooks.person[i];
			if (strlen(p->name) == n - 1 &&
				strncmp(p->name, at, n - 1) == 0 && is_quiet(p, minute))
				quiet = p;
		}
		if (quiet != NULL) {
			uint64_t left =
				(quiet->until + DAY_MINUTES - minute) % DAY_MINUTES;
			uint64_t ms = left * 60000 - e->now.wall % 60000;
			if (*ret_ms == 0 || ms < *ret_ms)
				*ret_ms = ms;
		} else {
			memmove(to, at, n);
			to += n;
		}
		at += n;
	}
	*to = '\0';
}

static bool is_expired(struct hl_engine *e, const struct hl_hook_run *run)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};

	if (hl_store_letter_get(e->store, &run->call, &envelope) != HL_OK)
		return false; /* rather ring */
	return hl_engine_scale(e) >= run->deadline +
		(envelope.core.lifetime - envelope.core.answer_within) * 1000;
}

/* Is there still somebody to be rung for it? */
static enum hl_status still_rings(
	struct hl_engine *e, const struct hl_hook_run *run, bool *ret)
{
	struct hl_call_row call;
	struct hl_asked_row asked;
	enum hl_status status = HL_UNKNOWN;

	*ret = true;
	if (run->event != HL_HOOK_STEP)
		return HL_OK;
	switch (run->moment) {
	case HL_MOMENT_CALL:
		status = hl_store_call_get(e->store, &run->call, &call);
		*ret = status == HL_OK &&
			(call.state == HL_RINGING || call.state == HL_RING_OVERDUE);
		break;
	case HL_MOMENT_UNANSWERED:
		status = hl_store_asked_get(e->store, &run->call, &run->lab, &asked);
		*ret = status == HL_OK && asked.state == HL_ASKED_UNANSWERED;
		break;
	}
	*ret = *ret && !is_expired(e, run);
	return status == HL_UNKNOWN ? HL_OK : status;
}

static void take_name(struct hl_view name, char ret[static HL_HOOK_NAME_MAX + 1])
{
	if (name.n == 0 || name.n > HL_HOOK_NAME_MAX || !hl_text_ok(name, HL_TEXT_LINE))
		return;
	memcpy(ret, name.p, name.n);
	ret[name.n] = '\0';
}

enum hl_status hl_hook_hand_out(
	struct hl_engine *e, struct hl_hook_run *run, uint64_t attempt)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	const struct hl_peer_pin *pin =
		run->has_lab ? hl_directory_peer(&e->directory, &run->lab) : NULL;

	run->own = e->own.id;
	run->attempt = attempt;
	take_name(e->own.card.name, run->own_name);
	if (pin != NULL)
		take_name(pin->name, run->lab_name);
	/* From the node's own scale to wall time; a clock near 1970 has none before itself. */
	if (run->has_call) {
		uint64_t passed = hl_engine_scale(e) - run->deadline;
		run->deadline = (int64_t)passed > 0 && passed > e->now.wall
			? 0
			: e->now.wall - passed;
	}
	enum hl_status status = hl_hook_encode(run, &bytes);
	if (status > 0) { /* no name of ours is such; the turn is not to be lost for it */
		hl_note(e, NULL, 3, "a hook cannot be run", hl_status_name(status));
		return HL_OK;
	}
	return status == HL_OK ? hl_effect_hook(e, &bytes) : status;
}

static enum hl_status end(
	struct hl_engine *e, struct hl_hook_row *row, enum hl_hook_state state)
{
	row->state = state;
	row->ended = e->now.wall;
	return hl_store_hook_mark(e->store, row);
}

/* After the time that was missed the next one comes in its old rhythm, once. */
static enum hl_status add_round(struct hl_engine *e, const struct hl_hook_row *row)
{
	struct hl_hook_row next = *row;
	uint64_t passed = 1 + (hl_engine_scale(e) - row->first) / row->repeat;

	next.run.round += passed;
	next.run.time += passed * row->repeat;
	next.first = next.due = row->first + passed * row->repeat;
	next.state = HL_HOOK_WAITS;
	hl_hook_key(&next.run, &next.run.key);
	return hl_store_hook_put(e->store, &next);
}

static enum hl_status fail(struct hl_engine *e, struct hl_hook_row *row)
{
	char text[128];
	uint64_t wait = BACKOFF_MS << (row->attempts < 6 ? row->attempts - 1 : 5);

	if (row->attempts < HL_HOOK_ATTEMPTS_MAX) {
		row->state = HL_HOOK_WAITS;
		row->due = hl_engine_scale(e) +
			(wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS);
		return hl_store_hook_mark(e->store, row);
	}
	snprintf(text, sizeof(text), "hook \"%s\" was given up after %u attempts",
		row->run.hook, HL_HOOK_ATTEMPTS_MAX);
	hl_alarm(e, &e->own.id, text);
	return end(e, row, HL_HOOK_FAILED);
}

static enum hl_status begin(struct hl_engine *e, struct hl_hook_row *row)
{
	const struct hl_policy_hook *hook = hl_hook_find(e, row->run.hook);
	struct hl_hook_run run = row->run;
	uint64_t quiet = 0;
	bool rings = false;
	enum hl_status status = still_rings(e, &row->run, &rings);

	if (status != HL_OK)
		return status;
	if (!rings || hook == NULL || hook->exercise != hl_hook_is_exercise(&row->run))
		return end(e, row, HL_HOOK_DROPPED);
	if (row->state == HL_HOOK_RUNS && row->attempts >= HL_HOOK_ATTEMPTS_MAX)
		return fail(e, row);
	if (run.event == HL_HOOK_STEP && run.precedence != HL_FLASH)
		hush(e, run.contacts, &quiet);
	bool nobody = quiet != 0 && run.contacts[0] == '\0';
	if (row->repeat != 0 && row->attempts == 0)
		status = add_round(e, row);
	if (status == HL_OK && nobody && row->repeat != 0)
		return end(e, row, HL_HOOK_DROPPED);
	if (status == HL_OK && nobody) {
		row->due = hl_engine_scale(e) + quiet;
		return hl_store_hook_mark(e->store, row);
	}
	if (row->state != HL_HOOK_RUNS) {
		e->hooks.running++;
		e->hooks.begun++;
	}
	row->state = HL_HOOK_RUNS;
	row->attempts++;
	row->due = hl_engine_scale(e) + LOST_MS;
	if (status == HL_OK)
		status = hl_store_hook_mark(e->store, row);
	return status == HL_OK ? hl_hook_hand_out(e, &run, row->attempts) : status;
}

/* Runs that are lost take no new place. */
static bool is_full(const struct hl_engine *e, const struct hl_hook_row *row)
{
	size_t kept = row->run.precedence == HL_FLASH ? 0 : RUNNING_FLASH;

	return row->state == HL_HOOK_WAITS && e->hooks.running >= RUNNING_MAX - kept;
}

static enum hl_status begin_due(struct hl_engine *e)
{
	struct hl_hook_row row[BATCH];
	size_t n = BATCH;
	bool full = false;
	enum hl_status status = HL_OK;

	while (status == HL_OK && n == BATCH && !full) {
		status = hl_store_hook_due(e->store, hl_engine_scale(e), row, BATCH, &n);
		for (size_t i = 0; i < n && status == HL_OK && !full; i++) {
			full = is_full(e, &row[i]);
			if (!full)
				status = begin(e, &row[i]);
		}
	}
	if (status == HL_OK)
		status = hl_store_hook_next(e->store, &e->hooks.due);
	/* Not in every turn: the others are not to be lost with this one. */
	if (status == HL_ERR_NOSPACE)
		e->hooks.hungry_until = e->now.boot + HUNGRY_MS;
	if (full)
		e->hooks.due = hl_engine_scale(e) + FULL_MS;
	return status;
}

static enum hl_status take_result(
	struct hl_engine *e, struct hook_result *result, const char *text)
{
	struct hl_hook_row row;
	enum hl_status status = hl_store_hook_get(e->store, &result->key, &row);

	if (status == HL_UNKNOWN) /* one of hl_hook_now */
		return HL_OK;
	if (status != HL_OK)
		return status;
	if (!result->counted && e->hooks.running > 0)
		e->hooks.running--;
	result->counted = true;
	e->hooks.due = 0; /* there is room, or a new time */
	const bool good = result->code == 0;
	hl_log(e, good ? 6 : 4, "hook %s, run %s, attempt %llu: %.160s", row.run.hook,
		hl_short(&row.run.key).text, (unsigned long long)row.attempts,
		text != NULL && *text != '\0' ? text
			: good                ? "done"
					      : "failed");
	if (row.state != HL_HOOK_RUNS)
		return HL_OK;
	row.result = result->code;
	return good ? end(e, &row, HL_HOOK_DONE) : fail(e, &row);
}

/* What has ended stays known until that is committed. */
static struct hook_result *keep_result(struct hl_engine *e, const struct hl_event *event)
{
	struct hooks *hooks = &e->hooks;
	struct hook_result *result = &hooks->result[hooks->n_results];

	if (hooks->n_results + 1 < HOOK_RESULTS_MAX)
		hooks->n_results++;
	*result = (struct hook_result){
		.key = event->hook_done.key, .code = event->hook_done.code};
	return result;
}

enum hl_status hl_hook_done(struct hl_engine *e, const struct hl_event *event)
{
	return take_result(e, keep_result(e, event), event->hook_done.text);
}

void hl_hook_done_lost(struct hl_engine *e, const struct hl_event *event)
{
	(void)keep_result(e, event);
}

enum hl_status hl_hook_pump(struct hl_engine *e)
{
	enum hl_status status = HL_OK;

	if (!e->hooks.resumed) {
		status = hl_store_hook_resume(e->store);
		e->hooks.resumed = true;
		e->hooks.due = 0;
	}
	for (size_t i = 0; e->hooks.lost_results && i < e->hooks.n_results; i++)
		if (status == HL_OK)
			status = take_result(e, &e->hooks.result[i], NULL);
	bool due = e->hooks.due <= hl_engine_scale(e) && !e->down &&
		!e->hooks.no_helper && e->now.boot >= e->hooks.hungry_until;
	return status == HL_OK && due ? begin_due(e) : status;
}

void hl_hook_committed(struct hl_engine *e)
{
	e->hooks.begun = 0;
	e->hooks.settled = e->hooks.resumed;
	e->hooks.n_results = 0;
	e->hooks.lost_results = false;
}

/* What was begun in this turn was not. */
void hl_hook_lost_turn(struct hl_engine *e)
{
	e->hooks.running -= e->hooks.begun;
	e->hooks.begun = 0;
	e->hooks.due = 0;
	e->hooks.lost_results = e->hooks.n_results > 0;
	if (!e->hooks.settled)
		e->hooks.resumed = false;
}
