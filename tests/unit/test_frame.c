/* Frames and bodies: each written and read back, and every field refused when it is wrong. */
#include "tree.h"

static struct hl_id id_of(uint8_t byte)
{
	struct hl_id id;

	memset(&id, byte, sizeof(id));
	return id;
}

static struct hl_lab_news news[2];
static struct hl_id ids[3];
static struct hl_held held[2];
static struct hl_feed_item items[2];

static void lists(void)
{
	for (uint8_t i = 0; i < 2; i++) {
		news[i] = (struct hl_lab_news){id_of(i + 1), 4, id_of(5), id_of(6), 7};
		held[i] = (struct hl_held){id_of(i + 1), 9};
		items[i] = (struct hl_feed_item){.number = 3,
			.sort = HL_FEED_LINK,
			.id = id_of(8),
			.has_lab = i == 1,
			.value = 2,
			.time = 1};
	}
	items[1].lab = id_of(4);
	for (uint8_t i = 0; i < 3; i++)
		ids[i] = id_of(9 - i); /* in no order */
}

/* A good frame of a type; false for a number that is none. */
static bool make(unsigned type, struct hl_frame *f)
{
	lists();
	*f = (struct hl_frame){.type = (enum hl_frame_type)type, .request = 1000};
	switch (f->type) {
	case HL_FRAME_HELLO:
		f->hello.version = 1;
		f->hello.from = id_of(1);
		f->hello.clock = UINT64_MAX;
		return true;
	case HL_FRAME_HEARTBEAT:
		f->heartbeat.clock = 5;
		f->heartbeat.pulse = 6;
		f->heartbeat.labs = news;
		f->heartbeat.n = 2;
		f->heartbeat.trouble = HL_TROUBLE_FULL;
		return true;
	case HL_FRAME_STATEMENT:
	case HL_FRAME_SEGMENT:
	case HL_FRAME_CARD:
	case HL_FRAME_SEALS:
	case HL_FRAME_SUSPENSION:
	case HL_FRAME_OFFER:
	case HL_FRAME_SUBMIT: f->doc = hl_view_str("document"); return true;
	case HL_FRAME_CARRY:
		f->carry.from = id_of(3);
		f->carry.to = id_of(4);
		f->carry.hops = HL_HOPS_MAX;
		f->carry.sort = HL_CARRIED_SEGMENT;
		f->carry.doc = hl_view_str("segment");
		return true;
	case HL_FRAME_LETTER:
		f->letter.from = id_of(3);
		f->letter.doc = hl_view_str("letter");
		return true;
	case HL_FRAME_WANT_LETTERS:
		f->want_letters.ids = ids;
		f->want_letters.n = 3;
		return true;
	case HL_FRAME_WANT_ENTRIES:
	case HL_FRAME_ENTRIES: f->entries.first = 70000; return true;
	case HL_FRAME_WANT_CARDS: f->want.after = 9; return true;
	case HL_FRAME_WANT_SEALS:
	case HL_FRAME_WANT_SUSPENSIONS: f->want.lab = id_of(2); return true;
	case HL_FRAME_CLOSE: f->close.reason = HL_CLOSE_VERSION; return true;
	case HL_FRAME_DEVICE_HELLO: f->device_hello.card_version = 300; return true;
	case HL_FRAME_REPLY:
		f->reply.code = HL_STALE;
		f->reply.text = hl_view_str("too late");
		f->reply.has_body = true; /* an empty one is no nil */
		return true;
	case HL_FRAME_GET_DOCS:
		f->get_docs.cards = f->get_docs.seals = held;
		f->get_docs.n_cards = f->get_docs.n_seals = 2;
		return true;
	case HL_FRAME_PUT:
		f->put.sort = HL_DOC_SUSPENSION;
		f->put.doc = hl_view_str("document");
		return true;
	case HL_FRAME_FEED: f->feed.limit = HL_FEED_MAX; return true;
	case HL_FRAME_WATCH: f->feed.after = 12; return true;
	case HL_FRAME_FETCH:
	case HL_FRAME_PROOF: f->id = id_of(7); return true;
	case HL_FRAME_EVENT:
		f->event.items = items;
		f->event.n = 2;
		return true;
	case HL_FRAME_PSK: f->psk.key[31] = 1; return true;
	case HL_FRAME_STATUS:
	case HL_FRAME_PING: return true;
	case HL_FRAME_DRILLS:
		f->drills.lab = id_of(6);
		f->drills.since = 7;
		f->drills.after = UINT64_MAX;
		return true;
	}
	return false;
}

