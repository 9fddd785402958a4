/*
 * What a node knows and must not lose: the one interface to it, narrow enough for a second engine.
 *
 * A turn: the first write begins a transaction, reads see the turn's own writes, and commit or
 * rollback ends it. Nothing may be said that depends on a write before hl_store_commit was HL_OK.
 *
 * Every verb answers HL_OK, HL_UNKNOWN where what was asked for is not held, HL_ERR_NOMEM, or
 *   HL_ERR_NOSPACE  the disk is full: roll back and go on; the store recovers by itself
 *   HL_ERR_STORE    a read, write or sync failed, or the file is damaged: it stays so, every later
 *                   verb answers the same, and the process must end (hl_store_error says why)
 * Times are wall time in ms. Lists fill the caller's array and tell how many items they gave.
 */
#ifndef HL_STORE_H
#define HL_STORE_H

#include "node/engine/hook.h"
#include "protocol/hotline.h"

#define HL_STORE_ERROR_MAX   256
#define HL_WAITING_MAX       64 /* letters of one lab that wait for a card */
#define HL_WAITING_BYTES     (16 * 1024 * 1024)
#define HL_STORE_SCHEMA_LAST 4 /* the newest schema that this program knows */

struct hl_store;

/* Opens or makes the store at a path (":memory:" for tests), for one network and one lab. A file of
 * another network or lab, one that a newer program wrote, one that others may read or that another
 * process has open is refused with HL_ERR_STORE; ret_error then says what to do, in one line. */
HL_MUST enum hl_status hl_store_open(const char *path, const struct hl_id *net,
	const struct hl_id *lab, struct hl_store **ret,
	char ret_error[static HL_STORE_ERROR_MAX]);
/* Rolls an open turn back. Takes NULL. */
void hl_store_close(struct hl_store *store);

/* The last failure, one line for people; empty when there was none. Lives in the store. */
const char *hl_store_error(const struct hl_store *store);

/* True while a turn has written something. */
bool hl_store_dirty(const struct hl_store *store);
/* Ends the turn; HL_OK with nothing to do when nothing was written. After a failure the turn is
 * still to be rolled back. */
HL_MUST enum hl_status hl_store_commit(struct hl_store *store);
void hl_store_rollback(struct hl_store *store);
/* Housekeeping for a quiet moment, outside a turn: moves the journal into the file. */
void hl_store_idle(struct hl_store *store);

/* A whole copy of what is committed, made in steps between turns into an empty file of the
 * caller's; what is written meanwhile is in it. Errors are the copy's, never the store's. */
struct hl_store_backup;
HL_MUST enum hl_status hl_store_backup_begin(struct hl_store *store, const char *path,
	struct hl_store_backup **ret, char ret_error[static HL_STORE_ERROR_MAX]);
/* *ret_more false: the copy is whole and on disk. */
HL_MUST enum hl_status hl_store_backup_step(struct hl_store_backup *backup,
	bool *ret_more, char ret_error[static HL_STORE_ERROR_MAX]);
/* Also of one that was not finished. Takes NULL. */
void hl_store_backup_drop(struct hl_store_backup *backup);
/* Is a file a whole store of this network and lab? Brings it to the newest schema. */
HL_MUST enum hl_status hl_store_verify(const char *path, const struct hl_id *net,
	const struct hl_id *lab, char ret_error[static HL_STORE_ERROR_MAX]);

/* Signed documents. key is the key id of seals and suspensions, and zeros of the others. One card
 * that equivocates is kept aside and never given by the verbs below but hl_store_doc_by_hash. */

struct hl_doc_row {
	enum hl_doc sort;
	struct hl_id lab, key;
	uint64_t version;
	struct hl_id hash;
	bool aside;
};

/* A row with the same sort, lab, key and version stays (seals: is replaced). */
HL_MUST enum hl_status hl_store_doc_put(
	struct hl_store *store, const struct hl_doc_row *row, struct hl_view doc);
/* The document of one version, or (0) the newest. Appends to the buffer. */
HL_MUST enum hl_status hl_store_doc_get(struct hl_store *store, enum hl_doc sort,
	const struct hl_id *lab, const struct hl_id *key, uint64_t version,
	struct hl_buf *ret);
HL_MUST enum hl_status hl_store_doc_by_hash(struct hl_store *store, enum hl_doc sort,
	const struct hl_id *hash, struct hl_buf *ret);
