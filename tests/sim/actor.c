/* Devices: they submit, watch the feed, fetch and open. */
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
	wire_send(sim, actor->wire, 0, HL_LANE_CONTROL, &bytes);
	wire_pump(sim, actor->wire, 0);
}

void actor_put(struct sim *sim, size_t lab, size_t index, enum hl_doc sort,
	const struct hl_buf *doc)
{
	struct hl_frame frame = {.type = HL_FRAME_PUT};

	if (!sim->node[lab].actor[index].hello)
		return; /* with the greeting */
	frame.put.sort = sort;
	frame.put.doc = hl_view_buf(doc);
	ask(sim, lab, index, WHAT_PUT, sort, &frame);
}

void actor_connect(struct sim *sim, size_t lab, size_t index)
{
	struct sim_event event = {.type = AT_DEVICE, .lab = lab, .other = index};

	if (!sim->node[lab].actor[index].barred)
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
		actor_put(sim, lab, index, HL_DOC_CARD, &wl->cards[i]);
	if (wl->device[index].seals.n > 0)
		actor_put(sim, lab, index, HL_DOC_SEALS, &wl->device[index].seals);
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
		/* Twice where it had to wait for a card, be it one that its list names before it;
		 * else once. */
		uint64_t most = sim->world.lab[letter->lab].n_cards > 1 ? 2 : 1;
		if (++letter->fed[lab][index] > most && !sim->node[lab].restored)
			sim_fail(sim, "I3: a letter stands %llu times in the feed",
				(unsigned long long)letter->fed[lab][index]);
		fetch(sim, lab, index, &item->id);
	} else if (item->sort == HL_FEED_RECEIPT && letter != NULL) {
		check_receipt(sim, letter, sim_lab(sim, &item->lab));
	} else if (item->sort == HL_FEED_REFUSED) {
		/* One by a device that was cut off may come too late. */
		if (letter != NULL && item->value == HL_SUSPENDED &&
			sim_is_late(sim, letter))
			letter->refused |= 1u << sim_lab(sim, &item->lab);
		else
			sim_fail(sim, "I1: a good letter was refused with code %llu",
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
		size_t to = sim_lab(sim, &item->lab);
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

static void accepted(struct sim *sim, struct letter *letter)
{
	if (!letter->accepted)
		letter->accepted_at = sim->now;
	letter->accepted = true;
	letter->barred = false;
	sim->count[SIM_CHECKS]++;
	if (!check_is_stored(sim, letter->lab, letter) &&
		sim->node[letter->lab].store != NULL && !sim->node[letter->lab].restored)
		sim_fail(sim, "I1: lab-%c took a letter that it has not",
			(char)('a' + letter->lab));
}

/* The device opens it, but for the text of a monitor's own reader, which has none. */
static void hold(
	struct sim *sim, size_t lab, size_t index, const struct hl_envelope *envelope)
{
	const struct world_device *d = &sim->world.lab[lab].device[index];
	const struct hl_dh_key *secrets[] = {&d->seal};
	const uint64_t epochs[] = {1};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct letter *letter = sim_letter(sim, &envelope->id);

	if (letter == NULL)
		return;
	letter->held[lab][index] = true;
	/* The others are opened at rest. */
	if (!letter->two_keys || index == 2)
		return;
	enum hl_status status = hl_envelope_open(
		envelope, &sim->world.lab[lab].id, &d->kid, epochs, secrets, 1, &opened);
	/* A letter that was taken back from a peer lacks the own slip at first. */
	if (status != HL_BAD_COMMITMENT &&
		!(status == HL_NOT_ADDRESSED && sim->node[lab].restored))
		sim_fail(sim, "I4: lab-%c opens a letter with a foreign commitment: %s",
			(char)('a' + lab), hl_status_name(status));
}

static void take_reply(
	struct sim *sim, size_t lab, size_t index, const struct hl_frame *frame)
{
	enum what what = (enum what)(frame->request >> 32);
	size_t about = (size_t)(frame->request & UINT32_MAX);
	enum hl_status code = frame->reply.code;
	struct hl_body body HL_CLEAN_BODY = {0};

	/* A turn was lost, or the disk is full: it connects anew and asks again. */
	if (code == HL_TROUBLE) {
		if (sim->node[lab].actor[index].wire != 0)
			wire_cut(sim, sim->node[lab].actor[index].wire);
		return;
	}
	if (code == HL_SUSPENDED && what == WHAT_SUBMIT &&
		sim_is_late(sim, &sim->letter[about])) {
		sim->letter[about].barred = true;
		return;
	}
	if (code == HL_SUSPENDED && sim_is_suspended(sim, lab, index)) {
		sim->node[lab].actor[index].barred = true;
		return;
	}
	switch (what) {
	case WHAT_HELLO:
		if (code != HL_OK ||
			hl_body_parse(frame->reply.body, HL_FRAME_DEVICE_HELLO, &body) !=
				HL_OK)
			break;
		/* The node was restored: its feed is read from the start. It may have leapt past
		 * what was read, too. */
		if (sim->node[lab].restored ||
			body.hello.last_feed < sim->node[lab].actor[index].feed_last)
			sim->node[lab].actor[index].feed_last = 0;
		greeted(sim, lab, index);
		break;
	case WHAT_PUT:
		if (code != HL_OK)
			sim_fail(sim, "I1: a document was not taken: %s (sort %zu)",
				hl_status_name(code), about);
		break;
	case WHAT_SUBMIT:
		if (code != HL_OK) {
			sim_fail(sim, "I1: a letter was not taken: %s",
				hl_status_name(code));
			break;
		}
		accepted(sim, &sim->letter[about]);
		break;
	case WHAT_WATCH: break;
	case WHAT_FETCH:
		if (code == HL_OK &&
			hl_body_parse(frame->reply.body, HL_FRAME_FETCH, &body) ==
				HL_OK &&
			!body.fetch.deferred) {
			struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
			if (check_held(sim, lab, body.fetch.envelope, &envelope))
				hold(sim, lab, index, &envelope);
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
