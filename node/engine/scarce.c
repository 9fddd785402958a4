/* A disk that is full, here or at a peer: what is still taken in, who is told, when it is over. */
#include "node/engine/state.h"

#define RECOVER_MS  1000   /* so often it is looked whether there is room again */
#define TOLD_MS     600000 /* so often hooks are told again while it lasts */
#define ENTRIES_MAX 1024   /* of one peer's list, while the disk is full */

static const char peer_text[] =
	"its disk is full: it takes in nothing new; use the telephone";

bool hl_scarce(const struct hl_engine *e)
{
	return hl_store_scarce(e->store);
}

/* The reserve is for answers and for what ends a call; the last of it for pages that are due, the
 * states of lines and receipts. */
bool hl_scarce_refuses(const struct hl_engine *e, enum hl_class class)
{
	if (!hl_scarce(e))
		return false;
	switch (class) {
	case HL_CLASS_CALL:
	case HL_CLASS_NOTICE: return true;
	case HL_CLASS_ANSWER:
	case HL_CLASS_CLOSE: break;
	}
	return hl_store_spent(e->store);
}

/* Entries are needed for the receipt of an answer that comes behind them; but a list that is long
 * would use the reserve up. */
bool hl_scarce_entries(struct hl_engine *e, struct peer *peer, size_t n)
{
	if (!hl_scarce(e))
		return true;
	if (peer->scarce_entries + n > ENTRIES_MAX || hl_store_spent(e->store))
		return false;
	peer->scarce_entries += n;
	return true;
}

/* Past the store, which is in trouble: at once, and again as long as it lasts. */
static enum hl_status tell_hooks(struct hl_engine *e, bool trouble)
{
	const struct hl_hook_run about = {.event = HL_HOOK_STORE, .value = trouble};

	if (trouble ? e->hooks.told != 0 && e->now.boot - e->hooks.told < TOLD_MS
		    : e->hooks.told == 0)
		return HL_OK;
	e->hooks.told = trouble ? e->now.boot + (e->now.boot == 0) : 0;
	return hl_hook_now(e, &about);
}

/* SPEC link 4.2: one is sent at once when trouble changes */
static void beat_now(struct hl_engine *e)
{
	for (struct link *l = e->links; l != NULL; l = l->next)
		l->beat_at = e->now.boot;
}

/* What was refused meanwhile is asked for now, not after the longest of waits. */
static void ask_again(struct hl_engine *e)
{
	for (size_t i = 0; i < e->n_peers; i++) {
		struct peer *peer = &e->peers[i];
		peer->scarce_entries = 0;
		peer->ask_wait = 0;
		peer->gap_at = peer->asked_letters_at = 0;
	}
}

enum hl_status hl_scarce_watch(struct hl_engine *e)
{
	bool now = hl_scarce(e);

	if (now && !e->scarce.told) {
		hl_log(e, 1,
			"the disk is full: no new call or notice is taken in; answers and "
			"receipts are, from a reserve: make room");
		e->scarce.told = true;
		e->scarce.since = e->now.wall;
		e->scarce.try_at = e->now.boot + RECOVER_MS;
		beat_now(e);
	} else if (!now && e->scarce.told) {
		hl_log(e, 5, "there is room on the disk again: everything is taken in");
		e->scarce.told = false;
		beat_now(e);
		ask_again(e);
	}
	return tell_hooks(e, now);
}

enum hl_status hl_scarce_recover(struct hl_engine *e)
{
	if (!hl_scarce(e) || e->now.boot < e->scarce.try_at)
		return HL_OK;
	e->scarce.try_at = e->now.boot + RECOVER_MS;
	enum hl_status status = hl_store_recover(e->store);
	return status == HL_OK ? hl_scarce_watch(e) : status;
}

uint64_t hl_scarce_next(const struct hl_engine *e)
{
	return hl_scarce(e) ? e->scarce.try_at : UINT64_MAX;
}

enum hl_status hl_scarce_peer(struct hl_engine *e, struct peer *peer, uint64_t trouble)
{
	const struct hl_hook_run about = {.event = HL_HOOK_STORE,
		.has_lab = true,
		.lab = peer->lab.id,
		.value = (trouble & HL_TROUBLE_FULL) != 0};

	if (peer->full == (about.value != 0))
		return HL_OK;
	peer->full = about.value != 0;
	if (peer->full)
		hl_alarm(e, &peer->lab.id, peer_text);
	else
		hl_alarm_over(e, &peer->lab.id, peer_text);
	return hl_hook_event(e, &about);
}
