/*
 * The sockets of a node, over real streams: knocks, handshakes, places, records, and what the
 * engine is told. The engine here writes down what it is told and says what the test wants said.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <event2/dns.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/net/state.h"

#define TURNS       200 /* enough for whatever is under way to come to rest */
#define EVENTS_MAX  4096
#define EFFECTS_MAX 64
#define KNOWN_MAX   40

struct told {
	enum hl_event_type type;
	uint64_t link;
	struct hl_id lab;
	bool psk;
	unsigned lane;
	size_t n; /* bytes of the frame, or what is queued */
	char why[160];
};

/* What the engine in this test was told, and is to say. */
static struct script {
	struct told told[EVENTS_MAX];
	size_t n_told;
	struct hl_effect_out effect[EFFECTS_MAX];
	size_t n_effects, committed, given;
	struct hl_known_key known[KNOWN_MAX];
	size_t n_known;
	uint64_t generation;
	size_t turns;
	struct hl_net *net;
	char logged[512];
} script;

static struct hl_dh_key node_key;
static struct unit_entropy entropy;
static const struct hl_id net_id = {{1}}, own_lab = {{2}};

/* The engine. */

enum hl_status hl_engine_step(
	struct hl_engine *engine, const struct hl_event *event, const struct hl_now *now)
{
	struct told *t = &script.told[script.n_told];

	(void)engine;
	(void)now;
	if (event->type == HL_EVENT_TIMER)
		return HL_OK;
	assert_true(script.n_told < EVENTS_MAX);
	script.n_told++;
	*t = (struct told){.type = event->type, .link = event->link};
	if (event->type == HL_EVENT_LINK_UP) {
		t->psk = event->up.psk;
		t->lab = event->up.lab;
	} else if (event->type == HL_EVENT_LINK_DOWN && event->down.why != NULL) {
		snprintf(t->why, sizeof(t->why), "%s", event->down.why);
	} else if (event->type == HL_EVENT_DIAL_FAILED) {
		t->lab = event->dial_failed.lab;
		snprintf(t->why, sizeof(t->why), "%s", event->dial_failed.why);
	} else if (event->type == HL_EVENT_FRAME) {
		t->lane = event->frame.lane;
		t->n = event->frame.bytes.n;
	} else if (event->type == HL_EVENT_DRAINED) {
		t->n = event->drained.queued;
	}
	return HL_OK;
}

enum hl_status hl_engine_commit(struct hl_engine *engine, const struct hl_now *now)
{
	(void)engine;
	(void)now;
	script.committed = script.n_effects;
	return HL_OK;
}

bool hl_engine_effect(struct hl_engine *engine, struct hl_effect_out *ret)
{
	(void)engine;
	if (script.given == script.committed)
		return false;
	*ret = script.effect[script.given++];
	return true;
}

uint64_t hl_engine_next(const struct hl_engine *engine)
{
	(void)engine;
	/* The loop has come round; the timer is due at once, so that it never sleeps. */
	if (++script.turns >= TURNS)
		script.net->stop = script.net->failed = true;
	return 1;
}

bool hl_engine_known(const struct hl_engine *engine, size_t i, struct hl_known_key *ret)
{
	(void)engine;
	if (i >= script.n_known)
		return false;
	*ret = script.known[i];
	return true;
}

uint64_t hl_engine_known_generation(const struct hl_engine *engine)
{
	(void)engine;
	return script.generation;
}

const char *hl_store_error(const struct hl_store *store)
{
	(void)store;
	return "";
}

void hl_store_idle(struct hl_store *store)
{
	(void)store;
}

/* What a test does. */

static void log_line(unsigned priority, const char *line)
{
	(void)priority;
	snprintf(script.logged, sizeof(script.logged), "%s", line);
}

