/*
 * What the daemon gives up: core dumps and loose file modes at once, root before it opens anything,
 * and after the start every file that is not its own.
 */
#ifndef HL_NODE_SANDBOX_H
#define HL_NODE_SANDBOX_H

#include "node/config.h"
#include "node/keys.h"

/* First of all in main: umask 077, no core dumps, not traceable, no descriptors inherited but the
 * three and those of systemd (LISTEN_FDS, which become close-on-exec), 0 to 2 open. 0, or -1 (said
 * on standard error). */
HL_MUST int hl_sandbox_early(void);

/* As root: becomes the configuration's user (groups, then gid, then uid) and proves that there is
 * no way back; without a user, root is refused unless allow_root. Not as root: a user other than
 * oneself is refused. Bind ports below 1024 before. */
HL_MUST int hl_sandbox_user(
	const struct hl_config *config, char ret_error[static HL_NODE_ERROR_MAX]);

/* After all is open: no new privileges; no execve (seccomp); no files outside the state directory,
 * the configuration, the socket's directory and what name look-ups read (Landlock). What the kernel
 * does not offer is left out and named in ret_missing (a static text, "" when all is in place).
 * What was opened before stays open. */
HL_MUST int hl_sandbox_late(const struct hl_config *config, const char *config_path,
	const char **ret_missing, char ret_error[static HL_NODE_ERROR_MAX]);

#endif
