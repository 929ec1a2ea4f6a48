/*
 * The order in which things are shown and counted.
 */
#ifndef WADOKIT_CORE_ORDER_H
#define WADOKIT_CORE_ORDER_H

#include <stdint.h>

/* For qsort(): the smaller number first, unknown ones (below 0) behind all that are known. */
static inline int wki_number_order(int64_t a, int64_t b)
{
    if ((a < 0) != (b < 0))
        return a < 0 ? 1 : -1;
    return (a > b) - (a < b);
}

#endif
