#include <wadokit/photo.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/file_system.h"
#include "core/path.h"
#include "core/text.h"
#include "ehr/cerbo.h"
#include "ehr/netsmart.h"
#include "ehr/photo.h"
#include "fhir/bundle.h"
#include "fhir/patient_photo.h"
#include "flow/record/photo_base.h"
#include "flow/record/photo_job.h"
#include "flow/run_progress.h"
#include "http/url.h"

enum {
    NAME = 256,
    SUFFIX_ROOM = 24 /* "-100000.webp" still fits into a file name */
};

/* What a picture is asked for with: raw where it can be had, FHIR where not. */
static const char accept_picture[] = "image/*, application/fhir+json;q=0.8, */*;q=0.1";

/* Whether the run is to end: its error in `err`. */
static wk_code check(const wki_photo_run *run, wk_error *err)
{
    if (run->fatal.code != WK_OK)
        return wk_fail_from(err, run->fatal.code, &run->fatal);
    return wki_session_check(run->session, err);
}

/* Counts what went wrong with one patient; only what ends the run is handed on. */
static wk_code settle(wki_photo_run *run, const char *patient, const wk_error *error, wk_error *err)
{
    if (error->code == WK_CANCELLED || error->code == WK_NOMEM)
        return wk_fail_from(err, error->code, error);
    if (error->code == WK_NOT_FOUND)
        wki_photo_missing(run, patient, NULL, error);
    else
        wki_photo_failed(run, patient, NULL, error);
    return WK_OK;
}

/* An id as a file name that the file system of the folder takes, with room for what follows it. */
static void name_of(const wki_photo_run *run, const char *id, char name[NAME - SUFFIX_ROOM])
{
    wki_path_encode(name, wki_fs_name_max(run->dir_fd) + 1 - SUFFIX_ROOM, id);
}

static wk_code get_netsmart(wki_photo_run *run, const char *base, const char *patient,
                            wk_error *err)
{
    char name[NAME - SUFFIX_ROOM], *url = NULL;
    wki_photo_source s = {.patient = patient, .name = name, .accept = "*/*", .size = -1};
    wk_code rc = wki_netsmart_url(base, patient, &url, err);

    name_of(run, patient, name);
    s.url = url;
    if (rc == WK_OK)
        rc = wki_photo_fetch(run, &s, err);
    free(url);
    return rc;
}

/* ---- Cerbo ---- */

typedef struct listing {
    wki_photo_run *run;
    const char *base, *patient;
    uint64_t n;
} listing;

static wk_code get_image(listing *l, const char *image, wk_error *err)
{
    char folder[NAME - SUFFIX_ROOM], name[NAME + 64], *url = NULL;
    wki_photo_source s = {
        .patient = l->patient, .image = image, .name = name, .accept = accept_picture, .size = -1};
    wk_code rc = wki_cerbo_url(l->base, l->patient, image, l->run->opts->stream, &url, err);

    name_of(l->run, l->patient, folder);
    (void)snprintf(name, sizeof name, "%s/%s", folder, image);
    s.url = url;
    if (rc == WK_OK)
        rc = wki_photo_fetch(l->run, &s, err);
    free(url);
    return rc;
}

static wk_code on_image(void *user, const wki_cerbo_image *image, wk_error *err)
{
    listing *l = user;
    wk_code rc = check(l->run, err);

    l->n++;
    return rc == WK_OK ? get_image(l, image->id, err) : rc;
}

static wk_code get_cerbo(wki_photo_run *run, const char *base, const char *patient, wk_error *err)
{
    const wk_photo_opts *o = run->opts;
    listing l = {.run = run, .base = base, .patient = patient};
    wk_code rc;

    if (o->image)
        return get_image(&l, o->image, err);
    rc = wki_cerbo_list(run->session->http, base, patient, o->type, &run->session->log, on_image,
                        &l, err);
    if (rc == WK_OK && l.n == 0)
        rc = wk_fail(err, WK_NOT_FOUND, "no photo");
    return rc;
}

