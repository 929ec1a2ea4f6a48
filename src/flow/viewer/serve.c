#include <wadokit/serve.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/pool.h"
#include "core/text.h"
#include "dicom/dicom_file.h"
#include "dicomweb/qido_answer.h"
#include "flow/viewer/serve_body.h"
#include "flow/viewer/serve_site.h"
#include "http/url.h"

enum {
    WAIT_MS = 200,
    VALUE_SIZE = 512
};

static const char root_path[] = "/dicom-web";

/* --- searches --- */

/* 400 where the number is none. */
static wk_code read_number(const char *name, const char *value, uint64_t *out, wk_error *err)
{
    char *end = NULL;
    unsigned long long n = strtoull(value, &end, 10);

    if (*value < '0' || *value > '9' || *end)
        return wk_fail(err, WK_USAGE, "%s is not a number", name);
    *out = n;
    return WK_OK;
}

static bool is_no_key(const char *name)
{
    return strcmp(name, "includefield") == 0 || strcmp(name, "fuzzymatching") == 0 ||
           strcmp(name, "accept") == 0;
}

static void warn(wki_web_answer *out, const char *name)
{
    char clean[64];

    wki_text_clean(clean, sizeof clean, name, strlen(name));
    for (char *c = clean; *c; c++) {
        if (*c == '"' || *c == '\\' || (unsigned char)*c >= 0x80)
            *c = '?';
    }
    snprintf(out->warning, sizeof out->warning, "299 wadokit \"the key %s is not looked at\"",
             clean);
}

static wk_code add_key(wki_serve_search *q, const char *name, const char *value,
                       wki_web_answer *out, wk_error *err)
{
    const char *path = name;
    uint32_t tag = 0, index = 0;

    if (strcmp(name, "limit") == 0)
        return read_number(name, value, &q->limit, err);
    if (strcmp(name, "offset") == 0)
        return read_number(name, value, &q->offset, err);
    if (is_no_key(name))
        return WK_OK;
    if (!wki_dicom_path_next(&path, &tag, &index) || *path || !wki_qido_is_key(tag, q->levels)) {
        warn(out, name);
        return WK_OK;
    }
    if (q->n_keys == WKI_SERVE_KEYS)
        return wk_fail(err, WK_USAGE, "more than %d keys", WKI_SERVE_KEYS);
    q->keys[q->n_keys].tag = tag;
    (void)wki_strcopy(q->keys[q->n_keys++].value, sizeof q->keys[0].value, value);
    return WK_OK;
}

static wk_code search(wki_serve *s, const wki_web_route *r, const wki_web_request *request,
                      const char *root, wki_web_answer *out, wk_error *err)
{
    wki_serve_search q = {.what = r->resource, .limit = UINT64_MAX};
    const char *query = request->query;
    char name[128], value[VALUE_SIZE];
    wk_code rc = WK_OK;

    q.levels = r->resource == WKI_WEB_STUDIES  ? WKI_QIDO_STUDY
               : r->resource == WKI_WEB_SERIES ? WKI_QIDO_SERIES
                                               : WKI_QIDO_INSTANCE;
    /* What the path leaves open is told with each record. */
    if (r->resource != WKI_WEB_STUDIES && !*r->study)
        q.levels |= WKI_QIDO_STUDY;
    if (r->resource == WKI_WEB_INSTANCES && !*r->series)
        q.levels |= WKI_QIDO_SERIES;
    while (rc == WK_OK && wki_query_next(&query, name, sizeof name, value, sizeof value))
        rc = add_key(&q, name, value, out, err);
    /* Below an unknown study nothing is found, as with a key that matches nothing. */
    if (rc == WK_OK && !wki_serve_index_find(&s->index, r->study, r->series, "", &q.range))
        memset(&q.range, 0, sizeof q.range);
    return rc == WK_OK ? wki_serve_body_search(s, &q, root, out, err) : rc;
}

/* --- pictures --- */

/* "C,W,FUNCTION" of PS3.18 section 8.3.5.1.2 */
static wk_code read_window(const char *value, wki_render_opts *out, wk_error *err)
{
    char text[VALUE_SIZE];
    char *comma;

    if (!wki_strcopy(text, sizeof text, value))
        return wk_fail(err, WK_USAGE, "window: too long");
    comma = strchr(text, ',');
    comma = comma ? strchr(comma + 1, ',') : NULL;
    if (!comma)
        return wk_fail(err, WK_USAGE, "window is CENTER,WIDTH,FUNCTION");
    if (wki_str_ieq(comma + 1, "sigmoid"))
        memcpy(comma + 1, "SIGMOID", sizeof "SIGMOID");
    else if (wki_str_ieq(comma + 1, "linear"))
        *comma = '\0';
    else
        return wk_fail(err, WK_USAGE, "window: linear and sigmoid are known");
    return wki_window_parse(text, out, err);
}

