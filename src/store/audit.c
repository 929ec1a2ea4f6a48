#include "store/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dir_names.h"
#include "core/file_system.h"
#include "core/hash.h"
#include "core/seen.h"
#include "core/text.h"
#include "dicom/dicom_scan.h"
#include "store/store_file.h"

enum {
    MAX_DEPTH = 64,
    KEY_SIZE = 3 * WK_UID_SIZE + 96,
    MAX_REMEMBERED = 1 << 28,
};

/* known     paths that the journal has
 * matched   paths whose file is as an entry of the journal says
 * contents  instances with their bytes ("study/series/sop/sha256") that were found whole
 * present   instances ("study/series/sop") that were found whole
 * told      paths of the journal that had their report */
struct wki_audit {
    int root_fd, lock_fd;
    wki_journal *journal;
    wki_dicom_scan *scan;
    wki_sha256 *sha; /* NULL: no digests */
    wki_seen known, matched, contents, present, told;
    wki_journal_entry entry; /* of the file at hand */
    wki_audit_fn each;
    void *user;
    wk_code rc; /* of a walk over the journal */
    wk_error *err;
};

/* --- opening --- */

static wk_code open_journal(wki_audit *a, const char *dir, wk_error *err)
{
    int meta = openat(a->root_fd, ".wadokit", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    wk_code rc = WK_OK;
    bool locked;

    if (meta < 0)
        return errno == ENOENT ? WK_OK
                               : wk_fail_errno(err, WK_IO, errno, "%s: cannot open .wadokit", dir);
    a->lock_fd = openat(meta, "lock", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (a->lock_fd >= 0 && !wki_fs_lock(a->lock_fd, LOCK_SH | LOCK_NB, &locked) &&
        errno == EWOULDBLOCK)
        rc = wk_fail(err, WK_IO, "%s: another run is writing here; wait for its end", dir);
    if (rc == WK_OK)
        rc = wki_journal_open_read(meta, &a->journal, err);
    close(meta);
    return rc;
}

wk_code wki_audit_open(const char *dir, bool no_digest, wki_audit **out, wk_error *err)
{
    wki_audit *a = calloc(1, sizeof *a);
    wk_code rc = WK_OK;

    if (!a)
        return wk_fail(err, WK_NOMEM, "out of memory");
    a->lock_fd = -1;
    wki_seen_init(&a->known, MAX_REMEMBERED);
    wki_seen_init(&a->matched, MAX_REMEMBERED);
    wki_seen_init(&a->contents, MAX_REMEMBERED);
    wki_seen_init(&a->present, MAX_REMEMBERED);
    wki_seen_init(&a->told, MAX_REMEMBERED);
    a->root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (a->root_fd < 0)
        rc = wk_fail_errno(err, errno == ENOENT || errno == ENOTDIR ? WK_NOT_FOUND : WK_IO, errno,
                           "%s: cannot open the folder", dir);
    if (rc == WK_OK)
        rc = open_journal(a, dir, err);
    if (rc == WK_OK)
        rc = wki_dicom_scan_new(&a->scan, err);
    if (rc == WK_OK && !no_digest)
        rc = wki_sha256_new(&a->sha, err);
    if (rc != WK_OK) {
        wki_audit_close(a);
        return rc;
    }
    *out = a;
    return WK_OK;
}

void wki_audit_close(wki_audit *a)
{
    if (!a)
        return;
    wki_journal_close(a->journal);
    wki_dicom_scan_free(a->scan);
    wki_sha256_free(a->sha);
    wki_seen_clear(&a->known);
    wki_seen_clear(&a->matched);
    wki_seen_clear(&a->contents);
    wki_seen_clear(&a->present);
    wki_seen_clear(&a->told);
    if (a->lock_fd >= 0)
        close(a->lock_fd);
    if (a->root_fd >= 0)
        close(a->root_fd);
    free(a);
}

/* --- what is known --- */

static void instance_key(char out[KEY_SIZE], const wki_journal_entry *e)
{
    snprintf(out, KEY_SIZE, "%s/%s/%s", e->study, e->series, e->sop);
}

static void content_key(char out[KEY_SIZE], const wki_journal_entry *e)
{
    snprintf(out, KEY_SIZE, "%s/%s/%s/%llu/%s", e->study, e->series, e->sop,
             (unsigned long long)e->bytes, e->sha256);
}

bool wki_audit_has(const wki_audit *a, const char *study, const char *series, const char *sop)
{
    char key[KEY_SIZE];

    snprintf(key, sizeof key, "%s/%s/%s", study, series, sop);
    return wki_seen_has(&a->present, key);
}

wk_code wki_audit_entries(wki_audit *a, bool (*each)(void *user, const wki_journal_entry *entry),
                          void *user, wk_error *err)
{
    return a->journal ? wki_journal_each(a->journal, NULL, each, user, err) : WK_OK;
}

/* A set that forgets would make whole files look broken. */
static wk_code remember(wki_seen *set, const char *text, wk_error *err)
{
    return wki_seen_add(set, text) ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

static bool remember_path(void *user, const wki_journal_entry *e)
{
    wki_audit *a = user;

    a->rc = remember(&a->known, e->path, a->err);
    return a->rc == WK_OK;
}

/* --- a file --- */

/* Reads the file at a->entry.path to its end and fills the entry by what it holds. */
static wk_code read_file(wki_audit *a, int fd, uint64_t bytes, wk_error *err)
{
    const wki_dicom_identity *id = wki_dicom_scan_identity(a->scan);
    wki_journal_entry *e = &a->entry;
    wk_code rc;

    if (a->sha)
        wki_sha256_reset(a->sha);
    rc = wki_store_file_scan(fd, a->scan, a->sha, err);
    wki_strcopy(e->study, sizeof e->study, id->study_uid);
    wki_strcopy(e->series, sizeof e->series, id->series_uid);
    wki_strcopy(e->sop, sizeof e->sop, id->sop_uid);
    wki_strcopy(e->transfer_syntax, sizeof e->transfer_syntax, id->transfer_syntax);
    e->bytes = bytes;
    if (rc == WK_OK && a->sha)
        wki_sha256_finish(a->sha, e->sha256);
    return rc;
}

/* Whether an entry of the journal says of its file what the file itself says. */
static bool entry_fits(const wki_journal_entry *e, const wki_journal_entry *file)
{
    return e->bytes == file->bytes && strcmp(e->study, file->study) == 0 &&
           strcmp(e->series, file->series) == 0 && strcmp(e->sop, file->sop) == 0 &&
           (!e->sha256[0] || !file->sha256[0] || strcmp(e->sha256, file->sha256) == 0);
}

typedef struct matcher {
    wki_audit *audit;
    bool found;
} matcher;

static bool match_entry(void *user, const wki_journal_entry *e)
{
    matcher *m = user;
    wki_audit *a = m->audit;
    char key[KEY_SIZE];

    if (strcmp(e->path, a->entry.path) != 0 || !entry_fits(e, &a->entry))
        return true;
    m->found = true;
    content_key(key, e);
    a->rc = remember(&a->contents, key, a->err);
    return false;
}

static wk_code tell_whole(wki_audit *a, bool known, wk_error *err)
{
    char key[KEY_SIZE];
    wk_error why = {0};
    wk_code rc;

    instance_key(key, &a->entry);
    rc = remember(&a->present, key, err);
    if (rc == WK_OK && known)
        rc = remember(&a->matched, a->entry.path, err);
    if (rc != WK_OK)
        return rc;
    if (known)
        return a->each(a->user, WKI_AUDIT_WHOLE, &a->entry, &why, err);
    wk_fail(&why, WK_NOT_FOUND, "not in the journal");
    return a->each(a->user, WKI_AUDIT_EXTRA, &a->entry, &why, err);
}

static bool looks_dicom(const char *path)
{
    size_t n = strlen(path);

    return n > 4 && wki_str_ieq(path + n - 4, ".dcm");
}

static wk_code look_at_file(wki_audit *a, const char *path, wk_error *err)
{
    matcher m = {.audit = a};
    wk_error why = {0};
    uint64_t bytes = 0;
    bool known = wki_seen_has(&a->known, path);
    wk_code rc;
    int fd;

    memset(&a->entry, 0, sizeof a->entry);
    wki_strcopy(a->entry.path, sizeof a->entry.path, path);
    fd = wki_store_file_open(a->root_fd, path, &bytes);
    if (fd < 0)
        return known ? WK_OK : a->each(a->user, WKI_AUDIT_OTHER, &a->entry, &why, err);
    rc = read_file(a, fd, bytes, &why);
    close(fd);
    if (rc == WK_NOMEM)
        return wk_fail_from(err, rc, &why);
    if (rc == WK_OK && known) {
        rc = wki_journal_each(a->journal, a->entry.sop, match_entry, &m, err);
        if (rc == WK_OK)
            rc = a->rc;
        if (rc != WK_OK)
            return rc;
    }
    if (m.found || (rc == WK_OK && !known))
        return tell_whole(a, known, err);
    if (known) /* told with what the journal has of it */
        return WK_OK;
    return a->each(a->user, looks_dicom(path) ? WKI_AUDIT_CORRUPT : WKI_AUDIT_OTHER, &a->entry,
                   &why, err);
}

/* --- all files --- */

static bool is_shown(const char *name)
{
    return strcmp(name, ".wadokit") != 0;
}

static wk_code walk(wki_audit *a, int dir_fd, const char *path, int depth, wk_error *err);

static wk_code look_at(wki_audit *a, int dir_fd, const char *name, const char *path, int depth,
                       wk_error *err)
{
    struct stat st;
    wk_code rc;
    int fd;

    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? WK_OK : wk_fail_errno(err, WK_IO, errno, "%s: cannot look", path);
    if (!S_ISDIR(st.st_mode))
        return look_at_file(a, path, err);
    if (depth == MAX_DEPTH)
        return wk_fail(err, WK_LIMIT, "%s: more than %d folders deep", path, MAX_DEPTH);
    fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot open the folder", path);
    rc = walk(a, fd, path, depth + 1, err);
    close(fd);
    return rc;
}

static wk_code walk(wki_audit *a, int dir_fd, const char *path, int depth, wk_error *err)
{
    wki_dir_names list = {0};
    wk_code rc = WK_OK;

    if (!wki_dir_names_read(dir_fd, is_shown, &list))
        return wk_fail_errno(err, errno == ENOMEM ? WK_NOMEM : WK_IO, errno,
                             "%s: cannot read the folder", path);
    for (size_t i = 0; i < list.n && rc == WK_OK; i++) {
        char below[WK_MAX_PATH_BYTES];
        int length =
            snprintf(below, sizeof below, "%s%s%s", path, path[0] ? "/" : "", list.names[i]);

        if ((size_t)length >= sizeof below)
            rc = wk_fail(err, WK_LIMIT, "%.80s...: path longer than %d bytes", below,
                         WK_MAX_PATH_BYTES);
        if (rc == WK_OK)
            rc = look_at(a, dir_fd, list.names[i], below, depth, err);
    }
    wki_dir_names_clear(&list);
    return rc;
}

/* --- what the journal has, and no file matched --- */

static wk_error why_not(wki_audit *a, const wki_journal_entry *e, int fd, uint64_t bytes)
{
    wk_error why = {0};

    if (bytes != e->bytes) {
        wk_fail(&why, WK_DATA, "%llu bytes, and the journal has %llu", (unsigned long long)bytes,
                (unsigned long long)e->bytes);
    } else if (read_file(a, fd, bytes, &why) == WK_OK) {
        if (strcmp(a->entry.sop, e->sop) != 0)
            wk_fail(&why, WK_DATA, "instance %s, and the journal has %s", a->entry.sop, e->sop);
        else
            wk_fail(&why, WK_DATA, "other bytes than were received (SHA-256)");
    }
    return why;
}

static wk_code tell_entry(wki_audit *a, const wki_journal_entry *e)
{
    char key[KEY_SIZE];
    wk_error why = {0};
    uint64_t bytes = 0;
    int fd = wki_store_file_open(a->root_fd, e->path, &bytes);

    if (fd >= 0) {
        why = why_not(a, e, fd, bytes);
        close(fd);
        return a->each(a->user, WKI_AUDIT_CORRUPT, e, &why, a->err);
    }
    content_key(key, e);
    if (wki_seen_has(&a->contents, key)) /* the same bytes lie elsewhere */
        return WK_OK;
    wk_fail(&why, WK_NOT_FOUND, "in the journal, and not on disk");
    return a->each(a->user, WKI_AUDIT_MISSING, e, &why, a->err);
}

static bool look_at_entry(void *user, const wki_journal_entry *e)
{
    wki_audit *a = user;

    if (wki_seen_has(&a->matched, e->path) || wki_seen_before(&a->told, e->path))
        return true;
    a->rc = tell_entry(a, e);
    return a->rc == WK_OK;
}

wk_code wki_audit_run(wki_audit *a, wki_audit_fn each, void *user, wk_error *err)
{
    wk_code rc;

    a->each = each;
    a->user = user;
    a->err = err;
    rc = wki_audit_entries(a, remember_path, a, err);
    if (rc == WK_OK)
        rc = a->rc;
    if (rc == WK_OK)
        rc = walk(a, a->root_fd, "", 0, err);
    if (rc == WK_OK)
        rc = wki_audit_entries(a, look_at_entry, a, err);
    return rc == WK_OK ? a->rc : rc;
}
