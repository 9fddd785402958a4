/* The peer's statements: its receipts for what this node sent, its heads; and our own receipt. */
#include "node/engine/state.h"

#include <stdio.h>
#include <string.h>

#define BATCH      32
#define SUCCEED_MS 60000
#define CONTRARY_MAX \
	16 /* heads that speak against others, of one peer, kept in one run */
#define ENTRY_BYTES 256 /* of one entry in the store, with its indexes */

static struct hl_channel_key key_of(const struct hl_channel_row *row)
{
	return (struct hl_channel_key){row->peer, row->outgoing, row->epoch};
}

void hl_receipt_grew(struct hl_engine *e, struct peer *peer)
{
	/* SPEC channel 2.3: since is the stored time at which the receipt last grew */
	peer->in.since = e->now.wall > peer->in.since ? e->now.wall : peer->in.since;
	peer->in_changed = true;
	peer->receipt_due = true;
}

bool hl_refusal_room(struct hl_engine *e, struct peer *peer)
{
	/* SPEC channel 2.3: refused is a list of 0 to 64 `[number u, code u]`, sorted by
	 * number, each from 1 to h, the newest ones */
	if (peer->refused < HL_REFUSED_MAX)
		return true;
	hl_note(e, peer, 5, "more refusals than a receipt can name", "the rest waits");
	return false;
}

/* Whatever way its statement came. */
static void grow(struct hl_engine *e, struct peer *peer, uint64_t bytes)
{
	hl_quota_charge(&peer->quota, HL_QUOTA_GROWTH, bytes, e->now.boot);
}

/* Everything from after to before - 1, if that is anything. */
static void add_range(struct hl_receipt *r, uint64_t after, uint64_t before)
{
	if (before - after > 1 && r->n_ranges < HL_RANGES_MAX)
		r->ranges[r->n_ranges++] = (struct hl_range){after + 1, before - 1};
}

enum hl_status hl_receipt_make(
	struct hl_engine *e, struct peer *peer, struct hl_receipt *ret)
{
	const struct hl_channel_row *in = &peer->in;
	const struct hl_channel_key key = key_of(in);
	struct hl_entry_row row[HL_RANGES_MAX + 1];
	size_t n = 0;
	enum hl_status status = hl_store_entry_open(
		e->store, &key, 0, 1, in->number, row, HL_RANGES_MAX + 1, &n);

	if (status != HL_OK)
		return status;
	memset(ret, 0, sizeof(*ret));
	ret->head = (struct hl_head){in->epoch, in->head_number, in->head_link};
	ret->since = in->since;
	ret->through = n > 0 ? row[0].entry.number - 1 : in->number;
	/* What lies between two missing ones is held; after the last that is known too. */
	for (size_t i = 0; i < n; i++) {
		bool end = i + 1 == n;
		if (end && n == HL_RANGES_MAX + 1)
			break;
		add_range(ret, row[i].entry.number,
			end ? in->number + 1 : row[i + 1].entry.number);
	}
	status = hl_store_entry_state(
		e->store, &key, HL_REFUSED, in->number + 1, row, HL_REFUSED_MAX, &n);
	if (status != HL_OK)
		return status;
	ret->n_refused = n;
	for (size_t i = 0; i < n; i++)
		ret->refused[n - 1 - i] =
			(struct hl_refusal){row[i].entry.number, row[i].code};
	return HL_OK;
}

/* Our own link at a number of the newest epoch. */
static enum hl_status own_link(
	struct hl_engine *e, struct peer *peer, uint64_t number, struct hl_id *ret)
{
	const struct hl_channel_key key = key_of(&peer->out);
	struct hl_entry_row row;

	if (number == 0) {
		hl_link_first(&e->config.net, &e->own.id, &peer->lab.id, key.epoch, ret);
		return HL_OK;
	}
	if (number == peer->out.number) {
		*ret = peer->out.link;
		return HL_OK;
	}
	enum hl_status status = hl_store_entry_get(e->store, &key, number, &row);
	if (status == HL_OK)
		*ret = row.link;
	return status;
}

/* An older epoch is one of ours, or the newest says that there was one before it. Else this store
 * is a backup of before that epoch, or a new one, and its line is none that the peer
 * can follow. */
static enum hl_status check_older(
	struct hl_engine *e, struct peer *peer, uint64_t epoch, bool *ret)
{
	struct hl_channel_key key = key_of(&peer->out);
	struct hl_entry_row row;
	enum hl_status status = hl_store_entry_get(e->store, &key, 1, &row);

