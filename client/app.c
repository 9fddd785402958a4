#include "client/app.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/db.h"
#include "client/docs.h"
#include "client/keyring.h"
#include "client/output.h"

#define CONF     "hotline.conf"
#define CONF_MAX 65536

/* A line for people, on standard error. On a terminal it is broken between words at 80 columns, so
 * that no word is cut in two; what goes to a file or a program stays one line. */
static void tell(const char *text)
{
	size_t column = 0;

	if (!isatty(STDERR_FILENO)) {
		fprintf(stderr, "%s\n", text);
		return;
	}
	while (*text) {
		size_t space = strspn(text, " "), word = strcspn(text + space, " \n");
		size_t width = 0;

		for (size_t i = 0; i < space + word; i++)
			width += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (column > 4 && column + width > 80) {
			fputs("\n    ", stderr);
			column = 4;
			width -= space;
			text += space;
			space = 0;
		}
		fwrite(text, 1, space + word, stderr);
		column += width;
		text += space + word;
		if (*text == '\n') {
			fputc(*text++, stderr);
			column = 0;
		}
	}
	fputc('\n', stderr);
}

static void tell_list(const char *before, const char *format, va_list list)
{
	char text[8192];
	size_t n = strlen(before);

	memcpy(text, before, n);
	vsnprintf(text + n, sizeof(text) - n, format, list);
	tell(text);
}

enum hl_exit hl_fail(enum hl_exit code, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	tell_list("hotline: ", format, list);
	va_end(list);
	return code;
}

enum hl_exit hl_fail_status(enum hl_status status, const char *doing)
{
	return hl_fail(HL_EXIT_NO, "%s: %s", doing, hl_status_text(status));
}

void hl_note(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	tell_list("", format, list);
	va_end(list);
}

