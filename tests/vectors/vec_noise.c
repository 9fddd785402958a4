/* The handshake, and the messages after it, against vectors of another implementation. */
#include "tests/vectors/vec.h"

struct side {
	struct hl_dh_key key;
	struct hl_noise noise;
	struct hl_session session;
};

static void side_clear(struct side *side)
{
	hl_noise_clear(&side->noise);
	hl_session_clear(&side->session);
	hl_dh_key_clear(&side->key);
}

static void side_init(struct side *side, const json_t *v, bool initiator)
{
	bool psk = strstr(vec_str(v, "protocol_name"), "psk3") != NULL;
	struct hl_buf prologue HL_CLEAN_BUF =
		vec_hex(v, initiator ? "init_prologue" : "resp_prologue");
	struct hl_key32 s = vec_key(v, initiator ? "init_static" : "resp_static");
	struct hl_key32 e = vec_key(v, initiator ? "init_ephemeral" : "resp_ephemeral");
	struct hl_key32 rs = vec_key(v, "init_remote_static");

	*side = (struct side){0};
	assert_ok(hl_dh_key_from_secret(HL_VIEW(s.b), &side->key));
	assert_ok(hl_noise_init(&side->noise, psk ? HL_NOISE_XKPSK3 : HL_NOISE_XK,
		initiator, hl_view_buf(&prologue), &side->key, initiator ? rs.b : NULL,
		&e));
	if (psk) {
		const json_t *psks = vec_get(v, initiator ? "init_psks" : "resp_psks");

		s = unit_key(json_string_value(json_array_get(psks, 0)));
		hl_noise_set_psk(&side->noise, s.b);
	}
}

static void handshake_message(const json_t *m, struct hl_noise *from, struct hl_noise *to)
{
	struct hl_buf payload HL_CLEAN_BUF = vec_hex(m, "payload");
	struct hl_buf sent HL_CLEAN_BUF = {0}, got HL_CLEAN_BUF = {0};

	assert_ok(hl_noise_write(from, hl_view_buf(&payload), &sent));
	assert_hex(hl_view_buf(&sent), vec_str(m, "ciphertext"));
	assert_ok(hl_noise_read(to, hl_view_buf(&sent), &got));
	assert_view(hl_view_buf(&got), hl_view_buf(&payload));
}

static void transport_message(
	const json_t *m, struct hl_cipher *from, struct hl_cipher *to)
{
	struct hl_buf payload HL_CLEAN_BUF = vec_hex(m, "payload");
	uint8_t ct[256], pt[256];
	size_t n = payload.n + HL_TAG_SIZE;

	assert_true(n <= sizeof(ct));
	assert_ok(hl_cipher_seal(from, hl_view_buf(&payload), ct));
	assert_hex(hl_view_of(ct, n), vec_str(m, "ciphertext"));
	assert_ok(hl_cipher_open(to, hl_view_of(ct, n), pt));
	assert_view(hl_view_of(pt, payload.n), hl_view_buf(&payload));
}

static void run(const json_t *v)
{
	struct side i HL_CLEAN(side_clear), r HL_CLEAN(side_clear);
	const json_t *messages = vec_get(v, "messages"), *m;
	size_t n;

	side_init(&i, v, true);
	side_init(&r, v, false);
	assert_int_equal(json_array_size(messages), 6);
	json_array_foreach(messages, n, m)
	{
		bool from_i = n % 2 == 0;

		if (n < 3) {
			handshake_message(m, from_i ? &i.noise : &r.noise,
				from_i ? &r.noise : &i.noise);
			continue;
		}
		if (n == 3) {
			assert_ok(hl_noise_split(&i.noise, &i.session));
			assert_ok(hl_noise_split(&r.noise, &r.session));
			assert_hex(HL_VIEW(i.session.hash), vec_str(v, "handshake_hash"));
			assert_hex(HL_VIEW(r.session.hash), vec_str(v, "handshake_hash"));
		}
		transport_message(m, from_i ? &i.session.send : &r.session.send,
			from_i ? &r.session.recv : &i.session.recv);
	}
}

static void suite(const char *name)
{
	json_t *file = vec_load("noise.json");
	const json_t *v;
	unsigned ran = 0;
	size_t i;

	json_array_foreach(vec_get(file, "vectors"), i,
		v) if (strcmp(vec_str(v, "protocol_name"), name) == 0)
	{
		run(v);
		ran++;
	}
	assert_int_equal(ran, 1);
	json_decref(file);
}

static void xk(void **state)
{
	(void)state;
	suite("Noise_XK_25519_ChaChaPoly_SHA256");
}

static void xkpsk3(void **state)
{
	(void)state;
	suite("Noise_XKpsk3_25519_ChaChaPoly_SHA256");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xk),
		cmocka_unit_test(xkpsk3),
	};

	vec_start(argc, argv);
	return cmocka_run_group_tests_name("noise vectors", tests, NULL, NULL);
}
