/*
 * Which request of a search comes next, whatever the server makes of `limit`, `offset` and
 * `includefield`: pure, nothing is sent here.
 *
 * Servers ignore `offset`, ignore `limit`, have a maximum for it and say nothing, or answer 400,
 * 413 or 500 to any of the three. A list that may go on after its end is told (`incomplete`).
 */
#ifndef WADOKIT_DICOMWEB_QIDO_PAGES_H
#define WADOKIT_DICOMWEB_QIDO_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Of the request at hand
 *   limit         `limit` to send; 0: none
 *   offset        `offset` to send; 0: none
 *   include       whether `includefield` goes along
 * In the end
 *   incomplete    the server may have more: what kept us from it, in words; NULL where the list is
 *                 whole as far as can be told
 * The rest is private.
 */
typedef struct wki_qido_pages {
    unsigned limit;
    uint64_t offset;
    bool include;
    const char *incomplete;

    uint64_t most, expect;
    unsigned page;
    int step, lowered;
    unsigned barren;
    uint64_t last;
    bool honoured, ignored, promised;
} wki_qido_pages;

/* most     most records wanted, 0: all
 * page     records to ask for in one request
 * include  whether there is anything for `includefield`
 * expect   records that there should be, 0 unknown */
void wki_qido_pages_init(wki_qido_pages *p, uint64_t most, unsigned page, bool include,
                         uint64_t expect);

/*
 * What an answer brought.
 *   status     0 for success, else that of the refusal; negative where no answer came
 *   received   records in it
 *   fresh      of them, that did not come before
 *   useful     of those, that have a UID
 *   same       it begins as the page before
 *   promised   a Warning says that there is more than this
 *   handed     records of the whole search that were handed on so far
 */
typedef struct wki_qido_page {
    int status;
    uint64_t received, fresh, useful;
    bool same, promised;
    uint64_t handed;
} wki_qido_page;

typedef enum wki_qido_turn {
    WKI_QIDO_END,  /* nothing more is asked */
    WKI_QIDO_ASK,  /* the request is in the struct */
    WKI_QIDO_FAIL, /* the refusal is the search's */
} wki_qido_turn;

wki_qido_turn wki_qido_pages_next(wki_qido_pages *p, const wki_qido_page *got);

/* Whether there is another way where the request at hand is refused: then it need not be tried for
 * long. */
bool wki_qido_pages_may_turn(const wki_qido_pages *p);

#ifdef __cplusplus
}
#endif

#endif
