/* hotline raise --wait: until every lab has it, or has answered. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/carriers.h"
#include "client/cmd/raise.h"
#include "client/inbox.h"
#include "client/proof.h"
#include "client/wire.h"

/* One addressed lab, and what was shown of it. */
struct waited {
	struct hl_id lab;
	bool stored, refused, answered, carried;
	uint64_t since;
	const char *answer; /* "Eva Lind: acting", a scrap */
	uint64_t answered_at;
};

struct wait {
	struct hl_talk *talk;
	bool answers; /* wanted, not only receipts */
	struct waited labs[HL_LABS_MAX];
	size_t n;
	uint64_t end;     /* boot clock, ms */
	bool reconnected; /* by another line than the letter */
};

static void show(const struct wait *w, const struct waited *lab, const char *what)
{
	if (w->talk->app->json)
		return;
	printf("%s%-8s %s\n", hl_talk_prefix(w->talk->draft.status),
		hl_docs_lab_name(w->talk->app, &lab->lab), what);
	fflush(stdout);
}

static void look_at_proof(struct wait *w, struct waited *lab)
{
	struct hl_app *app = w->talk->app;
	struct hl_proof proof;

	if (lab->stored || lab->refused)
		return;
	const char *carriers = hl_carriers_text(app, &w->talk->row.id, &lab->lab);
	bool delivered = hl_proof_of(app, &w->talk->row.id, &lab->lab, &proof) &&
		proof.verified && proof.state >= HL_DELIVERED;
	if (*carriers && !lab->carried && !delivered) {
		lab->carried = true;
		show(w, lab, hl_scrap(app, "not yet; %s", carriers));
	}
	if (!hl_proof_of(app, &w->talk->row.id, &lab->lab, &proof) || !proof.verified)
		return;
	lab->since = proof.since;
	if (proof.state == HL_DELIVERED) {
		lab->stored = true;
		show(w, lab, hl_scrap(app, "stored %s", hl_time_hour(app, proof.since)));
	} else if (proof.state == HL_REFUSED) {
		lab->refused = true;
		show(w, lab, hl_scrap(app, "REFUSED it: %s", hl_status_text(proof.code)));
	}
}

static void look_at_answer(
	struct wait *w, const struct hl_thread *thread, struct waited *lab)
{
	struct hl_app *app = w->talk->app;
	const struct hl_call_state *call = hl_thread_call(thread, &w->talk->row.id);
	const struct hl_lab_answer *answer =
		call ? hl_call_answer(call, &lab->lab) : NULL;
	const struct hl_letter *letter =
		answer ? hl_thread_letter(thread, &answer->letter) : NULL;

	if (lab->answered || !letter)
		return;
	lab->answered = true;
	lab->answered_at = letter->envelope.core.created;
	lab->answer = hl_scrap(app, "%s: %s", hl_letter_person(app, letter),
		hl_answer_name(answer->answer));
	show(w, lab,
		hl_scrap(app, "answered %s %s", hl_time_hour(app, lab->answered_at),
			lab->answer));
}

static enum hl_exit look(struct wait *w)
{
	HL_CLEAN_THREAD struct hl_thread thread = {0};
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 0; i < w->n; i++)
		look_at_proof(w, &w->labs[i]);
	if (w->answers)
		code = hl_thread_load(w->talk->app, &w->talk->row.incident, &thread);
	for (size_t i = 0; w->answers && code == HL_EXIT_OK && i < w->n; i++)
		look_at_answer(w, &thread, &w->labs[i]);
	return code;
}

static bool done(const struct wait *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct waited *lab = &w->labs[i];

		if (!lab->refused && !(lab->stored && (lab->answered || !w->answers)))
			return false;
	}
	return true;
}

static enum hl_exit begin_watch(struct wait *w)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	struct hl_line *line = w->talk->line;
	struct hl_frame watch = {
		.type = HL_FRAME_WATCH, .feed = {.after = hl_line_node(line)->last_feed}};
	enum hl_exit code = hl_line_ask(line, &watch, 0, &reply);

	if (code == HL_EXIT_OK && reply.code != HL_OK)
		return hl_line_refused(&reply, "waiting");
	return code;
}

/* The first receipt is committed together with the word that the node has the letter. */
static enum hl_exit ask_proofs(struct wait *w)
{
	struct hl_talk *talk = w->talk;
	bool kept = false;
	enum hl_exit code;

	code = hl_proof_ask_final(talk->app, talk->line, &talk->row, &kept);
	if (kept)
		talk->unwritten = false;
	return code;
}

/* What events tell of our letter or its incident is fetched and looked at. */
static enum hl_exit take_event(struct wait *w, const struct hl_frame *event)
{
	struct hl_app *app = w->talk->app;
	bool proof = false, letter = false;
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 0; i < event->event.n; i++) {
		const struct hl_feed_item *item = &event->event.items[i];
		bool ours = hl_id_eq(&item->id, &w->talk->row.id);

		proof |= ours &&
			(item->sort == HL_FEED_RECEIPT || item->sort == HL_FEED_REFUSED ||
				item->sort == HL_FEED_CARRIED);
		letter |= !ours && item->sort == HL_FEED_LETTER;
	}
	if (proof)
		code = ask_proofs(w);
	if (letter && w->answers && code == HL_EXIT_OK)
		code = hl_inbox_turn(app, w->talk->line, NULL);
	if (code == HL_EXIT_OK && (proof || letter))
		code = look(w);
	return code;
}

