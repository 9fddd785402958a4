/*
 * replay: runs a fuzz target on files, without libFuzzer.
 *
 *	fuzz_<name> directory...
 *
 * Each file of each directory is one test: it is given whole, and if it is
 * small also cut at every length and with every byte changed. Each input lies
 * in memory of its exact size, so that a sanitizer sees a read beyond it.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#define SMALL 512

static void give(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	fuzz_require(copy);
	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void give_variants(uint8_t *data, size_t size)
{
	static const uint8_t changes[] = {0x01, 0x10, 0x80, 0xff};

	for (size_t n = 0; n < size; n++)
		give(data, n);
	for (size_t i = 0; i < size; i++) {
		uint8_t was = data[i];

		for (size_t k = 0; k < sizeof(changes); k++) {
			data[i] = (uint8_t)(was ^ changes[k]);
			give(data, size);
		}
		data[i] = was;
	}
}

static int replay_file(const char *path)
{
	struct stat st;
	uint8_t *data;
	size_t size;
	FILE *file;

	file = fopen(path, "rb");
	if (!file || fstat(fileno(file), &st) < 0) {
		fprintf(stderr, "%s: cannot be read\n", path);
		if (file)
			fclose(file);
		return -1;
	}
	/* The name comes first: after a crash it is the last line. */
	printf("%s\n", path);
	fflush(stdout);
	data = malloc((size_t)st.st_size + 1);
	fuzz_require(data);
	size = fread(data, 1, (size_t)st.st_size, file);
	fclose(file);
	give(data, size);
	if (size <= SMALL)
		give_variants(data, size);
	free(data);
	return 0;
}

static void replay_directory(const char *path, int *passed, int *failed)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);

	if (n < 0) {
		fprintf(stderr, "%s: no such directory\n", path);
		++*failed;
		return;
	}
	for (int i = 0; i < n; i++) {
		char file[4096];

		if (names[i]->d_name[0] != '.') {
			snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
			++*(replay_file(file) < 0 ? failed : passed);
		}
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	int passed = 0, failed = 0;

	if (LLVMFuzzerInitialize(&argc, &argv))
		return 1;
	for (int i = 1; i < argc; i++)
		replay_directory(argv[i], &passed, &failed);
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
