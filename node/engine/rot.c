/*
 * A letter that is damaged on this node's disk is none: it is asked for again, of whoever holds it,
 * and a good copy takes its place. What is missing is known in memory alone: after a restart it is
 * found when it is next read.
 */
#include "node/engine/state.h"

#include <string.h>

#define ASK_MAX_MS 300000
#define PARTS_MAX  8 /* so many times the missing slips of an own letter are asked for */

static const char text[] =
	"a letter is damaged in this node's store: it is asked for again";

static struct rot *find(struct hl_engine *e, const struct hl_id *id)
{
	for (size_t i = 0; i < e->n_rot; i++)
		if (hl_id_eq(&e->rot[i].id, id))
			return &e->rot[i];
	return NULL;
}

bool hl_rot_is(struct hl_engine *e, const struct hl_id *id)
{
	const struct rot *rot = find(e, id);

	return rot != NULL && !rot->parts;
}

static void put_off(struct hl_engine *e, struct rot *rot, bool asked)
{
	/* Nobody to ask: as soon as somebody is. */
	if (!asked || rot->wait == 0)
		rot->wait = WANT_EVERY_MS;
	else if (rot->wait < ASK_MAX_MS)
		rot->wait *= 2;
	rot->tries += asked;
	rot->ask_at = e->now.boot + rot->wait;
}

/* SPEC channel 3.10: asks for it with want-letters that name its origin, of every linked lab */
static enum hl_status ask(struct hl_engine *e, const struct hl_id *origin)
{
	struct hl_frame frame = {.type = HL_FRAME_WANT_LETTERS};
	struct hl_id id[ROT_MAX];
	enum hl_status status = HL_OK;
	bool asked = false;
	size_t n = 0;

	for (size_t i = 0; i < e->n_rot; i++)
		if (hl_id_eq(&e->rot[i].origin, origin) &&
			e->rot[i].ask_at <= e->now.boot)
			id[n++] = e->rot[i].id;
	frame.want_letters.from = *origin;
	frame.want_letters.ids = id;
	frame.want_letters.n = n;
	for (size_t i = 0; i < e->n_peers && status == HL_OK; i++) {
		struct link *link = e->peers[i].link;
		if (link == NULL || link->dead || !link->said)
			continue;
		status = hl_send(e, link, &frame, 0);
		asked = true;
	}
	for (size_t i = 0; i < n; i++)
		put_off(e, find(e, &id[i]), asked);
	return status;
}

enum hl_status hl_rot_found(struct hl_engine *e, const struct hl_id *id)
{
	struct rot *rot = find(e, id);
	struct hl_letter_row row;

	if (rot != NULL && !rot->parts)
		return HL_OK;
	enum hl_status status = hl_store_letter_row(e->store, id, &row);
	if (status != HL_OK)
		return status == HL_UNKNOWN ? HL_OK : status;
	hl_alarm(e, &row.origin, text);
	if (rot == NULL && e->n_rot == ROT_MAX) {
		hl_note(e, NULL, 1, "many letters are damaged in the store",
			"the disk fails: put back a backup");
		return HL_OK;
	}
	if (rot == NULL)
		rot = &e->rot[e->n_rot++];
	*rot = (struct rot){.id = *id, .origin = row.origin, .ask_at = e->now.boot};
	return ask(e, &row.origin);
}

static void forget(struct hl_engine *e, struct rot *rot)
{
	*rot = e->rot[--e->n_rot];
}

/* Once for each origin: when none of its letters is damaged any more. */
static void end_alarm(struct hl_engine *e, const struct hl_id *origin)
{
	for (size_t i = 0; i < e->n_rot; i++)
		if (!e->rot[i].parts && hl_id_eq(&e->rot[i].origin, origin))
			return;
	hl_alarm_over(e, origin, text);
}

static bool is_whole(const struct hl_envelope *envelope)
{
	bool whole = true;

	for (size_t i = 0; i < envelope->core.n_labs; i++)
		whole = whole && envelope->slips[i].n > 0;
	return whole;
}

enum hl_status hl_rot_heal(struct hl_engine *e, const struct hl_envelope *envelope)
{
	struct rot *rot = find(e, &envelope->id);
	const struct hl_id origin = envelope->core.lab;
	bool own = hl_id_eq(&origin, &e->own.id);

	if (rot == NULL)
		return HL_OK;
	enum hl_status status = hl_store_letter_replace(
		e->store, &envelope->id, hl_view_buf(&envelope->doc));
	if (status != HL_OK)
		return status;
	hl_log(e, 5, "letter %s is whole again in this node's store",
		hl_short(&envelope->id).text);
	if (own && !is_whole(envelope)) {
		rot->parts = true;
		rot->tries = 0;
	} else {
		forget(e, rot);
	}
	end_alarm(e, &origin);
	hl_letter_resend(e, envelope);
	/* Devices that could not have it fetch it now. */
	return hl_feed(e, HL_FEED_LETTER, &envelope->id, &origin,
		(uint64_t)envelope->core.class);
}

/* SPEC channel 3.10: of the own lab, each lab's copy brings that lab's slip */
enum hl_status hl_rot_part(struct hl_engine *e, const struct hl_envelope *envelope)
{
	struct rot *rot = find(e, &envelope->id);
	struct hl_envelope held HL_CLEAN_ENVELOPE = {0};

	if (rot == NULL || !rot->parts)
		return HL_OK;
	enum hl_status status = hl_letter_complete(e, envelope);
	if (status == HL_OK)
		status = hl_store_letter_get(e->store, &envelope->id, &held);
	if (status == HL_OK && is_whole(&held))
		forget(e, rot);
	return hl_status_ours(status) ? status : HL_OK;
}

enum hl_status hl_rot_timer(struct hl_engine *e)
{
	enum hl_status status = HL_OK;

	for (size_t i = e->n_rot; i > 0 && status == HL_OK; i--) {
		struct rot *rot = &e->rot[i - 1];
		if (rot->parts && rot->tries >= PARTS_MAX)
			forget(e, rot); /* the device that made it has the rest */
		else if (rot->ask_at <= e->now.boot)
			status = ask(e, &rot->origin);
	}
	return status;
}

uint64_t hl_rot_next(const struct hl_engine *e)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < e->n_rot; i++)
		next = e->rot[i].ask_at < next ? e->rot[i].ask_at : next;
	return next;
}
