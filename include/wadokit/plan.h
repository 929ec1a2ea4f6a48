/*
 * From what the user names to what will be fetched.
 *
 * TARGETs (strings) are, in any mix: a DICOM file; a directory; a JSON file (FHIR Bundle or
 * ImagingStudy, JSON Lines of `search`); "-" for standard input with any of these; a FHIR read or
 * search URL; a DICOMweb URL .../studies/UID[/series/UID[/instances/UID[/frames/N]]]; with
 * `dicomweb` a bare STUDYUID[/SERIESUID[/SOPUID]].
 */
#ifndef WADOKIT_PLAN_H
#define WADOKIT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wk_level {
    WK_LEVEL_STUDY,
    WK_LEVEL_SERIES,
    WK_LEVEL_INSTANCE,
    WK_LEVEL_FRAME,
} wk_level;

typedef enum wk_item_kind {
    WK_ITEM_REMOTE, /* to be fetched by WADO-RS from `url` */
    WK_ITEM_FILE,   /* a local file: `path` */
    WK_ITEM_NOTICE, /* nothing to fetch: an endpoint that is not used, and why (`error`, `reason`) */
} wk_item_kind;

/* An instance that the source names: a hint of what to expect, never a proof. */
typedef struct wk_instance_hint {
    char sop[WK_UID_SIZE];
    char sop_class[WK_UID_SIZE]; /* "" unknown */
    int64_t number;              /* Instance Number, -1 unknown */
} wk_instance_hint;

/* A series that the source names, with its instances where it lists them. */
typedef struct wk_series_hint {
    char uid[WK_UID_SIZE];
    char modality[17];           /* "" unknown */
    char *description;           /* NULL unknown */
    int64_t n_instances;         /* -1 unknown */
    wk_instance_hint *instances; /* n_listed */
    size_t n_listed;
} wk_series_hint;

/*
 * One thing to do. Borrowed during the callback, except where a function says otherwise.
 *
 *   level, study, series, sop, frame   what it is; lower parts are "" (frame 0) above their level
 *   root           DICOMweb service root without trailing '/', NULL where the address is opaque
 *   url            what will be requested
 *   endpoint       where the address comes from, for people: "contained Endpoint 1.2.3",
 *                  "dicomweb" (the session's), "target"
 *   named_by       URL of the server whose answer named the address, NULL where the user did: such
 * an address leads neither to this machine nor to metadata services. Where a file named it, the
 * address itself: it may be one of this machine (127.0.0.1, localhost), but not a name that leads
 * here connection     "dicom-wado-rs" resource       "metadata", "rendered", "thumbnail", "frames"
 * or "bulkdata" (wk_get_plan()); NULL: the instances themselves send_credentials, reason    whether
 * credentials go along, and why (or why not) headers        n_headers "Name: value" that the
 * Endpoint asks to be sent series_hints   the series that belong to this item (one for a series
 * item), n_series_hints complete_hint  true where series_hints is believed to list all series of
 * the study n_series, n_instances   how many the source says that the item holds, those of `except`
 * left out; 0: it does not say except         n_except series of the study that other items cover
 * (study items) left_out       NOTICE: a study that is not what was asked for, or was entered in
 * error or cancelled; `reason` says which. Nothing else covers it error          why this cannot be
 * used (NOTICE, or a target that failed); code WK_OK otherwise
 */
typedef struct wk_plan_item {
    wk_item_kind kind;
    wk_level level;
    char study[WK_UID_SIZE], series[WK_UID_SIZE], sop[WK_UID_SIZE];
    uint32_t frame;
    char *path;
    char *root;
    char *url;
    char *endpoint;
    char *named_by;
    const char *connection;
    const char *resource;
    bool send_credentials;
    char *reason;
    char **headers;
    size_t n_headers;
    wk_series_hint *series_hints;
    size_t n_series_hints;
    bool complete_hint;
    uint64_t n_series, n_instances;
    char (*except)[WK_UID_SIZE];
    size_t n_except;
    char *description; /* of the study, NULL unknown */
    bool left_out;
    wk_error error;
} wk_plan_item;

/* A deep copy (free with wk_plan_item_free(), which takes NULL). */
WK_API wk_code wk_plan_item_copy(const wk_plan_item *item, wk_plan_item **out, wk_error *err)
    WK_MUST_USE;
WK_API void wk_plan_item_free(wk_plan_item *item);

/* Takes one item; a code other than WK_OK ends the resolving with that code. */
typedef wk_code (*wk_plan_fn)(void *user, const wk_plan_item *item, wk_error *err);

/* How many targets gave what. */
typedef struct wk_resolve_summary {
    uint64_t items;    /* REMOTE and FILE items handed over */
    uint64_t notices;
    uint64_t failed;   /* targets or studies that gave no item; each was handed over as a NOTICE */
    uint64_t skipped;  /* files in directories that are not DICOM */
    uint64_t left_out; /* studies that are not what was asked for, or were retracted; of notices */
} wk_resolve_summary;

/*
 * Resolves targets in order and hands over the items as they come; directories and pages are
 * streamed, so the number of items is not bounded by memory. A target that fails is handed over as
 * a NOTICE with its error, and the rest goes on. Returns WK_OK where all gave an item, the error's
 * code where none did (the first failure is in `err`), WK_PARTIAL where some did; WK_CANCELLED,
 * WK_NOMEM and what the callback returned end it at once.
 *
 * Studies of a FHIR answer or file are held to what was asked: of a URL with a query, and of a Bundle
 * that says by its link "self" what it answers, those that contradict it are left out, and so are
 * those whose status is entered-in-error or cancelled (include_entered_in_error of the session). A
 * study that came before, in another entry, page or file, is a NOTICE.
 */
WK_API wk_code wk_resolve(wk_session *session, const char *const *targets, size_t n_targets,
                          wk_plan_fn each, void *user, wk_resolve_summary *summary, wk_error *err)
    WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