	*ret = status == HL_OK && row.entry.sort == HL_SORT_SUCCESSION;
	if (*ret || hl_status_ours(status))
		return hl_status_ours(status) ? status : HL_OK;
	key.epoch = epoch;
	status = hl_store_entry_get(e->store, &key, 1, &row);
	*ret = status == HL_OK;
	return hl_status_ours(status) ? status : HL_OK;
}

/* SPEC channel 3.2: A receipt (epoch, h, link_h) is consistent with a node's own channel when epoch
 * is older than the node's and known to it */
static enum hl_status check_consistent(
	struct hl_engine *e, struct peer *peer, const struct hl_head *head, bool *ret)
{
	struct hl_id link;

	*ret = false;
	if (head->epoch < peer->out.epoch)
		return check_older(e, peer, head->epoch, ret);
	if (head->epoch != peer->out.epoch || head->number > peer->out.number)
		return HL_OK;
	enum hl_status status = own_link(e, peer, head->number, &link);
	if (status == HL_OK)
		*ret = hl_id_eq(&link, &head->link);
	return status;
}

/* Evidence is stored once, with the first entry that it covers. */
struct covering {
	struct hl_engine *e;
	struct peer *peer;
	const struct hl_receipt *receipt;
	struct hl_view doc;
	uint64_t row;
};

static enum hl_status mark_delivered(struct covering *c, const struct hl_entry_row *row)
{
	struct hl_engine *e = c->e;
	const struct hl_channel_key key = key_of(&c->peer->out);
	enum hl_status code = HL_OK, status = HL_OK;

	/* SPEC channel 4.3: where refused has 64 items, numbers below the first of them are not
	 * shown */
	if (!hl_receipt_holds(c->receipt, row->entry.number, &code) ||
		!hl_receipt_shows(c->receipt, row->entry.number))
		return HL_OK;
	if (c->row == 0)
		status = hl_store_statement_put(e->store, &key, HL_STATEMENT_RECEIPT,
			c->receipt->head.number, false, c->doc, &c->row);
	if (status == HL_OK)
		status = hl_store_entry_mark(e->store, &key, row->entry.number,
			code == HL_OK ? HL_DELIVERED : HL_REFUSED, code, false, c->row);
	bool unknown = false; /* to devices */
	if (status == HL_OK)
		status = hl_drill_receipt(e, c->peer, &row->entry.id, code, &unknown);
	if (status == HL_OK && row->receipt == 0 && !unknown)
		status = code == HL_OK ? hl_feed(e, HL_FEED_RECEIPT, &row->entry.id,
						 &c->peer->lab.id, row->entry.number)
				       : hl_feed(e, HL_FEED_REFUSED, &row->entry.id,
						 &c->peer->lab.id, (uint64_t)code);
	if (code != HL_OK)
		hl_note(e, c->peer, 4, "it refused a letter", hl_status_name(code));
	return status;
}

static enum hl_status mark_range(struct covering *c, uint64_t first, uint64_t last)
{
	const struct hl_channel_key key = key_of(&c->peer->out);
	struct hl_entry_row row[BATCH];
	size_t n = 0;
	enum hl_status status = HL_OK;

	for (unsigned p = HL_FLASH; p >= HL_ROUTINE; p--) {
		uint64_t from = first;
		do {
			if (status == HL_OK)
				status = hl_store_entry_open(
					c->e->store, &key, p, from, last, row, BATCH, &n);
			for (size_t i = 0; i < n && status == HL_OK; i++) {
				status = mark_delivered(c, &row[i]);
				from = row[i].entry.number + 1;
			}
		} while (status == HL_OK && n == BATCH);
	}
	return status;
}

/* The peer's store is behind what it has receipted: it was restored, and gets all of it again. */
static enum hl_status reopen(
	struct hl_engine *e, struct peer *peer, const struct hl_receipt *receipt)
{
	const struct hl_channel_key key = key_of(&peer->out);
	struct hl_entry_row row[BATCH];
	uint64_t below = peer->out.number + 1;
	uint64_t through = receipt != NULL ? receipt->through : 0;
	size_t n = 0;
	enum hl_status status, code;