/* ---- FHIR ---- */

/* "Patient/1", "1" or a URL: the resource's URL, the root it stands on, and its id. */
static wk_code patient_url(wki_photo_run *run, const char *base, const char *patient, char **url,
                           char **root, char name[NAME - SUFFIX_ROOM], wk_error *err)
{
    const char *id = wki_str_starts(patient, "Patient/") ? patient + 8 : patient;
    wki_buf path;
    wk_code rc = WK_OK;

    if (wki_str_istarts(patient, "https://") || wki_str_istarts(patient, "http://")) {
        rc = wki_session_typed_url(run->session, patient, err);
        id = strrchr(patient, '/') + 1;
        *url = wki_strdup(patient);
        *root = wki_fhir_base_of(patient, "Patient");
        if (rc == WK_OK && (!*url || !*root))
            rc = wk_fail(err, WK_USAGE, "the URL names no Patient");
        name_of(run, id, name);
        return rc;
    }
    if (!base)
        return wk_fail_setting(err, WK_USAGE, "fhir", "give the FHIR server");
    rc = wki_photo_check_id(id, err);
    wki_buf_init(&path, WK_MAX_URL_BYTES, "URL");
    if (rc == WK_OK)
        rc = wki_buf_addf(&path, err, "Patient/");
    if (rc == WK_OK)
        rc = wki_url_encode(&path, id, err);
    if (rc == WK_OK)
        rc = wki_url_append(base, wki_buf_text(&path), url, err);
    wki_buf_clear(&path);
    *root = wki_strdup(base);
    name_of(run, id, name);
    return rc;
}

static wk_code get_photos(wki_photo_run *run, const char *patient, const char *id, const char *url,
                          const wki_patient_photo *photos, size_t n, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; i < n && rc == WK_OK; i++) {
        char name[NAME];
        wki_photo_source s = {.patient = patient,
                              .name = name,
                              .url = photos[i].url,
                              .accept = accept_picture,
                              .named_by = url,
                              .hash = photos[i].hash,
                              .size = photos[i].size};

        (void)snprintf(name, sizeof name, i ? "%s-%zu" : "%s", id, i + 1);
        rc = check(run, err);
        if (rc == WK_OK)
            rc = photos[i].data ? wki_photo_take(run, &s, photos[i].data, err)
                                : wki_photo_fetch(run, &s, err);
    }
    return rc;
}

static wk_code get_fhir(wki_photo_run *run, const char *base, const char *patient, wk_error *err)
{
    char id[NAME - SUFFIX_ROOM], *url = NULL, *root = NULL;
    wki_json *resource = NULL;
    wki_patient_photo *photos = NULL;
    size_t n = 0;
    wk_code rc = patient_url(run, base, patient, &url, &root, id, err);

    if (rc == WK_OK)
        rc = wki_fhir_read(run->session->http, url, NULL, &resource, err);
    if (rc == WK_OK)
        rc = wki_patient_photos(resource, root, &photos, &n, err);
    if (rc == WK_OK && n == 0)
        rc = wk_fail(err, WK_NOT_FOUND, "no photo");
    if (rc == WK_OK)
        rc = get_photos(run, patient, id, url, photos, n, err);
    wki_patient_photos_free(photos, n);
    wki_json_free(resource);
    free(url);
    free(root);
    return rc;
}

/* ---- a run ---- */

static wk_code get_one(wki_photo_run *run, const char *base, const char *patient, wk_error *err)
{
    wk_error own = {0};
    wk_code rc = run->opts->from == WK_PHOTO_FHIR ? WK_OK : wki_photo_check_id(patient, &own);

    if (rc == WK_OK && run->opts->from == WK_PHOTO_NETSMART)
        rc = get_netsmart(run, base, patient, &own);
    else if (rc == WK_OK && run->opts->from == WK_PHOTO_CERBO)
        rc = get_cerbo(run, base, patient, &own);
    else if (rc == WK_OK)
        rc = get_fhir(run, base, patient, &own);
    if (rc == WK_OK)
        return WK_OK;
    /* The end of the run was counted where it came from. */
    if (run->fatal.code != WK_OK)
        return wk_fail_from(err, run->fatal.code, &run->fatal);
    return settle(run, patient, &own, err);
}

