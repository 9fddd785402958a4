/* What a bad node sends: rubbish, repeats, contradictions, and letters that nobody may take. */
#include "tests/sim/sim.h"

#include <string.h>

#define JUNK_MAX 2 /* frames of one node to another that cost it nothing yet */

/* The hash of what is sent. */
static uint64_t send(struct sim *sim, uint64_t wire, unsigned end, unsigned lane,
	const struct hl_frame *frame)
{
	struct hl_buf bytes = {0};

	must(hl_frame_encode(frame, &bytes), "frame");
	uint64_t hash = sim_hash(0, hl_view_buf(&bytes));
	wire_send(sim, wire, end, lane, &bytes);
	wire_pump(sim, wire, end);
	return hash;
}

/* The wire from one lab to another, by chance; 0: there is none. */
static uint64_t any_wire(
	struct sim *sim, size_t *ret_from, size_t *ret_to, unsigned *ret_end)
{
	size_t n = sim->world.n_labs, from = rng_below(&sim->rng, n);
	size_t to = (from + 1 + rng_below(&sim->rng, n - 1)) % n;

	*ret_from = from;
	*ret_to = to;
	return sim_wire(sim, from, to, ret_end);
}

/* A signature of somebody of another lab stands beside the good one. */
static void cosign(struct sim *sim, const struct hl_envelope *envelope, size_t to,
	struct hl_buf *ret)
{
	const struct hl_sign_key *alien = &sim->world.lab[to].device[0].sign;
	struct hl_buf two HL_CLEAN_BUF = {0};
	struct hl_envelope more HL_CLEAN_ENVELOPE = {0};

	must(hl_envelope_cosign(envelope, alien, &two), "cosign");
	must(hl_envelope_parse(&sim->world.net, hl_view_buf(&two), &more), "cosigned");
	must(hl_envelope_for_lab(&more, &sim->world.lab[to].id, ret), "copy");
	sim->count[SIM_ALIEN]++;
}

/* Bytes changed, a strange signature, a repeat. */
static void bad_letter(struct sim *sim)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf copy HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = HL_FRAME_LETTER};
	unsigned end = 0;

	if (sim->n_letters == 0)
		return;
	const struct letter *letter = &sim->letter[rng_below(&sim->rng, sim->n_letters)];
	size_t to = rng_below(&sim->rng, sim->world.n_labs);
	uint64_t wire = to == letter->lab ? 0 : sim_wire(sim, letter->lab, to, &end);
	if (wire == 0 || (letter->labs >> to & 1) == 0 || letter->barred)
		return;
	must(hl_envelope_parse(&sim->world.net, hl_view_buf(&letter->doc), &envelope),
		"own letter");
	uint64_t way = rng_below(&sim->rng, 3);
	if (way == 1)
		cosign(sim, &envelope, to, &copy);
	else
		must(hl_envelope_for_lab(&envelope, &sim->world.lab[to].id, &copy),
			"copy");
	if (way == 0) {
		uint64_t bit = rng_below(&sim->rng, copy.n * 8);
		copy.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		sim->count[SIM_MUTATED]++;
	}
	sim->count[SIM_REPLAYED] += way == 2;
	frame.letter.from = sim->world.lab[letter->lab].id;
	frame.letter.doc = hl_view_buf(&copy);
	(void)send(sim, wire, end, HL_LANE_ROUTINE, &frame);
}

