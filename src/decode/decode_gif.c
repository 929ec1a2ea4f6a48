/* GIF by giflib: the first picture. */
#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "decode/decode_module.h"

typedef struct reader {
    const uint8_t *data;
    size_t n;
} reader;

static int read_more(GifFileType *gif, GifByteType *out, int n)
{
    reader *r = gif->UserData;
    size_t take = n > 0 && (size_t)n < r->n ? (size_t)n : r->n;

    memcpy(out, r->data, take);
    r->data += take;
    r->n -= take;
    return (int)take;
}

static wk_code corrupt(int code, wk_error *err)
{
    const char *why = GifErrorString(code);

    return wk_fail(err, WK_DATA, "the GIF is corrupt: %s", why ? why : "unknown error");
}

/* Reads an extension; a graphic control block says which colour is transparent. */
static bool read_extension(GifFileType *gif, int *transparent)
{
    GraphicsControlBlock control;
    GifByteType *block;
    int code;

    if (DGifGetExtension(gif, &code, &block) == GIF_ERROR)
        return false;
    if (code == GRAPHICS_EXT_FUNC_CODE && block && block[0] == 4 &&
        DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
        *transparent = control.TransparentColor;
    while (block) {
        if (DGifGetExtensionNext(gif, &block) == GIF_ERROR)
            return false;
    }
    return true;
}

static wk_code find_picture(GifFileType *gif, int *transparent, wk_error *err)
{
    GifRecordType kind;

    for (;;) {
        if (DGifGetRecordType(gif, &kind) == GIF_ERROR)
            return corrupt(gif->Error, err);
        if (kind == TERMINATE_RECORD_TYPE)
            return wk_fail(err, WK_DATA, "the GIF holds no picture");
        if (kind == IMAGE_DESC_RECORD_TYPE)
            return DGifGetImageDesc(gif) == GIF_OK ? WK_OK : corrupt(gif->Error, err);
        if (kind == EXTENSION_RECORD_TYPE && !read_extension(gif, transparent))
            return corrupt(gif->Error, err);
    }
}

/* What lies outside the canvas is not shown. */
static void put_row(const GifFileType *gif, const ColorMapObject *colors, int transparent, int row,
                    const GifPixelType *line, wki_pixels *p)
{
    int64_t y = (int64_t)gif->Image.Top + row;
    uint8_t *out;

    if (y < 0 || y >= p->rows)
        return;
    out = (uint8_t *)p->data + (size_t)y * p->cols * 3;
    for (int i = 0; i < gif->Image.Width; i++) {
        int64_t x = (int64_t)gif->Image.Left + i;

        if (x < 0 || x >= p->cols || line[i] == transparent || line[i] >= colors->ColorCount)
            continue;
        out[3 * x] = colors->Colors[line[i]].Red;
        out[3 * x + 1] = colors->Colors[line[i]].Green;
        out[3 * x + 2] = colors->Colors[line[i]].Blue;
    }
}

static wk_code read_rows(GifFileType *gif, int transparent, wki_pixels *p, wk_error *err)
{
    /* GIF89a, appendix E: the rows of an interlaced picture come in four passes. */
    static const struct pass {
        int first, step;
    } straight[] = {{0, 1}, {0, 0}}, interlaced[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}, {0, 0}};
    const ColorMapObject *colors = gif->Image.ColorMap ? gif->Image.ColorMap : gif->SColorMap;
    const struct pass *passes = gif->Image.Interlace ? interlaced : straight;
    GifPixelType *line;
    wk_code rc = WK_OK;

    if (!colors)
        return wk_fail(err, WK_DATA, "the GIF has no colours");
    line = malloc((size_t)gif->Image.Width + 1);
    if (!line)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (int i = 0; rc == WK_OK && passes[i].step > 0; i++) {
        for (int y = passes[i].first; rc == WK_OK && y < gif->Image.Height; y += passes[i].step) {
            if (DGifGetLine(gif, line, gif->Image.Width) == GIF_ERROR)
                rc = corrupt(gif->Error, err);
            else
                put_row(gif, colors, transparent, y, line, p);
        }
    }
    free(line);
    return rc;
}

static wk_code decode(GifFileType *gif, const wki_image_desc *d, wki_pixels *p, wk_error *err)
{
    int transparent = NO_TRANSPARENT_COLOR;
    wk_code rc = wki_check_size(d, (uint64_t)gif->SWidth, (uint64_t)gif->SHeight, 3, err);

    if (rc == WK_OK)
        rc = find_picture(gif, &transparent, err);
    if (rc != WK_OK)
        return rc;
    if (gif->Image.Width < 1 || gif->Image.Height < 1)
        return wk_fail(err, WK_DATA, "the GIF is %d x %d", gif->Image.Width, gif->Image.Height);
    rc = wki_stored_alloc(d, "giflib", p, err);
    if (rc != WK_OK)
        return rc;
    memset(p->data, 255, p->size);
    return read_rows(gif, transparent, p, err);
}

static wk_code decode_file(const wki_image_desc *d, const wki_frame_bytes *bytes,
                           const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    reader r = {bytes->data, bytes->n};
    wki_pixels p = {0};
    int code = 0;
    GifFileType *gif = DGifOpen(&r, read_more, &code);
    wk_code rc;

    (void)opts;
    if (!gif)
        return corrupt(code, err);
    rc = decode(gif, d, &p, err);
    (void)DGifCloseFile(gif, &code);
    if (rc == WK_OK)
        *out = p;
    else
        wki_pixels_clear(&p);
    return rc;
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

static const char *about(void)
{
    return "giflib " TEXT(GIFLIB_MAJOR) "." TEXT(GIFLIB_MINOR) "." TEXT(GIFLIB_RELEASE);
}

WKI_CODEC_MODULE(gif) = {{WADOKIT_VERSION, about}, decode_file};
