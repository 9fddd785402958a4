/* Letters that are damaged on disk: asked for again of whoever holds them, and replaced. */
#include "tests/unit/bench.h"

#define DEVICE 1
#define PEER   2 /* link to lab 1 */
#define THIRD  3 /* to lab 2 */

/* The row of a letter comes to hold other bytes than its id names. */
static void spoil(struct bench *b, const struct hl_id *id)
{
	struct hl_buf other HL_CLEAN_BUF = {0};
	struct hl_envelope got HL_CLEAN_ENVELOPE = {0};
	struct hl_id other_id;

	bench_raise(b, 2, 0, HL_ROUTINE, false, &other, &other_id);
	assert_ok(hl_store_letter_replace(b->store, id, hl_view_buf(&other)));
	assert_ok(hl_store_commit(b->store));
	assert_status(hl_store_letter_get(b->store, id, &got), HL_BAD_HASH);
}

/* A copy with the same id, of which the signature is not right. */
static struct hl_buf badly_signed(struct bench *b, const struct hl_buf *doc)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf bad = {0};

	assert_ok(hl_envelope_parse(&b->world.net, hl_view_buf(doc), &envelope));
	assert_ok(hl_buf_append(&bad, hl_view_buf(doc)));
	uint8_t *sig = memmem(bad.p, bad.n, envelope.sigs[0].sig, HL_SIG_SIZE);
	assert_non_null(sig);
	*sig ^= 1;
	return bad;
}

static enum hl_status fetch(struct bench *b, const struct hl_id *id)
{
	struct hl_frame frame = {.type = HL_FRAME_FETCH, .id = *id};

	return bench_ask(b, DEVICE, &frame, NULL);
}

static bool asked(struct bench *b, uint64_t link, size_t origin, const struct hl_id *id)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	return bench_find(b, link, HL_FRAME_WANT_LETTERS, HL_PURPOSE_PEER, &frame) &&
		frame.want_letters.n == 1 &&
		hl_id_eq(&frame.want_letters.from, &b->world.lab[origin].id) &&
		hl_id_eq(&frame.want_letters.ids[0], id);
}

