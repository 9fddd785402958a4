#include "client/timeline.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "client/carriers.h"
#include "client/cmd/talk.h"
#include "client/proof.h"
#include "client/resend.h"

bool hl_prefixed_begin(struct hl_prefixed *out)
{
	*out = (struct hl_prefixed){0};
	out->stream = open_memstream(&out->text, &out->size);
	return out->stream != NULL;
}

/* One character: its bytes, and the columns that it takes. */
static size_t character(const char *text, size_t n, size_t *ret_columns)
{
	mbstate_t state = {0};
	wchar_t wide = 0;
	size_t bytes = mbrtowc(&wide, text, n, &state);
	int columns = wcwidth(wide);

	if (bytes == 0 || bytes > n) {
		*ret_columns = 1;
		return 1;
	}
	*ret_columns = columns < 0 ? 1 : (size_t)columns;
	return bytes;
}

/* Bytes of a line (n of them) that fit into so many columns, up to a blank where there is one. */
static size_t fitting(const char *line, size_t n, size_t columns)
{
	size_t used = 0, blank = 0, i = 0;

	while (i < n) {
		size_t width, bytes = character(line + i, n - i, &width);

		if (used + width > columns)
			return blank > columns / 2 ? blank : i;
		/* Not within the blanks that a line begins with, nor in a time. */
		if (line[i] == ' ' && i > columns / 4)
			blank = i;
		used += width;
		i += bytes;
	}
	return n;
}

/* A line in pieces of at most 80 columns, the later ones indented. */
static void print_wrapped(const char *prefix, const char *line, size_t n)
{
	size_t width = 80 - strlen(prefix), indent = 0;
	bool timed = n > 9 && line[2] == ':' && line[5] == ':';

	while (indent < n && line[indent] == ' ')
		indent++;
	indent = timed ? 10 : indent < 20 ? indent : 0;
	for (bool first = true; n > 0 || first; first = false) {
		size_t room = width - (first ? 0 : indent);
		size_t part = fitting(line, n, room);

		printf("%.*s%*s%.*s\n", (int)(n ? strlen(prefix) : strcspn(prefix, " ")),
			prefix, first ? 0 : (int)indent, "", (int)part, line);
		line += part;
		n -= part;
		while (n > 0 && *line == ' ') {
			line++;
			n--;
		}
	}
}

void hl_prefixed_end(struct hl_prefixed *out, const char *prefix)
{
	fclose(out->stream);
	for (char *line = out->text; line && *line;) {
		char *end = strchrnul(line, '\n');

		print_wrapped(prefix, line, (size_t)(end - line));
		line = *end ? end + 1 : end;
	}
	free(out->text);
	*out = (struct hl_prefixed){0};
}

const char *hl_timeline_phase(struct hl_app *app, const struct hl_thread *thread)
{
	size_t labs, answered;

	hl_thread_count(thread, &labs, &answered);
	if (thread->incident.phase == HL_UNKNOWN_PHASE)
		return "its beginning is not held here";
	if (thread->incident.phase != HL_OPEN)
		return hl_phase_name(thread->incident.phase);
	if (hl_thread_drill_over(thread))
		return hl_scrap(app, "over, %zu of %zu lab%s answered", answered, labs,
			labs == 1 ? "" : "s");
	return hl_scrap(app, "open, %zu of %zu lab%s answered", answered, labs,
		labs == 1 ? "" : "s");
}

/* A text on one line, in quotes. */
static const char *quoted(struct hl_app *app, struct hl_view text)
{
	return text.n ? hl_scrap(app, " \"%s\"", hl_safe_block(app, text, 6)) : "";
}

static const char *what_ack(struct hl_app *app, const struct hl_message *m, bool full)
{
	const char *to = m->ack.has_redirect
		? hl_scrap(app, " to %s", hl_safe(app, m->ack.redirect))
		: "";

	return hl_scrap(app, "answered: %s%s%s", hl_answer_name(m->ack.answer), to,
		full ? quoted(app, m->text) : "");
}

static const char *what_update(struct hl_app *app, const struct hl_message *m, bool full)
{
	const char *line = "updates:";

	if (m->update.has_severity)
		line = hl_scrap(app, "%s severity %u (%s)", line, m->update.severity,
			hl_severity_text(m->update.severity));
	if (m->update.has_certainty)
		line = hl_scrap(app, "%s certainty %s", line,
			hl_certainty_name(m->update.certainty));
	if (m->update.has_title)
		line = hl_scrap(
			app, "%s title \"%s\"", line, hl_safe(app, m->update.title));
	if (full)
		line = hl_scrap(app, "%s%s", line, quoted(app, m->text));
	for (size_t i = 0; full && i < m->n_fields; i++)
		line = hl_scrap(app, "%s\n      %s: %s", line,
			hl_safe(app, m->fields[i].key),
			hl_safe_block(app, m->fields[i].value, 8));
	return line;
}

