/* Cards: the chain of every known lab, taken from anyone; the own new one goes to all. */
#include "node/engine/state.h"

#include <string.h>

/* SPEC identity 2.18: An Ed25519 key that stands in a held card of another lab makes a card
 * invalid. */
static enum hl_status check_disjoint(struct hl_engine *e, const struct hl_card *card)
{
	for (size_t i = 0; i <= e->n_peers; i++) {
		const struct lab *lab = i < e->n_peers ? &e->peers[i].lab : &e->own;
		bool dh = false;
		if (lab->card.version == 0 || hl_id_eq(&lab->id, &card->lab))
			continue;
		enum hl_status status = hl_card_disjoint(card, &lab->card, &dh);
		if (status != HL_OK)
			return status;
		if (dh)
			hl_alarm(e, &card->lab,
				"its card shares a key-agreement key with another lab");
	}
	return HL_OK;
}

/* A card of a version that is held: the same one, or evidence. */
static enum hl_status compare_held(
	struct hl_engine *e, struct hl_view doc, const struct hl_card *card)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0}, before HL_CLEAN_BUF = {0};
	struct hl_card held HL_CLEAN_CARD = {0}, prev HL_CLEAN_CARD = {0};
	enum hl_status status = hl_store_doc_get(
		e->store, HL_DOC_CARD, &card->lab, NULL, card->version, &bytes);

	if (status == HL_OK)
		status = hl_card_parse(&e->config.net, hl_view_buf(&bytes), &held);
	if (status != HL_OK)
		return status;
	if (hl_id_eq(&held.hash, &card->hash))
		return HL_OK;
	if (card->version > 1) {
		status = hl_store_doc_get(e->store, HL_DOC_CARD, &card->lab, NULL,
			card->version - 1, &before);
		if (status == HL_OK)
			status = hl_card_parse(
				&e->config.net, hl_view_buf(&before), &prev);
		if (status != HL_OK)
			return status;
	}
	status = hl_card_follows(&e->config.net, card->version > 1 ? &prev : NULL, card);
	if (status != HL_OK)
		return status;
	/* SPEC identity 2.17: the one held first stays in force, delivery goes on, both are kept,
	 * and an alarm is raised */
	struct hl_doc_row row = {.sort = HL_DOC_CARD,
		.lab = card->lab,
		.version = card->version,
		.hash = card->hash,
		.aside = true};
	status = hl_store_doc_put(e->store, &row, doc);
	hl_alarm(e, &card->lab, "two cards with one number were signed");
	return status == HL_OK ? HL_EQUIVOCATION : status;
}

/* Sealing keys of members who may not read any more fall away with the card that names them. */
static enum hl_status drop_seals(struct hl_engine *e, const struct hl_card *card)
{
	struct hl_doc_row row[32];
	uint64_t skip = 0;
	size_t got = 0;
	enum hl_status status;

	do {
		status = hl_store_doc_list(
			e->store, HL_DOC_SEALS, &card->lab, skip, row, 32, &got);
		for (size_t i = 0; i < got && status == HL_OK; i++) {
			const struct hl_member *member =
				hl_card_member(card, &row[i].key);
			if (member != NULL && (member->caps.bits & HL_CAP_READ) != 0)
				skip++;
			else
				status = hl_store_doc_drop(
					e->store, HL_DOC_SEALS, &card->lab, &row[i].key);
		}
	} while (status == HL_OK && got == 32);
	return status;
}

/* SPEC channel 1.5: A new card is entered in all of its lab's channels in one turn, before any
 * letter that is judged by it. */
static enum hl_status own_card_changed(struct hl_engine *e, struct hl_view doc)
{
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < e->n_peers && status == HL_OK; i++)
		if (e->peers[i].out.epoch != 0)
			status = hl_channel_enter(
				e, &e->peers[i], HL_SORT_CARD, &e->own.card.hash, 0);
	if (status == HL_OK)
		status = hl_news_push(e, HL_FRAME_CARD, doc);
	return status == HL_OK ? hl_device_recheck(e) : status;
}

