/* A letter that could not be opened is asked for, sent again, and opened; nobody else gets it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/compose.h"
#include "client/docs.h"
#include "client/inbox.h"
#include "client/keyring.h"
#include "client/output.h"
#include "client/resend.h"
#include "tests/unit/client.h"

#define LABS 3

/* Three labs of one device each, all open at once; nodes there are none, the test carries. */
struct labs {
	struct client *c;
	size_t n;
	struct hl_app app[LABS];
	struct hl_id id[LABS];
};
enum { A, B, C };
static const char *const names[LABS] = {"lab-a", "lab-b", "lab-c"};

static void begin(struct labs *l, struct client *c, size_t n)
{
	char print[LABS][256], card[LABS][32];

	l->c = c;
	l->n = n;
	for (size_t i = 0; i < n; i++) {
		snprintf(card[i], sizeof(card[i]), "%s.hotline", names[i]);
		client_at(c, names[i]);
		client_want(0, c, "lab", "init", names[i], "--person", "Mira Olsen",
			"--contact", "+1 555 0100", "--json");
		client_json(c, "fingerprint", print[i]);
		client_want(0, c, "card", "export", card[i]);
	}
	for (size_t i = 0; i < n; i++) {
		client_at(c, names[i]);
		for (size_t j = 0; j < n; j++)
			if (j != i)
				client_want(0, c, "peer", "add", card[j], "--as",
					names[j], "--fingerprint", print[j]);
		client_open(c, &l->app[i]);
		l->id[i] = l->app[i].lab;
	}
}

static void end(struct labs *l)
{
	for (size_t i = 0; i < l->n; i++)
		hl_app_clear(&l->app[i]);
}

/* Runs a command at one of them; its store is open here as well. */
#define RUN(code, l, at, ...)                           \
	do {                                            \
		client_at((l)->c, names[at]);           \
		client_want(code, (l)->c, __VA_ARGS__); \
	} while (0)

/* Is that in what was printed last, however its lines are broken? */
static bool said(const struct labs *l, const char *text)
{
	static char flat[sizeof(l->c->out)];
	size_t n = 0;

	for (const char *c = l->c->out; *c; c++) {
		bool blank = *c == ' ' || *c == '\n';

		if (!blank || (n > 0 && flat[n - 1] != ' '))
			flat[n++] = blank ? ' ' : *c;
	}
	flat[n] = 0;
	return strstr(flat, text) != NULL;
}

static size_t number(struct hl_app *app, const char *sql)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db, sql, "");

	return hl_db_next(app->db, stmt) ? (size_t)hl_db_int(stmt, 0) : 0;
}

static size_t drafts(struct hl_app *app)
{
	return number(app, "SELECT count(*) FROM outbox");
}

/* The newest letter that was sealed at one lab comes to another: kept, and opened if so said. */
static struct hl_id carry(struct labs *l, size_t from, size_t to, bool open)
{
	HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0};
	HL_CLEAN_BUF struct hl_buf doc = {0};
	struct hl_app *app = &l->app[to];

	assert_int_equal(
		hl_outbox_doc(&l->app[from],
			number(&l->app[from], "SELECT max(n) FROM outbox"), &doc),
		HL_EXIT_OK);
	assert_int_equal(
		hl_envelope_parse(&app->net, hl_view_buf(&doc), &envelope), HL_OK);
	assert_int_equal(hl_letter_keep(app, &envelope, HL_SOURCE_NODE, hl_clock(), false,
				 0, NULL),
		HL_EXIT_OK);
	if (open)
		assert_int_equal(hl_inbox_open(app, NULL), HL_EXIT_OK);
	return envelope.id;
}

static void give(struct labs *l, size_t at, size_t want)
{
	size_t before = drafts(&l->app[at]);

	assert_int_equal(hl_resend_give(&l->app[at], NULL), HL_EXIT_OK);
	assert_int_equal(drafts(&l->app[at]) - before, want);
}

static void check_state(struct labs *l, size_t at, const struct hl_id *id,
	enum hl_letter_state state, enum hl_status code)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};

	assert_int_equal(hl_letter_load(&l->app[at], id, &letter), HL_EXIT_OK);
	assert_int_equal(letter.state, state);
	if (state == HL_LETTER_REFUSED)
		assert_string_equal(hl_status_name(letter.code), hl_status_name(code));
}

