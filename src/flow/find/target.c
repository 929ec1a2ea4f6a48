#include "flow/find/target.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/uid.h"
#include "fhir/bundle.h"
#include "http/url.h"

/* A number alone is a valid UID, but far more often a file name. */
static bool read_uids(const char *text, char uids[3][WK_UID_SIZE])
{
    size_t n = 0;

    for (const char *p = text; n < 3; n++) {
        size_t length = strcspn(p, "/");

        if (length == 0 || length >= WK_UID_SIZE)
            return false;
        memcpy(uids[n], p, length);
        uids[n][length] = '\0';
        if (!wki_uid_is_valid(uids[n]) || !strchr(uids[n], '.'))
            return false;
        if (!p[length])
            return true;
        p += length + 1;
    }
    return false;
}

bool wki_target_is_uid(const char *text)
{
    char uids[3][WK_UID_SIZE] = {"", "", ""};

    return read_uids(text, uids);
}

static wk_code read_uid_target(const char uids[3][WK_UID_SIZE], const char *dicomweb,
                               wki_target *out, wk_error *err)
{
    wk_code rc = wki_dicomweb_url_parse(dicomweb, &out->web, err);

    if (rc != WK_OK)
        return rc;
    out->kind = WKI_TARGET_UID;
    memcpy(out->web.study, uids[0], WK_UID_SIZE);
    memcpy(out->web.series, uids[1], WK_UID_SIZE);
    memcpy(out->web.sop, uids[2], WK_UID_SIZE);
    return WK_OK;
}

static bool has_studies(const char *url)
{
    size_t n = strcspn(url, "?#");
    const char *p = strstr(url, "/studies");

    return p && p < url + n && (p[8] == '/' || p + 8 == url + n);
}

static wk_code read_dicomweb(const char *url, wki_target *out, wk_error *err)
{
    wk_code rc = wki_dicomweb_url_parse(url, &out->web, err);

    if (rc == WK_NOMEM)
        return rc;
    if (rc != WK_OK) {
        if (err)
            err->code = WK_USAGE;
        return WK_USAGE;
    }
    out->kind = WKI_TARGET_DICOMWEB;
    if (!out->web.study[0])
        return wk_fail(err, WK_USAGE, "this URL names no study: 'wadokit search' finds some");
    if (out->web.rest[0])
        return wk_fail(err, WK_USAGE,
                       "a study, a series, an instance or one frame can be a "
                       "target, not '%.60s' of it",
                       out->web.rest);
    return WK_OK;
}

static wk_code read_url(const char *text, wki_target *out, wk_error *err)
{
    char *base;
    wk_code rc = wki_url_check(text, err);

    if (rc != WK_OK)
        return rc;
    base = wki_fhir_base_of(text, "ImagingStudy");
    if (base) {
        free(base);
        out->kind = WKI_TARGET_FHIR;
        return WK_OK;
    }
    if (has_studies(text))
        return read_dicomweb(text, out, err);
    out->kind = WKI_TARGET_URL;
    return WK_OK;
}

wk_code wki_target_read(const char *text, const char *dicomweb, wki_target *out, wk_error *err)
{
    char uids[3][WK_UID_SIZE] = {"", "", ""};
    wki_target t;
    wk_code rc = WK_OK;

    memset(&t, 0, sizeof t);
    t.kind = WKI_TARGET_LOCAL;
    if (strcmp(text, "-") == 0)
        t.kind = WKI_TARGET_STDIN;
    else if (wki_str_istarts(text, "http://") || wki_str_istarts(text, "https://"))
        rc = read_url(text, &t, err);
    else if (strspn(text, "abcdefghijklmnopqrstuvwxyz") > 1 &&
             wki_str_starts(text + strspn(text, "abcdefghijklmnopqrstuvwxyz"), "://"))
        rc = wk_fail(err, WK_USAGE, "only http and https URLs can be a target");
    else if (dicomweb && read_uids(text, uids))
        rc = read_uid_target((const char(*)[WK_UID_SIZE])uids, dicomweb, &t, err);
    if (rc != WK_OK)
        wki_target_clear(&t);
    else
        *out = t;
    return rc;
}

void wki_target_clear(wki_target *target)
{
    wki_dicomweb_url_clear(&target->web);
}
