/* hotline ack: a named person has read it. */
#include "client/cmd/talk.h"

/* The call that is meant: the letter that was typed, else the newest one that this lab has not
 * answered, else the newest of another lab. */
static const struct hl_call_state *the_call(struct hl_talk *talk)
{
	const struct hl_call_state *call = NULL;

	if (!hl_id_eq(&talk->letter, &talk->thread.id))
		call = hl_thread_call(&talk->thread, &talk->letter);
	if (!call)
		call = hl_thread_rings(talk->app, &talk->thread);
	for (size_t i = talk->thread.incident.n_calls; !call && i-- > 0;)
		if (!hl_id_eq(&talk->thread.incident.calls[i].lab, &talk->app->lab))
			call = &talk->thread.incident.calls[i];
	return call;
}

static enum hl_exit choose(struct hl_talk *talk, struct hl_message *m, const char **text)
{
	const struct hl_args *args = talk->args;
	const char *decline = hl_option(args, "decline");
	const char *redirect = hl_option(args, "redirect");
	unsigned given = (hl_option(args, "acting") != NULL) +
		(hl_option(args, "accept") != NULL) + (decline != NULL) +
		(redirect != NULL);

	if (given > 1)
		return hl_usage_error(
			args, "only one of --acting, --accept, --decline and --redirect");
	m->ack.answer = decline             ? HL_DECLINED
		: redirect                  ? HL_REDIRECTED
		: hl_option(args, "acting") ? HL_ACTING
					    : HL_ACCEPTED;
	if (redirect) {
		m->ack.has_redirect = true;
		m->ack.redirect = hl_view_str(redirect);
	}
	*text = decline;
	if (decline && hl_option(args, "message"))
		return hl_usage_error(
			args, "the reason stands after --decline; leave -m out");
	return HL_EXIT_OK;
}

enum hl_exit hl_cmd_ack(struct hl_app *app, const struct hl_args *args)
{
	HL_CLEAN_TALK struct hl_talk talk = {0};
	const struct hl_call_state *call;
	const char *decline = NULL, *done;
	enum hl_exit code = hl_talk_follow(app, args, &talk);

	if (code != HL_EXIT_OK)
		return code;
	if (talk.again)
		return hl_talk_send(&talk, "");
	call = the_call(&talk);
	if (!call)
		return hl_fail(HL_EXIT_NO,
			"there is nothing to answer in %s: no other lab calls in it. To "
			"speak: hotline say %s",
			hl_thread_short(app, &talk.thread.id),
			hl_thread_short(app, &talk.thread.id));
	code = hl_compose_follow(
		app, &talk.thread, HL_ACK, false, &call->id, &talk.follow, &talk.draft);
	if (code == HL_EXIT_OK)
		code = choose(&talk, &talk.draft.message, &decline);
	if (code == HL_EXIT_OK)
		code = hl_words_text(app, args, false, false, &talk.text);
	if (code != HL_EXIT_OK)
		return code;
	talk.draft.message.text =
		decline ? hl_view_str(decline) : hl_view_buf(&talk.text);
	done = hl_scrap(app, "answered for %s: %s.", hl_docs_lab_name(app, &app->lab),
		hl_answer_name(talk.draft.message.ack.answer));
	return hl_talk_send(&talk, done);
}
