/*
 * The turn: what has come is stepped, one commit, and only then the effects go out.
 */
#include <errno.h>
#include <event2/dns.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "node/net/state.h"

#define SLEEP_MAX_MS 3600000
#define IDLE_MS      1000 /* without events before the store may tidy up */
#define RESERVE_MS   1000 /* then listeners that rest try again */
#define GOODBYE_MS   2000 /* for the last frames on shutdown */

static uint64_t clock_ms(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) != 0)
		return 0;
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct hl_now hl_net_now(void)
{
	return (struct hl_now){clock_ms(CLOCK_REALTIME), clock_ms(CLOCK_BOOTTIME)};
}

void net_log(struct hl_net *net, unsigned priority, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	net->config.log(priority, line);
}

void net_step(struct hl_net *net, const struct hl_event *event)
{
	struct hl_now now = hl_net_now();

	if (net->first == 0)
		net->first = clock_ms(CLOCK_MONOTONIC);
	net->stepped = true;
	/* A turn that is lost is told by its commit. */
	(void)!hl_engine_step(net->engine, event, &now);
	/* What is left over stays ready for the next turn, after this one's commit. */
	if (++net->events >= TURN_EVENTS)
		event_base_loopbreak(net->base);
}

static void carry_out(struct hl_net *net, struct hl_effect_out *effect)
{
	struct stream *s = net_stream_find(net, effect->link);

	switch (effect->type) {
	case HL_EFFECT_SEND:
		if (s == NULL)
			hl_buf_clear(&effect->frame);
		else
			net_stream_send(s, effect->lane, &effect->frame);
		if (s != NULL)
			s->flushing = true;
		return;
	case HL_EFFECT_CLOSE:
		if (s != NULL)
			net_stream_close(s);
		return;
	case HL_EFFECT_DIAL: net_dial(net, effect); return;
	case HL_EFFECT_PAUSE:
		if (s != NULL)
			net_stream_pause(s, effect->until);
		return;
	case HL_EFFECT_HOOK:
		net_helper_run(net, hl_view_buf(&effect->frame));
		hl_buf_clear(&effect->frame);
		return;
	case HL_EFFECT_LOG: net->config.log(effect->priority, effect->text); return;
	}
}

/* Writes at once on the links that were given something, without another turn of the poll. */
static void flush_all(struct hl_net *net)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct stream *s = net->buckets[i];
		while (s != NULL) {
			if (!s->flushing) {
				s = s->next;
				continue;
			}
			s->flushing = false;
			net_stream_flush(s);
			/* It may be gone, and others with it. */
			s = net->buckets[i];
		}
	}
}

static void tell_peers(struct hl_net *net)
{
	uint64_t generation = hl_engine_known_generation(net->engine);

	if (generation == net->told)
		return;
	net->told = generation;
	if (net->config.peers_changed != NULL)
		net->config.peers_changed(net->config.ctx);
}

/* One commit, then what it allows. Carrying effects out may step the engine again: that is a turn
 * of its own, a few times over, and then those who wait outside come first. */
static void turn(struct hl_net *net)
{
	struct hl_effect_out effect;

	for (size_t i = 0; net->stepped && !net->failed && i < TURNS_MAX; i++) {
		struct hl_now now = hl_net_now();
		net->stepped = false;
		net->events = 0;
		enum hl_status status = hl_engine_commit(net->engine, &now);
		if (status == HL_ERR_STORE) {
			net_log(net, 2, "the store failed, stopping: %s",
				hl_store_error(net->store));
			net->failed = net->stop = true;
		} else if (status == HL_ERR_NOSPACE) {
			net_log(net, 4, "a turn was lost: the disk is full");
		} else if (status != HL_OK) {
			net_log(net, 3, "a turn was lost: %s", hl_status_text(status));
		}
		while (!net->failed && hl_engine_effect(net->engine, &effect))
			carry_out(net, &effect);
		flush_all(net);
		tell_peers(net);
	}
}

/* The engine's next moment, on the clock that runs through a suspend. */
static void arm(struct hl_net *net)
{
	uint64_t at = hl_engine_next(net->engine);
	uint64_t last =
		clock_ms(CLOCK_BOOTTIME) + (net->reserve ? RESERVE_MS : SLEEP_MAX_MS);
	struct itimerspec spec = {0};

	at = at < last ? at : last;
	uint64_t boot = clock_ms(CLOCK_BOOTTIME);
	net->wake = clock_ms(CLOCK_MONOTONIC) + (at > boot ? at - boot : 0);
	net->first = 0;
	spec.it_value.tv_sec = (time_t)(at / 1000);
	spec.it_value.tv_nsec = (long)(at % 1000) * 1000000 + 1;
	if (timerfd_settime(net->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) != 0)
		net_log(net, 3, "the timer cannot be set: %s", strerror(errno));
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct hl_net *net = ctx;
	struct hl_event event = {.type = HL_EVENT_TIMER};
	uint64_t times;

	(void)what;
	net_listeners_rest(net, false); /* others may have given descriptors back */
	if (read(fd, &times, sizeof(times)) == sizeof(times))
		net_step(net, &event);
}

static void on_stop(evutil_socket_t fd, short what, void *ctx)
{
	struct hl_net *net = ctx;
	struct hl_event event = {.type = HL_EVENT_SHUTDOWN};

	(void)fd;
	(void)what;
	if (!net->shutting)
		net_step(net, &event);
	net->shutting = net->stop = true;
}

