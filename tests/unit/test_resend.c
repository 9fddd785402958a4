/* Resends: their form, and a letter that is opened with the content key that one discloses. */
#include "letters.h"

#include <sodium.h>

static const uint8_t key_bytes[HL_KEY_SIZE] = {1, 2, 3};

static struct hl_message a_resend(const struct hl_id *seen)
{
	return (struct hl_message){.type = HL_RESEND,
		.seen = seen,
		.n_seen = 1,
		.resend = {HL_VIEW(key_bytes)}};
}

static void round_trip(void **state)
{
	struct hl_id seen = {{7}};
	struct hl_message draft = a_resend(&seen), m HL_CLEAN_MESSAGE = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0}, again HL_CLEAN_BUF = {0};
	(void)state;

	assert_ok(hl_message_encode(&draft, &doc, NULL));
	assert_ok(hl_message_parse(hl_view_buf(&doc), &m));
	assert_int_equal(HL_RESEND, m.type);
	assert_view(m.resend.key, HL_VIEW(key_bytes));
	assert_int_equal(0, m.text.n);
	assert_ok(hl_message_encode(&m, &again, NULL));
	assert_view(hl_view_buf(&doc), hl_view_buf(&again));
	assert_string_equal("resend", hl_type_name(HL_RESEND));
	assert_int_equal(HL_CLASS_NOTICE, hl_type_class(HL_RESEND, true));
}

#define K31                                                                           \
	"00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 17 18 " \
	"19 1a 1b 1c 1d 1e"

static void read_from(const char *hex, enum hl_status want)
{
	struct hl_buf doc HL_CLEAN_BUF = unit_hex(hex);
	struct hl_message m HL_CLEAN_MESSAGE = {0};

	assert_status(hl_message_parse(hl_view_buf(&doc), &m), want);
}

static void what_is_no_resend(void **state)
{
	struct hl_id seen = {{7}};
	(void)state;

	read_from("93 0b 90 91 c4 20 " K31 " 1f", HL_OK);
	read_from("93 0b 90 91 c4 1f " K31, HL_BAD_ENCODING);
	read_from("93 0b 90 91 c4 21 " K31 " 1f 20", HL_BAD_ENCODING);
	read_from("93 0b 90 91 c4 00", HL_BAD_ENCODING);
	read_from("93 0b 90 91 c0", HL_BAD_ENCODING);
	read_from("93 0b 90 91 01", HL_BAD_ENCODING);
	read_from("93 0b 90 91 a1 41", HL_BAD_ENCODING);
	read_from("93 0b 90 90", HL_BAD_ENCODING);
	read_from("93 0b 90 92 c4 20 " K31 " 1f 01", HL_BAD_ENCODING);
	read_from("93 0c 90 91 c4 20 " K31 " 1f", HL_BAD_TYPE);
	for (size_t n = 0; n < HL_KEY_SIZE; n++) {
		struct hl_message draft = a_resend(&seen);
		struct hl_buf doc HL_CLEAN_BUF = {0};
		const char *wrong = NULL;

		draft.resend.key.n = n;
		assert_status(hl_message_encode(&draft, &doc, &wrong), HL_BAD_FORM);
		assert_string_equal("key", wrong);
		assert_null(doc.p);
	}
}

static void what_it_goes_with(void **state)
{
	const unsigned any =
		HL_CAP_READ | HL_CAP_RAISE | HL_CAP_UPDATE | HL_CAP_ANSWER | HL_CAP_CLOSE;
	struct hl_id seen = {{7}}, other = {{8}};
	struct hl_message m = a_resend(&seen);
	(void)state;

	for (unsigned i = 0; i < 4 * 4; i++) {
		struct hl_core core = {.class = (enum hl_class)(1 + i % 4),
			.status = HL_ACTUAL,
			.precedence = HL_FLASH,
			.has_incident = i / 4 % 2,
			.has_answers = i / 8,
			.answers = seen};
		bool good = core.class == HL_CLASS_NOTICE && core.has_incident &&
			core.has_answers;

		for (unsigned bit = 1; bit <= HL_CAP_SUSPEND; bit *= 2) {
			struct hl_member sender = {.caps = {.bits = bit}};

			assert_status(hl_message_check(&m, &core, &sender),
				!good               ? HL_BAD_TYPE
					: bit & any ? HL_OK
						    : HL_NOT_PERMITTED);
			core.answers = other;
			assert_status(hl_message_check(&m, &core, &sender), HL_BAD_TYPE);
			core.answers = seen;
		}
	}
}

