/* What comes to this lab by others, and what they sign of having carried for it. */
#include "node/engine/state.h"

#define OFFER_BATCH 64

/* Was that the newest statement of the peer's whose signature was verified? */
static bool is_checked(const struct peer *peer, struct hl_view statement)
{
	struct hl_id hash;

	hl_sha256(&statement, 1, &hash);
	return hl_id_eq(&hash, &peer->checked);
}

/* Only who has brought what is really of that lab carries for it, and is answered: nobody else has
 * a right to know how much there is between the two. */
static void note_brought(
	struct hl_engine *e, struct peer *peer, const struct link *link, bool answer)
{
	hl_carry_brought(e, peer, link);
	peer->carry.back_due = peer->carry.back_due || answer;
}

static enum hl_status take_segment(
	struct hl_engine *e, struct peer *peer, struct link *link, struct hl_view doc)
{
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};
	enum hl_status status = hl_segment_take(e, link, doc);

	if (status != HL_OK)
		return status;
	status = hl_segment_parse(doc, &segment);
	if (status == HL_OK && hl_id_eq(&segment.from, &peer->lab.id) &&
		is_checked(peer, segment.head))
		note_brought(e, peer, link, true);
	return hl_status_ours(status) ? status : HL_OK;
}

static enum hl_status take_letter(struct hl_engine *e, struct peer *peer,
	struct link *link, const struct hl_frame *frame)
{
	struct hl_frame letter = {.type = HL_FRAME_LETTER};
	bool held = false;

	letter.letter.from = frame->carry.from;
	letter.letter.doc = frame->carry.doc;
	enum hl_status status = hl_letter_from_link(e, link, &letter, &held);
	if (status == HL_OK && held)
		note_brought(e, peer, link, true);
	return status;
}

/* SPEC channel 5.4: a statement without a head is answered too, at most once in 5 seconds. */
static enum hl_status take_statement(
	struct hl_engine *e, struct peer *peer, struct link *link, struct hl_view doc)
{
	struct carry *c = &peer->carry;
	struct hl_statement s;

	hl_cost(e, link, HL_QUOTA_CHECKS, 1);
	enum hl_status status = hl_statement_take(e, peer, NULL, doc);
	if (status != HL_OK || !is_checked(peer, doc))
		return status;
	bool answer = hl_statement_parse(doc, &s) == HL_OK && !s.has_head &&
		(c->answered_at == 0 || e->now.boot - c->answered_at >= WANT_EVERY_MS);
	if (answer)
		c->answered_at = e->now.boot > 0 ? e->now.boot : 1;
	note_brought(e, peer, link, answer);
	return HL_OK;
}

/* SPEC channel 5.2: Each proves itself, and nothing is concluded from who brings it: a receiver
 * treats it as if the lab *from* had sent it */
enum hl_status hl_carry_take(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct peer *peer = hl_peer(e, &frame->carry.from);
	enum hl_status status = HL_OK;

	if (!hl_id_eq(&frame->carry.to, &e->own.id))
		return hl_carrier_take(e, link, frame);
	if (peer == NULL || hl_peer(e, &link->lab)->link != link) {
		hl_note(e, hl_peer(e, &link->lab), 5, "what it carried was not taken",
			"of no peer of this lab");
		return HL_OK;
	}
	switch (frame->carry.sort) {
	case HL_CARRIED_CARD:
		status = hl_take_doc(e, HL_DOC_CARD, frame->carry.doc, link, false);
		return hl_status_ours(status) ? status : HL_OK;
	case HL_CARRIED_ENVELOPE: return take_letter(e, peer, link, frame);
	case HL_CARRIED_SEGMENT: return take_segment(e, peer, link, frame->carry.doc);
	case HL_CARRIED_STATEMENT: return take_statement(e, peer, link, frame->carry.doc);
	}
	return HL_OK;
}

/* SPEC channel 5.4: The lab *to* answers a segment and a letter that was carried, and that is good,
 * whether it held it already or not, with its statement (2.1), carried back from where they came */
