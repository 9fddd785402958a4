#include "node/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema.sql.h"

_Static_assert(sizeof(schema_steps) / sizeof(schema_steps[0]) == HL_STORE_SCHEMA_LAST,
	"every step is known");

/* After a sync that failed the kernel may go on showing what never came to the disk, as if it had:
 * whatever is built on that goes with the power. What is clean is read from the disk again. */
static void forget_pages(int fd)
{
	(void)!posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static void forget_journal(const char *path)
{
	char name[PATH_MAX];
	int n = snprintf(name, sizeof(name), "%s-wal", path);

	if (n < 0 || (size_t)n >= sizeof(name))
		return;
	int fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return; /* there is none, or SQLite will say what is wrong with it */
	forget_pages(fd);
	close(fd);
}

/* The file is made here and not by SQLite, so that it is never open to others. */
static enum hl_status claim_file(const char *path, char *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0) {
		snprintf(error, HL_STORE_ERROR_MAX, "it cannot be opened: %s",
			strerror(errno));
		return HL_ERR_STORE;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
		(st.st_mode & 077) != 0) {
		snprintf(error, HL_STORE_ERROR_MAX,
			"it must be a file of this user alone: chmod 600, and chown");
		close(fd);
		return HL_ERR_STORE;
	}
	forget_pages(fd);
	close(fd);
	forget_journal(path);
	return HL_OK;
}

/* One integer or text that a pragma gives, as a number; -1 when it gives none. */
static enum hl_status ask(struct hl_store *store, const char *sql, int64_t *ret_number,
	char *ret_text, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);

	*ret_number = -1;
	if (rc == SQLITE_OK) {
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW) {
			const char *text = (const char *)sqlite3_column_text(stmt, 0);
			*ret_number = sqlite3_column_int64(stmt, 0);
			if (ret_text != NULL)
				snprintf(ret_text, size, "%s", text ? text : "");
		}
	}
	sqlite3_finalize(stmt);
	return hl_store_fault(store, rc, sql);
}

static enum hl_status tell(struct hl_store *store, const char *sql)
{
	return hl_store_fault(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL), sql);
}

static enum hl_status refuse(struct hl_store *store, const char *text)
{
	snprintf(store->error, sizeof(store->error), "%s", text);
	store->failed = HL_ERR_STORE;
	return HL_ERR_STORE;
}

/* synchronous=EXTRA is set before the journal mode and both are read back: a mode that did not take
 * would make every acknowledgement a lie after a power cut. */