/* Rows of a sort of one lab (or of all: NULL), from the number skip on, by lab, key, version. */
HL_MUST enum hl_status hl_store_doc_list(struct hl_store *store, enum hl_doc sort,
	const struct hl_id *lab, uint64_t skip, struct hl_doc_row *ret, size_t max,
	size_t *ret_n);
/* Sealing keys of members that are on no card any more. */
HL_MUST enum hl_status hl_store_doc_drop(struct hl_store *store, enum hl_doc sort,
	const struct hl_id *lab, const struct hl_id *key);

/* Pre-shared keys of peers. */
HL_MUST enum hl_status hl_store_psk_put(
	struct hl_store *store, const struct hl_id *lab, const struct hl_key32 *psk);
HL_MUST enum hl_status hl_store_psk_get(
	struct hl_store *store, const struct hl_id *lab, struct hl_key32 *ret);

/* Letters. */

struct hl_letter_row {
	struct hl_id id, origin, sender;
	struct hl_id incident; /* its own id where it opens one */
	enum hl_class class;
	enum hl_precedence precedence;
	enum hl_standing status;
	uint64_t stored; /* when it was stored first */
};

HL_MUST enum hl_status hl_store_letter_put(
	struct hl_store *store, const struct hl_letter_row *row, struct hl_view doc);
HL_MUST enum hl_status hl_store_letter_row(
	struct hl_store *store, const struct hl_id *id, struct hl_letter_row *ret);
/* Read, parsed and verified against its id. HL_BAD_HASH: rotten on disk, not to be served. */
HL_MUST enum hl_status hl_store_letter_get(
	struct hl_store *store, const struct hl_id *id, struct hl_envelope *ret);
/* Calls by one member since a time. */
HL_MUST enum hl_status hl_store_letter_calls(struct hl_store *store,
	const struct hl_id *sender, uint64_t since, uint64_t *ret_n);

/* Another copy of the same letter, with more slips. */
HL_MUST enum hl_status hl_store_letter_replace(
	struct hl_store *store, const struct hl_id *id, struct hl_view doc);

/* Letters of a class (answer or close alone) in an incident. */
HL_MUST enum hl_status hl_store_letter_find(struct hl_store *store,
	const struct hl_id *incident, enum hl_class class, struct hl_letter_row *ret,
	size_t max, size_t *ret_n);

/* Letters that wait for a card: every copy of bytes on its own, so that a bad one bars no good
 * one. Where HL_WAITING_MAX of that lab, or HL_WAITING_BYTES, wait already, the oldest that stands
 * in no channel makes room; HL_OVER_QUOTA when there is none. HL_DUPLICATE for these bytes. */
HL_MUST enum hl_status hl_store_waiting_put(struct hl_store *store,
	const struct hl_id *id, const struct hl_id *origin, uint64_t stored,
	struct hl_view doc);
/* The oldest copy of a lab above a number; appends the document. */
HL_MUST enum hl_status hl_store_waiting_next(struct hl_store *store,
	const struct hl_id *origin, uint64_t after, uint64_t *ret_number,
	struct hl_id *ret_id, uint64_t *ret_stored, struct hl_buf *ret_doc);
HL_MUST enum hl_status hl_store_waiting_get(struct hl_store *store,
	const struct hl_id *id, uint64_t *ret_stored, struct hl_buf *ret_doc);
/* Forgets those older than a time that stand in no channel. */
HL_MUST enum hl_status hl_store_waiting_expire(struct hl_store *store, uint64_t before);
HL_MUST enum hl_status hl_store_waiting_drop(struct hl_store *store, uint64_t number);

/* Channels. One row for each direction to each peer, of the newest epoch. */

struct hl_channel_row {
	struct hl_id peer;
	bool outgoing;
	uint64_t epoch;
	uint64_t number; /* of the newest entry that is held */
	struct hl_id link;
	uint64_t time;        /* of that entry */
	uint64_t head_number; /* of the newest head: signed (outgoing), held (incoming) */
	struct hl_id head_link;
	uint64_t since; /* incoming: when our receipt grew last; outgoing: the peer's */
	uint64_t delivered; /* outgoing: all up to this number are held by the peer */
	uint64_t stated;    /* outgoing: time of the newest statement that showed so */
	uint64_t pulse;     /* incoming: the newest of the peer's heartbeats (link 4.3) */
};

HL_MUST enum hl_status hl_store_channel_get(struct hl_store *store,
	const struct hl_id *peer, bool outgoing, struct hl_channel_row *ret);
HL_MUST enum hl_status hl_store_channel_put(
	struct hl_store *store, const struct hl_channel_row *row);
