/* A link to a device of the own lab: its requests, in order. */
#include "node/engine/state.h"

#include <stdio.h>
#include <string.h>

enum hl_status hl_reply(struct hl_engine *e, struct link *link,
	const struct hl_frame *frame, enum hl_status code, const char *text,
	const struct hl_body *body)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_frame reply = {.type = HL_FRAME_REPLY, .request = frame->request};

	if (text == NULL)
		text = code == HL_OK ? "" : hl_status_text(code);
	reply.reply.code = code;
	reply.reply.text = hl_view_str(text);
	if (code == HL_OK && body != NULL) {
		enum hl_status status = hl_body_encode(body, &bytes);
		if (status != HL_OK)
			return hl_status_ours(status) ? status : HL_ERR_INTERNAL;
		reply.reply.has_body = true;
		reply.reply.body = hl_view_buf(&bytes);
	}
	return hl_send(e, link, &reply, 0);
}

/* The member behind a link, as the card in force has it; NULL: no longer one. */
static const struct hl_member *member_of(struct hl_engine *e, const struct link *link)
{
	return hl_card_member_by_link(&e->own.card, link->key);
}

enum hl_status hl_device_up(struct hl_engine *e, struct link *link)
{
	const struct hl_member *member = member_of(e, link);
	bool suspended = false;
	enum hl_status status = HL_OK;

	link->barred = HL_OK;
	if (member == NULL) {
		link->barred = HL_NOT_MEMBER;
	} else {
		link->kid = member->kid;
		status = hl_suspended(e, &e->own.id, &member->kid, &suspended);
		if (suspended)
			link->barred = HL_SUSPENDED;
	}
	if (link->barred != HL_OK)
		hl_note(e, NULL, 4,
			suspended ? "a suspended device"
				  : "a device that is no longer on the card",
			"link refused");
	return status;
}

/* Who signed the suspension of a device: "by Eva Lind". */
static void suspended_by(struct hl_engine *e, const struct hl_id *kid, char ret[256])
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_suspension s;
	size_t n = 0;

	ret[0] = '\0';
	if (hl_store_doc_get(e->store, HL_DOC_SUSPENSION, &e->own.id, kid, 0, &doc) !=
			HL_OK ||
		hl_suspension_parse(&e->config.net, hl_view_buf(&doc), &s) != HL_OK)
		return;
	for (size_t i = 0; i < s.n_sigs && n < 180; i++) {
		const struct hl_member *by = hl_card_member(&e->own.card, &s.sigs[i].kid);
		int wrote = by == NULL
			? 0
			: snprintf(ret + n, 256 - n, "%s%.*s", n == 0 ? "by " : " and ",
				  (int)by->person.n, (const char *)by->person.p);
		n += wrote > 0 ? (size_t)wrote : 0;
	}
}

/* SPEC link 5.2: A device that is suspended, or that stands only on the card before the one in
 * force, gets code 13 or 12 for its first request, whatever it asks, and the link is closed with
 * reason 4. */
static enum hl_status turn_away(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	char text[256] = "";

	if (link->barred == HL_SUSPENDED)
		suspended_by(e, &link->kid, text);
	enum hl_status status = hl_reply(e, link, frame, link->barred, text, NULL);
	return status == HL_OK ? hl_link_close(e, link, HL_CLOSE_PERMITTED) : status;
}

/* After a new card or a suspension: who may still be here? */
enum hl_status hl_device_recheck(struct hl_engine *e)
{
	enum hl_status status = HL_OK;

	for (struct link *l = e->links; l != NULL && status == HL_OK; l = l->next) {
		const struct hl_member *member = member_of(e, l);
		bool suspended = false;
		if (l->dead || l->purpose != HL_PURPOSE_DEVICE || l->barred != HL_OK)
			continue;
		if (member != NULL && hl_id_eq(&member->kid, &l->kid))
			status = hl_suspended(e, &e->own.id, &l->kid, &suspended);
		else
			suspended = true;
		if (status == HL_OK && suspended)
			status = hl_link_close(e, l, HL_CLOSE_PERMITTED);
	}
	return status;
}

