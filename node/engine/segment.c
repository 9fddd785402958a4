/* The incoming direction: entries of a peer's channel, and what is missing of it. */
#include "node/engine/state.h"

#include <stdio.h>
#include <string.h>

#define ASK_MAX_MS  300000
#define ENTRY_BYTES 256 /* of one entry in the store, with its indexes */

static struct hl_channel_key key_of(const struct hl_channel_row *row)
{
	return (struct hl_channel_key){row->peer, row->outgoing, row->epoch};
}

enum hl_status hl_ask_entries(
	struct hl_engine *e, struct peer *peer, uint64_t epoch, uint64_t first)
{
	struct hl_frame frame = {.type = HL_FRAME_WANT_ENTRIES};

	if (peer->link == NULL)
		return HL_OK;
	if (peer->asked_entries == first &&
		e->now.boot - peer->asked_entries_at < WANT_EVERY_MS)
		return HL_OK;
	peer->asked_entries = first;
	peer->asked_entries_at = e->now.boot;
	frame.entries.from = peer->lab.id;
	frame.entries.epoch = epoch;
	frame.entries.first = first;
	return hl_send(e, peer->link, &frame, 0);
}

/* SPEC channel 3.8: A gap that stays for 60 seconds, counted anew when a link comes up, raises an
 * alarm, once, and its end is told. */
static enum hl_status watch_gap(
	struct hl_engine *e, struct peer *peer, uint64_t missing, uint64_t lowest)
{
	static const char text[] =
		"letters are missing for a minute: its list names them, and they do not come";

	if (missing == 0) {
		bool told = peer->gap_told;
		peer->gap_since = 0;
		peer->gap_told = false;
		if (!told)
			return HL_OK;
		hl_alarm_over(e, &peer->lab.id, text);
		return hl_hook_gap(e, &peer->lab.id, 0);
	}
	/* Where letters come all the time something is always on its way: a gap is what was missing
	 * then and is missing still. */
	if (peer->gap_since == 0 || lowest > peer->gap_last ||
		(peer->link != NULL && peer->gap_since < peer->link->up_at)) {
		peer->gap_since = e->now.boot > 0 ? e->now.boot : 1;
		peer->gap_last = peer->in.head_number > peer->in.number
			? peer->in.head_number
			: peer->in.number;
	}
	if (peer->gap_told || e->now.boot - peer->gap_since < GAP_MS)
		return HL_OK;
	peer->gap_told = true;
	hl_alarm(e, &peer->lab.id, text);
	return hl_hook_gap(e, &peer->lab.id, missing);
}

/* Others may carry what is missing. */
static enum hl_status ask_others(
	struct hl_engine *e, struct peer *peer, const struct hl_frame *frame)
{
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < e->n_peers && status == HL_OK; i++) {
		struct peer *other = &e->peers[i];
		if (other != peer && other->link != NULL && other->link->said)
			status = hl_send(e, other->link, frame, 0);
	}
	return status;
}

/* SPEC channel 3.8: A number that is named by a head and not held is a gap; it is asked for: of the
 * lab *from*, and where it stays also of the other labs that are linked. */
static enum hl_status ask_letters(struct hl_engine *e, struct peer *peer, bool linked)
{
	const struct hl_channel_key key = key_of(&peer->in);
	struct hl_entry_row row[HL_FRAME_IDS_MAX / 4];
	struct hl_id id[HL_FRAME_IDS_MAX / 4];
	struct hl_frame frame = {.type = HL_FRAME_WANT_LETTERS};
	size_t n = 0;

