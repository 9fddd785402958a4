/*
 * What the hooks have in common: one JSON document in (hotline-hooks(7)), one program or one
 * request out. What goes wrong is said on standard error, and the exit status is 1.
 */
#ifndef HL_HOOK_PROGRAM_H
#define HL_HOOK_PROGRAM_H

#include <jansson.h>
#include <stdbool.h>

/* Reads standard input to its end; ends the program where it is no such document. */
json_t *hook_read(const char *schema);

/* A member that is text, or "". */
const char *hook_text(const json_t *doc, const char *name);
/* True when a member is this text. */
bool hook_is(const json_t *doc, const char *name, const char *text);

/* How urgent it is: 4 FLASH, 3 IMMEDIATE and trouble of a line or of the node itself, 2 PRIORITY,
 * 1 ROUTINE and good news. */
unsigned hook_urgency(const json_t *doc);
/* Good news: what was told before is over. */
bool hook_is_over(const json_t *doc);

/* The first line of a file, for what is secret: arguments are for all to see. Ends the program
 * where there is none. */
char *hook_secret(const char *path);

/* Runs a program that is looked up in PATH, with text on its standard input; its exit status. */
int hook_run(char *const *argv, const char *text);

/* A request, by curl(1): headers ends in NULL. 0, or 1 when it did not go well. */
int hook_post(const char *url, const char *const *headers, const char *body);

_Noreturn void hook_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
