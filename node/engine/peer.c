/* A link to a peer: greeting, one link for each pair, dialling, silence. */
#include "node/engine/state.h"

#include <stdio.h>
#include <string.h>

#define LINE_WORDS   60    /* changes of a line that are told at once, and */
#define LINE_WORD_MS 60000 /* one more each minute */

uint64_t hl_chance(struct hl_engine *e, uint64_t below)
{
	uint8_t r[4] = {0x80, 0};

	if (hl_entropy_fill(&e->config.entropy, r, sizeof(r)) != HL_OK)
		return below / 2;
	return below * hl_get_be32(r) >> 32;
}

/* Wait times a random factor of 0.5 to 1.5. */
static uint64_t jitter(struct hl_engine *e, uint64_t wait)
{
	return wait / 2 + hl_chance(e, wait);
}

/* Each word on a line stays in the store for a week: of one that comes and goes all the time the
 * newest is told once a minute. */
static enum hl_status tell_line(struct hl_engine *e, struct peer *peer)
{
	uint64_t minutes = (e->now.boot - peer->words_at) / LINE_WORD_MS;

	peer->words -= minutes < peer->words ? (unsigned)minutes : peer->words;
	peer->words_at += minutes * LINE_WORD_MS;
	if (!peer->untold)
		return HL_OK;
	if (peer->words >= LINE_WORDS) {
		hl_note(e, peer, 4, "its line comes and goes", "told of once a minute");
		return HL_OK;
	}
	peer->words++;
	peer->untold = false;
	peer->told = peer->state;
	enum hl_status status =
		hl_feed(e, HL_FEED_LINK, NULL, &peer->lab.id, peer->state);
	return status == HL_OK ? hl_hook_link(e, &peer->lab.id, peer->state) : status;
}

enum hl_status hl_peer_state(
	struct hl_engine *e, struct peer *peer, enum hl_link_state state)
{
	if (peer->state == state)
		return HL_OK;
	peer->state = state;
	peer->since = e->now.wall;
	if (state == HL_LINK_CONNECTING)
		return HL_OK;
	peer->untold = true;
	return tell_line(e, peer);
}

static void fail_later(struct hl_engine *e, struct peer *peer, const char *why)
{
	snprintf(peer->error, sizeof(peer->error), "%s", why != NULL ? why : "");
	peer->dialing_at = 0;
	peer->dial_at = e->now.boot + jitter(e, peer->dial_wait);
	peer->dial_wait *= 2;
	if (peer->dial_wait > HL_REDIAL_MAX_MS)
		peer->dial_wait = HL_REDIAL_MAX_MS;
}

bool hl_peer_is_known(const struct peer *peer)
{
	return peer->heard != 0 || peer->in.epoch != 0 || peer->out.delivered != 0;
}

void hl_peer_not_dialed(struct hl_engine *e, const struct hl_id *lab)
{
	struct peer *peer = hl_peer(e, lab);

	if (peer == NULL)
		return;
	peer->dialing_at = 0;
	peer->dial_at = e->now.boot + HL_REDIAL_MIN_MS;
}

void hl_peer_dial_failed(struct hl_engine *e, struct peer *peer, const char *why)
{
	hl_note(e, peer, 5, "no link could be made", why != NULL ? why : "");
	fail_later(e, peer, why);
	if (peer->link == NULL) {
		peer->state = hl_peer_is_known(peer) ? HL_LINK_DOWN : HL_LINK_NEVER;
		peer->since = e->now.wall;
	}
}

void hl_peer_lost(struct hl_engine *e, struct link *link, const char *why)
{
	struct peer *peer = hl_peer(e, &link->lab);

	if (peer == NULL || link->lost)
		return;
	link->lost = true;
	if (link->initiator && !link->hello)
		fail_later(e, peer, why);
	if (peer->link != link)
		return;
	peer->link = NULL;
	peer->linkless_at = e->now.boot;
	peer->dial_wait = HL_REDIAL_MIN_MS;
	fail_later(e, peer, why);
	hl_log(e, 5, "%s: link down: %s", hl_short(&peer->lab.id).text,
		why != NULL ? why : "");
	/* A feed that cannot be written is no reason to keep a dead link. */
	enum hl_status status = hl_peer_state(e, peer, HL_LINK_DOWN);
	if (hl_status_ours(status) && e->failed == HL_OK)
		e->failed = status;
}

/* SPEC link 4.1: hello, first each way */
static enum hl_status say_hello(struct hl_engine *e, struct link *link)
{
	const struct hl_card *card = &e->own.card;
	struct hl_frame frame = {.type = HL_FRAME_HELLO};

	frame.hello.version = HL_PROTOCOL_VERSION;
	frame.hello.from = e->own.id;
	frame.hello.to = link->lab;
	hl_key_id(
		&e->config.net, HL_ROLE_NODE_SIGN, e->config.sign->pub, &frame.hello.kid);
	frame.hello.card_version = card->version;
	frame.hello.card_hash = card->hash;
	frame.hello.clock = e->now.wall;
	return hl_send(e, link, &frame, 0);
}

