/*
 * Text of ISO 2022 character sets (PS3.3 C.12.1.1.2, PS3.5 section 6.1.2) as UTF-8, for those that
 * DCMTK cannot convert with the C library's iconv: Japanese, Korean and Chinese code extensions.
 */
#ifndef WADOKIT_DICOM_CHARSET_H
#define WADOKIT_DICOM_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/error.h>

#include "core/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds `n` bytes of text to `out` as UTF-8. `charset` is Specific Character Set (0008,0005), its
 * values divided by '\'; `is_name` says that '^' and '=' end a designation too. What cannot be
 * converted becomes U+FFFD. */
wk_code wki_charset_to_utf8(const char *charset, const char *text, size_t n, bool is_name,
                            wki_buf *out, wk_error *err) WK_MUST_USE;

/* Reads the tables of all sets, which are files, and keeps them. */
void wki_charset_warm(void);

#ifdef __cplusplus
}
#endif

#endif
