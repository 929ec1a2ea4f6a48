/*
 * Who may see a credential, and where a server may send us: pure decisions with their reasons.
 */
#ifndef WADOKIT_HTTP_ORIGIN_H
#define WADOKIT_HTTP_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether credentials may go to `url`: its origin is one of `origins` (n of them, the first is the
 * configured server's), and it is https, or http on loopback. `reason` gets words for people:
 *   sent: https://a is the configured server
 *   sent: https://b is an allowed origin
 *   not sent: https://b is not the configured origin https://a; add it to allow-origin
 *   not sent: no server is configured
 *   not sent: http is not encrypted */
bool wki_origin_may_see(const char *const *origins, size_t n, const char *url, char *reason,
                        size_t size);

/* The first two of the rules below alone: what holds for an address in a resource too, where a
 * service on plain http may be meant (it gets no credentials). `from` NULL: not known, only the
 * first rule. */
bool wki_origin_may_reach(const char *from, const char *to, char *reason, size_t size);

/* Whether `to` may be requested because the server of `from` named it (redirect, Endpoint, link).
 * Refused are link-local and metadata addresses, loopback unless `from` is loopback, and plain
 * http named over https or loopback, which are private, unless both are loopback; `reason` says
 * which. Both are normalised URLs. */
bool wki_origin_may_name(const char *from, const char *to, char *reason, size_t size);

#ifdef __cplusplus
}
#endif

#endif
