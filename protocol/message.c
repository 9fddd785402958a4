#include "message.h"

#include <string.h>

#include "arena.h"
#include "message_inner.h"

/* Reading a message: types and counts here, everything else in message_form.c. */

static void in_optional_uint(struct hl_in *in, bool *ret_has, uint64_t *ret)
{
	*ret_has = !hl_in_nil(in);
	if (*ret_has)
		*ret = hl_in_uint(in, 0, UINT64_MAX);
}

/* A number that the form bounds; what an unsigned does not hold is out of every bound. */
static unsigned in_small(struct hl_in *in)
{
	return (unsigned)hl_in_uint(in, 0, 255);
}

static void in_optional_small(struct hl_in *in, bool *ret_has, unsigned *ret)
{
	*ret_has = !hl_in_nil(in);
	if (*ret_has)
		*ret = in_small(in);
}

static struct hl_view in_line(struct hl_in *in)
{
	return hl_in_str(in, 0, HL_TEXT_MAX, HL_TEXT_LINE);
}

static struct hl_view in_block(struct hl_in *in)
{
	return hl_in_str(in, 0, HL_TEXT_MAX, HL_TEXT_BLOCK);
}

static void in_optional_line(struct hl_in *in, bool *ret_has, struct hl_view *ret)
{
	*ret_has = !hl_in_nil(in);
	if (*ret_has)
		*ret = in_line(in);
}

/* n items of the message's own, or an error that sticks. */
static void *items_new(struct hl_in *in, struct hl_message *m, size_t n, size_t size)
{
	void *items = hl_arena_alloc(&m->arena, n, size);

	if (!items)
		hl_in_fail(in, HL_ERR_NOMEM);
	return items;
}

static void in_seen(struct hl_in *in, struct hl_message *m)
{
	size_t n = hl_in_array(in, 0, HL_SEEN_MAX);
	struct hl_id *seen = items_new(in, m, n, sizeof(*seen));

	for (size_t i = 0; i < n && hl_in_ok(in); i++)
		hl_in_id(in, &seen[i]);
	hl_in_end(in);
	m->seen = seen;
	m->n_seen = n;
}

static void in_fields(struct hl_in *in, struct hl_message *m)
{
	size_t n = hl_in_array(in, 0, HL_FIELDS_MAX);

	m->fields = items_new(in, m, n, sizeof(*m->fields));
	m->n_fields = n;
	for (size_t i = 0; i < n && hl_in_ok(in); i++) {
		hl_in_array(in, 2, 2);
		m->fields[i].key = in_line(in);
		m->fields[i].value = in_block(in);
		hl_in_end(in);
	}
	hl_in_end(in);
}

static void in_evidence(struct hl_in *in, struct hl_message *m)
{
	size_t n = hl_in_array(in, 0, HL_EVIDENCE_MAX);

	m->evidence = items_new(in, m, n, sizeof(*m->evidence));
	m->n_evidence = n;
	for (size_t i = 0; i < n && hl_in_ok(in); i++) {
		struct hl_evidence *e = &m->evidence[i];

		hl_in_array(in, 5, 5);
		e->name = in_line(in);
		e->media = in_line(in);
		e->size = hl_in_uint(in, 0, UINT64_MAX);
		hl_in_id(in, &e->sha256);
		e->has_data = !hl_in_nil(in);
		if (e->has_data)
			e->data = hl_in_bin(in, 0, HL_ATTACH_MAX);
		hl_in_end(in);
	}
	hl_in_end(in);
}

static void in_capability(struct hl_in *in, struct hl_raise *r)
{
	r->has_capability = !hl_in_nil(in);
	if (!r->has_capability)
		return;
	hl_in_array(in, 4, 4);
	r->capability.framework = in_line(in);
	r->capability.version = in_line(in);
	r->capability.level = in_line(in);
	r->capability.determination = in_small(in);
	hl_in_end(in);
}