static enum hl_resend_state looks(struct labs *l, size_t at, const struct hl_id *cannot)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	struct hl_resend resend;

	assert_int_equal(hl_letter_load(&l->app[at], cannot, &letter), HL_EXIT_OK);
	assert_int_equal(letter.state, HL_LETTER_OPENED);
	assert_int_equal(hl_resend_look(&l->app[at], &letter, &resend), HL_EXIT_OK);
	return resend.state;
}
#define LOOKS(l, at, cannot, want) \
	assert_string_equal(hl_resend_name(looks(l, at, cannot)), hl_resend_name(want))

/* The device forgets its sealing secrets: all that is sealed to them stays closed. */
static void forget(struct labs *l, size_t at)
{
	assert_int_equal(hl_db_do(l->app[at].db, "DELETE FROM epochs", ""), HL_EXIT_OK);
}

/* It publishes new keys, and one lab gets them. */
static void renew(struct labs *l, size_t at, size_t to)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = NULL;
	struct hl_app *app = &l->app[at];
	enum hl_taken taken = HL_TAKEN_REFUSED;
	enum hl_status why;

	assert_int_equal(hl_epochs_renew(app), HL_EXIT_OK);
	stmt = hl_db_query(
		app->db, "SELECT doc FROM seals WHERE kid = ?", "d", &app->kid);
	assert_true(hl_db_next(app->db, stmt));
	assert_int_equal(hl_docs_take(&l->app[to], HL_DOC_SEALS, hl_db_blob(stmt, 0),
				 &taken, &why),
		HL_EXIT_OK);
	assert_int_equal(taken, HL_TAKEN_NEW);
}

/* lab-a raises to lab-b, which has lost its secrets; the raise, and what lab-b says to it. */
static void raise_to_the_forgetful(
	struct labs *l, struct hl_id *ret_raise, struct hl_id *ret_cannot)
{
	forget(l, B);
	RUN(3, l, A, "raise", "--to", "lab-b", "--kind", "near.miss", "--title", "title",
		"-m", "the text", "--precedence", "IMMEDIATE");
	*ret_raise = carry(l, A, B, true);
	check_state(l, B, ret_raise, HL_LETTER_REFUSED, HL_BAD_OPEN);
	assert_int_equal(drafts(&l->app[B]), 1);
	*ret_cannot = carry(l, B, A, true);
}

static bool has(const struct hl_message *m, const struct hl_id *id)
{
	for (size_t i = 0; i < m->n_seen; i++)
		if (hl_id_eq(&m->seen[i], id))
			return true;
	return false;
}

