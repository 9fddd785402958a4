/* The bodies of replies (link 5.2 to 5.14), by the request that they answer. */
#include <string.h>

#include "frame_part.h"

/* SPEC link 5.2: Body: `[version u, lab_id, node signing key id, clock u, card version u, directory
 * version u, last feed number u]`. */
static const struct hl_field hello_fields[] = {
	HL_F_ANY(struct hl_body, hello.version),
	HL_F_FIXED(struct hl_body, hello.lab),
	HL_F_FIXED(struct hl_body, hello.kid),
	HL_F_ANY(struct hl_body, hello.clock),
	HL_F_ANY(struct hl_body, hello.card_version),
	HL_F_ANY(struct hl_body, hello.directory_version),
	HL_F_ANY(struct hl_body, hello.last_feed),
};
static const struct hl_shape hello = HL_SHAPE_OF(struct hl_body, hello_fields);

/* SPEC file 1.1: `[sort u, bin]`. */
static const struct hl_field doc_item_fields[] = {
	HL_F_UINT(struct hl_doc_item, sort, HL_DOC_CARD, HL_DOC_REQUEST),
	HL_F_BIN(struct hl_doc_item, doc, 0, SIZE_MAX),
};
const struct hl_shape hl_shape_doc_item =
	HL_SHAPE_OF(struct hl_doc_item, doc_item_fields);

/* SPEC link 5.3: Body: `[[sort u, bin], …]` */
static const struct hl_field docs_fields[] = {
	HL_F_LIST(struct hl_body, docs.items, docs.n, 0, HL_FRAME_DOC_ITEMS_MAX, 0,
		hl_shape_doc_item),
};
static const struct hl_shape docs = HL_BARE_OF(struct hl_body, docs_fields);

/* SPEC link 5.5: body: `[id, time u]`. */
static const struct hl_field submit_fields[] = {
	HL_F_FIXED(struct hl_body, submit.id),
	HL_F_ANY(struct hl_body, submit.time),
};
static const struct hl_shape submit = HL_SHAPE_OF(struct hl_body, submit_fields);

/* SPEC link 5.6: Body: `[last u, items]` */
static const struct hl_field feed_fields[] = {
	HL_F_ANY(struct hl_body, feed.last),
	HL_F_LIST(struct hl_body, feed.items, feed.n, 0, HL_FEED_MAX, 0,
		hl_shape_feed_item),
};
static const struct hl_shape feed = HL_SHAPE_OF(struct hl_body, feed_fields);

/* SPEC link 5.7: Body: `[envelope bin, time u, deferred bool]` */
static const struct hl_field fetch_fields[] = {
	HL_F_BIN(struct hl_body, fetch.envelope, 0, HL_FRAME_MAX),
	HL_F_ANY(struct hl_body, fetch.time),
	HL_F_BOOL(struct hl_body, fetch.deferred),
};
static const struct hl_shape fetch = HL_SHAPE_OF(struct hl_body, fetch_fields);

/* SPEC link 5.8: carriers is a list of 0 to 16 `[lab_id, since u, offer bin|nil]`, sorted by lab */
static const struct hl_field carrier_fields[] = {
	HL_F_FIXED(struct hl_carrier_item, by),
	HL_F_ANY(struct hl_carrier_item, since),
	HL_F_OPT_BIN(struct hl_carrier_item, offer, HL_OFFER_MAX),
};
static const struct hl_shape carrier =
	HL_SHAPE_OF(struct hl_carrier_item, carrier_fields);

/* SPEC link 5.8: Body: a list of `[lab_id, state u, code u, segment bin|nil, carriers]`, sorted
 * by lab */
static const struct hl_field proof_item_fields[] = {
	HL_F_FIXED(struct hl_proof_item, lab),
	HL_F_UINT(struct hl_proof_item, state, HL_KEPT, HL_REFUSED),
	HL_F_UINT(struct hl_proof_item, code, HL_OK, HL_STALE),
	HL_F_OPT_BIN(struct hl_proof_item, segment, HL_FRAME_MAX),
	HL_F_LIST(struct hl_proof_item, carriers, n_carriers, 0, HL_CARRIERS_MAX, 1,
		carrier),
};
static const struct hl_shape proof_item =
	HL_SHAPE_OF(struct hl_proof_item, proof_item_fields);
static const struct hl_field proof_fields[] = {
	HL_F_LIST(struct hl_body, proof.items, proof.n, 0, HL_LABS_MAX, 1, proof_item),
};
static const struct hl_shape proof = HL_BARE_OF(struct hl_body, proof_fields);

/* SPEC link 5.9: `[lab_id, state u, since u, last heard u, clock offset ms as u (sign in the next),
 * offset negative bool, psk bool, queued u, gaps u, last error, last test u]` */
static const struct hl_field peer_fields[] = {
	HL_F_FIXED(struct hl_peer_status, lab),
	HL_F_UINT(struct hl_peer_status, state, HL_LINK_NEVER, HL_LINK_SILENT),
	HL_F_ANY(struct hl_peer_status, since),
	HL_F_ANY(struct hl_peer_status, heard),
	HL_F_SIGNED(struct hl_peer_status, clock_offset),
	HL_F_BOOL(struct hl_peer_status, psk),
	HL_F_ANY(struct hl_peer_status, queued),
	HL_F_ANY(struct hl_peer_status, gaps),
	HL_F_LINE(struct hl_peer_status, last_error, 0, 255),
	HL_F_ANY(struct hl_peer_status, last_test),
};
static const struct hl_shape peer = HL_SHAPE_OF(struct hl_peer_status, peer_fields);

