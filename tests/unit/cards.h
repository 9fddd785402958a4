/*
 * cards: labs whose keys, possessions and signatures are real, from fixed seeds; for the tests of
 * cards and of what is judged by them.
 */
#ifndef HL_TESTS_CARDS_H
#define HL_TESTS_CARDS_H

#include "unit.h"

#define CARDS_ROOTS   3
#define CARDS_NODES   2
#define CARDS_MEMBERS 5

/* The members: two devices of Ada, Ben, a program, and Cy, who may only read and suspend. */
enum cards_member { ADA, ADA_PHONE, BEN, ROBOT, CY };

/* A lab that draws up a card. Fields of card may be changed before it is signed. */
struct lab {
	struct hl_id net;
	struct hl_sign_key root[CARDS_ROOTS], node[CARDS_NODES], member[CARDS_MEMBERS];
	struct hl_root roots[CARDS_ROOTS];
	struct hl_node nodes[CARDS_NODES];
	struct hl_member members[CARDS_MEMBERS];
	struct hl_view kinds[2];
	struct hl_id callable[2];
	struct hl_card card;
};

/* The first card of the seed-th lab: 2 of 3 roots. */
void lab_init(struct lab *lab, uint8_t seed);
void lab_clear(struct lab *lab);

/* Makes it the draft of the card after prev. */
void lab_next(struct lab *lab, const struct hl_card *prev);

/* Signed by the roots of the set bits (bit 0: root[0]). */
struct hl_buf lab_doc(struct lab *lab, unsigned roots);

/* The same, parsed; which must be good. */
void lab_card(struct lab *lab, unsigned roots, struct hl_card *ret);

/* Id of a member's signing key. */
struct hl_id lab_kid(const struct lab *lab, enum cards_member member);

/* Keys of a number, everywhere the same. */
void cards_sign_key(uint16_t number, struct hl_sign_key *ret);
void cards_dh_pub(uint16_t number, uint8_t ret[HL_KEY_SIZE]);

#endif
