/*
 * Within the store on SQLite: the connection, and one query after another on it. Only files named
 * sqlite*.c include this.
 */
#ifndef HL_SQLITE_H
#define HL_SQLITE_H

#include <sqlite3.h>

#include "node/store/store.h"

#define HL_QUERIES_MAX       160
#define HL_STORE_APPLICATION 0x484c31 /* "HL1" */
#define HL_STORE_PAGE        4096
#define HL_STORE_JOURNAL     (4 * 1024 * 1024)

struct hl_query_slot {
	const char *sql; /* its address is the key */
	sqlite3_stmt *stmt;
};

struct hl_store {
	sqlite3 *db;
	struct hl_id net;
	bool open;             /* a transaction is under way */
	enum hl_status failed; /* HL_ERR_STORE once, for ever */
	enum hl_status
		doomed; /* what this turn has failed with, until it is rolled back */
	char error[HL_STORE_ERROR_MAX];
	struct hl_query_slot slot[HL_QUERIES_MAX];
	size_t n_slots;

	/* sqlite_reserve.c */
	bool memory;        /* there is no file, and no disk to be full */
	bool scarce;        /* the disk is full: the reserve is being used */
	bool spent;         /* and nearly at its end */
	bool filling;       /* this turn makes the reserve and does not use it */
	int journal;        /* pages in it */
	sqlite3_int64 sure; /* so long the file is on disk */
};

/* One run of a statement. The first trouble sticks, and no row is given after it. */
struct hl_query {
	struct hl_store *store;
	sqlite3_stmt *stmt;
	enum hl_status status;
	int column;
};

#define HL_CLEAN_QUERY HL_CLEAN(hl_query_drop)

/* Takes a result of SQLite's to a status, and keeps the text where it is trouble. */
enum hl_status hl_store_fault(struct hl_store *store, int rc, const char *doing);

/* Binds by a letter each: i const struct hl_id *, u uint64_t, d int, v struct hl_view, n nothing
 * (NULL). sql must be a constant: it is prepared once. write begins the turn's transaction. */
void hl_query_init(struct hl_query *q, struct hl_store *store, bool write,
	const char *sql, const char *format, ...);
/* True when there is a row; its columns are then read in order. */
bool hl_query_row(struct hl_query *q);
uint64_t hl_query_uint(struct hl_query *q);
bool hl_query_nil(struct hl_query *q); /* looks, does not move on */
struct hl_id hl_query_id(struct hl_query *q);
struct hl_view hl_query_blob(struct hl_query *q); /* good until the next row */
/* Ends the run. */
enum hl_status hl_query_end(struct hl_query *q);
void hl_query_drop(struct hl_query *q);

/* A write without rows: all of it in one. */
#define hl_store_run(store, sql, ...)                                     \
	__extension__({                                                   \
		struct hl_query run_q;                                    \
		hl_query_init(&run_q, (store), true, (sql), __VA_ARGS__); \
		while (hl_query_row(&run_q))                              \
			;                                                 \
		hl_query_end(&run_q);                                     \
	})

/* sqlite_reserve.c. After the journal mode is set. */
enum hl_status hl_reserve_init(struct hl_store *store);
/* Before a commit: HL_ERR_NOSPACE where the file could not take what the turn adds. */
enum hl_status hl_reserve_grow(struct hl_store *store);
/* After a commit: moves a long journal into the file. */
enum hl_status hl_reserve_checkpoint(struct hl_store *store);
/* Outside a turn: moves all of it. */
void hl_reserve_tidy(struct hl_store *store);
/* At the beginning of a turn: makes free pages where the disk is full. */
enum hl_status hl_reserve_release(struct hl_store *store);

#endif
