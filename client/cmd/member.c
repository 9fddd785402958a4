/* hotline member: the people and monitors on the own card. */
#include <stdlib.h>
#include <string.h>

#include "client/cmd/cmd.h"

#define OPERATOR_CAPS                                                                \
	(HL_CAP_READ | HL_CAP_RAISE | HL_CAP_UPDATE | HL_CAP_ANSWER | HL_CAP_CLOSE | \
		HL_CAP_RELEASE)
#define REQUESTS_MAX 32

/* What the options give to every member that is added. */
struct given {
	struct hl_view kinds[HL_CAPS_KINDS_MAX];
	struct hl_id *labs;
	size_t n_kinds, n_labs;
	unsigned bits, precedence;
	uint64_t rate;
	bool monitor;
};

static void given_clear(struct given *given)
{
	free(given->labs);
}

static enum hl_exit parse_precedence(
	const struct hl_args *args, bool monitor, unsigned *ret)
{
	const char *text = hl_option(args, "max-precedence");
	unsigned value = monitor ? HL_IMMEDIATE : HL_FLASH;

	if (text) {
		for (value = HL_FLASH; value > 0; value--)
			if (strcasecmp(text, hl_precedence_name(value)) == 0)
				break;
		if (value == 0 && strcasecmp(text, "none") != 0)
			return hl_usage_error(args,
				"--max-precedence takes FLASH, IMMEDIATE, PRIORITY, "
				"ROUTINE or none, not \"%s\"",
				text);
	}
	if (monitor && value > HL_IMMEDIATE)
		return hl_usage_error(
			args, "a monitor never sends FLASH: at most IMMEDIATE");
	*ret = value;
	return HL_EXIT_OK;
}

static enum hl_exit parse_labs(
	struct hl_app *app, const struct hl_args *args, struct given *given)
{
	const char *all = "", *name;

	for (size_t i = 0; (name = hl_option_at(args, "lab", i)); i++)
		all = hl_scrap(app, "%s,%s", all, name);
	if (!all[0])
		return HL_EXIT_OK;
	return hl_docs_find_labs(app, all, &given->labs, &given->n_labs);
}

static enum hl_exit parse_kinds(const struct hl_args *args, struct given *given)
{
	const char *kind;

	for (size_t i = 0; (kind = hl_option_at(args, "kind", i)); i++) {
		if (i == HL_CAPS_KINDS_MAX)
			return hl_usage_error(
				args, "at most %d kinds", HL_CAPS_KINDS_MAX);
		if (!hl_label_ok(hl_view_str(kind)))
			return hl_usage_error(args,
				"\"%s\" is no kind (contain.breach) nor a beginning of one "
				"(contain.)",
				kind);
		given->kinds[given->n_kinds++] = hl_view_str(kind);
	}
	return HL_EXIT_OK;
}

static enum hl_exit parse(
	struct hl_app *app, const struct hl_args *args, bool monitor, struct given *given)
{
	enum hl_exit code = parse_precedence(args, monitor, &given->precedence);
	const char *list;

	given->monitor = monitor;
	for (size_t i = 0; !code && (list = hl_option_at(args, "cap", i)); i++)
		code = hl_caps_parse(args, list, &given->bits);
	if (!code && given->bits == 0)
		given->bits = monitor ? HL_CAP_MONITOR : OPERATOR_CAPS;
	if (!code && monitor && (given->bits & ~HL_CAP_MONITOR))
		code = hl_usage_error(
			args, "a monitor may raise and update, nothing else");
	if (!code)
		code = hl_option_number(args, "rate", 0, 1000000, 0, &given->rate);
	if (!code)
		code = parse_kinds(args, given);
	return code ? code : parse_labs(app, args, given);
}

static enum hl_exit fill(const struct hl_args *args, const struct hl_request *request,
	struct given *given, struct hl_member *member)
{
	const char *person = hl_option(args, "person");

