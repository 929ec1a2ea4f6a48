/*
 * multipart bodies (RFC 2046 section 5.1, RFC 2387) taken in by push, in any split of the input.
 * Knows nothing of HTTP or DICOM. Memory is constant; every byte of a part is looked at once and
 * handed on where it lies.
 *
 * Taken as servers send it: no or another quoting of the boundary in the body, boundaries longer
 * than 70 characters or with spaces, no boundary parameter at all (then the first line that starts
 * with "--" tells it), preamble and epilogue, parts without headers, folded headers, a missing
 * closing delimiter, lines that end in LF alone or now in LF, now in CRLF. What begins like a
 * delimiter and does not end like one is data.
 *
 * A line end in front of a delimiter belongs to it, but where lines end now so, now so, a CR may be
 * the last byte of the part. It is decided by what the part itself is known to lack (missing()),
 * else by its Content-Length, else by the lines around: the CR is data where the first delimiter's
 * line, the part's headers and this delimiter's line all end in LF alone. By the same three a
 * delimiter after LF alone, where lines end in CRLF, is told from data.
 */
#ifndef WADOKIT_DICOMWEB_MULTIPART_H
#define WADOKIT_DICOMWEB_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_multipart wki_multipart;

/* The head of a part, borrowed during part_begin().
 *   content_type      "" where absent
 *   content_location  "" where absent; never a name for anything
 *   content_length    as declared, -1 where absent or no number
 *   encoded           Content-Transfer-Encoding says base64 or quoted-printable, which have no
 *                     place in HTTP: the bytes must not be taken as they are
 *   index             0 for the first part */
typedef struct wki_part_head {
    const char *content_type;
    const char *content_location;
    int64_t content_length;
    bool encoded;
    size_t index;
} wki_part_head;

/* How a part ended. */
typedef enum wki_part_end {
    WKI_PART_WHOLE,        /* a delimiter followed */
    WKI_PART_UNTERMINATED, /* the body ended, after as many bytes as the part declared */
    WKI_PART_CUT,          /* the body ended; whether the part is whole only its bytes can tell */
} wki_part_end;

/* For each part begin, data (any number), end, in this order; after a part_begin() comes a
 * part_end() unless feeding fails. A code other than WK_OK ends the feeding with it. The bytes of
 * part_data() are borrowed during the call.
 * missing: may be NULL. Asked where a delimiter may be: how many bytes at least the part's data
 * still lacks by what it is made of; 0: it may end here, -1: it does not tell. */
typedef struct wki_multipart_events {
    wk_code (*part_begin)(void *user, const wki_part_head *head, wk_error *err);
    wk_code (*part_data)(void *user, const void *data, size_t n, wk_error *err);
    wk_code (*part_end)(void *user, wki_part_end end, wk_error *err);
    void *user;
    int64_t (*missing)(void *user);
} wki_multipart_events;

/* `boundary` as in the header, without quotes; NULL or "" where there is none. WK_LIMIT where it is
 * longer than WK_MAX_BOUNDARY_BYTES. Free with wki_multipart_free(). */
wk_code wki_multipart_new(const char *boundary, const wki_multipart_events *events,
                          wki_multipart **out, wk_error *err) WK_MUST_USE;
void wki_multipart_free(wki_multipart *m);

/* WK_DATA where no delimiter stands in the first 64 KiB (the first line is quoted), WK_LIMIT for
 * headers over WK_MAX_PART_HEADER_BYTES or parts over WK_MAX_PARTS. After a failure it stays
 * failed. */
wk_code wki_multipart_feed(wki_multipart *m, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* The body has ended. *terminated (may be NULL) tells whether the closing delimiter came; a missing
 * one is no failure here. WK_DATA where no delimiter came at all. */
wk_code wki_multipart_finish(wki_multipart *m, bool *terminated, wk_error *err) WK_MUST_USE;

/* Parts begun so far. */
size_t wki_multipart_parts(const wki_multipart *m);

#ifdef __cplusplus
}
#endif

#endif
