#include "tests/vectors/vec.h"

#include <stdio.h>

static const char *directory;

void vec_start(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s directory-of-the-vectors\n", argv[0]);
		exit(2);
	}
	directory = argv[1];
}

json_t *vec_load(const char *file)
{
	json_error_t error;
	char path[4096];
	json_t *json;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	json = json_load_file(path, 0, &error);
	if (!json)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	return json;
}

json_t *vec_get(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!value)
		fail_msg("no member \"%s\"", key);
	return value;
}

const char *vec_str(const json_t *object, const char *key)
{
	const char *s = json_string_value(vec_get(object, key));

	if (!s)
		fail_msg("member \"%s\" is no string", key);
	return s;
}

bool vec_has(const json_t *object, const char *key, const char *value)
{
	const json_t *array = vec_get(object, key), *item;
	size_t i;

	json_array_foreach(array, i,
		item) if (strcmp(json_string_value(item), value) == 0) return true;
	return false;
}

struct hl_buf vec_hex(const json_t *object, const char *key)
{
	return unit_hex(vec_str(object, key));
}

struct hl_key32 vec_key(const json_t *object, const char *key)
{
	return unit_key(vec_str(object, key));
}
