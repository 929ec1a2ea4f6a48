#include <wadokit/gallery.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wadokit/plan.h>

#include "core/buf.h"
#include "core/pool.h"
#include "core/text.h"
#include "encode/encode.h"
#include "encode/gallery_page.h"
#include "flow/draw/drawing.h"
#include "flow/draw/identify.h"
#include "flow/draw/slide.h"
#include "flow/picture/picture_run.h"
#include "flow/show/gallery_list.h"
#include "store/tmpfile.h"

enum {
    SIZE_DEFAULT = 168,
    SIZE_ALONE = 256, /* where there is no second picture */
    SIZE_OF_MANY = 192,
    MANY = 3000,
    QUALITY_DEFAULT = 80,
    FRAMES_DEFAULT = 100,
    EFFORT = 2, /* the page holds them all */
    MAX_PICTURE = 32 << 20
};

/* One run: files are listed and put in order, then drawn by several threads; each writes its
 * pictures when it is its turn, so that nothing waits in memory but what is being drawn. */
typedef struct gallery {
    wki_picture_run run;
    const wk_gallery_opts *opts;
    wki_dicom_scan *scan;
    wki_gallery_list list;
    uint32_t boxes[2];
    size_t n_boxes;
    uint32_t max_frames;
    uint64_t studies, series;

    wki_tmpfile file;
    const char *base; /* name of the file in its folder */
    uint64_t written;
    wki_sink sink;
    wki_gallery_page page;
    bool begun;

    pthread_mutex_t turn_lock;
    pthread_cond_t turn_moved;
    size_t turn;
    wk_error broken; /* the page could not be written */
} gallery;

/* --- the output --- */

static wk_code write_fd(int fd, const char *bytes, size_t n, wk_error *err)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return wk_fail_errno(err, WK_IO, errno, "standard output");
        bytes += done;
        n -= (size_t)done;
    }
    return WK_OK;
}

static wk_code on_bytes(void *user, const void *data, size_t n, wk_error *err)
{
    gallery *g = user;

    g->written += n;
    return g->base ? wki_tmpfile_write(&g->file, data, n, err)
                   : write_fd(g->opts->output_fd, data, n, err);
}

static wk_code open_output(gallery *g, wk_error *err)
{
    const char *name = g->opts->output;

    g->sink.write = on_bytes;
    g->sink.user = g;
    if (!name)
        return wk_fail(err, WK_USAGE, "a gallery needs a file to be written to");
    if (strcmp(name, "-") != 0)
        return wki_tmpfile_open_for(&g->file, name, &g->base, err);
    if (g->opts->output_fd < 0)
        return wk_fail(err, WK_USAGE, "a gallery is not written to a terminal: name a file");
    return WK_OK;
}

/* --- listing --- */

static wk_code on_item(void *user, const wk_plan_item *item, wk_error *err)
{
    gallery *g = user;
    wki_dicom_identity id;
    wk_error why = {0};
    wk_code rc;

    if (item->kind == WK_ITEM_NOTICE) {
        wki_picture_run_notice(&g->run, item);
        return WK_OK;
    }
    if (item->kind == WK_ITEM_REMOTE) {
        rc = wk_fail(&why, WK_USAGE, "a gallery is made of files: fetch them first (wadokit get)");
    } else {
        rc = wki_identify_file(g->scan, item->path, &id, &why);
    }
    if (rc != WK_OK) {
        wki_picture_run_failed(&g->run, item->path ? item->path : item->url, item, &why);
        return WK_OK;
    }
    return wki_gallery_list_add(&g->list, item->path, &id, err);
}

static uint32_t pictures_of(const gallery *g, uint32_t frames)
{
    return frames > g->max_frames ? g->max_frames : frames;
}

