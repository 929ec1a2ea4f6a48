#include "mutate.h"

static uint64_t state = 1;

void fuzz_seed(unsigned seed)
{
    state = (uint64_t)seed << 32 | 0x9E3779B9u;
}

uint32_t fuzz_chance(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below ? (uint32_t)(state >> 32) % below : 0;
}

void fuzz_put(uint8_t *p, uint32_t v, size_t n, bool big_endian)
{
    for (size_t i = 0; i < n; i++)
        p[big_endian ? n - 1 - i : i] = (uint8_t)(v >> 8 * i);
}

void fuzz_tweak(uint8_t *p, size_t width, bool big_endian)
{
    uint32_t now = 0, most = width == 4 ? UINT32_MAX : (1u << 8 * width) - 1;
    uint32_t bit = 1u << fuzz_chance(8 * (uint32_t)width);

    for (size_t i = 0; i < width; i++)
        now = now << 8 | p[big_endian ? i : width - 1 - i];
    {
        const uint32_t values[] = {
            0,       1,    2,        now + 1,      now - 1,   now * 2,
            now / 2, most, most / 2, most / 2 + 1, now ^ bit, fuzz_chance(most)};

        fuzz_put(p, values[fuzz_chance(sizeof values / sizeof values[0])], width, big_endian);
    }
}

/* A field of a segment's header: `marker` is the second byte of its marker. */
typedef struct field {
    uint8_t marker, at, width; /* at: from the marker on */
} field;

static const field j2k_fields[] = {
    {0x51, 2, 2},  {0x51, 6, 4},  {0x51, 10, 4}, {0x51, 14, 4}, {0x51, 18, 4}, {0x51, 22, 4},
    {0x51, 26, 4}, {0x51, 30, 4}, {0x51, 34, 4}, {0x51, 38, 2}, {0x51, 40, 1}, {0x51, 41, 1},
    {0x51, 42, 1}, {0x51, 43, 1}, {0x52, 4, 1},  {0x52, 5, 1},  {0x52, 6, 2},  {0x52, 8, 1},
    {0x52, 9, 1},  {0x52, 10, 1}, {0x52, 11, 1}, {0x52, 12, 1}, {0x52, 13, 1}, {0x52, 14, 1},
    {0x5C, 4, 1},  {0x5C, 5, 2},  {0x90, 4, 2},  {0x90, 6, 4},  {0x90, 10, 1}, {0x90, 11, 1},
    {0x50, 4, 4},  {0x50, 8, 2}};
static const field jpeg_fields[] = {
    {0xC0, 2, 2},  {0xC0, 4, 1},  {0xC0, 5, 2}, {0xC0, 7, 2},  {0xC0, 9, 1},  {0xC0, 10, 1},
    {0xC0, 11, 1}, {0xC1, 4, 1},  {0xC1, 5, 2}, {0xC1, 7, 2},  {0xC1, 9, 1},  {0xC2, 5, 2},
    {0xC2, 7, 2},  {0xC2, 9, 1},  {0xC3, 4, 1}, {0xC3, 5, 2},  {0xC3, 7, 2},  {0xC3, 9, 1},
    {0xF7, 4, 1},  {0xF7, 5, 2},  {0xF7, 7, 2}, {0xF7, 9, 1},  {0xF7, 11, 1}, {0xF8, 4, 1},
    {0xF8, 5, 2},  {0xF8, 7, 2},  {0xF8, 9, 2}, {0xF8, 11, 2}, {0xDA, 4, 1},  {0xDA, 5, 1},
    {0xDA, 6, 1},  {0xDA, 7, 1},  {0xDA, 8, 1}, {0xDA, 9, 1},  {0xDD, 4, 2},  {0xC4, 4, 1},
    {0xC4, 5, 1},  {0xC4, 20, 1}, {0xDB, 4, 1}, {0xC0, 1, 1},  {0xC3, 1, 1},  {0xF7, 1, 1}};

static uint8_t *find_marker(uint8_t *p, size_t n, uint8_t marker)
{
    for (size_t i = 0; i + 1 < n; i++) {
        if (p[i] == 0xFF && p[i + 1] == marker)
            return p + i;
    }
    return NULL;
}

void fuzz_change_stream(uint8_t *p, size_t n)
{
    bool j2k = n >= 2 && p[0] == 0xFF && p[1] == 0x4F;
    const field *fields = j2k ? j2k_fields : jpeg_fields;
    size_t n_fields =
        j2k ? sizeof j2k_fields / sizeof j2k_fields[0] : sizeof jpeg_fields / sizeof jpeg_fields[0];

    for (int i = 0; i < 8; i++) {
        const field *f = &fields[fuzz_chance((uint32_t)n_fields)];
        uint8_t *at = find_marker(p, n, f->marker);

        if (at && (size_t)(at - p) + f->at + f->width <= n) {
            fuzz_tweak(at + f->at, f->width, true);
            return;
        }
    }
}
