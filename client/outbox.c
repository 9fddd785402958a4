#include "client/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/docs.h"
#include "client/letters.h"
#include "client/output.h"
#include "client/thread.h"

#define ROW                                                                         \
	"SELECT o.n, o.id, l.incident, o.state, l.precedence, o.sent FROM outbox o" \
	" LEFT JOIN letters l ON l.id = o.id "

static void read_row(sqlite3_stmt *stmt, struct hl_outgoing *ret)
{
	*ret = (struct hl_outgoing){.n = hl_db_int(stmt, 0),
		.id = hl_db_id(stmt, 1),
		.incident = hl_db_id(stmt, 2),
		.state = (enum hl_outbox_state)hl_db_int(stmt, 3),
		.precedence = (enum hl_precedence)hl_db_int(stmt, 4),
		.sent = hl_db_int(stmt, 5)};
}

static enum hl_exit one_row(
	struct hl_app *app, sqlite3_stmt *stmt, struct hl_outgoing *ret)
{
	HL_CLEAN_STMT sqlite3_stmt *end = stmt;

	if (!hl_db_next(app->db, end))
		return HL_EXIT_NO;
	read_row(end, ret);
	return HL_EXIT_OK;
}

enum hl_exit hl_outbox_by_key(
	struct hl_app *app, const char *key, struct hl_outgoing *ret)
{
	return one_row(app, hl_db_query(app->db, ROW "WHERE o.key = ?", "t", key), ret);
}

enum hl_exit hl_outbox_by_id(
	struct hl_app *app, const struct hl_id *id, struct hl_outgoing *ret)
{
	return one_row(app, hl_db_query(app->db, ROW "WHERE o.id = ?", "d", id), ret);
}

enum hl_exit hl_outbox_by_number(struct hl_app *app, uint64_t n, struct hl_outgoing *ret)
{
	return one_row(app, hl_db_query(app->db, ROW "WHERE o.n = ?", "i", n), ret);
}

bool hl_outbox_number(const char *typed, uint64_t *ret)
{
	uint64_t n = 0;

	if (typed[0] != 'd' || !typed[1] || strlen(typed) > 10)
		return false;
	for (const char *c = typed + 1; *c; c++) {
		if (*c < '0' || *c > '9')
			return false;
		n = n * 10 + (uint64_t)(*c - '0');
	}
	*ret = n;
	return true;
}

enum hl_exit hl_outbox_doc(struct hl_app *app, uint64_t n, struct hl_buf *ret_doc)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt =
		hl_db_query(app->db, "SELECT doc FROM outbox WHERE n = ?", "i", n);
	enum hl_status status;

	if (!hl_db_next(app->db, stmt))
		return HL_EXIT_NO;
	status = hl_buf_append(ret_doc, hl_db_blob(stmt, 0));
	return status == HL_OK ? HL_EXIT_OK : hl_fail_status(status, "reading a draft");
}

enum hl_exit hl_outbox_keep(struct hl_app *app, const struct hl_envelope *envelope,
	enum hl_outbox_state state, const char *key, struct hl_outgoing *ret)
{
	enum hl_exit code;

	code = hl_db_do(app->db,
		"INSERT INTO outbox (id, key, state, created, doc) VALUES (?,?,?,?,?)"
		" ON CONFLICT (id) DO NOTHING",
		"dtiib", &envelope->id, key, (uint64_t)state, hl_clock(),
		hl_view_buf(&envelope->doc));
	if (code != HL_EXIT_OK)
		return code;
	return hl_outbox_by_id(app, &envelope->id, ret);
}

/* Could the node take it at another time? */
static bool may_heal(enum hl_status code)
{
	return hl_status_ours(code) || code == HL_NEED_CARD || code == HL_OVER_QUOTA ||
		code == HL_TROUBLE || code == HL_BUSY || code == HL_FEW_SIGNATURES;
}

static enum hl_exit refused(
	struct hl_app *app, struct hl_outgoing *row, const struct hl_reply *reply)
{
	enum hl_exit code;

	row->refused = reply->code;
	row->state = may_heal(reply->code) ? HL_OUTBOX_DRAFT : HL_OUTBOX_DROPPED;
	code = hl_db_do(app->db,
		"UPDATE outbox SET state = ?, last_error = ? WHERE n = ?", "iti",
		(uint64_t)row->state, reply->text, row->n);
	if (code != HL_EXIT_OK)
		return code;
	code = hl_line_refused(reply, hl_scrap(app, "d%llu", (unsigned long long)row->n));
	if (row->state == HL_OUTBOX_DROPPED)
		hl_note("  it is not sent again by itself; to try all the same: "
			"hotline send d%llu",
			(unsigned long long)row->n);
	else
		hl_note("  it stays a draft and goes out later, or: hotline send d%llu",
			(unsigned long long)row->n);
	return code;
}