static void check_resend(struct labs *l, const struct hl_id *id,
	const struct hl_id *raise, const struct hl_id *cannot)
{
	HL_CLEAN_LETTER struct hl_letter resend = {0}, letter = {0};
	const struct hl_core *core = &resend.envelope.core;

	assert_int_equal(hl_letter_load(&l->app[A], id, &resend), HL_EXIT_OK);
	assert_int_equal(hl_letter_load(&l->app[A], raise, &letter), HL_EXIT_OK);
	assert_int_equal(resend.message.type, HL_RESEND);
	assert_memory_equal(resend.message.resend.key.p, letter.bytes.p, HL_KEY_SIZE);
	assert_int_equal(core->class, HL_CLASS_NOTICE);
	assert_int_equal(core->precedence, HL_IMMEDIATE);
	assert_true(core->has_answers && hl_id_eq(&core->answers, raise));
	assert_true(hl_id_eq(&core->incident, raise));
	assert_true(has(&resend.message, raise) && has(&resend.message, cannot));
	/* To lab-b and to itself, nobody else. */
	assert_int_equal(core->n_labs, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(hl_id_eq(&core->labs[i], &l->id[A]) ||
			hl_id_eq(&core->labs[i], &l->id[B]));
}

static void test_there_and_back(void **state)
{
	struct labs l;
	struct hl_id raise, cannot, resend;
	HL_CLEAN_NEWS struct hl_news news = {0};
	HL_CLEAN_LETTER struct hl_letter letter = {0};

	begin(&l, *state, 2);
	raise_to_the_forgetful(&l, &raise, &cannot);
	LOOKS(&l, A, &cannot, HL_RESEND_DUE);
	LOOKS(&l, B, &cannot, HL_RESEND_ASKED);
	RUN(0, &l, B, "now");
	assert_true(said(&l, "RINGING 1 call that cannot be read here"));
	assert_true(said(&l, "lab-a was asked "));
	assert_true(said(&l, "ask lab-a by phone: +1 555 0100"));
	RUN(0, &l, B, "show", hl_short(&l.app[B], &raise, 8));
	assert_true(said(&l, "asked lab-a"));
	assert_true(said(&l, "nothing comes: phone lab-a, +1 555 0100"));
	renew(&l, B, A);
	give(&l, A, 1);
	LOOKS(&l, A, &cannot, HL_RESEND_SENT);
	/* Once, however often it runs. */
	give(&l, A, 0);
	give(&l, A, 0);
	resend = carry(&l, A, B, false);
	check_resend(&l, &resend, &raise, &cannot);
	assert_int_equal(hl_inbox_open(&l.app[B], &news), HL_EXIT_OK);
	assert_int_equal(news.n, 2);
	assert_true(hl_id_eq(&news.ids[0], &resend) && hl_id_eq(&news.ids[1], &raise));
	assert_int_equal(hl_letter_load(&l.app[B], &raise, &letter), HL_EXIT_OK);
	assert_int_equal(letter.state, HL_LETTER_OPENED);
	assert_int_equal(letter.marks, HL_MARK_RESENT);
	assert_true(hl_view_eq(letter.message.text, hl_view_str("the text")));
	assert_int_equal(drafts(&l.app[B]), 1);
	LOOKS(&l, B, &cannot, HL_RESEND_SENT);
	RUN(0, &l, B, "now");
	assert_true(said(&l, "RINGING 1 call,"));
	RUN(0, &l, B, "show", hl_short(&l.app[B], &raise, 8));
	assert_true(said(&l, "[opened by what was sent again"));
	RUN(0, &l, A, "show", hl_short(&l.app[A], &raise, 8));
	assert_true(said(&l, "could not open the raise of"));
	assert_true(said(&l, "sent again"));
	RUN(0, &l, A, "show", hl_short(&l.app[A], &raise, 8), "--json");
	assert_true(said(&l, "\"state\": \"sent\""));
	/* The raise can be answered now. */
	RUN(3, &l, B, "ack", hl_short(&l.app[B], &raise, 8));
	/* lab-b's own devices have a copy of the cannot-open, and leave it alone. */
	give(&l, B, 0);
	end(&l);
}

/* The key that lab-a holds is the lost one still: the first resend does not open, and lab-b says so
 * once more; with the new key it does. */
static void test_second_try(void **state)
{
	struct labs l;
	struct hl_id raise, cannot, again;

	begin(&l, *state, 2);
	raise_to_the_forgetful(&l, &raise, &cannot);
	give(&l, A, 1);
	carry(&l, A, B, true);
	check_state(&l, B, &raise, HL_LETTER_REFUSED, HL_BAD_OPEN);
	assert_int_equal(drafts(&l.app[B]), 2);
	again = carry(&l, B, A, true);
	/* Nothing has changed: it is for people. */
	give(&l, A, 0);
	LOOKS(&l, A, &cannot, HL_RESEND_SENT);
	LOOKS(&l, A, &again, HL_RESEND_FAILED);
	RUN(0, &l, A, "show", hl_short(&l.app[A], &raise, 8));
	assert_true(said(&l, "tell them by phone"));
	renew(&l, B, A);
	give(&l, A, 1);
	LOOKS(&l, A, &again, HL_RESEND_SENT);
	carry(&l, A, B, true);
	check_state(&l, B, &raise, HL_LETTER_OPENED, HL_OK);
	/* It has said it twice, and never says it a third time. */
	assert_int_equal(drafts(&l.app[B]), 2);
	end(&l);
}

/* A cannot-open of a letter, sealed as its lab's device would, saying anything at all. */
static struct hl_id cannot_by(struct labs *l, size_t by, const struct hl_id *letter,
	const struct hl_id *incident, enum hl_status code)
{
	struct hl_outgoing row;
	struct hl_draft draft = {.message = {.type = HL_CANNOT_OPEN,
					 .seen = letter,
					 .n_seen = 1,
					 .cannot_open = {code}},
		.labs = &l->id[A],
		.n_labs = 1,
		.class = HL_CLASS_NOTICE,
		.status = HL_ACTUAL,
		.precedence = HL_ROUTINE,
		.has_incident = true,
		.incident = *incident,
		.has_answers = true,
		.answers = *letter,
		.quiet = true};

	assert_int_equal(hl_compose_seal(&l->app[by], &draft, &row), HL_EXIT_OK);
	return carry(l, by, A, true);
}

static void test_who_gets_nothing(void **state)
{
	struct labs l;
	struct hl_id raise, cannot, resend, id, other = {{9}};

	begin(&l, *state, 3);
	raise_to_the_forgetful(&l, &raise, &cannot);
	/* A lab that the letter was not for, though its members know its id. */
	id = cannot_by(&l, C, &raise, &raise, HL_NOT_ADDRESSED);
	LOOKS(&l, A, &id, HL_RESEND_IGNORED);
	/* Of another incident; of a letter that is not there. */
	id = cannot_by(&l, B, &raise, &other, HL_BAD_OPEN);
	LOOKS(&l, A, &id, HL_RESEND_IGNORED);
	id = cannot_by(&l, B, &other, &raise, HL_BAD_OPEN);
	LOOKS(&l, A, &id, HL_RESEND_UNHELD);
	/* The letter itself is at fault. */
	id = cannot_by(&l, B, &raise, &raise, HL_BAD_PADDING);
	LOOKS(&l, A, &id, HL_RESEND_NO_HELP);
	/* For the one good one. */
	give(&l, A, 1);
	resend = carry(&l, A, B, false);
	check_resend(&l, &resend, &raise, &cannot);
	/* A resend is never resent, nor a cannot-open, not even a lab's own. */
	id = cannot_by(&l, B, &resend, &raise, HL_BAD_OPEN);
	LOOKS(&l, A, &id, HL_RESEND_IGNORED);
	id = cannot_by(&l, A, &raise, &raise, HL_BAD_OPEN);
	id = cannot_by(&l, B, &id, &raise, HL_BAD_OPEN);
	LOOKS(&l, A, &id, HL_RESEND_IGNORED);
	give(&l, A, 0);
	assert_int_equal(
		number(&l.app[A], "SELECT count(*) FROM letters WHERE type = 11"), 1);
	end(&l);
}

static void test_late_and_left(void **state)
{
	struct labs l;
	struct hl_id raise, cannot;

	begin(&l, *state, 2);
	raise_to_the_forgetful(&l, &raise, &cannot);
	assert_int_equal(
		hl_db_do(l.app[A].db, "UPDATE letters SET short = 1 WHERE id = ?", "d",
			&raise),
		HL_EXIT_OK);
	LOOKS(&l, A, &cannot, HL_RESEND_UNHELD);
	assert_int_equal(hl_db_do(l.app[A].db,
				 "UPDATE letters SET short = 0, stored = ? WHERE id = ?",
				 "id", hl_clock() - 2592001000u, &raise),
		HL_EXIT_OK);
	LOOKS(&l, A, &cannot, HL_RESEND_LATE);
	assert_int_equal(
		hl_db_do(l.app[A].db, "UPDATE letters SET stored = ? WHERE id = ?", "id",
			hl_clock(), &raise),
		HL_EXIT_OK);
	assert_int_equal(
		hl_db_do(l.app[A].db, "DELETE FROM seals WHERE lab = ?", "d", &l.id[B]),
		HL_EXIT_OK);
	LOOKS(&l, A, &cannot, HL_RESEND_NO_KEY);
	/* Its device is cut off by its lab. */
	RUN(0, &l, B, "member", "suspend", "Mira Olsen", "--yes");
	{
		HL_CLEAN_STMT sqlite3_stmt *stmt =
			hl_db_query(l.app[B].db, "SELECT doc FROM suspensions", "");
		enum hl_taken taken;
		enum hl_status why;

		assert_true(hl_db_next(l.app[B].db, stmt));
		assert_int_equal(hl_docs_take(&l.app[A], HL_DOC_SUSPENSION,
					 hl_db_blob(stmt, 0), &taken, &why),
			HL_EXIT_OK);
		assert_int_equal(taken, HL_TAKEN_NEW);
	}
	LOOKS(&l, A, &cannot, HL_RESEND_LEFT);
	give(&l, A, 0);
	end(&l);
}

/* A colleague's device waits for the one that sealed the letter, but not for ever. */
static void test_whose_turn(void **state)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	struct labs l;
	struct hl_id raise, cannot, other = {{7}}, self;
	struct hl_resend resend;

	begin(&l, *state, 2);
	raise_to_the_forgetful(&l, &raise, &cannot);
	assert_int_equal(hl_letter_load(&l.app[A], &cannot, &letter), HL_EXIT_OK);
	self = l.app[A].kid;
	l.app[A].kid = other;
	assert_int_equal(hl_resend_look(&l.app[A], &letter, &resend), HL_EXIT_OK);
	assert_int_equal(resend.state, HL_RESEND_WAITS);
	assert_int_equal(resend.at, letter.stored + HL_RESEND_AFTER_MS);
	letter.stored -= HL_RESEND_AFTER_MS;
	assert_int_equal(hl_resend_look(&l.app[A], &letter, &resend), HL_EXIT_OK);
	assert_int_equal(resend.state, HL_RESEND_DUE);
	l.app[A].kid = self;
	end(&l);
}

