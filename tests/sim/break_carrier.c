/* Control: tells devices that a letter is delivered when a carrier has taken it. */
#include "node/engine/state.h"

enum hl_status __real_hl_feed(struct hl_engine *e, enum hl_feed_sort sort,
	const struct hl_id *id, const struct hl_id *lab, uint64_t value);
enum hl_status __wrap_hl_feed(struct hl_engine *e, enum hl_feed_sort sort,
	const struct hl_id *id, const struct hl_id *lab, uint64_t value);

enum hl_status __wrap_hl_feed(struct hl_engine *e, enum hl_feed_sort sort,
	const struct hl_id *id, const struct hl_id *lab, uint64_t value)
{
	return __real_hl_feed(
		e, sort == HL_FEED_CARRIED ? HL_FEED_RECEIPT : sort, id, lab, value);
}
