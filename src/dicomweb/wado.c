#include "dicomweb/wado.h"

#include <stdlib.h>
#include <string.h>

#include "core/foreign.h"
#include "core/text.h"
#include "dicomweb/media_type.h"

enum {
    START_SIZE = 132
}; /* a preamble and "DICM" */

typedef enum body_kind {
    BODY_UNKNOWN,
    BODY_MULTIPART,
    BODY_SINGLE,
    BODY_FOREIGN,
} body_kind;

struct wki_wado_body {
    wki_multipart_events events;
    wki_multipart *multipart;
    body_kind kind;
    bool dicom, json;
    bool labelled_multipart, labelled;
    char content_type[256];
    char start[START_SIZE];
    size_t start_n;
};

wk_code wki_wado_body_new(wki_form form, const char *content_type,
                          const wki_multipart_events *events, wki_wado_body **out, wk_error *err)
{
    wki_wado_body *b = calloc(1, sizeof *b);
    char boundary[WK_MAX_BOUNDARY_BYTES + 1];
    wk_code rc;

    if (!b)
        return wk_fail(err, WK_NOMEM, "out of memory");
    b->events = *events;
    b->dicom = form == WKI_FORM_INSTANCES || form == WKI_FORM_INSTANCE;
    b->json = form == WKI_FORM_JSON;
    b->labelled_multipart = wki_media_is_multipart(content_type);
    b->labelled = content_type[0] != '\0';
    (void)wki_strcopy(b->content_type, sizeof b->content_type, content_type);
    wki_media_param(content_type, "boundary", boundary, sizeof boundary);
    rc = wki_multipart_new(boundary, events, &b->multipart, err);
    if (rc != WK_OK) {
        wki_wado_body_free(b);
        return rc;
    }
    *out = b;
    return WK_OK;
}

void wki_wado_body_free(wki_wado_body *b)
{
    if (!b)
        return;
    wki_multipart_free(b->multipart);
    free(b);
}

/* Group 0002 or 0008 at the very start: DICOM without its preamble. */
static bool is_bare_dicom(const char *p, size_t n)
{
    return n >= 8 &&
           ((p[0] == 2 && p[1] == 0) || (p[0] == 8 && p[1] == 0) || (p[0] == 0 && p[1] == 8));
}

/* An array or an object, after a byte order mark and blanks. */
static bool starts_with_json(const char *p, size_t n)
{
    size_t i = n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r' || p[i] == '\n'))
        i++;
    return i < n && (p[i] == '[' || p[i] == '{');
}

static bool starts_with_delimiter(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && (p[i] == '\r' || p[i] == '\n'))
        i++;
    return n - i >= 3 && p[i] == '-' && p[i + 1] == '-';
}

static body_kind judge(const wki_wado_body *b)
{
    const char *p = b->start;
    size_t n = b->start_n;

    if (b->json && (starts_with_json(p, n) || starts_with_delimiter(p, n)))
        return starts_with_json(p, n) ? BODY_SINGLE : BODY_MULTIPART;
    if (!b->dicom)
        return b->labelled_multipart || (!b->labelled && starts_with_delimiter(p, n))
                   ? BODY_MULTIPART
                   : BODY_SINGLE;
    if (n == START_SIZE && memcmp(p + 128, "DICM", 4) == 0)
        return BODY_SINGLE;
    if (starts_with_delimiter(p, n))
        return BODY_MULTIPART;
    if (is_bare_dicom(p, n))
        return BODY_SINGLE;
    if (wki_foreign_kind(p, n))
        return BODY_FOREIGN;
    return b->labelled_multipart ? BODY_MULTIPART : BODY_SINGLE;
}

static wk_code foreign(const wki_wado_body *b, wk_error *err)
{
    const char *kind = wki_foreign_kind(b->start, b->start_n);
    char line[80];

    if (strcmp(kind, "a ZIP archive") == 0)
        return wk_fail(err, WK_DATA, "the answer is %s, not DICOM", kind);
    wki_foreign_line(b->start, b->start_n, line, sizeof line);
    return wk_fail(err, WK_DATA, "the answer is %s, not DICOM; it starts with \"%s\"", kind, line);
}

static wk_code pass(wki_wado_body *b, const void *data, size_t n, wk_error *err)
{
    if (n == 0)
        return WK_OK;
    if (b->kind == BODY_MULTIPART)
        return wki_multipart_feed(b->multipart, data, n, err);
    return b->events.part_data(b->events.user, data, n, err);
}

/* Enough bytes are there to tell (or all there will be). */
static wk_code start(wki_wado_body *b, wk_error *err)
{
    wki_part_head head = {
        .content_type = b->content_type, .content_location = "", .content_length = -1};
    wk_code rc = WK_OK;

    b->kind = judge(b);
    if (b->kind == BODY_FOREIGN)
        return foreign(b, err);
    if (b->kind == BODY_SINGLE)
        rc = b->events.part_begin(b->events.user, &head, err);
    return rc == WK_OK ? pass(b, b->start, b->start_n, err) : rc;
}

wk_code wki_wado_body_feed(wki_wado_body *b, const void *data, size_t n, wk_error *err)
{
    const char *p = data;
    size_t kept = START_SIZE - b->start_n;
    wk_code rc;

    if (b->kind != BODY_UNKNOWN)
        return pass(b, data, n, err);
    kept = kept < n ? kept : n;
    memcpy(b->start + b->start_n, p, kept);
    b->start_n += kept;
    if (b->start_n < START_SIZE)
        return WK_OK;
    rc = start(b, err);
    return rc == WK_OK ? pass(b, p + kept, n - kept, err) : rc;
}

wk_code wki_wado_body_finish(wki_wado_body *b, bool whole, bool *complete, wk_error *err)
{
    wk_code rc = WK_OK;

    if (b->kind == BODY_UNKNOWN && b->start_n == 0) {
        *complete = whole;
        return WK_OK;
    }
    if (b->kind == BODY_UNKNOWN)
        rc = start(b, err);
    if (rc != WK_OK)
        return rc;
    if (b->kind == BODY_MULTIPART)
        return wki_multipart_finish(b->multipart, complete, err);
    *complete = whole;
    if (b->kind == BODY_FOREIGN) /* said when it was fed */
        return WK_OK;
    return b->events.part_end(b->events.user, whole ? WKI_PART_WHOLE : WKI_PART_CUT, err);
}

size_t wki_wado_body_parts(const wki_wado_body *b)
{
    return b->kind == BODY_SINGLE ? 1 : wki_multipart_parts(b->multipart);
}
