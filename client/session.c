#include "client/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/db.h"
#include "client/docs.h"
#include "client/keyring.h"
#include "client/output.h"
#include "client/line.h"

#define CONNECT_MS 5000
#define REPLY_MS   30000
#define WATCH_MS   10000 /* on a watch: a node that hangs must not go unnoticed */
#define PING_MS    5000
#define RETRIES    3

void hl_reply_clear(struct hl_reply *reply)
{
	hl_body_clear(&reply->body);
	hl_buf_clear(&reply->bytes);
	*reply = (struct hl_reply){0};
}

const struct hl_line_hello *hl_line_node(const struct hl_line *line)
{
	return &line->hello;
}

bool hl_line_up(const struct hl_line *line)
{
	return line->wire.fd >= 0;
}

const char *hl_line_address(struct hl_app *app)
{
	const struct hl_card *own = hl_docs_own(app);

	if (app->settings.node[0])
		return app->settings.node;
	for (size_t i = 0; own && i < own->n_nodes; i++)
		if (own->nodes[i].n_addresses > 0)
			return hl_safe(app, own->nodes[i].addresses[0]);
	return "no address";
}

/* Says what ended the line. */
static enum hl_exit line_broke(struct hl_line *line)
{
	if (line->barred)
		return hl_fail(HL_EXIT_NOT_PERMITTED,
			"your node lets this device in no longer: it is suspended, or no "
			"longer on your lab's card: ask an admin");
	return hl_fail(HL_EXIT_NODE, "the line to your node (%s) broke: %s",
		line->hello.address, line->wire.why);
}

static void closed_by_node(struct hl_line *line, uint64_t reason)
{
	static const char *const texts[] = {"it is going down",
		"a newer line took its place", "it has another line",
		"it met a protocol error", "this device is no longer permitted",
		"it speaks another version"};

	snprintf(line->wire.why, sizeof(line->wire.why), "%s",
		reason < sizeof(texts) / sizeof(texts[0]) ? texts[reason]
							  : "it closed the line");
	line->barred = reason == HL_CLOSE_PERMITTED;
	if (line->wire.fd >= 0)
		close(line->wire.fd);
	line->wire.fd = -1;
}

static bool keep_event(struct hl_line *line, struct hl_buf *bytes)
{
	struct hl_event_kept *kept = calloc(1, sizeof(*kept)), **end = &line->events;

	if (!kept)
		return false;
	kept->bytes = hl_buf_steal(bytes);
	while (*end)
		end = &(*end)->next;
	*end = kept;
	return true;
}

/* The next frame that is no close. HL_EXIT_DEADLINE at the deadline, HL_EXIT_NODE (nothing said)
 * when the line broke. */
static enum hl_exit next_frame(struct hl_line *line, uint64_t deadline,
	struct hl_buf *bytes, struct hl_frame *ret)
{
	enum hl_status status;

	if (!hl_wire_next(&line->wire, deadline, bytes))
		return line->wire.fd >= 0 ? HL_EXIT_DEADLINE : HL_EXIT_NODE;
	status = hl_frame_parse(hl_view_buf(bytes), HL_PURPOSE_DEVICE, ret);
	if (status != HL_OK) {
		snprintf(line->wire.why, sizeof(line->wire.why),
			"it sent a frame that is wrong: %s", hl_status_text(status));
		return HL_EXIT_NODE;
	}
	if (ret->type == HL_FRAME_CLOSE) {
		closed_by_node(line, ret->close.reason);
		hl_frame_clear(ret);
		return HL_EXIT_NODE;
	}
	return HL_EXIT_OK;
}

static enum hl_exit take_reply(const struct hl_frame *request,
	const struct hl_frame *frame, struct hl_buf *bytes, struct hl_reply *ret)
{
	struct hl_buf safe HL_CLEAN_BUF = {0};
	enum hl_status status = HL_OK;

	*ret = (struct hl_reply){.code = frame->reply.code};
	if (hl_safe_buf(frame->reply.text, false, 0, &safe) == HL_OK)
		snprintf(ret->text, sizeof(ret->text), "%.*s", (int)safe.n,
			safe.n ? (const char *)safe.p : "");
	ret->bytes = hl_buf_steal(bytes);
	if (frame->reply.has_body && ret->code == HL_OK)
		status = hl_body_parse(frame->reply.body, request->type, &ret->body);
	if (status == HL_OK)
		return HL_EXIT_OK;
	hl_reply_clear(ret);
	return hl_fail(HL_EXIT_NODE, "your node sent a reply that is wrong: %s",
		hl_status_text(status));
}