/* Sizes by the number of pictures, as all of them go into one file that a browser has to open. */
static void choose_sizes(gallery *g)
{
    const wk_gallery_opts *o = g->opts;
    uint64_t n = 0;
    int full = o->full_size;

    for (size_t i = 0; i < g->list.n; i++)
        n += pictures_of(g, g->list.entries[i].frames);
    g->run.summary.expected = (int64_t)n;
    if (full == 0)
        full = n <= 100 ? 1024 : n <= 1000 ? 512 : -1;
    g->boxes[0] = (uint32_t)(o->size > 0 ? o->size
                             : full > 0  ? SIZE_DEFAULT
                             : n > MANY  ? SIZE_OF_MANY
                                         : SIZE_ALONE);
    g->boxes[1] = full > 0 ? (uint32_t)full : 0;
    g->n_boxes = g->boxes[1] > g->boxes[0] ? 2 : 1;
}

/* --- notes --- */

static void set_value(wk_json_line *line, const char *name, wki_dicom_file *d, const char *tag)
{
    char *value = NULL;

    if (d && wki_dicom_value(d, tag, &value, NULL) == WK_OK && value && *value)
        wk_json_set_string(line, name, value);
    free(value);
}

static wk_json_line *study_note(const gallery *g, const wki_gallery_entry *e, wki_dicom_file *d)
{
    wk_json_line *line = wk_json_line_new(NULL);

    wk_json_set_string(line, "uid", e->study);
    if (g->opts->show_patient) {
        set_value(line, "patientName", d, "PatientName");
        set_value(line, "patientId", d, "PatientID");
        set_value(line, "birthDate", d, "PatientBirthDate");
        set_value(line, "sex", d, "PatientSex");
        set_value(line, "accession", d, "AccessionNumber");
        set_value(line, "date", d, "StudyDate");
        set_value(line, "description", d, "StudyDescription");
    }
    return line;
}

static wk_json_line *series_note(const gallery *g, const wki_gallery_entry *e, wki_dicom_file *d,
                                 const char *modality)
{
    wk_json_line *line = wk_json_line_new(NULL);

    wk_json_set_string(line, "uid", e->series);
    wk_json_set_string(line, "modality", modality);
    if (e->series_number >= 0)
        wk_json_set_int(line, "number", e->series_number);
    set_value(line, "bodyPart", d, "BodyPartExamined");
    if (g->opts->show_patient)
        set_value(line, "description", d, "SeriesDescription");
    return line;
}

static wk_json_line *image_note(const gallery *g, const wki_gallery_entry *e, const wki_drawing *d,
                                const wk_image_report *r)
{
    wk_json_line *line = wk_json_line_new(NULL);
    char window[96];

    wk_json_set_string(line, "sop", e->sop);
    if (e->number >= 0)
        wk_json_set_int(line, "number", e->number);
    if (r->frame && d->desc.frames > 1) {
        wk_json_set_int(line, "frame", r->frame);
        wk_json_set_int(line, "frames", d->desc.frames);
    }
    if (r->status == WK_IMAGE_FAILED) {
        /* Not its message: that may name the path, and a path a patient. */
        wk_json_set_string(line, "error", "could not be drawn");
    } else if (!r->placeholder) {
        wk_json_set_int(line, "width", d->desc.cols);
        wk_json_set_int(line, "height", d->desc.rows);
        if (d->desc.cols > g->boxes[g->n_boxes - 1] || d->desc.rows > g->boxes[g->n_boxes - 1])
            wk_json_set_bool(line, "smaller", true);
    }
    if (r->has_window) {
        snprintf(window, sizeof window, "%s: %g / %g", r->rule, r->center, r->width_of_window);
        wk_json_set_string(line, "window", window);
    }
    return line;
}

static wk_code write_note(gallery *g, const char *kind, wk_json_line *line, wk_error *err)
{
    wk_code rc = wki_gallery_page_note(&g->page, kind, line, err);

    wk_json_line_free(line);
    return rc;
}

