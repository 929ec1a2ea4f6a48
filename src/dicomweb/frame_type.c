#include "dicomweb/frame_type.h"

#include <stdio.h>

#include "core/transfer_syntax.h"

const char *wki_frame_media_type(const char *transfer_syntax, bool encapsulated)
{
    const wki_transfer_syntax *syntax =
        encapsulated ? wki_transfer_syntax_find(transfer_syntax) : NULL;

    return syntax ? syntax->media_type : "application/octet-stream";
}

void wki_frame_label(char out[WKI_FRAME_LABEL_SIZE], const char *transfer_syntax, bool encapsulated)
{
    snprintf(out, WKI_FRAME_LABEL_SIZE, "%s; transfer-syntax=%s",
             wki_frame_media_type(transfer_syntax, encapsulated),
             encapsulated ? transfer_syntax : wki_transfer_syntax_uid(WKI_TS_EXPLICIT_LE));
}
