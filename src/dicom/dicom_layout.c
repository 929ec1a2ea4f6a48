#include "dicom/dicom_layout.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/uid.h"

enum {
    WINDOW = 4096,
    GROUP_PIXELS = 0x7FE0
};

static const uint32_t UNDEFINED = 0xFFFFFFFFu;

/* Element headers lie close together: one read serves many. */
typedef struct walker {
    const wki_blob *source;
    uint64_t at; /* of window[0] */
    size_t n;
    bool explicit_vr, big_endian;
    uint8_t window[WINDOW];
} walker;

typedef struct element {
    uint16_t group, number;
    char vr[3];
    uint32_t length;
    uint64_t value;
} element;

bool wki_blob_read(const wki_blob *s, uint64_t at, void *out, size_t n)
{
    size_t done = 0;

    if (at > s->size || n > s->size - at)
        return false;
    if (s->memory || (at < s->head_size && n <= s->head_size - at)) {
        memcpy(out, (s->memory ? s->memory : s->head) + at, n);
        return true;
    }
    while (done < n) {
        ssize_t got = pread(s->fd, (uint8_t *)out + done, n - done, (off_t)(at + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* `n` bytes (far fewer than a window) at `at`, NULL where they are not there. Borrowed until the
 * next call. */
static const uint8_t *look(walker *w, uint64_t at, size_t n)
{
    uint64_t left;

    if (at >= w->at && at - w->at <= w->n && n <= w->n - (at - w->at))
        return w->window + (at - w->at);
    if (at > w->source->size || n > w->source->size - at)
        return NULL;
    left = w->source->size - at;
    w->n = left < WINDOW ? (size_t)left : WINDOW;
    w->at = at;
    if (!wki_blob_read(w->source, at, w->window, w->n)) {
        w->n = 0;
        return NULL;
    }
    return w->window;
}

static uint16_t get16(const walker *w, const uint8_t *p)
{
    return (uint16_t)(w->big_endian ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

static uint32_t get32(const walker *w, const uint8_t *p)
{
    uint32_t a = get16(w, p), b = get16(w, p + 2);

    return w->big_endian ? a << 16 | b : b << 16 | a;
}

static bool is_vr(const uint8_t *p)
{
    static const char known[] = "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ "
                                "SS ST SV TM UC UI UL UN UR US UT UV ";

    for (const char *k = known; *k; k += 3) {
        if (p[0] == (uint8_t)k[0] && p[1] == (uint8_t)k[1])
            return true;
    }
    return false;
}

static bool has_long_length(const uint8_t *vr)
{
    static const char list[] = "OB OD OF OL OV OW SQ SV UC UN UR UT UV ";

    for (const char *k = list; *k; k += 3) {
        if (vr[0] == (uint8_t)k[0] && vr[1] == (uint8_t)k[1])
            return true;
    }
    return false;
}

/* The header at `at`; false where the file ends inside it. */
static bool read_header(walker *w, uint64_t at, element *e)
{
    const uint8_t *p = look(w, at, 8);

    if (!p)
        return false;
    e->group = get16(w, p);
    e->number = get16(w, p + 2);
    memset(e->vr, 0, sizeof e->vr);
    e->value = at + 8;
    /* Items have no VR; letters that are no VR are the length of an implicit element. */
    if (!w->explicit_vr || e->group == 0xFFFE || !is_vr(p + 4)) {
        e->length = get32(w, p + 4);
        return true;
    }
    memcpy(e->vr, p + 4, 2);
    if (!has_long_length(p + 4)) {
        e->length = get16(w, p + 6);
        return true;
    }
    p = look(w, at, 12);
    if (!p)
        return false;
    e->length = get32(w, p + 8);
    e->value = at + 12;
    return true;
}

static wk_code cut_error(const element *e, wk_error *err)
{
    return wk_fail(err, WK_DATA, "cut short: the file ends inside element (%04X,%04X)", e->group,
                   e->number);
}

static wk_code skip_items(walker *w, uint64_t *at, int depth, wk_error *err);

/* Skips the value of `e`, whatever its length says. */
static wk_code skip_value(walker *w, const element *e, uint64_t *at, int depth, wk_error *err)
{
    bool explicit_vr = w->explicit_vr;
    wk_code rc;

    if (e->length != UNDEFINED) {
        if (e->length > w->source->size - e->value)
            return cut_error(e, err);
        *at = e->value + e->length;
        return WK_OK;
    }
    if (depth >= WK_MAX_SEQUENCE_DEPTH)
        return wk_fail(err, WK_DATA, "sequences nested deeper than %d", WK_MAX_SEQUENCE_DEPTH);
    /* PS3.5 6.2.2: UN of undefined length holds items in implicit VR. */
    if (strcmp(e->vr, "UN") == 0)
        w->explicit_vr = false;
    *at = e->value;
    rc = skip_items(w, at, depth + 1, err);
    w->explicit_vr = explicit_vr;
    return rc;
}

/* Skips the elements of an item of undefined length, with its delimiter. */
static wk_code skip_item(walker *w, uint64_t *at, int depth, wk_error *err)
{
    for (;;) {
        element e = {0};
        wk_code rc;

        if (!read_header(w, *at, &e))
            return cut_error(&e, err);
        if (e.group == 0xFFFE && e.number == 0xE00D) {
            *at = e.value;
            return WK_OK;
        }
        if (e.group == 0xFFFE)
            return wk_fail(err, WK_DATA, "an item without its end at byte %llu",
                           (unsigned long long)*at);
        rc = skip_value(w, &e, at, depth, err);
        if (rc != WK_OK)
            return rc;
    }
}

/* Skips the items of a sequence of undefined length, with its delimiter. */
static wk_code skip_items(walker *w, uint64_t *at, int depth, wk_error *err)
{
    for (;;) {
        element e = {0};
        wk_code rc = WK_OK;

        if (!read_header(w, *at, &e))
            return cut_error(&e, err);
        if (e.group == 0xFFFE && e.number == 0xE0DD) {
            *at = e.value;
            return WK_OK;
        }
        if (e.group != 0xFFFE || e.number != 0xE000)
            return wk_fail(err, WK_DATA, "(%04X,%04X) where an item is due", e.group, e.number);
        if (e.length == UNDEFINED) {
            *at = e.value;
            rc = skip_item(w, at, depth, err);
        } else if (e.length > w->source->size - e.value) {
            rc = cut_error(&e, err);
        } else {
            *at = e.value + e.length;
        }
        if (rc != WK_OK)
            return rc;
    }
}

static void note_pixels(const walker *w, const element *e, wki_layout *out)
{
    uint64_t there = w->source->size - e->value;

    out->pixel_element = e->number;
    memcpy(out->pixel_vr, e->vr, sizeof out->pixel_vr);
    out->pixels = e->value;
    out->encapsulated = e->length == UNDEFINED;
    out->pixel_bytes = out->encapsulated || e->length > there ? there : e->length;
    out->pixel_cut = !out->encapsulated && e->length > there;
}

static bool is_pixels(const element *e)
{
    return e->group == GROUP_PIXELS && e->number >= 0x0008 && e->number <= 0x0010 &&
           (e->number == 0x0008 || e->number == 0x0009 || e->number == 0x0010);
}

static void note_offsets(const walker *w, const element *e, wki_layout *out)
{
    if (e->group != GROUP_PIXELS || e->length > w->source->size - e->value)
        return;
    if (e->number == 0x0001) {
        out->eot = e->value;
        out->eot_bytes = e->length;
    } else if (e->number == 0x0002) {
        out->eot_lengths = e->value;
        out->eot_lengths_bytes = e->length;
    }
}

/* `end` is the byte behind the element whose header begins at `at`. */
static void note_groups(const walker *w, const element *e, uint64_t at, uint64_t end,
                        wki_layout *out)
{
    if (e->group != 0x5200 || e->number != 0x9230 || (w->explicit_vr && strcmp(e->vr, "SQ") != 0))
        return;
    out->groups_element = at;
    out->groups = e->value;
    out->groups_end = end;
}

/* From the start of the data set to the pixels or the end. */
static wk_code walk(walker *w, wki_layout *out, wk_error *err)
{
    uint64_t at = out->data_set;

    while (at < w->source->size) {
        uint64_t header = at;
        element e = {0};
        wk_code rc;

        if (!read_header(w, at, &e)) {
            /* A few zero bytes behind the last element are padding. */
            if (w->source->size - at < 8)
                break;
            return cut_error(&e, err);
        }
        if (e.group == 0 && e.number == 0 && e.length == 0)
            break;
        if (e.group >= GROUP_PIXELS && out->data_set_end == 0)
            out->data_set_end = at;
        if (is_pixels(&e)) {
            note_pixels(w, &e, out);
            return WK_OK;
        }
        if (e.group == 0x0004 && e.number == 0x1220)
            return wk_fail(err, WK_DATA, "a DICOMDIR: it lists files, and is none itself");
        note_offsets(w, &e, out);
        rc = skip_value(w, &e, &at, 0, err);
        if (rc != WK_OK)
            return rc;
        note_groups(w, &e, header, at, out);
    }
    if (out->data_set_end == 0)
        out->data_set_end = at < w->source->size ? at : w->source->size;
    return WK_OK;
}

/* How the first element of the data set is written. False where it is no element at all. Behind
 * "DICM" any group may come first; without it, only one that begins files. */
static bool sniff(walker *w, wki_layout *out, bool is_sure)
{
    const uint8_t *p = look(w, out->data_set, 8);
    uint16_t group;

    if (!p)
        return w->source->size == out->data_set && is_sure;
    w->big_endian = p[0] == 0 && p[1] != 0;
    w->explicit_vr = is_vr(p + 4);
    group = get16(w, p);
    if (group == 0 || group > GROUP_PIXELS || (!is_sure && (group > 0x0010 || group % 2)))
        return false;
    if (!w->explicit_vr) {
        uint32_t length = get32(w, p + 4);

        if (length != UNDEFINED && length > w->source->size - out->data_set - 8)
            return false;
    }
    out->big_endian = w->big_endian;
    out->explicit_vr = w->explicit_vr;
    return true;
}

static void check_against_declared(wki_layout *out)
{
    const char *ts = out->transfer_syntax;
    bool implicit = strcmp(ts, "1.2.840.10008.1.2") == 0;
    bool big = strcmp(ts, "1.2.840.10008.1.2.2") == 0;

    if (*ts)
        out->mismatch = implicit == out->explicit_vr || big != out->big_endian;
}

static void read_uid(walker *w, const element *e, char out[WK_UID_SIZE])
{
    const uint8_t *text = e->length < WK_UID_SIZE + 8 ? look(w, e->value, e->length) : NULL;

    if (text && e->length)
        (void)wki_uid_read(out, (const char *)text, e->length);
}

/* Reads group 0002, which is explicit little endian, up to the first other group. */
static wk_code read_meta(walker *w, uint64_t at, wki_layout *out, wk_error *err)
{
    w->explicit_vr = true;
    w->big_endian = false;
    for (;;) {
        element e = {0};
        wk_code rc;

        if (!read_header(w, at, &e) || e.group != 0x0002)
            break;
        if (e.number == 0x0010)
            read_uid(w, &e, out->transfer_syntax);
        rc = skip_value(w, &e, &at, 0, err);
        if (rc != WK_OK)
            return rc;
    }
    out->data_set = at;
    return WK_OK;
}

static wk_code not_dicom(walker *w, wk_error *err)
{
    const uint8_t *p = look(w, 0, w->source->size < 8 ? (size_t)w->source->size : 8);
    const char *what = NULL;

    if (w->source->size == 0)
        return wk_fail(err, WK_DATA, "not DICOM: the file is empty");
    if (p && w->source->size >= 8) {
        what = p[0] == '<'                         ? "XML or HTML"
               : p[0] == '{' || p[0] == '['        ? "JSON"
               : memcmp(p, "PK\3\4", 4) == 0       ? "a ZIP archive"
               : memcmp(p, "\xFF\xD8\xFF", 3) == 0 ? "a JPEG picture"
               : memcmp(p, "\x89PNG", 4) == 0      ? "a PNG picture"
               : memcmp(p, "%PDF", 4) == 0         ? "a PDF document"
                                                   : NULL;
    }
    return what ? wk_fail(err, WK_DATA, "not DICOM: it looks like %s", what)
                : wk_fail(err, WK_DATA, "not DICOM");
}

static wk_code read_data_set(walker *w, wki_layout *out, bool is_sure, wk_error *err)
{
    if (!sniff(w, out, is_sure))
        return not_dicom(w, err);
    check_against_declared(out);
    return walk(w, out, err);
}

/* Group 0002 without a preamble. */
static bool starts_with_meta(const uint8_t *p)
{
    return p && (memcmp(p, "\2\0\0\0", 4) == 0 || memcmp(p, "\2\0\2\0", 4) == 0 ||
                 memcmp(p, "\2\0\1\0", 4) == 0 || memcmp(p, "\2\0\20\0", 4) == 0);
}

wk_code wki_layout_read(const wki_blob *s, wki_layout *out, wk_error *err)
{
    walker w = {.source = s};
    wki_layout l = {0};
    bool meta = starts_with_meta(look(&w, 0, 4));
    const uint8_t *p = look(&w, 128, 4);
    bool preamble = p && memcmp(p, "DICM", 4) == 0;
    wk_code rc;

    if (preamble || meta) {
        rc = read_meta(&w, preamble ? 132 : 0, &l, err);
        if (rc != WK_OK)
            return rc;
    }
    l.deflated = strcmp(l.transfer_syntax, "1.2.840.10008.1.2.1.99") == 0;
    if (!l.deflated) {
        rc = read_data_set(&w, &l, preamble, err);
        if (rc != WK_OK)
            return rc;
    }
    *out = l;
    return WK_OK;
}

wk_code wki_layout_read_plain(const wki_blob *s, wki_layout *out, wk_error *err)
{
    walker w = {.source = s};
    wki_layout l = {0};
    wk_code rc;

    memcpy(l.transfer_syntax, out->transfer_syntax, sizeof l.transfer_syntax);
    rc = read_data_set(&w, &l, true, err);
    if (rc != WK_OK)
        return rc;
    l.mismatch = false;
    *out = l;
    return WK_OK;
}

wk_code wki_layout_groups(const wki_blob *s, const wki_layout *l, wki_span *items, uint32_t room,
                          uint32_t *n, wk_error *err)
{
    walker w = {.source = s, .explicit_vr = l->explicit_vr, .big_endian = l->big_endian};
    uint64_t at = l->groups;
    uint32_t found = 0;

    while (at < l->groups_end) {
        wki_span item;
        element e = {0};
        wk_code rc = WK_OK;

        if (!read_header(&w, at, &e))
            return cut_error(&e, err);
        if (e.group == 0xFFFE && e.number == 0xE0DD)
            break;
        item = (wki_span){e.value, e.length};
        if (e.group != 0xFFFE || e.number != 0xE000)
            return wk_fail(err, WK_DATA, "(%04X,%04X) where an item is due", e.group, e.number);
        at = e.value;
        if (e.length == UNDEFINED)
            rc = skip_item(&w, &at, 1, err);
        else
            at += e.length;
        if (rc != WK_OK)
            return rc;
        if (e.length == UNDEFINED)
            item.n = at - e.value - 8;
        if (at > l->groups_end)
            return wk_fail(err, WK_DATA, "an item goes beyond its sequence");
        if (found < room)
            items[found] = item;
        found++;
    }
    *n = found;
    return WK_OK;
}
