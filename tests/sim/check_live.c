/* The promises, as checks with names: what nodes say, and each second. */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#define DEAD_MS    (3 * HL_HEARTBEAT_MS + 1000)
#define ANSWER_MS  6000 /* for the last answers on their way */
#define CALM_MS    130000 /* after trouble: the longest wait before a node dials, and more */
#define HEAD_MS    8000  /* a heartbeat, and the way */
#define OLD_MS     20000 /* then nothing comes of an old link any more */
#define LATE_MS    1000
#define RESTART_MS 2000
#define CARRY_MS   120000

static bool are_apart(const struct sim *sim, size_t a, size_t b)
{
	const struct road *there = &sim->line[a][b], *back = &sim->line[b][a];

	return there->blocks + there->stalls + back->blocks + back->stalls > 0;
}

static bool is_up(const struct sim *sim, size_t lab)
{
	return sim->node[lab].engine != NULL && sim->node[lab].frozen == 0;
}

/* ------------------------------------------------------------ what is logged */

/* "lab 0123456789ab: …", or without "lab ". */
static size_t lab_named(const struct sim *sim, const char *text)
{
	char hex[13];

	text += strncmp(text, "lab ", 4) == 0 ? 4 : 0;
	for (size_t i = 0; i < sim->world.n_labs; i++) {
		hl_hex_encode(hl_view_of(sim->world.lab[i].id.b, 6), hex);
		if (strncmp(text, hex, 12) == 0)
			return i;
	}
	return sim->world.n_labs;
}

static bool says(const char *text, const char *what)
{
	return strstr(text, what) != NULL;
}

/* I8: an alarm needs a reason; loss, delay and a slow line are none. */
static void dead_line(struct sim *sim, size_t lab, size_t peer)
{
	bool reason = are_apart(sim, lab, peer) || !is_up(sim, peer) ||
		sim->now - sim->line[lab][peer].touched < CALM_MS;

	sim->node[lab].dead[peer] = true;
	sim->count[SIM_CHECKS]++;
	if (!reason)
		sim_fail(sim, "I8: a false alarm at lab-%c: the line to lab-%c is good",
			(char)('a' + lab), (char)('a' + peer));
}

static bool was_full(const struct sim *sim, const struct node *node)
{
	return node->heals != 0 ||
		(node->roomy_at != 0 && sim->now - node->roomy_at < CALM_MS);
}

/* Whatever else is an alarm must have a reason too. */
static bool has_reason(struct sim *sim, size_t lab, const char *text)
{
	static const char *const of_restores[] = {"its receipt fell back",
		"it has lost what it had", "store is behind", "began its list anew",
		"does not give back a letter"};
	struct node *node = &sim->node[lab];
	size_t peer = lab_named(sim, text);

	if (says(text, "a turn was lost"))
		return node->refuses;
	if (says(text, "the disk is full")) {
		sim->count[SIM_FULL]++;
		node->full_told = true;
		return was_full(sim, node);
	}
	if (peer == sim->world.n_labs)
		return false;
	if (says(text, "its disk is full")) /* by its last word, which may be old */
		return was_full(sim, &sim->node[peer]);
	if (says(text, "letters are missing"))
		return true; /* the rest finds out whether they come */
	for (size_t i = 0; i < sizeof(of_restores) / sizeof(of_restores[0]); i++)
		if (says(text, of_restores[i]))
			return sim->count[SIM_RESTORED] > 0 || node->old_word[peer];
	if (says(text, "it signed two channels")) {
		node->two_told = true;
		/* One that was restored did: what it signed in the life that it forgot may
		 * still be with a carrier, and nobody who holds it was there to tell it. */
		return node->two_heads[peer] || sim->node[peer].restored;
	}
	return says(text, "two cards with one number") && node->two_cards[peer];
}

static struct letter *letter_named(struct sim *sim, const char *hex)
{
	char got[13];

	for (size_t i = sim->n_letters; i > 0; i--) {
		hl_hex_encode(hl_view_of(sim->letter[i - 1].id.b, 6), got);
		if (strncmp(got, hex, 12) == 0)
			return &sim->letter[i - 1];
	}
	return NULL;
}

