/*
 * Where an instance goes below the output folder.
 *
 * The default is <StudyUID>/<SeriesUID>/<SOPUID>.dcm. A template has '/' between folders, literal
 * text, and {Name} or {Name:WIDTH} (a number filled with zeros, "{InstanceNumber:04}") for
 *   PatientID PatientName StudyDate StudyDescription AccessionNumber Modality SeriesDescription
 *   SeriesNumber InstanceNumber StudyInstanceUID SeriesInstanceUID SOPInstanceUID SOPClassUID
 *   TransferSyntaxUID
 * Values are percent-encoded (wki_path_encode), so that nothing a server sends makes a folder or
 * leaves the tree; an absent value is "_". ".dcm" is added where the template does not end so.
 */
#ifndef WADOKIT_STORE_LAYOUT_H
#define WADOKIT_STORE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/error.h>

#include "dicom/dicom_scan.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_layout wki_layout;

/* `pattern` NULL: the default. WK_USAGE where it has an unknown name, an open brace, an empty, "."
 * or ".." folder, one that begins with '-', starts with '/' or would write into ".wadokit". Free
 * with wki_layout_free(). */
wk_code wki_layout_new(const char *pattern, wki_layout **out, wk_error *err) WK_MUST_USE;
void wki_layout_free(wki_layout *layout);

/* Whether the path follows from the three UIDs alone. */
bool wki_layout_is_default(const wki_layout *layout);

/* The path below the output folder without ".dcm", and without a number for collisions; WK_IO where
 * it does not fit `size` or a name grows over 240 bytes. */
wk_code wki_layout_path(const wki_layout *layout, const wki_dicom_identity *id, char *out,
                        size_t size, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
