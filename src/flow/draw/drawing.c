#include "flow/draw/drawing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "decode/decode.h"
#include "encode/encode.h"
#include "flow/draw/jpeg_as_is.h"
#include "flow/draw/object_label.h"
#include "flow/draw/slide.h"
#include "render/icc.h"
#include "render/overlay.h"
#include "render/turn.h"

const char *wki_picture_suffix(wk_picture_format format)
{
    return format == WK_PICTURE_JPEG ? ".jpg" : format == WK_PICTURE_NPY ? ".npy" : ".png";
}

static wk_code open_by_dcmtk(wki_drawing *g, wk_error *err)
{
    wk_code rc = wki_dicom_open(g->path, &g->file, err);

    return rc == WK_OK ? wki_dicom_describe(g->file, &g->desc, err) : rc;
}

wk_code wki_drawing_open(wki_drawing *g, const char *path, wk_error *err)
{
    memset(g, 0, sizeof *g);
    g->path = path;
    return wki_plain_open(path, &g->plain, &g->desc) ? WK_OK : open_by_dcmtk(g, err);
}

/* Reads what only this frame's functional groups say. */
static wk_code select_frame(wki_drawing *g, uint32_t frame, wk_error *err)
{
    if (!g->plain || wki_plain_select(g->plain, &g->desc, frame))
        return WK_OK;
    wki_plain_close(g->plain);
    g->plain = NULL;
    wki_image_desc_clear(&g->desc);
    return open_by_dcmtk(g, err);
}

void wki_drawing_close(wki_drawing *g)
{
    wki_image_desc_clear(&g->desc);
    wki_dicom_close(g->file);
    wki_plain_close(g->plain);
    memset(g, 0, sizeof *g);
}

static bool is_video(const wki_drawing *g)
{
    return g->desc.pixels != WKI_PIXELS_NONE &&
           wki_decode_way_of(g->desc.transfer_syntax) == WKI_DECODE_VIDEO;
}

bool wki_drawing_is_placeholder(const wki_drawing *g)
{
    return g->desc.pixels == WKI_PIXELS_NONE || is_video(g);
}

uint32_t wki_drawing_frames(const wki_drawing *g)
{
    if (wki_drawing_is_placeholder(g))
        return 1;
    return g->plain ? wki_plain_frames_there(g->plain, &g->desc)
                    : wki_dicom_frames_there(g->file, &g->desc);
}

wk_code wki_drawing_frames_missing(const wki_drawing *g, uint32_t there, wk_error *err)
{
    return wk_fail(err, WK_DATA, "frames %u to %u are not there: the pixels end before them",
                   there + 1, g->desc.frames);
}

static void add_warning(wk_image_report *r, const char *text)
{
    if (*text && r->n_warnings < WK_IMAGE_WARNINGS)
        wki_text_clean(r->warnings[r->n_warnings++], WK_IMAGE_WARNING_SIZE, text, strlen(text));
}

void wki_drawing_describe(const wki_drawing *g, wk_image_report *report)
{
    memcpy(report->study, g->desc.study_uid, sizeof report->study);
    memcpy(report->series, g->desc.series_uid, sizeof report->series);
    memcpy(report->sop, g->desc.sop_uid, sizeof report->sop);
    memcpy(report->transfer_syntax, g->desc.transfer_syntax, sizeof report->transfer_syntax);
    report->n_warnings = 0;
    add_warning(report, g->desc.warning);
}

wk_code wki_drawing_frame_bytes(wki_drawing *g, uint32_t frame, wki_frame_bytes *out, wk_error *err)
{
    return g->plain ? wki_plain_frame_bytes(g->plain, &g->desc, frame, out, err)
                    : wki_dicom_frame_bytes(g->file, &g->desc, frame, out, err);
}

/* A much smaller picture stands at the beginning of some code streams: the rest is not read. */
static bool decode_start(wki_drawing *g, uint32_t frame, const wki_decode_opts *opts,
                         wki_pixels *out)
{
    size_t most = g->plain ? wki_decode_start(&g->desc, opts->reduce) : 0;
    wki_frame_bytes bytes = {0};
    bool done;

    if (most == 0 || wki_plain_frame_start(g->plain, &g->desc, frame, most, &bytes, NULL) != WK_OK)
        return false;
    done = wki_decode(&g->desc, &bytes, opts, out, NULL) == WK_OK;
    wki_frame_bytes_clear(&bytes);
    return done;
}

