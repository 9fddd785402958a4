/* Drills as letters: what persons and nodes may send of them, and what nobody may. */
#include "letters.h"

/* Lab A's node, beside the members of its card. */
struct drill {
	struct world *w;
	struct hl_sign_key sign;
	struct hl_dh_key seal;
	struct hl_node node;
	struct hl_reader readers[2]; /* both labs have the same node: enough to seal to */
	struct hl_buf message;
};

static void drill_init(struct world *w, enum hl_type type, struct drill *ret)
{
	static const uint8_t a[32] = {0xa1}, b[32] = {0xb2};
	static const struct hl_id seen;
	struct hl_message m = {.type = type, .text = hl_view_str("ping")};
	struct hl_core *core = &w->sealing.core;

	memset(ret, 0, sizeof(*ret));
	ret->w = w;
	assert_ok(hl_sign_key_from_secret(HL_VIEW(a), &ret->sign));
	assert_ok(hl_dh_key_from_secret(HL_VIEW(b), &ret->seal));
	memcpy(ret->node.sign, ret->sign.pub, HL_KEY_SIZE);
	memcpy(ret->node.seal, ret->seal.pub, HL_KEY_SIZE);
	hl_key_id(&w->net, HL_ROLE_NODE_SIGN, ret->sign.pub, &ret->node.kid);
	w->labs[LAB_A].card.nodes = &ret->node;
	w->labs[LAB_A].card.n_nodes = 1;
	for (size_t i = 0; i < 2; i++) {
		ret->readers[i].lab = w->labs[i].id;
		ret->readers[i].kid = ret->node.kid;
		memcpy(ret->readers[i].key, ret->seal.pub, HL_KEY_SIZE);
	}
	w->sealing.readers = ret->readers;
	w->sealing.n_readers = 2;
	w->sealing.key = &ret->sign;
	core->sender = ret->node.kid;
	core->status = HL_TEST;
	core->class = hl_type_class(type, false);
	if (type != HL_DRILL) {
		core->has_incident = core->has_answers = true;
		core->answer_within = 0;
		m.seen = &seen;
		m.n_seen = 1;
	}
	assert_ok(hl_message_encode(&m, &ret->message, NULL));
	w->sealing.message = hl_view_buf(&ret->message);
}

static void drill_clear(struct drill *d)
{
	hl_sign_key_clear(&d->sign);
	hl_dh_key_clear(&d->seal);
	hl_buf_clear(&d->message);
}

static enum hl_status judged(struct world *w)
{
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);

	world_parse(w, &doc, &e);
	return hl_envelope_judge(&e, &judge);
}

static void a_node_seals_and_opens(void **state)
{
	struct world *w = *state;

	for (unsigned type = HL_DRILL; type <= HL_DRILL_ANSWER; type++) {
		struct drill d HL_CLEAN(drill_clear);
		struct hl_opened opened HL_CLEAN_OPENED = {0};
		struct hl_message m HL_CLEAN_MESSAGE = {0};
		struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
		struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);

		drill_init(w, (enum hl_type)type, &d);
		struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
		const struct hl_dh_key *secret = &d.seal;
		uint64_t epoch = 0;
		world_parse(w, &doc, &e);
		assert_ok(hl_envelope_judge(&e, &judge));
		assert_true(hl_envelope_by_node(&e, &w->labs[LAB_A].card));
		assert_false(hl_envelope_by_node(&e, &w->labs[LAB_B].card));
		assert_ok(hl_envelope_open(&e, &w->labs[LAB_B].id, &d.node.kid, &epoch,
			&secret, 1, &opened));
		assert_true(opened.wraps_good);
		assert_ok(hl_message_parse(opened.message, &m));
		assert_ok(hl_message_check(&m, &e.core, NULL));
		assert_int_equal(type, m.type);
	}
}

/* By class, status and precedence: two classes, one status, three precedences. */
static void a_node_sends_machine_tests_alone(void **state)
{
	struct world *w = *state;
	struct hl_core *core = &w->sealing.core;
	struct drill d HL_CLEAN(drill_clear);
	unsigned taken = 0;

	drill_init(w, HL_DRILL, &d);
	for (unsigned class = HL_CLASS_CALL; class <= HL_CLASS_NOTICE; class ++)
		for (unsigned status = HL_ACTUAL; status <= HL_TEST; status++)
			for (unsigned p = HL_ROUTINE; p <= HL_FLASH; p++) {
				bool good = (class == HL_CLASS_CALL ||
						    class == HL_CLASS_ANSWER) &&
					status == HL_TEST && p <= HL_IMMEDIATE;

				core->class = (enum hl_class) class;
				core->status = (enum hl_standing)status;
				core->precedence = (enum hl_precedence)p;
				core->answer_within = class == HL_CLASS_CALL ? 60 : 0;
				core->has_incident = true;
				core->has_answers = class == HL_CLASS_ANSWER;
				assert_status(judged(w), good ? HL_OK : HL_NOT_PERMITTED);
				taken += good;
			}
	assert_int_equal(6, taken);
}

