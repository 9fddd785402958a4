/*
 * Within the engine: what it keeps in memory. All of it is bounded by the number of pinned labs and
 * of links; what grows is in the store.
 */
#ifndef HL_ENGINE_STATE_H
#define HL_ENGINE_STATE_H

#include "node/engine/engine.h"
#include "node/engine/quota.h"

#define CAUSES_MAX       12
#define CAUSE_EVERY_MS   60000
#define STATEMENT_MS     60000 /* SPEC channel 3.8: signed again at least every 60 seconds */
#define DUPLICATE_MS     10000
#define DEVICE_QUIET_MS  300000
#define DIALING_MAX_MS   60000
#define WANT_EVERY_MS    5000
#define PRECEDENCES      5
#define PEER_LINKS_MAX   8 /* of one key, most of them not yet greeted */
#define DEVICE_LINKS_MAX 32
#define SUSPENSIONS_MAX  1024 /* of one lab */
#define CARRIERS_MAX     16   /* of one lab at once */
#define BROUGHT_MAX      4
#define ROT_MAX          64
#define GAP_MS           60000 /* a gap is asked for that often, whatever else comes; alarmed */

/* What is logged once a minute at most, and counted. */
struct cause {
	const char *what; /* a constant */
	uint64_t at, n;
};

/* One lab that this node knows: its own, or one pinned in the directory. */
struct lab {
	struct hl_id id;
	struct hl_card card; /* the newest held; doc empty: none */
	struct hl_id digest; /* of its sealing keys */
	uint64_t suspensions;
	/* What was asked for last, and on which link: once for one answer. */
	uint64_t asked_card, asked_card_link;
	struct hl_id asked_digest;
	uint64_t asked_digest_link;
	uint64_t asked_suspensions, asked_suspensions_link;
};

/* What is asked of a peer after a restored backup: our channel to it, from here on. */
struct lost {
	uint64_t epoch, number; /* number 0: nothing */
	uint64_t asked_at, tries, taken;
	size_t waiting; /* letters that were asked for */
	bool told;      /* that this store is behind */
	bool check;     /* the peer must still hold the entry that is asked for first */
};

/* The oldest entry without a receipt, and since when (boot time) it is the oldest. */
struct oldest {
	uint64_t epoch, number, since;
};

/* What a carrier was handed of the channel to a peer, on one link. */
struct carrier {
	uint64_t link; /* its number; 0: none */
	bool asked;    /* for what the peer holds */
	uint64_t segment_next;
	uint64_t cursor[PRECEDENCES]; /* the newest letter, by precedence */
};

/* A peer that cannot be reached: what others carry there for us (carry.c). */
struct carry {
	struct oldest flash, any;
	uint64_t look_at, again_at; /* boot time */
	struct carrier to[CARRIERS_MAX];
	struct brought { /* who has brought something of it, and when */
		struct hl_id by;
		uint64_t at;
	} brought[BROUGHT_MAX];
	uint64_t back; /* the link on which something came last, */
	bool back_due; /* which is to be answered */
	uint64_t answered_at, succeeded_at;
	uint64_t asked_at; /* for what it holds, before an epoch is opened for carriers */
	bool heard;        /* it has said so */
};

/* The tests of one line. */
struct drill {
	struct hl_drill_line line;
	struct hl_drill_row last; /* the newest that was sent; number 0: none */
};

struct peer {
	struct lab lab;
	struct hl_channel_row out, in; /* epoch 0: no channel yet */
	bool out_changed, in_changed;  /* rows to be written at the end of the turn */
	bool receipt_due;              /* a statement with a fresh receipt goes out */
	bool gate; /* the peer has shown a consistent receipt since the start */
	/* What was held of its channel before it began it anew, until a link has told the peer. */
	struct hl_channel_row before;
	bool has_before;
	struct hl_id last_statement; /* hash of the newest one taken */
	struct hl_id checked;    /* hash of the newest one whose signature was verified */
	uint64_t statement_time; /* the greatest time in one of its statements */
	/* Its newest statement with a head, for devices, which see from its time that nothing is
	 * held back from them. In memory alone: it is signed again each minute. */
	struct hl_buf newest_head;
	uint64_t newest_head_time;
	uint64_t asked_entries, asked_entries_at;
	uint64_t asked_letters_at;
	uint64_t gap_at;    /* when nothing was missing, or was asked for, last */
	uint64_t gap_since; /* something is missing since then; 0: nothing */
	uint64_t gap_last;  /* the last number that the list named then */
	bool gap_told;
	struct lost lost;
	struct carry carry;
	uint64_t linkless_at; /* boot time at which its link was lost, or of the start */

