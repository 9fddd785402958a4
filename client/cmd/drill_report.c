/* hotline drill report: each line's tests in a period, as text and as JSON. */
#include "client/cmd/drill.h"

#include <stdlib.h>

#include "client/cmd/talk.h"
#include "client/inbox.h"
#include "client/proof.h"

#define DAY_MS       (24ull * 3600 * 1000)
#define DAYS_DEFAULT 30
#define DAYS_MAX     400

struct report {
	struct hl_app *app;
	uint64_t days, since;
	struct hl_score *scores;
	size_t n;
};

static void report_clear(struct report *r)
{
	for (size_t i = 0; i < r->n; i++)
		hl_score_clear(&r->scores[i]);
	free(r->scores);
}

/* The peers that were named, or all of the directory. */
static enum hl_exit set_up(struct report *r, const struct hl_args *args)
{
	const struct hl_directory *directory = hl_docs_directory(r->app);
	size_t named = args->n - 1, all = directory ? directory->n_peers : 0;
	size_t n = named ? named : all;

	r->scores = calloc(n + 1, sizeof(*r->scores));
	if (!r->scores)
		return hl_fail_status(HL_ERR_NOMEM, "counting drills");
	for (; r->n < n; r->n++) {
		struct hl_id *lab = &r->scores[r->n].lab;
		enum hl_exit code = HL_EXIT_OK;

		if (named)
			code = hl_docs_find_peer(r->app, args->operands[1 + r->n], lab);
		else
			*lab = directory->peers[r->n].lab;
		if (code)
			return code;
	}
	return HL_EXIT_OK;
}

static enum hl_exit last_tests(struct report *r, struct hl_line *line)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	struct hl_frame request = {.type = HL_FRAME_STATUS};
	enum hl_exit code = hl_line_ask(line, &request, 0, &reply);

	if (!code && reply.code != HL_OK)
		return hl_line_refused(&reply, "status");
	for (size_t i = 0; !code && i < reply.body.status.n_peers; i++)
		for (size_t k = 0; k < r->n; k++)
			if (hl_id_eq(&reply.body.status.peers[i].lab, &r->scores[k].lab))
				r->scores[k].last_test =
					reply.body.status.peers[i].last_test;
	return code;
}

/* Receipts that have not been asked for yet. */
static enum hl_exit ask_proofs(struct report *r, struct hl_line *line)
{
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 0; i < r->n && !code; i++)
		for (size_t k = 0; k < r->scores[i].n_held && !code; k++) {
			struct hl_held_drill *drill = &r->scores[i].held[k];
			struct hl_proof proof;

			if (drill->delivered)
				continue;
			code = hl_proof_ask(r->app, line, &drill->incident);
			if (!code &&
				hl_proof_of(r->app, &drill->incident, &r->scores[i].lab,
					&proof) &&
				proof.verified && proof.state == HL_DELIVERED)
				drill->delivered = proof.since;
		}
	return code;
}

/* "340 ms", "1.2 s", "3 min 5 s". */
static const char *span(struct hl_app *app, uint64_t ms)
{
	if (ms < 1000)
		return hl_scrap(app, "%u ms", (unsigned)ms);
	if (ms < 60000)
		return hl_scrap(app, "%u.%u s", (unsigned)(ms / 1000),
			(unsigned)(ms % 1000 / 100));
	return hl_span(app, ms);
}

static void print_spans(
	struct hl_app *app, const char *what, const struct hl_spans *spans)
{
	if (spans->n == 0)
		return;
	printf("    %-12s p50 %s  p90 %s  p99 %s  max %s\n", what,
		span(app, hl_spans_percentile(spans, 50)),
		span(app, hl_spans_percentile(spans, 90)),
		span(app, hl_spans_percentile(spans, 99)),
		span(app, hl_spans_percentile(spans, 100)));
}

static void print_held(struct hl_app *app, const struct hl_held_drill *d)
{
	const char *what = d->answered
		? hl_scrap(app, "%sanswered after %s by %s: %s",
			  d->late ? "missed; " : "",
			  span(app, d->answered > d->sent ? d->answered - d->sent : 0),
			  d->person, d->answer)
		: d->missed ? "missed"
			    : "waits for an answer";

	printf("    EXERCISE %s  %.16s  %s%s\n", hl_thread_short(app, &d->incident),
		hl_time(app, d->sent), d->delivered ? "" : "not delivered; ", what);
}

