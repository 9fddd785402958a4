/*
 * Shapes: how a C struct stands in an array of the canonical form, as a table of fields. Reading,
 * writing and sorting all go by the one table, so that each is the other's inverse, and every count
 * and length is checked against the table's limits before memory is set aside.
 *
 * Private to the library.
 */
#ifndef HL_SHAPE_H
#define HL_SHAPE_H

#include <stddef.h>

#include "arena.h"
#include "pack.h"

enum hl_shape_kind {
	HL_SHAPE_FORMAT, /* the number 1 that a structure begins with; no member */
	HL_SHAPE_UINT,   /* an unsigned or an enum of 4 or 8 bytes, min to max */
	HL_SHAPE_SIGNED, /* int64_t, as two items: magnitude, whether it is negative */
	HL_SHAPE_BOOL,   /* bool */
	HL_SHAPE_FIXED,  /* bytes of the member's size: an id, key or signature */
	HL_SHAPE_BIN,    /* hl_view, min to max bytes */
	HL_SHAPE_LINE,   /* hl_view, a line of min to max bytes */
	HL_SHAPE_LABEL,  /* hl_view, a label (encoding 1.6) */
	HL_SHAPE_GROUP,  /* a struct, as an array within the array */
	HL_SHAPE_LIST,   /* a pointer to min to max items of the arena, and their count */
	HL_SHAPE_ROW,    /* the same within the struct itself */
};

struct hl_shape;

struct hl_field {
	enum hl_shape_kind kind;
	size_t at, size; /* of the member */
	bool optional;   /* nil is allowed; without flag, an empty view stands for it */
	bool flag;       /* the bool at count_at says whether the member is there */
	size_t count_at; /* the size_t that counts a list, or the bool of flag */
	uint64_t min, max;
	unsigned key; /* a list sorted by the key-th field of its items; 0: not sorted */
	const struct hl_shape *of;
};

struct hl_shape {
	size_t size; /* of the struct */
	bool bare;   /* the one field stands by itself, without an array around it */
	size_t n;
	const struct hl_field *fields;
};

/* The table's words; T is the struct, m the member, l and h its bounds, s the shape of what is
 * within, k the key of a sorted list (0: not sorted). */
/* clang-format off */
#define HL_MEMBER(T, m) .at = offsetof(T, m), .size = sizeof(((T *)0)->m)

#define HL_SHAPE_OF(T, fields) {sizeof(T), false, sizeof(fields) / sizeof((fields)[0]), fields}
#define HL_BARE_OF(T, fields)  {sizeof(T), true, 1, fields}

#define HL_F_FORMAT            {.kind = HL_SHAPE_FORMAT}
#define HL_F_UINT(T, m, l, h)  {.kind = HL_SHAPE_UINT, HL_MEMBER(T, m), .min = l, .max = h}
#define HL_F_ANY(T, m)         HL_F_UINT(T, m, 0, UINT64_MAX)
#define HL_F_SIGNED(T, m)      {.kind = HL_SHAPE_SIGNED, HL_MEMBER(T, m)}
#define HL_F_BOOL(T, m)        {.kind = HL_SHAPE_BOOL, HL_MEMBER(T, m)}
#define HL_F_FIXED(T, m)       {.kind = HL_SHAPE_FIXED, HL_MEMBER(T, m)}
#define HL_F_BIN(T, m, l, h)   {.kind = HL_SHAPE_BIN, HL_MEMBER(T, m), .min = l, .max = h}
#define HL_F_LINE(T, m, l, h)  {.kind = HL_SHAPE_LINE, HL_MEMBER(T, m), .min = l, .max = h}
#define HL_F_LABEL(T, m)       {.kind = HL_SHAPE_LABEL, HL_MEMBER(T, m)}
#define HL_F_GROUP(T, m, s)    {.kind = HL_SHAPE_GROUP, HL_MEMBER(T, m), .of = &(s)}

/* x|nil: by a bool of its own (has), or as an empty view. */
#define HL_NIL_UNLESS(T, has) .optional = true, .flag = true, .count_at = offsetof(T, has)
#define HL_F_OPT_FIXED(T, m, has) \
	{.kind = HL_SHAPE_FIXED, HL_MEMBER(T, m), HL_NIL_UNLESS(T, has)}
#define HL_F_OPT_GROUP(T, m, has, s) \
	{.kind = HL_SHAPE_GROUP, HL_MEMBER(T, m), HL_NIL_UNLESS(T, has), .of = &(s)}
#define HL_F_FLAG_BIN(T, m, has, h) \
	{.kind = HL_SHAPE_BIN, HL_MEMBER(T, m), HL_NIL_UNLESS(T, has), .max = h}
#define HL_F_OPT_BIN(T, m, h) \
	{.kind = HL_SHAPE_BIN, HL_MEMBER(T, m), .optional = true, .min = 1, .max = h}

/* n: the member that counts the items. */
#define HL_COUNTED(T, m, n, l, h, k, s) HL_MEMBER(T, m), \
	.count_at = offsetof(T, n), .min = l, .max = h, .key = k, .of = &(s)
#define HL_F_LIST(T, m, n, l, h, k, s) {.kind = HL_SHAPE_LIST, HL_COUNTED(T, m, n, l, h, k, s)}
#define HL_F_ROW(T, m, n, l, h, k, s)  {.kind = HL_SHAPE_ROW, HL_COUNTED(T, m, n, l, h, k, s)}
/* clang-format on */

/* A list of ids is a list of bare items of this shape. */
extern const struct hl_shape hl_shape_id;
/* And one of labels. */
extern const struct hl_shape hl_shape_label;

/* Reads the fields of a shape in turn, without the array around them; object is zeroed memory of
 * the shape's size. Errors stick in the cursor: those of pack.h,
 * HL_BAD_SUITE for another format, HL_ERR_NOMEM. */
void hl_shape_read_fields(struct hl_in *in, const struct hl_field *fields, size_t n,
	void *object, void **arena);
/* The same with the array around them. */
void hl_shape_read(
	struct hl_in *in, const struct hl_shape *shape, void *object, void **arena);

/* Writes them. HL_ERR_USAGE sticks where a reader would refuse what stands in the object. */
void hl_shape_write_fields(
	struct hl_out *out, const struct hl_field *fields, size_t n, const void *object);
void hl_shape_write(struct hl_out *out, const struct hl_shape *shape, const void *object);

/* Items that the fields make in the array around them. */
size_t hl_shape_items(const struct hl_field *fields, size_t n);

/* Sorts every sorted list in the object, and in the items of its lists. */
void hl_shape_sort(const struct hl_shape *shape, void *object);

#endif
