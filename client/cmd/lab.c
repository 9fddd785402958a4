/* hotline lab init: everything that a new lab begins with. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cmd/cmd.h"

struct founding {
	const char *name, *person, *device, *root_path;
	uint64_t flash_signers;
	struct hl_sign_key root;
	struct hl_id lab;
	struct hl_buf card;
};

static void founding_clear(struct founding *f)
{
	hl_sign_key_clear(&f->root);
	hl_buf_clear(&f->card);
}

static enum hl_status make_card(
	struct hl_app *app, const struct hl_args *args, struct founding *f)
{
	struct hl_root root;
	struct hl_member member = {.role = HL_MEMBER_OPERATOR,
		.caps = {.bits = HL_CAP_ALL, .precedence = HL_FLASH}};
	struct hl_card card = {.version = 1,
		.threshold = 1,
		.roots = &root,
		.n_roots = 1,
		.members = &member,
		.n_members = 1,
		.admin_signers = 1};
	const struct hl_sign_key *keys[1] = {&f->root};
	struct hl_buf body HL_CLEAN_BUF = {0};
	const char *contact;
	enum hl_status status;

	memcpy(root.key, f->root.pub, HL_KEY_SIZE);
	status = hl_lab_id(&app->net, 1, &root, 1, &f->lab);
	if (status == HL_OK)
		status = hl_possession_sign(&app->net, &f->lab, HL_ROLE_ROOT, NULL,
			&f->root, root.possession);
	if (status == HL_OK)
		status = hl_possession_sign(&app->net, &f->lab, HL_ROLE_MEMBER_SIGN,
			app->keys->link.pub, &app->keys->sign, member.possession);
	if (status != HL_OK)
		return status;
	card.lab = f->lab;
	card.name = hl_view_str(f->name);
	card.issued = hl_clock();
	card.not_after = card.issued + HL_CARD_LIFE_MS;
	card.flash_signers = (unsigned)f->flash_signers;
	while (card.n_contacts < HL_CARD_CONTACTS_MAX &&
		(contact = hl_option_at(args, "contact", card.n_contacts)))
		card.contacts[card.n_contacts++] = hl_view_str(contact);
	member.person = hl_view_str(f->person);
	member.device = hl_view_str(f->device);
	memcpy(member.sign, app->keys->sign.pub, HL_KEY_SIZE);
	memcpy(member.link, app->keys->link.pub, HL_KEY_SIZE);
	status = hl_card_encode(&card, &body);
	if (status == HL_OK)
		status = hl_card_sign(&app->net, hl_view_buf(&body), keys, 1, &f->card);
	return status;
}

/* All in one transaction: a lab is there whole, or not at all. */
static enum hl_exit found(struct hl_app *app, struct founding *f)
{
	struct hl_directory_draft *draft HL_CLEAN_DIRECTORY_DRAFT = NULL;
	enum hl_exit code;

	app->lab = f->lab;
	app->kid = app->keys->kid;
	code = hl_docs_publish(app, HL_DOC_CARD, hl_view_buf(&f->card));
	if (!code)
		code = hl_directory_draft_new(app, &draft);
	if (!code)
		code = hl_directory_draft_sign(app, draft);
	if (!code)
		code = hl_epochs_renew(app);
	if (!code)
		code = hl_db_set(app->db, "kid", hl_view_id(&app->kid));
	return code ? code : hl_db_set(app->db, "lab", hl_view_id(&app->lab));
}

static enum hl_exit write_lab(struct hl_app *app, const char *path)
{
	struct hl_bundle *bundle = NULL;
	enum hl_exit code = hl_docs_bundle(app, &app->lab, &bundle);

	if (!code)
		code = hl_docs_write_file(app, path, bundle->items, bundle->n, true);
	hl_docs_bundle_free(bundle);
	return code;
}

static enum hl_exit report(struct hl_app *app, const struct founding *f, const char *path)
{
	char fingerprint[HL_FINGERPRINT_SIZE];
	const char *root =
		f->root_path ? f->root_path : hl_scrap(app, "%s/root.key", app->home);

