#include "json/payload.h"

#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/base64.h"
#include "core/buf.h"
#include "core/media.h"
#include "core/text.h"
#include "json/binary_xml.h"
#include "json/json_text.h"
#include "json/problem.h"

enum {
    HEAD = 1024, /* bytes gathered before it is decided what the body is */
    LABEL = 128,
    SAMPLE = 64, /* characters of a string from which its kind is told */
    MIN_SAMPLE = 24
};

enum shape {
    UNDECIDED,
    RAW,
    JSON,
    BINARY_XML,
    REFUSED_TEXT, /* XML or HTML: gathered for the message */
};

struct wki_payload {
    wki_payload_mode mode;
    wki_sink out;
    char *what, *content_type;
    enum shape shape;
    char head[HEAD];
    size_t head_n;
    wki_buf text; /* the beginning of the body, for messages */
    wki_json_reader json;
    wki_binary_xml xml;
    wki_base64_reader base64;
    wk_error broken; /* of base64, while it is not known yet whether the document is a Binary */
    char sample[SAMPLE];
    size_t sample_n;
    bool sampling, copying, found, complete;
    char type[LABEL], resource[LABEL];
    size_t type_n, resource_n;
    uint64_t bytes;
};

static wk_code on_piece(void *user, const wki_json_piece *p, wk_error *err);
static wk_code copy_xml(void *user, const void *data, size_t n, wk_error *err);