/* What stands before the first image of a study or a series. */
static wk_code write_headings(gallery *g, size_t at, const wki_drawing *d, wk_error *err)
{
    const wki_gallery_entry *e = &g->list.entries[at];
    const wki_gallery_entry *before = at > 0 ? e - 1 : NULL;
    bool new_study = !before || strcmp(before->study, e->study) != 0;
    bool new_series = new_study || strcmp(before->series, e->series) != 0;
    wki_dicom_file *file = NULL;
    wk_code rc = WK_OK;

    if (!g->begun) {
        g->begun = true;
        rc = wki_gallery_page_begin(&g->page, g->opts->title ? g->opts->title : "Gallery", &g->sink,
                                    err);
    }
    /* An ordinary file is drawn without reading the rest of its attributes; here they are needed.
     */
    if (rc == WK_OK && new_series)
        (void)!wki_dicom_open(e->path, &file, NULL);
    if (rc == WK_OK && new_study) {
        g->studies++;
        rc = write_note(g, "study", study_note(g, e, file), err);
    }
    if (rc == WK_OK && new_series) {
        g->series++;
        rc = write_note(g, "series", series_note(g, e, file, d->desc.modality), err);
    }
    wki_dicom_close(file);
    return rc;
}

/* --- drawing --- */

typedef struct job {
    gallery *g;
    size_t at; /* in the list */
    wki_drawing drawing;
    wki_buf jpegs[2];
    wk_image_report report;
    bool has_turn;
} job;

static wk_code buffer_bytes(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_buf_add(user, data, n, err);
}

static wk_code draw(job *j, uint32_t frame, wk_error *err)
{
    gallery *g = j->g;
    wki_picture pictures[2] = {{0}, {0}};
    int quality = g->opts->quality > 0 ? g->opts->quality : QUALITY_DEFAULT;
    wk_code rc = wki_drawing_sizes(&j->drawing, frame, &g->run.drawing, g->boxes, g->n_boxes,
                                   pictures, &j->report, err);

    for (size_t i = 0; i < g->n_boxes && rc == WK_OK; i++) {
        wki_sink sink = {buffer_bytes, &j->jpegs[i]};

        wki_buf_reset(&j->jpegs[i]);
        rc = wki_jpeg_write(&pictures[i], quality, EFFORT, NULL, &sink, err);
    }
    /* One that is not smaller than its thumbnail needs no second picture. */
    if (g->n_boxes == 2 && pictures[1].width <= pictures[0].width &&
        pictures[1].height <= pictures[0].height)
        wki_buf_reset(&j->jpegs[1]);
    j->report.width = pictures[g->n_boxes - 1].width;
    j->report.height = pictures[g->n_boxes - 1].height;
    wki_picture_clear(&pictures[0]);
    wki_picture_clear(&pictures[1]);
    return rc;
}

static wk_code write_image(job *j, wk_error *err)
{
    gallery *g = j->g;
    const wki_gallery_entry *e = &g->list.entries[j->at];
    static const char *const kinds[] = {"thumb", "full"};
    wk_code rc = write_note(g, "image", image_note(g, e, &j->drawing, &j->report), err);

    for (size_t i = 0; i < g->n_boxes && rc == WK_OK && j->report.status != WK_IMAGE_FAILED; i++) {
        j->report.bytes += j->jpegs[i].n;
        if (j->jpegs[i].n > 0)
            rc = wki_gallery_page_picture(&g->page, kinds[i], j->jpegs[i].data, j->jpegs[i].n, err);
    }
    return rc;
}

/* Waits until all images before this one are written. False where writing has failed. */
static bool take_turn(job *j)
{
    gallery *g = j->g;
    bool fine;

    if (j->has_turn)
        return g->broken.code == WK_OK;
    pthread_mutex_lock(&g->turn_lock);
    while (g->turn != j->at)
        pthread_cond_wait(&g->turn_moved, &g->turn_lock);
    pthread_mutex_unlock(&g->turn_lock);
    j->has_turn = true;
    fine = g->broken.code == WK_OK;
    return fine && write_headings(g, j->at, &j->drawing, &g->broken) == WK_OK;
}

