/*
 * letters: labs with members and keys, all made from fixed seeds, and letters between them, for
 * the tests of envelopes, messages and incidents.
 */
#ifndef TESTS_LETTERS_H
#define TESTS_LETTERS_H

#include "unit.h"

#define N_LABS 3

/* The members of every lab. MIRA and MIRA_PHONE are one person. */
enum member { MIRA, MIRA_PHONE, OMAR, MONITOR, READER, N_MEMBERS };
enum lab { LAB_A, LAB_B, LAB_C };

struct lab_keys {
	struct hl_id id;
	struct hl_card card; /* a draft: enough to judge by */
	struct hl_member members[N_MEMBERS];
	struct hl_sign_key sign[N_MEMBERS];
	struct hl_dh_key seal[N_MEMBERS];
};

struct world {
	struct hl_id net;
	struct lab_keys labs[N_LABS]; /* their ids ascend */
	struct hl_reader readers[N_LABS * N_MEMBERS];
	struct hl_sealing sealing; /* a raise of lab A's Mira to all readers */
};

#define EPOCH 7u

/* Two persons must release a FLASH. All members but the monitors read. */
void world_init(struct world *w);
void world_clear(struct world *w);

/* Seals as w->sealing says; the caller clears. */
struct hl_buf world_seal(struct world *w, struct hl_id *ret_id);

/* The sealing made by that member of that lab. */
void world_sender(struct world *w, enum lab lab, enum member member);

/* A judge with the card of a lab, for its receiver. */
struct hl_judge world_judge(
	const struct world *w, enum lab card, const struct hl_id *own);

/* Opens as a member; the statuses of hl_envelope_open. */
enum hl_status world_open(const struct world *w, const struct hl_envelope *e,
	enum lab lab, enum member member, struct hl_opened *ret);

/* Parses what must be good. */
void world_parse(
	const struct world *w, const struct hl_buf *doc, struct hl_envelope *ret);

/* What a device of lab B does with a document, by all of envelope 3 and 4 in turn. */
enum hl_status world_receive(const struct world *w, struct hl_view doc);

/* For cmocka: a world for each test. */
int world_setup(void **state);
int world_teardown(void **state);

/* A copy; the caller clears. */
struct hl_buf buf_copy(struct hl_view from);

#endif
