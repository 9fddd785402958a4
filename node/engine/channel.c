/* The outgoing direction: entries, heads, and what is sent of them. */
#include "node/engine/state.h"

#include <string.h>

#define BATCH    16
#define SEND_MAX 256 /* SPEC channel 4.1: a node sends another at most 256 at once */
#define EPOCH_CHANCE \
	65536 /* SPEC channel 1.4: adds one and a random number below 65,536 */

static struct hl_channel_key key_of(const struct hl_channel_row *row)
{
	return (struct hl_channel_key){row->peer, row->outgoing, row->epoch};
}

static enum hl_status add_entry(struct hl_engine *e, struct peer *peer, enum hl_sort sort,
	const struct hl_id *id, unsigned precedence)
{
	struct hl_channel_row *out = &peer->out;
	const struct hl_channel_key key = key_of(out);
	struct hl_entry_row row = {.state = HL_ENTERED,
		.open = sort == HL_SORT_LETTER,
		.precedence = precedence};

	row.entry.number = out->number + 1;
	row.entry.sort = sort;
	row.entry.id = *id;
	/* SPEC channel 1.2: Times never go down. */
	row.entry.time = e->now.wall > out->time ? e->now.wall : out->time;
	hl_link_next(&e->config.net, &out->link, &row.entry, &row.link);
	enum hl_status status = hl_store_entry_add(e->store, &key, &row);
	if (status != HL_OK)
		return status;
	out->number++;
	out->link = row.link;
	out->time = row.entry.time;
	peer->out_changed = true;
	return HL_OK;
}

/* SPEC channel 1.4: The first entry of an epoch that is not the channel's first is a succession. */
static enum hl_status open_epoch(
	struct hl_engine *e, struct peer *peer, uint64_t above, bool behind)
{
	struct hl_channel_row *out = &peer->out;
	/* SPEC channel 1.2: or 32 zero bytes where the node knows that its store was behind, or
	 * knows of none */
	const struct hl_id before = behind ? (struct hl_id){0} : out->link;
	uint64_t known = out->epoch > above ? out->epoch : above;
	uint64_t epoch = e->now.wall / 1000;
	bool first = out->epoch == 0;
	enum hl_status status = HL_OK;

	/* A restored node opens no second time what it opened in the life that it forgot. */
	if (epoch <= known)
		epoch = known + 1 + hl_chance(e, EPOCH_CHANCE);
	out->epoch = epoch;
	out->number = out->head_number = out->delivered = 0;
	out->since = 0;
	hl_link_first(&e->config.net, &e->own.id, &peer->lab.id, epoch, &out->link);
	out->head_link = out->link;
	peer->out_changed = true;
	if (!first || above != 0)
		status = add_entry(e, peer, HL_SORT_SUCCESSION, &before, 0);
	if (status == HL_OK)
		status = add_entry(e, peer, HL_SORT_CARD, &e->own.card.hash, 0);
	return status;
}

enum hl_status hl_channel_enter(struct hl_engine *e, struct peer *peer, enum hl_sort sort,
	const struct hl_id *id, unsigned precedence)
{
	enum hl_status status = HL_OK;

	if (peer->out.epoch == 0)
		status = open_epoch(e, peer, 0, false);
	return status == HL_OK ? add_entry(e, peer, sort, id, precedence) : status;
}

enum hl_status hl_channel_succeed(
	struct hl_engine *e, struct peer *peer, uint64_t above, bool behind)
{
	struct hl_channel_key old = key_of(&peer->out);
	uint64_t last = peer->out.number;
	struct hl_entry_row row[BATCH];
	size_t got = 0;
	enum hl_status status = open_epoch(e, peer, above, behind);

	/* What has not been receipted is entered again. */
	for (unsigned p = HL_FLASH; p >= HL_ROUTINE && old.epoch != 0; p--) {
		uint64_t first = 1;
		do {
			if (status == HL_OK)
				status = hl_store_entry_open(
					e->store, &old, p, first, last, row, BATCH, &got);
			for (size_t i = 0; i < got && status == HL_OK; i++) {
				status = add_entry(
					e, peer, HL_SORT_LETTER, &row[i].entry.id, p);
				first = row[i].entry.number + 1;
			}
		} while (status == HL_OK && got == BATCH);
	}
	if (peer->link != NULL) {
		peer->link->segment_next = 1;
		for (unsigned p = 0; p < PRECEDENCES; p++)
			peer->link->cursor[p] = 1;
	}
	hl_carry_reset(peer);
	return status;
}

