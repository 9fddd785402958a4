/*
 * The handshake (spec/link.md 1): bytes in, bytes out, and at its end the records of a link.
 */
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
	event.up.peer_pid_uid = s->uid;
	memcpy(event.up.key, s->key, HL_KEY_SIZE);
	if (s->dial != NULL)
		net_dial_done(s->dial);
	net_step(s->net, &event);
}

/* SPEC link 1.5: Where no known key fits, where the knock was seen before, or where anything
 * fails, the responder sends nothing and closes the stream after the deadline */
static void mute(struct stream *s)
{
	s->stage = STAGE_MUTE;
	event_del(s->readable);
}

static void knocked(struct stream *s)
{
	struct hl_view message = hl_view_of(s->in + HL_KNOCK_SIZE, HL_NOISE_MESSAGE_1);
	const struct known *known = net_known_find(s->net, message, s->in);

	if (known == NULL) {
		mute(s);
		return;
	}
	s->purpose = known->key.purpose;
	s->lab = known->key.lab;
	memcpy(s->key, known->key.key, HL_KEY_SIZE);
	memcpy(s->psk_key, known->key.psk, HL_KEY_SIZE);
	static const uint8_t zeros[HL_KEY_SIZE];
	s->psk = !hl_bytes_eq_secret(s->psk_key, zeros, HL_KEY_SIZE);
	if (!net_admit_key(s->net, s) || begin(s, false, &s->net->config.lab) != HL_OK ||
		hl_noise_read(&s->noise, message, NULL) != HL_OK || put(s) != HL_OK) {
		mute(s);
		return;
	}
	expect(s, STAGE_MESSAGE_3, HL_NOISE_MESSAGE_3);
	net_stream_flush(s);
}

/* What the last message tells of is a wrong PSK, when all before it was right. */
static void third(struct stream *s)
{
	struct hl_view message = hl_view_of(s->in, HL_NOISE_MESSAGE_3);

	if (hl_noise_read(&s->noise, message, NULL) == HL_OK &&
		memcmp(hl_noise_remote(&s->noise), s->key, HL_KEY_SIZE) == 0) {
		up(s);
		return;
	}
	if (s->purpose == HL_PURPOSE_PEER) {
		struct hl_event event = {.type = HL_EVENT_DIAL_FAILED};
		event.dial_failed.lab = s->lab;
		event.dial_failed.why = "its handshake does not open: the PSKs differ";
		net_step(s->net, &event);
	}
	mute(s);
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
	case STAGE_MUTE:
	case STAGE_UP:
	case STAGE_CLOSING: return;
	}
}
