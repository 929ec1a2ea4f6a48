#include "dicomweb/accept.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "core/uid.h"

bool wki_accept_value(int step, bool instance, const char *syntax, char out[WKI_ACCEPT_SIZE])
{
    bool stored = strcmp(syntax, "*") == 0;

    switch (step) {
    case 0:
        snprintf(out, WKI_ACCEPT_SIZE,
                 "multipart/related; type=\"application/dicom\"; transfer-syntax=%s", syntax);
        return true;
    case 1: /* the server decides on the syntax: not what a named one means */
        snprintf(out, WKI_ACCEPT_SIZE, "multipart/related; type=\"application/dicom\"");
        return stored;
    case 2:
        if (stored)
            snprintf(out, WKI_ACCEPT_SIZE, "multipart/related; type=application/dicom");
        else
            snprintf(out, WKI_ACCEPT_SIZE,
                     "multipart/related; type=application/dicom; transfer-syntax=%s", syntax);
        return true;
    case 3:
        snprintf(out, WKI_ACCEPT_SIZE, "application/dicom; transfer-syntax=%s", syntax);
        return instance;
    case 4:
        snprintf(out, WKI_ACCEPT_SIZE, "*/*");
        return stored;
    default:
        return false;
    }
}

bool wki_accept_is_refusal(int status)
{
    return status == 400 || status == 406 || status == 415;
}

bool wki_accept_syntax(const char *name, char out[WK_UID_SIZE])
{
    static const struct {
        const char *name, *uid;
    } names[] = {
        {"stored", "*"},
        {"raw", "1.2.840.10008.1.2.1"},
        {"jpeg", "1.2.840.10008.1.2.4.50"},
        {"jpeg-lossless", "1.2.840.10008.1.2.4.70"},
        {"jpegls", "1.2.840.10008.1.2.4.80"},
        {"jpegls-lossy", "1.2.840.10008.1.2.4.81"},
        {"j2k", "1.2.840.10008.1.2.4.90"},
        {"j2k-lossy", "1.2.840.10008.1.2.4.91"},
        {"htj2k", "1.2.840.10008.1.2.4.201"},
        {"rle", "1.2.840.10008.1.2.5"},
    };

    if (!name)
        name = "stored";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (wki_str_ieq(name, names[i].name))
            return wki_strcopy(out, WK_UID_SIZE, names[i].uid);
    }
    return wki_uid_is_valid(name) && strchr(name, '.') && wki_strcopy(out, WK_UID_SIZE, name);
}