	/* Those of the newest entries may be on their way. */
	enum hl_status status = hl_store_entry_open(e->store, &key, 0, 1, peer->in.number,
		row, sizeof(row) / sizeof(row[0]), &n);
	bool quiet = e->now.wall - peer->in.since >= WANT_EVERY_MS;
	if (n == 0)
		peer->gap_at = e->now.boot;
	/* What was asked for in vain is asked for again, but less and less often. */
	if (peer->ask_since != peer->in.since || peer->ask_wait == 0)
		peer->ask_wait = WANT_EVERY_MS;
	peer->ask_since = peer->in.since;
	uint64_t wait = quiet ? peer->ask_wait : GAP_MS;
	uint64_t unnamed = peer->in.head_number > peer->in.number
		? peer->in.head_number - peer->in.number
		: 0;
	if (status == HL_OK)
		status = watch_gap(e, peer, n + unnamed,
			n > 0 ? row[0].entry.number : peer->in.number + 1);
	if (status != HL_OK || n == 0 || e->now.boot - peer->gap_at < wait)
		return status;
	peer->ask_wait = wait * 2 < ASK_MAX_MS ? wait * 2 : ASK_MAX_MS;
	peer->gap_at = e->now.boot;
	for (size_t i = 0; i < n; i++)
		id[i] = row[i].entry.id;
	frame.want_letters.from = peer->lab.id;
	frame.want_letters.ids = id;
	frame.want_letters.n = n;
	/* Without a link to it the others are asked at once. */
	if (linked)
		status = hl_send(e, peer->link, &frame, 0);
	bool stays = !linked || e->now.boot - peer->gap_since >= 2 * WANT_EVERY_MS;
	return status == HL_OK && stays ? ask_others(e, peer, &frame) : status;
}

enum hl_status hl_ask_letters(struct hl_engine *e, struct peer *peer)
{
	enum hl_status status = HL_OK;

	bool linked = peer->link != NULL && peer->link->said;
	if (peer->in.epoch == 0 || (peer->link != NULL && !linked) ||
		e->now.boot - peer->asked_letters_at < WANT_EVERY_MS)
		return HL_OK;
	peer->asked_letters_at = e->now.boot;
	if (peer->in.head_number > peer->in.number)
		status = hl_ask_entries(e, peer, peer->in.epoch, peer->in.number + 1);
	return status == HL_OK ? ask_letters(e, peer, linked) : status;
}

/* Why a segment does not go on from what is held; HL_OK when it does. */
static enum hl_status check_place(
	struct hl_engine *e, struct peer *peer, const struct hl_segment *segment)
{
	const struct hl_channel_row *in = &peer->in;
	const struct hl_channel_key key = key_of(in);
	struct hl_entry_row row;
	struct hl_id link;

	/* SPEC channel 3.7: Heads of an older epoch than the one held are refused (26). */
	if (segment->epoch < in->epoch)
		return HL_OLD_EPOCH;
	if (segment->epoch > INT64_MAX || segment->first == 0)
		return HL_BAD_FIELD;
	if (segment->first == 1) {
		hl_link_first(&e->config.net, &segment->from, &segment->to,
			segment->epoch, &link);
		if (!hl_id_eq(&link, &segment->before))
			return HL_BAD_HASH;
	}
	if (segment->epoch > in->epoch) {
		if (segment->first != 1)
			return HL_UNKNOWN;
		enum hl_sort sort = in->epoch != 0 ? HL_SORT_SUCCESSION : HL_SORT_CARD;
		enum hl_sort got = segment->entries[0].sort;
		return got == sort || got == HL_SORT_SUCCESSION ? HL_OK : HL_BAD_FIELD;
	}
	if (segment->first > in->number + 1)
		return HL_UNKNOWN;
	if (segment->first == 1)
		return HL_OK;
	link = in->link;
	if (segment->first <= in->number) {
		enum hl_status status =
			hl_store_entry_get(e->store, &key, segment->first - 1, &row);
		if (status != HL_OK)
			return hl_status_ours(status) ? status : HL_ERR_INTERNAL;
		link = row.link;
	}
	return hl_id_eq(&link, &segment->before) ? HL_OK : HL_EQUIVOCATION;
}

/* SPEC channel 3.3: its links follow, and its head statement is valid and names the link at the
 * number that it says */
