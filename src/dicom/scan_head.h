/*
 * What a local file is, from its head alone.
 */
#ifndef WADOKIT_DICOM_SCAN_HEAD_H
#define WADOKIT_DICOM_SCAN_HEAD_H

#include "dicom/dicom_scan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the file's identity into `scan`, up to the pixels. WK_IO where it cannot be read, WK_DATA
 * where the quick scan does not take it; it may still be a file that can be opened. */
wk_code wki_scan_head(wki_dicom_scan *scan, const char *path, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
