#include "node/init_lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/disk.h"
#include "node/store/store.h"

#define TEXT_MAX (2 * HL_FILE_MAX) /* base64 and some words around it */

/* SPEC file 1.3: A reader refuses a file of another network before it looks at the items. */
static const char *check_network(const char *network, struct hl_init_lab *lab)
{
	struct hl_view name = lab->file.network;

	memcpy(lab->network, name.p, name.n);
	lab->network[name.n] = '\0';
	hl_net_id(name, &lab->net);
	return !network || strcmp(network, lab->network) == 0
		? NULL
		: "it is a file of another network; --network names the one wanted";
}

/* One card more; each must follow the one before. */
static const char *take_card(struct hl_init_lab *lab, struct hl_view doc)
{
	struct hl_card card HL_CLEAN_CARD = {0};
	bool first = lab->card.version == 0;
	enum hl_status status = hl_card_parse(&lab->net, doc, &card);

	if (status == HL_OK && !first && !hl_id_eq(&card.lab, &lab->card.lab))
		return "it holds cards of more than one lab; name the file that "
		       "`hotline lab init` or `hotline card export` made";
	if (status == HL_OK)
		status = hl_card_follows(&lab->net, first ? NULL : &lab->card, &card);
	if (status == HL_NEED_CARD)
		return "cards are missing: it must hold them all, from the lab's first on";
	if (status != HL_OK)
		return hl_status_text(status);
	hl_card_clear(&lab->card);
	lab->card = card;
	memset(&card, 0, sizeof(card));
	return NULL;
}

static const char *take_cards(struct hl_init_lab *lab)
{
	const char *why = NULL;

	for (size_t i = 0; i < lab->file.n_items && !why; i++)
		if (lab->file.items[i].sort == HL_DOC_CARD)
			why = take_card(lab, lab->file.items[i].doc);
	if (!why && lab->card.version == 0)
		why = "it holds no card; `hotline lab init` or `hotline card export` makes the "
		      "right one";
	return why;
}

int hl_init_lab_read(const char *path, const char *network, struct hl_init_lab *ret,
	char ret_error[static HL_NODE_ERROR_MAX])
{
	struct hl_init_lab lab HL_CLEAN(hl_init_lab_clear) = {0};
	struct hl_buf text HL_CLEAN_BUF = {0};
	const char *why = NULL;
	enum hl_status status;
	int error = hl_disk_read(AT_FDCWD, path, TEXT_MAX, false, &text);

	if (error) {
		why = hl_disk_reason(error);
	} else {
		status = hl_file_read(hl_view_buf(&text), &lab.file);
		if (status == HL_BAD_ENCODING)
			why = "it is no hotline file, or is damaged";
		else if (status != HL_OK)
			why = hl_status_text(status);
	}
	if (!why)
		why = check_network(network, &lab);
	if (!why)
		why = take_cards(&lab);
	if (why) {
		snprintf(ret_error, HL_NODE_ERROR_MAX, "%s: %s", path, why);
		return -1;
	}
	*ret = lab;
	memset(&lab, 0, sizeof(lab));
	return 0;
}

/* Rows of the store, by sort; a document that is not valid gives its status. */

static enum hl_status card_row(
	const struct hl_init_lab *lab, struct hl_view doc, struct hl_doc_row *row)
{
	struct hl_card card HL_CLEAN_CARD = {0};
	enum hl_status status = hl_card_parse(&lab->net, doc, &card);

	row->version = card.version;
	row->hash = card.hash;
	return status;
}

/* The file holds the newest one alone, so that there is none before it to follow. What was signed
 * under an earlier card is not taken: the lab's devices bring it. */
static enum hl_status directory_row(
	const struct hl_init_lab *lab, struct hl_view doc, struct hl_doc_row *row)
{
	struct hl_directory directory HL_CLEAN_DIRECTORY = {0};
	enum hl_status status = hl_directory_parse(&lab->net, doc, &directory);

	if (status == HL_OK)
		status = hl_directory_follows(&lab->net, &lab->card, NULL, &directory);
	row->version = directory.version;
	row->hash = directory.hash;
	return status;
}