const char *hl_timeline_what(
	struct hl_app *app, const struct hl_letter *letter, bool full)
{
	const struct hl_message *m = &letter->message;
	const struct hl_core *core = &letter->envelope.core;
	const char *text;

	if (letter->state == HL_LETTER_SEALED)
		return hl_timeline_sealed(app, letter);
	if (letter->state == HL_LETTER_REFUSED)
		return hl_scrap(app, "a %s that is not shown: %s",
			hl_class_name(core->class),
			full ? hl_timeline_closed(app, letter)
			     : hl_resend_why(letter->code));
	text = full ? quoted(app, m->text) : "";
	switch (m->type) {
	case HL_RAISE:
		return hl_scrap(app, "raised (%s, %s)",
			hl_precedence_name(core->precedence),
			hl_standing_name(core->status));
	case HL_ACK: return what_ack(app, m, full);
	case HL_SAY:
		return hl_scrap(app, "%s:%s",
			core->class == HL_CLASS_CALL
				? hl_scrap(app, "calls (%s)",
					  hl_precedence_name(core->precedence))
				: "says",
			text);
	case HL_UPDATE: return what_update(app, m, full);
	case HL_RESOLVE: return hl_scrap(app, "resolved%s", text);
	case HL_CANCEL: return hl_scrap(app, "cancelled: a false alarm%s", text);
	case HL_REOPEN: return hl_scrap(app, "opened again%s", text);
	case HL_CANNOT_OPEN:
	case HL_RESEND: return hl_timeline_resend(app, letter);
	case HL_DRILL:
		return hl_scrap(app, "drills (%s, %s)%s",
			hl_precedence_name(core->precedence),
			hl_standing_name(core->status), text);
	case HL_DRILL_ANSWER: return hl_scrap(app, "answered: accepted%s", text);
	}
	return "?";
}

const char *hl_timeline_letter(struct hl_app *app, const struct hl_letter *letter)
{
	return hl_scrap(app, "%-8s %-14s %s",
		hl_docs_lab_name(app, &letter->envelope.core.lab),
		hl_letter_person(app, letter), hl_timeline_what(app, letter, true));
}

/* The other answer of the lab, which counts: "1 s after Ines Roy". */
static const char *also(struct hl_app *app, const struct hl_thread *thread,
	const struct hl_letter *letter)
{
	const struct hl_core *core = &letter->envelope.core;
	const struct hl_call_state *call = hl_thread_call(thread, &core->answers);
	const struct hl_lab_answer *answer =
		call ? hl_call_answer(call, &core->lab) : NULL;
	const struct hl_letter *first =
		answer ? hl_thread_letter(thread, &answer->letter) : NULL;
	uint64_t a, b;

	if (!first)
		return "also";
	a = first->envelope.core.created;
	b = core->created;
	return hl_scrap(app, "%s %s %s", hl_span(app, b > a ? b - a : a - b),
		b >= a ? "after" : "before", hl_letter_person(app, first));
}

/* What stands beside a letter: its effect where it has none, and marks. */
static const char *notes(struct hl_app *app, const struct hl_thread *thread,
	const struct hl_letter *letter, enum hl_effect effect)
{
	const struct hl_card *card = hl_docs_card(app, &letter->envelope.core.lab);
	const char *line = "";

	if (effect == HL_ALSO)
		line = hl_scrap(app, "   %s", also(app, thread, letter));
	else if (effect != HL_EFFECTIVE && letter->message.type < HL_CANNOT_OPEN)
		line = hl_scrap(app, "   [no effect: %s]", hl_effect_text(effect));
	if (hl_letter_cut_off(app, letter))
		line = hl_scrap(app,
			"%s   [by hand; its sender is cut off: stays closed until a proof "
			"comes that it was sent before]",
			line);
	else if (letter->marks & HL_MARK_UNCONFIRMED)
		line = hl_scrap(app, "%s   [by hand, not yet confirmed]", line);
	if (letter->marks & HL_MARK_STALE)
		line = hl_scrap(app, "%s   [stale seal]", line);
	if (letter->marks & HL_MARK_RESENT)
		line = hl_scrap(app, "%s   [opened by what was sent again %s]", line,
			hl_time_hour(app, hl_resend_came(app, &letter->envelope)));
	if (letter->marks & HL_MARK_WRAP)
		line = hl_scrap(app, "%s   [some of its readers cannot open it]", line);
	if (letter->is_short)
		line = hl_scrap(app, "%s   [not released yet]", line);
	if (card && !hl_card_member(card, &letter->envelope.core.sender))
		line = hl_scrap(app, "%s   [no longer on %s's card]", line,
			hl_docs_lab_name(app, &letter->envelope.core.lab));
	if (letter->stored == 0 && letter->source == HL_SOURCE_OWN)
		line = hl_scrap(app, "%s   [not sent yet: hotline send]", line);
	return line;
}

