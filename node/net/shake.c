/*
 * The handshake (spec/link.md 1): bytes in, bytes out, and at its end the records of a link.
 */
#include <arpa/inet.h>
#include <string.h>

#include "node/net/state.h"

/* SPEC link 1.2: The prologue is `[1, net_id, purpose u, lab_id of the responder]`. */
static enum hl_status begin(
	struct stream *s, bool initiator, const struct hl_id *responder)
{
	struct hl_net *net = s->net;
	HL_CLEAN_KEY32 struct hl_key32 ephemeral;
	HL_CLEAN_BUF struct hl_buf prologue = {0};
	HL_CLEAN_OUT struct hl_out out;

	hl_out_init(&out);
	hl_out_array(&out, 4);
	hl_out_uint(&out, HL_PROTOCOL_VERSION);
	hl_out_id(&out, &net->config.net);
	hl_out_uint(&out, s->purpose);
	hl_out_id(&out, responder);
	enum hl_status status = hl_out_finish(&out, &prologue);
	if (status != HL_OK)
		return status;
	status = hl_entropy_fill(&net->config.entropy, ephemeral.b, sizeof(ephemeral.b));
	if (status != HL_OK)
		return status;
	status = hl_noise_init(&s->noise, HL_NOISE_XKPSK3, initiator,
		hl_view_buf(&prologue), net->config.link, initiator ? s->key : NULL,
		&ephemeral);
	if (status == HL_OK)
		hl_noise_set_psk(&s->noise, s->psk_key);
	return status;
}

/* Puts the next handshake message behind what already waits in out. */
static enum hl_status put(struct stream *s)
{
	HL_CLEAN_BUF struct hl_buf message = {0};
	enum hl_status status = hl_noise_write(&s->noise, hl_view_of(NULL, 0), &message);

	if (status != HL_OK)
		return status;
	memcpy(s->out + s->out_n, message.p, message.n);
	s->out_n += message.n;
	return HL_OK;
}

static void expect(struct stream *s, enum stage stage, size_t n)
{
	s->stage = stage;
	s->in_n = 0;
	s->in_want = n;
}

/* The handshake is done: a link for the engine. */
static void up(struct stream *s)
{
	HL_CLEAN_SESSION struct hl_session session = {0};

	if (hl_noise_split(&s->noise, &session) != HL_OK) {
		net_stream_end(s, "no memory for the link");
		return;
	}
	hl_noise_clear(&s->noise);
	hl_records_init(&s->records, &session);
	net_stream_through(s);
	expect(s, STAGE_UP, HL_RECORD);
	struct hl_event event = {.type = HL_EVENT_LINK_UP, .link = s->number};
	event.up.purpose = s->purpose;
	event.up.initiator = s->initiator;
	event.up.psk = s->psk;
	event.up.uid = s->uid;
	memcpy(event.up.key, s->key, HL_KEY_SIZE);
	if (s->initiator)
		event.up.lab = s->lab;
	if (s->dial != NULL)
		net_dial_done(s->dial);
	net_step(s->net, &event);
}

/* SPEC link 1.5: Where no known key fits, where the knock was seen before, or where anything
 * fails, the responder sends nothing and closes the stream after the deadline
 *
 * Only the log here says why. */
static void mute(struct stream *s, unsigned priority, const char *why)
{
	char from[INET6_ADDRSTRLEN] = "the local socket";

	if (!s->local && IN6_IS_ADDR_V4MAPPED(&s->source))
		inet_ntop(AF_INET, s->source.s6_addr + 12, from, sizeof(from));
	else if (!s->local)
		inet_ntop(AF_INET6, &s->source, from, sizeof(from));
	net_log(s->net, priority, "no link with %s: %s", from, why);
	s->stage = STAGE_MUTE;
	event_del(s->readable);
}

/* There is a place for the key that has knocked: the handshake goes on. */
static void admit(struct stream *s)
{
	if (put(s) != HL_OK) {
		mute(s, 3, "the answer to its knock could not be made");
		return;
	}
	expect(s, STAGE_MESSAGE_3, HL_NOISE_MESSAGE_3);
	net_stream_flush(s);
}

void net_shake_waiting(struct hl_net *net)
{
	struct stream *next;

	for (struct stream *s = net->half_first; s != NULL; s = next) {
		next = s->half_next;
		if (s->stage != STAGE_WAIT || !net_admit_key(net, s))
			continue;
		event_add(s->readable, NULL);
		admit(s);
		return; /* one place, one stream; the list may have changed */
	}
}

