/*
 * The modules of jwt_key.c (cjose: keys and signatures) and loopback.h (libmicrohttpd).
 */
#ifndef WADOKIT_AUTH_AUTH_MODULE_H
#define WADOKIT_AUTH_AUTH_MODULE_H

#include "auth/jwt.h"
#include "auth/loopback.h"
#include "core/module.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_jose_module {
    wki_module_head head;
    __typeof__(wki_jwt_key_read) *key_read;
    __typeof__(wki_jwt_key_free) *key_free;
    __typeof__(wki_jws_sign) *sign;
} wki_jose_module;

typedef struct wki_microhttpd_module {
    wki_module_head head;
    __typeof__(wki_loopback_open) *open;
    __typeof__(wki_loopback_close) *close;
    __typeof__(wki_loopback_port) *port;
    __typeof__(wki_loopback_wait) *wait;
} wki_microhttpd_module;

#ifdef __cplusplus
}
#endif

#endif
