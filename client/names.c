/* Labs and persons by name. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/db.h"
#include "client/docs.h"
#include "client/output.h"

const char *hl_docs_lab_name(struct hl_app *app, const struct hl_id *lab)
{
	const struct hl_directory *directory = hl_docs_directory(app);
	const struct hl_peer_pin *peer =
		directory ? hl_directory_peer(directory, lab) : NULL;
	const struct hl_card *own;

	if (peer)
		return hl_safe(app, peer->name);
	own = hl_id_eq(lab, &app->lab) ? hl_docs_own(app) : NULL;
	return own ? hl_safe(app, own->name) : hl_short(app, lab, 8);
}

const char *hl_docs_person(
	struct hl_app *app, const struct hl_id *lab, const struct hl_id *kid)
{
	const struct hl_card *card = hl_docs_card(app, lab);

	while (card) {
		const struct hl_member *member = hl_card_member(card, kid);

		if (member)
			return hl_safe(app, member->person);
		card = card->version > 1 ? hl_docs_card_at(app, lab, card->version - 1)
					 : NULL;
	}
	return hl_short(app, kid, 8);
}

static bool all_hex(const char *text)
{
	for (; *text; text++)
		if (!isxdigit((unsigned char)*text))
			return false;
	return true;
}

/* By a lab id's first digits, among peers and the own lab. How many there are. */
static size_t by_digits(
	struct hl_app *app, const char *digits, bool own, struct hl_id *ret)
{
	const struct hl_directory *directory = hl_docs_directory(app);
	size_t found = 0;

	if (!all_hex(digits))
		return 0;
	if (own && hl_id_begins(&app->lab, digits)) {
		*ret = app->lab;
		found++;
	}
	for (size_t i = 0; directory && i < directory->n_peers; i++) {
		if (!hl_id_begins(&directory->peers[i].lab, digits))
			continue;
		*ret = directory->peers[i].lab;
		found++;
	}
	return found;
}

static enum hl_exit no_such(struct hl_app *app, const char *what, const char *typed,
	const char *const *words, size_t n)
{
	const char *near = hl_nearest(typed, words, n), *list = "";
	const char *shown = hl_safe(app, hl_view_str(typed));

	for (size_t i = 0; i < n; i++)
		list = hl_scrap(app, "%s%s%s", list, i ? ", " : "", words[i]);
	if (n == 0)
		return hl_fail(HL_EXIT_NO,
			"no %s is called \"%s\"; you have none yet: hotline peer add FILE",
			what, shown);
	if (near)
		return hl_fail(HL_EXIT_NO,
			"no %s is called \"%s\"; you have %s (did you mean %s?)", what,
			shown, list, near);
	return hl_fail(
		HL_EXIT_NO, "no %s is called \"%s\"; you have %s", what, shown, list);
}

static enum hl_exit no_peer(struct hl_app *app, const char *typed)
{
	const struct hl_directory *directory = hl_docs_directory(app);
	size_t n = directory ? directory->n_peers : 0;
	const char **words = calloc(n + 1, sizeof(*words));
	enum hl_exit code;

	if (!words)
		return hl_fail_status(HL_ERR_NOMEM, "look for a peer");
	for (size_t i = 0; i < n; i++)
		words[i] = hl_safe(app, directory->peers[i].name);
	code = no_such(app, "peer", typed, words, n);
	free(words);
	return code;
}

static enum hl_exit find(
	struct hl_app *app, const char *name, bool own, struct hl_id *ret)
{
	const struct hl_directory *directory = hl_docs_directory(app);
	const struct hl_peer_pin *peer = directory
		? hl_directory_peer_by_name(directory, hl_view_str(name))
		: NULL;
	const struct hl_card *card = own ? hl_docs_own(app) : NULL;
	struct hl_id lab;
	size_t found;

