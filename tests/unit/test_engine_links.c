/* The engine, from outside: links, devices, and the documents that say who may have them. */
#include "tests/unit/bench.h"

/* Whatever is asked first gets that code and text, nothing else, and the link is closed. */
static void assert_turned_away(
	struct bench *b, uint64_t link, enum hl_status code, const char *text)
{
	struct hl_frame ask = {.type = HL_FRAME_STATUS, .request = 7};
	struct hl_frame reply HL_CLEAN_FRAME = {0}, close HL_CLEAN_FRAME = {0};

	assert_false(bench_was_closed(b, link));
	bench_send_frame(b, link, &ask);
	assert_true(bench_find(b, link, HL_FRAME_REPLY, HL_PURPOSE_DEVICE, &reply));
	assert_status(reply.reply.code, code);
	assert_false(reply.reply.has_body);
	assert_true(reply.reply.text.n >= strlen(text));
	assert_memory_equal(reply.reply.text.p, text, strlen(text));
	assert_true(bench_find(b, link, HL_FRAME_CLOSE, HL_PURPOSE_DEVICE, &close));
	assert_int_equal(close.close.reason, HL_CLOSE_PERMITTED);
	assert_true(bench_was_closed(b, link));
}

static void a_suspended_device_is_cut_off(void **state)
{
	struct bench *b = *state;
	struct world_lab *lab = &b->world.lab[0];
	struct hl_frame frame = {.type = HL_FRAME_PUT};
	struct hl_buf doc HL_CLEAN_BUF = {0}, sealed HL_CLEAN_BUF = {0};
	struct hl_known_key key;
	struct hl_id id;
	size_t before = 0, after = 0;

	bench_device(b, 1, 0);
	bench_device(b, 4, 1);
	while (hl_engine_known(b->engine, before, &key))
		before++;
	uint64_t generation = hl_engine_known_generation(b->engine);
	assert_ok(hl_suspension_make(&b->world.net, &lab->id, &lab->device[1].kid,
		b->now.wall, hl_view_str("lost"), &lab->device[0].sign, &doc));
	frame.put.sort = HL_DOC_SUSPENSION;
	frame.put.doc = hl_view_buf(&doc);
	assert_ok(bench_ask(b, 1, &frame, NULL));
	assert_true(bench_was_closed(b, 4));
	assert_false(bench_was_closed(b, 1));
	while (hl_engine_known(b->engine, after, &key))
		after++;
	/* Its key stays known, so that it can hear why it is not served, and by whom that is. */
	assert_int_equal(after, before);
	assert_true(hl_engine_known_generation(b->engine) != generation);
	bench_drop_sent(b);
	bench_up(b, 5, HL_PURPOSE_DEVICE, &lab->device[1].link, false);
	assert_turned_away(b, 5, HL_SUSPENDED, "by ");
	bench_raise(b, 0, 1, HL_ROUTINE, false, &sealed, &id);
	assert_status(bench_submit(b, 1, &sealed), HL_SUSPENDED);
}

static void a_removed_device_is_cut_off(void **state)
{
	struct bench *b = *state;
	struct world_lab *lab = &b->world.lab[0];
	struct hl_frame frame = {.type = HL_FRAME_PUT};
	struct hl_known_key key;
	size_t monitor = 2, known = 0;

	/* Which device is last in a card hangs on its keys: drop those sealed last. */
	bench_device(b, 1, 0);
	bench_device(b, 4, monitor);
	world_new_card_without(&b->world, 0, WORLD_START + 5, 1);
	frame.put.sort = HL_DOC_CARD;
	frame.put.doc = hl_view_buf(&lab->cards[lab->n_cards - 1]);
	assert_ok(bench_ask(b, 1, &frame, NULL));
	assert_true(bench_was_closed(b, 4));
	assert_false(bench_was_closed(b, 1));
	bench_drop_sent(b);
	bench_up(b, 5, HL_PURPOSE_DEVICE, &lab->device[monitor].link, false);
	assert_turned_away(b, 5, HL_NOT_MEMBER, "");
	for (size_t i = 0; hl_engine_known(b->engine, i, &key); i++)
		known += memcmp(key.key, lab->device[monitor].link.pub, HL_KEY_SIZE) == 0;
	assert_int_equal(known, 1);
	/* After one more card it is a stranger. */
	world_new_card_without(&b->world, 0, WORLD_START + 6, 1);
	frame.put.doc = hl_view_buf(&lab->cards[lab->n_cards - 1]);
	assert_ok(bench_ask(b, 1, &frame, NULL));
	for (size_t i = 0; hl_engine_known(b->engine, i, &key); i++)
		assert_memory_not_equal(
			key.key, lab->device[monitor].link.pub, HL_KEY_SIZE);
}

static void two_cards_with_one_number(void **state)
{
	struct bench *b = *state;
	struct world_lab *lab = &b->world.lab[1];
	struct hl_frame frame = {.type = HL_FRAME_CARD};
	struct hl_buf first HL_CLEAN_BUF = {0}, held HL_CLEAN_BUF = {0};

	bench_peer(b, 2, 1);
	/* The root signs the newest number a second time, with another date. */
	first = hl_buf_steal(&lab->cards[lab->n_cards - 1]);
	lab->n_cards--;
	if (lab->n_cards > 0) {
		hl_card_clear(&lab->card);
		memset(&lab->card, 0, sizeof(lab->card));
		assert_ok(hl_card_parse(&b->world.net,
			hl_view_buf(&lab->cards[lab->n_cards - 1]), &lab->card));
	}
	world_new_card(&b->world, 1, WORLD_START + 777);
	bench_drop_sent(b);
	frame.doc = hl_view_buf(&lab->cards[lab->n_cards - 1]);
	bench_send_frame(b, 2, &frame);
	assert_int_equal(b->n_alarms, 1);
	assert_false(bench_was_closed(b, 2));
	assert_ok(hl_store_doc_get(b->store, HL_DOC_CARD, &lab->id, NULL, 0, &held));
	assert_view(hl_view_buf(&held), hl_view_buf(&first));
	hl_buf_clear(&held);
	assert_ok(hl_store_doc_by_hash(b->store, HL_DOC_CARD, &lab->card.hash, &held));
}