static wk_code decode_some(wki_drawing *g, uint32_t frame, unsigned reduce,
                           const wki_region *region, wki_pixels *out, wk_error *err)
{
    wki_decode_opts opts = {reduce, region};
    wki_frame_bytes bytes = {0};
    wk_code rc = WK_OK;

    if (decode_start(g, frame, &opts, out))
        return WK_OK;
    if (wki_decode_way_of(g->desc.transfer_syntax) == WKI_DECODE_HERE)
        rc = wki_drawing_frame_bytes(g, frame, &bytes, err);
    if (rc == WK_OK && !wki_decode_adopt(&g->desc, &bytes, out))
        rc = wki_decode(&g->desc, &bytes, &opts, out, err);
    wki_frame_bytes_clear(&bytes);
    return rc;
}

static wk_code decode(wki_drawing *g, uint32_t frame, wki_pixels *out, wk_error *err)
{
    return decode_some(g, frame, 0, NULL, out, err);
}

/* By how much a frame may be decoded smaller for a picture of this kind. */
static unsigned reduction(const wki_drawing *g, uint32_t frame, const wki_render_opts *opts)
{
    uint32_t width = 0, height = 0;

    if (opts->box == 0 || opts->region.width || !wki_render_knows_window(&g->desc, frame, opts))
        return 0;
    wki_render_size(&g->desc, opts->box, &width, &height);
    return wki_decode_reduction(&g->desc, width, height);
}

/* The region, where nothing but its pixels is needed: no window is found from all of them. */
static const wki_region *region_alone(const wki_drawing *g, uint32_t frame,
                                      const wki_render_opts *opts)
{
    const wki_region *r = &opts->region;
    bool inside = r->x < g->desc.cols && r->width <= g->desc.cols - r->x && r->y < g->desc.rows &&
                  r->height <= g->desc.rows - r->y;

    return r->width && r->height && inside && wki_render_knows_window(&g->desc, frame, opts) ? r
                                                                                             : NULL;
}

static wk_code refuse_without_pixels(const wki_drawing *g, wk_error *err)
{
    const char *title, *line;

    if (is_video(g))
        return wk_fail(err, WK_UNSUPPORTED, "moving pictures (%s) are not drawn",
                       g->desc.transfer_syntax);
    wki_object_label(g->desc.sop_class, g->desc.modality, &title, &line);
    return wk_fail(err, WK_UNSUPPORTED, "no pixels to draw (%s%s%s)", title, *line ? ": " : "",
                   line);
}

static wk_code draw_placeholder(const wki_drawing *g, uint32_t box, wki_picture *out, wk_error *err)
{
    const char *title, *lines[2] = {NULL, NULL};

    if (is_video(g)) {
        title = "VIDEO";
        lines[0] = "Moving pictures";
        lines[1] = g->desc.modality;
    } else {
        wki_object_label(g->desc.sop_class, g->desc.modality, &title, &lines[0]);
        if (!*lines[0])
            lines[0] = "No pixels";
        lines[1] = strcmp(title, g->desc.modality) == 0 ? "" : g->desc.modality;
    }
    return wki_placeholder(box, title, lines, 2, out, err);
}

static const char *function_name(wki_voi_function f)
{
    return f == WKI_VOI_SIGMOID ? "SIGMOID" : f == WKI_VOI_LINEAR_EXACT ? "LINEAR_EXACT" : "LINEAR";
}

static void report_window(wk_image_report *r, const wki_render_report *window)
{
    memcpy(r->rule, window->rule, sizeof r->rule);
    r->has_window = window->has_window;
    r->center = window->center;
    r->width_of_window = window->width;
    r->function = window->has_window ? function_name(window->function) : NULL;
    r->inverted = window->inverted;
    add_warning(r, window->warning);
}

/* The cells of a frame as they lie in the file, for overlays among them. */
static wk_code decode_cells(wki_drawing *g, uint32_t frame, wki_pixels *out, wk_error *err)
{
    wki_image_desc own = g->desc;
    wk_code rc;

    g->desc.bits_stored = own.bits_allocated;
    g->desc.high_bit = (uint16_t)(own.bits_allocated - 1);
    g->desc.is_signed = false;
    rc = decode(g, frame, out, err);
    g->desc = own;
    return rc;
}

