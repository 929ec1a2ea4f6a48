/*
 * A mutator that knows how DICOM is laid out: a file becomes a flat list of tokens (elements,
 * sequences, items and their ends), one to four changes are made to it, and it is written again
 * with lengths that fit, but for those that lie on purpose. What cannot be read as tokens, and one
 * input in four, is left to libFuzzer.
 */
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "fuzz_file.h"
#include "mutate.h"

enum {
    START = 132, /* preamble and prefix */
    MOST_TOKENS = 1 << 15,
    ARENA = 1 << 21, /* values that are made here */
    MOST_CHANGES = 4,

    PIXELS_TAG = 0x7FE00010,
    SYNTAX_TAG = 0x00020010
};
#define UNDEFINED 0xFFFFFFFFu
#define ITEM_TAG 0xFFFEE000u
#define ITEM_END_TAG 0xFFFEE00Du
#define SEQUENCE_END_TAG 0xFFFEE0DDu

typedef enum token_kind {
    ELEMENT,   /* header and value */
    SEQUENCE,  /* its header; what it holds follows, up to END */
    ITEM,      /* the same */
    FRAGMENTS, /* a pixel sequence: the same, it holds ELEMENTs that are items */
    END,       /* of the innermost SEQUENCE, ITEM or FRAGMENTS */
    REST       /* bytes as they are */
} token_kind;

typedef struct token {
    token_kind kind;
    uint32_t tag;
    char vr[2];
    bool undefined; /* SEQUENCE, ITEM: by a delimiter */
    bool lies;      /* `lie` stands where the length belongs */
    uint32_t lie;
    const uint8_t *value; /* ELEMENT, REST */
    size_t n;
} token;

typedef struct tokens {
    token at[MOST_TOKENS];
    size_t n;
    bool implicit; /* what follows group 0002 has no VRs */
} tokens;

/* libFuzzer calls from one thread. */
static tokens list;
static uint64_t ends[MOST_TOKENS]; /* of what is open; positions of lengths when writing */
static uint8_t input[ARENA], arena[ARENA];
static size_t arena_used;
static unsigned le16(const uint8_t *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | (uint32_t)le16(p + 2) << 16;
}

/* Room for a value that is made here, or NULL. */
static uint8_t *make_room(size_t n)
{
    uint8_t *p = arena + arena_used;

    if (n > ARENA - arena_used)
        return NULL;
    arena_used += n;
    return p;
}

/* The value as bytes that may be changed, with `more` of room behind; NULL where there is none. */
static uint8_t *own_value(token *t, size_t more)
{
    uint8_t *p = make_room(t->n + more);

    if (!p)
        return NULL;
    if (t->n)
        memcpy(p, t->value, t->n);
    t->value = p;
    return p;
}

/* ---- reading ---- */

static bool has_long_length(const char *vr)
{
    static const char *const names[] = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                        "SV", "UC", "UN", "UR", "UT", "UV"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (memcmp(vr, names[i], 2) == 0)
            return true;
    }
    return false;
}

/* The header at `p`: its bytes, 0 where it is cut. *length is what it says. */
static size_t read_header(const uint8_t *p, size_t left, bool implicit, token *t, uint32_t *length)
{
    size_t n = 8;

    if (left < 8)
        return 0;
    *t = (token){.kind = ELEMENT, .tag = le16(p) << 16 | le16(p + 2)};
    *length = le32(p + 4);
    if (implicit || t->tag >> 16 == 0xFFFE)
        return n;
    memcpy(t->vr, p + 4, 2);
    *length = le16(p + 6);
    if (has_long_length(t->vr)) {
        n = 12;
        *length = left < n ? 0 : le32(p + 8);
    }
    return left < n ? 0 : n;
}

static token *add(tokens *l, token_kind kind)
{
    token *t;

    if (l->n == MOST_TOKENS)
        return NULL;
    t = &l->at[l->n++];
    *t = (token){.kind = kind};
    return t;
}

static void add_rest(tokens *l, const uint8_t *p, const uint8_t *end)
{
    token *t = p < end ? add(l, REST) : NULL;

    if (t) {
        t->value = p;
        t->n = (size_t)(end - p);
    }
}

