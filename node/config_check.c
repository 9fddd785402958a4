#include "node/config_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "node/disk.h"

#define ADDRESS_MAX 255
#define LETTERS     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS      "0123456789"

static const struct {
	const char *name;
	int level;
} levels[] = {{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
	{"info", LOG_INFO}, {"debug", LOG_DEBUG}};

/* Where the scanner stands: within which quotes or comment. */
enum place {
	PLACE_BARE,
	PLACE_DOUBLE,
	PLACE_SINGLE,
	PLACE_LINE_COMMENT,
	PLACE_COMMENT,
};

/* Two slashes within a word, as in a path, belong to it. */
static bool is_between(struct hl_view text, size_t at)
{
	return at == 0 || strchr(" \t\n={}()+,\"'", text.p[at - 1]) != NULL;
}

/* Follows libConfuse's own rules for quotes and comments; *at may be moved past an escape. */
static enum place next_place(enum place place, struct hl_view text, size_t *at)
{
	char c = (char)text.p[*at], d = *at + 1 < text.n ? (char)text.p[*at + 1] : '\0';

	switch (place) {
	case PLACE_BARE:
		if (c == '#' || (c == '/' && d == '/' && is_between(text, *at)))
			return PLACE_LINE_COMMENT;
		if (c == '/' && d == '*')
			return PLACE_COMMENT;
		return c == '"' ? PLACE_DOUBLE : c == '\'' ? PLACE_SINGLE : PLACE_BARE;
	case PLACE_DOUBLE:
		if (c == '\\' && d != '\n' && d != '\0')
			++*at;
		return c == '"' ? PLACE_BARE : PLACE_DOUBLE;
	case PLACE_SINGLE:
		if (c == '\\' && d != '\n' && d != '\0')
			++*at;
		return c == '\'' ? PLACE_BARE : PLACE_SINGLE;
	case PLACE_LINE_COMMENT: return c == '\n' ? PLACE_BARE : PLACE_LINE_COMMENT;
	case PLACE_COMMENT:
		if (c != '*' || d != '/')
			return PLACE_COMMENT;
		++*at;
		return PLACE_BARE;
	}
	return place;
}

static const char *characters_check(struct hl_view text, unsigned *ret_line)
{
	size_t start = 0;
	unsigned line = 1;

	for (size_t i = 0; i <= text.n; i++) {
		if (i < text.n && text.p[i] != '\n')
			continue;
		*ret_line = line++;
		if (!hl_text_ok(hl_view_of(text.p + start, i - start), HL_TEXT_BLOCK))
			return "the text must be UTF-8 without control characters (and lines end "
			       "in LF alone)";
		start = i + 1;
	}
	return NULL;
}

const char *hl_config_text_check(struct hl_view text, unsigned *ret_line)
{
	enum place place = PLACE_BARE, next;
	unsigned line = 1, braces = 0, brace_line = 0, place_line = 0;
	const char *wrong = characters_check(text, ret_line);

	for (size_t i = 0; i < text.n && !wrong; i++) {
		char c = (char)text.p[i];

		*ret_line = line;
		line += c == '\n';
		/* libConfuse would put variables of the environment in. */
		if ((place == PLACE_BARE || place == PLACE_DOUBLE) && c == '$' &&
			i + 1 < text.n && text.p[i + 1] == '{')
			return "\"${\" is not taken: nothing is put in from the environment; "
			       "write the value itself, or put it in single quotes";
		next = next_place(place, text, &i);
		if (place == PLACE_BARE && next != PLACE_BARE)
			place_line = *ret_line;
		if (place == PLACE_BARE && c == '{' && braces++ == 0)
			brace_line = *ret_line;
		if (place == PLACE_BARE && c == '}' && braces > 0)
			braces--;
		place = next;
	}
	/* libConfuse takes the end of the file for the end of all that is open. */
	bool open = place != PLACE_BARE && place != PLACE_LINE_COMMENT;
	if (wrong || (!open && braces == 0))
		return wrong;
	*ret_line = open ? place_line : brace_line;
	return "what begins here (a brace, quotes, a comment) is never closed";
}

static bool is_comment(enum place place)
{
	return place == PLACE_COMMENT || place == PLACE_LINE_COMMENT;
}

void hl_config_text_blank(struct hl_buf *text)
{
	enum place place = PLACE_BARE, before;

	for (size_t i = 0; i < text->n; i++) {
		size_t from = i;
		before = place;
		place = next_place(before, hl_view_buf(text), &i);
		for (; (is_comment(before) || is_comment(place)) && from <= i; from++)
			if (text->p[from] != '\n')
				text->p[from] = ' ';
	}
}

/* The port behind the last colon. */
static bool port_ok(const char *port, bool any_port)
{
	size_t n = strlen(port);
	unsigned long number = strtoul(port, NULL, 10);

	return n >= 1 && n <= 5 && strspn(port, DIGITS) == n && number <= 65535 &&
		(number > 0 || any_port);
}

/* Splits "host:port" or "[ipv6]:port"; ret_host has room for ADDRESS_MAX + 1. */
static bool split(const char *address, bool any_port, char *ret_host, bool *ret_six)
{
	const char *colon = strrchr(address, ':');
	size_t n;

	if (!colon || strlen(address) > ADDRESS_MAX || !port_ok(colon + 1, any_port))
		return false;
	n = (size_t)(colon - address);
	*ret_six = address[0] == '[';
	if (*ret_six) {
		if (n < 3 || address[n - 1] != ']')
			return false;
		address++;
		n -= 2;
	}
	memcpy(ret_host, address, n);
	ret_host[n] = '\0';
	return n > 0;
}

bool hl_address_ok(const char *address, bool any_port)
{
	char host[ADDRESS_MAX + 1];
	struct in6_addr six;
	bool is_six;

	if (!split(address, any_port, host, &is_six))
		return false;
	if (is_six)
		return inet_pton(AF_INET6, host, &six) == 1;
	return strspn(host, LETTERS DIGITS ".-_") == strlen(host) && host[0] != '-' &&
		host[0] != '.';
}

const char *hl_config_listen_check(const char *value)
{
	static const char allowed[] =
		"is no address to listen on: an IP address and a port, "
		"192.0.2.7:" HL_NODE_PORT_TEXT ", 0.0.0.0:" HL_NODE_PORT_TEXT
		" or [::]:" HL_NODE_PORT_TEXT;
	char host[ADDRESS_MAX + 1];
	struct in6_addr any;
	bool six;

	if (!split(value, false, host, &six))
		return allowed;
	return inet_pton(six ? AF_INET6 : AF_INET, host, &any) == 1 ? NULL : allowed;
}

const char *hl_config_address_check(const char *value)
{
	return hl_address_ok(value, false) ? NULL
					   : "is no address: host:port or [ipv6]:port, "
					     "hotline.lab-b.example:" HL_NODE_PORT_TEXT;
}

const char *hl_config_network_check(const char *value)
{
	struct hl_view view = hl_view_str(value);

	return view.n >= 1 && view.n <= HL_NETWORK_MAX && hl_text_ok(view, HL_TEXT_LINE)
		? NULL
		: "is no network's name: one line of 1 to 64 bytes";
}

const char *hl_config_path_check(const char *value)
{
	size_t n = strlen(value);

	return n >= 1 && n < 4000 && !strchr(value, '\n')
		? NULL
		: "is no path: one line, not empty; from the directory of this file where it does "
		  "not begin with /";
}

const char *hl_config_socket_mode_check(const char *value)
{
	size_t n = strlen(value);
	bool octal = n >= 3 && n <= 4 && strspn(value, "01234567") == n &&
		(n == 3 || value[0] == '0');

	return octal && (hl_config_socket_mode(value) & 0111) == 0 &&
			(hl_config_socket_mode(value) & 0600) == 0600
		? NULL
		: "is no mode of a socket: 0600 (this user), 0660 (and the group) or 0666 (all)";
}

unsigned hl_config_socket_mode(const char *value)
{
	return (unsigned)strtoul(value, NULL, 8);
}

const char *hl_config_user_check(const char *value)
{
	size_t n = strlen(value);

	return n >= 1 && n <= 32 && strspn(value, LETTERS DIGITS "._-") == n &&
			value[0] != '-'
		? NULL
		: "is no user's name";
}

const char *hl_config_level_check(const char *value)
{
	return hl_config_level(value) >= 0
		? NULL
		: "is no level: error, warning, notice, info, debug";
}

int hl_config_level(const char *value)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(value, levels[i].name) == 0)
			return levels[i].level;
	return -1;
}

