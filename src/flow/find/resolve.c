#include "flow/find/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "flow/find/local.h"
#include "flow/find/target.h"
#include "http/url.h"
#include "json/json_stream.h"
#include "store/tmpfile.h"

enum {
    READ_BYTES = 65536,
    MAX_PLANNED = 1 << 17 /* studies and series remembered: a MiB */
};

wk_code wki_resolver_init(wki_resolver *r, wk_session *session, const char *target, wk_plan_fn each,
                          void *user, wk_error *err)
{
    *r = (wki_resolver){.session = session, .each = each, .user = user, .target = target};
    wki_endpoint_cache_init(&r->cache, wki_fhir_read, session->http);
    wki_seen_init(&r->planned, MAX_PLANNED);
    return wki_wanted_init(&r->wanted, session, NULL, NULL, err);
}

void wki_resolver_clear(wki_resolver *r)
{
    wki_endpoint_cache_clear(&r->cache);
    wki_seen_clear(&r->planned);
    wki_wanted_clear(&r->wanted);
}

/* --- items --- */

bool wki_resolver_is_fatal(const wki_resolver *r, wk_code code)
{
    return r->fatal || code == WK_NOMEM || code == WK_CANCELLED;
}

wk_code wki_resolver_emit(wki_resolver *r, const wk_plan_item *item, wk_error *err)
{
    wk_code rc = wki_session_check(r->session, err);

    if (item->kind != WK_ITEM_NOTICE)
        r->sum.items++;
    else
        r->sum.notices++;
    r->sum.left_out += item->left_out;
    if (item->error.code != WK_OK) {
        r->sum.failed++;
        if (r->first.code == WK_OK)
            r->first = item->error;
    }
    r->gave++;
    if (rc == WK_OK)
        rc = r->each(r->user, item, err);
    if (rc != WK_OK)
        r->fatal = true;
    return rc;
}

wk_code wki_resolver_fail(wki_resolver *r, const wk_error *error, wk_error *err)
{
    wk_plan_item item = {.kind = WK_ITEM_NOTICE, .error = *error};
    char shown[1024], reason[sizeof error->message];
    wk_code rc;

    if (wki_resolver_is_fatal(r, error->code)) {
        if (err && err->code == WK_OK)
            *err = *error;
        return error->code;
    }
    if (strcmp(r->target, "-") == 0)
        wki_strcopy(shown, sizeof shown, "standard input");
    else
        wki_url_redact(shown, sizeof shown, r->target);
    memcpy(reason, error->message, sizeof reason);
    item.error.message[0] = '\0';
    /* Many messages name what they are about already. */
    if (strstr(error->message, shown))
        memcpy(item.error.message, error->message, sizeof item.error.message);
    else
        snprintf(item.error.message, sizeof item.error.message, "%.200s: %.300s", shown,
                 error->message);
    item.url = strstr(r->target, "://") ? shown : NULL;
    item.path = item.url ? NULL : shown;
    item.reason = reason;
    item.endpoint = NULL;
    rc = wki_resolver_emit(r, &item, err);
    return rc;
}

char wki_came_before[] = "the same came before";

/* Whether all of it came before: itself, or whole what it is a part of. A frame is no part, as it
 * is drawn under a name of its own. */
static bool is_covered(wki_resolver *r, const wki_dicomweb_url *web, const char *url)
{
    const char *series[] = {"", web->series};
    bool covered = wki_seen_has(&r->planned, url);

    for (size_t i = 0; i < 2 && !covered && web->frame == 0; i++) {
        char *above = wki_dicomweb_url_build(web->root, web->study, series[i], "", 0, "");

        covered = above && wki_seen_has(&r->planned, above);
        free(above);
    }
    return covered || wki_seen_before(&r->planned, url);
}

static wk_code emit_covered(wki_resolver *r, const wk_plan_item *item, wk_error *err)
{
    wk_plan_item notice = {.kind = WK_ITEM_NOTICE,
                           .level = item->level,
                           .endpoint = item->endpoint,
                           .reason = wki_came_before};

    memcpy(notice.study, item->study, sizeof notice.study);
    memcpy(notice.series, item->series, sizeof notice.series);
    return wki_resolver_emit(r, &notice, err);
}

