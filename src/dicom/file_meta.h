/*
 * The beginning of a DICOM file (PS3.10 section 7.1): preamble, "DICM" and file meta information,
 * for data sets that came without.
 */
#ifndef WADOKIT_DICOM_FILE_META_H
#define WADOKIT_DICOM_FILE_META_H

#include <wadokit/error.h>

#include "core/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_PREAMBLE_SIZE = 132 /* 128 zeros and "DICM" */
};

/* Adds the preamble. */
wk_code wki_preamble_write(wki_buf *out, wk_error *err) WK_MUST_USE;

/* Adds file meta information of version 1: the same for the same UIDs, so that files can be
 * compared. */
wk_code wki_file_meta_write(wki_buf *out, const char *sop_class, const char *sop,
                            const char *transfer_syntax, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
