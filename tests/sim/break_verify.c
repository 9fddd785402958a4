/* Control: takes every signature for a good one. */
#include "protocol/keys.h"

enum hl_status __wrap_hl_verify(const char *tag, const struct hl_id *net,
	struct hl_view msg, const uint8_t pub[static HL_KEY_SIZE],
	const uint8_t sig[static HL_SIG_SIZE]);

enum hl_status __wrap_hl_verify(const char *tag, const struct hl_id *net,
	struct hl_view msg, const uint8_t pub[static HL_KEY_SIZE],
	const uint8_t sig[static HL_SIG_SIZE])
{
	(void)tag, (void)net, (void)msg, (void)pub, (void)sig;
	return HL_OK;
}