/* The id of a member's key is another than that of a node's, though the key is one. */
static void a_node_is_no_member(void **state)
{
	struct world *w = *state;
	struct drill d HL_CLEAN(drill_clear);

	drill_init(w, HL_DRILL, &d);
	hl_key_id(&w->net, HL_ROLE_MEMBER_SIGN, d.sign.pub, &w->sealing.core.sender);
	assert_status(judged(w), HL_NOT_MEMBER);
	w->sealing.core.sender = d.node.kid;
	w->labs[LAB_A].card.n_nodes = 0;
	assert_status(judged(w), HL_NOT_MEMBER);
	/* Nor does a member's key seal in the name of a node. */
	struct hl_buf doc HL_CLEAN_BUF = {0};
	w->sealing.key = &w->labs[LAB_A].sign[MIRA];
	assert_status(hl_envelope_seal(&w->sealing, &doc, NULL, NULL), HL_ERR_USAGE);
}

/* A signature that a carrier has added harms that copy alone; one of a member harms nothing. */
static void signatures_beside(void **state)
{
	struct world *w = *state;
	struct drill d HL_CLEAN(drill_clear);
	struct hl_judge judge = world_judge(w, LAB_A, &w->labs[LAB_B].id);

	drill_init(w, HL_DRILL, &d);
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL), more HL_CLEAN_BUF = {0},
			  alien HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0}, both HL_CLEAN_ENVELOPE = {0},
			     bad HL_CLEAN_ENVELOPE = {0};
	world_parse(w, &doc, &e);
	assert_ok(hl_envelope_cosign(&e, &w->labs[LAB_A].sign[OMAR], &more));
	world_parse(w, &more, &both);
	assert_ok(hl_envelope_judge(&both, &judge));
	assert_ok(hl_envelope_cosign(&e, &d.sign, &alien)); /* as if it were a member's */
	world_parse(w, &alien, &bad);
	assert_status(hl_envelope_judge(&bad, &judge), HL_NOT_MEMBER);
	assert_true(hl_envelope_fault_of_copy(&bad, &judge, HL_NOT_MEMBER));
	w->labs[LAB_A].card.n_nodes = 0;
	assert_false(hl_envelope_fault_of_copy(&e, &judge, HL_NOT_MEMBER));
}

static void a_node_says_nothing_else(void **state)
{
	struct hl_core core = {.status = HL_TEST, .precedence = HL_IMMEDIATE};
	struct hl_message m = {0};
	(void)state;

	for (unsigned type = HL_RAISE; type <= HL_DRILL_ANSWER; type++) {
		m = (struct hl_message){.type = (enum hl_type)type};
		m.seen = &core.answers;
		core.has_incident = type != HL_RAISE && type != HL_DRILL;
		core.has_answers = type == HL_ACK || type == HL_CANNOT_OPEN ||
			type == HL_DRILL_ANSWER;
		m.n_seen = core.has_answers;
		core.class = hl_type_class(m.type, false);
		assert_status(hl_message_check(&m, &core, NULL),
			type >= HL_DRILL ? HL_OK : HL_NOT_PERMITTED);
	}
}

/* Type by status, of a member and of a node. */
static void live_is_no_drill(void **state)
{
	struct hl_member member = {.caps.bits = HL_CAP_ALL};
	(void)state;

	for (unsigned type = HL_DRILL; type <= HL_DRILL_ANSWER; type++)
		for (unsigned status = HL_ACTUAL; status <= HL_TEST; status++) {
			struct hl_message m = {.type = (enum hl_type)type};
			struct hl_core core = {.status = (enum hl_standing)status,
				.precedence = HL_PRIORITY,
				.class = hl_type_class(m.type, false)};

			core.has_incident = core.has_answers = type == HL_DRILL_ANSWER;
			m.seen = &core.answers;
			m.n_seen = core.has_answers;
			assert_status(hl_message_check(&m, &core, &member),
				status == HL_EXERCISE ? HL_OK : HL_BAD_TYPE);
			assert_status(hl_message_check(&m, &core, NULL),
				status == HL_TEST ? HL_OK : HL_BAD_TYPE);
		}
}

