/*
 * Records for most seeds of the simulator: the same shape, lanes and chunks as the real ones, but a
 * checksum under the wire's key in the place of the cipher, put in its place by the linker.
 */
#include "tests/sim/sim.h"

#include <string.h>

enum hl_status __wrap_hl_cipher_seal(
	struct hl_cipher *cipher, struct hl_view pt, uint8_t *ret);
enum hl_status __wrap_hl_cipher_open(
	struct hl_cipher *cipher, struct hl_view ct, uint8_t *ret);
void __wrap_hl_cipher_rekey(struct hl_cipher *cipher);

static void tag_of(const struct hl_cipher *cipher, struct hl_view pt, uint8_t *ret)
{
	uint64_t state = sim_hash(cipher->n, hl_view_of(cipher->k, 8));

	state = sim_hash(state, pt);
	hl_put_be64(ret, state);
	hl_put_be64(ret + 8, ~state);
}

enum hl_status __wrap_hl_cipher_seal(
	struct hl_cipher *cipher, struct hl_view pt, uint8_t *ret)
{
	memcpy(ret, pt.p, pt.n);
	tag_of(cipher, pt, ret + pt.n);
	cipher->n++;
	return HL_OK;
}

enum hl_status __wrap_hl_cipher_open(
	struct hl_cipher *cipher, struct hl_view ct, uint8_t *ret)
{
	const struct hl_view pt = {ct.p, ct.n - HL_TAG_SIZE};
	uint8_t tag[HL_TAG_SIZE];

	tag_of(cipher, pt, tag);
	if (memcmp(tag, ct.p + pt.n, sizeof(tag)) != 0)
		return HL_BAD_OPEN;
	memcpy(ret, pt.p, pt.n);
	cipher->n++;
	return HL_OK;
}

void __wrap_hl_cipher_rekey(struct hl_cipher *cipher)
{
	(void)cipher;
}

void wire_session(struct sim *sim, struct wire *wire)
{
	struct hl_entropy entropy = rng_entropy(&sim->rng);

	must(hl_entropy_fill(&entropy, wire->key[0], 2 * HL_KEY_SIZE), "keys");
	for (unsigned e = 0; e < 2; e++) {
		struct hl_session session = {
			.send = {wire->key[e], 0}, .recv = {wire->key[1 - e], 0}};
		hl_records_init(&wire->end[e].records, &session);
	}
}