static wk_code draw_overlays(wki_drawing *g, uint32_t frame, const wki_region *region,
                             wki_picture *picture, wk_image_report *r, wk_error *err)
{
    wki_pixels cells = {0};
    bool embedded = false;
    wk_code rc = WK_OK;

    for (size_t i = 0; i < g->desc.n_overlays; i++)
        embedded |= wki_overlay_is_embedded(&g->desc, &g->desc.overlays[i]);
    if (embedded)
        rc = decode_cells(g, frame, &cells, err);
    if (rc == WK_OK)
        rc = wki_overlays_draw(&g->desc, frame, cells.data ? &cells : NULL, region, picture,
                               &r->overlays, err);
    wki_pixels_clear(&cells);
    return rc;
}

/* What comes behind the grey and colour chain: overlays, colours, turning. */
static wk_code finish_picture(wki_drawing *g, uint32_t frame, const wki_drawing_opts *opts,
                              wki_picture *picture, wk_image_report *r, wk_error *err)
{
    bool profiled = picture->icc != NULL;
    wk_error why = {0};
    wk_code rc = WK_OK;

    if (opts->look.to_srgb && wki_picture_to_srgb(picture, &why) != WK_OK)
        add_warning(r, why.message);
    r->icc = picture->icc ? "kept" : profiled ? "srgb" : NULL;
    if (opts->look.overlays && r->tiles == 0)
        rc = draw_overlays(g, frame, &opts->render.region, picture, r, err);
    return rc == WK_OK ? wki_picture_turn(picture, opts->look.rotate, opts->look.flip, err) : rc;
}

static wk_code decode_tile(void *user, uint32_t frame, wki_pixels *out, wk_error *err)
{
    return decode(user, frame, out, err);
}

/* All tiles of a slide as one picture. */
static wk_code draw_slide(wki_drawing *g, const wki_drawing_opts *opts, wki_picture *out,
                          wk_image_report *r, wk_error *err)
{
    wki_render_report window;
    wki_image_desc whole;
    wki_pixels pixels = {0};
    uint32_t missing = 0;
    char text[80];
    wk_code rc =
        wki_slide_assemble(&g->desc, decode_tile, g, &whole, &pixels, &r->tiles, &missing, err);

    if (rc != WK_OK)
        return rc;
    memcpy(r->decoder, pixels.decoder, sizeof r->decoder);
    add_warning(r, pixels.warning);
    if (missing) {
        snprintf(text, sizeof text, "%u of %u tiles cannot be drawn", missing, missing + r->tiles);
        add_warning(r, text);
    }
    rc = wki_render(&whole, 0, &pixels, &opts->render, out, &window, err);
    if (rc == WK_OK) {
        report_window(r, &window);
        rc = finish_picture(g, 0, opts, out, r, err);
    }
    wki_pixels_clear(&pixels);
    return rc;
}

/* Raw pixels made smaller, without the frame in memory. False where another way has to be taken. */
static bool draw_by_rows(wki_drawing *g, uint32_t frame, const wki_render_opts *opts,
                         wki_picture *out, wk_image_report *r, wki_render_report *window)
{
    wki_native_rows *rows = NULL;
    wki_picture picture = {0};
    wki_pixels pixels;
    bool drawn;

    if (!g->plain || opts->box == 0 || !wki_plain_rows(g->plain, &g->desc, frame, &rows, &pixels))
        return false;
    drawn = wki_render_takes_rows(&g->desc, frame, &pixels, opts) &&
            wki_render(&g->desc, frame, &pixels, opts, &picture, window, NULL) == WK_OK;
    if (!wki_native_rows_close(rows) || !drawn) {
        wki_picture_clear(&picture);
        return false;
    }
    memcpy(r->decoder, pixels.decoder, sizeof r->decoder);
    *out = picture;
    return true;
}

