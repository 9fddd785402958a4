/* Directories, sealing keys and suspensions. Cards are in docs_card.c. */
#include "node/engine/state.h"

#include <stdlib.h>
#include <string.h>

#define DOC_CHECKS 2 /* signatures on a document, as a rule */

/* A change that devices should know of. */
static enum hl_status tell(struct hl_engine *e, const struct hl_id *lab)
{
	return hl_feed(e, HL_FEED_DOCS, NULL, lab, 0);
}

static enum hl_status take_directory(struct hl_engine *e, struct hl_view doc)
{
	struct hl_directory directory HL_CLEAN_DIRECTORY = {0};
	enum hl_status status = hl_directory_parse(&e->config.net, doc, &directory);

	if (status != HL_OK)
		return status;
	if (!hl_id_eq(&directory.lab, &e->own.id) || e->own.card.version == 0)
		return HL_BAD_CARD;
	if (hl_id_eq(&directory.hash, &e->directory.hash))
		return HL_OK;
	status = hl_directory_follows(&e->config.net, &e->own.card,
		e->directory.version > 0 ? &e->directory : NULL, &directory);
	if (status == HL_EQUIVOCATION)
		hl_alarm(e, &e->own.id, "two directories with one number were signed");
	if (status != HL_OK)
		return status;
	struct hl_doc_row row = {.sort = HL_DOC_DIRECTORY,
		.lab = e->own.id,
		.version = directory.version,
		.hash = directory.hash};
	status = hl_store_doc_put(e->store, &row, doc);
	if (status != HL_OK)
		return status;
	hl_directory_clear(&e->directory);
	e->directory = directory;
	memset(&directory, 0, sizeof(directory));
	/* Rows in memory are newer than those in the store until the turn ends. */
	for (size_t i = 0; i < e->n_peers && status == HL_OK; i++)
		status = hl_channel_save(e, &e->peers[i]);
	if (status == HL_OK)
		status = hl_engine_load_peers(e);
	if (status == HL_OK)
		status = hl_engine_load_known(e);
	return status == HL_OK ? tell(e, &e->own.id) : status;
}

static enum hl_status take_seals(struct hl_engine *e, struct hl_view doc)
{
	struct hl_seals *seals = malloc(sizeof(*seals));
	struct hl_buf held HL_CLEAN_BUF = {0};

	if (seals == NULL)
		return HL_ERR_NOMEM;
	enum hl_status status = hl_seals_parse(&e->config.net, doc, seals);
	struct hl_doc_row row = {.sort = HL_DOC_SEALS};
	if (status == HL_OK) {
		row.lab = seals->lab;
		row.key = seals->kid;
		row.version = seals->version;
		row.hash = seals->hash;
	}
	struct lab *lab = status == HL_OK ? hl_lab(e, &row.lab) : NULL;
	if (status == HL_OK && (lab == NULL || lab->card.version == 0))
		status = HL_UNKNOWN;
	/* SPEC identity 5.2: A higher version replaces a lower one. */
	if (status == HL_OK) {
		status = hl_store_doc_get(
			e->store, HL_DOC_SEALS, &row.lab, &row.key, 0, &held);
		if (status == HL_OK) {
			status =
				hl_seals_parse(&e->config.net, hl_view_buf(&held), seals);
			bool same = hl_id_eq(&seals->hash, &row.hash);
			if (status == HL_OK && seals->version >= row.version) {
				free(seals);
				return same ? HL_OK : HL_STALE;
			}
			if (status == HL_OK)
				status = hl_seals_parse(&e->config.net, doc, seals);
		} else if (status == HL_UNKNOWN) {
			status = HL_OK;
		}
	}
	if (status == HL_OK)
		status = hl_seals_check(&e->config.net, &lab->card, seals);
	free(seals);
	if (status == HL_OK)
		status = hl_store_doc_put(e->store, &row, doc);
	if (status == HL_OK)
		status = hl_lab_count(e, lab);
	if (status == HL_OK && lab == &e->own)
		status = hl_news_push(e, HL_FRAME_SEALS, doc);
	if (status == HL_OK)
		lab->asked_digest_link = 0; /* more may follow */
	return status == HL_OK ? tell(e, &row.lab) : status;
}

