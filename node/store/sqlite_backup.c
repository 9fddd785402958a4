/* A copy of the store while it is in use, and the proof of a copy before it is put in its place. */
#include "node/store/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_PAGES 256

struct hl_store_backup {
	sqlite3 *db;
	sqlite3_backup *run;
};

static enum hl_status refuse(sqlite3 *db, const char *doing, char *error)
{
	snprintf(error, HL_STORE_ERROR_MAX, "%s: %.180s", doing,
		db != NULL ? sqlite3_errmsg(db) : "no memory");
	return HL_ERR_STORE;
}

enum hl_status hl_store_backup_begin(struct hl_store *store, const char *path,
	struct hl_store_backup **ret, char ret_error[static HL_STORE_ERROR_MAX])
{
	struct hl_store_backup *backup = calloc(1, sizeof(*backup));
	enum hl_status status = HL_OK;

	if (backup == NULL)
		return HL_ERR_NOMEM;
	/* The file is made by the caller, open to nobody else. */
	if (sqlite3_open_v2(path, &backup->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
		    NULL) != SQLITE_OK)
		status = refuse(backup->db, "the copy cannot be opened", ret_error);
	if (status == HL_OK) {
		backup->run = sqlite3_backup_init(backup->db, "main", store->db, "main");
		if (backup->run == NULL)
			status =
				refuse(backup->db, "the copy cannot be begun", ret_error);
	}
	if (status != HL_OK) {
		hl_store_backup_drop(backup);
		return status;
	}
	*ret = backup;
	return HL_OK;
}

enum hl_status hl_store_backup_step(struct hl_store_backup *backup, bool *ret_more,
	char ret_error[static HL_STORE_ERROR_MAX])
{
	int rc = sqlite3_backup_step(backup->run, STEP_PAGES);

	*ret_more = rc == SQLITE_OK;
	if (rc == SQLITE_OK)
		return HL_OK;
	bool whole = rc == SQLITE_DONE;
	rc = sqlite3_backup_finish(backup->run);
	backup->run = NULL;
	/* One file, without a journal beside it. */
	if (whole && rc == SQLITE_OK)
		rc = sqlite3_exec(
			backup->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	if (!whole || rc != SQLITE_OK)
		return refuse(backup->db, "the copy was not made", ret_error);
	return HL_OK;
}

void hl_store_backup_drop(struct hl_store_backup *backup)
{
	if (backup == NULL)
		return;
	sqlite3_backup_finish(backup->run);
	sqlite3_close_v2(backup->db);
	free(backup);
}

/* The first column of the first row. */
static bool says(sqlite3 *db, const char *sql, char *text, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	bool good = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
		sqlite3_step(stmt) == SQLITE_ROW;

	if (good) {
		const char *column = (const char *)sqlite3_column_text(stmt, 0);
		snprintf(text, size, "%s", column != NULL ? column : "");
	}
	sqlite3_finalize(stmt);
	return good;
}

static enum hl_status check_copy(const char *path, char *error)
{
	sqlite3 *db = NULL;
	char text[80] = "";
	int rc = sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
	bool good = rc == SQLITE_OK &&
		says(db, "PRAGMA application_id", text, sizeof(text)) &&
		strtol(text, NULL, 10) == HL_STORE_APPLICATION &&
		says(db, "PRAGMA user_version", text, sizeof(text)) &&
		strtol(text, NULL, 10) > 0;

	if (!good)
		snprintf(error, HL_STORE_ERROR_MAX,
			"the file is no whole backup of a hotlined's store");
	else if (!says(db, "PRAGMA integrity_check(1)", text, sizeof(text)) ||
		strcmp(text, "ok") != 0) {
		snprintf(error, HL_STORE_ERROR_MAX, "the backup is damaged: %s", text);
		good = false;
	}
	sqlite3_close_v2(db);
	return good ? HL_OK : HL_ERR_STORE;
}

enum hl_status hl_store_verify(const char *path, const struct hl_id *net,
	const struct hl_id *lab, char ret_error[static HL_STORE_ERROR_MAX])
{
	struct hl_store *store = NULL;
	enum hl_status status = check_copy(path, ret_error);

	if (status == HL_OK)
		status = hl_store_open(path, net, lab, &store, ret_error);
	hl_store_close(store);
	return status;
}
