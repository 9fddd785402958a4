/* Letters: judged, stored, entered, refused. */
#include "node/engine/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS 3600000

/* What a judge asks about suspensions while it looks at one letter. */
struct asked {
	struct hl_engine *e;
	const struct hl_id *lab;
	const struct hl_entry_row *entry; /* NULL: not entered */
	enum hl_status status;
};

/* SPEC identity 4.3: takes in no letter that a suspended key has signed, but for letters that stood
 * in the channel before the suspension was held */
static bool is_suspended(void *ctx, const struct hl_id *kid)
{
	struct asked *asked = ctx;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_suspension s;
	struct hl_doc_row row;
	size_t n = 0;
	uint64_t skip = 0;
	enum hl_status status = hl_store_doc_get(
		asked->e->store, HL_DOC_SUSPENSION, asked->lab, kid, 0, &doc);

	if (status == HL_UNKNOWN)
		return false;
	if (status == HL_OK)
		status =
			hl_suspension_parse(&asked->e->config.net, hl_view_buf(&doc), &s);
	/* Its version is the first number of the channel that came later. */
	do {
		if (status == HL_OK)
			status = hl_store_doc_list(asked->e->store, HL_DOC_SUSPENSION,
				asked->lab, skip++, &row, 1, &n);
	} while (status == HL_OK && n == 1 && !hl_id_eq(&row.key, kid));
	if (status != HL_OK) {
		asked->status = status;
		return true;
	}
	return n == 0 || asked->entry == NULL ||
		asked->entry->entry.number >= row.version ||
		asked->entry->entry.time > s.issued;
}

/* SPEC envelope 3.2: the newest card of the origin that was entered in the channel before the
 * letter (channel 2.6), or the newest card held where the letter has no entry yet */
