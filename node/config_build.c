#include "node/config_build.h"

#include <stdlib.h>
#include <string.h>

#include "node/config_check.h"

char *hl_config_absolute(const char *dir, const char *path)
{
	char *text;

	if (path[0] == '/' || strcmp(path, ".") == 0)
		return strdup(path[0] == '/' ? path : dir);
	return asprintf(&text, "%s/%s", dir, path) < 0 ? NULL : text;
}

static void string_free(char **s)
{
	free(*s);
}

static bool build_peer(const char *dir, cfg_t *cfg, struct hl_config_peer *peer)
{
	const char *name = cfg_title(cfg), *file = cfg_getstr(cfg, "psk-file");
	size_t room = 1;

	snprintf(peer->name, sizeof(peer->name), "%s", name);
	peer->has_lab = hl_hex_decode(name, HL_ID_SIZE, peer->lab.b) == HL_OK;
	for (unsigned i = 0; i < cfg_size(cfg, "address"); i++)
		room += strlen(cfg_getnstr(cfg, "address", i)) + 1;
	if (room > 1) {
		peer->addresses = calloc(1, room);
		if (!peer->addresses)
			return false;
	}
	for (unsigned i = 0; i < cfg_size(cfg, "address"); i++) {
		strcat(peer->addresses, cfg_getnstr(cfg, "address", i));
		strcat(peer->addresses, "\n");
	}
	if (!file)
		return true;
	char *path HL_CLEAN(string_free) = hl_config_absolute(dir, file);
	peer->has_psk = path && hl_config_psk_read(path, &peer->psk) == 0;
	return peer->has_psk;
}

static bool build_lists(const char *dir, cfg_t *cfg, struct hl_config *config)
{
	for (unsigned i = 0; i < cfg_size(cfg, "listen"); i++) {
		config->listen[i] = strdup(cfg_getnstr(cfg, "listen", i));
		if (!config->listen[i])
			return false;
		config->n_listen++;
	}
	config->peers = calloc(cfg_size(cfg, "peer") + 1, sizeof(config->peers[0]));
	if (!config->peers)
		return false;
	for (unsigned i = 0; i < cfg_size(cfg, "peer"); i++) {
		config->n_peers++;
		if (!build_peer(dir, cfg_getnsec(cfg, "peer", i), &config->peers[i]))
			return false;
	}
	return true;
}

bool hl_config_build(cfg_t *cfg, const char *dir, struct hl_config *ret)
{
	const char *socket = cfg_getstr(cfg, "socket"), *user = cfg_getstr(cfg, "user");

	snprintf(ret->network, sizeof(ret->network), "%s", cfg_getstr(cfg, "network"));
	hl_net_id(hl_view_str(ret->network), &ret->net);
	ret->socket_mode = hl_config_socket_mode(cfg_getstr(cfg, "socket-mode"));
	ret->log_level = hl_config_level(cfg_getstr(cfg, "log-level"));
	ret->drill_every = (uint64_t)cfg_getint(cfg, "drill|every");
	ret->drill_remind = (uint64_t)cfg_getint(cfg, "drill|remind");
	ret->allow_root = cfg_getbool(cfg, "allow-root") == cfg_true;
	ret->state_dir = hl_config_absolute(dir, cfg_getstr(cfg, "state-dir"));
	if (!ret->state_dir)
		return false;
	if (socket[0] && !(ret->socket = hl_config_absolute(dir, socket)))
		return false;
	if (user && !(ret->user = strdup(user)))
		return false;
	return build_lists(dir, cfg, ret) && hl_config_build_hooks(cfg, ret);
}

void hl_config_clear(struct hl_config *config)
{
	if (!config)
		return;
	free(config->state_dir);
	free(config->socket);
	free(config->user);
	for (size_t i = 0; i < config->n_listen; i++)
		free(config->listen[i]);
	for (size_t i = 0; i < config->n_peers; i++) {
		free(config->peers[i].addresses);
		hl_key32_clear(&config->peers[i].psk);
	}
	free(config->peers);
	hl_hook_programs_clear(&config->hooks);
	free(config->steps);
	free(config->persons);
	memset(config, 0, sizeof(*config));
}
