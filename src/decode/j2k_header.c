#include "decode/j2k_header.h"

#include <string.h>

#include "core/bytes.h"
#include "core/stored.h"

enum {
    SOC = 0xFF4F,
    SIZ = 0xFF51,
    COD = 0xFF52,
    COC = 0xFF53,
    SOT = 0xFF90,
    SOD = 0xFF93,
    EOC = 0xFFD9,
    LEVELS_MAX = 32
};

/* A coding style: SPcod or SPcoc (A.6.1). */
typedef struct style {
    unsigned levels, block_w, block_h; /* exponents of block sizes */
    bool has_precincts;
    const uint8_t *precincts; /* levels + 1 of them */
} style;

/* Where the contents of the box of code streams begin (ISO 15444-1 I.4); n where there is none. */
static size_t find_stream(const uint8_t *p, size_t n)
{
    size_t at = 0;

    if (n < 8 || memcmp(p + 4, "jP  ", 4) != 0)
        return 0;
    while (n - at >= 8) {
        uint64_t length = wki_be32(p + at);
        size_t head = 8;

        if (length == 1 && n - at >= 16) {
            length = (uint64_t)wki_be32(p + at + 8) << 32 | wki_be32(p + at + 12);
            head = 16;
        }
        if (memcmp(p + at + 4, "jp2c", 4) == 0)
            return at + head;
        if (length < head || length > n - at)
            return n;
        at += (size_t)length;
    }
    return n;
}

/* Of the SIZ segment `p`, after its length. */
static bool read_siz(const uint8_t *p, size_t n, wki_j2k_header *h)
{
    if (n < 36)
        return false;
    h->x1 = wki_be32(p + 2);
    h->y1 = wki_be32(p + 6);
    h->x0 = wki_be32(p + 10);
    h->y0 = wki_be32(p + 14);
    h->tile_w = wki_be32(p + 18);
    h->tile_h = wki_be32(p + 22);
    h->tx0 = wki_be32(p + 26);
    h->ty0 = wki_be32(p + 30);
    h->components = (unsigned)p[34] << 8 | p[35];
    if (h->components == 0 || n < 36 + 3 * (size_t)h->components)
        return false;
    for (unsigned i = 0; i < h->components && i < WKI_J2K_COMPONENTS; i++) {
        h->dx[i] = p[36 + 3 * i + 1];
        h->dy[i] = p[36 + 3 * i + 2];
        if (h->dx[i] == 0 || h->dy[i] == 0)
            return false;
    }
    return h->x0 < h->x1 && h->y0 < h->y1 && h->tile_w > 0 && h->tile_h > 0 && h->tx0 <= h->x0 &&
           h->ty0 <= h->y0;
}

static uint64_t ceil_shift(uint64_t v, unsigned by)
{
    return by < 64 ? (v + ((UINT64_C(1) << by) - 1)) >> by : 1;
}

static uint64_t tiles_of(const wki_j2k_header *h)
{
    uint64_t across = ((uint64_t)h->x1 - h->tx0 + h->tile_w - 1) / h->tile_w;
    uint64_t down = ((uint64_t)h->y1 - h->ty0 + h->tile_h - 1) / h->tile_h;

    return across * down;
}

/* The samples of one tile along an axis. */
static uint64_t extent(uint32_t from, uint32_t to, uint32_t tile)
{
    return to - from < tile ? to - from : tile;
}

/* Precincts and blocks of one resolution of one component of a tile, as if its samples were those
 * of the grid; unchanged where their sizes are none. Corners that are not 0 may add one of each. */
static void count_resolution(const wki_j2k_header *h, const style *s, unsigned r,
                             uint64_t *precincts, uint64_t *blocks)
{
    unsigned px = s->has_precincts ? s->precincts[r] & 15 : 15;
    unsigned py = s->has_precincts ? s->precincts[r] >> 4 : 15;
    unsigned more = (h->x0 | h->y0 | h->tx0 | h->ty0) != 0 || tiles_of(h) > 1;
    uint64_t w = ceil_shift(extent(h->x0, h->x1, h->tile_w), s->levels - r);
    uint64_t t = ceil_shift(extent(h->y0, h->y1, h->tile_h), s->levels - r);
    unsigned bx = px, by = py, bands = r ? 3 : 1;

    if (r > 0 && (px == 0 || py == 0))
        return;
    *precincts = (ceil_shift(w, px) + more) * (ceil_shift(t, py) + more);
    if (r > 0) {
        w = ceil_shift(w, 1);
        t = ceil_shift(t, 1);
        bx--;
        by--;
    }
    bx = bx < s->block_w ? bx : s->block_w;
    by = by < s->block_h ? by : s->block_h;
    *blocks = bands * (ceil_shift(w, bx) + more) * (ceil_shift(t, by) + more);
}

