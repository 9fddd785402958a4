/* From what is typed to a sealed letter in the outbox, without a node. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/compose.h"
#include "client/docs.h"
#include "client/output.h"
#include "tests/unit/client.h"

/* Two labs that have pinned each other. */
static void two_labs(struct client *c)
{
	char print[2][256];
	static const char *const names[] = {"lab-a", "lab-b"};

	for (size_t i = 0; i < 2; i++) {
		client_at(c, names[i]);
		client_want(0, c, "lab", "init", names[i], "--person", "Mira",
			"--contact", "+1 555 0100", "--json");
		client_json(c, "fingerprint", print[i]);
		client_want(0, c, "card", "export",
			i ? "lab-b-card.hotline" : "lab-a-card.hotline");
	}
	client_want(0, c, "peer", "add", "lab-a-card.hotline", "--as", "lab-a",
		"--fingerprint", print[0]);
	client_at(c, "lab-a");
	client_want(0, c, "peer", "add", "lab-b-card.hotline", "--as", "lab-b",
		"--fingerprint", print[1]);
}

static void test_raise_is_kept(void **state)
{
	struct client *c = *state;
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0};
	HL_CLEAN_BUF struct hl_buf doc = {0};
	struct hl_outgoing row;
	struct hl_app app;

	two_labs(c);
	client_want(3, c, "raise", "--to", "lab-b", "--kind", "contain.breach", "--field",
		"boundary=vm", "-m", "First line\nand a second", "--severity", "3");
	assert_non_null(strstr(c->err, "kept as draft d1"));
	assert_non_null(strstr(c->err, "lab-b by phone: +1 555 0100"));
	client_open(c, &app);
	assert_int_equal(hl_outbox_by_number(&app, 1, &row), HL_EXIT_OK);
	assert_int_equal(row.state, HL_OUTBOX_DRAFT);
	assert_int_equal(hl_letter_load(&app, &row.id, &letter), HL_EXIT_OK);
	assert_int_equal(letter.message.type, HL_RAISE);
	assert_true(hl_view_eq(letter.message.raise.title, hl_view_str("First line")));
	assert_int_equal(letter.message.raise.severity, 3);
	assert_int_equal(letter.envelope.core.precedence, HL_PRIORITY);
	assert_int_equal(letter.envelope.core.answer_within, 10800);
	assert_int_equal(letter.envelope.core.n_labs, 2);
	assert_int_equal(letter.envelope.core.card_version, hl_docs_own(&app)->version);
	/* The copy for the node has the slip of each lab. */
	assert_int_equal(hl_outbox_doc(&app, 1, &doc), HL_EXIT_OK);
	assert_int_equal(
		hl_envelope_parse(&app.net, hl_view_buf(&doc), &envelope), HL_OK);
	assert_true(envelope.slips[0].n > 0 && envelope.slips[1].n > 0);
	assert_int_equal(hl_outbox_by_number(&app, 2, &row), HL_EXIT_NO);
	hl_app_clear(&app);
}

static void test_key_gives_the_same_bytes(void **state)
{
	struct client *c = *state;
	char first[256], second[256];

	two_labs(c);
	client_want(3, c, "raise", "--to", "lab-b", "--kind", "near.miss", "-m", "x",
		"--idempotency-key", "k", "--json");
	client_json(c, "id", first);
	client_want(3, c, "raise", "--to", "lab-b", "--kind", "near.miss", "-m", "other",
		"--idempotency-key", "k", "--json");
	client_json(c, "id", second);
	assert_string_equal(first, second);
	client_want(3, c, "raise", "--to", "lab-b", "--kind", "near.miss", "-m", "x",
		"--idempotency-key", "l", "--json");
	client_json(c, "id", second);
	assert_string_not_equal(first, second);
	client_want(2, c, "raise", "--to", "lab-b", "--kind", "near.miss", "-m", "x",
		"--idempotency-key", "");
}

static void test_forms(void **state)
{
	static const struct {
		const char *kind, *title, *option, *value, *said;
	} bad[] = {
		{"contain.breach", "t", "-m", "x", "--field boundary="},
		{"eval.crossed", "t", "-m", "x", "--field benchmark="},
		{"rnd.milestone", "t", "-m", "x", "--determination"},
		{"near.miss", "", "--severity", "1", "--title"},
		{"near.miss", "t", "--field", "Key=v", "--field KEY=VALUE"},
		{"pause.all", "t", "-m", "x", "no kind called"},
		{"near.miss", "t", "--ask", "Do It", "--ask takes words"},
		{"near.miss", "a\tb", "-m", "x", "--title T"},
	};
	struct client *c = *state;

	two_labs(c);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		client_want(2, c, "raise", "--to", "lab-b", "--kind", bad[i].kind,
			"--title", bad[i].title, bad[i].option, bad[i].value);
		assert_non_null(strstr(c->err, bad[i].said));
	}
	client_want(0, c, "list", "--all", "--json");
	assert_null(strstr(c->out, "\"id\""));
}

