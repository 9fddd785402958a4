/* Machine tests in virtual time: sent, answered, missed, and never rung. */
#include "tests/unit/bench.h"

#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#define LINK    2
#define PEER    1 /* a lab */
#define MINUTE  60000ull
#define HOUR    3600000ull
#define DAY     (24 * HOUR)
#define LETTERS 64

static const struct hl_policy_hook hooks[] = {
	{.name = "live", .events = (1u << HL_HOOK_EVENTS) - 1},
	{.name = "exercise", .exercise = true, .events = (1u << HL_HOOK_EVENTS) - 1},
};

static const struct hl_policy_step steps[] = {
	{HL_IMMEDIATE, "live", HL_MOMENT_CALL, 0, 0, "live", "mira\n"},
	{HL_IMMEDIATE, "exercise", HL_MOMENT_CALL, 0, 0, "exercise", "mira\n"},
	{HL_IMMEDIATE, "ours", HL_MOMENT_UNANSWERED, 0, 0, "live", "mira\n"},
};

/* The letters that have come out on the line. */
static struct hl_buf letters[LETTERS];
static size_t n_letters;
static uint64_t pulse, device;
/* Runs that were handed out, by hook, event and value. */
static size_t run[2][HL_HOOK_EVENTS][8];

/* Every run has gone well. */
static void end_runs(struct bench *b)
{
	while (b->n_hooks > 0) {
		const struct hl_hook_run r = b->hook[--b->n_hooks];
		struct hl_event e = {.type = HL_EVENT_HOOK_DONE};

		run[strcmp(r.hook, "live") != 0][r.event][r.value]++;
		e.hook_done.key = r.key;
		e.hook_done.text = "so";
		bench_turn(b, &e);
	}
}

static void collect(struct bench *b)
{
	end_runs(b);
	for (size_t i = 0; i < b->n_sent; i++) {
		struct hl_frame frame HL_CLEAN_FRAME = {0};

		if (b->sent[i].link != LINK)
			continue;
		assert_ok(hl_frame_parse(
			hl_view_buf(&b->sent[i].bytes), HL_PURPOSE_PEER, &frame));
		if (frame.type != HL_FRAME_LETTER)
			continue;
		assert_true(n_letters < LETTERS);
		assert_ok(hl_buf_append(&letters[n_letters++], frame.letter.doc));
	}
	bench_drop_sent(b);
}

/* Time passes while the peer's node lives. */
static void go(struct bench *b, uint64_t ms)
{
	while (ms > 0) {
		uint64_t step = ms < 5000 ? ms : 5000;
		struct hl_frame beat = {.type = HL_FRAME_HEARTBEAT};
		const struct hl_event drained = {.type = HL_EVENT_DRAINED, .link = LINK};

		bench_wait(b, step);
		collect(b);
		beat.heartbeat.clock = b->now.wall;
		beat.heartbeat.pulse = ++pulse;
		bench_send_frame(b, LINK, &beat);
		bench_turn(b, &drained);
		collect(b);
		ms -= step;
	}
}

/* Nobody is there: as far as the next thing that is due, and on. */
static void alone(struct bench *b, uint64_t ms)
{
	while (ms > 0) {
		uint64_t left = hl_engine_next(b->engine) - b->now.boot;
		uint64_t step = left == 0 ? 1 : left < ms ? left : ms;

		bench_wait(b, step);
		end_runs(b);
		bench_drop_sent(b);
		ms -= step;
	}
}

static void policy(struct bench *b)
{
	const struct hl_policy p = {.hooks = hooks,
		.n_hooks = 2,
		.steps = steps,
		.n_steps = sizeof(steps) / sizeof(steps[0])};

	assert_ok(hl_engine_set_policy(b->engine, &p));
}

static void restart(struct bench *b)
{
	hl_engine_free(b->engine);
	bench_start(b);
	bench_fetch_effects(b);
	policy(b);
}

static int setup(void **state)
{
	if (bench_setup(state) != 0)
		return -1;
	struct bench *b = *state;
	memset(b->config.boot.b, 5, sizeof(b->config.boot.b));
	b->config.seal = &b->world.lab[0].node_seal;
	b->config.drill_every = 3600;
	b->config.drill_remind = 7 * 24 * 3600;
	restart(b);
	b->n_hooks = n_letters = 0;
	memset(run, 0, sizeof(run));
	device = 1000;
	return 0;
}

static int teardown(void **state)
{
	for (size_t i = 0; i < LETTERS; i++)
		hl_buf_clear(&letters[i]);
	return bench_teardown(state);
}

