/* I12: the engine on a disk that is full: what it refuses and what it goes on with, who hears of
 * it, and that it recovers without a restart. */
#include "tests/unit/bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#define DEVICE 1
#define PEER   2

static char dir[64], ballast[96];

static void fill_disk(void)
{
	static const char zeros[4096];
	int fd = open(ballast, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	close(fd);
}

static const struct hl_policy_hook hooks[] = {
	{.name = "store", .events = 1u << HL_HOOK_STORE}};

/* The bench, but for a store on a small file system. *state stays NULL where none can be made. */
static int setup(void **state)
{
	const struct hl_policy policy = {.hooks = hooks, .n_hooks = 1};
	char path[96], error[HL_STORE_ERROR_MAX];

	snprintf(dir, sizeof(dir), "/tmp/hotline-engine-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	if (mount("none", dir, "tmpfs", 0, "size=24m,mode=0700") != 0) {
		rmdir(dir);
		return 0;
	}
	if (bench_setup(state) != 0)
		return -1;
	struct bench *b = *state;
	hl_engine_free(b->engine);
	hl_store_close(b->store);
	snprintf(path, sizeof(path), "%s/store", dir);
	snprintf(ballast, sizeof(ballast), "%s/ballast", dir);
	assert_ok(hl_store_open(path, &b->world.net, &b->config.lab, &b->store, error));
	bench_start(b);
	assert_ok(hl_engine_set_policy(b->engine, &policy));
	bench_give_all(b);
	bench_fetch_effects(b);
	bench_drop_sent(b);
	return 0;
}

static int teardown(void **state)
{
	if (*state == NULL)
		return 0;
	bench_teardown(state);
	umount(dir);
	rmdir(dir);
	return 0;
}

static void until_scarce(struct bench *b)
{
	fill_disk();
	bench_fill_store(b);
}

static bool warns(struct bench *b, uint64_t link, const char *text)
{
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;
	bool found = false;

	assert_ok(bench_ask(b, link, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	for (size_t i = 0; i < body.status.n_warnings; i++) {
		struct hl_view w = body.status.warnings[i];
		for (size_t at = 0; at + strlen(text) <= w.n; at++)
			found = found || memcmp(w.p + at, text, strlen(text)) == 0;
	}
	return found;
}

/* The trouble that the newest heartbeat to the peer tells of. */
static uint64_t told_peer(struct bench *b, uint64_t link)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	assert_true(bench_find(b, link, HL_FRAME_HEARTBEAT, HL_PURPOSE_PEER, &frame));
	return frame.heartbeat.trouble;
}

static void answers_are_taken_and_nothing_new(void **state)
{
	struct bench *b = *state;
	struct hl_buf call HL_CLEAN_BUF = {0}, fresh HL_CLEAN_BUF = {0};
	struct hl_buf ack HL_CLEAN_BUF = {0}, theirs HL_CLEAN_BUF = {0};
	struct hl_buf own HL_CLEAN_BUF = {0}, reply HL_CLEAN_BUF = {0};
	struct hl_id call_id, fresh_id, ack_id, own_id, theirs_id;
	struct hl_frame frame = {.type = HL_FRAME_SUBMIT, .request = 9000};
	struct hl_frame got HL_CLEAN_FRAME = {0};
	struct line line = {.epoch = 5};
	struct hl_entry entry[4] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER},
		{.sort = HL_SORT_LETTER}, {.sort = HL_SORT_LETTER}};
	struct hl_statement s;

	if (b == NULL)
		skip();
	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	/* One call each way, from before. */
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &call, &call_id);
	bench_letter(b, PEER, 1, &call);
	bench_raise(b, 0, 0, HL_IMMEDIATE, false, &own, &own_id);
	assert_ok(bench_submit(b, DEVICE, &own));
	until_scarce(b);
	assert_int_equal(b->n_alarms, 1);
	assert_int_equal(told_peer(b, PEER), 0); /* as it was */
	bench_wait(b, 0);
	assert_int_equal(told_peer(b, PEER), HL_TROUBLE_FULL); /* at once */
	assert_int_equal(b->n_hooks, 1);
	assert_int_equal(b->hook[0].value, 1);
	bench_drop_sent(b);
	bench_device(b, 11, 0);
	bench_peer(b, 12, 1);
	assert_int_equal(told_peer(b, 12), HL_TROUBLE_FULL);
	assert_true(warns(b, 11, "disk is full"));
	/* A new call of the own lab is refused in words, and no turn is lost for it. */
	bench_raise(b, 0, 0, HL_FLASH, true, &fresh, &fresh_id);
	frame.doc = hl_view_buf(&fresh);
	bench_send_frame(b, 11, &frame);
	assert_true(bench_find(b, 11, HL_FRAME_REPLY, HL_PURPOSE_DEVICE, &got));
	assert_status(got.reply.code, HL_TROUBLE);
	assert_memory_equal(got.reply.text.p, "the node's disk is full: make room", 34);
	assert_false(bench_is_held(b, &fresh_id));
	assert_false(bench_was_closed(b, 11));
	/* The answer to theirs goes out; theirs to ours comes in and is receipted; a new call of
	 * theirs is not. */
	bench_follow(b, 0, 0, HL_CLASS_ANSWER, &call_id, false, &ack, &ack_id);
	assert_ok(bench_submit(b, 11, &ack));
	assert_int_equal(bench_ringing(b, &call_id), HL_RING_ANSWERED);
	bench_follow(b, 1, 0, HL_CLASS_ANSWER, &own_id, false, &theirs, &theirs_id);
	hl_buf_clear(&fresh);
	bench_raise(b, 1, 0, HL_FLASH, true, &fresh, &fresh_id);
	entry[0].id = b->world.lab[1].card.hash;
	entry[1].id = call_id;
	entry[2].id = fresh_id;
	entry[3].id = theirs_id;
	bench_enter(b, 12, 1, &line, entry, 4);
	bench_letter(b, 12, 1, &fresh);
	bench_letter(b, 12, 1, &theirs);
	assert_false(bench_is_held(b, &fresh_id));
	assert_true(bench_is_held(b, &theirs_id));
	bench_last_receipt(b, 12, &s);
	assert_int_equal(s.receipt.through, 2);
	assert_int_equal(s.receipt.n_ranges, 1);
	assert_int_equal(s.receipt.ranges[0].first, 4);
	assert_int_equal(s.receipt.n_refused, 0);
	/* Heartbeats are answered from the disk. */
	struct hl_frame beat = {.type = HL_FRAME_HEARTBEAT};
	beat.heartbeat.pulse = 42;
	bench_send_frame(b, 12, &beat);
	bench_last_receipt(b, 12, &s);
	assert_int_equal(s.pulse, 42);
	/* Room: within a second all is taken, here and there it is told, and what was put off is
	 * asked for. */
	assert_int_equal(unlink(ballast), 0);
	bench_drop_sent(b);
	bench_wait(b, 1000);
	bench_wait(b, 0);
	assert_int_equal(told_peer(b, 12), 0);
	assert_false(warns(b, 11, "disk is full"));
	assert_int_equal(b->n_hooks, 2);
	assert_int_equal(b->hook[1].value, 0);
	hl_frame_clear(&got);
	bench_wait(b, HL_HEARTBEAT_MS);
	assert_true(bench_find(b, 12, HL_FRAME_WANT_LETTERS, HL_PURPOSE_PEER, &got));
	assert_int_equal(got.want_letters.n, 1);
	assert_true(hl_id_eq(&got.want_letters.ids[0], &fresh_id));
	bench_letter(b, 12, 1, &fresh);
	assert_true(bench_is_held(b, &fresh_id));
	assert_int_equal(bench_ringing(b, &fresh_id), HL_RINGING);
	bench_raise(b, 0, 0, HL_ROUTINE, false, &reply, &own_id);
	assert_ok(bench_submit(b, 11, &reply));
}