static enum hl_status card_at(struct hl_engine *e, struct peer *peer,
	const struct hl_entry_row *entry, struct hl_card *held,
	const struct hl_card **ret)
{
	struct hl_channel_key key = {peer->lab.id, false, 0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_id hash;

	*ret = peer->lab.card.version > 0 ? &peer->lab.card : NULL;
	if (entry == NULL || *ret == NULL)
		return HL_OK;
	key.epoch = entry->epoch;
	enum hl_status status =
		hl_store_entry_card(e->store, &key, entry->entry.number, &hash);
	if (status == HL_UNKNOWN || (status == HL_OK && hl_id_eq(&hash, &(*ret)->hash)))
		return HL_OK;
	if (status == HL_OK)
		status = hl_store_doc_by_hash(e->store, HL_DOC_CARD, &hash, &doc);
	if (status == HL_UNKNOWN)
		return HL_NEED_CARD;
	if (status == HL_OK)
		status = hl_card_parse(&e->config.net, hl_view_buf(&doc), held);
	if (status != HL_OK) /* it was good when it was stored */
		return status > 0 ? HL_ERR_STORE : status;
	*ret = hl_id_eq(&held->lab, &peer->lab.id) ? held : *ret;
	return HL_OK;
}

/* *ret_of_copy (envelope 3.7): what is wrong is wrong with this copy alone. */
static enum hl_status judge(struct hl_engine *e, const struct hl_envelope *envelope,
	const struct hl_card *card, uint64_t newest, const struct hl_entry_row *entry,
	const struct hl_id *own, bool *ret_of_copy)
{
	const struct hl_core *core = &envelope->core;
	struct asked asked = {e, &core->lab, entry, HL_OK};
	struct hl_judge j = {.net = &e->config.net,
		.card = card,
		.newest_version = newest,
		.own_lab = own,
		.suspended = is_suspended,
		.ctx = &asked};

	if (core->class == HL_CLASS_CLOSE && core->has_incident) {
		struct hl_letter_row raise;
		enum hl_status status =
			hl_store_letter_row(e->store, &core->incident, &raise);
		if (hl_status_ours(status))
			return status;
		j.raised_with_flash = status == HL_OK && raise.precedence == HL_FLASH;
	}
	enum hl_status status = hl_envelope_judge(envelope, &j);
	*ret_of_copy = hl_envelope_fault_of_copy(envelope, &j, status);
	return asked.status != HL_OK ? asked.status : status;
}

enum hl_status hl_letter_judge(struct hl_engine *e, const struct hl_envelope *envelope,
	const struct hl_card *card, const struct hl_id *own, bool *ret_of_copy)
{
	return judge(e, envelope, card, card != NULL ? card->version : 0, NULL, own,
		ret_of_copy);
}

static enum hl_status store_letter(struct hl_engine *e,
	const struct hl_envelope *envelope, const struct hl_card *card, struct link *via)
{
	const struct hl_core *core = &envelope->core;
	const struct hl_letter_row row = {.id = envelope->id,
		.origin = core->lab,
		.sender = core->sender,
		.incident = hl_envelope_incident(envelope),
		.class = core->class,
		.precedence = core->precedence,
		.status = core->status,
		.stored = e->now.wall};
	enum hl_status status =
		hl_store_letter_put(e->store, &row, hl_view_buf(&envelope->doc));

	/* SPEC message 4.4: A machine test rings nobody, its answer stops no ringing */
	if (status == HL_OK && hl_envelope_by_node(envelope, card))
		return hl_drill_letter(e, envelope, via);
	if (status == HL_OK)
		status = hl_feed(
			e, HL_FEED_LETTER, &row.id, &row.origin, (uint64_t)row.class);
	return status == HL_OK ? hl_call_letter(e, envelope, card) : status;
}

/* The entry of the channel's newest epoch, if the letter stands there. */
static enum hl_status find_entry(struct hl_engine *e, struct peer *peer,
	const struct hl_id *id, struct hl_entry_row *row, bool *ret)
{
	size_t n = 0;
	enum hl_status status =
		hl_store_entry_find(e->store, false, &peer->lab.id, id, row, 1, &n);

	*ret = status == HL_OK && n == 1 && row->entry.sort == HL_SORT_LETTER;
	return status;
}

static enum hl_status mark(struct hl_engine *e, struct peer *peer,
	const struct hl_entry_row *row, enum hl_status code)
{
	const struct hl_channel_key key = {peer->lab.id, false, row->epoch};

	if (!row->open || (code != HL_OK && !hl_refusal_room(e, peer)))
		return HL_OK;
	peer->refused += code != HL_OK;
	enum hl_status status = hl_store_entry_settle(e->store, &key, &row->entry.id,
		code == HL_OK ? HL_DELIVERED : HL_REFUSED, code);
	if (status == HL_OK)
		hl_receipt_grew(e, peer);
	return status;
}

/* Who may take one of the places of a lab whose newer card is awaited: a letter by a key that is
 * known already, one that stands in the lab's channel, or one that the lab itself or an own person
 * brings. */
static enum hl_status check_waiting(struct hl_engine *e, struct peer *peer,
	const struct hl_envelope *envelope, const struct link *via, bool entered)
{
	const struct hl_core *core = &envelope->core;
	const struct hl_member *member = peer->lab.card.version > 0
		? hl_card_member(&peer->lab.card, &core->sender)
		: NULL;

	if (member == NULL) {
		bool trusted = entered || via == NULL ||
			via->purpose == HL_PURPOSE_DEVICE ||
			hl_id_eq(&via->lab, &core->lab);
		return trusted ? HL_OK : HL_NOT_MEMBER;
	}
	for (size_t i = 0; i < envelope->n_sigs; i++)
		if (hl_id_eq(&envelope->sigs[i].kid, &core->sender))
			return hl_verify("env", &e->config.net, envelope->signed_bytes,
				member->sign, envelope->sigs[i].sig);
	return HL_BAD_SIGNATURE;
}

static bool core_alerts(const struct hl_core *core)
{
	return core->precedence >= HL_IMMEDIATE;
}

static enum hl_status defer(struct hl_engine *e, struct peer *peer,
	const struct hl_envelope *envelope, struct link *via, bool entered)
{
	const struct hl_core *core = &envelope->core;
	bool addressed = false;

	for (size_t i = 0; i < core->n_labs; i++)
		if (hl_id_eq(&core->labs[i], &e->own.id))
			addressed = envelope->slips[i].n > 0;
	if (!addressed)
		return HL_NOT_ADDRESSED;
	enum hl_status status = check_waiting(e, peer, envelope, via, entered);
	if (status != HL_OK)
		return status;
	/* Its place may be another's soon, but devices are told of it for ever. */
	if (hl_cost_full(e, via, core_alerts(core)))
		return HL_OVER_QUOTA;
	hl_cost(e, via, HL_QUOTA_GROWTH, envelope->doc.n);
	status = hl_store_waiting_put(e->store, &envelope->id, &core->lab, e->now.wall,
		hl_view_buf(&envelope->doc));
	if (status == HL_OK)
		status = hl_feed(e, HL_FEED_LETTER, &envelope->id, &core->lab,
			(uint64_t)core->class);
	if (hl_status_ours(status))
		return status;
	if (via != NULL && via->purpose == HL_PURPOSE_PEER) {
		uint64_t version = peer->lab.card.version + 1;
		if (core->card_version > version)
			version = core->card_version;
		status = hl_ask_cards(e, via, &peer->lab, version);
	}
	return hl_status_ours(status) ? status : HL_NEED_CARD;
}

enum hl_status hl_letter_take(struct hl_engine *e, struct hl_envelope *envelope,
	struct link *via, uint64_t *ret_time)
{
	struct peer *peer = hl_peer(e, &envelope->core.lab);
	struct hl_entry_row entry = {0};
	struct hl_letter_row held;
	struct hl_card old HL_CLEAN_CARD = {0};
	const struct hl_card *card = NULL;
	bool entered = false, of_copy = false, rotten = false;

	if (peer == NULL)
		return HL_UNKNOWN;
	enum hl_status status = find_entry(e, peer, &envelope->id, &entry, &entered);
	if (status != HL_OK)
		return status;
	status = hl_store_letter_row(e->store, &envelope->id, &held);
	if (status == HL_OK && hl_rot_is(e, &envelope->id)) {
		rotten = true;
		status = HL_UNKNOWN;
	}
	if (status == HL_OK) {
		/* SPEC envelope 3.9: a second copy is answered as the first */
		*ret_time = held.stored;
		peer->receipt_due = true;
		return entered ? mark(e, peer, &entry, HL_OK) : HL_OK;
	}
	if (status == HL_UNKNOWN && !rotten && hl_scarce_refuses(e, envelope->core.class))
		return HL_TROUBLE; /* the same: it stays missing */
	if (status == HL_UNKNOWN)
		status = card_at(e, peer, entered ? &entry : NULL, &old, &card);
	if (status == HL_OK)
		status = judge(e, envelope, card, peer->lab.card.version,
			entered ? &entry : NULL, &e->own.id, &of_copy);
	if (rotten && status == HL_OK) {
		*ret_time = held.stored;
		status = hl_rot_heal(e, envelope);
	}
	if (rotten || hl_status_ours(status))
		return status;
	if (status == HL_NEED_CARD)
		return defer(e, peer, envelope, via, entered);
	if (status != HL_OK) {
		/* SPEC envelope 3.7: A letter that fails by what is signed is refused with the code
		 * (channel 3.4). */
		enum hl_status marked = HL_OK;
		if (entered && !of_copy)
			marked = mark(e, peer, &entry, status);
		return marked == HL_OK ? status : marked;
	}
	if (hl_cost_full(e, via, core_alerts(&envelope->core)))
		return HL_OVER_QUOTA; /* it stays missing, and is asked for again */
	status = store_letter(e, envelope, card, via);
	if (status == HL_OK)
		hl_cost(e, via, HL_QUOTA_GROWTH, envelope->doc.n);
	if (status == HL_OK && entered)
		status = mark(e, peer, &entry, HL_OK);
	if (status == HL_OK)
		*ret_time = e->now.wall;
	return status;
}

/* Only the origin itself can have its letter refused for bytes that nobody can read. */
static enum hl_status refuse_unread(struct hl_engine *e, struct link *link,
	const struct hl_frame *frame, enum hl_status code)
{
	struct peer *peer = hl_peer(e, &link->lab);
	struct hl_entry_row entry;
	struct hl_id id;
	bool entered = false;

	if (!hl_id_eq(&frame->letter.from, &link->lab))
		return HL_OK;
	/* SPEC envelope 3.7: A letter that fails by what is signed is refused with the code */
	enum hl_status status = hl_envelope_blame(&e->config.net, frame->letter.doc, &id);
	if (status != HL_OK)
		return hl_status_ours(status) ? status : HL_OK;
	status = find_entry(e, peer, &id, &entry, &entered);
	if (status == HL_OK && entered)
		status = mark(e, peer, &entry, code);
	return status;
}

enum hl_status hl_letter_from_link(struct hl_engine *e, struct link *link,
	const struct hl_frame *frame, bool *ret_held)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	uint64_t time;
	enum hl_status status =
		hl_envelope_parse(&e->config.net, frame->letter.doc, &envelope);

	hl_cost(e, link, HL_QUOTA_LETTERS, 1);
	hl_cost(e, link, HL_QUOTA_CHECKS, status == HL_OK ? envelope.n_sigs : 1);
	if (status > 0) {
		enum hl_status refused = refuse_unread(e, link, frame, status);
		if (refused != HL_OK)
			return refused;
	}
	if (status == HL_OK && !hl_id_eq(&envelope.core.lab, &frame->letter.from))
		status = HL_BAD_FIELD;
	if (status == HL_OK)
		status = hl_id_eq(&envelope.core.lab, &e->own.id)
			? hl_regain_letter(e, &envelope, link)
			: hl_letter_take(e, &envelope, link, &time);
	*ret_held = status == HL_OK;
	if (status > 0)
		hl_note(e, hl_peer(e, &link->lab), 4, "a letter was not taken",
			hl_status_name(status));
	return hl_status_ours(status) ? status : HL_OK;
}

