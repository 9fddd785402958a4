#include "client/channels.h"

#include "client/docs.h"
#include "client/output.h"

#define MINUTE_MS  60000
#define ROUNDS_MAX 64 /* segments of one channel in one check; the next goes on */
#define FETCH_MAX  64
/* Letters entered before are no news: a device that was enrolled since was never to get them. */
#define PAST_MS (7ull * 24 * 3600 * 1000)

void hl_channel_load(struct hl_app *app, const struct hl_id *lab, struct hl_channel *ret)
{
	HL_CLEAN_STMT sqlite3_stmt *row = hl_db_query(app->db,
		"SELECT epoch, number, link, head_time, checked, feed, fault, told, since"
		" FROM channels WHERE lab = ?",
		"d", lab);

	*ret = (struct hl_channel){.lab = *lab};
	if (!hl_db_next(app->db, row))
		return;
	ret->epoch = hl_db_int(row, 0);
	ret->number = hl_db_int(row, 1);
	ret->link = hl_db_id(row, 2);
	ret->head_time = hl_db_int(row, 3);
	ret->checked = hl_db_int(row, 4);
	ret->feed = hl_db_int(row, 5);
	ret->fault = (enum hl_channel_fault)hl_db_int(row, 6);
	ret->told = (enum hl_channel_fault)hl_db_int(row, 7);
	ret->since = hl_db_int(row, 8);
}

/* As of now. head: the statement that shows it, or none for the one that is kept. */
static enum hl_exit save(
	struct hl_app *app, const struct hl_channel *channel, struct hl_view head)
{
	return hl_db_do(app->db,
		"INSERT INTO channels (lab, epoch, number, link, head_time, checked, feed,"
		" fault, told, since, head) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,"
		" nullif(?11, x'')) ON CONFLICT (lab) DO UPDATE SET epoch = ?2, number = ?3,"
		" link = ?4, head_time = ?5, checked = ?6, feed = ?7, fault = ?8, told = ?9,"
		" since = ?10, head = coalesce(nullif(?11, x''), head)",
		"diidiiiiiib", &channel->lab, channel->epoch, channel->number,
		&channel->link, channel->head_time, hl_clock(),
		hl_db_get_int(app->db, "feed"), (uint64_t)channel->fault,
		(uint64_t)channel->told, channel->since, head);
}

static void set_fault(struct hl_channel *channel, enum hl_channel_fault fault)
{
	/* What two signatures prove stays proven. */
	if (channel->fault == fault || channel->fault == HL_CHANNEL_TWO)
		return;
	channel->fault = fault;
	channel->told = HL_CHANNEL_GOOD;
	channel->since = fault == HL_CHANNEL_GOOD ? 0 : hl_clock();
}

static enum hl_exit fault(struct hl_app *app, struct hl_channel *channel,
	enum hl_channel_fault what, struct hl_view evidence)
{
	enum hl_exit code;

	set_fault(channel, what);
	code = save(app, channel, hl_view_str(NULL));
	if (code || what != HL_CHANNEL_TWO)
		return code;
	return hl_db_do(app->db,
		"UPDATE channels SET contrary = ? WHERE lab = ? AND contrary IS NULL",
		"bd", evidence, &channel->lab);
}

/* A statement may be by a node of an earlier card: each that is held is tried, newest first. */
static enum hl_status check_statement(
	struct hl_app *app, const struct hl_statement *statement)
{
	const struct hl_card *newest = hl_docs_card(app, &statement->from);
	enum hl_status status = HL_NEED_CARD;

	for (uint64_t v = newest ? newest->version : 0; v > 0; v--) {
		const struct hl_card *card = hl_docs_card_at(app, &statement->from, v);

		if (!card)
			continue;
		status = hl_statement_check(&app->net, card, statement);
		if (status != HL_NOT_MEMBER)
			break;
	}
	return status;
}