/* The incoming one as it was before the peer began it anew, until the peer has been shown that. */
HL_MUST enum hl_status hl_store_before_get(
	struct hl_store *store, const struct hl_id *peer, struct hl_channel_row *ret);
HL_MUST enum hl_status hl_store_before_put(
	struct hl_store *store, const struct hl_channel_row *row);
HL_MUST enum hl_status hl_store_before_drop(
	struct hl_store *store, const struct hl_id *peer);

/* Which entries: of one direction, peer and epoch. */
struct hl_channel_key {
	struct hl_id peer;
	bool outgoing;
	uint64_t epoch;
};

struct hl_entry_row {
	struct hl_entry entry;
	struct hl_id link;
	uint64_t epoch;
	struct hl_id peer;
	enum hl_proof_state
		state; /* entered, delivered or refused; incoming: delivered = held */
	enum hl_status code; /* why refused */
	bool open; /* outgoing: to be sent until receipted; incoming: its letter is missing */
	unsigned precedence; /* of an outgoing letter, else 0 */
	uint64_t receipt; /* number of the first receipt statement that covers it, or 0 */
};

HL_MUST enum hl_status hl_store_entry_add(struct hl_store *store,
	const struct hl_channel_key *key, const struct hl_entry_row *row);
HL_MUST enum hl_status hl_store_entry_get(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t number, struct hl_entry_row *ret);
/* In order of number, from first on. */
HL_MUST enum hl_status hl_store_entry_list(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t first, struct hl_entry_row *ret,
	size_t max, size_t *ret_n);
/* Open ones of a precedence, first to last. */
HL_MUST enum hl_status hl_store_entry_open(struct hl_store *store,
	const struct hl_channel_key *key, unsigned precedence, uint64_t first,
	uint64_t last, struct hl_entry_row *ret, size_t max, size_t *ret_n);
/* How many are open, up to a cap of 65,536. */
HL_MUST enum hl_status hl_store_entry_open_count(
	struct hl_store *store, const struct hl_channel_key *key, uint64_t *ret_n);
/* Those in a state, the newest first, below a number. */
HL_MUST enum hl_status hl_store_entry_state(struct hl_store *store,
	const struct hl_channel_key *key, enum hl_proof_state state, uint64_t below,
	struct hl_entry_row *ret, size_t max, size_t *ret_n);
/* All entries that name an id in one direction, the newest epoch first; peer NULL: of all peers,
 * sorted by peer. */
HL_MUST enum hl_status hl_store_entry_find(struct hl_store *store, bool outgoing,
	const struct hl_id *peer, const struct hl_id *id, struct hl_entry_row *ret,
	size_t max, size_t *ret_n);
/* Outgoing letters that were delivered in an epoch older than one, in order of epoch and number,
 * above the number after of the epoch from. */
HL_MUST enum hl_status hl_store_entry_older(struct hl_store *store,
	const struct hl_id *peer, uint64_t epoch, uint64_t from, uint64_t after,
	struct hl_entry_row *ret, size_t max, size_t *ret_n);
/* The id in the newest card entry below a number. */
HL_MUST enum hl_status hl_store_entry_card(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t below, struct hl_id *ret_hash);
/* The first entry of any epoch at or after the key's and a number. */
HL_MUST enum hl_status hl_store_entry_next(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t number, uint64_t *ret_epoch,
	uint64_t *ret_number);

/* After a restored backup: from where on a peer is asked for the own lab's channel to it. */
HL_MUST enum hl_status hl_store_lost_put(struct hl_store *store, const struct hl_id *peer,
	uint64_t epoch, uint64_t number);
HL_MUST enum hl_status hl_store_lost_get(struct hl_store *store, const struct hl_id *peer,
	uint64_t *ret_epoch, uint64_t *ret_number);
HL_MUST enum hl_status hl_store_lost_drop(
	struct hl_store *store, const struct hl_id *peer);

/* receipt 0: stays as it is. */
HL_MUST enum hl_status hl_store_entry_mark(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t number, enum hl_proof_state state,
	enum hl_status code, bool open, uint64_t receipt);

/* Every open entry of an id in one epoch: a peer may have entered a letter twice. */
HL_MUST enum hl_status hl_store_entry_settle(struct hl_store *store,
	const struct hl_channel_key *key, const struct hl_id *id,
	enum hl_proof_state state, enum hl_status code);

