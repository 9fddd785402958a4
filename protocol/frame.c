/* Frames: the common part (link 3) and the tables of what two nodes say to each other (link 4). */
#include "frame.h"

#include <string.h>

#include "frame_part.h"

/* SPEC link 4.1: `[1, version u, from, to, node signing key id, card version u, card hash,
 * clock u]` */
static const struct hl_field hello[] = {
	HL_F_ANY(struct hl_frame, hello.version),
	HL_F_FIXED(struct hl_frame, hello.from),
	HL_F_FIXED(struct hl_frame, hello.to),
	HL_F_FIXED(struct hl_frame, hello.kid),
	HL_F_ANY(struct hl_frame, hello.card_version),
	HL_F_FIXED(struct hl_frame, hello.card_hash),
	HL_F_ANY(struct hl_frame, hello.clock),
};

/* SPEC link 4.2: `[lab_id, card version u, card hash, seals digest, suspensions u]` */
static const struct hl_field news_fields[] = {
	HL_F_FIXED(struct hl_lab_news, lab),
	HL_F_ANY(struct hl_lab_news, card_version),
	HL_F_FIXED(struct hl_lab_news, card_hash),
	HL_F_FIXED(struct hl_lab_news, seals_digest),
	HL_F_ANY(struct hl_lab_news, suspensions),
};
static const struct hl_shape news = HL_SHAPE_OF(struct hl_lab_news, news_fields);

/* SPEC link 4.2: `[2, clock u, pulse u, labs, trouble u]` */
static const struct hl_field heartbeat[] = {
	HL_F_ANY(struct hl_frame, heartbeat.clock),
	HL_F_UINT(struct hl_frame, heartbeat.pulse, 1, UINT64_MAX),
	HL_F_LIST(struct hl_frame, heartbeat.labs, heartbeat.n, 0, HL_FRAME_LABS_MAX, 1,
		news),
	HL_F_ANY(struct hl_frame, heartbeat.trouble),
};

/* SPEC link 4.3: statement: `[3, statement bin]` */
/* SPEC link 4.4: segment: `[4, segment bin]` */
/* SPEC link 4.12: offer: `[16, offer bin]` */
/* SPEC link 4.7: card: `[9, card bin]`. seals: `[11, sealing keys bin]`. suspension: `[13,
 * suspension bin]`. */
static const struct hl_field doc[] = {
	HL_F_BIN(struct hl_frame, doc, 0, HL_FRAME_MAX),
};

/* SPEC link 4.5: letter: `[5, from, envelope bin]` */
static const struct hl_field letter[] = {
	HL_F_FIXED(struct hl_frame, letter.from),
	HL_F_BIN(struct hl_frame, letter.doc, 0, HL_FRAME_MAX),
};

/* SPEC link 4.6: want-letters: `[6, from, [id, …]]`, 1 to 256 ids. */
static const struct hl_field want_letters[] = {
	HL_F_FIXED(struct hl_frame, want_letters.from),
	HL_F_LIST(struct hl_frame, want_letters.ids, want_letters.n, 1, HL_FRAME_IDS_MAX,
		0, hl_shape_id),
};

/* SPEC link 4.6: want-entries: `[7, from, epoch u, first u]`. */
static const struct hl_field want_entries[] = {
	HL_F_FIXED(struct hl_frame, entries.from),
	HL_F_ANY(struct hl_frame, entries.epoch),
	HL_F_ANY(struct hl_frame, entries.first),
};

/* SPEC link 4.6: want-cards: `[8, lab_id, after version u]`. */
static const struct hl_field want_cards[] = {
	HL_F_FIXED(struct hl_frame, want.lab),
	HL_F_ANY(struct hl_frame, want.after),
};

/* SPEC link 4.6: want-seals: `[10, lab_id]`. want-suspensions: `[12, lab_id]`. */
static const struct hl_field want[] = {
	HL_F_FIXED(struct hl_frame, want.lab),
};

/* SPEC link 4.11: carry: `[15, from, to, hops u, sort u, doc bin]` */
static const struct hl_field carry[] = {
	HL_F_FIXED(struct hl_frame, carry.from),
	HL_F_FIXED(struct hl_frame, carry.to),
	HL_F_UINT(struct hl_frame, carry.hops, 0, HL_HOPS_MAX),
	HL_F_ANY(struct hl_frame, carry.sort),
	HL_F_BIN(struct hl_frame, carry.doc, 0, HL_FRAME_MAX),
};

/* SPEC link 3.2: close: `[14, reason u]`. */
static const struct hl_field closing[] = {
	HL_F_UINT(struct hl_frame, close.reason, HL_CLOSE_DOWN, HL_CLOSE_VERSION),
};

