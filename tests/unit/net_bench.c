#include "tests/unit/net_bench.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct nb_script nb_script;
struct hl_dh_key nb_key;
struct unit_entropy nb_entropy;
const struct hl_id nb_net = {{1}}, nb_lab = {{2}};

/* The engine. */

enum hl_status hl_engine_step(
	struct hl_engine *engine, const struct hl_event *event, const struct hl_now *now)
{
	struct told *t = &nb_script.told[nb_script.n_told];

	(void)engine;
	(void)now;
	if (nb_script.on_step != NULL)
		nb_script.on_step(event);
	if (event->type == HL_EVENT_TIMER)
		return HL_OK;
	assert_true(nb_script.n_told < EVENTS_MAX);
	nb_script.n_told++;
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
	} else if (event->type == HL_EVENT_LATE) {
		t->n = event->late.ms;
	} else if (event->type == HL_EVENT_DRAINED) {
		t->n = event->drained.queued;
	}
	return HL_OK;
}

enum hl_status hl_engine_commit(struct hl_engine *engine, const struct hl_now *now)
{
	(void)engine;
	(void)now;
	nb_script.committed = nb_script.n_effects;
	return HL_OK;
}

bool hl_engine_effect(struct hl_engine *engine, struct hl_effect_out *ret)
{
	(void)engine;
	if (nb_script.given == nb_script.committed)
		return false;
	*ret = nb_script.effect[nb_script.given++];
	return true;
}

uint64_t hl_engine_next(const struct hl_engine *engine)
{
	(void)engine;
	/* The loop has come round; the timer is due at once, so that it never sleeps. */
	if (++nb_script.turns >= TURNS)
		nb_script.net->stop = nb_script.net->failed = true;
	return 1;
}

bool hl_engine_known(const struct hl_engine *engine, size_t i, struct hl_known_key *ret)
{
	(void)engine;
	if (i >= nb_script.n_known)
		return false;
	*ret = nb_script.known[i];
	return true;
}

uint64_t hl_engine_known_generation(const struct hl_engine *engine)
{
	(void)engine;
	return nb_script.generation;
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
	snprintf(nb_script.logged, sizeof(nb_script.logged), "%s", line);
}

int net_bench_setup(void **state)
{
	(void)state;
	memset(&nb_script, 0, sizeof(nb_script));
	unit_entropy_init(&nb_entropy);
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &nb_key));
	struct hl_net_config config = {.net = nb_net,
		.lab = nb_lab,
		.link = &nb_key,
		.entropy = nb_entropy.source,
		.log = log_line};
	assert_ok(hl_net_new(&config, NULL, NULL, &nb_script.net));
	return 0;
}

int net_bench_teardown(void **state)
{
	(void)state;
	hl_net_free(nb_script.net);
	for (size_t i = nb_script.given; i < nb_script.n_effects; i++)
		hl_buf_clear(&nb_script.effect[i].frame);
	hl_dh_key_clear(&nb_key);
	return 0;
}

/* Runs the loop until all has come to rest. */
void nb_run(void)
{
	nb_script.turns = 0;
	nb_script.net->stop = nb_script.net->failed = false;
	assert_false(hl_net_run(nb_script.net));
	nb_script.net->failed = false;
}

const struct told *nb_last(enum hl_event_type type)
{
	for (size_t i = nb_script.n_told; i > 0; i--)
		if (nb_script.told[i - 1].type == type)
			return &nb_script.told[i - 1];
	return NULL;
}

size_t nb_count(enum hl_event_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < nb_script.n_told; i++)
		n += nb_script.told[i].type == type;
	return n;
}

void nb_know(const struct hl_dh_key *key, uint8_t lab, uint8_t psk)
{
	struct hl_known_key *k = &nb_script.known[nb_script.n_known++];

	memcpy(k->key, key->pub, HL_KEY_SIZE);
	k->purpose = HL_PURPOSE_PEER;
	k->lab.b[0] = lab;
	memset(k->psk, psk, HL_KEY_SIZE);
	nb_script.generation++;
}

/* A stream comes from an address (0: a local socket); false: it is turned away. */
bool nb_arrive(struct other *o, uint8_t source)
{
	struct in6_addr from = {0};
	int pair[2];

	memset(o, 0, sizeof(*o));
	o->fd = -1;
	from.s6_addr[10] = from.s6_addr[11] = 0xff;
	from.s6_addr[15] = source;
	if (!net_admit(nb_script.net, &from, source == 0))
		return false;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	struct stream *s = net_stream_new(nb_script.net, pair[0], STAGE_KNOCK);
	assert_non_null(s);
	s->source = from;
	s->local = source == 0;
	o->fd = pair[1];
	o->number = s->number;
	return true;
}

