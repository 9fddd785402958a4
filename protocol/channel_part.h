/*
 * What the parts of the channel share. Private to the library.
 */
#ifndef HL_CHANNEL_PART_H
#define HL_CHANNEL_PART_H

#include "channel.h"
#include "shape.h"

#endif
