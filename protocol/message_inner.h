/*
 * message_inner: what reading and writing a message have in common, within the library.
 */
#ifndef HL_MESSAGE_INNER_H
#define HL_MESSAGE_INNER_H

#include "message.h"

/* Every rule of a message's form that its encoding does not show (message 1.1, 1.4 to 1.6, 2, 3.1).
 * HL_BAD_TYPE, HL_BAD_FIELD, HL_BAD_HASH (evidence), HL_BAD_FORM (what a kind must have), with the
 * name of the field. */
HL_MUST enum hl_status hl_message_form(
	const struct hl_message *message, const char **ret_wrong);

#endif
