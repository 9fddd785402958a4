/* Envelopes: opened by their readers; each binding broken once. */
#include "letters.h"

/* A device with the wrong key, of the wrong lab, or for the wrong epoch opens nothing. */
static void wrong_reader(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	const struct lab_keys *b = &w->labs[LAB_B];
	const struct hl_dh_key *mine = &b->seal[MIRA], *other = &b->seal[OMAR];
	const struct hl_dh_key *three[] = {mine, other, mine};
	uint64_t epoch = EPOCH, wrong = EPOCH + 1, epochs[] = {EPOCH, EPOCH, EPOCH - 1};
	struct hl_id stranger = w->net;

	world_parse(w, &doc, &e);
#define OPEN(lab, kid, epochs, secrets, n) \
	hl_envelope_open(&e, lab, kid, epochs, secrets, n, &opened)
	assert_status(
		OPEN(&b->id, &b->members[MIRA].kid, &epoch, &other, 1), HL_BAD_OPEN);
	assert_status(OPEN(&b->id, &b->members[OMAR].kid, &epoch, &mine, 1), HL_BAD_OPEN);
	assert_status(OPEN(&b->id, &b->members[MIRA].kid, &wrong, &mine, 1), HL_BAD_OPEN);
	assert_status(OPEN(&b->id, &b->members[MIRA].kid, NULL, NULL, 0), HL_BAD_OPEN);
	assert_status(OPEN(&w->labs[LAB_C].id, &b->members[MIRA].kid, &epoch, &mine, 1),
		HL_NOT_ADDRESSED);
	assert_status(OPEN(&b->id, &stranger, &epoch, &mine, 1), HL_NOT_ADDRESSED);
	assert_status(OPEN(&stranger, &b->members[MIRA].kid, &epoch, &mine, 1),
		HL_NOT_ADDRESSED);
	assert_null(opened.plain.p);
	/* All that are given are tried. */
	assert_ok(OPEN(&b->id, &b->members[MIRA].kid, epochs, three, 3));
#undef OPEN
}

/* Writes a copy of its parts. */
static struct hl_buf assemble(struct hl_view signed_bytes, const struct hl_sig *sigs,
	size_t n_sigs, struct hl_view ct, const struct hl_view *slips, size_t n_slips)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf doc = {0};

	hl_out_array(&out, 4);
	hl_out_bin(&out, signed_bytes);
	hl_out_sigs(&out, sigs, n_sigs);
	hl_out_bin(&out, ct);
	hl_out_array(&out, n_slips);
	for (size_t i = 0; i < n_slips; i++)
		hl_out_bin(&out, slips[i]);
	assert_ok(hl_out_finish(&out, &doc));
	return doc;
}

static void slips_moved(void **state)
{
	struct world *w = *state;
	struct hl_buf one HL_CLEAN_BUF = world_seal(w, NULL), two HL_CLEAN_BUF = {0};
	struct hl_envelope a HL_CLEAN_ENVELOPE = {0}, b HL_CLEAN_ENVELOPE = {0},
			     e HL_CLEAN_ENVELOPE = {0};
	struct hl_view slips[3];

	w->sealing.core.created++;
	w->sealing.ck.b[0] ^= 1;
	two = world_seal(w, NULL);
	world_parse(w, &one, &a);
	world_parse(w, &two, &b);
	/* Another letter's slip, the slips in another order, one twice. */
	for (unsigned i = 0; i < 3; i++) {
		struct hl_buf doc HL_CLEAN_BUF = {0};

		slips[0] = i == 0 ? b.slips[0] : i == 1 ? a.slips[1] : a.slips[0];
		slips[1] = i == 2 ? a.slips[0] : i == 1 ? a.slips[0] : a.slips[1];
		doc = assemble(a.signed_bytes, a.sigs, 1, a.ct, slips, 2);
		assert_status(hl_envelope_parse(&w->net, hl_view_buf(&doc), &e),
			i == 0 ? HL_BAD_HASH : HL_BAD_FIELD);
	}
	/* Another letter's ciphertext of the same length. */
	struct hl_buf doc HL_CLEAN_BUF =
		assemble(a.signed_bytes, a.sigs, 1, b.ct, a.slips, 3);
	assert_status(hl_envelope_parse(&w->net, hl_view_buf(&doc), &e), HL_BAD_HASH);
	/* Another letter's signature. */
	hl_buf_clear(&doc);
	doc = assemble(a.signed_bytes, b.sigs, 1, a.ct, a.slips, 3);
	assert_status(world_receive(w, hl_view_buf(&doc)), HL_BAD_SIGNATURE);
}