static int setup(void **state)
{
	(void)state;
	memset(&script, 0, sizeof(script));
	unit_entropy_init(&entropy);
	assert_ok(hl_dh_key_generate(&entropy.source, &node_key));
	struct hl_net_config config = {.net = net_id,
		.lab = own_lab,
		.link = &node_key,
		.entropy = entropy.source,
		.log = log_line};
	assert_ok(hl_net_new(&config, NULL, NULL, &script.net));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hl_net_free(script.net);
	for (size_t i = script.given; i < script.n_effects; i++)
		hl_buf_clear(&script.effect[i].frame);
	hl_dh_key_clear(&node_key);
	return 0;
}

/* Runs the loop until all has come to rest. */
static void run(void)
{
	script.turns = 0;
	script.net->stop = script.net->failed = false;
	assert_false(hl_net_run(script.net));
	script.net->failed = false;
}

static const struct told *last(enum hl_event_type type)
{
	for (size_t i = script.n_told; i > 0; i--)
		if (script.told[i - 1].type == type)
			return &script.told[i - 1];
	return NULL;
}

static size_t count(enum hl_event_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < script.n_told; i++)
		n += script.told[i].type == type;
	return n;
}

static void know(const struct hl_dh_key *key, uint8_t lab, uint8_t psk)
{
	struct hl_known_key *k = &script.known[script.n_known++];

	memcpy(k->key, key->pub, HL_KEY_SIZE);
	k->purpose = HL_PURPOSE_PEER;
	k->lab.b[0] = lab;
	memset(k->psk, psk, HL_KEY_SIZE);
	script.generation++;
}

/* The other end of a stream, and its side of the handshake. */
struct other {
	int fd;
	uint64_t number;
	struct hl_noise noise;
	struct hl_records records;
	uint8_t first[HL_KNOCK_SIZE + HL_NOISE_MESSAGE_1];
};

/* A stream comes from an address (0: a local socket); false: it is turned away. */
static bool arrive(struct other *o, uint8_t source)
{
	struct in6_addr from = {0};
	int pair[2];

	memset(o, 0, sizeof(*o));
	o->fd = -1;
	from.s6_addr[10] = from.s6_addr[11] = 0xff;
	from.s6_addr[15] = source;
	if (!net_admit(script.net, &from, source == 0))
		return false;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	struct stream *s = net_stream_new(script.net, pair[0], STAGE_KNOCK);
	assert_non_null(s);
	s->source = from;
	s->local = source == 0;
	o->fd = pair[1];
	o->number = s->number;
	return true;
}

static void leave(struct other *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	hl_noise_clear(&o->noise);
	hl_records_clear(&o->records);
}

