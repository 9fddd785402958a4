/*
 * Documents that travel over another lab (channel 5), as the peers of a bench bring and get them.
 */
#ifndef HL_TESTS_CARRYING_H
#define HL_TESTS_CARRYING_H

#include "tests/unit/bench.h"

enum { DEVICE = 1, B = 2, C = 3 }; /* links; of labs 0, 1 and 2 */

/* A document that comes by another lab. */
void bring(struct bench *b, uint64_t link, size_t from, const struct hl_id *to,
	uint64_t hops, enum hl_carried sort, struct hl_view doc);

/* Number i of the carries of a sort that went out on a link. */
bool carried(struct bench *b, uint64_t link, enum hl_carried sort, size_t i,
	struct hl_frame *ret);
bool any_carried(struct bench *b, uint64_t link);

/* Lab 1's raise, as its node would hand it over for a lab: its list, and the letter. */
struct brought {
	struct hl_buf segment, letter;
	struct hl_id id;
};
void make_brought(
	struct bench *b, size_t to, enum hl_precedence precedence, struct brought *ret);
void brought_clear(struct brought *m);

/* The own directory, with lab 2 as a relay. */
void give_relay(struct bench *b);

/* A heartbeat of ours that comes after so long, answered by the peer. */
void answer_beat(struct bench *b, uint64_t link, size_t lab, uint64_t ms);

/* The node ends and starts, on the store that it has. */
void start_again(struct bench *b);

#endif