/* The head of a segment, validly signed. */
static enum hl_status signed_head(struct hl_app *app, const struct hl_id *lab,
	const struct hl_segment *segment, struct hl_statement *ret)
{
	enum hl_status status = hl_statement_parse(segment->head, ret);

	if (status != HL_OK)
		return status;
	if (!hl_id_eq(&segment->from, lab) || !hl_id_eq(&segment->to, &app->lab) ||
		!hl_id_eq(&ret->from, lab) || !hl_id_eq(&ret->to, &app->lab) ||
		!ret->has_head || ret->head.epoch != segment->epoch ||
		ret->head.number == 0)
		return HL_BAD_FIELD;
	return check_statement(app, ret);
}

/* Does the head name the link that follows from the entries? */
static enum hl_status follows(
	struct hl_app *app, const struct hl_segment *segment, const struct hl_head *head)
{
	struct hl_id link;
	enum hl_status status;

	if (head->number < segment->first)
		return HL_UNKNOWN;
	status = hl_segment_link(&app->net, segment, head->number, &link);
	if (status == HL_OK && !hl_id_eq(&link, &head->link))
		status = HL_BAD_HASH;
	return status;
}

/* What a segment, whose head is validly signed, is beside what was verified before. */
static enum hl_status compare(struct hl_app *app, const struct hl_channel *channel,
	const struct hl_segment *segment, const struct hl_head *head)
{
	enum hl_status whole = follows(app, segment, head);
	struct hl_id link;

	if (segment->epoch < channel->epoch)
		return HL_STALE;
	if (segment->epoch > channel->epoch)
		return whole == HL_OK && segment->first != 1 ? HL_UNKNOWN : whole;
	/* SPEC channel 3.7: A head with the number and epoch of one held but another link is
	 * evidence of equivocation */
	if (head->number == channel->number && !hl_id_eq(&head->link, &channel->link))
		return HL_EQUIVOCATION;
	if (whole != HL_OK)
		return whole;
	if (head->number < channel->number)
		return HL_STALE;
	if (hl_segment_link(&app->net, segment, channel->number, &link) != HL_OK)
		return HL_BAD_FIELD;
	return hl_id_eq(&link, &channel->link) ? HL_OK : HL_EQUIVOCATION;
}

static enum hl_exit miss(struct hl_app *app, const struct hl_id *lab, uint64_t epoch,
	const struct hl_entry *entry)
{
	uint64_t now = hl_clock();

	if (entry->sort == HL_SORT_VOID)
		return hl_db_do(app->db, "DELETE FROM missing WHERE lab = ? AND id = ?",
			"dd", lab, &entry->id);
	if (entry->sort != HL_SORT_LETTER || entry->time + PAST_MS < now ||
		hl_letter_held(app, &entry->id))
		return HL_EXIT_OK;
	return hl_db_do(app->db,
		"INSERT INTO missing (lab, epoch, number, id, entered, seen, told)"
		" VALUES (?,?,?,?,?,?,0) ON CONFLICT DO NOTHING",
		"diidii", lab, epoch, entry->number, &entry->id, entry->time, now);
}

/* It holds: keeps how far. */
static enum hl_exit advance(struct hl_app *app, struct hl_channel *channel,
	const struct hl_segment *segment, const struct hl_statement *statement)
{
	uint64_t before = segment->epoch == channel->epoch ? channel->number : 0;
	enum hl_exit code = hl_db_begin(app->db);

	for (size_t i = 0; !code && i < segment->n_entries; i++)
		if (segment->entries[i].number > before &&
			segment->entries[i].number <= statement->head.number)
			code = miss(
				app, &channel->lab, segment->epoch, &segment->entries[i]);
	channel->epoch = segment->epoch;
	channel->number = statement->head.number;
	channel->link = statement->head.link;
	if (statement->time > channel->head_time)
		channel->head_time = statement->time;
	/* A stale head is judged by hl_channel_line_up. */
	if (channel->fault != HL_CHANNEL_STALE)
		set_fault(channel, HL_CHANNEL_GOOD);
	if (!code)
		code = save(app, channel, segment->head);
	if (!code)
		return hl_db_commit(app->db);
	hl_db_rollback(app->db);
	return code;
}

