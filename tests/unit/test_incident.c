/* Incidents: the fold gives each letter its effect, and one state whatever the order of arrival. */
#include "letters.h"

#define MAX_LETTERS 3000

/* A set of letters; id and created are what a test says. */
struct set {
	struct hl_id labs
		[4]; /* of every core: 0x10…, 0x20…, 0x30…; the fourth is a stranger */
	struct hl_fold_letter letters[MAX_LETTERS];
	struct hl_core cores[MAX_LETTERS];
	struct hl_message messages[MAX_LETTERS];
	struct hl_id seen[MAX_LETTERS][2];
	size_t n;
};

static struct hl_id id_of(unsigned number)
{
	struct hl_id id = {{0}};

	id.b[0] = 0xee;
	hl_put_be32(id.b + 28, number);
	return id;
}

/* Letter number `number`, written at `created`, after those that add_seen names. */
static struct hl_fold_letter *add(struct set *set, unsigned number, unsigned lab,
	enum hl_type type, bool call, uint64_t created)
{
	size_t at = set->n++;
	struct hl_fold_letter *letter = &set->letters[at];
	struct hl_core *core = &set->cores[at];
	struct hl_message *message = &set->messages[at];

	assert_true(at < MAX_LETTERS);
	*core = (struct hl_core){.lab = set->labs[lab],
		.has_incident = type != HL_RAISE,
		.incident = id_of(1),
		.class = hl_type_class(type, call),
		.status = HL_ACTUAL,
		.precedence = HL_IMMEDIATE,
		.created = created,
		.labs = set->labs,
		.n_labs = 3};
	*message = (struct hl_message){.type = type, .seen = set->seen[at]};
	*letter = (struct hl_fold_letter){
		.id = id_of(number), .core = core, .message = message};
	if (type == HL_RAISE) {
		message->raise.kind = hl_view_str("contain.breach");
		message->raise.severity = 3;
		message->raise.certainty = 4;
		message->raise.title = hl_view_str("Agent left its sandbox");
	}
	return letter;
}

static struct set *set_new(void)
{
	struct set *set = calloc(1, sizeof(*set));

	assert_non_null(set);
	for (unsigned i = 0; i < 4; i++)
		memset(set->labs[i].b, (int)(0x10 * (i + 1)), 32);
	return set;
}

static struct hl_core *core_of(struct hl_fold_letter *letter)
{
	return (struct hl_core *)(uintptr_t)letter->core;
}

static struct hl_message *message_of(struct hl_fold_letter *letter)
{
	return (struct hl_message *)(uintptr_t)letter->message;
}

static void add_seen(struct hl_fold_letter *letter, unsigned number)
{
	struct hl_message *message = message_of(letter);

	assert_true(message->n_seen < 2);
	((struct hl_id *)(uintptr_t)message->seen)[message->n_seen++] = id_of(number);
}

static struct hl_fold_letter *ack(struct set *set, unsigned number, unsigned lab,
	unsigned call, uint64_t created, enum hl_answer answer)
{
	struct hl_fold_letter *letter = add(set, number, lab, HL_ACK, false, created);

	core_of(letter)->has_answers = true;
	core_of(letter)->answers = id_of(call);
	message_of(letter)->ack.answer = answer;
	add_seen(letter, call);
	return letter;
}

static void fold(const struct set *set, struct hl_incident *ret)
{
	struct hl_id incident = id_of(1);

	assert_int_equal(HL_OK, hl_incident_fold(&incident, set->letters, set->n, ret));
	assert_int_equal(set->n, ret->n_letters);
}

static enum hl_effect effect_of(const struct hl_incident *state, unsigned number)
{
	struct hl_id id = id_of(number);

	for (size_t i = 0; i < state->n_letters; i++)
		if (hl_id_eq(&state->letters[i].letter->id, &id))
			return state->letters[i].effect;
	fail_msg("letter %u is not in the state", number);
	return HL_EFFECTIVE;
}

static struct hl_buf encoded(const struct hl_fold_letter *letters, size_t n)
{
	struct hl_incident state HL_CLEAN_INCIDENT = {0};
	struct hl_id incident = id_of(1);
	struct hl_buf doc = {0};