uint64_t hl_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum hl_status fill(void *ctx, uint8_t *p, size_t n)
{
	(void)ctx;
	randombytes_buf(p, n);
	return HL_OK;
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

enum hl_exit hl_app_init(struct hl_app *app)
{
	const char *user = environment("HOME");

	*app = (struct hl_app){.home_fd = -1, .entropy = {fill, NULL}};
	app->home = environment("HOTLINE_HOME");
	app->passphrase_file = environment("HOTLINE_PASSPHRASE_FILE");
	app->root_passphrase_file = environment("HOTLINE_ROOT_PASSPHRASE_FILE");
	app->colour = isatty(STDOUT_FILENO) && !environment("NO_COLOR");
	if (!app->home && user) {
		if (asprintf(&app->home_default, "%s/.hotline", user) < 0) {
			app->home_default = NULL;
			return hl_fail_status(HL_ERR_NOMEM, "start");
		}
		app->home = app->home_default;
	}
	return HL_EXIT_OK;
}

/* Opens the directory and refuses one that others could read or that somebody else owns. */
static enum hl_exit open_home(struct hl_app *app, bool create)
{
	struct stat st;

	if (!app->home)
		return hl_fail(HL_EXIT_USAGE,
			"no home directory: give --home DIR or set HOTLINE_HOME");
	if (create && mkdir(app->home, 0700) && errno != EEXIST)
		return hl_fail(
			HL_EXIT_NO, "cannot make %s: %s", app->home, strerror(errno));
	app->home_fd = open(app->home, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (app->home_fd < 0 && errno == ENOENT)
		return HL_EXIT_OK;
	if (app->home_fd < 0)
		return hl_fail(
			HL_EXIT_NO, "cannot open %s: %s", app->home, strerror(errno));
	if (fstat(app->home_fd, &st))
		return hl_fail(
			HL_EXIT_NO, "cannot look at %s: %s", app->home, strerror(errno));
	if (st.st_uid != geteuid())
		return hl_fail(HL_EXIT_NO, "%s belongs to another user", app->home);
	if (st.st_mode & 077)
		return hl_fail(HL_EXIT_NO, "%s can be read by others; type: chmod 700 %s",
			app->home, app->home);
	return HL_EXIT_OK;
}

static void confuse_error(cfg_t *cfg, const char *format, va_list list)
{
	fprintf(stderr, "hotline: " CONF ":%d: ", cfg ? cfg->line : 0);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
}

static void confuse_free(cfg_t **cfg)
{
	if (*cfg)
		cfg_free(*cfg);
}

static bool network_ok(const char *name)
{
	struct hl_view view = hl_view_str(name);

	return view.n >= 1 && view.n <= HL_NETWORK_MAX &&
		hl_text_ok(view, HL_TEXT_LINE) && !strpbrk(name, "\"\\$");
}

static enum hl_exit parse_conf(struct hl_app *app, const char *text)
{
	cfg_opt_t options[] = {CFG_STR("network", HL_NETWORK_DEFAULT, CFGF_NONE),
		CFG_STR("node", "", CFGF_NONE), CFG_END()};
	cfg_t *cfg HL_CLEAN(confuse_free) = cfg_init(options, CFGF_NONE);
	const char *network, *node;

	if (!cfg)
		return hl_fail_status(HL_ERR_NOMEM, CONF);
	cfg_set_error_function(cfg, confuse_error);
	/* libConfuse would put environment variables in. */
	if (strstr(text, "${"))
		return hl_fail(
			HL_EXIT_NO, CONF ": \"${\" has no meaning here; take it out");
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		return hl_fail(HL_EXIT_NO,
			"%s/" CONF " knows two settings: "
			"network = \"name\" and node = \"host:port\"",
			app->home);
	network = cfg_getstr(cfg, "network");
	node = cfg_getstr(cfg, "node");
	/* Where memory runs out, a default is left out without a word. */
	if (!network || !node)
		return hl_fail_status(HL_ERR_NOMEM, CONF);
	if (!network_ok(network))
		return hl_fail(
			HL_EXIT_NO, CONF ": a network's name is a line of 1 to 64 bytes");
	if (strlen(node) >= sizeof(app->settings.node))
		return hl_fail(HL_EXIT_NO, CONF ": the node's address is too long");
	strcpy(app->settings.network, network);
	strcpy(app->settings.node, node);
	return HL_EXIT_OK;
}

static enum hl_exit read_conf(struct hl_app *app)
{
	struct hl_buf text HL_CLEAN_BUF = {0};
	int error = hl_file_get(app->home_fd, CONF, CONF_MAX, false, &text);

	if (error == ENOENT)
		return parse_conf(app, "");
	if (error)
		return hl_fail(HL_EXIT_NO, "cannot read %s/" CONF ": %s", app->home,
			strerror(error));
	if (hl_buf_append(&text, hl_view_of("", 1)))
		return hl_fail_status(HL_ERR_NOMEM, CONF);
	return parse_conf(app, (const char *)text.p);
}

static enum hl_exit write_conf(struct hl_app *app, const char *network)
{
	char text[512];
	int n, error;

	if (!network_ok(network))
		return hl_fail(HL_EXIT_USAGE,
			"a network's name is a line of 1 to 64 bytes, without \" \\ $");
	n = snprintf(text, sizeof(text),
		"# Settings of this device (hotline.1).\n"
		"network = \"%s\"\n"
		"\n"
		"# Where your node answers, if not where your lab's card says:\n"
		"# node = \"hotline.example.org:4685\"\n"
		"# node = \"/run/hotline/hotline.sock\"\n",
		network);
	error = hl_file_put(app->home_fd, CONF, hl_view_of(text, (size_t)n), false, 0600);
	if (error)
		return hl_fail(HL_EXIT_NO, "cannot write %s/" CONF ": %s", app->home,
			strerror(error));
	return HL_EXIT_OK;
}

static enum hl_exit nothing_here(const struct hl_app *app)
{
	hl_fail(HL_EXIT_USAGE, "nothing is set up in %s yet", app->home);
	hl_note("  begin a lab:    hotline lab init NAME --person \"YOUR NAME\"\n"
		"  join your lab:  hotline join LAB.hotline --person \"YOUR NAME\"\n"
		"  set up elsewhere: hotline --home DIR …, or HOTLINE_HOME");
	return HL_EXIT_USAGE;
}

/* hotline.conf first: a home that was half made is finished, never made over. */
static enum hl_exit settle(struct hl_app *app, bool create, const char *network)
{
	bool is_new = faccessat(app->home_fd, CONF, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
	enum hl_exit code;

	if (create && is_new) {
		code = write_conf(app, network ? network : HL_NETWORK_DEFAULT);
		if (code)
			return code;
	}
	code = read_conf(app);
	if (code)
		return code;
	if (network && strcmp(network, app->settings.network) != 0)
		return hl_fail(HL_EXIT_NO,
			"this is network \"%s\", but %s is of network \"%s\"; use another --home",
			network, app->home, app->settings.network);
	hl_net_id(hl_view_str(app->settings.network), &app->net);
	return HL_EXIT_OK;
}

enum hl_exit hl_app_open(struct hl_app *app, bool create, const char *network)
{
	char *path HL_CLEAN(hl_string_free) = NULL;
	enum hl_exit code = HL_EXIT_OK;

	if (app->db)
		return HL_EXIT_OK;
	code = open_home(app, create);
	if (code)
		return code;
	if (app->home_fd < 0 ||
		(!create &&
			faccessat(app->home_fd, "device.db", F_OK, AT_SYMLINK_NOFOLLOW)))
		return nothing_here(app);
	code = settle(app, create, network);
	if (code)
		return code;
	if (asprintf(&path, "%s/device.db", app->home) < 0) {
		path = NULL;
		return hl_fail_status(HL_ERR_NOMEM, "open the store");
	}
	code = hl_db_open(path, create, &app->db);
	if (code)
		return code;
	app->joined = hl_db_get_id(app->db, "lab", &app->lab) &&
		hl_db_get_id(app->db, "kid", &app->kid);
	if (!app->joined && !create)
		return nothing_here(app);
	return HL_EXIT_OK;
}

void hl_string_free(char **string)
{
	free(*string);
}

void hl_app_clear(struct hl_app *app)
{
	hl_keyring_free(app->keys);
	hl_library_free(app->library);
	hl_db_close(app->db);
	hl_scraps_free(app->scraps);
	if (app->home_fd >= 0)
		close(app->home_fd);
	free(app->home_default);
	*app = (struct hl_app){.home_fd = -1};
}
