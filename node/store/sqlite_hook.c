/* Calls of the own lab that wait for answers, and runs of hooks. */
#include "node/store/sqlite.h"

#include <string.h>

enum hl_status hl_store_asked_put(struct hl_store *store, const struct hl_asked_row *row)
{
	static const char sql[] =
		"INSERT INTO asked (call, lab, incident, precedence, status, stored, deadline,"
		" state) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

	return hl_store_run(store, sql, "iiidduud", &row->call, &row->lab, &row->incident,
		(int)row->precedence, (int)row->status, row->stored, row->deadline,
		(int)row->state);
}

#define ASKED "call, lab, incident, precedence, status, stored, deadline, state"

static enum hl_status take_asked(
	struct hl_query *q, struct hl_asked_row *ret, size_t max, size_t *ret_n)
{
	size_t n = 0;

	for (; n < max && hl_query_row(q); n++) {
		ret[n].call = hl_query_id(q);
		ret[n].lab = hl_query_id(q);
		ret[n].incident = hl_query_id(q);
		ret[n].precedence = (enum hl_precedence)hl_query_uint(q);
		ret[n].status = (enum hl_standing)hl_query_uint(q);
		ret[n].stored = hl_query_uint(q);
		ret[n].deadline = hl_query_uint(q);
		ret[n].state = (enum hl_asked_state)hl_query_uint(q);
	}
	*ret_n = n;
	return hl_query_end(q);
}

static enum hl_status take_one(struct hl_query *q, struct hl_asked_row *ret)
{
	size_t n = 0;
	enum hl_status status = take_asked(q, ret, 1, &n);

	return status == HL_OK && n == 0 ? HL_UNKNOWN : status;
}

enum hl_status hl_store_asked_get(struct hl_store *store, const struct hl_id *call,
	const struct hl_id *lab, struct hl_asked_row *ret)
{
	static const char sql[] =
		"SELECT " ASKED " FROM asked WHERE call = ? AND lab = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "ii", call, lab);
	return take_one(&q, ret);
}

enum hl_status hl_store_asked_mark(struct hl_store *store, const struct hl_id *call,
	const struct hl_id *lab, enum hl_asked_state state)
{
	static const char sql[] = "UPDATE asked SET state = ? WHERE call = ? AND lab = ?";

	return hl_store_run(store, sql, "dii", (int)state, call, lab);
}

enum hl_status hl_store_asked_next(struct hl_store *store, struct hl_asked_row *ret)
{
	static const char sql[] =
		"SELECT " ASKED " FROM asked WHERE state = 1 ORDER BY deadline LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "");
	return take_one(&q, ret);
}

enum hl_status hl_store_asked_incident(struct hl_store *store,
	const struct hl_id *incident, struct hl_asked_row *ret, size_t max, size_t *ret_n)
{
	static const char sql[] =
		"SELECT " ASKED
		" FROM asked WHERE incident = ? AND state IN (1, 4) LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "iu", incident, (uint64_t)max);
	return take_asked(&q, ret, max, ret_n);
}

enum hl_status hl_store_scale_put(struct hl_store *store, const struct hl_scale_row *row)
{
	static const char sql[] = "INSERT OR REPLACE INTO scale (one, boot, ahead, seen)"
				  " VALUES (1, ?, ?, ?)";

	return hl_store_run(store, sql, "iuu", &row->boot, row->ahead, row->seen);
}

enum hl_status hl_store_scale_get(struct hl_store *store, struct hl_scale_row *ret)
{
	static const char sql[] = "SELECT boot, ahead, seen FROM scale";
	struct hl_query q HL_CLEAN_QUERY = {0};
	bool found;

	hl_query_init(&q, store, false, sql, "");
	found = hl_query_row(&q);
	if (found) {
		ret->boot = hl_query_id(&q);
		ret->ahead = hl_query_uint(&q);
		ret->seen = hl_query_uint(&q);
	}
	enum hl_status status = hl_query_end(&q);
	return status == HL_OK && !found ? HL_UNKNOWN : status;
}

enum hl_status hl_store_hook_put(struct hl_store *store, const struct hl_hook_row *row)
{
	static const char sql[] =
		"INSERT INTO hook_run (key, event, hook, time, call, incident, lab, outgoing,"
		" precedence, status, stored, deadline, value, step, moment, round, repeat,"
		" contacts, first, due, state, attempts, result, ended) VALUES (?, ?, ?, ?, ?,"
		" ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT DO NOTHING";
	const struct hl_hook_run *run = &row->run;

	return hl_store_run(store, sql, "idvuiiiddduuuvduuvuuduuu", &run->key,
		(int)run->event, hl_view_str(run->hook), run->time, &run->call,
		&run->incident, &run->lab, (int)run->outgoing, (int)run->precedence,
		(int)run->status, run->stored, run->deadline, run->value,
		hl_view_str(run->step), (int)run->moment, run->round, row->repeat,
		hl_view_str(run->contacts), row->first, row->due, (int)row->state,
		row->attempts, row->result, row->ended);
}

#define COLUMNS                                                                        \
	"key, event, hook, time, call, incident, lab, outgoing, precedence, status, "  \
	"stored, deadline, value, step, moment, round, repeat, contacts, first, due, " \
	"state, attempts, result, ended"

