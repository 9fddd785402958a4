/* Statements: a node's signed head of its channel, and receipt for the other's (channel 2). */
#include <string.h>

#include "channel_part.h"
#include "hash.h"

/* SPEC channel 2.2: head is `[epoch u, k u, link_k]` */
static const struct hl_field head_fields[] = {
	HL_F_ANY(struct hl_head, epoch),
	HL_F_ANY(struct hl_head, number),
	HL_F_FIXED(struct hl_head, link),
};
const struct hl_shape hl_shape_head = HL_SHAPE_OF(struct hl_head, head_fields);

static const struct hl_field range_fields[] = {
	HL_F_ANY(struct hl_range, first),
	HL_F_ANY(struct hl_range, last),
};
static const struct hl_shape range_shape = HL_SHAPE_OF(struct hl_range, range_fields);

static const struct hl_field refusal_fields[] = {
	HL_F_UINT(struct hl_refusal, number, 1, UINT64_MAX),
	HL_F_UINT(struct hl_refusal, code, 1, HL_STALE),
};
static const struct hl_shape refusal_shape =
	HL_SHAPE_OF(struct hl_refusal, refusal_fields);

/* SPEC channel 2.3: receipt is `[epoch u, h u, link_h, n u, ranges, refused, since u]` */
static const struct hl_field receipt_fields[] = {
	HL_F_ANY(struct hl_receipt, head.epoch),
	HL_F_ANY(struct hl_receipt, head.number),
	HL_F_FIXED(struct hl_receipt, head.link),
	HL_F_ANY(struct hl_receipt, through),
	HL_F_ROW(struct hl_receipt, ranges, n_ranges, 0, HL_RANGES_MAX, 1, range_shape),
	HL_F_ROW(struct hl_receipt, refused, n_refused, 0, HL_REFUSED_MAX, 1,
		refusal_shape),
	HL_F_ANY(struct hl_receipt, since),
};
static const struct hl_shape receipt_shape =
	HL_SHAPE_OF(struct hl_receipt, receipt_fields);

/* SPEC channel 2.1: The body is `[1, from, to, head|nil, receipt|nil, time u, pulse u]`. */
static const struct hl_field body_fields[] = {
	HL_F_FORMAT,
	HL_F_FIXED(struct hl_statement, from),
	HL_F_FIXED(struct hl_statement, to),
	HL_F_OPT_GROUP(struct hl_statement, head, has_head, hl_shape_head),
	HL_F_OPT_GROUP(struct hl_statement, receipt, has_receipt, receipt_shape),
	HL_F_ANY(struct hl_statement, time),
	HL_F_ANY(struct hl_statement, pulse),
};
static const struct hl_shape body_shape = HL_SHAPE_OF(struct hl_statement, body_fields);

/* SPEC channel 2.1: A statement is `[body bin, node signing key id, signature b64]` */
static const struct hl_field statement_fields[] = {
	HL_F_BIN(struct hl_statement, body, 0, HL_STATEMENT_MAX),
	HL_F_FIXED(struct hl_statement, kid),
	HL_F_FIXED(struct hl_statement, sig),
};
static const struct hl_shape statement_shape =
	HL_SHAPE_OF(struct hl_statement, statement_fields);

static bool receipt_good(const struct hl_receipt *r)
{
	uint64_t floor = r->through;

	/* SPEC channel 2.3: n ≤ h. ranges is a sorted list of 0 to 64 `[a u, b u]`, n + 1 < a ≤ b
	 * ≤ h, with a gap of at least one between one and the next. */
	if (r->through > r->head.number)
		return false;
	for (size_t i = 0; i < r->n_ranges; i++) {
		const struct hl_range *range = &r->ranges[i];
		if (range->first <= floor || range->first - floor < 2 ||
			range->last < range->first || range->last > r->head.number)
			return false;
		floor = range->last;
	}
	/* SPEC channel 2.3: refused is a list of 0 to 64 `[number u, code u]`, sorted by number,
	 * each from 1 to h */
	return r->n_refused == 0 || r->refused[r->n_refused - 1].number <= r->head.number;
}

bool hl_receipt_shows(const struct hl_receipt *receipt, uint64_t number)
{
	return receipt->n_refused < HL_REFUSED_MAX ||
		number >= receipt->refused[0].number;
}

enum hl_status hl_statement_sign(const struct hl_id *net,
	const struct hl_statement *statement, const struct hl_sign_key *key,
	struct hl_buf *ret_doc)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf body HL_CLEAN_BUF = {0};
	struct hl_statement made = {0};

	if (statement->has_receipt && !receipt_good(&statement->receipt))
		return HL_ERR_USAGE;
	hl_out_init(&out);
	hl_shape_write(&out, &body_shape, statement);
	enum hl_status status = hl_out_finish(&out, &body);
	if (status != HL_OK)
		return status;
	made.body = hl_view_buf(&body);
	hl_key_id(net, HL_ROLE_NODE_SIGN, key->pub, &made.kid);
	status = hl_sign("statement", net, made.body, key, made.sig);
	if (status != HL_OK)
		return status;
	hl_out_init(&out);
	hl_shape_write(&out, &statement_shape, &made);
	return hl_out_finish(&out, ret_doc);
}

enum hl_status hl_statement_parse(struct hl_view doc, struct hl_statement *ret)
{
	struct hl_in outer HL_CLEAN_IN = {0}, inner HL_CLEAN_IN = {0};
	struct hl_statement statement = {0};

	hl_in_init(&outer, doc, HL_STATEMENT_MAX);
	hl_shape_read(&outer, &statement_shape, &statement, NULL);
	enum hl_status status = hl_in_finish(&outer);
	if (status != HL_OK)
		return status;
	hl_in_init(&inner, statement.body, HL_STATEMENT_MAX);
	hl_shape_read(&inner, &body_shape, &statement, NULL);
	status = hl_in_finish(&inner);
	if (status != HL_OK)
		return status;
	if (statement.has_receipt && !receipt_good(&statement.receipt))
		return HL_BAD_FIELD;
	*ret = statement;
	return HL_OK;
}

enum hl_status hl_statement_check(const struct hl_id *net, const struct hl_card *card,
	const struct hl_statement *statement)
{
	/* SPEC channel 2.1: signature `Sign("statement", body)` by a node of the lab *from* */
	if (!hl_id_eq(&card->lab, &statement->from))
		return HL_BAD_CARD;
	const struct hl_node *node = hl_card_node(card, &statement->kid);
	if (node == NULL)
		return HL_NOT_MEMBER;
	return hl_verify("statement", net, statement->body, node->sign, statement->sig);
}
