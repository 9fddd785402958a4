/* spec/vectors/suspension.json: suspensions, and every refusal. */
#include "vectors.h"

static struct hl_id net;
static struct hl_card card;

/* The context is the list of suspended key ids. */
static bool is_suspended(void *ctx, const struct hl_id *kid)
{
	const json_t *value;
	size_t i;

	json_array_foreach((const json_t *)ctx, i, value)
	{
		struct hl_id id = vectors_id_of(value);
		if (hl_id_eq(&id, kid))
			return true;
	}
	return false;
}

static void check_case(const json_t *c)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "suspension");
	struct hl_suspension suspension;

	enum hl_status status = hl_suspension_parse(&net, hl_view_buf(&doc), &suspension);
	if (status == HL_OK) {
		vectors_count(vectors_equal(c, "key_id", hl_view_id(&suspension.kid)),
			"key id", vectors_text(c, "name"));
		status = hl_suspension_check(&net, &card, &suspension, is_suspended,
			vectors_get(c, "suspended"));
	}
	vectors_code(status, c, "cases");
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	size_t i;

	vectors_card(file, &net, &card);
	json_array_foreach(vectors_list(file, "cases"), i, c) check_case(c);
	hl_card_clear(&card);
	return vectors_end(file);
}
