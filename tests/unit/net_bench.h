/*
 * A bench for the sockets of a node, over real streams. The engine here writes down what it is told
 * and says what the test wants said.
 */
#ifndef HL_TESTS_NET_BENCH_H
#define HL_TESTS_NET_BENCH_H

#include "node/net/state.h"
#include "tests/unit/unit.h"

#define TURNS       200 /* enough for whatever is under way to come to rest */
#define EVENTS_MAX  4096
#define EFFECTS_MAX 64
#define KNOWN_MAX   40

struct told {
	enum hl_event_type type;
	uint64_t link;
	struct hl_id lab;
	bool psk;
	unsigned lane;
	size_t n; /* bytes of the frame, or what is queued */
	char why[160];
};

/* What the engine in these tests was told, and is to say. */
struct nb_script {
	struct told told[EVENTS_MAX];
	size_t n_told;
	struct hl_effect_out effect[EFFECTS_MAX];
	size_t n_effects, committed, given;
	struct hl_known_key known[KNOWN_MAX];
	size_t n_known;
	uint64_t generation;
	size_t turns;
	struct hl_net *net;
	char logged[512];
	void (*on_step)(const struct hl_event *event); /* may be NULL */
};

extern struct nb_script nb_script;
extern struct hl_dh_key nb_key; /* the node's */
extern struct unit_entropy nb_entropy;
extern const struct hl_id nb_net, nb_lab;

/* The other end of a stream, and its side of the handshake. */
struct other {
	int fd;
	uint64_t number;
	struct hl_noise noise;
	struct hl_records records;
	uint8_t first[HL_KNOCK_SIZE + HL_NOISE_MESSAGE_1];
};

int net_bench_setup(void **state);
int net_bench_teardown(void **state);
/* Runs the loop until all has come to rest. */
void nb_run(void);
/* The newest event of a type; NULL: none. */
const struct told *nb_last(enum hl_event_type type);
size_t nb_count(enum hl_event_type type);
/* A peer's key that may knock; lab is the first byte of its id, psk each byte of its PSK. */
void nb_know(const struct hl_dh_key *key, uint8_t lab, uint8_t psk);
/* A stream comes from an address (0: a local socket); false: it is turned away. */
bool nb_arrive(struct other *o, uint8_t source);
void nb_leave(struct other *o);
void nb_say(struct other *o, const void *p, size_t n);
/* Bytes that have come; 0: none, -1: the stream was closed. */
ssize_t nb_hear(struct other *o, uint8_t *p, size_t n);
struct stream *nb_stream_of(const struct other *o);
/* The knock of one key, and a first message that is made with another. */
void nb_make_first(
	struct other *o, const struct hl_dh_key *knocker, const struct hl_dh_key *key);
/* Up to the third message, which is made and not yet sent. */
void nb_make_third(struct other *o, const struct hl_dh_key *knocker,
	const struct hl_dh_key *key, uint8_t psk, uint8_t ret[static HL_NOISE_MESSAGE_3]);
/* A whole handshake by a known key. */
void nb_link_up(struct other *o, const struct hl_dh_key *key, uint8_t psk);
/* The engine is to send a frame of n bytes. */
void nb_queue(uint64_t link, unsigned lane, size_t n);
/* Opens records until the stream gives no more. Returns how many, and counts their frames;
 * *ret_at: the newest one that ended a frame of the lane want. */
size_t nb_take_records(
	struct other *o, unsigned want, size_t *ret_at, size_t *ret_frames);

#endif
