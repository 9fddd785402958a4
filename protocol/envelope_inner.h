/*
 * envelope_inner: what reading, sealing and opening a letter have in common, within the library.
 */
#ifndef HL_ENVELOPE_INNER_H
#define HL_ENVELOPE_INNER_H

#include "envelope.h"

/* What binds a wrap to its letter (envelope 1.11). Borrowed. */
struct hl_binding {
	const struct hl_key32 *ck;
	const struct hl_id *core_hash;
	const uint8_t *kcom; /* 32 bytes */
};

/* A cursor over a structure that a bin holds: there, no bytes at all are bad-encoding. */
void hl_in_init_inner(struct hl_in *in, struct hl_view bytes);

/* The fields of a core that do not stand or fall with another structure (envelope 1.4 to 1.7,
 * 1.10). HL_BAD_FIELD. */
HL_MUST enum hl_status hl_core_check(const struct hl_core *core);

/* True if a padded plaintext may have that size (envelope 1.9). */
bool hl_bucket_ok(uint64_t size);

/* The order of readers: by lab, then by key id. */
int hl_reader_cmp(const struct hl_reader *a, const struct hl_reader *b);

/* The labs of readers, which must ascend; at most HL_LABS_MAX. HL_BAD_FIELD. */
HL_MUST enum hl_status hl_readers_labs(const struct hl_reader *readers, size_t n,
	struct hl_id ret_labs[static HL_LABS_MAX], size_t *ret_n);

/* How many of the first readers are of one lab. */
size_t hl_readers_run(const struct hl_reader *readers, size_t n);

/* envelope 1.8: the commitment to the content key, and the key of the ciphertext. */
void hl_letter_keys(const struct hl_key32 *ck, const struct hl_id *core_hash,
	uint8_t ret_kcom[static 32], struct hl_key32 *ret_kenc);

/* envelope 1.11: the info of a wrap; the parts point into what is given and into epoch_be. */
#define HL_WRAP_INFO_SIZE (9 + 4 * 32 + 8) /* "HL1/wrap" and 00, four ids, the epoch */
void hl_wrap_info(const struct hl_id *core_hash, const uint8_t kcom[static 32],
	const struct hl_id *lab, const struct hl_id *kid, uint64_t epoch,
	uint8_t ret[static HL_WRAP_INFO_SIZE]);

/* envelope 1.12: the slip of n readers of one lab. Adds to *dropped those whose key gives zeros. */
HL_MUST enum hl_status hl_slip_make(const struct hl_binding *binding,
	const struct hl_reader *readers, size_t n, size_t *dropped, struct hl_buf *ret);

/* Reads a slip: HL_OK and its lab. Where kid is not NULL, *ret_found tells whether its wrap is
 * there, and that goes to ret_wrap. HL_BAD_ENCODING, HL_BAD_FIELD. */
HL_MUST enum hl_status hl_slip_read(struct hl_view slip, const struct hl_id *kid,
	struct hl_id *ret_lab, bool *ret_found, uint8_t ret_wrap[static HL_WRAP_SIZE]);

/* The place of a lab among the labs of the core, n_labs if it is not there. */
size_t hl_core_lab(const struct hl_core *core, const struct hl_id *lab);

#endif
