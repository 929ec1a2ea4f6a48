#include "dicom/dicom_layout.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/transfer_syntax.h"
#include "core/uid.h"
#include "dicom/inflate.h"
#include "dicom/walk.h"

enum {
    GROUP_PIXELS = 0x7FE0,
    TAG_ICON = 0x00880200
};

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

/* Whether items lie at `at`, as where pixels are encapsulated. */
static bool begins_with_item(wki_walk *w, uint64_t at)
{
    wki_element e;

    return wki_walk_header(w, at, &e) && (e.tag == WKI_TAG_ITEM || e.tag == WKI_TAG_SEQUENCE_END);
}

static void note_pixels(wki_walk *w, const wki_element *e, uint64_t value, wki_layout *out)
{
    uint64_t there = w->source->size - value;
    bool open = e->length == WKI_UNDEFINED_LENGTH;

    out->pixel_element = e->tag & 0xFFFF;
    memcpy(out->pixel_vr, e->vr, sizeof out->pixel_vr);
    out->pixels = value;
    out->encapsulated = open && (there < 8 || begins_with_item(w, value));
    out->pixel_bytes = open || e->length > there ? there : e->length;
    out->pixel_cut = !open && e->length > there;
    /* Native ones without a length go on to the end. */
    out->mismatch = out->mismatch || (open && !out->encapsulated);
}

static bool is_pixels(const wki_element *e)
{
    return e->tag == 0x7FE00008 || e->tag == 0x7FE00009 || e->tag == 0x7FE00010;
}

static void note_offsets(const wki_walk *w, const wki_element *e, uint64_t value, wki_layout *out)
{
    if (e->length > w->source->size - value)
        return;
    if (e->tag == 0x7FE00001) {
        out->eot = value;
        out->eot_bytes = e->length;
    } else if (e->tag == 0x7FE00002) {
        out->eot_lengths = value;
        out->eot_lengths_bytes = e->length;
    }
}

/* `end` is the byte after the element whose header begins at `at`. */
static void note_groups(const wki_walk *w, const wki_element *e, uint64_t at, uint64_t end,
                        wki_layout *out)
{
    if (e->tag != 0x52009230 || (w->explicit_vr && strcmp(e->vr, "SQ") != 0))
        return;
    out->groups_element = at;
    out->groups = at + e->header;
    out->groups_end = end;
}

/* An element whose length proved wrong is kept from others, who would believe it. */
static wk_code note_hole(const wki_element *e, uint64_t at, uint64_t end, wki_layout *out,
                         wk_error *err)
{
    if (e->length == WKI_UNDEFINED_LENGTH || end == at + e->header + e->length)
        return WK_OK;
    if (out->n_holes == WKI_LAYOUT_HOLES)
        return wk_fail(err, WK_DATA, "too many sequences have wrong lengths");
    out->holes[out->n_holes++] = (wki_span){at, end - at};
    return WK_OK;
}

/* Where a walk over the top level is. */
typedef struct place {
    uint64_t at;
    bool is_end; /* no element of the data set is there */
    bool icon;   /* one was seen */
    bool doubts; /* tags fell, or the pixels may be those of an icon: lengths may be wrong */
    uint32_t last;
} place;

/* The element at p->at, which moves to the next. */
static wk_code take_element(wki_walk *w, wki_layout *out, place *p, wk_error *err)
{
    uint64_t header = p->at;
    wki_element e = {0};
    wk_code rc;

    if (!wki_walk_header(w, header, &e)) {
        /* A few zero bytes after the last element are padding. */
        p->is_end = w->source->size - header < 8;
        return p->is_end ? WK_OK : wki_walk_cut(&e, err);
    }
    p->is_end = e.tag == 0 && e.length == 0;
    if (p->is_end)
        return WK_OK;
    p->doubts = p->doubts || e.tag < p->last || (is_pixels(&e) && p->last == TAG_ICON);
    p->icon = p->icon || e.tag == TAG_ICON;
    p->last = e.tag;
    if (e.tag >> 16 >= GROUP_PIXELS && out->data_set_end == 0)
        out->data_set_end = header;
    if (is_pixels(&e)) {
        note_pixels(w, &e, header + e.header, out);
        p->is_end = true;
        return WK_OK;
    }
    if (e.tag == 0x00041220)
        return wk_fail(err, WK_DATA, "a DICOMDIR: it lists files, and is none itself");
    note_offsets(w, &e, header + e.header, out);
    rc = wki_walk_value(w, &e, header + e.header, &p->at, err);
    if (rc == WK_OK)
        rc = note_hole(&e, header, p->at, out, err);
    if (rc == WK_OK)
        note_groups(w, &e, header, p->at, out);
    return rc;
}

