/* Hotline files: cards and keys carried by hand (spec/file.md). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/db.h"
#include "client/docs.h"
#include "client/keyring.h"
#include "client/output.h"

/* Armour makes a file a third longer; what stands around it is not long. */
#define TEXT_MAX (HL_FILE_MAX / 2 * 3)

static enum hl_exit read_stdin(struct hl_buf *ret)
{
	uint8_t part[4096];
	size_t n;

	while ((n = fread(part, 1, sizeof(part), stdin)) > 0) {
		if (ret->n + n > TEXT_MAX)
			return hl_fail(HL_EXIT_NO,
				"standard input is larger than a hotline file");
		if (hl_buf_append(ret, hl_view_of(part, n)))
			return hl_fail_status(HL_ERR_NOMEM, "read standard input");
	}
	return HL_EXIT_OK;
}

enum hl_exit hl_docs_read_file(struct hl_app *app, const char *path, struct hl_file *ret)
{
	struct hl_file file HL_CLEAN_FILE = {0};
	struct hl_buf text HL_CLEAN_BUF = {0};
	bool in = strcmp(path, "-") == 0;
	enum hl_status status;
	int error = in ? 0 : hl_file_get(AT_FDCWD, path, TEXT_MAX, false, &text);

	if (error)
		return hl_fail(HL_EXIT_NO, "cannot read %s: %s", path, strerror(error));
	if (in && read_stdin(&text))
		return HL_EXIT_NO;
	status = hl_file_read(hl_view_buf(&text), &file);
	if (status)
		return hl_fail(HL_EXIT_NO,
			"%s is no hotline file (-----BEGIN HOTLINE FILE-----), or it was "
			"damaged on "
			"the way: %s",
			path, hl_status_text(status));
	/* SPEC file 1.3: A reader refuses a file of another network before it looks at the
	 * items. */
	if (!hl_id_zero(&app->net) &&
		!hl_view_eq(file.network, hl_view_str(app->settings.network)))
		return hl_fail(HL_EXIT_NO,
			"%s is of network \"%s\"; this device is of \"%s\"", path,
			hl_safe(app, file.network), app->settings.network);
	*ret = file;
	file = (struct hl_file){0};
	return HL_EXIT_OK;
}

enum hl_exit hl_docs_write_file(struct hl_app *app, const char *path,
	struct hl_doc_item *items, size_t n, bool overwrite)
{
	struct hl_file file = {.network = hl_view_str(app->settings.network),
		.items = items,
		.n_items = n};
	struct hl_buf text HL_CLEAN_BUF = {0};
	enum hl_status status = hl_file_write(&file, &text);
	int error = 0;

	if (status)
		return hl_fail_status(status, "write a hotline file");
	if (strcmp(path, "-") == 0) {
		if (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout))
			return hl_fail(HL_EXIT_NO, "cannot write to standard output");
		return HL_EXIT_OK;
	}
	error = hl_file_put(AT_FDCWD, path, hl_view_buf(&text), overwrite, 0644);
	if (error == EEXIST)
		return hl_fail(HL_EXIT_NO,
			"%s is there already; move it away or name another file", path);
	if (error)
		return hl_fail(HL_EXIT_NO, "cannot write %s: %s", path, strerror(error));
	return HL_EXIT_OK;
}

static enum hl_exit add_rows(
	struct hl_app *app, struct hl_bundle *bundle, enum hl_doc sort, sqlite3_stmt *row)
{
	while (hl_db_next(app->db, row)) {
		size_t i = bundle->n;

		if (i == HL_FILE_ITEMS_MAX)
			return hl_fail(
				HL_EXIT_NO, "there is more than one file can hold");
		if (hl_buf_append(&bundle->bytes[i], hl_db_blob(row, 0)))
			return hl_fail_status(HL_ERR_NOMEM, "gather cards");
		bundle->items[i].sort = sort;
		bundle->items[i].doc = hl_view_buf(&bundle->bytes[i]);
		bundle->n++;
	}
	return app->db->failed ? HL_EXIT_NO : HL_EXIT_OK;
}

static enum hl_exit fill(
	struct hl_app *app, const struct hl_id *lab, struct hl_bundle *bundle)
{
	sqlite3_stmt *cards HL_CLEAN_STMT = hl_db_query(app->db,
		"SELECT doc FROM cards WHERE lab = ? AND in_force = 1 ORDER BY version",
		"d", lab);
	sqlite3_stmt *seals HL_CLEAN_STMT = hl_db_query(
		app->db, "SELECT doc FROM seals WHERE lab = ? ORDER BY kid", "d", lab);
	sqlite3_stmt *suspensions HL_CLEAN_STMT = hl_db_query(app->db,
		"SELECT doc FROM suspensions WHERE lab = ? ORDER BY kid", "d", lab);
	enum hl_exit code = add_rows(app, bundle, HL_DOC_CARD, cards);

	if (!code)
		code = add_rows(app, bundle, HL_DOC_SEALS, seals);
	if (!code)
		code = add_rows(app, bundle, HL_DOC_SUSPENSION, suspensions);
	return code;
}

enum hl_exit hl_docs_bundle(
	struct hl_app *app, const struct hl_id *lab, struct hl_bundle **ret)
{
	struct hl_bundle *bundle = calloc(1, sizeof(*bundle));
	enum hl_exit code = bundle ? fill(app, lab, bundle)
				   : hl_fail_status(HL_ERR_NOMEM, "gather cards");

	if (code) {
		hl_docs_bundle_free(bundle);
		return code;
	}
	*ret = bundle;
	return HL_EXIT_OK;
}

void hl_docs_bundle_free(struct hl_bundle *bundle)
{
	if (!bundle)
		return;
	for (size_t i = 0; i < bundle->n; i++)
		hl_buf_clear(&bundle->bytes[i]);
	free(bundle);
}
