#include "dicom/dicom_scan.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/foreign.h"
#include "core/text.h"
#include "core/transfer_syntax.h"
#include "core/uid.h"
#include "dicom/element.h"
#include "dicom/inflate.h"

#define TAG(group, element) (((uint32_t)(group) << 16) | (uint32_t)(element))

enum {
    PREAMBLE_SIZE = 132, /* 128 bytes and "DICM" */
    HEADER_SIZE = WKI_ELEMENT_HEADER_MAX,
    VALUE_SIZE = 384, /* more of a value is never looked at */
    MAX_LEVELS = 2 * WK_MAX_SEQUENCE_DEPTH + 1,
    INFLATE_SIZE = 32768,
    ZIP_SLACK = 65536, /* the ratio is not held against the first bytes */
};

typedef enum phase {
    START,   /* gathering the first bytes */
    META,    /* group 0002 */
    DATASET, /* elements */
    PADDING, /* behind the data set */
    FAILED,
} phase;

typedef enum level_kind {
    LEVEL_SEQUENCE,  /* items follow, until a sequence delimiter */
    LEVEL_ITEM,      /* elements follow, until an item delimiter */
    LEVEL_FRAGMENTS, /* items of bytes follow, until a sequence delimiter */
} level_kind;

/* Only what has an undefined length needs a level: everything else is skipped by its length. */
typedef struct level {
    level_kind kind;
    bool implicit;
} level;

struct wki_dicom_scan {
    phase phase;
    bool implicit, big_endian, deflated;
    wki_dicom_identity id;
    wki_dicom_start form;
    char hint[WK_UID_SIZE];

    unsigned char start[PREAMBLE_SIZE];
    size_t start_n;

    unsigned char header[HEADER_SIZE];
    size_t header_n;
    uint64_t skip; /* bytes of the current value still to come */

    const struct wanted *value_of; /* the value being kept, NULL: none */
    unsigned char value[VALUE_SIZE];
    size_t value_n, value_wanted;

    level levels[MAX_LEVELS];
    size_t n_levels;
    uint64_t elements;
    const char *odd; /* the first UID of `id` that is none, and its text */
    char odd_text[WK_UID_SIZE];

    z_stream zip;
    bool zip_ready, zip_begun, zip_done;
    uint64_t zip_in, zip_out;
    unsigned char *zip_buf;
};

static wk_code feed_elements(wki_dicom_scan *s, const unsigned char *p, size_t n, wk_error *err);

wk_code wki_dicom_scan_new(wki_dicom_scan **out, wk_error *err)
{
    wki_dicom_scan *s = calloc(1, sizeof *s);

    if (!s)
        return wk_fail(err, WK_NOMEM, "out of memory");
    wki_dicom_scan_reset(s);
    *out = s;
    return WK_OK;
}

static void end_zip(wki_dicom_scan *s)
{
    if (s->zip_ready)
        inflateEnd(&s->zip);
    s->zip_ready = false;
}

void wki_dicom_scan_free(wki_dicom_scan *s)
{
    if (!s)
        return;
    end_zip(s);
    free(s->zip_buf);
    free(s);
}

void wki_dicom_scan_reset(wki_dicom_scan *s)
{
    unsigned char *buf = s->zip_buf;

    end_zip(s);
    memset(s, 0, sizeof *s);
    s->zip_buf = buf;
    s->id.instance_number = s->id.series_number = -1;
    s->id.frames = 1;
}

void wki_dicom_scan_hint(wki_dicom_scan *s, const char *transfer_syntax)
{
    s->hint[0] = '\0';
    (void)wki_uid_read(s->hint, transfer_syntax, strlen(transfer_syntax));
}

wki_dicom_start wki_dicom_scan_start(const wki_dicom_scan *s)
{
    return s->form;
}

const wki_dicom_identity *wki_dicom_scan_identity(const wki_dicom_scan *s)
{
    return &s->id;
}

static wk_code fail(wki_dicom_scan *s, wk_error *err, const char *what)
{
    s->phase = FAILED;
    return wk_fail(err, WK_DATA, "%s", what);
}

