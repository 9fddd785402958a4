#include "client/compose.h"

#include <string.h>

#include "client/docs.h"
#include "client/output.h"

/* What may be said, looked at before it is sealed, in words that say what to give instead. */

static unsigned bits_of(enum hl_type type)
{
	switch (type) {
	case HL_RAISE:
	case HL_REOPEN: return HL_CAP_RAISE;
	case HL_ACK: return HL_CAP_ANSWER;
	case HL_SAY: return 0; /* update or answer: the library looks */
	case HL_UPDATE: return HL_CAP_UPDATE;
	case HL_RESOLVE:
	case HL_CANCEL: return HL_CAP_CLOSE;
	case HL_CANNOT_OPEN:
	case HL_RESEND: return 0;
	case HL_DRILL: return 0; /* raise or update: the library looks */
	case HL_DRILL_ANSWER: return HL_CAP_ANSWER;
	}
	return 0;
}

/* The option that gives what is missing or wrong. */
static enum hl_exit bad_form(struct hl_app *app, const struct hl_draft *draft,
	enum hl_status status, const char *wrong)
{
	const struct hl_message *m = &draft->message;

	if (status == HL_BAD_FORM && strcmp(wrong, "capability") == 0)
		return hl_fail(HL_EXIT_USAGE,
			"%s also needs --framework F --framework-version V --level L "
			"--determination D\n  (D: reached, cannot-rule-out, approaching "
			"or ruled-out; levels are your lab's own)",
			hl_safe(app, m->raise.kind));
	if (strcmp(wrong, "text") == 0 && m->type == HL_DRILL)
		return hl_fail(HL_EXIT_USAGE,
			"the text of a drill has at most 1,024 bytes, and no control "
			"characters: -m TEXT");
	if (strcmp(wrong, "text") == 0)
		return hl_fail(HL_EXIT_USAGE,
			"the text is missing, too long (32 KiB, 8 KiB in an answer), or "
			"holds control characters: -m TEXT or -F FILE");
	if (strcmp(wrong, "title") == 0)
		return hl_fail(HL_EXIT_USAGE,
			"the title is missing, or not one line of 1 to 120 bytes: "
			"--title T");
	if (strcmp(wrong, "fields") == 0)
		return hl_fail(HL_EXIT_USAGE,
			"a --field KEY=VALUE is wrong: KEY of a-z, 0-9, - and ., each "
			"once; VALUE of 1 to 1,024 bytes; at most 32 of them");
	if (strcmp(wrong, "ask") == 0)
		return hl_fail(HL_EXIT_USAGE,
			"--ask takes words such as acknowledge, call-back, "
			"check-systems, hold-work, preserve-logs, share-findings, "
			"verify; at most 8");
	if (status == HL_BAD_FORM)
		return hl_fail(HL_EXIT_USAGE, "%s also needs --field %s=…",
			hl_safe(app, m->raise.kind), wrong);
	return hl_fail(HL_EXIT_USAGE, "%s: %s", wrong, hl_status_text(status));
}

static enum hl_exit check_precedence(
	struct hl_app *app, const struct hl_draft *draft, const struct hl_member *self)
{
	const char *may = hl_precedence_name(self->caps.precedence);

	/* SPEC envelope 3.4: A call or a notice has at most the precedence of the sender's
	 * capability. */
	if (draft->class != HL_CLASS_CALL && draft->class != HL_CLASS_NOTICE)
		return HL_EXIT_OK;
	if (draft->precedence <= self->caps.precedence)
		return HL_EXIT_OK;
	if (!may)
		return hl_fail(HL_EXIT_NOT_PERMITTED,
			"your card gives this device no precedence at all: an admin of "
			"your lab changes that (hotline card)");
	if (self->role == HL_MEMBER_MONITOR)
		return hl_fail(HL_EXIT_NOT_PERMITTED,
			"a monitor may use %s at most, not %s: --precedence %s", may,
			hl_precedence_name(draft->precedence), may);
	(void)app;
	return hl_fail(HL_EXIT_NOT_PERMITTED,
		"your card allows you %s at most, not %s: --precedence %s, or ask a "
		"colleague who may",
		may, hl_precedence_name(draft->precedence), may);
}

static enum hl_exit check_labs(
	struct hl_app *app, const struct hl_draft *draft, const struct hl_member *self)
{
	for (size_t i = 0; i < draft->n_labs && draft->class == HL_CLASS_CALL; i++)
		if (!hl_id_eq(&draft->labs[i], &app->lab) &&
			!hl_caps_lab(&self->caps, &draft->labs[i]))
			return hl_fail(HL_EXIT_NOT_PERMITTED,
				"your card does not allow this device to call %s",
				hl_docs_lab_name(app, &draft->labs[i]));
	return HL_EXIT_OK;
}

static enum hl_exit check_message(
	struct hl_app *app, const struct hl_draft *draft, const struct hl_member *self)
{
	struct hl_core core = {.class = draft->class,
		.status = draft->status,
		.precedence = draft->precedence,
		.has_incident = draft->has_incident,
		.has_answers = draft->has_answers,
		.incident = draft->incident,
		.answers = draft->answers};
	const struct hl_message *m = &draft->message;
	bool raise = m->type == HL_RAISE;

	if (raise && !hl_kind_find(m->raise.kind))
		return hl_fail(HL_EXIT_USAGE,
			"there is no kind called \"%s\": hotline raise --kind '?' lists "
			"them",
			hl_safe(app, m->raise.kind));
	if (raise && !hl_caps_kind(&self->caps, m->raise.kind))
		return hl_fail(HL_EXIT_NOT_PERMITTED,
			"your card does not allow this device to raise %s",
			hl_safe(app, m->raise.kind));
	switch ((int)hl_message_check(m, &core, self)) {
	case HL_OK: return HL_EXIT_OK;
	case HL_BAD_FIELD:
		return hl_fail(HL_EXIT_USAGE,
			"the text has %zu words; a %s call has at most %d. Say the rest "
			"afterwards: hotline say",
			hl_words(m->text), hl_precedence_name(draft->precedence),
			HL_WORDS_MAX);
	case HL_NOT_PERMITTED:
		return hl_fail(HL_EXIT_NOT_PERMITTED,
			"your card does not allow this device to %s",
			hl_type_name(m->type));
	default: break;
	}
	if (raise)
		return hl_fail(HL_EXIT_USAGE,
			"sys.test goes with --status test alone, and sys.exercise with "
			"--status exercise");
	return hl_fail(HL_EXIT_NO, "a %s cannot be said here", hl_type_name(m->type));
}

enum hl_exit hl_compose_check(struct hl_app *app, const struct hl_draft *draft)
{
	HL_CLEAN_BUF struct hl_buf bytes = {0};
	const struct hl_member *self = NULL;
	const char *wrong = "";
	enum hl_exit code = hl_docs_need(app, bits_of(draft->message.type), &self);
	enum hl_status status;

	if (code == HL_EXIT_OK)
		code = check_message(app, draft, self);
	if (code == HL_EXIT_OK)
		code = check_precedence(app, draft, self);
	if (code == HL_EXIT_OK)
		code = check_labs(app, draft, self);
	if (code != HL_EXIT_OK)
		return code;
	status = hl_message_encode(&draft->message, &bytes, &wrong);
	if (hl_status_ours(status))
		return hl_fail_status(status, "writing the letter");
	return status == HL_OK ? HL_EXIT_OK : bad_form(app, draft, status, wrong);
}
