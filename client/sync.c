/* Documents, both ways, between this device and its node (spec/link.md 5.3 and 5.4). */
#include <stdio.h>
#include <stdlib.h>

#include "client/db.h"
#include "client/docs.h"
#include "client/library.h"
#include "client/line.h"
#include "client/output.h"

static enum hl_exit put(struct hl_line *line, enum hl_doc sort, struct hl_view doc,
	struct hl_reply *reply)
{
	struct hl_frame frame = {.type = HL_FRAME_PUT, .put = {sort, doc}};

	return hl_line_ask(line, &frame, 0, reply);
}

static bool taken(const struct hl_reply *reply)
{
	return reply->code == HL_OK || reply->code == HL_DUPLICATE ||
		reply->code == HL_STALE;
}

static enum hl_exit put_rows(struct hl_line *line, enum hl_doc sort, sqlite3_stmt *row)
{
	while (hl_db_next(line->app->db, row)) {
		struct hl_reply reply HL_CLEAN_REPLY = {0};
		enum hl_exit code = put(line, sort, hl_db_blob(row, 0), &reply);

		if (code)
			return code;
		if (!taken(&reply)) {
			/* Said; what it holds instead comes with the next sync. */
			hl_line_refused(&reply, hl_doc_name(sort));
			return HL_EXIT_OK;
		}
	}
	return line->app->db->failed ? HL_EXIT_NO : HL_EXIT_OK;
}

static enum hl_exit give_cards(struct hl_line *line)
{
	struct hl_app *app = line->app;
	sqlite3_stmt *row HL_CLEAN_STMT = hl_db_query(app->db,
		"SELECT doc FROM cards WHERE lab = ? AND version > ? AND in_force = 1 "
		"ORDER BY version",
		"di", &app->lab, line->hello.card_version);

	return put_rows(line, HL_DOC_CARD, row);
}

static enum hl_exit give_directory(struct hl_line *line)
{
	const struct hl_member *self = hl_docs_self(line->app);
	sqlite3_stmt *row HL_CLEAN_STMT = hl_db_query(line->app->db,
		"SELECT doc FROM directories WHERE version > ? ORDER BY version", "i",
		line->hello.directory_version);

	/* A node takes it from admins alone. */
	if (!self || !(self->caps.bits & HL_CAP_ADMIN))
		return HL_EXIT_OK;
	return put_rows(line, HL_DOC_DIRECTORY, row);
}

/* Would the node take it at another time? */
static bool for_later(enum hl_status code)
{
	return code == HL_TROUBLE || code == HL_BUSY || code == HL_NEED_CARD ||
		code == HL_OVER_QUOTA;
}

static enum hl_exit flush_one(struct hl_line *line, sqlite3_stmt *row, size_t *left)
{
	struct hl_reply reply HL_CLEAN_REPLY = {0};
	enum hl_doc sort = (enum hl_doc)hl_db_int(row, 1);
	enum hl_exit code = put(line, sort, hl_db_blob(row, 2), &reply);

	if (code)
		return code;
	if (!taken(&reply)) {
		hl_line_refused(&reply, hl_doc_name(sort));
		if (for_later(reply.code)) {
			++*left;
			return HL_EXIT_OK;
		}
	}
	return hl_db_do(
		line->app->db, "DELETE FROM puts WHERE n = ?", "i", hl_db_int(row, 0));
}

static enum hl_exit flush(struct hl_line *line, enum hl_doc max, size_t *ret_left)
{
	struct hl_db *db = line->app->db;
	uint64_t last = 0;
	size_t left = 0;

	for (;;) {
		sqlite3_stmt *row HL_CLEAN_STMT = hl_db_query(db,
			"SELECT n, sort, doc FROM puts WHERE n > ? AND sort <= ? "
			"ORDER BY n LIMIT 1",
			"ii", last, (uint64_t)max);
		enum hl_exit code;

		if (!hl_db_next(db, row))
			break;
		last = hl_db_int(row, 0);
		code = flush_one(line, row, &left);
		if (code)
			return code;
	}
	*ret_left = left;
	return db->failed ? HL_EXIT_NO : HL_EXIT_OK;
}

enum hl_exit hl_line_flush(struct hl_line *line, size_t *ret_left)
{
	return flush(line, HL_DOC_REQUEST, ret_left);
}

/* No directory names a lab that the node has never seen, and no sealing keys come of a lab that no
 * directory names. */
enum hl_exit hl_line_hand_over(struct hl_line *line)
{
	enum hl_exit code = give_cards(line);
	size_t left = 0;

