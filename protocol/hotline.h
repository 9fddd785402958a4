/*
 * hotline: the protocol between labs, in one header.
 *
 * Inside the library each file includes what it needs; everybody else
 * includes this.
 */
#ifndef HL_HOTLINE_H
#define HL_HOTLINE_H

#include "api.h"
#include "version.h"

#endif
