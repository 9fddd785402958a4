/* The tables of what a device and its node say to each other (link 5). */
#include "frame_part.h"

static const struct hl_field feed_item_fields[] = {
	HL_F_ANY(struct hl_feed_item, number),
	HL_F_UINT(struct hl_feed_item, sort, HL_FEED_LETTER, HL_FEED_CARRIED),
	HL_F_FIXED(struct hl_feed_item, id),
	HL_F_OPT_FIXED(struct hl_feed_item, lab, has_lab),
	HL_F_ANY(struct hl_feed_item, value),
	HL_F_ANY(struct hl_feed_item, time),
};
const struct hl_shape hl_shape_feed_item =
	HL_SHAPE_OF(struct hl_feed_item, feed_item_fields);

static const struct hl_field held_fields[] = {
	HL_F_FIXED(struct hl_held, id),
	HL_F_ANY(struct hl_held, version),
};
static const struct hl_shape held = HL_SHAPE_OF(struct hl_held, held_fields);

/* SPEC link 5.2: `[32, request, version u, lab_id, member signing key id, card version u,
 * directory version u]` */
static const struct hl_field hello[] = {
	HL_F_ANY(struct hl_frame, device_hello.version),
	HL_F_FIXED(struct hl_frame, device_hello.lab),
	HL_F_FIXED(struct hl_frame, device_hello.kid),
	HL_F_ANY(struct hl_frame, device_hello.card_version),
	HL_F_ANY(struct hl_frame, device_hello.directory_version),
};

/* SPEC link 5.1: reply `[33, request u, code u, text, body bin|nil]`, text a line of 0 to 255
 * bytes for people, code 0 or as in errors 1.1. */
static const struct hl_field reply[] = {
	HL_F_UINT(struct hl_frame, reply.code, HL_OK, HL_STALE),
	HL_F_LINE(struct hl_frame, reply.text, 0, 255),
	HL_F_FLAG_BIN(struct hl_frame, reply.body, reply.has_body, HL_FRAME_MAX),
};

/* SPEC link 5.3: `[34, request, cards, directory version u, seals, suspensions u]`; cards is a
 * list of `[lab_id, version u]` and seals of `[key id, version u]` that the device holds, sorted,
 * of up to 1,024 each */
static const struct hl_field get_docs[] = {
	HL_F_LIST(struct hl_frame, get_docs.cards, get_docs.n_cards, 0, HL_FRAME_LABS_MAX,
		1, held),
	HL_F_ANY(struct hl_frame, get_docs.directory_version),
	HL_F_LIST(struct hl_frame, get_docs.seals, get_docs.n_seals, 0, HL_FRAME_LABS_MAX,
		1, held),
	HL_F_ANY(struct hl_frame, get_docs.suspensions),
};

/* SPEC link 5.4: put: `[35, request, sort u, bin]`: hands in a card, directory, sealing keys or
 * suspension */
static const struct hl_field put[] = {
	HL_F_UINT(struct hl_frame, put.sort, HL_DOC_CARD, HL_DOC_SUSPENSION),
	HL_F_BIN(struct hl_frame, put.doc, 0, HL_FRAME_MAX),
};

/* SPEC link 5.5: submit: `[36, request, envelope bin]` */
static const struct hl_field submit[] = {
	HL_F_BIN(struct hl_frame, doc, 0, HL_FRAME_MAX),
};

/* SPEC link 5.6: feed: `[37, request, after u, limit u]`, limit 1 to 512. */
static const struct hl_field feed[] = {
	HL_F_ANY(struct hl_frame, feed.after),
	HL_F_UINT(struct hl_frame, feed.limit, 1, HL_FEED_MAX),
};

/* SPEC link 5.7: fetch: `[38, request, id]`. */
/* SPEC link 5.8: proof: `[39, request, id]`. */
static const struct hl_field by_id[] = {
	HL_F_FIXED(struct hl_frame, id),
};

/* SPEC link 5.10: watch: `[41, request, after u]` */
static const struct hl_field watch[] = {
	HL_F_ANY(struct hl_frame, feed.after),
};

/* SPEC link 5.10: event `[42, [item, …]]` */
static const struct hl_field event[] = {
	HL_F_LIST(struct hl_frame, event.items, event.n, 0, HL_FEED_MAX, 0,
		hl_shape_feed_item),
};

/* SPEC link 5.11: psk: `[43, request, lab_id, psk b32]` */
static const struct hl_field psk[] = {
	HL_F_FIXED(struct hl_frame, psk.lab),
	HL_F_FIXED(struct hl_frame, psk.key),
};

/* SPEC link 5.12: entries: `[44, request, from, to, epoch u, first u]`. */
static const struct hl_field entries[] = {
	HL_F_FIXED(struct hl_frame, entries.from),
	HL_F_FIXED(struct hl_frame, entries.to),
	HL_F_ANY(struct hl_frame, entries.epoch),
	HL_F_ANY(struct hl_frame, entries.first),
};

/* SPEC link 5.14: drills: `[46, request, lab_id, since u, after u]` */
static const struct hl_field drills[] = {
	HL_F_FIXED(struct hl_frame, drills.lab),
	HL_F_ANY(struct hl_frame, drills.since),
	HL_F_ANY(struct hl_frame, drills.after),
};

static const struct hl_frame_row device_rows[] = {
	HL_ROW_REQUEST(HL_FRAME_DEVICE_HELLO, hello),
	HL_ROW_REQUEST(HL_FRAME_REPLY, reply),
	HL_ROW_REQUEST(HL_FRAME_GET_DOCS, get_docs),
	HL_ROW_REQUEST(HL_FRAME_PUT, put),
	HL_ROW_REQUEST(HL_FRAME_SUBMIT, submit),
	HL_ROW_REQUEST(HL_FRAME_FEED, feed),
	HL_ROW_REQUEST(HL_FRAME_FETCH, by_id),
	HL_ROW_REQUEST(HL_FRAME_PROOF, by_id),
	{HL_FRAME_STATUS, true, NULL, 0},
	HL_ROW_REQUEST(HL_FRAME_WATCH, watch),
	HL_ROW(HL_FRAME_EVENT, event),
	HL_ROW_REQUEST(HL_FRAME_PSK, psk),
	HL_ROW_REQUEST(HL_FRAME_ENTRIES, entries),
	{HL_FRAME_PING, true, NULL, 0},
	HL_ROW_REQUEST(HL_FRAME_DRILLS, drills),
};

const struct hl_frame_row *hl_frame_device_row(uint64_t type)
{
	for (size_t i = 0; i < sizeof(device_rows) / sizeof(device_rows[0]); i++)
		if (device_rows[i].type == type)
			return &device_rows[i];
	return NULL;
}
