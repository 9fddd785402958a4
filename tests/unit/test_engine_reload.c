/* The peers are read anew, with a directory or after a turn that was lost: who stays keeps what is
 * known of it, and nothing is kept twice. */
#include "tests/unit/bench.h"

#define DEVICE 1
#define PEER   2

/* Lab 1's node has signed a head, which devices are shown. */
static void a_head(struct bench *b, uint64_t link, struct line *line)
{
	const struct hl_entry card = {
		.sort = HL_SORT_CARD, .id = b->world.lab[1].card.hash};

	bench_enter(b, link, 1, line, &card, 1);
}

/* The head in what a device is given of lab 1's channel: its number. */
static uint64_t shown(struct bench *b, uint64_t device)
{
	struct hl_frame frame = {.type = HL_FRAME_ENTRIES};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};
	struct hl_statement s;
	struct hl_view bytes;

	frame.entries.from = b->world.lab[1].id;
	frame.entries.to = b->config.lab;
	frame.entries.first = 1;
	assert_ok(bench_ask(b, device, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_ENTRIES, &body));
	assert_ok(hl_segment_parse(body.segment, &segment));
	assert_ok(hl_statement_parse(segment.head, &s));
	return s.head.number;
}

static void a_directory_keeps_the_heads(void **state)
{
	struct bench *b = *state;
	struct line line = {.epoch = 5};
	struct hl_buf held HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};
	struct hl_buf body HL_CLEAN_BUF = {0};
	struct hl_directory old HL_CLEAN_DIRECTORY = {0};
	struct hl_frame frame = {.type = HL_FRAME_PUT};

	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	a_head(b, PEER, &line);
	assert_int_equal(shown(b, DEVICE), 1);
	/* Two newer directories with the same peers. */
	assert_ok(hl_buf_append(&held, hl_view_buf(&b->world.lab[0].directory)));
	for (uint64_t i = 0; i < 2; i++) {
		hl_directory_clear(&old);
		memset(&old, 0, sizeof(old));
		assert_ok(hl_directory_parse(&b->world.net, hl_view_buf(&held), &old));
		old.version++;
		old.has_prev = true;
		old.prev = old.hash;
		old.issued++;
		hl_buf_clear(&doc);
		hl_buf_clear(&body);
		assert_ok(hl_directory_encode(&old, &body));
		assert_ok(hl_directory_sign(&b->world.net, hl_view_buf(&body), NULL, 0,
			&b->world.lab[0].device[0].sign, &doc));
		frame.put.sort = HL_DOC_DIRECTORY;
		frame.put.doc = hl_view_buf(&doc);
		assert_ok(bench_ask(b, DEVICE, &frame, NULL));
		hl_buf_clear(&held);
		assert_ok(hl_buf_append(&held, hl_view_buf(&doc)));
		assert_false(bench_was_closed(b, PEER));
		assert_int_equal(shown(b, DEVICE), 1);
	}
	a_head(b, PEER, &line);
	assert_int_equal(shown(b, DEVICE), 2);
}

static void a_lost_turn_keeps_the_heads(void **state)
{
	struct bench *b = *state;
	struct line line = {.epoch = 5};
	struct hl_event again = {.type = HL_EVENT_LINK_UP, .link = PEER};

	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	a_head(b, PEER, &line);
	again.up.purpose = HL_PURPOSE_PEER;
	for (uint64_t i = 0; i < 2; i++) {
		/* A caller that names a link twice is no peer's fault: the turn is lost. */
		assert_status(hl_engine_step(b->engine, &again, &b->now), HL_ERR_USAGE);
		assert_status(hl_engine_commit(b->engine, &b->now), HL_ERR_USAGE);
		bench_fetch_effects(b);
		assert_int_equal(shown(b, DEVICE), 1);
	}
	a_head(b, PEER, &line);
	assert_int_equal(shown(b, DEVICE), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		T(a_directory_keeps_the_heads),
		T(a_lost_turn_keeps_the_heads),
	};

	return cmocka_run_group_tests_name("engine reload", tests, NULL, NULL);
}
