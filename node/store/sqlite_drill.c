/* Machine tests and the state of each line's tests. */
#include "node/store/sqlite.h"

#include <string.h>

enum hl_status hl_store_drill_add(
	struct hl_store *store, const struct hl_drill_row *row, uint64_t *ret_number)
{
	static const char sql[] =
		"INSERT INTO drill (lab, id, sent, deadline, delivered, answered, missed, code)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING number";
	struct hl_query q HL_CLEAN_QUERY = {0};
	uint64_t number = 0;

	hl_query_init(&q, store, true, sql, "iiuuuudd", &row->lab, &row->id, row->sent,
		row->deadline, row->delivered, row->answered, (int)row->missed,
		(int)row->code);
	if (hl_query_row(&q))
		number = hl_query_uint(&q);
	while (hl_query_row(&q))
		;
	enum hl_status status = hl_query_end(&q);
	if (status == HL_OK)
		*ret_number = number;
	return status;
}

#define DRILL "number, lab, id, sent, deadline, delivered, answered, missed, code"

static enum hl_status take(
	struct hl_query *q, struct hl_drill_row *ret, size_t max, size_t *ret_n)
{
	size_t n = 0;

	for (; n < max && hl_query_row(q); n++) {
		ret[n].number = hl_query_uint(q);
		ret[n].lab = hl_query_id(q);
		ret[n].id = hl_query_id(q);
		ret[n].sent = hl_query_uint(q);
		ret[n].deadline = hl_query_uint(q);
		ret[n].delivered = hl_query_uint(q);
		ret[n].answered = hl_query_uint(q);
		ret[n].missed = hl_query_uint(q) != 0;
		ret[n].code = (enum hl_status)hl_query_uint(q);
	}
	*ret_n = n;
	return hl_query_end(q);
}

static enum hl_status take_one(struct hl_query *q, struct hl_drill_row *ret)
{
	size_t n = 0;
	enum hl_status status = take(q, ret, 1, &n);

	return status == HL_OK && n == 0 ? HL_UNKNOWN : status;
}

enum hl_status hl_store_drill_find(
	struct hl_store *store, const struct hl_id *id, struct hl_drill_row *ret)
{
	static const char sql[] = "SELECT " DRILL " FROM drill WHERE id = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "i", id);
	return take_one(&q, ret);
}

enum hl_status hl_store_drill_last(
	struct hl_store *store, const struct hl_id *lab, struct hl_drill_row *ret)
{
	static const char sql[] = "SELECT " DRILL " FROM drill WHERE lab = ? AND id != ?"
				  " ORDER BY number DESC LIMIT 1";
	static const struct hl_id none;
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "ii", lab, &none);
	return take_one(&q, ret);
}

enum hl_status hl_store_drill_mark(struct hl_store *store, const struct hl_drill_row *row)
{
	static const char sql[] =
		"UPDATE drill SET delivered = ?, answered = ?, missed = ?, code = ?"
		" WHERE number = ?";

	return hl_store_run(store, sql, "uuddu", row->delivered, row->answered,
		(int)row->missed, (int)row->code, row->number);
}

enum hl_status hl_store_drill_list(struct hl_store *store, const struct hl_id *lab,
	uint64_t since, uint64_t after, struct hl_drill_row *ret, size_t max,
	size_t *ret_n)
{
	static const char sql[] =
		"SELECT " DRILL " FROM drill WHERE lab = ? AND number > ? AND sent >= ?"
		" ORDER BY number LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "iuuu", lab, after, since, (uint64_t)max);
	return take(&q, ret, max, ret_n);
}

enum hl_status hl_store_drill_trim(struct hl_store *store, uint64_t before)
{
	static const char sql[] = "DELETE FROM drill WHERE sent < ?";

	return hl_store_run(store, sql, "u", before);
}

enum hl_status hl_store_drill_line_put(
	struct hl_store *store, const struct hl_drill_line *row)
{
	static const char sql[] =
		"INSERT OR REPLACE INTO drill_line (lab, due, passed, held, remind, failing,"
		" reminded) VALUES (?, ?, ?, ?, ?, ?, ?)";

	return hl_store_run(store, sql, "iuuuudd", &row->lab, row->due, row->passed,
		row->held, row->remind, (int)row->failing, (int)row->reminded);
}

enum hl_status hl_store_drill_line_get(
	struct hl_store *store, const struct hl_id *lab, struct hl_drill_line *ret)
{
	static const char sql[] =
		"SELECT due, passed, held, remind, failing, reminded FROM drill_line"
		" WHERE lab = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	struct hl_drill_line row = {.lab = *lab};
	bool found;

	hl_query_init(&q, store, false, sql, "i", lab);
	found = hl_query_row(&q);
	if (found) {
		row.due = hl_query_uint(&q);
		row.passed = hl_query_uint(&q);
		row.held = hl_query_uint(&q);
		row.remind = hl_query_uint(&q);
		row.failing = hl_query_uint(&q) != 0;
		row.reminded = hl_query_uint(&q) != 0;
	}
	enum hl_status status = hl_query_end(&q);
	if (status == HL_OK && found)
		*ret = row;
	return status == HL_OK && !found ? HL_UNKNOWN : status;
}
