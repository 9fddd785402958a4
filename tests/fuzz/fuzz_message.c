/*
 * fuzz_message: what is read as a message comes out of the writer again byte for byte, and may be
 * held against any core and sender.
 */
#include <string.h>

#include "protocol/hotline.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* What the check says depends on the core; whatever it is, it says one of these. */
static void hold_against_cores(const struct hl_message *m)
{
	const struct hl_member sender = {
		.caps = {.bits = HL_CAP_ALL, .precedence = HL_FLASH}};
	unsigned taken = 0;

	for (unsigned i = 0; i < 4 * 4 * 4; i++) {
		struct hl_core core = {.class = (enum hl_class)(1 + i % 4),
			.status = HL_ACTUAL,
			.precedence = (enum hl_precedence)(1 + i / 4 % 4),
			.has_incident = i / 16 % 2,
			.has_answers = i / 32};
		enum hl_status status;

		if (m->n_seen > 0)
			core.answers = m->seen[0];
		status = hl_message_check(m, &core, &sender);
		fuzz_require(status == HL_OK || status == HL_BAD_TYPE ||
			status == HL_BAD_FIELD);
		if (status != HL_OK)
			continue;
		taken++;
		fuzz_require(core.has_incident == (m->type != HL_RAISE));
		fuzz_require(core.class != HL_CLASS_CALL ||
			core.precedence < HL_IMMEDIATE ||
			hl_words(m->text) <= HL_WORDS_MAX);
	}
	fuzz_require(taken <= 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hl_view doc = hl_view_of(data, size);
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};
	const char *wrong = NULL;
	enum hl_status status = hl_message_parse(doc, &m);

	fuzz_require(status == HL_OK || status == HL_BAD_SIZE ||
		status == HL_BAD_ENCODING || status == HL_BAD_FIELD ||
		status == HL_BAD_TYPE || status == HL_BAD_HASH || status == HL_BAD_FORM);
	if (status != HL_OK) {
		fuzz_require(!m.arena && m.n_seen == 0);
		return 0;
	}
	fuzz_require(hl_pack_check(doc, HL_PAYLOAD_MAX) == HL_OK);
	fuzz_require(hl_type_name(m.type) && hl_words(m.text) <= m.text.n);
	hold_against_cores(&m);
	status = hl_message_encode(&m, &again, &wrong);
	if (m.type == HL_RAISE && !hl_kind_find(m.raise.kind)) {
		fuzz_require(status == HL_BAD_FORM && strcmp(wrong, "kind") == 0);
		return 0;
	}
	fuzz_require(status == HL_OK && hl_view_eq(doc, hl_view_buf(&again)));
	return 0;
}
