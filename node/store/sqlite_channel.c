#include "node/store/sqlite.h"

/* Where a partial index serves, it is named: left to itself SQLite may take the primary key, and
 * walk through a whole epoch. */
#define OPEN_COUNT_MAX 65536
#define BEFORE         2 /* in the place of a direction */

static enum hl_status get(struct hl_store *store, const struct hl_id *peer, int direction,
	struct hl_channel_row *ret)
{
	static const char sql[] =
		"SELECT epoch, number, link, time, head_number, head_link, since, delivered,"
		" stated, pulse FROM channel WHERE peer = ? AND outgoing = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	enum hl_status status = HL_UNKNOWN;

	hl_query_init(&q, store, false, sql, "id", peer, direction);
	if (hl_query_row(&q)) {
		ret->peer = *peer;
		ret->outgoing = direction == 1;
		ret->epoch = hl_query_uint(&q);
		ret->number = hl_query_uint(&q);
		ret->link = hl_query_id(&q);
		ret->time = hl_query_uint(&q);
		ret->head_number = hl_query_uint(&q);
		ret->head_link = hl_query_id(&q);
		ret->since = hl_query_uint(&q);
		ret->delivered = hl_query_uint(&q);
		ret->stated = hl_query_uint(&q);
		ret->pulse = hl_query_uint(&q);
		status = HL_OK;
	}
	hl_query_drop(&q);
	return q.status != HL_OK ? q.status : status;
}

enum hl_status hl_store_channel_get(struct hl_store *store, const struct hl_id *peer,
	bool outgoing, struct hl_channel_row *ret)
{
	return get(store, peer, outgoing, ret);
}

static enum hl_status put(
	struct hl_store *store, const struct hl_channel_row *row, int direction)
{
	static const char sql[] =
		"INSERT OR REPLACE INTO channel (peer, outgoing, epoch, number, link, time,"
		" head_number, head_link, since, delivered, stated, pulse)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

	return hl_store_run(store, sql, "iduuiuuiuuuu", &row->peer, direction, row->epoch,
		row->number, &row->link, row->time, row->head_number, &row->head_link,
		row->since, row->delivered, row->stated, row->pulse);
}

enum hl_status hl_store_channel_put(
	struct hl_store *store, const struct hl_channel_row *row)
{
	return put(store, row, row->outgoing);
}

enum hl_status hl_store_before_get(
	struct hl_store *store, const struct hl_id *peer, struct hl_channel_row *ret)
{
	return get(store, peer, BEFORE, ret);
}

enum hl_status hl_store_before_put(
	struct hl_store *store, const struct hl_channel_row *row)
{
	return put(store, row, BEFORE);
}

enum hl_status hl_store_before_drop(struct hl_store *store, const struct hl_id *peer)
{
	static const char sql[] = "DELETE FROM channel WHERE peer = ? AND outgoing = ?";

	return hl_store_run(store, sql, "id", peer, BEFORE);
}

enum hl_status hl_store_entry_add(struct hl_store *store,
	const struct hl_channel_key *key, const struct hl_entry_row *row)
{
	static const char sql[] =
		"INSERT INTO entry (peer, outgoing, epoch, number, sort, id, time, link,"
		" state, code, open, precedence, receipt)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

	return hl_store_run(store, sql, "iduudiuiddduu", &key->peer, (int)key->outgoing,
		key->epoch, row->entry.number, (int)row->entry.sort, &row->entry.id,
		row->entry.time, &row->link, (int)row->state, (int)row->code,
		(int)row->open, (uint64_t)row->precedence, row->receipt);
}

#define COLUMNS \
	"peer, epoch, number, sort, id, time, link, state, code, open, precedence, receipt"

static void take_row(struct hl_query *q, struct hl_entry_row *ret)
{
	ret->peer = hl_query_id(q);
	ret->epoch = hl_query_uint(q);
	ret->entry.number = hl_query_uint(q);
	ret->entry.sort = (enum hl_sort)hl_query_uint(q);
	ret->entry.id = hl_query_id(q);
	ret->entry.time = hl_query_uint(q);
	ret->link = hl_query_id(q);
	ret->state = (enum hl_proof_state)hl_query_uint(q);
	ret->code = (enum hl_status)hl_query_uint(q);
	ret->open = hl_query_uint(q) != 0;
	ret->precedence = (unsigned)hl_query_uint(q);
	ret->receipt = hl_query_uint(q);
}

static enum hl_status take_rows(
	struct hl_query *q, struct hl_entry_row *ret, size_t max, size_t *ret_n)
{
	size_t n = 0;

	while (n < max && hl_query_row(q))
		take_row(q, &ret[n++]);
	*ret_n = n;
	return hl_query_end(q);
}

enum hl_status hl_store_entry_get(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t number, struct hl_entry_row *ret)
{
	size_t n = 0;
	enum hl_status status = hl_store_entry_list(store, key, number, ret, 1, &n);

	if (status == HL_OK && (n == 0 || ret->entry.number != number))
		return HL_UNKNOWN;
	return status;
}