static void end_turn(job *j)
{
    gallery *g = j->g;

    (void)take_turn(j);
    pthread_mutex_lock(&g->turn_lock);
    g->turn++;
    pthread_cond_broadcast(&g->turn_moved);
    pthread_mutex_unlock(&g->turn_lock);
}

/* Draws one picture, or says why it is not there. */
static void do_picture(job *j, uint32_t frame, const wk_error *why)
{
    gallery *g = j->g;
    const wki_gallery_entry *e = &g->list.entries[j->at];
    wk_image_report *r = &j->report;
    wk_code rc = why->code;

    memset(r, 0, sizeof *r);
    r->source = e->path;
    r->error = *why;
    if (rc == WK_OK) {
        wki_drawing_describe(&j->drawing, r);
        rc = draw(j, frame, &r->error);
    } else {
        wki_strcopy(r->study, sizeof r->study, e->study);
        wki_strcopy(r->series, sizeof r->series, e->series);
        wki_strcopy(r->sop, sizeof r->sop, e->sop);
    }
    r->status = rc == WK_OK ? WK_IMAGE_SAVED : WK_IMAGE_FAILED;
    if (!take_turn(j) || write_image(j, &g->broken) != WK_OK)
        return;
    wki_picture_run_report(&g->run, r);
}

/* Whether each frame is a picture of its own. */
static bool is_stack(const wki_drawing *d)
{
    return d->desc.frames > 1 && !wki_drawing_is_placeholder(d) && !wki_slide_is_tiled(&d->desc);
}

/* A picture for each frame, but for those that the header promises and the file does not hold: they
 * are one picture that failed. */
static void do_stack(job *j)
{
    gallery *g = j->g;
    uint32_t frames = wki_drawing_frames(&j->drawing);
    uint32_t n = pictures_of(g, frames);
    wk_error why = {0};

    for (uint32_t i = 0; i < n && wki_session_check(g->run.session, NULL) == WK_OK; i++)
        do_picture(j, wki_gallery_frame(i, n, frames), &why);
    if (frames < j->drawing.desc.frames) {
        (void)wki_drawing_frames_missing(&j->drawing, frames, &why);
        do_picture(j, frames + 1, &why);
    }
}

static void work(void *user, unsigned slot, void *arg)
{
    gallery *g = user;
    job *j = arg;
    const wki_gallery_entry *e = &g->list.entries[j->at];
    wk_error why = {0};
    wk_code rc = wki_session_check(g->run.session, &why);

    (void)slot;
    for (size_t i = 0; i < 2; i++)
        wki_buf_init(&j->jpegs[i], MAX_PICTURE, "picture");
    if (rc == WK_OK)
        rc = wki_drawing_open(&j->drawing, e->path, &why);
    if (rc == WK_OK && is_stack(&j->drawing))
        do_stack(j);
    else if (wki_session_check(g->run.session, NULL) == WK_OK)
        do_picture(j, 0, &why);
    end_turn(j);
    wki_drawing_close(&j->drawing);
    wki_buf_clear(&j->jpegs[0]);
    wki_buf_clear(&j->jpegs[1]);
    free(j);
}

static wk_code draw_all(gallery *g, wk_error *err)
{
    int jobs = g->run.session->opts.jobs;
    wki_pool *pool = NULL;
    wk_code rc;

    rc = wki_pool_new(jobs > 0 ? (unsigned)jobs : wki_pool_processors(), work, g, &pool, err);
    for (size_t i = 0; i < g->list.n && rc == WK_OK; i++) {
        job *j = calloc(1, sizeof *j);

        if (!j) {
            rc = wk_fail(err, WK_NOMEM, "out of memory");
            break;
        }
        j->g = g;
        j->at = i;
        wki_pool_add(pool, j);
    }
    wki_pool_finish(pool);
    if (rc == WK_OK)
        rc = wki_session_check(g->run.session, err);
    if (rc == WK_OK && g->broken.code != WK_OK) {
        if (err)
            *err = g->broken;
        rc = g->broken.code;
    }
    return rc;
}