/* signed with other labs, core or hashes, signed by a member who may. */
static struct hl_buf sign_again(const struct world *w, struct hl_view core,
	const struct hl_envelope *e, struct hl_view ct, const struct hl_view *slips,
	size_t n_slips, const struct hl_sign_key *key)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf signed_bytes HL_CLEAN_BUF = {0};
	struct hl_id hash;
	struct hl_sig sig;

	hl_hash1("ct", &w->net, ct, &hash);
	hl_out_array(&out, 4);
	hl_out_bin(&out, core);
	hl_out_bin(&out, HL_VIEW(e->kcom));
	hl_out_id(&out, &hash);
	hl_out_array(&out, n_slips);
	for (size_t i = 0; i < n_slips; i++) {
		hl_hash1("slip", &w->net, slips[i], &hash);
		hl_out_id(&out, &hash);
	}
	assert_ok(hl_out_finish(&out, &signed_bytes));
	hl_key_id(&w->net, HL_ROLE_MEMBER_SIGN, key->pub, &sig.kid);
	assert_ok(hl_sign("env", &w->net, hl_view_buf(&signed_bytes), key, sig.sig));
	return assemble(hl_view_buf(&signed_bytes), &sig, 1, ct, slips, n_slips);
}

/* A copy of a core in which one id is another. */
static struct hl_buf core_swapped(
	struct hl_view core, const struct hl_id *from, const struct hl_id *to)
{
	struct hl_buf copy = buf_copy(core);

	for (size_t i = 0; i + 32 <= copy.n; i++)
		if (memcmp(copy.p + i, from->b, 32) == 0) {
			memcpy(copy.p + i, to->b, 32);
			return copy;
		}
	fail_msg("there is no such id in the core");
	return copy;
}

/* Somebody else's ciphertext and wraps, signed as one's own: the header is bound into both. */
static void a_ciphertext_signed_again(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0}, stolen HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	const struct lab_keys *a = &w->labs[LAB_A], *c = &w->labs[LAB_C];

	world_parse(w, &doc, &e);
	struct hl_buf half HL_CLEAN_BUF = core_swapped(e.core_bytes, &a->id, &c->id);
	struct hl_buf core HL_CLEAN_BUF = core_swapped(
		hl_view_buf(&half), &a->members[MIRA].kid, &c->members[MIRA].kid);
	struct hl_buf mine HL_CLEAN_BUF =
		sign_again(w, hl_view_buf(&core), &e, e.ct, e.slips, 3, &c->sign[MIRA]);
	/* To a node it is a letter of lab C; no device shows it. */
	world_parse(w, &mine, &stolen);
	struct hl_judge judge = world_judge(w, LAB_C, &w->labs[LAB_B].id);
	assert_ok(hl_envelope_judge(&stolen, &judge));
	assert_status(world_open(w, &stolen, LAB_B, MIRA, &opened), HL_BAD_OPEN);
	/* Nor with the content key, which C's readers know. */
	assert_status(
		hl_envelope_open_ck(&stolen, &w->sealing.ck, &opened), HL_BAD_COMMITMENT);
}

/* A reader hands a letter on as if it had been written to others. */
static void surreptitious_forwarding(void **state)
{
	struct world *w = *state;
	struct hl_reader all[3] = {w->readers[0], w->readers[4], w->readers[8]};
	struct hl_buf doc HL_CLEAN_BUF = {0}, theirs HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0}, bad HL_CLEAN_ENVELOPE = {0};
	struct hl_view slips[3];

	assert_true(hl_id_eq(&all[2].lab, &w->labs[LAB_C].id));
	/* From lab A to labs A and B; then one more, to all, by B with the same content key. */
	w->sealing.readers = all;
	w->sealing.n_readers = 2;
	doc = world_seal(w, NULL);
	world_parse(w, &doc, &e);
	w->sealing.n_readers = 3;
	world_sender(w, LAB_B, MIRA);
	theirs = world_seal(w, NULL);
	struct hl_envelope to_c HL_CLEAN_ENVELOPE = {0};
	world_parse(w, &theirs, &to_c);
	/* A's signature with a slip for C. */
	slips[0] = e.slips[0];
	slips[1] = e.slips[1];
	slips[2] = to_c.slips[2];
	struct hl_buf forged HL_CLEAN_BUF =
		assemble(e.signed_bytes, e.sigs, 1, e.ct, slips, 3);
	assert_status(
		hl_envelope_parse(&w->net, hl_view_buf(&forged), &bad), HL_BAD_HASH);
}

