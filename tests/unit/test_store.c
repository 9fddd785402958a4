/* The store: what it keeps, what it refuses to open, how it fails. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "node/store/store.h"
#include "tests/sim/vfs.h"
#include "tests/sim/world.h"

static struct hl_id id_of(uint8_t b)
{
	struct hl_id id;

	memset(id.b, b, sizeof(id.b));
	return id;
}

struct place {
	char dir[64], path[96];
	struct world world;
	struct hl_buf doc; /* one good envelope */
	struct hl_id id;
	struct hl_store *store;
	char error[HL_STORE_ERROR_MAX];
};

static enum hl_status reopen(struct place *p)
{
	hl_store_close(p->store);
	p->store = NULL;
	p->error[0] = '\0';
	return hl_store_open(
		p->path, &p->world.net, &p->world.lab[0].id, &p->store, p->error);
}

static void seal(struct place *p, struct hl_buf *doc, struct hl_id *id)
{
	struct hl_message m = {
		.type = HL_SAY, .text = hl_view_str("Was host X touched?")};
	const struct hl_id incident = id_of(9);
	struct world_letter draft = {.labs = 3,
		.class = HL_CLASS_NOTICE,
		.status = HL_ACTUAL,
		.precedence = HL_ROUTINE,
		.incident = &incident,
		.created = WORLD_START,
		.message = &m};

	m.seen = &incident;
	m.n_seen = 1;
	world_seal(&p->world, &draft, doc, id);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/hotline-store-XXXXXX");
	if (mkdtemp(p->dir) == NULL)
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/store", p->dir);
	world_init(&p->world, 5, 2);
	seal(p, &p->doc, &p->id);
	*state = p;
	return reopen(p) == HL_OK ? 0 : -1;
}

static int teardown(void **state)
{
	struct place *p = *state;
	char path[128];

	hl_store_close(p->store);
	static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", p->path, tails[i]);
		unlink(path);
	}
	rmdir(p->dir);
	hl_buf_clear(&p->doc);
	world_clear(&p->world);
	free(p);
	return 0;
}

static enum hl_status put(struct place *p, const struct hl_id *id, struct hl_view doc)
{
	struct hl_letter_row row = {.id = *id,
		.origin = p->world.lab[0].id,
		.class = HL_CLASS_NOTICE,
		.precedence = HL_ROUTINE,
		.status = HL_ACTUAL,
		.stored = WORLD_START};

	return hl_store_letter_put(p->store, &row, doc);
}

/* Changes the file behind the store's back. */
static void change(struct place *p, const char *sql)
{
	sqlite3 *db = NULL;
	char *error = NULL;

	hl_store_close(p->store);
	p->store = NULL;
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

static void keeps_what_was_committed(void **state)
{
	struct place *p = *state;
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};

	assert_false(hl_store_dirty(p->store));
	assert_ok(put(p, &p->id, hl_view_buf(&p->doc)));
	assert_true(hl_store_dirty(p->store));
	assert_ok(hl_store_commit(p->store));
	assert_false(hl_store_dirty(p->store));
	assert_ok(reopen(p));
	assert_ok(hl_store_letter_get(p->store, &p->id, &envelope));
	assert_view(hl_view_buf(&envelope.doc), hl_view_buf(&p->doc));
}

static void forgets_what_was_not(void **state)
{
	struct place *p = *state;
	struct hl_envelope envelope = {0};
	struct hl_letter_row row;

	assert_ok(put(p, &p->id, hl_view_buf(&p->doc)));
	assert_ok(hl_store_letter_row(p->store, &p->id, &row)); /* the turn sees it */
	hl_store_rollback(p->store);
	assert_status(hl_store_letter_row(p->store, &p->id, &row), HL_UNKNOWN);
	assert_ok(put(p, &p->id, hl_view_buf(&p->doc)));
	assert_ok(reopen(p));
	assert_status(hl_store_letter_get(p->store, &p->id, &envelope), HL_UNKNOWN);
}

static void files_are_for_one_user(void **state)
{
	struct place *p = *state;
	char wal[128];
	struct stat st;

	assert_ok(put(p, &p->id, hl_view_buf(&p->doc)));
	assert_ok(hl_store_commit(p->store));
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(wal, sizeof(wal), "%s-wal", p->path);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	hl_store_close(p->store);
	p->store = NULL;
	assert_int_equal(chmod(p->path, 0640), 0);
	assert_status(reopen(p), HL_ERR_STORE);
	assert_non_null(strstr(p->error, "chmod 600"));
}

