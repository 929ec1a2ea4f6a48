/*
 * A growing run of bytes that is born with a maximum, and arithmetic that cannot wrap.
 */
#ifndef WADOKIT_CORE_BUF_H
#define WADOKIT_CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* data  n bytes, followed by a NUL that is not counted; NULL while nothing was added
 * max   the most bytes it may ever hold; going over it is WK_LIMIT
 * what  named in the error, a string that outlives the buffer ("QIDO answer") */
typedef struct wki_buf {
    char *data;
    size_t n;
    size_t capacity;
    size_t max;
    const char *what;
} wki_buf;

void wki_buf_init(wki_buf *b, size_t max, const char *what);
void wki_buf_clear(wki_buf *b);  /* frees; may be used again */
void wki_buf_reset(wki_buf *b);  /* empties, keeps the memory */
wk_code wki_buf_add(wki_buf *b, const void *data, size_t n, wk_error *err) WK_MUST_USE;
wk_code wki_buf_addf(wki_buf *b, wk_error *err, const char *fmt, ...) WK_PRINTF(3, 4) WK_MUST_USE;

/* The text so far, never NULL. Borrowed until the next change. */
const char *wki_buf_text(const wki_buf *b);

/* The bytes, to be freed with free(); the buffer is empty afterwards. NULL where none were added. */
char *wki_buf_take(wki_buf *b);

/* a * b and a + b; false (out untouched) where the result does not fit. */
bool wki_mul_size(size_t a, size_t b, size_t *out);
bool wki_add_size(size_t a, size_t b, size_t *out);

#ifdef __cplusplus
}
#endif

#endif