static void knocked(struct stream *s)
{
	struct hl_view message = hl_view_of(s->in + HL_KNOCK_SIZE, HL_NOISE_MESSAGE_1);
	bool repeated = false;
	const struct known *known = net_known_find(s->net, message, s->in, &repeated);

	if (known == NULL) {
		mute(s, repeated ? 4 : 6,
			repeated
				? "a knock that was heard before: recorded and replayed"
				: "no known key has knocked: neither a member's on this lab's "
				  "card, nor that of a peer in its directory");
		return;
	}
	s->purpose = known->key.purpose;
	s->lab = known->key.lab;
	memcpy(s->key, known->key.key, HL_KEY_SIZE);
	memcpy(s->psk_key, known->key.psk, HL_KEY_SIZE);
	static const uint8_t zeros[HL_KEY_SIZE];
	s->psk = !hl_bytes_eq_secret(s->psk_key, zeros, HL_KEY_SIZE);
	if (begin(s, false, &s->net->config.lab) != HL_OK ||
		hl_noise_read(&s->noise, message, NULL) != HL_OK) {
		/* The knock shows that the key is right: what differs is in the prologue. */
		mute(s, 4,
			"a known key has knocked, but its first message does not open: most "
			"likely another network, or another version of the protocol");
	} else if (net_admit_key(s->net, s)) {
		admit(s);
	} else if (net_admit_waiting(s->net, s)) {
		s->stage = STAGE_WAIT;
		event_del(s->readable);
	} else {
		mute(s, 4, "too many handshakes of one known key at once");
	}
}

/* The last message opens with the PSK of one of the labs whose card has this key: any card may name
 * it, and its owner is not to be kept out by that. */
static bool opens(struct stream *s, struct hl_view message)
{
	static const uint8_t zeros[HL_KEY_SIZE];

	for (size_t i = 0; i < s->net->n_known; i++) {
		const struct hl_known_key *key = &s->net->known[i].key;
		HL_CLEAN_NOISE struct hl_noise noise = s->noise;
		if (key->purpose != s->purpose ||
			memcmp(key->key, s->key, HL_KEY_SIZE) != 0)
			continue;
		hl_noise_set_psk(&noise, key->psk);
		if (hl_noise_read(&noise, message, NULL) != HL_OK)
			continue;
		s->lab = key->lab;
		s->psk = !hl_bytes_eq_secret(key->psk, zeros, HL_KEY_SIZE);
		s->noise = noise;
		memset(&noise, 0, sizeof(noise));
		return memcmp(hl_noise_remote(&s->noise), s->key, HL_KEY_SIZE) == 0;
	}
	return false;
}

/* What the last message tells of is a wrong PSK, when all before it was right. */
static void third(struct stream *s)
{
	struct hl_view message = hl_view_of(s->in, HL_NOISE_MESSAGE_3);

	if (opens(s, message)) {
		up(s);
		return;
	}
	if (s->purpose == HL_PURPOSE_PEER) {
		struct hl_event event = {.type = HL_EVENT_DIAL_FAILED};
		event.dial_failed.lab = s->lab;
		event.dial_failed.why = "its handshake does not open: the PSKs differ";
		net_step(s->net, &event);
	}
	mute(s, 4,
		"a known key has knocked, but its handshake does not open: the PSKs differ");
	net_shake_waiting(s->net);
}

static void second(struct stream *s)
{
	if (hl_noise_read(&s->noise, hl_view_of(s->in, HL_NOISE_MESSAGE_2), NULL) !=
			HL_OK ||
		put(s) != HL_OK) {
		net_stream_end(s,
			"the handshake failed: another key than on the card, "
			"or another network");
		return;
	}
	/* Message 3 waits in out and leaves before the first record. */
	s->flushing = true;
	up(s);
}

void net_shake_begin(struct stream *s)
{
	struct hl_net *net = s->net;

	if (begin(s, true, &s->lab) != HL_OK) {
		net_stream_end(s, "the handshake could not be begun");
		return;
	}
	s->out_n = HL_KNOCK_SIZE;
	if (put(s) != HL_OK ||
		hl_knock(net->config.link, s->key,
			hl_view_of(s->out + HL_KNOCK_SIZE, HL_NOISE_MESSAGE_1),
			s->out) != HL_OK) {
		net_stream_end(s, "the key on the card is no good");
		return;
	}
	expect(s, STAGE_MESSAGE_2, HL_NOISE_MESSAGE_2);
	net_stream_flush(s);
}

void net_shake_read(struct stream *s)
{
	switch (s->stage) {
	case STAGE_KNOCK: knocked(s); return;
	case STAGE_MESSAGE_2: second(s); return;
	case STAGE_MESSAGE_3: third(s); return;
	case STAGE_CONNECTING:
	case STAGE_WAIT:
	case STAGE_MUTE:
	case STAGE_UP:
	case STAGE_CLOSING:
	case STAGE_LINGER: return;
	}
}
