#include "client/proof.h"

#include "client/carriers.h"
#include "client/docs.h"
#include "client/output.h"

/* What a segment turned out to prove of one letter. */
struct finding {
	enum hl_proof_state state;
	enum hl_status code;
	uint64_t since;
	struct hl_entry entry;
};

/* A statement may be by a node of an earlier card: each that is held is tried, newest first. */
static enum hl_status entered(struct hl_app *app, const struct hl_segment *segment,
	const struct hl_id *id, struct hl_entry *ret)
{
	const struct hl_card *newest = hl_docs_card(app, &segment->from);
	enum hl_status status = HL_NEED_CARD;

	for (uint64_t v = newest ? newest->version : 0; v > 0; v--) {
		const struct hl_card *card = hl_docs_card_at(app, &segment->from, v);

		if (!card)
			continue;
		status = hl_segment_entered(&app->net, segment, card, id, ret);
		if (status != HL_NOT_MEMBER)
			break;
	}
	return status;
}

static enum hl_status delivered(struct hl_app *app, const struct hl_segment *segment,
	const struct hl_id *id, uint64_t *ret_since)
{
	const struct hl_card *newest = hl_docs_card(app, &segment->to);
	enum hl_status status = HL_NEED_CARD;

	for (uint64_t v = newest ? newest->version : 0; v > 0; v--) {
		const struct hl_card *card = hl_docs_card_at(app, &segment->to, v);

		if (!card)
			continue;
		status = hl_segment_delivered(&app->net, segment, card, id, ret_since);
		if (status != HL_NOT_MEMBER)
			break;
	}
	return status;
}

/* claimed: the state that the node names, which tells a refusal from a fault of the proof. */
static enum hl_status find(struct hl_app *app, const struct hl_segment *segment,
	const struct hl_id *id, enum hl_proof_state claimed, enum hl_status code,
	struct finding *ret)
{
	struct finding found = {.state = HL_ENTERED};
	uint64_t since = 0;
	enum hl_status status = entered(app, segment, id, &found.entry);

	if (status != HL_OK)
		return status;
	found.since = found.entry.time;
	if (segment->receipt.n > 0) {
		status = delivered(app, segment, id, &since);
		if (status == HL_OK) {
			found.state = HL_DELIVERED;
			found.since = since;
		} else if (claimed == HL_REFUSED && status == code) {
			found.state = HL_REFUSED;
			found.code = code;
		}
	}
	*ret = found;
	return HL_OK;
}

/* Keeps it, unless more is kept already. */
static enum hl_exit keep(struct hl_app *app, const struct hl_id *id,
	const struct hl_id *lab, const struct finding *found, bool verified,
	struct hl_view segment)
{
	enum hl_exit code;

	code = hl_db_do(app->db,
		"INSERT INTO proofs (id, lab, state, code, since, verified, segment)"
		" VALUES (?,?,?,?,?,?,?) ON CONFLICT (id, lab) DO UPDATE SET"
		" state = excluded.state, code = excluded.code, since = excluded.since,"
		" verified = excluded.verified, segment = excluded.segment"
		" WHERE excluded.verified > verified OR (excluded.verified = verified"
		" AND excluded.state > state)",
		"ddiiiib", id, lab, (uint64_t)found->state, (uint64_t)found->code,
		found->since, (uint64_t)verified, segment);
	if (code != HL_EXIT_OK || !verified)
		return code;
	return hl_db_do(app->db,
		"UPDATE letters SET marks = marks & ~4 WHERE id = ? AND lab = ?"
		" AND marks & 4",
		"dd", id, lab);
}

/* One line of the node's answer. */
static enum hl_exit take_item(struct hl_app *app, const struct hl_id *id, bool own,
	const struct hl_proof_item *item)
{
	HL_CLEAN_SEGMENT struct hl_segment segment = {0};
	struct finding found = {.state = item->state, .code = item->code};
	enum hl_status status = HL_UNKNOWN;
	bool verified = item->state == HL_KEPT;

	if (item->segment.n > 0)
		status = hl_segment_parse(item->segment, &segment);
	if (status == HL_OK &&
		(!hl_id_eq(&segment.from, own ? &app->lab : &item->lab) ||
			!hl_id_eq(&segment.to, own ? &item->lab : &app->lab)))
		status = HL_NOT_ADDRESSED;
	if (status == HL_OK)
		status = find(app, &segment, id, item->state, item->code, &found);
	if (status == HL_OK)
		verified = true;
	else if (hl_status_ours(status))
		return hl_fail_status(status, "verifying a proof");
	return keep(app, id, &item->lab, &found, verified,
		verified ? item->segment : hl_view_str(NULL));
}

static enum hl_exit ask(
	struct hl_line *line, const struct hl_id *id, struct hl_reply *ret)
{
	struct hl_frame request = {.type = HL_FRAME_PROOF, .id = *id};

	return hl_line_ask(line, &request, 0, ret);
}