static void say(struct other *o, const void *p, size_t n)
{
	assert_int_equal(send(o->fd, p, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* Bytes that have come; 0: none, -1: the stream was closed. */
static ssize_t hear(struct other *o, uint8_t *p, size_t n)
{
	ssize_t got = recv(o->fd, p, n, MSG_DONTWAIT);

	return got == 0 ? -1 : got < 0 ? 0 : got;
}

static struct stream *stream_of(const struct other *o)
{
	return net_stream_find(script.net, o->number);
}

/* The knock of one key, and a first message that is made with another. */
static void make_first(
	struct other *o, const struct hl_dh_key *knocker, const struct hl_dh_key *key)
{
	HL_CLEAN_BUF struct hl_buf prologue = {0}, message = {0};
	HL_CLEAN_OUT struct hl_out out;
	struct hl_key32 ephemeral;

	hl_out_init(&out);
	hl_out_array(&out, 4);
	hl_out_uint(&out, 1);
	hl_out_id(&out, &net_id);
	hl_out_uint(&out, HL_PURPOSE_PEER);
	hl_out_id(&out, &own_lab);
	assert_ok(hl_out_finish(&out, &prologue));
	assert_ok(hl_entropy_fill(&entropy.source, ephemeral.b, HL_KEY_SIZE));
	assert_ok(hl_noise_init(&o->noise, HL_NOISE_XKPSK3, true, hl_view_buf(&prologue),
		key, node_key.pub, &ephemeral));
	assert_ok(hl_noise_write(&o->noise, hl_view_of(NULL, 0), &message));
	assert_ok(hl_knock(knocker, node_key.pub, hl_view_buf(&message), o->first));
	memcpy(o->first + HL_KNOCK_SIZE, message.p, message.n);
}

/* Up to the third message, which is made and not yet sent. */
static void make_third(struct other *o, const struct hl_dh_key *knocker,
	const struct hl_dh_key *key, uint8_t psk, uint8_t ret[static HL_NOISE_MESSAGE_3])
{
	uint8_t second[HL_NOISE_MESSAGE_2 + 1], bytes[HL_KEY_SIZE];
	HL_CLEAN_BUF struct hl_buf message = {0};

	make_first(o, knocker, key);
	say(o, o->first, sizeof(o->first));
	run();
	assert_int_equal(hear(o, second, sizeof(second)), HL_NOISE_MESSAGE_2);
	assert_ok(hl_noise_read(&o->noise, hl_view_of(second, HL_NOISE_MESSAGE_2), NULL));
	memset(bytes, psk, sizeof(bytes));
	hl_noise_set_psk(&o->noise, bytes);
	assert_ok(hl_noise_write(&o->noise, hl_view_of(NULL, 0), &message));
	assert_int_equal(message.n, HL_NOISE_MESSAGE_3);
	memcpy(ret, message.p, message.n);
}

/* A whole handshake by a known key. */
static void link_up(struct other *o, const struct hl_dh_key *key, uint8_t psk)
{
	uint8_t third[HL_NOISE_MESSAGE_3];
	struct hl_session session = {0};
	size_t before = count(HL_EVENT_LINK_UP);

	assert_true(arrive(o, 0));
	make_third(o, key, key, psk, third);
	say(o, third, sizeof(third));
	run();
	assert_int_equal(count(HL_EVENT_LINK_UP), before + 1);
	assert_ok(hl_noise_split(&o->noise, &session));
	hl_records_init(&o->records, &session);
}

static void queue(uint64_t link, unsigned lane, size_t n)
{
	struct hl_effect_out *e = &script.effect[script.n_effects++];

	assert_true(script.n_effects < EFFECTS_MAX);
	*e = (struct hl_effect_out){.type = HL_EFFECT_SEND, .link = link, .lane = lane};
	assert_ok(hl_buf_reserve(&e->frame, n));
	memset(e->frame.p, (int)lane, n);
	e->frame.n = n;
}

/* Opens records until the stream gives no more. Returns how many, and counts their frames. */
static size_t take_records(
	struct other *o, unsigned want, size_t *ret_at, size_t *ret_frames)
{
	static uint8_t record[HL_RECORD];
	size_t n = 0, have = 0;

	for (size_t idle = 0; idle < 3;) {
		ssize_t got = hear(o, record + have, sizeof(record) - have);
		if (got < 0)
			break;
		if (got == 0) {
			run();
			idle++;
			continue;
		}
		idle = 0;
		have += (size_t)got;
		if (have < sizeof(record))
			continue;
		have = 0;
		assert_ok(hl_records_open(&o->records, record));
		for (;;) {
			HL_CLEAN_BUF struct hl_buf frame = {0};
			unsigned lane;
			if (!hl_records_next(&o->records, &lane, &frame))
				break;
			*ret_frames += 1;
			if (lane == want)
				*ret_at = n;
		}
		n++;
	}
	assert_int_equal(have, 0);
	return n;
}

/* Knocks. */

static void test_stranger_hears_nothing(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other o;
	uint8_t byte[64];

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	assert_true(arrive(&o, 1));
	make_first(&o, &key, &key);
	say(&o, o.first, sizeof(o.first));
	run();
	assert_int_equal(hear(&o, byte, sizeof(byte)), 0);
	assert_int_equal(stream_of(&o)->stage, STAGE_MUTE);
	/* Nor does it for all it may say then, until the deadline. */
	say(&o, o.first, sizeof(o.first));
	run();
	assert_int_equal(hear(&o, byte, sizeof(byte)), 0);
	event_active(stream_of(&o)->deadline, EV_TIMEOUT, 0);
	run();
	assert_null(stream_of(&o));
	assert_int_equal(script.n_told, 0);
	leave(&o);
}

static void test_a_knock_opens_once(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other o, again;
	uint8_t bytes[64];

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	assert_true(arrive(&o, 0));
	make_first(&o, &key, &key);
	say(&o, o.first, sizeof(o.first));
	run();
	assert_int_equal(hear(&o, bytes, sizeof(bytes)), HL_NOISE_MESSAGE_2);
	assert_true(arrive(&again, 0));
	say(&again, o.first, sizeof(o.first));
	run();
	assert_int_equal(hear(&again, bytes, sizeof(bytes)), 0);
	assert_int_equal(stream_of(&again)->stage, STAGE_MUTE);
	assert_non_null(strstr(script.logged, "replayed"));
	leave(&o);
	leave(&again);
}

static void test_wrong_psk_is_told(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint8_t third[HL_NOISE_MESSAGE_3], byte;
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 7);
	assert_true(arrive(&o, 0));
	make_third(&o, &key, &key, 8, third);
	say(&o, third, sizeof(third));
	run();
	assert_int_equal(count(HL_EVENT_LINK_UP), 0);
	assert_non_null(last(HL_EVENT_DIAL_FAILED));
	assert_int_equal(last(HL_EVENT_DIAL_FAILED)->lab.b[0], 9);
	assert_non_null(strstr(last(HL_EVENT_DIAL_FAILED)->why, "PSK"));
	assert_int_equal(hear(&o, &byte, 1), 0);
	leave(&o);
}

/* A card may name the key of another lab: its owner comes through with its own PSK. */
static void test_a_key_on_two_cards(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 3, 0);
	know(&key, 9, 7);
	link_up(&o, &key, 7);
	assert_true(last(HL_EVENT_LINK_UP)->psk);
	assert_int_equal(stream_of(&o)->lab.b[0], 9);
	leave(&o);
	link_up(&o, &key, 0);
	assert_false(last(HL_EVENT_LINK_UP)->psk);
	leave(&o);
}

static void test_third_message_of_another_key(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key known = {0}, other = {0};
	uint8_t third[HL_NOISE_MESSAGE_3];
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &known));
	assert_ok(hl_dh_key_generate(&entropy.source, &other));
	know(&known, 9, 0);
	know(&other, 8, 0);
	assert_true(arrive(&o, 0));
	make_third(&o, &known, &other, 0, third);
	say(&o, third, sizeof(third));
	run();
	assert_int_equal(count(HL_EVENT_LINK_UP), 0);
	leave(&o);
}