/* From the start of the data set to the pixels or the end. */
static wk_code walk(wki_walk *w, wki_layout *out, bool *doubts, wk_error *err)
{
    place p = {.at = out->data_set};
    wk_code rc = WK_OK;

    while (rc == WK_OK && !p.is_end && p.at < w->source->size)
        rc = take_element(w, out, &p, err);
    if (rc == WK_OK && out->data_set_end == 0)
        out->data_set_end = p.at < w->source->size ? p.at : w->source->size;
    *doubts = rc != WK_OK || p.doubts || (!out->pixel_element && (p.is_end || p.icon));
    return rc;
}

/* Lengths are believed first. Where that leads astray, the elements are, if they lead to pixels. */
static wk_code walk_somehow(wki_walk *w, wki_layout *out, wk_error *err)
{
    wki_layout plain = *out, deep = *out;
    bool doubts, ignored;
    wk_code rc = walk(w, &plain, &doubts, err);

    if (doubts) {
        w->way = WKI_WALK_REPAIR;
        if (walk(w, &deep, &ignored, NULL) == WK_OK && deep.pixel_element && deep.n_holes > 0) {
            wk_error_clear(err);
            *out = deep;
            return WK_OK;
        }
    }
    if (rc == WK_OK)
        *out = plain;
    return rc;
}

/* How the first element of the data set is written. False where it is no element at all. After
 * "DICM" any group may come first; without it, only one that begins files. */
static bool sniff(wki_walk *w, wki_layout *out, bool is_sure)
{
    const uint8_t *p = wki_walk_look(w, out->data_set, 8);
    wki_element e = {0};
    uint32_t group;

    if (!p)
        return w->source->size == out->data_set && is_sure;
    w->big_endian = p[0] == 0 && p[1] != 0;
    w->explicit_vr = wki_vr_form_of(p + 4) != WKI_VR_NONE;
    (void)wki_element_read(p, 8, false, w->big_endian, &e);
    group = e.tag >> 16;
    if (group == 0 || group > GROUP_PIXELS || (!is_sure && (group > 0x0010 || group % 2)))
        return false;
    if (!w->explicit_vr && e.length != WKI_UNDEFINED_LENGTH &&
        e.length > w->source->size - out->data_set - 8)
        return false;
    out->big_endian = w->big_endian;
    out->explicit_vr = w->explicit_vr;
    return true;
}

static void check_against_declared(wki_layout *out)
{
    const wki_transfer_syntax *ts = wki_transfer_syntax_find(out->transfer_syntax);

    if (ts)
        out->mismatch = ts->implicit_vr == out->explicit_vr || ts->big_endian != out->big_endian;
    else if (*out->transfer_syntax)
        out->mismatch = !out->explicit_vr || out->big_endian;
    out->pixels_big =
        out->big_endian || wki_transfer_syntax_is(out->transfer_syntax, WKI_TS_GE_PRIVATE);
}

static void read_uid(wki_walk *w, const wki_element *e, uint64_t value, char out[WK_UID_SIZE])
{
    const uint8_t *text = e->length < WK_UID_SIZE + 8 ? wki_walk_look(w, value, e->length) : NULL;

    if (text && e->length)
        (void)wki_uid_read(out, (const char *)text, e->length);
}

