/* hotline watch: what happens, as it happens; lines are added, never changed. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "client/channels.h"
#include "client/carriers.h"
#include "client/cmd/cmd.h"
#include "client/cmd/talk.h"
#include "client/inbox.h"
#include "client/outbox.h"
#include "client/proof.h"
#include "client/resend.h"
#include "client/timeline.h"
#include "client/wire.h"

#define QUIET_MS    10000
#define CHANNELS_MS 60000
#define BACKOFF_MS  10000

struct watch {
	struct hl_app *app;
	struct hl_line *line;
	const char *notify; /* a program, or NULL */
	bool bell, begun;
	uint64_t channels_at; /* boot clock: when to look at the peers' channels again */
	uint64_t away_since;  /* ms; 0 while the node is there */
};

/* Runs the program with the event on its standard input. What peers wrote is in that alone: never
 * in an argument, a file name or a shell. */
static void run_notify(const struct watch *w, const char *text, size_t n)
{
	int fd = memfd_create("event", MFD_CLOEXEC);
	pid_t child;

	if (fd < 0 || write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0) {
		hl_note("hotline: cannot hand an event to %s", w->notify);
		if (fd >= 0)
			close(fd);
		return;
	}
	child = fork();
	if (child == 0) {
		char *const argv[] = {strdup(w->notify), NULL};

		signal(SIGCHLD, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		if (dup2(fd, STDIN_FILENO) == STDIN_FILENO && argv[0])
			execvp(argv[0], argv);
		_exit(127);
	}
	if (child < 0)
		hl_note("hotline: cannot start %s", w->notify);
	close(fd);
}

/* One event: a line or a JSON document on one, the bell, the program. Frees doc. */
static void emit(struct watch *w, const char *line, json_t *doc, bool loud)
{
	struct hl_prefixed out;
	char *text;

	json_object_set_new(doc, "time", hl_json_time(w->app, hl_clock()));
	json_object_set_new(doc, "loud", json_boolean(loud));
	text = json_dumps(doc, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (w->app->json)
		printf("%s\n", text ? text : "{}");
	else if (hl_prefixed_begin(&out)) {
		fprintf(out.stream, "%s  %s\n", hl_time_hour(w->app, hl_clock()), line);
		hl_prefixed_end(&out, "");
	}
	fflush(stdout);
	if (loud && w->bell)
		fputc('\a', stderr);
	if (w->notify && text)
		run_notify(w, text, strlen(text));
	free(text);
	json_decref(doc);
}

static json_t *event(const char *name)
{
	json_t *doc = hl_json_doc("event");

	json_object_set_new(doc, "event", json_string(name));
	return doc;
}

static void tell_letter(struct watch *w, const struct hl_id *id)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	struct hl_app *app = w->app;
	const struct hl_core *core = &letter.envelope.core;
	json_t *doc = event("letter");
	bool call;

	if (hl_letter_load(app, id, &letter) != HL_EXIT_OK) {
		json_decref(doc);
		return;
	}
	/* What is not of the type that its class says may have been meant to look quiet: it rings
	 * (envelope 4.3). */
	call = !hl_id_eq(&core->lab, &app->lab) &&
		(core->class == HL_CLASS_CALL ||
			(letter.state == HL_LETTER_REFUSED &&
				letter.code == HL_BAD_TYPE));
	json_object_set_new(doc, "incident", hl_json_id(app, &letter.incident));
	json_object_set_new(
		doc, "short", json_string(hl_thread_short(app, &letter.incident)));
	json_object_set_new(doc, "letter", hl_timeline_letter_json(app, NULL, &letter));
	emit(w,
		hl_scrap(app, "%s%s  %s%s", hl_talk_prefix(core->status),
			hl_thread_short(app, &letter.incident),
			hl_timeline_letter(app, &letter),
			call ? hl_scrap(app, "   hotline show %s",
				       hl_thread_short(app, &letter.incident))
			     : ""),
		doc, call);
}

/* An event about a letter that is held: its incident, the lab, a word. */
static void tell_about(struct watch *w, const struct hl_feed_item *item, const char *name,
	const char *what, bool loud)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	struct hl_app *app = w->app;
	const char *lab = item->has_lab ? hl_docs_lab_name(app, &item->lab) : "";
	json_t *doc = event(name);

	if (hl_letter_load(app, &item->id, &letter) != HL_EXIT_OK) {
		json_decref(doc);
		return;
	}
	json_object_set_new(doc, "incident", hl_json_id(app, &letter.incident));
	json_object_set_new(
		doc, "short", json_string(hl_thread_short(app, &letter.incident)));
	json_object_set_new(doc, "id", hl_json_id(app, &item->id));
	json_object_set_new(
		doc, "lab", item->has_lab ? hl_json_id(app, &item->lab) : json_null());
	emit(w,
		hl_scrap(app, "%s%s  %-8s %s",
			hl_talk_prefix(letter.envelope.core.status),
			hl_thread_short(app, &letter.incident), lab, what),
		doc, loud);
}

