/*
 * fuzz_frame: what comes out of the records of a link. The first byte says what the rest is:
 *
 *	0, 1	a frame between nodes; a frame of a device's link
 *	2, 3, 4	a statement; a segment; an offer
 *	32..	the body of a reply to the request with that number
 *
 * What is read is written again, and must be the same bytes.
 */
#include "protocol/hotline.h"
#include "tests/fuzz/fuzz.h"

static struct hl_id net;
static struct hl_sign_key key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_net(&net);
	fuzz_key(&key);
	return 0;
}

static void frame(struct hl_view data, enum hl_purpose purpose)
{
	struct hl_frame f HL_CLEAN_FRAME = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};

	if (hl_frame_parse(data, purpose, &f) != HL_OK)
		return;
	fuzz_require(hl_frame_encode(&f, &again) == HL_OK);
	fuzz_require(hl_view_eq(hl_view_buf(&again), data));
	unsigned lane = hl_frame_lane(f.type, 0);
	fuzz_require(lane >= 1 && lane <= HL_LANES);
}

static void statement(struct hl_view data)
{
	struct hl_statement s, back;
	struct hl_buf again HL_CLEAN_BUF = {0};

	if (hl_statement_parse(data, &s) != HL_OK)
		return;
	for (size_t i = 0; s.has_receipt && i < s.receipt.n_ranges; i++) {
		enum hl_status code;
		uint64_t first = s.receipt.ranges[i].first;
		fuzz_require(hl_receipt_holds(&s.receipt, first, &code));
		fuzz_require(!hl_receipt_holds(&s.receipt, first - 1, &code));
	}
	/* The signature is another; what is signed stays. */
	fuzz_require(hl_statement_sign(&net, &s, &key, &again) == HL_OK);
	fuzz_require(hl_statement_parse(hl_view_buf(&again), &back) == HL_OK);
	fuzz_require(hl_view_eq(back.body, s.body));
}

static void segment(struct hl_view data)
{
	struct hl_segment s HL_CLEAN_SEGMENT = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};
	struct hl_id link;

	if (hl_segment_parse(data, &s) != HL_OK)
		return;
	fuzz_require(hl_segment_encode(&s, &again) == HL_OK);
	fuzz_require(hl_view_eq(hl_view_buf(&again), data));
	enum hl_status status =
		hl_segment_link(&net, &s, s.first - 1 + s.n_entries, &link);
	fuzz_require(status == HL_OK || (status == HL_BAD_HASH && s.first == 1));
}

static void offer(struct hl_view data)
{
	struct hl_offer o, back;
	struct hl_buf again HL_CLEAN_BUF = {0};

	if (hl_offer_parse(data, &o) != HL_OK)
		return;
	/* The signature is another; what is signed stays. */
	fuzz_require(hl_offer_sign(&net, &o, &key, &again) == HL_OK);
	fuzz_require(hl_offer_parse(hl_view_buf(&again), &back) == HL_OK);
	fuzz_require(hl_view_eq(back.body, o.body));
}

static void body(struct hl_view data, enum hl_frame_type of)
{
	struct hl_body b HL_CLEAN_BODY = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};

	if (hl_body_parse(data, of, &b) != HL_OK)
		return;
	fuzz_require(hl_body_encode(&b, &again) == HL_OK);
	fuzz_require(hl_view_eq(hl_view_buf(&again), data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct hl_view rest = hl_view_of(data + 1, size - 1);
	switch (data[0]) {
	case 0: frame(rest, HL_PURPOSE_PEER); break;
	case 1: frame(rest, HL_PURPOSE_DEVICE); break;
	case 2: statement(rest); break;
	case 3: segment(rest); break;
	case 4: offer(rest); break;
	default: body(rest, (enum hl_frame_type)data[0]); break;
	}
	return 0;
}