/* Reads group 0002, which is explicit little endian (implicit headers among it show themselves), up
 * to the first other group. */
static wk_code read_meta(wki_walk *w, uint64_t at, wki_layout *out, wk_error *err)
{
    w->explicit_vr = true;
    w->big_endian = false;
    for (;;) {
        wki_element e = {0};
        wk_code rc;

        if (!wki_walk_header(w, at, &e) || e.tag >> 16 != 0x0002)
            break;
        if (e.tag == 0x00020010)
            read_uid(w, &e, at + e.header, out->transfer_syntax);
        rc = wki_walk_value(w, &e, at + e.header, &at, err);
        if (rc != WK_OK)
            return rc;
    }
    out->data_set = at;
    return WK_OK;
}

static wk_code not_dicom(wki_walk *w, wk_error *err)
{
    const uint8_t *p = wki_walk_look(w, 0, w->source->size < 8 ? (size_t)w->source->size : 8);
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

static wk_code read_data_set(wki_walk *w, wki_layout *out, bool is_sure, wk_error *err)
{
    if (!sniff(w, out, is_sure))
        return not_dicom(w, err);
    check_against_declared(out);
    return walk_somehow(w, out, err);
}

/* Group 0002 without a preamble. */
static bool starts_with_meta(const uint8_t *p)
{
    return p && (memcmp(p, "\2\0\0\0", 4) == 0 || memcmp(p, "\2\0\2\0", 4) == 0 ||
                 memcmp(p, "\2\0\1\0", 4) == 0 || memcmp(p, "\2\0\20\0", 4) == 0);
}

wk_code wki_layout_read(const wki_blob *s, wki_layout *out, wk_error *err)
{
    wki_walk w = {.source = s};
    wki_layout l = {0};
    bool meta = starts_with_meta(wki_walk_look(&w, 0, 4));
    const uint8_t *p = wki_walk_look(&w, 128, 4);
    bool preamble = p && memcmp(p, "DICM", 4) == 0;
    wk_code rc;

    if (preamble || meta) {
        rc = read_meta(&w, preamble ? 132 : 0, &l, err);
        if (rc != WK_OK)
            return rc;
    }
    p = wki_walk_look(&w, l.data_set, 8);
    l.deflated = wki_transfer_syntax_is_deflated(l.transfer_syntax) && !(p && wki_is_no_deflate(p));
    if (!l.deflated) {
        rc = read_data_set(&w, &l, preamble, err);
        l.mismatch = l.mismatch || wki_transfer_syntax_is_deflated(l.transfer_syntax);
        if (rc != WK_OK)
            return rc;
    }
    *out = l;
    return WK_OK;
}

wk_code wki_layout_read_plain(const wki_blob *s, wki_layout *out, wk_error *err)
{
    wki_walk w = {.source = s};
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
    wki_walk w = {.source = s, .explicit_vr = l->explicit_vr, .big_endian = l->big_endian};
    uint64_t at = l->groups;
    uint32_t found = 0;

    while (at < l->groups_end) {
        wki_element e = {0};
        uint64_t value;
        wk_code rc;

        if (!wki_walk_header(&w, at, &e))
            return wki_walk_cut(&e, err);
        if (e.tag == WKI_TAG_SEQUENCE_END)
            break;
        if (e.tag != WKI_TAG_ITEM)
            return wk_fail(err, WK_DATA, "(%04X,%04X) where an item is due", e.tag >> 16,
                           e.tag & 0xFFFF);
        value = at + e.header;
        rc = wki_walk_value(&w, &e, value, &at, err);
        if (rc != WK_OK)
            return rc;
        if (at > l->groups_end)
            return wk_fail(err, WK_DATA, "an item goes beyond its sequence");
        if (found < room)
            items[found] =
                (wki_span){value, e.length == WKI_UNDEFINED_LENGTH ? at - value - 8 : e.length};
        found++;
    }
    *n = found;
    return WK_OK;
}
