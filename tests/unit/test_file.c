/* Files carried by hand, and requests: what is written is read, and what is wrong is refused. */
#include "cards.h"
#include "tree.h"

static struct hl_doc_item items[2];

static struct hl_file draft(void)
{
	items[0] = (struct hl_doc_item){HL_DOC_CARD, hl_view_str("a card")};
	items[1] = (struct hl_doc_item){HL_DOC_ENVELOPE,
		hl_view_str(
			"a letter that is long enough for more than one line of base64")};
	return (struct hl_file){
		.network = hl_view_str("hotline"), .items = items, .n_items = 2};
}

static struct hl_buf written(void)
{
	struct hl_file file = draft();
	struct hl_buf text = {0};

	assert_ok(hl_file_write(&file, &text));
	return text;
}

static enum hl_status read_text(const char *text)
{
	struct hl_file file HL_CLEAN_FILE = {0};

	return hl_file_read(hl_view_str(text), &file);
}

static void round_trip(void **state)
{
	struct hl_buf text HL_CLEAN_BUF = written(), again HL_CLEAN_BUF = {0};
	struct hl_file file HL_CLEAN_FILE = {0};

	(void)state;
	assert_ok(hl_file_read(hl_view_buf(&text), &file));
	assert_view(file.network, hl_view_str("hotline"));
	assert_int_equal(file.n_items, 2);
	assert_int_equal(file.items[0].sort, HL_DOC_CARD);
	assert_view(file.items[1].doc, items[1].doc);
	assert_ok(hl_file_write(&file, &again));
	assert_view(hl_view_buf(&again), hl_view_buf(&text));
	/* SPEC file 1.2: in lines of 64 characters */
	size_t line = 0, longest = 0;
	for (size_t i = 0; i < text.n; i++) {
		line = text.p[i] == '\n' ? 0 : line + 1;
		longest = line > longest ? line : longest;
	}
	assert_int_equal(longest, 64);
	assert_int_equal(text.p[text.n - 1], '\n');
}

/* Every size of file around the length of a line. */
static void sizes(void **state)
{
	uint8_t bytes[200] = {0};

	(void)state;
	for (size_t n = 0; n < sizeof(bytes); n++) {
		struct hl_file file = draft(), back HL_CLEAN_FILE = {0};
		struct hl_buf text HL_CLEAN_BUF = {0};
		items[0].doc = hl_view_of(bytes, n);
		assert_ok(hl_file_write(&file, &text));
		assert_ok(hl_file_read(hl_view_buf(&text), &back));
		assert_view(back.items[0].doc, items[0].doc);
	}
}

#define BEGIN "-----BEGIN HOTLINE FILE-----"
#define END   "-----END HOTLINE FILE-----"
/* [1, "n", [[1, ""]]] */
#define SMALL "kwGhbpGSAcQA"

static void armour(void **state)
{
	(void)state;
	assert_ok(read_text(BEGIN "\n" SMALL "\n" END "\n"));
	assert_ok(read_text(BEGIN "\n" SMALL "\n" END));
	assert_ok(read_text(BEGIN "\r\n" SMALL "\r\n" END "\r\n"));
	assert_ok(read_text("Dear all,\n\n \t" BEGIN " \n  kwGh\n\n\tbpGSAcQA \n" END
			    "\t\nRegards\n"));
	assert_ok(read_text(BEGIN "\n" SMALL "\n" END "\n" BEGIN "\nnothing"));
	assert_status(read_text(""), HL_BAD_ENCODING);
	assert_status(read_text(SMALL), HL_BAD_ENCODING);
	assert_status(read_text(BEGIN "\n" SMALL "\n"), HL_BAD_ENCODING);
	assert_status(read_text(SMALL "\n" END "\n"), HL_BAD_ENCODING);
	assert_status(read_text("> " BEGIN "\n" SMALL "\n" END "\n"), HL_BAD_ENCODING);
	assert_status(read_text(BEGIN "x\n" SMALL "\n" END "\n"), HL_BAD_ENCODING);
	assert_status(read_text(BEGIN "\nkwGhbpGSAcQ\n" END "\n"), HL_BAD_ENCODING);
	assert_status(read_text(BEGIN "\nkwGhbpGSAcQ=\n" END "\n"), HL_BAD_ENCODING);
	assert_status(read_text(BEGIN "\nkwGhbpGSAcQA!\n" END "\n"), HL_BAD_ENCODING);
	assert_status(read_text(BEGIN "\nkwGh-pGSAcQA\n" END "\n"), HL_BAD_ENCODING);
	assert_status(read_text(BEGIN "\n" SMALL "AAAA\n" END "\n"), HL_BAD_ENCODING);
	assert_status(read_text(BEGIN "\n" END "\n"), HL_BAD_SIZE);
}

