#include "vectors.h"

static unsigned passed, failed;

static void give_up(const char *what, const char *key)
{
	fprintf(stderr, "vectors: %s: %s\n", what, key);
	exit(1);
}

json_t *vectors_load(int argc, char **argv)
{
	json_error_t error;
	json_t *file;

	if (argc != 2)
		give_up("usage: vectors_x FILE", "");
	file = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &error);
	if (!file)
		give_up(argv[1], error.text);
	return file;
}

json_t *vectors_get(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!value)
		give_up("there is no member", key);
	return value;
}

json_t *vectors_list(const json_t *object, const char *key)
{
	json_t *value = vectors_get(object, key);

	if (!json_is_array(value) || json_array_size(value) == 0)
		give_up("no list, or an empty one", key);
	return value;
}

const char *vectors_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(vectors_get(object, key));

	if (!text)
		give_up("no text", key);
	return text;
}

uint64_t vectors_number(const json_t *object, const char *key)
{
	json_t *value = vectors_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		give_up("no number", key);
	return (uint64_t)json_integer_value(value);
}

bool vectors_bool(const json_t *object, const char *key)
{
	json_t *value = vectors_get(object, key);

	if (!json_is_boolean(value))
		give_up("no boolean", key);
	return json_is_true(value);
}

bool vectors_null(const json_t *object, const char *key)
{
	return json_is_null(vectors_get(object, key));
}

struct hl_buf vectors_hex_of(const json_t *value)
{
	const char *hex = json_string_value(value);
	struct hl_buf buf = {0};
	size_t n;

	if (!hex)
		give_up("no hexadecimal", "");
	n = strlen(hex) / 2;
	if (hl_buf_reserve(&buf, n + 1) != HL_OK || hl_hex_decode(hex, n, buf.p) != HL_OK)
		give_up("no hexadecimal", hex);
	buf.n = n;
	return buf;
}

struct hl_buf vectors_hex(const json_t *object, const char *key)
{
	return vectors_hex_of(vectors_get(object, key));
}

struct hl_id vectors_id_of(const json_t *value)
{
	struct hl_buf buf HL_CLEAN_BUF = vectors_hex_of(value);

	if (buf.n != HL_ID_SIZE)
		give_up("no id", json_string_value(value));
	return hl_id_of(buf.p);
}

struct hl_id vectors_id(const json_t *object, const char *key)
{
	return vectors_id_of(vectors_get(object, key));
}

bool vectors_optional_id(const json_t *object, const char *key, struct hl_id *ret)
{
	if (vectors_null(object, key))
		return false;
	*ret = vectors_id(object, key);
	return true;
}

void vectors_fixed(const json_t *object, const char *key, uint8_t *ret, size_t n)
{
	struct hl_buf buf HL_CLEAN_BUF = vectors_hex(object, key);

	if (buf.n != n)
		give_up("another length", key);
	memcpy(ret, buf.p, n);
}

bool vectors_equal(const json_t *object, const char *key, struct hl_view got)
{
	struct hl_buf want HL_CLEAN_BUF = vectors_hex(object, key);

	return hl_view_eq(hl_view_buf(&want), got);
}

void vectors_count(bool good, const char *part, const char *name)
{
	passed += good;
	failed += !good;
	if (!good)
		printf("failed: %s: %s\n", part, name);
}

void vectors_code(enum hl_status got, const json_t *object, const char *part)
{
	const char *name = json_string_value(json_object_get(object, "name"));
	const json_t *other = json_object_get(object, "or");
	bool good = got >= 0 && (uint64_t)got == vectors_number(object, "code");

	if (other && !json_is_null(other))
		good = good || (json_int_t)got == json_integer_value(other);
	if (!good)
		printf("got %d (%s), want %d\n", got, hl_status_name(got),
			(int)vectors_number(object, "code"));
	vectors_count(good, part, name ? name : "");
}

int vectors_end(json_t *file)
{
	json_decref(file);
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 || passed == 0;
}

void vectors_card(const json_t *file, struct hl_id *ret_net, struct hl_card *ret_card)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(file, "card");

	*ret_net = vectors_id(file, "net_id");
	vectors_count(
		hl_card_parse(ret_net, hl_view_buf(&doc), ret_card) == HL_OK, "card", "");
}
