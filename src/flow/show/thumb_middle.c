#include "flow/show/thumb_middle.h"

#include <string.h>

#include "flow/draw/object_label.h"
#include "flow/draw/slide.h"
#include "flow/fetch/listing.h"
#include "flow/fetch/plan_ask.h"

enum {
    MOST_SERIES = 8 /* each takes two requests, one after the other */
};

typedef struct series_of {
    char uid[WK_UID_SIZE];
    int64_t n;
} series_of;

typedef struct middles {
    wki_listing listing;
    wk_thumb_per per;
    series_of series[MOST_SERIES];
    wki_qido_instance_row rows[MOST_SERIES];
    size_t n;
    bool unknown, too_many;
} middles;

bool wki_thumb_middle_may_be(wk_session *session, const wk_plan_item *item, wk_thumb_per per)
{
    return (per == WK_THUMB_SERIES || per == WK_THUMB_STUDY) && item->root &&
           (item->level == WK_LEVEL_STUDY || item->level == WK_LEVEL_SERIES) &&
           item->n_except == 0 && !wki_plan_lists_all(item) &&
           !wki_plan_server(session, item)->no_middle;
}

static bool is_before(const wki_qido_series_row *row, const series_of *s)
{
    return row->n_instances > s->n || (row->n_instances == s->n && strcmp(row->uid, s->uid) < 0);
}

static wk_code take_series(void *user, const wki_qido_series_row *row, wk_error *err)
{
    middles *m = user;
    const wk_plan_item *item = m->listing.item;
    bool largest = m->per == WK_THUMB_STUDY && m->n > 0;

    (void)err;
    if (item->series[0] && strcmp(item->series, row->uid) != 0)
        return WK_OK;
    m->unknown = m->unknown || row->n_instances < 1;
    m->too_many = !largest && m->n == MOST_SERIES;
    if (m->too_many || (largest && !is_before(row, &m->series[0])))
        return WK_OK;
    if (largest)
        m->n = 0;
    memcpy(m->series[m->n].uid, row->uid, WK_UID_SIZE);
    m->series[m->n++].n = row->n_instances;
    return WK_OK;
}

/* What is chosen by more than its place is none to be found by its number. */
static bool stands_for_its_series(const wki_qido_instance_row *row, int64_t n)
{
    return !wki_slide_is_class(row->sop_class) &&
           (n == 1 || !wki_object_is_without_pixels(row->sop_class));
}

/* That one has the last number, and one that of the middle, is what is seen of the numbering. */
static wk_code find_middle(middles *m, size_t at, bool *found, wk_error *err)
{
    const series_of *s = &m->series[at];
    wki_qido_instance_row *row = &m->rows[at];
    wk_code rc = wki_list_by_number(&m->listing, s->uid, s->n, row, found, err);

    if (rc == WK_OK && *found && s->n > 1)
        rc = wki_list_by_number(&m->listing, s->uid, s->n / 2 + 1, row, found, err);
    *found = rc == WK_OK && *found && stands_for_its_series(row, s->n);
    return rc;
}

wk_code wki_thumb_middle(wk_session *session, const wk_plan_item *item, wk_thumb_per per,
                         wki_qido_instance_fn each, void *user, bool *done, wk_error *err)
{
    middles m = {.listing = {.session = session, .item = item, .details = true}, .per = per};
    wki_server *server = wki_plan_server(session, item);
    wk_error why = {0};
    size_t found = 0;
    wk_code rc = wki_list_series(&m.listing, take_series, &m, &found, &why);

    *done = rc == WK_OK && m.n > 0 && !m.unknown && !m.too_many;
    if (rc == WK_CANCELLED || rc == WK_NOMEM)
        return wk_fail_from(err, rc, &why);
    server->no_middle = rc != WK_OK || m.unknown;
    rc = WK_OK;
    for (size_t i = 0; i < m.n && *done && rc == WK_OK; i++)
        rc = find_middle(&m, i, done, err);
    for (size_t i = 0; i < m.n && *done && rc == WK_OK; i++)
        rc = each(user, &m.rows[i], err);
    return rc;
}