static enum hl_purpose purpose_of(unsigned type)
{
	return type >= HL_FRAME_DEVICE_HELLO ? HL_PURPOSE_DEVICE : HL_PURPOSE_PEER;
}

static struct hl_buf encode(unsigned type)
{
	struct hl_frame frame;
	struct hl_buf bytes = {0};

	assert_true(make(type, &frame));
	assert_ok(hl_frame_encode(&frame, &bytes));
	return bytes;
}

static enum hl_status read_frame(struct hl_view doc, void *ctx)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	return hl_frame_parse(doc, purpose_of(*(unsigned *)ctx), &frame);
}

/* Every number that a type could be: round trip, purpose, truncation, wrong types, item counts. */
static void every_type(void **state)
{
	static const struct negative counts[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_UINT, 0, HL_BAD_TYPE, NULL},
		{"0", OP_UINT, 17, HL_BAD_TYPE, NULL},
		{"0", OP_UINT, 31, HL_BAD_TYPE, NULL},
		{"0", OP_UINT, 47, HL_BAD_TYPE, NULL},
		{"0", OP_UINT, UINT64_MAX, HL_BAD_TYPE, NULL},
		{"0", OP_UINT, (uint64_t)1 << 32 | HL_FRAME_CLOSE, HL_BAD_TYPE, NULL},
	};
	unsigned known = 0;

	(void)state;
	for (unsigned type = 0; type < 64; type++) {
		struct hl_frame frame, back HL_CLEAN_FRAME = {0},
					    none HL_CLEAN_FRAME = {0};
		struct hl_buf bytes HL_CLEAN_BUF = {0}, again HL_CLEAN_BUF = {0};
		if (!make(type, &frame)) {
			assert_status(hl_frame_encode(&frame, &bytes), HL_ERR_USAGE);
			continue;
		}
		known++;
		assert_ok(hl_frame_encode(&frame, &bytes));
		struct hl_view view = hl_view_buf(&bytes);
		assert_ok(hl_frame_parse(view, purpose_of(type), &back));
		assert_int_equal(back.type, type);
		assert_ok(hl_frame_encode(&back, &again));
		assert_view(hl_view_buf(&again), view);
		assert_status(
			hl_frame_parse(view,
				purpose_of(type) == HL_PURPOSE_PEER ? HL_PURPOSE_DEVICE
								    : HL_PURPOSE_PEER,
				&none),
			type == HL_FRAME_CLOSE ? HL_OK : HL_BAD_TYPE);
		TREE_NEGATIVES(view, counts, read_frame, &type);
		tree_wrong_types(view, read_frame, &type);
		for (size_t n = 0; n < bytes.n; n++)
			assert_int_not_equal(
				read_frame(hl_view_of(bytes.p, n), &type), HL_OK);
	}
	assert_int_equal(known, 31);
}

struct case_of {
	unsigned type;
	struct negative row;
};