static enum hl_status take_hello(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct hl_body body = {.of = HL_FRAME_DEVICE_HELLO};

	if (frame->device_hello.version < HL_PROTOCOL_VERSION)
		return hl_link_close(e, link, HL_CLOSE_VERSION);
	/* SPEC link 5.2: It is the first request, and the key id MUST be that of the member whose
	 * link key it is. */
	if (!hl_id_eq(&frame->device_hello.lab, &e->own.id) ||
		!hl_id_eq(&frame->device_hello.kid, &link->kid))
		return hl_link_close(e, link, HL_CLOSE_PROTOCOL);
	link->hello = true;
	body.hello.version = HL_PROTOCOL_VERSION;
	body.hello.lab = e->own.id;
	hl_key_id(
		&e->config.net, HL_ROLE_NODE_SIGN, e->config.sign->pub, &body.hello.kid);
	body.hello.clock = e->now.wall;
	body.hello.card_version = e->own.card.version;
	body.hello.directory_version = e->directory.version;
	body.hello.last_feed = e->feed_last;
	return hl_reply(e, link, frame, HL_OK, NULL, &body);
}

static enum hl_status take_put(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	const struct hl_member *member = member_of(e, link);
	bool admin = member != NULL && (member->caps.bits & HL_CAP_ADMIN) != 0;
	const char *text = NULL;

	if (frame->put.sort == HL_DOC_DIRECTORY && !admin)
		return hl_reply(e, link, frame, HL_NOT_PERMITTED,
			"a directory is taken from admins alone", NULL);
	if (frame->put.sort < HL_DOC_CARD || frame->put.sort > HL_DOC_SUSPENSION)
		return hl_reply(e, link, frame, HL_BAD_FIELD,
			"no such sort of document is taken", NULL);
	enum hl_status code =
		hl_take_doc(e, (enum hl_doc)frame->put.sort, frame->put.doc, link, admin);
	if (hl_status_ours(code))
		return code;
	if (code == HL_NOT_PERMITTED && frame->put.sort == HL_DOC_CARD)
		text = "the first card of a new lab is taken from admins alone";
	return hl_reply(e, link, frame, code, text, NULL);
}

static enum hl_status take_submit(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_body body = {.of = HL_FRAME_SUBMIT};
	char text[256] = "";
	enum hl_status code = hl_envelope_parse(&e->config.net, frame->doc, &envelope);

	if (code == HL_OK && hl_id_eq(&envelope.core.lab, &e->own.id))
		code = hl_letter_submit(e, &envelope, &body.submit.time, text);
	else if (code == HL_OK)
		code = hl_letter_take(e, &envelope, link, &body.submit.time);
	if (hl_status_ours(code))
		return code;
	body.submit.id = envelope.id;
	return hl_reply(e, link, frame, code, text[0] != '\0' ? text : NULL, &body);
}

static enum hl_status take_psk(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	const struct hl_member *member = member_of(e, link);
	struct peer *peer = hl_peer(e, &frame->psk.lab);
	struct hl_key32 psk HL_CLEAN_KEY32 = {0};

	if (member == NULL || (member->caps.bits & HL_CAP_ADMIN) == 0)
		return hl_reply(e, link, frame, HL_NOT_PERMITTED, NULL, NULL);
	if (peer == NULL)
		return hl_reply(e, link, frame, HL_UNKNOWN, "no such peer", NULL);
	if (peer->psk_fixed)
		return hl_reply(e, link, frame, HL_NOT_PERMITTED,
			"the node's configuration sets this peer's key", NULL);
	memcpy(psk.b, frame->psk.key, sizeof(psk.b));
	enum hl_status status = hl_store_psk_put(e->store, &peer->lab.id, &psk);
	if (status != HL_OK)
		return status;
	memcpy(peer->psk, psk.b, sizeof(peer->psk));
	/* SPEC link 5.11: the link to that peer is made anew */
	if (peer->link != NULL) {
		status = hl_link_close(e, peer->link, HL_CLOSE_REPLACED);
		if (status != HL_OK)
			return status;
	}
	status = hl_engine_load_known(e);
	return status == HL_OK ? hl_reply(e, link, frame, HL_OK, NULL, NULL) : status;
}

