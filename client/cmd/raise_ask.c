/* hotline raise at a terminal: asked only what the kind needs, and one look before it goes. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "client/cmd/raise.h"

/* An answer's room; NULL (said) when there is no more. */
static enum hl_exit ask_line(struct hl_raising *r, const char *question, const char **ret)
{
	struct hl_buf *room = &r->asked[r->n_asked];
	enum hl_exit code;

	if (r->n_asked == HL_ASKED_MAX)
		return hl_fail(HL_EXIT_NO, "too many questions; give options instead");
	hl_buf_clear(room);
	code = hl_prompt_line(question, room);
	if (code != HL_EXIT_OK)
		return code;
	*ret = (const char *)room->p;
	return HL_EXIT_OK;
}

/* Asks until the answer is one of the names; an empty one keeps what stands in *ret. */
static enum hl_exit ask_choice(struct hl_raising *r, const char *question,
	const char *(*name)(unsigned), unsigned min, unsigned max, unsigned *ret)
{
	for (;;) {
		const char *typed = "";
		enum hl_exit code = ask_line(r, question, &typed);

		if (code != HL_EXIT_OK)
			return code;
		if (!*typed || hl_words_named(typed, name, min, max, ret))
			return HL_EXIT_OK;
		if (name == hl_severity_text)
			hl_note("  a number, %u to %u", min, max);
		else
			hl_note("  one of: %s",
				hl_words_names(r->talk.app, name, min, max));
	}
}

const char *hl_raise_near_kind(const char *typed)
{
	const char *names[32];
	size_t n;
	const struct hl_kind *kinds = hl_kinds(&n);

	if (n > sizeof(names) / sizeof(names[0]))
		n = sizeof(names) / sizeof(names[0]);
	for (size_t i = 0; i < n; i++)
		names[i] = kinds[i].name;
	return hl_nearest(typed, names, n);
}

static void unknown_kind(const struct hl_raising *r, const char *typed)
{
	const char *near = hl_raise_near_kind(typed);

	hl_note("  no kind is called \"%s\"%s%s%s",
		hl_safe(r->talk.app, hl_view_str(typed)), near ? " (did you mean " : "",
		near ? near : "", near ? "?)" : "");
}

static enum hl_exit ask_kind(struct hl_raising *r)
{
	struct hl_raise *raise = &r->talk.draft.message.raise;

	while (raise->kind.n == 0) {
		const char *typed = "";
		enum hl_exit code = ask_line(
			r, "What happened?  (? lists the kinds)             ", &typed);

		if (code != HL_EXIT_OK)
			return code;
		if (hl_kind_find(hl_view_str(typed))) {
			raise->kind = hl_view_str(typed);
			r->n_asked++;
		} else if (!*typed || strcmp(typed, "?") == 0) {
			hl_raise_kinds(stderr, false);
		} else {
			unknown_kind(r, typed);
		}
	}
	return HL_EXIT_OK;
}

static enum hl_exit ask_to(struct hl_raising *r)
{
	while (!r->to) {
		struct hl_id *labs = NULL;
		const char *typed = "";
		size_t n = 0;
		enum hl_exit code = ask_line(
			r, "To whom?        (@all, a group, lab-b, …)       ", &typed);

		if (code != HL_EXIT_OK)
			return code;
		/* What is not found has been said: ask again. */
		if (*typed &&
			hl_docs_find_labs(r->talk.app, typed, &labs, &n) == HL_EXIT_OK) {
			r->to = typed;
			r->n_asked++;
		}
		free(labs);
	}
	return HL_EXIT_OK;
}

static enum hl_exit ask_head(struct hl_raising *r)
{
	struct hl_draft *draft = &r->talk.draft;
	struct hl_raise *raise = &draft->message.raise;
	unsigned precedence = draft->precedence;
	enum hl_exit code = HL_EXIT_OK;