static enum hl_exit wait_reply(
	struct hl_line *line, const struct hl_frame *request, struct hl_reply *ret)
{
	unsigned patience = line->watches ? WATCH_MS : REPLY_MS;
	uint64_t deadline = hl_wire_clock() + patience;

	for (;;) {
		struct hl_buf bytes HL_CLEAN_BUF = {0};
		struct hl_frame frame HL_CLEAN_FRAME = {0};
		enum hl_exit code = next_frame(line, deadline, &bytes, &frame);

		if (code == HL_EXIT_DEADLINE)
			return hl_fail(HL_EXIT_NODE,
				"your node (%s) did not answer within %u s",
				line->hello.address, patience / 1000);
		if (code)
			return line_broke(line);
		if (frame.type == HL_FRAME_REPLY && frame.request == request->request)
			return take_reply(request, &frame, &bytes, ret);
		if (frame.type == HL_FRAME_EVENT && !keep_event(line, &bytes))
			return hl_fail_status(HL_ERR_NOMEM, "keep an event");
	}
}

enum hl_exit hl_line_ask(struct hl_line *line, struct hl_frame *request,
	unsigned precedence, struct hl_reply *ret)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	enum hl_status status;

	request->request = ++line->last_request;
	line->watches |= request->type == HL_FRAME_WATCH;
	status = hl_frame_encode(request, &bytes);
	if (status)
		return hl_fail_status(status, "ask the node");
	line->last_sent = hl_wire_clock();
	if (!hl_wire_send(&line->wire, hl_frame_lane(request->type, precedence), &bytes,
		    line->last_sent + REPLY_MS))
		return line_broke(line);
	return wait_reply(line, request, ret);
}

enum hl_exit hl_line_refused(const struct hl_reply *reply, const char *what)
{
	enum hl_exit code = HL_EXIT_NO;

	if (reply->code == HL_OK)
		return HL_EXIT_OK;
	if (reply->code == HL_NOT_PERMITTED || reply->code == HL_NOT_MEMBER ||
		reply->code == HL_SUSPENDED)
		code = HL_EXIT_NOT_PERMITTED;
	return hl_fail(code, "%s: the node refused: %s%s%s%s", what,
		hl_status_text(reply->code), reply->text[0] ? " (" : "", reply->text,
		reply->text[0] ? ")" : "");
}

static enum hl_exit ping(struct hl_line *line)
{
	struct hl_frame frame = {.type = HL_FRAME_PING};
	struct hl_reply reply HL_CLEAN_REPLY = {0};

	return hl_line_ask(line, &frame, 0, &reply);
}

/* One kept or fresh event, before the deadline. Its bytes stay with the line. */
static enum hl_exit one_event(
	struct hl_line *line, uint64_t deadline, struct hl_frame *ret, bool *ret_got)
{
	struct hl_event_kept *kept = line->events;
	enum hl_exit code;

	hl_buf_clear(&line->event);
	if (kept) {
		line->events = kept->next;
		line->event = hl_buf_steal(&kept->bytes);
		free(kept);
		if (hl_frame_parse(hl_view_buf(&line->event), HL_PURPOSE_DEVICE, ret))
			return hl_fail(HL_EXIT_NODE, "your node sent a wrong event");
		*ret_got = true;
		return HL_EXIT_OK;
	}
	code = next_frame(line, deadline, &line->event, ret);
	if (code == HL_EXIT_NODE)
		return line_broke(line);
	if (code == HL_EXIT_OK && ret->type != HL_FRAME_EVENT)
		hl_frame_clear(ret);
	else
		*ret_got = code == HL_EXIT_OK;
	return HL_EXIT_OK;
}