/* A resend of lab-a's raise that discloses any key, by any lab. */
static void resend_by(struct labs *l, size_t by, const struct hl_id *raise,
	const uint8_t key[HL_KEY_SIZE])
{
	struct hl_outgoing row;
	struct hl_draft draft = {.message = {.type = HL_RESEND,
					 .seen = raise,
					 .n_seen = 1,
					 .resend = {hl_view_of(key, HL_KEY_SIZE)}},
		.labs = &l->id[B],
		.n_labs = 1,
		.class = HL_CLASS_NOTICE,
		.status = HL_ACTUAL,
		.precedence = HL_ROUTINE,
		.has_incident = true,
		.incident = *raise,
		.has_answers = true,
		.answers = *raise,
		.quiet = true};

	assert_int_equal(hl_compose_seal(&l->app[by], &draft, &row), HL_EXIT_OK);
}

static void test_wrong_keys(void **state)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	static const uint8_t wrong[HL_KEY_SIZE] = {1};
	uint8_t good[HL_KEY_SIZE];
	struct labs l;
	struct hl_id raise, cannot;

	begin(&l, *state, 3);
	raise_to_the_forgetful(&l, &raise, &cannot);
	renew(&l, B, A);
	renew(&l, B, C);
	assert_int_equal(hl_letter_load(&l.app[A], &raise, &letter), HL_EXIT_OK);
	memcpy(good, letter.bytes.p, sizeof(good));
	/* Another lab cannot speak for lab-a, not even with the key itself. */
	resend_by(&l, C, &raise, good);
	carry(&l, C, B, true);
	check_state(&l, B, &raise, HL_LETTER_REFUSED, HL_BAD_OPEN);
	assert_int_equal(drafts(&l.app[B]), 1);
	/* A key that is not the committed one opens nothing; that is said once more. */
	resend_by(&l, A, &raise, wrong);
	carry(&l, A, B, true);
	check_state(&l, B, &raise, HL_LETTER_REFUSED, HL_BAD_COMMITMENT);
	assert_int_equal(drafts(&l.app[B]), 2);
	RUN(0, &l, B, "show", hl_short(&l.app[B], &raise, 8));
	assert_true(said(&l, "what came then does not open it"));
	resend_by(&l, A, &raise, wrong);
	carry(&l, A, B, true);
	assert_int_equal(drafts(&l.app[B]), 2);
	resend_by(&l, A, &raise, good);
	carry(&l, A, B, true);
	check_state(&l, B, &raise, HL_LETTER_OPENED, HL_OK);
	end(&l);
}

