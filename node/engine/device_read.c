/* What a device may read: documents, the feed, letters, proofs. */
#include "node/engine/state.h"

#include <stdlib.h>
#include <string.h>

#define BATCH    32
#define DOCS_MAX 1024
#define FIND_MAX 256

/* The documents of one reply: a list that borrows from buffers that it owns. */
struct bundle {
	struct hl_doc_item item[DOCS_MAX];
	struct hl_buf buf[DOCS_MAX];
	size_t n, bytes;
	bool full;
};

static void bundle_free(struct bundle **bundle)
{
	if (*bundle == NULL)
		return;
	for (size_t i = 0; i < (*bundle)->n; i++)
		hl_buf_clear(&(*bundle)->buf[i]);
	free(*bundle);
}

/* SPEC link 5.3: The body is cut at 256 KiB after a whole item */
static enum hl_status add_row(
	struct hl_engine *e, struct bundle *bundle, const struct hl_doc_row *row)
{
	if (bundle->n == DOCS_MAX || bundle->full)
		return HL_OK;
	struct hl_buf *buf = &bundle->buf[bundle->n];
	enum hl_status status = hl_store_doc_get(
		e->store, row->sort, &row->lab, &row->key, row->version, buf);
	if (status != HL_OK)
		return status;
	if (bundle->n > 0 && bundle->bytes + buf->n + 16 > HL_FRAME_DOCS_MAX) {
		hl_buf_clear(buf);
		bundle->full = true;
		return HL_OK;
	}
	bundle->bytes += buf->n + 16;
	bundle->item[bundle->n].sort = row->sort;
	bundle->item[bundle->n].doc = hl_view_buf(buf);
	bundle->n++;
	return HL_OK;
}

/* The version of an id that a device says it holds; 0: none. */
static uint64_t version_held(const struct hl_held *held, size_t n, const struct hl_id *id)
{
	for (size_t i = 0; i < n; i++)
		if (hl_id_eq(&held[i].id, id))
			return held[i].version;
	return 0;
}

/* All rows of a sort that are newer than what is held, in the store's order. */
static enum hl_status add_sort(struct hl_engine *e, struct bundle *bundle,
	enum hl_doc sort, const struct hl_held *held, size_t n_held)
{
	struct hl_doc_row row[BATCH];
	size_t got = 0;
	uint64_t skip = 0;
	enum hl_status status;

	do {
		status = hl_store_doc_list(e->store, sort, NULL, skip, row, BATCH, &got);
		for (size_t i = 0; i < got && status == HL_OK; i++) {
			const struct hl_id *id =
				sort == HL_DOC_CARD ? &row[i].lab : &row[i].key;
			if (sort == HL_DOC_SUSPENSION ||
				row[i].version > version_held(held, n_held, id))
				status = add_row(e, bundle, &row[i]);
		}
		skip += got;
	} while (status == HL_OK && got == BATCH && !bundle->full);
	return status;
}

static uint64_t suspensions_held(struct hl_engine *e)
{
	uint64_t n = e->own.suspensions;

	for (size_t i = 0; i < e->n_peers; i++)
		n += e->peers[i].lab.suspensions;
	return n;
}

enum hl_status hl_read_docs(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct bundle *bundle HL_CLEAN(bundle_free) = calloc(1, sizeof(*bundle));
	struct hl_body body = {.of = HL_FRAME_GET_DOCS};

	if (bundle == NULL)
		return HL_ERR_NOMEM;
	enum hl_status status = add_sort(
		e, bundle, HL_DOC_CARD, frame->get_docs.cards, frame->get_docs.n_cards);
	if (status == HL_OK && e->directory.version > frame->get_docs.directory_version) {
		const struct hl_doc_row row = {.sort = HL_DOC_DIRECTORY,
			.lab = e->own.id,
			.version = e->directory.version};
		status = add_row(e, bundle, &row);
	}
	if (status == HL_OK)
		status = add_sort(e, bundle, HL_DOC_SEALS, frame->get_docs.seals,
			frame->get_docs.n_seals);
	if (status == HL_OK && suspensions_held(e) != frame->get_docs.suspensions)
		status = add_sort(e, bundle, HL_DOC_SUSPENSION, NULL, 0);
	if (status != HL_OK)
		return status;
	body.docs.items = bundle->item;
	body.docs.n = bundle->n;
	return hl_reply(e, link, frame, HL_OK, NULL, &body);
}