	*member = (struct hl_member){
		.role = given->monitor ? HL_MEMBER_MONITOR : HL_MEMBER_OPERATOR,
		.caps = {.bits = given->bits,
			.precedence = given->precedence,
			.kinds = given->kinds,
			.n_kinds = given->n_kinds,
			.labs = given->labs,
			.n_labs = given->n_labs,
			.rate = given->rate},
		.person = person ? hl_view_str(person) : request->person,
		.device = request->device};
	memcpy(member->sign, request->sign, HL_KEY_SIZE);
	memcpy(member->link, request->link, HL_KEY_SIZE);
	memcpy(member->possession, request->possession, HL_SIG_SIZE);
	if (member->person.n == 0 || member->device.n == 0)
		return hl_fail(HL_EXIT_NO, "the request names no person or no device");
	return HL_EXIT_OK;
}

struct adding {
	struct hl_card_draft *draft;
	struct hl_file files[REQUESTS_MAX];
	struct given given[REQUESTS_MAX];
	size_t n;
};

static void adding_free(struct adding **adding)
{
	if (!*adding)
		return;
	for (size_t i = 0; i < (*adding)->n; i++) {
		hl_file_clear(&(*adding)->files[i]);
		given_clear(&(*adding)->given[i]);
	}
	free((*adding)->draft);
	free(*adding);
}

static enum hl_exit add_one(struct hl_app *app, const struct hl_args *args,
	struct adding *adding, const char *path)
{
	struct hl_card *card = &adding->draft->card;
	struct hl_member *place = adding->draft->members;
	struct hl_request request;
	size_t i = adding->n++;
	enum hl_exit code = hl_request_read(
		app, path, HL_ROLE_MEMBER_SIGN, &adding->files[i], &request);

	if (!code)
		code = parse(app, args, request.monitor || hl_option(args, "monitor"),
			&adding->given[i]);
	if (!code)
		code = hl_request_confirm(app, path, &request);
	if (code)
		return code;
	/* Enrolled again, with other capabilities: in its own place. */
	while (place < adding->draft->members + card->n_members &&
		memcmp(place->sign, request.sign, HL_KEY_SIZE) != 0)
		place++;
	if (place == adding->draft->members + HL_MEMBERS_MAX)
		return hl_fail(
			HL_EXIT_NO, "a card holds at most %d devices", HL_MEMBERS_MAX);
	if (place == adding->draft->members + card->n_members)
		card->n_members++;
	code = fill(args, &request, &adding->given[i], place);
	if (!code)
		hl_note("  may: %s, up to %s", hl_caps_text(app, place->caps.bits),
			place->caps.precedence
				? hl_precedence_name(place->caps.precedence)
				: "none");
	return code;
}

static enum hl_exit add(struct hl_app *app, const struct hl_args *args)
{
	struct adding *adding HL_CLEAN(adding_free) = calloc(1, sizeof(*adding));
	enum hl_exit code = adding ? hl_card_draft_new(app, &adding->draft)
				   : hl_fail_status(HL_ERR_NOMEM, "read requests");

	for (size_t i = 0; !code && i < args->n; i++)
		code = add_one(app, args, adding, args->operands[i]);
	return code ? code : hl_card_draft_sign(app, adding->draft, args);
}

/* Who is meant: a person, "person/device", or the beginning of a key id. */
static bool is_who(const struct hl_member *member, const char *who)
{
	size_t n = member->person.n;

	if (hl_view_eq(member->person, hl_view_str(who)) ||
		hl_id_begins(&member->kid, who))
		return true;
	return strlen(who) > n && strncmp(who, (const char *)member->person.p, n) == 0 &&
		who[n] == '/' && hl_view_eq(member->device, hl_view_str(who + n + 1));
}

static void show_one(struct hl_app *app, const struct hl_member *member)
{
	fprintf(stderr, "  %s  %s/%s\n", hl_short(app, &member->kid, 8),
		hl_safe(app, member->person), hl_safe(app, member->device));
}

