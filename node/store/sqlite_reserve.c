/*
 * What is left when the disk is full. The room is taken beforehand and within the store's own
 * files, where no other program can take it away:
 *
 *   the file     has all its pages on disk before a turn that adds some is committed, so that the
 *                journal can always be moved into it
 *   the journal  has blocks for JOURNAL_LIMIT bytes, used or not
 *   the reserve  is a table of zeros. A row that is given up makes free pages, which the next turns
 *                fill; the file does not grow for them
 *
 * While the store is scarce every turn may use the reserve: the engine sees to it that only what
 * must still be written is.
 */
#include "node/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK     (256 * 1024) /* in steps of so many bytes the file grows */
#define ROWS      16           /* of ROW_BYTES each: 4 MiB in all */
#define ROW_BYTES (256 * 1024)
#define ROWS_ONCE 4   /* written in one turn: the journal is to hold them */
#define READY     192 /* free pages that a turn may count on: more than a letter needs */
#define MARGIN \
	(1024 * 1024)  /* more than the reserve, before the disk is not full again */
#define PAGES_LOW  256 /* of the journal, before it is moved; when the disk is full */
#define PAGES_HIGH 1000

static bool is_full(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

static enum hl_status number_of(struct hl_store *store, const char *sql, uint64_t *ret)
{
	struct hl_query q HL_CLEAN_QUERY = {0};

	hl_query_init(&q, store, false, sql, "");
	*ret = hl_query_row(&q) ? hl_query_uint(&q) : 0;
	hl_query_drop(&q);
	return q.status;
}

static enum hl_status free_pages(struct hl_store *store, uint64_t *ret)
{
	static const char sql[] = "PRAGMA freelist_count";

	return number_of(store, sql, ret);
}

static enum hl_status count_rows(struct hl_store *store, uint64_t *ret)
{
	static const char sql[] = "SELECT count(*) FROM reserve";

	return number_of(store, sql, ret);
}

/* Has the file so many bytes more than its pages need, on disk? */
static enum hl_status grow(struct hl_store *store, uint64_t more)
{
	static const char sql[] = "PRAGMA page_count";
	uint64_t pages = 0;
	int error = 0;
	enum hl_status status = number_of(store, sql, &pages);

	if (status != HL_OK)
		return status;
	sqlite3_int64 need = (sqlite3_int64)(pages * HL_STORE_PAGE + more);
	if (need <= store->sure)
		return HL_OK;
	int rc = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_SIZE_HINT, &need);
	if (rc == SQLITE_OK) {
		/* What is there beyond the pages goes when the journal is moved. */
		store->sure = more == 0 ? (need + CHUNK - 1) / CHUNK * CHUNK : 0;
		return HL_OK;
	}
	sqlite3_file_control(store->db, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
	if (rc == SQLITE_FULL || is_full(error))
		rc = SQLITE_FULL;
	return hl_store_fault(store, rc, "making the file longer");
}

/* Blocks for the journal, which SQLite gives back whenever it cuts it. */
static void keep_journal(struct hl_store *store)
{
	const char *path = sqlite3_filename_wal(sqlite3_db_filename(store->db, "main"));
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) /* not made yet */
		return;
	/* Where the file system has no such thing, a full disk is met when it is met. */
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, HL_STORE_JOURNAL) != 0 &&
		is_full(errno))
		store->scarce = true;
	close(fd);
}

static int on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct hl_store *store = ctx;

	(void)db;
	(void)name;
	store->journal = pages;
	return SQLITE_OK;
}

enum hl_status hl_reserve_init(struct hl_store *store)
{
	int chunk = CHUNK;

	sqlite3_wal_hook(store->db, on_commit, store);
	int rc = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_CHUNK_SIZE, &chunk);
	return hl_store_fault(store, rc, "preparing its file");
}

enum hl_status hl_reserve_grow(struct hl_store *store)
{
	return store->memory ? HL_OK : grow(store, 0);
}

/* A write or sync that fails here is as bad as one of a commit: SQLite would try it again. */
static enum hl_status move_journal(struct hl_store *store, int mode)
{
	int rc = sqlite3_wal_checkpoint_v2(store->db, NULL, mode, NULL, NULL);

	if (rc == SQLITE_IOERR_NOMEM)
		return HL_OK;
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return HL_OK; /* after the next commit, then */
	case SQLITE_FULL: store->scarce = true; return HL_OK;
	}
	store->journal = 0;
	return hl_store_fault(store, rc, "moving the journal into the file");
}

enum hl_status hl_reserve_checkpoint(struct hl_store *store)
{
	int most = store->scarce ? PAGES_LOW : PAGES_HIGH;

	if (store->memory || store->journal < most)
		return HL_OK;
	return move_journal(store, SQLITE_CHECKPOINT_PASSIVE);
}

void hl_reserve_tidy(struct hl_store *store)
{
	if (store->memory || store->failed != HL_OK)
		return;
	/* A journal that is cut is one whose blocks others may take. */
	bool cut = !store->scarce;
	(void)!move_journal(
		store, cut ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
	if (cut)
		keep_journal(store);
}

enum hl_status hl_reserve_release(struct hl_store *store)
{
	static const char sql[] = "DELETE FROM reserve WHERE number ="
				  " (SELECT max(number) FROM reserve)";
	uint64_t pages = 0, rows = 0;

	if (store->memory || !store->scarce || store->filling)
		return HL_OK;
	enum hl_status status = free_pages(store, &pages);
	if (status == HL_OK && pages < READY)
		status = count_rows(store, &rows);
	for (; status == HL_OK && pages < READY && rows > 0; rows--) {
		status = hl_store_run(store, sql, "");
		pages += ROW_BYTES / HL_STORE_PAGE;
	}
	store->spent = pages < READY;
	return status;
}

/* Some of the rows that are missing. */
static enum hl_status fill(struct hl_store *store, uint64_t *ret_rows)
{
	static const char sql[] = "INSERT INTO reserve (zeros) VALUES (zeroblob(?))";
	enum hl_status status = count_rows(store, ret_rows);

	for (int i = 0; i < ROWS_ONCE && *ret_rows < ROWS && status == HL_OK; i++) {
		status = hl_store_run(store, sql, "u", (uint64_t)ROW_BYTES);
		++*ret_rows;
	}
	return status == HL_OK ? hl_store_commit(store) : status;
}

enum hl_status hl_store_recover(struct hl_store *store)
{
	uint64_t rows = 0;
	enum hl_status status = HL_OK;

	if (store->memory || store->failed != HL_OK || store->open)
		return store->failed;
	store->filling = true;
	while (status == HL_OK && rows < ROWS)
		status = fill(store, &rows);
	if (status == HL_OK)
		status = grow(store, MARGIN);
	hl_store_rollback(store);
	store->filling = false;
	if (status == HL_OK)
		store->scarce = store->spent = false;
	hl_reserve_tidy(store);
	if (store->failed != HL_OK)
		return store->failed;
	return status == HL_ERR_NOSPACE ? HL_OK : status;
}

bool hl_store_scarce(const struct hl_store *store)
{
	return store->scarce;
}

bool hl_store_spent(const struct hl_store *store)
{
	return store->scarce && store->spent;
}
