/*
 * hotline-sim: runs seeds, and says which promise broke. The same seed gives the same run.
 *
 *	hotline-sim [--seeds N] [--seed S] [--labs M] [--hours H] [--files] [--restores]
 *		[--expect CHECK] [-v]
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[SIM_COUNTS] = {"letters", "delivered", "delays", "cuts",
	"black holes", "crashes before a commit", "crashes after a commit", "restarts",
	"stores reopened", "stores put back to a backup", "new cards", "changed copies",
	"strange signatures", "replays", "old or changed statements", "clock jumps",
	"checks", "machine tests", "machine tests passed"};

struct arguments {
	uint64_t seeds, first;
	size_t labs; /* 0: two or three, by the seed */
	double hours;
	bool files, restores, verbose;
	const char *expect; /* the check that must fail in some seed; NULL: none may */
};

/* One run; true when every check passed. */
static bool run(const struct arguments *a, uint64_t seed, const char *dir,
	uint64_t count[SIM_COUNTS], struct hl_id *ret_trace)
{
	struct sim_options options = {.seed = seed,
		.labs = a->labs != 0 ? a->labs : 2 + seed % 2,
		.duration = (uint64_t)(a->hours * 3600000),
		.faults = true,
		.acts = true,
		.dir = dir,
		.restores = a->restores,
		.verbose = a->verbose};
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
	/* Of a control only the check that is meant counts. */
	if (!good && a->expect != NULL && strstr(sim->failure, a->expect) == NULL)
		good = true;
	for (size_t i = 0; i < SIM_COUNTS; i++)
		count[i] += sim->count[i];
	*ret_trace = sim->trace;
	sim_free(sim);
	return good;
}

static bool arguments(int argc, char **argv, struct arguments *a)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (strcmp(argv[i], "--seeds") == 0)
			a->seeds = strtoull(value, NULL, 10), i++;
		else if (strcmp(argv[i], "--seed") == 0)
			a->first = strtoull(value, NULL, 10), a->seeds = 1, i++;
		else if (strcmp(argv[i], "--labs") == 0)
			a->labs = strtoul(value, NULL, 10), i++;
		else if (strcmp(argv[i], "--hours") == 0)
			a->hours = strtod(value, NULL), i++;
		else if (strcmp(argv[i], "--files") == 0)
			a->files = true;
		else if (strcmp(argv[i], "--expect") == 0)
			a->expect = value, i++;
		else if (strcmp(argv[i], "--restores") == 0)
			a->files = a->restores = true;
		else if (strcmp(argv[i], "-v") == 0)
			a->verbose = true;
		else
			return false;
	}
	return a->labs == 0 || (a->labs >= 2 && a->labs <= WORLD_LABS);
}

static void remove_dir(const char *dir)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-journal", ".old"};
	char path[200];

	for (char lab = 'a'; lab < 'a' + WORLD_LABS; lab++)
		for (size_t i = 0; i < 5; i++) {
			snprintf(path, sizeof(path), "%.120s/%c.store%s", dir, lab,
				tails[i]);
			unlink(path);
		}
	rmdir(dir);
}

int main(int argc, char **argv)
{
	struct arguments a = {.seeds = 20, .first = 1, .hours = 0.5};
	uint64_t count[SIM_COUNTS] = {0}, again[SIM_COUNTS] = {0};
	uint64_t passed = 0, failed = 0;
	char dir[64] = "/dev/shm/hotline-sim-XXXXXX";

	if (!arguments(argc, argv, &a)) {
		fprintf(stderr,
			"usage: hotline-sim [--seeds N] [--seed S] [--labs 2-5] "
			"[--hours H] [--files] [--restores] [--expect CHECK] [-v]\n");
		return 2;
	}
	if (a.files && mkdtemp(dir) == NULL) {
		perror(dir);
		return 2;
	}
	for (uint64_t i = 0; i < a.seeds; i++) {
		struct hl_id trace, second;
		bool good = run(&a, a.first + i, a.files ? dir : NULL, count, &trace);
		passed += good;
		failed += !good;
		if (a.expect != NULL && !good)
			break; /* one is enough */
		if (i != 0 || a.expect != NULL)
			continue;
		/* The same seed gives the same run. */
		run(&a, a.first, a.files ? dir : NULL, again, &second);
		bool same = hl_id_eq(&trace, &second);
		if (!same)
			printf("FAILED seed %llu: two runs differ\n",
				(unsigned long long)a.first);
		passed += same;
		failed += !same;
	}
	if (a.files)
		remove_dir(dir);
	for (size_t i = 0; i < SIM_COUNTS; i++)
		printf("%10llu  %s\n", (unsigned long long)count[i], names[i]);
	if (a.expect != NULL) {
		/* A control: this build is broken on purpose, and must be caught. */
		printf("%d passed, %d failed\n", failed > 0, failed == 0);
		return failed > 0 ? 0 : 1;
	}
	printf("%llu passed, %llu failed\n", (unsigned long long)passed,
		(unsigned long long)failed);
	return failed == 0 ? 0 : 1;
}
