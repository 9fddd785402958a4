/* hotline peer: the other labs, pinned after their fingerprints were compared. */
#include <stdlib.h>
#include <string.h>

#include "client/cmd/cmd.h"

#define LAST_GROUPS 12 /* two groups of five and the blank between, before the NUL */

/*
 * What the other side reads out is typed here, and not shown before: somebody who only presses a
 * key has compared nothing. Ten of the twelve groups are shown, to follow along.
 */
static enum hl_exit ask_groups(const char *fingerprint)
{
	struct hl_buf typed HL_CLEAN_BUF = {0};
	const char *last = fingerprint + HL_FINGERPRINT_SIZE - LAST_GROUPS;
	char digits[2 * HL_FINGERPRINT_SIZE];
	size_t n = 0;
	enum hl_exit code;

	fprintf(stderr,
		"Call them, by a number that you know from elsewhere, and have them read to you\n"
		"the digits of their own card (hotline card show). It has to begin with\n"
		"  %.35s\n"
		"  %.23s ..... .....\n",
		fingerprint, fingerprint + 36);
	code = hl_prompt_line("Type the last two groups as they read them: ", &typed);
	if (code)
		return code;
	for (size_t i = 0; i < typed.n; i++)
		if (typed.p[i] >= '0' && typed.p[i] <= '9' && n < sizeof(digits) - 1)
			digits[n++] = (char)typed.p[i];
	digits[n] = 0;
	if (n == 10 && memcmp(digits, last, 5) == 0 &&
		memcmp(digits + 5, last + 6, 5) == 0)
		return HL_EXIT_OK;
	if (hl_fingerprint_same(fingerprint, digits))
		return HL_EXIT_OK;
	if (n != 10 && n != 60)
		return hl_fail(HL_EXIT_NO,
			"two groups are ten digits, of which %zu came; nothing was changed",
			n);
	return hl_fail(HL_EXIT_NO,
		"these are not its last two groups. If they read all of them "
		"right, this file is not theirs: somebody may be between you");
}

static enum hl_exit compare(
	struct hl_app *app, const struct hl_args *args, const struct hl_id *lab)
{
	char fingerprint[HL_FINGERPRINT_SIZE];
	const char *given = hl_option(args, "fingerprint");

	hl_fingerprint(&app->net, lab, fingerprint);
	if (given && hl_fingerprint_same(fingerprint, given))
		return HL_EXIT_OK;
	if (given)
		return hl_fail(HL_EXIT_NO,
			"the fingerprints differ: this file is of another lab "
			"than the one whose fingerprint you gave. Nothing was pinned");
	if (!hl_prompt_can())
		return hl_fail(HL_EXIT_USAGE,
			"a peer is pinned only after its fingerprint was "
			"compared: give --fingerprint \"60 digits, as they read them to you\"");
	return ask_groups(fingerprint);
}

static enum hl_exit file_card(struct hl_app *app, const char *path,
	const struct hl_file *file, struct hl_card *ret)
{
	enum hl_status status;

	/* SPEC file 1.3: Cards come before what they verify, in order of their versions. */
	if (file->n_items == 0 || file->items[0].sort != HL_DOC_CARD)
		return hl_fail(HL_EXIT_NO,
			"%s does not begin with a card; ask them for the file that "
			"hotline card export writes",
			path);
	status = hl_card_parse(&app->net, file->items[0].doc, ret);
	if (status)
		return hl_fail(HL_EXIT_NO, "the card in %s does not hold: %s", path,
			hl_status_text(status));
	if (hl_id_eq(&ret->lab, &app->lab))
		return hl_fail(HL_EXIT_NO,
			"%s is of your own lab; members join with hotline join", path);
	return HL_EXIT_OK;
}

static enum hl_exit take_all(
	struct hl_app *app, const struct hl_file *file, const struct hl_id *lab)
{
	for (size_t i = 0; i < file->n_items; i++) {
		const struct hl_doc_item *item = &file->items[i];
		enum hl_taken taken = HL_TAKEN_REFUSED;
		enum hl_status why = HL_OK;
		enum hl_exit code;

		if (item->sort == HL_DOC_DIRECTORY || item->sort > HL_DOC_SUSPENSION)
			continue;
		code = hl_docs_take(app, item->sort, item->doc, &taken, &why);
		/* Held already is no reason to keep it from the node. */
		if (!code && taken != HL_TAKEN_REFUSED)
			code = hl_docs_queue(app, item->sort, item->doc);
		if (code)
			return code;
		if (taken == HL_TAKEN_REFUSED)
			hl_note("passed over: a %s that does not hold: %s",
				hl_doc_name(item->sort), hl_status_text(why));
	}
	if (!hl_docs_card(app, lab))
		return hl_fail(HL_EXIT_NO,
			"the cards in the file do not hold; nothing was pinned");
	return HL_EXIT_OK;
}

