/* Records as they are: a whole handshake for each wire, and the real cipher. */
#include "tests/sim/sim.h"

#include <string.h>

static const struct hl_dh_key *link_key(struct sim *sim, const struct end *end)
{
	return end->device ? &sim->world.lab[end->lab].device[end->index].link
			   : &sim->world.lab[end->lab].node_link;
}

void wire_session(struct sim *sim, struct wire *wire)
{
	struct hl_entropy entropy = rng_entropy(&sim->rng);
	const struct hl_key32 psk = {{0}};
	struct hl_noise noise[2] = {{0}};
	const struct hl_dh_key *key[2] = {
		link_key(sim, &wire->end[0]), link_key(sim, &wire->end[1])};

	for (unsigned e = 0; e < 2; e++) {
		struct hl_key32 ephemeral;
		must(hl_entropy_fill(&entropy, ephemeral.b, sizeof(ephemeral.b)), "key");
		must(hl_noise_init(&noise[e], HL_NOISE_XKPSK3, e == 0,
			     hl_view_str("simulator"), key[e],
			     e == 0 ? key[1]->pub : NULL, &ephemeral),
			"handshake");
		hl_noise_set_psk(&noise[e], psk.b);
	}
	for (unsigned i = 0; i < 3; i++) {
		struct hl_buf message HL_CLEAN_BUF = {0};
		must(hl_noise_write(&noise[i % 2], (struct hl_view){0}, &message),
			"handshake");
		must(hl_noise_read(&noise[1 - i % 2], hl_view_buf(&message), NULL),
			"handshake");
	}
	for (unsigned e = 0; e < 2; e++) {
		struct hl_session session = {0};
		must(hl_noise_split(&noise[e], &session), "handshake");
		hl_records_init(&wire->end[e].records, &session);
		hl_noise_clear(&noise[e]);
	}
}