static enum hl_exit judge(struct hl_app *app, struct hl_channel *channel,
	const struct hl_segment *segment, struct hl_view doc, enum hl_channel_shown *ret)
{
	struct hl_statement statement = {0};
	enum hl_status status = signed_head(app, &channel->lab, segment, &statement);
	bool more;

	if (status == HL_OK)
		status = compare(app, channel, segment, &statement.head);
	if (hl_status_ours(status))
		return hl_fail_status(status, "verifying a channel");
	*ret = HL_SHOWN_FAULT;
	if (status == HL_STALE)
		return fault(app, channel, HL_CHANNEL_BACK, doc);
	if (status == HL_EQUIVOCATION)
		return fault(app, channel, HL_CHANNEL_TWO, doc);
	if (status == HL_UNKNOWN && segment->epoch > channel->epoch) {
		*ret = HL_SHOWN_EPOCH;
		return HL_EXIT_OK;
	}
	if (status != HL_OK)
		return fault(app, channel, HL_CHANNEL_UNVERIFIED, doc);
	more = segment->epoch > channel->epoch || statement.head.number > channel->number;
	*ret = more ? HL_SHOWN_MORE : HL_SHOWN_SAME;
	return advance(app, channel, segment, &statement);
}

enum hl_exit hl_channel_take(struct hl_app *app, const struct hl_id *lab,
	struct hl_view doc, enum hl_channel_shown *ret)
{
	HL_CLEAN_SEGMENT struct hl_segment segment = {0};
	enum hl_status status = hl_segment_parse(doc, &segment);
	struct hl_channel channel;

	if (hl_status_ours(status))
		return hl_fail_status(status, "verifying a channel");
	hl_channel_load(app, lab, &channel);
	if (status == HL_OK)
		return judge(app, &channel, &segment, doc, ret);
	*ret = HL_SHOWN_FAULT;
	return fault(app, &channel, HL_CHANNEL_UNVERIFIED, doc);
}

enum hl_exit hl_channel_gone(struct hl_app *app, const struct hl_id *lab)
{
	struct hl_channel channel;

	hl_channel_load(app, lab, &channel);
	if (channel.epoch == 0)
		return HL_EXIT_OK;
	return fault(app, &channel, HL_CHANNEL_BACK, hl_view_str(NULL));
}

enum hl_exit hl_channel_line_up(struct hl_app *app, const struct hl_id *lab)
{
	struct hl_channel channel;
	bool stale;

	hl_channel_load(app, lab, &channel);
	stale = channel.epoch != 0 &&
		channel.head_time + HL_CHANNEL_STALE_MS < hl_clock();
	if (stale && channel.fault == HL_CHANNEL_GOOD)
		set_fault(&channel, HL_CHANNEL_STALE);
	else if (!stale && channel.fault == HL_CHANNEL_STALE)
		set_fault(&channel, HL_CHANNEL_GOOD);
	else
		return HL_EXIT_OK;
	return save(app, &channel, hl_view_str(NULL));
}

/* Asking the node. */

static enum hl_exit ask(struct hl_app *app, struct hl_line *line, const struct hl_id *lab,
	uint64_t epoch, uint64_t first, struct hl_reply *ret)
{
	struct hl_frame request = {
		.type = HL_FRAME_ENTRIES, .entries = {*lab, app->lab, epoch, first}};

	return hl_line_ask(line, &request, 0, ret);
}

