/* "Delivered" on a screen means that the other lab's signed receipt was verified here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/compose.h"
#include "client/docs.h"
#include "client/keyring.h"
#include "client/output.h"
#include "client/proof.h"
#include "tests/unit/client.h"

struct node {
	struct hl_sign_key sign;
	struct hl_dh_key link, seal;
};

static void node_clear(struct node *node)
{
	hl_sign_key_clear(&node->sign);
	hl_dh_key_clear(&node->link);
	hl_dh_key_clear(&node->seal);
}

/* A lab with a node of these keys on its card; its fingerprint. */
static void found(struct client *c, const char *name, struct node *node, char print[256])
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	struct hl_request request = {.role = HL_ROLE_NODE_SIGN};
	struct hl_doc_item item = {.sort = HL_DOC_REQUEST};
	char path[64];
	struct hl_app app;

	client_at(c, name);
	client_want(0, c, "lab", "init", name, "--person", "Mira", "--json");
	client_json(c, "fingerprint", print);
	client_open(c, &app);
	assert_int_equal(hl_sign_key_generate(&app.entropy, &node->sign), HL_OK);
	assert_int_equal(hl_dh_key_generate(&app.entropy, &node->link), HL_OK);
	assert_int_equal(hl_dh_key_generate(&app.entropy, &node->seal), HL_OK);
	request.lab = app.lab;
	memcpy(request.sign, node->sign.pub, HL_KEY_SIZE);
	memcpy(request.link, node->link.pub, HL_KEY_SIZE);
	memcpy(request.seal, node->seal.pub, HL_KEY_SIZE);
	request.addresses[0] = hl_view_str("127.0.0.1:1");
	request.n_addresses = 1;
	assert_int_equal(hl_request_make(&app.net, &request, &node->sign, &doc), HL_OK);
	item.doc = hl_view_buf(&doc);
	snprintf(path, sizeof(path), "%s-node.hotline", name);
	assert_int_equal(hl_docs_write_file(&app, path, &item, 1, false), HL_EXIT_OK);
	hl_app_clear(&app);
	client_want(0, c, "node", "add", path, "--yes");
	snprintf(path, sizeof(path), "%s-card.hotline", name);
	client_want(0, c, "card", "export", path);
}

/* A segment of the channel a → b with one letter, its head by one key, its receipt by another. */
static void segment(const struct hl_app *app, const struct hl_id *b,
	const struct hl_id *letter, const struct hl_sign_key *head_key,
	const struct hl_sign_key *receipt_key, struct hl_buf *ret)
{
	HL_CLEAN_BUF struct hl_buf head = {0}, receipt = {0};
	struct hl_entry entry = {1, HL_SORT_LETTER, *letter, 1000};
	struct hl_statement s = {
		.from = app->lab, .to = *b, .has_head = true, .time = 2000};
	struct hl_segment seg = {.from = app->lab,
		.to = *b,
		.epoch = 7,
		.first = 1,
		.entries = &entry,
		.n_entries = 1};

	hl_link_first(&app->net, &app->lab, b, 7, &seg.before);
	s.head = (struct hl_head){.epoch = 7, .number = 1};
	hl_link_next(&app->net, &seg.before, &entry, &s.head.link);
	assert_int_equal(hl_statement_sign(&app->net, &s, head_key, &head), HL_OK);
	seg.head = hl_view_buf(&head);
	if (receipt_key) {
		struct hl_statement r = {.from = *b,
			.to = app->lab,
			.has_receipt = true,
			.time = 3000,
			.receipt = {.head = s.head, .through = 1, .since = 2500}};

		assert_int_equal(
			hl_statement_sign(&app->net, &r, receipt_key, &receipt), HL_OK);
		seg.receipt = hl_view_buf(&receipt);
	}
	assert_int_equal(hl_segment_encode(&seg, ret), HL_OK);
}

/* What a segment proves of the letter towards b. */
static bool proven(struct hl_app *app, const struct hl_id *b, const struct hl_id *letter,
	const struct hl_sign_key *head_key, const struct hl_sign_key *receipt_key,
	struct hl_proof *ret)
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	size_t n = 0;

	assert_int_equal(hl_db_do(app->db, "DELETE FROM proofs", ""), HL_EXIT_OK);
	segment(app, b, letter, head_key, receipt_key, &doc);
	assert_int_equal(hl_proof_take(app, hl_view_buf(&doc), &n), HL_EXIT_OK);
	assert_int_equal(hl_proof_of(app, letter, b, ret), n == 1);
	return n == 1;
}

