#include <string.h>
#include <unistd.h>

#include "core/image.h"
#include "core/media.h"
#include "core/text.h"
#include "flow/fetch/frame_file.h"
#include "flow/fetch/way.h"
#include "store/store_file.h"

enum {
    PEEK_FROM = 4 << 20 /* what is smaller is under way before it can be called off */
};

void wki_way_forget(wki_way *y)
{
    wki_dicom_scan_free(y->peek);
    y->peek = NULL;
    y->called_off = y->cut = y->unclosed = false;
    wki_buf_reset(&y->metadata);
    wki_picture_source_clear(&y->part);
    y->part_n = 0;
    y->parts = 0;
    y->type[0] = '\0';
    wk_error_clear(&y->error);
}

/* --- any part --- */

static wk_code open_part(wki_way *y, const wki_part_head *head, wk_error *err)
{
    if (head->encoded)
        return wk_fail(err, WK_DATA, "a part with a Content-Transfer-Encoding");
    wki_picture_source_clear(&y->part);
    y->part_n = 0;
    y->parts++;
    return wki_picture_source_temporary(&y->part, y->url, err);
}

/* --- the whole --- */

static void begin_whole(void *user, const wki_transfer *t, size_t n)
{
    wki_way *y = user;

    if (n > 0 || t->length < 0 || t->length >= PEEK_FROM)
        return;
    wki_dicom_scan_free(y->peek);
    y->peek = NULL;
}

static wk_code whole_part(void *user, const wki_part_head *head, wk_error *err)
{
    return open_part(user, head, err);
}

/* Ends the transfer where the header says that there is a better way. */
static wk_code peek(wki_way *y, const void *data, size_t n, wk_error *err)
{
    wk_error ignored = {0};
    const wki_dicom_identity *id = wki_dicom_scan_identity(y->peek);
    wk_code rc = wki_dicom_feed(y->peek, data, n, &ignored);

    if (rc == WK_OK && !id->has_pixels && (id->rows == 0 || id->cols == 0))
        return WK_OK;
    if (rc == WK_OK)
        wki_way_open(y, id->frames, id->rows, id->cols, wki_slide_is_class(id->sop_class));
    wki_dicom_scan_free(y->peek);
    y->peek = NULL;
    y->called_off = y->may_frame || y->may_server;
    return y->called_off ? wk_fail(err, WK_CANCELLED, "there is a shorter way") : WK_OK;
}

static wk_code whole_data(void *user, const void *data, size_t n, wk_error *err)
{
    wki_way *y = user;
    wk_code rc = y->peek ? peek(y, data, n, err) : WK_OK;

    return rc == WK_OK ? wki_picture_source_write(&y->part, data, n, err) : rc;
}

/* Where nobody vouches for the end of the bytes, they do themselves. */
static wk_code check_end(const wki_way *y, wk_error *err)
{
    wki_dicom_scan *scan = NULL;
    wk_error why = {0};
    wk_code rc = wki_dicom_scan_new(&scan, err);

    if (rc != WK_OK)
        return rc;
    rc = wki_store_file_scan(y->part.fd, scan, NULL, &why);
    if (rc == WK_OK && wki_dicom_lacks_pixels(wki_dicom_scan_identity(scan)))
        rc = wk_fail(&why, WK_DATA, "cut short before its pixel data");
    if (rc == WK_DATA)
        rc = wk_fail(err, rc, "the answer was cut short: %s", why.message);
    else if (rc != WK_OK)
        rc = wk_fail_from(err, rc, &why);
    wki_dicom_scan_free(scan);
    return rc;
}

static wk_code whole_end(void *user, wki_part_end end, wk_error *err)
{
    wki_way *y = user;
    wki_picture_source part;
    wk_code rc = end == WKI_PART_CUT ? check_end(y, err) : WK_OK;

    y->cut = rc == WK_DATA;
    if (rc != WK_OK)
        return rc;
    part = y->part;
    y->part = (wki_picture_source){.fd = -1};
    part.frame = y->want.frame;
    return wki_way_hand(y, &part, err);
}