static enum hl_status welcome(struct hl_engine *e, struct peer *peer, struct link *link)
{
	return hl_boxed(e, peer) ? hl_link_close(e, link, HL_CLOSE_PROTOCOL)
				 : say_hello(e, link);
}

enum hl_status hl_peer_up(struct hl_engine *e, struct link *link)
{
	size_t n = 0;
	struct peer *peer = hl_peer_by_key(e, link->key, &n);
	struct peer *dialled = hl_peer(e, &link->lab);

	if (dialled != NULL &&
		hl_card_node_by_link(&dialled->lab.card, link->key) != NULL)
		peer = dialled;
	if (peer == NULL || e->own.card.version == 0 || e->down) {
		if (dialled != NULL)
			dialled->dialing_at = 0;
		return hl_link_close(e, link, HL_CLOSE_PERMITTED);
	}
	link->lab = peer->lab.id;
	if (link->initiator)
		peer->dialing_at = 0;
	/* A card can name a key of another lab, which has no say in it: so as not to be cut off by
	 * that, whoever called says first who it is. */
	link->unnamed = n > 1 && peer != dialled;
	return link->unnamed ? HL_OK : welcome(e, peer, link);
}

static enum hl_status name_link(
	struct hl_engine *e, struct link *link, const struct hl_id *from)
{
	struct peer *peer = hl_peer(e, from);

	if (!link->unnamed)
		return HL_OK;
	link->unnamed = false;
	if (peer != NULL && hl_card_node_by_link(&peer->lab.card, link->key) != NULL)
		link->lab = peer->lab.id;
	return welcome(e, hl_peer(e, &link->lab), link);
}

/* After a new card: links of nodes that are on it no more. */
enum hl_status hl_peer_recheck(struct hl_engine *e, const struct lab *lab)
{
	enum hl_status status = HL_OK;

	for (struct link *l = e->links; l != NULL && status == HL_OK; l = l->next)
		if (!l->dead && l->purpose == HL_PURPOSE_PEER &&
			hl_id_eq(&l->lab, &lab->id) &&
			hl_card_node_by_link(&lab->card, l->key) == NULL)
			status = hl_link_close(e, l, HL_CLOSE_PERMITTED);
	return status;
}

/* SPEC link 4.9: Each pair of labs keeps one link */
/* Is it the new one? */
static bool new_wins(struct hl_engine *e, const struct link *now, const struct link *old)
{
	/* A newer link with the same initiator replaces the older. */
	if (now->initiator == old->initiator)
		return true;
	bool own_is_smaller = hl_id_cmp(&e->own.id, &now->lab) < 0;
	if (now->initiator == own_is_smaller)
		return true;
	return e->now.boot - old->heard >= DUPLICATE_MS;
}

static enum hl_status take_place(
	struct hl_engine *e, struct peer *peer, struct link *link)
{
	enum hl_status status = HL_OK;

	peer->link = link;
	peer->link_psk = link->psk;
	peer->dial_wait = HL_REDIAL_MIN_MS;
	peer->dialing_at = 0;
	peer->error[0] = '\0';
	peer->receipt_due = true;
	peer->refused_said = 0;
	peer->ask_wait = 0;
	peer->gap_at = e->now.boot; /* what is missing is on its way now */
	link->signed_at = 0;
	link->carried_more = true;
	status = hl_peer_state(e, peer, HL_LINK_UP);
	if (status == HL_OK) {
		link->beat_at = e->now.boot + HL_HEARTBEAT_MS;
		status = hl_news_send(e, link);
	}
	return status == HL_OK ? hl_drill_line_up(e, peer) : status;
}

static enum hl_status take_hello(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct peer *peer = hl_peer(e, &link->lab);
	struct link *old = peer->link;

	if (frame->hello.version < HL_PROTOCOL_VERSION)
		return hl_link_close(e, link, HL_CLOSE_VERSION);
	/* SPEC link 4.1: from and to MUST be the labs that the link keys belong to, else the link
	 * is closed. */
	if (!hl_id_eq(&frame->hello.from, &link->lab) ||
		!hl_id_eq(&frame->hello.to, &e->own.id)) {
		return hl_breach(e, link, "a greeting for another lab", "link closed");
	}
	link->hello = true;
	hl_late_clock(e, peer, frame->hello.clock);
	if (old != NULL) {
		bool same = old->initiator == link->initiator;
		if (!new_wins(e, link, old))
			return hl_link_close(e, link, HL_CLOSE_DUPLICATE);
		peer->link = NULL;
		enum hl_status status = hl_link_close(
			e, old, same ? HL_CLOSE_REPLACED : HL_CLOSE_DUPLICATE);
		if (status != HL_OK)
			return status;
	}
	enum hl_status status = take_place(e, peer, link);
	if (status == HL_OK && frame->hello.card_version > peer->lab.card.version)
		status = hl_ask_cards(e, link, &peer->lab, frame->hello.card_version);
	return status;
}

