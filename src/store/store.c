#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file_system.h"
#include "core/hash.h"
#include "core/path.h"
#include "core/text.h"
#include "core/transfer_syntax.h"
#include "dicom/file_meta.h"
#include "store/layout.h"
#include "store/store_file.h"
#include "store/tmpfile.h"

enum {
    MAX_NUMBER = 99999,
    DAY_S = 86400,
    MAX_HELD = 262144 /* SOP Class and Instance UID stand at the beginning of a data set */
};

struct wki_store {
    int root_fd, meta_fd, tmp_fd, lock_fd;
    bool locked; /* false: the file system has no locks */
    wki_path_parent parent;
    wki_layout *layout;
    wki_journal *journal;
    wki_dicom_scan *scan; /* for files that are there already */
    wki_sha256 *sha;      /* NULL: no digests */
    const wk_log *log;
    bool told_bare;       /* that something came without its beginning */
    wki_sha256 *check;    /* for files that are there already; NULL: sizes are enough */
};

struct wki_store_part {
    wki_store *store;
    wki_tmpfile tmp;
    wki_dicom_scan *scan;
    wki_sha256 *sha;
    wk_error bad; /* why the bytes are no instance */
    wki_buf held; /* the first bytes, until it is known what has to stand in front of them */
    bool begun;   /* they were written */
};

/* --- opening --- */

static wk_code open_folders(wki_store *s, const char *dir, wk_error *err)
{
    wk_code rc = wki_path_make_dirs(dir, err);

    if (rc != WK_OK)
        return rc;
    s->root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->root_fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot open the folder", dir);
    rc = wki_path_open_parent(s->root_fd, ".wadokit/tmp/x", &s->tmp_fd, err);
    if (rc == WK_OK)
        rc = wki_path_open_parent(s->root_fd, ".wadokit/x", &s->meta_fd, err);
    if (rc != WK_OK)
        wk_fail_add(err, "%s: ", dir);
    return rc;
}

