/* Records: frames in, frames out, in the order that the lanes promise; and every plaintext that a
 * peer with the keys could send and must not. */
#include "tests/unit/unit.h"

#include <sodium.h>

/* Both ends of one link under fixed keys. */
static void session(bool initiator, struct hl_session *ret)
{
	uint8_t keys[2 * HL_KEY_SIZE];

	memset(keys, 0x11, HL_KEY_SIZE);
	memset(keys + HL_KEY_SIZE, 0x22, HL_KEY_SIZE);
	*ret = (struct hl_session){0};
	assert_ok(hl_secret_copy(HL_VIEW(keys), &ret->keys));
	ret->send.k = ret->keys.p + (initiator ? 0 : HL_KEY_SIZE);
	ret->recv.k = ret->keys.p + (initiator ? HL_KEY_SIZE : 0);
}

struct link {
	struct hl_records a, b;
};

static void link_init(struct link *link)
{
	struct hl_session s;

	session(true, &s);
	hl_records_init(&link->a, &s);
	assert_null(s.keys.p);
	session(false, &s);
	hl_records_init(&link->b, &s);
}

static void link_clear(struct link *link)
{
	hl_records_clear(&link->a);
	hl_records_clear(&link->b);
}

/* A frame of n bytes that a seed tells. */
static struct hl_buf frame_of(size_t n, unsigned seed)
{
	struct hl_buf frame = {0};

	assert_ok(hl_buf_reserve(&frame, n));
	frame.n = n;
	for (size_t i = 0; i < n; i++)
		frame.p[i] = (uint8_t)(i * 31 + i / 251 + seed);
	return frame;
}

static void queue(struct hl_records *r, unsigned lane, size_t n, unsigned seed)
{
	struct hl_buf frame = frame_of(n, seed);

	assert_ok(hl_records_queue(r, lane, &frame));
	assert_null(frame.p);
}

static void pass(struct hl_records *from, struct hl_records *to)
{
	uint8_t record[HL_RECORD];

	assert_ok(hl_records_seal(from, record));
	assert_ok(hl_records_open(to, record));
}

/* The next frame out must be that one. */
static void expect(struct hl_records *r, unsigned lane, size_t n, unsigned seed)
{
	struct hl_buf want HL_CLEAN_BUF = frame_of(n, seed), got HL_CLEAN_BUF = {0};
	unsigned got_lane = 0;

	assert_true(hl_records_next(r, &got_lane, &got));
	assert_int_equal(got_lane, lane);
	assert_int_equal(got.n, n);
	assert_view(hl_view_buf(&got), hl_view_buf(&want));
}

static void expect_none(struct hl_records *r)
{
	struct hl_buf got = {0};
	unsigned lane;

	assert_false(hl_records_next(r, &lane, &got));
	assert_null(got.p);
}

/* Around the edges of a record, and the largest frame. */
static void sizes(void **state)
{
	static const size_t sizes[] = {
		1, 2, 4076, 4077, 4078, 4079, 8153, 8154, 8155, HL_FRAME_MAX};
	struct link link HL_CLEAN(link_clear);

	(void)state;
	link_init(&link);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t records = 0;

		queue(&link.a, HL_LANE_ROUTINE, sizes[i], (unsigned)i);
		assert_int_equal(hl_records_queued(&link.a), sizes[i]);
		for (; hl_records_pending(&link.a); records++) {
			expect_none(&link.b);
			pass(&link.a, &link.b);
		}
		assert_int_equal(records, (sizes[i] + 4076) / 4077);
		assert_int_equal(hl_records_queued(&link.a), 0);
		expect(&link.b, HL_LANE_ROUTINE, sizes[i], (unsigned)i);
		expect_none(&link.b);
	}
}

static void many_in_one(void **state)
{
	struct link link HL_CLEAN(link_clear);

	(void)state;
	link_init(&link);
	/* 1,020 chunks of one byte fill a record. */
	for (unsigned i = 0; i < 1020; i++)
		queue(&link.a, HL_LANE_BULK, 1, i);
	pass(&link.a, &link.b);
	assert_false(hl_records_pending(&link.a));
	for (unsigned i = 0; i < 1020; i++)
		expect(&link.b, HL_LANE_BULK, 1, i);
	expect_none(&link.b);
	/* What is left over at the end is too small for a chunk. */
	queue(&link.a, HL_LANE_CONTROL, 4074, 1);
	queue(&link.a, HL_LANE_CONTROL, 1, 2);
	pass(&link.a, &link.b);
	expect(&link.b, HL_LANE_CONTROL, 4074, 1);
	expect_none(&link.b);
	pass(&link.a, &link.b);
	expect(&link.b, HL_LANE_CONTROL, 1, 2);
}

