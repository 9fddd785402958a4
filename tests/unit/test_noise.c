/* The handshake: both sides agree, and every change of key, prologue, PSK or byte ends it. The
 * public vectors are in tests/vectors. */
#include "tests/unit/unit.h"

#include <sodium.h>

/* Two sides with fixed keys; what a test changes, it changes before start(). */
struct pair {
	struct hl_dh_key key_i, key_r;
	struct hl_key32 e_i, e_r;
	struct hl_view prologue_i, prologue_r;
	uint8_t expected
		[HL_KEY_SIZE]; /* what the initiator takes for the responder's key */
	uint8_t psk_i[HL_KEY_SIZE], psk_r[HL_KEY_SIZE];
	struct hl_noise i, r;
	struct hl_buf message[3];
};

static void pair_init(struct pair *p)
{
	struct unit_entropy entropy;

	memset(p, 0, sizeof(*p));
	unit_entropy_init(&entropy);
	assert_ok(hl_dh_key_generate(&entropy.source, &p->key_i));
	assert_ok(hl_dh_key_generate(&entropy.source, &p->key_r));
	assert_ok(hl_entropy_fill(&entropy.source, p->e_i.b, sizeof(p->e_i.b)));
	assert_ok(hl_entropy_fill(&entropy.source, p->e_r.b, sizeof(p->e_r.b)));
	p->prologue_i = p->prologue_r = hl_view_str("prologue");
	memcpy(p->expected, p->key_r.pub, sizeof(p->expected));
	memset(p->psk_i, 0x77, sizeof(p->psk_i));
	memset(p->psk_r, 0x77, sizeof(p->psk_r));
}

static void pair_clear(struct pair *p)
{
	hl_noise_clear(&p->i);
	hl_noise_clear(&p->r);
	hl_dh_key_clear(&p->key_i);
	hl_dh_key_clear(&p->key_r);
	for (size_t i = 0; i < 3; i++)
		hl_buf_clear(&p->message[i]);
}

static void start(struct pair *p)
{
	for (size_t i = 0; i < 3; i++)
		hl_buf_clear(&p->message[i]);
	assert_ok(hl_noise_init(&p->i, HL_NOISE_XKPSK3, true, p->prologue_i, &p->key_i,
		p->expected, &p->e_i));
	assert_ok(hl_noise_init(
		&p->r, HL_NOISE_XKPSK3, false, p->prologue_r, &p->key_r, NULL, &p->e_r));
	hl_noise_set_psk(&p->i, p->psk_i);
	hl_noise_set_psk(&p->r, p->psk_r);
}

/* Message number n (0 to 2), from the side whose turn it is to the other. */
static enum hl_status step(struct pair *p, size_t n)
{
	struct hl_noise *from = n == 1 ? &p->r : &p->i, *to = n == 1 ? &p->i : &p->r;

	assert_ok(hl_noise_write(from, hl_view_of(NULL, 0), &p->message[n]));
	return hl_noise_read(to, hl_view_buf(&p->message[n]), NULL);
}

static void agree(void **state)
{
	static const size_t sizes[] = {
		HL_NOISE_MESSAGE_1, HL_NOISE_MESSAGE_2, HL_NOISE_MESSAGE_3};
	struct hl_session a HL_CLEAN_SESSION = {0}, b HL_CLEAN_SESSION = {0};
	uint8_t ct[5 + 16], back[5];
	struct pair p HL_CLEAN(pair_clear);

	(void)state;
	pair_init(&p);
	start(&p);
	assert_memory_equal(hl_noise_remote(&p.i), p.key_r.pub, HL_KEY_SIZE);
	assert_null(hl_noise_remote(&p.r));
	for (size_t n = 0; n < 3; n++) {
		assert_false(hl_noise_done(&p.i));
		assert_ok(step(&p, n));
		/* SPEC link 1.1: Payloads are empty, so the three messages are 48, 48 and 64 bytes
		 * long. */
		assert_int_equal(p.message[n].n, sizes[n]);
	}
	assert_true(hl_noise_done(&p.i));
	assert_true(hl_noise_done(&p.r));
	assert_memory_equal(hl_noise_remote(&p.r), p.key_i.pub, HL_KEY_SIZE);
	assert_ok(hl_noise_split(&p.i, &a));
	assert_ok(hl_noise_split(&p.r, &b));
	assert_memory_equal(a.hash, b.hash, sizeof(a.hash));
	assert_memory_equal(a.send.k, b.recv.k, HL_KEY_SIZE);
	assert_memory_equal(a.recv.k, b.send.k, HL_KEY_SIZE);
	assert_memory_not_equal(a.send.k, a.recv.k, HL_KEY_SIZE);
	/* SPEC link 1.7: the initiator sends with the first key. */
	assert_ptr_equal(a.send.k, a.keys.p);
	assert_ok(hl_cipher_seal(&a.send, hl_view_str("hello"), ct));
	assert_ok(hl_cipher_open(&b.recv, HL_VIEW(ct), back));
	assert_memory_equal(back, "hello", 5);
	/* The handshake is used up. */
	assert_status(hl_noise_split(&p.i, &a), HL_ERR_USAGE);
}

