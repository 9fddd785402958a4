#include "node/store/sqlite.h"

#include <string.h>

enum hl_status hl_store_doc_put(
	struct hl_store *store, const struct hl_doc_row *row, struct hl_view doc)
{
	static const char drop[] =
		"DELETE FROM doc WHERE sort = ? AND lab = ? AND key = ?";
	static const char insert[] =
		"INSERT INTO doc (sort, lab, key, version, aside, hash, doc)"
		" VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
	/* One that speaks against another is evidence; a lab can sign a thousand. */
	static const char aside[] =
		"INSERT INTO doc (sort, lab, key, version, aside, hash, doc)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (SELECT 1 FROM doc"
		" WHERE sort = ?1 AND lab = ?2 AND key = ?3 AND version = ?4 AND aside = 1)";

	if (row->sort == HL_DOC_SEALS) {
		enum hl_status status = hl_store_run(
			store, drop, "dii", (int)row->sort, &row->lab, &row->key);
		if (status != HL_OK)
			return status;
	}
	return hl_store_run(store, row->aside ? aside : insert, "diiudiv", (int)row->sort,
		&row->lab, &row->key, row->version, (int)row->aside, &row->hash, doc);
}

static enum hl_status one_blob(struct hl_query *q, struct hl_buf *ret)
{
	enum hl_status status = HL_UNKNOWN;

	if (hl_query_row(q))
		status = hl_buf_append(ret, hl_query_blob(q));
	hl_query_drop(q);
	return q->status != HL_OK ? q->status : status;
}

enum hl_status hl_store_doc_get(struct hl_store *store, enum hl_doc sort,
	const struct hl_id *lab, const struct hl_id *key, uint64_t version,
	struct hl_buf *ret)
{
	static const char newest[] =
		"SELECT doc FROM doc WHERE sort = ? AND lab = ? AND key = ?"
		" AND aside = 0 ORDER BY version DESC LIMIT 1";
	static const char one[] =
		"SELECT doc FROM doc WHERE sort = ? AND lab = ? AND key = ?"
		" AND version = ? AND aside = 0";
	static const struct hl_id none;
	struct hl_query q HL_CLEAN_QUERY = {0};

	if (key == NULL)
		key = &none;
	if (version == 0)
		hl_query_init(&q, store, false, newest, "dii", (int)sort, lab, key);
	else
		hl_query_init(
			&q, store, false, one, "diiu", (int)sort, lab, key, version);
	return one_blob(&q, ret);
}

enum hl_status hl_store_doc_by_hash(struct hl_store *store, enum hl_doc sort,
	const struct hl_id *hash, struct hl_buf *ret)
{
	static const char sql[] =
		"SELECT doc FROM doc WHERE hash = ? AND sort = ? LIMIT 1";
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "id", hash, (int)sort);
	return one_blob(&q, ret);
}

enum hl_status hl_store_doc_list(struct hl_store *store, enum hl_doc sort,
	const struct hl_id *lab, uint64_t skip, struct hl_doc_row *ret, size_t max,
	size_t *ret_n)
{
	static const char of_lab[] =
		"SELECT lab, key, version, hash FROM doc WHERE sort = ? AND lab = ?"
		" AND aside = 0 ORDER BY key, version LIMIT ? OFFSET ?";
	static const char of_all[] =
		"SELECT lab, key, version, hash FROM doc WHERE sort = ?"
		" AND aside = 0 ORDER BY lab, key, version LIMIT ? OFFSET ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	size_t n = 0;

	if (lab != NULL)
		hl_query_init(&q, store, false, of_lab, "diuu", (int)sort, lab,
			(uint64_t)max, skip);
	else
		hl_query_init(
			&q, store, false, of_all, "duu", (int)sort, (uint64_t)max, skip);
	while (n < max && hl_query_row(&q)) {
		ret[n].sort = sort;
		ret[n].lab = hl_query_id(&q);
		ret[n].key = hl_query_id(&q);
		ret[n].version = hl_query_uint(&q);
		ret[n].hash = hl_query_id(&q);
		ret[n].aside = false;
		n++;
	}
	*ret_n = n;
	return hl_query_end(&q);
}

enum hl_status hl_store_doc_drop(struct hl_store *store, enum hl_doc sort,
	const struct hl_id *lab, const struct hl_id *key)
{
	static const char sql[] =
		"DELETE FROM doc WHERE sort = ? AND lab = ? AND key = ?";

	return hl_store_run(store, sql, "dii", (int)sort, lab, key);
}

enum hl_status hl_store_psk_put(
	struct hl_store *store, const struct hl_id *lab, const struct hl_key32 *psk)
{
	static const char sql[] = "INSERT INTO psk (lab, psk) VALUES (?, ?)"
				  " ON CONFLICT DO UPDATE SET psk = excluded.psk";

	return hl_store_run(store, sql, "iv", lab, hl_view_of(psk->b, sizeof(psk->b)));
}

enum hl_status hl_store_psk_get(
	struct hl_store *store, const struct hl_id *lab, struct hl_key32 *ret)
{
	static const char sql[] = "SELECT psk FROM psk WHERE lab = ?";
	struct hl_query q HL_CLEAN_QUERY = {0};
	enum hl_status status = HL_UNKNOWN;

	hl_query_init(&q, store, false, sql, "i", lab);
	if (hl_query_row(&q)) {
		struct hl_view psk = hl_query_blob(&q);
		if (psk.n == sizeof(ret->b)) {
			memcpy(ret->b, psk.p, psk.n);
			status = HL_OK;
		}
	}
	hl_query_drop(&q);
	return q.status != HL_OK ? q.status : status;
}
