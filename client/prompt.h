/*
 * Questions to the person at the terminal. Where there is none they fail with what to give instead.
 */
#ifndef HL_CLIENT_PROMPT_H
#define HL_CLIENT_PROMPT_H

#include "client/app.h"

/* Is there somebody to ask: standard input and standard error are a terminal? */
bool hl_prompt_can(void);

/* One line, without its end, into an empty buffer with a NUL after it. HL_EXIT_NO at the end of
 * input. */
HL_MUST enum hl_exit hl_prompt_line(const char *question, struct hl_buf *ret);

/* "question [yes/no] ". --yes answers it. HL_EXIT_OK for yes, HL_EXIT_NO (said) for no,
 * HL_EXIT_USAGE where there is nobody to ask. */
HL_MUST enum hl_exit hl_prompt_yes(const struct hl_app *app, const char *question);

/* A passphrase: from file (its first line) where one is given, else asked for without echo; fresh
 * ones twice. may_be_empty: an empty answer is taken, and gives an empty secret. */
HL_MUST enum hl_exit hl_prompt_passphrase(const char *what, const char *file, bool fresh,
	bool may_be_empty, struct hl_secret *ret);

#endif
