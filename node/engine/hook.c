/* What is to be run: a row for each hook and step, written in the turn that gives the reason. */
#include "node/engine/state.h"

#include <stdlib.h>
#include <string.h>

const struct hl_policy_hook *hl_hook_find(const struct hl_engine *e, const char *name)
{
	for (size_t i = 0; i < e->hooks.n_hooks; i++)
		if (strcmp(e->hooks.hook[i].name, name) == 0)
			return &e->hooks.hook[i];
	return NULL;
}

bool hl_hook_is_exercise(const struct hl_hook_run *run)
{
	return run->has_call && run->status != HL_ACTUAL;
}

/* With its NUL, so that no two names run into each other. */
static struct hl_view whole(const char *text)
{
	return hl_view_of(text, strlen(text) + 1);
}

void hl_hook_key(const struct hl_hook_run *run, struct hl_id *ret)
{
	uint8_t numbers[5 * 8];
	bool step = run->event == HL_HOOK_STEP;

	hl_put_be64(numbers, run->event);
	hl_put_be64(numbers + 8, run->moment);
	hl_put_be64(numbers + 16, run->round);
	/* What is about no letter is told apart by its time. */
	hl_put_be64(numbers + 24, run->has_call ? 0 : run->time);
	hl_put_be64(numbers + 32, run->has_call ? 0 : run->value);
	const struct hl_view parts[] = {whole("hotline.hook"), hl_view_of(numbers, 40),
		hl_view_id(&run->call), hl_view_id(&run->lab),
		whole(step ? run->step : run->hook)};
	hl_sha256(parts, sizeof(parts) / sizeof(parts[0]), ret);
}

static enum hl_status put(struct hl_engine *e, struct hl_hook_row *row)
{
	hl_hook_key(&row->run, &row->run.key);
	row->first = row->due;
	row->state = HL_HOOK_WAITS;
	if (row->due < e->hooks.due)
		e->hooks.due = row->due;
	return hl_store_hook_put(e->store, row);
}

enum hl_status hl_hook_event(struct hl_engine *e, const struct hl_hook_run *about)
{
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < e->hooks.n_hooks && status == HL_OK; i++) {
		const struct hl_policy_hook *hook = &e->hooks.hook[i];
		struct hl_hook_row row = {.run = *about, .due = hl_engine_scale(e)};
		if ((hook->events & 1u << about->event) == 0 ||
			hook->exercise != hl_hook_is_exercise(about))
			continue;
		row.run.moment = 0;
		row.run.time = e->now.wall;
		memcpy(row.run.hook, hook->name, sizeof(row.run.hook));
		status = put(e, &row);
	}
	return status;
}

enum hl_status hl_hook_steps(
	struct hl_engine *e, const struct hl_hook_run *about, uint64_t from)
{
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < e->hooks.n_steps && status == HL_OK; i++) {
		const struct hl_policy_step *step = &e->hooks.step[i];
		const struct hl_policy_hook *hook = hl_hook_find(e, step->hook);
		struct hl_hook_row row = {
			.run = *about, .due = from + step->after * 1000};
		if (step->precedence != about->precedence ||
			step->moment != about->moment || hook == NULL ||
			hook->exercise != hl_hook_is_exercise(about))
			continue;
		row.run.event = HL_HOOK_STEP;
		row.run.time = e->now.wall + step->after * 1000;
		row.run.round = 1;
		row.repeat = step->repeat * 1000;
		memcpy(row.run.hook, hook->name, sizeof(row.run.hook));
		memcpy(row.run.step, step->name, sizeof(row.run.step));
		memcpy(row.run.contacts, step->contacts, sizeof(row.run.contacts));
		status = put(e, &row);
	}
	return status;
}

enum hl_status hl_hook_stop(
	struct hl_engine *e, const struct hl_id *call, const struct hl_id *lab)
{
	return hl_store_hook_stop(e->store, call, lab, e->now.wall);
}

enum hl_status hl_hook_now(struct hl_engine *e, const struct hl_hook_run *about)
{
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < e->hooks.n_hooks && status == HL_OK; i++) {
		const struct hl_policy_hook *hook = &e->hooks.hook[i];
		struct hl_hook_run run = *about;
		if ((hook->events & 1u << about->event) == 0 || hook->exercise)
			continue;
		run.time = e->now.wall;
		memcpy(run.hook, hook->name, sizeof(run.hook));
		hl_hook_key(&run, &run.key);
		status = hl_hook_hand_out(e, &run, 1);
	}
	return status;
}

enum hl_status hl_hook_link(
	struct hl_engine *e, const struct hl_id *lab, enum hl_link_state state)
{
	const struct hl_hook_run about = {
		.event = HL_HOOK_LINK, .has_lab = true, .lab = *lab, .value = state};

	/* Whoever stops the node knows that its lines go down. */
	return e->down ? HL_OK : hl_hook_event(e, &about);
}

enum hl_status hl_hook_gap(struct hl_engine *e, const struct hl_id *lab, uint64_t missing)
{
	const struct hl_hook_run about = {
		.event = HL_HOOK_GAP, .has_lab = true, .lab = *lab, .value = missing};

	return hl_hook_event(e, &about);
}

static void clear(struct hooks *hooks)
{
	free(hooks->hook);
	free(hooks->step);
	free(hooks->person);
}

void hl_hooks_free(struct hl_engine *e)
{
	clear(&e->hooks);
}

static void *copy(const void *from, size_t n, size_t size)
{
	void *to = calloc(n + 1, size);

	if (to != NULL && n > 0)
		memcpy(to, from, n * size);
	return to;
}

enum hl_status hl_engine_set_policy(struct hl_engine *e, const struct hl_policy *policy)
{
	struct hooks fresh = e->hooks;

	fresh.hook = copy(policy->hooks, policy->n_hooks, sizeof(*fresh.hook));
	fresh.step = copy(policy->steps, policy->n_steps, sizeof(*fresh.step));
	fresh.person = copy(policy->persons, policy->n_persons, sizeof(*fresh.person));
	if (fresh.hook == NULL || fresh.step == NULL || fresh.person == NULL) {
		clear(&fresh);
		return HL_ERR_NOMEM;
	}
	clear(&e->hooks);
	fresh.n_hooks = policy->n_hooks;
	fresh.n_steps = policy->n_steps;
	fresh.n_persons = policy->n_persons;
	e->hooks = fresh;
	return HL_OK;
}
