/* The transport by its module, which is opened when something is to be sent: a session that only
 * draws local files does not pay for it. */
#include <stdlib.h>

#include "http/http_module.h"

typedef struct late {
    const wki_http_opts *opts;
    wki_transport real; /* self NULL: not opened yet */
} late;

static wk_code open_real(late *l, wk_error *err)
{
    const wki_curl_module *m;

    if (l->real.self)
        return WK_OK;
    m = wki_module_open("curl", err);
    return m ? m->transport(l->opts, &l->real, err) : WK_IO;
}

static wk_code late_start(void *self, const wki_wire_request *request,
                          const wki_wire_events *events, void **exchange, wk_error *err)
{
    late *l = self;
    wk_code rc = open_real(l, err);

    return rc == WK_OK ? l->real.start(l->real.self, request, events, exchange, err) : rc;
}

static void late_stop(void *self, void *exchange)
{
    late *l = self;

    l->real.stop(l->real.self, exchange);
}

static wk_code late_poll(void *self, int64_t wait_ms, wk_error *err)
{
    late *l = self;
    wk_code rc = open_real(l, err);

    return rc == WK_OK ? l->real.poll(l->real.self, wait_ms, err) : rc;
}

static void late_free(void *self)
{
    late *l = self;

    if (l->real.self)
        l->real.free(l->real.self);
    free(l);
}

wk_code wki_transport_curl(const wki_http_opts *opts, wki_transport *out, wk_error *err)
{
    late *l = calloc(1, sizeof *l);

    if (!l)
        return wk_fail(err, WK_NOMEM, "out of memory");
    l->opts = opts;
    *out = (wki_transport){
        .start = late_start, .stop = late_stop, .poll = late_poll, .free = late_free, .self = l};
    return WK_OK;
}
