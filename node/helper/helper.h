/*
 * The helper: a second process without keys or sockets that runs hooks, and rings by itself when
 * the node falls silent. It knows what the node tells it over one socket pair (wire.h) and no more.
 */
#ifndef HL_HELPER_H
#define HL_HELPER_H

#include <jansson.h>

#include "node/helper/wire.h"

/* Forks it. In the child forget(ctx) wipes what the parent knows already; it never returns there.
 * Every descriptor but 0 to 2 is closed in it. 0 with the parent's end in *ret_fd (not blocking,
 * closed on exec), or an errno. */
HL_MUST int hl_helper_start(void (*forget)(void *ctx), void *ctx, int *ret_fd);

/* json.c: what a program reads on its standard input (hotline-hooks(7)); NULL without memory. */
json_t *hl_hook_json(const struct hl_hook_run *run);

/* spawn.c: one program that runs. */

#define HL_HOOK_TAIL 512

struct hl_child {
	pid_t pid; /* 0: this place is free; also the group's id */
	int output;
	uint64_t deadline; /* ms of CLOCK_MONOTONIC */
	bool late;         /* the time was up */
	unsigned timeout;
	char tail[HL_HOOK_TAIL]; /* of what it says */
	size_t n_tail;
	struct hl_hook_run run;
};

/* 0, or an errno; then nothing was started. */
HL_MUST int hl_child_start(const struct hl_hook_program *program,
	const struct hl_hook_run *run, uint64_t now, struct hl_child *ret);
/* Takes what has come of its output. */
void hl_child_read(struct hl_child *child);
/* Ends it and all that it has started. */
void hl_child_kill(struct hl_child *child);
/* True when it has ended: its place is free, and code (0: well) and a line say how. */
bool hl_child_reap(struct hl_child *child, uint64_t *ret_code,
	char ret_text[static HL_HOOK_TEXT_MAX + 1]);

#endif
