#include "client/resend.h"

#include <stdlib.h>
#include <string.h>

#include "client/compose.h"
#include "client/docs.h"
#include "client/output.h"
#include "client/thread.h"

/* The sender's side: who is sent a letter again, by whom and when. */

#define DUE_MAX   64 /* in one turn; the rest comes with the next */
#define NOTES_MAX 3  /* of them, those that are named */

/* The resends of a letter, as far as one device of another lab is concerned. */
struct given {
	const struct hl_id *device;
	const uint8_t *key; /* its present sealing key; NULL: none */
	size_t n;           /* that name a cannot-open of it */
	bool named, covers; /* name this one; are sealed to that key */
	uint64_t at;        /* of the one that names it, or the newest that covers it */
};

/* Is that letter a cannot-open of that device? */
static bool cannot_of(
	struct hl_app *app, const struct hl_id *id, const struct hl_id *device)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT 1 FROM letters WHERE id = ? AND sender = ? AND type = 8", "dd",
		id, device);

	return hl_db_next(app->db, stmt);
}

static bool sealed_to(const struct hl_letter *resend, const struct given *given)
{
	HL_CLEAN_OPENED struct hl_opened opened = {0};
	struct hl_key32 ck HL_CLEAN_KEY32 = {0};

	if (!given->key)
		return false;
	memcpy(ck.b, resend->bytes.p, sizeof(ck.b));
	if (hl_envelope_open_ck(&resend->envelope, &ck, &opened) != HL_OK)
		return false;
	for (size_t i = 0; i < opened.n_readers; i++)
		if (hl_id_eq(&opened.readers[i].kid, given->device) &&
			memcmp(opened.readers[i].key, given->key, HL_KEY_SIZE) == 0)
			return true;
	return false;
}

static void add_given(struct hl_app *app, const struct hl_letter *resend,
	const struct hl_id *cannot, struct given *given)
{
	bool of_device = false, named = false;
	uint64_t created = resend->envelope.core.created;

	for (size_t i = 0; i < resend->message.n_seen; i++) {
		const struct hl_id *seen = &resend->message.seen[i];

		named |= hl_id_eq(seen, cannot);
		of_device |= cannot_of(app, seen, given->device);
	}
	given->n += of_device;
	given->covers |= sealed_to(resend, given);
	if ((named && !given->named) || (!given->named && given->covers))
		given->at = created;
	given->named |= named;
}

static enum hl_exit gather(struct hl_app *app, const struct hl_letter *letter,
	const struct hl_id *cannot, struct given *given)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		HL_LETTER_SELECT "WHERE l.answers = ? AND l.type = 11 AND l.state = 1"
				 " AND l.lab = ? ORDER BY l.created, l.id",
		"dd", &letter->envelope.id, &letter->envelope.core.lab);
	struct hl_letter resend = {0};

	while (hl_letter_next(app, stmt, &resend)) {
		add_given(app, &resend, cannot, given);
		hl_letter_clear(&resend);
	}
	return hl_db_done(app->db, &stmt);
}

static bool among(const struct hl_core *core, const struct hl_id *lab)
{
	for (size_t i = 0; i < core->n_labs; i++)
		if (hl_id_eq(&core->labs[i], lab))
			return true;
	return false;
}

static bool reads(struct hl_app *app, const struct hl_id *lab, const struct hl_id *kid)
{
	const struct hl_card *card = hl_docs_card(app, lab);
	const struct hl_member *member = card ? hl_card_member(card, kid) : NULL;

	return member && (member->caps.bits & HL_CAP_READ) &&
		!hl_docs_suspended(app, kid);
}

/* The sealing key that a device would be sealed to now; false where none is held. */
static enum hl_exit present_key(struct hl_app *app, const struct hl_core *cannot,
	struct hl_reader *ret, bool *ret_found)
{
	struct hl_reader *list = NULL;
	size_t n = 0;
	enum hl_exit code =
		hl_docs_readers(app, &cannot->lab, hl_clock(), &list, &n, NULL, NULL);

