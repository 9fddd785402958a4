/* The simulated disks as SQLite sees them. */
#include "tests/sim/disk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (256 * 1024) /* as the store asks for */

struct disks {
	sqlite3_vfs vfs;
	struct rng rng;
	struct disk disk[WORLD_LABS];
};

struct handle {
	sqlite3_file base;
	struct disk *disk;
	struct file *file;
};

static struct handle *handle_of(sqlite3_file *file)
{
	return (struct handle *)(void *)file;
}

static int on_close(sqlite3_file *file)
{
	(void)file;
	return SQLITE_OK;
}

static int on_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
	const struct bytes *b = &handle_of(file)->file->now;
	size_t from = (size_t)at, want = (size_t)n;
	size_t have = b->n > from ? b->n - from : 0;

	have = have < want ? have : want;
	if (have > 0)
		memcpy(to, b->p + from, have);
	if (have == want)
		return SQLITE_OK;
	memset((char *)to + have, 0, want - have);
	return SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
	struct handle *h = handle_of(file);
	struct bytes *b = &h->file->now;
	size_t to = (size_t)at, size = (size_t)n;

	if (h->disk->dead)
		return SQLITE_IOERR_WRITE;
	if (disk_fails(h->disk)) {
		h->disk->report.failed_writes++;
		return SQLITE_IOERR_WRITE;
	}
	if (h->disk->full && to + size > b->n && to + size > h->file->room)
		return SQLITE_FULL;
	if (to + size > b->n)
		bytes_set_size(b, to + size);
	memcpy(b->p + to, from, size);
	file_mark(h->file, to, size);
	return disk_power_goes(h->disk) ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 n)
{
	struct handle *h = handle_of(file);

	if (h->disk->dead)
		return SQLITE_IOERR_TRUNCATE;
	bytes_set_size(&h->file->now, (size_t)n);
	return disk_power_goes(h->disk) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

/* After a failed sync some is on the disk, and what is not is taken for written all the same. */
static int sync_fails(struct disk *d, struct file *f)
{
	for (size_t i = f->first; i < f->last; i++)
		if (f->dirty[i] == 1 && rng_one_in(&d->rng, 2)) {
			file_settle(f, i);
			f->dirty[i] = 0;
		} else if (f->dirty[i] == 1) {
			f->dirty[i] = 2;
		}
	f->sync_failed = true;
	d->report.failed_syncs++;
	return SQLITE_IOERR_FSYNC;
}

static int on_sync(sqlite3_file *file, int flags)
{
	struct handle *h = handle_of(file);
	struct file *f = h->file;

	(void)flags;
	if (h->disk->dead || disk_power_goes(h->disk))
		return SQLITE_IOERR_FSYNC;
	h->disk->report.retried = h->disk->report.retried || f->sync_failed;
	if (disk_fails(h->disk))
		return sync_fails(h->disk, f);
	for (size_t i = f->first; i < f->last; i++)
		if (f->dirty[i] == 1) {
			file_settle(f, i);
			f->dirty[i] = 0;
		}
	if (!f->sync_failed)
		f->first = f->last = 0;
	bytes_set_size(&f->sure, f->now.n);
	/* As SQLite's own for Unix does it: the directory with a new file's first sync. */
	f->sure_exists = f->exists;
	f->unsynced_name = false;
	return SQLITE_OK;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)handle_of(file)->file->now.n;
	return SQLITE_OK;
}

static int on_lock(sqlite3_file *file, int level)
{
	(void)file, (void)level;
	return SQLITE_OK;
}

static int on_reserved(sqlite3_file *file, int *ret)
{
	(void)file;
	*ret = 0;
	return SQLITE_OK;
}

