#include "client/letters.h"

#include <string.h>

#include "client/docs.h"
#include "client/keyring.h"
#include "client/output.h"

void hl_letter_clear(struct hl_letter *letter)
{
	if (!letter)
		return;
	hl_message_clear(&letter->message);
	hl_buf_clear(&letter->bytes);
	hl_envelope_clear(&letter->envelope);
	*letter = (struct hl_letter){0};
}

const char *hl_letter_person(struct hl_app *app, const struct hl_letter *letter)
{
	return hl_docs_person(
		app, &letter->envelope.core.lab, &letter->envelope.core.sender);
}

bool hl_letter_raised_with_flash(struct hl_app *app, const struct hl_envelope *envelope)
{
	struct hl_id incident = hl_envelope_incident(envelope);
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT 1 FROM letters WHERE id = ? AND precedence = 4", "d", &incident);

	return envelope->core.class == HL_CLASS_CLOSE && hl_db_next(app->db, stmt);
}

bool hl_letter_short(struct hl_app *app, const struct hl_envelope *envelope)
{
	const struct hl_core *core = &envelope->core;
	const struct hl_card *card = hl_docs_card_at(app, &core->lab, core->card_version);
	/* SPEC envelope 3.6: a call of precedence FLASH, and a close of an incident that was raised
	 * with FLASH */
	bool asked = (core->class == HL_CLASS_CALL && core->precedence == HL_FLASH) ||
		hl_letter_raised_with_flash(app, envelope);

	return asked && card && !hl_envelope_released(envelope, card);
}

enum hl_exit hl_letter_keep(struct hl_app *app, const struct hl_envelope *envelope,
	enum hl_source source, uint64_t stored, bool deferred, unsigned marks,
	bool *ret_new)
{
	const struct hl_core *core = &envelope->core;
	struct hl_id incident = hl_envelope_incident(envelope);
	bool is_short = hl_letter_short(app, envelope);
	enum hl_exit code;

	code = hl_db_do(app->db,
		"INSERT INTO letters (id, incident, lab, sender, card_version, class,"
		" standing, precedence, created, answer_within, answers, source, stored,"
		" deferred, short, state, code, marks, doc)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,0,?,?) ON CONFLICT DO NOTHING",
		"ddddiiiiiidiiiiib", &envelope->id, &incident, &core->lab, &core->sender,
		core->card_version, (uint64_t)core->class, (uint64_t)core->status,
		(uint64_t)core->precedence, core->created, core->answer_within,
		core->has_answers ? &core->answers : NULL, (uint64_t)source, stored,
		(uint64_t)deferred, (uint64_t)is_short, (uint64_t)marks,
		hl_view_buf(&envelope->doc));
	if (code != HL_EXIT_OK)
		return code;
	if (ret_new)
		*ret_new = hl_db_changed(app->db) > 0;
	if (hl_db_changed(app->db) > 0 || source != HL_SOURCE_NODE)
		return HL_EXIT_OK;
	/* A copy that has been released since replaces one that was short. */
	code = hl_db_do(app->db,
		"UPDATE letters SET short = 0, doc = ? WHERE id = ? AND short > ?", "bdi",
		hl_view_buf(&envelope->doc), &envelope->id, (uint64_t)is_short);
	if (code == HL_EXIT_OK)
		code = hl_db_do(app->db,
			"UPDATE outbox SET state = 3, sent = ? WHERE id = ? AND state = 2",
			"id", stored, &envelope->id);
	if (code != HL_EXIT_OK)
		return code;
	return hl_db_do(app->db,
		"UPDATE letters SET stored = ?, deferred = ?,"
		" source = CASE source WHEN 2 THEN 1 ELSE source END,"
		" marks = CASE lab WHEN ? THEN marks & ~4 ELSE marks END"
		" WHERE id = ? AND (stored = 0 OR source = 2 OR deferred <> ?)",
		"iiddi", stored, (uint64_t)deferred, &app->lab, &envelope->id,
		(uint64_t)deferred);
}

enum hl_exit hl_letter_archive(struct hl_app *app, const struct hl_id *id,
	const struct hl_key32 *ck, struct hl_view message, unsigned type, unsigned marks)
{
	HL_CLEAN_BUF struct hl_buf plain = {0}, box = {0};
	enum hl_status status;
	enum hl_exit code;

	status = hl_buf_append(&plain, HL_VIEW(ck->b));
	if (status == HL_OK)
		status = hl_buf_append(&plain, message);
	if (status == HL_OK)
		status = hl_box_seal(app, hl_view_id(id), hl_view_buf(&plain), &box);
	if (status != HL_OK)
		return hl_fail_status(status, "archiving a letter");
	code = hl_db_do(app->db, "INSERT OR REPLACE INTO archive (id, box) VALUES (?,?)",
		"db", id, hl_view_buf(&box));
	if (code != HL_EXIT_OK)
		return code;
	return hl_db_do(app->db,
		"UPDATE letters SET state = 1, code = 0, type = ?, marks = marks | ?"
		" WHERE id = ?",
		"iid", (uint64_t)type, (uint64_t)marks, id);
}

