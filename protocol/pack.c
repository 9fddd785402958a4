#include "pack.h"

#include <string.h>

#include <msgpack.h>

#include "pack_scan.h"

_Static_assert(
	sizeof(msgpack_zone) <= sizeof(((struct hl_in *)0)->zone), "room for the zone");
_Static_assert(_Alignof(msgpack_zone) <= 8, "the zone's alignment");

/* Reading. */

static msgpack_zone *zone_of(struct hl_in *in)
{
	return (msgpack_zone *)(void *)in->zone;
}

/* Lets msgpack-c parse what the pre-scan has passed, into one piece of memory that suffices. */
static enum hl_status in_parse(struct hl_in *in, struct hl_view doc, size_t items)
{
	msgpack_object *root;
	size_t at = 0;

	/* One object a value and one for the root, and room to align each array. */
	if (!msgpack_zone_init(zone_of(in), (items + 1) * sizeof(*root) + 64))
		return HL_ERR_NOMEM;
	in->open = true;
	root = msgpack_zone_malloc(zone_of(in), sizeof(*root));
	if (!root)
		return HL_ERR_NOMEM;
	switch (msgpack_unpack((const char *)doc.p, doc.n, &at, zone_of(in), root)) {
	case MSGPACK_UNPACK_SUCCESS: break;
	case MSGPACK_UNPACK_NOMEM_ERROR: return HL_ERR_NOMEM;
	case MSGPACK_UNPACK_EXTRA_BYTES:
	case MSGPACK_UNPACK_CONTINUE:
	case MSGPACK_UNPACK_PARSE_ERROR: return HL_BAD_ENCODING;
	}
	in->level[0] = (struct hl_in_level){root, 1, 0};
	return HL_OK;
}

void hl_in_init(struct hl_in *in, struct hl_view doc, size_t max)
{
	size_t items = 0;

	memset(in, 0, sizeof(*in));
	in->status = hl_pack_scan(doc, max, &items);
	if (in->status == HL_OK)
		in->status = in_parse(in, doc, items);
}

void hl_in_clear(struct hl_in *in)
{
	if (!in)
		return;
	if (in->open)
		msgpack_zone_destroy(zone_of(in));
	memset(in, 0, sizeof(*in));
}

void hl_in_fail(struct hl_in *in, enum hl_status status)
{
	if (in->status == HL_OK)
		in->status = status;
}

bool hl_in_more(const struct hl_in *in)
{
	return in->status == HL_OK && in->level[in->depth].at < in->level[in->depth].n;
}

/* The next value, not consumed; NULL at the end of the array or after an error. */
static const msgpack_object *in_peek(const struct hl_in *in)
{
	const struct hl_in_level *level = &in->level[in->depth];

	if (!hl_in_more(in))
		return NULL;
	return (const msgpack_object *)level->items + level->at;
}

/* Consumes the next value if it is of that type; else fails. */
static const msgpack_object *in_take(struct hl_in *in, msgpack_object_type type)
{
	const msgpack_object *object = in_peek(in);

	if (!object || object->type != type) {
		hl_in_fail(in, HL_BAD_ENCODING);
		return NULL;
	}
	in->level[in->depth].at++;
	return object;
}

size_t hl_in_array(struct hl_in *in, size_t min, size_t max)
{
	const msgpack_object *object = in_take(in, MSGPACK_OBJECT_ARRAY);
	size_t n;

	if (!object)
		return 0;
	n = object->via.array.size;
	if (n < min || n > max) {
		/* SPEC encoding 1.7: A reader MUST refuse an array with fewer or more. */
		hl_in_fail(in, min == max ? HL_BAD_ENCODING : HL_BAD_FIELD);
		return 0;
	}
	/* The pre-scan has bounded the depth. */
	in->level[++in->depth] = (struct hl_in_level){object->via.array.ptr, n, 0};
	return n;
}

void hl_in_end(struct hl_in *in)
{
	if (in->status != HL_OK)
		return;
	if (in->depth == 0 || hl_in_more(in))
		hl_in_fail(in, HL_BAD_ENCODING);
	else
		in->depth--;
}

uint64_t hl_in_uint(struct hl_in *in, uint64_t min, uint64_t max)
{
	const msgpack_object *object = in_take(in, MSGPACK_OBJECT_POSITIVE_INTEGER);

	if (!object)
		return 0;
	if (object->via.u64 < min || object->via.u64 > max) {
		hl_in_fail(in, HL_BAD_FIELD);
		return 0;
	}
	return object->via.u64;
}

struct hl_view hl_in_bin(struct hl_in *in, size_t min, size_t max)
{
	const msgpack_object *object = in_take(in, MSGPACK_OBJECT_BIN);

	if (!object)
		return hl_view_of(NULL, 0);
	if (object->via.bin.size < min || object->via.bin.size > max) {
		hl_in_fail(in, HL_BAD_FIELD);
		return hl_view_of(NULL, 0);
	}
	return hl_view_of(object->via.bin.ptr, object->via.bin.size);
}

struct hl_view hl_in_str(struct hl_in *in, size_t min, size_t max, enum hl_text kind)
{
	const msgpack_object *object = in_take(in, MSGPACK_OBJECT_STR);
	struct hl_view text;

	if (!object)
		return hl_view_of(NULL, 0);
	text = hl_view_of(object->via.str.ptr, object->via.str.size);
	/* The pre-scan took every text as a block. */
	if (kind == HL_TEXT_LINE && !hl_text_ok(text, kind))
		hl_in_fail(in, HL_BAD_ENCODING);
	else if (text.n < min || text.n > max)
		hl_in_fail(in, HL_BAD_FIELD);
	if (in->status != HL_OK) {
		return hl_view_of(NULL, 0);
	}
	return text;
}

