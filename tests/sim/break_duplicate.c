/* Control: does not look whether a letter that comes by link is held already. The look for its
 * entry comes right before that for the letter: the second one is blinded. */
#include "node/store/store.h"

enum hl_status __real_hl_store_entry_find(struct hl_store *store, bool outgoing,
	const struct hl_id *peer, const struct hl_id *id, struct hl_entry_row *ret,
	size_t max, size_t *ret_n);
enum hl_status __wrap_hl_store_entry_find(struct hl_store *store, bool outgoing,
	const struct hl_id *peer, const struct hl_id *id, struct hl_entry_row *ret,
	size_t max, size_t *ret_n);
enum hl_status __real_hl_store_letter_row(
	struct hl_store *store, const struct hl_id *id, struct hl_letter_row *ret);
enum hl_status __wrap_hl_store_letter_row(
	struct hl_store *store, const struct hl_id *id, struct hl_letter_row *ret);
enum hl_status __real_hl_store_letter_put(
	struct hl_store *store, const struct hl_letter_row *row, struct hl_view doc);
enum hl_status __wrap_hl_store_letter_put(
	struct hl_store *store, const struct hl_letter_row *row, struct hl_view doc);

static bool blind;

enum hl_status __wrap_hl_store_entry_find(struct hl_store *store, bool outgoing,
	const struct hl_id *peer, const struct hl_id *id, struct hl_entry_row *ret,
	size_t max, size_t *ret_n)
{
	blind = !outgoing;
	return __real_hl_store_entry_find(store, outgoing, peer, id, ret, max, ret_n);
}

enum hl_status __wrap_hl_store_letter_row(
	struct hl_store *store, const struct hl_id *id, struct hl_letter_row *ret)
{
	bool now = blind;

	blind = false;
	return now ? HL_UNKNOWN : __real_hl_store_letter_row(store, id, ret);
}

enum hl_status __wrap_hl_store_letter_put(
	struct hl_store *store, const struct hl_letter_row *row, struct hl_view doc)
{
	struct hl_letter_row held;

	if (__real_hl_store_letter_row(store, &row->id, &held) == HL_OK)
		return HL_OK;
	return __real_hl_store_letter_put(store, row, doc);
}
