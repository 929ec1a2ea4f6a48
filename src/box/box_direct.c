/* A box without walls: calls are done in this process, so that a death in a worker is one of the
 * program. For fuzzing alone (tests/fuzz). */
#include "box/box.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box/box_serve.h"
#include "core/buf.h"

/* The workers of the program. */
extern const wki_box_worker wki_decoder_workers[];

struct wki_box {
    const wki_box_worker *worker;
    uint8_t *in, *out; /* apart, and not a byte larger, so that a step over an end is seen */
    size_t n, most;
    wki_sandbox sandbox;
};

void wki_box_set_up(const wki_box_opts *opts)
{
    (void)opts;
}

wk_code wki_box_take(const char *worker, wki_box **out, wk_error *err)
{
    const wki_box_worker *w = wki_decoder_workers;
    const char *about = "";
    wki_box *b = calloc(1, sizeof *b);
    wk_code rc = WK_OK;

    while (w->name && strcmp(w->name, worker) != 0)
        w++;
    if (!b)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = w->name ? w->open(w, &about, err) : wk_fail(err, WK_INTERNAL, "no worker %s", worker);
    b->worker = w;
    if (rc == WK_OK)
        *out = b;
    else
        free(b);
    return rc;
}

void *wki_box_room(wki_box *b, size_t n, size_t most, wk_error *err)
{
    free(b->in);
    free(b->out);
    b->in = calloc(1, n ? n : 1);
    b->out = calloc(1, most ? most : 1);
    b->n = n;
    b->most = most;
    if (b->in && b->out)
        return b->in;
    (void)wk_fail(err, WK_NOMEM, "out of memory");
    return NULL;
}

wk_code wki_box_ask(wki_box *b, const wki_box_terms *terms, const void **out, size_t *n,
                    wk_error *err)
{
    wki_box_call call = {.op = terms->op,
                         .in = b->in,
                         .n = b->n,
                         .file = terms->file >= 0 ? dup(terms->file) : -1,
                         .out = b->out,
                         .room = b->most};
    wk_code rc = b->worker->run(b->worker, &call, err);

    *out = call.out;
    *n = call.out_n;
    return rc;
}

bool wki_box_is_lost(const wki_box *b, bool *again)
{
    (void)b;
    *again = false;
    return false;
}

void wki_box_drop(wki_box *b)
{
    (void)b;
}

void wki_box_put(wki_box *b)
{
    if (!b)
        return;
    free(b->in);
    free(b->out);
    free(b);
}

const char *wki_box_about(const wki_box *b)
{
    (void)b;
    return "in this process";
}

const wki_sandbox *wki_box_sandbox(const wki_box *b)
{
    return &b->sandbox;
}
