/* A sealer whose letters carry another commitment than that of their key, where it is told to: all
 * else fits, so that nothing but the check of the commitment refuses them. */
#include "tests/sim/commitment.h"

#include "protocol/envelope_inner.h"

enum hl_status __real_hl_slip_make(const struct hl_binding *binding,
	const struct hl_reader *readers, size_t n, size_t *dropped, struct hl_buf *ret);
enum hl_status __wrap_hl_slip_make(const struct hl_binding *binding,
	const struct hl_reader *readers, size_t n, size_t *dropped, struct hl_buf *ret);

static bool foreign;

void commitment_foreign(bool is)
{
	foreign = is;
}

enum hl_status __wrap_hl_slip_make(const struct hl_binding *binding,
	const struct hl_reader *readers, size_t n, size_t *dropped, struct hl_buf *ret)
{
	/* The text is sealed by now; the slips and what is signed are not. */
	if (foreign)
		*(uint8_t *)(uintptr_t)binding->kcom ^= 1;
	foreign = false;
	return __real_hl_slip_make(binding, readers, n, dropped, ret);
}
