#include "http/origin.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "http/url.h"

static bool is_https(const char *url)
{
    return wki_str_istarts(url, "https://");
}

bool wki_origin_may_see(const char *const *origins, size_t n, const char *url, char *reason,
                        size_t size)
{
    char *origin = NULL;
    bool sent = false;
    size_t i = 0;

    if (wki_url_origin(url, &origin, NULL) != WK_OK) {
        snprintf(reason, size, "not sent: not a URL of http or https");
        return false;
    }
    while (i < n && !wki_url_same_origin(origins[i], origin))
        i++;
    if (i == n && n == 0)
        snprintf(reason, size, "not sent: no server is configured");
    else if (i == n)
        snprintf(reason, size,
                 "not sent: %s is not the configured origin %s; add it to allow-origin", origin,
                 origins[0]);
    else if (!is_https(origin) && !wki_url_is_loopback(origin))
        snprintf(reason, size, "not sent: http is not encrypted");
    else
        sent = true;
    if (sent)
        snprintf(reason, size, "sent: %s is %s", origin,
                 i == 0 ? "the configured server" : "an allowed origin");
    free(origin);
    return sent;
}

bool wki_origin_may_reach(const char *from, const char *to, char *reason, size_t size)
{
    wki_host_class target = wki_url_host_class(to);
    const char *why = NULL;

    if (target == WKI_HOST_LOCAL)
        why = "a link-local or metadata address";
    else if (target == WKI_HOST_LOOPBACK && from && !wki_url_is_loopback(from))
        why = "an address of this machine";
    if (why)
        snprintf(reason, size, "%s", why);
    return !why;
}

bool wki_origin_may_name(const char *from, const char *to, char *reason, size_t size)
{
    bool from_plain = !is_https(from) && !wki_url_is_loopback(from);

    if (!wki_origin_may_reach(from, to, reason, size))
        return false;
    if (is_https(to) || from_plain || (wki_url_is_loopback(from) && wki_url_is_loopback(to)))
        return true;
    snprintf(reason, size, "unencrypted http");
    return false;
}
