#include "dicom/walk.h"

#include <string.h>

enum {
    LEVELS = 2 * WK_MAX_SEQUENCE_DEPTH + 1,
    TAG_ICON = 0x00880200
};

#define NO_END UINT64_MAX

typedef enum kind {
    SEQUENCE,  /* items follow */
    FRAGMENTS, /* items of bytes follow */
    ELEMENTS,  /* of an item */
} kind;

typedef struct level {
    kind kind;
    bool explicit_vr;
    bool open;           /* its length is not believed at all */
    uint64_t start, end; /* NO_END: a delimiter ends it */
    uint64_t n;          /* elements so far */
    uint32_t highest;    /* tag of them */
} level;

typedef struct stack {
    level levels[LEVELS];
    size_t n;
    uint64_t at;
} stack;

const uint8_t *wki_walk_look(wki_walk *w, uint64_t at, size_t n)
{
    uint64_t left;

    if (at >= w->at && at - w->at <= w->n && n <= w->n - (at - w->at))
        return w->window + (at - w->at);
    if (at > w->source->size || n > w->source->size - at)
        return NULL;
    left = w->source->size - at;
    w->n = left < sizeof w->window ? (size_t)left : sizeof w->window;
    w->at = at;
    if (!wki_blob_read(w->source, at, w->window, w->n)) {
        w->n = 0;
        return NULL;
    }
    return w->window;
}

static bool read_header(wki_walk *w, uint64_t at, bool explicit_vr, wki_element *e)
{
    const uint8_t *p = wki_walk_look(w, at, WKI_ELEMENT_HEADER_MAX);
    size_t n = WKI_ELEMENT_HEADER_MAX;

    if (!p) {
        n = 8;
        p = wki_walk_look(w, at, n);
    }
    return p && wki_element_read(p, n, explicit_vr, w->big_endian, e);
}

bool wki_walk_header(wki_walk *w, uint64_t at, wki_element *e)
{
    return read_header(w, at, w->explicit_vr, e);
}

wk_code wki_walk_cut(const wki_element *e, wk_error *err)
{
    return wk_fail(err, WK_DATA, "cut short: the file ends inside element (%04X,%04X)",
                   e->tag >> 16, e->tag & 0xFFFF);
}

wk_code wki_walk_count(wki_walk *w, uint32_t tag, uint64_t n, uint32_t *highest, wk_error *err)
{
    if (tag < *highest)
        w->moves += n;
    else
        *highest = tag;
    if (++w->elements > WK_MAX_ELEMENTS)
        return wk_fail(err, WK_DATA, "more than %d elements", WK_MAX_ELEMENTS);
    if (w->moves > WK_MAX_ELEMENT_MOVES)
        return wk_fail(err, WK_DATA, "too many elements are out of order");
    return WK_OK;
}

/* Whether the value of `e`, whose length is given, holds items. In implicit VR the first item
 * tells, as only a dictionary knows. */
static bool holds_items(wki_walk *w, const wki_element *e, uint64_t value, bool explicit_vr)
{
    const uint8_t *p;
    wki_element item;

    if (explicit_vr)
        return strcmp(e->vr, "SQ") == 0;
    p = e->length >= 8 ? wki_walk_look(w, value, 8) : NULL;
    return p && wki_element_read(p, 8, false, w->big_endian, &item) && item.tag == WKI_TAG_ITEM &&
           (item.length == WKI_UNDEFINED_LENGTH || item.length <= e->length - 8);
}

static kind kind_of(const wki_element *e)
{
    if (e->tag == WKI_TAG_ITEM)
        return ELEMENTS;
    return e->vr[0] == 'O' || e->tag == 0x7FE00010 ? FRAGMENTS : SEQUENCE;
}

/* PS3.5 6.2.2: UN of undefined length holds items in implicit VR. */
static wk_code push(const wki_walk *w, stack *s, const wki_element *e, bool explicit_vr,
                    wk_error *err)
{
    bool given = e->length != WKI_UNDEFINED_LENGTH;
    /* The pixels of an icon come last in it: what follows has a tag that is not higher. */
    bool open = given && w->way == WKI_WALK_REPAIR &&
                (s->n ? s->levels[s->n - 1].open : e->tag == TAG_ICON);

    if (s->n == LEVELS)
        return wk_fail(err, WK_DATA, "sequences nested deeper than %d", WK_MAX_SEQUENCE_DEPTH);
    s->levels[s->n++] = (level){.kind = kind_of(e),
                                .explicit_vr = explicit_vr && strcmp(e->vr, "UN") != 0,
                                .open = open,
                                .start = s->at,
                                .end = given && !open ? s->at + e->length : NO_END};
    return WK_OK;
}

static wk_code give_up(wki_walk *w, stack *s)
{
    w->gave_up = true;
    s->n = 0;
    return WK_OK;
}

