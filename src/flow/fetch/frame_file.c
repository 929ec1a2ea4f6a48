#include "flow/fetch/frame_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/jpeg_header.h"
#include "core/text.h"
#include "core/transfer_syntax.h"
#include "core/uid.h"
#include "decode/decode.h"
#include "dicomweb/dicom_json.h"
#include "dicomweb/dicom_json_encode.h"
#include "dicomweb/media_type.h"
#include "core/image.h"

enum {
    HEAD_SIZE = 65536, /* of a code stream: what stands in front of its first frame header */
    MAX_FRAMES = 100000,
    MAX_META = 1024,
    COPY_SIZE = 65536,
};

/* What the metadata says of the pixels. */
typedef struct outline {
    char sop_class[WK_UID_SIZE], sop[WK_UID_SIZE];
    char photometric[17];
    int64_t rows, cols, samples, bits, planar, frames;
} outline;

static wk_code unfit(wk_error *err, const char *why)
{
    return wk_fail(err, WK_UNSUPPORTED, "a frame alone does not do: %s", why);
}

/* Some servers leave out of the metadata what is not text. */
static bool needs_groups(const char *sop_class)
{
    static const char *const ends[] = {"2.1",      "2.2",      "4.1",      "4.3",      "4.4",
                                       "6.2",      "12.1.1",   "12.2.1",   "13.1.1",   "13.1.2",
                                       "13.1.3",   "13.1.4",   "13.1.5",   "14.1",     "14.2",
                                       "30",       "66.4",     "66.7",     "128.1",    "130",
                                       "77.1.5.4", "77.1.5.5", "77.1.5.6", "77.1.5.7", "77.1.5.8"};
    static const char start[] = "1.2.840.10008.5.1.4.1.1.";

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (wki_str_starts(sop_class, start) && strcmp(sop_class + sizeof start - 1, ends[i]) == 0)
            return true;
    }
    return false;
}

static bool has_palette(const wki_json *set)
{
    const wki_json *red = wki_dicom_json_get(set, 0x00281201);

    if (!red)
        red = wki_dicom_json_get(set, 0x00281221);
    return wki_json_str(red, "InlineBinary") || wki_json_get(red, "Value");
}

static wk_code read_outline(const wki_json *set, uint32_t frame, outline *o, wk_error *err)
{
    o->rows = wki_dicom_json_int(set, 0x00280010, 0);
    o->cols = wki_dicom_json_int(set, 0x00280011, 0);
    o->samples = wki_dicom_json_int(set, 0x00280002, 0);
    o->bits = wki_dicom_json_int(set, 0x00280100, 0);
    o->planar = wki_dicom_json_int(set, 0x00280006, 0);
    o->frames = wki_dicom_json_int(set, 0x00280008, 1);
    wki_dicom_json_text(o->photometric, sizeof o->photometric, set, 0x00280004);
    if (!wki_dicom_json_uid(o->sop, set, 0x00080018) ||
        !wki_dicom_json_uid(o->sop_class, set, 0x00080016))
        return unfit(err, "the metadata does not say what it is of");
    if (o->rows < 1 || o->cols < 1 || o->rows > WK_MAX_ROWS || o->cols > WK_MAX_COLUMNS ||
        o->samples < 1 || o->samples > 4 || o->bits < 1 || o->bits > 64 || !*o->photometric)
        return unfit(err, "the metadata does not describe pixels");
    if (frame < 1 || frame > o->frames || o->frames > MAX_FRAMES)
        return unfit(err, "the metadata has no such frame");
    if (wki_slide_is_class(o->sop_class))
        return unfit(err, "a frame of a slide is but a tile");
    if (needs_groups(o->sop_class) && !wki_dicom_json_get(set, 0x52009229) &&
        !wki_dicom_json_get(set, 0x52009230))
        return unfit(err, "the metadata is without the functional groups");
    if (strcmp(o->photometric, "PALETTE COLOR") == 0 && !has_palette(set))
        return unfit(err, "the metadata is without the palette");
    if (wki_dicom_json_get(set, 0x7FE00008) || wki_dicom_json_get(set, 0x7FE00009))
        return unfit(err, "its pixels are no whole numbers");
    return WK_OK;
}

