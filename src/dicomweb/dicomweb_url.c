#include "dicomweb/dicomweb_url.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/uid.h"

static char *copy(const char *from, const char *to)
{
    return wki_strfmt("%.*s", (int)(to - from), from);
}

/* The last "/studies" that is a whole segment of the path, NULL where there is none. */
static const char *find_studies(const char *path, const char *end)
{
    static const char word[] = "/studies";
    const size_t n = sizeof word - 1;
    const char *found = NULL;

    for (const char *p = path; (p = strstr(p, word)) && p + n <= end; p += n) {
        if (p + n == end || p[n] == '/')
            found = p;
    }
    return found;
}

/* Reads "/word/UID" at *at; false where the next segment is another. */
static bool read_level(const char **at, const char *end, const char *word, char uid[WK_UID_SIZE],
                       wk_error *err)
{
    size_t n = strlen(word);
    const char *p = *at, *stop;
    char shown[80];

    if (p == end || *p != '/' || (size_t)(end - p) < n + 1 || strncmp(p + 1, word, n) != 0)
        return false;
    p += 1 + n;
    if (p == end || (*p == '/' && p + 1 == end)) {
        *at = end; /* a list of them: nothing is named */
        return false;
    }
    if (*p != '/')
        return false;
    p++;
    stop = memchr(p, '/', (size_t)(end - p));
    if (!stop)
        stop = end;
    if (!wki_uid_read(uid, p, (size_t)(stop - p))) {
        wki_text_clean(shown, sizeof shown, p, (size_t)(stop - p));
        (void)wk_fail(err, WK_DATA, "'%s' after /%s/ in the address is not a UID", shown, word);
        return false;
    }
    *at = stop;
    return true;
}

static void read_frame(wki_dicomweb_url *out, const char **at, const char *end)
{
    static const char word[] = "/frames/";
    const size_t n = sizeof word - 1;
    const char *p = *at;
    uint64_t frame = 0;

    if ((size_t)(end - p) <= n || strncmp(p, word, n) != 0)
        return;
    for (p += n; p < end && *p >= '0' && *p <= '9' && frame <= WK_MAX_FRAMES; p++)
        frame = frame * 10 + (uint64_t)(*p - '0');
    if (p == end && frame > 0 && frame <= WK_MAX_FRAMES) {
        out->frame = (uint32_t)frame;
        *at = end;
    }
}

wk_code wki_dicomweb_url_parse(const char *url, wki_dicomweb_url *out, wk_error *err)
{
    size_t n_path = strcspn(url, "?#");
    const char *host = strstr(url, "://"), *end = url + n_path;
    const char *path, *studies, *at, *query = end + (*end == '?' ? strcspn(end, "#") : 0);
    wki_dicomweb_url u = {0};
    wk_error why = {0};

    if (!host || host > end)
        return wk_fail(err, WK_USAGE, "not an http(s) URL");
    path = host + 3 + strcspn(host + 3, "/?#");
    while (end > path && end[-1] == '/')
        end--;
    studies = find_studies(path, end);
    at = studies ? studies : end;
    if (studies && read_level(&at, end, "studies", u.study, &why) &&
        read_level(&at, end, "series", u.series, &why) &&
        read_level(&at, end, "instances", u.sop, &why))
        read_frame(&u, &at, end);
    if (why.code != WK_OK)
        return wk_fail_from(err, why.code, &why);
    if (studies) {
        u.rest = copy(*at == '/' ? at + 1 : at, end > at ? end : (*at == '/' ? at + 1 : at));
        end = studies;
    } else {
        u.rest = wki_strdup("");
    }
    while (end > path && end[-1] == '/')
        end--;
    u.root = copy(url, end);
    u.query = copy(url + n_path, query > url + n_path ? query : url + n_path);
    if (!u.root || !u.query || !u.rest) {
        wki_dicomweb_url_clear(&u);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    *out = u;
    return WK_OK;
}

wk_code wki_dicomweb_root(const char *url, char **out, wk_error *err)
{
    wki_dicomweb_url u = {0};
    wk_error why = {0};
    wk_code rc = wki_dicomweb_url_parse(url, &u, &why);

    if (rc == WK_DATA) {
        /* "studies" is a word of the root itself. */
        *out = wki_strdup(url);
        return *out ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
    }
    if (rc != WK_OK)
        return wk_fail_from(err, rc, &why);
    *out = wki_strfmt("%s%s", u.root, u.query);
    wki_dicomweb_url_clear(&u);
    return *out ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

void wki_dicomweb_url_clear(wki_dicomweb_url *url)
{
    free(url->root);
    free(url->query);
    free(url->rest);
    memset(url, 0, sizeof *url);
}

char *wki_dicomweb_url_build(const char *root, const char *study, const char *series,
                             const char *sop, uint32_t frame, const char *query)
{
    char path[3 * WK_UID_SIZE + 64] = "";
    size_t n = 0;
    const struct {
        const char *word, *uid;
    } levels[] = {{"studies", study}, {"series", series}, {"instances", sop}};

    for (size_t i = 0; i < 3 && levels[i].uid && levels[i].uid[0]; i++) {
        snprintf(path + n, sizeof path - n, "/%s/%s", levels[i].word, levels[i].uid);
        n += strlen(path + n);
    }
    if (frame > 0 && sop && sop[0])
        snprintf(path + n, sizeof path - n, "/frames/%u", (unsigned)frame);
    return wki_strfmt("%s%s%s", root, path, query ? query : "");
}