static void fields(void **state)
{
	static const struct case_of rows[] = {
		{HL_FRAME_HELLO, {"2", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_HELLO, {"3", OP_BIN, 33, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_HELLO, {"4", OP_BIN, 0, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_HELLO, {"6", OP_NIL, 0, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_HEARTBEAT, {"2", OP_UINT, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_HEARTBEAT, {"3", OP_SWAP, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_HEARTBEAT, {"3", OP_TWICE, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_HEARTBEAT, {"3", OP_ADD, 1023, HL_BAD_FIELD, NULL}},
		{HL_FRAME_HEARTBEAT, {"3", OP_ONLY, 0, HL_OK, NULL}},
		{HL_FRAME_HEARTBEAT, {"3.0", OP_ADD, 1, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_HEARTBEAT, {"3.0", OP_DROP, 0, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_HEARTBEAT, {"3.0.2", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_HEARTBEAT, {"3.0.3", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_WANT_LETTERS, {"2", OP_ONLY, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_WANT_LETTERS, {"2", OP_ADD, 253, HL_OK, NULL}},
		{HL_FRAME_WANT_LETTERS, {"2", OP_ADD, 254, HL_BAD_FIELD, NULL}},
		{HL_FRAME_WANT_LETTERS, {"2.1", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_CARRY, {"1", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_CARRY, {"2", OP_BIN, 33, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_CARRY, {"3", OP_UINT, 0, HL_OK, NULL}},
		{HL_FRAME_CARRY, {"3", OP_UINT, 3, HL_BAD_FIELD, NULL}},
		{HL_FRAME_CARRY, {"4", OP_UINT, 9, HL_OK, NULL}},
		{HL_FRAME_CARRY, {"4", OP_NIL, 0, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_CARRY, {"5", OP_NIL, 0, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_CLOSE, {"1", OP_UINT, 6, HL_BAD_FIELD, NULL}},
		{HL_FRAME_CLOSE, {"1", OP_UINT, 0, HL_OK, NULL}},
		{HL_FRAME_REPLY, {"2", OP_UINT, 33, HL_BAD_FIELD, NULL}},
		{HL_FRAME_REPLY, {"2", OP_UINT, UINT64_MAX, HL_BAD_FIELD, NULL}},
		{HL_FRAME_REPLY, {"3", OP_STR, 255, HL_OK, NULL}},
		{HL_FRAME_REPLY, {"3", OP_STR, 256, HL_BAD_FIELD, NULL}},
		{HL_FRAME_REPLY, {"3", OP_LABEL, 0, HL_BAD_ENCODING, "two\nlines"}},
		{HL_FRAME_REPLY, {"4", OP_NIL, 0, HL_OK, NULL}},
		{HL_FRAME_GET_DOCS, {"2", OP_SWAP, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_GET_DOCS, {"2", OP_ADD, 1023, HL_BAD_FIELD, NULL}},
		{HL_FRAME_GET_DOCS, {"2.0", OP_ADD, 1, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_GET_DOCS, {"4", OP_TWICE, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_GET_DOCS, {"4", OP_ADD, 1023, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PUT, {"2", OP_UINT, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PUT, {"2", OP_UINT, 5, HL_BAD_FIELD, NULL}},
		{HL_FRAME_FEED, {"3", OP_UINT, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_FEED, {"3", OP_UINT, 513, HL_BAD_FIELD, NULL}},
		{HL_FRAME_FETCH, {"2", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_EVENT, {"1", OP_ADD, 511, HL_BAD_FIELD, NULL}},
		{HL_FRAME_EVENT, {"1", OP_ADD, 510, HL_OK, NULL}},
		{HL_FRAME_EVENT, {"1.0", OP_DROP, 0, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_EVENT, {"1.0.1", OP_UINT, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_EVENT, {"1.0.1", OP_UINT, 11, HL_BAD_FIELD, NULL}},
		{HL_FRAME_EVENT, {"1.1.3", OP_NIL, 0, HL_OK, NULL}},
		{HL_FRAME_EVENT, {"1.1.3", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_PSK, {"3", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_PSK, {"3", OP_BIN, 33, HL_BAD_ENCODING, NULL}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned type = rows[i].type;
		struct hl_buf bytes HL_CLEAN_BUF = encode(type);
		tree_negatives(hl_view_buf(&bytes), &rows[i].row, 1, read_frame, &type);
	}
}

static void writing(void **state)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0}, large HL_CLEAN_BUF = {0};
	struct hl_frame f;

	(void)state;
	assert_true(make(HL_FRAME_HEARTBEAT, &f));
	news[1].lab = news[0].lab;
	assert_status(hl_frame_encode(&f, &bytes), HL_ERR_USAGE);
	assert_true(make(HL_FRAME_WANT_LETTERS, &f));
	f.want_letters.n = 0;
	assert_status(hl_frame_encode(&f, &bytes), HL_ERR_USAGE);
	assert_true(make(HL_FRAME_REPLY, &f));
	f.reply.code = HL_ERR_NOMEM;
	assert_status(hl_frame_encode(&f, &bytes), HL_ERR_USAGE);
	f.reply.code = HL_OK;
	f.reply.text = hl_view_str("a\x1b[31m");
	assert_status(hl_frame_encode(&f, &bytes), HL_ERR_USAGE);
	assert_true(make(HL_FRAME_FEED, &f));
	f.feed.limit = 0;
	assert_status(hl_frame_encode(&f, &bytes), HL_ERR_USAGE);
	/* as large as a frame may be, and a byte more */
	assert_ok(hl_buf_reserve(&large, HL_FRAME_MAX));
	memset(large.p, 0, HL_FRAME_MAX);
	assert_true(make(HL_FRAME_CARD, &f));
	f.doc = hl_view_of(large.p, HL_FRAME_MAX - 7);
	assert_ok(hl_frame_encode(&f, &bytes));
	assert_int_equal(bytes.n, HL_FRAME_MAX);
	hl_buf_clear(&bytes);
	f.doc.n++;
	assert_status(hl_frame_encode(&f, &bytes), HL_BAD_SIZE);
	assert_int_equal(bytes.n, 0);
}

static void lanes(void **state)
{
	(void)state;
	assert_int_equal(hl_frame_lane(HL_FRAME_LETTER, HL_FLASH), HL_LANE_FLASH);
	assert_int_equal(hl_frame_lane(HL_FRAME_LETTER, HL_IMMEDIATE), HL_LANE_IMMEDIATE);
	assert_int_equal(hl_frame_lane(HL_FRAME_SUBMIT, HL_PRIORITY), HL_LANE_PRIORITY);
	assert_int_equal(hl_frame_lane(HL_FRAME_LETTER, HL_ROUTINE), HL_LANE_ROUTINE);
	assert_int_equal(hl_frame_lane(HL_FRAME_LETTER, 0), HL_LANE_BULK);
	assert_int_equal(hl_frame_lane(HL_FRAME_HEARTBEAT, 0), HL_LANE_CONTROL);
	assert_int_equal(hl_frame_lane(HL_FRAME_SEGMENT, 0), HL_LANE_CONTROL);
}

/* Bodies. */

static enum hl_status read_body(struct hl_view doc, void *ctx)
{
	struct hl_body body HL_CLEAN_BODY = {0};

	return hl_body_parse(doc, *(enum hl_frame_type *)ctx, &body);
}

static struct hl_doc_item docs[2];
static struct hl_carrier_item carriers[2];
static struct hl_proof_item proofs[2];
static struct hl_peer_status peers[2];
static struct hl_call_status calls[1];
static struct hl_view warnings[2];
static struct hl_drill_status drills[2] = {{1, 2, 3, 4, false}, {5, 6, 0, 0, true}};

static bool make_body(enum hl_frame_type of, struct hl_body *b)
{
	lists();
	*b = (struct hl_body){.of = of};
	if (of == HL_FRAME_DEVICE_HELLO) {
		b->hello.version = 1;
		b->hello.last_feed = 77;
	} else if (of == HL_FRAME_GET_DOCS) {
		docs[0] = (struct hl_doc_item){HL_DOC_CARD, hl_view_str("card")};
		docs[1] = (struct hl_doc_item){HL_DOC_SUSPENSION, hl_view_str("s")};
		b->docs.items = docs;
		b->docs.n = 2;
	} else if (of == HL_FRAME_SUBMIT) {
		b->submit.time = 5;
	} else if (of == HL_FRAME_FEED) {
		b->feed.items = items;
		b->feed.n = 2;
		b->feed.last = 90;
	} else if (of == HL_FRAME_FETCH) {
		b->fetch.envelope = hl_view_str("envelope");
		b->fetch.deferred = true;
	} else if (of == HL_FRAME_PROOF) {
		carriers[0] = (struct hl_carrier_item){id_of(1), 7, hl_view_str("offer")};
		carriers[1] = (struct hl_carrier_item){.by = id_of(2)};
		proofs[0] = (struct hl_proof_item){
			.lab = id_of(1), .carriers = carriers, .n_carriers = 2};
		proofs[1] = (struct hl_proof_item){.lab = id_of(2),
			.state = HL_REFUSED,
			.code = HL_SUSPENDED,
			.segment = hl_view_str("segment")};
		b->proof.items = proofs;
		b->proof.n = 2;
	} else if (of == HL_FRAME_STATUS) {
		peers[0] = (struct hl_peer_status){.lab = id_of(1),
			.state = HL_LINK_UP,
			.clock_offset = -INT64_MAX,
			.psk = true};
		peers[1] = (struct hl_peer_status){.lab = id_of(2),
			.clock_offset = INT64_MAX,
			.last_error = hl_view_str("connection refused")};
		calls[0] = (struct hl_call_status){.precedence = HL_FLASH,
			.status = HL_EXERCISE,
			.state = HL_RINGING};
		warnings[0] = hl_view_str("clock is off");
		warnings[1] = hl_view_str("");
		b->status.version = hl_view_str("0.1.0");
		b->status.peers = peers;
		b->status.n_peers = 2;
		b->status.calls = calls;
		b->status.n_calls = 1;
		b->status.warnings = warnings;
		b->status.n_warnings = 2;
	} else if (of == HL_FRAME_DRILLS) {
		b->drills.items = drills;
		b->drills.n = 2;
	} else {
		return false;
	}
	return true;
}

static void every_body(void **state)
{
	unsigned known = 0;

	(void)state;
	for (unsigned of = 0; of < 64; of++) {
		enum hl_frame_type type = (enum hl_frame_type)of;
		struct hl_body body, back HL_CLEAN_BODY = {0};
		struct hl_buf bytes HL_CLEAN_BUF = {0}, again HL_CLEAN_BUF = {0};
		if (of == HL_FRAME_ENTRIES)
			continue;
		if (!make_body(type, &body)) {
			assert_status(hl_body_encode(&body, &bytes), HL_ERR_USAGE);
			assert_status(hl_body_parse(hl_view_str("\x90"), type, &back),
				HL_ERR_USAGE);
			continue;
		}
		known++;
		assert_ok(hl_body_encode(&body, &bytes));
		assert_ok(hl_body_parse(hl_view_buf(&bytes), type, &back));
		assert_int_equal(back.of, type);
		assert_ok(hl_body_encode(&back, &again));
		assert_view(hl_view_buf(&again), hl_view_buf(&bytes));
		tree_wrong_types(hl_view_buf(&bytes), read_body, &type);
		for (size_t n = 0; n < bytes.n; n++)
			assert_int_not_equal(
				read_body(hl_view_of(bytes.p, n), &type), HL_OK);
	}
	assert_int_equal(known, 8);
}

static void body_fields(void **state)
{
	static const struct case_of rows[] = {
		{HL_FRAME_DEVICE_HELLO, {"", OP_ADD, 1, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_DEVICE_HELLO, {"", OP_DROP, 0, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_DEVICE_HELLO, {"1", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_GET_DOCS, {"", OP_ADD, 4095, HL_BAD_FIELD, NULL}},
		{HL_FRAME_GET_DOCS, {"0", OP_ADD, 1, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_GET_DOCS, {"0.0", OP_UINT, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_GET_DOCS, {"0.0", OP_UINT, 8, HL_BAD_FIELD, NULL}},
		{HL_FRAME_SUBMIT, {"", OP_ADD, 1, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_SUBMIT, {"0", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_FEED, {"1", OP_ADD, 511, HL_BAD_FIELD, NULL}},
		{HL_FRAME_FEED, {"1.0.1", OP_UINT, 11, HL_BAD_FIELD, NULL}},
		{HL_FRAME_FETCH, {"", OP_ADD, 1, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_FETCH, {"2", OP_NIL, 0, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_PROOF, {"", OP_SWAP, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PROOF, {"", OP_ADD, 63, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PROOF, {"0.1", OP_UINT, 4, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PROOF, {"0.2", OP_UINT, 33, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PROOF, {"1.3", OP_BIN, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PROOF, {"1.3", OP_NIL, 0, HL_OK, NULL}},
		{HL_FRAME_PROOF, {"0.4", OP_SWAP, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PROOF, {"0.4", OP_TWICE, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PROOF, {"0.4", OP_ADD, 15, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PROOF, {"0.4.0", OP_ADD, 1, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_PROOF, {"0.4.0.0", OP_BIN, 31, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_PROOF, {"0.4.0.2", OP_BIN, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PROOF, {"0.4.0.2", OP_BIN, 1025, HL_BAD_FIELD, NULL}},
		{HL_FRAME_PROOF, {"0.4.0.2", OP_NIL, 0, HL_OK, NULL}},
		{HL_FRAME_STATUS, {"", OP_ADD, 1, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_STATUS, {"1", OP_STR, 256, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"4", OP_SWAP, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"4", OP_ADD, 1023, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"4.0", OP_ADD, 1, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_DRILLS, {"", OP_ADD, 511, HL_BAD_FIELD, NULL}},
		{HL_FRAME_DRILLS, {"0", OP_ADD, 1, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_DRILLS, {"0.4", OP_NIL, 0, HL_BAD_ENCODING, NULL}},
		{HL_FRAME_STATUS, {"4.0.1", OP_UINT, 6, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"4.0.4", OP_UINT, 0, HL_BAD_FIELD, NULL}}, /* -0 */
		{HL_FRAME_STATUS,
			{"4.0.4", OP_UINT, (uint64_t)INT64_MAX + 1, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"4.1.9", OP_STR, 256, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"5", OP_ADD, 256, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"5.0.3", OP_UINT, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"5.0.3", OP_UINT, 5, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"5.0.4", OP_UINT, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"5.0.4", OP_UINT, 4, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"5.0.7", OP_UINT, 0, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"5.0.7", OP_UINT, 5, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"6", OP_ADD, 255, HL_BAD_FIELD, NULL}},
		{HL_FRAME_STATUS, {"6.0", OP_STR, 256, HL_BAD_FIELD, NULL}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum hl_frame_type of = (enum hl_frame_type)rows[i].type;
		struct hl_buf bytes HL_CLEAN_BUF = {0};
		struct hl_body body;
		assert_true(make_body(of, &body));
		assert_ok(hl_body_encode(&body, &bytes));
		tree_negatives(hl_view_buf(&bytes), &rows[i].row, 1, read_body, &of);
	}
}

static void segment_body(void **state)
{
	struct hl_body body = {
		.of = HL_FRAME_ENTRIES, .segment = hl_view_str("\x91\x01")};
	struct hl_body back HL_CLEAN_BODY = {0};
	struct hl_buf bytes HL_CLEAN_BUF = {0};

	(void)state;
	assert_ok(hl_body_encode(&body, &bytes));
	assert_view(hl_view_buf(&bytes), body.segment);
	assert_ok(hl_body_parse(hl_view_buf(&bytes), HL_FRAME_ENTRIES, &back));
	assert_view(back.segment, body.segment);
	body.segment = hl_view_str("\x91");
	hl_buf_clear(&bytes);
	assert_status(hl_body_encode(&body, &bytes), HL_ERR_USAGE);
	assert_status(
		hl_body_parse(body.segment, HL_FRAME_ENTRIES, &back), HL_BAD_ENCODING);
}

static void no_memory(void **state)
{
	struct hl_buf bytes HL_CLEAN_BUF = encode(HL_FRAME_HEARTBEAT);
	unsigned n = 0;

	(void)state;
	for (;;) {
		struct hl_frame frame HL_CLEAN_FRAME = {0};
		unit_fail_allocation(++n);
		enum hl_status status =
			hl_frame_parse(hl_view_buf(&bytes), HL_PURPOSE_PEER, &frame);
		if (!unit_allocation_failed()) {
			assert_ok(status);
			break;
		}
		assert_status(status, HL_ERR_NOMEM);
		assert_null(frame.arena);
	}
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type),
		cmocka_unit_test(fields),
		cmocka_unit_test(writing),
		cmocka_unit_test(lanes),
		cmocka_unit_test(every_body),
		cmocka_unit_test(body_fields),
		cmocka_unit_test(segment_body),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