/* --- the transfer syntax --- */

static const char *jpeg_syntax(const uint8_t *head, size_t n)
{
    wki_jpeg_header h;

    if (!wki_jpeg_header_read(head, n, &h))
        return NULL;
    switch (h.sof) {
    case 0xC0:
        return wki_transfer_syntax_uid(WKI_TS_JPEG_BASELINE);
    case 0xC1:
        return wki_transfer_syntax_uid(WKI_TS_JPEG_EXTENDED);
    case 0xC3:
        return wki_transfer_syntax_uid(WKI_TS_JPEG_LOSSLESS);
    case 0xF7:
        return wki_transfer_syntax_uid(WKI_TS_JPEGLS_LOSSLESS);
    default:
        return NULL;
    }
}

/* SIZ is followed by CAP where the code stream is HTJ2K (ISO 15444-15). */
static const char *j2k_syntax(const uint8_t *head, size_t n)
{
    size_t siz = (size_t)head[4] << 8 | head[5];
    bool ht = n >= siz + 6 && head[siz + 4] == 0xFF && head[siz + 5] == 0x50;

    return wki_transfer_syntax_uid(ht ? WKI_TS_HTJ2K_LOSSLESS : WKI_TS_J2K_LOSSLESS);
}

/* The syntax of a code stream by its first bytes, NULL where it is none that is known. */
static const char *look(const uint8_t *head, size_t n)
{
    if (n < 64)
        return NULL;
    if (memcmp(head, "\xFF\xD8\xFF", 3) == 0)
        return jpeg_syntax(head, n);
    if (memcmp(head, "\xFF\x4F\xFF\x51", 4) == 0)
        return j2k_syntax(head, n);
    if (memcmp(head, "\xFF\x0A", 2) == 0)
        return wki_transfer_syntax_uid(WKI_TS_JXL_LOSSLESS);
    /* An RLE header: 1 to 15 segments, the first behind it (PS3.5 annex G.5). */
    if (head[0] >= 1 && head[0] <= 15 && memcmp(head + 1, "\0\0\0\x40\0\0\0", 7) == 0)
        return wki_transfer_syntax_uid(WKI_TS_RLE);
    return NULL;
}

static uint64_t native_size(const outline *o)
{
    return (uint64_t)o->rows * (uint64_t)o->cols * (uint64_t)o->samples * (uint64_t)o->bits / 8;
}

/* Native bytes are little endian on the web (PS3.18 section 8.7.3). Of colour that a server made so
 * from a code stream nobody knows whether it is still what the metadata says. */
static wk_code check_native(const outline *o, uint64_t n, wk_error *err)
{
    uint64_t size = native_size(o);

    if (o->bits % 8 != 0)
        return unfit(err, "its samples are no bytes");
    if (n < size || n > size + 1)
        return unfit(err, "it has another size than the metadata says");
    if (wki_str_starts(o->photometric, "YBR") || (o->samples > 1 && o->planar != 0))
        return unfit(err, "its colour may have been converted");
    if (size * (uint64_t)o->frames > UINT32_MAX - 1)
        return unfit(err, "all frames would be too long");
    return WK_OK;
}

/* "image/jpeg" may be short for one of many: what is not named is looked at. */
static wk_code find_syntax(const outline *o, const char *content_type,
                           const wki_picture_source *bytes, uint64_t n, char out[WK_UID_SIZE],
                           wk_error *err)
{
    uint8_t *head = calloc(1, HEAD_SIZE);
    ssize_t got = head ? pread(bytes->fd, head, HEAD_SIZE, 0) : -1;
    const char *seen = got > 0 ? look(head, (size_t)got) : NULL;
    bool named =
        wki_media_param(content_type, "transfer-syntax", out, WK_UID_SIZE) && wki_uid_is_valid(out);

    if (named && wki_transfer_syntax_is_native(out) && check_native(o, n, NULL) == WK_OK)
        seen = wki_transfer_syntax_uid(WKI_TS_EXPLICIT_LE);
    else if (named && !wki_transfer_syntax_is_native(out) &&
             wki_decode_way_of(out) == WKI_DECODE_HERE)
        seen = out;
    else if (!seen)
        seen = wki_transfer_syntax_uid(WKI_TS_EXPLICIT_LE);
    if (seen != out)
        wki_strcopy(out, WK_UID_SIZE, seen);
    free(head);
    if (got < 0)
        return wk_fail_errno(err, WK_IO, errno, "temporary file");
    return wki_transfer_syntax_is(out, WKI_TS_EXPLICIT_LE) ? check_native(o, n, err) : WK_OK;
}

