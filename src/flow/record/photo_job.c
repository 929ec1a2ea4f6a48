#include "flow/record/photo_job.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/base64.h"
#include "core/data_url.h"
#include "core/file_system.h"
#include "core/hash.h"
#include "core/path.h"
#include "core/text.h"
#include "encode/encode.h"
#include "flow/draw/drawing.h"
#include "flow/draw/photo_picture.h"
#include "json/payload.h"

enum {
    QUALITY = 90,
    QUALITY_THUMB = 85
};

typedef struct job {
    wki_download d; /* first */
    wki_photo_run *run;
    char *patient, *image, *name, *url, *named_by, *hash;
    int64_t size;
    wki_tmpfile tmp;
    wki_payload *payload;
} job;

/* ---- reports ---- */

static void count_failure(wki_photo_run *run, const wk_error *error)
{
    run->sum.failed++;
    if (run->first.code == WK_OK)
        run->first = *error;
    /* A login that is not accepted will not be for the next patient either; asking on would lock
     * the account. */
    if (error->code == WK_CANCELLED || error->code == WK_NOMEM || error->code == WK_IO ||
        (error->code == WK_AUTH && error->http_status != 403)) {
        if (run->fatal.code == WK_OK)
            run->fatal = *error;
    }
}

static void report(wki_photo_run *run, wk_photo_report *r)
{
    run->sum.expected++;
    if (run->each)
        run->each(run->user, r);
}

void wki_photo_missing(wki_photo_run *run, const char *patient, const char *image,
                       const wk_error *why)
{
    wk_photo_report r = {
        .patient = patient, .image = image, .status = WK_PHOTO_MISSING, .error = *why};

    run->sum.missing++;
    report(run, &r);
}

void wki_photo_failed(wki_photo_run *run, const char *patient, const char *image,
                      const wk_error *error)
{
    wk_photo_report r = {
        .patient = patient, .image = image, .status = WK_PHOTO_FAILED, .error = *error};

    count_failure(run, error);
    /* What an interrupt ended was not tried. */
    if (error->code != WK_CANCELLED)
        report(run, &r);
}

/* ---- a job's life ---- */

static void job_free(job *j)
{
    wki_tmpfile_clear(&j->tmp);
    wki_payload_free(j->payload);
    free(j->patient);
    free(j->image);
    free(j->name);
    free(j->url);
    free(j->named_by);
    free(j->hash);
    free(j);
}

static bool copy_to(char **out, const char *text)
{
    *out = text ? wki_strdup(text) : NULL;
    return *out || !text;
}

static job *job_new(wki_photo_run *run, const wki_photo_source *s)
{
    job *j = calloc(1, sizeof *j);
    bool ok = j != NULL;

    if (!ok)
        return NULL;
    j->run = run;
    ok = copy_to(&j->patient, s->patient) && copy_to(&j->image, s->image) &&
         copy_to(&j->name, s->name) && copy_to(&j->url, s->url) &&
         copy_to(&j->named_by, s->named_by) && copy_to(&j->hash, s->hash);
    j->size = s->size;
    if (!ok) {
        job_free(j);
        return NULL;
    }
    return j;
}

/* A temporary file in the folder that the picture's file will be in. */
static wk_code open_file(job *j, wki_tmpfile *t, wk_error *err)
{
    int parent = -1;
    wk_code rc = wki_path_open_parent(j->run->dir_fd, j->name, &parent, err);

    if (rc != WK_OK)
        return rc;
    rc = wki_tmpfile_open(t, parent, err);
    close(parent);
    return rc;
}

static wk_code to_file(void *user, const void *data, size_t n, wk_error *err)
{
    job *j = user;

    if (j->tmp.bytes + n > WK_MAX_PHOTO_BYTES)
        return wk_fail(err, WK_LIMIT, "a photo of more than %u bytes", WK_MAX_PHOTO_BYTES);
    return wki_tmpfile_write(&j->tmp, data, n, err);
}

static wk_code to_tmpfile(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_tmpfile_write(user, data, n, err);
}

/* ---- what was received ---- */

typedef struct view {
    void *data;
    size_t n;
} view;