/* What overtakes the letter is kept, and the letter opens at once. */
static void test_resend_first(void **state)
{
	HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0};
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	uint8_t good[HL_KEY_SIZE];
	struct labs l;
	struct hl_id raise, cannot;

	begin(&l, *state, 2);
	raise_to_the_forgetful(&l, &raise, &cannot);
	renew(&l, B, A);
	assert_int_equal(hl_letter_load(&l.app[A], &raise, &letter), HL_EXIT_OK);
	memcpy(good, letter.bytes.p, sizeof(good));
	assert_int_equal(hl_db_do(l.app[B].db, "DELETE FROM letters", ""), HL_EXIT_OK);
	resend_by(&l, A, &raise, good);
	carry(&l, A, B, true);
	assert_int_equal(hl_letter_load(&l.app[B], &raise, &letter), HL_EXIT_NO);
	assert_int_equal(hl_letter_keep(&l.app[B], &letter.envelope, HL_SOURCE_NODE,
				 hl_clock(), false, 0, NULL),
		HL_EXIT_OK);
	assert_int_equal(hl_inbox_open(&l.app[B], NULL), HL_EXIT_OK);
	check_state(&l, B, &raise, HL_LETTER_OPENED, HL_OK);
	assert_int_equal(drafts(&l.app[B]), 1);
	end(&l);
}

