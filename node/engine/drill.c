/* Machine tests of the lines: when they fall due, and how they end. */
#include "node/engine/state.h"

#include <stdio.h>
#include <stdlib.h>

#define ANSWER_S    60
#define SOON_MAX_MS 60000

static uint64_t every_ms(const struct hl_engine *e)
{
	return e->config.seal != NULL ? e->config.drill_every * 1000 : 0;
}

static bool is_under_way(const struct drill *d)
{
	return d->last.number != 0 && d->last.answered == 0 && !d->last.missed;
}

/* It stands in the channel still, and says all that a second one would. */
static bool is_waiting(const struct drill *d)
{
	return d->last.number != 0 && d->last.delivered == 0 && d->last.answered == 0 &&
		d->last.code == HL_OK;
}

/* What is further away than one period was set by another configuration or clock. */
static void cut_short(const struct hl_engine *e, struct drill *d)
{
	uint64_t scale = hl_engine_scale(e), every = every_ms(e),
		 remind = e->config.drill_remind * 1000;

	if (every != 0 && d->line.due > scale + every + every / 20)
		d->line.due = scale + every;
	if (remind != 0 && d->line.remind > scale + remind)
		d->line.remind = scale + remind;
	if (d->last.deadline > scale + ANSWER_S * 1000)
		d->last.deadline = scale + ANSWER_S * 1000;
}

void hl_engine_set_drills(struct hl_engine *e, uint64_t every, uint64_t remind)
{
	e->config.drill_every = every;
	e->config.drill_remind = remind;
	for (size_t i = 0; i < e->n_peers; i++)
		cut_short(e, &e->peers[i].drill);
}

enum hl_status hl_drill_load(struct hl_engine *e, struct peer *peer)
{
	struct drill *d = &peer->drill;

	*d = (struct drill){.line.lab = peer->lab.id};
	enum hl_status status =
		hl_store_drill_line_get(e->store, &peer->lab.id, &d->line);
	if (status == HL_OK || status == HL_UNKNOWN)
		status = hl_store_drill_last(e->store, &peer->lab.id, &d->last);
	cut_short(e, d);
	return status == HL_UNKNOWN ? HL_OK : status;
}

static enum hl_status save(struct hl_engine *e, struct peer *peer)
{
	return hl_store_drill_line_put(e->store, &peer->drill.line);
}

static enum hl_status tell_hooks(
	struct hl_engine *e, const struct peer *peer, enum hl_drill_news news)
{
	const struct hl_hook_run about = {.event = HL_HOOK_DRILL,
		.has_lab = true,
		.lab = peer->lab.id,
		.value = news};

	return hl_hook_event(e, &about);
}

static enum hl_status soon(struct hl_engine *e, struct peer *peer)
{
	uint64_t every = every_ms(e);
	uint64_t at = hl_engine_scale(e) +
		hl_chance(e, every < SOON_MAX_MS ? every : SOON_MAX_MS);

	if (peer->drill.line.due != 0 && peer->drill.line.due <= at)
		return HL_OK;
	peer->drill.line.due = at;
	return save(e, peer);
}

static enum hl_status begin_schedule(struct hl_engine *e, struct peer *peer)
{
	struct hl_drill_line *line = &peer->drill.line;
	enum hl_status status = HL_OK;

	if (e->config.drill_remind != 0 && line->remind == 0) {
		line->remind = hl_engine_scale(e) + e->config.drill_remind * 1000;
		status = save(e, peer);
	}
	if (status == HL_OK && every_ms(e) != 0 && line->due == 0)
		status = soon(e, peer);
	return status;
}

enum hl_status hl_drill_line_up(struct hl_engine *e, struct peer *peer)
{
	enum hl_status status = begin_schedule(e, peer);

	if (status == HL_OK && every_ms(e) != 0 && peer->drill.line.failing)
		status = soon(e, peer);
	return status;
}

static enum hl_status fail(
	struct hl_engine *e, struct peer *peer, const struct hl_id *id, const char *why)
{
	struct hl_drill_line *line = &peer->drill.line;
	enum hl_status status = HL_OK;

	if (!line->failing) {
		hl_log(e, 3, "lab %s: a machine test of the line was missed: %s",
			hl_short(&peer->lab.id).text, why);
		status = hl_feed(e, HL_FEED_DRILL, id, &peer->lab.id, HL_DRILL_MISSED);
	}
	line->failing = true;
	if (status == HL_OK)
		status = save(e, peer);
	return status == HL_OK ? tell_hooks(e, peer, HL_DRILL_MISSED) : status;
}