	assert_int_equal(HL_OK, hl_incident_fold(&incident, letters, n, &state));
	assert_int_equal(HL_OK, hl_incident_encode(&state, &doc));
	assert_int_equal(HL_OK, hl_pack_check(hl_view_buf(&doc), doc.n));
	return doc;
}

/*
 * Letters arrive in every order. After each arrival the state is that of the set held, which covers
 * every partition too: two parties that hold one set hold one state, however it came together.
 */
static void check_every_order(const struct set *set)
{
	struct hl_buf of_mask[64] = {{0}};
	unsigned order[6];
	size_t n = set->n, orders = 0;

	assert_true(n <= 6);
	for (size_t number = 0;; number++) {
		struct hl_fold_letter held[6];
		unsigned mask = 0;
		size_t left = number;

		/* The order with this number, as a sequence of choices among those left. */
		for (size_t i = 0; i < n; i++) {
			size_t choice = left % (n - i), at = 0;

			left /= n - i;
			for (at = 0; mask >> at & 1 || choice-- > 0; at++)
				;
			order[i] = (unsigned)at;
			mask |= 1u << at;
		}
		if (left > 0)
			break;
		orders++;
		mask = 0;
		for (size_t i = 0; i < n; i++) {
			struct hl_buf doc HL_CLEAN_BUF = {0};

			held[i] = set->letters[order[i]];
			mask |= 1u << order[i];
			doc = encoded(held, i + 1);
			if (!of_mask[mask].p)
				of_mask[mask] = hl_buf_steal(&doc);
			else
				assert_true(hl_view_eq(
					hl_view_buf(&doc), hl_view_buf(&of_mask[mask])));
		}
	}
	assert_true(orders == 1 || orders == 2 || orders == 6 || orders == 24 ||
		orders == 120 || orders == 720);
	for (size_t i = 0; i < 64; i++)
		hl_buf_clear(&of_mask[i]);
}

static void an_incident_from_raise_to_resolve(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	struct hl_fold_letter *l;
	const struct hl_call_state *call;
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 100);
	ack(set, 2, LAB_B, 1, 110, HL_ACTING);
	ack(set, 3, LAB_C, 1, 105, HL_ACCEPTED);
	l = add(set, 4, LAB_B, HL_SAY, true, 120);
	add_seen(l, 2);
	ack(set, 5, LAB_A, 4, 125, HL_ACCEPTED);
	l = add(set, 6, LAB_A, HL_RESOLVE, false, 130);
	add_seen(l, 5);
	fold(set, &in);
	assert_int_equal(HL_RESOLVED, in.phase);
	assert_int_equal(HL_ACTUAL, in.status);
	assert_int_equal(3, in.severity);
	assert_int_equal(4, in.certainty);
	assert_true(hl_view_eq(in.kind, hl_view_str("contain.breach")));
	assert_true(hl_view_eq(in.title, hl_view_str("Agent left its sandbox")));
	for (unsigned i = 1; i <= 6; i++)
		assert_int_equal(HL_EFFECTIVE, effect_of(&in, i));
	assert_int_equal(2, in.n_calls);
	call = hl_incident_opening(&in);
	assert_non_null(call);
	assert_int_equal(2, call->n_answers);
	assert_int_equal(HL_ACTING, hl_call_answer(call, &set->labs[LAB_B])->answer);
	assert_int_equal(HL_ACCEPTED, hl_call_answer(call, &set->labs[LAB_C])->answer);
	assert_null(hl_call_answer(call, &set->labs[LAB_A]));
	check_every_order(set);
	free(set);
}

static void two_answers_at_once(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	struct hl_id first = id_of(3);
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 100);
	/* Both at one time, neither has seen the other: the smaller id decides. */
	ack(set, 4, LAB_B, 1, 110, HL_DECLINED);
	ack(set, 3, LAB_B, 1, 110, HL_ACTING);
	/* A later time does not matter where the letter was seen. */
	ack(set, 2, LAB_B, 1, 111, HL_ACCEPTED);
	fold(set, &in);
	assert_int_equal(HL_EFFECTIVE, effect_of(&in, 3));
	assert_int_equal(HL_ALSO, effect_of(&in, 4));
	assert_int_equal(HL_ALSO, effect_of(&in, 2));
	assert_int_equal(1, in.calls[0].n_answers);
	assert_true(hl_id_eq(&first, &in.calls[0].answers[0].letter));
	check_every_order(set);
	free(set);
}