	if (peer) {
		*ret = peer->lab;
		return HL_EXIT_OK;
	}
	if (card && hl_view_eq(card->name, hl_view_str(name))) {
		*ret = app->lab;
		return HL_EXIT_OK;
	}
	found = by_digits(app, name, own, &lab);
	if (found > 1)
		return hl_fail(HL_EXIT_NO,
			"%s begins the ids of %zu labs; give more digits", name, found);
	if (found == 0)
		return no_peer(app, name);
	*ret = lab;
	return HL_EXIT_OK;
}

enum hl_exit hl_docs_find_lab(struct hl_app *app, const char *name, struct hl_id *ret)
{
	return find(app, name, true, ret);
}

enum hl_exit hl_docs_find_peer(struct hl_app *app, const char *name, struct hl_id *ret)
{
	return find(app, name, false, ret);
}

/* Lists of names. */

struct labs {
	struct hl_id *ids;
	size_t n;
};

static void labs_clear(struct labs *labs)
{
	free(labs->ids);
}

static enum hl_exit add(struct labs *labs, const struct hl_id *ids, size_t n)
{
	struct hl_id *grown = realloc(labs->ids, (labs->n + n + 1) * sizeof(*grown));

	if (!grown)
		return hl_fail_status(HL_ERR_NOMEM, "gather labs");
	labs->ids = grown;
	for (size_t i = 0; i < n; i++)
		grown[labs->n++] = ids[i];
	return HL_EXIT_OK;
}

static enum hl_exit no_group(struct hl_app *app, const char *typed)
{
	const struct hl_directory *directory = hl_docs_directory(app);
	size_t n = directory ? directory->n_groups : 0;
	const char **words = calloc(n + 1, sizeof(*words));
	enum hl_exit code;

	if (!words)
		return hl_fail_status(HL_ERR_NOMEM, "look for a group");
	for (size_t i = 0; i < n; i++)
		words[i] = hl_scrap(app, "@%s", hl_safe(app, directory->groups[i].name));
	words[n] = "@all";
	code = no_such(app, "group", typed, words, n + 1);
	free(words);
	return code;
}

static enum hl_exit add_group(struct hl_app *app, struct labs *labs, const char *name)
{
	const struct hl_directory *directory = hl_docs_directory(app);
	const struct hl_group *group =
		directory ? hl_directory_group(directory, hl_view_str(name + 1)) : NULL;
	enum hl_exit code = HL_EXIT_OK;

	if (group)
		return add(labs, group->labs, group->n_labs);
	if (strcmp(name, "@all") != 0)
		return no_group(app, name);
	for (size_t i = 0; directory && i < directory->n_peers && !code; i++)
		code = add(labs, &directory->peers[i].lab, 1);
	return code;
}

static int compare(const void *a, const void *b)
{
	return hl_id_cmp(a, b);
}

enum hl_exit hl_docs_find_labs(
	struct hl_app *app, const char *names, struct hl_id **ret, size_t *ret_n)
{
	struct labs labs HL_CLEAN(labs_clear) = {0};
	char *copy HL_CLEAN(hl_string_free) = strdup(names), *rest = copy, *name;
	size_t kept = 0;

	if (!copy)
		return hl_fail_status(HL_ERR_NOMEM, "gather labs");
	while ((name = strsep(&rest, ", \t"))) {
		enum hl_exit code = HL_EXIT_OK;
		struct hl_id lab;

		if (name[0] == '@') {
			code = add_group(app, &labs, name);
		} else if (name[0]) {
			code = find(app, name, false, &lab);
			if (!code)
				code = add(&labs, &lab, 1);
		}
		if (code)
			return code;
	}
	if (labs.n == 0)
		return hl_fail(HL_EXIT_USAGE, "no lab was named");
	qsort(labs.ids, labs.n, sizeof(*labs.ids), compare);
	for (size_t i = 0; i < labs.n; i++)
		if (kept == 0 || !hl_id_eq(&labs.ids[kept - 1], &labs.ids[i]))
			labs.ids[kept++] = labs.ids[i];
	*ret = labs.ids;
	*ret_n = kept;
	labs.ids = NULL;
	return HL_EXIT_OK;
}
