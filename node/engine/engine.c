#include "node/engine/state.h"

#include <stdlib.h>
#include <string.h>

#define TRIM_EVERY_MS  3600000
#define LINK_FEED_MS   (7ull * 24 * 3600 * 1000)
#define WAITING_MS     3600000  /* for a card, of a letter that is in no channel */
#define FEED_BITS      16       /* 65,536 items a second: no node has so many */
#define FEED_RANDOM    0xffffff /* mask of the part that chance gives */
#define LOST_TURN_MS   1000
#define SCALE_MS       10000 /* its time is kept so often, with what is written then, */
#define SCALE_ALONE_MS 60000 /* or alone */
#define HOOK_ROWS_MS \
	(30ull * 24 * 3600 * 1000) /* runs that have ended are kept so long */
#define DRILL_ROWS_MS (400ull * 24 * 3600 * 1000)
#define ALARM         1 /* the priority of one, as syslog has it, and what is worse */

/* After every start but the first the feed goes on above what devices can have seen: a store that
 * was put back to a backup would give old numbers to new items. The clock sees to that; and chance,
 * where the clock was put back too: a device that has seen more than there is reads all again. */
static enum hl_status begin_feed(struct hl_engine *e)
{
	uint8_t random[4];

	if (e->feed_last == 0)
		return HL_OK;
	enum hl_status status =
		hl_entropy_fill(&e->config.entropy, random, sizeof(random));
	uint64_t by_clock = e->now.wall / 1000 << FEED_BITS;
	e->feed_base = e->feed_last > by_clock ? e->feed_last : by_clock;
	e->feed_base += 1 + (hl_get_be32(random) & FEED_RANDOM);
	return status;
}

enum hl_status hl_engine_new(const struct hl_engine_config *config,
	struct hl_store *store, const struct hl_now *now, struct hl_engine **ret)
{
	struct hl_engine *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return HL_ERR_NOMEM;
	e->config = *config;
	e->store = store;
	e->now = e->start = *now;
	e->own.id = config->lab;
	hl_key_id(&config->net, HL_ROLE_NODE_SIGN, config->sign->pub, &e->kid);
	e->generation = 1;
	e->trim_at = now->boot;
	enum hl_status status = hl_engine_load_scale(e);
	if (status == HL_OK)
		status = hl_engine_load(e);
	if (status != HL_OK) {
		hl_engine_free(e);
		return status;
	}
	status = begin_feed(e);
	if (status != HL_OK) {
		hl_engine_free(e);
		return status;
	}
	*ret = e;
	return HL_OK;
}

void hl_engine_free(struct hl_engine *e)
{
	if (e == NULL)
		return;
	hl_engine_unload(e);
	hl_hooks_free(e);
	hl_effects_clear(&e->turn);
	hl_effects_clear(&e->ready);
	free(e);
}

static enum hl_status add_link(
	struct hl_engine *e, const struct hl_event *event, struct link **ret)
{
	if (hl_link(e, event->link) != NULL)
		return HL_ERR_USAGE;
	struct link *link = calloc(1, sizeof(*link));
	if (link == NULL)
		return HL_ERR_NOMEM;
	link->number = event->link;
	link->purpose = event->up.purpose;
	link->initiator = event->up.initiator;
	link->psk = event->up.psk;
	link->touched = true;
	memcpy(link->key, event->up.key, sizeof(link->key));
	link->lab = event->up.lab;
	link->up_at = link->heard = link->beat_at = e->now.boot;
	link->next = e->links;
	e->links = link;
	*ret = link;
	return HL_OK;
}

/* Nobody takes all descriptors with one key: the oldest of too many links ends. */
static enum hl_status crowd_out(struct hl_engine *e, const struct link *fresh)
{
	size_t max =
		fresh->purpose == HL_PURPOSE_PEER ? PEER_LINKS_MAX : DEVICE_LINKS_MAX;
	struct link *oldest = NULL;
	size_t n = 0;

	/* The newest stand first. */
	for (struct link *l = e->links; l != NULL; l = l->next)
		if (!l->dead && memcmp(l->key, fresh->key, sizeof(l->key)) == 0) {
			n++;
			oldest = l;
		}
	return n > max ? hl_link_close(e, oldest, HL_CLOSE_REPLACED) : HL_OK;
}

static enum hl_status link_up(struct hl_engine *e, const struct hl_event *event)
{
	struct link *link = NULL;
	enum hl_status status = add_link(e, event, &link);

