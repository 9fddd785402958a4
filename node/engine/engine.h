/*
 * The switchboard: one deterministic state machine. Events go in, effects come out; between them
 * lies one commit. No socket, clock or random source of its own: the caller brings frames, time and
 * entropy, and carries the effects out.
 *
 *   hl_engine_step(event)…  ->  hl_engine_commit()  ->  hl_engine_effect()…
 *
 * The one rule: no effect that depends on a stored fact comes out before the commit that holds it.
 */
#ifndef HL_ENGINE_H
#define HL_ENGINE_H

#include "node/engine/hook.h"
#include "node/store/store.h"
#include "protocol/hotline.h"

#define HL_LATE_MS        2000 /* a loop that is held up for longer is an alarm */
#define HL_HEARTBEAT_MS   5000
#define HL_SILENT_MS      15000 /* a link on which nothing came for so long is dead */
#define HL_DOUBT_MS       10000 /* without an answer to a pulse, or a word: degraded, silent */
#define HL_LINK_LIFE_MS   3600000 /* then a new handshake is made */
#define HL_REDIAL_MIN_MS  1000
#define HL_REDIAL_MAX_MS  60000
#define HL_LINK_QUEUE_MAX (1024 * 1024) /* bytes queued on one link before letters wait */

/* The two clocks of a moment, in ms: wall time since 1970 UTC, and time since boot (runs through a
 * suspend, never jumps). */
struct hl_now {
	uint64_t wall, boot;
};

struct hl_engine_config {
	struct hl_id net;
	struct hl_id lab;               /* the own lab */
	const struct hl_sign_key *sign; /* the node's signing key; borrowed */
	uint8_t link[HL_KEY_SIZE];      /* the node's link key, public */
	struct hl_entropy entropy;      /* for jitter, and the keys of machine tests */
	const char *version;            /* of this program */
	struct hl_id boot; /* tells boots of the machine apart; zeros: not known */
	/* Machine tests (message 4), where the node's sealing key is given; borrowed. */
	const struct hl_dh_key *seal;
	uint64_t drill_every; /* s from one to the next; 0: none is sent */
	uint64_t
		drill_remind; /* s without an exercise that a person answered; 0: never told */
};

/* A link is named by a number that the caller gives it and never uses again. */
enum hl_event_type {
	HL_EVENT_TIMER,     /* hl_engine_next has come; also harmless at any other time */
	HL_EVENT_LINK_UP,   /* a handshake is done */
	HL_EVENT_LINK_DOWN, /* the stream has ended, or a record was bad */
	HL_EVENT_FRAME,     /* one whole frame came */
	HL_EVENT_DRAINED, /* some of the link's queue has gone out: at the latest when it is empty
			     again, at most once for each 64 KiB */
	HL_EVENT_DIAL_FAILED, /* nobody could be reached, or no handshake was made */
	HL_EVENT_HOOK_DONE,   /* a run of a hook has ended */
	HL_EVENT_HOOKS_LOST,  /* the helper is gone: no hook can be run any more */
	HL_EVENT_SHUTDOWN,    /* say goodbye on every link */
	HL_EVENT_LATE,        /* the caller was held up: it has come to its events late */
};

struct hl_event {
	enum hl_event_type type;
	uint64_t link;
	union {
		struct {
			enum hl_purpose purpose;
			bool initiator;           /* this node dialled */
			uint8_t key[HL_KEY_SIZE]; /* the other's link key, proven */
			struct hl_id lab; /* that was dialled; zeros: whose key it is */
			bool psk;         /* a PSK other than zeros was used */
			uint64_t uid;     /* of a Unix socket's peer, + 1; 0: none */
		} up;
		struct {
			const char *why;
		} down; /* a line; also of a failed dial */
		struct {
			unsigned lane;
			struct hl_view bytes;
		} frame;
		struct {
			size_t queued; /* bytes of frames that still wait */
		} drained;
		struct {
			struct hl_id lab;
			const char *why;
		} dial_failed;
		struct {
			struct hl_id key; /* of the run */
			uint64_t code;    /* 0: it went well; else why not, for the log */
			const char *text; /* a line */
		} hook_done;
		struct {
			uint64_t ms;
		} late;
	};
};

