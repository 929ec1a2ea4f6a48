/*
 * Ordinary files without DCMTK: little endian, described by top-level elements and functional
 * groups. Opening one costs a read or two and a walk over its elements, where DCMTK reads its
 * dictionary and builds a tree; of the functional groups of frames only those wanted are read, the
 * others are skipped by their lengths. Whatever is not ordinary - tables, palettes, overlays,
 * profiles, slides, text that is no ASCII, numbers out of range, elements out of order, damage - is
 * not taken, and left to dicom_file.h, which this agrees with in every field.
 */
#ifndef WADOKIT_DICOM_PLAIN_H
#define WADOKIT_DICOM_PLAIN_H

#include <stdbool.h>

#include <wadokit/error.h>

#include "core/image.h"
#include "dicom/dicom_layout.h"
#include "dicom/native_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The elements that describe an image. */
typedef enum wki_plain_key {
    WKI_PLAIN_IMAGE_TYPE,
    WKI_PLAIN_SOP_CLASS,
    WKI_PLAIN_SOP,
    WKI_PLAIN_MODALITY,
    WKI_PLAIN_IMAGER_SPACING,
    WKI_PLAIN_SCANNED_SPACING,
    WKI_PLAIN_STUDY,
    WKI_PLAIN_SERIES,
    WKI_PLAIN_SAMPLES,
    WKI_PLAIN_PHOTOMETRIC,
    WKI_PLAIN_PLANAR,
    WKI_PLAIN_FRAMES,
    WKI_PLAIN_ROWS,
    WKI_PLAIN_COLUMNS,
    WKI_PLAIN_SPACING,
    WKI_PLAIN_ASPECT,
    WKI_PLAIN_ALLOCATED,
    WKI_PLAIN_STORED,
    WKI_PLAIN_HIGH_BIT,
    WKI_PLAIN_SIGNED,
    WKI_PLAIN_PADDING,
    WKI_PLAIN_PADDING_LIMIT,
    WKI_PLAIN_CENTER,
    WKI_PLAIN_WIDTH,
    WKI_PLAIN_INTERCEPT,
    WKI_PLAIN_SLOPE,
    WKI_PLAIN_EXPLANATION,
    WKI_PLAIN_FUNCTION,
    WKI_PLAIN_LOSSY,
    WKI_PLAIN_MEASURES, /* sequences: of functional groups, and of the shared ones */
    WKI_PLAIN_FRAME_VOI,
    WKI_PLAIN_TRANSFORMATION,
    WKI_PLAIN_SHAPE,
    WKI_PLAIN_SHARED,
    WKI_PLAIN_KEYS
} wki_plain_key;

/* Where a value lies; data is NULL where the element is absent. */
typedef struct wki_plain_value {
    const uint8_t *data;
    uint32_t n;
} wki_plain_value;

/* Finds the values in the `n` bytes of a data set or an item; false where it holds what is not
 * ordinary. Of a sequence the value is its items. */
bool wki_plain_find(const uint8_t *data, size_t n, bool explicit_vr,
                    wki_plain_value values[WKI_PLAIN_KEYS]);

/* The elements of the first item of a sequence; data NULL where there is none, false on damage. */
bool wki_plain_first_item(const wki_plain_value *sequence, bool explicit_vr, wki_plain_value *item);

/* An ordinary file, open. */
typedef struct wki_plain wki_plain;

/* False where the file is not ordinary, or cannot be opened: wki_dicom_open() then, which says why.
 * Clear `desc` with wki_image_desc_clear(). One thread a handle. */
bool wki_plain_open(const char *path, wki_plain **out, wki_image_desc *desc);
void wki_plain_close(wki_plain *f); /* takes NULL */

/* The same of a source, which is borrowed; its descriptor is closed with the file. */
bool wki_plain_open_source(const wki_blob *s, wki_plain **out, wki_image_desc *desc);

/* Makes `desc` hold the values of `frame` (0-based) in per_frame; before, it has those of no frame.
 * False where that frame's functional groups are not ordinary: wki_dicom_open() then. */
bool wki_plain_select(wki_plain *f, wki_image_desc *desc, uint32_t frame) WK_MUST_USE;

/* As wki_dicom_frames_there(). */
uint32_t wki_plain_frames_there(wki_plain *f, const wki_image_desc *d);

/* As wki_native_rows_open(), for the life of the file. */
bool wki_plain_rows(wki_plain *f, const wki_image_desc *d, uint32_t frame, wki_native_rows **out,
                    wki_pixels *pixels);

/* As wki_native_read_rows(). */
wk_code wki_plain_row_bytes(wki_plain *f, const wki_image_desc *d, uint32_t frame, uint32_t first,
                            uint32_t n, wki_frame_bytes *out, wk_error *err) WK_MUST_USE;

/* As wki_dicom_frame_bytes(). */
wk_code wki_plain_frame_bytes(wki_plain *f, const wki_image_desc *d, uint32_t frame,
                              wki_frame_bytes *out, wk_error *err) WK_MUST_USE;

/* The same, or the first `most` bytes of a code stream that is longer: `whole` is set then. */
wk_code wki_plain_frame_start(wki_plain *f, const wki_image_desc *d, uint32_t frame, size_t most,
                              wki_frame_bytes *out, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
