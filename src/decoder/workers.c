#include "decoder/workers.h"

#include "codecs.h"
#include "decode/apart.h"
#include "decode/decode_module.h"
#include "dicom/dicom_wire.h"

/* Opened by now: the table is at hand. */
static const wki_codec_module *codec_of(const wki_box_worker *w, wk_error *err)
{
    return wki_module_open(w->name, err);
}

static wk_code open_codec(const wki_box_worker *w, const char **about, wk_error *err)
{
    const wki_codec_module *m = codec_of(w, err);

    if (!m)
        return WK_IO;
    *about = m->head.about();
    return WK_OK;
}

static wk_code run_codec(const wki_box_worker *w, wki_box_call *call, wk_error *err)
{
    const wki_codec_module *m = codec_of(w, err);

    return m ? wki_apart_serve(m->decode, call, err) : WK_IO;
}

static const wki_dcmtk_module *dcmtk(wk_error *err)
{
    return wki_module_open("dcmtk", err);
}

static wk_code open_ijg(const wki_box_worker *w, const char **about, wk_error *err)
{
    const wki_dcmtk_module *m = dcmtk(err);

    (void)w;
    if (!m)
        return WK_IO;
    *about = m->head.about();
    return WK_OK;
}

static wk_code decode_ijg(const wki_image_desc *d, const wki_frame_bytes *bytes,
                          const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    const wki_dcmtk_module *m = dcmtk(err);

    (void)opts;
    return m ? m->decode_stream(d, bytes, out, err) : WK_IO;
}

static wk_code run_ijg(const wki_box_worker *w, wki_box_call *call, wk_error *err)
{
    (void)w;
    return wki_apart_serve(decode_ijg, call, err);
}

static wk_code open_dcmtk(const wki_box_worker *w, const char **about, wk_error *err)
{
    wk_code rc = open_ijg(w, about, err);

    if (rc == WK_OK)
        dcmtk(err)->warm();
    return rc;
}

static wk_code run_dcmtk(const wki_box_worker *w, wki_box_call *call, wk_error *err)
{
    const wki_dcmtk_module *m = dcmtk(err);

    (void)w;
    return m ? wki_dicom_serve(m, call, err) : WK_IO;
}

#define ROW(name) {#name, open_codec, run_codec, false},

const wki_box_worker wki_decoder_workers[] = {
    WADOKIT_CODECS(ROW) /* each decoder of src/decode/CMakeLists.txt */
    {"ijg", open_ijg, run_ijg, false},
    {"dcmtk", open_dcmtk, run_dcmtk, true},
    {NULL, NULL, NULL, false},
};
