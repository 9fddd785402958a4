#include "shape.h"

#include <string.h>

static const struct hl_field id_field[] = {
	{.kind = HL_SHAPE_FIXED, .at = 0, .size = HL_ID_SIZE}};
const struct hl_shape hl_shape_id = HL_BARE_OF(struct hl_id, id_field);

static const struct hl_field label_field[] = {
	{.kind = HL_SHAPE_LABEL, .at = 0, .size = sizeof(struct hl_view)}};
const struct hl_shape hl_shape_label = HL_BARE_OF(struct hl_view, label_field);

/* Members are reached by memcpy: an object may hold them as any type of their size. */

static uint64_t load_uint(const struct hl_field *f, const uint8_t *at)
{
	uint32_t narrow;
	uint64_t wide;

	if (f->size == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

static void store_uint(const struct hl_field *f, uint8_t *at, uint64_t value)
{
	uint32_t narrow = (uint32_t)value;

	if (f->size == sizeof(narrow))
		memcpy(at, &narrow, sizeof(narrow));
	else
		memcpy(at, &value, sizeof(value));
}

static struct hl_view load_view(const uint8_t *at)
{
	struct hl_view view;

	memcpy(&view, at, sizeof(view));
	return view;
}

static bool load_bool(const uint8_t *at)
{
	bool value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static size_t load_count(const uint8_t *at)
{
	size_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

/* The first item of a list or row. */
static const uint8_t *load_items(const struct hl_field *f, const uint8_t *object)
{
	const uint8_t *items = object + f->at;

	if (f->kind == HL_SHAPE_LIST)
		memcpy(&items, object + f->at, sizeof(items));
	return items;
}

/* How two items stand in the order of their list. */
static int compare(const struct hl_field *list, const uint8_t *a, const uint8_t *b)
{
	const struct hl_field *key = &list->of->fields[list->key - 1];

	a += key->at;
	b += key->at;
	if (key->kind == HL_SHAPE_UINT) {
		uint64_t x = load_uint(key, a), y = load_uint(key, b);
		return (x > y) - (x < y);
	}
	if (key->kind == HL_SHAPE_FIXED)
		return memcmp(a, b, key->size);
	return hl_view_cmp(load_view(a), load_view(b));
}

/* Reading. */

static void read_signed(struct hl_in *in, uint8_t *at)
{
	uint64_t size = hl_in_uint(in, 0, INT64_MAX);
	bool negative = hl_in_bool(in);
	int64_t value = negative ? -(int64_t)size : (int64_t)size;

	if (negative && size == 0)
		hl_in_fail(in, HL_BAD_FIELD);
	memcpy(at, &value, sizeof(value));
}

static struct hl_view read_view(struct hl_in *in, const struct hl_field *f)
{
	if (f->kind == HL_SHAPE_BIN)
		return hl_in_bin(in, f->min, f->max);
	if (f->kind == HL_SHAPE_LINE)
		return hl_in_str(in, f->min, f->max, HL_TEXT_LINE);
	return hl_in_label(in);
}

static void read_items(
	struct hl_in *in, const struct hl_field *f, uint8_t *object, void **arena)
{
	size_t n = hl_in_array(in, f->min, f->max), size = f->of->size;
	uint8_t *items = object + f->at;

	if (f->kind == HL_SHAPE_LIST) {
		items = hl_in_ok(in) ? hl_arena_alloc(arena, n, size) : NULL;
		if (items == NULL)
			hl_in_fail(in, HL_ERR_NOMEM);
	}
	for (size_t i = 0; i < n && hl_in_ok(in); i++) {
		hl_shape_read(in, f->of, items + i * size, arena);
		/* SPEC encoding 1.8: an item that stands twice, or out of order, makes the
		 * structure invalid. */
		if (i > 0 && f->key > 0 && hl_in_ok(in) &&
			compare(f, items + (i - 1) * size, items + i * size) >= 0)
			hl_in_fail(in, HL_BAD_FIELD);
	}
	hl_in_end(in);
	if (!hl_in_ok(in))
		return;
	if (f->kind == HL_SHAPE_LIST)
		memcpy(object + f->at, &items, sizeof(items));
	memcpy(object + f->count_at, &n, sizeof(n));
}

static void read_format(struct hl_in *in)
{
	if (hl_in_uint(in, 0, UINT64_MAX) != 1 && hl_in_ok(in))
		hl_in_fail(in, HL_BAD_SUITE);
}

static void read_field(
	struct hl_in *in, const struct hl_field *f, uint8_t *object, void **arena)
{
	uint8_t *at = object + f->at;
	struct hl_view view;
	bool flag = true;

	if (f->optional) {
		if (hl_in_nil(in))
			return;
		if (f->flag)
			memcpy(object + f->count_at, &flag, sizeof(flag));
	}
	switch (f->kind) {
	case HL_SHAPE_FORMAT: read_format(in); break;
	case HL_SHAPE_UINT: store_uint(f, at, hl_in_uint(in, f->min, f->max)); break;
	case HL_SHAPE_SIGNED: read_signed(in, at); break;
	case HL_SHAPE_BOOL:
		flag = hl_in_bool(in);
		memcpy(at, &flag, sizeof(flag));
		break;
	case HL_SHAPE_FIXED: hl_in_fixed(in, at, f->size); break;
	case HL_SHAPE_BIN:
	case HL_SHAPE_LINE:
	case HL_SHAPE_LABEL:
		view = read_view(in, f);
		memcpy(at, &view, sizeof(view));
		break;
	case HL_SHAPE_GROUP: hl_shape_read(in, f->of, at, arena); break;
	case HL_SHAPE_LIST:
	case HL_SHAPE_ROW: read_items(in, f, object, arena); break;
	}
}

size_t hl_shape_items(const struct hl_field *fields, size_t n)
{
	size_t items = n;

	for (size_t i = 0; i < n; i++)
		items += fields[i].kind == HL_SHAPE_SIGNED;
	return items;
}

void hl_shape_read_fields(struct hl_in *in, const struct hl_field *fields, size_t n,
	void *object, void **arena)
{
	for (size_t i = 0; i < n; i++)
		read_field(in, &fields[i], object, arena);
}

void hl_shape_read(
	struct hl_in *in, const struct hl_shape *shape, void *object, void **arena)
{
	if (shape->bare) {
		read_field(in, shape->fields, object, arena);
		return;
	}
	size_t items = hl_shape_items(shape->fields, shape->n);
	hl_in_array(in, items, items);
	hl_shape_read_fields(in, shape->fields, shape->n, object, arena);
	hl_in_end(in);
}

/* Writing. */

static void refuse_unless(struct hl_out *out, bool good)
{
	if (!good)
		hl_out_fail(out, HL_ERR_USAGE);
}

static void write_signed(struct hl_out *out, const uint8_t *at)
{
	int64_t value;

	memcpy(&value, at, sizeof(value));
	refuse_unless(out, value >= -INT64_MAX);
	hl_out_uint(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
	hl_out_bool(out, value < 0);
}

static void write_view(struct hl_out *out, const struct hl_field *f, struct hl_view view)
{
	if (f->kind == HL_SHAPE_LABEL)
		refuse_unless(out, hl_label_ok(view));
	else
		refuse_unless(out, view.n >= f->min && view.n <= f->max);
	if (f->kind == HL_SHAPE_BIN) {
		hl_out_bin(out, view);
		return;
	}
	refuse_unless(out, hl_text_ok(view, HL_TEXT_LINE));
	hl_out_str(out, view);
}

static void write_items(
	struct hl_out *out, const struct hl_field *f, const uint8_t *object)
{
	size_t n = load_count(object + f->count_at), size = f->of->size;
	const uint8_t *items = load_items(f, object);

	refuse_unless(out, n >= f->min && n <= f->max);
	hl_out_array(out, n);
	for (size_t i = 0; i < n && out->status == HL_OK; i++) {
		if (i > 0 && f->key > 0)
			refuse_unless(out,
				compare(f, items + (i - 1) * size, items + i * size) < 0);
		hl_shape_write(out, f->of, items + i * size);
	}
}

/* Is nil written in the place of an optional member? */
static bool is_nil(const struct hl_field *f, const uint8_t *object)
{
	if (!f->optional)
		return false;
	if (f->flag)
		return !load_bool(object + f->count_at);
	return load_view(object + f->at).n == 0;
}

static void write_field(
	struct hl_out *out, const struct hl_field *f, const uint8_t *object)
{
	const uint8_t *at = object + f->at;
	uint64_t value;

	if (is_nil(f, object)) {
		hl_out_nil(out);
		return;
	}
	switch (f->kind) {
	case HL_SHAPE_FORMAT: hl_out_uint(out, 1); break;
	case HL_SHAPE_UINT:
		value = load_uint(f, at);
		refuse_unless(out, value >= f->min && value <= f->max);
		hl_out_uint(out, value);
		break;
	case HL_SHAPE_SIGNED: write_signed(out, at); break;
	case HL_SHAPE_BOOL: hl_out_bool(out, load_bool(at)); break;
	case HL_SHAPE_FIXED: hl_out_bin(out, hl_view_of(at, f->size)); break;
	case HL_SHAPE_BIN:
	case HL_SHAPE_LINE:
	case HL_SHAPE_LABEL: write_view(out, f, load_view(at)); break;
	case HL_SHAPE_GROUP: hl_shape_write(out, f->of, at); break;
	case HL_SHAPE_LIST:
	case HL_SHAPE_ROW: write_items(out, f, object); break;
	}
}

void hl_shape_write_fields(
	struct hl_out *out, const struct hl_field *fields, size_t n, const void *object)
{
	for (size_t i = 0; i < n; i++)
		write_field(out, &fields[i], object);
}

void hl_shape_write(struct hl_out *out, const struct hl_shape *shape, const void *object)
{
	if (!shape->bare)
		hl_out_array(out, hl_shape_items(shape->fields, shape->n));
	hl_shape_write_fields(out, shape->fields, shape->n, object);
}

/* Sorting: by insertion, since lists are short and mostly in order already. */

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t byte = a[i];
		a[i] = b[i];
		b[i] = byte;
	}
}

static void sort_items(const struct hl_field *f, uint8_t *items, size_t n)
{
	size_t size = f->of->size;

	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0; j--) {
			uint8_t *at = items + j * size;
			if (compare(f, at - size, at) <= 0)
				break;
			swap(at - size, at, size);
		}
}

void hl_shape_sort(const struct hl_shape *shape, void *object)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct hl_field *f = &shape->fields[i];
		uint8_t *base = object, *items = base + f->at;
		if (f->kind == HL_SHAPE_GROUP)
			hl_shape_sort(f->of, items);
		if (f->kind != HL_SHAPE_LIST && f->kind != HL_SHAPE_ROW)
			continue;
		size_t n = load_count(base + f->count_at);
		if (f->kind == HL_SHAPE_LIST)
			memcpy(&items, base + f->at, sizeof(items));
		for (size_t j = 0; j < n && !f->of->bare; j++)
			hl_shape_sort(f->of, items + j * f->of->size);
		if (f->key > 0)
			sort_items(f, items, n);
	}
}
