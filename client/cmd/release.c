/* hotline release: a second person signs a FLASH that a colleague has sealed. */
#include <string.h>

#include "client/cmd/talk.h"
#include "client/inbox.h"
#include "client/keyring.h"
#include "client/timeline.h"

/* Opened and checked as by any reader: nobody releases what they have not read. */
static enum hl_exit read_it(struct hl_app *app, const struct hl_envelope *envelope,
	const struct hl_member *sender)
{
	HL_CLEAN_EPOCHS struct hl_epochs epochs = {0};
	HL_CLEAN_OPENED struct hl_opened opened = {0};
	HL_CLEAN_MESSAGE struct hl_message message = {0};
	enum hl_exit code = hl_epochs_load(app, &epochs);
	enum hl_status status;

	if (code != HL_EXIT_OK)
		return code;
	status = hl_envelope_open(envelope, &app->lab, &app->kid, epochs.epochs,
		epochs.secrets, epochs.n, &opened);
	if (status == HL_OK)
		status = hl_message_parse(opened.message, &message);
	if (status == HL_OK)
		status = hl_message_check(&message, &envelope->core, sender);
	if (status == HL_OK && !opened.wraps_good)
		status = HL_BAD_WRAP;
	if (status != HL_OK)
		return hl_fail(HL_EXIT_NO, "this is not to be released: %s",
			hl_status_text(status));
	hl_note("%s%s  %s by %s", hl_talk_prefix(envelope->core.status),
		hl_precedence_name(envelope->core.precedence), hl_type_name(message.type),
		hl_docs_person(app, &app->lab, &envelope->core.sender));
	if (message.type == HL_RAISE)
		hl_note("%s  severity %u  \"%s\"", hl_safe(app, message.raise.kind),
			message.raise.severity, hl_safe(app, message.raise.title));
	/* All of it, however long: nobody signs what was cut. */
	fprintf(stderr, "%s\n", hl_safe_block(app, message.text, 0));
	for (size_t i = 0; i < envelope->core.n_labs; i++)
		if (!hl_id_eq(&envelope->core.labs[i], &app->lab))
			hl_note("to %s", hl_docs_lab_name(app, &envelope->core.labs[i]));
	return HL_EXIT_OK;
}

/* Adds this person's signature, unless the letter is whole already. */
static enum hl_exit cosign(
	struct hl_app *app, const struct hl_envelope *envelope, struct hl_envelope *ret)
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	enum hl_status status;

	status = hl_envelope_cosign(envelope, &app->keys->sign, &doc);
	if (status == HL_DUPLICATE)
		return hl_fail(HL_EXIT_NO, "this device has signed it already");
	if (status == HL_OK)
		status = hl_envelope_parse(&app->net, hl_view_buf(&doc), ret);
	return status == HL_OK ? HL_EXIT_OK : hl_fail_status(status, "signing");
}

static enum hl_exit judge(struct hl_app *app, const struct hl_envelope *envelope,
	const struct hl_member **ret_sender)
{
	const struct hl_card *card = hl_docs_own(app);
	struct hl_judge judge = {.net = &app->net,
		.card = card,
		.newest_version = card->version,
		.own_lab = &app->lab,
		.raised_with_flash = hl_letter_raised_with_flash(app, envelope),
		.suspended = hl_docs_suspended,
		.ctx = app};
	enum hl_status status;

	if (!hl_id_eq(&envelope->core.lab, &app->lab))
		return hl_fail(HL_EXIT_NO, "it is not a letter of your own lab");
	status = hl_envelope_judge(envelope, &judge);
	*ret_sender = hl_card_member(card, &envelope->core.sender);
	/* A node's letters are nobody's to release. */
	if (status == HL_OK && !*ret_sender)
		status = HL_NOT_MEMBER;
	if (status == HL_OK || (status == HL_FEW_SIGNATURES && *ret_sender))
		return HL_EXIT_OK;
	return hl_fail(
		HL_EXIT_NO, "this is not to be released: %s", hl_status_text(status));
}

/* A rule that asks for two persons is not met by one with two devices. */
static enum hl_exit another_person(struct hl_app *app, const struct hl_envelope *envelope)
{
	const struct hl_card *card = hl_docs_own(app);
	const struct hl_member *self = hl_docs_self(app);

