/* Incidents of letters drawn at random, and the states that this library folds them to. */
#include "emit.h"

#include <stdlib.h>
#include <string.h>

#define CASES   40
#define LETTERS 24
#define LABS    4

struct letter {
	struct hl_core core;
	struct hl_id labs[LABS];
	struct hl_id seen[3];
	struct emit_draft draft;
	struct hl_fold_letter folded;
};

static int compare_ids(const void *a, const void *b)
{
	return hl_id_cmp(a, b);
}

/* Up to three different letters before this one, or ids that nobody holds. */
static size_t draw_seen(struct emit_draw *draw, const struct letter *letters, size_t at,
	struct hl_id seen[static 3])
{
	size_t n = emit_draw(draw, 4), kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (at == 0 || emit_draw(draw, 12) == 0)
			emit_bytes(draw, seen[i].b, sizeof(seen[i].b));
		else
			seen[i] = letters[emit_draw(draw, at)].folded.id;
	}
	qsort(seen, n, sizeof(*seen), compare_ids);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !hl_id_eq(&seen[kept - 1], &seen[i]))
			seen[kept++] = seen[i];
	return kept;
}

static void draw_letter(struct emit_draw *draw, const struct hl_id *labs,
	struct letter *letters, size_t at)
{
	struct letter *l = &letters[at];
	enum hl_type type =
		at == 0 || emit_draw(draw, 20) == 0 ? HL_RAISE : emit_type(draw, 2, 8);
	size_t n_seen = type == HL_RAISE ? 0 : draw_seen(draw, letters, at, l->seen);

	emit_message(draw, type, l->seen, n_seen, &l->draft);
	memcpy(l->labs, labs, sizeof(l->labs));
	l->core = (struct hl_core){.lab = labs[emit_draw(draw, LABS)],
		.class = hl_type_class(type, emit_draw(draw, 2)),
		.status = emit_draw(draw, 15) ? HL_ACTUAL : HL_TEST,
		.precedence = (enum hl_precedence)(1 + emit_draw(draw, 4)),
		.created = emit_draw(draw, 60),
		.has_answers =
			type == HL_ACK || type == HL_CANNOT_OPEN || type == HL_RESEND,
		.labs = l->labs,
		.n_labs = 1 + emit_draw(draw, LABS)};
	if (l->core.has_answers && at > 0)
		l->core.answers = letters[emit_draw(draw, at)].folded.id;
	if (at == 0)
		l->core.n_labs = LABS - 1;
	emit_bytes(draw, l->folded.id.b, sizeof(l->folded.id.b));
	l->folded.core = &l->core;
	l->folded.message = &l->draft.message;
	l->folded.is_short = emit_draw(draw, 8) == 0;
}

/* The body alone: a message without its array head, type and seen. */
static json_t *body_of(const struct hl_message *message)
{
	struct hl_message bare = *message;
	struct hl_buf doc HL_CLEAN_BUF = {0};

	bare.n_seen = 0;
	emit_ok(hl_message_encode(&bare, &doc, NULL));
	return emit_hex(hl_view_of(doc.p + 3, doc.n - 3));
}

static json_t *ids_of(const struct hl_id *ids, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, emit_hex(hl_view_id(&ids[i])));
	return list;
}

static json_t *json_of(const struct letter *l)
{
	const struct hl_core *core = &l->core;
	json_t *o = json_object();

	json_object_set_new(o, "id", emit_hex(hl_view_id(&l->folded.id)));
	json_object_set_new(o, "lab_id", emit_hex(hl_view_id(&core->lab)));
	json_object_set_new(o, "person", json_string("somebody"));
	json_object_set_new(o, "class", json_integer(core->class));
	json_object_set_new(o, "status", json_integer(core->status));
	json_object_set_new(o, "precedence", json_integer(core->precedence));
	json_object_set_new(o, "created", json_integer((json_int_t)core->created));
	json_object_set_new(
		o, "answers", emit_optional(core->has_answers, &core->answers));
	json_object_set_new(o, "labs", ids_of(core->labs, core->n_labs));
	json_object_set_new(o, "type", json_integer(l->draft.message.type));
	json_object_set_new(
		o, "seen", ids_of(l->draft.message.seen, l->draft.message.n_seen));
	json_object_set_new(o, "body", body_of(&l->draft.message));
	json_object_set_new(o, "short", json_boolean(l->folded.is_short));
	return o;
}

static json_t *case_of(struct emit_draw *draw, unsigned number)
{
	struct letter *letters = calloc(LETTERS, sizeof(*letters));
	struct hl_fold_letter folded[LETTERS];
	struct hl_incident state HL_CLEAN_INCIDENT = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id labs[LABS];
	json_t *c = json_object(), *list = json_array();
	size_t n = 1 + emit_draw(draw, LETTERS), lost = emit_draw(draw, 10) == 0;

	emit_ok(letters ? HL_OK : HL_ERR_NOMEM);
	for (size_t i = 0; i < LABS; i++)
		emit_bytes(draw, labs[i].b, sizeof(labs[i].b));
	qsort(labs, LABS, sizeof(labs[0]), compare_ids);
	for (size_t i = 0; i < n; i++)
		draw_letter(draw, labs, letters, i);
	/* Now and then the raise is not held. */
	for (size_t i = lost; i < n; i++) {
		folded[i - lost] = letters[i].folded;
		json_array_append_new(list, json_of(&letters[i]));
	}
	emit_ok(hl_incident_fold(&letters[0].folded.id, folded, n - lost, &state));
	emit_ok(hl_incident_encode(&state, &doc));
	json_object_set_new(c, "name", json_sprintf("drawn %u", number));
	json_object_set_new(c, "incident", emit_hex(hl_view_id(&letters[0].folded.id)));
	json_object_set_new(c, "letters", list);
	json_object_set_new(c, "state", emit_hex(hl_view_buf(&doc)));
	free(letters);
	return c;
}

json_t *emit_incident(struct emit_draw *draw, const struct hl_id *net)
{
	json_t *file = json_object(), *cases = json_array();

	(void)net;
	for (unsigned i = 0; i < CASES; i++)
		json_array_append_new(cases, case_of(draw, i));
	json_object_set_new(file, "cases", cases);
	return file;
}