static enum hl_exit find(struct hl_app *app, const char *who, size_t *ret)
{
	const struct hl_card *own = hl_docs_own(app);
	size_t found = 0;

	for (size_t i = 0; i < own->n_members; i++) {
		if (!is_who(&own->members[i], who))
			continue;
		found++;
		*ret = i;
	}
	if (found == 1)
		return HL_EXIT_OK;
	hl_fail(HL_EXIT_NO,
		found ? "\"%s\" has several devices; name one by its key or as "
			"PERSON/DEVICE:"
		      : "nobody on your card is called \"%s\":",
		who);
	for (size_t i = 0; i < own->n_members; i++)
		if (!found || is_who(&own->members[i], who))
			show_one(app, &own->members[i]);
	return HL_EXIT_NO;
}

static enum hl_exit suspend(struct hl_app *app, const struct hl_args *args)
{
	const char *reason = hl_option(args, "reason");
	const struct hl_member *self;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	const struct hl_member *member;
	enum hl_status status;
	size_t at = 0;
	enum hl_exit code = find(app, args->operands[0], &at);

	if (!code)
		code = hl_docs_need(app, HL_CAP_SUSPEND, &self);
	if (!code)
		code = hl_keyring_open(app);
	if (code)
		return code;
	member = &hl_docs_own(app)->members[at];
	show_one(app, member);
	code = hl_prompt_yes(app, "Cut this device off at once, for ever?");
	if (code)
		return code;
	status = hl_suspension_make(&app->net, &app->lab, &member->kid, hl_clock(),
		hl_view_str(reason ? reason : ""), &app->keys->sign, &doc);
	if (status == HL_BAD_FIELD || status == HL_BAD_SIZE)
		return hl_fail(HL_EXIT_USAGE, "a reason is a line of at most 200 bytes");
	if (status)
		return hl_fail_status(status, "sign the suspension");
	code = hl_docs_publish(app, HL_DOC_SUSPENSION, hl_view_buf(&doc));
	if (code)
		return code;
	hl_note("Suspended. Take it off the card as well when the root key is at hand:\n"
		"  hotline member remove %s --root FILE",
		hl_short(app, &member->kid, 8));
	return hl_hand_over(app, "the suspension");
}

/* A directory stands on the signatures of members; one whose signer leaves is signed anew, so that
 * devices that join later can verify it. */
static enum hl_exit directory_again(struct hl_app *app)
{
	struct hl_directory_draft *draft HL_CLEAN_DIRECTORY_DRAFT = NULL;
	const struct hl_directory *held = hl_docs_directory(app);
	const struct hl_card *own = hl_docs_own(app);
	const struct hl_member *self = hl_docs_self(app);
	enum hl_exit code;
	bool stands = true;

	for (size_t i = 0; held && i < held->n_sigs; i++)
		stands = stands && hl_card_member(own, &held->sigs[i].kid);
	if (!held || stands)
		return HL_EXIT_OK;
	if (!self || !(self->caps.bits & HL_CAP_ADMIN)) {
		hl_note("The directory was signed by a device that is gone: an admin should sign a "
			"new one (any hotline peer command that changes it).");
		return HL_EXIT_OK;
	}
	code = hl_directory_draft_new(app, &draft);
	if (!code)
		code = hl_directory_draft_sign(app, draft);
	return code ? code : hl_hand_over(app, "the directory");
}

static enum hl_exit take_away(struct hl_app *app, const struct hl_args *args)
{
	struct hl_card_draft *draft HL_CLEAN_CARD_DRAFT = NULL;
	size_t at = 0;
	enum hl_exit code = find(app, args->operands[0], &at);

	if (!code)
		code = hl_card_draft_new(app, &draft);
	if (code)
		return code;
	show_one(app, &draft->members[at]);
	code = hl_prompt_yes(app,
		hl_id_eq(&draft->members[at].kid, &app->kid)
			? "This is the device that you use. Take it off the card?"
			: "Take this device off the card?");
	if (code)
		return code;
	draft->card.n_members--;
	memmove(&draft->members[at], &draft->members[at + 1],
		(draft->card.n_members - at) * sizeof(draft->members[0]));
	code = hl_card_draft_sign(app, draft, args);
	return code ? code : directory_again(app);
}

