/*
 * Text that came from outside, made fit to print, and small string helpers.
 */
#ifndef WADOKIT_CORE_TEXT_H
#define WADOKIT_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Copies `n` bytes of `in` as one printable line: control characters (C0, DEL, C1) and invalid
 * UTF-8 become '?', and the text is cut before the character that does not fit. `out` always
 * ends in NUL; `size` is at least 1. Returns the length written. */
size_t wki_text_clean(char *out, size_t size, const char *in, size_t n);

/* Puts stars over what stands behind "Bearer " or "Basic " and looks like a credential: error pages
 * repeat the Authorization they were sent. */
void wki_text_hide_credentials(char *text);

/* A copy on the heap; NULL in gives NULL, and so does a lack of memory. Free with free(). */
char *wki_strdup(const char *s);

/* A formatted copy on the heap, NULL where memory is out. Free with free(). */
char *wki_strfmt(const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 1, 2)))
#endif
    ;

/* Copies a string that has to fit, NUL included; false (out empty) where it does not. */
bool wki_strcopy(char *out, size_t size, const char *s);

/* ASCII comparison without regard to case. */
bool wki_str_ieq(const char *a, const char *b);
bool wki_str_istarts(const char *s, const char *prefix);
bool wki_str_starts(const char *s, const char *prefix);
bool wki_str_ends(const char *s, const char *suffix);

/* Whether the `n` bytes of `pattern` match all of `text`: '*' is any run, '?' one byte, ASCII
 * letters in any case. Goes back to the last '*' only, so that no pattern is slow. */
bool wki_str_glob(const char *pattern, size_t n, const char *text);

#ifdef __cplusplus
}
#endif

#endif
