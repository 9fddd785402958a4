/* Pieces of channels as evidence (channel 4.2, 4.3). */
#include "node/engine/state.h"

#include <string.h>

/* The number up to which the receipt that is shown reaches; 0 without one. */
static enum hl_status receipt_reach(struct hl_engine *e, const struct hl_channel_key *key,
	uint64_t row, struct hl_buf *doc, uint64_t *ret)
{
	struct hl_statement s;

	*ret = 0;
	if (row == 0)
		return HL_OK;
	enum hl_status status = hl_store_statement_get(e->store, row, doc);
	if (status == HL_OK)
		status = hl_statement_parse(hl_view_buf(doc), &s);
	if (status != HL_OK)
		return hl_status_ours(status) ? status : HL_OK;
	if (s.has_receipt && s.receipt.head.epoch == key->epoch)
		*ret = s.receipt.head.number;
	return HL_OK;
}

/* SPEC link 5.12: The head is the newest of *from* that the node has taken since it started, where
 * it names a number in the segment, else the first that covers an entry of it. */
static enum hl_status pick_head(struct hl_engine *e, const struct hl_channel_key *key,
	uint64_t first, uint64_t last, const struct peer *newest, uint64_t *ret_covered,
	struct hl_buf *ret)
{
	struct hl_statement s;

	if (newest != NULL && newest->newest_head.n > 0 &&
		hl_statement_parse(hl_view_buf(&newest->newest_head), &s) == HL_OK &&
		s.head.epoch == key->epoch && s.head.number >= first &&
		s.head.number <= last && s.head.number <= newest->in.number) {
		*ret_covered = s.head.number;
		return hl_buf_append(ret, hl_view_buf(&newest->newest_head));
	}
	return hl_store_statement_head(e->store, key, first, last, ret_covered, ret);
}

enum hl_status hl_proof_segment(struct hl_engine *e, const struct hl_channel_key *key,
	uint64_t first, uint64_t last, uint64_t receipt, const struct peer *newest,
	struct hl_buf *ret)
{
	struct hl_entry_row row[HL_SEGMENT_ENTRIES_MAX], prev;
	struct hl_entry entry[HL_SEGMENT_ENTRIES_MAX];
	struct hl_buf head HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};
	struct hl_segment segment = {.epoch = key->epoch, .first = first};
	uint64_t reach = 0, covered = 0;
	size_t n = 0;

	segment.from = key->outgoing ? e->own.id : key->peer;
	segment.to = key->outgoing ? key->peer : e->own.id;
	enum hl_status status = pick_head(e, key, first, last, newest, &covered, &head);
	if (status == HL_OK)
		status = receipt_reach(e, key, receipt, &doc, &reach);
	if (status == HL_OK && first == 1)
		hl_link_first(&e->config.net, &segment.from, &segment.to, key->epoch,
			&segment.before);
	else if (status == HL_OK &&
		(status = hl_store_entry_get(e->store, key, first - 1, &prev)) == HL_OK)
		segment.before = prev.link;
	if (status == HL_OK)
		status = hl_store_entry_list(
			e->store, key, first, row, HL_SEGMENT_ENTRIES_MAX, &n);
	if (status != HL_OK)
		return status;
	/* No more than the two statements need; but without a receipt all there is. */
	uint64_t end = reach > covered ? reach : covered;
	for (size_t i = 0; i < n && row[i].entry.number <= end; i++)
		entry[segment.n_entries++] = row[i].entry;
	segment.entries = entry;
	segment.head = hl_view_buf(&head);
	if (reach >= first && reach < first + segment.n_entries)
		segment.receipt = hl_view_buf(&doc);
	return segment.n_entries > 0 ? hl_segment_encode(&segment, ret) : HL_UNKNOWN;
}
