/* spec/vectors/encoding.json: values of the canonical form, lines and labels. */
#include "vectors.h"

static void check_value(const json_t *c)
{
	struct hl_buf bytes HL_CLEAN_BUF = vectors_hex(c, "hex");

	vectors_code(hl_pack_check(hl_view_buf(&bytes), HL_FILE_MAX), c, "values");
}

static void check_text(const json_t *c, const char *part, bool label)
{
	struct hl_buf bytes HL_CLEAN_BUF = vectors_hex(c, "hex");
	struct hl_in in HL_CLEAN_IN = {0};

	hl_in_init(&in, hl_view_buf(&bytes), HL_FILE_MAX);
	if (label)
		hl_in_label(&in);
	else
		hl_in_str(&in, 1, 64, HL_TEXT_LINE);
	vectors_code(hl_in_finish(&in), c, part);
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	size_t i;

	json_array_foreach(vectors_list(file, "values"), i, c) check_value(c);
	json_array_foreach(vectors_list(file, "lines"), i, c)
		check_text(c, "lines", false);
	json_array_foreach(vectors_list(file, "labels"), i, c)
		check_text(c, "labels", true);
	return vectors_end(file);
}