/* No product of two such numbers goes over 64 bits; what is that large is refused. */
static void raise(uint64_t *to, uint64_t v)
{
    v = v > UINT32_MAX ? UINT32_MAX : v;
    *to = v > *to ? v : *to;
}

/* Counts as if all of the picture were coded in this style. */
static void count_style(wki_j2k_header *h, const style *s)
{
    uint64_t scale = 0, units = 0, packets = 0, most = 0;

    raise(&scale, tiles_of(h));
    raise(&scale, scale * h->components);
    for (unsigned r = 0; r <= s->levels; r++) {
        uint64_t precincts = UINT32_MAX, blocks = UINT32_MAX;

        count_resolution(h, s, r, &precincts, &blocks);
        raise(&units, units + precincts + blocks);
        raise(&packets, packets + precincts);
        raise(&most, precincts);
    }
    raise(&h->units, units * scale);
    raise(&h->packets, packets * scale);
    raise(&h->include, (s->levels + 1) * h->components * most);
}

/* SPcod or SPcoc at `p`; `scod` says whether precincts follow. */
static bool read_style(wki_j2k_header *h, uint8_t scod, const uint8_t *p, size_t n)
{
    style s;

    if (n < 5 || p[0] > LEVELS_MAX || p[1] > 8 || p[2] > 8)
        return false;
    s = (style){p[0], p[1] + 2u, p[2] + 2u, (scod & 1) != 0, p + 5};
    if (s.has_precincts && n < 5 + (size_t)s.levels + 1)
        return false;
    h->htj2k = h->htj2k || (p[3] & 0x40);
    h->irreversible = h->irreversible || p[4] == 0;
    count_style(h, &s);
    return true;
}

static bool read_coding(wki_j2k_header *h, unsigned marker, const uint8_t *p, size_t n)
{
    size_t skip = h->components < 257 ? 1 : 2;

    if (marker == COC)
        return n > skip && read_style(h, p[skip], p + skip + 1, n - skip - 1);
    if (n < 5)
        return false;
    if (((unsigned)p[2] << 8 | p[3]) > h->layers)
        h->layers = (unsigned)p[2] << 8 | p[3];
    return read_style(h, p[0], p + 5, n - 5);
}

/* Markers that OpenJPEG knows, and steps over by the length of their segment. After others it looks
 * for the next that it knows. */
static bool is_known(unsigned marker)
{
    static const uint8_t known[] = {0x50, 0x52, 0x53, 0x55, 0x57, 0x58, 0x59, 0x5C, 0x5D, 0x5E,
                                    0x5F, 0x60, 0x61, 0x63, 0x64, 0x74, 0x75, 0x77, 0x78};

    return marker >> 8 == 0xFF && memchr(known, (int)(marker & 0xFF), sizeof known) != NULL;
}

/* Header segments from *at to the SOD of a tile-part, or (`part` NULL) to the first SOT, where *at
 * is left. */
static bool read_segments(const uint8_t *data, size_t n, size_t *at, const uint8_t *part,
                          wki_j2k_header *h)
{
    while (n - *at >= 4) {
        const uint8_t *p = data + *at;
        unsigned marker = wki_be16(p), length = wki_be16(p + 2);

        if (marker == (part ? SOD : SOT))
            return true;
        if (!is_known(marker) || length < 2 || length + 2u > n - *at ||
            ((marker == COD || marker == COC) && !read_coding(h, marker, p + 4, length - 2)))
            return false;
        *at += 2 + length;
    }
    /* SOD has no segment, and may be all that is left. */
    return part && n - *at >= 2 && wki_be16(data + *at) == SOD;
}

static size_t without_zeros(const uint8_t *data, size_t n, size_t least)
{
    while (n > least && data[n - 1] == 0)
        n--;
    return n;
}

