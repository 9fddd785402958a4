/* What is given up after the start: new programs (seccomp), other people's files (Landlock). Raw
 * system calls: no library for them is needed, and older headers do. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "node/disk.h"
#include "node/sandbox.h"

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define OWN_ARCH AUDIT_ARCH_RISCV64
#endif

#ifdef OWN_ARCH
#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define IF_BIT(value, yes, no)   BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, value, yes, no)
#define ANSWER(value)            BPF_STMT(BPF_RET | BPF_K, value)

/* The process that holds keys and sockets starts no program. */
static bool forbid_exec(void)
{
	struct sock_filter filter[] = {
		LOAD(arch),
		IF_EQUAL(OWN_ARCH, 1, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
#if defined(__x86_64__)
		/* The same calls by their x32 numbers. */
		IF_BIT(0x40000000u, 2, 0),
#endif
		IF_EQUAL(__NR_execve, 1, 0),
		IF_EQUAL(__NR_execveat, 0, 1),
		ANSWER(SECCOMP_RET_ERRNO | EPERM),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
#else
static bool forbid_exec(void)
{
	return false;
}
#endif

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ull << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ull << 14)
#endif

#define FS_FIRST ((1ull << 13) - 1) /* all that the first version knows */
#define FS_READ  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_STATE                                                                    \
	(FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
		LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |        \
		LANDLOCK_ACCESS_FS_TRUNCATE)
#define FS_SOCKET (LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_SOCK)

struct fence {
	int fd;
	uint64_t handled;
};

/* What does not exist needs no rule. */
static bool allow(const struct fence *fence, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access & fence->handled};
	int fd HL_CLEAN_FD = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
	rule.parent_fd = fd;
	return syscall(SYS_landlock_add_rule, fence->fd, LANDLOCK_RULE_PATH_BENEATH,
		       &rule, 0) == 0;
}

static bool allow_parent(const struct fence *fence, const char *path, uint64_t access)
{
	const char *slash = strrchr(path, '/');
	char *parent;
	bool done;

	if (!slash)
		return allow(fence, ".", access);
	parent = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!parent)
		return false;
	done = allow(fence, parent, access);
	free(parent);
	return done;
}

static bool allow_all(const struct fence *fence, const struct hl_config *config,
	const char *config_path)
{
	/* What the C library reads to look a name up, directories because the files in them
	 * are replaced; and its modules. */
	static const char *const readable[] = {"/etc", "/lib", "/lib64", "/usr/lib",
		"/usr/lib64", "/usr/share/zoneinfo", "/run/systemd/resolve",
		"/run/NetworkManager", "/run/resolvconf", "/proc/self", "/dev/null",
		"/dev/urandom"};
	bool done = allow(fence, config->state_dir, FS_STATE) &&
		allow_parent(fence, config_path, FS_READ) &&
		(!config->socket || allow_parent(fence, config->socket, FS_SOCKET));

	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]) && done; i++) {
		bool dir = strncmp(readable[i], "/dev/", 5) != 0;
		done = allow(fence, readable[i],
			dir ? FS_READ : (uint64_t)LANDLOCK_ACCESS_FS_READ_FILE);
	}
	return done;
}

/* 1 done, 0 the kernel has no Landlock, -1 it failed. */
static int fence_files(const struct hl_config *config, const char *config_path)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = FS_FIRST};
	long version = syscall(
		SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int fd HL_CLEAN_FD = -1;

	if (version < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
	if (version >= 2)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0)
		return -1;
	struct fence fence = {fd, attr.handled_access_fs};
	if (!allow_all(&fence, config, config_path))
		return -1;
	return syscall(SYS_landlock_restrict_self, fd, 0) == 0 ? 1 : -1;
}

int hl_sandbox_late(const struct hl_config *config, const char *config_path,
	const char **ret_missing, char ret_error[static HL_NODE_ERROR_MAX])
{
	bool exec_forbidden;
	int fenced;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		snprintf(ret_error, HL_NODE_ERROR_MAX,
			"cannot give up new privileges: %s", strerror(errno));
		return -1;
	}
	fenced = fence_files(config, config_path);
	if (fenced < 0) {
		snprintf(ret_error, HL_NODE_ERROR_MAX,
			"cannot fence files off (Landlock): %s", strerror(errno));
		return -1;
	}
	exec_forbidden = forbid_exec();
	*ret_missing = fenced && exec_forbidden ? ""
		: fenced                        ? "seccomp"
		: exec_forbidden                ? "Landlock"
						: "seccomp and Landlock";
	return 0;
}
