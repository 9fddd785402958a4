#include "node/config.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "node/config_build.h"
#include "node/config_read.h"
#include "node/config_check.h"
#include "node/disk.h"

#define DRILL_SECONDS_MAX (366 * 24 * 3600)

static void reader_clear(struct reader *reader)
{
	hl_config_uses_clear(reader);
	free(reader->dir);
	for (size_t i = 0; i < reader->n_faults; i++)
		free(reader->faults[i].text);
}

static void string_free(char **s)
{
	free(*s);
}

static void confuse_free(cfg_t **cfg)
{
	if (*cfg)
		cfg_free(*cfg);
}

/* Keeps a fault, once. */
static void fault_add(struct reader *reader, int line, const char *format, va_list list)
{
	char *text;

	if (reader->n_faults == FAULTS_MAX || vasprintf(&text, format, list) < 0)
		return;
	for (size_t i = 0; i < reader->n_faults; i++) {
		if (reader->faults[i].line == line &&
			strcmp(reader->faults[i].text, text) == 0) {
			free(text);
			return;
		}
	}
	reader->faults[reader->n_faults++] = (struct fault){line, text};
}

void fault(struct reader *reader, int line, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fault_add(reader, line, format, list);
	va_end(list);
}

struct reader *reader_of(cfg_t *cfg)
{
	return cfg_getopt(cfg, READER)->simple_value.ptr
		? (struct reader *)cfg_getopt(cfg, READER)->simple_value.ptr
		: NULL;
}

/* libConfuse's callbacks. */

/* "a, b, c": what may stand in this section. */
static void list_options(const cfg_t *cfg, char *ret, size_t room)
{
	size_t at = 0;

	ret[0] = '\0';
	for (const cfg_opt_t *opt = cfg->opts; opt->name && at < room; opt++)
		if (strcmp(opt->name, READER) != 0)
			at += (size_t)snprintf(
				ret + at, room - at, "%s%s", at ? ", " : "", opt->name);
}

static void complain(cfg_t *cfg, const char *format, va_list list)
{
	struct reader *reader = reader_of(cfg);
	char allowed[512], title[128] = "";

	reader->unreadable = true;
	reader->line = cfg->line;
	if (cfg_title(cfg))
		snprintf(title, sizeof(title), " in %s \"%s\"", cfg_name(cfg),
			cfg_title(cfg));
	if (strcmp(format, "no such option '%s'") == 0) {
		list_options(cfg, allowed, sizeof(allowed));
		fault(reader, cfg->line, "no such option \"%s\"%s (%s)",
			va_arg(list, char *), title, allowed);
		return;
	}
	fault_add(reader, cfg->line, format, list);
}

/* Checks the value that was set last. */
static int check(cfg_t *cfg, cfg_opt_t *opt, const char *(*rule)(const char *value))
{
	const char *value = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	const char *allowed = value ? rule(value) : NULL;

	if (allowed)
		fault(reader_of(cfg), cfg->line, "%s \"%s\" %s", cfg_opt_name(opt), value,
			allowed);
	return 0;
}

static int check_network(cfg_t *cfg, cfg_opt_t *opt)
{
	return check(cfg, opt, hl_config_network_check);
}

static int check_path(cfg_t *cfg, cfg_opt_t *opt)
{
	return check(cfg, opt, hl_config_path_check);
}

static int check_socket_mode(cfg_t *cfg, cfg_opt_t *opt)
{
	return check(cfg, opt, hl_config_socket_mode_check);
}

static int check_user(cfg_t *cfg, cfg_opt_t *opt)
{
	return check(cfg, opt, hl_config_user_check);
}

static int check_level(cfg_t *cfg, cfg_opt_t *opt)
{
	return check(cfg, opt, hl_config_level_check);
}

static int check_listen(cfg_t *cfg, cfg_opt_t *opt)
{
	if (cfg_opt_size(opt) == HL_LISTEN_MAX + 1)
		fault(reader_of(cfg), cfg->line, "listen has room for %d addresses",
			HL_LISTEN_MAX);
	return check(cfg, opt, hl_config_listen_check);
}

static int check_address(cfg_t *cfg, cfg_opt_t *opt)
{
	if (cfg_opt_size(opt) == HL_PEER_ADDRESSES_MAX + 1)
		fault(reader_of(cfg), cfg->line, "address has room for %d addresses",
			HL_PEER_ADDRESSES_MAX);
	return check(cfg, opt, hl_config_address_check);
}

