/*
 * FHIR ImagingStudy (R4, R4B, R5, and mixes of them) as one shape.
 */
#ifndef WADOKIT_FHIR_IMAGING_STUDY_H
#define WADOKIT_FHIR_IMAGING_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/plan.h>

#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * hint        uid ("" where there is no valid one), modality, description, instances as listed
 * number      Series Number, -1 unknown
 * body_site, performer   words, NULL unknown: shown, never interpreted
 * endpoints   ImagingStudy.series.endpoint: References
 */
typedef struct wki_study_series {
    wk_series_hint hint;
    int64_t number;
    const char *body_site;
    const char *performer;
    const wki_json *endpoints;
} wki_study_series;

/*
 * Pointers are borrowed from the resource's document, except `series` and what is in its hints.
 *
 * uid          Study Instance UID, "" where the resource names none
 * id           ImagingStudy.id, NULL where missing
 * patient      a reference ("Patient/1"), else an identifier, else a display; NULL unknown
 * patient_name the display of the subject
 * n_series, n_instances   as the resource says, -1 unknown: hints, never a proof
 * modalities   iterate with wki_json_first(), each by wki_fhir_code()
 * endpoints    ImagingStudy.endpoint: References
 */
typedef struct wki_imaging_study {
    char uid[WK_UID_SIZE];
    const char *id;
    const char *status;
    const char *patient;
    const char *patient_name;
    const char *started;
    const char *description;
    const char *accession;
    const char *note;
    int64_t n_series, n_instances;
    const wki_json *modalities;
    const wki_json *endpoints;
    wki_study_series *series;
    size_t n_listed;
    const wki_json *resource;
} wki_imaging_study;

/* Reads a resource; `full_url` is that of its Bundle entry (NULL where there is none), used only as
 * the last source of the UID. Fails only where memory is out. */
wk_code wki_imaging_study_read(const wki_json *resource, const char *full_url,
                               wki_imaging_study *out, wk_error *err) WK_MUST_USE;
void wki_imaging_study_clear(wki_imaging_study *study);

/* Counts members that are of another type than a reader expects, and so are as good as absent. */
void wki_imaging_study_faults(const wki_json *resource, wki_json_faults *faults);

/* Whether `series` lists all series of the study, as far as the resource can tell. */
bool wki_imaging_study_is_complete(const wki_imaging_study *study);

#ifdef __cplusplus
}
#endif

#endif
