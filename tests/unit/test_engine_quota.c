/* What a peer may cost: the accounts by themselves, and in an engine whose peers cost too much. */
#include "node/engine/state.h"
#include "tests/unit/bench.h"

#define BOOT 5000000

static uint64_t after(uint64_t units, uint64_t rate)
{
	return (units * 1000 + rate - 1) / rate;
}

static void each_account_fills_and_drains(void **state)
{
	(void)state;
	for (enum hl_quota_kind k = 0; k < HL_QUOTA_KINDS; k++) {
		const struct hl_quota_mark *m = hl_quota_mark(k);
		struct hl_quota q = {0};
		bool waits = k != HL_QUOTA_GROWTH && k != HL_QUOTA_CARRIED;

		hl_quota_charge(&q, k, m->burst, BOOT);
		assert_false(hl_quota_over(&q, k, false, BOOT));
		assert_int_equal(hl_quota_wait(&q, false, BOOT), 0);
		assert_null(hl_quota_shown(&q, BOOT));
		hl_quota_charge(&q, k, 10 * m->rate, BOOT);
		assert_true(hl_quota_over(&q, k, false, BOOT));
		assert_string_equal(hl_quota_shown(&q, BOOT), m->name);
		assert_int_equal(
			hl_quota_wait(&q, false, BOOT), waits ? HL_QUOTA_PAUSE_MS : 0);
		/* What was too much is gone after ten seconds, and not before. */
		assert_true(hl_quota_over(&q, k, false, BOOT + 9999));
		assert_int_equal(hl_quota_wait(&q, false, BOOT + 9999), waits ? 1 : 0);
		assert_false(hl_quota_over(&q, k, false, BOOT + 10000));
		assert_int_equal(hl_quota_wait(&q, false, BOOT + 10000), 0);
		/* It is named a little longer. */
		assert_non_null(hl_quota_shown(&q, BOOT + HL_QUOTA_SHOWN_MS - 1));
		assert_null(hl_quota_shown(&q, BOOT + HL_QUOTA_SHOWN_MS));
		/* And all of the burst is there again after as long as it takes. */
		uint64_t full = BOOT + 10000 + after(m->burst, m->rate);
		hl_quota_charge(&q, k, m->burst, full);
		assert_false(hl_quota_over(&q, k, false, full));
	}
}

static void alerts_borrow(void **state)
{
	(void)state;
	for (enum hl_quota_kind k = 0; k < HL_QUOTA_KINDS; k++) {
		const struct hl_quota_mark *m = hl_quota_mark(k);
		struct hl_quota q = {0};

		hl_quota_charge(&q, k, m->burst + m->borrow, BOOT);
		assert_true(hl_quota_over(&q, k, false, BOOT));
		assert_false(hl_quota_over(&q, k, true, BOOT));
		assert_int_equal(hl_quota_wait(&q, true, BOOT), 0);
		hl_quota_charge(&q, k, 1, BOOT);
		assert_true(hl_quota_over(&q, k, true, BOOT));
		/* What was borrowed is paid back before others go on. */
		uint64_t paid = BOOT + after(m->borrow + 1, m->rate);
		assert_true(hl_quota_over(&q, k, false, paid - 1));
		assert_false(hl_quota_over(&q, k, false, paid));
	}
}

/* No sum overflows, and a clock that stands still or goes back gives nothing away. */
static void the_greatest_numbers(void **state)
{
	struct hl_quota q = {0};

	(void)state;
	for (size_t i = 0; i < 5000; i++)
		hl_quota_charge(&q, HL_QUOTA_BYTES, UINT64_MAX, BOOT);
	assert_true(hl_quota_over(&q, HL_QUOTA_BYTES, true, BOOT));
	assert_true(hl_quota_over(&q, HL_QUOTA_BYTES, true, BOOT - 1));
	assert_int_equal(hl_quota_wait(&q, true, BOOT), HL_QUOTA_PAUSE_MS);
	assert_false(hl_quota_over(&q, HL_QUOTA_BYTES, false, UINT64_MAX));
}

static void the_box_grows_and_forgets(void **state)
{
	struct hl_quota q = {0};
	uint64_t boot = BOOT, want = HL_QUOTA_BOX_MIN_MS;

	(void)state;
	for (size_t i = 0; i < HL_QUOTA_FREE; i++) {
		assert_int_equal(hl_quota_breach(&q, "x", boot), 0);
		assert_int_equal(hl_quota_boxed(&q, boot), 0);
	}
	for (size_t i = 0; i < 40; i++) {
		assert_int_equal(hl_quota_breach(&q, "x", boot), want);
		assert_int_equal(hl_quota_boxed(&q, boot), want);
		assert_int_equal(hl_quota_boxed(&q, boot + want - 1), 1);
		boot += want;
		assert_int_equal(hl_quota_boxed(&q, boot), 0);
		want = want * 2 < HL_QUOTA_BOX_MAX_MS ? want * 2 : HL_QUOTA_BOX_MAX_MS;
	}
	boot += HL_QUOTA_FORGET_MS;
	assert_int_equal(hl_quota_breach(&q, "x", boot), 0);
}