static enum hl_exit name_ok(const struct hl_args *args,
	const struct hl_directory *directory, const char *name)
{
	if (!hl_label_ok(hl_view_str(name)))
		return hl_usage_error(args,
			"\"%s\" is no name for a peer: 1 to %d of a-z, 0-9, - "
			"and .",
			name, HL_LABEL_MAX);
	if (hl_directory_peer_by_name(directory, hl_view_str(name)))
		return hl_fail(HL_EXIT_NO,
			"there is a peer called \"%s\" already; choose another "
			"with --as NAME",
			name);
	return HL_EXIT_OK;
}

static enum hl_exit mark_compared(struct hl_app *app, const struct hl_id *lab)
{
	return hl_db_set_int(
		app->db, hl_scrap(app, "compared-%s", hl_hex(app, lab)), hl_clock());
}

static uint64_t compared(struct hl_app *app, const struct hl_id *lab)
{
	return hl_db_get_int(app->db, hl_scrap(app, "compared-%s", hl_hex(app, lab)));
}

static enum hl_exit pin(struct hl_app *app, const struct hl_args *args,
	const struct hl_file *file, const struct hl_id *lab, const char *name)
{
	struct hl_directory_draft *draft HL_CLEAN_DIRECTORY_DRAFT = NULL;
	enum hl_exit code = hl_directory_draft_new(app, &draft);
	size_t at;

	if (code)
		return code;
	if (hl_directory_peer(&draft->directory, lab))
		return hl_fail(HL_EXIT_NO,
			"this lab is pinned already, as \"%s\"; its newer cards "
			"come with hotline card import",
			hl_docs_lab_name(app, lab));
	code = name_ok(args, &draft->directory, name);
	if (!code)
		code = take_all(app, file, lab);
	if (code)
		return code;
	if (draft->directory.n_peers == HL_DIRECTORY_PEERS_MAX)
		return hl_fail(HL_EXIT_NO, "there is no room for more peers");
	at = draft->directory.n_peers++;
	draft->peers[at].lab = *lab;
	draft->peers[at].name = hl_view_str(name);
	code = hl_directory_draft_sign(app, draft);
	return code ? code : mark_compared(app, lab);
}

static enum hl_exit add(struct hl_app *app, const struct hl_args *args)
{
	struct hl_file file HL_CLEAN_FILE = {0};
	struct hl_card card HL_CLEAN_CARD = {0};
	const struct hl_member *self;
	const char *name = hl_option(args, "as");
	enum hl_exit code = hl_docs_read_file(app, args->operands[0], &file);

	if (!code)
		code = file_card(app, args->operands[0], &file, &card);
	if (!code)
		code = hl_docs_need(app, HL_CAP_ADMIN, &self);
	if (code)
		return code;
	if (!name)
		name = hl_slug(app, card.name);
	fprintf(stderr, "%s, to be called %s here\n", hl_safe(app, card.name), name);
	code = compare(app, args, &card.lab);
	if (!code)
		code = hl_keyring_open(app);
	if (!code)
		code = hl_db_begin(app->db);
	if (code)
		return code;
	code = pin(app, args, &file, &card.lab, name);
	if (code) {
		hl_db_rollback(app->db);
		return code;
	}
	code = hl_db_commit(app->db);
	if (code)
		return code;
	hl_note("Pinned %s. They have to pin your lab as well: hotline card export FILE\n"
		"A shared secret protects what is recorded today from tomorrow's computers:\n"
		"  hotline psk new %s",
		name, name);
	return hl_hand_over(app, "the directory");
}

static enum hl_exit verify(struct hl_app *app, const struct hl_args *args)
{
	struct hl_id lab;
	enum hl_exit code = hl_docs_find_peer(app, args->operands[0], &lab);

	if (!code)
		code = compare(app, args, &lab);
	if (!code)
		code = mark_compared(app, &lab);
	if (!code)
		hl_note("It is %s.", hl_docs_lab_name(app, &lab));
	return code;
}

static void drop_lab(struct hl_id *ids, size_t *n, const struct hl_id *lab)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (!hl_id_eq(&ids[i], lab))
			ids[kept++] = ids[i];
	*n = kept;
}

static enum hl_exit drop_from_group(
	struct hl_app *app, struct hl_group *group, const struct hl_id *lab)
{
	struct hl_id *copy;