static wk_code verdict(const wki_photo_run *run, wk_error *err)
{
    const wk_photo_summary *s = &run->sum;

    if (run->fatal.code == WK_CANCELLED || run->fatal.code == WK_NOMEM)
        return wk_fail_from(err, run->fatal.code, &run->fatal);
    if (s->failed > 0 && s->saved > 0)
        return wk_fail(err, WK_PARTIAL, "%llu of %llu photos failed", (unsigned long long)s->failed,
                       (unsigned long long)s->expected);
    if (s->failed > 0) {
        if (err && err->code == WK_OK)
            *err = run->first;
        return run->first.code;
    }
    if (s->saved == 0)
        return wk_fail(err, WK_NOT_FOUND, "no photo of %s",
                       s->missing > 1 ? "any of the patients" : "the patient");
    return WK_OK;
}

static wk_code open_dir(wki_photo_run *run, wk_error *err)
{
    const char *dir = run->opts->dir ? run->opts->dir : ".";
    wk_code rc = wki_path_make_dirs(dir, err);

    run->dir = wki_strdup(dir);
    if (rc == WK_OK && !run->dir)
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK) {
        run->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (run->dir_fd < 0)
            rc = wk_fail_errno(err, WK_IO, errno, "%s", dir);
    }
    return rc;
}

static void describe(void *user, wk_progress *out)
{
    const wki_photo_run *run = user;
    size_t open = run->downloads.active;

    out->bytes = run->session->received;
    out->items = run->sum.expected;
    out->targets = run->begun > open ? run->begun - open : 0;
    out->targets_total = (int64_t)run->n_patients;
}

wk_code wk_photo_get(wk_session *session, const char *const *patients, size_t n_patients,
                     const wk_photo_opts *opts, wk_photo_fn each, void *user,
                     wk_photo_summary *summary, wk_error *err)
{
    wki_photo_run run = {.session = session,
                         .opts = opts,
                         .each = each,
                         .user = user,
                         .dir_fd = -1,
                         .n_patients = n_patients};
    int64_t began = session->clock->monotonic_ms(session->clock->user);
    const char *base = NULL;
    wk_error own = {0};
    wk_code rc = wki_photo_base(session, opts, &base, err);

    if (rc == WK_OK && opts->image && !wki_cerbo_id_ok(opts->image))
        rc = wk_fail_setting(err, WK_USAGE, "image", "image: an image id is a number");
    if (rc == WK_OK)
        rc = open_dir(&run, err);
    if (rc != WK_OK)
        goto out;
    wki_seen_init(&run.names, WK_MAX_PHOTOS * (size_t)64);
    wki_seen_init(&run.folded, WK_MAX_PHOTOS * (size_t)64);
    wki_downloads_init(&run.downloads, session);
    wki_progress_begin(session, describe, &run);
    for (size_t i = 0; i < n_patients && rc == WK_OK; i++) {
        run.begun = i;
        rc = check(&run, &own);
        if (rc == WK_OK)
            rc = get_one(&run, base, patients[i], &own);
    }
    run.begun = n_patients;
    /* What is under way ends in any case. */
    if (wki_downloads_wait(&run.downloads, &own) != WK_OK || own.code == WK_CANCELLED ||
        own.code == WK_NOMEM)
        rc = wk_fail_from(err, own.code, &own);
    else
        rc = verdict(&run, err);
out:
    wki_progress_end(session, &run);
    run.sum.seconds = (double)(session->clock->monotonic_ms(session->clock->user) - began) / 1000;
    if (summary)
        *summary = run.sum;
    if (run.dir_fd >= 0)
        close(run.dir_fd);
    free(run.dir);
    wki_seen_clear(&run.names);
    wki_seen_clear(&run.folded);
    return rc;
}
