/*
 * hotlined: the lab's always-on mailbox and switchboard.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "node/backup.h"
#include "node/config.h"
#include "node/disk.h"
#include "node/engine/engine.h"
#include "node/helper/helper.h"
#include "node/init.h"
#include "node/keys.h"
#include "node/log.h"
#include "node/net/net.h"
#include "node/sandbox.h"
#include "node/usage.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_TYPED_WRONG = 2 };

/* What main holds; cleared in the opposite order of its making. */
struct node {
	const char *path; /* of the configuration */
	char in_dir[4096];
	bool check;
	const char *user;
	bool allow_root;
	struct hl_config config;
	struct hl_node_keys keys;
	struct hl_store *store;
	struct hl_engine *engine;
	struct hl_net *net;
	struct hl_store_backup *backup; /* under way */
	int helper;                     /* its line, until the net has it; -1: none */
};

static void node_clear(struct node *node)
{
	hl_store_backup_drop(node->backup);
	hl_net_free(node->net);
	if (node->helper >= 0)
		close(node->helper);
	hl_engine_free(node->engine);
	hl_store_close(node->store);
	hl_node_keys_clear(&node->keys);
	hl_config_clear(&node->config);
}

static int refuse(const char *line)
{
	fprintf(stderr, "hotlined: %s\n", line);
	return EXIT_BAD;
}

static int usage(FILE *stream, int code)
{
	fprintf(stream, "usage: %s", HL_USAGE);
	if (code == EXIT_GOOD)
		fputs(HL_USAGE_HELP, stream);
	return code;
}

/* -1: go on; else the exit code. */
static int parse(struct node *node, int argc, char **argv)
{
	static const struct option options[] = {
		{"state-dir", required_argument, NULL, 'd'},
		{"check", no_argument, NULL, 'k'},
		{"user", required_argument, NULL, 'u'},
		{"allow-root", no_argument, NULL, 'r'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	node->path = HL_CONFIG_PATH;
	while ((c = getopt_long(argc, argv, "c:d:h", options, NULL)) != -1) {
		switch (c) {
		case 'c': node->path = optarg; break;
		case 'd':
			if (snprintf(node->in_dir, sizeof(node->in_dir), "%s/%s", optarg,
				    HL_CONFIG_FILE) >= (int)sizeof(node->in_dir))
				return refuse("the path after -d is too long");
			node->path = node->in_dir;
			break;
		case 'k': node->check = true; break;
		case 'u': node->user = optarg; break;
		case 'r': node->allow_root = true; break;
		case 'v': printf("hotlined %s\n", hl_version()); return EXIT_GOOD;
		case 'h': return usage(stdout, EXIT_GOOD);
		default: return usage(stderr, EXIT_TYPED_WRONG);
		}
	}
	return optind == argc ? -1 : usage(stderr, EXIT_TYPED_WRONG);
}

static bool read_config(struct node *node, FILE *errors, struct hl_config *ret)
{
	if (hl_config_read(node->path, errors, ret) != 0)
		return false;
	if (node->user != NULL) {
		free(ret->user);
		ret->user = strdup(node->user);
	}
	ret->allow_root = ret->allow_root || node->allow_root;
	return true;
}

/* Where no configuration stands yet, what to type. */
static int no_config(const struct node *node)
{
	FILE *file = fopen(node->path, "re");

	if (file != NULL) {
		fclose(file);
		return EXIT_BAD;
	}
	if (errno == ENOENT)
		fputs("  a new node: hotlined init -d DIR --lab LAB.hotline, then "
		      "hotlined -d DIR\n",
			stderr);
	return EXIT_BAD;
}

/* The peer of a section: a lab id, or a name of the newest directory. */
static bool find_peer(
	struct node *node, const struct hl_config_peer *section, struct hl_id *ret)
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	HL_CLEAN_DIRECTORY struct hl_directory directory = {0};
	const struct hl_id zeros = {{0}};

	*ret = section->lab;
	if (section->has_lab)
		return true;
	if (hl_store_doc_get(node->store, HL_DOC_DIRECTORY, &node->keys.lab, &zeros, 0,
		    &doc) != HL_OK ||
		hl_directory_parse(&node->config.net, hl_view_buf(&doc), &directory) !=
			HL_OK)
		return false;
	const struct hl_peer_pin *pin =
		hl_directory_peer_by_name(&directory, hl_view_str(section->name));
	if (pin != NULL)
		*ret = pin->lab;
	return pin != NULL;
}

/* Whom a section is no more for has the addresses of its card again. */
static void forget_peers(struct node *node)
{
	struct hl_id lab;

	for (size_t i = 0; i < node->config.n_peers; i++)
		if (find_peer(node, &node->config.peers[i], &lab))
			(void)!hl_engine_set_peer(node->engine, &lab, NULL, NULL);
}

static void apply_peers(void *ctx)
{
	struct node *node = ctx;
	struct hl_id lab;

	for (size_t i = 0; i < node->config.n_peers; i++) {
		const struct hl_config_peer *section = &node->config.peers[i];
		if (!find_peer(node, section, &lab))
			hl_log_write(LOG_WARNING,
				"%s: peer \"%s\" is not in the lab's directory (yet): "
				"hotline peer add",
				node->path, section->name);
		else if (hl_engine_set_peer(node->engine, &lab, section->addresses,
				 section->has_psk ? section->psk.b : NULL) != HL_OK)
			hl_log_write(LOG_ERR, "peer \"%s\": no memory", section->name);
	}
}

/* The lab's name on its newest card, where it holds one that can be shown. */
static void read_name(struct node *node, char ret[static HL_HOOK_NAME_MAX + 1])
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	HL_CLEAN_CARD struct hl_card card = {0};
	const struct hl_id zeros = {{0}};

	if (hl_store_doc_get(node->store, HL_DOC_CARD, &node->keys.lab, &zeros, 0,
		    &doc) == HL_OK &&
		hl_card_parse(&node->config.net, hl_view_buf(&doc), &card) == HL_OK &&
		card.name.n <= HL_HOOK_NAME_MAX && hl_text_ok(card.name, HL_TEXT_LINE)) {
		memcpy(ret, card.name.p, card.name.n);
		ret[card.name.n] = '\0';
	}
}

