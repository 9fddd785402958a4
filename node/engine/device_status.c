/* The status that a device shows: peers, calls, warnings. */
#include "node/engine/state.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_MS       86400000
#define WARNINGS_MAX 16

/* The lists of one reply. */
struct report {
	struct hl_call_row row[HL_STATUS_CALLS_MAX];
	struct hl_call_status call[HL_STATUS_CALLS_MAX];
	struct hl_view warning[WARNINGS_MAX];
	char text[WARNINGS_MAX][160];
	size_t n_warnings;
};

static void report_free(struct report **report)
{
	free(*report);
}

static void peers_free(struct hl_peer_status **peers)
{
	free(*peers);
}

static void warn(struct report *report, const char *what, const char *lab)
{
	if (report->n_warnings == WARNINGS_MAX)
		return;
	char *text = report->text[report->n_warnings];
	snprintf(text, sizeof(report->text[0]), "%s%s", what, lab);
	report->warning[report->n_warnings++] = hl_view_str(text);
}

static void warn_all(struct hl_engine *e, struct report *report)
{
	const struct hl_card *own = &e->own.card;
	char late[160];

	if (hl_late_warning(e, late, sizeof(late)))
		warn(report, late, "");
	for (size_t i = 0; i < e->n_alarms; i++)
		warn(report, e->alarm[i], "");
	if (hl_scarce(e))
		warn(report,
			"the node's disk is full: no new call or notice is taken in; "
			"answers are: make room",
			"");
	if (own->not_after <= e->now.wall)
		warn(report, "this lab's card is out of date: sign a new one", "");
	for (size_t i = 0; i < e->n_peers; i++) {
		const struct lab *lab = &e->peers[i].lab;
		struct hl_short name = hl_short(&lab->id);
		char line[160];
		for (size_t k = 0; k < 2; k++)
			if (hl_cost_warning(e, &e->peers[i], k, line, sizeof(line)))
				warn(report, line, "");
		if (hl_late_clock_warning(&e->peers[i], line, sizeof(line)))
			warn(report, line, "");
		for (size_t k = 0; k < 2; k++)
			if (hl_drill_warning(e, &e->peers[i], k, line, sizeof(line)))
				warn(report, line, "");
		if (e->peers[i].lost.number != 0)
			warn(report,
				"our letters are compared with what a lab holds: lab ",
				name.text);
		if (hl_carry_is_on(&e->peers[i]))
			warn(report,
				"not to be reached, others carry what we have for it: lab ",
				name.text);
		if (lab->card.version == 0)
			warn(report, "no card is held of lab ", name.text);
		else if (lab->card.not_after <= e->now.wall)
			warn(report, "out of date: the card of lab ", name.text);
	}
}

static enum hl_status tell_peer(
	struct hl_engine *e, struct peer *peer, struct hl_peer_status *ret)
{
	const struct hl_channel_key out = {peer->lab.id, true, peer->out.epoch};
	const struct hl_channel_key in = {peer->lab.id, false, peer->in.epoch};
	enum hl_status status = hl_store_entry_open_count(e->store, &out, &ret->queued);

	if (status == HL_OK)
		status = hl_store_entry_open_count(e->store, &in, &ret->gaps);
	if (peer->in.head_number > peer->in.number)
		ret->gaps += peer->in.head_number - peer->in.number;
	ret->lab = peer->lab.id;
	ret->state = peer->state;
	ret->since = peer->since;
	ret->heard = peer->heard;
	ret->clock_offset = peer->clock_offset;
	ret->psk = peer->link != NULL && peer->link_psk;
	ret->last_error = hl_view_str(peer->error);
	ret->last_test = peer->drill.line.passed > peer->drill.line.held
		? peer->drill.line.passed
		: peer->drill.line.held;
	/* It may hold what a resolver or a peer said. */
	if (!hl_text_ok(ret->last_error, HL_TEXT_LINE))
		ret->last_error = hl_view_str("(not printable)");
	return status;
}

static void tell_call(
	struct hl_engine *e, const struct hl_call_row *row, struct hl_call_status *ret)
{
	ret->id = row->id;
	ret->incident = row->incident;
	ret->lab = row->lab;
	ret->precedence = row->precedence;
	ret->status = row->status;
	ret->stored = row->stored;
	/* From the node's own scale to wall time. */
	ret->deadline = row->deadline - hl_engine_scale(e) + e->now.wall;
	ret->state = row->state;
}

enum hl_status hl_read_status(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	struct report *report HL_CLEAN(report_free) = calloc(1, sizeof(*report));
	struct hl_peer_status *peers HL_CLEAN(peers_free) =
		calloc(e->n_peers + 1, sizeof(*peers));
	struct hl_body body = {.of = HL_FRAME_STATUS};
	size_t n = 0;

	if (report == NULL || peers == NULL)
		return HL_ERR_NOMEM;
	uint64_t since = e->now.wall > DAY_MS ? e->now.wall - DAY_MS : 0;
	enum hl_status status =
		hl_store_call_list(e->store, since, report->row, HL_STATUS_CALLS_MAX, &n);
	for (size_t i = 0; i < n; i++)
		tell_call(e, &report->row[i], &report->call[i]);
	for (size_t i = 0; i < e->n_peers && status == HL_OK; i++)
		status = tell_peer(e, &e->peers[i], &peers[i]);
	if (status != HL_OK)
		return status;
	warn_all(e, report);
	body.status.time = e->now.wall;
	body.status.version = hl_view_str(e->config.version);
	body.status.started = e->start.wall;
	body.status.lab = e->own.id;
	body.status.peers = peers;
	body.status.n_peers = e->n_peers;
	body.status.calls = report->call;
	body.status.n_calls = n;
	body.status.warnings = report->warning;
	body.status.n_warnings = report->n_warnings;
	return hl_reply(e, link, frame, HL_OK, NULL, &body);
}
