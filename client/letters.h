/*
 * Letters as this device holds them: the sealed copy (table letters) and, once opened, content key
 * and message under the archive key (table archive).
 */
#ifndef HL_CLIENT_LETTERS_H
#define HL_CLIENT_LETTERS_H

#include "client/db.h"

enum hl_source { HL_SOURCE_NODE = 1, HL_SOURCE_HAND = 2, HL_SOURCE_OWN = 3 };
enum hl_letter_state {
	HL_LETTER_SEALED = 0,
	HL_LETTER_OPENED = 1,
	HL_LETTER_REFUSED = 2
};

/* Marks: what is shown beside a letter. */
#define HL_MARK_WRAP        1u /* a wrap is not what was signed (envelope 4.2) */
#define HL_MARK_STALE       2u /* sealed with a key whose epoch had ended */
#define HL_MARK_UNCONFIRMED 4u /* by hand, and no segment shows it entered (file 1.5) */
#define HL_MARK_RESENT      8u /* opened with the key that a resend discloses (envelope 4.9) */
#define HL_MARK_SETTLED     16u /* nothing comes of it any more: a cannot-open, one refused */

/* One letter. message is good only in state HL_LETTER_OPENED; its views lie in bytes. */
struct hl_letter {
	struct hl_envelope envelope;
	struct hl_id incident;
	enum hl_source source;
	enum hl_letter_state state;
	enum hl_status code; /* why it was refused */
	unsigned marks;
	bool deferred, is_short;
	uint64_t stored;     /* ms; 0: not at the node yet */
	struct hl_buf bytes; /* content key, then the message */
	struct hl_message message;
};

#define HL_CLEAN_LETTER HL_CLEAN(hl_letter_clear)
void hl_letter_clear(struct hl_letter *letter);

/* The sender's person, safe to print. */
const char *hl_letter_person(struct hl_app *app, const struct hl_letter *letter);

/* envelope 3.6: was the incident that this letter closes raised with FLASH, as far as is held here?
 * And does it lack signatures that the release rule asks for? */
bool hl_letter_raised_with_flash(struct hl_app *app, const struct hl_envelope *envelope);
bool hl_letter_short(struct hl_app *app, const struct hl_envelope *envelope);

/* Keeps a parsed letter; one that is held stays, but takes the node's time where it had none.
 * *ret_new may be NULL. */
HL_MUST enum hl_exit hl_letter_keep(struct hl_app *app,
	const struct hl_envelope *envelope, enum hl_source source, uint64_t stored,
	bool deferred, unsigned marks, bool *ret_new);

/* A letter was opened: archives key and message, sets state, type and marks. Needs app->keys. */
HL_MUST enum hl_exit hl_letter_archive(struct hl_app *app, const struct hl_id *id,
	const struct hl_key32 *ck, struct hl_view message, unsigned type, unsigned marks);

/* It cannot be shown: the code says why. */
HL_MUST enum hl_exit hl_letter_refuse(
	struct hl_app *app, const struct hl_id *id, enum hl_status code);

/* The copy that the own node gave is not whole: it goes, and the node is asked again (inbox). */
HL_MUST enum hl_exit hl_letter_drop(
	struct hl_app *app, const struct hl_id *id, enum hl_status code);
/* The name in table meta under which a letter stands that the node is to be asked for again. */
const char *hl_letter_again(struct hl_app *app, const struct hl_id *id);

/* Did it come by hand, and was its sender cut off before it was ever opened? It stays closed until
 * a proof that it was sent before comes (identity 4.3). */
bool hl_letter_cut_off(struct hl_app *app, const struct hl_letter *letter);
bool hl_letter_held(struct hl_app *app, const struct hl_id *id);
/* Is it a machine test or its answer, signed by a node of its lab (message 4.4)? Such a one is
 * passed over: it is for no device. */
bool hl_letter_is_machine(struct hl_app *app, const struct hl_envelope *envelope);
HL_MUST enum hl_exit hl_letter_forget(struct hl_app *app, const struct hl_id *id);

/* Loads one. HL_EXIT_NO, unsaid, where it is not held. */
HL_MUST enum hl_exit hl_letter_load(
	struct hl_app *app, const struct hl_id *id, struct hl_letter *ret);

/* The rows of a query for letters, one at a time: where is what follows WHERE, with the arguments
 * of hl_db_query. hl_letter_next: false at the end; a damaged row is named and passed over. */
#define HL_LETTER_SELECT                                                            \
	"SELECT l.doc, l.incident, l.source, l.state, l.code, l.marks, l.deferred," \
	" l.short, l.stored, a.box FROM letters l LEFT JOIN archive a ON a.id = l.id "
bool hl_letter_next(struct hl_app *app, sqlite3_stmt *stmt, struct hl_letter *ret);

#endif
