/* The directory: a lab's private list of peers, groups and relays (identity 3). */
#include "directory.h"

#include <stdlib.h>
#include <string.h>

#include "card_part.h"
#include "hash.h"

static const struct hl_field peer_fields[] = {
	HL_F_FIXED(struct hl_peer_pin, lab),
	HL_F_LABEL(struct hl_peer_pin, name),
};
static const struct hl_shape peer_shape = HL_SHAPE_OF(struct hl_peer_pin, peer_fields);

static const struct hl_field group_fields[] = {
	HL_F_LABEL(struct hl_group, name),
	HL_F_LIST(
		struct hl_group, labs, n_labs, 0, HL_DIRECTORY_PEERS_MAX, 1, hl_shape_id),
};
static const struct hl_shape group_shape = HL_SHAPE_OF(struct hl_group, group_fields);

/* SPEC identity 3.2: The body is `[1, lab_id, version u, prev id|nil, issued u, peers, groups,
 * relays]`. peers is a list of 0 to 1024 `[lab_id, name label]`, sorted by lab_id, names unique.
 * groups is a list of 0 to 64 `[name label, sorted list of lab ids]`, sorted by name. relays is a
 * sorted list of lab ids. */
static const struct hl_field directory_fields[] = {
	HL_F_FORMAT,
	HL_F_FIXED(struct hl_directory, lab),
	HL_F_UINT(struct hl_directory, version, 1, UINT64_MAX),
	HL_F_OPT_FIXED(struct hl_directory, prev, has_prev),
	HL_F_ANY(struct hl_directory, issued),
	HL_F_LIST(struct hl_directory, peers, n_peers, 0, HL_DIRECTORY_PEERS_MAX, 1,
		peer_shape),
	HL_F_LIST(struct hl_directory, groups, n_groups, 0, HL_DIRECTORY_GROUPS_MAX, 1,
		group_shape),
	HL_F_LIST(struct hl_directory, relays, n_relays, 0, HL_DIRECTORY_PEERS_MAX, 1,
		hl_shape_id),
};
static const struct hl_shape directory_shape =
	HL_SHAPE_OF(struct hl_directory, directory_fields);

const struct hl_peer_pin *hl_directory_peer(
	const struct hl_directory *directory, const struct hl_id *lab)
{
	size_t low = 0, high = directory->n_peers;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = hl_id_cmp(&directory->peers[mid].lab, lab);
		if (order == 0)
			return &directory->peers[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const struct hl_peer_pin *hl_directory_peer_by_name(
	const struct hl_directory *directory, struct hl_view name)
{
	for (size_t i = 0; i < directory->n_peers; i++)
		if (hl_view_eq(directory->peers[i].name, name))
			return &directory->peers[i];
	return NULL;
}

const struct hl_group *hl_directory_group(
	const struct hl_directory *directory, struct hl_view name)
{
	for (size_t i = 0; i < directory->n_groups; i++)
		if (hl_view_eq(directory->groups[i].name, name))
			return &directory->groups[i];
	return NULL;
}

static int compare_names(const void *a, const void *b)
{
	const struct hl_view *x = a, *y = b;

	return hl_view_cmp(*x, *y);
}

/* SPEC identity 3.2: names unique. */
static enum hl_status names_once(const struct hl_directory *d, void **arena)
{
	struct hl_view *names = hl_arena_alloc(arena, d->n_peers, sizeof(*names));

	if (names == NULL)
		return HL_ERR_NOMEM;
	for (size_t i = 0; i < d->n_peers; i++)
		names[i] = d->peers[i].name;
	qsort(names, d->n_peers, sizeof(*names), compare_names);
	for (size_t i = 1; i < d->n_peers; i++)
		if (hl_view_eq(names[i - 1], names[i]))
			return HL_BAD_FIELD;
	return HL_OK;
}

/* SPEC identity 3.2: Groups and relays name peers alone. */
static bool peers_alone(const struct hl_directory *d, const struct hl_id *labs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hl_directory_peer(d, &labs[i]) == NULL)
			return false;
	return true;
}

/* The rules that the table of fields cannot say. */
static enum hl_status directory_good(const struct hl_directory *d)
{
	void *arena = NULL;

	/* SPEC identity 3.3: prev is the hash of the one before (nil in the first) */
	if (d->has_prev != (d->version > 1))
		return HL_BAD_FIELD;
	if (!peers_alone(d, d->relays, d->n_relays))
		return HL_BAD_FIELD;
	for (size_t i = 0; i < d->n_groups; i++)
		if (!peers_alone(d, d->groups[i].labs, d->groups[i].n_labs))
			return HL_BAD_FIELD;
	enum hl_status status = names_once(d, &arena);
	hl_arena_clear(&arena);
	return status;
}

static enum hl_status directory_read(const struct hl_id *net, struct hl_directory *d)
{
	struct hl_in in HL_CLEAN_IN = {0};

	d->sigs = hl_arena_alloc(&d->arena, HL_SIGS_MAX, sizeof(*d->sigs));
	if (d->sigs == NULL)
		return HL_ERR_NOMEM;
	enum hl_status status = hl_signed_split(hl_view_buf(&d->doc), HL_DIRECTORY_MAX,
		HL_SIGS_MAX, &d->body, d->sigs, &d->n_sigs);
	if (status != HL_OK)
		return status;
	hl_in_init(&in, d->body, HL_DIRECTORY_MAX);
	hl_shape_read(&in, &directory_shape, d, &d->arena);
	status = hl_in_finish(&in);
	if (status != HL_OK)
		return status;
	hl_hash1("directory", net, d->body, &d->hash);
	return directory_good(d);
}

enum hl_status hl_directory_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_directory *ret)
{
	struct hl_directory directory HL_CLEAN_DIRECTORY = {0};

