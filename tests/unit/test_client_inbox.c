/* What comes is opened, judged and kept; what cannot be opened is said, once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/compose.h"
#include "client/docs.h"
#include "client/inbox.h"
#include "client/keyring.h"
#include "client/output.h"
#include "tests/unit/client.h"

static void two_labs(struct client *c)
{
	static const char *const names[] = {"lab-a", "lab-b"},
				 *const cards[] = {"a-card.hotline", "b-card.hotline"};
	char print[2][256];

	for (size_t i = 0; i < 2; i++) {
		client_at(c, names[i]);
		client_want(0, c, "lab", "init", names[i], "--person",
			i ? "Eva Lind" : "Mira Olsen", "--json");
		client_json(c, "fingerprint", print[i]);
		client_want(0, c, "card", "export", cards[i]);
	}
	client_want(0, c, "peer", "add", cards[0], "--as", "lab-a", "--fingerprint",
		print[0]);
	client_at(c, "lab-a");
	client_want(0, c, "peer", "add", cards[1], "--as", "lab-b", "--fingerprint",
		print[1]);
}

/* How a letter of lab-a is made wrong before it is sealed. */
struct spoil {
	bool other_key; /* sealed to a key that is not the reader's */
	enum hl_class class;
	struct hl_message message;
};

static void seal(struct hl_app *a, const struct hl_id *lab_b, const struct spoil *spoil,
	struct hl_buf *ret_doc)
{
	HL_CLEAN_BUF struct hl_buf message = {0};
	struct hl_sealing sealing = {.key = &a->keys->sign};
	uint64_t now = hl_clock();

	assert_int_equal(hl_docs_readers(a, &a->lab, now, &sealing.readers,
				 &sealing.n_readers, NULL, NULL),
		HL_EXIT_OK);
	assert_int_equal(hl_docs_readers(a, lab_b, now, &sealing.readers,
				 &sealing.n_readers, NULL, NULL),
		HL_EXIT_OK);
	assert_int_equal(sealing.n_readers, 2);
	if (spoil->other_key)
		memcpy(sealing.readers[1].key, sealing.readers[0].key, HL_KEY_SIZE);
	assert_int_equal(hl_message_encode(&spoil->message, &message, NULL), HL_OK);
	sealing.message = hl_view_buf(&message);
	sealing.core = (struct hl_core){.net = a->net,
		.lab = a->lab,
		.sender = a->kid,
		.card_version = hl_docs_own(a)->version,
		.class = spoil->class,
		.status = HL_ACTUAL,
		.precedence = HL_PRIORITY,
		.created = now,
		.lifetime = HL_LIFETIME_DEFAULT,
		.answer_within = spoil->class == HL_CLASS_CALL ? 600 : 0};
	assert_int_equal(hl_entropy_fill(&a->entropy, sealing.ck.b, 32), HL_OK);
	assert_int_equal(hl_envelope_seal(&sealing, ret_doc, NULL, NULL), HL_OK);
	free(sealing.readers);
}

/* Seals at lab-a, keeps and opens at lab-b; the letter as it stands there. */
static void send(struct client *c, const struct spoil *spoil, struct hl_app *ret_b,
	struct hl_letter *ret_letter)
{
	HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0};
	HL_CLEAN_BUF struct hl_buf doc = {0};
	struct hl_id lab_b;
	struct hl_app a;

	client_at(c, "lab-a");
	client_open(c, &a);
	assert_int_equal(hl_docs_find_peer(&a, "lab-b", &lab_b), HL_EXIT_OK);
	seal(&a, &lab_b, spoil, &doc);
	hl_app_clear(&a);
	client_at(c, "lab-b");
	client_open(c, ret_b);
	assert_int_equal(
		hl_envelope_parse(&ret_b->net, hl_view_buf(&doc), &envelope), HL_OK);
	assert_int_equal(hl_letter_keep(ret_b, &envelope, HL_SOURCE_NODE, hl_clock(),
				 false, 0, NULL),
		HL_EXIT_OK);
	assert_int_equal(hl_inbox_open(ret_b, NULL), HL_EXIT_OK);
	assert_int_equal(hl_letter_load(ret_b, &envelope.id, ret_letter), HL_EXIT_OK);
}

static struct hl_message a_raise(void)
{
	return (struct hl_message){.type = HL_RAISE,
		.text = hl_view_str("text"),
		.raise = {.kind = hl_view_str("near.miss"),
			.title = hl_view_str("title"),
			.handling = 3}};
}

