/*
 * Private keys of clients: what jwt_key.c, which reads them and signs, gives to jwt.c.
 */
#ifndef WADOKIT_AUTH_JWT_KEY_H
#define WADOKIT_AUTH_JWT_KEY_H

#include "auth/jwt.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wki_jwt_key {
    struct _cjose_jwk_int *jwk; /* cjose_jwk_t */
    const char *alg;            /* static text */
    char *key_id;               /* may be NULL */
};

#ifdef __cplusplus
}
#endif

#endif
