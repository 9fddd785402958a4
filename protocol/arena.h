/*
 * An arena: what a parsed structure's lists live in, freed at once. The handle is a void pointer
 * that begins as NULL, so that public structs need not know of it.
 */
#ifndef HL_ARENA_H
#define HL_ARENA_H

#include <stddef.h>

/* n zeroed items of a size, aligned for any type; n may be 0 (still not NULL). NULL when there is
 * no memory or n * size overflows. Belongs to the arena. */
void *hl_arena_alloc(void **arena, size_t n, size_t size);

/* Frees everything and leaves NULL. */
void hl_arena_clear(void **arena);

#endif