static struct hl_id node_kid(struct bench *b, size_t lab)
{
	struct hl_id kid;

	hl_key_id(
		&b->world.net, HL_ROLE_NODE_SIGN, b->world.lab[lab].node_sign.pub, &kid);
	return kid;
}

/* A letter by the node of the peer, sealed to both nodes. */
static void seal(struct bench *b, const struct hl_message *m, const struct hl_core *core,
	struct hl_buf *doc, struct hl_id *id)
{
	struct hl_buf text HL_CLEAN_BUF = {0};
	struct hl_reader readers[2];
	struct hl_sealing s = {.core = *core, .readers = readers, .n_readers = 2};
	static uint8_t fresh;

	for (size_t i = 0; i < 2; i++) {
		readers[i] = (struct hl_reader){
			.lab = b->world.lab[i].id, .kid = node_kid(b, i)};
		memcpy(readers[i].key, b->world.lab[i].node_seal.pub, HL_KEY_SIZE);
	}
	s.core.net = b->world.net;
	s.core.lab = b->world.lab[PEER].id;
	s.core.sender = node_kid(b, PEER);
	s.core.card_version = b->world.lab[PEER].card.version;
	s.core.created = b->now.wall;
	s.core.lifetime = 86400;
	s.key = &b->world.lab[PEER].node_sign;
	memset(s.ck.b, ++fresh, sizeof(s.ck.b));
	assert_ok(hl_message_encode(m, &text, NULL));
	s.message = hl_view_buf(&text);
	assert_ok(hl_envelope_seal(&s, doc, id, NULL));
}

static void seal_answer(struct bench *b, const struct hl_id *drill, struct hl_buf *doc)
{
	const struct hl_message m = {.type = HL_DRILL_ANSWER, .seen = drill, .n_seen = 1};
	const struct hl_core core = {.class = HL_CLASS_ANSWER,
		.status = HL_TEST,
		.precedence = HL_IMMEDIATE,
		.has_incident = true,
		.incident = *drill,
		.has_answers = true,
		.answers = *drill};
	struct hl_id id;

	seal(b, &m, &core, doc, &id);
}

static void give_answer(struct bench *b, const struct hl_id *drill)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	seal_answer(b, drill, &doc);
	bench_letter(b, LINK, PEER, &doc);
	collect(b);
}

static void seal_drill(struct bench *b, struct hl_buf *doc, struct hl_id *id)
{
	const struct hl_message m = {.type = HL_DRILL};
	const struct hl_core core = {.class = HL_CLASS_CALL,
		.status = HL_TEST,
		.precedence = HL_IMMEDIATE,
		.answer_within = 60};

	seal(b, &m, &core, doc, id);
}

/* The peer's node opens letter number i that has come out. */
static void opens(struct bench *b, size_t i, enum hl_type want, struct hl_envelope *ret)
{
	const struct hl_id kid = node_kid(b, PEER);
	const struct hl_dh_key *secret = &b->world.lab[PEER].node_seal;
	const uint64_t epoch = 0;
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	struct hl_judge judge = {.net = &b->world.net,
		.card = &b->world.lab[0].card,
		.newest_version = b->world.lab[0].card.version,
		.own_lab = &b->world.lab[PEER].id};

	assert_true(i < n_letters);
	assert_ok(hl_envelope_parse(&b->world.net, hl_view_buf(&letters[i]), ret));
	assert_ok(hl_envelope_judge(ret, &judge));
	assert_true(hl_envelope_by_node(ret, &b->world.lab[0].card));
	assert_ok(hl_envelope_open(
		ret, &b->world.lab[PEER].id, &kid, &epoch, &secret, 1, &opened));
	assert_int_equal(opened.n_readers, 2);
	assert_ok(hl_message_parse(opened.message, &m));
	assert_ok(hl_message_check(&m, &ret->core, NULL));
	assert_int_equal(m.type, want);
}

/* The peer shows that it holds our channel up to the newest entry (code: but refuses that one). */
static void receipt(struct bench *b, enum hl_status code)
{
	struct hl_channel_row out;
	struct hl_receipt r = {.since = b->now.wall};

	assert_ok(hl_store_channel_get(b->store, &b->world.lab[PEER].id, true, &out));
	r.head = (struct hl_head){out.epoch, out.number, out.link};
	r.through = out.number;
	r.n_refused = code != HL_OK;
	r.refused[0] = (struct hl_refusal){out.number, code};
	bench_statement(b, LINK, PEER, NULL, &r);
	collect(b);
}

