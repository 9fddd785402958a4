/* spec/vectors/message.json: messages read, beside their cores, and by their senders. */
#include "vectors.h"

static enum hl_status parse(const json_t *c, struct hl_buf *bytes, struct hl_message *ret)
{
	*bytes = vectors_hex(c, "message");
	return hl_message_parse(hl_view_buf(bytes), ret);
}

static void check_decode(const json_t *c, const char *part)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0}, again HL_CLEAN_BUF = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	enum hl_status status = parse(c, &bytes, &m);

	/* What a kind must have is looked at apart from the encoding there. */
	if (status == HL_BAD_FORM && vectors_number(c, "code") == 0)
		status = HL_OK;
	vectors_code(status, c, part);
	if (status != HL_OK || !m.type ||
		(m.type == HL_RAISE && !hl_kind_find(m.raise.kind)))
		return;
	vectors_count(hl_message_encode(&m, &again, NULL) == HL_OK &&
			hl_view_eq(hl_view_buf(&bytes), hl_view_buf(&again)),
		"written again", vectors_text(c, "name"));
}

static void check_form(const json_t *c)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};

	vectors_code(parse(c, &bytes, &m), c, "forms");
}

static struct hl_core core_of(const json_t *c)
{
	const json_t *from = vectors_get(c, "core");
	struct hl_core core = {0};

	core.class = (enum hl_class)vectors_number(from, "class");
	core.status = (enum hl_standing)vectors_number(from, "status");
	core.precedence = (enum hl_precedence)vectors_number(from, "precedence");
	core.has_incident = vectors_optional_id(from, "incident", &core.incident);
	core.has_answers = vectors_optional_id(from, "answers", &core.answers);
	return core;
}

static void check_core(const json_t *c)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	struct hl_core core = core_of(c);
	struct hl_member sender = {.caps = {.bits = HL_CAP_ALL, .precedence = HL_FLASH}};
	enum hl_status status = parse(c, &bytes, &m);

	if (status == HL_OK)
		status = hl_message_check(&m, &core, &sender);
	vectors_code(status, c, "cores");
}

static void check_sender(const json_t *c)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	struct hl_core core = core_of(c);
	struct hl_member sender = {.caps = {.precedence = HL_FLASH}};
	const json_t *kinds = vectors_get(c, "kinds");
	struct hl_view views[HL_CAPS_KINDS_MAX];
	enum hl_status status = parse(c, &bytes, &m);

	sender.caps.bits = (unsigned)vectors_number(c, "bits");
	sender.caps.kinds = views;
	sender.caps.n_kinds = json_array_size(kinds);
	for (size_t i = 0; i < sender.caps.n_kinds && i < HL_CAPS_KINDS_MAX; i++)
		views[i] = hl_view_str(json_string_value(json_array_get(kinds, i)));
	if (status == HL_OK)
		status = hl_message_check(&m, &core, &sender);
	vectors_code(status, c, "senders");
}

static void check_by_node(const json_t *c)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	struct hl_core core = core_of(c);
	enum hl_status status = parse(c, &bytes, &m);

	if (status == HL_OK)
		status = hl_message_check(&m, &core, NULL);
	vectors_code(status, c, "nodes");
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	size_t i;

	json_array_foreach(vectors_list(file, "decode"), i, c) check_decode(c, "decode");
	json_array_foreach(vectors_list(file, "forms"), i, c) check_form(c);
	json_array_foreach(vectors_list(file, "cores"), i, c) check_core(c);
	json_array_foreach(vectors_list(file, "senders"), i, c) check_sender(c);
	json_array_foreach(vectors_list(file, "nodes"), i, c) check_by_node(c);
	return vectors_end(file);
}