	*ret_found = false;
	for (size_t i = 0; i < n && code == HL_EXIT_OK; i++) {
		if (!hl_id_eq(&list[i].kid, &cannot->sender))
			continue;
		*ret = list[i];
		*ret_found = true;
	}
	free(list);
	return code;
}

/* SPEC envelope 4.7: It MUST NOT do so unless all of this holds
 *
 * But for the keys, and for what has been sent already. The state DUE where nothing is against it.
 */
static enum hl_resend_state allowed(struct hl_app *app, const struct hl_letter *letter,
	const struct hl_letter *cannot)
{
	const struct hl_core *asks = &cannot->envelope.core;

	if (letter->state != HL_LETTER_OPENED || letter->is_short)
		return HL_RESEND_UNHELD;
	if (letter->message.type == HL_CANNOT_OPEN || letter->message.type == HL_RESEND ||
		!hl_id_eq(&letter->incident, &cannot->incident) ||
		!among(&letter->envelope.core, &asks->lab))
		return HL_RESEND_IGNORED;
	if (!reads(app, &asks->lab, &asks->sender))
		return HL_RESEND_LEFT;
	if (!hl_resend_helps(cannot->message.cannot_open.code))
		return HL_RESEND_NO_HELP;
	if (hl_resend_expires(letter) < hl_clock())
		return HL_RESEND_LATE;
	return HL_RESEND_DUE;
}

/* SPEC envelope 4.8: The device that sealed the letter resends by itself; where that is no reader,
 * as a monitor's, or is one no more, the first reader on its lab's newest card does. */
static bool own_turn(struct hl_app *app, const struct hl_id *sealer)
{
	const struct hl_card *card = hl_docs_own(app);

	if (reads(app, &app->lab, sealer))
		return hl_id_eq(sealer, &app->kid);
	for (size_t i = 0; card && i < card->n_members; i++)
		if (reads(app, &app->lab, &card->members[i].kid))
			return hl_id_eq(&card->members[i].kid, &app->kid);
	return false;
}

static void whose_turn(struct hl_app *app, const struct hl_letter *letter,
	const struct hl_letter *cannot, struct hl_resend *ret)
{
	uint64_t from = cannot->stored ? cannot->stored : cannot->envelope.core.created;

	if (own_turn(app, &letter->envelope.core.sender) ||
		from + HL_RESEND_AFTER_MS <= hl_clock())
		return;
	ret->state = HL_RESEND_WAITS;
	ret->at = from + HL_RESEND_AFTER_MS;
}

static enum hl_exit look(struct hl_app *app, const struct hl_letter *letter,
	const struct hl_letter *cannot, struct hl_resend *ret)
{
	const struct hl_core *asks = &cannot->envelope.core;
	struct given given = {.device = &asks->sender};
	struct hl_reader reader;
	bool own = hl_id_eq(&letter->envelope.core.lab, &app->lab), found = false;
	enum hl_exit code = HL_EXIT_OK;

	ret->state = own ? allowed(app, letter, cannot) : HL_RESEND_ASKED;
	if (ret->state == HL_RESEND_DUE)
		code = present_key(app, asks, &reader, &found);
	given.key = found ? reader.key : NULL;
	if (code == HL_EXIT_OK)
		code = gather(app, letter, &cannot->envelope.id, &given);
	if (code != HL_EXIT_OK)
		return code;
	if (given.named || (given.covers && given.n == 0)) {
		*ret = (struct hl_resend){HL_RESEND_SENT, given.at};
		return HL_EXIT_OK;
	}
	if (ret->state != HL_RESEND_DUE)
		return HL_EXIT_OK;
	if (!found)
		ret->state = HL_RESEND_NO_KEY;
	else if (given.covers || given.n >= HL_RESEND_MAX)
		ret->state = HL_RESEND_FAILED;
	else
		whose_turn(app, letter, cannot, ret);
	return HL_EXIT_OK;
}

