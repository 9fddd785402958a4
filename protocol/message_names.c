#include "message.h"

/* Words for the numbers of the protocol. */

#define NAME_OF(names, i) ((i) < sizeof(names) / sizeof((names)[0]) ? (names)[i] : NULL)

const char *hl_type_name(unsigned type)
{
	static const char *const names[] = {NULL, "raise", "ack", "say", "update",
		"resolve", "cancel", "reopen", "cannot-open", "drill", "drill-answer",
		"resend"};

	return NAME_OF(names, type);
}

const char *hl_class_name(unsigned class)
{
	static const char *const names[] = {NULL, "call", "answer", "close", "notice"};

	return NAME_OF(names, class);
}

const char *hl_standing_name(unsigned status)
{
	static const char *const names[] = {NULL, "actual", "exercise", "test"};

	return NAME_OF(names, status);
}

const char *hl_precedence_name(unsigned precedence)
{
	static const char *const names[] = {
		NULL, "ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"};

	return NAME_OF(names, precedence);
}

const char *hl_answer_name(unsigned answer)
{
	static const char *const names[] = {
		NULL, "accepted", "acting", "declined", "redirected"};

	return NAME_OF(names, answer);
}

const char *hl_severity_text(unsigned severity)
{
	static const char *const names[] = {"near miss or information", "contained",
		"own boundary crossed", "third party or weights affected",
		"ongoing and not under control"};

	return NAME_OF(names, severity);
}

const char *hl_certainty_name(unsigned certainty)
{
	static const char *const names[] = {
		"unknown", "unlikely", "possible", "likely", "observed"};

	return NAME_OF(names, certainty);
}

const char *hl_urgency_name(unsigned urgency)
{
	static const char *const names[] = {
		"unknown", "past", "future", "expected", "immediate"};

	return NAME_OF(names, urgency);
}

const char *hl_handling_name(unsigned handling)
{
	static const char *const names[] = {
		NULL, "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"};

	return NAME_OF(names, handling);
}

const char *hl_context_name(unsigned context)
{
	static const char *const names[] = {
		"unknown", "evaluation", "training", "internal", "deployed"};

	return NAME_OF(names, context);
}

const char *hl_determination_name(unsigned determination)
{
	static const char *const names[] = {
		NULL, "reached", "cannot-rule-out", "approaching", "ruled-out"};

	return NAME_OF(names, determination);
}
