/* The store's word to the kernel about a file's pages, passed on to the simulated disk: the files
 * themselves are empty here, and only their names count. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/sim/vfs.h"

int __wrap_posix_fadvise64(int fd, off_t at, off_t n, int advice);
int __wrap_posix_fadvise(int fd, off_t at, off_t n, int advice);

int __wrap_posix_fadvise64(int fd, off_t at, off_t n, int advice)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("simulated");
	char link[64], path[512];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t size = readlink(link, path, sizeof(path) - 1);
	if (vfs == NULL || size < 0 || at != 0 || n != 0 || advice != POSIX_FADV_DONTNEED)
		return 0;
	path[size] = '\0';
	disks_forget(vfs->pAppData, path);
	return 0;
}

int __wrap_posix_fadvise(int fd, off_t at, off_t n, int advice)
{
	return __wrap_posix_fadvise64(fd, at, n, advice);
}