enum hl_status hl_read_feed(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct hl_feed_item item[HL_FEED_MAX];
	struct hl_body body = {.of = HL_FRAME_FEED};
	size_t max =
		frame->feed.limit < HL_FEED_MAX ? (size_t)frame->feed.limit : HL_FEED_MAX;
	enum hl_status status =
		hl_store_feed_list(e->store, frame->feed.after, item, max, &body.feed.n);

	if (status != HL_OK)
		return status;
	body.feed.last = e->feed_last;
	body.feed.items = item;
	return hl_reply(e, link, frame, HL_OK, NULL, &body);
}

enum hl_status hl_read_fetch(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_body body = {.of = HL_FRAME_FETCH};
	struct hl_letter_row row;
	enum hl_status status = hl_store_letter_row(e->store, &frame->id, &row);

	if (status == HL_OK) {
		status = hl_store_letter_get(e->store, &frame->id, &envelope);
		body.fetch.envelope = hl_view_buf(&envelope.doc);
		body.fetch.time = row.stored;
	} else if (status == HL_UNKNOWN) {
		status = hl_store_waiting_get(
			e->store, &frame->id, &body.fetch.time, &doc);
		body.fetch.envelope = hl_view_buf(&doc);
		body.fetch.deferred = true;
	}
	if (status == HL_BAD_HASH) {
		status = hl_rot_found(e, &frame->id);
		return status != HL_OK
			? status
			: hl_reply(e, link, frame, HL_TROUBLE,
				  "the letter is damaged in the node's store, and asked "
				  "for again",
				  NULL);
	}
	if (hl_status_ours(status))
		return status;
	return hl_reply(e, link, frame, status, NULL, &body);
}

/* The proofs of one reply, and what they borrow from. */
struct proofs {
	struct hl_proof_item item[HL_LABS_MAX];
	struct hl_carrier_item carrier[HL_LABS_MAX][HL_CARRIERS_MAX];
	struct hl_buf segment[HL_LABS_MAX], offer[HL_LABS_MAX][HL_CARRIERS_MAX];
	size_t n;
};

static void proofs_free(struct proofs **proofs)
{
	struct proofs *p = *proofs;

	for (size_t i = 0; p != NULL && i < p->n; i++) {
		hl_buf_clear(&p->segment[i]);
		for (size_t k = 0; k < p->item[i].n_carriers; k++)
			hl_buf_clear(&p->offer[i][k]);
	}
	free(p);
}

/* Who was handed it for that lab; what they have signed of it as long as the lab has not. */
static enum hl_status add_carriers(
	struct hl_engine *e, struct proofs *p, size_t i, const struct hl_id *id)
{
	struct hl_proof_item *item = &p->item[i];
	struct hl_handed_row row[HL_CARRIERS_MAX];
	size_t n = 0;
	enum hl_status status =
		hl_store_handed_list(e->store, id, &item->lab, row, HL_CARRIERS_MAX, &n);

	item->carriers = p->carrier[i];
	for (size_t k = 0; k < n && status == HL_OK; k++) {
		struct hl_carrier_item *c = &item->carriers[item->n_carriers++];
		c->by = row[k].by;
		c->since = row[k].since;
		if (row[k].offer != 0 && item->state <= HL_ENTERED)
			status = hl_store_statement_get(
				e->store, row[k].offer, &p->offer[i][k]);
		c->offer = hl_view_buf(&p->offer[i][k]);
	}
	return status;
}

/* An own letter's way to one lab. */
static enum hl_status prove_one(struct hl_engine *e, const struct hl_entry_row *row,
	struct hl_proof_item *item, struct hl_buf *segment)
{
	const struct hl_channel_key key = {row->peer, true, row->epoch};
	enum hl_status status = hl_proof_segment(e, &key, row->entry.number,
		row->entry.number + HL_SEGMENT_ENTRIES_MAX - 1, row->receipt, NULL,
		segment);

	if (status == HL_UNKNOWN)
		return HL_OK; /* no head covers it yet: kept here */
	item->state =
		row->receipt != 0 && row->state == HL_ENTERED ? HL_DELIVERED : row->state;
	item->code = row->code;
	item->segment = hl_view_buf(segment);
	return status;
}

