/*
 * The simulated disks: a file system for SQLite in memory, one small disk for each lab, on which
 * what was written is volatile until it is synced. Whoever opens "…/<letter of the lab>.store" gets
 * that lab's disk.
 */
#ifndef HL_TESTS_VFS_H
#define HL_TESTS_VFS_H

#include "tests/sim/world.h"

struct disk;
struct disks;
struct disk_copy;

/* What struck, counted since it was asked for last. */
struct disk_report {
	uint64_t failed_writes, failed_syncs, torn, lost, lost_names;
	bool retried; /* a sync was tried again after one had failed */
};

/* Makes it SQLite's default, for files by path, until disks_free. */
struct disks *disks_new(uint64_t seed);
void disks_free(struct disks *disks);
struct disk *disks_get(struct disks *disks, size_t lab);

/* The power goes at the n-th write, sync, truncation or removal from now on; 0: it stays. */
void disk_power_at(struct disk *disk, uint64_t n);
/* The n-th write or sync from now on fails; 0: none does. */
void disk_fail_at(struct disk *disk, uint64_t n);
void disk_full(struct disk *disk, bool full);
/* True since the power went, or since disk_stop. */
bool disk_dead(const struct disk *disk);
/* True once a write or a sync has failed, until disk_start. */
bool disk_failed(const struct disk *disk);
/* Nothing is written any more: whoever had it open is gone. */
void disk_stop(struct disk *disk);
/* Nobody has it open. power: what was not synced is kept, lost or torn. Then it works again. */
void disk_start(struct disk *disk, bool power);
/* Who opens a file says that its pages need not stay in memory: those that pass for clean are read
 * from the disk again. */
void disks_forget(struct disks *disks, const char *path);
/* So many bytes of a file have their place even when the disk is full; false: it is full. */
bool disks_keep_room(struct disks *disks, const char *path, size_t n);
struct disk_report disk_take_report(struct disk *disk);

/* A copy of all files, while nobody has them open. */
struct disk_copy *disk_copy(const struct disk *disk);
void disk_put_back(struct disk *disk, const struct disk_copy *copy);
void disk_copy_free(struct disk_copy *copy);

#endif