/* SPEC link 2.4: a FLASH overtakes at the next record. */
static void overtaking(void **state)
{
	struct link link HL_CLEAN(link_clear);

	(void)state;
	link_init(&link);
	queue(&link.a, HL_LANE_BULK, 100000, 1);
	queue(&link.a, HL_LANE_ROUTINE, 10000, 2);
	pass(&link.a, &link.b);
	queue(&link.a, HL_LANE_FLASH, 300, 3);
	queue(&link.a, HL_LANE_CONTROL, 10, 4);
	pass(&link.a, &link.b);
	expect(&link.b, HL_LANE_CONTROL, 10, 4);
	expect(&link.b, HL_LANE_FLASH, 300, 3);
	expect_none(&link.b);
	while (hl_records_pending(&link.a))
		pass(&link.a, &link.b);
	expect(&link.b, HL_LANE_ROUTINE, 10000, 2);
	expect(&link.b, HL_LANE_BULK, 100000, 1);
}

static void order_in_a_lane(void **state)
{
	struct link link HL_CLEAN(link_clear);

	(void)state;
	link_init(&link);
	for (unsigned i = 0; i < 20; i++)
		queue(&link.a, HL_LANE_PRIORITY, 1000 * i + 1, i);
	while (hl_records_pending(&link.a))
		pass(&link.a, &link.b);
	for (unsigned i = 0; i < 20; i++)
		expect(&link.b, HL_LANE_PRIORITY, 1000 * i + 1, i);
}

static void padding_only(void **state)
{
	struct link link HL_CLEAN(link_clear);
	uint8_t first[HL_RECORD], second[HL_RECORD];

	(void)state;
	link_init(&link);
	assert_false(hl_records_pending(&link.a));
	assert_ok(hl_records_seal(&link.a, first));
	assert_ok(hl_records_seal(&link.a, second));
	assert_memory_not_equal(first, second, sizeof(first));
	assert_ok(hl_records_open(&link.b, first));
	assert_ok(hl_records_open(&link.b, second));
	expect_none(&link.b);
}

/* SPEC link 2.2: After 1,024 records of one direction (after the records with nonces 1,023, 2,047,
 * …) that direction's key is replaced as by Noise Rekey (section 11.3); the nonce goes on. */
static void rekeying(void **state)
{
	uint8_t key[32], sealed[48], zeros[32] = {0}, last[12], nonce[12] = {0};
	uint8_t record[HL_RECORD], plain[HL_RECORD_PLAIN];
	struct link link HL_CLEAN(link_clear);

	(void)state;
	link_init(&link);
	memset(key, 0x11, sizeof(key));
	memset(last, 0, 4);
	memset(last + 4, 0xff, 8);
	for (unsigned n = 0; n < 2100; n++) {
		if (n == 1024 || n == 2048) {
			crypto_aead_chacha20poly1305_ietf_encrypt(
				sealed, NULL, zeros, 32, NULL, 0, NULL, last, key);
			memcpy(key, sealed, 32);
		}
		queue(&link.a, HL_LANE_ROUTINE, 5, n);
		assert_ok(hl_records_seal(&link.a, record));
		nonce[4] = (uint8_t)n;
		nonce[5] = (uint8_t)(n >> 8);
		assert_int_equal(
			crypto_aead_chacha20poly1305_ietf_decrypt(plain, NULL, NULL,
				record, sizeof(record), NULL, 0, nonce, key),
			0);
		assert_ok(hl_records_open(&link.b, record));
		expect(&link.b, HL_LANE_ROUTINE, 5, n);
	}
	/* The other direction has its own count. */
	assert_int_equal(link.b.session.send.n, 0);
	pass(&link.b, &link.a);
}

static void assert_dead(struct hl_records *r, enum hl_status status)
{
	struct hl_buf frame HL_CLEAN_BUF = frame_of(1, 0);
	uint8_t record[HL_RECORD] = {0};

	expect_none(r);
	assert_status(hl_records_open(r, record), status);
	assert_status(hl_records_seal(r, record), status);
	assert_status(hl_records_queue(r, 1, &frame), status);
	assert_false(hl_records_pending(r));
	assert_int_equal(hl_records_queued(r), 0);
	assert_null(r->session.keys.p);
}

enum spoil { BIT, REPLAY, SKIP, REFLECT, SPOILS };

