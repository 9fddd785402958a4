/* The own node cannot keep a letter back unseen: the device verifies the channels itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/channels.h"
#include "client/docs.h"
#include "client/keyring.h"
#include "client/output.h"
#include "tests/unit/client.h"

#define ENTRIES 8

struct bed {
	struct client *c;
	struct hl_sign_key sign; /* of lab-b's node */
	struct hl_app app;       /* of lab-a's device */
	struct hl_id b;
	uint64_t now;
	struct hl_entry entry[ENTRIES];
	struct hl_id link[ENTRIES + 1];
};

/* Lab b with a node of this key on its card. */
static void found(struct bed *bed, char print[256])
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	struct hl_request request = {.role = HL_ROLE_NODE_SIGN};
	struct hl_doc_item item = {.sort = HL_DOC_REQUEST};
	struct hl_dh_key link, seal;
	struct hl_app app;

	client_at(bed->c, "lab-b");
	client_want(0, bed->c, "lab", "init", "lab-b", "--person", "Mira", "--json");
	client_json(bed->c, "fingerprint", print);
	client_open(bed->c, &app);
	assert_int_equal(hl_sign_key_generate(&app.entropy, &bed->sign), HL_OK);
	assert_int_equal(hl_dh_key_generate(&app.entropy, &link), HL_OK);
	assert_int_equal(hl_dh_key_generate(&app.entropy, &seal), HL_OK);
	request.lab = bed->b = app.lab;
	memcpy(request.sign, bed->sign.pub, HL_KEY_SIZE);
	memcpy(request.link, link.pub, HL_KEY_SIZE);
	memcpy(request.seal, seal.pub, HL_KEY_SIZE);
	hl_dh_key_clear(&link);
	hl_dh_key_clear(&seal);
	request.addresses[0] = hl_view_str("127.0.0.1:1");
	request.n_addresses = 1;
	assert_int_equal(hl_request_make(&app.net, &request, &bed->sign, &doc), HL_OK);
	item.doc = hl_view_buf(&doc);
	assert_int_equal(
		hl_docs_write_file(&app, "node.hotline", &item, 1, false), HL_EXIT_OK);
	hl_app_clear(&app);
	client_want(0, bed->c, "node", "add", "node.hotline", "--yes");
	client_want(0, bed->c, "card", "export", "card.hotline");
}

/* The links of the channel b → a in an epoch, from the entries as they are. */
static void chain(struct bed *bed, uint64_t epoch)
{
	hl_link_first(&bed->app.net, &bed->b, &bed->app.lab, epoch, &bed->link[0]);
	for (size_t i = 0; i < ENTRIES; i++)
		hl_link_next(
			&bed->app.net, &bed->link[i], &bed->entry[i], &bed->link[i + 1]);
}

static int begin(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	char print[256];
	void *client = NULL;

	if (!bed || client_begin(&client))
		return -1;
	bed->c = client;
	found(bed, print);
	client_at(bed->c, "lab-a");
	client_want(0, bed->c, "lab", "init", "lab-a", "--person", "Jun");
	client_want(0, bed->c, "peer", "add", "card.hotline", "--as", "lab-b",
		"--fingerprint", print);
	client_open(bed->c, &bed->app);
	bed->now = hl_clock();
	for (size_t i = 0; i < ENTRIES; i++)
		bed->entry[i] =
			(struct hl_entry){i + 1, i == 0 ? HL_SORT_CARD : HL_SORT_LETTER,
				{.b = {(uint8_t)(i + 1)}}, bed->now - 1000};
	chain(bed, 7);
	*state = bed;
	return 0;
}

static int end(void **state)
{
	struct bed *bed = *state;
	void *client = bed->c;
	int code;

	hl_app_clear(&bed->app);
	hl_sign_key_clear(&bed->sign);
	code = client_end(&client);
	free(bed);
	return code;
}

struct shown {
	uint64_t epoch, first, last, time;
	const struct hl_sign_key *key; /* NULL: of the node of b */
};

/* What the device makes of the entries from first to last with a head of that time. */
static enum hl_channel_shown take(struct bed *bed, struct shown s)
{
	HL_CLEAN_BUF struct hl_buf head = {0}, doc = {0};
	struct hl_statement statement = {.from = bed->b,
		.to = bed->app.lab,
		.has_head = true,
		.head = {s.epoch, s.last, bed->link[s.last]},
		.time = s.time};
	struct hl_segment segment = {.from = bed->b,
		.to = bed->app.lab,
		.epoch = s.epoch,
		.first = s.first,
		.before = bed->link[s.first - 1],
		.entries = &bed->entry[s.first - 1],
		.n_entries = s.last - s.first + 1};
	enum hl_channel_shown shown = HL_SHOWN_FAULT;

	assert_int_equal(hl_statement_sign(&bed->app.net, &statement,
				 s.key ? s.key : &bed->sign, &head),
		HL_OK);
	segment.head = hl_view_buf(&head);
	assert_int_equal(hl_segment_encode(&segment, &doc), HL_OK);
	assert_int_equal(hl_channel_take(&bed->app, &bed->b, hl_view_buf(&doc), &shown),
		HL_EXIT_OK);
	return shown;
}

