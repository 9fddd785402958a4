/* I12: the engine on a disk that is full: what it refuses and what it goes on with, who hears of
 * it, and that it recovers without a restart. */
#include "tests/unit/carrying.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#define PEER B

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

/* What another lab gives to be carried is not what the reserve is for. */
static void nothing_is_carried(void **state)
{
	struct bench *b = *state;
	struct brought m HL_CLEAN(brought_clear) = {0};

	if (b == NULL)
		skip();
	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	make_brought(b, 2, HL_IMMEDIATE, &m);
	until_scarce(b);
	bench_peer(b, 12, 1);
	bring(b, 12, 1, &b->world.lab[2].id, 0, HL_CARRIED_ENVELOPE,
		hl_view_buf(&m.letter));
	bench_peer(b, C, 2);
	assert_false(any_carried(b, C));
	assert_int_equal(unlink(ballast), 0);
	bench_wait(b, 1000);
	bench_wait(b, 0);
	bring(b, 12, 1, &b->world.lab[2].id, 0, HL_CARRIED_ENVELOPE,
		hl_view_buf(&m.letter));
	assert_true(any_carried(b, C));
}

/* Takes answers until the reserve is for nothing but what the node does by itself. */
static void spend(struct bench *b)
{
	static const uint8_t doc[3000];

	for (uint32_t n = 1 << 20; !hl_store_spent(b->store); n++) {
		struct hl_letter_row row = {.origin = b->world.lab[2].id,
			.class = HL_CLASS_ANSWER,
			.precedence = HL_ROUTINE,
			.status = HL_ACTUAL};
		hl_put_be32(row.id.b, n);
		assert_ok(hl_store_letter_put(
			b->store, &row, hl_view_of(doc, sizeof(doc))));
		assert_ok(hl_store_commit(b->store));
	}
}

/* The reserve is used up: no answers either, but calls ring on and lines live. */
static void the_last_of_the_reserve_is_for_pages(void **state)
{
	static const struct hl_policy_step steps[] = {{.precedence = HL_IMMEDIATE,
		.name = "everyone",
		.moment = HL_MOMENT_CALL,
		.after = 10,
		.repeat = 10,
		.hook = "store",
		.contacts = "mira\n"}};
	const struct hl_policy policy = {
		.hooks = hooks, .n_hooks = 1, .steps = steps, .n_steps = 1};
	struct bench *b = *state;
	struct hl_buf call HL_CLEAN_BUF = {0}, ack HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_SUBMIT, .request = 9000};
	struct hl_frame got HL_CLEAN_FRAME = {0}, beat = {.type = HL_FRAME_HEARTBEAT};
	struct hl_statement s;
	struct hl_id call_id, ack_id;

	if (b == NULL)
		skip();
	assert_ok(hl_engine_set_policy(b->engine, &policy));
	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &call, &call_id);
	bench_letter(b, PEER, 1, &call);
	until_scarce(b);
	spend(b);
	bench_device(b, 11, 0);
	bench_peer(b, 12, 1);
	bench_follow(b, 0, 0, HL_CLASS_ANSWER, &call_id, false, &ack, &ack_id);
	frame.doc = hl_view_buf(&ack);
	bench_send_frame(b, 11, &frame);
	assert_true(bench_find(b, 11, HL_FRAME_REPLY, HL_PURPOSE_DEVICE, &got));
	assert_status(got.reply.code, HL_TROUBLE);
	for (size_t round = 0; round < 60; round++) {
		size_t rung = 0;
		b->n_hooks = 0;
		for (size_t i = 0; i < 2; i++) {
			bench_drop_sent(b);
			beat.heartbeat.pulse = round * 2 + i + 1;
			bench_send_frame(b, 12, &beat);
			hl_frame_clear(&got);
			assert_true(bench_find(
				b, 12, HL_FRAME_STATEMENT, HL_PURPOSE_PEER, &got));
			assert_ok(hl_statement_parse(got.doc, &s));
			assert_int_equal(s.pulse, beat.heartbeat.pulse);
			bench_wait(b, 5000);
		}
		for (size_t i = 0; i < b->n_hooks; i++) {
			struct hl_event e = {.type = HL_EVENT_HOOK_DONE};
			e.hook_done.key = b->hook[i].key;
			e.hook_done.text = "so";
			bench_turn(b, &e);
			rung += b->hook[i].event == HL_HOOK_STEP;
		}
		assert_int_equal(rung, 1);
	}
	assert_false(bench_was_closed(b, 12));
	assert_int_equal(unlink(ballast), 0);
	bench_wait(b, 1000);
	bench_wait(b, 0);
	bench_drop_sent(b);
	bench_device(b, 13, 0);
	assert_ok(bench_submit(b, 13, &ack));
}

