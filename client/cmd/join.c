/* hotline join: this device asks to be one of its lab's. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client/cmd/cmd.h"

/* The lab that a file is of: that of its first card. */
static enum hl_exit file_lab(struct hl_app *app, const char *path,
	const struct hl_file *file, struct hl_id *ret)
{
	for (size_t i = 0; i < file->n_items; i++) {
		struct hl_card card HL_CLEAN_CARD = {0};
		enum hl_status status;

		if (file->items[i].sort != HL_DOC_CARD)
			continue;
		status = hl_card_parse(&app->net, file->items[i].doc, &card);
		if (status)
			return hl_fail(HL_EXIT_NO, "the card in %s does not hold: %s",
				path, hl_status_text(status));
		*ret = card.lab;
		return HL_EXIT_OK;
	}
	return hl_fail(HL_EXIT_NO,
		"%s has no card in it; ask your lab's admin for the file that "
		"hotline card export writes",
		path);
}

static enum hl_exit compare(
	struct hl_app *app, const struct hl_args *args, const struct hl_id *lab)
{
	char fingerprint[HL_FINGERPRINT_SIZE];
	const char *given = hl_option(args, "fingerprint");

	hl_fingerprint(&app->net, lab, fingerprint);
	if (given && !hl_fingerprint_same(fingerprint, given)) {
		hl_fail(HL_EXIT_NO,
			"this is another lab than the one whose fingerprint you gave; "
			"its own is");
		hl_print_fingerprint(stderr, fingerprint, 2);
		return HL_EXIT_NO;
	}
	if (given)
		return HL_EXIT_OK;
	fprintf(stderr, "The fingerprint of the lab in this file:\n");
	hl_print_fingerprint(stderr, fingerprint, 2);
	return hl_prompt_yes(app, "Does your lab's admin read you the same digits?");
}

static enum hl_exit take_all(
	struct hl_app *app, const struct hl_file *file, const struct hl_id *lab)
{
	for (size_t i = 0; i < file->n_items; i++) {
		enum hl_taken taken;
		enum hl_status why;
		enum hl_exit code = HL_EXIT_OK;

		if (file->items[i].sort <= HL_DOC_SUSPENSION)
			code = hl_docs_take(app, file->items[i].sort, file->items[i].doc,
				&taken, &why);
		if (code)
			return code;
	}
	if (!hl_docs_card(app, lab))
		return hl_fail(HL_EXIT_NO, "the cards in the file do not hold");
	return HL_EXIT_OK;
}

static enum hl_exit make_request(
	struct hl_app *app, const struct hl_args *args, struct hl_buf *ret)
{
	const char *person = hl_option(args, "person"),
		   *device = hl_option(args, "device");
	struct hl_request request = {.lab = app->lab, .role = HL_ROLE_MEMBER_SIGN};
	enum hl_status status;

	if (!device)
		device = hl_option(args, "monitor") ? "monitor" : "first";
	request.person = hl_view_str(person);
	request.device = hl_view_str(device);
	request.monitor = hl_option(args, "monitor") != NULL;
	memcpy(request.sign, app->keys->sign.pub, HL_KEY_SIZE);
	memcpy(request.link, app->keys->link.pub, HL_KEY_SIZE);
	status = hl_request_make(&app->net, &request, &app->keys->sign, ret);
	if (status == HL_BAD_FIELD || status == HL_BAD_SIZE || request.person.n > 64 ||
		request.device.n > 64)
		return hl_fail(HL_EXIT_USAGE,
			"a person's and a device's name is a line of 1 to 64 bytes");
	return status ? hl_fail_status(status, "make the request") : HL_EXIT_OK;
}

static enum hl_exit report(struct hl_app *app, const char *path)
{
	char fingerprint[HL_FINGERPRINT_SIZE];
	json_t *doc;

	hl_fingerprint(&app->net, &app->kid, fingerprint);
	if (app->json) {
		doc = hl_json_doc("join");
		json_object_set_new(doc, "lab", hl_json_id(app, &app->lab));
		json_object_set_new(doc, "key", hl_json_id(app, &app->kid));
		json_object_set_new(doc, "fingerprint", json_string(fingerprint));
		json_object_set_new(doc, "file", json_string(path));
		return hl_json_print(doc);
	}
	printf("%s is the request of this device. Its fingerprint:\n", path);
	hl_print_fingerprint(stdout, fingerprint, 2);
	printf("\nSend the file to an admin of your lab and read them the digits. They type:\n"
	       "  hotline member add %s\n"
	       "and then, here:\n",
		path);
	if (hl_docs_own(app)->n_nodes == 0)
		printf("  hotline card import FILE   (a newer card, from the admin's "
		       "hotline card export:\n"
		       "                              the one you have names no node)\n");
	printf("  hotline status\n");
	return HL_EXIT_OK;
}

static enum hl_exit settle(
	struct hl_app *app, const struct hl_file *file, const struct hl_id *lab)
{
	enum hl_exit code = hl_db_begin(app->db);

	if (code)
		return code;
	app->lab = *lab;
	app->kid = app->keys->kid;
	code = take_all(app, file, lab);
	if (!code)
		code = hl_db_set(app->db, "kid", hl_view_id(&app->kid));
	if (!code)
		code = hl_db_set(app->db, "lab", hl_view_id(&app->lab));
	if (code) {
		hl_db_rollback(app->db);
		return code;
	}
	app->joined = true;
	return hl_db_commit(app->db);
}

/* A device that has joined already may write its request again. */
static enum hl_exit first_time(struct hl_app *app, const struct hl_args *args,
	const struct hl_file *file, const struct hl_id *lab)
{
	bool keys = faccessat(app->home_fd, "device.key", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	enum hl_exit code = HL_EXIT_OK;

	if (app->joined && !hl_id_eq(&app->lab, lab))
		return hl_fail(HL_EXIT_USAGE,
			"%s belongs to another lab already (%s); use another "
			"--home",
			app->home, hl_docs_lab_name(app, &app->lab));
	if (!app->joined)
		code = compare(app, args, lab);
	if (!code)
		code = keys ? hl_keyring_open(app) : hl_keyring_create(app);
	return code ? code : settle(app, file, lab);
}

enum hl_exit hl_cmd_join(struct hl_app *app, const struct hl_args *args)
{
	struct hl_file file HL_CLEAN_FILE = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	const char *path = hl_option(args, "out");
	struct hl_doc_item item = {.sort = HL_DOC_REQUEST};
	struct hl_id lab;
	enum hl_exit code;

	if (!hl_option(args, "person"))
		return hl_usage_error(args,
			"--person \"YOUR NAME\" is needed (for a monitor, the "
			"name of the system it watches)");
	code = hl_docs_read_file(app, args->operands[0], &file);
	if (!code)
		code = hl_app_open(app, true,
			hl_scrap(app, "%.*s", (int)file.network.n, file.network.p));
	if (!code)
		code = file_lab(app, args->operands[0], &file, &lab);
	if (!code)
		code = first_time(app, args, &file, &lab);
	if (!code)
		code = make_request(app, args, &doc);
	if (code)
		return code;
	if (!path)
		path = "join-request.hotline";
	item.doc = hl_view_buf(&doc);
	code = hl_docs_write_file(app, path, &item, 1, true);
	return code ? code : report(app, path);
}