/* The node's own scale of time, as its store has it. */
static bool scale_of(struct sim *sim, size_t lab, uint64_t *ret)
{
	struct node *node = &sim->node[lab];
	struct hl_scale_row row;

	if (hl_store_scale_get(node->store, &row) != HL_OK)
		return false;
	*ret = row.ahead + sim_clock(sim, node).boot;
	return hl_id_eq(&row.boot, &node->config.boot);
}

/* True: it could do what was due all the time. */
static bool is_steady(const struct sim *sim, const struct node *node, uint64_t ms)
{
	return node->engine != NULL && node->frozen == 0 && sim->now - node->up_at > ms &&
		sim->now - node->lost_at > ms;
}

/* I9: once, and not late. */
static void overdue(struct sim *sim, size_t lab, const char *hex)
{
	struct node *node = &sim->node[lab];
	struct letter *call = letter_named(sim, hex);
	struct hl_call_row row;
	uint64_t scale = 0;

	if (call == NULL) {
		sim_fail(sim, "I9: a call that nobody issued is overdue");
		return;
	}
	sim->count[SIM_CHECKS]++;
	if (++call->overdue[lab] > 1)
		sim_fail(sim, "I9: a deadline at lab-%c passed twice", (char)('a' + lab));
	if (hl_store_call_get(node->store, &call->id, &row) != HL_OK ||
		!scale_of(sim, lab, &scale))
		return;
	if (scale < row.deadline)
		sim_fail(sim, "I9: a deadline at lab-%c passed %llu ms too soon",
			(char)('a' + lab), (unsigned long long)(row.deadline - scale));
	else if (scale - row.deadline > LATE_MS && is_steady(sim, node, RESTART_MS))
		sim_fail(sim, "I9: a deadline at lab-%c passed %llu ms late",
			(char)('a' + lab), (unsigned long long)(scale - row.deadline));
}

void check_log(struct sim *sim, size_t lab, const struct hl_effect_out *effect)
{
	const char *text = effect->text;
	size_t peer = lab_named(sim, text);

	if (peer < sim->world.n_labs && says(text, "the line is alive again"))
		sim->node[lab].dead[peer] = false;
	if (says(text, "there is room on the disk again"))
		sim->node[lab].full_told = false;
	if (peer < sim->world.n_labs && says(text, "the line is dead"))
		dead_line(sim, lab, peer);
	else if (effect->priority <= 1 && !has_reason(sim, lab, text))
		sim_fail(sim, "false alarm at lab-%c: %s", (char)('a' + lab), text);
	if (strncmp(text, "call ", 5) == 0 && says(text, "is overdue"))
		overdue(sim, lab, text + 5);
}

/* ------------------------------------------------------------- what is sent */

/* I12: of a turn that was lost nothing is said but that, and goodbye. */
static void check_refusal(struct sim *sim, size_t lab, struct hl_view bytes)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	sim->count[SIM_CHECKS]++;
	if (bytes.p[1] == HL_FRAME_CLOSE ||
		(hl_frame_parse(bytes, HL_PURPOSE_DEVICE, &frame) == HL_OK &&
			frame.type == HL_FRAME_REPLY && frame.reply.code == HL_TROUBLE))
		return;
	sim_fail(sim, "I12: lab-%c said something in a turn that it lost",
		(char)('a' + lab));
}

static void keep_pulse(struct sim *sim, size_t lab, size_t to, struct hl_view bytes)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};
	struct hl_statement s;

	struct node *node = &sim->node[lab];

	/* A peer that starts anew may begin with smaller ones. */
	node->pulse[to] = 0;
	node->pulse_life[to] = sim->node[to].life;
	node->pulse_line[to] = sim->line[lab][to].touched + sim->line[to][lab].touched;
	/* Nor is one meant of a link that was replaced, and still brings some. */
	if (sim->now - sim->node[to].up_at > OLD_MS &&
		sim->now - sim->line[lab][to].touched > OLD_MS &&
		hl_frame_parse(bytes, HL_PURPOSE_PEER, &frame) == HL_OK &&
		hl_statement_parse(frame.doc, &s) == HL_OK)
		node->pulse[to] = s.pulse;
}

