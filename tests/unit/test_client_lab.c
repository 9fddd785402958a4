/* Labs, members, peers and files between homes on one machine, without a node. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/db.h"
#include "client/docs.h"
#include "tests/unit/client.h"

static void begin_lab(
	struct client *c, const char *name, const char *person, char print[256])
{
	client_at(c, name);
	client_want(0, c, "lab", "init", name, "--person", person, "--json");
	client_json(c, "fingerprint", print);
}

static void test_join(void **state)
{
	struct client *c = *state;
	char print[256], other[256];

	client_at(c, "nothing");
	client_want(2, c, "member", "list");
	assert_non_null(strstr(c->err, "hotline lab init NAME"));
	begin_lab(c, "lab-a", "Mira", print);
	begin_lab(c, "lab-b", "Eva", other);
	client_at(c, "jun");
	client_want(2, c, "join", "lab-a.hotline");
	client_want(2, c, "join", "lab-a.hotline", "--person", "Jun");
	client_want(
		1, c, "join", "lab-a.hotline", "--person", "Jun", "--fingerprint", other);
	client_want(
		0, c, "join", "lab-a.hotline", "--person", "Jun", "--fingerprint", print);
	client_want(
		2, c, "join", "lab-b.hotline", "--person", "Jun", "--fingerprint", other);
	client_at(c, "lab-b");
	client_want(1, c, "member", "add", "join-request.hotline", "--yes");
	assert_non_null(strstr(c->err, "another lab"));
	client_at(c, "lab-a");
	client_want(2, c, "member", "add", "join-request.hotline");
	client_want(1, c, "node", "add", "join-request.hotline", "--yes");
	client_want(
		2, c, "member", "add", "join-request.hotline", "--yes", "--cap", "raed");
	client_want(0, c, "member", "add", "join-request.hotline", "--yes", "--cap",
		"read,answer", "--max-precedence", "none");
	client_want(0, c, "member", "list");
	assert_non_null(strstr(c->out, "read, answer"));
	client_want(0, c, "card", "export", "a2.hotline");
	client_at(c, "jun");
	client_want(0, c, "card", "import", "a2.hotline");
	client_want(0, c, "member", "list", "--json");
	assert_non_null(strstr(c->out, "\"person\": \"Jun\""));
	/* Without the capability: 4. */
	client_want(4, c, "peer", "add", "lab-b.hotline", "--fingerprint", other);
	client_want(4, c, "member", "suspend", "Mira", "--yes");
}

static void test_monitor(void **state)
{
	struct client *c = *state;
	char print[256];

	begin_lab(c, "lab-a", "Mira", print);
	client_at(c, "eval");
	client_want(0, c, "join", "lab-a.hotline", "--person", "eval-suite", "--monitor",
		"--out", "m.hotline", "--fingerprint", print);
	client_at(c, "lab-a");
	client_want(
		2, c, "member", "add", "m.hotline", "--yes", "--max-precedence", "FLASH");
	client_want(2, c, "member", "add", "m.hotline", "--yes", "--cap", "answer");
	client_want(2, c, "member", "add", "m.hotline", "--yes", "--kind", "Eval");
	client_want(1, c, "member", "add", "m.hotline", "--yes", "--lab", "lab-x");
	client_want(0, c, "member", "add", "m.hotline", "--yes", "--kind", "eval.",
		"--kind", "contain.breach", "--rate", "6");
	client_want(0, c, "member", "list", "--json");
	assert_non_null(strstr(c->out, "\"role\": \"monitor\""));
	assert_non_null(strstr(c->out, "\"max_precedence\": \"IMMEDIATE\""));
	assert_non_null(strstr(c->out, "\"rate\": 6"));
	client_want(2, c, "member", "remove", "eval-suite");
	client_want(0, c, "member", "remove", "eval-suite", "--yes");
	client_want(0, c, "member", "list");
	assert_null(strstr(c->out, "eval-suite"));
}

