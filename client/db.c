#include "client/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 10000

/* The statements that lead from one version of the schema to the next; the first makes it. */
static const char *const steps[] = {
#include "client/schema.inc"
};
#define VERSION (sizeof(steps) / sizeof(steps[0]))

static enum hl_exit trouble(struct hl_db *db, const char *doing)
{
	const char *path = sqlite3_db_filename(db->sql, "main");

	db->failed = true;
	if (sqlite3_errcode(db->sql) == SQLITE_NOTADB)
		return hl_fail(HL_EXIT_NO,
			"%s is no store of hotline's: put back the file, or a backup of it",
			path);
	return hl_fail(HL_EXIT_NO, "the device's store (%s): %s: %s",
		path && *path ? path : "device.db", doing, sqlite3_errmsg(db->sql));
}

static enum hl_exit plain(struct hl_db *db, const char *sql)
{
	if (sqlite3_exec(db->sql, sql, NULL, NULL, NULL) != SQLITE_OK)
		return trouble(db, sql);
	return HL_EXIT_OK;
}

static uint64_t pragma(struct hl_db *db, const char *sql)
{
	sqlite3_stmt *stmt HL_CLEAN_STMT = hl_db_query(db, sql, "");

	return hl_db_next(db, stmt) ? hl_db_int(stmt, 0) : 0;
}

/* Another command may bring the schema up to date at the same time: look again within the lock. */
static enum hl_exit migrate(struct hl_db *db)
{
	enum hl_exit code = hl_db_begin(db);
	char sql[64];
	uint64_t at;

	if (code)
		return code;
	at = pragma(db, "PRAGMA user_version");
	if (at == 0 && pragma(db, "SELECT count(*) FROM sqlite_master") > 0) {
		hl_db_rollback(db);
		return hl_fail(HL_EXIT_NO,
			"%s is no store of hotline's: put back the file, or a backup of it",
			sqlite3_db_filename(db->sql, "main"));
	}
	for (; at < VERSION; at++) {
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", (int)at + 1);
		code = plain(db, steps[at]);
		if (!code)
			code = plain(db, sql);
		if (code) {
			hl_db_rollback(db);
			return code;
		}
	}
	return hl_db_commit(db);
}

