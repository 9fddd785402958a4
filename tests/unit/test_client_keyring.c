/* Key files, passphrases, boxes, sealing epochs; the store. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/db.h"
#include "client/keyring.h"
#include "tests/unit/client.h"

static void begin_lab(struct client *c)
{
	client_want(0, c, "lab", "init", "Lab A", "--person", "Mira");
}

static void home_file(const struct client *c, const char *name, char ret[static 256])
{
	snprintf(ret, 256, "%s/%s", c->home, name);
}

static void test_files(void **state)
{
	struct client *c = *state;
	char path[256];
	struct stat st;
	static const char *const names[] = {
		"device.key", "root.key", "device.db", "hotline.conf"};

	begin_lab(c);
	for (size_t i = 0; i < 4; i++) {
		home_file(c, names[i], path);
		assert_int_equal(lstat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	assert_int_equal(stat(c->home, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* A second lab does not go over the first. */
	client_want(2, c, "lab", "init", "Lab B", "--person", "Mira");
	assert_non_null(strstr(c->err, "belongs to a lab already"));
}

static void test_modes(void **state)
{
	struct client *c = *state;
	char path[256], other[256];

	begin_lab(c);
	home_file(c, "device.key", path);
	chmod(path, 0640);
	client_want(1, c, "status");
	assert_non_null(strstr(c->err, "chmod 600"));
	chmod(path, 0600);
	/* A link is not followed. */
	home_file(c, "elsewhere", other);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	client_want(1, c, "status");
	assert_int_equal(unlink(path), 0);
	client_want(2, c, "status");
	assert_non_null(strstr(c->err, "this device has no keys"));
	assert_int_equal(rename(other, path), 0);
	client_want(3, c, "status");
	home_file(c, "device.db", path);
	chmod(path, 0644);
	client_want(1, c, "status");
	chmod(path, 0600);
	chmod(c->home, 0750);
	client_want(1, c, "status");
	assert_non_null(strstr(c->err, "chmod 700"));
	chmod(c->home, 0700);
	client_want(3, c, "status");
}

static void test_passphrase(void **state)
{
	struct client *c = *state;

	client_want(0, c, "lab", "init", "Lab A", "--person", "Mira", "--passphrase-file",
		"device");
	client_want(3, c, "status", "--passphrase-file", "device");
	client_want(1, c, "status", "--passphrase-file", "root");
	assert_non_null(strstr(c->err, "wrong passphrase"));
	assert_non_null(strstr(c->err, "hotline member add"));
	/* An empty one is no passphrase at all. */
	client_want(2, c, "status", "--passphrase-file", "none");
	client_want(1, c, "card", "renew", "--root-passphrase-file", "device");
	assert_non_null(strstr(c->err, "begin a new lab"));
	client_want(2, c, "card", "renew", "--root-passphrase-file", "none");
	client_want(2, c, "card", "renew", "--root", "nowhere");
	assert_non_null(strstr(c->err, "--root FILE"));
	client_want(0, c, "card", "renew");
}

/* The root never lies in clear: without a passphrase there is no lab. */
static void test_root_in_clear(void **state)
{
	struct client *c = *state;

	client_want(2, c, "lab", "init", "Lab A", "--person", "Mira",
		"--root-passphrase-file", "none");
	client_want(2, c, "status");
	/* What was made is used when it is tried again. */
	begin_lab(c);
}

