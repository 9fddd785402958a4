/*
 * The simulator: real engines over real stores, in virtual time, on byte streams that delay, stall,
 * break and swallow, over disks that tear, fail and fill up, with nodes that die between any two
 * steps. Everything follows from one seed.
 */
#ifndef HL_TESTS_SIM_H
#define HL_TESTS_SIM_H

#include "node/engine/engine.h"
#include "tests/sim/vfs.h"
#include "tests/sim/world.h"

#define SIM_LETTERS_MAX 4096
#define SIM_BOOT        20000 /* ms on the boot clock when a node starts after power came */
#define SIM_QUIET_MS    300000 /* for coming to rest after the last fault */
#define SIM_TICK_MS     1000

/* What happened, for the report: a fault that never happens shows nothing. */
enum sim_count {
	SIM_LETTERS,
	SIM_DELIVERED,
	SIM_APART, /* deliveries while the two labs had no link */
	SIM_HOOKS,
	SIM_CHECKS,
	SIM_TESTS, /* of lines, by machines */
	SIM_TESTS_PASSED,
	SIM_FAULTS, /* all below are faults */
	SIM_DELAYS = SIM_FAULTS,
	SIM_LOSSES, /* records that were lost once or more, and sent again */
	SIM_SPLITS, /* records that came in pieces */
	SIM_SLOW,   /* lines with little room */
	SIM_CUTS,
	SIM_TORN_RECORDS, /* cuts within a record */
	SIM_BLACKHOLES,
	SIM_ONE_WAY, /* one direction stalled */
	SIM_FOREVER, /* and never went on */
	SIM_PARTITIONS,
	SIM_LATE_BYTES,   /* from a link that had been replaced */
	SIM_CRASH_BEFORE, /* between a step and its commit */
	SIM_CRASH_AFTER,  /* between a commit and its effects */
	SIM_SHUTDOWNS,
	SIM_POWER, /* within a commit, at a write or a sync */
	SIM_TORN_WRITES,
	SIM_LOST_WRITES,
	SIM_LOST_NAMES, /* files made or removed without a synced directory */
	SIM_FROZEN,     /* nodes that were stopped for a while */
	SIM_RESTARTS,
	SIM_FAILED_WRITES,
	SIM_FAILED_SYNCS,
	SIM_FULL,      /* disks that were found full */
	SIM_NO_MEMORY, /* turns that were lost to an allocation */
	SIM_RESTORED,  /* stores put back to an earlier copy */
	SIM_CARDS,
	SIM_SUSPENDED,
	SIM_MUTATED,
	SIM_ALIEN,
	SIM_TWO_KEYS, /* a commitment that is not that of the key */
	SIM_REPLAYED,
	SIM_STATEMENTS, /* old or changed statements and segments */
	SIM_JUNK_FRAMES,
	SIM_JUNK_RECORDS,
	SIM_TWO_HEADS,
	SIM_TWO_CARDS,
	SIM_SKEWS,
	SIM_HOOK_FAILED,
	SIM_HOOK_LOST,
	SIM_COUNTS
};

struct sim_options {
	uint64_t seed;
	size_t labs;
	uint64_t duration; /* ms of virtual time with faults */
	bool faults;       /* false: a quiet network */
	bool acts;         /* people do things at random */
	const char *dir;   /* stores are files of the simulated disk, which have empty
			      namesakes here; NULL: in memory, without a disk */
	bool restores;     /* sometimes an earlier copy is put back */
	bool verbose;
	/* Lets the n-th allocation from now on fail; 0: none any more; true: it has. */
	bool (*fail_allocation)(unsigned n);
	/* Whoever seals now gives the letter a commitment that is not that of its key. */
	void (*foreign_commitment)(bool is);
};

