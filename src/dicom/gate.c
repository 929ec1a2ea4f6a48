#include "dicom/gate.h"

#include "dicom/walk.h"

/* The byte after the hole that begins at `at`, or `at`. */
static uint64_t skip_hole(const wki_layout *l, uint64_t at)
{
    for (size_t i = 0; i < l->n_holes; i++) {
        if (l->holes[i].at == at)
            return at + l->holes[i].n;
    }
    return at;
}

wk_code wki_gate_check(const wki_blob *s, const wki_layout *l, wk_error *err)
{
    wki_walk w = {.source = s,
                  .explicit_vr = l->explicit_vr,
                  .big_endian = l->big_endian,
                  .way = WKI_WALK_PARSER};
    uint64_t at = skip_hole(l, l->data_set), n = 0;
    uint32_t highest = 0;
    wk_code rc = WK_OK;

    if (l->data_set_end - l->data_set > WK_MAX_DATA_SET_BYTES)
        return wk_fail(err, WK_LIMIT, "the data set without its pixels is larger than %llu bytes",
                       WK_MAX_DATA_SET_BYTES);
    while (rc == WK_OK && !w.gave_up && at < l->data_set_end) {
        wki_element e;

        if (!wki_walk_header(&w, at, &e))
            break;
        rc = wki_walk_count(&w, e.tag, n++, &highest, err);
        if (rc == WK_OK)
            rc = wki_walk_value(&w, &e, at + e.header, &at, err);
        at = skip_hole(l, at);
    }
    return rc;
}
