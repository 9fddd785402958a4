#include "message.h"

#include "message_inner.h"

/* Writing a message that has passed message_form.c. */

static void out_optional_uint(struct hl_out *out, bool has, uint64_t value)
{
	if (has)
		hl_out_uint(out, value);
	else
		hl_out_nil(out);
}

static void out_optional_str(struct hl_out *out, bool has, struct hl_view text)
{
	if (has)
		hl_out_str(out, text);
	else
		hl_out_nil(out);
}

static void out_fields(struct hl_out *out, const struct hl_message *m)
{
	hl_out_array(out, m->n_fields);
	for (size_t i = 0; i < m->n_fields; i++) {
		hl_out_array(out, 2);
		hl_out_str(out, m->fields[i].key);
		hl_out_str(out, m->fields[i].value);
	}
}

static void out_evidence(struct hl_out *out, const struct hl_message *m)
{
	hl_out_array(out, m->n_evidence);
	for (size_t i = 0; i < m->n_evidence; i++) {
		const struct hl_evidence *e = &m->evidence[i];

		hl_out_array(out, 5);
		hl_out_str(out, e->name);
		hl_out_str(out, e->media);
		hl_out_uint(out, e->size);
		hl_out_id(out, &e->sha256);
		if (e->has_data)
			hl_out_bin(out, e->data);
		else
			hl_out_nil(out);
	}
}

static void out_capability(struct hl_out *out, const struct hl_raise *r)
{
	if (!r->has_capability) {
		hl_out_nil(out);
		return;
	}
	hl_out_array(out, 4);
	hl_out_str(out, r->capability.framework);
	hl_out_str(out, r->capability.version);
	hl_out_str(out, r->capability.level);
	hl_out_uint(out, r->capability.determination);
}

static void out_raise(struct hl_out *out, const struct hl_message *m)
{
	const struct hl_raise *r = &m->raise;

	hl_out_array(out, 14);
	hl_out_str(out, r->kind);
	hl_out_uint(out, r->severity);
	hl_out_uint(out, r->urgency);
	hl_out_uint(out, r->certainty);
	hl_out_uint(out, r->handling);
	hl_out_uint(out, r->context);
	hl_out_array(out, r->n_ask);
	for (size_t i = 0; i < r->n_ask; i++)
		hl_out_str(out, r->ask[i]);
	hl_out_str(out, r->title);
	hl_out_str(out, m->text);
	out_optional_uint(out, r->has_aware_at, r->aware_at);
	out_optional_uint(out, r->has_determined_at, r->determined_at);
	out_capability(out, r);
	out_fields(out, m);
	out_evidence(out, m);
}

static void out_ack(struct hl_out *out, const struct hl_message *m)
{
	hl_out_array(out, 3);
	hl_out_uint(out, m->ack.answer);
	hl_out_str(out, m->text);
	out_optional_str(out, m->ack.has_redirect, m->ack.redirect);
}

static void out_say(struct hl_out *out, const struct hl_message *m)
{
	hl_out_array(out, 2);
	hl_out_str(out, m->text);
	out_evidence(out, m);
}

static void out_update(struct hl_out *out, const struct hl_message *m)
{
	hl_out_array(out, 6);
	out_optional_uint(out, m->update.has_severity, m->update.severity);
	out_optional_uint(out, m->update.has_certainty, m->update.certainty);
	out_optional_str(out, m->update.has_title, m->update.title);
	hl_out_str(out, m->text);
	out_fields(out, m);
	out_evidence(out, m);
}

static void out_body(struct hl_out *out, const struct hl_message *m)
{
	switch (m->type) {
	case HL_RAISE: out_raise(out, m); break;
	case HL_ACK: out_ack(out, m); break;
	case HL_SAY: out_say(out, m); break;
	case HL_UPDATE: out_update(out, m); break;
	case HL_RESOLVE:
	case HL_CANCEL:
	case HL_REOPEN:
	case HL_DRILL:
	case HL_DRILL_ANSWER:
		hl_out_array(out, 1);
		hl_out_str(out, m->text);
		break;
	case HL_CANNOT_OPEN:
		hl_out_array(out, 1);
		hl_out_uint(out, (uint64_t)m->cannot_open.code);
		break;
	case HL_RESEND:
		hl_out_array(out, 1);
		hl_out_bin(out, m->resend.key);
		break;
	}
}

enum hl_status hl_message_encode(
	const struct hl_message *m, struct hl_buf *ret, const char **ret_missing)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	const char *wrong = NULL;
	enum hl_status status = hl_message_form(m, &wrong);

	/* SPEC message 3.3: A sender sends known kinds alone. */
	if (status == HL_OK && m->type == HL_RAISE && !hl_kind_find(m->raise.kind)) {
		status = HL_BAD_FORM;
		wrong = "kind";
	}
	if (status != HL_OK) {
		if (ret_missing)
			*ret_missing = wrong;
		return HL_BAD_FORM;
	}
	hl_out_array(&out, 3);
	hl_out_uint(&out, m->type);
	hl_out_array(&out, m->n_seen);
	for (size_t i = 0; i < m->n_seen; i++)
		hl_out_id(&out, &m->seen[i]);
	out_body(&out, m);
	return hl_out_finish(&out, ret);
}