static void on_hangup(evutil_socket_t fd, short what, void *ctx)
{
	struct hl_net *net = ctx;

	(void)fd;
	(void)what;
	if (net->config.reload != NULL)
		net->config.reload(net->config.ctx);
}

static void on_backup(evutil_socket_t fd, short what, void *ctx)
{
	struct hl_net *net = ctx;

	(void)fd;
	(void)what;
	net->backing = net->config.backup != NULL;
}

static void on_idle(evutil_socket_t fd, short what, void *ctx)
{
	struct hl_net *net = ctx;

	(void)fd;
	(void)what;
	net->quiet = true;
}

static bool signals(struct hl_net *net)
{
	net->term = evsignal_new(net->base, SIGTERM, on_stop, net);
	net->interrupt = evsignal_new(net->base, SIGINT, on_stop, net);
	net->hangup = evsignal_new(net->base, SIGHUP, on_hangup, net);
	net->usr1 = evsignal_new(net->base, SIGUSR1, on_backup, net);
	net->idle = evtimer_new(net->base, on_idle, net);
	return net->term != NULL && net->interrupt != NULL && net->hangup != NULL &&
		net->usr1 != NULL && event_add(net->usr1, NULL) == 0 &&
		net->idle != NULL && event_add(net->term, NULL) == 0 &&
		event_add(net->interrupt, NULL) == 0 && event_add(net->hangup, NULL) == 0;
}

enum hl_status hl_net_new(const struct hl_net_config *config, struct hl_engine *engine,
	struct hl_store *store, struct hl_net **ret)
{
	struct hl_net *net = calloc(1, sizeof(*net));

	if (net == NULL)
		return HL_ERR_NOMEM;
	net->config = *config;
	net->engine = engine;
	net->store = store;
	net->next_number = 1;
	net->helper.fd = -1;
	net->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	net->base = event_base_new();
	if (net->timer_fd >= 0 && net->base != NULL)
		net->timer = event_new(
			net->base, net->timer_fd, EV_READ | EV_PERSIST, on_timer, net);
	if (net->timer == NULL || event_add(net->timer, NULL) != 0 || !signals(net)) {
		hl_net_free(net);
		return HL_ERR_INTERNAL;
	}
	*ret = net;
	return HL_OK;
}

static void end_streams(struct hl_net *net)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (net->buckets[i] != NULL)
			net_stream_end(net->buckets[i], "going down");
	}
}

static void event_end(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void hl_net_free(struct hl_net *net)
{
	if (net == NULL)
		return;
	net_dials_free(net);
	end_streams(net);
	net_dials_free(net);
	net_listeners_free(net);
	net_helper_free(net);
	event_end(net->timer);
	event_end(net->term);
	event_end(net->interrupt);
	event_end(net->hangup);
	event_end(net->usr1);
	event_end(net->idle);
	if (net->dns != NULL)
		evdns_base_free(net->dns, 0);
	if (net->base != NULL)
		event_base_free(net->base);
	if (net->timer_fd >= 0)
		close(net->timer_fd);
	net_known_clear(net);
	free(net);
}

/* Are there links whose last frames have not gone out? */
static bool parting(const struct hl_net *net)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (const struct stream *s = net->buckets[i]; s != NULL; s = s->next) {
			if (s->stage == STAGE_CLOSING || s->stage == STAGE_LINGER)
				return true;
		}
	}
	return false;
}

/* Waits for events; when none came for a while after a turn the store tidies up. One timer, set
 * anew: exits that are ordered one by one would pile up under load. */
static void wait_once(struct hl_net *net, bool *tidy)
{
	struct timeval idle = {IDLE_MS / 1000, (IDLE_MS % 1000) * 1000};

	if (net->stepped || net->backing) {
		event_base_loop(net->base, EVLOOP_NONBLOCK);
		return;
	}
	if (*tidy)
		event_add(net->idle, &idle);
	net->quiet = false;
	event_base_loop(net->base, EVLOOP_ONCE);
	if (net->quiet && !net->stepped)
		hl_store_idle(net->store);
	*tidy = net->stepped;
}

/* How long it took from when there was something to do until it was done. By the clock that stands
 * still in a suspend: the machine may sleep. */
static void watch_lag(struct hl_net *net)
{
	struct hl_event event = {.type = HL_EVENT_LATE};
	uint64_t now = clock_ms(CLOCK_MONOTONIC), since = net->wake;

	if (net->first != 0 && net->first < since)
		since = net->first;
	if (net->failed || now <= since || now - since <= HL_LATE_MS)
		return;
	event.late.ms = now - since;
	net_step(net, &event);
	turn(net);
}

bool hl_net_run(struct hl_net *net)
{
	struct hl_event event = {.type = HL_EVENT_TIMER};
	bool tidy = false;

	net_step(net, &event);
	turn(net);
	while (!net->stop) {
		arm(net);
		wait_once(net, &tidy);
		turn(net);
		if (net->backing && !net->failed)
			net->backing = net->config.backup(net->config.ctx);
		watch_lag(net);
	}
	uint64_t until = clock_ms(CLOCK_BOOTTIME) + GOODBYE_MS;
	struct timeval little = {0, 50000};
	while (!net->failed && parting(net) && clock_ms(CLOCK_BOOTTIME) < until) {
		event_base_loopexit(net->base, &little);
		event_base_loop(net->base, EVLOOP_ONCE);
		turn(net);
	}
	/* A store that failed is no end that is as it should be. */
	if (!net->failed)
		net_helper_bye(net);
	return !net->failed;
}