/* The box in which a picture of this shape fits "W,H". */
static wk_code read_viewport(const char *value, const wki_image_desc *d, uint32_t *box,
                             wk_error *err)
{
    uint32_t width = 0, height = 0;
    char *end = NULL;
    unsigned long w = strtoul(value, &end, 10);
    unsigned long h = *end == ',' ? strtoul(end + 1, &end, 10) : 0;
    double scale, other;

    if (*end || w == 0 || h == 0 || w > WK_MAX_COLUMNS || h > WK_MAX_ROWS)
        return wk_fail(err, WK_USAGE, "viewport is WIDTH,HEIGHT");
    wki_render_size(d, 0, &width, &height);
    if (width == 0 || height == 0) {
        *box = (uint32_t)(w < h ? w : h);
        return WK_OK;
    }
    scale = (double)w / width;
    other = (double)h / height;
    scale = scale < other ? scale : other;
    *box = scale >= 1 ? 0 : (uint32_t)(scale * (width > height ? width : height));
    *box = scale < 1 && *box == 0 ? 1 : *box;
    return WK_OK;
}

static wk_code read_look(const char *query, const wki_image_desc *d, wki_web_look *look,
                         wk_error *err)
{
    char name[64], value[VALUE_SIZE];
    uint64_t quality = 0;
    wk_code rc = WK_OK;

    while (rc == WK_OK && wki_query_next(&query, name, sizeof name, value, sizeof value)) {
        if (strcmp(name, "window") == 0) {
            rc = read_window(value, &look->render, err);
        } else if (strcmp(name, "viewport") == 0) {
            rc = read_viewport(value, d, &look->render.box, err);
        } else if (strcmp(name, "quality") == 0) {
            rc = read_number(name, value, &quality, err);
            if (rc == WK_OK && (quality < 1 || quality > 100))
                rc = wk_fail(err, WK_USAGE, "quality is 1 to 100");
            look->quality = (int)quality;
        }
    }
    return rc;
}

/* The series with the most instances stands for a study, its middle instance for a series. */
static size_t representative(const wki_serve *s, const wki_serve_range *range)
{
    const wki_serve_series *best = &s->index.series[range->series];

    if (range->n_entries == 1)
        return range->entry;
    for (size_t i = range->series; i < range->series + range->n_series; i++) {
        if (s->index.series[i].n > best->n)
            best = &s->index.series[i];
    }
    return best->first + best->n / 2;
}

static wk_code draw(wki_serve *s, const wki_web_route *r, size_t entry,
                    const wki_web_request *request, wki_web_look *look, wki_buf *out, wk_error *err)
{
    const char *list = r->frames;
    uint32_t frame = 0;
    wki_web_object o;
    wk_code rc;

    wki_serve_enter(s);
    rc = wki_web_object_open(&o, s->index.list.entries[entry].path, err);
    if (wki_web_route_frame(&list, &frame)) {
        if (rc == WK_OK && frame > o.frames)
            rc = wk_fail(err, WK_NOT_FOUND, "there is no frame %u", frame);
        frame--;
    } else {
        frame = wki_web_object_middle(&o);
    }
    if (rc == WK_OK)
        rc = read_look(request->query, &o.drawing.desc, look, err);
    if (rc == WK_OK)
        rc = wki_web_object_picture(&o, frame, look, out, err);
    wki_web_object_close(&o);
    wki_serve_leave(s);
    return rc;
}

