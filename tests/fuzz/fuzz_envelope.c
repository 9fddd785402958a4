/*
 * fuzz_envelope: a letter from a stranger. Hashes stop nearly every changed byte at once, so the
 * first byte of the input says where the rest is put: it is the letter itself (0), the core (1) or
 * a slip (2) of a letter that is good otherwise, or what is found when one is opened: the
 * plaintext (3) or the recipients (4).
 */
#include <string.h>

#include <sodium.h>

#include "protocol/envelope_inner.h"
#include "protocol/hotline.h"
#include "tests/fuzz/fuzz.h"

#define N_READERS 3

static struct hl_id net;
static struct hl_envelope base; /* a good letter, for the target's whole life */
static const struct hl_key32 ck = {{0x66, 1, 2, 3}};

/* Two readers of the first lab, one of the second. */
static void seal_base(struct hl_buf *ret)
{
	uint8_t seed[32] = {7};
	struct hl_reader readers[N_READERS] = {0};
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	struct hl_sealing s = {.readers = readers, .n_readers = N_READERS, .ck = ck};

	fuzz_key(&key);
	s.core = (struct hl_core){.net = net,
		.card_version = 1,
		.class = HL_CLASS_CALL,
		.status = HL_ACTUAL,
		.precedence = HL_FLASH,
		.created = 1,
		.lifetime = HL_LIFETIME_DEFAULT,
		.answer_within = 600};
	hl_key_id(&net, HL_ROLE_MEMBER_SIGN, key.pub, &s.core.sender);
	for (uint8_t i = 0; i < N_READERS; i++) {
		readers[i].lab.b[0] = 1 + i / 2;
		readers[i].kid.b[0] = i;
		seed[1] = i;
		fuzz_require(hl_pk_dh_base(seed, readers[i].key) == HL_OK);
	}
	s.message = hl_view_str("text");
	s.key = &key;
	fuzz_require(hl_envelope_seal(&s, ret, NULL, NULL) == HL_OK);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	(void)argc;
	(void)argv;
	fuzz_net(&net);
	seal_base(&doc);
	fuzz_require(hl_envelope_parse(&net, hl_view_buf(&doc), &base) == HL_OK);
	return 0;
}

/* Whatever it is: good, and then the same bytes again; or refused with a code of the wire. */
static void check_letter(struct hl_view doc)
{
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};
	struct hl_id id;
	struct hl_judge judge = {.net = &net};
	enum hl_status status = hl_envelope_parse(&net, doc, &e);
	enum hl_status blame = hl_envelope_blame(&net, doc, &id);

	fuzz_require(blame == HL_OK || blame == HL_UNKNOWN);
	if (status != HL_OK) {
		fuzz_require(status == HL_BAD_SIZE || status == HL_BAD_ENCODING ||
			status == HL_BAD_FIELD || status == HL_BAD_NETWORK ||
			status == HL_BAD_SUITE || status == HL_BAD_HASH);
		fuzz_require(!e.arena && !e.doc.p);
		return;
	}
	fuzz_require(blame == HL_UNKNOWN);
	fuzz_require(hl_envelope_judge(&e, &judge) == HL_NEED_CARD);
	fuzz_require(hl_envelope_merge(&e, &e, &again) == HL_OK);
	fuzz_require(hl_view_eq(doc, hl_view_buf(&again)));
}

static void with_part(struct hl_view core, struct hl_view slip, struct hl_buf *ret)
{
	struct hl_out in HL_CLEAN_OUT = {0}, out HL_CLEAN_OUT = {0};
	struct hl_buf inner HL_CLEAN_BUF = {0};
	struct hl_id hash;

	hl_hash1("slip", &net, slip, &hash);
	hl_out_array(&in, 4);
	hl_out_bin(&in, core);
	hl_out_bin(&in, HL_VIEW(base.kcom));
	hl_out_id(&in, &base.ct_hash);
	hl_out_array(&in, 2);
	hl_out_id(&in, &hash);
	hl_out_id(&in, &base.slip_hashes[1]);
	fuzz_require(hl_out_finish(&in, &inner) == HL_OK);
	hl_out_array(&out, 4);
	hl_out_bin(&out, hl_view_buf(&inner));
	hl_out_sigs(&out, base.sigs, base.n_sigs);
	hl_out_bin(&out, base.ct);
	hl_out_array(&out, 2);
	hl_out_bin(&out, slip);
	hl_out_bin(&out, base.slips[1]);
	fuzz_require(hl_out_finish(&out, ret) == HL_OK);
}