static void test_peers(void **state)
{
	struct client *c = *state;
	char a[256], b[256];

	begin_lab(c, "lab-b", "Eva", b);
	begin_lab(c, "lab-a", "Mira", a);
	client_want(0, c, "peer", "list");
	assert_non_null(strstr(c->err, "No peers yet"));
	client_want(1, c, "peer", "add", "lab-a.hotline", "--fingerprint", a);
	client_want(2, c, "peer", "add", "lab-b.hotline");
	client_want(1, c, "peer", "add", "lab-b.hotline", "--fingerprint", a);
	assert_non_null(strstr(c->err, "Nothing was pinned"));
	client_want(2, c, "peer", "add", "lab-b.hotline", "--as", "Lab B",
		"--fingerprint", b);
	client_want(
		0, c, "peer", "add", "lab-b.hotline", "--as", "beta", "--fingerprint", b);
	client_want(1, c, "peer", "add", "lab-b.hotline", "--as", "gamma",
		"--fingerprint", b);
	assert_non_null(strstr(c->err, "pinned already"));
	client_want(1, c, "card", "show", "betta");
	assert_non_null(strstr(c->err, "did you mean beta?"));
	client_want(0, c, "card", "show", "beta");
	assert_non_null(strstr(c->out, "lab-b, card 1"));
	client_want(0, c, "peer", "verify", "beta", "--fingerprint", b);
	client_want(1, c, "peer", "verify", "beta", "--fingerprint", a);
	client_want(2, c, "peer", "group", "all", "beta");
	client_want(0, c, "peer", "group", "frontier", "beta");
	client_want(0, c, "peer", "list");
	assert_non_null(strstr(c->out, "@frontier  beta"));
	client_want(2, c, "peer", "remove", "beta");
	client_want(1, c, "peer", "group", "nothing");
	client_want(3, c, "psk", "new", "beta");
	client_want(0, c, "peer", "group", "frontier");
	client_want(0, c, "peer", "remove", "beta", "--yes");
	client_want(1, c, "card", "show", "beta");
}

/* A newer card of a lab that is known comes with a file; one of a stranger does not pin it. */
static void test_import(void **state)
{
	struct client *c = *state;
	char a[256], b[256];

	begin_lab(c, "lab-b", "Eva", b);
	begin_lab(c, "lab-a", "Mira", a);
	client_want(1, c, "card", "import", "lab-b.hotline");
	assert_non_null(strstr(c->err, "hotline peer add"));
	client_want(0, c, "peer", "add", "lab-b.hotline", "--fingerprint", b);
	client_at(c, "lab-b");
	client_want(0, c, "card", "renew", "--contact", "+1 555 0111");
	client_want(0, c, "card", "export", "b2.hotline");
	client_at(c, "lab-a");
	client_want(0, c, "card", "import", "b2.hotline");
	client_want(0, c, "card", "show", "lab-b");
	assert_non_null(strstr(c->out, "card 2"));
	assert_non_null(strstr(c->out, "+1 555 0111"));
	client_want(0, c, "card", "import", "lab-b.hotline");
	assert_non_null(strstr(c->err, "0 new"));
	client_file(c, "junk", "-----BEGIN HOTLINE FILE-----\nAAAA\n");
	client_want(1, c, "card", "import", "junk");
	client_want(1, c, "card", "import", "nowhere");
}

static void test_networks(void **state)
{
	struct client *c = *state;
	char a[256];

	begin_lab(c, "lab-a", "Mira", a);
	client_at(c, "lab-t");
	client_want(0, c, "lab", "init", "lab-t", "--person", "T", "--network", "test");
	client_want(1, c, "card", "import", "lab-a.hotline");
	assert_non_null(strstr(c->err, "network"));
	client_at(c, "x");
	client_want(2, c, "lab", "init", "lab-x", "--person", "T", "--network", "a\"b");
}

