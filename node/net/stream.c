/*
 * Streams: bytes to records to frames, and back. A record is sealed only when the one before it has
 * left, this process and the kernel's queue, so that a FLASH overtakes at the next.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/net/state.h"

static void on_readable(evutil_socket_t fd, short what, void *ctx);
static void on_writable(evutil_socket_t fd, short what, void *ctx);
static void on_deadline(evutil_socket_t fd, short what, void *ctx);

static void half_add(struct stream *s)
{
	struct hl_net *net = s->net;

	s->half = true;
	s->half_previous = net->half_last;
	*(net->half_last != NULL ? &net->half_last->half_next : &net->half_first) = s;
	net->half_last = s;
	net->half += !s->initiator; /* who is dialled takes no place */
}

/* Leaves the list of those within a handshake. True: a place of its key is free now. */
static bool half_remove(struct stream *s)
{
	struct hl_net *net = s->net;

	if (!s->half)
		return false;
	*(s->half_previous != NULL ? &s->half_previous->half_next : &net->half_first) =
		s->half_next;
	*(s->half_next != NULL ? &s->half_next->half_previous : &net->half_last) =
		s->half_previous;
	s->half = false;
	s->half_next = s->half_previous = NULL;
	net->half -= !s->initiator;
	return s->stage == STAGE_MESSAGE_3;
}

void net_stream_through(struct stream *s)
{
	event_del(s->deadline);
	if (half_remove(s))
		net_shake_waiting(s->net);
}

void net_stream_deadline(struct stream *s, unsigned ms)
{
	struct timeval in = {ms / 1000, (ms % 1000) * 1000};
	event_add(s->deadline, &in);
}

static void stream_free(struct stream *s)
{
	if (s->readable != NULL)
		event_free(s->readable);
	if (s->writable != NULL)
		event_free(s->writable);
	if (s->deadline != NULL)
		event_free(s->deadline);
	if (s->fd >= 0)
		close(s->fd);
	hl_noise_clear(&s->noise);
	hl_records_clear(&s->records);
	hl_wipe(s, sizeof(*s));
	free(s);
}

struct stream *net_stream_new(struct hl_net *net, int fd, enum stage stage)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		close(fd);
		return NULL;
	}
	s->net = net;
	s->fd = fd;
	s->stage = stage;
	s->initiator = stage == STAGE_CONNECTING;
	s->in_want = HL_KNOCK_SIZE + HL_NOISE_MESSAGE_1;
	s->readable = event_new(net->base, fd, EV_READ | EV_PERSIST, on_readable, s);
	s->writable = event_new(net->base, fd, EV_WRITE, on_writable, s);
	s->deadline = evtimer_new(net->base, on_deadline, s);
	if (s->readable == NULL || s->writable == NULL || s->deadline == NULL) {
		stream_free(s);
		return NULL;
	}
	s->number = net->next_number++;
	s->next = net->buckets[s->number % BUCKETS];
	net->buckets[s->number % BUCKETS] = s;
	half_add(s);
	net_stream_deadline(s, HL_HANDSHAKE_MS);
	event_add(stage == STAGE_CONNECTING ? s->writable : s->readable, NULL);
	return s;
}

struct stream *net_stream_find(struct hl_net *net, uint64_t number)
{
	struct stream *s = net->buckets[number % BUCKETS];

	while (s != NULL && s->number != number)
		s = s->next;
	return s;
}

static const char cut[] = "cut: ended without goodbye";

/* What a dialler whose link ends before a word was said should look at. */
static const char *last_word(const struct stream *s, const char *why)
{
	if (s->stage == STAGE_UP && s->initiator && !s->heard)
		return "closed without a word after the handshake: the PSKs differ, or it is "
		       "no longer welcome there";
	if (s->stage == STAGE_MESSAGE_2 && why == cut)
		return "it ended the connection instead of answering: it is going down, or is no "
		       "hotline node";
	return why;
}

