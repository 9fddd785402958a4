/* hotline update: corrects or extends; nothing is ever edited. */
#include "client/cmd/talk.h"

static bool few(const struct hl_args *args)
{
	static const char *const all[] = {
		"severity", "certainty", "title", "field", "attach"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (hl_option(args, all[i]))
			return false;
	return true;
}

static enum hl_exit options(struct hl_talk *talk, struct hl_message *m)
{
	const struct hl_args *args = talk->args;
	const char *title = hl_option(args, "title");
	uint64_t severity;
	enum hl_exit code;

	code = hl_option_number(args, "severity", 0, 4, 0, &severity);
	if (code == HL_EXIT_OK)
		code = hl_words_choice(args, "certainty", hl_certainty_name, 0, 4, 0,
			&m->update.certainty);
	if (code == HL_EXIT_OK)
		code = hl_words_fields(args, &talk->fields);
	if (code == HL_EXIT_OK)
		code = hl_evidence_read(talk->app, args, &talk->evidence);
	if (code == HL_EXIT_OK)
		code = hl_words_text(talk->app, args, few(args), few(args), &talk->text);
	if (code != HL_EXIT_OK)
		return code;
	m->update.has_severity = hl_option(args, "severity") != NULL;
	m->update.severity = (unsigned)severity;
	m->update.has_certainty = hl_option(args, "certainty") != NULL;
	m->update.has_title = title != NULL;
	m->update.title = hl_view_str(title);
	m->text = hl_view_buf(&talk->text);
	m->fields = talk->fields.items;
	m->n_fields = talk->fields.n;
	m->evidence = talk->evidence.items;
	m->n_evidence = talk->evidence.n;
	return HL_EXIT_OK;
}

enum hl_exit hl_cmd_update(struct hl_app *app, const struct hl_args *args)
{
	HL_CLEAN_TALK struct hl_talk talk = {0};
	const struct hl_letter *raise;
	enum hl_exit code = hl_talk_follow(app, args, &talk);

	if (code != HL_EXIT_OK)
		return code;
	if (talk.again)
		return hl_talk_send(&talk, "");
	raise = hl_thread_raise(&talk.thread);
	if (raise && !hl_id_eq(&raise->envelope.core.lab, &app->lab) &&
		(hl_option(args, "severity") || hl_option(args, "certainty") ||
			hl_option(args, "title")))
		return hl_fail(HL_EXIT_NOT_PERMITTED,
			"severity, certainty and title of %s are %s's to change, which "
			"raised it.\n  Say what you see: hotline say %s",
			hl_thread_short(app, &talk.thread.id),
			hl_docs_lab_name(app, &raise->envelope.core.lab),
			hl_thread_short(app, &talk.thread.id));
	code = hl_compose_follow(
		app, &talk.thread, HL_UPDATE, false, NULL, &talk.follow, &talk.draft);
	if (code == HL_EXIT_OK)
		code = options(&talk, &talk.draft.message);
	return code == HL_EXIT_OK ? hl_talk_send(&talk, "updated.") : code;
}