static wk_code finish_output(gallery *g, wk_error *err)
{
    wk_code rc;

    if (g->run.summary.saved == 0)
        return WK_OK;
    rc = wki_gallery_page_end(&g->page, err);
    if (rc == WK_OK && g->base)
        rc = wki_tmpfile_commit(&g->file, g->base, false, NULL, err);
    if (rc != WK_OK)
        wk_fail_add(err, "%s: ", g->opts->output);
    return rc;
}

static wk_code make(gallery *g, const char *const *targets, size_t n_targets,
                    wk_resolve_summary *resolved, wk_error *err)
{
    wk_code rc, drawn;

    rc = wki_dicom_scan_new(&g->scan, err);
    if (rc == WK_OK)
        rc = open_output(g, err);
    if (rc != WK_OK)
        return rc;
    rc = wk_resolve(g->run.session, targets, n_targets, on_item, g, resolved, err);
    if (rc != WK_OK && rc != WK_PARTIAL)
        return rc;
    wki_gallery_list_sort(&g->list);
    choose_sizes(g);
    drawn = draw_all(g, err);
    if (drawn == WK_OK)
        drawn = finish_output(g, err);
    return drawn == WK_OK ? rc : drawn;
}

static wk_code check_opts(const wk_gallery_opts *o, wk_error *err)
{
    if (o->quality < 0 || o->quality > 100)
        return wk_fail(err, WK_USAGE, "quality %d: 1 to 100", o->quality);
    if (o->size < 0 || o->size > WK_MAX_COLUMNS || o->full_size > WK_MAX_COLUMNS)
        return wk_fail(err, WK_USAGE, "sizes are 1 to %d pixels", WK_MAX_COLUMNS);
    return WK_OK;
}

wk_code wk_gallery(wk_session *session, const char *const *targets, size_t n_targets,
                   const wk_gallery_opts *opts, wk_image_fn on_image, void *user,
                   wk_gallery_summary *summary, wk_error *err)
{
    gallery g;
    wk_resolve_summary resolved = {0};
    wk_error own = {0};
    wk_code rc;

    memset(&g, 0, sizeof g);
    err = err ? err : &own;
    rc = check_opts(opts, err);
    if (rc != WK_OK)
        return rc;
    rc = wki_picture_run_begin(&g.run, session, opts->window, err);
    g.opts = opts;
    g.max_frames = opts->max_frames > 0 ? (uint32_t)opts->max_frames : FRAMES_DEFAULT;
    g.run.on_image = on_image;
    g.run.user = user;
    g.run.drawing.render.depth = 8;
    g.run.drawing.placeholders = true;
    g.run.drawing.whole = true;
    pthread_mutex_init(&g.turn_lock, NULL);
    pthread_cond_init(&g.turn_moved, NULL);
    if (rc == WK_OK)
        rc = make(&g, targets, n_targets, &resolved, err);
    if (rc == WK_OK || rc == WK_PARTIAL || g.run.summary.failed > 0) {
        wk_image_summary *run = summary ? &summary->run : NULL;

        g.run.summary.bytes = g.written;
        rc = wki_picture_run_end(&g.run, rc, &resolved, run, err);
    }
    if (summary) {
        summary->run = g.run.summary;
        summary->studies = g.studies;
        summary->series = g.series;
    }
    wki_tmpfile_clear(&g.file);
    wki_dicom_scan_free(g.scan);
    wki_gallery_list_clear(&g.list);
    pthread_cond_destroy(&g.turn_moved);
    pthread_mutex_destroy(&g.turn_lock);
    wki_picture_run_clear(&g.run);
    return rc;
}