static enum hl_status seals_row(
	const struct hl_init_lab *lab, struct hl_view doc, struct hl_doc_row *row)
{
	struct hl_seals *seals = malloc(sizeof(*seals));
	enum hl_status status =
		seals ? hl_seals_parse(&lab->net, doc, seals) : HL_ERR_NOMEM;

	if (status == HL_OK)
		status = hl_seals_check(&lab->net, &lab->card, seals);
	if (status == HL_OK) {
		row->key = seals->kid;
		row->version = seals->version;
		row->hash = seals->hash;
	}
	free(seals);
	return status;
}

static enum hl_status suspension_row(
	const struct hl_init_lab *lab, struct hl_view doc, struct hl_doc_row *row)
{
	struct hl_suspension suspension;
	enum hl_status status = hl_suspension_parse(&lab->net, doc, &suspension);

	if (status == HL_OK)
		status = hl_suspension_check(
			&lab->net, &lab->card, &suspension, NULL, NULL);
	if (status != HL_OK)
		return status;
	row->key = suspension.kid;
	/* As the engine numbers them: the first number of the lab's channel that came later. */
	row->version = 1;
	hl_hash1("suspend", &lab->net, suspension.body, &row->hash);
	return HL_OK;
}

static enum hl_status put(struct hl_store *store, const struct hl_init_lab *lab,
	const struct hl_doc_item *item)
{
	struct hl_doc_row row = {.sort = item->sort, .lab = lab->card.lab};
	enum hl_status status = HL_BAD_TYPE;

	switch (item->sort) {
	case HL_DOC_CARD: status = card_row(lab, item->doc, &row); break;
	case HL_DOC_DIRECTORY: status = directory_row(lab, item->doc, &row); break;
	case HL_DOC_SEALS: status = seals_row(lab, item->doc, &row); break;
	case HL_DOC_SUSPENSION: status = suspension_row(lab, item->doc, &row); break;
	case HL_DOC_ENVELOPE:
	case HL_DOC_SEGMENT:
	case HL_DOC_REQUEST: break;
	}
	return status == HL_OK ? hl_store_doc_put(store, &row, item->doc) : status;
}

/* SPEC file 1.4: An item that is bad is named and passed over; the others are taken in. */
static enum hl_status put_all(struct hl_store *store, const struct hl_init_lab *lab)
{
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < lab->file.n_items && !hl_status_ours(status); i++) {
		status = put(store, lab, &lab->file.items[i]);
		if (status > 0)
			fprintf(stderr,
				"hotlined init: item %zu of the file is passed over: %s\n",
				i + 1,
				status == HL_BAD_TYPE
					? "it is no card, directory, sealing key or suspension"
					: hl_status_text(status));
	}
	return hl_status_ours(status) ? status : hl_store_commit(store);
}

static void store_close(struct hl_store **store)
{
	hl_store_close(*store);
}

int hl_init_lab_store(const struct hl_init_lab *lab, const char *path,
	char ret_error[static HL_NODE_ERROR_MAX])
{
	char why[HL_STORE_ERROR_MAX] = "";
	struct hl_store *store HL_CLEAN(store_close) = NULL;
	enum hl_status status =
		hl_store_open(path, &lab->net, &lab->card.lab, &store, why);

	if (status == HL_OK) {
		status = put_all(store, lab);
		if (status == HL_ERR_STORE)
			snprintf(why, sizeof(why), "%s", hl_store_error(store));
	}
	if (status == HL_OK)
		return 0;
	snprintf(ret_error, HL_NODE_ERROR_MAX, "%s: %s", path,
		why[0] ? why : hl_status_text(status));
	return -1;
}

void hl_init_lab_clear(struct hl_init_lab *lab)
{
	if (!lab)
		return;
	hl_file_clear(&lab->file);
	hl_card_clear(&lab->card);
}