/* SPEC link 2.5: Any error in a record ends the link. */
static void wrong_records(void **state)
{
	(void)state;
	for (enum spoil spoil = 0; spoil < SPOILS; spoil++) {
		struct link link HL_CLEAN(link_clear);
		uint8_t first[HL_RECORD], second[HL_RECORD];

		link_init(&link);
		queue(&link.a, HL_LANE_FLASH, 10, 1);
		queue(&link.b, HL_LANE_FLASH, 10, 2);
		assert_ok(hl_records_seal(&link.a, first));
		assert_ok(hl_records_seal(&link.a, second));
		switch (spoil) {
		case BIT:
			first[4095] ^= 1;
			assert_status(hl_records_open(&link.b, first), HL_BAD_OPEN);
			break;
		case REPLAY:
			assert_ok(hl_records_open(&link.b, first));
			assert_status(hl_records_open(&link.b, first), HL_BAD_OPEN);
			break;
		case SKIP:
			assert_status(hl_records_open(&link.b, second), HL_BAD_OPEN);
			break;
		case REFLECT:
			assert_ok(hl_records_seal(&link.b, second));
			assert_status(hl_records_open(&link.b, second), HL_BAD_OPEN);
			break;
		case SPOILS: break;
		}
		assert_dead(&link.b, HL_BAD_OPEN);
	}
}

static void every_bit(void **state)
{
	struct link link HL_CLEAN(link_clear);
	uint8_t record[HL_RECORD];

	(void)state;
	link_init(&link);
	queue(&link.a, HL_LANE_FLASH, 100, 1);
	assert_ok(hl_records_seal(&link.a, record));
	for (size_t i = 0; i < 8 * sizeof(record); i += 61) {
		struct hl_records r HL_CLEAN_RECORDS = {0};
		struct hl_session s;

		session(false, &s);
		hl_records_init(&r, &s);
		record[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_status(hl_records_open(&r, record), HL_BAD_OPEN);
		record[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_ok(hl_records_open(&link.b, record));
}

/* What a peer who holds the keys might put into a record: at says where, the rest is zeros. */
static const struct plaintext {
	size_t at;
	const char *hex;
	enum hl_status status;
} plaintexts[] = {
	{0, "000000", HL_OK},
	{0, "81000178", HL_OK},
	{0, "86000178", HL_OK},
	{0, "06000178", HL_OK}, /* a frame begun */
	/* a frame of lane 5 around one of lane 2 */
	{0, "05000178 82000179 85000180", HL_OK},
	/* lanes that are none */
	{0, "80000178", HL_BAD_ENCODING},
	{0, "87000178", HL_BAD_ENCODING},
	{0, "07000178", HL_BAD_ENCODING},
	{0, "88000178", HL_BAD_ENCODING},
	{0, "91000178", HL_BAD_ENCODING},
	{0, "a1000178", HL_BAD_ENCODING},
	{0, "c1000178", HL_BAD_ENCODING},
	{0, "ff000178", HL_BAD_ENCODING},
	/* lengths */
	{0, "810000", HL_BAD_ENCODING},
	{0, "010000", HL_BAD_ENCODING},
	{0, "810fed", HL_OK},
	{0, "810fee", HL_BAD_ENCODING},
	{0, "81ffff", HL_BAD_ENCODING},
	{4076, "81000178", HL_BAD_ENCODING}, /* after padding */
	/* padding that is none */
	{0, "0001", HL_BAD_ENCODING},
	{4079, "01", HL_BAD_ENCODING},
	{2000, "80", HL_BAD_ENCODING},
	{0, "81000178 00000001", HL_BAD_ENCODING},
};

static void wrong_plaintexts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plaintexts) / sizeof(plaintexts[0]); i++) {
		const struct plaintext *row = &plaintexts[i];
		struct hl_buf bytes HL_CLEAN_BUF = unit_hex(row->hex);
		struct link link HL_CLEAN(link_clear);
		uint8_t plain[HL_RECORD_PLAIN] = {0}, record[HL_RECORD];

		link_init(&link);
		memcpy(plain + row->at, bytes.p, bytes.n);
		assert_ok(hl_cipher_seal(&link.a.session.send, HL_VIEW(plain), record));
		if (hl_records_open(&link.b, record) != row->status)
			print_error("plaintext %s at %zu\n", row->hex, row->at);
		assert_status(link.b.failed, row->status);
		if (row->status != HL_OK)
			assert_dead(&link.b, row->status);
	}
}

/* A chunk's head that the end of the record cuts. */
static void cut_heads(void **state)
{
	(void)state;
	for (size_t left = 1; left <= 4; left++) {
		struct link link HL_CLEAN(link_clear);
		uint8_t plain[HL_RECORD_PLAIN] = {0}, record[HL_RECORD];
		size_t first = HL_RECORD_PLAIN - left;

		link_init(&link);
		plain[0] = 0x81;
		hl_put_be16(plain + 1, (uint16_t)(first - 3));
		plain[first] = 0x82;
		if (left > 2)
			plain[first + 2] = 1;
		assert_ok(hl_cipher_seal(&link.a.session.send, HL_VIEW(plain), record));
		assert_status(hl_records_open(&link.b, record),
			left == 4 ? HL_OK : HL_BAD_ENCODING);
	}
}

