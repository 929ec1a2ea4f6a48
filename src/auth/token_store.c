#include "auth/token_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wadokit/json.h>
#include <wadokit/limits.h>

#include "core/dir_names.h"
#include "core/file_system.h"
#include "core/path.h"
#include "core/text.h"
#include "json/json.h"

enum {
    FORMAT = 1,
    MAX_RECORD = 4 * WK_MAX_HEADER_BYTES,
    NAME_SIZE = WKI_SHA256_HEX_SIZE + 48,
    LOCK_STEP_MS = 20,
};

struct wki_token_store {
    char *path;
    int dir_fd;
};

/* ---- records ---- */

void wki_token_record_clear(wki_token_record *r)
{
    free(r->profile);
    free(r->method);
    free(r->issuer);
    free(r->token_url);
    free(r->revocation_url);
    free(r->client_id);
    free(r->client_auth);
    free(r->asked_scope);
    for (size_t i = 0; i < r->n_origins; i++)
        free(r->origins[i]);
    free(r->origins);
    wki_token_clear(&r->token);
    memset(r, 0, sizeof *r);
}

wk_code wki_token_record_add_origin(wki_token_record *record, const char *origin, wk_error *err)
{
    char **more;

    for (size_t i = 0; i < record->n_origins; i++) {
        if (strcmp(record->origins[i], origin) == 0)
            return WK_OK;
    }
    more = realloc(record->origins, (record->n_origins + 1) * sizeof *more);
    if (more)
        record->origins = more;
    if (!more || !(more[record->n_origins] = wki_strdup(origin)))
        return wk_fail(err, WK_NOMEM, "out of memory");
    record->n_origins++;
    return WK_OK;
}

/* Members that are strings: one table for reading and writing. */
typedef struct text_member {
    const char *name;
    size_t offset;
} text_member;

#define MEMBER(name, field)                                                                        \
    {                                                                                              \
        name, offsetof(wki_token_record, field)                                                    \
    }

static const text_member members[] = {
    MEMBER("profile", profile),
    MEMBER("method", method),
    MEMBER("issuer", issuer),
    MEMBER("tokenUrl", token_url),
    MEMBER("revocationUrl", revocation_url),
    MEMBER("clientId", client_id),
    MEMBER("clientAuth", client_auth),
    MEMBER("askedScope", asked_scope),
    MEMBER("accessToken", token.access_token),
    MEMBER("refreshToken", token.refresh_token),
    MEMBER("scope", token.scope),
    MEMBER("patient", token.patient),
    MEMBER("encounter", token.encounter),
    MEMBER("fhirContext", token.context),
};

static char **member_of(wki_token_record *r, const text_member *m)
{
    return (char **)((char *)r + m->offset);
}

static const char *text_of(const wki_token_record *r, const text_member *m)
{
    return *(const char *const *)((const char *)r + m->offset);
}

static char *record_print(const wki_token_record *r)
{
    wk_json_line *line = wk_json_line_new(NULL);
    char *text;

    wk_json_set_int(line, "wadokit-token", FORMAT);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (text_of(r, &members[i]))
            wk_json_set_string(line, members[i].name, text_of(r, &members[i]));
    }
    for (size_t i = 0; i < r->n_origins; i++)
        wk_json_add_string(line, "origins", r->origins[i]);
    wk_json_set_int(line, "obtained", r->token.obtained_s);
    wk_json_set_int(line, "expires", r->token.expires_s);
    text = wk_json_line_text(line);
    wk_json_line_free(line);
    return text;
}

static wk_code record_parse(const wki_json *doc, wki_token_record *r, wk_error *err)
{
    const wki_json *origins = wki_json_get(doc, "origins");
    int64_t format;
    wk_code rc = WK_OK;

    if (!wki_json_int(doc, "wadokit-token", &format) || format != FORMAT)
        return wk_fail(err, WK_DATA, "not a token file of this version");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *text = wki_json_str(doc, members[i].name);
        char **to = member_of(r, &members[i]);

        if (text && !(*to = wki_strdup(text)))
            return wk_fail(err, WK_NOMEM, "out of memory");
    }
    for (const wki_json *o = wki_json_first(origins); o && rc == WK_OK;
         o = wki_json_next(origins, o)) {
        if (wki_json_text(o))
            rc = wki_token_record_add_origin(r, wki_json_text(o), err);
    }
    if (!wki_json_int(doc, "obtained", &r->token.obtained_s))
        r->token.obtained_s = 0;
    if (!wki_json_int(doc, "expires", &r->token.expires_s))
        r->token.expires_s = 0;
    return rc;
}

wk_code wki_token_key(char key[WKI_SHA256_HEX_SIZE], const char *method, const char *issuer,
                      const char *client_id, const char *scope, const char *profile, wk_error *err)
{
    const char *parts[] = {method, issuer, client_id, scope, profile};
    wki_sha256 *h = NULL;
    wk_code rc = wki_sha256_new(&h, err);

    if (rc != WK_OK)
        return rc;
    /* The NUL goes in too, so that "a"+"bc" and "ab"+"c" differ. */
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *part = parts[i] ? parts[i] : "";

        wki_sha256_add(h, part, strlen(part) + 1);
    }
    wki_sha256_finish(h, key);
    wki_sha256_free(h);
    return WK_OK;
}

