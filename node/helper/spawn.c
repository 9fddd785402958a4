/* One program: fixed words, JSON on its standard input, a clean environment, a time limit. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/disk.h"
#include "node/helper/helper.h"

#define CODE_LATE   124 /* as timeout(1) says it */
#define CODE_SIGNAL 128
#define CODE_ABSENT 127

/* The JSON in memory, read from its beginning; -1 with errno. */
static int input_of(const struct hl_hook_run *run)
{
	json_t *doc = hl_hook_json(run);
	char *text = json_dumps(doc, JSON_COMPACT | JSON_ENSURE_ASCII);
	int fd = text != NULL ? memfd_create("hook", MFD_CLOEXEC) : -1;
	size_t n = text != NULL ? strlen(text) : 0;

	if (text == NULL)
		errno = ENOMEM;
	if (fd >= 0 &&
		(write(fd, text, n) != (ssize_t)n || write(fd, "\n", 1) != 1 ||
			lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		fd = -1;
	}
	free(text);
	json_decref(doc);
	return fd;
}

_Noreturn static void become(char *const *argv, int input, int output)
{
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char lang[] = "LANG=C.UTF-8", home[] = "HOME=/";
	char *const environment[] = {path, lang, home, NULL};
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	if (dup2(input, STDIN_FILENO) == STDIN_FILENO &&
		dup2(output, STDOUT_FILENO) == STDOUT_FILENO &&
		dup2(output, STDERR_FILENO) == STDERR_FILENO) {
		closefrom(STDERR_FILENO + 1);
		execve(argv[0], argv, environment);
		dprintf(STDERR_FILENO, "%s cannot be run: %s\n", argv[0],
			strerror(errno));
	}
	_exit(CODE_ABSENT);
}

int hl_child_start(const struct hl_hook_program *program, const struct hl_hook_run *run,
	uint64_t now, struct hl_child *ret)
{
	int input HL_CLEAN_FD = input_of(run);
	int ends[2];

	if (input < 0 || pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		become(program->argv, input, ends[1]);
	int error = errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error;
	}
	setpgid(pid, pid); /* whichever of the two comes first */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*ret = (struct hl_child){.pid = pid,
		.output = ends[0],
		.deadline = now + program->timeout * 1000ull,
		.timeout = program->timeout,
		.run = *run};
	return 0;
}

void hl_child_read(struct hl_child *child)
{
	char chunk[1024];
	ssize_t n;

	while (child->output >= 0 &&
		(n = read(child->output, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		size_t take = (size_t)n, room = sizeof(child->tail);
		const char *from = chunk;
		if (take > room) {
			from += take - room;
			take = room;
		}
		if (child->n_tail + take > room) {
			size_t gone = child->n_tail + take - room;
			memmove(child->tail, child->tail + gone, child->n_tail - gone);
			child->n_tail -= gone;
		}
		memcpy(child->tail + child->n_tail, from, take);
		child->n_tail += take;
	}
	if (child->output >= 0)
		close(child->output);
	child->output = -1;
}

void hl_child_kill(struct hl_child *child)
{
	child->late = true;
	kill(-child->pid, SIGKILL);
}

/* Its last words as one line of ASCII. */
static void quote(const struct hl_child *child, char *ret, size_t size)
{
	size_t n = child->n_tail, from, at = 0;

	while (n > 0 && strchr(" \r\n", child->tail[n - 1]) != NULL)
		n--;
	from = n + 1 > size ? n + 1 - size : 0;
	for (; from < n; from++) {
		char c = child->tail[from];
		if (c == '\n')
			c = '|';
		ret[at++] = (char)(c >= ' ' && c < 127 ? c : '?');
	}
	ret[at] = '\0';
}

bool hl_child_reap(struct hl_child *child, uint64_t *ret_code,
	char ret_text[static HL_HOOK_TEXT_MAX + 1])
{
	siginfo_t info = {.si_pid = 0};
	char said[160];
	uint64_t code;

	if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
		info.si_pid == 0)
		return false;
	/* What it has started ends with it; its id is its own until it is reaped. */
	kill(-child->pid, SIGKILL);
	waitid(P_PID, (id_t)child->pid, &info, WEXITED);
	hl_child_read(child);
	if (child->output >= 0)
		close(child->output);
	quote(child, said, sizeof(said));
	const char *gap = said[0] != '\0' ? ": " : "";
	if (child->late) {
		code = CODE_LATE;
		snprintf(ret_text, HL_HOOK_TEXT_MAX + 1,
			"ended after its time limit of %u s%s%s", child->timeout, gap,
			said);
	} else if (info.si_code == CLD_EXITED) {
		code = (uint64_t)info.si_status;
		snprintf(ret_text, HL_HOOK_TEXT_MAX + 1, "exit status %d%s%s",
			info.si_status, gap, said);
	} else {
		code = CODE_SIGNAL + (uint64_t)info.si_status;
		snprintf(ret_text, HL_HOOK_TEXT_MAX + 1, "ended by signal %d%s%s",
			info.si_status, gap, said);
	}
	*ret_code = code;
	child->pid = 0;
	return true;
}