static void test_delivered(void **state)
{
	struct client *c = *state;
	struct node a __attribute__((cleanup(node_clear))) = {0};
	struct node b __attribute__((cleanup(node_clear))) = {0};
	char print_a[256], print_b[256];
	struct hl_outgoing row;
	struct hl_proof proof;
	struct hl_app app;
	struct hl_id lab_b;

	found(c, "lab-b", &b, print_b);
	found(c, "lab-a", &a, print_a);
	client_want(0, c, "peer", "add", "lab-b-card.hotline", "--as", "lab-b",
		"--fingerprint", print_b);
	client_want(3, c, "raise", "--to", "lab-b", "--kind", "near.miss", "-m", "x");
	client_open(c, &app);
	assert_int_equal(hl_docs_find_peer(&app, "lab-b", &lab_b), HL_EXIT_OK);
	assert_int_equal(hl_outbox_by_number(&app, 1, &row), HL_EXIT_OK);

	assert_true(proven(&app, &lab_b, &row.id, &a.sign, &b.sign, &proof));
	assert_true(proof.verified && proof.state == HL_DELIVERED);
	assert_int_equal(proof.since, 2500);
	assert_true(proven(&app, &lab_b, &row.id, &a.sign, NULL, &proof));
	assert_true(proof.verified && proof.state == HL_ENTERED);
	/* The own node cannot sign for the other lab. */
	assert_true(proven(&app, &lab_b, &row.id, &a.sign, &a.sign, &proof));
	assert_int_equal(proof.state, HL_ENTERED);
	/* Nor can the other lab say what the own one has entered, nor a stranger. */
	assert_false(proven(&app, &lab_b, &row.id, &b.sign, &b.sign, &proof));
	assert_false(proven(&app, &lab_b, &row.id, &app.keys->sign, &b.sign, &proof));
	/* Of a letter that is not held nothing is kept. */
	assert_false(proven(&app, &lab_b, &lab_b, &a.sign, &b.sign, &proof));
	hl_app_clear(&app);
}

/* What was proven once is not lost by a lesser proof. */
static void test_more_stays(void **state)
{
	struct client *c = *state;
	HL_CLEAN_BUF struct hl_buf full = {0}, less = {0};
	struct node a __attribute__((cleanup(node_clear))) = {0};
	struct node b __attribute__((cleanup(node_clear))) = {0};
	char print[256], own[256];
	struct hl_outgoing row;
	struct hl_proof proof;
	struct hl_app app;
	struct hl_id lab_b;
	size_t n = 0;

	found(c, "lab-b", &b, print);
	found(c, "lab-a", &a, own);
	client_want(0, c, "peer", "add", "lab-b-card.hotline", "--as", "lab-b",
		"--fingerprint", print);
	client_want(3, c, "raise", "--to", "lab-b", "--kind", "near.miss", "-m", "x",
		"--json");
	client_json(c, "incident", print);
	client_open(c, &app);
	assert_int_equal(hl_docs_find_peer(&app, "lab-b", &lab_b), HL_EXIT_OK);
	assert_int_equal(hl_outbox_by_number(&app, 1, &row), HL_EXIT_OK);
	segment(&app, &lab_b, &row.id, &a.sign, &b.sign, &full);
	segment(&app, &lab_b, &row.id, &a.sign, NULL, &less);
	assert_int_equal(hl_proof_take(&app, hl_view_buf(&full), &n), HL_EXIT_OK);
	assert_int_equal(hl_proof_take(&app, hl_view_buf(&less), &n), HL_EXIT_OK);
	assert_true(hl_proof_of(&app, &row.id, &lab_b, &proof));
	assert_int_equal(proof.state, HL_DELIVERED);
	hl_app_clear(&app);
	client_want(0, c, "show", print, "--proof");
	assert_non_null(strstr(c->out, "by its signed receipt"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_delivered, client_begin, client_end),
		cmocka_unit_test_setup_teardown(
			test_more_stays, client_begin, client_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