/* One frame that asks for nothing that there is. */
static void ask(struct bench *b, uint64_t link)
{
	struct hl_frame frame = {.type = HL_FRAME_WANT_LETTERS};
	struct hl_id id = {{7}};

	frame.want_letters.from = b->config.lab;
	frame.want_letters.ids = &id;
	frame.want_letters.n = 1;
	bench_send_frame(b, link, &frame);
}

static struct hl_quota *quota(struct bench *b, size_t lab)
{
	return &hl_peer(b->engine, &b->world.lab[lab].id)->quota;
}

/* A valid peer sends as fast as it is read. Another's FLASH is held in the turn in which it comes,
 * its line is never paused, and no more of the flood is read than the quota says. */
static void a_flood_delays_nobody_else(void **state)
{
	struct bench *b = *state;
	const struct hl_quota_mark *m = hl_quota_mark(HL_QUOTA_FRAMES);
	uint64_t until = 0, read = 0, began = b->now.boot, pauses = 0, alerts = 0;

	bench_peer(b, 2, 1);
	bench_peer(b, 3, 2);
	hl_quota_charge(quota(b, 1), HL_QUOTA_FRAMES, m->burst, b->now.boot);
	for (size_t round = 0; round < 3000; round++) {
		for (size_t i = 0; i < 16 && b->now.boot >= until; i++, read++) {
			bench_drop_sent(b);
			ask(b, 2);
			if (b->paused == 2) {
				until = b->paused_until;
				pauses++;
				assert_true(until > b->now.boot);
				assert_true(until - b->now.boot <= HL_QUOTA_PAUSE_MS);
			}
		}
		if (round % 500 == 250) {
			struct hl_buf doc HL_CLEAN_BUF = {0};
			struct hl_id id;
			bench_drop_sent(b);
			bench_raise(b, 2, 0, HL_FLASH, true, &doc, &id);
			bench_letter(b, 3, 2, &doc);
			assert_true(bench_is_held(b, &id));
			assert_int_equal(b->paused, 0);
			alerts++;
		}
		b->now.boot++;
		b->now.wall++;
	}
	assert_int_equal(alerts, 6);
	assert_true(pauses > 10);
	assert_true(read <= (b->now.boot - began) * m->rate / 1000 + 32);
	assert_true(read >= 1000);
}

static bool warned(struct bench *b, const char *what)
{
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;
	bool found = false;

	assert_ok(bench_ask(b, 1, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	for (size_t i = 0; i < body.status.n_warnings; i++)
		found = found ||
			memmem(body.status.warnings[i].p, body.status.warnings[i].n, what,
				strlen(what)) != NULL;
	return found;
}

/* Over what it may store a day: its letters wait, and come when there is room; alerts come at
 * once. */
static void a_full_account_puts_letters_off(void **state)
{
	struct bench *b = *state;
	const struct hl_quota_mark *m = hl_quota_mark(HL_QUOTA_GROWTH);
	struct hl_entry entry[3] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER},
		{.sort = HL_SORT_LETTER}};
	struct hl_buf calm HL_CLEAN_BUF = {0}, loud HL_CLEAN_BUF = {0};
	struct line line = {.epoch = 5};
	struct hl_statement s;

	bench_device(b, 1, 0);
	bench_peer(b, 2, 1);
	assert_false(warned(b, "over its quota"));
	hl_quota_charge(quota(b, 1), HL_QUOTA_GROWTH, m->burst + 1000, b->now.boot);
	entry[0].id = b->world.lab[1].card.hash;
	bench_raise(b, 1, 0, HL_ROUTINE, false, &calm, &entry[1].id);
	bench_raise(b, 1, 0, HL_IMMEDIATE, false, &loud, &entry[2].id);
	bench_enter(b, 2, 1, &line, entry, 3);
	bench_letter(b, 2, 1, &calm);
	bench_letter(b, 2, 1, &loud);
	assert_false(bench_is_held(b, &entry[1].id));
	assert_true(bench_is_held(b, &entry[2].id));
	assert_int_equal(b->paused, 0);
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 1);
	assert_int_equal(s.receipt.n_ranges, 1);
	assert_int_equal(s.receipt.n_refused, 0);
	assert_true(warned(b, "over its quota (stored bytes a day)"));
	/* Nothing is lost: later the same copy is taken in. */
	b->now.boot += 3600000;
	bench_letter(b, 2, 1, &calm);
	assert_true(bench_is_held(b, &entry[1].id));
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 3);
	assert_false(warned(b, "over its quota"));
}

