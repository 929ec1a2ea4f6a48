#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/foreign.h"
#include "core/hash.h"
#include "core/text.h"
#include "dicomweb/dicom_json.h"
#include "dicomweb/media_type.h"
#include "flow/get/resource.h"
#include "json/json_stream.h"
#include "store/tmpfile.h"

enum {
    MAX_ATTEMPTS = 3,
    HEAD_SIZE = 512
};

/* One resource on its way.
 * parts    counts those begun in this attempt, `saved` those with a name
 * awaited  somebody looks at it when it is done, and frees it
 * url      where the answer came from; path: where its last part went */
typedef struct request {
    wki_job job; /* first */
    wki_retriever *retriever;
    wki_resource resource;
    int attempts;
    bool awaited, is_done;
    char *url;
    char path[WK_MAX_PATH_BYTES];
    wki_json_stream *json; /* of metadata */
    bool broken;
    wki_tmpfile tmp;
    wki_sha256 *sha;
    char head[HEAD_SIZE];
    size_t head_n;
    char syntax[WK_UID_SIZE];
    size_t parts, saved;
    size_t sets; /* data sets in metadata */
    wk_error error;
} request;

/* --- reports --- */

static void tell(request *q, wk_instance_status status, const wki_store_blob *blob,
                 const wk_error *error)
{
    const wki_resource *s = &q->resource;
    wki_journal_entry *entry = calloc(1, sizeof *entry);
    wk_instance_report rep = {.study = s->study,
                              .series = s->series[0] ? s->series : NULL,
                              .sop = s->sop[0] ? s->sop : NULL,
                              .bytes = -1,
                              .status = status};

    if (error)
        rep.error = *error;
    if (entry && blob) {
        memcpy(entry->study, s->study, WK_UID_SIZE);
        memcpy(entry->series, s->series, WK_UID_SIZE);
        memcpy(entry->sop, s->sop, WK_UID_SIZE);
        memcpy(entry->transfer_syntax, q->syntax, WK_UID_SIZE);
        wki_strcopy(entry->path, sizeof entry->path, blob->path);
        wki_strcopy(entry->sha256, sizeof entry->sha256, blob->sha256);
        entry->bytes = blob->bytes;
    }
    wki_retriever_tell(q->retriever, &rep, blob ? entry : NULL);
    free(entry);
}

static wk_instance_status status_of(wk_code code)
{
    return code == WK_NOT_FOUND ? WK_INSTANCE_MISSING
           : code == WK_REFUSED ? WK_INSTANCE_REFUSED
                                : WK_INSTANCE_FAILED;
}

void wki_resource_refused(wki_retriever *r, const wki_resource *s, const wk_error *error)
{
    wk_instance_report rep = {.study = s->study[0] ? s->study : NULL,
                              .series = s->series[0] ? s->series : NULL,
                              .sop = s->sop[0] ? s->sop : NULL,
                              .bytes = -1,
                              .status = status_of(error->code),
                              .error = *error};

    r->summary.expected++;
    wki_retriever_tell(r, &rep, NULL);
}

/* --- a part --- */

static wk_code check_set(void *user, const wki_json *value, wk_error *err)
{
    request *q = user;

    q->sets++;
    return wki_dicom_json_check(value, "metadata", err);
}

static wk_code begin_part(void *user, const wki_part_head *head, wk_error *err)
{
    request *q = user;

    if (head->encoded)
        return wk_fail(err, WK_DATA, "a part with a Content-Transfer-Encoding");
    if (q->resource.kind == WKI_RESOURCE_METADATA && !q->json) {
        wk_code rc =
            wki_json_stream_new("metadata", WK_MAX_JSON_ITEM_BYTES, check_set, q, &q->json, err);

        if (rc != WK_OK)
            return rc;
    }
    if (!wki_media_param(head->content_type, "transfer-syntax", q->syntax, sizeof q->syntax))
        q->syntax[0] = '\0';
    q->parts++;
    q->head_n = 0;
    if (q->sha)
        wki_sha256_reset(q->sha);
    wki_tmpfile_drop(&q->tmp);
    return wki_store_blob_open(q->retriever->store, &q->tmp, err);
}

static wk_code take_part(void *user, const void *data, size_t n, wk_error *err)
{
    request *q = user;
    size_t room = HEAD_SIZE - q->head_n, kept = n < room ? n : room;

    memcpy(q->head + q->head_n, data, kept);
    q->head_n += kept;
    if (q->sha)
        wki_sha256_add(q->sha, data, n);
    if (q->json) {
        wk_code rc = wki_json_stream_feed(q->json, data, n, err);

        if (rc != WK_OK)
            return rc;
    }
    return wki_tmpfile_write(&q->tmp, data, n, err);
}

