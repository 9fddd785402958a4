/* hotline drill: tries a line as if it were real, as an exercise. */
#include "client/cmd/drill.h"

#include <stdlib.h>
#include <string.h>

#include "client/cmd/raise.h"

#define LIFETIME_MIN_S 60

struct drilling {
	struct hl_talk talk;
	struct hl_id *labs;
	size_t n_labs;
};

static void drilling_clear(struct drilling *d)
{
	hl_talk_clear(&d->talk);
	free(d->labs);
}

static enum hl_exit addressees(struct drilling *d)
{
	const struct hl_args *args = d->talk.args;
	bool all = hl_option(args, "all") != NULL;
	const char *names = all ? "@all" : "";
	enum hl_exit code;

	if (all == (args->n > 0))
		return hl_usage_error(args,
			all ? "either peers or --all"
			    : "drill whom: PEER…, a group as @name, or "
			      "--all");
	for (size_t i = 0; i < args->n; i++)
		names = hl_scrap(
			d->talk.app, "%s%s%s", names, i ? "," : "", args->operands[i]);
	code = hl_docs_find_labs(d->talk.app, names, &d->labs, &d->n_labs);
	if (code == HL_EXIT_OK && d->n_labs == 0)
		return hl_fail(HL_EXIT_USAGE,
			"there is nobody to drill; peers are listed by: hotline peer "
			"list");
	d->talk.draft.labs = d->labs;
	d->talk.draft.n_labs = d->n_labs;
	return code;
}

static enum hl_exit options(struct drilling *d)
{
	const struct hl_args *args = d->talk.args;
	const char *text = hl_option(args, "message");
	struct hl_draft *draft = &d->talk.draft;
	unsigned precedence = HL_PRIORITY;
	uint64_t within;
	enum hl_exit code;

	if (hl_option(args, "days"))
		return hl_usage_error(args, "--days goes with report");
	code = hl_words_choice(
		args, "precedence", hl_precedence_name, 1, 4, precedence, &precedence);
	if (code == HL_EXIT_OK)
		code = hl_words_span_option(
			args, "answer-within", 604800, 0, &draft->answer_within);
	if (code != HL_EXIT_OK)
		return code;
	draft->message.type = HL_DRILL;
	draft->message.text = hl_view_str(text);
	draft->class = HL_CLASS_CALL;
	draft->status = HL_EXERCISE;
	draft->precedence = (enum hl_precedence)precedence;
	/* Nobody is rung for it after its deadline. */
	within = draft->answer_within ? draft->answer_within
				      : hl_precedence_deadline(draft->precedence);
	draft->lifetime = within > LIFETIME_MIN_S ? within : LIFETIME_MIN_S;
	return HL_EXIT_OK;
}

static enum hl_exit confirm(struct drilling *d)
{
	struct hl_app *app = d->talk.app;
	const struct hl_draft *draft = &d->talk.draft;
	const char *prefix = hl_talk_prefix(draft->status), *to = "";

	for (size_t i = 0; i < d->n_labs; i++)
		to = hl_scrap(app, "%s%s%s (%zu reader%s)", to, i ? ", " : "",
			hl_docs_lab_name(app, &d->labs[i]),
			hl_compose_readers(app, &d->labs[i]),
			hl_compose_readers(app, &d->labs[i]) == 1 ? "" : "s");
	hl_note("\n%s %s  drill", prefix, hl_precedence_name(draft->precedence));
	if (draft->message.text.n > 0)
		hl_note("%s %s", prefix, hl_safe_block(app, draft->message.text, 10));
	hl_note("%s to  %s", prefix, to);
	if (draft->precedence == HL_FLASH && hl_docs_own(app)->flash_signers > 1)
		hl_note("%s needs %u more at your lab to release it", prefix,
			hl_docs_own(app)->flash_signers - 1);
	return hl_raise_typed(
		app, hl_scrap(app, "send %s", hl_standing_name(draft->status)));
}

static enum hl_exit prepare(struct drilling *d)
{
	struct hl_talk *talk = &d->talk;
	bool ask = hl_prompt_can() && !talk->app->yes;
	enum hl_exit code = options(d);

	/* Nobody is kept waiting by a person who thinks: with one, the line comes last. */
	if (code == HL_EXIT_OK && !ask)
		code = hl_talk_begin(talk->app, talk->args, talk);
	if (code == HL_EXIT_OK)
		code = addressees(d);
	if (code == HL_EXIT_OK)
		code = hl_compose_check(talk->app, &talk->draft);
	if (code == HL_EXIT_OK && ask)
		code = confirm(d);
	if (code == HL_EXIT_OK && ask)
		code = hl_talk_begin(talk->app, talk->args, talk);
	return code;
}

enum hl_exit hl_cmd_drill(struct hl_app *app, const struct hl_args *args)
{
	__attribute__((cleanup(drilling_clear))) struct drilling d = {0};
	const char *wait = hl_option(args, "wait");
	uint64_t timeout;
	enum hl_exit code;

	if (args->n > 0 && strcmp(args->operands[0], "report") == 0)
		return hl_drill_report(app, args);
	if (wait && strcmp(wait, "stored") != 0 && strcmp(wait, "answered") != 0)
		return hl_usage_error(args, "--wait takes stored or answered");
	code = hl_words_span_option(args, "timeout", 604800, 0, &timeout);
	if (code == HL_EXIT_OK)
		code = hl_talk_key(app, args, &d.talk);
	if (code != HL_EXIT_OK)
		return code;
	code = d.talk.again ? hl_talk_begin(app, args, &d.talk) : prepare(&d);
	if (code == HL_EXIT_OK)
		code = hl_talk_seal(&d.talk);
	return code == HL_EXIT_OK ? hl_raise_finish(&d.talk, wait, timeout) : code;
}
