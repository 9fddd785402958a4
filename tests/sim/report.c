#include "tests/sim/sim.h"

#include <stdio.h>

static const char *const names[SIM_COUNTS] = {
	[SIM_LETTERS] = "letters",
	[SIM_DELIVERED] = "delivered to all",
	[SIM_APART] = "letters delivered while the two labs had no link",
	[SIM_HOOKS] = "runs of hooks",
	[SIM_CHECKS] = "checks",
	[SIM_TESTS] = "machine tests of lines",
	[SIM_TESTS_PASSED] = "machine tests passed",
	[SIM_DELAYS] = "records delayed",
	[SIM_LOSSES] = "records lost and sent again",
	[SIM_SPLITS] = "records in pieces",
	[SIM_SLOW] = "lines made slow",
	[SIM_CUTS] = "cuts",
	[SIM_TORN_RECORDS] = "cuts within a record",
	[SIM_BLACKHOLES] = "black holes",
	[SIM_ONE_WAY] = "stalls of one direction",
	[SIM_FOREVER] = "stalls that never went on",
	[SIM_PARTITIONS] = "partitions between sets of labs",
	[SIM_LATE_BYTES] = "records of a link that had been replaced",
	[SIM_CRASH_BEFORE] = "crashes before a commit",
	[SIM_CRASH_AFTER] = "crashes after a commit",
	[SIM_SHUTDOWNS] = "nodes shut down in order",
	[SIM_POWER] = "power losses at a write or a sync",
	[SIM_TORN_WRITES] = "files torn by a power loss",
	[SIM_LOST_WRITES] = "files that lost writes",
	[SIM_LOST_NAMES] = "files whose making or removal was lost",
	[SIM_FROZEN] = "nodes stopped for a while",
	[SIM_RESTARTS] = "restarts",
	[SIM_FAILED_WRITES] = "writes that failed",
	[SIM_FAILED_SYNCS] = "syncs that failed",
	[SIM_FULL] = "disks found full",
	[SIM_NO_MEMORY] = "turns lost to an allocation",
	[SIM_RESTORED] = "stores put back to a backup",
	[SIM_CARDS] = "new cards",
	[SIM_SUSPENDED] = "devices cut off",
	[SIM_MUTATED] = "changed letters",
	[SIM_ALIEN] = "strange signatures",
	[SIM_TWO_KEYS] = "foreign commitments",
	[SIM_REPLAYED] = "replays",
	[SIM_STATEMENTS] = "old or changed statements",
	[SIM_JUNK_FRAMES] = "frames of junk",
	[SIM_JUNK_RECORDS] = "records of junk",
	[SIM_TWO_HEADS] = "two heads with one number",
	[SIM_TWO_CARDS] = "two cards with one number",
	[SIM_SKEWS] = "clock jumps",
	[SIM_HOOK_FAILED] = "hooks that failed",
	[SIM_HOOK_LOST] = "hooks whose end was lost",
};

void report(const uint64_t count[SIM_COUNTS])
{
	for (size_t i = 0; i < SIM_COUNTS; i++)
		printf("%10llu  %s\n", (unsigned long long)count[i], names[i]);
}

const char *report_missing(const uint64_t count[SIM_COUNTS], bool restores)
{
	for (size_t i = SIM_FAULTS; i < SIM_COUNTS; i++)
		/* A store that was put back may forget which of two cards was the first. */
		if (count[i] == 0 && !(restores && i == SIM_TWO_CARDS))
			return names[i];
	return NULL;
}
