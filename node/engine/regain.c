/* After a restored backup: letters of the own lab that peers hold and this node does not. */
#include "node/engine/state.h"

#include <string.h>

#define ASK_MAX 64 /* letters at once */
#define TRIES_MAX \
	12 /* at five seconds: a letter that does not come for a minute is passed over */

/* SPEC channel 3.9: A node that opens an epoch by 3.2 or 5.3 asks the peer for what the peer holds
 * of the node's own channel: want-entries that names the asker as from */
enum hl_status hl_regain_begin(struct hl_engine *e, struct peer *peer)
{
	const struct hl_channel_row *out = &peer->out;

	/* One that is under way began earlier. */
	if (peer->lost.number != 0)
		return HL_OK;
	peer->lost.epoch = out->epoch;
	peer->lost.number = out->delivered + 1;
	peer->lost.asked_at = 0;
	return hl_store_lost_put(
		e->store, &peer->lab.id, peer->lost.epoch, peer->lost.number);
}

enum hl_status hl_regain_check(struct hl_engine *e, struct peer *peer)
{
	struct lost *lost = &peer->lost;

	if (lost->number != 0 || peer->out.delivered == 0)
		return hl_regain_begin(e, peer);
	lost->epoch = peer->out.epoch;
	lost->number = peer->out.delivered;
	lost->asked_at = 0;
	lost->check = true;
	return hl_store_lost_put(e->store, &peer->lab.id, lost->epoch, lost->number);
}

static enum hl_status ask(struct hl_engine *e, struct peer *peer)
{
	struct hl_frame frame = {.type = HL_FRAME_WANT_ENTRIES};

	peer->lost.asked_at = e->now.boot > 0 ? e->now.boot : 1;
	frame.entries.from = e->own.id;
	frame.entries.epoch = peer->lost.epoch;
	frame.entries.first = peer->lost.number;
	return hl_send(e, peer->link, &frame, 0);
}

enum hl_status hl_regain_timer(struct hl_engine *e, struct peer *peer)
{
	struct lost *lost = &peer->lost;

	if (lost->number == 0 || peer->link == NULL || !peer->link->said ||
		(lost->asked_at != 0 && e->now.boot - lost->asked_at < WANT_EVERY_MS))
		return HL_OK;
	return ask(e, peer);
}

/* Letters among the entries that are not held, and the number before which all are. */
static enum hl_status missing(struct hl_engine *e, const struct hl_segment *segment,
	struct hl_id id[static ASK_MAX], size_t *ret_n, uint64_t *ret_passed)
{
	enum hl_status status = HL_OK;
	struct hl_letter_row row;

	*ret_n = 0;
	for (size_t i = 0; i < segment->n_entries && *ret_n < ASK_MAX; i++) {
		const struct hl_entry *entry = &segment->entries[i];
		status = HL_OK;
		if (entry->sort == HL_SORT_LETTER)
			status = hl_store_letter_row(e->store, &entry->id, &row);
		if (status == HL_UNKNOWN)
			id[(*ret_n)++] = entry->id;
		else if (status != HL_OK)
			return status;
		if (*ret_n == 0)
			*ret_passed = entry->number + 1;
	}
	return HL_OK;
}

static enum hl_status finish(struct hl_engine *e, struct peer *peer)
{
	hl_log(e, peer->lost.taken > 0 ? 4 : 6,
		"lab %s: what it held of our letters is taken back: %llu",
		hl_short(&peer->lab.id).text, (unsigned long long)peer->lost.taken);
	memset(&peer->lost, 0, sizeof(peer->lost));
	return hl_store_lost_drop(e->store, &peer->lab.id);
}

static enum hl_status move(
	struct hl_engine *e, struct peer *peer, uint64_t epoch, uint64_t number)
{
	struct lost *lost = &peer->lost;

	if (epoch == lost->epoch && number == lost->number)
		return HL_OK;
	lost->epoch = epoch;
	lost->number = number;
	lost->tries = 0;
	return hl_store_lost_put(e->store, &peer->lab.id, epoch, number);
}

enum hl_status hl_regain_segment(struct hl_engine *e, struct peer *peer,
	struct link *link, const struct hl_segment *segment)
{
	struct lost *lost = &peer->lost;
	struct hl_frame frame = {.type = HL_FRAME_WANT_LETTERS};
	struct hl_id id[ASK_MAX];
	uint64_t passed = segment->first;
	size_t n = 0;

	if (lost->number == 0 || peer->link != link || lost->asked_at == 0)
		return HL_OK;
	if (lost->check) {
		lost->check = false;
		if (segment->n_entries == 0 || segment->epoch != lost->epoch ||
			segment->first != lost->number) {
			enum hl_status status = hl_enter_again(e, peer, NULL);
			hl_alarm(e, &peer->lab.id,
				"it has lost what it had: its store was restored; "
				"all is sent again");
			if (status != HL_OK)
				return status;
		}
	}
	if (segment->n_entries == 0)
		return finish(e, peer);
	/* A late answer; or a number that no channel has. */
	if (segment->epoch < lost->epoch || segment->epoch > INT64_MAX ||
		segment->first > INT64_MAX ||
		(segment->epoch == lost->epoch && segment->first < lost->number))
		return HL_OK;
	enum hl_status status = missing(e, segment, id, &n, &passed);
	if (status == HL_OK)
		status = move(e, peer, segment->epoch, passed);
	if (status != HL_OK)
		return status;
	lost->waiting = n;
	if (n == 0)
		return ask(e, peer);
	if (!lost->told) {
		/* The epoch was opened unheard, for carriers: now it shows that it had to be. */
		lost->told = true;
		hl_alarm(e, &peer->lab.id,
			"this node's store is behind what the peer "
			"holds: a backup was restored");
	}
	if (lost->tries++ >= TRIES_MAX) {
		hl_alarm(e, &peer->lab.id,
			"it does not give back a letter of ours that it has receipted");
		return move(e, peer, segment->epoch, passed + 1);
	}
	frame.want_letters.from = e->own.id;
	frame.want_letters.ids = id;
	frame.want_letters.n = n;
	return hl_send(e, link, &frame, 0);
}

