#include "flow/picture/server_picture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/media.h"
#include "core/text.h"
#include "encode/encode.h"
#include "flow/draw/photo_picture.h"

enum {
    MAX_BYTES = 64 << 20
};

/* --- asking --- */

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