void check_sent(struct sim *sim, size_t lab, const struct hl_effect_out *effect)
{
	const struct wire *wire = sim_wire_at(sim, effect->link);
	const struct hl_view bytes = hl_view_buf(&effect->frame);
	size_t to = wire->end[wire->end[0].lab == lab ? 1 : 0].lab;

	/* The first byte after the array's is the type. */
	if (bytes.n < 2)
		return;
	if (sim->node[lab].refuses)
		check_refusal(sim, lab, bytes);
	if (wire->purpose != HL_PURPOSE_PEER ||
		(bytes.p[1] != HL_FRAME_STATEMENT && bytes.p[1] != HL_FRAME_SEGMENT))
		return;
	if (bytes.p[1] == HL_FRAME_STATEMENT)
		keep_pulse(sim, lab, to, bytes);
	/* For an enemy to use later. */
	if (rng_one_in(&sim->rng, 8)) {
		struct hl_buf *said = &sim->node[lab].said[to];
		hl_buf_clear(said);
		must(hl_buf_append(said, bytes), "copy");
	}
}

/* -------------------------------------------------------------- each second */

/* I8: nothing came, or nothing got through, for three heartbeats and a second. */
static void check_dead(struct sim *sim, size_t lab, size_t peer)
{
	const struct node *node = &sim->node[lab];
	const struct road *there = &sim->line[lab][peer], *back = &sim->line[peer][lab];
	uint64_t heard = node->heard[peer],
		 reached = sim->node[peer].heard[lab] + ANSWER_MS;

	/* What a stall held back came when it ended. */
	if (reached < there->touched + ANSWER_MS)
		reached = there->touched + ANSWER_MS;
	if (node->dead[peer] || !is_steady(sim, node, DEAD_MS))
		return;
	/* What it says got through in time, where the answers have a good way back. */
	if (reached < heard && back->slow == 0 && !back->lossy && there->slow == 0)
		heard = reached;
	sim->count[SIM_CHECKS]++;
	if (sim->now - heard > DEAD_MS)
		sim_fail(sim,
			"I8: lab-%c does not see that the line to lab-%c is dead: it heard it "
			"at %llu, and was heard at %llu",
			(char)('a' + lab), (char)('a' + peer),
			(unsigned long long)node->heard[peer],
			(unsigned long long)sim->node[peer].heard[lab]);
}

/* True: nothing was wrong between two labs for so long. */
static bool is_calm(struct sim *sim, size_t a, size_t b, uint64_t ms)
{
	const struct road *there = &sim->line[a][b], *back = &sim->line[b][a];
	unsigned end;

	return is_steady(sim, &sim->node[a], ms) && is_steady(sim, &sim->node[b], ms) &&
		!are_apart(sim, a, b) && sim->now - there->touched > ms &&
		sim->now - there->up_at > ms && sim->now - there->changed > ms &&
		sim->now - back->changed > ms && there->slow + back->slow == 0 &&
		!there->lossy && !back->lossy && sim_wire(sim, a, b, &end) != 0;
}

