#include "tree.h"

#include <stdio.h>

static struct tree *tree_new(enum tree_kind kind)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	assert_non_null(tree);
	tree->kind = kind;
	return tree;
}

static uint64_t take(struct hl_view *doc, size_t n)
{
	uint64_t value = 0;

	assert_true(doc->n >= n);
	for (size_t i = 0; i < n; i++)
		value = value << 8 | doc->p[i];
	doc->p += n;
	doc->n -= n;
	return value;
}

static struct tree *read_bytes(struct hl_view *doc, enum tree_kind kind, size_t n)
{
	struct tree *tree = tree_new(kind);

	assert_true(doc->n >= n);
	assert_ok(hl_buf_append(&tree->bytes, hl_view_of(doc->p, n)));
	doc->p += n;
	doc->n -= n;
	return tree;
}

static struct tree *read_value(struct hl_view *doc);

static struct tree *read_array(struct hl_view *doc, size_t n)
{
	struct tree *tree = tree_new(TREE_ARRAY);

	tree->items = calloc(n + 1, sizeof(*tree->items));
	assert_non_null(tree->items);
	for (tree->n = 0; tree->n < n; tree->n++)
		tree->items[tree->n] = read_value(doc);
	return tree;
}

/* The document is canonical: the library has written it. */
static struct tree *read_value(struct hl_view *doc)
{
	uint8_t head = (uint8_t)take(doc, 1);
	struct tree *tree;

	if (head < 0x80 || (head >= 0xcc && head <= 0xcf)) {
		tree = tree_new(TREE_UINT);
		tree->value = head < 0x80 ? head : take(doc, (size_t)1 << (head - 0xcc));
		return tree;
	}
	if ((head & 0xf0) == 0x90)
		return read_array(doc, head & 0x0f);
	if (head == 0xdc || head == 0xdd)
		return read_array(doc, take(doc, head == 0xdc ? 2 : 4));
	if ((head & 0xe0) == 0xa0)
		return read_bytes(doc, TREE_STR, head & 0x1f);
	if (head >= 0xd9 && head <= 0xdb)
		return read_bytes(doc, TREE_STR, take(doc, (size_t)1 << (head - 0xd9)));
	if (head >= 0xc4 && head <= 0xc6)
		return read_bytes(doc, TREE_BIN, take(doc, (size_t)1 << (head - 0xc4)));
	tree = tree_new(head == 0xc0 ? TREE_NIL : TREE_BOOL);
	tree->value = head == 0xc3;
	return tree;
}

struct tree *tree_read(struct hl_view doc)
{
	struct tree *tree = read_value(&doc);

	assert_int_equal(doc.n, 0);
	return tree;
}

static void tree_empty(struct tree *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		tree_free(tree->items[i]);
	free(tree->items);
	hl_buf_clear(&tree->bytes);
	memset(tree, 0, sizeof(*tree));
}

void tree_free(struct tree *tree)
{
	tree_empty(tree);
	free(tree);
}

static void write_value(const struct tree *tree, struct hl_out *out)
{
	switch (tree->kind) {
	case TREE_UINT: hl_out_uint(out, tree->value); break;
	case TREE_BIN: hl_out_bin(out, hl_view_buf(&tree->bytes)); break;
	case TREE_STR: hl_out_str(out, hl_view_buf(&tree->bytes)); break;
	case TREE_BOOL: hl_out_bool(out, tree->value != 0); break;
	case TREE_NIL: hl_out_nil(out); break;
	case TREE_ARRAY:
		hl_out_array(out, tree->n);
		for (size_t i = 0; i < tree->n; i++)
			write_value(tree->items[i], out);
		break;
	}
}

struct hl_buf tree_write(const struct tree *tree)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf doc = {0};

	hl_out_init(&out);
	write_value(tree, &out);
	assert_ok(hl_out_finish(&out, &doc));
	return doc;
}

struct tree *tree_at(struct tree *tree, const char *path)
{
	while (*path != '\0') {
		char *end;
		size_t at = strtoul(path, &end, 10);
		assert_int_equal(tree->kind, TREE_ARRAY);
		assert_true(at < tree->n);
		tree = tree->items[at];
		path = *end == '.' ? end + 1 : end;
	}
	return tree;
}

static struct tree *copy_of(const struct tree *tree)
{
	struct hl_buf doc HL_CLEAN_BUF = tree_write(tree);

	return tree_read(hl_view_buf(&doc));
}

static void set_bytes(struct tree *tree, enum tree_kind kind, size_t n, int fill)
{
	tree_empty(tree);
	tree->kind = kind;
	assert_ok(hl_buf_reserve(&tree->bytes, n + 1));
	memset(tree->bytes.p, fill, n);
	tree->bytes.n = n;
}