/* What a device is told: the tests of the peer since the start. */
static size_t tests(struct bench *b, struct hl_drill_status ret[static 128])
{
	struct hl_frame frame = {.type = HL_FRAME_DRILLS};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;

	frame.drills.lab = b->world.lab[PEER].id;
	bench_device(b, ++device, 0);
	assert_ok(bench_ask(b, device, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_DRILLS, &body));
	assert_true(body.drills.n <= 128);
	for (size_t i = 0; i < body.drills.n; i++)
		ret[i] = body.drills.items[i];
	size_t n = body.drills.n;
	collect(b);
	return n;
}

/* *warned: how many warnings are about drills. */
static uint64_t last_test(struct bench *b, size_t *warned)
{
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_body body HL_CLEAN_BODY = {0};
	struct hl_view bytes;
	uint64_t at = UINT64_MAX;

	bench_device(b, ++device, 0);
	assert_ok(bench_ask(b, device, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_STATUS, &body));
	for (size_t i = 0; i < body.status.n_peers; i++)
		if (hl_id_eq(&body.status.peers[i].lab, &b->world.lab[PEER].id))
			at = body.status.peers[i].last_test;
	assert_int_equal(body.status.n_calls, 0);
	*warned = 0;
	for (size_t i = 0; i < body.status.n_warnings; i++) {
		struct hl_view w = body.status.warnings[i];

		*warned += memmem(w.p, w.n, "machine test", 12) != NULL ||
			memmem(w.p, w.n, "hotline drill", 13) != NULL;
	}
	collect(b);
	return at;
}

/* Items of the feed of a sort, with a value (0: any). */
static size_t told(struct bench *b, enum hl_feed_sort sort, uint64_t value)
{
	struct hl_feed_item item[512];
	size_t n = 0, found = 0;

	assert_ok(hl_store_feed_list(b->store, 0, item, 512, &n));
	for (size_t i = 0; i < n; i++)
		found += item[i].sort == sort && (value == 0 || item[i].value == value);
	return found;
}

/* Runs of a hook on an event, with a value (0: any). */
static size_t runs(struct bench *b, const char *hook, unsigned event, size_t value)
{
	size_t n = 0;

	end_runs(b);
	for (size_t i = 0; i < 8; i++)
		n += value == 0 || value == i ? run[strcmp(hook, "live") != 0][event][i]
					      : 0;
	return n;
}

static void a_first_test_soon_and_answered(void **state)
{
	struct bench *b = *state;
	struct hl_envelope drill HL_CLEAN_ENVELOPE = {0};
	struct hl_drill_status row[128];
	size_t warned;

	alone(b, 2 * HOUR);
	assert_int_equal(tests(b, row), 0); /* a line that never was is not tested */
	bench_peer(b, LINK, PEER);
	collect(b);
	assert_int_equal(last_test(b, &warned), 0);
	go(b, MINUTE);
	assert_int_equal(n_letters, 1);
	opens(b, 0, HL_DRILL, &drill);
	assert_int_equal(drill.core.class, HL_CLASS_CALL);
	assert_int_equal(drill.core.status, HL_TEST);
	assert_int_equal(drill.core.precedence, HL_IMMEDIATE);
	assert_int_equal(drill.core.answer_within, 60);
	assert_int_equal(tests(b, row), 1);
	assert_int_equal(row[0].delivered + row[0].answered + row[0].missed, 0);
	uint64_t sent = row[0].sent;
	b->now.wall += 700;
	b->now.boot += 700;
	receipt(b, HL_OK);
	b->now.wall += 300;
	b->now.boot += 300;
	give_answer(b, &drill.id);
	assert_int_equal(tests(b, row), 1);
	assert_int_equal(row[0].sent, sent);
	assert_int_equal(row[0].delivered, b->now.wall - 300);
	assert_int_equal(row[0].answered, b->now.wall);
	assert_false(row[0].missed);
	assert_int_equal(last_test(b, &warned), b->now.wall);
	assert_int_equal(warned, 0);
	uint64_t passed = b->now.wall;
	go(b, HOUR / 2);
	assert_int_equal(last_test(b, &warned), passed);
	assert_int_equal(n_letters, 1);
	assert_int_equal(runs(b, "live", HL_HOOK_DRILL, HL_DRILL_PASSED), 1);
	assert_int_equal(runs(b, "exercise", HL_HOOK_DRILL, 0), 0);
}

