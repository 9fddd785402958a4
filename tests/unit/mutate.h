/*
 * mutate: every way to spoil one value of a MessagePack document.
 */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include "protocol/hotline.h"

/* Calls with each changed document. must_fail: a value has become one of a type that no reader can
 * take in its place, so the change may not pass. */
void mutate_each(struct hl_view doc,
	void (*fn)(void *ctx, struct hl_view changed, bool must_fail), void *ctx);

/* Where the value at a place ends. */
const uint8_t *mutate_end(const uint8_t *at);

#endif