void nb_leave(struct other *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	hl_noise_clear(&o->noise);
	hl_records_clear(&o->records);
}

void nb_say(struct other *o, const void *p, size_t n)
{
	assert_int_equal(send(o->fd, p, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* Bytes that have come; 0: none, -1: the stream was closed. */
ssize_t nb_hear(struct other *o, uint8_t *p, size_t n)
{
	ssize_t got = recv(o->fd, p, n, MSG_DONTWAIT);

	return got == 0 ? -1 : got < 0 ? 0 : got;
}

struct stream *nb_stream_of(const struct other *o)
{
	return net_stream_find(nb_script.net, o->number);
}

/* The knock of one key, and a first message that is made with another. */
void nb_make_first(
	struct other *o, const struct hl_dh_key *knocker, const struct hl_dh_key *key)
{
	HL_CLEAN_BUF struct hl_buf prologue = {0}, message = {0};
	HL_CLEAN_OUT struct hl_out out;
	struct hl_key32 ephemeral;

	hl_out_init(&out);
	hl_out_array(&out, 4);
	hl_out_uint(&out, 1);
	hl_out_id(&out, &nb_net);
	hl_out_uint(&out, HL_PURPOSE_PEER);
	hl_out_id(&out, &nb_lab);
	assert_ok(hl_out_finish(&out, &prologue));
	assert_ok(hl_entropy_fill(&nb_entropy.source, ephemeral.b, HL_KEY_SIZE));
	assert_ok(hl_noise_init(&o->noise, HL_NOISE_XKPSK3, true, hl_view_buf(&prologue),
		key, nb_key.pub, &ephemeral));
	assert_ok(hl_noise_write(&o->noise, hl_view_of(NULL, 0), &message));
	assert_ok(hl_knock(knocker, nb_key.pub, hl_view_buf(&message), o->first));
	memcpy(o->first + HL_KNOCK_SIZE, message.p, message.n);
}

/* Up to the third message, which is made and not yet sent. */
void nb_make_third(struct other *o, const struct hl_dh_key *knocker,
	const struct hl_dh_key *key, uint8_t psk, uint8_t ret[static HL_NOISE_MESSAGE_3])
{
	uint8_t second[HL_NOISE_MESSAGE_2 + 1], bytes[HL_KEY_SIZE];
	HL_CLEAN_BUF struct hl_buf message = {0};

	nb_make_first(o, knocker, key);
	nb_say(o, o->first, sizeof(o->first));
	nb_run();
	assert_int_equal(nb_hear(o, second, sizeof(second)), HL_NOISE_MESSAGE_2);
	assert_ok(hl_noise_read(&o->noise, hl_view_of(second, HL_NOISE_MESSAGE_2), NULL));
	memset(bytes, psk, sizeof(bytes));
	hl_noise_set_psk(&o->noise, bytes);
	assert_ok(hl_noise_write(&o->noise, hl_view_of(NULL, 0), &message));
	assert_int_equal(message.n, HL_NOISE_MESSAGE_3);
	memcpy(ret, message.p, message.n);
}

/* A whole handshake by a known key. */
void nb_link_up(struct other *o, const struct hl_dh_key *key, uint8_t psk)
{
	uint8_t third[HL_NOISE_MESSAGE_3];
	struct hl_session session = {0};
	size_t before = nb_count(HL_EVENT_LINK_UP);

	assert_true(nb_arrive(o, 0));
	nb_make_third(o, key, key, psk, third);
	nb_say(o, third, sizeof(third));
	nb_run();
	assert_int_equal(nb_count(HL_EVENT_LINK_UP), before + 1);
	assert_ok(hl_noise_split(&o->noise, &session));
	hl_records_init(&o->records, &session);
}

void nb_queue(uint64_t link, unsigned lane, size_t n)
{
	struct hl_effect_out *e = &nb_script.effect[nb_script.n_effects++];

	assert_true(nb_script.n_effects < EFFECTS_MAX);
	*e = (struct hl_effect_out){.type = HL_EFFECT_SEND, .link = link, .lane = lane};
	assert_ok(hl_buf_reserve(&e->frame, n));
	memset(e->frame.p, (int)lane, n);
	e->frame.n = n;
}

/* Opens records until the stream gives no more. Returns how many, and counts their frames. */
size_t nb_take_records(struct other *o, unsigned want, size_t *ret_at, size_t *ret_frames)
{
	static uint8_t record[HL_RECORD];
	size_t n = 0, have = 0;

	for (size_t idle = 0; idle < 3;) {
		ssize_t got = nb_hear(o, record + have, sizeof(record) - have);
		if (got < 0)
			break;
		if (got == 0) {
			nb_run();
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
