/*
 * hotlined.conf: what the administrator of a node decides. Who may do what stands in the card,
 * which labs are peers in the directory; here stand places, addresses, names, and who is rung when.
 */
#ifndef HL_NODE_CONFIG_H
#define HL_NODE_CONFIG_H

#include <stdio.h>

#include "node/helper/wire.h"
#include "protocol/hotline.h"

#define HL_CONFIG_PATH        "/etc/hotline/hotline.conf"
#define HL_CONFIG_FILE        "hotlined.conf" /* its name in a state directory */
#define HL_STORE_FILE         "hotlined.db"   /* the store's name there */
#define HL_CONFIG_SIZE_MAX    (1024 * 1024)
#define HL_LISTEN_MAX         16
#define HL_NODE_PORT          4685
#define HL_NODE_PORT_TEXT     "4685"
#define HL_PEER_ADDRESSES_MAX HL_CARD_ADDRESSES_MAX

/* One peer section. It stands over what the peer's card and the store say. */
struct hl_config_peer {
	char name[2 * HL_ID_SIZE +
		1];   /* a local name of the directory, or a lab id in hex */
	bool has_lab; /* the name is a lab id: */
	struct hl_id lab;
	char *addresses; /* lines "host:port", each ending in '\n'; NULL: those of the card */
	bool has_psk;
	struct hl_key32 psk;
};

/* Owns all that it points to. Paths are absolute. */
struct hl_config {
	char network[HL_NETWORK_MAX + 1];
	struct hl_id net; /* its id */
	char *state_dir;
	char *listen
		[HL_LISTEN_MAX]; /* "host:port" or "[ipv6]:port"; none: only the socket */
	size_t n_listen;
	char *socket; /* path of the Unix socket; NULL: none */
	unsigned socket_mode;
	char *user; /* to become when started as root; NULL: none */
	bool allow_root;
	int log_level; /* LOG_ERR … LOG_DEBUG of syslog.h */
	struct hl_config_peer *peers;
	size_t n_peers;
	struct hl_hook_programs hooks; /* their lab is the caller's to fill in */
	struct hl_policy_step *steps;  /* their hooks are among these */
	size_t n_steps;
	struct hl_policy_person *persons;
	size_t n_persons;
	uint64_t drill_every, drill_remind; /* s; 0: never */
};

#define HL_CLEAN_CONFIG HL_CLEAN(hl_config_clear)

/* Reads and checks the whole file, and the psk-files that it names. What is wrong is written to
 * errors, every fault on its own line with the file, the line and what is allowed:
 *	/etc/hotline/hotline.conf:14: no such option "adress" in peer "lab-b" (address, psk-file)
 * Returns 0, or -1 when anything was wrong; ret is then untouched. Relative paths are taken from
 * the file's own directory. */
HL_MUST int hl_config_read(const char *path, FILE *errors, struct hl_config *ret);
/* Wipes the PSKs too. Takes NULL and a half-made one. */
void hl_config_clear(struct hl_config *config);

/* True for "host:port" or "[ipv6]:port" with a port from 1 to 65535 (0 too, where any is set) and a
 * host of letters, digits, '.', '-' and '_', or an IP address; "*" is no host. */
bool hl_address_ok(const char *address, bool any_port);

#endif