/* Places. */

static void test_oldest_stranger_makes_room(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other known, o[HL_HALF_OPEN_STRANGE + 8];
	uint8_t third[HL_NOISE_MESSAGE_3];

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	assert_true(arrive(&known, 200));
	make_third(&known, &key, &key, 0, third);
	for (size_t i = 0; i < HL_HALF_OPEN_STRANGE + 8; i++) {
		assert_true(arrive(&o[i], (uint8_t)(i + 1)));
		assert_true(script.net->half <= HL_HALF_OPEN_MAX);
	}
	for (size_t i = 0; i < HL_HALF_OPEN_STRANGE + 8; i++) {
		assert_int_equal(stream_of(&o[i]) == NULL, i < 8);
		leave(&o[i]);
	}
	/* Who has knocked kept the place, and gets through. */
	say(&known, third, sizeof(third));
	run();
	assert_int_equal(count(HL_EVENT_LINK_UP), 1);
	leave(&known);
}

static void test_four_of_one_source(void **state)
{
	struct other o[6], elsewhere;

	(void)state;
	assert_true(arrive(&elsewhere, 2));
	for (size_t i = 0; i < 6; i++)
		assert_true(arrive(&o[i], 1));
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(stream_of(&o[i]) == NULL, i < 2);
		leave(&o[i]);
	}
	assert_non_null(stream_of(&elsewhere));
	leave(&elsewhere);
}