static enum hl_exit take_reply(struct hl_app *app, const struct hl_id *id, bool own,
	const struct hl_reply *reply, const struct hl_outgoing *row)
{
	enum hl_exit code = hl_db_begin(app->db);

	if (code == HL_EXIT_OK && row)
		code = hl_outbox_sent(app, row);
	for (size_t i = 0; i < reply->body.proof.n && code == HL_EXIT_OK; i++)
		if (!row || reply->body.proof.items[i].state >= HL_DELIVERED ||
			reply->body.proof.items[i].n_carriers > 0) {
			code = take_item(app, id, own, &reply->body.proof.items[i]);
			if (code == HL_EXIT_OK)
				code = hl_carriers_keep(
					app, id, &reply->body.proof.items[i]);
		}
	if (code != HL_EXIT_OK) {
		hl_db_rollback(app->db);
		return code;
	}
	return hl_db_commit(app->db);
}

enum hl_exit hl_proof_ask(
	struct hl_app *app, struct hl_line *line, const struct hl_id *id)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	enum hl_exit code = hl_letter_load(app, id, &letter);
	bool own;

	if (code != HL_EXIT_OK)
		return HL_EXIT_OK;
	own = hl_id_eq(&letter.envelope.core.lab, &app->lab);
	code = ask(line, id, &reply);
	if (code != HL_EXIT_OK || reply.code != HL_OK)
		return code;
	return take_reply(app, id, own, &reply, NULL);
}

enum hl_exit hl_proof_ask_final(struct hl_app *app, struct hl_line *line,
	const struct hl_outgoing *row, bool *ret_kept)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	enum hl_exit code = ask(line, &row->id, &reply);
	bool final = false;

	if (code != HL_EXIT_OK || reply.code != HL_OK)
		return code;
	for (size_t i = 0; i < reply.body.proof.n; i++)
		final |= reply.body.proof.items[i].state >= HL_DELIVERED ||
			reply.body.proof.items[i].n_carriers > 0;
	if (!final)
		return HL_EXIT_OK;
	code = take_reply(app, &row->id, true, &reply, row);
	if (code == HL_EXIT_OK)
		*ret_kept = true;
	return code;
}

#define PROOF "SELECT lab, state, code, since, verified FROM proofs WHERE id = ? "

static void read_proof(sqlite3_stmt *stmt, struct hl_proof *ret)
{
	*ret = (struct hl_proof){.lab = hl_db_id(stmt, 0),
		.state = (enum hl_proof_state)hl_db_int(stmt, 1),
		.code = hl_status_of_code(hl_db_int(stmt, 2)),
		.since = hl_db_int(stmt, 3),
		.verified = hl_db_int(stmt, 4) != 0};
}

enum hl_exit hl_proof_list(struct hl_app *app, const struct hl_id *id,
	struct hl_proof ret[static HL_LABS_MAX], size_t *ret_n)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt =
		hl_db_query(app->db, PROOF "ORDER BY lab", "d", id);
	size_t n = 0;

	while (n < HL_LABS_MAX && hl_db_next(app->db, stmt))
		read_proof(stmt, &ret[n++]);
	*ret_n = n;
	return hl_db_done(app->db, &stmt);
}

bool hl_proof_of(struct hl_app *app, const struct hl_id *id, const struct hl_id *lab,
	struct hl_proof *ret)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt =
		hl_db_query(app->db, PROOF "AND lab = ?", "dd", id, lab);

	if (!hl_db_next(app->db, stmt))
		return false;
	read_proof(stmt, ret);
	return true;
}

/* One entry of a segment that came by hand. */
static enum hl_exit take_entry(struct hl_app *app, const struct hl_segment *segment,
	struct hl_view doc, const struct hl_id *id, size_t *ret_n)
{
	bool own = hl_id_eq(&segment->from, &app->lab);
	struct finding found;
	enum hl_exit code;

	if (!hl_letter_held(app, id) ||
		find(app, segment, id, HL_DELIVERED, HL_OK, &found) != HL_OK)
		return HL_EXIT_OK;
	code = keep(app, id, own ? &segment->to : &segment->from, &found, true, doc);
	*ret_n += code == HL_EXIT_OK;
	return code;
}

enum hl_exit hl_proof_take(struct hl_app *app, struct hl_view doc, size_t *ret_n)
{
	HL_CLEAN_SEGMENT struct hl_segment segment = {0};
	enum hl_status status = hl_segment_parse(doc, &segment);
	enum hl_exit code = HL_EXIT_OK;

	if (hl_status_ours(status))
		return hl_fail_status(status, "reading a proof");
	if (status != HL_OK ||
		(!hl_id_eq(&segment.from, &app->lab) &&
			!hl_id_eq(&segment.to, &app->lab)))
		return HL_EXIT_OK;
	for (size_t i = 0; i < segment.n_entries && code == HL_EXIT_OK; i++)
		if (segment.entries[i].sort == HL_SORT_LETTER)
			code = take_entry(
				app, &segment, doc, &segment.entries[i].id, ret_n);
	return code;
}

bool hl_proof_segment(struct hl_app *app, const struct hl_id *id, const struct hl_id *lab,
	struct hl_buf *ret_doc, struct hl_entry *ret_entry)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT segment FROM proofs WHERE id = ? AND lab = ? AND verified = 1"
		" AND segment IS NOT NULL",
		"dd", id, lab);
	HL_CLEAN_SEGMENT struct hl_segment segment = {0};

	return hl_db_next(app->db, stmt) && hl_db_blob(stmt, 0).n > 0 &&
		hl_buf_append(ret_doc, hl_db_blob(stmt, 0)) == HL_OK &&
		hl_segment_parse(hl_view_buf(ret_doc), &segment) == HL_OK &&
		entered(app, &segment, id, ret_entry) == HL_OK;
}
