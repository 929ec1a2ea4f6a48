#include "flow/picture/server_picture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/media.h"
#include "core/text.h"
#include "dicomweb/accept.h"
#include "encode/encode.h"
#include "flow/draw/photo_picture.h"
#include "flow/find/plan_ask.h"
#include "flow/picture/one_part.h"

enum {
    MAX_BYTES = 64 << 20
};

/* --- asking --- */

typedef struct server_job {
    wki_http *http;
    const wk_plan_item *from;
    char *url;
    wki_server_ask ask;
    wki_server_done done;
    void *user;
    bool rendered; /* asked for now, not /thumbnail */
    int format;    /* 0 the wanted one, 1 the other, 2 any */
    wki_one_part part;
} server_job;

bool wki_server_window(const wki_render_opts *opts, char out[WKI_SERVER_WINDOW_SIZE])
{
    static const char *const functions[] = {[WKI_VOI_LINEAR] = "linear",
                                            [WKI_VOI_LINEAR_EXACT] = "linear-exact",
                                            [WKI_VOI_SIGMOID] = "sigmoid"};

    *out = '\0';
    if (opts->rule == WKI_WINDOW_DICOM)
        return opts->index == 0 && !opts->explanation[0];
    if (opts->rule != WKI_WINDOW_GIVEN)
        return false;
    snprintf(out, WKI_SERVER_WINDOW_SIZE, "%.10g,%.10g,%s", opts->window.center, opts->window.width,
             functions[opts->window.function]);
    return true;
}

static bool is_plain(const wk_picture_look *look)
{
    return look->width == 0 && look->rotate == 0 && look->flip == 0 && !look->overlays &&
           !look->to_srgb;
}

wk_code wki_server_settle(const wki_drawing_opts *opts, bool thumbnail, wki_server_ask *out,
                          wk_error *err)
{
    wki_server_ask ask = {.thumbnail = thumbnail,
                          .png = opts->format == WK_PICTURE_PNG,
                          .width = opts->render.box,
                          .height = opts->render.box};

    if (opts->format == WK_PICTURE_NPY || opts->render.depth == 16)
        return wk_fail(err, WK_USAGE, "a server draws JPEG and PNG with 8 bits");
    if (!is_plain(&opts->look))
        return wk_fail_setting(err, WK_USAGE, "server-render region rotate flip overlays icc",
                               "what a server draws is not cut, turned, drawn over or brought to "
                               "other colours");
    if (!wki_server_window(&opts->render, ask.window))
        return wk_fail_setting(err, WK_USAGE, "server-render window",
                               "a server knows its own window, CENTER,WIDTH and presets, and no "
                               "others");
    *out = ask;
    return WK_OK;
}

void wki_server_fit(wki_server_ask *ask, int64_t rows, int64_t cols)
{
    uint32_t w = ask->width, h = ask->height;

    if (w == 0 || h == 0)
        return;
    if (cols * h > rows * w) {
        w = cols < w ? (uint32_t)cols : w;
        h = (uint32_t)((rows * w + cols / 2) / cols);
    } else {
        h = rows < h ? (uint32_t)rows : h;
        w = (uint32_t)((cols * h + rows / 2) / rows);
    }
    ask->width = w ? w : 1;
    ask->height = h ? h : 1;
}

static void job_free(server_job *j)
{
    wki_one_part_clear(&j->part);
    free(j->url);
    free(j);
}

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    server_job *j = user;

    return wki_one_part_head(&j->part, head, err);
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    server_job *j = user;

    return wki_one_part_body(&j->part, data, n, err);
}

static wk_code start(server_job *j, wk_error *err);

/* Another format, then another resource; false where there is neither. */
static bool try_next(server_job *j, int status)
{
    wk_error ignored = {0};

    if (j->rendered && wki_accept_is_refusal(status) && j->format < 2) {
        j->format++;
    } else if (!j->rendered) {
        j->rendered = true;
        j->format = 0;
    } else {
        return false;
    }
    return start(j, &ignored) == WK_OK;
}

/* What is no picture is no answer, whatever its status: servers show errors and logins with 200. */
static wk_code check_kind(const wki_picture_source *s, wk_error *err)
{
    char head[WKI_MEDIA_HEAD];
    ssize_t n = pread(s->fd, head, sizeof head, 0);
    wki_media kind = n > 0 ? wki_media_of(head, (size_t)n) : WKI_MEDIA_UNKNOWN;

    if (kind == WKI_MEDIA_JPEG || kind == WKI_MEDIA_PNG)
        return WK_OK;
    return wk_fail(err, WK_DATA, "the answer is neither JPEG nor PNG");
}

static void on_done(void *user, const wki_http_result *result)
{
    server_job *j = user;
    wki_picture_source source = {.fd = -1};
    wk_error err = result->error;
    int status = err.http_status ? err.http_status : result->status;

    if (err.code == WK_OK)
        err.code = wki_one_part_finish(&j->part, &err);
    if (err.code == WK_OK)
        err.code = check_kind(&j->part.bytes, &err);
    if (err.code != WK_OK && err.code != WK_CANCELLED && err.code != WK_AUTH && try_next(j, status))
        return;
    if (err.code == WK_OK) {
        source = j->part.bytes;
        j->part.bytes = (wki_picture_source){.fd = -1};
        source.drawn = true;
    }
    j->done(j->user, err.code, err.code == WK_OK ? &source : NULL, &err);
    job_free(j);
}

