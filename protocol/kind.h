/*
 * Kinds of incident and the form that each asks for (spec/message.md 3). One table.
 */
#ifndef HL_KIND_H
#define HL_KIND_H

#include "bytes.h"

#define HL_KIND_FIELDS_MAX 4

struct hl_kind {
	const char *name;
	const char *text; /* one line for people */
	bool capability;  /* must have the capability block */
	const char
		*fields[HL_KIND_FIELDS_MAX + 1]; /* required, sorted, NULL at the end */
};

/* The whole table, in the order of the specification. */
HL_API const struct hl_kind *hl_kinds(size_t *ret_n);
/* NULL when it is not known. */
HL_API const struct hl_kind *hl_kind_find(struct hl_view name);

#endif
