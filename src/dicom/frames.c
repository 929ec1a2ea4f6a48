#include "dicom/frames.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/bytes.h"

typedef struct fragment {
    uint64_t at; /* of the value */
    uint32_t n;
    bool cut;
} fragment;

struct wki_frames {
    const wki_blob *source;
    uint64_t base, end; /* first item behind the offset table; end of the pixels' bytes */
    uint32_t n_frames;
    uint64_t *offsets; /* n_frames from `base`, of a table that is believed; else NULL */
    uint64_t *lengths; /* of an Extended Offset Table, else NULL */
    bool scanned;
    fragment *fragments;
    size_t n_fragments, capacity;
    size_t *first; /* n_mapped + 1: fragments first[i] to first[i + 1] are frame i */
    size_t n_mapped;
};

enum item {
    ITEM,
    ITEM_END,
    ITEM_NONE
};

/* The item header at `at`. */
static enum item read_item(const wki_frames *f, uint64_t at, fragment *out)
{
    uint8_t h[8];

    if (at > f->end || f->end - at < 8 || !wki_blob_read(f->source, at, h, sizeof h))
        return ITEM_NONE;
    if (memcmp(h, "\xFE\xFF\xDD\xE0", 4) == 0)
        return ITEM_END;
    if (memcmp(h, "\xFE\xFF\x00\xE0", 4) != 0)
        return ITEM_NONE;
    out->at = at + 8;
    out->n = wki_le32(h + 4);
    out->cut = out->n > f->end - out->at;
    if (out->cut)
        out->n = (uint32_t)(f->end - out->at);
    return ITEM;
}

/* The item after `before`, at *at. Where lengths are odd, writers disagree whether the byte that
 * makes them even counts: then the item lies one byte off. */
static enum item read_next(const wki_frames *f, uint64_t *at, const fragment *before, fragment *out)
{
    uint64_t other = before->n % 2 ? *at + 1 : *at - 1;
    enum item got = read_item(f, *at, out);

    if (got != ITEM_NONE || before->n == 0)
        return got;
    got = read_item(f, other, out);
    if (got != ITEM_NONE)
        *at = other;
    return got;
}

/* Offsets have to grow and lie inside, or the table is not believed. */
static bool are_growing(const uint64_t *offsets, uint32_t n, uint64_t room)
{
    if (offsets[0] != 0)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (offsets[i] >= room || (i > 0 && offsets[i] <= offsets[i - 1]))
            return false;
    }
    return true;
}

/* `n` numbers of `width` bytes at `at`, NULL where they cannot be had. */
static uint64_t *read_table(const wki_blob *s, uint64_t at, uint32_t n, size_t width)
{
    uint64_t *out = malloc((size_t)n * sizeof *out);
    uint8_t *raw = malloc((size_t)n * width);
    bool ok = out && raw && wki_blob_read(s, at, raw, (size_t)n * width);

    for (uint32_t i = 0; ok && i < n; i++) {
        out[i] = wki_le32(raw + i * width);
        if (width == 8)
            out[i] |= (uint64_t)wki_le32(raw + i * width + 4) << 32;
    }
    free(raw);
    if (!ok) {
        free(out);
        return NULL;
    }
    return out;
}

static void read_extended(wki_frames *f, const wki_layout *l)
{
    if (l->eot_bytes != 8ull * f->n_frames || l->eot_lengths_bytes != l->eot_bytes)
        return;
    f->offsets = read_table(f->source, l->eot, f->n_frames, 8);
    f->lengths = read_table(f->source, l->eot_lengths, f->n_frames, 8);
    if (f->offsets && f->lengths && are_growing(f->offsets, f->n_frames, f->end - f->base))
        return;
    free(f->offsets);
    free(f->lengths);
    f->offsets = f->lengths = NULL;
}

