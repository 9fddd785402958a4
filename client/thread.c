#include "client/thread.h"

#include <stdlib.h>
#include <string.h>

#include "client/docs.h"
#include "client/output.h"

void hl_thread_clear(struct hl_thread *thread)
{
	if (!thread)
		return;
	hl_incident_clear(&thread->incident);
	free(thread->fold);
	for (size_t i = 0; i < thread->n; i++)
		hl_letter_clear(&thread->letters[i]);
	free(thread->letters);
	*thread = (struct hl_thread){0};
}

static enum hl_exit read_letters(
	struct hl_app *app, const struct hl_id *incident, struct hl_thread *thread)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		HL_LETTER_SELECT "WHERE l.incident = ? ORDER BY l.created, l.id", "d",
		incident);
	struct hl_letter letter = {0};
	size_t cap = 0;

	while (hl_letter_next(app, stmt, &letter)) {
		if (thread->n == cap) {
			struct hl_letter *more;

			cap = cap ? 2 * cap : 8;
			more = reallocarray(thread->letters, cap, sizeof(*more));
			if (!more) {
				hl_letter_clear(&letter);
				return hl_fail_status(HL_ERR_NOMEM, "reading letters");
			}
			thread->letters = more;
		}
		thread->letters[thread->n++] = letter;
	}
	return hl_db_done(app->db, &stmt);
}

static enum hl_exit fold(struct hl_thread *thread)
{
	enum hl_status status;

	thread->fold = calloc(thread->n + 1, sizeof(*thread->fold));
	if (!thread->fold)
		return hl_fail_status(HL_ERR_NOMEM, "reading letters");
	for (size_t i = 0; i < thread->n; i++) {
		const struct hl_letter *letter = &thread->letters[i];

		if (letter->state != HL_LETTER_OPENED)
			continue;
		thread->fold[thread->n_fold++] =
			(struct hl_fold_letter){.id = letter->envelope.id,
				.core = &letter->envelope.core,
				.message = &letter->message,
				.is_short = letter->is_short};
	}
	status = hl_incident_fold(
		&thread->id, thread->fold, thread->n_fold, &thread->incident);
	return status == HL_OK ? HL_EXIT_OK : hl_fail_status(status, "reading letters");
}

enum hl_exit hl_thread_load(
	struct hl_app *app, const struct hl_id *incident, struct hl_thread *ret)
{
	struct hl_thread thread = {.id = *incident};
	enum hl_exit code = read_letters(app, incident, &thread);

	if (code == HL_EXIT_OK)
		code = fold(&thread);
	if (code != HL_EXIT_OK) {
		hl_thread_clear(&thread);
		return code;
	}
	*ret = thread;
	return HL_EXIT_OK;
}

const struct hl_letter *hl_thread_letter(
	const struct hl_thread *thread, const struct hl_id *id)
{
	for (size_t i = 0; i < thread->n; i++)
		if (hl_id_eq(&thread->letters[i].envelope.id, id))
			return &thread->letters[i];
	return NULL;
}

const struct hl_letter *hl_thread_raise(const struct hl_thread *thread)
{
	const struct hl_letter *letter = hl_thread_letter(thread, &thread->id);

	return letter && letter->state == HL_LETTER_OPENED &&
			letter->message.type == HL_RAISE
		? letter
		: NULL;
}

const struct hl_call_state *hl_thread_call(
	const struct hl_thread *thread, const struct hl_id *id)
{
	for (size_t i = 0; i < thread->incident.n_calls; i++)
		if (hl_id_eq(&thread->incident.calls[i].id, id))
			return &thread->incident.calls[i];
	return NULL;
}

static bool named(const struct hl_thread *thread, const struct hl_id *id)
{
	for (size_t i = 0; i < thread->n_fold; i++) {
		const struct hl_message *m = thread->fold[i].message;

		for (size_t j = 0; j < m->n_seen; j++)
			if (hl_id_eq(&m->seen[j], id))
				return true;
	}
	return false;
}

static int by_id(const void *a, const void *b)
{
	return hl_id_cmp(a, b);
}

void hl_thread_seen(const struct hl_thread *thread, const struct hl_id *also,
	struct hl_id ret[static HL_SEEN_MAX], size_t *ret_n)
{
	size_t n = 0;

	if (also)
		ret[n++] = *also;
	/* Newest first, so that those beyond the limit are old ones. */
	for (size_t i = thread->n_fold; i-- > 0 && n < HL_SEEN_MAX;) {
		const struct hl_id *id = &thread->fold[i].id;

		if (!(also && hl_id_eq(id, also)) && !named(thread, id))
			ret[n++] = *id;
	}
	qsort(ret, n, sizeof(*ret), by_id);
	*ret_n = n;
}

