/*
 * The journal of an output folder: DIR/.wadokit/journal.jsonl, one line of JSON for each instance
 * that is whole on disk, appended after the file has its name. Lines gather in memory, up to 32 KiB
 * of them, until wki_journal_flush() writes them at once. The journal survives the end of the
 * process at any moment: a torn last line is cut off at the next open, and a file whose line was
 * not written yet is found by its name.
 *
 *   {"study":…,"series":…,"sop":…,"path":…,"bytes":N,"sha256":…,"transferSyntax":…,"source":…}
 *
 * In memory is 16 bytes an entry: where the lines of a SOP Instance UID are.
 */
#ifndef WADOKIT_STORE_JOURNAL_H
#define WADOKIT_STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WKI_JOURNAL_NAME "journal.jsonl"

/* path is relative to the output folder; sha256 "" where no digest was made; source is the service
 * root, "" where unknown (it is written, and read back only by name). */
typedef struct wki_journal_entry {
    char study[WK_UID_SIZE], series[WK_UID_SIZE], sop[WK_UID_SIZE];
    char transfer_syntax[WK_UID_SIZE];
    char sha256[65];
    uint64_t bytes;
    char path[WK_MAX_PATH_BYTES];
    char source[1024];
} wki_journal_entry;

typedef struct wki_journal wki_journal;

/* Opens or makes the journal in the folder `dir_fd` and reads it. Lines that are no entries are
 * left alone. WK_REFUSED where it is no file or has other names (hard links). One writer at a time:
 * the caller holds the lock. */
wk_code wki_journal_open(int dir_fd, wki_journal **out, wk_error *err) WK_MUST_USE;

/* The same for reading only: nothing is made or changed, and a torn last line is passed over. *out
 * is NULL where there is no journal. */
wk_code wki_journal_open_read(int dir_fd, wki_journal **out, wk_error *err) WK_MUST_USE;

/* Flushes; who wants to know whether that went well flushes before. */
void wki_journal_close(wki_journal *j);

wk_code wki_journal_add(wki_journal *j, const wki_journal_entry *entry, wk_error *err) WK_MUST_USE;

/* Writes the lines that wait; WK_IO (the disk is full) leaves them waiting. */
wk_code wki_journal_flush(wki_journal *j, wk_error *err) WK_MUST_USE;

/* Hands over the entries of one SOP Instance UID, or (sop NULL) all in order of writing, until
 * each() says false. */
wk_code wki_journal_each(wki_journal *j, const char *sop,
                         bool (*each)(void *user, const wki_journal_entry *entry), void *user,
                         wk_error *err) WK_MUST_USE;

/* Entries, counted as lines. */
size_t wki_journal_count(const wki_journal *j);

#ifdef __cplusplus
}
#endif

#endif
