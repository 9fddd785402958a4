/* Taking documents in: verified against what is held, or not at all (spec/identity.md). */
#include <stdlib.h>

#include "client/db.h"
#include "client/docs.h"
#include "client/library.h"
#include "client/output.h"

struct taking {
	struct hl_app *app;
	struct hl_view doc;
	enum hl_taken taken;
	enum hl_status code;
};

static enum hl_exit refuse(struct taking *t, enum hl_status status)
{
	if (hl_status_ours(status))
		return hl_fail_status(status, "take in a document");
	t->taken = HL_TAKEN_REFUSED;
	t->code = status;
	return HL_EXIT_OK;
}

static enum hl_exit store_card(
	struct taking *t, const struct hl_card *card, bool in_force)
{
	t->taken = in_force ? HL_TAKEN_NEW : HL_TAKEN_REFUSED;
	return hl_db_do(t->app->db,
		"INSERT OR IGNORE INTO cards (lab, version, hash, in_force, taken, doc) "
		"VALUES (?, ?, ?, ?, ?, ?)",
		"didiib", &card->lab, card->version, &card->hash, (uint64_t)in_force,
		hl_clock(), t->doc);
}

/* SPEC identity 2.17: Two valid cards of one lab with one version and different hashes are
 * evidence of equivocation: the one held first stays in force, delivery goes on, both are kept */
static enum hl_exit older_card(struct taking *t, const struct hl_card *card)
{
	const struct hl_card *held = hl_docs_card_at(t->app, &card->lab, card->version);
	const struct hl_card *before = card->version > 1
		? hl_docs_card_at(t->app, &card->lab, card->version - 1)
		: NULL;
	enum hl_status status;

	t->taken = HL_TAKEN_KNOWN;
	if (held && hl_id_eq(&held->hash, &card->hash))
		return HL_EXIT_OK;
	status = card->version > 1 && !before
		? HL_STALE
		: hl_card_follows(&t->app->net, before, card);
	if (status != HL_OK)
		return refuse(t, status);
	hl_fail(HL_EXIT_NO,
		"ALARM: %s has signed two different cards with version %llu; the first stays in "
		"force, both are kept as evidence: call them, by another way",
		hl_docs_lab_name(t->app, &card->lab), (unsigned long long)card->version);
	t->code = HL_EQUIVOCATION;
	return store_card(t, card, false);
}

static enum hl_exit keep_aside(struct taking *t, const struct hl_card *card)
{
	t->taken = HL_TAKEN_ASIDE;
	t->code = HL_NEED_CARD;
	return hl_db_do(t->app->db,
		"INSERT OR IGNORE INTO cards_aside (lab, version, hash, doc) VALUES (?, ?, ?, ?)",
		"didb", &card->lab, card->version, &card->hash, t->doc);
}

/* SPEC identity 2.18: An Ed25519 key that stands in a held card of another lab makes a card
 * invalid. An X25519 key that does so raises an alarm. */
static enum hl_exit disjoint(struct taking *t, const struct hl_card *card)
{
	sqlite3_stmt *row HL_CLEAN_STMT = hl_db_query(t->app->db,
		"SELECT DISTINCT lab FROM cards WHERE lab <> ?", "d", &card->lab);

	while (hl_db_next(t->app->db, row)) {
		struct hl_id lab = hl_db_id(row, 0);
		const struct hl_card *other = hl_docs_card(t->app, &lab);
		bool shares = false;
		enum hl_status status =
			other ? hl_card_disjoint(card, other, &shares) : HL_OK;

		if (status)
			return refuse(t, status);
		if (shares)
			hl_fail(HL_EXIT_NO,
				"ALARM: a link or sealing key stands on the cards of "
				"both %s and %s: ask both, by another way",
				hl_safe(t->app, card->name),
				hl_docs_lab_name(t->app, &lab));
	}
	return hl_db_done(t->app->db, &row);
}

static enum hl_exit take_card(struct taking *t);

/* Cards that waited for this one. */
static enum hl_exit take_next(
	struct hl_app *app, const struct hl_id *lab, uint64_t version)
{
	sqlite3_stmt *row HL_CLEAN_STMT = hl_db_query(app->db,
		"SELECT doc FROM cards_aside WHERE lab = ? AND version = ?", "di", lab,
		version);
	enum hl_exit code = HL_EXIT_OK;