static void what_was_seen_outweighs_the_clock(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	struct hl_id first;
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 1000);
	ack(set, 3, LAB_B, 1, 50, HL_ACTING); /* its clock is behind the raise's */
	add_seen(ack(set, 2, LAB_B, 1, 10, HL_DECLINED), 3);
	fold(set, &in);
	first = id_of(3);
	assert_true(hl_id_eq(&first, &in.calls[0].answers[0].letter));
	assert_int_equal(HL_ALSO, effect_of(&in, 2));
	check_every_order(set);
	free(set);
}

static void without_the_raise_nothing_counts(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	(void)state;

	ack(set, 2, LAB_B, 1, 110, HL_ACTING);
	add(set, 3, LAB_A, HL_RESOLVE, false, 120);
	add(set, 9, LAB_A, HL_RAISE, true, 90);
	fold(set, &in);
	assert_int_equal(HL_UNKNOWN_PHASE, in.phase);
	assert_int_equal(HL_NO_RAISE, effect_of(&in, 2));
	assert_int_equal(HL_NO_RAISE, effect_of(&in, 3));
	assert_int_equal(HL_SECOND_RAISE, effect_of(&in, 9));
	assert_int_equal(0, in.status + in.severity + in.certainty);
	assert_int_equal(0, in.kind.n + in.title.n + in.n_calls);
	assert_false(in.has_opening);
	assert_null(hl_incident_opening(&in));
	check_every_order(set);
	free(set);
}

static void a_second_raise(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 100);
	message_of(add(set, 2, LAB_A, HL_RAISE, true, 101))->raise.severity = 0;
	fold(set, &in);
	assert_int_equal(HL_SECOND_RAISE, effect_of(&in, 2));
	assert_int_equal(3, in.severity);
	assert_int_equal(1, in.n_calls);
	check_every_order(set);
	free(set);
}

static void placed_before_the_raise(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	(void)state;

	/* It names nothing, and its clock is behind: it is placed before the raise. */
	add(set, 2, LAB_B, HL_SAY, false, 50);
	add(set, 1, LAB_A, HL_RAISE, true, 100);
	fold(set, &in);
	assert_int_equal(HL_NO_RAISE, effect_of(&in, 2));
	assert_int_equal(HL_OPEN, in.phase);
	check_every_order(set);
	free(set);
}

static void another_status_and_strangers(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 100);
	core_of(ack(set, 2, LAB_B, 1, 110, HL_ACTING))->status = HL_EXERCISE;
	ack(set, 3, 3, 1, 111, HL_ACTING); /* a lab that was not addressed */
	add(set, 4, 3, HL_REOPEN, true, 112);
	core_of(add(set, 5, 3, HL_SAY, true, 113))->status = HL_TEST;
	fold(set, &in);
	assert_int_equal(HL_OTHER_STATUS, effect_of(&in, 2));
	assert_int_equal(HL_FOLD_NOT_ADDRESSED, effect_of(&in, 3));
	assert_int_equal(HL_FOLD_NOT_ADDRESSED, effect_of(&in, 4));
	assert_int_equal(HL_OTHER_STATUS, effect_of(&in, 5));
	assert_int_equal(1, in.n_calls);
	assert_int_equal(0, in.calls[0].n_answers);
	check_every_order(set);
	free(set);
}

