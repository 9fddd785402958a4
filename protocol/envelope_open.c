#include "envelope.h"

#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "envelope_inner.h"
#include "hpke.h"

/* Opening a letter on a reader's device (envelope 4.1 and 4.2). */

/* Opens the wrap with whichever secret it was made for; the newest is the likeliest. */
static enum hl_status unwrap(const struct hl_envelope *envelope, const struct hl_id *lab,
	const struct hl_id *kid, const uint8_t wrap[static HL_WRAP_SIZE],
	const uint64_t *epochs, const struct hl_dh_key *const *secrets, size_t n,
	struct hl_key32 *ret_ck)
{
	uint8_t info[HL_WRAP_INFO_SIZE];
	enum hl_status status;

	while (n-- > 0) {
		hl_wrap_info(
			&envelope->core_hash, envelope->kcom, lab, kid, epochs[n], info);
		status =
			hl_hpke_open(secrets[n], wrap, HL_VIEW(info), hl_view_of(NULL, 0),
				hl_view_of(wrap + HL_HPKE_ENC_SIZE,
					HL_WRAP_SIZE - HL_HPKE_ENC_SIZE),
				ret_ck->b);
		if (status == HL_OK || hl_status_ours(status))
			return status;
	}
	return HL_BAD_OPEN;
}

/* The commitment first, then the ciphertext: it opens under other keys too (envelope 4.5). */
static enum hl_status decrypt(const struct hl_envelope *envelope,
	const struct hl_key32 *ck, struct hl_buf *ret_padded)
{
	static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	struct hl_key32 kenc HL_CLEAN_KEY32 = {0};
	uint8_t ad[64];
	enum hl_status status;

	memcpy(ad, envelope->core_hash.b, 32);
	hl_letter_keys(ck, &envelope->core_hash, ad + 32, &kenc);
	if (!hl_bytes_eq_secret(ad + 32, envelope->kcom, sizeof(envelope->kcom)))
		return HL_BAD_COMMITMENT;
	if (envelope->ct.n <= HL_TAG_SIZE)
		return HL_BAD_OPEN;
	status = hl_buf_reserve(ret_padded, envelope->ct.n - HL_TAG_SIZE);
	if (status != HL_OK)
		return status;
	ret_padded->n = envelope->ct.n - HL_TAG_SIZE;
	if (crypto_aead_chacha20poly1305_ietf_decrypt(ret_padded->p, NULL, NULL,
		    envelope->ct.p, envelope->ct.n, ad, sizeof(ad), nonce, kenc.b) != 0)
		return HL_BAD_OPEN;
	return HL_OK;
}

/* envelope 1.9: cuts the padding off. Zeros stay behind the end of the buffer. */
static enum hl_status unpad(struct hl_buf *plain)
{
	size_t bucket = plain->n, n = plain->n;

	if (!hl_bucket_ok(bucket))
		return HL_BAD_PADDING;
	while (n > 0 && plain->p[n - 1] == 0)
		n--;
	if (n == 0 || plain->p[n - 1] != 0x80)
		return HL_BAD_PADDING;
	/* SPEC envelope 1.9: the smallest power of two from 1,024 to 262,144 that holds it */
	if (bucket > HL_PAYLOAD_MIN && n <= bucket / 2)
		return HL_BAD_PADDING;
	plain->n = n - 1;
	return HL_OK;
}

/* The bin of recipients to readers (envelope 1.1). */
static enum hl_status recipients_parse(struct hl_opened *opened)
{
	struct hl_in in HL_CLEAN_IN = {0};
	uint8_t salt[HL_SALT_SIZE];
	size_t n;

	hl_in_init_inner(&in, opened->recipients);
	hl_in_array(&in, 2, 2);
	hl_in_fixed(&in, salt, sizeof(salt));
	n = hl_in_array(&in, 1, HL_READERS_MAX);
	opened->readers = hl_arena_alloc(&opened->arena, n, sizeof(*opened->readers));
	if (!opened->readers)
		return HL_ERR_NOMEM;
	opened->n_readers = n;
	for (size_t i = 0; i < n; i++) {
		struct hl_reader *reader = &opened->readers[i];

		hl_in_array(&in, 4, 4);
		hl_in_id(&in, &reader->lab);
		hl_in_id(&in, &reader->kid);
		reader->epoch = hl_in_uint(&in, 0, UINT64_MAX);
		hl_in_fixed(&in, reader->key, sizeof(reader->key));
		hl_in_end(&in);
		if (i > 0 && hl_reader_cmp(reader - 1, reader) >= 0)
			hl_in_fail(&in, HL_BAD_FIELD);
	}
	hl_in_end(&in);
	hl_in_end(&in);
	return hl_in_finish(&in);
}

static enum hl_status plain_parse(struct hl_opened *opened)
{
	struct hl_in in HL_CLEAN_IN = {0};
	enum hl_status status;

	hl_in_init_inner(&in, hl_view_buf(&opened->plain));
	hl_in_array(&in, 2, 2);
	opened->recipients = hl_in_bin(&in, 0, HL_PAYLOAD_MAX);
	opened->message = hl_in_bin(&in, 0, HL_PAYLOAD_MAX);
	hl_in_end(&in);
	status = hl_in_finish(&in);
	return status == HL_OK ? recipients_parse(opened) : status;
}