static void one_process_at_a_time(void **state)
{
	struct place *p = *state;
	struct hl_store *second = NULL;

	assert_ok(put(p, &p->id, hl_view_buf(&p->doc)));
	assert_ok(hl_store_commit(p->store));
	assert_status(hl_store_open(p->path, &p->world.net, &p->world.lab[0].id, &second,
			      p->error),
		HL_ERR_STORE);
	assert_non_null(strstr(p->error, "another hotlined"));
}

static void a_store_of_another_shape_is_refused(void **state)
{
	struct place *p = *state;

	change(p, "ALTER TABLE meta RENAME COLUMN value TO worth");
	assert_status(reopen(p), HL_ERR_STORE);
	assert_non_null(strstr(p->error, "its tables are not those of this hotlined"));
	assert_non_null(strstr(p->error, "put back a backup"));
	change(p, "ALTER TABLE meta RENAME COLUMN worth TO value");
	assert_ok(reopen(p));
	change(p, "CREATE TABLE more (x)");
	assert_status(reopen(p), HL_ERR_STORE);
}

static void a_newer_store_is_refused(void **state)
{
	struct place *p = *state;
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA user_version=%d", HL_STORE_SCHEMA_LAST + 1);
	change(p, sql);
	assert_status(reopen(p), HL_ERR_STORE);
	assert_non_null(strstr(p->error, "newer hotlined"));
	/* It is still there. */
	assert_int_equal(access(p->path, R_OK), 0);
}

static void a_strange_file_is_refused(void **state)
{
	struct place *p = *state;

	change(p, "PRAGMA application_id=7");
	assert_status(reopen(p), HL_ERR_STORE);
	assert_non_null(strstr(p->error, "no store of hotlined"));
	FILE *f = fopen(p->path, "w");
	assert_non_null(f);
	fputs("this is not a database, and it is long enough to be looked at twice", f);
	for (int i = 0; i < 5000; i++)
		fputc('x', f);
	fclose(f);
	assert_status(reopen(p), HL_ERR_STORE);
	assert_string_not_equal(p->error, "");
	assert_int_equal(access(p->path, R_OK), 0);
}

static void of_one_network_and_lab(void **state)
{
	struct place *p = *state;
	const struct hl_id other = id_of(1);

	hl_store_close(p->store);
	p->store = NULL;
	assert_status(
		hl_store_open(p->path, &other, &p->world.lab[0].id, &p->store, p->error),
		HL_ERR_STORE);
	assert_non_null(strstr(p->error, "another network or lab"));
	assert_status(hl_store_open(p->path, &p->world.net, &other, &p->store, p->error),
		HL_ERR_STORE);
	assert_ok(reopen(p));
}

/* integrity_check sees none of these. */
static void a_rotten_letter_is_not_served(void **state)
{
	struct place *p = *state;
	struct hl_envelope envelope = {0};
	char hex[2 * 3000], sql[2 * 3000 + 100];

	assert_true(p->doc.n < 2900);
	for (unsigned way = 0; way < 2; way++) {
		struct hl_id id = id_of((uint8_t)(40 + way));
		assert_ok(put(p, way == 0 ? &p->id : &id, hl_view_buf(&p->doc)));
		assert_ok(hl_store_commit(p->store));
	}
	/* A whole letter under another's id. */
	struct hl_id wrong = id_of(41);
	assert_status(hl_store_letter_get(p->store, &wrong, &envelope), HL_BAD_HASH);
	/* One bit, in a signature: the id does not cover it. */
	struct hl_envelope good HL_CLEAN_ENVELOPE = {0};
	assert_ok(hl_store_letter_get(p->store, &p->id, &good));
	size_t at = 0;
	while (memcmp(p->doc.p + at, good.sigs[0].sig, HL_SIG_SIZE) != 0)
		at++;
	p->doc.p[at + 5] ^= 1;
	hl_hex_encode(hl_view_buf(&p->doc), hex);
	snprintf(sql, sizeof(sql), "UPDATE letter SET doc = x'%s' WHERE number = 1", hex);
	change(p, sql);
	assert_ok(reopen(p));
	assert_status(hl_store_letter_get(p->store, &p->id, &envelope), HL_BAD_HASH);
}

