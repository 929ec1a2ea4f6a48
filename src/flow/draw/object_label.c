#include "flow/draw/object_label.h"

#include <stddef.h>
#include <string.h>

#define STORAGE "1.2.840.10008.5.1.4.1.1."

/* Below the roots of `classes`, and with pixels: RT Image, RT Dose, Segmentations. */
static const char *const with_pixels[] = {STORAGE "481.1", STORAGE "481.2", STORAGE "66.4",
                                          STORAGE "66.7"};

/* The first row whose UID is a prefix (up to a whole component) counts. */
static const struct {
    const char *uid, *title, *line;
} classes[] = {
    {STORAGE "88.59", "KO", "Key objects"},
    {STORAGE "88.67", "DOSE", "Radiation dose report"},
    {STORAGE "88.68", "DOSE", "Radiation dose report"},
    {STORAGE "88.65", "CAD", "Chest CAD report"},
    {STORAGE "88.50", "CAD", "Mammography CAD report"},
    {STORAGE "88", "SR", "Structured report"},
    {STORAGE "104.1", "PDF", "Encapsulated PDF"},
    {STORAGE "104.2", "CDA", "Encapsulated CDA"},
    {STORAGE "104", "3D", "Encapsulated model"},
    {STORAGE "9.1", "ECG", "Electrocardiogram"},
    {STORAGE "9.2", "HD", "Haemodynamic waveform"},
    {STORAGE "9.4", "AU", "Audio"},
    {STORAGE "9", "WAVE", "Waveform"},
    {STORAGE "11", "PR", "Presentation state"},
    {STORAGE "481.2", "DOSE", "Radiotherapy dose"},
    {STORAGE "481.3", "STRUCT", "Radiotherapy structures"},
    {STORAGE "481.4", "RT", "Radiotherapy record"},
    {STORAGE "481.5", "PLAN", "Radiotherapy plan"},
    {STORAGE "481.8", "PLAN", "Radiotherapy ion plan"},
    {STORAGE "481", "RT", "Radiotherapy object"},
    {STORAGE "66.1", "REG", "Spatial registration"},
    {STORAGE "66.2", "FID", "Spatial fiducials"},
    {STORAGE "66.3", "REG", "Deformable registration"},
    {STORAGE "66.5", "SURF", "Surface segmentation"},
    {STORAGE "66.6", "TRACT", "Tractography"},
    {STORAGE "66", "RAW", "Raw data"},
    {STORAGE "67", "RWV", "Real world values"},
    {STORAGE "4.2", "MRS", "MR spectroscopy"},
    {STORAGE "78", "EYE", "Eye measurements"},
    {STORAGE "79", "EYE", "Eye measurements"},
    {STORAGE "80", "EYE", "Eye measurements"},
    {"1.2.840.10008.5.1.4.39", "CP", "Colour palette"},
    {"1.2.840.10008.5.1.4.38", "HP", "Hanging protocol"},
};

static int is_below(const char *uid, const char *root)
{
    size_t n = strlen(root);

    return strncmp(uid, root, n) == 0 && (uid[n] == '\0' || uid[n] == '.');
}

void wki_object_label(const char *sop_class, const char *modality, const char **title,
                      const char **line)
{
    *title = modality && *modality ? modality : "DICOM";
    *line = "";
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (is_below(sop_class, classes[i].uid)) {
            *title = classes[i].title;
            *line = classes[i].line;
            return;
        }
    }
}

bool wki_object_is_without_pixels(const char *sop_class)
{
    for (size_t i = 0; i < sizeof with_pixels / sizeof with_pixels[0]; i++) {
        if (is_below(sop_class, with_pixels[i]))
            return false;
    }
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (is_below(sop_class, classes[i].uid))
            return true;
    }
    return false;
}
