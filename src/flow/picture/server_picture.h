/*
 * Pictures that the server draws (PS3.18 sections 10.4.1.1.3 and 10.4.1.1.4): asked for, and then
 * held to be what they say, made smaller or turned into another format only where that is needed.
 */
#ifndef WADOKIT_FLOW_PICTURE_SERVER_PICTURE_H
#define WADOKIT_FLOW_PICTURE_SERVER_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/plan.h>

#include "flow/draw/drawing.h"
#include "flow/picture/picture_source.h"
#include "http/http.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_SERVER_WINDOW_SIZE = 96
};

/*
 * thumbnail  ask for /thumbnail first (not where there is a window: it takes none)
 * png        PNG is wanted first, else JPEG
 * frame      1-based; 0: the instance as the server shows it
 * width, height    the box, 0: full size
 * window     "C,W,linear" as of PS3.18 section 8.3.5.1.4, "" for the server's own
 */
typedef struct wki_server_ask {
    bool thumbnail, png;
    uint32_t frame;
    uint32_t width, height;
    char window[WKI_SERVER_WINDOW_SIZE];
} wki_server_ask;

/* Asks for no more pixels than rows x cols fitted into the box have: servers are known to enlarge.
 */
void wki_server_fit(wki_server_ask *ask, int64_t rows, int64_t cols);

/* The window of drawing options as a server takes it: false where it has no words for it (auto,
 * minmax, none, another of the file's). */
bool wki_server_window(const wki_render_opts *opts, char out[WKI_SERVER_WINDOW_SIZE]);

/* What is asked of a server for these options; WK_USAGE where it cannot be asked for. */
wk_code wki_server_settle(const wki_drawing_opts *opts, bool thumbnail, wki_server_ask *out,
                          wk_error *err) WK_MUST_USE;

/* Called once. `source` is taken where rc is WK_OK, NULL otherwise. */
typedef void (*wki_server_done)(void *user, wk_code rc, wki_picture_source *source,
                                const wk_error *error);

/* Starts; `url` is that of the instance, `from` outlives the call to `done`. Where the server has
 * no thumbnails it is asked for /rendered, and where it refuses a format for the other. */
wk_code wki_server_fetch(wki_http *http, const char *url, const wk_plan_item *from,
                         const wki_server_ask *ask, wki_server_done done, void *user,
                         wk_error *err) WK_MUST_USE;

/* Writes the picture in `source` like wki_drawing_picture(): byte for byte where it has the format
 * and fits into the box. WK_DATA where it is no JPEG or PNG, broken or cut short. */
wk_code wki_server_picture(const wki_picture_source *source, const wki_drawing_opts *opts,
                           wki_picture_out *out, const char *relative, wk_image_report *report,
                           char **path);

#ifdef __cplusplus
}
#endif

#endif
