#include "message_inner.h"

#include "hash.h"

/* The form of a message: the same rules for what is written and for what has been read. */

#define FIELD_MAX      1024
#define NAME_MAX_BYTES 255
#define MEDIA_MAX      127
#define LEVEL_MAX      64
#define ACK_TEXT_MAX   8192
#define REDIRECT_MAX   128
#define DRILL_TEXT_MAX 1024
#define SEVERITY_MAX   4
#define CERTAINTY_MAX  4

/* The first fault that was found; NULL while there is none. */
struct form {
	enum hl_status status;
	const char *wrong;
};

static void require(struct form *form, bool good, const char *name)
{
	if (good || form->status != HL_OK)
		return;
	form->status = HL_BAD_FIELD;
	form->wrong = name;
}

static bool line_ok(struct hl_view text, size_t min, size_t max)
{
	return text.n >= min && text.n <= max && hl_text_ok(text, HL_TEXT_LINE);
}

static bool block_ok(struct hl_view text, size_t min, size_t max)
{
	return text.n >= min && text.n <= max && hl_text_ok(text, HL_TEXT_BLOCK);
}

/* message 1.5 */
static void evidence_form(struct form *form, const struct hl_message *m)
{
	struct hl_id hash;
	size_t sum = 0;

	require(form, m->n_evidence <= HL_EVIDENCE_MAX, "evidence");
	for (size_t i = 0; i < m->n_evidence && form->status == HL_OK; i++) {
		const struct hl_evidence *e = &m->evidence[i];

		require(form, line_ok(e->name, 1, NAME_MAX_BYTES), "evidence name");
		require(form, line_ok(e->media, 0, MEDIA_MAX), "evidence media type");
		if (!e->has_data)
			continue;
		sum += e->data.n;
		require(form, e->data.n == e->size, "evidence size");
		/* SPEC message 1.5: The data of one letter adds up to at most 196,608 bytes. */
		require(form, sum <= HL_ATTACH_MAX, "evidence");
		if (form->status != HL_OK)
			return;
		hl_sha256(&e->data, 1, &hash);
		if (!hl_id_eq(&hash, &e->sha256))
			*form = (struct form){HL_BAD_HASH, "evidence sha256"};
	}
}

/* message 1.6 */
static void fields_form(struct form *form, const struct hl_message *m)
{
	require(form, m->n_fields <= HL_FIELDS_MAX, "fields");
	for (size_t i = 0; i < m->n_fields && form->status == HL_OK; i++) {
		const struct hl_field *f = &m->fields[i];

		require(form, hl_label_ok(f->key) && block_ok(f->value, 1, FIELD_MAX),
			"fields");
		require(form, i == 0 || hl_view_cmp(f[-1].key, f->key) < 0, "fields");
	}
}

/* message 2.4 */
static void capability_form(struct form *form, const struct hl_capability *c)
{
	require(form, line_ok(c->framework, 1, LEVEL_MAX), "framework");
	require(form, line_ok(c->version, 0, LEVEL_MAX), "framework version");
	require(form, line_ok(c->level, 1, LEVEL_MAX), "level");
	require(form, hl_determination_name(c->determination) != NULL, "determination");
}

static bool has_field(const struct hl_message *m, const char *key)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (hl_view_eq(m->fields[i].key, hl_view_str(key)))
			return true;
	return false;
}

/* SPEC message 3.3: A reader shows a kind that it does not know by its label, and asks nothing of
 * its fields. */
static void kind_form(struct form *form, const struct hl_message *m)
{
	const struct hl_kind *kind = hl_kind_find(m->raise.kind);

	if (form->status != HL_OK || !kind)
		return;
	if (kind->capability && !m->raise.has_capability) {
		*form = (struct form){HL_BAD_FORM, "capability"};
		return;
	}
	for (size_t i = 0; kind->fields[i]; i++)
		if (!has_field(m, kind->fields[i])) {
			*form = (struct form){HL_BAD_FORM, kind->fields[i]};
			return;
		}
}