	while (!code && hl_db_next(app->db, row)) {
		struct taking next = {.app = app, .doc = hl_db_blob(row, 0)};

		code = take_card(&next);
	}
	if (code || hl_db_done(app->db, &row))
		return HL_EXIT_NO;
	return hl_db_do(app->db, "DELETE FROM cards_aside WHERE lab = ? AND version <= ?",
		"di", lab, version);
}

static enum hl_exit take_card(struct taking *t)
{
	struct hl_card card HL_CLEAN_CARD = {0};
	enum hl_status status = hl_card_parse(&t->app->net, t->doc, &card);
	const struct hl_card *held;
	enum hl_exit code;

	if (status)
		return refuse(t, status);
	held = hl_docs_card(t->app, &card.lab);
	if (held && card.version <= held->version)
		return older_card(t, &card);
	if (card.version > (held ? held->version : 0) + 1)
		return keep_aside(t, &card);
	status = hl_card_follows(&t->app->net, held, &card);
	if (status)
		return refuse(t, status);
	code = disjoint(t, &card);
	if (code || t->taken == HL_TAKEN_REFUSED)
		return code;
	code = store_card(t, &card, true);
	hl_library_turn(t->app);
	return code ? code : take_next(t->app, &card.lab, card.version + 1);
}

/* The node hands on the newest directory alone, so those between may be missing: the newest is
 * then judged by its signatures, as if the one before it were held. */
static enum hl_status directory_follows(struct hl_app *app, const struct hl_card *own,
	const struct hl_directory *held, const struct hl_directory *directory)
{
	struct hl_directory before = {.lab = directory->lab};

	if (directory->version <= 1 || (held && directory->version <= held->version + 1))
		return hl_directory_follows(&app->net, own, held, directory);
	if (!directory->has_prev)
		return HL_BAD_CARD;
	before.version = directory->version - 1;
	before.hash = directory->prev;
	before.issued = held ? held->issued : 0;
	return hl_directory_follows(&app->net, own, &before, directory);
}

static enum hl_exit take_directory(struct taking *t)
{
	struct hl_directory directory HL_CLEAN_DIRECTORY = {0};
	enum hl_status status = hl_directory_parse(&t->app->net, t->doc, &directory);
	const struct hl_directory *held = hl_docs_directory(t->app);
	const struct hl_card *own = hl_docs_own(t->app);
	enum hl_exit code;

	if (status)
		return refuse(t, status);
	if (!own || !hl_id_eq(&directory.lab, &t->app->lab))
		return refuse(t, HL_BAD_CARD);
	t->taken = HL_TAKEN_KNOWN;
	if (held && hl_id_eq(&held->hash, &directory.hash))
		return HL_EXIT_OK;
	/* SPEC identity 3.4: A device never goes back in card or directory. */
	if (held && directory.version < held->version)
		return HL_EXIT_OK;
	status = directory_follows(t->app, own, held, &directory);
	if (status)
		return refuse(t, status);
	t->taken = HL_TAKEN_NEW;
	code = hl_db_do(t->app->db,
		"INSERT INTO directories (version, hash, taken, doc) VALUES (?, ?, ?, ?)",
		"idib", directory.version, &directory.hash, hl_clock(), t->doc);
	hl_library_turn(t->app);
	return code;
}

static enum hl_exit take_seals(struct taking *t)
{
	struct hl_seals seals, held;
	enum hl_status status = hl_seals_parse(&t->app->net, t->doc, &seals);
	const struct hl_card *card;

	if (status)
		return refuse(t, status);
	card = hl_docs_card(t->app, &seals.lab);
	if (!card)
		return refuse(t, HL_NEED_CARD);
	t->taken = HL_TAKEN_KNOWN;
	if (hl_docs_seals(t->app, &seals.kid, &held) && held.version >= seals.version)
		return HL_EXIT_OK;
	status = hl_seals_check(&t->app->net, card, &seals);
	if (status)
		return refuse(t, status);
	t->taken = HL_TAKEN_NEW;
	return hl_db_do(t->app->db,
		"INSERT OR REPLACE INTO seals (kid, lab, version, hash, doc) VALUES (?, ?, "
		"?, ?, ?)",
		"ddidb", &seals.kid, &seals.lab, seals.version, &seals.hash, t->doc);
}

