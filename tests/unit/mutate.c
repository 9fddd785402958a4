#include "mutate.h"

#include "unit.h"

/* How long a value's head is, how many bytes follow, how many values. */
struct head {
	size_t size, bytes, items;
	char type; /* u, b(in), s(tr), a(rray), t(rue or false), n(il) */
};

static struct head head_of(const uint8_t *p)
{
	if (p[0] < 0x80)
		return (struct head){1, 0, 0, 'u'};
	if (p[0] >= 0x90 && p[0] < 0xa0)
		return (struct head){1, 0, p[0] & 15u, 'a'};
	if (p[0] >= 0xa0 && p[0] < 0xc0)
		return (struct head){1, p[0] & 31u, 0, 's'};
	switch (p[0]) {
	case 0xc0: return (struct head){1, 0, 0, 'n'};
	case 0xc2:
	case 0xc3: return (struct head){1, 0, 0, 't'};
	case 0xc4: return (struct head){2, p[1], 0, 'b'};
	case 0xc5: return (struct head){3, hl_get_be16(p + 1), 0, 'b'};
	case 0xc6: return (struct head){5, hl_get_be32(p + 1), 0, 'b'};
	case 0xcc: return (struct head){2, 0, 0, 'u'};
	case 0xcd: return (struct head){3, 0, 0, 'u'};
	case 0xce: return (struct head){5, 0, 0, 'u'};
	case 0xcf: return (struct head){9, 0, 0, 'u'};
	case 0xd9: return (struct head){2, p[1], 0, 's'};
	case 0xda: return (struct head){3, hl_get_be16(p + 1), 0, 's'};
	case 0xdc: return (struct head){3, 0, hl_get_be16(p + 1), 'a'};
	}
	fail_msg("not a canonical document: %02x", p[0]);
	return (struct head){0};
}

const uint8_t *mutate_end(const uint8_t *at)
{
	for (size_t left = 1; left > 0; left--) {
		struct head head = head_of(at);

		at += head.size + head.bytes;
		left += head.items;
	}
	return at;
}

/* What is put in the place of a value; type x is one that no document may hold. */
static const struct {
	char type;
	uint8_t n, bytes[9];
} others[] = {
	{'n', 1, {0xc0}},
	{'t', 1, {0xc3}},
	{'u', 1, {0x00}},
	{'u', 2, {0xcc, 0xff}},
	{'u', 9, {0xcf, 255, 255, 255, 255, 255, 255, 255, 255}},
	{'b', 2, {0xc4, 0x00}},
	{'b', 3, {0xc4, 0x01, 0x00}},
	{'s', 1, {0xa0}},
	{'s', 2, {0xa1, 'x'}},
	{'a', 1, {0x90}},
	{'a', 2, {0x91, 0x00}},
	{'x', 1, {0xff}},
	{'x', 1, {0x80}},
	{'x', 1, {0xc1}},
	{'x', 5, {0xca, 0, 0, 0, 0}},
	{'x', 3, {0xd4, 0x01, 0x00}},
	{'x', 2, {0xcc, 0x01}},
	{'x', 2, {0xd9, 0x00}},
	{'x', 3, {0xdc, 0x00, 0x00}},
	{'x', 2, {0xa1, 0x1b}},
	{'x', 2, {0xa1, 0xff}},
};

static void splice(struct hl_view doc, const uint8_t *at, const uint8_t *end,
	struct hl_view with, struct hl_buf *ret)
{
	hl_buf_clear(ret);
	assert_ok(hl_buf_append(ret, hl_view_of(doc.p, (size_t)(at - doc.p))));
	assert_ok(hl_buf_append(ret, with));
	assert_ok(hl_buf_append(ret, hl_view_of(end, (size_t)(doc.p + doc.n - end))));
}

void mutate_each(struct hl_view doc,
	void (*fn)(void *ctx, struct hl_view changed, bool must_fail), void *ctx)
{
	struct hl_buf changed HL_CLEAN_BUF = {0};

	/* Values one by one, those within an array after its head. */
	for (const uint8_t *at = doc.p; at < doc.p + doc.n;) {
		struct head head = head_of(at);
		const uint8_t *end = mutate_end(at);

		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
			struct hl_view with = hl_view_of(others[i].bytes, others[i].n);

			if (hl_view_eq(with, hl_view_of(at, (size_t)(end - at))))
				continue;
			splice(doc, at, end, with, &changed);
			fn(ctx, hl_view_buf(&changed),
				others[i].type == 'x' ||
					(others[i].type != head.type &&
						others[i].type != 'n' &&
						head.type != 'n'));
		}
		at += head.size + head.bytes;
	}
	/* Cut anywhere, or something after it. */
	for (size_t n = 0; n < doc.n; n++)
		fn(ctx, hl_view_of(doc.p, n), true);
	splice(doc, doc.p + doc.n, doc.p + doc.n, hl_view_str("\xc0"), &changed);
	fn(ctx, hl_view_buf(&changed), true);
}
