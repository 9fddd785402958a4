#include "tests/unit/unit.h"

#include <msgpack.h>
#include <sodium.h>

static unsigned countdown;
static bool failed;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_sodium_malloc(size_t n);
bool __real_msgpack_zone_init(msgpack_zone *zone, size_t chunk);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_sodium_malloc(size_t n);
bool __wrap_msgpack_zone_init(msgpack_zone *zone, size_t chunk);

static bool fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	failed = true;
	return true;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_sodium_malloc(size_t n)
{
	return fails() ? NULL : __real_sodium_malloc(n);
}

bool __wrap_msgpack_zone_init(msgpack_zone *zone, size_t chunk)
{
	return fails() ? false : __real_msgpack_zone_init(zone, chunk);
}

void unit_fail_allocation(unsigned n)
{
	countdown = n;
	failed = false;
}

bool unit_allocation_failed(void)
{
	bool was = failed;

	unit_fail_allocation(0);
	return was;
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	return c != '\0' && at ? (int)(at - digits) : -1;
}

struct hl_buf unit_hex(const char *hex)
{
	struct hl_buf buf = {0};

	while (*hex) {
		uint8_t byte;

		if (*hex == '-' || *hex == ' ') {
			hex++;
			continue;
		}
		assert_true(digit(hex[0]) >= 0 && digit(hex[1]) >= 0);
		byte = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
		assert_ok(hl_buf_append(&buf, hl_view_of(&byte, 1)));
		hex += 2;
	}
	return buf;
}

struct hl_key32 unit_key(const char *hex)
{
	struct hl_key32 key;

	assert_ok(hl_hex_decode(hex, sizeof(key.b), key.b));
	return key;
}

void unit_assert_hex(struct hl_view got, const char *hex, const char *file, int line)
{
	char *shown = malloc(2 * got.n + 1);

	if (!shown)
		abort();
	hl_hex_encode(got, shown);
	_assert_string_equal(shown, hex, file, line);
	free(shown);
}

static enum hl_status entropy_fill(void *ctx, uint8_t *p, size_t n)
{
	struct unit_entropy *entropy = ctx;

	if (entropy->broken)
		return HL_ERR_INTERNAL;
	for (size_t at = 0; at < n; at += HL_ID_SIZE) {
		uint8_t number[8];
		struct hl_view part = HL_VIEW(number);
		struct hl_id hash;

		hl_put_be64(number, entropy->count++);
		hl_sha256(&part, 1, &hash);
		memcpy(p + at, hash.b, n - at < sizeof(hash.b) ? n - at : sizeof(hash.b));
	}
	return HL_OK;
}

void unit_entropy_init(struct unit_entropy *entropy)
{
	*entropy = (struct unit_entropy){.source = {entropy_fill, entropy}};
}
