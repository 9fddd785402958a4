/*
 * While the configuration is read: where the reader stands, and what it found wrong. Only files
 * named config*.c include this.
 */
#ifndef HL_NODE_CONFIG_READ_H
#define HL_NODE_CONFIG_READ_H

#include <confuse.h>

#include "node/config.h"

/* An option that nobody can write (the text is refused for such a character): it carries the
 * reader to libConfuse's callbacks, which are given nothing else. */
#define READER     "\001"
#define FAULTS_MAX 50

struct fault {
	int line;
	char *text;
};

/* Where a step names a hook, which may be defined further down. */
struct use {
	int line;
	char *hook;
};

struct reader {
	const char *path;
	char *dir; /* relative paths begin here */
	struct fault faults[FAULTS_MAX];
	size_t n_faults;
	bool unreadable; /* libConfuse gave up, at this line: */
	int line;
	struct use uses[HL_STEPS_MAX];
	size_t n_uses;
};

/* Keeps a fault, once. */
__attribute__((format(printf, 3, 4))) void fault(
	struct reader *reader, int line, const char *format, ...);
struct reader *reader_of(cfg_t *cfg);

/* config_hook.c: hooks, policies, persons. */
void hl_config_hook_checks(cfg_t *cfg);
/* Every hook that a step names is there. */
void hl_config_uses_check(cfg_t *cfg, struct reader *reader);
void hl_config_uses_clear(struct reader *reader);

#endif
