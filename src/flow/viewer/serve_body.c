#include "flow/viewer/serve_body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "dicomweb/dicom_json.h"
#include "dicomweb/qido_answer.h"

enum {
    PIECE = 65536,
    MAX_TEXT = 64 << 20
};

/* One body on its way. Which members are in use depends on its kind. */
typedef struct stream {
    wki_serve *serve;
    wki_serve_range range;
    size_t at; /* next entry, or next of what a search looks at */
    char root[128];
    wki_buf text; /* the piece at hand */
    uint64_t told;
    bool ended;
    int fd;        /* of the file at hand, -1: none */
    uint64_t size; /* of a file that is the body */
    bool in_part;  /* its head was given */
    wki_serve_search search;
    wki_web_object object;
    wki_frame_bytes frame;
    char label[WKI_FRAME_LABEL_SIZE]; /* of it */
    char *frames;                     /* owned */
    const char *next_frame;
    uint32_t frame_number;
    const wki_dicom_bulk *bulk;
    uint64_t bulk_at;
    char *piece; /* PIECE bytes of it, owned */
} stream;

static const char part_end[] = "\r\n--" WKI_WEB_BOUNDARY "--\r\n";

/* --- sharing --- */

void wki_serve_enter(wki_serve *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->free_places == 0)
        pthread_cond_wait(&s->freed, &s->lock);
    s->free_places--;
    pthread_mutex_unlock(&s->lock);
}

void wki_serve_leave(wki_serve *s)
{
    pthread_mutex_lock(&s->lock);
    s->free_places++;
    pthread_cond_signal(&s->freed);
    pthread_mutex_unlock(&s->lock);
}

void wki_serve_say(wki_serve *s, wk_log_level level, const char *what, const char *why)
{
    pthread_mutex_lock(&s->lock);
    wk_log_write(&s->session->log, level, "%s: %s", what, why);
    pthread_mutex_unlock(&s->lock);
}

/* --- what all streams have --- */

static void drop_file(stream *b)
{
    if (b->fd >= 0)
        close(b->fd);
    b->fd = -1;
}

static void free_stream(void *user)
{
    stream *b = user;

    drop_file(b);
    wki_buf_clear(&b->text);
    wki_frame_bytes_clear(&b->frame);
    wki_web_object_close(&b->object);
    free(b->frames);
    free(b->piece);
    free(b);
}

static stream *new_stream(wki_serve *s, const wki_serve_range *range, wk_error *err)
{
    stream *b = calloc(1, sizeof *b);

    if (!b) {
        (void)wk_fail(err, WK_NOMEM, "out of memory");
        return NULL;
    }
    b->serve = s;
    b->fd = -1;
    if (range) {
        b->range = *range;
        b->at = range->entry;
    }
    wki_buf_init(&b->text, MAX_TEXT, "answer");
    return b;
}

static void give(stream *b, bool (*next)(void *user, wki_web_piece *out, bool *failed),
                 const char *type, wki_web_answer *out)
{
    out->next = next;
    out->done = free_stream;
    out->user = b;
    if (type)
        (void)wki_strcopy(out->type, sizeof out->type, type);
}

static const wki_gallery_entry *entry_of(const stream *b, size_t at)
{
    return &b->serve->index.list.entries[at];
}

/* A body that fails in its middle; the connection is cut. */
static bool cut(stream *b, const char *what, const wk_error *why, bool *failed)
{
    wki_serve_say(b->serve, WK_LOG_WARN, what, why->message);
    *failed = true;
    return false;
}

static bool give_text(stream *b, wki_web_piece *out)
{
    *out = (wki_web_piece){b->text.data, -1, 0, b->text.n};
    return true;
}

/* The last piece of an array. */
static bool end_array(stream *b, wki_web_piece *out)
{
    static const char some[] = "]\n", none[] = "[]\n";

    if (b->ended)
        return false;
    b->ended = true;
    *out = b->told ? (wki_web_piece){some, -1, 0, sizeof some - 1}
                   : (wki_web_piece){none, -1, 0, sizeof none - 1};
    return true;
}

