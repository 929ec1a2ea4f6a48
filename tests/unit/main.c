#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"

static const CU_SuiteInfo *const suites[] = {WADOKIT_SUITES NULL};

static void report(unsigned failed)
{
    unsigned ran = CU_get_number_of_tests_run();
    unsigned bad = CU_get_number_of_tests_failed();

    CU_basic_show_failures(CU_get_failure_list());
    printf("\nunit: %u tests, %u asserts, %u failures\n", ran, CU_get_number_of_asserts(), failed);
    printf("%u passed, %u failed\n", ran - bad, bad);
}

/* With arguments, only the suites named. */
static int is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return 1;
    }
    return argc < 2;
}

int main(int argc, char **argv)
{
    unsigned failed;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    for (size_t i = 0; suites[i]; i++) {
        CU_SuiteInfo table[2] = {*suites[i], CU_SUITE_INFO_NULL};

        if (is_wanted(suites[i]->pName, argc, argv) && CU_register_suites(table) != CUE_SUCCESS)
            return EXIT_FAILURE;
    }
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    report(failed);
    /* A run that executed nothing is no success. */
    if (CU_get_number_of_tests_run() == 0)
        failed++;
    CU_cleanup_registry();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