/* --- the file --- */

static wk_code add_uid(wki_buf *out, uint16_t element, const char *uid, wk_error *err)
{
    size_t n = strlen(uid), even = n + n % 2;
    uint8_t head[8] = {2, 0, (uint8_t)element, 0, 'U', 'I', (uint8_t)even, (uint8_t)(even >> 8)};
    wk_code rc = wki_buf_add(out, head, sizeof head, err);

    return rc == WK_OK ? wki_buf_add(out, uid, even, err) : rc; /* the NUL pads */
}

static wk_code add_meta(wki_buf *out, const outline *o, const char *syntax, wk_error *err)
{
    static const char preamble[128] = "";
    uint8_t length[12] = {2, 0, 0, 0, 'U', 'L', 4, 0};
    wki_buf meta;
    wk_code rc;

    wki_buf_init(&meta, MAX_META, "meta information");
    rc = add_uid(&meta, 2, o->sop_class, err);
    if (rc == WK_OK)
        rc = add_uid(&meta, 3, o->sop, err);
    if (rc == WK_OK)
        rc = add_uid(&meta, 0x10, syntax, err);
    length[8] = (uint8_t)meta.n;
    length[9] = (uint8_t)(meta.n >> 8);
    if (rc == WK_OK)
        rc = wki_buf_add(out, preamble, sizeof preamble, err);
    if (rc == WK_OK)
        rc = wki_buf_add(out, "DICM", 4, err);
    if (rc == WK_OK)
        rc = wki_buf_add(out, length, sizeof length, err);
    if (rc == WK_OK)
        rc = wki_buf_add(out, meta.data, meta.n, err);
    wki_buf_clear(&meta);
    return rc;
}