static char *address(const server_job *j)
{
    const wki_server_ask *a = &j->ask;
    char frame[32] = "", viewport[48] = "", window[sizeof a->window + 16] = "";

    if (a->frame)
        snprintf(frame, sizeof frame, "/frames/%u", (unsigned)a->frame);
    if (a->width)
        snprintf(viewport, sizeof viewport, "?viewport=%u,%u", (unsigned)a->width,
                 (unsigned)a->height);
    if (j->rendered && a->window[0])
        snprintf(window, sizeof window, "%cwindow=%s", a->width ? '&' : '?', a->window);
    return wki_strfmt("%s%s/%s%s%s", j->url, frame, j->rendered ? "rendered" : "thumbnail",
                      viewport, window);
}

/* One type and no list: servers are known to refuse more. */
static wk_code start(server_job *j, wk_error *err)
{
    static const char *const types[] = {"image/jpeg", "image/png"};
    wki_http_handler handler = {.head = on_head, .body = on_body, .done = on_done, .user = j};
    char *url = address(j);
    wki_http_request q;
    wk_code rc;

    wki_plan_request(j->from, &q);
    q.url = url;
    q.accept = j->format == 2 ? "*/*" : types[(j->format == 1) != j->ask.png];
    q.divisible = true;
    rc = url ? wki_http_start(j->http, &q, &handler, err) : wk_fail(err, WK_NOMEM, "out of memory");
    free(url);
    return rc;
}

wk_code wki_server_fetch(wki_http *http, const char *url, const wk_plan_item *from,
                         const wki_server_ask *ask, wki_server_done done, void *user, wk_error *err)
{
    server_job *j = calloc(1, sizeof *j);
    wk_code rc;

    if (!j)
        return wk_fail(err, WK_NOMEM, "out of memory");
    *j = (server_job){.http = http, .from = from, .ask = *ask, .done = done, .user = user};
    j->rendered = !ask->thumbnail || ask->window[0];
    j->url = wki_strdup(url);
    wki_one_part_init(&j->part, j->url, MAX_BYTES);
    rc = j->url ? start(j, err) : wk_fail(err, WK_NOMEM, "out of memory");
    if (rc != WK_OK)
        job_free(j);
    return rc;
}

/* --- what came --- */

static wk_code read_all(const wki_picture_source *s, void **data, size_t *n, wk_error *err)
{
    struct stat st;
    char *all;
    size_t got = 0;

    if (fstat(s->fd, &st) != 0 || st.st_size > MAX_BYTES)
        return wk_fail_errno(err, WK_IO, errno, "temporary file");
    all = malloc((size_t)st.st_size + 1);
    if (!all)
        return wk_fail(err, WK_NOMEM, "out of memory");
    while (got < (size_t)st.st_size) {
        ssize_t k = pread(s->fd, all + got, (size_t)st.st_size - got, (off_t)got);

        if (k <= 0) {
            free(all);
            return wk_fail_errno(err, WK_IO, k < 0 ? errno : EIO, "temporary file");
        }
        got += (size_t)k;
    }
    *data = all;
    *n = got;
    return WK_OK;
}

/* A picture on its way out: bytes as they came, or pixels to be encoded. */
typedef struct output {
    const void *data;
    size_t n;
    const wki_picture *picture; /* NULL: the bytes */
    const wki_drawing_opts *opts;
} output;

static wk_code produce(void *user, wki_sink *sink, wk_error *err)
{
    static const char comment[] = "window server";
    const output *o = user;

    if (!o->picture)
        return sink->write(sink->user, o->data, o->n, err);
    if (o->opts->format == WK_PICTURE_JPEG)
        return wki_jpeg_write(o->picture, o->opts->quality, o->opts->effort, comment, sink, err);
    return wki_png_write(o->picture, o->opts->effort, comment, sink, err);
}

/* Whether the bytes may go out as they are. */
static bool will_do(const wki_drawing_opts *opts, wki_media kind, uint32_t width, uint32_t height)
{
    wki_media wanted = opts->format == WK_PICTURE_JPEG ? WKI_MEDIA_JPEG : WKI_MEDIA_PNG;
    uint32_t box = opts->render.box;

    return kind == wanted && width > 0 && (box == 0 || (width <= box && height <= box));
}

static wk_code draw(output *o, const wki_drawing_opts *opts, wki_picture *picture,
                    wk_image_report *r, wk_error *err)
{
    wki_media kind = WKI_MEDIA_UNKNOWN;
    uint32_t width = 0, height = 0;
    wk_code rc = wki_photo_verify(o->data, o->n, &kind, &width, &height, err);

    if (rc == WK_OK && kind != WKI_MEDIA_JPEG && kind != WKI_MEDIA_PNG)
        rc = wk_fail(err, WK_DATA, "a %s, neither JPEG nor PNG", wki_media_name(kind));
    if (rc == WK_OK && !will_do(opts, kind, width, height)) {
        rc = wki_photo_draw(o->data, o->n, kind, opts->render.box, picture, err);
        o->picture = picture;
        width = picture->width;
        height = picture->height;
    }
    r->width = width;
    r->height = height;
    return rc == WK_OK ? WK_OK : wk_fail_add(err, "the picture that the server drew: ");
}

wk_code wki_server_picture(const wki_picture_source *source, const wki_drawing_opts *opts,
                           wki_picture_out *out, const char *relative, wk_image_report *report,
                           char **path)
{
    wki_picture picture = {0};
    output o = {.opts = opts};
    void *data = NULL;
    wk_error *err = &report->error;
    wk_code rc = read_all(source, &data, &o.n, err);

    o.data = data;
    if (rc == WK_OK)
        rc = draw(&o, opts, &picture, report, err);
    if (rc == WK_OK)
        rc = wki_picture_out_write(out, relative, produce, &o, path, &report->bytes, err);
    (void)wki_strcopy(report->rule, sizeof report->rule, "server");
    report->path = *path;
    report->status = rc == WK_OK ? WK_IMAGE_SAVED : WK_IMAGE_FAILED;
    wki_picture_clear(&picture);
    free(data);
    return rc;
}