/* Two of one key have a place and two wait; a place that is free is given to who waits. */
static void test_two_of_one_key(void **state)
{
	static const enum stage stages[] = {STAGE_MESSAGE_3, STAGE_MESSAGE_3, STAGE_WAIT,
		STAGE_WAIT, STAGE_MUTE, STAGE_MUTE};
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other o[6];

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	for (size_t i = 0; i < 6; i++) {
		assert_true(arrive(&o[i], 0));
		make_first(&o[i], &key, &key);
		say(&o[i], o[i].first, sizeof(o[i].first));
		run();
		assert_int_equal(stream_of(&o[i])->stage, stages[i]);
	}
	leave(&o[0]);
	run();
	assert_null(stream_of(&o[0]));
	assert_int_equal(stream_of(&o[2])->stage, STAGE_MESSAGE_3);
	assert_int_equal(stream_of(&o[3])->stage, STAGE_WAIT);
	for (size_t i = 1; i < 6; i++)
		leave(&o[i]);
}

/* Cuts. */

static void test_cut_within_the_handshake(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint8_t third[HL_NOISE_MESSAGE_3];
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	for (size_t n = 0; n < HL_KNOCK_SIZE + HL_NOISE_MESSAGE_1; n++) {
		assert_true(arrive(&o, 0));
		make_first(&o, &key, &key);
		if (n > 0)
			say(&o, o.first, n);
		leave(&o);
		run();
		assert_null(stream_of(&o));
	}
	for (size_t n = 0; n < HL_NOISE_MESSAGE_3; n++) {
		assert_true(arrive(&o, 0));
		make_third(&o, &key, &key, 0, third);
		if (n > 0)
			say(&o, third, n);
		leave(&o);
		run();
		assert_null(stream_of(&o));
	}
	assert_int_equal(script.n_told, 0);
	assert_int_equal(script.net->half, 0);
}

static void test_cut_within_a_record(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint8_t record[HL_RECORD];
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	for (size_t n = 0; n <= HL_RECORD; n += n < 64 || n >= HL_RECORD - 64 ? 7 : 331) {
		HL_CLEAN_BUF struct hl_buf frame = {0};
		size_t frames = count(HL_EVENT_FRAME), downs = count(HL_EVENT_LINK_DOWN);
		link_up(&o, &key, 0);
		assert_ok(hl_buf_append(&frame, hl_view_of(record, 10)));
		assert_ok(hl_records_queue(&o.records, HL_LANE_FLASH, &frame));
		assert_ok(hl_records_seal(&o.records, record));
		if (n > 0)
			say(&o, record, n);
		leave(&o);
		run();
		assert_null(stream_of(&o));
		assert_int_equal(count(HL_EVENT_FRAME), frames + (n == HL_RECORD));
		assert_int_equal(count(HL_EVENT_LINK_DOWN), downs + 1);
		assert_non_null(strstr(last(HL_EVENT_LINK_DOWN)->why, "cut"));
	}
}

static void test_spoiled_record_ends_the_link(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint8_t record[HL_RECORD], byte;
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	link_up(&o, &key, 0);
	assert_ok(hl_records_seal(&o.records, record));
	record[HL_RECORD - 1] ^= 1;
	say(&o, record, sizeof(record));
	run();
	assert_null(stream_of(&o));
	assert_int_equal(count(HL_EVENT_LINK_DOWN), 1);
	assert_int_equal(hear(&o, &byte, 1), -1);
	leave(&o);
}