/* Published and not here: new keys above the old ones, and what is left stays published. */
static void test_keys_that_are_lost(void **state)
{
	struct labs l;
	struct hl_seals before, after;

	begin(&l, *state, 2);
	assert_true(hl_docs_seals(&l.app[B], &l.app[B].kid, &before));
	assert_int_equal(hl_epochs_renew(&l.app[B]), HL_EXIT_OK);
	assert_true(hl_docs_seals(&l.app[B], &l.app[B].kid, &after));
	assert_int_equal(after.version, before.version);
	assert_int_equal(hl_db_do(l.app[B].db, "DELETE FROM epochs WHERE epoch = 1", ""),
		HL_EXIT_OK);
	assert_int_equal(hl_epochs_renew(&l.app[B]), HL_EXIT_OK);
	assert_true(hl_docs_seals(&l.app[B], &l.app[B].kid, &after));
	assert_int_equal(after.version, before.version + 1);
	assert_int_equal(after.n_keys, before.n_keys - 1 + HL_SEAL_AHEAD);
	assert_int_equal(after.keys[0].epoch, 2);
	{
		bool stale = true;
		const struct hl_seal_key *key = hl_seals_at(&after, hl_clock(), &stale);

		assert_false(stale);
		assert_int_equal(key->epoch, before.keys[before.n_keys - 1].epoch + 1);
	}
	/* That was it. */
	before = after;
	assert_int_equal(hl_epochs_renew(&l.app[B]), HL_EXIT_OK);
	assert_true(hl_docs_seals(&l.app[B], &l.app[B].kid, &after));
	assert_int_equal(after.version, before.version);
	end(&l);
}

static void raise_quickly(struct labs *l, unsigned n)
{
	struct hl_outgoing row;
	struct hl_draft draft = {.message = {.type = HL_RAISE,
					 .text = hl_view_str("text"),
					 .raise = {.kind = hl_view_str("near.miss"),
						 .title = hl_view_str("title"),
						 .handling = 3}},
		.labs = &l->id[B],
		.n_labs = 1,
		.class = HL_CLASS_CALL,
		.status = HL_ACTUAL,
		.precedence = HL_ROUTINE,
		.quiet = true};

	/* One commit for all: syncs are what takes long. */
	assert_int_equal(hl_db_begin(l->app[A].db), HL_EXIT_OK);
	assert_int_equal(hl_db_begin(l->app[B].db), HL_EXIT_OK);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(hl_compose_seal(&l->app[A], &draft, &row), HL_EXIT_OK);
		carry(l, A, B, false);
	}
	assert_int_equal(hl_db_commit(l->app[A].db), HL_EXIT_OK);
	assert_int_equal(hl_db_commit(l->app[B].db), HL_EXIT_OK);
}

