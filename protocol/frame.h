/*
 * Frames: what travels in the records of a link, between nodes and from a device to its node
 * (spec/link.md 3 to 5). One struct; parse borrows the bytes given and owns its lists.
 */
#ifndef HL_FRAME_H
#define HL_FRAME_H

#include "channel.h"
#include "envelope.h"

#define HL_PROTOCOL_VERSION    1
#define HL_FRAME_LABS_MAX      1024
#define HL_FRAME_IDS_MAX       256
#define HL_FRAME_DOCS_MAX      (256 * 1024)
#define HL_FRAME_DOC_ITEMS_MAX 4096
#define HL_FEED_MAX            512
#define HL_CARRIERS_MAX        16 /* of one letter to one lab, as told to devices */
#define HL_HOPS_MAX            2  /* carriers that a document may pass */
#define HL_STATUS_CALLS_MAX    256
#define HL_STATUS_WARNINGS_MAX 256
#define HL_DRILLS_MAX          512

enum hl_purpose { HL_PURPOSE_PEER = 1, HL_PURPOSE_DEVICE = 2 };

enum hl_frame_type {
	/* between nodes */
	HL_FRAME_HELLO = 1,
	HL_FRAME_HEARTBEAT = 2,
	HL_FRAME_STATEMENT = 3,
	HL_FRAME_SEGMENT = 4,
	HL_FRAME_LETTER = 5,
	HL_FRAME_WANT_LETTERS = 6,
	HL_FRAME_WANT_ENTRIES = 7,
	HL_FRAME_WANT_CARDS = 8,
	HL_FRAME_CARD = 9,
	HL_FRAME_WANT_SEALS = 10,
	HL_FRAME_SEALS = 11,
	HL_FRAME_WANT_SUSPENSIONS = 12,
	HL_FRAME_SUSPENSION = 13,
	HL_FRAME_CARRY = 15,
	HL_FRAME_OFFER = 16,
	/* both */
	HL_FRAME_CLOSE = 14,
	/* device to node, and back */
	HL_FRAME_DEVICE_HELLO = 32,
	HL_FRAME_REPLY = 33,
	HL_FRAME_GET_DOCS = 34,
	HL_FRAME_PUT = 35,
	HL_FRAME_SUBMIT = 36,
	HL_FRAME_FEED = 37,
	HL_FRAME_FETCH = 38,
	HL_FRAME_PROOF = 39,
	HL_FRAME_STATUS = 40,
	HL_FRAME_WATCH = 41,
	HL_FRAME_EVENT = 42,
	HL_FRAME_PSK = 43,
	HL_FRAME_ENTRIES = 44,
	HL_FRAME_PING = 45,
	HL_FRAME_DRILLS = 46,
};

enum hl_close_reason {
	HL_CLOSE_DOWN = 0,
	HL_CLOSE_REPLACED = 1,
	HL_CLOSE_DUPLICATE = 2,
	HL_CLOSE_PROTOCOL = 3,
	HL_CLOSE_PERMITTED = 4,
	HL_CLOSE_VERSION = 5,
};

/* Sorts of documents in get-docs, put and files (spec file 1.1). */
enum hl_doc {
	HL_DOC_CARD = 1,
	HL_DOC_DIRECTORY = 2,
	HL_DOC_SEALS = 3,
	HL_DOC_SUSPENSION = 4,
	HL_DOC_ENVELOPE = 5,
	HL_DOC_SEGMENT = 6,
	HL_DOC_REQUEST = 7,
};
/* Sorts of what is carried (spec link 4.11). */
enum hl_carried {
	HL_CARRIED_CARD = 1,
	HL_CARRIED_ENVELOPE = 5,
	HL_CARRIED_SEGMENT = 6,
	HL_CARRIED_STATEMENT = 8,
};

