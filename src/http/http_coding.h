/*
 * Content-Encoding (RFC 9110 section 8.4): what of it this program undoes, and that it checks.
 */
#ifndef WADOKIT_HTTP_HTTP_CODING_H
#define WADOKIT_HTTP_HTTP_CODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/gunzip.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_CODING_LAYERS = 2 /* a gateway compresses once more what a server has compressed */
};

/* Zeroed: the identity, bytes go to no sink. */
typedef struct wki_coding {
    wki_gunzip *layers[WKI_CODING_LAYERS]; /* the outermost first */
    size_t n;
    wki_sink out;
    uint64_t in, made;
} wki_coding;

/* `value` of the header, NULL or "" for none: gzip, x-gzip, deflate, identity, and lists of them;
 * WK_DATA for others. */
wk_code wki_coding_open(wki_coding *c, const char *value, wki_sink out, wk_error *err) WK_MUST_USE;
void wki_coding_close(wki_coding *c);

/* Whether there is anything to undo. */
bool wki_coding_is_on(const wki_coding *c);

/* WK_DATA where it is corrupt, WK_LIMIT where it inflates beyond WK_MAX_INFLATE_RATIO; else what
 * the sink says. */
wk_code wki_coding_feed(wki_coding *c, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* WK_DATA where it is cut short. A body without a byte is none that was encoded. */
wk_code wki_coding_finish(wki_coding *c, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