struct letter { /* what was really issued */
	struct hl_id id, incident;
	struct hl_buf doc;
	struct hl_envelope parsed; /* that, once it has been looked at */
	size_t lab, device, raiser;
	uint64_t labs;
	enum hl_class class;
	enum hl_precedence precedence;
	enum hl_standing status;
	uint64_t answer_within;
	uint64_t card_version;
	uint64_t made; /* when */
	bool accepted; /* the own node has acknowledged it */
	uint64_t accepted_at;
	uint64_t stored;    /* labs that were seen to hold it */
	uint64_t delivered; /* labs whose receipt the sender's device has seen */
	bool late;     /* by a device that is cut off, and everybody who gets it knows */
	bool two_keys; /* its commitment is foreign: no device opens it */
	bool released; /* signed by both operators */
	bool barred;   /* by a device that is cut off: nobody takes it */
	uint64_t refused; /* labs that did not take it, since it came too late */
	uint64_t fed[WORLD_LABS][WORLD_DEVICES]; /* times it stood in the feed */
	bool told[WORLD_LABS][WORLD_DEVICES];    /* the device knows of it */
	bool held[WORLD_LABS][WORLD_DEVICES];    /* opened there */
	unsigned overdue[WORLD_LABS];            /* times it was told to be */
	uint64_t apart[WORLD_LABS]; /* since when it could go over a third lab alone; 0 */
	uint64_t ways[WORLD_LABS];  /* over which, all the time */
	bool proven;                /* by a segment that its device verified */
	bool answers_set;
	struct hl_id answers;
};

/* The bytes from one end of a wire to the other. */
struct way {
	uint64_t free_at; /* when the line takes the next record */
	uint64_t last_at; /* when the newest bytes arrive */
	size_t flying;    /* bytes on their way */
	uint64_t left;    /* bytes that may still arrive, once it is cut */
	bool cut, hole, closed, planned;
	struct hl_buf held; /* by a stall */
	bool held_end;
};

struct end {
	bool open; /* whoever is here knows of the link */
	bool closing;
	bool device; /* else a node */
	size_t lab, index;
	struct hl_records records;
	uint8_t in[HL_RECORD];
	size_t in_n;
	size_t sent; /* bytes since the last word to the engine */
	bool drained;
	struct way way; /* from here */
};

struct wire {
	enum hl_purpose purpose;
	uint8_t key[2][HL_KEY_SIZE]; /* for records that are not the real ones */
	struct end end[2];           /* 0 dialled */
};

struct actor {
	uint64_t wire; /* 0: none */
	bool hello;
	bool barred; /* it was told that it is cut off */
	uint64_t feed_last;
};

/* One run of a hook, as the helper sees it. */
struct run {
	struct hl_id key, call, lab;
	enum hl_hook_event event;
	char step[HL_HOOK_NAME_MAX + 1], hook[HL_HOOK_NAME_MAX + 1];
	uint64_t round, value, time;
	uint64_t life;   /* of the node in which it was handed out last */
	uint64_t at;     /* when that was */
	uint64_t ended;  /* when the engine was told of its end; 0: never */
	bool runs, done; /* the engine was told of no end, or of a good one */
	struct run *next;
};

struct node {
	struct hl_store *store;
	struct hl_engine *engine; /* NULL: it is down */
	struct hl_engine_config config;
	struct rng rng;
	struct disk *disk; /* NULL: in memory */
	bool turn;         /* steps wait for a commit */
	uint64_t turn_at;  /* when it began */
	bool alloc;        /* an allocation failed in this turn */
	uint64_t timer_at;
	uint64_t up_at;   /* when it started */
	uint64_t life;    /* counts starts */
	uint64_t booted;  /* when the machine got its power */
	uint64_t frozen;  /* until then; 0: it runs */
	uint64_t lost_at; /* when a turn was lost last, or it could not run */
	int64_t skew;
	char path[200];
	struct disk_copy *saved; /* an earlier copy of the disk */
	bool restored;           /* and it was put back once */
	uint64_t heals;          /* when a full disk has room again; 0: it has, */
	uint64_t roomy_at;       /* since then */
	bool leaves;             /* it is shut down, and closes its store itself */
	bool refuses;            /* what is carried out is of a turn that was lost */
	struct actor actor[WORLD_DEVICES];
	struct hl_buf said[WORLD_LABS];  /* what it once sent to a lab */
	uint64_t pulse[WORLD_LABS];      /* the newest it has answered, */
	uint64_t pulse_life[WORLD_LABS]; /* of this life of the peer */
	uint64_t pulse_line[WORLD_LABS]; /* when its line was last touched, both ways */
	bool dead[WORLD_LABS];           /* it has alarmed the line to a lab */
	bool two_heads[WORLD_LABS];      /* it was shown these by a lab */
	bool old_word[WORLD_LABS]; /* what that one had said long ago has come again */
	bool two_cards[WORLD_LABS];
	unsigned junk[WORLD_LABS];   /* frames that it sent to a lab */
	uint64_t heard[WORLD_LABS];  /* when bytes of a lab arrived here last */
	uint64_t wanted[WORLD_LABS]; /* number and epoch of its channel, */
	uint64_t wanted_epoch[WORLD_LABS];
	uint64_t wanted_at[WORLD_LABS]; /* as they were then */
	bool full_told;                 /* it has said that its disk is full */
	uint64_t contrary;              /* hash of a frame that must raise an alarm */
	bool two_due, two_told; /* it has come; the alarm was raised in this turn */
	struct run *runs[64];
};

