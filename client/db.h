/*
 * device.db: everything the device keeps, in one SQLite file (rollback journal, synchronous=EXTRA,
 * secure_delete), because several commands may have it open at once. The schema stands in
 * client/schema.sql, with a comment at every column.
 *
 * SQL is written where it is used; this is the thin layer that binds, steps and fails in one
 * manner. A statement that fails has been said on standard error, and db->failed stays set: a
 * writer looks at the code of hl_db_do or hl_db_commit, a reader of rows at hl_db_done.
 */
#ifndef HL_CLIENT_DB_H
#define HL_CLIENT_DB_H

#include <sqlite3.h>

#include "client/app.h"

struct hl_db {
	sqlite3 *sql;
	bool failed;
	unsigned depth; /* transactions begun within each other; the outermost counts */
};

/* Opens (or makes) the store in the home directory and brings its schema up to date. A store of a
 * newer release is refused. */
HL_MUST enum hl_exit hl_db_open(const char *path, bool create, struct hl_db **ret);
void hl_db_close(struct hl_db *db);

/*
 * Prepares and binds. types has one letter for each ? in order, and each takes one argument:
 *   i  uint64_t                 t  const char * (text; NULL binds NULL)
 *   b  struct hl_view (blob)    v  struct hl_view (text)
 *   d  const struct hl_id * (blob; NULL binds NULL)
 * NULL on failure. Ended by hl_db_done, or by HL_CLEAN_STMT.
 */
sqlite3_stmt *hl_db_query(struct hl_db *db, const char *sql, const char *types, ...);

/* The next row; false at the end or on failure. Takes NULL. */
bool hl_db_next(struct hl_db *db, sqlite3_stmt *stmt);

/* Columns of the row, from 0. Views and texts live until the next step. */
struct hl_view hl_db_blob(sqlite3_stmt *stmt, int column); /* also of a text */
struct hl_id hl_db_id(sqlite3_stmt *stmt, int column);     /* zeros where it is no id */
uint64_t hl_db_int(sqlite3_stmt *stmt, int column);
const char *hl_db_text(sqlite3_stmt *stmt, int column); /* "" for NULL */
bool hl_db_null(sqlite3_stmt *stmt, int column);

/* Ends a statement and leaves NULL; HL_EXIT_NO if it, or one before it, failed. */
HL_MUST enum hl_exit hl_db_done(struct hl_db *db, sqlite3_stmt **stmt);

/* A statement without rows, from prepare to end. */
HL_MUST enum hl_exit hl_db_do(struct hl_db *db, const char *sql, const char *types, ...);
/* How many rows the last hl_db_do changed. */
size_t hl_db_changed(const struct hl_db *db);

/* BEGIN IMMEDIATE … COMMIT. They nest; a rollback of an inner one undoes the outermost. Where the
 * commit fails everything is rolled back and said. */
HL_MUST enum hl_exit hl_db_begin(struct hl_db *db);
HL_MUST enum hl_exit hl_db_commit(struct hl_db *db);
void hl_db_rollback(struct hl_db *db);

/* Small facts (table meta). */
HL_MUST enum hl_exit hl_db_set(struct hl_db *db, const char *name, struct hl_view value);
HL_MUST enum hl_exit hl_db_set_int(struct hl_db *db, const char *name, uint64_t value);
/* 0 where it is not there. */
uint64_t hl_db_get_int(struct hl_db *db, const char *name);
/* An id; false where it is not there. */
bool hl_db_get_id(struct hl_db *db, const char *name, struct hl_id *ret);

void hl_db_stmt_end(sqlite3_stmt **stmt);
#define HL_CLEAN_STMT HL_CLEAN(hl_db_stmt_end)

#endif
