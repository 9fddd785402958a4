/* spec/vectors/channel.json: entries, links, statements, segments and what they prove. */
#include "vectors.h"

static struct hl_id net, from, to;
static struct hl_card from_card, to_card;
static uint64_t epoch;

static void check_entries(const json_t *file)
{
	struct hl_id link;
	const json_t *c;
	size_t i;

	hl_link_first(&net, &from, &to, epoch, &link);
	vectors_count(vectors_equal(file, "link_0", hl_view_id(&link)), "link_0", "");
	json_array_foreach(vectors_list(file, "entries"), i, c)
	{
		struct hl_entry entry = {vectors_number(c, "number"),
			(enum hl_sort)vectors_number(c, "sort"), vectors_id(c, "id"),
			vectors_number(c, "time")};
		struct hl_entry back;
		uint8_t bytes[HL_ENTRY_SIZE_MAX];
		struct hl_view view = hl_view_of(bytes, hl_entry_encode(&entry, bytes));
		vectors_count(vectors_equal(c, "entry", view), "entries", "");
		vectors_count(hl_entry_parse(view, &back) == HL_OK &&
				back.number == entry.number && back.sort == entry.sort &&
				back.time == entry.time && hl_id_eq(&back.id, &entry.id),
			"entries read", "");
		hl_link_next(&net, &link, &entry, &link);
		vectors_count(vectors_equal(c, "link", hl_view_id(&link)), "links", "");
	}
}

static struct hl_id link_at(const json_t *file, uint64_t number)
{
	if (number == 0)
		return vectors_id(file, "link_0");
	return vectors_id(
		json_array_get(vectors_list(file, "entries"), number - 1), "link");
}

static void sign(const json_t *file, const char *seed_name, const struct hl_statement *s,
	const json_t *c, const char *part)
{
	struct hl_buf seed HL_CLEAN_BUF = vectors_hex(file, seed_name);
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};

	bool good = hl_sign_key_from_secret(hl_view_buf(&seed), &key) == HL_OK &&
		hl_statement_sign(&net, s, &key, &doc) == HL_OK &&
		vectors_equal(c, "statement", hl_view_buf(&doc));
	vectors_count(good, part, "signed");
}

static void check_head(const json_t *file)
{
	const json_t *c = vectors_get(file, "head");
	uint64_t k = vectors_number(c, "k");
	struct hl_statement s = {.from = from,
		.to = to,
		.has_head = true,
		.head = {epoch, k, link_at(file, k)},
		.time = vectors_number(c, "time")};

	sign(file, "from_node_seed", &s, c, "head");
}

static void check_receipt(const json_t *file)
{
	const json_t *c = vectors_get(file, "receipt"), *item;
	uint64_t h = vectors_number(c, "h");
	struct hl_statement s = {.from = to,
		.to = from,
		.has_receipt = true,
		.receipt = {.head = {epoch, h, link_at(file, h)},
			.through = vectors_number(c, "n"),
			.since = vectors_number(c, "since")},
		.time = vectors_number(c, "time")};
	size_t i;

	json_array_foreach(vectors_list(c, "ranges"), i, item)
	{
		s.receipt.ranges[i].first =
			(uint64_t)json_integer_value(json_array_get(item, 0));
		s.receipt.ranges[i].last =
			(uint64_t)json_integer_value(json_array_get(item, 1));
		s.receipt.n_ranges++;
	}
	json_array_foreach(vectors_list(c, "refused"), i, item)
	{
		s.receipt.refused[i].number =
			(uint64_t)json_integer_value(json_array_get(item, 0));
		s.receipt.refused[i].code = hl_status_of_code(
			(uint64_t)json_integer_value(json_array_get(item, 1)));
		s.receipt.n_refused++;
	}
	sign(file, "to_node_seed", &s, c, "receipt");
	json_array_foreach(vectors_list(c, "shows"), i, item)
	{
		enum hl_status code;
		bool shows = hl_receipt_holds(&s.receipt, i + 1, &code) && code == HL_OK;
		vectors_count(shows == json_is_true(item), "shows", "");
	}
}

