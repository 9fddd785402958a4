/*
 * pack_scan: what the pre-scan tells the decoder, within the library.
 */
#ifndef HL_PACK_SCAN_H
#define HL_PACK_SCAN_H

#include "bytes.h"

/* As hl_pack_check, and the number of values in the document. */
HL_MUST enum hl_status hl_pack_scan(struct hl_view doc, size_t max, size_t *ret_items);

#endif
