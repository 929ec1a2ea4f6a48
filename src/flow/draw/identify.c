#include "flow/draw/identify.h"

#include <string.h>

#include "dicom/scan_head.h"
#include "flow/draw/drawing.h"

static wk_code identify_slowly(const char *path, wki_dicom_identity *id, wk_error *err)
{
    wki_drawing d;
    wk_code rc = wki_drawing_open(&d, path, err);

    memset(id, 0, sizeof *id);
    if (rc == WK_OK) {
        memcpy(id->study_uid, d.desc.study_uid, sizeof id->study_uid);
        memcpy(id->series_uid, d.desc.series_uid, sizeof id->series_uid);
        memcpy(id->sop_uid, d.desc.sop_uid, sizeof id->sop_uid);
        memcpy(id->transfer_syntax, d.desc.transfer_syntax, sizeof id->transfer_syntax);
        id->frames = d.desc.frames;
        id->instance_number = id->series_number = -1;
    }
    wki_drawing_close(&d);
    return rc;
}

wk_code wki_identify_file(wki_dicom_scan *scan, const char *path, wki_dicom_identity *out,
                          wk_error *err)
{
    wk_error why = {0};
    wk_code rc = wki_scan_head(scan, path, &why);

    if (rc == WK_OK)
        *out = *wki_dicom_scan_identity(scan);
    else if (rc == WK_DATA)
        return identify_slowly(path, out, err);
    return rc == WK_OK ? WK_OK : wk_fail_from(err, rc, &why);
}
