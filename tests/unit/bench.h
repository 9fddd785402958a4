/*
 * A bench: one node's engine, whose peers and devices the test plays frame by frame.
 */
#ifndef HL_TESTS_BENCH_H
#define HL_TESTS_BENCH_H

#include "node/engine/engine.h"
#include "tests/sim/sim.h"
#include "tests/unit/unit.h"

#define KEPT 64

/* One node of lab 0 under test. */
struct bench {
	struct world world;
	struct rng rng;
	struct hl_engine_config config;
	struct hl_store *store;
	struct hl_engine *engine;
	struct hl_now now;
	struct {
		uint64_t link;
		unsigned lane;
		struct hl_buf bytes;
	} sent[KEPT];
	size_t n_sent;
	uint64_t closed[KEPT];
	size_t n_closed, n_dials, n_alarms;
	uint64_t paused, paused_until; /* the newest: which link, until when */
	uint64_t request;
	struct hl_hook_run hook[KEPT]; /* handed out */
	size_t n_hooks;
};

/* A peer's channel, as the test keeps it. */
struct line {
	uint64_t epoch, number;
	struct hl_id link;
};

void bench_drop_sent(struct bench *b);
void bench_fetch_effects(struct bench *b);
void bench_turn(struct bench *b, const struct hl_event *event);
void bench_give(struct bench *b, enum hl_doc sort, const struct hl_buf *doc);
void bench_start(struct bench *b);
/* The cards of all labs, and the own directory. */
void bench_give_all(struct bench *b);
int bench_setup(void **state);
int bench_teardown(void **state);
void bench_up(struct bench *b, uint64_t number, enum hl_purpose purpose,
	const struct hl_dh_key *key, bool initiator);
void bench_send_frame(struct bench *b, uint64_t link, const struct hl_frame *frame);
/* The newest frame of a type that the engine has sent on a link. */
bool bench_find(struct bench *b, uint64_t link, enum hl_frame_type type,
	enum hl_purpose purpose, struct hl_frame *ret);
bool bench_was_closed(struct bench *b, uint64_t link);
/* A device of lab 0, greeted. */
void bench_device(struct bench *b, uint64_t link, size_t index);
/* What a request of a device is answered; the body's bytes stay good until drop_sent. */
enum hl_status bench_ask(
	struct bench *b, uint64_t link, struct hl_frame *frame, struct hl_view *body);
enum hl_status bench_submit(struct bench *b, uint64_t link, const struct hl_buf *doc);
/* The node of a peer, greeted; it has shown a receipt: nil. */
void bench_statement(struct bench *b, uint64_t link, size_t lab,
	const struct hl_head *head, const struct hl_receipt *receipt);
void bench_greet(struct bench *b, uint64_t link, size_t lab, bool initiator);
void bench_peer(struct bench *b, uint64_t link, size_t lab);
struct hl_message bench_raise_message(void);
void bench_raise(struct bench *b, size_t lab, size_t dev, enum hl_precedence precedence,
	bool release, struct hl_buf *doc, struct hl_id *id);
void bench_follow(struct bench *b, size_t lab, size_t dev, enum hl_class class,
	const struct hl_id *incident, bool release, struct hl_buf *doc, struct hl_id *id);
void bench_letter(struct bench *b, uint64_t link, size_t from, const struct hl_buf *doc);
void bench_enter(struct bench *b, uint64_t wire, size_t lab, struct line *line,
	const struct hl_entry *entries, size_t n);
/* The receipt in the newest statement to a peer. */
void bench_last_receipt(struct bench *b, uint64_t link, struct hl_statement *ret);
bool bench_is_held(struct bench *b, const struct hl_id *id);
enum hl_ring_state bench_ringing(struct bench *b, const struct hl_id *id);
void bench_wait(struct bench *b, uint64_t ms);
/* The newest heartbeat on a link is answered. */
void bench_answer(struct bench *b, uint64_t link, size_t lab);
/* On a full disk: what is left of the store's last chunk goes, past the engine, which sees that at
 * its next turn. */
void bench_fill_store(struct bench *b);

#endif