/* How many warnings a device is shown. */
static size_t warnings(struct bench *b)
{
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;

	assert_ok(bench_ask(b, DEVICE, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	return body.status.n_warnings;
}

static void links(struct bench *b)
{
	bench_device(b, DEVICE, 0);
	bench_peer(b, PEER, 1);
	bench_peer(b, THIRD, 2);
}

static void a_peers_letter_is_fetched_again(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, bad HL_CLEAN_BUF = {0};
	struct hl_letter_row before, after;
	struct hl_envelope got HL_CLEAN_ENVELOPE = {0};
	struct hl_feed_item item[64];
	size_t n = 0, again = 0;
	struct hl_id id;

	links(b);
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &id);
	bench_letter(b, PEER, 1, &doc);
	assert_ok(hl_store_letter_row(b->store, &id, &before));
	assert_ok(fetch(b, &id));
	spoil(b, &id);
	bench_drop_sent(b);
	size_t shown = warnings(b);
	assert_status(fetch(b, &id), HL_TROUBLE);
	assert_int_equal(b->n_alarms, 1);
	assert_int_equal(warnings(b), shown + 1);
	assert_true(asked(b, PEER, 1, &id));
	assert_true(asked(b, THIRD, 1, &id));
	/* It is told once, and asked for again after 5 s, then 10. */
	assert_status(fetch(b, &id), HL_TROUBLE);
	assert_int_equal(b->n_alarms, 1);
	bench_drop_sent(b);
	bench_wait(b, 4999);
	assert_false(asked(b, PEER, 1, &id));
	bench_wait(b, 1);
	assert_true(asked(b, PEER, 1, &id));
	bench_drop_sent(b);
	bench_wait(b, 9999);
	assert_false(asked(b, PEER, 1, &id));
	/* A copy that somebody has spoiled heals nothing; the origin's own does. */
	bad = badly_signed(b, &doc);
	b->now.wall += 1000;
	bench_letter(b, THIRD, 1, &bad);
	assert_status(fetch(b, &id), HL_TROUBLE);
	bench_letter(b, PEER, 1, &doc);
	assert_ok(fetch(b, &id));
	assert_int_equal(warnings(b), shown);
	assert_ok(hl_store_letter_get(b->store, &id, &got));
	assert_ok(hl_store_letter_row(b->store, &id, &after));
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(bench_ringing(b, &id), HL_RINGING);
	/* Devices hear of it once more, and nothing is asked for any more. */
	assert_ok(hl_store_feed_list(b->store, 0, item, 64, &n));
	for (size_t i = 0; i < n; i++)
		again += item[i].sort == HL_FEED_LETTER && hl_id_eq(&item[i].id, &id);
	assert_int_equal(again, 2);
	bench_drop_sent(b);
	bench_wait(b, 4000);
	bench_letter(b, PEER, 1, &doc);
	assert_false(asked(b, PEER, 1, &id));
}

/* Of an own letter each lab has its own slip; the device that made it has all. */
static void an_own_letter_is_put_together(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, copy HL_CLEAN_BUF = {0};
	struct hl_envelope whole HL_CLEAN_ENVELOPE = {0}, got HL_CLEAN_ENVELOPE = {0};
	struct hl_frame frame = {.type = HL_FRAME_LETTER};
	struct hl_id id;

	bench_device(b, DEVICE, 0);
	bench_raise(b, 0, 0, HL_IMMEDIATE, false, &doc, &id);
	assert_ok(bench_submit(b, DEVICE, &doc));
	spoil(b, &id);
	bench_drop_sent(b);
	/* It is found when it is to be sent. */
	bench_peer(b, PEER, 1);
	struct hl_frame none HL_CLEAN_FRAME = {0};
	assert_false(bench_find(b, PEER, HL_FRAME_LETTER, HL_PURPOSE_PEER, &none));
	assert_true(asked(b, PEER, 0, &id));
	bench_peer(b, THIRD, 2);
	bench_wait(b, 5000);
	assert_true(asked(b, THIRD, 0, &id));
	/* Both hold it from a link of before. */
	assert_ok(hl_envelope_parse(&b->world.net, hl_view_buf(&doc), &whole));
	for (size_t lab = 1; lab < 3; lab++) {
		size_t slips = 0;
		hl_buf_clear(&copy);
		hl_envelope_clear(&got);
		memset(&got, 0, sizeof(got));
		assert_ok(hl_envelope_for_lab(&whole, &b->world.lab[lab].id, &copy));
		frame.letter.from = b->config.lab;
		frame.letter.doc = hl_view_buf(&copy);
		bench_send_frame(b, lab == 1 ? PEER : THIRD, &frame);
		assert_ok(hl_store_letter_get(b->store, &id, &got));
		for (size_t i = 0; i < got.core.n_labs; i++)
			slips += got.slips[i].n > 0;
		assert_int_equal(slips, lab);
	}
	/* What is here again goes out. */
	hl_frame_clear(&none);
	assert_true(bench_find(b, THIRD, HL_FRAME_LETTER, HL_PURPOSE_PEER, &none));
	assert_ok(bench_submit(b, DEVICE, &doc));
	hl_envelope_clear(&got);
	memset(&got, 0, sizeof(got));
	assert_ok(hl_store_letter_get(b->store, &id, &got));
	assert_view(hl_view_buf(&got.doc), hl_view_buf(&doc));
}

static void the_device_hands_it_in_again(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, bad HL_CLEAN_BUF = {0};
	struct hl_frame got HL_CLEAN_FRAME = {0};
	struct hl_envelope held HL_CLEAN_ENVELOPE = {0};
	struct hl_id id;

	links(b);
	size_t shown = warnings(b);
	bench_raise(b, 0, 0, HL_IMMEDIATE, false, &doc, &id);
	assert_ok(bench_submit(b, DEVICE, &doc));
	spoil(b, &id);
	bench_drop_sent(b);
	bad = badly_signed(b, &doc);
	assert_ok(bench_submit(b, DEVICE, &bad)); /* held, as it was */
	assert_status(hl_store_letter_get(b->store, &id, &held), HL_BAD_HASH);
	assert_int_equal(warnings(b), shown + 1);
	assert_ok(bench_submit(b, DEVICE, &doc));
	assert_ok(hl_store_letter_get(b->store, &id, &held));
	assert_view(hl_view_buf(&held.doc), hl_view_buf(&doc));
	assert_int_equal(warnings(b), shown);
	assert_true(bench_find(b, PEER, HL_FRAME_LETTER, HL_PURPOSE_PEER, &got));
}

/* A disk that rots away is told of, and costs a bounded amount. */
static void many_are_a_bounded_list(void **state)
{
	struct bench *b = *state;
	struct hl_id id;
	size_t found = 0;

	bench_device(b, DEVICE, 0);
	for (unsigned i = 0; i < 70; i++) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		bench_drop_sent(b);
		bench_raise(b, 0, 0, HL_ROUTINE, false, &doc, &id);
		assert_ok(bench_submit(b, DEVICE, &doc));
		spoil(b, &id);
		assert_status(fetch(b, &id), HL_TROUBLE);
		b->now.wall++;
	}
	bench_drop_sent(b);
	bench_peer(b, PEER, 1);
	bench_drop_sent(b);
	bench_wait(b, 5000);
	for (size_t i = 0; i < b->n_sent; i++) {
		struct hl_frame frame HL_CLEAN_FRAME = {0};
		if (b->sent[i].link != PEER)
			continue;
		assert_ok(hl_frame_parse(
			hl_view_buf(&b->sent[i].bytes), HL_PURPOSE_PEER, &frame));
		found += frame.type == HL_FRAME_WANT_LETTERS;
	}
	assert_true(found > 0 && found <= 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		T(a_peers_letter_is_fetched_again),
		T(an_own_letter_is_put_together),
		T(the_device_hands_it_in_again),
		T(many_are_a_bounded_list),
	};

	return cmocka_run_group_tests_name("engine rot", tests, NULL, NULL);
}