/* What is sent. */

static void test_flash_goes_at_the_next_record(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	size_t at = 0, frames = 0;
	int small = 4608;
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	link_up(&o, &key, 0);
	setsockopt(stream_of(&o)->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	queue(o.number, HL_LANE_BULK, 200000);
	run();
	size_t sealed = (size_t)stream_of(&o)->records.session.send.n;
	assert_true(sealed > 0 && sealed < 40);
	queue(o.number, HL_LANE_FLASH, 3000);
	run();
	assert_true(take_records(&o, HL_LANE_FLASH, &at, &frames) > sealed + 1);
	assert_int_equal(frames, 2);
	assert_int_equal(at, sealed);
	leave(&o);
}

static void test_drained_is_told(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	size_t at = 0, frames = 0;
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	link_up(&o, &key, 0);
	queue(o.number, HL_LANE_ROUTINE, 400000);
	queue(o.number, HL_LANE_ROUTINE, 400000);
	run();
	take_records(&o, 0, &at, &frames);
	assert_int_equal(frames, 2);
	assert_true(count(HL_EVENT_DRAINED) >= 1);
	assert_true(count(HL_EVENT_DRAINED) <= 1 + 900000 / DRAINED_STEP);
	assert_int_equal(last(HL_EVENT_DRAINED)->n, 0);
	leave(&o);
}

static void test_close_flushes_first(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	size_t at = 0, frames = 0;
	uint8_t byte;
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	link_up(&o, &key, 0);
	for (size_t i = 0; i < 3; i++)
		queue(o.number, HL_LANE_BULK, 300000);
	queue(o.number, HL_LANE_CONTROL, 2);
	script.effect[script.n_effects++] =
		(struct hl_effect_out){.type = HL_EFFECT_CLOSE, .link = o.number};
	run();
	/* What is sent after the end goes nowhere. */
	queue(o.number, HL_LANE_CONTROL, 2);
	run();
	take_records(&o, HL_LANE_CONTROL, &at, &frames);
	assert_int_equal(frames, 4);
	assert_int_equal(hear(&o, &byte, 1), -1);
	leave(&o);
	run();
	assert_null(stream_of(&o));
	assert_int_equal(count(HL_EVENT_LINK_DOWN), 0);
}

static void test_unread_link_is_ended(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	link_up(&o, &key, 0);
	for (size_t i = 0; i < 24; i++)
		queue(o.number, HL_LANE_BULK, HL_FRAME_MAX);
	run();
	assert_null(stream_of(&o));
	assert_int_equal(count(HL_EVENT_LINK_DOWN), 1);
	leave(&o);
}

/* What a paused link sends stays in its stream, and comes when the time is over. */
static void test_a_paused_link_waits(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	HL_CLEAN_BUF struct hl_buf frame = {0};
	uint8_t record[HL_RECORD] = {0};
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	link_up(&o, &key, 0);
	script.effect[script.n_effects++] =
		(struct hl_effect_out){.type = HL_EFFECT_PAUSE,
			.link = o.number,
			.until = hl_net_now().boot + 60000};
	queue(o.number, HL_LANE_CONTROL, 2);
	run();
	assert_ok(hl_buf_append(&frame, hl_view_of(record, 10)));
	assert_ok(hl_records_queue(&o.records, HL_LANE_FLASH, &frame));
	assert_ok(hl_records_seal(&o.records, record));
	say(&o, record, sizeof(record));
	run();
	assert_int_equal(count(HL_EVENT_FRAME), 0);
	assert_non_null(stream_of(&o));
	event_active(stream_of(&o)->deadline, EV_TIMEOUT, 0);
	run();
	assert_int_equal(count(HL_EVENT_FRAME), 1);
	/* One that is closed while it waits is emptied and ends. */
	script.effect[script.n_effects++] =
		(struct hl_effect_out){.type = HL_EFFECT_PAUSE,
			.link = o.number,
			.until = hl_net_now().boot + 60000};
	script.effect[script.n_effects++] =
		(struct hl_effect_out){.type = HL_EFFECT_CLOSE, .link = o.number};
	queue(o.number, HL_LANE_CONTROL, 2);
	run();
	leave(&o);
	run();
	assert_null(stream_of(&o));
}

/* Dialling. */

static void dial(uint8_t lab, const struct hl_dh_key *key, const char *addresses)
{
	struct hl_effect_out *e = &script.effect[script.n_effects++];

	*e = (struct hl_effect_out){.type = HL_EFFECT_DIAL};
	e->lab.b[0] = lab;
	memcpy(e->key, key->pub, HL_KEY_SIZE);
	snprintf(e->text, sizeof(e->text), "%s", addresses);
}

/* A listener on the loopback; its address as a line. */
static int listen_here(char *ret, size_t size)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	snprintf(ret, size, "127.0.0.1:%u\n", ntohs(at.sin_port));
	return fd;
}

