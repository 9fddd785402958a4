#include "client/timeline.h"

#include "client/cmd/talk.h"
#include "client/carriers.h"
#include "client/proof.h"

/* hotline.incident.1 (hotline-json(5)). */

static void set(json_t *to, const char *key, json_t *value)
{
	json_object_set_new(to, key, value);
}

static json_t *name_or_null(const char *name)
{
	return name ? json_string(name) : json_null();
}

static json_t *evidence_json(struct hl_app *app, const struct hl_message *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_evidence; i++) {
		const struct hl_evidence *e = &m->evidence[i];
		json_t *one = json_object();

		set(one, "name", hl_json_view(e->name));
		set(one, "media_type", hl_json_view(e->media));
		set(one, "size", json_integer((json_int_t)e->size));
		set(one, "sha256", hl_json_id(app, &e->sha256));
		set(one, "by_hand", json_boolean(!e->has_data));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *fields_json(const struct hl_message *m)
{
	json_t *fields = json_object();

	for (size_t i = 0; i < m->n_fields; i++)
		json_object_setn_new(fields, (const char *)m->fields[i].key.p,
			m->fields[i].key.n, hl_json_view(m->fields[i].value));
	return fields;
}

static void raise_json(struct hl_app *app, const struct hl_raise *r, json_t *to)
{
	json_t *ask = json_array(), *capability = json_null();

	for (size_t i = 0; i < r->n_ask; i++)
		json_array_append_new(ask, hl_json_view(r->ask[i]));
	set(to, "kind", hl_json_view(r->kind));
	set(to, "severity", json_integer(r->severity));
	set(to, "urgency", name_or_null(hl_urgency_name(r->urgency)));
	set(to, "certainty", name_or_null(hl_certainty_name(r->certainty)));
	set(to, "tlp", name_or_null(hl_handling_name(r->handling)));
	set(to, "context", name_or_null(hl_context_name(r->context)));
	set(to, "ask", ask);
	set(to, "title", hl_json_view(r->title));
	set(to, "aware_at", hl_json_time(app, r->has_aware_at ? r->aware_at : 0));
	set(to, "determined_at",
		hl_json_time(app, r->has_determined_at ? r->determined_at : 0));
	if (r->has_capability) {
		capability = json_object();
		set(capability, "framework", hl_json_view(r->capability.framework));
		set(capability, "version", hl_json_view(r->capability.version));
		set(capability, "level", hl_json_view(r->capability.level));
		set(capability, "determination",
			name_or_null(hl_determination_name(r->capability.determination)));
	}
	set(to, "capability", capability);
}

static void message_json(struct hl_app *app, const struct hl_message *m, json_t *to)
{
	set(to, "type", name_or_null(hl_type_name(m->type)));
	set(to, "text", hl_json_view(m->text));
	switch (m->type) {
	case HL_RAISE: raise_json(app, &m->raise, to); break;
	case HL_ACK:
		set(to, "answer", name_or_null(hl_answer_name(m->ack.answer)));
		set(to, "redirect",
			m->ack.has_redirect ? hl_json_view(m->ack.redirect)
					    : json_null());
		break;
	case HL_UPDATE:
		set(to, "severity",
			m->update.has_severity ? json_integer(m->update.severity)
					       : json_null());
		set(to, "certainty",
			m->update.has_certainty
				? name_or_null(hl_certainty_name(m->update.certainty))
				: json_null());
		set(to, "title",
			m->update.has_title ? hl_json_view(m->update.title)
					    : json_null());
		break;
	case HL_CANNOT_OPEN:
		set(to, "code", json_string(hl_status_name(m->cannot_open.code)));
		break;
	case HL_SAY:
	case HL_RESOLVE:
	case HL_CANCEL:
	case HL_REOPEN:
	case HL_DRILL:
	case HL_DRILL_ANSWER:
	case HL_RESEND: break; /* its key is for no screen */
	}
	if (m->type == HL_RAISE || m->type == HL_UPDATE)
		set(to, "fields", fields_json(m));
	if (m->type == HL_RAISE || m->type == HL_UPDATE || m->type == HL_SAY)
		set(to, "evidence", evidence_json(app, m));
}

static const char *proof_name(enum hl_proof_state state)
{
	switch (state) {
	case HL_KEPT: return "kept";
	case HL_ENTERED: return "entered";
	case HL_DELIVERED: return "delivered";
	case HL_REFUSED: return "refused";
	}
	return "?";
}

static json_t *proofs_json(struct hl_app *app, const struct hl_id *id)
{
	struct hl_proof proofs[HL_LABS_MAX];
	json_t *list = json_array();
	size_t n = 0;

	if (hl_proof_list(app, id, proofs, &n) != HL_EXIT_OK)
		return list;
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_object();

		set(one, "lab", hl_json_id(app, &proofs[i].lab));
		set(one, "name", json_string(hl_docs_lab_name(app, &proofs[i].lab)));
		set(one, "state", json_string(proof_name(proofs[i].state)));
		set(one, "code",
			proofs[i].state == HL_REFUSED
				? json_string(hl_status_name(proofs[i].code))
				: json_null());
		set(one, "since", hl_json_time(app, proofs[i].since));
		set(one, "verified", json_boolean(proofs[i].verified));
		set(one, "carried", hl_carriers_json(app, id, &proofs[i].lab));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *marks_json(struct hl_app *app, const struct hl_letter *letter)
{
	const struct hl_core *core = &letter->envelope.core;
	const struct hl_card *card = hl_docs_card(app, &core->lab);
	json_t *marks = json_array();

	if (letter->marks & HL_MARK_WRAP)
		json_array_append_new(marks, json_string("bad-wrap"));
	if (letter->marks & HL_MARK_STALE)
		json_array_append_new(marks, json_string("stale-seal"));
	if (letter->marks & HL_MARK_UNCONFIRMED)
		json_array_append_new(marks, json_string("not-yet-confirmed"));
	if (letter->marks & HL_MARK_RESENT)
		json_array_append_new(marks, json_string("sent-again"));
	if (letter->is_short)
		json_array_append_new(marks, json_string("not-released"));
	if (card && !hl_card_member(card, &core->sender))
		json_array_append_new(marks, json_string("sender-removed"));
	return marks;
}

static json_t *effect_json(const struct hl_thread *thread, const struct hl_id *id)
{
	for (size_t i = 0; thread && i < thread->incident.n_letters; i++)
		if (hl_id_eq(&thread->incident.letters[i].letter->id, id))
			return json_integer(thread->incident.letters[i].effect);
	return json_null();
}

json_t *hl_timeline_letter_json(struct hl_app *app, const struct hl_thread *thread,
	const struct hl_letter *letter)
{
	const struct hl_core *core = &letter->envelope.core;
	json_t *one = json_object(), *labs = json_array();

	for (size_t i = 0; i < core->n_labs; i++)
		json_array_append_new(labs, hl_json_id(app, &core->labs[i]));
	set(one, "id", hl_json_id(app, &letter->envelope.id));
	set(one, "lab", hl_json_id(app, &core->lab));
	set(one, "name", json_string(hl_docs_lab_name(app, &core->lab)));
	set(one, "person", json_string(hl_letter_person(app, letter)));
	set(one, "class", name_or_null(hl_class_name(core->class)));
	set(one, "status", name_or_null(hl_standing_name(core->status)));
	set(one, "precedence", name_or_null(hl_precedence_name(core->precedence)));
	set(one, "created", hl_json_time(app, core->created));
	set(one, "stored", hl_json_time(app, letter->stored));
	set(one, "answers",
		core->has_answers ? hl_json_id(app, &core->answers) : json_null());
	set(one, "labs", labs);
	set(one, "marks", marks_json(app, letter));
	set(one, "effect", effect_json(thread, &letter->envelope.id));
	set(one, "unopened", hl_timeline_unopened_json(app, letter));
	set(one, "proofs", proofs_json(app, &letter->envelope.id));
	if (letter->state == HL_LETTER_OPENED)
		message_json(app, &letter->message, one);
	else
		set(one, "refused",
			json_string(letter->state == HL_LETTER_SEALED
					? "need-card"
					: hl_status_name(letter->code)));
	return one;
}

static json_t *answers_json(struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_call_state *call = hl_incident_opening(&thread->incident);
	json_t *list = json_array();

	for (size_t i = 0; call && i < call->core->n_labs; i++) {
		const struct hl_id *lab = &call->core->labs[i];
		const struct hl_lab_answer *answer = hl_call_answer(call, lab);
		const struct hl_letter *letter =
			answer ? hl_thread_letter(thread, &answer->letter) : NULL;
		json_t *one = json_object();

		if (hl_id_eq(lab, &call->lab)) {
			json_decref(one);
			continue;
		}
		set(one, "lab", hl_json_id(app, lab));
		set(one, "name", json_string(hl_docs_lab_name(app, lab)));
		set(one, "answer",
			answer ? name_or_null(hl_answer_name(answer->answer))
			       : json_null());
		set(one, "person",
			letter ? json_string(hl_letter_person(app, letter))
			       : json_null());
		set(one, "at",
			hl_json_time(app, letter ? letter->envelope.core.created : 0));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *hl_timeline_json(struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_incident *in = &thread->incident;
	const struct hl_call_state *rings = hl_thread_rings(app, thread);
	json_t *doc = hl_json_doc("incident"), *letters = json_array();

	set(doc, "id", hl_json_id(app, &thread->id));
	set(doc, "short", json_string(hl_thread_short(app, &thread->id)));
	set(doc, "phase", name_or_null(hl_phase_name(in->phase)));
	set(doc, "status", name_or_null(hl_standing_name(in->status)));
	set(doc, "kind", hl_json_view(in->kind));
	set(doc, "title", hl_json_view(in->title));
	set(doc, "severity", json_integer(in->severity));
	set(doc, "certainty", name_or_null(hl_certainty_name(in->certainty)));
	set(doc, "answers", answers_json(app, thread));
	set(doc, "rings", json_boolean(rings != NULL));
	set(doc, "deadline",
		hl_json_time(app, rings ? hl_thread_deadline(thread, rings) : 0));
	for (size_t i = 0; i < in->n_letters; i++)
		json_array_append_new(letters,
			hl_timeline_letter_json(app, thread,
				hl_thread_letter(thread, &in->letters[i].letter->id)));
	for (size_t i = 0; i < thread->n; i++)
		if (thread->letters[i].state != HL_LETTER_OPENED)
			json_array_append_new(letters,
				hl_timeline_letter_json(
					app, thread, &thread->letters[i]));
	set(doc, "letters", letters);
	return doc;
}