/* SPEC channel 3.9: It is judged by a card of its own lab; the own slip may be missing. */
static enum hl_status judge_own(struct hl_engine *e, const struct hl_envelope *envelope)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_card held HL_CLEAN_CARD = {0};
	bool of_copy;

	if (envelope->core.card_version > e->own.card.version)
		return HL_NEED_CARD;
	enum hl_status status =
		hl_letter_judge(e, envelope, &e->own.card, NULL, &of_copy);
	if (status <= 0 || envelope->core.card_version == e->own.card.version)
		return status;
	/* The sender may have left the lab since. */
	enum hl_status got = hl_store_doc_get(e->store, HL_DOC_CARD, &e->own.id, NULL,
		envelope->core.card_version, &doc);
	if (got == HL_OK)
		got = hl_card_parse(&e->config.net, hl_view_buf(&doc), &held);
	if (got != HL_OK)
		return hl_status_ours(got) ? got : status;
	return hl_letter_judge(e, envelope, &held, NULL, &of_copy);
}

enum hl_status hl_regain_letter(
	struct hl_engine *e, struct hl_envelope *envelope, struct link *link)
{
	struct peer *peer = hl_peer(e, &link->lab);
	struct hl_letter_row held;
	enum hl_status status = hl_store_letter_row(e->store, &envelope->id, &held);

	if (status == HL_OK && hl_rot_is(e, &envelope->id)) {
		status = judge_own(e, envelope);
		return status == HL_OK ? hl_rot_heal(e, envelope) : status;
	}
	if (status == HL_OK)
		return hl_rot_part(e, envelope);
	if (hl_status_ours(status))
		return status;
	/* Only what was asked for. */
	if (peer->lost.number == 0)
		return HL_NOT_PERMITTED;
	if (hl_scarce(e))
		return HL_TROUBLE;
	status = judge_own(e, envelope);
	if (status == HL_OK)
		status = hl_letter_keep(e, envelope);
	if (status != HL_OK)
		return status;
	peer->lost.taken++;
	if (peer->lost.waiting > 0 && --peer->lost.waiting == 0)
		return ask(e, peer);
	return HL_OK;
}

/* SPEC channel 3.9: the first entries that it holds at or after that epoch and number */
static enum hl_status serve_entries(
	struct hl_engine *e, struct link *link, const struct hl_frame *want)
{
	struct hl_channel_key key = {link->lab, false, want->entries.epoch};
	struct hl_frame frame = {.type = HL_FRAME_SEGMENT};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	uint64_t first = want->entries.first;

	enum hl_status status =
		hl_store_entry_next(e->store, &key, first, &key.epoch, &first);
	if (status == HL_OK)
		status = hl_proof_segment(e, &key, first, first + 255, 0, NULL, &doc);
	if (status == HL_UNKNOWN) {
		const struct hl_segment none = {.from = link->lab,
			.to = e->own.id,
			.epoch = want->entries.epoch,
			.first = want->entries.first};
		status = hl_segment_encode(&none, &doc);
	}
	frame.doc = hl_view_buf(&doc);
	return status == HL_OK ? hl_send(e, link, &frame, 0) : status;
}

static enum hl_status serve_letter(
	struct hl_engine *e, struct link *link, const struct hl_id *id)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_frame frame = {.type = HL_FRAME_LETTER};
	struct hl_letter_row row;
	enum hl_status status = hl_store_letter_row(e->store, id, &row);

	if (status == HL_OK && !hl_id_eq(&row.origin, &link->lab))
		return HL_OK;
	if (status == HL_OK)
		status = hl_store_letter_get(e->store, id, &envelope);
	if (status == HL_BAD_HASH)
		return hl_rot_found(e, id);
	if (status != HL_OK)
		return hl_status_ours(status) ? status : HL_OK;
	frame.letter.from = link->lab;
	frame.letter.doc = hl_view_buf(&envelope.doc);
	return hl_send(e, link, &frame, HL_ROUTINE);
}

enum hl_status hl_regain_serve(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	enum hl_status status = HL_OK;

	if (frame->type == HL_FRAME_WANT_ENTRIES)
		return link->queued < HL_LINK_QUEUE_MAX &&
				frame->entries.epoch <= INT64_MAX &&
				frame->entries.first <= INT64_MAX
			? serve_entries(e, link, frame)
			: HL_OK;
	for (size_t i = 0; i < frame->want_letters.n && status == HL_OK; i++) {
		if (link->queued >= HL_LINK_QUEUE_MAX)
			break; /* it asks again */
		status = serve_letter(e, link, &frame->want_letters.ids[i]);
	}
	return status;
}
