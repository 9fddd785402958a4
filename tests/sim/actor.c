/* Devices: they seal and submit, watch the feed, fetch and open; and enemies, who send rubbish. */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

struct letter *sim_letter(struct sim *sim, const struct hl_id *id)
{
	for (size_t i = sim->n_letters; i > 0; i--)
		if (hl_id_eq(&sim->letter[i - 1].id, id))
			return &sim->letter[i - 1];
	return NULL;
}

static size_t lab_of(struct sim *sim, const struct hl_id *id)
{
	size_t i = 0;

	while (i < sim->world.n_labs && !hl_id_eq(&sim->world.lab[i].id, id))
		i++;
	return i;
}

/* ------------------------------------------------------------ the device */

/* The request number tells what the reply is about: what * 2^32 + index. */
enum what { WHAT_HELLO, WHAT_PUT, WHAT_SUBMIT, WHAT_WATCH, WHAT_FETCH, WHAT_PROOF };

static void ask(struct sim *sim, size_t lab, size_t index, enum what what, size_t about,
	struct hl_frame *frame)
{
	struct actor *actor = &sim->node[lab].actor[index];
	struct hl_buf bytes = {0};

	if (actor->wire == 0)
		return;
	frame->request = (uint64_t)what << 32 | about;
	must(hl_frame_encode(frame, &bytes), "request");
	sim_send(sim, actor->wire, 0, HL_LANE_CONTROL, &bytes);
}

static void put(struct sim *sim, size_t lab, size_t index, enum hl_doc sort,
	const struct hl_buf *doc)
{
	struct hl_frame frame = {.type = HL_FRAME_PUT};

	frame.put.sort = sort;
	frame.put.doc = hl_view_buf(doc);
	ask(sim, lab, index, WHAT_PUT, sort, &frame);
}

void actor_connect(struct sim *sim, size_t lab, size_t index)
{
	struct sim_event event = {.type = AT_DEVICE, .lab = lab, .other = index};

	sim_at(sim, &event, 10 + rng_below(&sim->rng, 2000));
}

static void submit(struct sim *sim, size_t at)
{
	const struct letter *letter = &sim->letter[at];
	struct hl_frame frame = {.type = HL_FRAME_SUBMIT};

	frame.doc = hl_view_buf(&letter->doc);
	ask(sim, letter->lab, letter->device, WHAT_SUBMIT, at, &frame);
}

void actor_submit(struct sim *sim, size_t at)
{
	if (sim->node[sim->letter[at].lab].actor[sim->letter[at].device].hello)
		submit(sim, at);
}

static void fetch(struct sim *sim, size_t lab, size_t index, const struct hl_id *id)
{
	struct hl_frame frame = {.type = HL_FRAME_FETCH, .id = *id};

	ask(sim, lab, index, WHAT_FETCH, 0, &frame);
}

static void greeted(struct sim *sim, size_t lab, size_t index)
{
	struct world_lab *wl = &sim->world.lab[lab];
	struct actor *actor = &sim->node[lab].actor[index];
	struct hl_frame watch = {.type = HL_FRAME_WATCH};

	actor->hello = true;
	/* The node may lack the newest card; then the outbox. */
	for (size_t i = 1; i < wl->n_cards; i++)
		put(sim, lab, index, HL_DOC_CARD, &wl->cards[i]);
	if (wl->device[index].seals.n > 0)
		put(sim, lab, index, HL_DOC_SEALS, &wl->device[index].seals);
	for (size_t i = 0; i < sim->n_letters; i++)
		if (sim->letter[i].lab == lab && sim->letter[i].device == index &&
			!sim->letter[i].accepted)
			submit(sim, i);
	for (size_t i = 0; i < sim->n_letters; i++)
		if (sim->letter[i].told[lab][index] && !sim->letter[i].held[lab][index])
			fetch(sim, lab, index, &sim->letter[i].id);
	watch.feed.after = actor->feed_last;
	ask(sim, lab, index, WHAT_WATCH, 0, &watch);
}

