/* What this node has for a lab that it cannot reach, handed to others (channel 5). */
#include "node/engine/state.h"

#include <string.h>

#define LINKLESS_MS  2000
#define OUT_MS       15000
#define OUT_FLASH_MS 5000
#define LOOK_MS      1000
#define AGAIN_MS     60000
#define BROUGHT_MS   3600000
#define UNHEARD_MS   60000
#define CARDS        4
#define BATCH        16
#define LETTERS_MAX  64 /* at one look, for one carrier and precedence */

void hl_carry_reset(struct peer *peer)
{
	struct carry *c = &peer->carry;

	memset(c->to, 0, sizeof(c->to));
	c->again_at = c->look_at = c->asked_at = 0;
	c->heard = false;
}

/* Since when has the oldest entry of some precedences been without a receipt? */
static enum hl_status watch(
	struct hl_engine *e, struct peer *peer, unsigned lowest, struct oldest *ret)
{
	const struct hl_channel_key key = {peer->lab.id, true, peer->out.epoch};
	struct hl_entry_row row;
	uint64_t number = 0;

	for (unsigned p = HL_FLASH; p >= lowest; p--) {
		size_t n = 0;
		enum hl_status status = hl_store_entry_open(
			e->store, &key, p, 1, peer->out.number, &row, 1, &n);
		if (status != HL_OK)
			return status;
		if (n == 1 && (number == 0 || row.entry.number < number))
			number = row.entry.number;
	}
	if (number != ret->number || key.epoch != ret->epoch)
		*ret = (struct oldest){key.epoch, number, e->now.boot};
	return HL_OK;
}

/* SPEC channel 5.1: when it has had no link to that lab for 2 seconds, or when an entry has stayed
 * without a receipt for 15 seconds (5 seconds for a letter of precedence FLASH) although there is
 * a link. */
static bool is_due(const struct hl_engine *e, const struct peer *peer,
	const struct oldest *oldest, uint64_t out)
{
	if (oldest->number == 0)
		return false;
	if (peer->link == NULL)
		return e->now.boot - peer->linkless_at >= LINKLESS_MS;
	return e->now.boot - oldest->since >= out;
}

static bool is_relay(const struct hl_engine *e, const struct hl_id *lab)
{
	for (size_t i = 0; i < e->directory.n_relays; i++)
		if (hl_id_eq(&e->directory.relays[i], lab))
			return true;
	return false;
}

void hl_carry_brought(struct hl_engine *e, struct peer *peer, const struct link *link)
{
	struct brought *list = peer->carry.brought, *slot = &list[0];

	for (size_t i = 0; i < BROUGHT_MAX; i++) {
		if (hl_id_eq(&list[i].by, &link->lab)) {
			slot = &list[i];
			break;
		}
		if (list[i].at < slot->at)
			slot = &list[i];
	}
	/* It may carry from now on, too. */
	for (size_t i = 0; i < CARRIERS_MAX && !hl_id_eq(&slot->by, &link->lab); i++)
		if (peer->carry.to[i].link == link->number)
			peer->carry.to[i].link = 0;
	slot->by = link->lab;
	slot->at = e->now.boot > 0 ? e->now.boot : 1;
	peer->carry.back = link->number;
}

static bool has_brought(
	const struct hl_engine *e, const struct peer *peer, const struct hl_id *lab)
{
	for (size_t i = 0; i < BROUGHT_MAX; i++) {
		const struct brought *b = &peer->carry.brought[i];
		if (b->at != 0 && hl_id_eq(&b->by, lab))
			return e->now.boot - b->at < BROUGHT_MS;
	}
	return false;
}

static bool is_addressed(const struct hl_core *core, const struct hl_id *lab)
{
	for (size_t i = 0; i < core->n_labs; i++)
		if (hl_id_eq(&core->labs[i], lab))
			return true;
	return false;
}

static enum hl_status hand_doc(struct hl_engine *e, struct peer *peer, struct link *link,
	enum hl_carried sort, struct hl_view doc, unsigned precedence)
{
	struct hl_frame frame = {.type = HL_FRAME_CARRY};

	frame.carry.from = e->own.id;
	frame.carry.to = peer->lab.id;
	frame.carry.sort = sort;
	frame.carry.doc = doc;
	return hl_send(e, link, &frame, precedence);
}

/* SPEC channel 5.3: A node that has not heard the lab *to* since it started (3.1) first hands over
 * a statement without a head. When the answer has come, or after 60 seconds, it opens a new epoch
 * before it signs a head for carriers.
 *
 * *ret_anew: it has. */
