/* Dialling: addresses, names, and the link that comes of it. */
#include "tests/unit/net_bench.h"

#include <arpa/inet.h>
#include <event2/dns.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void dial(uint8_t lab, const struct hl_dh_key *key, const char *addresses)
{
	struct hl_effect_out *e = &nb_script.effect[nb_script.n_effects++];

	*e = (struct hl_effect_out){.type = HL_EFFECT_DIAL};
	e->lab.b[0] = lab;
	memcpy(e->key, key->pub, HL_KEY_SIZE);
	snprintf(e->text, sizeof(e->text), "%s", addresses);
}

/* A listener on the loopback; its address as a line. */
static int listen_here(char *ret, size_t size)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	snprintf(ret, size, "127.0.0.1:%u\n", ntohs(at.sin_port));
	return fd;
}

/* The first address is silent, the second one closes at once, and there is no third. */
static void test_dial_tries_each_address(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	uint8_t bytes[HL_KNOCK_SIZE + HL_NOISE_MESSAGE_1 + 1];
	char silent[32], closes[32], both[64];

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	int a = listen_here(silent, sizeof(silent));
	int b = listen_here(closes, sizeof(closes));
	snprintf(both, sizeof(both), "%s%s", silent, closes);
	dial(9, &key, both);
	nb_run();
	int first = accept(a, NULL, NULL);
	assert_true(first >= 0);
	assert_int_equal(recv(first, bytes, sizeof(bytes), MSG_DONTWAIT),
		HL_KNOCK_SIZE + HL_NOISE_MESSAGE_1);
	assert_int_equal(nb_script.n_told, 0);
	event_active(nb_script.net->half_first->deadline, EV_TIMEOUT, 0);
	nb_run();
	int second = accept(b, NULL, NULL);
	assert_true(second >= 0);
	assert_int_equal(nb_script.n_told, 0);
	close(second);
	nb_run();
	assert_int_equal(nb_script.n_told, 1);
	assert_int_equal(nb_count(HL_EVENT_DIAL_FAILED), 1);
	assert_int_equal(nb_script.told[0].lab.b[0], 9);
	assert_null(nb_script.net->dials);
	assert_null(nb_script.net->half_first);
	close(first);
	close(a);
	close(b);
}

static int listen_at(const char *host, unsigned port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(inet_pton(AF_INET, host, &at.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

/* A name with two addresses: when the one is of no use, the other is tried. */
static void test_dial_tries_each_address_of_a_name(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	char path[] = "/tmp/hotline-hosts-XXXXXX", line[64], *port;
	int hosts = mkstemp(path), got = -1;
	static const char twins[] = "127.0.0.1 twin.test\n127.0.0.2 twin.test\n";

	(void)state;
	assert_int_equal(write(hosts, twins, sizeof(twins) - 1), sizeof(twins) - 1);
	close(hosts);
	nb_script.net->dns =
		evdns_base_new(nb_script.net->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	assert_int_equal(evdns_base_load_hosts(nb_script.net->dns, path), 0);
	unlink(path);
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 9, 0);
	int a = listen_here(line, sizeof(line));
	port = strchr(line, ':') + 1;
	int b = listen_at("127.0.0.2", (unsigned)strtoul(port, NULL, 10));
	fcntl(a, F_SETFL, O_NONBLOCK);
	fcntl(b, F_SETFL, O_NONBLOCK);
	memmove(line + 10, port, strlen(port) + 1);
	memcpy(line, "twin.test:", 10);
	dial(9, &key, line);
	nb_run();
	got = accept(a, NULL, NULL);
	int second = got >= 0 ? b : a;
	got = got >= 0 ? got : accept(b, NULL, NULL);
	assert_true(got >= 0);
	assert_int_equal(nb_script.n_told, 0);
	close(got);
	nb_run();
	got = accept(second, NULL, NULL);
	assert_true(got >= 0);
	assert_int_equal(nb_script.n_told, 0);
	close(got);
	nb_run();
	assert_int_equal(nb_count(HL_EVENT_DIAL_FAILED), 1);
	assert_null(nb_script.net->dials);
	close(a);
	close(b);
}

/* Two nets would need two engines: the other side is played by the same library's responder. */
static void test_dial_makes_a_link(void **state)
{
	HL_CLEAN_DH_KEY struct hl_dh_key key = {0};
	HL_CLEAN_BUF struct hl_buf prologue = {0}, second = {0};
	HL_CLEAN_OUT struct hl_out out;
	HL_CLEAN_NOISE struct hl_noise noise = {0};
	const struct hl_id lab = {{9}};
	uint8_t bytes[256], psk[HL_KEY_SIZE], mac[HL_KNOCK_SIZE];
	struct hl_key32 ephemeral;
	char address[32];

	(void)state;
	assert_ok(hl_dh_key_generate(&nb_entropy.source, &key));
	nb_know(&key, 3, 0); /* another lab's card names the key as well */
	nb_know(&key, 9, 5);
	int listener = listen_here(address, sizeof(address));
	dial(9, &key, address);
	nb_run();
	int fd = accept(listener, NULL, NULL);
	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT), 64);
	assert_ok(hl_knock(&key, nb_key.pub, hl_view_of(bytes + HL_KNOCK_SIZE, 48), mac));
	assert_memory_equal(mac, bytes, HL_KNOCK_SIZE);
	hl_out_init(&out);
	hl_out_array(&out, 4);
	hl_out_uint(&out, 1);
	hl_out_id(&out, &nb_net);
	hl_out_uint(&out, HL_PURPOSE_PEER);
	hl_out_id(&out, &lab);
	assert_ok(hl_out_finish(&out, &prologue));
	assert_ok(hl_entropy_fill(&nb_entropy.source, ephemeral.b, HL_KEY_SIZE));
	assert_ok(hl_noise_init(&noise, HL_NOISE_XKPSK3, false, hl_view_buf(&prologue),
		&key, NULL, &ephemeral));
	memset(psk, 5, sizeof(psk));
	hl_noise_set_psk(&noise, psk);
	assert_ok(hl_noise_read(&noise, hl_view_of(bytes + HL_KNOCK_SIZE, 48), NULL));
	assert_ok(hl_noise_write(&noise, hl_view_of(NULL, 0), &second));
	assert_int_equal(send(fd, second.p, second.n, 0), (ssize_t)second.n);
	nb_run();
	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT), 64);
	assert_ok(hl_noise_read(&noise, hl_view_of(bytes, 64), NULL));
	assert_memory_equal(hl_noise_remote(&noise), nb_key.pub, HL_KEY_SIZE);
	assert_non_null(nb_last(HL_EVENT_LINK_UP));
	assert_int_equal(nb_last(HL_EVENT_LINK_UP)->lab.b[0], 9);
	assert_true(nb_last(HL_EVENT_LINK_UP)->psk);
	assert_null(nb_script.net->dials);
	/* Ended before a word was said: that is what a wrong PSK looks like from here. */
	close(fd);
	nb_run();
	assert_non_null(strstr(nb_last(HL_EVENT_LINK_DOWN)->why, "PSK"));
	close(listener);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, net_bench_setup, net_bench_teardown)
	const struct CMUnitTest tests[] = {
		T(test_dial_tries_each_address),
		T(test_dial_tries_each_address_of_a_name),
		T(test_dial_makes_a_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