bool hl_thread_is_drill(const struct hl_thread *thread)
{
	const struct hl_letter *letter = hl_thread_letter(thread, &thread->id);

	return letter && letter->state == HL_LETTER_OPENED &&
		letter->message.type == HL_DRILL;
}

bool hl_thread_drill_over(const struct hl_thread *thread)
{
	return hl_thread_is_drill(thread) && !hl_thread_unanswered(thread);
}

static bool among(const struct hl_core *core, const struct hl_id *lab)
{
	for (size_t i = 0; i < core->n_labs; i++)
		if (hl_id_eq(&core->labs[i], lab))
			return true;
	return false;
}

bool hl_thread_waits(const struct hl_thread *thread, const struct hl_call_state *call,
	const struct hl_id *lab)
{
	return thread->incident.phase == HL_OPEN && !hl_id_eq(&call->lab, lab) &&
		!(hl_thread_is_drill(thread) &&
			hl_thread_deadline(thread, call) <= hl_clock()) &&
		among(call->core, lab) && !hl_call_answer(call, lab);
}

const struct hl_call_state *hl_thread_rings(
	struct hl_app *app, const struct hl_thread *thread)
{
	for (size_t i = thread->incident.n_calls; i-- > 0;)
		if (hl_thread_waits(thread, &thread->incident.calls[i], &app->lab))
			return &thread->incident.calls[i];
	return NULL;
}

bool hl_thread_unanswered(const struct hl_thread *thread)
{
	for (size_t i = 0; i < thread->incident.n_calls; i++) {
		const struct hl_call_state *call = &thread->incident.calls[i];

		for (size_t j = 0; j < call->core->n_labs; j++)
			if (hl_thread_waits(thread, call, &call->core->labs[j]))
				return true;
	}
	return false;
}

uint64_t hl_thread_deadline(
	const struct hl_thread *thread, const struct hl_call_state *call)
{
	const struct hl_letter *letter = hl_thread_letter(thread, &call->id);
	uint64_t from = letter && letter->stored ? letter->stored : call->core->created;

	/* SPEC envelope 1.7: counted by each receiver from the time at which it stored the letter
	 * first */
	return from + call->core->answer_within * 1000;
}

void hl_thread_count(
	const struct hl_thread *thread, size_t *ret_labs, size_t *ret_answered)
{
	const struct hl_call_state *call = hl_incident_opening(&thread->incident);

	*ret_labs = *ret_answered = 0;
	for (size_t i = 0; call && i < call->core->n_labs; i++) {
		if (hl_id_eq(&call->core->labs[i], &call->lab))
			continue;
		++*ret_labs;
		*ret_answered += hl_call_answer(call, &call->core->labs[i]) != NULL;
	}
}

enum hl_exit hl_thread_list(struct hl_app *app, struct hl_id **ret, size_t *ret_n)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT incident, max(created) FROM letters GROUP BY incident"
		" ORDER BY 2 DESC, 1",
		"");
	struct hl_id *ids = NULL;
	size_t n = 0, cap = 0;
	enum hl_exit code;

	while (hl_db_next(app->db, stmt)) {
		if (n == cap) {
			struct hl_id *more;

			cap = cap ? 2 * cap : 64;
			more = reallocarray(ids, cap, sizeof(*ids));
			if (!more) {
				free(ids);
				return hl_fail_status(HL_ERR_NOMEM, "reading letters");
			}
			ids = more;
		}
		ids[n++] = hl_db_id(stmt, 0);
	}
	code = hl_db_done(app->db, &stmt);
	if (code != HL_EXIT_OK) {
		free(ids);
		return code;
	}
	*ret = ids;
	*ret_n = n;
	return HL_EXIT_OK;
}

/* How many digits two ids have in common. */
static unsigned common(const struct hl_id *a, const struct hl_id *b)
{
	unsigned i = 0;

	while (i < HL_ID_SIZE && a->b[i] == b->b[i])
		i++;
	return 2 * i + (i < HL_ID_SIZE && (a->b[i] ^ b->b[i]) < 16);
}

/* The digits that tell an incident from its neighbour in the order of ids. */
static unsigned apart(struct hl_app *app, const char *sql, const struct hl_id *incident)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db, sql, "d", incident);
	struct hl_id other;

	if (!hl_db_next(app->db, stmt) || hl_db_null(stmt, 0))
		return 4;
	other = hl_db_id(stmt, 0);
	return common(incident, &other) + 1;
}

const char *hl_thread_short(struct hl_app *app, const struct hl_id *incident)
{
	unsigned below = apart(
		app, "SELECT max(incident) FROM letters WHERE incident < ?", incident);
	unsigned above = apart(
		app, "SELECT min(incident) FROM letters WHERE incident > ?", incident);

	return hl_short(app, incident, below > above ? below : above);
}
