/*
 * Between the node and its helper: each message is four bytes of length, big-endian, and one
 * canonical MessagePack array whose first value is its type.
 */
#ifndef HL_HELPER_WIRE_H
#define HL_HELPER_WIRE_H

#include "node/engine/hook.h"

#define HL_WIRE_MAX      (256 * 1024) /* of one message */
#define HL_WIRE_BEAT_MS  5000
#define HL_WIRE_DEAD_MS  15000 /* without any message the node is silent */
#define HL_HOOK_ARGS_MAX 32
#define HL_HOOK_ARG_MAX  4096

/* What the configuration says of one hook; owns its words. */
struct hl_hook_program {
	struct hl_policy_hook hook;
	unsigned timeout; /* s */
	char *argv[HL_HOOK_ARGS_MAX + 1];
};

struct hl_hook_programs {
	struct hl_id lab; /* the node's */
	char lab_name[HL_HOOK_NAME_MAX + 1];
	struct hl_hook_program *list;
	size_t n;
};

enum hl_wire_type {
	HL_WIRE_HOOKS = 1, /* to the helper: these are the hooks from now on */
	HL_WIRE_RUN = 2,   /* run one */
	HL_WIRE_BEAT = 3,  /* the node's loop turns */
	HL_WIRE_BYE = 4,   /* the node ends as it should */
	HL_WIRE_DONE = 5   /* from the helper: a run has ended */
};

struct hl_wire {
	enum hl_wire_type type;
	struct hl_hook_programs hooks;
	struct hl_view
		run; /* of hl_hook_encode; when read, within the bytes that were read */
	struct hl_id key; /* done */
	uint64_t code;
	char text[HL_HOOK_TEXT_MAX + 1];
};

#define HL_CLEAN_WIRE HL_CLEAN(hl_wire_clear)

void hl_hook_programs_clear(struct hl_hook_programs *programs);
void hl_wire_clear(struct hl_wire *wire);

/* Appends the message with its length. */
HL_MUST enum hl_status hl_wire_write(const struct hl_wire *wire, struct hl_buf *ret);
/* The first message of the bytes that have come. *ret_used: how many it takes; HL_UNKNOWN: it is
 * not whole yet. Positive others: the stream is of no use any more. */
HL_MUST enum hl_status hl_wire_read(
	struct hl_view bytes, struct hl_wire *ret, size_t *ret_used);

#endif