	if (status == HL_OK)
		status = crowd_out(e, link);
	if (status != HL_OK)
		return status;
	if (link->purpose == HL_PURPOSE_PEER)
		return hl_peer_up(e, link);
	link->lab = e->own.id;
	return hl_device_up(e, link);
}

static enum hl_status link_down(struct hl_engine *e, const struct hl_event *event)
{
	struct link *link = hl_link(e, event->link);

	if (link == NULL)
		return HL_OK;
	link->dead = true;
	if (link->purpose == HL_PURPOSE_PEER)
		hl_peer_lost(e, link, event->down.why);
	return HL_OK;
}

static enum hl_status frame_came(struct hl_engine *e, const struct hl_event *event)
{
	struct link *link = hl_link(e, event->link);
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	if (link == NULL)
		return HL_OK;
	link->heard = e->now.boot;
	link->touched = true;
	struct peer *peer =
		link->purpose == HL_PURPOSE_PEER ? hl_peer(e, &link->lab) : NULL;
	enum hl_status status = hl_frame_parse(event->frame.bytes, link->purpose, &frame);
	if (hl_status_ours(status))
		return status;
	if (status != HL_OK) {
		/* SPEC link 3.1: An unknown type, or a type that does not belong to the purpose,
		 * ends the link. */
		return hl_breach(
			e, link, "a frame that is not allowed", hl_status_name(status));
	}
	if (frame.type == HL_FRAME_CLOSE) {
		link->dead = true;
		if (peer != NULL)
			hl_peer_lost(e, link, "closed by the other side");
		return HL_OK;
	}
	if (link->purpose == HL_PURPOSE_DEVICE) {
		link->request = frame.request;
		link->asked = true;
		return hl_device_frame(e, link, &frame);
	}
	if (peer == NULL)
		return hl_link_close(e, link, HL_CLOSE_PERMITTED);
	peer->heard = e->now.wall;
	status = hl_peer_frame(e, link, &frame);
	hl_cost_frame(e, link, event->frame.lane, event->frame.bytes.n);
	return status;
}

/* Links on which nothing comes any more, and hourly housekeeping. */
static enum hl_status timer(struct hl_engine *e)
{
	enum hl_status status = HL_OK;

	for (struct link *link = e->links; link != NULL && status == HL_OK;
		link = link->next) {
		bool peer = link->purpose == HL_PURPOSE_PEER;
		uint64_t quiet = peer ? HL_SILENT_MS : DEVICE_QUIET_MS;
		if (link->dead)
			continue;
		if (e->now.boot - link->heard >= quiet) {
			if (peer)
				hl_peer_lost(e, link, "silent");
			status = hl_link_close(e, link, HL_CLOSE_DOWN);
		} else if (peer && link->hello && e->now.boot >= link->beat_at) {
			link->beat_at = e->now.boot + HL_HEARTBEAT_MS;
			status = hl_news_send(e, link);
		}
	}
	for (size_t i = 0; i < e->n_peers && status == HL_OK && !e->down; i++)
		status = hl_peer_timer(e, &e->peers[i]);
	for (size_t i = 0; i < e->n_peers && status == HL_OK && !e->down; i++)
		status = hl_drill_timer(e, &e->peers[i]);
	if (status == HL_OK)
		status = hl_call_timer(e);
	if (status == HL_OK)
		status = hl_asked_timer(e);
	if (status == HL_OK)
		status = hl_rot_timer(e);
	if (status == HL_OK)
		status = hl_late_timer(e);
	if (status == HL_OK && e->now.boot >= e->trim_at) {
		e->trim_at = e->now.boot + TRIM_EVERY_MS;
		if (e->now.wall > LINK_FEED_MS)
			status = hl_store_feed_trim(e->store, e->now.wall - LINK_FEED_MS);
		if (status == HL_OK && e->now.wall > WAITING_MS)
			status = hl_store_waiting_expire(
				e->store, e->now.wall - WAITING_MS);
		if (status == HL_OK && e->now.wall > HOOK_ROWS_MS)
			status = hl_store_hook_trim(e->store, e->now.wall - HOOK_ROWS_MS);
		if (status == HL_OK)
			status = hl_carrier_trim(e);
		if (status == HL_OK && e->now.wall > DRILL_ROWS_MS)
			status = hl_store_drill_trim(
				e->store, e->now.wall - DRILL_ROWS_MS);
	}
	return status;
}

static enum hl_status shutdown_all(struct hl_engine *e)
{
	enum hl_status status = HL_OK;

	e->down = true;
	for (struct link *l = e->links; l != NULL && status == HL_OK; l = l->next)
		status = hl_link_close(e, l, HL_CLOSE_DOWN);
	return status;
}

