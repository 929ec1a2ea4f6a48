/*
 * FHIR dates and times of any precision, and what a search by date says of them: pure.
 */
#ifndef WADOKIT_FHIR_FHIR_DATE_H
#define WADOKIT_FHIR_FHIR_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a date covers: from <= time < to, in seconds since 1970; of UTC where `zoned`, else of the
 * place, wherever that is. */
typedef struct wki_fhir_span {
    int64_t from, to;
    bool zoned;
} wki_fhir_span;

/* "2024", "2024-05", "2024-05-01", "2024-05-01T10:00[:00[.000]][Z|+02:00]"; false for others. */
bool wki_fhir_span_read(const char *text, size_t n, wki_fhir_span *out);

/* Whether no time of `value` can be what `asked` ("ge2024", "2024-05", "lt2024-05-01T10:00Z") asks
 * for. Where only one of them says its time zone, the other may be of any. False for what cannot be
 * read, and for "ne" and "ap". */
bool wki_fhir_date_contradicts(const char *asked, const char *value);

#ifdef __cplusplus
}
#endif

#endif