/* The hour, within a twentieth each way; once, whatever the answers to it. */
static void tests_follow_each_hour(void **state)
{
	struct bench *b = *state;
	struct hl_drill_status row[128];

	bench_peer(b, LINK, PEER);
	collect(b);
	for (size_t n = 0, answered = 0; n < 12 * 60; n++) {
		go(b, MINUTE);
		for (; answered < n_letters; answered++) {
			struct hl_envelope drill HL_CLEAN_ENVELOPE = {0};

			opens(b, answered, HL_DRILL, &drill);
			receipt(b, HL_OK);
			give_answer(b, &drill.id);
			give_answer(b, &drill.id); /* another letter, of no effect */
		}
	}
	size_t n = tests(b, row), differ = 0;
	assert_in_range(n, 11, 13);
	for (size_t i = 0; i < n; i++) {
		assert_int_not_equal(row[i].answered, 0);
		if (i > 0)
			assert_in_range(row[i].sent - row[i - 1].sent,
				HOUR - HOUR / 20 - 1000, HOUR + HOUR / 20 + 6000);
		differ += i > 0 && row[i].sent - row[i - 1].sent != HOUR;
	}
	assert_true(differ > 0);
	assert_int_equal(runs(b, "live", HL_HOOK_DRILL, HL_DRILL_PASSED), n);
	assert_int_equal(told(b, HL_FEED_DRILL, 0), 0); /* nothing has changed */
}

static void one_that_is_not_answered_is_missed(void **state)
{
	struct bench *b = *state;
	struct hl_envelope drill HL_CLEAN_ENVELOPE = {0};
	struct hl_drill_status row[128];
	size_t warned;

	bench_peer(b, LINK, PEER);
	collect(b);
	while (n_letters == 0)
		go(b, 1000);
	receipt(b, HL_OK);
	assert_int_equal(tests(b, row), 1);
	while (b->now.wall < row[0].sent + 60000 - 1000)
		go(b, 1000);
	assert_int_equal(last_test(b, &warned), 0);
	assert_int_equal(warned, 0);
	go(b, 1000);
	assert_int_equal(tests(b, row), 1);
	assert_true(row[0].missed);
	last_test(b, &warned);
	assert_int_equal(warned, 1);
	assert_int_equal(told(b, HL_FEED_DRILL, HL_DRILL_MISSED), 1);
	assert_int_equal(runs(b, "live", HL_HOOK_DRILL, HL_DRILL_MISSED), 1);
	assert_int_equal(runs(b, "exercise", HL_HOOK_DRILL, 0), 0);
	/* Late: it is kept, stays missed, and another test follows soon. */
	opens(b, 0, HL_DRILL, &drill);
	give_answer(b, &drill.id);
	assert_int_equal(tests(b, row), 1);
	assert_int_equal(row[0].answered, b->now.wall);
	assert_true(row[0].missed);
	assert_int_equal(last_test(b, &warned), 0);
	go(b, MINUTE);
	assert_int_equal(n_letters, 2);
	struct hl_envelope second HL_CLEAN_ENVELOPE = {0};
	opens(b, 1, HL_DRILL, &second);
	give_answer(b, &second.id);
	assert_int_equal(last_test(b, &warned), b->now.wall);
	assert_int_equal(warned, 0);
	assert_int_equal(told(b, HL_FEED_DRILL, HL_DRILL_PASSED), 1);
}

/* SPEC message 4.5: while the one before has no receipt, one that falls due is counted as missed
 * and not sent */
static void an_outage_is_counted_and_piles_nothing_up(void **state)
{
	struct bench *b = *state;
	struct hl_drill_status row[128];

	bench_peer(b, LINK, PEER);
	collect(b);
	const struct hl_event cut = {
		.type = HL_EVENT_LINK_DOWN, .link = LINK, .down.why = "cut"};
	bench_turn(b, &cut);
	alone(b, 5 * HOUR);
	size_t n = tests(b, row);
	assert_in_range(n, 5, 6);
	for (size_t i = 0; i < n; i++) {
		assert_true(row[i].missed);
		assert_int_equal(row[i].delivered, 0);
	}
	/* One letter stands in the channel; the node comes back and knows of all that. */
	struct hl_channel_row out;
	assert_ok(hl_store_channel_get(b->store, &b->world.lab[PEER].id, true, &out));
	assert_int_equal(out.number, 2); /* the card, and the drill */
	assert_int_equal(runs(b, "live", HL_HOOK_DRILL, HL_DRILL_MISSED), n);
	assert_int_equal(told(b, HL_FEED_DRILL, HL_DRILL_MISSED), 1);
	restart(b);
	assert_int_equal(tests(b, row), n);
	bench_peer(b, LINK, PEER);
	collect(b);
	receipt(b, HL_OK);
	go(b, MINUTE);
	assert_int_equal(n_letters, 2); /* the old one, and a new one at once */
	assert_int_equal(tests(b, row), n + 1);
	assert_false(row[n].missed);
}

