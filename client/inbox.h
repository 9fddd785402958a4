/*
 * The inbox: what the own node's feed has is fetched and kept, then opened, judged and archived.
 */
#ifndef HL_CLIENT_INBOX_H
#define HL_CLIENT_INBOX_H

#include "client/letters.h"
#include "client/session.h"

/* Ids of letters, as they were opened (or refused) in one go. */
struct hl_news {
	struct hl_id *ids;
	size_t n, cap;
};
#define HL_CLEAN_NEWS HL_CLEAN(hl_news_clear)
void hl_news_clear(struct hl_news *news);

/* Takes in what the feed has after the cursor, and asks for the proofs that it tells of. */
HL_MUST enum hl_exit hl_inbox_sync(struct hl_app *app, struct hl_line *line);

/* Opens every letter that is kept sealed and can be opened now. What cannot be opened is kept with
 * the code, and a cannot-open for it (once) waits in the outbox. news may be NULL. Needs
 * app->keys. */
HL_MUST enum hl_exit hl_inbox_open(struct hl_app *app, struct hl_news *news);

/* Drafts out, feed in, letters opened; what could not be opened here is asked for, and what others
 * could not open is sent again. */
HL_MUST enum hl_exit hl_inbox_turn(
	struct hl_app *app, struct hl_line *line, struct hl_news *news);

/* For commands that read: opens the line, does a turn and looks at the peers' channels. Where the
 * node is away that is said, and *ret is NULL with HL_EXIT_OK: what this device holds is shown. */
HL_MUST enum hl_exit hl_inbox_line(struct hl_app *app, struct hl_line **ret);

#endif