enum hl_status hl_carry_answer(struct hl_engine *e, struct peer *peer)
{
	struct link *link = hl_link(e, peer->carry.back);
	struct hl_frame frame = {.type = HL_FRAME_CARRY};
	struct hl_buf doc HL_CLEAN_BUF = {0};

	if (!peer->carry.back_due)
		return HL_OK;
	peer->carry.back_due = false;
	if (link == NULL || !hl_carry_can(e, link))
		return HL_OK;
	enum hl_status status = hl_channel_statement(e, peer, &doc);
	frame.carry.from = e->own.id;
	frame.carry.to = peer->lab.id;
	frame.carry.sort = HL_CARRIED_STATEMENT;
	frame.carry.doc = hl_view_buf(&doc);
	return status == HL_OK ? hl_send(e, link, &frame, 0) : status;
}

/* Does the offer name a head of ours? */
static enum hl_status check_ours(
	struct hl_engine *e, const struct hl_offer *offer, bool *ret)
{
	const struct hl_channel_key key = {offer->to, true, offer->head.epoch};
	struct hl_entry_row row;
	enum hl_status status = HL_UNKNOWN;

	if (key.epoch <= INT64_MAX && offer->head.number <= INT64_MAX)
		status = hl_store_entry_get(e->store, &key, offer->head.number, &row);
	*ret = status == HL_OK && hl_id_eq(&row.link, &offer->head.link);
	return status == HL_UNKNOWN ? HL_OK : status;
}

/* SPEC channel 5.6: The lab *from* keeps the first of each carrier: it proves that the lab *to* was
 * told, and is no receipt. */
static enum hl_status keep(
	struct hl_engine *e, const struct hl_offer *offer, struct hl_view doc)
{
	const struct hl_channel_key key = {offer->to, true, offer->head.epoch};
	struct hl_handed_row row[OFFER_BATCH];
	uint64_t number = 0;
	size_t n = 0;
	enum hl_status status = hl_store_handed_unoffered(
		e->store, &key, offer->head.number, &offer->by, row, OFFER_BATCH, &n);

	if (status == HL_OK && n > 0)
		status = hl_store_statement_put(e->store, &key, HL_STATEMENT_OFFER,
			offer->head.number, false, doc, &number);
	for (size_t i = 0; i < n && status == HL_OK; i++) {
		bool fresh;
		row[i].by = offer->by;
		row[i].since = e->now.wall;
		row[i].offer = number;
		status = hl_store_handed_put(e->store, &row[i], &fresh);
		if (status == HL_OK)
			status = hl_store_handed_offer(e->store, &row[i]);
		if (status == HL_OK)
			status = hl_feed(e, HL_FEED_CARRIED, &row[i].id, &offer->to, 1);
	}
	return status;
}

enum hl_status hl_offer_take(struct hl_engine *e, struct link *link, struct hl_view doc)
{
	struct hl_offer offer;
	bool ours = false;
	enum hl_status status = hl_offer_parse(doc, &offer);

	hl_cost(e, link, HL_QUOTA_CHECKS, 1);
	/* SPEC channel 5.6: where it is the carrier of the link that it came on who signed it */
	if (status == HL_OK && !hl_id_eq(&offer.from, &e->own.id)) {
		struct peer *peer = hl_peer(e, &link->lab);
		status = hl_id_eq(&offer.by, &link->lab)
			? hl_offer_check(&e->config.net, &peer->lab.card, &offer)
			: HL_BAD_FIELD;
		return status == HL_OK ? hl_carrier_offered(e, link, &offer, doc) : HL_OK;
	}
	struct lab *by = status == HL_OK ? hl_lab(e, &offer.by) : NULL;
	if (status == HL_OK && (by == NULL || by->card.version == 0))
		return HL_OK; /* of a second carrier, whom only the first one knows */
	if (status == HL_OK)
		status = hl_offer_check(&e->config.net, &by->card, &offer);
	if (status == HL_OK)
		status = check_ours(e, &offer, &ours);
	if (status == HL_OK && ours)
		status = keep(e, &offer, doc);
	if (status > 0)
		hl_note(e, hl_peer(e, &link->lab), 4, "an offer was not taken",
			hl_status_name(status));
	return hl_status_ours(status) ? status : HL_OK;
}