/* What is not as it should be is an error where a delimiter is due, and ends what has another end.
 */
static wk_code leave(wki_walk *w, stack *s, const wki_element *e, wk_error *err)
{
    const level *top = &s->levels[s->n - 1];

    if (w->way == WKI_WALK_PARSER)
        return give_up(w, s);
    if (top->end == NO_END && !top->open)
        return top->kind == ELEMENTS ? wk_fail(err, WK_DATA, "an item without its end at byte %llu",
                                               (unsigned long long)s->at)
                                     : wk_fail(err, WK_DATA, "(%04X,%04X) where an item is due",
                                               e->tag >> 16, e->tag & 0xFFFF);
    s->n--;
    return WK_OK;
}

static wk_code skip(wki_walk *w, stack *s, const wki_element *e, uint64_t value, wk_error *err)
{
    if (e->length > w->source->size - value)
        return w->way == WKI_WALK_PARSER ? give_up(w, s) : wki_walk_cut(e, err);
    s->at = value + e->length;
    return WK_OK;
}

/* An item or a delimiter between items. */
static wk_code take_item(wki_walk *w, stack *s, const wki_element *e, wk_error *err)
{
    const level *top = &s->levels[s->n - 1];
    uint64_t value = s->at + e->header;

    if (e->tag == WKI_TAG_SEQUENCE_END) {
        s->at = value;
        s->n--;
        return WK_OK;
    }
    if (e->tag != WKI_TAG_ITEM || (top->kind == FRAGMENTS && e->length == WKI_UNDEFINED_LENGTH))
        return leave(w, s, e, err);
    if (top->kind == FRAGMENTS || (w->way == WKI_WALK_SKIP && e->length != WKI_UNDEFINED_LENGTH))
        return skip(w, s, e, value, err);
    s->at = value;
    return push(w, s, e, top->explicit_vr, err);
}

/* Whether the element belongs no more to an item whose length is given: where lengths are not
 * believed, tags that fall tell. */
static bool is_beyond(const wki_walk *w, const level *top, const wki_element *e)
{
    return w->way == WKI_WALK_REPAIR && (top->end != NO_END || top->open) && top->n > 0 &&
           e->tag <= top->highest;
}

static wk_code take_element(wki_walk *w, stack *s, const wki_element *e, wk_error *err)
{
    level *top = &s->levels[s->n - 1];
    uint64_t value = s->at + e->header;
    wk_code rc;

    if (e->tag == WKI_TAG_ITEM_END) {
        s->at = value;
        s->n--;
        return WK_OK;
    }
    if (e->tag >> 16 == 0xFFFE || is_beyond(w, top, e))
        return leave(w, s, e, err);
    rc = w->way == WKI_WALK_SKIP ? WK_OK : wki_walk_count(w, e->tag, top->n, &top->highest, err);
    top->n++;
    if (rc != WK_OK)
        return rc;
    /* DCMTK jumps over as many bytes as the item has, from where the element's value begins. */
    if (w->way == WKI_WALK_PARSER && top->end != NO_END && e->length != WKI_UNDEFINED_LENGTH &&
        value + e->length > top->end) {
        s->at = value + (top->end - top->start) - e->header;
        return WK_OK;
    }
    if (e->length == WKI_UNDEFINED_LENGTH ||
        (w->way != WKI_WALK_SKIP && holds_items(w, e, value, top->explicit_vr))) {
        s->at = value;
        return push(w, s, e, top->explicit_vr, err);
    }
    return skip(w, s, e, value, err);
}

wk_code wki_walk_value(wki_walk *w, const wki_element *e, uint64_t value, uint64_t *end,
                       wk_error *err)
{
    stack s = {.at = value};
    wk_code rc = WK_OK;

    if (e->length != WKI_UNDEFINED_LENGTH &&
        (w->way == WKI_WALK_SKIP ||
         (e->tag != WKI_TAG_ITEM && !holds_items(w, e, value, w->explicit_vr))))
        rc = skip(w, &s, e, value, err);
    else
        rc = push(w, &s, e, w->explicit_vr, err);
    while (rc == WK_OK && s.n > 0) {
        const level *top = &s.levels[s.n - 1];
        wki_element one = {0};

        if (s.at >= top->end)
            s.n--;
        else if (!read_header(w, s.at, top->explicit_vr && top->kind == ELEMENTS, &one))
            rc = w->way == WKI_WALK_PARSER ? give_up(w, &s) : wki_walk_cut(&one, err);
        else if (top->kind == ELEMENTS)
            rc = take_element(w, &s, &one, err);
        else
            rc = take_item(w, &s, &one, err);
    }
    if (rc == WK_OK)
        *end = s.at;
    return rc;
}
