/*
 * The lab that a node is made for: its chain of cards and what else its file holds, checked and put
 * into a new store.
 */
#ifndef HL_NODE_INIT_LAB_H
#define HL_NODE_INIT_LAB_H

#include "node/keys.h"

struct hl_init_lab {
	struct hl_file file;
	char network[HL_NETWORK_MAX + 1];
	struct hl_id net;
	struct hl_card card; /* the newest */
};

/* Both return 0, or -1 with one line in ret_error. */

/* Reads a hotline file with all cards of one lab, from the first on, and checks them. network: the
 * one that it must be of, or NULL for the file's own. */
HL_MUST int hl_init_lab_read(const char *path, const char *network,
	struct hl_init_lab *ret, char ret_error[static HL_NODE_ERROR_MAX]);

/* Makes the store at a path with the cards, the directory, the sealing keys and the suspensions of
 * the file. An item that is not valid is named on standard error and passed over. */
HL_MUST int hl_init_lab_store(const struct hl_init_lab *lab, const char *path,
	char ret_error[static HL_NODE_ERROR_MAX]);

/* Takes NULL and a half-read one. */
void hl_init_lab_clear(struct hl_init_lab *lab);

#endif
