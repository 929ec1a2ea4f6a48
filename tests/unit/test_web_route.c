#include "support/t.h"

#include "dicomweb/web_route.h"
#include "http/url.h"

#define STUDY "/studies/1.2"
#define SERIES STUDY "/series/1.2.3"
#define INSTANCE SERIES "/instances/1.2.3.4"

static void test_paths_name_resources(void)
{
    static const struct {
        const char *path;
        wki_web_resource resource;
        const char *study, *series, *sop, *frames, *bulk;
    } cases[] = {
        {"/studies", WKI_WEB_STUDIES, "", "", "", "", ""},
        {"/studies/", WKI_WEB_STUDIES, "", "", "", "", ""},
        {"/series", WKI_WEB_SERIES, "", "", "", "", ""},
        {"/instances", WKI_WEB_INSTANCES, "", "", "", "", ""},
        {STUDY, WKI_WEB_RETRIEVE, "1.2", "", "", "", ""},
        {STUDY "/metadata", WKI_WEB_METADATA, "1.2", "", "", "", ""},
        {STUDY "/rendered", WKI_WEB_RENDERED, "1.2", "", "", "", ""},
        {STUDY "/series", WKI_WEB_SERIES, "1.2", "", "", "", ""},
        {STUDY "/instances", WKI_WEB_INSTANCES, "1.2", "", "", "", ""},
        {SERIES, WKI_WEB_RETRIEVE, "1.2", "1.2.3", "", "", ""},
        {SERIES "/instances", WKI_WEB_INSTANCES, "1.2", "1.2.3", "", "", ""},
        {SERIES "/thumbnail", WKI_WEB_THUMBNAIL, "1.2", "1.2.3", "", "", ""},
        {INSTANCE, WKI_WEB_RETRIEVE, "1.2", "1.2.3", "1.2.3.4", "", ""},
        {INSTANCE "/frames", WKI_WEB_FRAMES, "1.2", "1.2.3", "1.2.3.4", "", ""},
        {INSTANCE "/frames/1,20", WKI_WEB_FRAMES, "1.2", "1.2.3", "1.2.3.4", "1,20", ""},
        {INSTANCE "/frames/3/rendered", WKI_WEB_RENDERED, "1.2", "1.2.3", "1.2.3.4", "3", ""},
        {INSTANCE "/bulkdata/54000100/0/54001010", WKI_WEB_BULKDATA, "1.2", "1.2.3", "1.2.3.4", "",
         "54000100/0/54001010"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wki_web_route r;

        if (!wki_web_route_parse(cases[i].path, &r))
            printf("\n  %s\n", cases[i].path);
        CU_ASSERT_EQUAL(r.resource, cases[i].resource);
        T_STR(r.study, cases[i].study);
        T_STR(r.series, cases[i].series);
        T_STR(r.sop, cases[i].sop);
        T_STR(r.frames, cases[i].frames);
        T_STR(r.bulk, cases[i].bulk);
    }
}

static void test_what_is_no_resource_is_not_taken(void)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "/studiesx",
                                        "//studies",
                                        "/studies//series",
                                        "/studies/../x",
                                        "/studies/%2e%2e",
                                        "/studies/1.2x",
                                        STUDY "/other",
                                        "/series/1.2.3",
                                        STUDY "/instances/1.2.3.4",
                                        INSTANCE "/frames/0",
                                        INSTANCE "/frames/1,",
                                        INSTANCE "/frames/1,,2",
                                        INSTANCE "/frames/x",
                                        INSTANCE "/frames/99999999999999999999",
                                        INSTANCE "/frames/1/metadata",
                                        INSTANCE "/metadata/x",
                                        INSTANCE "/bulkdata"};
    wki_web_route r;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (wki_web_route_parse(paths[i], &r))
            printf("\n  taken: %s\n", paths[i]);
        CU_ASSERT_FALSE(wki_web_route_parse(paths[i], &r));
    }
}

static void test_frames_are_read_one_by_one(void)
{
    const char *list = "1,20,3";
    uint32_t frame = 0;

    CU_ASSERT_TRUE(wki_web_route_frame(&list, &frame) && frame == 1);
    CU_ASSERT_TRUE(wki_web_route_frame(&list, &frame) && frame == 20);
    CU_ASSERT_TRUE(wki_web_route_frame(&list, &frame) && frame == 3);
    CU_ASSERT_FALSE(wki_web_route_frame(&list, &frame));
}

static void test_queries_are_taken_apart(void)
{
    const char *query =
        "&limit=5&PatientName=R%6Fe%5EJ*+x&&=x&flag&bad=%00&cut=%4&long=12345678901234";
    char name[16], value[12];

    CU_ASSERT_TRUE(wki_query_next(&query, name, sizeof name, value, sizeof value));
    T_STR(name, "limit");
    T_STR(value, "5");
    CU_ASSERT_TRUE(wki_query_next(&query, name, sizeof name, value, sizeof value));
    T_STR(name, "PatientName");
    T_STR(value, "Roe^J* x");
    CU_ASSERT_TRUE(wki_query_next(&query, name, sizeof name, value, sizeof value));
    T_STR(name, "flag");
    T_STR(value, "");
    CU_ASSERT_TRUE(wki_query_next(&query, name, sizeof name, value, sizeof value));
    T_STR(name, "cut");
    T_STR(value, "%4");
    CU_ASSERT_FALSE(wki_query_next(&query, name, sizeof name, value, sizeof value));
}

static CU_TestInfo tests[] = {
    {"paths name resources", test_paths_name_resources},
    {"what is no resource is not taken", test_what_is_no_resource_is_not_taken},
    {"frames are read one by one", test_frames_are_read_one_by_one},
    {"queries are taken apart", test_queries_are_taken_apart},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_web_route = {"web_route", NULL, NULL, NULL, NULL, tests};
