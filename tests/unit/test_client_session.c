/*
 * The line to the own node, against a node made of the library in a second process: handshake,
 * hello, documents both ways, refusals, silence.
 */
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/docs.h"
#include "client/session.h"
#include "tests/unit/client.h"

enum manner {
	NODE_GOOD,
	NODE_SILENT, /* takes the connection and answers nothing */
	NODE_REFUSES, /* says no to whatever comes after the hello, with a trap in the text */
	NODE_JUNK,   /* a record that does not open, after the hello */
	NODE_CLOSES, /* a close frame, after the hello */
};

struct node {
	struct hl_id net, lab;
	struct hl_dh_key link;
	struct hl_sign_key sign;
	enum manner manner;
	int log; /* one character a request */
	int fd;
	struct hl_records records;
};

static enum hl_status fill(void *ctx, uint8_t *p, size_t n)
{
	(void)ctx;
	randombytes_buf(p, n);
	return HL_OK;
}
static const struct hl_entropy entropy = {fill, NULL};

static bool read_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static bool shake(struct node *node)
{
	struct hl_noise noise HL_CLEAN_NOISE = {0};
	struct hl_session session HL_CLEAN_SESSION = {0};
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_buf prologue HL_CLEAN_BUF = {0}, second HL_CLEAN_BUF = {0};
	struct hl_key32 ephemeral HL_CLEAN_KEY32 = {{0}};
	static const uint8_t zeros[HL_KEY_SIZE];
	uint8_t first[HL_KNOCK_SIZE + HL_NOISE_MESSAGE_1], third[HL_NOISE_MESSAGE_3];

	hl_out_init(&out);
	hl_out_array(&out, 4);
	hl_out_uint(&out, 1);
	hl_out_id(&out, &node->net);
	hl_out_uint(&out, HL_PURPOSE_DEVICE);
	hl_out_id(&out, &node->lab);
	randombytes_buf(ephemeral.b, sizeof(ephemeral.b));
	if (hl_out_finish(&out, &prologue) ||
		hl_noise_init(&noise, HL_NOISE_XKPSK3, false, hl_view_buf(&prologue),
			&node->link, NULL, &ephemeral))
		return false;
	hl_noise_set_psk(&noise, zeros);
	if (!read_all(node->fd, first, sizeof(first)) ||
		hl_noise_read(&noise,
			hl_view_of(first + HL_KNOCK_SIZE, HL_NOISE_MESSAGE_1), NULL) ||
		hl_noise_write(&noise, (struct hl_view){0}, &second) ||
		write(node->fd, second.p, second.n) != (ssize_t)second.n ||
		!read_all(node->fd, third, sizeof(third)) ||
		hl_noise_read(&noise, HL_VIEW(third), NULL) ||
		hl_noise_split(&noise, &session))
		return false;
	hl_records_init(&node->records, &session);
	return true;
}

static bool send_frame(struct node *node, const struct hl_frame *frame)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	uint8_t record[HL_RECORD];

	if (hl_frame_encode(frame, &bytes) ||
		hl_records_queue(&node->records, hl_frame_lane(frame->type, 0), &bytes))
		return false;
	while (hl_records_pending(&node->records))
		if (hl_records_seal(&node->records, record) ||
			write(node->fd, record, sizeof(record)) !=
				(ssize_t)sizeof(record))
			return false;
	return true;
}

static bool reply(struct node *node, uint64_t request, enum hl_status code,
	const char *text, const struct hl_body *body)
{
	struct hl_frame frame = {.type = HL_FRAME_REPLY, .request = request};
	struct hl_buf bytes HL_CLEAN_BUF = {0};

	frame.reply.code = code;
	frame.reply.text = hl_view_str(text);
	if (body && hl_body_encode(body, &bytes))
		return false;
	frame.reply.has_body = body != NULL;
	frame.reply.body = hl_view_buf(&bytes);
	return send_frame(node, &frame);
}

static bool answer_hello(struct node *node, const struct hl_frame *frame)
{
	struct hl_body body = {.of = HL_FRAME_DEVICE_HELLO};

	body.hello.version = 1;
	body.hello.lab = node->lab;
	hl_key_id(&node->net, HL_ROLE_NODE_SIGN, node->sign.pub, &body.hello.kid);
	body.hello.clock = hl_clock();
	body.hello.card_version = 1;
	return reply(node, frame->request, HL_OK, "", &body);
}

