/*
 * tree: a document of the canonical form as a tree, so that a test can change one value of a good
 * structure and see it refused.
 */
#ifndef HL_TESTS_TREE_H
#define HL_TESTS_TREE_H

#include "unit.h"

enum tree_kind { TREE_UINT, TREE_BIN, TREE_STR, TREE_BOOL, TREE_NIL, TREE_ARRAY };

struct tree {
	enum tree_kind kind;
	uint64_t value; /* a uint or bool */
	struct hl_buf bytes;
	struct tree **items;
	size_t n;
};

struct tree *tree_read(struct hl_view doc);
void tree_free(struct tree *tree);
struct hl_buf tree_write(const struct tree *tree);

/* The value at a path of indices such as "8.0.1"; "" is the tree itself. */
struct tree *tree_at(struct tree *tree, const char *path);

enum tree_op {
	OP_UINT,  /* becomes that number */
	OP_STR,   /* a text of n times 'a' */
	OP_LABEL, /* that text: see negative.text */
	OP_BIN,   /* n zero bytes */
	OP_NIL,
	OP_BOOL,
	OP_FLIP, /* one bit of a bin's byte n */
	OP_DROP, /* an array loses its last item */
	OP_ADD,  /* n copies of its last item more */
	OP_ONLY, /* its first n items stay */
	OP_SWAP, /* its first two items change places */
	OP_TWICE /* its first item stands twice */
};

/* One change, and what must come of it. */
struct negative {
	const char *path;
	enum tree_op op;
	uint64_t n;
	enum hl_status want;
	const char *text;
};

/* What a reader says to a document. */
typedef enum hl_status tree_reader(struct hl_view doc, void *ctx);

/* Makes each change to a fresh tree of doc and compares what the reader says. */
void tree_negatives(struct hl_view doc, const struct negative *rows, size_t n,
	tree_reader *reader, void *ctx);

/* Gives every value of doc another type, and every array one item more of a wrong type; the reader
 * must refuse each as HL_BAD_ENCODING or HL_BAD_FIELD. Lists can be too long first. */
void tree_wrong_types(struct hl_view doc, tree_reader *reader, void *ctx);

#define TREE_NEGATIVES(doc, rows, reader, ctx) \
	tree_negatives(doc, rows, sizeof(rows) / sizeof((rows)[0]), reader, ctx)

#endif
