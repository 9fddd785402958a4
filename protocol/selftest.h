/*
 * Known answers. A program runs them once at its start and refuses to go on if one fails.
 */
#ifndef HL_SELFTEST_H
#define HL_SELFTEST_H

#include "status.h"

/* SHA-256, HMAC, HKDF, X25519, Ed25519 (a wrong signature refused), ChaCha20-Poly1305, HPKE of
 * RFC 9180 and the XKpsk3 handshake, each against a public vector. HL_OK or HL_ERR_SELFTEST. */
HL_MUST HL_API enum hl_status hl_selftest(void);

#endif