static void a_damaged_file_stops_the_node(void **state)
{
	struct place *p = *state;
	struct hl_letter_row row;

	for (int i = 0; i < 50; i++) {
		struct hl_id id = id_of((uint8_t)i);
		assert_ok(put(p, &id, hl_view_buf(&p->doc)));
	}
	assert_ok(hl_store_commit(p->store));
	hl_store_close(p->store);
	p->store = NULL;
	/* Every page but the first few is overwritten. */
	int fd = open(p->path, O_WRONLY);
	assert_true(fd >= 0);
	char junk[4096];
	memset(junk, 0xa5, sizeof(junk));
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t o = 4096; o + 4096 <= st.st_size; o += 4096)
		assert_int_equal(pwrite(fd, junk, sizeof(junk), o), sizeof(junk));
	close(fd);
	if (reopen(p) == HL_OK) {
		struct hl_id id = id_of(7);
		assert_status(hl_store_letter_row(p->store, &id, &row), HL_ERR_STORE);
		/* For ever: nothing is tried again. */
		assert_status(put(p, &p->id, hl_view_buf(&p->doc)), HL_ERR_STORE);
		assert_status(hl_store_commit(p->store), HL_ERR_STORE);
		assert_string_not_equal(hl_store_error(p->store), "");
	} else {
		assert_string_not_equal(p->error, "");
	}
	assert_int_equal(access(p->path, R_OK), 0);
}