enum change { PROLOGUE, PSK, RESPONDER, CHANGES };

static void apply(struct pair *p, enum change change)
{
	switch (change) {
	case PROLOGUE: p->prologue_r = hl_view_str("prologuf"); break;
	case PSK: p->psk_r[31] ^= 1; break;
	case RESPONDER: memcpy(p->expected, p->key_i.pub, sizeof(p->expected)); break;
	case CHANGES: break;
	}
}

static void differences(void **state)
{
	static const size_t fails_at[CHANGES] = {
		[PROLOGUE] = 0, [PSK] = 2, [RESPONDER] = 0};

	(void)state;
	for (enum change change = 0; change < CHANGES; change++) {
		struct pair p HL_CLEAN(pair_clear);

		pair_init(&p);
		apply(&p, change);
		start(&p);
		for (size_t n = 0; n < fails_at[change]; n++)
			assert_ok(step(&p, n));
		assert_status(step(&p, fails_at[change]), HL_BAD_HANDSHAKE);
		assert_false(hl_noise_done(&p.r));
		assert_null(hl_noise_remote(&p.r));
	}
}

/* Any changed bit and any other length of any message. */
static void spoilt_messages(void **state)
{
	struct pair p HL_CLEAN(pair_clear);

	(void)state;
	pair_init(&p);
	for (size_t n = 0; n < 3; n++) {
		static const size_t sizes[] = {48, 48, 64};

		for (size_t i = 0; i < 2 * sizes[n] + 1; i++) {
			struct hl_noise *from, *to;
			struct hl_buf *m = &p.message[n];

			start(&p);
			from = n == 1 ? &p.r : &p.i;
			to = n == 1 ? &p.i : &p.r;
			for (size_t k = 0; k < n; k++)
				assert_ok(step(&p, k));
			assert_ok(hl_noise_write(from, hl_view_of(NULL, 0), m));
			if (i < sizes[n])
				/* The top bit of an X25519 key does not count; all others do. */
				m->p[i] ^= (uint8_t)(1 << i % 7);
			else if (i < 2 * sizes[n])
				m->n = i - sizes[n];
			else
				assert_ok(hl_buf_append(m, hl_view_of("", 1)));
			assert_status(hl_noise_read(to, hl_view_buf(m), NULL),
				HL_BAD_HANDSHAKE);
			/* It is over: not even the right message is taken any more. */
			assert_status(
				hl_noise_read(to, hl_view_buf(m), NULL), HL_ERR_USAGE);
			assert_status(
				hl_noise_write(to, hl_view_of(NULL, 0), m), HL_ERR_USAGE);
		}
	}
}

static void payloads(void **state)
{
	struct hl_buf got HL_CLEAN_BUF = {0};
	struct pair p HL_CLEAN(pair_clear);
	uint8_t huge[HL_NOISE_MESSAGE_MAX] = {0};

	(void)state;
	pair_init(&p);
	start(&p);
	assert_ok(hl_noise_write(&p.i, hl_view_str("early"), &p.message[0]));
	assert_ok(hl_noise_read(&p.r, hl_view_buf(&p.message[0]), &got));
	assert_view(hl_view_buf(&got), hl_view_str("early"));
	/* In this protocol there is none, and one is refused. */
	start(&p);
	assert_ok(hl_noise_write(&p.i, hl_view_str("early"), &p.message[0]));
	assert_status(
		hl_noise_read(&p.r, hl_view_buf(&p.message[0]), NULL), HL_BAD_HANDSHAKE);
	start(&p);
	assert_status(hl_noise_write(&p.i, HL_VIEW(huge), &p.message[0]), HL_ERR_USAGE);
	assert_int_equal(p.message[0].n, 0);
	start(&p);
	assert_ok(hl_noise_write(&p.i, hl_view_of(huge, 960), &p.message[0]));
	assert_ok(hl_buf_append(&p.message[0], HL_VIEW(huge)));
	assert_status(
		hl_noise_read(&p.r, hl_view_buf(&p.message[0]), &got), HL_BAD_HANDSHAKE);
}