static enum hl_exit take_suspension(struct taking *t)
{
	struct hl_suspension suspension;
	enum hl_status status = hl_suspension_parse(&t->app->net, t->doc, &suspension);
	const struct hl_card *card;

	if (status)
		return refuse(t, status);
	card = hl_docs_card(t->app, &suspension.lab);
	if (!card)
		return refuse(t, HL_NEED_CARD);
	t->taken = HL_TAKEN_KNOWN;
	if (hl_docs_suspended(t->app, &suspension.kid))
		return HL_EXIT_OK;
	status = hl_suspension_check(
		&t->app->net, card, &suspension, hl_docs_suspended, t->app);
	if (status)
		return refuse(t, status);
	t->taken = HL_TAKEN_NEW;
	return hl_db_do(t->app->db,
		"INSERT OR IGNORE INTO suspensions (lab, kid, issued, doc) VALUES (?, ?, ?, ?)",
		"ddib", &suspension.lab, &suspension.kid, suspension.issued, t->doc);
}

static enum hl_exit take_any(struct taking *t, enum hl_doc sort)
{
	switch (sort) {
	case HL_DOC_CARD: return take_card(t);
	case HL_DOC_DIRECTORY: return take_directory(t);
	case HL_DOC_SEALS: return take_seals(t);
	case HL_DOC_SUSPENSION: return take_suspension(t);
	case HL_DOC_ENVELOPE:
	case HL_DOC_SEGMENT:
	case HL_DOC_REQUEST: break;
	}
	return refuse(t, HL_BAD_TYPE);
}

enum hl_exit hl_docs_take(struct hl_app *app, enum hl_doc sort, struct hl_view doc,
	enum hl_taken *ret, enum hl_status *ret_code)
{
	struct taking t = {.app = app, .doc = doc};
	enum hl_exit code = hl_db_begin(app->db);

	if (code)
		return code;
	code = take_any(&t, sort);
	if (code) {
		hl_db_rollback(app->db);
		hl_library_turn(app);
		return code;
	}
	code = hl_db_commit(app->db);
	if (!code) {
		*ret = t.taken;
		*ret_code = t.code;
	}
	return code;
}

enum hl_exit hl_docs_queue(struct hl_app *app, enum hl_doc sort, struct hl_view doc)
{
	return hl_db_do(app->db, "INSERT INTO puts (sort, doc) VALUES (?, ?)", "ib",
		(uint64_t)sort, doc);
}

const char *hl_doc_name(enum hl_doc sort)
{
	switch (sort) {
	case HL_DOC_CARD: return "card";
	case HL_DOC_DIRECTORY: return "directory";
	case HL_DOC_SEALS: return "list of sealing keys";
	case HL_DOC_SUSPENSION: return "suspension";
	case HL_DOC_ENVELOPE: return "letter";
	case HL_DOC_SEGMENT: return "proof";
	case HL_DOC_REQUEST: return "request";
	}
	return "document";
}

enum hl_exit hl_docs_publish(struct hl_app *app, enum hl_doc sort, struct hl_view doc)
{
	enum hl_taken taken = HL_TAKEN_REFUSED;
	enum hl_status why = HL_OK;
	enum hl_exit code = hl_db_begin(app->db);

	if (code)
		return code;
	code = hl_docs_take(app, sort, doc, &taken, &why);
	if (!code && taken != HL_TAKEN_NEW)
		code = hl_fail(
			why == HL_NOT_PERMITTED ? HL_EXIT_NOT_PERMITTED : HL_EXIT_NO,
			"the new %s does not hold: %s", hl_doc_name(sort),
			hl_status_text(why));
	/* Own cards and directories go by what the node says it holds (hl_line_give_cards). */
	if (!code && sort != HL_DOC_CARD && sort != HL_DOC_DIRECTORY)
		code = hl_docs_queue(app, sort, doc);
	if (code) {
		hl_db_rollback(app->db);
		hl_library_turn(app);
		return code;
	}
	return hl_db_commit(app->db);
}
