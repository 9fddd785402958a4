/* hotline status: the own node, the lines, what is wrong, the own card's age. */
#include <stdlib.h>
#include <string.h>

#include "client/channels.h"
#include "client/cmd/cmd.h"
#include "client/outbox.h"
#include "client/thread.h"

#define CARD_SOON_MS  (30ull * 24 * 3600 * 1000)
#define CLOCK_WARN_MS 2000

const char *hl_link_state_name(enum hl_link_state state)
{
	switch (state) {
	case HL_LINK_NEVER: return "never";
	case HL_LINK_DOWN: return "down";
	case HL_LINK_CONNECTING: return "connecting";
	case HL_LINK_UP: return "up";
	case HL_LINK_DEGRADED: return "degraded";
	case HL_LINK_SILENT: return "silent";
	}
	return "?";
}

struct status {
	struct hl_app *app;
	struct hl_line_hello hello;
	struct hl_reply reply;
	enum hl_exit code; /* of reaching the node */
	char why[512];
	size_t waiting; /* documents that the node has not taken */
	bool channels;  /* the peers' channels are looked at too */
};

static void status_clear(struct status *s)
{
	hl_reply_clear(&s->reply);
}

static enum hl_exit ask(struct status *s)
{
	struct hl_frame frame = {.type = HL_FRAME_STATUS};
	struct hl_line *line = NULL;
	enum hl_exit code = hl_line_try(s->app, &line, s->why, sizeof(s->why));

	if (!code)
		code = hl_outbox_flush(s->app, line, 0);
	if (!code) {
		s->hello = *hl_line_node(line);
		code = hl_line_ask(line, &frame, 0, &s->reply);
	}
	if (!code && s->reply.code != HL_OK)
		code = hl_line_refused(&s->reply, "status");
	if (!code && s->reply.body.of != HL_FRAME_STATUS)
		code = hl_fail(HL_EXIT_NODE, "your node sent no status");
	if (!code && s->channels)
		code = hl_channels_check(s->app, line, true, NULL);
	hl_line_close(line);
	return code;
}

enum hl_exit hl_status_ask(struct hl_app *app, struct hl_reply *ret)
{
	struct status s HL_CLEAN(status_clear) = {.app = app};
	enum hl_exit code = ask(&s);

	if (code && s.why[0])
		hl_fail(code, "%s", s.why);
	if (code)
		return code;
	*ret = s.reply;
	s.reply = (struct hl_reply){0};
	return HL_EXIT_OK;
}

static size_t waiting(struct hl_app *app)
{
	sqlite3_stmt *row HL_CLEAN_STMT =
		hl_db_query(app->db, "SELECT count(*) FROM puts", "");

	return hl_db_next(app->db, row) ? (size_t)hl_db_int(row, 0) : 0;
}

/* What this device itself has to say, one line each. Returns how many; texts are scraps. */
#define OWN_MAX 8

static size_t own_warnings(const struct status *s, const char *ret[static OWN_MAX])
{
	struct hl_app *app = s->app;
	const struct hl_card *own = hl_docs_own(app);
	uint64_t now = hl_clock();
	int64_t offset = s->hello.clock_offset;
	size_t n = 0;

	if (!hl_docs_self(app))
		ret[n++] = "this device is not on your lab's card: an admin adds it "
			   "(hotline member add)";
	else if (hl_docs_suspended(app, &app->kid))
		ret[n++] = "this device is suspended";
	if (own->not_after < now)
		ret[n++] = "your lab's card is out of date: hotline card renew";
	else if (own->not_after - now < CARD_SOON_MS)
		ret[n++] = hl_scrap(app,
			"your lab's card runs out in %s: hotline card renew",
			hl_span(app, own->not_after - now));
	if (own->n_nodes == 0)
		ret[n++] = "the card of your lab that is held here names no node";
	if (s->code == HL_EXIT_OK && (offset > CLOCK_WARN_MS || offset < -CLOCK_WARN_MS))
		ret[n++] =
			hl_scrap(app, "this device's clock and your node's differ by %s",
				hl_span(app, (uint64_t)(offset < 0 ? -offset : offset)));
	if (s->waiting)
		ret[n++] = hl_scrap(app, "%zu %s your node has not taken yet", s->waiting,
			s->waiting == 1 ? "document" : "documents");
	return n;
}

/* JSON. */

