/*
 * FLASH overtakes at the next record, on a real TCP stream: records are counted on the wire, those
 * too that the kernel has been given and has not sent.
 */
#include "tests/unit/net_bench.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRANSFER (192 * 1024)
#define FLASH    3000 /* a usual one: with its chunk's head it fits one record */
#define PATIENCE \
	30 /* s, for the kernel to move what it has; there to end a test that hangs */

/* A listener of the node's own, so that its sockets are as they are in a node. */
static uint16_t listen_tcp(void)
{
	char address[32], why[256] = "";

	/* A port that is free now may be another program's a moment later. */
	for (int i = 0; i < 20; i++) {
		struct sockaddr_in at = {.sin_family = AF_INET};
		socklen_t n = sizeof(at);
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
		close(fd);
		snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(at.sin_port));
		if (hl_net_listen(nb_script.net, address, why, sizeof(why)))
			return at.sin_port;
	}
	fail_msg("no port is free: %s", why);
	return 0;
}

/* A peer with a small window: what the node sends backs up at the node. */
static void connect_tcp(struct other *o, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = port};
	int small = 8192, piece = 1000, yes = 1;

	memset(o, 0, sizeof(*o));
	o->fd = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(
		setsockopt(o->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	assert_int_equal(
		setsockopt(o->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)), 0);
	assert_int_equal(
		setsockopt(o->fd, IPPROTO_TCP, TCP_MAXSEG, &piece, sizeof(piece)), 0);
	assert_int_equal(connect(o->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	o->number = nb_script.net->next_number;
	nb_run();
	assert_non_null(nb_stream_of(o));
}

/* Something has come, from the node or to it. */
static void await(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (int i = 0; i < PATIENCE * 10; i++) {
		nb_run();
		if (poll(&p, 1, 100) == 1)
			return;
	}
	fail_msg("nothing comes any more");
}

static void hear_all(struct other *o, uint8_t *p, size_t n)
{
	for (size_t have = 0; have < n;) {
		ssize_t got = nb_hear(o, p + have, n - have);
		assert_true(got >= 0);
		have += (size_t)got;
		if (got == 0)
			await(o->fd);
	}
}

static void shake(struct other *o, const struct hl_dh_key *key)
{
	uint8_t second[HL_NOISE_MESSAGE_2], psk[HL_KEY_SIZE] = {0};
	HL_CLEAN_BUF struct hl_buf third = {0};
	struct hl_session session = {0};

	nb_make_first(o, key, key);
	nb_say(o, o->first, sizeof(o->first));
	hear_all(o, second, sizeof(second));
	assert_ok(hl_noise_read(&o->noise, HL_VIEW(second), NULL));
	hl_noise_set_psk(&o->noise, psk);
	assert_ok(hl_noise_write(&o->noise, hl_view_of(NULL, 0), &third));
	size_t before = nb_count(HL_EVENT_LINK_UP);
	nb_say(o, third.p, third.n);
	for (int i = 0; i < 1000 && nb_count(HL_EVENT_LINK_UP) == before; i++)
		nb_run();
	assert_int_equal(nb_count(HL_EVENT_LINK_UP), before + 1);
	assert_ok(hl_noise_split(&o->noise, &session));
	hl_records_init(&o->records, &session);
}

/* Reads records up to one that ends a frame of a lane; how many that were, with it. */
static size_t read_until(struct other *o, unsigned want, size_t most)
{
	uint8_t record[HL_RECORD];
	size_t n = 0;

	while (n < most) {
		bool found = false;
		unsigned lane;
		hear_all(o, record, sizeof(record));
		n++;
		assert_ok(hl_records_open(&o->records, record));
		for (;;) {
			HL_CLEAN_BUF struct hl_buf frame = {0};
			if (!hl_records_next(&o->records, &lane, &frame))
				break;
			found = found || lane == want;
		}
		if (found)
			return n;
	}
	return n;
}

/* Bytes that have been sealed and are not on the wire: a FLASH cannot overtake them. */
static size_t ahead(const struct stream *s)
{
	int unsent = 0;

	assert_int_equal(ioctl(s->fd, SIOCOUTQNSD, &unsent), 0);
	return (size_t)unsent + s->out_n - s->out_done;
}

/* Whenever it comes while 192 KiB of ROUTINE are under way, at most one record goes before it. */
static void test_one_record_at_most(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint16_t port = listen_tcp();

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	for (size_t taken = 0; taken < 40; taken += 7) {
		struct other o;
		connect_tcp(&o, port);
		shake(&o, &key);
		struct stream *s = nb_stream_of(&o);
		uint64_t first = s->records.session.send.n;
		nb_queue(o.number, HL_LANE_ROUTINE, TRANSFER);
		nb_run();
		assert_int_equal(read_until(&o, HL_LANE_BULK, taken), taken);
		nb_run();
		size_t sealed = (size_t)(s->records.session.send.n - first);
		/* The transfer is in its midst. */
		assert_true(sealed >= taken && sealed < TRANSFER / HL_RECORD);
		nb_queue(o.number, HL_LANE_FLASH, FLASH);
		assert_true(ahead(s) <= HL_RECORD);
		nb_run();
		/* It stands in the very next record that is sealed. */
		assert_int_equal(taken + read_until(&o, HL_LANE_FLASH, 60), sealed + 1);
		read_until(&o, HL_LANE_ROUTINE, 60);
		assert_int_equal(s->records.session.send.n - first,
			(TRANSFER + FLASH) / (HL_RECORD - HL_TAG_SIZE - 3) + 1);
		nb_leave(&o);
		nb_run();
		nb_script.n_told = 0;
	}
}

/* And every lane above overtakes every one below, wherever it was queued. */
static void test_lanes_in_their_order(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint16_t port = listen_tcp();
	struct other o;

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	connect_tcp(&o, port);
	shake(&o, &key);
	for (unsigned lane = HL_LANE_BULK; lane >= HL_LANE_CONTROL; lane--)
		nb_queue(o.number, lane, 100000);
	nb_run();
	size_t n = 0;
	for (unsigned lane = HL_LANE_CONTROL; lane <= HL_LANE_BULK; lane++) {
		n += read_until(&o, lane, 200);
		/* 25 records each, and what was sealed before the next came. */
		assert_true(n >= lane * 24 && n <= lane * 25 + 2);
	}
	nb_leave(&o);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, net_bench_setup, net_bench_teardown)
	const struct CMUnitTest tests[] = {
		T(test_one_record_at_most),
		T(test_lanes_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