/* Empty: no socket. */
static int check_socket(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *value = cfg_opt_getstr(opt);
	struct sockaddr_un un;
	struct reader *reader = reader_of(cfg);

	if (!value[0])
		return 0;
	size_t n = strlen(value) + (value[0] == '/' ? 0 : strlen(reader->dir) + 1);
	if (n >= sizeof(un.sun_path))
		fault(reader, cfg->line,
			"socket \"%s\" has too long a path: %zu bytes are allowed", value,
			sizeof(un.sun_path) - 1);
	return check(cfg, opt, hl_config_path_check);
}

static int check_psk(cfg_t *cfg, cfg_opt_t *opt)
{
	struct reader *reader = reader_of(cfg);
	char *path HL_CLEAN(string_free) =
		hl_config_absolute(reader->dir, cfg_opt_getstr(opt));
	struct hl_key32 psk HL_CLEAN_KEY32 = {0};
	int error = path ? hl_config_psk_read(path, &psk) : ENOMEM;

	if (error)
		fault(reader, cfg->line, "psk-file \"%s\": %s", cfg_opt_getstr(opt),
			error == EINVAL ? "it must hold 64 hexadecimal digits, not all 0"
					: hl_disk_reason(error));
	return 0;
}

static int check_drill(cfg_t *cfg, cfg_opt_t *opt)
{
	long value = cfg_opt_getnint(opt, 0);

	if (value < 0 || value > DRILL_SECONDS_MAX)
		fault(reader_of(cfg), cfg->line,
			"%s %ld is out of bounds: 0 to %d seconds, 0 for never",
			cfg_opt_name(opt), value, DRILL_SECONDS_MAX);
	return 0;
}

/* Called at the end of a section: opt holds all of them, this one last. */
static int check_peer(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned n = cfg_opt_size(opt);
	const char *name = cfg_title(cfg_opt_getnsec(opt, n - 1));
	const char *allowed = hl_config_peer_check(name);

	if (allowed)
		fault(reader_of(cfg), cfg->line, "peer \"%s\" %s", name, allowed);
	return 0;
}

/* From the file's text to a configuration. */

