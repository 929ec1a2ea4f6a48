/*
 * The modules of codec.h: CharLS, libjxl.
 */
#ifndef WADOKIT_DECODE_DECODE_MODULE_H
#define WADOKIT_DECODE_DECODE_MODULE_H

#include "core/module.h"
#include "decode/codec.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_charls_module {
    wki_module_head head;
    wki_codec decode;
} wki_charls_module;

typedef struct wki_jxl_module {
    wki_module_head head;
    wki_codec decode;
} wki_jxl_module;

#ifdef __cplusplus
}
#endif

#endif