/* SPEC envelope 3.4: The node of the sender's own lab also enforces the labs and the rate of the
 * capability, for calls. */
static enum hl_status check_caps(struct hl_engine *e, const struct hl_envelope *envelope,
	char ret_text[static 256])
{
	const struct hl_core *core = &envelope->core;
	const struct hl_member *member = hl_card_member(&e->own.card, &core->sender);
	uint64_t n = 0;

	if (core->class != HL_CLASS_CALL || member == NULL)
		return HL_OK;
	for (size_t i = 0; i < core->n_labs; i++)
		if (!hl_id_eq(&core->labs[i], &e->own.id) &&
			!hl_caps_lab(&member->caps, &core->labs[i])) {
			snprintf(ret_text, 256, "this device may not call lab %s",
				hl_short(&core->labs[i]).text);
			return HL_NOT_PERMITTED;
		}
	if (member->caps.rate == 0)
		return HL_OK;
	uint64_t since = e->now.wall > HOUR_MS ? e->now.wall - HOUR_MS : 0;
	enum hl_status status = hl_store_letter_calls(e->store, &core->sender, since, &n);
	if (status == HL_OK && n >= member->caps.rate) {
		snprintf(ret_text, 256,
			"this device may make %llu calls an hour and has made them",
			(unsigned long long)member->caps.rate);
		return HL_OVER_QUOTA;
	}
	return status;
}

