#include "flow/record/fhir_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/path.h"
#include "core/text.h"
#include "http/url.h"
#include "json/problem.h"

enum {
    MAX_ID = 256
};

wk_code wki_fhir_url(wk_session *session, const char *before, const char *id, const char *behind,
                     char **out, wk_error *err)
{
    wki_buf path;
    wk_code rc;

    if (!session->opts.fhir)
        return wk_fail_setting(err, WK_USAGE, "fhir", "give the FHIR server");
    if (id && (*id == '\0' || strlen(id) > MAX_ID || strcmp(id, ".") == 0 || strcmp(id, "..") == 0))
        return wk_fail(err, WK_USAGE, "an id of 1 to %d characters is needed", MAX_ID);
    wki_buf_init(&path, WK_MAX_URL_BYTES, "URL");
    rc = wki_buf_addf(&path, err, "%s", before);
    if (rc == WK_OK && id)
        rc = wki_url_encode(&path, id, err);
    if (rc == WK_OK)
        rc = wki_buf_addf(&path, err, "%s", behind);
    if (rc == WK_OK)
        rc = wki_url_append(session->opts.fhir, wki_buf_text(&path), out, err);
    wki_buf_clear(&path);
    return rc;
}

/* ---- where to ---- */

static bool is_folder(const char *path)
{
    struct stat st;

    return wki_str_ends(path, "/") || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static wk_code split(wki_fhir_out *o, const char *output, wk_error *err)
{
    const char *slash = strrchr(output, '/');

    if (is_folder(output)) {
        o->dir = wki_strdup(output);
        if (o->dir && wki_path_make_dirs(output, err) != WK_OK)
            return err ? err->code : WK_IO;
        return o->dir ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
    }
    o->dir = slash == output ? wki_strdup("/")
             : slash         ? wki_strfmt("%.*s", (int)(slash - output), output)
                             : wki_strdup(".");
    o->name = wki_strdup(slash ? slash + 1 : output);
    return o->dir && o->name ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

wk_code wki_fhir_out_open(wki_fhir_out *o, const char *output, wk_error *err)
{
    wk_code rc;

    memset(o, 0, sizeof *o);
    o->dir_fd = -1;
    output = output ? output : ".";
    if (*output == '\0' || strlen(output) >= WK_MAX_PATH_BYTES)
        return wk_fail_setting(err, WK_USAGE, "output", "output: names no file");
    rc = split(o, output, err);
    if (rc != WK_OK)
        return rc;
    o->dir_fd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return o->dir_fd < 0 ? wk_fail_errno(err, WK_IO, errno, "%s", o->dir) : WK_OK;
}

void wki_fhir_out_clear(wki_fhir_out *o)
{
    if (o->dir && o->dir_fd >= 0)
        close(o->dir_fd);
    free(o->dir);
    free(o->name);
    memset(o, 0, sizeof *o);
    o->dir_fd = -1;
}

/* ---- a body ---- */

static wk_code to_file(void *user, const void *data, size_t n, wk_error *err)
{
    wki_fhir_body *b = user;

    return wki_tmpfile_write(&b->tmp, data, n, err);
}

static wk_code to_lines(void *user, const void *data, size_t n, wk_error *err)
{
    wki_fhir_body *b = user;
    const char *text = data;
    size_t room, at = 0;

    if (!b->begun) {
        while (at < n && (text[at] == ' ' || text[at] == '\r' || text[at] == '\n'))
            at++;
        b->begun = at < n;
        b->is_page = b->begun && text[at] == '<';
    }
    if (b->is_page) {
        room = b->page.max - b->page.n;
        return wki_buf_add(&b->page, data, n < room ? n : room, err);
    }
    wki_ndjson_feed(&b->lines, data, n);
    return to_file(b, data, n, err);
}

static void drop(wki_fhir_body *b)
{
    wki_payload_free(b->payload);
    wki_gunzip_free(b->gunzip);
    b->payload = NULL;
    b->gunzip = NULL;
    wki_tmpfile_drop(&b->tmp);
    wki_buf_clear(&b->page);
    b->is_page = b->begun = false;
    b->head_n = 0;
}

static wk_code on_begin(wki_download *d, const wki_http_head *head, wk_error *err)
{
    wki_fhir_body *b = (wki_fhir_body *)d;
    wki_sink sink = {to_file, b};
    wk_code rc = WK_OK;

    drop(b);
    wki_buf_init(&b->page, WK_MAX_ERROR_BODY_BYTES, "error text");
    wki_ndjson_init(&b->lines, b->on_bad, b->user);
    if (!b->ndjson && head->status == 204)
        return wk_fail(err, WK_NOT_FOUND, "%s: there is none (204)", b->what);
    if (!b->ndjson)
        rc = wki_payload_new(b->mode, b->what, head->content_type, sink, &b->payload, err);
    return rc == WK_OK ? wki_tmpfile_open(&b->tmp, b->dir_fd, err) : rc;
}

static wk_code pass(wki_fhir_body *b, const void *data, size_t n, wk_error *err)
{
    return b->gunzip ? wki_gunzip_feed(b->gunzip, data, n, err) : to_lines(b, data, n, err);
}

/* The first two bytes tell whether it is gzip that nobody declared. */
static wk_code look(wki_fhir_body *b, const char *data, size_t n, size_t *used, wk_error *err)
{
    wki_sink sink = {to_lines, b};
    wk_code rc = WK_OK;

    *used = 0;
    while (b->head_n < 2 && *used < n)
        b->head[b->head_n++] = (unsigned char)data[(*used)++];
    if (b->head_n < 2)
        return WK_OK;
    if (b->head[0] == 0x1F && b->head[1] == 0x8B)
        rc = wki_gunzip_new(WKI_GUNZIP_GZIP, sink, &b->gunzip, err);
    return rc == WK_OK ? pass(b, b->head, 2, err) : rc;
}

static wk_code on_body(wki_download *d, const void *data, size_t n, wk_error *err)
{
    wki_fhir_body *b = (wki_fhir_body *)d;
    const char *text = data;
    size_t used = 0;
    wk_code rc = WK_OK;

    if (!b->ndjson)
        return wki_payload_feed(b->payload, data, n, err);
    if (b->head_n < 2)
        rc = look(b, text, n, &used, err);
    return rc == WK_OK && used < n ? pass(b, text + used, n - used, err) : rc;
}

void wki_fhir_body_init(wki_fhir_body *b, int dir_fd)
{
    memset(b, 0, sizeof *b);
    b->dir_fd = dir_fd;
    b->d.begin = on_begin;
    b->d.body = on_body;
}

wk_code wki_fhir_body_finish(wki_fhir_body *b, wk_error *err)
{
    char words[256];
    wk_code rc = WK_OK;

    if (!b->ndjson)
        return b->payload ? wki_payload_finish(b->payload, err)
                          : wk_fail(err, WK_DATA, "%s: the answer is empty", b->what);
    if (b->head_n == 1)
        rc = to_lines(b, b->head, 1, err);
    if (rc == WK_OK && b->gunzip)
        rc = wki_gunzip_finish(b->gunzip, err);
    if (rc != WK_OK)
        return wk_fail_add(err, "%s: ", b->what);
    if (b->is_page) {
        if (!wki_problem_text(wki_buf_text(&b->page), b->page.n, "", words, sizeof words))
            words[0] = '\0';
        return wk_fail(err, WK_DATA, "%s: XML or HTML where lines of JSON were expected%s%s",
                       b->what, words[0] ? ": " : "", words);
    }
    wki_ndjson_finish(&b->lines);
    return WK_OK;
}

void wki_fhir_body_clear(wki_fhir_body *b)
{
    drop(b);
    wki_tmpfile_clear(&b->tmp);
}
