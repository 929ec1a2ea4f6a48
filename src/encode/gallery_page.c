#include "encode/gallery_page.h"

#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/hash.h"

enum {
    MAX_ENCODED = 64 << 20,
    /* A multiple of 3, so that pieces of base64 may stand behind each other. */
    PIECE = 48 * 1024
};

static wk_code put(wki_gallery_page *page, const char *text, size_t n, wk_error *err)
{
    return n ? page->out->write(page->out->user, text, n, err) : WK_OK;
}

static wk_code put_text(wki_gallery_page *page, const char *text, wk_error *err)
{
    return put(page, text, strlen(text), err);
}

/* `find` of the text become `instead`, everything else goes as it is. */
static wk_code put_escaped(wki_gallery_page *page, const char *text, const char *find,
                           const char *const *instead, wk_error *err)
{
    wk_code rc = WK_OK;

    while (*text && rc == WK_OK) {
        size_t n = strcspn(text, find);

        rc = put(page, text, n, err);
        text += n;
        if (rc == WK_OK && *text)
            rc = put_text(page, instead[strchr(find, *text++) - find], err);
    }
    return rc;
}

static wk_code put_html(wki_gallery_page *page, const char *text, wk_error *err)
{
    static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};

    return put_escaped(page, text, "<>&\"'", entities, err);
}

static wk_code put_json(wki_gallery_page *page, const char *json, wk_error *err)
{
    static const char *const escapes[] = {"\\u003c", "\\u003e", "\\u0026"};

    return put_escaped(page, json, "<>&", escapes, err);
}

static wk_code put_hash(wki_gallery_page *page, const char *of, wk_error *err)
{
    unsigned char digest[WKI_SHA256_BYTES];
    wki_buf text;
    wk_code rc;

    wki_buf_init(&text, 256, "digest");
    rc = wki_sha256_once(of, strlen(of), digest, err);
    if (rc == WK_OK)
        rc = wki_base64_encode(&text, digest, sizeof digest, err);
    if (rc == WK_OK)
        rc = put_text(page, "'sha256-", err);
    if (rc == WK_OK)
        rc = put_text(page, wki_buf_text(&text), err);
    wki_buf_clear(&text);
    return rc == WK_OK ? put_text(page, "'", err) : rc;
}

static wk_code put_policy(wki_gallery_page *page, wk_error *err)
{
    wk_code rc = put_text(page,
                          "default-src 'none'; img-src data:; base-uri 'none'; "
                          "form-action 'none'; style-src ",
                          err);

    if (rc == WK_OK)
        rc = put_hash(page, wki_gallery_css, err);
    if (rc == WK_OK)
        rc = put_text(page, "; script-src ", err);
    return rc == WK_OK ? put_hash(page, wki_gallery_js, err) : rc;
}

/* Writes the template up to the next marker of ours, and goes behind it. */
static wk_code put_until(wki_gallery_page *page, const char *marker, wk_error *err)
{
    const char *at = strstr(page->rest, marker);
    wk_code rc;

    if (!at)
        return wk_fail(err, WK_INTERNAL, "the gallery's page has no %s", marker);
    rc = put(page, page->rest, (size_t)(at - page->rest), err);
    page->rest = at + strlen(marker);
    return rc;
}

wk_code wki_gallery_page_begin(wki_gallery_page *page, const char *title, wki_sink *out,
                               wk_error *err)
{
    wk_code rc;

    page->out = out;
    page->rest = wki_gallery_html;
    rc = put_until(page, "@POLICY@", err);
    if (rc == WK_OK)
        rc = put_policy(page, err);
    if (rc == WK_OK)
        rc = put_until(page, "@TITLE@", err);
    if (rc == WK_OK)
        rc = put_html(page, title, err);
    if (rc == WK_OK)
        rc = put_until(page, "@CSS@", err);
    if (rc == WK_OK)
        rc = put_text(page, wki_gallery_css, err);
    if (rc == WK_OK)
        rc = put_until(page, "@TITLE@", err);
    if (rc == WK_OK)
        rc = put_html(page, title, err);
    return rc == WK_OK ? put_until(page, "@DATA@\n", err) : rc;
}

static wk_code open_block(wki_gallery_page *page, const char *type, const char *kind, wk_error *err)
{
    wk_code rc = put_text(page, "<script type=\"", err);

    if (rc == WK_OK)
        rc = put_text(page, type, err);
    if (rc == WK_OK)
        rc = put_text(page, "\" data-kind=\"", err);
    if (rc == WK_OK)
        rc = put_text(page, kind, err);
    return rc == WK_OK ? put_text(page, "\">", err) : rc;
}

wk_code wki_gallery_page_note(wki_gallery_page *page, const char *kind, const wk_json_line *line,
                              wk_error *err)
{
    char *text = wk_json_line_text(line);
    wk_code rc;

    if (!text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = open_block(page, "application/json", kind, err);
    if (rc == WK_OK)
        rc = put_json(page, text, err);
    free(text);
    return rc == WK_OK ? put_text(page, "</script>\n", err) : rc;
}

wk_code wki_gallery_page_picture(wki_gallery_page *page, const char *kind, const void *jpeg,
                                 size_t n, wk_error *err)
{
    const char *bytes = jpeg;
    wki_buf text;
    wk_code rc = open_block(page, "text/plain", kind, err);

    wki_buf_init(&text, MAX_ENCODED, "picture");
    for (size_t at = 0; at < n && rc == WK_OK; at += PIECE) {
        wki_buf_reset(&text);
        rc = wki_base64_encode(&text, bytes + at, n - at < PIECE ? n - at : PIECE, err);
        if (rc == WK_OK)
            rc = put(page, text.data, text.n, err);
    }
    wki_buf_clear(&text);
    return rc == WK_OK ? put_text(page, "</script>\n", err) : rc;
}

wk_code wki_gallery_page_end(wki_gallery_page *page, wk_error *err)
{
    wk_code rc = put_until(page, "@JS@", err);

    if (rc == WK_OK)
        rc = put_text(page, wki_gallery_js, err);
    return rc == WK_OK ? put_text(page, page->rest, err) : rc;
}
