/*
 * hotline-sim: runs seeds, and says which promise broke. The same seed gives the same run: --seed S
 * runs that one alone and shows the hash of its trace, with -v all that the nodes log. Run number i
 * of --seeds has a lab's store put back to a backup where i is a multiple of four (--restores: in
 * each run), and in memory, without a disk, where it is one more.
 */
#include "tests/sim/sim.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/alloc.h"
#include "tests/sim/commitment.h"

#define COMPLETE 100 /* in so many runs every kind of fault strikes */

struct arguments {
	uint64_t seeds, first;
	size_t labs;
	double hours;
	bool restores, one, verbose;
	const char *expect; /* the check that must fail in some seed; NULL: none may */
};

/* One run; true when every check passed. */
static bool run(const struct arguments *a, uint64_t seed, const char *dir,
	uint64_t count[SIM_COUNTS], uint64_t *ret_trace)
{
	struct sim_options options = {.seed = seed,
		.labs = a->labs,
		.duration = (uint64_t)(a->hours * 3600000),
		.faults = true,
		.acts = true,
		.restores = a->restores || seed % 4 == 0,
		.verbose = a->verbose,
		.fail_allocation = alloc_fail,
		.foreign_commitment = commitment_foreign};

	options.dir = options.restores || seed % 4 != 1 ? dir : NULL;
	struct sim *sim = sim_new(&options);
	sim_run(sim, options.duration);
	if (sim->failure[0] == '\0')
		sim_settle(sim);
	if (sim->failure[0] == '\0')
		check_rest(sim);
	bool good = sim->failure[0] == '\0';
	if (!good)
		printf("%s seed %llu, %zu labs, %s\n",
			a->expect == NULL ? "FAILED" : "caught by",
			(unsigned long long)seed, options.labs, sim->failure);
	if (a->one || a->verbose)
		printf("seed %llu: trace %016llx\n", (unsigned long long)seed,
			(unsigned long long)sim->trace);
	/* Of a control only the check that is meant counts. */
	if (!good && a->expect != NULL && strstr(sim->failure, a->expect) == NULL)
		good = true;
	for (size_t i = 0; i < SIM_COUNTS; i++)
		count[i] += sim->count[i];
	*ret_trace = sim->trace;
	sim_free(sim);
	return good;
}

static bool take(struct arguments *a, const char *name, const char *value)
{
	if (strcmp(name, "--seeds") == 0)
		a->seeds = strtoull(value, NULL, 10);
	else if (strcmp(name, "--first") == 0)
		a->first = strtoull(value, NULL, 10);
	else if (strcmp(name, "--labs") == 0)
		a->labs = strtoul(value, NULL, 10);
	else if (strcmp(name, "--hours") == 0)
		a->hours = strtod(value, NULL);
	else if (strcmp(name, "--expect") == 0)
		a->expect = value;
	else if (strcmp(name, "--seed") == 0)
		a->first = strtoull(value, NULL, 10), a->seeds = 1, a->one = true;
	else
		return false;
	return *value != '\0';
}

static bool arguments(int argc, char **argv, struct arguments *a)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--restores") == 0)
			a->restores = true;
		else if (strcmp(argv[i], "-v") == 0)
			a->verbose = true;
		else if (!take(a, argv[i], i + 1 < argc ? argv[i + 1] : ""))
			return false;
		else
			i++;
	}
	return a->labs >= 2 && a->labs <= WORLD_LABS;
}

static void remove_dir(const char *dir)
{
	char path[200];

	for (char lab = 'a'; lab < 'a' + WORLD_LABS; lab++) {
		snprintf(path, sizeof(path), "%.120s/%c.store", dir, lab);
		unlink(path);
		snprintf(path, sizeof(path), "%.120s/%c.store-wal", dir, lab);
		unlink(path);
	}
	rmdir(dir);
}

/* How it ended, as tests/run.py reads it. */
static int finish(const struct arguments *a, const uint64_t count[SIM_COUNTS],
	uint64_t passed, uint64_t failed)
{
	const char *missing = report_missing(count, a->restores);

	report(count);
	if (a->expect != NULL) {
		/* A control: this build is broken on purpose, and must be caught. */
		printf("%d passed, %d failed\n", failed > 0, failed == 0);
		return failed > 0 ? 0 : 1;
	}
	if (a->seeds >= COMPLETE) {
		if (missing != NULL)
			printf("FAILED: no %s in all these runs\n", missing);
		passed += missing == NULL;
		failed += missing != NULL;
	}
	printf("%llu passed, %llu failed\n", (unsigned long long)passed,
		(unsigned long long)failed);
	return failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct arguments a = {.seeds = 20, .first = 1, .labs = 5, .hours = 0.5};
	uint64_t count[SIM_COUNTS] = {0}, again[SIM_COUNTS] = {0};
	uint64_t passed = 0, failed = 0;
	char dir[64] = "/tmp/hotline-sim-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0); /* what failed is seen, whatever comes then */
	if (!arguments(argc, argv, &a)) {
		fprintf(stderr,
			"usage: hotline-sim [--seeds N] [--first S] [--seed S] [--labs 2-5] "
			"[--hours H] [--restores] [--expect CHECK] [-v]\n");
		return 2;
	}
	/* Nothing here has threads, or asks what SQLite has allocated. */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return 2;
	}
	for (uint64_t i = 0; i < a.seeds; i++) {
		uint64_t trace, second;
		bool good = run(&a, a.first + i, dir, count, &trace);
		passed += good;
		failed += !good;
		if (a.expect != NULL && !good)
			break; /* one is enough */
		if (i != 0 || a.expect != NULL || a.verbose)
			continue;
		/* The same seed gives the same run. */
		run(&a, a.first, dir, again, &second);
		if (trace != second)
			printf("FAILED seed %llu: two runs differ\n",
				(unsigned long long)a.first);
		passed += trace == second;
		failed += trace != second;
	}
	remove_dir(dir);
	return finish(&a, count, passed, failed);
}
