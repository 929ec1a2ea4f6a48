/*
 * The inside of a box: a program's main() hands its workers over, and the one that is asked for
 * serves until the other side closes the channel.
 */
#ifndef WADOKIT_BOX_BOX_SERVE_H
#define WADOKIT_BOX_BOX_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One call. op, in, n: what is asked. file: the descriptor that came with it, to be closed by the
 * worker, or -1. out: where the answer goes, `room` bytes at most; *out_n is set. */
typedef struct wki_box_call {
    uint32_t op;
    const uint8_t *in;
    size_t n;
    int file;
    uint8_t *out;
    size_t room;
    size_t out_n;
} wki_box_call;

/*
 * name   of the worker, as wki_box_take() is given it
 * open   loads what it needs, before the sandbox closes, and says what that is (about)
 * run    does one call
 * files  whether it is handed descriptors to read from
 */
typedef struct wki_box_worker {
    const char *name;
    wk_code (*open)(const struct wki_box_worker *w, const char **about, wk_error *err);
    wk_code (*run)(const struct wki_box_worker *w, wki_box_call *call, wk_error *err);
    bool files;
} wki_box_worker;

/* main() of a box: `argv` is the program, a worker's name, and "closed" or "off" (no sandbox).
 * Returns the exit status. The list ends with a name of NULL. */
int wki_box_serve(int argc, char **argv, const wki_box_worker *workers);

#ifdef __cplusplus
}
#endif

#endif