/* The first address is silent, the second one closes at once, and there is no third. */
static void test_dial_tries_each_address(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint8_t bytes[HL_KNOCK_SIZE + HL_NOISE_MESSAGE_1 + 1];
	char silent[32], closes[32], both[64];

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	int a = listen_here(silent, sizeof(silent));
	int b = listen_here(closes, sizeof(closes));
	snprintf(both, sizeof(both), "%s%s", silent, closes);
	dial(9, &key, both);
	run();
	int first = accept(a, NULL, NULL);
	assert_true(first >= 0);
	assert_int_equal(recv(first, bytes, sizeof(bytes), MSG_DONTWAIT),
		HL_KNOCK_SIZE + HL_NOISE_MESSAGE_1);
	assert_int_equal(script.n_told, 0);
	event_active(script.net->half_first->deadline, EV_TIMEOUT, 0);
	run();
	int second = accept(b, NULL, NULL);
	assert_true(second >= 0);
	assert_int_equal(script.n_told, 0);
	close(second);
	run();
	assert_int_equal(script.n_told, 1);
	assert_int_equal(count(HL_EVENT_DIAL_FAILED), 1);
	assert_int_equal(script.told[0].lab.b[0], 9);
	assert_null(script.net->dials);
	assert_null(script.net->half_first);
	close(first);
	close(a);
	close(b);
}

