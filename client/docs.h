/*
 * Cards, directory, sealing keys and suspensions as this device holds them: taken in only when
 * verified, never going back, and looked up by lab, by name and by person.
 */
#ifndef HL_CLIENT_DOCS_H
#define HL_CLIENT_DOCS_H

#include "client/app.h"

/* Looking up. What is returned belongs to the library and lives as long as app, unless a newer
 * document is taken in: look up again after hl_docs_take and hl_line_open. */

/* The newest card in force; NULL when none of that lab is held. */
const struct hl_card *hl_docs_card(struct hl_app *app, const struct hl_id *lab);
/* One version of it (the one in force); NULL when it is not held. */
const struct hl_card *hl_docs_card_at(
	struct hl_app *app, const struct hl_id *lab, uint64_t version);
/* The own lab's. NULL only before a lab was made or joined. */
const struct hl_card *hl_docs_own(struct hl_app *app);
/* This device on its lab's newest card; NULL while it is not enrolled (or no more). */
const struct hl_member *hl_docs_self(struct hl_app *app);
/* As hl_docs_self, but says what to do where it is not there or lacks one of bits
 * (HL_EXIT_NOT_PERMITTED). */
HL_MUST enum hl_exit hl_docs_need(
	struct hl_app *app, unsigned bits, const struct hl_member **ret);
/* The newest directory; NULL when none is held. */
const struct hl_directory *hl_docs_directory(struct hl_app *app);
/* Is it the own lab, or a peer that the directory names? Holding a card is not enough: whoever runs
 * the own node could make a lab up. */
bool hl_docs_pinned(struct hl_app *app, const struct hl_id *lab);
/* Is the key suspended? Fits hl_judge.suspended with ctx = app. */
bool hl_docs_suspended(void *app, const struct hl_id *kid);
/* A member's newest sealing keys; false when none are held. Views in ret are not to be used. */
bool hl_docs_seals(struct hl_app *app, const struct hl_id *kid, struct hl_seals *ret);

/* The members of a lab that can read (capability, not suspended, keys published), as readers to
 * seal to at a time, appended to *list (a heap array of *n, the caller's). ret_stale counts those
 * whose epochs have all ended, ret_without those that read but have published no keys; both may
 * be NULL. */
HL_MUST enum hl_exit hl_docs_readers(struct hl_app *app, const struct hl_id *lab,
	uint64_t now, struct hl_reader **list, size_t *n, size_t *ret_stale,
	size_t *ret_without);

/* Names. */

/* The local name of a lab (the directory's; for the own lab the name on its card); a short id
 * where it has none. Safe to print. Lives as long as app. */
const char *hl_docs_lab_name(struct hl_app *app, const struct hl_id *lab);
/* A member's person, by lab and key id, on the newest card that has it; a short id where it is on
 * none. Safe to print. */
const char *hl_docs_person(
	struct hl_app *app, const struct hl_id *lab, const struct hl_id *kid);
/* The lab of a name that was typed: a peer's local name, the own lab's name, or a lab id's
 * beginning of 4 digits or more. Where there is none: says so, with all names and the nearest. */
HL_MUST enum hl_exit hl_docs_find_lab(
	struct hl_app *app, const char *name, struct hl_id *ret);
/* The same, but for a pinned peer alone. */
HL_MUST enum hl_exit hl_docs_find_peer(
	struct hl_app *app, const char *name, struct hl_id *ret);
/* A list of names, parted by commas or blanks: peers, and groups as "@name" ("@all": every peer).
 * Sorted, each once; *ret is a heap array. */
HL_MUST enum hl_exit hl_docs_find_labs(
	struct hl_app *app, const char *names, struct hl_id **ret, size_t *ret_n);

/* Taking in. */

enum hl_taken {
	HL_TAKEN_NEW,     /* verified and kept */
	HL_TAKEN_KNOWN,   /* held already, or older than what is held */
	HL_TAKEN_ASIDE,   /* kept aside until the cards between arrive */
	HL_TAKEN_REFUSED, /* not kept: *ret_code says why */
};

/* Verifies a document (sort: HL_DOC_CARD to HL_DOC_SUSPENSION) against what is held, and keeps it.
 * A first card of a lab that is not held is kept as well: holding a card is not pinning a peer,
 * only the directory does that. HL_EXIT_NO only for trouble of our own. Equivocation (identity
 * 2.17) is said on standard error, kept as evidence, and comes back as REFUSED. */
HL_MUST enum hl_exit hl_docs_take(struct hl_app *app, enum hl_doc sort,
	struct hl_view doc, enum hl_taken *ret, enum hl_status *ret_code);

/* Queues a document for the own node (table puts); it goes with the next line. */
HL_MUST enum hl_exit hl_docs_queue(
	struct hl_app *app, enum hl_doc sort, struct hl_view doc);

/* Takes in a document made here, queues it, and says so if it does not verify. */
HL_MUST enum hl_exit hl_docs_publish(
	struct hl_app *app, enum hl_doc sort, struct hl_view doc);

/* "card", "directory", … for messages. */
const char *hl_doc_name(enum hl_doc sort);

/* A hotline file read from a path ("-": standard input), its network compared with ours where
 * app->net is set. Said where it is not one. */
HL_MUST enum hl_exit hl_docs_read_file(
	struct hl_app *app, const char *path, struct hl_file *ret);
/* Writes the items as armoured text to a path ("-": standard output). overwrite: a file that is
 * there is replaced, else that is an error. */
HL_MUST enum hl_exit hl_docs_write_file(struct hl_app *app, const char *path,
	struct hl_doc_item *items, size_t n, bool overwrite);
/* All cards of a lab in order, its sealing keys and its suspensions, as items of a file. Freed with
 * hl_docs_bundle_free. */
struct hl_bundle {
	struct hl_doc_item items[HL_FILE_ITEMS_MAX];
	struct hl_buf bytes[HL_FILE_ITEMS_MAX];
	size_t n;
};
HL_MUST enum hl_exit hl_docs_bundle(
	struct hl_app *app, const struct hl_id *lab, struct hl_bundle **ret);
void hl_docs_bundle_free(struct hl_bundle *bundle);

void hl_library_free(struct hl_library *library);

#endif
