/*
 * Pictures that the server draws (PS3.18 sections 10.4.1.1.3 and 10.4.1.1.4): what it can be asked
 * for, and what came, made smaller or turned into another format only where that is needed.
 */
#ifndef WADOKIT_FLOW_PICTURE_SERVER_PICTURE_H
#define WADOKIT_FLOW_PICTURE_SERVER_PICTURE_H

#include <stdbool.h>

#include "flow/draw/drawing.h"
#include "flow/fetch/ways.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The window of drawing options as a server takes it: false where it has no words for it (auto,
 * minmax, none, another of the file's). */
bool wki_server_window(const wki_render_opts *opts, char out[WKI_SERVER_WINDOW_SIZE]);

/* What is asked of a server for these options; WK_USAGE where it cannot be asked for. */
wk_code wki_server_settle(const wki_drawing_opts *opts, bool thumbnail, wki_server_ask *out,
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
