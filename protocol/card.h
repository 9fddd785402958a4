/*
 * Cards: a lab's public, root-signed, numbered record of its nodes and members (spec/identity.md
 * 2).
 *
 * A card owns the bytes that it was read from; its views point into them. The same struct serves as
 * a draft: a caller fills the fields (views and arrays stay the caller's) and encodes a body.
 */
#ifndef HL_CARD_H
#define HL_CARD_H

#include "keys.h"
#include "pack.h"

#define HL_CARD_LIFE_MS       (180ull * 24 * 3600 * 1000)
#define HL_CARD_ADDRESSES_MAX 8
#define HL_CARD_CONTACTS_MAX  8
#define HL_CAPS_KINDS_MAX     32
#define HL_CAPS_LABS_MAX      64

/* What a member may do (identity 2.8). */
enum hl_cap {
	HL_CAP_READ = 1,
	HL_CAP_RAISE = 2,
	HL_CAP_UPDATE = 4,
	HL_CAP_ANSWER = 8,
	HL_CAP_CLOSE = 16,
	HL_CAP_RELEASE = 32,
	HL_CAP_ADMIN = 64,
	HL_CAP_SUSPEND = 128,
};
#define HL_CAP_ALL     255u
#define HL_CAP_MONITOR (HL_CAP_RAISE | HL_CAP_UPDATE)

enum hl_member_role {
	HL_MEMBER_OPERATOR = 1,
	HL_MEMBER_MONITOR = 2,
};

struct hl_caps {
	unsigned bits;         /* of enum hl_cap */
	unsigned precedence;   /* highest allowed, 0 none (enum hl_precedence) */
	struct hl_view *kinds; /* labels or prefixes ending in '.', sorted; none: all */
	size_t n_kinds;
	struct hl_id *labs; /* that it may call, sorted; none: all */
	size_t n_labs;
	uint64_t rate; /* calls an hour, 0 without limit */
};

struct hl_root {
	uint8_t key[HL_KEY_SIZE];
	uint8_t possession[HL_SIG_SIZE];
};

struct hl_node {
	uint8_t link[HL_KEY_SIZE];
	uint8_t sign[HL_KEY_SIZE];
	uint8_t seal[HL_KEY_SIZE];
	struct hl_view addresses[HL_CARD_ADDRESSES_MAX];
	size_t n_addresses;
	uint64_t version_min, version_max;
	uint8_t possession[HL_SIG_SIZE];
	struct hl_id kid; /* of the signing key; filled by parse, not encoded */
};

struct hl_member {
	struct hl_view person, device;
	enum hl_member_role role;
	struct hl_caps caps;
	uint8_t sign[HL_KEY_SIZE];
	uint8_t link[HL_KEY_SIZE];
	uint8_t possession[HL_SIG_SIZE];
	struct hl_id kid; /* of the signing key; filled by parse, not encoded */
};

/* A signature beside the id of the key that made it. */
struct hl_sig {
	struct hl_id kid;
	uint8_t sig[HL_SIG_SIZE];
};

struct hl_card {
	struct hl_buf doc;   /* as received; empty in a draft */
	struct hl_view body; /* within doc */
	struct hl_id hash;   /* H("card", body) */
	struct hl_id lab;
	uint64_t version;
	bool has_prev;
	struct hl_id prev;
	uint64_t issued, not_after;
	struct hl_view name;
	uint64_t threshold;
	struct hl_root *roots;
	size_t n_roots;
	struct hl_node *nodes;
	size_t n_nodes;
	struct hl_member *members;
	size_t n_members;
	unsigned flash_signers, admin_signers;
	struct hl_view contacts[HL_CARD_CONTACTS_MAX];
	size_t n_contacts;
	struct hl_sig *sigs;
	size_t n_sigs;
	void *arena; /* what the arrays of a parsed card live in */
};

#define HL_CLEAN_CARD HL_CLEAN(hl_card_clear)

/* The lab id of a first root set (identity 1.1). Keys sorted ascending. HL_ERR_NOMEM. */
HL_MUST HL_API enum hl_status hl_lab_id(const struct hl_id *net, uint64_t threshold,
	const struct hl_root *roots, size_t n, struct hl_id *ret);