/* message 1.1: what a letter names as seen is what no other letter names. */
static void test_seen(void **state)
{
	struct client *c = *state;
	HL_CLEAN_THREAD struct hl_thread thread = {0};
	struct hl_id seen[HL_SEEN_MAX], *ids = NULL;
	const struct hl_letter *say;
	struct hl_app app;
	char id[256];
	size_t n;

	two_labs(c);
	client_want(3, c, "raise", "--to", "lab-b", "--kind", "near.miss", "-m", "x",
		"--json");
	client_json(c, "incident", id);
	client_want(3, c, "say", id, "-m", "first");
	client_want(3, c, "say", id, "-m", "second", "--call");
	client_open(c, &app);
	assert_int_equal(hl_thread_list(&app, &ids, &n), HL_EXIT_OK);
	assert_int_equal(n, 1);
	assert_int_equal(hl_thread_load(&app, &ids[0], &thread), HL_EXIT_OK);
	assert_int_equal(thread.incident.n_letters, 3);
	say = hl_thread_letter(&thread, &thread.incident.letters[2].letter->id);
	assert_int_equal(say->message.n_seen, 1);
	assert_true(
		hl_id_eq(&say->message.seen[0], &thread.incident.letters[1].letter->id));
	assert_int_equal(say->envelope.core.class, HL_CLASS_CALL);
	hl_thread_seen(&thread, NULL, seen, &n);
	assert_int_equal(n, 1);
	assert_true(hl_id_eq(&seen[0], &say->envelope.id));
	/* The answered letter is always among them, sorted. */
	hl_thread_seen(&thread, &ids[0], seen, &n);
	assert_int_equal(n, 2);
	assert_true(hl_id_cmp(&seen[0], &seen[1]) < 0);
	free(ids);
	hl_app_clear(&app);
}

static void test_capability(void **state)
{
	static const char *const keys[] = {"benchmark", "metric", "threshold", "value"};
	struct client *c = *state;
	struct hl_field fields[4];
	struct hl_draft draft;
	struct hl_app app;
	char print[256];

	for (size_t i = 0; i < 4; i++)
		fields[i] = (struct hl_field){hl_view_str(keys[i]), hl_view_str("1")};
	two_labs(c);
	client_want(0, c, "card", "show", "--json");
	client_json(c, "fingerprint", print);
	client_at(c, "bot");
	client_want(0, c, "join", "lab-a-card.hotline", "--person", "bot", "--monitor",
		"--out", "bot.hotline", "--fingerprint", print);
	client_at(c, "lab-a");
	client_want(0, c, "member", "add", "bot.hotline", "--yes", "--kind", "eval.",
		"--max-precedence", "PRIORITY");
	client_want(0, c, "card", "export", "a3.hotline");
	client_at(c, "bot");
	client_want(0, c, "card", "import", "a3.hotline");
	client_open(c, &app);
	draft = (struct hl_draft){.message = {.type = HL_RAISE,
					  .raise = {.kind = hl_view_str("near.miss"),
						  .title = hl_view_str("t"),
						  .handling = 3}},
		.labs = &app.lab,
		.n_labs = 1,
		.class = HL_CLASS_CALL,
		.status = HL_ACTUAL,
		.precedence = HL_PRIORITY};
	/* Its kinds are those that begin with eval., its speed is PRIORITY. */
	assert_int_equal(hl_compose_check(&app, &draft), HL_EXIT_NOT_PERMITTED);
	draft.message.raise.kind = hl_view_str("eval.crossed");
	draft.message.fields = fields;
	draft.message.n_fields = 4;
	assert_int_equal(hl_compose_check(&app, &draft), HL_EXIT_OK);
	draft.precedence = HL_IMMEDIATE;
	assert_int_equal(hl_compose_check(&app, &draft), HL_EXIT_NOT_PERMITTED);
	draft.precedence = HL_PRIORITY;
	draft.message.n_fields = 3;
	assert_int_equal(hl_compose_check(&app, &draft), HL_EXIT_USAGE);
	hl_app_clear(&app);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_raise_is_kept, client_begin, client_end),
		cmocka_unit_test_setup_teardown(
			test_key_gives_the_same_bytes, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_forms, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_seen, client_begin, client_end),
		cmocka_unit_test_setup_teardown(
			test_capability, client_begin, client_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