enum hl_exit hl_line_event(
	struct hl_line *line, unsigned timeout_ms, struct hl_frame *ret, bool *ret_got)
{
	uint64_t now = hl_wire_clock(), end = now + timeout_ms;
	enum hl_exit code = HL_EXIT_OK;
	bool got = false;

	while (!code && !got) {
		uint64_t due = line->last_sent + PING_MS;

		if (now >= due)
			code = ping(line);
		else
			code = one_event(line, due < end ? due : end, ret, &got);
		now = hl_wire_clock();
		if (now >= end)
			break;
	}
	if (!code)
		*ret_got = got;
	return code;
}

void hl_line_close(struct hl_line *line)
{
	struct hl_frame bye = {.type = HL_FRAME_CLOSE, .close = {HL_CLOSE_DOWN}};
	struct hl_buf bytes HL_CLEAN_BUF = {0};

	if (!line)
		return;
	if (line->wire.fd >= 0 && hl_frame_encode(&bye, &bytes) == HL_OK &&
		!hl_wire_send(
			&line->wire, HL_LANE_CONTROL, &bytes, hl_wire_clock() + 1000))
		line->wire.fd = -1; /* it is gone: nothing is lost by that */
	hl_wire_close(&line->wire);
	while (line->events) {
		struct hl_event_kept *next = line->events->next;

		hl_buf_clear(&line->events->bytes);
		free(line->events);
		line->events = next;
	}
	hl_buf_clear(&line->event);
	free(line);
}

/* Finding the node. */

/* A node has few places for handshakes of one key, and several commands of one device may ask for
 * them at once: what it turned away is tried again, a little later each time, not all at once. */
static void pause_before(struct hl_app *app, unsigned try)
{
	uint8_t jitter = 0;
	long ms;

	if (hl_entropy_fill(&app->entropy, &jitter, 1) != HL_OK)
		jitter = 128;
	ms = (long)try * (100 + jitter);
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000},
		NULL);
}

static bool try_node(
	struct hl_line *line, const struct hl_node *node, const char *address)
{
	snprintf(line->hello.address, sizeof(line->hello.address), "%s", address);
	for (unsigned try = 1;; try++) {
		if (hl_wire_open(&line->wire, line->app, address, node,
			    hl_wire_clock() + CONNECT_MS))
			return true;
		if (!line->wire.turned_away || try > RETRIES)
			return false;
		pause_before(line->app, try);
	}
}

/* Each address of each node on the card; or the one address of hotline.conf, whichever node of the
 * card it is that answers there. */
static bool reach(struct hl_line *line, const struct hl_card *own)
{
	for (size_t i = 0; i < own->n_nodes; i++) {
		const struct hl_node *node = &own->nodes[i];

		if (line->app->settings.node[0]) {
			if (try_node(line, node, line->app->settings.node))
				return true;
			continue;
		}
		for (size_t j = 0; j < node->n_addresses; j++)
			if (try_node(line, node, hl_safe(line->app, node->addresses[j])))
				return true;
	}
	return false;
}

static enum hl_exit not_reached(
	struct hl_line *line, const struct hl_card *own, char *why, size_t size)
{
	if (own->n_nodes == 0 && !hl_docs_self(line->app))
		snprintf(why, size,
			"the card of your lab that is held here names no node: have an admin "
			"make a newer one (hotline card export FILE), then here hotline card "
			"import FILE");
	else if (own->n_nodes == 0)
		snprintf(why, size,
			"your lab has no node on its card yet: on the node's machine "
			"hotlined init -d DIR --lab LAB.hotline, then here hotline node add "
			"NODE-REQUEST");
	else if (!line->hello.address[0])
		snprintf(why, size,
			"your lab's card has no address of its node: set node = "
			"\"host:port\" in %s/hotline.conf",
			line->app->home);
	else
		snprintf(why, size, "your node (%.200s) does not answer: %.200s",
			line->hello.address, line->wire.why);
	return HL_EXIT_NODE;
}