static token_kind kind_of(const token *t, uint32_t length, bool in_pixels)
{
    if (t->tag == ITEM_END_TAG || t->tag == SEQUENCE_END_TAG)
        return END;
    if (t->tag == ITEM_TAG)
        return in_pixels ? ELEMENT : ITEM;
    if (length == UNDEFINED)
        return t->tag == PIXELS_TAG ? FRAGMENTS : SEQUENCE;
    return memcmp(t->vr, "SQ", 2) == 0 ? SEQUENCE : ELEMENT;
}

static bool is_implicit(const token *syntax)
{
    return syntax->n == 18 && memcmp(syntax->value, "1.2.840.10008.1.2", 18) == 0;
}

/* Defined lengths that are over become ENDs. */
static size_t close_those_over(tokens *l, size_t depth, uint64_t at)
{
    while (depth > 0 && ends[depth - 1] <= at && add(l, END))
        depth--;
    return depth;
}

static void read_tokens(tokens *l, const uint8_t *data, size_t size)
{
    const uint8_t *p = data + START, *end = data + size;
    bool implicit = false, in_pixels = false;
    size_t depth = 0;

    l->n = 0;
    l->implicit = false;
    while (p < end) {
        uint32_t length;
        token t;
        size_t head;

        depth = close_those_over(l, depth, (uint64_t)(p - data));
        implicit = l->implicit && end - p >= 2 && le16(p) != 2;
        head = read_header(p, (size_t)(end - p), implicit, &t, &length);
        t.kind = head ? kind_of(&t, length, in_pixels) : REST;
        if (!head || l->n + depth + 2 >= MOST_TOKENS ||
            (t.kind == ELEMENT && length > (size_t)(end - p) - head))
            break;
        p += head;
        if (t.kind == END) {
            depth -= depth > 0;
            in_pixels = false;
        } else if (t.kind == ELEMENT) {
            t.value = p;
            t.n = length;
            p += length;
            l->implicit |= t.tag == SYNTAX_TAG && is_implicit(&t);
        } else {
            t.undefined = length == UNDEFINED;
            in_pixels = t.kind == FRAGMENTS;
            ends[depth++] = t.undefined ? UINT64_MAX : (uint64_t)(p - data) + length;
        }
        l->at[l->n++] = t;
    }
    add_rest(l, p, end);
    while (depth-- > 0 && l->n < MOST_TOKENS)
        (void)add(l, END);
}

/* ---- writing ---- */

typedef struct writer {
    uint8_t *to;
    size_t n, most;
    bool full;
} writer;

static void write_bytes(writer *w, const uint8_t *p, size_t n)
{
    w->full |= n > w->most - w->n;
    if (w->full || n == 0)
        return;
    memcpy(w->to + w->n, p, n);
    w->n += n;
}

/* Where its length stands and how long that is, as ends[] keeps it. */
static uint64_t write_header(writer *w, const token *t, bool implicit, uint32_t length)
{
    uint8_t head[12] = {0};
    size_t n = 8, at = 4, width = 4;

    fuzz_put(head, t->tag >> 16, 2, false);
    fuzz_put(head + 2, t->tag & 0xFFFF, 2, false);
    if (!implicit && t->tag >> 16 != 0xFFFE) {
        memcpy(head + 4, t->vr, 2);
        n = has_long_length(t->vr) ? 12 : 8;
        at = n == 12 ? 8 : 6;
        width = n == 12 ? 4 : 2;
    }
    fuzz_put(head + at, t->lies ? t->lie : length, width, false);
    write_bytes(w, head, n);
    return (uint64_t)(w->n - n + at) << 3 | width;
}

static void write_delimiter(writer *w, uint32_t tag)
{
    token t = {.tag = tag};

    (void)write_header(w, &t, true, 0);
}

/* The end of what was opened as `open`, whose length stands where `place` says. */
static void close_one(writer *w, const token *open, uint64_t place)
{
    size_t at = place >> 3, width = place & 7;

    if (open->undefined)
        write_delimiter(w, open->kind == ITEM ? ITEM_END_TAG : SEQUENCE_END_TAG);
    else if (!open->lies && !w->full)
        fuzz_put(w->to + at, (uint32_t)(w->n - at - width), width, false);
}