static size_t drafts(struct hl_app *app)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt =
		hl_db_query(app->db, "SELECT count(*) FROM outbox", "");

	return hl_db_next(app->db, stmt) ? (size_t)hl_db_int(stmt, 0) : 0;
}

static void test_good(void **state)
{
	struct client *c = *state;
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	struct spoil good = {.class = HL_CLASS_CALL, .message = a_raise()};
	struct hl_app b;

	two_labs(c);
	send(c, &good, &b, &letter);
	assert_int_equal(letter.state, HL_LETTER_OPENED);
	assert_int_equal(letter.marks, 0);
	assert_true(hl_view_eq(letter.message.text, hl_view_str("text")));
	assert_string_equal(hl_letter_person(&b, &letter), "Mira Olsen");
	assert_int_equal(drafts(&b), 0);
	hl_app_clear(&b);
	client_want(0, c, "now");
	assert_non_null(strstr(c->out, "RINGING  1 call"));
}

static void test_cannot_open(void **state)
{
	struct client *c = *state;
	HL_CLEAN_LETTER struct hl_letter letter = {0}, told = {0};
	struct spoil bad = {
		.other_key = true, .class = HL_CLASS_CALL, .message = a_raise()};
	struct hl_outgoing row;
	struct hl_app b;

	two_labs(c);
	send(c, &bad, &b, &letter);
	assert_int_equal(letter.state, HL_LETTER_REFUSED);
	assert_int_equal(letter.code, HL_BAD_OPEN);
	/* The sender is told, once. */
	assert_int_equal(drafts(&b), 1);
	assert_int_equal(hl_inbox_open(&b, NULL), HL_EXIT_OK);
	assert_int_equal(drafts(&b), 1);
	assert_int_equal(hl_outbox_by_number(&b, 1, &row), HL_EXIT_OK);
	assert_int_equal(hl_letter_load(&b, &row.id, &told), HL_EXIT_OK);
	assert_int_equal(told.message.type, HL_CANNOT_OPEN);
	assert_int_equal(told.message.cannot_open.code, HL_BAD_OPEN);
	assert_true(hl_id_eq(&told.envelope.core.answers, &letter.envelope.id));
	assert_int_equal(told.envelope.core.class, HL_CLASS_NOTICE);
	hl_app_clear(&b);
	/* It is on the screen that somebody calls. */
	client_want(0, c, "now");
	assert_non_null(strstr(c->out, "cannot be read here"));
}

/* A raise under the class of a notice would ring nobody: its device says so. */
static void test_type_at_odds(void **state)
{
	struct client *c = *state;
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	struct spoil odd = {.class = HL_CLASS_CALL,
		.message = {.type = HL_RESOLVE, .text = hl_view_str("over")}};
	struct hl_app b;

	two_labs(c);
	send(c, &odd, &b, &letter);
	assert_int_equal(letter.state, HL_LETTER_REFUSED);
	assert_int_equal(letter.code, HL_BAD_TYPE);
	hl_app_clear(&b);
	client_want(0, c, "now");
	assert_non_null(strstr(c->out, "does not fit its header"));
	assert_null(strstr(c->out, "over\""));
}

/* What was opened stays readable without the sealing secret; a copy that was changed is no copy. */
static void test_archive(void **state)
{
	struct client *c = *state;
	HL_CLEAN_LETTER struct hl_letter letter = {0}, again = {0};
	struct spoil good = {.class = HL_CLASS_CALL, .message = a_raise()};
	struct hl_app b;

	two_labs(c);
	send(c, &good, &b, &letter);
	assert_int_equal(hl_db_do(b.db, "DELETE FROM epochs", ""), HL_EXIT_OK);
	assert_int_equal(hl_letter_load(&b, &letter.envelope.id, &again), HL_EXIT_OK);
	assert_true(hl_view_eq(again.message.text, hl_view_str("text")));
	hl_letter_clear(&again);
	assert_int_equal(
		hl_db_do(b.db,
			"UPDATE archive SET box = CAST(substr(box, 1, length(box) - 1)"
			" || CASE substr(box, -1) WHEN x'00' THEN x'01' ELSE x'00' END"
			" AS BLOB)",
			""),
		HL_EXIT_OK);
	assert_int_equal(hl_letter_load(&b, &letter.envelope.id, &again), HL_EXIT_NO);
	hl_app_clear(&b);
}