static void take_item(
	struct sim *sim, size_t lab, size_t index, const struct hl_feed_item *item)
{
	struct actor *actor = &sim->node[lab].actor[index];
	struct letter *letter;

	if (item->number <= actor->feed_last)
		return;
	actor->feed_last = item->number;
	letter = sim_letter(sim, &item->id);
	if (item->sort == HL_FEED_LETTER) {
		/* One that nobody issued may wait for a card, but be no more than that:
		 * what the fetch brings is looked at. */
		if (letter == NULL) {
			fetch(sim, lab, index, &item->id);
			return;
		}
		letter->told[lab][index] = true;
		/* Twice where it had to wait for a card, else once. */
		if (++letter->fed[lab][index] > (letter->card_version > 1 ? 2 : 1) &&
			!sim->options.restores)
			sim_fail(sim, "I3: a letter stands %llu times in the feed",
				(unsigned long long)letter->fed[lab][index]);
		fetch(sim, lab, index, &item->id);
	} else if (item->sort == HL_FEED_RECEIPT && letter != NULL) {
		check_receipt(sim, letter, lab_of(sim, &item->lab));
	} else if (item->sort == HL_FEED_REFUSED) {
		sim_fail(sim, "a good letter was refused with code %llu",
			(unsigned long long)item->value);
	}
}

static void take_proof(
	struct sim *sim, size_t lab, const struct hl_frame *reply, struct letter *letter)
{
	struct hl_body body HL_CLEAN_BODY = {0};

	if (reply->reply.code != HL_OK ||
		hl_body_parse(reply->reply.body, HL_FRAME_PROOF, &body) != HL_OK)
		return;
	bool good = body.proof.n > 0;
	for (size_t i = 0; i < body.proof.n; i++) {
		const struct hl_proof_item *item = &body.proof.items[i];
		struct hl_segment segment HL_CLEAN_SEGMENT = {0};
		size_t to = lab_of(sim, &item->lab);
		struct hl_entry entry;
		uint64_t since = 0;
		good = good && item->state == HL_DELIVERED && to < sim->world.n_labs &&
			hl_segment_parse(item->segment, &segment) == HL_OK &&
			hl_segment_entered(&sim->world.net, &segment,
				&sim->world.lab[lab].card, &letter->id,
				&entry) == HL_OK &&
			hl_segment_delivered(&sim->world.net, &segment,
				&sim->world.lab[to].card, &letter->id, &since) == HL_OK;
	}
	letter->proven = letter->proven || good;
}

static void take_reply(
	struct sim *sim, size_t lab, size_t index, const struct hl_frame *frame)
{
	enum what what = (enum what)(frame->request >> 32);
	size_t about = (size_t)(frame->request & UINT32_MAX);
	enum hl_status code = frame->reply.code;
	struct hl_body body HL_CLEAN_BODY = {0};

	switch (what) {
	case WHAT_HELLO:
		if (code != HL_OK ||
			hl_body_parse(frame->reply.body, HL_FRAME_DEVICE_HELLO, &body) !=
				HL_OK)
			break;
		/* The node was restored: its feed is read from the start. */
		if (body.hello.last_feed < sim->node[lab].actor[index].feed_last)
			sim->node[lab].actor[index].feed_last = 0;
		greeted(sim, lab, index);
		break;
	case WHAT_PUT:
		if (code != HL_OK)
			sim_fail(sim, "a document was not taken: %s (sort %zu)",
				hl_status_name(code), about);
		break;
	case WHAT_SUBMIT:
		if (code != HL_OK) {
			sim_fail(sim, "a letter was not taken: %s", hl_status_name(code));
			break;
		}
		sim->letter[about].accepted = true;
		check_held(sim, lab, hl_view_buf(&sim->letter[about].doc));
		break;
	case WHAT_WATCH: break;
	case WHAT_FETCH:
		if (code == HL_OK &&
			hl_body_parse(frame->reply.body, HL_FRAME_FETCH, &body) ==
				HL_OK &&
			!body.fetch.deferred) {
			struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
			check_held(sim, lab, body.fetch.envelope);
			if (hl_envelope_parse(&sim->world.net, body.fetch.envelope,
				    &envelope) == HL_OK) {
				struct letter *l = sim_letter(sim, &envelope.id);
				if (l != NULL)
					l->held[lab][index] = true;
			}
		}
		break;
	case WHAT_PROOF: take_proof(sim, lab, frame, &sim->letter[about]); break;
	}
}

