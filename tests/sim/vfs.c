#include "tests/sim/vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512u

/* A file twice: as who writes it sees it, and as the disk holds it for sure. */
struct bytes {
	uint8_t *p;
	size_t n, cap;
};

enum part { PART_MAIN, PART_WAL, PART_JOURNAL, PARTS };

struct file {
	struct bytes now, sure;
	uint8_t *
		dirty; /* by sector: 1 not synced; 2 a sync failed, and it passes for clean */
	size_t n_dirty;     /* sectors for which there is room there */
	size_t first, last; /* all that are lie between */
	bool exists, sure_exists, unsynced_name;
	bool sync_failed; /* while it was open as it is now */
};

struct disk {
	struct rng rng;
	struct file file[PARTS];
	uint64_t power_at, fail_at;
	bool dead, failed, full;
	struct disk_report report;
};

struct disks {
	sqlite3_vfs vfs;
	struct rng rng;
	struct disk disk[WORLD_LABS];
};

struct disk_copy {
	struct bytes part[PARTS];
	bool exists[PARTS];
};

struct handle {
	sqlite3_file base;
	struct disk *disk;
	struct file *file;
};

static void grow(struct bytes *b, size_t n)
{
	if (n <= b->cap)
		return;
	size_t cap = b->cap == 0 ? 65536 : b->cap;
	while (cap < n)
		cap *= 2;
	b->p = realloc(b->p, cap);
	if (b->p == NULL)
		abort();
	memset(b->p + b->cap, 0, cap - b->cap);
	b->cap = cap;
}

/* What is cut off is zeros, should it grow again. */
static void set_size(struct bytes *b, size_t n)
{
	grow(b, n);
	if (n < b->n)
		memset(b->p + n, 0, b->n - n);
	b->n = n;
}

static void copy_bytes(struct bytes *to, const struct bytes *from)
{
	set_size(to, from->n);
	if (from->n > 0)
		memcpy(to->p, from->p, from->n);
}

static void mark(struct file *f, size_t at, size_t n)
{
	size_t last = (at + n + SECTOR - 1) / SECTOR;

	if (last > f->n_dirty) {
		size_t cap = f->n_dirty == 0 ? 128 : f->n_dirty;
		while (cap < last)
			cap *= 2;
		f->dirty = realloc(f->dirty, cap);
		if (f->dirty == NULL)
			abort();
		memset(f->dirty + f->n_dirty, 0, cap - f->n_dirty);
		f->n_dirty = cap;
	}
	for (size_t i = at / SECTOR; i < last; i++)
		f->dirty[i] = 1;
	f->first = f->first == f->last || at / SECTOR < f->first ? at / SECTOR : f->first;
	f->last = last > f->last ? last : f->last;
}

/* One sector of what was written comes onto the disk. */
static void settle(struct file *f, size_t sector)
{
	size_t at = sector * SECTOR, n = f->now.n > at ? f->now.n - at : 0;

	n = n < SECTOR ? n : SECTOR;
	if (n == 0)
		return;
	if (at + n > f->sure.n)
		set_size(&f->sure, at + n);
	memcpy(f->sure.p + at, f->now.p + at, n);
}

/* True: the power goes now. */
static bool power_goes(struct disk *d)
{
	if (d->power_at != 0 && --d->power_at == 0)
		d->dead = true;
	return d->dead;
}

static bool fails(struct disk *d)
{
	if (d->fail_at == 0 || --d->fail_at > 0)
		return false;
	d->failed = true;
	return true;
}

