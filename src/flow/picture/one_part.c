#include "flow/picture/one_part.h"

#include <string.h>

#include "core/text.h"
#include "dicomweb/media_type.h"

void wki_one_part_init(wki_one_part *p, const char *shown, uint64_t max)
{
    memset(p, 0, sizeof *p);
    p->shown = shown;
    p->max = max;
    p->bytes.fd = -1;
}

void wki_one_part_clear(wki_one_part *p)
{
    wki_multipart_free(p->multipart);
    wki_picture_source_clear(&p->bytes);
    p->multipart = NULL;
    p->parts = 0;
    p->n = 0;
}

static wk_code part_begin(void *user, const wki_part_head *head, wk_error *err)
{
    wki_one_part *p = user;

    if (head->encoded)
        return wk_fail(err, WK_DATA, "a part with a Content-Transfer-Encoding");
    if (p->parts++ > 0)
        return wk_fail(err, WK_DATA, "more parts than the one that was asked for");
    if (strchr(head->content_type, ';'))
        (void)wki_strcopy(p->type, sizeof p->type, head->content_type);
    return wki_picture_source_temporary(&p->bytes, p->shown, err);
}

static wk_code part_data(void *user, const void *data, size_t n, wk_error *err)
{
    wki_one_part *p = user;

    if (n > p->max - p->n)
        return wk_fail(err, WK_LIMIT, "more than %llu bytes", (unsigned long long)p->max);
    p->n += n;
    return wki_picture_source_write(&p->bytes, data, n, err);
}

static wk_code part_end(void *user, wki_part_end end, wk_error *err)
{
    const wki_one_part *p = user;

    return end == WKI_PART_CUT && !p->length_known
               ? wk_fail(err, WK_DATA, "the answer was cut short")
               : WK_OK;
}

wk_code wki_one_part_head(wki_one_part *p, const wki_http_head *head, wk_error *err)
{
    const wki_multipart_events events = {part_begin, part_data, part_end, p};
    const wki_part_head single = {.content_type = "", .content_location = "", .content_length = -1};
    char boundary[WK_MAX_BOUNDARY_BYTES + 1];

    wki_one_part_clear(p);
    p->length_known = head->content_length >= 0;
    (void)wki_strcopy(p->type, sizeof p->type, head->content_type);
    if (!wki_media_is_multipart(head->content_type))
        return part_begin(p, &single, err);
    wki_media_param(head->content_type, "boundary", boundary, sizeof boundary);
    return wki_multipart_new(boundary, &events, &p->multipart, err);
}

wk_code wki_one_part_body(wki_one_part *p, const void *data, size_t n, wk_error *err)
{
    return p->multipart ? wki_multipart_feed(p->multipart, data, n, err)
                        : part_data(p, data, n, err);
}

wk_code wki_one_part_finish(wki_one_part *p, wk_error *err)
{
    bool terminated = true;
    wk_code rc = p->multipart ? wki_multipart_finish(p->multipart, &terminated, err) : WK_OK;

    if (rc == WK_OK && !terminated && !p->length_known)
        rc = wk_fail(err, WK_DATA, "the answer was cut short");
    if (rc == WK_OK && (p->parts != 1 || p->n == 0))
        rc = wk_fail(err, WK_NOT_FOUND, "nothing in the answer");
    return rc;
}
