/*
 * Everything that knows sockets: listeners, handshakes, links and the loop that turns what comes
 * over them into events of the engine, and its effects into bytes. No policy lives here.
 */
#ifndef HL_NET_H
#define HL_NET_H

#include "node/engine/engine.h"
#include "node/helper/wire.h"

/* Before a handshake is done (SPEC link 1.6). */
#define HL_HANDSHAKE_MS  5000
#define HL_HALF_OPEN_MAX 64
#define HL_HALF_OPEN_STRANGE \
	48 /* of them for streams that have not knocked rightly yet */
#define HL_HALF_OPEN_SOURCE 4
#define HL_HALF_OPEN_KEY    2
#define HL_KNOCKS_KEPT      1024

struct hl_net_config {
	struct hl_id net, lab;
	const struct hl_dh_key *link; /* the node's link key; borrowed */
	struct hl_entropy entropy;    /* for ephemeral keys */
	/* Says one line; priority as syslog's. */
	void (*log)(unsigned priority, const char *line);
	/* Called between turns: on SIGHUP, and when the keys that may knock have changed (a peer
	 * was pinned or removed). May call hl_engine_set_peer. May be NULL. */
	void (*reload)(void *ctx);
	void (*peers_changed)(void *ctx);
	/* After SIGUSR1, once a turn while it answers true. May be NULL. */
	bool (*backup)(void *ctx);
	void *ctx;
};

struct hl_net;

/* The engine and the store stay the caller's and outlive the net. HL_ERR_NOMEM, HL_ERR_INTERNAL. */
HL_MUST enum hl_status hl_net_new(const struct hl_net_config *config,
	struct hl_engine *engine, struct hl_store *store, struct hl_net **ret);
void hl_net_free(struct hl_net *net);

/* Listens on "address:port" ("[address]:port" for IPv6; no names), or on a Unix socket with this
 * mode. A socket file that is left over is replaced, one that answers is not. False: why (a line of
 * up to size bytes) says what is wrong and what to do. */
bool hl_net_listen(struct hl_net *net, const char *address, char *why, size_t size);
bool hl_net_listen_unix(
	struct hl_net *net, const char *path, unsigned mode, char *why, size_t size);

/* The line to the helper (hl_helper_start), which is the net's from here on; before hl_net_run.
 * False without memory. */
bool hl_net_helper(struct hl_net *net, int fd);
/* Tells the helper which hooks there are; at the start and whenever they change. */
void hl_net_hooks(struct hl_net *net, const struct hl_hook_programs *programs);

/* Runs until SIGTERM or SIGINT (true), or until the store fails (false). */
bool hl_net_run(struct hl_net *net);

/* The two clocks, now. */
struct hl_now hl_net_now(void);

#endif