static void read_basic(wki_frames *f, const fragment *table)
{
    if (f->offsets || table->cut || table->n != 4ull * f->n_frames)
        return;
    f->offsets = read_table(f->source, table->at, f->n_frames, 4);
    if (f->offsets && !are_growing(f->offsets, f->n_frames, f->end - f->base)) {
        free(f->offsets);
        f->offsets = NULL;
    }
}

/* The header of an RLE frame (PS3.5 G.5): 1 to 15 segments, the first behind the header. */
static bool starts_rle(const uint8_t h[12])
{
    return wki_le32(h) >= 1 && wki_le32(h) <= 15 && wki_le32(h + 4) == 64;
}

static bool starts_stream(const wki_frames *f, const fragment *g)
{
    uint8_t h[12] = {0};

    if (!wki_blob_read(f->source, g->at, h, g->n < sizeof h ? g->n : sizeof h))
        return false;
    return memcmp(h, "\xFF\xD8\xFF", 3) == 0 || memcmp(h, "\xFF\x4F\xFF\x51", 4) == 0 ||
           memcmp(h, "\0\0\0\x0CjP  ", 8) == 0 || memcmp(h, "\xFF\x0A", 2) == 0 ||
           memcmp(h, "\0\0\0\x0CJXL ", 8) == 0 || starts_rle(h);
}

wk_code wki_frames_new(const wki_blob *s, const wki_layout *l, uint32_t n_frames, wki_frames **out,
                       wk_error *err)
{
    wki_frames *f = calloc(1, sizeof *f);
    fragment table = {0};

    if (!f)
        return wk_fail(err, WK_NOMEM, "out of memory");
    f->source = s;
    f->n_frames = n_frames;
    f->end = l->pixels + l->pixel_bytes;
    if (n_frames == 0 || n_frames > WK_MAX_FRAMES || read_item(f, l->pixels, &table) != ITEM) {
        free(f);
        return wk_fail(err, WK_DATA, "the encapsulated pixels hold no item");
    }
    /* Some writers leave the table out, and begin with the first frame. */
    if (starts_stream(f, &table))
        table = (fragment){.at = l->pixels};
    f->base = table.at + table.n;
    read_extended(f, l);
    read_basic(f, &table);
    *out = f;
    return WK_OK;
}

void wki_frames_free(wki_frames *f)
{
    if (!f)
        return;
    free(f->offsets);
    free(f->lengths);
    free(f->fragments);
    free(f->first);
    free(f);
}

static wk_code add_fragment(wki_frames *f, const fragment *g, wk_error *err)
{
    if (f->n_fragments == f->capacity) {
        size_t capacity = f->capacity ? f->capacity * 2 : 64;
        fragment *grown;

        if (capacity > 2 * (size_t)WK_MAX_FRAGMENTS)
            return wk_fail(err, WK_LIMIT, "more than %d fragments", WK_MAX_FRAGMENTS);
        grown = realloc(f->fragments, capacity * sizeof *grown);
        if (!grown)
            return wk_fail(err, WK_NOMEM, "out of memory");
        f->fragments = grown;
        f->capacity = capacity;
    }
    f->fragments[f->n_fragments++] = *g;
    return WK_OK;
}

static bool ends_stream(const wki_frames *f, const fragment *g)
{
    uint8_t t[16] = {0};
    size_t n = g->n < sizeof t ? g->n : sizeof t;

    if (!wki_blob_read(f->source, g->at + g->n - n, t, n))
        return false;
    while (n > 0 && t[n - 1] == 0)
        n--;
    return n >= 2 && t[n - 2] == 0xFF && t[n - 1] == 0xD9;
}

/* Marks the fragments that begin a frame, by starts or by the ends before them. */
static size_t mark(const wki_frames *f, bool by_start, size_t *first, size_t room)
{
    size_t n = 0;
    bool begins = true;

    for (size_t i = 0; i < f->n_fragments; i++) {
        if (by_start)
            begins = starts_stream(f, &f->fragments[i]);
        if (begins && n < room)
            first[n] = i;
        n += begins;
        if (!by_start)
            begins = ends_stream(f, &f->fragments[i]);
    }
    return n;
}

