#include "node/init.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/config_check.h"
#include "node/disk.h"
#include "node/init_lab.h"
#include "node/usage.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_TYPED_WRONG = 2 };

struct init {
	const char *dir, *lab_path, *socket, *network;
	const char *listen[HL_LISTEN_MAX];
	size_t n_listen;
	const char *addresses[HL_CARD_ADDRESSES_MAX];
	size_t n_addresses;
	bool yes;
	int fd; /* of the directory */
	struct hl_init_lab lab;
	struct hl_node_keys keys;
};

static void init_clear(struct init *init)
{
	hl_fd_close(&init->fd);
	hl_init_lab_clear(&init->lab);
	hl_node_keys_clear(&init->keys);
}

__attribute__((format(printf, 1, 2))) static int refuse(const char *format, ...)
{
	va_list list;

	fputs("hotlined init: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	return EXIT_BAD;
}

static int usage(FILE *stream, int code)
{
	fprintf(stream, "usage: %s", HL_USAGE_INIT);
	return code;
}

/* One more value of an option that may be given several times. */
static int add(
	const char **list, size_t *n, size_t max, const char *option, const char *allowed)
{
	if (allowed) {
		refuse("%s \"%s\" %s", option, optarg, allowed);
		return EXIT_TYPED_WRONG;
	}
	if (*n == max) {
		refuse("%s may be given %zu times", option, max);
		return EXIT_TYPED_WRONG;
	}
	list[(*n)++] = optarg;
	return -1;
}

static int parse_one(struct init *init, int c)
{
	const char *wrong = NULL;

	switch (c) {
	case 'd': init->dir = optarg; break;
	case 'l': init->lab_path = optarg; break;
	case 's': init->socket = optarg; break;
	case 'n':
		init->network = optarg;
		wrong = hl_config_network_check(optarg);
		break;
	case 'y': init->yes = true; break;
	case 'i':
		return add(init->listen, &init->n_listen, HL_LISTEN_MAX, "--listen",
			hl_config_listen_check(optarg));
	case 'a':
		return add(init->addresses, &init->n_addresses, HL_CARD_ADDRESSES_MAX,
			"--address", hl_config_address_check(optarg));
	case 'h': fputs("usage: " HL_USAGE_INIT, stdout); return EXIT_GOOD;
	default: return usage(stderr, EXIT_TYPED_WRONG);
	}
	if (!wrong)
		return -1;
	refuse("--network \"%s\" %s", optarg, wrong);
	return EXIT_TYPED_WRONG;
}

/* -1: go on; else the exit code. */
static int parse(struct init *init, int argc, char **argv)
{
	static const struct option options[] = {
		{"dir", required_argument, NULL, 'd'},
		{"lab", required_argument, NULL, 'l'},
		{"listen", required_argument, NULL, 'i'},
		{"address", required_argument, NULL, 'a'},
		{"socket", required_argument, NULL, 's'},
		{"network", required_argument, NULL, 'n'},
		{"yes", no_argument, NULL, 'y'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c, code = -1;

	while (code < 0 && (c = getopt_long(argc, argv, "d:h", options, NULL)) != -1)
		code = parse_one(init, c);
	if (code >= 0)
		return code;
	if (optind != argc || !init->dir || !init->lab_path || !init->dir[0])
		return usage(stderr, EXIT_TYPED_WRONG);
	if (init->n_listen == 0)
		init->listen[init->n_listen++] = "0.0.0.0:" HL_NODE_PORT_TEXT;
	return -1;
}

static void print_fingerprint(const char *fingerprint)
{
	/* Two lines of six groups of five digits. */
	printf("  %.35s\n  %s\n", fingerprint, fingerprint + 36);
}

/* Shows whose node this becomes, and asks. */
static int confirm(const struct init *init)
{
	const struct hl_init_lab *lab = &init->lab;
	char fingerprint[HL_FINGERPRINT_SIZE], answer[16] = "";

	hl_fingerprint(&lab->net, &lab->card.lab, fingerprint);
	printf("%.*s, network %s, card %llu\n", (int)lab->card.name.n,
		(const char *)lab->card.name.p, lab->network,
		(unsigned long long)lab->card.version);
	print_fingerprint(fingerprint);
	if (init->yes)
		return EXIT_GOOD;
	if (!isatty(STDIN_FILENO))
		return refuse(
			"compare the digits with those of `hotline card show` on an "
			"operator's device, then give --yes");
	fputs("Does `hotline card show` on an operator's device show the same digits? "
	      "Type yes: ",
		stdout);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin) || strcmp(answer, "yes\n") != 0)
		return refuse("not confirmed; nothing was made");
	return EXIT_GOOD;
}

/* Where root makes a node for the user who owns the directory, all belongs to that user. */
static int take_owner(const struct init *init)
{
	struct stat st;

	if (geteuid() != 0 || lstat(init->dir, &st) || st.st_uid == 0)
		return EXIT_GOOD;
	if (setgroups(0, NULL) || setresgid(st.st_gid, st.st_gid, st.st_gid) ||
		setresuid(st.st_uid, st.st_uid, st.st_uid) || setuid(0) == 0)
		return refuse("cannot become the owner of %s (uid %u): %s", init->dir,
			(unsigned)st.st_uid, strerror(errno));
	return EXIT_GOOD;
}

/* A node that is there already stays as it is. */
static int check_free(const struct init *init)
{
	static const char *const names[] = {
		HL_NODE_KEYS_FILE, HL_STORE_FILE, HL_CONFIG_FILE, HL_NODE_REQUEST_FILE};
	int fd HL_CLEAN_FD = open(init->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && fd >= 0; i++) {
		if (faccessat(fd, names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return refuse(
				"%s holds a node already (%s): start it with hotlined -d %s, "
				"or name another directory",
				init->dir, names[i], init->dir);
	}
	return EXIT_GOOD;
}

/* The directory, as only its owner may enter it. */
static int open_dir(struct init *init)
{
	char why[HL_NODE_ERROR_MAX];

	if (take_owner(init))
		return EXIT_BAD;
	if (mkdir(init->dir, 0700) && errno != EEXIST)
		return refuse("cannot make %s: %s", init->dir, strerror(errno));
	if (hl_state_dir_check(init->dir, why))
		return refuse("%s", why);
	init->fd = open(init->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (init->fd < 0)
		return refuse("%s: %s", init->dir, strerror(errno));
	return check_free(init); /* again: nobody else can enter it now */
}

/* A value within double quotes, as libConfuse reads it. */
static void put_quoted(FILE *out, const char *value)
{
	fputc('"', out);
	for (; *value; value++) {
		if (strchr("\"\\$", *value))
			fputc('\\', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

static void print_config(const struct init *init, FILE *out, const char *socket)
{
	fputs("# What this node's administrator decides; hotlined.conf(5) tells more.\n\n"
	      "network = ",
		out);
	put_quoted(out, init->lab.network);
	fputs("\n\n# Keys and store. Paths begin at this file's directory.\n"
	      "state-dir = \".\"\n\n"
	      "# Where other labs' nodes and the own devices call.\n"
	      "listen = {",
		out);
	for (size_t i = 0; i < init->n_listen; i++) {
		fputs(i ? ", " : "", out);
		put_quoted(out, init->listen[i]);
	}
	fputs("}\n\n# For devices on this machine. \"0660\" lets the group in.\nsocket = ",
		out);
	put_quoted(out, socket);
	fputs("\nsocket-mode = \"0600\"\n\nlog-level = \"info\"\n\n"
	      "# A peer, by its name in your directory: addresses in place of those on its\n"
	      "# card, and a secret of 64 hexadecimal digits that both labs hold.\n"
	      "# peer \"lab-b\" {\n"
	      "#\taddress = {\"192.0.2.7:" HL_NODE_PORT_TEXT "\"}\n"
	      "#\tpsk-file = \"lab-b.psk\"\n"
	      "# }\n\n"
	      "# Lines are tested hourly; a drill that people answer is due once a week.\n"
	      "# drill { every = 3600 remind = 604800 }\n",
		out);
}

static void string_free(char **s)
{
	free(*s);
}

static int write_config(const struct init *init)
{
	char here[PATH_MAX], socket[PATH_MAX + 256];
	char *text HL_CLEAN(string_free) = NULL;
	size_t n = 0;
	FILE *out;
	int error;

	snprintf(socket, sizeof(socket), "%s",
		init->socket ? init->socket : "hotlined.sock");
	/* On the command line a path begins where one stands. */
	if (init->socket && init->socket[0] && init->socket[0] != '/' &&
		getcwd(here, sizeof(here)))
		snprintf(socket, sizeof(socket), "%s/%s", here, init->socket);
	out = open_memstream(&text, &n);
	if (!out)
		return refuse("out of memory");
	print_config(init, out, socket);
	if (fclose(out))
		return refuse("out of memory");
	error = hl_disk_create(init->fd, HL_CONFIG_FILE, hl_view_of(text, n));
	if (error)
		return refuse(
			"%s/" HL_CONFIG_FILE ": %s", init->dir, hl_disk_reason(error));
	return EXIT_GOOD;
}

/* The configuration is read once, so that nothing is wrong with it at the start of the node. */
static int check_config(const struct init *init)
{
	struct hl_config config HL_CLEAN_CONFIG = {0};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" HL_CONFIG_FILE, init->dir);
	return hl_config_read(path, stderr, &config) ? EXIT_BAD : EXIT_GOOD;
}

static int write_request(const struct init *init)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_buf text HL_CLEAN_BUF = {0};
	struct hl_request request = {.lab = init->keys.lab, .role = HL_ROLE_NODE_SIGN};
	enum hl_status status;
	int error;

	memcpy(request.sign, init->keys.sign.pub, HL_KEY_SIZE);
	memcpy(request.link, init->keys.link.pub, HL_KEY_SIZE);
	memcpy(request.seal, init->keys.seal.pub, HL_KEY_SIZE);
	for (size_t i = 0; i < init->n_addresses; i++)
		request.addresses[request.n_addresses++] =
			hl_view_str(init->addresses[i]);
	status = hl_request_make(&init->keys.net, &request, &init->keys.sign, &doc);
	if (status == HL_OK) {
		struct hl_doc_item item = {HL_DOC_REQUEST, hl_view_buf(&doc)};
		struct hl_file file = {.network = hl_view_str(init->lab.network),
			.items = &item,
			.n_items = 1};
		status = hl_file_write(&file, &text);
	}
	if (status != HL_OK)
		return refuse(
			"the request could not be made: %s", hl_status_text(status));
	error = hl_disk_create(init->fd, HL_NODE_REQUEST_FILE, hl_view_buf(&text));
	if (error)
		return refuse("%s/" HL_NODE_REQUEST_FILE ": %s", init->dir,
			hl_disk_reason(error));
	return EXIT_GOOD;
}

/* Store, configuration and request first, with the keys that are written at the end of it all. */
static int make(struct init *init)
{
	char why[HL_NODE_ERROR_MAX], path[PATH_MAX];
	int code = EXIT_BAD;

	if (snprintf(path, sizeof(path), "%s/" HL_STORE_FILE, init->dir) >=
		(int)sizeof(path))
		return refuse("the path after -d is too long");
	if (hl_node_keys_create(
		    init->dir, &init->lab.net, &init->lab.card.lab, &init->keys, why) ||
		hl_init_lab_store(&init->lab, path, why))
		refuse("%s", why);
	else if (!write_config(init) && !check_config(init) && !write_request(init))
		code = EXIT_GOOD;
	return code;
}

/* Nothing half made stays: the next try begins anew. */
static void unmake(const struct init *init)
{
	static const char *const names[] = {HL_NODE_REQUEST_FILE, HL_CONFIG_FILE,
		HL_STORE_FILE "-wal", HL_STORE_FILE "-shm", HL_STORE_FILE,
		HL_NODE_KEYS_FILE};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(init->fd, names[i], 0);
}

static void report(const struct init *init)
{
	char fingerprint[HL_FINGERPRINT_SIZE];

	hl_fingerprint(&init->keys.net, &init->keys.kid, fingerprint);
	printf("\nThe node stands in %s. Its own fingerprint:\n", init->dir);
	print_fingerprint(fingerprint);
	printf("\nNext, where the lab's root key is, with the same digits shown there:\n"
	       "  hotline node add %s/" HL_NODE_REQUEST_FILE "\n"
	       "and here:\n"
	       "  hotlined -d %s%s\n",
		init->dir, init->dir, geteuid() == 0 ? " --allow-root" : "");
	if (init->n_addresses == 0)
		fputs("\nNo --address was given: name it to `hotline node add --address "
		      "HOST:PORT`,\nor other labs cannot call this node.\n",
			stdout);
	if (geteuid() == 0)
		printf("\nAll of it belongs to root, as hotlined is best not run. To make it for "
		       "a user:\n  install -d -m 0700 -o USER DIR, then hotlined init -d DIR …\n");
}

int hl_init_run(int argc, char **argv)
{
	struct init init HL_CLEAN(init_clear) = {.fd = -1};
	char why[HL_NODE_ERROR_MAX];
	int code = parse(&init, argc, argv);

	if (code >= 0)
		return code;
	if (check_free(&init))
		return EXIT_BAD;
	if (hl_init_lab_read(init.lab_path, init.network, &init.lab, why))
		return refuse("%s", why);
	if (confirm(&init) || open_dir(&init))
		return EXIT_BAD;
	if (make(&init)) {
		unmake(&init);
		return EXIT_BAD;
	}
	report(&init);
	return EXIT_GOOD;
}
