/* Within the net: its objects, and what its files ask of each other. */
#ifndef HL_NET_STATE_H
#define HL_NET_STATE_H

#include <event2/event.h>
#include <netinet/in.h>

#include "node/net/net.h"

#define BUCKETS    256
#define READS_MAX  16   /* records taken from one stream before others have their turn */
#define CLOSING_MS 2000 /* to get the last frames out */
#define NOTSENT_LOW \
	1 /* the kernel takes a record when it holds nothing unsent any more */
#define DRAINED_STEP (64 * 1024)
#define LINGER_MS    1000 /* after the last frame, for the other to close first */
#define TURNS_MAX    4 /* commits in a row before those who wait outside have their turn */
#define TURN_EVENTS  512 /* then the turn ends; what is left waits for the next */
#define QUEUE_PAUSE \
	(2 * HL_LINK_QUEUE_MAX) /* a device that does not read is not read either */
#define QUEUE_HARD (8 * HL_LINK_QUEUE_MAX) /* a link that lets more wait is ended */

enum stage {
	STAGE_CONNECTING, /* a dial: the stream is not there yet */
	STAGE_KNOCK,      /* waits for knock and message 1 */
	STAGE_WAIT, /* has knocked; as many of its key are within a handshake as may be */
	STAGE_MESSAGE_2, /* dialler: waits for message 2 */
	STAGE_MESSAGE_3, /* waits for message 3 */
	STAGE_MUTE,      /* a stranger: nothing more is read, nothing is ever said */
	STAGE_UP,
	STAGE_CLOSING, /* the last frames go out */
	STAGE_LINGER,  /* they have: until the other side closes */
};

/* A key that may knock, with the secret of its knocks at hand. */
struct known {
	struct hl_known_key key;
	struct hl_key32 knock;
};

struct knocks {
	uint8_t seen[HL_KNOCKS_KEPT][HL_KNOCK_SIZE];
	size_t n;
};

struct dial;

/* One stream. */
struct stream {
	struct stream *next; /* of its bucket */
	struct stream *half_next,
		*half_previous; /* of those not yet through, oldest first */
	struct hl_net *net;
	uint64_t number;
	enum stage stage;
	bool half; /* in the half-open list */
	bool initiator, psk, heard, flushing;
	bool broken; /* no more can be sealed on it */
	bool paused,
		overrun; /* read no more for now; to be ended at the end of the turn */
	bool held; /* read no more until the deadline: the engine has had enough of it */
	enum hl_purpose purpose;
	struct hl_id lab;         /* of the known or dialled key */
	uint8_t key[HL_KEY_SIZE]; /* the other's link key, once known */
	uint8_t psk_key[HL_KEY_SIZE];
	struct in6_addr source; /* zeros: a Unix socket */
	bool local;
	uint64_t uid; /* of a Unix socket's peer + 1 */
	int fd;
	struct event *readable, *writable, *deadline;
	struct hl_noise noise;
	struct hl_records records;
	uint8_t in[HL_RECORD];
	size_t in_n, in_want;
	uint8_t out[HL_RECORD];
	size_t out_n, out_done;
	size_t sent; /* bytes since the last HL_EVENT_DRAINED */
	struct dial *dial;
};

struct listener {
	struct listener *next;
	struct hl_net *net;
	int fd;
	bool local;
	char path[108];
	struct event *ready;
};

/* To the helper process; fd -1: there is none. */
struct hl_helper_line {
	int fd;
	struct event *readable, *writable, *beat;
	struct hl_buf in, out;
};

struct hl_net {
	struct hl_net_config config;
	struct hl_engine *engine;
	struct hl_store *store;
	struct event_base *base;
	bool backing; /* a backup is under way */
	struct event *timer, *term, *interrupt, *hangup, *usr1, *idle;
	struct evdns_base *dns;
	int timer_fd;
	struct listener *listeners;
	struct stream *buckets[BUCKETS];
	struct stream *half_first, *half_last;
	size_t half;
	uint64_t next_number;
	struct known *known;
	size_t n_known;
	uint64_t generation, told;
	struct knocks knocks[2]; /* by purpose - 1 */
	struct dial *dials;
	struct hl_helper_line helper;
	bool stepped, stop, failed, shutting;
	bool quiet;    /* nothing has come for a while: the store may tidy up */
	size_t events; /* of this turn */
	uint64_t wake,
		first; /* when the loop is to wake, and had its first event; CLOCK_MONOTONIC */
	bool reserve; /* descriptors have run out: listeners rest */
};

/* loop.c */
void net_step(struct hl_net *net, const struct hl_event *event);
__attribute__((format(printf, 3, 4))) void net_log(
	struct hl_net *net, unsigned priority, const char *format, ...);

/* known.c: who knocks? NULL: nobody that is known, or (ret_repeated) the knock is a repeat. */
const struct known *net_known_find(struct hl_net *net, struct hl_view message,
	const uint8_t knock[HL_KNOCK_SIZE], bool *ret_repeated);
void net_known_clear(struct hl_net *net);

/* stream.c */
struct stream *net_stream_new(struct hl_net *net, int fd, enum stage stage);
struct stream *net_stream_find(struct hl_net *net, uint64_t number);
/* Ends a stream at once; why (NULL: the engine knows) goes to the engine or the dial. */
void net_stream_end(struct stream *stream, const char *why);
void net_stream_send(struct stream *stream, unsigned lane, struct hl_buf *frame);
/* The engine has ended the link: what is queued goes out first. */
void net_stream_close(struct stream *stream);
/* Reads nothing from it until a moment of boot time. */
void net_stream_pause(struct stream *stream, uint64_t until);
void net_stream_flush(struct stream *stream);
void net_stream_through(struct stream *stream); /* out of the half-open list */
void net_stream_deadline(struct stream *stream, unsigned ms);

/* shake.c: in[0 .. in_want) is full. */
void net_shake_read(struct stream *stream);
/* The dialled stream is connected: knock. */
void net_shake_begin(struct stream *stream);
/* A place of a key has become free: streams that wait for one go on. */
void net_shake_waiting(struct hl_net *net);

/* admit.c: makes room for one more; false when there is none. */
bool net_admit(struct hl_net *net, const struct in6_addr *source, bool local);
bool net_admit_key(struct hl_net *net, const struct stream *stream);
bool net_admit_waiting(struct hl_net *net, const struct stream *stream);

/* dial.c */
void net_dial(struct hl_net *net, const struct hl_effect_out *effect);
void net_dial_failed(struct dial *dial, const char *why); /* tries the next address */
void net_dial_done(struct dial *dial);
void net_dials_free(struct hl_net *net);

/* helper.c */
void net_helper_run(struct hl_net *net, struct hl_view run);
void net_helper_bye(struct hl_net *net);
void net_helper_free(struct hl_net *net);

/* listen.c */
void net_listeners_free(struct hl_net *net);
void net_listeners_rest(struct hl_net *net, bool rest);

#endif
