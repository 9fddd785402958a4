/*
 * What the parts of the channel share. Private to the library.
 */
#ifndef HL_CHANNEL_PART_H
#define HL_CHANNEL_PART_H

#include "channel.h"
#include "shape.h"

/* SPEC channel 4.3: where refused has 64 items, numbers below the first of them are not shown.
 *
 * Those may have been refused: a receipt is no proof of delivery for them. */
bool hl_receipt_shows(const struct hl_receipt *receipt, uint64_t number);

#endif
