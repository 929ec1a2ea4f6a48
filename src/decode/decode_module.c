/* Decoders by their modules. */
#include "decode/decode_module.h"

wk_code wki_decode_jpegls(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                          wki_pixels *out, wk_error *err)
{
    const wki_charls_module *m = wki_module_open("charls", err);

    return m ? m->decode(d, bytes, reduce, out, err) : WK_IO;
}

#ifdef WADOKIT_JXL
wk_code wki_decode_jxl(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                       wki_pixels *out, wk_error *err)
{
    const wki_jxl_module *m = wki_module_open("jxl", err);

    return m ? m->decode(d, bytes, reduce, out, err) : WK_IO;
}
#endif

#ifdef WADOKIT_OPENJPH
bool wki_openjph_ready(void)
{
    return wki_module_open("openjph", NULL) != NULL;
}

bool wki_openjph_decode(const wki_frame_bytes *bytes, unsigned reduce, const wki_openjph_sink *sink)
{
    const wki_openjph_module *m = wki_module_open("openjph", NULL);

    return m && m->decode(bytes, reduce, sink);
}
#endif