enum hl_status hl_store_entry_list(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t first, struct hl_entry_row *ret,
	size_t max, size_t *ret_n)
{
	static const char sql[] =
		"SELECT " COLUMNS " FROM entry WHERE peer = ? AND outgoing = ?"
		" AND epoch = ? AND number >= ? ORDER BY number LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "iduuu", &key->peer, (int)key->outgoing,
		key->epoch, first, (uint64_t)max);
	return take_rows(&q, ret, max, ret_n);
}

enum hl_status hl_store_entry_open(struct hl_store *store,
	const struct hl_channel_key *key, unsigned precedence, uint64_t first,
	uint64_t last, struct hl_entry_row *ret, size_t max, size_t *ret_n)
{
	static const char sql[] =
		"SELECT " COLUMNS
		" FROM entry INDEXED BY entry_open WHERE open = 1 AND peer = ?"
		" AND outgoing = ? AND epoch = ? AND precedence = ?"
		" AND number BETWEEN ? AND ? ORDER BY number LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "iduuuuu", &key->peer, (int)key->outgoing,
		key->epoch, (uint64_t)precedence, first, last, (uint64_t)max);
	return take_rows(&q, ret, max, ret_n);
}

enum hl_status hl_store_entry_open_count(
	struct hl_store *store, const struct hl_channel_key *key, uint64_t *ret_n)
{
	static const char sql[] =
		"SELECT count(*) FROM (SELECT 1 FROM entry INDEXED BY entry_open"
		" WHERE open = 1 AND peer = ?"
		" AND outgoing = ? AND epoch = ? LIMIT ?)";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "iduu", &key->peer, (int)key->outgoing,
		key->epoch, (uint64_t)OPEN_COUNT_MAX);
	if (hl_query_row(&q))
		*ret_n = hl_query_uint(&q);
	return hl_query_end(&q);
}

enum hl_status hl_store_entry_state(struct hl_store *store,
	const struct hl_channel_key *key, enum hl_proof_state state, uint64_t below,
	struct hl_entry_row *ret, size_t max, size_t *ret_n)
{
	static const char refused[] =
		"SELECT " COLUMNS
		" FROM entry INDEXED BY entry_refused WHERE state = 3 AND peer = ?"
		" AND outgoing = ? AND epoch = ? AND number < ?"
		" ORDER BY number DESC LIMIT ?";
	static const char other[] =
		"SELECT " COLUMNS " FROM entry WHERE peer = ? AND outgoing = ?"
		" AND epoch = ? AND number < ? AND state = ?"
		" ORDER BY number DESC LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	if (state == HL_REFUSED)
		hl_query_init(&q, store, false, refused, "iduuu", &key->peer,
			(int)key->outgoing, key->epoch, below, (uint64_t)max);
	else
		hl_query_init(&q, store, false, other, "iduudu", &key->peer,
			(int)key->outgoing, key->epoch, below, (int)state, (uint64_t)max);
	return take_rows(&q, ret, max, ret_n);
}

enum hl_status hl_store_entry_find(struct hl_store *store, bool outgoing,
	const struct hl_id *peer, const struct hl_id *id, struct hl_entry_row *ret,
	size_t max, size_t *ret_n)
{
	static const char one[] = "SELECT " COLUMNS " FROM entry INDEXED BY entry_id"
				  " WHERE id = ? AND outgoing = ? AND peer = ?"
				  " ORDER BY epoch DESC, number DESC LIMIT ?";
	static const char all[] =
		"SELECT " COLUMNS " FROM entry INDEXED BY entry_id"
		" WHERE id = ? AND outgoing = ? ORDER BY peer, epoch DESC, number DESC LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	if (peer != NULL)
		hl_query_init(&q, store, false, one, "idiu", id, (int)outgoing, peer,
			(uint64_t)max);
	else
		hl_query_init(
			&q, store, false, all, "idu", id, (int)outgoing, (uint64_t)max);
	return take_rows(&q, ret, max, ret_n);
}

enum hl_status hl_store_entry_older(struct hl_store *store, const struct hl_id *peer,
	uint64_t epoch, uint64_t from, uint64_t after, struct hl_entry_row *ret,
	size_t max, size_t *ret_n)
{
	static const char sql[] =
		"SELECT " COLUMNS " FROM entry WHERE peer = ? AND outgoing = 1"
		" AND (epoch, number) > (?, ?) AND epoch < ? AND sort = 1 AND state = 2"
		" ORDER BY epoch, number LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(
		&q, store, false, sql, "iuuuu", peer, from, after, epoch, (uint64_t)max);
	return take_rows(&q, ret, max, ret_n);
}

enum hl_status hl_store_entry_card(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t below, struct hl_id *ret_hash)
{
	static const char sql[] =
		"SELECT id FROM entry INDEXED BY entry_card"
		" WHERE sort = 2 AND peer = ? AND outgoing = ?"
		" AND epoch = ? AND number < ? ORDER BY number DESC LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};
	enum hl_status status = HL_UNKNOWN;

	hl_query_init(&q, store, false, sql, "iduu", &key->peer, (int)key->outgoing,
		key->epoch, below);
	if (hl_query_row(&q)) {
		*ret_hash = hl_query_id(&q);
		status = HL_OK;
	}
	hl_query_drop(&q);
	return q.status != HL_OK ? q.status : status;
}

