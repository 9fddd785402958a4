#include "node/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0, 1 and 2 must be taken: a socket by such a number would be written to as a log. */
static int fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* Descriptors that systemd has passed: 3 and the following ones. */
static unsigned passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	if (!pid || !fds || strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	long n = strtol(fds, NULL, 10);
	return n > 0 && n <= HL_LISTEN_MAX + 1 ? (unsigned)n : 0;
}

int hl_sandbox_early(void)
{
	struct rlimit none = {0, 0};
	unsigned n = passed();

	umask(077);
	if (fill_standard() || setrlimit(RLIMIT_CORE, &none) ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) {
		fprintf(stderr, "hotlined: cannot switch core dumps off: %s\n",
			strerror(errno));
		return -1;
	}
	for (unsigned fd = 3; fd < 3 + n; fd++)
		if (fcntl((int)fd, F_SETFD, FD_CLOEXEC))
			return fprintf(stderr,
				       "hotlined: LISTEN_FDS names no open socket\n"),
			       -1;
	closefrom((int)(3 + n));
	return 0;
}

/* Says why and returns -1. */
__attribute__((format(printf, 2, 3))) static int refuse(
	char ret_error[static HL_NODE_ERROR_MAX], const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(ret_error, HL_NODE_ERROR_MAX, format, list);
	va_end(list);
	return -1;
}

/* No way back: neither the ids that are kept aside nor a new try may lead to root. */
static bool is_dropped(uid_t uid, gid_t gid)
{
	uid_t u[3];
	gid_t g[3];

	if (getresuid(&u[0], &u[1], &u[2]) || getresgid(&g[0], &g[1], &g[2]))
		return false;
	for (int i = 0; i < 3; i++)
		if (u[i] != uid || g[i] != gid)
			return false;
	return setuid(0) == -1 && seteuid(0) == -1 && (gid == 0 || setgid(0) == -1);
}

static int become(const char *name, char ret_error[static HL_NODE_ERROR_MAX])
{
	struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (!pw)
		return refuse(ret_error,
			"there is no user \"%s\" (option user, or --user)", name);
	if (pw->pw_uid == 0)
		return refuse(ret_error,
			"user \"%s\" is root; name another one, or give --allow-root instead",
			name);
	if (initgroups(name, pw->pw_gid) ||
		setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) ||
		setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid))
		return refuse(ret_error, "cannot become user \"%s\": %s", name,
			strerror(errno));
	if (!is_dropped(pw->pw_uid, pw->pw_gid))
		return refuse(
			ret_error, "root could be had back after becoming \"%s\"", name);
	/* The kernel sets this anew when the user changes. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return refuse(
			ret_error, "cannot switch core dumps off: %s", strerror(errno));
	return 0;
}

int hl_sandbox_user(
	const struct hl_config *config, char ret_error[static HL_NODE_ERROR_MAX])
{
	struct passwd *pw;

	if (geteuid() == 0 && config->user)
		return become(config->user, ret_error);
	if (geteuid() == 0 && !config->allow_root)
		return refuse(ret_error,
			"it is not to run as root: start it as the user that owns %s, name that "
			"user (--user NAME, or user in the configuration), or give --allow-root",
			config->state_dir);
	if (!config->user || geteuid() == 0)
		return 0;
	pw = getpwuid(geteuid());
	if (!pw || strcmp(pw->pw_name, config->user) != 0)
		return refuse(ret_error,
			"only root can become user \"%s\"; start it as that user or as root",
			config->user);
	return 0;
}
