#include "node/store/sqlite.h"

enum hl_status hl_store_call_put(struct hl_store *store, const struct hl_call_row *row)
{
	static const char sql[] =
		"INSERT INTO call (id, incident, lab, precedence, status, stored, deadline,"
		" state, closed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

	return hl_store_run(store, sql,
		"iiidduu"
		"du",
		&row->id, &row->incident, &row->lab, (int)row->precedence,
		(int)row->status, row->stored, row->deadline, (int)row->state,
		row->closed);
}

#define COLUMNS "id, incident, lab, precedence, status, stored, deadline, state, closed"

static enum hl_status take_calls(
	struct hl_query *q, struct hl_call_row *ret, size_t max, size_t *ret_n)
{
	size_t n = 0;

	for (; n < max && hl_query_row(q); n++) {
		ret[n].id = hl_query_id(q);
		ret[n].incident = hl_query_id(q);
		ret[n].lab = hl_query_id(q);
		ret[n].precedence = (enum hl_precedence)hl_query_uint(q);
		ret[n].status = (enum hl_standing)hl_query_uint(q);
		ret[n].stored = hl_query_uint(q);
		ret[n].deadline = hl_query_uint(q);
		ret[n].state = (enum hl_ring_state)hl_query_uint(q);
		ret[n].closed = hl_query_uint(q);
	}
	*ret_n = n;
	return hl_query_end(q);
}

static enum hl_status take_call(struct hl_query *q, struct hl_call_row *ret)
{
	size_t n = 0;
	enum hl_status status = take_calls(q, ret, 1, &n);

	return status == HL_OK && n == 0 ? HL_UNKNOWN : status;
}

enum hl_status hl_store_call_get(
	struct hl_store *store, const struct hl_id *id, struct hl_call_row *ret)
{
	static const char sql[] = "SELECT " COLUMNS " FROM call WHERE id = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "i", id);
	return take_call(&q, ret);
}

enum hl_status hl_store_call_mark(struct hl_store *store, const struct hl_id *id,
	enum hl_ring_state state, uint64_t closed)
{
	static const char sql[] = "UPDATE call SET state = ?, closed = ? WHERE id = ?";

	return hl_store_run(store, sql, "dui", (int)state, closed, id);
}

enum hl_status hl_store_call_next(struct hl_store *store, struct hl_call_row *ret)
{
	static const char sql[] =
		"SELECT " COLUMNS " FROM call WHERE state = 1 ORDER BY deadline LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "");
	return take_call(&q, ret);
}

enum hl_status hl_store_call_incident(struct hl_store *store,
	const struct hl_id *incident, struct hl_call_row *ret, size_t max, size_t *ret_n)
{
	static const char sql[] =
		"SELECT " COLUMNS
		" FROM call WHERE incident = ? AND state IN (1, 4) LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "iu", incident, (uint64_t)max);
	return take_calls(&q, ret, max, ret_n);
}

enum hl_status hl_store_call_list(struct hl_store *store, uint64_t closed_since,
	struct hl_call_row *ret, size_t max, size_t *ret_n)
{
	static const char ringing[] =
		"SELECT " COLUMNS " FROM call WHERE state = 1 ORDER BY deadline LIMIT ?";
	static const char overdue[] =
		"SELECT " COLUMNS
		" FROM call WHERE state = 4 ORDER BY deadline DESC LIMIT ?";
	static const char closed[] =
		"SELECT " COLUMNS
		" FROM call WHERE state = 3 AND closed >= ? ORDER BY closed DESC LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	size_t n = 0, all = 0;

	hl_query_init(&q, store, false, ringing, "u", (uint64_t)max);
	enum hl_status status = take_calls(&q, ret, max, &n);
	all += n;
	if (status == HL_OK) {
		hl_query_init(&q, store, false, overdue, "u", (uint64_t)(max - all));
		status = take_calls(&q, ret + all, max - all, &n);
		all += n;
	}
	if (status == HL_OK) {
		hl_query_init(&q, store, false, closed, "uu", closed_since,
			(uint64_t)(max - all));
		status = take_calls(&q, ret + all, max - all, &n);
		all += n;
	}
	*ret_n = all;
	return status;
}

enum hl_status hl_store_feed_add(
	struct hl_store *store, const struct hl_feed_item *item, uint64_t *ret_number)
{
	static const char sql[] = "INSERT INTO feed (number, sort, id, lab, value, time)"
				  " VALUES (nullif(?, 0), ?, ?, ?, ?, ?)";
	enum hl_status status = hl_store_run(store, sql, "udiiuu", item->number,
		(int)item->sort, &item->id,
		item->has_lab ? &item->lab : (const struct hl_id *)NULL, item->value,
		item->time);

	if (status == HL_OK)
		*ret_number = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return status;
}

enum hl_status hl_store_feed_list(struct hl_store *store, uint64_t after,
	struct hl_feed_item *ret, size_t max, size_t *ret_n)
{
	static const char sql[] = "SELECT number, sort, id, value, time, lab FROM feed"
				  " WHERE number > ? ORDER BY number LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	size_t n = 0;

	if (after > INT64_MAX)
		after = INT64_MAX;
	hl_query_init(&q, store, false, sql, "uu", after, (uint64_t)max);
	for (; n < max && hl_query_row(&q); n++) {
		ret[n].number = hl_query_uint(&q);
		ret[n].sort = (enum hl_feed_sort)hl_query_uint(&q);
		ret[n].id = hl_query_id(&q);
		ret[n].value = hl_query_uint(&q);
		ret[n].time = hl_query_uint(&q);
		ret[n].has_lab = !hl_query_nil(&q);
		ret[n].lab = hl_query_id(&q);
	}
	*ret_n = n;
	return hl_query_end(&q);
}

enum hl_status hl_store_feed_last(struct hl_store *store, uint64_t *ret)
{
	/* Not the greatest row: what was trimmed has been numbered too. */
	static const char sql[] =
		"SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'feed'), 0)";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "");
	if (hl_query_row(&q))
		*ret = hl_query_uint(&q);
	return hl_query_end(&q);
}

enum hl_status hl_store_feed_trim(struct hl_store *store, uint64_t before)
{
	static const char sql[] = "DELETE FROM feed WHERE sort = 8 AND time < ?";

	return hl_store_run(store, sql, "u", before);
}
