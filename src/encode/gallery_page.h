/*
 * The gallery's HTML page, pushed into a sink piece by piece: begin, then for each study a note,
 * for each of its series a note, for each image a note and its pictures, then end. Nothing of it is
 * kept. All text goes in as JSON with '<', '>' and '&' escaped, so that no value can end the block
 * it stands in; a Content-Security-Policy lets nothing run but the page's own script.
 */
#ifndef WADOKIT_ENCODE_GALLERY_PAGE_H
#define WADOKIT_ENCODE_GALLERY_PAGE_H

#include <stddef.h>

#include <wadokit/json.h>

#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_gallery_page {
    wki_sink *out;
    const char *rest; /* of the template, not yet written */
} wki_gallery_page;

/* Writes the page up to its data. `title` is any text. */
wk_code wki_gallery_page_begin(wki_gallery_page *page, const char *title, wki_sink *out,
                               wk_error *err) WK_MUST_USE;

/* Writes a note; `kind` is "study", "series" or "image". What is in them is told in gallery.js.
 * WK_NOMEM where the line is NULL or broken. */
wk_code wki_gallery_page_note(wki_gallery_page *page, const char *kind, const wk_json_line *line,
                              wk_error *err) WK_MUST_USE;

/* Writes a JPEG of the last image; `kind` is "thumb", or after that "full". */
wk_code wki_gallery_page_picture(wki_gallery_page *page, const char *kind, const void *jpeg,
                                 size_t n, wk_error *err) WK_MUST_USE;

wk_code wki_gallery_page_end(wki_gallery_page *page, wk_error *err) WK_MUST_USE;

/* The page's parts, made at build time from gallery.html, .css and .js. */
extern const char wki_gallery_html[];
extern const char wki_gallery_css[];
extern const char wki_gallery_js[];

#ifdef __cplusplus
}
#endif

#endif
