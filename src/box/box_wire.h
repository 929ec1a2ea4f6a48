/*
 * What goes over the channel between the two sides of a box. Both are of one build: the greeting
 * says which.
 *
 *   child -> parent   wki_box_greeting, once
 *   parent -> child   wki_box_request, maybe with a descriptor
 *   child -> parent   wki_box_answer
 *
 * The input lies at the beginning of the shared memory, the answer's bytes from wki_box_align() of
 * the input's size on.
 */
#ifndef WADOKIT_BOX_BOX_WIRE_H
#define WADOKIT_BOX_BOX_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "box/sandbox.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Descriptors of the child. */
enum {
    WKI_BOX_CHANNEL = 3,
    WKI_BOX_MEMORY = 4
};

typedef struct wki_box_greeting {
    char version[32];
    char about[64];
    uint64_t space; /* bytes of address space before anything was done */
    wki_sandbox sandbox;
    wk_error error; /* why it cannot serve */
} wki_box_greeting;

typedef struct wki_box_request {
    uint32_t op;
    uint64_t size; /* of the shared memory, which never shrinks */
    uint64_t n;    /* bytes of input */
    uint64_t room; /* most bytes of the answer */
} wki_box_request;

typedef struct wki_box_answer {
    uint64_t n;     /* bytes of the answer */
    wk_error error; /* WK_OK, or why there is none */
} wki_box_answer;

static inline size_t wki_box_align(size_t n)
{
    return (n + 15) / 16 * 16;
}

#ifdef __cplusplus
}
#endif

#endif
