/*
 * The directory: a lab's private, admin-signed list of pinned peers, groups and relays
 * (spec/identity.md 3); and suspensions, which cut a lost device off at once (identity 4).
 */
#ifndef HL_DIRECTORY_H
#define HL_DIRECTORY_H

#include "card.h"

#define HL_DIRECTORY_MAX        (64 * 1024)
#define HL_DIRECTORY_PEERS_MAX  1024
#define HL_DIRECTORY_GROUPS_MAX 64
#define HL_SUSPENSION_MAX       4096

struct hl_peer_pin {
	struct hl_id lab;
	struct hl_view name; /* label, local to this lab */
};

struct hl_group {
	struct hl_view name; /* label */
	struct hl_id *labs;  /* sorted */
	size_t n_labs;
};

/* Owns its bytes, or is a draft, like a card. */
struct hl_directory {
	struct hl_buf doc;
	struct hl_view body;
	struct hl_id hash;
	struct hl_id lab;
	uint64_t version;
	bool has_prev;
	struct hl_id prev;
	uint64_t issued;
	struct hl_peer_pin *peers; /* sorted by lab */
	size_t n_peers;
	struct hl_group *groups; /* sorted by name */
	size_t n_groups;
	struct hl_id *relays; /* sorted */
	size_t n_relays;
	struct hl_sig *sigs;
	size_t n_sigs;
	void *arena;
};

#define HL_CLEAN_DIRECTORY HL_CLEAN(hl_directory_clear)

HL_MUST HL_API enum hl_status hl_directory_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_directory *ret);

/* identity 3.3, by the lab's card in force; prev is NULL for a first directory. HL_OK, HL_BAD_CARD
 * (it does not follow), HL_BAD_SIGNATURE, HL_NOT_MEMBER, HL_NOT_PERMITTED, HL_FEW_SIGNATURES,
 * HL_STALE, HL_EQUIVOCATION (prev's version, another hash). */
HL_MUST HL_API enum hl_status hl_directory_follows(const struct hl_id *net,
	const struct hl_card *card, const struct hl_directory *prev,
	const struct hl_directory *directory);

/* Sorts the draft's lists and encodes its body. */
HL_MUST HL_API enum hl_status hl_directory_encode(
	struct hl_directory *draft, struct hl_buf *ret_body);

/* Adds a member's signature: to a bare body, or (doc) to one already signed by others. */
HL_MUST HL_API enum hl_status hl_directory_sign(const struct hl_id *net,
	struct hl_view body, const struct hl_sig *sigs, size_t n_sigs,
	const struct hl_sign_key *key, struct hl_buf *ret_doc);

HL_API const struct hl_peer_pin *hl_directory_peer(
	const struct hl_directory *directory, const struct hl_id *lab);
HL_API const struct hl_peer_pin *hl_directory_peer_by_name(
	const struct hl_directory *directory, struct hl_view name);
HL_API const struct hl_group *hl_directory_group(
	const struct hl_directory *directory, struct hl_view name);
HL_API void hl_directory_clear(struct hl_directory *directory);

/* One suspended device (identity 4). Fixed size: no arena. */
struct hl_suspension {
	struct hl_id lab;
	struct hl_id kid; /* of the suspended signing key */
	uint64_t issued;
	char reason[201];
	struct hl_view body; /* within the document that was parsed */
	struct hl_sig sigs[4];
	size_t n_sigs;
};

HL_MUST HL_API enum hl_status hl_suspension_make(const struct hl_id *net,
	const struct hl_id *lab, const struct hl_id *kid, uint64_t issued,
	struct hl_view reason, const struct hl_sign_key *key, struct hl_buf *ret_doc);

/* The views alias doc. */
HL_MUST HL_API enum hl_status hl_suspension_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_suspension *ret);

/* identity 4.2: HL_OK, HL_BAD_CARD (another lab's card), HL_NOT_MEMBER, HL_NOT_PERMITTED,
 * HL_BAD_SIGNATURE, HL_SUSPENDED. suspended tells of key ids that are suspended already (may be
 * NULL). */
HL_MUST HL_API enum hl_status hl_suspension_check(const struct hl_id *net,
	const struct hl_card *card, const struct hl_suspension *suspension,
	bool (*suspended)(void *ctx, const struct hl_id *kid), void *ctx);

#endif