	if (doc.n > HL_DIRECTORY_MAX)
		return HL_BAD_SIZE;
	enum hl_status status = hl_buf_append(&directory.doc, doc);
	if (status == HL_OK)
		status = directory_read(net, &directory);
	if (status != HL_OK)
		return status;
	*ret = directory;
	memset(&directory, 0, sizeof(directory));
	return HL_OK;
}

void hl_directory_clear(struct hl_directory *directory)
{
	if (directory == NULL)
		return;
	hl_buf_clear(&directory->doc);
	hl_arena_clear(&directory->arena);
	memset(directory, 0, sizeof(*directory));
}

enum hl_status hl_directory_encode(struct hl_directory *draft, struct hl_buf *ret_body)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_shape_sort(&directory_shape, draft);
	enum hl_status status = directory_good(draft);
	if (status != HL_OK)
		return hl_status_ours(status) ? status : HL_ERR_USAGE;
	hl_out_init(&out);
	hl_shape_write(&out, &directory_shape, draft);
	return hl_out_finish(&out, ret_body);
}

enum hl_status hl_directory_sign(const struct hl_id *net, struct hl_view body,
	const struct hl_sig *sigs, size_t n_sigs, const struct hl_sign_key *key,
	struct hl_buf *ret_doc)
{
	struct hl_sig all[HL_SIGS_MAX];

	if (n_sigs >= HL_SIGS_MAX)
		return HL_ERR_USAGE;
	for (size_t i = 0; i < n_sigs; i++)
		all[i] = sigs[i];
	hl_key_id(net, HL_ROLE_MEMBER_SIGN, key->pub, &all[n_sigs].kid);
	enum hl_status status = hl_sign("directory", net, body, key, all[n_sigs].sig);
	if (status != HL_OK)
		return status;
	return hl_signed_join(body, all, n_sigs + 1, ret_doc);
}

static enum hl_status signers_check(
	const struct hl_id *net, const struct hl_card *card, const struct hl_directory *d)
{
	/* SPEC identity 3.3: members of at least admin_signers different persons with the
	 * capability admin in the lab's card in force have signed. Every signature MUST be valid
	 * and by such a member. */
	for (size_t i = 0; i < d->n_sigs; i++) {
		const struct hl_member *m = hl_card_member(card, &d->sigs[i].kid);
		if (m == NULL)
			return HL_NOT_MEMBER;
		if ((m->caps.bits & HL_CAP_ADMIN) == 0)
			return HL_NOT_PERMITTED;
		enum hl_status status =
			hl_verify("directory", net, d->body, m->sign, d->sigs[i].sig);
		if (status != HL_OK)
			return status;
	}
	if (hl_card_persons(card, HL_CAP_ADMIN, d->sigs, d->n_sigs) < card->admin_signers)
		return HL_FEW_SIGNATURES;
	return HL_OK;
}

enum hl_status hl_directory_follows(const struct hl_id *net, const struct hl_card *card,
	const struct hl_directory *prev, const struct hl_directory *directory)
{
	uint64_t before = prev != NULL ? prev->version : 0;

	if (!hl_id_eq(&card->lab, &directory->lab) ||
		(prev != NULL && !hl_id_eq(&prev->lab, &directory->lab)))
		return HL_BAD_CARD;
	if (prev != NULL && directory->version == before)
		return hl_id_eq(&directory->hash, &prev->hash) ? HL_STALE
							       : HL_EQUIVOCATION;
	if (directory->version < before)
		return HL_STALE;
	/* SPEC identity 3.3: A directory is valid when version goes up by one (the first is 1),
	 * prev is the hash of the one before (nil in the first) */
	if (directory->version - before > 1 ||
		(prev != NULL && !hl_id_eq(&directory->prev, &prev->hash)))
		return HL_BAD_CARD;
	return signers_check(net, card, directory);
}