static cfg_t *parse(struct reader *reader, const char *text)
{
	cfg_opt_t carrier = {.name = READER,
		.type = CFGT_PTR,
		.flags = CFGF_NODEFAULT,
		.simple_value = {.ptr = (void **)reader}};
	cfg_opt_t peer[] = {CFG_STR_LIST("address", NULL, CFGF_NODEFAULT),
		CFG_STR("psk-file", NULL, CFGF_NODEFAULT), carrier, CFG_END()};
	cfg_opt_t hook[] = {CFG_STR_LIST("command", NULL, CFGF_NODEFAULT),
		CFG_INT("timeout", 30, CFGF_NONE),
		CFG_STR_LIST("events", NULL, CFGF_NODEFAULT),
		CFG_BOOL("exercise", cfg_false, CFGF_NONE), carrier, CFG_END()};
	cfg_opt_t step[] = {CFG_STR("when", "call", CFGF_NONE),
		CFG_INT("after", 0, CFGF_NONE), CFG_INT("repeat", 0, CFGF_NONE),
		CFG_STR("hook", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("contacts", NULL, CFGF_NODEFAULT), carrier, CFG_END()};
	cfg_opt_t policy[] = {
		CFG_SEC("step", step, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		carrier, CFG_END()};
	cfg_opt_t person[] = {CFG_STR("quiet", NULL, CFGF_NODEFAULT), carrier, CFG_END()};
	cfg_opt_t drill[] = {CFG_INT("every", 3600, CFGF_NONE),
		CFG_INT("remind", 7 * 24 * 3600, CFGF_NONE), carrier, CFG_END()};
	cfg_opt_t options[] = {CFG_STR("network", "hotline", CFGF_NONE),
		CFG_STR("state-dir", "/var/lib/hotline", CFGF_NONE),
		CFG_STR_LIST("listen", NULL, CFGF_NODEFAULT),
		CFG_STR("socket", "", CFGF_NONE),
		CFG_STR("socket-mode", "0600", CFGF_NONE),
		CFG_STR("user", NULL, CFGF_NODEFAULT),
		CFG_BOOL("allow-root", cfg_false, CFGF_NONE),
		CFG_STR("log-level", "info", CFGF_NONE),
		CFG_SEC("peer", peer, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_SEC("hook", hook, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_SEC("policy", policy, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_SEC("person", person, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_SEC("drill", drill, CFGF_NONE), carrier, CFG_END()};
	hl_config_uses_clear(reader);
	cfg_t *cfg = cfg_init(options, CFGF_NONE);

	if (!cfg)
		return NULL;
	cfg_set_error_function(cfg, complain);
	cfg_set_validate_func(cfg, "network", check_network);
	cfg_set_validate_func(cfg, "state-dir", check_path);
	cfg_set_validate_func(cfg, "listen", check_listen);
	cfg_set_validate_func(cfg, "socket", check_socket);
	cfg_set_validate_func(cfg, "socket-mode", check_socket_mode);
	cfg_set_validate_func(cfg, "user", check_user);
	cfg_set_validate_func(cfg, "log-level", check_level);
	cfg_set_validate_func(cfg, "peer", check_peer);
	cfg_set_validate_func(cfg, "peer|address", check_address);
	cfg_set_validate_func(cfg, "peer|psk-file", check_psk);
	cfg_set_validate_func(cfg, "drill|every", check_drill);
	cfg_set_validate_func(cfg, "drill|remind", check_drill);
	hl_config_hook_checks(cfg);
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		reader->unreadable = true;
	return cfg;
}

/* Blanks a line that holds one whole setting, so that what follows can be read also. */
static bool blank_line(char *text, int line)
{
	for (; line > 1 && text; line--) {
		text = strchr(text, '\n');
		text += text != NULL;
	}
	if (!text)
		return false;
	size_t n = strcspn(text, "\n");
	const char *set = memchr(text, '=', n);
	int open = 0;
	for (size_t i = 0; i < n; i++) {
		open += (text[i] == '{') - (text[i] == '}');
		if (text[i] == '{' && (!set || text + i < set))
			return false;
	}
	if (!set || open != 0)
		return false;
	memset(text, ' ', n);
	return true;
}

/* libConfuse stops at the first thing that it cannot read: again without it, to find the others. */
static cfg_t *parse_all(struct reader *reader, char *text)
{
	for (;;) {
		reader->unreadable = false;
		reader->line = 0;
		cfg_t *cfg HL_CLEAN(confuse_free) = parse(reader, text);
		if (!cfg) {
			fault(reader, 0, "out of memory");
			return NULL;
		}
		if (!reader->unreadable && reader->n_faults == 0) {
			cfg_t *done = cfg;
			cfg = NULL;
			return done;
		}
		if (!reader->unreadable || !blank_line(text, reader->line))
			break;
	}
	if (reader->n_faults == 0)
		fault(reader, reader->line, "it cannot be read from here on");
	return NULL;
}

static int by_line(const void *a, const void *b)
{
	const struct fault *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

static void print_faults(struct reader *reader, FILE *errors)
{
	qsort(reader->faults, reader->n_faults, sizeof(reader->faults[0]), by_line);
	for (size_t i = 0; i < reader->n_faults; i++) {
		if (reader->faults[i].line > 0)
			fprintf(errors, "%s:%d: %s\n", reader->path,
				reader->faults[i].line, reader->faults[i].text);
		else
			fprintf(errors, "%s: %s\n", reader->path, reader->faults[i].text);
	}
}

/* The directory of the file, absolute. */
static char *directory_of(const char *path)
{
	char *real HL_CLEAN(string_free) = realpath(path, NULL);
	char *slash = real ? strrchr(real, '/') : NULL;

	if (!slash)
		return NULL;
	return strndup(real, slash == real ? 1 : (size_t)(slash - real));
}

static void read_text(struct reader *reader, struct hl_buf *text)
{
	int error = hl_disk_read(AT_FDCWD, reader->path, HL_CONFIG_SIZE_MAX, false, text);
	const char *wrong;
	unsigned line = 0;

	if (!error && !(reader->dir = directory_of(reader->path)))
		error = errno;
	if (error) {
		fault(reader, 0, "%s%s", hl_disk_reason(error),
			error == ENOENT
				? "; hotlined init writes one, -c FILE names another"
				: "");
		return;
	}
	wrong = hl_config_text_check(hl_view_buf(text), &line);
	hl_config_text_blank(text);
	if (wrong)
		fault(reader, (int)line, "%s", wrong);
	else if (hl_buf_append(text, hl_view_of("", 1)))
		fault(reader, 0, "out of memory");
}

int hl_config_read(const char *path, FILE *errors, struct hl_config *ret)
{
	struct reader reader HL_CLEAN(reader_clear) = {.path = path};
	struct hl_config config HL_CLEAN_CONFIG = {0};
	struct hl_buf text HL_CLEAN_BUF = {0};
	cfg_t *cfg HL_CLEAN(confuse_free) = NULL;

	read_text(&reader, &text);
	if (reader.n_faults == 0)
		cfg = parse_all(&reader, (char *)text.p);
	if (cfg)
		hl_config_uses_check(cfg, &reader);
	if (cfg && reader.n_faults == 0 && !hl_config_build(cfg, reader.dir, &config))
		fault(&reader, 0, "out of memory, or a psk-file has just changed");
	if (!cfg || reader.n_faults > 0) {
		print_faults(&reader, errors);
		return -1;
	}
	*ret = config;
	memset(&config, 0, sizeof(config));
	return 0;
}