static void day(FILE *out, struct hl_app *app, uint64_t ms, char last[static 11])
{
	const char *time = hl_time(app, ms);

	if (strncmp(time, last, 10) == 0)
		return;
	snprintf(last, 11, "%.10s", time);
	fprintf(out, "%s UTC\n", last);
}

static void print_letter(FILE *out, struct hl_app *app, const struct hl_thread *thread,
	const struct hl_letter *letter, enum hl_effect effect)
{
	fprintf(out, "%s  %s%s\n", hl_time_hour(app, letter->envelope.core.created),
		hl_timeline_letter(app, letter), notes(app, thread, letter, effect));
	for (size_t i = 0; letter->state == HL_LETTER_OPENED &&
		letter->message.type != HL_RAISE && i < letter->message.n_evidence;
		i++)
		fprintf(out, "      attached: %s (%llu bytes)\n",
			hl_safe(app, letter->message.evidence[i].name),
			(unsigned long long)letter->message.evidence[i].size);
}

static void head(FILE *out, struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_letter *raise = hl_thread_raise(thread);
	const struct hl_incident *in = &thread->incident;
	const struct hl_raise *r;

	if (!raise) {
		fprintf(out, "%s  %s%s\n", hl_thread_short(app, &thread->id),
			hl_thread_is_drill(thread) ? "a drill  " : "",
			hl_timeline_phase(app, thread));
		return;
	}
	r = &raise->message.raise;
	fprintf(out, "%s  %s  severity %u  TLP:%s  %s\n",
		hl_thread_short(app, &thread->id), hl_safe(app, r->kind), in->severity,
		hl_handling_name(r->handling), hl_timeline_phase(app, thread));
	fprintf(out, "%s%s%s\n", hl_style(app, HL_STYLE_BOLD),
		hl_safe(app, in->title.n ? in->title : r->title),
		hl_style(app, HL_STYLE_END));
	fprintf(out, "%s; certainty %s; urgency %s; context %s\n",
		hl_severity_text(in->severity), hl_certainty_name(in->certainty),
		hl_urgency_name(r->urgency), hl_context_name(r->context));
	if (r->has_aware_at)
		fprintf(out, "aware since %s\n", hl_time(app, r->aware_at));
	if (r->has_determined_at)
		fprintf(out, "determined  %s\n", hl_time(app, r->determined_at));
	if (r->has_capability)
		fprintf(out, "%s %s: %s %s\n", hl_safe(app, r->capability.framework),
			hl_safe(app, r->capability.version),
			hl_safe(app, r->capability.level),
			hl_determination_name(r->capability.determination));
	for (size_t i = 0; i < r->n_ask; i++)
		fprintf(out, "%s%s",
			i ? ", "
				: hl_id_eq(&raise->envelope.core.lab, &app->lab)
				? "asks: "
				: "asks you: ",
			hl_safe(app, r->ask[i]));
	if (r->n_ask > 0)
		fputc('\n', out);
}

static void body(FILE *out, struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_letter *raise = hl_thread_raise(thread);

	if (!raise)
		return;
	if (raise->message.text.n > 0)
		fprintf(out, "\n%s\n", hl_safe_block(app, raise->message.text, 0));
	if (raise->message.n_fields > 0)
		fputc('\n', out);
	for (size_t i = 0; i < raise->message.n_fields; i++)
		fprintf(out, "%-12s %s\n", hl_safe(app, raise->message.fields[i].key),
			hl_safe_block(app, raise->message.fields[i].value, 13));
}