/* Looks once, then waits for events; until all is done or the line breaks. */
static enum hl_exit on_line(struct wait *w)
{
	struct hl_line *line = w->talk->line;
	enum hl_exit code = begin_watch(w);

	/* The watch tells of all that came after the hello of a line that the letter went by. */
	if (code == HL_EXIT_OK && (w->talk->again || w->reconnected))
		code = ask_proofs(w);
	if (code == HL_EXIT_OK && w->answers)
		code = hl_inbox_turn(w->talk->app, line, NULL);
	if (code == HL_EXIT_OK)
		code = look(w);
	while (code == HL_EXIT_OK && !done(w)) {
		HL_CLEAN_FRAME struct hl_frame event = {0};
		uint64_t now = hl_wire_clock();
		bool got = false;

		if (now >= w->end)
			return HL_EXIT_DEADLINE;
		code = hl_line_event(line, (unsigned)(w->end - now), &event, &got);
		if (code == HL_EXIT_OK && got)
			code = take_event(w, &event);
	}
	return code;
}

/* The node went away: a new line, tried each second until the deadline. */
static enum hl_exit again(struct wait *w)
{
	char why[512];

	hl_line_close(w->talk->line);
	w->talk->line = NULL;
	w->reconnected = true;
	while (hl_wire_clock() < w->end) {
		struct timespec second = {.tv_sec = 1};

		nanosleep(&second, NULL);
		if (hl_line_try(w->talk->app, &w->talk->line, why, sizeof(why)) ==
			HL_EXIT_OK)
			return HL_EXIT_OK;
		w->talk->line = NULL;
	}
	return HL_EXIT_DEADLINE;
}

static void name_missing(const struct wait *w, const struct waited *lab)
{
	struct hl_app *app = w->talk->app;
	const struct hl_card *card = hl_docs_card(app, &lab->lab);
	const char *prefix = hl_talk_prefix(w->talk->draft.status);
	const char *phone = card && card->n_contacts > 0
		? hl_scrap(app, "; by phone: %s", hl_safe(app, card->contacts[0]))
		: "";

	const char *carriers = hl_carriers_text(app, &w->talk->row.id, &lab->lab);
	if (!lab->stored && !lab->refused)
		hl_note("%s%-8s not yet%s%s%s", prefix, hl_docs_lab_name(app, &lab->lab),
			*carriers ? "; " : "", carriers, phone);
	else if (w->answers && !lab->answered && !lab->refused)
		hl_note("%s%-8s has it, and has not answered%s", prefix,
			hl_docs_lab_name(app, &lab->lab), phone);
}

static json_t *labs_json(const struct wait *w)
{
	struct hl_app *app = w->talk->app;
	json_t *labs = json_array();

	for (size_t i = 0; i < w->n; i++) {
		const struct waited *lab = &w->labs[i];
		json_t *one = json_object();

		json_object_set_new(one, "lab", hl_json_id(app, &lab->lab));
		json_object_set_new(
			one, "name", json_string(hl_docs_lab_name(app, &lab->lab)));
		json_object_set_new(
			one, "stored", hl_json_time(app, lab->stored ? lab->since : 0));
		json_object_set_new(one, "carried",
			hl_carriers_json(app, &w->talk->row.id, &lab->lab));
		json_object_set_new(one, "refused", json_boolean(lab->refused));
		json_object_set_new(one, "answered", hl_json_time(app, lab->answered_at));
		json_object_set_new(one, "answer",
			lab->answer ? json_string(lab->answer) : json_null());
		json_array_append_new(labs, one);
	}
	return labs;
}

/* The labs of the letter as it was sealed, and how long to wait for them. */
static enum hl_exit set_up(struct wait *w, uint64_t timeout_s)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	const struct hl_core *core = &letter.envelope.core;
	enum hl_exit code = hl_letter_load(w->talk->app, &w->talk->row.id, &letter);

	if (code != HL_EXIT_OK)
		return hl_fail(code, "the letter is not held");
	for (size_t i = 0; i < core->n_labs; i++)
		if (!hl_id_eq(&core->labs[i], &core->lab))
			w->labs[w->n++].lab = core->labs[i];
	if (timeout_s == 0)
		timeout_s = w->answers ? core->answer_within : 30;
	w->talk->draft.status = core->status;
	w->end = hl_wire_clock() + timeout_s * 1000;
	return HL_EXIT_OK;
}

enum hl_exit hl_raise_wait(
	struct hl_talk *talk, bool answered, uint64_t timeout_s, json_t *doc)
{
	struct wait w = {.talk = talk, .answers = answered};
	enum hl_exit code = set_up(&w, timeout_s);

	if (code != HL_EXIT_OK)
		return code;
	code = talk->line ? on_line(&w) : again(&w);
	while (code == HL_EXIT_NODE || (code == HL_EXIT_OK && !done(&w))) {
		code = code == HL_EXIT_NODE ? again(&w) : HL_EXIT_OK;
		if (code == HL_EXIT_OK)
			code = on_line(&w);
	}
	if (talk->unwritten && hl_outbox_sent(talk->app, &talk->row) != HL_EXIT_OK)
		code = HL_EXIT_NO;
	if (code == HL_EXIT_DEADLINE)
		hl_note("hotline: the time is up");
	for (size_t i = 0; i < w.n; i++) {
		if (code == HL_EXIT_OK && w.labs[i].refused)
			code = HL_EXIT_NO;
		name_missing(&w, &w.labs[i]);
	}
	json_object_set_new(doc, "labs", labs_json(&w));
	return code;
}
