/* hotline say: talk within the thread. */
#include "client/cmd/talk.h"

static enum hl_exit fill(struct hl_talk *talk, bool call)
{
	const struct hl_args *args = talk->args;
	struct hl_app *app = talk->app;
	unsigned precedence;
	enum hl_exit code;

	code = hl_compose_follow(
		app, &talk->thread, HL_SAY, call, NULL, &talk->follow, &talk->draft);
	if (code == HL_EXIT_OK)
		code = hl_words_choice(args, "precedence", hl_precedence_name, HL_ROUTINE,
			HL_FLASH, talk->draft.precedence, &precedence);
	if (code == HL_EXIT_OK)
		code = hl_words_text(app, args, true, true, &talk->text);
	if (code == HL_EXIT_OK)
		code = hl_evidence_read(app, args, &talk->evidence);
	if (code != HL_EXIT_OK)
		return code;
	talk->draft.precedence = (enum hl_precedence)precedence;
	talk->draft.message.text = hl_view_buf(&talk->text);
	talk->draft.message.evidence = talk->evidence.items;
	talk->draft.message.n_evidence = talk->evidence.n;
	return HL_EXIT_OK;
}

enum hl_exit hl_cmd_say(struct hl_app *app, const struct hl_args *args)
{
	HL_CLEAN_TALK struct hl_talk talk = {0};
	bool call = hl_option(args, "call") != NULL;
	enum hl_exit code = hl_talk_follow(app, args, &talk);

	if (code == HL_EXIT_OK && !talk.again)
		code = fill(&talk, call);
	if (code != HL_EXIT_OK)
		return code;
	return hl_talk_send(&talk, call ? "said, and rings." : "said.");
}