/* Statements that are evidence: heads by the number they name, receipts by the order in which they
 * came. A head of the same number stays, unless its link differs (contrary): then both are kept. */
enum hl_statement_kind {
	HL_STATEMENT_HEAD = 1,
	HL_STATEMENT_RECEIPT = 2,
	HL_STATEMENT_OFFER = 3 /* a carrier's (channel 5.6) */
};

HL_MUST enum hl_status hl_store_statement_put(struct hl_store *store,
	const struct hl_channel_key *key, enum hl_statement_kind kind, uint64_t number,
	bool contrary, struct hl_view doc, uint64_t *ret_row);
HL_MUST enum hl_status hl_store_statement_get(
	struct hl_store *store, uint64_t row, struct hl_buf *ret);
/* The head with the smallest number from first to last; appends. */
HL_MUST enum hl_status hl_store_statement_head(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t first, uint64_t last,
	uint64_t *ret_number, struct hl_buf *ret);

/* Calls that ring, or have rung. */

struct hl_call_row {
	struct hl_id id, incident, lab;
	enum hl_precedence precedence;
	enum hl_standing status;
	uint64_t stored;
	uint64_t deadline; /* when it is overdue, on the node's own scale of time */
	enum hl_ring_state state;
	uint64_t closed; /* when, of a closed one */
};

HL_MUST enum hl_status hl_store_call_put(
	struct hl_store *store, const struct hl_call_row *row);
HL_MUST enum hl_status hl_store_call_get(
	struct hl_store *store, const struct hl_id *id, struct hl_call_row *ret);
HL_MUST enum hl_status hl_store_call_mark(struct hl_store *store, const struct hl_id *id,
	enum hl_ring_state state, uint64_t closed);
/* Ringing ones by deadline; HL_UNKNOWN when none rings. */
HL_MUST enum hl_status hl_store_call_next(
	struct hl_store *store, struct hl_call_row *ret);
/* Ringing and overdue ones of an incident. */
HL_MUST enum hl_status hl_store_call_incident(struct hl_store *store,
	const struct hl_id *incident, struct hl_call_row *ret, size_t max, size_t *ret_n);
/* For the status: ringing, overdue, and closed since a time; the most urgent first. */
HL_MUST enum hl_status hl_store_call_list(struct hl_store *store, uint64_t closed_since,
	struct hl_call_row *ret, size_t max, size_t *ret_n);

/* Calls of the own lab, once for each lab that is to answer. */

enum hl_asked_state {
	HL_ASKED_WAITS = 1,
	HL_ASKED_ANSWERED = 2,
	HL_ASKED_CLOSED = 3,
	HL_ASKED_UNANSWERED = 4 /* past its deadline; still to be answered */
};

struct hl_asked_row {
	struct hl_id call, lab, incident;
	enum hl_precedence precedence;
	enum hl_standing status;
	uint64_t stored, deadline; /* the deadline on the node's own scale of time */
	enum hl_asked_state state;
};

/* A row that stands stays. */
HL_MUST enum hl_status hl_store_asked_put(
	struct hl_store *store, const struct hl_asked_row *row);
HL_MUST enum hl_status hl_store_asked_get(struct hl_store *store,
	const struct hl_id *call, const struct hl_id *lab, struct hl_asked_row *ret);
HL_MUST enum hl_status hl_store_asked_mark(struct hl_store *store,
	const struct hl_id *call, const struct hl_id *lab, enum hl_asked_state state);
/* The waiting one with the nearest deadline; HL_UNKNOWN when none waits. */
HL_MUST enum hl_status hl_store_asked_next(
	struct hl_store *store, struct hl_asked_row *ret);
/* Waiting and unanswered ones of an incident. */
HL_MUST enum hl_status hl_store_asked_incident(struct hl_store *store,
	const struct hl_id *incident, struct hl_asked_row *ret, size_t max,
	size_t *ret_n);

/* The node's own scale of time is kept through a restart: of which boot of the machine it is, how
 * far it is ahead of that boot's clock, and a time of it that has passed. HL_UNKNOWN: none is kept.
 */
struct hl_scale_row {
	struct hl_id boot;
	uint64_t ahead, seen;
};
HL_MUST enum hl_status hl_store_scale_put(
	struct hl_store *store, const struct hl_scale_row *row);
HL_MUST enum hl_status hl_store_scale_get(
	struct hl_store *store, struct hl_scale_row *ret);

/* Runs of hooks. */

