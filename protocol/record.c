#include "record.h"

#include <stdlib.h>
#include <string.h>

/* SPEC link 2.3: A chunk is `lane, length, data` */
#define CHUNK_HEAD 3
#define LAST_CHUNK 0x80

struct hl_frame_node {
	struct hl_frame_node *next;
	struct hl_buf bytes;
	size_t sent; /* bytes of it in earlier records */
	unsigned lane;
};

/* Lists of frames. */

static enum hl_status list_push(
	struct hl_frame_list *list, unsigned lane, struct hl_buf *bytes)
{
	struct hl_frame_node *node = malloc(sizeof(*node));

	if (!node)
		return HL_ERR_NOMEM;
	*node = (struct hl_frame_node){.bytes = hl_buf_steal(bytes), .lane = lane};
	if (list->tail)
		list->tail->next = node;
	else
		list->head = node;
	list->tail = node;
	return HL_OK;
}

/* Takes the first node off; the caller frees it. */
static struct hl_frame_node *list_pop(struct hl_frame_list *list)
{
	struct hl_frame_node *node = list->head;

	if (!node)
		return NULL;
	list->head = node->next;
	if (!list->head)
		list->tail = NULL;
	return node;
}

static void node_free(struct hl_frame_node *node)
{
	hl_buf_clear(&node->bytes);
	free(node);
}

static void list_clear(struct hl_frame_list *list)
{
	struct hl_frame_node *node;

	while ((node = list_pop(list)))
		node_free(node);
}

/* Both directions. */

void hl_records_init(struct hl_records *r, struct hl_session *session)
{
	memset(r, 0, sizeof(*r));
	r->session = *session;
	memset(session, 0, sizeof(*session));
}

static void drop_frames(struct hl_records *r)
{
	for (unsigned lane = 1; lane <= HL_LANES; lane++) {
		list_clear(&r->out[lane]);
		hl_buf_clear(&r->part[lane]);
	}
	r->queued = 0;
	list_clear(&r->in);
}

void hl_records_clear(struct hl_records *r)
{
	if (!r)
		return;
	drop_frames(r);
	hl_session_clear(&r->session);
	memset(r, 0, sizeof(*r));
}

/* Ends the object: nothing more goes in or comes out. */
static enum hl_status poison(struct hl_records *r, enum hl_status status)
{
	drop_frames(r);
	hl_session_clear(&r->session);
	r->failed = status;
	return status;
}

/* SPEC link 2.2: that direction's key is replaced as by Noise Rekey (section 11.3); the nonce
 * goes on. */
static void rekey_if_due(struct hl_cipher *cipher)
{
	if (cipher->n % HL_REKEY_RECORDS == 0)
		hl_cipher_rekey(cipher);
}

/* Sending. */

enum hl_status hl_records_queue(struct hl_records *r, unsigned lane, struct hl_buf *frame)
{
	size_t n = frame->n;
	enum hl_status status;

	if (r->failed != HL_OK)
		return r->failed;
	if (lane < 1 || lane > HL_LANES || n < 1 || n > HL_FRAME_MAX)
		return HL_ERR_USAGE;
	status = list_push(&r->out[lane], lane, frame);
	if (status == HL_OK)
		r->queued += n;
	return status;
}

size_t hl_records_queued(const struct hl_records *r)
{
	return r->queued;
}

bool hl_records_pending(const struct hl_records *r)
{
	for (unsigned lane = 1; lane <= HL_LANES; lane++)
		if (r->out[lane].head)
			return true;
	return false;
}

/* One chunk of a lane's first frame into the n bytes at p; returns what it took of them. */
static size_t put_chunk(struct hl_records *r, unsigned lane, uint8_t *p, size_t n)
{
	struct hl_frame_node *node = r->out[lane].head;
	size_t left = node->bytes.n - node->sent;
	size_t take = left < n - CHUNK_HEAD ? left : n - CHUNK_HEAD;

	p[0] = (uint8_t)(lane | (take == left ? LAST_CHUNK : 0));
	hl_put_be16(p + 1, (uint16_t)take);
	memcpy(p + CHUNK_HEAD, node->bytes.p + node->sent, take);
	node->sent += take;
	r->queued -= take;
	if (take == left)
		node_free(list_pop(&r->out[lane]));
	return CHUNK_HEAD + take;
}

enum hl_status hl_records_seal(struct hl_records *r, uint8_t ret[static HL_RECORD])
{
	uint8_t plain[HL_RECORD_PLAIN];
	enum hl_status status;
	unsigned lane = 1;
	size_t at = 0;

