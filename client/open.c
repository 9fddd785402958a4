#include "client/inbox.h"

#include <stdlib.h>

#include "client/compose.h"
#include "client/docs.h"
#include "client/keyring.h"
#include "client/output.h"
#include "client/resend.h"

#define ASK_MAX   64 /* letters that are asked for in one turn */
#define NOTES_MAX 3  /* of them, those that are named */

/* Opening: envelope 4 from the first check to the last; nothing is shown before all have passed. */

void hl_news_clear(struct hl_news *news)
{
	if (!news)
		return;
	free(news->ids);
	*news = (struct hl_news){0};
}

static enum hl_exit news_add(struct hl_news *news, const struct hl_id *id)
{
	if (news->n == news->cap) {
		size_t cap = news->cap ? 2 * news->cap : 16;
		struct hl_id *more = reallocarray(news->ids, cap, sizeof(*more));

		if (!more)
			return hl_fail_status(HL_ERR_NOMEM, "opening letters");
		news->ids = more;
		news->cap = cap;
	}
	news->ids[news->n++] = *id;
	return HL_EXIT_OK;
}

/* The checks of a node, made again here. What stands in a channel stays as judged there; what
 * came by hand has no entry yet.
 * SPEC envelope 3.2: or the newest card held where the letter has no entry yet
 * SPEC identity 4.3: but for letters that stood in the channel before the suspension was held */
static enum hl_status judge(struct hl_app *app, const struct hl_letter *letter,
	const struct hl_member **ret_sender, bool *ret_copy)
{
	const struct hl_core *core = &letter->envelope.core;
	const struct hl_card *newest = hl_docs_card(app, &core->lab);
	const bool loose = letter->marks & HL_MARK_UNCONFIRMED;
	const struct hl_card *card =
		loose ? newest : hl_docs_card_at(app, &core->lab, core->card_version);
	struct hl_judge judge = {.net = &app->net,
		.card = card,
		.newest_version = newest ? newest->version : 0,
		.own_lab = &app->lab,
		.raised_with_flash = hl_letter_raised_with_flash(app, &letter->envelope),
		.suspended = loose || letter->deferred ? hl_docs_suspended : NULL,
		.ctx = app};
	enum hl_status status;

	/* A lab that an admin has not pinned is as one whose card is not held. */
	if (!card || !hl_docs_pinned(app, &core->lab))
		return HL_NEED_CARD;
	status = hl_envelope_judge(&letter->envelope, &judge);
	/* An entry from before may come yet. */
	if (loose && (status == HL_NOT_MEMBER || status == HL_SUSPENDED))
		return HL_NEED_CARD;
	*ret_copy = status != HL_OK && letter->source == HL_SOURCE_NODE &&
		hl_envelope_fault_of_copy(&letter->envelope, &judge, status);
	if (status != HL_OK)
		return status;
	*ret_sender = hl_card_member(card, &core->sender);
	return *ret_sender ? HL_OK : HL_NOT_MEMBER;
}

/* envelope 1.1 and identity 5.4: was our own entry sealed to an epoch that had ended? What is
 * published now no longer names such a one; the secrets that are held do. */
static bool stale(struct hl_app *app, const struct hl_envelope *envelope,
	const struct hl_opened *opened)
{
	for (size_t i = 0; i < opened->n_readers; i++) {
		const struct hl_reader *r = &opened->readers[i];
		HL_CLEAN_STMT sqlite3_stmt *stmt = NULL;

		if (!hl_id_eq(&r->kid, &app->kid))
			continue;
		stmt = hl_db_query(app->db,
			"SELECT 1 FROM epochs WHERE epoch = ? AND key = ?"
			" AND until_ms <= ?",
			"ibi", r->epoch, HL_VIEW(r->key), envelope->core.created);
		return hl_db_next(app->db, stmt);
	}
	return false;
}

/* What one letter came to. */
struct outcome {
	enum hl_status status;
	struct hl_key32 ck;
	struct hl_buf message;
	unsigned type, marks;
	bool judged; /* whatever failed, failed in opening it */
	bool copy;   /* what failed is not the letter, but this copy of it */
};

static void outcome_clear(struct outcome *outcome)
{
	hl_key32_clear(&outcome->ck);
	hl_buf_clear(&outcome->message);
}

/* By the own wrap, and where that fails by what a resend discloses. */
static enum hl_status open_envelope(struct hl_app *app, const struct hl_epochs *epochs,
	const struct hl_envelope *envelope, struct hl_opened *ret, unsigned *marks)
{
	enum hl_status status = hl_envelope_open(envelope, &app->lab, &app->kid,
		epochs->epochs, epochs->secrets, epochs->n, ret);
	enum hl_status resent = HL_UNKNOWN;

	/* SPEC envelope 4.9: A device that has met 16, 18 or 19 at its own wrap */
	if (hl_resend_helps(status))
		resent = hl_resend_open(app, envelope, ret);
	if (resent == HL_UNKNOWN)
		return status;
	*marks |= HL_MARK_RESENT;
	return resent;
}

