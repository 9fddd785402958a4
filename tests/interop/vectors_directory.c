/* spec/vectors/directory.json: directories in order, and every refusal. */
#include "vectors.h"

static struct hl_id net;
static struct hl_card card;

static bool parse(
	const json_t *value, struct hl_directory *ret, enum hl_status *ret_status)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex_of(value);

	*ret_status = hl_directory_parse(&net, hl_view_buf(&doc), ret);
	return *ret_status == HL_OK;
}

static void check_written(struct hl_directory *d, const char *name)
{
	struct hl_buf body HL_CLEAN_BUF = {0};

	vectors_count(hl_directory_encode(d, &body) == HL_OK &&
			hl_view_eq(hl_view_buf(&body), d->body),
		"written again", name);
}

static void check_chain(const json_t *chain)
{
	struct hl_directory held HL_CLEAN_DIRECTORY = {0};
	enum hl_status status;
	const json_t *c;
	size_t i;

	json_array_foreach(chain, i, c)
	{
		struct hl_directory next HL_CLEAN_DIRECTORY = {0};
		bool good = parse(vectors_get(c, "data"), &next, &status) &&
			vectors_equal(c, "hash", hl_view_id(&next.hash)) &&
			hl_directory_follows(&net, &card, i > 0 ? &held : NULL, &next) ==
				HL_OK;
		vectors_count(good, "chain", "");
		check_written(&next, "chain");
		hl_directory_clear(&held);
		held = next;
		memset(&next, 0, sizeof(next));
	}
}

static void check_step(const json_t *c)
{
	struct hl_directory held HL_CLEAN_DIRECTORY = {0}, next HL_CLEAN_DIRECTORY = {0};
	const json_t *list = vectors_get(c, "held");
	size_t n = json_array_size(list);
	enum hl_status status;

	if (n > 0 && !parse(json_array_get(list, n - 1), &held, &status))
		vectors_count(false, "steps: held", vectors_text(c, "name"));
	if (parse(vectors_get(c, "directory"), &next, &status)) {
		check_written(&next, vectors_text(c, "name"));
		status = hl_directory_follows(&net, &card, n > 0 ? &held : NULL, &next);
	}
	vectors_code(status, c, "steps");
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	size_t i;

	vectors_card(file, &net, &card);
	check_chain(vectors_list(file, "chain"));
	json_array_foreach(vectors_list(file, "steps"), i, c) check_step(c);
	hl_card_clear(&card);
	return vectors_end(file);
}