static void rubbish(struct bench *b, uint64_t link)
{
	struct hl_event e = {.type = HL_EVENT_FRAME, .link = link};

	e.frame.bytes = hl_view_str("\xc1rubbish");
	bench_turn(b, &e);
	assert_true(bench_was_closed(b, link));
}

/* Who sends rubbish again and again waits outside; the line that stands goes on, and an honest
 * one is let in when the time has passed. */
static void rubbish_is_kept_out(void **state)
{
	struct bench *b = *state;
	struct hl_frame hello HL_CLEAN_FRAME = {0};
	const struct hl_dh_key *key = &b->world.lab[1].node_link;

	bench_device(b, 1, 0);
	bench_peer(b, 2, 1);
	for (uint64_t link = 10; link <= 10 + HL_QUOTA_FREE; link++) {
		bench_up(b, link, HL_PURPOSE_PEER, key, false);
		assert_false(bench_was_closed(b, link));
		rubbish(b, link);
	}
	bench_drop_sent(b);
	bench_up(b, 20, HL_PURPOSE_PEER, key, false);
	assert_true(bench_was_closed(b, 20));
	assert_false(bench_find(b, 20, HL_FRAME_HELLO, HL_PURPOSE_PEER, &hello));
	assert_true(warned(b, "is not let in for 1 s more: a frame that is not allowed"));
	/* Others are let in all the same, and the line that stands is not touched. */
	bench_drop_sent(b);
	bench_peer(b, 21, 2);
	ask(b, 2);
	assert_false(bench_was_closed(b, 21));
	assert_false(bench_was_closed(b, 2));
	bench_wait(b, HL_QUOTA_BOX_MIN_MS);
	assert_false(warned(b, "not let in"));
	bench_drop_sent(b);
	bench_greet(b, 22, 1, false);
	assert_false(bench_was_closed(b, 22));
}

static size_t waiting(struct bench *b, size_t lab)
{
	uint64_t number = 0, stored;
	struct hl_id id;
	size_t n = 0;

	for (;;) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		if (hl_store_waiting_next(b->store, &b->world.lab[lab].id, number,
			    &number, &id, &stored, &doc) != HL_OK)
			return n;
		n++;
	}
}

/* A letter of lab 1 that names a card nobody has; with its signature, or a spoiled one. */
static void far_letter(struct bench *b, bool spoiled, struct hl_buf *doc)
{
	const struct hl_message m = bench_raise_message();
	struct world_letter draft = {.lab = 1,
		.labs = 7,
		.class = HL_CLASS_CALL,
		.status = HL_ACTUAL,
		.precedence = HL_ROUTINE,
		.created = ++b->now.wall,
		.answer_within = 600,
		.message = &m};
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	uint64_t version = b->world.lab[1].card.version;
	struct hl_id id;

	b->world.lab[1].card.version = 1000;
	world_seal(&b->world, &draft, doc, &id);
	b->world.lab[1].card.version = version;
	if (!spoiled)
		return;
	assert_ok(hl_envelope_parse(&b->world.net, hl_view_buf(doc), &envelope));
	uint8_t *sig = memmem(doc->p, doc->n, envelope.sigs[0].sig, HL_SIG_SIZE);
	assert_non_null(sig);
	sig[0] ^= 1;
}

/* Letters that name a far card: of a known key they wait, with a false signature they do not, and
 * however many there are, the places are bounded. */
static void junk_takes_no_waiting_place(void **state)
{
	struct bench *b = *state;

	bench_peer(b, 2, 1);
	bench_peer(b, 3, 2);
	for (size_t i = 0; i < 3; i++) {
		struct hl_buf good HL_CLEAN_BUF = {0}, bad HL_CLEAN_BUF = {0};
		far_letter(b, false, &good);
		far_letter(b, true, &bad);
		bench_letter(b, 3, 1, &bad);
		assert_int_equal(waiting(b, 1), i);
		bench_letter(b, 3, 1, &good);
		assert_int_equal(waiting(b, 1), i + 1);
		bench_drop_sent(b);
	}
	for (size_t i = 0; i < HL_WAITING_MAX; i++) {
		struct hl_buf good HL_CLEAN_BUF = {0};
		far_letter(b, false, &good);
		bench_letter(b, 2, 1, &good);
		bench_drop_sent(b);
	}
	assert_int_equal(waiting(b, 1), HL_WAITING_MAX);
	/* And after an hour they are gone. */
	for (size_t i = 0; i < 3; i++) {
		bench_wait(b, 3600000);
		bench_drop_sent(b);
	}
	assert_int_equal(waiting(b, 1), 0);
}

