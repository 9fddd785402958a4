/*
 * version: which release of the library is in use, and which protocol it
 * speaks.
 */
#ifndef HL_VERSION_H
#define HL_VERSION_H

#include "api.h"

/* The protocol's version: the 1 in every "HL1/" tag. */
#define HL_PROTOCOL_VERSION 1

/*
 * The release that is linked, such as "0.1.0". The text is static; it is the
 * caller's to read and nobody's to free.
 */
HL_API const char *hl_version(void);

#endif
