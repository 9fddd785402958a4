/* Channels: entries and the links that chain them (channel 1), and what a receipt shows. */
#include "channel.h"

#include <string.h>

#include "channel_part.h"
#include "hash.h"

/* SPEC channel 1.2: An entry is `[number u, sort u, id, time u]`. Numbers begin with 1 */
static const struct hl_field entry_fields[] = {
	HL_F_UINT(struct hl_entry, number, 1, UINT64_MAX),
	HL_F_UINT(struct hl_entry, sort, HL_SORT_LETTER, HL_SORT_SUCCESSION),
	HL_F_FIXED(struct hl_entry, id),
	HL_F_ANY(struct hl_entry, time),
};
static const struct hl_shape entry_shape = HL_SHAPE_OF(struct hl_entry, entry_fields);

/* The same bytes as the table's, without memory: links are made by the thousand. */
static size_t put_uint(uint8_t *p, uint64_t value)
{
	if (value < 0x80) {
		p[0] = (uint8_t)value;
		return 1;
	}
	if (value <= UINT8_MAX) {
		p[0] = 0xcc;
		p[1] = (uint8_t)value;
		return 2;
	}
	if (value <= UINT16_MAX) {
		p[0] = 0xcd;
		hl_put_be16(p + 1, (uint16_t)value);
		return 3;
	}
	if (value <= UINT32_MAX) {
		p[0] = 0xce;
		hl_put_be32(p + 1, (uint32_t)value);
		return 5;
	}
	p[0] = 0xcf;
	hl_put_be64(p + 1, value);
	return 9;
}

static size_t put_id(uint8_t *p, const struct hl_id *id)
{
	p[0] = 0xc4;
	p[1] = HL_ID_SIZE;
	memcpy(p + 2, id->b, HL_ID_SIZE);
	return 2 + HL_ID_SIZE;
}

size_t hl_entry_encode(
	const struct hl_entry *entry, uint8_t ret[static HL_ENTRY_SIZE_MAX])
{
	size_t n = 0;

	ret[n++] = 0x94;
	n += put_uint(ret + n, entry->number);
	n += put_uint(ret + n, entry->sort);
	n += put_id(ret + n, &entry->id);
	n += put_uint(ret + n, entry->time);
	return n;
}

enum hl_status hl_entry_parse(struct hl_view bytes, struct hl_entry *ret)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_entry entry = {0};

	hl_in_init(&in, bytes, HL_ENTRY_SIZE_MAX);
	hl_shape_read(&in, &entry_shape, &entry, NULL);
	enum hl_status status = hl_in_finish(&in);
	if (status == HL_OK)
		*ret = entry;
	return status;
}

void hl_link_first(const struct hl_id *net, const struct hl_id *from,
	const struct hl_id *to, uint64_t epoch, struct hl_id *ret)
{
	uint8_t bytes[1 + 2 * (2 + HL_ID_SIZE) + 9];
	size_t n = 0;

	/* SPEC channel 1.3: `link_0 = H("link0", [from, to, epoch])` */
	bytes[n++] = 0x93;
	n += put_id(bytes + n, from);
	n += put_id(bytes + n, to);
	n += put_uint(bytes + n, epoch);
	hl_hash1("link0", net, hl_view_of(bytes, n), ret);
}

void hl_link_next(const struct hl_id *net, const struct hl_id *link,
	const struct hl_entry *entry, struct hl_id *ret)
{
	uint8_t bytes[HL_ENTRY_SIZE_MAX];
	size_t n = hl_entry_encode(entry, bytes);

	/* SPEC channel 1.3: `link_k = H("link", link_{k-1} ‖ entry_k)` */
	hl_hash("link", net, (struct hl_view[]){hl_view_id(link), hl_view_of(bytes, n)},
		2, ret);
}

bool hl_receipt_holds(
	const struct hl_receipt *receipt, uint64_t number, enum hl_status *ret_code)
{
	bool held = number >= 1 && number <= receipt->through;

	for (size_t i = 0; i < receipt->n_ranges && !held; i++)
		held = number >= receipt->ranges[i].first &&
			number <= receipt->ranges[i].last;
	if (!held)
		return false;
	*ret_code = HL_OK;
	for (size_t i = 0; i < receipt->n_refused; i++)
		if (receipt->refused[i].number == number)
			*ret_code = receipt->refused[i].code;
	return true;
}
