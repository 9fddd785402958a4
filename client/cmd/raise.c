/* hotline raise: opens an incident at other labs. */
#include <stdlib.h>
#include <string.h>

#include "client/cmd/raise.h"

static void raising_clear(struct hl_raising *r)
{
	hl_talk_clear(&r->talk);
	free(r->labs);
	for (size_t i = 0; i < HL_ASKED_MAX; i++)
		hl_buf_clear(&r->asked[i]);
}

void hl_raise_kinds(FILE *stream, bool needs)
{
	size_t n;
	const struct hl_kind *kinds = hl_kinds(&n);

	for (size_t i = 0; i < n; i++) {
		fprintf(stream, "  %-22s %s\n", kinds[i].name, kinds[i].text);
		if (needs && kinds[i].capability)
			fprintf(stream,
				"  %-22s   needs --framework, --level, "
				"--determination\n",
				"");
		for (size_t j = 0; needs && kinds[i].fields[j]; j++)
			fprintf(stream, "  %-22s   needs --field %s=…\n", "",
				kinds[i].fields[j]);
	}
}

static int by_bytes(const void *a, const void *b)
{
	const struct hl_view *x = a, *y = b;

	return hl_view_cmp(*x, *y);
}

void hl_raise_sort_asks(struct hl_raise *raise)
{
	qsort(raise->ask, raise->n_ask, sizeof(raise->ask[0]), by_bytes);
}

static enum hl_exit asks(const struct hl_args *args, struct hl_raise *raise)
{
	const char *ask;

	for (size_t i = 0; (ask = hl_option_at(args, "ask", i)); i++) {
		if (i == HL_ASK_MAX)
			return hl_usage_error(args, "--ask at most %d times", HL_ASK_MAX);
		raise->ask[raise->n_ask++] = hl_view_str(ask);
	}
	hl_raise_sort_asks(raise);
	return HL_EXIT_OK;
}

static enum hl_exit capability(const struct hl_args *args, struct hl_raise *raise)
{
	const char *framework = hl_option(args, "framework");
	const char *level = hl_option(args, "level");

	if (!framework && !level && !hl_option(args, "determination"))
		return HL_EXIT_OK;
	if (!framework || !level || !hl_option(args, "determination"))
		return hl_usage_error(
			args, "--framework, --level and --determination go together");
	raise->has_capability = true;
	raise->capability.framework = hl_view_str(framework);
	raise->capability.version = hl_view_str(hl_option(args, "framework-version"));
	raise->capability.level = hl_view_str(level);
	return hl_words_choice(args, "determination", hl_determination_name, 1, 4, 1,
		&raise->capability.determination);
}

/* Numbers and words that stand in the letter's head. */
static enum hl_exit head(struct hl_raising *r, struct hl_raise *raise)
{
	const struct hl_args *args = r->talk.args;
	struct hl_draft *draft = &r->talk.draft;
	unsigned status = HL_ACTUAL, precedence = HL_PRIORITY;
	uint64_t severity;
	enum hl_exit code;

	if (hl_view_eq(raise->kind, hl_view_str("sys.test")))
		status = HL_TEST;
	if (hl_view_eq(raise->kind, hl_view_str("sys.exercise")))
		status = HL_EXERCISE;
	code = hl_words_choice(args, "status", hl_standing_name, 1, 3, status, &status);
	if (code == HL_EXIT_OK)
		code = hl_words_choice(args, "precedence", hl_precedence_name, 1, 4,
			precedence, &precedence);
	if (code == HL_EXIT_OK)
		code = hl_option_number(args, "severity", 0, 4, 1, &severity);
	if (code == HL_EXIT_OK)
		code = hl_words_choice(
			args, "certainty", hl_certainty_name, 0, 4, 3, &raise->certainty);
	if (code == HL_EXIT_OK)
		code = hl_words_choice(
			args, "urgency", hl_urgency_name, 0, 4, 0, &raise->urgency);
	if (code == HL_EXIT_OK)
		code = hl_words_choice(
			args, "context", hl_context_name, 0, 4, 0, &raise->context);
	if (code == HL_EXIT_OK)
		code = hl_words_choice(
			args, "tlp", hl_handling_name, 1, 5, 3, &raise->handling);
	if (code != HL_EXIT_OK)
		return code;
	raise->severity = (unsigned)severity;
	draft->status = (enum hl_standing)status;
	draft->precedence = (enum hl_precedence)precedence;
	return HL_EXIT_OK;
}

