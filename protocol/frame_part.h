/*
 * The tables that frames are read and written by. Private to the library.
 */
#ifndef HL_FRAME_PART_H
#define HL_FRAME_PART_H

#include "frame.h"
#include "shape.h"

/* One type of frame: what follows its type (and request number). */
struct hl_frame_row {
	enum hl_frame_type type;
	bool request; /* a request number follows the type */
	const struct hl_field *fields;
	size_t n;
};

#define HL_ROW(type, fields)                                              \
	{                                                                 \
		type, false, fields, sizeof(fields) / sizeof((fields)[0]) \
	}
#define HL_ROW_REQUEST(type, fields)                                     \
	{                                                                \
		type, true, fields, sizeof(fields) / sizeof((fields)[0]) \
	}

/* Between nodes (link 4.1 to 4.7), and between a device and its node (5.2 to 5.14). NULL for a type
 * that is not of these. */
const struct hl_frame_row *hl_frame_peer_row(uint64_t type);
const struct hl_frame_row *hl_frame_device_row(uint64_t type);

/* link 5.6: [number u, sort u, id, lab_id|nil, value u, time u] */
extern const struct hl_shape hl_shape_feed_item;
/* file 1.1: [sort u, bin] */
extern const struct hl_shape hl_shape_doc_item;

#endif
