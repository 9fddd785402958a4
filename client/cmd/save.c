/* hotline save: attachments, to files with safe names; and the check of one that came by hand. */
#include <string.h>

#include "client/cmd/talk.h"
#include "client/inbox.h"

/* SHA-256 as people compare it, in full. */
static void by_hand(struct hl_app *app, const struct hl_evidence *e)
{
	printf("by hand  %s  %llu bytes\n  sha256 %s\n", hl_safe(app, e->name),
		(unsigned long long)e->size, hl_hex(app, &e->sha256));
}

static enum hl_exit save_one(
	struct hl_app *app, const char *dir, const struct hl_evidence *e, json_t *files)
{
	const char *path = NULL;
	struct hl_id hash;
	json_t *one = json_object();
	enum hl_exit code = HL_EXIT_OK;

	if (e->has_data) {
		hl_sha256(&e->data, 1, &hash);
		if (!hl_id_eq(&hash, &e->sha256))
			code = hl_fail(HL_EXIT_NO,
				"%s is not what its SHA-256 says; it is not saved",
				hl_safe(app, e->name));
		if (code == HL_EXIT_OK)
			code = hl_evidence_save(app, dir, e, &path);
	}
	json_object_set_new(one, "name", hl_json_view(e->name));
	json_object_set_new(one, "size", json_integer((json_int_t)e->size));
	json_object_set_new(one, "sha256", hl_json_id(app, &e->sha256));
	json_object_set_new(one, "path", path ? json_string(path) : json_null());
	json_object_set_new(one, "by_hand", json_boolean(!e->has_data));
	json_array_append_new(files, one);
	if (code == HL_EXIT_OK && !app->json) {
		if (path)
			printf("saved    %s  %llu bytes, sha256 verified\n", path,
				(unsigned long long)e->size);
		else
			by_hand(app, e);
	}
	return code;
}

static enum hl_exit save_all(
	struct hl_app *app, const char *dir, const struct hl_thread *thread)
{
	json_t *files = json_array(), *doc;
	enum hl_exit code = HL_EXIT_OK;
	size_t hand = 0, n = 0;

	for (size_t i = 0; i < thread->n_fold; i++) {
		const struct hl_message *m = thread->fold[i].message;

		for (size_t j = 0; j < m->n_evidence; j++) {
			enum hl_exit one = save_one(app, dir, &m->evidence[j], files);

			n++;
			hand += !m->evidence[j].has_data;
			if (one != HL_EXIT_OK)
				code = one;
		}
	}
	if (app->json) {
		doc = hl_json_doc("save");
		json_object_set_new(doc, "files", files);
		return code != HL_EXIT_OK ? (json_decref(doc), code) : hl_json_print(doc);
	}
	json_decref(files);
	if (n == 0)
		printf("%s has no attachments.\n", hl_thread_short(app, &thread->id));
	if (hand > 0)
		printf("Once a file is here by hand: hotline save %s --check FILE\n",
			hl_thread_short(app, &thread->id));
	return code;
}

static enum hl_exit check(
	struct hl_app *app, const struct hl_thread *thread, const char *path)
{
	const char *shown = hl_safe(app, hl_view_str(path));
	struct hl_id hash;
	uint64_t size;
	int error = hl_evidence_hash(path, &size, &hash);

	if (error != 0)
		return hl_fail(
			HL_EXIT_USAGE, "cannot read %s: %s", shown, strerror(error));
	for (size_t i = 0; i < thread->n_fold; i++)
		for (size_t j = 0; j < thread->fold[i].message->n_evidence; j++) {
			const struct hl_evidence *e =
				&thread->fold[i].message->evidence[j];

			if (e->size != size || !hl_id_eq(&e->sha256, &hash))
				continue;
			printf("%s is \"%s\" as it was signed (%llu bytes, sha256 "
			       "verified).\n",
				shown, hl_safe(app, e->name), (unsigned long long)size);
			return HL_EXIT_OK;
		}
	return hl_fail(HL_EXIT_NO,
		"%s (%llu bytes, sha256 %s) is NOT one of the attachments of %s", shown,
		(unsigned long long)size, hl_hex(app, &hash),
		hl_thread_short(app, &thread->id));
}

enum hl_exit hl_cmd_save(struct hl_app *app, const struct hl_args *args)
{
	HL_CLEAN_THREAD struct hl_thread thread = {0};
	const char *dir = hl_option(args, "dir"), *path = hl_option(args, "check");
	struct hl_line *line = NULL;
	struct hl_id incident;
	enum hl_exit code = hl_inbox_line(app, &line);

	hl_line_close(line);
	if (code == HL_EXIT_OK)
		code = hl_thread_find(app, args->operands[0], &incident, NULL);
	if (code == HL_EXIT_OK)
		code = hl_thread_load(app, &incident, &thread);
	if (code != HL_EXIT_OK)
		return code;
	return path ? check(app, &thread, path) : save_all(app, dir ? dir : ".", &thread);
}