	if (r->failed != HL_OK)
		return r->failed;
	if (!r->session.send.k || r->session.send.n == UINT64_MAX)
		return HL_ERR_USAGE;
	/* SPEC link 2.4: A sender fills each record from the lowest lane that has something to
	 * send, so that a FLASH overtakes at the next record. */
	while (lane <= HL_LANES && sizeof(plain) - at > CHUNK_HEAD) {
		if (r->out[lane].head)
			at += put_chunk(r, lane, plain + at, sizeof(plain) - at);
		else
			lane++;
	}
	memset(plain + at, 0, sizeof(plain) - at);
	status = hl_cipher_seal(&r->session.send, HL_VIEW(plain), ret);
	hl_wipe(plain, at);
	if (status == HL_OK)
		rekey_if_due(&r->session.send);
	return status;
}

/* Receiving. */

/* Adds a chunk to its lane's frame. Memory doubles as bytes arrive, and never beyond the limit. */
static enum hl_status add_chunk(struct hl_records *r, unsigned lane, struct hl_view data)
{
	struct hl_buf *part = &r->part[lane];
	size_t need = part->n + data.n, cap = 2 * part->n;
	enum hl_status status;

	/* SPEC link 2.4: A frame is 1 to 524,288 bytes. */
	if (need > HL_FRAME_MAX)
		return HL_BAD_SIZE;
	if (need > part->cap) {
		cap = cap > HL_FRAME_MAX ? HL_FRAME_MAX : cap;
		status = hl_buf_reserve(part, (cap > need ? cap : need) - part->n);
		if (status != HL_OK)
			return status;
	}
	return hl_buf_append(part, data);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* One chunk; moves the view behind it. */
static enum hl_status take_chunk(struct hl_records *r, struct hl_view *plain)
{
	uint8_t head = plain->p[0];
	unsigned lane = head & ~(unsigned)LAST_CHUNK;
	enum hl_status status;
	size_t n;

	/* SPEC link 2.3: bit 7 says that this chunk ends the frame and the low bits are the lane,
	 * 1 to 6 (bits 3 to 6 are zero); length is 2 bytes big-endian, 1 to what is left. */
	if (lane < 1 || lane > HL_LANES || plain->n < CHUNK_HEAD)
		return HL_BAD_ENCODING;
	n = hl_get_be16(plain->p + 1);
	if (n < 1 || n > plain->n - CHUNK_HEAD)
		return HL_BAD_ENCODING;
	status = add_chunk(r, lane, hl_view_of(plain->p + CHUNK_HEAD, n));
	if (status == HL_OK && (head & LAST_CHUNK))
		status = list_push(&r->in, lane, &r->part[lane]);
	plain->p += CHUNK_HEAD + n;
	plain->n -= CHUNK_HEAD + n;
	return status;
}

static enum hl_status take_chunks(struct hl_records *r, struct hl_view plain)
{
	enum hl_status status;

	while (plain.n > 0) {
		/* SPEC link 2.3: A zero byte where a lane stands begins the padding, and all that
		 * follows MUST be zero. */
		if (plain.p[0] == 0)
			return all_zero(plain.p, plain.n) ? HL_OK : HL_BAD_ENCODING;
		status = take_chunk(r, &plain);
		if (status != HL_OK)
			return status;
	}
	return HL_OK;
}

enum hl_status hl_records_open(
	struct hl_records *r, const uint8_t record[static HL_RECORD])
{
	uint8_t plain[HL_RECORD_PLAIN];
	enum hl_status status;

	if (r->failed != HL_OK)
		return r->failed;
	status = hl_cipher_open(&r->session.recv, hl_view_of(record, HL_RECORD), plain);
	if (status == HL_OK) {
		rekey_if_due(&r->session.recv);
		status = take_chunks(r, HL_VIEW(plain));
		hl_wipe(plain, sizeof(plain));
	}
	/* SPEC link 2.5: Any error in a record ends the link. */
	return status == HL_OK ? HL_OK : poison(r, status);
}

bool hl_records_next(struct hl_records *r, unsigned *ret_lane, struct hl_buf *ret_frame)
{
	struct hl_frame_node *node = list_pop(&r->in);

	if (!node)
		return false;
	*ret_lane = node->lane;
	*ret_frame = hl_buf_steal(&node->bytes);
	node_free(node);
	return true;
}
