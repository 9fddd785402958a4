/*
 * What is proven of a letter: segments asked of the own node (link 5.8) or got by hand, verified
 * here by the cards that are held (channel 4.2 to 4.4), and kept.
 */
#ifndef HL_CLIENT_PROOF_H
#define HL_CLIENT_PROOF_H

#include "client/letters.h"
#include "client/outbox.h"
#include "client/session.h"

/* One letter towards one lab: a lab that it is for, or (for a letter from elsewhere) its origin. */
struct hl_proof {
	struct hl_id lab;
	enum hl_proof_state state;
	enum hl_status code; /* of HL_REFUSED */
	uint64_t since;      /* the time of notice; of the entry, where only entered */
	bool verified;       /* here; else it is what the node says */
};

/* Asks the node for all proofs of a letter that is held, and keeps what verifies. */
HL_MUST enum hl_exit hl_proof_ask(
	struct hl_app *app, struct hl_line *line, const struct hl_id *id);

/* The same for one that has just been sent: keeps what is final (delivered, refused), and who
 * carries it, and in that commit writes down that it is at the node. *ret_kept: it did. */
HL_MUST enum hl_exit hl_proof_ask_final(struct hl_app *app, struct hl_line *line,
	const struct hl_outgoing *row, bool *ret_kept);

/* What is kept of a letter, sorted by lab. */
HL_MUST enum hl_exit hl_proof_list(struct hl_app *app, const struct hl_id *id,
	struct hl_proof ret[static HL_LABS_MAX], size_t *ret_n);
/* Of one lab. False: nothing is kept. */
bool hl_proof_of(struct hl_app *app, const struct hl_id *id, const struct hl_id *lab,
	struct hl_proof *ret);

/* Takes in a segment that came by hand: whatever it proves of letters that are held. *ret_n counts
 * them. HL_EXIT_OK also where it proves nothing. */
HL_MUST enum hl_exit hl_proof_take(
	struct hl_app *app, struct hl_view segment, size_t *ret_n);

/* The entry that a kept segment proves, and the segment parsed from the bytes put into doc. False:
 * none is kept, or it verifies no more. */
bool hl_proof_segment(struct hl_app *app, const struct hl_id *id, const struct hl_id *lab,
	struct hl_buf *ret_doc, struct hl_entry *ret_entry);

#endif
