/*
 * What a TARGET on the command line is, by its text alone.
 */
#ifndef WADOKIT_FLOW_FIND_TARGET_H
#define WADOKIT_FLOW_FIND_TARGET_H

#include <stdbool.h>

#include <wadokit/error.h>

#include "dicomweb/dicomweb_url.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_target_kind {
    WKI_TARGET_STDIN,    /* "-" */
    WKI_TARGET_LOCAL,    /* a path: file or directory */
    WKI_TARGET_FHIR,     /* .../ImagingStudy/ID, .../ImagingStudy?... */
    WKI_TARGET_DICOMWEB, /* .../studies/UID..., `web` says what of */
    WKI_TARGET_UID,      /* STUDY[/SERIES[/SOP]] below --dicomweb, `web` says what of */
    WKI_TARGET_URL,      /* another URL: JSON is expected there */
} wki_target_kind;

typedef struct wki_target {
    wki_target_kind kind;
    wki_dicomweb_url web;
} wki_target;

/* `dicomweb` is the service root for bare UIDs; NULL: UIDs are paths. With a root, a bare UID is
 * never a path ("./1.2.3" is). WK_USAGE, WK_REFUSED for URLs that cannot be a target. Clear with
 * wki_target_clear(). */
wk_code wki_target_read(const char *text, const char *dicomweb, wki_target *out,
                        wk_error *err) WK_MUST_USE;
void wki_target_clear(wki_target *target);

/* Whether the text has the form STUDY[/SERIES[/SOP]]. */
bool wki_target_is_uid(const char *text);

#ifdef __cplusplus
}
#endif

#endif
