/*
 * emit: structures that this library makes of a seed, as JSON in the form of
 * spec/vectors/README.md. test_emitted.py has the second implementation check them; of a letter its
 * inputs, id and wire are given, which is what the other one needs to make it again.
 */
#ifndef TESTS_EMIT_H
#define TESTS_EMIT_H

#include <jansson.h>

#include "protocol/hotline.h"

/* Draws the same numbers from the same seed everywhere. */
struct emit_draw {
	uint64_t state;
};
uint64_t emit_draw(struct emit_draw *draw, uint64_t below);
void emit_bytes(struct emit_draw *draw, uint8_t *ret, size_t n);

/* Hexadecimal; an id or null. */
json_t *emit_hex(struct hl_view view);
json_t *emit_optional(bool has, const struct hl_id *id);

/* Ends the program unless the call has succeeded. */
void emit_ok(enum hl_status status);

/* A type among n of them from first on; what lies beyond the first eight is a resend. */
enum hl_type emit_type(struct emit_draw *draw, unsigned first, unsigned n);

/* A message of a type with everything drawn; seen is borrowed. Its texts live for ever. */
struct emit_draft {
	struct hl_message message;
	struct hl_field fields[4];
	struct hl_evidence evidence[2];
	uint8_t key[HL_KEY_SIZE];
};
void emit_message(struct emit_draw *draw, enum hl_type type, const struct hl_id *seen,
	size_t n_seen, struct emit_draft *ret);

/* One function a page, each in emit_<page>.c. */
json_t *emit_card(struct emit_draw *draw, const struct hl_id *net);
json_t *emit_envelope(struct emit_draw *draw, const struct hl_id *net);
json_t *emit_incident(struct emit_draw *draw, const struct hl_id *net);

#endif