static void change_store(const struct client *c, const char *sql)
{
	char path[300];
	sqlite3 *db = NULL;

	home_file(c, "device.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* A store of another shape, or that is none, is named before anything is asked of it. */
static void test_shape(void **state)
{
	struct client *c = *state;
	char path[300], other[300];

	begin_lab(c);
	change_store(c, "ALTER TABLE outbox RENAME COLUMN sent TO gone");
	client_want(1, c, "status");
	assert_non_null(strstr(c->err, "device.db: its tables are not those"));
	assert_non_null(strstr(c->err, "put back a backup"));
	change_store(c, "ALTER TABLE outbox RENAME COLUMN gone TO sent");
	client_want(3, c, "status");
	home_file(c, "device.db", path);
	home_file(c, "kept", other);
	assert_int_equal(rename(path, other), 0);
	change_store(c, "CREATE TABLE other (x)");
	chmod(path, 0600);
	client_want(1, c, "status");
	assert_non_null(strstr(c->err, "device.db is no store of hotline's"));
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("no store at all\n", file);
	fclose(file);
	client_want(1, c, "status");
	assert_non_null(strstr(c->err, "device.db is no store of hotline's"));
	assert_int_equal(rename(other, path), 0);
	client_want(3, c, "status");
}

/* Any changed byte of a key file is found out. */
static void test_damage(void **state)
{
	struct client *c = *state;
	struct hl_buf whole HL_CLEAN_BUF = {0};
	char path[256];

	client_want(0, c, "lab", "init", "Lab A", "--person", "Mira", "--passphrase-file",
		"device");
	home_file(c, "device.key", path);
	assert_int_equal(hl_file_get(AT_FDCWD, path, 4096, true, &whole), 0);
	for (size_t i = 1; i < whole.n; i += whole.n / 6) {
		whole.p[i] ^= 1;
		assert_int_equal(
			hl_file_put(AT_FDCWD, path, hl_view_buf(&whole), true, 0600), 0);
		client_want(1, c, "status", "--passphrase-file", "device");
		whole.p[i] ^= 1;
	}
	assert_int_equal(hl_file_put(AT_FDCWD, path, hl_view_buf(&whole), true, 0600), 0);
	client_want(3, c, "status", "--passphrase-file", "device");
	/* The keys of one device and the store of another do not go together. */
	client_at(c, "other");
	begin_lab(c);
	home_file(c, "device.key", path);
	assert_int_equal(hl_file_put(AT_FDCWD, path, hl_view_buf(&whole), true, 0600), 0);
	client_want(1, c, "status", "--passphrase-file", "device");
	assert_non_null(strstr(c->err, "different devices"));
}

static void test_put(void **state)
{
	struct client *c = *state;
	struct hl_buf got HL_CLEAN_BUF = {0};

	(void)c;
	assert_int_equal(hl_file_put(AT_FDCWD, "f", hl_view_str("one"), false, 0600), 0);
	assert_int_equal(
		hl_file_put(AT_FDCWD, "f", hl_view_str("two"), false, 0600), EEXIST);
	assert_int_equal(hl_file_get(AT_FDCWD, "f", 3, true, &got), 0);
	assert_memory_equal(got.p, "one", 3);
	hl_buf_clear(&got);
	assert_int_equal(hl_file_put(AT_FDCWD, "f", hl_view_str("two"), true, 0600), 0);
	assert_int_equal(hl_file_get(AT_FDCWD, "f", 2, true, &got), EFBIG);
	assert_int_equal(hl_file_get(AT_FDCWD, "f", 3, true, &got), 0);
	assert_memory_equal(got.p, "two", 3);
	assert_int_equal(hl_file_get(AT_FDCWD, "g", 3, true, &got), ENOENT);
}

static void test_box(void **state)
{
	struct client *c = *state;
	struct hl_buf box HL_CLEAN_BUF = {0}, plain HL_CLEAN_BUF = {0};
	struct hl_app app;

	begin_lab(c);
	client_open(c, &app);
	assert_int_equal(
		hl_box_seal(&app, hl_view_str("ad"), hl_view_str("text"), &box), HL_OK);
	assert_int_equal(
		hl_box_open(&app, hl_view_str("ad"), hl_view_buf(&box), &plain), HL_OK);
	assert_int_equal(plain.n, 4);
	assert_memory_equal(plain.p, "text", 4);
	hl_buf_clear(&plain);
	assert_int_equal(hl_box_open(&app, hl_view_str("da"), hl_view_buf(&box), &plain),
		HL_BAD_OPEN);
	for (size_t i = 0; i < box.n; i++) {
		box.p[i] ^= 0x80;
		assert_int_equal(
			hl_box_open(&app, hl_view_str("ad"), hl_view_buf(&box), &plain),
			HL_BAD_OPEN);
		box.p[i] ^= 0x80;
	}
	assert_int_equal(
		hl_box_open(&app, hl_view_str("ad"), hl_view_of(box.p, 39), &plain),
		HL_BAD_OPEN);
	hl_app_clear(&app);
}

static uint64_t number(struct hl_app *app, const char *sql)
{
	sqlite3_stmt *row HL_CLEAN_STMT = hl_db_query(app->db, sql, "");

	assert_true(hl_db_next(app->db, row));
	return hl_db_int(row, 0);
}

static void test_epochs(void **state)
{
	struct client *c = *state;
	struct hl_epochs epochs HL_CLEAN_EPOCHS = {0};
	struct hl_app app;
	char sql[256];

	begin_lab(c);
	client_open(c, &app);
	assert_int_equal(number(&app, "SELECT count(*) FROM epochs"), HL_SEAL_AHEAD);
	assert_int_equal(number(&app, "SELECT version FROM seals"), 1);
	assert_int_equal(hl_epochs_renew(&app), HL_EXIT_OK);
	assert_int_equal(number(&app, "SELECT version FROM seals"), 1);
	/* Seven weeks on: five remain, so seven more are made, and nothing is erased yet. */
	snprintf(sql, sizeof(sql),
		"UPDATE epochs SET from_ms = from_ms - %llu, until_ms = until_ms - %llu",
		7 * HL_SEAL_EPOCH_MS, 7 * HL_SEAL_EPOCH_MS);
	assert_int_equal(hl_db_do(app.db, sql, ""), HL_EXIT_OK);
	assert_int_equal(hl_epochs_renew(&app), HL_EXIT_OK);
	assert_int_equal(number(&app, "SELECT version FROM seals"), 2);
	assert_int_equal(number(&app, "SELECT max(epoch) FROM epochs"), 19);
	/* Those that ended more than 30 days ago are gone: weeks 1 and 2 of 7. */
	assert_int_equal(number(&app, "SELECT min(epoch) FROM epochs"), 3);
	assert_int_equal(hl_epochs_load(&app, &epochs), HL_EXIT_OK);
	assert_int_equal(epochs.n, 17);
	assert_int_equal(epochs.epochs[16], 19);
	/* A year away: all have ended; the newest of them stays readable until the new ones. */
	snprintf(sql, sizeof(sql),
		"UPDATE epochs SET from_ms = from_ms - %llu, until_ms = until_ms - %llu",
		52 * HL_SEAL_EPOCH_MS, 52 * HL_SEAL_EPOCH_MS);
	assert_int_equal(hl_db_do(app.db, sql, ""), HL_EXIT_OK);
	assert_int_equal(hl_epochs_renew(&app), HL_EXIT_OK);
	assert_int_equal(number(&app, "SELECT count(*) FROM epochs"), HL_SEAL_AHEAD);
	assert_int_equal(number(&app, "SELECT version FROM seals"), 3);
	hl_app_clear(&app);
}

static void test_store(void **state)
{
	struct client *c = *state;
	struct hl_app one, two;
	struct hl_id id = {{1}}, got;

	begin_lab(c);
	client_open(c, &one);
	client_open(c, &two);
	assert_int_equal(hl_db_begin(one.db), HL_EXIT_OK);
	assert_int_equal(hl_db_begin(one.db), HL_EXIT_OK);
	assert_int_equal(hl_db_set(one.db, "x", hl_view_id(&id)), HL_EXIT_OK);
	assert_int_equal(hl_db_commit(one.db), HL_EXIT_OK);
	assert_false(hl_db_get_id(two.db, "x", &got));
	assert_int_equal(hl_db_commit(one.db), HL_EXIT_OK);
	assert_true(hl_db_get_id(two.db, "x", &got));
	assert_true(hl_id_eq(&id, &got));
	assert_int_equal(hl_db_begin(two.db), HL_EXIT_OK);
	assert_int_equal(hl_db_set_int(two.db, "y", 7), HL_EXIT_OK);
	hl_db_rollback(two.db);
	assert_int_equal(hl_db_get_int(two.db, "y"), 0);
	hl_app_clear(&one);
	hl_app_clear(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_modes, client_begin, client_end),
		cmocka_unit_test_setup_teardown(
			test_passphrase, client_begin, client_end),
		cmocka_unit_test_setup_teardown(
			test_root_in_clear, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_damage, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_shape, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_put, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_box, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_epochs, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_store, client_begin, client_end),
	};

	return cmocka_run_group_tests_name("client_keyring", tests, NULL, NULL);
}
