#include "incident_order.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"

/*
 * The fold's order (incident 2.1): a topological sort whose ready letters wait in a heap, the
 * one with the smallest time of writing, then the smallest id, at its top.
 */

/* Letters sorted by (created, id) have ranks; everything below works on ranks. */
struct sorting {
	const struct hl_fold_letter *letters;
	size_t n;
	uint32_t *by_rank;   /* rank to place in letters */
	uint32_t *rank;      /* place in letters to rank */
	uint32_t *ancestors; /* of a rank: how many are not placed yet */
	uint32_t *first;     /* of a rank: where its descendants begin; n + 1 of them */
	uint32_t *descendants;
	uint32_t *heap; /* ranks */
	size_t n_heap;
};

static int compare_ids(const void *a, const void *b)
{
	const struct hl_fold_letter *const *x = a, *const *y = b;

	return hl_id_cmp(&(*x)->id, &(*y)->id);
}

static int compare_times(const void *a, const void *b)
{
	const struct hl_fold_letter *const *x = a, *const *y = b;

	if ((*x)->core->created != (*y)->core->created)
		return (*x)->core->created < (*y)->core->created ? -1 : 1;
	return hl_id_cmp(&(*x)->id, &(*y)->id);
}

/* The places of the letters in an order. */
static enum hl_status sort_letters(const struct hl_fold_letter *letters, size_t n,
	int (*compare)(const void *, const void *), void **arena, uint32_t *ret)
{
	const struct hl_fold_letter **sorted = hl_arena_alloc(arena, n, sizeof(*sorted));

	if (!sorted)
		return HL_ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &letters[i];
	qsort(sorted, n, sizeof(*sorted), compare);
	for (size_t i = 0; i < n; i++)
		ret[i] = (uint32_t)(sorted[i] - letters);
	return HL_OK;
}

size_t hl_letter_find(const struct hl_letter_order *order, const struct hl_id *id)
{
	size_t low = 0, high = order->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int way = hl_id_cmp(&order->letters[order->by_id[middle]].id, id);

		if (way == 0)
			return order->by_id[middle];
		if (way < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return order->n;
}

static void heap_push(struct sorting *s, uint32_t rank)
{
	size_t at = s->n_heap++;

	while (at > 0 && s->heap[(at - 1) / 2] > rank) {
		s->heap[at] = s->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	s->heap[at] = rank;
}

static uint32_t heap_pop(struct sorting *s)
{
	uint32_t top = s->heap[0], last = s->heap[--s->n_heap];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < s->n_heap) {
		if (child + 1 < s->n_heap && s->heap[child + 1] < s->heap[child])
			child++;
		if (s->heap[child] >= last)
			break;
		s->heap[at] = s->heap[child];
		at = child;
	}
	s->heap[at] = last;
	return top;
}

/* Calls for each pair of a letter and an ancestor of it in the set, by ranks. */
static void each_edge(const struct sorting *s, const struct hl_letter_order *order,
	void (*edge)(const struct sorting *s, uint32_t ancestor, uint32_t letter))
{
	for (size_t i = 0; i < s->n; i++) {
		const struct hl_message *message = s->letters[i].message;

		for (size_t j = 0; j < message->n_seen; j++) {
			size_t ancestor = hl_letter_find(order, &message->seen[j]);

			if (ancestor < s->n)
				edge(s, s->rank[ancestor], s->rank[i]);
		}
	}
}

static void edge_count(const struct sorting *s, uint32_t ancestor, uint32_t letter)
{
	s->ancestors[letter]++;
	s->first[ancestor]++;
}

/* Fills each run of descendants from its end, so that first[] ends at its beginning. */
static void edge_fill(const struct sorting *s, uint32_t ancestor, uint32_t letter)
{
	s->descendants[--s->first[ancestor]] = letter;
}

static enum hl_status sorting_init(
	struct sorting *s, const struct hl_letter_order *order, void **arena)
{
	uint32_t sum = 0;
	enum hl_status status;

	s->by_rank = hl_arena_alloc(arena, s->n, sizeof(*s->by_rank));
	s->rank = hl_arena_alloc(arena, s->n, sizeof(*s->rank));
	s->ancestors = hl_arena_alloc(arena, s->n, sizeof(*s->ancestors));
	s->first = hl_arena_alloc(arena, s->n + 1, sizeof(*s->first));
	s->heap = hl_arena_alloc(arena, s->n, sizeof(*s->heap));
	if (!s->by_rank || !s->rank || !s->ancestors || !s->first || !s->heap)
		return HL_ERR_NOMEM;
	status = sort_letters(s->letters, s->n, compare_times, arena, s->by_rank);
	if (status != HL_OK)
		return status;
	for (size_t i = 0; i < s->n; i++)
		s->rank[s->by_rank[i]] = (uint32_t)i;
	each_edge(s, order, edge_count);
	for (size_t i = 0; i < s->n; i++) {
		sum += s->first[i];
		s->first[i] = sum;
	}
	s->first[s->n] = sum;
	s->descendants = hl_arena_alloc(arena, sum, sizeof(*s->descendants));
	if (!s->descendants)
		return HL_ERR_NOMEM;
	each_edge(s, order, edge_fill);
	return HL_OK;
}

/* Places the letters; returns how many could be. */
static size_t sorting_run(struct sorting *s, uint32_t *placed)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->ancestors[i] == 0)
			heap_push(s, (uint32_t)i);
	while (s->n_heap > 0) {
		uint32_t rank = heap_pop(s);

		placed[n++] = s->by_rank[rank];
		for (uint32_t i = s->first[rank]; i < s->first[rank + 1]; i++)
			if (--s->ancestors[s->descendants[i]] == 0)
				heap_push(s, s->descendants[i]);
	}
	return n;
}

enum hl_status hl_letter_order(const struct hl_fold_letter *letters, size_t n,
	void **arena, struct hl_letter_order *ret)
{
	struct hl_letter_order order = {.letters = letters, .n = n};
	struct sorting s = {.letters = letters, .n = n};
	enum hl_status status;

	/* With at most 64 ancestors each, the edges too are counted in 32 bits. */
	if (n > UINT32_MAX / (HL_SEEN_MAX + 1))
		return HL_ERR_USAGE;
	order.by_id = hl_arena_alloc(arena, n, sizeof(*order.by_id));
	order.placed = hl_arena_alloc(arena, n, sizeof(*order.placed));
	if (!order.by_id || !order.placed)
		return HL_ERR_NOMEM;
	status = sort_letters(letters, n, compare_ids, arena, order.by_id);
	if (status != HL_OK)
		return status;
	for (size_t i = 1; i < n; i++)
		if (hl_id_eq(
			    &letters[order.by_id[i - 1]].id, &letters[order.by_id[i]].id))
			return HL_ERR_USAGE;
	status = sorting_init(&s, &order, arena);
	if (status != HL_OK)
		return status;
	if (sorting_run(&s, order.placed) != n)
		return HL_ERR_USAGE;
	*ret = order;
	return HL_OK;
}