/* What is due waits for the restart, and is not counted as tried. */
static void helper_lost(struct hl_engine *e)
{
	hl_alarm(
		e, &e->own.id, "the helper has ended: hooks are not run until a restart");
	e->hooks.no_helper = true;
}

static enum hl_status dispatch(struct hl_engine *e, const struct hl_event *event)
{
	struct link *link;
	struct peer *peer;

	switch (event->type) {
	case HL_EVENT_TIMER: return timer(e);
	case HL_EVENT_LINK_UP: return link_up(e, event);
	case HL_EVENT_LINK_DOWN: return link_down(e, event);
	case HL_EVENT_FRAME: return frame_came(e, event);
	case HL_EVENT_DRAINED:
		link = hl_link(e, event->link);
		if (link != NULL)
			link->queued = event->drained.queued;
		return HL_OK;
	case HL_EVENT_DIAL_FAILED:
		peer = hl_peer(e, &event->dial_failed.lab);
		if (peer != NULL)
			hl_peer_dial_failed(e, peer, event->dial_failed.why);
		return HL_OK;
	case HL_EVENT_HOOK_DONE: return hl_hook_done(e, event);
	case HL_EVENT_HOOKS_LOST: helper_lost(e); return HL_OK;
	case HL_EVENT_SHUTDOWN: return shutdown_all(e);
	case HL_EVENT_LATE: return hl_late_loop(e, event->late.ms);
	}
	return HL_ERR_USAGE;
}

/* Closed links leave the list; their peers know it already, or learn it now. */
static void bury(struct hl_engine *e)
{
	struct link **at = &e->links;

	while (*at != NULL) {
		struct link *link = *at;
		if (!link->dead) {
			at = &link->next;
			continue;
		}
		if (link->purpose == HL_PURPOSE_PEER)
			hl_peer_lost(e, link, "closed");
		*at = link->next;
		free(link);
	}
}

/* A turn that is lost takes in nothing more; but which links there are is not to be forgotten: a
 * new one is closed with the others at its end. */
static void step_lost(struct hl_engine *e, const struct hl_event *event)
{
	struct link *link = hl_link(e, event->link);
	struct peer *peer;

	if (event->type == HL_EVENT_LINK_UP)
		(void)!add_link(e, event, &link);
	else if (event->type == HL_EVENT_LINK_DOWN && link != NULL)
		link->dead = true;
	else if (event->type == HL_EVENT_SHUTDOWN)
		e->down = true;
	else if (event->type == HL_EVENT_HOOKS_LOST)
		helper_lost(e);
	else if (event->type == HL_EVENT_HOOK_DONE)
		hl_hook_done_lost(e, event);
	else if (event->type == HL_EVENT_DIAL_FAILED) {
		peer = hl_peer(e, &event->dial_failed.lab);
		if (peer != NULL)
			hl_peer_dial_failed(e, peer, event->dial_failed.why);
	}
}

enum hl_status hl_engine_step(
	struct hl_engine *e, const struct hl_event *event, const struct hl_now *now)
{
	if (e->failed != HL_OK) {
		step_lost(e, event);
		return e->failed;
	}
	e->now = *now;
	enum hl_status status = dispatch(e, event);
	bury(e);
	/* What a peer did wrong ends here. */
	if (hl_status_ours(status)) {
		e->failed = status;
		return status;
	}
	return HL_OK;
}

enum hl_status hl_engine_put(struct hl_engine *e, enum hl_doc sort, struct hl_view doc,
	const struct hl_now *now)
{
	if (e->failed != HL_OK)
		return e->failed;
	e->now = *now;
	enum hl_status status = HL_BAD_FIELD;
	if (sort == HL_DOC_ENVELOPE) {
		struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
		uint64_t time;
		status = hl_envelope_parse(&e->config.net, doc, &envelope);
		if (status == HL_OK)
			status = hl_letter_take(e, &envelope, NULL, &time);
	} else {
		status = hl_take_doc(e, sort, doc, NULL, true);
	}
	bury(e);
	if (hl_status_ours(status))
		e->failed = status;
	return status;
}

