#include "node/helper/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "node/log.h"
#include "protocol/hotline.h"

#define NODE_FD      3
#define CHILDREN_MAX 48
#define PAGES_MAX    HL_HOOKS_MAX
#define CODE_NO_HOOK 125
#define CODE_NO_ROOM 126

/* A ring of the helper's own, until it has gone well. */
struct page {
	struct hl_hook_run run;
	bool open, runs;
	uint64_t at;
};

struct helper {
	int signals;
	struct hl_buf in;
	struct hl_hook_programs programs;
	struct hl_child child[CHILDREN_MAX];
	struct page page[PAGES_MAX];
	uint64_t heard;      /* when the node said something last */
	bool armed;          /* it has said which hooks there are */
	bool silent;         /* and then nothing for too long */
	bool ended, goodbye; /* it has gone; after saying so */
};

static uint64_t clock_ms(clockid_t id)
{
	struct timespec t = {0};

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Not the clock that runs through a suspend: the node slept too. */
static uint64_t now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static const struct hl_hook_program *find(const struct helper *h, const char *name)
{
	for (size_t i = 0; i < h->programs.n; i++)
		if (strcmp(h->programs.list[i].hook.name, name) == 0)
			return &h->programs.list[i];
	return NULL;
}

/* Tells the node; one that does not read finds it out by itself. */
static void tell_done(
	struct helper *h, const struct hl_id *key, uint64_t code, const char *text)
{
	struct hl_wire wire = {.type = HL_WIRE_DONE, .key = *key, .code = code};
	struct hl_buf bytes HL_CLEAN_BUF = {0};

	snprintf(wire.text, sizeof(wire.text), "%s", text);
	if (h->ended || hl_wire_write(&wire, &bytes) != HL_OK)
		return;
	struct pollfd ready = {.fd = NODE_FD, .events = POLLOUT};
	for (size_t at = 0; at < bytes.n && poll(&ready, 1, 1000) == 1;) {
		ssize_t n = send(
			NODE_FD, bytes.p + at, bytes.n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		at += n > 0 ? (size_t)n : 0;
	}
}

/* Why it could not be started, or 0. */
static uint64_t start(
	struct helper *h, const struct hl_hook_run *run, char text[HL_HOOK_TEXT_MAX + 1])
{
	const struct hl_hook_program *program = find(h, run->hook);
	size_t place = 0;

	if (program == NULL) {
		snprintf(text, HL_HOOK_TEXT_MAX, "there is no hook of this name");
		return CODE_NO_HOOK;
	}
	while (place < CHILDREN_MAX && h->child[place].pid != 0)
		place++;
	int error = place == CHILDREN_MAX
		? EAGAIN
		: hl_child_start(program, run, now_ms(), &h->child[place]);
	if (error == 0)
		return 0;
	snprintf(text, HL_HOOK_TEXT_MAX, "it could not be started: %s", strerror(error));
	return CODE_NO_ROOM;
}

static void take_run(struct helper *h, struct hl_view bytes)
{
	char text[HL_HOOK_TEXT_MAX + 1];
	struct hl_hook_run run;

	if (hl_hook_decode(bytes, &run) != HL_OK) {
		hl_log_write(LOG_ERR, "helper: an order that cannot be read");
		return;
	}
	uint64_t code = start(h, &run, text);
	if (code != 0)
		tell_done(h, &run.key, code, text);
}

/* The node is silent (1), dead (2) or back (0): every hook that wants to know. */
static void ring(struct helper *h, uint64_t value)
{
	uint64_t wall = clock_ms(CLOCK_REALTIME);

	for (size_t i = 0; i < h->programs.n && i < PAGES_MAX; i++) {
		const struct hl_hook_program *program = &h->programs.list[i];
		struct page *page = &h->page[i];
		if ((program->hook.events & 1u << HL_HOOK_NODE_SILENT) == 0 ||
			program->hook.exercise)
			continue;
		/* The newest word on the node replaces one that has not got through. */
		memset(page, 0, sizeof(*page));
		page->open = true;
		page->at = now_ms();
		page->run.event = HL_HOOK_NODE_SILENT;
		page->run.time = wall;
		page->run.value = value;
		page->run.own = h->programs.lab;
		memcpy(page->run.own_name, h->programs.lab_name,
			sizeof(page->run.own_name));
		memcpy(page->run.hook, program->hook.name, sizeof(page->run.hook));
		const struct hl_view parts[] = {hl_view_str("hotline.helper"),
			hl_view_of((const uint8_t *)&wall, sizeof(wall)),
			hl_view_of((const uint8_t *)&value, sizeof(value)),
			hl_view_str(page->run.hook)};
		hl_sha256(parts, sizeof(parts) / sizeof(parts[0]), &page->run.key);
	}
}

static struct page *page_of(struct helper *h, const struct hl_id *key)
{
	for (size_t i = 0; i < PAGES_MAX; i++)
		if (h->page[i].open && hl_id_eq(&h->page[i].run.key, key))
			return &h->page[i];
	return NULL;
}

static void page_done(struct page *page, uint64_t code, const char *text)
{
	unsigned shift = page->run.attempt < 6 ? (unsigned)page->run.attempt : 5;

	hl_log_write(code == 0 ? LOG_NOTICE : LOG_ERR, "helper: hook %s, attempt %u: %s",
		page->run.hook, (unsigned)page->run.attempt, text);
	page->runs = false;
	page->at = now_ms() + (1000ull << shift);
	page->open = code != 0 && page->run.attempt < HL_HOOK_ATTEMPTS_MAX;
}

static void pages(struct helper *h)
{
	char text[HL_HOOK_TEXT_MAX + 1];

	for (size_t i = 0; i < PAGES_MAX; i++) {
		struct page *page = &h->page[i];
		if (!page->open || page->runs || page->at > now_ms())
			continue;
		page->run.attempt++;
		page->runs = true;
		uint64_t code = start(h, &page->run, text);
		if (code != 0)
			page_done(page, code, text);
	}
}

static void children(struct helper *h)
{
	char text[HL_HOOK_TEXT_MAX + 1];
	uint64_t code;

	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct hl_child *child = &h->child[i];
		if (child->pid == 0)
			continue;
		hl_child_read(child);
		if (!child->late && now_ms() >= child->deadline)
			hl_child_kill(child);
		if (!hl_child_reap(child, &code, text))
			continue;
		struct page *page = page_of(h, &child->run.key);
		if (page != NULL)
			page_done(page, code, text);
		else if (child->run.event != HL_HOOK_NODE_SILENT)
			tell_done(h, &child->run.key, code, text);
	}
}

static void take(struct helper *h, struct hl_wire *wire)
{
	switch (wire->type) {
	case HL_WIRE_HOOKS:
		hl_hook_programs_clear(&h->programs);
		h->programs = wire->hooks;
		memset(&wire->hooks, 0, sizeof(wire->hooks));
		h->armed = true;
		break;
	case HL_WIRE_RUN: take_run(h, wire->run); break;
	case HL_WIRE_BYE: h->goodbye = true; break;
	case HL_WIRE_BEAT:
	case HL_WIRE_DONE: break;
	}
}

static void heard(struct helper *h)
{
	h->heard = now_ms();
	if (h->silent) {
		hl_log_write(LOG_NOTICE, "helper: the node is back");
		ring(h, 0);
	}
	h->silent = false;
}

static void listen_node(struct helper *h)
{
	uint8_t chunk[16384];
	ssize_t n = recv(NODE_FD, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0 || hl_buf_append(&h->in, hl_view_of(chunk, (size_t)n)) != HL_OK) {
		h->ended = true;
		return;
	}
	heard(h);
	for (;;) {
		struct hl_wire wire HL_CLEAN_WIRE = {.type = HL_WIRE_BEAT};
		size_t used = 0;
		enum hl_status status = hl_wire_read(hl_view_buf(&h->in), &wire, &used);
		if (status == HL_UNKNOWN)
			return;
		if (status != HL_OK) {
			hl_log_write(
				LOG_CRIT, "helper: the node says what nobody can read");
			h->ended = true;
			return;
		}
		take(h, &wire);
		memmove(h->in.p, h->in.p + used, h->in.n - used);
		h->in.n -= used;
	}
}

/* How long to sleep: until something may have to be done. */
static int pause_of(const struct helper *h)
{
	uint64_t now = now_ms(), at = now + 60000;

	if (h->armed && !h->silent && !h->ended && h->heard + HL_WIRE_DEAD_MS < at)
		at = h->heard + HL_WIRE_DEAD_MS;
	for (size_t i = 0; i < PAGES_MAX; i++)
		if (h->page[i].open && !h->page[i].runs && h->page[i].at < at)
			at = h->page[i].at;
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (h->child[i].pid != 0 && !h->child[i].late &&
			h->child[i].deadline < at)
			at = h->child[i].deadline;
	return at > now ? (int)(at - now) : 0;
}

static void wait_once(struct helper *h)
{
	struct pollfd fds[CHILDREN_MAX + 2];
	struct signalfd_siginfo info;
	nfds_t n = 2;

	fds[0] = (struct pollfd){.fd = h->signals, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = h->ended ? -1 : NODE_FD, .events = POLLIN};
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (h->child[i].pid != 0 && h->child[i].output >= 0)
			fds[n++] = (struct pollfd){
				.fd = h->child[i].output, .events = POLLIN};
	if (poll(fds, n, pause_of(h)) < 0)
		return;
	while (read(h->signals, &info, sizeof(info)) == sizeof(info))
		;
	if (!h->ended && fds[1].revents != 0)
		listen_node(h);
	if (h->armed && !h->silent && !h->ended &&
		now_ms() >= h->heard + HL_WIRE_DEAD_MS) {
		hl_log_write(LOG_CRIT, "helper: the node has been silent for %u s",
			HL_WIRE_DEAD_MS / 1000);
		h->silent = true;
		ring(h, 1);
	}
}

static bool is_busy(const struct helper *h)
{
	bool busy = false;

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		busy = busy || h->child[i].pid != 0;
	for (size_t i = 0; i < PAGES_MAX; i++)
		busy = busy || h->page[i].open;
	return busy;
}

static bool prepare(struct helper *h)
{
	sigset_t set;

	/* Those of a terminal or a service manager are for the node: it says when to end. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "hotline-hooks", 0, 0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	h->heard = now_ms();
	h->signals = sigprocmask(SIG_BLOCK, &set, NULL) == 0
		? signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)
		: -1;
	return h->signals >= 0 && chdir("/") == 0;
}

static int run(void)
{
	struct helper *h = calloc(1, sizeof(*h));
	bool told = false;

	if (h == NULL || !prepare(h)) {
		hl_log_write(LOG_CRIT, "helper: it could not begin");
		free(h);
		return 1;
	}
	while (!h->ended || is_busy(h)) {
		wait_once(h);
		children(h);
		if (h->ended && !told && h->armed && !h->goodbye) {
			hl_log_write(LOG_CRIT, "helper: the node has died");
			ring(h, 2);
		}
		told = told || h->ended;
		pages(h);
	}
	hl_hook_programs_clear(&h->programs);
	hl_buf_clear(&h->in);
	free(h);
	return 0;
}

int hl_helper_start(void (*forget)(void *ctx), void *ctx, int *ret_fd)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return errno;
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0) {
		int error = errno;
		close(ends[0]);
		close(ends[1]);
		return error;
	}
	if (pid == 0) {
		forget(ctx);
		int fd = fcntl(ends[1], F_DUPFD, NODE_FD + 1);
		if (fd < 0 || dup3(fd, NODE_FD, O_CLOEXEC) != NODE_FD)
			_exit(1);
		closefrom(NODE_FD + 1);
		_exit(run());
	}
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*ret_fd = ends[0];
	return 0;
}
