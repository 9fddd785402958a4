/* spec/vectors/seals.json: sealing keys as they arrive, as they are chosen, and their digest. */
#include "vectors.h"

static struct hl_id net;
static struct hl_card card;

static void check_case(const json_t *c)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "seals"), old HL_CLEAN_BUF = {0};
	struct hl_seals seals, held;

	enum hl_status status = hl_seals_parse(&net, hl_view_buf(&doc), &seals);
	if (status == HL_OK)
		status = hl_seals_check(&net, &card, &seals);
	if (status == HL_OK && !vectors_null(c, "held")) {
		old = vectors_hex(c, "held");
		vectors_count(hl_seals_parse(&net, hl_view_buf(&old), &held) == HL_OK,
			"held", vectors_text(c, "name"));
		/* SPEC identity 5.2: A higher version replaces a lower one. Of two with one version
		 * the first held stays. */
		if (seals.version <= held.version && !hl_id_eq(&seals.hash, &held.hash))
			status = HL_STALE;
	}
	vectors_code(status, c, "cases");
}

static void check_choices(const json_t *choice)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(choice, "seals");
	struct hl_seals seals;
	const json_t *c;
	size_t i;

	if (hl_seals_parse(&net, hl_view_buf(&doc), &seals) != HL_OK) {
		vectors_count(false, "choices", "parse");
		return;
	}
	json_array_foreach(vectors_list(choice, "choose"), i, c)
	{
		bool stale;
		const struct hl_seal_key *key =
			hl_seals_at(&seals, vectors_number(c, "now"), &stale);
		vectors_count(key->epoch == vectors_number(c, "epoch") &&
				vectors_equal(c, "key", HL_VIEW(key->key)) &&
				stale == vectors_bool(c, "stale"),
			"choices", "");
	}
}

static void check_digest(const json_t *digest)
{
	const json_t *list = vectors_list(digest, "seals");
	struct hl_id hashes[16] = {0}, got;
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < 16; i++) {
		struct hl_buf doc HL_CLEAN_BUF = vectors_hex_of(json_array_get(list, i));
		struct hl_seals seals;
		if (hl_seals_parse(&net, hl_view_buf(&doc), &seals) == HL_OK)
			hashes[i] = seals.hash;
	}
	hl_seals_digest(&net, hashes, n, &got);
	vectors_count(vectors_equal(digest, "digest", hl_view_id(&got)), "digest", "");
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	size_t i;

	vectors_card(file, &net, &card);
	json_array_foreach(vectors_list(file, "cases"), i, c) check_case(c);
	json_array_foreach(vectors_list(file, "choices"), i, c) check_choices(c);
	check_digest(vectors_get(file, "digest"));
	hl_card_clear(&card);
	return vectors_end(file);
}