enum hl_status hl_store_entry_mark(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t number, enum hl_proof_state state,
	enum hl_status code, bool open, uint64_t receipt)
{
	static const char sql[] =
		"UPDATE entry SET state = ?1, code = ?2, open = ?3,"
		" receipt = iif(receipt = 0, ?4, receipt)"
		" WHERE peer = ?5 AND outgoing = ?6 AND epoch = ?7 AND number = ?8";

	return hl_store_run(store, sql, "ddduiduu", (int)state, (int)code, (int)open,
		receipt, &key->peer, (int)key->outgoing, key->epoch, number);
}

enum hl_status hl_store_entry_settle(struct hl_store *store,
	const struct hl_channel_key *key, const struct hl_id *id,
	enum hl_proof_state state, enum hl_status code)
{
	static const char sql[] = "UPDATE entry SET state = ?, code = ?, open = 0"
				  " WHERE id = ? AND outgoing = ? AND peer = ?"
				  " AND epoch = ? AND sort = 1 AND open = 1";

	return hl_store_run(store, sql, "ddidiu", (int)state, (int)code, id,
		(int)key->outgoing, &key->peer, key->epoch);
}

enum hl_status hl_store_statement_put(struct hl_store *store,
	const struct hl_channel_key *key, enum hl_statement_kind kind, uint64_t number,
	bool contrary, struct hl_view doc, uint64_t *ret_row)
{
	static const char sql[] =
		"INSERT INTO statement (peer, outgoing, epoch, kind, number, contrary, doc)"
		" VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
	enum hl_status status = hl_store_run(store, sql, "idududv", &key->peer,
		(int)key->outgoing, key->epoch, (int)kind, number, (int)contrary, doc);

	if (status == HL_OK && ret_row != NULL)
		*ret_row = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return status;
}

enum hl_status hl_store_statement_get(
	struct hl_store *store, uint64_t row, struct hl_buf *ret)
{
	static const char sql[] = "SELECT doc FROM statement WHERE row = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	enum hl_status status = HL_UNKNOWN;

	hl_query_init(&q, store, false, sql, "u", row);
	if (hl_query_row(&q))
		status = hl_buf_append(ret, hl_query_blob(&q));
	hl_query_drop(&q);
	return q.status != HL_OK ? q.status : status;
}

enum hl_status hl_store_statement_head(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t first, uint64_t last,
	uint64_t *ret_number, struct hl_buf *ret)
{
	static const char sql[] =
		"SELECT number, doc FROM statement WHERE kind = 1 AND contrary = 0"
		" AND peer = ? AND outgoing = ? AND epoch = ? AND number BETWEEN ? AND ?"
		" ORDER BY number LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};
	enum hl_status status = HL_UNKNOWN;

	hl_query_init(&q, store, false, sql, "iduuu", &key->peer, (int)key->outgoing,
		key->epoch, first, last);
	if (hl_query_row(&q)) {
		*ret_number = hl_query_uint(&q);
		status = hl_buf_append(ret, hl_query_blob(&q));
	}
	hl_query_drop(&q);
	return q.status != HL_OK ? q.status : status;
}

/* Two columns of the first row. */
static enum hl_status pair(struct hl_query *q, uint64_t *ret_epoch, uint64_t *ret_number)
{
	enum hl_status status = HL_UNKNOWN;

	if (hl_query_row(q)) {
		*ret_epoch = hl_query_uint(q);
		*ret_number = hl_query_uint(q);
		status = HL_OK;
	}
	hl_query_drop(q);
	return q->status != HL_OK ? q->status : status;
}

enum hl_status hl_store_entry_next(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t number, uint64_t *ret_epoch,
	uint64_t *ret_number)
{
	static const char sql[] =
		"SELECT epoch, number FROM entry WHERE peer = ? AND outgoing = ?"
		" AND (epoch, number) >= (?, ?) ORDER BY epoch, number LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "iduu", &key->peer, (int)key->outgoing,
		key->epoch, number);
	return pair(&q, ret_epoch, ret_number);
}

enum hl_status hl_store_lost_put(
	struct hl_store *store, const struct hl_id *peer, uint64_t epoch, uint64_t number)
{
	static const char sql[] =
		"INSERT INTO lost (peer, epoch, number) VALUES (?, ?, ?)"
		" ON CONFLICT DO UPDATE SET epoch = excluded.epoch,"
		" number = excluded.number";

	return hl_store_run(store, sql, "iuu", peer, epoch, number);
}

enum hl_status hl_store_lost_get(struct hl_store *store, const struct hl_id *peer,
	uint64_t *ret_epoch, uint64_t *ret_number)
{
	static const char sql[] = "SELECT epoch, number FROM lost WHERE peer = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "i", peer);
	return pair(&q, ret_epoch, ret_number);
}

enum hl_status hl_store_lost_drop(struct hl_store *store, const struct hl_id *peer)
{
	static const char sql[] = "DELETE FROM lost WHERE peer = ?";

	return hl_store_run(store, sql, "i", peer);
}
