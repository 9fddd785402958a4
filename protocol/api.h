/*
 * api: the marks that the library's headers put on what they declare.
 */
#ifndef HL_API_H
#define HL_API_H

#if defined(__GNUC__)
/* Visible outside the shared library; everything else is hidden. */
#define HL_API __attribute__((visibility("default")))
/* The result must be looked at. */
#define HL_MUST __attribute__((warn_unused_result))
#else
#define HL_API
#define HL_MUST
#endif

/* When the variable leaves its scope, fn is given its address. */
#define HL_CLEAN(fn) __attribute__((cleanup(fn)))

#endif
