/* I13: a write or sync that fails ends the store: nothing is acknowledged, tried again, or deleted.
 * Syncs and writes are the test's. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sqlite3.h>

#include "node/store/store.h"

/* SQLite's shared library finds these before the C library's. */
static struct {
	size_t syncs, writes;
	bool fail_sync, fail_write, fail_longer;
} disk;

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	disk.syncs++;
	if (disk.fail_sync) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	return fdatasync(fd);
}

static ssize_t my_pwrite(int fd, const void *p, size_t n, off_t at)
{
	disk.writes++;
	/* SQLite makes a file longer by one byte at the end of each block. */
	if (disk.fail_write || (disk.fail_longer && n == 1)) {
		errno = EIO;
		return -1;
	}
	return (ssize_t)syscall(SYS_pwrite64, fd, p, n, at);
}

struct place {
	char dir[64], path[96], wal[100];
	struct hl_store *store;
	char error[HL_STORE_ERROR_MAX];
	uint32_t n;
};

static const struct hl_id net = {{1}}, lab = {{2}};

static enum hl_status open_store(struct place *p)
{
	hl_store_close(p->store);
	p->store = NULL;
	return hl_store_open(p->path, &net, &lab, &p->store, p->error);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	memset(&disk, 0, sizeof(disk));
	vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)my_pwrite);
	vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)my_pwrite);
	snprintf(p->dir, sizeof(p->dir), "/tmp/hotline-sync-XXXXXX");
	if (mkdtemp(p->dir) == NULL)
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/store", p->dir);
	snprintf(p->wal, sizeof(p->wal), "%s-wal", p->path);
	*state = p;
	return open_store(p) == HL_OK ? 0 : -1;
}

static int teardown(void **state)
{
	struct place *p = *state;

	memset(&disk, 0, sizeof(disk));
	hl_store_close(p->store);
	unlink(p->path);
	unlink(p->wal);
	rmdir(p->dir);
	free(p);
	return 0;
}

static enum hl_status put(struct place *p)
{
	static const uint8_t doc[2000];
	struct hl_letter_row row = {.origin = lab,
		.class = HL_CLASS_NOTICE,
		.precedence = HL_ROUTINE,
		.status = HL_ACTUAL,
		.stored = 1};

	hl_put_be32(row.id.b, ++p->n);
	enum hl_status status =
		hl_store_letter_put(p->store, &row, hl_view_of(doc, sizeof(doc)));
	return status == HL_OK ? hl_store_commit(p->store) : status;
}

/* From now on it answers the same, touches the disk no more, and leaves all where it was. */
static void assert_ended(struct place *p)
{
	struct stat st;

	assert_non_null(strstr(hl_store_error(p->store), "disk I/O error"));
	disk.fail_sync = disk.fail_write = disk.fail_longer = false;
	disk.syncs = disk.writes = 0;
	for (int i = 0; i < 3; i++) {
		assert_status(put(p), HL_ERR_STORE);
		assert_status(hl_store_commit(p->store), HL_ERR_STORE);
		hl_store_rollback(p->store);
		hl_store_idle(p->store);
		assert_true(hl_store_recover(p->store) == HL_ERR_STORE);
	}
	hl_store_close(p->store);
	p->store = NULL;
	assert_int_equal(disk.syncs, 0);
	assert_int_equal(disk.writes, 0);
	assert_int_equal(stat(p->path, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(stat(p->wal, &st), 0);
	/* A new start reads what is really there, from the first letter on. */
	struct hl_letter_row row;
	struct hl_id first = {{0}};
	hl_put_be32(first.b, 1);
	assert_ok(open_store(p));
	assert_ok(hl_store_letter_row(p->store, &first, &row));
	assert_ok(put(p));
}

static void a_sync_that_fails(void **state)
{
	struct place *p = *state;

	assert_ok(put(p));
	assert_true(disk.syncs > 0);
	disk.syncs = 0;
	disk.fail_sync = true;
	assert_status(put(p), HL_ERR_STORE);
	assert_int_equal(disk.syncs, 1);
	assert_ended(p);
}

static void a_write_that_fails(void **state)
{
	struct place *p = *state;

	assert_ok(put(p));
	disk.fail_write = true;
	assert_status(put(p), HL_ERR_STORE);
	assert_ended(p);
}

static void a_write_that_fails_as_the_file_is_made_longer(void **state)
{
	struct place *p = *state;
	enum hl_status status = HL_OK;

	disk.fail_longer = true;
	for (int i = 0; i < 10000 && status == HL_OK; i++)
		status = put(p);
	assert_status(status, HL_ERR_STORE);
	assert_ended(p);
}

/* SQLite would pass over it, and try again with the next turn. */
static void a_sync_that_fails_while_the_journal_is_moved(void **state)
{
	struct place *p = *state;

	for (int i = 0; i < 20; i++)
		assert_ok(put(p));
	disk.syncs = 0;
	disk.fail_sync = true;
	hl_store_idle(p->store);
	assert_int_equal(disk.syncs, 1);
	assert_ended(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_sync_that_fails),
		T(a_write_that_fails),
		T(a_write_that_fails_as_the_file_is_made_longer),
		T(a_sync_that_fails_while_the_journal_is_moved),
	};

	return cmocka_run_group_tests_name("store sync", tests, NULL, NULL);
}
