#include "client/cmd/talk.h"

#include <string.h>

#include "client/inbox.h"

void hl_talk_clear(struct hl_talk *talk)
{
	hl_line_close(talk->line);
	hl_thread_clear(&talk->thread);
	hl_buf_clear(&talk->text);
	hl_evidence_list_clear(&talk->evidence);
	*talk = (struct hl_talk){0};
}

const char *hl_talk_prefix(enum hl_standing status)
{
	switch (status) {
	case HL_ACTUAL: return "";
	case HL_EXERCISE: return "EXERCISE ";
	case HL_TEST: return "TEST ";
	}
	return "";
}

enum hl_exit hl_talk_key(
	struct hl_app *app, const struct hl_args *args, struct hl_talk *talk)
{
	talk->app = app;
	talk->args = args;
	talk->key = hl_option(args, "idempotency-key");
	if (talk->key && (!*talk->key || strlen(talk->key) > 128))
		return hl_usage_error(
			args, "--idempotency-key takes 1 to 128 characters");
	talk->again =
		talk->key && hl_outbox_by_key(app, talk->key, &talk->row) == HL_EXIT_OK;
	return HL_EXIT_OK;
}

enum hl_exit hl_talk_begin(
	struct hl_app *app, const struct hl_args *args, struct hl_talk *talk)
{
	enum hl_exit code = hl_talk_key(app, args, talk);

	if (code != HL_EXIT_OK)
		return code;
	talk->away_code = hl_line_try(app, &talk->line, talk->away, sizeof(talk->away));
	if (talk->away_code == HL_EXIT_OK)
		return HL_EXIT_OK;
	/* Whatever keeps the node from us, the letter is sealed and kept all the same: but for a
	 * device that is suspended or off the card, whose letters nobody will take. */
	talk->line = NULL;
	return talk->away_code == HL_EXIT_NOT_PERMITTED ? talk->away_code : HL_EXIT_OK;
}

static void line_lost(struct hl_talk *talk, enum hl_exit code)
{
	hl_line_close(talk->line);
	talk->line = NULL;
	talk->away_code = code;
	talk->away[0] = 0;
}

enum hl_exit hl_talk_follow(
	struct hl_app *app, const struct hl_args *args, struct hl_talk *talk)
{
	struct hl_id incident;
	enum hl_exit code = hl_talk_begin(app, args, talk);

	if (code != HL_EXIT_OK || talk->again)
		return code;
	if (talk->line) {
		code = hl_inbox_turn(app, talk->line, NULL);
		if (code == HL_EXIT_NODE)
			line_lost(talk, code);
		else if (code != HL_EXIT_OK)
			return code;
	}
	if (!talk->line) {
		code = hl_inbox_open(app, NULL);
		if (code != HL_EXIT_OK)
			return code;
	}
	code = hl_thread_find(app, args->operands[0], &incident, &talk->letter);
	if (code != HL_EXIT_OK)
		return code;
	return hl_thread_load(app, &incident, &talk->thread);
}

enum hl_exit hl_talk_seal(struct hl_talk *talk)
{
	if (talk->again)
		return HL_EXIT_OK;
	talk->draft.key = talk->key;
	return hl_compose_seal(talk->app, &talk->draft, &talk->row);
}

static enum hl_exit needs_release(struct hl_talk *talk)
{
	unsigned long long n = talk->row.n;

	hl_note("%s is sealed and kept as d%llu, and waits for release by another person:",
		hl_thread_short(talk->app, &talk->row.incident), n);
	hl_note("  hotline export d%llu > d%llu.hotline     then, on that person's device:",
		n, n);
	hl_note("  hotline release d%llu.hotline", n);
	return HL_EXIT_OK;
}

enum hl_exit hl_talk_submit(struct hl_talk *talk)
{
	enum hl_exit code;

	if (talk->row.state == HL_OUTBOX_SENT)
		return HL_EXIT_OK;
	if (talk->row.state == HL_OUTBOX_RELEASE)
		return needs_release(talk);
	if (!talk->line) {
		code = hl_outbox_away(talk->app, &talk->row, talk->away);
		return talk->away_code == HL_EXIT_NODE ? code : talk->away_code;
	}
	code = talk->later ? hl_outbox_hand(talk->app, talk->line, &talk->row)
			   : hl_outbox_send(talk->app, talk->line, &talk->row);
	talk->unwritten = talk->later && code == HL_EXIT_OK;
	if (code == HL_EXIT_NODE)
		return hl_outbox_away(talk->app, &talk->row, "");
	if (code != HL_EXIT_OK && hl_outbox_heals(&talk->row))
		return hl_outbox_later(talk->app, &talk->row);
	return code;
}

static const char *state_name(enum hl_outbox_state state)
{
	switch (state) {
	case HL_OUTBOX_DRAFT: return "draft";
	case HL_OUTBOX_RELEASE: return "needs-release";
	case HL_OUTBOX_SENT: return "stored";
	case HL_OUTBOX_DROPPED: return "refused";
	}
	return "?";
}

json_t *hl_talk_json(struct hl_talk *talk)
{
	struct hl_app *app = talk->app;
	json_t *doc = hl_json_doc("sent");

	json_object_set_new(doc, "id", hl_json_id(app, &talk->row.id));
	json_object_set_new(doc, "incident", hl_json_id(app, &talk->row.incident));
	json_object_set_new(doc, "draft",
		json_string(hl_scrap(app, "d%llu", (unsigned long long)talk->row.n)));
	json_object_set_new(doc, "state", json_string(state_name(talk->row.state)));
	json_object_set_new(doc, "stored", hl_json_time(app, talk->row.sent));
	json_object_set_new(doc, "again", json_boolean(talk->again));
	return doc;
}

enum hl_exit hl_talk_send(struct hl_talk *talk, const char *done)
{
	struct hl_app *app = talk->app;
	enum hl_exit code = hl_talk_seal(talk), printed;

	if (code != HL_EXIT_OK)
		return code;
	code = hl_talk_submit(talk);
	if (app->json) {
		printed = hl_json_print(hl_talk_json(talk));
		return code != HL_EXIT_OK ? code : printed;
	}
	if (code == HL_EXIT_OK && talk->row.state == HL_OUTBOX_SENT)
		printf("%s%s %s Kept here, stored at your node.\n",
			talk->again ? "" : hl_talk_prefix(talk->draft.status),
			hl_thread_short(app, &talk->row.incident),
			talk->again ? "has this letter already." : done);
	return code;
}
