#include "tests/unit/client.h"

#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/keyring.h"

#define WORDS_MAX 32

int client_begin(void **state)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c || sodium_init() < 0)
		return -1;
	strcpy(c->dir, "/tmp/hotline-unit-XXXXXX");
	if (!mkdtemp(c->dir) || chdir(c->dir))
		return -1;
	client_at(c, "home");
	client_file(c, "none", "\n");
	client_file(c, "device", "a device's words\n");
	client_file(c, "root", "a root's words\nnever read\n");
	setenv("HOTLINE_PASSPHRASE_FILE", "none", 1);
	setenv("HOTLINE_ROOT_PASSPHRASE_FILE", "root", 1);
	*state = c;
	return 0;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

int client_end(void **state)
{
	struct client *c = *state;
	int failed = chdir("/") || nftw(c->dir, drop, 16, FTW_DEPTH | FTW_PHYS);

	free(c);
	return failed;
}

void client_at(struct client *c, const char *name)
{
	snprintf(c->home, sizeof(c->home), "%s/%s", c->dir, name);
	setenv("HOTLINE_HOME", c->home, 1);
}

void client_file(struct client *c, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Sends a stream into a file of the test's directory; what it was before comes back. */
static int divert(FILE *stream, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), kept;

	fflush(stream);
	kept = dup(fileno(stream));
	assert_true(fd >= 0 && kept >= 0);
	dup2(fd, fileno(stream));
	close(fd);
	return kept;
}

static void restore(FILE *stream, int kept, const char *path, char *into, size_t size)
{
	FILE *f;
	size_t n;

	fflush(stream);
	dup2(kept, fileno(stream));
	close(kept);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(into, 1, size - 1, f);
	into[n] = 0;
	fclose(f);
}

static int run_list(struct client *c, va_list *list)
{
	char program[] = "hotline", *argv[WORDS_MAX + 1] = {program}, *copies[WORDS_MAX];
	int argc = 1, out, err, copied = 0;
	const char *word;
	enum hl_exit code;
	struct hl_app app;

	while (argc < WORDS_MAX && (word = va_arg(*list, const char *)))
		argv[argc++] = copies[copied++] = strdup(word);
	out = divert(stdout, "said.out");
	err = divert(stderr, "said.err");
	code = hl_app_init(&app);
	if (!code)
		code = hl_dispatch(&app, argc, argv);
	hl_app_clear(&app);
	restore(stdout, out, "said.out", c->out, sizeof(c->out));
	restore(stderr, err, "said.err", c->err, sizeof(c->err));
	while (copied > 0)
		free(copies[--copied]);
	return (int)code;
}

int client_run(struct client *c, ...)
{
	va_list list;
	int code;

	va_start(list, c);
	code = run_list(c, &list);
	va_end(list);
	return code;
}

void client_wanted(const char *file, int line, int code, struct client *c, ...)
{
	va_list list;
	int got;

	va_start(list, c);
	got = run_list(c, &list);
	va_end(list);
	if (got != code) {
		fprintf(stderr, "%s:%d: ended with %d, not %d\n%s%s", file, line, got,
			code, c->out, c->err);
		fail();
	}
}

void client_json(const struct client *c, const char *name, char ret[static 256])
{
	json_t *doc = json_loads(c->out, 0, NULL);
	const char *value = json_string_value(json_object_get(doc, name));

	assert_non_null(value);
	snprintf(ret, 256, "%s", value);
	json_decref(doc);
}

void client_open(struct client *c, struct hl_app *ret)
{
	(void)c;
	assert_int_equal(hl_app_init(ret), HL_EXIT_OK);
	assert_int_equal(hl_app_open(ret, false, NULL), HL_EXIT_OK);
	assert_int_equal(hl_keyring_open(ret), HL_EXIT_OK);
}
