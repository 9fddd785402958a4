#include "envelope.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "envelope_inner.h"
#include "hash.h"

/* A letter while it is sealed. Everything secret in it is wiped by letter_clear. */
struct letter {
	struct hl_core core;
	struct hl_id labs[HL_LABS_MAX];
	struct hl_buf recipients, plain, core_bytes, ct, signed_bytes;
	struct hl_buf slips[HL_LABS_MAX];
	struct hl_id slip_hashes[HL_LABS_MAX];
	struct hl_id core_hash, id;
	uint8_t kcom[32];
	struct hl_key32 kenc;
	struct hl_sig sig;
	size_t dropped;
};

#define CLEAN_LETTER HL_CLEAN(letter_clear)

static void letter_clear(struct letter *letter)
{
	hl_buf_clear(&letter->recipients);
	hl_buf_clear(&letter->plain);
	hl_buf_clear(&letter->core_bytes);
	hl_buf_clear(&letter->ct);
	hl_buf_clear(&letter->signed_bytes);
	for (size_t i = 0; i < HL_LABS_MAX; i++)
		hl_buf_clear(&letter->slips[i]);
	hl_key32_clear(&letter->kenc);
}

static int compare_readers(const void *a, const void *b)
{
	return hl_reader_cmp(a, b);
}

/* envelope 1.1 and 1.2 */
static enum hl_status make_recipients(struct letter *letter, struct hl_sealing *sealing)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_reader *readers = sealing->readers;
	size_t n = sealing->n_readers;
	enum hl_status status;

	if (n == 0 || n > HL_READERS_MAX)
		return HL_BAD_RECIPIENTS;
	qsort(readers, n, sizeof(*readers), compare_readers);
	status = hl_readers_labs(readers, n, letter->labs, &letter->core.n_labs);
	if (status != HL_OK)
		return HL_BAD_RECIPIENTS;
	letter->core.labs = letter->labs;
	hl_out_array(&out, 2);
	hl_out_bin(&out, HL_VIEW(sealing->salt));
	hl_out_array(&out, n);
	for (size_t i = 0; i < n; i++) {
		hl_out_array(&out, 4);
		hl_out_id(&out, &readers[i].lab);
		hl_out_id(&out, &readers[i].kid);
		hl_out_uint(&out, readers[i].epoch);
		hl_out_bin(&out, HL_VIEW(readers[i].key));
	}
	status = hl_out_finish(&out, &letter->recipients);
	if (status == HL_OK)
		hl_hash1("recipients", &letter->core.net,
			hl_view_buf(&letter->recipients), &letter->core.recipients);
	return status;
}

/* envelope 1.9: the plaintext with its padding. */
static enum hl_status make_plain(struct letter *letter, struct hl_view message)
{
	static const uint8_t mark = 0x80;
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf *plain = &letter->plain;
	size_t bucket = HL_PAYLOAD_MIN;
	enum hl_status status;

	if (message.n > HL_PAYLOAD_MAX)
		return HL_BAD_SIZE;
	hl_out_array(&out, 2);
	hl_out_bin(&out, hl_view_buf(&letter->recipients));
	hl_out_bin(&out, message);
	status = hl_out_finish(&out, plain);
	if (status != HL_OK)
		return status;
	while (bucket <= plain->n)
		bucket *= 2;
	if (bucket > HL_PAYLOAD_MAX)
		return HL_BAD_SIZE;
	status = hl_buf_reserve(plain, bucket - plain->n);
	if (status != HL_OK)
		return status;
	plain->p[plain->n] = mark;
	memset(plain->p + plain->n + 1, 0, bucket - plain->n - 1);
	plain->n = bucket;
	letter->core.ct_size = bucket + HL_TAG_SIZE;
	return HL_OK;
}

static void out_optional_id(struct hl_out *out, bool has, const struct hl_id *id)
{
	if (has)
		hl_out_id(out, id);
	else
		hl_out_nil(out);
}

/* envelope 1.3 */
static enum hl_status make_core(struct letter *letter)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	const struct hl_core *core = &letter->core;
	enum hl_status status = hl_core_check(core);

	if (status != HL_OK)
		return status;
	hl_out_array(&out, 17);
	hl_out_uint(&out, 1);
	hl_out_uint(&out, 1);
	hl_out_id(&out, &core->net);
	hl_out_id(&out, &core->lab);
	hl_out_id(&out, &core->sender);
	hl_out_uint(&out, core->card_version);
	out_optional_id(&out, core->has_incident, &core->incident);
	out_optional_id(&out, core->has_answers, &core->answers);
	hl_out_uint(&out, core->class);
	hl_out_uint(&out, core->status);
	hl_out_uint(&out, core->precedence);
	hl_out_uint(&out, core->created);
	hl_out_uint(&out, core->lifetime);
	hl_out_uint(&out, core->answer_within);
	hl_out_id(&out, &core->recipients);
	hl_out_uint(&out, core->ct_size);
	hl_out_array(&out, core->n_labs);
	for (size_t i = 0; i < core->n_labs; i++)
		hl_out_id(&out, &core->labs[i]);
	status = hl_out_finish(&out, &letter->core_bytes);
	if (status == HL_OK)
		hl_hash1("core", &core->net, hl_view_buf(&letter->core_bytes),
			&letter->core_hash);
	return status;
}