/* What a login page or an error is, no picture is. */
static wk_code check_part(request *q, wk_error *err)
{
    const char *kind = wki_foreign_kind(q->head, q->head_n);
    wki_resource_kind asked = q->resource.kind;
    char line[80];

    if (q->tmp.bytes == 0)
        return wk_fail(err, WK_NOT_FOUND, "the answer has no bytes");
    if (asked == WKI_RESOURCE_METADATA) {
        wk_code rc = wki_json_stream_finish(q->json, err);

        return rc == WK_OK && q->sets == 0 ? wk_fail(err, WK_NOT_FOUND, "no metadata") : rc;
    }
    if (!kind || (asked == WKI_RESOURCE_BULKDATA && strcmp(kind, "HTML") != 0))
        return WK_OK;
    wki_foreign_line(q->head, q->head_n, line, sizeof line);
    return wk_fail(err, WK_DATA, "the answer is %s; it starts with \"%s\"", kind, line);
}

static wk_code name_of(const request *q, char *out, size_t size, wk_error *err)
{
    const wki_resource *s = &q->resource;
    int n;

    if (s->kind == WKI_RESOURCE_FRAMES && q->parts > s->n_frames)
        return wk_fail(err, WK_DATA, "more parts than the %zu frames asked for", s->n_frames);
    if (s->kind == WKI_RESOURCE_FRAMES)
        n = snprintf(out, size, "%s-%u", s->stem, (unsigned)s->frames[q->parts - 1]);
    else if (q->parts > 1)
        n = snprintf(out, size, "%s-part%zu", s->stem, q->parts);
    else
        n = snprintf(out, size, "%s", s->stem);
    return n > 0 && (size_t)n < size ? WK_OK : wk_fail(err, WK_IO, "%s: name too long", s->stem);
}

static wk_code save_part(request *q, wk_error *err)
{
    wki_store_blob blob = {.bytes = q->tmp.bytes};
    char stem[WK_MAX_PATH_BYTES - 64];
    bool kept = false;
    wk_code rc = name_of(q, stem, sizeof stem, err);

    if (rc == WK_OK && q->parts <= q->saved) /* it came in an attempt before this one */
        return WK_OK;
    if (rc == WK_OK && q->sha)
        wki_sha256_finish(q->sha, blob.sha256);
    if (rc == WK_OK)
        rc = wki_store_blob_save(q->retriever->store, &q->tmp, stem,
                                 wki_resource_suffix(q->resource.kind, q->head, q->head_n), &kept,
                                 &blob, err);
    if (rc != WK_OK)
        return rc;
    q->saved++;
    wki_strcopy(q->path, sizeof q->path, blob.path);
    if (q->resource.kind != WKI_RESOURCE_FRAMES && q->saved > 1)
        q->retriever->summary.expected++;
    tell(q, kept ? WK_INSTANCE_KEPT : WK_INSTANCE_SAVED, &blob, NULL);
    return WK_OK;
}

static wk_code end_part(void *user, wki_part_end end, wk_error *err)
{
    request *q = user;
    wk_code rc;

    if (end == WKI_PART_CUT) {
        q->broken = true;
        wki_tmpfile_drop(&q->tmp);
        return WK_OK;
    }
    rc = check_part(q, err);
    if (rc == WK_OK)
        rc = save_part(q, err);
    wki_tmpfile_drop(&q->tmp);
    return rc;
}

/* --- the transfer --- */

static void clear_answer(request *q)
{
    wki_json_stream_free(q->json);
    q->json = NULL;
    q->parts = q->sets = 0;
    q->broken = false;
}

static void on_received(void *user, const wki_transfer *t, size_t n)
{
    request *q = user;

    (void)t;
    q->retriever->summary.bytes += n;
}

/* Frames that did not come, or the resource as a whole. */
static void tell_missing(request *q)
{
    size_t wanted = q->resource.kind == WKI_RESOURCE_FRAMES ? q->resource.n_frames : 1;
    wk_error error = q->error;

    for (size_t i = q->saved; i < wanted; i++) {
        wk_error one = error;

        if (one.code == WK_OK)
            wk_fail(&one, WK_NOT_FOUND, "the answer has no frame %u",
                    (unsigned)q->resource.frames[i]);
        else if (wanted > 1)
            wk_fail_add(&one, "frame %u: ", (unsigned)q->resource.frames[i]);
        tell(q, status_of(one.code), NULL, &one);
    }
    if (q->saved >= wanted && error.code != WK_OK)
        tell(q, WK_INSTANCE_FAILED, NULL, &error);
}

static void free_request(request *q)
{
    clear_answer(q);
    wki_tmpfile_clear(&q->tmp);
    wki_sha256_free(q->sha);
    wki_resource_clear(&q->resource);
    free(q->url);
    free(q);
}

