#include "node/engine/quota.h"

#include <stddef.h>

/* The marks. A node verifies and stores some 6,000 letters a second on one core: one peer alone
 * gets a third of that for as long as it likes, and a backlog of a whole bad day at full speed. */
static const struct hl_quota_mark marks[HL_QUOTA_KINDS] = {
	/* A letter is one frame, and 256 entries are one: with room for questions. */
	[HL_QUOTA_FRAMES] = {"frames a second", 5000, 100000, 10000},
	/* 2,000 letters of the usual 4 KiB; the greatest frame (512 KiB) sixteen times a second. */
	[HL_QUOTA_BYTES] = {"bytes a second", 8 << 20, 256 << 20, 16 << 20},
	/* A third of what a core verifies and stores; 50,000 are hours of alerts. */
	[HL_QUOTA_LETTERS] = {"letters a second", 2000, 50000, 5000},
	/* Two for a letter, and one for each statement; 0.1 ms each. */
	[HL_QUOTA_CHECKS] = {"signatures a second", 4000, 100000, 10000},
	/* 2 GiB a day: 500,000 letters of 4 KiB. A tenth more for alerts. */
	[HL_QUOTA_GROWTH] = {"stored bytes a day", (2ull << 30) / 86400, 2ull << 30,
		200 << 20},
	/* One a second goes on for ever; 2,048 at once are a bad hour of a lab that is cut off. */
	[HL_QUOTA_CARRIED] = {"documents to be carried", 1, 2048, 512},
};

#define UNIT 1000 /* an ms drains so many times less than a second */

const struct hl_quota_mark *hl_quota_mark(enum hl_quota_kind kind)
{
	return &marks[kind];
}

static void drain(struct hl_quota *q, uint64_t boot)
{
	uint64_t passed = boot > q->at ? boot - q->at : 0;

	for (size_t i = 0; i < HL_QUOTA_KINDS; i++) {
		/* Enough to empty it, however long that was. */
		uint64_t drained = passed > q->used[i] / marks[i].rate
			? q->used[i]
			: passed * marks[i].rate;
		q->used[i] -= drained < q->used[i] ? drained : q->used[i];
	}
	q->at = boot > q->at ? boot : q->at;
}

static uint64_t above(const struct hl_quota *q, size_t kind, bool alert)
{
	uint64_t mark = marks[kind].burst + (alert ? marks[kind].borrow : 0);

	return q->used[kind] > mark * UNIT ? q->used[kind] - mark * UNIT : 0;
}

void hl_quota_charge(
	struct hl_quota *q, enum hl_quota_kind kind, uint64_t n, uint64_t boot)
{
	drain(q, boot);
	/* So much is over any mark, and no sum of it overflows. */
	const uint64_t most = UINT64_MAX / 4 / UNIT;
	if (q->used[kind] < most)
		q->used[kind] += (n < most / UNIT ? n : most / UNIT) * UNIT;
	if (above(q, kind, false) > 0)
		q->over_at[kind] = boot > 0 ? boot : 1;
}

bool hl_quota_over(struct hl_quota *q, enum hl_quota_kind kind, bool alert, uint64_t boot)
{
	drain(q, boot);
	return above(q, kind, alert) > 0;
}

uint64_t hl_quota_wait(struct hl_quota *q, bool alert, uint64_t boot)
{
	uint64_t wait = 0;

	drain(q, boot);
	for (size_t i = 0; i < HL_QUOTA_KINDS; i++) {
		uint64_t ms = (above(q, i, alert) + marks[i].rate - 1) / marks[i].rate;
		if (i != HL_QUOTA_GROWTH && i != HL_QUOTA_CARRIED && ms > wait)
			wait = ms;
	}
	return wait < HL_QUOTA_PAUSE_MS ? wait : HL_QUOTA_PAUSE_MS;
}

const char *hl_quota_shown(const struct hl_quota *q, uint64_t boot)
{
	for (size_t i = 0; i < HL_QUOTA_KINDS; i++)
		if (q->over_at[i] != 0 && boot - q->over_at[i] < HL_QUOTA_SHOWN_MS)
			return marks[i].name;
	return NULL;
}

uint64_t hl_quota_breach(struct hl_quota *q, const char *why, uint64_t boot)
{
	uint64_t wait = HL_QUOTA_BOX_MIN_MS;

	if (q->breaches > 0 && boot - q->breach_at >= HL_QUOTA_FORGET_MS)
		q->breaches = 0;
	q->breaches++;
	q->breach_at = boot;
	q->why = why;
	if (q->breaches <= HL_QUOTA_FREE)
		return 0;
	for (unsigned i = HL_QUOTA_FREE + 1; i < q->breaches; i++) {
		wait *= 2;
		if (wait >= HL_QUOTA_BOX_MAX_MS) {
			wait = HL_QUOTA_BOX_MAX_MS;
			break;
		}
	}
	q->box_until = boot + wait;
	return wait;
}

uint64_t hl_quota_boxed(const struct hl_quota *q, uint64_t boot)
{
	return q->box_until > boot ? q->box_until - boot : 0;
}
