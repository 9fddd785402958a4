/* Drafts of cards and directories: from the newest version to the next, signed and handed over. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "client/cmd/cmd.h"

enum hl_exit hl_verb_run(struct hl_app *app, const struct hl_args *args,
	const struct hl_verb *verbs, size_t n)
{
	const char *words[16], *near;
	struct hl_args rest = *args;

	rest.operands++;
	rest.n--;
	for (size_t i = 0; i < n && i < 16; i++) {
		words[i] = verbs[i].name;
		if (strcmp(args->operands[0], verbs[i].name) != 0)
			continue;
		if (rest.n < verbs[i].min)
			return hl_usage_error(
				args, "%s: something is missing", verbs[i].name);
		if (rest.n > verbs[i].max)
			return hl_usage_error(
				args, "\"%s\" is too much", rest.operands[verbs[i].max]);
		return verbs[i].run(app, &rest);
	}
	near = hl_nearest(args->operands[0], words, n);
	return hl_usage_error(args, "no such thing as \"%s %s\"%s%s%s",
		args->command->name, args->operands[0], near ? " (did you mean " : "",
		near ? near : "", near ? "?)" : "");
}

/* Cards. */

enum hl_exit hl_card_draft_new(struct hl_app *app, struct hl_card_draft **ret)
{
	const struct hl_card *own = hl_docs_own(app);
	struct hl_card_draft *draft;
	uint64_t now = hl_clock();

	if (!own)
		return hl_fail(HL_EXIT_NO, "your own lab's card is not held");
	draft = calloc(1, sizeof(*draft));
	if (!draft)
		return hl_fail_status(HL_ERR_NOMEM, "draft a card");
	draft->card = *own;
	draft->card.doc = (struct hl_buf){0};
	draft->card.arena = NULL;
	draft->card.sigs = NULL;
	draft->card.n_sigs = 0;
	draft->card.version = own->version + 1;
	draft->card.has_prev = true;
	draft->card.prev = own->hash;
	/* SPEC identity 2.3: issued does not go down from card to
	 * card. */
	draft->card.issued = now > own->issued ? now : own->issued;
	draft->card.not_after = draft->card.issued + HL_CARD_LIFE_MS;
	memcpy(draft->roots, own->roots, own->n_roots * sizeof(*own->roots));
	draft->card.roots = draft->roots;
	if (own->n_nodes)
		memcpy(draft->nodes, own->nodes, own->n_nodes * sizeof(*own->nodes));
	draft->card.nodes = draft->nodes;
	if (own->n_members)
		memcpy(draft->members, own->members,
			own->n_members * sizeof(*own->members));
	draft->card.members = draft->members;
	*ret = draft;
	return HL_EXIT_OK;
}

void hl_card_draft_free(struct hl_card_draft **draft)
{
	free(*draft);
}

struct roots {
	struct hl_sign_key keys[HL_ROOTS_MAX];
	const struct hl_sign_key *list[HL_ROOTS_MAX];
	size_t n;
};

static void roots_clear(struct roots *roots)
{
	for (size_t i = 0; i < roots->n; i++)
		hl_sign_key_clear(&roots->keys[i]);
}

static enum hl_exit open_root(struct hl_app *app, const struct hl_card *card,
	const char *path, struct roots *roots)
{
	struct hl_sign_key *key = &roots->keys[roots->n];
	enum hl_exit code = hl_root_open(app, path, key);

	if (code)
		return code;
	roots->list[roots->n++] = key;
	for (size_t i = 0; i < card->n_roots; i++)
		if (memcmp(card->roots[i].key, key->pub, HL_KEY_SIZE) == 0)
			return HL_EXIT_OK;
	return hl_fail(HL_EXIT_NOT_PERMITTED, "%s is not a root key of your lab",
		path ? path : "root.key");
}

static enum hl_exit open_roots(struct hl_app *app, const struct hl_card *card,
	const struct hl_args *args, struct roots *roots)
{
	enum hl_exit code = HL_EXIT_OK;
	const char *path;

	for (size_t i = 0;
		!code && i < HL_ROOTS_MAX && (path = hl_option_at(args, "root", i)); i++)
		code = open_root(app, card, path, roots);
	if (!code && roots->n == 0)
		code = open_root(app, card, NULL, roots);
	if (!code && roots->n < card->threshold)
		code = hl_fail(HL_EXIT_USAGE,
			"your lab's card takes %llu root keys to sign; name each with --root FILE",
			(unsigned long long)card->threshold);
	return code;
}