enum hl_hook_state {
	HL_HOOK_WAITS = 1,
	HL_HOOK_RUNS = 2, /* handed out; due: when it is taken for lost */
	HL_HOOK_DONE = 3,
	HL_HOOK_FAILED = 4, /* for good */
	HL_HOOK_DROPPED = 5 /* not needed any more */
};

struct hl_hook_row {
	struct hl_hook_run run; /* own, names and attempt are not kept */
	uint64_t repeat;        /* ms; 0: once */
	uint64_t first, due;    /* on the node's own scale of time; run.deadline also */
	enum hl_hook_state state;
	uint64_t attempts, result, ended;
};

/* A row with the same key stays. */
HL_MUST enum hl_status hl_store_hook_put(
	struct hl_store *store, const struct hl_hook_row *row);
HL_MUST enum hl_status hl_store_hook_get(
	struct hl_store *store, const struct hl_id *key, struct hl_hook_row *ret);
/* State, due, attempts, result and ended of a row. */
HL_MUST enum hl_status hl_store_hook_mark(
	struct hl_store *store, const struct hl_hook_row *row);
/* Those that wait or run and are due at a time, the most urgent first. */
HL_MUST enum hl_status hl_store_hook_due(struct hl_store *store, uint64_t at,
	struct hl_hook_row *ret, size_t max, size_t *ret_n);
/* When the next one is due; UINT64_MAX: none. */
HL_MUST enum hl_status hl_store_hook_next(struct hl_store *store, uint64_t *ret);
/* Of a call (to one lab, or NULL: any): steps that are not done, and news of its ringing that did
 * not get through at once, are dropped. */
HL_MUST enum hl_status hl_store_hook_stop(struct hl_store *store,
	const struct hl_id *call, const struct hl_id *lab, uint64_t ended);
/* What was handed out before a restart waits again, due at once. */
HL_MUST enum hl_status hl_store_hook_resume(struct hl_store *store);
/* Forgets those that ended before a time. */
HL_MUST enum hl_status hl_store_hook_trim(struct hl_store *store, uint64_t before);

/* The feed. The store gives the number, one above the last, unless the item has a higher one. */
HL_MUST enum hl_status hl_store_feed_add(
	struct hl_store *store, const struct hl_feed_item *item, uint64_t *ret_number);
HL_MUST enum hl_status hl_store_feed_list(struct hl_store *store, uint64_t after,
	struct hl_feed_item *ret, size_t max, size_t *ret_n);
HL_MUST enum hl_status hl_store_feed_last(struct hl_store *store, uint64_t *ret);
/* Forgets link states (sort 8) that are older than a time. */
HL_MUST enum hl_status hl_store_feed_trim(struct hl_store *store, uint64_t before);

/* What is carried for other labs (channel 5.5). */

#define HL_CARRIED_MAX   1024 /* documents that one peer has brought */
#define HL_CARRIED_BYTES (64 * 1024 * 1024)

struct hl_carried_row {
	uint64_t number;           /* the store gives it, rising */
	struct hl_id origin, dest; /* the labs at both ends */
	struct hl_id via;          /* who brought it */
	uint64_t hops;             /* carriers that it had passed before */
	enum hl_carried sort;
	unsigned precedence; /* of a letter, else 0 */
	struct hl_id id;     /* of a letter, else zeros */
	uint64_t stored;
	uint64_t had; /* when dest has had it; 0: not yet */
};

/* HL_DUPLICATE: these bytes are held for that lab; *row is then what is held. A statement takes the
 * place of the older one by the same peer. Where via has filled its room, what its labs have had
 * already goes first; HL_OVER_QUOTA when there is nothing of that. */
HL_MUST enum hl_status hl_store_carried_put(
	struct hl_store *store, struct hl_carried_row *row, struct hl_view doc);
/* The next one for a lab that it has not had, above a number; appends the document. */
HL_MUST enum hl_status hl_store_carried_next(struct hl_store *store,
	const struct hl_id *dest, unsigned precedence, uint64_t after,
	struct hl_carried_row *ret, struct hl_buf *ret_doc);
/* A lab has had those of a precedence up to a number. */
HL_MUST enum hl_status hl_store_carried_had(struct hl_store *store,
	const struct hl_id *dest, unsigned precedence, uint64_t last, uint64_t at);
/* A letter that is carried for a lab; appends the document. */
HL_MUST enum hl_status hl_store_carried_letter(struct hl_store *store,
	const struct hl_id *dest, const struct hl_id *id, struct hl_carried_row *ret,
	struct hl_buf *ret_doc);