/* The end of a multipart body. */
static bool end_parts(stream *b, wki_web_piece *out)
{
    if (b->ended)
        return false;
    b->ended = true;
    *out = (wki_web_piece){part_end, -1, 0, sizeof part_end - 1};
    return true;
}

/* The whole of the file at hand. */
static bool next_of_file(void *user, wki_web_piece *out, bool *failed)
{
    stream *b = user;

    (void)failed;
    if (b->ended)
        return false;
    b->ended = true;
    *out = (wki_web_piece){NULL, b->fd, 0, b->size};
    return true;
}

/* --- searches --- */

static wk_code read_dataset(const char *path, wki_json **out, wk_error *err)
{
    wki_dicom_file *f = NULL;
    char *json = NULL;
    wk_code rc = wki_dicom_open(path, &f, err);

    if (rc == WK_OK)
        rc = wki_dicom_json(f, &json, err);
    if (rc == WK_OK)
        rc = wki_json_parse(json, strlen(json), path, out, err);
    free(json);
    wki_dicom_close(f);
    return rc;
}

static bool matches(const wki_serve_search *q, const char *record)
{
    wki_json *parsed = NULL;
    bool yes = true;

    if (q->n_keys == 0)
        return true;
    if (wki_json_parse(record, strlen(record), "record", &parsed, NULL) != WK_OK)
        return false;
    for (size_t i = 0; i < q->n_keys && yes; i++)
        yes = wki_qido_matches(parsed, q->keys[i].tag, q->keys[i].value);
    wki_json_free(parsed);
    return yes;
}

static const wki_serve_series *series_at(const stream *b, size_t at)
{
    const wki_serve_index *x = &b->serve->index;

    return b->search.what == WKI_WEB_INSTANCES ? wki_serve_index_series(x, at) : &x->series[at];
}

/* The record of series or entry `at`, into b->text behind what is there. */
static wk_code add_record(stream *b, size_t at, wk_error *err)
{
    const wki_serve_index *x = &b->serve->index;
    const wki_serve_series *s = series_at(b, at);
    const wki_serve_study *study = &x->studies[s->study];
    bool instance = b->search.what == WKI_WEB_INSTANCES;
    const wki_gallery_entry *e = entry_of(b, instance ? at : s->first);
    wki_qido_facts facts = {study->modalities,
                            (int64_t)study->n,
                            (int64_t)study->n_instances,
                            (int64_t)s->n,
                            NULL,
                            instance && *e->transfer_syntax ? e->transfer_syntax : NULL};
    wki_json *dataset = NULL;
    char url[512];
    wk_code rc;

    snprintf(url, sizeof url, "%s/studies/%s%s%s%s%s", b->root, e->study,
             b->search.what == WKI_WEB_STUDIES ? "" : "/series/",
             b->search.what == WKI_WEB_STUDIES ? "" : e->series, instance ? "/instances/" : "",
             instance ? e->sop : "");
    facts.retrieve_url = url;
    rc = instance
             ? read_dataset(e->path, &dataset, err)
             : wki_json_parse(s->attributes, strlen(s->attributes), "attributes", &dataset, err);
    if (rc == WK_OK)
        rc = wki_qido_record(dataset, b->search.levels, &facts, &b->text, err);
    wki_json_free(dataset);
    return rc;
}

/* The next of what is looked at: a series (of studies, their first) or an entry. */
static bool next_candidate(stream *b, size_t *at)
{
    const wki_serve_index *x = &b->serve->index;
    size_t end = b->search.what == WKI_WEB_INSTANCES ? b->range.entry + b->range.n_entries
                                                     : b->range.series + b->range.n_series;

    if (b->at >= end)
        return false;
    *at = b->at;
    b->at += b->search.what == WKI_WEB_STUDIES ? x->studies[x->series[b->at].study].n : 1;
    return true;
}

