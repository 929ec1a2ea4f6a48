#include "render/scale.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Which source samples, first .. first + n - 1, make one result sample: the two at the ends with
 * weights of their own, those between with `middle`. The weights add up to 1. */
typedef struct span {
    uint32_t first, n;
    float head, middle, tail;
} span;

/* The samples from `from` to `to`, whose weights are parts of `size`. */
static span span_shrink(double from, double to, double size, uint32_t src)
{
    uint32_t first = (uint32_t)from, last = (uint32_t)ceil(to - 1e-9) - 1;
    span s;

    last = last < first ? first : last > src - 1 ? src - 1 : last;
    s.first = first;
    s.n = last - first + 1;
    s.middle = (float)(1 / size);
    s.head = s.n == 1 ? 1 : (float)((first + 1 - from) / size);
    s.tail = (float)((to - last) / size);
    return s;
}

static span span_grow(uint32_t i, uint32_t src, uint32_t dst)
{
    double at = (i + 0.5) * src / dst - 0.5;
    span s = {0, 1, 1, 0, 0};

    if (at <= 0)
        return s;
    s.first = (uint32_t)at;
    if (s.first >= src - 1) {
        s.first = src - 1;
        return s;
    }
    s.n = 2;
    s.tail = (float)(at - s.first);
    s.head = 1 - s.tail;
    return s;
}

/* Span `i` of a grid of its own, which may end in front of or behind the last sample. */
static span span_on_grid(uint32_t i, uint32_t src, double step, double shift)
{
    double from = fmin(i * step + shift, src - 1.0), to = fmin((i + 1) * step + shift, src);

    return span_shrink(from, to, to - from, src);
}

static span span_of(uint32_t i, uint32_t src, uint32_t dst, double step, double shift)
{
    if (step > 0)
        return span_on_grid(i, src, step, shift);
    if (dst > src)
        return span_grow(i, src, dst);
    step = (double)src / dst;
    return span_shrink(i * step, fmin((i + 1) * step, src), step, src);
}

static float span_weight(const span *s, uint32_t k)
{
    return k == 0 ? s->head : k + 1 == s->n ? s->tail : s->middle;
}

/* Whether each result sample is the mean of two neighbours: the commonest case. */
static bool is_half(const wki_scale_job *job)
{
    return job->channels == 1 && !(job->x_step > 0) && job->src_width == 2 * job->dst_width;
}

static void reduce_half(uint32_t n, const float *restrict in, float *restrict out)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = in[2 * i] * 0.5F + in[2 * i + 1] * 0.5F;
}

static void reduce_grey(const span *spans, uint32_t n, const float *sums, float *out)
{
    for (uint32_t i = 0; i < n; i++) {
        const span *s = &spans[i];
        const float *in = sums + s->first;
        float middle = 0;

        for (uint32_t k = 1; k + 1 < s->n; k++)
            middle += in[k];
        out[i] = in[0] * s->head + middle * s->middle + (s->n > 1 ? in[s->n - 1] * s->tail : 0);
    }
}

static void reduce_color(const span *spans, uint32_t n, const float *sums, float *out)
{
    for (uint32_t i = 0; i < n; i++) {
        const span *s = &spans[i];
        const float *in = sums + (size_t)s->first * 3, *last = in + (size_t)(s->n - 1) * 3;
        float v[3] = {0, 0, 0}, tail = s->n > 1 ? s->tail : 0;

        for (const float *p = in + 3; p < last; p += 3) {
            v[0] += p[0];
            v[1] += p[1];
            v[2] += p[2];
        }
        for (size_t c = 0; c < 3; c++)
            out[(size_t)i * 3 + c] = in[c] * s->head + v[c] * s->middle + last[c] * tail;
    }
}

static bool is_half_on_both_axes(const wki_scale_job *job)
{
    return is_half(job) && job->half && !(job->y_step > 0) &&
           job->src_height == 2 * job->dst_height;
}

static void scale_rows(const wki_scale_job *job, const span *columns, float *sums, float *means)
{
    for (uint32_t y = 0; y < job->dst_height; y++) {
        span s = span_of(y, job->src_height, job->dst_height, job->y_step, job->shift);

        memset(sums, 0, (size_t)job->src_width * job->channels * sizeof *sums);
        for (uint32_t k = 0; k < s.n; k++) {
            float weight = span_weight(&s, k);

            if (weight > 0)
                job->add(job->user, s.first + k, weight, sums);
        }
        if (is_half(job))
            reduce_half(job->dst_width, sums, means);
        else if (job->channels == 1)
            reduce_grey(columns, job->dst_width, sums, means);
        else
            reduce_color(columns, job->dst_width, sums, means);
        job->emit(job->user, y, means);
    }
}

static void halve(const wki_scale_job *job, float *means)
{
    for (uint32_t y = 0; y < job->dst_height; y++) {
        job->half(job->user, 2 * y, means);
        job->emit(job->user, y, means);
    }
}

wk_code wki_scale(const wki_scale_job *job, wk_error *err)
{
    float *sums = calloc((size_t)job->src_width * job->channels, sizeof *sums);
    float *means = calloc((size_t)job->dst_width * job->channels, sizeof *means);
    span *columns = calloc(job->dst_width, sizeof *columns);
    wk_code rc = WK_OK;

    if (!sums || !means || !columns) {
        rc = wk_fail(err, WK_NOMEM, "out of memory");
        goto out;
    }
    for (uint32_t i = 0; i < job->dst_width; i++)
        columns[i] = span_of(i, job->src_width, job->dst_width, job->x_step, job->shift);
    if (is_half_on_both_axes(job))
        halve(job, means);
    else
        scale_rows(job, columns, sums, means);
out:
    free(sums);
    free(means);
    free(columns);
    return rc;
}