static void answers_that_do_not_count(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	struct hl_fold_letter *call;
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 100);
	ack(set, 2, LAB_A, 1, 110, HL_ACTING);  /* its own call */
	ack(set, 3, LAB_B, 77, 111, HL_ACTING); /* a call that is not held */
	add(set, 4, LAB_B, HL_SAY, false, 112); /* a notice is no call */
	ack(set, 5, LAB_C, 4, 113, HL_ACTING);
	call = add(set, 6, LAB_A, HL_SAY, true, 114); /* calls A and B alone */
	core_of(call)->n_labs = 2;
	fold(set, &in);
	assert_int_equal(HL_FOLD_NOT_ADDRESSED, effect_of(&in, 2));
	assert_int_equal(HL_NO_CALL, effect_of(&in, 3));
	assert_int_equal(HL_EFFECTIVE, effect_of(&in, 4));
	assert_int_equal(HL_NO_CALL, effect_of(&in, 5));
	check_every_order(set);
	hl_incident_clear(&in);
	ack(set, 7, LAB_C, 6, 120, HL_ACTING);
	ack(set, 8, LAB_B, 6, 121, HL_ACTING);
	fold(set, &in);
	assert_int_equal(HL_FOLD_NOT_ADDRESSED, effect_of(&in, 7));
	assert_int_equal(HL_EFFECTIVE, effect_of(&in, 8));
	assert_int_equal(2, in.n_calls);
	assert_int_equal(0, in.calls[0].n_answers);
	assert_int_equal(1, in.calls[1].n_answers);
	free(set);
}

static void an_ack_without_a_reference(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	struct hl_fold_letter *letter;
	(void)state;

	letter = add(set, 1, LAB_A, HL_RAISE, true, 100);
	letter = add(set, 2, LAB_B, HL_ACK, false, 101);
	message_of(letter)->ack.answer = HL_ACCEPTED;
	fold(set, &in);
	assert_int_equal(HL_NO_CALL, effect_of(&in, 2));
	free(set);
}

static void updates(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	struct hl_message *m;
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 100);
	m = message_of(add(set, 2, LAB_A, HL_UPDATE, false, 101));
	m->update.has_severity = true;
	m->update.severity = 4;
	m = message_of(add(set, 3, LAB_A, HL_UPDATE, true, 102));
	m->update.has_certainty = true;
	m->update.certainty = 1;
	m->update.has_title = true;
	m->update.title = hl_view_str("Contained again");
	m = message_of(add(set, 4, LAB_B, HL_UPDATE, true, 103));
	m->update.has_severity = true;
	m->update.severity = 0;
	m = message_of(add(set, 5, LAB_B, HL_UPDATE, true, 104)); /* text alone */
	m = message_of(add(set, 6, LAB_C, HL_UPDATE, true, 105));
	m->update.has_title = true;
	m->update.title = hl_view_str("Not yours to change");
	fold(set, &in);
	assert_int_equal(4, in.severity);
	assert_int_equal(1, in.certainty);
	assert_true(hl_view_eq(in.title, hl_view_str("Contained again")));
	assert_int_equal(HL_FOLD_NOT_PERMITTED, effect_of(&in, 4));
	assert_int_equal(HL_EFFECTIVE, effect_of(&in, 5));
	assert_int_equal(HL_FOLD_NOT_PERMITTED, effect_of(&in, 6));
	assert_int_equal(3, in.n_calls);
	check_every_order(set);
	free(set);
}

static void closing_and_reopening(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	struct hl_id opening = id_of(5);
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 100);
	add(set, 2, LAB_B, HL_RESOLVE, false, 101); /* not its incident */
	add(set, 3, LAB_A, HL_CANCEL, false, 102);
	add(set, 4, LAB_A, HL_RESOLVE, false, 103); /* closed already */
	add(set, 5, LAB_C, HL_REOPEN, true, 104);
	add(set, 6, LAB_B, HL_REOPEN, true, 105); /* open already */
	fold(set, &in);
	assert_int_equal(HL_FOLD_NOT_PERMITTED, effect_of(&in, 2));
	assert_int_equal(HL_EFFECTIVE, effect_of(&in, 3));
	assert_int_equal(HL_WRONG_PHASE, effect_of(&in, 4));
	assert_int_equal(HL_EFFECTIVE, effect_of(&in, 5));
	assert_int_equal(HL_WRONG_PHASE, effect_of(&in, 6));
	assert_int_equal(HL_OPEN, in.phase);
	assert_true(hl_id_eq(&opening, &in.opening));
	assert_true(hl_id_eq(&opening, &hl_incident_opening(&in)->id));
	assert_int_equal(2, in.n_calls);
	check_every_order(set);
	free(set);
}

