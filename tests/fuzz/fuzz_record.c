/*
 * fuzz_record: records against a second reader of their plaintext, written here
 * from spec/link.md. The first byte says what the rest is:
 *
 *	0	plaintexts that a peer who holds the keys could send
 *	1	frames to queue, seal, open and take out again
 *	2	a record as it comes from the wire
 */
#include <string.h>

#include <sodium.h>

#include "protocol/hotline.h"
#include "tests/fuzz/fuzz.h"

#define RECORDS 40 /* of one input: far from a new key */

/* Both ends of a link under keys that everybody knows. */
static void session(struct hl_session *ret, bool swap)
{
	uint8_t keys[2 * HL_KEY_SIZE];

	memset(ret, 0, sizeof(*ret));
	memset(keys, 0x11, HL_KEY_SIZE);
	memset(keys + HL_KEY_SIZE, 0x22, HL_KEY_SIZE);
	fuzz_require(hl_secret_copy(HL_VIEW(keys), &ret->keys) == HL_OK);
	ret->send.k = ret->keys.p + (swap ? HL_KEY_SIZE : 0);
	ret->recv.k = ret->keys.p + (swap ? 0 : HL_KEY_SIZE);
}

/* What a plaintext adds to the frames under way; false where it must be refused. Frames that it
 * completes go to done, one after another, each behind its lane and its length. */
static bool expect(const uint8_t *plain, struct hl_buf part[], struct hl_buf *done)
{
	size_t at = 0;

	while (at < HL_RECORD_PLAIN && plain[at]) {
		uint8_t lane = plain[at] & 0x7f, about[5];
		struct hl_view data;

		if (lane > 6 || lane == 0 || HL_RECORD_PLAIN - at < 3)
			return false;
		data.n = (size_t)plain[at + 1] << 8 | plain[at + 2];
		data.p = plain + at + 3;
		if (!data.n || data.n > HL_RECORD_PLAIN - at - 3)
			return false;
		fuzz_require(hl_buf_append(&part[lane], data) == HL_OK);
		if (plain[at] & 0x80) {
			about[0] = lane;
			hl_put_be32(about + 1, (uint32_t)part[lane].n);
			fuzz_require(hl_buf_append(done, HL_VIEW(about)) == HL_OK);
			fuzz_require(
				hl_buf_append(done, hl_view_buf(&part[lane])) == HL_OK);
			hl_buf_clear(&part[lane]);
		}
		at += 3 + data.n;
	}
	/* SPEC link 2.3: A zero byte where a lane stands begins the padding, and all that
	 * follows MUST be zero. */
	for (; at < HL_RECORD_PLAIN; at++) {
		if (plain[at])
			return false;
	}
	return true;
}

static void drain(struct hl_records *r, struct hl_buf *ret)
{
	struct hl_buf frame = {0};
	unsigned lane;

	while (hl_records_next(r, &lane, &frame)) {
		uint8_t about[5] = {(uint8_t)lane};

		fuzz_require(lane >= 1 && lane <= HL_LANES);
		fuzz_require(frame.n >= 1 && frame.n <= HL_FRAME_MAX);
		hl_put_be32(about + 1, (uint32_t)frame.n);
		fuzz_require(hl_buf_append(ret, HL_VIEW(about)) == HL_OK);
		fuzz_require(hl_buf_append(ret, hl_view_buf(&frame)) == HL_OK);
		hl_buf_clear(&frame);
	}
}

/* Each plaintext: two bytes of length, then as much as there is, then zeros. */
static void plaintexts(struct hl_view in)
{
	struct hl_session here, peer HL_CLEAN_SESSION;
	struct hl_records r HL_CLEAN_RECORDS = {0};
	struct hl_buf part[HL_LANES + 1] = {0};
	bool good = true;

	session(&here, false);
	session(&peer, true);
	hl_records_init(&r, &here);
	for (unsigned i = 0; i < RECORDS && in.n >= 2 && good; i++) {
		struct hl_buf want HL_CLEAN_BUF = {0}, got HL_CLEAN_BUF = {0};
		uint8_t plain[HL_RECORD_PLAIN] = {0}, record[HL_RECORD];
		size_t n = (size_t)in.p[0] << 8 | in.p[1];
		enum hl_status status;

		in = hl_view_of(in.p + 2, in.n - 2);
		n = n > in.n ? in.n : n;
		n = n > sizeof(plain) ? sizeof(plain) : n;
		memcpy(plain, in.p, n);
		in = hl_view_of(in.p + n, in.n - n);
		fuzz_require(hl_cipher_seal(&peer.send, HL_VIEW(plain), record) == HL_OK);
		good = expect(plain, part, &want);
		status = hl_records_open(&r, record);
		fuzz_require(good ? status == HL_OK : status == HL_BAD_ENCODING);
		drain(&r, &got);
		if (good)
			fuzz_require(hl_view_eq(hl_view_buf(&want), hl_view_buf(&got)));
		else
			/* Nothing comes out of a link that has ended. */
			fuzz_require(
				!got.n && hl_records_open(&r, record) == HL_BAD_ENCODING);
	}
	for (unsigned i = 0; i <= HL_LANES; i++)
		hl_buf_clear(&part[i]);
}

