/*
 * What the parts of one alert cost on this machine, now: the sum that a whole path is measured
 * against. Prints one JSON object: medians in µs.
 */
#include <errno.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol/hotline.h"

#define ROUNDS 200

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void fail(const char *what)
{
	fprintf(stderr, "floor: %s failed\n", what);
	exit(1);
}

static enum hl_status fill(void *ctx, uint8_t *p, size_t n)
{
	(void)ctx;
	randombytes_buf(p, n);
	return HL_OK;
}

/* One part, given its state, once. */
typedef void part(void *state);

static double median(part *one, void *state)
{
	double times[ROUNDS];

	one(state);
	for (size_t i = 0; i < ROUNDS; i++) {
		double begin = now_us();
		one(state);
		times[i] = now_us() - begin;
	}
	qsort(times, ROUNDS, sizeof(times[0]), ascending);
	return times[ROUNDS / 2];
}

struct crypto {
	struct hl_id net;
	struct hl_sign_key sign;
	struct hl_dh_key dh;
	uint8_t message[300], sig[HL_SIG_SIZE];
};

static void do_sign(void *state)
{
	struct crypto *c = state;
	if (hl_sign("env", &c->net, HL_VIEW(c->message), &c->sign, c->sig) != HL_OK)
		fail("sign");
}

static void do_verify(void *state)
{
	struct crypto *c = state;
	if (hl_verify("env", &c->net, HL_VIEW(c->message), c->sign.pub, c->sig) != HL_OK)
		fail("verify");
}

static void do_dh(void *state)
{
	struct crypto *c = state;
	HL_CLEAN_KEY32 struct hl_key32 shared;
	if (hl_dh(&c->dh, c->dh.pub, &shared) != HL_OK)
		fail("X25519");
}

static void do_wrap(void *state)
{
	struct crypto *c = state;
	uint8_t enc[32];
	uint8_t ct[32 + HL_TAG_SIZE];
	if (hl_hpke_seal(hl_view_of(c->message, 32), c->dh.pub, HL_VIEW(c->message),
		    hl_view_of(NULL, 0), hl_view_of(c->message, 32), enc, ct) != HL_OK)
		fail("wrap");
}

struct base {
	sqlite3 *db;
	sqlite3_stmt *insert;
};

static void do_commit(void *state)
{
	struct base *b = state;
	static const uint8_t row[2048];
	sqlite3_reset(b->insert);
	sqlite3_bind_blob(b->insert, 1, row, sizeof(row), SQLITE_STATIC);
	if (sqlite3_step(b->insert) != SQLITE_DONE)
		fail("commit");
}

static double commit_us(const char *directory, const char *pragmas)
{
	struct base b = {0};
	char path[512], side[600];

	snprintf(path, sizeof(path), "%s/floor.db", directory);
	if (sqlite3_open(path, &b.db) != SQLITE_OK ||
		sqlite3_exec(b.db, pragmas, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_exec(b.db, "CREATE TABLE t (b BLOB)", NULL, NULL, NULL) !=
			SQLITE_OK ||
		sqlite3_prepare_v2(b.db, "INSERT INTO t VALUES (?)", -1, &b.insert,
			NULL) != SQLITE_OK)
		fail("SQLite");
	double us = median(do_commit, &b);
	sqlite3_finalize(b.insert);
	sqlite3_close(b.db);
	unlink(path);
	static const char *const ends[] = {"-wal", "-shm", "-journal"};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(side, sizeof(side), "%s%s", path, ends[i]);
		unlink(side);
	}
	return us;
}

static bool whole(int fd, uint8_t *p, bool out)
{
	for (size_t done = 0; done < HL_RECORD;) {
		ssize_t n = out ? write(fd, p + done, HL_RECORD - done)
				: read(fd, p + done, HL_RECORD - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static void do_round(void *state)
{
	int fd = *(int *)state;
	static uint8_t record[HL_RECORD];
	if (!whole(fd, record, true) || !whole(fd, record, false))
		fail("round trip");
}

/* A record there and back between two processes. */
static double round_us(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		fail("socketpair");
	pid_t child = fork();
	if (child == 0) {
		static uint8_t record[HL_RECORD];
		close(fds[0]);
		while (whole(fds[1], record, false) && whole(fds[1], record, true))
			;
		_exit(0);
	}
	close(fds[1]);
	double us = median(do_round, &fds[0]);
	close(fds[0]);
	waitpid(child, NULL, 0);
	return us;
}

int main(int argc, char **argv)
{
	const char *directory = argc > 1 ? argv[1] : ".";
	struct crypto c = {0};
	struct hl_entropy entropy = {fill, NULL};

	if (sodium_init() < 0 || hl_sign_key_generate(&entropy, &c.sign) != HL_OK ||
		hl_dh_key_generate(&entropy, &c.dh) != HL_OK)
		fail("keys");
	double sign = median(do_sign, &c);
	printf("{\"sign\": %.1f, \"verify\": %.1f, \"dh\": %.1f, \"wrap\": %.1f, ", sign,
		median(do_verify, &c), median(do_dh, &c), median(do_wrap, &c));
	printf("\"commit_node\": %.1f, \"commit_device\": %.1f, \"round\": %.1f}\n",
		commit_us(directory, "PRAGMA synchronous=EXTRA; PRAGMA journal_mode=WAL"),
		commit_us(directory,
			"PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA"),
		round_us());
	hl_sign_key_clear(&c.sign);
	hl_dh_key_clear(&c.dh);
	return 0;
}