static enum hl_exit tell_proof(struct watch *w, const struct hl_feed_item *item)
{
	struct hl_proof proof;
	enum hl_exit code = hl_proof_ask(w->app, w->line, &item->id);

	if (code != HL_EXIT_OK || !item->has_lab ||
		!hl_proof_of(w->app, &item->id, &item->lab, &proof) || !proof.verified)
		return code;
	if (item->sort == HL_FEED_CARRIED && proof.state < HL_DELIVERED)
		tell_about(w, item, "carried",
			hl_scrap(w->app, "not yet; %s",
				hl_carriers_text(w->app, &item->id, &item->lab)),
			false);
	if (proof.state == HL_DELIVERED && item->sort == HL_FEED_RECEIPT)
		tell_about(w, item, "receipt",
			hl_scrap(w->app, "has it since %s (receipt verified)",
				hl_time_hour(w->app, proof.since)),
			false);
	if (proof.state == HL_REFUSED && item->sort == HL_FEED_REFUSED)
		tell_about(w, item, "refused",
			hl_scrap(w->app, "REFUSED it: %s", hl_status_text(proof.code)),
			true);
	return HL_EXIT_OK;
}

static void tell_link(struct watch *w, const struct hl_feed_item *item)
{
	struct hl_app *app = w->app;
	enum hl_link_state state = (enum hl_link_state)item->value;
	const char *name = item->has_lab ? hl_docs_lab_name(app, &item->lab) : "?";
	json_t *doc = event("line");
	bool up = state == HL_LINK_UP;

	json_object_set_new(
		doc, "lab", item->has_lab ? hl_json_id(app, &item->lab) : json_null());
	json_object_set_new(doc, "name", json_string(name));
	json_object_set_new(doc, "state", json_string(hl_link_state_name(state)));
	emit(w,
		hl_scrap(app, "line to %s: %s", name,
			up ? "up"
				: state == HL_LINK_DOWN || state == HL_LINK_SILENT
				? "SILENT"
				: hl_link_state_name(state)),
		doc, state == HL_LINK_DOWN || state == HL_LINK_SILENT);
}

/* Machine tests: one that was missed is trouble of the line, and no exercise. */
static void tell_drill(struct watch *w, const struct hl_feed_item *item)
{
	static const struct {
		const char *state, *text;
	} rows[] = {{"passed", "the machine tests pass again"},
		{"missed", "a machine test of the line was MISSED"},
		{"reminder", "nobody there has answered an exercise lately"}};
	struct hl_app *app = w->app;
	const char *name = item->has_lab ? hl_docs_lab_name(app, &item->lab) : "?";
	json_t *doc;

	if (item->value < 1 || item->value > sizeof(rows) / sizeof(rows[0]))
		return;
	doc = event("drill");
	json_object_set_new(
		doc, "lab", item->has_lab ? hl_json_id(app, &item->lab) : json_null());
	json_object_set_new(doc, "name", json_string(name));
	json_object_set_new(doc, "state", json_string(rows[item->value - 1].state));
	emit(w,
		hl_scrap(app, "line to %s: %s%s", name, rows[item->value - 1].text,
			item->value == 3 ? hl_scrap(app, "   hotline drill %s", name)
					 : ""),
		doc, item->value == 2);
}

