#include "node/engine/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 2048 /* half a record */

static struct hl_effect_out *add_effect(struct effects *list)
{
	if (list->n == list->cap) {
		size_t cap = list->cap == 0 ? 16 : list->cap * 2;
		struct hl_effect_out *p = realloc(list->p, cap * sizeof(*p));
		if (p == NULL)
			return NULL;
		list->p = p;
		list->cap = cap;
	}
	struct hl_effect_out *effect = &list->p[list->n++];
	memset(effect, 0, sizeof(*effect));
	return effect;
}

void hl_effects_clear(struct effects *list)
{
	for (size_t i = list->at; i < list->n; i++)
		hl_buf_clear(&list->p[i].frame);
	free(list->p);
	*list = (struct effects){0};
}

/* The effects of a turn join those that the caller has not fetched yet. */
enum hl_status hl_effects_release(struct hl_engine *e)
{
	if (e->ready.at == e->ready.n) {
		struct effects empty = e->ready;
		e->ready = e->turn;
		e->turn = empty;
		e->turn.n = e->turn.at = 0;
		return HL_OK;
	}
	for (size_t i = 0; i < e->turn.n; i++) {
		struct hl_effect_out *to = add_effect(&e->ready);
		if (to == NULL)
			return HL_ERR_NOMEM;
		*to = e->turn.p[i];
		e->turn.p[i].frame = (struct hl_buf){0};
	}
	e->turn.n = e->turn.at = 0;
	return HL_OK;
}

bool hl_engine_effect(struct hl_engine *e, struct hl_effect_out *ret)
{
	if (e->ready.at == e->ready.n)
		return false;
	*ret = e->ready.p[e->ready.at++];
	return true;
}

/* A FLASH is not to wait behind a list. */
/* SPEC link 2.4: what is longer than 2,048 bytes of entries, cards, sealing keys and suspensions,
 * carried ones too, in lane 5, between nodes */
static unsigned lane_of(const struct link *link, const struct hl_frame *frame,
	unsigned precedence, size_t n)
{
	unsigned lane = hl_frame_lane(frame->type, precedence);
	bool list = frame->type == HL_FRAME_SEGMENT || frame->type == HL_FRAME_CARD ||
		frame->type == HL_FRAME_SEALS || frame->type == HL_FRAME_SUSPENSION ||
		(frame->type == HL_FRAME_CARRY && precedence == 0);

	return link->purpose == HL_PURPOSE_PEER && list && n > LIST_MAX ? HL_LANE_ROUTINE
									: lane;
}

enum hl_status hl_send(struct hl_engine *e, struct link *link,
	const struct hl_frame *frame, unsigned precedence)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};

	if (link->dead)
		return HL_OK;
	link->touched = true; /* should the turn be lost, this was not said */
	enum hl_status status = hl_frame_encode(frame, &bytes);
	if (status != HL_OK)
		return status;
	struct hl_effect_out *effect = add_effect(&e->turn);
	if (effect == NULL)
		return HL_ERR_NOMEM;
	effect->type = HL_EFFECT_SEND;
	effect->link = link->number;
	effect->lane = lane_of(link, frame, precedence, bytes.n);
	link->queued += bytes.n;
	effect->frame = hl_buf_steal(&bytes);
	return HL_OK;
}

enum hl_status hl_link_close(
	struct hl_engine *e, struct link *link, enum hl_close_reason reason)
{
	const struct hl_frame frame = {
		.type = HL_FRAME_CLOSE, .close = {.reason = reason}};

	if (link->dead)
		return HL_OK;
	enum hl_status status = hl_send(e, link, &frame, 0);
	struct hl_effect_out *effect = add_effect(&e->turn);
	if (effect == NULL)
		return HL_ERR_NOMEM;
	effect->type = HL_EFFECT_CLOSE;
	effect->link = link->number;
	link->dead = true;
	return status;
}

enum hl_status hl_pause(struct hl_engine *e, struct link *link)
{
	uint64_t wait = link->pause;

	link->pause = 0;
	if (wait == 0 || link->dead)
		return HL_OK;
	struct hl_effect_out *effect = add_effect(&e->turn);
	if (effect == NULL)
		return HL_ERR_NOMEM;
	effect->type = HL_EFFECT_PAUSE;
	effect->link = link->number;
	effect->until = e->now.boot + wait;
	return HL_OK;
}

enum hl_status hl_effect_hook(struct hl_engine *e, struct hl_buf *bytes)
{
	struct hl_effect_out *effect = add_effect(&e->turn);

	if (effect == NULL)
		return HL_ERR_NOMEM;
	effect->type = HL_EFFECT_HOOK;
	effect->frame = hl_buf_steal(bytes);
	return HL_OK;
}

enum hl_status hl_dial(struct hl_engine *e, struct peer *peer)
{
	const struct hl_card *card = &peer->lab.card;

