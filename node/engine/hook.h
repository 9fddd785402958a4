/*
 * Whom to ring, when and by what: the policy that the node's configuration gives the engine, and
 * the order for one run of a hook that the engine gives out. A run is named by its key, which stays
 * the same however often it has to be begun anew.
 */
#ifndef HL_HOOK_H
#define HL_HOOK_H

#include "protocol/hotline.h"

#define HL_HOOK_NAME_MAX     64 /* bytes of the names of hooks, steps and persons */
#define HL_HOOKS_MAX         32
#define HL_STEPS_MAX         128
#define HL_PERSONS_MAX       256
#define HL_CONTACTS_MAX      16
#define HL_CONTACT_MAX       128
#define HL_CONTACTS_SIZE     (HL_CONTACTS_MAX * (HL_CONTACT_MAX + 1) + 1)
#define HL_HOOK_SECONDS_MAX  (7 * 24 * 3600) /* after, repeat */
#define HL_HOOK_TIMEOUT_MAX  300             /* s */
#define HL_HOOK_ATTEMPTS_MAX 12
#define HL_HOOK_TEXT_MAX     256

/* What a hook may be run on; each is a bit of hl_policy_hook.events. */
enum hl_hook_event {
	HL_HOOK_STEP = 1,     /* a step of a policy; not subscribed to */
	HL_HOOK_CALL = 2,     /* a call rings here */
	HL_HOOK_ANSWERED = 3, /* a person has answered it */
	HL_HOOK_OVERDUE = 4,  /* its deadline has passed without one */
	HL_HOOK_CLOSED = 5,   /* its raiser has closed it */
	HL_HOOK_UNANSWERED =
		6,         /* a lab has let the own lab's call go past its deadline */
	HL_HOOK_LINK = 7,  /* a line went up or down */
	HL_HOOK_GAP = 8,   /* letters of a lab are missing, or have come after all */
	HL_HOOK_STORE = 9, /* the store cannot be written, or can again */
	HL_HOOK_NODE_SILENT = 10, /* from the helper: the node itself does not answer */
	HL_HOOK_DRILL = 11        /* a machine test, or the want of an answered one */
};
#define HL_NODE_LATE   3 /* value of node-silent, from the node itself: it was held up */
#define HL_HOOK_EVENTS 12

/* Since when a step counts. */
enum hl_moment {
	HL_MOMENT_CALL = 1, /* a call of another lab: when it was first stored here */
	HL_MOMENT_UNANSWERED = 2 /* a call of the own lab: its deadline, for each lab */
};

enum hl_drill_news { HL_DRILL_PASSED = 1, HL_DRILL_MISSED = 2, HL_DRILL_REMINDER = 3 };

struct hl_policy_hook {
	char name[HL_HOOK_NAME_MAX + 1];
	bool exercise; /* for exercises and tests alone; else for what is actual alone */
	uint32_t events; /* bits 1 << enum hl_hook_event */
};

struct hl_policy_step {
	enum hl_precedence precedence;
	char name[HL_HOOK_NAME_MAX + 1]; /* one within its precedence */
	enum hl_moment moment;
	uint64_t after, repeat; /* s; repeat 0: once */
	char hook[HL_HOOK_NAME_MAX + 1];
	char contacts[HL_CONTACTS_SIZE]; /* each ending in '\n' */
};

/* When not to ring a person, in minutes of the day in UTC; from = until: always to be rung. */
struct hl_policy_person {
	char name[HL_HOOK_NAME_MAX + 1];
	unsigned from, until;
};

struct hl_policy {
	const struct hl_policy_hook *hooks;
	const struct hl_policy_step *steps;
	const struct hl_policy_person *persons;
	size_t n_hooks, n_steps, n_persons;
};

/* One run, with all that the program may know: headers, never text. */
struct hl_hook_run {
	struct hl_id key;
	uint64_t attempt; /* from 1 on */
	enum hl_hook_event event;
	uint64_t time; /* wall time in ms when it happened */
	char hook[HL_HOOK_NAME_MAX + 1];
	struct hl_id own; /* the node's lab */
	char own_name[HL_HOOK_NAME_MAX + 1];
	bool has_lab; /* the other lab, by its name in the own directory ("" without one) */
	struct hl_id lab;
	char lab_name[HL_HOOK_NAME_MAX + 1];
	bool has_call; /* what follows up to deadline is about a call */
	struct hl_id call, incident;
	bool outgoing; /* the own lab's call */
	enum hl_precedence precedence;
	enum hl_standing status;
	uint64_t stored, deadline; /* wall time in ms */
	char step[HL_HOOK_NAME_MAX + 1];
	enum hl_moment moment; /* of a step */
	uint64_t round;        /* of a step that repeats: from 1 on */
	char contacts[HL_CONTACTS_SIZE];
	uint64_t
		value; /* link: enum hl_link_state; gap: letters missing; store: 1 in trouble;
			  drill: enum hl_drill_news */
};

/* The order as it is handed to the helper: canonical MessagePack. Appends to the buffer. */
HL_MUST enum hl_status hl_hook_encode(const struct hl_hook_run *run, struct hl_buf *ret);
HL_MUST enum hl_status hl_hook_decode(struct hl_view bytes, struct hl_hook_run *ret);

/* "call", "answered" …; NULL past the last. */
const char *hl_hook_event_name(unsigned event);

#endif
