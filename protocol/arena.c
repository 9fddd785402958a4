#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

/* One allocation; the newest is first. */
struct block {
	struct block *next;
	alignas(max_align_t) unsigned char bytes[];
};

void *hl_arena_alloc(void **arena, size_t n, size_t size)
{
	if (size != 0 && n > (SIZE_MAX - sizeof(struct block)) / size)
		return NULL;
	struct block *block = calloc(1, sizeof(*block) + n * size);
	if (block == NULL)
		return NULL;
	block->next = *arena;
	*arena = block;
	return block->bytes;
}

void hl_arena_clear(void **arena)
{
	struct block *block = *arena;

	while (block != NULL) {
		struct block *next = block->next;
		free(block);
		block = next;
	}
	*arena = NULL;
}