static wk_code view_open(view *v, wki_tmpfile *t, wk_error *err)
{
    int fd = -1;
    wk_code rc = wki_tmpfile_flush(t, &fd, err);

    v->n = (size_t)t->bytes;
    v->data = NULL;
    if (rc != WK_OK || v->n == 0)
        return rc;
    v->data = mmap(NULL, v->n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (v->data == MAP_FAILED) {
        v->data = NULL;
        return wk_fail_errno(err, WK_IO, errno, "photo");
    }
    return WK_OK;
}

static void view_close(view *v)
{
    if (v->data)
        munmap(v->data, v->n);
}

/* A name that differs by its case alone from one of this run is another patient's; where the file
 * system does not tell them apart it gets a number, after '~', which no encoded name has. */
static void make_unique(wki_photo_run *run, char *name, size_t size, const char *stem,
                        const char *suffix)
{
    char folded[WK_MAX_PATH_BYTES];

    for (unsigned i = 1;; i++) {
        if (i == 1)
            snprintf(name, size, "%s%s", stem, suffix);
        else
            snprintf(name, size, "%s~%u%s", stem, i, suffix);
        for (size_t c = 0; c <= strlen(name); c++)
            folded[c] = (char)tolower((unsigned char)name[c]);
        if (wki_seen_has(&run->names, name) || !wki_seen_has(&run->folded, folded) ||
            !wki_fs_ignores_case(run->dir_fd))
            break;
    }
    (void)wki_seen_add(&run->names, name);
    (void)wki_seen_add(&run->folded, folded);
}

static wk_code commit(job *j, wki_tmpfile *t, const char *suffix, char **path, wk_error *err)
{
    char name[WK_MAX_PATH_BYTES];
    const char *slash;
    bool existed;
    wk_code rc;

    make_unique(j->run, name, sizeof name, j->name, suffix);
    slash = strrchr(name, '/');
    rc = wki_path_join(path, j->run->dir, name, err);
    if (rc == WK_OK)
        rc = wki_tmpfile_commit(t, slash ? slash + 1 : name, false, &existed, err);
    return rc;
}

static wk_code encode(const wki_picture *p, wk_picture_format format, const wk_photo_opts *o,
                      wki_sink *sink, wk_error *err)
{
    int quality = o->quality ? o->quality : o->thumb ? QUALITY_THUMB : QUALITY;

    return format == WK_PICTURE_PNG ? wki_png_write(p, 0, NULL, sink, err)
                                    : wki_jpeg_write(p, quality, 0, NULL, sink, err);
}

static wk_code convert(job *j, const view *v, wki_media kind, wk_photo_report *r, char **path,
                       wk_error *err)
{
    const wk_photo_opts *o = j->run->opts;
    wk_picture_format format = o->format == WK_PICTURE_BY_NAME ? WK_PICTURE_JPEG : o->format;
    wki_picture picture = {0};
    wki_tmpfile t = {0};
    wki_sink sink = {to_tmpfile, &t};
    wk_code rc = wki_photo_draw(v->data, v->n, kind, o->thumb, &picture, err);

    if (rc == WK_OK)
        rc = open_file(j, &t, err);
    if (rc == WK_OK)
        rc = encode(&picture, format, o, &sink, err);
    r->width = picture.width;
    r->height = picture.height;
    r->bytes = t.bytes;
    r->media_type = wki_media_mime(format == WK_PICTURE_PNG ? WKI_MEDIA_PNG : WKI_MEDIA_JPEG);
    if (rc == WK_OK)
        rc = commit(j, &t, wki_picture_suffix(format), path, err);
    wki_tmpfile_clear(&t);
    wki_picture_clear(&picture);
    return rc;
}

wk_code wki_photo_hold(const void *data, size_t n, int64_t size, const char *hash,
                       const wk_log *log, wk_error *err)
{
    unsigned char is[WKI_SHA1_BYTES];
    wki_buf text;
    wk_code rc = WK_OK;

    if (size >= 0 && (uint64_t)size != n)
        return wk_fail(err, WK_DATA, "%zu bytes came, where the Attachment says %lld", n,
                       (long long)size);
    if (!hash)
        return WK_OK;
    if (strlen(hash) != (WKI_SHA1_BYTES + 2) / 3 * 4) {
        wk_log_write(log, WK_LOG_WARN, "the hash of an Attachment is no SHA-1: not compared");
        return WK_OK;
    }
    wki_buf_init(&text, 64, "hash");
    rc = wki_sha1_once(data, n, is, err);
    if (rc == WK_OK)
        rc = wki_base64_encode(&text, is, sizeof is, err);
    if (rc == WK_OK && strcmp(wki_buf_text(&text), hash) != 0)
        rc = wk_fail(err, WK_DATA, "other bytes came than the hash of the Attachment says");
    wki_buf_clear(&text);
    return rc;
}

static wk_code save(job *j, wk_photo_report *r, char **path, wk_error *err)
{
    const wk_photo_opts *o = j->run->opts;
    wki_media kind = WKI_MEDIA_UNKNOWN;
    view v = {0};
    wk_code rc = view_open(&v, &j->tmp, err);

    if (rc == WK_OK)
        rc = wki_photo_hold(v.data, v.n, j->size, j->hash, &j->run->session->log, err);
    if (rc == WK_OK)
        rc = wki_photo_verify(v.data, v.n, &kind, &r->width, &r->height, err);
    r->media_type = wki_media_mime(kind);
    r->bytes = v.n;
    if (rc == WK_OK && (o->thumb || o->format != WK_PICTURE_BY_NAME))
        rc = convert(j, &v, kind, r, path, err);
    else if (rc == WK_OK)
        rc = commit(j, &j->tmp, wki_media_suffix(kind), path, err);
    view_close(&v);
    return rc;
}

static void finish(job *j, const wk_error *error)
{
    wk_photo_report r = {.patient = j->patient, .image = j->image, .status = WK_PHOTO_SAVED};
    wk_error err = *error;
    char *path = NULL;

    if (err.code == WK_OK && j->payload && wki_payload_finish(j->payload, &err) == WK_OK)
        (void)save(j, &r, &path, &err);
    else if (err.code == WK_OK && !j->payload)
        (void)save(j, &r, &path, &err);
    r.path = path;
    if (err.code == WK_OK) {
        j->run->sum.saved++;
        j->run->sum.bytes += r.bytes;
        report(j->run, &r);
    } else if (err.code == WK_NOT_FOUND) {
        wki_photo_missing(j->run, j->patient, j->image, &err);
    } else {
        wki_photo_failed(j->run, j->patient, j->image, &err);
    }
    free(path);
    job_free(j);
}

/* ---- downloads ---- */

static wk_code on_begin(wki_download *d, const wki_http_head *head, wk_error *err)
{
    job *j = (job *)d;
    wki_sink sink = {to_file, j};
    wk_code rc;

    wki_payload_free(j->payload);
    j->payload = NULL;
    wki_tmpfile_drop(&j->tmp);
    j->tmp.bytes = 0;
    if (head->status == 204)
        return wk_fail(err, WK_NOT_FOUND, "no photo (204)");
    rc = wki_payload_new(WKI_PAYLOAD_PICTURE, "photo", head->content_type, sink, &j->payload, err);
    return rc == WK_OK ? open_file(j, &j->tmp, err) : rc;
}

static wk_code on_body(wki_download *d, const void *data, size_t n, wk_error *err)
{
    return wki_payload_feed(((job *)d)->payload, data, n, err);
}

static void on_done(wki_download *d, const wk_error *error)
{
    finish((job *)d, error);
}

wk_code wki_photo_fetch(wki_photo_run *run, const wki_photo_source *source, wk_error *err)
{
    job *j = job_new(run, source);

    if (!j)
        return wk_fail(err, WK_NOMEM, "out of memory");
    j->d.url = j->url;
    j->d.accept = source->accept;
    j->d.named_by = j->named_by;
    j->d.begin = on_begin;
    j->d.body = on_body;
    j->d.done = on_done;
    return wki_downloads_add(&run->downloads, &j->d, err);
}

static wk_code take_base64(job *j, const char *text, wk_error *err)
{
    wki_base64_reader reader = {.out = {to_file, j}};
    wk_code rc = wki_base64_reader_feed(&reader, text, strlen(text), err);

    return rc == WK_OK ? wki_base64_reader_finish(&reader, err) : rc;
}

wk_code wki_photo_take(wki_photo_run *run, const wki_photo_source *source, const char *data,
                       wk_error *err)
{
    job *j = job_new(run, source);
    wk_error own = {0};
    wk_code rc;

    if (!j)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = open_file(j, &j->tmp, &own);
    if (rc == WK_OK)
        rc = wki_data_url_is(data) ? wki_data_url_read(data, (wki_sink){to_file, j}, NULL, 0, &own)
                                   : take_base64(j, data, &own);
    finish(j, &own); /* knows by `own` how it went */
    return rc == WK_CANCELLED ? wk_fail(err, rc, "interrupted") : WK_OK;
}
