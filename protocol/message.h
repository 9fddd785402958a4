/*
 * What a letter says (spec/message.md). One struct for all types: the header, and a body in a
 * union. A parsed message borrows the bytes it was read from and owns its lists; a draft borrows
 * both.
 */
#ifndef HL_MESSAGE_H
#define HL_MESSAGE_H

#include "envelope.h"
#include "kind.h"

#define HL_EVIDENCE_MAX 16
#define HL_FIELDS_MAX   32
#define HL_ASK_MAX      8
#define HL_TITLE_MAX    120
#define HL_TEXT_MAX     32768
#define HL_WORDS_MAX    200 /* of a FLASH or IMMEDIATE call */

enum hl_type {
	HL_RAISE = 1,
	HL_ACK = 2,
	HL_SAY = 3,
	HL_UPDATE = 4,
	HL_RESOLVE = 5,
	HL_CANCEL = 6,
	HL_REOPEN = 7,
	HL_CANNOT_OPEN = 8,
	HL_DRILL = 9,
	HL_DRILL_ANSWER = 10,
	HL_RESEND = 11,
};
enum hl_answer {
	HL_ACCEPTED = 1,
	HL_ACTING = 2,
	HL_DECLINED = 3,
	HL_REDIRECTED = 4,
};

struct hl_evidence {
	struct hl_view name, media;
	uint64_t size;
	struct hl_id sha256;
	bool has_data;
	struct hl_view data;
};

struct hl_field {
	struct hl_view key, value;
};

struct hl_capability { /* as a lab's framework names it */
	struct hl_view framework, version, level;
	unsigned determination; /* 1 reached … 4 ruled out */
};

struct hl_raise {
	struct hl_view kind;
	unsigned severity, urgency, certainty, handling, context;
	struct hl_view ask[HL_ASK_MAX];
	size_t n_ask;
	struct hl_view title;
	bool has_aware_at, has_determined_at, has_capability;
	uint64_t aware_at, determined_at;
	struct hl_capability capability;
};

struct hl_message {
	enum hl_type type;
	const struct hl_id *seen;
	size_t n_seen;
	struct hl_view text; /* of every type but cannot-open and resend */
	union {
		struct hl_raise raise;
		struct {
			enum hl_answer answer;
			bool has_redirect;
			struct hl_view redirect;
		} ack;
		struct {
			bool has_severity, has_certainty, has_title;
			unsigned severity, certainty;
			struct hl_view title;
		} update;
		struct {
			enum hl_status code;
		} cannot_open;
		struct {
			struct hl_view key; /* the content key, HL_KEY_SIZE bytes */
		} resend;
	};
	struct hl_field *fields; /* raise, update; sorted by key */
	size_t n_fields;
	struct hl_evidence *evidence; /* raise, say, update */
	size_t n_evidence;
	void *arena;
};

#define HL_CLEAN_MESSAGE HL_CLEAN(hl_message_clear)

/* Words for people and for programs: NULL where the number is unknown. */
HL_API const char *hl_type_name(unsigned type);
HL_API const char *hl_class_name(unsigned class);
HL_API const char *hl_standing_name(unsigned status);       /* actual, exercise, test */
HL_API const char *hl_precedence_name(unsigned precedence); /* FLASH … */
HL_API const char *hl_answer_name(unsigned answer);
HL_API const char *hl_severity_text(unsigned severity);
HL_API const char *hl_certainty_name(unsigned certainty);
HL_API const char *hl_urgency_name(unsigned urgency);
HL_API const char *hl_handling_name(unsigned handling); /* TLP */
HL_API const char *hl_context_name(unsigned context);
HL_API const char *hl_determination_name(unsigned determination);

/* Words in a text (message 1.4). */
HL_API size_t hl_words(struct hl_view text);

/* The class a type takes; for say and update, call when asked so, else notice. */
HL_API enum hl_class hl_type_class(enum hl_type type, bool call);

/* seen, ask and fields must be sorted by the caller. Checks every rule of the form; HL_BAD_FORM
 * with *ret_missing (may be NULL) naming the field that is missing or wrong, a static string. */
HL_MUST HL_API enum hl_status hl_message_encode(
	const struct hl_message *message, struct hl_buf *ret, const char **ret_missing);

/* The views lie in bytes. HL_BAD_SIZE, HL_BAD_ENCODING, HL_BAD_FIELD, HL_BAD_TYPE (unknown type),
 * HL_BAD_HASH (evidence), HL_BAD_FORM (lacks what its kind must have). */
HL_MUST HL_API enum hl_status hl_message_parse(
	struct hl_view bytes, struct hl_message *ret);
HL_API void hl_message_clear(struct hl_message *message);

/* envelope 4.3: does the message go with the core, and may the member (NULL: a node) say it?
 * HL_BAD_TYPE, HL_BAD_FIELD (too many words), HL_NOT_PERMITTED. */
HL_MUST HL_API enum hl_status hl_message_check(const struct hl_message *message,
	const struct hl_core *core, const struct hl_member *sender);

#endif
