/*
 * Channels: numbered, hash-chained lists from one lab to another, and the statements (heads and
 * receipts) that prove notice (spec/channel.md).
 */
#ifndef HL_CHANNEL_H
#define HL_CHANNEL_H

#include "card.h"

#define HL_STATEMENT_MAX       8192
#define HL_SEGMENT_ENTRIES_MAX 1024
#define HL_ENTRY_SIZE_MAX      64
#define HL_OFFER_MAX           1024

enum hl_sort {
	HL_SORT_LETTER = 1,
	HL_SORT_CARD = 2,
	HL_SORT_VOID = 3,
	HL_SORT_SUCCESSION = 4
};

struct hl_entry {
	uint64_t number;
	enum hl_sort sort;
	struct hl_id id;
	uint64_t time;
};

struct hl_head {
	uint64_t epoch;
	uint64_t number; /* k; 0: an empty epoch, whose link is link_0 */
	struct hl_id link;
};

struct hl_range {
	uint64_t first, last;
};

struct hl_refusal {
	uint64_t number;
	enum hl_status code;
};

struct hl_receipt {
	struct hl_head head; /* the newest of the other's that is held: h */
	uint64_t through;    /* n: all numbers up to it are held */
	struct hl_range ranges[HL_RANGES_MAX];
	size_t n_ranges;
	struct hl_refusal refused[HL_REFUSED_MAX];
	size_t n_refused;
	uint64_t since;
};

struct hl_statement {
	struct hl_id from, to;
	bool has_head, has_receipt;
	struct hl_head head;       /* of from → to */
	struct hl_receipt receipt; /* for to → from */
	uint64_t time;
	uint64_t pulse;   /* the newest of the other's that is on disk; 0: none */
	struct hl_id kid; /* of the node that signed */
	uint8_t sig[HL_SIG_SIZE];
	struct hl_view body; /* within the document that was parsed */
};

/* channel 1.3. The encoding of an entry fits HL_ENTRY_SIZE_MAX bytes. */
HL_API size_t hl_entry_encode(
	const struct hl_entry *entry, uint8_t ret[static HL_ENTRY_SIZE_MAX]);
HL_MUST HL_API enum hl_status hl_entry_parse(struct hl_view bytes, struct hl_entry *ret);
HL_API void hl_link_first(const struct hl_id *net, const struct hl_id *from,
	const struct hl_id *to, uint64_t epoch, struct hl_id *ret);
HL_API void hl_link_next(const struct hl_id *net, const struct hl_id *link,
	const struct hl_entry *entry, struct hl_id *ret);

/* Is a number shown as held (and if so, refused with which code, else HL_OK)? */
HL_API bool hl_receipt_holds(
	const struct hl_receipt *receipt, uint64_t number, enum hl_status *ret_code);
/* SPEC channel 4.3: where refused has 64 items, numbers below the first of them are not shown.
 *
 * Those may have been refused: a receipt is no proof of delivery for them. */
HL_API bool hl_receipt_shows(const struct hl_receipt *receipt, uint64_t number);

/* from, to, head, receipt, time and pulse are read; kid is that of key as node signing key. */
HL_MUST HL_API enum hl_status hl_statement_sign(const struct hl_id *net,
	const struct hl_statement *statement, const struct hl_sign_key *key,
	struct hl_buf *ret_doc);
/* The views alias doc. */
HL_MUST HL_API enum hl_status hl_statement_parse(
	struct hl_view doc, struct hl_statement *ret);
/* Signed by a node of that card, which is of the lab from? HL_BAD_CARD, HL_NOT_MEMBER,
 * HL_BAD_SIGNATURE. */
HL_MUST HL_API enum hl_status hl_statement_check(const struct hl_id *net,
	const struct hl_card *card, const struct hl_statement *statement);

/* A piece of a channel (channel 4.1). The statements' documents are empty where absent. */
struct hl_segment {
	struct hl_id from, to;
	uint64_t epoch;
	uint64_t first;           /* number of the first entry */
	struct hl_id before;      /* link_{first-1} */
	struct hl_entry *entries; /* owned by a parsed segment, borrowed by a draft */
	size_t n_entries;
	struct hl_view head,
		receipt; /* statement documents, within the parsed document */
	void *arena;
};

#define HL_CLEAN_SEGMENT HL_CLEAN(hl_segment_clear)

HL_MUST HL_API enum hl_status hl_segment_encode(
	const struct hl_segment *segment, struct hl_buf *ret_doc);
/* The views alias doc. Numbers follow, times never go down. */
HL_MUST HL_API enum hl_status hl_segment_parse(
	struct hl_view doc, struct hl_segment *ret);
HL_API void hl_segment_clear(struct hl_segment *segment);

/* The link at a number from first - 1 to the last entry. HL_UNKNOWN outside; HL_BAD_HASH where
 * first is 1 and the link before it is not link_0. */
HL_MUST HL_API enum hl_status hl_segment_link(const struct hl_id *net,
	const struct hl_segment *segment, uint64_t number, struct hl_id *ret);

/* channel 4.2, by a card of the lab from: was the letter entered? HL_OK and its entry; HL_UNKNOWN
 * where the segment does not say so, else what is wrong with it. */
HL_MUST HL_API enum hl_status hl_segment_entered(const struct hl_id *net,
	const struct hl_segment *segment, const struct hl_card *from_card,
	const struct hl_id *id, struct hl_entry *ret_entry);
/* channel 4.3, by a card of the lab to, of a letter that was entered (above): was it delivered?
 * ret_since is the time of notice. A refusal gives its code. */
HL_MUST HL_API enum hl_status hl_segment_delivered(const struct hl_id *net,
	const struct hl_segment *segment, const struct hl_card *to_card,
	const struct hl_id *id, uint64_t *ret_since);

/* What a carrier signs (channel 5.6): the list from → to, up to a head, was before the lab to. */
struct hl_offer {
	struct hl_id by, from, to;
	struct hl_head head;
	uint64_t time;
	struct hl_id kid; /* of the node that signed */
	uint8_t sig[HL_SIG_SIZE];
	struct hl_view body; /* within the document that was parsed */
};

/* by, from, to, head and time are read; kid is that of key as node signing key. */
HL_MUST HL_API enum hl_status hl_offer_sign(const struct hl_id *net,
	const struct hl_offer *offer, const struct hl_sign_key *key,
	struct hl_buf *ret_doc);
/* The views alias doc. */
HL_MUST HL_API enum hl_status hl_offer_parse(struct hl_view doc, struct hl_offer *ret);
/* Signed by a node of that card, which is of the lab by? HL_BAD_CARD, HL_NOT_MEMBER,
 * HL_BAD_SIGNATURE. */
HL_MUST HL_API enum hl_status hl_offer_check(const struct hl_id *net,
	const struct hl_card *card, const struct hl_offer *offer);

#endif
