#include "flow/picture/picture_lanes.h"

#include <stdlib.h>
#include <string.h>

wk_code wki_picture_lanes(const wki_plan_list *list, unsigned char **lanes, wk_error *err)
{
    const char *roots[WKI_PICTURE_LANES - 1] = {NULL};
    unsigned char *out = calloc(list->n + 1, 1);
    unsigned n = 0;

    if (!out)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (size_t i = 0; i < list->n; i++) {
        const char *root = list->items[i]->root;
        unsigned k = 0;

        while (root && k < n && strcmp(roots[k], root) != 0)
            k++;
        if (root && k == n && n < WKI_PICTURE_LANES - 1)
            roots[n++] = root;
        out[i] = (unsigned char)(root && k < n ? k : WKI_PICTURE_LANES - 1);
    }
    *lanes = out;
    return WK_OK;
}

/* Starts what has room in one lane; *waits where something is left that has none. */
static wk_code fill(wki_picture_fetch *f, unsigned lane, size_t *next, size_t n,
                    const wki_picture_lane_user *u, bool *waits, wk_error *err)
{
    wk_code rc = WK_OK;

    for (; *next < n && rc == WK_OK; ++*next) {
        if (u->lane(u->user, *next) != (int)lane)
            continue;
        if (!wki_picture_fetch_has_room(f, lane)) {
            *waits = true;
            return WK_OK;
        }
        rc = u->start(u->user, *next, err);
    }
    return rc;
}

wk_code wki_picture_lanes_run(wki_picture_fetch *f, size_t n, const wki_picture_lane_user *user,
                              wk_error *err)
{
    size_t next[WKI_PICTURE_LANES] = {0};
    bool waits = true;
    wk_code rc = WK_OK;

    while (waits && rc == WK_OK) {
        waits = false;
        for (unsigned lane = 0; lane < WKI_PICTURE_LANES && rc == WK_OK; lane++)
            rc = fill(f, lane, &next[lane], n, user, &waits, err);
        if (waits && rc == WK_OK)
            rc = wki_picture_fetch_wait(f, err);
    }
    return rc;
}