static enum hl_status check_head(struct hl_engine *e, struct peer *peer,
	const struct hl_segment *segment, uint64_t *ret_last)
{
	struct hl_statement s;
	struct hl_id link, hash;
	enum hl_status status = hl_statement_parse(segment->head, &s);

	if (status != HL_OK)
		return status;
	if (!hl_id_eq(&s.from, &segment->from) || !hl_id_eq(&s.to, &segment->to) ||
		!s.has_head || s.head.epoch != segment->epoch)
		return HL_BAD_FIELD;
	status = hl_segment_link(&e->config.net, segment, s.head.number, &link);
	if (status != HL_OK)
		return status == HL_UNKNOWN ? HL_BAD_FIELD : status;
	if (!hl_id_eq(&link, &s.head.link))
		return HL_BAD_HASH;
	hl_sha256(&segment->head, 1, &hash);
	if (!hl_id_eq(&hash, &peer->checked))
		status = hl_statement_check(&e->config.net, &peer->lab.card, &s);
	if (status != HL_OK)
		return status;
	peer->checked = hash;
	const struct hl_channel_row *in = &peer->in;
	if (in->epoch == segment->epoch && in->head_number > in->number &&
		in->head_number <= s.head.number && in->head_number >= segment->first) {
		status = hl_segment_link(&e->config.net, segment, in->head_number, &link);
		if (status == HL_OK && !hl_id_eq(&link, &in->head_link))
			status = HL_EQUIVOCATION;
	}
	*ret_last = s.head.number;
	return status;
}

static enum hl_status void_letter(
	struct hl_engine *e, struct peer *peer, const struct hl_id *id)
{
	const struct hl_channel_key key = key_of(&peer->in);
	struct hl_entry_row row;
	size_t n = 0;
	enum hl_status status =
		hl_store_entry_find(e->store, false, &peer->lab.id, id, &row, 1, &n);

	/* SPEC channel 2.3: a number that was voided before its letter was held is named with code
	 * 27 */
	if (status == HL_OK && n == 1 && row.epoch == key.epoch)
		status =
			hl_store_entry_settle(e->store, &key, id, HL_REFUSED, HL_UNKNOWN);
	return status;
}

static enum hl_status add_entry(
	struct hl_engine *e, struct peer *peer, const struct hl_entry *entry)
{
	struct hl_channel_row *in = &peer->in;
	const struct hl_channel_key key = key_of(in);
	struct hl_entry_row row = {.entry = *entry, .state = HL_DELIVERED};
	enum hl_status status = HL_OK;

	if (entry->sort == HL_SORT_LETTER) {
		struct hl_letter_row letter;
		status = hl_store_letter_row(e->store, &entry->id, &letter);
		if (status == HL_UNKNOWN) {
			row.open = true;
			row.state = HL_ENTERED;
			status = HL_OK;
		}
	} else if (entry->sort == HL_SORT_CARD) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		status = hl_store_doc_by_hash(e->store, HL_DOC_CARD, &entry->id, &doc);
		if (status == HL_UNKNOWN && peer->link != NULL)
			status = hl_ask_cards(
				e, peer->link, &peer->lab, peer->lab.card.version + 1);
		else if (status == HL_UNKNOWN)
			status = HL_OK;
	} else if (entry->sort == HL_SORT_VOID) {
		status = void_letter(e, peer, &entry->id);
	}
	hl_link_next(&e->config.net, &in->link, entry, &row.link);
	if (status == HL_OK)
		status = hl_store_entry_add(e->store, &key, &row);
	in->number = entry->number;
	in->link = row.link;
	in->time = entry->time;
	peer->in_changed = true;
	return status;
}

static enum hl_status take_entries(struct hl_engine *e, struct peer *peer,
	const struct hl_segment *segment, uint64_t last)
{
	struct hl_channel_row *in = &peer->in;
	enum hl_status status = HL_OK;

	if (segment->epoch > in->epoch) {
		/* SPEC channel 3.2: a peer that sees them where it held an epoch before raises an
		 * alarm too. */
		if (in->epoch != 0 && hl_id_zero(&segment->entries[0].id))
			hl_alarm(e, &peer->lab.id,
				"it began its list anew: a backup was restored there");
		else if (in->epoch != 0)
			hl_log(e, 5, "lab %s began its list anew after a restart",
				hl_short(&peer->lab.id).text);
		/* Not by link, or by one on which the peer may not have heard of it yet. */
		if (!peer->has_before &&
			(peer->link == NULL || peer->link->pulse_answered == 0)) {
			peer->before = *in;
			peer->has_before = true;
			status = hl_store_before_put(e->store, in);
		}
		in->epoch = segment->epoch;
		in->number = in->head_number = 0;
		in->link = in->head_link = segment->before;
		in->time = 0;
	}
	for (size_t i = 0; i < segment->n_entries && status == HL_OK; i++) {
		const struct hl_entry *entry = &segment->entries[i];
		if (entry->number <= in->number || entry->number > last)
			continue;
		if (entry->time < in->time)
			return HL_BAD_FIELD;
		status = add_entry(e, peer, entry);
	}
	hl_receipt_grew(e, peer);
	return status;
}

