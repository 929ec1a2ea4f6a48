/*
 * The module of hash.h: libcrypto.
 */
#ifndef WADOKIT_CORE_HASH_MODULE_H
#define WADOKIT_CORE_HASH_MODULE_H

#include "core/hash.h"
#include "core/module.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_crypto_module {
    wki_module_head head;
    __typeof__(wki_sha256_new) *sha256_new;
    __typeof__(wki_sha256_free) *sha256_free;
    __typeof__(wki_sha256_reset) *sha256_reset;
    __typeof__(wki_sha256_add) *sha256_add;
    __typeof__(wki_sha256_finish) *sha256_finish;
    __typeof__(wki_sha256_once) *sha256_once;
    __typeof__(wki_sha1_once) *sha1_once;
} wki_crypto_module;

#ifdef __cplusplus
}
#endif

#endif