/* One signature for the head of one direction and the receipt of the other. */
static enum hl_status sign(struct hl_engine *e, struct peer *peer, bool head,
	const struct hl_head *at, struct hl_buf *ret)
{
	struct hl_statement s = {.time = e->now.wall};
	enum hl_status status = HL_OK;

	s.from = e->own.id;
	s.to = peer->lab.id;
	s.pulse = peer->in.pulse;
	s.has_head = head;
	if (head)
		s.head = *at;
	s.has_receipt = peer->in.epoch != 0;
	if (s.has_receipt)
		status = hl_receipt_make(e, peer, &s.receipt);
	if (status == HL_OK)
		status = hl_statement_sign(&e->config.net, &s, e->config.sign, ret);
	if (status == HL_OK && head) {
		struct hl_channel_key key = key_of(&peer->out);
		key.epoch = at->epoch;
		status = hl_store_statement_put(e->store, &key, HL_STATEMENT_HEAD,
			at->number, false, hl_view_buf(ret), NULL);
	}
	return status;
}

/* As the newest it is noted. */
static enum hl_status sign_head(struct hl_engine *e, struct peer *peer,
	const struct hl_head *head, struct hl_buf *ret)
{
	struct hl_channel_row *out = &peer->out;
	enum hl_status status = sign(e, peer, true, head, ret);

	if (status == HL_OK && head->number > out->head_number) {
		out->head_number = head->number;
		out->head_link = head->link;
		peer->out_changed = true;
	}
	return status;
}

enum hl_status hl_channel_head_shown(
	struct hl_engine *e, struct peer *peer, const struct hl_head *head)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	return head->number > peer->out.head_number ? sign_head(e, peer, head, &doc)
						    : HL_OK;
}

enum hl_status hl_channel_segment(struct hl_engine *e, struct peer *peer, uint64_t first,
	struct hl_view newest, struct hl_buf *ret_doc, uint64_t *ret_next)
{
	const struct hl_channel_key key = key_of(&peer->out);
	struct hl_segment segment = {.from = e->own.id, .to = peer->lab.id};
	struct hl_entry_row row[SEND_MAX], prev = {0};
	struct hl_entry entry[SEND_MAX];
	struct hl_buf own HL_CLEAN_BUF = {0};
	size_t n = 0;
	enum hl_status status =
		hl_store_entry_list(e->store, &key, first, row, SEND_MAX, &n);

	if (status == HL_OK && n == 0)
		return HL_ERR_INTERNAL;
	if (status == HL_OK && first > 1)
		status = hl_store_entry_get(e->store, &key, first - 1, &prev);
	else
		hl_link_first(
			&e->config.net, &e->own.id, &peer->lab.id, key.epoch, &prev.link);
	if (status != HL_OK)
		return status;
	const struct hl_entry_row *last = &row[n - 1];
	if (last->entry.number != peer->out.number || newest.n == 0) {
		const struct hl_head head = {key.epoch, last->entry.number, last->link};
		status = sign_head(e, peer, &head, &own);
		newest = hl_view_buf(&own);
	}
	for (size_t i = 0; i < n; i++)
		entry[i] = row[i].entry;
	segment.epoch = key.epoch;
	segment.first = first;
	segment.before = prev.link;
	segment.entries = entry;
	segment.n_entries = n;
	segment.head = newest;
	if (status == HL_OK)
		status = hl_segment_encode(&segment, ret_doc);
	if (status == HL_OK)
		*ret_next = last->entry.number + 1;
	return status;
}

enum hl_status hl_channel_statement(
	struct hl_engine *e, struct peer *peer, struct hl_buf *ret_doc)
{
	const struct hl_channel_row *out = &peer->out;
	const struct hl_head head = {out->epoch, out->number, out->link};

	if (peer->gate && out->epoch != 0)
		return sign_head(e, peer, &head, ret_doc);
	return sign(e, peer, false, NULL, ret_doc);
}

/* SPEC channel 3.3: from the first number that the peer does not hold, before the letters they
 * name */