const char *hl_config_peer_check(const char *value)
{
	uint8_t id[HL_ID_SIZE];

	return hl_label_ok(hl_view_str(value)) ||
			hl_hex_decode(value, HL_ID_SIZE, id) == HL_OK
		? NULL
		: "is no peer: its name in your directory (1 to 32 of a-z 0-9 - .), or its lab id "
		  "in 64 hexadecimal digits";
}

int hl_config_psk_read(const char *path, struct hl_key32 *ret)
{
	static const uint8_t zeros[HL_KEY_SIZE];
	struct hl_key32 psk HL_CLEAN_KEY32 = {0};
	struct hl_buf text HL_CLEAN_BUF = {0};
	int error = hl_disk_read(AT_FDCWD, path, 256, true, &text);

	if (error)
		return error;
	while (text.n > 0 && strchr(" \t\r\n", text.p[text.n - 1]))
		text.n--;
	if (text.n != 2 * HL_KEY_SIZE)
		return EINVAL;
	if (hl_buf_append(&text, hl_view_of("", 1)))
		return ENOMEM;
	if (hl_hex_decode((const char *)text.p, HL_KEY_SIZE, psk.b) != HL_OK ||
		hl_bytes_eq_secret(psk.b, zeros, HL_KEY_SIZE))
		return EINVAL;
	*ret = psk;
	return 0;
}