static size_t write_tokens(const tokens *l, writer *w)
{
    static const token *open[MOST_TOKENS];
    size_t depth = 0;

    for (size_t i = 0; i < l->n && !w->full; i++) {
        const token *t = &l->at[i];
        bool implicit = l->implicit && t->tag >> 16 != 2;
        uint32_t length = t->undefined ? UNDEFINED : (uint32_t)t->n;

        if (t->kind == END && depth > 0) {
            depth--;
            close_one(w, open[depth], ends[depth]);
        } else if (t->kind == END) {
            write_delimiter(w, SEQUENCE_END_TAG);
        } else if (t->kind != REST) {
            ends[depth] = write_header(w, t, implicit, length);
            if (t->kind != ELEMENT)
                open[depth++] = t;
        }
        if (t->kind == ELEMENT || t->kind == REST)
            write_bytes(w, t->value, t->n);
    }
    while (depth-- > 0)
        close_one(w, open[depth], ends[depth]);
    return w->n;
}

/* ---- changes ---- */

/* Makes room for `n` tokens at `i`; false where there is none. */
static bool open_gap(tokens *l, size_t i, size_t n)
{
    if (n > MOST_TOKENS - l->n)
        return false;
    memmove(&l->at[i + n], &l->at[i], (l->n - i) * sizeof l->at[0]);
    memset(&l->at[i], 0, n * sizeof l->at[0]);
    l->n += n;
    return true;
}

static void close_gap(tokens *l, size_t i, size_t n)
{
    memmove(&l->at[i], &l->at[i + n], (l->n - i - n) * sizeof l->at[0]);
    l->n -= n;
}

static token *any(tokens *l, token_kind kind)
{
    size_t from = fuzz_chance((uint32_t)l->n);

    for (size_t i = 0; i < l->n; i++) {
        token *t = &l->at[(from + i) % l->n];

        if (t->kind == kind)
            return t;
    }
    return NULL;
}

static token *find_tag(tokens *l, uint32_t tag)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->at[i].tag == tag && l->at[i].kind != END)
            return &l->at[i];
    }
    return NULL;
}

/* Tags of sequences that are looked into, and one that is not. */
static const uint32_t sequences[] = {0x00081115, 0x00283000, 0x00283010, 0x00289132, 0x00289145,
                                     0x00480105, 0x00880200, 0x52009229, 0x52009230, 0x00091010};

/* Some tokens into items of sequences, once or very often. */
static void wrap(tokens *l)
{
    size_t first = fuzz_chance((uint32_t)l->n + 1), n = fuzz_chance(8);
    size_t times = fuzz_chance(4) ? 1 + fuzz_chance(3) : 1u << fuzz_chance(13);
    uint32_t tag = sequences[fuzz_chance(sizeof sequences / sizeof sequences[0])];
    bool undefined = fuzz_chance(2), mixed = fuzz_chance(4) == 0;

    n = n < l->n - first ? n : l->n - first;
    if (times > (MOST_TOKENS - l->n) / 4 || !open_gap(l, first + n, 2 * times))
        return;
    for (size_t i = 0; i < 2 * times; i++)
        l->at[first + n + i].kind = END;
    (void)open_gap(l, first, 2 * times);
    for (size_t i = 0; i < 2 * times; i += 2) {
        bool by_delimiter = mixed ? fuzz_chance(2) : undefined;

        l->at[first + i] = (token){.kind = SEQUENCE, .tag = tag, .vr = {'S', 'Q'}};
        l->at[first + i + 1] = (token){.kind = ITEM, .tag = ITEM_TAG};
        l->at[first + i].undefined = l->at[first + i + 1].undefined = by_delimiter;
    }
}

static void change_length(tokens *l)
{
    token *t = &l->at[fuzz_chance((uint32_t)l->n)];
    const uint32_t values[] = {0,
                               1,
                               UNDEFINED,
                               0x7FFFFFFF,
                               0xFFFE,
                               0xFFFF,
                               0x10000,
                               (uint32_t)t->n + 1,
                               (uint32_t)t->n - 1,
                               (uint32_t)t->n + 2,
                               (uint32_t)t->n * 2,
                               fuzz_chance(1 << 16)};

    if (t->kind != END && fuzz_chance(3) == 0) {
        t->undefined = !t->undefined;
        return;
    }
    t->lies = true;
    t->lie = values[fuzz_chance(sizeof values / sizeof values[0])];
}

static void change_vr(tokens *l)
{
    static const char names[] =
        "AEASATCSDADSDTFLFDISLOLTOBODOFOLOVOWPNSHSLSQSSSTSVTMUCUIULUNURUSUTUVOX??  ";
    token *t = &l->at[fuzz_chance((uint32_t)l->n)];

    memcpy(t->vr, names + 2 * fuzz_chance(sizeof names / 2), 2);
}

