/* I8, I10: a heartbeat is answered from the disk, and a line without answers is told of. */
#include "tests/unit/bench.h"

#include <stdio.h>
#include <unistd.h>

#define LINK 2

static void beat(struct bench *b, uint64_t pulse)
{
	struct hl_frame frame = {.type = HL_FRAME_HEARTBEAT};

	frame.heartbeat.clock = b->now.wall;
	frame.heartbeat.pulse = pulse;
	bench_send_frame(b, LINK, &frame);
}

/* The peer answers the engine's newest heartbeat, or (late) one that it never sent. */
static void answer(struct bench *b, bool good)
{
	struct hl_statement s = {.time = b->now.wall};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame frame HL_CLEAN_FRAME = {0}, reply = {.type = HL_FRAME_STATEMENT};

	assert_true(bench_find(b, LINK, HL_FRAME_HEARTBEAT, HL_PURPOSE_PEER, &frame));
	s.from = b->world.lab[1].id;
	s.to = b->config.lab;
	s.pulse = frame.heartbeat.pulse + !good;
	assert_ok(hl_statement_sign(&b->world.net, &s, &b->world.lab[1].node_sign, &doc));
	reply.doc = hl_view_buf(&doc);
	bench_send_frame(b, LINK, &reply);
}

static enum hl_link_state state_of(struct bench *b)
{
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;

	assert_ok(bench_ask(b, 1, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	for (size_t i = 0; i < body.status.n_peers; i++)
		if (hl_id_eq(&body.status.peers[i].lab, &b->world.lab[1].id))
			return body.status.peers[i].state;
	return HL_LINK_NEVER;
}

static void lines(struct bench *b)
{
	bench_device(b, 1, 0);
	bench_peer(b, LINK, 1);
	answer(b, true);
	assert_int_equal(state_of(b), HL_LINK_UP);
	/* The other peers of the bench have no link: their lines are dead soon. */
	b->n_alarms = 0;
}

static void a_heartbeat_is_answered_from_the_disk(void **state)
{
	struct bench *b = *state;
	struct hl_channel_row row;
	struct hl_frame frame HL_CLEAN_FRAME = {0};
	struct hl_statement s;

	lines(b);
	bench_drop_sent(b);
	beat(b, 42);
	assert_true(bench_find(b, LINK, HL_FRAME_STATEMENT, HL_PURPOSE_PEER, &frame));
	assert_ok(hl_statement_parse(frame.doc, &s));
	assert_int_equal(s.pulse, 42);
	assert_ok(hl_store_channel_get(b->store, &b->world.lab[1].id, false, &row));
	assert_int_equal(row.pulse, 42);
}

/* Alarms of lab 1's line alone: the bench's other peers count once each at 15 s. */
static size_t others(const struct bench *b)
{
	return b->world.n_labs - 2;
}

static void no_answer_is_degraded_then_dead(void **state)
{
	struct bench *b = *state;

	lines(b);
	for (unsigned s = 1; s <= 3; s++) {
		bench_wait(b, 4999);
		beat(b, 100 + s);
		assert_int_equal(b->n_alarms, 0);
		assert_int_equal(state_of(b), s < 3 ? HL_LINK_UP : HL_LINK_DEGRADED);
	}
	bench_wait(b, 1000);
	assert_int_equal(b->n_alarms, 1 + others(b));
	/* Once; and an answer to what was never sent is none. */
	beat(b, 105);
	answer(b, false);
	bench_wait(b, 2000);
	assert_int_equal(b->n_alarms, 1 + others(b));
	assert_int_equal(state_of(b), HL_LINK_DEGRADED);
	beat(b, 106);
	answer(b, true);
	assert_int_equal(state_of(b), HL_LINK_UP);
}

static void answers_keep_a_line_up(void **state)
{
	struct bench *b = *state;

	lines(b);
	size_t alarms = 0;
	for (unsigned s = 1; s <= 20; s++) {
		alarms += b->n_alarms;
		bench_drop_sent(b);
		bench_wait(b, 5000);
		beat(b, s);
		answer(b, true);
		assert_int_equal(state_of(b), HL_LINK_UP);
	}
	assert_int_equal(alarms + b->n_alarms, others(b));
}

static void nothing_at_all_is_silent(void **state)
{
	struct bench *b = *state;

	lines(b);
	bench_wait(b, 9999);
	assert_int_equal(state_of(b), HL_LINK_UP);
	bench_wait(b, 1);
	assert_int_equal(state_of(b), HL_LINK_SILENT);
	assert_int_equal(b->n_alarms, 0);
	bench_wait(b, 5000);
	assert_true(bench_was_closed(b, LINK));
	assert_int_equal(b->n_alarms, 1 + others(b));
}

/* I12: a disk that is full keeps no alarm back, nor has it told twice. */
static void a_lost_turn_still_alarms(void **state)
{
	struct bench *b = *state;
	const struct hl_event e = {.type = HL_EVENT_TIMER};
	char dir[] = "/tmp/hotline-pulse-XXXXXX", path[64], error[HL_STORE_ERROR_MAX];
	struct disks *disks = disks_new(1);

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.store", dir);
	hl_engine_free(b->engine);
	hl_store_close(b->store);
	assert_ok(hl_store_open(path, &b->world.net, &b->config.lab, &b->store, error));
	bench_start(b);
	bench_give_all(b);
	bench_fetch_effects(b);
	bench_drop_sent(b);
	disk_full(disks_get(disks, 0), true);
	b->now.boot += HL_SILENT_MS;
	b->now.wall += HL_SILENT_MS;
	assert_ok(hl_engine_step(b->engine, &e, &b->now));
	assert_status(hl_engine_commit(b->engine, &b->now), HL_ERR_NOSPACE);
	bench_fetch_effects(b);
	assert_int_equal(b->n_alarms, 2 + 1); /* both lines, and the disk */
	assert_int_equal(b->n_sent, 0);
	assert_int_equal(b->n_dials, 0);
	bench_drop_sent(b);
	disk_full(disks_get(disks, 0), false);
	bench_wait(b, 2000);
	assert_int_equal(b->n_alarms, 0);
	hl_engine_free(b->engine);
	hl_store_close(b->store);
	b->engine = NULL;
	b->store = NULL;
	disks_free(disks);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		T(a_heartbeat_is_answered_from_the_disk),
		T(no_answer_is_degraded_then_dead),
		T(answers_keep_a_line_up),
		T(nothing_at_all_is_silent),
		T(a_lost_turn_still_alarms),
	};

	return cmocka_run_group_tests_name("engine pulse", tests, NULL, NULL);
}
