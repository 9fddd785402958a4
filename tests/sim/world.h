/*
 * Labs for the simulator and for tests of the engine: keys from a seed, cards, directories, sealing
 * keys, and letters as a device seals them.
 */
#ifndef HL_TESTS_WORLD_H
#define HL_TESTS_WORLD_H

#include "protocol/hotline.h"

#define WORLD_LABS    5
#define WORLD_DEVICES 3                /* two operators, one monitor */
#define WORLD_START   1763683200000ull /* 2025-11-21 00:00 UTC */

struct rng {
	uint64_t s;
};

uint64_t rng_next(struct rng *rng);
/* Below n; n is not 0. */
uint64_t rng_below(struct rng *rng, uint64_t n);
/* True in one of n cases. */
bool rng_one_in(struct rng *rng, uint64_t n);
struct hl_entropy rng_entropy(struct rng *rng);

struct world_device {
	struct hl_sign_key sign;
	struct hl_dh_key link, seal;
	struct hl_id kid;
	struct hl_buf seals; /* document */
	struct hl_reader reader;
};

struct world_lab {
	struct hl_id id;
	struct hl_sign_key root, node_sign;
	struct hl_dh_key node_link, node_seal;
	struct world_device device[WORLD_DEVICES];
	struct hl_card card;     /* the newest */
	struct hl_buf cards[64]; /* documents, by version - 1 */
	size_t n_cards;
	struct hl_buf directory;
	uint64_t relays; /* bit i: lab i is one of them */
	unsigned flash_signers;
};

struct world {
	struct hl_id net;
	struct rng rng;
	struct world_lab lab[WORLD_LABS];
	size_t n_labs;
};

/* Ends the program with a message where something that cannot fail has failed. */
void must(enum hl_status status, const char *what);

void world_init(struct world *w, uint64_t seed, size_t n_labs);
void world_clear(struct world *w);
/* A newer card of a lab, with the same people in it. */
void world_new_card(struct world *w, size_t lab, uint64_t now);
/* Without the last n_drop devices. */
void world_new_card_without(struct world *w, size_t lab, uint64_t now, size_t n_drop);
/* Another card with the number of the newest one. */
void world_other_card(struct world *w, size_t lab, uint64_t now, struct hl_buf *ret);

/* Does the directory of a lab name another as relay? */
bool world_is_relay(const struct world *w, size_t lab, size_t other);

struct world_letter {
	size_t lab, device;
	uint64_t labs; /* bit i: lab i is addressed; the sender's always is */
	const struct hl_id *incident, *answers;
	enum hl_class class;
	enum hl_standing status;
	enum hl_precedence precedence;
	uint64_t created, answer_within;
	const struct hl_message *message;
	bool release; /* the second operator signs also */
};

void world_seal(struct world *w, const struct world_letter *letter,
	struct hl_buf *ret_doc, struct hl_id *ret_id);

#endif