/* All that is said at the end of a turn: one statement for each peer, one row for each channel. */
static enum hl_status say_all(struct hl_engine *e)
{
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < e->n_peers && status == HL_OK; i++) {
		status = hl_channel_pump(e, &e->peers[i]);
		if (status == HL_OK)
			status = hl_carry_answer(e, &e->peers[i]);
		if (status == HL_OK)
			status = hl_carrier_pump(e, &e->peers[i]);
		if (status == HL_OK)
			status = hl_channel_save(e, &e->peers[i]);
	}
	for (struct link *l = e->links; l != NULL && status == HL_OK; l = l->next)
		if (l->watching && !l->dead && l->watch_after < e->feed_last)
			status = hl_device_watch(e, l);
	for (struct link *l = e->links; l != NULL && status == HL_OK; l = l->next)
		status = hl_pause(e, l);
	return status == HL_OK ? hl_hook_pump(e) : status;
}

/* The person who has just asked for something is told why it was not done. */
static enum hl_status tell_lost(
	struct hl_engine *e, struct link *link, enum hl_status why)
{
	const struct hl_frame frame = {.request = link->request};

	if (!link->asked)
		return HL_OK;
	return hl_reply(e, link, &frame, HL_TROUBLE,
		why == HL_ERR_NOSPACE
			? "the node's disk is full: make room, then try again"
			: "the node is in trouble: its log says more",
		NULL);
}

/* What hooks and devices have been told of stands once it is committed, */
static void keep_told(struct hl_engine *e)
{
	for (size_t i = 0; i < e->n_peers; i++) {
		struct peer *peer = &e->peers[i];
		peer->stands.line = peer->told;
		peer->stands.full = peer->full;
		peer->stands.gap = peer->gap_told;
	}
	e->late.stands = e->late.told;
}

/* and is told again where it was not. */
static void forget_told(struct hl_engine *e)
{
	for (size_t i = 0; i < e->n_peers; i++) {
		struct peer *peer = &e->peers[i];
		peer->untold = peer->untold || peer->told != peer->stands.line;
		peer->told = peer->stands.line;
		peer->full = peer->stands.full;
		peer->gap_told = peer->stands.gap;
	}
	e->late.told = e->late.stands;
}

/* Nothing of this turn was said. The links that took part are closed: what they brought is asked
 * for, and resent, when they come back. */
static enum hl_status lose_turn(struct hl_engine *e, enum hl_status why)
{
	const char *error = hl_store_error(e->store);
	size_t kept = 0;

	/* An alarm is remembered as told, and depends on nothing that was to be stored: it is. So
	 * is the end of a link, which is forgotten here. */
	for (size_t i = 0; i < e->turn.n; i++) {
		const struct hl_effect_out *effect = &e->turn.p[i];
		if (effect->type == HL_EFFECT_CLOSE ||
			(effect->type == HL_EFFECT_LOG && effect->priority <= ALARM)) {
			e->turn.p[kept++] = *effect;
			continue;
		}
		if (effect->type == HL_EFFECT_DIAL)
			hl_peer_not_dialed(e, &effect->lab);
		hl_buf_clear(&e->turn.p[i].frame);
	}
	e->turn.n = kept;
	hl_store_rollback(e->store);
	e->retry_at = e->now.boot + LOST_TURN_MS;
	hl_note(e, NULL, why == HL_ERR_NOSPACE ? 4 : 1, "a turn was lost",
		why == HL_ERR_NOSPACE ? "the disk is full: make room"
			: *error      ? error
				      : hl_status_text(why));
	for (struct link *link = e->links; link != NULL; link = link->next) {
		struct peer *peer = hl_peer(e, &link->lab);
		if (!link->touched || link->dead)
			continue;
		/* What opened the gate may have been taken back: the next link shows again. */
		if (peer != NULL && peer->link == link)
			peer->gate = false;
		enum hl_status status = tell_lost(e, link, why);
		if (status == HL_OK)
			status = hl_link_close(e, link, HL_CLOSE_DOWN);
		if (status != HL_OK)
			link->dead = true;
	}
	/* Nor does an epoch stand that was opened for carriers. */
	for (size_t i = 0; i < e->n_peers; i++)
		if (e->peers[i].link == NULL)
			e->peers[i].gate = false;
	bury(e);
	/* Closed links are told of in no feed: that would be the next write. */
	hl_store_rollback(e->store);
	if (why == HL_ERR_STORE)
		return why;
	e->failed = HL_OK;
	hl_hook_lost_turn(e);
	forget_told(e);
	enum hl_status status = hl_engine_load(e);
	if (status == HL_OK && why == HL_ERR_NOSPACE)
		status = hl_scarce_watch(e);
	if (status == HL_OK)
		status = hl_effects_release(e);
	return status == HL_OK ? why : HL_ERR_STORE;
}

