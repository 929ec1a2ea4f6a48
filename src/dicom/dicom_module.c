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

wk_code wki_dicom_json(wki_dicom_file *f, char **out, wk_error *err)
{
    return module(NULL)->json(f, out, err);
}

wk_code wki_dicom_json_linked(wki_dicom_file *f, const char *bulk_base, const char *pixels_uri,
                              char **out, wk_error *err)
{
    return module(NULL)->json_linked(f, bulk_base, pixels_uri, out, err);
}

wk_code wki_dicom_bulk_find(wki_dicom_file *f, const char *path, const wki_dicom_bulk **out,
                            wk_error *err)
{
    return module(NULL)->bulk_find(f, path, out, err);
}

uint64_t wki_dicom_bulk_bytes(const wki_dicom_bulk *value)
{
    return module(NULL)->bulk_bytes(value);
}

wk_code wki_dicom_bulk_read(const wki_dicom_bulk *value, uint64_t at, void *out, size_t n,
                            wk_error *err)
{
    return module(NULL)->bulk_read(value, at, out, n, err);
}

wk_code wki_dicom_bulk_each(wki_dicom_file *f, wki_dicom_bulk_fn each, void *user, wk_error *err)
{
    return module(NULL)->bulk_each(f, each, user, err);
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
