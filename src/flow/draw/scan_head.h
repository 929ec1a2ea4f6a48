/*
 * What a local file is, from its head alone.
 */
#ifndef WADOKIT_FLOW_DRAW_SCAN_HEAD_H
#define WADOKIT_FLOW_DRAW_SCAN_HEAD_H

#include "dicom/dicom_scan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the file's identity into `scan`, up to the pixels. WK_IO where it cannot be read, WK_DATA
 * where the quick scan does not take it; it may still be a file that can be opened. */
wk_code wki_scan_head(wki_dicom_scan *scan, const char *path, wk_error *err) WK_MUST_USE;

/* The same into `out`, and of what the quick scan does not take, what opening it tells: UIDs,
 * transfer syntax and frames. */
wk_code wki_identify_file(wki_dicom_scan *scan, const char *path, wki_dicom_identity *out,
                          wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