static enum hl_status send_entries(
	struct hl_engine *e, struct peer *peer, struct hl_view newest)
{
	struct link *link = peer->link;
	enum hl_status status = HL_OK;

	while (status == HL_OK && link->segment_next <= peer->out.number &&
		link->queued < HL_LINK_QUEUE_MAX) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		struct hl_frame frame = {.type = HL_FRAME_SEGMENT};
		status = hl_channel_segment(
			e, peer, link->segment_next, newest, &doc, &link->segment_next);
		frame.doc = hl_view_buf(&doc);
		if (status == HL_OK)
			status = hl_send(e, link, &frame, 0);
	}
	return status;
}

static enum hl_status send_letter(struct hl_engine *e, struct peer *peer,
	const struct hl_id *id, unsigned precedence)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_LETTER};
	enum hl_status status = hl_store_letter_get(e->store, id, &envelope);

	if (status == HL_BAD_HASH)
		return hl_rot_found(e, id); /* it goes when it is whole again */
	if (status == HL_UNKNOWN) {
		hl_alarm(e, &peer->lab.id,
			"a letter to it is missing in the store; seal it again");
		return HL_OK;
	}
	if (status == HL_OK)
		status = hl_envelope_for_lab(&envelope, &peer->lab.id, &doc);
	if (status != HL_OK)
		return hl_status_ours(status) ? status : HL_OK;
	frame.letter.from = envelope.core.lab;
	frame.letter.doc = hl_view_buf(&doc);
	return hl_send(e, peer->link, &frame, precedence);
}

bool hl_link_room(const struct link *link, unsigned precedence)
{
	size_t above = (precedence - HL_ROUTINE) * (HL_LINK_QUEUE_MAX / 2);

	return link->queued < HL_LINK_QUEUE_MAX + above;
}

/* As much as the window takes. */
static enum hl_status send_of(struct hl_engine *e, struct peer *peer, unsigned precedence)
{
	const struct hl_channel_key key = key_of(&peer->out);
	struct link *link = peer->link;
	uint64_t *cursor = &link->cursor[precedence];
	struct hl_entry_row row[BATCH];
	size_t got = BATCH;
	enum hl_status status = HL_OK;

	link->touched = true; /* the cursor moves with this turn */
	while (got == BATCH && status == HL_OK && *cursor <= peer->out.number) {
		status = hl_store_entry_open(e->store, &key, precedence, *cursor,
			peer->out.number, row, BATCH, &got);
		for (size_t i = 0; i < got && status == HL_OK; i++) {
			if (!hl_link_room(link, precedence))
				return HL_OK;
			status = send_letter(e, peer, &row[i].entry.id, precedence);
			*cursor = row[i].entry.number + 1;
		}
	}
	if (status == HL_OK && got < BATCH)
		*cursor = peer->out.number + 1;
	return status;
}

/* FLASH first. */
static enum hl_status send_letters(struct hl_engine *e, struct peer *peer)
{
	enum hl_status status = HL_OK;

	for (unsigned p = HL_FLASH; p >= HL_ROUTINE && status == HL_OK; p--)
		if (peer->link->cursor[p] <= peer->out.number)
			status = send_of(e, peer, p);
	return status;
}

/* SPEC channel 3.2: sends after its first statement on the next link a second one, of the same
 * time, whose receipt is that of the epoch before, or nil. */
static enum hl_status show_before(struct hl_engine *e, struct peer *peer)
{
	const struct hl_channel_row in = peer->in;
	struct hl_frame frame = {.type = HL_FRAME_STATEMENT};
	struct hl_buf doc HL_CLEAN_BUF = {0};

	peer->before.pulse = in.pulse;
	peer->in = peer->before;
	enum hl_status status = hl_channel_statement(e, peer, &doc);
	peer->in = in;
	frame.doc = hl_view_buf(&doc);
	return status == HL_OK ? hl_send(e, peer->link, &frame, 0) : status;
}

/* SPEC channel 3.1: a head of its own channel only if the peer has, since this node started, shown
 * a receipt that is consistent with that channel, or nil */
enum hl_status hl_channel_pump(struct hl_engine *e, struct peer *peer)
{
	struct link *link = peer->link;
	struct hl_channel_row *out = &peer->out;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	enum hl_status status = HL_OK;