/* --- numbers and headers --- */

static uint32_t read16(const unsigned char *p, bool big)
{
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

/* --- values worth keeping --- */

typedef enum keep_as {
    KEEP_TEXT,
    KEEP_UID,
    KEEP_IS, /* of VR IS, in an int64_t */
    KEEP_US, /* of VR US, in an uint32_t */
} keep_as;

/* A part of the identity: its tag, and where its value goes. */
typedef struct wanted {
    uint32_t tag;
    keep_as as;
    size_t at, size;
} wanted;

#define WANTED(group, element, as, field)                                                          \
    {                                                                                              \
        TAG(group, element), as, offsetof(wki_dicom_identity, field),                              \
            sizeof((wki_dicom_identity *)NULL)->field                                              \
    }

/* In order of tags. */
static const wanted wanted_table[] = {
    WANTED(0x0002, 0x0010, KEEP_UID, transfer_syntax),
    WANTED(0x0008, 0x0016, KEEP_UID, sop_class),
    WANTED(0x0008, 0x0018, KEEP_UID, sop_uid),
    WANTED(0x0008, 0x0020, KEEP_TEXT, study_date),
    WANTED(0x0008, 0x0050, KEEP_TEXT, accession),
    WANTED(0x0008, 0x0060, KEEP_TEXT, modality),
    WANTED(0x0008, 0x1030, KEEP_TEXT, study_description),
    WANTED(0x0008, 0x103e, KEEP_TEXT, series_description),
    WANTED(0x0010, 0x0010, KEEP_TEXT, patient_name),
    WANTED(0x0010, 0x0020, KEEP_TEXT, patient_id),
    WANTED(0x0020, 0x000d, KEEP_UID, study_uid),
    WANTED(0x0020, 0x000e, KEEP_UID, series_uid),
    WANTED(0x0020, 0x0011, KEEP_IS, series_number),
    WANTED(0x0020, 0x0013, KEEP_IS, instance_number),
    WANTED(0x0028, 0x0008, KEEP_IS, frames),
    WANTED(0x0028, 0x0010, KEEP_US, rows),
    WANTED(0x0028, 0x0011, KEEP_US, cols),
};

static const wanted *find_wanted(uint32_t tag)
{
    size_t low = 0, high = sizeof wanted_table / sizeof wanted_table[0];

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (wanted_table[middle].tag == tag)
            return &wanted_table[middle];
        if (wanted_table[middle].tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void keep_text(char *out, size_t size, const unsigned char *p, size_t n)
{
    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\0'))
        n--;
    while (n > 0 && *p == ' ') {
        p++;
        n--;
    }
    /* Bytes as they are: their character set is known to whoever shows them. */
    if (n > size - 1)
        n = size - 1;
    memcpy(out, p, n);
    out[n] = '\0';
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
            out[i] = '?';
    }
}

/* What is no number leaves the value that says so. */
static void keep_is(int64_t *out, const unsigned char *p, size_t n)
{
    char text[16];
    char *end;
    long long value;

    keep_text(text, sizeof text, p, n);
    value = strtoll(text, &end, 10);
    if (end != text)
        *out = value;
}

static void keep_uid(wki_dicom_scan *s, char *out)
{
    bool is_identity = out == s->id.sop_uid || out == s->id.study_uid || out == s->id.series_uid;

    if (wki_uid_read(out, (const char *)s->value, s->value_n) || !is_identity || s->odd)
        return;
    s->odd = out;
    keep_text(s->odd_text, sizeof s->odd_text, s->value, s->value_n);
    for (char *c = s->odd_text; *c; c++) {
        if (*c & 0x80) /* of a character set that nobody told */
            *c = '?';
    }
}

static void keep_value(wki_dicom_scan *s)
{
    void *out = (char *)&s->id + s->value_of->at;

    switch (s->value_of->as) {
    case KEEP_TEXT:
        keep_text(out, s->value_of->size, s->value, s->value_n);
        break;
    case KEEP_UID:
        keep_uid(s, out);
        break;
    case KEEP_IS:
        keep_is(out, s->value, s->value_n);
        break;
    case KEEP_US:
        *(uint32_t *)out = s->value_n >= 2 ? read16(s->value, s->big_endian) : 0;
        break;
    }
    s->value_of = NULL;
}

/* --- elements --- */

static bool in_items(const wki_dicom_scan *s)
{
    return s->n_levels > 0 && s->levels[s->n_levels - 1].kind != LEVEL_ITEM;
}

static bool is_implicit(const wki_dicom_scan *s)
{
    return s->n_levels > 0 ? s->levels[s->n_levels - 1].implicit : s->implicit;
}

static wk_code push(wki_dicom_scan *s, level_kind kind, bool implicit, wk_error *err)
{
    if (s->n_levels == MAX_LEVELS) {
        s->phase = FAILED;
        return wk_fail(err, WK_DATA, "sequences nested deeper than %d", WK_MAX_SEQUENCE_DEPTH);
    }
    s->levels[s->n_levels].kind = kind;
    s->levels[s->n_levels].implicit = implicit;
    s->n_levels++;
    return WK_OK;
}

static wk_code open_undefined(wki_dicom_scan *s, const wki_element *e, wk_error *err)
{
    bool implicit = is_implicit(s);

    if (e->vr[0] == 'O' || e->tag == TAG(0x7fe0, 0x0010))
        return push(s, LEVEL_FRAGMENTS, implicit, err);
    if (e->vr[0] == '\0' || strcmp(e->vr, "SQ") == 0)
        return push(s, LEVEL_SEQUENCE, implicit, err);
    /* PS3.5 section 6.2.2 note 4: UN of undefined length is a sequence in implicit VR. */
    if (strcmp(e->vr, "UN") == 0)
        return push(s, LEVEL_SEQUENCE, true, err);
    return fail(s, err, "not a DICOM data set: undefined length where none may be");
}

/* An item or a delimiter between the items of a sequence or of encapsulated pixel data. */
static wk_code take_item(wki_dicom_scan *s, const wki_element *e, wk_error *err)
{
    level *top = &s->levels[s->n_levels - 1];

    if (e->tag == TAG(0xfffe, 0xe0dd)) {
        s->n_levels--;
        return WK_OK;
    }
    /* A stray item delimiter behind an item of defined length: some writers add it. */
    if (e->tag == TAG(0xfffe, 0xe00d) && e->length == 0)
        return WK_OK;
    if (e->tag != TAG(0xfffe, 0xe000))
        return fail(s, err, "not a DICOM data set: no item where one has to be");
    if (e->length != WKI_UNDEFINED_LENGTH) {
        s->skip = e->length;
        return WK_OK;
    }
    if (top->kind == LEVEL_FRAGMENTS)
        return fail(s, err, "pixel data fragment of undefined length");
    return push(s, LEVEL_ITEM, top->implicit, err);
}

static wk_code take_delimiter(wki_dicom_scan *s, const wki_element *e, wk_error *err)
{
    if (e->tag == TAG(0xfffe, 0xe000) || e->length != 0)
        return fail(s, err, "not a DICOM data set: an item outside of a sequence");
    if (s->n_levels == 0)
        return WK_OK;
    s->n_levels--;
    /* The sequence ends without the end of its item. */
    if (e->tag == TAG(0xfffe, 0xe0dd) && s->n_levels > 0)
        s->n_levels--;
    return WK_OK;
}

static bool is_pixel_data(uint32_t tag)
{
    return tag == TAG(0x7fe0, 0x0008) || tag == TAG(0x7fe0, 0x0009) || tag == TAG(0x7fe0, 0x0010);
}

static wk_code take_element(wki_dicom_scan *s, const wki_element *e, wk_error *err)
{
    s->elements++;
    if (in_items(s))
        return take_item(s, e, err);
    if (e->tag >> 16 == 0xfffe)
        return take_delimiter(s, e, err);
    if (s->n_levels == 0 && is_pixel_data(e->tag))
        s->id.has_pixels = true;
    if (s->n_levels == 0 && e->tag == TAG(0x7fe0, 0x0010))
        s->id.has_fragments = e->length == WKI_UNDEFINED_LENGTH;
    if (e->length == WKI_UNDEFINED_LENGTH)
        return open_undefined(s, e, err);
    s->skip = e->length;
    if (s->n_levels == 0 && e->length > 0 && (s->value_of = find_wanted(e->tag)) != NULL) {
        s->value_n = 0;
        s->value_wanted = e->length < VALUE_SIZE ? e->length : VALUE_SIZE;
    }
    return WK_OK;
}

static size_t take_value(wki_dicom_scan *s, const unsigned char *p, size_t n)
{
    size_t used = s->skip < n ? (size_t)s->skip : n;

    if (s->value_of) {
        size_t room = s->value_wanted - s->value_n;
        size_t kept = used < room ? used : room;

        memcpy(s->value + s->value_n, p, kept);
        s->value_n += kept;
        if (s->value_n == s->value_wanted)
            keep_value(s);
    }
    s->skip -= used;
    return used;
}

static bool all_padding(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0 && p[i] != '\r' && p[i] != '\n')
            return false;
    }
    return true;
}