/* A region of raw pixels, without the rows above and below it. */
static bool draw_region(wki_drawing *g, uint32_t frame, const wki_render_opts *opts,
                        wki_picture *out, wk_image_report *r, wki_render_report *window)
{
    wki_image_desc part = g->desc; /* borrows what it points to */
    const wki_region *region = &opts->region;
    wki_frame_bytes bytes = {0};
    wki_render_opts own = *opts;
    wki_pixels pixels = {0};
    bool drawn = false;

    if (!g->plain || region->width == 0 || g->desc.encapsulated || region->y >= g->desc.rows ||
        region->height > g->desc.rows - region->y ||
        wki_plain_row_bytes(g->plain, &g->desc, frame, region->y, region->height, &bytes, NULL) !=
            WK_OK)
        return false;
    part.rows = region->height;
    own.region.y = 0;
    if (wki_decode_adopt(&part, &bytes, &pixels) &&
        wki_render_window_stays(&g->desc, frame, &pixels, opts)) {
        memcpy(r->decoder, pixels.decoder, sizeof r->decoder);
        drawn = wki_render(&part, frame, &pixels, &own, out, window, NULL) == WK_OK;
    }
    wki_pixels_clear(&pixels);
    wki_frame_bytes_clear(&bytes);
    return drawn;
}

static wk_code decode_and_render(wki_drawing *g, uint32_t frame, const wki_render_opts *opts,
                                 wki_picture *out, wk_image_report *r, wki_render_report *window,
                                 wk_error *err)
{
    wki_pixels pixels = {0};
    wk_code rc = decode_some(g, frame, reduction(g, frame, opts), region_alone(g, frame, opts),
                             &pixels, err);

    if (rc == WK_OK)
        rc = wki_render(&g->desc, frame, &pixels, opts, out, window, err);
    /* The file's window may show nothing of these pixels, but something of all of them. */
    if (rc == WK_OK && (pixels.cut || pixels.reduced) && strcmp(window->rule, "auto") == 0) {
        wki_pixels_clear(&pixels);
        wki_picture_clear(out);
        rc = decode(g, frame, &pixels, err);
        if (rc == WK_OK)
            rc = wki_render(&g->desc, frame, &pixels, opts, out, window, err);
    }
    memcpy(r->decoder, pixels.decoder, sizeof r->decoder);
    add_warning(r, pixels.warning);
    wki_pixels_clear(&pixels);
    return rc;
}

static wk_code draw_frame(wki_drawing *g, uint32_t frame, const wki_drawing_opts *opts,
                          wki_picture *out, wk_image_report *r, wk_error *err)
{
    wki_render_report window;
    wk_code rc;

    memset(&window, 0, sizeof window);
    if (wki_drawing_is_placeholder(g)) {
        if (!opts->placeholders)
            return refuse_without_pixels(g, err);
        r->placeholder = true;
        return draw_placeholder(g, opts->render.box, out, err);
    }
    if (opts->whole && wki_slide_is_tiled(&g->desc)) {
        rc = draw_slide(g, opts, out, r, err);
        if (rc != WK_LIMIT)
            return rc;
        add_warning(r, err->message);
        add_warning(r, "one of its tiles is shown");
        wk_error_clear(err);
    }
    r->frame = frame + 1;
    rc = select_frame(g, frame, err);
    if (rc == WK_OK && !draw_by_rows(g, frame, &opts->render, out, r, &window) &&
        !draw_region(g, frame, &opts->render, out, r, &window))
        rc = decode_and_render(g, frame, &opts->render, out, r, &window, err);
    if (rc == WK_OK) {
        report_window(r, &window);
        rc = finish_picture(g, frame, opts, out, r, err);
    }
    return rc;
}

/* Slides and placeholders are drawn anew for each size, others are decoded once; for one size alone
 * maybe smaller. */