static bool answer_status(struct node *node, const struct hl_frame *frame)
{
	struct hl_view warnings[1] = {hl_view_str("the disk is \xe2\x80\xae full")};
	struct hl_peer_status peer = {.lab = {{0x77}},
		.state = HL_LINK_DOWN,
		.heard = hl_clock(),
		.clock_offset = -2500,
		.queued = 3,
		.last_error = hl_view_str("wrong PSK")};
	struct hl_body body = {.of = HL_FRAME_STATUS};

	body.status.time = hl_clock();
	body.status.started = body.status.time - 60000;
	body.status.version = hl_view_str("9.9");
	body.status.lab = node->lab;
	body.status.peers = &peer;
	body.status.n_peers = 1;
	body.status.warnings = warnings;
	body.status.n_warnings = 1;
	return reply(node, frame->request, HL_OK, "", &body);
}

static bool answer(struct node *node, const struct hl_frame *frame)
{
	struct hl_body docs = {.of = HL_FRAME_GET_DOCS};
	struct hl_frame bye = {.type = HL_FRAME_CLOSE};
	static const uint8_t junk[HL_RECORD];

	if (frame->type == HL_FRAME_DEVICE_HELLO)
		return answer_hello(node, frame);
	switch (node->manner) {
	case NODE_REFUSES:
		return reply(node, frame->request, HL_NOT_PERMITTED, "no\xe2\x80\xae way",
			NULL);
	case NODE_JUNK:
		return write(node->fd, junk, sizeof(junk)) == (ssize_t)sizeof(junk);
	case NODE_CLOSES:
		bye.close.reason = HL_CLOSE_PERMITTED;
		return send_frame(node, &bye);
	case NODE_GOOD:
	case NODE_SILENT: break;
	}
	if (frame->type == HL_FRAME_GET_DOCS)
		return reply(node, frame->request, HL_OK, "", &docs);
	if (frame->type == HL_FRAME_STATUS)
		return answer_status(node, frame);
	return reply(node, frame->request, HL_OK, "", NULL);
}

static bool note(struct node *node, const struct hl_frame *frame)
{
	char c = '?';

	if (frame->type == HL_FRAME_DEVICE_HELLO)
		c = 'h';
	else if (frame->type == HL_FRAME_PUT)
		c = (char)('0' + frame->put.sort);
	else if (frame->type == HL_FRAME_GET_DOCS)
		c = 'g';
	else if (frame->type == HL_FRAME_STATUS)
		c = 's';
	return write(node->log, &c, 1) == 1;
}

static void serve(struct node *node)
{
	uint8_t record[HL_RECORD];

	while (read_all(node->fd, record, sizeof(record)) &&
		hl_records_open(&node->records, record) == HL_OK) {
		struct hl_buf bytes HL_CLEAN_BUF = {0};
		unsigned lane;

		while (hl_records_next(&node->records, &lane, &bytes)) {
			struct hl_frame frame HL_CLEAN_FRAME = {0};

			if (hl_frame_parse(
				    hl_view_buf(&bytes), HL_PURPOSE_DEVICE, &frame) ||
				frame.type == HL_FRAME_CLOSE || !note(node, &frame) ||
				!answer(node, &frame))
				return;
			hl_buf_clear(&bytes);
		}
	}
}

/* The node's process: one connection after another, until it is killed. */
static void run_node(struct node *node, int listener)
{
	for (;;) {
		node->fd = accept(listener, NULL, NULL);
		if (node->manner == NODE_SILENT) {
			pause();
		} else if (node->fd >= 0 && shake(node)) {
			serve(node);
			hl_records_clear(&node->records);
			node->records = (struct hl_records){0};
		}
		close(node->fd);
	}
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

struct scene {
	struct node node;
	pid_t pid;
	int log; /* what the node was asked */
	char socket[128];
};

static void start(struct scene *s, enum manner manner)
{
	int ends[2], listener;

	unlink(s->socket);
	listener = listen_at(s->socket);
	assert_int_equal(pipe(ends), 0);
	s->node.manner = manner;
	s->node.log = ends[1];
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0) {
		alarm(60);
		run_node(&s->node, listener);
	}
	close(listener);
	close(ends[1]);
	s->log = ends[0];
}

/* Ends the node; what it was asked, in order. */
static void stop(struct scene *s, char *asked, size_t size)
{
	ssize_t n;

	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	n = read(s->log, asked, size - 1);
	asked[n > 0 ? n : 0] = 0;
	close(s->log);
}

