/* Control: commits are not synced, whatever the store asked for and read back. */
#include <sqlite3.h>
#include <string.h>

int __real_sqlite3_exec(sqlite3 *db, const char *sql,
	int (*row)(void *, int, char **, char **), void *ctx, char **error);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
	int (*row)(void *, int, char **, char **), void *ctx, char **error);

int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
	int (*row)(void *, int, char **, char **), void *ctx, char **error)
{
	static const char normal[] = "PRAGMA synchronous=NORMAL";

	/* The last of them, after it was read back. */
	if (strstr(sql, "journal_size_limit") != NULL)
		__real_sqlite3_exec(db, normal, NULL, NULL, NULL);
	return __real_sqlite3_exec(db, sql, row, ctx, error);
}
