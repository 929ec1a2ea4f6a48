#include <wadokit/fhir.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/buf.h"
#include "core/file_system.h"
#include "core/media.h"
#include "core/path.h"
#include "core/text.h"
#include "fhir/bundle.h"
#include "fhir/fhir_value.h"
#include "flow/record/fhir_file.h"
#include "http/url.h"

enum {
    SUFFIX_ROOM = 16
};

static const char accept_fhir[] = "application/fhir+json";

void wk_fhir_file_clear(wk_fhir_file *file)
{
    free(file->path);
    memset(file, 0, sizeof *file);
}

/* ---- capabilities ---- */

/* The member `name` of each element, separated by commas. On the heap. */
static char *join(const wki_json *list, const char *name)
{
    wki_buf b;
    wk_code rc = WK_OK;
    char *out;

    wki_buf_init(&b, WK_MAX_JSON_BYTES, "list");
    for (const wki_json *e = wki_json_first(list); e && rc == WK_OK; e = wki_json_next(list, e)) {
        const char *text = name ? wki_json_str(e, name) : wki_json_text(e);

        if (text)
            rc = wki_buf_addf(&b, NULL, "%s%s", b.n ? ", " : "", text);
    }
    out = rc == WK_OK ? (b.n ? wki_buf_take(&b) : wki_strdup("")) : NULL;
    wki_buf_clear(&b);
    return out;
}

static char *security_of(const wki_json *rest)
{
    const wki_json *services = wki_json_get(wki_json_get(rest, "security"), "service");
    wki_buf b;
    wk_code rc = WK_OK;
    char *out;

    wki_buf_init(&b, WK_MAX_JSON_ITEM_BYTES, "list");
    for (const wki_json *e = wki_json_first(services); e && rc == WK_OK;
         e = wki_json_next(services, e)) {
        const char *text = wki_fhir_code(e) ? wki_fhir_code(e) : wki_fhir_words(e);

        if (text)
            rc = wki_buf_addf(&b, NULL, "%s%s", b.n ? ", " : "", text);
    }
    out = rc == WK_OK && b.n ? wki_buf_take(&b) : NULL;
    wki_buf_clear(&b);
    return out;
}