/* The state is what it is without it, but for the list of letters. */
static void it_changes_nothing(void **state)
{
	struct hl_id ids[] = {{{1}}, {{2}}, {{3}}}, labs[] = {{{0x10}}, {{0x20}}};
	struct hl_core core = {.lab = labs[0],
		.class = HL_CLASS_CALL,
		.status = HL_ACTUAL,
		.precedence = HL_ROUTINE,
		.labs = labs,
		.n_labs = 2};
	struct hl_core notices[2] = {core, core};
	struct hl_message raise = {.type = HL_RAISE,
		.raise = {.kind = hl_view_str("near.miss"), .title = hl_view_str("t")}};
	struct hl_message cannot = {.type = HL_CANNOT_OPEN, .seen = ids, .n_seen = 1};
	struct hl_message resend = a_resend(ids);
	struct hl_fold_letter letters[] = {{ids[0], &core, &raise, false},
		{ids[1], &notices[0], &cannot, false},
		{ids[2], &notices[1], &resend, false}};
	struct hl_incident in HL_CLEAN_INCIDENT = {0};
	(void)state;

	for (unsigned i = 0; i < 2; i++) {
		notices[i].class = HL_CLASS_NOTICE;
		notices[i].has_incident = notices[i].has_answers = true;
		notices[i].incident = notices[i].answers = ids[0];
		notices[i].lab = labs[1 - i];
		notices[i].created = 1 + i;
	}
	assert_ok(hl_incident_fold(&ids[0], letters, 3, &in));
	assert_int_equal(3, in.n_letters);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(HL_EFFECTIVE, in.letters[i].effect);
	assert_int_equal(HL_OPEN, in.phase);
	assert_int_equal(1, in.n_calls);
	assert_int_equal(0, in.calls[0].n_answers);
}

#define RESENT(e, lab, ck, opened) hl_envelope_open_resent(e, &(lab)->id, ck, opened)

/* Any device of a lab of the core, whether it has an entry or not: as by an own wrap. */
static void opened_without_an_entry(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0}, copy HL_CLEAN_BUF = {0};
	struct hl_envelope all HL_CLEAN_ENVELOPE = {0}, e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened own HL_CLEAN_OPENED = {0}, mine HL_CLEAN_OPENED = {0};
	const struct lab_keys *b = &w->labs[LAB_B];

	/* Omar of lab B is left out. */
	for (size_t i = 0; i + 1 < w->sealing.n_readers; i++)
		if (hl_id_eq(&w->readers[i].kid, &b->members[OMAR].kid))
			w->readers[i] = w->readers[w->sealing.n_readers - 1];
	w->sealing.n_readers--;
	doc = world_seal(w, NULL);
	world_parse(w, &doc, &all);
	assert_ok(hl_envelope_for_lab(&all, &b->id, &copy));
	world_parse(w, &copy, &e);
	assert_status(world_open(w, &e, LAB_B, OMAR, &mine), HL_NOT_ADDRESSED);
	assert_ok(RESENT(&e, b, &w->sealing.ck, &mine));
	assert_ok(world_open(w, &e, LAB_B, MIRA, &own));
	assert_view(mine.message, own.message);
	assert_view(mine.recipients, own.recipients);
	assert_true(mine.wraps_good);
	assert_int_equal(own.n_readers, mine.n_readers);
	assert_memory_equal(own.ck.b, mine.ck.b, sizeof(own.ck.b));
}

