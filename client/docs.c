#include "client/docs.h"

#include <stdlib.h>
#include <string.h>

#include "client/db.h"
#include "client/library.h"
#include "client/output.h"

struct hl_library *hl_library_of(struct hl_app *app)
{
	if (!app->library)
		app->library = calloc(1, sizeof(*app->library));
	return app->library;
}

void hl_library_turn(struct hl_app *app)
{
	struct hl_library *library = app->library;

	if (!library)
		return;
	for (struct hl_held_card *c = library->cards; c; c = c->next)
		c->newest = false;
	for (struct hl_held_directory *d = library->directories; d; d = d->next)
		d->newest = false;
}

void hl_library_free(struct hl_library *library)
{
	if (!library)
		return;
	for (struct hl_held_card *c = library->cards, *next; c; c = next) {
		next = c->next;
		hl_card_clear(&c->card);
		free(c);
	}
	for (struct hl_held_directory *d = library->directories, *next; d; d = next) {
		next = d->next;
		hl_directory_clear(&d->directory);
		free(d);
	}
	free(library);
}

/* Cards. */

static struct hl_held_card *card_in_memory(
	struct hl_library *library, const struct hl_id *lab, uint64_t version)
{
	struct hl_held_card *c = library->cards;

	while (c && !(c->card.version == version && hl_id_eq(&c->card.lab, lab)))
		c = c->next;
	return c;
}

static struct hl_held_card *card_load(struct hl_app *app, sqlite3_stmt *row)
{
	struct hl_library *library = app->library;
	struct hl_held_card *held = calloc(1, sizeof(*held));
	enum hl_status status = held
		? hl_card_parse(&app->net, hl_db_blob(row, 0), &held->card)
		: HL_ERR_NOMEM;

	if (status) {
		hl_fail_status(status, "a card in device.db cannot be read");
		free(held);
		return NULL;
	}
	held->next = library->cards;
	library->cards = held;
	return held;
}

const struct hl_card *hl_docs_card_at(
	struct hl_app *app, const struct hl_id *lab, uint64_t version)
{
	struct hl_library *library = hl_library_of(app);
	struct hl_held_card *held =
		library ? card_in_memory(library, lab, version) : NULL;
	sqlite3_stmt *row HL_CLEAN_STMT = NULL;

	if (held || !library)
		return held ? &held->card : NULL;
	row = hl_db_query(app->db,
		"SELECT doc FROM cards WHERE lab = ? AND version = ? AND in_force = 1",
		"di", lab, version);
	held = hl_db_next(app->db, row) ? card_load(app, row) : NULL;
	return held ? &held->card : NULL;
}

const struct hl_card *hl_docs_card(struct hl_app *app, const struct hl_id *lab)
{
	struct hl_library *library = hl_library_of(app);
	sqlite3_stmt *row HL_CLEAN_STMT = NULL;
	const struct hl_card *card;
	struct hl_held_card *held;

	for (held = library ? library->cards : NULL; held; held = held->next)
		if (held->newest && hl_id_eq(&held->card.lab, lab))
			return &held->card;
	row = hl_db_query(app->db,
		"SELECT max(version) FROM cards WHERE lab = ? AND in_force = 1", "d",
		lab);
	if (!library || !hl_db_next(app->db, row) || hl_db_null(row, 0))
		return NULL;
	card = hl_docs_card_at(app, lab, hl_db_int(row, 0));
	if (card && (held = card_in_memory(library, lab, card->version)))
		held->newest = true;
	return card;
}

const struct hl_card *hl_docs_own(struct hl_app *app)
{
	return app->db ? hl_docs_card(app, &app->lab) : NULL;
}

const struct hl_member *hl_docs_self(struct hl_app *app)
{
	const struct hl_card *own = hl_docs_own(app);

	return own ? hl_card_member(own, &app->kid) : NULL;
}