/* One peer's list does not use the reserve up. */
static void a_long_list_waits(void **state)
{
	struct bench *b = *state;
	struct line line = {.epoch = 5};
	struct hl_entry entry[4] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER},
		{.sort = HL_SORT_LETTER}, {.sort = HL_SORT_LETTER}};
	struct hl_channel_row row;

	if (b == NULL)
		skip();
	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	until_scarce(b);
	bench_peer(b, 12, 1);
	entry[0].id = b->world.lab[1].card.hash;
	for (uint32_t i = 0; i < 400; i++) {
		for (uint32_t k = 1; k < 4; k++)
			hl_put_be32(entry[k].id.b, 1 + i * 4 + k);
		bench_drop_sent(b);
		bench_enter(b, 12, 1, &line, entry, 4);
	}
	assert_ok(hl_store_channel_get(b->store, &b->world.lab[1].id, false, &row));
	assert_int_equal(row.number, 1024);
}

/* The other end's disk: alarmed once, and its end told. */
static void a_peer_says_that_its_disk_is_full(void **state)
{
	struct bench *b = *state;
	struct hl_frame beat = {.type = HL_FRAME_HEARTBEAT};

	if (b == NULL)
		skip();
	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	for (uint64_t pulse = 1; pulse < 4; pulse++) {
		beat.heartbeat.pulse = pulse;
		beat.heartbeat.trouble = HL_TROUBLE_FULL | 1u << 20;
		bench_send_frame(b, PEER, &beat);
		assert_int_equal(b->n_alarms, 1);
		assert_int_equal(b->n_hooks, 1);
	}
	assert_int_equal(b->hook[0].event, HL_HOOK_STORE);
	assert_true(b->hook[0].has_lab);
	assert_true(hl_id_eq(&b->hook[0].lab, &b->world.lab[1].id));
	assert_int_equal(b->hook[0].value, 1);
	assert_true(warns(b, DEVICE, "its disk is full: it takes in nothing new"));
	b->now.wall++;
	beat.heartbeat.pulse = 4;
	beat.heartbeat.trouble = 1u << 20;
	bench_send_frame(b, PEER, &beat);
	assert_false(warns(b, DEVICE, "its disk is full"));
	assert_int_equal(b->n_hooks, 2);
	assert_int_equal(b->hook[1].value, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(answers_are_taken_and_nothing_new),
		T(a_long_list_waits),
		T(a_peer_says_that_its_disk_is_full),
	};

	return cmocka_run_group_tests_name("engine full", tests, NULL, NULL);
}
