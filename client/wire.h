/*
 * The stream under the line to the own node: addresses, connecting, the handshake, records. It
 * blocks until a deadline and says nothing; what went wrong is left as text.
 */
#ifndef HL_CLIENT_WIRE_H
#define HL_CLIENT_WIRE_H

#include "client/app.h"

struct hl_wire {
	int fd; /* -1: none */
	struct hl_records records;
	bool turned_away; /* it took the connection and ended it within the handshake */
	char why[256];    /* what went wrong, a line without "hotline: "; safe to print */
};

/* Times are of hl_wire_clock, ms. */
uint64_t hl_wire_clock(void);

/* Connects to host:port, [ipv6]:port or /path and makes the handshake (link 1) with that node.
 * False, with why, when it cannot be done until the deadline. */
bool hl_wire_open(struct hl_wire *wire, const struct hl_app *app, const char *address,
	const struct hl_node *node, uint64_t deadline);

/* Sends a frame, all of it; the frame moves in. */
bool hl_wire_send(
	struct hl_wire *wire, unsigned lane, struct hl_buf *frame, uint64_t deadline);

/* The next frame into an empty buffer. False at the deadline, with wire->fd still open, or when
 * the line broke, with fd -1. */
bool hl_wire_next(struct hl_wire *wire, uint64_t deadline, struct hl_buf *ret);

void hl_wire_close(struct hl_wire *wire);

#endif
