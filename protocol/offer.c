/* Offers: what a carrier signs of a list that it has put before the lab it is for (channel 5.6). */
#include <string.h>

#include "channel_part.h"
#include "hash.h"

/* SPEC channel 5.6: body `[1, by, from, to, head, time u]` */
static const struct hl_field body_fields[] = {
	HL_F_FORMAT,
	HL_F_FIXED(struct hl_offer, by),
	HL_F_FIXED(struct hl_offer, from),
	HL_F_FIXED(struct hl_offer, to),
	HL_F_GROUP(struct hl_offer, head, hl_shape_head),
	HL_F_ANY(struct hl_offer, time),
};
static const struct hl_shape body_shape = HL_SHAPE_OF(struct hl_offer, body_fields);

/* SPEC channel 5.6: `[body bin, node signing key id, signature b64]`, at most 1,024 bytes */
static const struct hl_field offer_fields[] = {
	HL_F_BIN(struct hl_offer, body, 0, HL_OFFER_MAX),
	HL_F_FIXED(struct hl_offer, kid),
	HL_F_FIXED(struct hl_offer, sig),
};
static const struct hl_shape offer_shape = HL_SHAPE_OF(struct hl_offer, offer_fields);

enum hl_status hl_offer_sign(const struct hl_id *net, const struct hl_offer *offer,
	const struct hl_sign_key *key, struct hl_buf *ret_doc)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf body HL_CLEAN_BUF = {0};
	struct hl_offer made = {0};

	hl_out_init(&out);
	hl_shape_write(&out, &body_shape, offer);
	enum hl_status status = hl_out_finish(&out, &body);
	if (status != HL_OK)
		return status;
	made.body = hl_view_buf(&body);
	hl_key_id(net, HL_ROLE_NODE_SIGN, key->pub, &made.kid);
	status = hl_sign("offer", net, made.body, key, made.sig);
	if (status != HL_OK)
		return status;
	hl_out_init(&out);
	hl_shape_write(&out, &offer_shape, &made);
	return hl_out_finish(&out, ret_doc);
}

enum hl_status hl_offer_parse(struct hl_view doc, struct hl_offer *ret)
{
	struct hl_in outer HL_CLEAN_IN = {0}, inner HL_CLEAN_IN = {0};
	struct hl_offer offer = {0};

	hl_in_init(&outer, doc, HL_OFFER_MAX);
	hl_shape_read(&outer, &offer_shape, &offer, NULL);
	enum hl_status status = hl_in_finish(&outer);
	if (status != HL_OK)
		return status;
	hl_in_init(&inner, offer.body, HL_OFFER_MAX);
	hl_shape_read(&inner, &body_shape, &offer, NULL);
	status = hl_in_finish(&inner);
	if (status == HL_OK)
		*ret = offer;
	return status;
}

enum hl_status hl_offer_check(
	const struct hl_id *net, const struct hl_card *card, const struct hl_offer *offer)
{
	/* SPEC channel 5.6: signature `Sign("offer", body)` by a node of the lab *by* */
	if (!hl_id_eq(&card->lab, &offer->by))
		return HL_BAD_CARD;
	const struct hl_node *node = hl_card_node(card, &offer->kid);
	if (node == NULL)
		return HL_NOT_MEMBER;
	return hl_verify("offer", net, offer->body, node->sign, offer->sig);
}
