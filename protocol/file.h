/*
 * The same things carried by hand: armoured files, and requests to be enrolled (spec/file.md).
 */
#ifndef HL_FILE_H
#define HL_FILE_H

#include "frame.h"

#define HL_FILE_MAX       (8 * 1024 * 1024)
#define HL_FILE_ITEMS_MAX 1024
#define HL_NETWORK_MAX    64
#define HL_REQUEST_MAX    4096

/* Parsed: views lie in bytes, which it owns. A draft borrows. */
struct hl_file {
	struct hl_buf bytes;
	struct hl_view network; /* its name */
	struct hl_doc_item *items;
	size_t n_items;
	void *arena;
};

#define HL_CLEAN_FILE HL_CLEAN(hl_file_clear)

/* The armoured text, ending in a newline; no NUL. */
HL_MUST HL_API enum hl_status hl_file_write(
	const struct hl_file *file, struct hl_buf *ret_text);
/* HL_BAD_ENCODING, HL_BAD_SIZE, HL_BAD_SUITE; the network is for the caller to compare (1.3). */
HL_MUST HL_API enum hl_status hl_file_read(struct hl_view text, struct hl_file *ret);
HL_API void hl_file_clear(struct hl_file *file);

/* A request by a node or a device to be put on the card (file 2.1). Fixed size. */
struct hl_request {
	struct hl_id lab;
	enum hl_key_role role; /* HL_ROLE_NODE_SIGN or HL_ROLE_MEMBER_SIGN */
	uint8_t sign[HL_KEY_SIZE], link[HL_KEY_SIZE], seal[HL_KEY_SIZE]; /* seal: nodes */
	struct hl_view person, device;
	struct hl_view addresses[HL_CARD_ADDRESSES_MAX];
	size_t n_addresses;
	bool monitor;
	uint8_t possession[HL_SIG_SIZE];
};

/* Signs the possession with key, and sets sign and possession. HL_ERR_USAGE for what no reader
 * takes. */
HL_MUST HL_API enum hl_status hl_request_make(const struct hl_id *net,
	struct hl_request *request, const struct hl_sign_key *key,
	struct hl_buf *ret_doc);
/* Checks it too. The views alias doc. */
HL_MUST HL_API enum hl_status hl_request_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_request *ret);

#endif
