/*
 * The channels of the peers to the own lab, as this device verifies them itself (channel 3.7, 4.2;
 * link 5.12): so the own node can keep no letter back unseen.
 */
#ifndef HL_CLIENT_CHANNELS_H
#define HL_CLIENT_CHANNELS_H

#include <jansson.h>

#include "client/letters.h"
#include "client/session.h"

enum hl_channel_fault {
	HL_CHANNEL_GOOD = 0,
	HL_CHANNEL_BACK = 1,       /* less is shown than was verified before */
	HL_CHANNEL_TWO = 2,        /* two heads of the peer with one number */
	HL_CHANNEL_UNVERIFIED = 3, /* what the node shows does not verify */
	HL_CHANNEL_STALE = 4,      /* the line is up, and the newest head is old */
};

#define HL_CHANNEL_STALE_MS 180000 /* heads are signed again each minute */
#define HL_MISSING_ALARM_MS 60000  /* before that a letter may be on its way */

/* What a device has verified of one channel. epoch 0: nothing yet. */
struct hl_channel {
	struct hl_id lab;
	uint64_t epoch, number;
	struct hl_id link;
	uint64_t head_time;
	uint64_t checked, feed;
	enum hl_channel_fault fault, told;
	uint64_t since;
};

/* Zeros but for the lab where nothing is kept of it. */
void hl_channel_load(struct hl_app *app, const struct hl_id *lab, struct hl_channel *ret);

/* Verifies a segment of that peer's channel and keeps how far it reaches, and which letters in it
 * are not held here. */
enum hl_channel_shown {
	HL_SHOWN_MORE, /* it reached further than what was kept */
	HL_SHOWN_SAME, /* no further */
	HL_SHOWN_EPOCH, /* a newer epoch, and not from its first number on: nothing was kept */
	HL_SHOWN_FAULT, /* it is wrong: kept as the channel's fault */
};
HL_MUST enum hl_exit hl_channel_take(struct hl_app *app, const struct hl_id *lab,
	struct hl_view segment, enum hl_channel_shown *ret);

/* The node shows nothing at a number that was verified. */
HL_MUST enum hl_exit hl_channel_gone(struct hl_app *app, const struct hl_id *lab);

/* The line to the peer is up: an old head is a fault (and a fresh one ends it). */
HL_MUST enum hl_exit hl_channel_line_up(struct hl_app *app, const struct hl_id *lab);

/* Asks the node for what has come in the channels of all peers, verifies it, and fetches the
 * letters that are missing; *ret_fetched (may be NULL) counts those that came. Asks only about
 * peers of which something may have changed: the feed moved, or the last check is a minute old, or
 * force. HL_EXIT_NODE (said) when the line broke. Does nothing on a device that does not read. */
HL_MUST enum hl_exit hl_channels_check(
	struct hl_app *app, struct hl_line *line, bool force, size_t *ret_fetched);

/* What is wrong, for people and programs. */

struct hl_channel_trouble {
	struct hl_id lab;
	enum hl_channel_fault fault; /* HL_CHANNEL_GOOD: a letter is missing */
	uint64_t number, entered;    /* of the letter */
	struct hl_id id;
	uint64_t since;   /* when this device first saw it */
	bool alarm;       /* not only a letter that may still be on its way */
	bool told;        /* by a watch */
	const char *text; /* one line; a scrap */
};

/* At most max of them, faults before letters; returns how many. */
size_t hl_channels_troubles(
	struct hl_app *app, struct hl_channel_trouble *ret, size_t max);
#define HL_TROUBLES_MAX 16

/* A watch has told of it. */
HL_MUST enum hl_exit hl_channels_told(
	struct hl_app *app, const struct hl_channel_trouble *trouble);

/* "went-back", "two-heads", "does-not-verify", "stale-head"; "missing-letter" for none. */
const char *hl_channel_fault_name(enum hl_channel_fault fault);

/* [{lab, name, fault, number, entered, id, since, alarm, text}, …] */
json_t *hl_channels_json(struct hl_app *app);

/* One line each, "ALARM" or "warning", to standard output. */
void hl_channels_print(struct hl_app *app);

#endif
