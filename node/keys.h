/*
 * The node's keys: one file, node.key, that its owner alone may read, in a directory that its owner
 * alone may enter.
 */
#ifndef HL_NODE_KEYS_H
#define HL_NODE_KEYS_H

#include "protocol/hotline.h"

#define HL_NODE_KEYS_FILE "node.key"
#define HL_NODE_ERROR_MAX 512

struct hl_node_keys {
	struct hl_sign_key sign;
	struct hl_dh_key link, seal;
	struct hl_id net, lab; /* what they were made for */
	struct hl_id kid;      /* of the signing key */
};

#define HL_CLEAN_NODE_KEYS HL_CLEAN(hl_node_keys_clear)

/* All return 0, or -1 with one line in ret_error that says what is wrong and what to do. */

/* Checks that dir is a directory of ours with mode 0700 (no link in its last part). */
HL_MUST int hl_state_dir_check(const char *dir, char ret_error[static HL_NODE_ERROR_MAX]);

/* True if the directory holds a key file (or something by its name) already. */
bool hl_node_keys_exist(const char *dir);

/* Fresh keys for a lab's node, written whole or not at all, synced. A key file that is there is
 * never overwritten. */
HL_MUST int hl_node_keys_create(const char *dir, const struct hl_id *net,
	const struct hl_id *lab, struct hl_node_keys *ret,
	char ret_error[static HL_NODE_ERROR_MAX]);

/* Reads them; refuses a directory or a file that others may read, that is not ours, or a link, and
 * keys of another network. */
HL_MUST int hl_node_keys_load(const char *dir, const struct hl_id *net,
	struct hl_node_keys *ret, char ret_error[static HL_NODE_ERROR_MAX]);

/* Wipes. Takes NULL and a half-made one. */
void hl_node_keys_clear(struct hl_node_keys *keys);

/* libsodium's randomness as the injected source. sodium_init must have been called. */
struct hl_entropy hl_system_entropy(void);

#endif