wk_code wki_drawing_sizes(wki_drawing *g, uint32_t frame, const wki_drawing_opts *opts,
                          const uint32_t *boxes, size_t n, wki_picture *pictures,
                          wk_image_report *r, wk_error *err)
{
    bool apart = n == 1 || wki_drawing_is_placeholder(g) || wki_slide_is_tiled(&g->desc);
    wki_drawing_opts own = *opts;
    wki_render_report window;
    wki_pixels pixels = {0};
    wk_code rc = WK_OK;

    memset(&window, 0, sizeof window);
    if (!apart) {
        r->frame = frame + 1;
        rc = select_frame(g, frame, err);
        if (rc == WK_OK)
            rc = decode(g, frame, &pixels, err);
        memcpy(r->decoder, pixels.decoder, sizeof r->decoder);
        add_warning(r, pixels.warning);
    }
    for (size_t i = 0; i < n && rc == WK_OK; i++) {
        own.render.box = boxes[i];
        if (apart)
            rc = draw_frame(g, frame, &own, &pictures[i], r, err);
        else
            rc = wki_render(&g->desc, frame, &pixels, &own.render, &pictures[i], &window, err);
        if (rc == WK_OK && !apart)
            rc = finish_picture(g, frame, &own, &pictures[i], r, err);
    }
    if (rc == WK_OK && !apart)
        report_window(r, &window);
    wki_pixels_clear(&pixels);
    return rc;
}

/* One picture to be encoded. */
typedef struct encoding {
    const wki_picture *picture;
    const wki_drawing_opts *opts;
    const char *comment;
} encoding;

static wk_code encode(void *user, wki_sink *sink, wk_error *err)
{
    const encoding *e = user;

    if (e->opts->format == WK_PICTURE_JPEG)
        return wki_jpeg_write(e->picture, e->opts->quality, e->opts->effort, e->comment, sink, err);
    return wki_png_write(e->picture, e->opts->effort, e->comment, sink, err);
}

static wk_code copy_bytes(void *user, wki_sink *sink, wk_error *err)
{
    const wki_frame_bytes *b = user;

    return sink->write(sink->user, b->data, b->n, err);
}

/* Writes a frame's code stream as the picture; *done tells whether it did for that. */
static wk_code write_as_is(wki_drawing *g, uint32_t frame, const wki_drawing_opts *opts,
                           wki_picture_out *out, const char *relative, wk_image_report *r,
                           char **path, bool *done)
{
    wki_frame_bytes bytes = {0};
    wki_render_report window;
    wk_code rc = WK_OK;

    *done = false;
    if (opts->format != WK_PICTURE_JPEG || wki_drawing_is_placeholder(g))
        return WK_OK;
    rc = select_frame(g, frame, &r->error);
    if (rc != WK_OK) {
        *done = true;
        return rc;
    }
    if (!wki_jpeg_may_be_as_is(&g->desc, frame, opts, &window) ||
        wki_drawing_frame_bytes(g, frame, &bytes, NULL) != WK_OK)
        return WK_OK;
    bytes.n = wki_jpeg_as_is(&g->desc, &bytes);
    if (bytes.n > 0) {
        *done = true;
        r->frame = frame + 1;
        r->width = g->desc.cols;
        r->height = g->desc.rows;
        (void)wki_strcopy(r->decoder, sizeof r->decoder, "none");
        report_window(r, &window);
        rc = wki_picture_out_write(out, relative, copy_bytes, &bytes, path, &r->bytes, &r->error);
    }
    wki_frame_bytes_clear(&bytes);
    return rc;
}

static void make_comment(char *out, size_t size, const wk_image_report *r)
{
    if (r->has_window)
        snprintf(out, size, "window %s: center %g width %g %s", r->rule, r->center,
                 r->width_of_window, r->function);
    else
        snprintf(out, size, "window %s", r->rule);
}

static wk_code finish(wk_image_report *r, wk_code rc, const char *path)
{
    r->path = path;
    r->status = rc == WK_OK ? WK_IMAGE_SAVED : WK_IMAGE_FAILED;
    return rc;
}

static wk_code draw_and_write(wki_drawing *g, uint32_t frame, const wki_drawing_opts *opts,
                              wki_picture_out *out, const char *relative, wk_image_report *report,
                              char **path)
{
    wki_picture picture = {0};
    char comment[160];
    encoding e = {&picture, opts, NULL};
    wk_code rc = draw_frame(g, frame, opts, &picture, report, &report->error);

    if (rc == WK_OK) {
        make_comment(comment, sizeof comment, report);
        e.comment = report->rule[0] ? comment : NULL;
        report->width = picture.width;
        report->height = picture.height;
        rc = wki_picture_out_write(out, relative, encode, &e, path, &report->bytes, &report->error);
    }
    wki_picture_clear(&picture);
    return rc;
}