/* The tile-part at *at, which moves to what follows. *last: it goes on to the end of the bytes. */
static bool read_part(const uint8_t *data, size_t n, size_t *at, bool *last, wki_j2k_header *h)
{
    const uint8_t *part = data + *at;
    size_t body = *at + 12, end;
    uint32_t size;

    if (n - *at < 14 || wki_be16(part + 2) != 10)
        return false;
    size = wki_be32(part + 6);
    if (!read_segments(data, n, &body, part, h))
        return false;
    *last = size == 0;
    if (size != 0) {
        if (size > n - *at || *at + size < body + 2)
            return false;
        *at += size;
        return true;
    }
    end = without_zeros(data, n, body + 2);
    h->has_end = end >= body + 4 && wki_be16(data + end - 2) == EOC;
    *at = h->has_end ? end - 2 : n;
    return true;
}

static bool read_parts(const uint8_t *data, size_t n, size_t at, wki_j2k_header *h)
{
    bool last = false;

    while (!last && n - at >= 2 && wki_be16(data + at) == SOT) {
        if (!read_part(data, n, &at, &last, h))
            return false;
    }
    h->end = at;
    if (!last)
        h->has_end = n - at >= 2 && wki_be16(data + at) == EOC;
    return true;
}

/* Wherever a decoder may find them. Packets hold no marker (A.1.1), but pairs of such bytes. */
static void look_for_styles(const uint8_t *data, size_t n, size_t at, wki_j2k_header *h)
{
    while (n - at >= 4) {
        const uint8_t *p = memchr(data + at, 0xFF, n - at - 3);

        if (!p)
            return;
        at = (size_t)(p - data) + 1;
        if (p[1] == (COD & 0xFF) || p[1] == (COC & 0xFF))
            (void)read_coding(h, wki_be16(p), p + 4, n - (size_t)(p + 4 - data));
    }
}

bool wki_j2k_header_read(const uint8_t *data, size_t n, wki_j2k_header *out)
{
    wki_j2k_header h = {.start = find_stream(data, n)};
    size_t at = h.start, length;

    if (n - at < 6 || wki_be16(data + at) != SOC || wki_be16(data + at + 2) != SIZ)
        return false;
    length = wki_be16(data + at + 4);
    if (length < 2 || length > n - at - 4 || !read_siz(data + at + 6, length - 2, &h))
        return false;
    at += 4 + length;
    h.layers = 1;
    length = at;
    h.sure = read_segments(data, n, &at, NULL, &h) && read_parts(data, n, at, &h);
    if (!h.sure)
        look_for_styles(data, n, length, &h);
    *out = h;
    return true;
}

/* Samples of a component along an axis (B-1, B-2). */
static uint64_t samples_of(uint32_t from, uint32_t to, uint8_t step)
{
    return ((uint64_t)to + step - 1) / step - ((uint64_t)from + step - 1) / step;
}

wk_code wki_j2k_header_check(const wki_image_desc *d, const wki_j2k_header *h, wk_error *err)
{
    uint64_t tiles = tiles_of(h), samples = (uint64_t)d->rows * d->cols * d->samples;
    wk_code rc =
        wki_check_size(d, samples_of(h->x0, h->x1, h->dx[0]), samples_of(h->y0, h->y1, h->dy[0]),
                       h->components == d->samples + 1u ? d->samples : h->components, err);

    if (rc != WK_OK)
        return rc;
    if (tiles > WK_J2K_FEW_TILES + samples / WK_J2K_TILE_SAMPLES)
        return wk_fail(err, WK_DATA, "the JPEG 2000 stream has %llu tiles",
                       (unsigned long long)tiles);
    if (h->units > WK_J2K_FEW_BLOCKS + samples / WK_J2K_BLOCK_SAMPLES)
        return wk_fail(err, WK_DATA, "the JPEG 2000 stream has %llu precincts and blocks",
                       (unsigned long long)h->units);
    if (h->packets * h->layers > WK_J2K_PACKETS || h->include * (h->layers + 1) > WK_J2K_PACKETS)
        return wk_fail(err, WK_DATA, "the JPEG 2000 stream has too many packets");
    return WK_OK;
}

unsigned wki_j2k_header_reduction(const wki_j2k_header *h, unsigned reduce)
{
    uint64_t x = samples_of(0, h->x0, h->dx[0]), y = samples_of(0, h->y0, h->dy[0]);

    while (reduce > 0 && ((x | y) & ((1u << reduce) - 1)))
        reduce--;
    return reduce;
}
