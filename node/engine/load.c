/* What the engine reads from the store at a start, and again after a turn that was lost. */
#include "node/engine/state.h"

#include <stdlib.h>
#include <string.h>

static void clear_lab(struct lab *lab)
{
	hl_card_clear(&lab->card);
	memset(&lab->card, 0, sizeof(lab->card));
}

static void clear_peer(struct peer *peer)
{
	clear_lab(&peer->lab);
	free(peer->addresses);
	hl_buf_clear(&peer->newest_head);
	hl_wipe(peer->psk, sizeof(peer->psk));
}

static enum hl_status load_card(struct hl_engine *e, struct lab *lab)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	enum hl_status status =
		hl_store_doc_get(e->store, HL_DOC_CARD, &lab->id, NULL, 0, &doc);

	clear_lab(lab);
	if (status == HL_UNKNOWN)
		return HL_OK;
	if (status == HL_OK)
		status = hl_card_parse(&e->config.net, hl_view_buf(&doc), &lab->card);
	/* It was good when it was stored: now the store is not. */
	return status > 0 ? HL_ERR_STORE : status;
}

enum hl_status hl_lab_count(struct hl_engine *e, struct lab *lab)
{
	struct hl_doc_row row[32];
	struct hl_id hash[HL_MEMBERS_MAX];
	size_t n = 0, got = 0;
	uint64_t skip = 0;
	enum hl_status status;

	do {
		status = hl_store_doc_list(
			e->store, HL_DOC_SEALS, &lab->id, skip, row, 32, &got);
		for (size_t i = 0; i < got && n < HL_MEMBERS_MAX; i++)
			hash[n++] = row[i].hash;
		skip += got;
	} while (status == HL_OK && got == 32);
	if (status != HL_OK)
		return status;
	hl_seals_digest(&e->config.net, hash, n, &lab->digest);
	lab->suspensions = 0;
	do {
		status = hl_store_doc_list(e->store, HL_DOC_SUSPENSION, &lab->id,
			lab->suspensions, row, 32, &got);
		lab->suspensions += got;
	} while (status == HL_OK && got == 32);
	return status;
}

static enum hl_status load_lab(struct hl_engine *e, struct lab *lab)
{
	enum hl_status status = load_card(e, lab);

	return status == HL_OK ? hl_lab_count(e, lab) : status;
}

enum hl_status hl_peer_load_psk(struct hl_engine *e, struct peer *peer)
{
	struct hl_key32 psk HL_CLEAN_KEY32 = {0};
	enum hl_status status = hl_store_psk_get(e->store, &peer->lab.id, &psk);

	if (status == HL_OK || status == HL_UNKNOWN) /* unknown: zeros */
		memcpy(peer->psk, psk.b, sizeof(psk.b));
	return status == HL_UNKNOWN ? HL_OK : status;
}

/* Which of them the peer knew of before the start is not known any more. */
static enum hl_status count_refused(struct hl_engine *e, struct peer *peer)
{
	const struct hl_channel_key key = {peer->lab.id, false, peer->in.epoch};
	struct hl_entry_row row[HL_REFUSED_MAX];
	size_t n = 0;
	enum hl_status status = hl_store_entry_state(
		e->store, &key, HL_REFUSED, peer->in.number + 1, row, HL_REFUSED_MAX, &n);

	peer->refused = (unsigned)n;
	peer->refused_counted = true;
	return status;
}

static enum hl_status load_peer(struct hl_engine *e, struct peer *peer)
{
	enum hl_status status = load_lab(e, &peer->lab);

	memset(&peer->out, 0, sizeof(peer->out));
	memset(&peer->in, 0, sizeof(peer->in));
	peer->out_changed = peer->in_changed = false;
	peer->out.peer = peer->in.peer = peer->lab.id;
	peer->out.outgoing = true;
	if (status == HL_OK) {
		status = hl_store_channel_get(e->store, &peer->lab.id, true, &peer->out);
		status = status == HL_UNKNOWN ? HL_OK : status;
		peer->statement_time = peer->out.stated;
	}
	if (status == HL_OK) {
		status = hl_store_channel_get(e->store, &peer->lab.id, false, &peer->in);
		status = status == HL_UNKNOWN ? HL_OK : status;
	}
	if (status == HL_OK) {
		status = hl_store_before_get(e->store, &peer->lab.id, &peer->before);
		peer->has_before = status == HL_OK;
		status = status == HL_UNKNOWN ? HL_OK : status;
	}
	if (status == HL_OK && !peer->refused_counted)
		status = count_refused(e, peer);
	if (status == HL_OK) {
		memset(&peer->lost, 0, sizeof(peer->lost));
		status = hl_store_lost_get(
			e->store, &peer->lab.id, &peer->lost.epoch, &peer->lost.number);
		status = status == HL_UNKNOWN ? HL_OK : status;
	}
	if (status == HL_OK)
		status = hl_drill_load(e, peer);
	return status == HL_OK && !peer->psk_fixed ? hl_peer_load_psk(e, peer) : status;
}