/* Seals a good raise at lab-a; what lab-b is given is the caller's. */
static void sealed_at_a(struct client *c, struct hl_app *ret_b, struct hl_buf *ret_doc)
{
	struct spoil good = {.class = HL_CLASS_CALL, .message = a_raise()};
	struct hl_id lab_b;
	struct hl_app a;

	client_at(c, "lab-a");
	client_open(c, &a);
	assert_int_equal(hl_docs_find_peer(&a, "lab-b", &lab_b), HL_EXIT_OK);
	seal(&a, &lab_b, &good, ret_doc);
	hl_app_clear(&a);
	client_at(c, "lab-b");
	client_open(c, ret_b);
}

static struct hl_id keep_at_b(struct hl_app *b, const struct hl_buf *doc)
{
	HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0};

	assert_int_equal(hl_envelope_parse(&b->net, hl_view_buf(doc), &envelope), HL_OK);
	assert_int_equal(
		hl_letter_keep(b, &envelope, HL_SOURCE_NODE, hl_clock(), false, 0, NULL),
		HL_EXIT_OK);
	assert_int_equal(hl_inbox_open(b, NULL), HL_EXIT_OK);
	return envelope.id;
}

/* A copy whose signature was broken on the way is no letter, and keeps no good one away. */
static void test_bad_copy(void **state)
{
	struct client *c = *state;
	HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0};
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	HL_CLEAN_BUF struct hl_buf doc = {0}, bad = {0};
	struct hl_app b;
	struct hl_id id;
	size_t at = 0;

	two_labs(c);
	sealed_at_a(c, &b, &doc);
	assert_int_equal(hl_envelope_parse(&b.net, hl_view_buf(&doc), &envelope), HL_OK);
	assert_int_equal(hl_buf_append(&bad, hl_view_buf(&doc)), HL_OK);
	while (memcmp(bad.p + at, envelope.sigs[0].sig, HL_SIG_SIZE) != 0)
		at++;
	bad.p[at + 40] ^= 1;
	id = keep_at_b(&b, &bad);
	assert_true(hl_id_eq(&id, &envelope.id));
	assert_false(hl_letter_held(&b, &id));
	assert_int_equal(drafts(&b), 0);
	/* The node is asked for it again. */
	assert_int_equal(hl_db_get_int(b.db, hl_letter_again(&b, &id)), 1);
	keep_at_b(&b, &doc);
	assert_int_equal(hl_letter_load(&b, &id, &letter), HL_EXIT_OK);
	assert_int_equal(letter.state, HL_LETTER_OPENED);
	hl_app_clear(&b);
}

/* Whoever runs the node may make a lab up, or keep one that was put out: it is not read. */
static void test_no_peer(void **state)
{
	struct client *c = *state;
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	HL_CLEAN_BUF struct hl_buf doc = {0};
	struct hl_app b;
	struct hl_id id;

	two_labs(c);
	client_at(c, "lab-b");
	client_want(0, c, "peer", "remove", "lab-a", "--yes");
	sealed_at_a(c, &b, &doc);
	id = keep_at_b(&b, &doc);
	assert_int_equal(hl_letter_load(&b, &id, &letter), HL_EXIT_OK);
	assert_int_equal(letter.state, HL_LETTER_SEALED);
	assert_int_equal(drafts(&b), 0);
	client_want(0, c, "now");
	assert_non_null(strstr(c->out, "that lab is no peer of yours"));
	client_want(0, c, "show", hl_short(&b, &id, 8));
	assert_non_null(strstr(c->out, "no peer of yours"));
	assert_null(strstr(c->out, "title"));
	hl_app_clear(&b);
}

/* The epoch had ended, and is published no more: that is shown all the same. */
static void test_stale(void **state)
{
	struct client *c = *state;
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	HL_CLEAN_BUF struct hl_buf doc = {0};
	struct hl_app b;
	struct hl_id id;

	two_labs(c);
	sealed_at_a(c, &b, &doc);
	assert_int_equal(
		hl_db_do(b.db, "UPDATE epochs SET until_ms = 1000", ""), HL_EXIT_OK);
	id = keep_at_b(&b, &doc);
	assert_int_equal(hl_letter_load(&b, &id, &letter), HL_EXIT_OK);
	assert_int_equal(letter.state, HL_LETTER_OPENED);
	assert_int_equal(letter.marks, HL_MARK_STALE);
	hl_app_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, client_begin, client_end),
		cmocka_unit_test_setup_teardown(
			test_cannot_open, client_begin, client_end),
		cmocka_unit_test_setup_teardown(
			test_type_at_odds, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_archive, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_bad_copy, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_no_peer, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_stale, client_begin, client_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
