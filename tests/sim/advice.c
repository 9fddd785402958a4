/* The store's word to the kernel about a file's pages and blocks, passed on to the simulated disk:
 * the files themselves are empty here, and only their names count. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/sim/vfs.h"

int __wrap_posix_fadvise64(int fd, off_t at, off_t n, int advice);
int __wrap_posix_fadvise(int fd, off_t at, off_t n, int advice);
int __wrap_fallocate64(int fd, int mode, off_t at, off_t n);
int __wrap_fallocate(int fd, int mode, off_t at, off_t n);

/* The simulated disks; NULL: there are none, or the file is none of theirs. */
static struct disks *disks_of(int fd, char path[static 512])
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("simulated");
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t size = readlink(link, path, 511);
	if (vfs == NULL || size < 0)
		return NULL;
	path[size] = '\0';
	return vfs->pAppData;
}

int __wrap_posix_fadvise64(int fd, off_t at, off_t n, int advice)
{
	char path[512];
	struct disks *disks = disks_of(fd, path);

	if (disks != NULL && at == 0 && n == 0 && advice == POSIX_FADV_DONTNEED)
		disks_forget(disks, path);
	return 0;
}

int __wrap_fallocate64(int fd, int mode, off_t at, off_t n)
{
	char path[512];
	struct disks *disks = disks_of(fd, path);

	(void)mode;
	if (disks == NULL || at != 0 || disks_keep_room(disks, path, (size_t)n))
		return 0;
	errno = ENOSPC;
	return -1;
}

int __wrap_fallocate(int fd, int mode, off_t at, off_t n)
{
	return __wrap_fallocate64(fd, mode, at, n);
}

int __wrap_posix_fadvise(int fd, off_t at, off_t n, int advice)
{
	return __wrap_posix_fadvise64(fd, at, n, advice);
}