	do {
		status = hl_store_entry_state(
			e->store, &key, HL_DELIVERED, below, row, BATCH, &n);
		for (size_t i = 0; i < n && status == HL_OK; i++) {
			below = row[i].entry.number;
			if (below <= through)
				break;
			if (receipt == NULL || !hl_receipt_holds(receipt, below, &code))
				status = hl_store_entry_mark(e->store, &key, below,
					HL_ENTERED, HL_OK, true, 0);
		}
	} while (status == HL_OK && n == BATCH && below > through);
	peer->out.delivered = through;
	peer->out_changed = true;
	return status;
}

/* The store holds the entry that a head names, or begins the epoch of a head that names none. */
static enum hl_status holds_head(
	struct hl_engine *e, struct peer *peer, const struct hl_head *head, bool *ret)
{
	const struct hl_channel_key key = {peer->lab.id, true, head->epoch};
	uint64_t number = head->number > 0 ? head->number : 1;
	struct hl_entry_row row;
	enum hl_status status = hl_store_entry_get(e->store, &key, number, &row);

	*ret = status == HL_OK && (head->number == 0 || hl_id_eq(&row.link, &head->link));
	return hl_status_ours(status) ? status : HL_OK;
}

/* SPEC channel 3.2: letters of that epoch and of later ones that it does not show; and where it is
 * nil, or the node's store does not hold the entry that its head names, letters of all older
 * epochs */
enum hl_status hl_enter_again(
	struct hl_engine *e, struct peer *peer, const struct hl_receipt *receipt)
{
	uint64_t epoch = 0, after = 0, current = peer->out.epoch;
	struct hl_entry_row row[BATCH];
	bool known = false;
	size_t n = 0;
	enum hl_status status = HL_OK, code;

	if (receipt != NULL)
		status = holds_head(e, peer, &receipt->head, &known);
	if (known) {
		epoch = receipt->head.epoch;
		after = receipt->through;
	}
	while (status == HL_OK) {
		status = hl_store_entry_older(
			e->store, &peer->lab.id, current, epoch, after, row, BATCH, &n);
		hl_quota_charge(&peer->quota, HL_QUOTA_CHECKS, 1 + n / 8, e->now.boot);
		for (size_t i = 0; i < n && status == HL_OK; i++) {
			struct hl_entry_row newest;
			size_t found = 0;
			epoch = row[i].epoch;
			after = row[i].entry.number;
			if (known && epoch == receipt->head.epoch &&
				hl_receipt_holds(receipt, after, &code))
				continue;
			status = hl_store_entry_find(e->store, true, &peer->lab.id,
				&row[i].entry.id, &newest, 1, &found);
			if (status != HL_OK || found != 1 || newest.epoch != epoch)
				continue;
			grow(e, peer, ENTRY_BYTES);
			status = hl_channel_enter(e, peer, HL_SORT_LETTER,
				&row[i].entry.id, row[i].precedence);
		}
		if (n < BATCH)
			break;
	}
	return status;
}

/* SPEC channel 3.2: the node raises an alarm and opens a new epoch, higher than the peer's,
 * whose succession has 32 zero bytes */
static enum hl_status succeed(struct hl_engine *e, struct peer *peer, struct link *link,
	const struct hl_receipt *receipt)
{
	const struct hl_head *head = &receipt->head;
	struct carry *c = &peer->carry;

	/* Once on one link, or a minute by carriers, and for an epoch above which there are others:
	 * each costs room here. */
	bool often = link != NULL
		? link->said
		: c->succeeded_at != 0 && e->now.boot - c->succeeded_at < SUCCEED_MS;
	bool full = hl_quota_over(&peer->quota, HL_QUOTA_GROWTH, true, e->now.boot);
	if (often || full || head->epoch >= INT64_MAX) {
		const char *what = "a receipt for what was never sent";
		if (link != NULL)
			return hl_breach(e, link, what, "link closed");
		hl_note(e, peer, 3, what, "passed over");
		return HL_OK;
	}
	hl_alarm(e, &peer->lab.id,
		"this node's store is behind what the peer "
		"holds: a backup was restored");
	peer->gate = true;
	if (link != NULL)
		link->said = true;
	else
		c->succeeded_at = e->now.boot > 0 ? e->now.boot : 1;
	enum hl_status status = hl_regain_begin(e, peer);
	peer->lost.told = true;
	if (status == HL_OK)
		status = hl_channel_succeed(e, peer, head->epoch, true);
	grow(e, peer, peer->out.number * ENTRY_BYTES);
	/* It may have been restored too. */
	return status == HL_OK ? hl_enter_again(e, peer, receipt) : status;
}

