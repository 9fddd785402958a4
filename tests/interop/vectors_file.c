/* spec/vectors/file.json: files carried by hand, and requests to be enrolled. */
#include "vectors.h"

static struct hl_id net;
static const char *network;

/* SPEC file 1.3: A reader refuses a file of another network before it looks at the items. */
static enum hl_status read_here(const char *text, struct hl_file *ret)
{
	enum hl_status status = hl_file_read(hl_view_str(text), ret);

	if (status == HL_OK && !hl_view_eq(ret->network, hl_view_str(network)))
		status = HL_BAD_NETWORK;
	return status;
}

static void check_written(const json_t *file)
{
	struct hl_doc_item items[16];
	struct hl_buf docs[16] = {0}, text HL_CLEAN_BUF = {0};
	struct hl_file draft = {.network = hl_view_str(network), .items = items};
	const json_t *c;
	size_t i;

	json_array_foreach(vectors_list(file, "items"), i, c)
	{
		docs[i % 16] = vectors_hex(c, "data");
		items[i % 16] =
			(struct hl_doc_item){(enum hl_doc)vectors_number(c, "sort"),
				hl_view_buf(&docs[i % 16])};
		draft.n_items++;
	}
	vectors_count(draft.n_items <= 16 && hl_file_write(&draft, &text) == HL_OK &&
			hl_view_eq(hl_view_buf(&text),
				hl_view_str(vectors_text(file, "text"))),
		"written", "");
	for (i = 0; i < 16; i++)
		hl_buf_clear(&docs[i]);
}

static void check_good(const json_t *file, const json_t *c)
{
	struct hl_file got HL_CLEAN_FILE = {0};

	vectors_count(read_here(vectors_text(c, "text"), &got) == HL_OK &&
			vectors_equal(file, "data", hl_view_buf(&got.bytes)),
		"good", vectors_text(c, "name"));
}

static void check_bad(const json_t *c)
{
	struct hl_file got HL_CLEAN_FILE = {0};

	vectors_code(read_here(vectors_text(c, "text"), &got), c, "bad");
}

static void check_request(const json_t *c)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "data");
	struct hl_request request;
	struct hl_id kid;
	char digits[HL_FINGERPRINT_SIZE];

	enum hl_status status = hl_request_parse(&net, hl_view_buf(&doc), &request);
	vectors_code(status, c, "requests");
	if (status != HL_OK)
		return;
	/* SPEC file 2.1: The fingerprint of a request is that of its signing key's key id. */
	hl_key_id(&net, request.role, request.sign, &kid);
	hl_fingerprint(&net, &kid, digits);
	vectors_count(strcmp(digits, vectors_text(c, "fingerprint")) == 0,
		"requests: fingerprint", vectors_text(c, "name"));
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	size_t i;

	net = vectors_id(file, "net_id");
	network = vectors_text(file, "network");
	check_written(file);
	json_array_foreach(vectors_list(file, "good"), i, c) check_good(file, c);
	json_array_foreach(vectors_list(file, "bad"), i, c) check_bad(c);
	json_array_foreach(vectors_list(file, "requests"), i, c) check_request(c);
	return vectors_end(file);
}