/* What a node once said comes again, as it was or changed. */
static void old_word(struct sim *sim)
{
	size_t from, to;
	struct hl_buf bytes = {0};
	unsigned end = 0;
	uint64_t wire = any_wire(sim, &from, &to, &end);

	if (wire == 0 || sim->node[from].said[to].n == 0)
		return;
	must(hl_buf_append(&bytes, hl_view_buf(&sim->node[from].said[to])), "copy");
	if (rng_one_in(&sim->rng, 2)) {
		uint64_t bit = 24 + rng_below(&sim->rng, bytes.n * 8 - 24);
		bytes.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	sim->node[to].old_word[from] = true;
	sim->count[SIM_STATEMENTS]++;
	wire_send(sim, wire, end, HL_LANE_CONTROL, &bytes);
	wire_pump(sim, wire, end);
}

/* Bytes that are no frame, or no record. Few: who does so again and again is shut out for long. */
static void junk(struct sim *sim)
{
	struct hl_entropy entropy = rng_entropy(&sim->rng);
	uint8_t noise[300];
	struct hl_buf bytes = {0};
	size_t from, to;
	unsigned end = 0;
	uint64_t wire = any_wire(sim, &from, &to, &end);

	if (wire == 0)
		return;
	sim_touch(sim, from, to);
	if (rng_one_in(&sim->rng, 2)) {
		wire_junk(sim, wire, end);
		sim->count[SIM_JUNK_RECORDS]++;
		return;
	}
	if (sim->node[from].junk[to] == JUNK_MAX)
		return;
	sim->node[from].junk[to]++;
	sim->count[SIM_JUNK_FRAMES]++;
	must(hl_entropy_fill(&entropy, noise, sizeof(noise)), "junk");
	must(hl_buf_append(
		     &bytes, hl_view_of(noise, 1 + rng_below(&sim->rng, sizeof(noise)))),
		"junk");
	wire_send(sim, wire, end, 1 + (unsigned)rng_below(&sim->rng, HL_LANES), &bytes);
	wire_pump(sim, wire, end);
}

/* Two heads with one number: what the peer holds, and another link. */
static void two_heads(struct sim *sim)
{
	struct hl_frame frame = {.type = HL_FRAME_STATEMENT};
	struct hl_entropy entropy = rng_entropy(&sim->rng);
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_channel_row row;
	struct hl_statement s = {.has_head = true};
	size_t from, to;
	unsigned end = 0;
	uint64_t wire = any_wire(sim, &from, &to, &end);

	if (wire == 0 || sim->node[to].store == NULL || sim->node[to].two_heads[from] ||
		hl_store_channel_get(sim->node[to].store, &sim->world.lab[from].id, false,
			&row) != HL_OK ||
		row.number == 0)
		return;
	/* Of no time, and without a receipt: it says nothing else. */
	s.from = sim->world.lab[from].id;
	s.to = sim->world.lab[to].id;
	s.head.epoch = row.epoch;
	s.head.number = 1 + rng_below(&sim->rng, row.number);
	must(hl_entropy_fill(&entropy, s.head.link.b, HL_ID_SIZE), "link");
	must(hl_statement_sign(
		     &sim->world.net, &s, &sim->world.lab[from].node_sign, &doc),
		"statement");
	frame.doc = hl_view_buf(&doc);
	sim->node[to].two_heads[from] = true;
	sim->node[to].contrary = send(sim, wire, end, HL_LANE_CONTROL, &frame);
	sim->count[SIM_TWO_HEADS]++;
}

static bool all_hold_card(struct sim *sim, size_t of)
{
	for (size_t i = 0; i < sim->world.n_labs; i++) {
		struct hl_buf doc HL_CLEAN_BUF = {0};
		if (sim->node[i].store == NULL ||
			hl_store_doc_get(sim->node[i].store, HL_DOC_CARD,
				&sim->world.lab[of].id, NULL, sim->world.lab[of].n_cards,
				&doc) != HL_OK)
			return false;
	}
	return true;
}

/* Two cards with one version. */
static void two_cards(struct sim *sim)
{
	struct hl_frame frame = {.type = HL_FRAME_CARD};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	size_t from, to;
	unsigned end = 0;
	uint64_t wire = any_wire(sim, &from, &to, &end);

	/* Who sees the second one first takes it for the first, and never the next. */
	if (wire == 0 || sim->options.seed % 4 != 1 || sim->options.restores ||
		!all_hold_card(sim, from))
		return;
	world_other_card(&sim->world, from, WORLD_START + sim->now, &doc);
	frame.doc = hl_view_buf(&doc);
	/* The second goes from one to all who know the lab. */
	for (size_t i = 0; i < sim->world.n_labs; i++)
		sim->node[i].two_cards[from] = true;
	sim->count[SIM_TWO_CARDS]++;
	(void)send(sim, wire, end, HL_LANE_CONTROL, &frame);
}

/* A letter by a device that is cut off, to somebody who knows that it is. */
static void late_letter(struct sim *sim)
{
	struct hl_frame frame = {.type = HL_FRAME_LETTER};
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf copy HL_CLEAN_BUF = {0}, held HL_CLEAN_BUF = {0};
	size_t from = sim->suspended_lab, n = sim->world.n_labs;
	size_t to = (from + 1 + rng_below(&sim->rng, n - 1)) % n;
	unsigned end = 0;
	uint64_t wire = sim->suspended ? sim_wire(sim, from, to, &end) : 0;

	if (wire == 0 || sim->options.restores || sim->node[to].store == NULL ||
		hl_store_doc_get(sim->node[to].store, HL_DOC_SUSPENSION,
			&sim->world.lab[from].id, &sim->world.lab[from].device[1].kid, 0,
			&held) != HL_OK)
		return;
	struct letter *letter = sim_raise(sim, from, 1, 1u << to, HL_PRIORITY);
	if (letter == NULL)
		return;
	letter->late = true;
	must(hl_envelope_parse(&sim->world.net, hl_view_buf(&letter->doc), &envelope),
		"late letter");
	must(hl_envelope_for_lab(&envelope, &sim->world.lab[to].id, &copy), "copy");
	frame.letter.from = sim->world.lab[from].id;
	frame.letter.doc = hl_view_buf(&copy);
	(void)send(sim, wire, end, HL_LANE_PRIORITY, &frame);
}

/* A member's letter whose commitment is not that of its key: every node takes it, no device. */
static void two_keys(struct sim *sim)
{
	size_t n = sim->world.n_labs, from = rng_below(&sim->rng, n);

	if (sim->options.foreign_commitment == NULL)
		return;
	sim->options.foreign_commitment(true);
	struct letter *letter = sim_raise(sim, from, 2, (1u << n) - 1, HL_ROUTINE);
	sim->options.foreign_commitment(false);
	if (letter == NULL)
		return;
	letter->two_keys = true;
	sim->count[SIM_TWO_KEYS]++;
}

void enemy_act(struct sim *sim)
{
	switch (rng_below(&sim->rng, 12)) {
	case 0:
	case 1:
	case 2:
	case 3: bad_letter(sim); break;
	case 4:
	case 5: old_word(sim); break;
	case 6:
	case 7: junk(sim); break;
	case 8: two_heads(sim); break;
	case 9: two_cards(sim); break;
	case 10: late_letter(sim); break;
	default: two_keys(sim);
	}
}
