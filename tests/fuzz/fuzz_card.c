/*
 * fuzz_card: signed documents, from anyone. The first byte says what the rest is:
 *
 *	0, 1	a card; the body of one, within a document of one signature
 *	2, 3	a directory; a body
 *	4, 5	a suspension; a body
 *	6, 7	sealing keys; a body
 *	8, 9	the text of a file; a request
 *
 * What is read is written again, and must be the same bytes.
 */
#include <string.h>

#include "protocol/hotline.h"
#include "tests/fuzz/fuzz.h"

static struct hl_id net;
static struct hl_sign_key key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_net(&net);
	fuzz_key(&key);
	return 0;
}

/* [body bin, sigs] */
static void join(
	struct hl_view body, const struct hl_sig *sigs, size_t n, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_out_init(&out);
	hl_out_array(&out, 2);
	hl_out_bin(&out, body);
	hl_out_sigs(&out, sigs, n);
	fuzz_require(hl_out_finish(&out, ret) == HL_OK);
}

static void same(struct hl_buf *got, struct hl_view want)
{
	fuzz_require(hl_view_eq(hl_view_buf(got), want));
	hl_buf_clear(got);
}

static void card(struct hl_view doc)
{
	struct hl_card c HL_CLEAN_CARD = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};
	bool dh;

	if (hl_card_parse(&net, doc, &c) != HL_OK)
		return;
	fuzz_require(hl_card_encode(&c, &again) == HL_OK);
	same(&again, c.body);
	join(c.body, c.sigs, c.n_sigs, &again);
	same(&again, doc);
	fuzz_require(hl_card_disjoint(&c, &c, &dh) == HL_BAD_CARD);
	fuzz_require(!hl_status_ours(hl_card_follows(&net, NULL, &c)));
	fuzz_require(hl_card_follows(&net, &c, &c) == HL_STALE);
}

static void directory(struct hl_view doc)
{
	struct hl_directory d HL_CLEAN_DIRECTORY = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};

	if (hl_directory_parse(&net, doc, &d) != HL_OK)
		return;
	for (size_t i = 0; i < d.n_peers; i++) {
		fuzz_require(hl_directory_peer(&d, &d.peers[i].lab) == &d.peers[i]);
		fuzz_require(
			hl_directory_peer_by_name(&d, d.peers[i].name) == &d.peers[i]);
	}
	fuzz_require(hl_directory_encode(&d, &again) == HL_OK);
	same(&again, d.body);
	join(d.body, d.sigs, d.n_sigs, &again);
	same(&again, doc);
}

static void suspension(struct hl_view doc)
{
	struct hl_suspension s, back;
	struct hl_buf again HL_CLEAN_BUF = {0};

	if (hl_suspension_parse(&net, doc, &s) != HL_OK)
		return;
	join(s.body, s.sigs, s.n_sigs, &again);
	same(&again, doc);
	fuzz_require(hl_suspension_make(&net, &s.lab, &s.kid, s.issued,
			     hl_view_str(s.reason), &key, &again) == HL_OK);
	fuzz_require(hl_suspension_parse(&net, hl_view_buf(&again), &back) == HL_OK);
	/* A reason has no NUL: it is a control character. */
	fuzz_require(hl_view_eq(back.body, s.body));
}

static void seals(struct hl_view doc)
{
	struct hl_seals s, back;
	struct hl_buf again HL_CLEAN_BUF = {0};
	bool stale;

	if (hl_seals_parse(&net, doc, &s) != HL_OK)
		return;
	fuzz_require(hl_seals_sign(&net, &s, &key, &again) == HL_OK);
	fuzz_require(hl_seals_parse(&net, hl_view_buf(&again), &back) == HL_OK);
	fuzz_require(hl_view_eq(back.body, s.body));
	const struct hl_seal_key *at = hl_seals_at(&s, s.keys[0].from, &stale);
	fuzz_require(!stale && at->from <= s.keys[0].from && s.keys[0].from < at->until);
}

static void file(struct hl_view text)
{
	struct hl_file f HL_CLEAN_FILE = {0}, back HL_CLEAN_FILE = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};

	if (hl_file_read(text, &f) != HL_OK)
		return;
	fuzz_require(hl_file_write(&f, &again) == HL_OK);
	fuzz_require(hl_file_read(hl_view_buf(&again), &back) == HL_OK);
	fuzz_require(hl_view_eq(hl_view_buf(&back.bytes), hl_view_buf(&f.bytes)));
}

static void request(struct hl_view doc)
{
	struct hl_request r;
	struct hl_buf again HL_CLEAN_BUF = {0};

	/* Another key signs it, in the same form. */
	if (hl_request_parse(&net, doc, &r) != HL_OK)
		return;
	fuzz_require(hl_request_make(&net, &r, &key, &again) == HL_OK);
	fuzz_require(again.n == doc.n);
}

/* A body within a document of one signature, which need not be good to be read. */
static void within(struct hl_view body, void (*reader)(struct hl_view doc))
{
	const struct hl_sig sig = {.kid = {{1}}};
	struct hl_buf doc HL_CLEAN_BUF = {0};

	join(body, &sig, 1, &doc);
	reader(hl_view_buf(&doc));
}

static void seals_within(struct hl_view body)
{
	const uint8_t sig[HL_SIG_SIZE] = {0};
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};

	hl_out_init(&out);
	hl_out_array(&out, 2);
	hl_out_bin(&out, body);
	hl_out_bin(&out, HL_VIEW(sig));
	fuzz_require(hl_out_finish(&out, &doc) == HL_OK);
	seals(hl_view_buf(&doc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct hl_view rest = hl_view_of(data + 1, size - 1);
	switch (data[0]) {
	case 0: card(rest); break;
	case 1: within(rest, card); break;
	case 2: directory(rest); break;
	case 3: within(rest, directory); break;
	case 4: suspension(rest); break;
	case 5: within(rest, suspension); break;
	case 6: seals(rest); break;
	case 7: seals_within(rest); break;
	case 8: file(rest); break;
	case 9: request(rest); break;
	default: break;
	}
	return 0;
}
