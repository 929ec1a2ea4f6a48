#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "dicomweb/dicom_json.h"
#include "dicomweb/qido.h"

/* DA and TM (PS3.5 6.2), or the older "2015.01.14", as "2015-01-14[T13:22[:42]]". */
static void read_started(char *out, size_t size, const wki_json *record)
{
    char date[33], time[33], d[9] = "";
    size_t n = 0;

    out[0] = '\0';
    wki_dicom_json_text(date, sizeof date, record, 0x00080020);
    wki_dicom_json_text(time, sizeof time, record, 0x00080030);
    for (const char *p = date; *p && n < 8; p++) {
        if (*p >= '0' && *p <= '9')
            d[n++] = *p;
    }
    if (n != 8)
        return;
    snprintf(out, size, "%.4s-%.2s-%.2s", d, d + 4, d + 6);
    if (strspn(time, "0123456789") >= 4) {
        n = strlen(out);
        snprintf(out + n, size - n, "T%.2s:%.2s", time, time + 2);
        n = strlen(out);
        if (strspn(time, "0123456789") >= 6)
            snprintf(out + n, size - n, ":%.2s", time + 4);
    }
}

bool wki_qido_read_study(const wki_json *record, wki_qido_study_row *out)
{
    memset(out, 0, sizeof *out);
    if (!wki_dicom_json_uid(out->uid, record, 0x0020000D))
        return false;
    wki_dicom_json_text(out->patient_id, sizeof out->patient_id, record, 0x00100020);
    wki_dicom_json_text(out->patient_name, sizeof out->patient_name, record, 0x00100010);
    read_started(out->started, sizeof out->started, record);
    if (!wki_dicom_json_texts(out->modality, sizeof out->modality, record, 0x00080061))
        wki_dicom_json_text(out->modality, sizeof out->modality, record, 0x00080060);
    wki_dicom_json_text(out->description, sizeof out->description, record, 0x00081030);
    wki_dicom_json_text(out->accession, sizeof out->accession, record, 0x00080050);
    out->n_series = wki_dicom_json_int(record, 0x00201206, -1);
    out->n_instances = wki_dicom_json_int(record, 0x00201208, -1);
    return true;
}

static void read_uid_or(char out[WK_UID_SIZE], const wki_json *record, uint32_t tag,
                        const char *asked)
{
    if (!wki_dicom_json_uid(out, record, tag) && asked)
        wki_strcopy(out, WK_UID_SIZE, asked);
}

bool wki_qido_read_series(const wki_json *record, const char *study, wki_qido_series_row *out)
{
    memset(out, 0, sizeof *out);
    if (!wki_dicom_json_uid(out->uid, record, 0x0020000E))
        return false;
    read_uid_or(out->study, record, 0x0020000D, study);
    wki_dicom_json_text(out->modality, sizeof out->modality, record, 0x00080060);
    wki_dicom_json_text(out->description, sizeof out->description, record, 0x0008103E);
    out->number = wki_dicom_json_int(record, 0x00200011, -1);
    out->n_instances = wki_dicom_json_int(record, 0x00201209, -1);
    return true;
}

bool wki_qido_read_instance(const wki_json *record, const char *study, const char *series,
                            wki_qido_instance_row *out)
{
    memset(out, 0, sizeof *out);
    if (!wki_dicom_json_uid(out->uid, record, 0x00080018))
        return false;
    read_uid_or(out->study, record, 0x0020000D, study);
    read_uid_or(out->series, record, 0x0020000E, series);
    wki_dicom_json_uid(out->sop_class, record, 0x00080016);
    wki_dicom_json_text(out->modality, sizeof out->modality, record, 0x00080060);
    out->number = wki_dicom_json_int(record, 0x00200013, -1);
    out->rows = wki_dicom_json_int(record, 0x00280010, -1);
    out->columns = wki_dicom_json_int(record, 0x00280011, -1);
    out->frames = wki_dicom_json_int(record, 0x00280008, -1);
    return true;
}
