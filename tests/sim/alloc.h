/* Allocations that fail on demand: malloc, calloc, realloc and sodium_malloc, where the linker has
 * put alloc.c in their place. */
#ifndef HL_TESTS_ALLOC_H
#define HL_TESTS_ALLOC_H

#include <stdbool.h>

/* The n-th allocation from now on fails, once; 0: none. True: the one ordered before has. */
bool alloc_fail(unsigned n);

#endif
