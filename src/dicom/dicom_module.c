/* dicom_file.h by its module. An open file exists only where the module was opened. */
#include "dicom/dicom_module.h"

static const wki_dcmtk_module *module(wk_error *err)
{
    return wki_module_open("dcmtk", err);
}

wk_code wki_dicom_ready(wk_error *err)
{
    return module(err) ? WK_OK : WK_IO;
}

wk_code wki_dicom_open(const char *path, wki_dicom_file **out, wk_error *err)
{
    const wki_dcmtk_module *m = module(err);

    return m ? m->open(path, out, err) : WK_IO;
}

void wki_dicom_close(wki_dicom_file *f)
{
    if (f)
        module(NULL)->close(f);
}

wk_code wki_dicom_describe(wki_dicom_file *f, wki_image_desc *out, wk_error *err)
{
    return module(NULL)->describe(f, out, err);
}

wk_code wki_dicom_frame_bytes(wki_dicom_file *f, const wki_image_desc *d, uint32_t frame,
                              wki_frame_bytes *out, wk_error *err)
{
    return module(NULL)->frame_bytes(f, d, frame, out, err);
}

uint32_t wki_dicom_frames_there(wki_dicom_file *f, const wki_image_desc *d)
{
    return module(NULL)->frames_there(f, d);
}

wk_code wki_dicom_decode_frame(wki_dicom_file *f, const wki_image_desc *d, uint32_t frame,
                               wki_pixels *out, wk_error *err)
{
    return module(NULL)->decode_frame(f, d, frame, out, err);
}

wk_code wki_dicom_decode_stream(const wki_image_desc *d, const wki_frame_bytes *stream,
                                wki_pixels *out, wk_error *err)
{
    const wki_dcmtk_module *m = module(err);

    return m ? m->decode_stream(d, stream, out, err) : WK_IO;
}

wk_code wki_dicom_json(wki_dicom_file *f, char **out, wk_error *err)
{
    return module(NULL)->json(f, out, err);
}

wk_code wki_dicom_value(wki_dicom_file *f, const char *path, char **out, wk_error *err)
{
    return module(NULL)->value(f, path, out, err);
}

bool wki_dicom_path_next(const char **path, uint32_t *tag, uint32_t *index)
{
    const wki_dcmtk_module *m = module(NULL);

    return m && m->path_next(path, tag, index);
}