enum hl_effect_type {
	HL_EFFECT_SEND,  /* queue a frame on a link (takes the buffer) */
	HL_EFFECT_CLOSE, /* send what is queued, then end the link */
	HL_EFFECT_DIAL,  /* make a link to a peer */
	HL_EFFECT_PAUSE, /* read nothing on a link until a moment */
	HL_EFFECT_HOOK,  /* hand a run of a hook to the helper (takes the buffer) */
	HL_EFFECT_LOG,
};

struct hl_effect_out {
	enum hl_effect_type type;
	uint64_t link;
	unsigned lane;
	struct hl_buf frame; /* send, hook (hl_hook_encode): the receiver's to clear */
	uint64_t until;      /* pause: boot time in ms */
	struct hl_id lab;    /* dial */
	uint8_t key[HL_KEY_SIZE]; /* dial: the peer's link key */
	unsigned priority;        /* log: as syslog, 0 to 7 */
	char text[256]; /* log: one line; dial: addresses, each ending in '\n' */
};

struct hl_engine;

/* Reads what it needs from the store (a start with a million envelopes reads as little as one with
 * ten) and owns nothing of it. The store stays the caller's and outlives the engine. */
HL_MUST enum hl_status hl_engine_new(const struct hl_engine_config *config,
	struct hl_store *store, const struct hl_now *now, struct hl_engine **ret);
void hl_engine_free(struct hl_engine *engine);

/* One event. What a peer does wrong never comes back as an error; negative: the turn is lost, call
 * hl_engine_commit all the same. */
HL_MUST enum hl_status hl_engine_step(
	struct hl_engine *engine, const struct hl_event *event, const struct hl_now *now);

/* Ends the turn: statements are signed, the transaction commits, the effects are released. When it
 * fails nothing was said: the transaction is rolled back, the links used in the turn are closed
 * (as effects), and the engine has read its state again. HL_ERR_NOSPACE: go on, the store is full.
 * HL_ERR_STORE: a write or sync failed; the process must end and never try the sync again. */
HL_MUST enum hl_status hl_engine_commit(
	struct hl_engine *engine, const struct hl_now *now);

/* The next effect of committed turns; false when there is none. */
bool hl_engine_effect(struct hl_engine *engine, struct hl_effect_out *ret);

/* What the administrator of this machine hands in at start or by hand: a card, a directory, sealing
 * keys, a suspension, a letter. Checked as if it had come by link; part of the turn. HL_OK also
 * when it is held already; positive: why it was not taken. */
HL_MUST enum hl_status hl_engine_put(struct hl_engine *engine, enum hl_doc sort,
	struct hl_view doc, const struct hl_now *now);

/* When to step HL_EVENT_TIMER next: boot time in ms. */
uint64_t hl_engine_next(const struct hl_engine *engine);

/* Keys that may knock (link 1.4): nodes of pinned peers, members of the own lab. */
struct hl_known_key {
	uint8_t key[HL_KEY_SIZE];
	enum hl_purpose purpose;
	struct hl_id lab;
	uint8_t psk[HL_KEY_SIZE]; /* zeros: none */
};
/* Number i of them; false past the last. */
bool hl_engine_known(const struct hl_engine *engine, size_t i, struct hl_known_key *ret);
/* Changes whenever the answers of hl_engine_known change. */
uint64_t hl_engine_known_generation(const struct hl_engine *engine);

/* From the node's configuration, before anything else or at any time; HL_UNKNOWN for a lab that is
 * not in the directory (set it again when the generation changes). They stand over what card and
 * store say. Addresses: lines each ending in '\n' (NULL: those of the card). */
HL_MUST enum hl_status hl_engine_set_peer(struct hl_engine *engine,
	const struct hl_id *lab, const char *addresses, const uint8_t psk[HL_KEY_SIZE]);

/* Whom to ring (from the node's configuration), before the first commit and at any time; copied.
 * Steps of calls that ring already stay as they are, but for those whose hook is gone. */
HL_MUST enum hl_status hl_engine_set_policy(
	struct hl_engine *engine, const struct hl_policy *policy);

/* When lines are tested, and when a drill that people answer is due, in s (0: never), at any
 * time. */
void hl_engine_set_drills(struct hl_engine *engine, uint64_t every, uint64_t remind);

#endif