struct hl_view hl_in_label(struct hl_in *in)
{
	struct hl_view text = hl_in_str(in, 1, HL_LABEL_MAX, HL_TEXT_LINE);

	if (in->status == HL_OK && !hl_label_ok(text)) {
		hl_in_fail(in, HL_BAD_FIELD);
		return hl_view_of(NULL, 0);
	}
	return text;
}

bool hl_in_bool(struct hl_in *in)
{
	const msgpack_object *object = in_take(in, MSGPACK_OBJECT_BOOLEAN);

	return object && object->via.boolean;
}

void hl_in_fixed(struct hl_in *in, uint8_t *ret, size_t n)
{
	struct hl_view bytes = hl_in_bin(in, 0, SIZE_MAX);

	if (bytes.n != n) {
		hl_in_fail(in, HL_BAD_ENCODING);
		bytes = hl_view_of(NULL, 0);
	}
	if (n == 0)
		return;
	if (bytes.p)
		memcpy(ret, bytes.p, n);
	else
		memset(ret, 0, n);
}

void hl_in_id(struct hl_in *in, struct hl_id *ret)
{
	hl_in_fixed(in, ret->b, sizeof(ret->b));
}

bool hl_in_nil(struct hl_in *in)
{
	const msgpack_object *object = in_peek(in);

	if (!object || object->type != MSGPACK_OBJECT_NIL)
		return false;
	in->level[in->depth].at++;
	return true;
}

enum hl_status hl_in_finish(struct hl_in *in)
{
	if (in->status == HL_OK && !in->open)
		return HL_ERR_USAGE;
	if (in->depth > 0 || hl_in_more(in))
		hl_in_fail(in, HL_BAD_ENCODING);
	return in->status;
}

/* Writing. */

static int out_bytes(void *ctx, const char *p, size_t n)
{
	struct hl_out *out = ctx;

	hl_out_fail(out, hl_buf_append(&out->buf, hl_view_of(p, n)));
	return out->status == HL_OK ? 0 : -1;
}

static msgpack_packer packer(struct hl_out *out)
{
	return (msgpack_packer){.data = out, .callback = out_bytes};
}

void hl_out_init(struct hl_out *out)
{
	memset(out, 0, sizeof(*out));
}

void hl_out_clear(struct hl_out *out)
{
	if (!out)
		return;
	hl_buf_clear(&out->buf);
	hl_out_init(out);
}

void hl_out_fail(struct hl_out *out, enum hl_status status)
{
	if (out->status == HL_OK)
		out->status = status;
}

/* Counts a value that is about to be written; false if it may not be. */
static bool out_begin(struct hl_out *out)
{
	if (out->status != HL_OK)
		return false;
	if (out->items == HL_ITEMS_MAX || (out->depth == 0 && out->items > 0)) {
		hl_out_fail(out, HL_ERR_USAGE);
		return false;
	}
	out->items++;
	if (out->depth > 0)
		out->left[out->depth - 1]--;
	return true;
}

/* Closes the arrays that the value just written was the last of. */
static void out_end(struct hl_out *out)
{
	while (out->depth > 0 && out->left[out->depth - 1] == 0)
		out->depth--;
}

void hl_out_array(struct hl_out *out, size_t n)
{
	msgpack_packer pk = packer(out);

	if (!out_begin(out))
		return;
	if (out->depth == HL_DEPTH || n > HL_ITEMS_MAX) {
		hl_out_fail(out, HL_ERR_USAGE);
		return;
	}
	msgpack_pack_array(&pk, n);
	out->left[out->depth++] = n;
	out_end(out);
}

void hl_out_uint(struct hl_out *out, uint64_t value)
{
	msgpack_packer pk = packer(out);

	if (!out_begin(out))
		return;
	msgpack_pack_uint64(&pk, value);
	out_end(out);
}

void hl_out_bin(struct hl_out *out, struct hl_view bytes)
{
	msgpack_packer pk = packer(out);

	if (!out_begin(out))
		return;
	if (bytes.n > UINT32_MAX) {
		hl_out_fail(out, HL_ERR_USAGE);
		return;
	}
	msgpack_pack_bin(&pk, bytes.n);
	if (bytes.n > 0)
		msgpack_pack_bin_body(&pk, bytes.p, bytes.n);
	out_end(out);
}

void hl_out_id(struct hl_out *out, const struct hl_id *id)
{
	hl_out_bin(out, hl_view_id(id));
}

void hl_out_str(struct hl_out *out, struct hl_view text)
{
	msgpack_packer pk = packer(out);

	if (!out_begin(out))
		return;
	if (text.n > UINT32_MAX || !hl_text_ok(text, HL_TEXT_BLOCK)) {
		hl_out_fail(out, HL_BAD_FIELD);
		return;
	}
	msgpack_pack_str(&pk, text.n);
	if (text.n > 0)
		msgpack_pack_str_body(&pk, text.p, text.n);
	out_end(out);
}

void hl_out_bool(struct hl_out *out, bool value)
{
	msgpack_packer pk = packer(out);

	if (!out_begin(out))
		return;
	if (value)
		msgpack_pack_true(&pk);
	else
		msgpack_pack_false(&pk);
	out_end(out);
}

void hl_out_nil(struct hl_out *out)
{
	msgpack_packer pk = packer(out);

	if (!out_begin(out))
		return;
	msgpack_pack_nil(&pk);
	out_end(out);
}

enum hl_status hl_out_finish(struct hl_out *out, struct hl_buf *ret)
{
	enum hl_status status = out->status;

	if (status == HL_OK && (out->depth > 0 || out->items == 0))
		status = HL_ERR_USAGE;
	if (status == HL_OK)
		*ret = hl_buf_steal(&out->buf);
	hl_out_clear(out);
	return status;
}