static wk_code map_fragments(wki_frames *f, wk_error *err)
{
    size_t n = f->n_frames;

    f->first = malloc((n + 1) * sizeof *f->first);
    if (!f->first)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (n == 1) {
        f->first[0] = 0;
        f->n_mapped = f->n_fragments > 0;
    } else if (f->n_fragments <= n) {
        for (size_t i = 0; i < f->n_fragments; i++)
            f->first[i] = i;
        f->n_mapped = f->n_fragments;
    } else {
        size_t starts = mark(f, true, f->first, n);

        if (starts < n || f->first[0] != 0)
            starts = mark(f, false, f->first, n);
        if (starts < n)
            return wk_fail(err, WK_DATA,
                           "%zu fragments cannot be told apart into %zu frames (no offset table)",
                           f->n_fragments, n);
        f->n_mapped = n;
        /* What follows the last frame's start belongs to it, unless more frames start there. */
        if (starts > n) {
            size_t last = f->first[n - 1] + 1;

            while (last < f->n_fragments && !starts_stream(f, &f->fragments[last]))
                last++;
            f->n_fragments = last;
        }
    }
    f->first[f->n_mapped] = f->n_fragments;
    return WK_OK;
}

/* Reads all item headers. */
static wk_code scan(wki_frames *f, wk_error *err)
{
    uint64_t at = f->base;
    fragment before = {0}, g = {0};

    f->scanned = true;
    while (read_next(f, &at, &before, &g) == ITEM) {
        wk_code rc = add_fragment(f, &g, err);

        if (rc != WK_OK)
            return rc;
        at = g.at + g.n;
        before = g;
    }
    while (f->n_fragments > 0 && f->fragments[f->n_fragments - 1].n == 0)
        f->n_fragments--;
    return map_fragments(f, err);
}

/* Whether a frame whose last fragment goes beyond the file is whole all the same: its end marker is
 * there, or its decoder tells (RLE). */
static bool is_whole(const wki_frames *f, const fragment *g, size_t n)
{
    uint8_t h[12];

    return ends_stream(f, &g[n - 1]) ||
           (g->n >= sizeof h && wki_blob_read(f->source, g->at, h, sizeof h) && starts_rle(h));
}

/* Joins `n` fragments. */
static wk_code join(const wki_frames *f, uint32_t frame, const fragment *g, size_t n, size_t most,
                    wki_frame_bytes *out, wk_error *err)
{
    uint64_t total = 0, want;
    uint8_t *data;
    size_t done = 0;

    for (size_t i = 0; i < n; i++) {
        if (g[i].cut && !is_whole(f, g, n))
            return wk_fail(err, WK_DATA, "frame %u is cut short: the file ends inside it",
                           frame + 1);
        total += g[i].n;
        if (total > WK_MAX_FRAME_BYTES)
            return wk_fail(err, WK_LIMIT, "frame %u is larger than %llu bytes", frame + 1,
                           WK_MAX_FRAME_BYTES);
    }
    if (total == 0)
        return wk_fail(err, WK_DATA, "frame %u is empty", frame + 1);
    want = total < most ? total : most;
    data = malloc((size_t)want);
    if (!data)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (size_t i = 0; i < n && done < want; i++) {
        size_t some = want - done < g[i].n ? (size_t)want - done : (size_t)g[i].n;

        if (!wki_blob_read(f->source, g[i].at, data + done, some)) {
            free(data);
            return wk_fail(err, WK_IO, "frame %u cannot be read", frame + 1);
        }
        done += some;
    }
    *out = (wki_frame_bytes){.data = data, .n = done, .owned = data};
    out->whole = want < total ? (size_t)total : 0;
    return WK_OK;
}

