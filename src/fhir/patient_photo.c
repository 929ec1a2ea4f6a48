#include "fhir/patient_photo.h"

#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/data_url.h"
#include "core/text.h"
#include "fhir/fhir_value.h"
#include "http/url.h"

void wki_patient_photos_free(wki_patient_photo *photos, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(photos[i].url);
    free(photos);
}

static wk_code check_resource(const wki_json *resource, wk_error *err)
{
    const char *type = wki_fhir_type(resource);
    char words[256];

    if (wki_fhir_outcome(words, sizeof words, resource))
        return wk_fail(err, WK_DATA, "%s", words);
    if (!type)
        return wk_fail(err, WK_DATA, "no FHIR resource");
    return WK_OK;
}

static wk_code read_one(const wki_json *attachment, const char *base, wki_patient_photo *out,
                        wk_error *err)
{
    const char *data = wki_json_str(attachment, "data"), *url = wki_json_str(attachment, "url");
    char *slashed;
    wk_code rc;

    out->size = -1;
    (void)wki_json_int(attachment, "size", &out->size);
    out->hash = wki_json_str(attachment, "hash");
    if (data || (url && wki_data_url_is(url))) {
        out->data = data ? data : url;
        return WK_OK;
    }
    if (!url)
        return WK_OK;
    /* A reference stands on the base as if it ended in a slash. */
    slashed = wki_strfmt("%s%s", base, wki_str_ends(base, "/") ? "" : "/");
    if (!slashed)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = wki_url_resolve(slashed, url, &out->url, err);
    free(slashed);
    if (rc != WK_OK)
        wk_fail_add(err, "photo: ");
    return rc;
}

wk_code wki_patient_photos(const wki_json *resource, const char *base, wki_patient_photo **out,
                           size_t *n, wk_error *err)
{
    const wki_json *photo = wki_json_get(resource, "photo");
    wki_patient_photo *found = NULL;
    size_t count = 0, kept = 0;
    wk_code rc = check_resource(resource, err);

    if (rc != WK_OK)
        return rc;
    for (const wki_json *e = wki_json_first(photo); e; e = wki_json_next(photo, e))
        count++;
    if (count > WK_MAX_PHOTOS)
        return wk_fail(err, WK_LIMIT, "more than %d photos", WK_MAX_PHOTOS);
    found = calloc(count + 1, sizeof *found);
    if (!found)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (const wki_json *e = wki_json_first(photo); e && rc == WK_OK; e = wki_json_next(photo, e)) {
        rc = read_one(e, base, &found[kept], err);
        kept += found[kept].data || found[kept].url;
    }
    if (rc != WK_OK) {
        wki_patient_photos_free(found, kept);
        return rc;
    }
    *out = found;
    *n = kept;
    return WK_OK;
}