	/* The list belongs to the directory that is held: a shorter one takes its place. */
	copy = hl_room(app, group->n_labs * sizeof(*copy));
	if (!copy)
		return hl_fail_status(HL_ERR_NOMEM, "change a group");
	if (group->n_labs)
		memcpy(copy, group->labs, group->n_labs * sizeof(*copy));
	group->labs = copy;
	drop_lab(group->labs, &group->n_labs, lab);
	return HL_EXIT_OK;
}

static enum hl_exit take_away(struct hl_app *app, const struct hl_args *args)
{
	struct hl_directory_draft *draft HL_CLEAN_DIRECTORY_DRAFT = NULL;
	struct hl_directory *directory;
	struct hl_id lab;
	size_t kept = 0;
	enum hl_exit code = hl_docs_find_peer(app, args->operands[0], &lab);

	if (!code)
		code = hl_directory_draft_new(app, &draft);
	if (code)
		return code;
	fprintf(stderr, "%s: your lab will neither call it nor take its calls.\n",
		hl_docs_lab_name(app, &lab));
	code = hl_prompt_yes(app, "Take it off the directory?");
	directory = &draft->directory;
	for (size_t i = 0; i < directory->n_peers; i++)
		if (!hl_id_eq(&directory->peers[i].lab, &lab))
			directory->peers[kept++] = directory->peers[i];
	directory->n_peers = kept;
	drop_lab(directory->relays, &directory->n_relays, &lab);
	for (size_t i = 0; !code && i < directory->n_groups; i++)
		code = drop_from_group(app, &directory->groups[i], &lab);
	if (!code)
		code = hl_directory_draft_sign(app, draft);
	return code ? code : hl_hand_over(app, "the directory");
}

static enum hl_exit set_group(struct hl_app *app, const struct hl_args *args,
	struct hl_directory *directory, const char *name)
{
	struct hl_view label = hl_view_str(name);
	struct hl_id *labs = NULL, *kept = NULL;
	const char *names = "";
	size_t n = 0, at = 0;
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 1; i < args->n; i++)
		names = hl_scrap(app, "%s,%s", names, args->operands[i]);
	if (args->n > 1) {
		code = hl_docs_find_labs(app, names, &labs, &n);
		if (!code && (kept = hl_room(app, n * sizeof(*kept))))
			memcpy(kept, labs, n * sizeof(*kept));
		free(labs);
		if (code || !kept)
			return code ? code : hl_fail_status(HL_ERR_NOMEM, "make a group");
	}
	while (at < directory->n_groups && !hl_view_eq(directory->groups[at].name, label))
		at++;
	if (n == 0 && at == directory->n_groups)
		return hl_fail(HL_EXIT_NO, "there is no group @%s", name);
	if (n == 0) {
		directory->groups[at] = directory->groups[--directory->n_groups];
		return HL_EXIT_OK;
	}
	if (at == HL_DIRECTORY_GROUPS_MAX)
		return hl_fail(HL_EXIT_NO, "there is no room for more groups");
	directory->n_groups += at == directory->n_groups;
	directory->groups[at] = (struct hl_group){label, kept, n};
	return HL_EXIT_OK;
}

static enum hl_exit group(struct hl_app *app, const struct hl_args *args)
{
	struct hl_directory_draft *draft HL_CLEAN_DIRECTORY_DRAFT = NULL;
	const char *name = args->operands[0] + (args->operands[0][0] == '@');
	enum hl_exit code = HL_EXIT_OK;

	if (!hl_label_ok(hl_view_str(name)) || strcmp(name, "all") == 0)
		return hl_usage_error(args,
			"\"%s\" is no name for a group: 1 to %d of a-z, 0-9, - "
			"and . (@all is every peer)",
			name, HL_LABEL_MAX);
	code = hl_directory_draft_new(app, &draft);
	if (!code)
		code = set_group(app, args, &draft->directory, name);
	if (!code)
		code = hl_directory_draft_sign(app, draft);
	return code ? code : hl_hand_over(app, "the directory");
}

/* Listing. */

static const struct hl_peer_status *status_of(
	const struct hl_reply *reply, const struct hl_id *lab)
{
	if (reply->body.of != HL_FRAME_STATUS)
		return NULL;
	for (size_t i = 0; i < reply->body.status.n_peers; i++)
		if (hl_id_eq(&reply->body.status.peers[i].lab, lab))
			return &reply->body.status.peers[i];
	return NULL;
}

