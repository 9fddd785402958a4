#include "client/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "client/keyring.h"

uint64_t hl_wire_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool broke(struct hl_wire *wire, const char *why)
{
	snprintf(wire->why, sizeof(wire->why), "%s", why);
	hl_wire_close(wire);
	return false;
}

void hl_wire_close(struct hl_wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
	hl_records_clear(&wire->records);
	wire->records = (struct hl_records){0};
}

/* Waits for events on the descriptor: 1 ready, 0 deadline, -1 trouble. */
static int wait_for(int fd, short events, uint64_t deadline)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		uint64_t now = hl_wire_clock();
		int n = poll(&p, 1, deadline > now ? (int)(deadline - now) : 0);

		if (n >= 0)
			return n > 0;
		if (errno != EINTR)
			return -1;
	}
}

/* Connecting. */

static int connect_to(const struct sockaddr *address, socklen_t size, uint64_t deadline)
{
	int fd =
		socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0, one = 1;
	socklen_t n = sizeof(error);

	if (fd < 0)
		return -1;
	if (address->sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, address, size) == 0)
		return fd;
	error = errno;
	if (error == EINPROGRESS) {
		int ready = wait_for(fd, POLLOUT, deadline);

		error = ready == 0 ? ETIMEDOUT : 0;
		if (ready > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n))
			error = errno;
		if (ready > 0 && error == 0)
			return fd;
	}
	close(fd);
	errno = error ? error : EIO;
	return -1;
}

static bool connect_unix(struct hl_wire *wire, const char *path, uint64_t deadline)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return broke(wire, "the path of the socket is too long");
	strcpy(address.sun_path, path);
	wire->fd =
		connect_to((const struct sockaddr *)&address, sizeof(address), deadline);
	if (wire->fd >= 0)
		return true;
	if (errno == ENOENT)
		return broke(wire, "there is no such socket: is hotlined running?");
	return broke(wire, strerror(errno));
}

/* "host:port" or "[ipv6]:port" in two. */
static bool split(const char *address, char host[static 256], char port[static 16])
{
	const char *colon = strrchr(address, ':');
	size_t n = colon ? (size_t)(colon - address) : 0;

	if (!colon || n >= 256 || strlen(colon + 1) >= 16 || !colon[1])
		return false;
	if (n >= 2 && address[0] == '[' && colon[-1] == ']') {
		address++;
		n -= 2;
	}
	if (n == 0)
		return false;
	memcpy(host, address, n);
	host[n] = 0;
	strcpy(port, colon + 1);
	return true;
}

static void info_free(struct addrinfo **info)
{
	if (*info)
		freeaddrinfo(*info);
}

static bool connect_tcp(struct hl_wire *wire, const char *address, uint64_t deadline)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *list HL_CLEAN(info_free) = NULL;
	char host[256], port[16];
	int error;

	if (!split(address, host, port))
		return broke(wire, "the address is not host:port, [ipv6]:port or /path");
	/* A number needs no resolver, which may be slow where there is no network. */
	error = getaddrinfo(host, port, &hints, &list);
	if (error == EAI_NONAME) {
		hints.ai_flags = AI_ADDRCONFIG;
		error = getaddrinfo(host, port, &hints, &list);
	}
	if (error == EAI_NONAME || error == EAI_ADDRFAMILY) {
		/* AI_ADDRCONFIG leaves out loopback on a machine without a network. */
		hints.ai_flags = 0;
		error = getaddrinfo(host, port, &hints, &list);
	}
	if (error)
		return broke(wire, gai_strerror(error));
	errno = ECONNREFUSED;
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		wire->fd = connect_to(a->ai_addr, a->ai_addrlen, deadline);
		if (wire->fd >= 0)
			return true;
	}
	return broke(wire, strerror(errno));
}

/* Bytes. */

static bool write_bytes(struct hl_wire *wire, struct hl_view bytes, uint64_t deadline)
{
	while (bytes.n > 0) {
		ssize_t n = send(wire->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n > 0) {
			bytes.p += n;
			bytes.n -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (wait_for(wire->fd, POLLOUT, deadline) != 1)
				return broke(wire, "it takes nothing in (time is up)");
		} else if (n == 0 || errno != EINTR) {
			return broke(wire, strerror(errno));
		}
	}
	return true;
}

/* Exactly n bytes. *ret_none: the deadline passed before the first of them. */
static bool read_bytes(
	struct hl_wire *wire, uint8_t *p, size_t n, uint64_t deadline, bool *ret_none)
{
	size_t have = 0;

	*ret_none = false;
	while (have < n) {
		ssize_t got = recv(wire->fd, p + have, n - have, 0);

		if (got > 0) {
			have += (size_t)got;
		} else if (got == 0) {
			return broke(wire, "it closed the line");
		} else if (errno == EAGAIN) {
			int ready = wait_for(wire->fd, POLLIN, deadline);

			if (ready == 0 && have == 0) {
				*ret_none = true;
				return false;
			}
			if (ready != 1)
				return broke(
					wire, "it stopped in the middle of a record");
		} else if (errno != EINTR) {
			return broke(wire, strerror(errno));
		}
	}
	return true;
}

/* The handshake. */

