#include "node/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "node/config.h"
#include "node/disk.h"
#include "node/keys.h"
#include "node/log.h"
#include "node/usage.h"

#define PART_FILE    HL_BACKUP_FILE ".part"
#define RESTORE_FILE "hotlined.restore"
#define LOCK_START   0x40000000 /* where SQLite locks a file */
#define LOCK_SIZE    512
#define WAIT_S       600

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_TYPED_WRONG = 2 };

struct job {
	const char *name, *usage, *path, *file;
	char in_dir[PATH_MAX];
	struct hl_config config;
	struct hl_node_keys keys;
	int file_fd, dir; /* FILE; the state directory */
};

static void job_clear(struct job *job)
{
	hl_fd_close(&job->file_fd);
	hl_fd_close(&job->dir);
	hl_node_keys_clear(&job->keys);
	hl_config_clear(&job->config);
}

__attribute__((format(printf, 2, 3))) static int refuse(
	const struct job *job, const char *format, ...)
{
	va_list list;

	fprintf(stderr, "hotlined %s: ", job->name);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	return EXIT_BAD;
}

/* -1: go on; else the exit code. */
static int parse(struct job *job, int argc, char **argv)
{
	int c;

	job->path = HL_CONFIG_PATH;
	while ((c = getopt(argc, argv, "c:d:h")) != -1) {
		switch (c) {
		case 'c': job->path = optarg; break;
		case 'd':
			snprintf(job->in_dir, sizeof(job->in_dir), "%s/%s", optarg,
				HL_CONFIG_FILE);
			job->path = job->in_dir;
			break;
		case 'h': printf("usage: %s", job->usage); return EXIT_GOOD;
		default:
			fprintf(stderr, "usage: %s", job->usage);
			return EXIT_TYPED_WRONG;
		}
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: %s", job->usage);
		return EXIT_TYPED_WRONG;
	}
	job->file = argv[optind];
	return -1;
}

/* All files of the node belong to the owner of its directory. */
static int enter(struct job *job)
{
	const char *dir = job->config.state_dir;
	char why[HL_NODE_ERROR_MAX];
	struct stat st;

	if (geteuid() == 0 && lstat(dir, &st) == 0 && st.st_uid != 0 &&
		(setgroups(0, NULL) != 0 ||
			setresgid(st.st_gid, st.st_gid, st.st_gid) != 0 ||
			setresuid(st.st_uid, st.st_uid, st.st_uid) != 0))
		return refuse(
			job, "cannot become the owner of %s: %s", dir, strerror(errno));
	if (hl_state_dir_check(dir, why) != 0 ||
		hl_node_keys_load(dir, &job->config.net, &job->keys, why) != 0)
		return refuse(job, "%s", why);
	job->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return job->dir < 0 ? refuse(job, "%s: %s", dir, strerror(errno)) : EXIT_GOOD;
}

static int begin(struct job *job, int argc, char **argv, int flags)
{
	int code = parse(job, argc, argv);

	if (code >= 0)
		return code;
	if (hl_config_read(job->path, stderr, &job->config) != 0)
		return EXIT_BAD;
	/* FILE is opened by whoever gave the command. */
	job->file_fd = open(job->file, flags | O_CLOEXEC | O_NOCTTY, 0600);
	if (job->file_fd < 0)
		return refuse(job, "%s: %s%s", job->file, strerror(errno),
			errno == EEXIST ? ": choose another name" : "");
	code = enter(job);
	return code == EXIT_GOOD ? -1 : code;
}

static int copy(int from, int to)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		for (ssize_t at = 0, got; at < n; at += got)
			if ((got = write(to, bytes + at, (size_t)(n - at))) < 0)
				return errno;
	return n < 0 || fsync(to) != 0 ? errno : 0;
}