/* envelope 1.8 and 1.10 */
static enum hl_status make_ct(struct letter *letter, const struct hl_key32 *ck)
{
	static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	uint8_t ad[64];
	enum hl_status status = hl_buf_reserve(&letter->ct, letter->core.ct_size);

	if (status != HL_OK)
		return status;
	hl_letter_keys(ck, &letter->core_hash, letter->kcom, &letter->kenc);
	memcpy(ad, letter->core_hash.b, 32);
	memcpy(ad + 32, letter->kcom, 32);
	crypto_aead_chacha20poly1305_ietf_encrypt(letter->ct.p, NULL, letter->plain.p,
		letter->plain.n, ad, sizeof(ad), NULL, nonce, letter->kenc.b);
	letter->ct.n = letter->core.ct_size;
	return HL_OK;
}

/* envelope 1.11 and 1.12 */
static enum hl_status make_slips(struct letter *letter, const struct hl_sealing *sealing)
{
	struct hl_binding binding = {&sealing->ck, &letter->core_hash, letter->kcom};
	const struct hl_reader *readers = sealing->readers;
	size_t left = sealing->n_readers;
	enum hl_status status;

	for (size_t i = 0; i < letter->core.n_labs; i++) {
		size_t n = hl_readers_run(readers, left);

		status = hl_slip_make(
			&binding, readers, n, &letter->dropped, &letter->slips[i]);
		if (status != HL_OK)
			return status;
		hl_hash1("slip", &letter->core.net, hl_view_buf(&letter->slips[i]),
			&letter->slip_hashes[i]);
		readers += n;
		left -= n;
	}
	return HL_OK;
}

/* envelope 1.13 and 1.14 */
static enum hl_status make_signed(struct letter *letter, const struct hl_sign_key *key)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	const struct hl_core *core = &letter->core;
	struct hl_id ct_hash;
	enum hl_status status;

	hl_hash1("ct", &core->net, hl_view_buf(&letter->ct), &ct_hash);
	hl_out_array(&out, 4);
	hl_out_bin(&out, hl_view_buf(&letter->core_bytes));
	hl_out_bin(&out, HL_VIEW(letter->kcom));
	hl_out_id(&out, &ct_hash);
	hl_out_array(&out, core->n_labs);
	for (size_t i = 0; i < core->n_labs; i++)
		hl_out_id(&out, &letter->slip_hashes[i]);
	status = hl_out_finish(&out, &letter->signed_bytes);
	if (status != HL_OK)
		return status;
	hl_hash1("env", &core->net, hl_view_buf(&letter->signed_bytes), &letter->id);
	letter->sig.kid = core->sender;
	return hl_sign("env", &core->net, hl_view_buf(&letter->signed_bytes), key,
		letter->sig.sig);
}

static enum hl_status make_document(const struct letter *letter, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_out_array(&out, 4);
	hl_out_bin(&out, hl_view_buf(&letter->signed_bytes));
	hl_out_sigs(&out, &letter->sig, 1);
	hl_out_bin(&out, hl_view_buf(&letter->ct));
	hl_out_array(&out, letter->core.n_labs);
	for (size_t i = 0; i < letter->core.n_labs; i++)
		hl_out_bin(&out, hl_view_buf(&letter->slips[i]));
	return hl_out_finish(&out, ret);
}

enum hl_status hl_envelope_seal(struct hl_sealing *sealing, struct hl_buf *ret_doc,
	struct hl_id *ret_id, size_t *ret_dropped)
{
	struct letter letter CLEAN_LETTER = {.core = sealing->core};
	struct hl_id kid;
	enum hl_status status;

	hl_key_id(&letter.core.net, HL_ROLE_MEMBER_SIGN, sealing->key->pub, &kid);
	if (!hl_id_eq(&kid, &letter.core.sender))
		hl_key_id(&letter.core.net, HL_ROLE_NODE_SIGN, sealing->key->pub, &kid);
	if (!hl_id_eq(&kid, &letter.core.sender))
		return HL_ERR_USAGE;
	status = make_recipients(&letter, sealing);
	if (status == HL_OK)
		status = make_plain(&letter, sealing->message);
	if (status == HL_OK)
		status = make_core(&letter);
	if (status == HL_OK)
		status = make_ct(&letter, &sealing->ck);
	if (status == HL_OK)
		status = make_slips(&letter, sealing);
	if (status == HL_OK)
		status = make_signed(&letter, sealing->key);
	if (status == HL_OK)
		status = make_document(&letter, ret_doc);
	if (status != HL_OK)
		return status;
	if (ret_id)
		*ret_id = letter.id;
	if (ret_dropped)
		*ret_dropped = letter.dropped;
	return HL_OK;
}
