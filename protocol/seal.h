/*
 * Sealing keys: what a reader's device publishes, so that others can seal to it (identity 5).
 */
#ifndef HL_SEAL_H
#define HL_SEAL_H

#include "card.h"

#define HL_SEALS_MAX     8192
#define HL_SEAL_EPOCH_MS (7ull * 24 * 3600 * 1000)
#define HL_SEAL_AHEAD    12

struct hl_seal_key {
	uint64_t epoch;
	uint64_t from, until;
	uint8_t key[HL_KEY_SIZE];
};

/* One device's published keys. Fixed size. */
struct hl_seals {
	struct hl_id lab;
	struct hl_id kid; /* of the member's signing key */
	uint64_t version;
	uint64_t issued;
	struct hl_seal_key keys[HL_EPOCHS_MAX]; /* ascending epochs */
	size_t n_keys;
	struct hl_id hash;   /* H("seals", body) */
	struct hl_view body; /* within the document that was parsed */
	uint8_t sig[HL_SIG_SIZE];
};

/* Encodes and signs; lab, kid, version, issued and keys are read. */
HL_MUST HL_API enum hl_status hl_seals_sign(const struct hl_id *net,
	const struct hl_seals *seals, const struct hl_sign_key *key,
	struct hl_buf *ret_doc);

/* The views alias doc. HL_BAD_SIZE, _ENCODING, _FIELD, _SUITE. */
HL_MUST HL_API enum hl_status hl_seals_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_seals *ret);

/* Signed by the member that it names, on this card? HL_BAD_CARD, HL_NOT_MEMBER,
 * HL_NOT_PERMITTED (may not read), HL_BAD_SIGNATURE. */
HL_MUST HL_API enum hl_status hl_seals_check(const struct hl_id *net,
	const struct hl_card *card, const struct hl_seals *seals);

/* identity 5.4: the key to seal with at a time; *ret_stale when none is valid then. Never NULL. */
HL_API const struct hl_seal_key *hl_seals_at(
	const struct hl_seals *seals, uint64_t now, bool *ret_stale);

/* link 4.2: H("seal-set", …) over the hashes of a lab's newest seals; sorts them in place. */
HL_API void hl_seals_digest(
	const struct hl_id *net, struct hl_id *hashes, size_t n, struct hl_id *ret);

#endif
