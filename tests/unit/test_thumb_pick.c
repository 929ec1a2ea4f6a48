#include "support/t.h"

#include <stdlib.h>

#include "flow/show/thumb_pick.h"

static void add(wki_thumb_list *list, const char *study, const char *series, const char *sop,
                int64_t number, bool pixels)
{
    wki_thumb_entry e = {.number = number, .has_pixels = pixels};
    wk_error err = {0};

    snprintf(e.study, sizeof e.study, "%s", study);
    snprintf(e.series, sizeof e.series, "%s", series);
    snprintf(e.sop, sizeof e.sop, "%s", sop);
    T_OK(wki_thumb_list_add(list, &e, &err), &err);
}

/* The UIDs of what was chosen, in order, with blanks between. */
static void expect(wki_thumb_list *list, wk_thumb_per per, const char *chosen)
{
    char seen[1024] = "";
    size_t n = wki_thumb_pick(list, per), marked = 0;

    for (size_t i = 0; i < list->n; i++) {
        if (!list->entries[i].chosen)
            continue;
        marked++;
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s%s", *seen ? " " : "",
                 list->entries[i].sop);
    }
    CU_ASSERT_EQUAL(n, marked);
    T_STR(seen, chosen);
}

static void test_the_middle_is_by_instance_number_and_not_by_name(void)
{
    wki_thumb_list list = {0};

    add(&list, "1", "1.1", "9", 1, true);
    add(&list, "1", "1.1", "8", 10, true);
    add(&list, "1", "1.1", "7", 2, true);
    add(&list, "1", "1.1", "6", 3, true);
    add(&list, "1", "1.1", "1", -1, true);
    expect(&list, WK_THUMB_SERIES, "6");
    expect(&list, WK_THUMB_DEFAULT, "6");
    expect(&list, WK_THUMB_INSTANCE, "9 7 6 8 1");
    wki_thumb_list_clear(&list);
}

static void test_slides_are_chosen_by_what_they_show(void)
{
    static const struct {
        const char *sop;
        int preference;
        uint64_t extent;
    } table[] = {{"a", 1, 100}, {"b", 1, 40}, {"c", 0, 5}, {"d", 1, 40}, {"e", 1, 900}};
    wki_thumb_list list = {0};

    for (int i = 0; i < 5; i++) {
        add(&list, "1", "1.1", table[i].sop, i, true);
        list.entries[i].slide = true;
        list.entries[i].preference = table[i].preference;
        list.entries[i].extent = table[i].extent;
    }
    expect(&list, WK_THUMB_SERIES, "b");
    list.entries[4].preference = 3;
    expect(&list, WK_THUMB_STUDY, "e");
    wki_thumb_list_clear(&list);
}

static void test_objects_with_pixels_come_before_those_without(void)
{
    wki_thumb_list list = {0};

    add(&list, "1", "1.1", "a", 1, false);
    add(&list, "1", "1.1", "b", 2, false);
    add(&list, "1", "1.1", "c", 3, true);
    add(&list, "1", "1.2", "sr", 1, false);
    expect(&list, WK_THUMB_SERIES, "c sr");
    expect(&list, WK_THUMB_STUDY, "c");
    wki_thumb_list_clear(&list);
}

static void test_a_study_shows_its_largest_series(void)
{
    wki_thumb_list list = {0};

    add(&list, "1", "1.1", "scout", 1, true);
    for (int i = 0; i < 5; i++)
        add(&list, "1", "1.2", (const char *[]){"s0", "s1", "s2", "s3", "s4"}[i], i, true);
    for (int i = 0; i < 9; i++)
        add(&list, "1", "1.3", "sr", i, false);
    add(&list, "2", "2.1", "other", 1, true);
    expect(&list, WK_THUMB_STUDY, "s2 other");
    expect(&list, WK_THUMB_SERIES, "scout s2 sr other");
    wki_thumb_list_clear(&list);
}

static void test_what_has_no_series_stands_for_itself(void)
{
    wki_thumb_list list = {0};

    expect(&list, WK_THUMB_SERIES, "");
    add(&list, "", "", "x", -1, true);
    add(&list, "", "", "y", -1, true);
    expect(&list, WK_THUMB_SERIES, "x y");
    expect(&list, WK_THUMB_STUDY, "x y");
    wki_thumb_list_clear(&list);
}

static CU_TestInfo tests[] = {
    {"the middle is by Instance Number and not by name",
     test_the_middle_is_by_instance_number_and_not_by_name},
    {"slides are chosen by what they show", test_slides_are_chosen_by_what_they_show},
    {"objects with pixels come before those without",
     test_objects_with_pixels_come_before_those_without},
    {"a study shows its largest series", test_a_study_shows_its_largest_series},
    {"what has no series stands for itself", test_what_has_no_series_stands_for_itself},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_thumb_pick = {"thumb_pick", NULL, NULL, NULL, NULL, tests};
