#include "client/inbox.h"

#include <stdlib.h>

#include "client/compose.h"
#include "client/docs.h"
#include "client/keyring.h"
#include "client/output.h"

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
	const struct hl_member **ret_sender)
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

	if (!card)
		return HL_NEED_CARD;
	status = hl_envelope_judge(&letter->envelope, &judge);
	/* An entry from before may come yet. */
	if (loose && (status == HL_NOT_MEMBER || status == HL_SUSPENDED))
		return HL_NEED_CARD;
	if (status != HL_OK)
		return status;
	*ret_sender = hl_card_member(card, &core->sender);
	return *ret_sender ? HL_OK : HL_NOT_MEMBER;
}

/* envelope 1.1 and identity 5.4: was our own entry sealed to an epoch that had ended? */
static bool stale(struct hl_app *app, const struct hl_envelope *envelope,
	const struct hl_opened *opened)
{
	struct hl_seals seals;

	if (!hl_docs_seals(app, &app->kid, &seals))
		return false;
	for (size_t i = 0; i < opened->n_readers; i++) {
		const struct hl_reader *r = &opened->readers[i];

		if (!hl_id_eq(&r->kid, &app->kid))
			continue;
		for (size_t j = 0; j < seals.n_keys; j++)
			if (seals.keys[j].epoch == r->epoch)
				return seals.keys[j].until <= envelope->core.created;
	}
	return false;
}

/* What one letter came to. */
struct outcome {
	enum hl_status status;
	struct hl_key32 ck;
	struct hl_buf message;
	unsigned type, marks;
};

static void outcome_clear(struct outcome *outcome)
{
	hl_key32_clear(&outcome->ck);
	hl_buf_clear(&outcome->message);
}

static enum hl_status open_letter(struct hl_app *app, const struct hl_epochs *epochs,
	const struct hl_letter *letter, struct outcome *ret)
{
	const struct hl_envelope *envelope = &letter->envelope;
	HL_CLEAN_OPENED struct hl_opened opened = {0};
	HL_CLEAN_MESSAGE struct hl_message message = {0};
	const struct hl_member *sender = NULL;
	enum hl_status status = judge(app, letter, &sender);

	if (status == HL_OK)
		status = hl_envelope_open(envelope, &app->lab, &app->kid, epochs->epochs,
			epochs->secrets, epochs->n, &opened);
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

/* Codes by which this device itself could not open or read it (envelope 4.6). */
static bool worth_telling(enum hl_status code)
{
	return code == HL_BAD_OPEN || code == HL_BAD_COMMITMENT ||
		code == HL_BAD_PADDING || code == HL_BAD_RECIPIENTS ||
		code == HL_BAD_TYPE || code == HL_BAD_FORM || code == HL_BAD_ENCODING;
}

static enum hl_exit open_one(struct hl_app *app, const struct hl_epochs *epochs,
	const struct hl_id *id, struct hl_news *done, struct hl_news *failed)
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
	code = outcome.status == HL_OK
		? hl_letter_archive(app, id, &outcome.ck, hl_view_buf(&outcome.message),
			  outcome.type, outcome.marks)
		: hl_letter_refuse(app, id, outcome.status);
	if (code == HL_EXIT_OK)
		code = news_add(done, id);
	/* Never a cannot-open about a cannot-open. */
	if (code == HL_EXIT_OK && worth_telling(outcome.status) &&
		!(letter.envelope.core.class == HL_CLASS_NOTICE &&
			letter.envelope.core.has_answers))
		code = news_add(failed, id);
	return code;
}

/* SPEC envelope 4.6: A device that cannot open a letter says so to the sender's lab with a
 * cannot-open */
static enum hl_exit tell(struct hl_app *app, const struct hl_id *id)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	const struct hl_member *self = hl_docs_self(app);
	struct hl_outgoing row;
	struct hl_draft draft;

	if (!self || self->caps.precedence < HL_ROUTINE ||
		hl_letter_load(app, id, &letter) != HL_EXIT_OK)
		return HL_EXIT_OK;
	draft = (struct hl_draft){
		.message = {.type = HL_CANNOT_OPEN,
			.seen = id,
			.n_seen = 1,
			.cannot_open = {letter.code}},
		.labs = &letter.envelope.core.lab,
		.n_labs = 1,
		.class = HL_CLASS_NOTICE,
		.status = letter.envelope.core.status,
		.precedence = HL_ROUTINE,
		.has_incident = true,
		.incident = letter.incident,
		.has_answers = true,
		.answers = *id,
		.quiet = true,
	};
	hl_note("hotline: a letter of %s from %s cannot be opened: %s; its sender is told",
		hl_short(app, &letter.incident, 8),
		hl_docs_lab_name(app, &letter.envelope.core.lab),
		hl_status_text(letter.code));
	return hl_compose_seal(app, &draft, &row);
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

enum hl_exit hl_inbox_open(struct hl_app *app, struct hl_news *news)
{
	HL_CLEAN_NEWS struct hl_news waiting = {0}, done = {0}, failed = {0};
	HL_CLEAN_EPOCHS struct hl_epochs epochs = {0};
	enum hl_exit code = sealed_ids(app, &waiting);

	if (code != HL_EXIT_OK || waiting.n == 0)
		return code;
	code = hl_epochs_load(app, &epochs);
	if (code == HL_EXIT_OK)
		code = hl_db_begin(app->db);
	if (code != HL_EXIT_OK)
		return code;
	for (size_t i = 0; i < waiting.n && code == HL_EXIT_OK; i++)
		code = open_one(app, &epochs, &waiting.ids[i], &done, &failed);
	if (code != HL_EXIT_OK) {
		hl_db_rollback(app->db);
		return code;
	}
	code = hl_db_commit(app->db);
	for (size_t i = 0; i < failed.n && code == HL_EXIT_OK; i++)
		code = tell(app, &failed.ids[i]);
	for (size_t i = 0; news && i < done.n && code == HL_EXIT_OK; i++)
		code = news_add(news, &done.ids[i]);
	return code;
}