/* ---- the folder ---- */

wk_code wki_token_store_path(const char *state_dir, char **out, wk_error *err)
{
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *path;

    if (!state_dir && xdg && xdg[0] == '/')
        state_dir = xdg;
    if (state_dir)
        return wki_path_join(out, state_dir, "wadokit", err);
    if (!home || home[0] != '/')
        return wk_fail(err, WK_IO, "neither XDG_STATE_HOME nor HOME is set: tokens cannot be kept");
    path = wki_strfmt("%s/.local/state/wadokit", home);
    if (!path)
        return wk_fail(err, WK_NOMEM, "out of memory");
    *out = path;
    return WK_OK;
}

/* The last folder is ours alone; those above it are made as usual. */
static wk_code make_folder(const char *path, wk_error *err)
{
    char *parent = wki_strdup(path);
    wk_code rc = parent ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc == WK_OK) {
        *strrchr(parent, '/') = '\0';
        if (*parent)
            rc = wki_path_make_dirs(parent, err);
    }
    if (rc == WK_OK && mkdir(path, 0700) != 0 && errno != EEXIST)
        rc = wk_fail_errno(err, WK_IO, errno, "%s cannot be made", path);
    free(parent);
    return rc;
}

static wk_code check_folder(const char *path, int fd, wk_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return wk_fail_errno(err, WK_IO, errno, "%s", path);
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return wk_fail(err, WK_REFUSED,
                       "%s: others may write into the folder of tokens; run: chmod 700 %s", path,
                       path);
    return WK_OK;
}

wk_code wki_token_store_open(const char *state_dir, wki_token_store **out, wk_error *err)
{
    wki_token_store *s = calloc(1, sizeof *s);
    wk_code rc;

    if (!s)
        return wk_fail(err, WK_NOMEM, "out of memory");
    s->dir_fd = -1;
    rc = wki_token_store_path(state_dir, &s->path, err);
    if (rc == WK_OK)
        rc = make_folder(s->path, err);
    if (rc == WK_OK) {
        s->dir_fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->dir_fd < 0)
            rc = wk_fail_errno(err, WK_IO, errno, "%s", s->path);
    }
    if (rc == WK_OK)
        rc = check_folder(s->path, s->dir_fd, err);
    if (rc != WK_OK) {
        wki_token_store_free(s);
        return rc;
    }
    *out = s;
    return WK_OK;
}

void wki_token_store_free(wki_token_store *s)
{
    if (!s)
        return;
    if (s->dir_fd >= 0)
        close(s->dir_fd);
    free(s->path);
    free(s);
}

/* ---- locks ---- */

/* Where nothing can be written, nobody writes: what is kept is read without a lock, and what is new
 * lives as long as the process. */
static bool is_read_only(int number)
{
    return number == EROFS || number == EACCES || number == EPERM;
}

/* Lock files stay: a name that comes and goes would let two processes hold two files of it. */
wk_code wki_token_store_lock(wki_token_store *s, const char *key, int64_t wait_ms,
                             const wki_clock *clock, const wk_cancel *cancel, int *lock,
                             wk_error *err)
{
    int64_t end = clock->monotonic_ms(clock->user) + wait_ms;
    char name[NAME_SIZE];
    bool locked;
    int fd;

    snprintf(name, sizeof name, "%s.lock", key);
    *lock = -1;
    fd = openat(s->dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return is_read_only(errno) ? WK_OK
                                   : wk_fail_errno(err, WK_IO, errno, "%s/%s", s->path, name);
    while (!wki_fs_lock(fd, LOCK_EX | LOCK_NB, &locked)) {
        int why = errno;

        if (cancel && cancel->requested) {
            close(fd);
            return wk_fail(err, WK_CANCELLED, "interrupted");
        }
        if (why != EWOULDBLOCK) {
            close(fd);
            return wk_fail_errno(err, WK_IO, why, "%s/%s: cannot be locked", s->path, name);
        }
        if (clock->monotonic_ms(clock->user) >= end) {
            close(fd);
            return wk_fail(err, WK_IO, "%s/%s: another process has held the login for too long",
                           s->path, name);
        }
        clock->sleep_ms(clock->user, LOCK_STEP_MS);
    }
    *lock = fd;
    return WK_OK;
}

void wki_token_store_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* ---- files ---- */

static wk_code check_file(const wki_token_store *s, const char *name, int fd, wk_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return wk_fail_errno(err, WK_IO, errno, "%s/%s", s->path, name);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IRWXG | S_IRWXO)))
        return wk_fail(err, WK_REFUSED,
                       "%s/%s: others have had access to this token; run: wadokit auth logout, and "
                       "log in again",
                       s->path, name);
    return WK_OK;
}

