#include "client/inbox.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/channels.h"
#include "client/docs.h"
#include "client/outbox.h"
#include "client/output.h"
#include "client/proof.h"
#include "client/resend.h"

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

/* The cursor moves on; this one is asked for again with each turn until it comes. */
static enum hl_exit later(struct hl_app *app, const struct hl_id *id, const char *why)
{
	hl_note("hotline: your node gives no good copy of the letter %s: %s; it is asked "
		"again with each command",
		hl_short(app, id, 8), why);
	return hl_db_set_int(app->db, hl_letter_again(app, id), 1);
}

static enum hl_exit settled(struct hl_app *app, const struct hl_id *id)
{
	return hl_db_do(app->db, "DELETE FROM meta WHERE name = ?", "t",
		hl_letter_again(app, id));
}

static enum hl_exit fetch(struct hl_app *app, struct hl_line *line,
	const struct hl_id *id, struct page *page)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	struct hl_frame request = {.type = HL_FRAME_FETCH, .id = *id};
	enum hl_exit code = hl_line_ask(line, &request, 0, &reply);
	enum hl_status status;

	if (code != HL_EXIT_OK)
		return code;
	/* What it does not hold any more is gone for good. */
	if (reply.code == HL_UNKNOWN)
		return settled(app, id);
	if (reply.code != HL_OK)
		return later(app, id,
			hl_safe(app,
				hl_view_str(reply.text[0] ? reply.text
							  : hl_status_text(reply.code))));
	status = hl_envelope_parse(
		&app->net, reply.body.fetch.envelope, &page->letters[page->n]);
	if (status == HL_OK && !hl_id_eq(&page->letters[page->n].id, id)) {
		hl_envelope_clear(&page->letters[page->n]);
		status = HL_BAD_HASH;
	}
	if (hl_status_ours(status))
		return hl_fail_status(status, "reading a letter");
	if (status != HL_OK)
		return later(app, id, hl_status_text(status));
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

	if (item->sort != HL_FEED_RECEIPT && item->sort != HL_FEED_REFUSED &&
		item->sort != HL_FEED_CARRIED)
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
	if (n > PAGE)
		n = PAGE;
	for (size_t i = 0; i < n && code == HL_EXIT_OK; i++)
		if (items[i].sort == HL_FEED_LETTER && wanted(app, &items[i].id))
			code = fetch(app, line, &items[i].id, page);
	if (code == HL_EXIT_OK && n > 0)
		code = keep(app, page, items[n - 1].number);
	for (size_t i = 0; i < n && code == HL_EXIT_OK; i++)
		code = prove(app, line, &items[i]);
	/* A node that goes round in circles is left. */
	*ret_more = n == PAGE && hl_db_get_int(app->db, "feed") > after;
	return code;
}

static bool id_of_hex(const char *hex, struct hl_id *ret)
{
	size_t n = 0;

	return sodium_hex2bin(ret->b, sizeof(ret->b), hex, strlen(hex), NULL, &n, NULL) ==
		0 &&
		n == sizeof(ret->b);
}

static size_t list_again(struct hl_app *app, struct hl_id ret[static PAGE])
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT substr(name, 7) FROM meta WHERE name GLOB 'again-*' LIMIT ?", "i",
		(uint64_t)PAGE);
	size_t n = 0;

	while (n < PAGE && hl_db_next(app->db, stmt))
		n += id_of_hex(hl_db_text(stmt, 0), &ret[n]);
	return n;
}

/* What the node could not give before. */
static enum hl_exit take_again(struct hl_app *app, struct hl_line *line)
{
	__attribute__((cleanup(page_free))) struct page *page = NULL;
	struct hl_id ids[PAGE];
	size_t n = list_again(app, ids);
	enum hl_exit code = HL_EXIT_OK;

	if (n == 0)
		return HL_EXIT_OK;
	page = calloc(1, sizeof(*page));
	if (!page)
		return hl_fail_status(HL_ERR_NOMEM, "reading the inbox");
	for (size_t i = 0; i < n && code == HL_EXIT_OK; i++)
		if (wanted(app, &ids[i]))
			code = fetch(app, line, &ids[i], page);
	if (code == HL_EXIT_OK)
		code = keep(app, page, 0);
	for (size_t i = 0; i < n && code == HL_EXIT_OK; i++)
		if (!wanted(app, &ids[i]))
			code = settled(app, &ids[i]);
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
	code = take_again(app, line);
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
		code = hl_resend_give(app, line);
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
