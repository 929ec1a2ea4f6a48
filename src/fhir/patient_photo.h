/*
 * Patient.photo: where a patient's pictures are (FHIR R4, R5: Attachment).
 */
#ifndef WADOKIT_FHIR_PATIENT_PHOTO_H
#define WADOKIT_FHIR_PATIENT_PHOTO_H

#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One of them. `data` is base64, or a data: URL, borrowed from the resource; where it is NULL,
 * `url` is what to fetch, absolute, on the heap. size: of its bytes, -1 where it is not said; hash:
 * their SHA-1 as base64, borrowed, NULL where it is not said. */
typedef struct wki_patient_photo {
    const char *data;
    char *url;
    int64_t size;
    const char *hash;
} wki_patient_photo;

/* Reads all photos of a resource that has `photo` (Patient, Practitioner, Person, RelatedPerson).
 * Relative addresses stand on `base`, the root of the FHIR server. Attachments that hold neither
 * data nor url are passed over. WK_DATA where the resource is none (words of an OperationOutcome
 * are the message). */
wk_code wki_patient_photos(const wki_json *resource, const char *base, wki_patient_photo **out,
                           size_t *n, wk_error *err) WK_MUST_USE;
void wki_patient_photos_free(wki_patient_photo *photos, size_t n);

#ifdef __cplusplus
}
#endif

#endif