/* A file that is made longer beforehand has its room for sure. */
static int on_control(sqlite3_file *file, int op, void *arg)
{
	struct handle *h = handle_of(file);
	size_t room;

	if (op == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	if (op != SQLITE_FCNTL_SIZE_HINT)
		return SQLITE_NOTFOUND;
	room = (size_t)(*(sqlite3_int64 *)arg + CHUNK - 1) / CHUNK * CHUNK;
	if (room <= h->file->now.n || room <= h->file->room)
		return SQLITE_OK;
	if (h->disk->full)
		return SQLITE_FULL;
	h->file->room = room;
	return SQLITE_OK;
}

static int on_sector(sqlite3_file *file)
{
	(void)file;
	return 4096;
}

static int on_traits(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* No shared memory: the node has its store for itself. */
static const sqlite3_io_methods methods = {.iVersion = 1,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_lock,
	.xCheckReservedLock = on_reserved,
	.xFileControl = on_control,
	.xSectorSize = on_sector,
	.xDeviceCharacteristics = on_traits};

/* "…/c.store-wal" is the journal of disk 2. */
static struct file *find(struct disks *disks, const char *path, struct disk **ret)
{
	static const char *const tails[PARTS] = {"", "-wal", "-journal"};
	const char *name = path != NULL ? strrchr(path, '/') : NULL;

	if (name == NULL || name[1] < 'a' || name[1] >= 'a' + WORLD_LABS ||
		strncmp(name + 2, ".store", 6) != 0)
		return NULL;
	*ret = &disks->disk[name[1] - 'a'];
	for (size_t i = 0; i < PARTS; i++)
		if (strcmp(name + 8, tails[i]) == 0)
			return &(*ret)->file[i];
	return NULL;
}

static int on_open(
	sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
	struct handle *h = handle_of(file);
	struct file *f = find(vfs->pAppData, path, &h->disk);

	h->base.pMethods = NULL;
	if (f == NULL || h->disk->dead)
		return SQLITE_CANTOPEN;
	if (!f->exists && (flags & SQLITE_OPEN_CREATE) == 0)
		return SQLITE_CANTOPEN;
	if (!f->exists) {
		f->exists = true;
		f->unsynced_name = true;
	}
	h->file = f;
	h->base.pMethods = &methods;
	if (ret_flags != NULL)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync_dir)
{
	struct disk *d = NULL;
	struct file *f = find(vfs->pAppData, path, &d);

	if (f == NULL || d->dead)
		return SQLITE_IOERR_DELETE;
	if (!f->exists)
		return SQLITE_IOERR_DELETE_NOENT;
	f->exists = false;
	f->unsynced_name = true;
	bytes_set_size(&f->now, 0);
	if (f->n_dirty > 0)
		memset(f->dirty, 0, f->n_dirty);
	if (disk_power_goes(d))
		return SQLITE_IOERR_DELETE;
	if (sync_dir != 0) {
		f->sure_exists = false;
		f->unsynced_name = false;
		bytes_set_size(&f->sure, 0);
	}
	return SQLITE_OK;
}

static int on_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
	struct disk *d = NULL;
	struct file *f = find(vfs->pAppData, path, &d);

	(void)flags;
	*ret = f != NULL && f->exists && f->now.n > 0;
	return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret)
{
	size_t n = strlen(path);

	(void)vfs;
	if (n + 1 > (size_t)size)
		return SQLITE_CANTOPEN;
	memcpy(ret, path, n + 1);
	return SQLITE_OK;
}

static int on_random(sqlite3_vfs *vfs, int n, char *ret)
{
	struct disks *disks = vfs->pAppData;

	for (int i = 0; i < n; i++)
		ret[i] = (char)(rng_next(&disks->rng) & 0xff);
	return n;
}

static int on_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return us;
}

static int on_time(sqlite3_vfs *vfs, double *ret)
{
	(void)vfs;
	*ret = 2460000.5; /* the store asks for no time */
	return SQLITE_OK;
}

struct disks *disks_new(uint64_t seed)
{
	struct disks *disks = calloc(1, sizeof(*disks));

	if (disks == NULL)
		abort();
	disks->rng.s = seed;
	for (size_t i = 0; i < WORLD_LABS; i++) {
		disks->disk[i].rng.s = rng_next(&disks->rng);
		/* The store makes the file itself, before SQLite sees it. */
		disks->disk[i].file[PART_MAIN].exists = true;
		disks->disk[i].file[PART_MAIN].sure_exists = true;
	}
	disks->vfs = (sqlite3_vfs){.iVersion = 1,
		.szOsFile = sizeof(struct handle),
		.mxPathname = 256,
		.zName = "simulated",
		.pAppData = disks,
		.xOpen = on_open,
		.xDelete = on_delete,
		.xAccess = on_access,
		.xFullPathname = on_full_path,
		.xRandomness = on_random,
		.xSleep = on_sleep,
		.xCurrentTime = on_time};
	if (sqlite3_vfs_register(&disks->vfs, 1) != SQLITE_OK)
		abort();
	sqlite3_randomness(0, NULL); /* it begins anew, from the seed */
	return disks;
}

void disks_free(struct disks *disks)
{
	if (disks == NULL)
		return;
	sqlite3_vfs_unregister(&disks->vfs);
	for (size_t i = 0; i < WORLD_LABS; i++)
		for (size_t k = 0; k < PARTS; k++) {
			struct file *f = &disks->disk[i].file[k];
			free(f->now.p);
			free(f->sure.p);
			free(f->dirty);
		}
	free(disks);
}

struct disk *disks_get(struct disks *disks, size_t lab)
{
	return disks != NULL ? &disks->disk[lab] : NULL;
}

void disks_forget(struct disks *disks, const char *path)
{
	struct disk *d = NULL;
	struct file *f = find(disks, path, &d);

	if (f != NULL)
		file_forget(f);
}

bool disks_keep_room(struct disks *disks, const char *path, size_t n)
{
	struct disk *d = NULL;
	struct file *f = find(disks, path, &d);

	if (f == NULL || f->room >= n || f->now.n >= n)
		return true;
	if (d->full)
		return false;
	f->room = n;
	return true;
}
