/*
 * Segmented Palette Color Lookup Table Data (PS3.3 C.7.9.2).
 */
#ifndef WADOKIT_DICOM_PALETTE_H
#define WADOKIT_DICOM_PALETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Expands `n` bytes of segments - numbers of one byte each, or of two in little endian - into
 * `n_out` entries. False where the segments end early, run over or are none; the entries that are
 * missing repeat the last one. */
bool wki_palette_expand(const uint8_t *data, size_t n, bool bytes, uint16_t *out, uint32_t n_out);

#ifdef __cplusplus
}
#endif

#endif
