/*
 * What a local file is, from its head, or from all of it where the head is unusual.
 */
#ifndef WADOKIT_FLOW_DRAW_IDENTIFY_H
#define WADOKIT_FLOW_DRAW_IDENTIFY_H

#include "dicom/dicom_scan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As wki_scan_head(), into `out`, and of what the quick scan does not take, what opening it tells:
 * UIDs, transfer syntax and frames. */
wk_code wki_identify_file(wki_dicom_scan *scan, const char *path, wki_dicom_identity *out,
                          wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
