/* What this node carries for other labs: kept, handed on, and signed as offered (channel 5.5). */
#include "node/engine/state.h"

#include <string.h>

#define WAYS_MAX  4
#define HAD_MS    3600000
#define STORED_MS (7ull * 24 * 3600 * 1000)

/* SPEC channel 5.5: A carrier checks that a document parses and belongs to both labs */
static enum hl_status check_letter(
	struct hl_engine *e, const struct hl_frame *frame, struct hl_carried_row *row)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	enum hl_status status =
		hl_envelope_parse(&e->config.net, frame->carry.doc, &envelope);

	if (status != HL_OK)
		return status;
	if (!hl_id_eq(&envelope.core.lab, &row->origin))
		return HL_BAD_FIELD;
	row->id = envelope.id;
	row->precedence = envelope.core.precedence;
	for (size_t i = 0; i < envelope.core.n_labs; i++)
		if (hl_id_eq(&envelope.core.labs[i], &row->dest))
			return envelope.slips[i].n > 0 ? HL_OK : HL_NOT_ADDRESSED;
	return HL_NOT_ADDRESSED;
}

/* SPEC channel 5.5: of a segment also that its entries lead to the head that it names */
static bool leads_to(struct hl_engine *e, const struct hl_segment *segment,
	const struct hl_statement *s)
{
	struct hl_id link;

	return s->has_head && segment->n_entries > 0 &&
		hl_id_eq(&s->from, &segment->from) && hl_id_eq(&s->to, &segment->to) &&
		s->head.epoch == segment->epoch && s->head.number >= segment->first &&
		hl_segment_link(&e->config.net, segment, s->head.number, &link) ==
		HL_OK &&
		hl_id_eq(&link, &s->head.link);
}

/* Two lists of one lab from one number on have the same. */
static void place(const struct hl_segment *segment, struct hl_id *ret)
{
	uint8_t bytes[16];
	const struct hl_view part = hl_view_of(bytes, sizeof(bytes));

	hl_put_be64(bytes, segment->epoch);
	hl_put_be64(bytes + 8, segment->first);
	hl_sha256(&part, 1, ret);
}

static enum hl_status check(
	struct hl_engine *e, const struct hl_frame *frame, struct hl_carried_row *row)
{
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};
	struct hl_card card HL_CLEAN_CARD = {0};
	struct hl_statement s;
	enum hl_status status = HL_BAD_FIELD;
	bool good = false;

	switch (row->sort) {
	case HL_CARRIED_CARD:
		status = hl_card_parse(&e->config.net, frame->carry.doc, &card);
		good = status == HL_OK && hl_id_eq(&card.lab, &row->origin);
		break;
	case HL_CARRIED_ENVELOPE: return check_letter(e, frame, row);
	case HL_CARRIED_SEGMENT:
		status = hl_segment_parse(frame->carry.doc, &segment);
		if (status == HL_OK)
			status = hl_statement_parse(segment.head, &s);
		good = status == HL_OK && hl_id_eq(&segment.from, &row->origin) &&
			hl_id_eq(&segment.to, &row->dest) && leads_to(e, &segment, &s);
		place(&segment, &row->id);
		break;
	case HL_CARRIED_STATEMENT:
		status = hl_statement_parse(frame->carry.doc, &s);
		good = status == HL_OK && hl_id_eq(&s.from, &row->origin) &&
			hl_id_eq(&s.to, &row->dest);
		break;
	}
	return status == HL_OK && !good ? HL_BAD_FIELD : status;
}

static enum hl_status send_on(struct hl_engine *e, struct link *link,
	const struct hl_carried_row *row, struct hl_view doc)
{
	struct hl_frame frame = {.type = HL_FRAME_CARRY};

	frame.carry.from = row->origin;
	frame.carry.to = row->dest;
	frame.carry.hops = row->hops + 1;
	frame.carry.sort = row->sort;
	frame.carry.doc = doc;
	return hl_send(e, link, &frame, row->precedence);
}

/* The link to a lab, where something can go there. */
static struct link *way_to(struct hl_engine *e, const struct hl_id *lab)
{
	struct peer *peer = hl_peer(e, lab);

	return peer != NULL && peer->link != NULL && hl_carry_can(e, peer->link)
		? peer->link
		: NULL;
}

/* Lists have the room of ROUTINE. */
static bool room(const struct link *link, unsigned precedence)
{
	return hl_link_room(link, precedence == 0 ? HL_ROUTINE : precedence);
}

/* To another carrier: never back, and never to whom it is from. */
static enum hl_status send_over(struct hl_engine *e, const struct hl_id *lab,
	const struct hl_carried_row *row, struct hl_view doc)
{
	struct link *link = way_to(e, lab);

	if (link == NULL || hl_id_eq(lab, &row->via) || hl_id_eq(lab, &row->origin) ||
		!room(link, row->precedence))
		return HL_OK; /* it comes again */
	return send_on(e, link, row, doc);
}

