/*
 * What the parts of the card, and the other signed documents, share. Private to the library.
 */
#ifndef HL_CARD_PART_H
#define HL_CARD_PART_H

#include "card.h"
#include "shape.h"

/* A line of 1 to 255 bytes (identity 2.6). */
extern const struct hl_shape hl_shape_address;

/* SPEC identity 2.12: Within one card no Ed25519 key and no X25519 key stands twice, over all
 * roles. */
bool hl_card_keys_once(const struct hl_card *card);

/* Takes [body bin, sigs] apart; ret_sigs has room for max_sigs. HL_BAD_SIZE, _ENCODING, _FIELD;
 * HL_ERR_NOMEM. */
HL_MUST enum hl_status hl_signed_split(struct hl_view doc, size_t max, size_t max_sigs,
	struct hl_view *ret_body, struct hl_sig *ret_sigs, size_t *ret_n);

/* Puts one together. HL_ERR_USAGE where a key id stands twice. */
HL_MUST enum hl_status hl_signed_join(
	struct hl_view body, const struct hl_sig *sigs, size_t n, struct hl_buf *ret_doc);

#endif
