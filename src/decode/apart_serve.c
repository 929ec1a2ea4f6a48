/* The inside of wki_decode_apart(). */
#include <string.h>

#include "core/text.h"
#include "decode/apart.h"

static void describe(const wki_pixels *p, wki_apart_pixels *out)
{
    *out = (wki_apart_pixels){.rows = p->rows,
                              .cols = p->cols,
                              .samples = p->samples,
                              .type = (uint32_t)p->type,
                              .color = (uint32_t)p->color,
                              .reduced = p->reduced,
                              .at_corners = p->at_corners,
                              .cut = p->cut};
    (void)wki_strcopy(out->decoder, sizeof out->decoder, p->decoder);
    (void)wki_strcopy(out->warning, sizeof out->warning, p->warning);
}

wk_code wki_apart_serve(wki_codec codec, wki_box_call *call, wk_error *err)
{
    wki_apart_task task;
    wki_frame_bytes bytes = {0};
    wki_decode_opts opts = {0};
    wki_pixels p = {0};
    wk_code rc;

    if (call->n < WKI_APART_TASK)
        return wk_fail(err, WK_INTERNAL, "no task");
    memcpy(&task, call->in, sizeof task);
    bytes.data = call->in + WKI_APART_TASK;
    bytes.n = task.n;
    bytes.whole = task.whole;
    opts.reduce = task.reduce;
    opts.region = task.region.width ? &task.region : NULL;
    rc = codec(&task.desc, &bytes, &opts, &p, err);
    if (rc == WK_OK && p.size + WKI_APART_PIXELS > call->room)
        rc = wk_fail(err, WK_DATA, "the picture is larger than the header says");
    if (rc == WK_OK) {
        wki_apart_pixels head;

        describe(&p, &head);
        memcpy(call->out, &head, sizeof head);
        memcpy(call->out + WKI_APART_PIXELS, p.data, p.size);
        call->out_n = WKI_APART_PIXELS + p.size;
    }
    wki_pixels_clear(&p);
    return rc;
}