/* --- file meta information, and what the data set is encoded in --- */

/* How the first element of a data set looks: 'e' explicit LE, 'b' explicit BE, 'i' implicit LE, 0
 * where it cannot be told. A wrong meta header is common; a wrong first element cannot be. */
static char sniff(const unsigned char *p)
{
    uint32_t little = read16(p, false), big = read16(p, true);
    bool known = wki_vr_form_of(p + 4) != WKI_VR_NONE;
    wki_element e;

    if (known && little > 0xff && big <= 0xff)
        return 'b';
    if (known && (little <= 0xff || big > 0xff))
        return little <= 0xff ? 'e' : 0;
    if (!known && little > 0 && little <= 0xff && wki_element_read(p, 8, false, false, &e) &&
        e.length < (1u << 20))
        return 'i';
    return 0;
}

/* A data set is what it is, whatever is said of it. */
static bool takes_hint(const wki_dicom_scan *s)
{
    const wki_transfer_syntax *syntax = wki_transfer_syntax_find(s->hint);

    if (!syntax)
        return s->hint[0] && !s->implicit && !s->big_endian;
    return syntax->implicit_vr == s->implicit && syntax->big_endian == s->big_endian &&
           !syntax->deflated;
}

static void use_encoding(wki_dicom_scan *s, const unsigned char *first)
{
    const char *ts = s->id.transfer_syntax;
    const wki_transfer_syntax *syntax = wki_transfer_syntax_find(ts);
    char seen = sniff(first);

    s->phase = DATASET;
    s->implicit = syntax && syntax->implicit_vr;
    s->big_endian = syntax && syntax->big_endian;
    s->deflated = wki_transfer_syntax_is_deflated(ts) && !wki_is_no_deflate(first);
    if (seen && !s->deflated) {
        s->implicit = seen == 'i';
        s->big_endian = seen == 'b';
    }
    if (ts[0] == '\0' && takes_hint(s))
        wki_strcopy(s->id.transfer_syntax, sizeof s->id.transfer_syntax, s->hint);
    if (ts[0] == '\0')
        wki_strcopy(s->id.transfer_syntax, sizeof s->id.transfer_syntax,
                    wki_transfer_syntax_uid(s->implicit     ? WKI_TS_IMPLICIT_LE
                                            : s->big_endian ? WKI_TS_EXPLICIT_BE
                                                            : WKI_TS_EXPLICIT_LE));
}

