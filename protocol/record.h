/*
 * Records (spec/link.md): frames cut into chunks, chunks packed into records of 4096 bytes on the
 * wire, each sealed under the session; and back. No length is ever visible.
 *
 * Six lanes; the lower number goes first, so an alert overtakes whatever is under way at the next
 * record. Within a lane frames keep their order and one is under way at a time.
 */
#ifndef HL_RECORD_H
#define HL_RECORD_H

#include "noise.h"

enum hl_lane {
	HL_LANE_CONTROL = 1,
	HL_LANE_FLASH = 2,
	HL_LANE_IMMEDIATE = 3,
	HL_LANE_PRIORITY = 4,
	HL_LANE_ROUTINE = 5,
	HL_LANE_BULK = 6,
};

struct hl_frame_node; /* a frame that waits in a lane, or that has arrived */

struct hl_frame_list {
	struct hl_frame_node *head, *tail;
};

/* Both directions of one link. All zeros is none; hl_records_clear ends it. */
struct hl_records {
	struct hl_session session;
	struct hl_frame_list out[HL_LANES + 1]; /* by lane; 0 is unused */
	size_t queued;                          /* bytes of frames not yet sealed */
	struct hl_buf part[HL_LANES + 1]; /* what has arrived of each lane's frame */
	struct hl_frame_list in;          /* whole frames, in order of arrival */
	enum hl_status failed;            /* what ended it, HL_OK while it works */
};

#define HL_CLEAN_RECORDS HL_CLEAN(hl_records_clear)

/* Begins; the session moves in and the caller's is left empty. */
HL_API void hl_records_init(struct hl_records *r, struct hl_session *session);

/* Frees everything, wiped. Takes NULL and an empty object. */
HL_API void hl_records_clear(struct hl_records *r);

/* Queues a frame (1 to HL_FRAME_MAX bytes) in a lane. On HL_OK the bytes have moved in and the
 * caller's buffer is empty. HL_ERR_USAGE for a wrong lane or size, HL_ERR_NOMEM; the failure that
 * ended the object. */
HL_MUST HL_API enum hl_status hl_records_queue(
	struct hl_records *r, unsigned lane, struct hl_buf *frame);

/* Bytes of frames that wait to be sealed. */
HL_API size_t hl_records_queued(const struct hl_records *r);

/* True if a record is worth sealing. */
HL_API bool hl_records_pending(const struct hl_records *r);

/* Seals the next record, filled from the lowest lane up and then with zeros; with nothing queued, a
 * record of padding alone. HL_ERR_USAGE when the nonces are used up, or what ended the object. */
HL_MUST HL_API enum hl_status hl_records_seal(
	struct hl_records *r, uint8_t ret[static HL_RECORD]);

/*
 * Opens the peer's next record; whole frames are then given by hl_records_next. Memory grows with
 * what arrives, at most HL_FRAME_MAX a lane and what one record can complete, so drain it each
 * time. HL_BAD_OPEN (not the next record of this session), HL_BAD_ENCODING (lane, chunk, padding),
 * HL_BAD_SIZE (frame too large), HL_ERR_NOMEM. Any failure ends the object: no frame is given any
 * more, and every later call returns that failure.
 */
HL_MUST HL_API enum hl_status hl_records_open(
	struct hl_records *r, const uint8_t record[static HL_RECORD]);

/* Moves the oldest whole frame into an empty buffer; false when there is none. */
HL_API bool hl_records_next(
	struct hl_records *r, unsigned *ret_lane, struct hl_buf *ret_frame);

#endif