static enum hl_exit greet(struct hl_line *line)
{
	const struct hl_card *own = hl_docs_own(line->app);
	const struct hl_directory *directory = hl_docs_directory(line->app);
	struct hl_frame frame = {.type = HL_FRAME_DEVICE_HELLO};
	struct hl_reply reply HL_CLEAN_REPLY = {0};
	uint64_t before = hl_clock(), after;
	enum hl_exit code;

	frame.device_hello.version = HL_PROTOCOL_VERSION;
	frame.device_hello.lab = line->app->lab;
	frame.device_hello.kid = line->app->kid;
	frame.device_hello.card_version = own->version;
	frame.device_hello.directory_version = directory ? directory->version : 0;
	code = hl_line_ask(line, &frame, 0, &reply);
	if (code)
		return code;
	if (reply.code == HL_SUSPENDED)
		return hl_fail(HL_EXIT_NOT_PERMITTED,
			"this device is suspended%s%s%s: ask an admin",
			reply.text[0] ? " (" : "", reply.text, reply.text[0] ? ")" : "");
	if (reply.code == HL_NOT_MEMBER)
		return hl_fail(HL_EXIT_NOT_PERMITTED,
			"this device is no longer on your lab's card: ask an admin");
	if (reply.code != HL_OK)
		return hl_line_refused(&reply, "hello");
	if (reply.body.of != HL_FRAME_DEVICE_HELLO ||
		!hl_id_eq(&reply.body.hello.lab, &line->app->lab))
		return hl_fail(HL_EXIT_NODE, "what answers at %s is not your lab's node",
			line->hello.address);
	after = hl_clock();
	line->hello.clock = reply.body.hello.clock;
	line->hello.card_version = reply.body.hello.card_version;
	line->hello.directory_version = reply.body.hello.directory_version;
	line->hello.last_feed = reply.body.hello.last_feed;
	line->hello.kid = reply.body.hello.kid;
	line->hello.clock_offset =
		(int64_t)(line->hello.clock - (before + (after - before) / 2));
	return HL_EXIT_OK;
}

static enum hl_exit greet_and_sync(struct hl_line *line)
{
	enum hl_exit code = greet(line);
	size_t left = 0;

	if (!code)
		code = hl_line_hand_over(line);
	if (!code)
		code = hl_line_sync(line);
	if (!code)
		code = hl_epochs_renew(line->app);
	return code ? code : hl_line_flush(line, &left);
}

enum hl_exit hl_line_try(struct hl_app *app, struct hl_line **ret, char *why, size_t size)
{
	enum hl_exit code = hl_keyring_open(app);
	const struct hl_card *own = hl_docs_own(app);
	struct hl_line *line;

	why[0] = 0;
	if (code)
		return code;
	if (!own)
		return hl_fail(HL_EXIT_NO, "the card of your own lab is not held");
	line = calloc(1, sizeof(*line));
	if (!line)
		return hl_fail_status(HL_ERR_NOMEM, "reach the node");
	line->app = app;
	line->wire.fd = -1;
	if (!reach(line, own))
		code = not_reached(line, own, why, size);
	else
		code = greet_and_sync(line);
	if (code) {
		hl_line_close(line);
		return code;
	}
	*ret = line;
	return HL_EXIT_OK;
}

enum hl_exit hl_line_refresh(struct hl_app *app)
{
	struct hl_line *line = NULL;
	char why[512];
	enum hl_exit code;

	if (!hl_docs_self(app))
		return HL_EXIT_OK;
	code = hl_line_try(app, &line, why, sizeof(why));
	if (code == HL_EXIT_OK)
		hl_line_close(line);
	return code == HL_EXIT_NODE ? HL_EXIT_OK : code;
}

enum hl_exit hl_line_open(struct hl_app *app, struct hl_line **ret)
{
	char why[512];
	enum hl_exit code = hl_line_try(app, ret, why, sizeof(why));

	if (code == HL_EXIT_NODE && why[0]) {
		hl_fail(code, "%s", why);
		if (!hl_docs_self(app))
			hl_note("  This device is not on the card that it holds: once an "
				"admin has\n"
				"  enrolled it (hotline member add join-request.hotline), "
				"the node\n"
				"  lets it in; or hotline card import LAB.hotline.");
	}
	return code;
}