enum hl_exit hl_docs_need(struct hl_app *app, unsigned bits, const struct hl_member **ret)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {{HL_CAP_READ, "read"}, {HL_CAP_RAISE, "raise"},
		{HL_CAP_UPDATE, "update"}, {HL_CAP_ANSWER, "answer"},
		{HL_CAP_CLOSE, "close"}, {HL_CAP_RELEASE, "release"},
		{HL_CAP_ADMIN, "admin"}, {HL_CAP_SUSPEND, "suspend"}};
	const struct hl_member *self = hl_docs_self(app);

	if (!self) {
		hl_fail(HL_EXIT_NOT_PERMITTED, "this device is not on your lab's card");
		hl_note("  Have an admin enrol it: hotline member add join-request.hotline\n"
			"  then, here: hotline status   (or hotline card import LAB.hotline)");
		return HL_EXIT_NOT_PERMITTED;
	}
	if (hl_docs_suspended(app, &app->kid))
		return hl_fail(HL_EXIT_NOT_PERMITTED, "this device is suspended");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((bits & names[i].bit) && !(self->caps.bits & names[i].bit))
			return hl_fail(HL_EXIT_NOT_PERMITTED,
				"this device may not do that: it lacks the capability \"%s\"; "
				"see hotline member list",
				names[i].name);
	*ret = self;
	return HL_EXIT_OK;
}

/* Directory. */

const struct hl_directory *hl_docs_directory(struct hl_app *app)
{
	struct hl_library *library = hl_library_of(app);
	struct hl_held_directory *held = library ? library->directories : NULL;
	sqlite3_stmt *row HL_CLEAN_STMT = NULL;

	while (held && !held->newest)
		held = held->next;
	if (held || !library)
		return held ? &held->directory : NULL;
	row = hl_db_query(
		app->db, "SELECT doc FROM directories ORDER BY version DESC LIMIT 1", "");
	if (!hl_db_next(app->db, row))
		return NULL;
	held = calloc(1, sizeof(*held));
	if (!held ||
		hl_directory_parse(&app->net, hl_db_blob(row, 0), &held->directory)) {
		hl_fail(HL_EXIT_NO, "the directory in device.db cannot be read");
		free(held);
		return NULL;
	}
	held->newest = true;
	held->next = library->directories;
	library->directories = held;
	return &held->directory;
}

/* Suspensions and sealing keys. */

bool hl_docs_pinned(struct hl_app *app, const struct hl_id *lab)
{
	const struct hl_directory *directory = hl_docs_directory(app);

	return hl_id_eq(lab, &app->lab) ||
		(directory && hl_directory_peer(directory, lab));
}

bool hl_docs_suspended(void *ctx, const struct hl_id *kid)
{
	struct hl_app *app = ctx;
	sqlite3_stmt *row HL_CLEAN_STMT =
		hl_db_query(app->db, "SELECT 1 FROM suspensions WHERE kid = ?", "d", kid);

	return hl_db_next(app->db, row);
}

bool hl_docs_seals(struct hl_app *app, const struct hl_id *kid, struct hl_seals *ret)
{
	sqlite3_stmt *row HL_CLEAN_STMT =
		hl_db_query(app->db, "SELECT doc FROM seals WHERE kid = ?", "d", kid);

	return hl_db_next(app->db, row) &&
		hl_seals_parse(&app->net, hl_db_blob(row, 0), ret) == HL_OK;
}

enum hl_exit hl_docs_readers(struct hl_app *app, const struct hl_id *lab, uint64_t now,
	struct hl_reader **list, size_t *n, size_t *ret_stale, size_t *ret_without)
{
	const struct hl_card *card = hl_docs_card(app, lab);
	size_t stale = 0, without = 0;
	struct hl_reader *grown;
	struct hl_seals seals;

	if (!card)
		return hl_fail(
			HL_EXIT_NO, "no card of %s is held", hl_docs_lab_name(app, lab));
	grown = realloc(*list, (*n + card->n_members + 1) * sizeof(*grown));
	if (!grown)
		return hl_fail_status(HL_ERR_NOMEM, "gather the readers");
	*list = grown;
	for (size_t i = 0; i < card->n_members; i++) {
		const struct hl_member *member = &card->members[i];
		const struct hl_seal_key *key;
		struct hl_reader *reader = &grown[*n];
		bool is_stale = false;

		if (!(member->caps.bits & HL_CAP_READ) ||
			hl_docs_suspended(app, &member->kid))
			continue;
		if (!hl_docs_seals(app, &member->kid, &seals)) {
			without++;
			continue;
		}
		key = hl_seals_at(&seals, now, &is_stale);
		stale += is_stale;
		reader->lab = *lab;
		reader->kid = member->kid;
		reader->epoch = key->epoch;
		memcpy(reader->key, key->key, HL_KEY_SIZE);
		(*n)++;
	}
	if (ret_stale)
		*ret_stale = stale;
	if (ret_without)
		*ret_without = without;
	return HL_EXIT_OK;
}