static void resolved_and_cancelled(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	(void)state;

	/* Both at once: the order decides, and every party decides alike. */
	add(set, 1, LAB_A, HL_RAISE, true, 100);
	add(set, 3, LAB_A, HL_RESOLVE, false, 110);
	add(set, 2, LAB_A, HL_CANCEL, false, 110);
	fold(set, &in);
	assert_int_equal(HL_CANCELLED, in.phase);
	assert_int_equal(HL_WRONG_PHASE, effect_of(&in, 3));
	check_every_order(set);
	free(set);
}

static void a_short_raise_opens_nothing(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	struct hl_fold_letter *raise;
	(void)state;

	raise = add(set, 1, LAB_A, HL_RAISE, true, 100);
	core_of(raise)->precedence = HL_FLASH;
	raise->is_short = true;
	ack(set, 2, LAB_B, 1, 110, HL_ACTING);
	fold(set, &in);
	assert_int_equal(HL_UNKNOWN_PHASE, in.phase);
	assert_int_equal(HL_FOLD_NOT_PERMITTED, effect_of(&in, 1));
	assert_int_equal(HL_NO_RAISE, effect_of(&in, 2));
	check_every_order(set);
	hl_incident_clear(&in);
	raise->is_short = false;
	fold(set, &in);
	assert_int_equal(HL_OPEN, in.phase);
	assert_int_equal(HL_EFFECTIVE, effect_of(&in, 2));
	free(set);
}

static void short_calls_and_closes(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	struct hl_fold_letter *l;
	struct hl_message *m;
	(void)state;

	core_of(add(set, 1, LAB_A, HL_RAISE, true, 100))->precedence = HL_FLASH;
	l = add(set, 2, LAB_B, HL_SAY, true, 101);
	core_of(l)->precedence = HL_FLASH;
	l->is_short = true;
	l = add(set, 3, LAB_A, HL_UPDATE, true, 102);
	core_of(l)->precedence = HL_FLASH;
	l->is_short = true;
	m = message_of(l);
	m->update.has_severity = true;
	m->update.severity = 4;
	l = add(set, 4, LAB_A, HL_RESOLVE, false, 103);
	l->is_short = true;
	add(set, 5, LAB_A, HL_CANCEL, false, 104);
	l = add(set, 6, LAB_B, HL_REOPEN, true, 105);
	core_of(l)->precedence = HL_FLASH;
	l->is_short = true;
	fold(set, &in);
	assert_int_equal(HL_FOLD_NOT_PERMITTED, effect_of(&in, 2));
	assert_int_equal(HL_FOLD_NOT_PERMITTED, effect_of(&in, 3));
	assert_int_equal(HL_FOLD_NOT_PERMITTED, effect_of(&in, 4));
	assert_int_equal(HL_EFFECTIVE, effect_of(&in, 5));
	assert_int_equal(HL_FOLD_NOT_PERMITTED, effect_of(&in, 6));
	assert_int_equal(HL_CANCELLED, in.phase);
	assert_int_equal(3, in.severity);
	assert_int_equal(1, in.n_calls);
	check_every_order(set);
	free(set);
}

static void cannot_open_is_kept(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 100);
	add(set, 2, LAB_B, HL_CANNOT_OPEN, false, 101);
	fold(set, &in);
	assert_int_equal(HL_EFFECTIVE, effect_of(&in, 2));
	check_every_order(set);
	free(set);
}

static void answers_stand_in_order_of_labs(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	(void)state;

	add(set, 1, LAB_B, HL_RAISE, true, 100);
	ack(set, 2, LAB_C, 1, 101, HL_ACTING);
	ack(set, 3, LAB_A, 1, 102, HL_ACTING);
	ack(set, 4, LAB_C, 1, 103, HL_ACTING);
	fold(set, &in);
	assert_int_equal(2, in.calls[0].n_answers);
	assert_true(hl_id_eq(&set->labs[LAB_A], &in.calls[0].answers[0].lab));
	assert_true(hl_id_eq(&set->labs[LAB_C], &in.calls[0].answers[1].lab));
	assert_int_equal(HL_ALSO, effect_of(&in, 4));
	free(set);
}