	if (!code)
		code = flush(line, HL_DOC_CARD, &left);
	if (!code)
		code = give_directory(line);
	return code ? code : hl_line_flush(line, &left);
}

/* What is held, for get-docs. */

struct held {
	struct hl_held cards[HL_FRAME_LABS_MAX], seals[HL_FRAME_LABS_MAX];
	size_t n_cards, n_seals;
	uint64_t suspensions;
};

static size_t held_rows(struct hl_db *db, const char *sql, struct hl_held *ret)
{
	sqlite3_stmt *row HL_CLEAN_STMT = hl_db_query(db, sql, "");
	size_t n = 0;

	while (n < HL_FRAME_LABS_MAX && hl_db_next(db, row)) {
		ret[n].id = hl_db_id(row, 0);
		ret[n].version = hl_db_int(row, 1);
		n++;
	}
	return n;
}

static void gather(struct hl_db *db, struct held *held)
{
	sqlite3_stmt *row HL_CLEAN_STMT =
		hl_db_query(db, "SELECT count(*) FROM suspensions", "");

	held->suspensions = hl_db_next(db, row) ? hl_db_int(row, 0) : 0;
	held->n_cards = held_rows(db,
		"SELECT lab, max(version) FROM cards WHERE in_force = 1 GROUP BY lab ORDER BY lab",
		held->cards);
	held->n_seals =
		held_rows(db, "SELECT kid, version FROM seals ORDER BY kid", held->seals);
}

/* What a member published that has left since, or may no longer read, is held by nodes still. */
static bool of_the_past(enum hl_doc sort, enum hl_status why)
{
	return sort == HL_DOC_SEALS && (why == HL_NOT_MEMBER || why == HL_NOT_PERMITTED);
}

static enum hl_exit take_item(
	struct hl_app *app, const struct hl_doc_item *item, size_t *news)
{
	enum hl_taken result = HL_TAKEN_REFUSED;
	enum hl_status why = HL_OK;
	enum hl_exit code = hl_docs_take(app, item->sort, item->doc, &result, &why);

	if (code)
		return code;
	*news += result == HL_TAKEN_NEW;
	if (result == HL_TAKEN_REFUSED && !of_the_past(item->sort, why))
		hl_note("hotline: your node has a %s that does not hold, passed over: %s",
			hl_doc_name(item->sort), hl_status_text(why));
	return HL_EXIT_OK;
}

/* One commit for all of them. */
static enum hl_exit take_items(
	struct hl_app *app, const struct hl_body *body, size_t *news)
{
	enum hl_exit code = body->docs.n ? hl_db_begin(app->db) : HL_EXIT_OK;

	if (code || body->docs.n == 0)
		return code;
	for (size_t i = 0; !code && i < body->docs.n; i++)
		code = take_item(app, &body->docs.items[i], news);
	if (!code)
		return hl_db_commit(app->db);
	hl_db_rollback(app->db);
	hl_library_turn(app);
	return code;
}

static enum hl_exit sync_once(struct hl_line *line, struct held *held, size_t *news)
{
	const struct hl_directory *directory = hl_docs_directory(line->app);
	struct hl_frame frame = {.type = HL_FRAME_GET_DOCS};
	struct hl_reply reply HL_CLEAN_REPLY = {0};
	enum hl_exit code;

	gather(line->app->db, held);
	frame.get_docs.cards = held->cards;
	frame.get_docs.n_cards = held->n_cards;
	frame.get_docs.seals = held->seals;
	frame.get_docs.n_seals = held->n_seals;
	frame.get_docs.directory_version = directory ? directory->version : 0;
	frame.get_docs.suspensions = held->suspensions;
	code = hl_line_ask(line, &frame, 0, &reply);
	if (code)
		return code;
	if (reply.code != HL_OK)
		return hl_line_refused(&reply, "fetch cards");
	*news = 0;
	if (reply.body.of != HL_FRAME_GET_DOCS)
		return HL_EXIT_OK;
	return take_items(line->app, &reply.body, news);
}

/* Until the node sends nothing that is new: what does not verify would come again and again. */
enum hl_exit hl_line_sync(struct hl_line *line)
{
	struct held *held = calloc(1, sizeof(*held));
	enum hl_exit code = HL_EXIT_OK;
	size_t news = 1;

	if (!held)
		return hl_fail_status(HL_ERR_NOMEM, "fetch cards");
	while (news > 0 && !code)
		code = sync_once(line, held, &news);
	free(held);
	return code;
}