/* The node does not show the number that was verified: is there a newer epoch? */
static enum hl_exit look_back(struct hl_app *app, struct hl_line *line,
	const struct hl_channel *channel, enum hl_channel_shown *ret)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	HL_CLEAN_SEGMENT struct hl_segment segment = {0};
	enum hl_exit code;

	*ret = HL_SHOWN_FAULT;
	if (channel->epoch == 0) {
		*ret = HL_SHOWN_SAME; /* there is no channel yet */
		return HL_EXIT_OK;
	}
	code = ask(app, line, &channel->lab, 0, 1, &reply);
	if (code)
		return code;
	if (reply.code == HL_OK &&
		hl_segment_parse(reply.body.segment, &segment) == HL_OK &&
		segment.epoch > channel->epoch)
		return hl_channel_take(app, &channel->lab, reply.body.segment, ret);
	return hl_channel_gone(app, &channel->lab);
}

/* A newer epoch: first what is left of the one before, so that nothing falls between. */
static enum hl_exit turn_epoch(struct hl_app *app, struct hl_line *line,
	const struct hl_channel *channel, enum hl_channel_shown *ret)
{
	HL_CLEAN_REPLY struct hl_reply old = {0}, new = {0};
	enum hl_exit code;

	code = ask(app, line, &channel->lab, channel->epoch, channel->number, &old);
	if (!code && old.code == HL_OK)
		code = hl_channel_take(app, &channel->lab, old.body.segment, ret);
	if (!code)
		code = ask(app, line, &channel->lab, 0, 1, &new);
	if (code)
		return code;
	if (new.code == HL_OK)
		return hl_channel_take(app, &channel->lab, new.body.segment, ret);
	*ret = HL_SHOWN_FAULT;
	return hl_channel_gone(app, &channel->lab);
}

static enum hl_exit follow(struct hl_app *app, struct hl_line *line,
	const struct hl_id *lab, enum hl_channel_shown *ret)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	struct hl_channel channel;
	enum hl_exit code;

	hl_channel_load(app, lab, &channel);
	code = ask(app, line, lab, 0, channel.number ? channel.number : 1, &reply);
	if (code)
		return code;
	if (reply.code == HL_UNKNOWN)
		return look_back(app, line, &channel, ret);
	*ret = HL_SHOWN_SAME;
	if (reply.code != HL_OK)
		return HL_EXIT_OK; /* the node has trouble of its own, and says so in its status */
	code = hl_channel_take(app, lab, reply.body.segment, ret);
	if (!code && *ret == HL_SHOWN_EPOCH)
		code = turn_epoch(app, line, &channel, ret);
	return code;
}

/* Letters that are missing. */

static enum hl_exit fetch(
	struct hl_app *app, struct hl_line *line, const struct hl_id *id, bool *ret_got)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0};
	struct hl_frame request = {.type = HL_FRAME_FETCH, .id = *id};
	enum hl_exit code = hl_line_ask(line, &request, 0, &reply);
	enum hl_status status;

	*ret_got = false;
	if (code || reply.code != HL_OK)
		return code;
	status = hl_envelope_parse(&app->net, reply.body.fetch.envelope, &envelope);
	if (hl_status_ours(status))
		return hl_fail_status(status, "reading a letter");
	if (status != HL_OK || !hl_id_eq(&envelope.id, id))
		return HL_EXIT_OK;
	*ret_got = true;
	/* SPEC message 4.4: verify that a node has signed them (envelope 3.10), and pass them
	 * over */
	if (hl_letter_is_machine(app, &envelope))
		return HL_EXIT_OK;
	return hl_letter_keep(app, &envelope, HL_SOURCE_NODE, reply.body.fetch.time,
		reply.body.fetch.deferred, 0, NULL);
}

static size_t list_missing(
	struct hl_app *app, const struct hl_id *lab, struct hl_id ret[static FETCH_MAX])
{
	HL_CLEAN_STMT sqlite3_stmt *row = hl_db_query(app->db,
		"SELECT id FROM missing WHERE lab = ? ORDER BY entered DESC", "d", lab);
	size_t n = 0;

