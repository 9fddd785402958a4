#include "client/inbox.h"

#include <stdlib.h>

#include "client/channels.h"
#include "client/docs.h"
#include "client/outbox.h"
#include "client/output.h"
#include "client/proof.h"

#define PAGE 64

/* One page of the feed with the letters that it brought. */
struct page {
	struct hl_reply reply;
	struct hl_envelope letters[PAGE];
	uint64_t times[PAGE];
	bool deferred[PAGE];
	size_t n;
};

static void page_free(struct page **page)
{
	if (!*page)
		return;
	for (size_t i = 0; i < (*page)->n; i++)
		hl_envelope_clear(&(*page)->letters[i]);
	hl_reply_clear(&(*page)->reply);
	free(*page);
	*page = NULL;
}

/* Is there anything that the node's copy would add to ours? */
static bool wanted(struct hl_app *app, const struct hl_id *id)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT 1 FROM letters WHERE id = ? AND stored > 0 AND source <> 2"
		" AND deferred = 0 AND short = 0",
		"d", id);

	return !hl_db_next(app->db, stmt);
}

static enum hl_exit fetch(struct hl_app *app, struct hl_line *line,
	const struct hl_id *id, struct page *page)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	struct hl_frame request = {.type = HL_FRAME_FETCH, .id = *id};
	enum hl_exit code = hl_line_ask(line, &request, 0, &reply);
	enum hl_status status;

	if (code != HL_EXIT_OK || reply.code != HL_OK)
		return code;
	status = hl_envelope_parse(
		&app->net, reply.body.fetch.envelope, &page->letters[page->n]);
	if (status == HL_OK && !hl_id_eq(&page->letters[page->n].id, id)) {
		hl_envelope_clear(&page->letters[page->n]);
		status = HL_BAD_HASH;
	}
	if (hl_status_ours(status))
		return hl_fail_status(status, "reading a letter");
	if (status != HL_OK) {
		hl_note("hotline: your node gave a letter %s that is damaged: %s",
			hl_short(app, id, 8), hl_status_text(status));
		return HL_EXIT_OK;
	}
	if (hl_letter_is_machine(app, &page->letters[page->n])) {
		hl_envelope_clear(&page->letters[page->n]);
		return HL_EXIT_OK;
	}
	page->times[page->n] = reply.body.fetch.time;
	page->deferred[page->n] = reply.body.fetch.deferred;
	page->n++;
	return HL_EXIT_OK;
}

static enum hl_exit keep(struct hl_app *app, const struct page *page, uint64_t cursor)
{
	enum hl_exit code = hl_db_begin(app->db);

	for (size_t i = 0; i < page->n && code == HL_EXIT_OK; i++)
		code = hl_letter_keep(app, &page->letters[i], HL_SOURCE_NODE,
			page->times[i], page->deferred[i], 0, NULL);
	if (code == HL_EXIT_OK && cursor > hl_db_get_int(app->db, "feed"))
		code = hl_db_set_int(app->db, "feed", cursor);
	if (code != HL_EXIT_OK) {
		hl_db_rollback(app->db);
		return code;
	}
	return hl_db_commit(app->db);
}

/* A receipt or a refusal came: what it proves is looked at here, once. */
static enum hl_exit prove(
	struct hl_app *app, struct hl_line *line, const struct hl_feed_item *item)
{
	struct hl_proof proof;

	if (item->sort != HL_FEED_RECEIPT && item->sort != HL_FEED_REFUSED)
		return HL_EXIT_OK;
	if (item->has_lab && hl_proof_of(app, &item->id, &item->lab, &proof) &&
		proof.verified && proof.state >= HL_DELIVERED)
		return HL_EXIT_OK;
	return hl_proof_ask(app, line, &item->id);
}

static enum hl_exit take_page(
	struct hl_app *app, struct hl_line *line, uint64_t after, bool *ret_more)
{
	__attribute__((cleanup(page_free))) struct page *page = calloc(1, sizeof(*page));
	struct hl_frame request = {.type = HL_FRAME_FEED, .feed = {after, PAGE}};
	const struct hl_feed_item *items;
	enum hl_exit code;
	size_t n;

	if (!page)
		return hl_fail_status(HL_ERR_NOMEM, "reading the inbox");
	code = hl_line_ask(line, &request, 0, &page->reply);
	if (code != HL_EXIT_OK)
		return code;
	if (page->reply.code != HL_OK)
		return hl_line_refused(&page->reply, "reading the inbox");
	/* A node that was restored from a backup counts anew. */
	if (page->reply.body.feed.last < after) {
		*ret_more = true;
		return hl_db_set_int(app->db, "feed", 0);
	}
	items = page->reply.body.feed.items;
	n = page->reply.body.feed.n;
	for (size_t i = 0; i < n && i < PAGE && code == HL_EXIT_OK; i++)
		if (items[i].sort == HL_FEED_LETTER && wanted(app, &items[i].id))
			code = fetch(app, line, &items[i].id, page);
	if (code == HL_EXIT_OK && n > 0)
		code = keep(app, page, items[n - 1].number);
	for (size_t i = 0; i < n && code == HL_EXIT_OK; i++)
		code = prove(app, line, &items[i]);
	*ret_more = n >= PAGE;
	return code;
}

enum hl_exit hl_inbox_sync(struct hl_app *app, struct hl_line *line)
{
	const struct hl_member *self = hl_docs_self(app);
	enum hl_exit code = HL_EXIT_OK;
	bool more = true;

	/* What does not read has nothing to fetch. */
	if (!self || !(self->caps.bits & HL_CAP_READ))
		return HL_EXIT_OK;
	while (more && code == HL_EXIT_OK)
		code = take_page(app, line, hl_db_get_int(app->db, "feed"), &more);
	return code;
}

enum hl_exit hl_inbox_turn(struct hl_app *app, struct hl_line *line, struct hl_news *news)
{
	enum hl_exit code = hl_outbox_flush(app, line, 0);

	if (code == HL_EXIT_OK)
		code = hl_inbox_sync(app, line);
	if (code == HL_EXIT_OK)
		code = hl_inbox_open(app, news);
	if (code == HL_EXIT_OK)
		code = hl_outbox_flush(app, line, 0);
	return code;
}

enum hl_exit hl_inbox_line(struct hl_app *app, struct hl_line **ret)
{
	struct hl_line *line = NULL;
	size_t fetched = 0;
	char why[512] = "";
	enum hl_exit code = hl_line_try(app, &line, why, sizeof(why));

	*ret = NULL;
	if (code == HL_EXIT_NODE) {
		if (*why)
			hl_note("hotline: %s", why);
		hl_note("  shown is what this device holds");
		return hl_inbox_open(app, NULL);
	}
	if (code != HL_EXIT_OK)
		return code;
	code = hl_inbox_turn(app, line, NULL);
	if (code == HL_EXIT_OK)
		code = hl_channels_check(app, line, false, &fetched);
	if (code == HL_EXIT_OK && fetched > 0)
		code = hl_inbox_open(app, NULL);
	if (code == HL_EXIT_NODE) {
		hl_note("  the line to your node broke; shown is what this device holds");
		hl_line_close(line);
		return hl_inbox_open(app, NULL);
	}
	if (code != HL_EXIT_OK) {
		hl_line_close(line);
		return code;
	}
	*ret = line;
	return HL_EXIT_OK;
}