/* The fragments of a frame by the offset table; false where the table proves wrong. */
static bool gather(wki_frames *f, uint32_t frame, wk_error *err)
{
    uint64_t at = f->base + f->offsets[frame];
    uint64_t end = frame + 1 < f->n_frames ? f->base + f->offsets[frame + 1] : f->end;
    fragment before = {0}, g = {0};

    f->n_fragments = 0;
    while (at < end) {
        enum item got = read_next(f, &at, &before, &g);

        if (got == ITEM_END && f->n_fragments > 0)
            break;
        if (got != ITEM || add_fragment(f, &g, err) != WK_OK)
            return got == ITEM_NONE && f->n_fragments > 0 && frame + 1 == f->n_frames;
        at = g.at + g.n;
        before = g;
        if (f->lengths && f->lengths[frame] < g.n)
            f->fragments[f->n_fragments - 1].n = (uint32_t)f->lengths[frame];
        if (f->lengths)
            return g.n >= f->lengths[frame];
    }
    return at == end || (at + 1 == end && before.n % 2) || frame + 1 == f->n_frames;
}

wk_code wki_frames_read(wki_frames *f, uint32_t frame, wki_frame_bytes *out, wk_error *err)
{
    return wki_frames_read_start(f, frame, SIZE_MAX, out, err);
}

wk_code wki_frames_read_start(wki_frames *f, uint32_t frame, size_t most, wki_frame_bytes *out,
                              wk_error *err)
{
    if (frame >= f->n_frames)
        return wk_fail(err, WK_DATA, "there is no frame %u, only %u", frame + 1, f->n_frames);
    if (f->offsets) {
        if (gather(f, frame, err))
            return join(f, frame, f->fragments, f->n_fragments, most, out, err);
        free(f->offsets);
        f->offsets = NULL;
        f->n_fragments = 0;
    }
    if (!f->scanned) {
        wk_code rc = scan(f, err);

        if (rc != WK_OK)
            return rc;
    }
    if (frame >= f->n_mapped)
        return wk_fail(err, WK_DATA, "frame %u is not there: the pixels hold %zu of %u", frame + 1,
                       f->n_mapped, f->n_frames);
    return join(f, frame, f->fragments + f->first[frame], f->first[frame + 1] - f->first[frame],
                most, out, err);
}

uint32_t wki_frames_there(wki_frames *f)
{
    if (f->offsets || (!f->scanned && scan(f, NULL) != WK_OK) || f->n_mapped == 0)
        return f->n_frames;
    return f->n_mapped < f->n_frames ? (uint32_t)f->n_mapped : f->n_frames;
}

uint32_t wki_native_frames_there(const wki_layout *l, const wki_image_desc *d)
{
    uint64_t bits, there;

    if (!wki_native_frame_bits(d, &bits) || bits == 0 || l->pixel_bytes > UINT64_MAX / 8)
        return d->frames;
    there = l->pixel_bytes * 8 / bits + (l->pixel_bytes * 8 % bits >= 8);
    return there < d->frames ? (uint32_t)there : d->frames;
}

bool wki_native_frame_bits(const wki_image_desc *d, uint64_t *out)
{
    uint64_t pixels = (uint64_t)d->rows * d->cols;
    uint64_t halves = 2ull * d->samples; /* stored samples of two pixels */

    if (d->samples == 3 &&
        (d->photometric == WKI_YBR_FULL_422 || d->photometric == WKI_YBR_PARTIAL_422))
        halves = 4;
    else if (d->samples == 3 && d->photometric == WKI_YBR_PARTIAL_420)
        halves = 3;
    if (d->pair_rows)
        pixels = (uint64_t)d->rows * ((d->cols + 1ull) / 2 * 2);
    if (pixels > UINT64_MAX / (halves * 64))
        return false;
    *out = pixels * halves / 2 * d->bits_allocated;
    return *out > 0;
}

/* Bytes that change places together: PS3.5 7.3. OB and OB-like data has no order; in a data set
 * that is little endian otherwise, samples are turned and not words. */
static size_t swap_width(const wki_layout *l, const wki_image_desc *d)
{
    if (!l->pixels_big || strcmp(l->pixel_vr, "OB") == 0 || strcmp(l->pixel_vr, "UN") == 0)
        return 1;
    if (!l->big_endian)
        return d->bits_allocated == 16 || d->bits_allocated == 32 ? d->bits_allocated / 8u : 1;
    return l->pixel_element == 0x0008 ? 4 : l->pixel_element == 0x0009 ? 8 : 2;
}