static void wrong_turns(void **state)
{
	struct hl_view none = hl_view_of(NULL, 0);
	struct hl_session session = {0};
	struct pair p HL_CLEAN(pair_clear);

	(void)state;
	pair_init(&p);
	start(&p);
	assert_status(hl_noise_write(&p.r, none, &p.message[0]), HL_ERR_USAGE);
	start(&p);
	assert_status(hl_noise_read(&p.i, none, NULL), HL_ERR_USAGE);
	start(&p);
	assert_ok(step(&p, 0));
	assert_status(hl_noise_write(&p.i, none, &p.message[1]), HL_ERR_USAGE);
	start(&p);
	assert_status(hl_noise_split(&p.i, &session), HL_ERR_USAGE);
	for (size_t n = 0; n < 3; n++)
		assert_ok(step(&p, n));
	assert_status(hl_noise_write(&p.r, none, &p.message[0]), HL_ERR_USAGE);
	assert_null(session.keys.p);
}

static void psk_is_asked_for(void **state)
{
	struct hl_view none = hl_view_of(NULL, 0);
	struct pair p HL_CLEAN(pair_clear);

	(void)state;
	/* The responder may set it until message 3. */
	pair_init(&p);
	start(&p);
	p.r.has_psk = false;
	assert_ok(step(&p, 0));
	assert_ok(step(&p, 1));
	hl_noise_set_psk(&p.r, p.psk_r);
	assert_ok(step(&p, 2));
	/* Without it neither side goes on. */
	start(&p);
	p.r.has_psk = p.i.has_psk = false;
	assert_ok(step(&p, 0));
	assert_ok(step(&p, 1));
	assert_status(hl_noise_write(&p.i, none, &p.message[2]), HL_ERR_USAGE);
	assert_status(
		hl_noise_read(&p.r, hl_view_buf(&p.message[1]), NULL), HL_ERR_USAGE);
}

static void keys_that_give_zeros(void **state)
{
	struct hl_noise noise HL_CLEAN_NOISE = {0};
	struct pair p HL_CLEAN(pair_clear);

	(void)state;
	/* The responder's static key, and then an ephemeral. */
	pair_init(&p);
	memset(p.expected, 0, sizeof(p.expected));
	start(&p);
	assert_status(
		hl_noise_write(&p.i, hl_view_of(NULL, 0), &p.message[0]), HL_BAD_KEY);
	assert_int_equal(p.message[0].n, 0);
	memcpy(p.expected, p.key_r.pub, sizeof(p.expected));
	start(&p);
	assert_ok(hl_noise_write(&p.i, hl_view_of(NULL, 0), &p.message[0]));
	memset(p.message[0].p, 0, HL_KEY_SIZE);
	assert_status(
		hl_noise_read(&p.r, hl_view_buf(&p.message[0]), NULL), HL_BAD_HANDSHAKE);
	/* Sides that do not fit what they know. */
	assert_status(hl_noise_init(&noise, HL_NOISE_XKPSK3, true, p.prologue_i, &p.key_i,
			      NULL, &p.e_i),
		HL_ERR_USAGE);
	assert_status(hl_noise_init(&noise, HL_NOISE_XKPSK3, false, p.prologue_i,
			      &p.key_i, p.expected, &p.e_i),
		HL_ERR_USAGE);
	assert_status(
		hl_noise_write(&noise, hl_view_of(NULL, 0), &p.message[0]), HL_ERR_USAGE);
}

