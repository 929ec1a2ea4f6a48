#include "dicomweb/frame_type.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

static const char native_syntax[] = "1.2.840.10008.1.2.1";

const char *wki_frame_media_type(const char *transfer_syntax, bool encapsulated)
{
    static const struct {
        const char *from, *to; /* the last components of the UID, as numbers of the same length */
        const char *type;
    } types[] = {
        {"4.50", "4.70", "image/jpeg"},    {"4.80", "4.81", "image/jls"},
        {"4.90", "4.91", "image/jp2"},     {"4.92", "4.93", "image/jpx"},
        {"4.201", "4.203", "image/jphc"},  {"4.110", "4.112", "image/jxl"},
        {"4.100", "4.101", "video/mpeg2"}, {"4.102", "4.106", "video/mp4"},
        {"4.107", "4.108", "video/H265"},  {"5", "5", "image/dicom-rle"},
    };
    static const char root[] = "1.2.840.10008.1.2.";

    if (!encapsulated || !wki_str_starts(transfer_syntax, root))
        return "application/octet-stream";
    transfer_syntax += sizeof root - 1;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strlen(transfer_syntax) == strlen(types[i].from) &&
            strcmp(transfer_syntax, types[i].from) >= 0 &&
            strcmp(transfer_syntax, types[i].to) <= 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

void wki_frame_label(char out[WKI_FRAME_LABEL_SIZE], const char *transfer_syntax, bool encapsulated)
{
    snprintf(out, WKI_FRAME_LABEL_SIZE, "%s; transfer-syntax=%s",
             wki_frame_media_type(transfer_syntax, encapsulated),
             encapsulated ? transfer_syntax : native_syntax);
}