	struct link *link;
	enum hl_link_state state;
	uint64_t since, heard; /* wall time */
	int64_t clock_offset;
	uint64_t pulse; /* the newest that was sent to it */
	uint64_t
		answered_at; /* boot time of its last answer to one; or since when it is awaited */
	bool alarmed; /* the line is dead, and that was told */
	char error[256];
	bool link_psk;
	uint64_t dial_at, dial_wait,
		dialing_at; /* boot time; dialing_at 0: not under way */
	size_t dial_node;

	char *addresses; /* from the configuration, or NULL */
	bool psk_fixed;  /* psk is from the configuration */
	uint8_t psk[HL_KEY_SIZE];
	struct cause cause[CAUSES_MAX];
	struct hl_quota quota;
	uint64_t ask_wait, ask_since; /* for letters that stay away: longer each time */
	/* Refusals that the peer may not know of, and those of them that a statement on this link
	 * has named. A receipt names 64: more wait until these are known. */
	unsigned refused, refused_said;
	bool refused_counted;
	unsigned far; /* so many heartbeats in a row told of a clock that is far off */
	uint64_t far_at;
	unsigned contrary; /* heads that spoke against others, kept in this run */
	unsigned words;    /* on its line, told lately; drains */
	uint64_t words_at;
	bool untold;             /* what its line is like now */
	bool full;               /* it says that its disk is */
	enum hl_link_state told; /* of its line, last */
	struct {                 /* what of all that was told is committed */
		enum hl_link_state line;
		bool full, gap;
	} stands;
	size_t scarce_entries; /* of its list, taken in while this node's disk is full */
	struct drill drill;
};

struct link {
	struct link *next;
	uint64_t number;
	enum hl_purpose purpose;
	bool initiator, psk, hello, touched;
	bool dead;    /* closed; forgotten at the end of the step */
	bool lost;    /* its peer knows that it is gone */
	bool unnamed; /* more than one lab's card has its key: the other's greeting tells */
	uint8_t key[HL_KEY_SIZE];
	struct hl_id lab; /* the peer's */
	uint64_t up_at, heard, beat_at;
	size_t queued;

	/* To a peer. */
	uint64_t pause; /* it is not read for so many ms from the end of this turn on */
	bool said;      /* its first statement has come, */
	uint64_t first_time; /* of its first statement on this link */
	bool before;         /* and one that shows what it held of an older epoch */
	uint64_t pulse_first, pulse_answered;
	uint64_t
		beat_pulse; /* once it is answered, so many refusals are known there; 0: none */
	unsigned beat_refused;
	uint64_t signed_at;
	uint64_t segment_next;        /* the first entry not sent on this link */
	uint64_t cursor[PRECEDENCES]; /* the first letter not sent, by precedence */

	/* What is carried to it, by precedence (carrier.c): rows sent; sent before the heartbeat
	 * whose answer is awaited; and answered for. */
	uint64_t carried[PRECEDENCES], carried_sent[PRECEDENCES],
		carried_had[PRECEDENCES];
	uint64_t carried_pulse; /* 0: none is awaited */
	bool carried_more;      /* there may be more to send */

	/* To a device. */
	struct hl_id kid;      /* of the member's signing key */
	enum hl_status barred; /* HL_OK, or why it gets nothing: suspended, no member */
	uint64_t request; /* the newest of this turn, to be told if the turn is lost */
	bool asked;
	bool watching;
	uint64_t watch_after;
};

/* A letter that is damaged on disk and asked for; parts: good again, but slips are missing. */
struct rot {
	struct hl_id id, origin;
	uint64_t ask_at, wait;
	unsigned tries;
	bool parts;
};

struct effects {
	struct hl_effect_out *p;
	size_t n, cap, at;
};

/* Hooks and whom they ring. */
#define HOOK_RESULTS_MAX 48

struct hook_result {
	struct hl_id key;
	uint64_t code;
	bool counted; /* its place is free again */
};