static json_t *peer_json(struct hl_app *app, const struct hl_peer_pin *peer,
	const struct hl_peer_status *status)
{
	const struct hl_card *card = hl_docs_card(app, &peer->lab);
	char fingerprint[HL_FINGERPRINT_SIZE];

	hl_fingerprint(&app->net, &peer->lab, fingerprint);
	return json_pack("{s:o, s:o, s:o, s:I, s:s, s:o, s:s?, s:o, s:o, s:b}", "name",
		hl_json_view(peer->name), "lab", hl_json_id(app, &peer->lab), "card_name",
		card ? hl_json_view(card->name) : json_null(), "card_version",
		card ? (json_int_t)card->version : 0, "fingerprint", fingerprint,
		"compared", hl_json_time(app, compared(app, &peer->lab)), "state",
		status ? hl_link_state_name(status->state) : NULL, "heard",
		status ? hl_json_time(app, status->heard) : json_null(), "psk",
		status ? json_boolean(status->psk) : json_null(), "relay",
		hl_is_relay(hl_docs_directory(app), &peer->lab));
}

static json_t *groups_json(struct hl_app *app, const struct hl_directory *directory)
{
	json_t *groups = json_array();

	for (size_t i = 0; i < directory->n_groups; i++) {
		json_t *names = json_array();

		for (size_t j = 0; j < directory->groups[i].n_labs; j++)
			json_array_append_new(names,
				json_string(hl_docs_lab_name(
					app, &directory->groups[i].labs[j])));
		json_array_append_new(groups,
			json_pack("{s:o, s:o}", "name",
				hl_json_view(directory->groups[i].name), "peers", names));
	}
	return groups;
}

static void print_groups(struct hl_app *app, const struct hl_directory *directory)
{
	for (size_t i = 0; i < directory->n_groups; i++) {
		printf("%s@%s ", i ? "" : "\n", hl_safe(app, directory->groups[i].name));
		for (size_t j = 0; j < directory->groups[i].n_labs; j++)
			printf(" %s",
				hl_docs_lab_name(app, &directory->groups[i].labs[j]));
		putchar('\n');
	}
	if (directory->n_relays)
		printf("%srelays:", directory->n_groups ? "" : "\n");
	for (size_t i = 0; i < directory->n_relays; i++)
		printf(" %s", hl_docs_lab_name(app, &directory->relays[i]));
	if (directory->n_relays)
		putchar('\n');
}

static enum hl_exit print_list(struct hl_app *app, const struct hl_directory *directory,
	const struct hl_reply *reply)
{
	static const char *const headings[] = {
		"PEER", "STATE", "LAST HEARD", "PSK", "NAME"};
	struct hl_table *table = hl_table_new(app, headings, 5);

	for (size_t i = 0; i < directory->n_peers; i++) {
		const struct hl_peer_pin *peer = &directory->peers[i];
		const struct hl_peer_status *status = status_of(reply, &peer->lab);
		const struct hl_card *card = hl_docs_card(app, &peer->lab);

		hl_table_row(table, hl_safe(app, peer->name),
			status ? hl_link_state_name(status->state) : "?",
			status ? hl_time(app, status->heard) : "?",
			!status               ? "?"
				: status->psk ? "yes"
					      : "no PSK",
			card ? hl_safe(app, card->name) : "no card");
	}
	hl_table_print(table);
	print_groups(app, directory);
	return HL_EXIT_OK;
}

static enum hl_exit list(struct hl_app *app, const struct hl_args *args)
{
	const struct hl_directory *directory;
	struct hl_reply reply HL_CLEAN_REPLY = {0};
	json_t *doc, *peers;
	enum hl_exit code = hl_status_ask(app, &reply);

	(void)args;
	/* The directory is worth showing without the node's word on each line. */
	if (code && code != HL_EXIT_NODE)
		return code;
	directory = hl_docs_directory(app);
	if (!directory || (directory->n_peers == 0 && !app->json)) {
		hl_note("No peers yet. Swap card files with another lab (hotline card "
			"export FILE),\n"
			"then: hotline peer add THEIRS.hotline");
		return HL_EXIT_OK;
	}
	if (!app->json)
		return print_list(app, directory, &reply);
	doc = hl_json_doc("peers");
	peers = json_array();
	for (size_t i = 0; i < directory->n_peers; i++)
		json_array_append_new(peers,
			peer_json(app, &directory->peers[i],
				status_of(&reply, &directory->peers[i].lab)));
	json_object_set_new(doc, "node_reached", json_boolean(code == HL_EXIT_OK));
	json_object_set_new(doc, "peers", peers);
	json_object_set_new(doc, "groups", groups_json(app, directory));
	return hl_json_print(doc);
}

enum hl_exit hl_cmd_peer(struct hl_app *app, const struct hl_args *args)
{
	static const struct hl_verb verbs[] = {{"add", add, 1, 1}, {"list", list, 0, 0},
		{"verify", verify, 1, 1}, {"remove", take_away, 1, 1},
		{"group", group, 1, 65}, {"relay", hl_peer_relay, 1, 1}};

	return hl_verb_run(app, args, verbs, 6);
}