static enum hl_status recipients_check(
	const struct hl_envelope *envelope, const struct hl_opened *opened)
{
	const struct hl_core *core = &envelope->core;
	struct hl_id labs[HL_LABS_MAX], hash;
	size_t n;

	/* SPEC envelope 4.1: `H("recipients", R) = hr` and the labs of R are those of the core
	 * (21) */
	hl_hash1("recipients", &core->net, opened->recipients, &hash);
	if (!hl_id_eq(&hash, &core->recipients))
		return HL_BAD_RECIPIENTS;
	if (hl_readers_labs(opened->readers, opened->n_readers, labs, &n) != HL_OK ||
		n != core->n_labs)
		return HL_BAD_RECIPIENTS;
	for (size_t i = 0; i < n; i++)
		if (!hl_id_eq(&labs[i], &core->labs[i]))
			return HL_BAD_RECIPIENTS;
	return HL_OK;
}

/* Makes the slip of the lab whose readers begin at one, and compares. HL_BAD_WRAP. */
static enum hl_status slip_again(const struct hl_envelope *envelope,
	const struct hl_key32 *ck, const struct hl_reader *readers, size_t n,
	const struct hl_id *signed_hash, struct hl_buf *ret_slip)
{
	struct hl_binding binding = {ck, &envelope->core_hash, envelope->kcom};
	struct hl_id hash;
	size_t dropped = 0;
	enum hl_status status = hl_slip_make(&binding, readers, n, &dropped, ret_slip);

	if (status != HL_OK)
		return status;
	hl_hash1("slip", &envelope->core.net, hl_view_buf(ret_slip), &hash);
	return hl_id_eq(&hash, signed_hash) ? HL_OK : HL_BAD_WRAP;
}

/* envelope 4.2 */
static enum hl_status wraps_check(
	const struct hl_envelope *envelope, struct hl_opened *opened)
{
	const struct hl_reader *readers = opened->readers;
	size_t left = opened->n_readers;
	enum hl_status status;

	opened->wraps_good = true;
	for (size_t i = 0; i < envelope->core.n_labs; i++) {
		struct hl_buf slip HL_CLEAN_BUF = {0};
		size_t n = hl_readers_run(readers, left);

		status = slip_again(envelope, &opened->ck, readers, n,
			&envelope->slip_hashes[i], &slip);
		if (status == HL_BAD_WRAP)
			opened->wraps_good = false;
		else if (status != HL_OK)
			return status;
		readers += n;
		left -= n;
	}
	return HL_OK;
}

enum hl_status hl_envelope_open_ck(const struct hl_envelope *envelope,
	const struct hl_key32 *ck, struct hl_opened *ret)
{
	struct hl_opened opened HL_CLEAN_OPENED = {.ck = *ck};
	enum hl_status status = decrypt(envelope, ck, &opened.plain);

	if (status == HL_OK)
		status = unpad(&opened.plain);
	if (status == HL_OK)
		status = plain_parse(&opened);
	if (status == HL_OK)
		status = recipients_check(envelope, &opened);
	if (status == HL_OK)
		status = wraps_check(envelope, &opened);
	if (status != HL_OK)
		return status;
	*ret = opened;
	opened = (struct hl_opened){0};
	return HL_OK;
}

enum hl_status hl_envelope_open(const struct hl_envelope *envelope,
	const struct hl_id *lab, const struct hl_id *kid, const uint64_t *epochs,
	const struct hl_dh_key *const *secrets, size_t n, struct hl_opened *ret)
{
	struct hl_key32 ck HL_CLEAN_KEY32 = {0};
	size_t at = hl_core_lab(&envelope->core, lab);
	uint8_t wrap[HL_WRAP_SIZE];
	struct hl_id of;
	bool found = false;
	enum hl_status status;

	if (at == envelope->core.n_labs || envelope->slips[at].n == 0)
		return HL_NOT_ADDRESSED;
	status = hl_slip_read(envelope->slips[at], kid, &of, &found, wrap);
	if (status == HL_OK && !found)
		status = HL_NOT_ADDRESSED;
	if (status == HL_OK)
		status = unwrap(envelope, lab, kid, wrap, epochs, secrets, n, &ck);
	return status == HL_OK ? hl_envelope_open_ck(envelope, &ck, ret) : status;
}

enum hl_status hl_envelope_open_resent(const struct hl_envelope *envelope,
	const struct hl_id *lab, const struct hl_key32 *ck, struct hl_opened *ret)
{
	/* SPEC envelope 4.9: Its own lab must be among the labs of the core (16) */
	if (hl_core_lab(&envelope->core, lab) == envelope->core.n_labs)
		return HL_NOT_ADDRESSED;
	return hl_envelope_open_ck(envelope, ck, ret);
}

enum hl_status hl_envelope_slip(const struct hl_envelope *envelope,
	const struct hl_opened *opened, const struct hl_id *lab, struct hl_buf *ret_slip)
{
	struct hl_buf slip HL_CLEAN_BUF = {0};
	size_t at = hl_core_lab(&envelope->core, lab), first = 0, n;
	enum hl_status status;

	if (at == envelope->core.n_labs)
		return HL_NOT_ADDRESSED;
	while (first < opened->n_readers && !hl_id_eq(&opened->readers[first].lab, lab))
		first++;
	n = hl_readers_run(opened->readers + first, opened->n_readers - first);
	status = slip_again(envelope, &opened->ck, opened->readers + first, n,
		&envelope->slip_hashes[at], &slip);
	if (status == HL_OK)
		*ret_slip = hl_buf_steal(&slip);
	return status;
}

void hl_opened_clear(struct hl_opened *opened)
{
	if (!opened)
		return;
	hl_key32_clear(&opened->ck);
	hl_buf_clear(&opened->plain);
	hl_arena_clear(&opened->arena);
	*opened = (struct hl_opened){0};
}