	if (!r->given_precedence) {
		hl_note("How fast?       FLASH: answered in 10 min, wakes people   "
			"IMMEDIATE: 30 min");
		code = ask_choice(r,
			"                PRIORITY: 3 h     ROUTINE: 24 h   [PRIORITY] > ",
			hl_precedence_name, HL_ROUTINE, HL_FLASH, &precedence);
		draft->precedence = (enum hl_precedence)precedence;
	}
	if (code == HL_EXIT_OK && !r->given_severity) {
		for (unsigned i = 0; i <= 4; i++)
			hl_note("  %u  %s", i, hl_severity_text(i));
		code = ask_choice(r, "How bad?        0 to 4 [1]                      ",
			hl_severity_text, 0, 4, &raise->severity);
	}
	if (code == HL_EXIT_OK && !r->given_certainty)
		code = ask_choice(r,
			"Sure?           observed / likely / possible [likely]  ",
			hl_certainty_name, 0, 4, &raise->certainty);
	if (code == HL_EXIT_OK && !r->given_context)
		code = ask_choice(r,
			"Where run?      evaluation / training / internal / deployed  ",
			hl_context_name, 0, 4, &raise->context);
	return code;
}

/* Words between commas or blanks, as --ask takes them one by one. */
static bool ask_words(const char *typed, struct hl_raise *raise)
{
	raise->n_ask = 0;
	for (const char *at = typed; *(at += strspn(at, ", "));) {
		struct hl_view word = hl_view_of(at, strcspn(at, ", "));

		if (raise->n_ask == HL_ASK_MAX || !hl_label_ok(word))
			return false;
		raise->ask[raise->n_ask++] = word;
		at += word.n;
	}
	hl_raise_sort_asks(raise);
	return true;
}

static enum hl_exit ask_asks(struct hl_raising *r)
{
	struct hl_raise *raise = &r->talk.draft.message.raise;

	if (raise->n_ask > 0)
		return HL_EXIT_OK;
	for (;;) {
		const char *typed = "";
		enum hl_exit code = ask_line(r,
			"Ask of them     (check-systems, verify, …; or nothing)  ",
			&typed);

		if (code != HL_EXIT_OK)
			return code;
		if (ask_words(typed, raise)) {
			r->n_asked++;
			return HL_EXIT_OK;
		}
		raise->n_ask = 0;
		hl_note("  words such as acknowledge, call-back, check-systems, hold-work, "
			"preserve-logs, share-findings, verify; at most %d",
			HL_ASK_MAX);
	}
}

static enum hl_exit ask_field(struct hl_raising *r, const char *key)
{
	const char *typed = "";
	enum hl_exit code;

	for (size_t i = 0; i < r->talk.fields.n; i++)
		if (hl_view_eq(r->talk.fields.items[i].key, hl_view_str(key)))
			return HL_EXIT_OK;
	do {
		code = ask_line(r,
			hl_scrap(r->talk.app, "%-15s ",
				hl_scrap(r->talk.app, "Which %s?", key)),
			&typed);
		if (code != HL_EXIT_OK)
			return code;
	} while (!*typed);
	r->n_asked++;
	r->talk.fields.items[r->talk.fields.n++] =
		(struct hl_field){hl_view_str(key), hl_view_str(typed)};
	hl_words_fields_sort(&r->talk.fields);
	return HL_EXIT_OK;
}

static enum hl_exit ask_capability(struct hl_raising *r)
{
	static const char *const questions[] = {"Framework       ", "Its version     ",
		"Level           (your own name for it)          "};
	struct hl_capability *c = &r->talk.draft.message.raise.capability;
	struct hl_view *into[] = {&c->framework, &c->version, &c->level};
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 0; i < 3 && code == HL_EXIT_OK; i++) {
		const char *typed = "";

		do {
			code = ask_line(r, questions[i], &typed);
		} while (code == HL_EXIT_OK && !*typed && i != 1);
		*into[i] = hl_view_str(typed);
		r->n_asked++;
	}
	c->determination = 1;
	if (code == HL_EXIT_OK)
		code = ask_choice(r,
			"Determination   reached / cannot-rule-out / approaching / ruled-out  ",
			hl_determination_name, 1, 4, &c->determination);
	r->talk.draft.message.raise.has_capability = code == HL_EXIT_OK;
	return code;
}

static enum hl_exit ask_form(struct hl_raising *r)
{
	const struct hl_raise *raise = &r->talk.draft.message.raise;
	const struct hl_kind *kind = hl_kind_find(raise->kind);
	enum hl_exit code = HL_EXIT_OK;

