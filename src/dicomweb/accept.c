#include "dicomweb/accept.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "core/transfer_syntax.h"
#include "core/uid.h"

/* Which requests a rung is for. STORED: the server decides on the syntax, which is not what a named
 * one means. */
enum {
    ANY = 0,
    STORED = 1,
    NAMED = 2
};

/* type    NULL: the form has no such rung
 * syntax  "; transfer-syntax=" and the syntax follow */
typedef struct rung {
    int only;
    const char *type;
    bool syntax;
} rung;

#define DICOM_QUOTED "multipart/related; type=\"application/dicom\""
#define DICOM_BARE "multipart/related; type=application/dicom"
#define OCTETS "multipart/related; type=\"application/octet-stream\""

static const rung ladders[WKI_FORMS][WKI_ACCEPT_RUNGS] = {
    [WKI_FORM_INSTANCES] = {{ANY, DICOM_QUOTED, true},
                            {STORED, DICOM_QUOTED, false},
                            {STORED, DICOM_BARE, false},
                            {NAMED, DICOM_BARE, true},
                            {ANY, NULL, false},
                            {STORED, "*/*", false}},
    [WKI_FORM_INSTANCE] = {{ANY, DICOM_QUOTED, true},
                           {STORED, DICOM_QUOTED, false},
                           {STORED, DICOM_BARE, false},
                           {NAMED, DICOM_BARE, true},
                           {ANY, "application/dicom", true},
                           {STORED, "*/*", false}},
    [WKI_FORM_JSON] = {{ANY, "application/dicom+json", false},
                       {ANY, "application/json", false},
                       {ANY, "*/*", false}},
    [WKI_FORM_FRAMES] = {{ANY, OCTETS, true}, {STORED, OCTETS, false}, {STORED, "*/*", false}},
    [WKI_FORM_BULKDATA] = {{ANY, OCTETS, false},
                           {ANY, "application/octet-stream", false},
                           {ANY, "*/*", false}},
    [WKI_FORM_JPEG] = {{ANY, "image/jpeg", false}, {ANY, "image/png", false}, {ANY, "*/*", false}},
    [WKI_FORM_PNG] = {{ANY, "image/png", false}, {ANY, "image/jpeg", false}, {ANY, "*/*", false}},
};

bool wki_accept_value(wki_form form, int rung_at, const char *syntax, char out[WKI_ACCEPT_SIZE])
{
    const rung *r;
    int kind = strcmp(syntax, "*") == 0 ? STORED : NAMED;

    if (rung_at < 0 || rung_at >= WKI_ACCEPT_RUNGS)
        return false;
    r = &ladders[form][rung_at];
    if (!r->type || (r->only != ANY && r->only != kind))
        return false;
    snprintf(out, WKI_ACCEPT_SIZE, "%s%s%s", r->type, r->syntax ? "; transfer-syntax=" : "",
             r->syntax ? syntax : "");
    return true;
}

bool wki_accept_is_refusal(const char *accept, int status)
{
    if (status == 500 || status == 501)
        return strstr(accept, "transfer-syntax=*") != NULL;
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