static void carry_all(struct labs *l, size_t from, size_t to)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt =
		hl_db_query(l->app[from].db, "SELECT doc FROM outbox ORDER BY n", "");

	assert_int_equal(hl_db_begin(l->app[to].db), HL_EXIT_OK);
	while (hl_db_next(l->app[from].db, stmt)) {
		HL_CLEAN_ENVELOPE struct hl_envelope envelope = {0};

		assert_int_equal(hl_envelope_parse(
					 &l->app[to].net, hl_db_blob(stmt, 0), &envelope),
			HL_OK);
		assert_int_equal(hl_letter_keep(&l->app[to], &envelope, HL_SOURCE_NODE,
					 hl_clock(), false, 0, NULL),
			HL_EXIT_OK);
	}
	assert_int_equal(hl_db_commit(l->app[to].db), HL_EXIT_OK);
	assert_int_equal(hl_inbox_open(&l->app[to], NULL), HL_EXIT_OK);
}

/* A new device finds a month of letters: they are asked for and sent in turns, none is left out. */
static void test_many(void **state)
{
	struct labs l;

	begin(&l, *state, 2);
	forget(&l, B);
	raise_quickly(&l, 70);
	assert_int_equal(hl_inbox_open(&l.app[B], NULL), HL_EXIT_OK);
	assert_int_equal(drafts(&l.app[B]), 64);
	assert_int_equal(hl_inbox_open(&l.app[B], NULL), HL_EXIT_OK);
	assert_int_equal(drafts(&l.app[B]), 70);
	assert_int_equal(hl_inbox_open(&l.app[B], NULL), HL_EXIT_OK);
	assert_int_equal(drafts(&l.app[B]), 70);
	renew(&l, B, A);
	carry_all(&l, B, A);
	give(&l, A, 64);
	give(&l, A, 6);
	give(&l, A, 0);
	carry_all(&l, A, B);
	assert_int_equal(
		number(&l.app[B], "SELECT count(*) FROM letters WHERE type = 1"), 70);
	assert_int_equal(drafts(&l.app[B]), 70);
	end(&l);
}

/* What it was never sealed to is not asked for once it is old; what it was is, at any age. */
static void test_too_old(void **state)
{
	struct labs l;

	begin(&l, *state, 2);
	forget(&l, B);
	raise_quickly(&l, 2);
	assert_int_equal(hl_db_do(l.app[B].db,
				 "UPDATE letters SET state = 2, code = 18, stored = ?",
				 "i", hl_clock() - 2592001000u),
		HL_EXIT_OK);
	assert_int_equal(hl_db_do(l.app[B].db,
				 "UPDATE letters SET code = 16 WHERE id ="
				 " (SELECT max(id) FROM letters)",
				 ""),
		HL_EXIT_OK);
	assert_int_equal(hl_inbox_open(&l.app[B], NULL), HL_EXIT_OK);
	assert_int_equal(drafts(&l.app[B]), 1);
	assert_int_equal(
		number(&l.app[B], "SELECT count(*) FROM letters WHERE marks & 16"), 1);
	end(&l);
}

/* A store of the release before gets what is looked up here, and keeps what it had. */
static void test_older_store(void **state)
{
	static const char *const back[] = {"DROP INDEX letters_cannot",
		"DROP INDEX letters_refused", "DROP INDEX letters_answers",
		"DROP TABLE carriers", "PRAGMA user_version = 1"};
	struct labs l;
	struct hl_id raise, cannot;

	begin(&l, *state, 2);
	raise_to_the_forgetful(&l, &raise, &cannot);
	for (size_t i = 0; i < sizeof(back) / sizeof(back[0]); i++)
		assert_int_equal(hl_db_do(l.app[A].db, back[i], ""), HL_EXIT_OK);
	RUN(0, &l, A, "show", hl_short(&l.app[A], &raise, 8));
	assert_true(said(&l, "is sent again with the next line to your node"));
	assert_int_equal(number(&l.app[A], "PRAGMA user_version"), 2);
	assert_int_equal(number(&l.app[A],
				 "SELECT count(*) FROM sqlite_master"
				 " WHERE name IN ('letters_cannot', 'letters_refused',"
				 " 'letters_answers')"),
		3);
	end(&l);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, client_begin, client_end)
	const struct CMUnitTest tests[] = {
		TEST(test_there_and_back),
		TEST(test_second_try),
		TEST(test_who_gets_nothing),
		TEST(test_late_and_left),
		TEST(test_whose_turn),
		TEST(test_wrong_keys),
		TEST(test_resend_first),
		TEST(test_keys_that_are_lost),
		TEST(test_many),
		TEST(test_too_old),
		TEST(test_older_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
