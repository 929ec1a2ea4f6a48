#include "flow/record/bulk_state.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wadokit/json.h>
#include <wadokit/limits.h>

#include "core/text.h"
#include "http/url.h"
#include "store/tmpfile.h"

enum {
    LINE = 384, /* of export.done, at most */
    HEX = 2 * WKI_SHA256_BYTES,
    MAX_STEMS = 512
};

static const char folder[] = ".wadokit";
static const char state_name[] = "export.json";
static const char done_name[] = "export.done";

/* A line of export.done. claimed: the manifest has it. */
struct wki_bulk_saved {
    wki_bulk_place place;
    wki_bulk_id id;
    bool claimed;
};

/* ---- small files ---- */

/* The text of a small file, on the heap; NULL where it is not there. */
static char *read_small(int fd, const char *name)
{
    int file = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char buffer[4096];
    wki_buf b;
    ssize_t n;
    char *text;

    if (file < 0)
        return NULL;
    wki_buf_init(&b, (size_t)WK_MAX_BULK_FILES * LINE, "state");
    while ((n = read(file, buffer, sizeof buffer)) > 0) {
        if (wki_buf_add(&b, buffer, (size_t)n, NULL) != WK_OK)
            break;
    }
    close(file);
    text = b.n ? wki_buf_take(&b) : NULL;
    wki_buf_clear(&b);
    return text;
}

wk_code wki_bulk_state_write(int fd, const char *name, const void *data, size_t n, wk_error *err)
{
    wki_tmpfile t = {0};
    bool existed;
    wk_code rc = wki_tmpfile_open(&t, fd, err);

    if (rc == WK_OK)
        rc = wki_tmpfile_write(&t, data, n, err);
    if (rc == WK_OK)
        rc = wki_tmpfile_commit(&t, name, false, &existed, err);
    wki_tmpfile_clear(&t);
    return rc;
}

