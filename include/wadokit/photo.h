/*
 * Photos of patients: Netsmart PatientImage, Cerbo images, Patient.photo of FHIR servers.
 */
#ifndef WADOKIT_PHOTO_H
#define WADOKIT_PHOTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/convert.h>
#include <wadokit/error.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NETSMART asks session base (by default https://fhir.netsmartcloud.com/v4), CERBO session base
 * (https://SUB.md-hq.com/api/v1), FHIR session fhir. */
typedef enum wk_photo_from {
    WK_PHOTO_NETSMART,
    WK_PHOTO_CERBO,
    WK_PHOTO_FHIR,
} wk_photo_from;

/*
 *   preview   Netsmart: the preview system is the default base
 *   type      Cerbo: "personal", "medical", NULL: both
 *   image     Cerbo: only this image, NULL: all
 *   stream    Cerbo: bytes from .../stream instead of .../content
 *   format    PNG or JPEG converts; BY_NAME keeps the bytes as received (with thumb: JPEG)
 *   thumb     box in pixels, 0: not made smaller. Turned as Exif says when converted
 *   quality   of JPEG, 0: 90, of thumbnails 85
 *   dir       output folder, made where it is not there; NULL: "."
 */
typedef struct wk_photo_opts {
    wk_photo_from from;
    bool preview;
    const char *type;
    const char *image;
    bool stream;
    wk_picture_format format;
    uint32_t thumb;
    int quality;
    const char *dir;
} wk_photo_opts;

typedef enum wk_photo_status {
    WK_PHOTO_SAVED,
    WK_PHOTO_MISSING, /* the patient is unknown, or has no photo */
    WK_PHOTO_FAILED,
    WK_PHOTO_LISTED, /* of wk_photo_list() */
} wk_photo_status;

enum {
    WK_PHOTO_ID_SIZE = 24
};

/*
 * One photo. Borrowed during the call; NULL where unknown.
 *   patient         as given
 *   image           Cerbo: its id, NULL elsewhere
 *   path            what was written, with `dir` in front
 *   media_type      by content ("image/jpeg"); in a list as the server says
 *   bytes           of the file
 *   width, height   0 where the picture is of a kind that is not decoded here
 *   kind, title     Cerbo lists: "personal" or "medical"; what the server calls it
 *   time            Cerbo lists: when it was taken, else created: seconds since 1970 UTC where
 *                   has_time; date_only: a day without a time (at 0:00 UTC)
 */
typedef struct wk_photo_report {
    const char *patient;
    const char *image;
    const char *path;
    const char *media_type;
    uint64_t bytes;
    uint32_t width, height;
    const char *kind;
    const char *title;
    bool has_time, date_only;
    int64_t time;
    wk_photo_status status;
    wk_error error;
} wk_photo_report;

typedef void (*wk_photo_fn)(void *user, const wk_photo_report *report);

/* expected: pictures and patients without one. missing: patients. bytes: of the files written. */
typedef struct wk_photo_summary {
    uint64_t expected, saved, missing, failed;
    uint64_t bytes;
    double seconds;
} wk_photo_summary;

/* "saved", "missing", "failed", "listed". Never NULL. */
WK_API const char *wk_photo_status_name(wk_photo_status status);

/*
 * Gets the photos of patients into files:
 *   Netsmart, FHIR   <patient>.jpg, .png ... by content; more than one of FHIR: <patient>-2.jpg ...
 *   Cerbo            <patient>/<image>.jpg
 * Everything but letters, digits, '.', '-' and '_' of an id is percent-encoded ("Patient/" in front
 * of a FHIR id is taken off). Bytes are written as received, once the picture was seen to be whole:
 * raw or base64 in JSON, whatever the label says.
 *
 * A patient without a photo is MISSING and no failure. WK_OK where every photo that there is was
 * saved; WK_NOT_FOUND where there was none at all; WK_PARTIAL where some failed, the first
 * failure's code where all did. A login that is refused (401) ends the run.
 */
WK_API wk_code wk_photo_get(wk_session *session, const char *const *patients, size_t n_patients,
                            const wk_photo_opts *opts, wk_photo_fn each, void *user,
                            wk_photo_summary *summary, wk_error *err) WK_MUST_USE;

/* Lists a patient's images (Cerbo only), all pages. WK_NOT_FOUND where there are none. */
WK_API wk_code wk_photo_list(wk_session *session, const char *patient, const wk_photo_opts *opts,
                             wk_photo_fn each, void *user, wk_error *err) WK_MUST_USE;

/* What was sent, and the id that the portal queue gave it ("" where it named none). */
typedef struct wk_photo_added {
    const char *media_type; /* static */
    uint64_t bytes;
    char queue_id[WK_PHOTO_ID_SIZE];
} wk_photo_added;

/* Sends a picture to a patient (Cerbo only): it goes to the portal queue as a personal picture, and
 * is not in the list until someone takes it from there. Checked before anything is sent: its kind
 * (JPEG, PNG, GIF, by content; WK_USAGE), that it is whole (WK_DATA), and that it has at most
 * WK_MAX_PHOTO_SEND bytes (WK_LIMIT). Never sent twice by itself. */
WK_API wk_code wk_photo_add(wk_session *session, const char *patient, const char *file,
                            const wk_photo_opts *opts, wk_photo_added *out,
                            wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