static void change_order(tokens *l)
{
    size_t a = fuzz_chance((uint32_t)l->n), b = fuzz_chance((uint32_t)l->n);
    token t = l->at[a];

    switch (fuzz_chance(4)) {
    case 0:
        l->at[a] = l->at[b];
        l->at[b] = t;
        break;
    case 1:
        close_gap(l, a, 1);
        break;
    case 2:
        if (open_gap(l, b, 1))
            l->at[b] = t;
        break;
    default:
        for (uint32_t n = 1u << fuzz_chance(11), i = 0; i < n && open_gap(l, b, 1); i++) {
            l->at[b] = t;
            l->at[b].tag += fuzz_chance(2) ? i : n - i;
        }
        break;
    }
}

static const char *const syntaxes[] = {
    "1.2.840.10008.1.2",       "1.2.840.10008.1.2.1",     "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",  "1.2.840.10008.1.2.1.98",  "1.2.840.10008.1.2.8.1",
    "1.2.840.10008.1.2.5",     "1.2.840.10008.1.2.4.50",  "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",  "1.2.840.10008.1.2.4.70",  "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",  "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.110",
    "1.2.840.10008.1.2.4.100", "1.2.840.113619.5.2"};

static void change_syntax(tokens *l)
{
    token *t = find_tag(l, SYNTAX_TAG);
    const char *uid = syntaxes[fuzz_chance(sizeof syntaxes / sizeof syntaxes[0])];

    if (!t || t->kind != ELEMENT)
        return;
    t->value = (const uint8_t *)uid;
    t->n = (strlen(uid) + 1) / 2 * 2;
    if (fuzz_chance(2))
        l->implicit = strcmp(uid, syntaxes[0]) == 0;
}

/* The pixels as fragments, or fragments as one native value. */
static void change_wrapping(tokens *l, size_t i)
{
    token *t = &l->at[i];
    token pixels = *t;

    if (t->kind == ELEMENT && open_gap(l, i, 2)) {
        l->at[i] = pixels;
        l->at[i].kind = FRAGMENTS;
        l->at[i].undefined = true;
        l->at[i + 1] = (token){.kind = ELEMENT, .tag = ITEM_TAG};
        l->at[i + 2] = pixels;
        l->at[i + 2].tag = ITEM_TAG;
        if (open_gap(l, i + 3, 1))
            l->at[i + 3].kind = END;
    } else if (t->kind == FRAGMENTS && i + 2 < l->n && l->at[i + 2].kind == ELEMENT) {
        l->at[i] = l->at[i + 2];
        l->at[i].tag = PIXELS_TAG;
        memcpy(l->at[i].vr, "OB", 2);
        close_gap(l, i + 1, 2);
    }
}

/* One fragment into two, twice, none, out of its place; a table of offsets that is none. */
static void change_fragments(tokens *l)
{
    token *pixels = find_tag(l, PIXELS_TAG);
    size_t first = pixels ? (size_t)(pixels - l->at) : 0, n = 0, i;

    if (!pixels)
        return;
    while (first + 1 + n < l->n && l->at[first + 1 + n].tag == ITEM_TAG)
        n++;
    if (n == 0 || pixels->kind != FRAGMENTS || fuzz_chance(8) == 0) {
        change_wrapping(l, first);
        return;
    }
    i = first + 1 + fuzz_chance((uint32_t)n);
    switch (fuzz_chance(5)) {
    case 0:
        if (open_gap(l, i, 1)) {
            size_t half = fuzz_chance((uint32_t)l->at[i + 1].n + 1);

            l->at[i] = l->at[i + 1];
            l->at[i].n = half;
            l->at[i + 1].value += half;
            l->at[i + 1].n -= half;
        }
        break;
    case 1:
        if (open_gap(l, i, 1))
            l->at[i] = (token){.kind = ELEMENT, .tag = ITEM_TAG};
        break;
    case 2:
        close_gap(l, i, 1);
        break;
    case 3:
        if (open_gap(l, i, 1))
            l->at[i] = l->at[i + 1];
        break;
    default: {
        uint8_t *table = make_room(4 * n);

        for (size_t k = 0; table && k < n; k++)
            fuzz_put(table + 4 * k, fuzz_chance(3) ? fuzz_chance(4096) : (uint32_t)k * 8, 4, false);
        if (table) {
            l->at[first + 1].value = table;
            l->at[first + 1].n = 4 * n;
        }
        break;
    }
    }
}