static enum hl_exit sign_card(struct hl_app *app, struct hl_card *card,
	const struct hl_args *args, struct hl_buf *ret)
{
	struct roots roots HL_CLEAN(roots_clear) = {0};
	struct hl_buf body HL_CLEAN_BUF = {0};
	enum hl_exit code = open_roots(app, card, args, &roots);
	enum hl_status status;

	if (code)
		return code;
	status = hl_card_encode(card, &body);
	if (status == HL_OK)
		status = hl_card_sign(
			&app->net, hl_view_buf(&body), roots.list, roots.n, ret);
	return status ? hl_fail_status(status, "sign the card") : HL_EXIT_OK;
}

enum hl_exit hl_card_draft_sign(
	struct hl_app *app, struct hl_card_draft *draft, const struct hl_args *args)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	enum hl_exit code = sign_card(app, &draft->card, args, &doc);
	const char *what;

	if (!code)
		code = hl_docs_publish(app, HL_DOC_CARD, hl_view_buf(&doc));
	if (code)
		return code;
	what = hl_scrap(
		app, "card %llu of your lab", (unsigned long long)draft->card.version);
	hl_note("Signed %s, good until %s.", what, hl_time(app, draft->card.not_after));
	return hl_hand_over(app, what);
}

/* Directories. */

enum hl_exit hl_directory_draft_new(struct hl_app *app, struct hl_directory_draft **ret)
{
	const struct hl_directory *held = hl_docs_directory(app);
	const struct hl_member *self;
	const struct hl_card *own = hl_docs_own(app);
	struct hl_directory_draft *draft;
	enum hl_exit code = hl_docs_need(app, HL_CAP_ADMIN, &self);
	uint64_t now = hl_clock();

	if (!code)
		code = hl_keyring_open(app);
	if (code)
		return code;
	if (own->admin_signers > 1)
		return hl_fail(HL_EXIT_NOT_PERMITTED,
			"your lab's card asks for %u admins to sign "
			"a directory; this release signs with one",
			own->admin_signers);
	draft = calloc(1, sizeof(*draft));
	if (!draft)
		return hl_fail_status(HL_ERR_NOMEM, "draft a directory");
	draft->directory.lab = app->lab;
	draft->directory.version = held ? held->version + 1 : 1;
	draft->directory.issued = held && held->issued > now ? held->issued : now;
	draft->directory.peers = draft->peers;
	draft->directory.groups = draft->groups;
	draft->directory.relays = draft->relays;
	if (held) {
		draft->directory.has_prev = true;
		draft->directory.prev = held->hash;
		for (size_t i = 0; i < held->n_peers; i++)
			draft->peers[draft->directory.n_peers++] = held->peers[i];
		for (size_t i = 0; i < held->n_groups; i++)
			draft->groups[draft->directory.n_groups++] = held->groups[i];
		for (size_t i = 0; i < held->n_relays; i++)
			draft->relays[draft->directory.n_relays++] = held->relays[i];
	}
	*ret = draft;
	return HL_EXIT_OK;
}

void hl_directory_draft_free(struct hl_directory_draft **draft)
{
	free(*draft);
}

enum hl_exit hl_directory_draft_sign(struct hl_app *app, struct hl_directory_draft *draft)
{
	struct hl_buf body HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};
	enum hl_status status = hl_directory_encode(&draft->directory, &body);

	if (status == HL_OK)
		status = hl_directory_sign(
			&app->net, hl_view_buf(&body), NULL, 0, &app->keys->sign, &doc);
	if (status)
		return hl_fail_status(status, "sign the directory");
	return hl_docs_publish(app, HL_DOC_DIRECTORY, hl_view_buf(&doc));
}

enum hl_exit hl_hand_over(struct hl_app *app, const char *what)
{
	struct hl_line *line = NULL;
	char why[512] = "";
	enum hl_exit code;

	if (hl_docs_own(app)->n_nodes == 0) {
		hl_note("Kept here: your lab has no node on its card yet.");
		return HL_EXIT_OK;
	}
	code = hl_line_try(app, &line, why, sizeof(why));
	if (!code)
		hl_note("Your node has it.");
	else if (why[0])
		hl_note("Kept here: %s.\nIt gets %s at the next contact, or: hotline status",
			why, what);
	else
		hl_note("Kept here; your node gets %s at the next contact.", what);
	hl_line_close(line);
	/* It is signed and kept: that is what was asked for. */
	return code == HL_EXIT_NODE ? HL_EXIT_OK : code;
}

/* Requests. */