enum hl_exit hl_resend_look(
	struct hl_app *app, const struct hl_letter *cannot, struct hl_resend *ret)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};

	*ret = (struct hl_resend){HL_RESEND_UNHELD, 0};
	if (hl_letter_load(app, &cannot->envelope.core.answers, &letter) != HL_EXIT_OK)
		return app->db->failed ? HL_EXIT_NO : HL_EXIT_OK;
	return look(app, &letter, cannot, ret);
}

static size_t cannots(struct hl_app *app, const struct hl_core *of)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT count(*) FROM letters WHERE answers = ? AND sender = ?"
		" AND type = 8",
		"dd", &of->answers, &of->sender);

	return hl_db_next(app->db, stmt) ? (size_t)hl_db_int(stmt, 0) : 0;
}

/* Will nothing change it any more? Then it is not looked at with every turn: a device that keeps
 * saying that it cannot open costs nobody more than its letters. */
static bool settled(
	struct hl_app *app, enum hl_resend_state state, const struct hl_letter *cannot)
{
	switch (state) {
	case HL_RESEND_SENT:
	case HL_RESEND_NO_HELP:
	case HL_RESEND_IGNORED:
	case HL_RESEND_LATE: return true;
	case HL_RESEND_FAILED:
		return cannots(app, &cannot->envelope.core) > HL_RESEND_MAX;
	case HL_RESEND_ASKED:
	case HL_RESEND_DUE:
	case HL_RESEND_WAITS:
	case HL_RESEND_NO_KEY:
	case HL_RESEND_LEFT:
	case HL_RESEND_UNHELD: return false;
	}
	return false;
}

/* Cannot-opens that this device answers now. */
struct due {
	struct hl_id cannot[DUE_MAX], letter[DUE_MAX], lab[DUE_MAX];
	size_t n;
};

static enum hl_exit look_at(
	struct hl_app *app, const struct hl_letter *cannot, struct due *due)
{
	const struct hl_id *id = &cannot->envelope.id;
	struct hl_resend resend;
	enum hl_exit code = hl_resend_look(app, cannot, &resend);

	if (code == HL_EXIT_OK && settled(app, resend.state, cannot))
		return hl_db_do(app->db,
			"UPDATE letters SET marks = marks | 16 WHERE id = ?", "d", id);
	if (code != HL_EXIT_OK || resend.state != HL_RESEND_DUE)
		return code;
	due->cannot[due->n] = *id;
	due->letter[due->n] = cannot->envelope.core.answers;
	due->lab[due->n++] = cannot->envelope.core.lab;
	return HL_EXIT_OK;
}

/* Those that no letter of the own lab's is behind are none of our business. */
static enum hl_exit find_due(struct hl_app *app, struct due *due)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		HL_LETTER_SELECT "JOIN letters o ON o.id = l.answers"
				 " WHERE l.type = 8 AND l.state = 1 AND l.marks & 16 = 0"
				 " AND o.lab = ? AND l.sender <> ?"
				 " ORDER BY l.created, l.id",
		"dd", &app->lab, &app->kid);
	struct hl_letter cannot = {0};
	enum hl_exit code = HL_EXIT_OK;

	due->n = 0;
	while (code == HL_EXIT_OK && due->n < DUE_MAX &&
		hl_letter_next(app, stmt, &cannot)) {
		code = look_at(app, &cannot, due);
		hl_letter_clear(&cannot);
	}
	return code == HL_EXIT_OK ? hl_db_done(app->db, &stmt) : code;
}

static int by_id(const void *a, const void *b)
{
	return hl_id_cmp(a, b);
}

/* What message 1.1 asks of seen, in so far as it is needed: the letter, and what the resend
 * follows. Those of one letter and one lab are served by one resend. */
