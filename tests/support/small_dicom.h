/* A small DICOM file in memory: explicit little-endian, with the UIDs given. */
#ifndef WADOKIT_TESTS_SMALL_DICOM_H
#define WADOKIT_TESTS_SMALL_DICOM_H

#include <stddef.h>
#include <string.h>

enum {
    SMALL_DICOM_SIZE = 1024
};

static inline size_t small_dicom_element(char *at, unsigned group, unsigned element, const char *vr,
                                         const void *value, size_t n)
{
    size_t padded = n + n % 2;

    at[0] = (char)(group & 255);
    at[1] = (char)(group >> 8);
    at[2] = (char)(element & 255);
    at[3] = (char)(element >> 8);
    memcpy(at + 4, vr, 2);
    if (strcmp(vr, "OW") == 0) {
        memset(at + 6, 0, 6);
        at[8] = (char)(padded & 255);
        at[9] = (char)(padded >> 8);
        at += 4;
    } else {
        at[6] = (char)(padded & 255);
        at[7] = (char)(padded >> 8);
    }
    memset(at + 8, 0, padded);
    memcpy(at + 8, value, n);
    return 8 + padded + (strcmp(vr, "OW") == 0 ? 4 : 0);
}

static inline size_t small_dicom_text(char *at, unsigned group, unsigned element, const char *vr,
                                      const char *text)
{
    return small_dicom_element(at, group, element, vr, text, strlen(text));
}

/* `fill` is the value of its 64 bytes of pixels. Returns the length. */
static inline size_t small_dicom(char out[SMALL_DICOM_SIZE], const char *study, const char *series,
                                 const char *sop, char fill)
{
    char pixels[64];
    size_t n = 132;

    memset(out, 0, 128);
    memcpy(out + 128, "DICM", 4);
    memset(pixels, fill, sizeof pixels);
    n += small_dicom_text(out + n, 0x0002, 0x0010, "UI", "1.2.840.10008.1.2.1");
    n += small_dicom_text(out + n, 0x0008, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.2");
    n += small_dicom_text(out + n, 0x0008, 0x0018, "UI", sop);
    n += small_dicom_text(out + n, 0x0008, 0x0060, "CS", "CT");
    n += small_dicom_text(out + n, 0x0010, 0x0020, "LO", "../P 1");
    n += small_dicom_text(out + n, 0x0020, 0x000d, "UI", study);
    n += small_dicom_text(out + n, 0x0020, 0x000e, "UI", series);
    n += small_dicom_text(out + n, 0x0020, 0x0013, "IS", "7");
    n += small_dicom_element(out + n, 0x0028, 0x0010, "US", "\x8", 2);
    n += small_dicom_element(out + n, 0x7fe0, 0x0010, "OW", pixels, sizeof pixels);
    return n;
}

#endif