/* The commitment stops a content key that opens the same ciphertext to something else. */
static void another_content_key(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_key32 ck = w->sealing.ck;

	world_parse(w, &doc, &e);
	for (unsigned bit = 0; bit < 256; bit++) {
		ck.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_status(hl_envelope_open_ck(&e, &ck, &opened), HL_BAD_COMMITMENT);
		ck.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_ok(hl_envelope_open_ck(&e, &ck, &opened));
	/* Committed and then changed: the ciphertext does not open. */
	hl_opened_clear(&opened);
	for (size_t i = 0; i < e.ct.n; i += 61) {
		struct hl_buf ct HL_CLEAN_BUF = buf_copy(e.ct);
		struct hl_envelope bad = e;

		ct.p[i] ^= 1;
		bad.ct = hl_view_buf(&ct);
		assert_status(hl_envelope_open_ck(&bad, &ck, &opened), HL_BAD_OPEN);
	}
}

/* A key that gives zeros drops its own reader, and nobody else. */
static void a_key_that_gives_zeros(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	size_t dropped = 0;

	memset(w->readers[5].key, 0, HL_KEY_SIZE);
	memset(w->readers[9].key, 0, HL_KEY_SIZE);
	w->readers[9].key[0] = 1; /* of small order too */
	struct hl_id lost[] = {w->readers[5].kid, w->readers[9].kid};
	assert_ok(hl_envelope_seal(&w->sealing, &doc, NULL, &dropped));
	assert_int_equal(2, dropped);
	world_parse(w, &doc, &e);
	for (unsigned lab = 0; lab < N_LABS; lab++)
		for (unsigned at = 0; at < N_MEMBERS; at++) {
			const struct hl_id *kid = &w->labs[lab].members[at].kid;
			struct hl_opened opened HL_CLEAN_OPENED = {0};

			if (at == MONITOR)
				continue;
			if (hl_id_eq(kid, &lost[0]) || hl_id_eq(kid, &lost[1])) {
				assert_status(
					world_open(w, &e, lab, at, &opened), HL_BAD_OPEN);
				continue;
			}
			assert_ok(world_open(w, &e, lab, at, &opened));
			assert_true(opened.wraps_good);
		}
}

/* A sender who signs a slip that nobody can open is found out by every reader. */
static void a_poisoned_slip(void **state)
{
	struct world *w = *state;
	struct hl_buf doc HL_CLEAN_BUF = world_seal(w, NULL);
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0}, bad HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_view slips[3];

	world_parse(w, &doc, &e);
	struct hl_buf slip HL_CLEAN_BUF = buf_copy(e.slips[LAB_C]),
			   again HL_CLEAN_BUF = {0};
	slip.p[slip.n - 1] ^= 1;
	memcpy(slips, e.slips, sizeof(slips));
	slips[LAB_C] = hl_view_buf(&slip);
	struct hl_buf signed_so HL_CLEAN_BUF = sign_again(
		w, e.core_bytes, &e, e.ct, slips, 3, &w->labs[LAB_A].sign[MIRA]);
	world_parse(w, &signed_so, &bad);
	assert_ok(world_open(w, &bad, LAB_B, MIRA, &opened));
	assert_false(opened.wraps_good);
	assert_view(opened.message, w->sealing.message);
	assert_ok(hl_envelope_slip(&bad, &opened, &w->labs[LAB_B].id, &again));
	hl_buf_clear(&again);
	assert_status(
		hl_envelope_slip(&bad, &opened, &w->labs[LAB_C].id, &again), HL_BAD_WRAP);
	assert_null(again.p);
}

/* Any reader makes again a slip that was lost, byte for byte. */
static void a_slip_made_again(void **state)
{
	struct world *w = *state;
	struct hl_buf all HL_CLEAN_BUF = world_seal(w, NULL), doc HL_CLEAN_BUF = {0};
	struct hl_envelope whole HL_CLEAN_ENVELOPE = {0}, e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_buf none HL_CLEAN_BUF = {0};

	world_parse(w, &all, &whole);
	assert_ok(hl_envelope_for_lab(&whole, &w->labs[LAB_B].id, &doc));
	world_parse(w, &doc, &e);
	assert_ok(world_open(w, &e, LAB_B, READER, &opened));
	for (unsigned lab = 0; lab < N_LABS; lab++) {
		struct hl_buf slip HL_CLEAN_BUF = {0};

		assert_ok(hl_envelope_slip(&e, &opened, &w->labs[lab].id, &slip));
		assert_view(hl_view_buf(&slip), whole.slips[lab]);
	}
	assert_status(hl_envelope_slip(&e, &opened, &w->net, &none), HL_NOT_ADDRESSED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(wrong_reader),
		TEST(slips_moved),
		TEST(a_ciphertext_signed_again),
		TEST(surreptitious_forwarding),
		TEST(another_content_key),
		TEST(a_key_that_gives_zeros),
		TEST(a_poisoned_slip),
		TEST(a_slip_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