static enum hl_exit turn(struct watch *w)
{
	HL_CLEAN_NEWS struct hl_news news = {0};
	enum hl_exit code = hl_inbox_turn(w->app, w->line, &news);

	/* At the beginning what rings is told, not all that came while nobody watched. */
	for (size_t i = 0; w->begun && i < news.n; i++)
		tell_letter(w, &news.ids[i]);
	return code;
}

/* What rings already when the watch begins. */
static enum hl_exit tell_ringing(struct watch *w)
{
	struct hl_id *ids = NULL;
	size_t n = 0;
	enum hl_exit code = hl_thread_list(w->app, &ids, &n);

	for (size_t i = 0; i < n && code == HL_EXIT_OK; i++) {
		HL_CLEAN_THREAD struct hl_thread thread = {0};
		const struct hl_call_state *call;

		code = hl_thread_load(w->app, &ids[i], &thread);
		call = code == HL_EXIT_OK ? hl_thread_rings(w->app, &thread) : NULL;
		if (call)
			tell_letter(w, &call->id);
	}
	free(ids);
	return code;
}

static enum hl_exit take_item(struct watch *w, const struct hl_feed_item *item)
{
	switch (item->sort) {
	case HL_FEED_RECEIPT:
	case HL_FEED_REFUSED:
	case HL_FEED_CARRIED: return tell_proof(w, item);
	case HL_FEED_OVERDUE:
		tell_about(w, item, "overdue", "OVERDUE: not answered in time", true);
		break;
	case HL_FEED_DOCS: return hl_line_sync(w->line);
	case HL_FEED_LINK: tell_link(w, item); break;
	case HL_FEED_DRILL: tell_drill(w, item); break;
	case HL_FEED_LETTER:
	case HL_FEED_ANSWERED:
	case HL_FEED_CLOSED: break; /* letters say so themselves */
	}
	return HL_EXIT_OK;
}

static enum hl_exit take_event(struct watch *w, const struct hl_frame *frame)
{
	enum hl_exit code = turn(w);

	for (size_t i = 0; i < frame->event.n && code == HL_EXIT_OK; i++)
		code = take_item(w, &frame->event.items[i]);
	return code;
}

static enum hl_exit begin(struct watch *w)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	struct hl_frame watch = {.type = HL_FRAME_WATCH,
		.feed = {.after = hl_line_node(w->line)->last_feed}};
	enum hl_exit code = hl_line_ask(w->line, &watch, 0, &reply);

	if (code == HL_EXIT_OK && reply.code != HL_OK)
		return hl_line_refused(&reply, "watching");
	return code == HL_EXIT_OK ? turn(w) : code;
}

static enum hl_exit tell_trouble(struct watch *w, const struct hl_channel_trouble *t)
{
	struct hl_app *app = w->app;
	bool missing = t->fault == HL_CHANNEL_GOOD;
	json_t *doc = event(missing ? "missing" : "channel");

	json_object_set_new(doc, "lab", hl_json_id(app, &t->lab));
	json_object_set_new(doc, "name", json_string(hl_docs_lab_name(app, &t->lab)));
	json_object_set_new(doc, "number", json_integer((json_int_t)t->number));
	json_object_set_new(doc, "text", json_string(t->text));
	if (missing) {
		json_object_set_new(doc, "id", hl_json_id(app, &t->id));
		json_object_set_new(doc, "entered", hl_json_time(app, t->entered));
	} else {
		json_object_set_new(
			doc, "fault", json_string(hl_channel_fault_name(t->fault)));
	}
	emit(w, hl_scrap(app, "ALARM  %s", t->text), doc, true);
	return hl_channels_told(app, t);
}