/* Listing. */

static const char *keys_of(struct hl_app *app, const struct hl_member *member)
{
	struct hl_seals seals;
	bool stale = false;

	if (hl_docs_suspended(app, &member->kid))
		return "suspended";
	if (!(member->caps.bits & HL_CAP_READ))
		return "";
	if (!hl_docs_seals(app, &member->kid, &seals))
		return "no sealing keys yet";
	hl_seals_at(&seals, hl_clock(), &stale);
	return stale ? "stale sealing keys" : "";
}

static const char *state_of(struct hl_app *app, const struct hl_member *member)
{
	const char *keys = keys_of(app, member);

	if (!hl_id_eq(&member->kid, &app->kid))
		return keys;
	return hl_scrap(app, "this device%s%s", keys[0] ? ", " : "", keys);
}

static json_t *member_json(struct hl_app *app, const struct hl_member *member)
{
	json_t *kinds = json_array(), *labs = json_array(), *caps = json_array();
	const char *state = keys_of(app, member);

	for (unsigned bit = 1; bit <= HL_CAP_SUSPEND; bit <<= 1)
		if (member->caps.bits & bit)
			json_array_append_new(caps, json_string(hl_caps_text(app, bit)));
	for (size_t i = 0; i < member->caps.n_kinds; i++)
		json_array_append_new(kinds, hl_json_view(member->caps.kinds[i]));
	for (size_t i = 0; i < member->caps.n_labs; i++)
		json_array_append_new(labs, hl_json_id(app, &member->caps.labs[i]));
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:s?, s:o, s:o, s:I, s:s, s:b}",
		"key", hl_json_id(app, &member->kid), "person",
		hl_json_view(member->person), "device", hl_json_view(member->device),
		"role", member->role == HL_MEMBER_MONITOR ? "monitor" : "operator",
		"capabilities", caps, "max_precedence",
		hl_precedence_name(member->caps.precedence), "kinds", kinds, "labs", labs,
		"rate", (json_int_t)member->caps.rate, "state", state[0] ? state : "good",
		"this_device", hl_id_eq(&member->kid, &app->kid));
}

static enum hl_exit list(struct hl_app *app, const struct hl_args *args)
{
	static const char *const headings[] = {
		"PERSON", "DEVICE", "KEY", "UP TO", "STATE", "MAY"};
	const struct hl_card *own = hl_docs_own(app);
	struct hl_table *table;

	(void)args;
	if (app->json) {
		json_t *doc = hl_json_doc("members"), *members = json_array();

		for (size_t i = 0; i < own->n_members; i++)
			json_array_append_new(
				members, member_json(app, &own->members[i]));
		json_object_set_new(doc, "members", members);
		return hl_json_print(doc);
	}
	table = hl_table_new(app, headings, 6);
	for (size_t i = 0; i < own->n_members; i++) {
		const struct hl_member *m = &own->members[i];

		hl_table_row(table, hl_safe(app, m->person),
			hl_scrap(app, "%s%s", hl_safe(app, m->device),
				m->role == HL_MEMBER_MONITOR ? " (monitor)" : ""),
			hl_short(app, &m->kid, 8),
			m->caps.precedence ? hl_precedence_name(m->caps.precedence)
					   : "none",
			state_of(app, m), hl_caps_text(app, m->caps.bits));
	}
	hl_table_print(table);
	return HL_EXIT_OK;
}

enum hl_exit hl_cmd_member(struct hl_app *app, const struct hl_args *args)
{
	static const struct hl_verb verbs[] = {{"add", add, 1, REQUESTS_MAX},
		{"list", list, 0, 0}, {"suspend", suspend, 1, 1},
		{"remove", take_away, 1, 1}};

	return hl_verb_run(app, args, verbs, 4);
}