static json_t *peers_json(const struct status *s)
{
	struct hl_app *app = s->app;
	json_t *peers = json_array();

	for (size_t i = 0; i < s->reply.body.status.n_peers; i++) {
		const struct hl_peer_status *p = &s->reply.body.status.peers[i];

		json_array_append_new(peers,
			json_pack(
				"{s:o, s:s, s:s, s:o, s:o, s:I, s:b, s:I, s:I, s:o, s:o}",
				"lab", hl_json_id(app, &p->lab), "name",
				hl_docs_lab_name(app, &p->lab), "state",
				hl_link_state_name(p->state), "since",
				hl_json_time(app, p->since), "heard",
				hl_json_time(app, p->heard), "clock_offset_ms",
				(json_int_t)p->clock_offset, "psk", p->psk, "queued",
				(json_int_t)p->queued, "gaps", (json_int_t)p->gaps,
				"last_error", hl_json_view(p->last_error), "last_test",
				hl_json_time(app, p->last_test)));
	}
	return peers;
}

static const char *ring_name(enum hl_ring_state state)
{
	switch (state) {
	case HL_RINGING: return "ringing";
	case HL_RING_ANSWERED: return "answered";
	case HL_RING_CLOSED: return "closed";
	case HL_RING_OVERDUE: return "overdue";
	}
	return "?";
}

static json_t *calls_json(const struct status *s)
{
	struct hl_app *app = s->app;
	json_t *calls = json_array();

	for (size_t i = 0; i < s->reply.body.status.n_calls; i++) {
		const struct hl_call_status *c = &s->reply.body.status.calls[i];

		json_array_append_new(calls,
			json_pack("{s:o, s:o, s:o, s:s?, s:s?, s:o, s:o, s:s}", "id",
				hl_json_id(app, &c->id), "incident",
				hl_json_id(app, &c->incident), "lab",
				hl_json_id(app, &c->lab), "precedence",
				hl_precedence_name(c->precedence), "status",
				hl_standing_name(c->status), "stored",
				hl_json_time(app, c->stored), "deadline",
				hl_json_time(app, c->deadline), "state",
				ring_name(c->state)));
	}
	return calls;
}

static json_t *node_json(const struct status *s)
{
	struct hl_app *app = s->app;

	if (s->code)
		return json_pack("{s:b, s:s, s:s}", "reached", 0, "address",
			hl_line_address(app), "error", s->why);
	return json_pack("{s:b, s:s, s:o, s:o, s:o, s:I, s:I, s:I}", "reached", 1,
		"address", s->hello.address, "version",
		hl_json_view(s->reply.body.status.version), "started",
		hl_json_time(app, s->reply.body.status.started), "time",
		hl_json_time(app, s->reply.body.status.time), "clock_offset_ms",
		(json_int_t)s->hello.clock_offset, "card_version",
		(json_int_t)s->hello.card_version, "directory_version",
		(json_int_t)s->hello.directory_version);
}

static enum hl_exit print_json(const struct status *s)
{
	struct hl_app *app = s->app;
	const struct hl_card *own = hl_docs_own(app);
	json_t *doc = hl_json_doc("status"), *warnings = json_array();
	const char *mine[OWN_MAX];
	size_t n = own_warnings(s, mine);
	enum hl_exit code;

	json_object_set_new(doc, "lab", hl_json_id(app, &app->lab));
	json_object_set_new(doc, "node", node_json(s));
	json_object_set_new(doc, "card",
		json_pack("{s:I, s:o, s:o}", "version", (json_int_t)own->version,
			"issued", hl_json_time(app, own->issued), "not_after",
			hl_json_time(app, own->not_after)));
	if (!s->code) {
		json_object_set_new(doc, "peers", peers_json(s));
		json_object_set_new(doc, "calls", calls_json(s));
		for (size_t i = 0; i < s->reply.body.status.n_warnings; i++)
			json_array_append_new(
				warnings, hl_json_view(s->reply.body.status.warnings[i]));
	}
	for (size_t i = 0; i < n; i++)
		json_array_append_new(warnings, json_string(mine[i]));
	json_object_set_new(doc, "channels", hl_channels_json(app));
	json_object_set_new(doc, "warnings", warnings);
	json_object_set_new(doc, "waiting", json_integer((json_int_t)s->waiting));
	code = hl_json_print(doc);
	return code ? code : s->code;
}

/* For people. */

static const char *offset_text(struct hl_app *app, const struct hl_peer_status *p)
{
	if (p->heard == 0)
		return "-";
	if (p->clock_offset > -1000 && p->clock_offset < 1000)
		return hl_scrap(app, "%+d ms", (int)p->clock_offset);
	return hl_scrap(app, "%+.1f s", (double)p->clock_offset / 1000);
}

