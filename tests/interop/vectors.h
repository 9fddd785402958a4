/*
 * vectors: what the programs share that check this library against spec/vectors (its README tells
 * what each file holds). A program is given the path of its file, and ends with the totals.
 */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "protocol/hotline.h"

/* The file that the program was given; ends the program where it cannot be read. */
json_t *vectors_load(int argc, char **argv);

/* A member that must be there; ends the program where it is not, or is of another type. */
json_t *vectors_get(const json_t *object, const char *key);
json_t *vectors_list(const json_t *object, const char *key);
const char *vectors_text(const json_t *object, const char *key);
uint64_t vectors_number(const json_t *object, const char *key);
bool vectors_bool(const json_t *object, const char *key);
bool vectors_null(const json_t *object, const char *key);

/* Bytes given in hexadecimal, by the value itself or as a member. The caller clears a buffer. */
struct hl_buf vectors_hex_of(const json_t *value);
struct hl_buf vectors_hex(const json_t *object, const char *key);
struct hl_id vectors_id_of(const json_t *value);
struct hl_id vectors_id(const json_t *object, const char *key);
/* False where the member is null. */
bool vectors_optional_id(const json_t *object, const char *key, struct hl_id *ret);
/* The network of a file, and the card that its cases are held against. The caller clears it. */
void vectors_card(const json_t *file, struct hl_id *ret_net, struct hl_card *ret_card);
/* n bytes exactly. */
void vectors_fixed(const json_t *object, const char *key, uint8_t *ret, size_t n);

/* True if the member is those bytes. */
bool vectors_equal(const json_t *object, const char *key, struct hl_view got);

/* Counts one test; on a failure says which. part is the list, name the case's. */
void vectors_count(bool good, const char *part, const char *name);
/* The same for a status: it is the code, or the "or" if there is one. */
void vectors_code(enum hl_status got, const json_t *object, const char *part);

/* Prints the totals; the program's exit status. */
int vectors_end(json_t *file);

#endif