static bool next_record(void *user, wki_web_piece *out, bool *failed)
{
    stream *b = user;
    size_t at;

    while (b->told < b->search.limit && next_candidate(b, &at)) {
        wk_error why = {0};
        wk_code rc;

        if (b->search.n_keys == 0 && b->search.offset > 0) {
            b->search.offset--;
            continue;
        }
        wki_buf_reset(&b->text);
        wki_serve_enter(b->serve);
        rc = wki_buf_add(&b->text, b->told ? ",\n" : "[\n", 2, &why);
        if (rc == WK_OK)
            rc = add_record(b, at, &why);
        wki_serve_leave(b->serve);
        if (rc == WK_DATA) {
            wki_serve_say(b->serve, WK_LOG_WARN, entry_of(b, at)->path, why.message);
            continue;
        }
        if (rc != WK_OK)
            return cut(b, "search", &why, failed);
        if (!matches(&b->search, b->text.data + 2))
            continue;
        if (b->search.offset > 0) {
            b->search.offset--;
            continue;
        }
        b->told++;
        return give_text(b, out);
    }
    return end_array(b, out);
}

wk_code wki_serve_body_search(wki_serve *s, const wki_serve_search *search, const char *root,
                              wki_web_answer *out, wk_error *err)
{
    stream *b = new_stream(s, &search->range, err);

    if (!b)
        return WK_NOMEM;
    b->search = *search;
    b->at = search->what == WKI_WEB_INSTANCES ? search->range.entry : search->range.series;
    (void)wki_strcopy(b->root, sizeof b->root, root);
    give(b, next_record, "application/dicom+json", out);
    return WK_OK;
}

/* --- metadata --- */

static wk_code add_metadata(stream *b, const wki_gallery_entry *e, wk_error *err)
{
    wki_web_object o;
    char base[512];
    char *json = NULL;
    wk_code rc = wki_web_object_open(&o, e->path, err);

    snprintf(base, sizeof base, "%s/studies/%s/series/%s/instances/%s/", b->root, e->study,
             e->series, e->sop);
    if (rc == WK_OK)
        rc = wki_web_object_metadata(&o, base, &json, err);
    if (rc == WK_OK)
        rc = wki_buf_add(&b->text, json, strlen(json), err);
    free(json);
    wki_web_object_close(&o);
    return rc;
}

static bool next_metadata(void *user, wki_web_piece *out, bool *failed)
{
    stream *b = user;

    while (b->at < b->range.entry + b->range.n_entries) {
        const wki_gallery_entry *e = entry_of(b, b->at++);
        wk_error why = {0};
        wk_code rc;

        wki_buf_reset(&b->text);
        wki_serve_enter(b->serve);
        rc = wki_buf_add(&b->text, b->told ? ",\n" : "[\n", 2, &why);
        if (rc == WK_OK)
            rc = add_metadata(b, e, &why);
        wki_serve_leave(b->serve);
        if (rc == WK_DATA) {
            wki_serve_say(b->serve, WK_LOG_WARN, e->path, why.message);
            continue;
        }
        if (rc != WK_OK)
            return cut(b, e->path, &why, failed);
        b->told++;
        return give_text(b, out);
    }
    return end_array(b, out);
}

wk_code wki_serve_body_metadata(wki_serve *s, const wki_serve_range *range, const char *root,
                                wki_web_answer *out, wk_error *err)
{
    stream *b = new_stream(s, range, err);

    if (!b)
        return WK_NOMEM;
    (void)wki_strcopy(b->root, sizeof b->root, root);
    give(b, next_metadata, "application/dicom+json", out);
    return WK_OK;
}

/* --- instances --- */

static wk_code open_file(stream *b, const char *path, uint64_t *bytes, wk_error *err)
{
    struct stat st;

    drop_file(b);
    b->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (b->fd < 0 || fstat(b->fd, &st) != 0)
        return wk_fail_errno(err, WK_IO, errno, "cannot be opened");
    if (!S_ISREG(st.st_mode))
        return wk_fail(err, WK_IO, "not a file any more");
    *bytes = (uint64_t)st.st_size;
    return WK_OK;
}

