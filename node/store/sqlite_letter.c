#include "node/store/sqlite.h"

#include <string.h>

static struct hl_id sum_of(struct hl_view doc)
{
	struct hl_id sum;

	hl_sha256(&doc, 1, &sum);
	return sum;
}

enum hl_status hl_store_letter_put(
	struct hl_store *store, const struct hl_letter_row *row, struct hl_view doc)
{
	static const char sql[] =
		"INSERT INTO letter (id, origin, sender, incident, class, precedence,"
		" status, stored, sum, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	struct hl_id sum = sum_of(doc);

	return hl_store_run(store, sql,
		"iiiidddu"
		"iv",
		&row->id, &row->origin, &row->sender, &row->incident, (int)row->class,
		(int)row->precedence, (int)row->status, row->stored, &sum, doc);
}

enum hl_status hl_store_letter_row(
	struct hl_store *store, const struct hl_id *id, struct hl_letter_row *ret)
{
	static const char sql[] =
		"SELECT origin, sender, incident, class, precedence, status, stored"
		" FROM letter WHERE id = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	enum hl_status status = HL_UNKNOWN;

	hl_query_init(&q, store, false, sql, "i", id);
	if (hl_query_row(&q)) {
		ret->id = *id;
		ret->origin = hl_query_id(&q);
		ret->sender = hl_query_id(&q);
		ret->incident = hl_query_id(&q);
		ret->class = (enum hl_class)hl_query_uint(&q);
		ret->precedence = (enum hl_precedence)hl_query_uint(&q);
		ret->status = (enum hl_standing)hl_query_uint(&q);
		ret->stored = hl_query_uint(&q);
		status = HL_OK;
	}
	hl_query_drop(&q);
	return q.status != HL_OK ? q.status : status;
}

enum hl_status hl_store_letter_find(struct hl_store *store, const struct hl_id *incident,
	enum hl_class class, struct hl_letter_row *ret, size_t max, size_t *ret_n)
{
	static const char sql[] =
		"SELECT id, origin, sender, class, precedence, status, stored FROM letter"
		" INDEXED BY letter_ends WHERE class IN (2, 3) AND incident = ?"
		" AND class = ? LIMIT ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	size_t n = 0;

	hl_query_init(&q, store, false, sql, "idu", incident, (int)class, (uint64_t)max);
	for (; n < max && hl_query_row(&q); n++) {
		ret[n].incident = *incident;
		ret[n].id = hl_query_id(&q);
		ret[n].origin = hl_query_id(&q);
		ret[n].sender = hl_query_id(&q);
		ret[n].class = (enum hl_class)hl_query_uint(&q);
		ret[n].precedence = (enum hl_precedence)hl_query_uint(&q);
		ret[n].status = (enum hl_standing)hl_query_uint(&q);
		ret[n].stored = hl_query_uint(&q);
	}
	*ret_n = n;
	return hl_query_end(&q);
}

/* integrity_check does not see a bit that flipped within a blob: the sum covers all bytes, and the
 * id is made again from them. */
static enum hl_status whole(struct hl_store *store, const struct hl_id *id,
	const struct hl_id *sum, struct hl_view doc, struct hl_envelope *ret)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_id now = sum_of(doc);

	if (!hl_id_eq(&now, sum))
		return HL_BAD_HASH;
	enum hl_status status = hl_envelope_parse(&store->net, doc, &envelope);
	if (hl_status_ours(status))
		return status;
	if (status != HL_OK || !hl_id_eq(&envelope.id, id))
		return HL_BAD_HASH;
	*ret = envelope;
	memset(&envelope, 0, sizeof(envelope));
	return HL_OK;
}

enum hl_status hl_store_letter_get(
	struct hl_store *store, const struct hl_id *id, struct hl_envelope *ret)
{
	static const char sql[] = "SELECT sum, doc FROM letter WHERE id = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	enum hl_status status = HL_UNKNOWN;

	hl_query_init(&q, store, false, sql, "i", id);
	if (hl_query_row(&q)) {
		struct hl_id sum = hl_query_id(&q);
		status = whole(store, id, &sum, hl_query_blob(&q), ret);
	}
	hl_query_drop(&q);
	return q.status != HL_OK ? q.status : status;
}

enum hl_status hl_store_letter_replace(
	struct hl_store *store, const struct hl_id *id, struct hl_view doc)
{
	static const char sql[] = "UPDATE letter SET sum = ?, doc = ? WHERE id = ?";
	struct hl_id sum = sum_of(doc);

	return hl_store_run(store, sql, "ivi", &sum, doc, id);
}