static enum hl_status pass(struct hl_engine *e, struct peer *peer, const struct hl_id *id)
{
	struct hl_drill_line *line = &peer->drill.line;
	enum hl_status status = HL_OK;

	if (line->failing) {
		hl_log(e, 5, "lab %s: the machine tests pass again",
			hl_short(&peer->lab.id).text);
		status = hl_feed(e, HL_FEED_DRILL, id, &peer->lab.id, HL_DRILL_PASSED);
	}
	line->failing = false;
	line->passed = e->now.wall;
	if (status == HL_OK)
		status = save(e, peer);
	return status == HL_OK ? tell_hooks(e, peer, HL_DRILL_PASSED) : status;
}

/* A row has changed. */
static enum hl_status mark(
	struct hl_engine *e, struct peer *peer, const struct hl_drill_row *row)
{
	if (peer->drill.last.number == row->number)
		peer->drill.last = *row;
	return hl_store_drill_mark(e->store, row);
}

static enum hl_status miss(
	struct hl_engine *e, struct peer *peer, struct hl_drill_row *row, const char *why)
{
	row->missed = true;
	enum hl_status status = mark(e, peer, row);
	return status == HL_OK ? fail(e, peer, &row->id, why) : status;
}

/* SPEC message 4.5: while the one before has no receipt, one that falls due is counted as missed
 * and not sent */
static enum hl_status begin(struct hl_engine *e, struct peer *peer)
{
	struct drill *d = &peer->drill;
	uint64_t every = every_ms(e), scale = hl_engine_scale(e);
	uint64_t within =
		e->config.drill_every < ANSWER_S ? e->config.drill_every : ANSWER_S;
	struct hl_drill_row row = {.lab = peer->lab.id,
		.sent = e->now.wall,
		.deadline = scale + within * 1000,
		.missed = is_waiting(d)};
	enum hl_status status = HL_OK;

	d->line.due = scale + every - every / 20 + hl_chance(e, every / 10 + 1);
	if (!row.missed)
		status = hl_drill_send(e, peer, within, &row.id);
	if (status == HL_UNKNOWN) /* there is no node to send it, or to send it to */
		return save(e, peer);
	if (status == HL_OK)
		status = hl_store_drill_add(e->store, &row, &row.number);
	if (status != HL_OK)
		return status;
	if (row.missed)
		return fail(e, peer, &row.id, "the one before has not been delivered");
	d->last = row;
	return save(e, peer);
}

static enum hl_status remind(struct hl_engine *e, struct peer *peer)
{
	peer->drill.line.reminded = true;
	hl_log(e, 4, "lab %s: no person there has answered an exercise for %llu s",
		hl_short(&peer->lab.id).text, (unsigned long long)e->config.drill_remind);
	enum hl_status status = save(e, peer);
	if (status == HL_OK)
		status =
			hl_feed(e, HL_FEED_DRILL, NULL, &peer->lab.id, HL_DRILL_REMINDER);
	return status == HL_OK ? tell_hooks(e, peer, HL_DRILL_REMINDER) : status;
}

static uint64_t remind_at(const struct hl_engine *e, const struct drill *d)
{
	bool waits = e->config.drill_remind != 0 && d->line.remind != 0;

	return waits && !d->line.reminded ? d->line.remind : UINT64_MAX;
}

static uint64_t due_at(const struct hl_engine *e, const struct drill *d)
{
	/* What a full disk still takes is not for tests. */
	bool waits = every_ms(e) != 0 && d->line.due != 0 && !hl_scarce(e);

	return waits && !is_under_way(d) ? d->line.due : UINT64_MAX;
}

enum hl_status hl_drill_timer(struct hl_engine *e, struct peer *peer)
{
	struct drill *d = &peer->drill;
	uint64_t scale = hl_engine_scale(e);
	enum hl_status status = HL_OK;

	if (is_under_way(d) && scale >= d->last.deadline) {
		struct hl_drill_row row = d->last;
		status = miss(e, peer, &row,
			row.delivered == 0 ? "it was not delivered in time"
					   : "it was not answered in time");
	}
	/* It was switched on while the line was up. */
	if (status == HL_OK && peer->link != NULL)
		status = begin_schedule(e, peer);
	if (status == HL_OK && scale >= due_at(e, d))
		status = begin(e, peer);
	if (status == HL_OK && scale >= remind_at(e, d))
		status = remind(e, peer);
	return status;
}

uint64_t hl_drill_next(const struct hl_engine *e, const struct peer *peer)
{
	const struct drill *d = &peer->drill;
	uint64_t due = is_under_way(d) ? d->last.deadline : due_at(e, d);
	uint64_t told = remind_at(e, d);

	if (e->down)
		return UINT64_MAX;
	return due < told ? due : told;
}

