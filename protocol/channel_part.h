/*
 * What the parts of the channel share. Private to the library.
 */
#ifndef HL_CHANNEL_PART_H
#define HL_CHANNEL_PART_H

#include "channel.h"
#include "shape.h"

/* channel 2.2: `[epoch u, k u, link_k]` */
extern const struct hl_shape hl_shape_head;

#endif
