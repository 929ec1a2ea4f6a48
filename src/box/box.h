/*
 * Work that is done in another process, which owns nothing: the program wadokit-decode
 * (src/decoder/), started from LIBEXECDIR/wadokit with an empty environment, no descriptor but a
 * channel and shared memory, and, once its libraries are loaded, no way to get anything else
 * (sandbox.h). It is for third-party code that reads what comes from outside.
 *
 * A process stays and serves one call after the other, of one thread at a time; at most one for
 * each worker and thread is kept. It is ended after a death, a broken limit, or many calls, and
 * another one is started when it is needed.
 *
 *   box = wki_box_take("openjpeg")          one that is idle, or a new one
 *   in  = wki_box_room(box, n, most)        where the input goes
 *   wki_box_ask(box, &terms, &out, &n)      the worker's answer: bytes that nobody vouches for
 *   wki_box_put(box)                        idle again
 *
 * What stands in `out` may change while it is read, as the other process may write to it still:
 * copy first, check then.
 */
#ifndef WADOKIT_BOX_BOX_H
#define WADOKIT_BOX_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/log.h>
#include <wadokit/session.h>

#include "box/sandbox.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_box wki_box;

/* What a call may cost, and which of the worker's operations it is. */
typedef struct wki_box_terms {
    uint32_t op;
    unsigned seconds; /* of CPU */
    uint64_t memory;  /* bytes of address space beyond what the worker has at its start and what
                         is shared with it */
    int file;         /* a descriptor that the worker gets to read from, or -1 */
} wki_box_terms;

/* WK_IO where the program cannot be started, WK_REFUSED where the sandbox is wanted and a part of
 * it is missing. Give back with wki_box_put(). */
wk_code wki_box_take(const char *worker, wki_box **out, wk_error *err) WK_MUST_USE;

/* Room for `n` bytes of input, at an address that is a multiple of 16, and at most `most` bytes of
 * an answer. NULL where there is no memory. Earlier addresses are invalid. */
void *wki_box_room(wki_box *b, size_t n, size_t most, wk_error *err) WK_MUST_USE;

/* Has the worker do `terms->op` with the input. Its own error (with WK_LIMIT, *n is how much room it
 * wants), or WK_DATA where it died or broke a limit: the box is of no more use then, and
 * wki_box_is_lost(). */
wk_code wki_box_ask(wki_box *b, const wki_box_terms *terms, const void **out, size_t *n,
                    wk_error *err) WK_MUST_USE;

/* It died at a call; `again`: maybe for a reason that had nothing to do with the call, as it had
 * served others and kept its limits. */
bool wki_box_is_lost(const wki_box *b, bool *again);

/* Takes NULL. */
void wki_box_put(wki_box *b);

/* Of no more use, whatever it says. */
void wki_box_drop(wki_box *b);

/* What the worker's process says of itself: the library inside, and what its sandbox consists of.
 * For a look at the set-up. */
const char *wki_box_about(const wki_box *b);
const wki_sandbox *wki_box_sandbox(const wki_box *b);

/* For the whole process: what to do where a part of the sandbox is missing, where to say so (once),
 * and the program (NULL: as it was said before, else it is looked for). Not
 * while another thread decodes. */
typedef struct wki_box_opts {
    wk_sandbox sandbox;
    const char *program;
    wk_log log;
} wki_box_opts;

void wki_box_set_up(const wki_box_opts *opts);

/* The program, as found relative to the file that has this code, else where it was made for. */
wk_code wki_box_program(const char **out, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
