/*
 * The module of transport.h: libcurl.
 */
#ifndef WADOKIT_HTTP_HTTP_MODULE_H
#define WADOKIT_HTTP_HTTP_MODULE_H

#include "core/module.h"
#include "http/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_curl_module {
    wki_module_head head;
    __typeof__(wki_transport_curl) *transport;
} wki_curl_module;

#ifdef __cplusplus
}
#endif

#endif
