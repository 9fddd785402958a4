/* hotline import: letters that came in a file, checked as if they had come by link. */
#include "client/cmd/talk.h"
#include "client/inbox.h"
#include "client/proof.h"
#include "client/resend.h"
#include "client/timeline.h"

#include <string.h>

struct import {
	struct hl_app *app;
	const char *path;
	const struct hl_file *file;
	size_t docs, known, bad, letters, proofs, item;
};

static void named(struct import *in, const char *what, const char *why)
{
	in->bad++;
	hl_note("hotline: %s: item %zu, a %s, is not taken: %s", in->path, in->item, what,
		why);
}

static const char *sort_name(enum hl_doc sort)
{
	switch (sort) {
	case HL_DOC_CARD: return "card";
	case HL_DOC_DIRECTORY: return "directory";
	case HL_DOC_SEALS: return "set of sealing keys";
	case HL_DOC_SUSPENSION: return "suspension";
	case HL_DOC_ENVELOPE: return "letter";
	case HL_DOC_SEGMENT: return "piece of a channel";
	case HL_DOC_REQUEST: return "request";
	}
	return "thing";
}

static enum hl_exit take_doc(struct import *in, const struct hl_doc_item *item)
{
	enum hl_status why = HL_OK;
	enum hl_taken taken;
	enum hl_exit code = hl_docs_take(in->app, item->sort, item->doc, &taken, &why);

	if (code != HL_EXIT_OK)
		return code;
	switch (taken) {
	case HL_TAKEN_NEW:
		in->docs++;
		return hl_docs_queue(in->app, item->sort, item->doc);
	case HL_TAKEN_KNOWN: in->known++; break;
	case HL_TAKEN_ASIDE: in->docs++; break;
	case HL_TAKEN_REFUSED:
		named(in, sort_name(item->sort), hl_status_text(why));
		break;
	}
	return HL_EXIT_OK;
}

static bool holds(struct hl_view doc, const struct hl_id *id)
{
	for (size_t i = 0; i + sizeof(id->b) <= doc.n; i++)
		if (memcmp(doc.p + i, id->b, sizeof(id->b)) == 0)
			return true;
	return false;
}

/* Does the file seem to bring the letter's entry? If it proves it is seen after all letters. */
static bool with_entry(const struct import *in, const struct hl_id *id)
{
	for (size_t i = 0; i < in->file->n_items; i++) {
		const struct hl_doc_item *item = &in->file->items[i];

		if (item->sort == HL_DOC_SEGMENT && holds(item->doc, id))
			return true;
	}
	return false;
}

/* envelope 3.1 by the cards held; own letters are judged as others are.
 * SPEC envelope 3.2: or the newest card held where the letter has no entry yet */
static enum hl_status judge(const struct import *in, const struct hl_envelope *envelope)
{
	struct hl_app *app = in->app;
	const bool entered = with_entry(in, &envelope->id);
	const struct hl_core *core = &envelope->core;
	const struct hl_card *newest = hl_docs_card(app, &core->lab);
	struct hl_judge judge = {.net = &app->net,
		.card = entered ? hl_docs_card_at(app, &core->lab, core->card_version)
				: newest,
		.newest_version = newest ? newest->version : 0,
		.own_lab = &app->lab,
		.raised_with_flash = hl_letter_raised_with_flash(app, envelope),
		.suspended = entered ? NULL : hl_docs_suspended,
		.ctx = app};

	return judge.card ? hl_envelope_judge(envelope, &judge) : HL_NEED_CARD;
}

/* Kept here, and for the own node: it goes there with the next line. */
static enum hl_exit keep(struct import *in, const struct hl_envelope *envelope)
{
	struct hl_app *app = in->app;
	struct hl_outgoing row;
	bool fresh = false;
	enum hl_exit code = hl_letter_keep(app, envelope, HL_SOURCE_HAND, hl_clock(),
		false, HL_MARK_UNCONFIRMED, &fresh);

	if (code != HL_EXIT_OK)
		return code;
	if (!fresh) {
		in->known++;
		return HL_EXIT_OK;
	}
	in->letters++;
	return hl_outbox_keep(app, envelope, HL_OUTBOX_DRAFT, NULL, &row);
}

static enum hl_exit take_letter(struct import *in, struct hl_view doc)
{
	HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0};
	struct hl_app *app = in->app;
	enum hl_status status = hl_envelope_parse(&app->net, doc, &envelope);

	if (status == HL_OK && !hl_docs_pinned(app, &envelope.core.lab)) {
		named(in, "letter",
			hl_scrap(app,
				"it is of %s, which is no peer of yours: compare its "
				"fingerprint, then hotline peer add",
				hl_docs_lab_name(app, &envelope.core.lab)));
		return HL_EXIT_OK;
	}
	if (status == HL_OK)
		status = judge(in, &envelope);
	if (hl_status_ours(status))
		return hl_fail_status(status, "reading a file");
	if (status == HL_FEW_SIGNATURES && hl_id_eq(&envelope.core.lab, &app->lab))
		named(in, "letter",
			hl_scrap(app, "it waits for a release: hotline release %s",
				in->path));
	else if (status != HL_OK)
		named(in, "letter", hl_status_text(status));
	else
		return keep(in, &envelope);
	return HL_EXIT_OK;
}