enum hl_exit hl_request_read(struct hl_app *app, const char *path, enum hl_key_role role,
	struct hl_file *file, struct hl_request *ret)
{
	enum hl_exit code = hl_docs_read_file(app, path, file);
	enum hl_status status;

	if (code)
		return code;
	if (file->n_items != 1 || file->items[0].sort != HL_DOC_REQUEST)
		return hl_fail(HL_EXIT_NO,
			"%s is no request to be enrolled (hotline join or "
			"hotlined init makes one)",
			path);
	status = hl_request_parse(&app->net, file->items[0].doc, ret);
	if (status)
		return hl_fail(
			HL_EXIT_NO, "%s does not hold: %s", path, hl_status_text(status));
	if (!hl_id_eq(&ret->lab, &app->lab))
		return hl_fail(HL_EXIT_NO, "%s is a request to another lab", path);
	if (ret->role != role)
		return hl_fail(HL_EXIT_NO,
			role == HL_ROLE_NODE_SIGN
				? "%s is the request of a person's or monitor's device: "
				  "hotline member add"
				: "%s is the request of a node: hotline node add",
			path);
	return HL_EXIT_OK;
}

enum hl_exit hl_request_confirm(
	struct hl_app *app, const char *path, const struct hl_request *request)
{
	char fingerprint[HL_FINGERPRINT_SIZE];
	struct hl_id kid;

	hl_key_id(&app->net, request->role, request->sign, &kid);
	hl_fingerprint(&app->net, &kid, fingerprint);
	if (request->role == HL_ROLE_NODE_SIGN)
		fprintf(stderr, "%s: a node\n", path);
	else
		fprintf(stderr, "%s: %s%s, device %s\n", path,
			request->monitor ? "monitor " : "", hl_safe(app, request->person),
			hl_safe(app, request->device));
	hl_print_fingerprint(stderr, fingerprint, 2);
	return hl_prompt_yes(
		app, "Does the one who sent it see the same digits? Ask by phone.");
}

/* Small words. */

const char *hl_slug(struct hl_app *app, struct hl_view name)
{
	char slug[HL_LABEL_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < name.n && n < HL_LABEL_MAX; i++) {
		char c = (char)tolower(name.p[i]);
		bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';

		if (!good && (n == 0 || slug[n - 1] == '-'))
			continue;
		slug[n++] = good ? c : '-';
	}
	while (n > 0 && slug[n - 1] == '-')
		n--;
	slug[n] = 0;
	if (!hl_label_ok(hl_view_str(slug)))
		return "lab";
	return hl_scrap(app, "%s", slug);
}

static const struct {
	const char *name;
	unsigned bit;
} caps[] = {{"read", HL_CAP_READ}, {"raise", HL_CAP_RAISE}, {"update", HL_CAP_UPDATE},
	{"answer", HL_CAP_ANSWER}, {"close", HL_CAP_CLOSE}, {"release", HL_CAP_RELEASE},
	{"admin", HL_CAP_ADMIN}, {"suspend", HL_CAP_SUSPEND}};
#define CAPS (sizeof(caps) / sizeof(caps[0]))

const char *hl_caps_text(struct hl_app *app, unsigned bits)
{
	const char *text = "";

	if (bits == HL_CAP_ALL)
		return "all";
	for (size_t i = 0; i < CAPS; i++)
		if (bits & caps[i].bit)
			text = hl_scrap(
				app, "%s%s%s", text, text[0] ? ", " : "", caps[i].name);
	return text[0] ? text : "-";
}

static enum hl_exit cap_parse(
	const struct hl_args *args, const char *name, unsigned *bits)
{
	for (size_t i = 0; i < CAPS; i++) {
		if (strcmp(name, caps[i].name) == 0) {
			*bits |= caps[i].bit;
			return HL_EXIT_OK;
		}
	}
	if (strcmp(name, "all") == 0) {
		*bits |= HL_CAP_ALL;
		return HL_EXIT_OK;
	}
	return hl_usage_error(args,
		"no such capability \"%s\" (read, raise, update, answer, "
		"close, release, admin, suspend, all)",
		name);
}

enum hl_exit hl_caps_parse(const struct hl_args *args, const char *list, unsigned *bits)
{
	char *copy HL_CLEAN(hl_string_free) = strdup(list), *rest = copy, *name;
	enum hl_exit code = HL_EXIT_OK;

	if (!copy)
		return hl_fail_status(HL_ERR_NOMEM, "read capabilities");
	while (!code && (name = strsep(&rest, ", ")))
		if (name[0])
			code = cap_parse(args, name, bits);
	return code;
}