static void print_lines(const struct status *s)
{
	static const char *const headings[] = {
		"LINE", "STATE", "HEARD", "CLOCK", "QUEUED", "GAPS", "PSK", "TESTED", ""};
	struct hl_app *app = s->app;
	uint64_t now = s->reply.body.status.time;
	struct hl_table *table;

	if (s->reply.body.status.n_peers == 0) {
		printf("lines    none: hotline peer add FILE\n");
		return;
	}
	putchar('\n');
	table = hl_table_new(app, headings, 9);
	for (size_t i = 0; i < s->reply.body.status.n_peers; i++) {
		const struct hl_peer_status *p = &s->reply.body.status.peers[i];
		const char *heard = p->heard == 0 ? "never"
			: now > p->heard
			? hl_scrap(app, "%s ago", hl_span(app, now - p->heard))
			: "now";

		hl_table_row(table, hl_docs_lab_name(app, &p->lab),
			(p->state == HL_LINK_DOWN ? "DOWN"
					: p->state == HL_LINK_SILENT
					? "SILENT"
					: hl_link_state_name(p->state)),
			heard, offset_text(app, p),
			hl_scrap(app, "%llu", (unsigned long long)p->queued),
			hl_scrap(app, "%llu", (unsigned long long)p->gaps),
			p->psk ? "yes" : "no PSK", hl_test_age(app, p->last_test, now),
			p->state == HL_LINK_UP ? ""
				: p->state == HL_LINK_DEGRADED && p->last_error.n == 0
				? "answers no pulse"
				: hl_safe(app, p->last_error));
	}
	hl_table_print(table);
}

/* The node names labs by the first digits of their ids; people know them by name. */
static const char *by_name(const struct status *s, struct hl_view warning)
{
	const char *text = hl_safe(s->app, warning);

	for (size_t i = 0; i < s->reply.body.status.n_peers; i++) {
		const struct hl_id *lab = &s->reply.body.status.peers[i].lab;
		const char *digits =
			hl_scrap(s->app, "lab %s", hl_short(s->app, lab, 12));
		const char *at = strstr(text, digits);

		if (at)
			return hl_scrap(s->app, "%.*s%s%s", (int)(at - text), text,
				hl_docs_lab_name(s->app, lab), at + strlen(digits));
	}
	return text;
}

static void print_warnings(const struct status *s)
{
	const char *mine[OWN_MAX];
	size_t n = own_warnings(s, mine);
	const char *begin = hl_style(s->app, HL_STYLE_WARN),
		   *end = hl_style(s->app, HL_STYLE_END);

	if (n + (s->code ? 0 : s->reply.body.status.n_warnings))
		putchar('\n');
	for (size_t i = 0; !s->code && i < s->reply.body.status.n_warnings; i++)
		printf("%swarning%s  %s\n", begin, end,
			by_name(s, s->reply.body.status.warnings[i]));
	for (size_t i = 0; i < n; i++)
		printf("%swarning%s  %s\n", begin, end, mine[i]);
	hl_channels_print(s->app);
}

/* A drill that was missed: nobody is waiting any more. */
static bool is_over(struct hl_app *app, const struct hl_call_status *call)
{
	HL_CLEAN_THREAD struct hl_thread thread = {0};

	return call->status == HL_EXERCISE &&
		hl_thread_load(app, &call->incident, &thread) == HL_EXIT_OK &&
		hl_thread_drill_over(&thread);
}

static void print_calls(const struct status *s)
{
	size_t ringing = 0, overdue = 0;

	for (size_t i = 0; i < s->reply.body.status.n_calls; i++) {
		ringing += s->reply.body.status.calls[i].state == HL_RINGING;
		overdue += s->reply.body.status.calls[i].state == HL_RING_OVERDUE &&
			!is_over(s->app, &s->reply.body.status.calls[i]);
	}
	if (ringing + overdue)
		printf("calls    %zu ringing, %zu overdue: hotline\n", ringing, overdue);
	else
		printf("calls    nothing rings\n");
}

static enum hl_exit print(const struct status *s)
{
	struct hl_app *app = s->app;
	const struct hl_card *own = hl_docs_own(app);
	uint64_t now = hl_clock();

	printf("lab      %s, card %llu, signed %s ago, good to %s\n",
		hl_safe(app, own->name), (unsigned long long)own->version,
		hl_span(app, now > own->issued ? now - own->issued : 0),
		hl_time(app, own->not_after));
	if (s->code) {
		printf("node     not reached\n");
		print_warnings(s);
		return s->code;
	}
	printf("node     %s, hotlined %s, up %s, clock %+lld ms\n", s->hello.address,
		hl_safe(app, s->reply.body.status.version),
		hl_span(app, s->reply.body.status.time - s->reply.body.status.started),
		(long long)s->hello.clock_offset);
	print_calls(s);
	print_lines(s);
	print_warnings(s);
	return HL_EXIT_OK;
}

enum hl_exit hl_cmd_status(struct hl_app *app, const struct hl_args *args)
{
	struct status s HL_CLEAN(status_clear) = {.app = app, .channels = true};

	(void)args;
	s.code = ask(&s);
	if (s.code && s.code != HL_EXIT_NODE)
		return s.code;
	if (s.code && s.why[0])
		hl_fail(s.code, "%s", s.why);
	s.waiting = waiting(app);
	return app->json ? print_json(&s) : print(&s);
}