/* Every addressed lab is a peer, and its slip is here. */
static enum hl_status check_labs(struct hl_engine *e, const struct hl_envelope *envelope,
	char ret_text[static 256])
{
	const struct hl_core *core = &envelope->core;

	for (size_t i = 0; i < core->n_labs; i++) {
		const struct hl_id *lab = &core->labs[i];
		if (!hl_id_eq(lab, &e->own.id) && hl_peer(e, lab) == NULL) {
			snprintf(ret_text, 256, "lab %s is no peer of this node",
				hl_short(lab).text);
			return HL_UNKNOWN;
		}
		if (envelope->slips[i].n == 0) {
			snprintf(ret_text, 256, "the slip of lab %s is missing",
				hl_short(lab).text);
			return HL_NOT_ADDRESSED;
		}
	}
	return HL_OK;
}

enum hl_status hl_letter_keep(struct hl_engine *e, const struct hl_envelope *envelope)
{
	const struct hl_core *core = &envelope->core;
	enum hl_status status = store_letter(e, envelope, &e->own.card, NULL);

	for (size_t i = 0; i < core->n_labs && status == HL_OK; i++) {
		struct peer *peer = hl_peer(e, &core->labs[i]);
		struct hl_entry_row row;
		size_t n = 0;
		if (peer == NULL) /* the own lab, or one that is pinned no more */
			continue;
		status = hl_store_entry_find(
			e->store, true, &peer->lab.id, &envelope->id, &row, 1, &n);
		if (status == HL_OK && n == 0)
			status = hl_channel_enter(
				e, peer, HL_SORT_LETTER, &envelope->id, core->precedence);
	}
	return status;
}

