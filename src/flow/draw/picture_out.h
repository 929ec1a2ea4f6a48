/*
 * Where pictures go: a folder, one file, or a descriptor. Used by several threads at once.
 */
#ifndef WADOKIT_FLOW_DRAW_PICTURE_OUT_H
#define WADOKIT_FLOW_DRAW_PICTURE_OUT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <wadokit/convert.h>
#include <wadokit/error.h>

#include "core/path.h"
#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_picture_out {
    char *path;  /* the folder or the file, as named; owned */
    int dir_fd;  /* of a folder, -1 otherwise; owned */
    int fd;      /* of "-", -1 otherwise; borrowed */
    bool single; /* a file or "-": takes one picture */
    bool taken;
    wki_path_parent parent;
    pthread_mutex_t lock;
} wki_picture_out;

/* Reads `output` as wk_render_opts says. A folder is made here. WK_USAGE, WK_IO. */
wk_code wki_picture_out_open(wki_picture_out *out, const char *output, int output_fd,
                             wk_error *err) WK_MUST_USE;
void wki_picture_out_close(wki_picture_out *out); /* safe on a zeroed struct */

/* The format that the name of a single file asks for, BY_NAME where it says nothing. */
wk_picture_format wki_picture_out_format(const wki_picture_out *out);

/* The WK_USAGE error of a second picture where only one has room. */
wk_code wki_picture_out_too_many(const wki_picture_out *out, wk_error *err);

/* Has `produce` push the bytes of one picture, and gives it its name: `relative` (checked or
 * encoded components, '/' between) below the folder. *path is what was written, on the heap;
 * *bytes its size. WK_USAGE for a second picture where only one has room. */
wk_code wki_picture_out_write(wki_picture_out *out, const char *relative,
                              wk_code (*produce)(void *user, wki_sink *sink, wk_error *err),
                              void *user, char **path, uint64_t *bytes, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
