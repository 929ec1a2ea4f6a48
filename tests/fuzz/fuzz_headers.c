/*
 * Headers of answers, and of parts. The input is text: answers divided by empty lines, each a
 * status on its first line and then "Name: value" lines. The client gets them one after the other
 * (the last one again and again), follows redirects, waits and gives up; then each block is the
 * head of a part.
 */
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "dicomweb/media_type.h"
#include "dicomweb/multipart.h"
#include "fuzz.h"
#include "http/http.h"
#include "http/retry.h"
#include "http/transport.h"
#include "http/url.h"

enum {
    MOST_EXCHANGES =
        1000, /* five redirects, patience of 20 s, 5 attempts for what is not patience */
    TICK_MS = 5000,
};

#define HOME "https://pacs.example"

typedef struct wire {
    const char *at, *end; /* of the input that is not played yet */
    const char *block;    /* the last one */
    size_t exchanges;
    int64_t now_ms;
    bool is_open;
    wki_wire_events events;
} wire;

static int64_t get_ms(void *user)
{
    return ((wire *)user)->now_ms;
}

static int64_t get_unix(void *user)
{
    return 784111777 + ((wire *)user)->now_ms / 1000;
}

static void sleep_ms(void *user, int64_t ms)
{
    ((wire *)user)->now_ms += ms;
}

static void no_chance(void *user, void *out, size_t n)
{
    (void)user;
    memset(out, 0, n);
}

static const char *line_end(const char *p, const char *end)
{
    const char *found = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

    return found ? found : end;
}

/* Whether a field begins at `p`, and where it ends. */
static bool next_field(const char **p, const char *end, const char **name, const char **colon,
                       const char **stop)
{
    while (*p < end && **p != '\n') {
        *name = *p;
        *stop = line_end(*p, end);
        *colon = memchr(*name, ':', (size_t)(*stop - *name));
        *p = *stop < end ? *stop + 1 : end;
        if (*colon)
            return true;
    }
    return false;
}

/* ---- the wire ---- */

static bool is_authorization(const char *line)
{
    return strncmp(line, "Authorization:", 14) == 0 || strncmp(line, "X-Mine:", 7) == 0;
}

static wk_code start(void *self, const wki_wire_request *r, const wki_wire_events *events,
                     void **out, wk_error *err)
{
    wire *w = self;

    (void)err;
    FUZZ_HOLDS(++w->exchanges <= MOST_EXCHANGES);
    FUZZ_HOLDS(strncmp(r->url, "https://", 8) == 0 || strncmp(r->url, "http://", 7) == 0);
    FUZZ_HOLDS(strlen(r->url) <= WK_MAX_URL_BYTES);
    for (size_t i = 0; i < r->n_headers; i++) {
        FUZZ_HOLDS(!strpbrk(r->headers[i], "\r\n"));
        FUZZ_HOLDS(!is_authorization(r->headers[i]) || wki_url_same_origin(r->url, HOME));
    }
    FUZZ_HOLDS(w->exchanges == 1 || wki_url_same_origin(r->url, HOME) || !r->trusted);
    w->events = *events;
    w->is_open = true;
    *out = w;
    return WK_OK;
}

static void stop(void *self, void *exchange)
{
    (void)exchange;
    ((wire *)self)->is_open = false;
}

static bool play(wire *w)
{
    const char *p, *name, *colon, *end;

    if (w->at < w->end || !w->block)
        w->block = w->at;
    p = w->block;
    if (!w->events.status(w->events.user, atoi(p)))
        return false;
    p = line_end(p, w->end);
    p += p < w->end;
    while (next_field(&p, w->end, &name, &colon, &end)) {
        const char *value = colon + 1;

        while (value < end && *value == ' ')
            value++;
        if (!w->events.header(w->events.user, name, (size_t)(colon - name), value,
                              (size_t)(end - value)))
            return false;
    }
    if (p < w->end)
        p++;
    if (p > w->at)
        w->at = p;
    return w->events.body(w->events.user, "body", 4);
}

static wk_code poll_once(void *self, int64_t wait_ms, wk_error *err)
{
    wire *w = self;
    wki_wire_end end;

    (void)wait_ms;
    (void)err;
    if (!w->is_open) {
        w->now_ms += TICK_MS;
        return WK_OK;
    }
    end = play(w) ? WKI_WIRE_OK : WKI_WIRE_ABORTED;
    w->is_open = false;
    w->events.done(w->events.user, end, "");
    return WK_OK;
}

static void free_wire(void *self)
{
    (void)self;
}

/* ---- the client ---- */