static void a_restart_neither_skips_nor_repeats(void **state)
{
	struct bench *b = *state;
	struct hl_drill_status row[128];

	bench_peer(b, LINK, PEER);
	go(b, MINUTE);
	assert_int_equal(n_letters, 1);
	receipt(b, HL_OK);
	for (size_t i = 0; i < 3; i++) {
		restart(b);
		alone(b, 1000);
	}
	assert_int_equal(tests(b, row), 1);
	alone(b, MINUTE);
	assert_int_equal(tests(b, row), 1);
	assert_true(row[0].missed); /* its deadline runs through the restarts */
	alone(b, HOUR + HOUR / 20);
	assert_int_equal(tests(b, row), 2);
}

static void one_that_is_refused_is_missed_at_once(void **state)
{
	struct bench *b = *state;
	struct hl_drill_status row[128];

	bench_peer(b, LINK, PEER);
	go(b, MINUTE);
	assert_int_equal(n_letters, 1);
	receipt(b, HL_NOT_MEMBER);
	assert_int_equal(tests(b, row), 1);
	assert_true(row[0].missed);
	assert_int_equal(row[0].delivered, 0);
	assert_int_equal(told(b, HL_FEED_REFUSED, 0), 0);
	go(b, HOUR + HOUR / 20);
	assert_int_equal(n_letters, 2); /* it does not stand in the way of the next */
}

static void another_nodes_test_is_answered_once(void **state)
{
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_envelope reply HL_CLEAN_ENVELOPE = {0};
	struct hl_call_row call;
	struct hl_id id;
	size_t warned;

	b->config.drill_every = 0; /* answers are given all the same */
	restart(b);
	bench_peer(b, LINK, PEER);
	collect(b);
	seal_drill(b, &doc, &id);
	bench_letter(b, LINK, PEER, &doc);
	collect(b);
	assert_int_equal(n_letters, 1);
	opens(b, 0, HL_DRILL_ANSWER, &reply);
	assert_int_equal(reply.core.status, HL_TEST);
	assert_int_equal(reply.core.precedence, HL_IMMEDIATE);
	assert_true(hl_id_eq(&reply.core.answers, &id));
	assert_true(hl_id_eq(&reply.core.incident, &id));
	bench_letter(b, LINK, PEER, &doc);
	receipt(b, HL_OK);
	go(b, 2 * HOUR);
	assert_int_equal(n_letters, 1);
	/* It rings nobody, and no device hears of letter or receipt. */
	assert_status(hl_store_call_get(b->store, &id, &call), HL_UNKNOWN);
	assert_int_equal(told(b, HL_FEED_LETTER, 0), 0);
	assert_int_equal(told(b, HL_FEED_RECEIPT, 0), 0);
	assert_int_equal(told(b, HL_FEED_OVERDUE, 0), 0);
	for (unsigned event = 0; event < HL_HOOK_EVENTS; event++) {
		assert_int_equal(runs(b, "live", event, 0) != 0, event == HL_HOOK_LINK);
		assert_int_equal(runs(b, "exercise", event, 0), 0);
	}
	last_test(b, &warned);
	assert_int_equal(warned, 0);
}

