/* Bundles and ImagingStudy resources of any shape. */
#include <stdlib.h>

#include "fhir/bundle.h"
#include "fhir/imaging_study.h"
#include "fuzz.h"
#include "json/json.h"

static void read_references(const wki_fhir_scope *scope, const wki_json *references)
{
    for (const wki_json *r = wki_json_first(references); r; r = wki_json_next(references, r)) {
        const char *reference = wki_json_str(r, "reference");
        char *url = NULL;
        const char *how = NULL;

        if (!reference)
            continue;
        wki_fhir_find(scope, reference, &how);
        if (wki_fhir_reference_url(scope, reference, &url, NULL) == WK_OK)
            free(url);
    }
}

static void read_study(const wki_json *bundle, const wki_json *resource, const char *full_url)
{
    wki_fhir_scope scope = {
        .resource = resource, .bundle = bundle, .base = "https://fhir.example/r4"};
    wki_imaging_study study;
    wk_error err = {0};

    if (wki_imaging_study_read(resource, full_url, &study, &err) != WK_OK)
        return;
    read_references(&scope, study.endpoints);
    for (size_t i = 0; i < study.n_listed; i++)
        read_references(&scope, study.series[i].endpoints);
    wki_imaging_study_is_complete(&study);
    wki_imaging_study_clear(&study);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wki_json *doc = NULL;
    const wki_json *at = NULL;
    wki_bundle_entry entry;
    wk_error err = {0};

    if (wki_json_parse((const char *)data, size, "input", &doc, &err) != WK_OK)
        return 0;
    read_study(NULL, doc, NULL);
    while (wki_bundle_next_entry(doc, &at, &entry))
        read_study(doc, entry.resource, entry.full_url);
    wki_bundle_link(doc, "next");
    wki_json_free(doc);
    return 0;
}
