/*
 * Area averaging (box filter with fractional coverage), row by row: memory is one source row of
 * sums and one row of the result, whatever the picture's size. An axis that grows (square pixels)
 * is interpolated linearly.
 */
#ifndef WADOKIT_RENDER_SCALE_H
#define WADOKIT_RENDER_SCALE_H

#include <stdint.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * add   adds weight * value to each of the src_width * channels sums, for source row y
 * half  NULL, or sets `means` to those of the dst_width blocks of two by two values that begin in
 * row y: asked instead where each result sample is the mean of such a block emit  takes a finished
 * row of dst_width * channels means Rows that lie across two result rows are asked for twice.
 */
typedef struct wki_scale_job {
    uint32_t src_width, src_height;
    uint32_t dst_width, dst_height;
    unsigned channels; /* 1 or 3 */
    void (*add)(void *user, uint32_t y, float weight, float *sums);
    void (*half)(void *user, uint32_t y, float *means);
    void (*emit)(void *user, uint32_t y, const float *means);
    void *user;
    double x_step, y_step; /* source samples that a result sample spans; 0: src / dst */
    double shift;          /* on both axes: where the first span begins, in source samples */
} wki_scale_job;

/* WK_NOMEM is all that can go wrong. */
wk_code wki_scale(const wki_scale_job *job, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
