/* What unit tests share: asserts that say what went wrong. */
#ifndef WADOKIT_TESTS_T_H
#define WADOKIT_TESTS_T_H

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include <wadokit/error.h>

/* The call must succeed; prints the error's message where it does not. */
#define T_OK(call, err)                                                                            \
    do {                                                                                           \
        wk_code t_rc = (call);                                                                     \
        if (t_rc != WK_OK)                                                                         \
            printf("\n  %s:%d: %s: %s\n", __FILE__, __LINE__, wk_code_name(t_rc), (err)->message); \
        CU_ASSERT_EQUAL(t_rc, WK_OK);                                                              \
    } while (0)

/* The call must fail with `expected`, and the error struct must say so too. */
#define T_FAILS(call, expected, err)                                                               \
    do {                                                                                           \
        wk_code t_rc = (call);                                                                     \
        if (t_rc != (expected))                                                                    \
            printf("\n  %s:%d: %s, not %s: %s\n", __FILE__, __LINE__, wk_code_name(t_rc),          \
                   wk_code_name(expected), (err)->message);                                        \
        CU_ASSERT_EQUAL(t_rc, expected);                                                           \
        CU_ASSERT_EQUAL((err)->code, expected);                                                    \
    } while (0)

#define T_STR(actual, expected)                                                                    \
    do {                                                                                           \
        const char *t_a = (actual), *t_e = (expected);                                             \
        if (!t_a || strcmp(t_a, t_e) != 0)                                                         \
            printf("\n  %s:%d: \"%s\", not \"%s\"\n", __FILE__, __LINE__, t_a ? t_a : "(null)",    \
                   t_e);                                                                           \
        CU_ASSERT(t_a && strcmp(t_a, t_e) == 0);                                                   \
    } while (0)

/* `text` must hold `part`. */
#define T_HAS(text, part)                                                                          \
    do {                                                                                           \
        const char *t_t = (text);                                                                  \
        if (!strstr(t_t, part))                                                                    \
            printf("\n  %s:%d: no \"%s\" in \"%s\"\n", __FILE__, __LINE__, part, t_t);             \
        CU_ASSERT_PTR_NOT_NULL(strstr(t_t, part));                                                 \
    } while (0)

#endif
