/*
 * A data set of the DICOM JSON model (PS3.18 annex F) as bytes (PS3.5 chapter 7): for what reads
 * files, where only metadata has come.
 */
#ifndef WADOKIT_DICOMWEB_DICOM_JSON_ENCODE_H
#define WADOKIT_DICOMWEB_DICOM_JSON_ENCODE_H

#include <wadokit/error.h>

#include "core/buf.h"
#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds the elements of `dataset` in Explicit VR Little Endian, in the order of their tags, text in
 * UTF-8 (ISO_IR 192), without groups 0002 and 7FE0 and without values that lie elsewhere
 * (BulkDataURI). WK_UNSUPPORTED where one of those says how pixels look (groups 0028 and 60xx), or
 * where an element cannot be written: no VR, values that are none of it. WK_LIMIT over the maximum
 * of `out`. */
wk_code wki_dicom_json_encode(const wki_json *dataset, wki_buf *out, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
