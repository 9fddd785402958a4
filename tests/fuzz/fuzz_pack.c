/*
 * fuzz_pack: the strict MessagePack reader against a second one, written here
 * from spec/encoding.md alone. Both must agree on what is canonical; what is must
 * come out of the cursor and the writer again byte for byte; and the cursor must
 * stay sane when it is asked for what is not there.
 */
#include <string.h>

#include "protocol/hotline.h"
#include "tests/fuzz/fuzz.h"

#define DOC_MAX (128 * 1024)

/* The second reader. */
struct scan {
	const uint8_t *p;
	size_t n, at, items;
};

enum type { ARRAY, UINT, BIN, STR, BOOL, NIL, NONE };

/* One value's head: its type, and its number, count or length. */
struct head {
	enum type type;
	uint64_t value;
};

static uint64_t take(struct scan *s, unsigned width, bool *ok)
{
	uint64_t v = 0;

	if (s->n - s->at < width) {
		*ok = false;
		return 0;
	}
	while (width--)
		v = v << 8 | s->p[s->at++];
	return v;
}

/* Reads an argument of a width, which must need it: at least least. */
static struct head wide(struct scan *s, enum type type, unsigned width, uint64_t least)
{
	bool ok = true;
	uint64_t v = take(s, width, &ok);

	return (struct head){ok && v >= least ? type : NONE, v};
}

static struct head head(struct scan *s)
{
	uint8_t b = s->p[s->at++];

	if (b < 0x80)
		return (struct head){UINT, b};
	if (b >= 0x90 && b <= 0x9f)
		return (struct head){ARRAY, b & 0x0f};
	if (b >= 0xa0 && b <= 0xbf)
		return (struct head){STR, b & 0x1f};
	/* SPEC encoding 1.2: Any longer form MUST be refused. */
	switch (b) {
	case 0xc0: return (struct head){NIL, 0};
	case 0xc2: return (struct head){BOOL, 0};
	case 0xc3: return (struct head){BOOL, 1};
	case 0xc4: return wide(s, BIN, 1, 0);
	case 0xc5: return wide(s, BIN, 2, 1u << 8);
	case 0xc6: return wide(s, BIN, 4, 1u << 16);
	case 0xcc: return wide(s, UINT, 1, 1u << 7);
	case 0xcd: return wide(s, UINT, 2, 1u << 8);
	case 0xce: return wide(s, UINT, 4, 1u << 16);
	case 0xcf: return wide(s, UINT, 8, 1ull << 32);
	case 0xd9: return wide(s, STR, 1, 1u << 5);
	case 0xda: return wide(s, STR, 2, 1u << 8);
	case 0xdb: return wide(s, STR, 4, 1u << 16);
	case 0xdc: return wide(s, ARRAY, 2, 1u << 4);
	case 0xdd: return wide(s, ARRAY, 4, 1u << 16);
	default: return (struct head){NONE, 0};
	}
}

/* SPEC encoding 1.5: A str is valid UTF-8 (no overlong forms, no surrogates, nothing above
 * U+10FFFF). Control characters (U+0000 to U+001F, U+007F to U+009F) MUST be refused, but for
 * newline (U+000A) and tab (U+0009) */
static bool text(const uint8_t *p, size_t n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	for (size_t i = 0; i < n;) {
		unsigned len = p[i] < 0x80 ? 1
			: p[i] >> 5 == 6   ? 2
			: p[i] >> 4 == 14  ? 3
			: p[i] >> 3 == 30  ? 4
					   : 0;
		uint32_t c;

		if (!len || n - i < len)
			return false;
		c = len == 1 ? p[i] : p[i] & (0x7fu >> len);
		for (unsigned k = 1; k < len; k++) {
			if (p[i + k] >> 6 != 2)
				return false;
			c = c << 6 | (p[i + k] & 0x3f);
		}
		if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return false;
		if ((c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f))
			return false;
		i += len;
	}
	return true;
}

static bool canonical(struct scan *s, unsigned depth)
{
	struct head h;

	if (s->at >= s->n || ++s->items > HL_ITEMS_MAX)
		return false;
	h = head(s);
	if (h.type == NONE)
		return false;
	if (h.type == BIN || h.type == STR) {
		if (h.value > s->n - s->at)
			return false;
		if (h.type == STR && !text(s->p + s->at, h.value))
			return false;
		s->at += h.value;
	}
	if (h.type == ARRAY) {
		if (depth == HL_DEPTH || h.value > s->n - s->at)
			return false;
		for (uint64_t i = 0; i < h.value; i++) {
			if (!canonical(s, depth + 1))
				return false;
		}
	}
	return true;
}

