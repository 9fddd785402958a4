/* The line to the helper process: orders and heartbeats out, results in. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/helper/wire.h"
#include "node/net/state.h"

#define HELPER_QUEUE_MAX (4 * 1024 * 1024)

static void lost(struct hl_net *net)
{
	const struct hl_event event = {.type = HL_EVENT_HOOKS_LOST};

	net_helper_free(net);
	net_step(net, &event);
}

static bool take(struct hl_net *net)
{
	struct hl_buf *in = &net->helper.in;

	for (;;) {
		struct hl_wire wire HL_CLEAN_WIRE = {.type = HL_WIRE_BEAT};
		struct hl_event event = {.type = HL_EVENT_HOOK_DONE};
		size_t used = 0;
		enum hl_status status = hl_wire_read(hl_view_buf(in), &wire, &used);
		if (status == HL_UNKNOWN)
			return true;
		if (status != HL_OK || wire.type != HL_WIRE_DONE)
			return false;
		event.hook_done.key = wire.key;
		event.hook_done.code = wire.code;
		event.hook_done.text = wire.text;
		memmove(in->p, in->p + used, in->n - used);
		in->n -= used;
		net_step(net, &event);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct hl_net *net = ctx;
	uint8_t chunk[4096];
	ssize_t n = recv(fd, chunk, sizeof(chunk), 0);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 ||
		hl_buf_append(&net->helper.in, hl_view_of(chunk, (size_t)n)) != HL_OK ||
		!take(net))
		lost(net);
}

static void flush(struct hl_net *net)
{
	struct hl_buf *out = &net->helper.out;

	while (out->n > 0) {
		ssize_t n = send(net->helper.fd, out->p, out->n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break; /* one that has gone is found out by reading */
		memmove(out->p, out->p + n, out->n - (size_t)n);
		out->n -= (size_t)n;
	}
	if (out->n > 0)
		event_add(net->helper.writable, NULL);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	flush(ctx);
}

static void send_wire(struct hl_net *net, const struct hl_wire *wire)
{
	struct hl_helper_line *line = &net->helper;

	if (line->fd < 0)
		return;
	/* What is left out is an order that is given again, or a heartbeat. */
	if (line->out.n > HELPER_QUEUE_MAX || hl_wire_write(wire, &line->out) != HL_OK)
		net_log(net, 3, "the helper does not keep up: hooks wait");
	flush(net);
}

static void on_beat(evutil_socket_t fd, short what, void *ctx)
{
	const struct hl_wire beat = {.type = HL_WIRE_BEAT};
	struct hl_net *net = ctx;

	(void)fd;
	(void)what;
	if (net->helper.out.n == 0)
		send_wire(net, &beat);
}

bool hl_net_helper(struct hl_net *net, int fd)
{
	struct hl_helper_line *line = &net->helper;
	const struct timeval every = {HL_WIRE_BEAT_MS / 1000, 0};

	line->fd = fd;
	line->readable = event_new(net->base, fd, EV_READ | EV_PERSIST, on_readable, net);
	line->writable = event_new(net->base, fd, EV_WRITE, on_writable, net);
	line->beat = event_new(net->base, -1, EV_PERSIST, on_beat, net);
	return line->readable != NULL && line->writable != NULL && line->beat != NULL &&
		event_add(line->readable, NULL) == 0 &&
		event_add(line->beat, &every) == 0;
}

void hl_net_hooks(struct hl_net *net, const struct hl_hook_programs *programs)
{
	const struct hl_wire wire = {.type = HL_WIRE_HOOKS, .hooks = *programs};

	send_wire(net, &wire);
}

void net_helper_run(struct hl_net *net, struct hl_view run)
{
	const struct hl_wire wire = {.type = HL_WIRE_RUN, .run = run};

	send_wire(net, &wire);
}

void net_helper_bye(struct hl_net *net)
{
	const struct hl_wire wire = {.type = HL_WIRE_BYE};

	send_wire(net, &wire);
}

static void event_end(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

void net_helper_free(struct hl_net *net)
{
	struct hl_helper_line *line = &net->helper;

	event_end(&line->readable);
	event_end(&line->writable);
	event_end(&line->beat);
	if (line->fd >= 0)
		close(line->fd);
	line->fd = -1;
	hl_buf_clear(&line->in);
	hl_buf_clear(&line->out);
}