/* The head of a segment is evidence, as the first that covers its entries. */
static enum hl_status keep_head(struct hl_engine *e, struct peer *peer,
	const struct hl_segment *segment, uint64_t last)
{
	struct hl_channel_row *in = &peer->in;
	const struct hl_channel_key key = key_of(in);
	enum hl_status status = hl_store_statement_put(
		e->store, &key, HL_STATEMENT_HEAD, last, false, segment->head, NULL);

	if (in->number >= in->head_number) {
		in->head_number = in->number;
		in->head_link = in->link;
	}
	peer->in_changed = true;
	return status;
}

static enum hl_status take(struct hl_engine *e, struct peer *peer, struct link *link,
	const struct hl_segment *segment)
{
	uint64_t last = 0;

	if (segment->n_entries == 0)
		return HL_OK;
	if (hl_cost_full(e, link, true))
		return HL_OVER_QUOTA;
	if (!hl_scarce_entries(e, peer, segment->n_entries))
		return HL_TROUBLE;
	hl_cost(e, link, HL_QUOTA_CHECKS, 1);
	/* Nothing is concluded from what is not signed. */
	enum hl_status status = check_head(e, peer, segment, &last);
	if (status == HL_OK)
		status = check_place(e, peer, segment);
	if (status == HL_UNKNOWN) {
		bool later = segment->epoch > peer->in.epoch;
		return hl_ask_entries(
			e, peer, segment->epoch, later ? 1 : peer->in.number + 1);
	}
	if (status == HL_EQUIVOCATION)
		return hl_head_contrary(e, peer, last, segment->head);
	if (status != HL_OK)
		return status;
	bool more = segment->epoch > peer->in.epoch || last > peer->in.number;
	if (more)
		status = take_entries(e, peer, segment, last);
	if (status == HL_OK && more)
		status = keep_head(e, peer, segment, last);
	if (more) /* a row and an index of each, and the head */
		hl_cost(e, link, HL_QUOTA_GROWTH,
			segment->n_entries * ENTRY_BYTES + segment->head.n);
	/* The same signature may carry a receipt. */
	bool own =
		link->purpose == HL_PURPOSE_PEER && hl_id_eq(&link->lab, &peer->lab.id);
	if (status == HL_OK)
		status = hl_statement_take(e, peer, own ? link : NULL, segment->head);
	return status;
}

enum hl_status hl_segment_take(struct hl_engine *e, struct link *link, struct hl_view doc)
{
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};
	enum hl_status status = hl_segment_parse(doc, &segment);

	if (hl_status_ours(status))
		return status;
	struct peer *peer = hl_peer(e, &link->lab);
	if (status == HL_OK && peer != NULL && hl_id_eq(&segment.from, &e->own.id) &&
		hl_id_eq(&segment.to, &link->lab))
		return hl_regain_segment(e, peer, link, &segment);
	peer = status == HL_OK ? hl_peer(e, &segment.from) : NULL;
	if (status == HL_OK && (peer == NULL || !hl_id_eq(&segment.to, &e->own.id)))
		status = HL_NOT_ADDRESSED;
	if (status == HL_OK)
		status = take(e, peer, link, &segment);
	if (status > 0)
		hl_note(e, hl_peer(e, &link->lab), 4, "a segment was not taken",
			hl_status_name(status));
	return hl_status_ours(status) ? status : HL_OK;
}
