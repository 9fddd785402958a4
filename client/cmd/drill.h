/*
 * hotline drill report: what the tests of one line have come to, counted.
 */
#ifndef HL_CLIENT_DRILL_H
#define HL_CLIENT_DRILL_H

#include "client/cmd/cmd.h"
#include "client/thread.h"

/* Spans of time in ms. add keeps room; done sorts them. */
struct hl_spans {
	uint64_t *p;
	size_t n, cap;
};
HL_MUST enum hl_exit hl_spans_add(struct hl_spans *spans, uint64_t ms);
void hl_spans_sort(struct hl_spans *spans);
/* By nearest rank: the smallest span that at least so many of a hundred do not exceed; spans are
 * sorted and not none. */
uint64_t hl_spans_percentile(const struct hl_spans *spans, unsigned percent);

/* One drill of a person of the own lab, at one other lab. */
struct hl_held_drill {
	struct hl_id incident;
	uint64_t sent;      /* stored at the own node; its created where it is not */
	uint64_t delivered; /* the receipt's time; 0: none that verifies */
	uint64_t answered;  /* the answer was stored at the own node; 0: not */
	bool missed, late;  /* not answered in time; but later */
	const char *person, *answer; /* scraps */
};

struct hl_score {
	struct hl_id lab;
	bool asked; /* the node was: what follows up to to_answer is known */
	size_t sent, delivered, answered, missed, running;
	struct hl_spans to_receipt, to_answer;
	uint64_t last_test;
	struct hl_held_drill *held; /* newest first */
	size_t n_held;
	struct hl_spans to_person;
};
void hl_score_clear(struct hl_score *score);

/* The machine tests of a line since a time, from the node. */
HL_MUST enum hl_exit hl_score_machine(
	struct hl_app *app, struct hl_line *line, uint64_t since, struct hl_score *score);
/* The drills of persons, from this device's own letters and proofs. */
HL_MUST enum hl_exit hl_score_persons(
	struct hl_app *app, uint64_t since, struct hl_score *score);

/* hotline drill report [PEER…]. */
HL_MUST enum hl_exit hl_drill_report(struct hl_app *app, const struct hl_args *args);

#endif