static wk_code picture(wki_serve *s, const wki_web_route *r, const wki_serve_range *range,
                       const wki_web_request *request, wki_web_answer *out, wk_error *err)
{
    const char *accept = request->accept;
    bool jpeg = !*accept || strstr(accept, "image/jpeg") || strstr(accept, "image/*") ||
                strstr(accept, "*/*");
    wki_web_look look = {.png = !jpeg, .quality = 90};
    wki_buf bytes;
    wk_code rc;

    if (!jpeg && !strstr(accept, "image/png"))
        return wk_fail(err, WK_UNSUPPORTED, "image/jpeg and image/png are made");
    if (r->resource == WKI_WEB_THUMBNAIL) {
        look.render.box = WKI_WEB_THUMBNAIL_BOX;
        look.quality = WKI_WEB_THUMBNAIL_QUALITY;
    }
    wki_buf_init(&bytes, WKI_WEB_PICTURE_BYTES, "picture");
    rc = draw(s, r, representative(s, range), request, &look, &bytes, err);
    if (rc == WK_OK)
        rc = wki_serve_body_buf(s, &bytes, out, err);
    wki_buf_clear(&bytes);
    (void)wki_strcopy(out->type, sizeof out->type, look.png ? "image/png" : "image/jpeg");
    return rc;
}

/* --- retrieval --- */

/* Whether what is stored is what may be sent: any syntax, or this one. */
static bool syntax_is_fine(const wki_serve *s, const wki_serve_range *range, const char *accept)
{
    const char *asked = strstr(accept, "transfer-syntax=");

    if (!asked || strstr(accept, "transfer-syntax=*") || strstr(accept, "transfer-syntax=\"*"))
        return true;
    for (size_t i = 0; i < range->n_entries; i++) {
        const char *stored = s->index.list.entries[range->entry + i].transfer_syntax;
        const char *at = *stored ? strstr(asked, stored) : NULL;
        char after = at ? at[strlen(stored)] : '\0';

        if (!at || after == '.' || (after >= '0' && after <= '9'))
            return false;
    }
    return true;
}

static wk_code retrieve(wki_serve *s, const wki_web_route *r, const wki_serve_range *range,
                        const wki_web_request *request, wki_web_answer *out, wk_error *err)
{
    const char *accept = request->accept;
    bool parts = !*accept || strstr(accept, "multipart/") || strstr(accept, "*/*");

    if (!parts && !(*r->sop && strstr(accept, "application/dicom")))
        return wk_fail(err, WK_UNSUPPORTED,
                       "multipart/related; type=\"application/dicom\" is what can be had");
    if (!syntax_is_fine(s, range, accept))
        return wk_fail(err, WK_UNSUPPORTED, "stored in another transfer syntax: ask for *");
    return wki_serve_body_instances(s, range, !parts, out, err);
}

static wk_code metadata(wki_serve *s, const wki_serve_range *range, const wki_web_request *request,
                        const char *root, wki_web_answer *out, wk_error *err)
{
    const char *accept = request->accept;

    if (*accept && !strstr(accept, "json") && !strstr(accept, "*/*") &&
        !strstr(accept, "application/*"))
        return wk_fail(err, WK_UNSUPPORTED, "application/dicom+json is what can be had");
    return wki_serve_body_metadata(s, range, root, out, err);
}

/* --- requests --- */

static wk_code dicomweb(wki_serve *s, const wki_web_request *request, wki_web_answer *out,
                        wk_error *err)
{
    wki_web_route r;
    wki_serve_range range;
    char root[128];

    snprintf(root, sizeof root, "http://%s%s", request->host, root_path);
    if (!wki_web_route_parse(request->path + sizeof root_path - 1, &r))
        return wk_fail(err, WK_NOT_FOUND, "no such resource");
    if (r.resource <= WKI_WEB_INSTANCES)
        return search(s, &r, request, root, out, err);
    if (!wki_serve_index_find(&s->index, r.study, r.series, r.sop, &range))
        return wk_fail(err, WK_NOT_FOUND, "not here");
    switch (r.resource) {
    case WKI_WEB_METADATA:
        return metadata(s, &range, request, root, out, err);
    case WKI_WEB_FRAMES:
        return wki_serve_body_frames(s, &range, r.frames, out, err);
    case WKI_WEB_BULKDATA:
        return wki_serve_body_bulk(s, &range, r.bulk, out, err);
    case WKI_WEB_RENDERED:
    case WKI_WEB_THUMBNAIL:
        return picture(s, &r, &range, request, out, err);
    default:
        return retrieve(s, &r, &range, request, out, err);
    }
}

static unsigned status_of(wk_code code)
{
    return code == WK_NOT_FOUND ? 404 : code == WK_USAGE ? 400 : code == WK_UNSUPPORTED ? 406 : 500;
}