static enum hl_status ask_first(struct hl_engine *e, struct peer *peer, struct link *link,
	struct carrier *carrier, bool *ret_anew)
{
	struct carry *c = &peer->carry;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	enum hl_status status;

	if (c->asked_at == 0)
		c->asked_at = e->now.boot > 0 ? e->now.boot : 1;
	if (c->heard || e->now.boot - c->asked_at >= UNHEARD_MS) {
		*ret_anew = true;
		status = hl_regain_check(e, peer);
		if (status == HL_OK)
			status = hl_channel_succeed(e, peer, 0, false);
		peer->gate = true;
		c->again_at = e->now.boot + AGAIN_MS;
		c->look_at = e->now.boot + LOOK_MS;
		return status;
	}
	if (carrier->asked)
		return HL_OK;
	carrier->asked = true;
	status = hl_channel_statement(e, peer, &doc);
	return status == HL_OK
		? hand_doc(e, peer, link, HL_CARRIED_STATEMENT, hl_view_buf(&doc), 0)
		: status;
}

/* SPEC channel 5.2: the newest 4 cards of the lab *from* */
static enum hl_status hand_cards(
	struct hl_engine *e, struct peer *peer, struct link *link)
{
	uint64_t newest = e->own.card.version;
	enum hl_status status = HL_OK;

	for (uint64_t v = newest > CARDS ? newest - CARDS + 1 : 1;
		v <= newest && status == HL_OK; v++) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		status = hl_store_doc_get(
			e->store, HL_DOC_CARD, &e->own.id, NULL, v, &doc);
		if (status == HL_OK)
			status = hand_doc(
				e, peer, link, HL_CARRIED_CARD, hl_view_buf(&doc), 0);
	}
	return status == HL_UNKNOWN ? HL_OK : status;
}

/* The list before the letters that it names. */
static enum hl_status hand_list(struct hl_engine *e, struct peer *peer, struct link *link,
	struct carrier *carrier)
{
	enum hl_status status = HL_OK;

	if (carrier->segment_next == 0) {
		carrier->segment_next = peer->out.delivered + 1;
		status = hand_cards(e, peer, link);
	}
	while (status == HL_OK && carrier->segment_next <= peer->out.number) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		status = hl_channel_segment(e, peer, carrier->segment_next,
			(struct hl_view){0}, &doc, &carrier->segment_next);
		if (status == HL_OK)
			status = hand_doc(
				e, peer, link, HL_CARRIED_SEGMENT, hl_view_buf(&doc), 0);
	}
	return status;
}

static enum hl_status note_handed(struct hl_engine *e, struct peer *peer,
	const struct link *link, const struct hl_entry_row *row)
{
	const struct hl_handed_row handed = {.id = row->entry.id,
		.peer = peer->lab.id,
		.by = link->lab,
		.epoch = peer->out.epoch,
		.number = row->entry.number,
		.since = e->now.wall};
	bool fresh = false;
	enum hl_status status = hl_store_handed_put(e->store, &handed, &fresh);

	if (status == HL_OK && fresh)
		status = hl_feed(e, HL_FEED_CARRIED, &row->entry.id, &peer->lab.id, 0);
	return status;
}

/* *ret_anew: a new epoch was opened for it, and all begins again. */
static enum hl_status hand_letter(struct hl_engine *e, struct peer *peer,
	struct link *link, struct carrier *carrier, const struct hl_entry_row *row,
	bool *ret_anew)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	enum hl_status status = hl_store_letter_get(e->store, &row->entry.id, &envelope);

	if (status == HL_OK && !is_addressed(&envelope.core, &link->lab) &&
		!is_relay(e, &link->lab) && !has_brought(e, peer, &link->lab))
		return HL_OK;
	if (status == HL_OK)
		status = hl_envelope_for_lab(&envelope, &peer->lab.id, &doc);
	if (status != HL_OK) /* damaged, or without its slip: not to be had here */
		return hl_status_ours(status) ? status : HL_OK;
	if (!peer->gate)
		return ask_first(e, peer, link, carrier, ret_anew);
	status = hand_list(e, peer, link, carrier);
	if (status == HL_OK)
		status = hand_doc(e, peer, link, HL_CARRIED_ENVELOPE, hl_view_buf(&doc),
			envelope.core.precedence);
	return status == HL_OK ? note_handed(e, peer, link, row) : status;
}

