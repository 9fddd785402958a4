/* Control: takes every commitment for that of the key that it found. */
#include "protocol/secret.h"

bool __wrap_hl_bytes_eq_secret(const uint8_t *a, const uint8_t *b, size_t n);

bool __wrap_hl_bytes_eq_secret(const uint8_t *a, const uint8_t *b, size_t n)
{
	(void)a, (void)b, (void)n;
	return true;
}
