/* hotline list: incidents, one line each. */
#include <stdlib.h>
#include <string.h>

#include "client/cmd/cmd.h"
#include "client/cmd/talk.h"
#include "client/inbox.h"
#include "client/timeline.h"

struct filter {
	const char *grep;
	bool has_since, has_peer, closed, all;
	uint64_t since;
	struct hl_id peer;
};

static enum hl_exit read_filter(
	struct hl_app *app, const struct hl_args *args, struct filter *f)
{
	const char *peer = hl_option(args, "peer");
	enum hl_exit code;

	f->grep = hl_option(args, "grep");
	f->closed = hl_option(args, "closed") != NULL;
	f->all = hl_option(args, "all") != NULL;
	if (f->closed && f->all)
		return hl_usage_error(args, "only one of --closed and --all");
	code = hl_words_time_option(args, "since", &f->has_since, &f->since);
	f->has_peer = peer != NULL;
	if (code == HL_EXIT_OK && peer)
		code = hl_docs_find_lab(app, peer, &f->peer);
	return code;
}

static bool has_text(struct hl_app *app, const struct hl_thread *thread, const char *text)
{
	if (strcasestr(hl_safe(app, thread->incident.title), text) ||
		strcasestr(hl_safe(app, thread->incident.kind), text))
		return true;
	for (size_t i = 0; i < thread->n_fold; i++)
		if (strcasestr(
			    hl_safe_block(app, thread->fold[i].message->text, 0), text))
			return true;
	return false;
}

static bool has_lab(const struct hl_thread *thread, const struct hl_id *lab)
{
	for (size_t i = 0; i < thread->n; i++)
		for (size_t j = 0; j < thread->letters[i].envelope.core.n_labs; j++)
			if (hl_id_eq(&thread->letters[i].envelope.core.labs[j], lab))
				return true;
	return false;
}

static bool wanted(
	struct hl_app *app, const struct filter *f, const struct hl_thread *thread)
{
	bool closed = thread->incident.phase == HL_RESOLVED ||
		thread->incident.phase == HL_CANCELLED || hl_thread_drill_over(thread);
	uint64_t newest =
		thread->n ? thread->letters[thread->n - 1].envelope.core.created : 0;

	return (f->all || f->closed == closed) && (!f->has_since || newest >= f->since) &&
		(!f->has_peer || has_lab(thread, &f->peer)) &&
		(!f->grep || has_text(app, thread, f->grep));
}

static json_t *row_json(struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_core *first = &thread->letters[0].envelope.core;
	const struct hl_call_state *rings = hl_thread_rings(app, thread);
	const struct hl_incident *in = &thread->incident;
	json_t *one = json_object();
	size_t labs, answered;

	hl_thread_count(thread, &labs, &answered);
	json_object_set_new(one, "id", hl_json_id(app, &thread->id));
	json_object_set_new(one, "short", json_string(hl_thread_short(app, &thread->id)));
	json_object_set_new(one, "phase", json_string(hl_phase_name(in->phase)));
	json_object_set_new(one, "status", json_string(hl_standing_name(first->status)));
	json_object_set_new(
		one, "precedence", json_string(hl_precedence_name(first->precedence)));
	json_object_set_new(one, "kind", hl_json_view(in->kind));
	json_object_set_new(one, "title", hl_json_view(in->title));
	json_object_set_new(one, "severity", json_integer(in->severity));
	json_object_set_new(one, "lab", hl_json_id(app, &first->lab));
	json_object_set_new(one, "name", json_string(hl_docs_lab_name(app, &first->lab)));
	json_object_set_new(one, "created", hl_json_time(app, first->created));
	json_object_set_new(one, "labs", json_integer((json_int_t)labs));
	json_object_set_new(one, "answered", json_integer((json_int_t)answered));
	json_object_set_new(one, "rings", json_boolean(rings != NULL));
	json_object_set_new(one, "deadline",
		hl_json_time(app, rings ? hl_thread_deadline(thread, rings) : 0));
	return one;
}

