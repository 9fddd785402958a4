/* What is carried for other labs, and what others were handed to carry. */
#include "node/store/sqlite.h"

#include <string.h>

#define CARRIED_COLUMNS \
	"number, origin, dest, via, hops, sort, precedence, id, stored, had"

static void read_carried(struct hl_query *q, struct hl_carried_row *ret)
{
	ret->number = hl_query_uint(q);
	ret->origin = hl_query_id(q);
	ret->dest = hl_query_id(q);
	ret->via = hl_query_id(q);
	ret->hops = hl_query_uint(q);
	ret->sort = (enum hl_carried)hl_query_uint(q);
	ret->precedence = (unsigned)hl_query_uint(q);
	ret->id = hl_query_id(q);
	ret->stored = hl_query_uint(q);
	ret->had = hl_query_uint(q);
}

/* Ends a query for one row and, where ret_doc is not NULL, its document in the last column. */
static enum hl_status one_carried(
	struct hl_query *q, struct hl_carried_row *ret, struct hl_buf *ret_doc)
{
	enum hl_status status = HL_UNKNOWN;

	if (hl_query_row(q)) {
		read_carried(q, ret);
		status = ret_doc != NULL ? hl_buf_append(ret_doc, hl_query_blob(q))
					 : HL_OK;
	}
	hl_query_drop(q);
	return q->status != HL_OK ? q->status : status;
}

static enum hl_status make_room(struct hl_store *store, const struct hl_id *via, size_t n)
{
	static const char sum[] = "SELECT count(*), coalesce(sum(length(doc)), 0)"
				  " FROM carried WHERE via = ?";
	static const char oldest[] = "SELECT min(number) FROM carried"
				     " WHERE via = ? AND had > 0";
	static const char drop[] = "DELETE FROM carried WHERE number = ?";

	for (;;) {
		struct hl_query q HL_CLEAN_QUERY = {0};
		uint64_t count = 0, bytes = 0, number = 0;
		hl_query_init(&q, store, false, sum, "i", via);
		if (hl_query_row(&q)) {
			count = hl_query_uint(&q);
			bytes = hl_query_uint(&q);
		}
		enum hl_status status = hl_query_end(&q);
		/* SPEC channel 5.5: For one peer a carrier keeps at most 1,024 documents and 64
		 * MiB; what is more it passes over. */
		if (status != HL_OK ||
			(count < HL_CARRIED_MAX && bytes + n <= HL_CARRIED_BYTES))
			return status;
		hl_query_init(&q, store, false, oldest, "i", via);
		if (hl_query_row(&q) && !hl_query_nil(&q))
			number = hl_query_uint(&q);
		status = hl_query_end(&q);
		if (status == HL_OK && number == 0)
			status = HL_OVER_QUOTA;
		if (status == HL_OK)
			status = hl_store_run(store, drop, "u", number);
		if (status != HL_OK)
			return status;
	}
}

enum hl_status hl_store_carried_put(
	struct hl_store *store, struct hl_carried_row *row, struct hl_view doc)
{
	static const char same[] =
		"SELECT " CARRIED_COLUMNS " FROM carried WHERE sum = ? AND dest = ?";
	static const char older[] = "DELETE FROM carried WHERE origin = ?"
				    " AND dest = ? AND via = ? AND sort = ?";
	static const char shorter[] =
		"DELETE FROM carried WHERE origin = ? AND dest = ? AND via = ? AND sort = ?"
		" AND id = ? AND had = 0";
	static const char insert[] =
		"INSERT INTO carried (origin, dest, via, hops, sort, precedence, id, sum,"
		" stored, had, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)"
		" RETURNING number";
	struct hl_query q HL_CLEAN_QUERY = {0};
	struct hl_id sum;

	hl_sha256(&doc, 1, &sum);
	hl_query_init(&q, store, false, same, "ii", &sum, &row->dest);
	enum hl_status status = one_carried(&q, row, NULL);
	if (status != HL_UNKNOWN)
		return status == HL_OK ? HL_DUPLICATE : status;
	status = HL_OK;
	/* SPEC channel 5.5: A newer statement takes the place of the older by the same peer, and a
	 * segment that of one of the same epoch from the same number that the lab *to* has not had.
	 */
	if (row->sort == HL_CARRIED_STATEMENT)
		status = hl_store_run(store, older, "iiid", &row->origin, &row->dest,
			&row->via, (int)row->sort);
	if (row->sort == HL_CARRIED_SEGMENT)
		status = hl_store_run(store, shorter, "iiidi", &row->origin, &row->dest,
			&row->via, (int)row->sort, &row->id);
	if (status == HL_OK)
		status = make_room(store, &row->via, doc.n);
	if (status != HL_OK)
		return status;
	row->had = 0;
	hl_query_init(&q, store, true, insert, "iiiuddiiuv", &row->origin, &row->dest,
		&row->via, row->hops, (int)row->sort, (int)row->precedence, &row->id,
		&sum, row->stored, doc);
	if (hl_query_row(&q))
		row->number = hl_query_uint(&q);
	return hl_query_end(&q);
}