struct hooks {
	struct hl_policy_hook *hook;
	struct hl_policy_step *step;
	struct hl_policy_person *person;
	size_t n_hooks, n_steps, n_persons;
	uint64_t due;   /* on the node's scale: look for runs then; UINT64_MAX: none */
	size_t running; /* handed out and not done */
	size_t begun;   /* of them in this turn */
	bool resumed;   /* what ran before the start waits again, */
	bool settled;   /* and that is committed */
	uint64_t told;  /* boot time at which trouble of the store was told; 0: none */
	uint64_t hungry_until; /* boot time: there was no room to note a run */
	bool no_helper;        /* it has ended: what is due waits for a restart */
	struct hook_result result[HOOK_RESULTS_MAX]; /* that are not committed */
	size_t n_results;
	bool lost_results; /* of a turn that was lost: to be taken again */
};

struct hl_engine {
	struct hl_engine_config config;
	struct hl_store *store;
	struct hl_now now;
	struct hl_now start;
	uint64_t ahead; /* of the boot clock: the node's own scale of time, modulo 2^64 */
	uint64_t scale_kept;   /* the newest time of it that is in the store; 0: none */
	enum hl_status failed; /* of this turn */
	struct effects turn, ready;

	struct hl_id kid; /* of the node's signing key */
	struct lab own;
	struct hl_directory directory;
	struct peer *peers; /* sorted by lab */
	size_t n_peers;
	struct link *links;
	uint64_t feed_last, feed_base;
	uint64_t trim_at;
	bool down;                      /* a shutdown was asked for */
	uint64_t retry_at;              /* after a lost turn: not before this */
	struct hl_call_row next_call;   /* the next to be overdue; zero id: none */
	struct hl_asked_row next_asked; /* the next that stays without an answer */
	struct hooks hooks;
	char alarm[4][160]; /* the newest warnings */
	size_t n_alarms;
	struct {
		bool told;       /* that the disk is full */
		uint64_t since;  /* wall time */
		uint64_t try_at; /* boot time: to look for room again */
	} scarce;
	struct rot rot[ROT_MAX];
	size_t n_rot;
	struct {
		bool told, stands; /* that the loop was held up; and that is committed */
		uint64_t at, most;
	} late;

	struct hl_known_key *known;
	size_t n_known;
	uint64_t generation;
	struct cause cause[CAUSES_MAX];
};

/* The node's own scale of time: wall time as it was at the first start since the machine was
 * booted, run on by the boot clock. */
static inline uint64_t hl_engine_scale(const struct hl_engine *e)
{
	return e->ahead + e->now.boot;
}

/* effect.c */
void hl_effects_clear(struct effects *effects);
/* Takes the bytes. */
HL_MUST enum hl_status hl_effect_hook(struct hl_engine *e, struct hl_buf *bytes);
HL_MUST enum hl_status hl_effects_release(struct hl_engine *e);
/* Queues a frame; forgets it quietly where the link is gone. */
HL_MUST enum hl_status hl_send(struct hl_engine *e, struct link *link,
	const struct hl_frame *frame, unsigned precedence);