static void swap(uint8_t *p, size_t n, size_t width)
{
    for (size_t i = 0; i + width <= n; i += width) {
        for (size_t j = 0; j < width / 2; j++) {
            uint8_t t = p[i + j];

            p[i + j] = p[i + width - 1 - j];
            p[i + width - 1 - j] = t;
        }
    }
}

wk_code wki_native_read(const wki_blob *s, const wki_layout *l, const wki_image_desc *d,
                        uint32_t frame, wki_frame_bytes *out, wk_error *err)
{
    size_t width = swap_width(l, d);
    uint64_t bits, from, to, aligned;
    uint8_t *data;
    size_t n;

    if (frame >= d->frames)
        return wk_fail(err, WK_DATA, "there is no frame %u, only %u", frame + 1, d->frames);
    if (!wki_native_frame_bits(d, &bits) || bits > (UINT64_MAX - 64) / ((uint64_t)frame + 1))
        return wk_fail(err, WK_DATA, "frame %u is not there: the sizes are absurd", frame + 1);
    from = bits * frame / 8;
    to = (bits * (frame + 1ull) + 7) / 8;
    if (to > l->pixel_bytes)
        return wk_fail(err, WK_DATA, "frame %u is %s: the pixels are %llu bytes, %llu are due",
                       frame + 1, from < l->pixel_bytes ? "cut short" : "not there",
                       (unsigned long long)l->pixel_bytes, (unsigned long long)to);
    if (bits / 8 > WK_MAX_FRAME_BYTES)
        return wk_fail(err, WK_LIMIT, "frames are larger than %llu bytes", WK_MAX_FRAME_BYTES);
    /* Words that change places may straddle the frame's ends. */
    aligned = from - from % width;
    n = (size_t)(to - aligned);
    if (n % width && aligned + n + (width - n % width) <= l->pixel_bytes)
        n += width - n % width;
    data = malloc(n);
    if (!data)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (!wki_blob_read(s, l->pixels + aligned, data, n)) {
        free(data);
        return wk_fail(err, WK_IO, "frame %u cannot be read", frame + 1);
    }
    if (width > 1)
        swap(data, n, width);
    *out = (wki_frame_bytes){.data = data + (from - aligned),
                             .n = (size_t)(to - from),
                             .owned = data,
                             .bit_offset = (uint32_t)(bits * frame % 8)};
    return WK_OK;
}

wk_code wki_native_read_rows(const wki_blob *s, const wki_layout *l, const wki_image_desc *d,
                             uint32_t frame, uint32_t first, uint32_t n, wki_frame_bytes *out,
                             wk_error *err)
{
    uint64_t row = (uint64_t)d->cols * d->samples * (d->bits_allocated / 8u), bits, from;
    uint8_t *data;

    if (d->bits_allocated % 8 || l->pixels_big || (d->planar && d->samples > 1) ||
        !wki_native_frame_bits(d, &bits) || bits / 8 != row * d->rows ||
        bits / 8 > WK_MAX_FRAME_BYTES)
        return wk_fail(err, WK_UNSUPPORTED, "its rows do not lie one behind another");
    if (n == 0 || first >= d->rows || n > d->rows - first || frame >= l->pixel_bytes / (bits / 8))
        return wk_fail(err, WK_DATA, "frame %u is not all there", frame + 1);
    from = l->pixels + frame * (bits / 8) + first * row;
    data = malloc((size_t)(n * row));
    if (!data)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (!wki_blob_read(s, from, data, (size_t)(n * row))) {
        free(data);
        return wk_fail(err, WK_IO, "frame %u cannot be read", frame + 1);
    }
    *out = (wki_frame_bytes){.data = data, .n = (size_t)(n * row), .owned = data};
    return WK_OK;
}