/* What is proven of all letters, counted. */
static void count_proofs(struct hl_app *app, const struct hl_thread *thread,
	size_t *ret_entries, size_t *ret_receipts, size_t *ret_bad)
{
	*ret_entries = *ret_receipts = *ret_bad = 0;
	for (size_t i = 0; i < thread->n; i++) {
		struct hl_proof proofs[HL_LABS_MAX];
		bool entered = false;
		size_t n = 0;

		if (hl_proof_list(app, &thread->letters[i].envelope.id, proofs, &n) !=
			HL_EXIT_OK)
			return;
		for (size_t j = 0; j < n; j++) {
			entered |= proofs[j].verified && proofs[j].state != HL_KEPT;
			*ret_receipts +=
				proofs[j].verified && proofs[j].state == HL_DELIVERED;
			*ret_bad += !proofs[j].verified;
		}
		*ret_entries += entered;
	}
}

/* How far an own call has come on its way to a lab that has not answered it. */
static void print_waiting(FILE *out, struct hl_app *app, const struct hl_call_state *call,
	const struct hl_id *lab)
{
	const char *carriers = hl_carriers_text(app, &call->id, lab);
	const struct hl_card *card = hl_docs_card(app, lab);
	struct hl_proof proofs[HL_LABS_MAX];
	uint64_t since = 0;
	size_t n = 0;

	if (hl_proof_list(app, &call->id, proofs, &n) != HL_EXIT_OK)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (hl_id_eq(&proofs[i].lab, lab) && proofs[i].verified &&
			proofs[i].state == HL_DELIVERED)
			since = proofs[i].since;
	fprintf(out, "waits for %s: ", hl_docs_lab_name(app, lab));
	if (since != 0)
		fprintf(out, "has it since %s", hl_time_hour(app, since));
	else
		fprintf(out, "not delivered yet%s%s", *carriers ? "; " : "", carriers);
	if (card && card->n_contacts > 0)
		fprintf(out, "\n    by phone: %s", hl_safe(app, card->contacts[0]));
	fputc('\n', out);
}

static void waiting(FILE *out, struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_call_state *call = hl_incident_opening(&thread->incident);

	if (!call || !hl_id_eq(&call->lab, &app->lab))
		return;
	for (size_t i = 0; i < call->core->n_labs; i++)
		if (hl_thread_waits(thread, call, &call->core->labs[i]))
			print_waiting(out, app, call, &call->core->labs[i]);
}

static void foot(FILE *out, struct hl_app *app, const struct hl_thread *thread)
{
	const char *id = hl_thread_short(app, &thread->id);
	size_t entries, receipts, bad, files = 0;

	count_proofs(app, thread, &entries, &receipts, &bad);
	for (size_t i = 0; i < thread->n_fold; i++)
		files += thread->fold[i].message->n_evidence;
	if (entries + receipts == 0)
		fputs("proof: none yet", out);
	else if (entries == thread->n)
		fprintf(out, "proof: %zu letter%s, %zu receipt%s, all verified", entries,
			entries == 1 ? "" : "s", receipts, receipts == 1 ? "" : "s");
	else
		fprintf(out, "proof: %zu of %zu letters, %zu receipt%s, verified",
			entries, thread->n, receipts, receipts == 1 ? "" : "s");
	if (bad > 0)
		fprintf(out, "; %zu NOT VERIFIED (hotline show %s --proof)", bad, id);
	if (files > 0)
		fprintf(out, "\nattachments: %zu (hotline save %s)", files, id);
	fputc('\n', out);
	if (hl_thread_rings(app, thread))
		fprintf(out,
			"\nanswer: hotline ack %s   (--acting, --decline \"why\", "
			"--redirect WHO)\n",
			id);
}

void hl_timeline_print(struct hl_app *app, const struct hl_thread *thread)
{
	struct hl_prefixed out;
	char last[11] = "";
	enum hl_standing status =
		thread->n ? thread->letters[0].envelope.core.status : HL_ACTUAL;

	if (!hl_prefixed_begin(&out))
		return;
	head(out.stream, app, thread);
	body(out.stream, app, thread);
	fputc('\n', out.stream);
	for (size_t i = 0; i < thread->incident.n_letters; i++) {
		const struct hl_placed *placed = &thread->incident.letters[i];
		const struct hl_letter *letter =
			hl_thread_letter(thread, &placed->letter->id);

		day(out.stream, app, letter->envelope.core.created, last);
		print_letter(out.stream, app, thread, letter, placed->effect);
	}
	for (size_t i = 0; i < thread->n; i++) {
		const struct hl_letter *letter = &thread->letters[i];

		if (letter->state != HL_LETTER_OPENED)
			print_letter(out.stream, app, thread, letter, HL_EFFECTIVE);
	}
	waiting(out.stream, app, thread);
	foot(out.stream, app, thread);
	hl_prefixed_end(&out, hl_talk_prefix(status));
}
