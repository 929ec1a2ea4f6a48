/*
 * The module of web_server.h: libmicrohttpd.
 */
#ifndef WADOKIT_SERVE_SERVE_MODULE_H
#define WADOKIT_SERVE_SERVE_MODULE_H

#include "core/module.h"
#include "serve/web_server.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_serve_module {
    wki_module_head head;
    __typeof__(wki_web_server_open) *open;
    __typeof__(wki_web_server_port) *port;
    __typeof__(wki_web_server_close) *close;
} wki_serve_module;

#ifdef __cplusplus
}
#endif

#endif