static enum hl_exit options(struct hl_raising *r)
{
	const struct hl_args *args = r->talk.args;
	struct hl_message *m = &r->talk.draft.message;
	struct hl_raise *raise = &m->raise;
	enum hl_exit code;

	m->type = HL_RAISE;
	r->talk.draft.class = HL_CLASS_CALL;
	r->to = hl_option(args, "to");
	raise->kind = hl_view_str(hl_option(args, "kind"));
	raise->title = hl_view_str(hl_option(args, "title"));
	r->given_precedence = hl_option(args, "precedence") != NULL;
	r->given_severity = hl_option(args, "severity") != NULL;
	r->given_certainty = hl_option(args, "certainty") != NULL;
	r->given_context = hl_option(args, "context") != NULL;
	code = head(r, raise);
	if (code == HL_EXIT_OK)
		code = asks(args, raise);
	if (code == HL_EXIT_OK)
		code = capability(args, raise);
	if (code == HL_EXIT_OK)
		code = hl_words_time_option(
			args, "aware-at", &raise->has_aware_at, &raise->aware_at);
	if (code == HL_EXIT_OK)
		code = hl_words_time_option(args, "determined-at",
			&raise->has_determined_at, &raise->determined_at);
	if (code == HL_EXIT_OK)
		code = hl_words_span_option(
			args, "answer-within", 604800, 0, &r->talk.draft.answer_within);
	if (code == HL_EXIT_OK)
		code = hl_words_fields(args, &r->talk.fields);
	return code;
}

/* Where no title was given: the first line of the text, as far as it fits. */
static void title_from_text(struct hl_raising *r)
{
	struct hl_view text = hl_view_buf(&r->talk.text);
	size_t n = 0;

	while (n < text.n && n < HL_TITLE_MAX && text.p[n] != '\n' && text.p[n] != '\t')
		n++;
	/* No character is cut in two. */
	while (n > 0 && n < text.n && (text.p[n] & 0xc0) == 0x80)
		n--;
	if (n > 0)
		memcpy(r->title, text.p, n);
	r->talk.draft.message.raise.title = hl_view_of(r->title, n);
}

static enum hl_exit no_such_kind(const struct hl_raising *r)
{
	const char *typed = hl_option(r->talk.args, "kind");
	const char *near = hl_raise_near_kind(typed);

	return hl_fail(HL_EXIT_USAGE,
		"there is no kind called \"%s\"%s%s%s (--kind '?' lists them)",
		hl_safe(r->talk.app, hl_view_str(typed)), near ? ": did you mean " : "",
		near ? near : "", near ? "?" : "");
}

static enum hl_exit content(struct hl_raising *r, bool ask)
{
	const struct hl_args *args = r->talk.args;
	struct hl_message *m = &r->talk.draft.message;
	enum hl_exit code;

	if (!r->to)
		return hl_usage_error(
			args, "say to whom: --to LAB[,LAB…], a group as @name, or @all");
	if (m->raise.kind.n == 0)
		return hl_usage_error(
			args, "say what happened: --kind KIND (--kind '?' lists them)");
	if (!hl_kind_find(m->raise.kind))
		return no_such_kind(r);
	code = hl_words_text(r->talk.app, args, true, ask, &r->talk.text);
	if (code == HL_EXIT_OK)
		code = hl_evidence_read(r->talk.app, args, &r->talk.evidence);
	if (code != HL_EXIT_OK)
		return code;
	m->text = hl_view_buf(&r->talk.text);
	m->fields = r->talk.fields.items;
	m->n_fields = r->talk.fields.n;
	m->evidence = r->talk.evidence.items;
	m->n_evidence = r->talk.evidence.n;
	if (m->raise.title.n == 0)
		title_from_text(r);
	return HL_EXIT_OK;
}

static enum hl_exit addressees(struct hl_raising *r)
{
	enum hl_exit code = hl_docs_find_labs(r->talk.app, r->to, &r->labs, &r->n_labs);

	if (code == HL_EXIT_OK && r->n_labs == 0)
		return hl_fail(HL_EXIT_USAGE,
			"--to names nobody; peers are listed by: hotline peer list");
	r->talk.draft.labs = r->labs;
	r->talk.draft.n_labs = r->n_labs;
	return code;
}

