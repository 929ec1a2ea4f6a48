#include "flow/picture/frame_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/text.h"
#include "dicomweb/accept.h"
#include "flow/find/plan_ask.h"
#include "flow/picture/frame_file.h"
#include "flow/picture/one_part.h"

enum {
    WORTH_PIXELS = 2 << 20, /* 200 KiB even at 20 to 1; metadata of 100 frames is seldom more */
};

/* What was asked for; the first failure ends it, when both transfers have. */
typedef struct frame_job {
    wki_http *http;
    const wk_plan_item *from;
    char *url;
    uint32_t frame;
    wki_frame_done done;
    void *user;
    unsigned running; /* transfers */
    wk_error error;
    bool refused;

    wki_buf metadata;

    int step;
    wki_one_part part;
} frame_job;

bool wki_frame_is_worth(int64_t frames, int64_t rows, int64_t cols)
{
    return frames > 1 && frames <= WK_MAX_FRAMES && rows > 0 && rows <= WK_MAX_ROWS && cols > 0 &&
           cols <= WK_MAX_COLUMNS && frames * rows * cols >= WORTH_PIXELS;
}

static void job_free(frame_job *j)
{
    wki_buf_clear(&j->metadata);
    wki_one_part_clear(&j->part);
    free(j->url);
    free(j);
}

static void fail(frame_job *j, const wk_error *error)
{
    if (j->error.code == WK_OK)
        j->error = *error;
}

/* --- the two together --- */

static wk_code make(frame_job *j, wki_picture_source *out, wk_error *err)
{
    wki_json *doc = NULL;
    const wki_json *set;
    wk_code rc = wki_json_parse(wki_buf_text(&j->metadata), j->metadata.n, "metadata", &doc, err);

    if (rc != WK_OK)
        return rc;
    set = wki_json_first(doc);
    if (!set || wki_json_next(doc, set))
        rc = wk_fail(err, WK_DATA, "the metadata is not that of one instance");
    if (rc == WK_OK)
        rc = wki_frame_file(set, j->frame, j->part.type, &j->part.bytes, j->part.n, out, err);
    wki_json_free(doc);
    return rc;
}

static void end_transfer(frame_job *j)
{
    wki_picture_source source = {.fd = -1};
    wk_code rc;

    if (--j->running > 0)
        return;
    rc = j->error.code;
    if (rc == WK_OK)
        rc = make(j, &source, &j->error);
    j->done(j->user, rc, rc == WK_OK ? &source : NULL, j->refused, &j->error);
    job_free(j);
}

/* --- metadata --- */

static wk_code metadata_body(void *user, const void *data, size_t n, wk_error *err)
{
    frame_job *j = user;

    return wki_buf_add(&j->metadata, data, n, err);
}

static wk_code metadata_head(void *user, const wki_http_head *head, wk_error *err)
{
    frame_job *j = user;

    (void)head;
    (void)err;
    wki_buf_reset(&j->metadata);
    return WK_OK;
}

static void metadata_done(void *user, const wki_http_result *result)
{
    frame_job *j = user;

    if (result->error.code != WK_OK)
        fail(j, &result->error);
    end_transfer(j);
}

/* --- the frame --- */

static wk_code frame_head(void *user, const wki_http_head *head, wk_error *err)
{
    frame_job *j = user;

    return wki_one_part_head(&j->part, head, err);
}

static wk_code frame_body(void *user, const void *data, size_t n, wk_error *err)
{
    frame_job *j = user;

    return wki_one_part_body(&j->part, data, n, err);
}

static wk_code start_frame(frame_job *j, wk_error *err);

static void frame_done(void *user, const wki_http_result *result)
{
    frame_job *j = user;
    wk_error error = result->error;
    int status = error.http_status ? error.http_status : result->status;
    wk_error ignored = {0};

    if (error.code != WK_OK && wki_accept_is_refusal(status) && j->step == 0 &&
        j->error.code == WK_OK) {
        j->step++;
        if (start_frame(j, &ignored) == WK_OK)
            return;
    }
    if (error.code == WK_OK)
        error.code = wki_one_part_finish(&j->part, &error);
    else
        j->refused = wki_accept_is_refusal(status) || status == 405 || status == 501;
    if (error.code != WK_OK)
        fail(j, &error);
    end_transfer(j);
}

/* As stored: what comes from a code stream is decoded here, as it would be from the file. */
static wk_code start_frame(frame_job *j, wk_error *err)
{
    static const char *const accepts[] = {
        "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*", "*/*"};
    wki_http_handler handler = {
        .head = frame_head, .body = frame_body, .done = frame_done, .user = j};
    char *url = wki_strfmt("%s/frames/%u", j->url, (unsigned)j->frame);
    wki_http_request q;
    wk_code rc;

    wki_plan_request(j->from, &q);
    q.url = url;
    q.accept = accepts[j->step];
    q.divisible = true;
    rc = url ? wki_http_start(j->http, &q, &handler, err) : wk_fail(err, WK_NOMEM, "out of memory");
    free(url);
    return rc;
}

static wk_code start_metadata(frame_job *j, wk_error *err)
{
    wki_http_handler handler = {
        .head = metadata_head, .body = metadata_body, .done = metadata_done, .user = j};
    char *url = wki_strfmt("%s/metadata", j->url);
    wki_http_request q;
    wk_code rc;

    wki_plan_request(j->from, &q);
    q.url = url;
    q.accept = "application/dicom+json";
    q.divisible = true;
    rc = url ? wki_http_start(j->http, &q, &handler, err) : wk_fail(err, WK_NOMEM, "out of memory");
    free(url);
    return rc;
}

wk_code wki_frame_fetch(wki_http *http, const char *url, const wk_plan_item *from, uint32_t frame,
                        wki_frame_done done, void *user, wk_error *err)
{
    frame_job *j = calloc(1, sizeof *j);
    wk_code rc;

    if (!j)
        return wk_fail(err, WK_NOMEM, "out of memory");
    *j = (frame_job){.http = http, .from = from, .frame = frame, .done = done, .user = user};
    wki_buf_init(&j->metadata, WK_MAX_JSON_ITEM_BYTES, "metadata");
    j->url = wki_strdup(url);
    wki_one_part_init(&j->part, j->url, WK_MAX_FRAME_BYTES);
    rc = j->url ? start_metadata(j, err) : wk_fail(err, WK_NOMEM, "out of memory");
    if (rc != WK_OK) {
        job_free(j);
        return rc;
    }
    j->running = 2;
    if (start_frame(j, &j->error) != WK_OK)
        j->running = 1; /* ends with the metadata */
    return WK_OK;
}