static void take_text(struct hl_query *q, size_t size, char *ret)
{
	struct hl_view v = hl_query_blob(q);
	size_t n = v.n < size ? v.n : size - 1;

	if (n > 0)
		memcpy(ret, v.p, n);
	ret[n] = '\0';
}

static void take_run(struct hl_query *q, struct hl_hook_row *row)
{
	struct hl_hook_run *run = &row->run;

	memset(row, 0, sizeof(*row));
	run->key = hl_query_id(q);
	run->event = (enum hl_hook_event)hl_query_uint(q);
	take_text(q, sizeof(run->hook), run->hook);
	run->time = hl_query_uint(q);
	run->call = hl_query_id(q);
	run->incident = hl_query_id(q);
	run->lab = hl_query_id(q);
	run->has_call = !hl_id_zero(&run->call);
	run->has_lab = !hl_id_zero(&run->lab);
	run->outgoing = hl_query_uint(q) != 0;
	run->precedence = (enum hl_precedence)hl_query_uint(q);
	run->status = (enum hl_standing)hl_query_uint(q);
	run->stored = hl_query_uint(q);
	run->deadline = hl_query_uint(q);
	run->value = hl_query_uint(q);
	take_text(q, sizeof(run->step), run->step);
	run->moment = (enum hl_moment)hl_query_uint(q);
	run->round = hl_query_uint(q);
	row->repeat = hl_query_uint(q);
	take_text(q, sizeof(run->contacts), run->contacts);
	row->first = hl_query_uint(q);
	row->due = hl_query_uint(q);
	row->state = (enum hl_hook_state)hl_query_uint(q);
	row->attempts = hl_query_uint(q);
	row->result = hl_query_uint(q);
	row->ended = hl_query_uint(q);
}

enum hl_status hl_store_hook_get(
	struct hl_store *store, const struct hl_id *key, struct hl_hook_row *ret)
{
	static const char sql[] = "SELECT " COLUMNS " FROM hook_run WHERE key = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	bool found;

	hl_query_init(&q, store, false, sql, "i", key);
	found = hl_query_row(&q);
	if (found)
		take_run(&q, ret);
	enum hl_status status = hl_query_end(&q);
	return status == HL_OK && !found ? HL_UNKNOWN : status;
}

enum hl_status hl_store_hook_mark(struct hl_store *store, const struct hl_hook_row *row)
{
	static const char sql[] =
		"UPDATE hook_run SET state = ?, due = ?, attempts = ?, result = ?, ended = ?"
		" WHERE key = ?";

	return hl_store_run(store, sql, "duuuui", (int)row->state, row->due,
		row->attempts, row->result, row->ended, &row->run.key);
}

enum hl_status hl_store_hook_due(struct hl_store *store, uint64_t at,
	struct hl_hook_row *ret, size_t max, size_t *ret_n)
{
	static const char sql[] =
		"SELECT " COLUMNS " FROM hook_run WHERE state IN (1, 2) AND due <= ?"
		" ORDER BY precedence DESC, due, key LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	size_t n = 0;

	hl_query_init(&q, store, false, sql, "uu", at, (uint64_t)max);
	for (; n < max && hl_query_row(&q); n++)
		take_run(&q, &ret[n]);
	*ret_n = n;
	return hl_query_end(&q);
}

enum hl_status hl_store_hook_next(struct hl_store *store, uint64_t *ret)
{
	static const char sql[] =
		"SELECT due FROM hook_run WHERE state IN (1, 2) ORDER BY due LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};
	uint64_t due = UINT64_MAX;

	hl_query_init(&q, store, false, sql, "");
	if (hl_query_row(&q))
		due = hl_query_uint(&q);
	enum hl_status status = hl_query_end(&q);
	if (status == HL_OK)
		*ret = due;
	return status;
}

enum hl_status hl_store_hook_stop(struct hl_store *store, const struct hl_id *call,
	const struct hl_id *lab, uint64_t ended)
{
	static const char all[] =
		"UPDATE hook_run SET state = 5, ended = ?"
		" WHERE call = ? AND state IN (1, 2)"
		" AND (moment != 0 OR (attempts > 0 AND event IN (2, 4, 6)))";
	static const char one[] =
		"UPDATE hook_run SET state = 5, ended = ?"
		" WHERE call = ? AND lab = ? AND state IN (1, 2)"
		" AND (moment != 0 OR (attempts > 0 AND event IN (2, 4, 6)))";

	return lab == NULL ? hl_store_run(store, all, "ui", ended, call)
			   : hl_store_run(store, one, "uii", ended, call, lab);
}

enum hl_status hl_store_hook_resume(struct hl_store *store)
{
	static const char sql[] =
		"UPDATE hook_run SET state = 1, due = first WHERE state = 2";

	return hl_store_run(store, sql, "");
}

enum hl_status hl_store_hook_trim(struct hl_store *store, uint64_t before)
{
	static const char sql[] =
		"DELETE FROM hook_run WHERE state IN (3, 4, 5) AND ended < ?";

	return hl_store_run(store, sql, "u", before);
}