void hl_letter_resend(struct hl_engine *e, const struct hl_envelope *envelope)
{
	for (size_t i = 0; i < envelope->core.n_labs; i++) {
		struct peer *peer = hl_peer(e, &envelope->core.labs[i]);
		if (peer != NULL && peer->link != NULL)
			for (unsigned p = 0; p < PRECEDENCES; p++)
				peer->link->cursor[p] = 1;
	}
}

/* What a device has signed takes the place of a copy that is damaged. */
static enum hl_status hand_in_again(
	struct hl_engine *e, const struct hl_envelope *envelope)
{
	bool of_copy, whole = true;
	enum hl_status status = hl_rot_found(e, &envelope->id);

	for (size_t i = 0; i < envelope->core.n_labs; i++)
		whole = whole && envelope->slips[i].n > 0;
	if (status == HL_OK && whole)
		status = hl_letter_judge(e, envelope, &e->own.card, NULL, &of_copy);
	if (status == HL_OK && whole)
		status = hl_rot_heal(e, envelope);
	return hl_status_ours(status) ? status : HL_OK;
}

/* SPEC channel 3.9: A slip that is missing comes with the device that hands the letter in again. */
enum hl_status hl_letter_complete(struct hl_engine *e, const struct hl_envelope *envelope)
{
	struct hl_envelope held HL_CLEAN_ENVELOPE = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	bool more = false, of_copy;
	enum hl_status status = hl_store_letter_get(e->store, &envelope->id, &held);

	if (status == HL_BAD_HASH)
		return hand_in_again(e, envelope);
	if (status != HL_OK)
		return status;
	for (size_t i = 0; i < held.core.n_labs; i++)
		more = more || (held.slips[i].n == 0 && envelope->slips[i].n > 0);
	if (!more || hl_letter_judge(e, envelope, &e->own.card, NULL, &of_copy) != HL_OK)
		return HL_OK;
	status = hl_envelope_merge(&held, envelope, &doc);
	if (status == HL_OK)
		status = hl_store_letter_replace(
			e->store, &envelope->id, hl_view_buf(&doc));
	if (status == HL_OK)
		hl_letter_resend(e, envelope);
	return status > 0 ? HL_OK : status;
}

enum hl_status hl_letter_submit(struct hl_engine *e, struct hl_envelope *envelope,
	uint64_t *ret_time, char ret_text[static 256])
{
	const struct hl_card *card = e->own.card.version > 0 ? &e->own.card : NULL;
	struct hl_letter_row held;
	bool of_copy;
	enum hl_status status = hl_store_letter_row(e->store, &envelope->id, &held);

	if (status == HL_OK) {
		*ret_time = held.stored;
		return hl_letter_complete(e, envelope);
	}
	if (status != HL_UNKNOWN)
		return status;
	if (hl_scarce_refuses(e, envelope->core.class)) {
		snprintf(ret_text, 256,
			"the node's disk is full: make room, then try again%s",
			hl_store_spent(e->store) ? "" : " (answers are still taken)");
		return HL_TROUBLE;
	}
	status = hl_letter_judge(e, envelope, card, &e->own.id, &of_copy);
	if (status == HL_OK)
		status = check_labs(e, envelope, ret_text);
	if (status == HL_OK)
		status = check_caps(e, envelope, ret_text);
	if (status == HL_OK)
		status = hl_letter_keep(e, envelope);
	if (status == HL_OK)
		*ret_time = e->now.wall;
	return status;
}

enum hl_status hl_letter_retry(struct hl_engine *e, struct lab *lab)
{
	uint64_t number = 0, stored, time;
	enum hl_status status = HL_OK;

	while (status == HL_OK) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
		struct hl_id id;
		status = hl_store_waiting_next(
			e->store, &lab->id, number, &number, &id, &stored, &doc);
		if (status != HL_OK)
			break;
		status = hl_envelope_parse(&e->config.net, hl_view_buf(&doc), &envelope);
		if (status == HL_OK)
			status = hl_letter_take(e, &envelope, NULL, &time);
		if (hl_status_ours(status))
			return status;
		if (status == HL_NEED_CARD || status == HL_TROUBLE) {
			status = HL_OK;
			continue;
		}
		status = hl_store_waiting_drop(e->store, number);
	}
	return status == HL_UNKNOWN ? HL_OK : status;
}