static enum hl_status load_directory(struct hl_engine *e)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	enum hl_status status =
		hl_store_doc_get(e->store, HL_DOC_DIRECTORY, &e->own.id, NULL, 0, &doc);

	hl_directory_clear(&e->directory);
	memset(&e->directory, 0, sizeof(e->directory));
	if (status == HL_UNKNOWN)
		return HL_OK;
	if (status == HL_OK)
		status = hl_directory_parse(
			&e->config.net, hl_view_buf(&doc), &e->directory);
	return status > 0 ? HL_ERR_STORE : status;
}

/* The peers of the directory; one that stays keeps what is known of it in this run. */
enum hl_status hl_engine_load_peers(struct hl_engine *e)
{
	size_t n = e->directory.n_peers;
	struct peer *peers = calloc(n + 1, sizeof(*peers));
	enum hl_status status = HL_OK;

	if (peers == NULL)
		return HL_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		struct peer *old = hl_peer(e, &e->directory.peers[i].lab);
		if (old != NULL) {
			peers[i] = *old;
			hl_carry_reset(&peers[i]); /* there may be other relays */
			memset(&old->lab.card, 0, sizeof(old->lab.card));
			memset(&old->newest_head, 0, sizeof(old->newest_head));
			old->addresses = NULL;
			old->link = NULL;
		} else {
			peers[i].lab.id = e->directory.peers[i].lab;
			peers[i].since = e->now.wall;
			peers[i].dial_at = peers[i].answered_at = e->now.boot;
			peers[i].linkless_at = e->now.boot;
			peers[i].dial_wait = HL_REDIAL_MIN_MS;
		}
	}
	for (size_t i = 0; i < e->n_peers; i++) {
		if (e->peers[i].link != NULL && status == HL_OK)
			status = hl_link_close(e, e->peers[i].link, HL_CLOSE_PERMITTED);
		clear_peer(&e->peers[i]);
	}
	free(e->peers);
	e->peers = peers;
	e->n_peers = n;
	for (size_t i = 0; i < n && status == HL_OK; i++)
		status = load_peer(e, &e->peers[i]);
	return status;
}

enum hl_status hl_engine_load_scale(struct hl_engine *e)
{
	struct hl_scale_row row = {0};
	enum hl_status status = hl_store_scale_get(e->store, &row);

	if (status != HL_OK && status != HL_UNKNOWN)
		return status;
	bool known = !hl_id_zero(&e->config.boot);
	bool same = status == HL_OK && known && hl_id_eq(&row.boot, &e->config.boot);
	uint64_t begin = e->start.wall > row.seen ? e->start.wall : row.seen;
	/* Within one boot a clock that was set anew moves no deadline; after another one a clock
	 * that is behind, not set yet say, puts none off. */
	e->ahead = same ? row.ahead : begin - e->start.boot;
	e->scale_kept = 0;
	return HL_OK;
}

enum hl_status hl_engine_load(struct hl_engine *e)
{
	enum hl_status status = load_lab(e, &e->own);

	if (status == HL_OK)
		status = load_directory(e);
	if (status == HL_OK)
		status = hl_engine_load_peers(e);
	if (status == HL_OK)
		status = hl_store_feed_last(e->store, &e->feed_last);
	if (status == HL_OK)
		status = hl_call_load(e);
	if (status == HL_OK)
		status = hl_asked_load(e);
	return status == HL_OK ? hl_engine_load_known(e) : status;
}

static void add_known(struct hl_engine *e, const uint8_t *key, enum hl_purpose purpose,
	const struct hl_id *lab, const uint8_t *psk)
{
	struct hl_known_key *known = &e->known[e->n_known++];

	memset(known, 0, sizeof(*known));
	memcpy(known->key, key, sizeof(known->key));
	known->purpose = purpose;
	known->lab = *lab;
	if (psk != NULL)
		memcpy(known->psk, psk, sizeof(known->psk));
}

