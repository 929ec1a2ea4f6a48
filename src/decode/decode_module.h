/*
 * Third-party decoders, each a module that the program wadokit-decode opens, and nobody else.
 */
#ifndef WADOKIT_DECODE_DECODE_MODULE_H
#define WADOKIT_DECODE_DECODE_MODULE_H

#include "core/module.h"
#include "decode/codec.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_codec_module {
    wki_module_head head;
    wki_codec decode;
} wki_codec_module;

/* The table of decoder NAME. */
#define WKI_CODEC_MODULE(name)                                                                     \
    typedef wki_codec_module wki_##name##_module;                                                  \
    WKI_MODULE_TABLE(name)

#ifdef __cplusplus
}
#endif

#endif