wk_code wki_resolve_web(wki_resolver *r, const wki_dicomweb_url *web, const char *source,
                        wk_error *err)
{
    wk_plan_item item = {.kind = WK_ITEM_REMOTE, .connection = "dicom-wado-rs"};
    bool named = strcmp(source, "search") == 0; /* by a file: for itself alone */
    char reason[256] = "", endpoint[32];
    wk_error error = {0};
    wk_code rc;

    item.level = web->frame       ? WK_LEVEL_FRAME
                 : web->sop[0]    ? WK_LEVEL_INSTANCE
                 : web->series[0] ? WK_LEVEL_SERIES
                                  : WK_LEVEL_STUDY;
    memcpy(item.study, web->study, sizeof item.study);
    memcpy(item.series, web->series, sizeof item.series);
    memcpy(item.sop, web->sop, sizeof item.sop);
    item.frame = web->frame;
    item.url = wki_dicomweb_url_build(web->root, web->study, web->series, web->sop, web->frame,
                                      web->query);
    if (!item.url)
        return wk_fail(err, WK_NOMEM, "out of memory");
    wki_strcopy(endpoint, sizeof endpoint, source);
    item.root = web->query && web->query[0] ? NULL : web->root;
    item.endpoint = endpoint;
    item.named_by = named ? item.url : NULL;
    item.reason = reason;
    rc = wki_url_check(item.url, &error);
    if (rc == WK_OK && is_covered(r, web, item.url)) {
        rc = emit_covered(r, &item, err);
    } else if (rc == WK_OK) {
        item.send_credentials =
            wki_http_sends_credentials(r->session->http, item.url, reason, sizeof reason);
        rc = wki_resolver_emit(r, &item, err);
    } else {
        rc = wki_resolver_fail(r, &error, err);
    }
    free(item.url);
    return rc;
}

static wk_code emit_file(wki_resolver *r, const char *path, wk_error *err)
{
    wk_plan_item item = {.kind = WK_ITEM_FILE, .level = WK_LEVEL_INSTANCE};
    char endpoint[] = "file";
    char *copy = wki_strdup(path);
    wk_code rc;

    if (!copy)
        return wk_fail(err, WK_NOMEM, "out of memory");
    item.path = copy;
    item.endpoint = endpoint;
    rc = wki_resolver_emit(r, &item, err);
    free(copy);
    return rc;
}

/* --- JSON --- */

static wk_code on_value(void *user, const wki_json *value, wk_error *err)
{
    return wki_resolve_json(user, value, NULL, err);
}

/* Feeds what was read already and the rest of `fd`. */
static wk_code read_json(wki_resolver *r, int fd, const void *head, size_t n, const char *name,
                         wk_error *err)
{
    wki_json_stream *stream = NULL;
    char *block = malloc(READ_BYTES);
    wk_code rc;

    if (!block)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = wki_json_stream_new(name, WK_MAX_JSON_BYTES, on_value, r, &stream, err);
    if (rc == WK_OK) {
        wki_json_stream_mend(stream, &r->wanted.faults);
        rc = wki_json_stream_feed(stream, head, n, err);
    }
    while (rc == WK_OK && fd >= 0) {
        rc = wki_read_up_to(fd, block, READ_BYTES, name, r->session->opts.cancel, &n, err);
        if (rc != WK_OK || n == 0)
            break;
        rc = wki_json_stream_feed(stream, block, n, err);
    }
    if (rc == WK_OK)
        rc = wki_json_stream_finish(stream, err);
    if (rc == WK_OK && r->wanted.faults.elements)
        rc = wk_fail(err, WK_DATA, "%llu of its list that are no JSON, the first at %s",
                     (unsigned long long)r->wanted.faults.elements, r->wanted.faults.first);
    wki_json_stream_free(stream);
    free(block);
    return rc;
}

/* After a whole JSON target: nothing in it is a failure too. */
static wk_code check_gave(wki_resolver *r, wk_error *err)
{
    uint64_t left_out = wki_wanted_left_out(&r->wanted);

    if (left_out > 0 && left_out == r->gave)
        return r->wanted.retracted == 0
                   ? wk_fail(err, WK_NOT_FOUND, "no study of it is what was asked for")
                   : wk_fail_setting(err, WK_NOT_FOUND, "include-entered-in-error",
                                     "no study of it is left: entered in error, or cancelled");
    if (r->gave > 0)
        return WK_OK;
    if (r->known)
        return wk_fail(err, WK_NOT_FOUND, "no ImagingStudy in it");
    return wk_fail(err, WK_DATA, "JSON, but no ImagingStudy, no Bundle, and no lines of 'search'");
}

