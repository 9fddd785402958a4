/* spec/vectors/incident.json: sets of letters and the states that they fold to. */
#include "vectors.h"

/* What one letter of a case points to. */
struct letter {
	struct hl_core core;
	struct hl_id labs[HL_LABS_MAX];
	struct hl_buf bytes;
	struct hl_message message;
};

/* [type, seen, body] of its parts. */
static enum hl_status message_of(const json_t *from, struct letter *letter)
{
	const json_t *seen = vectors_get(from, "seen");
	struct hl_buf body HL_CLEAN_BUF = vectors_hex(from, "body");
	struct hl_buf head HL_CLEAN_BUF = {0};
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_id id;
	json_t *item;
	size_t i;

	hl_out_array(&out, 3);
	hl_out_uint(&out, vectors_number(from, "type"));
	hl_out_array(&out, json_array_size(seen));
	json_array_foreach(seen, i, item)
	{
		id = vectors_id_of(item);
		hl_out_id(&out, &id);
	}
	hl_out_nil(&out); /* stands for the body */
	if (hl_out_finish(&out, &head) != HL_OK)
		return HL_ERR_INTERNAL;
	head.n--;
	if (hl_buf_append(&letter->bytes, hl_view_buf(&head)) != HL_OK ||
		hl_buf_append(&letter->bytes, hl_view_buf(&body)) != HL_OK)
		return HL_ERR_NOMEM;
	return hl_message_parse(hl_view_buf(&letter->bytes), &letter->message);
}

static enum hl_status letter_of(
	const json_t *from, struct letter *letter, struct hl_fold_letter *ret)
{
	struct hl_core *core = &letter->core;
	const json_t *labs = vectors_list(from, "labs");
	json_t *lab;
	size_t i;

	core->lab = vectors_id(from, "lab_id");
	core->class = (enum hl_class)vectors_number(from, "class");
	core->status = (enum hl_standing)vectors_number(from, "status");
	core->precedence = (enum hl_precedence)vectors_number(from, "precedence");
	core->created = vectors_number(from, "created");
	core->has_answers = vectors_optional_id(from, "answers", &core->answers);
	core->labs = letter->labs;
	core->n_labs = json_array_size(labs);
	json_array_foreach(labs, i, lab) letter->labs[i] = vectors_id_of(lab);
	*ret = (struct hl_fold_letter){.id = vectors_id(from, "id"),
		.core = core,
		.message = &letter->message,
		.is_short = vectors_bool(from, "short")};
	return message_of(from, letter);
}

/* Folds the letters, beginning with any one of them and going either way. */
static bool folds_to(const json_t *c, const struct hl_fold_letter *letters, size_t n,
	size_t first, bool back)
{
	struct hl_fold_letter *turned = calloc(n + 1, sizeof(*turned));
	struct hl_incident state HL_CLEAN_INCIDENT = {0};
	struct hl_buf got HL_CLEAN_BUF = {0};
	struct hl_id id = vectors_id(c, "incident");
	bool good = turned != NULL;

	for (size_t i = 0; good && i < n; i++)
		turned[i] = letters[back ? (first + n - i) % n : (first + i) % n];
	good = good && hl_incident_fold(&id, turned, n, &state) == HL_OK &&
		hl_incident_encode(&state, &got) == HL_OK &&
		vectors_equal(c, "state", hl_view_buf(&got));
	free(turned);
	return good;
}

static void check_case(const json_t *c)
{
	const json_t *list = vectors_get(c, "letters");
	size_t n = json_array_size(list), i;
	struct letter *letters = calloc(n + 1, sizeof(*letters));
	struct hl_fold_letter *folded = calloc(n + 1, sizeof(*folded));
	bool good = letters && folded;
	json_t *from;

	json_array_foreach(list, i, from) good =
		good && letter_of(from, &letters[i], &folded[i]) == HL_OK;
	vectors_count(good, "letters", vectors_text(c, "name"));
	for (i = 0; good && i < n; i++)
		good = folds_to(c, folded, n, i, false) &&
			folds_to(c, folded, n, i, true);
	vectors_count(good, "cases", vectors_text(c, "name"));
	for (i = 0; letters && i < n; i++) {
		hl_buf_clear(&letters[i].bytes);
		hl_message_clear(&letters[i].message);
	}
	free(letters);
	free(folded);
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	size_t i;

	json_array_foreach(vectors_list(file, "cases"), i, c) check_case(c);
	return vectors_end(file);
}