/* The error as the answer. Its words name no file. */
static void refuse(wki_serve *s, wk_code rc, const wk_error *why, wki_web_answer *out)
{
    wki_buf text;

    *out = (wki_web_answer){.status = status_of(rc), .length = -1};
    wki_buf_init(&text, sizeof why->message + 2, "answer");
    if (wki_buf_addf(&text, NULL, "%s\n", out->status == 500 ? "Cannot be read." : why->message) ==
            WK_OK &&
        wki_serve_body_buf(s, &text, out, NULL) == WK_OK)
        (void)wki_strcopy(out->type, sizeof out->type, "text/plain; charset=utf-8");
    wki_buf_clear(&text);
}

static void answer(void *user, const wki_web_request *request, wki_web_answer *out)
{
    wki_serve *s = user;
    wk_error why = {0};
    size_t n = sizeof root_path - 1;
    bool ours = strncmp(request->path, root_path, n) == 0 &&
                (request->path[n] == '/' || request->path[n] == '\0');
    wk_code rc =
        ours ? dicomweb(s, request, out, &why) : wki_serve_site(s, request->path, out, &why);

    if (rc != WK_OK) {
        if (status_of(rc) == 500)
            wki_serve_say(s, WK_LOG_WARN, request->path, why.message);
        refuse(s, rc, &why, out);
    }
    wki_serve_say(s, WK_LOG_INFO, request->path, out->status < 400 ? "sent" : "refused");
}

/* --- the run --- */

static void tell_ready(const wki_serve *s, int port, wk_serve_ready_fn ready, void *user)
{
    char url[64], viewer[64];
    wk_serve_status status = {.url = url,
                              .viewer_url = s->viewer_fd >= 0 ? viewer : NULL,
                              .studies = s->index.n_studies,
                              .series = s->index.n_series,
                              .instances = s->index.list.n,
                              .skipped = s->index.skipped,
                              .failed = s->index.failed};

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, root_path);
    snprintf(viewer, sizeof viewer, "http://127.0.0.1:%d/", port);
    if (ready)
        ready(user, &status);
}

static void wait_for_the_end(const wk_session *session)
{
    const wk_cancel *cancel = session->opts.cancel;

    /* A signal that comes between the look and the wait is seen at the next look. */
    while (!cancel || !cancel->requested)
        (void)poll(NULL, 0, WAIT_MS);
}

static wk_code run(wki_serve *s, const char *const *targets, size_t n_targets,
                   const wk_serve_opts *opts, wk_serve_ready_fn ready, void *user, wk_error *err)
{
    wki_web_server_opts o = {opts->port, opts->cors, answer, s};
    wki_web_server *server = NULL;
    wk_code rc = WK_OK;

    if (opts->viewer)
        rc = wki_serve_site_open(s, opts->viewer, err);
    if (rc == WK_OK)
        rc = wki_serve_index_make(&s->index, s->session, targets, n_targets, err);
    if (rc == WK_OK)
        rc = wki_web_server_open(&o, &server, err);
    if (rc != WK_OK)
        return rc;
    tell_ready(s, wki_web_server_port(server), ready, user);
    wait_for_the_end(s->session);
    wki_web_server_close(server);
    return WK_OK;
}

/* "https://host" or "http://host:port": an origin as browsers send it, and nothing that could end
 * a header. */
static bool is_origin(const char *text)
{
    const char *host = wki_str_starts(text, "https://")  ? text + 8
                       : wki_str_starts(text, "http://") ? text + 7
                                                         : "";

    return *host && strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 ".:-_[]") == strlen(host);
}

wk_code wk_serve(wk_session *session, const char *const *targets, size_t n_targets,
                 const wk_serve_opts *opts, wk_serve_ready_fn ready, void *user, wk_error *err)
{
    wki_serve s = {.session = session, .viewer_fd = -1};
    wk_error own = {0};
    wk_code rc;

    err = err ? err : &own;
    if (opts->port < 0 || opts->port > 65535)
        return wk_fail(err, WK_USAGE, "port %d: 0 to 65535", opts->port);
    if (opts->cors && !is_origin(opts->cors))
        return wk_fail(err, WK_USAGE, "cors is one origin: https://viewer.example");
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.freed, NULL);
    s.free_places = session->opts.jobs > 0 ? (unsigned)session->opts.jobs : wki_pool_processors();
    rc = run(&s, targets, n_targets, opts, ready, user, err);
    wki_serve_index_clear(&s.index);
    if (s.viewer_fd >= 0)
        close(s.viewer_fd);
    pthread_cond_destroy(&s.freed);
    pthread_mutex_destroy(&s.lock);
    return rc;
}