/* Reads one value with the cursor and writes it again; the second reader, which has found the
 * document canonical, says what to expect. */
static void copy(struct scan *s, struct hl_in *in, struct hl_out *out)
{
	struct head h = head(s);
	const uint8_t *body = s->p + s->at;
	struct hl_view got;

	fuzz_require(hl_in_more(in));
	switch (h.type) {
	case ARRAY:
		fuzz_require(hl_in_array(in, h.value, h.value) == h.value);
		hl_out_array(out, h.value);
		for (uint64_t i = 0; i < h.value; i++)
			copy(s, in, out);
		fuzz_require(!hl_in_more(in));
		hl_in_end(in);
		break;
	case UINT:
		fuzz_require(hl_in_uint(in, h.value, h.value) == h.value);
		hl_out_uint(out, h.value);
		break;
	case BIN:
	case STR:
		got = h.type == BIN ? hl_in_bin(in, h.value, h.value)
				    : hl_in_str(in, h.value, h.value, HL_TEXT_BLOCK);
		fuzz_require(hl_view_eq(got, hl_view_of(body, h.value)));
		if (h.type == BIN)
			hl_out_bin(out, got);
		else
			hl_out_str(out, got);
		s->at += h.value;
		break;
	case BOOL:
		fuzz_require(hl_in_bool(in) == (h.value != 0));
		hl_out_bool(out, h.value);
		break;
	case NIL:
		fuzz_require(hl_in_nil(in));
		hl_out_nil(out);
		break;
	case NONE: fuzz_require(!"a value that was canonical");
	}
	fuzz_require(hl_in_ok(in));
}

static void round_trip(struct hl_view doc)
{
	struct scan s = {doc.p, doc.n, 0, 0};
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};

	hl_in_init(&in, doc, DOC_MAX);
	hl_out_init(&out);
	copy(&s, &in, &out);
	fuzz_require(hl_in_finish(&in) == HL_OK);
	fuzz_require(hl_out_finish(&out, &again) == HL_OK);
	fuzz_require(hl_view_eq(doc, hl_view_buf(&again)));
}

/* Asks for whatever the bytes say, in any order; an error must stick and give zeros. */
static void misuse(struct hl_view doc)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_id id;
	unsigned open = 0;
	size_t n = 0;

	hl_in_init(&in, doc, DOC_MAX);
	for (size_t i = 0; i < doc.n + 8; i++) {
		unsigned what = doc.n ? (doc.p[i % doc.n] + i) % 8 : i % 8;
		bool ok = hl_in_ok(&in);

		memset(&id, 0xa5, sizeof(id));
		switch (what) {
		case 0:
			n = hl_in_array(&in, 0, SIZE_MAX);
			open += hl_in_ok(&in);
			break;
		case 1: n = hl_in_uint(&in, 0, UINT64_MAX) != 0; break;
		case 2: n = hl_in_bin(&in, 0, SIZE_MAX).n; break;
		case 3: n = hl_in_str(&in, 0, SIZE_MAX, HL_TEXT_LINE).n; break;
		case 4: n = hl_in_bool(&in); break;
		case 5:
			hl_in_id(&in, &id);
			n = ok ? 0 : !hl_id_zero(&id);
			break;
		case 6: n = hl_in_nil(&in); break;
		default:
			if (open) {
				hl_in_end(&in);
				open--;
			}
			n = 0;
		}
		fuzz_require(ok || (!n && !hl_in_ok(&in) && !hl_in_more(&in)));
	}
	if (!hl_in_ok(&in))
		fuzz_require(hl_in_finish(&in) != HL_OK);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hl_view doc = hl_view_of(data, size);
	struct scan s = {data, size, 0, 0};
	bool good = size <= DOC_MAX && canonical(&s, 0) && s.at == size;
	enum hl_status status = hl_pack_check(doc, DOC_MAX);

	fuzz_require(good == (status == HL_OK));
	fuzz_require(good || status == HL_BAD_SIZE || status == HL_BAD_ENCODING);
	if (good)
		round_trip(doc);
	misuse(doc);
	return 0;
}
