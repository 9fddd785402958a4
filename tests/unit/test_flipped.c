/* Each signed document that nodes send, with every bit of it flipped: none is good any more. (The
 * same for a letter is in test_envelope.c.) */
#include "cards.h"

#define ENTRIES 4
#define EPOCH   50

static struct lab a, b;
static struct hl_card card_a, card_b;

/* Short, as each of its bits costs a check of all its signatures. */
static void small_lab(struct lab *lab, uint8_t seed, struct hl_card *ret)
{
	lab_init(lab, seed);
	lab->card.n_nodes = 1;
	lab->card.n_members = 2; /* two devices of Ada */
	lab->card.flash_signers = lab->card.admin_signers = 1;
	lab_card(lab, 3, ret);
}

static int setup(void **state)
{
	(void)state;
	small_lab(&a, 1, &card_a);
	small_lab(&b, 2, &card_b);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hl_card_clear(&card_a);
	hl_card_clear(&card_b);
	lab_clear(&a);
	lab_clear(&b);
	return 0;
}

static void flip_each(struct hl_buf *doc, enum hl_status (*judge)(struct hl_view doc))
{
	assert_ok(judge(hl_view_buf(doc)));
	for (size_t bit = 0; bit < 8 * doc->n; bit++) {
		doc->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		enum hl_status status = judge(hl_view_buf(doc));
		doc->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		/* The sender's fault, and never ours. */
		assert_true(status > HL_OK);
	}
}

static enum hl_status judge_card(struct hl_view doc)
{
	struct hl_card card HL_CLEAN_CARD = {0};
	enum hl_status status = hl_card_parse(&a.net, doc, &card);

	/* Another lab's first card is a good card, and not the pinned lab's. */
	if (status == HL_OK && !hl_id_eq(&card.lab, &card_a.lab))
		return HL_BAD_CARD;
	return status == HL_OK ? hl_card_follows(&a.net, NULL, &card) : status;
}

static void of_a_card(void **state)
{
	struct hl_buf doc HL_CLEAN_BUF = lab_doc(&a, 3);

	(void)state;
	flip_each(&doc, judge_card);
}

static enum hl_status judge_directory(struct hl_view doc)
{
	struct hl_directory directory HL_CLEAN_DIRECTORY = {0};
	enum hl_status status = hl_directory_parse(&a.net, doc, &directory);

	return status == HL_OK ? hl_directory_follows(&a.net, &card_a, NULL, &directory)
			       : status;
}

static void of_a_directory(void **state)
{
	struct hl_peer_pin peer = {card_b.lab, hl_view_str("lab-b")};
	struct hl_group group = {hl_view_str("frontier"), &peer.lab, 1};
	struct hl_directory draft = {.lab = card_a.lab,
		.version = 1,
		.issued = 5,
		.peers = &peer,
		.n_peers = 1,
		.groups = &group,
		.n_groups = 1,
		.relays = &peer.lab,
		.n_relays = 1};
	struct hl_buf body HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};

	(void)state;
	assert_ok(hl_directory_encode(&draft, &body));
	assert_ok(hl_directory_sign(
		&a.net, hl_view_buf(&body), NULL, 0, &a.member[ADA], &doc));
	flip_each(&doc, judge_directory);
}

static enum hl_status judge_seals(struct hl_view doc)
{
	struct hl_seals seals;
	enum hl_status status = hl_seals_parse(&a.net, doc, &seals);

	return status == HL_OK ? hl_seals_check(&a.net, &card_a, &seals) : status;
}

static void of_sealing_keys(void **state)
{
	struct hl_seals draft = {.lab = card_a.lab,
		.kid = lab_kid(&a, ADA),
		.version = 4,
		.issued = 1000,
		.keys = {{.epoch = 10, .from = 1000, .until = 2500},
			{.epoch = 11, .from = 2000, .until = 3500}},
		.n_keys = 2};
	struct hl_buf doc HL_CLEAN_BUF = {0};

	(void)state;
	cards_dh_pub(900, draft.keys[0].key);
	cards_dh_pub(901, draft.keys[1].key);
	assert_ok(hl_seals_sign(&a.net, &draft, &a.member[ADA], &doc));
	flip_each(&doc, judge_seals);
}

static enum hl_status judge_suspension(struct hl_view doc)
{
	struct hl_suspension suspension;
	enum hl_status status = hl_suspension_parse(&a.net, doc, &suspension);

	return status == HL_OK
		? hl_suspension_check(&a.net, &card_a, &suspension, NULL, NULL)
		: status;
}

