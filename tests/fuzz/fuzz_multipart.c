/* The first byte chooses how the body is cut into pieces. Whole and in pieces must give the same.
 */
#include <string.h>

#include "dicomweb/multipart.h"
#include "fuzz.h"

typedef struct seen {
    size_t parts, ends, bytes;
    unsigned sum;
} seen;

static wk_code begin(void *user, const wki_part_head *head, wk_error *err)
{
    seen *s = user;

    (void)err;
    FUZZ_HOLDS(head->index == s->parts);
    s->parts++;
    return WK_OK;
}

static wk_code data_of(void *user, const void *data, size_t n, wk_error *err)
{
    seen *s = user;
    const unsigned char *bytes = data;

    (void)err;
    FUZZ_HOLDS(s->parts == s->ends + 1);
    for (size_t i = 0; i < n; i++)
        s->sum = s->sum * 31 + bytes[i];
    s->bytes += n;
    return WK_OK;
}

static wk_code end(void *user, wki_part_end how, wk_error *err)
{
    seen *s = user;

    (void)err;
    (void)how;
    s->ends++;
    return WK_OK;
}

static wk_code read_body(const uint8_t *data, size_t size, size_t piece, seen *s)
{
    wki_multipart_events events = {begin, data_of, end, s, NULL};
    wki_multipart *m = NULL;
    wk_error err = {0};
    wk_code rc = wki_multipart_new("b", &events, &m, &err);

    for (size_t at = 0; rc == WK_OK && at < size; at += piece)
        rc = wki_multipart_feed(m, data + at, size - at < piece ? size - at : piece, &err);
    if (rc == WK_OK)
        rc = wki_multipart_finish(m, NULL, &err);
    wki_multipart_free(m);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    seen whole = {0}, pieces = {0};
    wk_code rc;

    if (size == 0)
        return 0;
    rc = read_body(data + 1, size - 1, size, &whole);
    FUZZ_HOLDS(read_body(data + 1, size - 1, 1u + data[0] % 64u, &pieces) == rc);
    FUZZ_HOLDS(rc != WK_OK || (whole.parts == pieces.parts && whole.bytes == pieces.bytes &&
                               whole.sum == pieces.sum && whole.ends == whole.parts));
    return 0;
}
