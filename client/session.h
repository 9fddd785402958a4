/*
 * The line to the own lab's node: a Noise link (purpose 2) over TCP or a Unix socket, on which one
 * request after another is asked and answered (spec/link.md 5). It blocks, with deadlines.
 */
#ifndef HL_CLIENT_SESSION_H
#define HL_CLIENT_SESSION_H

#include "client/app.h"

struct hl_line;

/* What the node answered. */
struct hl_reply {
	enum hl_status code; /* HL_OK, or why not */
	char text[256];      /* the node's line for people; already safe to print */
	struct hl_body body; /* good when code is HL_OK; .of is 0 where it has none */
	struct hl_buf bytes; /* what body's views lie in */
};
#define HL_CLEAN_REPLY HL_CLEAN(hl_reply_clear)
void hl_reply_clear(struct hl_reply *reply);

/*
 * Unlocks the keys, finds the node (hotline.conf, else the addresses on the own card), connects,
 * shakes hands, says hello, hands over what waits (newer own cards and directory, table puts) and
 * takes in what is newer there (get-docs until it is empty), then renews the sealing keys.
 *
 * HL_EXIT_NODE, with a line such as `hotline: your node (host:port) does not answer: connection
 * refused`, when it cannot be reached; *ret is then NULL. Documents that the node sends and that do
 * not verify are named and passed over. Drops what the library holds: look up cards again.
 */
HL_MUST enum hl_exit hl_line_open(struct hl_app *app, struct hl_line **ret);

/* As hl_line_open, but says nothing when the node cannot be reached: returns HL_EXIT_NODE, and the
 * line that would have been said in why (of size bytes; without "hotline: "). */
HL_MUST enum hl_exit hl_line_try(
	struct hl_app *app, struct hl_line **ret, char *why, size_t size);

/* Before a file is judged: the newest cards and suspensions are taken from the own node where it
 * can be reached. Where it is away what is held has to do, without a word: a file is what is left
 * when no line works. */
HL_MUST enum hl_exit hl_line_refresh(struct hl_app *app);

/* Sends a request (its number is set here) and waits for the reply, at most 30 s (10 s on a line
 * that watches). precedence chooses the lane of a submit, else 0. HL_EXIT_OK also where the node
 * refused: look at ret->code. HL_EXIT_NODE (said) when the line broke; the line is then good for
 * nothing but closing. */
HL_MUST enum hl_exit hl_line_ask(struct hl_line *line, struct hl_frame *request,
	unsigned precedence, struct hl_reply *ret);

/* Says "hotline: WHAT: the node refused: …" for a reply whose code is not HL_OK, and gives the exit
 * code that goes with it (HL_EXIT_NOT_PERMITTED for lack of a capability). */
enum hl_exit hl_line_refused(const struct hl_reply *reply, const char *what);

/* Waits for events of a watch (link 5.10), at most timeout_ms; *ret_got tells whether one came.
 * Views in ret live until the next call. Sends the pings that keep the line. */
HL_MUST enum hl_exit hl_line_event(
	struct hl_line *line, unsigned timeout_ms, struct hl_frame *ret, bool *ret_got);

/* What the node said in its hello: its clock when it did, its card, directory and feed numbers. */
struct hl_line_hello {
	uint64_t clock, card_version, directory_version, last_feed;
	int64_t clock_offset; /* node's clock less ours, ms */
	struct hl_id kid;     /* of the node's signing key */
	char address[256];    /* where it was reached */
};
const struct hl_line_hello *hl_line_node(const struct hl_line *line);

/* Fetches documents again (after a docs-changed event). */
HL_MUST enum hl_exit hl_line_sync(struct hl_line *line);

/* Hands over what hl_docs_queue has queued. *ret_left: how many wait still. */
HL_MUST enum hl_exit hl_line_flush(struct hl_line *line, size_t *ret_left);

/* False once the line has broken. */
bool hl_line_up(const struct hl_line *line);

/* Says goodbye and closes. Takes NULL. */
void hl_line_close(struct hl_line *line);

/* The nodes' addresses or the override, for messages: "hotline.lab-a.example:4685". */
const char *hl_line_address(struct hl_app *app);

#endif