/* message 2.1 */
static void in_raise(struct hl_in *in, struct hl_message *m)
{
	struct hl_raise *r = &m->raise;

	hl_in_array(in, 14, 14);
	r->kind = in_line(in);
	r->severity = in_small(in);
	r->urgency = in_small(in);
	r->certainty = in_small(in);
	r->handling = in_small(in);
	r->context = in_small(in);
	r->n_ask = hl_in_array(in, 0, HL_ASK_MAX);
	for (size_t i = 0; i < r->n_ask; i++)
		r->ask[i] = in_line(in);
	hl_in_end(in);
	r->title = in_line(in);
	m->text = in_block(in);
	in_optional_uint(in, &r->has_aware_at, &r->aware_at);
	in_optional_uint(in, &r->has_determined_at, &r->determined_at);
	in_capability(in, r);
	in_fields(in, m);
	in_evidence(in, m);
	hl_in_end(in);
}

static void in_ack(struct hl_in *in, struct hl_message *m)
{
	hl_in_array(in, 3, 3);
	m->ack.answer = (enum hl_answer)in_small(in);
	m->text = in_block(in);
	in_optional_line(in, &m->ack.has_redirect, &m->ack.redirect);
	hl_in_end(in);
}

static void in_say(struct hl_in *in, struct hl_message *m)
{
	hl_in_array(in, 2, 2);
	m->text = in_block(in);
	in_evidence(in, m);
	hl_in_end(in);
}

static void in_update(struct hl_in *in, struct hl_message *m)
{
	hl_in_array(in, 6, 6);
	in_optional_small(in, &m->update.has_severity, &m->update.severity);
	in_optional_small(in, &m->update.has_certainty, &m->update.certainty);
	in_optional_line(in, &m->update.has_title, &m->update.title);
	m->text = in_block(in);
	in_fields(in, m);
	in_evidence(in, m);
	hl_in_end(in);
}

static void in_text(struct hl_in *in, struct hl_message *m)
{
	hl_in_array(in, 1, 1);
	m->text = in_block(in);
	hl_in_end(in);
}

static void in_cannot_open(struct hl_in *in, struct hl_message *m)
{
	hl_in_array(in, 1, 1);
	m->cannot_open.code = (enum hl_status)in_small(in);
	hl_in_end(in);
}

/* message 2.11 */
static void in_resend(struct hl_in *in, struct hl_message *m)
{
	hl_in_array(in, 1, 1);
	m->resend.key = hl_in_bin(in, 0, SIZE_MAX);
	if (hl_in_ok(in) && m->resend.key.n != HL_KEY_SIZE)
		hl_in_fail(in, HL_BAD_ENCODING);
	hl_in_end(in);
}

static void in_body(struct hl_in *in, struct hl_message *m)
{
	switch (m->type) {
	case HL_RAISE: in_raise(in, m); break;
	case HL_ACK: in_ack(in, m); break;
	case HL_SAY: in_say(in, m); break;
	case HL_UPDATE: in_update(in, m); break;
	case HL_RESOLVE:
	case HL_CANCEL:
	case HL_REOPEN:
	case HL_DRILL:
	case HL_DRILL_ANSWER: in_text(in, m); break;
	case HL_CANNOT_OPEN: in_cannot_open(in, m); break;
	case HL_RESEND: in_resend(in, m); break;
	}
}

enum hl_status hl_message_parse(struct hl_view bytes, struct hl_message *ret)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	const char *wrong;
	enum hl_status status;
	uint64_t type;

	if (bytes.n == 0)
		return HL_BAD_ENCODING;
	hl_in_init(&in, bytes, HL_PAYLOAD_MAX);
	hl_in_array(&in, 3, 3);
	type = hl_in_uint(&in, 0, UINT64_MAX);
	in_seen(&in, &m);
	/* SPEC message 1.2: An unknown type is shown as such (23) and has no effect. */
	if (hl_in_ok(&in) && (type > HL_RESEND || !hl_type_name((unsigned)type)))
		hl_in_fail(&in, HL_BAD_TYPE);
	m.type = (enum hl_type)type;
	if (hl_in_ok(&in))
		in_body(&in, &m);
	hl_in_end(&in);
	status = hl_in_finish(&in);
	if (status == HL_OK)
		status = hl_message_form(&m, &wrong);
	if (status != HL_OK)
		return status;
	*ret = m;
	m.arena = NULL;
	return HL_OK;
}

void hl_message_clear(struct hl_message *message)
{
	if (!message)
		return;
	hl_arena_clear(&message->arena);
	memset(message, 0, sizeof(*message));
}