static enum hl_status open_letter(struct hl_app *app, const struct hl_epochs *epochs,
	const struct hl_letter *letter, struct outcome *ret)
{
	const struct hl_envelope *envelope = &letter->envelope;
	HL_CLEAN_OPENED struct hl_opened opened = {0};
	HL_CLEAN_MESSAGE struct hl_message message = {0};
	const struct hl_member *sender = NULL;
	enum hl_status status = judge(app, letter, &sender, &ret->copy);

	ret->judged = status == HL_OK;
	if (status == HL_OK)
		status = open_envelope(app, epochs, envelope, &opened, &ret->marks);
	if (status == HL_OK)
		status = hl_message_parse(opened.message, &message);
	if (status == HL_OK)
		status = hl_message_check(&message, &envelope->core, sender);
	if (status == HL_OK)
		status = hl_buf_append(&ret->message, opened.message);
	if (status != HL_OK)
		return status;
	ret->ck = opened.ck;
	ret->type = message.type;
	if (!opened.wraps_good)
		ret->marks |= HL_MARK_WRAP;
	if (stale(app, envelope, &opened))
		ret->marks |= HL_MARK_STALE;
	return HL_OK;
}

/* A letter about another that cannot be read here may be a resend of it: the other is asked for
 * once more. Never a cannot-open about a cannot-open. */
static enum hl_exit note_failed(
	struct hl_app *app, const struct hl_letter *letter, struct hl_news *failed)
{
	HL_CLEAN_LETTER struct hl_letter about = {0};
	const struct hl_core *core = &letter->envelope.core;

	if (core->class != HL_CLASS_NOTICE || !core->has_answers)
		return news_add(failed, &letter->envelope.id);
	if (hl_letter_load(app, &core->answers, &about) != HL_EXIT_OK ||
		about.state != HL_LETTER_REFUSED ||
		!hl_id_eq(&about.envelope.core.lab, &core->lab))
		return HL_EXIT_OK;
	return news_add(failed, &core->answers);
}

/* failed: what its sender is to be told of; *ret_again: a letter that could not be opened may be
 * now. */
static enum hl_exit open_one(struct hl_app *app, const struct hl_epochs *epochs,
	const struct hl_id *id, struct hl_news *done, struct hl_news *failed,
	bool *ret_again)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	__attribute__((cleanup(outcome_clear))) struct outcome outcome = {0};
	enum hl_exit code;

	if (hl_letter_load(app, id, &letter) != HL_EXIT_OK)
		return HL_EXIT_OK;
	/* One that waited for a card, and is a machine's. */
	if (hl_letter_is_machine(app, &letter.envelope))
		return hl_letter_forget(app, id);
	outcome.status = open_letter(app, epochs, &letter, &outcome);
	if (hl_status_ours(outcome.status))
		return hl_fail_status(outcome.status, "opening a letter");
	/* A card or a signature may come yet. */
	if (outcome.status == HL_NEED_CARD || outcome.status == HL_FEW_SIGNATURES)
		return HL_EXIT_OK;
	/* SPEC envelope 3.7: leaves no trace: a good copy of the same id is taken in later */
	if (outcome.copy)
		return hl_letter_drop(app, id, outcome.status);
	code = outcome.status == HL_OK
		? hl_letter_archive(app, id, &outcome.ck, hl_view_buf(&outcome.message),
			  outcome.type, outcome.marks)
		: hl_letter_refuse(app, id, outcome.status);
	if (code == HL_EXIT_OK)
		code = news_add(done, id);
	if (code == HL_EXIT_OK && outcome.status == HL_OK && outcome.type == HL_RESEND)
		code = hl_resend_took(app, &letter.envelope.core, ret_again);
	if (code == HL_EXIT_OK && outcome.status != HL_OK && outcome.judged)
		code = note_failed(app, &letter, failed);
	return code;
}

/* What happens now, and what to do if it does not. */
static void note_told(struct hl_app *app, const struct hl_letter *letter)
{
	const struct hl_id *lab = &letter->envelope.core.lab;
	const struct hl_card *card = hl_docs_card(app, lab);
	const char *name = hl_docs_lab_name(app, lab);

	hl_note("hotline: a %s of %s from %s cannot be opened here:\n  %s",
		hl_class_name(letter->envelope.core.class),
		hl_thread_short(app, &letter->incident), name,
		hl_resend_why(letter->code));
	if (!hl_resend_helps(letter->code)) {
		hl_note("  %s is told; it would not help to send it again", name);
		return;
	}
	hl_note("  %s is asked to send it again; it opens by itself once that comes",
		name);
	if (card && card->n_contacts > 0 && !hl_id_eq(lab, &app->lab))
		hl_note("  nothing comes: phone %s (%s), to type hotline on the device "
			"that wrote it",
			name, hl_safe(app, card->contacts[0]));
	else
		hl_note("  nothing comes: type hotline on the device that wrote it");
}

/* SPEC envelope 4.6: A device that cannot open a letter says so to the sender's lab with a
 * cannot-open */