/* --- deflated --- */

static wk_code begin_zip(wki_dicom_scan *s, const unsigned char *p, wk_error *err)
{
    bool wrapped = wki_has_zlib_header(p);

    if (!s->zip_buf)
        s->zip_buf = malloc(INFLATE_SIZE);
    if (!s->zip_buf || inflateInit2(&s->zip, wrapped ? 15 : -15) != Z_OK) {
        s->phase = FAILED;
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    s->zip_ready = true;
    return WK_OK;
}

static wk_code check_ratio(wki_dicom_scan *s, wk_error *err)
{
    if (s->zip_out <= ZIP_SLACK || s->zip_out / WK_MAX_INFLATE_RATIO <= s->zip_in)
        return WK_OK;
    s->phase = FAILED;
    return wk_fail(err, WK_LIMIT, "deflated data set grows to more than %d times its size",
                   WK_MAX_INFLATE_RATIO);
}

static wk_code feed_deflated(wki_dicom_scan *s, const unsigned char *p, size_t n, wk_error *err)
{
    wk_code rc = WK_OK;

    while (n > 0 && !s->zip_done && rc == WK_OK) {
        uInt piece = n < INFLATE_SIZE ? (uInt)n : INFLATE_SIZE;
        size_t got;
        int z;

        s->zip.next_in = (Bytef *)(uintptr_t)p; /* zlib reads only */
        s->zip.avail_in = piece;
        s->zip.next_out = s->zip_buf;
        s->zip.avail_out = INFLATE_SIZE;
        z = inflate(&s->zip, Z_NO_FLUSH);
        if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
            return fail(s, err, "deflated data set is corrupt");
        p += piece - s->zip.avail_in;
        n -= piece - s->zip.avail_in;
        got = INFLATE_SIZE - s->zip.avail_out;
        s->zip_in += piece - s->zip.avail_in;
        s->zip_out += got;
        s->zip_done = z == Z_STREAM_END;
        rc = check_ratio(s, err);
        if (rc == WK_OK)
            rc = feed_elements(s, s->zip_buf, got, err);
    }
    return rc;
}

/* What zlib still holds when the input is used up. */
static wk_code drain_deflated(wki_dicom_scan *s, wk_error *err)
{
    wk_code rc = WK_OK;
    size_t got = 1;

    while (got > 0 && !s->zip_done && rc == WK_OK) {
        int z;

        s->zip.avail_in = 0;
        s->zip.next_out = s->zip_buf;
        s->zip.avail_out = INFLATE_SIZE;
        z = inflate(&s->zip, Z_SYNC_FLUSH);
        got = INFLATE_SIZE - s->zip.avail_out;
        s->zip_out += got;
        s->zip_done = z == Z_STREAM_END;
        rc = check_ratio(s, err);
        if (rc == WK_OK)
            rc = feed_elements(s, s->zip_buf, got, err);
    }
    return rc;
}

/* --- the stream --- */

/* A header of zeros at the end of the data set is padding, not an element. */
static bool starts_padding(const wki_dicom_scan *s, const unsigned char *p)
{
    return s->phase == DATASET && s->n_levels == 0 && s->elements > 0 && all_padding(p, 8);
}

/* A header in the meta group, or the first of the data set: then it is read again as such. */
static bool ends_meta(wki_dicom_scan *s)
{
    if (s->phase != META || s->header_n < 8 || read16(s->header, false) == 0x0002)
        return false;
    use_encoding(s, s->header);
    return true;
}

/* The header of an element in `n` bytes of at least 8. *used: what it takes, 0 where it needs more.
 */
static wk_code take_header(wki_dicom_scan *s, const unsigned char *p, size_t n, size_t *used,
                           wk_error *err)
{
    bool meta = s->phase == META;
    bool fragments = s->n_levels > 0 && s->levels[s->n_levels - 1].kind == LEVEL_FRAGMENTS;
    wki_element e;

    if (starts_padding(s, p)) {
        s->phase = PADDING;
        *used = 8;
        return WK_OK;
    }
    *used = 0;
    if (!wki_element_read(p, n, meta || (!is_implicit(s) && !fragments), !meta && s->big_endian,
                          &e))
        return WK_OK;
    *used = e.header;
    return take_element(s, &e, err);
}

/* The rest of the header of an element: 8 bytes, or 12 where the first 8 ask for more. */
static size_t gather_header(wki_dicom_scan *s, const unsigned char *p, size_t n)
{
    size_t missing = (s->header_n < 8 ? 8 : HEADER_SIZE) - s->header_n;
    size_t kept = missing < n ? missing : n;

    memcpy(s->header + s->header_n, p, kept);
    s->header_n += kept;
    return kept;
}

static wk_code take_gathered(wki_dicom_scan *s, wk_error *err)
{
    size_t used;
    wk_code rc;

    if (s->header_n != 8 && s->header_n != HEADER_SIZE)
        return WK_OK;
    rc = take_header(s, s->header, s->header_n, &used, err);
    if (used > 0)
        s->header_n = 0;
    return rc;
}

static wk_code feed_elements(wki_dicom_scan *s, const unsigned char *p, size_t n, wk_error *err)
{
    wk_code rc = WK_OK;

    while (n > 0 && rc == WK_OK) {
        size_t used;

        if (s->phase == PADDING) {
            if (!all_padding(p, n))
                return fail(s, err, "data behind the end of the data set");
            return WK_OK;
        }
        if (s->skip > 0) {
            used = take_value(s, p, n);
        } else if (s->header_n == 0 && n >= HEADER_SIZE) {
            rc = take_header(s, p, n, &used, err);
        } else {
            used = gather_header(s, p, n);
            rc = take_gathered(s, err);
        }
        p += used;
        n -= used;
    }
    return rc;
}

/* The meta group byte by header: where the data set begins, its encoding is found out. */
static wk_code feed_meta(wki_dicom_scan *s, const unsigned char *p, size_t n, size_t *used,
                         wk_error *err)
{
    wk_code rc = WK_OK;

    *used = 0;
    while (*used < n && s->phase == META && rc == WK_OK) {
        if (s->skip > 0) {
            *used += take_value(s, p + *used, n - *used);
            continue;
        }
        *used += gather_header(s, p + *used, n - *used);
        if (!ends_meta(s))
            rc = take_gathered(s, err);
    }
    return rc;
}

/* The 8 bytes that showed the end of the meta group belong to the data set. */
static wk_code begin_dataset(wki_dicom_scan *s, wk_error *err)
{
    unsigned char first[8];
    wk_code rc;

    memcpy(first, s->header, sizeof first);
    s->header_n = 0;
    s->elements = 0;
    if (!s->deflated)
        return feed_elements(s, first, sizeof first, err);
    rc = begin_zip(s, first, err);
    return rc != WK_OK ? rc : feed_deflated(s, first, sizeof first, err);
}

static wk_code feed_body(wki_dicom_scan *s, const unsigned char *p, size_t n, wk_error *err)
{
    size_t used = 0;
    wk_code rc = WK_OK;

    if (s->phase == META) {
        rc = feed_meta(s, p, n, &used, err);
        if (rc == WK_OK && s->phase == DATASET)
            rc = begin_dataset(s, err);
    }
    if (rc != WK_OK || used == n)
        return rc;
    if (s->deflated)
        return feed_deflated(s, p + used, n - used, err);
    return feed_elements(s, p + used, n - used, err);
}

/* --- the first bytes --- */

static wk_code not_dicom(wki_dicom_scan *s, wk_error *err)
{
    const char *kind = wki_foreign_kind(s->start, s->start_n);
    char line[64];

    s->phase = FAILED;
    if (s->start_n == 0)
        return wk_fail(err, WK_DATA, "empty: no DICOM file");
    if (!kind)
        return wk_fail(err, WK_DATA, "not a DICOM file: no DICM mark and no known first element");
    if (strcmp(kind, "a ZIP archive") == 0)
        return wk_fail(err, WK_DATA, "%s, not a DICOM file", kind);
    wki_foreign_line(s->start, s->start_n, line, sizeof line);
    return wk_fail(err, WK_DATA, "%s, not a DICOM file; it starts with \"%s\"", kind, line);
}

/* A file without preamble begins with group 0002 or 0008 (PS3.10 wants the preamble). */
static bool starts_bare(const unsigned char *p, size_t n)
{
    uint32_t little, big;

    if (n < 8)
        return false;
    little = read16(p, false);
    big = read16(p, true);
    if (little == 0x0002)
        return true;
    return (little == 0x0008 || big == 0x0008) && sniff(p) != 0;
}

static wk_code end_start(wki_dicom_scan *s, wk_error *err)
{
    if (s->start_n == PREAMBLE_SIZE && memcmp(s->start + 128, "DICM", 4) == 0) {
        s->phase = META;
        s->form = WKI_DICOM_START_FILE;
        return WK_OK;
    }
    if (!starts_bare(s->start, s->start_n))
        return not_dicom(s, err);
    s->phase = META;
    s->form = read16(s->start, false) == 0x0002 ? WKI_DICOM_START_META : WKI_DICOM_START_BARE;
    return feed_body(s, s->start, s->start_n, err);
}

wk_code wki_dicom_feed(wki_dicom_scan *s, const void *data, size_t n, wk_error *err)
{
    const unsigned char *p = data;

    if (s->phase == FAILED)
        return wk_fail(err, WK_DATA, "not DICOM");
    if (s->phase == START) {
        size_t room = PREAMBLE_SIZE - s->start_n;
        size_t kept = n < room ? n : room;
        wk_code rc;

        memcpy(s->start + s->start_n, p, kept);
        s->start_n += kept;
        p += kept;
        n -= kept;
        if (s->start_n < PREAMBLE_SIZE)
            return WK_OK;
        rc = end_start(s, err);
        if (rc != WK_OK)
            return rc;
    }
    return n > 0 ? feed_body(s, p, n, err) : WK_OK;
}

/* --- the end --- */

/* Each open sequence wants at least a delimiter, which ends an open item as well. */
static uint64_t missing_delimiters(const wki_dicom_scan *s)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s->n_levels; i++)
        n += s->levels[i].kind == LEVEL_ITEM ? 0 : 8;
    return n;
}

