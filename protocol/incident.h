/*
 * The incident: a pure function of the set of its letters (spec/incident.md).
 */
#ifndef HL_INCIDENT_H
#define HL_INCIDENT_H

#include "message.h"

enum hl_effect {
	HL_EFFECTIVE = 0,
	HL_ALSO = 1,
	HL_WRONG_PHASE = 2,
	HL_FOLD_NOT_PERMITTED = 3,
	HL_NO_CALL = 4,
	HL_OTHER_STATUS = 5,
	HL_FOLD_NOT_ADDRESSED = 6,
	HL_NO_RAISE = 7,
	HL_SECOND_RAISE = 8,
};
enum hl_phase { HL_UNKNOWN_PHASE = 0, HL_OPEN = 1, HL_RESOLVED = 2, HL_CANCELLED = 3 };

/* What the fold takes of one letter (incident 1.2). Borrowed for the call and by the result. */
struct hl_fold_letter {
	struct hl_id id;
	const struct hl_core *core;
	const struct hl_message *message;
	bool is_short; /* lacks signatures of the release rule */
};

struct hl_lab_answer {
	struct hl_id lab;
	struct hl_id letter;
	enum hl_answer answer;
};

struct hl_call_state {
	struct hl_id id;
	struct hl_id lab; /* who calls */
	const struct hl_core *core;
	struct hl_lab_answer *answers; /* sorted by lab */
	size_t n_answers;
};

struct hl_placed {
	const struct hl_fold_letter *letter;
	enum hl_effect effect;
};

struct hl_incident {
	struct hl_id id;
	enum hl_phase phase;
	unsigned status, severity, certainty;
	struct hl_view kind, title; /* borrowed from the messages */
	bool has_opening;
	struct hl_id opening;      /* the opening call (incident 3.7) */
	struct hl_placed *letters; /* in the fold's order */
	size_t n_letters;
	struct hl_call_state *calls;
	size_t n_calls;
	void *arena;
};

#define HL_CLEAN_INCIDENT HL_CLEAN(hl_incident_clear)

/* Folds a set of letters of one incident (each once). HL_ERR_NOMEM; HL_ERR_USAGE if one stands
 * twice. */
HL_MUST HL_API enum hl_status hl_incident_fold(const struct hl_id *id,
	const struct hl_fold_letter *letters, size_t n, struct hl_incident *ret);
/* The canonical state (incident 4.1), for comparison between parties. */
HL_MUST HL_API enum hl_status hl_incident_encode(
	const struct hl_incident *incident, struct hl_buf *ret);
HL_API void hl_incident_clear(struct hl_incident *incident);

HL_API const char *hl_phase_name(enum hl_phase phase);
HL_API const char *hl_effect_text(enum hl_effect effect);
/* A lab's answer to a call (NULL: not answered). */
HL_API const struct hl_lab_answer *hl_call_answer(
	const struct hl_call_state *call, const struct hl_id *lab);
/* The opening call's state; NULL while the phase is unknown. */
HL_API const struct hl_call_state *hl_incident_opening(
	const struct hl_incident *incident);

#endif
