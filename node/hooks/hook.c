#include "node/hooks/hook.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY_FD 10 /* where curl finds the body */

void hook_die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(1);
}

json_t *hook_read(const char *schema)
{
	json_error_t error;
	json_t *doc = json_loadf(stdin, 0, &error);

	if (doc == NULL)
		hook_die("standard input is no JSON: %s", error.text);
	if (!hook_is(doc, "schema", schema))
		hook_die("standard input is no %s", schema);
	return doc;
}

const char *hook_text(const json_t *doc, const char *name)
{
	const char *text = json_string_value(json_object_get(doc, name));

	return text != NULL ? text : "";
}

bool hook_is(const json_t *doc, const char *name, const char *text)
{
	return strcmp(hook_text(doc, name), text) == 0;
}

bool hook_is_over(const json_t *doc)
{
	return hook_is(doc, "event", "answered") || hook_is(doc, "event", "closed") ||
		hook_is(doc, "state", "up") || hook_is(doc, "state", "closed") ||
		hook_is(doc, "state", "recovered") || hook_is(doc, "state", "back") ||
		hook_is(doc, "state", "passed");
}

unsigned hook_urgency(const json_t *doc)
{
	if (hook_is_over(doc) || hook_is(doc, "precedence", "ROUTINE") ||
		hook_is(doc, "state", "reminder"))
		return 1;
	if (hook_is(doc, "precedence", "PRIORITY"))
		return 2;
	return hook_is(doc, "precedence", "FLASH") ? 4 : 3;
}

char *hook_secret(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (file == NULL)
		hook_die("%s: %s", path, strerror(errno));
	ssize_t n = getline(&line, &size, file);
	while (n > 0 && strchr(" \r\n", line[n - 1]) != NULL)
		line[--n] = '\0';
	if (n <= 0)
		hook_die("%s: its first line is empty", path);
	fclose(file);
	return line;
}

/* The text as a file in memory. */
static int file_of(const char *text)
{
	size_t n = strlen(text), at = 0;
	int fd = memfd_create("text", MFD_CLOEXEC);

	while (fd >= 0 && at < n) {
		ssize_t done = write(fd, text + at, n - at);
		if (done <= 0)
			hook_die("no memory: %s", strerror(errno));
		at += (size_t)done;
	}
	if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0)
		hook_die("no memory: %s", strerror(errno));
	return fd;
}

static int run(char *const *argv, int input, int body)
{
	int state = 0;

	fflush(NULL);
	signal(SIGCHLD, SIG_DFL); /* it may have been ignored by whoever started this */
	pid_t pid = fork();
	if (pid == 0) {
		if (dup2(input, STDIN_FILENO) >= 0 &&
			(body < 0 || dup2(body, BODY_FD) >= 0)) {
			execvp(argv[0], argv);
			fprintf(stderr, "%s cannot be run: %s\n", argv[0],
				strerror(errno));
		}
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &state, 0) != pid)
		hook_die("%s cannot be run: %s", argv[0], strerror(errno));
	return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

int hook_run(char *const *argv, const char *text)
{
	return run(argv, file_of(text), -1);
}

/* An option of curl's configuration file, quoted as it wants it. */
static void option(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s = \"", name);
	for (; *value != '\0'; value++) {
		if (*value == '\n' || *value == '\r')
			continue;
		if (*value == '"' || *value == '\\')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputs("\"\n", out);
}

int hook_post(const char *url, const char *const *headers, const char *body)
{
	char name[] = "curl", no_file[] = "-q", config[] = "-K", input[] = "-";
	char *const argv[] = {name, no_file, config, input, NULL};
	char *text = NULL, at_body[32];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		hook_die("no memory");
	/* All of it on standard input: keys are not for the list of processes. */
	fputs("silent\nshow-error\nfail\nmax-time = 25\nconnect-timeout = 10\n", out);
	/* A body that was sent elsewhere, and lost there, is no page: a redirect is an error. */
	fputs("location\nmax-redirs = 0\n", out);
	fputs("output = \"/dev/null\"\nproto = \"=http,https\"\nrequest = \"POST\"\n",
		out);
	option(out, "url", url);
	for (size_t i = 0; headers[i] != NULL; i++)
		option(out, "header", headers[i]);
	snprintf(at_body, sizeof(at_body), "@/dev/fd/%d", BODY_FD);
	option(out, "data-binary", at_body);
	if (fclose(out) != 0)
		hook_die("no memory");
	int status = run(argv, file_of(text), file_of(body));
	free(text);
	return status == 0 ? 0 : 1;
}
