/*
 * unit: what the unit tests share: cmocka and the library, statuses that are shown by name, bytes
 * from hexadecimal, a source of entropy that repeats, and allocations that fail on demand.
 */
#ifndef HL_TESTS_UNIT_H
#define HL_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/hotline.h"

/* Compares statuses by name, so that a failure can be read. */
#define assert_status(got, want) \
	assert_string_equal(hl_status_name(got), hl_status_name(want))
#define assert_ok(got) assert_status(got, HL_OK)

/* Compares a view with the bytes of a hexadecimal string. */
#define assert_hex(view, hex) unit_assert_hex(view, hex, __FILE__, __LINE__)
void unit_assert_hex(struct hl_view got, const char *hex, const char *file, int line);

#define assert_view(got, want) assert_true(hl_view_eq(got, want))

/* The bytes of a hexadecimal string; '-' and blanks between digits are skipped. */
struct hl_buf unit_hex(const char *hex);

/* Exactly 32 bytes of hexadecimal. */
struct hl_key32 unit_key(const char *hex);

/* A source that gives the same bytes in every run: a count, hashed. */
struct unit_entropy {
	struct hl_entropy source;
	uint64_t count;
	bool broken; /* answers an error */
};
void unit_entropy_init(struct unit_entropy *entropy);

/* The n-th allocation from now on fails once (1: the next one); 0: none does. Counts malloc,
 * calloc, realloc, sodium_malloc and msgpack_zone_init where the library calls them. */
void unit_fail_allocation(unsigned n);

/* True if the failure has happened since it was ordered; and none is ordered any more. */
bool unit_allocation_failed(void);

#endif
