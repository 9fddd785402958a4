#include "message.h"

/* A message beside the core that it came under and the member who sent it (envelope 4.3). */

/* What a type may be, and what its sender needs (message 1.2). */
struct rule {
	bool call, answer, close, notice;
	unsigned bits; /* any one of them */
};

static struct rule rule_of(enum hl_type type)
{
	switch (type) {
	case HL_RAISE: return (struct rule){.call = true, .bits = HL_CAP_RAISE};
	case HL_ACK: return (struct rule){.answer = true, .bits = HL_CAP_ANSWER};
	case HL_SAY:
		return (struct rule){.call = true,
			.notice = true,
			.bits = HL_CAP_UPDATE | HL_CAP_ANSWER};
	case HL_UPDATE:
		return (struct rule){.call = true, .notice = true, .bits = HL_CAP_UPDATE};
	case HL_RESOLVE:
	case HL_CANCEL: return (struct rule){.close = true, .bits = HL_CAP_CLOSE};
	case HL_REOPEN: return (struct rule){.call = true, .bits = HL_CAP_RAISE};
	case HL_CANNOT_OPEN:
	case HL_RESEND:
		return (struct rule){.notice = true,
			.bits = HL_CAP_READ | HL_CAP_RAISE | HL_CAP_UPDATE |
				HL_CAP_ANSWER | HL_CAP_CLOSE};
	case HL_DRILL:
		return (struct rule){.call = true, .bits = HL_CAP_RAISE | HL_CAP_UPDATE};
	case HL_DRILL_ANSWER: return (struct rule){.answer = true, .bits = HL_CAP_ANSWER};
	}
	return (struct rule){0};
}

static bool class_ok(const struct rule *rule, enum hl_class class)
{
	switch (class) {
	case HL_CLASS_CALL: return rule->call;
	case HL_CLASS_ANSWER: return rule->answer;
	case HL_CLASS_CLOSE: return rule->close;
	case HL_CLASS_NOTICE: return rule->notice;
	}
	return false;
}

enum hl_class hl_type_class(enum hl_type type, bool call)
{
	struct rule rule = rule_of(type);

	if (rule.answer)
		return HL_CLASS_ANSWER;
	if (rule.close)
		return HL_CLASS_CLOSE;
	return rule.call && (call || !rule.notice) ? HL_CLASS_CALL : HL_CLASS_NOTICE;
}

size_t hl_words(struct hl_view text)
{
	size_t words = 0;
	bool within = false;

	/* SPEC message 1.4: Words are runs of characters other than space, tab and newline. */
	for (size_t i = 0; i < text.n; i++) {
		bool blank = text.p[i] == ' ' || text.p[i] == '\t' || text.p[i] == '\n';

		words += !blank && !within;
		within = !blank;
	}
	return words;
}

static bool has_seen(const struct hl_message *message, const struct hl_id *id)
{
	for (size_t i = 0; i < message->n_seen; i++)
		if (hl_id_eq(&message->seen[i], id))
			return true;
	return false;
}

/* message 1.1 and 1.3 */
static bool references_ok(const struct hl_message *message, const struct hl_core *core)
{
	bool opens = message->type == HL_RAISE || message->type == HL_DRILL;
	bool answers = message->type == HL_ACK || message->type == HL_CANNOT_OPEN ||
		message->type == HL_DRILL_ANSWER || message->type == HL_RESEND;

	if (core->has_incident == opens || core->has_answers != answers)
		return false;
	if (opens)
		return message->n_seen == 0;
	/* SPEC message 1.1: the answered letter always among them */
	return !answers || has_seen(message, &core->answers);
}

/* SPEC message 3.4: `sys.test` goes with status test alone and `sys.exercise` with status exercise
 * alone (23).
 * SPEC message 4.1: A drill or drill-answer by a member has status exercise, one by a node has
 * status test (23). */
static bool status_ok(
	const struct hl_message *message, const struct hl_core *core, bool by_node)
{
	if (message->type == HL_DRILL || message->type == HL_DRILL_ANSWER)
		return core->status == (by_node ? HL_TEST : HL_EXERCISE);
	if (message->type != HL_RAISE)
		return true;
	if (hl_view_eq(message->raise.kind, hl_view_str("sys.test")))
		return core->status == HL_TEST;
	if (hl_view_eq(message->raise.kind, hl_view_str("sys.exercise")))
		return core->status == HL_EXERCISE;
	return true;
}

enum hl_status hl_message_check(const struct hl_message *message,
	const struct hl_core *core, const struct hl_member *sender)
{
	struct rule rule = rule_of(message->type);

	if (!class_ok(&rule, core->class) || !references_ok(message, core) ||
		!status_ok(message, core, sender == NULL))
		return HL_BAD_TYPE;
	if (core->class == HL_CLASS_CALL && core->precedence >= HL_IMMEDIATE &&
		hl_words(message->text) > HL_WORDS_MAX)
		return HL_BAD_FIELD;
	/* SPEC message 4.2: A node sends drills and drill-answers alone (11) */
	if (sender == NULL)
		return message->type == HL_DRILL || message->type == HL_DRILL_ANSWER
			? HL_OK
			: HL_NOT_PERMITTED;
	if (!(sender->caps.bits & rule.bits))
		return HL_NOT_PERMITTED;
	if (message->type == HL_RAISE &&
		!hl_caps_kind(&sender->caps, message->raise.kind))
		return HL_NOT_PERMITTED;
	return HL_OK;
}
