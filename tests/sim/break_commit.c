/* Control: acknowledges before it commits. Only every fifth turn is written at once. */
#include "node/store/store.h"

enum hl_status __real_hl_store_commit(struct hl_store *store);
enum hl_status __wrap_hl_store_commit(struct hl_store *store);

enum hl_status __wrap_hl_store_commit(struct hl_store *store)
{
	static unsigned turns;

	return ++turns % 5 == 0 ? __real_hl_store_commit(store) : HL_OK;
}