static void silence_ends_a_link(void **state)
{
	struct bench *b = *state;

	bench_peer(b, 2, 1);
	bench_drop_sent(b);
	bench_wait(b, HL_SILENT_MS - 1);
	assert_false(bench_was_closed(b, 2));
	bench_wait(b, 1);
	assert_true(bench_was_closed(b, 2));
	/* And it is dialled again, within the first wait. */
	bench_drop_sent(b);
	bench_wait(b, 2 * HL_REDIAL_MIN_MS);
	assert_true(b->n_dials >= 1);
}

static void one_link_for_a_pair(void **state)
{
	struct bench *b = *state;
	bool smaller = hl_id_cmp(&b->config.lab, &b->world.lab[1].id) < 0;

	/* That of the smaller lab stays, in whichever order they come. */
	bench_greet(b, 2, 1, smaller);
	bench_greet(b, 3, 1, !smaller);
	assert_true(bench_was_closed(b, 3));
	assert_false(bench_was_closed(b, 2));
	/* A newer one of the same initiator replaces it. */
	bench_greet(b, 4, 1, smaller);
	assert_true(bench_was_closed(b, 2));
	assert_false(bench_was_closed(b, 4));
	/* Unless nothing has come on it for ten seconds. */
	b->now.boot += 10000;
	bench_greet(b, 5, 1, !smaller);
	assert_true(bench_was_closed(b, 4));
	assert_false(bench_was_closed(b, 5));
}

static void rubbish_ends_a_link(void **state)
{
	struct bench *b = *state;
	struct hl_event e = {.type = HL_EVENT_FRAME};
	struct hl_frame frame = {.type = HL_FRAME_PING, .request = 1};

	bench_device(b, 1, 0);
	bench_peer(b, 2, 1);
	e.frame.bytes = hl_view_str("\xc1rubbish");
	for (e.link = 1; e.link <= 2; e.link++) {
		bench_turn(b, &e);
		assert_true(bench_was_closed(b, e.link));
	}
	/* A frame of the other purpose, and one before the greeting. */
	bench_peer(b, 6, 1);
	bench_send_frame(b, 6, &frame);
	assert_true(bench_was_closed(b, 6));
	bench_up(b, 7, HL_PURPOSE_DEVICE, &b->world.lab[0].device[0].link, false);
	bench_send_frame(b, 7, &frame);
	assert_true(bench_was_closed(b, 7));
	/* Frames on a link that is gone harm nobody. */
	bench_turn(b, &e);
}

static void a_device_reads(void **state)
{
	struct bench *b = *state;
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_body body HL_CLEAN_BODY = {0}, docs HL_CLEAN_BODY = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_view bytes;
	struct hl_id id;

	bench_device(b, 1, 0);
	bench_peer(b, 2, 1);
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &doc, &id);
	bench_letter(b, 2, 1, &doc);
	assert_ok(bench_ask(b, 1, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	assert_int_equal(body.status.n_peers, 2);
	assert_int_equal(body.status.n_calls, 1);
	assert_int_equal(body.status.calls[0].state, HL_RINGING);
	assert_int_equal(body.status.calls[0].deadline, b->now.wall + 600000);
	frame = (struct hl_frame){.type = HL_FRAME_GET_DOCS};
	assert_ok(bench_ask(b, 1, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_GET_DOCS, &docs));
	size_t cards = 0;
	for (size_t i = 0; i < docs.docs.n; i++)
		cards += docs.docs.items[i].sort == HL_DOC_CARD;
	assert_int_equal(cards,
		b->world.lab[0].n_cards + b->world.lab[1].n_cards +
			b->world.lab[2].n_cards);
	frame = (struct hl_frame){.type = HL_FRAME_FETCH, .id = {{9}}};
	assert_status(bench_ask(b, 1, &frame, NULL), HL_UNKNOWN);
}

static void admins_only(void **state)
{
	struct bench *b = *state;
	struct hl_frame frame = {.type = HL_FRAME_PSK};

	bench_device(b, 1, 0);
	bench_device(b, 4, 2); /* a monitor */
	frame.psk.lab = b->world.lab[1].id;
	frame.psk.key[0] = 1;
	assert_status(bench_ask(b, 4, &frame, NULL), HL_NOT_PERMITTED);
	assert_ok(bench_ask(b, 1, &frame, NULL));
	struct hl_key32 psk = {0};
	assert_ok(hl_store_psk_get(b->store, &frame.psk.lab, &psk));
	assert_int_equal(psk.b[0], 1);
	frame = (struct hl_frame){.type = HL_FRAME_PUT};
	frame.put.sort = HL_DOC_DIRECTORY;
	frame.put.doc = hl_view_buf(&b->world.lab[0].directory);
	assert_status(bench_ask(b, 4, &frame, NULL), HL_NOT_PERMITTED);
	assert_ok(bench_ask(b, 1, &frame, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		T(a_suspended_device_is_cut_off),
		T(a_removed_device_is_cut_off),
		T(two_cards_with_one_number),
		T(silence_ends_a_link),
		T(one_link_for_a_pair),
		T(rubbish_ends_a_link),
		T(a_device_reads),
		T(admins_only),
	};

	return cmocka_run_group_tests_name("engine links", tests, NULL, NULL);
}