static void print_score(struct hl_app *app, const struct hl_score *s)
{
	size_t answered = 0, missed = 0;

	printf("\n%s%s%s  last good test %s\n", hl_style(app, HL_STYLE_BOLD),
		hl_docs_lab_name(app, &s->lab), hl_style(app, HL_STYLE_END),
		s->asked ? hl_test_age(app, s->last_test, hl_clock()) : "not known");
	if (s->asked)
		printf("  TEST by machines: %zu sent, %zu delivered, %zu answered, %zu "
		       "missed%s\n",
			s->sent, s->delivered, s->answered, s->missed,
			s->running ? hl_scrap(app, ", %zu under way", s->running) : "");
	print_spans(app, "to delivery", &s->to_receipt);
	print_spans(app, "to answer", &s->to_answer);
	for (size_t i = 0; i < s->n_held; i++) {
		answered += s->held[i].answered != 0;
		missed += s->held[i].missed;
	}
	printf("  EXERCISE by people: %zu sent, %zu answered, %zu missed%s\n", s->n_held,
		answered, missed,
		s->n_held ? ""
			  : hl_scrap(app, "   hotline drill %s",
				    hl_docs_lab_name(app, &s->lab)));
	print_spans(app, "to answer", &s->to_person);
	for (size_t i = 0; i < s->n_held; i++)
		print_held(app, &s->held[i]);
}

static json_t *spans_json(const struct hl_spans *spans)
{
	if (spans->n == 0)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "n", (json_int_t)spans->n, "p50",
		(json_int_t)hl_spans_percentile(spans, 50), "p90",
		(json_int_t)hl_spans_percentile(spans, 90), "p99",
		(json_int_t)hl_spans_percentile(spans, 99), "max",
		(json_int_t)hl_spans_percentile(spans, 100));
}

static json_t *held_json(struct hl_app *app, const struct hl_held_drill *d)
{
	uint64_t after = d->answered > d->sent ? d->answered - d->sent : 0;

	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:s?, s:s?, s:o, s:b}", "incident",
		hl_json_id(app, &d->incident), "status", "exercise", "sent",
		hl_json_time(app, d->sent), "delivered", hl_json_time(app, d->delivered),
		"answered", hl_json_time(app, d->answered), "person", d->person, "answer",
		d->answer, "after_ms",
		d->answered ? json_integer((json_int_t)after) : json_null(), "missed",
		d->missed);
}

static json_t *score_json(struct hl_app *app, const struct hl_score *s)
{
	json_t *held = json_array(), *machine = json_null();

	for (size_t i = 0; i < s->n_held; i++)
		json_array_append_new(held, held_json(app, &s->held[i]));
	if (s->asked)
		machine = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "status",
			"test", "sent", (json_int_t)s->sent, "delivered",
			(json_int_t)s->delivered, "answered", (json_int_t)s->answered,
			"missed", (json_int_t)s->missed, "running",
			(json_int_t)s->running, "to_delivery_ms",
			spans_json(&s->to_receipt), "to_answer_ms",
			spans_json(&s->to_answer));
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "lab",
		hl_json_id(app, &s->lab), "name", hl_docs_lab_name(app, &s->lab),
		"last_test", hl_json_time(app, s->last_test), "machine", machine,
		"drills", held, "to_answer_ms", spans_json(&s->to_person));
}

static enum hl_exit print(struct report *r)
{
	json_t *doc, *peers;

	if (!r->app->json) {
		printf("Drills of the last %s   %s\n",
			r->days == 1 ? "day"
				     : hl_scrap(r->app, "%llu days",
					       (unsigned long long)r->days),
			hl_time(r->app, hl_clock()));
		for (size_t i = 0; i < r->n; i++)
			print_score(r->app, &r->scores[i]);
		if (r->n == 0)
			printf("No peer is pinned: hotline peer add FILE\n");
		return HL_EXIT_OK;
	}
	doc = hl_json_doc("drills");
	peers = json_array();
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(peers, score_json(r->app, &r->scores[i]));
	json_object_set_new(doc, "days", json_integer((json_int_t)r->days));
	json_object_set_new(doc, "since", hl_json_time(r->app, r->since));
	json_object_set_new(doc, "peers", peers);
	return hl_json_print(doc);
}

/* Whatever the node knows of; without it, what this device holds. */
static enum hl_exit ask_node(struct report *r, struct hl_line *line)
{
	enum hl_exit code = last_tests(r, line);

	for (size_t i = 0; i < r->n && !code; i++)
		code = hl_score_machine(r->app, line, r->since, &r->scores[i]);
	return code ? code : ask_proofs(r, line);
}

enum hl_exit hl_drill_report(struct hl_app *app, const struct hl_args *args)
{
	__attribute__((cleanup(report_clear))) struct report r = {.app = app};
	struct hl_line *line = NULL;
	uint64_t now = hl_clock();
	enum hl_exit code = hl_option_number(
			     args, "days", 1, DAYS_MAX, DAYS_DEFAULT, &r.days),
		     asked;

	if (code)
		return code;
	r.since = now > r.days * DAY_MS ? now - r.days * DAY_MS : 0;
	code = hl_inbox_line(app, &line);
	if (!code)
		code = set_up(&r, args);
	for (size_t i = 0; i < r.n && !code; i++)
		code = hl_score_persons(app, r.since, &r.scores[i]);
	asked = !code && line ? ask_node(&r, line) : HL_EXIT_NODE;
	hl_line_close(line);
	if (!code && asked && asked != HL_EXIT_NODE)
		code = asked;
	if (!code)
		code = print(&r);
	return code ? code : asked;
}
