#include "node/store/sqlite.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum hl_status hl_store_fault(struct hl_store *store, int rc, const char *doing)
{
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return HL_OK;
	/* What a file control met the database has not heard of. */
	int code = sqlite3_extended_errcode(store->db);
	bool heard = (code & 0xff) == (rc & 0xff);
	snprintf(store->error, sizeof(store->error), "%s: %s (SQLite %d)", doing,
		heard ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc),
		heard ? code : rc);
	switch (rc & 0xff) {
	case SQLITE_FULL:
		store->doomed = HL_ERR_NOSPACE;
		store->scarce = !store->memory;
		break;
	case SQLITE_NOMEM: store->doomed = HL_ERR_NOMEM; break;
	case SQLITE_TOOBIG:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_MISMATCH: store->doomed = HL_ERR_INTERNAL; break;
	default:
		if (rc == SQLITE_IOERR_NOMEM) {
			store->doomed = HL_ERR_NOMEM;
			break;
		}
		/* A quota is a full disk as well. */
		if (rc == SQLITE_IOERR_WRITE &&
			sqlite3_system_errno(store->db) == EDQUOT) {
			store->doomed = HL_ERR_NOSPACE;
			store->scarce = true;
			break;
		}
		/* A read, write or sync that failed is never tried again: the page cache
		 * may by now hold what the disk does not. */
		store->failed = store->doomed = HL_ERR_STORE;
	}
	return store->doomed;
}

static sqlite3_stmt *prepared(struct hl_store *store, const char *sql)
{
	for (size_t i = 0; i < store->n_slots; i++)
		if (store->slot[i].sql == sql)
			return store->slot[i].stmt;
	sqlite3_stmt *stmt = NULL;
	if (store->n_slots == HL_QUERIES_MAX) {
		store->doomed = HL_ERR_INTERNAL;
		return NULL;
	}
	int rc = sqlite3_prepare_v3(
		store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
	if (hl_store_fault(store, rc, "preparing") != HL_OK)
		return NULL;
	store->slot[store->n_slots++] = (struct hl_query_slot){sql, stmt};
	return stmt;
}

static enum hl_status begin(struct hl_store *store)
{
	if (store->open)
		return HL_OK;
	static const char sql[] = "BEGIN IMMEDIATE";
	sqlite3_stmt *stmt = prepared(store, sql);
	if (stmt == NULL)
		return store->doomed;
	int rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	enum hl_status status = hl_store_fault(store, rc, "beginning a turn");
	store->open = status == HL_OK;
	return status == HL_OK ? hl_reserve_release(store) : status;
}

static int bind(sqlite3_stmt *stmt, int at, char letter, va_list *args)
{
	/* Text and blobs stay where they are until the run has ended. */
	if (letter == 'u')
		return sqlite3_bind_int64(
			stmt, at, (sqlite3_int64)va_arg(*args, uint64_t));
	if (letter == 'n')
		return sqlite3_bind_null(stmt, at);
	if (letter == 'd')
		return sqlite3_bind_int64(stmt, at, va_arg(*args, int));
	if (letter == 'v') {
		struct hl_view v = va_arg(*args, struct hl_view);
		return v.n == 0 ? sqlite3_bind_zeroblob(stmt, at, 0)
				: sqlite3_bind_blob64(stmt, at, v.p, v.n, SQLITE_STATIC);
	}
	if (letter == 'i') {
		const struct hl_id *id = va_arg(*args, const struct hl_id *);
		return id == NULL ? sqlite3_bind_null(stmt, at)
				  : sqlite3_bind_blob(stmt, at, id->b, sizeof(id->b),
					    SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

void hl_query_init(struct hl_query *q, struct hl_store *store, bool write,
	const char *sql, const char *format, ...)
{
	*q = (struct hl_query){.store = store, .status = store->failed};
	if (q->status == HL_OK)
		q->status = store->doomed;
	if (q->status == HL_OK && write)
		q->status = begin(store);
	if (q->status != HL_OK)
		return;
	q->stmt = prepared(store, sql);
	if (q->stmt == NULL) {
		q->status = store->doomed;
		return;
	}
	va_list args;
	va_start(args, format);
	for (int i = 0; format[i] != '\0' && q->status == HL_OK; i++)
		q->status = hl_store_fault(
			store, bind(q->stmt, i + 1, format[i], &args), "binding");
	va_end(args);
}

bool hl_query_row(struct hl_query *q)
{
	if (q->status != HL_OK)
		return false;
	int rc = sqlite3_step(q->stmt);
	q->column = 0;
	if (rc == SQLITE_ROW)
		return true;
	q->status = hl_store_fault(q->store, rc, sqlite3_sql(q->stmt));
	return false;
}

uint64_t hl_query_uint(struct hl_query *q)
{
	return (uint64_t)sqlite3_column_int64(q->stmt, q->column++);
}

bool hl_query_nil(struct hl_query *q)
{
	return sqlite3_column_type(q->stmt, q->column) == SQLITE_NULL;
}

struct hl_view hl_query_blob(struct hl_query *q)
{
	const void *p = sqlite3_column_blob(q->stmt, q->column);
	int n = sqlite3_column_bytes(q->stmt, q->column++);

	return hl_view_of(p, p == NULL ? 0 : (size_t)n);
}

struct hl_id hl_query_id(struct hl_query *q)
{
	struct hl_view v = hl_query_blob(q);
	struct hl_id id = {0};

	if (v.n == sizeof(id.b))
		memcpy(id.b, v.p, v.n);
	return id;
}

void hl_query_drop(struct hl_query *q)
{
	if (q->stmt != NULL) {
		sqlite3_reset(q->stmt);
		sqlite3_clear_bindings(q->stmt);
		q->stmt = NULL;
	}
}

enum hl_status hl_query_end(struct hl_query *q)
{
	hl_query_drop(q);
	return q->status;
}