static void of_a_suspension(void **state)
{
	struct hl_id kid = lab_kid(&a, ADA_PHONE);
	struct hl_buf doc HL_CLEAN_BUF = {0};

	(void)state;
	assert_ok(hl_suspension_make(&a.net, &card_a.lab, &kid, 77, hl_view_str("lost"),
		&a.member[ADA], &doc));
	flip_each(&doc, judge_suspension);
}

/* A channel from a to b: a card, then letters. */
static void fill(struct hl_entry entries[static ENTRIES], struct hl_id *ret_link)
{
	hl_link_first(&a.net, &card_a.lab, &card_b.lab, EPOCH, ret_link);
	for (size_t i = 0; i < ENTRIES; i++) {
		entries[i] = (struct hl_entry){.number = i + 1,
			.sort = i == 0 ? HL_SORT_CARD : HL_SORT_LETTER,
			.time = 1000 + i};
		memset(&entries[i].id, (int)(i + 1), sizeof(entries[i].id));
		hl_link_next(&a.net, ret_link, &entries[i], ret_link);
	}
}

static struct hl_buf statement(const struct lab *from, const struct hl_statement *s)
{
	struct hl_buf doc = {0};

	assert_ok(hl_statement_sign(&from->net, s, &from->node[0], &doc));
	return doc;
}

static struct hl_buf head(const struct hl_id *link)
{
	struct hl_statement s = {.from = card_a.lab,
		.to = card_b.lab,
		.has_head = true,
		.head = {EPOCH, ENTRIES, *link},
		.has_receipt = true,
		.receipt = {.head = {7, 100, *link},
			.through = 10,
			.ranges = {{12, 12}, {14, 100}},
			.n_ranges = 2,
			.refused = {{3, HL_NOT_PERMITTED}},
			.n_refused = 1,
			.since = 8},
		.time = 2000,
		.pulse = 3};

	return statement(&a, &s);
}

static struct hl_buf receipt(const struct hl_id *link)
{
	struct hl_statement s = {.from = card_b.lab,
		.to = card_a.lab,
		.has_receipt = true,
		.receipt = {.head = {EPOCH, ENTRIES, *link},
			.through = ENTRIES,
			.since = 8},
		.time = 2000};

	return statement(&b, &s);
}

static enum hl_status judge_statement(struct hl_view doc)
{
	struct hl_statement s;
	enum hl_status status = hl_statement_parse(doc, &s);

	return status == HL_OK ? hl_statement_check(&a.net, &card_a, &s) : status;
}

static void of_a_statement(void **state)
{
	struct hl_entry entries[ENTRIES];
	struct hl_id link;

	(void)state;
	fill(entries, &link);
	struct hl_buf doc HL_CLEAN_BUF = head(&link);
	flip_each(&doc, judge_statement);
}

/* As a proof of each of its letters, with the lab's own receipt. */
static enum hl_status judge_segment(struct hl_view doc)
{
	struct hl_segment segment HL_CLEAN_SEGMENT = {0};
	enum hl_status status = hl_segment_parse(doc, &segment);
	uint64_t since;

	for (uint8_t i = 2; i <= ENTRIES && status == HL_OK; i++) {
		struct hl_entry entry;
		struct hl_id id;

		memset(&id, i, sizeof(id));
		status = hl_segment_entered(&a.net, &segment, &card_a, &id, &entry);
		if (status == HL_OK)
			status = hl_segment_delivered(
				&a.net, &segment, &card_b, &id, &since);
	}
	return status;
}

static void of_a_segment(void **state)
{
	struct hl_entry entries[ENTRIES];
	struct hl_id link, before;

	(void)state;
	fill(entries, &link);
	hl_link_first(&a.net, &card_a.lab, &card_b.lab, EPOCH, &before);
	struct hl_buf h HL_CLEAN_BUF = head(&link), r HL_CLEAN_BUF = receipt(&link);
	for (size_t first = 0; first < 2; first++) {
		struct hl_segment segment = {.from = card_a.lab,
			.to = card_b.lab,
			.epoch = EPOCH,
			.first = first + 1,
			.before = before,
			.entries = entries + first,
			.n_entries = ENTRIES - first,
			.head = hl_view_buf(&h),
			.receipt = hl_view_buf(&r)};
		struct hl_buf doc HL_CLEAN_BUF = {0};

		assert_ok(hl_segment_encode(&segment, &doc));
		flip_each(&doc, judge_segment);
		hl_link_next(&a.net, &before, &entries[0], &before);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(of_a_card),
		TEST(of_a_directory),
		TEST(of_sealing_keys),
		TEST(of_a_suspension),
		TEST(of_a_statement),
		TEST(of_a_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
