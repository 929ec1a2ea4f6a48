#include "dicomweb/qido_pages.h"

#include <string.h>

enum {
    SMALL_PAGE = 100, /* what every server with a maximum takes */
    WIDE_PAGE = 5000, /* all at once, where pages cannot be had: the largest that servers name */
    MAX_BARREN = 5    /* pages without one record that has a UID */
};

enum step {
    WALK,  /* page after page, by `offset` */
    WIDE,  /* `offset` is of no use: as much as can be had at once */
    PROBE, /* one record is asked for: does the server look at `limit`? */
};

static const char ignores_offset[] = "the server sends the same page again, whatever the offset";
static const char refuses_offset[] = "the server has no second page";
static const char says_more[] = "the server says that there is more, and does not give it";
static const char nothing_new[] = "page after page has nothing in it that can be named";

static void set_limit(wki_qido_pages *p)
{
    uint64_t left = p->most;

    p->limit = p->page && left && left < p->page ? (unsigned)left : p->page;
}

void wki_qido_pages_init(wki_qido_pages *p, uint64_t most, unsigned page, bool include,
                         uint64_t expect)
{
    memset(p, 0, sizeof *p);
    p->most = most;
    p->page = page;
    p->include = include;
    p->expect = expect;
    set_limit(p);
}

static wki_qido_turn end(wki_qido_pages *p, const char *incomplete)
{
    p->incomplete = incomplete;
    return WKI_QIDO_END;
}

/* --- refusals --- */

static bool is_refusal(int status)
{
    return status == 400 || status == 413 || status == 414 || status == 422 || status == 500 ||
           status == 501;
}

/* Gives up what the server may not like, one thing after the other. */
static bool lower(wki_qido_pages *p, int status)
{
    if (status == 413 && p->page > 1) {
        p->page = p->page > SMALL_PAGE ? SMALL_PAGE : p->page / 10 ? p->page / 10 : 1;
    } else if (p->lowered < 1 && p->page > SMALL_PAGE && status != 414) {
        p->page = SMALL_PAGE;
        p->lowered = 1;
    } else if (p->lowered < 2 && p->include) {
        p->include = false;
        p->lowered = 2;
    } else if (p->page) {
        p->include = false;
        p->page = 0;
    } else {
        return false;
    }
    return true;
}

/* `offset` cannot be used. `full`: the pages so far were as large as asked for. */
static wki_qido_turn without_offset(wki_qido_pages *p, bool full, const char *why)
{
    p->offset = 0;
    p->incomplete = why;
    if (full && p->page && p->page < WIDE_PAGE) {
        p->step = WIDE;
        p->limit = p->most && p->most < WIDE_PAGE ? (unsigned)p->most : WIDE_PAGE;
        return WKI_QIDO_ASK;
    }
    p->step = PROBE;
    p->limit = 1;
    return WKI_QIDO_ASK;
}

static wki_qido_turn refused(wki_qido_pages *p, int status)
{
    if (p->step == WIDE)
        return without_offset(p, false, p->incomplete);
    if (p->step == PROBE)
        return end(p, p->incomplete);
    if (p->offset == 0) {
        if (!is_refusal(status) || !lower(p, status))
            return WKI_QIDO_FAIL;
        set_limit(p);
        return WKI_QIDO_ASK;
    }
    if (status == 404)
        return end(p, p->promised ? says_more : NULL); /* there is no such page */
    if (!is_refusal(status))
        return WKI_QIDO_FAIL;
    if (status == 413 && p->page > 1) {
        (void)lower(p, status);
        set_limit(p);
        return WKI_QIDO_ASK;
    }
    /* A server that gave a second page knows `offset`: this one is an error. */
    if (p->offset != p->last)
        return WKI_QIDO_FAIL;
    if (!p->honoured && !p->promised)
        return end(p, NULL); /* less than was asked for: that was all */
    return without_offset(p, true, refuses_offset);
}

bool wki_qido_pages_may_turn(const wki_qido_pages *p)
{
    if (p->step != WALK)
        return true;
    return p->offset ? p->offset == p->last : p->page || p->include;
}

/* --- answers --- */

static wki_qido_turn go_on(wki_qido_pages *p, const wki_qido_page *got)
{
    p->offset += got->received;
    p->last = got->received;
    set_limit(p);
    if (p->most && p->page && p->most - got->handed < p->page)
        p->limit = (unsigned)(p->most - got->handed);
    return WKI_QIDO_ASK;
}

static wki_qido_turn after_wide(wki_qido_pages *p, const wki_qido_page *got)
{
    if (got->received > p->limit)
        return end(p, NULL); /* pays no attention to `limit`: this is all there is */
    if (got->fresh > 0 && got->received < p->limit)
        return end(p, got->promised ? says_more : NULL);
    if (got->fresh > 0)
        return end(p, p->incomplete);
    return without_offset(p, false, p->incomplete);
}

/* The same page came again. A server that pays no attention to `limit` either has given all; one
 * that does may have kept something back. */
static wki_qido_turn after_repeat(wki_qido_pages *p, const wki_qido_page *got)
{
    p->promised = p->promised || got->promised;
    if (p->promised)
        return without_offset(p, p->honoured, says_more);
    if (p->ignored || !p->page || got->received <= 1)
        return end(p, NULL);
    return without_offset(p, p->honoured, ignores_offset);
}

wki_qido_turn wki_qido_pages_next(wki_qido_pages *p, const wki_qido_page *got)
{
    if (got->status)
        return refused(p, got->status);
    if (p->step == PROBE)
        return end(p, got->received > 1 && !p->promised ? NULL : p->incomplete);
    if (p->step == WIDE)
        return after_wide(p, got);
    if (got->received == 0)
        return end(p, p->promised || got->promised ? says_more : NULL);
    if (p->limit && got->received > p->limit)
        p->ignored = true;
    if (p->limit && got->received == p->limit)
        p->honoured = true;
    if (got->fresh == 0 || (got->same && p->offset))
        return after_repeat(p, got);
    p->barren = got->useful ? 0 : p->barren + 1;
    p->promised = got->promised;
    if (p->barren >= MAX_BARREN)
        return end(p, nothing_new);
    if (p->promised)
        return go_on(p, got);
    if (p->ignored)
        return end(p, NULL);
    if (p->limit && got->received == p->limit)
        return go_on(p, got);
    /* A short page may be the last, or all that this server gives at once without a word. */
    if (p->limit && (p->honoured || (p->expect && got->handed >= p->expect)))
        return end(p, NULL);
    return go_on(p, got);
}
