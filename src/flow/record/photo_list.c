#include <wadokit/photo.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "ehr/cerbo.h"
#include "ehr/netsmart.h"
#include "ehr/photo.h"
#include "flow/draw/photo_picture.h"
#include "flow/record/photo_base.h"
#include "flow/session.h"

const char *wk_photo_status_name(wk_photo_status status)
{
    static const char *const names[] = {"saved", "missing", "failed", "listed"};

    return status >= 0 && status <= WK_PHOTO_LISTED ? names[status] : "failed";
}

wk_code wki_photo_base(wk_session *session, const wk_photo_opts *opts, const char **base,
                       wk_error *err)
{
    bool cerbo = opts->from == WK_PHOTO_CERBO;

    if (!cerbo && (opts->type || opts->image || opts->stream))
        return wk_fail_setting(err, WK_USAGE, "from", "type, image and stream go with Cerbo");
    if (opts->preview && opts->from != WK_PHOTO_NETSMART)
        return wk_fail_setting(err, WK_USAGE, "preview from", "preview goes with Netsmart");
    if (opts->from == WK_PHOTO_FHIR) {
        *base = session->opts.fhir;
        return WK_OK;
    }
    *base = session->opts.base;
    if (*base)
        return WK_OK;
    if (cerbo)
        return wk_fail_setting(err, WK_USAGE, "base",
                               "give the base URL, https://SUBDOMAIN.md-hq.com/api/v1");
    *base = wki_netsmart_base(opts->preview);
    return wki_session_typed_url(session, *base, err);
}

static wk_code only_cerbo(const wk_photo_opts *opts, const char *what, wk_error *err)
{
    return opts->from == WK_PHOTO_CERBO
               ? WK_OK
               : wk_fail_setting(err, WK_USAGE, "from", "only Cerbo has a way to %s photos", what);
}

typedef struct listing {
    const char *patient;
    wk_photo_fn each;
    void *user;
    size_t n;
} listing;

static wk_code on_image(void *user, const wki_cerbo_image *image, wk_error *err)
{
    listing *l = user;
    const char *time = image->taken ? image->taken : image->created;
    wk_photo_report r = {.patient = l->patient,
                         .image = image->id,
                         .media_type = image->media_type,
                         .kind = image->type,
                         .title = image->title,
                         .status = WK_PHOTO_LISTED};

    (void)err;
    r.has_time = time && wki_cerbo_time(time, &r.time, &r.date_only);
    l->n++;
    l->each(l->user, &r);
    return WK_OK;
}

wk_code wk_photo_list(wk_session *session, const char *patient, const wk_photo_opts *opts,
                      wk_photo_fn each, void *user, wk_error *err)
{
    listing l = {.patient = patient, .each = each, .user = user};
    const char *base = NULL;
    wk_code rc = only_cerbo(opts, "list", err);

    if (rc == WK_OK)
        rc = wki_photo_check_id(patient, err);
    if (rc == WK_OK)
        rc = wki_photo_base(session, opts, &base, err);
    if (rc == WK_OK)
        rc = wki_cerbo_list(session->http, base, patient, opts->type, &session->log, on_image, &l,
                            err);
    if (rc == WK_OK && l.n == 0)
        rc = wk_fail(err, WK_NOT_FOUND, "no photo of the patient");
    return rc;
}

/* ---- adding ---- */

static wk_code open_file(const char *name, int *fd, wki_file_source *file, wki_source *out,
                         wk_error *err)
{
    wk_code rc;

    *fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (*fd < 0)
        return wk_fail_errno(err, WK_USAGE, errno, "%s", name);
    rc = wki_source_of_file(file, *fd, name, out, err);
    if (rc == WK_OK && out->size > WK_MAX_PHOTO_SEND)
        rc = wk_fail(err, WK_LIMIT, "%s: %llu bytes; at most %d are taken", name,
                     (unsigned long long)out->size, WK_MAX_PHOTO_SEND);
    return rc;
}

/* The bytes are in memory only as long as they are looked at. */
static wk_code check_picture(const char *name, const wki_source *s, wki_media *kind, wk_error *err)
{
    uint32_t width, height;
    wki_buf bytes;
    wk_code rc;

    wki_buf_init(&bytes, WK_MAX_PHOTO_SEND, "picture");
    rc = wki_source_read_all(s, &bytes, err);
    if (rc == WK_OK && wki_photo_verify(bytes.data, bytes.n, kind, &width, &height, err) != WK_OK)
        rc = wk_fail_add(err, "%s: ", name);
    wki_buf_clear(&bytes);
    return rc;
}

wk_code wk_photo_add(wk_session *session, const char *patient, const char *file,
                     const wk_photo_opts *opts, wk_photo_added *out, wk_error *err)
{
    const char *base = NULL;
    wki_media kind = WKI_MEDIA_UNKNOWN;
    wk_photo_added added = {0};
    wki_file_source on_disk;
    wki_source picture;
    int fd = -1;
    wk_code rc = only_cerbo(opts, "add", err);

    if (rc == WK_OK)
        rc = wki_photo_check_id(patient, err);
    if (rc == WK_OK)
        rc = wki_photo_base(session, opts, &base, err);
    if (rc == WK_OK)
        rc = open_file(file, &fd, &on_disk, &picture, err);
    if (rc == WK_OK)
        rc = check_picture(file, &picture, &kind, err);
    if (rc == WK_OK)
        rc = wki_cerbo_add(session->http, base, patient, kind, &picture, added.queue_id, err);
    if (fd >= 0)
        close(fd);
    if (rc != WK_OK)
        return rc;
    added.media_type = wki_media_mime(kind);
    added.bytes = picture.size;
    *out = added;
    return WK_OK;
}
