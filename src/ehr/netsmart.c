#include "ehr/netsmart.h"

#include <wadokit/limits.h>

#include "core/text.h"
#include "http/url.h"

const char *wki_netsmart_base(bool preview)
{
    return preview ? "https://fhirtest.netsmartcloud.com/v4" : "https://fhir.netsmartcloud.com/v4";
}

wk_code wki_netsmart_url(const char *base, const char *patient, char **out, wk_error *err)
{
    wki_buf path;
    wk_code rc;

    wki_buf_init(&path, WK_MAX_URL_BYTES, "URL");
    rc = wki_str_ends(base, "/PatientImage") ? WK_OK : wki_buf_addf(&path, err, "PatientImage/");
    if (rc == WK_OK)
        rc = wki_url_encode(&path, patient, err);
    if (rc == WK_OK)
        rc = wki_url_append(base, wki_buf_text(&path), out, err);
    wki_buf_clear(&path);
    return rc;
}
