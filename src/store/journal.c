#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/text.h"
#include "core/uid.h"
#include "json/json.h"

enum {
    MAX_LINE = 16384,
    READ_SIZE = 65536,
    GATHER_SIZE = 32768, /* lines that wait in memory, at most (and one more) */
    FIRST_SLOTS = 1024,
};

/* Where a line is, and what it is about. at is the offset + 1: 0 is an empty slot. */
typedef struct slot {
    uint64_t key;
    uint64_t at;
} slot;

/* size: of what is written; the lines of `pending` follow there. */
struct wki_journal {
    int fd;
    uint64_t size;
    wki_buf pending;
    slot *slots; /* open addressing; n_slots is a power of two */
    size_t n_slots, used;
    bool read_only;
};

/* FNV-1a. A collision costs a look at one line more: the line says whose it is. */
static uint64_t key_of(const char *sop)
{
    uint64_t h = 14695981039346656037u;

    for (; *sop; sop++)
        h = (h ^ (unsigned char)*sop) * 1099511628211u;
    return h;
}

static size_t slot_of(uint64_t key, size_t n)
{
    return (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (n - 1);
}

static void put_slot(slot *slots, size_t n, slot s)
{
    size_t i = slot_of(s.key, n);

    while (slots[i].at)
        i = (i + 1) & (n - 1);
    slots[i] = s;
}

static wk_code grow(wki_journal *j, wk_error *err)
{
    size_t n = j->n_slots ? j->n_slots * 2 : FIRST_SLOTS;
    slot *slots = calloc(n, sizeof *slots);

    if (!slots)
        return wk_fail(err, WK_NOMEM, "journal: out of memory");
    for (size_t i = 0; i < j->n_slots; i++) {
        if (j->slots[i].at)
            put_slot(slots, n, j->slots[i]);
    }
    free(j->slots);
    j->slots = slots;
    j->n_slots = n;
    return WK_OK;
}

static wk_code index_entry(wki_journal *j, const char *sop, uint64_t offset, wk_error *err)
{
    if (j->used * 4 >= j->n_slots * 3) {
        wk_code rc = grow(j, err);

        if (rc != WK_OK)
            return rc;
    }
    put_slot(j->slots, j->n_slots, (slot){key_of(sop), offset + 1});
    j->used++;
    return WK_OK;
}

/* A journal is local, but not above doubt: its paths must stay below the folder. */
static bool is_inside(const char *path)
{
    for (const char *p = path;;) {
        size_t n = strcspn(p, "/");

        if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        if (!p[n])
            return true;
        p += n + 1;
    }
}

static bool copy_uid(char out[WK_UID_SIZE], const wki_json *doc, const char *name)
{
    const char *text = wki_json_str(doc, name);

    return text && wki_uid_is_valid(text) && wki_strcopy(out, WK_UID_SIZE, text);
}

static bool read_entry(const wki_json *doc, wki_journal_entry *e)
{
    const char *path = wki_json_str(doc, "path");
    const char *digest = wki_json_str(doc, "sha256");
    const char *source = wki_json_str(doc, "source");
    int64_t bytes;

    memset(e, 0, sizeof *e);
    if (!copy_uid(e->study, doc, "study") || !copy_uid(e->series, doc, "series") ||
        !copy_uid(e->sop, doc, "sop") || !path || !wki_strcopy(e->path, sizeof e->path, path) ||
        !is_inside(e->path) || !wki_json_int(doc, "bytes", &bytes) || bytes < 0)
        return false;
    e->bytes = (uint64_t)bytes;
    copy_uid(e->transfer_syntax, doc, "transferSyntax");
    wki_strcopy(e->sha256, sizeof e->sha256, digest ? digest : "");
    wki_strcopy(e->source, sizeof e->source, source ? source : "");
    return true;
}

/* WK_DATA where the line is no entry; WK_NOMEM says nothing about the line. */
static wk_code parse_line(const char *line, size_t n, wki_journal_entry *e)
{
    wki_json *doc = NULL;
    wk_code rc = wki_json_parse(line, n, "journal", &doc, NULL);

    if (rc != WK_OK)
        return rc == WK_NOMEM ? rc : WK_DATA;
    if (!read_entry(doc, e))
        rc = WK_DATA;
    wki_json_free(doc);
    return rc;
}

/* Walks over the lines from the start. `take` gets each with its offset; a false ends the walk.
 * *end gets the offset behind the last whole line. */
static wk_code walk(wki_journal *j, bool (*take)(void *, const char *, size_t, uint64_t),
                    void *user, uint64_t *end, wk_error *err)
{
    char *buf = malloc(READ_SIZE);
    size_t n = 0;
    uint64_t at = 0;
    bool go = true, skipping = false;
    wk_code rc = WK_OK;

    if (!buf)
        return wk_fail(err, WK_NOMEM, "journal: out of memory");
    while (go) {
        ssize_t got = pread(j->fd, buf + n, READ_SIZE - n, (off_t)(at + n));
        size_t start = 0;
        char *lf;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            rc = wk_fail_errno(err, WK_IO, errno, "journal: cannot read");
        if (got <= 0)
            break;
        n += (size_t)got;
        while (go && (lf = memchr(buf + start, '\n', n - start)) != NULL) {
            size_t line_n = (size_t)(lf - buf) - start;

            if (!skipping)
                go = take(user, buf + start, line_n, at + start);
            skipping = false;
            start += line_n + 1;
        }
        if (start == 0 && n == READ_SIZE) { /* no line of ours is so long: go over it */
            skipping = true;
            start = n;
        }
        memmove(buf, buf + start, n - start);
        n -= start;
        at += start;
    }
    if (end)
        *end = at;
    free(buf);
    return rc;
}

typedef struct loader {
    wki_journal *journal;
    wki_journal_entry entry;
    wk_code rc;
    wk_error *err;
} loader;

static bool load_line(void *user, const char *line, size_t n, uint64_t offset)
{
    loader *l = user;

    wk_code rc = n <= MAX_LINE ? parse_line(line, n, &l->entry) : WK_DATA;

    if (rc == WK_OK)
        l->rc = index_entry(l->journal, l->entry.sop, offset, l->err);
    else if (rc == WK_NOMEM)
        l->rc = wk_fail(l->err, rc, "journal: out of memory");
    return l->rc == WK_OK;
}

static wk_code load(wki_journal *j, wk_error *err)
{
    loader *l = calloc(1, sizeof *l);
    uint64_t end = 0;
    wk_code rc;

    if (!l)
        return wk_fail(err, WK_NOMEM, "journal: out of memory");
    l->journal = j;
    l->err = err;
    rc = walk(j, load_line, l, &end, err);
    if (rc == WK_OK)
        rc = l->rc;
    free(l);
    if (rc != WK_OK)
        return rc;
    /* A line that a killed run did not finish. */
    if (!j->read_only && ftruncate(j->fd, (off_t)end) != 0)
        return wk_fail_errno(err, WK_IO, errno, "journal: cannot cut the torn last line off");
    j->size = end;
    return WK_OK;
}

static wk_code open_file(wki_journal *j, int dir_fd, wk_error *err)
{
    int how = j->read_only ? O_RDONLY : O_RDWR | O_CREAT | O_APPEND;
    struct stat st;

    j->fd = openat(dir_fd, WKI_JOURNAL_NAME, how | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (j->fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "journal: cannot open " WKI_JOURNAL_NAME);
    if (fstat(j->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return wk_fail(err, WK_REFUSED, "journal: " WKI_JOURNAL_NAME " is no file");
    /* What is appended would go into a file that somebody else has a name for. */
    if (!j->read_only && st.st_nlink > 1)
        return wk_fail(err, WK_REFUSED,
                       "journal: " WKI_JOURNAL_NAME
                       " has %lu names (hard links), and the others may "
                       "be another user's: copy it, and put the copy in its place",
                       (unsigned long)st.st_nlink);
    return WK_OK;
}

static wk_code open_as(int dir_fd, bool read_only, wki_journal **out, wk_error *err)
{
    wki_journal *j = calloc(1, sizeof *j);
    wk_code rc;

    if (!j)
        return wk_fail(err, WK_NOMEM, "out of memory");
    j->read_only = read_only;
    wki_buf_init(&j->pending, GATHER_SIZE + MAX_LINE, "journal");
    rc = open_file(j, dir_fd, err);
    if (rc == WK_OK)
        rc = grow(j, err);
    if (rc == WK_OK)
        rc = load(j, err);
    if (rc != WK_OK) {
        wki_journal_close(j);
        return rc;
    }
    *out = j;
    return WK_OK;
}

wk_code wki_journal_open(int dir_fd, wki_journal **out, wk_error *err)
{
    return open_as(dir_fd, false, out, err);
}

wk_code wki_journal_open_read(int dir_fd, wki_journal **out, wk_error *err)
{
    struct stat st;

    if (fstatat(dir_fd, WKI_JOURNAL_NAME, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
        *out = NULL;
        return WK_OK;
    }
    return open_as(dir_fd, true, out, err);
}

static wk_code write_pending(wki_journal *j, wk_error *err)
{
    size_t n = j->pending.n;
    ssize_t put;

    if (n == 0)
        return WK_OK;
    do
        put = write(j->fd, j->pending.data, n);
    while (put < 0 && errno == EINTR);
    if (put != (ssize_t)n) {
        int saved = put < 0 ? errno : ENOSPC;

        /* Half a line must not swallow the next one. */
        if (ftruncate(j->fd, (off_t)j->size) != 0)
            saved = errno;
        return wk_fail_errno(err, WK_IO, saved, "journal: cannot write");
    }
    j->size += n;
    wki_buf_reset(&j->pending);
    return WK_OK;
}

void wki_journal_close(wki_journal *j)
{
    if (!j)
        return;
    write_pending(j, NULL);
    if (j->fd >= 0)
        close(j->fd);
    wki_buf_clear(&j->pending);
    free(j->slots);
    free(j);
}

size_t wki_journal_count(const wki_journal *j)
{
    return j->used;
}

/* `name` begins with what separates it from the member before. */
static wk_code put_text(wki_buf *b, const char *name, const char *value, wk_error *err)
{
    wk_code rc = wki_buf_add(b, name, strlen(name), err);

    if (rc != WK_OK)
        return rc;
    return value ? wki_json_add_text(b, value, err) : wki_buf_add(b, "null", 4, err);
}

static wk_code put_number(wki_buf *b, const char *name, uint64_t value, wk_error *err)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%s%" PRIu64, name, value);

    return wki_buf_add(b, text, (size_t)n, err);
}

/* By hand: a tree for each line would take longer than all else that is done for a small file. */
static wk_code put_entry(wki_buf *b, const wki_journal_entry *e, wk_error *err)
{
    wk_code rc = put_text(b, "{\"study\":", e->study, err);

    if (rc == WK_OK)
        rc = put_text(b, ",\"series\":", e->series, err);
    if (rc == WK_OK)
        rc = put_text(b, ",\"sop\":", e->sop, err);
    if (rc == WK_OK)
        rc = put_text(b, ",\"path\":", e->path, err);
    if (rc == WK_OK)
        rc = put_number(b, ",\"bytes\":", e->bytes, err);
    if (rc == WK_OK)
        rc = put_text(b, ",\"sha256\":", e->sha256[0] ? e->sha256 : NULL, err);
    if (rc == WK_OK)
        rc = put_text(b, ",\"transferSyntax\":", e->transfer_syntax, err);
    if (rc == WK_OK)
        rc = put_text(b, ",\"source\":", e->source[0] ? e->source : NULL, err);
    return rc == WK_OK ? wki_buf_add(b, "}\n", 2, err) : rc;
}

wk_code wki_journal_flush(wki_journal *j, wk_error *err)
{
    return write_pending(j, err);
}

wk_code wki_journal_add(wki_journal *j, const wki_journal_entry *e, wk_error *err)
{
    size_t before = j->pending.n;
    wk_code rc = put_entry(&j->pending, e, err);

    if (rc == WK_OK)
        rc = index_entry(j, e->sop, j->size + before, err);
    if (rc != WK_OK)
        j->pending.n = before;
    if (rc == WK_OK && j->pending.n >= GATHER_SIZE)
        rc = wki_journal_flush(j, err);
    return rc;
}

static wk_code read_at(const wki_journal *j, uint64_t offset, char *buf, wki_journal_entry *e)
{
    ssize_t got = pread(j->fd, buf, MAX_LINE + 1, (off_t)offset);
    const char *lf = got > 0 ? memchr(buf, '\n', (size_t)got) : NULL;

    return lf ? parse_line(buf, (size_t)(lf - buf), e) : WK_DATA;
}

typedef struct walker {
    bool (*each)(void *user, const wki_journal_entry *entry);
    void *user;
    wki_journal_entry entry;
    wk_code rc;
} walker;

static bool walk_line(void *user, const char *line, size_t n, uint64_t offset)
{
    walker *w = user;

    wk_code rc = n <= MAX_LINE ? parse_line(line, n, &w->entry) : WK_DATA;

    (void)offset;
    if (rc == WK_NOMEM)
        w->rc = rc;
    return rc == WK_OK ? w->each(w->user, &w->entry) : rc != WK_NOMEM;
}

static bool has_key(const wki_journal *j, uint64_t key)
{
    size_t i = slot_of(key, j->n_slots);

    while (j->slots[i].at && j->slots[i].key != key)
        i = (i + 1) & (j->n_slots - 1);
    return j->slots[i].at != 0;
}

static void each_of(wki_journal *j, const char *sop, walker *w, char *buf)
{
    uint64_t key = key_of(sop);

    for (size_t i = slot_of(key, j->n_slots); j->slots[i].at; i = (i + 1) & (j->n_slots - 1)) {
        wk_code rc =
            j->slots[i].key == key ? read_at(j, j->slots[i].at - 1, buf, &w->entry) : WK_DATA;

        if (rc == WK_NOMEM) {
            w->rc = rc;
            return;
        }
        if (rc != WK_OK || strcmp(w->entry.sop, sop) != 0)
            continue;
        if (!w->each(w->user, &w->entry))
            return;
    }
}

wk_code wki_journal_each(wki_journal *j, const char *sop,
                         bool (*each)(void *user, const wki_journal_entry *entry), void *user,
                         wk_error *err)
{
    walker *w;
    char *buf;
    wk_code rc = WK_OK;

    if (sop && !has_key(j, key_of(sop)))
        return WK_OK;
    rc = wki_journal_flush(j, err);
    if (rc != WK_OK)
        return rc;
    w = calloc(1, sizeof *w);
    buf = malloc(MAX_LINE + 1);
    if (!w || !buf) {
        free(w);
        free(buf);
        return wk_fail(err, WK_NOMEM, "journal: out of memory");
    }
    w->each = each;
    w->user = user;
    if (sop)
        each_of(j, sop, w, buf);
    else
        rc = walk(j, walk_line, w, NULL, err);
    if (rc == WK_OK && w->rc != WK_OK)
        rc = wk_fail(err, w->rc, "journal: out of memory");
    free(w);
    free(buf);
    return rc;
}