/* Who is suspended already, for the check of a new suspension. */
struct asked {
	struct hl_engine *e;
	struct hl_id lab;
	enum hl_status status;
};

static bool is_suspended(void *ctx, const struct hl_id *kid)
{
	struct asked *asked = ctx;
	bool yes = false;
	enum hl_status status = hl_suspended(asked->e, &asked->lab, kid, &yes);

	if (status != HL_OK)
		asked->status = status;
	return yes;
}

/* SPEC identity 4.2: It is in force from the moment that it is held, for ever */
static enum hl_status take_suspension(struct hl_engine *e, struct hl_view doc)
{
	struct hl_suspension s;
	enum hl_status status = hl_suspension_parse(&e->config.net, doc, &s);

	if (status != HL_OK)
		return status;
	struct lab *lab = hl_lab(e, &s.lab);
	bool held = false;
	if (lab == NULL || lab->card.version == 0)
		return HL_UNKNOWN;
	status = hl_suspended(e, &s.lab, &s.kid, &held);
	if (status != HL_OK || held)
		return status;
	struct asked asked = {e, s.lab, HL_OK};
	status =
		hl_suspension_check(&e->config.net, &lab->card, &s, is_suspended, &asked);
	if (asked.status != HL_OK)
		return asked.status;
	if (status != HL_OK)
		return status;
	if (lab->suspensions >= SUSPENSIONS_MAX)
		return HL_OVER_QUOTA;
	lab->asked_suspensions_link = 0; /* more may follow */
	/* As its version: the first number of the lab's channel that came later. */
	struct peer *peer = hl_peer(e, &s.lab);
	struct hl_doc_row row = {.sort = HL_DOC_SUSPENSION,
		.lab = s.lab,
		.key = s.kid,
		.version = 1 + (peer != NULL ? peer->in.number : 0)};
	hl_hash1("suspend", &e->config.net, s.body, &row.hash);
	status = hl_store_doc_put(e->store, &row, doc);
	if (status == HL_OK)
		status = hl_lab_count(e, lab);
	if (status == HL_OK && lab == &e->own)
		status = hl_news_push(e, HL_FRAME_SUSPENSION, doc);
	if (status == HL_OK && lab == &e->own)
		status = hl_engine_load_known(e);
	if (status == HL_OK && lab == &e->own)
		status = hl_device_recheck(e);
	return status == HL_OK ? tell(e, &s.lab) : status;
}

enum hl_status hl_take_doc(struct hl_engine *e, enum hl_doc sort, struct hl_view doc,
	struct link *via, bool admin)
{
	enum hl_status status = HL_BAD_FIELD;

	hl_cost(e, via, HL_QUOTA_CHECKS, DOC_CHECKS);
	switch (sort) {
	case HL_DOC_CARD: status = hl_take_card(e, doc, via, admin); break;
	case HL_DOC_DIRECTORY: status = take_directory(e, doc); break;
	case HL_DOC_SEALS: status = take_seals(e, doc); break;
	case HL_DOC_SUSPENSION: status = take_suspension(e, doc); break;
	case HL_DOC_ENVELOPE:
	case HL_DOC_SEGMENT:
	case HL_DOC_REQUEST: break;
	}
	if (status == HL_OK)
		hl_cost(e, via, HL_QUOTA_GROWTH, doc.n);
	if (status > 0 && via != NULL && via->purpose == HL_PURPOSE_PEER)
		hl_note(e, hl_peer(e, &via->lab), 5, "a document was not taken",
			hl_status_name(status));
	return status;
}
