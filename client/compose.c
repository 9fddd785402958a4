#include "client/compose.h"

#include <stdlib.h>
#include <string.h>

#include "client/docs.h"
#include "client/keyring.h"
#include "client/output.h"

size_t hl_compose_readers(struct hl_app *app, const struct hl_id *lab)
{
	struct hl_reader *list = NULL;
	size_t n = 0;

	if (hl_docs_readers(app, lab, hl_clock(), &list, &n, NULL, NULL) != HL_EXIT_OK)
		n = 0;
	free(list);
	return n;
}

/* The readers of one lab, with what is to be said about them. */
static enum hl_exit add_lab(struct hl_app *app, const struct hl_draft *draft,
	const struct hl_id *lab, uint64_t now, struct hl_reader **list, size_t *n)
{
	const char *name = hl_docs_lab_name(app, lab);
	size_t stale = 0, without = 0, before = *n;
	enum hl_exit code = hl_docs_readers(app, lab, now, list, n, &stale, &without);

	if (code != HL_EXIT_OK || draft->quiet)
		return code;
	if (stale > 0)
		hl_note("warning: stale seal: %zu of %s's readers have no valid sealing "
			"key; sealed to their newest",
			stale, name);
	if (*n == before && !hl_id_eq(lab, &app->lab))
		hl_note("warning: %s does NOT get this: none of its readers has "
			"published a sealing key yet.\n  Tell them by phone; on their "
			"device `hotline status` publishes one.",
			name);
	else if (without > 0)
		hl_note("warning: %zu of %s's readers cannot open this: no sealing key "
			"published yet",
			without, name);
	return HL_EXIT_OK;
}

static enum hl_exit readers(struct hl_app *app, const struct hl_draft *draft,
	uint64_t now, struct hl_reader **list, size_t *n)
{
	enum hl_exit code = add_lab(app, draft, &app->lab, now, list, n);
	size_t own = *n;

	if (code == HL_EXIT_OK && own == 0)
		return hl_fail(HL_EXIT_NO,
			"nobody of your own lab could read this: no device of it that "
			"reads has published a sealing key.\n  On such a device run: "
			"hotline status");
	for (size_t i = 0; i < draft->n_labs && code == HL_EXIT_OK; i++)
		if (!hl_id_eq(&draft->labs[i], &app->lab))
			code = add_lab(app, draft, &draft->labs[i], now, list, n);
	if (code == HL_EXIT_OK && *n == own && draft->n_labs > 0 && !draft->quiet)
		return hl_fail(HL_EXIT_NO,
			"nothing was sealed: no reader at any of the labs it is for");
	return code;
}

static void set_core(struct hl_app *app, const struct hl_draft *draft, uint64_t now,
	struct hl_core *core)
{
	*core = (struct hl_core){.net = app->net,
		.lab = app->lab,
		.sender = app->kid,
		.card_version = hl_docs_own(app)->version,
		.has_incident = draft->has_incident,
		.has_answers = draft->has_answers,
		.incident = draft->incident,
		.answers = draft->answers,
		.class = draft->class,
		.status = draft->status,
		.precedence = draft->precedence,
		.created = now,
		.lifetime = HL_LIFETIME_DEFAULT};
	if (draft->lifetime > 0)
		core->lifetime = draft->lifetime;
	if (draft->class != HL_CLASS_CALL)
		return;
	core->answer_within = draft->answer_within;
	if (core->answer_within == 0)
		core->answer_within = hl_precedence_deadline(draft->precedence);
}

/* Letter, archive and outbox in one commit: from here on it cannot be lost. */
static enum hl_exit keep(struct hl_app *app, const struct hl_draft *draft,
	const struct hl_sealing *sealing, struct hl_view doc, struct hl_outgoing *ret)
{
	HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0};
	enum hl_outbox_state state = HL_OUTBOX_DRAFT;
	enum hl_status status = hl_envelope_parse(&app->net, doc, &envelope);
	enum hl_exit code;

	if (status != HL_OK)
		return hl_fail_status(status, "reading back what was sealed");
	if (hl_letter_short(app, &envelope))
		state = HL_OUTBOX_RELEASE;
	code = hl_db_begin(app->db);
	/* Another command may have sealed under that key meanwhile: its letter counts. */
	if (code == HL_EXIT_OK && draft->key &&
		hl_outbox_by_key(app, draft->key, ret) == HL_EXIT_OK)
		return hl_db_commit(app->db);
	if (code == HL_EXIT_OK)
		code = hl_letter_keep(app, &envelope, HL_SOURCE_OWN, 0, false, 0, NULL);
	if (code == HL_EXIT_OK)
		code = hl_letter_archive(app, &envelope.id, &sealing->ck,
			sealing->message, draft->message.type, 0);
	if (code == HL_EXIT_OK)
		code = hl_outbox_keep(app, &envelope, state, draft->key, ret);
	if (code != HL_EXIT_OK) {
		hl_db_rollback(app->db);
		return code;
	}
	return hl_db_commit(app->db);
}