static bool is_among(const struct hl_id *lab, const struct hl_id *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hl_id_eq(&list[i], lab))
			return true;
	return false;
}

/* SPEC channel 5.5: Where it has no link with it, it hands what came from the lab *from* itself
 * (hops 0) also to the relays of its own directory; and whatever goes the other way round to those
 * peers, the newest 4, that brought it something from *to* to *from*. */
static enum hl_status hand_on(struct hl_engine *e, const struct hl_carried_row *row,
	struct hl_view doc, bool fresh)
{
	struct link *link = way_to(e, &row->dest);
	struct hl_id back[WAYS_MAX];
	size_t n = 0;

	if (link != NULL) {
		uint64_t *cursor = &link->carried[row->precedence];
		/* What was sent on this link comes to nothing only with the link. */
		if (fresh && *cursor >= row->number)
			*cursor = row->number - 1;
		link->carried_more = link->touched = true;
		return HL_OK;
	}
	if (row->hops + 1 >= HL_HOPS_MAX)
		return HL_OK;
	enum hl_status status = hl_store_carried_ways(
		e->store, &row->dest, &row->origin, back, WAYS_MAX, &n);
	for (size_t i = 0; i < n && status == HL_OK; i++)
		status = send_over(e, &back[i], row, doc);
	for (size_t i = 0; i < e->directory.n_relays && status == HL_OK; i++)
		if (!is_among(&e->directory.relays[i], back, n))
			status = send_over(e, &e->directory.relays[i], row, doc);
	return status;
}

static enum hl_status send_offer(struct hl_engine *e, struct link *link,
	const struct hl_carried_row *row, struct hl_view doc)
{
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};
	struct hl_offer offer = {
		.by = e->own.id, .from = row->origin, .to = row->dest, .time = row->had};
	struct hl_frame frame = {.type = HL_FRAME_OFFER};
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_statement s;
	enum hl_status status = hl_segment_parse(doc, &segment);

	if (status == HL_OK)
		status = hl_statement_parse(segment.head, &s);
	if (status != HL_OK) /* it was good when it was taken */
		return hl_status_ours(status) ? status : HL_OK;
	offer.head = s.head;
	status = hl_offer_sign(&e->config.net, &offer, e->config.sign, &bytes);
	frame.doc = hl_view_buf(&bytes);
	return status == HL_OK ? hl_send(e, link, &frame, 0) : status;
}

enum hl_status hl_carrier_take(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct peer *giver = hl_peer(e, &link->lab);
	struct hl_carried_row row = {.origin = frame->carry.from,
		.dest = frame->carry.to,
		.via = link->lab,
		.hops = frame->carry.hops,
		.sort = (enum hl_carried)frame->carry.sort,
		.stored = e->now.wall};

	/* SPEC channel 5.5: No document passes more than two carriers */
	if (frame->carry.sort > HL_CARRIED_STATEMENT || row.hops >= HL_HOPS_MAX ||
		hl_id_eq(&row.origin, &e->own.id) || hl_id_eq(&row.dest, &link->lab))
		return HL_OK;
	/* The reserve is for what is this lab's; it is handed over again. */
	if (hl_scarce(e))
		return HL_OK;
	enum hl_status status = check(e, frame, &row);
	if (status == HL_OK && hl_cost_carried(e, link, row.precedence >= HL_IMMEDIATE))
		status = HL_OVER_QUOTA;
	if (status == HL_OK)
		status = hl_store_carried_put(e->store, &row, frame->carry.doc);
	if (status == HL_DUPLICATE && row.had != 0) {
		if (row.sort == HL_CARRIED_SEGMENT)
			return send_offer(e, link, &row, frame->carry.doc);
		return HL_OK;
	}
	if (status == HL_OK)
		hl_cost(e, link, HL_QUOTA_GROWTH, frame->carry.doc.n);
	/* It goes on as it came now: by whom it came first may be a shorter way. */
	row.hops = frame->carry.hops;
	row.via = link->lab;
	if (status == HL_OK || status == HL_DUPLICATE)
		return hand_on(e, &row, frame->carry.doc, status == HL_OK);
	if (status > 0)
		hl_note(e, giver, 4, "what it gave to be carried was not taken",
			hl_status_name(status));
	return hl_status_ours(status) ? status : HL_OK;
}