static const struct hl_frame_row peer_rows[] = {
	HL_ROW(HL_FRAME_HELLO, hello),
	HL_ROW(HL_FRAME_HEARTBEAT, heartbeat),
	HL_ROW(HL_FRAME_STATEMENT, doc),
	HL_ROW(HL_FRAME_SEGMENT, doc),
	HL_ROW(HL_FRAME_LETTER, letter),
	HL_ROW(HL_FRAME_WANT_LETTERS, want_letters),
	HL_ROW(HL_FRAME_WANT_ENTRIES, want_entries),
	HL_ROW(HL_FRAME_WANT_CARDS, want_cards),
	HL_ROW(HL_FRAME_CARD, doc),
	HL_ROW(HL_FRAME_WANT_SEALS, want),
	HL_ROW(HL_FRAME_SEALS, doc),
	HL_ROW(HL_FRAME_WANT_SUSPENSIONS, want),
	HL_ROW(HL_FRAME_SUSPENSION, doc),
	HL_ROW(HL_FRAME_CARRY, carry),
	HL_ROW(HL_FRAME_OFFER, doc),
};

static const struct hl_frame_row close_row = HL_ROW(HL_FRAME_CLOSE, closing);

const struct hl_frame_row *hl_frame_peer_row(uint64_t type)
{
	for (size_t i = 0; i < sizeof(peer_rows) / sizeof(peer_rows[0]); i++)
		if (peer_rows[i].type == type)
			return &peer_rows[i];
	return NULL;
}

static size_t row_items(const struct hl_frame_row *row)
{
	return 1 + (row->request ? 1 : 0) + hl_shape_items(row->fields, row->n);
}

enum hl_status hl_frame_encode(const struct hl_frame *frame, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	const struct hl_frame_row *row = frame->type == HL_FRAME_CLOSE
		? &close_row
		: hl_frame_peer_row(frame->type);

	if (row == NULL)
		row = hl_frame_device_row(frame->type);
	if (row == NULL)
		return HL_ERR_USAGE;
	hl_out_init(&out);
	hl_out_array(&out, row_items(row));
	hl_out_uint(&out, frame->type);
	if (row->request)
		hl_out_uint(&out, frame->request);
	hl_shape_write_fields(&out, row->fields, row->n, frame);
	enum hl_status status = hl_out_finish(&out, &bytes);
	if (status != HL_OK)
		return status;
	/* SPEC link 2.4: A frame is 1 to 524,288 bytes. */
	if (bytes.n > HL_FRAME_MAX)
		return HL_BAD_SIZE;
	*ret = hl_buf_steal(&bytes);
	return HL_OK;
}

static const struct hl_frame_row *find_row(uint64_t type, enum hl_purpose purpose)
{
	if (type == HL_FRAME_CLOSE)
		return &close_row;
	switch (purpose) {
	case HL_PURPOSE_PEER: return hl_frame_peer_row(type);
	case HL_PURPOSE_DEVICE: return hl_frame_device_row(type);
	}
	return NULL;
}

static void read_frame(struct hl_in *in, enum hl_purpose purpose, struct hl_frame *frame)
{
	/* SPEC link 3.1: A frame is an array in the canonical form, of which the first item is the
	 * type. */
	size_t items = hl_in_array(in, 1, SIZE_MAX);
	uint64_t type = hl_in_uint(in, 0, UINT64_MAX);
	const struct hl_frame_row *row = find_row(type, purpose);

	if (!hl_in_ok(in))
		return;
	if (row == NULL) {
		hl_in_fail(in, HL_BAD_TYPE);
		return;
	}
	/* SPEC encoding 1.7: A reader MUST refuse an array with fewer or more. */
	if (items != row_items(row)) {
		hl_in_fail(in, HL_BAD_ENCODING);
		return;
	}
	frame->type = row->type;
	if (row->request)
		frame->request = hl_in_uint(in, 0, UINT64_MAX);
	hl_shape_read_fields(in, row->fields, row->n, frame, &frame->arena);
	hl_in_end(in);
}

enum hl_status hl_frame_parse(
	struct hl_view bytes, enum hl_purpose purpose, struct hl_frame *ret)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	hl_in_init(&in, bytes, HL_FRAME_MAX);
	read_frame(&in, purpose, &frame);
	enum hl_status status = hl_in_finish(&in);
	if (status != HL_OK)
		return status;
	*ret = frame;
	frame.arena = NULL;
	return HL_OK;
}

void hl_frame_clear(struct hl_frame *frame)
{
	if (frame == NULL)
		return;
	hl_arena_clear(&frame->arena);
	/* It may have held a PSK. */
	hl_wipe(frame, sizeof(*frame));
}

unsigned hl_frame_lane(enum hl_frame_type type, unsigned precedence)
{
	/* SPEC link 2.4: Lanes: 1 control, 2 FLASH, 3 IMMEDIATE, 4 PRIORITY, 5 ROUTINE, 6 bulk. */
	if (precedence >= HL_ROUTINE && precedence <= HL_FLASH)
		return 6 - precedence;
	/* What letters wait for (entries, cards, statements) must not wait behind them; a letter
	 * whose precedence nobody names can wait for all. */
	return type == HL_FRAME_LETTER || type == HL_FRAME_SUBMIT ? 6 : 1;
}
