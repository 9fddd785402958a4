/*
 * hotlined backup and hotlined restore; and the copy that a running node makes when it is asked for
 * one by SIGUSR1.
 */
#ifndef HL_NODE_BACKUP_H
#define HL_NODE_BACKUP_H

#include "node/store/store.h"

#define HL_BACKUP_FILE "hotlined.backup" /* where a running node puts it */

/* Run `hotlined backup …` and `hotlined restore …`; argv[0] is the word. Need hl_sandbox_early
 * before them. Return the exit code: 0 done, 1 refused (said on standard error), 2 wrong usage. */
int hl_backup_run(int argc, char **argv);
int hl_restore_run(int argc, char **argv);

/* In the running node, between turns: makes some more of the copy, of which *backup (NULL: not
 * begun) keeps the state. True while there is more to do. Its end, good or bad, is logged. */
bool hl_backup_more(
	struct hl_store *store, const char *state_dir, struct hl_store_backup **backup);

#endif
