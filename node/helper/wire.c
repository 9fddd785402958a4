#include "node/helper/wire.h"

#include <stdlib.h>
#include <string.h>

void hl_hook_programs_clear(struct hl_hook_programs *programs)
{
	if (programs == NULL)
		return;
	for (size_t i = 0; i < programs->n; i++)
		for (size_t k = 0; k < HL_HOOK_ARGS_MAX; k++)
			free(programs->list[i].argv[k]);
	free(programs->list);
	memset(programs, 0, sizeof(*programs));
}

void hl_wire_clear(struct hl_wire *wire)
{
	if (wire != NULL)
		hl_hook_programs_clear(&wire->hooks);
}

static void write_hooks(struct hl_out *out, const struct hl_hook_programs *programs)
{
	hl_out_id(out, &programs->lab);
	hl_out_str(out, hl_view_str(programs->lab_name));
	hl_out_array(out, programs->n);
	for (size_t i = 0; i < programs->n; i++) {
		const struct hl_hook_program *p = &programs->list[i];
		size_t n = 0;
		while (p->argv[n] != NULL)
			n++;
		hl_out_array(out, 5);
		hl_out_str(out, hl_view_str(p->hook.name));
		hl_out_uint(out, p->timeout);
		hl_out_uint(out, p->hook.events);
		hl_out_bool(out, p->hook.exercise);
		hl_out_array(out, n);
		for (size_t k = 0; k < n; k++)
			hl_out_str(out, hl_view_str(p->argv[k]));
	}
}

enum hl_status hl_wire_write(const struct hl_wire *wire, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf body HL_CLEAN_BUF = {0};
	uint8_t length[4];

	hl_out_init(&out);
	switch (wire->type) {
	case HL_WIRE_HOOKS:
		hl_out_array(&out, 4);
		hl_out_uint(&out, wire->type);
		write_hooks(&out, &wire->hooks);
		break;
	case HL_WIRE_RUN:
		hl_out_array(&out, 2);
		hl_out_uint(&out, wire->type);
		hl_out_bin(&out, wire->run);
		break;
	case HL_WIRE_BEAT:
	case HL_WIRE_BYE:
		hl_out_array(&out, 1);
		hl_out_uint(&out, wire->type);
		break;
	case HL_WIRE_DONE:
		hl_out_array(&out, 4);
		hl_out_uint(&out, wire->type);
		hl_out_id(&out, &wire->key);
		hl_out_uint(&out, wire->code);
		hl_out_str(&out, hl_view_str(wire->text));
		break;
	}
	enum hl_status status = hl_out_finish(&out, &body);
	if (status == HL_OK && body.n > HL_WIRE_MAX)
		status = HL_BAD_SIZE;
	hl_put_be32(length, (uint32_t)body.n);
	if (status == HL_OK)
		status = hl_buf_reserve(ret, body.n + sizeof(length));
	if (status == HL_OK)
		status = hl_buf_append(ret, HL_VIEW(length));
	return status == HL_OK ? hl_buf_append(ret, hl_view_buf(&body)) : status;
}

static void take_text(struct hl_view text, char *ret)
{
	if (text.n > 0)
		memcpy(ret, text.p, text.n);
	ret[text.n] = '\0';
}

static void read_hooks(struct hl_in *in, struct hl_hook_programs *ret)
{
	hl_in_id(in, &ret->lab);
	take_text(hl_in_str(in, 0, HL_HOOK_NAME_MAX, HL_TEXT_LINE), ret->lab_name);
	size_t n = hl_in_array(in, 0, HL_HOOKS_MAX);
	ret->list = calloc(n + 1, sizeof(*ret->list));
	if (ret->list == NULL) {
		hl_in_fail(in, HL_ERR_NOMEM);
		return;
	}
	ret->n = n;
	for (size_t i = 0; i < n && hl_in_ok(in); i++) {
		struct hl_hook_program *p = &ret->list[i];
		hl_in_array(in, 5, 5);
		take_text(hl_in_str(in, 1, HL_HOOK_NAME_MAX, HL_TEXT_LINE), p->hook.name);
		p->timeout = (unsigned)hl_in_uint(in, 1, HL_HOOK_TIMEOUT_MAX);
		p->hook.events = (uint32_t)hl_in_uint(in, 0, UINT32_MAX);
		p->hook.exercise = hl_in_bool(in);
		size_t words = hl_in_array(in, 1, HL_HOOK_ARGS_MAX);
		for (size_t k = 0; k < words && hl_in_ok(in); k++) {
			struct hl_view word =
				hl_in_str(in, 0, HL_HOOK_ARG_MAX, HL_TEXT_BLOCK);
			p->argv[k] = calloc(1, word.n + 1);
			if (p->argv[k] == NULL)
				hl_in_fail(in, HL_ERR_NOMEM);
			else
				take_text(word, p->argv[k]);
		}
		hl_in_end(in);
		hl_in_end(in);
	}
	hl_in_end(in);
}

enum hl_status hl_wire_read(struct hl_view bytes, struct hl_wire *ret, size_t *ret_used)
{
	struct hl_wire wire HL_CLEAN_WIRE = {.type = HL_WIRE_BEAT};
	struct hl_in in HL_CLEAN_IN = {0};

	if (bytes.n < 4)
		return HL_UNKNOWN;
	size_t n = hl_get_be32(bytes.p);
	if (n == 0 || n > HL_WIRE_MAX)
		return HL_BAD_SIZE;
	if (bytes.n - 4 < n)
		return HL_UNKNOWN;
	hl_in_init(&in, hl_view_of(bytes.p + 4, n), HL_WIRE_MAX);
	hl_in_array(&in, 1, 4);
	wire.type = (enum hl_wire_type)hl_in_uint(&in, HL_WIRE_HOOKS, HL_WIRE_DONE);
	switch (wire.type) {
	case HL_WIRE_HOOKS: read_hooks(&in, &wire.hooks); break;
	case HL_WIRE_RUN: wire.run = hl_in_bin(&in, 1, HL_WIRE_MAX); break;
	case HL_WIRE_BEAT:
	case HL_WIRE_BYE: break;
	case HL_WIRE_DONE:
		hl_in_id(&in, &wire.key);
		wire.code = hl_in_uint(&in, 0, UINT32_MAX);
		take_text(hl_in_str(&in, 0, HL_HOOK_TEXT_MAX, HL_TEXT_LINE), wire.text);
		break;
	}
	hl_in_end(&in);
	enum hl_status status = hl_in_finish(&in);
	if (status != HL_OK)
		return status == HL_UNKNOWN ? HL_BAD_FIELD : status;
	*ret = wire;
	memset(&wire.hooks, 0, sizeof(wire.hooks));
	*ret_used = n + 4;
	return HL_OK;
}