static void misuse(void **state)
{
	struct set *set = set_new();
	struct hl_incident in = {0};
	struct hl_id incident = id_of(1);
	struct hl_buf doc HL_CLEAN_BUF = {0};
	static const uint8_t head[] = {0x9a, 0xc4, 0x20};
	static const uint8_t rest[] = {
		0x00, 0x00, 0xa0, 0x00, 0x00, 0xa0, 0xc0, 0x90, 0x90};
	(void)state;

	/* No letter at all: the state of an incident that is not known. */
	doc = encoded(set->letters, 0);
	assert_int_equal(3 + 32 + 9, doc.n);
	assert_memory_equal(head, doc.p, 3);
	assert_memory_equal(incident.b, doc.p + 3, 32);
	assert_memory_equal(rest, doc.p + 35, 9);

	add(set, 1, LAB_A, HL_RAISE, true, 100);
	add(set, 1, LAB_A, HL_RAISE, true, 100);
	assert_int_equal(HL_ERR_USAGE, hl_incident_fold(&incident, set->letters, 2, &in));
	set->n = 1;
	/* Two that name each other cannot be, where ids are hashes. */
	add_seen(add(set, 2, LAB_A, HL_SAY, false, 1), 3);
	add_seen(add(set, 3, LAB_A, HL_SAY, false, 1), 2);
	assert_int_equal(HL_ERR_USAGE, hl_incident_fold(&incident, set->letters, 3, &in));
	assert_null(in.letters);
	hl_incident_clear(NULL);
	free(set);
}

/* A generator that is the same everywhere. */
static uint32_t draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

/* n letters of every type, each after up to two earlier ones. */
static void random_letters(struct set *set, size_t n, uint64_t seed)
{
	add(set, 1, LAB_A, HL_RAISE, true, 500);
	for (unsigned number = 2; number <= n; number++) {
		enum hl_type type = (enum hl_type)(2 + draw(&seed, 7));
		unsigned a = 1 + draw(&seed, number - 1), b = 1 + draw(&seed, number - 1);
		bool call = draw(&seed, 2);
		struct hl_fold_letter *l;

		if (type == HL_ACK) {
			l = ack(set, number, draw(&seed, 4), a, draw(&seed, 1000),
				HL_ACTING);
		} else {
			l = add(set, number, draw(&seed, 4), type, call,
				draw(&seed, 1000));
			if (draw(&seed, 4) > 0)
				add_seen(l, a);
		}
		if (b != a)
			add_seen(l, b);
		l->is_short = draw(&seed, 10) == 0;
		core_of(l)->precedence = (enum hl_precedence)(1 + draw(&seed, 4));
		core_of(l)->status = draw(&seed, 20) == 0 ? HL_TEST : HL_ACTUAL;
		if (type == HL_UPDATE) {
			message_of(l)->update.has_severity = draw(&seed, 2);
			message_of(l)->update.severity = draw(&seed, 5);
		}
	}
}

static void shuffle(struct set *set, uint64_t seed)
{
	for (size_t i = set->n; i > 1; i--) {
		size_t j = draw(&seed, (uint32_t)i);
		struct hl_fold_letter other = set->letters[i - 1];

		set->letters[i - 1] = set->letters[j];
		set->letters[j] = other;
	}
}

/* incident 2.1 in its own words: look through all that are left, each time. */
static void check_order(const struct set *set, const struct hl_incident *in)
{
	bool *placed = calloc(set->n + 1, sizeof(*placed));

	assert_non_null(placed);
	for (size_t k = 0; k < in->n_letters; k++) {
		const struct hl_fold_letter *best = NULL;

		for (size_t i = 0; i < set->n; i++) {
			const struct hl_fold_letter *l = &set->letters[i];
			bool ready = !placed[hl_get_be32(l->id.b + 28)];

			for (size_t j = 0; j < l->message->n_seen; j++)
				ready = ready &&
					placed[hl_get_be32(l->message->seen[j].b + 28)];
			if (ready &&
				(!best || l->core->created < best->core->created ||
					(l->core->created == best->core->created &&
						hl_id_cmp(&l->id, &best->id) < 0)))
				best = l;
		}
		assert_non_null(best);
		assert_true(hl_id_eq(&best->id, &in->letters[k].letter->id));
		placed[hl_get_be32(best->id.b + 28)] = true;
	}
	free(placed);
}

