/* Listeners: TCP and Unix sockets, and what is taken from them. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/net/state.h"

#define ACCEPTS_MAX 16

/* The address of a TCP peer, IPv4 mapped; it is counted per address. */
static struct in6_addr source_of(const struct sockaddr_storage *address)
{
	struct in6_addr source = {0};

	if (address->ss_family == AF_INET6) {
		source = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	} else if (address->ss_family == AF_INET) {
		source.s6_addr[10] = source.s6_addr[11] = 0xff;
		memcpy(source.s6_addr + 12,
			&((const struct sockaddr_in *)(const void *)address)->sin_addr,
			4);
	}
	return source;
}

static void take(struct listener *l, int fd, const struct sockaddr_storage *address)
{
	struct in6_addr source = source_of(address);
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int yes = 1, low = NOTSENT_LOW;

	if (!net_admit(l->net, &source, l->local)) {
		close(fd);
		return;
	}
	if (!l->local) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof(low));
	}
	struct stream *s = net_stream_new(l->net, fd, STAGE_KNOCK);
	if (s == NULL)
		return;
	s->source = source;
	s->local = l->local;
	if (l->local && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		s->uid = (uint64_t)peer.uid + 1;
}

static void on_ready(evutil_socket_t fd, short what, void *ctx)
{
	struct listener *l = ctx;
	struct sockaddr_storage address;

	(void)what;
	for (size_t i = 0; i < ACCEPTS_MAX; i++) {
		socklen_t size = sizeof(address);
		memset(&address, 0, sizeof(address));
		int got = accept4(fd, (struct sockaddr *)&address, &size,
			SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (got >= 0) {
			take(l, got, &address);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			errno == ENOMEM)
			net_listeners_rest(l->net, true);
		return;
	}
}

void net_listeners_rest(struct hl_net *net, bool rest)
{
	if (net->reserve == rest)
		return;
	net->reserve = rest;
	for (struct listener *l = net->listeners; l != NULL; l = l->next) {
		if (rest)
			event_del(l->ready);
		else
			event_add(l->ready, NULL);
	}
	if (rest)
		net_log(net, 4, "no file descriptors are left: new links must wait");
}

/* Takes a bound socket in. */
static bool listener_add(struct hl_net *net, int fd, const char *path)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return false;
	l->net = net;
	l->fd = fd;
	l->local = path != NULL;
	if (path != NULL)
		snprintf(l->path, sizeof(l->path), "%s", path);
	l->ready = event_new(net->base, fd, EV_READ | EV_PERSIST, on_ready, l);
	if (l->ready == NULL || event_add(l->ready, NULL) != 0) {
		if (l->ready != NULL)
			event_free(l->ready);
		free(l);
		return false;
	}
	l->next = net->listeners;
	net->listeners = l;
	return true;
}

bool hl_net_listen(struct hl_net *net, const char *address, char *why, size_t size)
{
	struct sockaddr_storage at = {0};
	int n = sizeof(at), yes = 1;

	if (evutil_parse_sockaddr_port(address, (struct sockaddr *)&at, &n) != 0) {
		snprintf(why, size,
			"cannot listen on %s: write address:port, such as 0.0.0.0:4685",
			address);
		return false;
	}
	int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, (socklen_t)n) == 0 &&
		listen(fd, 128) == 0 && listener_add(net, fd, NULL))
		return true;
	snprintf(why, size, "cannot listen on %s: %s%s", address, strerror(errno),
		errno == EADDRINUSE ? " (is another hotlined running there?)" : "");
	if (fd >= 0)
		close(fd);
	return false;
}

/* Is somebody listening on this socket file? */
static bool answers(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0;

	if (fd >= 0)
		close(fd);
	return yes;
}

bool hl_net_listen_unix(
	struct hl_net *net, const char *path, unsigned mode, char *why, size_t size)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(at.sun_path)) {
		snprintf(why, size,
			"cannot listen on %s: a socket's path has at most %zu bytes",
			path, sizeof(at.sun_path) - 1);
		return false;
	}
	memcpy(at.sun_path, path, strlen(path) + 1);
	if (answers(&at)) {
		snprintf(why, size, "%s is in use: another hotlined is running", path);
		return false;
	}
	unlink(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		chmod(path, (mode_t)mode) == 0 && listen(fd, 128) == 0 &&
		listener_add(net, fd, path))
		return true;
	snprintf(why, size, "cannot listen on %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

void net_listeners_free(struct hl_net *net)
{
	while (net->listeners != NULL) {
		struct listener *l = net->listeners;
		net->listeners = l->next;
		event_free(l->ready);
		close(l->fd);
		if (l->local)
			unlink(l->path);
		free(l);
	}
}
