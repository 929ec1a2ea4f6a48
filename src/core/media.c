#include "core/media.h"

#include <string.h>

#include "core/text.h"

static const struct {
    const char *name, *type, *suffix;
} kinds[] = {
    [WKI_MEDIA_UNKNOWN] = {"unknown", "application/octet-stream", ".bin"},
    [WKI_MEDIA_JPEG] = {"JPEG", "image/jpeg", ".jpg"},
    [WKI_MEDIA_PNG] = {"PNG", "image/png", ".png"},
    [WKI_MEDIA_GIF] = {"GIF", "image/gif", ".gif"},
    [WKI_MEDIA_BMP] = {"BMP", "image/bmp", ".bmp"},
    [WKI_MEDIA_TIFF] = {"TIFF", "image/tiff", ".tif"},
    [WKI_MEDIA_WEBP] = {"WebP", "image/webp", ".webp"},
    [WKI_MEDIA_JP2] = {"JPEG 2000", "image/jp2", ".jp2"},
    [WKI_MEDIA_J2K] = {"JPEG 2000 code stream", "image/j2c", ".j2k"},
    [WKI_MEDIA_JPEGLS] = {"JPEG-LS", "image/jls", ".jls"},
    [WKI_MEDIA_JXL] = {"JPEG XL", "image/jxl", ".jxl"},
    [WKI_MEDIA_HEIF] = {"HEIF", "image/heif", ".heif"},
    [WKI_MEDIA_PDF] = {"PDF", "application/pdf", ".pdf"},
    [WKI_MEDIA_DICOM] = {"DICOM", "application/dicom", ".dcm"},
    [WKI_MEDIA_ZIP] = {"ZIP", "application/zip", ".zip"},
    [WKI_MEDIA_GZIP] = {"gzip", "application/gzip", ".gz"},
};

static const struct {
    const char *bytes;
    size_t at, n;
    wki_media kind;
} magics[] = {
    {"\xFF\xD8\xFF\xF7", 0, 4, WKI_MEDIA_JPEGLS},
    {"\xFF\xD8\xFF", 0, 3, WKI_MEDIA_JPEG},
    {"\x89PNG\r\n\x1A\n", 0, 8, WKI_MEDIA_PNG},
    {"GIF87a", 0, 6, WKI_MEDIA_GIF},
    {"GIF89a", 0, 6, WKI_MEDIA_GIF},
    {"BM", 0, 2, WKI_MEDIA_BMP},
    {"II*\0", 0, 4, WKI_MEDIA_TIFF},
    {"MM\0*", 0, 4, WKI_MEDIA_TIFF},
    {"\0\0\0\x0CjP  ", 0, 8, WKI_MEDIA_JP2},
    {"\xFF\x4F\xFF\x51", 0, 4, WKI_MEDIA_J2K},
    {"\xFF\x0A", 0, 2, WKI_MEDIA_JXL},
    {"\0\0\0\x0CJXL ", 0, 8, WKI_MEDIA_JXL},
    {"ftyp", 4, 4, WKI_MEDIA_HEIF},
    {"%PDF-", 0, 5, WKI_MEDIA_PDF},
    {"DICM", 128, 4, WKI_MEDIA_DICOM},
    {"PK\3\4", 0, 4, WKI_MEDIA_ZIP},
    {"\x1F\x8B", 0, 2, WKI_MEDIA_GZIP},
};

/* Types that the magic does not tell, or tells by another name. */
static const struct {
    const char *type, *suffix;
} more_types[] = {
    {"image/jpg", ".jpg"},
    {"image/pjpeg", ".jpg"},
    {"image/pngx", ".png"},
    {"image/heic", ".heic"},
    {"image/avif", ".avif"},
    {"image/svg+xml", ".svg"},
    {"application/json", ".json"},
    {"application/fhir+json", ".json"},
    {"application/fhir+ndjson", ".ndjson"},
    {"application/ndjson", ".ndjson"},
    {"application/x-ndjson", ".ndjson"},
    {"application/xml", ".xml"},
    {"application/fhir+xml", ".xml"},
    {"application/hl7-v3+xml", ".xml"},
    {"text/xml", ".xml"},
    {"text/html", ".html"},
    {"text/plain", ".txt"},
    {"text/csv", ".csv"},
    {"text/rtf", ".rtf"},
    {"application/rtf", ".rtf"},
    {"application/msword", ".doc"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"},
    {"audio/mpeg", ".mp3"},
    {"audio/wav", ".wav"},
    {"video/mp4", ".mp4"},
    {"video/mpeg", ".mpg"},
};

wki_media wki_media_of(const void *head, size_t n)
{
    const char *b = head;

    if (n >= 12 && memcmp(b, "RIFF", 4) == 0 && memcmp(b + 8, "WEBP", 4) == 0)
        return WKI_MEDIA_WEBP;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        if (magics[i].at + magics[i].n <= n &&
            memcmp(b + magics[i].at, magics[i].bytes, magics[i].n) == 0)
            return magics[i].kind;
    }
    return WKI_MEDIA_UNKNOWN;
}

bool wki_media_is_picture(wki_media kind)
{
    return kind >= WKI_MEDIA_JPEG && kind <= WKI_MEDIA_HEIF;
}

const char *wki_media_name(wki_media kind)
{
    return kinds[kind].name;
}

const char *wki_media_mime(wki_media kind)
{
    return kinds[kind].type;
}

const char *wki_media_suffix(wki_media kind)
{
    return kinds[kind].suffix;
}

static bool is_type(const char *type, size_t n, const char *known)
{
    return strlen(known) == n && wki_str_istarts(type, known);
}

const char *wki_media_suffix_of_type(const char *type)
{
    size_t n;

    if (!type)
        return NULL;
    type += strspn(type, " \t");
    n = strcspn(type, "; \t,");
    for (size_t i = WKI_MEDIA_JPEG; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (is_type(type, n, kinds[i].type))
            return kinds[i].suffix;
    }
    for (size_t i = 0; i < sizeof more_types / sizeof more_types[0]; i++) {
        if (is_type(type, n, more_types[i].type))
            return more_types[i].suffix;
    }
    return NULL;
}
