/* hotline resolve, cancel, reopen: the end of an incident, a false alarm, again. */
#include <string.h>

#include "client/cmd/talk.h"

static enum hl_exit may_close(struct hl_talk *talk, const char *verb)
{
	const struct hl_letter *raise = hl_thread_raise(&talk->thread);
	const char *id = hl_thread_short(talk->app, &talk->thread.id);

	/* SPEC incident 3.6: by the raise's lab and not short (else 3), and the phase must be 1 */
	if (raise && !hl_id_eq(&raise->envelope.core.lab, &talk->app->lab))
		return hl_fail(HL_EXIT_NOT_PERMITTED,
			"%s was raised by %s, which alone can %s it.\n  Say what you "
			"know: hotline say %s",
			id, hl_docs_lab_name(talk->app, &raise->envelope.core.lab), verb,
			id);
	if (talk->thread.incident.phase == HL_OPEN)
		return HL_EXIT_OK;
	return hl_fail(HL_EXIT_NO, "%s is %s; to open it again: hotline reopen %s -m WHY",
		id, hl_phase_name(talk->thread.incident.phase), id);
}

static enum hl_exit may_reopen(struct hl_talk *talk)
{
	enum hl_phase phase = talk->thread.incident.phase;
	const char *id = hl_thread_short(talk->app, &talk->thread.id);

	if (phase == HL_RESOLVED || phase == HL_CANCELLED)
		return HL_EXIT_OK;
	return hl_fail(HL_EXIT_NO, "%s is %s; to ring the others: hotline say %s --call",
		id, hl_phase_name(phase), id);
}

static enum hl_exit run(struct hl_app *app, const struct hl_args *args, enum hl_type type,
	const char *done)
{
	HL_CLEAN_TALK struct hl_talk talk = {0};
	enum hl_exit code = hl_talk_follow(app, args, &talk);

	if (code != HL_EXIT_OK)
		return code;
	if (talk.again)
		return hl_talk_send(&talk, "");
	code = type == HL_REOPEN ? may_reopen(&talk)
				 : may_close(&talk, hl_type_name(type));
	if (code == HL_EXIT_OK)
		code = hl_compose_follow(app, &talk.thread, type, type == HL_REOPEN, NULL,
			&talk.follow, &talk.draft);
	if (code == HL_EXIT_OK)
		code = hl_words_text(app, args, false, type != HL_RESOLVE, &talk.text);
	if (code != HL_EXIT_OK)
		return code;
	if (type != HL_RESOLVE && talk.text.n == 0)
		return hl_usage_error(args, "say why: -m TEXT");
	talk.draft.message.text = hl_view_buf(&talk.text);
	return hl_talk_send(&talk, done);
}

enum hl_exit hl_cmd_resolve(struct hl_app *app, const struct hl_args *args)
{
	return run(app, args, HL_RESOLVE, "resolved.");
}

enum hl_exit hl_cmd_cancel(struct hl_app *app, const struct hl_args *args)
{
	return run(app, args, HL_CANCEL, "cancelled: a false alarm.");
}

enum hl_exit hl_cmd_reopen(struct hl_app *app, const struct hl_args *args)
{
	return run(app, args, HL_REOPEN, "open again, and rings.");
}
