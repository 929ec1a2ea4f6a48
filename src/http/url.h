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

/* What a host given as a literal address (or one of the few names with a fixed meaning) is. Other
 * names are OTHER: what they resolve to is looked at when a connection is made. */
typedef enum wki_host_class {
    WKI_HOST_OTHER,
    WKI_HOST_LOOPBACK, /* 127.0.0.0/8, ::1, localhost, *.localhost */
    WKI_HOST_LOCAL,    /* link-local, metadata services, unspecified, multicast, broadcast */
} wki_host_class;
wki_host_class wki_url_host_class(const char *url);

/* The same for an address: n is 4 (IPv4) or 16 (IPv6; mapped and translated IPv4 is seen). */
wki_host_class wki_address_class(const void *address, size_t n);

/* The URL as it is sent: checked as by wki_url_check(), scheme and host in lower case, default port
 * and fragment gone, dot segments removed, and what RFC 3986 does not allow in a path or query
 * ('|', '"', bytes above 127 ...) percent-encoded. On the heap. */
wk_code wki_url_normalize(const char *url, char **out, wk_error *err) WK_MUST_USE;

/* Takes user information out of a URL: "https://u:p@host/x" gives "https://host/x", and `user` and
 * `password` percent-decoded ("" where there is none). All three on the heap; *user and *password
 * are NULL where the URL has no user information. WK_USAGE where it is no http(s) URL. */
wk_code wki_url_take_userinfo(const char *url, char **out, char **user, char **password,
                              wk_error *err) WK_MUST_USE;

/* `reference` (absolute, "/path", "path", "?query", "//host/path") against `base` by RFC 3986
 * section 5.2, on the heap, without a fragment. WK_REFUSED where either is not what
 * wki_url_check() lets pass; unfilled "{{" are let pass here. */
wk_code wki_url_resolve(const char *base, const char *reference, char **out,
                        wk_error *err) WK_MUST_USE;

/* base without trailing slashes + "/" + path (which may have a query), query of `base` kept
 * behind; leading slashes of `path` are dropped. On the heap. */
wk_code wki_url_append(const char *base, const char *path, char **out, wk_error *err) WK_MUST_USE;

/* `url` with those of the parameters in `form` (a query, or an application/x-www-form-urlencoded
 * body) behind its own whose names it has not. On the heap. */
wk_code wki_url_carry(const char *url, const char *form, size_t n, char **out,
                      wk_error *err) WK_MUST_USE;

/* Adds percent-encoded text (RFC 3986 unreserved kept) to `b`. */
wk_code wki_url_encode(wki_buf *b, const char *text, wk_error *err) WK_MUST_USE;

/* Adds "name=value" to an application/x-www-form-urlencoded body or a query, '&' where needed. */
wk_code wki_form_add(wki_buf *b, const char *name, const char *value, wk_error *err) WK_MUST_USE;

/* The same for a query only, and what stands for itself there (RFC 3986 section 3.4: '*', '?', ','
 * and others) is left as it is: some servers take values as they stand, without decoding. */
wk_code wki_query_add(wki_buf *b, const char *name, const char *value, wk_error *err) WK_MUST_USE;

/* Takes the next "name=value" of a query or a form apart, percent-decoded; false at its end. What does not
 * fit, or has a NUL, is passed over. *query moves behind it. */
bool wki_query_next(const char **query, char *name, size_t name_size, char *value,
                        size_t value_size);

/* Percent-decodes `n` bytes; false (out "") where it does not fit or has a NUL. `plus` makes '+' a
 * blank. */
bool wki_url_decode(char *out, size_t size, const char *text, size_t n, bool plus);

/* The URL for a log: user information and the values of query parameters are replaced, as they may
 * hold secrets and patient ids. `out` is always terminated. */
void wki_url_redact(char *out, size_t size, const char *url);

#ifdef __cplusplus
}
#endif

#endif