/* Sign("pop", …) by the key itself (identity 2.11). link is NULL for a root. */
HL_MUST HL_API enum hl_status hl_possession_sign(const struct hl_id *net,
	const struct hl_id *lab, enum hl_key_role role, const uint8_t *link,
	const struct hl_sign_key *key, uint8_t ret[static HL_SIG_SIZE]);
HL_MUST HL_API enum hl_status hl_possession_check(const struct hl_id *net,
	const struct hl_id *lab, enum hl_key_role role, const uint8_t *link,
	const uint8_t sign[static HL_KEY_SIZE], const uint8_t sig[static HL_SIG_SIZE]);

/* Reads a card document (copied): every rule of identity 2 that needs no other card (format,
 * limits, order, possession, keys once). HL_BAD_SIZE, _ENCODING, _FIELD, _SUITE, _KEY, _SIGNATURE,
 * HL_BAD_CARD; HL_ERR_NOMEM. */
HL_MUST HL_API enum hl_status hl_card_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_card *ret);

/* identity 2.13 and 2.14: is this card the lab's first, or the one that follows prev? (prev NULL
 * for a first card.) HL_OK, HL_BAD_CARD, HL_NOT_MEMBER (signed by no root of either),
 * HL_BAD_SIGNATURE, HL_FEW_SIGNATURES; HL_NEED_CARD when versions between are missing; HL_STALE
 * when it is not newer. HL_EQUIVOCATION when it has prev's version and another hash: evidence only
 * if it is valid after the card before prev, which the caller asks with that card. */
HL_MUST HL_API enum hl_status hl_card_follows(
	const struct hl_id *net, const struct hl_card *prev, const struct hl_card *card);

/* identity 2.18: HL_BAD_CARD if a signing key of a stands in b (another lab's). *ret_dh tells
 * whether an X25519 key does. */
HL_MUST HL_API enum hl_status hl_card_disjoint(
	const struct hl_card *a, const struct hl_card *b, bool *ret_dh);

/* The body of a draft. Roots, nodes, members and the lists of capabilities are sorted here.
 * HL_ERR_USAGE where a field is one that no reader takes (keys and possessions are not checked). */
HL_MUST HL_API enum hl_status hl_card_encode(
	struct hl_card *draft, struct hl_buf *ret_body);

/* A document from a body and the roots that sign it (of this card or the one before). */
HL_MUST HL_API enum hl_status hl_card_sign(const struct hl_id *net, struct hl_view body,
	const struct hl_sign_key *const *roots, size_t n, struct hl_buf *ret_doc);

/* Look-ups; NULL when there is none. By key id of the signing key, or by link key. */
HL_API const struct hl_member *hl_card_member(
	const struct hl_card *card, const struct hl_id *kid);
HL_API const struct hl_member *hl_card_member_by_link(
	const struct hl_card *card, const uint8_t link[static HL_KEY_SIZE]);
HL_API const struct hl_node *hl_card_node(
	const struct hl_card *card, const struct hl_id *kid);
HL_API const struct hl_node *hl_card_node_by_link(
	const struct hl_card *card, const uint8_t link[static HL_KEY_SIZE]);

/* May the capability be used for a kind (message 3.5), or to call a lab? */
HL_API bool hl_caps_kind(const struct hl_caps *caps, struct hl_view kind);
HL_API bool hl_caps_lab(const struct hl_caps *caps, const struct hl_id *lab);

/* How many different persons (operators with all of bits) are among the key ids. */
HL_API size_t hl_card_persons(
	const struct hl_card *card, unsigned bits, const struct hl_sig *sigs, size_t n);

HL_API void hl_card_clear(struct hl_card *card);

/* Shared by the signed documents: [[key id, signature b64], …], at least one, sorted by key id.
 * ret has room for max; *ret_n is set only if no error stands. Writing sorts; HL_ERR_USAGE sticks
 * where a key id stands twice. */
HL_API void hl_in_sigs(struct hl_in *in, size_t max, struct hl_sig *ret, size_t *ret_n);
HL_API void hl_out_sigs(struct hl_out *out, const struct hl_sig *sigs, size_t n);

#endif
