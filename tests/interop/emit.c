/* emit PAGE SEED: prints one JSON object. */
#include "emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NETWORK "hotline test vectors"

uint64_t emit_draw(struct emit_draw *draw, uint64_t below)
{
	uint64_t z = draw->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return below ? z % below : z;
}

void emit_bytes(struct emit_draw *draw, uint8_t *ret, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = (uint8_t)emit_draw(draw, 256);
}

json_t *emit_hex(struct hl_view view)
{
	char *hex = malloc(2 * view.n + 1);
	json_t *value = NULL;

	if (hex) {
		hl_hex_encode(view, hex);
		value = json_string(hex);
	}
	free(hex);
	emit_ok(value ? HL_OK : HL_ERR_NOMEM);
	return value;
}

json_t *emit_optional(bool has, const struct hl_id *id)
{
	return has ? emit_hex(hl_view_id(id)) : json_null();
}

void emit_ok(enum hl_status status)
{
	if (status == HL_OK)
		return;
	fprintf(stderr, "emit: %s\n", hl_status_text(status));
	exit(1);
}

static struct hl_view text_of(struct emit_draw *draw, bool block)
{
	static const char *const lines[] = {"a", "Agent left its sandbox",
		"\xc3\x9c"
		"berpr\xc3\xbc"
		"fung",
		"\xf0\x9f\x93\x9e 555 0100", "thirty-one bytes of text, so it.",
		"a longer line, so that its length takes a byte of its own in the encoding"};
	static const char *const blocks[] = {
		"two\nlines", "\ttabbed\n", "one", "\n", "caf\xc3\xa9\n\n"};

	return hl_view_str(
		block ? blocks[emit_draw(draw, 5)] : lines[emit_draw(draw, 6)]);
}

static void fields_of(struct emit_draw *draw, struct emit_draft *d)
{
	static const char *const keys[] = {"boundary", "domain", "model", "period"};

	d->message.fields = d->fields;
	for (size_t i = 0; i < 4; i++)
		if (emit_draw(draw, 3) > 0)
			d->fields[d->message.n_fields++] = (struct hl_field){
				hl_view_str(keys[i]), text_of(draw, true)};
}

static void evidence_of(struct emit_draw *draw, struct emit_draft *d)
{
	d->message.evidence = d->evidence;
	d->message.n_evidence = emit_draw(draw, 3);
	for (size_t i = 0; i < d->message.n_evidence; i++) {
		struct hl_evidence *e = &d->evidence[i];

		e->name = text_of(draw, false);
		e->media = hl_view_str(emit_draw(draw, 2) ? "" : "text/plain");
		e->data = text_of(draw, true);
		e->size = e->data.n;
		e->has_data = emit_draw(draw, 2);
		hl_sha256(&e->data, 1, &e->sha256);
		if (!e->has_data)
			e->size = emit_draw(draw, 0);
	}
}

static void raise_of(struct emit_draw *draw, struct emit_draft *d)
{
	static const char *const kinds[] = {
		"near.miss", "misuse.campaign", "insider.security", "distill.campaign"};
	struct hl_raise *r = &d->message.raise;

	r->kind = hl_view_str(kinds[emit_draw(draw, 4)]);
	r->severity = (unsigned)emit_draw(draw, 5);
	r->urgency = (unsigned)emit_draw(draw, 5);
	r->certainty = (unsigned)emit_draw(draw, 5);
	r->handling = 1 + (unsigned)emit_draw(draw, 5);
	r->context = (unsigned)emit_draw(draw, 5);
	r->ask[0] = hl_view_str("call-back");
	r->ask[1] = hl_view_str("verify");
	r->n_ask = emit_draw(draw, 3);
	r->title = text_of(draw, false);
	r->has_aware_at = emit_draw(draw, 2);
	r->aware_at = emit_draw(draw, 0);
	r->has_determined_at = emit_draw(draw, 2);
	r->determined_at = emit_draw(draw, 1789000000000);
	r->has_capability = emit_draw(draw, 2);
	r->capability = (struct hl_capability){hl_view_str("Framework"),
		hl_view_str(emit_draw(draw, 2) ? "" : "3.1"), text_of(draw, false),
		1 + (unsigned)emit_draw(draw, 4)};
	if (r->capability.level.n > 64)
		r->capability.level.n = 64;
}

enum hl_type emit_type(struct emit_draw *draw, unsigned first, unsigned n)
{
	unsigned type = first + (unsigned)emit_draw(draw, n);

	return type > HL_CANNOT_OPEN ? HL_RESEND : (enum hl_type)type;
}

void emit_message(struct emit_draw *draw, enum hl_type type, const struct hl_id *seen,
	size_t n_seen, struct emit_draft *ret)
{
	struct hl_message *m = &ret->message;

	memset(ret, 0, sizeof(*ret));
	*m = (struct hl_message){.type = type, .seen = seen, .n_seen = n_seen};
	if (type != HL_CANNOT_OPEN && type != HL_RESEND)
		m->text = text_of(draw, true);
	if (type == HL_RAISE)
		raise_of(draw, ret);
	if (type == HL_ACK) {
		m->ack.answer = (enum hl_answer)(1 + emit_draw(draw, 4));
		m->ack.has_redirect =
			m->ack.answer == HL_REDIRECTED || emit_draw(draw, 2);
		m->ack.redirect = text_of(draw, false);
	}
	if (type == HL_UPDATE) {
		m->update.has_severity = emit_draw(draw, 2);
		m->update.severity = (unsigned)emit_draw(draw, 5);
		m->update.has_certainty = emit_draw(draw, 2);
		m->update.certainty = (unsigned)emit_draw(draw, 5);
		m->update.has_title = emit_draw(draw, 2);
		m->update.title = text_of(draw, false);
	}
	if (type == HL_CANNOT_OPEN)
		m->cannot_open.code = (enum hl_status)(1 + emit_draw(draw, 32));
	if (type == HL_RESEND) {
		emit_bytes(draw, ret->key, sizeof(ret->key));
		m->resend.key = HL_VIEW(ret->key);
	}
	if (type == HL_RAISE || type == HL_UPDATE)
		fields_of(draw, ret);
	if (type == HL_RAISE || type == HL_UPDATE || type == HL_SAY)
		evidence_of(draw, ret);
}

static const struct {
	const char *page;
	json_t *(*make)(struct emit_draw *draw, const struct hl_id *net);
} pages[] = {
	{"card", emit_card},
	{"envelope", emit_envelope},
	{"incident", emit_incident},
};

int main(int argc, char **argv)
{
	struct emit_draw draw = {0};
	struct hl_id net;

	hl_net_id(hl_view_str(NETWORK), &net);
	for (size_t i = 0; argc == 3 && i < sizeof(pages) / sizeof(pages[0]); i++) {
		json_t *file;

		if (strcmp(argv[1], pages[i].page) != 0)
			continue;
		draw.state = strtoull(argv[2], NULL, 10);
		file = pages[i].make(&draw, &net);
		json_object_set_new(file, "part", json_string(pages[i].page));
		json_object_set_new(file, "net_id", emit_hex(hl_view_id(&net)));
		json_dumpf(file, stdout, JSON_COMPACT);
		json_decref(file);
		return 0;
	}
	fprintf(stderr, "usage: emit PAGE SEED\n");
	return 2;
}