/* Each is stored or refused, and none is answered, rings, or counts. */
static void a_nodes_key_may_sign_nothing_else(void **state)
{
	static const struct {
		enum hl_class class;
		enum hl_standing status;
		enum hl_precedence precedence;
		enum hl_type type;
		bool taken; /* by what a node sees of it */
	} rows[] = {
		{HL_CLASS_CALL, HL_ACTUAL, HL_IMMEDIATE, HL_DRILL, false},
		{HL_CLASS_CALL, HL_EXERCISE, HL_IMMEDIATE, HL_DRILL, false},
		{HL_CLASS_CALL, HL_TEST, HL_FLASH, HL_DRILL, false},
		{HL_CLASS_NOTICE, HL_TEST, HL_ROUTINE, HL_SAY, false},
		{HL_CLASS_CLOSE, HL_TEST, HL_ROUTINE, HL_RESOLVE, false},
		{HL_CLASS_ANSWER, HL_ACTUAL, HL_IMMEDIATE, HL_ACK, false},
		{HL_CLASS_ANSWER, HL_TEST, HL_IMMEDIATE, HL_ACK, true},
		{HL_CLASS_CALL, HL_TEST, HL_IMMEDIATE, HL_SAY, true},
		{HL_CLASS_CALL, HL_TEST, HL_IMMEDIATE, HL_DRILL_ANSWER, true},
	};
	struct bench *b = *state;
	struct hl_envelope drill HL_CLEAN_ENVELOPE = {0};
	struct hl_drill_status got[128];

	bench_peer(b, LINK, PEER);
	go(b, MINUTE);
	assert_int_equal(n_letters, 1);
	opens(b, 0, HL_DRILL, &drill);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		struct hl_message m = {.type = rows[i].type,
			.text = hl_view_str("x"),
			.seen = &drill.id,
			.n_seen = rows[i].type != HL_DRILL};
		struct hl_core core = {.class = rows[i].class,
			.status = rows[i].status,
			.precedence = rows[i].precedence,
			.has_incident = rows[i].type != HL_DRILL,
			.incident = drill.id,
			.has_answers = rows[i].class == HL_CLASS_ANSWER,
			.answers = drill.id,
			.answer_within = rows[i].class == HL_CLASS_CALL ? 60 : 0};
		struct hl_id id;

		m.ack.answer = rows[i].type == HL_ACK ? HL_ACCEPTED : 0;
		seal(b, &m, &core, &doc, &id);
		bench_letter(b, LINK, PEER, &doc);
		collect(b);
		assert_int_equal(bench_is_held(b, &id), rows[i].taken);
	}
	assert_int_equal(n_letters, 1);
	assert_int_equal(tests(b, got), 1);
	assert_int_equal(got[0].answered, 0);
	assert_int_equal(told(b, HL_FEED_LETTER, 0), 0);
	assert_int_equal(runs(b, "live", HL_HOOK_CALL, 0), 0);
	assert_int_equal(runs(b, "live", HL_HOOK_STEP, 0), 0);
	assert_int_equal(runs(b, "exercise", HL_HOOK_CALL, 0), 0);
}

/* A wrong lab's answer, and one to another letter, count for nothing. */
static void only_the_tested_lab_answers(void **state)
{
	struct bench *b = *state;
	struct hl_envelope drill HL_CLEAN_ENVELOPE = {0};
	struct hl_drill_status row[128];
	struct hl_id other = {{7}};

	bench_peer(b, LINK, PEER);
	go(b, MINUTE);
	opens(b, 0, HL_DRILL, &drill);
	give_answer(b, &other);
	struct hl_drill_row held;
	assert_ok(hl_store_drill_find(b->store, &drill.id, &held));
	assert_true(hl_id_eq(&held.lab, &b->world.lab[PEER].id));
	assert_int_equal(tests(b, row), 1);
	assert_int_equal(row[0].answered, 0);
	give_answer(b, &drill.id);
	assert_int_equal(tests(b, row), 1);
	assert_int_equal(row[0].answered, b->now.wall);
}

static void call_of(struct bench *b, size_t lab, enum hl_standing status,
	const struct hl_message *m, struct hl_buf *doc, struct hl_id *id)
{
	const struct world_letter draft = {.lab = lab,
		.device = 0,
		.labs = 3,
		.class = HL_CLASS_CALL,
		.status = status,
		.precedence = HL_IMMEDIATE,
		.created = b->now.wall,
		.answer_within = 600,
		.message = m};

	world_seal(&b->world, &draft, doc, id);
}

/* I14: a person's drill rings as an exercise does, by its own hooks alone. */
static void a_persons_drill_rings_as_an_exercise(void **state)
{
	const struct hl_message drill = {.type = HL_DRILL};
	struct bench *b = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id id;

	bench_peer(b, LINK, PEER);
	call_of(b, PEER, HL_EXERCISE, &drill, &doc, &id);
	bench_letter(b, LINK, PEER, &doc);
	assert_int_equal(bench_ringing(b, &id), HL_RINGING);
	assert_int_equal(runs(b, "exercise", HL_HOOK_CALL, 0), 1);
	assert_int_equal(runs(b, "exercise", HL_HOOK_STEP, 0), 1);
	assert_int_equal(runs(b, "live", HL_HOOK_CALL, 0), 0);
	assert_int_equal(runs(b, "live", HL_HOOK_STEP, 0), 0);
	alone(b, 20 * MINUTE);
	assert_int_equal(bench_ringing(b, &id), HL_RING_OVERDUE);
	assert_int_equal(runs(b, "exercise", HL_HOOK_OVERDUE, 0), 1);
	assert_int_equal(runs(b, "live", HL_HOOK_OVERDUE, 0), 0);
}

