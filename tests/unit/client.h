/*
 * Runs commands of hotline within a test, in home directories of their own, and keeps what they
 * print.
 */
#ifndef HL_TESTS_CLIENT_H
#define HL_TESTS_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/commands.h"

struct client {
	char dir[64];   /* where homes and files are; the working directory of commands */
	char home[128]; /* the next command's */
	char out[1 << 16], err[1 << 16];
};

/* cmocka's setup and teardown: *state is a struct client. */
int client_begin(void **state);
int client_end(void **state);

/* Chooses the home by a short name. */
void client_at(struct client *c, const char *name);
/* Runs hotline with these words, NULL at the end; the exit code. */
int client_run(struct client *c, ...);
/* The same, and fails the test, showing what was said, if the code is another. */
#define client_want(code, c, ...) \
	client_wanted(__FILE__, __LINE__, code, c, __VA_ARGS__, NULL)
void client_wanted(const char *file, int line, int code, struct client *c, ...);

/* Writes a file in dir. */
void client_file(struct client *c, const char *name, const char *text);
/* The value of "name": "…" in what was printed last, into a buffer of 256 bytes. */
void client_json(const struct client *c, const char *name, char ret[static 256]);

/* Opens the home as a command would, keys unlocked; ended with hl_app_clear. */
void client_open(struct client *c, struct hl_app *ret);

#endif