static enum hl_exit take_item(struct import *in, const struct hl_doc_item *item)
{
	switch (item->sort) {
	case HL_DOC_CARD:
	case HL_DOC_DIRECTORY:
	case HL_DOC_SEALS:
	case HL_DOC_SUSPENSION: return take_doc(in, item);
	case HL_DOC_ENVELOPE: return take_letter(in, item->doc);
	case HL_DOC_SEGMENT: return HL_EXIT_OK; /* after all letters */
	case HL_DOC_REQUEST:
		named(in, "request",
			"an admin takes it with hotline member add or hotline node add");
		return HL_EXIT_OK;
	}
	named(in, "thing", "of a sort that is not known");
	return HL_EXIT_OK;
}

static enum hl_exit take_file(struct import *in)
{
	HL_CLEAN_FILE struct hl_file file = {0};
	enum hl_exit code = hl_docs_read_file(in->app, in->path, &file);

	if (code != HL_EXIT_OK)
		return code;
	in->file = &file;
	code = hl_db_begin(in->app->db);
	for (size_t i = 0; i < file.n_items && code == HL_EXIT_OK; i++) {
		in->item = i + 1;
		code = take_item(in, &file.items[i]);
	}
	for (size_t i = 0; i < file.n_items && code == HL_EXIT_OK; i++)
		if (file.items[i].sort == HL_DOC_SEGMENT)
			code = hl_proof_take(in->app, file.items[i].doc, &in->proofs);
	if (code != HL_EXIT_OK) {
		hl_db_rollback(in->app->db);
		return code;
	}
	return hl_db_commit(in->app->db);
}

static void print_letter(struct hl_app *app, const struct hl_id *id)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	struct hl_prefixed out;

	if (hl_letter_load(app, id, &letter) != HL_EXIT_OK || !hl_prefixed_begin(&out))
		return;
	fprintf(out.stream, "%s  %s%s\n", hl_thread_short(app, &letter.incident),
		hl_timeline_letter(app, &letter),
		letter.marks & HL_MARK_UNCONFIRMED ? "   [by hand, not yet confirmed]"
						   : "");
	hl_prefixed_end(&out, hl_talk_prefix(letter.envelope.core.status));
}

/* What was taken in before its sender was cut off, and had not been opened by then. */
static void note_closed(struct hl_app *app)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		HL_LETTER_SELECT "WHERE l.state = 0 AND l.source = 2 ORDER BY l.created",
		"");
	struct hl_letter letter = {0};

	while (hl_letter_next(app, stmt, &letter)) {
		if (hl_letter_cut_off(app, &letter))
			hl_note("%s of %s, which came by hand, stays closed: its sender is "
				"cut off.\n  It opens with a proof that it was sent before: "
				"ask %s for hotline export %s",
				hl_thread_short(app, &letter.incident),
				hl_docs_lab_name(app, &letter.envelope.core.lab),
				hl_docs_lab_name(app, &letter.envelope.core.lab),
				hl_thread_short(app, &letter.incident));
		hl_letter_clear(&letter);
	}
}

static enum hl_exit print(
	struct hl_app *app, const struct import *in, const struct hl_news *news)
{
	json_t *doc = hl_json_doc("import"), *ids = json_array();

	for (size_t i = 0; i < news->n; i++) {
		json_array_append_new(ids, hl_json_id(app, &news->ids[i]));
		if (!app->json)
			print_letter(app, &news->ids[i]);
	}
	json_object_set_new(doc, "letters", ids);
	json_object_set_new(doc, "documents", json_integer((json_int_t)in->docs));
	json_object_set_new(doc, "known", json_integer((json_int_t)in->known));
	json_object_set_new(doc, "proofs", json_integer((json_int_t)in->proofs));
	json_object_set_new(doc, "refused", json_integer((json_int_t)in->bad));
	if (app->json)
		return hl_json_print(doc);
	json_decref(doc);
	printf("%zu letter%s and %zu card%s or key%s taken in, %zu held before, %zu not "
	       "taken.\n",
		in->letters, in->letters == 1 ? "" : "s", in->docs,
		in->docs == 1 ? "" : "s", in->docs == 1 ? "" : "s", in->known, in->bad);
	if (in->letters > 0)
		printf("Your node gets them with the next command that reaches it, or: "
		       "hotline send\n");
	return HL_EXIT_OK;
}

enum hl_exit hl_cmd_import(struct hl_app *app, const struct hl_args *args)
{
	HL_CLEAN_NEWS struct hl_news news = {0};
	struct import in = {.app = app};
	enum hl_exit code = hl_line_refresh(app), printed;

	for (size_t i = 0; i < args->n && code == HL_EXIT_OK; i++) {
		in.path = args->operands[i];
		code = take_file(&in);
	}
	if (code == HL_EXIT_OK)
		code = hl_inbox_open(app, &news);
	if (code == HL_EXIT_OK)
		code = hl_resend_give(app, NULL);
	if (code != HL_EXIT_OK)
		return code;
	printed = print(app, &in, &news);
	note_closed(app);
	return printed == HL_EXIT_OK && in.bad > 0 ? HL_EXIT_NO : printed;
}
