/*
 * An answer that is one thing, as a single part or as the only part of a multipart body, on its way
 * into a temporary file.
 */
#ifndef WADOKIT_FLOW_PICTURE_ONE_PART_H
#define WADOKIT_FLOW_PICTURE_ONE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dicomweb/multipart.h"
#include "flow/picture/picture_source.h"
#include "http/http.h"

#ifdef __cplusplus
extern "C" {
#endif

/* shown  what to call it, borrowed; max  the most bytes it may have: both set by the caller
 * bytes  n bytes of the part; to be taken from here, or cleared
 * type   Content-Type of the part, where it says more than its bare name, else of the answer */
typedef struct wki_one_part {
    const char *shown;
    uint64_t max;
    wki_picture_source bytes;
    uint64_t n;
    char type[256];

    wki_multipart *multipart; /* NULL: a single part */
    size_t parts;
    bool length_known;
} wki_one_part;

void wki_one_part_init(wki_one_part *p, const char *shown, uint64_t max);
void wki_one_part_clear(wki_one_part *p);

/* For wki_http_handler: a new answer begins, bytes of it, its end. WK_DATA where it was cut short
 * or has more parts, WK_NOT_FOUND where there is nothing in it, WK_LIMIT over `max`. */
wk_code wki_one_part_head(wki_one_part *p, const wki_http_head *head, wk_error *err) WK_MUST_USE;
wk_code wki_one_part_body(wki_one_part *p, const void *data, size_t n, wk_error *err) WK_MUST_USE;
wk_code wki_one_part_finish(wki_one_part *p, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