static enum hl_status prologue(const struct hl_app *app, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	/* SPEC link 1.2: The prologue is [1, net_id, purpose u, lab_id of the responder]. */
	hl_out_init(&out);
	hl_out_array(&out, 4);
	hl_out_uint(&out, HL_PROTOCOL_VERSION);
	hl_out_id(&out, &app->net);
	hl_out_uint(&out, HL_PURPOSE_DEVICE);
	hl_out_id(&out, &app->lab);
	return hl_out_finish(&out, ret);
}

static enum hl_status first_message(const struct hl_app *app, const struct hl_node *node,
	struct hl_noise *noise, struct hl_buf *ret)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0}, message HL_CLEAN_BUF = {0};
	struct hl_key32 ephemeral HL_CLEAN_KEY32 = {{0}};
	static const uint8_t no_psk[HL_KEY_SIZE];
	uint8_t knock[HL_KNOCK_SIZE];
	enum hl_status status = prologue(app, &bytes);

	if (status == HL_OK)
		status = hl_entropy_fill(&app->entropy, ephemeral.b, sizeof(ephemeral.b));
	if (status == HL_OK)
		status = hl_noise_init(noise, HL_NOISE_XKPSK3, true, hl_view_buf(&bytes),
			&app->keys->link, node->link, &ephemeral);
	if (status != HL_OK)
		return status;
	hl_noise_set_psk(noise, no_psk);
	status = hl_noise_write(noise, (struct hl_view){0}, &message);
	if (status == HL_OK)
		status = hl_knock(
			&app->keys->link, node->link, hl_view_buf(&message), knock);
	if (status == HL_OK)
		status = hl_buf_append(ret, HL_VIEW(knock));
	if (status == HL_OK)
		status = hl_buf_append(ret, hl_view_buf(&message));
	return status;
}

static bool no_handshake(struct hl_wire *wire)
{
	wire->turned_away = wire->fd < 0; /* no deadline passed: it ended the stream */
	if (wire->turned_away)
		return broke(wire,
			"it makes no handshake with this device (not enrolled there, "
			"or suspended?)");
	return broke(wire,
		"it makes no handshake with this device: it hangs (look at its machine), or does "
		"not know the device (not enrolled there, or suspended?)");
}

static bool shake(struct hl_wire *wire, const struct hl_app *app,
	const struct hl_node *node, uint64_t deadline)
{
	struct hl_noise noise HL_CLEAN_NOISE = {0};
	struct hl_session session HL_CLEAN_SESSION = {0};
	struct hl_buf first HL_CLEAN_BUF = {0}, third HL_CLEAN_BUF = {0};
	uint8_t second[HL_NOISE_MESSAGE_2];
	enum hl_status status = first_message(app, node, &noise, &first);
	bool none;

	if (status != HL_OK)
		return broke(wire, hl_status_text(status));
	if (!write_bytes(wire, hl_view_buf(&first), deadline) ||
		!read_bytes(wire, second, sizeof(second), deadline, &none))
		return no_handshake(wire);
	status = hl_noise_read(&noise, HL_VIEW(second), NULL);
	if (status == HL_OK)
		status = hl_noise_write(&noise, (struct hl_view){0}, &third);
	if (status != HL_OK)
		return broke(wire, "it is not your lab's node (the handshake failed)");
	if (!write_bytes(wire, hl_view_buf(&third), deadline))
		return no_handshake(wire);
	status = hl_noise_split(&noise, &session);
	if (status != HL_OK)
		return broke(wire, hl_status_text(status));
	hl_records_init(&wire->records, &session);
	return true;
}

bool hl_wire_open(struct hl_wire *wire, const struct hl_app *app, const char *address,
	const struct hl_node *node, uint64_t deadline)
{
	bool up;

	*wire = (struct hl_wire){.fd = -1};
	up = address[0] == '/' ? connect_unix(wire, address, deadline)
			       : connect_tcp(wire, address, deadline);
	return up && shake(wire, app, node, deadline);
}

/* Frames. */

bool hl_wire_send(
	struct hl_wire *wire, unsigned lane, struct hl_buf *frame, uint64_t deadline)
{
	uint8_t record[HL_RECORD];
	enum hl_status status;

	if (wire->fd < 0)
		return false;
	status = hl_records_queue(&wire->records, lane, frame);
	if (status != HL_OK)
		return broke(wire, hl_status_text(status));
	while (hl_records_pending(&wire->records)) {
		status = hl_records_seal(&wire->records, record);
		if (status != HL_OK)
			return broke(wire, hl_status_text(status));
		if (!write_bytes(wire, HL_VIEW(record), deadline))
			return false;
	}
	return true;
}

bool hl_wire_next(struct hl_wire *wire, uint64_t deadline, struct hl_buf *ret)
{
	uint8_t record[HL_RECORD];
	unsigned lane;
	bool none;

	while (wire->fd >= 0) {
		enum hl_status status;

		if (hl_records_next(&wire->records, &lane, ret))
			return true;
		if (!read_bytes(wire, record, sizeof(record), deadline, &none))
			return false;
		status = hl_records_open(&wire->records, record);
		if (status != HL_OK)
			return broke(wire, "it sent a record that does not open");
	}
	return false;
}
