/*
 * An image description as bytes: written in a box, read by whoever believes nothing.
 */
#ifndef WADOKIT_DICOM_DESC_WIRE_H
#define WADOKIT_DICOM_DESC_WIRE_H

#include <wadokit/error.h>

#include "core/buf.h"
#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

wk_code wki_desc_write(const wki_image_desc *d, wki_buf *out, wk_error *err) WK_MUST_USE;

/* WK_DATA where the bytes are no description, or one that says what no reader of files would: sizes,
 * numbers of bits, tables and planes that do not fit each other. Clear `out` in any case. */
wk_code wki_desc_read(const void *data, size_t n, wki_image_desc *out, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
