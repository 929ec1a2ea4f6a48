/*
 * Where a FHIR server's users log in: SMART App Launch 2.x discovery, with the extension of the
 * CapabilityStatement that older servers have instead.
 */
#ifndef WADOKIT_AUTH_SMART_H
#define WADOKIT_AUTH_SMART_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/error.h>
#include <wadokit/log.h>

#include "auth/exchange.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a server says of itself. Strings on the heap, NULL where it does not say; URLs are absolute
 * and checked: https (http on loopback only), and of no place that this server must not name.
 * Starts zeroed. */
typedef struct wki_smart_config {
    char *issuer;
    char *authorize_url;
    char *token_url;
    char *revocation_url;
    bool lists_pkce; /* it tells its code_challenge_methods, and S256 is (not) among them */
    bool pkce_s256;
    bool lists_methods; /* it tells how clients may prove themselves at the token endpoint */
    bool method_post;
    bool method_basic;
    bool method_jwt;
    bool imaging_access; /* capability smart-imaging-access, here or of an associated endpoint */
    bool launch_ehr, launch_standalone; /* capabilities */
    char **origins; /* n_origins of associated endpoints: the same token is good there */
    size_t n_origins;
} wki_smart_config;

void wki_smart_config_clear(wki_smart_config *config);

/* Reads {fhir}/.well-known/smart-configuration: `n` bytes of JSON. WK_DATA where it is none or has
 * no token_endpoint, WK_REFUSED for a URL that must not be used. */
wk_code wki_smart_config_read(const char *fhir, const char *json, size_t n, const wk_log *log,
                              wki_smart_config *out, wk_error *err) WK_MUST_USE;

/* Reads the oauth-uris extension of a CapabilityStatement. WK_NOT_FOUND where it has none. */
wk_code wki_smart_capability_read(const char *fhir, const char *json, size_t n,
                                  wki_smart_config *out, wk_error *err) WK_MUST_USE;

/* Asks the server at the FHIR base `fhir`: first the one, then the other. WK_NOT_FOUND where
 * neither answers with what is needed. */
wk_code wki_smart_discover(const wki_exchange *exchange, const char *fhir, const wk_log *log,
                           wki_smart_config *out, wk_error *err) WK_MUST_USE;

/* Refuses (WK_REFUSED) a URL that must not see a secret: anything but https, http on loopback
 * apart. `what` names it ("token-url"). */
wk_code wki_login_url_check(const char *url, const char *what, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
