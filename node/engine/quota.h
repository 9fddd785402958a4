/*
 * What a peer may cost. Six accounts on the boot clock, each a leaky bucket: what is used drains
 * at a steady rate, and a lot may come at once, so that an honest backlog after an outage passes.
 * Nothing is refused for it: who is over is read later, and his stream does the waiting. And a
 * penalty box for peers whose frames break the protocol again and again.
 *
 * Pure: no clock, no memory of its own, the same answers for the same calls.
 */
#ifndef HL_QUOTA_H
#define HL_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

enum hl_quota_kind {
	HL_QUOTA_FRAMES,
	HL_QUOTA_BYTES,
	HL_QUOTA_LETTERS,
	HL_QUOTA_CHECKS,  /* of signatures */
	HL_QUOTA_GROWTH,  /* bytes that stay in the store */
	HL_QUOTA_CARRIED, /* documents to be carried for others */
};
#define HL_QUOTA_KINDS 6

/* A pause is no longer than that: heartbeats come on the same stream, and a peer that is made to
 * wait must not look dead. */
#define HL_QUOTA_PAUSE_MS   2000
#define HL_QUOTA_SHOWN_MS   60000 /* who was over is named for so long after */
#define HL_QUOTA_FREE       2 /* breaches that cost nothing yet: anybody restarts once */
#define HL_QUOTA_FORGET_MS  600000 /* without a breach: all is forgotten */
#define HL_QUOTA_BOX_MIN_MS 1000
#define HL_QUOTA_BOX_MAX_MS 300000

/* Zeros are a fresh one. */
struct hl_quota {
	uint64_t used[HL_QUOTA_KINDS];    /* in thousandths */
	uint64_t at;                      /* when they were drained last */
	uint64_t over_at[HL_QUOTA_KINDS]; /* when it was over last; 0: never */
	unsigned breaches;
	uint64_t breach_at, box_until;
	const char *why; /* of the last breach: a constant */
};

/* The marks of one account; alerts may go beyond the burst by what may be borrowed. */
struct hl_quota_mark {
	const char *name;
	uint64_t rate; /* a second */
	uint64_t burst, borrow;
};
const struct hl_quota_mark *hl_quota_mark(enum hl_quota_kind kind);

/* Counts what has been done already: it may bring an account over its mark, never lose anything. */
void hl_quota_charge(
	struct hl_quota *quota, enum hl_quota_kind kind, uint64_t n, uint64_t boot);
/* Is an account over? Alerts may borrow. */
bool hl_quota_over(
	struct hl_quota *quota, enum hl_quota_kind kind, bool alert, uint64_t boot);
/* How many ms this peer is not to be read, 0 to HL_QUOTA_PAUSE_MS. Growth and what is
 * to be carried do not count: they are put off one by one, and heartbeats go on. */
uint64_t hl_quota_wait(struct hl_quota *quota, bool alert, uint64_t boot);
/* The first account that was over within HL_QUOTA_SHOWN_MS, in words; NULL: none. */
const char *hl_quota_shown(const struct hl_quota *quota, uint64_t boot);

/* A frame that no good node sends. why: a constant. Returns for how many ms no link is taken. */
uint64_t hl_quota_breach(struct hl_quota *quota, const char *why, uint64_t boot);
/* For how many ms more no link is taken; 0: it may come. */
uint64_t hl_quota_boxed(const struct hl_quota *quota, uint64_t boot);

#endif