enum hl_exit hl_outbox_sent(struct hl_app *app, const struct hl_outgoing *row)
{
	enum hl_exit code = hl_db_begin(app->db);

	if (code == HL_EXIT_OK)
		code = hl_db_do(app->db,
			"UPDATE outbox SET state = 3, sent = ?, last_error = NULL"
			" WHERE n = ?",
			"ii", row->sent, row->n);
	if (code == HL_EXIT_OK)
		code = hl_db_do(app->db,
			"UPDATE letters SET stored = ? WHERE id = ? AND source = 3", "id",
			row->sent, &row->id);
	if (code != HL_EXIT_OK) {
		hl_db_rollback(app->db);
		return code;
	}
	return hl_db_commit(app->db);
}

enum hl_exit hl_outbox_hand(
	struct hl_app *app, struct hl_line *line, struct hl_outgoing *row)
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	struct hl_frame request = {.type = HL_FRAME_SUBMIT};
	enum hl_exit code = hl_outbox_doc(app, row->n, &doc);

	if (code != HL_EXIT_OK)
		return code;
	request.doc = hl_view_buf(&doc);
	code = hl_line_ask(line, &request, row->precedence, &reply);
	if (code != HL_EXIT_OK)
		return code;
	if (reply.code != HL_OK)
		return refused(app, row, &reply);
	row->state = HL_OUTBOX_SENT;
	row->sent = reply.body.submit.time;
	return HL_EXIT_OK;
}

enum hl_exit hl_outbox_send(
	struct hl_app *app, struct hl_line *line, struct hl_outgoing *row)
{
	enum hl_exit code = hl_outbox_hand(app, line, row);

	return code == HL_EXIT_OK ? hl_outbox_sent(app, row) : code;
}

enum hl_exit hl_outbox_flush(struct hl_app *app, struct hl_line *line, uint64_t skip)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = NULL;
	struct hl_outgoing rows[64];
	size_t n = 0;

	stmt = hl_db_query(app->db,
		ROW "WHERE o.state = 1 AND o.n <> ?"
		    " ORDER BY l.precedence DESC, o.n LIMIT 64",
		"i", skip);
	while (n < 64 && hl_db_next(app->db, stmt))
		read_row(stmt, &rows[n++]);
	if (hl_db_done(app->db, &stmt) != HL_EXIT_OK)
		return HL_EXIT_NO;
	for (size_t i = 0; i < n; i++) {
		enum hl_exit code = hl_outbox_send(app, line, &rows[i]);

		if (code == HL_EXIT_NODE)
			return code;
		if (code == HL_EXIT_OK)
			hl_note("d%llu went out: a letter of %s, stored at your node.",
				(unsigned long long)rows[i].n,
				hl_thread_short(app, &rows[i].incident));
	}
	return HL_EXIT_OK;
}

static void phone(struct hl_app *app, const struct hl_outgoing *row)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};

	if (hl_letter_load(app, &row->id, &letter) != HL_EXIT_OK)
		return;
	for (size_t i = 0; i < letter.envelope.core.n_labs; i++) {
		const struct hl_id *lab = &letter.envelope.core.labs[i];
		const struct hl_card *card = hl_docs_card(app, lab);

		if (hl_id_eq(lab, &app->lab) || !card)
			continue;
		for (size_t j = 0; j < card->n_contacts; j++)
			hl_note("  %s by phone: %s", hl_docs_lab_name(app, lab),
				hl_safe(app, card->contacts[j]));
		if (card->n_contacts == 0)
			hl_note("  %s has no contact for such a case on its card",
				hl_docs_lab_name(app, lab));
	}
}

/* What works without the node. */
static void by_hand(struct hl_app *app, const struct hl_outgoing *row)
{
	hl_note("  by hand: hotline export d%llu > d%llu.hotline",
		(unsigned long long)row->n, (unsigned long long)row->n);
	phone(app, row);
}

bool hl_outbox_heals(const struct hl_outgoing *row)
{
	return row->state == HL_OUTBOX_DRAFT && row->refused != HL_OK &&
		row->refused != HL_FEW_SIGNATURES;
}

enum hl_exit hl_outbox_later(struct hl_app *app, const struct hl_outgoing *row)
{
	by_hand(app, row);
	return HL_EXIT_NODE;
}

enum hl_exit hl_outbox_away(
	struct hl_app *app, const struct hl_outgoing *row, const char *why)
{
	unsigned long long n = row->n;

	if (*why)
		hl_note("hotline: %s", why);
	hl_note("  kept as draft d%llu; it goes out by itself when the node is back", n);
	hl_note("  and hotline runs, or: hotline send d%llu", n);
	by_hand(app, row);
	return HL_EXIT_NODE;
}