int64_t wki_dicom_missing(const wki_dicom_scan *s)
{
    uint64_t least = s->skip + (s->phase == META ? 8 : missing_delimiters(s)); /* an element */

    if (least > INT64_MAX / 2)
        least = INT64_MAX / 2;
    if ((s->phase != META && s->phase != DATASET) || s->deflated ||
        (s->header_n > 0 && s->n_levels == 0 && all_padding(s->header, s->header_n)))
        return -1;
    if (s->header_n >= 8)
        return (int64_t)(least + HEADER_SIZE - s->header_n);
    return (int64_t)((s->header_n > 0 && least < 8 ? 8 : least) - s->header_n);
}

static bool is_cut(const wki_dicom_scan *s)
{
    if (s->phase == PADDING)
        return false;
    return s->skip > 0 || s->n_levels > 0 || (s->deflated && !s->zip_done) ||
           (s->header_n > 0 && !all_padding(s->header, s->header_n));
}

static wk_code check_identity(wki_dicom_scan *s, wk_error *err)
{
    const struct {
        const char *uid, *name;
    } needed[] = {{s->id.sop_uid, "SOP"}, {s->id.study_uid, "Study"}, {s->id.series_uid, "Series"}};

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        /* One that climbs out of its folder is no mistake. */
        bool climbs = strchr(s->odd_text, '/') || strstr(s->odd_text, "..");

        if (needed[i].uid[0] == '\0' && needed[i].uid == s->odd)
            return wk_fail(err, climbs ? WK_REFUSED : WK_DATA,
                           "DICOM without a valid %s Instance UID: it is \"%s\"", needed[i].name,
                           s->odd_text);
        if (needed[i].uid[0] == '\0')
            return wk_fail(err, WK_DATA, "DICOM without a valid %s Instance UID", needed[i].name);
    }
    return WK_OK;
}

wk_code wki_dicom_finish(wki_dicom_scan *s, wk_error *err)
{
    wk_code rc = WK_OK;

    if (s->phase == FAILED)
        return wk_fail(err, WK_DATA, "not DICOM");
    if (s->phase == START)
        rc = end_start(s, err);
    if (rc == WK_OK && s->zip_ready && !s->zip_done)
        rc = drain_deflated(s, err);
    if (rc != WK_OK)
        return rc;
    if (s->phase == META || is_cut(s))
        return fail(s, err, "DICOM data set cut short");
    return check_identity(s, err);
}