static void many_letters_shuffled(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct set *set = set_new();
		struct hl_incident in HL_CLEAN_INCIDENT = {0};
		struct hl_buf first HL_CLEAN_BUF = {0};

		random_letters(set, 60 * seed, seed);
		fold(set, &in);
		check_order(set, &in);
		assert_int_equal(HL_OK, hl_incident_encode(&in, &first));
		for (uint64_t turn = 1; turn <= 12; turn++) {
			struct hl_buf again HL_CLEAN_BUF = {0};

			shuffle(set, seed * 100 + turn);
			again = encoded(set->letters, set->n);
			assert_true(hl_view_eq(hl_view_buf(&first), hl_view_buf(&again)));
		}
		free(set);
	}
}

/* A chain of thousands: no recursion, and no quadratic time, which would show as a time-out. */
static void a_long_chain(void **state)
{
	struct set *set = set_new();
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 1);
	for (unsigned i = 2; i <= MAX_LETTERS; i++)
		add_seen(add(set, i, i % 3, HL_SAY, i % 2, MAX_LETTERS - i), i - 1);
	shuffle(set, 4);
	fold(set, &in);
	for (unsigned i = 0; i < MAX_LETTERS; i++) {
		struct hl_id id = id_of(i + 1);

		assert_true(hl_id_eq(&id, &in.letters[i].letter->id));
		assert_int_equal(HL_EFFECTIVE, in.letters[i].effect);
	}
	free(set);
}

static void without_memory(void **state)
{
	struct set *set = set_new();
	struct hl_id incident = id_of(1);
	bool failed = true;
	(void)state;

	add(set, 1, LAB_A, HL_RAISE, true, 100);
	ack(set, 2, LAB_B, 1, 110, HL_ACTING);
	for (unsigned n = 1; failed; n++) {
		struct hl_incident in HL_CLEAN_INCIDENT = {0};
		struct hl_buf doc HL_CLEAN_BUF = {0};
		enum hl_status status;

		unit_fail_allocation(n);
		status = hl_incident_fold(&incident, set->letters, set->n, &in);
		if (status == HL_OK)
			status = hl_incident_encode(&in, &doc);
		failed = unit_allocation_failed();
		assert_status(status, failed ? HL_ERR_NOMEM : HL_OK);
	}
	free(set);
}

static void words_for_people(void **state)
{
	(void)state;
	assert_string_equal("unknown", hl_phase_name(HL_UNKNOWN_PHASE));
	assert_string_equal("open", hl_phase_name(HL_OPEN));
	assert_string_equal("resolved", hl_phase_name(HL_RESOLVED));
	assert_string_equal("cancelled", hl_phase_name(HL_CANCELLED));
	for (unsigned i = HL_EFFECTIVE; i <= HL_SECOND_RAISE; i++)
		for (unsigned j = HL_EFFECTIVE; j < i; j++)
			assert_string_not_equal(hl_effect_text((enum hl_effect)i),
				hl_effect_text((enum hl_effect)j));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_incident_from_raise_to_resolve),
		cmocka_unit_test(two_answers_at_once),
		cmocka_unit_test(what_was_seen_outweighs_the_clock),
		cmocka_unit_test(without_the_raise_nothing_counts),
		cmocka_unit_test(a_second_raise),
		cmocka_unit_test(placed_before_the_raise),
		cmocka_unit_test(another_status_and_strangers),
		cmocka_unit_test(answers_that_do_not_count),
		cmocka_unit_test(an_ack_without_a_reference),
		cmocka_unit_test(updates),
		cmocka_unit_test(closing_and_reopening),
		cmocka_unit_test(resolved_and_cancelled),
		cmocka_unit_test(a_short_raise_opens_nothing),
		cmocka_unit_test(short_calls_and_closes),
		cmocka_unit_test(cannot_open_is_kept),
		cmocka_unit_test(answers_stand_in_order_of_labs),
		cmocka_unit_test(misuse),
		cmocka_unit_test(many_letters_shuffled),
		cmocka_unit_test(a_long_chain),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(words_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
