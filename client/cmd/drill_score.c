#include "client/cmd/drill.h"

#include <stdlib.h>

#include "client/proof.h"

enum hl_exit hl_spans_add(struct hl_spans *spans, uint64_t ms)
{
	if (spans->n == spans->cap) {
		size_t cap = spans->cap ? 2 * spans->cap : 64;
		uint64_t *more = reallocarray(spans->p, cap, sizeof(*more));

		if (!more)
			return hl_fail_status(HL_ERR_NOMEM, "counting drills");
		spans->p = more;
		spans->cap = cap;
	}
	spans->p[spans->n++] = ms;
	return HL_EXIT_OK;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void hl_spans_sort(struct hl_spans *spans)
{
	if (spans->n > 0)
		qsort(spans->p, spans->n, sizeof(*spans->p), by_size);
}

uint64_t hl_spans_percentile(const struct hl_spans *spans, unsigned percent)
{
	size_t rank = (spans->n * percent + 99) / 100;

	return spans->p[rank > 0 ? rank - 1 : 0];
}

void hl_score_clear(struct hl_score *score)
{
	free(score->to_receipt.p);
	free(score->to_answer.p);
	free(score->to_person.p);
	free(score->held);
	*score = (struct hl_score){0};
}

/* A clock that was set back between the two makes no span. */
static enum hl_exit add_span(struct hl_spans *spans, uint64_t from, uint64_t to)
{
	return hl_spans_add(spans, to > from ? to - from : 0);
}

static enum hl_exit count(struct hl_score *score, const struct hl_drill_status *row)
{
	enum hl_exit code = HL_EXIT_OK;

	score->sent++;
	score->delivered += row->delivered != 0;
	score->answered += row->answered != 0;
	score->missed += row->missed;
	score->running += !row->missed && row->answered == 0;
	if (row->delivered != 0)
		code = add_span(&score->to_receipt, row->sent, row->delivered);
	if (row->answered != 0 && !code)
		code = add_span(&score->to_answer, row->sent, row->answered);
	return code;
}

enum hl_exit hl_score_machine(
	struct hl_app *app, struct hl_line *line, uint64_t since, struct hl_score *score)
{
	struct hl_frame request = {.type = HL_FRAME_DRILLS};
	enum hl_exit code = HL_EXIT_OK;
	size_t n = HL_DRILLS_MAX;

	(void)app;
	request.drills.lab = score->lab;
	request.drills.since = since;
	/* SPEC link 5.14: The device asks again, with the last number, while a body holds 512. */
	while (!code && n == HL_DRILLS_MAX) {
		HL_CLEAN_REPLY struct hl_reply reply = {0};

		code = hl_line_ask(line, &request, 0, &reply);
		if (!code && reply.code != HL_OK)
			return hl_line_refused(&reply, "asking for drills");
		n = code ? 0 : reply.body.drills.n;
		for (size_t i = 0; !code && i < n; i++)
			code = count(score, &reply.body.drills.items[i]);
		if (n > 0)
			request.drills.after = reply.body.drills.items[n - 1].number;
	}
	hl_spans_sort(&score->to_receipt);
	hl_spans_sort(&score->to_answer);
	score->asked = !code;
	return code;
}

/* The time of a letter by the own node's clock, where it has one. */
static uint64_t time_of(const struct hl_letter *letter)
{
	return letter->stored ? letter->stored : letter->envelope.core.created;
}

static void look_at_answer(struct hl_app *app, const struct hl_thread *thread,
	const struct hl_id *lab, struct hl_held_drill *drill)
{
	const struct hl_call_state *call = hl_thread_call(thread, &thread->id);
	const struct hl_lab_answer *answer = call ? hl_call_answer(call, lab) : NULL;
	const struct hl_letter *letter =
		answer ? hl_thread_letter(thread, &answer->letter) : NULL;
	uint64_t deadline = call ? hl_thread_deadline(thread, call) : 0;

	if (letter) {
		drill->answered = time_of(letter);
		drill->person = hl_letter_person(app, letter);
		drill->answer = hl_answer_name(answer->answer);
		drill->late = drill->answered > deadline;
	}
	drill->missed = letter ? drill->late : hl_clock() > deadline;
}

static bool is_addressed(const struct hl_core *core, const struct hl_id *lab)
{
	for (size_t i = 0; i < core->n_labs; i++)
		if (hl_id_eq(&core->labs[i], lab))
			return true;
	return false;
}

static enum hl_exit add_held(
	struct hl_app *app, const struct hl_thread *thread, struct hl_score *score)
{
	const struct hl_letter *letter = hl_thread_letter(thread, &thread->id);
	struct hl_held_drill *more =
		reallocarray(score->held, score->n_held + 1, sizeof(*more));
	struct hl_proof proof;
	struct hl_held_drill *drill;

	if (!more)
		return hl_fail_status(HL_ERR_NOMEM, "counting drills");
	score->held = more;
	drill = &more[score->n_held++];
	*drill = (struct hl_held_drill){.incident = thread->id, .sent = time_of(letter)};
	if (hl_proof_of(app, &thread->id, &score->lab, &proof) && proof.verified &&
		proof.state == HL_DELIVERED)
		drill->delivered = proof.since;
	look_at_answer(app, thread, &score->lab, drill);
	return drill->answered ? add_span(&score->to_person, drill->sent, drill->answered)
			       : HL_EXIT_OK;
}

enum hl_exit hl_score_persons(struct hl_app *app, uint64_t since, struct hl_score *score)
{
	struct hl_id *ids = NULL;
	size_t n = 0;
	enum hl_exit code = hl_thread_list(app, &ids, &n);

	for (size_t i = 0; i < n && !code; i++) {
		HL_CLEAN_THREAD struct hl_thread thread = {0};
		const struct hl_letter *first;

		code = hl_thread_load(app, &ids[i], &thread);
		first = code ? NULL : hl_thread_letter(&thread, &ids[i]);
		if (!first || !hl_thread_is_drill(&thread) ||
			!hl_id_eq(&first->envelope.core.lab, &app->lab) ||
			first->envelope.core.created < since ||
			!is_addressed(&first->envelope.core, &score->lab))
			continue;
		code = add_held(app, &thread, score);
	}
	free(ids);
	hl_spans_sort(&score->to_person);
	return code;
}
