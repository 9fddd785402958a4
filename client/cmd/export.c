/* hotline export: letters in a file, with all that is needed to check and open them. */
#include <stdlib.h>
#include <string.h>

#include "client/cmd/talk.h"
#include "client/inbox.h"
#include "client/proof.h"

/* The file as it grows. Cards come before what they verify. */
struct parcel {
	struct hl_app *app;
	struct hl_doc_item items[HL_FILE_ITEMS_MAX];
	struct hl_buf bytes[HL_FILE_ITEMS_MAX];
	size_t n, letters;
	struct hl_id labs[HL_LABS_MAX]; /* whose cards are in it */
	size_t n_labs;
};

static void parcel_free(struct parcel **parcel)
{
	for (size_t i = 0; *parcel && i < (*parcel)->n; i++)
		hl_buf_clear(&(*parcel)->bytes[i]);
	free(*parcel);
}

static enum hl_exit put(struct parcel *p, enum hl_doc sort, struct hl_view doc)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].sort == sort && hl_view_eq(p->items[i].doc, doc))
			return HL_EXIT_OK;
	if (p->n == HL_FILE_ITEMS_MAX)
		return hl_fail(
			HL_EXIT_NO, "too much for one file; export less at a time");
	if (hl_buf_append(&p->bytes[p->n], doc) != HL_OK)
		return hl_fail_status(HL_ERR_NOMEM, "writing a file");
	p->items[p->n].sort = sort;
	p->items[p->n].doc = hl_view_buf(&p->bytes[p->n]);
	p->n++;
	return HL_EXIT_OK;
}

static enum hl_exit put_lab(struct parcel *p, const struct hl_id *lab)
{
	struct hl_bundle *bundle = NULL;
	enum hl_exit code;

	for (size_t i = 0; i < p->n_labs; i++)
		if (hl_id_eq(&p->labs[i], lab))
			return HL_EXIT_OK;
	if (p->n_labs == HL_LABS_MAX)
		return hl_fail(HL_EXIT_NO, "too many labs for one file");
	p->labs[p->n_labs++] = *lab;
	code = hl_docs_bundle(p->app, lab, &bundle);
	for (size_t i = 0; code == HL_EXIT_OK && i < bundle->n; i++)
		code = put(p, bundle->items[i].sort, bundle->items[i].doc);
	hl_docs_bundle_free(bundle);
	return code;
}

/* The letter, with all slips where they are held, then what is proven of it. */
static enum hl_exit put_letter(struct parcel *p, const struct hl_letter *letter)
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	const struct hl_id *id = &letter->envelope.id;
	struct hl_proof proofs[HL_LABS_MAX];
	struct hl_outgoing row;
	size_t n = 0;
	enum hl_exit code = HL_EXIT_OK;

	if (hl_outbox_by_id(p->app, id, &row) == HL_EXIT_OK)
		code = hl_outbox_doc(p->app, row.n, &doc);
	if (code == HL_EXIT_OK)
		code = put(p, HL_DOC_ENVELOPE,
			doc.n ? hl_view_buf(&doc) : hl_view_buf(&letter->envelope.doc));
	if (code == HL_EXIT_OK)
		code = hl_proof_list(p->app, id, proofs, &n);
	p->letters++;
	for (size_t i = 0; i < n && code == HL_EXIT_OK; i++) {
		HL_CLEAN_BUF struct hl_buf segment = {0};
		struct hl_entry entry;

		if (hl_proof_segment(p->app, id, &proofs[i].lab, &segment, &entry))
			code = put(p, HL_DOC_SEGMENT, hl_view_buf(&segment));
	}
	return code;
}

static enum hl_exit put_thread(
	struct parcel *p, const struct hl_id *incident, const struct hl_id *only)
{
	HL_CLEAN_THREAD struct hl_thread thread = {0};
	bool all = hl_id_eq(incident, only);
	enum hl_exit code = hl_thread_load(p->app, incident, &thread);

	for (size_t i = 0; i < thread.n && code == HL_EXIT_OK; i++)
		if (all || hl_id_eq(&thread.letters[i].envelope.id, only))
			code = put_lab(p, &thread.letters[i].envelope.core.lab);
	for (size_t i = 0; i < thread.n && code == HL_EXIT_OK; i++)
		if (all || hl_id_eq(&thread.letters[i].envelope.id, only))
			code = put_letter(p, &thread.letters[i]);
	return code;
}

static enum hl_exit put_draft(struct parcel *p, uint64_t n)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	struct hl_outgoing row;
	enum hl_exit code;

	if (hl_outbox_by_number(p->app, n, &row) != HL_EXIT_OK)
		return hl_fail(
			HL_EXIT_NO, "there is no draft d%llu", (unsigned long long)n);
	if (hl_letter_load(p->app, &row.id, &letter) != HL_EXIT_OK)
		return hl_fail(HL_EXIT_NO, "the letter of d%llu is not held",
			(unsigned long long)n);
	code = put_lab(p, &letter.envelope.core.lab);
	return code == HL_EXIT_OK ? put_letter(p, &letter) : code;
}

enum hl_exit hl_cmd_export(struct hl_app *app, const struct hl_args *args)
{
	__attribute__((cleanup(parcel_free))) struct parcel *p = calloc(1, sizeof(*p));
	const char *output = hl_option(args, "output");
	enum hl_exit code = HL_EXIT_OK;

	if (!p)
		return hl_fail_status(HL_ERR_NOMEM, "writing a file");
	p->app = app;
	code = put_lab(p, &app->lab);
	for (size_t i = 0; i < args->n && code == HL_EXIT_OK; i++) {
		struct hl_id incident, letter;
		uint64_t n;

		if (hl_outbox_number(args->operands[i], &n)) {
			code = put_draft(p, n);
			continue;
		}
		code = hl_thread_find(app, args->operands[i], &incident, &letter);
		if (code == HL_EXIT_OK)
			code = put_thread(p, &incident, &letter);
	}
	if (code == HL_EXIT_OK)
		code = hl_docs_write_file(
			app, output ? output : "-", p->items, p->n, false);
	if (code == HL_EXIT_OK)
		hl_note("%zu letter%s, with cards and sealing keys. There: hotline import "
			"FILE",
			p->letters, p->letters == 1 ? "" : "s");
	return code;
}