enum hl_exit hl_letter_refuse(
	struct hl_app *app, const struct hl_id *id, enum hl_status code)
{
	return hl_db_do(app->db, "UPDATE letters SET state = 2, code = ? WHERE id = ?",
		"id", (uint64_t)code, id);
}

const char *hl_letter_again(struct hl_app *app, const struct hl_id *id)
{
	return hl_scrap(app, "again-%s", hl_hex(app, id));
}

enum hl_exit hl_letter_drop(
	struct hl_app *app, const struct hl_id *id, enum hl_status code)
{
	enum hl_exit done = hl_db_set_int(app->db, hl_letter_again(app, id), 1);

	hl_note("hotline: your node gave a letter %s that is damaged: %s; it is asked again",
		hl_short(app, id, 8), hl_status_text(code));
	if (done != HL_EXIT_OK)
		return done;
	return hl_db_do(
		app->db, "DELETE FROM letters WHERE id = ? AND source = 1", "d", id);
}

bool hl_letter_cut_off(struct hl_app *app, const struct hl_letter *letter)
{
	const struct hl_core *core = &letter->envelope.core;
	const struct hl_card *newest = hl_docs_card(app, &core->lab);

	return letter->state == HL_LETTER_SEALED &&
		(letter->marks & HL_MARK_UNCONFIRMED) != 0 && newest &&
		(!hl_card_member(newest, &core->sender) ||
			hl_docs_suspended(app, &core->sender));
}

bool hl_letter_held(struct hl_app *app, const struct hl_id *id)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt =
		hl_db_query(app->db, "SELECT 1 FROM letters WHERE id = ?", "d", id);

	return hl_db_next(app->db, stmt);
}

/* Opens the archived copy of a row that was opened before. */
static enum hl_status unbox(
	struct hl_app *app, struct hl_view box, struct hl_letter *letter)
{
	enum hl_status status;

	status = hl_box_open(app, hl_view_id(&letter->envelope.id), box, &letter->bytes);
	if (status != HL_OK)
		return status;
	if (letter->bytes.n < HL_KEY_SIZE)
		return HL_BAD_SIZE;
	return hl_message_parse(
		hl_view_of(letter->bytes.p + HL_KEY_SIZE, letter->bytes.n - HL_KEY_SIZE),
		&letter->message);
}

static enum hl_status read_row(
	struct hl_app *app, sqlite3_stmt *stmt, struct hl_letter *letter)
{
	enum hl_status status;

	status = hl_envelope_parse(&app->net, hl_db_blob(stmt, 0), &letter->envelope);
	if (status != HL_OK)
		return status;
	letter->incident = hl_db_id(stmt, 1);
	letter->source = (enum hl_source)hl_db_int(stmt, 2);
	letter->state = (enum hl_letter_state)hl_db_int(stmt, 3);
	letter->code = hl_status_of_code(hl_db_int(stmt, 4));
	letter->marks = (unsigned)hl_db_int(stmt, 5);
	letter->deferred = hl_db_int(stmt, 6) != 0;
	letter->is_short = hl_db_int(stmt, 7) != 0;
	letter->stored = hl_db_int(stmt, 8);
	if (letter->state != HL_LETTER_OPENED)
		return HL_OK;
	return unbox(app, hl_db_blob(stmt, 9), letter);
}

bool hl_letter_next(struct hl_app *app, sqlite3_stmt *stmt, struct hl_letter *ret)
{
	while (hl_db_next(app->db, stmt)) {
		struct hl_letter letter = {0};
		enum hl_status status = read_row(app, stmt, &letter);

		if (status == HL_OK) {
			*ret = letter;
			return true;
		}
		hl_letter_clear(&letter);
		hl_note("hotline: a letter in this device's store is damaged (%s) and "
			"is left out",
			hl_status_text(status));
	}
	return false;
}

enum hl_exit hl_letter_load(
	struct hl_app *app, const struct hl_id *id, struct hl_letter *ret)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt =
		hl_db_query(app->db, HL_LETTER_SELECT "WHERE l.id = ?", "d", id);

	return hl_letter_next(app, stmt, ret) ? HL_EXIT_OK : HL_EXIT_NO;
}

bool hl_letter_is_machine(struct hl_app *app, const struct hl_envelope *envelope)
{
	const struct hl_core *core = &envelope->core;
	const struct hl_card *card = hl_docs_card_at(app, &core->lab, core->card_version);
	const struct hl_judge judge = {.net = &app->net,
		.card = card,
		.newest_version = core->card_version,
		.own_lab = &app->lab};

	return card && hl_envelope_by_node(envelope, card) &&
		hl_envelope_judge(envelope, &judge) == HL_OK;
}

enum hl_exit hl_letter_forget(struct hl_app *app, const struct hl_id *id)
{
	return hl_db_do(app->db, "DELETE FROM letters WHERE id = ?", "d", id);
}