/* Each minute: has anything been entered for this lab that did not come? Is a letter to be sent
 * again that a colleague's device has not sent? */
static enum hl_exit look_at_channels(struct watch *w)
{
	struct hl_channel_trouble troubles[HL_TROUBLES_MAX];
	uint64_t now = hl_wire_clock();
	enum hl_exit code;
	size_t fetched = 0, n;

	if (now < w->channels_at)
		return HL_EXIT_OK;
	w->channels_at = now + CHANNELS_MS;
	code = hl_channels_check(w->app, w->line, true, &fetched);
	if (!code && fetched > 0)
		code = turn(w);
	if (!code)
		code = hl_resend_give(w->app, w->line);
	if (!code)
		code = hl_outbox_flush(w->app, w->line, 0);
	n = code ? 0 : hl_channels_troubles(w->app, troubles, HL_TROUBLES_MAX);
	for (size_t i = 0; !code && i < n; i++)
		if (troubles[i].alarm && !troubles[i].told)
			code = tell_trouble(w, &troubles[i]);
	return code;
}

static enum hl_exit on_line(struct watch *w)
{
	enum hl_exit code = begin(w);

	if (code == HL_EXIT_OK && !w->begun)
		code = tell_ringing(w);
	w->begun = true;
	while (code == HL_EXIT_OK) {
		HL_CLEAN_FRAME struct hl_frame frame = {0};
		bool got = false;

		code = hl_line_event(w->line, QUIET_MS, &frame, &got);
		if (code == HL_EXIT_OK && got)
			code = take_event(w, &frame);
		if (code == HL_EXIT_OK)
			code = look_at_channels(w);
		hl_scraps_drop(w->app);
	}
	return code;
}

static void went_away(struct watch *w, const char *why)
{
	json_t *doc = event("node-away");

	if (w->away_since != 0) {
		json_decref(doc);
		return;
	}
	w->away_since = hl_clock();
	json_object_set_new(doc, "why", json_string(why));
	emit(w,
		hl_scrap(w->app, "YOUR NODE IS AWAY%s%s: nothing can ring here",
			*why ? ": " : "", why),
		doc, true);
}

static void came_back(struct watch *w)
{
	uint64_t now = hl_clock(), since = w->away_since;

	w->away_since = 0;
	if (since != 0)
		emit(w,
			hl_scrap(w->app, "your node is back after %s",
				hl_span(w->app, now > since ? now - since : 0)),
			event("node-back"), true);
}

enum hl_exit hl_cmd_watch(struct hl_app *app, const struct hl_args *args)
{
	struct watch w = {.app = app,
		.notify = hl_option(args, "notify"),
		.bell = hl_option(args, "bell") != NULL};
	unsigned wait_ms = 500;
	enum hl_exit code = HL_EXIT_OK;

	signal(SIGCHLD, SIG_IGN);
	hl_note("Watching; Ctrl-C ends it.");
	while (code == HL_EXIT_OK || code == HL_EXIT_NODE) {
		char why[512] = "";

		code = hl_line_try(app, &w.line, why, sizeof(why));
		if (code == HL_EXIT_OK) {
			came_back(&w);
			wait_ms = 500;
			code = on_line(&w);
			hl_line_close(w.line);
			w.line = NULL;
		}
		if (code == HL_EXIT_NODE) {
			struct timespec pause = {.tv_sec = wait_ms / 1000,
				.tv_nsec = (long)(wait_ms % 1000) * 1000000};

			went_away(&w, why);
			nanosleep(&pause, NULL);
			wait_ms = wait_ms * 2 > BACKOFF_MS ? BACKOFF_MS : wait_ms * 2;
		}
		hl_scraps_drop(app);
	}
	return code;
}