static wki_form form_of(wki_resource_kind kind)
{
    static const wki_form forms[] = {[WKI_RESOURCE_METADATA] = WKI_FORM_JSON,
                                     [WKI_RESOURCE_RENDERED] = WKI_FORM_JPEG,
                                     [WKI_RESOURCE_THUMBNAIL] = WKI_FORM_JPEG,
                                     [WKI_RESOURCE_FRAMES] = WKI_FORM_FRAMES,
                                     [WKI_RESOURCE_BULKDATA] = WKI_FORM_BULKDATA};

    return forms[kind];
}

/* The last that is heard of a request that nobody awaits. */
static void end_request(request *q)
{
    wki_retriever *r = q->retriever;

    if (wki_ends_the_run(q->error.code))
        wk_fail_from(&r->fatal, q->error.code, &q->error);
    if (r->fatal.code == WK_OK)
        tell_missing(q);
    wki_tmpfile_clear(&q->tmp);
    q->is_done = true;
    if (!q->awaited)
        free_request(q);
}

static wk_code begin(request *q, wk_error *err)
{
    const wki_sink_of_parts sink = {.parts = {begin_part, take_part, end_part, q, NULL},
                                    .received = on_received};
    wki_ask ask = {.form = form_of(q->resource.kind),
                   .url = q->resource.url,
                   .named_by = q->resource.named_by,
                   .syntax = q->resource.kind == WKI_RESOURCE_FRAMES ? q->retriever->syntax : NULL};

    clear_answer(q);
    q->attempts++;
    return wki_fetch_begin(q->retriever->fetch, &ask, &sink, q, NULL, err);
}

/* A multipart answer that did not end as one should; of a single part many servers say no length.
 */
static bool is_cut(const request *q, const wki_transfer *t)
{
    return q->broken || (t->error.code == WK_OK && !t->whole && !t->told) ||
           (t->error.code == WK_NET && q->parts > 0);
}

static void on_ended(wki_job *job, const wki_transfer *t)
{
    request *q = (request *)job;
    wk_error error = t->error;

    free(q->url);
    q->url = wki_strdup(t->url);
    if (t->url && !q->url)
        wk_fail(&error, WK_NOMEM, "out of memory");
    q->broken = is_cut(q, t);
    if (q->broken && q->attempts < MAX_ATTEMPTS && !wki_ends_the_run(error.code)) {
        if (begin(q, &error) == WK_OK)
            return;
    }
    if (error.code == WK_OK && q->broken)
        wk_fail(&error, WK_DATA, "the answer was cut short");
    q->error = error;
    end_request(q);
}

static bool is_done(void *user)
{
    return ((request *)user)->is_done;
}

static wk_code new_request(wki_retriever *r, wki_resource *resource, request **out, wk_error *err)
{
    request *q = calloc(1, sizeof *q);
    wk_code rc = q ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc == WK_OK && wki_store_has_digests(r->store))
        rc = wki_sha256_new(&q->sha, err);
    if (rc != WK_OK) {
        wki_resource_clear(resource);
        free(q);
        return rc;
    }
    q->job.ended = on_ended;
    q->retriever = r;
    q->resource = *resource;
    memset(resource, 0, sizeof *resource);
    *out = q;
    return WK_OK;
}

/* Waits for the metadata, and begins with what it names. */
static wk_code await(request *q, wk_error *err)
{
    wki_retriever *r = q->retriever;
    wk_code rc = wki_retriever_run_until(r, is_done, q, err);
    int fd = rc == WK_OK && q->saved > 0 ? wki_store_blob_read(r->store, q->path) : -1;

    if (fd < 0)
        return rc;
    rc = wki_resource_follow(r, &q->resource, fd, q->url, err);
    close(fd);
    return rc;
}

wk_code wki_resource_get(wki_retriever *r, wki_resource *resource, wk_error *err)
{
    request *q = NULL;
    bool awaited = r->bulkdata && resource->kind == WKI_RESOURCE_METADATA;
    wk_code rc = new_request(r, resource, &q, err);

    if (rc == WK_OK) {
        rc = wki_retriever_wait(r, q->resource.url, err);
        if (rc != WK_OK)
            free_request(q);
    }
    if (rc != WK_OK) {
        wk_fail(&r->fatal, rc, "%s", err ? err->message : wk_code_text(rc));
        return rc;
    }
    r->summary.expected +=
        q->resource.kind == WKI_RESOURCE_FRAMES ? (int64_t)q->resource.n_frames : 1;
    q->awaited = awaited;
    rc = begin(q, err);
    if (rc != WK_OK || awaited) {
        rc = rc == WK_OK ? await(q, err) : rc;
        free_request(q);
    }
    if (rc != WK_OK)
        wk_fail(&r->fatal, rc, "%s", err ? err->message : wk_code_text(rc));
    return rc;
}
