/*
 * The MessagePack test suite: each value with all the forms in which it may be written. Of a value that
 * the canonical form allows, exactly one form is taken in, and it is the one that our writer makes; every
 * other form, and every form of any other value, is refused.
 */
#include "tests/vectors/vec.h"

struct counts {
	unsigned values, taken, refused;
};

/* Writes a JSON value of an allowed type; false for any other. */
static bool write_json(struct hl_out *out, const json_t *value)
{
	const json_t *item;
	size_t i;

	if (json_is_null(value)) {
		hl_out_nil(out);
	} else if (json_is_boolean(value)) {
		hl_out_bool(out, json_is_true(value));
	} else if (json_is_string(value)) {
		hl_out_str(out,
			hl_view_of(json_string_value(value), json_string_length(value)));
	} else if (json_is_integer(value) && json_integer_value(value) >= 0) {
		hl_out_uint(out, (uint64_t)json_integer_value(value));
	} else if (json_is_array(value)) {
		hl_out_array(out, json_array_size(value));
		json_array_foreach(
			value, i, item) if (!write_json(out, item)) return false;
	} else {
		return false;
	}
	return true;
}

/* Writes the entry's value, whatever its type; false if the canonical form has none for it. */
static bool write_entry(struct hl_out *out, const json_t *entry)
{
	static const char *keys[] = {"nil", "bool", "number", "string", "array"};
	const char *big = json_string_value(json_object_get(entry, "bignum"));

	/* Integers that may not fit a json_int_t stand there in decimal. */
	if (big) {
		hl_out_uint(out, big[0] == '-' ? 0 : strtoull(big, NULL, 10));
		return big[0] != '-';
	}
	if (json_object_get(entry, "binary")) {
		struct hl_buf bytes HL_CLEAN_BUF = vec_hex(entry, "binary");

		hl_out_bin(out, hl_view_buf(&bytes));
		return true;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(entry, keys[i]))
			return write_json(out, json_object_get(entry, keys[i]));
	return false;
}

static void entry_one(const json_t *entry, struct counts *c)
{
	const json_t *forms = vec_get(entry, "msgpack"), *form;
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf canonical HL_CLEAN_BUF = {0};
	bool allowed = write_entry(&out, entry);
	unsigned taken = 0;
	size_t i;

	if (allowed)
		assert_ok(hl_out_finish(&out, &canonical));
	json_array_foreach(forms, i, form)
	{
		struct hl_buf doc HL_CLEAN_BUF = unit_hex(json_string_value(form));
		bool ours =
			allowed && hl_view_eq(hl_view_buf(&doc), hl_view_buf(&canonical));

		assert_status(hl_pack_check(hl_view_buf(&doc), 4096),
			ours ? HL_OK : HL_BAD_ENCODING);
		taken += ours;
		c->refused += !ours;
	}
	assert_int_equal(taken, allowed);
	c->taken += taken;
	c->values++;
}

static void suite(void **state)
{
	json_t *file = vec_load("msgpack-test-suite.json");
	const json_t *entries, *entry;
	struct counts c = {0};
	const char *name;
	size_t i;

	(void)state;
	json_object_foreach(file, name, entries) json_array_foreach(entries, i, entry)
		entry_one(entry, &c);
	/* So many there are. */
	assert_int_equal(c.values, 85);
	assert_int_equal(c.taken, 39);
	assert_int_equal(c.taken + c.refused, 233);
	json_decref(file);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suite),
	};

	vec_start(argc, argv);
	return cmocka_run_group_tests_name("msgpack suite", tests, NULL, NULL);
}