static struct hl_channel kept(struct bed *bed)
{
	struct hl_channel channel;

	hl_channel_load(&bed->app, &bed->b, &channel);
	return channel;
}

static size_t troubles(struct bed *bed, struct hl_channel_trouble ret[HL_TROUBLES_MAX])
{
	return hl_channels_troubles(&bed->app, ret, HL_TROUBLES_MAX);
}

static void do_sql(struct bed *bed, const char *sql)
{
	assert_int_equal(hl_db_do(bed->app.db, sql, ""), HL_EXIT_OK);
}

static void test_swallowed(void **state)
{
	struct bed *bed = *state;
	struct hl_channel_trouble t[HL_TROUBLES_MAX];

	assert_int_equal(
		take(bed, (struct shown){7, 1, 2, bed->now, NULL}), HL_SHOWN_MORE);
	assert_int_equal(kept(bed).number, 2);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_GOOD);
	/* The card is no letter; the letter is not here, and may be on its way. */
	assert_int_equal(troubles(bed, t), 1);
	assert_int_equal(t[0].number, 2);
	assert_false(t[0].alarm);
	assert_non_null(strstr(t[0].text, "a letter of lab-b (number 2, entered "));
	assert_non_null(strstr(t[0].text, ") has not reached this device"));
	/* After a minute it is an alarm, which a watch tells of once. */
	do_sql(bed, "UPDATE missing SET seen = seen - 60001");
	assert_int_equal(troubles(bed, t), 1);
	assert_true(t[0].alarm && !t[0].told);
	assert_non_null(strstr(t[0].text, "your node does not give it"));
	assert_int_equal(hl_channels_told(&bed->app, &t[0]), HL_EXIT_OK);
	assert_int_equal(troubles(bed, t), 1);
	assert_true(t[0].told);
	/* The lab that entered it takes it back. */
	bed->entry[2] = (struct hl_entry){3, HL_SORT_VOID, bed->entry[1].id, bed->now};
	bed->entry[3].time = bed->now;
	chain(bed, 7);
	assert_int_equal(
		take(bed, (struct shown){7, 2, 3, bed->now, NULL}), HL_SHOWN_MORE);
	assert_int_equal(troubles(bed, t), 0);
}

static void test_gap(void **state)
{
	struct bed *bed = *state;
	struct hl_channel_trouble t[HL_TROUBLES_MAX];

	assert_int_equal(
		take(bed, (struct shown){7, 1, 2, bed->now, NULL}), HL_SHOWN_MORE);
	assert_int_equal(
		take(bed, (struct shown){7, 2, 2, bed->now, NULL}), HL_SHOWN_SAME);
	/* Entries between what was verified and what is shown are left out. */
	assert_int_equal(
		take(bed, (struct shown){7, 4, 5, bed->now, NULL}), HL_SHOWN_FAULT);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_UNVERIFIED);
	assert_int_equal(kept(bed).number, 2);
	/* A whole showing heals it. */
	assert_int_equal(
		take(bed, (struct shown){7, 2, 5, bed->now, NULL}), HL_SHOWN_MORE);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_GOOD);
	assert_int_equal(kept(bed).number, 5);
	assert_int_equal(troubles(bed, t), 4);
	/* An entry from long ago, before this device perhaps, is no news. */
	do_sql(bed, "DELETE FROM missing");
	do_sql(bed, "DELETE FROM channels");
	for (size_t i = 0; i < ENTRIES; i++)
		bed->entry[i].time = bed->now - 8ull * 24 * 3600 * 1000;
	chain(bed, 7);
	assert_int_equal(
		take(bed, (struct shown){7, 1, 5, bed->now, NULL}), HL_SHOWN_MORE);
	assert_int_equal(troubles(bed, t), 0);
}

static void test_forged(void **state)
{
	struct bed *bed = *state;

	/* Nobody but a node of that lab signs its heads. */
	assert_int_equal(
		take(bed, (struct shown){7, 1, 2, bed->now, &bed->app.keys->sign}),
		HL_SHOWN_FAULT);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_UNVERIFIED);
	assert_int_equal(kept(bed).epoch, 0);
	/* Entries that are not those which the head names. */
	bed->entry[1].id.b[0] ^= 1;
	assert_int_equal(
		take(bed, (struct shown){7, 1, 3, bed->now, NULL}), HL_SHOWN_FAULT);
	assert_int_equal(kept(bed).epoch, 0);
}

