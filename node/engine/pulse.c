/* The pulse: is the other end alive, down to its disk and its key? And the alarm when it is not. */
#include "node/engine/state.h"

uint64_t hl_pulse_next(struct hl_engine *e, struct link *link)
{
	struct peer *peer = hl_peer(e, &link->lab);

	/* SPEC link 4.2: the sender's wall time in milliseconds serves, or the last and one more,
	 * whichever is greater */
	peer->pulse = e->now.wall > peer->pulse ? e->now.wall : peer->pulse + 1;
	if (link->pulse_first == 0)
		link->pulse_first = peer->pulse;
	/* It goes out behind the statements of the turns before. */
	if (link->beat_pulse == 0 && peer->link == link && peer->refused_said > 0) {
		link->beat_pulse = peer->pulse;
		link->beat_refused = peer->refused_said;
	}
	hl_carrier_beat(link, peer->pulse);
	return peer->pulse;
}

void hl_pulse_take(struct peer *peer, uint64_t pulse)
{
	/* SPEC link 4.3: A node writes the pulse of every heartbeat to disk and answers with a
	 * statement that carries it, signed after that commit */
	peer->in.pulse = pulse;
	peer->in_changed = true;
	peer->receipt_due = true;
}

/* What the line is like now. */
static enum hl_link_state look(const struct hl_engine *e, const struct peer *peer)
{
	const struct link *link = peer->link;
	uint64_t good = peer->answered_at > link->up_at ? peer->answered_at : link->up_at;

	if (e->now.boot - link->heard >= HL_DOUBT_MS)
		return HL_LINK_SILENT;
	return e->now.boot - good >= HL_DOUBT_MS ? HL_LINK_DEGRADED : HL_LINK_UP;
}

enum hl_status hl_pulse_answered(struct hl_engine *e, struct peer *peer, uint64_t pulse)
{
	struct link *link = peer->link;

	/* Only to one that was sent on this link. */
	if (link == NULL || link->pulse_first == 0 || pulse < link->pulse_first ||
		pulse > peer->pulse || pulse <= link->pulse_answered)
		return HL_OK;
	link->pulse_answered = pulse;
	/* It has heard what came before that heartbeat, too; the first one came before all. */
	if (peer->has_before && link->signed_at != 0 && pulse > link->pulse_first) {
		enum hl_status dropped = hl_store_before_drop(e->store, &peer->lab.id);
		if (dropped != HL_OK)
			return dropped;
		peer->has_before = false;
	}
	if (link->beat_pulse != 0 && pulse >= link->beat_pulse) {
		peer->refused -= link->beat_refused;
		peer->refused_said -= link->beat_refused;
		link->beat_pulse = 0;
	}
	peer->answered_at = e->now.boot;
	if (peer->alarmed)
		hl_log(e, 5, "%s: the line is alive again", hl_short(&peer->lab.id).text);
	peer->alarmed = false;
	enum hl_status status = hl_carrier_answered(e, link, pulse);
	return status == HL_OK ? hl_peer_state(e, peer, look(e, peer)) : status;
}

enum hl_status hl_pulse_timer(struct hl_engine *e, struct peer *peer)
{
	enum hl_status status = HL_OK;

	if (peer->link != NULL && peer->link->hello && !peer->link->dead)
		status = hl_peer_state(e, peer, look(e, peer));
	if (status != HL_OK || peer->alarmed ||
		e->now.boot - peer->answered_at < HL_SILENT_MS)
		return status;
	peer->alarmed = true;
	hl_log(e, 1, "lab %s: the line is dead: no answer to a heartbeat for 15 s%s%s",
		hl_short(&peer->lab.id).text, peer->error[0] != '\0' ? "; " : "",
		peer->error);
	status = hl_feed(e, HL_FEED_LINK, NULL, &peer->lab.id, (uint64_t)peer->state);
	/* What has never come up is no line that went down. */
	if (status != HL_OK || peer->told != HL_LINK_NEVER || !hl_peer_is_known(peer))
		return status;
	peer->told = HL_LINK_DOWN;
	return hl_hook_link(e, &peer->lab.id, HL_LINK_DOWN);
}

static uint64_t later(const struct hl_engine *e, uint64_t at)
{
	return at > e->now.boot ? at : UINT64_MAX;
}

uint64_t hl_pulse_at(const struct hl_engine *e, const struct peer *peer)
{
	uint64_t next = UINT64_MAX, at;

	if (!peer->alarmed)
		next = peer->answered_at + HL_SILENT_MS;
	if (peer->link == NULL || !peer->link->hello)
		return next;
	at = later(e, peer->link->heard + HL_DOUBT_MS);
	next = at < next ? at : next;
	at = later(e, peer->answered_at + HL_DOUBT_MS);
	return at < next ? at : next;
}