static wk_code give_secret(void *user, const char *origin, wki_buf *value, wk_error *err)
{
    (void)user;
    FUZZ_HOLDS(wki_url_same_origin(origin, HOME));
    return wki_buf_add(value, "Bearer secret", 13, err);
}

static wk_code renew(void *user, const char *origin, wk_error *err)
{
    (void)user, (void)origin, (void)err;
    return WK_OK;
}

static void hear(void *user, wk_log_level level, const char *line)
{
    (void)user;
    (void)level;
    for (const char *p = line; *p; p++)
        FUZZ_HOLDS((unsigned char)*p >= ' ' && *p != 0x7F);
}

static void read_type(const char *value)
{
    char small[24], boundary[WK_MAX_BOUNDARY_BYTES + 1];

    wki_media_type(value, small, sizeof small);
    FUZZ_HOLDS(strlen(small) < sizeof small);
    wki_media_param(value, "boundary", boundary, sizeof boundary);
    wki_media_param(value, "transfer-syntax", small, sizeof small);
    FUZZ_HOLDS(strlen(small) < sizeof small);
    wki_media_is_multipart(value);
}

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    const wire *w = user;
    const char *retry = wki_http_header(head, "Retry-After");
    const char *warning = wki_http_header(head, "Warning");
    int64_t ms;

    (void)err;
    FUZZ_HOLDS(head->status >= 200 && head->status <= 299 && head->content_length >= -1);
    read_type(head->content_type);
    if (retry && wki_retry_after_read(retry, wki_http_header(head, "Date"), w->now_ms, &ms))
        FUZZ_HOLDS(ms >= 0 && ms <= WK_MAX_RETRY_AFTER_S * 1000LL);
    if (warning)
        read_type(warning);
    return WK_OK;
}

static void run_client(wire *w)
{
    const char *home = HOME, *mine = "X-Mine: secret";
    wki_clock clock = {get_ms, get_unix, sleep_ms, no_chance, w};
    wki_transport transport = {start, stop, poll_once, free_wire, w};
    wk_log log = {.write = hear, .level = WK_LOG_DEBUG};
    wki_http_opts opts = {.origins = &home,
                          .n_origins = 1,
                          .credential = {give_secret, renew, NULL},
                          .headers = &mine,
                          .n_headers = 1,
                          .retries = -1,
                          .max_wait_ms = 20000,
                          .log = &log,
                          .clock = &clock};
    wki_http_request request = {.url = HOME "/studies/1.2.3", .accept = "application/json"};
    wki_http_handler handler = {.head = on_head, .user = w};
    wki_http_result result = {.status = 0};
    wki_http *http = NULL;
    wk_error err = {0};

    if (wki_http_new_on(&opts, &transport, &http, &err) != WK_OK)
        return;
    if (wki_http_perform(http, &request, &handler, &result, &err) != WK_OK)
        FUZZ_HOLDS(err.code != WK_OK && err.message[0]);
    hear(NULL, WK_LOG_DEBUG, err.message);
    wki_http_free(http);
}

/* ---- the head of a part ---- */

static wk_code on_part(void *user, const wki_part_head *head, wk_error *err)
{
    (void)user;
    (void)err;
    FUZZ_HOLDS(head->content_length >= -1);
    read_type(head->content_type);
    return WK_OK;
}

static wk_code on_data(void *user, const void *data, size_t n, wk_error *err)
{
    (void)user, (void)data, (void)n, (void)err;
    return WK_OK;
}

static wk_code on_end(void *user, wki_part_end end, wk_error *err)
{
    (void)user, (void)end, (void)err;
    return WK_OK;
}

static void run_part(const char *head, size_t n)
{
    wki_multipart_events events = {on_part, on_data, on_end, NULL, NULL};
    wki_multipart *m = NULL;
    wk_code rc = wki_multipart_new("b", &events, &m, NULL);

    if (rc == WK_OK)
        rc = wki_multipart_feed(m, "--b\n", 4, NULL);
    if (rc == WK_OK)
        rc = wki_multipart_feed(m, head, n, NULL);
    if (rc == WK_OK)
        rc = wki_multipart_feed(m, "\n\nbytes\n--b--\n", 14, NULL);
    if (rc == WK_OK)
        rc = wki_multipart_finish(m, NULL, NULL);
    FUZZ_HOLDS(rc != WK_OK || wki_multipart_parts(m) > 0);
    wki_multipart_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    wire w = {.at = text, .end = text + size};

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    run_client(&w);
    run_part(text, size);
    free(text);
    return 0;
}
