/* hotline send: drafts, now. */
#include "client/cmd/talk.h"

#include "client/inbox.h"

static enum hl_exit send_one(
	struct hl_app *app, struct hl_line *line, const char *typed, json_t *sent)
{
	struct hl_talk talk = {.app = app, .line = line};
	enum hl_exit code;
	uint64_t n;

	if (!hl_outbox_number(typed, &n))
		return hl_fail(HL_EXIT_USAGE,
			"\"%s\" is no draft: they are called d1, d2, … (hotline send "
			"alone sends all)",
			hl_safe(app, hl_view_str(typed)));
	if (hl_outbox_by_number(app, n, &talk.row) != HL_EXIT_OK)
		return hl_fail(HL_EXIT_NO, "there is no draft %s", typed);
	talk.again = talk.row.state == HL_OUTBOX_SENT;
	code = hl_talk_submit(&talk);
	json_array_append_new(sent, hl_talk_json(&talk));
	if (code == HL_EXIT_OK && talk.row.state == HL_OUTBOX_SENT && !app->json)
		printf("%s %s: a letter of %s, stored at your node %s.\n", typed,
			talk.again ? "went out before" : "went out",
			hl_thread_short(app, &talk.row.incident),
			hl_time(app, talk.row.sent));
	return code;
}

/* All drafts that wait, as operands. */
static enum hl_exit send_all(struct hl_app *app, struct hl_line *line, json_t *sent)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(
		app->db, "SELECT n FROM outbox WHERE state = 1 ORDER BY n", "");
	uint64_t drafts[256];
	enum hl_exit code = HL_EXIT_OK;
	size_t n = 0;

	while (n < 256 && hl_db_next(app->db, stmt))
		drafts[n++] = hl_db_int(stmt, 0);
	if (hl_db_done(app->db, &stmt) != HL_EXIT_OK)
		return HL_EXIT_NO;
	if (n == 0 && !app->json)
		printf("No draft waits.\n");
	for (size_t i = 0; i < n; i++) {
		enum hl_exit one = send_one(app, line,
			hl_scrap(app, "d%llu", (unsigned long long)drafts[i]), sent);

		if (one == HL_EXIT_NODE && !hl_line_up(line))
			return one;
		if (one != HL_EXIT_OK)
			code = one;
	}
	return code;
}

enum hl_exit hl_cmd_send(struct hl_app *app, const struct hl_args *args)
{
	struct hl_line *line = NULL;
	json_t *sent = json_array(), *doc;
	enum hl_exit code = hl_line_open(app, &line), printed;

	if (code == HL_EXIT_OK && args->n == 0)
		code = send_all(app, line, sent);
	for (size_t i = 0; i < args->n && code == HL_EXIT_OK; i++)
		code = send_one(app, line, args->operands[i], sent);
	hl_line_close(line);
	if (!app->json) {
		json_decref(sent);
		return code;
	}
	doc = hl_json_doc("send");
	json_object_set_new(doc, "letters", sent);
	printed = hl_json_print(doc);
	return code != HL_EXIT_OK ? code : printed;
}
