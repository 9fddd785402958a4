/* hotline card: public cards, the own and those of others. */
#include <string.h>

#include "client/cmd/cmd.h"

static const char *addresses(struct hl_app *app, const struct hl_card *card)
{
	const char *text = "";

	for (size_t i = 0; i < card->n_nodes; i++)
		for (size_t j = 0; j < card->nodes[i].n_addresses; j++)
			text = hl_scrap(app, "%s%s%s", text, text[0] ? ", " : "",
				hl_safe(app, card->nodes[i].addresses[j]));
	return text[0] ? text : "none";
}

static enum hl_exit show_json(struct hl_app *app, const struct hl_card *card)
{
	char fingerprint[HL_FINGERPRINT_SIZE];
	json_t *doc = hl_json_doc("card"), *contacts = json_array(),
	       *members = json_array(), *list = json_array();

	hl_fingerprint(&app->net, &card->lab, fingerprint);
	for (size_t i = 0; i < card->n_contacts; i++)
		json_array_append_new(contacts, hl_json_view(card->contacts[i]));
	for (size_t i = 0; i < card->n_members; i++) {
		struct hl_seals seals;

		json_array_append_new(members,
			json_pack("{s:o, s:o, s:o, s:s, s:b}", "key",
				hl_json_id(app, &card->members[i].kid), "person",
				hl_json_view(card->members[i].person), "device",
				hl_json_view(card->members[i].device), "role",
				card->members[i].role == HL_MEMBER_MONITOR ? "monitor"
									   : "operator",
				"sealing_keys",
				hl_docs_seals(app, &card->members[i].kid, &seals)));
	}
	for (size_t i = 0; i < card->n_nodes; i++)
		for (size_t j = 0; j < card->nodes[i].n_addresses; j++)
			json_array_append_new(
				list, hl_json_view(card->nodes[i].addresses[j]));
	json_object_set_new(doc, "lab", hl_json_id(app, &card->lab));
	json_object_set_new(doc, "name", hl_json_view(card->name));
	json_object_set_new(doc, "version", json_integer((json_int_t)card->version));
	json_object_set_new(doc, "hash", hl_json_id(app, &card->hash));
	json_object_set_new(doc, "fingerprint", json_string(fingerprint));
	json_object_set_new(doc, "issued", hl_json_time(app, card->issued));
	json_object_set_new(doc, "not_after", hl_json_time(app, card->not_after));
	json_object_set_new(doc, "flash_signers", json_integer(card->flash_signers));
	json_object_set_new(doc, "admin_signers", json_integer(card->admin_signers));
	json_object_set_new(doc, "nodes", json_integer((json_int_t)card->n_nodes));
	json_object_set_new(doc, "addresses", list);
	json_object_set_new(doc, "members", members);
	json_object_set_new(doc, "contacts", contacts);
	return hl_json_print(doc);
}

static enum hl_exit show(struct hl_app *app, const struct hl_args *args)
{
	char fingerprint[HL_FINGERPRINT_SIZE];
	struct hl_id lab = app->lab;
	const struct hl_card *card;
	enum hl_exit code =
		args->n ? hl_docs_find_lab(app, args->operands[0], &lab) : HL_EXIT_OK;

	if (code)
		return code;
	card = hl_docs_card(app, &lab);
	if (!card)
		return hl_fail(
			HL_EXIT_NO, "no card of %s is held", hl_docs_lab_name(app, &lab));
	if (app->json)
		return show_json(app, card);
	hl_fingerprint(&app->net, &card->lab, fingerprint);
	printf("%s, card %llu\n", hl_safe(app, card->name),
		(unsigned long long)card->version);
	hl_print_fingerprint(stdout, fingerprint, 2);
	printf("signed   %s\n", hl_time(app, card->issued));
	printf("good to  %s%s\n", hl_time(app, card->not_after),
		card->not_after < hl_clock() ? "  OUT OF DATE" : "");
	printf("nodes    %zu; %s\n", card->n_nodes, addresses(app, card));
	for (size_t i = 0; i < card->n_members; i++)
		printf("%s %s (%s%s)\n", i ? "        " : "members ",
			hl_safe(app, card->members[i].person),
			hl_safe(app, card->members[i].device),
			card->members[i].role == HL_MEMBER_MONITOR ? ", monitor" : "");
	for (size_t i = 0; i < card->n_contacts; i++)
		printf("%s %s\n", i ? "        " : "contacts",
			hl_safe(app, card->contacts[i]));
	printf("FLASH    takes %u %s\n", card->flash_signers,
		card->flash_signers == 1 ? "person" : "persons");
	return HL_EXIT_OK;
}