/* A full disk, on a file system that is too small: refuse, forget the turn, and go on. */
static void a_full_disk_is_survived(void **state)
{
	struct place *p = *state;
	char dir[80];
	struct hl_letter_row row;
	enum hl_status status = HL_OK;
	unsigned n = 0;

	snprintf(dir, sizeof(dir), "%s/small", p->dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	if (mount("none", dir, "tmpfs", 0, "size=2m,mode=0700") != 0) {
		rmdir(dir);
		skip();
	}
	hl_store_close(p->store);
	p->store = NULL;
	char path[sizeof(p->path)];
	memcpy(path, p->path, sizeof(path));
	snprintf(p->path, sizeof(p->path), "%.70s/store", dir);
	assert_ok(reopen(p));
	while (status == HL_OK && n < 5000) {
		struct hl_id id = {0};
		hl_put_be32(id.b, ++n);
		status = put(p, &id, hl_view_buf(&p->doc));
		if (status == HL_OK)
			status = hl_store_commit(p->store);
	}
	assert_status(status, HL_ERR_NOSPACE);
	/* The rest of the turn fails the same way; then it is over. */
	assert_status(put(p, &p->id, hl_view_buf(&p->doc)), HL_ERR_NOSPACE);
	assert_status(hl_store_commit(p->store), HL_ERR_NOSPACE);
	hl_store_rollback(p->store);
	struct hl_id last = {0}, before = {0};
	hl_put_be32(last.b, n);
	hl_put_be32(before.b, n - 1);
	assert_status(hl_store_letter_row(p->store, &last, &row), HL_UNKNOWN);
	assert_ok(hl_store_letter_row(p->store, &before, &row));
	/* Room is made, and it goes on without a restart. */
	assert_int_equal(mount("none", dir, "tmpfs", MS_REMOUNT, "size=24m"), 0);
	assert_ok(put(p, &p->id, hl_view_buf(&p->doc)));
	assert_ok(hl_store_commit(p->store));
	hl_store_close(p->store);
	p->store = NULL;
	assert_int_equal(umount(dir), 0);
	rmdir(dir);
	memcpy(p->path, path, sizeof(path));
}

static void the_journal_is_bounded(void **state)
{
	struct place *p = *state;
	char wal[128];
	struct stat st;

	for (uint32_t i = 0; i < 3000; i++) {
		struct hl_id id = {0};
		hl_put_be32(id.b, i);
		assert_ok(put(p, &id, hl_view_buf(&p->doc)));
		if (i % 10 == 0)
			assert_ok(hl_store_commit(p->store));
	}
	assert_ok(hl_store_commit(p->store));
	snprintf(wal, sizeof(wal), "%s-wal", p->path);
	assert_int_equal(stat(wal, &st), 0);
	assert_true(st.st_size < 8 * 1024 * 1024);
	hl_store_idle(p->store);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
}

static void documents_by_version(void **state)
{
	struct place *p = *state;
	struct hl_doc_row row = {.sort = HL_DOC_CARD, .lab = id_of(1)}, list[4];
	struct hl_buf doc HL_CLEAN_BUF = {0};
	size_t n = 0;

	for (uint64_t v = 1; v <= 3; v++) {
		row.version = v;
		row.hash = id_of((uint8_t)(10 + v));
		assert_ok(hl_store_doc_put(p->store, &row, hl_view_of(&"-abc"[v], 1)));
	}
	/* The one that equivocates is kept, and given by its hash alone. */
	row.hash = id_of(99);
	row.aside = true;
	assert_ok(hl_store_doc_put(p->store, &row, hl_view_str("Z")));
	assert_ok(hl_store_doc_get(p->store, HL_DOC_CARD, &row.lab, NULL, 0, &doc));
	assert_ok(hl_store_doc_get(p->store, HL_DOC_CARD, &row.lab, NULL, 2, &doc));
	assert_ok(hl_store_doc_by_hash(p->store, HL_DOC_CARD, &row.hash, &doc));
	assert_view(hl_view_buf(&doc), hl_view_str("cbZ"));
	assert_ok(hl_store_doc_list(p->store, HL_DOC_CARD, NULL, 1, list, 4, &n));
	assert_int_equal(n, 2);
	assert_int_equal(list[0].version, 2);
	/* Newer sealing keys replace older ones. */
	row = (struct hl_doc_row){
		.sort = HL_DOC_SEALS, .lab = id_of(1), .key = id_of(2), .version = 4};
	assert_ok(hl_store_doc_put(p->store, &row, hl_view_str("old")));
	row.version = 5;
	assert_ok(hl_store_doc_put(p->store, &row, hl_view_str("new")));
	assert_ok(hl_store_doc_list(p->store, HL_DOC_SEALS, &row.lab, 0, list, 4, &n));
	assert_int_equal(n, 1);
	assert_ok(hl_store_doc_drop(p->store, HL_DOC_SEALS, &row.lab, &row.key));
	assert_status(
		hl_store_doc_get(p->store, HL_DOC_SEALS, &row.lab, &row.key, 0, &doc),
		HL_UNKNOWN);
}

static void waiting_is_bounded(void **state)
{
	struct place *p = *state;
	const struct hl_id lab = id_of(1), other = id_of(2);
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id id;
	uint64_t number = 0, stored = 0;

	for (uint8_t i = 0; i < HL_WAITING_MAX; i++)
		assert_ok(
			hl_store_waiting_put(p->store, &lab, &lab, i, hl_view_of(&i, 1)));
	uint8_t first = 0, more = 200;
	assert_status(
		hl_store_waiting_put(p->store, &lab, &lab, 1, hl_view_of(&first, 1)),
		HL_DUPLICATE);
	/* The oldest makes room for one more. */
	assert_ok(hl_store_waiting_put(p->store, &lab, &lab, 1, hl_view_of(&more, 1)));
	assert_ok(hl_store_waiting_next(p->store, &lab, 0, &number, &id, &stored, &doc));
	assert_int_equal(doc.p[0], 1);
	assert_ok(hl_store_waiting_expire(p->store, 10));
	assert_ok(hl_store_waiting_next(p->store, &lab, 0, &number, &id, &stored, &doc));
	assert_int_equal(stored, 10);
	doc.n = 0;
	/* One lab's does not use up another's. */
	assert_ok(
		hl_store_waiting_put(p->store, &other, &other, 77, hl_view_of(&more, 1)));
	assert_ok(
		hl_store_waiting_next(p->store, &other, 0, &number, &id, &stored, &doc));
	assert_int_equal(stored, 77);
	assert_ok(hl_store_waiting_drop(p->store, number));
	assert_status(hl_store_waiting_get(p->store, &other, &stored, &doc), HL_UNKNOWN);
}

static void feed_numbers_never_come_again(void **state)
{
	struct place *p = *state;
	struct hl_feed_item item = {.sort = HL_FEED_LINK, .time = 5}, got[4];
	uint64_t number = 0, last = 0;
	size_t n = 9;

	assert_ok(hl_store_feed_add(p->store, &item, &number));
	assert_ok(hl_store_feed_add(p->store, &item, &number));
	assert_int_equal(number, 2);
	assert_ok(hl_store_feed_trim(p->store, 6));
	assert_ok(hl_store_feed_list(p->store, 0, got, 4, &n));
	assert_int_equal(n, 0);
	assert_ok(hl_store_feed_last(p->store, &last));
	assert_int_equal(last, 2);
	assert_ok(hl_store_feed_add(p->store, &item, &number));
	assert_int_equal(number, 3);
	assert_ok(hl_store_feed_list(p->store, UINT64_MAX, got, 4, &n));
	assert_int_equal(n, 0);
}

static void tests_of_lines(void **state)
{
	struct place *p = *state;
	const struct hl_id a = {{1}}, b = {{2}};
	struct hl_drill_row row = {.lab = a, .id = {{7}}, .sent = 100, .deadline = 160},
			    none = {.lab = a, .sent = 200, .missed = true}, got[4];
	struct hl_drill_line line = {.lab = a, .due = 5, .remind = 6, .passed = 7}, held;
	uint64_t number = 0;
	size_t n = 9;

	assert_status(hl_store_drill_last(p->store, &a, got), HL_UNKNOWN);
	assert_ok(hl_store_drill_add(p->store, &row, &row.number));
	assert_ok(hl_store_drill_add(p->store, &none, &number));
	assert_int_equal(number, row.number + 1);
	/* The newest that was sent, and by its letter; of its own lab alone. */
	assert_ok(hl_store_drill_last(p->store, &a, got));
	assert_int_equal(got[0].number, row.number);
	assert_int_equal(got[0].deadline, 160);
	assert_status(hl_store_drill_last(p->store, &b, got), HL_UNKNOWN);
	row.delivered = 110;
	row.answered = 120;
	row.missed = true;
	row.code = HL_NOT_MEMBER;
	assert_ok(hl_store_drill_mark(p->store, &row));
	assert_ok(hl_store_drill_find(p->store, &row.id, got));
	assert_int_equal(got[0].delivered, 110);
	assert_int_equal(got[0].answered, 120);
	assert_true(got[0].missed);
	assert_int_equal(got[0].code, HL_NOT_MEMBER);
	assert_status(hl_store_drill_find(p->store, &b, got), HL_UNKNOWN);
	assert_ok(hl_store_drill_list(p->store, &a, 0, 0, got, 4, &n));
	assert_int_equal(n, 2);
	assert_ok(hl_store_drill_list(p->store, &a, 101, 0, got, 4, &n));
	assert_int_equal(n, 1);
	assert_ok(hl_store_drill_list(p->store, &a, 0, row.number, got, 1, &n));
	assert_int_equal(got[0].number, number);
	assert_ok(hl_store_drill_list(p->store, &b, 0, 0, got, 4, &n));
	assert_int_equal(n, 0);
	assert_ok(hl_store_drill_trim(p->store, 101));
	assert_ok(hl_store_drill_list(p->store, &a, 0, 0, got, 4, &n));
	assert_int_equal(n, 1);

	assert_status(hl_store_drill_line_get(p->store, &a, &held), HL_UNKNOWN);
	line.failing = true;
	assert_ok(hl_store_drill_line_put(p->store, &line));
	line.held = 9;
	line.failing = false;
	line.reminded = true;
	assert_ok(hl_store_drill_line_put(p->store, &line));
	assert_ok(hl_store_drill_line_get(p->store, &a, &held));
	assert_int_equal(held.due, 5);
	assert_int_equal(held.remind, 6);
	assert_int_equal(held.passed, 7);
	assert_int_equal(held.held, 9);
	assert_false(held.failing);
	assert_true(held.reminded);
}

/* I13: whichever write or sync fails, of a commit or of housekeeping: what comes next says so, and
 * no sync is tried again, not even as the store is closed. */
static void a_failed_sync_is_never_tried_again(void **state)
{
	struct place *p = *state;
	struct disks *disks = disks_new(1);
	struct disk *disk = disks_get(disks, 0);
	struct hl_feed_item item = {.sort = HL_FEED_LINK, .time = 5};
	uint64_t number = 0, syncs = 0;

	hl_store_close(p->store);
	p->store = NULL;
	snprintf(p->path, sizeof(p->path), "%.60s/a.store", p->dir);
	for (uint64_t n = 1; n <= 40; n++) {
		enum hl_status status = HL_OK;
		assert_ok(reopen(p));
		disk_fail_at(disk, n);
		for (unsigned i = 0; i < 50 && status == HL_OK; i++) {
			status = hl_store_feed_add(p->store, &item, &number);
			if (status == HL_OK)
				status = hl_store_commit(p->store);
			hl_store_idle(p->store);
		}
		assert_status(status, HL_ERR_STORE);
		assert_status(hl_store_feed_last(p->store, &number), HL_ERR_STORE);
		hl_store_close(p->store);
		p->store = NULL;
		struct disk_report report = disk_take_report(disk);
		assert_false(report.retried);
		syncs += report.failed_syncs;
		disk_start(disk, false);
	}
	assert_in_range(syncs, 2, 38);
	disks_free(disks);
	unlink(p->path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(keeps_what_was_committed),
		T(forgets_what_was_not),
		T(files_are_for_one_user),
		T(one_process_at_a_time),
		T(a_store_of_another_shape_is_refused),
		T(a_newer_store_is_refused),
		T(a_strange_file_is_refused),
		T(of_one_network_and_lab),
		T(a_rotten_letter_is_not_served),
		T(a_damaged_file_stops_the_node),
		T(a_full_disk_is_survived),
		T(the_journal_is_bounded),
		T(documents_by_version),
		T(waiting_is_bounded),
		T(feed_numbers_never_come_again),
		T(tests_of_lines),
		T(a_failed_sync_is_never_tried_again),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
