/*
 * Who may take a place before its handshake is done: streams that have not knocked are pushed out,
 * the oldest first, so that no flood of them keeps a known peer away.
 */
#include <string.h>

#include "node/net/state.h"

static bool strange(const struct stream *stream)
{
	return stream->stage == STAGE_KNOCK || stream->stage == STAGE_MUTE;
}

/* One IPv4 address, or one network of IPv6: who has one address there has 2^64. */
static bool same_source(const struct stream *s, const struct in6_addr *source)
{
	size_t n = IN6_IS_ADDR_V4MAPPED(source) ? 16 : 8;

	return !s->local && memcmp(&s->source, source, n) == 0;
}

/* The oldest stranger; of one source, or (NULL) of any. */
static struct stream *oldest(struct hl_net *net, const struct in6_addr *source)
{
	for (struct stream *s = net->half_first; s != NULL; s = s->half_next) {
		if (!strange(s) || s->initiator)
			continue;
		if (source == NULL || same_source(s, source))
			return s;
	}
	return NULL;
}

static size_t of_source(struct hl_net *net, const struct in6_addr *source)
{
	size_t n = 0;

	for (struct stream *s = net->half_first; s != NULL; s = s->half_next)
		n += !s->initiator && same_source(s, source);
	return n;
}

static size_t strangers(struct hl_net *net)
{
	size_t n = 0;

	for (struct stream *s = net->half_first; s != NULL; s = s->half_next)
		n += strange(s) && !s->initiator;
	return n;
}

/* Ends the oldest stranger (of a source); false when there is none. */
static bool push_out(struct hl_net *net, const struct in6_addr *source)
{
	struct stream *old = oldest(net, source);

	if (old == NULL)
		return false;
	net_stream_end(old, "its place was needed");
	return true;
}

bool net_admit(struct hl_net *net, const struct in6_addr *source, bool local)
{
	/* SPEC link 1.6: At most 64 streams are within a handshake at once, at most 4 of one
	 * source address and at most 2 of one known key */
	if (!local && of_source(net, source) >= HL_HALF_OPEN_SOURCE &&
		!push_out(net, source))
		return false;
	if (strangers(net) >= HL_HALF_OPEN_STRANGE && !push_out(net, NULL))
		return false;
	return net->half < HL_HALF_OPEN_MAX || push_out(net, NULL);
}

bool net_admit_key(struct hl_net *net, const struct stream *stream)
{
	size_t n = 0;

	for (struct stream *s = net->half_first; s != NULL; s = s->half_next)
		n += s != stream && !s->initiator && s->stage == STAGE_MESSAGE_3 &&
			memcmp(s->key, stream->key, HL_KEY_SIZE) == 0;
	return n < HL_HALF_OPEN_KEY;
}

/* As many again may wait for a place of their key: more would take the places of other keys. */
bool net_admit_waiting(struct hl_net *net, const struct stream *stream)
{
	size_t n = 0;

	for (struct stream *s = net->half_first; s != NULL; s = s->half_next)
		n += s != stream && s->stage == STAGE_WAIT &&
			memcmp(s->key, stream->key, HL_KEY_SIZE) == 0;
	return n < HL_HALF_OPEN_KEY;
}