static wk_code lock(wki_store *s, const char *dir, wk_error *err)
{
    s->lock_fd = openat(s->meta_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (s->lock_fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot open the lock", dir);
    if (wki_fs_lock(s->lock_fd, LOCK_EX | LOCK_NB, &s->locked))
        return WK_OK;
    if (errno == EWOULDBLOCK)
        return wk_fail(err, WK_IO,
                       "%s: another run is writing here; wait for its end or choose another folder",
                       dir);
    return wk_fail_errno(err, WK_IO, errno, "%s: cannot lock the folder", dir);
}

/* Whether a temporary file was left by a killed run. Where the lock is ours, nobody else is here;
 * where there are no locks, another run may be writing it, but not for a day. */
static bool is_left(const wki_store *s, const char *name)
{
    int64_t now = wki_clock_system()->unix_s(NULL);
    struct stat st;

    return s->locked ||
           (fstatat(s->tmp_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime < now - DAY_S);
}

static void remove_leftovers(wki_store *s)
{
    int fd = openat(s->tmp_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *e;

    while (d && (e = readdir(d)) != NULL) {
        if (wki_str_starts(e->d_name, ".wadokit-") && is_left(s, e->d_name))
            unlinkat(s->tmp_fd, e->d_name, 0);
    }
    if (d)
        closedir(d);
    else if (fd >= 0)
        close(fd);
}

wk_code wki_store_open(const wki_store_opts *opts, wki_store **out, wk_error *err)
{
    wki_store *s = calloc(1, sizeof *s);
    wk_code rc;

    if (!s)
        return wk_fail(err, WK_NOMEM, "out of memory");
    s->log = opts->log;
    s->root_fd = s->meta_fd = s->tmp_fd = s->lock_fd = s->parent.fd = -1;
    rc = wki_layout_new(opts->name_template, &s->layout, err);
    if (rc == WK_OK)
        rc = open_folders(s, opts->dir, err);
    if (rc == WK_OK)
        rc = lock(s, opts->dir, err);
    if (rc == WK_OK)
        rc = wki_journal_open(s->meta_fd, &s->journal, err);
    if (rc == WK_OK)
        rc = wki_dicom_scan_new(&s->scan, err);
    if (rc == WK_OK && !opts->no_digest)
        rc = wki_sha256_new(&s->sha, err);
    if (rc == WK_OK && opts->check_digest)
        rc = wki_sha256_new(&s->check, err);
    if (rc != WK_OK) {
        wki_store_close(s);
        return rc;
    }
    remove_leftovers(s);
    *out = s;
    return WK_OK;
}

wk_code wki_store_settle(wki_store *s, wk_error *err)
{
    return wki_journal_flush(s->journal, err);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void wki_store_close(wki_store *s)
{
    if (!s)
        return;
    wki_journal_close(s->journal);
    wki_layout_free(s->layout);
    wki_dicom_scan_free(s->scan);
    wki_sha256_free(s->sha);
    wki_sha256_free(s->check);
    wki_path_parent_close(&s->parent);
    close_fd(s->tmp_fd);
    close_fd(s->meta_fd);
    close_fd(s->root_fd);
    close_fd(s->lock_fd);
    free(s);
}

/* --- what is there already --- */

static bool same_or_any(const char *wanted, const char *is)
{
    return wanted[0] == '\0' || strcmp(wanted, is) == 0;
}

static void fill_entry(wki_journal_entry *e, const wki_dicom_identity *id, const char *path,
                       uint64_t bytes, const char *source)
{
    wki_strcopy(e->study, sizeof e->study, id->study_uid);
    wki_strcopy(e->series, sizeof e->series, id->series_uid);
    wki_strcopy(e->sop, sizeof e->sop, id->sop_uid);
    wki_strcopy(e->transfer_syntax, sizeof e->transfer_syntax, id->transfer_syntax);
    wki_strcopy(e->path, sizeof e->path, path);
    wki_strcopy(e->source, sizeof e->source, source ? source : "");
    e->sha256[0] = '\0';
    e->bytes = bytes;
}

typedef struct finder {
    wki_store *store;
    const char *study, *series;
    wki_journal_entry *out;
    wki_store_state state;
} finder;

/* Whether a file is what the journal says of it. */
static bool entry_holds(wki_store *s, const wki_journal_entry *e, int fd, uint64_t bytes)
{
    char sha256[WKI_SHA256_HEX_SIZE];

    if (bytes != e->bytes)
        return false;
    if (!s->check)
        return true;
    wki_sha256_reset(s->check);
    if (wki_store_file_scan(fd, s->scan, s->check, NULL) != WK_OK)
        return false;
    wki_sha256_finish(s->check, sha256);
    return e->sha256[0] ? strcmp(sha256, e->sha256) == 0
                        : strcmp(wki_dicom_scan_identity(s->scan)->sop_uid, e->sop) == 0;
}

static bool look_at_entry(void *user, const wki_journal_entry *e)
{
    finder *f = user;
    uint64_t bytes = 0;
    bool holds;
    int fd;

    if (!same_or_any(f->study, e->study) || !same_or_any(f->series, e->series))
        return true;
    fd = wki_store_file_open(f->store->root_fd, e->path, &bytes);
    if (fd < 0)
        return true;
    holds = entry_holds(f->store, e, fd, bytes);
    close(fd);
    f->state = holds ? WKI_STORE_WHOLE : WKI_STORE_CHANGED;
    if (holds)
        *f->out = *e;
    return !holds;
}

/* A file under the name of the instance, that the journal does not know: read to its end. */
static wk_code adopt(wki_store *s, const char *study, const char *series, const char *sop,
                     wki_journal_entry *entry, wki_store_state *state, wk_error *err)
{
    const wki_dicom_identity *id = wki_dicom_scan_identity(s->scan);
    char path[3 * WK_UID_SIZE + 8];
    uint64_t bytes = 0;
    wk_code rc;
    int fd;

    snprintf(path, sizeof path, "%s/%s/%s.dcm", study, series, sop);
    fd = wki_store_file_open(s->root_fd, path, &bytes);
    if (fd < 0)
        return WK_OK;
    if (s->sha)
        wki_sha256_reset(s->sha);
    rc = wki_store_file_scan(fd, s->scan, s->sha, NULL);
    close(fd);
    if (rc != WK_OK || strcmp(id->sop_uid, sop) != 0 || strcmp(id->study_uid, study) != 0 ||
        strcmp(id->series_uid, series) != 0 || (id->rows > 0 && !id->has_pixels))
        return WK_OK;
    fill_entry(entry, id, path, bytes, NULL);
    if (s->sha)
        wki_sha256_finish(s->sha, entry->sha256);
    *state = WKI_STORE_WHOLE;
    return wki_journal_add(s->journal, entry, err);
}

wk_code wki_store_find(wki_store *s, const char *study, const char *series, const char *sop,
                       wki_journal_entry *entry, wki_store_state *state, wk_error *err)
{
    finder f = {s, study, series, entry, WKI_STORE_ABSENT};
    wk_code rc = wki_journal_each(s->journal, sop, look_at_entry, &f, err);

    *state = f.state;
    if (rc != WK_OK || f.state != WKI_STORE_ABSENT || !wki_layout_is_default(s->layout) ||
        !study[0] || !series[0])
        return rc;
    return adopt(s, study, series, sop, entry, state, err);
}

/* --- parts --- */

wk_code wki_store_part_new(wki_store *s, wki_store_part **out, wk_error *err)
{
    wki_store_part *p = calloc(1, sizeof *p);
    wk_code rc;

    if (!p)
        return wk_fail(err, WK_NOMEM, "out of memory");
    p->store = s;
    wki_buf_init(&p->held, MAX_HELD + WK_MAX_PATH_BYTES, "the beginning of an instance");
    rc = wki_dicom_scan_new(&p->scan, err);
    if (rc == WK_OK && s->sha)
        rc = wki_sha256_new(&p->sha, err);
    if (rc != WK_OK) {
        wki_store_part_free(p);
        return rc;
    }
    *out = p;
    return WK_OK;
}

void wki_store_part_free(wki_store_part *p)
{
    if (!p)
        return;
    wki_tmpfile_clear(&p->tmp);
    wki_dicom_scan_free(p->scan);
    wki_sha256_free(p->sha);
    wki_buf_clear(&p->held);
    free(p);
}

wk_code wki_store_part_begin(wki_store_part *p, const char *transfer_syntax, wk_error *err)
{
    wki_tmpfile_drop(&p->tmp);
    wki_dicom_scan_reset(p->scan);
    if (transfer_syntax)
        wki_dicom_scan_hint(p->scan, transfer_syntax);
    if (p->sha)
        wki_sha256_reset(p->sha);
    wk_error_clear(&p->bad);
    wki_buf_reset(&p->held);
    p->begun = false;
    return wki_tmpfile_open_in(&p->tmp, p->store->tmp_fd, err);
}

static wk_code put(wki_store_part *p, const void *data, size_t n, wk_error *err)
{
    if (p->sha)
        wki_sha256_add(p->sha, data, n);
    return wki_tmpfile_write(&p->tmp, data, n, err);
}

/* What has to stand in front of the bytes that came: nothing of a file. */
static wk_code make_head(wki_store_part *p, wki_buf *out, wk_error *err)
{
    const wki_dicom_identity *id = wki_dicom_scan_identity(p->scan);
    wki_dicom_start start = wki_dicom_scan_start(p->scan);
    bool bare = start == WKI_DICOM_START_BARE;
    wk_code rc;

    if (start != WKI_DICOM_START_META && !bare)
        return WK_OK;
    rc = wki_preamble_write(out, err);
    if (rc == WK_OK && bare)
        rc = wki_file_meta_write(out, id->sop_class, id->sop_uid, id->transfer_syntax, err);
    if (!p->store->told_bare)
        wk_log_write(p->store->log, WK_LOG_WARN,
                     "instance %s came without %s: it is made a DICOM file, as are others",
                     id->sop_uid[0] ? id->sop_uid : "(?)",
                     bare ? "preamble and file meta information" : "a preamble");
    p->store->told_bare = true;
    return rc;
}

static wk_code put_held(wki_store_part *p, wk_error *err)
{
    wki_buf head;
    wk_code rc;

    wki_buf_init(&head, 2048, "the beginning of a file");
    rc = make_head(p, &head, err);
    if (rc == WK_OK && head.n > 0)
        rc = put(p, head.data, head.n, err);
    if (rc == WK_OK && p->held.n > 0)
        rc = put(p, p->held.data, p->held.n, err);
    wki_buf_reset(&p->held);
    wki_buf_clear(&head);
    p->begun = true;
    return rc;
}

/* Whether it is known what the file has to begin with. */
static bool knows_head(const wki_store_part *p)
{
    const wki_dicom_identity *id = wki_dicom_scan_identity(p->scan);
    wki_dicom_start start = wki_dicom_scan_start(p->scan);

    return start == WKI_DICOM_START_FILE || start == WKI_DICOM_START_META ||
           (start == WKI_DICOM_START_BARE && id->sop_class[0] && id->sop_uid[0]);
}

wk_code wki_store_part_write(wki_store_part *p, const void *data, size_t n, wk_error *err)
{
    wk_code rc;

    if (p->bad.code != WK_OK || wki_dicom_feed(p->scan, data, n, &p->bad) != WK_OK)
        return WK_OK;
    if (p->begun || (p->held.n == 0 && wki_dicom_scan_start(p->scan) == WKI_DICOM_START_FILE)) {
        p->begun = true;
        return put(p, data, n, err);
    }
    if (n > MAX_HELD - p->held.n && !knows_head(p)) {
        wk_fail(&p->bad, WK_DATA,
                "a data set without file meta information, and without SOP Class and Instance UID "
                "at its beginning");
        return WK_OK;
    }
    if (n > MAX_HELD - p->held.n) {
        rc = put_held(p, err);
        return rc == WK_OK ? put(p, data, n, err) : rc;
    }
    rc = wki_buf_add(&p->held, data, n, err);
    return rc == WK_OK && knows_head(p) ? put_held(p, err) : rc;
}

void wki_store_part_abort(wki_store_part *p)
{
    wki_tmpfile_drop(&p->tmp);
}

int64_t wki_store_part_missing(const wki_store_part *p)
{
    return p->bad.code == WK_OK ? wki_dicom_missing(p->scan) : -1;
}

const wki_dicom_identity *wki_store_part_identity(const wki_store_part *p)
{
    return wki_dicom_scan_identity(p->scan);
}

uint64_t wki_store_part_bytes(const wki_store_part *p)
{
    return p->tmp.bytes;
}

static wk_code check_wanted(const char *what, const char *wanted, const char *is, const char *sop,
                            wk_error *err)
{
    if (same_or_any(wanted, is))
        return WK_OK;
    return wk_fail(err, WK_REFUSED, "instance %s is of %s %s, asked for was %s", sop, what, is,
                   wanted);
}

/* Of a data set that came alone only the pixels tell whether its transfer syntax was said right. */
static wk_code check_syntax(const wki_store_part *p, wk_error *err)
{
    const wki_dicom_identity *id = wki_dicom_scan_identity(p->scan);
    const wki_transfer_syntax *syntax = wki_transfer_syntax_find(id->transfer_syntax);

    if (wki_dicom_scan_start(p->scan) != WKI_DICOM_START_BARE)
        return WK_OK;
    if (!id->sop_class[0])
        return wk_fail(err, WK_DATA, "a data set without file meta information and SOP Class UID");
    if (!id->has_pixels || !syntax || syntax->encapsulated == id->has_fragments)
        return WK_OK;
    if (id->has_fragments)
        return wk_fail(err, WK_DATA,
                       "a data set without file meta information, whose pixels are compressed, and "
                       "whose transfer syntax nobody tells");
    return wk_fail(err, WK_DATA,
                   "a data set without file meta information, whose pixels are not compressed as "
                   "its Content-Type says (%s)",
                   id->transfer_syntax);
}

static wk_code check_part(wki_store_part *p, const wki_store_expect *x, wk_error *err)
{
    const wki_dicom_identity *id = wki_dicom_scan_identity(p->scan);
    wk_code rc;

    if (p->bad.code != WK_OK)
        return wk_fail_from(err, p->bad.code, &p->bad);
    rc = wki_dicom_finish(p->scan, err);
    if (rc == WK_OK)
        rc = check_syntax(p, err);
    if (rc == WK_OK && !p->begun)
        rc = put_held(p, err);
    if (rc == WK_OK && x->cut && wki_dicom_lacks_pixels(id))
        rc = wk_fail(err, WK_DATA, "cut short before its pixel data");
    if (rc == WK_OK)
        rc = check_wanted("study", x->study, id->study_uid, id->sop_uid, err);
    if (rc == WK_OK)
        rc = check_wanted("series", x->series, id->series_uid, id->sop_uid, err);
    if (rc == WK_OK && !same_or_any(x->sop, id->sop_uid))
        rc = wk_fail(err, WK_REFUSED, "instance %s, asked for was %s", id->sop_uid, x->sop);
    return rc;
}

/* --- giving the name --- */

/* changed: WK_MAX_PATH_BYTES for a file of ours that is no longer what it was, and may be replaced;
 * "" none. */
typedef struct twin {
    wki_store_part *part;
    int tmp_fd;
    const char *sha256;
    const wki_dicom_identity *id;
    wki_journal_entry *out;
    bool same, other;
    char *changed;
} twin;

/* Holds an entry of the same SOP Instance UID against the new bytes. */
static bool compare_entry(void *user, const wki_journal_entry *e)
{
    twin *t = user;
    uint64_t bytes = 0;
    int fd;

    if (strcmp(e->study, t->id->study_uid) != 0 || strcmp(e->series, t->id->series_uid) != 0)
        return true;
    fd = wki_store_file_open(t->part->store->root_fd, e->path, &bytes);
    if (fd < 0)
        return true;
    if (t->part->store->check && !entry_holds(t->part->store, e, fd, bytes)) {
        wki_strcopy(t->changed, WK_MAX_PATH_BYTES, e->path);
    } else if (bytes == e->bytes) {
        bool same = bytes == t->part->tmp.bytes &&
                    (e->sha256[0] && t->sha256[0] ? strcmp(e->sha256, t->sha256) == 0
                                                  : wki_store_file_same(fd, t->tmp_fd));

        t->same = t->same || same;
        t->other = t->other || !same;
        if (same)
            *t->out = *e;
    }
    close(fd);
    return !t->same;
}

typedef enum occupant {
    NAME_FREE,
    NAME_SAME,   /* the same bytes */
    NAME_BROKEN, /* a file that is not whole */
    NAME_TAKEN,
} occupant;

static occupant look_at_name(wki_store_part *p, int dir_fd, const char *name, int tmp_fd)
{
    uint64_t bytes = 0;
    occupant is = NAME_TAKEN;
    int fd = wki_store_file_open(dir_fd, name, &bytes);

    if (fd < 0)
        return NAME_TAKEN;
    if (bytes == p->tmp.bytes && wki_store_file_same(fd, tmp_fd))
        is = NAME_SAME;
    else if (wki_store_file_scan(fd, p->store->scan, NULL, NULL) == WK_DATA)
        is = NAME_BROKEN;
    close(fd);
    return is;
}

/* The name, numbered past files that are something else; by "-", which no UID has, so that a number
 * never makes another instance's name. */
static wk_code place(wki_store_part *p, const char *stem, const twin *t, char *path, size_t size,
                     occupant *is, wk_error *err)
{
    wki_store *s = p->store;
    const char *name;

    for (int i = 1; i <= MAX_NUMBER; i++) {
        int n = i == 1 ? snprintf(path, size, "%s.dcm", stem)
                       : snprintf(path, size, "%s-%d.dcm", stem, i);
        bool taken = false;
        wk_code rc;

        if (n < 0 || (size_t)n >= size)
            return wk_fail(err, WK_IO, "path of more than %zu bytes", size);
        rc = wki_path_parent_enter(&s->parent, s->root_fd, path, &name, err);
        if (rc == WK_OK)
            rc = wki_tmpfile_commit_new(&p->tmp, s->parent.fd, name, &taken, err);
        if (rc != WK_OK || !taken)
            return rc;
        *is = look_at_name(p, s->parent.fd, name, t->tmp_fd);
        if (*is == NAME_TAKEN && strcmp(path, t->changed) == 0)
            *is = NAME_BROKEN;
        if (*is == NAME_BROKEN)
            return wki_tmpfile_commit_at(&p->tmp, s->parent.fd, name, false, NULL, err);
        if (*is == NAME_SAME) {
            wki_tmpfile_drop(&p->tmp);
            return WK_OK;
        }
    }
    return wk_fail(err, WK_IO, "%s.dcm: more than %d files of this name", stem, MAX_NUMBER);
}

static wk_code save(wki_store_part *p, const wki_store_expect *x, const twin *t,
                    wki_store_outcome *outcome, wki_journal_entry *entry, wk_error *err)
{
    const wki_dicom_identity *id = wki_dicom_scan_identity(p->scan);
    char stem[WK_MAX_PATH_BYTES - 16];
    char path[WK_MAX_PATH_BYTES];
    occupant was = NAME_FREE;
    wk_code rc = wki_layout_path(p->store->layout, id, stem, sizeof stem, err);

    if (rc == WK_OK)
        rc = place(p, stem, t, path, sizeof path, &was, err);
    if (rc != WK_OK)
        return rc;
    fill_entry(entry, id, path, p->tmp.bytes, x->source);
    wki_strcopy(entry->sha256, sizeof entry->sha256, t->sha256);
    *outcome = was == NAME_SAME ? WKI_STORE_KEPT : t->other ? WKI_STORE_CONFLICT : WKI_STORE_SAVED;
    return wki_journal_add(p->store->journal, entry, err);
}

wk_code wki_store_part_finish(wki_store_part *p, const wki_store_expect *x,
                              wki_store_outcome *outcome, wki_journal_entry *entry, wk_error *err)
{
    char sha256[WKI_SHA256_HEX_SIZE] = "";
    char changed[WK_MAX_PATH_BYTES];
    twin t = {.part = p, .tmp_fd = -1, .sha256 = sha256, .out = entry, .changed = changed};
    wk_code rc = check_part(p, x, err);

    changed[0] = '\0';
    if (rc == WK_OK)
        rc = wki_tmpfile_flush(&p->tmp, &t.tmp_fd, err);
    if (rc != WK_OK)
        goto out;
    if (p->sha)
        wki_sha256_finish(p->sha, sha256);
    t.id = wki_dicom_scan_identity(p->scan);
    rc = wki_journal_each(p->store->journal, t.id->sop_uid, compare_entry, &t, err);
    if (rc != WK_OK)
        goto out;
    if (t.same)
        *outcome = WKI_STORE_KEPT;
    else
        rc = save(p, x, &t, outcome, entry, err);
out:
    wki_tmpfile_drop(&p->tmp);
    return rc;
}

/* --- files that are no instances --- */

bool wki_store_has_digests(const wki_store *s)
{
    return s->sha != NULL;
}

wk_code wki_store_blob_open(wki_store *s, wki_tmpfile *tmp, wk_error *err)
{
    return wki_tmpfile_open(tmp, s->tmp_fd, err);
}

static bool has_same_bytes(const wki_store *s, const char *name, int tmp_fd, uint64_t n)
{
    uint64_t bytes = 0;
    int fd = wki_store_file_open(s->parent.fd, name, &bytes);
    bool same = fd >= 0 && bytes == n && wki_store_file_same(fd, tmp_fd);

    close_fd(fd);
    return same;
}

wk_code wki_store_blob_save(wki_store *s, wki_tmpfile *tmp, const char *stem, const char *suffix,
                            bool *kept, wki_store_blob *blob, wk_error *err)
{
    int tmp_fd = -1;
    wk_code rc = wki_tmpfile_flush(tmp, &tmp_fd, err);

    for (int i = 1; rc == WK_OK && i <= MAX_NUMBER; i++) {
        char number[16] = "";
        bool taken = false;
        const char *name;
        int n;

        *kept = false;
        if (i > 1)
            snprintf(number, sizeof number, "-%d", i);
        n = snprintf(blob->path, sizeof blob->path, "%s%s%s", stem, number, suffix);
        if (n < 0 || (size_t)n >= sizeof blob->path)
            return wk_fail(err, WK_IO, "path of more than %zu bytes", sizeof blob->path);
        rc = wki_path_parent_enter(&s->parent, s->root_fd, blob->path, &name, err);
        if (rc == WK_OK)
            rc = wki_tmpfile_commit_new(tmp, s->parent.fd, name, &taken, err);
        if (rc != WK_OK || !taken)
            return rc;
        *kept = has_same_bytes(s, name, tmp_fd, tmp->bytes);
        if (*kept)
            return WK_OK;
    }
    return rc == WK_OK ? wk_fail(err, WK_IO, "%s%s: more than %d files of this name", stem, suffix,
                                 MAX_NUMBER)
                       : rc;
}

int wki_store_blob_read(const wki_store *s, const char *path)
{
    uint64_t bytes;

    return wki_store_file_open(s->root_fd, path, &bytes);
}