static enum hl_status hand(struct hl_engine *e, struct peer *peer, struct link *link,
	struct carrier *carrier, unsigned lowest, bool *ret_anew)
{
	const struct hl_channel_key key = {peer->lab.id, true, peer->out.epoch};
	struct hl_entry_row row[BATCH];
	enum hl_status status = HL_OK;

	for (unsigned p = HL_FLASH; p >= lowest; p--) {
		size_t got = BATCH, sent = 0;
		while (got == BATCH && sent < LETTERS_MAX) {
			status = hl_store_entry_open(e->store, &key, p,
				carrier->cursor[p] + 1, peer->out.number, row, BATCH,
				&got);
			if (status != HL_OK)
				return status;
			for (size_t i = 0; i < got; i++, sent++) {
				if (!hl_link_room(link, p))
					return HL_OK; /* goes on a second later */
				status = hand_letter(
					e, peer, link, carrier, &row[i], ret_anew);
				if (status != HL_OK || *ret_anew ||
					(!peer->gate && carrier->asked))
					return status;
				carrier->cursor[p] = row[i].entry.number;
			}
		}
	}
	return HL_OK;
}

/* The place of a link among the carriers; NULL where there is none left. */
static struct carrier *place_of(
	struct hl_engine *e, struct peer *peer, const struct link *link)
{
	struct carrier *free = NULL;

	for (size_t i = 0; i < CARRIERS_MAX; i++) {
		struct carrier *c = &peer->carry.to[i];
		if (c->link == link->number)
			return c;
		if (free == NULL && (c->link == 0 || hl_link(e, c->link) == NULL))
			free = c;
	}
	if (free != NULL)
		*free = (struct carrier){.link = link->number};
	return free;
}

bool hl_carry_can(struct hl_engine *e, const struct link *link)
{
	const struct peer *other = hl_peer(e, &link->lab);

	return !link->dead && link->hello && link->purpose == HL_PURPOSE_PEER &&
		other != NULL && other->link == link;
}

static enum hl_status hand_all(struct hl_engine *e, struct peer *peer, unsigned lowest)
{
	enum hl_status status = HL_OK;
	bool anew = false;

	for (struct link *l = e->links; l != NULL && status == HL_OK && !anew;
		l = l->next) {
		struct carrier *carrier = NULL;
		if (hl_carry_can(e, l) && !hl_id_eq(&l->lab, &peer->lab.id))
			carrier = place_of(e, peer, l);
		if (carrier != NULL)
			status = hand(e, peer, l, carrier, lowest, &anew);
	}
	return status == HL_OK && anew ? hand_all(e, peer, lowest) : status;
}

enum hl_status hl_carry_timer(struct hl_engine *e, struct peer *peer)
{
	struct carry *c = &peer->carry;

	if (peer->out.epoch == 0 || peer->out.number <= peer->out.delivered ||
		e->now.boot < c->look_at)
		return HL_OK;
	c->look_at = e->now.boot + LOOK_MS;
	enum hl_status status = watch(e, peer, HL_FLASH, &c->flash);
	if (status == HL_OK)
		status = watch(e, peer, HL_ROUTINE, &c->any);
	if (status != HL_OK)
		return status;
	bool flash = is_due(e, peer, &c->flash, OUT_FLASH_MS);
	bool all = is_due(e, peer, &c->any, OUT_MS);
	if (!flash && !all)
		return HL_OK;
	/* Without having heard it since the start: only where there is nothing to be heard. */
	if (!peer->gate && peer->link != NULL)
		return HL_OK;
	if (e->now.boot >= c->again_at) {
		memset(c->to, 0, sizeof(c->to));
		c->again_at = e->now.boot + AGAIN_MS;
	}
	return hand_all(e, peer, all ? HL_ROUTINE : HL_FLASH);
}

uint64_t hl_carry_at(const struct hl_engine *e, const struct peer *peer)
{
	if (peer->out.epoch == 0 || peer->out.number <= peer->out.delivered)
		return UINT64_MAX;
	return peer->carry.look_at > e->now.boot ? peer->carry.look_at
						 : e->now.boot + LOOK_MS;
}

bool hl_carry_is_on(const struct peer *peer)
{
	for (size_t i = 0; i < CARRIERS_MAX; i++)
		if (peer->carry.to[i].segment_next != 0 &&
			peer->out.number > peer->out.delivered)
			return true;
	return false;
}
