/*
 * The daemon's log: one record a line on standard error, escaped, limited in rate for each cause,
 * never with what a letter says. Under systemd a record begins with its priority ("<4>"), on a
 * terminal with the time in UTC.
 */
#ifndef HL_NODE_LOG_H
#define HL_NODE_LOG_H

#include <syslog.h>

#define HL_LOG_LINE_MAX 1024 /* a longer record is cut */

/* How the log looks. HL_LOG_AUTO: with priorities unless standard error is a terminal. */
enum hl_log_style {
	HL_LOG_AUTO,
	HL_LOG_PRIORITY, /* "<6>text" */
	HL_LOG_TIME,     /* "2026-11-21 03:00:12Z info: text" */
};

/* The most detailed priority that is written (LOG_INFO before the first call). May be called again,
 * for a new configuration. */
void hl_log_open(int level);
void hl_log_style(enum hl_log_style style);

/* One record. The format is the cause: of one format, ten records at once and then one every ten
 * seconds are written; the next one that is tells how many were left out. LOG_CRIT and graver are
 * always written. */
__attribute__((format(printf, 2, 3))) void hl_log_write(
	int priority, const char *format, ...);
/* The same for a text that is made already; its cause is the text without the words that hold
 * digits. */
void hl_log_line(int priority, const char *text);

#endif
