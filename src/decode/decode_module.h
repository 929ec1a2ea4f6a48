/*
 * The modules of codec.h and openjph.h: CharLS, libjxl, OpenJPH.
 */
#ifndef WADOKIT_DECODE_DECODE_MODULE_H
#define WADOKIT_DECODE_DECODE_MODULE_H

#include "core/module.h"
#include "decode/codec.h"
#include "decode/openjph.h"

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

typedef struct wki_openjph_module {
    wki_module_head head;
    bool (*decode)(const wki_frame_bytes *bytes, unsigned reduce, const wki_openjph_sink *sink);
} wki_openjph_module;

#ifdef __cplusplus
}
#endif

#endif