static void check_statement(const json_t *c)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "statement");
	struct hl_statement s;

	enum hl_status status = hl_statement_parse(hl_view_buf(&doc), &s);
	if (status == HL_OK)
		status = hl_statement_check(
			&net, hl_id_eq(&s.from, &from) ? &from_card : &to_card, &s);
	vectors_code(status, c, "statements");
}

static void check_offer(const json_t *file)
{
	const json_t *c = vectors_get(file, "offer");
	struct hl_buf seed HL_CLEAN_BUF = vectors_hex(file, "to_node_seed");
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	uint64_t k = vectors_number(c, "k");
	const struct hl_offer offer = {.by = vectors_id(c, "by"),
		.from = from,
		.to = vectors_id(c, "to"),
		.head = {epoch, k, link_at(file, k)},
		.time = vectors_number(c, "time")};

	bool good = hl_sign_key_from_secret(hl_view_buf(&seed), &key) == HL_OK &&
		hl_offer_sign(&net, &offer, &key, &doc) == HL_OK &&
		vectors_equal(c, "offer", hl_view_buf(&doc));
	vectors_count(good, "offer", "signed");
}

static void check_offers(const json_t *c)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "offer");
	struct hl_offer offer;

	enum hl_status status = hl_offer_parse(hl_view_buf(&doc), &offer);
	if (status == HL_OK)
		status = hl_offer_check(&net, &to_card, &offer);
	vectors_code(status, c, "offers");
}

static void check_segment(const json_t *c)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "segment"),
			  again HL_CLEAN_BUF = {0};
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};
	struct hl_id link;

	enum hl_status status = hl_segment_parse(hl_view_buf(&doc), &segment);
	if (status == HL_OK) {
		vectors_count(hl_segment_encode(&segment, &again) == HL_OK &&
				hl_view_eq(hl_view_buf(&again), hl_view_buf(&doc)),
			"written again", vectors_text(c, "name"));
		status = hl_segment_link(
			&net, &segment, segment.first - 1 + segment.n_entries, &link);
	}
	vectors_code(status, c, "segments");
}

static void check_proof(const json_t *c)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "segment");
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};
	struct hl_id id = vectors_id(c, "id");
	struct hl_entry entry;
	uint64_t since = 0;

	if (hl_segment_parse(hl_view_buf(&doc), &segment) != HL_OK) {
		vectors_count(false, "proofs: parse", vectors_text(c, "name"));
		return;
	}
	bool entered =
		hl_segment_entered(&net, &segment, &from_card, &id, &entry) == HL_OK;
	/* SPEC channel 4.3: It proves that a letter was *delivered* when also */
	bool delivered = entered &&
		hl_segment_delivered(&net, &segment, &to_card, &id, &since) == HL_OK;
	vectors_count(entered == vectors_bool(c, "entered"), "proofs: entered",
		vectors_text(c, "name"));
	vectors_count(delivered == vectors_bool(c, "delivered"), "proofs: delivered",
		vectors_text(c, "name"));
	if (delivered)
		vectors_count(since == vectors_number(c, "since"), "proofs: since",
			vectors_text(c, "name"));
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	struct hl_buf a HL_CLEAN_BUF = vectors_hex(file, "from_card");
	struct hl_buf b HL_CLEAN_BUF = vectors_hex(file, "to_card");
	size_t i;

	net = vectors_id(file, "net_id");
	from = vectors_id(file, "from");
	to = vectors_id(file, "to");
	epoch = vectors_number(file, "epoch");
	vectors_count(hl_card_parse(&net, hl_view_buf(&a), &from_card) == HL_OK &&
			hl_card_parse(&net, hl_view_buf(&b), &to_card) == HL_OK,
		"cards", "");
	check_entries(file);
	check_head(file);
	check_receipt(file);
	json_array_foreach(vectors_list(file, "statements"), i, c) check_statement(c);
	check_offer(file);
	json_array_foreach(vectors_list(file, "offers"), i, c) check_offers(c);
	json_array_foreach(vectors_list(file, "segments"), i, c) check_segment(c);
	json_array_foreach(vectors_list(file, "proofs"), i, c) check_proof(c);
	hl_card_clear(&from_card);
	hl_card_clear(&to_card);
	return vectors_end(file);
}