static bool is_stream(const token *t)
{
    return t->n >= 16 && t->value[0] == 0xFF;
}

static void change_stream(tokens *l)
{
    token *t = any(l, ELEMENT);
    uint8_t *p;

    for (int i = 0; t && i < 8 && !is_stream(t); i++)
        t = any(l, ELEMENT);
    p = t && is_stream(t) ? own_value(t, 0) : NULL;
    if (p)
        fuzz_change_stream(p, t->n);
}

static void change_value(tokens *l)
{
    enum {
        MORE = 64
    };
    token *t = any(l, ELEMENT);
    uint8_t *p = t ? own_value(t, MORE) : NULL;

    if (!p)
        return;
    if (t->n == 2 || t->n == 4)
        fuzz_tweak(p, t->n, false);
    else
        t->n = LLVMFuzzerMutate(p, t->n, t->n + MORE);
    t->n += t->n % 2 && fuzz_chance(8);
}

/* An element that changes what is drawn, with the value of another one or of chance. */
static void add_element(tokens *l)
{
    static const struct {
        uint32_t tag;
        const char *vr;
    } kinds[] = {{0x00020010, "UI"}, {0x00080005, "CS"}, {0x00080008, "CS"}, {0x00080016, "UI"},
                 {0x00200013, "IS"}, {0x00280002, "US"}, {0x00280004, "CS"}, {0x00280006, "US"},
                 {0x00280008, "IS"}, {0x00280009, "AT"}, {0x00280010, "US"}, {0x00280011, "US"},
                 {0x00280030, "DS"}, {0x00280034, "IS"}, {0x00280100, "US"}, {0x00280101, "US"},
                 {0x00280102, "US"}, {0x00280103, "US"}, {0x00280120, "US"}, {0x00281050, "DS"},
                 {0x00281051, "DS"}, {0x00281052, "DS"}, {0x00281053, "DS"}, {0x00281056, "LO"},
                 {0x00281101, "US"}, {0x00281201, "OW"}, {0x00281221, "OW"}, {0x00282000, "OB"},
                 {0x00283002, "US"}, {0x00283006, "OW"}, {0x00480006, "UL"}, {0x00480007, "UL"},
                 {0x00209311, "CS"}, {0x20500020, "CS"}, {0x60000010, "US"}, {0x60000011, "US"},
                 {0x60000015, "IS"}, {0x60000050, "SS"}, {0x60000100, "US"}, {0x60000102, "US"},
                 {0x60003000, "OW"}, {0x7FE00001, "OV"}, {0x7FE00008, "OF"}, {0x7FE00009, "OD"},
                 {0x7FE00010, "OW"}};
    size_t i = fuzz_chance((uint32_t)l->n + 1), k = fuzz_chance(sizeof kinds / sizeof kinds[0]);
    token *like = any(l, ELEMENT);
    uint8_t *p = make_room(4);
    token t = {.kind = ELEMENT, .tag = kinds[k].tag, .value = p, .n = 4};

    if (!p)
        return;
    fuzz_put(p, fuzz_chance(UINT32_MAX), 4, false);
    fuzz_tweak(p, fuzz_chance(2) ? 2 : 4, false);
    if (like && fuzz_chance(2)) {
        t.value = like->value;
        t.n = like->n;
    }
    memcpy(t.vr, kinds[k].vr, 2);
    if (open_gap(l, i, 1))
        l->at[i] = t;
}

static void change(tokens *l, uint8_t *preamble)
{
    static void (*const changes[])(tokens *) = {
        wrap,          change_length, change_vr,        change_order, change_order, change_syntax,
        change_stream, change_stream, change_fragments, change_value, change_value, add_element};
    size_t n = sizeof changes / sizeof changes[0], k = fuzz_chance((uint32_t)n + 2);

    if (k >= n)
        preamble[fuzz_chance(FUZZ_WISHES)] = (uint8_t)fuzz_chance(256);
    else if (l->n > 0)
        changes[k](l);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    writer w = {data, START, max_size, false};

    fuzz_seed(seed);
    if (size < START || size > sizeof input || max_size <= START ||
        memcmp(data + 128, "DICM", 4) != 0 || fuzz_chance(4) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    memcpy(input, data, size);
    arena_used = 0;
    read_tokens(&list, input, size);
    for (uint32_t i = 0, times = 1 + fuzz_chance(MOST_CHANGES); i < times; i++)
        change(&list, data);
    return write_tokens(&list, &w);
}
