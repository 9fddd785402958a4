/*
 * The simulator: real engines over real stores, in virtual time, on a network that delays,
 * overtakes, cuts and swallows, with nodes that die between any two steps. Everything follows from
 * one seed.
 */
#ifndef HL_TESTS_SIM_H
#define HL_TESTS_SIM_H

#include "node/engine/engine.h"
#include "tests/sim/world.h"

#define SIM_LETTERS_MAX 4096
#define SIM_WIRES_MAX   65536

/* What happened, for the report: a fault that never happens shows nothing. */
enum sim_count {
	SIM_LETTERS,
	SIM_DELIVERED,
	SIM_DELAYS,
	SIM_CUTS,
	SIM_BLACKHOLES,
	SIM_CRASH_BEFORE, /* between a step and its commit */
	SIM_CRASH_AFTER,  /* between a commit and its effects */
	SIM_RESTARTS,
	SIM_REOPENED, /* stores read again from their files */
	SIM_RESTORED, /* put back to an earlier copy */
	SIM_CARDS,
	SIM_MUTATED,
	SIM_ALIEN,
	SIM_REPLAYED,
	SIM_STATEMENTS, /* old or changed statements and segments */
	SIM_SKEWS,
	SIM_CHECKS,
	SIM_TESTS, /* of lines, by machines */
	SIM_TESTS_PASSED,
	SIM_COUNTS
};

struct sim_options {
	uint64_t seed;
	size_t labs;
	uint64_t duration; /* ms of virtual time with faults */
	bool faults;       /* false: a quiet network */
	bool acts;         /* people do things at random */
	const char *dir;   /* stores are files here, NULL: in memory */
	bool restores;     /* of files: sometimes an earlier copy is put back */
	bool verbose;
};

struct letter { /* what was really issued */
	struct hl_id id, incident;
	struct hl_buf doc;
	size_t lab, device, raiser;
	uint64_t labs;
	enum hl_class class;
	enum hl_precedence precedence;
	bool flash_incident;
	uint64_t card_version;
	bool accepted;      /* the own node has acknowledged it */
	uint64_t delivered; /* labs whose receipt the sender's device has seen */
	uint64_t fed[WORLD_LABS][WORLD_DEVICES]; /* times it stood in the feed */
	bool told[WORLD_LABS][WORLD_DEVICES];    /* the device knows of it */
	bool held[WORLD_LABS][WORLD_DEVICES];    /* opened there */
	bool proven; /* by a segment that its device verified */
	bool answers_set;
	struct hl_id answers;
};

struct end {
	bool open;
	bool device; /* else a node */
	size_t lab, index;
	uint64_t last[HL_LANES +
		1];    /* when the newest frame towards here arrives, by lane */
	size_t flying; /* bytes on their way from here */
	size_t flown;
};

struct wire {
	enum hl_purpose purpose;
	bool swallows;
	struct end end[2]; /* 0 dialled */
};

struct actor {
	uint64_t wire; /* 0: none */
	bool hello;
	uint64_t request, feed_last;
	uint64_t fetches; /* on their way */
};

struct node {
	struct hl_store *store;
	struct hl_engine *engine; /* NULL: it is down */
	struct hl_engine_config config;
	struct rng rng;
	bool turn; /* steps wait for a commit */
	uint64_t timer_at, seen_generation;
	int64_t skew;
	char path[200];
	bool saved;    /* there is an earlier copy of the file */
	bool restored; /* and it was put back once */
	struct actor actor[WORLD_DEVICES];
	uint64_t alarms;
	struct hl_buf said[WORLD_LABS]; /* a statement or segment it once sent to a lab */
};

enum sim_type {
	AT_FRAME,
	AT_UP,
	AT_DOWN,
	AT_TIMER,
	AT_COMMIT,
	AT_RESTART,
	AT_DRAINED,
	AT_DIALLED,
	AT_DIAL_FAILED,
	AT_DEVICE,
	AT_ACT,
	AT_FAULT,
	AT_HEAL,
};

struct sim_event {
	uint64_t at, number;
	enum sim_type type;
	size_t lab, other;
	uint64_t wire;
	unsigned end, lane;
	struct hl_buf frame;
};

struct sim {
	struct sim_options options;
	struct world world;
	struct rng rng;
	uint64_t now; /* ms since the start */
	bool quiet;   /* the faults are over */
	struct node node[WORLD_LABS];
	struct wire *wires; /* by number; 0 is unused */
	uint64_t n_wires;
	bool parted[WORLD_LABS][WORLD_LABS];
	struct sim_event *heap;
	size_t n_heap, cap_heap;
	uint64_t n_events;
	struct letter letter[SIM_LETTERS_MAX];
	size_t n_letters;
	uint64_t count[SIM_COUNTS];
	struct hl_id trace;
	char failure[256]; /* of the first check that failed */
};

/* The stores' files are made anew. */
struct sim *sim_new(const struct sim_options *options);
void sim_free(struct sim *sim);
/* Runs to a time, or until a check has failed. */
void sim_run(struct sim *sim, uint64_t until);
/* The faults end; everything comes up and comes to rest. */
void sim_settle(struct sim *sim);

void sim_fail(struct sim *sim, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void sim_at(struct sim *sim, struct sim_event *event, uint64_t delay);
/* Gives a node one event, and ends the turn. */
void sim_step(struct sim *sim, size_t lab, const struct hl_event *event);
void sim_crash(struct sim *sim, size_t lab);
void sim_cut(struct sim *sim, uint64_t wire);
/* A frame from one end of a wire to the other. */
void sim_send(struct sim *sim, uint64_t wire, unsigned from, unsigned lane,
	struct hl_buf *frame);
/* The wire between the nodes of two labs that is up; 0: none. ret_end: the end of the first. */
uint64_t sim_wire(struct sim *sim, size_t a, size_t b, unsigned *ret_end);

/* actor.c: people and their devices. */
void actor_connect(struct sim *sim, size_t lab, size_t index);
void actor_frame(struct sim *sim, size_t lab, size_t index, struct hl_view bytes);
void actor_submit(struct sim *sim, size_t letter);
void actor_prove_all(struct sim *sim);
struct letter *sim_raise(struct sim *sim, size_t lab, size_t device, uint64_t labs,
	enum hl_precedence precedence);
struct letter *sim_ack(
	struct sim *sim, size_t lab, size_t device, const struct letter *call);
struct letter *sim_resolve(
	struct sim *sim, size_t lab, size_t device, const struct letter *opening);
struct letter *sim_say(
	struct sim *sim, size_t lab, size_t device, const struct letter *opening);
/* One thing that people do, or that an enemy does, at random. */
void sim_act(struct sim *sim);
struct letter *sim_letter(struct sim *sim, const struct hl_id *id);

/* check.c: the promises. */
void check_receipt(struct sim *sim, struct letter *letter, size_t lab);
void check_held(struct sim *sim, size_t lab, struct hl_view doc);
void check_rest(struct sim *sim);

#endif