void actor_frame(struct sim *sim, size_t lab, size_t index, struct hl_view bytes)
{
	struct hl_frame frame HL_CLEAN_FRAME = {0};
	struct hl_frame hello = {.type = HL_FRAME_DEVICE_HELLO};

	if (bytes.n == 0) { /* connected */
		hello.device_hello.version = 1;
		hello.device_hello.lab = sim->world.lab[lab].id;
		hello.device_hello.kid = sim->world.lab[lab].device[index].kid;
		hello.device_hello.card_version = sim->world.lab[lab].n_cards;
		hello.device_hello.directory_version = 1;
		ask(sim, lab, index, WHAT_HELLO, 0, &hello);
		return;
	}
	if (hl_frame_parse(bytes, HL_PURPOSE_DEVICE, &frame) != HL_OK) {
		sim_fail(sim, "a node sent a device a bad frame");
		return;
	}
	if (frame.type == HL_FRAME_REPLY)
		take_reply(sim, lab, index, &frame);
	for (size_t i = 0; frame.type == HL_FRAME_EVENT && i < frame.event.n; i++)
		take_item(sim, lab, index, &frame.event.items[i]);
}

void actor_prove_all(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_letters; i++) {
		struct hl_frame frame = {.type = HL_FRAME_PROOF};
		if (sim->letter[i].proven)
			continue;
		frame.id = sim->letter[i].id;
		ask(sim, sim->letter[i].lab, sim->letter[i].device, WHAT_PROOF, i,
			&frame);
	}
}

/* ------------------------------------------------------------ the people */

static struct letter *issue(
	struct sim *sim, struct world_letter *draft, const struct letter *opening)
{
	if (sim->n_letters == SIM_LETTERS_MAX)
		return NULL;
	struct letter *letter = &sim->letter[sim->n_letters];
	bool call = draft->class == HL_CLASS_CALL;
	bool flash = call && draft->precedence == HL_FLASH;
	if (draft->class == HL_CLASS_CLOSE && opening->precedence == HL_FLASH)
		flash = true;
	draft->release = flash && sim->world.lab[draft->lab].flash_signers > 1;
	draft->status = HL_ACTUAL;
	draft->labs |= 1u << draft->lab;
	draft->created = WORLD_START + sim->now;
	draft->answer_within = 600;
	world_seal(&sim->world, draft, &letter->doc, &letter->id);
	letter->incident = opening != NULL ? opening->incident : letter->id;
	letter->raiser = opening != NULL ? opening->raiser : draft->lab;
	letter->lab = draft->lab;
	letter->device = draft->device;
	letter->labs = draft->labs;
	letter->class = draft->class;
	letter->precedence = draft->precedence;
	letter->card_version = sim->world.lab[draft->lab].n_cards;
	if (draft->answers != NULL) {
		letter->answers_set = true;
		letter->answers = *draft->answers;
	}
	sim->count[SIM_LETTERS]++;
	sim->n_letters++;
	actor_submit(sim, sim->n_letters - 1);
	return letter;
}

struct letter *sim_raise(struct sim *sim, size_t lab, size_t device, uint64_t labs,
	enum hl_precedence precedence)
{
	struct hl_field field = {hl_view_str("boundary"), hl_view_str("network sandbox")};
	struct hl_message m = {.type = HL_RAISE, .text = hl_view_str("It left.")};
	struct world_letter draft = {.lab = lab,
		.device = device,
		.labs = labs,
		.class = HL_CLASS_CALL,
		.precedence = precedence,
		.message = &m};

	m.raise.kind = hl_view_str("contain.breach");
	m.raise.severity = 3;
	m.raise.handling = 3;
	m.raise.title = hl_view_str("Agent left its sandbox");
	m.fields = &field;
	m.n_fields = 1;
	return issue(sim, &draft, NULL);
}