/* A lab with this node on its card, which the node itself does not have yet. */
static void begin(struct client *c, struct scene *s)
{
	struct hl_request request = {.role = HL_ROLE_NODE_SIGN};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_doc_item item = {.sort = HL_DOC_REQUEST};
	char conf[256], socket_line[160];
	struct hl_app app;

	*s = (struct scene){0};
	client_want(0, c, "lab", "init", "Lab A", "--person", "Mira");
	client_open(c, &app);
	s->node.net = app.net;
	s->node.lab = app.lab;
	assert_int_equal(hl_dh_key_generate(&entropy, &s->node.link), HL_OK);
	assert_int_equal(hl_sign_key_generate(&entropy, &s->node.sign), HL_OK);
	request.lab = app.lab;
	memcpy(request.sign, s->node.sign.pub, HL_KEY_SIZE);
	memcpy(request.link, s->node.link.pub, HL_KEY_SIZE);
	randombytes_buf(request.seal, HL_KEY_SIZE);
	assert_int_equal(hl_request_make(&app.net, &request, &s->node.sign, &doc), HL_OK);
	item.doc = hl_view_buf(&doc);
	assert_int_equal(hl_docs_write_file(&app, "node", &item, 1, true), HL_EXIT_OK);
	hl_app_clear(&app);
	snprintf(s->socket, sizeof(s->socket), "%s/sock", c->dir);
	snprintf(conf, sizeof(conf), "network = \"hotline\"\nnode = \"%s\"\n", s->socket);
	client_file(c, "home/hotline.conf", conf);
	client_want(2, c, "node", "add", "node");
	client_want(0, c, "node", "add", "node", "--yes", "--address", "h.example:4685");
	snprintf(
		socket_line, sizeof(socket_line), "Kept here: your node (%s)", s->socket);
	assert_non_null(strstr(c->err, socket_line));
}

static void end(struct scene *s)
{
	hl_dh_key_clear(&s->node.link);
	hl_sign_key_clear(&s->node.sign);
}

static void test_good(void **state)
{
	struct client *c = *state;
	struct scene s;
	char asked[64];

	begin(c, &s);
	start(&s, NODE_GOOD);
	client_want(0, c, "status");
	assert_non_null(strstr(c->out, "hotlined 9.9"));
	assert_non_null(strstr(c->out, "DOWN"));
	assert_non_null(strstr(c->out, "wrong PSK"));
	assert_non_null(strstr(c->out, "-2.5 s"));
	assert_non_null(strstr(c->out, "the disk is ‹U+202E› full"));
	client_want(0, c, "status", "--json");
	assert_non_null(strstr(c->out, "\"schema\": \"hotline.status.1\""));
	assert_non_null(strstr(c->out, "\"reached\": true"));
	assert_non_null(strstr(c->out, "\"clock_offset_ms\": -2500"));
	stop(&s, asked, sizeof(asked));
	/* The card that the node lacks, the directory, the sealing keys; the second time the node
	 * still says that it has card 1 and no directory, but the keys were taken. */
	assert_string_equal(asked, "h123gsh12gs");
	end(&s);
}

static void test_away(void **state)
{
	struct client *c = *state;
	struct scene s;
	char asked[64];

	begin(c, &s);
	client_want(3, c, "status");
	assert_non_null(strstr(c->err, "does not answer: there is no such socket"));
	client_want(3, c, "status", "--json");
	assert_non_null(strstr(c->out, "\"reached\": false"));
	close(listen_at(s.socket));
	client_want(3, c, "status");
	assert_non_null(strstr(c->err, "does not answer: Connection refused"));
	start(&s, NODE_CLOSES);
	client_want(4, c, "status");
	assert_non_null(strstr(c->err, "lets this device in no longer"));
	stop(&s, asked, sizeof(asked));
	start(&s, NODE_JUNK);
	client_want(3, c, "status");
	assert_non_null(strstr(c->err, "a record that does not open"));
	stop(&s, asked, sizeof(asked));
	start(&s, NODE_REFUSES);
	client_want(4, c, "status");
	assert_non_null(strstr(c->err, "the node refused"));
	assert_non_null(strstr(c->err, "no‹U+202E› way"));
	stop(&s, asked, sizeof(asked));
	start(&s, NODE_SILENT);
	client_want(3, c, "status");
	assert_non_null(strstr(c->err, "makes no handshake with this device"));
	stop(&s, asked, sizeof(asked));
	end(&s);
}

/* Somebody else at the node's address: another link key. */
static void test_impostor(void **state)
{
	struct client *c = *state;
	struct scene s;
	char asked[64];

	begin(c, &s);
	hl_dh_key_clear(&s.node.link);
	s.node.link = (struct hl_dh_key){{0}};
	assert_int_equal(hl_dh_key_generate(&entropy, &s.node.link), HL_OK);
	start(&s, NODE_GOOD);
	client_want(3, c, "status");
	stop(&s, asked, sizeof(asked));
	assert_string_equal(asked, "");
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_away, client_begin, client_end),
		cmocka_unit_test_setup_teardown(test_impostor, client_begin, client_end),
	};

	return cmocka_run_group_tests_name("client_session", tests, NULL, NULL);
}
