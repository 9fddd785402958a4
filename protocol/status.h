/*
 * What a function of this library can answer: one enum, two classes.
 *
 * Negative: our own trouble (memory, misuse, a failed self-test); pass it up.
 * Positive: the fault of the bytes or of the peer that sent them; drop them and go on. The positive
 * values are the codes that travel on the wire (spec/errors.md) and never change.
 */
#ifndef HL_STATUS_H
#define HL_STATUS_H

#include <stdbool.h>

#include "api.h"

/* The one table: constant, number, name (spec/errors.md), a short sentence for people. */
#define HL_STATUS_TABLE(X)                                                               \
	X(HL_OK, 0, "ok", "all is well")                                                 \
	X(HL_ERR_NOMEM, -1, "no-memory", "out of memory")                                \
	X(HL_ERR_USAGE, -2, "usage",                                                     \
		"a function was called in a way its contract forbids")                   \
	X(HL_ERR_ENTROPY, -3, "entropy", "the random source failed")                     \
	X(HL_ERR_SELFTEST, -4, "selftest", "a cryptographic self-test failed")           \
	X(HL_ERR_STORE, -5, "store", "the store could not be read or written")           \
	X(HL_ERR_NOSPACE, -6, "no-space", "there is no room left")                       \
	X(HL_ERR_INTERNAL, -7, "internal", "an internal error")                          \
	X(HL_BAD_SIZE, 1, "bad-size", "the size is not allowed")                         \
	X(HL_BAD_ENCODING, 2, "bad-encoding", "the encoding is not canonical")           \
	X(HL_BAD_FIELD, 3, "bad-field", "a field has a value that is not allowed")       \
	X(HL_BAD_NETWORK, 4, "bad-network", "it belongs to another network")             \
	X(HL_BAD_SUITE, 5, "bad-suite", "the cipher suite is not known")                 \
	X(HL_BAD_CARD, 6, "bad-card", "the card is not valid")                           \
	X(HL_NEED_CARD, 7, "need-card", "a card is needed that is not here yet")         \
	X(HL_BAD_HASH, 8, "bad-hash", "a hash does not match")                           \
	X(HL_BAD_SIGNATURE, 9, "bad-signature", "a signature does not verify")           \
	X(HL_FEW_SIGNATURES, 10, "few-signatures", "more signatures are needed")         \
	X(HL_NOT_PERMITTED, 11, "not-permitted",                                         \
		"the signer's card does not permit this")                                \
	X(HL_NOT_MEMBER, 12, "not-member", "the signer is not a member of its lab")      \
	X(HL_SUSPENDED, 13, "suspended", "the signer's device is suspended")             \
	X(HL_DUPLICATE, 14, "duplicate", "it has been taken already")                    \
	X(HL_OVER_QUOTA, 15, "over-quota", "the sender's quota is used up")              \
	X(HL_NOT_ADDRESSED, 16, "not-addressed",                                         \
		"it is not addressed to this lab or device")                             \
	X(HL_BAD_KEY, 17, "bad-key", "a key is not usable")                              \
	X(HL_BAD_OPEN, 18, "bad-open", "it cannot be decrypted")                         \
	X(HL_BAD_COMMITMENT, 19, "bad-commitment", "the key commitment does not match")  \
	X(HL_BAD_PADDING, 20, "bad-padding", "the padding is wrong")                     \
	X(HL_BAD_RECIPIENTS, 21, "bad-recipients",                                       \
		"the recipients do not match what was signed")                           \
	X(HL_BAD_WRAP, 22, "bad-wrap", "a wrapped key does not match what was signed")   \
	X(HL_BAD_TYPE, 23, "bad-type", "the message type does not fit its header")       \
	X(HL_BAD_FORM, 24, "bad-form", "a field that this kind requires is missing")     \
	X(HL_EQUIVOCATION, 25, "equivocation", "it contradicts something signed before") \
	X(HL_OLD_EPOCH, 26, "old-epoch", "it belongs to an epoch that has ended")        \
	X(HL_UNKNOWN, 27, "unknown", "it is not known here")                             \
	X(HL_TROUBLE, 28, "trouble", "the other side is in trouble; try again later")    \
	X(HL_BAD_HANDSHAKE, 29, "bad-handshake", "the handshake failed")                 \
	X(HL_BAD_VERSION, 30, "bad-version", "the protocol version is not known")        \
	X(HL_BUSY, 31, "busy", "the other side is busy; try again later")                \
	X(HL_STALE, 32, "stale", "it is too old to be used")

enum hl_status {
#define HL_STATUS_ROW(constant, number, name, text) constant = number,
	HL_STATUS_TABLE(HL_STATUS_ROW)
#undef HL_STATUS_ROW
};

/* True for our own trouble, false for HL_OK and for the peer's fault. */
static inline bool hl_status_ours(enum hl_status status)
{
	return status < 0;
}

/* The name in spec/errors.md ("bad-size"), for logs and --json; "unlisted" for a number that is not
 * in the table. Static memory. */
HL_API const char *hl_status_name(enum hl_status status);

/* A short sentence for people, without capital and full stop. Static memory. */
HL_API const char *hl_status_text(enum hl_status status);

/* The positive status with that wire code (spec/errors.md); HL_UNKNOWN where the table has none. */
HL_API enum hl_status hl_status_of_code(unsigned long long code);

#endif
