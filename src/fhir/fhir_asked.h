/*
 * What a FHIR search asked for, and whether an ImagingStudy of the answer is that. Servers drop
 * parameters that they do not know (search is lenient by default: FHIR R4, search.html, section
 * "Handling Errors"), and list other people's studies then.
 */
#ifndef WADOKIT_FHIR_FHIR_ASKED_H
#define WADOKIT_FHIR_FHIR_ASKED_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/error.h>

#include "fhir/bundle.h"
#include "fhir/imaging_study.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_FHIR_PARAM_SIZE = 64
};

/* One parameter, decoded. dropped: the server says that it paid no attention to it. */
typedef struct wki_fhir_param {
    char name[WKI_FHIR_PARAM_SIZE];
    char value[1024];
    bool dropped;
} wki_fhir_param;

/* n params; id: that of a read (".../ImagingStudy/ID"), "" for a search; system: that of the
 * patient's identifier, once a study of the answer has shown it. Clear with
 * wki_fhir_asked_clear(). */
typedef struct wki_fhir_asked {
    wki_fhir_param *params;
    size_t n;
    char id[128];
    char system[256];
} wki_fhir_asked;

/* Reads a form or a query ("patient=1&modality=CT"); parameters that are not compared here are left
 * out. */
wk_code wki_fhir_asked_form(const char *form, wki_fhir_asked *out, wk_error *err) WK_MUST_USE;

/* The same of a URL ".../ImagingStudy?...", ".../ImagingStudy/ID" or
 * ".../Patient/ID/ImagingStudy". */
wk_code wki_fhir_asked_url(const char *url, wki_fhir_asked *out, wk_error *err) WK_MUST_USE;
void wki_fhir_asked_clear(wki_fhir_asked *asked);

/* Marks what the link "self" of the first page does not repeat (search.html: it tells which
 * parameters were used). Names of the first such go to `names`, "" where there is none. A link
 * without parameters tells nothing. */
void wki_fhir_asked_self(wki_fhir_asked *asked, const char *self, char *names, size_t size);

/* A study of an answer, before any of them is judged: where it has the patient's identifier that
 * was asked for, others in the same system are other patients. */
void wki_fhir_asked_learn(wki_fhir_asked *asked, const wki_imaging_study *study);

typedef enum wki_fhir_match {
    WKI_FHIR_MATCHES,     /* nothing in the study is against it */
    WKI_FHIR_CONTRADICTS, /* something in it is */
    WKI_FHIR_UNPROVEN,    /* it does not say whose it is, and the server dropped that parameter */
} wki_fhir_match;

/*
 * Whether the study is what was asked for; `name` gets the parameter where it is not: patient or
 * subject (a reference, an identifier, chained or not), identifier (UID, accession number),
 * modality, started, status, series, _id. What the study does not say is no contradiction. `scope`
 * is where the patient may be looked up.
 */
wki_fhir_match wki_fhir_asked_match(const wki_fhir_asked *asked, const wki_imaging_study *study,
                                    const wki_fhir_scope *scope, char name[WKI_FHIR_PARAM_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
