/*
 * hotline: the protocol between labs, in one header: everything that two of
 * them must agree on, byte for byte. Nothing here opens a socket or a file,
 * reads a clock, draws a random number or writes a log: time and entropy come
 * in as arguments.
 *
 * Inside the library each file includes what it needs; everybody else
 * includes this.
 */
#ifndef HL_HOTLINE_H
#define HL_HOTLINE_H

/* Leaf to top. */
#include "api.h"
#include "version.h"
#include "status.h"
#include "limits.h"
#include "bytes.h"
#include "secret.h"

#include "pack.h"

#include "hash.h"
#include "pk.h"
#include "keys.h"
#include "hpke.h"
#include "noise.h"
#include "record.h"
#include "selftest.h"

#include "card.h"
#include "directory.h"
#include "seal.h"
#include "envelope.h"
#include "channel.h"

#include "kind.h"
#include "message.h"
#include "incident.h"

#include "frame.h"
#include "file.h"

#endif