enum hl_status hl_store_carried_next(struct hl_store *store, const struct hl_id *dest,
	unsigned precedence, uint64_t after, struct hl_carried_row *ret,
	struct hl_buf *ret_doc)
{
	static const char sql[] =
		"SELECT " CARRIED_COLUMNS ", doc FROM carried INDEXED BY carried_due"
		" WHERE had = 0 AND dest = ? AND precedence = ? AND number > ?"
		" ORDER BY number LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "idu", dest, (int)precedence, after);
	return one_carried(&q, ret, ret_doc);
}

enum hl_status hl_store_carried_had(struct hl_store *store, const struct hl_id *dest,
	unsigned precedence, uint64_t last, uint64_t at)
{
	static const char sql[] =
		"UPDATE carried INDEXED BY carried_due SET had = ?"
		" WHERE had = 0 AND dest = ? AND precedence = ? AND number <= ?";

	return hl_store_run(store, sql, "uidu", at, dest, (int)precedence, last);
}

enum hl_status hl_store_carried_letter(struct hl_store *store, const struct hl_id *dest,
	const struct hl_id *id, struct hl_carried_row *ret, struct hl_buf *ret_doc)
{
	static const char sql[] =
		"SELECT " CARRIED_COLUMNS ", doc FROM carried INDEXED BY carried_letter"
		" WHERE sort = 5 AND id = ? AND dest = ? LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "ii", id, dest);
	return one_carried(&q, ret, ret_doc);
}

enum hl_status hl_store_carried_ways(struct hl_store *store, const struct hl_id *origin,
	const struct hl_id *dest, struct hl_id *ret_via, size_t max, size_t *ret_n)
{
	static const char sql[] = "SELECT via FROM carried"
				  " WHERE origin = ? AND dest = ?"
				  " GROUP BY via ORDER BY max(number) DESC LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	size_t n = 0;

	hl_query_init(&q, store, false, sql, "iiu", origin, dest, (uint64_t)max);
	while (n < max && hl_query_row(&q))
		ret_via[n++] = hl_query_id(&q);
	*ret_n = n;
	return hl_query_end(&q);
}

enum hl_status hl_store_carried_trim(
	struct hl_store *store, uint64_t had_before, uint64_t stored_before)
{
	static const char sql[] = "DELETE FROM carried"
				  " WHERE (had > 0 AND had < ?) OR stored < ?";

	return hl_store_run(store, sql, "uu", had_before, stored_before);
}

/* -------------------------------------------------- what others carry for us */

static void read_handed(struct hl_query *q, struct hl_handed_row *ret)
{
	ret->id = hl_query_id(q);
	ret->peer = hl_query_id(q);
	ret->by = hl_query_id(q);
	ret->epoch = hl_query_uint(q);
	ret->number = hl_query_uint(q);
	ret->since = hl_query_uint(q);
	ret->offer = hl_query_uint(q);
}

static enum hl_status list_handed(
	struct hl_query *q, struct hl_handed_row *ret, size_t max, size_t *ret_n)
{
	size_t n = 0;

	while (n < max && hl_query_row(q))
		read_handed(q, &ret[n++]);
	*ret_n = n;
	return hl_query_end(q);
}

enum hl_status hl_store_handed_put(
	struct hl_store *store, const struct hl_handed_row *row, bool *ret_fresh)
{
	static const char insert[] =
		"INSERT INTO handed (id, peer, by, epoch, number, since, offer)"
		" VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING RETURNING 1";
	static const char again[] = "UPDATE handed SET epoch = ?, number = ?"
				    " WHERE id = ? AND peer = ? AND by = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, true, insert, "iiiuuu", &row->id, &row->peer, &row->by,
		row->epoch, row->number, row->since);
	*ret_fresh = hl_query_row(&q);
	enum hl_status status = hl_query_end(&q);
	if (status != HL_OK || *ret_fresh)
		return status;
	return hl_store_run(store, again, "uuiii", row->epoch, row->number, &row->id,
		&row->peer, &row->by);
}

enum hl_status hl_store_handed_list(struct hl_store *store, const struct hl_id *id,
	const struct hl_id *peer, struct hl_handed_row *ret, size_t max, size_t *ret_n)
{
	static const char sql[] =
		"SELECT id, peer, by, epoch, number, since, offer FROM handed"
		" WHERE id = ? AND peer = ? ORDER BY by LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "iiu", id, peer, (uint64_t)max);
	return list_handed(&q, ret, max, ret_n);
}

enum hl_status hl_store_handed_unoffered(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t last, const struct hl_id *by,
	struct hl_handed_row *ret, size_t max, size_t *ret_n)
{
	static const char sql[] =
		"SELECT id, peer, by, epoch, number, since, offer FROM handed AS h"
		" WHERE peer = ? AND epoch = ? AND number <= ? AND NOT EXISTS"
		" (SELECT 1 FROM handed AS o WHERE o.id = h.id AND o.peer = h.peer"
		" AND o.by = ? AND o.offer > 0) GROUP BY id LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "iuuiu", &key->peer, key->epoch, last, by,
		(uint64_t)max);
	return list_handed(&q, ret, max, ret_n);
}

enum hl_status hl_store_handed_offer(
	struct hl_store *store, const struct hl_handed_row *row)
{
	static const char sql[] = "UPDATE handed SET offer = ?"
				  " WHERE id = ? AND peer = ? AND by = ?";

	return hl_store_run(
		store, sql, "uiii", row->offer, &row->id, &row->peer, &row->by);
}