	hl_fingerprint(&app->net, &app->lab, fingerprint);
	if (app->json) {
		json_t *doc = hl_json_doc("lab");

		json_object_set_new(doc, "lab", hl_json_id(app, &app->lab));
		json_object_set_new(doc, "name", json_string(f->name));
		json_object_set_new(doc, "network", json_string(app->settings.network));
		json_object_set_new(doc, "fingerprint", json_string(fingerprint));
		json_object_set_new(doc, "file", json_string(path));
		json_object_set_new(doc, "root", json_string(root));
		return hl_json_print(doc);
	}
	printf("%s, network %s\n", f->name, app->settings.network);
	hl_print_fingerprint(stdout, fingerprint, 2);
	printf("\nOthers compare these digits with you before they trust %s.\n"
	       "\n"
	       "  %s\n"
	       "signs your lab's cards. Move it to a medium that stays offline, with a copy\n"
	       "in another place; name it with --root FILE when a card is to be signed.\n"
	       "\n"
	       "Next, on the machine of your node:\n"
	       "  hotlined init -d DIR --lab %s --address HOST:PORT\n"
	       "and with the request that it writes, here:\n"
	       "  hotline node add NODE-REQUEST\n",
		path, root, path);
	return HL_EXIT_OK;
}

/* What an attempt before this one has made is used, so that it can be tried again. */
static enum hl_exit make_keys(struct hl_app *app, struct founding *f)
{
	bool device =
		faccessat(app->home_fd, "device.key", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	bool root = faccessat(f->root_path ? AT_FDCWD : app->home_fd,
			    f->root_path ? f->root_path : "root.key", F_OK,
			    AT_SYMLINK_NOFOLLOW) == 0;
	enum hl_exit code = device ? hl_keyring_open(app) : hl_keyring_create(app);

	if (code)
		return code;
	return root ? hl_root_open(app, f->root_path, &f->root)
		    : hl_root_create(app, f->root_path, &f->root);
}

static enum hl_exit settle(
	struct hl_app *app, const struct hl_args *args, struct founding *f)
{
	enum hl_exit code = make_keys(app, f);
	enum hl_status status;

	if (code)
		return code;
	status = make_card(app, args, f);
	if (status == HL_BAD_FIELD || status == HL_BAD_SIZE)
		return hl_fail(HL_EXIT_USAGE,
			"a name, person or device is a line of 1 to 64 bytes, a contact of "
			"1 to 128");
	if (status)
		return hl_fail_status(status, "make the lab's first card");
	code = hl_db_begin(app->db);
	if (code)
		return code;
	code = found(app, f);
	if (code) {
		hl_db_rollback(app->db);
		return code;
	}
	return hl_db_commit(app->db);
}

static enum hl_exit init(struct hl_app *app, const struct hl_args *args)
{
	struct founding f HL_CLEAN(founding_clear) = {.name = args->operands[0],
		.person = hl_option(args, "person"),
		.device = hl_option(args, "device"),
		.root_path = hl_option(args, "root")};
	const char *path;
	enum hl_exit code =
		hl_option_number(args, "flash-signers", 1, 8, 1, &f.flash_signers);

	if (code)
		return code;
	if (!f.person)
		return hl_usage_error(args,
			"--person \"YOUR NAME\" is needed: the lab's first operator");
	if (!f.device)
		f.device = "first";
	code = hl_app_open(app, true, hl_option(args, "network"));
	if (code)
		return code;
	if (app->joined)
		return hl_fail(HL_EXIT_USAGE,
			"%s belongs to a lab already (%s); use another --home", app->home,
			hl_docs_lab_name(app, &app->lab));
	code = settle(app, args, &f);
	if (code)
		return code;
	app->joined = true;
	path = hl_option(args, "out");
	if (!path)
		path = hl_scrap(app, "%s.hotline", hl_slug(app, hl_view_str(f.name)));
	code = write_lab(app, path);
	return code ? code : report(app, &f, path);
}

enum hl_exit hl_cmd_lab(struct hl_app *app, const struct hl_args *args)
{
	static const struct hl_verb verbs[] = {{"init", init, 1, 1}};

	return hl_verb_run(app, args, verbs, 1);
}
