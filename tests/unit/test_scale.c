#include "support/t.h"

#include <math.h>
#include <stdlib.h>

#include "render/scale.h"

typedef struct field {
    const double *in;
    uint32_t width;
    unsigned channels;
    float *out;
    uint32_t out_width;
} field;

static void add(void *user, uint32_t y, float weight, float *sums)
{
    const field *f = user;
    size_t n = (size_t)f->width * f->channels;

    for (size_t i = 0; i < n; i++)
        sums[i] += weight * (float)f->in[y * n + i];
}

static void emit(void *user, uint32_t y, const float *means)
{
    field *f = user;
    size_t n = (size_t)f->out_width * f->channels;

    memcpy(f->out + y * n, means, n * sizeof *means);
}

/* How much of source sample k lies in result sample i. */
static double cover(uint32_t i, uint32_t k, double step)
{
    double from = fmax(i * step, k), to = fmin((i + 1) * step, k + 1.0);

    return to > from ? (to - from) / step : 0;
}

static double mean_at(const double *in, uint32_t w, uint32_t h, unsigned channels, unsigned c,
                      uint32_t x, uint32_t y, double sx, double sy)
{
    double sum = 0;

    for (uint32_t j = 0; j < h; j++) {
        for (uint32_t i = 0; i < w; i++)
            sum += cover(x, i, sx) * cover(y, j, sy) * in[((size_t)j * w + i) * channels + c];
    }
    return sum;
}

static void check(uint32_t w, uint32_t h, uint32_t tw, uint32_t th, unsigned channels)
{
    size_t n = (size_t)w * h * channels;
    double *in = malloc(n * sizeof *in), worst = 0;
    float *out = malloc((size_t)tw * th * channels * sizeof *out);
    field f = {in, w, channels, out, tw};
    wki_scale_job job = {w, h, tw, th, channels, add, NULL, emit, &f, 0, 0, 0};
    wk_error err = {0};

    for (size_t i = 0; i < n; i++)
        in[i] = (double)(i * 2654435761u % 1000);
    T_OK(wki_scale(&job, &err), &err);
    for (uint32_t y = 0; y < th; y++) {
        for (uint32_t x = 0; x < tw; x++) {
            for (unsigned c = 0; c < channels; c++) {
                double m = mean_at(in, w, h, channels, c, x, y, (double)w / tw, (double)h / th);

                worst = fmax(worst, fabs(m - (double)out[((size_t)y * tw + x) * channels + c]));
            }
        }
    }
    if (!(worst < 0.01))
        printf("\n  %ux%u -> %ux%u: off by %g\n", w, h, tw, th, worst);
    CU_ASSERT(worst < 0.01);
    free(in);
    free(out);
}

static void test_means_are_those_of_the_area(void)
{
    static const uint32_t sizes[][4] = {{8, 8, 4, 4},   {7, 5, 3, 2},    {10, 10, 3, 3},
                                        {9, 4, 9, 1},   {1, 1, 1, 1},    {13, 17, 1, 1},
                                        {31, 7, 30, 7}, {100, 3, 99, 2}, {5, 5, 5, 5}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], 1);
        check(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], 3);
    }
}

static void test_an_axis_that_grows_is_interpolated(void)
{
    double in[] = {0, 100};
    float out[4];
    field f = {in, 1, 1, out, 1};
    wki_scale_job job = {1, 2, 1, 4, 1, add, NULL, emit, &f, 0, 0, 0};
    wk_error err = {0};

    T_OK(wki_scale(&job, &err), &err);
    CU_ASSERT(fabsf(out[0] - 0) < 1e-4f && fabsf(out[1] - 25) < 1e-4f);
    CU_ASSERT(fabsf(out[2] - 75) < 1e-4f && fabsf(out[3] - 100) < 1e-4f);
}

/* A ramp of 64 x 64 whose samples are decoded smaller by 4: every 4th value, or means of 4. */
static void test_samples_decoded_smaller_lie_where_their_pixels_do(void)
{
    for (int corners = 0; corners < 2; corners++) {
        double in[16 * 16];
        float out[4 * 4];
        field f = {in, 16, 1, out, 4};
        wki_scale_job job = {.src_width = 16,
                             .src_height = 16,
                             .dst_width = 4,
                             .dst_height = 4,
                             .channels = 1,
                             .x_step = 4,
                             .y_step = 4,
                             .shift = corners ? 0.5 - 0.5 / 4 : 0,
                             .add = add,
                             .emit = emit,
                             .user = &f};
        wk_error err = {0};

        for (uint32_t i = 0; i < 256; i++)
            in[i] = (corners ? 0 : 1.5) + i % 16 * 4;
        T_OK(wki_scale(&job, &err), &err);
        for (uint32_t i = 0; i < 3; i++)
            CU_ASSERT_DOUBLE_EQUAL((double)out[i], i * 16 + 7.5, 1e-4);
    }
}

static CU_TestInfo tests[] = {
    {"means are those of the area", test_means_are_those_of_the_area},
    {"an axis that grows is interpolated", test_an_axis_that_grows_is_interpolated},
    {"samples decoded smaller lie where their pixels do",
     test_samples_decoded_smaller_lie_where_their_pixels_do},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_scale = {"scale", NULL, NULL, NULL, NULL, tests};