enum hl_status hl_drill_receipt(struct hl_engine *e, struct peer *peer,
	const struct hl_id *id, enum hl_status code, bool *ret)
{
	struct hl_letter_row letter;
	struct hl_drill_row row;
	enum hl_status status = hl_store_letter_row(e->store, id, &letter);

	*ret = status == HL_OK && hl_id_eq(&letter.sender, &e->kid);
	if (!*ret)
		return status == HL_UNKNOWN ? HL_OK : status;
	status = hl_store_drill_find(e->store, id, &row);
	if (status != HL_OK) /* an answer to the other's test has no row */
		return status == HL_UNKNOWN ? HL_OK : status;
	if (row.delivered != 0 || row.code != HL_OK || !hl_id_eq(&row.lab, &peer->lab.id))
		return HL_OK;
	row.code = code;
	if (code != HL_OK)
		return row.missed ? mark(e, peer, &row)
				  : miss(e, peer, &row, hl_status_name(code));
	row.delivered = e->now.wall;
	return mark(e, peer, &row);
}

enum hl_status hl_drill_answered(
	struct hl_engine *e, const struct hl_id *id, const struct hl_id *lab)
{
	struct peer *peer = hl_peer(e, lab);
	struct hl_drill_row row;
	enum hl_status status = hl_store_drill_find(e->store, id, &row);

	if (status != HL_OK)
		return status == HL_UNKNOWN ? HL_OK : status;
	if (peer == NULL || row.answered != 0 || !hl_id_eq(&row.lab, lab))
		return HL_OK;
	row.answered = e->now.wall;
	if (!row.missed && hl_engine_scale(e) >= row.deadline)
		status = miss(e, peer, &row, "it was not answered in time");
	else
		status = mark(e, peer, &row);
	if (status != HL_OK)
		return status;
	if (!row.missed)
		return pass(e, peer, id);
	/* Late: whether the line is good again is soon known. */
	return every_ms(e) != 0 && peer->drill.line.failing ? soon(e, peer) : HL_OK;
}

enum hl_status hl_drill_held(struct hl_engine *e, const struct hl_id *lab)
{
	struct peer *peer = hl_peer(e, lab);

	if (peer == NULL)
		return HL_OK;
	peer->drill.line.held = e->now.wall;
	peer->drill.line.reminded = false;
	peer->drill.line.remind = e->config.drill_remind == 0
		? 0
		: hl_engine_scale(e) + e->config.drill_remind * 1000;
	return save(e, peer);
}

bool hl_drill_warning(
	struct hl_engine *e, const struct peer *peer, size_t i, char *ret, size_t size)
{
	const struct hl_peer_pin *pin = hl_directory_peer(&e->directory, &peer->lab.id);
	struct hl_short id = hl_short(&peer->lab.id);
	int n = pin != NULL ? (int)pin->name.n : (int)sizeof(id.text) - 1;
	const char *name = pin != NULL ? (const char *)pin->name.p : id.text;

	if (i == 0 && peer->drill.line.failing)
		snprintf(
			ret, size, "the last machine test with %.*s was missed", n, name);
	else if (i == 1 && peer->drill.line.reminded && e->config.drill_remind != 0)
		snprintf(ret, size,
			"nobody at %.*s has answered an exercise lately: hotline drill "
			"%.*s",
			n, name, n, name);
	else
		return false;
	return true;
}

static void rows_free(struct hl_drill_row **rows)
{
	free(*rows);
}

enum hl_status hl_read_drills(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct hl_drill_row *rows HL_CLEAN(rows_free) =
		calloc(HL_DRILLS_MAX, sizeof(*rows));
	struct hl_drill_status item[HL_DRILLS_MAX];
	struct hl_body body = {.of = HL_FRAME_DRILLS, .drills.items = item};

	if (rows == NULL)
		return HL_ERR_NOMEM;
	if (frame->drills.since > INT64_MAX || frame->drills.after > INT64_MAX)
		return hl_reply(e, link, frame, HL_OK, NULL, &body);
	enum hl_status status =
		hl_store_drill_list(e->store, &frame->drills.lab, frame->drills.since,
			frame->drills.after, rows, HL_DRILLS_MAX, &body.drills.n);
	for (size_t i = 0; i < body.drills.n && status == HL_OK; i++)
		item[i] = (struct hl_drill_status){rows[i].number, rows[i].sent,
			rows[i].delivered, rows[i].answered, rows[i].missed};
	return status == HL_OK ? hl_reply(e, link, frame, HL_OK, NULL, &body) : status;
}
