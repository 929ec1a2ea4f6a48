/*
 * Cerbo: the images of a patient, below {base}/patients/{pid}/images.
 */
#ifndef WADOKIT_EHR_CERBO_H
#define WADOKIT_EHR_CERBO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/log.h>

#include "core/media.h"
#include "core/source.h"
#include "http/http.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_CERBO_ID_SIZE = 24
};

/* One image of a list. Strings are borrowed during the call, NULL where the server says nothing.
 * id: checked to be a number. taken, created: as the server writes them */
typedef struct wki_cerbo_image {
    char id[WKI_CERBO_ID_SIZE];
    const char *type;
    const char *media_type;
    const char *title;
    const char *taken;
    const char *created;
} wki_cerbo_image;

typedef wk_code (*wki_cerbo_image_fn)(void *user, const wki_cerbo_image *image, wk_error *err);

/* Lists the images of a patient, all pages; type: "personal", "medical", or NULL for both. Called
 * back while no transfer of its own runs. The next page begins behind the images received; the end
 * is where has_more says so or is absent, where a page is empty, or where it is one that came
 * before. An image whose id is no number is passed over with a warning. */
wk_code wki_cerbo_list(wki_http *http, const char *base, const char *patient, const char *type,
                       const wk_log *log, wki_cerbo_image_fn each, void *user,
                       wk_error *err) WK_MUST_USE;

/* URL of an image's bytes, on the heap: .../content, or .../stream. */
wk_code wki_cerbo_url(const char *base, const char *patient, const char *image, bool stream,
                      char **out, wk_error *err) WK_MUST_USE;

/* Whether an image id is a number of digits that fits. */
bool wki_cerbo_id_ok(const char *id);

/* Sends a picture into the portal queue of a patient. `queue_id` gets the id in the queue, "" where
 * the answer names none. WK_LIMIT over WK_MAX_PHOTO_SEND, WK_USAGE for a kind that is not taken
 * (JPEG, PNG and GIF are). */
wk_code wki_cerbo_add(wki_http *http, const char *base, const char *patient, wki_media kind,
                      const wki_source *picture, char queue_id[WKI_CERBO_ID_SIZE],
                      wk_error *err) WK_MUST_USE;

/* Reads "2024-01-31", "2024-01-31 23:59:59", "2024-01-31T23:59:59.5Z", "...+01:00"; without a zone
 * it is UTC. False where it is none of these. `*date_only` where there is no time of day. */
bool wki_cerbo_time(const char *text, int64_t *unix_s, bool *date_only);

#ifdef __cplusplus
}
#endif

#endif
