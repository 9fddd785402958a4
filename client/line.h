/*
 * The insides of the line to the own node, for session.c and sync.c.
 */
#ifndef HL_CLIENT_LINE_H
#define HL_CLIENT_LINE_H

#include "client/session.h"
#include "client/wire.h"

struct hl_event_kept { /* came while a reply was waited for */
	struct hl_event_kept *next;
	struct hl_buf bytes;
};

struct hl_line {
	struct hl_app *app;
	struct hl_wire wire;
	uint64_t last_request, last_sent;
	bool watches; /* events come, and pings go: replies are waited for less long */
	struct hl_line_hello hello;
	struct hl_event_kept *events;
	bool barred;         /* the node lets this device do nothing (close reason 4) */
	struct hl_buf event; /* of the event handed out last */
};

/* Hands over own cards and the directory that the node's hello shows it lacks, and all that waits
 * in the table puts, in an order in which the node can verify each. */
HL_MUST enum hl_exit hl_line_hand_over(struct hl_line *line);

#endif