static void who_may_drill(void **state)
{
	struct hl_member member = {0};
	struct hl_view kind = hl_view_str("eval.");
	(void)state;

	member.caps.kinds = &kind;
	member.caps.n_kinds = 1;
	for (unsigned bit = 1; bit <= HL_CAP_SUSPEND; bit *= 2) {
		struct hl_message m = {.type = HL_DRILL};
		struct hl_core core = {.status = HL_EXERCISE,
			.precedence = HL_FLASH,
			.class = HL_CLASS_CALL};

		member.caps.bits = bit;
		assert_status(hl_message_check(&m, &core, &member),
			bit & (HL_CAP_RAISE | HL_CAP_UPDATE) ? HL_OK : HL_NOT_PERMITTED);
	}
}

static void form_of_a_drill(void **state)
{
	static char text[1026];
	(void)state;

	memset(text, 'x', sizeof(text) - 1);
	for (unsigned type = HL_DRILL; type <= HL_DRILL_ANSWER; type++)
		for (size_t n = 1023; n <= 1025; n++) {
			struct hl_message m = {
				.type = (enum hl_type)type, .text = hl_view_of(text, n)};
			struct hl_message back HL_CLEAN_MESSAGE = {0};
			struct hl_buf doc HL_CLEAN_BUF = {0};
			const char *wrong = "";

			assert_status(hl_message_encode(&m, &doc, &wrong),
				n <= 1024 ? HL_OK : HL_BAD_FORM);
			if (n > 1024) {
				assert_string_equal("text", wrong);
				continue;
			}
			assert_ok(hl_message_parse(hl_view_buf(&doc), &back));
			assert_view(back.text, m.text);
		}
	assert_string_equal("drill", hl_type_name(HL_DRILL));
	assert_string_equal("drill-answer", hl_type_name(HL_DRILL_ANSWER));
}

/* The fold: one drill, answered by an ack of B and by a drill-answer of C; a second opens nothing.
 */
static void the_fold_of_a_drill(void **state)
{
	struct world *w = *state;
	struct hl_id labs[N_LABS];
	struct hl_core cores[4];
	struct hl_message messages[4] = {{.type = HL_DRILL},
		{.type = HL_ACK, .ack.answer = HL_ACTING}, {.type = HL_DRILL_ANSWER},
		{.type = HL_DRILL}};
	static const unsigned by[4] = {LAB_A, LAB_B, LAB_C, LAB_B};
	struct hl_fold_letter letters[4];
	struct hl_incident in HL_CLEAN_INCIDENT = {0};

	for (size_t i = 0; i < N_LABS; i++)
		labs[i] = w->labs[i].id;
	for (unsigned i = 0; i < 4; i++) {
		letters[i] = (struct hl_fold_letter){
			.core = &cores[i], .message = &messages[i]};
		letters[i].id.b[31] = (uint8_t)(i + 1);
		cores[i] = (struct hl_core){.lab = labs[by[i]],
			.class = hl_type_class(messages[i].type, false),
			.status = HL_EXERCISE,
			.precedence = HL_PRIORITY,
			.created = 100 + i,
			.labs = labs,
			.n_labs = N_LABS,
			.has_answers = i == 1 || i == 2,
			.answers = letters[0].id};
		messages[i].seen = &letters[0].id;
		messages[i].n_seen = cores[i].has_answers;
	}
	assert_ok(hl_incident_fold(&letters[0].id, letters, 4, &in));
	assert_int_equal(HL_OPEN, in.phase);
	assert_int_equal(HL_EXERCISE, in.status);
	assert_view(in.kind, hl_view_str("drill"));
	assert_int_equal(0, in.title.n);
	assert_int_equal(1, in.n_calls);
	assert_int_equal(2, in.calls[0].n_answers);
	assert_int_equal(HL_ACTING, in.calls[0].answers[0].answer);
	assert_int_equal(HL_ACCEPTED, in.calls[0].answers[1].answer);
	assert_int_equal(HL_SECOND_RAISE, in.letters[3].effect);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_node_seals_and_opens, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_node_sends_machine_tests_alone, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_node_is_no_member, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			signatures_beside, world_setup, world_teardown),
		cmocka_unit_test(a_node_says_nothing_else),
		cmocka_unit_test(live_is_no_drill),
		cmocka_unit_test(who_may_drill),
		cmocka_unit_test(form_of_a_drill),
		cmocka_unit_test_setup_teardown(
			the_fold_of_a_drill, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