/* Who is rung goes to the engine, by what to the helper. */
static void apply_hooks(struct node *node)
{
	struct hl_config *config = &node->config;
	struct hl_policy_hook hook[HL_HOOKS_MAX];
	const struct hl_policy policy = {.hooks = hook,
		.n_hooks = config->hooks.n,
		.steps = config->steps,
		.n_steps = config->n_steps,
		.persons = config->persons,
		.n_persons = config->n_persons};

	for (size_t i = 0; i < config->hooks.n; i++)
		hook[i] = config->hooks.list[i].hook;
	config->hooks.lab = node->keys.lab;
	read_name(node, config->hooks.lab_name);
	/* First the helper, so that it knows what the engine may ask for. */
	hl_net_hooks(node->net, &config->hooks);
	if (hl_engine_set_policy(node->engine, &policy) != HL_OK)
		hl_log_write(LOG_ERR, "hooks: no memory, the old ones stay");
}

/* Faults of a configuration, each as a record. */
static void log_faults(char *text)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
		line = strtok_r(NULL, "\n", &rest))
		hl_log_line(LOG_ERR, line);
}

/* SIGHUP: what can change while the node runs is swapped, when the whole file is good. */
static void reload(void *ctx)
{
	struct node *node = ctx;
	struct hl_config fresh = {0};
	char *text = NULL;
	size_t n = 0;
	FILE *errors = open_memstream(&text, &n);

	if (errors == NULL) {
		hl_log_write(LOG_ERR, "%s: no memory to read it again", node->path);
		return;
	}
	bool good = read_config(node, errors, &fresh);
	if (fclose(errors) == 0 && !good)
		log_faults(text);
	free(text);
	if (!good) {
		hl_log_write(LOG_ERR, "%s: not taken, the old configuration stays",
			node->path);
		return;
	}
	forget_peers(node);
	hl_config_clear(&node->config);
	node->config = fresh;
	hl_log_open(fresh.log_level);
	apply_peers(node);
	apply_hooks(node);
	hl_engine_set_drills(node->engine, fresh.drill_every, fresh.drill_remind);
	hl_log_write(LOG_NOTICE,
		"%s: read again (listen, socket and state-dir change at a restart)",
		node->path);
}

/* SIGUSR1: a copy of the store. */
static bool backup(void *ctx)
{
	struct node *node = ctx;

	return hl_backup_more(node->store, node->config.state_dir, &node->backup);
}

static void log_line(unsigned priority, const char *line)
{
	hl_log_line((int)priority, line);
}

/* Of this boot of the machine; zeros where the kernel does not tell. */
static struct hl_id boot_id(void)
{
	HL_CLEAN_BUF struct hl_buf text = {0};
	struct hl_id ret = {{0}};

	if (hl_disk_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256, false,
		    &text) == 0 &&
		text.n > 0) {
		struct hl_view view = hl_view_buf(&text);
		hl_sha256(&view, 1, &ret);
	}
	return ret;
}

static int open_state(struct node *node)
{
	char why[HL_NODE_ERROR_MAX], path[4200], store_why[HL_STORE_ERROR_MAX];
	struct hl_now now = hl_net_now();

	if (hl_state_dir_check(node->config.state_dir, why) != 0 ||
		hl_node_keys_load(
			node->config.state_dir, &node->config.net, &node->keys, why) != 0)
		return refuse(why);
	snprintf(path, sizeof(path), "%s/%s", node->config.state_dir, HL_STORE_FILE);
	if (hl_store_open(path, &node->config.net, &node->keys.lab, &node->store,
		    store_why) != HL_OK) {
		snprintf(why, sizeof(why), "%.200s: %s", path, store_why);
		return refuse(why);
	}
	struct hl_engine_config config = {
		.net = node->config.net,
		.lab = node->keys.lab,
		.sign = &node->keys.sign,
		.entropy = hl_system_entropy(),
		.version = hl_version(),
		.boot = boot_id(),
		.seal = &node->keys.seal,
		.drill_every = node->config.drill_every,
		.drill_remind = node->config.drill_remind,
	};
	memcpy(config.link, node->keys.link.pub, HL_KEY_SIZE);
	enum hl_status status = hl_engine_new(&config, node->store, &now, &node->engine);
	if (status != HL_OK)
		return refuse(status == HL_ERR_STORE ? hl_store_error(node->store)
						     : hl_status_text(status));
	return EXIT_GOOD;
}