static enum hl_status prepare(struct hl_store *store, bool memory)
{
	static const char *const words[] = {
		"PRAGMA locking_mode=EXCLUSIVE",
		"PRAGMA trusted_schema=OFF",
		"PRAGMA foreign_keys=ON",
		"PRAGMA secure_delete=FAST",
		"PRAGMA temp_store=MEMORY",
		"PRAGMA cache_size=-4096", /* KiB: bounded, whatever SQLite was built with */
		"PRAGMA synchronous=EXTRA",
		"PRAGMA journal_mode=WAL",
	};
	enum hl_status status = HL_OK;
	int64_t number = 0;
	char mode[16] = "";

	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
	sqlite3_extended_result_codes(store->db, 1);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && status == HL_OK; i++)
		status = tell(store, words[i]);
	if (status == HL_OK)
		status = ask(store, "PRAGMA synchronous", &number, NULL, 0);
	if (status == HL_OK && number != 3)
		return refuse(store, "SQLite does not take synchronous=EXTRA");
	if (status == HL_OK)
		status = ask(store, "PRAGMA journal_mode", &number, mode, sizeof(mode));
	if (status == HL_OK && strcmp(mode, memory ? "memory" : "wal") != 0)
		return refuse(store, "SQLite does not take journal_mode=WAL here");
	if (status == HL_OK) {
		char sql[80];
		snprintf(sql, sizeof(sql), "PRAGMA journal_size_limit=%d",
			HL_STORE_JOURNAL);
		status = tell(store, sql);
	}
	return status == HL_OK && !memory ? hl_reserve_init(store) : status;
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
		sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0) != NULL)
		shape = strdup((const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return shape;
}

/* A file of the right version may have been made by steps that have been edited since: then a
 * statement would fail long after the start. Its tables are held against those that the steps make
 * now. */
static enum hl_status check_shape(struct hl_store *store)
{
	sqlite3 *fresh = NULL;
	int rc = sqlite3_open_v2(
		":memory:", &fresh, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

	for (size_t i = 0; i < HL_STORE_SCHEMA_LAST && rc == SQLITE_OK; i++)
		rc = sqlite3_exec(fresh, schema_steps[i], NULL, NULL, NULL);
	char *want = rc == SQLITE_OK ? shape_of(fresh) : NULL;
	char *got = shape_of(store->db);
	bool same = want != NULL && got != NULL && strcmp(want, got) == 0;
	bool memory = want == NULL;
	free(want);
	free(got);
	sqlite3_close(fresh);
	if (memory)
		return HL_ERR_NOMEM;
	return same ? HL_OK
		    : refuse(store,
			      "its tables are not those of this hotlined: it was made "
			      "by another build, or changed by hand. Install the build "
			      "that made it, or put back a backup");
}

/* Runs the steps that the file has not seen yet, each in its own transaction. */
static enum hl_status migrate(struct hl_store *store)
{
	int64_t version = 0, tag = 0;
	enum hl_status status = ask(store, "PRAGMA user_version", &version, NULL, 0);

	if (status == HL_OK)
		status = ask(store, "PRAGMA application_id", &tag, NULL, 0);
	if (status != HL_OK)
		return status;
	if (version > HL_STORE_SCHEMA_LAST)
		return refuse(store,
			"the store was written by a newer hotlined: install that one");
	if (version < 0 || (version > 0 && tag != HL_STORE_APPLICATION))
		return refuse(store,
			"it is no store of hotlined's: put back the file, or "
			"a backup of it");
	if (version == HL_STORE_SCHEMA_LAST)
		return check_shape(store);
	for (int64_t step = version; step < HL_STORE_SCHEMA_LAST; step++) {
		char sql[120];
		snprintf(sql, sizeof(sql),
			"PRAGMA user_version=%d; PRAGMA application_id=%d; COMMIT",
			(int)step + 1, HL_STORE_APPLICATION);
		status = tell(store, "BEGIN IMMEDIATE");
		if (status == HL_OK)
			status = tell(store, schema_steps[step]);
		if (status == HL_OK)
			status = tell(store, sql);
		if (status != HL_OK) {
			sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
			return status;
		}
	}
	return HL_OK;
}

/* The store is of one network and one lab, for ever. */
static enum hl_status claim_name(
	struct hl_store *store, const char *name, const struct hl_id *id)
{
	static const char select[] = "SELECT value FROM meta WHERE name = ?";
	static const char insert[] = "INSERT INTO meta (name, value) VALUES (?, ?)";
	struct hl_query q HL_CLEAN_QUERY = {0};
	bool found, same = true;

	hl_query_init(&q, store, false, select, "");
	if (q.status == HL_OK)
		sqlite3_bind_text(q.stmt, 1, name, -1, SQLITE_STATIC);
	found = hl_query_row(&q);
	if (found)
		same = hl_view_eq(hl_query_blob(&q), hl_view_id(id));
	enum hl_status status = hl_query_end(&q);
	if (status != HL_OK)
		return status;
	if (!same)
		return refuse(store, "the store is of another network or lab");
	if (found)
		return HL_OK;
	hl_query_init(&q, store, true, insert, "ni", id);
	if (q.status == HL_OK)
		sqlite3_bind_text(q.stmt, 1, name, -1, SQLITE_STATIC);
	hl_query_row(&q);
	return hl_query_end(&q);
}

static enum hl_status open_all(struct hl_store *store, const char *path,
	const struct hl_id *net, const struct hl_id *lab)
{
	bool memory = strcmp(path, ":memory:") == 0;
	enum hl_status status;

	if (!memory && (status = claim_file(path, store->error)) != HL_OK)
		return status;
	int rc = sqlite3_open_v2(path, &store->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
			SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
		NULL);
	if ((status = hl_store_fault(store, rc, "opening")) != HL_OK)
		return status;
	store->net = *net;
	store->memory = memory;
	status = prepare(store, memory);
	if (status == HL_OK)
		status = migrate(store);
	if (status == HL_OK)
		status = claim_name(store, "net", net);
	if (status == HL_OK)
		status = claim_name(store, "lab", lab);
	if (status == HL_OK)
		status = hl_store_commit(store);
	return status == HL_OK ? hl_store_recover(store) : status;
}

enum hl_status hl_store_open(const char *path, const struct hl_id *net,
	const struct hl_id *lab, struct hl_store **ret,
	char ret_error[static HL_STORE_ERROR_MAX])
{
	struct hl_store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return HL_ERR_NOMEM;
	enum hl_status status = open_all(store, path, net, lab);
	if (status != HL_OK) {
		bool busy = store->db != NULL &&
			(sqlite3_errcode(store->db) & 0xff) == SQLITE_BUSY;
		snprintf(ret_error, HL_STORE_ERROR_MAX, "%.220s%s", store->error,
			busy ? ": another hotlined has it open" : "");
		hl_store_close(store);
		return status == HL_ERR_NOMEM || status == HL_ERR_NOSPACE ? status
									  : HL_ERR_STORE;
	}
	*ret = store;
	return HL_OK;
}

void hl_store_close(struct hl_store *store)
{
	if (store == NULL)
		return;
	hl_store_rollback(store);
	for (size_t i = 0; i < store->n_slots; i++)
		sqlite3_finalize(store->slot[i].stmt);
	/* Closing moves the journal into the file, and syncs it first: after a failed sync that
	 * would be a second try, which may succeed without a byte on the disk. On a full disk the
	 * blocks of the journal that is removed would be anybody's. */
	if ((store->failed != HL_OK || store->scarce) && store->db != NULL)
		sqlite3_db_config(
			store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	sqlite3_close_v2(store->db);
	free(store);
}

const char *hl_store_error(const struct hl_store *store)
{
	return store->error;
}

bool hl_store_dirty(const struct hl_store *store)
{
	return store->open;
}

enum hl_status hl_store_commit(struct hl_store *store)
{
	static const char sql[] = "COMMIT";
	struct hl_query q;

	if (store->failed != HL_OK)
		return store->failed;
	if (store->doomed != HL_OK)
		return store->doomed;
	if (!store->open)
		return HL_OK;
	enum hl_status status = hl_reserve_grow(store);
	if (status != HL_OK)
		return status;
	hl_query_init(&q, store, false, sql, "");
	hl_query_row(&q);
	status = hl_query_end(&q);
	if (status != HL_OK)
		return status;
	store->open = false;
	return hl_reserve_checkpoint(store);
}

void hl_store_rollback(struct hl_store *store)
{
	/* A full disk may have rolled it back already. */
	if (store->db != NULL && !sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->open = false;
	if (store->doomed == HL_ERR_NOSPACE && store->failed == HL_OK)
		hl_reserve_tidy(store); /* the journal is to begin anew */
	store->doomed = HL_OK;
}

void hl_store_idle(struct hl_store *store)
{
	/* What fails here is told at the next commit. */
	if (!store->open)
		hl_reserve_tidy(store);
}