static void row(
	struct hl_app *app, struct hl_table *table, const struct hl_thread *thread)
{
	const struct hl_core *first = &thread->letters[0].envelope.core;
	const struct hl_incident *in = &thread->incident;
	bool rings = hl_thread_rings(app, thread) != NULL;
	size_t labs, answered;
	const char *state;

	hl_thread_count(thread, &labs, &answered);
	state = rings                  ? "RINGS"
		: in->phase != HL_OPEN ? hl_phase_name(in->phase)
		: hl_thread_drill_over(thread) && answered < labs
		? "missed"
		: hl_scrap(app, "%zu/%zu", answered, labs);
	hl_table_row(table,
		hl_scrap(app, "%s%s", hl_talk_prefix(first->status),
			hl_thread_short(app, &thread->id)),
		hl_scrap(app, "%.11s", hl_time(app, first->created) + 5),
		hl_docs_lab_name(app, &first->lab), hl_precedence_name(first->precedence),
		state,
		in->title.n ? hl_scrap(app, "%s: %s", hl_safe(app, in->kind),
				      hl_safe(app, in->title))
			: hl_thread_is_drill(thread) ? "drill"
			: hl_letter_cut_off(app, &thread->letters[0])
			? "(by hand, its sender is cut off: hotline show)"
			: "(its beginning is not held)");
}

static enum hl_exit each(struct hl_app *app, const struct filter *f,
	struct hl_table *table, json_t *rows, size_t *ret_shown)
{
	struct hl_id *ids = NULL;
	size_t n = 0;
	enum hl_exit code = hl_thread_list(app, &ids, &n);

	for (size_t i = 0; i < n && code == HL_EXIT_OK; i++) {
		HL_CLEAN_THREAD struct hl_thread thread = {0};

		code = hl_thread_load(app, &ids[i], &thread);
		if (code != HL_EXIT_OK || thread.n == 0 || !wanted(app, f, &thread))
			continue;
		++*ret_shown;
		if (app->json)
			json_array_append_new(rows, row_json(app, &thread));
		else
			row(app, table, &thread);
	}
	free(ids);
	return code;
}

static enum hl_exit print(
	struct hl_app *app, const struct filter *f, struct hl_line *line)
{
	static const char *const headings[] = {
		"ID", "RAISED UTC", "BY", "SPEED", "STATE", "WHAT"};
	struct hl_table *table = app->json ? NULL : hl_table_new(app, headings, 6);
	json_t *doc, *rows = json_array();
	size_t shown = 0;
	enum hl_exit code = each(app, f, table, rows, &shown);

	if (app->json && code == HL_EXIT_OK) {
		doc = hl_json_doc("list");
		json_object_set_new(doc, "incidents", rows);
		json_object_set_new(doc, "lines", hl_lines_json(app, line));
		return hl_json_print(doc);
	}
	json_decref(rows);
	if (app->json)
		return code;
	if (code == HL_EXIT_OK && shown == 0)
		printf("No incident%s.%s\n",
			f->grep || f->has_since || f->has_peer ? " matches"
				: f->closed                    ? " is closed"
				: f->all                       ? " is held"
							       : " is open",
			f->all || f->closed ? "" : "  Closed ones: hotline list --all");
	hl_table_print(table); /* without rows it prints nothing, and is freed */
	if (code == HL_EXIT_OK && line)
		hl_lines_print(app, line, false);
	return code;
}

enum hl_exit hl_cmd_list(struct hl_app *app, const struct hl_args *args)
{
	struct hl_line *line = NULL;
	struct filter filter = {0};
	enum hl_exit code = read_filter(app, args, &filter);

	if (code == HL_EXIT_OK)
		code = hl_inbox_line(app, &line);
	if (code == HL_EXIT_OK)
		code = print(app, &filter, line);
	hl_line_close(line);
	return code;
}
