#include <stdio.h>

#include "cli.h"

void cli_human_bytes(char *out, size_t size, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double n = (double)bytes;
    size_t u = 0;

    while (n >= 1024 && u + 1 < sizeof units / sizeof units[0]) {
        n /= 1024;
        u++;
    }
    if (u == 0)
        snprintf(out, size, "%u B", (unsigned)bytes);
    else
        snprintf(out, size, n < 9.95 ? "%.1f %s" : "%.0f %s", n, units[u]);
}