void net_stream_end(struct stream *s, const char *why)
{
	struct hl_net *net = s->net;
	struct stream **at = &net->buckets[s->number % BUCKETS];
	struct hl_event event = {.type = HL_EVENT_LINK_DOWN, .link = s->number};
	bool up = s->stage == STAGE_UP;
	struct dial *dial = s->dial;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	event.down.why = last_word(s, why);
	bool place = half_remove(s);
	stream_free(s);
	if (place && !net->stop)
		net_shake_waiting(net);
	net_listeners_rest(net, false);
	if (up)
		net_step(net, &event);
	else if (dial != NULL)
		net_dial_failed(dial, event.down.why);
}

void net_stream_send(struct stream *s, unsigned lane, struct hl_buf *frame)
{
	if (s->stage != STAGE_UP) {
		hl_buf_clear(frame);
		return;
	}
	/* A frame that is left out would leave a hole that nobody sees: the link ends instead. */
	if (hl_records_queued(&s->records) + frame->n > QUEUE_HARD ||
		hl_records_queue(&s->records, lane, frame) != HL_OK) {
		s->overrun = true;
		hl_buf_clear(frame);
	}
}

void net_stream_close(struct stream *s)
{
	if (s->stage != STAGE_UP)
		return;
	s->stage = STAGE_CLOSING;
	s->in_n = 0;
	if (s->held || s->paused) /* what still comes is discarded, not left to wait */
		event_add(s->readable, NULL);
	s->held = s->paused = false;
	net_stream_deadline(s, CLOSING_MS);
	net_stream_flush(s);
}

void net_stream_pause(struct stream *s, uint64_t until)
{
	uint64_t now = hl_net_now().boot;

	if (s->stage != STAGE_UP || until <= now)
		return;
	s->held = true;
	event_del(s->readable);
	net_stream_deadline(s, (unsigned)(until - now));
}

static void go_on(struct stream *s)
{
	s->held = false;
	if (!s->paused)
		event_add(s->readable, NULL);
}

/* A record that is sealed can be overtaken no more: it is sealed when the kernel takes it. */
static bool is_taken(const struct stream *s)
{
	struct pollfd ready = {.fd = s->fd, .events = POLLOUT};

	return poll(&ready, 1, 0) == 1;
}

/* Fills out with the next record, where there is one. */
static bool refill(struct stream *s)
{
	bool linked = s->stage == STAGE_UP || s->stage == STAGE_CLOSING;

	if (!linked || !hl_records_pending(&s->records))
		return false;
	if (!is_taken(s)) {
		event_add(s->writable, NULL);
		return false;
	}
	if (hl_records_seal(&s->records, s->out) != HL_OK) {
		s->broken = true;
		return false;
	}
	s->out_done = 0;
	s->out_n = HL_RECORD;
	return true;
}

/* Tells the engine that its queue moves; it may send more at the end of the turn. */
static void drained(struct stream *s)
{
	size_t queued = hl_records_queued(&s->records);

	if (s->stage != STAGE_UP || s->sent == 0 ||
		(queued != 0 && s->sent < DRAINED_STEP))
		return;
	s->sent = 0;
	struct hl_event event = {.type = HL_EVENT_DRAINED, .link = s->number};
	event.drained.queued = queued;
	net_step(s->net, &event);
}

/* Writes what the socket takes. False: the stream is gone. */
static bool pump(struct stream *s)
{
	for (;;) {
		if (s->out_done == s->out_n) {
			s->out_done = s->out_n = 0;
			if (!refill(s) && !s->broken)
				return true;
		}
		if (s->broken) {
			net_stream_end(s, "no more can be sealed on it");
			return false;
		}
		ssize_t n = send(s->fd, s->out + s->out_done, s->out_n - s->out_done,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			event_add(s->writable, NULL);
			return true;
		}
		if (n < 0) {
			net_stream_end(s, strerror(errno));
			return false;
		}
		s->out_done += (size_t)n;
		s->sent += s->stage == STAGE_UP ? (size_t)n : 0;
	}
}

