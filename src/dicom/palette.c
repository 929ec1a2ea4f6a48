#include "dicom/palette.h"

typedef struct expander {
    const uint8_t *data;
    size_t n; /* numbers in data */
    bool bytes;
    uint16_t *out;
    uint32_t n_out, done;
} expander;

static uint32_t number(const expander *x, size_t i)
{
    return x->bytes ? x->data[i] : (uint32_t)x->data[2 * i] | (uint32_t)x->data[2 * i + 1] << 8;
}

static void add(expander *x, uint32_t value)
{
    if (x->done < x->n_out)
        x->out[x->done++] = (uint16_t)value;
}

static void add_discrete(expander *x, size_t at, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        add(x, number(x, at + i));
}

/* From the last value, which is not repeated, to `end` in `length` steps. */
static void add_linear(expander *x, uint32_t length, uint32_t end)
{
    int64_t from = x->done ? x->out[x->done - 1] : 0, span = (int64_t)end - from;

    for (uint32_t i = 1; i <= length; i++) {
        int64_t twice = 2 * span * i;

        /* Rounded half away from zero, as a division of doubled values. */
        add(x, (uint32_t)(from + (twice + (twice < 0 ? -(int64_t)length : (int64_t)length)) /
                                     (2 * (int64_t)length)));
    }
}

/* One segment at *at; indirect ones only at the top (they must not point at each other). */
static bool add_segment(expander *x, size_t *at, bool is_top);

static bool add_indirect(expander *x, size_t *at, uint32_t segments)
{
    size_t width = x->bytes ? 1 : 2, parts = x->bytes ? 4 : 2;
    uint32_t offset = 0;
    size_t target;

    if (x->n - *at < parts)
        return false;
    for (size_t i = 0; i < parts; i++)
        offset |= number(x, *at + i) << (8 * width * i);
    *at += parts;
    target = offset / width;
    for (uint32_t i = 0; i < segments && x->done < x->n_out; i++) {
        if (!add_segment(x, &target, false))
            return false;
    }
    return true;
}

static bool add_segment(expander *x, size_t *at, bool is_top)
{
    uint32_t code, length;

    if (*at >= x->n || x->n - *at < 2)
        return false;
    code = number(x, *at);
    length = number(x, *at + 1);
    *at += 2;
    if (code == 0 && length <= x->n - *at) {
        add_discrete(x, *at, length);
        *at += length;
        return true;
    }
    if (code == 1 && *at < x->n && length > 0) {
        add_linear(x, length, number(x, *at));
        *at += 1;
        return true;
    }
    return code == 2 && is_top && add_indirect(x, at, length);
}

bool wki_palette_expand(const uint8_t *data, size_t n, bool bytes, uint16_t *out, uint32_t n_out)
{
    expander x = {.data = data, .n = bytes ? n : n / 2, .bytes = bytes, .out = out, .n_out = n_out};
    size_t at = 0;
    bool ok = true;

    while (ok && x.done < n_out)
        ok = add_segment(&x, &at, true);
    for (uint32_t i = x.done; i < n_out; i++)
        out[i] = x.done ? out[x.done - 1] : 0;
    return ok;
}
