/* What stands around the node's engine: its configuration, its keys on disk, its log. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/config.h"
#include "node/config_check.h"
#include "node/disk.h"
#include "node/keys.h"
#include "node/log.h"

/* A directory for one test. */
struct place {
	char dir[64], conf[96];
	char said[8192]; /* what was last written to errors */
};

static int place_new(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	snprintf(place->dir, sizeof(place->dir), "/tmp/hotline-unit-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->conf, sizeof(place->conf), "%s/hotlined.conf", place->dir);
	*state = place;
	return 0;
}

static int place_free(void **state)
{
	static const char *const names[] = {
		"hotlined.conf", "a.psk", "link", "node.key", "log", "file", "file.new"};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/%s", place->dir, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(place->dir), 0);
	free(place);
	return 0;
}

static void write_file(const char *path, const char *text, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int read_config(struct place *place, const char *text, struct hl_config *ret)
{
	FILE *errors = fmemopen(place->said, sizeof(place->said), "w");
	int result;

	memset(place->said, 0, sizeof(place->said));
	write_file(place->conf, text, strlen(text), 0600);
	result = hl_config_read(place->conf, errors, ret);
	fclose(errors);
	return result;
}

/* The text is refused with exactly these lines, without the file's name. */
static void assert_refused(struct place *place, const char *text, const char *lines)
{
	struct hl_config config = {.log_level = -7};
	char want[4096] = "";

	assert_int_equal(read_config(place, text, &config), -1);
	assert_int_equal(config.log_level, -7); /* untouched */
	while (*lines) {
		size_t n = strcspn(lines, "\n");
		size_t at = strlen(want);
		snprintf(want + at, sizeof(want) - at, "%s:%.*s\n", place->conf, (int)n,
			lines);
		lines += n + (lines[n] == '\n');
	}
	assert_string_equal(place->said, want);
}

static void whole_configuration(void **state)
{
	static const char text[] =
		"# all that can be said\n"
		"network = \"a \\\"quoted\\\" \\$ name\"\n"
		"state-dir = \"state\"\n"
		"listen = {\"0.0.0.0:4685\", '[::]:4685'}\n"
		"socket = /run/x.sock\n"
		"socket-mode = \"0660\"\n"
		"user = hotline\n"
		"allow-root = true\n"
		"log-level = debug\n"
		"peer \"lab-b\" {\n"
		"\taddress = {\"b.example:1\", \"[2001:db8::7]:65535\"}\n"
		"\tpsk-file = \"a.psk\"\n"
		"}\n"
		"peer \"0101010101010101010101010101010101010101010101010101010101010101\" {}\n"
		"drill { every = 60 remind = 0 }\n";
	struct place *place = *state;
	struct hl_config config HL_CLEAN_CONFIG = {0};
	struct hl_id net;
	char path[128];

	snprintf(path, sizeof(path), "%s/a.psk", place->dir);
	write_file(path,
		"ABababababababababababababababababababababababababababababababab\n", 65,
		0600);
	assert_int_equal(read_config(place, text, &config), 0);
	assert_string_equal(place->said, "");
	assert_string_equal(config.network, "a \"quoted\" $ name");
	hl_net_id(hl_view_str("a \"quoted\" $ name"), &net);
	assert_true(hl_id_eq(&net, &config.net));
	snprintf(path, sizeof(path), "%s/state", place->dir);
	assert_string_equal(config.state_dir, path);
	assert_int_equal(config.n_listen, 2);
	assert_string_equal(config.listen[0], "0.0.0.0:4685");
	assert_string_equal(config.listen[1], "[::]:4685");
	assert_string_equal(config.socket, "/run/x.sock");
	assert_int_equal(config.socket_mode, 0660);
	assert_string_equal(config.user, "hotline");
	assert_true(config.allow_root);
	assert_int_equal(config.log_level, LOG_DEBUG);
	assert_int_equal(config.n_peers, 2);
	assert_string_equal(config.peers[0].name, "lab-b");
	assert_false(config.peers[0].has_lab);
	assert_string_equal(
		config.peers[0].addresses, "b.example:1\n[2001:db8::7]:65535\n");
	assert_true(config.peers[0].has_psk);
	for (size_t i = 0; i < HL_KEY_SIZE; i++)
		assert_int_equal(config.peers[0].psk.b[i], 0xab);
	assert_true(config.peers[1].has_lab);
	for (size_t i = 0; i < HL_ID_SIZE; i++)
		assert_int_equal(config.peers[1].lab.b[i], 1);
	assert_null(config.peers[1].addresses);
	assert_false(config.peers[1].has_psk);
	assert_int_equal(config.drill_every, 60);
	assert_int_equal(config.drill_remind, 0);
	hl_config_clear(&config);
	hl_config_clear(NULL);
	assert_null(config.peers);
}

static void what_is_not_said(void **state)
{
	struct place *place = *state;
	struct hl_config config HL_CLEAN_CONFIG = {0};

	assert_int_equal(read_config(place, "state-dir = .\n", &config), 0);
	assert_string_equal(config.network, "hotline");
	assert_string_equal(config.state_dir, place->dir);
	assert_int_equal(config.n_listen, 0);
	assert_null(config.socket);
	assert_int_equal(config.socket_mode, 0600);
	assert_null(config.user);
	assert_false(config.allow_root);
	assert_int_equal(config.log_level, LOG_INFO);
	assert_int_equal(config.n_peers, 0);
	assert_int_equal(config.drill_every, 3600);
	assert_int_equal(config.drill_remind, 7 * 24 * 3600);
	hl_config_clear(&config);
	assert_int_equal(
		read_config(place, "drill {}\ndrill { every = 5 }\n", &config), 0);
	assert_int_equal(config.drill_every, 5);
	assert_int_equal(config.drill_remind, 7 * 24 * 3600);
	hl_config_clear(&config);
	assert_int_equal(
		read_config(place, "drill { every = -1\nremind = 31622401 }\n", &config),
		-1);
	assert_non_null(strstr(place->said,
		":1: every -1 is out of bounds: 0 to 31622400 seconds, 0 for never\n"));
	assert_non_null(strstr(place->said,
		":2: remind 31622401 is out of bounds: 0 to 31622400 seconds, 0 for "
		"never\n"));
	assert_int_equal(read_config(place, "", &config), 0);
	assert_string_equal(config.state_dir, "/var/lib/hotline");
}

static void what_is_refused(void **state)
{
	struct place *place = *state;
	char many[2048] = "listen = {";

	assert_refused(place, "network = \"\"\n",
		"1: network \"\" is no network's name: one line of 1 to 64 bytes");
	assert_refused(place, "\n\nlog-level = \"\"\n",
		"3: log-level \"\" is no level: error, warning, notice, info, debug");
	assert_refused(place, "socket-mode = 0755\n",
		"1: socket-mode \"0755\" is no mode of a socket: 0600 (this user), 0660 (and the "
		"group) or 0666 (all)");
	assert_refused(place,
		"peer \"b\" {\n address = {\"b.example\"}\n}\npeer \"b\" {}\n",
		"2: address \"b.example\" is no address: host:port or [ipv6]:port, "
		"hotline.lab-b.example:4685\n"
		"4: found duplicate title 'b'");
	assert_refused(place, "a = 1\nb = 2\n",
		"1: no such option \"a\" (network, state-dir, listen, socket, socket-mode, user, "
		"allow-root, log-level, peer, hook, policy, person, drill)\n"
		"2: no such option \"b\" (network, state-dir, listen, socket, socket-mode, user, "
		"allow-root, log-level, peer, hook, policy, person, drill)");
	assert_refused(place, "user = \"a\xff\"\n",
		"1: the text must be UTF-8 without control characters (and lines end in LF alone)");
	assert_refused(place, "user = a\r\n",
		"1: the text must be UTF-8 without control characters (and lines end in LF alone)");
	assert_refused(place, "user = a\n\nuser = \"b\n\n",
		"3: what begins here (a brace, quotes, a comment) is never closed");
	assert_refused(place, "/*\n",
		"1: what begins here (a brace, quotes, a comment) is never closed");
	for (int i = 0; i < HL_LISTEN_MAX + 1; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
			"%s\"0.0.0.0:%d\"", i ? ", " : "", i + 1);
	strcat(many, "}\n");
	assert_refused(place, many, "1: listen has room for 16 addresses");
}

static void psk_files(void **state)
{
	static const char text[] = "peer \"b\" { psk-file = \"a.psk\" }\n";
	static const char want[] =
		"1: psk-file \"a.psk\": it must hold 64 hexadecimal digits, "
		"not all 0";
	struct place *place = *state;
	struct hl_config config HL_CLEAN_CONFIG = {0};
	char path[128], hex[66];

	snprintf(path, sizeof(path), "%s/a.psk", place->dir);
	memset(hex, '0', 65);
	write_file(path, hex, 64, 0600);
	assert_refused(place, text, want);
	hex[63] = '1';
	write_file(path, hex, 63, 0600);
	assert_refused(place, text, want);
	write_file(path, hex, 65, 0600);
	assert_refused(place, text, want);
	hex[10] = 'g';
	write_file(path, hex, 64, 0600);
	assert_refused(place, text, want);
	hex[10] = '0';
	write_file(path, hex, 64, 0640);
	assert_refused(place, text,
		"1: psk-file \"a.psk\": it must be a plain file of this user that nobody else "
		"may read (chmod 600)");
	write_file(path, hex, 64, 0600);
	assert_int_equal(read_config(place, text, &config), 0);
	assert_int_equal(config.peers[0].psk.b[31], 1);
}

/* Whatever the file holds, it is read or refused with a word. */
static void any_text(void **state)
{
	static const char text[] =
		"network = \"a\\x41\" # b\nlisten = {\"0.0.0.0:1\",\n'[::]:2'}\n"
		"peer \"b\" { address = { \"c:1\" } } // d\n/* e */ user = f\n";
	static const char odd[] = "\"'\\{}=/*#$\n\t,+(";
	struct place *place = *state;
	size_t good = 0;

	for (size_t i = 0; i < strlen(text); i++) {
		for (size_t j = 0; j < strlen(odd); j++) {
			struct hl_config config HL_CLEAN_CONFIG = {0};
			char spoiled[256];

			snprintf(spoiled, sizeof(spoiled), "%s", text);
			spoiled[i] = odd[j];
			if (read_config(place, spoiled, &config) == 0)
				good++;
			else
				assert_true(strncmp(place->said, place->conf,
						    strlen(place->conf)) == 0);
		}
	}
	assert_true(good > 0);
}

static void addresses(void **state)
{
	static const char *const good[] = {"a:1", "a.example:65535", "192.0.2.7:4685",
		"[::1]:1", "[2001:db8::7]:4685", "a_b-c.d:1"};
	static const char *const bad[] = {"", ":", ":1", "a", "a:", "a:0", "a:65536",
		"a:1x", "a:-1", "a: 1", "a:000001", "a b:1", "::1:1", "[::1]", "[::1:1",
		"[]:1", "[a]:1", "[192.0.2.7]:1", "-a:1", ".a:1", "*:1", "a/b:1",
		"a\n:1"};
	char big[300];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(hl_address_ok(good[i], false));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(hl_address_ok(bad[i], false));
	assert_true(hl_address_ok("a:0", true));
	memset(big, 'a', sizeof(big));
	strcpy(big + 253, ":1");
	assert_true(hl_address_ok(big, false));
	memset(big, 'a', 254);
	strcpy(big + 254, ":1");
	assert_false(hl_address_ok(big, false));
	assert_null(hl_config_listen_check("192.0.2.7:4685"));
	assert_null(hl_config_listen_check("[::]:4685"));
	assert_non_null(hl_config_listen_check("a.example:4685"));
	assert_non_null(hl_config_listen_check("0.0.0.0:0"));
}

/* Keys. */

static const struct hl_id net_a = {{1}}, net_b = {{2}}, lab_a = {{3}};

static void keys_are_kept(void **state)
{
	struct place *place = *state;
	struct hl_node_keys made HL_CLEAN_NODE_KEYS = {0}, read HL_CLEAN_NODE_KEYS = {0};
	struct hl_node_keys none HL_CLEAN_NODE_KEYS = {0};
	char why[HL_NODE_ERROR_MAX] = "", path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/node.key", place->dir);
	assert_false(hl_node_keys_exist(place->dir));
	assert_int_equal(hl_node_keys_create(place->dir, &net_a, &lab_a, &made, why), 0);
	assert_true(hl_node_keys_exist(place->dir));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(hl_node_keys_load(place->dir, &net_a, &read, why), 0);
	assert_memory_equal(made.sign.pub, read.sign.pub, HL_KEY_SIZE);
	assert_memory_equal(made.link.pub, read.link.pub, HL_KEY_SIZE);
	assert_memory_equal(made.seal.pub, read.seal.pub, HL_KEY_SIZE);
	assert_true(hl_secret_eq(&made.link.sk, &read.link.sk));
	assert_true(hl_id_eq(&made.kid, &read.kid) && hl_id_eq(&made.lab, &read.lab));
	assert_memory_not_equal(made.link.pub, made.seal.pub, HL_KEY_SIZE);
	assert_int_equal(hl_node_keys_create(place->dir, &net_a, &lab_a, &none, why), -1);
	assert_non_null(strstr(why, "it is there already"));
	assert_int_equal(hl_node_keys_load(place->dir, &net_b, &none, why), -1);
	assert_non_null(strstr(why, "another network"));
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(hl_node_keys_load(place->dir, &net_a, &none, why), -1);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chmod(place->dir, 0710), 0);
	assert_int_equal(hl_node_keys_load(place->dir, &net_a, &none, why), -1);
	assert_non_null(strstr(why, "chmod 700"));
	assert_int_equal(chmod(place->dir, 0700), 0);
	assert_null(none.sign.sk.p);
	assert_int_equal(hl_node_keys_load(place->dir, &net_a, &none, why), 0);
}

/* Without memory there are whole keys or none. */
static void keys_without_memory(void **state)
{
	struct place *place = *state;
	char why[HL_NODE_ERROR_MAX], path[128];
	bool failed = true;
	unsigned n;

	snprintf(path, sizeof(path), "%s/node.key", place->dir);
	for (n = 1; failed; n++) {
		struct hl_node_keys keys HL_CLEAN_NODE_KEYS = {0};
		struct hl_node_keys again HL_CLEAN_NODE_KEYS = {0};

		unit_fail_allocation(n);
		int result = hl_node_keys_create(place->dir, &net_a, &lab_a, &keys, why);
		failed = unit_allocation_failed();
		if (result != 0) {
			assert_true(failed);
			assert_null(keys.sign.sk.p);
		} else {
			assert_int_equal(
				hl_node_keys_load(place->dir, &net_a, &again, why), 0);
		}
		unlink(path);
	}
	assert_true(n > 4);
}

static void files_are_whole(void **state)
{
	struct place *place = *state;
	struct hl_buf got HL_CLEAN_BUF = {0};
	char path[128], link[128];

	snprintf(path, sizeof(path), "%s/file", place->dir);
	snprintf(link, sizeof(link), "%s/link", place->dir);
	assert_int_equal(hl_disk_create(AT_FDCWD, path, hl_view_str("one")), 0);
	assert_int_equal(hl_disk_create(AT_FDCWD, path, hl_view_str("two")), EEXIST);
	assert_int_equal(hl_disk_read(AT_FDCWD, path, 2, true, &got), EFBIG);
	assert_int_equal(got.n, 0);
	assert_int_equal(hl_disk_read(AT_FDCWD, path, 3, true, &got), 0);
	assert_view(hl_view_buf(&got), hl_view_str("one"));
	hl_buf_clear(&got);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(hl_disk_read(AT_FDCWD, link, 3, true, &got), ELOOP);
	assert_int_equal(hl_disk_read(AT_FDCWD, link, 3, false, &got), 0);
	assert_int_equal(hl_disk_create(AT_FDCWD, link, hl_view_str("two")), EEXIST);
	hl_buf_clear(&got);
	assert_int_equal(hl_disk_read(AT_FDCWD, place->dir, 3, true, &got), EPERM);
}

/* The log, with standard error in a file meanwhile. */

static int log_begin(const struct place *place)
{
	char path[128];
	int kept = dup(STDERR_FILENO), fd;

	snprintf(path, sizeof(path), "%s/log", place->dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
	assert_true(kept >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return kept;
}

static void log_end(struct place *place, int kept)
{
	memset(place->said, 0, sizeof(place->said));
	assert_true(pread(STDERR_FILENO, place->said, sizeof(place->said) - 1, 0) >= 0);
	dup2(kept, STDERR_FILENO);
	close(kept);
}

static void log_is_lines(void **state)
{
	struct place *place = *state;
	int kept = log_begin(place);
	char big[3000];

	hl_log_style(HL_LOG_PRIORITY);
	hl_log_open(LOG_INFO);
	hl_log_write(LOG_NOTICE, "%s",
		"a\nb\t\x1b[1m\x7f \xc2\x9b\xff\xc3 \xe2\x80\xae \xed\xa0\x80 ok "
		"\xc3\xa9 \xf0\x9f\x93\x9e");
	hl_log_write(LOG_DEBUG, "%s", "not wanted");
	hl_log_write(99, "%s", "nor this");
	hl_log_line(LOG_WARNING, "%s is no format here");
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	hl_log_line(LOG_ERR, big);
	log_end(place, kept);
	hl_log_style(HL_LOG_AUTO);
	char *second = strchr(place->said, '\n') + 1, *third = strchr(second, '\n') + 1;
	second[-1] = third[-1] = '\0';
	assert_string_equal(place->said,
		"<5>a\\x0ab\\x09\\x1b[1m\\x7f \\xc2\\x9b\\xff\\xc3 \\xe2\\x80\\xae "
		"\\xed\\xa0\\x80 ok \xc3\xa9 \xf0\x9f\x93\x9e");
	assert_string_equal(second, "<4>%s is no format here");
	assert_true(strlen(third) <= HL_LOG_LINE_MAX + 1);
	assert_int_equal(strspn(third + 3, "x"), strlen(third) - 4);
	assert_int_equal(third[strlen(third) - 1], '\n');
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void log_is_limited(void **state)
{
	struct place *place = *state;
	int kept = log_begin(place);

	hl_log_style(HL_LOG_TIME);
	for (unsigned i = 0; i < 100; i++)
		hl_log_write(LOG_INFO, "one cause, number %u", i);
	for (unsigned i = 0; i < 100; i++) {
		char text[64];
		snprintf(text, sizeof(text), "another cause, from 192.0.2.%u:9", i);
		hl_log_line(LOG_INFO, text);
	}
	for (unsigned i = 0; i < 20; i++)
		hl_log_write(LOG_CRIT, "always said, number %u", i);
	hl_log_write(LOG_INFO, "a third cause");
	log_end(place, kept);
	hl_log_style(HL_LOG_AUTO);
	assert_int_equal(count_lines(place->said), 10 + 10 + 20 + 1);
	assert_non_null(strstr(place->said, "Z info: one cause, number 9\n"));
	assert_null(strstr(place->said, "one cause, number 10"));
	assert_non_null(strstr(place->said, "Z info: another cause, from 192.0.2.9:9\n"));
	assert_null(strstr(place->said, "192.0.2.10:9"));
	assert_non_null(strstr(place->said, "Z critical: always said, number 19\n"));
	assert_non_null(strstr(place->said, "Z info: a third cause\n"));
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_new, place_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(whole_configuration),
		IN_PLACE(what_is_not_said),
		IN_PLACE(what_is_refused),
		IN_PLACE(psk_files),
		IN_PLACE(any_text),
		cmocka_unit_test(addresses),
		IN_PLACE(keys_are_kept),
		IN_PLACE(keys_without_memory),
		IN_PLACE(files_are_whole),
		IN_PLACE(log_is_lines),
		IN_PLACE(log_is_limited),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