/* All that stands before the sealing; the line is open after it, unless the node is away. */
static enum hl_exit prepare(struct hl_raising *r)
{
	struct hl_talk *talk = &r->talk;
	bool ask = hl_prompt_can() && !talk->app->yes;
	enum hl_exit code = options(r);

	if (code == HL_EXIT_OK && ask)
		code = hl_raise_ask(r);
	if (code == HL_EXIT_OK)
		code = content(r, ask);
	/* Nobody is kept waiting by a person who thinks: with one, the line comes last. */
	if (code == HL_EXIT_OK && !ask)
		code = hl_talk_begin(talk->app, talk->args, talk);
	if (code == HL_EXIT_OK)
		code = addressees(r);
	if (code == HL_EXIT_OK)
		code = hl_compose_check(talk->app, &talk->draft);
	if (code == HL_EXIT_OK && ask)
		code = hl_raise_confirm(r);
	if (code == HL_EXIT_OK && ask)
		code = hl_talk_begin(talk->app, talk->args, talk);
	/* What was written in the editor is not lost with the file it was written in. */
	if (code != HL_EXIT_OK && ask && r->talk.text.n > 0 &&
		!hl_option(talk->args, "message") && !hl_option(talk->args, "file"))
		hl_note("What you wrote was:\n\n%s\n",
			hl_safe_block(talk->app, hl_view_buf(&r->talk.text), 0));
	return code;
}

enum hl_exit hl_raise_finish(struct hl_talk *talk, const char *wait, uint64_t timeout_s)
{
	struct hl_app *app = talk->app;
	const char *id = hl_thread_short(app, &talk->row.incident);
	enum hl_exit code, printed;
	json_t *doc;

	/* Whoever waits for answers looks at once what else there is, and what is written down
	 * later by then would be sent again. */
	talk->later = wait != NULL && strcmp(wait, "stored") == 0;
	code = hl_talk_submit(talk);
	if (!app->json && code == HL_EXIT_OK && talk->row.state == HL_OUTBOX_SENT) {
		printf("%s%s sealed, kept here, stored at your node.\n",
			talk->again ? "" : hl_talk_prefix(talk->draft.status), id);
		if (!wait)
			printf("%sWho has it, who answered: hotline show %s\n",
				talk->again ? "" : hl_talk_prefix(talk->draft.status),
				id);
		fflush(stdout);
	}
	doc = hl_talk_json(talk);
	if (wait && code == HL_EXIT_OK && talk->row.state == HL_OUTBOX_SENT)
		code = hl_raise_wait(talk, strcmp(wait, "answered") == 0, timeout_s, doc);
	/* Older drafts go after the alert, not before it. */
	if (talk->line && code == HL_EXIT_OK)
		code = hl_outbox_flush(app, talk->line, talk->row.n);
	if (!app->json) {
		json_decref(doc);
		return code;
	}
	printed = hl_json_print(doc);
	return code != HL_EXIT_OK ? code : printed;
}

enum hl_exit hl_cmd_raise(struct hl_app *app, const struct hl_args *args)
{
	__attribute__((cleanup(raising_clear))) struct hl_raising r = {0};
	const char *kind = hl_option(args, "kind"), *wait = hl_option(args, "wait");
	uint64_t timeout;
	enum hl_exit code;

	if (kind && strcmp(kind, "?") == 0) {
		hl_raise_kinds(stdout, true);
		return HL_EXIT_OK;
	}
	if (wait && strcmp(wait, "stored") != 0 && strcmp(wait, "answered") != 0)
		return hl_usage_error(args, "--wait takes stored or answered");
	code = hl_words_span_option(args, "timeout", 604800, 0, &timeout);
	if (code == HL_EXIT_OK)
		code = hl_talk_key(app, args, &r.talk);
	if (code != HL_EXIT_OK)
		return code;
	if (r.talk.again)
		code = hl_talk_begin(app, args, &r.talk);
	else
		code = prepare(&r);
	if (code == HL_EXIT_OK)
		code = hl_talk_seal(&r.talk);
	return code == HL_EXIT_OK ? hl_raise_finish(&r.talk, wait, timeout) : code;
}