static wk_code tell_server(const wki_json *statement, const wki_json *rest,
                           void (*on_server)(void *, const wk_fhir_server *), void *user,
                           wk_error *err)
{
    const wki_json *software = wki_json_get(statement, "software");
    char *formats = join(wki_json_get(statement, "format"), NULL);
    char *operations = join(wki_json_get(rest, "operation"), "name");
    char *security = security_of(rest), *json = wki_json_print(statement);
    wk_fhir_server s = {.name = wki_json_str(software, "name"),
                        .version = wki_json_str(software, "version"),
                        .fhir_version = wki_json_str(statement, "fhirVersion"),
                        .formats = formats,
                        .security = security,
                        .operations = operations,
                        .json = json};
    bool ok = formats && operations && json;

    if (ok && on_server)
        on_server(user, &s);
    free(formats);
    free(operations);
    free(security);
    free(json);
    return ok ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

static wk_code tell_resource(const wki_json *resource,
                             void (*each)(void *, const wk_fhir_resource *), void *user,
                             wk_error *err)
{
    char *interactions = join(wki_json_get(resource, "interaction"), "code");
    char *search = join(wki_json_get(resource, "searchParam"), "name");
    char *operations = join(wki_json_get(resource, "operation"), "name");
    const char *type = wki_json_str(resource, "type");
    wk_fhir_resource r = {.type = type ? type : "",
                          .interactions = interactions,
                          .search = search,
                          .operations = operations};
    bool ok = interactions && search && operations;

    if (ok && each)
        each(user, &r);
    free(interactions);
    free(search);
    free(operations);
    return ok ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

static wk_code tell(const wki_json *statement, void (*on_server)(void *, const wk_fhir_server *),
                    void (*each)(void *, const wk_fhir_resource *), void *user, wk_error *err)
{
    const wki_json *rest = wki_json_first(wki_json_get(statement, "rest"));
    const wki_json *resources = wki_json_get(rest, "resource");
    char words[256];
    wk_code rc;

    if (!wki_fhir_is(statement, "CapabilityStatement") && !wki_fhir_is(statement, "Conformance"))
        return wki_fhir_outcome(words, sizeof words, statement)
                   ? wk_fail(err, WK_DATA, "metadata: %s", words)
                   : wk_fail(err, WK_DATA, "metadata: no CapabilityStatement");
    rc = tell_server(statement, rest, on_server, user, err);
    for (const wki_json *e = wki_json_first(resources); e && rc == WK_OK;
         e = wki_json_next(resources, e))
        rc = tell_resource(e, each, user, err);
    return rc;
}

wk_code wk_fhir_capabilities(wk_session *session,
                             void (*on_server)(void *user, const wk_fhir_server *server),
                             void (*each)(void *user, const wk_fhir_resource *resource), void *user,
                             wk_error *err)
{
    char *url = NULL;
    wki_json *statement = NULL;
    wk_code rc = wki_fhir_url(session, "metadata", NULL, "", &url, err);

    if (rc == WK_OK)
        rc = wki_fhir_read(session->http, url, NULL, &statement, err);
    if (rc == WK_OK)
        rc = tell(statement, on_server, each, user, err);
    wki_json_free(statement);
    free(url);
    return rc;
}

/* ---- get ---- */

static wk_code url_of_path(wk_session *session, const char *path, char **out, wk_error *err)
{
    wk_code rc;

    if (wki_str_istarts(path, "https://") || wki_str_istarts(path, "http://")) {
        rc = wki_session_typed_url(session, path, err);
        return rc == WK_OK ? wki_url_normalize(path, out, err) : rc;
    }
    return wki_fhir_url(session, path, NULL, "", out, err);
}

wk_code wk_fhir_get(wk_session *session, const char *path, char **text, size_t *n, wk_error *err)
{
    wki_http_request request = {.accept = accept_fhir, .selects = true};
    char *url = NULL, what[512];
    wki_json *json = NULL;
    wki_buf body;
    wk_code rc = url_of_path(session, path, &url, err);

    wki_buf_init(&body, WK_MAX_JSON_BYTES, "FHIR answer");
    request.url = url;
    if (rc == WK_OK)
        rc = wki_http_fetch(session->http, &request, &body, NULL, err);
    if (rc == WK_OK && body.n == 0)
        rc = wk_fail(err, WK_DATA, "the answer is empty");
    if (rc == WK_OK) {
        wki_url_redact(what, sizeof what, url);
        rc = wki_json_parse(body.data, body.n, what, &json, err);
    }
    wki_json_free(json);
    if (rc == WK_OK) {
        *n = body.n;
        *text = wki_buf_take(&body);
    }
    wki_buf_clear(&body);
    free(url);
    return rc;
}

/* ---- files ---- */

/* Gives the temporary file its name: the one asked for, else <id><suffix>. */
static wk_code name_file(wki_fhir_body *b, const wki_fhir_out *o, const char *id,
                         const char *suffix, wk_fhir_file *out, wk_error *err)
{
    char name[256 + SUFFIX_ROOM];
    bool existed;
    wk_code rc;

    wki_path_encode(name, wki_fs_name_max(o->dir_fd) + 1 - SUFFIX_ROOM, id);
    memcpy(name + strlen(name), suffix, strlen(suffix) + 1);
    rc = wki_path_join(&out->path, o->dir, o->name ? o->name : name, err);
    if (rc == WK_OK) {
        out->bytes = b->tmp.bytes;
        rc = wki_tmpfile_commit(&b->tmp, o->name ? o->name : name, false, &existed, err);
    }
    return rc;
}

/* The suffix of a Binary: of its type, else of its first bytes. */
static const char *suffix_of(wki_fhir_body *b)
{
    const char *suffix = wki_media_suffix_of_type(wki_payload_type(b->payload));
    unsigned char head[WKI_MEDIA_HEAD];
    int fd = -1;
    ssize_t n = 0;

    if (suffix)
        return suffix;
    if (wki_tmpfile_flush(&b->tmp, &fd, NULL) == WK_OK)
        n = pread(fd, head, sizeof head, 0);
    return wki_media_suffix(wki_media_of(head, n > 0 ? (size_t)n : 0));
}

/* Asks once, from the start. */
static wk_code fetch_binary(wk_session *session, wki_fhir_body *b, const wki_fhir_out *o,
                            const char *url, wki_payload_mode mode, const char *accept,
                            wk_error *err)
{
    wk_code rc;

    wk_error_clear(err);
    wki_fhir_body_clear(b);
    wki_fhir_body_init(b, o->dir_fd);
    b->mode = mode;
    b->what = "Binary";
    b->d.url = url;
    b->d.accept = accept;
    rc = wki_download_run(session, &b->d, err);
    return rc == WK_OK ? wki_fhir_body_finish(b, err) : rc;
}

/* FHIR JSON is what every server has; one that cannot is asked for anything. What then is no Binary
 * is the content itself, which a server may send whatever was asked for: it is asked for again, and
 * taken as it is. */
static wk_code get_binary(wk_session *session, wki_fhir_body *b, const wki_fhir_out *o,
                          const char *url, wk_error *err)
{
    const char *accept = accept_fhir;
    wk_code rc = fetch_binary(session, b, o, url, WKI_PAYLOAD_DOCUMENT, accept, err);

    if (rc != WK_OK && err->http_status == 406) {
        accept = "*/*";
        rc = fetch_binary(session, b, o, url, WKI_PAYLOAD_DOCUMENT, accept, err);
    }
    if (rc == WK_DATA && b->payload && wki_payload_is_other(b->payload))
        rc = fetch_binary(session, b, o, url, WKI_PAYLOAD_AS_IS, accept, err);
    return rc;
}

wk_code wk_fhir_binary(wk_session *session, const char *id, const char *output, wk_fhir_file *out,
                       wk_error *err)
{
    wki_fhir_out o = {.dir_fd = -1};
    wki_fhir_body b = {.dir_fd = -1};
    wk_fhir_file file = {0};
    char *url = NULL;
    wk_error own = {0};
    wk_code rc = wki_fhir_url(session, "Binary/", id, "", &url, &own);

    if (rc == WK_OK)
        rc = wki_fhir_out_open(&o, output, &own);
    if (rc == WK_OK)
        rc = get_binary(session, &b, &o, url, &own);
    if (rc == WK_OK) {
        wki_strcopy(file.media_type, sizeof file.media_type, wki_payload_type(b.payload));
        rc = name_file(&b, &o, id, suffix_of(&b), &file, &own);
    }
    if (rc == WK_OK)
        *out = file;
    else
        wk_fhir_file_clear(&file);
    if (rc != WK_OK && err)
        *err = own;
    wki_fhir_body_clear(&b);
    wki_fhir_out_clear(&o);
    free(url);
    return rc;
}

typedef struct lines_user {
    wk_fhir_line_fn on_bad;
    void *user;
    const char *what;
} lines_user;

static void on_bad_line(void *user, uint64_t line, const char *why)
{
    lines_user *u = user;

    if (u->on_bad)
        u->on_bad(u->user, u->what, line, why);
}

wk_code wk_fhir_export_download(wk_session *session, const char *id, const char *output,
                                wk_fhir_line_fn on_bad, void *user, wk_fhir_file *out,
                                wk_error *err)
{
    lines_user u = {on_bad, user, id};
    wki_fhir_out o = {.dir_fd = -1};
    wki_fhir_body b = {.dir_fd = -1};
    wk_fhir_file file = {.media_type = "application/fhir+ndjson"};
    char *url = NULL;
    wk_code rc = wki_fhir_url(session, "Binary/", id, "/$export-download", &url, err);

    if (rc == WK_OK)
        rc = wki_fhir_out_open(&o, output, err);
    if (rc == WK_OK) {
        wki_fhir_body_init(&b, o.dir_fd);
        b.ndjson = true;
        b.what = "export";
        b.on_bad = on_bad_line;
        b.user = &u;
        b.d.url = url;
        b.d.accept = "application/fhir+ndjson";
        rc = wki_download_run(session, &b.d, err);
    }
    if (rc == WK_OK)
        rc = wki_fhir_body_finish(&b, err);
    if (rc == WK_OK)
        rc = name_file(&b, &o, id, ".ndjson", &file, err);
    if (rc == WK_OK) {
        file.lines = b.lines.lines;
        file.bad = b.lines.bad;
        *out = file;
        if (file.bad > 0)
            rc = wk_fail(err, WK_PARTIAL, "%llu of %llu lines are no FHIR resources; all are kept",
                         (unsigned long long)file.bad, (unsigned long long)file.lines);
    } else {
        wk_fhir_file_clear(&file);
    }
    wki_fhir_body_clear(&b);
    wki_fhir_out_clear(&o);
    free(url);
    return rc;
}