/* Encrypts a plaintext as the base's sender could have, and opens it. */
static void check_plain(struct hl_view plain, const struct hl_id *recipients)
{
	static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	struct hl_envelope e = base;
	struct hl_opened opened HL_CLEAN_OPENED = {0}, again HL_CLEAN_OPENED = {0},
				none HL_CLEAN_OPENED = {0};
	struct hl_key32 kenc HL_CLEAN_KEY32 = {0};
	size_t bucket = HL_PAYLOAD_MIN;
	uint8_t ad[64], *padded, *ct;
	enum hl_status status;

	while (bucket <= plain.n)
		bucket *= 2;
	if (bucket > HL_PAYLOAD_MAX)
		return;
	padded = calloc(1, bucket);
	ct = malloc(bucket + HL_TAG_SIZE);
	fuzz_require(padded && ct);
	if (plain.n > 0)
		memcpy(padded, plain.p, plain.n);
	padded[plain.n] = 0x80;
	memcpy(ad, base.core_hash.b, 32);
	hl_letter_keys(&ck, &base.core_hash, ad + 32, &kenc);
	crypto_aead_chacha20poly1305_ietf_encrypt(
		ct, NULL, padded, bucket, ad, sizeof(ad), NULL, nonce, kenc.b);
	e.ct = hl_view_of(ct, bucket + HL_TAG_SIZE);
	e.core.recipients = *recipients;
	status = hl_envelope_open_ck(&e, &ck, &opened);
	fuzz_require(status == HL_OK || status == HL_BAD_ENCODING ||
		status == HL_BAD_FIELD || status == HL_BAD_RECIPIENTS);
	/* What a resend discloses opens neither more nor less, and to the core's labs alone. */
	fuzz_require(hl_envelope_open_resent(&e, &e.core.labs[1], &ck, &again) == status);
	fuzz_require(hl_envelope_open_resent(&e, &net, &ck, &none) == HL_NOT_ADDRESSED);
	if (status == HL_OK) {
		fuzz_require(hl_view_eq(again.message, opened.message));
		fuzz_require(opened.n_readers >= 2 && opened.n_readers <= HL_READERS_MAX);
		fuzz_require(hl_view_eq(hl_view_buf(&opened.plain), plain));
	}
	free(padded);
	free(ct);
}

static void check_recipients(struct hl_view recipients)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf plain HL_CLEAN_BUF = {0};
	struct hl_id hash;

	hl_hash1("recipients", &net, recipients, &hash);
	hl_out_array(&out, 2);
	hl_out_bin(&out, recipients);
	hl_out_bin(&out, hl_view_str("text"));
	fuzz_require(hl_out_finish(&out, &plain) == HL_OK);
	check_plain(hl_view_buf(&plain), &hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_view rest;

	if (size == 0 || size > HL_PAYLOAD_MAX)
		return 0;
	rest = hl_view_of(data + 1, size - 1);
	switch (data[0]) {
	case 0: check_letter(rest); break;
	case 1:
		with_part(rest, base.slips[0], &doc);
		check_letter(hl_view_buf(&doc));
		break;
	case 2:
		with_part(base.core_bytes, rest, &doc);
		check_letter(hl_view_buf(&doc));
		break;
	case 3: check_plain(rest, &base.core.recipients); break;
	case 4: check_recipients(rest); break;
	}
	return 0;
}