/* Some letters of the incident that the device holds, the first among them; sorted. */
static size_t seen(struct sim *sim, size_t lab, size_t device, const struct letter *first,
	struct hl_id *ids, size_t max)
{
	size_t n = 0;

	ids[n++] = first->id;
	for (size_t i = sim->n_letters; i > 0 && n < max; i--) {
		const struct letter *l = &sim->letter[i - 1];
		if (l == first || !l->held[lab][device] ||
			!hl_id_eq(&l->incident, &first->incident) ||
			rng_one_in(&sim->rng, 3))
			continue;
		ids[n++] = l->id;
	}
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && hl_id_cmp(&ids[k - 1], &ids[k]) > 0; k--) {
			struct hl_id t = ids[k];
			ids[k] = ids[k - 1];
			ids[k - 1] = t;
		}
	return n;
}

static struct letter *follow(struct sim *sim, size_t lab, size_t device,
	const struct letter *on, struct hl_message *m, enum hl_class class)
{
	struct hl_id ids[8];
	struct letter *opening = sim_letter(sim, &on->incident);
	struct world_letter draft = {.lab = lab,
		.device = device,
		.labs = opening->labs,
		.class = class,
		.precedence = class == HL_CLASS_CLOSE || class == HL_CLASS_ANSWER
			? on->precedence
			: HL_ROUTINE,
		.incident = &opening->id,
		.message = m};

	if (class == HL_CLASS_ANSWER)
		draft.answers = &on->id;
	m->seen = ids;
	m->n_seen = seen(sim, lab, device, on, ids, 8);
	return issue(sim, &draft, opening);
}

struct letter *sim_ack(
	struct sim *sim, size_t lab, size_t device, const struct letter *call)
{
	struct hl_message m = {.type = HL_ACK, .text = hl_view_str("On it.")};

	m.ack.answer = rng_one_in(&sim->rng, 2) ? HL_ACTING : HL_ACCEPTED;
	return follow(sim, lab, device, call, &m, HL_CLASS_ANSWER);
}

struct letter *sim_resolve(
	struct sim *sim, size_t lab, size_t device, const struct letter *opening)
{
	struct hl_message m = {.type = HL_RESOLVE, .text = hl_view_str("Contained.")};

	return follow(sim, lab, device, opening, &m, HL_CLASS_CLOSE);
}

struct letter *sim_say(
	struct sim *sim, size_t lab, size_t device, const struct letter *opening)
{
	struct hl_message m = {
		.type = HL_SAY, .text = hl_view_str("Was host X touched?")};

	return follow(sim, lab, device, opening, &m, HL_CLASS_NOTICE);
}

/* ------------------------------------------------------------- the enemy */

/* A peer's node itself sends what it should not: bytes changed, a strange signature, a repeat. */
static void attack(struct sim *sim)
{
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	struct hl_buf copy HL_CLEAN_BUF = {0}, bytes = {0};
	struct hl_frame frame = {.type = HL_FRAME_LETTER};
	unsigned end = 0;

	if (sim->n_letters == 0)
		return;
	const struct letter *letter = &sim->letter[rng_below(&sim->rng, sim->n_letters)];
	size_t to = rng_below(&sim->rng, sim->world.n_labs);
	uint64_t wire = to == letter->lab ? 0 : sim_wire(sim, letter->lab, to, &end);
	if (wire == 0 || (letter->labs >> to & 1) == 0)
		return;
	must(hl_envelope_parse(&sim->world.net, hl_view_buf(&letter->doc), &envelope),
		"own letter");
	uint64_t way = rng_below(&sim->rng, 3);
	if (way == 1) {
		const struct hl_sign_key *alien = &sim->world.lab[to].device[0].sign;
		struct hl_buf two HL_CLEAN_BUF = {0};
		struct hl_envelope more HL_CLEAN_ENVELOPE = {0};
		must(hl_envelope_cosign(&envelope, alien, &two), "cosign");
		must(hl_envelope_parse(&sim->world.net, hl_view_buf(&two), &more),
			"cosigned");
		must(hl_envelope_for_lab(&more, &sim->world.lab[to].id, &copy), "copy");
		sim->count[SIM_ALIEN]++;
	} else {
		must(hl_envelope_for_lab(&envelope, &sim->world.lab[to].id, &copy),
			"copy");
	}
	if (way == 0) {
		uint64_t bit = rng_below(&sim->rng, copy.n * 8);
		copy.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		sim->count[SIM_MUTATED]++;
	}
	sim->count[SIM_REPLAYED] += way == 2;
	frame.letter.from = sim->world.lab[letter->lab].id;
	frame.letter.doc = hl_view_buf(&copy);
	must(hl_frame_encode(&frame, &bytes), "letter");
	sim_send(sim, wire, end, HL_LANE_ROUTINE, &bytes);
}