/* Between two labs, in one direction. */
struct road {
	unsigned stalls,
		blocks; /* partitions that hold bytes back; that let none through */
	uint64_t slow;  /* bytes a ms; 0: as many as come */
	bool lossy;
	uint64_t touched; /* when a fault struck it last */
	uint64_t changed; /* when it became slow or lossy, or good again */
	uint64_t wire;    /* the newest between the two, */
	uint64_t up_at;   /* made then */
};

enum sim_type {
	AT_BYTES,
	AT_GO_ON,
	AT_PUMP,
	AT_DOWN,
	AT_CLOSED,
	AT_DRAINED,
	AT_TIMER,
	AT_COMMIT,
	AT_RESTART,
	AT_DIALLED,
	AT_DIAL_FAILED,
	AT_DEVICE,
	AT_ACT,
	AT_FAULT,
	AT_HEAL,
	AT_ROOM,
	AT_HOOK,
	AT_TICK,
};

struct sim_event {
	uint64_t at, number;
	enum sim_type type;
	size_t lab, other;
	uint64_t wire; /* or a number of the event's own */
	unsigned end;
	struct hl_buf bytes;
};

struct sim {
	struct sim_options options;
	struct world world;
	struct rng rng;
	uint64_t now; /* ms since the start */
	bool quiet;   /* the faults are over */
	struct node node[WORLD_LABS];
	struct road line[WORLD_LABS][WORLD_LABS];
	struct disks *disks;
	struct wire **wires; /* by number; 0 is unused */
	uint64_t n_wires, cap_wires, first_wire;
	struct sim_event *heap;
	size_t n_heap, cap_heap;
	uint64_t n_events;
	struct letter letter[SIM_LETTERS_MAX];
	size_t n_letters;
	size_t suspended_lab; /* its device 1 is cut off */
	bool suspended;       /* somebody was */
	struct hl_buf suspension;
	uint64_t suspended_at;
	uint64_t count[SIM_COUNTS];
	uint64_t trace;
	char failure[256]; /* of the first check that failed */
};

struct sim *sim_new(const struct sim_options *options);
void sim_free(struct sim *sim);
/* Runs to a time, or until a check has failed. */
void sim_run(struct sim *sim, uint64_t until);
/* The faults end; everything comes up and comes to rest. */
void sim_settle(struct sim *sim);