static size_t take_together(struct due *due, struct hl_id seen[static HL_SEEN_MAX])
{
	struct hl_id letter = due->letter[0], lab = due->lab[0];
	size_t n = 0, left = 0;

	seen[n++] = letter;
	for (size_t i = 0; i < due->n; i++) {
		if (n < HL_SEEN_MAX && hl_id_eq(&due->letter[i], &letter) &&
			hl_id_eq(&due->lab[i], &lab)) {
			seen[n++] = due->cannot[i];
			continue;
		}
		due->cannot[left] = due->cannot[i];
		due->letter[left] = due->letter[i];
		due->lab[left++] = due->lab[i];
	}
	due->n = left;
	qsort(seen, n, sizeof(*seen), by_id);
	return n;
}

/* SPEC envelope 4.7: it discloses CK of that one letter to the readers of the lab that the
 * cannot-open came from, and to its own readers */
static enum hl_exit give(struct hl_app *app, const struct hl_member *self,
	const struct hl_id *id, const struct hl_id *lab, const struct hl_id *seen,
	size_t n_seen, size_t *given)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	const struct hl_core *core = &letter.envelope.core;
	struct hl_outgoing row;
	struct hl_draft draft;
	enum hl_exit code;

	if (hl_letter_load(app, id, &letter) != HL_EXIT_OK ||
		letter.state != HL_LETTER_OPENED || !hl_id_eq(&core->lab, &app->lab) ||
		!among(core, lab))
		return HL_EXIT_OK;
	draft = hl_resend_draft(&letter, lab, self);
	draft.message.type = HL_RESEND;
	draft.message.seen = seen;
	draft.message.n_seen = n_seen;
	draft.message.resend.key = hl_view_of(letter.bytes.p, HL_KEY_SIZE);
	code = hl_compose_seal(app, &draft, &row);
	if (code == HL_EXIT_OK && ++*given <= NOTES_MAX)
		hl_note("hotline: a device of %s could not open a letter of %s: it is "
			"sent again",
			hl_docs_lab_name(app, lab),
			hl_thread_short(app, &letter.incident));
	return code;
}

/* One commit for all of them. */
static enum hl_exit give_all(struct hl_app *app, struct due *due)
{
	const struct hl_member *self = hl_docs_self(app);
	enum hl_exit code;
	size_t given = 0;

	if (due->n == 0 || !self || self->caps.precedence < HL_ROUTINE)
		return HL_EXIT_OK;
	code = hl_db_begin(app->db);
	while (code == HL_EXIT_OK && due->n > 0) {
		struct hl_id letter = due->letter[0], lab = due->lab[0];
		struct hl_id seen[HL_SEEN_MAX];
		size_t n = take_together(due, seen);

		code = give(app, self, &letter, &lab, seen, n, &given);
	}
	/* That was said; the command goes on with what it was typed for. */
	if (code != HL_EXIT_OK) {
		hl_db_rollback(app->db);
		return app->db->failed ? code : HL_EXIT_OK;
	}
	if (given > NOTES_MAX)
		hl_note("hotline: %zu more letters are sent again", given - NOTES_MAX);
	return hl_db_commit(app->db);
}

enum hl_exit hl_resend_give(struct hl_app *app, struct hl_line *line)
{
	struct due *due = calloc(1, sizeof(*due));
	enum hl_exit code;

	if (!due)
		return hl_fail_status(HL_ERR_NOMEM, "sending letters again");
	code = find_due(app, due);
	/* With the newest keys: that the old ones are lost may be what is wrong. */
	if (code == HL_EXIT_OK && due->n > 0 && line) {
		code = hl_line_sync(line);
		if (code == HL_EXIT_OK)
			code = find_due(app, due);
	}
	if (code == HL_EXIT_OK)
		code = give_all(app, due);
	free(due);
	return code;
}
