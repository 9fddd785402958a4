#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/keyring.h"

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int write_all(int fd, struct hl_view bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		bytes.p += n;
		bytes.n -= (size_t)n;
	}
	return fsync(fd) ? errno : 0;
}

/* The directory's entry is durable only once the directory is synced. */
static int sync_directory(int dirfd, const char *name)
{
	const char *slash = strrchr(name, '/');
	char *parent HL_CLEAN(hl_string_free) = NULL;
	int fd HL_CLEAN(fd_close) = -1;

	parent = slash ? strndup(name, (size_t)(slash - name) + 1) : strdup(".");
	if (!parent)
		return ENOMEM;
	fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		return errno;
	return 0;
}

static int move_in(int dirfd, const char *temp, const char *name, bool overwrite)
{
	int error = 0;

	if (overwrite)
		return renameat(dirfd, temp, dirfd, name) ? errno : 0;
	if (linkat(dirfd, temp, dirfd, name, 0))
		error = errno;
	unlinkat(dirfd, temp, 0);
	return error;
}

int hl_file_put(
	int dirfd, const char *name, struct hl_view bytes, bool overwrite, unsigned mode)
{
	char *temp HL_CLEAN(hl_string_free) = NULL;
	int fd HL_CLEAN(fd_close) = -1, error;

	if (asprintf(&temp, "%s.new-%ld", name, (long)getpid()) < 0) {
		temp = NULL;
		return ENOMEM;
	}
	/* What a crash left under this name is nobody's. */
	unlinkat(dirfd, temp, 0);
	fd = openat(
		dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return errno;
	/* Whatever the umask: a card is for others to read. */
	error = fchmod(fd, mode) ? errno : write_all(fd, bytes);
	if (error) {
		unlinkat(dirfd, temp, 0);
		return error;
	}
	error = move_in(dirfd, temp, name, overwrite);
	return error ? error : sync_directory(dirfd, name);
}

static int secret_ok(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return EPERM;
	return 0;
}

int hl_file_get(int dirfd, const char *name, size_t max, bool secret, struct hl_buf *ret)
{
	struct hl_buf buf HL_CLEAN_BUF = {0};
	int fd HL_CLEAN(fd_close) = -1, error;
	uint8_t part[4096];

	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | (secret ? O_NOFOLLOW : 0));
	if (fd < 0)
		return errno;
	error = secret ? secret_ok(fd) : 0;
	if (error)
		return error;
	for (;;) {
		ssize_t n = read(fd, part, sizeof(part));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		if (buf.n + (size_t)n > max)
			return EFBIG;
		if (hl_buf_append(&buf, hl_view_of(part, (size_t)n)))
			return ENOMEM;
	}
	hl_wipe(part, sizeof(part));
	*ret = hl_buf_steal(&buf);
	return 0;
}
