/* Segments: a piece of a channel, and what it proves (channel 4). */
#include <string.h>

#include "channel_part.h"
#include "hash.h"

/* An entry is carried as a bin, in which its encoding stands; those bytes are what links hash. */
struct entry_bin {
	struct hl_view bytes;
};
static const struct hl_field entry_bin_field[] = {
	HL_F_BIN(struct entry_bin, bytes, 0, HL_ENTRY_SIZE_MAX),
};
static const struct hl_shape entry_bin_shape =
	HL_BARE_OF(struct entry_bin, entry_bin_field);

/* A segment with its entries as they travel. */
struct wire {
	struct hl_segment s;
	struct entry_bin *bins;
	size_t n;
};

/* SPEC channel 4.1: A segment is `[from, to, epoch u, first u, link_{first-1}, [entry bin, …], head
 * statement bin|nil, receipt statement bin|nil]`, 0 to 1,024 entries */
static const struct hl_field segment_fields[] = {
	HL_F_FIXED(struct wire, s.from),
	HL_F_FIXED(struct wire, s.to),
	HL_F_ANY(struct wire, s.epoch),
	HL_F_UINT(struct wire, s.first, 1, UINT64_MAX),
	HL_F_FIXED(struct wire, s.before),
	HL_F_LIST(struct wire, bins, n, 0, HL_SEGMENT_ENTRIES_MAX, 0, entry_bin_shape),
	HL_F_OPT_BIN(struct wire, s.head, HL_STATEMENT_MAX),
	HL_F_OPT_BIN(struct wire, s.receipt, HL_STATEMENT_MAX),
};
static const struct hl_shape segment_shape = HL_SHAPE_OF(struct wire, segment_fields);

/* SPEC channel 1.2: Numbers begin with 1 and go up by one. Times never go down. */
static bool entries_good(const struct hl_segment *segment)
{
	for (size_t i = 0; i < segment->n_entries; i++) {
		const struct hl_entry *e = &segment->entries[i];
		if (e->number < segment->first || e->number - segment->first != i)
			return false;
		if (i > 0 && e->time < segment->entries[i - 1].time)
			return false;
	}
	return true;
}

enum hl_status hl_segment_encode(const struct hl_segment *segment, struct hl_buf *ret_doc)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	uint8_t bytes[HL_SEGMENT_ENTRIES_MAX][HL_ENTRY_SIZE_MAX];
	struct entry_bin bins[HL_SEGMENT_ENTRIES_MAX];
	struct wire wire = {.s = *segment, .bins = bins, .n = segment->n_entries};

	if (wire.n > HL_SEGMENT_ENTRIES_MAX || !entries_good(segment))
		return HL_ERR_USAGE;
	for (size_t i = 0; i < wire.n; i++) {
		const struct hl_entry *e = &segment->entries[i];
		if (e->sort < HL_SORT_LETTER || e->sort > HL_SORT_SUCCESSION)
			return HL_ERR_USAGE;
		bins[i].bytes = hl_view_of(bytes[i], hl_entry_encode(e, bytes[i]));
	}
	hl_out_init(&out);
	hl_shape_write(&out, &segment_shape, &wire);
	return hl_out_finish(&out, ret_doc);
}

static enum hl_status read_entries(struct wire *wire)
{
	struct hl_segment *s = &wire->s;

	s->entries = hl_arena_alloc(&s->arena, wire->n, sizeof(*s->entries));
	if (s->entries == NULL)
		return HL_ERR_NOMEM;
	for (size_t i = 0; i < wire->n; i++) {
		enum hl_status status =
			hl_entry_parse(wire->bins[i].bytes, &s->entries[i]);
		if (status != HL_OK)
			return status;
	}
	s->n_entries = wire->n;
	return entries_good(s) ? HL_OK : HL_BAD_FIELD;
}

enum hl_status hl_segment_parse(struct hl_view doc, struct hl_segment *ret)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct wire wire = {0};

	hl_in_init(&in, doc, HL_FRAME_MAX);
	hl_shape_read(&in, &segment_shape, &wire, &wire.s.arena);
	enum hl_status status = hl_in_finish(&in);
	if (status == HL_OK)
		status = read_entries(&wire);
	if (status != HL_OK) {
		hl_segment_clear(&wire.s);
		return status;
	}
	*ret = wire.s;
	return HL_OK;
}

void hl_segment_clear(struct hl_segment *segment)
{
	if (segment == NULL)
		return;
	hl_arena_clear(&segment->arena);
	memset(segment, 0, sizeof(*segment));
}

