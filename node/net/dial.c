/*
 * Dialling a peer: its addresses one after another, until a handshake is made. Names are resolved
 * by libevent without blocking the loop.
 */
#include <errno.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/net/state.h"

struct dial {
	struct dial *next;
	struct hl_net *net;
	struct hl_id lab;
	uint8_t key[HL_KEY_SIZE];
	uint8_t psk[HL_KEY_SIZE];
	char addresses[256];                    /* lines, each ended by '\n' */
	size_t at;                              /* where the next line begins */
	char now[256];                          /* the one that is tried */
	struct evutil_addrinfo *list, *further; /* of a name; the next to be tried */
	struct evdns_getaddrinfo_request *asking;
	struct stream *stream;
};

static void next_address(struct dial *dial, const char *why);

static void forget_list(struct dial *dial)
{
	if (dial->list != NULL)
		evutil_freeaddrinfo(dial->list);
	dial->list = dial->further = NULL;
}

static void dial_free(struct dial *dial)
{
	struct dial **at = &dial->net->dials;

	while (*at != dial)
		at = &(*at)->next;
	*at = dial->next;
	if (dial->asking != NULL)
		evdns_getaddrinfo_cancel(dial->asking);
	forget_list(dial);
	if (dial->stream != NULL)
		dial->stream->dial = NULL;
	hl_wipe(dial, sizeof(*dial));
	free(dial);
}

void net_dials_free(struct hl_net *net)
{
	while (net->dials != NULL)
		dial_free(net->dials);
}

void net_dial_done(struct dial *dial)
{
	dial_free(dial);
}

void net_dial_failed(struct dial *dial, const char *why)
{
	dial->stream = NULL;
	next_address(dial, why);
}

/* No address is left: tell the engine. */
static void give_up(struct dial *dial, const char *why)
{
	struct hl_event event = {.type = HL_EVENT_DIAL_FAILED};
	char line[256 + 160];

	snprintf(line, sizeof(line), "%s%s%s", dial->now,
		dial->now[0] != '\0' ? ": " : "", why);
	event.dial_failed.lab = dial->lab;
	event.dial_failed.why = line;
	struct hl_net *net = dial->net;
	dial_free(dial);
	net_step(net, &event);
}

/* Begins to connect; the stream takes over. */
static void reach(struct dial *dial, const struct sockaddr *address, socklen_t size)
{
	struct hl_net *net = dial->net;
	int yes = 1, low = NOTSENT_LOW;
	int fd =
		socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || (connect(fd, address, size) != 0 && errno != EINPROGRESS)) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		next_address(dial, strerror(error));
		return;
	}
	if (address->sa_family != AF_UNIX) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof(low));
	}
	struct stream *s = net_stream_new(net, fd, STAGE_CONNECTING);
	if (s == NULL) {
		next_address(dial, "no memory");
		return;
	}
	s->purpose = HL_PURPOSE_PEER;
	s->lab = dial->lab;
	memcpy(s->key, dial->key, HL_KEY_SIZE);
	memcpy(s->psk_key, dial->psk, HL_KEY_SIZE);
	static const uint8_t zeros[HL_KEY_SIZE];
	s->psk = !hl_bytes_eq_secret(s->psk_key, zeros, HL_KEY_SIZE);
	s->dial = dial;
	dial->stream = s;
}

static void on_resolved(int result, struct evutil_addrinfo *list, void *ctx)
{
	struct dial *dial = ctx;

	if (result == EVUTIL_EAI_CANCEL)
		return;
	dial->asking = NULL;
	if (result != 0 || list == NULL) {
		next_address(dial, evutil_gai_strerror(result));
		return;
	}
	dial->list = list;
	dial->further = list->ai_next;
	reach(dial, list->ai_addr, (socklen_t)list->ai_addrlen);
}

/* A name: asked of the resolver, which is made when it is first needed. */
static void resolve(struct dial *dial)
{
	struct hl_net *net = dial->net;
	struct evutil_addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	char host[256], *colon;

	memcpy(host, dial->now, sizeof(host));
	colon = strrchr(host, ':');
	if (colon == NULL || colon == host) {
		next_address(dial, "no address: host:port is wanted");
		return;
	}
	*colon = '\0';
	if (net->dns == NULL)
		net->dns = evdns_base_new(net->base,
			EVDNS_BASE_INITIALIZE_NAMESERVERS |
				EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (net->dns == NULL) {
		next_address(dial, "names cannot be resolved: see /etc/resolv.conf");
		return;
	}
	/* May call back before it returns, and end the dial: nothing is touched after. */
	struct evdns_getaddrinfo_request *asking =
		evdns_getaddrinfo(net->dns, host, colon + 1, &hints, on_resolved, dial);
	if (asking != NULL)
		dial->asking = asking;
}

static void try_now(struct dial *dial)
{
	struct sockaddr_storage address = {0};
	int size = sizeof(address);
	struct sockaddr_un local = {.sun_family = AF_UNIX};

	if (dial->now[0] == '/' && strlen(dial->now) < sizeof(local.sun_path)) {
		memcpy(local.sun_path, dial->now, strlen(dial->now) + 1);
		reach(dial, (const struct sockaddr *)&local, sizeof(local));
	} else if (evutil_parse_sockaddr_port(
			   dial->now, (struct sockaddr *)&address, &size) == 0) {
		reach(dial, (const struct sockaddr *)&address, (socklen_t)size);
	} else {
		resolve(dial);
	}
}

static void next_address(struct dial *dial, const char *why)
{
	const char *line = dial->addresses + dial->at;
	size_t n = strcspn(line, "\n");
	const struct evutil_addrinfo *further = dial->further;

	if (further != NULL) {
		dial->further = further->ai_next;
		reach(dial, further->ai_addr, (socklen_t)further->ai_addrlen);
		return;
	}
	forget_list(dial);
	if (n == 0) {
		give_up(dial, why);
		return;
	}
	memcpy(dial->now, line, n);
	dial->now[n] = '\0';
	dial->at += n + (line[n] == '\n');
	try_now(dial);
}

/* The PSK that the engine knows for a key. */
static void find_psk(struct hl_net *net, struct dial *dial)
{
	struct hl_known_key known;

	for (size_t i = 0; hl_engine_known(net->engine, i, &known); i++) {
		if (hl_id_eq(&known.lab, &dial->lab) &&
			memcmp(known.key, dial->key, HL_KEY_SIZE) == 0)
			memcpy(dial->psk, known.psk, HL_KEY_SIZE);
	}
	hl_wipe(&known, sizeof(known));
}

void net_dial(struct hl_net *net, const struct hl_effect_out *effect)
{
	struct dial *dial = calloc(1, sizeof(*dial));

	if (dial == NULL) {
		struct hl_event event = {.type = HL_EVENT_DIAL_FAILED};
		event.dial_failed.lab = effect->lab;
		event.dial_failed.why = "no memory";
		net_step(net, &event);
		return;
	}
	dial->net = net;
	dial->lab = effect->lab;
	memcpy(dial->key, effect->key, HL_KEY_SIZE);
	memcpy(dial->addresses, effect->text, sizeof(dial->addresses));
	dial->addresses[sizeof(dial->addresses) - 1] = '\0';
	dial->next = net->dials;
	net->dials = dial;
	find_psk(net, dial);
	next_address(dial, "no address is known: see the peer's card");
}