enum hl_feed_sort {
	HL_FEED_LETTER = 1,
	HL_FEED_RECEIPT = 2,
	HL_FEED_REFUSED = 3,
	HL_FEED_ANSWERED = 4,
	HL_FEED_CLOSED = 5,
	HL_FEED_OVERDUE = 6,
	HL_FEED_DOCS = 7,
	HL_FEED_LINK = 8,
	HL_FEED_DRILL = 9,
	HL_FEED_CARRIED = 10,
};
enum hl_link_state {
	HL_LINK_NEVER = 0,
	HL_LINK_DOWN = 1,
	HL_LINK_CONNECTING = 2,
	HL_LINK_UP = 3,
	HL_LINK_DEGRADED = 4, /* something comes, but no answer to a pulse */
	HL_LINK_SILENT = 5    /* nothing comes */
};
enum hl_ring_state {
	HL_RINGING = 1,
	HL_RING_ANSWERED = 2,
	HL_RING_CLOSED = 3,
	HL_RING_OVERDUE = 4
};
enum hl_proof_state { HL_KEPT = 0, HL_ENTERED = 1, HL_DELIVERED = 2, HL_REFUSED = 3 };

#define HL_TROUBLE_FULL 1 /* heartbeat: its disk is full, it takes in nothing new */

struct hl_lab_news { /* heartbeat: what is held of one lab */
	struct hl_id lab;
	uint64_t card_version;
	struct hl_id card_hash;
	struct hl_id seals_digest;
	uint64_t suspensions;
};
struct hl_held { /* (id, version) pairs of get-docs */
	struct hl_id id;
	uint64_t version;
};

struct hl_feed_item {
	uint64_t number;
	enum hl_feed_sort sort;
	struct hl_id id;
	bool has_lab;
	struct hl_id lab;
	uint64_t value;
	uint64_t time;
};

/* One frame. Which members of the union are read or set follows from type. */
struct hl_frame {
	enum hl_frame_type type;
	uint64_t request; /* of types 32 and up (an event has none) */
	union {
		struct {
			uint64_t version;
			struct hl_id from, to, kid;
			uint64_t card_version;
			struct hl_id card_hash;
			uint64_t clock;
		} hello;
		struct {
			uint64_t clock;
			uint64_t pulse; /* the sender's, up by one each */
			struct hl_lab_news *labs;
			size_t n;
			uint64_t trouble; /* a sum of HL_TROUBLE_… */
		} heartbeat;
		/* statement, segment, card, seals, suspension, offer, submit; event uses feed
		 * below */
		struct hl_view doc;
		struct {
			struct hl_id from;
			struct hl_view doc;
		} letter;
		struct {
			struct hl_id from;
			struct hl_id *ids;
			size_t n;
		} want_letters;
		struct {
			struct hl_id from, to;
			uint64_t epoch, first;
		} entries; /* want-entries: no to */
		struct {
			struct hl_id lab;
			uint64_t after;
		} want; /* cards, seals, suspensions */
		struct {
			struct hl_id from, to;
			uint64_t hops; /* carriers that it has passed */
			uint64_t sort; /* enum hl_carried; others are passed over */
			struct hl_view doc;
		} carry;
		struct {
			uint64_t reason;
		} close;
		struct {
			uint64_t version;
			struct hl_id lab, kid;
			uint64_t card_version, directory_version;
		} device_hello;
		struct {
			enum hl_status code;
			struct hl_view text; /* a line for people */
			bool has_body;
			struct hl_view body; /* one of the bodies below, encoded */
		} reply;
		struct {
			struct hl_held *cards, *seals; /* sorted */
			size_t n_cards, n_seals;
			uint64_t directory_version, suspensions;
		} get_docs;
		struct {
			uint64_t sort;
			struct hl_view doc;
		} put;
		struct {
			uint64_t after, limit;
		} feed;          /* feed, watch */
		struct hl_id id; /* fetch, proof */
		struct {
			struct hl_feed_item *items;
			size_t n;
		} event;
		struct {
			struct hl_id lab;
			uint8_t key[32];
		} psk;
		struct {
			struct hl_id lab;
			uint64_t since, after;
		} drills;
	};
	void *arena;
};

