#include "dicomweb/accept.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "core/transfer_syntax.h"
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
        const char *name;
        wki_syntax_id syntax;
    } names[] = {
        {"raw", WKI_TS_EXPLICIT_LE},
        {"jpeg", WKI_TS_JPEG_BASELINE},
        {"jpeg-lossless", WKI_TS_JPEG_LOSSLESS_SV1},
        {"jpegls", WKI_TS_JPEGLS_LOSSLESS},
        {"jpegls-lossy", WKI_TS_JPEGLS},
        {"j2k", WKI_TS_J2K_LOSSLESS},
        {"j2k-lossy", WKI_TS_J2K},
        {"htj2k", WKI_TS_HTJ2K_LOSSLESS},
        {"rle", WKI_TS_RLE},
    };

    if (!name || wki_str_ieq(name, "stored"))
        return wki_strcopy(out, WK_UID_SIZE, "*");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (wki_str_ieq(name, names[i].name))
            return wki_strcopy(out, WK_UID_SIZE, wki_transfer_syntax_uid(names[i].syntax));
    }
    return wki_uid_is_valid(name) && strchr(name, '.') && wki_strcopy(out, WK_UID_SIZE, name);
}