static void test_rewound(void **state)
{
	struct bed *bed = *state;
	struct hl_channel_trouble t[HL_TROUBLES_MAX];

	assert_int_equal(
		take(bed, (struct shown){7, 1, 5, bed->now, NULL}), HL_SHOWN_MORE);
	do_sql(bed, "DELETE FROM missing");
	assert_int_equal(
		take(bed, (struct shown){7, 1, 3, bed->now, NULL}), HL_SHOWN_FAULT);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_BACK);
	assert_int_equal(kept(bed).number, 5);
	assert_int_equal(troubles(bed, t), 1);
	assert_true(t[0].alarm);
	assert_string_equal(hl_channel_fault_name(t[0].fault), "went-back");
	assert_int_equal(
		take(bed, (struct shown){7, 5, 5, bed->now, NULL}), HL_SHOWN_SAME);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_GOOD);
	/* Nothing at all is shown. */
	assert_int_equal(hl_channel_gone(&bed->app, &bed->b), HL_EXIT_OK);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_BACK);
	/* A newer epoch is taken from its beginning, an older one never again. */
	chain(bed, 8);
	assert_int_equal(
		take(bed, (struct shown){8, 2, 3, bed->now, NULL}), HL_SHOWN_EPOCH);
	assert_int_equal(kept(bed).epoch, 7);
	assert_int_equal(
		take(bed, (struct shown){8, 1, 3, bed->now, NULL}), HL_SHOWN_MORE);
	assert_int_equal(kept(bed).epoch, 8);
	assert_int_equal(kept(bed).number, 3);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_GOOD);
	chain(bed, 7);
	assert_int_equal(
		take(bed, (struct shown){7, 1, 5, bed->now, NULL}), HL_SHOWN_FAULT);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_BACK);
	assert_int_equal(kept(bed).epoch, 8);
}

static void test_two_heads(void **state)
{
	struct bed *bed = *state;
	struct hl_channel_trouble t[HL_TROUBLES_MAX];
	struct hl_id first, second;

	assert_int_equal(
		take(bed, (struct shown){7, 1, 3, bed->now, NULL}), HL_SHOWN_MORE);
	first = kept(bed).link;
	bed->entry[2].id.b[0] ^= 1;
	chain(bed, 7);
	assert_int_equal(
		take(bed, (struct shown){7, 3, 3, bed->now, NULL}), HL_SHOWN_FAULT);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_TWO);
	second = kept(bed).link;
	assert_memory_equal(&second, &first, sizeof(first));
	/* Proven is proven, whatever is shown later; the evidence stays. */
	bed->entry[2].id.b[0] ^= 1;
	chain(bed, 7);
	assert_int_equal(
		take(bed, (struct shown){7, 3, 4, bed->now, NULL}), HL_SHOWN_MORE);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_TWO);
	HL_CLEAN_STMT sqlite3_stmt *row = hl_db_query(bed->app.db,
		"SELECT 1 FROM channels WHERE head IS NOT NULL AND contrary IS NOT NULL",
		"");
	assert_true(hl_db_next(bed->app.db, row));
	do_sql(bed, "DELETE FROM missing");
	assert_int_equal(troubles(bed, t), 1);
	assert_non_null(strstr(t[0].text, "signed two channels with one number"));
}

/* A contrary history that goes further than what was verified. */
static void test_two_longer(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(
		take(bed, (struct shown){7, 1, 3, bed->now, NULL}), HL_SHOWN_MORE);
	bed->entry[1].id.b[0] ^= 1;
	chain(bed, 7);
	assert_int_equal(
		take(bed, (struct shown){7, 3, 6, bed->now, NULL}), HL_SHOWN_FAULT);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_TWO);
	assert_int_equal(kept(bed).number, 3);
}

static void test_stale(void **state)
{
	struct bed *bed = *state;
	struct hl_channel_trouble t[HL_TROUBLES_MAX];

	assert_int_equal(hl_channel_line_up(&bed->app, &bed->b), HL_EXIT_OK);
	assert_int_equal(troubles(bed, t), 0);
	assert_int_equal(take(bed, (struct shown){7, 1, 1, bed->now - 181000, NULL}),
		HL_SHOWN_MORE);
	/* While the line is down an old head is nothing strange. */
	assert_int_equal(troubles(bed, t), 0);
	assert_int_equal(hl_channel_line_up(&bed->app, &bed->b), HL_EXIT_OK);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_STALE);
	assert_int_equal(troubles(bed, t), 1);
	assert_non_null(strstr(t[0].text, "the newest word of lab-b"));
	client_want(3, bed->c, "status");
	assert_non_null(strstr(bed->c->out, "ALARM  the newest word of lab-b"));
	client_want(0, bed->c, "now", "--json");
	assert_non_null(strstr(bed->c->out, "\"fault\": \"stale-head\""));
	/* Another old head ends nothing; a fresh one does. */
	assert_int_equal(take(bed, (struct shown){7, 1, 1, bed->now - 181000, NULL}),
		HL_SHOWN_SAME);
	assert_int_equal(hl_channel_line_up(&bed->app, &bed->b), HL_EXIT_OK);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_STALE);
	assert_int_equal(
		take(bed, (struct shown){7, 1, 1, bed->now, NULL}), HL_SHOWN_SAME);
	assert_int_equal(hl_channel_line_up(&bed->app, &bed->b), HL_EXIT_OK);
	assert_int_equal(kept(bed).fault, HL_CHANNEL_GOOD);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_swallowed),
		TEST(test_gap),
		TEST(test_forged),
		TEST(test_rewound),
		TEST(test_two_heads),
		TEST(test_two_longer),
		TEST(test_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
