#include <stdlib.h>
#include <string.h>

#include "node/net/state.h"

void net_known_clear(struct hl_net *net)
{
	for (size_t i = 0; i < net->n_known; i++)
		hl_wipe(&net->known[i], sizeof(net->known[i]));
	free(net->known);
	net->known = NULL;
	net->n_known = 0;
}

/* The secret of a key's knocks: from the list before, or made now. */
static bool knock_key(struct hl_net *net, struct known *entry)
{
	for (size_t i = 0; i < net->n_known; i++) {
		if (memcmp(net->known[i].key.key, entry->key.key, HL_KEY_SIZE) == 0) {
			entry->knock = net->known[i].knock;
			return true;
		}
	}
	return hl_knock_key(net->config.link, entry->key.key, &entry->knock) == HL_OK;
}

/* Reads the engine's list again where it has changed. */
static void refresh(struct hl_net *net)
{
	uint64_t generation = hl_engine_known_generation(net->engine);
	struct hl_known_key key;
	size_t n = 0, kept = 0;

	if (net->known != NULL && generation == net->generation)
		return;
	while (hl_engine_known(net->engine, n, &key))
		n++;
	struct known *list = calloc(n + 1, sizeof(*list));
	if (list == NULL)
		return;
	for (size_t i = 0; i < n && hl_engine_known(net->engine, i, &list[kept].key); i++)
		kept += knock_key(net, &list[kept]);
	hl_wipe(&list[kept], sizeof(list[kept])); /* one that was left out */
	net_known_clear(net);
	net->known = list;
	net->n_known = kept;
	net->generation = generation;
	hl_wipe(&key, sizeof(key));
}

/* SPEC link 1.5: It remembers at least the last 1,024 knocks of each purpose. */
static bool repeated(struct knocks *knocks, const uint8_t knock[HL_KNOCK_SIZE])
{
	size_t held = knocks->n < HL_KNOCKS_KEPT ? knocks->n : HL_KNOCKS_KEPT;

	for (size_t i = 0; i < held; i++) {
		if (memcmp(knocks->seen[i], knock, HL_KNOCK_SIZE) == 0)
			return true;
	}
	memcpy(knocks->seen[knocks->n % HL_KNOCKS_KEPT], knock, HL_KNOCK_SIZE);
	knocks->n++;
	return false;
}

const struct known *net_known_find(struct hl_net *net, struct hl_view message,
	const uint8_t knock[HL_KNOCK_SIZE], bool *ret_repeated)
{
	uint8_t mac[HL_KNOCK_SIZE];

	refresh(net);
	for (size_t i = 0; i < net->n_known; i++) {
		const struct known *known = &net->known[i];
		hl_knock_mac(&known->knock, message, mac);
		if (!hl_bytes_eq_secret(mac, knock, HL_KNOCK_SIZE))
			continue;
		*ret_repeated = repeated(&net->knocks[known->key.purpose - 1], knock);
		return *ret_repeated ? NULL : known;
	}
	return NULL;
}