wk_code wki_drawing_picture(wki_drawing *g, uint32_t frame, const wki_drawing_opts *opts,
                            wki_picture_out *out, const char *relative, wk_image_report *report,
                            char **path)
{
    bool done = false;
    wk_code rc = write_as_is(g, frame, opts, out, relative, report, path, &done);

    if (!done)
        rc = draw_and_write(g, frame, opts, out, relative, report, path);
    return finish(report, rc, *path);
}

/* Values of one or all frames on their way into one npy file. */
typedef struct values {
    wki_drawing *g;
    const wki_drawing_opts *opts;
    uint32_t first, n;
    bool all;
    wk_image_report *report;
} values;

static wk_code write_header(const values *v, const wki_pixels *p, wki_sink *sink, wk_error *err)
{
    size_t shape[4], n = 0;

    if (v->all)
        shape[n++] = v->n;
    shape[n++] = p->rows;
    shape[n++] = p->cols;
    if (p->samples > 1)
        shape[n++] = p->samples;
    return wki_npy_header(v->opts->modality_values ? WKI_F64 : p->type, shape, n, sink, err);
}

static wk_code write_modality(const values *v, uint32_t frame, const wki_pixels *p, wki_sink *sink,
                              wk_error *err)
{
    size_t n = (size_t)p->rows * p->cols;
    double *out;
    wk_code rc;

    if (p->color != WKI_COLOR_GREY)
        return wk_fail(err, WK_UNSUPPORTED,
                       "modality values are of grey images: this one is in colour");
    out = malloc(n * sizeof *out);
    if (!out)
        return wk_fail(err, WK_NOMEM, "out of memory");
    wki_modality_values(&v->g->desc, frame, p, out);
    rc = wki_npy_values(WKI_F64, out, n, sink, err);
    free(out);
    return rc;
}

static wk_code write_frame(const values *v, uint32_t frame, wki_pixels *p, wki_sink *sink,
                           wk_error *err)
{
    if (v->opts->modality_values)
        return write_modality(v, frame, p, sink, err);
    wki_pixels_to_rgb(&v->g->desc, p);
    return wki_npy_values(p->type, p->data, (size_t)p->rows * p->cols * p->samples, sink, err);
}

static bool same_shape(const wki_pixels *a, const wki_pixels *b)
{
    return a->rows == b->rows && a->cols == b->cols && a->samples == b->samples &&
           a->type == b->type;
}

static wk_code write_values(void *user, wki_sink *sink, wk_error *err)
{
    const values *v = user;
    wki_pixels first = {0};
    wk_code rc = WK_OK;

    for (uint32_t i = 0; i < v->n && rc == WK_OK; i++) {
        wki_pixels p = {0};

        rc = select_frame(v->g, v->first + i, err);
        if (rc == WK_OK)
            rc = decode(v->g, v->first + i, &p, err);
        if (rc == WK_OK && i == 0) {
            first = p;
            first.data = NULL;
            v->report->width = p.cols;
            v->report->height = p.rows;
            memcpy(v->report->decoder, p.decoder, sizeof v->report->decoder);
            add_warning(v->report, p.warning);
            rc = write_header(v, &p, sink, err);
        }
        if (rc == WK_OK && !same_shape(&first, &p))
            rc = wk_fail(err, WK_DATA, "its pixels are not like those of the first frame");
        if (rc == WK_OK)
            rc = write_frame(v, v->first + i, &p, sink, err);
        if (rc != WK_OK)
            wk_fail_add(err, "frame %u: ", v->first + i + 1);
        wki_pixels_clear(&p);
    }
    return rc;
}

wk_code wki_drawing_values(wki_drawing *g, int64_t frame, const wki_drawing_opts *opts,
                           wki_picture_out *out, const char *relative, wk_image_report *report,
                           char **path)
{
    values v = {g,         opts,  frame < 0 ? 0 : (uint32_t)frame, frame < 0 ? g->desc.frames : 1,
                frame < 0, report};
    wk_code rc;

    if (wki_drawing_is_placeholder(g))
        return finish(report, refuse_without_pixels(g, &report->error), NULL);
    report->frame = frame < 0 ? 0 : (uint32_t)frame + 1;
    rc = wki_picture_out_write(out, relative, write_values, &v, path, &report->bytes,
                               &report->error);
    return finish(report, rc, *path);
}