enum hl_status hl_peer_frame(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct peer *peer = hl_peer(e, &link->lab);
	enum hl_status status;
	bool held;

	if (link->hello != (frame->type != HL_FRAME_HELLO))
		return hl_breach(e, link, "frames out of order", "link closed");
	switch (frame->type) {
	case HL_FRAME_HELLO:
		status = name_link(e, link, &frame->hello.from);
		return status == HL_OK && !link->dead ? take_hello(e, link, frame)
						      : status;
	case HL_FRAME_HEARTBEAT:
		hl_late_clock(e, peer, frame->heartbeat.clock);
		hl_pulse_take(peer, frame->heartbeat.pulse);
		status = hl_scarce_peer(e, peer, frame->heartbeat.trouble);
		return status == HL_OK ? hl_news_take(e, link, frame) : status;
	case HL_FRAME_STATEMENT: return hl_statement_take(e, peer, link, frame->doc);
	case HL_FRAME_SEGMENT: return hl_segment_take(e, link, frame->doc);
	case HL_FRAME_LETTER: return hl_letter_from_link(e, link, frame, &held);
	case HL_FRAME_WANT_LETTERS:
	case HL_FRAME_WANT_ENTRIES: return hl_channel_serve(e, link, frame);
	case HL_FRAME_WANT_CARDS:
	case HL_FRAME_WANT_SEALS:
	case HL_FRAME_WANT_SUSPENSIONS: return hl_news_serve(e, link, frame);
	case HL_FRAME_CARD: return hl_take_doc(e, HL_DOC_CARD, frame->doc, link, false);
	case HL_FRAME_SEALS: return hl_take_doc(e, HL_DOC_SEALS, frame->doc, link, false);
	case HL_FRAME_SUSPENSION:
		return hl_take_doc(e, HL_DOC_SUSPENSION, frame->doc, link, false);
	case HL_FRAME_CARRY: return hl_carry_take(e, link, frame);
	case HL_FRAME_OFFER: return hl_offer_take(e, link, frame->doc);
	case HL_FRAME_CLOSE:
	case HL_FRAME_DEVICE_HELLO:
	case HL_FRAME_REPLY:
	case HL_FRAME_GET_DOCS:
	case HL_FRAME_PUT:
	case HL_FRAME_SUBMIT:
	case HL_FRAME_FEED:
	case HL_FRAME_FETCH:
	case HL_FRAME_PROOF:
	case HL_FRAME_STATUS:
	case HL_FRAME_WATCH:
	case HL_FRAME_EVENT:
	case HL_FRAME_PSK:
	case HL_FRAME_ENTRIES:
	case HL_FRAME_PING:
	case HL_FRAME_DRILLS: break;
	}
	return hl_link_close(e, link, HL_CLOSE_PROTOCOL);
}

static bool can_dial(const struct hl_engine *e, const struct peer *peer)
{
	if (e->down || e->own.card.version == 0 || peer->dialing_at != 0)
		return false;
	if (peer->link == NULL)
		return true;
	/* SPEC link 4.10: the dialer makes the new link before the old is closed with reason 1 */
	return peer->link->initiator &&
		e->now.boot - peer->link->up_at >= HL_LINK_LIFE_MS;
}

enum hl_status hl_peer_timer(struct hl_engine *e, struct peer *peer)
{
	struct link *link = peer->link;

	if (peer->dialing_at != 0 && e->now.boot - peer->dialing_at >= DIALING_MAX_MS)
		hl_peer_dial_failed(e, peer, "nothing came of the call");
	if (can_dial(e, peer) && e->now.boot >= peer->dial_at &&
		hl_quota_boxed(&peer->quota, e->now.boot) == 0) {
		enum hl_status status = hl_dial(e, peer);
		if (status != HL_OK)
			return status;
		if (peer->dialing_at == 0) /* nowhere to dial to */
			peer->dial_at = e->now.boot + HL_REDIAL_MAX_MS;
		else if (link == NULL)
			status = hl_peer_state(e, peer, HL_LINK_CONNECTING);
		if (status != HL_OK)
			return status;
	}
	enum hl_status told = tell_line(e, peer);
	if (told == HL_OK)
		told = hl_pulse_timer(e, peer);
	if (told == HL_OK)
		told = hl_carry_timer(e, peer);
	if (told == HL_OK && link != NULL && !link->dead)
		told = hl_regain_timer(e, peer);
	return told == HL_OK ? hl_ask_letters(e, peer) : told;
}

uint64_t hl_peer_next(const struct hl_engine *e, const struct peer *peer)
{
	if (e->down || e->own.card.version == 0)
		return UINT64_MAX;
	uint64_t at = hl_pulse_at(e, peer), dial = peer->dial_at;
	if (peer->dialing_at != 0) {
		dial = peer->dialing_at + DIALING_MAX_MS;
	} else if (peer->link != NULL) {
		uint64_t relink = peer->link->up_at + HL_LINK_LIFE_MS;
		dial = relink > dial ? relink : dial;
		if (!peer->link->initiator)
			dial = UINT64_MAX;
	}
	if (dial < peer->quota.box_until)
		dial = peer->quota.box_until;
	at = at < dial ? at : dial;
	uint64_t carry = hl_carry_at(e, peer);
	return at < carry ? at : carry;
}