enum hl_status hl_store_letter_calls(struct hl_store *store, const struct hl_id *sender,
	uint64_t since, uint64_t *ret_n)
{
	static const char sql[] = "SELECT count(*) FROM letter INDEXED BY letter_calls"
				  " WHERE class = 1 AND sender = ? AND stored > ?";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "iu", sender, since);
	if (hl_query_row(&q))
		*ret_n = hl_query_uint(&q);
	return hl_query_end(&q);
}

static enum hl_status waiting_number(
	struct hl_store *store, const char *sql, const struct hl_id *key, uint64_t *ret)
{
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "i", key);
	*ret = hl_query_row(&q) ? hl_query_uint(&q) : 0;
	return hl_query_end(&q);
}

#define NOT_ENTERED                                                    \
	"NOT EXISTS (SELECT 1 FROM entry WHERE entry.id = waiting.id " \
	"AND outgoing = 0 AND peer = waiting.origin)"

static enum hl_status waiting_room(
	struct hl_store *store, const struct hl_id *origin, size_t n)
{
	static const char sum[] = "SELECT count(*), coalesce(sum(length(doc)), 0)"
				  " FROM waiting WHERE origin = ?";
	static const char oldest[] = "SELECT number FROM waiting WHERE origin = ?"
				     " AND " NOT_ENTERED " ORDER BY number LIMIT 1";

	for (;;) {
		struct hl_query q HL_CLEAN_QUERY = {0};
		uint64_t count = 0, bytes = 0, number = 0;
		hl_query_init(&q, store, false, sum, "i", origin);
		if (hl_query_row(&q)) {
			count = hl_query_uint(&q);
			bytes = hl_query_uint(&q);
		}
		enum hl_status status = hl_query_end(&q);
		if (status != HL_OK ||
			(count < HL_WAITING_MAX && bytes + n <= HL_WAITING_BYTES))
			return status;
		status = waiting_number(store, oldest, origin, &number);
		if (status == HL_OK && number == 0)
			status = HL_OVER_QUOTA;
		if (status == HL_OK)
			status = hl_store_waiting_drop(store, number);
		if (status != HL_OK)
			return status;
	}
}

enum hl_status hl_store_waiting_expire(struct hl_store *store, uint64_t before)
{
	static const char sql[] = "DELETE FROM waiting WHERE stored < ? AND " NOT_ENTERED;

	return hl_store_run(store, sql, "u", before);
}

enum hl_status hl_store_waiting_put(struct hl_store *store, const struct hl_id *id,
	const struct hl_id *origin, uint64_t stored, struct hl_view doc)
{
	static const char same[] = "SELECT number FROM waiting WHERE sum = ?";
	static const char insert[] =
		"INSERT INTO waiting (id, origin, stored, sum, doc) VALUES (?, ?, ?, ?, ?)";
	struct hl_id sum = sum_of(doc);
	uint64_t n = 0;
	enum hl_status status = waiting_number(store, same, &sum, &n);

	if (status == HL_OK && n != 0)
		return HL_DUPLICATE;
	if (status == HL_OK)
		status = waiting_room(store, origin, doc.n);
	if (status != HL_OK)
		return status;
	return hl_store_run(store, insert, "iiuiv", id, origin, stored, &sum, doc);
}

enum hl_status hl_store_waiting_next(struct hl_store *store, const struct hl_id *origin,
	uint64_t after, uint64_t *ret_number, struct hl_id *ret_id, uint64_t *ret_stored,
	struct hl_buf *ret_doc)
{
	static const char sql[] =
		"SELECT number, id, stored, doc FROM waiting"
		" WHERE origin = ? AND number > ? ORDER BY number LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};
	enum hl_status status = HL_UNKNOWN;

	hl_query_init(&q, store, false, sql, "iu", origin, after);
	if (hl_query_row(&q)) {
		*ret_number = hl_query_uint(&q);
		*ret_id = hl_query_id(&q);
		*ret_stored = hl_query_uint(&q);
		status = hl_buf_append(ret_doc, hl_query_blob(&q));
	}
	hl_query_drop(&q);
	return q.status != HL_OK ? q.status : status;
}

enum hl_status hl_store_waiting_get(struct hl_store *store, const struct hl_id *id,
	uint64_t *ret_stored, struct hl_buf *ret_doc)
{
	static const char sql[] =
		"SELECT stored, doc FROM waiting WHERE id = ? ORDER BY number LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};
	enum hl_status status = HL_UNKNOWN;

	hl_query_init(&q, store, false, sql, "i", id);
	if (hl_query_row(&q)) {
		*ret_stored = hl_query_uint(&q);
		status = hl_buf_append(ret_doc, hl_query_blob(&q));
	}
	hl_query_drop(&q);
	return q.status != HL_OK ? q.status : status;
}

enum hl_status hl_store_waiting_drop(struct hl_store *store, uint64_t number)
{
	static const char sql[] = "DELETE FROM waiting WHERE number = ?";

	return hl_store_run(store, sql, "u", number);
}