	while (n < FETCH_MAX && hl_db_next(app->db, row))
		ret[n++] = hl_db_id(row, 0);
	return n;
}

static enum hl_exit settle_some(struct hl_app *app, struct hl_line *line,
	const struct hl_id *lab, const struct hl_id *ids, size_t n, size_t *fetched,
	size_t *ret_left)
{
	enum hl_exit code = HL_EXIT_OK;

	*ret_left = 0;
	for (size_t i = 0; !code && i < n; i++) {
		bool got = hl_letter_held(app, &ids[i]);

		if (!got) {
			code = fetch(app, line, &ids[i], &got);
			*fetched += !code && got;
		}
		if (!code && got)
			code = hl_db_do(app->db,
				"DELETE FROM missing WHERE lab = ? AND id = ?", "dd", lab,
				&ids[i]);
		*ret_left += !got;
	}
	return code;
}

static enum hl_exit settle(struct hl_app *app, struct hl_line *line,
	const struct hl_id *lab, size_t *fetched)
{
	struct hl_id ids[FETCH_MAX];
	size_t n, left;
	enum hl_exit code;

	/* After a week away there are more of them than one round takes. */
	do {
		n = list_missing(app, lab, ids);
		code = settle_some(app, line, lab, ids, n, fetched, &left);
	} while (!code && n == FETCH_MAX && left == 0);
	return code;
}

/* All peers. */

static bool is_up(const struct hl_reply *status, const struct hl_id *lab)
{
	for (size_t i = 0; i < status->body.status.n_peers; i++)
		if (hl_id_eq(&status->body.status.peers[i].lab, lab))
			return status->body.status.peers[i].state == HL_LINK_UP;
	return false;
}

static bool is_due(const struct hl_channel *channel, uint64_t feed, bool force)
{
	uint64_t now = hl_clock();

	return force || channel->feed != feed || channel->checked > now ||
		channel->checked + MINUTE_MS <= now;
}

static enum hl_exit check_one(struct hl_app *app, struct hl_line *line,
	const struct hl_id *lab, bool up, size_t *fetched)
{
	enum hl_channel_shown shown = HL_SHOWN_MORE;
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 0; !code && shown == HL_SHOWN_MORE && i < ROUNDS_MAX; i++)
		code = follow(app, line, lab, &shown);
	if (!code)
		code = settle(app, line, lab, fetched);
	/* Where more is to come, the newest head that was read is not the newest there is. */
	if (!code && up && shown != HL_SHOWN_MORE)
		code = hl_channel_line_up(app, lab);
	return code;
}

enum hl_exit hl_channels_check(
	struct hl_app *app, struct hl_line *line, bool force, size_t *ret_fetched)
{
	HL_CLEAN_REPLY struct hl_reply status = {0};
	struct hl_frame request = {.type = HL_FRAME_STATUS};
	const struct hl_directory *directory = hl_docs_directory(app);
	const struct hl_member *self = hl_docs_self(app);
	uint64_t feed = hl_db_get_int(app->db, "feed");
	enum hl_exit code = HL_EXIT_OK;
	bool asked = false;
	size_t fetched = 0;

	if (!self || !(self->caps.bits & HL_CAP_READ))
		return HL_EXIT_OK;
	for (size_t i = 0; !code && directory && i < directory->n_peers; i++) {
		const struct hl_id *lab = &directory->peers[i].lab;
		struct hl_channel channel;

		hl_channel_load(app, lab, &channel);
		if (!is_due(&channel, feed, force))
			continue;
		if (!asked)
			code = hl_line_ask(line, &request, 0, &status);
		asked = true;
		if (!code)
			code = check_one(app, line, lab,
				status.code == HL_OK && is_up(&status, lab), &fetched);
	}
	if (!code && ret_fetched)
		*ret_fetched = fetched;
	return code;
}