static int listen_at(const char *host, unsigned port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(inet_pton(AF_INET, host, &at.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

/* A name with two addresses: when the one is of no use, the other is tried. */
static void test_dial_tries_each_address_of_a_name(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	char path[] = "/tmp/hotline-hosts-XXXXXX", line[64], *port;
	int hosts = mkstemp(path), got = -1;
	static const char twins[] = "127.0.0.1 twin.test\n127.0.0.2 twin.test\n";

	(void)state;
	assert_int_equal(write(hosts, twins, sizeof(twins) - 1), sizeof(twins) - 1);
	close(hosts);
	script.net->dns =
		evdns_base_new(script.net->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	assert_int_equal(evdns_base_load_hosts(script.net->dns, path), 0);
	unlink(path);
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 9, 0);
	int a = listen_here(line, sizeof(line));
	port = strchr(line, ':') + 1;
	int b = listen_at("127.0.0.2", (unsigned)strtoul(port, NULL, 10));
	fcntl(a, F_SETFL, O_NONBLOCK);
	fcntl(b, F_SETFL, O_NONBLOCK);
	memmove(line + 10, port, strlen(port) + 1);
	memcpy(line, "twin.test:", 10);
	dial(9, &key, line);
	run();
	got = accept(a, NULL, NULL);
	int second = got >= 0 ? b : a;
	got = got >= 0 ? got : accept(b, NULL, NULL);
	assert_true(got >= 0);
	assert_int_equal(script.n_told, 0);
	close(got);
	run();
	got = accept(second, NULL, NULL);
	assert_true(got >= 0);
	assert_int_equal(script.n_told, 0);
	close(got);
	run();
	assert_int_equal(count(HL_EVENT_DIAL_FAILED), 1);
	assert_null(script.net->dials);
	close(a);
	close(b);
}

/* Two nets would need two engines: the other side is played by the same library's responder. */
static void test_dial_makes_a_link(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	HL_CLEAN_BUF struct hl_buf prologue = {0}, second = {0};
	HL_CLEAN_OUT struct hl_out out;
	HL_CLEAN_NOISE struct hl_noise noise = {0};
	const struct hl_id lab = {{9}};
	uint8_t bytes[256], psk[HL_KEY_SIZE], mac[HL_KNOCK_SIZE];
	struct hl_key32 ephemeral;
	char address[32];

	(void)state;
	assert_ok(hl_dh_key_generate(&entropy.source, &key));
	know(&key, 3, 0); /* another lab's card names the key as well */
	know(&key, 9, 5);
	int listener = listen_here(address, sizeof(address));
	dial(9, &key, address);
	run();
	int fd = accept(listener, NULL, NULL);
	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT), 64);
	assert_ok(
		hl_knock(&key, node_key.pub, hl_view_of(bytes + HL_KNOCK_SIZE, 48), mac));
	assert_memory_equal(mac, bytes, HL_KNOCK_SIZE);
	hl_out_init(&out);
	hl_out_array(&out, 4);
	hl_out_uint(&out, 1);
	hl_out_id(&out, &net_id);
	hl_out_uint(&out, HL_PURPOSE_PEER);
	hl_out_id(&out, &lab);
	assert_ok(hl_out_finish(&out, &prologue));
	assert_ok(hl_entropy_fill(&entropy.source, ephemeral.b, HL_KEY_SIZE));
	assert_ok(hl_noise_init(&noise, HL_NOISE_XKPSK3, false, hl_view_buf(&prologue),
		&key, NULL, &ephemeral));
	memset(psk, 5, sizeof(psk));
	hl_noise_set_psk(&noise, psk);
	assert_ok(hl_noise_read(&noise, hl_view_of(bytes + HL_KNOCK_SIZE, 48), NULL));
	assert_ok(hl_noise_write(&noise, hl_view_of(NULL, 0), &second));
	assert_int_equal(send(fd, second.p, second.n, 0), (ssize_t)second.n);
	run();
	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT), 64);
	assert_ok(hl_noise_read(&noise, hl_view_of(bytes, 64), NULL));
	assert_memory_equal(hl_noise_remote(&noise), node_key.pub, HL_KEY_SIZE);
	assert_non_null(last(HL_EVENT_LINK_UP));
	assert_int_equal(last(HL_EVENT_LINK_UP)->lab.b[0], 9);
	assert_true(last(HL_EVENT_LINK_UP)->psk);
	assert_null(script.net->dials);
	/* Ended before a word was said: that is what a wrong PSK looks like from here. */
	close(fd);
	run();
	assert_non_null(strstr(last(HL_EVENT_LINK_DOWN)->why, "PSK"));
	close(listener);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_stranger_hears_nothing),
		T(test_a_knock_opens_once),
		T(test_wrong_psk_is_told),
		T(test_a_key_on_two_cards),
		T(test_third_message_of_another_key),
		T(test_oldest_stranger_makes_room),
		T(test_four_of_one_source),
		T(test_two_of_one_key),
		T(test_cut_within_the_handshake),
		T(test_cut_within_a_record),
		T(test_spoiled_record_ends_the_link),
		T(test_flash_goes_at_the_next_record),
		T(test_drained_is_told),
		T(test_close_flushes_first),
		T(test_unread_link_is_ended),
		T(test_a_paused_link_waits),
		T(test_dial_tries_each_address),
		T(test_dial_tries_each_address_of_a_name),
		T(test_dial_makes_a_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