/* The own card before the one in force; it stays empty where there is none. */
static enum hl_status load_card_before(struct hl_engine *e, struct hl_card *ret)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};

	if (e->own.card.version < 2)
		return HL_OK;
	enum hl_status status = hl_store_doc_get(
		e->store, HL_DOC_CARD, &e->own.id, NULL, e->own.card.version - 1, &bytes);
	if (status != HL_OK)
		return status == HL_UNKNOWN ? HL_OK : status;
	status = hl_card_parse(&e->config.net, hl_view_buf(&bytes), ret);
	return status == HL_OK || hl_status_ours(status) ? status : HL_OK;
}

enum hl_status hl_engine_load_known(struct hl_engine *e)
{
	struct hl_card before HL_CLEAN_CARD = {0};
	enum hl_status status = load_card_before(e, &before);
	size_t max = e->own.card.n_members + before.n_members + 1;

	if (status != HL_OK)
		return status;
	for (size_t i = 0; i < e->n_peers; i++)
		max += e->peers[i].lab.card.n_nodes;
	struct hl_known_key *known = calloc(max, sizeof(*known));
	if (known == NULL)
		return HL_ERR_NOMEM;
	if (e->known != NULL)
		hl_wipe(e->known, e->n_known * sizeof(*e->known));
	free(e->known);
	e->known = known;
	e->n_known = 0;
	e->generation++;
	/* Suspended devices too: what they hear is why they are not served. */
	for (size_t i = 0; i < e->own.card.n_members; i++)
		add_known(e, e->own.card.members[i].link, HL_PURPOSE_DEVICE, &e->own.id,
			NULL);
	for (size_t i = 0; i < e->n_peers; i++) {
		const struct peer *peer = &e->peers[i];
		for (size_t k = 0; k < peer->lab.card.n_nodes; k++)
			add_known(e, peer->lab.card.nodes[k].link, HL_PURPOSE_PEER,
				&peer->lab.id, peer->psk);
	}
	for (size_t i = 0; i < before.n_members; i++)
		if (hl_card_member_by_link(&e->own.card, before.members[i].link) == NULL)
			add_known(e, before.members[i].link, HL_PURPOSE_DEVICE,
				&e->own.id, NULL);
	return HL_OK;
}

void hl_engine_unload(struct hl_engine *e)
{
	clear_lab(&e->own);
	hl_directory_clear(&e->directory);
	for (size_t i = 0; i < e->n_peers; i++)
		clear_peer(&e->peers[i]);
	free(e->peers);
	if (e->known != NULL)
		hl_wipe(e->known, e->n_known * sizeof(*e->known));
	free(e->known);
	while (e->links != NULL) {
		struct link *next = e->links->next;
		free(e->links);
		e->links = next;
	}
}

struct peer *hl_peer(struct hl_engine *e, const struct hl_id *lab)
{
	size_t low = 0, high = e->n_peers;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = hl_id_cmp(lab, &e->peers[mid].lab.id);
		if (order == 0)
			return &e->peers[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

struct lab *hl_lab(struct hl_engine *e, const struct hl_id *lab)
{
	struct peer *peer;

	if (hl_id_eq(lab, &e->own.id))
		return &e->own;
	peer = hl_peer(e, lab);
	return peer != NULL ? &peer->lab : NULL;
}

struct peer *hl_peer_by_key(
	struct hl_engine *e, const uint8_t key[HL_KEY_SIZE], size_t *ret_n)
{
	struct peer *first = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < e->n_peers; i++) {
		if (hl_card_node_by_link(&e->peers[i].lab.card, key) == NULL)
			continue;
		first = first != NULL ? first : &e->peers[i];
		++*ret_n;
	}
	return first;
}

struct link *hl_link(struct hl_engine *e, uint64_t number)
{
	for (struct link *link = e->links; link != NULL; link = link->next)
		if (link->number == number && !link->dead)
			return link;
	return NULL;
}

enum hl_status hl_suspended(
	struct hl_engine *e, const struct hl_id *lab, const struct hl_id *kid, bool *ret)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	enum hl_status status =
		hl_store_doc_get(e->store, HL_DOC_SUSPENSION, lab, kid, 0, &doc);

	if (status != HL_OK && status != HL_UNKNOWN)
		return status;
	*ret = status == HL_OK;
	return HL_OK;
}
