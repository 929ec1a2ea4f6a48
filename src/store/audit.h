/*
 * An output folder held against its journal: every file is read again to its end. Nothing is
 * written, so it works on a read-only copy, and on a folder without a journal too.
 */
#ifndef WADOKIT_STORE_AUDIT_H
#define WADOKIT_STORE_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "store/journal.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_audit_finding {
    WKI_AUDIT_WHOLE,   /* as the journal has it: size, SHA-256 where there is one, UIDs */
    WKI_AUDIT_EXTRA,   /* a whole instance that the journal does not know */
    WKI_AUDIT_MISSING, /* in the journal, not on disk */
    WKI_AUDIT_CORRUPT, /* not whole, or other bytes than the journal has */
    WKI_AUDIT_OTHER,   /* no DICOM, and the journal does not know it */
} wki_audit_finding;

typedef struct wki_audit wki_audit;

/* One file, or one entry of the journal without a file. `entry` has "" where nothing is known, its
 * path always; `why` tells what is wrong, code WK_OK for WHOLE. Both are borrowed. A code other
 * than WK_OK ends the audit. */
typedef wk_code (*wki_audit_fn)(void *user, wki_audit_finding finding,
                                const wki_journal_entry *entry, const wk_error *why, wk_error *err);

/* no_digest: hold sizes against the journal, not digests. WK_NOT_FOUND where there is no such
 * folder, WK_IO where it cannot be read or another run is writing there. Free with
 * wki_audit_close(). */
wk_code wki_audit_open(const char *dir, bool no_digest, wki_audit **out, wk_error *err) WK_MUST_USE;
void wki_audit_close(wki_audit *a);

/* Goes over all files, by name, then over what the journal has and they have not. Each file and
 * each absent file is told once. To be called once. */
wk_code wki_audit_run(wki_audit *a, wki_audit_fn each, void *user, wk_error *err) WK_MUST_USE;

/* After the run: whether an instance was found whole. */
bool wki_audit_has(const wki_audit *a, const char *study, const char *series, const char *sop);

/* The journal's entries in order of writing (wki_journal_each()); nothing without a journal. */
wk_code wki_audit_entries(wki_audit *a, bool (*each)(void *user, const wki_journal_entry *entry),
                          void *user, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