static int open_net(struct node *node)
{
	char why[HL_NODE_ERROR_MAX];
	struct hl_net_config config = {
		.net = node->config.net,
		.lab = node->keys.lab,
		.link = &node->keys.link,
		.entropy = hl_system_entropy(),
		.log = log_line,
		.reload = reload,
		.backup = backup,
		.peers_changed = apply_peers,
		.ctx = node,
	};

	if (hl_net_new(&config, node->engine, node->store, &node->net) != HL_OK)
		return refuse("the event loop could not be made");
	int fd = node->helper;
	node->helper = -1;
	if (!hl_net_helper(node->net, fd))
		return refuse("the event loop could not be made");
	for (size_t i = 0; i < node->config.n_listen; i++) {
		if (!hl_net_listen(node->net, node->config.listen[i], why, sizeof(why)))
			return refuse(why);
	}
	if (node->config.socket != NULL &&
		!hl_net_listen_unix(node->net, node->config.socket,
			node->config.socket_mode, why, sizeof(why)))
		return refuse(why);
	return EXIT_GOOD;
}

/* Is this node on its lab's newest card? If not it waits, and says for what. */
static void greet(struct node *node)
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	HL_CLEAN_CARD struct hl_card card = {0};
	const struct hl_id zeros = {{0}};

	for (size_t i = 0; i < node->config.n_listen; i++)
		hl_log_write(LOG_NOTICE, "listening on %s", node->config.listen[i]);
	if (node->config.socket != NULL)
		hl_log_write(LOG_NOTICE, "listening on %s", node->config.socket);
	if (hl_store_doc_get(node->store, HL_DOC_CARD, &node->keys.lab, &zeros, 0,
		    &doc) == HL_OK &&
		hl_card_parse(&node->config.net, hl_view_buf(&doc), &card) == HL_OK &&
		hl_card_node(&card, &node->keys.kid) == NULL)
		hl_log_write(LOG_WARNING,
			"this node is not on its lab's card yet: hotline node add %s/%s, then "
			"hotline status",
			node->config.state_dir, HL_NODE_REQUEST_FILE);
}

/* In the helper: what it has inherited of secrets. */
static void forget(void *ctx)
{
	struct node *node = ctx;

	hl_config_clear(&node->config);
}

static int run(struct node *node)
{
	char why[HL_NODE_ERROR_MAX];
	const char *missing = "";
	int error = node->check ? 0 : hl_helper_start(forget, node, &node->helper);

	if (error != 0)
		return refuse("the helper that runs hooks could not be started");
	int code = open_state(node);
	if (code != EXIT_GOOD)
		return code;
	if (node->check) {
		printf("%s: OK\n", node->path);
		return EXIT_GOOD;
	}
	code = open_net(node);
	if (code != EXIT_GOOD)
		return code;
	if (hl_sandbox_late(&node->config, node->path, &missing, why) != 0)
		return refuse(why);
	if (missing[0] != '\0')
		hl_log_write(LOG_NOTICE, "sandbox: not offered here: %s", missing);
	apply_peers(node);
	apply_hooks(node);
	greet(node);
	hl_log_write(LOG_NOTICE, "ready: hotlined %s", hl_version());
#ifdef HAVE_SYSTEMD
	sd_notify(0, "READY=1");
#endif
	if (!hl_net_run(node->net))
		return EXIT_BAD;
	hl_log_write(LOG_NOTICE, "stopped");
	return EXIT_GOOD;
}

int main(int argc, char **argv)
{
	struct node node = {.helper = -1};
	char why[HL_NODE_ERROR_MAX];

	if (hl_sandbox_early() != 0)
		return EXIT_BAD;
	if (sodium_init() < 0 || hl_selftest() != HL_OK)
		return refuse(
			"the self-test of the cryptography failed; this build or this "
			"machine is not to be trusted");
	if (argc > 1 && strcmp(argv[1], "init") == 0)
		return hl_init_run(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "backup") == 0)
		return hl_backup_run(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "restore") == 0)
		return hl_restore_run(argc - 1, argv + 1);
	int code = parse(&node, argc, argv);
	if (code >= 0)
		return code;
	if (!read_config(&node, stderr, &node.config))
		return no_config(&node);
	hl_log_open(node.config.log_level);
	code = hl_sandbox_user(&node.config, why) != 0 ? refuse(why) : run(&node);
	node_clear(&node);
	return code;
}