void net_stream_flush(struct stream *s)
{
	if (s->overrun) {
		net_stream_end(s, "it does not read what is sent to it");
		return;
	}
	if (s->stage == STAGE_CONNECTING || !pump(s))
		return;
	if (s->stage == STAGE_CLOSING && s->out_n == 0 &&
		!hl_records_pending(&s->records)) {
		/* Closed with bytes unread, the socket would take back what was sent. */
		s->stage = STAGE_LINGER;
		shutdown(s->fd, SHUT_WR);
		net_stream_deadline(s, LINGER_MS);
		return;
	}
	if (s->paused && hl_records_queued(&s->records) < QUEUE_PAUSE / 2) {
		s->paused = false;
		if (!s->held)
			event_add(s->readable, NULL);
	}
	drained(s);
}

/* A record has come: its frames, if they are whole, go to the engine. False: the stream is gone. */
static bool record_came(struct stream *s)
{
	struct hl_net *net = s->net;
	uint64_t number = s->number;
	unsigned lane;

	s->in_n = 0;
	if (hl_records_open(&s->records, s->in) != HL_OK) {
		net_stream_end(s, "a record that does not open");
		return false;
	}
	s->heard = true;
	for (;;) {
		HL_CLEAN_BUF struct hl_buf frame = {0};
		if (!hl_records_next(&s->records, &lane, &frame))
			return true;
		struct hl_event event = {.type = HL_EVENT_FRAME, .link = number};
		event.frame.lane = lane;
		event.frame.bytes = hl_view_buf(&frame);
		net_step(net, &event);
	}
}

/* in is full: a handshake message or a record. False: the stream is gone, or is not to be read. */
static bool came(struct stream *s)
{
	struct hl_net *net = s->net;
	uint64_t number = s->number;

	if (s->stage == STAGE_UP)
		return record_came(s);
	net_shake_read(s);
	return net_stream_find(net, number) == s && s->stage != STAGE_MUTE &&
		s->stage != STAGE_WAIT;
}

/* What still comes on a link that is over goes nowhere. */
static void discard(struct stream *s)
{
	ssize_t n = recv(s->fd, s->in, sizeof(s->in), MSG_DONTWAIT);

	if (n == 0 ||
		(n < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
		net_stream_end(s, NULL);
}

/* A device that asks and does not read its answers asks no more until it has. */
static bool pause_device(struct stream *s)
{
	if (s->stage != STAGE_UP || s->purpose != HL_PURPOSE_DEVICE ||
		hl_records_queued(&s->records) < QUEUE_PAUSE)
		return false;
	s->paused = true;
	event_del(s->readable);
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct stream *s = ctx;

	(void)what;
	if (s->stage == STAGE_CLOSING || s->stage == STAGE_LINGER) {
		discard(s);
		return;
	}
	if (pause_device(s))
		return;
	for (size_t i = 0; i < READS_MAX;) {
		ssize_t n = recv(fd, s->in + s->in_n, s->in_want - s->in_n, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			net_stream_end(s, n == 0 ? cut : strerror(errno));
			return;
		}
		s->in_n += (size_t)n;
		if (s->in_n < s->in_want)
			continue;
		i++;
		if (!came(s))
			return;
	}
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct stream *s = ctx;
	int error = 0;
	socklen_t size = sizeof(error);

	(void)what;
	if (s->stage != STAGE_CONNECTING) {
		net_stream_flush(s);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	if (error != 0) {
		net_stream_end(s, strerror(error));
		return;
	}
	event_add(s->readable, NULL);
	net_shake_begin(s);
}

static void on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct stream *s = ctx;

	(void)fd;
	(void)what;
	if (s->stage == STAGE_UP)
		go_on(s);
	else if (s->stage == STAGE_CONNECTING)
		net_stream_end(s, "nobody answers there");
	else if (s->initiator && s->stage == STAGE_MESSAGE_2)
		net_stream_end(s,
			"connected, but it stays silent: this lab or key is not known "
			"there, or another network");
	else if (s->stage == STAGE_CLOSING || s->stage == STAGE_LINGER)
		net_stream_end(s, NULL);
	else
		net_stream_end(s, "the handshake took too long");
}