enum hl_status hl_device_watch(struct hl_engine *e, struct link *link)
{
	struct hl_feed_item item[64];
	struct hl_frame event = {.type = HL_FRAME_EVENT};
	size_t n = 0;
	enum hl_status status = HL_OK;

	do {
		if (link->queued >= HL_LINK_QUEUE_MAX)
			return HL_OK; /* goes on when it has drained */
		status = hl_store_feed_list(e->store, link->watch_after, item, 64, &n);
		if (status != HL_OK || n == 0)
			return status;
		event.event.items = item;
		event.event.n = n;
		status = hl_send(e, link, &event, 0);
		link->watch_after = item[n - 1].number;
	} while (status == HL_OK && n == 64);
	return status;
}

enum hl_status hl_device_frame(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	if (link->barred != HL_OK)
		return turn_away(e, link, frame);
	if (!link->hello && frame->type != HL_FRAME_DEVICE_HELLO)
		return hl_link_close(e, link, HL_CLOSE_PROTOCOL);
	/* One that does not read its replies is not served. */
	if (link->queued >= 2 * HL_LINK_QUEUE_MAX)
		return hl_link_close(e, link, HL_CLOSE_PROTOCOL);
	switch (frame->type) {
	case HL_FRAME_DEVICE_HELLO: return take_hello(e, link, frame);
	case HL_FRAME_GET_DOCS: return hl_read_docs(e, link, frame);
	case HL_FRAME_PUT: return take_put(e, link, frame);
	case HL_FRAME_SUBMIT: return take_submit(e, link, frame);
	case HL_FRAME_FEED: return hl_read_feed(e, link, frame);
	case HL_FRAME_FETCH: return hl_read_fetch(e, link, frame);
	case HL_FRAME_PROOF: return hl_read_proof(e, link, frame);
	case HL_FRAME_STATUS: return hl_read_status(e, link, frame);
	case HL_FRAME_WATCH:
		link->watching = true;
		link->watch_after = frame->feed.after;
		return hl_reply(e, link, frame, HL_OK, NULL, NULL);
	case HL_FRAME_PSK: return take_psk(e, link, frame);
	case HL_FRAME_ENTRIES: return hl_read_entries(e, link, frame);
	case HL_FRAME_PING: return hl_reply(e, link, frame, HL_OK, NULL, NULL);
	case HL_FRAME_DRILLS: return hl_read_drills(e, link, frame);
	case HL_FRAME_HELLO:
	case HL_FRAME_HEARTBEAT:
	case HL_FRAME_STATEMENT:
	case HL_FRAME_SEGMENT:
	case HL_FRAME_LETTER:
	case HL_FRAME_WANT_LETTERS:
	case HL_FRAME_WANT_ENTRIES:
	case HL_FRAME_WANT_CARDS:
	case HL_FRAME_CARD:
	case HL_FRAME_WANT_SEALS:
	case HL_FRAME_SEALS:
	case HL_FRAME_WANT_SUSPENSIONS:
	case HL_FRAME_SUSPENSION:
	case HL_FRAME_CARRY:
	case HL_FRAME_OFFER:
	case HL_FRAME_CLOSE:
	case HL_FRAME_REPLY:
	case HL_FRAME_EVENT: break;
	}
	return hl_link_close(e, link, HL_CLOSE_PROTOCOL);
}
