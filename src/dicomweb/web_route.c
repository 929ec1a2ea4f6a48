#include "dicomweb/web_route.h"

#include <string.h>

#include "core/text.h"
#include "core/uid.h"

/* --- paths --- */

/* Takes "/word" off the front, where the component is that word. */
static bool take_word(const char **at, const char *word)
{
    size_t n = strlen(word);

    if (**at != '/' || strncmp(*at + 1, word, n) != 0 || ((*at)[n + 1] && (*at)[n + 1] != '/'))
        return false;
    *at += n + 1;
    return true;
}

static bool take_uid(const char **at, char out[WK_UID_SIZE])
{
    size_t n;

    if (**at != '/')
        return false;
    n = strcspn(*at + 1, "/");
    if (n == 0 || n >= WK_UID_SIZE)
        return false;
    memcpy(out, *at + 1, n);
    out[n] = '\0';
    if (!wki_uid_is_valid(out)) {
        out[0] = '\0';
        return false;
    }
    *at += n + 1;
    return true;
}

static bool at_end(const char *at)
{
    return *at == '\0' || strcmp(at, "/") == 0;
}

/* "1" or "1,2,3": whole numbers from 1. */
static bool take_frames(const char **at, char *out, size_t size)
{
    size_t n = **at == '/' ? strcspn(*at + 1, "/") : 0;
    const char *list = out;
    uint32_t frame;

    if (n == 0 || n >= size)
        return false;
    memcpy(out, *at + 1, n);
    out[n] = '\0';
    while (*list) {
        if (!wki_web_route_frame(&list, &frame))
            return false;
    }
    if (out[n - 1] == ',')
        return false;
    *at += n + 1;
    return true;
}

bool wki_web_route_frame(const char **list, uint32_t *frame)
{
    uint32_t n = 0;
    const char *at = *list;

    while (*at >= '0' && *at <= '9' && n <= WK_MAX_FRAMES)
        n = n * 10 + (uint32_t)(*at++ - '0');
    if (at == *list || n == 0 || n > WK_MAX_FRAMES || (*at && *at != ','))
        return false;
    *frame = n;
    *list = at + (*at == ',');
    return true;
}

/* What may stand behind any of the three levels. */
static bool take_common(const char *at, wki_web_resource *out)
{
    static const struct {
        const char *word;
        wki_web_resource resource;
    } words[] = {{"metadata", WKI_WEB_METADATA},
                 {"rendered", WKI_WEB_RENDERED},
                 {"thumbnail", WKI_WEB_THUMBNAIL}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *rest = at;

        if (take_word(&rest, words[i].word) && at_end(rest)) {
            *out = words[i].resource;
            return true;
        }
    }
    if (!at_end(at))
        return false;
    *out = WKI_WEB_RETRIEVE;
    return true;
}

static bool parse_frames(const char *at, wki_web_route *r)
{
    r->resource = WKI_WEB_FRAMES;
    if (at_end(at))
        return true;
    if (!take_frames(&at, r->frames, sizeof r->frames))
        return false;
    if (at_end(at))
        return true;
    return take_common(at, &r->resource) && r->resource != WKI_WEB_METADATA &&
           r->resource != WKI_WEB_RETRIEVE;
}

static bool parse_instance(const char *at, wki_web_route *r)
{
    if (take_word(&at, "frames"))
        return parse_frames(at, r);
    if (take_word(&at, "bulkdata")) {
        r->resource = WKI_WEB_BULKDATA;
        return *at == '/' && wki_strcopy(r->bulk, sizeof r->bulk, at + 1);
    }
    return take_common(at, &r->resource);
}

/* Behind "/instances". */
static bool parse_instances(const char *at, wki_web_route *r)
{
    r->resource = WKI_WEB_INSTANCES;
    if (at_end(at))
        return true;
    return *r->series && take_uid(&at, r->sop) && parse_instance(at, r);
}

/* Behind "/series". */
static bool parse_series(const char *at, wki_web_route *r)
{
    r->resource = WKI_WEB_SERIES;
    if (at_end(at))
        return true;
    if (!*r->study || !take_uid(&at, r->series))
        return false;
    return take_word(&at, "instances") ? parse_instances(at, r) : take_common(at, &r->resource);
}

bool wki_web_route_parse(const char *path, wki_web_route *out)
{
    memset(out, 0, sizeof *out);
    if (take_word(&path, "series"))
        return parse_series(path, out);
    if (take_word(&path, "instances"))
        return parse_instances(path, out);
    if (!take_word(&path, "studies"))
        return false;
    out->resource = WKI_WEB_STUDIES;
    if (at_end(path))
        return true;
    if (!take_uid(&path, out->study))
        return false;
    if (take_word(&path, "series"))
        return parse_series(path, out);
    if (take_word(&path, "instances"))
        return parse_instances(path, out);
    return take_common(path, &out->resource);
}
