#include "noise.h"

#include <string.h>

#include <sodium.h>

/* Noise section 7.1: what a message does, one token after the other. */
enum token {
	END = 0,
	E,
	S,
	EE,
	ES,
	SE,
	PSK,
};

/* XKpsk3 (sections 7.5 and 9.4); plain XK is the same without the last token. */
static const enum token script[3][4] = {
	{E, ES, END},
	{E, EE, END},
	{S, SE, PSK, END},
};

static const char *pattern_name(enum hl_noise_pattern pattern)
{
	switch (pattern) {
	/* SPEC link 1.1: The handshake is `Noise_XKpsk3_25519_ChaChaPoly_SHA256`. */
	case HL_NOISE_XKPSK3: return "Noise_XKpsk3_25519_ChaChaPoly_SHA256";
	case HL_NOISE_XK: return "Noise_XK_25519_ChaChaPoly_SHA256";
	}
	return "";
}

/* The nonce of section 12.3: four zero bytes and the number, little-endian. */
static void nonce_of(uint64_t n, uint8_t ret[static 12])
{
	memset(ret, 0, 4);
	for (size_t i = 0; i < 8; i++)
		ret[4 + i] = (uint8_t)(n >> (8 * i));
}

static void aead_seal(
	const uint8_t *k, uint64_t n, struct hl_view ad, struct hl_view pt, uint8_t *ret)
{
	uint8_t nonce[12];

	nonce_of(n, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(
		ret, NULL, pt.p, pt.n, ad.p, ad.n, NULL, nonce, k);
}

static bool aead_open(
	const uint8_t *k, uint64_t n, struct hl_view ad, struct hl_view ct, uint8_t *ret)
{
	uint8_t nonce[12], none;

	if (ct.n < HL_TAG_SIZE)
		return false;
	nonce_of(n, nonce);
	return crypto_aead_chacha20poly1305_ietf_decrypt(ct.n > HL_TAG_SIZE ? ret : &none,
		       NULL, NULL, ct.p, ct.n, ad.p, ad.n, nonce, k) == 0;
}

/* The symmetric state (section 5.2). */

static void mix_hash(struct hl_noise *noise, struct hl_view data)
{
	struct hl_view parts[] = {HL_VIEW(noise->h), data};
	struct hl_id h;

	hl_sha256(parts, 2, &h);
	memcpy(noise->h, h.b, sizeof(h.b));
}

/* HKDF with the chaining key as salt: n keys, the first of them the new chaining key. */
static void mix(struct hl_noise *noise, struct hl_view ikm, uint8_t *ret, size_t n)
{
	struct hl_key32 prk HL_CLEAN_KEY32;

	hl_hkdf_extract(HL_VIEW(noise->ck.b), &ikm, 1, &prk);
	/* Two or three keys are far below the limit, which is the only way to fail. */
	(void)!hl_hkdf_expand(&prk, NULL, 0, n * HL_HASH_SIZE, ret);
}

static void mix_key(struct hl_noise *noise, struct hl_view ikm)
{
	uint8_t keys[2 * HL_HASH_SIZE];

	mix(noise, ikm, keys, 2);
	memcpy(noise->ck.b, keys, HL_HASH_SIZE);
	memcpy(noise->k.b, keys + HL_HASH_SIZE, HL_HASH_SIZE);
	noise->has_key = true;
	noise->n = 0;
	hl_wipe(keys, sizeof(keys));
}

static void mix_key_and_hash(struct hl_noise *noise, struct hl_view ikm)
{
	uint8_t keys[3 * HL_HASH_SIZE];

	mix(noise, ikm, keys, 3);
	memcpy(noise->ck.b, keys, HL_HASH_SIZE);
	mix_hash(noise, hl_view_of(keys + HL_HASH_SIZE, HL_HASH_SIZE));
	memcpy(noise->k.b, keys + 2 * (size_t)HL_HASH_SIZE, HL_HASH_SIZE);
	noise->has_key = true;
	noise->n = 0;
	hl_wipe(keys, sizeof(keys));
}

/* Appends to a buffer that has the room. In this pattern a key stands before anything is sealed. */
static void seal_and_hash(struct hl_noise *noise, struct hl_view pt, struct hl_buf *ret)
{
	uint8_t *at = ret->p + ret->n;

	aead_seal(noise->k.b, noise->n++, HL_VIEW(noise->h), pt, at);
	mix_hash(noise, hl_view_of(at, pt.n + HL_TAG_SIZE));
	ret->n += pt.n + HL_TAG_SIZE;
}

static bool open_and_hash(struct hl_noise *noise, struct hl_view ct, uint8_t *ret)
{
	if (!aead_open(noise->k.b, noise->n++, HL_VIEW(noise->h), ct, ret))
		return false;
	mix_hash(noise, ct);
	return true;
}

/* The handshake (section 5.3). */

enum hl_status hl_noise_init(struct hl_noise *noise, enum hl_noise_pattern pattern,
	bool initiator, struct hl_view prologue, const struct hl_dh_key *own,
	const uint8_t *remote, const struct hl_key32 *ephemeral)
{
	struct hl_view name = hl_view_str(pattern_name(pattern));
	enum hl_status status;
	struct hl_id h = {0};

	memset(noise, 0, sizeof(*noise));
	if (initiator != (remote != NULL) || !own->sk.p) {
		noise->failed = true;
		return HL_ERR_USAGE;
	}
	if (name.n <= sizeof(h.b))
		memcpy(h.b, name.p, name.n);
	else
		hl_sha256(&name, 1, &h);
	memcpy(noise->h, h.b, sizeof(h.b));
	memcpy(noise->ck.b, h.b, sizeof(h.b));
	noise->pattern = pattern;
	noise->initiator = initiator;
	noise->own = own;
	noise->e = *ephemeral;
	status = hl_pk_dh_base(noise->e.b, noise->e_pub);
	if (status != HL_OK) {
		hl_noise_clear(noise);
		noise->failed = true;
		return status;
	}
	if (initiator)
		memcpy(noise->remote, remote, HL_KEY_SIZE);
	mix_hash(noise, prologue);
	/* The responder's static key is known before the first message. */
	mix_hash(noise, hl_view_of(initiator ? noise->remote : own->pub, HL_KEY_SIZE));
	return HL_OK;
}

void hl_noise_clear(struct hl_noise *noise)
{
	if (noise)
		hl_wipe(noise, sizeof(*noise));
}

void hl_noise_set_psk(struct hl_noise *noise, const uint8_t psk[static HL_KEY_SIZE])
{
	memcpy(noise->psk.b, psk, HL_KEY_SIZE);
	noise->has_psk = true;
}

/* A shared secret into the state: of the secret half (own static or ephemeral) and the other's. */
static enum hl_status mix_dh(
	struct hl_noise *noise, const uint8_t *sk, const uint8_t *pub)
{
	struct hl_key32 shared HL_CLEAN_KEY32;
	enum hl_status status = hl_pk_dh(sk, pub, shared.b);

	if (status == HL_OK)
		mix_key(noise, HL_VIEW(shared.b));
	return status;
}

/* The tokens that are the same in both directions. */
static enum hl_status mix_token(struct hl_noise *noise, enum token token)
{
	const uint8_t *e = noise->e.b, *s = noise->own->sk.p;
	const uint8_t *re = noise->remote_e, *rs = noise->remote;
	bool initiator = noise->initiator;

	switch (token) {
	case EE: return mix_dh(noise, e, re);
	case ES: return initiator ? mix_dh(noise, e, rs) : mix_dh(noise, s, re);
	case SE: return initiator ? mix_dh(noise, s, re) : mix_dh(noise, e, rs);
	case PSK:
		if (noise->pattern == HL_NOISE_XKPSK3)
			mix_key_and_hash(noise, HL_VIEW(noise->psk.b));
		return HL_OK;
	case END:
	case E:
	case S: break;
	}
	return HL_ERR_INTERNAL;
}

static void mix_ephemeral(struct hl_noise *noise, const uint8_t *pub)
{
	mix_hash(noise, hl_view_of(pub, HL_KEY_SIZE));
	/* Section 9.2: in a handshake with a PSK the ephemerals go into the key as well. */
	if (noise->pattern == HL_NOISE_XKPSK3)
		mix_key(noise, hl_view_of(pub, HL_KEY_SIZE));
}

static bool my_turn(const struct hl_noise *noise, bool writing)
{
	bool initiators = noise->done % 2 == 0;
	bool psk_missing =
		noise->done == 2 && noise->pattern == HL_NOISE_XKPSK3 && !noise->has_psk;

	return !noise->failed && noise->own && noise->done < 3 && !psk_missing &&
		(initiators == noise->initiator) == writing;
}

static enum hl_status write_token(
	struct hl_noise *noise, enum token token, struct hl_buf *ret)
{
	if (token == E) {
		memcpy(ret->p + ret->n, noise->e_pub, HL_KEY_SIZE);
		ret->n += HL_KEY_SIZE;
		mix_ephemeral(noise, noise->e_pub);
		return HL_OK;
	}
	if (token == S) {
		seal_and_hash(noise, HL_VIEW(noise->own->pub), ret);
		return HL_OK;
	}
	return mix_token(noise, token);
}

static enum hl_status write_message(
	struct hl_noise *noise, struct hl_view payload, struct hl_buf *ret)
{
	enum hl_status status;

	if (payload.n > HL_NOISE_MESSAGE_MAX - HL_NOISE_MESSAGE_3)
		return HL_ERR_USAGE;
	status = hl_buf_reserve(ret, payload.n + HL_NOISE_MESSAGE_3);
	if (status != HL_OK)
		return status;
	for (const enum token *token = script[noise->done]; *token != END; token++) {
		status = write_token(noise, *token, ret);
		if (status != HL_OK)
			return status;
	}
	seal_and_hash(noise, payload, ret);
	return HL_OK;
}

/* A message passed, or the handshake is over. */
static enum hl_status advance(struct hl_noise *noise, enum hl_status status)
{
	if (status == HL_OK) {
		noise->done++;
	} else {
		hl_noise_clear(noise);
		noise->failed = true;
	}
	return status;
}

enum hl_status hl_noise_write(
	struct hl_noise *noise, struct hl_view payload, struct hl_buf *ret)
{
	enum hl_status status = HL_ERR_USAGE;
	size_t start = ret->n;

	if (my_turn(noise, true))
		status = write_message(noise, payload, ret);
	if (status != HL_OK)
		ret->n = start;
	return advance(noise, status);
}

static enum hl_status read_token(
	struct hl_noise *noise, enum token token, struct hl_view *message)
{
	size_t n = token == E ? HL_KEY_SIZE : token == S ? HL_KEY_SIZE + HL_TAG_SIZE : 0;
	const uint8_t *p = message->p;

	if (message->n < n)
		return HL_BAD_HANDSHAKE;
	message->p += n;
	message->n -= n;
	if (token == E) {
		memcpy(noise->remote_e, p, HL_KEY_SIZE);
		mix_ephemeral(noise, p);
		return HL_OK;
	}
	if (token == S)
		return open_and_hash(noise, hl_view_of(p, n), noise->remote)
			? HL_OK
			: HL_BAD_HANDSHAKE;
	return mix_token(noise, token) == HL_OK ? HL_OK : HL_BAD_HANDSHAKE;
}

static enum hl_status read_message(
	struct hl_noise *noise, struct hl_view message, struct hl_buf *ret)
{
	enum hl_status status;
	size_t n;

	for (const enum token *token = script[noise->done]; *token != END; token++) {
		status = read_token(noise, *token, &message);
		if (status != HL_OK)
			return status;
	}
	if (message.n < HL_TAG_SIZE)
		return HL_BAD_HANDSHAKE;
	n = message.n - HL_TAG_SIZE;
	if (!ret)
		return n == 0 && open_and_hash(noise, message, NULL) ? HL_OK
								     : HL_BAD_HANDSHAKE;
	status = hl_buf_reserve(ret, n);
	if (status != HL_OK)
		return status;
	if (!open_and_hash(noise, message, n > 0 ? ret->p + ret->n : NULL))
		return HL_BAD_HANDSHAKE;
	ret->n += n;
	return HL_OK;
}

enum hl_status hl_noise_read(
	struct hl_noise *noise, struct hl_view message, struct hl_buf *ret)
{
	enum hl_status status = HL_ERR_USAGE;

	if (my_turn(noise, false))
		status = message.n > HL_NOISE_MESSAGE_MAX
			? HL_BAD_HANDSHAKE
			: read_message(noise, message, ret);
	return advance(noise, status);
}

bool hl_noise_done(const struct hl_noise *noise)
{
	return !noise->failed && noise->done == 3;
}

const uint8_t *hl_noise_remote(const struct hl_noise *noise)
{
	return !noise->failed && (noise->initiator || noise->done == 3) ? noise->remote
									: NULL;
}

enum hl_status hl_noise_split(struct hl_noise *noise, struct hl_session *ret)
{
	struct hl_secret keys = {0};
	enum hl_status status;
	uint8_t *first;

	if (!hl_noise_done(noise))
		return HL_ERR_USAGE;
	status = hl_secret_new(2 * HL_KEY_SIZE, &keys);
	if (status != HL_OK)
		return status;
	mix(noise, hl_view_of(NULL, 0), keys.p, 2);
	first = keys.p;
	*ret = (struct hl_session){.keys = keys};
	/* SPEC link 1.7: the initiator sends with the first key. */
	ret->send.k = noise->initiator ? first : first + HL_KEY_SIZE;
	ret->recv.k = noise->initiator ? first + HL_KEY_SIZE : first;
	memcpy(ret->hash, noise->h, sizeof(ret->hash));
	hl_noise_clear(noise);
	return HL_OK;
}

/* After the handshake. */

void hl_session_clear(struct hl_session *session)
{
	if (!session)
		return;
	hl_secret_clear(&session->keys);
	hl_wipe(session, sizeof(*session));
}

enum hl_status hl_cipher_seal(struct hl_cipher *cipher, struct hl_view pt, uint8_t *ret)
{
	if (!cipher->k || cipher->n == UINT64_MAX)
		return HL_ERR_USAGE;
	aead_seal(cipher->k, cipher->n++, hl_view_of(NULL, 0), pt, ret);
	return HL_OK;
}

enum hl_status hl_cipher_open(struct hl_cipher *cipher, struct hl_view ct, uint8_t *ret)
{
	if (!cipher->k || cipher->n == UINT64_MAX)
		return HL_ERR_USAGE;
	if (!aead_open(cipher->k, cipher->n, hl_view_of(NULL, 0), ct, ret))
		return HL_BAD_OPEN;
	cipher->n++;
	return HL_OK;
}

void hl_cipher_rekey(struct hl_cipher *cipher)
{
	static const uint8_t zeros[HL_KEY_SIZE];
	uint8_t sealed[HL_KEY_SIZE + HL_TAG_SIZE];

	aead_seal(cipher->k, UINT64_MAX, hl_view_of(NULL, 0), HL_VIEW(zeros), sealed);
	memcpy(cipher->k, sealed, HL_KEY_SIZE);
	hl_wipe(sealed, sizeof(sealed));
}

enum hl_status hl_knock_key(const struct hl_dh_key *own,
	const uint8_t remote[static HL_KEY_SIZE], struct hl_key32 *ret)
{
	return hl_dh(own, remote, ret);
}

void hl_knock_mac(const struct hl_key32 *key, struct hl_view message,
	uint8_t ret[static HL_KNOCK_SIZE])
{
	static const char label[] = "HL1/knock"; /* its NUL included */
	/* SPEC link 1.4: The knock is the first 16 bytes of `HMAC(X25519(own link secret, the
	 * other's link key), "HL1/knock" ‖ 00 ‖ message 1)`. */
	struct hl_view parts[] = {HL_VIEW(label), message};
	uint8_t mac[HL_HASH_SIZE];

	hl_hmac(HL_VIEW(key->b), parts, 2, mac);
	memcpy(ret, mac, HL_KNOCK_SIZE);
	hl_wipe(mac, sizeof(mac));
}

enum hl_status hl_knock(const struct hl_dh_key *own,
	const uint8_t remote[static HL_KEY_SIZE], struct hl_view message,
	uint8_t ret[static HL_KNOCK_SIZE])
{
	struct hl_key32 key HL_CLEAN_KEY32;
	enum hl_status status = hl_knock_key(own, remote, &key);

	if (status == HL_OK)
		hl_knock_mac(&key, message, ret);
	return status;
}