/* All tables and indexes of a database as text; NULL where it cannot be read. */
static char *shape_of(sqlite3 *db)
{
	static const char sql[] =
		"SELECT group_concat(sql, char(10)) FROM"
		" (SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name)";
	sqlite3_stmt *stmt = NULL;
	char *shape = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
		sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0))
		shape = strdup((const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return shape;
}

/* A file of the right version may have been made by steps that have been edited since, or by
 * another program: its tables are held against those that the steps make now. */
static enum hl_exit check_shape(struct hl_db *db)
{
	sqlite3 *fresh = NULL;
	char *want = NULL, *got = NULL;
	int rc = sqlite3_open_v2(
		":memory:", &fresh, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 0; i < VERSION && rc == SQLITE_OK; i++)
		rc = sqlite3_exec(fresh, steps[i], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		want = shape_of(fresh);
	got = shape_of(db->sql);
	if (!want)
		code = hl_fail_status(HL_ERR_NOMEM, "open the store");
	else if (!got || strcmp(want, got) != 0)
		code = hl_fail(HL_EXIT_NO,
			"%s: its tables are not those of this hotline: it was made by "
			"another build or program, or changed by hand. Use the build that "
			"made it, or put back a backup",
			sqlite3_db_filename(db->sql, "main"));
	free(want);
	free(got);
	sqlite3_close(fresh);
	return code;
}

static enum hl_exit settle(struct hl_db *db)
{
	uint64_t version;
	enum hl_exit code;

	sqlite3_busy_timeout(db->sql, BUSY_MS);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	code = plain(db,
		"PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;"
		"PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON");
	if (code)
		return code;
	if (pragma(db, "PRAGMA synchronous") != 3 ||
		pragma(db, "PRAGMA secure_delete") != 1)
		return hl_fail(HL_EXIT_NO, "SQLite does not sync or erase as it must");
	version = pragma(db, "PRAGMA user_version");
	if (version > VERSION)
		return hl_fail(HL_EXIT_NO,
			"%s was written by a newer release of hotline; install that",
			sqlite3_db_filename(db->sql, "main"));
	return version < VERSION ? migrate(db) : check_shape(db);
}

static enum hl_exit file_ok(const char *path, bool create)
{
	struct stat st;
	int fd;

	if (create) {
		fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
	}
	if (lstat(path, &st))
		return hl_fail(HL_EXIT_NO, "cannot open %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return hl_fail(HL_EXIT_NO,
			"%s must be your own file, readable by nobody else; type: chmod 600 %s",
			path, path);
	return HL_EXIT_OK;
}

enum hl_exit hl_db_open(const char *path, bool create, struct hl_db **ret)
{
	enum hl_exit code = file_ok(path, create);
	struct hl_db *db;

	if (code)
		return code;
	db = calloc(1, sizeof(*db));
	if (!db)
		return hl_fail_status(HL_ERR_NOMEM, "open the store");
	/* What could not be opened may not even be asked for its name. */
	if (sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK)
		code = hl_fail(HL_EXIT_NO, "the device's store (%s): open: %s", path,
			sqlite3_errmsg(db->sql));
	else
		code = settle(db);
	if (code) {
		hl_db_close(db);
		return code;
	}
	*ret = db;
	return HL_EXIT_OK;
}

void hl_db_close(struct hl_db *db)
{
	if (!db)
		return;
	sqlite3_close(db->sql);
	free(db);
}

static int bind_one(sqlite3_stmt *stmt, int at, char type, va_list *list)
{
	struct hl_view view;
	const struct hl_id *id;

	switch (type) {
	case 'i':
		return sqlite3_bind_int64(
			stmt, at, (sqlite3_int64)va_arg(*list, uint64_t));
	case 't':
		return sqlite3_bind_text(
			stmt, at, va_arg(*list, const char *), -1, SQLITE_TRANSIENT);
	case 'b':
		view = va_arg(*list, struct hl_view);
		return sqlite3_bind_blob64(stmt, at, view.n ? (const void *)view.p : "",
			view.n, SQLITE_TRANSIENT);
	case 'v':
		view = va_arg(*list, struct hl_view);
		return sqlite3_bind_text64(stmt, at, view.n ? (const char *)view.p : "",
			view.n, SQLITE_TRANSIENT, SQLITE_UTF8);
	case 'd':
		id = va_arg(*list, const struct hl_id *);
		if (!id)
			return sqlite3_bind_null(stmt, at);
		return sqlite3_bind_blob(stmt, at, id->b, HL_ID_SIZE, SQLITE_TRANSIENT);
	default: return SQLITE_MISUSE;
	}
}

static sqlite3_stmt *query(
	struct hl_db *db, const char *sql, const char *types, va_list *list)
{
	sqlite3_stmt *stmt = NULL;
	int at = 0;

	if (sqlite3_prepare_v2(db->sql, sql, -1, &stmt, NULL) != SQLITE_OK) {
		trouble(db, sql);
		return NULL;
	}
	for (; types[at]; at++) {
		if (bind_one(stmt, at + 1, types[at], list) != SQLITE_OK) {
			trouble(db, sql);
			sqlite3_finalize(stmt);
			return NULL;
		}
	}
	return stmt;
}

sqlite3_stmt *hl_db_query(struct hl_db *db, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list list;

	va_start(list, types);
	stmt = query(db, sql, types, &list);
	va_end(list);
	return stmt;
}

bool hl_db_next(struct hl_db *db, sqlite3_stmt *stmt)
{
	int code;

	if (!stmt)
		return false;
	code = sqlite3_step(stmt);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		trouble(db, "read or write");
	return code == SQLITE_ROW;
}

struct hl_view hl_db_blob(sqlite3_stmt *stmt, int column)
{
	const void *p = sqlite3_column_blob(stmt, column);

	return hl_view_of(p, p ? (size_t)sqlite3_column_bytes(stmt, column) : 0);
}

struct hl_id hl_db_id(sqlite3_stmt *stmt, int column)
{
	struct hl_view view = hl_db_blob(stmt, column);

	return view.n == HL_ID_SIZE ? hl_id_of(view.p) : (struct hl_id){{0}};
}

uint64_t hl_db_int(sqlite3_stmt *stmt, int column)
{
	return (uint64_t)sqlite3_column_int64(stmt, column);
}

const char *hl_db_text(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	return text ? (const char *)text : "";
}

bool hl_db_null(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt, column) == SQLITE_NULL;
}

void hl_db_stmt_end(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
	*stmt = NULL;
}

enum hl_exit hl_db_done(struct hl_db *db, sqlite3_stmt **stmt)
{
	hl_db_stmt_end(stmt);
	return db->failed ? HL_EXIT_NO : HL_EXIT_OK;
}

enum hl_exit hl_db_do(struct hl_db *db, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt HL_CLEAN_STMT = NULL;
	va_list list;

	va_start(list, types);
	stmt = query(db, sql, types, &list);
	va_end(list);
	if (!stmt)
		return HL_EXIT_NO;
	if (sqlite3_step(stmt) != SQLITE_DONE)
		return trouble(db, "write");
	return HL_EXIT_OK;
}

size_t hl_db_changed(const struct hl_db *db)
{
	return (size_t)sqlite3_changes(db->sql);
}

enum hl_exit hl_db_begin(struct hl_db *db)
{
	if (db->depth == 0 && plain(db, "BEGIN IMMEDIATE"))
		return HL_EXIT_NO;
	db->depth++;
	return HL_EXIT_OK;
}

enum hl_exit hl_db_commit(struct hl_db *db)
{
	if (db->depth == 0)
		return hl_fail(HL_EXIT_NO, "the device's store: nothing to commit");
	if (--db->depth > 0)
		return HL_EXIT_OK;
	if (plain(db, "COMMIT") == HL_EXIT_OK)
		return HL_EXIT_OK;
	sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	return HL_EXIT_NO;
}

void hl_db_rollback(struct hl_db *db)
{
	if (db->depth > 0)
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	db->depth = 0;
}

enum hl_exit hl_db_set(struct hl_db *db, const char *name, struct hl_view value)
{
	return hl_db_do(db, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
		"tb", name, value);
}

enum hl_exit hl_db_set_int(struct hl_db *db, const char *name, uint64_t value)
{
	return hl_db_do(db, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
		"ti", name, value);
}

uint64_t hl_db_get_int(struct hl_db *db, const char *name)
{
	sqlite3_stmt *stmt HL_CLEAN_STMT =
		hl_db_query(db, "SELECT value FROM meta WHERE name = ?", "t", name);

	return hl_db_next(db, stmt) ? hl_db_int(stmt, 0) : 0;
}

bool hl_db_get_id(struct hl_db *db, const char *name, struct hl_id *ret)
{
	sqlite3_stmt *stmt HL_CLEAN_STMT =
		hl_db_query(db, "SELECT value FROM meta WHERE name = ?", "t", name);

	if (!hl_db_next(db, stmt) || hl_db_blob(stmt, 0).n != HL_ID_SIZE)
		return false;
	*ret = hl_db_id(stmt, 0);
	return true;
}
