#include "node/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void hl_fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int check_secret(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) ||
		(st.st_uid != geteuid() && st.st_uid != 0))
		return EPERM;
	return 0;
}

static int read_all(int fd, size_t max, struct hl_buf *buf)
{
	uint8_t part[4096];
	int error = 0;

	while (!error) {
		ssize_t n = read(fd, part, sizeof(part));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			break;
		if (n < 0)
			error = errno;
		else if (buf->n + (size_t)n > max)
			error = EFBIG;
		else if (hl_buf_append(buf, hl_view_of(part, (size_t)n)))
			error = ENOMEM;
	}
	hl_wipe(part, sizeof(part));
	return error;
}

int hl_disk_read(int dirfd, const char *name, size_t max, bool secret, struct hl_buf *ret)
{
	struct hl_buf buf HL_CLEAN_BUF = {0};
	/* O_NONBLOCK: where a secret should be, a pipe is refused and not waited for. */
	int flags =
		O_RDONLY | O_CLOEXEC | O_NOCTTY | (secret ? O_NOFOLLOW | O_NONBLOCK : 0);
	int fd HL_CLEAN_FD = openat(dirfd, name, flags);
	int error;

	if (fd < 0)
		return errno;
	error = secret ? check_secret(fd) : 0;
	if (!error)
		error = read_all(fd, max, &buf);
	if (error)
		return error;
	*ret = hl_buf_steal(&buf);
	return 0;
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

static void string_free(char **s)
{
	free(*s);
}

/* An entry is durable only once its directory is synced. */
static int sync_parent(int dirfd, const char *name)
{
	const char *slash = strrchr(name, '/');
	char *parent HL_CLEAN(string_free) =
		slash ? strndup(name, (size_t)(slash - name) + 1) : strdup(".");
	int fd HL_CLEAN_FD = -1;

	if (!parent)
		return ENOMEM;
	fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) ? errno : 0;
}

int hl_disk_create(int dirfd, const char *name, struct hl_view bytes)
{
	char *temp HL_CLEAN(string_free) = NULL;
	int fd HL_CLEAN_FD = -1;
	int error;

	if (asprintf(&temp, "%s.new", name) < 0) {
		temp = NULL;
		return ENOMEM;
	}
	/* What a crash left under this name is nobody's. */
	unlinkat(dirfd, temp, 0);
	fd = openat(
		dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	error = write_all(fd, bytes);
	/* Unlike a rename, a link never replaces what is there. */
	if (!error && linkat(dirfd, temp, dirfd, name, 0))
		error = errno;
	unlinkat(dirfd, temp, 0);
	return error ? error : sync_parent(dirfd, name);
}

const char *hl_disk_reason(int error)
{
	switch (error) {
	case EPERM:
		return "it must be a plain file of this user that nobody else may read (chmod 600)";
	case ELOOP: return "it is a symbolic link; put the file itself there";
	case EFBIG: return "it is too large";
	case EEXIST: return "it is there already";
	default: return strerror(error);
	}
}