static void put_le32(uint8_t *p, uint64_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

static wk_code copy(wki_picture_source *out, const wki_picture_source *bytes, uint64_t n,
                    wk_error *err)
{
    char *block = malloc(COPY_SIZE);
    wk_code rc = block ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    for (uint64_t at = 0; at < n && rc == WK_OK;) {
        size_t want = n - at < COPY_SIZE ? (size_t)(n - at) : COPY_SIZE;
        ssize_t got = pread(bytes->fd, block, want, (off_t)at);

        if (got <= 0) {
            rc = wk_fail_errno(err, WK_IO, got < 0 ? errno : EIO, "temporary file");
            break;
        }
        rc = wki_picture_source_write(out, block, (size_t)got, err);
        at += (uint64_t)got;
    }
    free(block);
    return rc;
}

static wk_code write_native(wki_picture_source *out, const outline *o, uint32_t frame,
                            const wki_picture_source *bytes, wk_error *err)
{
    uint64_t size = native_size(o), all = size * (uint64_t)o->frames;
    uint8_t head[12] = {0xE0, 0x7F, 0x10, 0, 'O', o->bits > 8 ? 'W' : 'B', 0, 0};
    off_t start;
    wk_code rc;

    all += all % 2;
    put_le32(head + 8, all);
    rc = wki_picture_source_write(out, head, sizeof head, err);
    start = lseek(out->fd, 0, SEEK_CUR);
    if (rc == WK_OK && (start < 0 || ftruncate(out->fd, start + (off_t)all) != 0 ||
                        lseek(out->fd, (off_t)(size * (frame - 1)), SEEK_CUR) < 0))
        rc = wk_fail_errno(err, WK_IO, errno, "temporary file");
    return rc == WK_OK ? copy(out, bytes, size, err) : rc;
}

static const uint8_t item_tag[8] = {0xFE, 0xFF, 0x00, 0xE0};

/* Items without bytes are the other frames. */
static wk_code write_empty(wki_picture_source *out, uint32_t n, wk_error *err)
{
    uint8_t items[512 * sizeof item_tag];
    wk_code rc = WK_OK;

    for (size_t i = 0; i < sizeof items; i += sizeof item_tag)
        memcpy(items + i, item_tag, sizeof item_tag);
    while (n > 0 && rc == WK_OK) {
        uint32_t some = n < 512 ? n : 512;

        rc = wki_picture_source_write(out, items, some * sizeof item_tag, err);
        n -= some;
    }
    return rc;
}

/* The offset table, by which each frame has its place though it is empty. */
static wk_code write_offsets(wki_picture_source *out, const outline *o, uint32_t frame,
                             uint64_t bytes, wk_error *err)
{
    size_t n = (size_t)o->frames, size = sizeof item_tag + 4 * n;
    uint8_t *table = malloc(size);
    uint64_t offset = 0;
    wk_code rc;

    if (!table)
        return wk_fail(err, WK_NOMEM, "out of memory");
    memcpy(table, item_tag, sizeof item_tag);
    put_le32(table + 4, 4 * n);
    for (size_t i = 0; i < n; i++) {
        put_le32(table + sizeof item_tag + 4 * i, offset);
        offset += sizeof item_tag + (i + 1 == frame ? bytes : 0);
    }
    rc = wki_picture_source_write(out, table, size, err);
    free(table);
    return rc;
}

static wk_code write_stream(wki_picture_source *out, const outline *o, uint32_t frame,
                            const wki_picture_source *bytes, uint64_t n, wk_error *err)
{
    static const uint8_t head[12] = {0xE0, 0x7F, 0x10, 0, 'O', 'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF};
    static const uint8_t end[8] = {0xFE, 0xFF, 0xDD, 0xE0};
    uint8_t item[sizeof item_tag];
    uint64_t even = n + n % 2;
    wk_code rc;

    if (n == 0 || even + sizeof item * (uint64_t)o->frames > UINT32_MAX)
        return unfit(err, "it has no bytes, or too many");
    memcpy(item, item_tag, sizeof item);
    put_le32(item + 4, even);
    rc = wki_picture_source_write(out, head, sizeof head, err);
    if (rc == WK_OK)
        rc = write_offsets(out, o, frame, even, err);
    if (rc == WK_OK)
        rc = write_empty(out, frame - 1, err);
    if (rc == WK_OK)
        rc = wki_picture_source_write(out, item, sizeof item, err);
    if (rc == WK_OK)
        rc = copy(out, bytes, n, err);
    if (rc == WK_OK && n % 2)
        rc = wki_picture_source_write(out, "", 1, err);
    if (rc == WK_OK)
        rc = write_empty(out, (uint32_t)o->frames - frame, err);
    return rc == WK_OK ? wki_picture_source_write(out, end, sizeof end, err) : rc;
}

wk_code wki_frame_file(const wki_json *dataset, uint32_t frame, const char *content_type,
                       const wki_picture_source *bytes, uint64_t n, wki_picture_source *out,
                       wk_error *err)
{
    wki_picture_source file = {.fd = -1};
    char syntax[WK_UID_SIZE];
    outline o = {.frames = 0};
    wki_buf head;
    wk_code rc;

    wki_buf_init(&head, WK_MAX_JSON_ITEM_BYTES, "metadata");
    rc = read_outline(dataset, frame, &o, err);
    if (rc == WK_OK)
        rc = find_syntax(&o, content_type, bytes, n, syntax, err);
    if (rc == WK_OK)
        rc = add_meta(&head, &o, syntax, err);
    if (rc == WK_OK)
        rc = wki_dicom_json_encode(dataset, &head, err);
    if (rc == WK_OK)
        rc = wki_picture_source_temporary(&file, bytes->shown, err);
    if (rc == WK_OK)
        rc = wki_picture_source_write(&file, head.data, head.n, err);
    if (rc == WK_OK)
        rc = wki_transfer_syntax_is(syntax, WKI_TS_EXPLICIT_LE)
                 ? write_native(&file, &o, frame, bytes, err)
                 : write_stream(&file, &o, frame, bytes, n, err);
    wki_buf_clear(&head);
    if (rc == WK_OK)
        *out = file;
    else
        wki_picture_source_clear(&file);
    return rc;
}