/* Heads and files take turns. */
static bool next_instance(void *user, wki_web_piece *out, bool *failed)
{
    static const char first[] = "--" WKI_WEB_BOUNDARY "\r\nContent-Type: application/dicom\r\n\r\n";
    static const char more[] =
        "\r\n--" WKI_WEB_BOUNDARY "\r\nContent-Type: application/dicom\r\n\r\n";
    stream *b = user;
    wk_error why = {0};
    uint64_t bytes = 0;

    if (b->in_part) {
        const wki_gallery_entry *e = entry_of(b, b->at++);

        b->in_part = false;
        if (open_file(b, e->path, &bytes, &why) != WK_OK)
            return cut(b, e->path, &why, failed);
        *out = (wki_web_piece){NULL, b->fd, 0, bytes};
        return true;
    }
    drop_file(b);
    if (b->at == b->range.entry + b->range.n_entries)
        return end_parts(b, out);
    *out = b->told++ ? (wki_web_piece){more, -1, 0, sizeof more - 1}
                     : (wki_web_piece){first, -1, 0, sizeof first - 1};
    b->in_part = true;
    return true;
}

wk_code wki_serve_body_instances(wki_serve *s, const wki_serve_range *range, bool single,
                                 wki_web_answer *out, wk_error *err)
{
    stream *b = new_stream(s, range, err);
    uint64_t bytes = 0;
    wk_code rc = b ? open_file(b, entry_of(b, b->at)->path, &bytes, err) : WK_NOMEM;

    if (rc != WK_OK) {
        if (b)
            free_stream(b);
        return rc;
    }
    if (single) {
        b->size = bytes;
        out->length = (int64_t)bytes;
        give(b, next_of_file, "application/dicom", out);
    } else {
        drop_file(b);
        give(b, next_instance,
             "multipart/related; type=\"application/dicom\"; boundary=" WKI_WEB_BOUNDARY, out);
    }
    return WK_OK;
}

/* --- frames and bulk data --- */

static wk_code open_object(stream *b, wk_error *err)
{
    wk_code rc;

    wki_serve_enter(b->serve);
    rc = wki_web_object_open(&b->object, entry_of(b, b->at)->path, err);
    wki_serve_leave(b->serve);
    return rc;
}

/* The number of the next frame, from 1; of no list all of them. */
static bool next_number(stream *b, uint32_t *number)
{
    if (b->frames)
        return wki_web_route_frame(&b->next_frame, number);
    if (b->frame_number >= b->object.frames)
        return false;
    *number = ++b->frame_number;
    return true;
}

static bool give_head(stream *b, const char *label, wki_web_piece *out, wk_error *err)
{
    wki_buf_reset(&b->text);
    if (wki_buf_addf(&b->text, err, "%s--%s\r\nContent-Type: %s\r\n\r\n", b->told++ ? "\r\n" : "",
                     WKI_WEB_BOUNDARY, label) != WK_OK)
        return false;
    return give_text(b, out);
}

static wk_code read_frame(stream *b, uint32_t number, wk_error *err)
{
    wk_code rc;

    wki_frame_bytes_clear(&b->frame);
    wki_serve_enter(b->serve);
    rc = wki_web_object_frame(&b->object, number - 1, &b->frame, b->label, err);
    wki_serve_leave(b->serve);
    return rc;
}

static bool next_frame(void *user, wki_web_piece *out, bool *failed)
{
    stream *b = user;
    wk_error why = {0};
    uint32_t number = 0;
    wk_code rc = WK_OK;

    if (b->in_part) {
        b->in_part = false;
        *out = (wki_web_piece){b->frame.data, -1, 0, b->frame.n};
        return true;
    }
    /* The first one is there already. */
    if (b->told > 0) {
        if (!next_number(b, &number))
            return end_parts(b, out);
        rc = read_frame(b, number, &why);
    }
    if (rc != WK_OK || !give_head(b, b->label, out, &why))
        return cut(b, entry_of(b, b->at)->path, &why, failed);
    b->in_part = true;
    return true;
}

/* The type of the answer; all frames of a file have the same. */
static void frames_type(const stream *b, char *out, size_t size)
{
    const wki_image_desc *d = &b->object.drawing.desc;

    snprintf(out, size, "multipart/related; type=\"%s\"; boundary=%s",
             wki_frame_media_type(d->transfer_syntax, d->encapsulated), WKI_WEB_BOUNDARY);
}