/* Chunks of one frame without an end, up to the largest frame and one byte more. */
static void endless_frame(void **state)
{
	struct link link HL_CLEAN(link_clear);
	uint8_t plain[HL_RECORD_PLAIN] = {0x03}, record[HL_RECORD];
	size_t sum = 0, chunk = HL_RECORD_PLAIN - 3;

	(void)state;
	link_init(&link);
	hl_put_be16(plain + 1, (uint16_t)chunk);
	for (; sum + chunk <= HL_FRAME_MAX; sum += chunk) {
		assert_ok(hl_cipher_seal(&link.a.session.send, HL_VIEW(plain), record));
		assert_ok(hl_records_open(&link.b, record));
		/* Memory grows with what has arrived, at most twofold, never above the limit. */
		assert_true(link.b.part[3].cap <= HL_FRAME_MAX);
		assert_true(link.b.part[3].cap <= 2 * (sum + chunk));
	}
	memset(plain, 0, sizeof(plain));
	plain[0] = 0x03;
	hl_put_be16(plain + 1, (uint16_t)(HL_FRAME_MAX - sum));
	assert_ok(hl_cipher_seal(&link.a.session.send, HL_VIEW(plain), record));
	assert_ok(hl_records_open(&link.b, record));
	hl_put_be16(plain + 1, 1);
	assert_ok(hl_cipher_seal(&link.a.session.send, HL_VIEW(plain), record));
	assert_status(hl_records_open(&link.b, record), HL_BAD_SIZE);
	assert_dead(&link.b, HL_BAD_SIZE);
}

static void queue_misused(void **state)
{
	struct link link HL_CLEAN(link_clear);
	struct hl_buf frame HL_CLEAN_BUF = frame_of(HL_FRAME_MAX + 1, 0);
	struct hl_buf empty = {0};
	uint8_t record[HL_RECORD];

	(void)state;
	link_init(&link);
	assert_status(hl_records_queue(&link.a, 1, &frame), HL_ERR_USAGE);
	assert_status(hl_records_queue(&link.a, 1, &empty), HL_ERR_USAGE);
	frame.n = 1;
	assert_status(hl_records_queue(&link.a, 0, &frame), HL_ERR_USAGE);
	assert_status(hl_records_queue(&link.a, 7, &frame), HL_ERR_USAGE);
	assert_int_equal(hl_records_queued(&link.a), 0);
	assert_non_null(frame.p);
	assert_false(hl_records_pending(&link.a));
	link.a.session.send.n = UINT64_MAX;
	assert_status(hl_records_seal(&link.a, record), HL_ERR_USAGE);
	hl_records_clear(&link.a);
	assert_status(hl_records_seal(&link.a, record), HL_ERR_USAGE);
	hl_records_clear(&link.a);
	hl_records_clear(NULL);
}

static void without_memory(void **state)
{
	struct hl_buf frame HL_CLEAN_BUF = frame_of(10, 1);
	uint8_t record[HL_RECORD];

	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		struct link link HL_CLEAN(link_clear);
		enum hl_status status;

		link_init(&link);
		unit_fail_allocation(1);
		assert_status(hl_records_queue(&link.a, 1, &frame), HL_ERR_NOMEM);
		assert_true(unit_allocation_failed());
		assert_int_equal(frame.n, 10);
		queue(&link.a, 1, 10, 1);
		assert_ok(hl_records_seal(&link.a, record));
		unit_fail_allocation(n);
		status = hl_records_open(&link.b, record);
		/* Two allocations: the bytes and the list's node. */
		assert_int_equal(unit_allocation_failed(), n <= 2);
		assert_status(status, n <= 2 ? HL_ERR_NOMEM : HL_OK);
		if (n <= 2)
			assert_dead(&link.b, HL_ERR_NOMEM);
		else
			expect(&link.b, 1, 10, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(many_in_one),
		cmocka_unit_test(overtaking),
		cmocka_unit_test(order_in_a_lane),
		cmocka_unit_test(padding_only),
		cmocka_unit_test(rekeying),
		cmocka_unit_test(wrong_records),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(wrong_plaintexts),
		cmocka_unit_test(cut_heads),
		cmocka_unit_test(endless_frame),
		cmocka_unit_test(queue_misused),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