/* I6: what one has entered the other knows of within a heartbeat. */
static void check_heads(struct sim *sim, size_t a, size_t b, uint64_t second)
{
	struct node *from = &sim->node[a], *to = &sim->node[b];
	const struct hl_id *net_a = &sim->world.lab[a].id, *net_b = &sim->world.lab[b].id;
	struct hl_channel_row row;

	if (second == 0) {
		from->wanted_at[b] = 0;
		if (is_up(sim, a) && !from->turn &&
			hl_store_channel_get(from->store, net_b, true, &row) == HL_OK) {
			from->wanted[b] = row.number;
			from->wanted_epoch[b] = row.epoch;
			from->wanted_at[b] = sim->now;
		}
		return;
	}
	if (second * SIM_TICK_MS != HEAD_MS || from->wanted_at[b] == 0 ||
		!is_calm(sim, a, b, CALM_MS / 4))
		return;
	sim->count[SIM_CHECKS]++;
	if (hl_store_channel_get(to->store, net_a, false, &row) != HL_OK ||
		row.epoch < from->wanted_epoch[b] ||
		(row.epoch == from->wanted_epoch[b] && row.head_number < from->wanted[b]))
		sim_fail(sim,
			"I6: lab-%c knows entry %llu of epoch %llu of lab-%c, not %llu of %llu",
			(char)('a' + b), (unsigned long long)row.head_number,
			(unsigned long long)row.epoch, (char)('a' + a),
			(unsigned long long)from->wanted[b],
			(unsigned long long)from->wanted_epoch[b]);
}

/* I9: nothing is skipped. */
static void check_deadlines(struct sim *sim, size_t lab)
{
	struct node *node = &sim->node[lab];
	struct hl_call_row row;
	uint64_t scale = 0;

	if (!is_steady(sim, node, 2 * RESTART_MS) || node->turn ||
		hl_store_call_next(node->store, &row) != HL_OK ||
		!scale_of(sim, lab, &scale))
		return;
	sim->count[SIM_CHECKS]++;
	if (scale > row.deadline && scale - row.deadline > 2 * LATE_MS)
		sim_fail(sim, "I9: a deadline at lab-%c was skipped", (char)('a' + lab));
}

/* Labs that have a good line to both, all the time, and may pass a letter on. */
static uint64_t ways_round(struct sim *sim, const struct letter *l, size_t to)
{
	uint64_t ways = 0;

	for (size_t c = 0; c < sim->world.n_labs; c++)
		if (c != l->lab && c != to &&
			((l->labs >> c & 1) != 0 ||
				world_is_relay(&sim->world, l->lab, c)) &&
			is_calm(sim, l->lab, c, SIM_TICK_MS) &&
			is_calm(sim, c, to, SIM_TICK_MS))
			ways |= 1u << c;
	return ways;
}

/* I1: a third lab carries what a cut line cannot. */
static void check_carried(struct sim *sim, struct letter *l)
{
	for (size_t to = 0; to < sim->world.n_labs; to++) {
		if (to == l->lab ||
			((l->labs & ~l->delivered & ~l->refused) >> to & 1) == 0)
			continue;
		uint64_t ways = are_apart(sim, l->lab, to) ? ways_round(sim, l, to) : 0;
		ways &= l->apart[to] != 0 ? l->ways[to] : ways;
		if (ways == 0) {
			l->apart[to] = 0;
			continue;
		}
		if (l->apart[to] == 0)
			l->apart[to] = sim->now;
		l->ways[to] = ways;
		if (sim->now - l->apart[to] <= CARRY_MS)
			continue;
		sim->count[SIM_CHECKS]++;
		if (!check_is_stored(sim, to, l))
			sim_fail(sim, "I1: nobody has carried a letter to lab-%c",
				(char)('a' + to));
	}
}

#define CARRY_LETTERS 64

void check_tick(struct sim *sim)
{
	uint64_t second = sim->now / SIM_TICK_MS, pair = 0;
	size_t n = sim->world.n_labs;

	for (size_t a = 0; a < n; a++) {
		for (size_t b = 0; b < n; b++, pair++) {
			if (a == b)
				continue;
			if (is_up(sim, a))
				check_dead(sim, a, b);
			check_heads(sim, a, b, (second + pair) % 20);
		}
		if (is_up(sim, a) && (second + a) % 10 == 0)
			check_deadlines(sim, a);
	}
	size_t first =
		sim->n_letters > CARRY_LETTERS ? sim->n_letters - CARRY_LETTERS : 0;
	for (size_t i = first; i < sim->n_letters && second % 5 == 0; i++)
		if (sim->letter[i].accepted && !sim->letter[i].barred)
			check_carried(sim, &sim->letter[i]);
}
