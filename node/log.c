#include "node/log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BURST     10
#define REFILL_MS 10000
#define CAUSES    128

/* How much one cause may still say. */
struct cause {
	uint64_t key; /* 0: free */
	uint64_t filled, used;
	unsigned tokens, left_out;
};

/* One process has one standard error: the only state of the daemon outside its objects. */
static struct {
	int level;
	enum hl_log_style style;
	struct cause causes[CAUSES];
} output = {.level = LOG_INFO};

static const char *const names[] = {
	"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"};

void hl_log_open(int level)
{
	output.level = level;
}

void hl_log_style(enum hl_log_style style)
{
	output.style = style;
}

static uint64_t boot_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The cause's place: its own, or that of the one that has been silent longest. */
static struct cause *find(uint64_t key, uint64_t now)
{
	struct cause *oldest = output.causes;

	for (size_t i = 0; i < CAUSES; i++) {
		struct cause *c = &output.causes[i];
		if (c->key == key)
			return c;
		if (c->used < oldest->used)
			oldest = c;
	}
	*oldest = (struct cause){.key = key, .filled = now, .tokens = BURST};
	return oldest;
}

/* True if the cause may speak; *ret_left_out is what it would have said meanwhile. */
static bool may_speak(uint64_t key, unsigned *ret_left_out)
{
	uint64_t now = boot_ms();
	struct cause *c = find(key, now);
	uint64_t fresh = (now - c->filled) / REFILL_MS;

	c->used = now;
	if (fresh > 0) {
		c->filled += fresh * REFILL_MS;
		c->tokens =
			fresh + c->tokens > BURST ? BURST : c->tokens + (unsigned)fresh;
	}
	if (c->tokens == 0) {
		c->left_out++;
		return false;
	}
	c->tokens--;
	*ret_left_out = c->left_out;
	c->left_out = 0;
	return true;
}

/* Length of the UTF-8 character at s, or 0 where there is none. */
static size_t character(const unsigned char *s, uint32_t *ret)
{
	size_t n = s[0] < 0x80 ? 1
		: s[0] < 0xc2  ? 0
		: s[0] < 0xe0  ? 2
		: s[0] < 0xf0  ? 3
		: s[0] < 0xf5  ? 4
			       : 0;
	uint32_t c = n == 1 ? s[0] : s[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((n == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) ||
		(n == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	*ret = c;
	return n;
}

/* What would move the cursor, end the line or turn the writing round. */
static bool is_plain(uint32_t c)
{
	return !(c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e ||
		c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2066 && c <= 0x2069) || c == 0xfeff);
}

/* Appends the text with everything escaped that is not plain; cuts it where there is no room. */
static size_t escape(const char *text, char *ret, size_t room)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t at = 0;

	while (*s) {
		uint32_t c = 0;
		size_t n = character(s, &c);
		bool plain = n > 0 && is_plain(c);
		size_t needs = plain ? n : 4;

		if (at + needs >= room)
			break;
		if (plain)
			memcpy(ret + at, s, n);
		else
			snprintf(ret + at, 5, "\\x%02x", *s);
		at += needs;
		s += plain ? n : 1;
	}
	return at;
}

static size_t prefix(int priority, char *ret, size_t room)
{
	bool timed = output.style == HL_LOG_TIME ||
		(output.style == HL_LOG_AUTO && isatty(STDERR_FILENO));
	struct timespec now;
	struct tm tm;
	char stamp[32];

	if (!timed)
		return (size_t)snprintf(ret, room, "<%d>", priority);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%SZ", &tm);
	return (size_t)snprintf(ret, room, "%s %s: ", stamp, names[priority]);
}

static void put(int priority, uint64_t key, const char *text)
{
	char line[HL_LOG_LINE_MAX + 1], tail[64] = "";
	unsigned left_out = 0;
	size_t n;

	if (priority > LOG_CRIT && !may_speak(key ? key : 1, &left_out))
		return;
	if (left_out > 0)
		snprintf(tail, sizeof(tail), " (%u more like this were left out)",
			left_out);
	n = prefix(priority, line, sizeof(line));
	n += escape(text, line + n, HL_LOG_LINE_MAX - n - strlen(tail));
	memcpy(line + n, tail, strlen(tail));
	n += strlen(tail);
	line[n++] = '\n';
	/* One write, so that records never mix. Nobody can be told when it fails. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

static int clamp(int priority)
{
	return priority < LOG_EMERG    ? LOG_EMERG
		: priority > LOG_DEBUG ? LOG_DEBUG
				       : priority;
}

void hl_log_write(int priority, const char *format, ...)
{
	char text[HL_LOG_LINE_MAX];
	va_list list;

	priority = clamp(priority);
	if (priority > output.level)
		return;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	put(priority, (uint64_t)(uintptr_t)format, text);
}

/* FNV-1a over the words that hold no digit: ids, addresses and counts make no new cause. */
static uint64_t cause_of(const char *text)
{
	uint64_t key = 0xcbf29ce484222325u;

	while (*text) {
		size_t n = strcspn(text, " ");
		bool digit = false;

		for (size_t i = 0; i < n; i++)
			digit = digit || isdigit((unsigned char)text[i]);
		for (size_t i = 0; i < n && !digit; i++)
			key = (key ^ (unsigned char)text[i]) * 0x100000001b3u;
		key = (key ^ ' ') * 0x100000001b3u;
		text += n + (text[n] != '\0');
	}
	return key;
}

void hl_log_line(int priority, const char *text)
{
	priority = clamp(priority);
	if (priority <= output.level)
		put(priority, cause_of(text), text);
}
