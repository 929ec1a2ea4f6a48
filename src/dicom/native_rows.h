/*
 * Rows of one frame that is not compressed, read from the file as they are asked for: a band of
 * them is in memory, never the frame. For pictures made smaller, which look at each row once.
 */
#ifndef WADOKIT_DICOM_NATIVE_ROWS_H
#define WADOKIT_DICOM_NATIVE_ROWS_H

#include <stdbool.h>

#include "core/image.h"
#include "dicom/dicom_layout.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_native_rows wki_native_rows;

/* Fills `pixels` but for its data: its rows come by pixels->row. `range` is that of a few rows
 * spread over the frame. False for a frame that is no grey or RGB as memory would hold it, is not
 * all there, or has so few bytes that it may as well be read at once. Source and layout are
 * borrowed. */
bool wki_native_rows_open(const wki_blob *s, const wki_layout *l, const wki_image_desc *d,
                          uint32_t frame, wki_native_rows **out, wki_pixels *pixels);

/* False where a row could not be read, or held bits that Bits Stored does not name: then nothing
 * that was made of the rows is of use. Takes NULL. */
bool wki_native_rows_close(wki_native_rows *r);

#ifdef __cplusplus
}
#endif

#endif
