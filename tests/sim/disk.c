/* What the simulated disks hold, and what becomes of it. */
#include "tests/sim/disk.h"

#include <stdlib.h>
#include <string.h>

struct disk_copy {
	struct bytes part[PARTS];
	bool exists[PARTS];
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

void bytes_set_size(struct bytes *b, size_t n)
{
	grow(b, n);
	if (n < b->n)
		memset(b->p + n, 0, b->n - n);
	b->n = n;
}

static void copy_bytes(struct bytes *to, const struct bytes *from)
{
	bytes_set_size(to, from->n);
	if (from->n > 0)
		memcpy(to->p, from->p, from->n);
}

void file_mark(struct file *f, size_t at, size_t n)
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

void file_settle(struct file *f, size_t sector)
{
	size_t at = sector * SECTOR, n = f->now.n > at ? f->now.n - at : 0;

	n = n < SECTOR ? n : SECTOR;
	if (n == 0)
		return;
	if (at + n > f->sure.n)
		bytes_set_size(&f->sure, at + n);
	memcpy(f->sure.p + at, f->now.p + at, n);
}

bool disk_power_goes(struct disk *d)
{
	if (d->power_at != 0 && --d->power_at == 0)
		d->dead = true;
	return d->dead;
}

bool disk_fails(struct disk *d)
{
	if (d->fail_at == 0 || --d->fail_at > 0)
		return false;
	d->failed = true;
	return true;
}

void file_forget(struct file *f)
{
	for (size_t i = 0; i < f->n_dirty; i++) {
		size_t at = i * SECTOR, n = f->now.n > at ? f->now.n - at : 0;
		n = n < SECTOR ? n : SECTOR;
		if (f->dirty[i] != 2 || n == 0)
			continue;
		grow(&f->sure, at + n);
		memcpy(f->now.p + at, f->sure.p + at, n);
		f->dirty[i] = 0;
	}
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
			file_settle(f, i);
		kept += keep;
		lost += !keep;
		f->dirty[i] = 0;
	}
	/* The size is a thing of its own. */
	if (size != f->sure.n && (way == 0 || (way != 1 && rng_one_in(&d->rng, 2))))
		bytes_set_size(&f->sure, size);
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
				bytes_set_size(&f->now, 0);
				bytes_set_size(&f->sure, 0);
			}
		} else {
			if (!f->exists)
				bytes_set_size(&f->sure, 0);
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
