/* Requests: a node or a device asks a lab's root to be put on the card (file 2). */
#include <string.h>

#include "card_part.h"
#include "file.h"
#include "hash.h"

/* SPEC file 2.1: `[1, lab_id, role u, signing key b32, link key b32, sealing key b32|nil, person,
 * device, addresses, monitor bool, possession b64]`. */
struct wire {
	struct hl_request r;
	bool has_seal;
};
static const struct hl_field request_fields[] = {
	HL_F_FORMAT,
	HL_F_FIXED(struct wire, r.lab),
	HL_F_UINT(struct wire, r.role, HL_ROLE_NODE_SIGN, HL_ROLE_MEMBER_SIGN),
	HL_F_FIXED(struct wire, r.sign),
	HL_F_FIXED(struct wire, r.link),
	HL_F_OPT_FIXED(struct wire, r.seal, has_seal),
	HL_F_LINE(struct wire, r.person, 0, 64),
	HL_F_LINE(struct wire, r.device, 0, 64),
	HL_F_ROW(struct wire, r.addresses, r.n_addresses, 0, HL_CARD_ADDRESSES_MAX, 0,
		hl_shape_address),
	HL_F_BOOL(struct wire, r.monitor),
	HL_F_FIXED(struct wire, r.possession),
};
static const struct hl_shape request_shape = HL_SHAPE_OF(struct wire, request_fields);

/* What goes with which role. */
static bool request_good(const struct wire *wire)
{
	const struct hl_request *r = &wire->r;

	/* SPEC file 2.1: role is 3 for a node or 5 for a member; the sealing key is a node's and
	 * nil for a member; person and device are lines of 0 to 64 bytes (empty for a node),
	 * addresses as in identity 2.6 (none for a member) */
	if (r->role == HL_ROLE_NODE_SIGN)
		return wire->has_seal && r->person.n == 0 && r->device.n == 0 &&
			!r->monitor;
	return r->role == HL_ROLE_MEMBER_SIGN && !wire->has_seal && r->n_addresses == 0;
}

enum hl_status hl_request_make(const struct hl_id *net, struct hl_request *request,
	const struct hl_sign_key *key, struct hl_buf *ret_doc)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct wire wire;

	memcpy(request->sign, key->pub, HL_KEY_SIZE);
	wire = (struct wire){*request, request->role == HL_ROLE_NODE_SIGN};
	if (!request_good(&wire))
		return HL_ERR_USAGE;
	enum hl_status status = hl_possession_sign(
		net, &request->lab, request->role, request->link, key, wire.r.possession);
	if (status != HL_OK)
		return status;
	memcpy(request->possession, wire.r.possession, HL_SIG_SIZE);
	hl_out_init(&out);
	hl_shape_write(&out, &request_shape, &wire);
	return hl_out_finish(&out, ret_doc);
}

enum hl_status hl_request_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_request *ret)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct wire wire = {0};
	struct hl_request *r = &wire.r;

	hl_in_init(&in, doc, HL_REQUEST_MAX);
	hl_shape_read(&in, &request_shape, &wire, NULL);
	enum hl_status status = hl_in_finish(&in);
	if (status != HL_OK)
		return status;
	if (!request_good(&wire))
		return HL_BAD_FIELD;
	status = hl_sign_key_check(r->sign);
	if (status == HL_OK)
		status = hl_possession_check(
			net, &r->lab, r->role, r->link, r->sign, r->possession);
	if (status == HL_OK)
		*ret = *r;
	return status;
}