/* All of one precedence that waits for a peer, as far as there is room. */
static enum hl_status pump(
	struct hl_engine *e, struct link *link, unsigned p, bool *ret_full)
{
	for (;;) {
		struct hl_carried_row row;
		struct hl_buf doc HL_CLEAN_BUF = {0};
		if (!room(link, p)) {
			*ret_full = true; /* goes on when it has drained */
			return HL_OK;
		}
		enum hl_status status = hl_store_carried_next(
			e->store, &link->lab, p, link->carried[p], &row, &doc);
		if (status == HL_OK)
			status = send_on(e, link, &row, hl_view_buf(&doc));
		if (status != HL_OK)
			return status == HL_UNKNOWN ? HL_OK : status;
		link->carried[p] = row.number;
	}
}

/* An alert does not wait for the list that names it. */
enum hl_status hl_carrier_pump(struct hl_engine *e, struct peer *peer)
{
	static const unsigned order[PRECEDENCES] = {
		HL_FLASH, HL_IMMEDIATE, 0, HL_PRIORITY, HL_ROUTINE};
	struct link *link = peer->link;
	enum hl_status status = HL_OK;
	bool full = false;

	if (link == NULL || !hl_carry_can(e, link) || !link->carried_more)
		return HL_OK;
	for (size_t i = 0; i < PRECEDENCES && status == HL_OK; i++)
		status = pump(e, link, order[i], &full);
	link->carried_more = full;
	return status;
}

/* A heartbeat goes out: once it is answered, what was sent before it is there. */
void hl_carrier_beat(struct link *link, uint64_t pulse)
{
	bool more = false;

	if (link->carried_pulse != 0)
		return;
	for (size_t p = 0; p < PRECEDENCES; p++) {
		/* It overtakes what still waits. */
		if (link->queued == 0)
			link->carried_sent[p] = link->carried[p];
		more = more || link->carried_sent[p] > link->carried_had[p];
	}
	if (more)
		link->carried_pulse = pulse;
}

/* SPEC channel 5.6: A link proves that a document was handed over when the lab *to* has answered a
 * pulse that was sent after it (link 4.3). */
static enum hl_status had(
	struct hl_engine *e, struct link *link, unsigned p, uint64_t last)
{
	struct hl_carried_row row = {0};
	enum hl_status status = HL_OK;

	while (p == 0 && status == HL_OK) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		status = hl_store_carried_next(
			e->store, &link->lab, p, row.number, &row, &doc);
		if (status != HL_OK || row.number > last)
			break;
		struct link *back = way_to(e, &row.via);
		row.had = e->now.wall;
		if (row.sort == HL_CARRIED_SEGMENT && back != NULL)
			status = send_offer(e, back, &row, hl_view_buf(&doc));
	}
	if (hl_status_ours(status))
		return status;
	return hl_store_carried_had(e->store, &link->lab, p, last, e->now.wall);
}

enum hl_status hl_carrier_answered(struct hl_engine *e, struct link *link, uint64_t pulse)
{
	enum hl_status status = HL_OK;

	if (link->carried_pulse == 0 || pulse < link->carried_pulse)
		return HL_OK;
	link->carried_pulse = 0;
	for (unsigned p = 0; p < PRECEDENCES && status == HL_OK; p++) {
		if (link->carried_sent[p] <= link->carried_had[p])
			continue;
		link->carried_had[p] = link->carried_sent[p];
		status = had(e, link, p, link->carried_sent[p]);
	}
	return status;
}

/* An offer of a second carrier goes on to whom the first one has the list from. */
enum hl_status hl_carrier_offered(struct hl_engine *e, struct link *link,
	const struct hl_offer *offer, struct hl_view doc)
{
	const struct hl_frame frame = {.type = HL_FRAME_OFFER, .doc = doc};
	struct hl_id via[WAYS_MAX];
	size_t n = 0;
	enum hl_status status = hl_store_carried_ways(
		e->store, &offer->from, &offer->to, via, WAYS_MAX, &n);

	for (size_t i = 0; i < n && status == HL_OK; i++) {
		struct link *back = way_to(e, &via[i]);
		if (back != NULL && back != link)
			status = hl_send(e, back, &frame, 0);
	}
	return status;
}

enum hl_status hl_carrier_serve(
	struct hl_engine *e, struct link *link, const struct hl_id *id, bool *ret_found)
{
	struct hl_frame frame = {.type = HL_FRAME_LETTER};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_carried_row row;
	enum hl_status status =
		hl_store_carried_letter(e->store, &link->lab, id, &row, &doc);

	*ret_found = status == HL_OK;
	if (status != HL_OK)
		return status == HL_UNKNOWN ? HL_OK : status;
	if (!hl_link_room(link, row.precedence))
		return HL_OK; /* it asks again */
	frame.letter.from = row.origin;
	frame.letter.doc = hl_view_buf(&doc);
	return hl_send(e, link, &frame, row.precedence);
}

enum hl_status hl_carrier_trim(struct hl_engine *e)
{
	uint64_t now = e->now.wall;

	return now > STORED_MS
		? hl_store_carried_trim(e->store, now - HAD_MS, now - STORED_MS)
		: HL_OK;
}