HL_MUST enum hl_status hl_dial(struct hl_engine *e, struct peer *peer);
HL_MUST enum hl_status hl_pause(struct hl_engine *e, struct link *link);
void hl_log(struct hl_engine *e, unsigned priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for what one peer does (NULL: anybody): once a minute for a cause, which is a
 * constant. */
void hl_note(struct hl_engine *e, struct peer *peer, unsigned priority, const char *cause,
	const char *detail);
/* Logged at once, and shown in the status. */
void hl_alarm(struct hl_engine *e, const struct hl_id *lab, const char *text);
/* What it told of is over: logged, and shown no more. */
void hl_alarm_over(struct hl_engine *e, const struct hl_id *lab, const char *text);
/* Says goodbye (where the stream may still take it) and forgets the link. */
HL_MUST enum hl_status hl_link_close(
	struct hl_engine *e, struct link *link, enum hl_close_reason reason);
HL_MUST enum hl_status hl_feed(struct hl_engine *e, enum hl_feed_sort sort,
	const struct hl_id *id, const struct hl_id *lab, uint64_t value);
/* The first 12 digits of an id, for logs. */
struct hl_short {
	char text[13];
};
struct hl_short hl_short(const struct hl_id *id);

/* load.c */
HL_MUST enum hl_status hl_engine_load(struct hl_engine *e);
/* The scale of time, once at the start. */
HL_MUST enum hl_status hl_engine_load_scale(struct hl_engine *e);
HL_MUST enum hl_status hl_engine_load_peers(struct hl_engine *e);
HL_MUST enum hl_status hl_engine_load_known(struct hl_engine *e);
/* The PSK that an admin has set; zeros where none was. */
HL_MUST enum hl_status hl_peer_load_psk(struct hl_engine *e, struct peer *peer);
HL_MUST enum hl_status hl_lab_count(struct hl_engine *e, struct lab *lab);
void hl_engine_unload(struct hl_engine *e);
struct peer *hl_peer(struct hl_engine *e, const struct hl_id *lab);
/* The own lab or a pinned one. */
struct lab *hl_lab(struct hl_engine *e, const struct hl_id *lab);
/* The first pinned lab with a node of this link key; how many there are. */
struct peer *hl_peer_by_key(
	struct hl_engine *e, const uint8_t key[HL_KEY_SIZE], size_t *ret_n);
struct link *hl_link(struct hl_engine *e, uint64_t number);
HL_MUST enum hl_status hl_suspended(
	struct hl_engine *e, const struct hl_id *lab, const struct hl_id *kid, bool *ret);

/* docs.c: whatever is signed and is not a letter. via may be NULL. Positive: why it was not taken;
 * what is held already is HL_OK. admin: an own admin hands it in. */
HL_MUST enum hl_status hl_take_doc(struct hl_engine *e, enum hl_doc sort,
	struct hl_view doc, struct link *via, bool admin);
HL_MUST enum hl_status hl_ask_cards(
	struct hl_engine *e, struct link *link, struct lab *lab, uint64_t version);

/* docs_take.c */
HL_MUST enum hl_status hl_take_card(
	struct hl_engine *e, struct hl_view doc, struct link *via, bool admin);

/* news.c: heartbeats, and what they make the other ask for. */
HL_MUST enum hl_status hl_news_send(struct hl_engine *e, struct link *link);
HL_MUST enum hl_status hl_news_take(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
HL_MUST enum hl_status hl_news_serve(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
/* To every linked peer. */
HL_MUST enum hl_status hl_news_push(
	struct hl_engine *e, enum hl_frame_type type, struct hl_view doc);

/* peer.c */
HL_MUST enum hl_status hl_peer_up(struct hl_engine *e, struct link *link);
HL_MUST enum hl_status hl_peer_frame(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
HL_MUST enum hl_status hl_peer_timer(struct hl_engine *e, struct peer *peer);
/* A number below a limit, so that not all do the same at once; the middle one without entropy. */
uint64_t hl_chance(struct hl_engine *e, uint64_t below);
/* Tells of a change. */
HL_MUST enum hl_status hl_peer_state(
	struct hl_engine *e, struct peer *peer, enum hl_link_state state);

/* cost.c: what came on a link is counted against its peer (others: nothing happens). */
void hl_cost(struct hl_engine *e, const struct link *link, enum hl_quota_kind kind,
	uint64_t n);
void hl_cost_frame(struct hl_engine *e, struct link *link, unsigned lane, size_t n);
/* The peer has filled what it may of the store: it is asked again later. */
bool hl_cost_full(struct hl_engine *e, const struct link *link, bool alert);
/* One more document to be carried: is that too many? */
bool hl_cost_carried(struct hl_engine *e, const struct link *link, bool alert);
/* Ends a link for what no good node sends; who does so again and again must wait outside. cause
 * is a constant. */
HL_MUST enum hl_status hl_breach(
	struct hl_engine *e, struct link *link, const char *cause, const char *detail);
bool hl_boxed(struct hl_engine *e, struct peer *peer);
/* Warning number 0 or 1 of a peer; false: there is no such one. */
bool hl_cost_warning(
	struct hl_engine *e, const struct peer *peer, size_t i, char *ret, size_t size);

/* pulse.c: heartbeats that must be answered. */
uint64_t hl_pulse_next(struct hl_engine *e, struct link *link);
void hl_pulse_take(struct peer *peer, uint64_t pulse);
HL_MUST enum hl_status hl_pulse_answered(
	struct hl_engine *e, struct peer *peer, uint64_t pulse);
HL_MUST enum hl_status hl_pulse_timer(struct hl_engine *e, struct peer *peer);
uint64_t hl_pulse_at(const struct hl_engine *e, const struct peer *peer);

HL_MUST enum hl_status hl_peer_recheck(struct hl_engine *e, const struct lab *lab);
void hl_peer_lost(struct hl_engine *e, struct link *link, const char *why);
void hl_peer_dial_failed(struct hl_engine *e, struct peer *peer, const char *why);
/* It was heard since the start, or its lab has sent or receipted something before. */
bool hl_peer_is_known(const struct peer *peer);
/* The turn in which it was to be dialed is lost. */
void hl_peer_not_dialed(struct hl_engine *e, const struct hl_id *lab);
uint64_t hl_peer_next(const struct hl_engine *e, const struct peer *peer);

/* channel.c: the outgoing direction. */
/* Does the link take one more letter of this precedence now? Each has room of its own above that of
 * the ones below it: what is queued already is overtaken at the next record, not waited for. */
bool hl_link_room(const struct link *link, unsigned precedence);
HL_MUST enum hl_status hl_channel_enter(struct hl_engine *e, struct peer *peer,
	enum hl_sort sort, const struct hl_id *id, unsigned precedence);
/* A new epoch above one that is known of. behind: this store lacks what was said before. */
HL_MUST enum hl_status hl_channel_succeed(
	struct hl_engine *e, struct peer *peer, uint64_t above, bool behind);
/* A segment of the entries from first on, with newest as its head where that names the last of
 * them, else one of its own. *ret_next: the number after the last. */
HL_MUST enum hl_status hl_channel_segment(struct hl_engine *e, struct peer *peer,
	uint64_t first, struct hl_view newest, struct hl_buf *ret_doc,
	uint64_t *ret_next);
/* The peer has shown that it holds this head of the own channel: a store that was put back to
 * before it was signed signs it again, since without it nothing proves that its entries were
 * entered. */
HL_MUST enum hl_status hl_channel_head_shown(
	struct hl_engine *e, struct peer *peer, const struct hl_head *head);
/* A statement as it would go out now. */
HL_MUST enum hl_status hl_channel_statement(
	struct hl_engine *e, struct peer *peer, struct hl_buf *ret_doc);
/* The end of a turn: segments, letters, statements; and the rows that changed. */
HL_MUST enum hl_status hl_channel_pump(struct hl_engine *e, struct peer *peer);
HL_MUST enum hl_status hl_channel_save(struct hl_engine *e, struct peer *peer);
HL_MUST enum hl_status hl_channel_serve(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);

/* receipt.c: the peer's statements; what our receipt says. */
HL_MUST enum hl_status hl_statement_take(
	struct hl_engine *e, struct peer *peer, struct link *link, struct hl_view doc);
HL_MUST enum hl_status hl_receipt_make(
	struct hl_engine *e, struct peer *peer, struct hl_receipt *ret);
/* The peer's store may have lost what it had before this epoch: all that was delivered then, and
 * that its receipt (NULL: none) does not show, is entered again; all that ever was, if this store
 * does not know what the receipt is for. */
HL_MUST enum hl_status hl_enter_again(
	struct hl_engine *e, struct peer *peer, const struct hl_receipt *receipt);
/* At most 64 refusals that the peer may not know of: may there be one more? */
bool hl_refusal_room(struct hl_engine *e, struct peer *peer);
void hl_receipt_grew(struct hl_engine *e, struct peer *peer);
/* A head that the lab has signed against another of its own: kept beside it, with an alarm. */
HL_MUST enum hl_status hl_head_contrary(
	struct hl_engine *e, struct peer *peer, uint64_t number, struct hl_view doc);

/* segment.c: the incoming direction. */
HL_MUST enum hl_status hl_segment_take(
	struct hl_engine *e, struct link *link, struct hl_view doc);
HL_MUST enum hl_status hl_ask_entries(
	struct hl_engine *e, struct peer *peer, uint64_t epoch, uint64_t first);
/* Asks for letters that stay away. */
HL_MUST enum hl_status hl_ask_letters(struct hl_engine *e, struct peer *peer);

/* intake.c: letters. *ret_held: it is held, now or before. */
HL_MUST enum hl_status hl_letter_from_link(struct hl_engine *e, struct link *link,
	const struct hl_frame *frame, bool *ret_held);
/* A letter of another lab: judged and stored. Positive: why not. *ret_time: when it was stored. */
HL_MUST enum hl_status hl_letter_take(struct hl_engine *e, struct hl_envelope *envelope,
	struct link *via, uint64_t *ret_time);
/* A letter of the own lab, from a device. */
HL_MUST enum hl_status hl_letter_submit(struct hl_engine *e, struct hl_envelope *envelope,
	uint64_t *ret_time, char ret_text[static 256]);
/* As the protocol has it, but for the own slip where own is NULL. *ret_of_copy (envelope 3.7): what
 * is wrong is wrong with this copy alone. */
HL_MUST enum hl_status hl_letter_judge(struct hl_engine *e,
	const struct hl_envelope *envelope, const struct hl_card *card,
	const struct hl_id *own, bool *ret_of_copy);
/* Stores a letter of the own lab and enters it for each other lab where it does not stand. */
HL_MUST enum hl_status hl_letter_keep(
	struct hl_engine *e, const struct hl_envelope *envelope);
/* A card came: those that wait for it are judged again. */
HL_MUST enum hl_status hl_letter_retry(struct hl_engine *e, struct lab *lab);

/* regain.c: letters of the own lab, taken back from a peer after a restored backup. */
HL_MUST enum hl_status hl_regain_begin(struct hl_engine *e, struct peer *peer);
/* The same where nothing says that this store is behind; and has the peer still what it had? */
HL_MUST enum hl_status hl_regain_check(struct hl_engine *e, struct peer *peer);
HL_MUST enum hl_status hl_regain_timer(struct hl_engine *e, struct peer *peer);
HL_MUST enum hl_status hl_regain_segment(struct hl_engine *e, struct peer *peer,
	struct link *link, const struct hl_segment *segment);
HL_MUST enum hl_status hl_regain_letter(
	struct hl_engine *e, struct hl_envelope *envelope, struct link *link);
/* want-entries and want-letters that name the asker as origin. */
HL_MUST enum hl_status hl_regain_serve(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);

/* call.c */
HL_MUST enum hl_status hl_call_letter(struct hl_engine *e,
	const struct hl_envelope *envelope, const struct hl_card *card);
HL_MUST enum hl_status hl_call_timer(struct hl_engine *e);
HL_MUST enum hl_status hl_call_load(struct hl_engine *e);

/* asked.c: calls of the own lab. */
HL_MUST enum hl_status hl_asked_load(struct hl_engine *e);
HL_MUST enum hl_status hl_asked_call(struct hl_engine *e, const struct hl_envelope *call);
HL_MUST enum hl_status hl_asked_answered(
	struct hl_engine *e, const struct hl_id *call, const struct hl_id *lab);
HL_MUST enum hl_status hl_asked_closed(struct hl_engine *e, const struct hl_id *incident);
HL_MUST enum hl_status hl_asked_timer(struct hl_engine *e);

/* hook.c: what is to be run, kept with the turn that gives the reason. */
void hl_hooks_free(struct hl_engine *e);
/* For every hook that wants this event: about holds all but key, hook, own and names. */
HL_MUST enum hl_status hl_hook_event(
	struct hl_engine *e, const struct hl_hook_run *about);
/* The steps of a call (about, as above, with its moment), counted from a time of the scale. */
HL_MUST enum hl_status hl_hook_steps(
	struct hl_engine *e, const struct hl_hook_run *about, uint64_t from);
/* No more steps of this call: of all labs (NULL), or to one. */
HL_MUST enum hl_status hl_hook_stop(
	struct hl_engine *e, const struct hl_id *call, const struct hl_id *lab);
/* At once and without the store, which is in trouble or was. */
HL_MUST enum hl_status hl_hook_now(struct hl_engine *e, const struct hl_hook_run *about);
HL_MUST enum hl_status hl_hook_link(
	struct hl_engine *e, const struct hl_id *lab, enum hl_link_state state);
/* missing 0: they have come after all. */
HL_MUST enum hl_status hl_hook_gap(
	struct hl_engine *e, const struct hl_id *lab, uint64_t missing);

/* hook_run.c: what is due is handed out, in the commit that says so. */
HL_MUST enum hl_status hl_hook_pump(struct hl_engine *e);
HL_MUST enum hl_status hl_hook_done(struct hl_engine *e, const struct hl_event *event);
void hl_hook_lost_turn(struct hl_engine *e);
void hl_hook_committed(struct hl_engine *e);
/* The same event, in a turn that is lost already. */
void hl_hook_done_lost(struct hl_engine *e, const struct hl_event *event);
const struct hl_policy_hook *hl_hook_find(const struct hl_engine *e, const char *name);
bool hl_hook_is_exercise(const struct hl_hook_run *run);
/* The key of a run, from what it is about, its hook or step, and its round. */
void hl_hook_key(const struct hl_hook_run *run, struct hl_id *ret);
/* Fills in names and clocks, and makes the effect. */
HL_MUST enum hl_status hl_hook_hand_out(
	struct hl_engine *e, struct hl_hook_run *run, uint64_t attempt);

/* carry.c: what this node has for a lab that it cannot reach. */
HL_MUST enum hl_status hl_carry_timer(struct hl_engine *e, struct peer *peer);
uint64_t hl_carry_at(const struct hl_engine *e, const struct peer *peer);
/* All is handed over anew. */
void hl_carry_reset(struct peer *peer);
bool hl_carry_is_on(const struct peer *peer);
/* Is it the link to a peer, and good for others' documents? */
bool hl_carry_can(struct hl_engine *e, const struct link *link);
/* Something of the peer came on another's link. */
void hl_carry_brought(struct hl_engine *e, struct peer *peer, const struct link *link);

/* carried.c: what comes by others. */
HL_MUST enum hl_status hl_carry_take(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
/* At the end of a turn: the receipt for it. */
HL_MUST enum hl_status hl_carry_answer(struct hl_engine *e, struct peer *peer);
HL_MUST enum hl_status hl_offer_take(
	struct hl_engine *e, struct link *link, struct hl_view doc);

/* carrier.c: what this node carries for others. */
HL_MUST enum hl_status hl_carrier_take(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
/* At the end of a turn: what waits for a peer. */
HL_MUST enum hl_status hl_carrier_pump(struct hl_engine *e, struct peer *peer);
void hl_carrier_beat(struct link *link, uint64_t pulse);
HL_MUST enum hl_status hl_carrier_answered(
	struct hl_engine *e, struct link *link, uint64_t pulse);
HL_MUST enum hl_status hl_carrier_offered(struct hl_engine *e, struct link *link,
	const struct hl_offer *offer, struct hl_view doc);
/* A letter that is carried for the lab that asks. */
HL_MUST enum hl_status hl_carrier_serve(
	struct hl_engine *e, struct link *link, const struct hl_id *id, bool *ret_found);
HL_MUST enum hl_status hl_carrier_trim(struct hl_engine *e);

/* device.c, device_read.c */
HL_MUST enum hl_status hl_device_up(struct hl_engine *e, struct link *link);
HL_MUST enum hl_status hl_device_frame(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
HL_MUST enum hl_status hl_device_watch(struct hl_engine *e, struct link *link);
HL_MUST enum hl_status hl_device_recheck(struct hl_engine *e);
HL_MUST enum hl_status hl_reply(struct hl_engine *e, struct link *link,
	const struct hl_frame *frame, enum hl_status code, const char *text,
	const struct hl_body *body);
HL_MUST enum hl_status hl_read_docs(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
HL_MUST enum hl_status hl_read_feed(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
HL_MUST enum hl_status hl_read_fetch(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
HL_MUST enum hl_status hl_read_proof(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
HL_MUST enum hl_status hl_read_entries(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);
HL_MUST enum hl_status hl_read_status(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);

/* proof.c: a piece of a channel, as it is given to devices. Entries from first on, at most up to
 * last, with the head that covers them: the newest of that peer's, or (NULL) the first; receipt:
 * number of the statement, 0 none. */
HL_MUST enum hl_status hl_proof_segment(struct hl_engine *e,
	const struct hl_channel_key *key, uint64_t first, uint64_t last, uint64_t receipt,
	const struct peer *newest, struct hl_buf *ret);

/* scarce.c: a disk that is full, and peers that say so of theirs. */
bool hl_scarce(const struct hl_engine *e);
/* Is a letter of this class put off until there is room? */
bool hl_scarce_refuses(const struct hl_engine *e, enum hl_class class);
/* May n more entries of this peer's list be taken in? Counts them. */
bool hl_scarce_entries(struct hl_engine *e, struct peer *peer, size_t n);
/* After a turn, kept or lost: tells of a change. */
HL_MUST enum hl_status hl_scarce_watch(struct hl_engine *e);
/* Between turns: is there room again? */
HL_MUST enum hl_status hl_scarce_recover(struct hl_engine *e);
uint64_t hl_scarce_next(const struct hl_engine *e);
/* What its heartbeat says. */
HL_MUST enum hl_status hl_scarce_peer(
	struct hl_engine *e, struct peer *peer, uint64_t trouble);

/* rot.c: letters that are damaged on this node's disk. */
/* Asks for a letter that the store gave back as HL_BAD_HASH. */
HL_MUST enum hl_status hl_rot_found(struct hl_engine *e, const struct hl_id *id);
/* Is it held, but damaged? */
bool hl_rot_is(struct hl_engine *e, const struct hl_id *id);
/* A copy that has been judged takes the place of a damaged one. */
HL_MUST enum hl_status hl_rot_heal(
	struct hl_engine *e, const struct hl_envelope *envelope);
/* One more copy of an own letter that was healed: its slips are taken, where one is missing. */
HL_MUST enum hl_status hl_rot_part(
	struct hl_engine *e, const struct hl_envelope *envelope);
HL_MUST enum hl_status hl_rot_timer(struct hl_engine *e);
uint64_t hl_rot_next(const struct hl_engine *e);
/* intake.c, for it: slips that a held own letter lacks are taken from another copy, if that is
 * good; and labs to which it could not be sent get it now. */
HL_MUST enum hl_status hl_letter_complete(
	struct hl_engine *e, const struct hl_envelope *envelope);
void hl_letter_resend(struct hl_engine *e, const struct hl_envelope *envelope);

/* late.c: the own loop's lag, and the clocks of peers. */
HL_MUST enum hl_status hl_late_loop(struct hl_engine *e, uint64_t ms);
HL_MUST enum hl_status hl_late_timer(struct hl_engine *e);
bool hl_late_warning(const struct hl_engine *e, char *ret, size_t size);
/* A frame of the peer's says what time it is there. */
void hl_late_clock(struct hl_engine *e, struct peer *peer, uint64_t clock);
bool hl_late_clock_warning(const struct peer *peer, char *ret, size_t size);

/* drill.c: machine tests: when, and how they end. */
HL_MUST enum hl_status hl_drill_load(struct hl_engine *e, struct peer *peer);
HL_MUST enum hl_status hl_drill_timer(struct hl_engine *e, struct peer *peer);
/* On the node's own scale of time; UINT64_MAX: nothing is due. */
uint64_t hl_drill_next(const struct hl_engine *e, const struct peer *peer);
/* The line has come up: a first test, and one after a miss, follow soon. */
HL_MUST enum hl_status hl_drill_line_up(struct hl_engine *e, struct peer *peer);
/* A receipt covers a letter (code: or refuses it). *ret: it is this node's own, and no device knows
 * of it. */
HL_MUST enum hl_status hl_drill_receipt(struct hl_engine *e, struct peer *peer,
	const struct hl_id *id, enum hl_status code, bool *ret);
/* The answer to a machine test of this node has come. */
HL_MUST enum hl_status hl_drill_answered(
	struct hl_engine *e, const struct hl_id *id, const struct hl_id *lab);
/* A person of a lab has answered an exercise. */
HL_MUST enum hl_status hl_drill_held(struct hl_engine *e, const struct hl_id *lab);
/* Warning number 0 or 1 of a peer; false: there is no such one. */
bool hl_drill_warning(
	struct hl_engine *e, const struct peer *peer, size_t i, char *ret, size_t size);
HL_MUST enum hl_status hl_read_drills(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame);

/* drill_letter.c: what this node seals, and opens. */
HL_MUST enum hl_status hl_drill_send(struct hl_engine *e, struct peer *peer,
	uint64_t answer_within, struct hl_id *ret);
/* A letter by a node was stored: a machine test is answered, an answer is taken. */
HL_MUST enum hl_status hl_drill_letter(
	struct hl_engine *e, const struct hl_envelope *envelope, struct link *via);

#endif
