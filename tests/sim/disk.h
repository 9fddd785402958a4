/* Within the simulated disks: what they hold. Only vfs.c and disk.c include this. */
#ifndef HL_TESTS_DISK_H
#define HL_TESTS_DISK_H

#include "tests/sim/vfs.h"

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
	size_t room;        /* bytes that it may have on a full disk */
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

/* What is cut off is zeros, should it grow again. */
void bytes_set_size(struct bytes *b, size_t n);
void file_mark(struct file *f, size_t at, size_t n);
/* One sector of what was written comes onto the disk. */
void file_settle(struct file *f, size_t sector);
/* What passes for clean after a failed sync is as the disk has it. */
void file_forget(struct file *f);
/* True: the power goes now. */
bool disk_power_goes(struct disk *d);
bool disk_fails(struct disk *d);

#endif