/* Seals and opens until nothing waits; appends what arrives. */
static void transfer(
	struct hl_records *from, struct hl_records *to, size_t max, struct hl_buf *ret)
{
	uint8_t record[HL_RECORD];

	while (max-- && hl_records_pending(from)) {
		fuzz_require(hl_records_seal(from, record) == HL_OK);
		fuzz_require(hl_records_open(to, record) == HL_OK);
		drain(to, ret);
	}
}

/* The part of a log that one lane wrote. */
static void of_lane(struct hl_view log, unsigned lane, struct hl_buf *ret)
{
	while (log.n) {
		size_t n = 5 + (size_t)hl_get_be32(log.p + 1);

		if (log.p[0] == lane)
			fuzz_require(hl_buf_append(ret, hl_view_of(log.p, n)) == HL_OK);
		log = hl_view_of(log.p + n, log.n - n);
	}
}

/* Commands of three bytes: lane and how many records to send first; the frame's length. */
static void frames(struct hl_view in)
{
	struct hl_session here, there;
	struct hl_records a HL_CLEAN_RECORDS = {0}, b HL_CLEAN_RECORDS = {0};
	struct hl_buf sent HL_CLEAN_BUF = {0}, got HL_CLEAN_BUF = {0};
	size_t total = 0;

	session(&here, false);
	session(&there, true);
	hl_records_init(&a, &here);
	hl_records_init(&b, &there);
	for (; in.n >= 3; in = hl_view_of(in.p + 3, in.n - 3)) {
		unsigned lane = in.p[0] & 7;
		size_t n = ((size_t)in.p[1] << 8 | in.p[2]) + (lane == 6 ? 1u << 16 : 0);
		uint8_t about[5] = {(uint8_t)lane};
		struct hl_buf frame HL_CLEAN_BUF = {0};
		enum hl_status status;

		transfer(&a, &b, in.p[0] >> 5, &got);
		if ((total += n) > 2 * HL_FRAME_MAX)
			break;
		fuzz_require(hl_buf_reserve(&frame, n) == HL_OK);
		frame.n = n;
		if (n) {
			memset(frame.p, in.p[2], n);
			frame.p[n - 1] = (uint8_t)total;
		}
		hl_put_be32(about + 1, (uint32_t)n);
		status = hl_records_queue(&a, lane, &frame);
		fuzz_require(status ==
			(lane >= 1 && lane <= 6 && n >= 1 ? HL_OK : HL_ERR_USAGE));
		if (status != HL_OK)
			continue;
		fuzz_require(!frame.n);
		fuzz_require(hl_buf_append(&sent, HL_VIEW(about)) == HL_OK);
		fuzz_require(hl_buf_reserve(&sent, n) == HL_OK);
		memset(sent.p + sent.n, in.p[2], n);
		sent.p[sent.n + n - 1] = (uint8_t)total;
		sent.n += n;
	}
	transfer(&a, &b, SIZE_MAX, &got);
	fuzz_require(hl_records_queued(&a) == 0);
	fuzz_require(got.n == sent.n);
	for (unsigned lane = 1; lane <= HL_LANES; lane++) {
		struct hl_buf x HL_CLEAN_BUF = {0}, y HL_CLEAN_BUF = {0};

		of_lane(hl_view_buf(&sent), lane, &x);
		of_lane(hl_view_buf(&got), lane, &y);
		fuzz_require(hl_view_eq(hl_view_buf(&x), hl_view_buf(&y)));
	}
}

static void wire(struct hl_view in)
{
	struct hl_session here;
	struct hl_records r HL_CLEAN_RECORDS = {0};
	uint8_t record[HL_RECORD] = {0};
	struct hl_buf got HL_CLEAN_BUF = {0};

	session(&here, false);
	hl_records_init(&r, &here);
	memcpy(record, in.p, in.n > sizeof(record) ? sizeof(record) : in.n);
	fuzz_require(hl_records_open(&r, record) == HL_BAD_OPEN);
	drain(&r, &got);
	fuzz_require(!got.n && hl_records_open(&r, record) == HL_BAD_OPEN);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return sodium_init() < 0 ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hl_view rest = hl_view_of(data + !!size, size - !!size);

	switch (size ? data[0] % 3 : 2) {
	case 0: plaintexts(rest); break;
	case 1: frames(rest); break;
	case 2: wire(rest); break;
	}
	return 0;
}