	if (link == NULL || link->dead || !link->hello)
		return HL_OK;
	bool heads = peer->gate && out->epoch != 0;
	bool due = link->signed_at == 0 || peer->receipt_due ||
		e->now.boot - link->signed_at >= STATEMENT_MS;
	bool grown = heads && out->number > out->head_number;
	bool entries = heads && link->said && link->segment_next <= out->number;
	bool before = link->signed_at == 0 && peer->has_before;
	if (due || grown || entries) {
		link->touched =
			true; /* what is counted on below is undone with the link */
		status = hl_channel_statement(e, peer, &doc);
		if (status != HL_OK)
			return status;
		link->signed_at = e->now.boot > 0 ? e->now.boot : 1;
	}
	if (entries)
		status = send_entries(e, peer, hl_view_buf(&doc));
	/* A head alone needs no frame of its own: the segment has brought it. */
	if (status == HL_OK && (due || (grown && !entries))) {
		const struct hl_frame frame = {
			.type = HL_FRAME_STATEMENT, .doc = hl_view_buf(&doc)};
		status = hl_send(e, link, &frame, 0);
		peer->receipt_due = false;
		peer->refused_said = peer->refused;
	}
	if (status == HL_OK && before)
		status = show_before(e, peer);
	if (status == HL_OK && heads && link->said)
		status = send_letters(e, peer);
	return status;
}

enum hl_status hl_channel_save(struct hl_engine *e, struct peer *peer)
{
	enum hl_status status = HL_OK;

	if (peer->out_changed) {
		peer->out.stated = peer->statement_time;
		status = hl_store_channel_put(e->store, &peer->out);
	}
	if (status == HL_OK && peer->in_changed)
		status = hl_store_channel_put(e->store, &peer->in);
	peer->out_changed = peer->in_changed = false;
	return status;
}

/* Letters of a third lab, where the asker's own slip is here. */
static enum hl_status serve_carried(
	struct hl_engine *e, struct peer *peer, const struct hl_frame *frame)
{
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < frame->want_letters.n && status == HL_OK; i++) {
		struct hl_letter_row row;
		bool carried = false;
		status = hl_carrier_serve(
			e, peer->link, &frame->want_letters.ids[i], &carried);
		if (status != HL_OK || carried)
			continue;
		status = hl_store_letter_row(e->store, &frame->want_letters.ids[i], &row);
		if (status == HL_OK && !hl_link_room(peer->link, row.precedence))
			continue; /* it asks again */
		if (status == HL_OK && hl_id_eq(&row.origin, &frame->want_letters.from))
			status = send_letter(e, peer, &row.id, row.precedence);
		status = status == HL_UNKNOWN ? HL_OK : status;
	}
	return status;
}

/* want-letters, want-entries. */
enum hl_status hl_channel_serve(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct peer *peer = hl_peer(e, &link->lab);
	enum hl_status status = HL_OK;

	if (peer->link != link)
		return HL_OK;
	bool entries = frame->type == HL_FRAME_WANT_ENTRIES;
	if (hl_id_eq(entries ? &frame->entries.from : &frame->want_letters.from,
		    &link->lab))
		return hl_regain_serve(e, link, frame);
	if (entries) {
		if (!hl_id_eq(&frame->entries.from, &e->own.id) || !link->said ||
			frame->entries.epoch > peer->out.epoch)
			return HL_OK;
		bool old = frame->entries.epoch < peer->out.epoch;
		uint64_t first =
			old || frame->entries.first == 0 ? 1 : frame->entries.first;
		if (first < link->segment_next)
			link->segment_next = first;
		return HL_OK;
	}
	if (!hl_id_eq(&frame->want_letters.from, &e->own.id))
		return serve_carried(e, peer, frame);
	for (size_t i = 0; i < frame->want_letters.n && status == HL_OK; i++) {
		const struct hl_id *id = &frame->want_letters.ids[i];
		struct hl_entry_row row;
		size_t n = 0;
		/* Only what stands in that lab's own channel. */
		status = hl_store_entry_find(
			e->store, true, &peer->lab.id, id, &row, 1, &n);
		if (status == HL_OK && n == 1 && row.entry.sort == HL_SORT_LETTER &&
			hl_link_room(link, row.precedence)) /* else it asks again */
			status = send_letter(e, peer, id, row.precedence);
	}
	return status;
}