static wk_code read_all(int fd, wki_buf *b, wk_error *err)
{
    char piece[4096];
    ssize_t n;
    wk_code rc = WK_OK;

    while (rc == WK_OK && (n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        rc = n < 0 ? wk_fail_errno(err, WK_IO, errno, "token file")
                   : wki_buf_add(b, piece, (size_t)n, err);
    }
    explicit_bzero(piece, sizeof piece);
    return rc;
}

static wk_code read_file(wki_token_store *s, const char *name, int fd, wki_token_record *out,
                         wk_error *err)
{
    wki_token_record r = {0};
    wki_json *doc = NULL;
    wki_buf text;
    wk_code rc;

    wki_buf_init(&text, MAX_RECORD, "token file");
    rc = check_file(s, name, fd, err);
    if (rc == WK_OK)
        rc = read_all(fd, &text, err);
    if (rc == WK_OK)
        rc = wki_json_parse(wki_buf_text(&text), text.n, "token file", &doc, err);
    if (rc == WK_OK)
        rc = record_parse(doc, &r, err);
    if (rc == WK_OK)
        *out = r;
    else
        wki_token_record_clear(&r);
    wki_json_free(doc);
    wki_buf_clear(&text);
    return rc;
}

wk_code wki_token_store_read(wki_token_store *s, const char *key, wki_token_record *out,
                             bool *found, wk_error *err)
{
    char name[NAME_SIZE];
    int fd;
    wk_code rc;

    snprintf(name, sizeof name, "%s.json", key);
    fd = openat(s->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        *found = false;
        return WK_OK;
    }
    if (fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s/%s", s->path, name);
    rc = read_file(s, name, fd, out, err);
    close(fd);
    if (rc == WK_OK)
        *found = true;
    return rc;
}

static int write_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = write(fd, text, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text += n;
        left -= (size_t)n;
    }
    return wki_fs_sync(fd);
}

static wk_code replace(wki_token_store *s, const char *name, const char *text, wk_error *err)
{
    char tmp[NAME_SIZE + 32];
    int fd, failed;
    int why = 0;

    snprintf(tmp, sizeof tmp, ".%s.%ld.tmp", name, (long)getpid());
    /* Left over from a process of the same number that was killed. */
    unlinkat(s->dir_fd, tmp, 0);
    fd = openat(s->dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s/%s", s->path, tmp);
    failed = write_all(fd, text);
    why = errno;
    if (close(fd) != 0 && !failed) {
        failed = -1;
        why = errno;
    }
    if (!failed && renameat(s->dir_fd, tmp, s->dir_fd, name) != 0) {
        failed = -1;
        why = errno;
    }
    if (!failed)
        return WK_OK;
    unlinkat(s->dir_fd, tmp, 0);
    return wk_fail_errno(err, WK_IO, why, "%s/%s", s->path, name);
}

wk_code wki_token_store_write(wki_token_store *s, const char *key, const wki_token_record *record,
                              wk_error *err)
{
    char *text = record_print(record);
    char name[NAME_SIZE];
    wk_code rc;

    if (!text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    snprintf(name, sizeof name, "%s.json", key);
    rc = replace(s, name, text, err);
    explicit_bzero(text, strlen(text));
    free(text);
    return rc;
}

wk_code wki_token_store_remove(wki_token_store *s, const char *key, bool *existed, wk_error *err)
{
    char name[NAME_SIZE];
    bool gone;

    snprintf(name, sizeof name, "%s.json", key);
    gone = unlinkat(s->dir_fd, name, 0) == 0;
    if (!gone && errno != ENOENT)
        return wk_fail_errno(err, WK_IO, errno, "%s/%s", s->path, name);
    if (existed)
        *existed = gone;
    return WK_OK;
}

/* ---- all of them ---- */

static bool is_record(const char *name)
{
    return strlen(name) == WKI_SHA256_HEX_SIZE - 1 + 5 && wki_str_ends(name, ".json");
}

wk_code wki_token_store_each(wki_token_store *s,
                             wk_code (*each)(void *user, const char *key,
                                             const wki_token_record *record,
                                             const wk_error *trouble),
                             void *user, wk_error *err)
{
    wki_dir_names names = {0};
    wk_code rc = WK_OK;

    if (!wki_dir_names_read(s->dir_fd, is_record, &names))
        return wk_fail_errno(err, errno == ENOMEM ? WK_NOMEM : WK_IO, errno, "%s", s->path);
    for (size_t i = 0; i < names.n; i++) {
        wki_token_record record = {0};
        wk_error trouble = {0};
        char key[WKI_SHA256_HEX_SIZE];
        bool found = false;

        memcpy(key, names.names[i], sizeof key - 1);
        key[sizeof key - 1] = '\0';
        if (rc == WK_OK && wki_token_store_read(s, key, &record, &found, &trouble) != WK_OK)
            rc = each(user, key, NULL, &trouble);
        else if (rc == WK_OK && found)
            rc = each(user, key, &record, NULL);
        wki_token_record_clear(&record);
    }
    wki_dir_names_clear(&names);
    return rc;
}
