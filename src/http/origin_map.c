#include "http/origin_map.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "http/url.h"

/* Where TO begins; NULL where there is none. A path of FROM may have a '=' of its own. */
static const char *to_of(const char *map)
{
    for (const char *p = strchr(map, '='); p; p = strchr(p + 1, '=')) {
        if (wki_str_istarts(p + 1, "http://") || wki_str_istarts(p + 1, "https://"))
            return p + 1;
    }
    return NULL;
}

/* Normalised, without slashes at its end. */
static wk_code read_side(const char *text, size_t n, char **out, wk_error *err)
{
    char *copy = wki_strfmt("%.*s", (int)n, text), *url = NULL;
    wk_code rc = copy ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc == WK_OK)
        rc = wki_url_normalize(copy, &url, err);
    free(copy);
    if (rc != WK_OK)
        return rc;
    n = strlen(url);
    while (url[n - 1] == '/')
        url[--n] = '\0';
    *out = url;
    return WK_OK;
}

static wk_code read_map(const char *map, char **from, char **to, wk_error *err)
{
    const char *split = to_of(map);
    wk_code rc;

    if (!split)
        return wk_fail(err, WK_USAGE, "'%s' is not FROM=TO, two URLs", map);
    rc = read_side(map, (size_t)(split - 1 - map), from, err);
    if (rc == WK_OK)
        rc = read_side(split, strlen(split), to, err);
    if (rc == WK_OK && (strchr(*from, '?') || strchr(*to, '?')))
        rc = wk_fail(err, WK_USAGE, "'%s' has a query", map);
    return rc;
}

wk_code wki_origin_map_check(const char *map, wk_error *err)
{
    char *from = NULL, *to = NULL;
    wk_error own = {0};
    wk_code rc = read_map(map, &from, &to, &own);

    free(from);
    free(to);
    return rc == WK_OK || rc == WK_NOMEM ? rc : wk_fail(err, WK_USAGE, "%s", own.message);
}

/* What of `url` is behind `from`; NULL where it does not begin with it. */
static const char *rest_of(const char *url, const char *from)
{
    const char *rest = url + strlen(from);

    if (!wki_str_starts(url, from))
        return NULL;
    return *rest == '/' || *rest == '?' || *rest == '\0' ? rest : NULL;
}

wk_code wki_origin_map(const char *const *maps, size_t n, const char *url, char **out,
                       wk_error *err)
{
    char *normal = NULL, *mapped = NULL;
    wk_code rc = wki_url_normalize(url, &normal, err);

    for (size_t i = 0; rc == WK_OK && !mapped && i < n; i++) {
        char *from = NULL, *to = NULL;
        const char *rest;

        rc = read_map(maps[i], &from, &to, err);
        rest = rc == WK_OK ? rest_of(normal, from) : NULL;
        if (rest) {
            mapped = wki_strfmt("%s%s%s", to, *rest == '/' ? "" : "/", rest);
            rc = mapped ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
        }
        free(from);
        free(to);
    }
    if (rc == WK_OK) {
        *out = mapped ? mapped : normal;
        normal = mapped ? normal : NULL;
    }
    free(normal);
    return rc;
}
