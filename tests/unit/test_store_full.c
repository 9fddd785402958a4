/* I12: a store on a disk that is full: what still fits, what goes on for ever, how it recovers. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/store/store.h"

struct disk {
	char dir[64], path[96], ballast[96];
	struct hl_store *store;
	char error[HL_STORE_ERROR_MAX];
	uint32_t n; /* letters that were put */
};

static const struct hl_id net = {{1}}, lab = {{2}};

static void open_store(struct disk *d)
{
	hl_store_close(d->store);
	d->store = NULL;
	assert_ok(hl_store_open(d->path, &net, &lab, &d->store, d->error));
}

/* A file system of 16 MiB, that root alone can make. */
static int setup(void **state)
{
	struct disk *d = calloc(1, sizeof(*d));

	snprintf(d->dir, sizeof(d->dir), "/tmp/hotline-full-XXXXXX");
	if (mkdtemp(d->dir) == NULL)
		return -1;
	if (mount("none", d->dir, "tmpfs", 0, "size=16m,mode=0700") != 0) {
		rmdir(d->dir);
		free(d);
		*state = NULL;
		return 0;
	}
	snprintf(d->path, sizeof(d->path), "%s/store", d->dir);
	snprintf(d->ballast, sizeof(d->ballast), "%s/ballast", d->dir);
	open_store(d);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct disk *d = *state;

	if (d == NULL)
		return 0;
	hl_store_close(d->store);
	umount(d->dir);
	rmdir(d->dir);
	free(d);
	return 0;
}

/* Everything that is free goes to another program. */
static void fill_disk(struct disk *d)
{
	static const char zeros[4096];
	int fd = open(d->ballast, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	close(fd);
}

static enum hl_status put(struct disk *d)
{
	static const uint8_t doc[2000];
	struct hl_letter_row row = {.origin = lab,
		.class = HL_CLASS_ANSWER,
		.precedence = HL_ROUTINE,
		.status = HL_ACTUAL,
		.stored = 1};

	hl_put_be32(row.id.b, ++d->n);
	enum hl_status status =
		hl_store_letter_put(d->store, &row, hl_view_of(doc, sizeof(doc)));
	if (status == HL_OK)
		status = hl_store_commit(d->store);
	if (status != HL_OK)
		hl_store_rollback(d->store);
	return status;
}

/* What a heartbeat costs. */
static enum hl_status beat(struct disk *d, uint64_t pulse)
{
	const struct hl_channel_row row = {.peer = {{9}}, .epoch = 1, .pulse = pulse};
	enum hl_status status = hl_store_channel_put(d->store, &row);

	if (status == HL_OK)
		status = hl_store_commit(d->store);
	if (status != HL_OK)
		hl_store_rollback(d->store);
	return status;
}

static size_t until_full(struct disk *d)
{
	size_t n = 0;

	while (put(d) == HL_OK)
		n++;
	return n;
}

static void the_reserve_takes_answers_and_then_heartbeats(void **state)
{
	struct disk *d = *state;
	struct hl_letter_row row;
	struct hl_channel_row channel;

	if (d == NULL)
		skip();
	assert_false(hl_store_scarce(d->store));
	assert_ok(beat(d, 1));
	fill_disk(d);
	/* The file's last chunk may still take some; then it is told once, with a lost turn. */
	until_full(d);
	assert_true(hl_store_scarce(d->store));
	/* 4 MiB: with its index a letter of 2,000 bytes takes less than a page. */
	size_t kept = until_full(d);
	assert_true(kept >= 1000 && kept <= 2500);
	/* Heartbeats need no room at all, however many they are. */
	for (uint64_t pulse = 2; pulse < 6000; pulse++)
		assert_ok(beat(d, pulse));
	assert_status(put(d), HL_ERR_NOSPACE);
	struct hl_id last = {{0}};
	hl_put_be32(last.b, d->n);
	assert_status(hl_store_letter_row(d->store, &last, &row), HL_UNKNOWN);
	/* And all is there after a restart, which meets the same disk. */
	open_store(d);
	assert_true(hl_store_scarce(d->store));
	assert_ok(hl_store_channel_get(d->store, &(struct hl_id){{9}}, false, &channel));
	assert_int_equal(channel.pulse, 5999);
	assert_ok(beat(d, 6000));
	assert_ok(hl_store_recover(d->store));
	assert_true(hl_store_scarce(d->store));
}

static void room_fills_the_reserve_again(void **state)
{
	struct disk *d = *state;

	if (d == NULL)
		skip();
	for (int round = 0; round < 2; round++) {
		fill_disk(d);
		until_full(d);
		assert_true(until_full(d) >= 1000);
		assert_int_equal(unlink(d->ballast), 0);
		assert_ok(hl_store_recover(d->store));
		/* The second time there is not enough any more: 16 MiB are little. */
		assert_int_equal(hl_store_scarce(d->store), round == 1);
	}
}

/* A turn that finds no room leaves nothing of itself, and the next that does is whole. */
/* It ends in order while the disk is full, and others take every block that is given back. */
static void the_journal_of_a_full_disk_is_kept(void **state)
{
	struct disk *d = *state;

	if (d == NULL)
		skip();
	fill_disk(d);
	while (!hl_store_scarce(d->store))
		(void)put(d);
	hl_store_close(d->store);
	d->store = NULL;
	fill_disk(d);
	open_store(d);
	assert_true(hl_store_scarce(d->store));
	assert_ok(put(d));
	assert_ok(beat(d, 7));
}

static void a_lost_turn_is_not_in_the_journal(void **state)
{
	struct disk *d = *state;
	struct hl_letter_row row;

	if (d == NULL)
		skip();
	fill_disk(d);
	uint32_t before = d->n + (uint32_t)until_full(d);
	assert_ok(put(d));
	open_store(d);
	struct hl_id id = {{0}};
	hl_put_be32(id.b, before + 1);
	assert_status(hl_store_letter_row(d->store, &id, &row), HL_UNKNOWN);
	hl_put_be32(id.b, before + 2);
	assert_ok(hl_store_letter_row(d->store, &id, &row));
}

/* Where there never was room for a reserve, that is known from the start. */
static void a_small_disk_is_scarce(void **state)
{
	struct disk *d = *state;

	if (d == NULL)
		skip();
	hl_store_close(d->store);
	d->store = NULL;
	assert_int_equal(unlink(d->path), 0);
	fill_disk(d);
	assert_int_equal(truncate(d->ballast, 12 << 20), 0);
	open_store(d);
	assert_true(hl_store_scarce(d->store));
	assert_int_equal(unlink(d->ballast), 0);
	assert_ok(hl_store_recover(d->store));
	assert_false(hl_store_scarce(d->store));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(the_reserve_takes_answers_and_then_heartbeats),
		T(room_fills_the_reserve_again),
		T(the_journal_of_a_full_disk_is_kept),
		T(a_lost_turn_is_not_in_the_journal),
		T(a_small_disk_is_scarce),
	};

	return cmocka_run_group_tests_name("store full", tests, NULL, NULL);
}
