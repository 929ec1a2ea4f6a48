/*
 * URLs (RFC 3986) as this program needs them: http and https only, checked, never guessed.
 */
#ifndef WADOKIT_HTTP_URL_H
#define WADOKIT_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/error.h>

#include "core/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Refuses (WK_REFUSED) a URL that must not be sent: not http(s), control characters or spaces,
 * "{{" or "%7B%7B" unfilled, user information, longer than WK_MAX_URL_BYTES. */
wk_code wki_url_check(const char *url, wk_error *err) WK_MUST_USE;

/* "https://host[:port]" in lower case, without the default port, on the heap. WK_USAGE where it is
 * no http(s) URL. */
wk_code wki_url_origin(const char *url, char **out, wk_error *err) WK_MUST_USE;

/* Whether two URLs have the same scheme, host and port. */
bool wki_url_same_origin(const char *a, const char *b);

/* Whether the host is localhost, 127.0.0.0/8 or [::1]. */
bool wki_url_is_loopback(const char *url);

/* `reference` (absolute, "/path", "path", "?query", "//host/path") against `base`, on the heap. */
wk_code wki_url_resolve(const char *base, const char *reference, char **out, wk_error *err)
    WK_MUST_USE;

/* base without trailing slashes + "/" + path, query of `base` kept behind. On the heap. */
wk_code wki_url_append(const char *base, const char *path, char **out, wk_error *err) WK_MUST_USE;

/* Adds percent-encoded text (RFC 3986 unreserved kept) to `b`. */
wk_code wki_url_encode(wki_buf *b, const char *text, wk_error *err) WK_MUST_USE;

/* Adds "name=value" to an application/x-www-form-urlencoded body or a query, '&' where needed. */
wk_code wki_form_add(wki_buf *b, const char *name, const char *value, wk_error *err) WK_MUST_USE;

/* The URL for a log: user information and the values of query parameters are replaced, as they may
 * hold secrets and patient ids. `out` is always terminated. */
void wki_url_redact(char *out, size_t size, const char *url);

#ifdef __cplusplus
}
#endif

#endif