static void open_meta(wki_bulk_state *s)
{
    if (s->meta_fd < 0)
        s->meta_fd = openat(s->dir_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* ---- export.done ---- */

static void put_hex(char *out, const unsigned char *bytes)
{
    for (size_t i = 0; i < WKI_SHA256_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool read_hex(const char *text, unsigned char *out)
{
    for (size_t i = 0; i < WKI_SHA256_BYTES; i++) {
        char pair[3] = {text[2 * i], text[2 * i] ? text[2 * i + 1] : '\0', '\0'}, *end;

        out[i] = (unsigned char)strtoul(pair, &end, 16);
        if (end != pair + 2 || !isxdigit((unsigned char)pair[0]))
            return false;
    }
    return true;
}

/* The next word of a line, cut in place; "" at its end. */
static char *word(char **at)
{
    char *begin = *at;
    size_t n = strcspn(begin, " ");

    *at = begin + n + (begin[n] == ' ');
    begin[n] = '\0';
    return begin;
}

static bool read_count(char **at, uint64_t *out)
{
    const char *text = word(at);
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return isdigit((unsigned char)*text) && *end == '\0' && errno == 0;
}

/* A name as we make them: what stands in a file is not above doubt. */
static bool is_name(const char *text)
{
    size_t n = strlen(text);

    return n < WKI_BULK_NAME_SIZE && isalpha((unsigned char)*text) &&
           wki_str_ends(text, ".ndjson") &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == n - 7;
}

static bool read_line(char *line, wki_bulk_saved *out)
{
    const char *name = word(&line), *whole, *lasting;

    memset(out, 0, sizeof *out);
    if (!is_name(name) || !read_count(&line, &out->place.bytes) ||
        !read_count(&line, &out->place.lines) || !read_count(&line, &out->place.bad) ||
        !read_count(&line, &out->place.outcomes))
        return false;
    whole = word(&line);
    lasting = word(&line);
    out->id.distinct = strcmp(lasting, "-") != 0;
    if (!read_hex(whole, out->id.whole) || whole[HEX] ||
        (out->id.distinct && (!read_hex(lasting, out->id.lasting) || lasting[HEX])))
        return false;
    (void)wki_strcopy(out->place.name, sizeof out->place.name, name);
    out->place.kept = true;
    return true;
}

static wk_code print_line(wki_buf *b, const wki_bulk_place *p, const wki_bulk_id *id, wk_error *err)
{
    char whole[HEX + 1], lasting[HEX + 1] = "-";

    put_hex(whole, id->whole);
    if (id->distinct)
        put_hex(lasting, id->lasting);
    return wki_buf_addf(b, err, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s %s\n",
                        p->name, p->bytes, p->lines, p->bad, p->outcomes, whole, lasting);
}

static wk_code load_done(wki_bulk_state *s, wk_error *err)
{
    char *text = read_small(s->meta_fd, done_name), *at = text, *end;
    size_t lines = 0;

    for (const char *c = text; c && *c; c++)
        lines += *c == '\n';
    s->saved = calloc(lines + 1, sizeof *s->saved);
    if (!s->saved) {
        free(text);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    /* What stands behind the last newline was torn by the end of a process. */
    while (at && (end = strchr(at, '\n')) != NULL) {
        *end = '\0';
        s->n += read_line(at, &s->saved[s->n]);
        at = end + 1;
    }
    free(text);
    return WK_OK;
}

wk_code wki_bulk_state_load(wki_bulk_state *s, int dir_fd, const char *request, char **status,
                            wk_error *err)
{
    char *text;
    wki_json *state = NULL;
    const char *is, *where;
    wk_code rc = WK_OK;

    *s = (wki_bulk_state){.dir_fd = dir_fd, .meta_fd = -1};
    *status = NULL;
    open_meta(s);
    text = s->meta_fd >= 0 ? read_small(s->meta_fd, state_name) : NULL;
    if (text && wki_json_parse(text, strlen(text), state_name, &state, NULL) == WK_OK) {
        is = wki_json_str(state, "request");
        where = wki_json_str(state, "status");
        if (is && where && strcmp(is, request) == 0 && wki_url_check(where, NULL) == WK_OK) {
            *status = wki_strdup(where);
            rc = *status ? load_done(s, err) : wk_fail(err, WK_NOMEM, "out of memory");
        }
    }
    wki_json_free(state);
    free(text);
    return rc;
}

wk_code wki_bulk_state_begin(wki_bulk_state *s, const char *request, const char *status,
                             wk_error *err)
{
    wk_json_line *line = wk_json_line_new(NULL);
    char *text;
    wk_code rc = WK_OK;

    wk_json_set_string(line, "request", request);
    wk_json_set_string(line, "status", status);
    text = wk_json_line_text(line);
    wk_json_line_free(line);
    if (!text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    s->stale = true;
    (void)mkdirat(s->dir_fd, folder, 0777);
    open_meta(s);
    if (s->meta_fd < 0) {
        rc = wk_fail_errno(err, WK_IO, errno, "%s", folder);
    } else {
        (void)unlinkat(s->meta_fd, done_name, 0);
        rc = wki_bulk_state_write(s->meta_fd, state_name, text, strlen(text), err);
    }
    free(text);
    return rc;
}

wk_code wki_bulk_state_note(wki_bulk_state *s, const wki_bulk_place *place, const wki_bulk_id *id,
                            wk_error *err)
{
    int fd = openat(s->meta_fd, done_name,
                    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    struct stat st;
    wki_buf line;
    wk_code rc;

    wki_buf_init(&line, LINE, "state");
    rc = print_line(&line, place, id, err);
    if (rc == WK_OK && fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1))
        rc = wk_fail(err, WK_REFUSED, "%s/%s: has other names (hard links), or is no file", folder,
                     done_name);
    if (rc == WK_OK && (fd < 0 || write(fd, line.data, line.n) != (ssize_t)line.n))
        rc = wk_fail_errno(err, WK_IO, errno, "%s/%s", folder, done_name);
    if (fd >= 0)
        close(fd);
    wki_buf_clear(&line);
    return rc;
}

void wki_bulk_state_end(wki_bulk_state *s)
{
    if (s->meta_fd < 0)
        return;
    (void)unlinkat(s->meta_fd, state_name, 0);
    (void)unlinkat(s->meta_fd, done_name, 0);
    (void)unlinkat(s->dir_fd, folder, AT_REMOVEDIR);
}

void wki_bulk_state_clear(wki_bulk_state *s)
{
    if (s->meta_fd >= 0)
        close(s->meta_fd);
    free(s->saved);
    s->saved = NULL;
    s->meta_fd = -1;
    s->n = 0;
}

/* ---- places ---- */

static int by_whole(const void *a, const void *b)
{
    const wki_bulk_saved *const *x = a, *const *y = b;

    return memcmp((*x)->id.whole, (*y)->id.whole, WKI_SHA256_BYTES);
}

static int by_lasting(const void *a, const void *b)
{
    const wki_bulk_saved *const *x = a, *const *y = b;

    return memcmp((*x)->id.lasting, (*y)->id.lasting, WKI_SHA256_BYTES);
}

/* Whether the file is as an earlier run left it. */
static bool is_there(const wki_bulk_state *s, const wki_bulk_place *p)
{
    struct stat st;

    return fstatat(s->dir_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size == p->bytes;
}

/* whole, lasting: the saved ones in these orders; in `lasting` only those that are distinct. */
typedef struct orders {
    wki_bulk_saved **whole, **lasting;
    size_t n_lasting;
} orders;

static wk_code sort(const wki_bulk_state *s, orders *o, wk_error *err)
{
    o->whole = malloc((s->n + 1) * sizeof *o->whole);
    o->lasting = malloc((s->n + 1) * sizeof *o->lasting);
    if (!o->whole || !o->lasting)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (size_t i = 0; i < s->n; i++) {
        o->whole[i] = &s->saved[i];
        if (s->saved[i].id.distinct)
            o->lasting[o->n_lasting++] = &s->saved[i];
    }
    qsort(o->whole, s->n, sizeof *o->whole, by_whole);
    qsort(o->lasting, o->n_lasting, sizeof *o->lasting, by_lasting);
    return WK_OK;
}

/* The saved file that this one is: by its URL, else by what of it lasts, where that tells it from
 * all others, then and now. */
static void claim(const wki_bulk_state *s, const orders *o, const wki_bulk_file *f,
                  wki_bulk_place *out)
{
    wki_bulk_saved key = {.id = f->id}, *is_key = &key;
    wki_bulk_saved **found = bsearch(&is_key, o->whole, s->n, sizeof *o->whole, by_whole);

    if (!found && f->id.distinct)
        found = bsearch(&is_key, o->lasting, o->n_lasting, sizeof *o->lasting, by_lasting);
    if (!found || (*found)->claimed || !is_there(s, &(*found)->place) ||
        (f->count >= 0 && (*found)->place.lines < (uint64_t)f->count))
        return;
    (*found)->claimed = true;
    *out = (*found)->place;
}

/* The names so far, and the numbers that come next: for "Patient" after "Patient-2" it is 3. */
typedef struct namer {
    wki_seen taken;
    struct {
        char stem[64];
        size_t next;
    } stems[MAX_STEMS];
    size_t n_stems;
} namer;

static bool take_name(namer *n, const char *name)
{
    char lower[WKI_BULK_NAME_SIZE];
    size_t i = 0;

    for (; name[i]; i++)
        lower[i] = (char)tolower((unsigned char)name[i]);
    lower[i] = '\0';
    return !wki_seen_before(&n->taken, lower);
}

static size_t *next_of(namer *n, const char **stem)
{
    for (size_t i = 0; i < n->n_stems; i++) {
        if (wki_str_ieq(n->stems[i].stem, *stem))
            return &n->stems[i].next;
    }
    /* No export has so many types: the last place is for all that follow. */
    if (n->n_stems == MAX_STEMS) {
        *stem = n->stems[MAX_STEMS - 1].stem;
        return &n->stems[MAX_STEMS - 1].next;
    }
    (void)wki_strcopy(n->stems[n->n_stems].stem, sizeof n->stems[0].stem, *stem);
    n->stems[n->n_stems].next = 1;
    return &n->stems[n->n_stems++].next;
}

/* Nothing of it is the server's but letters. */
static void name_file(namer *n, const wki_bulk_file *f, char *out)
{
    const char *stem = strcmp(f->kind, "error") == 0     ? "errors"
                       : strcmp(f->kind, "deleted") == 0 ? "deleted"
                       : f->type[0]                      ? f->type
                                                         : "resources";
    size_t *next = next_of(n, &stem);

    do {
        if (*next == 1)
            snprintf(out, WKI_BULK_NAME_SIZE, "%s.ndjson", stem);
        else
            snprintf(out, WKI_BULK_NAME_SIZE, "%s-%zu.ndjson", stem, *next);
        (*next)++;
    } while (!take_name(n, out));
}

static wk_code name_all(const wki_bulk_manifest *m, wki_bulk_place *places, wk_error *err)
{
    namer *n = calloc(1, sizeof *n);

    if (!n)
        return wk_fail(err, WK_NOMEM, "out of memory");
    wki_seen_init(&n->taken, 2 * (size_t)WK_MAX_BULK_FILES);
    for (size_t i = 0; i < m->n; i++) {
        if (places[i].kept)
            (void)take_name(n, places[i].name);
    }
    for (size_t i = 0; i < m->n; i++) {
        if (!places[i].kept)
            name_file(n, &m->files[i], places[i].name);
    }
    wki_seen_clear(&n->taken);
    free(n);
    return WK_OK;
}

/* export.done with what is kept: a name that goes to another file must not stand there. */
static wk_code rewrite(const wki_bulk_state *s, const wki_bulk_manifest *m,
                       const wki_bulk_place *places, wk_error *err)
{
    wki_buf b;
    wk_code rc = WK_OK;

    wki_buf_init(&b, (size_t)WK_MAX_BULK_FILES * LINE, "state");
    for (size_t i = 0; i < m->n && rc == WK_OK; i++) {
        if (places[i].kept)
            rc = print_line(&b, &places[i], &m->files[i].id, err);
    }
    if (rc == WK_OK)
        rc = wki_bulk_state_write(s->meta_fd, done_name, wki_buf_text(&b), b.n, err);
    wki_buf_clear(&b);
    return rc;
}

wk_code wki_bulk_state_places(wki_bulk_state *s, const wki_bulk_manifest *m, wki_bulk_place **out,
                              wk_error *err)
{
    wki_bulk_place *places = calloc(m->n + 1, sizeof *places);
    orders o = {0};
    wk_code rc = places ? sort(s, &o, err) : wk_fail(err, WK_NOMEM, "out of memory");

    for (size_t i = 0; i < m->n && rc == WK_OK && !s->stale; i++)
        claim(s, &o, &m->files[i], &places[i]);
    for (size_t i = 0; i < s->n && rc == WK_OK; i++) {
        if (!s->saved[i].claimed && is_there(s, &s->saved[i].place))
            (void)unlinkat(s->dir_fd, s->saved[i].place.name, 0);
    }
    if (rc == WK_OK)
        rc = name_all(m, places, err);
    if (rc == WK_OK && s->n > 0)
        rc = rewrite(s, m, places, err);
    free(o.whole);
    free(o.lasting);
    if (rc == WK_OK)
        *out = places;
    else
        free(places);
    return rc;
}