wk_code wki_payload_new(wki_payload_mode mode, const char *what, const char *content_type,
                        wki_sink out, wki_payload **out_payload, wk_error *err)
{
    wki_payload *p = calloc(1, sizeof *p);

    if (!p)
        return wk_fail(err, WK_NOMEM, "out of memory");
    p->mode = mode;
    p->out = out;
    p->what = wki_strdup(what);
    p->content_type = wki_strdup(content_type ? content_type : "");
    p->base64.out = out;
    wki_buf_init(&p->text, WK_MAX_ERROR_BODY_BYTES, "error text");
    wki_json_reader_init(&p->json, on_piece, p);
    p->xml.data = (wki_sink){copy_xml, p};
    if (!p->what || !p->content_type) {
        wki_payload_free(p);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    *out_payload = p;
    return WK_OK;
}

void wki_payload_free(wki_payload *p)
{
    if (!p)
        return;
    free(p->what);
    free(p->content_type);
    wki_buf_clear(&p->text);
    free(p);
}

/* ---- strings of JSON ---- */

static void keep(char *out, size_t size, size_t *used, const wki_json_piece *p)
{
    size_t n = p->n;

    if (p->begin)
        *used = 0;
    if (n > size - 1 - *used)
        n = size - 1 - *used;
    memcpy(out + *used, p->data, n);
    *used += n;
    out[*used] = '\0';
}

static bool is_type_name(const char *name)
{
    static const char *const names[] = {"contentType", "content_type", "mime_type", "mimeType",
                                        "mimetype"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static wk_code to_head(void *user, const void *data, size_t n, wk_error *err)
{
    wki_buf *b = user;

    return wki_buf_add(b, data, n, err);
}

/* Whether the characters of the sample decode to the beginning of a known kind. */
static bool sample_is_media(const wki_payload *p)
{
    wki_buf head;
    wki_base64_reader r = {.out = {to_head, &head}};
    wk_error ignored = {0};
    size_t n = p->sample_n / 4 * 4;
    bool known = false;

    wki_buf_init(&head, sizeof p->sample, "sample");
    if (p->sample_n >= MIN_SAMPLE && wki_base64_reader_feed(&r, p->sample, n, &ignored) == WK_OK &&
        wki_base64_reader_finish(&r, &ignored) == WK_OK)
        known = wki_media_of(wki_buf_text(&head), head.n) != WKI_MEDIA_UNKNOWN;
    wki_buf_clear(&head);
    /* A data: URL is taken for its word: its own bytes are looked at later. */
    return known || (p->sample_n > 11 && memcmp(p->sample, "data:image/", 11) == 0);
}

static bool is_data_name(const wki_payload *p, const wki_json_piece *piece)
{
    if (piece->depth != 1)
        return false;
    return strcmp(piece->name, "data") == 0 ||
           (p->mode == WKI_PAYLOAD_DOCUMENT && strcmp(piece->name, "content") == 0);
}

static wk_code copy(wki_payload *p, const char *data, size_t n, wk_error *err)
{
    wk_code rc = wki_base64_reader_feed(&p->base64, data, n, err);

    if (rc == WK_DATA)
        wk_fail_add(err, "%s: ", p->what);
    return rc;
}

static wk_code copy_xml(void *user, const void *data, size_t n, wk_error *err)
{
    return copy(user, data, n, err);
}

/* A member called data may be one of another document, which is to be seen to its end. */
static wk_code settle(wki_payload *p, wk_code rc, wk_error *err)
{
    if (rc != WK_DATA || p->mode != WKI_PAYLOAD_DOCUMENT)
        return rc;
    if (err) {
        p->broken = *err;
        wk_error_clear(err);
    }
    p->broken.code = WK_DATA;
    p->copying = false;
    return WK_OK;
}

static wk_code start_copying(wki_payload *p, wk_error *err)
{
    p->sampling = false;
    p->copying = p->found = true;
    return copy(p, p->sample, p->sample_n, err);
}

/* A string that may be the payload. */
static wk_code candidate(wki_payload *p, const wki_json_piece *piece, wk_error *err)
{
    const char *data = piece->data;
    size_t n = piece->n, part;
    wk_code rc = WK_OK;

    if (piece->begin) {
        p->sampling = !p->found;
        p->copying = false;
        p->sample_n = 0;
    }
    if (p->sampling) {
        part = n < sizeof p->sample - p->sample_n ? n : sizeof p->sample - p->sample_n;
        memcpy(p->sample + p->sample_n, data, part);
        p->sample_n += part;
        data += part;
        n -= part;
        if (p->sample_n == sizeof p->sample || piece->end) {
            bool wanted = p->mode == WKI_PAYLOAD_PICTURE
                              ? sample_is_media(p) || is_data_name(p, piece)
                              : is_data_name(p, piece);

            p->sampling = false;
            if (wanted)
                rc = start_copying(p, err);
        }
    }
    if (rc == WK_OK && p->copying && n > 0)
        rc = copy(p, data, n, err);
    if (rc == WK_OK && p->copying && piece->end) {
        rc = wki_base64_reader_finish(&p->base64, err);
        if (rc == WK_DATA)
            wk_fail_add(err, "%s: ", p->what);
        p->copying = false;
    }
    return settle(p, rc, err);
}

static wk_code on_piece(void *user, const wki_json_piece *piece, wk_error *err)
{
    wki_payload *p = user;

    if (piece->depth == 1 && strcmp(piece->name, "resourceType") == 0) {
        keep(p->resource, sizeof p->resource, &p->resource_n, piece);
        return WK_OK;
    }
    if (is_type_name(piece->name)) {
        keep(p->type, sizeof p->type, &p->type_n, piece);
        return WK_OK;
    }
    return candidate(p, piece, err);
}

/* ---- the body ---- */

static bool is_html(const char *text, size_t n)
{
    char start[64];
    size_t k = n < sizeof start - 1 ? n : sizeof start - 1;

    memcpy(start, text, k);
    start[k] = '\0';
    return wki_str_istarts(start, "<!doctype html") || wki_str_istarts(start, "<html");
}

static bool has(const char *text, size_t n, const char *word)
{
    return memmem(text, n, word, strlen(word)) != NULL;
}

/* Whether what begins with one of '{', '[' and '"' goes on as JSON does; RTF does not. */
static bool is_json(const char *text, size_t n)
{
    size_t at = 1;

    while (at < n && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n'))
        at++;
    if (*text == '"' || at == n)
        return true;
    return strchr(*text == '{' ? "\"}" : "{[\"-0123456789tfn]", text[at]) != NULL && text[at];
}

static enum shape shape_of(const wki_payload *p)
{
    const char *text = p->head;
    size_t n = p->head_n;

    if (p->mode == WKI_PAYLOAD_AS_IS)
        return RAW;
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        n -= 3;
    }
    while (n > 0 && (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n')) {
        text++;
        n--;
    }
    if (n == 0)
        return RAW;
    if (*text == '{' || *text == '[' || *text == '"')
        return is_json(text, n) ? JSON : RAW;
    if (*text != '<')
        return RAW;
    if (wki_binary_xml_is(text, n))
        return BINARY_XML;
    /* A document may be XML, but a page where none was asked for is a login form or an error. */
    if (p->mode == WKI_PAYLOAD_PICTURE || is_html(text, n) || has(text, n, "OperationOutcome"))
        return REFUSED_TEXT;
    return wki_str_istarts(p->content_type, "application/fhir+xml") ? REFUSED_TEXT : RAW;
}

static wk_code keep_text(wki_payload *p, const char *data, size_t n, wk_error *err)
{
    size_t room = p->text.max - p->text.n;

    return p->text.n < p->text.max ? wki_buf_add(&p->text, data, n < room ? n : room, err) : WK_OK;
}

static wk_code pass(wki_payload *p, const char *data, size_t n, wk_error *err)
{
    wk_code rc;

    if (n == 0)
        return WK_OK;
    if (p->shape == RAW)
        return p->out.write(p->out.user, data, n, err);
    if (p->shape == BINARY_XML)
        return wki_binary_xml_feed(&p->xml, data, n, err);
    rc = p->found ? WK_OK : keep_text(p, data, n, err);
    if (rc != WK_OK || p->shape == REFUSED_TEXT)
        return rc;
    rc = wki_json_reader_feed(&p->json, data, n, err);
    if (rc == WK_DATA || rc == WK_LIMIT)
        wk_fail_add(err, "%s: ", p->what);
    return rc;
}

static wk_code decide(wki_payload *p, wk_error *err)
{
    p->shape = shape_of(p);
    return pass(p, p->head, p->head_n, err);
}

wk_code wki_payload_feed(wki_payload *p, const void *data, size_t n, wk_error *err)
{
    const char *text = data;
    size_t part;
    wk_code rc = WK_OK;

    p->bytes += n;
    if (p->shape == UNDECIDED) {
        part = n < HEAD - p->head_n ? n : HEAD - p->head_n;
        memcpy(p->head + p->head_n, text, part);
        p->head_n += part;
        text += part;
        n -= part;
        if (p->head_n < HEAD)
            return WK_OK;
        rc = decide(p, err);
    }
    return rc == WK_OK ? pass(p, text, n, err) : rc;
}

static wk_code refuse_text(wki_payload *p, wk_error *err)
{
    char words[256];

    if (wki_problem_text(wki_buf_text(&p->text), p->text.n, p->content_type, words, sizeof words))
        return wk_fail(err, WK_DATA, "%s: answered 200 with an error or a page: %s", p->what,
                       words);
    return wk_fail(err, WK_DATA, "%s: XML or HTML in place of what was asked for", p->what);
}

static wk_code nothing_found(wki_payload *p, wk_error *err)
{
    char words[256];

    if (strcmp(p->resource, "Binary") == 0)
        return wk_fail(err, WK_DATA, "%s: a Binary without data", p->what);
    if (wki_problem_text(wki_buf_text(&p->text), p->text.n, "application/json", words,
                         sizeof words))
        return wk_fail(err, WK_DATA, "%s: %s", p->what, words);
    return wk_fail(err, WK_DATA, "%s: JSON that holds no %s", p->what,
                   p->mode == WKI_PAYLOAD_PICTURE ? "picture" : "Binary");
}

static wk_code check_found(const wki_payload *p, wk_error *err)
{
    if (p->broken.code != WK_OK)
        return wk_fail(err, WK_DATA, "%s", p->broken.message);
    return p->base64.bytes > 0 || p->mode != WKI_PAYLOAD_DOCUMENT
               ? WK_OK
               : wk_fail(err, WK_DATA, "%s: the Binary is empty", p->what);
}

static wk_code finish_json(wki_payload *p, wk_error *err)
{
    wk_code rc = wki_json_reader_finish(&p->json, err);

    if (rc != WK_OK) {
        wk_fail_add(err, "%s: ", p->what);
        return rc;
    }
    p->complete = true;
    if (!p->found || (p->mode == WKI_PAYLOAD_DOCUMENT && strcmp(p->resource, "Binary") != 0))
        return nothing_found(p, err);
    return check_found(p, err);
}

static wk_code finish_xml(wki_payload *p, wk_error *err)
{
    wk_code rc = p->xml.ended ? wki_base64_reader_finish(&p->base64, err)
                              : wk_fail(err, WK_DATA, "the XML is cut short");

    if (rc != WK_OK) {
        wk_fail_add(err, "%s: ", p->what);
        return rc;
    }
    return p->xml.found ? check_found(p, err)
                        : wk_fail(err, WK_DATA, "%s: a Binary without data", p->what);
}

wk_code wki_payload_finish(wki_payload *p, wk_error *err)
{
    wk_code rc = WK_OK;

    if (p->bytes == 0)
        return wk_fail(err, WK_DATA, "%s: the answer is empty", p->what);
    if (p->shape == UNDECIDED)
        rc = decide(p, err);
    if (rc != WK_OK || p->shape == RAW)
        return rc;
    if (p->shape == REFUSED_TEXT)
        return refuse_text(p, err);
    return p->shape == BINARY_XML ? finish_xml(p, err) : finish_json(p, err);
}

const char *wki_payload_type(const wki_payload *p)
{
    return p->shape == JSON ? p->type : p->shape == BINARY_XML ? p->xml.type : p->content_type;
}

bool wki_payload_is_other(const wki_payload *p)
{
    bool labelled = p->content_type[0] && !strcasestr(p->content_type, "json");

    return p->shape == JSON && p->mode == WKI_PAYLOAD_DOCUMENT && (p->complete || labelled) &&
           strcmp(p->resource, "Binary") != 0 && strcmp(p->resource, "OperationOutcome") != 0;
}