	if (card->n_nodes == 0)
		return HL_OK;
	const struct hl_node *node = &card->nodes[peer->dial_node % card->n_nodes];
	char text[sizeof(((struct hl_effect_out *)0)->text)] = "";
	size_t n = 0;
	if (peer->addresses != NULL) {
		n = (size_t)snprintf(text, sizeof(text), "%s", peer->addresses);
	} else {
		/* As many whole addresses as there is room for. */
		for (size_t i = 0; i < node->n_addresses; i++) {
			struct hl_view a = node->addresses[i];
			if (n + a.n + 2 > sizeof(text))
				break;
			memcpy(text + n, a.p, a.n);
			n += a.n;
			text[n++] = '\n';
			text[n] = '\0';
		}
	}
	if (n == 0)
		return HL_OK;
	struct hl_effect_out *effect = add_effect(&e->turn);
	if (effect == NULL)
		return HL_ERR_NOMEM;
	effect->type = HL_EFFECT_DIAL;
	effect->lab = peer->lab.id;
	memcpy(effect->key, node->link, sizeof(effect->key));
	memcpy(effect->text, text, sizeof(text));
	peer->dialing_at = e->now.boot;
	peer->dial_node++;
	return HL_OK;
}

void hl_log(struct hl_engine *e, unsigned priority, const char *format, ...)
{
	struct hl_effect_out *effect = add_effect(&e->turn);

	if (effect == NULL)
		return; /* a log that is lost harms nobody */
	effect->type = HL_EFFECT_LOG;
	effect->priority = priority;
	va_list args;
	va_start(args, format);
	vsnprintf(effect->text, sizeof(effect->text), format, args);
	va_end(args);
}

void hl_note(struct hl_engine *e, struct peer *peer, unsigned priority, const char *cause,
	const char *detail)
{
	struct cause *list = peer != NULL ? peer->cause : e->cause;
	struct cause *slot = &list[0];

	for (size_t i = 0; i < CAUSES_MAX; i++) {
		if (list[i].what == cause || list[i].what == NULL) {
			slot = &list[i];
			break;
		}
		if (list[i].at < slot->at)
			slot = &list[i];
	}
	if (slot->what == cause) {
		slot->n++;
		if (e->now.boot - slot->at < CAUSE_EVERY_MS)
			return;
	} else {
		*slot = (struct cause){.what = cause, .n = 1};
	}
	struct hl_short name =
		peer != NULL ? hl_short(&peer->lab.id) : (struct hl_short){"a device"};
	if (slot->n > 1)
		hl_log(e, priority, "%s: %s: %s (%llu times)", name.text, cause, detail,
			(unsigned long long)slot->n);
	else
		hl_log(e, priority, "%s: %s: %s", name.text, cause, detail);
	slot->at = e->now.boot;
	slot->n = 0;
}

void hl_alarm(struct hl_engine *e, const struct hl_id *lab, const char *text)
{
	size_t keep = sizeof(e->alarm) / sizeof(e->alarm[0]);
	char line[sizeof(e->alarm[0])];

	snprintf(line, sizeof(line), "lab %s: %s", hl_short(lab).text, text);
	/* One that stands already is told again, but no peer can fill the log with it. */
	for (size_t i = 0; i < e->n_alarms; i++)
		if (strcmp(e->alarm[i], line) == 0) {
			hl_note(e, hl_peer(e, lab), 1, text, "again");
			return;
		}
	hl_log(e, 1, "%s", line);
	if (e->n_alarms == keep)
		memmove(e->alarm[0], e->alarm[1], sizeof(e->alarm[0]) * (keep - 1));
	else
		e->n_alarms++;
	memcpy(e->alarm[e->n_alarms - 1], line, sizeof(line));
}

void hl_alarm_over(struct hl_engine *e, const struct hl_id *lab, const char *text)
{
	char line[sizeof(e->alarm[0])];

	snprintf(line, sizeof(line), "lab %s: %s", hl_short(lab).text, text);
	for (size_t i = 0; i < e->n_alarms; i++)
		if (strcmp(e->alarm[i], line) == 0) {
			e->n_alarms--;
			memmove(e->alarm[i], e->alarm[i + 1],
				sizeof(e->alarm[0]) * (e->n_alarms - i));
			break;
		}
	hl_log(e, 5, "lab %s: over: %s", hl_short(lab).text, text);
}

enum hl_status hl_feed(struct hl_engine *e, enum hl_feed_sort sort,
	const struct hl_id *id, const struct hl_id *lab, uint64_t value)
{
	struct hl_feed_item item = {.sort = sort,
		.value = value,
		.time = e->now.wall,
		.has_lab = lab != NULL};

	if (e->feed_last < e->feed_base)
		item.number = e->feed_base;
	if (id != NULL)
		item.id = *id;
	if (lab != NULL)
		item.lab = *lab;
	return hl_store_feed_add(e->store, &item, &e->feed_last);
}

struct hl_short hl_short(const struct hl_id *id)
{
	struct hl_short ret;

	hl_hex_encode(hl_view_of(id->b, 6), ret.text);
	return ret;
}