enum hl_status hl_engine_commit(struct hl_engine *e, const struct hl_now *now)
{
	e->now = *now;
	enum hl_status status = e->failed;
	if (status == HL_OK)
		status = say_all(e);
	if (status > 0)
		status = HL_ERR_INTERNAL;
	uint64_t scale = hl_engine_scale(e);
	uint64_t wait = hl_store_dirty(e->store) ? SCALE_MS : SCALE_ALONE_MS;
	bool keep = e->scale_kept == 0 || scale - e->scale_kept >= wait;
	const struct hl_scale_row row = {e->config.boot, e->ahead, scale};
	if (status == HL_OK && keep)
		status = hl_store_scale_put(e->store, &row);
	if (status == HL_OK)
		status = hl_store_commit(e->store);
	if (status != HL_OK)
		return lose_turn(e, status);
	e->scale_kept = keep ? scale : e->scale_kept;
	hl_hook_committed(e);
	keep_told(e);
	status = hl_scarce_watch(e);
	if (status == HL_OK)
		status = hl_scarce_recover(e);
	if (status == HL_ERR_STORE)
		return lose_turn(e, status);
	bury(e);
	for (struct link *link = e->links; link != NULL; link = link->next)
		link->touched = link->asked = false;
	return hl_effects_release(e);
}

/* A time of the scale as boot time, or next where that is sooner. */
static uint64_t sooner(const struct hl_engine *e, uint64_t at, uint64_t next)
{
	uint64_t scale = hl_engine_scale(e), left = at > scale ? at - scale : 0;

	if (left > INT64_MAX) /* never */
		return next;
	return e->now.boot + left < next ? e->now.boot + left : next;
}

uint64_t hl_engine_next(const struct hl_engine *e)
{
	uint64_t next = e->now.boot + HL_HEARTBEAT_MS;

	for (const struct link *l = e->links; l != NULL; l = l->next) {
		bool peer = l->purpose == HL_PURPOSE_PEER;
		uint64_t dead = l->heard + (peer ? HL_SILENT_MS : DEVICE_QUIET_MS);
		if (dead < next)
			next = dead;
		if (peer && l->hello && l->beat_at < next)
			next = l->beat_at;
	}
	for (size_t i = 0; i < e->n_peers; i++) {
		uint64_t at = hl_peer_next(e, &e->peers[i]);
		if (at < next)
			next = at;
		next = sooner(e, hl_drill_next(e, &e->peers[i]), next);
	}
	if (!hl_id_zero(&e->next_call.id))
		next = sooner(e, e->next_call.deadline, next);
	next = sooner(e, e->hooks.due, next);
	if (!hl_id_zero(&e->next_asked.call))
		next = sooner(e, e->next_asked.deadline, next);
	uint64_t room = hl_scarce_next(e);
	next = room < next ? room : next;
	uint64_t rot = hl_rot_next(e);
	next = rot < next ? rot : next;
	return next < e->retry_at ? e->retry_at : next;
}

bool hl_engine_known(const struct hl_engine *e, size_t i, struct hl_known_key *ret)
{
	if (i >= e->n_known)
		return false;
	*ret = e->known[i];
	return true;
}

uint64_t hl_engine_known_generation(const struct hl_engine *e)
{
	return e->generation;
}

enum hl_status hl_engine_set_peer(struct hl_engine *e, const struct hl_id *lab,
	const char *addresses, const uint8_t psk[HL_KEY_SIZE])
{
	struct peer *peer = hl_peer(e, lab);
	char *copy = NULL;

	if (peer == NULL)
		return HL_UNKNOWN;
	if (addresses != NULL && (copy = strdup(addresses)) == NULL)
		return HL_ERR_NOMEM;
	bool same = addresses == NULL || peer->addresses == NULL
		? addresses == peer->addresses
		: strcmp(addresses, peer->addresses) == 0;
	free(peer->addresses);
	peer->addresses = copy;
	if (!same) {
		peer->dial_at = e->now.boot;
		peer->dial_wait = HL_REDIAL_MIN_MS;
	}
	if (psk == NULL && !peer->psk_fixed)
		return HL_OK;
	if (psk == NULL) {
		/* It is in the configuration no more: what an admin has set holds again. */
		peer->psk_fixed = false;
		enum hl_status status = hl_peer_load_psk(e, peer);
		return status == HL_OK ? hl_engine_load_known(e) : status;
	}
	if (peer->psk_fixed && hl_bytes_eq_secret(peer->psk, psk, sizeof(peer->psk)))
		return HL_OK;
	peer->psk_fixed = true;
	memcpy(peer->psk, psk, sizeof(peer->psk));
	return hl_engine_load_known(e);
}