/* SPEC channel 3.2: The peer enters again, in its newest epoch, the letters of older epochs that
 * this one does not show, and concludes nothing else from it. */
static enum hl_status take_before(struct hl_engine *e, struct peer *peer,
	struct link *link, const struct hl_receipt *receipt)
{
	uint64_t number = peer->out.number;

	link->before = true;
	enum hl_status status = hl_enter_again(e, peer, receipt);
	if (peer->out.number > number)
		hl_note(e, peer, 4, "what it held before does not show all",
			"was its store restored? it is sent again");
	return status;
}

static enum hl_status take_receipt(struct hl_engine *e, struct peer *peer,
	struct link *link, const struct hl_statement *s, struct hl_view doc)
{
	const struct hl_receipt *r = s->has_receipt ? &s->receipt : NULL;
	bool good = true, first = link != NULL && !link->said;
	enum hl_status status = HL_OK;

	if (r != NULL)
		status = check_consistent(e, peer, &r->head, &good);
	if (status != HL_OK)
		return status;
	bool same = r != NULL && r->head.epoch == peer->out.epoch;
	if (link != NULL && first)
		link->first_time = s->time;
	if (link != NULL && link->said && !link->before && !same &&
		s->time == link->first_time)
		return good && peer->out.epoch != 0 ? take_before(e, peer, link, r)
						    : HL_OK;
	if (!good)
		return succeed(e, peer, link, r);
	peer->gate = peer->gate || link != NULL;
	peer->carry.heard = true;
	uint64_t through = same ? r->through : 0;
	if (through > peer->out.number)
		through = peer->out.number;
	/* A statement of a link that lost its race may be older than what came; one of a restored
	 * node whose clock is behind is followed by others. */
	bool newer = s->time > peer->statement_time || (link == NULL && !peer->gate);
	bool fell = through < peer->out.delivered && newer;
	if (fell) {
		hl_carry_reset(peer);
		peer->carry.heard = true;
		/* One that was carried may only have been slow: by a clock that was set back since
		 * it looks newer than it is. */
		if (link != NULL)
			hl_alarm(e, &peer->lab.id,
				"its receipt fell back: its store was restored; "
				"all is sent again");
		else
			hl_note(e, peer, 5, "a carried receipt fell back",
				"what it does not show is sent again");
		status = reopen(e, peer, same ? r : NULL);
	}
	if ((first || fell) && !same && peer->out.epoch != 0 && status == HL_OK)
		status = hl_enter_again(e, peer, r);
	if (link != NULL && first) {
		link->said = true;
		peer->receipt_due = true; /* with the head that may now be signed */
	}
	if ((first || fell) && peer->link != NULL) {
		peer->link->segment_next = through + 1;
		for (unsigned p = 0; p < PRECEDENCES; p++)
			peer->link->cursor[p] = through + 1;
	}
	if (status != HL_OK || !same)
		return status;
	status = hl_channel_head_shown(e, peer, &r->head);
	if (status != HL_OK)
		return status;
	struct covering c = {e, peer, r, doc, 0};
	uint64_t from = peer->out.delivered + 1;
	if (through >= from)
		status = mark_range(&c, 1, through);
	for (size_t i = 0; i < r->n_ranges && status == HL_OK; i++)
		status = mark_range(&c, r->ranges[i].first, r->ranges[i].last);
	if (through > peer->out.delivered) {
		peer->out.delivered = through;
		peer->out.since = r->since;
		peer->out_changed = true;
	}
	return status;
}

/* SPEC channel 3.7: both are kept, the first stays, and an alarm is raised */
enum hl_status hl_head_contrary(
	struct hl_engine *e, struct peer *peer, uint64_t number, struct hl_view doc)
{
	const struct hl_channel_key key = key_of(&peer->in);

	hl_alarm(e, &peer->lab.id, "it signed two channels with one number");
	/* A few prove it; it can sign a thousand. */
	if (peer->contrary >= CONTRARY_MAX)
		return HL_OK;
	peer->contrary++;
	hl_quota_charge(&peer->quota, HL_QUOTA_GROWTH, doc.n, e->now.boot);
	return hl_store_statement_put(
		e->store, &key, HL_STATEMENT_HEAD, number, true, doc, NULL);
}