/* Puts armour around the bytes. */
static enum hl_status read_bytes(struct hl_view doc, void *ctx)
{
	struct hl_buf text HL_CLEAN_BUF = {0};
	struct hl_file file HL_CLEAN_FILE = {0};

	(void)ctx;
	assert_ok(hl_buf_append(&text, hl_view_str(BEGIN "\n")));
	assert_ok(hl_buf_reserve(&text, HL_BASE64_SIZE(doc.n)));
	hl_base64_encode(doc, (char *)text.p + text.n);
	text.n += HL_BASE64_SIZE(doc.n) - 1;
	assert_ok(hl_buf_append(&text, hl_view_str("\n" END "\n")));
	return hl_file_read(hl_view_buf(&text), &file);
}

static void fields(void **state)
{
	static const struct negative rows[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_UINT, 2, HL_BAD_SUITE, NULL},
		{"1", OP_STR, 0, HL_BAD_FIELD, NULL},
		{"1", OP_STR, 65, HL_BAD_FIELD, NULL},
		{"1", OP_LABEL, 0, HL_BAD_ENCODING, "a\nb"},
		{"2", OP_ONLY, 0, HL_BAD_FIELD, NULL},
		{"2", OP_ADD, 1022, HL_OK, NULL},
		{"2", OP_ADD, 1023, HL_BAD_FIELD, NULL},
		{"2.0", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"2.0", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"2.0.0", OP_UINT, 0, HL_BAD_FIELD, NULL},
		{"2.0.0", OP_UINT, 8, HL_BAD_FIELD, NULL},
		{"2.0.0", OP_UINT, 7, HL_OK, NULL},
		{"2.0.1", OP_BIN, HL_FILE_MAX, HL_BAD_SIZE, NULL},
	};
	struct hl_buf text HL_CLEAN_BUF = written();
	struct hl_file file HL_CLEAN_FILE = {0};

	(void)state;
	assert_ok(hl_file_read(hl_view_buf(&text), &file));
	TREE_NEGATIVES(hl_view_buf(&file.bytes), rows, read_bytes, NULL);
	tree_wrong_types(hl_view_buf(&file.bytes), read_bytes, NULL);
}

static void writing(void **state)
{
	struct hl_file file = draft();
	struct hl_buf text HL_CLEAN_BUF = {0};

	(void)state;
	file.n_items = 0;
	assert_status(hl_file_write(&file, &text), HL_ERR_USAGE);
	file = draft();
	file.network = hl_view_str("");
	assert_status(hl_file_write(&file, &text), HL_ERR_USAGE);
	file = draft();
	items[0].sort = 0;
	assert_status(hl_file_write(&file, &text), HL_ERR_USAGE);
	assert_int_equal(text.n, 0);
}

/* Requests. */

static struct hl_id net;

static enum hl_status read_request(struct hl_view doc, void *ctx)
{
	struct hl_request request;

	(void)ctx;
	return hl_request_parse(&net, doc, &request);
}

static struct hl_buf make_request(enum hl_key_role role)
{
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	struct hl_request request = {.role = role}, back;
	struct hl_buf doc = {0};

	hl_net_id(hl_view_str("unit tests"), &net);
	cards_sign_key(500, &key);
	cards_dh_pub(500, request.link);
	if (role == HL_ROLE_NODE_SIGN) {
		cards_dh_pub(501, request.seal);
		request.addresses[0] = hl_view_str("a.example:4685");
		request.n_addresses = 1;
	} else {
		request.person = hl_view_str("Ada");
		request.device = hl_view_str("laptop");
		request.monitor = true;
	}
	assert_ok(hl_request_make(&net, &request, &key, &doc));
	assert_ok(hl_request_parse(&net, hl_view_buf(&doc), &back));
	assert_memory_equal(back.sign, key.pub, HL_KEY_SIZE);
	assert_memory_equal(back.link, request.link, HL_KEY_SIZE);
	assert_memory_equal(back.seal, request.seal, HL_KEY_SIZE);
	assert_memory_equal(back.possession, request.possession, HL_SIG_SIZE);
	assert_view(back.person, request.person);
	assert_int_equal(back.monitor, request.monitor);
	assert_int_equal(back.n_addresses, request.n_addresses);
	return doc;
}