static enum hl_exit tell(struct hl_app *app, const struct hl_id *id, size_t *told)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	const struct hl_member *self = hl_docs_self(app);
	struct hl_outgoing row;
	struct hl_draft draft;
	enum hl_exit code;

	if (!self || self->caps.precedence < HL_ROUTINE ||
		hl_letter_load(app, id, &letter) != HL_EXIT_OK ||
		letter.state != HL_LETTER_REFUSED)
		return HL_EXIT_OK;
	if (!hl_resend_to_ask(app, &letter, letter.code))
		return hl_db_do(app->db,
			"UPDATE letters SET marks = marks | 16 WHERE id = ?", "d", id);
	draft = hl_resend_draft(&letter, &letter.envelope.core.lab, self);
	draft.message.type = HL_CANNOT_OPEN;
	draft.message.seen = id;
	draft.message.n_seen = 1;
	draft.message.cannot_open.code = letter.code;
	code = hl_compose_seal(app, &draft, &row);
	if (code == HL_EXIT_OK && ++*told <= NOTES_MAX)
		note_told(app, &letter);
	/* What was opened stays opened, whether or not that could be said. */
	return app->db->failed ? code : HL_EXIT_OK;
}

static enum hl_exit sealed_ids(struct hl_app *app, struct hl_news *ret)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT id FROM letters WHERE state = 0 ORDER BY created, id", "");
	enum hl_exit code = HL_EXIT_OK;

	while (code == HL_EXIT_OK && hl_db_next(app->db, stmt)) {
		struct hl_id id = hl_db_id(stmt, 0);

		code = news_add(ret, &id);
	}
	return code == HL_EXIT_OK ? hl_db_done(app->db, &stmt) : code;
}

/* What could not be asked for before: there were too many, or this device was not able to ask. */
static enum hl_exit unasked_ids(struct hl_app *app, struct hl_news *ret)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT id FROM letters l WHERE state = 2 AND code IN (16, 18, 19)"
		" AND marks & 16 = 0 AND NOT EXISTS (SELECT 1 FROM letters n"
		" WHERE n.answers = l.id AND n.sender = ? AND n.type = 8)"
		" ORDER BY created, id LIMIT ?",
		"di", &app->kid, (uint64_t)ASK_MAX);
	const struct hl_member *self = hl_docs_self(app);
	enum hl_exit code = HL_EXIT_OK;

	if (!self || self->caps.precedence < HL_ROUTINE)
		return HL_EXIT_OK;
	while (code == HL_EXIT_OK && hl_db_next(app->db, stmt)) {
		struct hl_id id = hl_db_id(stmt, 0);

		code = news_add(ret, &id);
	}
	return code == HL_EXIT_OK ? hl_db_done(app->db, &stmt) : code;
}

static enum hl_exit tell_all(
	struct hl_app *app, const struct hl_news *failed, const struct hl_news *unasked)
{
	size_t told = 0, n = failed->n + unasked->n;
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 0; i < n && told < ASK_MAX && code == HL_EXIT_OK; i++)
		code = tell(app,
			i < failed->n ? &failed->ids[i] : &unasked->ids[i - failed->n],
			&told);
	if (told > NOTES_MAX)
		hl_note("hotline: %zu more cannot be opened here; their senders are asked "
			"as well",
			told - NOTES_MAX);
	return code;
}

/* A round for what waits, and one more whenever a resend was among it; then what is left is told,
 * in the same commit: a letter that stays closed never stays so in silence. */
static enum hl_exit open_all(struct hl_app *app, const struct hl_epochs *epochs,
	struct hl_news *waiting, const struct hl_news *unasked, struct hl_news *done)
{
	HL_CLEAN_NEWS struct hl_news failed = {0};
	enum hl_exit code = HL_EXIT_OK;
	bool again = true;

	while (again && code == HL_EXIT_OK) {
		again = false;
		for (size_t i = 0; i < waiting->n && code == HL_EXIT_OK; i++)
			code = open_one(
				app, epochs, &waiting->ids[i], done, &failed, &again);
		hl_news_clear(waiting);
		if (again && code == HL_EXIT_OK)
			code = sealed_ids(app, waiting);
	}
	return code == HL_EXIT_OK ? tell_all(app, &failed, unasked) : code;
}

enum hl_exit hl_inbox_open(struct hl_app *app, struct hl_news *news)
{
	HL_CLEAN_NEWS struct hl_news waiting = {0}, unasked = {0}, done = {0};
	HL_CLEAN_EPOCHS struct hl_epochs epochs = {0};
	enum hl_exit code = sealed_ids(app, &waiting);

	if (code == HL_EXIT_OK)
		code = unasked_ids(app, &unasked);
	if (code != HL_EXIT_OK || waiting.n + unasked.n == 0)
		return code;
	code = hl_epochs_load(app, &epochs);
	if (code == HL_EXIT_OK)
		code = hl_db_begin(app->db);
	if (code != HL_EXIT_OK)
		return code;
	code = open_all(app, &epochs, &waiting, &unasked, &done);
	if (code != HL_EXIT_OK) {
		hl_db_rollback(app->db);
		return code;
	}
	code = hl_db_commit(app->db);
	for (size_t i = 0; news && i < done.n && code == HL_EXIT_OK; i++)
		code = news_add(news, &done.ids[i]);
	return code;
}