static enum hl_status check_known(struct hl_engine *e, struct peer *peer,
	const struct hl_head *head, struct hl_view doc)
{
	const struct hl_channel_key key = key_of(&peer->in);
	struct hl_entry_row row;
	struct hl_id link = peer->in.link;

	if (head->number == 0)
		return HL_OK;
	if (head->number != peer->in.number) {
		enum hl_status status =
			hl_store_entry_get(e->store, &key, head->number, &row);
		if (status != HL_OK)
			return status;
		link = row.link;
	}
	return hl_id_eq(&link, &head->link)
		? HL_OK
		: hl_head_contrary(e, peer, head->number, doc);
}

static enum hl_status take_head(struct hl_engine *e, struct peer *peer,
	const struct hl_head *head, struct hl_view doc)
{
	struct hl_channel_row *in = &peer->in;
	const struct hl_channel_key key = key_of(in);

	if (head->epoch > INT64_MAX || head->number > INT64_MAX)
		return HL_OK;
	/* SPEC channel 3.7: Heads of an older epoch than the one held are refused (26). */
	if (head->epoch < in->epoch) {
		hl_note(e, peer, 5, "a head of an old epoch", "passed over");
		return HL_OK;
	}
	if (head->epoch > in->epoch)
		return head->number == 0 ? HL_OK
					 : hl_ask_entries(e, peer, head->epoch, 1);
	if (head->number <= in->number)
		return check_known(e, peer, head, doc);
	if (head->number == in->head_number)
		return hl_id_eq(&head->link, &in->head_link)
			? HL_OK
			: hl_head_contrary(e, peer, head->number, doc);
	if (head->number > in->head_number) {
		/* It comes again within a minute. */
		if (hl_cost_full(e, peer->link, true))
			return HL_OK;
		hl_cost(e, peer->link, HL_QUOTA_GROWTH, doc.n);
		enum hl_status status = hl_store_statement_put(e->store, &key,
			HL_STATEMENT_HEAD, head->number, false, doc, NULL);
		if (status != HL_OK)
			return status;
		in->head_number = head->number;
		in->head_link = head->link;
		peer->in_changed = true;
		peer->receipt_due = true;
	}
	return hl_ask_entries(e, peer, in->epoch, in->number + 1);
}

static enum hl_status keep_newest(struct peer *peer, uint64_t time, struct hl_view doc)
{
	struct hl_buf copy HL_CLEAN_BUF = {0};

	if (time < peer->newest_head_time)
		return HL_OK;
	enum hl_status status = hl_buf_append(&copy, doc);
	if (status != HL_OK)
		return status;
	hl_buf_clear(&peer->newest_head);
	peer->newest_head = hl_buf_steal(&copy);
	peer->newest_head_time = time;
	return HL_OK;
}

enum hl_status hl_statement_take(
	struct hl_engine *e, struct peer *peer, struct link *link, struct hl_view doc)
{
	struct hl_statement s;
	struct hl_id hash;
	enum hl_status status = hl_statement_parse(doc, &s);

	if (link != NULL && peer->link != link)
		return HL_OK;
	if (status == HL_OK &&
		(!hl_id_eq(&s.from, &peer->lab.id) || !hl_id_eq(&s.to, &e->own.id)))
		status = HL_BAD_FIELD;
	/* The one that a segment has just brought needs no second check. */
	hl_sha256(&doc, 1, &hash);
	hl_cost(e, link, HL_QUOTA_CHECKS,
		1 + (status == HL_OK ? s.receipt.n_ranges / 4 : 0));
	if (status == HL_OK && !hl_id_eq(&hash, &peer->checked))
		status = hl_statement_check(&e->config.net, &peer->lab.card, &s);
	if (hl_status_ours(status))
		return status;
	if (status != HL_OK) {
		hl_note(e, peer, 4, "a statement was not taken", hl_status_name(status));
		return HL_OK;
	}
	if (link != NULL && (status = hl_pulse_answered(e, peer, s.pulse)) != HL_OK)
		return status;
	bool again = hl_id_eq(&hash, &peer->last_statement);
	peer->last_statement = peer->checked = hash;
	if (again && (link == NULL || link->said))
		return HL_OK;
	if (s.has_head)
		status = take_head(e, peer, &s.head, doc);
	if (status == HL_OK && s.has_head)
		status = keep_newest(peer, s.time, doc);
	if (status == HL_OK)
		status = take_receipt(e, peer, link, &s, doc);
	if (s.time > peer->statement_time)
		peer->statement_time = s.time;
	return status;
}
