#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "dicomweb/dicom_json.h"
#include "flow/get/resource.h"
#include "http/url.h"
#include "json/json_stream.h"

enum {
    PIECE = 65536,
    MAX_PLACE = 100 /* characters of "00540410.2.00189999", as part of a file's name */
};

/* found: BulkDataURIs so far; instance: data sets so far; sop, series: of the one at hand. */
typedef struct follower {
    wki_retriever *retriever;
    const wki_resource *of;
    const char *url;
    uint64_t found, instance;
    char series[WK_UID_SIZE], sop[WK_UID_SIZE];
} follower;

/* --- one address --- */

/* Names come from checked UIDs, tags and counters only. */
static char *stem_of(const follower *f, const char *place)
{
    const wki_resource *s = f->of;
    char counted[MAX_PLACE + 64];

    if (!f->sop[0])
        snprintf(counted, sizeof counted, "%llu-%s", (unsigned long long)f->instance, place);
    return wki_strfmt("%s%s%s%s%s-bulkdata-%s", s->study, f->series[0] ? "/" : "", f->series,
                      f->sop[0] ? "/" : "", f->sop, f->sop[0] ? place : counted);
}

static wk_code follow(follower *f, const char *uri, const char *place, wk_error *err)
{
    wki_resource next = {.kind = WKI_RESOURCE_BULKDATA};
    char shown[256];
    wk_error bad = {0};
    wk_code rc;

    if (++f->found > WK_MAX_BULK_URIS)
        return wk_fail(err, WK_LIMIT, "more than %d BulkDataURIs", WK_MAX_BULK_URIS);
    memcpy(next.study, f->of->study, WK_UID_SIZE);
    memcpy(next.series, f->series, WK_UID_SIZE);
    memcpy(next.sop, f->sop, WK_UID_SIZE);
    rc = wki_url_resolve(f->url, uri, &next.url, &bad);
    if (rc == WK_OK)
        rc = wki_url_check(next.url, &bad);
    if (rc != WK_OK && rc != WK_NOMEM) {
        wki_url_redact(shown, sizeof shown, uri);
        wk_fail_add(&bad, "BulkDataURI of %s, \"%.120s\": ", place, shown);
        bad.code = WK_REFUSED;
        wki_resource_refused(f->retriever, &next, &bad);
        wki_resource_clear(&next);
        return WK_OK;
    }
    next.stem = stem_of(f, place);
    next.named_by = wki_strdup(f->url);
    if (rc != WK_OK || !next.stem || !next.named_by) {
        wki_resource_clear(&next);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    return wki_resource_get(f->retriever, &next, err);
}

/* --- one data set --- */

/* Nested no deeper than the parser lets anything be. */
static wk_code look_into(follower *f, const wki_json *set, const char *above, wk_error *err)
{
    wk_code rc = WK_OK;

    for (const wki_json *e = wki_json_member_first(set); e && rc == WK_OK;
         e = wki_json_member_next(e)) {
        const char *name = wki_json_name(e), *uri = wki_json_str(e, "BulkDataURI");
        const wki_json *items = wki_json_get(e, "Value");
        char place[MAX_PLACE + 24];
        unsigned long long n = 0;

        if (!name || !wki_dicom_json_is_tag(name))
            continue;
        /* Where the nesting is too deep for a name, a counter tells them apart. */
        if (strlen(above) + 9 > MAX_PLACE)
            snprintf(place, sizeof place, "nested-%llu", (unsigned long long)f->found + 1);
        else
            snprintf(place, sizeof place, "%s%s", above, name);
        if (uri)
            rc = follow(f, uri, place, err);
        for (const wki_json *i = wki_json_first(items); i && rc == WK_OK;
             i = wki_json_next(items, i)) {
            char below[MAX_PLACE + 48];

            snprintf(below, sizeof below, "%s.%llu.", place, ++n);
            if (wki_json_is_object(i))
                rc = look_into(f, i, below, err);
        }
    }
    return rc;
}

static wk_code on_instance(void *user, const wki_json *set, wk_error *err)
{
    follower *f = user;

    f->instance++;
    memcpy(f->series, f->of->series, WK_UID_SIZE);
    memcpy(f->sop, f->of->sop, WK_UID_SIZE);
    if (!f->series[0])
        (void)wki_dicom_json_uid(f->series, set, 0x0020000e);
    if (!f->sop[0] && f->series[0])
        (void)wki_dicom_json_uid(f->sop, set, 0x00080018);
    return look_into(f, set, "", err);
}

/* --- the metadata --- */

static wk_code read_file(int fd, wki_json_stream *stream, wk_error *err)
{
    char *piece = malloc(PIECE);
    wk_code rc = piece ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
    ssize_t n = 1;

    while (rc == WK_OK && n > 0) {
        do
            n = read(fd, piece, PIECE);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            rc = wk_fail_errno(err, WK_IO, errno, "cannot read the metadata again");
        else
            rc = wki_json_stream_feed(stream, piece, (size_t)n, err);
    }
    free(piece);
    return rc == WK_OK ? wki_json_stream_finish(stream, err) : rc;
}

wk_code wki_resource_follow(wki_retriever *r, const wki_resource *of, int fd, const char *url,
                            wk_error *err)
{
    follower f = {.retriever = r, .of = of, .url = url};
    wki_json_stream *stream = NULL;
    wk_error bad = {0};
    wk_code rc =
        wki_json_stream_new("metadata", WK_MAX_JSON_ITEM_BYTES, on_instance, &f, &stream, &bad);

    if (rc == WK_OK)
        rc = read_file(fd, stream, &bad);
    wki_json_stream_free(stream);
    if (rc == WK_LIMIT || (rc == WK_DATA && r->fatal.code == WK_OK)) {
        wki_resource_refused(r, of, &bad);
        return WK_OK;
    }
    return rc == WK_OK ? WK_OK : wk_fail_from(err, rc, &bad);
}