static void request_of_a_node(void **state)
{
	static const struct negative rows[] = {
		{"", OP_ADD, 1, HL_BAD_ENCODING, NULL},
		{"", OP_DROP, 0, HL_BAD_ENCODING, NULL},
		{"0", OP_UINT, 2, HL_BAD_SUITE, NULL},
		{"1", OP_FLIP, 0, HL_BAD_SIGNATURE, NULL},
		{"1", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"2", OP_UINT, 2, HL_BAD_FIELD, NULL},
		{"2", OP_UINT, 4, HL_BAD_FIELD, NULL},
		{"2", OP_UINT, 5, HL_BAD_FIELD, NULL},
		{"2", OP_UINT, 6, HL_BAD_FIELD, NULL},
		{"3", OP_BIN, 32, HL_BAD_KEY, NULL},
		{"3", OP_BIN, 33, HL_BAD_ENCODING, NULL},
		{"4", OP_FLIP, 0, HL_BAD_SIGNATURE, NULL},
		{"4", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"5", OP_NIL, 0, HL_BAD_FIELD, NULL},
		{"5", OP_BIN, 31, HL_BAD_ENCODING, NULL},
		{"6", OP_STR, 1, HL_BAD_FIELD, NULL},
		{"7", OP_STR, 1, HL_BAD_FIELD, NULL},
		{"8", OP_ONLY, 0, HL_OK, NULL},
		{"8", OP_ADD, 8, HL_BAD_FIELD, NULL},
		{"8.0", OP_STR, 0, HL_BAD_FIELD, NULL},
		{"8.0", OP_STR, 256, HL_BAD_FIELD, NULL},
		{"9", OP_BOOL, 1, HL_BAD_FIELD, NULL},
		{"10", OP_FLIP, 5, HL_BAD_SIGNATURE, NULL},
		{"10", OP_BIN, 63, HL_BAD_ENCODING, NULL},
	};
	struct hl_buf doc HL_CLEAN_BUF = make_request(HL_ROLE_NODE_SIGN);

	(void)state;
	TREE_NEGATIVES(hl_view_buf(&doc), rows, read_request, NULL);
	tree_wrong_types(hl_view_buf(&doc), read_request, NULL);
}

static void request_of_a_member(void **state)
{
	static const struct negative rows[] = {
		{"2", OP_UINT, 3, HL_BAD_FIELD, NULL},
		{"5", OP_BIN, 32, HL_BAD_FIELD, NULL},
		{"6", OP_STR, 64, HL_OK, NULL},
		{"6", OP_STR, 65, HL_BAD_FIELD, NULL},
		{"6", OP_LABEL, 0, HL_BAD_ENCODING, "a\nb"},
		{"7", OP_STR, 65, HL_BAD_FIELD, NULL},
		{"9", OP_BOOL, 0, HL_OK, NULL},
	};
	struct hl_buf doc HL_CLEAN_BUF = make_request(HL_ROLE_MEMBER_SIGN);

	(void)state;
	TREE_NEGATIVES(hl_view_buf(&doc), rows, read_request, NULL);
	tree_wrong_types(hl_view_buf(&doc), read_request, NULL);
	net.b[0] ^= 1;
	assert_status(read_request(hl_view_buf(&doc), NULL), HL_BAD_SIGNATURE);
}

static void request_writing(void **state)
{
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	struct hl_request request = {.role = HL_ROLE_MEMBER_SIGN, .n_addresses = 1};
	struct hl_buf doc HL_CLEAN_BUF = {0};

	(void)state;
	cards_sign_key(500, &key);
	request.addresses[0] = hl_view_str("a.example:1");
	assert_status(hl_request_make(&net, &request, &key, &doc), HL_ERR_USAGE);
	request.role = HL_ROLE_ROOT;
	assert_status(hl_request_make(&net, &request, &key, &doc), HL_ERR_USAGE);
	request.role = HL_ROLE_NODE_SIGN;
	request.device = hl_view_str("laptop");
	assert_status(hl_request_make(&net, &request, &key, &doc), HL_ERR_USAGE);
	assert_int_equal(doc.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(sizes),
		cmocka_unit_test(armour),
		cmocka_unit_test(fields),
		cmocka_unit_test(writing),
		cmocka_unit_test(request_of_a_node),
		cmocka_unit_test(request_of_a_member),
		cmocka_unit_test(request_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