#define HL_CLEAN_FRAME HL_CLEAN(hl_frame_clear)

/* HL_ERR_USAGE for a type or field that no reader takes; HL_BAD_SIZE above HL_FRAME_MAX. */
HL_MUST HL_API enum hl_status hl_frame_encode(
	const struct hl_frame *frame, struct hl_buf *ret);
/* HL_BAD_TYPE for a type that does not belong to the purpose (link 3.1). HL_BAD_SIZE, _ENCODING,
 * _FIELD; HL_ERR_NOMEM. */
HL_MUST HL_API enum hl_status hl_frame_parse(
	struct hl_view bytes, enum hl_purpose purpose, struct hl_frame *ret);
/* Wipes it too. Takes NULL. */
HL_API void hl_frame_clear(struct hl_frame *frame);

/* The lane that a frame belongs in; precedence is that of a letter (else 0). */
HL_API unsigned hl_frame_lane(enum hl_frame_type type, unsigned precedence);

/* Bodies of replies. parse borrows the bytes; lists are owned and freed by hl_body_clear. Put,
 * watch, psk and ping are answered without a body: HL_ERR_USAGE. */
struct hl_doc_item {
	enum hl_doc sort;
	struct hl_view doc;
};
struct hl_carrier_item { /* who was handed a letter for a lab */
	struct hl_id by;
	uint64_t since;
	struct hl_view offer; /* empty: none */
};
struct hl_proof_item {
	struct hl_id lab;
	enum hl_proof_state state;
	enum hl_status code;
	struct hl_view segment; /* empty: none */
	struct hl_carrier_item *carriers;
	size_t n_carriers;
};
struct hl_peer_status {
	struct hl_id lab;
	enum hl_link_state state;
	uint64_t since, heard;
	int64_t clock_offset; /* ms */
	bool psk;
	uint64_t queued, gaps;
	struct hl_view last_error;
	uint64_t last_test; /* that was good; 0: never */
};
struct hl_call_status {
	struct hl_id id, incident, lab;
	enum hl_precedence precedence;
	enum hl_standing status;
	uint64_t stored, deadline;
	enum hl_ring_state state;
};

struct hl_drill_status { /* one machine test of the own node */
	uint64_t number;
	uint64_t sent, delivered, answered; /* 0: not */
	bool missed;
};

struct hl_body {
	enum hl_frame_type of; /* the request that it answers */
	union {
		struct {
			uint64_t version;
			struct hl_id lab, kid;
			uint64_t clock, card_version, directory_version, last_feed;
		} hello;
		struct {
			struct hl_doc_item *items;
			size_t n;
		} docs;
		struct {
			struct hl_id id;
			uint64_t time;
		} submit;
		struct {
			uint64_t last;
			struct hl_feed_item *items;
			size_t n;
		} feed;
		struct {
			struct hl_view envelope;
			uint64_t time;
			bool deferred;
		} fetch;
		struct {
			struct hl_proof_item *items;
			size_t n;
		} proof;
		struct {
			uint64_t time, started;
			struct hl_view version;
			struct hl_id lab;
			struct hl_peer_status *peers;
			size_t n_peers;
			struct hl_call_status *calls;
			size_t n_calls;
			struct hl_view *warnings;
			size_t n_warnings;
		} status;
		struct hl_view segment; /* entries */
		struct {
			struct hl_drill_status *items;
			size_t n;
		} drills;
	};
	void *arena;
};

#define HL_CLEAN_BODY HL_CLEAN(hl_body_clear)

HL_MUST HL_API enum hl_status hl_body_encode(
	const struct hl_body *body, struct hl_buf *ret);
HL_MUST HL_API enum hl_status hl_body_parse(
	struct hl_view bytes, enum hl_frame_type of, struct hl_body *ret);
HL_API void hl_body_clear(struct hl_body *body);

#endif