static void insert_copy(struct tree *tree, size_t from, size_t at)
{
	struct tree *item = copy_of(tree->items[from]);

	tree->items = realloc(tree->items, (tree->n + 1) * sizeof(*tree->items));
	assert_non_null(tree->items);
	memmove(tree->items + at + 1, tree->items + at,
		(tree->n - at) * sizeof(*tree->items));
	tree->items[at] = item;
	tree->n++;
}

static void change_array(struct tree *tree, enum tree_op op, uint64_t n)
{
	struct tree *first;

	assert_int_equal(tree->kind, TREE_ARRAY);
	assert_true(tree->n > 0);
	if (op == OP_ADD)
		for (uint64_t i = 0; i < n; i++)
			insert_copy(tree, tree->n - 1, tree->n);
	if (op == OP_TWICE)
		insert_copy(tree, 0, 0);
	if (op == OP_DROP || op == OP_ONLY)
		for (size_t keep = op == OP_DROP ? tree->n - 1 : n; tree->n > keep;)
			tree_free(tree->items[--tree->n]);
	if (op == OP_SWAP) {
		assert_true(tree->n > 1);
		first = tree->items[0];
		tree->items[0] = tree->items[1];
		tree->items[1] = first;
	}
}

static void change(struct tree *tree, const struct negative *row)
{
	switch (row->op) {
	case OP_STR: set_bytes(tree, TREE_STR, row->n, 'a'); return;
	case OP_BIN: set_bytes(tree, TREE_BIN, row->n, 0); return;
	case OP_LABEL:
		set_bytes(tree, TREE_STR, 0, 0);
		assert_ok(hl_buf_append(&tree->bytes, hl_view_str(row->text)));
		return;
	case OP_FLIP:
		assert_true(tree->bytes.n > row->n);
		tree->bytes.p[row->n] ^= 1;
		return;
	case OP_UINT:
	case OP_NIL:
	case OP_BOOL:
		tree_empty(tree);
		tree->kind = row->op == OP_UINT ? TREE_UINT
			: row->op == OP_NIL     ? TREE_NIL
						: TREE_BOOL;
		tree->value = row->n;
		return;
	case OP_DROP:
	case OP_ADD:
	case OP_ONLY:
	case OP_SWAP:
	case OP_TWICE: change_array(tree, row->op, row->n); return;
	}
}

void tree_negatives(struct hl_view doc, const struct negative *rows, size_t n,
	tree_reader *reader, void *ctx)
{
	assert_ok(reader(doc, ctx));
	for (size_t i = 0; i < n; i++) {
		struct tree *tree = tree_read(doc);
		change(tree_at(tree, rows[i].path), &rows[i]);
		struct hl_buf changed HL_CLEAN_BUF = tree_write(tree);
		enum hl_status got = reader(hl_view_buf(&changed), ctx);
		tree_free(tree);
		if (got != rows[i].want)
			fail_msg("path %s, operation %d, %llu: got %s, want %s",
				rows[i].path, (int)rows[i].op,
				(unsigned long long)rows[i].n, hl_status_name(got),
				hl_status_name(rows[i].want));
	}
}

static void refused(const struct tree *root, tree_reader *reader, void *ctx)
{
	struct hl_buf changed HL_CLEAN_BUF = tree_write(root);
	enum hl_status got = reader(hl_view_buf(&changed), ctx);

	if (got != HL_BAD_ENCODING && got != HL_BAD_FIELD)
		fail_msg("a value of a wrong type: got %s", hl_status_name(got));
}

static void wrong_types(
	const struct tree *root, struct tree *at, tree_reader *reader, void *ctx)
{
	struct tree was = *at;

	/* No structure has a bool where it may also have a number. */
	*at = (struct tree){.kind = was.kind == TREE_BOOL ? TREE_UINT : TREE_BOOL};
	refused(root, reader, ctx);
	*at = was;
	if (at->kind != TREE_ARRAY)
		return;
	struct tree more = {.kind = TREE_BOOL};
	struct tree **items = calloc(at->n + 1, sizeof(*items));
	assert_non_null(items);
	if (at->n > 0)
		memcpy(items, at->items, at->n * sizeof(*items));
	items[at->n] = &more;
	at->items = items;
	at->n++;
	refused(root, reader, ctx);
	*at = was;
	free(items);
	for (size_t i = 0; i < at->n; i++)
		wrong_types(root, at->items[i], reader, ctx);
}

void tree_wrong_types(struct hl_view doc, tree_reader *reader, void *ctx)
{
	struct tree *tree = tree_read(doc);

	assert_ok(reader(doc, ctx));
	wrong_types(tree, tree, reader, ctx);
	tree_free(tree);
}
