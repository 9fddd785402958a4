/* What a peer may cost, applied: who is over is read later, and who breaks the protocol again and
 * again is not let in for a while. */
#include "node/engine/state.h"

#include <stdio.h>

#define ALERT_LANE 3 /* the lanes of FLASH and IMMEDIATE, and what is above them */

static struct hl_quota *quota_of(struct hl_engine *e, const struct link *link)
{
	struct peer *peer = link != NULL && link->purpose == HL_PURPOSE_PEER
		? hl_peer(e, &link->lab)
		: NULL;

	return peer != NULL ? &peer->quota : NULL;
}

void hl_cost(
	struct hl_engine *e, const struct link *link, enum hl_quota_kind kind, uint64_t n)
{
	struct hl_quota *quota = quota_of(e, link);

	if (quota != NULL)
		hl_quota_charge(quota, kind, n, e->now.boot);
}

void hl_cost_frame(struct hl_engine *e, struct link *link, unsigned lane, size_t n)
{
	struct hl_quota *quota = quota_of(e, link);

	if (quota == NULL)
		return;
	hl_quota_charge(quota, HL_QUOTA_FRAMES, 1, e->now.boot);
	hl_quota_charge(quota, HL_QUOTA_BYTES, n, e->now.boot);
	bool alert = lane > HL_LANE_CONTROL && lane <= ALERT_LANE;
	uint64_t wait = hl_quota_wait(quota, alert, e->now.boot);
	if (wait == 0)
		return;
	link->pause = wait;
	const char *what = hl_quota_shown(quota, e->now.boot);
	hl_note(e, hl_peer(e, &link->lab), 4, "over its quota, it is read more slowly",
		what != NULL ? what : "");
}

bool hl_cost_full(struct hl_engine *e, const struct link *link, bool alert)
{
	struct hl_quota *quota = quota_of(e, link);

	return quota != NULL && hl_quota_over(quota, HL_QUOTA_GROWTH, alert, e->now.boot);
}

bool hl_cost_carried(struct hl_engine *e, const struct link *link, bool alert)
{
	struct hl_quota *quota = quota_of(e, link);

	if (hl_cost_full(e, link, alert))
		return true;
	if (quota == NULL)
		return false;
	hl_quota_charge(quota, HL_QUOTA_CARRIED, 1, e->now.boot);
	return hl_quota_over(quota, HL_QUOTA_CARRIED, alert, e->now.boot);
}

enum hl_status hl_breach(
	struct hl_engine *e, struct link *link, const char *cause, const char *detail)
{
	struct peer *peer = hl_peer(e, &link->lab);

	hl_note(e, peer, 4, cause, detail);
	/* Before it is named, a link may be that of another lab. */
	if (peer != NULL && !link->unnamed) {
		uint64_t wait = hl_quota_breach(&peer->quota, cause, e->now.boot);
		if (wait > 0)
			hl_note(e, peer, 4, "no link with it is taken for a while",
				"it breaks the protocol again and again");
		hl_peer_lost(e, link, cause);
	}
	return hl_link_close(e, link, HL_CLOSE_PROTOCOL);
}

bool hl_boxed(struct hl_engine *e, struct peer *peer)
{
	if (hl_quota_boxed(&peer->quota, e->now.boot) == 0)
		return false;
	hl_note(e, peer, 5, "not accepted yet", peer->quota.why);
	return true;
}

bool hl_cost_warning(
	struct hl_engine *e, const struct peer *peer, size_t i, char *ret, size_t size)
{
	const struct hl_quota *q = &peer->quota;
	const char *over = hl_quota_shown(q, e->now.boot);
	uint64_t boxed = hl_quota_boxed(q, e->now.boot);
	struct hl_short name = hl_short(&peer->lab.id);

	if (i == 0 && over != NULL)
		snprintf(ret, size,
			"lab %s is over its quota (%s): what it sends waits; ask it why",
			name.text, over);
	else if (i == 1 && boxed > 0)
		snprintf(ret, size, "lab %s is not let in for %llu s more: %s (%u times)",
			name.text, (unsigned long long)(boxed + 999) / 1000, q->why,
			q->breaches);
	else
		return false;
	return true;
}
