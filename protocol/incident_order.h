/*
 * incident_order: the order in which letters are folded, within the library.
 */
#ifndef HL_INCIDENT_ORDER_H
#define HL_INCIDENT_ORDER_H

#include "incident.h"

/* The letters of a set by id, and their order. Everything lives in an arena of the caller's. */
struct hl_letter_order {
	const struct hl_fold_letter *letters;
	size_t n;
	uint32_t *by_id;  /* places in letters, ids ascending */
	uint32_t *placed; /* places in letters, in the fold's order */
};

/* incident 2.1. HL_ERR_NOMEM; HL_ERR_USAGE where a letter stands twice or letters name each
 * other in a ring, which no letters do whose ids are hashes. */
HL_MUST enum hl_status hl_letter_order(const struct hl_fold_letter *letters, size_t n,
	void **arena, struct hl_letter_order *ret);

/* The place of a letter, n when it is not in the set. */
size_t hl_letter_find(const struct hl_letter_order *order, const struct hl_id *id);

#endif
