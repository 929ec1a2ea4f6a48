/*
 * A push scanner over a DICOM file as it arrives (PS3.10 chapter 7, PS3.5 chapter 7): reads
 * element headers, skips values, keeps only what identifies the instance, and tells whether the
 * data set ends where it should. Memory is constant, whatever the file's size.
 */
#ifndef WADOKIT_DICOM_DICOM_SCAN_H
#define WADOKIT_DICOM_DICOM_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is known so far; "" where not (yet) seen. Patient attributes serve file names only. */
typedef struct wki_dicom_identity {
    char study_uid[WK_UID_SIZE], series_uid[WK_UID_SIZE], sop_uid[WK_UID_SIZE];
    char sop_class[WK_UID_SIZE], transfer_syntax[WK_UID_SIZE];
    char modality[17];
    char patient_id[65], patient_name[325], study_date[17], study_description[65];
    char series_description[65], accession[17];
    int64_t instance_number, series_number; /* -1 unknown */
    int64_t frames;                         /* Number of Frames, 1 where absent */
    uint32_t rows, cols;
    bool has_pixels; /* Pixel Data element of any kind was seen */
    bool has_fragments; /* Pixel Data is encapsulated */
} wki_dicom_identity;

/* How a file begins. */
typedef enum wki_dicom_start {
    WKI_DICOM_START_UNKNOWN, /* too few bytes so far, or no DICOM */
    WKI_DICOM_START_FILE,    /* preamble and "DICM" */
    WKI_DICOM_START_META,    /* file meta information without a preamble */
    WKI_DICOM_START_BARE,    /* the data set alone */
} wki_dicom_start;

typedef struct wki_dicom_scan wki_dicom_scan;

wk_code wki_dicom_scan_new(wki_dicom_scan **out, wk_error *err) WK_MUST_USE;
void wki_dicom_scan_free(wki_dicom_scan *s);
void wki_dicom_scan_reset(wki_dicom_scan *s); /* for the next instance */

/* After a reset: the transfer syntax that others tell of the data set, for one that comes without
 * file meta information; taken where the data set can be of it. */
void wki_dicom_scan_hint(wki_dicom_scan *s, const char *transfer_syntax);

wki_dicom_start wki_dicom_scan_start(const wki_dicom_scan *s);

/* Takes the next bytes, in any split. WK_DATA as soon as they cannot be DICOM (the first bytes are
 * quoted where they are HTML, JSON, XML or ZIP). After an error the rest is ignored. */
wk_code wki_dicom_feed(wki_dicom_scan *s, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* How many bytes at least are still to come by what the data set says so far: 0 where it may end
 * here, -1 where that cannot be told (deflated, padding, no DICOM). */
int64_t wki_dicom_missing(const wki_dicom_scan *s);

/* At the end of the bytes: WK_DATA where the data set is cut short or lacks a valid SOP, Series or
 * Study Instance UID, WK_REFUSED where such a UID is a path out of its folder ("../../x"). Trailing padding (PS3.5 7.x: zeros, CR LF) is accepted. */
wk_code wki_dicom_finish(wki_dicom_scan *s, wk_error *err) WK_MUST_USE;

/* What has been seen. Borrowed from `s`. */
const wki_dicom_identity *wki_dicom_scan_identity(const wki_dicom_scan *s);

#ifdef __cplusplus
}
#endif

#endif