	if (kind && kind->capability && !raise->has_capability)
		code = ask_capability(r);
	for (size_t i = 0; kind && kind->fields[i] && code == HL_EXIT_OK; i++)
		code = ask_field(r, kind->fields[i]);
	return code;
}

static enum hl_exit ask_title(struct hl_raising *r)
{
	struct hl_raise *raise = &r->talk.draft.message.raise;

	while (raise->title.n == 0 || raise->title.n > HL_TITLE_MAX) {
		const char *typed = "";
		enum hl_exit code = ask_line(r, "Title           ", &typed);

		if (code != HL_EXIT_OK)
			return code;
		raise->title = hl_view_str(typed);
		if (raise->title.n > HL_TITLE_MAX)
			hl_note("  at most %d bytes", HL_TITLE_MAX);
	}
	r->n_asked++;
	return HL_EXIT_OK;
}

enum hl_exit hl_raise_ask(struct hl_raising *r)
{
	bool whole = r->to && r->talk.draft.message.raise.kind.n > 0;
	enum hl_exit code = ask_kind(r);

	if (code == HL_EXIT_OK)
		code = ask_to(r);
	/* Whoever typed the main things as options is not asked for the rest. */
	if (code == HL_EXIT_OK && !whole)
		code = ask_head(r);
	if (code == HL_EXIT_OK)
		code = ask_form(r);
	if (code == HL_EXIT_OK && !whole)
		code = ask_asks(r);
	if (code == HL_EXIT_OK && !hl_option(r->talk.args, "message"))
		code = ask_title(r);
	return code;
}

static const char *lower(struct hl_app *app, const char *text)
{
	char word[32] = "";

	for (size_t i = 0; text[i] && i < sizeof(word) - 1; i++)
		word[i] = (char)tolower((unsigned char)text[i]);
	return hl_scrap(app, "%s", word);
}

enum hl_exit hl_raise_typed(struct hl_app *app, const char *want)
{
	HL_CLEAN_BUF struct hl_buf typed = {0};
	enum hl_exit code;

	/* A slip of the finger must not throw the text away. */
	for (;;) {
		hl_buf_clear(&typed);
		code = hl_prompt_line(
			hl_scrap(app, "Type  %s  to go on: ", want), &typed);
		if (code != HL_EXIT_OK)
			return code;
		if (strcmp((const char *)typed.p, want) == 0)
			return HL_EXIT_OK;
		if (typed.n == 0 || strcmp((const char *)typed.p, "no") == 0)
			return hl_fail(HL_EXIT_NO, "nothing was sent");
		hl_note("  not yet sent; type it as it stands there, or only Enter to "
			"send nothing");
	}
}

enum hl_exit hl_raise_confirm(struct hl_raising *r)
{
	struct hl_app *app = r->talk.app;
	const struct hl_draft *draft = &r->talk.draft;
	const struct hl_raise *raise = &draft->message.raise;
	const char *prefix = hl_talk_prefix(draft->status), *to = "", *want;
	size_t words;

	for (size_t i = 0; i < r->n_labs; i++)
		to = hl_scrap(app, "%s%s%s (%zu reader%s)", to, i ? ", " : "",
			hl_docs_lab_name(app, &r->labs[i]),
			hl_compose_readers(app, &r->labs[i]),
			hl_compose_readers(app, &r->labs[i]) == 1 ? "" : "s");
	words = hl_words(draft->message.text);
	want = draft->status == HL_ACTUAL
		? hl_scrap(app, "send actual %s",
			  lower(app, hl_precedence_name(draft->precedence)))
		: hl_scrap(app, "send %s", hl_standing_name(draft->status));
	hl_note("\n  %s%s%s  %s  severity %u  TLP:%s", prefix,
		draft->status == HL_ACTUAL ? "ACTUAL  " : "",
		hl_precedence_name(draft->precedence), hl_safe(app, raise->kind),
		raise->severity, hl_handling_name(raise->handling));
	hl_note("  %s%s  (%zu word%s)", prefix, hl_safe(app, raise->title), words,
		words == 1 ? "" : "s");
	hl_note("  %sto      %s", prefix, to);
	if (draft->precedence == HL_FLASH && hl_docs_own(app)->flash_signers > 1)
		hl_note("  %sneeds   %u more at your lab to release it", prefix,
			hl_docs_own(app)->flash_signers - 1);
	return hl_raise_typed(app, want);
}
