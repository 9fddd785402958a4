/*
 * vec: what the vector tests share: public vectors, read from the JSON files beside them. A value that
 * is missing or of another type fails the test.
 */
#ifndef HL_TESTS_VEC_H
#define HL_TESTS_VEC_H

#include <jansson.h>

#include "tests/unit/unit.h"

/* Takes the directory of the vectors from the command line. */
void vec_start(int argc, char **argv);

/* A whole file; json_decref ends it. */
json_t *vec_load(const char *file);

/* Members of an object. Borrowed, and never NULL. */
json_t *vec_get(const json_t *object, const char *key);
const char *vec_str(const json_t *object, const char *key);

/* True if the array of strings under that key holds this one. */
bool vec_has(const json_t *object, const char *key, const char *value);

/* The bytes of a hexadecimal member; and one of exactly 32 bytes. */
struct hl_buf vec_hex(const json_t *object, const char *key);
struct hl_key32 vec_key(const json_t *object, const char *key);

#endif