void sim_fail(struct sim *sim, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void sim_at(struct sim *sim, struct sim_event *event, uint64_t delay);
/* One in n, while there are faults. */
bool sim_strikes(struct sim *sim, uint64_t n);
size_t sim_lab(const struct sim *sim, const struct hl_id *id);
/* A fault has struck between two labs, or a lab and all others. */
void sim_touch(struct sim *sim, size_t a, size_t b);
void sim_touch_all(struct sim *sim, size_t lab);
/* Cheap, and good enough against accidents. */
uint64_t sim_hash(uint64_t state, struct hl_view bytes);

/* wire.c: the network. */
struct wire *sim_wire_at(struct sim *sim, uint64_t number);
uint64_t wire_new(struct sim *sim, enum hl_purpose purpose);
void wire_free(struct wire *wire);
/* A frame from one end of a wire to the other; it leaves with wire_pump. */
void wire_send(struct sim *sim, uint64_t number, unsigned from, unsigned lane,
	struct hl_buf *frame);
void wire_pump(struct sim *sim, uint64_t number, unsigned from);
/* Bytes of no record. */
void wire_junk(struct sim *sim, uint64_t number, unsigned from);
/* What is queued goes out, then the end. */
void wire_close(struct sim *sim, uint64_t number, unsigned from);
/* Both ends hear of it soon; some of what is on its way still arrives. */
void wire_cut(struct sim *sim, uint64_t number);
/* Nobody hears anything any more, and nobody is told. */
void wire_swallow(struct sim *sim, uint64_t number);
/* One end is gone without a word; silent: the other is not even told. */
void wire_drop(struct sim *sim, uint64_t number, unsigned end, bool silent);
/* What a stall held back goes on. */
void wire_go_on(struct sim *sim, size_t from, size_t to);
/* The wire between the nodes of two labs that is up; 0: none. ret_end: the end of the first. */
uint64_t sim_wire(struct sim *sim, size_t a, size_t b, unsigned *ret_end);
void happen_bytes(struct sim *sim, struct sim_event *event);
void happen_go_on(struct sim *sim, const struct sim_event *event);
void happen_down(struct sim *sim, const struct sim_event *event);
void happen_closed(struct sim *sim, const struct sim_event *event);
void happen_drained(struct sim *sim, const struct sim_event *event);
/* session_*.c: both ends have made their handshake. */
void wire_session(struct sim *sim, struct wire *wire);

/* link.c: how links come up. */
void sim_dial(struct sim *sim, size_t from, const struct hl_effect_out *effect);
void happen_dialled(struct sim *sim, const struct sim_event *event);
void happen_device(struct sim *sim, const struct sim_event *event);

/* node.c */
struct hl_now sim_clock(const struct sim *sim, const struct node *node);
void node_make(struct sim *sim, size_t lab);
void node_start(struct sim *sim, size_t lab);
void node_free(struct node *node);
/* power: what was not synced may be gone. */
void node_stop(struct sim *sim, size_t lab, bool power);
void sim_crash(struct sim *sim, size_t lab);
/* As an administrator ends it; the power may go just then. */
void node_shut_down(struct sim *sim, size_t lab);

/* turn.c */
void node_carry_out(struct sim *sim, size_t lab);
void node_end_turn(struct sim *sim, size_t lab);
/* Gives a node one event, and ends the turn. */
void sim_step(struct sim *sim, size_t lab, const struct hl_event *event);

/* fault.c */
void happen_fault(struct sim *sim);
void happen_heal(struct sim *sim, const struct sim_event *event);
void happen_room(struct sim *sim, const struct sim_event *event);
/* All that still stands ends. */
void fault_end_all(struct sim *sim);

/* hook.c: the helper. */
extern const struct hl_policy sim_policy;
void hook_take(struct sim *sim, size_t lab, struct hl_view order);
void happen_hook(struct sim *sim, struct sim_event *event);
/* What the engine was told within it, it does not know. */
void hook_turn_lost(struct sim *sim, size_t lab);
void hook_free(struct node *node);
void hook_check_rest(struct sim *sim);

/* actor.c: devices; people.c: what people do. */
void actor_connect(struct sim *sim, size_t lab, size_t index);
void actor_frame(struct sim *sim, size_t lab, size_t index, struct hl_view bytes);
void actor_submit(struct sim *sim, size_t letter);
void actor_put(struct sim *sim, size_t lab, size_t index, enum hl_doc sort,
	const struct hl_buf *doc);
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
/* Has a device signed it that is cut off? It may have come too late. */
bool sim_is_late(const struct sim *sim, const struct letter *letter);
bool sim_is_suspended(const struct sim *sim, size_t lab, size_t device);

/* enemy.c: what a bad node sends. */
void enemy_act(struct sim *sim);

/* check.c, check_rest.c, check_live.c: the promises. */
void check_receipt(struct sim *sim, struct letter *letter, size_t lab);
bool check_held(struct sim *sim, size_t lab, struct hl_view doc, struct hl_envelope *ret);
bool check_is_stored(struct sim *sim, size_t lab, struct letter *letter);
/* Has that lab answered a call, or its raiser closed the incident? */
bool check_call_ended(struct sim *sim, const struct letter *call, size_t lab);
void check_rest(struct sim *sim);
/* After a start: what was acknowledged is there. */
void check_start(struct sim *sim, size_t lab);
/* What a node says as it is carried out. */
void check_log(struct sim *sim, size_t lab, const struct hl_effect_out *effect);
void check_sent(struct sim *sim, size_t lab, const struct hl_effect_out *effect);
/* Each second. */
void check_tick(struct sim *sim);

/* report.c */
void report(const uint64_t count[SIM_COUNTS]);
/* The first kind of fault that never struck; NULL: all did that can, with restores in each run. */
const char *report_missing(const uint64_t count[SIM_COUNTS], bool restores);

#endif