static enum hl_status prove_own(struct hl_engine *e, struct link *link,
	const struct hl_frame *frame, const struct hl_envelope *envelope)
{
	struct proofs *p HL_CLEAN(proofs_free) = calloc(1, sizeof(*p));
	const struct hl_core *core = &envelope->core;
	struct hl_body body = {.of = HL_FRAME_PROOF};
	enum hl_status status = HL_OK;

	if (p == NULL)
		return HL_ERR_NOMEM;
	for (size_t i = 0; i < core->n_labs && status == HL_OK; i++) {
		struct hl_entry_row row;
		size_t found = 0, at = p->n;
		if (hl_id_eq(&core->labs[i], &e->own.id))
			continue;
		p->n++;
		p->item[at].lab = core->labs[i];
		status = hl_store_entry_find(
			e->store, true, &core->labs[i], &frame->id, &row, 1, &found);
		if (status == HL_OK && found == 1)
			status = prove_one(e, &row, &p->item[at], &p->segment[at]);
		if (status == HL_OK)
			status = add_carriers(e, p, at, &frame->id);
	}
	if (status != HL_OK)
		return status;
	body.proof.items = p->item;
	body.proof.n = p->n;
	return hl_reply(e, link, frame, HL_OK, NULL, &body);
}

static enum hl_status prove_other(struct hl_engine *e, struct link *link,
	const struct hl_frame *frame, const struct hl_letter_row *letter)
{
	struct hl_buf segment HL_CLEAN_BUF = {0};
	struct hl_proof_item item = {.lab = letter->origin};
	struct hl_body body = {.of = HL_FRAME_PROOF};
	struct hl_entry_row row;
	size_t found = 0;
	enum hl_status status = hl_store_entry_find(
		e->store, false, &letter->origin, &frame->id, &row, 1, &found);

	if (status == HL_OK && found == 1) {
		const struct hl_channel_key key = {row.peer, false, row.epoch};
		status = hl_proof_segment(e, &key, row.entry.number,
			row.entry.number + HL_SEGMENT_ENTRIES_MAX - 1, 0, NULL, &segment);
		if (status == HL_OK) {
			item.state = HL_ENTERED;
			item.segment = hl_view_buf(&segment);
		}
		status = status == HL_UNKNOWN ? HL_OK : status;
	}
	if (status != HL_OK)
		return status;
	body.proof.items = &item;
	body.proof.n = 1;
	return hl_reply(e, link, frame, HL_OK, NULL, &body);
}

enum hl_status hl_read_proof(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_letter_row row;
	enum hl_status status = hl_store_letter_row(e->store, &frame->id, &row);

	if (status == HL_OK && !hl_id_eq(&row.origin, &e->own.id))
		return prove_other(e, link, frame, &row);
	if (status == HL_OK)
		status = hl_store_letter_get(e->store, &frame->id, &envelope);
	if (hl_status_ours(status))
		return status;
	if (status == HL_BAD_HASH) {
		status = hl_rot_found(e, &frame->id);
		return status != HL_OK ? status
				       : hl_reply(e, link, frame, HL_TROUBLE, NULL, NULL);
	}
	if (status != HL_OK)
		return hl_reply(e, link, frame, status, NULL, NULL);
	return prove_own(e, link, frame, &envelope);
}

enum hl_status hl_read_entries(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	bool outgoing = hl_id_eq(&frame->entries.from, &e->own.id);
	const struct hl_id *other = outgoing ? &frame->entries.to : &frame->entries.from;
	struct peer *peer = hl_peer(e, other);
	struct hl_buf segment HL_CLEAN_BUF = {0};
	struct hl_body body = {.of = HL_FRAME_ENTRIES};

	if (peer == NULL || (!outgoing && !hl_id_eq(&frame->entries.to, &e->own.id)))
		return hl_reply(e, link, frame, HL_UNKNOWN, NULL, NULL);
	const struct hl_channel_row *row = outgoing ? &peer->out : &peer->in;
	struct hl_channel_key key = {peer->lab.id, outgoing, row->epoch};
	if (frame->entries.epoch != 0)
		key.epoch = frame->entries.epoch;
	uint64_t first = frame->entries.first > 0 ? frame->entries.first : 1;
	enum hl_status status = HL_UNKNOWN;
	if (row->epoch != 0 && first < INT64_MAX - HL_SEGMENT_ENTRIES_MAX)
		status = hl_proof_segment(e, &key, first,
			first + HL_SEGMENT_ENTRIES_MAX - 1, 0, outgoing ? NULL : peer,
			&segment);
	if (hl_status_ours(status))
		return status;
	body.segment = hl_view_buf(&segment);
	return hl_reply(e, link, frame, status, NULL, &body);
}