static void test_suspend(void **state)
{
	struct client *c = *state;
	struct hl_app app;
	char a[256];

	begin_lab(c, "lab-a", "Mira", a);
	client_at(c, "jun");
	client_want(0, c, "join", "lab-a.hotline", "--person", "Jun", "--fingerprint", a);
	client_at(c, "lab-a");
	client_want(0, c, "member", "add", "join-request.hotline", "--yes");
	client_want(1, c, "member", "suspend", "Nobody", "--yes");
	client_want(
		0, c, "member", "suspend", "Jun", "--yes", "--reason", "lost in a taxi");
	client_want(0, c, "member", "list");
	assert_non_null(strstr(c->out, "suspended"));
	client_want(0, c, "card", "export", "a3.hotline");
	client_at(c, "jun");
	client_want(0, c, "card", "import", "a3.hotline");
	client_open(c, &app);
	assert_true(hl_docs_suspended(&app, &app.kid));
	hl_app_clear(&app);
}

/* Two cards with one version: the first stays, the second is kept as evidence. */
static void test_equivocation(void **state)
{
	struct client *c = *state;
	struct hl_file file HL_CLEAN_FILE = {0};
	struct hl_app app;
	enum hl_taken taken;
	enum hl_status why;
	char a[256], b[256];

	begin_lab(c, "lab-b", "Eva", b);
	begin_lab(c, "lab-a", "Mira", a);
	client_want(0, c, "peer", "add", "lab-b.hotline", "--fingerprint", b);
	/* The same root signs two second cards: one in each of two copies of its home. */
	assert_int_equal(system("cp -a lab-b lab-b2"), 0);
	client_at(c, "lab-b");
	client_want(0, c, "card", "renew", "--contact", "one");
	client_want(0, c, "card", "export", "one.hotline");
	client_at(c, "lab-b2");
	client_want(0, c, "card", "renew", "--contact", "two");
	client_want(0, c, "card", "export", "two.hotline");
	client_at(c, "lab-a");
	client_want(0, c, "card", "import", "one.hotline");
	client_want(1, c, "card", "import", "two.hotline");
	assert_non_null(strstr(c->err, "ALARM: lab-b has signed two different cards"));
	client_want(0, c, "card", "show", "lab-b");
	assert_non_null(strstr(c->out, "contacts one"));
	client_open(c, &app);
	{
		sqlite3_stmt *row HL_CLEAN_STMT = hl_db_query(app.db,
			"SELECT count(*) FROM cards WHERE version = 2 AND in_force = 0",
			"");

		assert_true(hl_db_next(app.db, row));
		assert_int_equal(hl_db_int(row, 0), 1);
	}
	/* A card whose predecessor is missing waits for it. */
	assert_int_equal(hl_docs_read_file(&app, "one.hotline", &file), HL_EXIT_OK);
	hl_app_clear(&app);
	client_at(c, "lab-c");
	client_want(0, c, "lab", "init", "lab-c", "--person", "C");
	client_open(c, &app);
	assert_int_equal(hl_docs_take(&app, HL_DOC_CARD, file.items[1].doc, &taken, &why),
		HL_EXIT_OK);
	assert_int_equal(taken, HL_TAKEN_ASIDE);
	assert_int_equal(hl_docs_take(&app, HL_DOC_CARD, file.items[0].doc, &taken, &why),
		HL_EXIT_OK);
	assert_int_equal(taken, HL_TAKEN_NEW);
	assert_int_equal(hl_docs_take(&app, HL_DOC_CARD, file.items[1].doc, &taken, &why),
		HL_EXIT_OK);
	assert_int_equal(taken, HL_TAKEN_KNOWN);
	hl_app_clear(&app);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_join, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_monitor, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_peers, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_import, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_networks, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_suspend, client_begin, client_end),
		cmocka_unit_test_setup_teardown(
			test_equivocation, client_begin, client_end),
	};

	return cmocka_run_group_tests_name("client_lab", tests, NULL, NULL);
}