static void answer_pulse(struct bench *b, uint64_t link, size_t lab)
{
	struct hl_statement s = {.time = ++b->now.wall};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_STATEMENT};

	s.from = b->world.lab[lab].id;
	s.to = b->config.lab;
	s.pulse = hl_peer(b->engine, &s.from)->pulse;
	assert_ok(
		hl_statement_sign(&b->world.net, &s, &b->world.lab[lab].node_sign, &doc));
	frame.doc = hl_view_buf(&doc);
	bench_send_frame(b, link, &frame);
}

static void beat(struct bench *b)
{
	bench_drop_sent(b);
	bench_wait(b, HL_HEARTBEAT_MS);
	answer_pulse(b, 2, 1);
	answer_pulse(b, 3, 2);
	bench_drop_sent(b);
}

/* Of more than 64 refusals the peer learns every one: those that no receipt can name yet wait. */
static void every_refusal_is_named(void **state)
{
	enum { MANY = HL_REFUSED_MAX + 6 };
	struct bench *b = *state;
	struct hl_buf doc[MANY] = {0};
	struct line line = {.epoch = 5};
	struct hl_statement s;

	bench_peer(b, 2, 1);
	bench_peer(b, 3, 2);
	struct hl_entry card = {.sort = HL_SORT_CARD, .id = b->world.lab[1].card.hash};
	bench_enter(b, 2, 1, &line, &card, 1);
	/* A FLASH needs two: refused by what is signed is one by a monitor alone. */
	for (size_t i = 0; i < MANY; i++) {
		struct hl_entry entry = {.sort = HL_SORT_LETTER};
		b->now.wall++;
		bench_raise(b, 1, 2, HL_FLASH, true, &doc[i], &entry.id);
		bench_drop_sent(b);
		bench_enter(b, 2, 1, &line, &entry, 1);
		bench_letter(b, 2, 1, &doc[i]);
	}
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.n_refused, HL_REFUSED_MAX);
	assert_int_equal(s.receipt.refused[0].number, 2);
	assert_int_equal(s.receipt.through, 1 + HL_REFUSED_MAX);
	/* A heartbeat later the peer has these, and the rest is refused when it comes again. */
	beat(b);
	beat(b);
	for (size_t i = HL_REFUSED_MAX; i < MANY; i++) {
		bench_drop_sent(b);
		bench_letter(b, 2, 1, &doc[i]);
	}
	bench_last_receipt(b, 2, &s);
	assert_int_equal(s.receipt.through, 1 + MANY);
	assert_int_equal(
		s.receipt.refused[HL_REFUSED_MAX - 1].number, 1 + (uint64_t)MANY);
	for (size_t i = 0; i < MANY; i++)
		hl_buf_clear(&doc[i]);
}

/* A letter that never comes is asked for less and less often. */
static void asking_in_vain_backs_off(void **state)
{
	struct bench *b = *state;
	struct hl_entry entry[2] = {{.sort = HL_SORT_CARD}, {.sort = HL_SORT_LETTER}};
	struct line line = {.epoch = 5};
	size_t asked[2] = {0};

	bench_peer(b, 2, 1);
	bench_peer(b, 3, 2);
	entry[0].id = b->world.lab[1].card.hash;
	memset(&entry[1].id, 7, sizeof(entry[1].id));
	bench_enter(b, 2, 1, &line, entry, 2);
	for (size_t i = 0; i < 720; i++) { /* an hour */
		struct hl_frame frame HL_CLEAN_FRAME = {0};
		bench_drop_sent(b);
		bench_wait(b, HL_HEARTBEAT_MS);
		asked[i >= 360] +=
			bench_find(b, 2, HL_FRAME_WANT_LETTERS, HL_PURPOSE_PEER, &frame);
		answer_pulse(b, 2, 1);
		answer_pulse(b, 3, 2);
	}
	assert_in_range(asked[0], 6, 15);
	assert_in_range(asked[1], 5, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
		cmocka_unit_test(each_account_fills_and_drains),
		cmocka_unit_test(alerts_borrow),
		cmocka_unit_test(the_greatest_numbers),
		cmocka_unit_test(the_box_grows_and_forgets),
		T(a_flood_delays_nobody_else),
		T(a_full_account_puts_letters_off),
		T(rubbish_is_kept_out),
		T(junk_takes_no_waiting_place),
		T(every_refusal_is_named),
		T(asking_in_vain_backs_off),
	};

	return cmocka_run_group_tests_name("engine_quota", tests, NULL, NULL);
}
