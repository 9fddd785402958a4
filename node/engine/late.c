/* A node that is late: its own loop that was held up, and clocks that differ. */
#include "node/engine/state.h"

#include <stdio.h>

#define CALM_MS   60000 /* without being late again, and it is over */
#define FAR_MS    5000  /* between two clocks */
#define FAR_BEATS 2     /* one alone may have waited on its way, */
#define FAR_AGAIN 4000  /* and so may those that come with it */

enum hl_status hl_late_loop(struct hl_engine *e, uint64_t ms)
{
	const struct hl_hook_run about = {
		.event = HL_HOOK_NODE_SILENT, .value = HL_NODE_LATE};

	if (ms <= HL_LATE_MS)
		return HL_OK;
	e->late.at = e->now.boot;
	e->late.most = ms > e->late.most ? ms : e->late.most;
	if (e->late.told) {
		hl_note(e, NULL, 4, "this node was held up again", "for more than 2 s");
		return HL_OK;
	}
	e->late.told = true;
	hl_log(e, 1,
		"this node was held up for %llu ms: its machine is overloaded, its disk "
		"is slow, or it was stopped",
		(unsigned long long)ms);
	return hl_hook_event(e, &about);
}

enum hl_status hl_late_timer(struct hl_engine *e)
{
	const struct hl_hook_run about = {.event = HL_HOOK_NODE_SILENT};

	if (!e->late.told || e->now.boot - e->late.at < CALM_MS)
		return HL_OK;
	hl_log(e, 5,
		"this node has kept its time for a minute: it is not held up any more");
	e->late.told = false;
	e->late.most = 0;
	return hl_hook_event(e, &about);
}

bool hl_late_warning(const struct hl_engine *e, char *ret, size_t size)
{
	if (!e->late.told)
		return false;
	snprintf(ret, size,
		"this node was held up for up to %llu ms: is its machine overloaded, or "
		"its disk slow?",
		(unsigned long long)e->late.most);
	return true;
}

static uint64_t distance(const struct peer *peer)
{
	int64_t d = peer->clock_offset;

	return d < 0 ? -(uint64_t)d : (uint64_t)d;
}

void hl_late_clock(struct hl_engine *e, struct peer *peer, uint64_t clock)
{
	const struct hl_short name = hl_short(&peer->lab.id);

	peer->clock_offset = (int64_t)(clock - e->now.wall);
	if (distance(peer) <= FAR_MS) {
		if (peer->far >= FAR_BEATS)
			hl_log(e, 5, "%s: its clock and this node's agree again",
				name.text);
		peer->far = 0;
		return;
	}
	if (peer->far >= FAR_BEATS ||
		(peer->far > 0 && e->now.boot - peer->far_at < FAR_AGAIN))
		return;
	peer->far_at = e->now.boot;
	if (++peer->far == FAR_BEATS)
		hl_log(e, 4, "%s: its clock and this node's differ by %llu s", name.text,
			(unsigned long long)distance(peer) / 1000);
}

bool hl_late_clock_warning(const struct peer *peer, char *ret, size_t size)
{
	if (peer->far < FAR_BEATS)
		return false;
	snprintf(ret, size,
		"the clock of lab %s is %llu s %s this node's: one of them is wrong",
		hl_short(&peer->lab.id).text, (unsigned long long)distance(peer) / 1000,
		peer->clock_offset < 0 ? "behind" : "ahead of");
	return true;
}
