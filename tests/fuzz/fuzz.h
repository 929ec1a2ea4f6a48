/* The entry of a fuzz target; defined by fuzz_NAME.c, called by libFuzzer or by standalone.c. */
#ifndef WADOKIT_TESTS_FUZZ_H
#define WADOKIT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for any input; libFuzzer and the sanitizers report the abort. */
#define FUZZ_HOLDS(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            __builtin_trap();                                                                      \
    } while (0)

#endif
