/* Letters with every input drawn at random, and the bytes that this library makes of them. */
#include "emit.h"

#include <string.h>

#define CASES   24
#define READERS 9

static json_t *entries_of(const struct hl_reader *readers, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "lab_id", emit_hex(hl_view_id(&readers[i].lab)));
		json_object_set_new(o, "key_id", emit_hex(hl_view_id(&readers[i].kid)));
		json_object_set_new(
			o, "epoch", json_integer((json_int_t)readers[i].epoch));
		json_object_set_new(o, "key", emit_hex(HL_VIEW(readers[i].key)));
		json_array_append_new(list, o);
	}
	return list;
}

static void draw_readers(struct emit_draw *draw, struct hl_sealing *s)
{
	struct hl_id labs[3];
	struct hl_key32 sk;

	for (size_t i = 0; i < 3; i++)
		emit_bytes(draw, labs[i].b, sizeof(labs[i].b));
	s->n_readers = 1 + emit_draw(draw, READERS);
	for (size_t i = 0; i < s->n_readers; i++) {
		struct hl_reader *r = &s->readers[i];

		r->lab = i == 0 ? s->core.lab : labs[emit_draw(draw, 3)];
		emit_bytes(draw, r->kid.b, sizeof(r->kid.b));
		r->epoch = emit_draw(draw, 1ull << (1 + emit_draw(draw, 62)));
		emit_bytes(draw, sk.b, sizeof(sk.b));
		emit_ok(hl_pk_dh_base(sk.b, r->key));
		if (emit_draw(draw, 15) == 0)
			memset(r->key, 0, sizeof(r->key));
	}
}

static enum hl_type draw_core(struct emit_draw *draw, struct hl_core *core)
{
	enum hl_type type = emit_type(draw, 1, 9);

	core->class = hl_type_class(type, emit_draw(draw, 2));
	core->status = (enum hl_standing)(1 + emit_draw(draw, 3));
	core->precedence = (enum hl_precedence)(1 + emit_draw(draw, 4));
	core->card_version = 1 + emit_draw(draw, 1ull << emit_draw(draw, 40));
	core->created = emit_draw(draw, 1ull << 62);
	core->lifetime = 60 + emit_draw(draw, 31622341);
	core->answer_within =
		core->class == HL_CLASS_CALL ? 1 + emit_draw(draw, 604800) : 0;
	core->has_incident = type != HL_RAISE;
	core->has_answers = type == HL_ACK || type == HL_CANNOT_OPEN || type == HL_RESEND;
	emit_bytes(draw, core->incident.b, sizeof(core->incident.b));
	emit_bytes(draw, core->answers.b, sizeof(core->answers.b));
	emit_bytes(draw, core->lab.b, sizeof(core->lab.b));
	return type;
}

static void set_core(json_t *c, const struct hl_core *core)
{
	json_object_set_new(c, "lab_id", emit_hex(hl_view_id(&core->lab)));
	json_object_set_new(
		c, "card_version", json_integer((json_int_t)core->card_version));
	json_object_set_new(
		c, "incident", emit_optional(core->has_incident, &core->incident));
	json_object_set_new(
		c, "answers", emit_optional(core->has_answers, &core->answers));
	json_object_set_new(c, "class", json_integer(core->class));
	json_object_set_new(c, "status", json_integer(core->status));
	json_object_set_new(c, "precedence", json_integer(core->precedence));
	json_object_set_new(c, "created", json_integer((json_int_t)core->created));
	json_object_set_new(c, "lifetime", json_integer((json_int_t)core->lifetime));
	json_object_set_new(
		c, "answer_within", json_integer((json_int_t)core->answer_within));
}

static json_t *case_of(struct emit_draw *draw, const struct hl_id *net, unsigned number)
{
	struct hl_reader readers[READERS] = {0};
	struct hl_sealing s = {.readers = readers, .core = {.net = *net}};
	struct hl_key32 seed;
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	struct hl_buf text HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};
	struct emit_draft draft;
	struct hl_id id;
	json_t *c = json_object();
	enum hl_type type = draw_core(draw, &s.core);

	emit_message(draw, type, &s.core.answers, s.core.has_answers, &draft);
	emit_ok(hl_message_encode(&draft.message, &text, NULL));
	draw_readers(draw, &s);
	emit_bytes(draw, seed.b, sizeof(seed.b));
	emit_ok(hl_sign_key_from_secret(HL_VIEW(seed.b), &key));
	hl_key_id(net, HL_ROLE_MEMBER_SIGN, key.pub, &s.core.sender);
	emit_bytes(draw, s.salt, sizeof(s.salt));
	emit_bytes(draw, s.ck.b, sizeof(s.ck.b));
	s.message = hl_view_buf(&text);
	s.key = &key;
	emit_ok(hl_envelope_seal(&s, &doc, &id, NULL));
	set_core(c, &s.core);
	json_object_set_new(c, "name", json_sprintf("drawn %u", number));
	json_object_set_new(c, "sender_seed", emit_hex(HL_VIEW(seed.b)));
	json_object_set_new(c, "signer_seeds", json_array());
	json_object_set_new(c, "salt", emit_hex(HL_VIEW(s.salt)));
	json_object_set_new(c, "ck", emit_hex(HL_VIEW(s.ck.b)));
	json_object_set_new(c, "entries", entries_of(readers, s.n_readers));
	json_object_set_new(c, "message", emit_hex(s.message));
	json_object_set_new(c, "id", emit_hex(hl_view_id(&id)));
	json_object_set_new(c, "wire", emit_hex(hl_view_buf(&doc)));
	return c;
}

json_t *emit_envelope(struct emit_draw *draw, const struct hl_id *net)
{
	json_t *file = json_object(), *letters = json_array();

	for (unsigned i = 0; i < CASES; i++)
		json_array_append_new(letters, case_of(draw, net, i));
	json_object_set_new(file, "letters", letters);
	return file;
}