/* --- what can be read only once --- */

static wk_code write_all(int fd, const char *data, size_t n, wk_error *err)
{
    while (n > 0) {
        ssize_t w = write(fd, data, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return wk_fail_errno(err, WK_IO, errno, "a temporary file for what comes by a pipe");
        data += w;
        n -= (size_t)w;
    }
    return WK_OK;
}

/* A file without a name, which goes away by itself however the run ends. It is the session's: who
 * was handed the item may open it after the resolving. */
static int open_spool(wk_session *s, wk_error *err)
{
    int *spools = realloc(s->spools, (s->n_spools + 1) * sizeof *spools);
    int fd;

    if (!spools) {
        (void)wk_fail(err, WK_NOMEM, "out of memory");
        return -1;
    }
    s->spools = spools;
    fd = wki_tmpfile_nameless(err);
    if (fd >= 0)
        s->spools[s->n_spools++] = fd;
    return fd;
}

static wk_code spool(wki_resolver *r, int from, const char *name, const char *head, size_t n,
                     wk_error *err)
{
    char path[64];
    char *block;
    int fd = open_spool(r->session, err);
    wk_code rc;

    if (fd < 0)
        return err && err->code != WK_OK ? err->code : WK_IO;
    block = malloc(READ_BYTES);
    rc = block ? write_all(fd, head, n, err) : wk_fail(err, WK_NOMEM, "out of memory");
    while (rc == WK_OK) {
        rc = wki_read_up_to(from, block, READ_BYTES, name, r->session->opts.cancel, &n, err);
        if (rc != WK_OK || n == 0)
            break;
        rc = write_all(fd, block, n, err);
    }
    free(block);
    if (rc != WK_OK)
        return rc;
    snprintf(path, sizeof path, WKI_SPOOL_PATH "%d", fd);
    return emit_file(r, path, err);
}

/* --- local targets --- */

static wk_code on_dicom(void *user, const char *path, wk_error *err)
{
    return emit_file(user, path, err);
}

static wk_code on_failed(void *user, const char *path, const wk_error *error, wk_error *err)
{
    wki_resolver *r = user;
    const char *target = r->target;
    wk_code rc;

    r->target = path;
    rc = wki_resolver_fail(r, error, err);
    r->target = target;
    return rc;
}

static wk_code take_directory(wki_resolver *r, const char *dir, wk_error *err)
{
    wki_walk walk = {.dicom = on_dicom, .failed = on_failed, .user = r};
    wk_code rc = wki_walk_dir(&walk, dir, err);

    r->sum.skipped += walk.skipped;
    if (rc == WK_OK && r->gave == 0)
        rc = wk_fail(err, WK_NOT_FOUND, "no DICOM file in it");
    return rc;
}

static wk_code refuse_content(wki_sniffed is, wk_error *err)
{
    if (is == WKI_SNIFF_EMPTY)
        return wk_fail(err, WK_DATA, "the file is empty");
    if (is == WKI_SNIFF_DICOMDIR)
        return wk_fail(err, WK_DATA, "a DICOMDIR, which is no image: give the folder it lies in");
    return wk_fail(err, WK_DATA, "neither DICOM nor JSON");
}

/* The file that is open as `fd`. `path` is where it may be opened again; NULL: what is read is
 * gone, as of a pipe. */
static wk_code take_open(wki_resolver *r, int fd, const char *path, const char *name, wk_error *err)
{
    char head[WKI_SNIFF_BYTES];
    wki_sniffed is;
    size_t n;
    wk_code rc = wki_read_up_to(fd, head, sizeof head, name, r->session->opts.cancel, &n, err);

    if (rc != WK_OK)
        return rc;
    is = wki_sniff(head, n);
    if (is == WKI_SNIFF_DICOM)
        return path ? emit_file(r, path, err) : spool(r, fd, name, head, n, err);
    if (is != WKI_SNIFF_JSON)
        return refuse_content(is, err);
    rc = read_json(r, fd, head, n, name, err);
    return rc == WK_OK ? check_gave(r, err) : rc;
}

static wk_code cannot_open(const char *path, int why, wk_error *err)
{
    if (why == ENOENT && wki_target_is_uid(path))
        return wk_fail_setting(err, WK_NOT_FOUND, "dicomweb",
                               "no such file; a UID needs a DICOMweb server");
    if (why == ENOENT && *path >= '0' && *path <= '9' && strchr(path, '.'))
        return wk_fail(err, WK_NOT_FOUND,
                       "%.200s: no such file, and no UID: numbers with a dot between them, at most "
                       "64 characters",
                       path);
    return wk_fail_errno(err, why == ENOENT || why == ENOTDIR ? WK_NOT_FOUND : WK_IO, why, "%.200s",
                         path);
}

static wk_code take_local(wki_resolver *r, const char *path, wk_error *err)
{
    struct stat st;
    int fd;
    wk_code rc;

    if (stat(path, &st) != 0)
        return cannot_open(path, errno, err);
    if (S_ISDIR(st.st_mode))
        return take_directory(r, path, err);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cannot_open(path, errno, err);
    rc = take_open(r, fd, S_ISREG(st.st_mode) ? path : NULL, path, err);
    close(fd);
    return rc;
}

static wk_code take_stdin(wki_resolver *r, wk_error *err)
{
    if (r->stdin_used)
        return wk_fail(err, WK_USAGE, "standard input can be read only once");
    r->stdin_used = true;
    return take_open(r, STDIN_FILENO, NULL, "standard input", err);
}

/* --- URLs --- */

typedef struct fhir_target {
    wki_resolver *resolver;
    const char *base;
} fhir_target;

static wk_code on_page(void *user, const wki_json *page, const char *url, wk_error *err)
{
    fhir_target *t = user;

    (void)url;
    return wki_resolve_json(t->resolver, page, t->base, err);
}

/* The URL without its _include, on the heap; NULL where it has none. */
static char *without_include(const char *url)
{
    static const char name[] = "_include=";
    const char *query = strchr(url, '?'), *p = query;
    size_t n;

    while (p && !wki_str_starts(p + 1, name))
        p = strchr(p + 1, '&');
    if (!p)
        return NULL;
    n = strcspn(p + 1, "&#") + 1;
    /* What follows takes its place: "?a" of "?_include=x&a". */
    return p == query && p[n] == '&' ? wki_strfmt("%.*s?%s", (int)(p - url), url, p + n + 1)
                                     : wki_strfmt("%.*s%s", (int)(p - url), url, p + n);
}

/* Not every server knows _include: then the Endpoints are read one by one. */
static wk_code take_pages(wki_resolver *r, fhir_target *t, const char *url, const char **incomplete,
                          wk_error *err)
{
    char *plain = without_include(url);
    wki_fhir_search search = {.url = url, .faults = &r->wanted.faults, .divisible = plain != NULL};
    wk_error why = {0};
    wk_code rc = wki_fhir_pages(r->session->http, &search, on_page, t, incomplete, &why);

    if (rc != WK_OK && plain && r->wanted.pages == 0 && wki_fhir_refuses_include(why.http_status)) {
        wk_log_write(&r->session->log, WK_LOG_INFO, "HTTP %d: asking again without _include",
                     why.http_status);
        rc = take_pages(r, t, plain, incomplete, err);
    } else if (rc != WK_OK) {
        rc = wk_fail_from(err, rc, &why);
    }
    free(plain);
    return rc;
}

static wk_code take_fhir(wki_resolver *r, const char *url, wk_error *err)
{
    char *base = wki_fhir_base_of(url, "ImagingStudy");
    fhir_target t = {.resolver = r, .base = base};
    const char *incomplete = NULL;
    wk_code rc;

    if (!base)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = take_pages(r, &t, url, &incomplete, err);
    free(base);
    if (rc == WK_OK)
        rc = check_gave(r, err);
    if (rc == WK_OK && incomplete)
        rc = wk_fail(err, WK_PARTIAL, "the list may be incomplete: %s", incomplete);
    return rc;
}

static wk_code take_json_url(wki_resolver *r, const char *url, wk_error *err)
{
    wki_http_request request = {.url = url,
                                .accept = "application/fhir+json, application/json;q=0.9, "
                                          "*/*;q=0.1",
                                .selects = true};
    wki_buf body;
    wk_code rc;

    wki_buf_init(&body, WK_MAX_JSON_BYTES, "answer");
    rc = wki_http_fetch(r->session->http, &request, &body, NULL, err);
    if (rc == WK_OK && wki_sniff(body.data, body.n) != WKI_SNIFF_JSON)
        rc = wk_fail(err, WK_DATA, "not JSON, and the address names no study");
    if (rc == WK_OK)
        rc = read_json(r, -1, body.data, body.n, "answer", err);
    wki_buf_clear(&body);
    return rc == WK_OK ? check_gave(r, err) : rc;
}

static wk_code take_target(wki_resolver *r, const char *text, wk_error *err)
{
    wki_target target;
    wk_code rc = wki_target_read(text, r->session->opts.dicomweb, &target, err);

    if (rc != WK_OK)
        return rc;
    if (target.kind == WKI_TARGET_FHIR || target.kind == WKI_TARGET_DICOMWEB ||
        target.kind == WKI_TARGET_URL)
        rc = wki_session_typed_url(r->session, text, err);
    if (rc == WK_OK) {
        switch (target.kind) {
        case WKI_TARGET_STDIN:
            rc = take_stdin(r, err);
            break;
        case WKI_TARGET_LOCAL:
            rc = take_local(r, text, err);
            break;
        case WKI_TARGET_FHIR:
            rc = take_fhir(r, text, err);
            break;
        case WKI_TARGET_URL:
            rc = take_json_url(r, text, err);
            break;
        case WKI_TARGET_DICOMWEB:
            rc = wki_resolve_web(r, &target.web, "target", err);
            break;
        case WKI_TARGET_UID:
            rc = wki_resolve_web(r, &target.web, "dicomweb", err);
            break;
        }
    }
    wki_target_clear(&target);
    return rc;
}

/* The target with what it asks for: a URL of a FHIR server says so. */
static wk_code take_wanted(wki_resolver *r, const char *text, wk_error *err)
{
    wk_code rc = wki_wanted_init(&r->wanted, r->session, NULL,
                                 wki_str_istarts(text, "http") ? text : NULL, err);

    if (rc == WK_OK)
        rc = take_target(r, text, err);
    wki_wanted_tell(&r->wanted);
    wki_wanted_clear(&r->wanted);
    return rc;
}

static wk_code take_one(wki_resolver *r, const char *text, wk_error *err)
{
    wk_error why = {0};
    wk_code rc = wki_session_check(r->session, err);

    if (rc != WK_OK)
        return rc;
    r->target = text;
    r->gave = 0;
    r->known = false;
    rc = take_wanted(r, text, &why);
    if (rc == WK_OK)
        return WK_OK;
    return wki_resolver_fail(r, &why, err);
}

static wk_code conclude(const wki_resolver *r, wk_error *err)
{
    if (r->sum.failed == 0)
        return WK_OK;
    if (r->sum.items == 0) {
        if (err)
            *err = r->first;
        return r->first.code;
    }
    return wk_fail(err, WK_PARTIAL, "%llu of %llu could not be resolved; the first: %.380s",
                   (unsigned long long)r->sum.failed,
                   (unsigned long long)(r->sum.failed + r->sum.items), r->first.message);
}

wk_code wk_resolve(wk_session *session, const char *const *targets, size_t n_targets,
                   wk_plan_fn each, void *user, wk_resolve_summary *summary, wk_error *err)
{
    wki_resolver r;
    wk_code rc = wki_resolver_init(&r, session, "", each, user, err);

    if (rc == WK_OK && n_targets == 0)
        rc = wk_fail(err, WK_USAGE, "no target given");
    session->n_targets = n_targets;
    session->resolving = true;
    for (size_t i = 0; i < n_targets && rc == WK_OK; i++) {
        session->targets_begun = i;
        rc = take_one(&r, targets[i], err);
    }
    session->targets_begun = n_targets;
    session->resolving = false;
    if (rc == WK_OK)
        rc = conclude(&r, err);
    wki_resolver_clear(&r);
    if (summary)
        *summary = r.sum;
    return rc;
}