static enum hl_status put_in_force(
	struct hl_engine *e, struct lab *lab, struct hl_view doc, struct hl_card *card)
{
	struct hl_doc_row row = {.sort = HL_DOC_CARD,
		.lab = card->lab,
		.version = card->version,
		.hash = card->hash};
	enum hl_status status = hl_store_doc_put(e->store, &row, doc);

	if (status != HL_OK)
		return status;
	hl_card_clear(&lab->card);
	lab->card = *card;
	memset(card, 0, sizeof(*card));
	lab->asked_card = 0;
	status = drop_seals(e, &lab->card);
	if (status == HL_OK)
		status = hl_lab_count(e, lab);
	if (status == HL_OK)
		status = hl_engine_load_known(e);
	if (status == HL_OK)
		status = hl_peer_recheck(e, lab);
	if (status == HL_OK && lab == &e->own)
		status = own_card_changed(e, doc);
	if (status == HL_OK)
		status = hl_feed(e, HL_FEED_DOCS, NULL, &lab->id, 0);
	hl_log(e, 6, "card %llu of lab %s is in force",
		(unsigned long long)lab->card.version, hl_short(&lab->id).text);
	return status == HL_OK ? hl_letter_retry(e, lab) : status;
}

/* The card of a lab that is not pinned yet: an admin brings it, so that devices can seal to it as
 * soon as it is. */
static enum hl_status take_unpinned(
	struct hl_engine *e, struct hl_view doc, const struct hl_card *card)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_card prev HL_CLEAN_CARD = {0};
	enum hl_status status =
		hl_store_doc_get(e->store, HL_DOC_CARD, &card->lab, NULL, 0, &bytes);

	if (status == HL_OK)
		status = hl_card_parse(&e->config.net, hl_view_buf(&bytes), &prev);
	else if (status == HL_UNKNOWN)
		status = HL_OK;
	if (status != HL_OK)
		return status;
	if (prev.version != 0 && card->version <= prev.version)
		return compare_held(e, doc, card);
	status = hl_card_follows(&e->config.net, prev.version > 0 ? &prev : NULL, card);
	if (status == HL_OK)
		status = check_disjoint(e, card);
	if (status != HL_OK)
		return status;
	struct hl_doc_row row = {.sort = HL_DOC_CARD,
		.lab = card->lab,
		.version = card->version,
		.hash = card->hash};
	status = hl_store_doc_put(e->store, &row, doc);
	return status == HL_OK ? hl_feed(e, HL_FEED_DOCS, NULL, &card->lab, 0) : status;
}

enum hl_status hl_take_card(
	struct hl_engine *e, struct hl_view doc, struct link *via, bool admin)
{
	struct hl_card card HL_CLEAN_CARD = {0};
	enum hl_status status = hl_card_parse(&e->config.net, doc, &card);

	if (status != HL_OK)
		return status;
	struct lab *lab = hl_lab(e, &card.lab);
	if (lab == NULL)
		return admin ? take_unpinned(e, doc, &card) : HL_NOT_PERMITTED;
	if (lab->card.version > 0 && card.version <= lab->card.version)
		return compare_held(e, doc, &card);
	status = hl_card_follows(
		&e->config.net, lab->card.version > 0 ? &lab->card : NULL, &card);
	/* SPEC identity 2.16: the missing ones are asked for */
	if (status == HL_NEED_CARD && via != NULL && via->purpose == HL_PURPOSE_PEER) {
		enum hl_status asked = hl_ask_cards(e, via, lab, card.version);
		return asked == HL_OK ? HL_NEED_CARD : asked;
	}
	if (status == HL_OK)
		status = check_disjoint(e, &card);
	return status == HL_OK ? put_in_force(e, lab, doc, &card) : status;
}