static enum hl_exit why_not(enum hl_status status)
{
	if (status == HL_BAD_SIZE)
		return hl_fail(HL_EXIT_USAGE,
			"this is too large for one letter: shorten the text or attach "
			"less (192 KiB of attachments in all)");
	if (status == HL_BAD_RECIPIENTS)
		return hl_fail(HL_EXIT_USAGE,
			"too many readers for one letter (at most 64 labs and 512 "
			"devices): send it to fewer labs at a time");
	return hl_fail_status(status, "sealing");
}

/* Seals the encoded message to the readers. */
static enum hl_exit seal(struct hl_app *app, const struct hl_draft *draft,
	struct hl_view message, struct hl_outgoing *ret)
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	struct hl_sealing sealing = {.message = message, .key = &app->keys->sign};
	size_t dropped = 0;
	uint64_t now = hl_clock();
	enum hl_status status;
	enum hl_exit code =
		readers(app, draft, now, &sealing.readers, &sealing.n_readers);

	set_core(app, draft, now, &sealing.core);
	if (code == HL_EXIT_OK) {
		status = hl_entropy_fill(
			&app->entropy, sealing.salt, sizeof(sealing.salt));
		if (status == HL_OK)
			status = hl_entropy_fill(
				&app->entropy, sealing.ck.b, sizeof(sealing.ck.b));
		if (status == HL_OK)
			status = hl_envelope_seal(&sealing, &doc, NULL, &dropped);
		if (status != HL_OK)
			code = why_not(status);
	}
	if (dropped > 0)
		hl_note("warning: %zu reader%s a sealing key that gives zeros and cannot "
			"open this",
			dropped, dropped == 1 ? " has" : "s have");
	if (code == HL_EXIT_OK)
		code = keep(app, draft, &sealing, hl_view_buf(&doc), ret);
	hl_key32_clear(&sealing.ck);
	free(sealing.readers);
	return code;
}

enum hl_exit hl_compose_seal(
	struct hl_app *app, const struct hl_draft *draft, struct hl_outgoing *ret)
{
	HL_CLEAN_BUF struct hl_buf message = {0};
	enum hl_exit code = hl_compose_check(app, draft);
	enum hl_status status;

	if (code != HL_EXIT_OK)
		return code;
	status = hl_message_encode(&draft->message, &message, NULL);
	if (status != HL_OK)
		return hl_fail_status(status, "writing the letter");
	return seal(app, draft, hl_view_buf(&message), ret);
}

static void add_once(struct hl_follow *room, const struct hl_id *lab)
{
	for (size_t i = 0; i < room->n_labs; i++)
		if (hl_id_eq(&room->labs[i], lab))
			return;
	if (room->n_labs < HL_LABS_MAX)
		room->labs[room->n_labs++] = *lab;
}

/* The labs of the raise, or of all that is held where the raise is not. */
static void follow_labs(const struct hl_thread *thread, struct hl_follow *room)
{
	const struct hl_letter *raise = hl_thread_letter(thread, &thread->id);
	size_t n = raise ? 1 : thread->n;

	for (size_t i = 0; i < n; i++) {
		const struct hl_letter *letter = raise ? raise : &thread->letters[i];

		for (size_t j = 0; j < letter->envelope.core.n_labs; j++)
			add_once(room, &letter->envelope.core.labs[j]);
	}
}

enum hl_exit hl_compose_follow(struct hl_app *app, const struct hl_thread *thread,
	enum hl_type type, bool call, const struct hl_id *answers, struct hl_follow *room,
	struct hl_draft *ret)
{
	const struct hl_letter *first = hl_thread_letter(thread, &thread->id);
	const struct hl_member *self = NULL;
	enum hl_exit code = hl_docs_need(app, 0, &self);

	if (code != HL_EXIT_OK)
		return code;
	if (!first && thread->n == 0)
		return hl_fail(HL_EXIT_NO, "no letter of that incident is held");
	if (!first)
		first = &thread->letters[0];
	hl_thread_seen(thread, answers, room->seen, &room->n_seen);
	room->n_labs = 0;
	follow_labs(thread, room);
	*ret = (struct hl_draft){
		.message = {.type = type, .seen = room->seen, .n_seen = room->n_seen},
		.labs = room->labs,
		.n_labs = room->n_labs,
		.class = hl_type_class(type, call),
		.status = first->envelope.core.status,
		.precedence = first->envelope.core.precedence,
		.has_incident = true,
		.incident = thread->id,
	};
	if (answers) {
		ret->has_answers = true;
		ret->answers = *answers;
	}
	/* A notice goes as fast as its sender may. */
	if (ret->class == HL_CLASS_NOTICE && self->caps.precedence >= HL_ROUTINE &&
		ret->precedence > self->caps.precedence)
		ret->precedence = (enum hl_precedence)self->caps.precedence;
	return HL_EXIT_OK;
}
