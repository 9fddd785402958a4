/*
 * The handshake of a link (spec/link.md): Noise_XKpsk3_25519_ChaChaPoly_SHA256, revision 34 of the
 * Noise Protocol Framework, as pure functions on messages; and the two ciphers it ends in.
 *
 *	initiator	write 1 (48 bytes)	read 2 (48)	write 3 (64)	split
 *	responder	read 1			write 2		read 3		split
 *
 * Payloads are empty in this protocol; the functions carry them because the public test vectors do.
 */
#ifndef HL_NOISE_H
#define HL_NOISE_H

#include "hash.h"
#include "keys.h"

/* Sizes with empty payloads. */
#define HL_NOISE_MESSAGE_1 48
#define HL_NOISE_MESSAGE_2 48
#define HL_NOISE_MESSAGE_3 64

enum hl_noise_pattern {
	HL_NOISE_XKPSK3, /* the protocol's */
	HL_NOISE_XK,     /* the same without PSK: for comparing with public vectors */
};

/* One direction: a key that is kept in the session's secret, and the number of the next message. */
struct hl_cipher {
	uint8_t *k;
	uint64_t n;
};

/* What a finished handshake leaves: both directions and the handshake hash. May be moved. */
struct hl_session {
	struct hl_secret keys;
	struct hl_cipher send, recv;
	uint8_t hash[HL_HASH_SIZE];
};

/* A handshake under way. All zeros is none; hl_noise_clear wipes it. */
struct hl_noise {
	enum hl_noise_pattern pattern;
	bool initiator, has_psk, has_key, failed;
	unsigned done; /* messages so far */
	const struct hl_dh_key *own;
	uint8_t remote[HL_KEY_SIZE], remote_e[HL_KEY_SIZE], e_pub[HL_KEY_SIZE];
	struct hl_key32 e, ck, k, psk;
	uint64_t n;
	uint8_t h[HL_HASH_SIZE];
};

#define HL_CLEAN_NOISE   HL_CLEAN(hl_noise_clear)
#define HL_CLEAN_SESSION HL_CLEAN(hl_session_clear)

/*
 * Begins. own is borrowed and must outlive the handshake; remote is the responder's static key for
 * an initiator and NULL for a responder; ephemeral is 32 fresh secret bytes for this one handshake.
 * HL_ERR_USAGE where remote does not fit the side, HL_ERR_INTERNAL.
 */
HL_MUST HL_API enum hl_status hl_noise_init(struct hl_noise *noise,
	enum hl_noise_pattern pattern, bool initiator, struct hl_view prologue,
	const struct hl_dh_key *own, const uint8_t *remote,
	const struct hl_key32 *ephemeral);

/* Wipes. Takes NULL and a half-made object. */
HL_API void hl_noise_clear(struct hl_noise *noise);

/* Gives the pre-shared key: at any time before message 3 is written or read. Without one that
 * message is HL_ERR_USAGE (two labs without a PSK give 32 zero bytes). */
HL_API void hl_noise_set_psk(
	struct hl_noise *noise, const uint8_t psk[static HL_KEY_SIZE]);

/* Appends the next message to ret. HL_ERR_USAGE when it is not this side's turn, HL_BAD_KEY where
 * a key of the peer gives zeros, HL_ERR_NOMEM. Any failure ends the handshake. */
HL_MUST HL_API enum hl_status hl_noise_write(
	struct hl_noise *noise, struct hl_view payload, struct hl_buf *ret);

/* Takes the peer's next message in and appends its payload to ret (NULL: it must be empty, or
 * HL_BAD_HANDSHAKE). HL_BAD_HANDSHAKE for whatever is wrong with the message. Any failure ends
 * the handshake. */
HL_MUST HL_API enum hl_status hl_noise_read(
	struct hl_noise *noise, struct hl_view message, struct hl_buf *ret);

/* True when all three messages have passed. */
HL_API bool hl_noise_done(const struct hl_noise *noise);

/* The peer's static key: the initiator's from the start, the responder's once message 3 was read;
 * NULL before. Borrowed. */
HL_API const uint8_t *hl_noise_remote(const struct hl_noise *noise);

/* Ends a finished handshake: the session of this side. The handshake is wiped.
 * HL_ERR_USAGE before the end, HL_ERR_NOMEM. */
HL_MUST HL_API enum hl_status hl_noise_split(
	struct hl_noise *noise, struct hl_session *ret);

/* Wipes and frees. Takes NULL and an empty session. */
HL_API void hl_session_clear(struct hl_session *session);

/* EncryptWithAd and DecryptWithAd with empty associated data. ret takes pt.n + HL_TAG_SIZE or
 * ct.n - HL_TAG_SIZE bytes, apart from the input. HL_BAD_OPEN leaves the cipher as it was;
 * HL_ERR_USAGE when the nonces are used up. */
HL_MUST HL_API enum hl_status hl_cipher_seal(
	struct hl_cipher *cipher, struct hl_view pt, uint8_t *ret);
HL_MUST HL_API enum hl_status hl_cipher_open(
	struct hl_cipher *cipher, struct hl_view ct, uint8_t *ret);

/* Rekey (Noise section 11.3): a new key from the old; the nonce goes on. */
HL_API void hl_cipher_rekey(struct hl_cipher *cipher);

/* The secret under the knock of one pair of labs: X25519 of both static link keys. A node may keep
 * one for each peer. HL_BAD_KEY where it would be zeros. */
HL_MUST HL_API enum hl_status hl_knock_key(const struct hl_dh_key *own,
	const uint8_t remote[static HL_KEY_SIZE], struct hl_key32 *ret);

/* The knock of a first message: the first 16 bytes of HMAC(key, "HL1/knock" NUL ‖ message). */
HL_API void hl_knock_mac(const struct hl_key32 *key, struct hl_view message,
	uint8_t ret[static HL_KNOCK_SIZE]);

/* Both in one. HL_BAD_KEY. */
HL_MUST HL_API enum hl_status hl_knock(const struct hl_dh_key *own,
	const uint8_t remote[static HL_KEY_SIZE], struct hl_view message,
	uint8_t ret[static HL_KNOCK_SIZE]);

#endif
