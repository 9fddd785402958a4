#include "keys.h"

#include <string.h>

#include "hash.h"

/* Up to here what is signed is put together on the stack. */
#define STACK_MESSAGE 1024

static enum hl_status sign_key_of_seed(const uint8_t *seed, struct hl_sign_key *ret)
{
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	enum hl_status status = hl_secret_new(HL_PK_SIGN_SECRET, &key.sk);

	if (status == HL_OK)
		status = hl_pk_sign_keypair(seed, key.pub, key.sk.p);
	if (status != HL_OK)
		return status;
	memcpy(ret->pub, key.pub, sizeof(key.pub));
	ret->sk = hl_secret_steal(&key.sk);
	return HL_OK;
}

static enum hl_status dh_key_of_secret(const uint8_t *sk, struct hl_dh_key *ret)
{
	struct hl_dh_key key HL_CLEAN_DH_KEY = {0};
	enum hl_status status = hl_secret_copy(hl_view_of(sk, HL_KEY_SIZE), &key.sk);

	if (status == HL_OK)
		status = hl_pk_dh_base(key.sk.p, key.pub);
	if (status != HL_OK)
		return status;
	memcpy(ret->pub, key.pub, sizeof(key.pub));
	ret->sk = hl_secret_steal(&key.sk);
	return HL_OK;
}

enum hl_status hl_sign_key_generate(
	const struct hl_entropy *entropy, struct hl_sign_key *ret)
{
	struct hl_key32 seed HL_CLEAN_KEY32;
	enum hl_status status = hl_entropy_fill(entropy, seed.b, sizeof(seed.b));

	return status == HL_OK ? sign_key_of_seed(seed.b, ret) : status;
}

enum hl_status hl_dh_key_generate(const struct hl_entropy *entropy, struct hl_dh_key *ret)
{
	struct hl_key32 sk HL_CLEAN_KEY32;
	enum hl_status status = hl_entropy_fill(entropy, sk.b, sizeof(sk.b));

	return status == HL_OK ? dh_key_of_secret(sk.b, ret) : status;
}

enum hl_status hl_sign_key_from_secret(struct hl_view seed, struct hl_sign_key *ret)
{
	return seed.n == HL_PK_SEED_SIZE ? sign_key_of_seed(seed.p, ret) : HL_BAD_KEY;
}

enum hl_status hl_dh_key_from_secret(struct hl_view sk, struct hl_dh_key *ret)
{
	return sk.n == HL_KEY_SIZE ? dh_key_of_secret(sk.p, ret) : HL_BAD_KEY;
}

struct hl_view hl_sign_key_seed(const struct hl_sign_key *key)
{
	return hl_view_of(key->sk.p, key->sk.p ? HL_PK_SEED_SIZE : 0);
}

void hl_sign_key_clear(struct hl_sign_key *key)
{
	if (!key)
		return;
	hl_secret_clear(&key->sk);
	memset(key->pub, 0, sizeof(key->pub));
}

void hl_dh_key_clear(struct hl_dh_key *key)
{
	if (!key)
		return;
	hl_secret_clear(&key->sk);
	memset(key->pub, 0, sizeof(key->pub));
}

/* What is signed, in one piece as Ed25519 wants it: on the stack if short, else on the heap. */
struct signed_text {
	uint8_t stack[STACK_MESSAGE];
	struct hl_buf heap;
	struct hl_view view;
};

static void signed_text_clear(struct signed_text *text)
{
	hl_buf_clear(&text->heap);
}

static enum hl_status signed_text_make(const char *tag, const struct hl_id *net,
	struct hl_view msg, struct signed_text *ret)
{
	size_t tag_n = strlen(tag) + 1;
	size_t head = 4 + tag_n + sizeof(net->b);
	uint8_t *p = ret->stack;
	enum hl_status status;

	if (head > sizeof(ret->stack))
		return HL_ERR_USAGE;
	if (msg.n > sizeof(ret->stack) - head) {
		if (msg.n > SIZE_MAX - head)
			return HL_ERR_NOMEM;
		status = hl_buf_reserve(&ret->heap, head + msg.n);
		if (status != HL_OK)
			return status;
		p = ret->heap.p;
	}
	/* SPEC hashes 1.4: A *signature* is Ed25519 over `"HL1/" ‖ tag ‖ 00 ‖ net_id ‖ m` */
	memcpy(p, "HL1/", 4);
	memcpy(p + 4, tag, tag_n);
	memcpy(p + 4 + tag_n, net->b, sizeof(net->b));
	if (msg.n > 0)
		memcpy(p + head, msg.p, msg.n);
	ret->view = hl_view_of(p, head + msg.n);
	return HL_OK;
}

enum hl_status hl_sign(const char *tag, const struct hl_id *net, struct hl_view msg,
	const struct hl_sign_key *key, uint8_t ret_sig[static HL_SIG_SIZE])
{
	struct signed_text text HL_CLEAN(signed_text_clear);
	enum hl_status status;

	text.heap = (struct hl_buf){0};
	if (!key->sk.p)
		return HL_ERR_USAGE;
	status = signed_text_make(tag, net, msg, &text);
	return status == HL_OK ? hl_pk_sign(key->sk.p, text.view, ret_sig) : status;
}

enum hl_status hl_verify(const char *tag, const struct hl_id *net, struct hl_view msg,
	const uint8_t pub[static HL_KEY_SIZE], const uint8_t sig[static HL_SIG_SIZE])
{
	struct signed_text text HL_CLEAN(signed_text_clear);
	enum hl_status status;

	text.heap = (struct hl_buf){0};
	status = signed_text_make(tag, net, msg, &text);
	return status == HL_OK ? hl_pk_verify(pub, text.view, sig) : status;
}

enum hl_status hl_sign_key_check(const uint8_t pub[static HL_KEY_SIZE])
{
	/* SPEC hashes 1.5: Every enrolled Ed25519 key MUST be a canonical point of the prime-order
	 * subgroup. */
	return hl_pk_sign_valid(pub) ? HL_OK : HL_BAD_KEY;
}

enum hl_status hl_dh(const struct hl_dh_key *own, const uint8_t pub[static HL_KEY_SIZE],
	struct hl_key32 *ret)
{
	return own->sk.p ? hl_pk_dh(own->sk.p, pub, ret->b) : HL_ERR_USAGE;
}

void hl_key_id(const struct hl_id *net, enum hl_key_role role,
	const uint8_t pub[static HL_KEY_SIZE], struct hl_id *ret)
{
	/* SPEC hashes 1.7: The *key id* is `H("key", role ‖ key)` with the role in one byte */
	uint8_t number = (uint8_t)role;
	struct hl_view parts[] = {{&number, 1}, {pub, HL_KEY_SIZE}};

	hl_hash("key", net, parts, 2, ret);
}