static enum hl_exit export(struct hl_app *app, const struct hl_args *args) {
	struct hl_bundle *bundle = NULL;
	enum hl_exit code = hl_docs_bundle(app, &app->lab, &bundle);
	const char *path = args->n ? args->operands[0] : "-";

	if (!code) code = hl_docs_write_file(app, path, bundle->items, bundle->n, true);
	hl_docs_bundle_free(bundle);
	if (!code && args->n) hl_note(
		"%s: your lab's cards and sealing keys. It is public; whoever gets it "
		"compares the fingerprint (hotline card show) with you.",
		path);
	return code;
}

struct tally {
	size_t fresh, known, aside, refused, strangers;
};

/* Is it of the own lab or of a lab whose card is held? For all else there is peer add. */
static bool of_known_lab(struct hl_app *app, const struct hl_doc_item *item)
{
	struct hl_card card HL_CLEAN_CARD = {0};

	if (item->sort != HL_DOC_CARD || hl_card_parse(&app->net, item->doc, &card))
		return true;
	return hl_docs_card(app, &card.lab) != NULL;
}

static enum hl_exit import_one(
	struct hl_app *app, const struct hl_doc_item *item, struct tally *tally)
{
	enum hl_taken taken = HL_TAKEN_REFUSED;
	enum hl_status why = HL_OK;
	enum hl_exit code;

	if (!of_known_lab(app, item)) {
		tally->strangers++;
		return HL_EXIT_OK;
	}
	code = hl_docs_take(app, item->sort, item->doc, &taken, &why);
	if (code)
		return code;
	switch (taken) {
	case HL_TAKEN_NEW:
		tally->fresh++;
		/* The node may not have heard of it either. Its own answer sorts it out. */
		return hl_docs_queue(app, item->sort, item->doc);
	case HL_TAKEN_KNOWN: tally->known++; break;
	case HL_TAKEN_ASIDE: tally->aside++; break;
	case HL_TAKEN_REFUSED:
		tally->refused++;
		hl_note("passed over: a %s that does not hold: %s",
			hl_doc_name(item->sort), hl_status_text(why));
		break;
	}
	return HL_EXIT_OK;
}

static enum hl_exit import(struct hl_app *app, const struct hl_args *args)
{
	struct hl_file file HL_CLEAN_FILE = {0};
	struct tally tally = {0};
	enum hl_exit code = hl_docs_read_file(app, args->operands[0], &file);

	for (size_t i = 0; !code && i < file.n_items; i++)
		if (file.items[i].sort <= HL_DOC_SUSPENSION)
			code = import_one(app, &file.items[i], &tally);
	if (code)
		return code;
	hl_note("%zu new, %zu held already%s%s.", tally.fresh, tally.known,
		tally.aside ? ", some wait for cards between" : "",
		tally.refused ? ", some passed over" : "");
	if (tally.strangers)
		hl_note("It has cards of a lab that is no peer yet: hotline peer add %s",
			args->operands[0]);
	return tally.refused || tally.strangers ? HL_EXIT_NO : HL_EXIT_OK;
}

static enum hl_exit renew(struct hl_app *app, const struct hl_args *args)
{
	struct hl_card_draft *draft HL_CLEAN_CARD_DRAFT = NULL;
	enum hl_exit code = hl_card_draft_new(app, &draft);
	const char *contact;
	size_t n = 0;

	if (code)
		return code;
	while ((contact = hl_option_at(args, "contact", n))) {
		if (n == HL_CARD_CONTACTS_MAX || strlen(contact) > 128 || !contact[0])
			return hl_usage_error(args,
				"at most %d contacts, of 1 to 128 bytes",
				HL_CARD_CONTACTS_MAX);
		draft->card.contacts[n++] = hl_view_str(contact);
	}
	if (n)
		draft->card.n_contacts = n;
	return hl_card_draft_sign(app, draft, args);
}

enum hl_exit hl_cmd_card(struct hl_app *app, const struct hl_args *args)
{
	static const struct hl_verb verbs[] = {{"show", show, 0, 1},
		{"export", export, 0, 1}, {"import", import, 1, 1},
		{"renew", renew, 0, 0}};

	return hl_verb_run(app, args, verbs, 4);
}