/* SPEC link 5.9: `[id, incident id, lab_id, precedence u, status u, stored u, deadline u,
 * state u]` */
static const struct hl_field call_fields[] = {
	HL_F_FIXED(struct hl_call_status, id),
	HL_F_FIXED(struct hl_call_status, incident),
	HL_F_FIXED(struct hl_call_status, lab),
	HL_F_UINT(struct hl_call_status, precedence, HL_ROUTINE, HL_FLASH),
	HL_F_UINT(struct hl_call_status, status, HL_ACTUAL, HL_TEST),
	HL_F_ANY(struct hl_call_status, stored),
	HL_F_ANY(struct hl_call_status, deadline),
	HL_F_UINT(struct hl_call_status, state, HL_RINGING, HL_RING_OVERDUE),
};
static const struct hl_shape call = HL_SHAPE_OF(struct hl_call_status, call_fields);

static const struct hl_field warning_field[] = {
	{.kind = HL_SHAPE_LINE, .size = sizeof(struct hl_view), .max = 255},
};
static const struct hl_shape warning = HL_BARE_OF(struct hl_view, warning_field);

/* SPEC link 5.9: Body: `[time u, node version str, started u, lab_id, peers, calls, warnings]` */
static const struct hl_field status_fields[] = {
	HL_F_ANY(struct hl_body, status.time),
	HL_F_LINE(struct hl_body, status.version, 0, 255),
	HL_F_ANY(struct hl_body, status.started),
	HL_F_FIXED(struct hl_body, status.lab),
	HL_F_LIST(struct hl_body, status.peers, status.n_peers, 0, HL_FRAME_LABS_MAX, 1,
		peer),
	HL_F_LIST(struct hl_body, status.calls, status.n_calls, 0, HL_STATUS_CALLS_MAX, 0,
		call),
	HL_F_LIST(struct hl_body, status.warnings, status.n_warnings, 0,
		HL_STATUS_WARNINGS_MAX, 0, warning),
};
static const struct hl_shape status_shape = HL_SHAPE_OF(struct hl_body, status_fields);

/* SPEC link 5.14: `[number u, sent u, delivered u, answered u, missed bool]` */
static const struct hl_field drill_fields[] = {
	HL_F_ANY(struct hl_drill_status, number),
	HL_F_ANY(struct hl_drill_status, sent),
	HL_F_ANY(struct hl_drill_status, delivered),
	HL_F_ANY(struct hl_drill_status, answered),
	HL_F_BOOL(struct hl_drill_status, missed),
};
static const struct hl_shape drill = HL_SHAPE_OF(struct hl_drill_status, drill_fields);
static const struct hl_field drills_fields[] = {
	HL_F_LIST(struct hl_body, drills.items, drills.n, 0, HL_DRILLS_MAX, 0, drill),
};
static const struct hl_shape drills = HL_BARE_OF(struct hl_body, drills_fields);

/* The shape of the body that a request is answered with; NULL where it is none of these. */
static const struct hl_shape *shape_of(enum hl_frame_type request)
{
	static const struct {
		enum hl_frame_type of;
		const struct hl_shape *shape;
	} rows[] = {
		{HL_FRAME_DEVICE_HELLO, &hello},
		{HL_FRAME_GET_DOCS, &docs},
		{HL_FRAME_SUBMIT, &submit},
		{HL_FRAME_FEED, &feed},
		{HL_FRAME_FETCH, &fetch},
		{HL_FRAME_PROOF, &proof},
		{HL_FRAME_STATUS, &status_shape},
		{HL_FRAME_DRILLS, &drills},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].of == request)
			return rows[i].shape;
	return NULL;
}

/* SPEC link 5.12: Body: a segment
 *
 * It has a reader of its own, and stands in the body as it is. */
static enum hl_status encode_segment(struct hl_view segment, struct hl_buf *ret)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	enum hl_status status = hl_pack_check(segment, HL_FRAME_MAX);

	if (status == HL_OK)
		status = hl_buf_append(&bytes, segment);
	if (status != HL_OK)
		return hl_status_ours(status) ? status : HL_ERR_USAGE;
	*ret = hl_buf_steal(&bytes);
	return HL_OK;
}

enum hl_status hl_body_encode(const struct hl_body *body, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	const struct hl_shape *shape = shape_of(body->of);

	if (body->of == HL_FRAME_ENTRIES)
		return encode_segment(body->segment, ret);
	if (shape == NULL)
		return HL_ERR_USAGE;
	hl_out_init(&out);
	hl_shape_write(&out, shape, body);
	return hl_out_finish(&out, ret);
}

enum hl_status hl_body_parse(
	struct hl_view bytes, enum hl_frame_type of, struct hl_body *ret)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_body body HL_CLEAN_BODY = {.of = of};
	const struct hl_shape *shape = shape_of(of);

	if (shape == NULL && of != HL_FRAME_ENTRIES)
		return HL_ERR_USAGE;
	enum hl_status status;
	if (shape == NULL) {
		status = hl_pack_check(bytes, HL_FRAME_MAX);
		body.segment = bytes;
	} else {
		hl_in_init(&in, bytes, HL_FRAME_MAX);
		hl_shape_read(&in, shape, &body, &body.arena);
		status = hl_in_finish(&in);
	}
	if (status != HL_OK)
		return status;
	*ret = body;
	body.arena = NULL;
	return HL_OK;
}

void hl_body_clear(struct hl_body *body)
{
	if (body == NULL)
		return;
	hl_arena_clear(&body->arena);
	memset(body, 0, sizeof(*body));
}
