#include "flow/get/resource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "core/text.h"
#include "core/uid.h"
#include "dicomweb/dicomweb_url.h"

/* --- the text --- */

static bool is_what(const char *rest)
{
    static const char *const words[] = {"metadata", "rendered", "thumbnail",
                                        "bulkdata", "bulk",     "frames"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);

        if (strncmp(rest, words[i], n) == 0 && (rest[n] == '\0' || rest[n] == '/'))
            return true;
    }
    return false;
}

/* "UID/UID/WHAT?query" as an address below the root; NULL where it has not this form (or memory is
 * out: *no_memory). */
static char *address_of(const char *text, const char *dicomweb, bool *no_memory)
{
    static const char *const words[] = {"studies", "series", "instances"};
    wki_dicomweb_url base;
    char path[3 * WK_UID_SIZE + 64] = "", uid[WK_UID_SIZE];
    size_t level = 0, n = 0;
    wk_code rc;
    char *out;

    for (; level < 3; level++) {
        size_t length = strcspn(text, "/?#");

        if (!wki_uid_read(uid, text, length) || text[length] != '/' || !strchr(uid, '.'))
            break;
        n += (size_t)snprintf(path + n, sizeof path - n, "/%s/%s", words[level], uid);
        text += length + 1;
    }
    if (level == 0 || !is_what(text))
        return NULL;
    rc = wki_dicomweb_url_parse(dicomweb, &base, NULL);
    *no_memory = rc == WK_NOMEM;
    if (rc != WK_OK)
        return NULL;
    out = wki_strfmt("%s%s/%s", base.root, path, text);
    wki_dicomweb_url_clear(&base);
    *no_memory = !out;
    return out;
}

/* --- what is asked for --- */

static wk_code read_frames(const char **at, wki_resource *out, wk_error *err)
{
    const char *p = *at;

    out->frames = calloc(WKI_MAX_FRAME_LIST, sizeof *out->frames);
    if (!out->frames)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (;; p++) {
        uint64_t frame = 0;

        for (; *p >= '0' && *p <= '9' && frame <= WK_MAX_FRAMES; p++)
            frame = frame * 10 + (uint64_t)(*p - '0');
        if (frame == 0 || frame > WK_MAX_FRAMES || out->n_frames == WKI_MAX_FRAME_LIST)
            return wk_fail(err, WK_USAGE, "frames/: at most %d numbers from 1, divided by commas",
                           WKI_MAX_FRAME_LIST);
        out->frames[out->n_frames++] = (uint32_t)frame;
        if (wki_str_istarts(p, "%2C"))
            p += 2;
        else if (*p != ',')
            break;
    }
    *at = p;
    return WK_OK;
}

/* frames/LIST, frames/N/rendered, frames/N/thumbnail; `suffix` gets what the name gets. */
static wk_code read_frame_target(const char *rest, wki_resource *out, char *suffix, size_t size,
                                 wk_error *err)
{
    const char *at = rest;
    wk_code rc;

    out->kind = WKI_RESOURCE_FRAMES;
    rc = read_frames(&at, out, err);
    if (rc != WK_OK || *at == '\0')
        return rc;
    if (out->n_frames == 1 && strcmp(at, "/rendered") == 0)
        out->kind = WKI_RESOURCE_RENDERED;
    else if (out->n_frames == 1 && strcmp(at, "/thumbnail") == 0)
        out->kind = WKI_RESOURCE_THUMBNAIL;
    else
        return wk_fail(err, WK_USAGE, "'%.60s' is nothing that can be asked for", rest);
    snprintf(suffix, size, "-%u-%s", (unsigned)out->frames[0], at + 1);
    return WK_OK;
}

static wk_code read_what(const char *rest, wki_resource *out, char *suffix, size_t size,
                         wk_error *err)
{
    char name[200];

    snprintf(suffix, size, "-%.20s", rest);
    if (strcmp(rest, "metadata") == 0) {
        out->kind = WKI_RESOURCE_METADATA;
    } else if (strcmp(rest, "rendered") == 0) {
        out->kind = WKI_RESOURCE_RENDERED;
    } else if (strcmp(rest, "thumbnail") == 0) {
        out->kind = WKI_RESOURCE_THUMBNAIL;
    } else if (strcmp(rest, "bulkdata") == 0) {
        out->kind = WKI_RESOURCE_BULKDATA;
    } else if (wki_str_starts(rest, "bulkdata/") || wki_str_starts(rest, "bulk/")) {
        out->kind = WKI_RESOURCE_BULKDATA;
        wki_path_encode(name, sizeof name, strchr(rest, '/') + 1);
        snprintf(suffix, size, "-bulkdata-%s", name);
    } else if (wki_str_starts(rest, "frames/") && out->sop[0]) {
        suffix[0] = '\0';
        return read_frame_target(rest + strlen("frames/"), out, suffix, size, err);
    } else {
        return wk_fail(err, WK_USAGE, "'%.60s' is nothing that can be asked for here", rest);
    }
    return WK_OK;
}