/* The own lab's call, and its answer by a person of the peer. */
static void hold(struct bench *b, enum hl_standing status)
{
	const struct hl_message drill = {.type = HL_DRILL}, raise = bench_raise_message();
	struct hl_buf doc HL_CLEAN_BUF = {0}, answer HL_CLEAN_BUF = {0};
	struct hl_id id, answer_id;

	call_of(b, 0, status, status == HL_EXERCISE ? &drill : &raise, &doc, &id);
	bench_device(b, ++device, 0);
	assert_ok(bench_submit(b, device, &doc));
	struct hl_message ack = {.type = HL_ACK, .seen = &id, .n_seen = 1};
	ack.ack.answer = HL_ACTING;
	const struct world_letter draft = {.lab = PEER,
		.device = 0,
		.labs = 3,
		.class = HL_CLASS_ANSWER,
		.status = status,
		.precedence = HL_IMMEDIATE,
		.incident = &id,
		.answers = &id,
		.created = b->now.wall,
		.message = &ack};
	world_seal(&b->world, &draft, &answer, &answer_id);
	bench_letter(b, LINK, PEER, &answer);
	bench_drop_sent(b);
}

static void a_week_without_an_answered_drill_is_told(void **state)
{
	struct bench *b = *state;
	size_t warned;

	b->config.drill_every = 0;
	restart(b);
	bench_peer(b, LINK, PEER);
	alone(b, 7 * DAY - 1000);
	assert_int_equal(last_test(b, &warned), 0);
	assert_int_equal(warned, 0);
	alone(b, 1000);
	last_test(b, &warned);
	assert_int_equal(warned, 1);
	alone(b, DAY);
	restart(b);
	bench_peer(b, LINK, PEER);
	alone(b, 1000);
	assert_int_equal(runs(b, "live", HL_HOOK_DRILL, HL_DRILL_REMINDER), 1);
	assert_int_equal(told(b, HL_FEED_DRILL, HL_DRILL_REMINDER), 1);
	/* What is actual is no drill. */
	hold(b, HL_ACTUAL);
	assert_int_equal(last_test(b, &warned), 0);
	assert_int_equal(warned, 1);
	hold(b, HL_EXERCISE);
	uint64_t held = b->now.wall;
	assert_int_equal(last_test(b, &warned), held);
	assert_int_equal(warned, 0);
	alone(b, 7 * DAY - 2000);
	assert_int_equal(last_test(b, &warned), held);
	assert_int_equal(warned, 0);
	alone(b, 2000);
	last_test(b, &warned);
	assert_int_equal(warned, 1);
}

/* Another configuration, or a clock that was set back, puts nothing off for long. */
static void a_schedule_of_before_is_cut_short(void **state)
{
	struct bench *b = *state;
	struct hl_drill_status row[128];

	b->config.drill_every = 30 * 24 * 3600;
	restart(b);
	bench_peer(b, LINK, PEER);
	go(b, MINUTE);
	receipt(b, HL_OK);
	assert_int_equal(tests(b, row), 1);
	b->config.drill_every = 600;
	restart(b);
	alone(b, 10 * MINUTE);
	assert_int_equal(tests(b, row), 2);
	/* A boot whose clock is a year back. */
	b->config.boot.b[0]++;
	b->now.wall -= 365 * DAY;
	restart(b);
	alone(b, 11 * MINUTE);
	assert_int_equal(tests(b, row), 3);
}

/* The configuration is read again while the line is up. */
static void tests_are_switched_on_and_off(void **state)
{
	struct bench *b = *state;
	struct hl_drill_status row[128];

	b->config.drill_every = b->config.drill_remind = 0;
	restart(b);
	bench_peer(b, LINK, PEER);
	go(b, 3 * HOUR);
	assert_int_equal(tests(b, row), 0);
	hl_engine_set_drills(b->engine, 3600, 0);
	go(b, MINUTE + 5000);
	assert_int_equal(tests(b, row), 1);
	receipt(b, HL_OK);
	hl_engine_set_drills(b->engine, 60, 0);
	go(b, MINUTE + 5000);
	assert_int_equal(tests(b, row), 2);
	hl_engine_set_drills(b->engine, 0, 0);
	go(b, 3 * HOUR);
	assert_int_equal(tests(b, row), 2);
	assert_true(row[1].missed);
}

static bool timer_is_lost(struct bench *b)
{
	const struct hl_event e = {.type = HL_EVENT_TIMER};

	b->now.boot += 1000;
	b->now.wall += 1000;
	enum hl_status status = hl_engine_step(b->engine, &e, &b->now);
	enum hl_status end = hl_engine_commit(b->engine, &b->now);
	bench_fetch_effects(b);
	bench_drop_sent(b);
	assert_true(end == HL_OK || end == HL_ERR_NOSPACE);
	return status != HL_OK || end != HL_OK;
}