static void another_key_or_lab(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_key32 ck = w->sealing.ck;
	struct hl_id stranger = w->net;

	w->sealing.n_readers = 8; /* labs A and B */
	doc = world_seal(w, NULL);
	world_parse(w, &doc, &e);
	assert_int_equal(2, e.core.n_labs);
	for (unsigned bit = 0; bit < 256; bit++) {
		ck.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_status(
			RESENT(&e, &w->labs[LAB_B], &ck, &opened), HL_BAD_COMMITMENT);
		ck.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_status(RESENT(&e, &w->labs[LAB_C], &ck, &opened), HL_NOT_ADDRESSED);
	assert_status(
		hl_envelope_open_resent(&e, &stranger, &ck, &opened), HL_NOT_ADDRESSED);
	assert_null(opened.plain.p);
	/* The key of another letter of the same sender. */
	w->sealing.core.created++;
	w->sealing.ck.b[31] ^= 0x80;
	struct hl_buf other HL_CLEAN_BUF = world_seal(w, NULL);
	assert_status(
		RESENT(&e, &w->labs[LAB_B], &w->sealing.ck, &opened), HL_BAD_COMMITMENT);
	assert_ok(RESENT(&e, &w->labs[LAB_B], &ck, &opened));
}

/* A letter of lab A's Mira in which that stands as the padded plaintext, committed to well. */
static enum hl_status opens_padded(const struct world *w, const struct hl_envelope *good,
	struct hl_view padded, struct hl_opened *ret)
{
	static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	struct hl_key32 kenc HL_CLEAN_KEY32 = {0};
	struct hl_envelope e = *good;
	uint8_t ad[64], *ct = malloc(padded.n + HL_TAG_SIZE), hash[32];
	struct hl_view parts[] = {hl_view_of("HL1/enc", 8), hl_view_id(&e.core_hash)};
	enum hl_status status;

	assert_non_null(ct);
	memcpy(ad, e.core_hash.b, 32);
	memcpy(ad + 32, e.kcom, 32);
	hl_hmac(HL_VIEW(w->sealing.ck.b), parts, 2, hash);
	memcpy(kenc.b, hash, 32);
	crypto_aead_chacha20poly1305_ietf_encrypt(
		ct, NULL, padded.p, padded.n, ad, 64, NULL, nonce, kenc.b);
	e.ct = hl_view_of(ct, padded.n + HL_TAG_SIZE);
	status = RESENT(&e, &w->labs[LAB_B], &w->sealing.ck, ret);
	free(ct);
	return status;
}

/* Padded to a bucket as envelope 1.9 says, with end as its first byte after the plaintext. */
static struct hl_buf pad(struct hl_view plain, uint8_t end, size_t bucket)
{
	struct hl_buf padded = buf_copy(plain);

	assert_true(plain.n < bucket);
	assert_ok(hl_buf_reserve(&padded, bucket - plain.n));
	memset(padded.p + plain.n, 0, bucket - plain.n);
	padded.p[plain.n] = end;
	padded.n = bucket;
	return padded;
}

static void padding_and_encoding(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL), plain HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	size_t bucket;

	world_parse(w, &doc, &e);
	bucket = e.ct.n - HL_TAG_SIZE;
	assert_ok(RESENT(&e, &w->labs[LAB_B], &w->sealing.ck, &opened));
	plain = buf_copy(hl_view_buf(&opened.plain));
	hl_opened_clear(&opened);
	struct hl_buf good HL_CLEAN_BUF = pad(hl_view_buf(&plain), 0x80, bucket);
	assert_ok(opens_padded(w, &e, hl_view_buf(&good), &opened));
	hl_opened_clear(&opened);
	struct hl_buf large HL_CLEAN_BUF = pad(hl_view_buf(&plain), 0x80, 2 * bucket);
	assert_status(opens_padded(w, &e, hl_view_buf(&large), &opened), HL_BAD_PADDING);
	for (unsigned end = 0; end < 256; end++) {
		struct hl_buf bad HL_CLEAN_BUF =
			pad(hl_view_buf(&plain), (uint8_t)end, bucket);

		if (end != 0x80)
			assert_status(opens_padded(w, &e, hl_view_buf(&bad), &opened),
				HL_BAD_PADDING);
	}
	good.p[bucket - 1] = 1;
	assert_status(opens_padded(w, &e, hl_view_buf(&good), &opened), HL_BAD_PADDING);
	assert_status(opens_padded(w, &e, hl_view_of(good.p, bucket - 1), &opened),
		HL_BAD_PADDING);
	/* Three items, a byte too many, nothing at all. */
	plain.p[0] = 0x93;
	struct hl_buf three HL_CLEAN_BUF = pad(hl_view_buf(&plain), 0x80, bucket);
	assert_status(opens_padded(w, &e, hl_view_buf(&three), &opened), HL_BAD_ENCODING);
	plain.p[0] = 0x92;
	assert_ok(hl_buf_append(&plain, hl_view_str("\x80")));
	struct hl_buf longer HL_CLEAN_BUF = pad(hl_view_buf(&plain), 0x80, bucket);
	assert_status(
		opens_padded(w, &e, hl_view_buf(&longer), &opened), HL_BAD_ENCODING);
	struct hl_buf none HL_CLEAN_BUF = pad(hl_view_of(plain.p, 0), 0x80, 1024);
	assert_status(opens_padded(w, &e, hl_view_buf(&none), &opened), HL_BAD_ENCODING);
	assert_null(opened.plain.p);
}

