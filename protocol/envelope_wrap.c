#include "envelope_inner.h"

#include <string.h>

#include "hpke.h"

/* Content keys, wraps and slips: the same when a letter is sealed and when it is opened. */

int hl_reader_cmp(const struct hl_reader *a, const struct hl_reader *b)
{
	int order = hl_id_cmp(&a->lab, &b->lab);

	return order != 0 ? order : hl_id_cmp(&a->kid, &b->kid);
}

size_t hl_readers_run(const struct hl_reader *readers, size_t n)
{
	size_t run = 0;

	while (run < n && hl_id_eq(&readers[run].lab, &readers[0].lab))
		run++;
	return run;
}

enum hl_status hl_readers_labs(const struct hl_reader *readers, size_t n,
	struct hl_id ret_labs[static HL_LABS_MAX], size_t *ret_n)
{
	size_t labs = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && hl_reader_cmp(&readers[i - 1], &readers[i]) >= 0)
			return HL_BAD_FIELD;
		if (i > 0 && hl_id_eq(&readers[i - 1].lab, &readers[i].lab))
			continue;
		if (labs == HL_LABS_MAX)
			return HL_BAD_FIELD;
		ret_labs[labs++] = readers[i].lab;
	}
	*ret_n = labs;
	return HL_OK;
}

/* A label, a zero byte. */
static struct hl_view label_of(const char *label)
{
	return hl_view_of(label, strlen(label) + 1);
}

void hl_letter_keys(const struct hl_key32 *ck, const struct hl_id *core_hash,
	uint8_t ret_kcom[static 32], struct hl_key32 *ret_kenc)
{
	struct hl_view com[] = {label_of("HL1/com"), hl_view_id(core_hash)};
	struct hl_view enc[] = {label_of("HL1/enc"), hl_view_id(core_hash)};

	hl_hmac(HL_VIEW(ck->b), com, 2, ret_kcom);
	hl_hmac(HL_VIEW(ck->b), enc, 2, ret_kenc->b);
}

void hl_wrap_info(const struct hl_id *core_hash, const uint8_t kcom[static 32],
	const struct hl_id *lab, const struct hl_id *kid, uint64_t epoch,
	uint8_t ret[static HL_WRAP_INFO_SIZE])
{
	struct hl_view label = label_of("HL1/wrap");

	memcpy(ret, label.p, label.n);
	ret += label.n;
	memcpy(ret, core_hash->b, 32);
	memcpy(ret + 32, kcom, 32);
	memcpy(ret + 64, lab->b, 32);
	memcpy(ret + 96, kid->b, 32);
	hl_put_be64(ret + 128, epoch);
}

/* envelope 1.11; zeros and *ret_good false where the reader's key gives zeros. */
static enum hl_status wrap_make(const struct hl_binding *binding,
	const struct hl_reader *reader, bool *ret_good, uint8_t ret[static HL_WRAP_SIZE])
{
	struct hl_key32 ikm HL_CLEAN_KEY32 = {0};
	uint8_t info[HL_WRAP_INFO_SIZE], epoch[8];
	struct hl_view names[] = {label_of("HL1/eph"), hl_view_id(&reader->lab),
		hl_view_id(&reader->kid), HL_VIEW(epoch)};
	enum hl_status status;

	hl_put_be64(epoch, reader->epoch);
	hl_hmac(HL_VIEW(binding->ck->b), names, 4, ikm.b);
	hl_wrap_info(binding->core_hash, binding->kcom, &reader->lab, &reader->kid,
		reader->epoch, info);
	status = hl_hpke_seal(HL_VIEW(ikm.b), reader->key, HL_VIEW(info),
		hl_view_of(NULL, 0), HL_VIEW(binding->ck->b), ret,
		ret + HL_HPKE_ENC_SIZE);
	*ret_good = status == HL_OK;
	if (status != HL_BAD_KEY)
		return status;
	/* SPEC envelope 1.11: An entry whose sealing key gives zeros has a wrap of 80 zero bytes */
	memset(ret, 0, HL_WRAP_SIZE);
	return HL_OK;
}

enum hl_status hl_slip_make(const struct hl_binding *binding,
	const struct hl_reader *readers, size_t n, size_t *dropped, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	uint8_t wrap[HL_WRAP_SIZE];
	enum hl_status status;
	bool good;

	hl_out_array(&out, 2);
	hl_out_id(&out, &readers[0].lab);
	hl_out_array(&out, n);
	for (size_t i = 0; i < n; i++) {
		status = wrap_make(binding, &readers[i], &good, wrap);
		if (status != HL_OK)
			return status;
		*dropped += !good;
		hl_out_array(&out, 2);
		hl_out_id(&out, &readers[i].kid);
		hl_out_bin(&out, HL_VIEW(wrap));
	}
	return hl_out_finish(&out, ret);
}