/* What a node once said comes again, as it was or changed. */
static void attack_channel(struct sim *sim)
{
	size_t from = rng_below(&sim->rng, sim->world.n_labs);
	size_t to = rng_below(&sim->rng, sim->world.n_labs);
	struct hl_buf bytes = {0};
	unsigned end = 0;
	uint64_t wire = from == to ? 0 : sim_wire(sim, from, to, &end);

	if (wire == 0 || sim->node[from].said[to].n == 0)
		return;
	must(hl_buf_append(&bytes, hl_view_buf(&sim->node[from].said[to])), "copy");
	if (rng_one_in(&sim->rng, 2)) {
		uint64_t bit = 24 + rng_below(&sim->rng, bytes.n * 8 - 24);
		bytes.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	sim->count[SIM_STATEMENTS]++;
	sim_send(sim, wire, end, HL_LANE_CONTROL, &bytes);
}

static void new_card(struct sim *sim, size_t lab)
{
	struct world_lab *wl = &sim->world.lab[lab];

	if (wl->n_cards == sizeof(wl->cards) / sizeof(wl->cards[0]))
		return;
	world_new_card(&sim->world, lab, WORLD_START + sim->now);
	sim->count[SIM_CARDS]++;
	for (size_t i = 0; i < WORLD_DEVICES; i++)
		if (sim->node[lab].actor[i].hello)
			put(sim, lab, i, HL_DOC_CARD, &wl->cards[wl->n_cards - 1]);
}

void sim_act(struct sim *sim)
{
	size_t n = sim->world.n_labs;
	size_t lab = rng_below(&sim->rng, n), device = rng_below(&sim->rng, 2);
	const struct letter *on = NULL;

	/* Something that this device holds, if there is any. */
	for (size_t tries = 0; tries < 8 && sim->n_letters > 0 && on == NULL; tries++) {
		size_t last = sim->n_letters < 40 ? sim->n_letters : 40;
		on = &sim->letter[sim->n_letters - 1 - rng_below(&sim->rng, last)];
		if (!on->held[lab][device] ||
			!sim_letter(sim, &on->incident)->held[lab][device])
			on = NULL;
	}
	uint64_t choice = rng_below(&sim->rng, 20);
	if (choice < 5 || on == NULL) {
		uint64_t labs = 1 + rng_below(&sim->rng, (1u << n) - 1);
		bool monitor = rng_one_in(&sim->rng, 4);
		if ((labs & ~(uint64_t)(1u << lab)) == 0)
			labs |= 1u << (lab + 1) % n;
		sim_raise(sim, lab, monitor ? 2 : device, labs,
			(enum hl_precedence)(1 + rng_below(&sim->rng, monitor ? 3 : 4)));
	} else if (choice < 10) {
		if (on->class == HL_CLASS_CALL && on->lab != lab)
			sim_ack(sim, lab, device, on);
	} else if (choice < 13) {
		sim_say(sim, lab, device, on);
	} else if (choice < 14) {
		const struct letter *opening = sim_letter(sim, &on->incident);
		if (opening->lab == lab)
			sim_resolve(sim, lab, device, opening);
	} else if (choice < 15) {
		new_card(sim, lab);
	} else if (choice < 18) {
		attack(sim);
	} else {
		attack_channel(sim);
	}
}