static wk_code read_address(const char *url, wki_resource *out, bool *is, wk_error *err)
{
    wki_dicomweb_url web = {0};
    char suffix[256] = "", frame[32];
    const char *rest;
    wk_code rc = WK_OK;

    rc = wki_dicomweb_url_parse(url, &web, NULL);
    if (rc != WK_OK) /* what it is else says another */
        return rc == WK_NOMEM ? wk_fail(err, rc, "out of memory") : WK_OK;
    snprintf(frame, sizeof frame, "frames/%u", (unsigned)web.frame);
    rest = web.frame ? frame : web.rest;
    *is = web.study[0] && is_what(rest);
    if (*is) {
        memcpy(out->study, web.study, WK_UID_SIZE);
        memcpy(out->series, web.series, WK_UID_SIZE);
        memcpy(out->sop, web.sop, WK_UID_SIZE);
        rc = read_what(rest, out, suffix, sizeof suffix, err);
    }
    if (*is && rc == WK_OK) {
        out->url = wki_strdup(url);
        out->stem = wki_strfmt("%s%s%s%s%s%s", web.study, web.series[0] ? "/" : "", web.series,
                               web.sop[0] ? "/" : "", web.sop, suffix);
        if (!out->url || !out->stem)
            rc = wk_fail(err, WK_NOMEM, "out of memory");
    }
    wki_dicomweb_url_clear(&web);
    return rc;
}

wk_code wki_resource_read(const char *text, const char *dicomweb, wki_resource *out, bool *is,
                          wk_error *err)
{
    bool is_url = wki_str_istarts(text, "http://") || wki_str_istarts(text, "https://");
    bool no_memory = false;
    wki_resource found = {.kind = WKI_RESOURCE_METADATA};
    char *address = NULL;
    wk_code rc;

    *is = false;
    if (!is_url && dicomweb)
        address = address_of(text, dicomweb, &no_memory);
    if (no_memory)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (!is_url && !address)
        return WK_OK;
    rc = read_address(is_url ? text : address, &found, is, err);
    free(address);
    if (rc != WK_OK || !*is)
        wki_resource_clear(&found);
    else
        *out = found;
    return rc;
}

void wki_resource_clear(wki_resource *resource)
{
    free(resource->url);
    free(resource->stem);
    free(resource->frames);
    free(resource->named_by);
    memset(resource, 0, sizeof *resource);
}

const char *wki_resource_name(wki_resource_kind kind)
{
    static const char *const names[] = {"metadata", "rendered", "thumbnail", "frames", "bulkdata"};

    return names[kind];
}

/* --- what came --- */

/* JPEG-LS says so in its frame header, which may stand behind other segments. */
static bool is_jpegls(const unsigned char *p, size_t n)
{
    for (size_t at = 2; at + 4 <= n && p[at] == 0xFF;
         at += 2 + (size_t)(p[at + 2] << 8 | p[at + 3])) {
        if (p[at + 1] == 0xF7)
            return true;
        if (p[at + 1] >= 0xC0 && p[at + 1] <= 0xC3)
            return false;
    }
    return false;
}

const char *wki_resource_suffix(wki_resource_kind kind, const void *data, size_t n)
{
    static const struct {
        size_t at, n;
        const char *bytes, *suffix;
    } known[] = {
        {0, 8, "\x89PNG\r\n\x1a\n", ".png"},
        {0, 4, "GIF8", ".gif"},
        {0, 12, "\0\0\0\x0cjP  \r\n\x87\n", ".jp2"},
        {0, 12, "\0\0\0\x0cJXL \r\n\x87\n", ".jxl"},
        {0, 2, "\xff\x0a", ".jxl"},
        {0, 4, "\xff\x4f\xff\x51", ".j2k"},
        {0, 5, "%PDF-", ".pdf"},
        {8, 4, "WEBP", ".webp"},
        {4, 4, "ftyp", ".mp4"},
        {0, 4, "\0\0\1\xba", ".mpg"},
        {0, 4, "\0\0\1\xb3", ".mpg"},
        {0, 5, "<?xml", ".xml"},
    };
    const unsigned char *p = data;

    if (kind == WKI_RESOURCE_METADATA)
        return ".json";
    if (n >= 3 && memcmp(p, "\xff\xd8\xff", 3) == 0)
        return is_jpegls(p, n) ? ".jls" : ".jpg";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (n >= known[i].at + known[i].n &&
            memcmp(p + known[i].at, known[i].bytes, known[i].n) == 0)
            return known[i].suffix;
    }
    return kind == WKI_RESOURCE_FRAMES ? ".raw" : ".bin";
}