/* The disk fills with the work of this turn, which is lost. */
static void lose_turn(struct bench *b, const struct hl_event *event)
{
	static const uint8_t doc[3000];
	enum hl_status status = HL_OK;

	fill_disk();
	(void)!hl_engine_step(b->engine, event, &b->now);
	for (uint32_t n = 1; status == HL_OK; n++) {
		struct hl_letter_row row = {.origin = b->world.lab[2].id,
			.class = HL_CLASS_NOTICE,
			.precedence = HL_ROUTINE,
			.status = HL_ACTUAL};
		hl_put_be32(row.id.b, n);
		status =
			hl_store_letter_put(b->store, &row, hl_view_of(doc, sizeof(doc)));
	}
	assert_status(hl_engine_commit(b->engine, &b->now), HL_ERR_NOSPACE);
	bench_fetch_effects(b);
	assert_int_equal(unlink(ballast), 0);
}

/* What a turn has told people is told again where that turn was lost. */
static void a_page_of_a_lost_turn_is_told_again(void **state)
{
	struct bench *b = *state;
	struct hl_frame beat = {.type = HL_FRAME_HEARTBEAT};
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_event e = {.type = HL_EVENT_FRAME, .link = PEER};
	size_t about = 0;

	if (b == NULL)
		skip();
	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	beat.heartbeat.pulse = 1;
	beat.heartbeat.trouble = HL_TROUBLE_FULL;
	assert_ok(hl_frame_encode(&beat, &bytes));
	e.frame.lane = 1;
	e.frame.bytes = hl_view_buf(&bytes);
	lose_turn(b, &e);
	b->n_hooks = 0;
	bench_wait(b, 1000);
	bench_wait(b, 1000);
	bench_peer(b, 12, 1);
	beat.heartbeat.pulse = 2;
	bench_send_frame(b, 12, &beat);
	for (size_t i = 0; i < b->n_hooks; i++)
		about += b->hook[i].has_lab && b->hook[i].event == HL_HOOK_STORE;
	assert_int_equal(about, 1);
}

/* How a run ended is not forgotten with the turn that was told so. */
static void a_result_of_a_lost_turn_counts(void **state)
{
	static const struct hl_policy_hook pager[] = {
		{.name = "pager", .events = 1u << HL_HOOK_CALL}};
	const struct hl_policy policy = {.hooks = pager, .n_hooks = 1};
	struct bench *b = *state;
	struct hl_buf call HL_CLEAN_BUF = {0};
	struct hl_event e = {.type = HL_EVENT_HOOK_DONE};
	struct hl_hook_row row;
	struct hl_id id;

	if (b == NULL)
		skip();
	assert_ok(hl_engine_set_policy(b->engine, &policy));
	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &call, &id);
	bench_letter(b, PEER, 1, &call);
	assert_int_equal(b->n_hooks, 1);
	e.hook_done.key = b->hook[0].key;
	e.hook_done.text = "so";
	lose_turn(b, &e);
	bench_wait(b, 0);
	assert_ok(hl_store_hook_get(b->store, &b->hook[0].key, &row));
	assert_int_equal(row.state, HL_HOOK_DONE);
	assert_int_equal(row.attempts, 1);
}

/* A link that was closed, and a peer that was dialled: nobody else knows of them. */
static void links_of_a_lost_turn_are_not_forgotten(void **state)
{
	struct bench *b = *state;
	struct hl_event e = {.type = HL_EVENT_FRAME, .link = PEER}, tick = {0};
	uint8_t junk[8] = {0xc1};

	if (b == NULL)
		skip();
	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	e.frame.lane = 1;
	e.frame.bytes = hl_view_of(junk, sizeof(junk));
	lose_turn(b, &e);
	assert_true(bench_was_closed(b, PEER));
	bench_wait(b, 1000); /* there is room */
	/* Both peers are dialled when their time has come, and that turn is lost. */
	tick.type = HL_EVENT_TIMER;
	b->now.boot += 120000;
	b->now.wall += 120000;
	b->n_dials = 0;
	lose_turn(b, &tick);
	assert_int_equal(b->n_dials, 0);
	for (size_t i = 0; i < 3; i++)
		bench_wait(b, 1000);
	assert_int_equal(b->n_dials, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(answers_are_taken_and_nothing_new),
		T(a_long_list_waits),
		T(a_peer_says_that_its_disk_is_full),
		T(nothing_is_carried),
		T(the_last_of_the_reserve_is_for_pages),
		T(a_page_of_a_lost_turn_is_told_again),
		T(a_result_of_a_lost_turn_counts),
		T(links_of_a_lost_turn_are_not_forgotten),
	};

	return cmocka_run_group_tests_name("engine full", tests, NULL, NULL);
}