static size_t count_tests(struct bench *b)
{
	struct hl_drill_row row[64];
	size_t n = 0;

	assert_ok(
		hl_store_drill_list(b->store, &b->world.lab[PEER].id, 0, 0, row, 64, &n));
	return n;
}

/* What a full disk still takes is for answers and receipts: no test begins on it. */
static void a_full_disk_is_not_filled_by_tests(void **state)
{
	static char page[4096];
	struct bench *b = *state;
	char dir[] = "/tmp/hotline-drill-XXXXXX", path[64], error[HL_STORE_ERROR_MAX];

	assert_non_null(mkdtemp(dir));
	if (mount("none", dir, "tmpfs", 0, "size=24m,mode=0700") != 0) {
		rmdir(dir);
		skip();
	}
	hl_engine_free(b->engine);
	hl_store_close(b->store);
	snprintf(path, sizeof(path), "%s/store", dir);
	assert_ok(hl_store_open(path, &b->world.net, &b->config.lab, &b->store, error));
	b->config.drill_every = 4;
	b->config.drill_remind = 0;
	bench_start(b);
	bench_give_all(b);
	bench_peer(b, LINK, PEER);
	snprintf(path, sizeof(path), "%s/filler", dir);
	FILE *filler = fopen(path, "w");
	assert_non_null(filler);
	while (fwrite(page, sizeof(page), 1, filler) == 1 && fflush(filler) == 0)
		;
	bench_fill_store(b);
	assert_true(hl_store_scarce(b->store));
	size_t before = count_tests(b);
	for (size_t i = 0; i < 70; i++)
		assert_false(timer_is_lost(b));
	assert_int_equal(count_tests(b), before);
	unlink(path);
	(void)!fclose(filler);
	for (size_t i = 0; i < 70; i++)
		assert_false(timer_is_lost(b));
	assert_true(count_tests(b) > before);
	assert_int_equal(umount2(dir, MNT_DETACH), 0);
	rmdir(dir);
}

static void rows_are_given_in_pages(void **state)
{
	struct bench *b = *state;
	struct hl_frame frame = {.type = HL_FRAME_DRILLS};
	struct hl_view bytes;
	uint64_t number;

	for (uint64_t i = 0; i < 600; i++) {
		const struct hl_drill_row row = {.lab = b->world.lab[PEER].id,
			.sent = WORLD_START + i * 1000,
			.missed = true};
		assert_ok(hl_store_drill_add(b->store, &row, &number));
	}
	assert_ok(hl_store_commit(b->store));
	bench_device(b, ++device, 0);
	static const size_t want[] = {512, 88, 0};
	frame.drills.lab = b->world.lab[PEER].id;
	for (size_t page = 0; page < 3; page++) {
		struct hl_body body HL_CLEAN_BODY = {0};

		assert_ok(bench_ask(b, device, &frame, &bytes));
		assert_ok(hl_body_parse(bytes, HL_FRAME_DRILLS, &body));
		assert_int_equal(body.drills.n, want[page]);
		if (body.drills.n > 0)
			frame.drills.after = body.drills.items[body.drills.n - 1].number;
	}
	struct hl_body body HL_CLEAN_BODY = {0};
	frame.drills.after = 0;
	frame.drills.since = WORLD_START + 590 * 1000;
	assert_ok(bench_ask(b, device, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_DRILLS, &body));
	assert_int_equal(body.drills.n, 10);
	struct hl_body none HL_CLEAN_BODY = {0};
	frame.drills.since = UINT64_MAX;
	assert_ok(bench_ask(b, device, &frame, &bytes));
	assert_ok(hl_body_parse(bytes, HL_FRAME_DRILLS, &none));
	assert_int_equal(none.drills.n, 0);
}

int main(void)
{
	const struct CMUnitTest all[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_first_test_soon_and_answered),
		T(tests_follow_each_hour),
		T(one_that_is_not_answered_is_missed),
		T(an_outage_is_counted_and_piles_nothing_up),
		T(a_restart_neither_skips_nor_repeats),
		T(one_that_is_refused_is_missed_at_once),
		T(another_nodes_test_is_answered_once),
		T(a_nodes_key_may_sign_nothing_else),
		T(only_the_tested_lab_answers),
		T(a_persons_drill_rings_as_an_exercise),
		T(a_week_without_an_answered_drill_is_told),
		T(a_schedule_of_before_is_cut_short),
		T(tests_are_switched_on_and_off),
		T(a_full_disk_is_not_filled_by_tests),
		T(rows_are_given_in_pages),
	};

	return cmocka_run_group_tests_name("engine drill", all, NULL, NULL);
}