const wki_sink_of_parts wki_way_whole = {.parts = {whole_part, whole_data, whole_end, NULL, NULL},
                                         .received = begin_whole};

/* --- one part: a frame, a picture --- */

static void begin_one(void *user, const wki_transfer *t, size_t n)
{
    wki_way *y = user;

    if (n == 0)
        (void)wki_strcopy(y->type, sizeof y->type, t->type);
}

static wk_code one_part(void *user, const wki_part_head *head, wk_error *err)
{
    wki_way *y = user;

    if (y->parts > 0)
        return wk_fail(err, WK_DATA, "more parts than the one that was asked for");
    /* The bare name says less than what the answer says. */
    if (strchr(head->content_type, ';'))
        (void)wki_strcopy(y->type, sizeof y->type, head->content_type);
    return open_part(y, head, err);
}

static wk_code one_data(void *user, const void *data, size_t n, wk_error *err)
{
    wki_way *y = user;

    if (n > y->part_max - y->part_n)
        return wk_fail(err, WK_LIMIT, "more than %llu bytes", (unsigned long long)y->part_max);
    y->part_n += n;
    return wki_picture_source_write(&y->part, data, n, err);
}

static wk_code one_end(void *user, wki_part_end end, wk_error *err)
{
    const wki_way *y = user;

    if (end == WKI_PART_CUT)
        return wk_fail(err, WK_DATA, "the answer was cut short");
    return y->part_n > 0 ? WK_OK : wk_fail(err, WK_NOT_FOUND, "nothing in the answer");
}

const wki_sink_of_parts wki_way_one = {.parts = {one_part, one_data, one_end, NULL, NULL},
                                       .received = begin_one};

/* --- metadata --- */

static wk_code json_part(void *user, const wki_part_head *head, wk_error *err)
{
    wki_way *y = user;

    (void)head;
    (void)err;
    wki_buf_reset(&y->metadata);
    return WK_OK;
}

static wk_code json_data(void *user, const void *data, size_t n, wk_error *err)
{
    wki_way *y = user;

    return wki_buf_add(&y->metadata, data, n, err);
}

static wk_code json_end(void *user, wki_part_end end, wk_error *err)
{
    (void)user;
    (void)end;
    (void)err;
    return WK_OK;
}

const wki_sink_of_parts wki_way_json = {.parts = {json_part, json_data, json_end, NULL, NULL}};

/* --- what came of it --- */

wk_code wki_way_frame_file(wki_way *y, wki_picture_source *out, wk_error *err)
{
    wki_json *doc = NULL;
    const wki_json *set;
    wki_json_faults faults = {0}; /* of values that no picture needs */
    wk_code rc = wki_json_parse_mended(wki_buf_text(&y->metadata), y->metadata.n, "metadata", "",
                                       &faults, &doc, err);

    if (rc != WK_OK)
        return rc;
    set = wki_json_first(doc);
    if (!set || wki_json_next(doc, set))
        rc = wk_fail(err, WK_DATA, "the metadata is not that of one instance");
    if (rc == WK_OK)
        rc = wki_frame_file(set, y->pick, y->type, &y->part, y->part_n, out, err);
    wki_json_free(doc);
    return rc;
}

/* What is no picture is no answer, whatever its status: servers show errors and logins with 200. */
wk_code wki_way_drawn(wki_way *y, wki_picture_source *out, wk_error *err)
{
    char head[WKI_MEDIA_HEAD];
    ssize_t n = pread(y->part.fd, head, sizeof head, 0);
    wki_media kind = n > 0 ? wki_media_of(head, (size_t)n) : WKI_MEDIA_UNKNOWN;

    if (kind != WKI_MEDIA_JPEG && kind != WKI_MEDIA_PNG)
        return wk_fail(err, WK_DATA, "the answer is neither JPEG nor PNG");
    *out = y->part;
    y->part = (wki_picture_source){.fd = -1};
    out->drawn = true;
    return WK_OK;
}