static wk_code check_frames(const stream *b, wk_error *err)
{
    const char *list = b->frames;
    uint32_t number = 0;

    if (b->object.frames == 0)
        return wk_fail(err, WK_NOT_FOUND, "no frames");
    while (list && wki_web_route_frame(&list, &number)) {
        if (number > b->object.frames)
            return wk_fail(err, WK_NOT_FOUND, "there is no frame %u", number);
    }
    return WK_OK;
}

wk_code wki_serve_body_frames(wki_serve *s, const wki_serve_range *range, const char *frames,
                              wki_web_answer *out, wk_error *err)
{
    stream *b = new_stream(s, range, err);
    wk_code rc = b ? open_object(b, err) : WK_NOMEM;
    uint32_t number = 0;

    if (rc == WK_OK && *frames) {
        b->frames = wki_strdup(frames);
        b->next_frame = b->frames;
        rc = b->frames ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
    }
    if (rc == WK_OK)
        rc = check_frames(b, err);
    /* Read before anything is sent, so that the status can tell where it cannot be. */
    if (rc == WK_OK && next_number(b, &number))
        rc = read_frame(b, number, err);
    if (rc != WK_OK) {
        if (b)
            free_stream(b);
        return rc;
    }
    frames_type(b, out->type, sizeof out->type);
    give(b, next_frame, NULL, out);
    return WK_OK;
}

static bool next_of_bulk(void *user, wki_web_piece *out, bool *failed)
{
    char label[WKI_FRAME_LABEL_SIZE];
    stream *b = user;
    uint64_t left = wki_dicom_bulk_bytes(b->bulk) - b->bulk_at;
    size_t n = left < PIECE ? (size_t)left : PIECE;
    wk_error why = {0};

    if (b->told == 0) {
        wki_frame_label(label, "", false);
        return give_head(b, label, out, &why) || cut(b, "bulk data", &why, failed);
    }
    if (n == 0)
        return end_parts(b, out);
    if (!b->piece)
        b->piece = malloc(PIECE);
    if (!b->piece)
        (void)wk_fail(&why, WK_NOMEM, "out of memory");
    if (!b->piece || wki_dicom_bulk_read(b->bulk, b->bulk_at, b->piece, n, &why) != WK_OK)
        return cut(b, entry_of(b, b->at)->path, &why, failed);
    b->bulk_at += n;
    *out = (wki_web_piece){b->piece, -1, 0, n};
    return true;
}

wk_code wki_serve_body_bulk(wki_serve *s, const wki_serve_range *range, const char *path,
                            wki_web_answer *out, wk_error *err)
{
    stream *b = new_stream(s, range, err);
    wk_code rc = b ? open_object(b, err) : WK_NOMEM;

    if (rc == WK_OK)
        rc = wki_dicom_bulk_find(b->object.file, path, &b->bulk, err);
    if (rc != WK_OK) {
        if (b)
            free_stream(b);
        return rc;
    }
    give(b, next_of_bulk,
         "multipart/related; type=\"application/octet-stream\"; boundary=" WKI_WEB_BOUNDARY, out);
    return WK_OK;
}

/* --- bytes at hand --- */

static bool next_of_buf(void *user, wki_web_piece *out, bool *failed)
{
    stream *b = user;

    (void)failed;
    if (b->ended)
        return false;
    b->ended = true;
    return give_text(b, out);
}

wk_code wki_serve_body_buf(wki_serve *s, wki_buf *buf, wki_web_answer *out, wk_error *err)
{
    stream *b = new_stream(s, NULL, err);

    if (!b)
        return WK_NOMEM;
    b->text = *buf;
    memset(buf, 0, sizeof *buf);
    out->length = (int64_t)b->text.n;
    give(b, next_of_buf, NULL, out);
    return WK_OK;
}

wk_code wki_serve_body_fd(wki_serve *s, int fd, uint64_t bytes, wki_web_answer *out, wk_error *err)
{
    stream *b = new_stream(s, NULL, err);

    if (!b) {
        close(fd);
        return WK_NOMEM;
    }
    b->fd = fd;
    b->size = bytes;
    out->length = (int64_t)bytes;
    give(b, next_of_file, NULL, out);
    return WK_OK;
}