/* The process that has the store open: SQLite's lock tells. 0: none. */
static pid_t holder(const struct job *job)
{
	int fd HL_CLEAN_FD =
		openat(job->dir, HL_STORE_FILE, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct flock lock = {.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = LOCK_START,
		.l_len = LOCK_SIZE};

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

/* With its journal: that of one that could not be read stays when it is closed. */
static void remove_file(int dir, const char *name)
{
	char journal[96];

	snprintf(journal, sizeof(journal), "%s-wal", name);
	unlinkat(dir, name, 0);
	unlinkat(dir, journal, 0);
}

static bool fresh_file(int dir, const char *name)
{
	remove_file(dir, name);
	int fd HL_CLEAN_FD = openat(
		dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0;
}

static int begin_copy(
	struct hl_store *store, const char *dir, struct hl_store_backup **ret, char *why)
{
	int fd HL_CLEAN_FD = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" PART_FILE, dir);
	if (fd < 0 || !fresh_file(fd, PART_FILE)) {
		snprintf(why, HL_STORE_ERROR_MAX, "%.150s: %s", path, strerror(errno));
		return -1;
	}
	return hl_store_backup_begin(store, path, ret, why) == HL_OK ? 0 : -1;
}

/* The copy gets its name when it is whole; without it whoever waits knows that it failed. */
static bool end_copy(const char *dir, bool good)
{
	int fd HL_CLEAN_FD = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (good && renameat(fd, PART_FILE, fd, HL_BACKUP_FILE) == 0 && fsync(fd) == 0)
		return true;
	unlinkat(fd, PART_FILE, 0);
	unlinkat(fd, HL_BACKUP_FILE, 0);
	return false;
}

bool hl_backup_more(
	struct hl_store *store, const char *state_dir, struct hl_store_backup **backup)
{
	char why[HL_STORE_ERROR_MAX] = "";
	bool more = true, good = true;

	if (*backup == NULL)
		good = begin_copy(store, state_dir, backup, why) == 0;
	if (good)
		good = hl_store_backup_step(*backup, &more, why) == HL_OK;
	if (good && more)
		return true;
	hl_store_backup_drop(*backup);
	*backup = NULL;
	good = end_copy(state_dir, good);
	if (good)
		hl_log_write(
			LOG_NOTICE, "a backup was made: %s/" HL_BACKUP_FILE, state_dir);
	else
		hl_log_write(LOG_ERR, "no backup was made: %s", why);
	return false;
}

/* The running node makes the copy: nobody else may open its store. */
static int ask_node(const struct job *job, pid_t pid)
{
	const struct timespec pause = {0, 20000000};
	struct stat before, now;

	if (!fresh_file(job->dir, HL_BACKUP_FILE) ||
		fstatat(job->dir, HL_BACKUP_FILE, &before, AT_SYMLINK_NOFOLLOW) != 0)
		return refuse(job, "%s: %s", job->config.state_dir, strerror(errno));
	if (pid <= 1 || kill(pid, SIGUSR1) != 0)
		return refuse(job,
			"the running node cannot be asked (process %ld): run this as its "
			"user, on its machine",
			(long)pid);
	for (unsigned i = 0; i < WAIT_S * 50; i++) {
		nanosleep(&pause, NULL);
		if (fstatat(job->dir, HL_BACKUP_FILE, &now, AT_SYMLINK_NOFOLLOW) != 0)
			return refuse(job, "the node made none: its log says why");
		if (now.st_ino != before.st_ino)
			return EXIT_GOOD;
		if (i % 50 == 49 && holder(job) != pid)
			break;
	}
	unlinkat(job->dir, HL_BACKUP_FILE, 0);
	return refuse(job, "the node did not answer; try again");
}

static int copy_stopped(const struct job *job)
{
	struct hl_store *store = NULL;
	struct hl_store_backup *backup = NULL;
	char path[PATH_MAX], why[HL_STORE_ERROR_MAX];

	snprintf(path, sizeof(path), "%s/" HL_STORE_FILE, job->config.state_dir);
	if (faccessat(job->dir, HL_STORE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return refuse(job, "%s: %s", path, strerror(errno));
	if (hl_store_open(path, &job->config.net, &job->keys.lab, &store, why) != HL_OK)
		return refuse(job, "%s", why);
	bool more = true;
	bool good = begin_copy(store, job->config.state_dir, &backup, why) == 0;
	while (good && more)
		good = hl_store_backup_step(backup, &more, why) == HL_OK;
	hl_store_backup_drop(backup);
	hl_store_close(store);
	return end_copy(job->config.state_dir, good) ? EXIT_GOOD : refuse(job, "%s", why);
}

int hl_backup_run(int argc, char **argv)
{
	struct job job HL_CLEAN(job_clear) = {
		.name = "backup", .usage = HL_USAGE_BACKUP, .file_fd = -1, .dir = -1};
	int code = begin(&job, argc, argv, O_WRONLY | O_CREAT | O_EXCL);

	if (code < 0) {
		pid_t pid = holder(&job);
		code = pid != 0 ? ask_node(&job, pid) : copy_stopped(&job);
		if (code == EXIT_GOOD) {
			int from HL_CLEAN_FD = openat(job.dir, HL_BACKUP_FILE,
				O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
			int error = from < 0 ? errno : copy(from, job.file_fd);
			if (error != 0)
				code = refuse(&job, "%s: %s", job.file, strerror(error));
			unlinkat(job.dir, HL_BACKUP_FILE, 0);
		}
	}
	if (code == EXIT_GOOD && job.dir >= 0)
		printf("%s holds the store. Keep node.key with it, apart and secret:\n"
		       "without the key it cannot be restored.\n",
			job.file);
	else if (job.file_fd >= 0)
		unlink(job.file);
	return code;
}

/* Under the name that it will be checked by. */
static int bring_in(const struct job *job, char path[static PATH_MAX])
{
	char why[HL_STORE_ERROR_MAX];

	snprintf(path, PATH_MAX, "%s/" RESTORE_FILE, job->config.state_dir);
	if (!fresh_file(job->dir, RESTORE_FILE))
		return refuse(job, "%s: %s", path, strerror(errno));
	int to HL_CLEAN_FD =
		openat(job->dir, RESTORE_FILE, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int error = to < 0 ? errno : copy(job->file_fd, to);
	if (error != 0)
		return refuse(job, "%s: %s", path, strerror(error));
	if (hl_store_verify(path, &job->config.net, &job->keys.lab, why) != HL_OK)
		return refuse(job, "%s: %s", job->file, why);
	return EXIT_GOOD;
}

/* The store that stands there stays beside the new one, with its journal. It is locked as SQLite
 * locks it, so that no node starts meanwhile. */
static int swap(const struct job *job, char old[static 80])
{
	int fd HL_CLEAN_FD =
		openat(job->dir, HL_STORE_FILE, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct flock lock = {.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = LOCK_START,
		.l_len = LOCK_SIZE};
	char journal[96];
	time_t now = time(NULL);
	struct tm tm;

	old[0] = '\0';
	if (fd < 0 && errno != ENOENT)
		return refuse(job, HL_STORE_FILE ": %s", strerror(errno));
	if (fd >= 0) {
		if (fcntl(fd, F_SETLK, &lock) != 0)
			return refuse(job, "the node is running: stop it first");
		gmtime_r(&now, &tm);
		strftime(old, 80, HL_STORE_FILE ".before-%Y%m%dT%H%M%SZ", &tm);
		snprintf(journal, sizeof(journal), "%s-wal", old);
		if (linkat(job->dir, HL_STORE_FILE, job->dir, old, 0) != 0)
			return refuse(job, "%s: %s", old, strerror(errno));
		if (renameat(job->dir, HL_STORE_FILE "-wal", job->dir, journal) != 0 &&
			errno != ENOENT)
			return refuse(job, "%s: %s", journal, strerror(errno));
	}
	if (renameat(job->dir, RESTORE_FILE, job->dir, HL_STORE_FILE) != 0 ||
		fsync(job->dir) != 0)
		return refuse(job, HL_STORE_FILE ": %s", strerror(errno));
	return EXIT_GOOD;
}

/* Neither a directory nor the node's own store, of which nothing would be put back. */
static bool is_backup(const struct job *job)
{
	struct stat file, store;

	if (fstat(job->file_fd, &file) != 0 || S_ISDIR(file.st_mode))
		return false;
	return fstatat(job->dir, HL_STORE_FILE, &store, 0) != 0 ||
		file.st_dev != store.st_dev || file.st_ino != store.st_ino;
}

int hl_restore_run(int argc, char **argv)
{
	struct job job HL_CLEAN(job_clear) = {
		.name = "restore", .usage = HL_USAGE_RESTORE, .file_fd = -1, .dir = -1};
	char path[PATH_MAX], old[80];
	int code = begin(&job, argc, argv, O_RDONLY);

	if (code >= 0)
		return code;
	if (holder(&job) != 0)
		return refuse(&job, "the node is running: stop it first");
	if (!is_backup(&job))
		return refuse(&job,
			"%s: a backup is wanted, not a directory, and not the store "
			"that is in use",
			job.file);
	code = bring_in(&job, path);
	if (code == EXIT_GOOD)
		code = swap(&job, old);
	if (code != EXIT_GOOD) {
		remove_file(job.dir, RESTORE_FILE);
		return code;
	}
	printf("%s was put in place.\n", job.file);
	if (old[0] != '\0')
		printf("The store that stood there is kept as %s/%s.\n",
			job.config.state_dir, old);
	printf("Start the node: it begins its lists anew and takes back from its peers what\n"
	       "it had sent and received since. hotline status tells of it until the next\n"
	       "start; its log says of each peer when all is taken back.\n");
	return EXIT_GOOD;
}