/* ------------------------------------------------------------- one file */

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
	if (fails(h->disk)) {
		h->disk->report.failed_writes++;
		return SQLITE_IOERR_WRITE;
	}
	if (h->disk->full && to + size > b->n)
		return SQLITE_FULL;
	if (to + size > b->n)
		set_size(b, to + size);
	memcpy(b->p + to, from, size);
	mark(h->file, to, size);
	return power_goes(h->disk) ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 n)
{
	struct handle *h = handle_of(file);

	if (h->disk->dead)
		return SQLITE_IOERR_TRUNCATE;
	set_size(&h->file->now, (size_t)n);
	return power_goes(h->disk) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

/* After a failed sync some is on the disk, and what is not is taken for written all the same. */
static int sync_fails(struct disk *d, struct file *f)
{
	for (size_t i = f->first; i < f->last; i++)
		if (f->dirty[i] == 1 && rng_one_in(&d->rng, 2)) {
			settle(f, i);
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
	if (h->disk->dead || power_goes(h->disk))
		return SQLITE_IOERR_FSYNC;
	h->disk->report.retried = h->disk->report.retried || f->sync_failed;
	if (fails(h->disk))
		return sync_fails(h->disk, f);
	for (size_t i = f->first; i < f->last; i++)
		if (f->dirty[i] == 1) {
			settle(f, i);
			f->dirty[i] = 0;
		}
	if (!f->sync_failed)
		f->first = f->last = 0;
	set_size(&f->sure, f->now.n);
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

static int on_control(sqlite3_file *file, int op, void *arg)
{
	(void)file, (void)op, (void)arg;
	return SQLITE_NOTFOUND;
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

/* ------------------------------------------------------------- the disks */

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
	set_size(&f->now, 0);
	if (f->n_dirty > 0)
		memset(f->dirty, 0, f->n_dirty);
	if (power_goes(d))
		return SQLITE_IOERR_DELETE;
	if (sync_dir != 0) {
		f->sure_exists = false;
		f->unsynced_name = false;
		set_size(&f->sure, 0);
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

void disk_power_at(struct disk *disk, uint64_t n)
{
	disk->power_at = n;
}

void disk_fail_at(struct disk *disk, uint64_t n)
{
	disk->fail_at = n;
}

void disk_full(struct disk *disk, bool full)
{
	disk->full = full;
}

bool disk_dead(const struct disk *disk)
{
	return disk->dead;
}

bool disk_failed(const struct disk *disk)
{
	return disk->failed;
}

void disk_stop(struct disk *disk)
{
	disk->dead = true;
}

/* Of what was written and not synced: all, nothing, some sectors, or those up to one. */
static void tear(struct disk *d, struct file *f)
{
	uint64_t way = rng_below(&d->rng, 4), stop = rng_below(&d->rng, f->n_dirty + 1);
	size_t kept = 0, lost = 0, size = f->now.n;

	for (size_t i = 0; i < f->n_dirty; i++) {
		if (f->dirty[i] == 0)
			continue;
		bool keep = way == 0 || (way == 2 && rng_one_in(&d->rng, 2)) ||
			(way == 3 && i < stop);
		keep = keep && f->dirty[i] == 1;
		if (keep)
			settle(f, i);
		kept += keep;
		lost += !keep;
		f->dirty[i] = 0;
	}
	/* The size is a thing of its own. */
	if (size != f->sure.n && (way == 0 || (way != 1 && rng_one_in(&d->rng, 2))))
		set_size(&f->sure, size);
	d->report.torn += kept > 0 && lost > 0;
	d->report.lost += lost > 0;
	copy_bytes(&f->now, &f->sure);
}

static void power_loss(struct disk *d)
{
	for (size_t k = 0; k < PARTS; k++) {
		struct file *f = &d->file[k];
		if (f->unsynced_name && f->exists != f->sure_exists &&
			rng_one_in(&d->rng, 2)) {
			/* The directory goes back: it is there again, or never was. */
			f->exists = f->sure_exists;
			d->report.lost_names++;
			if (f->n_dirty > 0)
				memset(f->dirty, 0, f->n_dirty);
			copy_bytes(&f->now, &f->sure);
			if (!f->exists) {
				set_size(&f->now, 0);
				set_size(&f->sure, 0);
			}
		} else {
			if (!f->exists)
				set_size(&f->sure, 0);
			tear(d, f);
		}
		f->sure_exists = f->exists;
		f->unsynced_name = false;
	}
}

void disk_start(struct disk *disk, bool power)
{
	disk->power_at = disk->fail_at = 0;
	disk->dead = disk->failed = false;
	if (power)
		power_loss(disk);
	for (size_t k = 0; k < PARTS; k++)
		disk->file[k].sync_failed = false;
}

void disks_forget(struct disks *disks, const char *path)
{
	struct disk *d = NULL;
	struct file *f = find(disks, path, &d);

	for (size_t i = 0; f != NULL && i < f->n_dirty; i++) {
		size_t at = i * SECTOR, n = f->now.n > at ? f->now.n - at : 0;
		n = n < SECTOR ? n : SECTOR;
		if (f->dirty[i] != 2 || n == 0)
			continue;
		grow(&f->sure, at + n);
		memcpy(f->now.p + at, f->sure.p + at, n);
		f->dirty[i] = 0;
	}
}

struct disk_report disk_take_report(struct disk *disk)
{
	struct disk_report report = disk->report;

	memset(&disk->report, 0, sizeof(disk->report));
	return report;
}

struct disk_copy *disk_copy(const struct disk *disk)
{
	struct disk_copy *copy = calloc(1, sizeof(*copy));

	if (copy == NULL)
		abort();
	for (size_t k = 0; k < PARTS; k++) {
		copy_bytes(&copy->part[k], &disk->file[k].now);
		copy->exists[k] = disk->file[k].exists;
	}
	return copy;
}

void disk_put_back(struct disk *disk, const struct disk_copy *copy)
{
	for (size_t k = 0; k < PARTS; k++) {
		struct file *f = &disk->file[k];
		copy_bytes(&f->now, &copy->part[k]);
		copy_bytes(&f->sure, &copy->part[k]);
		f->exists = f->sure_exists = copy->exists[k];
		f->unsynced_name = false;
		if (f->n_dirty > 0)
			memset(f->dirty, 0, f->n_dirty);
	}
}

void disk_copy_free(struct disk_copy *copy)
{
	if (copy == NULL)
		return;
	for (size_t k = 0; k < PARTS; k++)
		free(copy->part[k].p);
	free(copy);
}