/* Who has brought documents from one lab to another, the newest first. */
HL_MUST enum hl_status hl_store_carried_ways(struct hl_store *store,
	const struct hl_id *origin, const struct hl_id *dest, struct hl_id *ret_via,
	size_t max, size_t *ret_n);
/* Forgets those that were had before one time, and those stored before another. */
HL_MUST enum hl_status hl_store_carried_trim(
	struct hl_store *store, uint64_t had_before, uint64_t stored_before);

/* Letters of the own lab that carriers were handed. */
struct hl_handed_row {
	struct hl_id id, peer, by;
	uint64_t epoch, number; /* of its entry in the channel to the peer */
	uint64_t since;
	uint64_t offer; /* number of the carrier's statement; 0: none */
};

/* since and offer of a row that stands stay, its entry is replaced. *ret_fresh: none stood. */
HL_MUST enum hl_status hl_store_handed_put(
	struct hl_store *store, const struct hl_handed_row *row, bool *ret_fresh);
/* Who was handed a letter for a peer, sorted by lab. */
HL_MUST enum hl_status hl_store_handed_list(struct hl_store *store,
	const struct hl_id *id, const struct hl_id *peer, struct hl_handed_row *ret,
	size_t max, size_t *ret_n);
/* Letters of an epoch, up to a number, that carriers were handed and that one of them, by, has not
 * offered; a row for each letter, whoever was handed it. */
HL_MUST enum hl_status hl_store_handed_unoffered(struct hl_store *store,
	const struct hl_channel_key *key, uint64_t last, const struct hl_id *by,
	struct hl_handed_row *ret, size_t max, size_t *ret_n);
HL_MUST enum hl_status hl_store_handed_offer(
	struct hl_store *store, const struct hl_handed_row *row);

/* The disk is full, or has no room for the reserve: what is written from now on comes out of
 * the reserve, and is to be no more than what must be (answers, receipts, heartbeats). When that is
 * used up too, turns end with HL_ERR_NOSPACE. */
bool hl_store_scarce(const struct hl_store *store);
/* All of the reserve but its last pages (768 KiB) is: they are for what a node does by itself. */
bool hl_store_spent(const struct hl_store *store);
/* Outside a turn, once in a while as long as it is scarce: fills the reserve again, if there is
 * room. HL_OK also when there is none yet. */
HL_MUST enum hl_status hl_store_recover(struct hl_store *store);

/* Machine tests (message 4), and the state of each line's tests. */

struct hl_drill_row {
	uint64_t number; /* the store gives it */
	struct hl_id lab;
	struct hl_id id; /* of the letter; zeros: none was sent, the one before waits */
	uint64_t sent, delivered, answered; /* wall time; 0: not */
	uint64_t deadline;                  /* on the node's own scale of time */
	bool missed;
	enum hl_status code; /* why it was refused */
};

struct hl_drill_line {
	struct hl_id lab;
	uint64_t due, remind; /* on the node's own scale of time; 0: not yet */
	uint64_t passed,
		held; /* last machine test; last exercise that a person answered */
	bool failing; /* the last test was missed */
	bool reminded;
};

HL_MUST enum hl_status hl_store_drill_add(
	struct hl_store *store, const struct hl_drill_row *row, uint64_t *ret_number);
/* The one whose letter has an id. */
HL_MUST enum hl_status hl_store_drill_find(
	struct hl_store *store, const struct hl_id *id, struct hl_drill_row *ret);
/* The newest of a lab that was sent. */
HL_MUST enum hl_status hl_store_drill_last(
	struct hl_store *store, const struct hl_id *lab, struct hl_drill_row *ret);
/* Delivered, answered, missed and code of a row. */
HL_MUST enum hl_status hl_store_drill_mark(
	struct hl_store *store, const struct hl_drill_row *row);
/* Those of a lab above a number that fell due at a time or later, in order of number. */
HL_MUST enum hl_status hl_store_drill_list(struct hl_store *store,
	const struct hl_id *lab, uint64_t since, uint64_t after, struct hl_drill_row *ret,
	size_t max, size_t *ret_n);
/* Forgets those that fell due before a time. */
HL_MUST enum hl_status hl_store_drill_trim(struct hl_store *store, uint64_t before);
HL_MUST enum hl_status hl_store_drill_line_put(
	struct hl_store *store, const struct hl_drill_line *row);
HL_MUST enum hl_status hl_store_drill_line_get(
	struct hl_store *store, const struct hl_id *lab, struct hl_drill_line *ret);

#endif
