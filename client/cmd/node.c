/* hotline node: the machines on the own card that hold the lab's mail. */
#include <string.h>

#include "client/cmd/cmd.h"

static enum hl_exit fill(struct hl_app *app, const struct hl_args *args,
	const struct hl_request *request, struct hl_node *node)
{
	const char *address;

	*node = (struct hl_node){
		.version_min = HL_PROTOCOL_VERSION, .version_max = HL_PROTOCOL_VERSION};
	memcpy(node->link, request->link, HL_KEY_SIZE);
	memcpy(node->sign, request->sign, HL_KEY_SIZE);
	memcpy(node->seal, request->seal, HL_KEY_SIZE);
	memcpy(node->possession, request->possession, HL_SIG_SIZE);
	while ((address = hl_option_at(args, "address", node->n_addresses))) {
		const char *colon = strrchr(address, ':');

		if (node->n_addresses == HL_CARD_ADDRESSES_MAX)
			return hl_usage_error(
				args, "at most %d addresses", HL_CARD_ADDRESSES_MAX);
		if (!colon || colon == address || !colon[1] || strlen(address) > 255)
			return hl_usage_error(args,
				"\"%s\" is no address: HOST:PORT or [IPV6]:PORT",
				address);
		node->addresses[node->n_addresses++] = hl_view_str(address);
	}
	for (size_t i = 0; node->n_addresses == 0 && i < request->n_addresses; i++)
		node->addresses[i] = request->addresses[i];
	if (!hl_option(args, "address"))
		node->n_addresses = request->n_addresses;
	if (node->n_addresses == 0)
		hl_note("No address is given: other labs cannot call this node. --address "
			"HOST:PORT");
	(void)app;
	return HL_EXIT_OK;
}

static enum hl_exit add(struct hl_app *app, const struct hl_args *args)
{
	struct hl_card_draft *draft HL_CLEAN_CARD_DRAFT = NULL;
	struct hl_file file HL_CLEAN_FILE = {0};
	struct hl_request request;
	struct hl_node *place;
	enum hl_exit code = hl_request_read(
		app, args->operands[0], HL_ROLE_NODE_SIGN, &file, &request);

	if (!code)
		code = hl_card_draft_new(app, &draft);
	if (code)
		return code;
	/* A node that asks again, with another address, takes its own place. */
	place = draft->nodes;
	while (place < draft->nodes + draft->card.n_nodes &&
		memcmp(place->sign, request.sign, HL_KEY_SIZE) != 0)
		place++;
	if (place == draft->nodes + HL_NODES_MAX)
		return hl_fail(HL_EXIT_NO, "a card holds at most %d nodes", HL_NODES_MAX);
	if (place == draft->nodes + draft->card.n_nodes)
		draft->card.n_nodes++;
	code = fill(app, args, &request, place);
	if (!code)
		code = hl_request_confirm(app, args->operands[0], &request);
	return code ? code : hl_card_draft_sign(app, draft, args);
}

static const char *addresses(struct hl_app *app, const struct hl_node *node)
{
	const char *text = "";

	for (size_t i = 0; i < node->n_addresses; i++)
		text = hl_scrap(app, "%s%s%s", text, i ? " " : "",
			hl_safe(app, node->addresses[i]));
	return text[0] ? text : "no address";
}

static enum hl_exit list(struct hl_app *app, const struct hl_args *args)
{
	static const char *const headings[] = {"KEY", "ADDRESSES"};
	const struct hl_card *own = hl_docs_own(app);
	struct hl_table *table;
	json_t *doc, *nodes;

	(void)args;
	if (app->json) {
		doc = hl_json_doc("nodes");
		nodes = json_array();
		for (size_t i = 0; i < own->n_nodes; i++) {
			json_t *list = json_array();

			for (size_t j = 0; j < own->nodes[i].n_addresses; j++)
				json_array_append_new(
					list, hl_json_view(own->nodes[i].addresses[j]));
			json_array_append_new(nodes,
				json_pack("{s:o, s:o}", "key",
					hl_json_id(app, &own->nodes[i].kid), "addresses",
					list));
		}
		json_object_set_new(doc, "nodes", nodes);
		return hl_json_print(doc);
	}
	if (own->n_nodes == 0) {
		hl_note("No node yet: on its machine hotlined init -d DIR --lab "
			"LAB.hotline, then here "
			"hotline node add NODE-REQUEST");
		return HL_EXIT_OK;
	}
	table = hl_table_new(app, headings, 2);
	for (size_t i = 0; i < own->n_nodes; i++)
		hl_table_row(table, hl_short(app, &own->nodes[i].kid, 8),
			addresses(app, &own->nodes[i]));
	hl_table_print(table);
	return HL_EXIT_OK;
}

static enum hl_exit take_away(struct hl_app *app, const struct hl_args *args)
{
	struct hl_card_draft *draft HL_CLEAN_CARD_DRAFT = NULL;
	enum hl_exit code = hl_card_draft_new(app, &draft);
	size_t found = 0, at = 0;

	if (code)
		return code;
	for (size_t i = 0; i < draft->card.n_nodes; i++) {
		if (!hl_id_begins(&draft->nodes[i].kid, args->operands[0]))
			continue;
		found++;
		at = i;
	}
	if (found != 1)
		return hl_fail(HL_EXIT_NO, "%s: %s; hotline node list shows them",
			args->operands[0],
			found ? "more than one node's key begins so"
			      : "no node's key begins so");
	fprintf(stderr,
		"Node %s at %s goes off the card; no lab will talk to it any more.\n",
		hl_short(app, &draft->nodes[at].kid, 8),
		addresses(app, &draft->nodes[at]));
	code = hl_prompt_yes(app, "Is that wanted?");
	if (code)
		return code;
	draft->card.n_nodes--;
	memmove(&draft->nodes[at], &draft->nodes[at + 1],
		(draft->card.n_nodes - at) * sizeof(draft->nodes[0]));
	return hl_card_draft_sign(app, draft, args);
}

enum hl_exit hl_cmd_node(struct hl_app *app, const struct hl_args *args)
{
	static const struct hl_verb verbs[] = {
		{"add", add, 1, 1}, {"list", list, 0, 0}, {"remove", take_away, 1, 1}};

	return hl_verb_run(app, args, verbs, 3);
}