	for (size_t i = 0; self && i < envelope->n_sigs; i++) {
		const struct hl_member *by = hl_card_member(card, &envelope->sigs[i].kid);

		if (by && hl_view_eq(by->person, self->person))
			return hl_fail(HL_EXIT_NOT_PERMITTED,
				"you (%s) have signed it already, on the device \"%s\": it "
				"takes another person to release it; see hotline member "
				"list",
				hl_safe(app, self->person), hl_safe(app, by->device));
	}
	return HL_EXIT_OK;
}

/* Keeps the released copy in place of the one that waits, for sending. */
static enum hl_exit keep(
	struct hl_app *app, const struct hl_envelope *envelope, struct hl_outgoing *row)
{
	bool whole = !hl_letter_short(app, envelope);
	enum hl_outbox_state state = whole ? HL_OUTBOX_DRAFT : HL_OUTBOX_RELEASE;
	enum hl_exit code = hl_db_begin(app->db);

	if (code == HL_EXIT_OK)
		code = hl_letter_keep(app, envelope, HL_SOURCE_OWN, 0, false, 0, NULL);
	if (code == HL_EXIT_OK)
		code = hl_outbox_keep(app, envelope, state, NULL, row);
	if (code == HL_EXIT_OK)
		code = hl_db_do(app->db,
			"UPDATE outbox SET doc = ?, state = ? WHERE n = ?", "bii",
			hl_view_buf(&envelope->doc), (uint64_t)state, row->n);
	if (code != HL_EXIT_OK) {
		hl_db_rollback(app->db);
		return code;
	}
	row->state = state;
	return hl_db_commit(app->db);
}

static enum hl_exit release_one(struct hl_talk *talk, struct hl_view doc)
{
	HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0}, signed_one = {0};
	struct hl_app *app = talk->app;
	const struct hl_member *sender = NULL;
	enum hl_status status = hl_envelope_parse(&app->net, doc, &envelope);
	enum hl_exit code;

	if (status != HL_OK)
		return hl_fail(
			HL_EXIT_NO, "the letter is damaged: %s", hl_status_text(status));
	code = judge(app, &envelope, &sender);
	if (code == HL_EXIT_OK)
		code = another_person(app, &envelope);
	if (code == HL_EXIT_OK)
		code = read_it(app, &envelope, sender);
	if (code == HL_EXIT_OK)
		code = hl_prompt_yes(app, "Release it in your name?");
	if (code == HL_EXIT_OK)
		code = cosign(app, &envelope, &signed_one);
	if (code == HL_EXIT_OK)
		code = keep(app, &signed_one, &talk->row);
	if (code == HL_EXIT_OK)
		code = hl_talk_begin(app, talk->args, talk);
	talk->again = true;
	if (code == HL_EXIT_OK)
		code = hl_talk_submit(talk);
	if (code == HL_EXIT_OK && talk->row.state == HL_OUTBOX_SENT && !app->json)
		printf("%s released, stored at your node.\n",
			hl_thread_short(app, &talk->row.incident));
	if (app->json && talk->row.n != 0) {
		enum hl_exit printed = hl_json_print(hl_talk_json(talk));

		return code != HL_EXIT_OK ? code : printed;
	}
	return code;
}

enum hl_exit hl_cmd_release(struct hl_app *app, const struct hl_args *args)
{
	HL_CLEAN_TALK struct hl_talk talk = {.app = app, .args = args};
	HL_CLEAN_FILE struct hl_file file = {0};
	const struct hl_member *self = NULL;
	size_t found = 0;
	enum hl_exit code = hl_line_refresh(app);

	if (code == HL_EXIT_OK)
		code = hl_docs_need(app, HL_CAP_RELEASE, &self);
	if (code == HL_EXIT_OK)
		code = hl_docs_read_file(app, args->operands[0], &file);
	for (size_t i = 0; i < file.n_items && code == HL_EXIT_OK; i++)
		if (file.items[i].sort == HL_DOC_ENVELOPE && found++ == 0)
			code = release_one(&talk, file.items[i].doc);
	if (code == HL_EXIT_OK && found == 0)
		return hl_fail(HL_EXIT_NO, "%s holds no letter", args->operands[0]);
	return code;
}
