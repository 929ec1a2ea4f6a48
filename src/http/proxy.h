/*
 * Which proxy a request goes through: as curl has it, so that what curl does is known here.
 */
#ifndef WADOKIT_HTTP_PROXY_H
#define WADOKIT_HTTP_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `named` (an option, NULL for none), else what the environment says: $http_proxy for http,
 * $https_proxy or $HTTPS_PROXY for https, $all_proxy or $ALL_PROXY for both; NULL for none. Names
 * of $no_proxy or $NO_PROXY go without, and so does this machine, unless a proxy on this machine
 * is named. Borrowed from `named` or the environment. */
const char *wki_proxy_for(const char *named, const char *url);

/* Whether a list as in $no_proxy ("*", names, which stand for all below them too, addresses and
 * blocks of addresses, divided by commas or blanks) has the host of `url`. */
bool wki_proxy_is_passed_by(const char *list, const char *url);

/* "http://host:port", without user and password. */
void wki_proxy_show(char *out, size_t size, const char *proxy);

/* Whether it has a user name. */
bool wki_proxy_has_login(const char *proxy);

#ifdef __cplusplus
}
#endif

#endif
