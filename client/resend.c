#include "client/resend.h"

#include <string.h>

#include "client/docs.h"
#include "client/output.h"

/* The reader's side: asking for a letter that could not be opened, and opening it with what comes.
 */

#define HELPED "(16, 18, 19)"

bool hl_resend_helps(enum hl_status code)
{
	return code == HL_NOT_ADDRESSED || code == HL_BAD_OPEN ||
		code == HL_BAD_COMMITMENT;
}

const char *hl_resend_why(enum hl_status code)
{
	if (code == HL_NOT_ADDRESSED)
		return "it was sealed before its sender knew of the device";
	if (code == HL_BAD_OPEN)
		return "the secret that it was sealed to is not on the device";
	return hl_status_text(code);
}

struct hl_draft hl_resend_draft(const struct hl_letter *letter, const struct hl_id *lab,
	const struct hl_member *self)
{
	const struct hl_core *core = &letter->envelope.core;
	uint64_t most = self->caps.precedence;

	return (struct hl_draft){
		.labs = lab,
		.n_labs = 1,
		.class = HL_CLASS_NOTICE,
		.status = core->status,
		.precedence = core->precedence > most ? (enum hl_precedence)most
						      : core->precedence,
		.has_incident = true,
		.incident = letter->incident,
		.has_answers = true,
		.answers = letter->envelope.id,
		.quiet = true,
	};
}

enum hl_status hl_resend_open(
	struct hl_app *app, const struct hl_envelope *envelope, struct hl_opened *ret)
{
	/* SPEC envelope 4.9: a resend of the letter's lab whose answers is the letter's id */
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		HL_LETTER_SELECT "WHERE l.answers = ? AND l.type = 11 AND l.state = 1"
				 " AND l.lab = ? ORDER BY l.created, l.id",
		"dd", &envelope->id, &envelope->core.lab);
	enum hl_status status = HL_UNKNOWN;
	struct hl_letter resend = {0};

	while (status != HL_OK && !hl_status_ours(status) &&
		hl_letter_next(app, stmt, &resend)) {
		struct hl_key32 ck HL_CLEAN_KEY32 = {0};

		memcpy(ck.b, resend.message.resend.key.p, sizeof(ck.b));
		status = hl_envelope_open_resent(envelope, &app->lab, &ck, ret);
		hl_letter_clear(&resend);
	}
	return app->db->failed ? HL_ERR_STORE : status;
}

enum hl_exit hl_resend_took(
	struct hl_app *app, const struct hl_core *resend, bool *ret_again)
{
	enum hl_exit code = hl_db_do(app->db,
		"UPDATE letters SET state = 0, code = 0"
		" WHERE id = ? AND lab = ? AND state = 2 AND code IN " HELPED,
		"dd", &resend->answers, &resend->lab);

	if (code == HL_EXIT_OK && hl_db_changed(app->db) > 0)
		*ret_again = true;
	return code;
}

static size_t count(struct hl_app *app, const char *sql, const struct hl_id *letter,
	const struct hl_id *by)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db, sql, "dd", letter, by);

	return hl_db_next(app->db, stmt) ? (size_t)hl_db_int(stmt, 0) : 0;
}

uint64_t hl_resend_expires(const struct hl_letter *letter)
{
	const struct hl_core *core = &letter->envelope.core;

	return (letter->stored ? letter->stored : core->created) + core->lifetime * 1000;
}

bool hl_resend_to_ask(
	struct hl_app *app, const struct hl_letter *letter, enum hl_status code)
{
	const struct hl_core *core = &letter->envelope.core;
	size_t asked = count(app,
		"SELECT count(*) FROM letters WHERE answers = ? AND sender = ?"
		" AND type = 8",
		&letter->envelope.id, &app->kid);
	size_t given = count(app,
		"SELECT count(*) FROM letters WHERE answers = ? AND lab = ?"
		" AND class = 4 AND (type = 11 OR (state = 2 AND code IN " HELPED "))",
		&letter->envelope.id, &core->lab);

	/* SPEC envelope 4.6: never about a letter of class 4 that is itself about another */
	if (core->class == HL_CLASS_NOTICE && core->has_answers)
		return false;
	/* SPEC envelope 4.6: with code 16 not once the lifetime of the letter has passed */
	if (code == HL_NOT_ADDRESSED && hl_resend_expires(letter) < hl_clock())
		return false;
	return asked == 0 || (asked == 1 && given > 0);
}

uint64_t hl_resend_came(struct hl_app *app, const struct hl_envelope *envelope)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT max(created) FROM letters WHERE answers = ? AND lab = ?"
		" AND type = 11 AND state = 1",
		"dd", &envelope->id, &envelope->core.lab);

	return hl_db_next(app->db, stmt) ? hl_db_int(stmt, 0) : 0;
}

uint64_t hl_resend_asked(struct hl_app *app, const struct hl_id *letter)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT min(created) FROM letters WHERE answers = ? AND sender = ?"
		" AND type = 8",
		"dd", letter, &app->kid);

	return hl_db_next(app->db, stmt) ? hl_db_int(stmt, 0) : 0;
}

const char *hl_resend_name(enum hl_resend_state state)
{
	switch (state) {
	case HL_RESEND_SENT: return "sent";
	case HL_RESEND_ASKED: return "asked";
	case HL_RESEND_DUE: return "due";
	case HL_RESEND_WAITS: return "waits";
	case HL_RESEND_NO_KEY: return "no-key";
	case HL_RESEND_FAILED: return "failed";
	case HL_RESEND_NO_HELP: return "no-help";
	case HL_RESEND_LATE: return "late";
	case HL_RESEND_LEFT: return "no-reader";
	case HL_RESEND_IGNORED: return "ignored";
	case HL_RESEND_UNHELD: return "not-held";
	}
	return "?";
}

const char *hl_resend_text(struct hl_app *app, const struct hl_resend *resend)
{
	switch (resend->state) {
	case HL_RESEND_SENT:
		return hl_scrap(app, "sent again %s", hl_time_hour(app, resend->at));
	case HL_RESEND_ASKED: return "asks for it again; nothing has come yet";
	case HL_RESEND_DUE: return "is sent again with the next line to your node";
	case HL_RESEND_WAITS:
		return hl_scrap(app,
			"the device that wrote it sends it again; yours would from %s on",
			hl_time_hour(app, resend->at));
	case HL_RESEND_NO_KEY:
		return "not sent again yet: that device has published no sealing key; "
		       "hotline status does, on it";
	case HL_RESEND_FAILED:
		return "was sent again and still does not open there: tell them by phone";
	case HL_RESEND_NO_HELP:
		return "sending it again would not help: tell them by phone";
	case HL_RESEND_LATE: return "not sent again: its lifetime has passed";
	case HL_RESEND_LEFT:
		return "not sent again: that device does not read for its lab (any more)";
	case HL_RESEND_IGNORED: return "not sent again: that letter was not for them";
	case HL_RESEND_UNHELD: return "not sent again: it is not held here";
	}
	return "?";
}
