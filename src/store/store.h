/*
 * The output folder: instances come in by push and get their name only when they are whole and
 * what was asked for. Below DIR, `.wadokit/` holds the journal, the lock and the temporary files.
 *
 * Nothing is written through a symbolic link below DIR. Two runs on one folder: the second fails
 * at open. Temporary files that a killed run left are removed at open.
 */
#ifndef WADOKIT_STORE_STORE_H
#define WADOKIT_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/log.h>

#include "dicom/dicom_scan.h"
#include "store/journal.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_store wki_store;
typedef struct wki_store_part wki_store_part;

/* dir: made where it is not there; name_template: see layout.h, NULL the default; no_digest: leave
 * SHA-256 out; check_digest: hold files that are there against the journal by their SHA-256 (by a
 * read to their end where it has none), not by their size alone, and replace those that changed. */
typedef struct wki_store_opts {
    const char *dir;
    const char *name_template;
    bool no_digest;
    bool check_digest;
    const wk_log *log; /* NULL: none */
} wki_store_opts;

/* WK_USAGE for a bad template, WK_IO where the folder cannot be made, opened or locked ("another
 * run is writing here"). */
wk_code wki_store_open(const wki_store_opts *opts, wki_store **out, wk_error *err) WK_MUST_USE;

/* Settles; who wants to know whether that went well settles before. */
void wki_store_close(wki_store *s);

/* Writes down in the journal what was saved since the last time: once for many small instances.
 * A run that is killed before it reads those files again. WK_IO where it cannot be written. */
wk_code wki_store_settle(wki_store *s, wk_error *err) WK_MUST_USE;

/* WKI_STORE_CHANGED: not there as it was received; a file that the journal names has other bytes.
 */
typedef enum wki_store_state {
    WKI_STORE_ABSENT,
    WKI_STORE_WHOLE,
    WKI_STORE_CHANGED,
} wki_store_state;

/* Looks for an instance that is whole on disk: in the journal with its size (and SHA-256, see
 * check_digest) on disk, or (default layout) under its name: then it is read, and joins the journal
 * where it is whole. "" for study or series: any. `entry` is filled where it is WHOLE. */
wk_code wki_store_find(wki_store *s, const char *study, const char *series, const char *sop,
                       wki_journal_entry *entry, wki_store_state *state, wk_error *err) WK_MUST_USE;

/* What was asked for: "" for any. cut: the transport cannot vouch for the end of the bytes, so that
 * an image without pixel data counts as cut short. source: the service root for
 * the journal, NULL unknown. */
typedef struct wki_store_expect {
    const char *study, *series, *sop;
    const char *source;
    bool cut;
} wki_store_expect;

typedef enum wki_store_outcome {
    WKI_STORE_SAVED,
    WKI_STORE_KEPT,     /* the same bytes are there already */
    WKI_STORE_CONFLICT, /* saved beside another file of the same SOP Instance UID, with other bytes
                         */
} wki_store_outcome;

/* One instance at a time, used again and again: begin, write, then finish or abort. Free with
 * wki_store_part_free(), which aborts what is open. */
wk_code wki_store_part_new(wki_store *s, wki_store_part **out, wk_error *err) WK_MUST_USE;
void wki_store_part_free(wki_store_part *p);

/* `transfer_syntax`: what the source says of the data set's, NULL or "" nothing. What comes without
 * preamble, or as a data set alone, becomes a DICOM file: with the UIDs of the data set and the
 * transfer syntax that is said or seen; the log hears of it once. Where the pixels are compressed
 * and nobody says how, it is no instance. */
wk_code wki_store_part_begin(wki_store_part *p, const char *transfer_syntax,
                             wk_error *err) WK_MUST_USE;

/* Fails for local reasons only (disk full); bytes that are no DICOM are noted and told by finish.
 */
wk_code wki_store_part_write(wki_store_part *p, const void *data, size_t n,
                             wk_error *err) WK_MUST_USE;

/* Ends the instance. WK_DATA: not DICOM, cut short, without UIDs. WK_REFUSED: of another study,
 * series or SOP Instance UID than asked for. WK_IO, WK_NOMEM: local. In each of these nothing is
 * left behind. `entry` is filled on success. */
wk_code wki_store_part_finish(wki_store_part *p, const wki_store_expect *expect,
                              wki_store_outcome *outcome, wki_journal_entry *entry,
                              wk_error *err) WK_MUST_USE;
void wki_store_part_abort(wki_store_part *p);

/* How many bytes the instance still lacks at least (wki_dicom_missing()). */
int64_t wki_store_part_missing(const wki_store_part *p);

/* What the bytes so far say they are: valid after finish too, until the next begin. */
const wki_dicom_identity *wki_store_part_identity(const wki_store_part *p);

/* A file that is no instance (metadata, pictures): its place below the folder, its bytes, its
 * SHA-256 ("" without digests). It has no line in the journal. */
typedef struct wki_store_blob {
    char path[WK_MAX_PATH_BYTES];
    uint64_t bytes;
    char sha256[65];
} wki_store_blob;

bool wki_store_has_digests(const wki_store *s);

/* Opens `tmp` for such a file. */
struct wki_tmpfile;
wk_code wki_store_blob_open(wki_store *s, struct wki_tmpfile *tmp, wk_error *err) WK_MUST_USE;

/* Gives it the name stem + suffix, which come from checked UIDs and numbers; with "-2" and so on
 * where a file with other bytes has it. *kept where one with the same bytes has it: nothing is
 * written then. Fills blob->path. */
wk_code wki_store_blob_save(wki_store *s, struct wki_tmpfile *tmp, const char *stem,
                            const char *suffix, bool *kept, wki_store_blob *blob,
                            wk_error *err) WK_MUST_USE;

/* Opens one for reading, by blob->path; -1 where that cannot be. */
int wki_store_blob_read(const wki_store *s, const char *path);

/* Bytes written since begin. */
uint64_t wki_store_part_bytes(const wki_store_part *p);

#ifdef __cplusplus
}
#endif

#endif