static bool starts_well(const struct hl_id *net, const struct hl_segment *segment)
{
	struct hl_id link;

	/* SPEC channel 4.2: the links follow from link_{first-1} (which is link_0 where first
	 * is 1) */
	if (segment->first > 1)
		return true;
	hl_link_first(net, &segment->from, &segment->to, segment->epoch, &link);
	return hl_id_eq(&link, &segment->before);
}

enum hl_status hl_segment_link(const struct hl_id *net, const struct hl_segment *segment,
	uint64_t number, struct hl_id *ret)
{
	struct hl_id link = segment->before;
	uint64_t before = segment->first - 1;

	if (number < before || number - before > segment->n_entries)
		return HL_UNKNOWN;
	if (!starts_well(net, segment))
		return HL_BAD_HASH;
	for (uint64_t i = 0; i < number - before; i++)
		hl_link_next(net, &link, &segment->entries[i], &link);
	*ret = link;
	return HL_OK;
}

/* Proofs. */

static const struct hl_entry *find_letter(
	const struct hl_segment *segment, const struct hl_id *id)
{
	for (size_t i = 0; i < segment->n_entries; i++)
		if (segment->entries[i].sort == HL_SORT_LETTER &&
			hl_id_eq(&segment->entries[i].id, id))
			return &segment->entries[i];
	return NULL;
}

/* Is what a statement says of the channel's end true of these entries, and does it cover one? */
static enum hl_status head_covers(const struct hl_id *net,
	const struct hl_segment *segment, const struct hl_head *head,
	const struct hl_entry *entry)
{
	struct hl_id link;

	if (head->epoch != segment->epoch || head->number < entry->number)
		return HL_UNKNOWN;
	enum hl_status status = hl_segment_link(net, segment, head->number, &link);
	if (status != HL_OK)
		return status;
	return hl_id_eq(&link, &head->link) ? HL_OK : HL_BAD_HASH;
}

enum hl_status hl_segment_entered(const struct hl_id *net,
	const struct hl_segment *segment, const struct hl_card *from_card,
	const struct hl_id *id, struct hl_entry *ret_entry)
{
	const struct hl_entry *entry = find_letter(segment, id);
	struct hl_statement statement;

	if (entry == NULL || segment->head.n == 0)
		return HL_UNKNOWN;
	enum hl_status status = hl_statement_parse(segment->head, &statement);
	if (status != HL_OK)
		return status;
	/* SPEC channel 4.2: the head statement is validly signed by a node of *from* and names
	 * (epoch, k, link_k) with k in the segment and not before the entry. */
	if (!hl_id_eq(&statement.from, &segment->from) ||
		!hl_id_eq(&statement.to, &segment->to) || !statement.has_head)
		return HL_UNKNOWN;
	status = hl_statement_check(net, from_card, &statement);
	if (status == HL_OK)
		status = head_covers(net, segment, &statement.head, entry);
	if (status == HL_OK)
		*ret_entry = *entry;
	return status;
}

enum hl_status hl_segment_delivered(const struct hl_id *net,
	const struct hl_segment *segment, const struct hl_card *to_card,
	const struct hl_id *id, uint64_t *ret_since)
{
	const struct hl_entry *entry = find_letter(segment, id);
	struct hl_statement statement;
	enum hl_status code;

	if (entry == NULL || segment->receipt.n == 0)
		return HL_UNKNOWN;
	enum hl_status status = hl_statement_parse(segment->receipt, &statement);
	if (status != HL_OK)
		return status;
	/* SPEC channel 4.3: the receipt statement is validly signed by a node of *to*, names
	 * (epoch, h, link_h) with h in the segment and not before the entry, and shows the entry's
	 * number as held and not as refused */
	if (!hl_id_eq(&statement.from, &segment->to) ||
		!hl_id_eq(&statement.to, &segment->from) || !statement.has_receipt)
		return HL_UNKNOWN;
	status = hl_statement_check(net, to_card, &statement);
	if (status == HL_OK)
		status = head_covers(net, segment, &statement.receipt.head, entry);
	if (status != HL_OK)
		return status;
	if (!hl_receipt_holds(&statement.receipt, entry->number, &code))
		return HL_UNKNOWN;
	if (code != HL_OK)
		return code;
	if (!hl_receipt_shows(&statement.receipt, entry->number))
		return HL_UNKNOWN;
	*ret_since = statement.receipt.since;
	return HL_OK;
}