static void without_memory(void **state)
{
	struct hl_session session = {0};
	struct hl_buf got HL_CLEAN_BUF = {0};
	struct pair p HL_CLEAN(pair_clear);

	(void)state;
	pair_init(&p);
	start(&p);
	unit_fail_allocation(1);
	assert_status(
		hl_noise_write(&p.i, hl_view_of(NULL, 0), &p.message[0]), HL_ERR_NOMEM);
	assert_true(unit_allocation_failed());
	start(&p);
	assert_ok(hl_noise_write(&p.i, hl_view_str("x"), &p.message[0]));
	unit_fail_allocation(1);
	assert_status(
		hl_noise_read(&p.r, hl_view_buf(&p.message[0]), &got), HL_ERR_NOMEM);
	assert_true(unit_allocation_failed());
	start(&p);
	for (size_t n = 0; n < 3; n++)
		assert_ok(step(&p, n));
	unit_fail_allocation(1);
	assert_status(hl_noise_split(&p.i, &session), HL_ERR_NOMEM);
	assert_true(unit_allocation_failed());
	/* That one may be tried again. */
	assert_ok(hl_noise_split(&p.i, &session));
	hl_session_clear(&session);
	hl_session_clear(&session);
	hl_session_clear(NULL);
	hl_noise_clear(NULL);
}

/* Rekey by the words of Noise section 11.3, and the nonces' end. */
static void ciphers(void **state)
{
	uint8_t key[32], want[32 + 16], zeros[32] = {0}, ct[16], nonce[12];
	struct hl_cipher a = {key, 5}, none = {NULL, 0};

	(void)state;
	memset(key, 0x33, sizeof(key));
	memset(nonce, 0, 4);
	memset(nonce + 4, 0xff, 8);
	crypto_aead_chacha20poly1305_ietf_encrypt(
		want, NULL, zeros, sizeof(zeros), NULL, 0, NULL, nonce, key);
	hl_cipher_rekey(&a);
	assert_memory_equal(key, want, 32);
	assert_int_equal(a.n, 5);
	assert_status(hl_cipher_open(&a, hl_view_of(want, 15), ct), HL_BAD_OPEN);
	assert_status(hl_cipher_open(&a, hl_view_of(want, 16), ct), HL_BAD_OPEN);
	assert_int_equal(a.n, 5);
	a.n = UINT64_MAX;
	assert_status(hl_cipher_seal(&a, hl_view_of(NULL, 0), ct), HL_ERR_USAGE);
	assert_status(hl_cipher_open(&a, hl_view_of(want, 16), ct), HL_ERR_USAGE);
	assert_status(hl_cipher_seal(&none, hl_view_of(NULL, 0), ct), HL_ERR_USAGE);
	assert_status(hl_cipher_open(&none, hl_view_of(want, 16), ct), HL_ERR_USAGE);
}

static void knocks(void **state)
{
	struct hl_view message = hl_view_str("message 1");
	uint8_t a[HL_KNOCK_SIZE], b[HL_KNOCK_SIZE], want[32], zero[32] = {0};
	crypto_auth_hmacsha256_state hmac;
	struct hl_key32 shared;
	struct pair p HL_CLEAN(pair_clear);

	(void)state;
	pair_init(&p);
	assert_ok(hl_knock(&p.key_i, p.key_r.pub, message, a));
	assert_ok(hl_knock(&p.key_r, p.key_i.pub, message, b));
	assert_memory_equal(a, b, sizeof(a));
	/* SPEC link 1.4: The knock is the first 16 bytes of `HMAC(X25519(own link secret, the
	 * other's link key), "HL1/knock" ‖ 00 ‖ message 1)`. */
	assert_ok(hl_knock_key(&p.key_i, p.key_r.pub, &shared));
	crypto_auth_hmacsha256_init(&hmac, shared.b, sizeof(shared.b));
	crypto_auth_hmacsha256_update(&hmac, (const uint8_t *)"HL1/knock\0message 1", 19);
	crypto_auth_hmacsha256_final(&hmac, want);
	assert_memory_equal(a, want, sizeof(a));
	hl_knock_mac(&shared, message, b);
	assert_memory_equal(a, b, sizeof(a));
	hl_knock_mac(&shared, hl_view_str("message 2"), b);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_status(hl_knock(&p.key_i, zero, message, b), HL_BAD_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agree),
		cmocka_unit_test(differences),
		cmocka_unit_test(spoilt_messages),
		cmocka_unit_test(payloads),
		cmocka_unit_test(wrong_turns),
		cmocka_unit_test(psk_is_asked_for),
		cmocka_unit_test(keys_that_give_zeros),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(ciphers),
		cmocka_unit_test(knocks),
	};

	return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}