/* message 2.1 to 2.4 */
static void raise_form(struct form *form, const struct hl_message *m)
{
	const struct hl_raise *r = &m->raise;

	require(form, hl_label_ok(r->kind), "kind");
	require(form, r->severity <= SEVERITY_MAX, "severity");
	require(form, hl_urgency_name(r->urgency) != NULL, "urgency");
	require(form, r->certainty <= CERTAINTY_MAX, "certainty");
	require(form, hl_handling_name(r->handling) != NULL, "handling");
	require(form, hl_context_name(r->context) != NULL, "context");
	require(form, r->n_ask <= HL_ASK_MAX, "ask");
	for (size_t i = 0; i < r->n_ask && form->status == HL_OK; i++)
		require(form,
			hl_label_ok(r->ask[i]) &&
				(i == 0 || hl_view_cmp(r->ask[i - 1], r->ask[i]) < 0),
			"ask");
	require(form, line_ok(r->title, 1, HL_TITLE_MAX), "title");
	require(form, block_ok(m->text, 0, HL_TEXT_MAX), "text");
	if (r->has_capability)
		capability_form(form, &r->capability);
	fields_form(form, m);
	evidence_form(form, m);
	kind_form(form, m);
}

/* message 2.5 */
static void ack_form(struct form *form, const struct hl_message *m)
{
	bool declined = m->ack.answer == HL_DECLINED;

	require(form, hl_answer_name(m->ack.answer) != NULL, "answer");
	require(form, block_ok(m->text, declined ? 1 : 0, ACK_TEXT_MAX), "text");
	require(form, m->ack.answer != HL_REDIRECTED || m->ack.has_redirect, "redirect");
	if (m->ack.has_redirect)
		require(form, line_ok(m->ack.redirect, 1, REDIRECT_MAX), "redirect");
}

/* message 2.7 */
static void update_form(struct form *form, const struct hl_message *m)
{
	require(form, !m->update.has_severity || m->update.severity <= SEVERITY_MAX,
		"severity");
	require(form, !m->update.has_certainty || m->update.certainty <= CERTAINTY_MAX,
		"certainty");
	require(form, !m->update.has_title || line_ok(m->update.title, 1, HL_TITLE_MAX),
		"title");
	require(form, block_ok(m->text, 0, HL_TEXT_MAX), "text");
	fields_form(form, m);
	evidence_form(form, m);
	/* SPEC message 2.7: At least one of them is set or not empty. */
	require(form,
		m->update.has_severity || m->update.has_certainty ||
			m->update.has_title ||
			m->text.n + m->n_fields + m->n_evidence > 0,
		"text");
}

/* message 1.1 */
static void seen_form(struct form *form, const struct hl_message *m)
{
	require(form, m->n_seen <= HL_SEEN_MAX, "seen");
	for (size_t i = 1; i < m->n_seen && form->status == HL_OK; i++)
		require(form, hl_id_cmp(&m->seen[i - 1], &m->seen[i]) < 0, "seen");
}

enum hl_status hl_message_form(const struct hl_message *m, const char **ret_wrong)
{
	struct form form = {HL_BAD_TYPE, "type"};

	if (hl_type_name(m->type))
		form = (struct form){HL_OK, NULL};
	seen_form(&form, m);
	switch (m->type) {
	case HL_RAISE: raise_form(&form, m); break;
	case HL_ACK: ack_form(&form, m); break;
	case HL_SAY:
		require(&form, block_ok(m->text, 1, HL_TEXT_MAX), "text");
		evidence_form(&form, m);
		break;
	case HL_UPDATE: update_form(&form, m); break;
	case HL_RESOLVE: require(&form, block_ok(m->text, 0, HL_TEXT_MAX), "text"); break;
	case HL_CANCEL:
	case HL_REOPEN: require(&form, block_ok(m->text, 1, HL_TEXT_MAX), "text"); break;
	case HL_CANNOT_OPEN:
		require(&form,
			m->cannot_open.code >= HL_BAD_SIZE &&
				m->cannot_open.code <= HL_STALE,
			"code");
		break;
	/* SPEC message 2.10: drill and drill-answer: `[text]`, a block of 0 to 1,024 bytes. */
	case HL_DRILL:
	case HL_DRILL_ANSWER:
		require(&form, block_ok(m->text, 0, DRILL_TEXT_MAX), "text");
		break;
	case HL_RESEND: require(&form, m->resend.key.n == HL_KEY_SIZE, "key"); break;
	}
	*ret_wrong = form.wrong;
	return form.status;
}