static void ciphertext_and_recipients(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_id labs[3], more[4];

	world_parse(w, &doc, &e);
	for (size_t i = 0; i < e.ct.n; i += 97) {
		struct hl_buf ct HL_CLEAN_BUF = buf_copy(e.ct);
		struct hl_envelope bad = e;

		ct.p[i] ^= 0x10;
		bad.ct = hl_view_buf(&ct);
		assert_status(RESENT(&bad, &w->labs[LAB_B], &w->sealing.ck, &opened),
			HL_BAD_OPEN);
		bad.ct.n = i % HL_TAG_SIZE;
		assert_status(RESENT(&bad, &w->labs[LAB_B], &w->sealing.ck, &opened),
			HL_BAD_OPEN);
	}
	/* Another R than was signed; labs of the core that are not those of R. */
	struct hl_envelope bad = e;
	bad.core.recipients.b[31] ^= 1;
	assert_status(RESENT(&bad, &w->labs[LAB_B], &w->sealing.ck, &opened),
		HL_BAD_RECIPIENTS);
	bad = e;
	bad.core.n_labs = 2;
	assert_status(RESENT(&bad, &w->labs[LAB_B], &w->sealing.ck, &opened),
		HL_BAD_RECIPIENTS);
	memcpy(labs, e.core.labs, sizeof(labs));
	labs[2].b[0] ^= 0x80;
	bad.core.labs = labs;
	bad.core.n_labs = 3;
	assert_status(RESENT(&bad, &w->labs[LAB_B], &w->sealing.ck, &opened),
		HL_BAD_RECIPIENTS);
	memcpy(more, e.core.labs, sizeof(labs));
	memset(&more[3], 0xff, sizeof(more[3]));
	bad.core.labs = more;
	bad.core.n_labs = 4;
	assert_status(RESENT(&bad, &w->labs[LAB_B], &w->sealing.ck, &opened),
		HL_BAD_RECIPIENTS);
	/* A wrap that is not what was signed is shown, and is not fatal. */
	bad = e;
	struct hl_id hashes[3];
	memcpy(hashes, e.slip_hashes, sizeof(hashes));
	hashes[2].b[0] ^= 1;
	bad.slip_hashes = hashes;
	assert_ok(RESENT(&bad, &w->labs[LAB_B], &w->sealing.ck, &opened));
	assert_false(opened.wraps_good);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(what_is_no_resend),
		cmocka_unit_test(what_it_goes_with),
		cmocka_unit_test(it_changes_nothing),
		TEST(opened_without_an_entry),
		TEST(another_key_or_lab),
		TEST(padding_and_encoding),
		TEST(ciphertext_and_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
